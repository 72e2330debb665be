"""Hostile cookies, parameters, bodies and identities at every address of the gateway: refused in words, quickly, and with nothing broken behind them."""
import concurrent.futures
import json
import re
import socket
import urllib.parse

import harness
from gateway import Gateway, NAVIGATION
from people import PASSWORD

APPS = """apps:
  - {id: far, origins: ["http://far.example.net"], return_to: ["http://far.example.net/after"]}"""
# Every address that takes something, with the parameters and members it knows.
ROUTES = [("GET", "/v1/session", []), ("DELETE", "/v1/session", []), ("GET", "/v1/servers", []), ("POST", "/v1/servers/one/connection", ["kind", "token", "username", "password", "code", "remember"]),
          ("DELETE", "/v1/servers/one/connection", []), ("GET", "/v1/servers/one/authorize", ["return_to", "challenge"]), ("GET", "/v1/callback/one", ["code", "state", "iss", "error", "error_description"]),
          ("POST", "/v1/handoff", ["code", "verifier"]), ("GET", "/v1/servers/one/doctor", []), ("GET", "/v1/servers/one/data-sets", ["query"]), ("GET", "/v1/alignments", []), ("POST", "/v1/alignments", ["source", "target"]),
          ("PATCH", "/v1/alignments/x/decisions", ["decisions"]), ("POST", "/v1/runs", ["alignment", "from", "to", "periods", "org_units", "mapping", "dry_run"]), ("GET", "/v1/runs", []), ("GET", "/v1/runs/x", []),
          ("POST", "/s/one/api/auth/login", ["username", "password", "twoFactorCode"]), ("GET", "/s/one/api/loginConfig", [])]
ODD = ["", "%n%n%n%s%x", "%s" * 50, "A" * 5000, "\u0000", "\ufffe", "'\"><script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "../../../etc/passwd", "\r\nX-Injected: 1", "-1", "1e300", "null", "[]", "\u202e", "a\nb", "99999999999999999999"]


class Alive(Gateway):
    """A gateway of which nothing may be left broken: another browser's session goes on all the time."""

    def begin(self, **more):
        self.start([("one", "2.41")], apps=APPS, **more)
        self.people["one"].add("wilhelmina")
        self.ada = self.browser()
        self.with_password(self.ada, "one", "wilhelmina")

    def unharmed(self):
        self.assertEqual(self.me(self.ada, "one")["username"], "wilhelmina")

    def small_memory(self, most_mb=200):
        with open(f"/proc/{self.program.process.pid}/status") as status:
            self.assertLess(int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]), most_mb * 1024)


class Cookies(Alive):
    def test_crafted_ones(self):
        """[A17] Huge, many, doubled, broken: refused by the limits of a head, or no session; never more than that."""
        self.begin()
        good = f"drawbridge={self.cookie(self.ada)}"
        rows = [("x" * 4000, 200), ("; ".join(f"c{i}=1" for i in range(10000)), (400, 431)), ("; ".join(f"c{i}=1" for i in range(40)) + "; " + good, 200), (f"{good}; {good}", 400), (f"{good}; drawbridge=", 400), (f"drawbridge; {good}", (200, 400)),
                ("=" * 3000, 200), (";" * 3000, 200), (", ".join([good, good]), (200, 400)), (f'drawbridge="{self.cookie(self.ada)}"', 200), (good + "x", 200), (good[:-1], 200), (good.upper(), 200), (" " * 1000 + good, 200), (good + "\t;\t", 200),
                ("drawbridge=" + "%" * 3000, 200), ("drawbridge=\xff\xfe\x80", (200, 400)), ("drawbridge.count=99999999; drawbridge.0=x", 200), ("$Version=1; " + good, 200), ("drawbridge-sign-in-x=" + "A" * 3000, 200),
                ("; ".join(f"drawbridge-sign-in-{i}=A" for i in range(200)), (200, 400, 431))]
        for cookie, expected in rows:
            for path in ("/v1/session", "/s/one/api/me", "/v1/callback/one?state=x&code=y"):
                answer = harness.call(self.port, "GET", path, {"X-Drawbridge": "1", "Cookie": cookie.encode("latin-1", "replace").decode("latin-1")})
                self.assertLess(answer.status, 500, (cookie[:80], answer))
                if path == "/v1/session":
                    self.assertIn(answer.status, expected if isinstance(expected, tuple) else (expected,), (cookie[:80], answer))
        two = harness.call(self.port, "GET", "/v1/session", [("X-Drawbridge", "1"), ("Cookie", good), ("Cookie", good)])
        self.refused(two, 400, "bad_request")
        many = [("X-Drawbridge", "1"), *[("Cookie", "a=b")] * 200]
        self.assertEqual(harness.call(self.port, "GET", "/v1/session", many).status, 431)
        self.unharmed()
        self.small_memory()

    def test_a_flood_of_them(self):
        """[A17, R-G14] Thousands of sessions that are none, asked for at once."""
        self.begin()

        def ask(i):
            return harness.call(self.port, "GET", "/s/one/api/me", {"X-Drawbridge": "1", "Cookie": "drawbridge=" + f"{i:086d}"}).status
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual(set(pool.map(ask, range(3000))), {401})
        self.unharmed()
        self.small_memory()


