"""Apps on other origins: who may read what, and the hand-off to an app on another site."""
import base64
import hashlib
import re
import secrets
import urllib.parse

import harness
from gateway import Gateway
from people import PASSWORD

NEAR, FAR, OTHER = "http://127.0.0.1:9555", "http://app.other.test:9555", "http://third.test"
APPS = f"""apps:
  - {{id: near, origins: ["{NEAR}"], return_to: ["{NEAR}/after"]}}
  - {{id: far, origins: ["{FAR}"], return_to: ["{FAR}/after", "{FAR}/"]}}
  - {{id: other, origins: ["{OTHER}"], return_to: ["{OTHER}/after"]}}"""


def challenge(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Reading(Gateway):
    def setUp(self):
        super().setUp()
        self.start(apps=APPS)
        self.people["district"].add("ada")

    def test_preflights(self):
        """[R-F1, R-F2, R-F5]"""
        for path in ("/v1/session", "/v1/servers/district/connection", "/s/district/api/me", "/v1/runs"):
            for origin in (NEAR, FAR):
                answer = harness.call(self.port, "OPTIONS", path, {"Origin": origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x-drawbridge,content-type"})
                self.assertEqual((answer.status, answer.body), (204, b""), answer)
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), origin)
                self.assertEqual(answer.header("Access-Control-Allow-Credentials"), "true")
                allowed = {h.strip() for h in answer.header("Access-Control-Allow-Headers").split(",")}
                self.assertLessEqual({"x-drawbridge", "x-requested-with", "content-type", "authorization", "accept", "if-match", "idempotency-key"}, allowed)
                self.assertLessEqual({"GET", "POST", "PUT", "PATCH", "DELETE"}, {m.strip() for m in answer.header("Access-Control-Allow-Methods").split(",")})
                self.assertIn("Origin", answer.header("Vary"))
                self.assertLessEqual(int(answer.header("Access-Control-Max-Age")), 7200)
                self.assertEqual(answer.all("Set-Cookie"), [])
        for origin in ("null", "http://evil.test", NEAR + "0", NEAR.upper()):
            answer = harness.call(self.port, "OPTIONS", "/s/district/api/me", {"Origin": origin, "Access-Control-Request-Method": "GET"})
            self.refused(answer, 403, "cross_site")
            self.assertEqual([h for h, _ in answer.headers if h.lower().startswith("access-control-")], [])

    def test_answers_and_refusals_can_be_read(self):
        """[R-F1, R-F2, R-F6]"""
        browser = self.browser()
        for path in ("/v1/session", "/v1/servers", "/s/district/api/me", "/v1/nothing", "/s/nowhere/api/me"):
            answer = browser.call("GET", path, {"Origin": NEAR})
            self.assertEqual(answer.header("Access-Control-Allow-Origin"), NEAR, answer)
            self.assertEqual(answer.header("Access-Control-Allow-Credentials"), "true")
            self.assertNotIn("*", answer.header("Access-Control-Expose-Headers"))
            self.assertIn("X-Drawbridge-Error", answer.header("Access-Control-Expose-Headers"))
            self.assertIn("Origin", answer.header("Vary"))
            self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")
        refused = browser.call("GET", "/v1/session", {"Origin": "http://evil.test"})
        self.refused(refused, 403, "cross_site")
        self.assertIsNone(refused.header("Access-Control-Allow-Origin"))
        without = harness.call(self.port, "GET", "/v1/session", {"Origin": NEAR})
        self.refused(without, 403, "missing_header")
        self.assertEqual(without.header("Access-Control-Allow-Origin"), NEAR, "an app may read why")

    def test_an_app_of_the_same_site_shares_the_session(self):
        """[R-F11, R-E4]"""
        browser = self.browser()
        self.with_password(browser, "district")
        answer = browser.call("GET", "/v1/session", {"Origin": NEAR})
        self.assertEqual((answer.json["mode"], [c["server"] for c in answer.json["connections"]]), ("same-site", ["district"]))
        self.assertEqual(answer.header("Cross-Origin-Resource-Policy"), "same-site")
        self.assertEqual(self.me(browser, "district", headers={"Origin": NEAR})["username"], "ada")
        self.assertIn("SameSite=Strict", self.sign_in(browser, "district", headers={"Origin": NEAR}, kind="password", username="ada", password=PASSWORD).header("Set-Cookie"))

    def test_an_app_of_another_site_does_not(self):
        browser = self.browser()
        self.with_password(browser, "district")
        answer = browser.call("GET", "/v1/session", {"Origin": FAR})
        self.assertEqual((answer.json["mode"], answer.json["connections"]), ("cross-site", []))
        self.refused(browser.call("GET", "/s/district/api/me", {"Origin": FAR}), 401, "no_session")
        self.refused(browser.call("GET", "/v1/alignments", {"Origin": FAR}), 401, "no_session")
        self.assertEqual(browser.call("DELETE", "/v1/session", {"Origin": FAR}).status, 204)
        browser.cookies[self.port] = {"drawbridge": self.cookie(browser)} if self.cookie(browser) else {}

    def test_a_session_made_by_an_app_of_another_site(self):
        """[R-E4, R-E7]"""
        browser = self.browser()
        made = self.sign_in(browser, "district", headers={"Origin": FAR}, kind="password", username="ada", password=PASSWORD)
        line = made.header("Set-Cookie")
        self.assertEqual({part.strip() for part in line.split(";")[1:]}, {"Path=/", "HttpOnly", "SameSite=None", "Partitioned", "Secure"})
        self.assertEqual(self.me(browser, "district", headers={"Origin": FAR})["username"], "ada")
        for origin in ({}, {"Origin": NEAR}, {"Origin": OTHER}, {"Origin": self.public}):
            self.refused(browser.call("GET", "/s/district/api/me", origin), 401, "no_session")
        gone = browser.call("DELETE", "/v1/session", {"Origin": FAR}).header("Set-Cookie")
        for word in ("Partitioned", "Secure", "SameSite=None", "Max-Age=0", "HttpOnly"):
            self.assertIn(word, gone)


class HandOff(Gateway):
    def setUp(self):
        super().setUp()
        self.start([("one", "2.43"), ("two", "2.43"), ("old", "2.41")], apps=APPS)
        for people in self.people.values():
            people.add("ada")
        self.verifier = secrets.token_urlsafe(32)

    def bring_code(self, browser, server="one", return_to=FAR + "/after", verifier=None):
        answer = self.authorize(browser, server, return_to=return_to, query=f"&challenge={challenge(verifier or self.verifier)}")
        self.assertEqual(answer.status, 303, answer)
        address = urllib.parse.urlsplit(answer.header("Location"))
        self.assertEqual(f"{address.scheme}://{address.netloc}{address.path}", return_to)
        self.assertEqual(address.query, "")
        self.assertEqual([c for c in answer.all("Set-Cookie") if c.startswith("drawbridge=")], [], "the callback makes no session")
        code = re.fullmatch(r"drawbridge_code=([A-Za-z0-9_-]{43})", address.fragment)[1]
        return code

    def fetch(self, browser, code, verifier=None, origin=FAR):
        return browser.call("POST", "/v1/handoff", {"Origin": origin} if origin else {}, {"code": code, "verifier": verifier or self.verifier})

    def used(self):
        """How many codes the server has given tokens for: none before the hand-off proves who asks."""
        return len([1 for line in self.program.log().splitlines() if '"event":"signed_in"' in line])

    def test_the_whole_way(self):
        """[R-E2, R-A12]"""
        for server, kind in (("one", "oauth"), ("old", "legacy-oauth")):
            browser = self.browser()
            before = self.used()
            code = self.bring_code(browser, server)
            self.assertEqual(self.used(), before)
            answer = self.fetch(browser, code)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual((answer.json["mode"], answer.json["connections"][0]["server"], answer.json["connections"][0]["kind"]), ("cross-site", server, kind))
            line = answer.header("Set-Cookie")
            self.assertEqual({part.strip() for part in line.split(";")[1:]}, {"Path=/", "HttpOnly", "SameSite=None", "Partitioned", "Secure"})
            self.assertEqual(answer.header("Access-Control-Allow-Origin"), FAR)
            self.assertEqual(answer.header("Cache-Control"), "no-store")
            self.assertEqual(self.me(browser, server, headers={"Origin": FAR})["username"], "ada")
            self.refused(browser.call("GET", f"/s/{server}/api/me"), 401, "no_session")

    def test_a_second_server(self):
        browser = self.browser()
        self.fetch(browser, self.bring_code(browser))
        first = self.cookie(browser)
        # The partitioned cookie is not sent with the navigation, but with the app's own call.
        answer = self.fetch(browser, self.bring_code(browser, "two"))
        self.assertEqual({c["server"] for c in answer.json["connections"]}, {"one", "two"})
        self.assertNotEqual(self.cookie(browser), first)

    def test_without_a_challenge(self):
        for query, code in (("", b"challenge_required"), ("&challenge=", b"challenge_required"), ("&challenge=short", b"bad_request"), ("&challenge=" + "a" * 44, b"bad_request")):
            answer = self.leave(self.browser(), "one", FAR + "/after", query)
            self.assertEqual(answer.status, 400, answer)
            self.assertIn(b"code " + code, answer.body)

    def test_a_wrong_verifier_destroys_it(self):
        """[A30]"""
        browser = self.browser()
        code = self.bring_code(browser)
        before = self.used()
        self.refused(self.fetch(browser, code, secrets.token_urlsafe(32)), 400, "bad_request")
        self.refused(self.fetch(browser, code), 400, "bad_request")
        self.assertEqual(self.used(), before)
        self.assertIsNone(self.cookie(browser))

    def test_a_second_use(self):
        """[A10]"""
        browser, thief = self.browser(), self.browser()
        code = self.bring_code(browser)
        self.assertEqual(self.fetch(browser, code).status, 200)
        self.refused(self.fetch(thief, code), 400, "bad_request")
        self.assertIsNone(self.cookie(thief))

    def test_another_app(self):
        """[A10, A30]"""
        browser = self.browser()
        code = self.bring_code(browser)
        self.refused(self.fetch(browser, code, origin=OTHER), 403, "cross_site")
        self.refused(self.fetch(browser, code), 400, "bad_request")

    def test_who_may_not_ask_at_all(self):
        """[R-F4]"""
        browser = self.browser()
        code = self.bring_code(browser)
        self.refused(self.fetch(browser, code, origin="http://evil.test"), 403, "cross_site")
        for origin in (None, NEAR, self.public):
            self.refused(self.fetch(browser, "A" * 43, origin=origin), 403, "cross_site")
        for body in ({}, {"verifier": self.verifier}, {"code": 1, "verifier": 2}, b"x"):
            self.refused(browser.call("POST", "/v1/handoff", {"Origin": FAR}, body), 400, "bad_request")
        self.assertEqual(self.fetch(browser, code).status, 200, "none of these has touched it")

    def test_a_wrong_use_takes_the_code(self):
        """[A10] Who has the code, and is not the app or does not prove it, ends it."""
        browser = self.browser()
        for origin in (None, NEAR, self.public):
            with self.subTest(origin=origin):
                code = self.bring_code(browser)
                self.refused(self.fetch(browser, code, origin=origin), 403, "cross_site")
                self.refused(self.fetch(browser, code), 400, "bad_request")
        code = self.bring_code(browser)
        self.refused(browser.call("POST", "/v1/handoff", {"Origin": FAR}, {"code": code}), 400, "bad_request")
        self.refused(self.fetch(browser, code), 400, "bad_request")

    def test_a_code_of_the_server_is_none_of_ours(self):
        browser = self.browser()
        self.refused(self.fetch(browser, "A" * 43), 400, "bad_request")
        self.refused(self.fetch(browser, "x"), 400, "bad_request")
