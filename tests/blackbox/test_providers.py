"""Signing in at authorization servers that other people have written: every feature they ask for, renewal under load, processes that die in the middle."""
import concurrent.futures
import contextlib
import http.client
import sqlite3
import threading
import urllib.parse

import harness
from gateway import Gateway
from providers import Provider, make_key


class AtAProvider(Gateway):
    SECRET = "a secret: with odd & characters +%/="

    def serve_provider(self, oauth="", client=None, backchannel=False, **words):
        """One server `api` of type http whose tokens come from a strict oidc-provider."""
        port, directory = harness.free_port(), self.directory()
        issuer, secret = f"http://127.0.0.1:{port}", directory / "provider-secret"
        secret.write_text(self.SECRET)
        secret.chmod(0o600)
        how = oauth or f"client_secret: {{file: {secret}}}"
        self.start([("api", None, f"type: http\n    url: {issuer}/api\n    oauth: {{client_id: 'draw & bridge', issuer: {issuer}, {how}}}")])
        self.secrets |= {self.SECRET, urllib.parse.quote(self.SECRET)}
        self.callback = f"{self.public}/v1/callback/api"
        metadata = {"client_id": "draw & bridge", "client_secret": self.SECRET, "redirect_uris": [self.callback], "grant_types": ["authorization_code", "refresh_token"], **(client or {})}
        if backchannel:
            metadata["backchannel_logout_uri"] = f"{self.public}/v1/backchannel-logout/api"
        self.provider = Provider("oidc", self, port=port, clients=[{k: v for k, v in metadata.items() if v is not None}], **words)

    def sign(self, browser, name="ada", return_to="/servers"):
        away = self.leave(browser, "api", return_to)
        self.assertEqual(away.status, 303, (away, self.provider.log()))
        self.away = away.header("Location")
        answer = self.come_back(browser, "api", self.provider.agree(self.away, name, self.callback))
        self.assertEqual((answer.status, answer.header("Location")), (303, f"{self.public}{return_to}"), (answer, self.provider.log()))
        return answer

    def who(self, browser, expect=200):
        answer = browser.call("GET", "/s/api/me")
        self.assertEqual(answer.status, expect, (answer, self.provider.log()))
        return answer.json.get("sub")

    def whole(self, browser):
        """Everything a sign-in is for: who it is, a call, a renewal, and the end at the server."""
        self.sign(browser)
        connection = self.connections(browser)["api"]
        self.assertEqual((connection["kind"], connection["state"], connection["user"]), ("oauth", "ok", {"id": "ada", "username": "user-ada", "name": "ada of the provider"}))
        self.assertEqual(self.who(browser), "ada")
        self.assertEqual(browser.call("GET", "/s/api/me").json["self"], f"{self.public}/s/api/me")
        self.provider.control("expire")
        self.assertEqual(self.who(browser), "ada")
        self.assertEqual(self.provider.control()["token"], {"authorization_code": 1, "refresh_token": 1})
        self.restart()
        self.assertEqual(self.who(browser), "ada")
        self.assertEqual(browser.call("DELETE", "/v1/servers/api/connection").status, 204)
        self.assertEqual(self.provider.control()["revoked"], 2, "the refresh token and the access token")


class Features(AtAProvider):
    def test_a_secret(self):
        """[R-A1, R-A8, R-A11, R-A13, R-C3, R-D9] PKCE, a pushed request, iss, a secret with odd characters by Basic; rotation; revocation."""
        self.serve_provider(requirePar=True)
        self.whole(self.browser())
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.away).query))
        self.assertEqual(set(query), {"client_id", "request_uri"}, "nothing but a name for the request is in the address bar")
        self.assertEqual(self.provider.control()["par"], 1)

    def test_a_secret_in_the_body(self):
        """Where the registration wants it so."""
        self.serve_provider(client={"token_endpoint_auth_method": "client_secret_post"})
        self.whole(self.browser())

    def test_a_key(self):
        """[R-C1, R-C2] private_key_jwt; the provider keeps every jti it saw and takes none twice."""
        for kind in ("ES256", "RS256"):
            with self.subTest(kind):
                path, jwk = make_key(self.directory(), kind)
                self.serve_provider(f"private_key: {{file: {path}}}", {"client_secret": None, "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": kind, "jwks": {"keys": [jwk]}})
                self.whole(self.browser())
                self.assertEqual(self.provider.control()["refused"], 0, self.provider.log())

    def test_dpop(self):
        """[R-D13, R-C2] Bound tokens, nonces of the provider and of the API, each asked for by a refusal, and a key of drawbridge's own beside it."""
        path, jwk = make_key(self.directory(), "ES256")
        self.serve_provider(f"dpop: true, private_key: {{file: {path}}}",
                            {"client_secret": None, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}, "token_endpoint_auth_signing_alg": "ES256", "dpop_bound_access_tokens": True}, nonces=True)
        browser = self.browser()
        self.whole(browser)
        self.sign(browser)
        made = browser.call("POST", "/s/api/me", body={"a": 1})
        self.assertEqual(made.status, 200, made)

    def test_the_address_of_each_step(self):
        """[R-A9, R-A14] Query answers, exact redirect address, nothing kept or passed on by the browser."""
        self.serve_provider()
        browser = self.browser()
        answer = self.sign(browser)
        self.assertEqual((answer.header("Cache-Control"), answer.header("Referrer-Policy")), ("no-store", "no-referrer"))
        self.assertNotIn("response_mode", self.away)
        self.assertNotRegex(self.program.log(), r"code=[A-Za-z0-9_-]{20}")


