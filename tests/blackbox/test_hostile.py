"""An authorization server that lies in every way that is known of them: each lie is found out, says what it is, leaves no sign-in behind, and harms nothing else."""
import json
import time
import urllib.parse

from gateway import Gateway
from hostile import Hostile, JSON, Key, url64


def no_signature(head, claims):
    return f"{url64({**head, 'alg': 'none'})}.{url64(claims)}."


class Lies(Gateway):
    def serve_issuers(self, *names):
        directory = self.directory()
        self.server = Hostile(directory)
        self.addCleanup(self.server.stop)
        secret = directory / "secret"
        secret.write_text("a long enough secret")
        secret.chmod(0o600)
        self.start([(name, None, f"type: http\n    url: {self.server.issuer(name)}\n    oauth: {{client_id: dr, issuer: '{self.server.issuer(name)}', client_secret: {{file: {secret}}}}}") for name in names])
        self.secrets |= {"of-the-tests-"}

    def attempt(self, name, browser=None, answer=None):
        """One sign-in; `answer(state)`: the query that comes back. Gives (browser, the callback's answer, its problem or None)."""
        browser = browser or self.browser()
        away = self.leave(browser, name)
        self.assertEqual(away.status, 303, away)
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(away.header("Location")).query))
        self.server.nonces[name] = asked.get("nonce")
        back = self.come_back(browser, name, answer(asked["state"]) if answer else f"code=the-code-of-this-test&state={asked['state']}")
        problem = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back.header("Location") or "").query))
        return browser, back, problem

    def found_out(self, name, code, reason=None, answer=None, what=None):
        browser, back, problem = self.attempt(name, answer=answer)
        self.assertEqual((back.status, problem.get("problem")), (303, code), (what, back))
        if reason:
            self.assertEqual(problem.get("reason"), reason, what)
        self.assertEqual(self.connections(browser), {}, what)

    def believed(self, name, what=None):
        browser, back, problem = self.attempt(name)
        self.assertEqual((back.status, problem), (303, {}), (what, back))
        self.assertEqual(self.connections(browser)[name]["user"]["id"], "ada", what)
        return browser


