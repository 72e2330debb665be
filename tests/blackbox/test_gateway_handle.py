"""Mode `handle`: an app whose browser keeps no cookie holds its session by a key, and signs each call."""
import re
import secrets
import sqlite3
import urllib.parse

import harness
from gateway import Gateway
from keys import Key, KeyBrowser, base64url
from people import PASSWORD
from test_gateway_apps import challenge

APP, AUTO, COOKIES, NEAR = "https://handle.test", "https://auto.test", "https://cookies.test", "http://127.0.0.1:9555"
APPS = f"""apps:
  - {{id: handle, origins: ["{APP}"], return_to: ["{APP}/"], mode: handle}}
  - {{id: auto, origins: ["{AUTO}"], return_to: ["{AUTO}/"]}}
  - {{id: cookies, origins: ["{COOKIES}"], mode: cross-site}}
  - {{id: near, origins: ["{NEAR}"], return_to: ["{NEAR}/"]}}"""


class Handle(Gateway):
    def setUp(self):
        super().setUp()
        self.start([("one", "2.43")], apps=APPS)
        self.people["one"].add("ada")

    def signed_in(self, origin=APP):
        app = KeyBrowser(self, origin)
        answer = self.with_password(app, "one")
        self.assertEqual(answer.all("Set-Cookie"), [])
        self.assertRegex(app.handle, r"^[A-Za-z0-9_-]{86}$")
        return app

    def refused_proof(self, answer, reason):
        return self.refused(answer, 401, "proof_refused", reason=reason)

    def test_signing_in_calling_and_out(self):
        """[R-E2, R-E10] A session by a key: the handle changes at each sign-in, and is dead after signing out."""
        app = self.signed_in()
        self.assertEqual(self.me(app, "one")["username"], "ada")
        session = app.call("GET", "/v1/session").json
        self.assertEqual((session["mode"], [c["server"] for c in session["connections"]]), ("handle", ["one"]))
        first = app.handle
        self.with_password(app, "one")
        self.assertNotEqual(app.handle, first)
        self.assertEqual(self.me(app, "one")["username"], "ada")
        out = app.call("DELETE", "/v1/session")
        self.assertEqual((out.status, out.all("Set-Cookie")), (204, []))
        self.refused(app.call("GET", "/s/one/api/me"), 401, "no_session")

    def test_the_handle_alone_opens_nothing(self):
        """[R-E3, R-F3] Whoever has read the handle, and has not the key, gets nothing: not without a proof, not with a key of his own, not as a cookie."""
        app = self.signed_in()
        thief = self.browser()
        own = Key(self)
        address = self.public + "/s/one/api/me"
        self.refused_proof(thief.call("GET", "/s/one/api/me", {"Origin": APP, "X-Drawbridge-Session": app.handle}), "missing")
        proof = own.proof("GET", address, app.nonce, app.handle)
        self.refused(thief.call("GET", "/s/one/api/me", {"Origin": APP, "X-Drawbridge-Session": app.handle, "X-Drawbridge-Proof": proof}), 401, "no_session")
        for origin in ({}, {"Origin": self.public}, {"Origin": COOKIES}, {"Origin": NEAR}, {"Origin": AUTO}):
            thief.cookies[self.port] = {"drawbridge": app.handle}
            self.refused(thief.call("GET", "/s/one/api/me", {**origin, "X-Drawbridge-Session": app.handle}), 401, "no_session")
        for origin in (AUTO, COOKIES):  # the right key, from another app's origin
            headers = {**app.headers("GET", "/s/one/api/me"), "Origin": origin}
            self.refused(thief.call("GET", "/s/one/api/me", headers), 401, "no_session")
        self.assertEqual(self.me(app, "one")["username"], "ada")

    def test_a_cookie_is_no_session_here(self):
        """[R-E4] The session of drawbridge's own page does not open for an app that signs."""
        browser = self.browser()
        self.with_password(browser, "one")
        app = KeyBrowser(self, APP)
        app.handle = self.cookie(browser)
        self.refused(app.call("GET", "/s/one/api/me"), 401, "no_session")

    def test_each_proof_is_good_once_and_for_one_call(self):
        """[A10, A16, R-F4] A proof for another method, address or session, changed, unsigned, of another kind or shown twice is refused."""
        app = self.signed_in()
        target = "/s/one/api/me"
        good = app.headers("GET", target)
        self.assertEqual(app.send("GET", target, good).status, 200)
        self.refused_proof(app.send("GET", target, good), "replayed")
        self.refused_proof(app.send("POST", target, app.headers("GET", target), {}), "other_call")
        self.refused_proof(app.send("GET", "/s/one/api/me/x", app.headers("GET", target)), "other_call")
        self.refused_proof(app.send("GET", target, app.headers("GET", target, claims={"htu": "http://evil.test" + target})), "other_call")
        self.refused_proof(app.send("GET", target, app.headers("GET", target, claims={"ath": base64url(b"x" * 32)})), "other_call")
        self.refused_proof(app.send("GET", target, app.headers("GET", target, claims={"ath": None})), "other_call")
        for claims in ({"nonce": None}, {"nonce": "x" * 22}, {"nonce": ""}):
            self.refused_proof(app.send("GET", target, app.headers("GET", target, claims=claims)), "nonce")
        for claims in ({"jti": None}, {"jti": ""}, {"jti": 7}, {"jti": "x" * 129}, {"iat": None}, {"iat": "now"}):
            self.refused_proof(app.send("GET", target, app.headers("GET", target, claims=claims)), "malformed")
        other = Key(self)
        for header in ({"typ": "JWT"}, {"typ": None}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "RS256"}, {"jwk": None}, {"jwk": {}}, {"jwk": {**app.key.jwk, "d": "AAAA"}}, {"jwk": {**app.key.jwk, "crv": "P-384"}},
                       {"jwk": {**app.key.jwk, "x": "AA"}}, {"crit": ["x"]}):
            self.refused_proof(app.send("GET", target, app.headers("GET", target, header=header)), "malformed")
        self.refused_proof(app.send("GET", target, app.headers("GET", target, header={"jwk": other.jwk})), "signature")
        self.refused_proof(app.send("GET", target, app.headers("GET", target, header={"jwk": {**app.key.jwk, "x": base64url(b"\1" * 32)}})), "signature")
        for signature in (b"\0" * 64, b"", b"x"):
            answer = app.send("GET", target, app.headers("GET", target, signature=signature))
            self.assertEqual((answer.status, answer.json["code"]), (401, "proof_refused"), answer)
        for text in ("", ".", "..", "a.b", "a.b.c", "e30.e30.AA", "a" * 2049, "eyJ.e30.x.y"):
            headers = {**app.headers("GET", target), "X-Drawbridge-Proof": text}
            self.refused_proof(app.send("GET", target, headers), "malformed" if text else "missing")
        self.assertEqual(self.me(app, "one")["username"], "ada")

    def test_two_sessions_or_two_proofs(self):
        """[R-E8] Which of two would count? Neither."""
        app = self.signed_in()
        for name in ("X-Drawbridge-Session", "X-Drawbridge-Proof"):
            pairs = [*app.headers("GET", "/v1/session").items(), ("X-Drawbridge", "1"), (name, "x")]
            self.refused(harness.call(self.port, "GET", "/v1/session", pairs), 400, "bad_request")

    def test_who_is_not_signed_in_may_look(self):
        """[R-F6] Without a proof the app learns its mode and a nonce, and nothing else; a sign-in wants one."""
        browser = self.browser()
        answer = browser.call("GET", "/v1/session", {"Origin": APP})
        self.assertEqual((answer.json, len(answer.header("X-Drawbridge-Nonce"))), ({"mode": "handle", "expires_at": None, "idle_expires_at": None, "connections": []}, 22))
        self.assertIn("X-Drawbridge-Nonce", answer.header("Access-Control-Expose-Headers"))
        self.refused_proof(browser.call("POST", "/v1/servers/one/connection", {"Origin": APP}, {"kind": "password", "username": "ada", "password": PASSWORD}), "missing")
        self.refused_proof(browser.call("POST", "/v1/handoff", {"Origin": APP}, {"code": "A" * 43, "verifier": "B" * 43}), "missing")
        preflight = harness.call(self.port, "OPTIONS", "/v1/session", {"Origin": APP, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-drawbridge-proof"})
        self.assertEqual(preflight.status, 204)
        self.assertLessEqual({"x-drawbridge-session", "x-drawbridge-proof"}, {h.strip() for h in preflight.header("Access-Control-Allow-Headers").split(",")})

    def test_the_hand_off(self):
        """[A10, A30, R-A12] By the server's own page: the answer to the hand-off holds the handle, bound to the key that signed it."""
        app = KeyBrowser(self, APP)
        verifier = secrets.token_urlsafe(32)
        for turn in (1, 2):
            came = self.authorize(app.browser, "one", return_to=APP + "/", query=f"&challenge={challenge(verifier)}")
            code = re.fullmatch(r"drawbridge_code=([\w-]{43})", urllib.parse.urlsplit(came.header("Location")).fragment)[1]
            before = app.handle
            answer = app.call("POST", "/v1/handoff", body={"code": code, "verifier": verifier})
            self.assertEqual((answer.status, answer.json["mode"], answer.all("Set-Cookie")), (200, "handle", []), answer)
            self.assertNotEqual(app.handle, before)
            self.assertEqual(self.me(app, "one")["username"], "ada")
        self.assertEqual(self.leave(app.browser, "one", APP + "/").status, 400)

    def test_where_the_configuration_does_not_let_it(self):
        """[R-E4] An app in cross-site mode cannot choose a key instead of the cookie."""
        app = KeyBrowser(self, COOKIES)
        answer = self.with_password(app, "one")
        self.assertIsNone(answer.header("X-Drawbridge-Session"))
        self.assertIn("Partitioned", answer.header("Set-Cookie"))

    def test_auto_is_what_the_browser_can(self):
        """[R-E4] `mode: auto`: a cookie where one comes back, else a key; the session says which."""
        for origin, mode, words in ((AUTO, "cross-site", {"SameSite=None", "Partitioned", "Secure"}), (NEAR, "same-site", {"SameSite=Strict"})):
            browser = self.browser()
            for expected in (False, True):
                answer = browser.call("POST", "/v1/probe", {"Origin": origin}, {})
                self.assertEqual(answer.json, {"cookies": expected, "handle": True})
                line = answer.header("Set-Cookie")
                self.assertTrue(line.startswith("drawbridge-probe=1;"), line)
                self.assertLessEqual(words | {"HttpOnly", "Path=/", "Max-Age=60"}, {part.strip() for part in line.split(";")})
            self.assertEqual(browser.call("GET", "/v1/session", {"Origin": origin}).json["mode"], mode)
            app = self.signed_in(origin)
            self.assertEqual(app.call("GET", "/v1/session").json["mode"], "handle")
            self.assertEqual(self.me(app, "one")["username"], "ada")
            self.assertEqual(browser.call("GET", "/v1/session", {"Origin": origin}).json["connections"], [])
        self.assertFalse(self.browser().call("POST", "/v1/probe", {"Origin": COOKIES}, {}).json["handle"])
        self.assertFalse(self.browser().call("POST", "/v1/probe", {}, {}).json["handle"])

    def test_a_near_app_without_cookies_gets_a_hand_off(self):
        """[A10] An app of the same site, whose browser keeps no cookie, asks with a challenge and signs."""
        app = KeyBrowser(self, NEAR)
        verifier = secrets.token_urlsafe(32)
        came = self.authorize(app.browser, "one", return_to=NEAR + "/", query=f"&challenge={challenge(verifier)}")
        code = urllib.parse.urlsplit(came.header("Location")).fragment.partition("=")[2]
        self.assertEqual(app.call("POST", "/v1/handoff", body={"code": code, "verifier": verifier}).status, 200)
        self.assertEqual(self.me(app, "one")["username"], "ada")

    def test_the_store_and_the_keys_open_nothing(self):
        """[R-D10] What is stored holds neither the handle nor its secret half, and the server gets no header of drawbridge's."""
        app = self.signed_in()
        with sqlite3.connect(self.state / "state.db") as store:
            everything = "".join(store.iterdump()).encode() + (self.state / "state.db").read_bytes() + (self.state / "state.db-wal").read_bytes()
        for part in (app.handle, app.handle[43:], app.handle[:43]):
            self.assertNotIn(part.encode(), everything)
        self.assertNotIn(app.handle, self.program.log())
        self.restart()
        self.assertEqual(self.me(app, "one")["username"], "ada", "and the one who holds handle and key goes on after a restart")
