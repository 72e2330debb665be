"""The stand-in server on a socket: what goes wrong on purpose, and what an administrator with a shell did."""
import base64
import hashlib
import http.client
import json
import re
import time
import urllib.parse
import unittest

from harness import BUILD, Case, call, run

ADMIN = {"Authorization": "Basic " + base64.b64encode(b"admin:district").decode(), "X-Requested-With": "XMLHttpRequest"}
VERIFIER = "words-of-a-test-that-are-long-enough-0123456789"
CALLBACK = "https://lighthouse.example.org/callback"


class Faults(Case):
    def broken(self, *rules, version="2.41", words=()):
        path = self.directory() / "faults.json"
        path.write_text(json.dumps(rules))
        return self.sim(version, "--faults", path, "--set", "control=on", *words).port

    def me(self, port, **more):
        return call(port, "GET", "/api/me?fields=username,authorities", {**ADMIN, **more})

    def test_in_place_of_the_answer(self):
        port = self.broken({"path": "/api/me", "kind": "status", "status": 429, "retry_after": 7, "times": 1}, {"path": "/api/me", "kind": "html", "times": 1}, {"path": "/api/me", "kind": "empty", "nth": 1, "times": 1})
        answer = self.me(port)
        self.assertEqual((answer.status, answer.header("Retry-After"), answer.json["httpStatusCode"]), (429, "7", 429))
        answer = self.me(port)
        self.assertEqual((answer.status, answer.header("Content-Type"), answer.body[:9]), (200, "text/html; charset=utf-8", b"<!DOCTYPE"))
        answer = self.me(port)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(self.me(port).json["username"], "admin")

    def test_half_of_it(self):
        port = self.broken({"path": "/api/me", "kind": "cut", "times": 1}, {"path": "/api/me", "kind": "truncate", "times": 1}, {"path": "/api/userDataStore/a", "kind": "shorten"})
        with self.assertRaises((http.client.IncompleteRead, OSError)):
            self.me(port)
        with self.assertRaises(ValueError):
            self.me(port).json
        for key in "pqr":
            self.assertEqual(call(port, "POST", f"/api/userDataStore/a/{key}", ADMIN, {"n": key}).status, 201)
        self.assertEqual(call(port, "GET", "/api/userDataStore/a", ADMIN).json, ["p", "q"])

    def test_a_proxy_that_eats_a_header(self):
        port = self.broken({"kind": "strip", "header": "Authorization", "times": 1})
        self.assertEqual(self.me(port).status, 401)
        self.assertEqual(self.me(port).status, 200)

    def test_what_was_asked_is_done_or_not(self):
        port = self.broken({"path": "/api/userDataStore/*", "method": "POST", "kind": "empty", "times": 1}, {"path": "/api/userDataStore/*", "method": "POST", "kind": "status", "times": 1})
        for key in ("done", "not-done"):
            call(port, "POST", f"/api/userDataStore/a/{key}", ADMIN, {"n": 1})
        self.assertEqual(call(port, "GET", "/api/userDataStore/a", ADMIN).json, ["done"])

    def test_sessions_end(self):
        port = self.broken({"path": "/api/ping", "kind": "expire"})
        answer = call(port, "POST", "/api/auth/login", None, {"username": "admin", "password": "district"})
        cookie = {"Cookie": answer.header("Set-Cookie").partition(";")[0], "X-Requested-With": "XMLHttpRequest"}
        self.assertEqual(call(port, "GET", "/api/me", cookie).status, 200)
        call(port, "GET", "/api/ping")
        self.assertEqual(call(port, "GET", "/api/me", cookie).status, 401)

    def test_a_file_that_is_none(self):
        for rules in ('{"kind": "cut"}', '[{"kind": "melt"}]', '[{"kind": "cut", "colour": 1}]', '[{"kind": "strip"}]', '[{"kind": "status", "status": 99}]', "["):
            path = self.directory() / "faults.json"
            path.write_text(rules)
            with self.subTest(rules), self.assertRaisesRegex(AssertionError, "ended at once"):
                self.sim("2.41", "--faults", path)