class IdTokens(Lies):
    def test_each(self):
        """[R-A5, R-B3, R-B4, R-B5, R-E14, A14] Wrong issuer, audience, nonce, subject, times, algorithm, key; and odd but good ones."""
        self.serve_issuers("op")
        other = Key(self.directory(), "k1")
        self.believed("op")
        for what, lies in {"iss": {"claims": {"iss": "https://evil.example"}}, "iss with a slash": {"claims": {"iss": self.server.issuer("op") + "/"}}, "no iss": {"claims": {"iss": ...}}, "empty iss": {"claims": {"iss": ""}},
                           "aud": {"claims": {"aud": "another"}}, "no aud": {"claims": {"aud": ...}}, "aud of many": {"claims": {"aud": ["dr", "another"]}}, "azp": {"claims": {"aud": ["dr", "another"], "azp": "another"}},
                           "nonce": {"claims": {"nonce": "another"}}, "no nonce": {"claims": {"nonce": ...}}, "no sub": {"claims": {"sub": ...}}, "empty sub": {"claims": {"sub": ""}}, "sub of a number": {"claims": {"sub": 7}},
                           "long sub": {"claims": {"sub": "x" * 256}}, "no iat": {"claims": {"iat": ...}}, "no exp": {"claims": {"exp": ...}}, "exp long ago": {"claims": {"exp": 1000}}, "exp as text": {"claims": {"exp": "9999999999"}},
                           "iat to come": {"claims": {"iat": 9999999999, "exp": 9999999999 + 300}}, "exp 1e300": {"raw_claims": lambda c: url64(json.dumps({**c, "exp": 0}).replace('"exp": 0', '"exp": 1e300').encode())},
                           "member twice": {"raw_claims": lambda c: url64(json.dumps(c).replace("{", '{"sub": "eve", ', 1).encode())},
                           "alg none": {"sign": no_signature}, "HS256": {"head": {"alg": "HS256"}}, "another key of that name": {"key": other}, "its own key": {"head": {"jwk": other.public}, "key": other},
                           "its own address of keys": {"head": {"jku": "https://evil.example/keys"}}, "crit": {"head": {"crit": ["exp"]}}, "bent": {"sign": lambda h, c: self.server.good_key.sign(h, c)[:-6] + "AAAAAA"},
                           "none at all": {"token": {"id_token": ...}}, "no token": {"token": {"id_token": "x.y"}}, "userinfo of another": {"userinfo": {"sub": "eve"}}}.items():
            with self.subTest(what):
                self.server.lie("op", **lies)
                before = len(self.server.revoked)
                clock = what in ("exp long ago", "iat to come")
                self.found_out("op", "clock_skew" if clock else "upstream_error", None if clock else "id_token", what=what)
                self.assertEqual(len(self.server.revoked), before + 2, "what nobody will use is revoked")
        for what, lies in {"audiences and azp": {"claims": {"aud": ["dr", "another"], "azp": "dr"}}, "one in a list": {"claims": {"aud": ["dr"]}}, "no kid, one key": {"head": {"kid": ...}}, "token_type": {"token": {"token_type": "bEaReR"}},
                           "no expires_in": {"token": {"expires_in": ...}}, "exp as a fraction": {"raw_claims": lambda c: url64(json.dumps({**c, "exp": c["exp"] + 0.5}).encode())}}.items():
            with self.subTest(what):
                self.server.lie("op", **lies)
                self.believed("op", what)

    def test_token_answers(self):
        """[R-C4, R-D1, A14, A18]"""
        self.serve_issuers("op")
        good = self.server.token
        for what, answer in {"another type": lambda: good("op", self.server.issuer("op"), {"token": {"token_type": "mac"}}), "no type": lambda: good("op", self.server.issuer("op"), {"token": {"token_type": ...}}),
                             "no token": lambda: (200, JSON, "{}"), "two tokens": lambda: (200, JSON, '{"access_token":"a","access_token":"b","token_type":"Bearer"}'), "a page": lambda: (200, {"Content-Type": "text/html"}, "<p>%n%s"),
                             "cut": lambda: (200, JSON, '{"access_token":"a'), "elsewhere": lambda: (307, {"Location": self.server.issuer("op") + "/elsewhere"}, ""), "failed": lambda: (500, {}, ""),
                             "a list": lambda: (200, JSON, "[" * 1000), "refused": lambda: (400, JSON, '{"error":"<script>alert(1)</script>"}'), "client": lambda: (401, JSON, '{"error":"invalid_client"}')}.items():
            with self.subTest(what):
                self.server.lie("op", answer_token=answer)
                self.found_out("op", "upstream_error", what=what)
        self.assertNotIn(("op", "elsewhere"), self.server.fetched, "credentials follow no redirect")
        self.server.lie("op", answer_token=lambda: (400, JSON, '{"error":"invalid_grant"}'))
        self.found_out("op", "reauth_required", "invalid_grant")
        self.server.lie("op")
        self.believed("op")


class Keys(Lies):
    def test_rotation_flood_and_silence(self):
        """[R-B3, A29] A new key is found by one more fetch; made-up ones, and a server that gives none, cost one fetch in ten seconds."""
        self.serve_issuers("rotates", "floods", "silent", "many")
        fetched, began = self.server.fetched, time.monotonic()

        def pauses():
            """How many more fetches the time that has passed allows: none, unless the machine is very slow."""
            return int((time.monotonic() - began) / 10)
        self.believed("rotates")
        new = Key(self.directory(), "k2")
        self.server.lie("rotates", keys=[new], key=new, head={"kid": "k2"})
        self.believed("rotates")
        self.assertEqual(fetched[("rotates", "jwks")], 2)
        self.believed("floods")
        for i in range(8):
            self.server.lie("floods", head={"kid": f"made up {i}"})
            self.found_out("floods", "upstream_error", "id_token")
        self.assertLessEqual(fetched[("floods", "jwks")], 2 + pauses())
        self.server.lie("floods")
        self.believed("floods")
        self.server.lie("silent", answer_jwks=lambda: (503, {}, ""))
        for _ in range(4):
            self.found_out("silent", "upstream_error", "id_token")
        self.assertLessEqual(fetched[("silent", "jwks")], 1 + pauses())
        self.server.lie("many", keys=[self.server.good_key, new], head={"kid": ...})
        self.found_out("many", "upstream_error", "id_token")


