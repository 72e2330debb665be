"""The proxied path of `drawbridge serve` in front of stand-in servers: that the gateway hands its calls over as src/gateway/proxy.h wants it. Every byte written by hand is in test_proxy.py."""
import json
import re
import socket
import unittest

from harness import Browser, Case, call, free_port
from people import PASSWORD, People
from scripted import Scripted

ORIGIN = "https://align.example.org"


class Served(Case):
    version = "2.41"

    def serve(self, url, extra=""):
        self.port, state = free_port(), self.directory()
        self.public = f"http://127.0.0.1:{self.port}"
        self.program = self.drawbridge(f"""
public_url: {self.public}
listen: [127.0.0.1:{self.port}]
store: sqlite:{state}/state.db
keys: {state}/keys
apps:
  - {{id: align, origins: [{ORIGIN}], mode: same-site}}
servers:
  - {{id: a, name: A, url: '{url}', addresses: [127.0.0.0/8], sign_in: [pat, password, basic]{extra}}}
log: {{level: debug, format: json}}
""", self.port)
        self.browser = Browser(self.port)

    def get(self, path, headers=None, method="GET", body=None):
        return self.browser.call(method, "/s/a" + path, {"Accept": "application/json", **(headers or {})}, body)

    def assert_error(self, answer, status, code):
        self.assertEqual((answer.status, answer.header("X-Drawbridge-Error")), (status, code), answer)
        error = answer.json
        self.assertEqual((error["code"], error["status"], error["httpStatusCode"], error["httpStatus"] != "", error["server"]), (code, "ERROR", status, True, "a"))
        self.assertEqual(answer.header("Content-Type"), "application/json")
        self.assertEqual(error["message"], error["detail"])
        return error


class BeforeASim(Served):
    """What an app does, with each release."""

    def begin(self, version, base=""):
        words = ["--set", "control=on"]
        self.sim_program = self.sim(version, *words)
        self.people = People(self.sim_program, version)
        self.serve(f"http://127.0.0.1:{self.sim_program.port}")
        self.ada = self.people.add("ada", self.people.add_role("writers", authorities=["ALL"]))
        answer = self.browser.call("POST", "/v1/servers/a/connection", body={"kind": "basic", "username": "ada", "password": PASSWORD})
        self.assertEqual(answer.status, 201, answer)

    def test_an_apps_calls(self):
        for version in ("2.37", "2.40", "2.41", "2.42", "2.43"):
            with self.subTest(version):
                self.begin(version)
                me = self.get("/api/me?fields=id,displayName")
                self.assertEqual((me.status, me.json["id"]), (200, self.ada))
                self.assertNotIn("Set-Cookie", [n for n, _ in me.headers])
                made = self.get("/api/dataElements", None, "POST",
                                {"name": "One", "shortName": "One", "valueType": "NUMBER", "aggregationType": "SUM", "domainType": "AGGREGATE"})
                self.assertIn(made.status, (200, 201), made)
                listed = self.get("/api/dataElements?fields=id,name,href&pageSize=1")
                self.assertEqual(listed.status, 200, listed)
                self.assertNotIn(str(self.sim_program.port), listed.body.decode())
                unknown = self.get("/api/nothingHere")
                self.assertEqual(unknown.status, 404)
                self.assertEqual(unknown.json["httpStatusCode"], 404)


ME = json.dumps({"id": "abcdefghijk", "username": "ada", "name": "Ada", "displayName": "Ada", "firstName": "Ada", "surname": "L", "authorities": []})


