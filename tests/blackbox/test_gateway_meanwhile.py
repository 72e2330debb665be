"""What happens at a server while somebody is signed in there: only that connection is touched, its state says how, and it comes back where it can."""
import json
import socket
import urllib.parse

import harness
from gateway import CLIENT, CLIENT_SECRET, Gateway, Tap
from people import PASSWORD, People, basic, totp
from scripted import Scripted


class Meanwhile(Gateway):
    def begin(self, version, kind="pat", **more):
        """Signed in at `one` by `kind`, and at `other`, which is left alone."""
        self.start([("one", version), ("other", "2.42")], **more)
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.sign_in(browser, "other", kind="pat", token=self.people["other"].pat("ada")[0])
        if kind == "pat":
            self.token, self.uid = self.people["one"].pat("ada")
            self.sign_in(browser, "one", kind="pat", token=self.token)
        elif kind == "oauth":
            self.authorize(browser, "one")
        else:
            self.sign_in(browser, "one", kind=kind, username="ada", password=PASSWORD)
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})
        return browser

    def states(self, browser):
        self.assertEqual(self.me(browser, "other")["username"], "ada", "the other goes on")
        return {server: c["state"] for server, c in self.connections(browser).items()}

    def over(self, browser, **members):
        """Asks for a new sign-in, which helps."""
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required", server="one", **members)
        self.assertEqual(self.states(browser), {"one": "reauth_required", "other": "ok"})

    def user_id(self, browser):
        return self.connections(browser)["one"]["user"]["id"]


class Credentials(Meanwhile):
    def test_a_token_expires(self):
        """[R-D7]"""
        browser = self.begin("2.43")
        self.people["one"].control("clock", advance_s=40 * 86400)
        self.over(browser, reason="expired")

    def test_a_token_is_revoked(self):
        """[R-D7]"""
        browser = self.begin("2.42")
        self.people["one"].delete_pat("ada", self.uid)
        self.over(browser, reason="unknown")
        self.sign_in(browser, "one", kind="pat", token=self.people["one"].pat("ada")[0])
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})

    def test_a_refresh_token_ends(self):
        """[R-D7] An hour after the sign-in there is nothing to renew it with, and the connection ends with it."""
        for version, seconds in (("2.43", 3700), ("2.41", 31 * 86400)):
            browser = self.begin(version, "oauth")
            self.people["one"].control("clock", advance_s=seconds)
            self.over(browser)

    def test_a_refresh_token_is_lost(self):
        """[R-D5, R-D7] The server has changed it, and the answer with the new one breaks off: for now that is no end; the old one is none any more, and that is."""
        faults = self.directory() / "faults.json"
        faults.write_text(json.dumps([{"path": "/oauth2/token", "method": "POST", "nth": 2, "times": 1, "kind": "cut"}]))
        browser = self.begin("2.43", "oauth", sim_words=["--set", "rotate=on", "--faults", str(faults)])
        self.people["one"].control("restart")
        broken = self.refused(browser.call("GET", "/s/one/api/me"), 503, "refresh_failed", server="one")
        self.assertGreater(int(broken.header("Retry-After")), 0)
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})
        self.over(browser)

    def test_a_second_factor_is_switched_on(self):
        """[R-D7] Basic has no place for a code."""
        browser = self.begin("2.43", "basic", server_words="sign_in: [pat, password, basic]")
        secret = self.people["one"].enrol("ada")
        self.over(browser)
        self.sign_in(browser, "one", kind="password", username="ada", password=PASSWORD, code=totp(secret))
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})

    def test_another_password(self):
        """[R-D7] Basic is refused and not tried again; a token made for the password before goes on."""
        browser = self.begin("2.43", "basic", server_words="sign_in: [pat, password, basic]")
        people = self.people["one"]
        kept = self.browser()
        self.with_password(kept, "one")
        user = people.admin("GET", f"/api/users/{self.user_id(browser)}?fields=:owner").json
        people.admin("PUT", f"/api/users/{self.user_id(browser)}", {**user, "password": "Another-horse-8"})
        self.over(browser)
        self.assertEqual(self.me(kept, "one")["username"], "ada")
        self.sign_in(browser, "one", kind="password", username="ada", password="Another-horse-8")
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})

    def test_the_account_is_disabled(self):
        """[R-D7] 2.43 ends the session at once."""
        browser = self.begin("2.43", "password", server_words="mint: never")
        self.people["one"].admin("POST", f"/api/users/{self.user_id(browser)}/disabled")
        self.over(browser)

    def test_a_token_of_an_address(self):
        """[R-D7] A token that is bound to another address meanwhile is not dead: the connection says so, and goes on when that is taken back."""
        browser = self.begin("2.43")
        people = self.people["one"]
        limit = lambda rules: people.call("PATCH", f"/api/apiToken/{self.uid}", {"Authorization": basic("ada", PASSWORD), "Content-Type": "application/json-patch+json"},
                                          [{"op": "replace", "path": "/attributes", "value": rules}])
        limit([{"type": "IpAllowedList", "allowedIps": ["192.0.2.7"]}])
        refused = self.refused(browser.call("GET", "/s/one/api/me"), 403, "forbidden", server="one", reason="address")
        self.assertIn("network address", refused.json["detail"])
        self.assertEqual(self.states(browser), {"one": "forbidden", "other": "ok"})
        limit([])
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})