class Metadata(Lies):
    def test_each(self):
        """[R-A3, R-B1, R-B2, R-C1, A23, A30] A description that is another's, leads elsewhere, or is none: nobody is sent there, nothing of ours goes there."""
        issuer = lambda: self.server.issuer("honest")
        cases = {"another": lambda: {"issuer": issuer()}, "slash": lambda: {"issuer": self.server.issuer("slash") + "/"}, "token": lambda: {"token_endpoint": "https://honest.example/token"},
                 "inside": lambda: {"jwks_uri": "http://169.254.169.254/keys"}, "away": lambda: {"authorization_endpoint": "https://evil.example/auth"}, "revocation": lambda: {"revocation_endpoint": "http://127.0.0.1:1/revoke"},
                 "plain": lambda: {"code_challenge_methods_supported": ["plain"]}, "implicit": lambda: {"response_types_supported": ["token"]}, "nokeys": lambda: {"jwks_uri": ...}}
        answers = {"redirect": lambda: (302, {"Location": issuer() + "/.well-known/openid-configuration"}, ""), "page": lambda: (200, {"Content-Type": "text/html"}, "<html>"), "large": lambda: (200, JSON, " " * 70000 + "{}"), "gone": lambda: (500, {}, "")}
        self.serve_issuers("honest", *cases, *answers)
        for name, lie in cases.items():
            told = lie()
            if told.get("jwks_uri") is ...:
                told["jwks_uri"] = None
            self.server.lie(name, discovery=told)
        for name, answer in answers.items():
            self.server.lie(name, answer_discovery=answer)
        for name in [*cases, *answers]:
            with self.subTest(name):
                answer = self.leave(self.browser(), name)
                expected = (502, "upstream_broken") if name == "large" else (403, "kind_not_offered")
                self.assertEqual((answer.status, answer.header("X-Drawbridge-Error")), expected, answer)
                self.assertIsNone(answer.header("Location"))
        self.believed("honest")

    def test_one_that_cannot_be_asked(self):
        """[R-C1, R-H9] What the network did is not said to be the server's choice; one lost connection is no matter."""
        self.serve_issuers("cut", "blinks")
        self.server.lie("cut", answer_discovery=lambda: b"")
        answer = self.leave(self.browser(), "cut")
        self.assertEqual((answer.status, answer.header("X-Drawbridge-Error")), (502, "upstream_broken"), answer)
        lost = []
        self.server.lie("blinks", answer_discovery=lambda: lost.append(self.server.lie("blinks")) or b"")
        self.believed("blinks")
        self.assertEqual(len(lost), 1)

    def test_where_the_answer_comes_from(self):
        """[R-A4, R-A7, R-A8, R-A10, A24, A30] iss as promised and as it is, also with a refusal; state, once, of this browser; no parameter twice."""
        self.serve_issuers("op", "promises")
        self.server.lie("promises", discovery={"authorization_response_iss_parameter_supported": True})
        iss = lambda name: urllib.parse.quote(self.server.issuer(name), safe="")
        self.found_out("promises", "transaction_lost", "iss", lambda state: f"code=the-code-of-this-test&state={state}")
        self.found_out("promises", "transaction_lost", "iss", lambda state: f"error=access_denied&state={state}")
        self.found_out("promises", "transaction_lost", "iss", lambda state: f"code=the-code-of-this-test&state={state}&iss={iss('op')}")
        self.found_out("op", "transaction_lost", "iss", lambda state: f"code=the-code-of-this-test&state={state}&iss={iss('promises')}")
        self.found_out("op", "transaction_lost", None, lambda state: f"code=the-code-of-this-test&state={state[::-1]}")
        for name, query in (("promises", lambda state: f"code=the-code-of-this-test&state={state}&iss={iss('promises')}"), ("op", lambda state: f"code=the-code-of-this-test&state={state}&iss={iss('op')}")):
            browser, back, problem = self.attempt(name, answer=query)
            self.assertEqual((back.status, problem), (303, {}), back)
        for query in ("code=the-code-of-this-test", "state={state}", "code=the-code-of-this-test&code=abd&state={state}", "code=the-code-of-this-test&state={state}&state={state}", "code=the-code-of-this-test&error=x&state={state}", "code=&state={state}", "code=%00&state={state}"):
            browser, back, problem = self.attempt("op", answer=lambda state: query.format(state=state))
            self.assertEqual(back.status, 400, (query, back))
            self.assertEqual(self.connections(browser), {})
        self.assertNotIn(b"the-code-of-this-test", b"".join(piece for b in self.browsers for piece in b.received))