class Parameters(Alive):
    def test_each_missing_empty_doubled_and_odd(self):
        """[A18, A24, R-H8] In the query, as a form and as JSON, with every type of content and none: a generic error in its one form, or what it should be; never a fault inside."""
        self.begin()
        stranger = {"X-Drawbridge": "1", "Origin": self.public}
        ada = {**stranger, "Cookie": f"drawbridge={self.cookie(self.ada)}"}
        asked = 0

        def ask(method, path, headers, body=None):
            nonlocal asked
            asked += 1
            pairs = {**NAVIGATION, **headers} if "/authorize" in path or "/callback" in path else headers
            answer = harness.call(self.port, method, path, pairs, body)
            self.assertLess(answer.status, 500, (method, path[:200], body and body[:200], answer))
            if answer.status >= 400:
                code = answer.header("X-Drawbridge-Error")
                self.assertTrue(code, (method, path[:200], answer))
                if "json" in (answer.header("Content-Type") or ""):
                    self.assertEqual((answer.json["code"], bool(answer.json["request_id"])), (code, True), answer)
            self.assertNotIn(b"X-Injected", str(answer.headers).encode())
            self.assertNotIn(b"<script>alert", answer.body)
        for method, path, names in ROUTES:
            for who in (stranger, ada):
                if method == "DELETE" and who is ada:
                    continue
                variants = [[], [(n, "") for n in names], [(n, "x") for n in names], [(n, "x") for n in names for _ in (1, 2)]] + [[(n, odd if n == name else "x") for n in names] for name in names for odd in ODD]
                for pairs in variants:
                    query = urllib.parse.urlencode(pairs)
                    if method == "GET":
                        ask(method, path + ("?" + query if query else ""), who)
                        continue
                    as_json = "{" + ",".join(f"{json.dumps(n)}:{json.dumps(v)}" for n, v in pairs) + "}"
                    ask(method, path, {**who, "Content-Type": "application/json"}, as_json.encode())
                    if len(pairs) < 2 or pairs[0][1] in ("", "x"):
                        for kind in (None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json;charset=utf-16", "%n"):
                            ask(method, path, {**who, **({"Content-Type": kind} if kind is not None else {})}, query.encode())
                for body in (b"", b"{", b"[]", b"null", b"0", b'"x"', b"{}" * 2, b"\xff\xfe", b"[" * 5000, b'{"a":' * 500 + b"1" + b"}" * 500, json.dumps({n: [{}] for n in names}).encode(), json.dumps({n: 1e300 for n in names}).encode(), json.dumps({n: None for n in names}).encode()):
                    if method != "GET":
                        ask(method, path, {**who, "Content-Type": "application/json"}, body)
            self.unharmed()
        self.assertGreater(asked, 1500)

    def test_methods_that_tell_nothing(self):
        """[A24, A09, R-G13] HEAD, OPTIONS and a form tell a stranger no more than GET; others are no methods here."""
        self.begin()
        for path in ("/v1/session", "/v1/servers", "/s/one/api/me", "/v1/alignments", "/v1/runs", "/v1/servers/one/doctor"):
            for method in ("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "GET"):
                for headers in ({}, {"Cookie": f"drawbridge={self.cookie(self.ada)}"}, {"Cookie": f"drawbridge={self.cookie(self.ada)}", "Content-Type": "application/x-www-form-urlencoded"}):
                    answer = harness.call(self.port, method, path, headers, b"a=b" if "Content-Type" in headers else None)
                    self.assertIn(answer.status, (400, 403, 404, 405), (method, path, answer))
                    self.assertNotIn(b"wilhelmina", answer.body)
            for method in ("TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND", "get", "GET/", "\xe4"):
                raw = harness.raw(self.port, f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX-Drawbridge: 1\r\nCookie: drawbridge={self.cookie(self.ada)}\r\n\r\n".encode("latin-1"))
                self.assertIn(raw.split(b" ")[1], (b"400", b"405"), (method, raw))
                self.assertNotIn(b"wilhelmina", raw)
        self.unharmed()

    def test_nothing_behind_an_error(self):
        """[A22, R-G8] What was sent behind a refused request is not one more: not on the proxied path either, with a good session in it."""
        self.begin()
        good = f"Host: 127.0.0.1:{self.port}\r\nX-Drawbridge: 1\r\nCookie: drawbridge={self.cookie(self.ada)}\r\n"
        hidden = f"GET /s/one/api/me?fields=username HTTP/1.1\r\n{good}\r\n"
        for head in (f"POST /s/one/api/x HTTP/1.1\r\n{good}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", f"GET /s/one/api/x HTTP/1.1\r\n{good}Content-Length: 1\r\nContent-Length: 2\r\n\r\n", f"GET /s/one/api/x HTTP/1.1\r\n{good} X: folded\r\n\r\n",
                     f"GET /s/one/api/x HTTP/1.1\n{good}\r\n", f"POST /s/one/api/x HTTP/1.1\r\n{good}Transfer-Encoding: chunked\r\n\r\nzz\r\n", f"POST /v1/handoff HTTP/1.1\r\n{good}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", f"BREW / HTTP/1.1\r\n{good}\r\n"):
            with socket.create_connection(("127.0.0.1", self.port), harness.PATIENCE) as s:
                s.sendall((head + hidden).encode())
                got = b""
                while piece := s.recv(65536):
                    got += piece
            self.assertNotIn(b'"username"', got, head)
            self.assertIn(got.split(b" ")[1], (b"400", b"405", b"501"), (head, got))
        self.unharmed()


class Identities(Gateway):
    def test_people_who_look_alike(self):
        """[A31, R-B5] A person is an id at a server: not a name that looks like another's, with signs of all alphabets in it."""
        self.start([("one", "2.43"), ("two", "2.43")])
        names = ["ada", "\u0430da", "ADA", "ada@evil.example@good.example", "ada.", "a\u0301da"]
        browsers = {}
        for name in names:
            for people in self.people.values():
                try:
                    people.add(name)
                except AssertionError:
                    break  # the server itself takes no such name
            else:
                browser = self.browser()
                if browser.call("POST", "/v1/servers/one/connection", body={"kind": "password", "username": name, "password": PASSWORD}).status == 201:
                    browsers[name] = browser
        self.assertGreater(len(browsers), 2)
        ids = {name: self.connections(browser)["one"]["user"]["id"] for name, browser in browsers.items()}
        self.assertEqual(len(set(ids.values())), len(ids), "each is one person")
        for name, browser in browsers.items():
            self.assertEqual(browser.call("GET", "/s/one/api/me?fields=id").json["id"], ids[name])


if __name__ == "__main__":
    import unittest
    unittest.main()