class Servers(Meanwhile):
    takes_seconds = 15

    def test_away_and_back(self):
        browser = self.begin("2.43")
        tap = self.tapped("one")
        self.sign_in(browser, "one", kind="pat", token=self.token)
        with socket.create_connection(("127.0.0.1", tap.port)):
            tap.listener.shutdown(socket.SHUT_RDWR)
        tap.close()
        unreachable = lambda: browser.call("GET", "/s/one/api/me").header("X-Drawbridge-Error") == "server_unreachable"
        harness.wait_for(unreachable, "connections that were open have ended")
        self.assertEqual(self.states(browser), {"one": "unreachable", "other": "ok"})
        self.taps.append(Tap(self.sims["one"].port, tap.port))
        self.addCleanup(self.taps[-1].close)
        harness.wait_for(lambda: browser.call("GET", "/s/one/api/me").status == 200, "it is back")
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})

    def test_nobody_may_ask_who_he_is(self):
        """What stands before the server refuses everything: the account or the address is shut out."""
        shut = [False]

        def answer(method, path, headers, body):
            kind = {"Content-Type": "application/json"}
            if path.startswith("/api/loginConfig"):
                return 200, kind, '{"apiVersion":"2.43.1"}'
            if shut[0]:
                return 403, {"Content-Type": "text/html"}, "<html>Forbidden"
            if "ApiToken" in headers.get("Authorization", ""):
                return (200, kind, '{"id":"aaaaaaaaaaa","username":"ada"}') if "d2p_good" in headers["Authorization"] else (401, {**kind, "WWW-Authenticate": "ApiToken"}, "{}")
            return 401, kind, "{}"
        server = Scripted(answer)
        self.addCleanup(server.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{server.port}"), ("other", "2.42")])
        self.people["other"].add("ada")
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_good")
        self.sign_in(browser, "other", kind="pat", token=self.people["other"].pat("ada")[0])
        shut[0] = True
        self.assertEqual(browser.call("GET", "/s/one/api/dataSets").status, 403)
        self.assertEqual(self.states(browser)["one"], "ok", "what is forbidden may be that one thing")
        self.assertEqual(browser.call("GET", "/s/one/api/41/me.json?fields=id").status, 403)
        self.assertEqual(self.states(browser), {"one": "forbidden", "other": "ok"})
        self.assertEqual(browser.call("GET", "/s/one/api/dataSets").status, 403)
        self.assertEqual(self.states(browser)["one"], "forbidden")
        shut[0] = False
        self.assertEqual(browser.call("GET", "/s/one/api/me").status, 200)
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})

    def upgrade(self, name, version):
        """Another release at the same address, with the same people and the token that `ada` has."""
        port = self.sims[name].port
        self.sims[name].stop()
        self.sims[name] = harness.Program(f"sim-{version}", ["drawbridge-sim", "--version", version, "--listen", f"127.0.0.1:{port}", "--set", "control=on", "--client", f"{CLIENT}:{CLIENT_SECRET}",
                                          "--redirect-uri", f"{self.public}/v1/callback/{name}"], port)
        self.addCleanup(self.sims[name].stop)
        self.people[name] = People(self.sims[name], version)
        self.people[name].add("ada")

    def test_an_upgrade_keeps_tokens(self):
        """2.41 to 2.42: the kinds of sign-in change, a token stays good."""
        browser = self.begin("2.41")
        kinds = lambda: {offer["kind"] for offer in next(s for s in browser.call("GET", "/v1/servers").json if s["id"] == "one")["sign_in"]}
        self.assertEqual(kinds(), {"pat", "password", "legacy-oauth"})
        self.upgrade("one", "2.42")
        self.people["one"].control("token", username="ada", token=self.token)
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})
        self.restart()  # what is offered is asked for every five minutes
        self.assertEqual(kinds(), {"pat", "password", "oauth"})

    def test_an_upgrade_to_2_41_ends_older_tokens(self):
        """[R-D7] Their checksum is counted in another way there: a 400, which is no refusal of the call."""
        browser = self.begin("2.40")
        self.upgrade("one", "2.41")
        self.people["one"].control("token", username="ada", token=self.token)
        self.over(browser, reason="malformed")

    def test_an_upgrade_to_2_42_ends_the_older_oauth(self):
        """[R-D5, R-D7] There is nothing any more to renew it at: first for now, then for good."""
        browser = self.begin("2.41", "oauth")
        self.upgrade("one", "2.42")
        harness.wait_for(lambda: browser.call("GET", "/s/one/api/me").json.get("code") == "reauth_required", "a new sign-in is asked for")
        self.assertEqual(self.states(browser), {"one": "reauth_required", "other": "ok"})
        self.authorize(browser, "one")
        self.assertEqual({s: c["kind"] for s, c in self.connections(browser).items()}, {"one": "oauth", "other": "pat"})
        self.assertEqual(self.me(browser, "one")["username"], "ada")