class Renewals(Lies):
    def renewed(self, expected, code=None, what=None, **lies):
        self.server.lie("op")
        browser = self.believed("op")
        self.server.lie("op", **lies)
        self.server.made += 1  # the API takes the tokens so far no more
        answer = browser.call("GET", "/s/op/api/who")
        self.assertEqual((answer.status, answer.json.get("code")), (expected, code), (what, answer))
        return browser

    def test_each(self):
        """[R-B4, R-D5, R-D7, A14] A renewal that names somebody else ends the sign-in; one that fails for now does not."""
        self.serve_issuers("op")
        other = Key(self.directory(), "k1")
        for what, lies in {"iss": {"claims": {"iss": "https://evil.example"}}, "sub": {"claims": {"sub": "eve"}}, "aud": {"claims": {"aud": "another"}}, "key": {"key": other}, "none": {"sign": no_signature}, "old": {"claims": {"exp": 1000}},
                           "dead": {"answer_token": lambda: (400, JSON, '{"error":"invalid_grant"}')}}.items():
            with self.subTest(what):
                browser = self.renewed(401, "reauth_required", what, **lies)
                self.assertEqual(self.connections(browser)["op"]["state"], "reauth_required")
        for what, lies in {"plain": {}, "without an ID token": {"token": {"id_token": ...}}, "without a nonce": {"claims": {"nonce": ...}}, "without a new refresh token": {"token": {"refresh_token": ...}}, "type": {"token": {"token_type": "BEARER"}}}.items():
            with self.subTest(what):
                self.renewed(200, None, what, **lies)
        for what, answer in {"5xx": (500, {}, ""), "client": (401, JSON, '{"error":"invalid_client"}'), "elsewhere": (302, {"Location": "/login"}, ""), "page": (200, {"Content-Type": "text/html"}, "<p>"), "cut": b"HTTP/1.1 200 OK\r\nContent-Le",
                             "busy": (429, {"Retry-After": "7"}, "")}.items():
            with self.subTest(what):
                browser = self.renewed(503, "refresh_failed", what, answer_token=lambda: answer)
                self.assertEqual(self.connections(browser)["op"]["state"], "ok", "the connection stays")
                self.server.lie("op")
                self.assertEqual(browser.call("GET", "/s/op/api/who").status, 200, "and goes on when the server does")

    def test_an_authorization_server_that_is_away(self):
        """[R-D5] Whoever comes while it cannot even be asked what it is keeps the sign-in."""
        self.serve_issuers("op")
        browser = self.believed("op")
        self.restart()  # nothing is known of it any more
        self.server.lie("op", answer_discovery=lambda: (503, {}, ""))
        self.server.made += 1
        self.refused(browser.call("GET", "/s/op/api/who"), 503, "refresh_failed")
        self.assertEqual(self.connections(browser)["op"]["state"], "ok")

    def test_a_refresh_token_that_ends(self):
        """[R-D8] Where its end is told, the session shows it, and behind it nobody is asked."""
        self.serve_issuers("op")
        for name in ("refresh_expires_in", "refresh_token_expires_in"):
            self.server.lie("op", token={name: 3600})
            self.assertIn("expires_at", self.connections(self.believed("op"))["op"])
        self.server.lie("op", token={"refresh_expires_in": 1, "expires_in": 1})
        browser = self.believed("op")
        asked = self.server.fetched[("op", "token")]
        time.sleep(1.1)  # its life
        self.refused(browser.call("GET", "/s/op/api/who"), 401, "reauth_required")
        self.assertEqual(self.server.fetched[("op", "token")], asked)
        self.assertEqual(self.connections(browser)["op"]["state"], "reauth_required")
