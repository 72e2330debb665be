"""Signing in at the server's own page: away and back, renewal of tokens, sign-out; and everything that may go wrong on the way."""
import concurrent.futures
import re
import sqlite3
import urllib.parse

import harness
from gateway import CLIENT, Gateway, NAVIGATION


def query_of(address):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


class ThereAndBack(Gateway):
    def each(self, version, kind):
        self.start([("one", version)])
        self.people["one"].add("ada")
        browser = self.browser()
        leaving = self.leave(browser, "one", "/#/review?x=1")
        self.assertEqual(leaving.status, 303, leaving)
        away = urllib.parse.urlsplit(leaving.header("Location"))
        asked = dict(urllib.parse.parse_qsl(away.query))
        self.assertEqual((asked["client_id"], asked["redirect_uri"], asked["response_type"]), (CLIENT, f"{self.public}/v1/callback/one", "code"))
        self.assertIn(asked.get("response_mode", "query"), ("query",))
        self.assertGreaterEqual(len(asked["state"]), 22)
        if kind == "oauth":
            self.assertEqual(asked["code_challenge_method"], "S256")
            self.assertEqual(len(asked["code_challenge"]), 43)
            self.assertIn("nonce", asked)
        transaction = leaving.header("Set-Cookie")
        self.assertRegex(transaction, r"^drawbridge-t-[0-9a-f]{16}=")
        self.assertEqual({part.strip() for part in transaction.split(";")[1:]} - {p for p in transaction.split("; ") if p.startswith("Expires")}, {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=600"})
        self.assertEqual(leaving.header("Cache-Control"), "no-store")
        self.assertEqual(leaving.header("Referrer-Policy"), "no-referrer")
        self.assertIsNone(self.cookie(browser), "no session yet")
        back = self.come_back(browser, "one", self.people["one"].agree(leaving.header("Location"), "ada"))
        self.assertEqual((back.status, back.header("Location")), (303, f"{self.public}/#/review?x=1"), back)
        self.assertEqual(back.header("Referrer-Policy"), "no-referrer")
        self.assertEqual([c for c in browser.cookies[self.port] if c.startswith("drawbridge-t-")], [], "the sign-in's own cookie is gone")
        connection = self.connections(browser)["one"]
        self.assertEqual((connection["kind"], connection["state"], connection["user"]["username"]), (kind, "ok", "ada"))
        self.assertNotIn("expires_at", connection)
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.restart()
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        return browser

    def test_2_43(self):
        """[R-A9, R-A14, R-E5]"""
        self.each("2.43", "oauth")

    def test_2_42(self):
        """[R-A9]"""
        self.each("2.42", "oauth")

    def test_2_41(self):
        self.each("2.41", "legacy-oauth")

    def test_below_a_connection(self):
        """[R-E2, R-A12] Added to the session that there is, though its Strict cookie does not come back from the other site."""
        self.start([("one", "2.41"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        before = self.cookie(browser)
        self.assertEqual(self.authorize(browser, "two").status, 303)
        self.assertNotEqual(self.cookie(browser), before)
        self.assertEqual({s: c["kind"] for s, c in self.connections(browser).items()}, {"one": "password", "two": "oauth"})
        self.assertEqual([self.me(browser, s)["username"] for s in ("one", "two")], ["ada", "ada"])

    def test_two_windows_at_once(self):
        """Both leave before either comes back; the second still finds the session, under the id that the first has given it."""
        self.start([("one", "2.43"), ("two", "2.43"), ("three", "2.41")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "three")
        first, second = self.leave(browser, "one"), self.leave(browser, "two")
        self.assertEqual(self.come_back(browser, "one", self.people["one"].agree(first.header("Location"), "ada")).status, 303)
        self.restart()
        self.assertEqual(self.come_back(browser, "two", self.people["two"].agree(second.header("Location"), "ada")).status, 303)
        self.assertEqual(set(self.connections(browser)), {"one", "two", "three"})

    def test_a_password_meanwhile(self):
        self.start([("one", "2.43"), ("two", "2.41")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        away = self.leave(browser, "one")
        self.with_password(browser, "two")
        self.assertEqual(self.come_back(browser, "one", self.people["one"].agree(away.header("Location"), "ada")).status, 303)
        self.assertEqual(set(self.connections(browser)), {"one", "two"})


class Refused(Gateway):
    def problem(self, answer, code, server="one"):
        self.assertEqual(answer.status, 303, answer)
        address = urllib.parse.urlsplit(answer.header("Location"))
        self.assertEqual(f"{address.scheme}://{address.netloc}{address.path}", f"{self.public}/sign-in/{server}")
        self.assertEqual(query_of(answer.header("Location"))["problem"], code)
        self.assertIsNone(re.search(rb"code=[A-Za-z0-9]", answer.header("Location").replace("problem=", "").encode()))
        return query_of(answer.header("Location"))

    def test_before_leaving(self):
        """[R-F8, R-A15, A01]"""
        self.start([("one", "2.43"), ("off", "2.43")], apps="apps: [{id: x, origins: [https://app.example.org], return_to: [https://app.example.org/after]}]")
        browser = self.browser()
        for bad in ("https://evil.test/", "//evil.test", "/\\evil.test", "/%09/evil.test\t", "javascript:alert(1)", "https://app.example.org/other", "https://app.example.org.evil.test/after", "http://app.example.org/after",
                    "https://app.example.org@evil.test/after", "data:text/html,x", "", "https://app.example.org:444/after", "https://app.example.org/after/../x"):
            answer = self.leave(browser, "one", bad)
            self.assertEqual(answer.status, 400, (bad, answer))
            self.assertIn(b"return_to_refused", answer.body)
            self.assertTrue(answer.header("Content-Type").startswith("text/html"))
            self.assertIsNone(answer.header("Location"))
        answer = self.leave(browser, "one", "https://app.example.org/after")
        self.assertEqual(answer.status, 400)
        self.assertIn(b"challenge_required", answer.body)
        self.assertEqual(self.leave(browser, "nowhere").status, 404)
        self.people["off"].control("set", name="oauth", value="off")
        answer = self.leave(browser, "off")
        self.assertEqual(answer.status, 403, answer)
        self.assertIn(b"kind_not_offered", answer.body)
        call = browser.call("GET", "/v1/servers/one/authorize?return_to=/", {"Sec-Fetch-Mode": "cors"})
        self.refused(call, 400, "bad_request")
        image = harness.call(self.port, "GET", "/v1/servers/one/authorize?return_to=/", {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Accept": "image/*"})
        self.refused(image, 403, "missing_header")
        twice = browser._plain(self.port, "GET", "/v1/servers/one/authorize?return_to=/&return_to=/x", NAVIGATION, None)
        self.assertEqual(twice.status, 400)

    def test_the_person_says_no(self):
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        away = self.leave(browser, "one", "/alignments")
        answer = self.come_back(browser, "one", self.people["one"].agree(away.header("Location"), "ada", tick=[]))
        self.assertEqual(self.problem(answer, "access_denied")["return_to"], "/alignments")
        self.assertIsNone(self.cookie(browser))
        away = self.leave(browser, "one")
        self.problem(self.come_back(browser, "one", self.people["one"].agree(away.header("Location"), "ada", tick=["profile"])), "upstream_error")
        self.assertIsNone(self.cookie(browser))

    def test_only_the_browser_that_began(self):
        """[R-A4, R-A12, A10]"""
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        ada, eve = self.browser(), self.browser()
        query = self.people["one"].agree(self.leave(ada, "one").header("Location"), "ada")
        self.problem(self.come_back(eve, "one", query), "transaction_lost")
        self.assertIsNone(self.cookie(eve))
        # Eve's own sign-in under way does not help.
        self.leave(eve, "one")
        self.problem(self.come_back(eve, "one", query), "transaction_lost")
        self.assertIsNone(self.cookie(eve))
        self.assertEqual(self.come_back(ada, "one", query).header("Location"), f"{self.public}/servers")

    def test_once(self):
        """[R-A6, A10]"""
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        query = self.people["one"].agree(self.leave(browser, "one").header("Location"), "ada")
        jar = dict(browser.cookies[self.port])
        self.come_back(browser, "one", query)
        cookie = self.cookie(browser)
        again = self.browser()
        again.cookies[self.port] = jar
        self.problem(self.come_back(again, "one", query), "transaction_lost")
        self.problem(self.come_back(browser, "one", query), "transaction_lost")
        self.assertEqual(self.cookie(browser), cookie, "what was signed in stays so")
        self.assertEqual(self.me(browser, "one")["username"], "ada")

    def test_at_once(self):
        """[R-A6]"""
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        query = self.people["one"].agree(self.leave(browser, "one").header("Location"), "ada")
        pairs = [*NAVIGATION.items(), ("Cookie", "; ".join(f"{k}={v}" for k, v in browser.cookies[self.port].items()))]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: harness.call(self.port, "GET", f"/v1/callback/one?{query}", pairs), range(6)))
        self.assertEqual(sorted("problem" in a.header("Location") for a in answers), [False] + [True] * 5)

    def test_what_comes_back_wrong(self):
        """[R-A7, R-A8, R-A10, A24]"""
        self.start([("one", "2.43"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        # Another server's address: each has its own (mix-up).
        query = self.people["one"].agree(self.leave(browser, "one").header("Location"), "ada")
        self.problem(self.come_back(browser, "two", query), "transaction_lost", "two")
        self.problem(self.come_back(browser, "one", query), "transaction_lost")
        # A code that is none, an issuer of another server, a doubled parameter, nothing at all.
        state = query_of(self.leave(browser, "one").header("Location"))["state"]
        self.assertEqual(self.come_back(browser, "one", f"state={state}&code=a&code=b").status, 400)
        self.assertEqual(self.come_back(browser, "one", "").status, 400)
        self.assertEqual(self.come_back(browser, "one", "code=abc").status, 400)
        self.problem(self.come_back(browser, "one", f"state={state}&code=nonsense"), "reauth_required")
        query = self.people["one"].agree(self.leave(browser, "one").header("Location"), "ada")
        self.problem(self.come_back(browser, "one", query + "&iss=https%3A%2F%2Fevil.test"), "transaction_lost")
        self.assertEqual(self.come_back(browser, "nowhere", "state=x&code=y").status, 404)
        self.assertIsNone(self.cookie(browser))
        self.assertEqual(self.connections(browser), {})

    def test_script_in_what_the_server_says(self):
        """[A20]"""
        self.start([("one", "2.43")])
        browser = self.browser()
        state = query_of(self.leave(browser, "one").header("Location"))["state"]
        answer = self.come_back(browser, "one", f"state={state}&error=%3Cscript%3E&error_description=%3Cscript%3Ealert(1)%3C/script%3E")
        self.assertNotIn(b"<script>alert", answer.body)
        self.assertNotIn("<", answer.header("Location"))

    def test_no_more_than_six_under_way(self):
        """[R-E5] The oldest make room; the newest all work."""
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        away = [self.leave(browser, "one").header("Location") for _ in range(8)]
        held = [c for c in browser.cookies[self.port] if c.startswith("drawbridge-t-")]
        self.assertEqual(len(held), 6)
        self.assertEqual(self.come_back(browser, "one", self.people["one"].agree(away[-1], "ada")).header("Location"), f"{self.public}/servers")


class Tokens(Gateway):
    def signed_in(self, version="2.43"):
        self.start([("one", version)])
        self.people["one"].add("ada")
        browser = self.browser()
        self.assertEqual(self.authorize(browser, "one").header("Location"), f"{self.public}/servers")
        return browser

    def metric(self, name):
        text = harness.call(self.admin, "GET", "/metrics").body.decode()
        return int(re.search(rf"^{re.escape(name)} (\d+)$", text, re.M)[1])

    def renewals(self):
        return self.metric('drawbridge_renewals_total{server="one",outcome="ok"}')

    def test_renewed_when_refused(self):
        """The server forgets its signing key with a restart: access tokens end, refresh tokens stay."""
        browser = self.signed_in()
        self.people["one"].control("restart")
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual(self.renewals(), 1)
        answer = browser.call("POST", "/s/one/api/dataValueSets", body={"dataValues": []})
        self.assertLess(answer.status, 500)

    def test_a_write_is_repeated_once(self):
        """[R-D6]"""
        browser = self.signed_in()
        self.people["one"].control("restart")
        answer = browser.call("POST", "/s/one/api/dataValueSets", body={"dataValues": []})
        self.assertNotEqual(answer.status, 401, answer)
        self.assertEqual(self.renewals(), 1)

    def test_many_at_once_renew_once(self):
        """[R-D3, A13]"""
        browser = self.signed_in()
        self.people["one"].control("restart")
        headers = [("X-Drawbridge", "1"), ("Cookie", f"drawbridge={self.cookie(browser)}")]
        with concurrent.futures.ThreadPoolExecutor(25) as pool:
            answers = list(pool.map(lambda _: harness.call(self.port, "GET", "/s/one/api/me?fields=username", headers), range(50)))
        self.assertEqual([a.status for a in answers], [200] * 50, answers[0])
        self.assertEqual(self.renewals(), 1)

    def test_through_the_other_door(self):
        """What the API calls on its own account renews too."""
        browser = self.signed_in()
        self.people["one"].control("restart")
        self.assertEqual(browser.call("GET", "/v1/servers/one/data-sets").status, 200)
        self.assertEqual(self.renewals(), 1)
        self.restart()
        self.assertEqual(self.me(browser, "one")["username"], "ada")

    def test_legacy(self):
        browser = self.signed_in("2.41")
        self.people["one"].control("clock", advance_s=13 * 3600)
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual(self.renewals(), 1)

    def test_a_dead_one_ends_its_connection_alone(self):
        """[R-D7]"""
        browser = self.signed_in()
        self.people["one"].control("expire")
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required", server="one")
        self.assertEqual(self.connections(browser)["one"]["state"], "reauth_required")
        harness.wait_for(lambda: "reauth_required" in {r[0] for r in sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True).execute("select state from connections")}, "the state in the store")
        self.authorize(browser, "one")
        self.assertEqual(self.me(browser, "one")["username"], "ada")

    def test_signing_out_revokes(self):
        """[R-D9]"""
        browser = self.signed_in()
        token = self.tokens_of_the_server()
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.assertEqual(self.tokens_of_the_server(), [], token)

    def tokens_of_the_server(self):
        """What the server still honours: its authorizations with a refresh token that is not invalidated."""
        answer = self.people["one"].admin("GET", "/api/oAuth2Authorizations?fields=*&paging=false", expect=(200, 404))
        if answer.status == 404:
            self.skipTest("the stand-in does not list authorizations")
        rows = next(v for v in answer.json.values() if isinstance(v, list))
        return [r for r in rows if r.get("refreshTokenValue") and "invalidated\":true" not in str(r.get("refreshTokenMetadata", "")).replace(" ", "").replace("'", '"').lower()]