class CommandLine(Case):
    def test_the_clock(self):
        for offset, hours in (("-7200", -2), ("+7200", 2), ("3h", 3), ("-90m", -1.5), ("+1d", 24)):
            with self.subTest(offset=offset):
                now = call(self.sim("2.41", "--clock", offset).port, "GET", "/api/system/info", ADMIN).json["serverDate"]
                ahead = time.mktime(time.strptime(now[:19], "%Y-%m-%dT%H:%M:%S")) - time.time()
                self.assertAlmostEqual(ahead / 3600, hours, delta=.4)

    def test_what_is_refused(self):
        for words in (["--clock", "h"], ["--clock", ""], ["--clock", "+-5"], ["--clock", "1w"], ["--clock", "999999999999h"], ["--listen", "nowhere"], ["--listen", "127.0.0.1:99999"]):
            with self.subTest(words=words):
                done = run(BUILD / "drawbridge-sim", "--version", "2.41", "--listen", "127.0.0.1:0", *words)
                self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)


class Clients(Case):
    """A client that was registered on the command line, and refresh tokens that change at each use."""

    def tokens(self, port, fields):
        headers = {"Authorization": "Basic " + base64.b64encode(b"lighthouse:0f8fad5b-d9cb-469f-a165-70867728950e").decode(), "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return call(port, "POST", "/oauth2/token", headers, urllib.parse.urlencode(fields))

    def code(self, port):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        query = "/oauth2/authorize?" + urllib.parse.urlencode({"response_type": "code", "client_id": "lighthouse", "redirect_uri": CALLBACK, "scope": "openid username", "state": "s",
                                                               "code_challenge": challenge, "code_challenge_method": "S256"})
        cookie = call(port, "POST", "/api/auth/login", None, {"username": "admin", "password": "district"}).header("Set-Cookie").partition(";")[0]
        page = call(port, "GET", query, {"Cookie": cookie, "Accept": "text/html"})
        state = re.search(rb'name="state" value="([^"]+)"', page.body).group(1).decode()
        form = urllib.parse.urlencode({"client_id": "lighthouse", "state": state, "scope": "username"})
        answer = call(port, "POST", "/oauth2/authorize", {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}, form)
        return urllib.parse.parse_qs(urllib.parse.urlsplit(answer.header("Location")).query)["code"][0]

    def sign_in(self, *words):
        port = self.sim("2.43", "--client", "lighthouse:0f8fad5b-d9cb-469f-a165-70867728950e", "--redirect-uri", CALLBACK, *words).port
        answer = self.tokens(port, {"grant_type": "authorization_code", "code": self.code(port), "redirect_uri": CALLBACK, "code_verifier": VERIFIER})
        self.assertEqual(answer.status, 200, answer)
        return port, answer.json["refresh_token"]

    def refresh(self, port, token):
        return self.tokens(port, {"grant_type": "refresh_token", "refresh_token": token})

    def test_the_token_stays(self):
        port, token = self.sign_in()
        for _ in range(2):
            self.assertEqual(self.refresh(port, token).json["refresh_token"], token)

    def test_the_token_changes(self):
        port, first = self.sign_in("--set", "rotate=on")
        second = self.refresh(port, first).json["refresh_token"]
        self.assertNotEqual(first, second)
        self.assertEqual(self.refresh(port, first).json["error"], "invalid_grant")
        self.assertEqual(self.refresh(port, second).status, 200)

    def test_the_token_changes_and_is_lost(self):
        path = self.directory() / "faults.json"
        path.write_text(json.dumps([{"path": "/oauth2/token", "nth": 2, "times": 1, "kind": "cut"}]))
        port, token = self.sign_in("--set", "rotate=on", "--faults", path)
        with self.assertRaises((http.client.IncompleteRead, OSError)):
            self.refresh(port, token)
        self.assertEqual(self.refresh(port, token).json["error"], "invalid_grant")


if __name__ == "__main__":
    unittest.main()