class Clocks(Meanwhile):
    def test_an_id_token_of_another_time(self):
        """[R-B4] The sign-in fails and says by how much the clocks differ; nothing else is touched."""
        browser = self.begin("2.43")
        self.people["one"].control("clock", advance_s=7200)
        answer = self.authorize(browser, "one")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.header("Location")).query)
        self.assertEqual(query["problem"], ["clock_skew"])
        failed = harness.wait_for(lambda: [line for line in self.program.log().splitlines() if '"sign_in_failed"' in line], "the line")
        self.assertIn("clock_skew", failed[0])
        self.assertEqual(self.states(browser), {"one": "ok", "other": "ok"})

    def test_the_list_tells(self):
        ahead = "Fri, 26 Nov 2100 06:00:00 GMT"

        def answer(method, path, headers, body):
            kind = {"Content-Type": "application/json", "Date": ahead}
            if path.startswith("/api/loginConfig"):
                return 200, kind, '{"apiVersion":"2.43.1"}'
            if path.startswith("/.well-known/openid-configuration"):
                base = f"http://127.0.0.1:{server.port}"
                return 200, kind, (f'{{"issuer":"{base}/","authorization_endpoint":"{base}/oauth2/authorize","token_endpoint":"{base}/oauth2/token","jwks_uri":"{base}/oauth2/jwks",'
                                   '"code_challenge_methods_supported":["S256"],"response_types_supported":["code"]}')
            return 401, kind, '{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}'
        server = Scripted(answer)
        self.addCleanup(server.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{server.port}")])
        listed, = self.browser().call("GET", "/v1/servers").json
        self.assertEqual((listed["state"], listed["problem"]["code"]), ("clock_skew", "clock_skew"), listed)
        self.assertRegex(listed["problem"]["detail"], r"\d{9,} seconds ahead of ours")
