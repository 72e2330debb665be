"""Signing in through the gateway with what a person types: each kind, each refusal with its code, and what the browser is told."""
import concurrent.futures
import json
import ssl
import subprocess
import threading
import time

import harness
from gateway import Gateway
from people import PASSWORD, totp
from scripted import Scripted

class EachKind(Gateway):
    def each(self, version):
        self.start([("one", version)])
        people = self.people["one"]
        people.add("ada")
        tap = self.tapped("one")
        token, _ = people.pat("ada")
        browser = self.browser()
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "no_session", login_url=f"{self.public}/sign-in/one")
        made = self.sign_in(browser, "one", kind="pat", token=token)
        self.assertEqual({k: made.json[k] for k in ("server", "kind", "state")}, {"server": "one", "kind": "pat", "state": "ok"})
        self.assertEqual(made.json["user"]["username"], "ada")
        self.assertEqual(made.json["user"]["name"], "Ada ada")
        self.assertEqual(len(made.json["user"]["id"]), 11)
        self.assertEqual(made.json["version"].split(".")[:2], version.split("."))
        self.assertRegex(made.json["since"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")
        self.assertEqual(self.connections(browser)["one"], made.json)
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        other = self.browser()
        self.with_password(other, "one")
        self.assertEqual(self.connections(other)["one"]["kind"], "password")
        for _ in range(3):
            self.assertEqual(self.me(other, "one")["username"], "ada")
        self.assertTrue(tap.secrets(), "the server's cookies were seen on the way, so that their absence elsewhere means something")

    def test_2_41(self):
        self.each("2.41")

    def test_2_43(self):
        self.each("2.43")

    def test_2_40(self):
        self.each("2.40")

    def test_basic_only_where_it_is_allowed(self):
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        self.refused(self.sign_in(self.browser(), "one", 403, kind="basic", username="ada", password=PASSWORD), 403, "kind_not_offered", server="one")
        self.config_text = self.config_text.replace("name: The one", "name: The one\n    sign_in: [basic]")
        self.restart()
        browser = self.browser()
        self.assertEqual(self.sign_in(browser, "one", kind="basic", username="ada", password=PASSWORD).json["kind"], "basic")
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.refused(self.with_password(self.browser(), "one", expect=403), 403, "kind_not_offered")

    def test_the_second_factor(self):
        for version in ("2.41", "2.43"):
            self.start([("one", version)])
            people = self.people["one"]
            people.add("ada")
            secret = people.enrol("ada")
            browser = self.browser()
            self.refused(self.with_password(browser, "one", expect=401), 401, "second_factor_required", server="one", origin="upstream")
            self.refused(self.with_password(browser, "one", expect=401, code="000000"), 401, "second_factor_wrong")
            self.assertIsNone(self.cookie(browser), "a refused sign-in makes no session")
            self.with_password(browser, "one", code=totp(secret))
            self.assertEqual(self.me(browser, "one")["username"], "ada")


    def test_a_code_by_mail(self):
        """The server mails one for each try without a code; the one before is void; it is good once and for 15 minutes."""
        for version in ("2.42", "2.43"):
            self.start([("one", version)])
            people = self.people["one"]
            people.add("ada")
            people.enrol_by_mail("ada")
            browser = self.browser()
            self.refused(self.with_password(browser, "one", expect=401), 401, "second_factor_required", reason="email", server="one", origin="upstream")
            first = people.mailed("ada")
            self.refused(self.with_password(browser, "one", expect=401), 401, "second_factor_required", reason="email")
            second = people.mailed("ada")
            if first != second:
                self.refused(self.with_password(browser, "one", expect=401, code=first), 401, "second_factor_wrong", reason="email")
            self.assertIsNone(self.cookie(browser))
            self.with_password(browser, "one", code=second)
            self.assertEqual(self.me(browser, "one")["username"], "ada")
            self.refused(self.with_password(self.browser(), "one", expect=401, code=second), 401, "second_factor_wrong", reason="email")
            self.refused(self.with_password(self.browser(), "one", expect=401), 401, "second_factor_required")
            people.control("clock", advance_s=16 * 60)
            self.refused(self.with_password(self.browser(), "one", expect=401, code=people.mailed("ada")), 401, "second_factor_wrong", reason="email")
            people.control("set", name="mail", value="off")
            failed = self.refused(self.with_password(self.browser(), "one", expect=502), 502, "upstream_error", server="one")
            self.assertIn("e-mail", failed.json["detail"])
            people.control("set", name="email-2fa", value="off")
            self.with_password(self.browser(), "one")

    def test_2_37_tells_nothing_apart(self):
        """An expired password and a second factor that is to be set up look like a wrong password; from 2.40 on the form tells."""
        for version, codes in (("2.37", ("wrong_credentials", "wrong_credentials")), ("2.40", ("password_expired", "enrolment_required"))):
            self.start([("one", version)])
            people = self.people["one"]
            people.add("must", role=people.add_role("strict", restrictions=["R_ENABLE_2FA"]))
            self.refused(self.with_password(self.browser(), "one", "must", 401), 401, codes[1])
            people.add("old")
            people.admin("POST", "/api/systemSettings/credentialsExpires?value=3")
            people.control("password-age", username="old", days=400)
            self.refused(self.with_password(self.browser(), "one", "old", 401), 401, codes[0])

    def test_for_apps_that_sign_in_as_at_dhis2(self):
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        self.people["one"].enrol_by_mail("ada")
        login = lambda **more: self.browser().call("POST", "/s/one/api/auth/login", body={"username": "ada", "password": PASSWORD, **more})
        self.assertEqual(login().json["loginStatus"], "EMAIL_TWO_FACTOR_CODE_SENT")
        self.assertEqual(login(twoFactorCode="000000x").json["loginStatus"], "INCORRECT_TWO_FACTOR_CODE_EMAIL")
        self.assertEqual(login(twoFactorCode=self.people["one"].mailed("ada")).json["loginStatus"], "SUCCESS")


class Refusals(Gateway):
    def test_of_passwords(self):
        self.start([("one", "2.43")])
        people, browser = self.people["one"], self.browser()
        people.add("ada")
        self.refused(self.sign_in(browser, "one", 401, kind="password", username="ada", password="Wrong-horse-7"), 401, "wrong_credentials", server="one")
        self.refused(self.sign_in(browser, "one", 401, kind="password", username="nobody", password="Wrong-horse-7"), 401, "wrong_credentials")
        people.add("dis", disabled=True)
        self.refused(self.with_password(browser, "one", "dis", 401), 401, "account_disabled")
        people.add("exp", accountExpiry="2020-01-01T00:00:00.000")
        self.refused(self.with_password(browser, "one", "exp", 401), 401, "account_expired")
        people.add("must", role=people.add_role("strict", restrictions=["R_ENABLE_2FA"]))
        self.refused(self.with_password(browser, "one", "must", 401), 401, "enrolment_required")
        people.admin("POST", "/api/systemSettings/keyLockMultipleFailedLogins?value=true")
        people.add("lock")
        for _ in range(5):
            answer = self.sign_in(browser, "one", 401, kind="password", username="lock", password="Wrong-horse-7")
        self.refused(answer, 401, "account_locked")
        self.assertIsNone(self.cookie(browser))

    def test_an_expired_password(self):
        self.start([("one", "2.43")])
        people = self.people["one"]
        people.add("old")
        people.admin("POST", "/api/systemSettings/credentialsExpires?value=3")
        people.control("password-age", username="old", days=400)
        self.refused(self.with_password(self.browser(), "one", "old", 401), 401, "password_expired")

    def test_of_tokens(self):
        self.start([("one", "2.43")])
        people, browser = self.people["one"], self.browser()
        people.add("ada")
        past = int(time.time() * 1000) - 60000
        rows = [
            ("expired", people.pat("ada", expire=past)[0]),
            ("address", people.pat("ada", attributes=[{"type": "IpAllowedList", "allowedIps": ["192.0.2.7"]}])[0]),
            ("method", people.pat("ada", attributes=[{"type": "MethodAllowedList", "allowedMethods": ["POST"]}])[0]),
            ("referer", people.pat("ada", attributes=[{"type": "RefererAllowedList", "allowedReferrers": ["https://app.example.org/page"]}])[0]),
            ("malformed", "d2p_nothing"),
        ]
        gone, uid = people.pat("ada")
        people.delete_pat("ada", uid)
        rows.append(("unknown", gone))
        for reason, token in rows:
            self.refused(self.sign_in(browser, "one", 401, kind="pat", token=token), 401, "token_refused", reason=reason, server="one")
        people.add("two")
        token, _ = people.pat("two")
        people.enrol("two")
        self.refused(self.sign_in(browser, "one", 401, kind="pat", token=token), 401, "token_refused", reason="disabled")

    def test_2_40_does_not_say_why(self):
        self.start([("one", "2.40")])
        self.people["one"].add("ada")
        token, uid = self.people["one"].pat("ada")
        self.people["one"].delete_pat("ada", uid)
        self.refused(self.sign_in(self.browser(), "one", 401, kind="pat", token=token), 401, "token_refused", reason="not_told")
        self.refused(self.sign_in(self.browser(), "one", 401, kind="password", username="ada", password="Wrong-horse-7"), 401, "wrong_credentials", reason="not_told")

    def test_of_kinds(self):
        self.start([("one", "2.43")], sim_words=["--set", "pat=off"])
        browser = self.browser()
        self.people["one"].add("ada")
        self.refused(self.sign_in(browser, "one", 403, kind="pat", token="d2p_" + "a" * 50), 403, "kind_not_offered", server="one")
        for body in ({}, [], {"kind": "pat"}, {"kind": "saml", "token": "x"}, {"kind": "password", "username": "ada"}, {"kind": "oauth"}, {"kind": 7}, {"kind": "pat", "token": {"a": 1}}, b"{", b"", b"null"):
            answer = browser.call("POST", "/v1/servers/one/connection", {"Content-Type": "application/json"}, body=body)
            self.refused(answer, 400, "bad_request")
        twice = b'{"kind":"password","username":"ada","password":"first-value","password":"second-value"}'
        self.refused(browser.call("POST", "/v1/servers/one/connection", body=twice), 400, "bad_request")
        self.refused(browser.call("POST", "/v1/servers/one/connection", body=b'{"kind":"pat","token":"' + b"x" * 70000 + b'"}'), 413, "too_large")
        self.refused(browser.call("POST", "/v1/servers/nowhere/connection", body={"kind": "pat", "token": "d2p_x"}), 404, "unknown_server")
        self.refused(browser.call("PUT", "/v1/servers/one/connection", body={}), 405, "method_refused")

    def test_of_servers(self):
        page = Scripted(lambda *_: (200, {"Content-Type": "text/html"}, "<html>Welcome"))
        self.addCleanup(page.stop)
        closed = harness.free_port()
        key, certificate = self.directory() / "key.pem", self.directory() / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        private = Scripted(lambda *_: (200, {}, ""), context)
        self.addCleanup(private.stop)
        self.start([("page", None, f"url: http://127.0.0.1:{page.port}"), ("gone", None, f"url: http://127.0.0.1:{closed}"), ("selfmade", None, f"url: https://127.0.0.1:{private.port}"),
                    ("inside", None, f"url: http://localhost:{closed}\n    insecure: true")])
        self.config_text = self.config_text.replace("- id: inside\n    addresses: [127.0.0.0/8]", "- id: inside\n    addresses: [10.9.9.0/24]")
        self.restart()
        browser = self.browser()
        for server, status, code in (("page", 502, "not_dhis2"), ("gone", 503, "server_unreachable"), ("selfmade", 502, "certificate_refused"), ("inside", 502, "address_refused")):
            self.refused(self.sign_in(browser, server, status, kind="pat", token="d2p_" + "a" * 50), status, code, server=server)
        listed = {s["id"]: s for s in browser.call("GET", "/v1/servers").json}
        self.assertEqual({s["state"] for s in listed.values()}, {"unreachable"})
        self.assertEqual({s["problem"]["code"] for s in listed.values()}, {"not_dhis2", "server_unreachable", "certificate_refused", "address_refused"})


class TheList(Gateway):
    def test_what_is_offered(self):
        self.start([("old", "2.41"), ("new", "2.43")])
        answer = self.browser().call("GET", "/v1/servers")
        self.assertEqual(answer.status, 200)
        old, new = answer.json
        self.assertEqual((old["id"], old["name"], old["state"], old["version"][:4]), ("old", "The old", "ok", "2.41"))
        self.assertEqual([o["kind"] for o in old["sign_in"]], ["pat", "password", "legacy-oauth"])
        self.assertEqual([o["kind"] for o in new["sign_in"]], ["oauth", "pat", "password"])
        self.assertEqual(new["sign_in"][0]["authorize_url"], f"{self.public}/v1/servers/new/authorize")
        self.assertTrue(all(o["label"] for s in answer.json for o in s["sign_in"]))
        self.assertTrue(all("authorize_url" not in o for o in new["sign_in"][1:]))


class Limits(Gateway):
    def test_six_at_once(self):
        """[R-G14] A server that answers nothing holds them all; the seventh is told so at once."""
        release = threading.Event()

        def answer(method, path, headers, body):
            if path.startswith("/api/me") and headers.get("Authorization", "").startswith("ApiToken"):
                release.wait(harness.PATIENCE)
                return 401, {"Content-Type": "application/json", "WWW-Authenticate": "ApiToken"}, json.dumps({"httpStatusCode": 401, "message": "The API token does not exists"})
            return 200, {"Content-Type": "application/json"}, '{"apiVersion":"2.41.9"}'
        slow = Scripted(answer)
        self.addCleanup(slow.stop)
        self.addCleanup(release.set)
        self.start([("slow", None, f"url: http://127.0.0.1:{slow.port}\n    sign_in: [pat]")])
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            started = [pool.submit(self.browser().call, "POST", "/v1/servers/slow/connection", None, {"kind": "pat", "token": "d2p_" + "a" * 50}) for _ in range(7)]
            done, _ = concurrent.futures.wait(started, harness.PATIENCE, concurrent.futures.FIRST_COMPLETED)
            first = self.refused(next(iter(done)).result(), 429, "too_many")
            self.assertGreater(int(first.header("Retry-After")), 0)
            release.set()
            codes = sorted(f.result().json["code"] for f in started)
        self.assertEqual(codes, ["token_refused"] * 6 + ["too_many"])

    def test_connections_of_a_session(self):
        """[R-E12]"""
        self.start([("one", "2.41"), ("two", "2.43")], more="limits: {connections: 1}")
        browser = self.browser()
        for people in self.people.values():
            people.add("ada")
        self.with_password(browser, "one")
        self.refused(self.with_password(browser, "two", expect=429), 429, "too_many")
        self.assertEqual(set(self.connections(browser)), {"one"})
        self.with_password(browser, "one")