class BeforeAScript(Served):
    """A server that answers a sign-in as it should, and the rest as a test says."""

    TOKEN = "d2pat_5xVA12xyUbWNedQxy4ohH77WlxRGVvZZ1151814092"

    def begin(self, script, extra=""):
        signing_in = [True]

        def answer(method, path, headers, body):
            what = path.removeprefix("/dhis")
            if not signing_in[0] or what.startswith("/api/x"):
                return script(method, what, headers, body)
            if what == "/api/loginConfig":
                return 200, {"Content-Type": "application/json"}, '{"apiVersion":"2.41.3"}'
            if what.startswith("/api/me") and headers["Authorization"] == "ApiToken " + self.TOKEN:
                return 200, {"Content-Type": "application/json", "Set-Cookie": "JSESSIONID=0123456789ABCDEF0123456789ABCDEF; Path=/dhis; HttpOnly"}, ME
            if what.startswith("/api/me"):
                return 401, {"Content-Type": "application/json", "WWW-Authenticate": "ApiToken"}, '{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"no"}'
            if what.startswith("/api/system/info"):
                return 200, {"Content-Type": "application/json"}, '{"version":"2.41.3"}'
            return 404, {"Content-Type": "text/html"}, "<html>"
        self.upstream = Scripted(answer)
        self.addCleanup(self.upstream.stop)
        self.serve(f"http://127.0.0.1:{self.upstream.port}/dhis", extra)
        answer = self.browser.call("POST", "/v1/servers/a/connection", body={"kind": "pat", "token": self.TOKEN})
        self.assertEqual(answer.status, 201, answer)
        signing_in[0] = False
        self.upstream.seen.clear()

    def test_the_call_and_its_links(self):
        """[R-G15, R-D1, R-E8]"""
        self.begin(lambda method, path, headers, body: (200, {"Content-Type": "application/json", "Location": f"http://127.0.0.1:{self.upstream.port}/dhis/api/x/1"},
                                                         json.dumps({"href": f"http://127.0.0.1:{self.upstream.port}/dhis/api/x", "path": path})))
        answer = self.get("/api/x?a=%2F", {"Cookie": "drawbridge=x; JSESSIONID=planted", "Origin": self.public, "Referer": self.public})
        self.assertEqual(answer.status, 400)  # two cookies of our name (R-E8)
        answer = self.get("/api/x?a=%2F", {"Origin": self.public, "Referer": self.public})
        self.assertEqual(answer.json, {"href": f"{self.public}/s/a/api/x", "path": "/api/x?a=%2F"})
        self.assertEqual(answer.header("Location"), f"{self.public}/s/a/api/x/1")
        (_, _, headers, _), = self.upstream.seen
        self.assertEqual(headers["Authorization"], "ApiToken " + self.TOKEN)
        self.assertEqual(headers["Cookie"], "JSESSIONID=0123456789ABCDEF0123456789ABCDEF")  # the sign-in's own session: not one more of this user's
        self.assertEqual(headers["X-Requested-With"], "XMLHttpRequest")
        for name in ("Origin", "Referer", "X-Drawbridge"):
            self.assertNotIn(name, headers)
        self.assertNotIn(self.TOKEN.encode(), b"".join(self.browser.received))
        self.assertNotIn(b"JSESSIONID", b"".join(self.browser.received))
        self.assertNotIn(self.TOKEN, self.program.log())

    def test_an_app_on_another_origin_reads_answers_and_errors(self):
        """[R-F1, R-F6]"""
        self.begin(lambda method, path, headers, body: (200, {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Vary": "Origin, Accept-Encoding", "ETag": '"t"'}, "[1]") if path == "/api/x" else
                   (503, {"Content-Type": "text/html", "Retry-After": "9"}, "<html>"))
        for path, status in (("/api/x", 200), ("/api/y", 503), ("/api/apiToken", 403)):
            answer = call(self.port, "GET", "/s/a" + path, {"Origin": ORIGIN, "X-Drawbridge": "1", "Cookie": "; ".join(f"{k}={v}" for k, v in self.browser.cookies[self.port].items())})
            self.assertEqual(answer.status, status, answer)
            self.assertEqual(answer.all("Access-Control-Allow-Origin"), [ORIGIN])
            self.assertEqual(answer.all("Access-Control-Allow-Credentials"), ["true"])
            self.assertIn("Origin", ", ".join(answer.all("Vary")))
            self.assertIn("X-Content-Type-Options", [n for n, _ in answer.headers])
            exposed = answer.header("Access-Control-Expose-Headers").lower()
            for name in ("location", "content-disposition", "etag", "x-drawbridge-error"):
                self.assertIn(name, exposed)
        self.assert_error(self.get("/api/y"), 503, "upstream_error")
        self.assertEqual(self.get("/api/y").header("Retry-After"), "9")

    def test_nothing_reaches_the_server_unasked(self):
        """[A09, R-F3, R-F5]"""
        self.begin(lambda method, path, headers, body: (200, {"Content-Type": "application/json"}, "[1]"))
        cookie = "; ".join(f"{k}={v}" for k, v in self.browser.cookies[self.port].items())
        for headers, status, code in (({"Cookie": cookie}, 403, "missing_header"), ({"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, 403, None), ({"X-Drawbridge": "1"}, 401, "no_session"),
                                      ({"X-Drawbridge": "1", "Cookie": cookie, "Origin": "https://evil.example"}, 403, "cross_site")):
            answer = call(self.port, "GET", "/s/a/api/x", headers)
            self.assertEqual(answer.status, status, answer)
            if code:
                self.assertEqual(answer.header("X-Drawbridge-Error"), code)
        preflight = call(self.port, "OPTIONS", "/s/a/api/x", {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "content-type,x-drawbridge"})
        self.assertEqual((preflight.status, preflight.header("Access-Control-Allow-Origin")), (204, ORIGIN))
        for path in ("/api/../x", "/api/apiToken", "/api//x"):
            self.assertIn(self.get(path).status, (400, 403))
        self.assertEqual(self.upstream.seen, [])

    def test_508(self):
        """[R-G13]"""
        self.begin(lambda method, path, headers, body: (200, {"Content-Type": "application/json"}, "[1]"))
        self.get("/api/x")
        via = self.upstream.seen[0][2]["Via"]
        answer = self.get("/api/x", {"Via": via})
        self.assertEqual((answer.status, answer.header("X-Drawbridge-Error")), (508, "loop"))
        self.assertEqual(len(self.upstream.seen), 1)

    def test_one_refusal_ends_that_connection(self):
        """[R-D7]"""
        self.begin(lambda method, path, headers, body: (401, {"Content-Type": "application/json", "WWW-Authenticate": "ApiToken"}, '{"message":"The API token is expired"}'))
        error = self.assert_error(self.get("/api/x"), 401, "reauth_required")
        self.assertEqual((error["origin"], error["login_url"]), ("upstream", f"{self.public}/sign-in/a"))
        self.assertIn("The API token is expired", error["detail"])
        self.assertEqual(self.browser.call("GET", "/v1/session").json["connections"][0]["state"], "reauth_required")
        self.assert_error(self.get("/api/x"), 401, "reauth_required")
        self.assertEqual([path for _, path, _, _ in self.upstream.seen], ["/dhis/api/x"] * 2 + ["/dhis/api/me?fields=id"])  # the call; once more, since it may have been the session that was refused; and the question whether the token is dead; then no more

    def test_failures_have_their_codes(self):
        """[R-H8]"""
        self.begin(lambda method, path, headers, body: {"/api/empty": (200, {"Content-Type": "application/json"}, ""), "/api/cut": b"HTTP/1.1 200 OK\r\nContent-Le", "/api/page": (404, {"Content-Type": "text/html"}, "<html>"),
                                                        "/api/slow": "hang"}[path], extra=", limits: {response_header_timeout: 1s, body: 1K}")
        for path, status, code in (("/api/empty", 502, "empty_answer"), ("/api/cut", 502, "upstream_broken"), ("/api/page", 404, "upstream_error"), ("/api/slow", 504, "upstream_timeout")):
            error = self.assert_error(self.get(path), status, code)
            self.assertEqual(error["origin"], "upstream")
        self.assert_error(self.get("/api/x", method="POST", body="x" * 1025), 413, "too_large")
        self.upstream.stop()
        self.assert_error(self.get("/api/x"), 503, "server_unreachable")
        self.assertEqual(self.browser.call("GET", "/v1/session").json["connections"][0]["state"], "unreachable")

    def test_a_page_of_a_server_is_never_on_our_origin(self):
        """[R-F14]"""
        self.begin(lambda method, path, headers, body: (200, {"Content-Type": "text/html"}, "<script>alert(1)</script>"))
        answer = self.get("/dhis-web-commons/x.html")
        self.assertEqual((answer.status, answer.all("Content-Security-Policy"), answer.header("Content-Disposition"), answer.header("X-Content-Type-Options")), (200, ["sandbox"], "attachment", "nosniff"))

    def test_an_answer_without_an_end_is_cut(self):
        """[R-G11]"""
        self.begin(lambda method, path, headers, body: b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\na,b\r\n")
        cookie = "; ".join(f"{k}={v}" for k, v in self.browser.cookies[self.port].items())
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(f"GET /s/a/api/x HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX-Drawbridge: 1\r\nCookie: {cookie}\r\n\r\n".encode())
            received = b""
            while piece := s.recv(65536):
                received += piece
        head, body = received.split(b"\r\n\r\n")
        self.assertTrue(re.search(rb"Content-Length: 100\b", head) and body == b"a,b\r\n", received)


if __name__ == "__main__":
    unittest.main()