class SingleFlight(AtAProvider):
    takes_seconds = 60

    def burst(self, browser, ports, n):
        """n calls at once, spread over programs: their answers."""
        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            return list(pool.map(lambda i: self.at(ports[i % len(ports)], browser, "GET", "/s/api/me"), range(n)))

    def refreshes(self):
        return self.provider.control()["token"]["refresh_token"]

    def test_fifty_at_once(self):
        """[R-D3, R-D4, A13] One token call per generation against a slow provider that ends everything when a refresh token comes twice."""
        self.serve_provider()
        browser = self.browser()
        self.sign(browser)
        for generation in (1, 2):
            self.provider.control("expire")
            self.provider.control("delay?ms=700")
            answers = self.burst(browser, [self.port], 50)
            self.assertEqual([a.status for a in answers], [200] * 50, answers[0])
            self.assertEqual(self.refreshes(), generation)
        self.assertEqual(self.connections(browser)["api"]["state"], "ok")

    def test_three_processes(self):
        """[R-D3, A13] The same with three programs on one store; the provider slow, and then so slow that it takes ten seconds."""
        self.serve_provider()
        browser = self.browser()
        self.sign(browser)
        ports = [self.port, self.another().port, self.another().port]
        self.assertEqual({a.status for a in self.burst(browser, ports, 3)}, {200})
        for generation, delay_ms in ((1, 700), (2, 10000)):
            self.provider.control("expire")
            self.provider.control(f"delay?ms={delay_ms}")
            answers = self.burst(browser, ports, 50)
            self.assertEqual([a.status for a in answers], [200] * 50, answers[0])
            self.assertEqual(self.refreshes(), generation)

    def test_killed_before_the_provider_answered(self):
        """[R-D3, R-D4, A13] The provider has not rotated yet: the refresh token is good, and the next program uses it once the dead one's lease has ended."""
        self.serve_provider()
        browser = self.browser()
        self.sign(browser)
        self.provider.control("expire")
        self.provider.control("delay?ms=600000")  # it never gets to see the call
        caller = self.asking(browser)
        harness.wait_for(lambda: self.lease(), "the renewal to begin")
        self.program.kill()
        caller.join()
        self.provider.control("delay?ms=0")
        self.serve()
        self.assertEqual(self.who(browser), "ada")
        self.assertEqual(self.refreshes(), 1)

    def test_killed_after_the_provider_answered(self):
        """[R-D4, R-D7, A13] The provider has rotated and the answer is lost with the process: nobody has the new token, so this one connection, and nothing else, wants a new sign-in."""
        self.serve_provider()
        browser = self.browser()
        self.sign(browser)
        self.provider.control("expire")
        self.provider.control("hold?on=1")  # answers are made and not given
        caller = self.asking(browser)
        harness.wait_for(lambda: self.refreshes() == 1, "the provider to rotate")
        self.program.kill()
        caller.join()
        self.provider.control("hold?on=0")
        self.serve()
        self.refused(browser.call("GET", "/s/api/me"), 401, "reauth_required", server="api")
        self.sign(browser)
        self.assertEqual(self.who(browser), "ada")

    @staticmethod
    def asking(browser):
        """A call whose answer is lost with the program."""
        def ask():
            with contextlib.suppress(OSError, http.client.HTTPException):
                browser.call("GET", "/s/api/me")
        caller = threading.Thread(target=ask)
        caller.start()
        return caller

    def lease(self):
        with sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True) as db:
            return db.execute("select 1 from leases").fetchall()

    def test_many_people(self):
        """[A12, R-E13] Forty people, every token ended again and again, all calling at once: each answer is the caller's own."""
        self.serve_provider()
        people = {}
        for i in range(40):
            people[f"person{i}"] = self.browser()
            self.sign(people[f"person{i}"], f"person{i}")
        for storm in range(3):
            self.provider.control("expire")

            def calls(item):
                name, browser = item
                return [(name, browser.call("GET", "/s/api/me")) for _ in range(3)]
            with concurrent.futures.ThreadPoolExecutor(40) as pool:
                for answers in pool.map(calls, people.items()):
                    for name, answer in answers:
                        self.assertEqual((answer.status, answer.json.get("sub")), (200, name))
            self.assertEqual(self.refreshes(), 40 * (storm + 1))


class Another(Gateway):
    def test_oauth2_mock_server(self):
        """[R-A3, R-A5, R-B3] The whole flow at a server of another hand."""
        provider = Provider("mock", self)
        secret = self.directory() / "provider-secret"
        secret.write_text("a long enough secret")
        secret.chmod(0o600)
        self.start([("api", None, f"type: http\n    url: {provider.issuer}\n    oauth: {{client_id: dr, client_secret: {{file: {secret}}}, scopes: [openid]}}")])
        browser = self.browser()
        away = self.leave(browser, "api")
        self.assertEqual(away.status, 303, away)
        query = provider.agree(away.header("Location"), "x", f"{self.public}/v1/callback/api")
        back = self.come_back(browser, "api", query)
        self.assertEqual((back.status, back.header("Location")), (303, f"{self.public}/servers"), back)
        self.assertEqual(self.connections(browser)["api"]["user"], {"id": "johndoe", "username": "johndoe", "name": "John Doe"})
        self.assertEqual(browser.call("GET", "/s/api/userinfo").status, 200)
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
