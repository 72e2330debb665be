"""The proxied path (src/gateway/proxy.h) between a browser in raw bytes and a server whose every byte is written here."""
import contextlib
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest

from harness import PATIENCE, wait_for
from proxied import PUBLIC, Proxied, Upstream, answer, chunked_answer, server_lines

MEGABYTE = 1024 * 1024
ME = answer(200, '{"id":"u1"}')
MEMORY_GROWTH_KB = 24 * 1024


def echo(request, wire):
    return answer(200, json.dumps({"method": request.method, "target": request.target, "headers": request.headers, "body": request.body.decode("latin-1")}))


class Targets(Proxied):
    def test_what_is_judged_is_what_is_sent(self):
        """[R-G1, R-G4]"""
        self.begin(echo)
        for target in ("/api/me", "/api/41/dataElements.json?filter=name:ilike:a%2Fb&x=1;2&y=%20", "/api/dataStore/ns/k%C3%BC", "/api/me?", "/dhis-web-commons/i18n.js", "/api/a%20b"):
            self.assertEqual(json.loads(self.peer.get("/s/a" + target).body)["target"], "/dhis" + target)
        self.assertEqual(self.upstream.requests[0].header("Host"), f"127.0.0.1:{self.upstream.port}")

    def test_base_without_a_path(self):
        """[R-G1]"""
        self.begin(echo, path="")
        self.assertEqual(json.loads(self.peer.get("/s/a/api/me?x").body)["target"], "/api/me?x")

    def test_what_could_be_read_in_two_ways_is_refused(self):
        """[A06]"""
        self.begin(echo)
        for path in ("/api/%2e%2e/x", "/api/../x", "/api/./x", "/api//x", "/api/x%2fy", "/api/x%5cy", "/api/x;y", "/api/x%3by", "/api/%00", "/api/%252e", "/api/%61", "/api/x%0d%0a", "//evil/api/me"):
            with self.subTest(path):
                self.assert_error(self.peer.get("/s/a" + path), 400, "bad_target")
                self.assertEqual(self.peer.result()["head"], False)
        self.assertEqual(self.upstream.requests, [])

    def test_the_policy_decides_before_the_server_hears_of_it(self):
        """[R-G2]"""
        self.begin(echo, extra=", policy: {methods: [GET, POST], deny: ['/api/sharing/**']}")
        for path in ("/api/apiToken", "/api/41/apiTokens/x", "/api/oAuth2Clients", "/api/account/x", "/api/auth/login", "/api/routes/x/run/y", "/uaa/oauth/token", "/oauth2/token", "/", "", "?x", "/api/sharing.json", "/admin"):
            self.assert_error(self.peer.get("/s/a" + path), 403, "policy")
        for method in ("OPTIONS", "PUT", "DELETE"):
            self.assert_error(self.peer.call(method, "/s/a/api/me"), 405, "method_refused")
        self.assertEqual(self.peer.get("/s/a/api/me").status, 200)
        self.assertEqual(len(self.upstream.requests), 1)

    def test_a_loop_is_noticed(self):
        """[R-G13]"""
        self.begin(echo)
        self.peer.get("/s/a/api/me", "Via: 1.0 fred, 1.1 p.example.net (Apache)")
        via = self.upstream.requests[0].all("Via")
        self.assertEqual(via[0], "1.0 fred, 1.1 p.example.net (Apache)")
        self.assertRegex(via[1], r"^1\.1 drawbridge-[0-9a-f]{10}$")
        for back in (via[1], f"1.0 fred, {via[1]} (x)", via[1].upper()):
            found = self.peer.get("/s/a/api/me", f"Via: {back}")
            self.assertEqual((found.status, found.header("X-Drawbridge-Error")), (508, "loop"))
        self.assertEqual(self.peer.get("/s/a/api/me", "Via: 1.1 drawbridge-0000000000").status, 200)
        self.assertEqual(len(self.upstream.requests), 2)


class RequestHeaders(Proxied):
    FORBIDDEN = ["Cookie: drawbridge=secret; JSESSIONID=planted", "Authorization: Basic YTpi", "Origin: https://align.example.org", "Referer: https://align.example.org/x", "Forwarded: for=10.0.0.1",
                 "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /x", "X-Forwarded-User: admin", "X-Real-IP: 10.0.0.1", "X-Original-URL: /api/apiToken",
                 "X-Rewrite-URL: /api/apiToken", "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE", "Proxy: http://evil", "Proxy-Authorization: Basic YTpi", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors",
                 "X-Drawbridge: 1", "X-Requested-With: other", "X_Forwarded_User: admin", "Host-Override: x", "TE: trailers", "Upgrade: websocket", "Keep-Alive: timeout=5", "User-Agent: GoogleHC/1.0", "X-Request-ID: forged",
                 "Client-IP: 1", "True-Client-IP: 1", "CF-Connecting-IP: 1", "X-XSRF-TOKEN: planted", "Expect-CT: x", "Service-Worker: script", "Upgrade-Insecure-Requests: 1", "DNT: 1"]
    ALWAYS = {"host", "via", "x-requested-with", "user-agent", "x-request-id", "accept-encoding", "authorization"}

    def test_only_listed_headers_go_on(self):
        """[R-G6, A03, A04, A07, A08]"""
        self.begin(echo)
        self.peer.get("/s/a/api/me", *self.FORBIDDEN)
        request = self.upstream.requests[0]
        self.assertEqual(set(request.names()), self.ALWAYS)
        self.assertEqual(request.header("X-Requested-With"), "XMLHttpRequest")
        self.assertEqual(request.all("Authorization"), ["ApiToken d2p_the-token"])
        self.assertEqual(request.header("User-Agent"), "drawbridge")
        self.assertNotEqual(request.header("X-Request-ID"), "forged")

    def test_what_apps_need_goes_on_as_it_is(self):
        """[R-G6]"""
        self.begin(echo)
        wanted = ["Accept: application/json, */*;q=0.5", "Accept-Language: fr", "If-None-Match: \"a\", W/\"b\"", "If-Match: \"c\"", "If-Modified-Since: Wed, 01 Jul 2026 08:28:34 GMT", "Range: bytes=0-9", "If-Range: \"a\"",
                  "Cache-Control: no-cache", "Pragma: no-cache", "Content-Type: application/json", "Content-Encoding: gzip", "Content-Disposition: attachment", "Prefer: return=minimal"]
        self.peer.call("POST", "/s/a/api/dataValueSets", *wanted, body=b"{}")
        for line in wanted:
            name, value = line.split(": ", 1)
            self.assertEqual(self.upstream.requests[0].all(name), [value])

    def test_connection_cannot_take_away_what_the_gateway_sets(self):
        """[A05, R-G5] """
        self.begin(echo)
        self.peer.get("/s/a/api/me", "Connection: authorization, x-requested-with, cookie, via, x-request-id, host, accept-language", "Accept-Language: fr", "Accept: a/b")
        request = self.upstream.requests[0]
        self.assertEqual(set(request.names()), self.ALWAYS | {"accept"})

    def test_one_of_two_content_types_is_not_chosen_here(self):
        """[A04]"""
        self.begin(echo)
        self.assert_error(self.peer.call("POST", "/s/a/api/x", "Content-Type: application/json", "Content-type: text/xml", body=b"x"), 400, "bad_request")
        self.assertEqual(self.upstream.requests, [])

    def test_each_kind_of_credential(self):
        """[R-D2]"""
        for kind, value, name, sent in (("pat", "d2p_x", "Authorization", "ApiToken d2p_x"), ("bearer", "e.y.J", "Authorization", "Bearer e.y.J"), ("basic", "YTpi", "Authorization", "Basic YTpi"),
                                        ("cookie", "JSESSIONID=S1", "Cookie", "JSESSIONID=S1")):
            with self.subTest(kind):
                self.begin(echo, kind=kind, value=value)
                self.peer.get("/s/a/api/me", "Authorization: ApiToken mine", "Cookie: JSESSIONID=mine")
                self.assertEqual(self.upstream.requests[0].all(name), [sent])
                self.assertEqual(len(self.upstream.requests[0].all("Authorization")) + len(self.upstream.requests[0].all("Cookie")), 1)

    def test_identity_is_asked_for_where_links_are_rewritten(self):
        self.begin(echo)
        self.peer.get("/s/a/api/me", "Accept-Encoding: gzip, br")
        self.peer.get("/s/a/dhis-web-commons/x.js", "Accept-Encoding: gzip, br")
        self.peer.get("/s/a/dhis-web-commons/x.js")
        self.assertEqual([r.header("Accept-Encoding") for r in self.upstream.requests], ["identity", "gzip, br", "identity"])

    def test_writes_carry_an_anti_forgery_pair(self):
        self.begin(echo)
        self.peer.get("/s/a/api/me")
        self.peer.call("POST", "/s/a/api/x", body=b"{}")
        self.assertIsNone(self.upstream.requests[0].header("X-XSRF-TOKEN"))
        token = self.upstream.requests[1].header("X-XSRF-TOKEN")
        self.assertEqual(self.upstream.requests[1].header("Cookie"), f"XSRF-TOKEN={token}")


class RequestBodies(Proxied):
    def test_lengths_and_chunks_are_kept(self):
        self.begin(echo)
        for body in (b"{}", b"x" * 300_000):
            self.assertEqual(json.loads(self.peer.call("POST", "/s/a/api/x", body=body).body)["body"].encode(), body)
            self.assertEqual(self.upstream.requests[-1].header("Content-Length"), str(len(body)))
        found = self.peer.call("PUT", "/s/a/api/x", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n")
        self.assertEqual(json.loads(found.body)["body"], "abcde")
        self.assertEqual((self.upstream.requests[-1].header("Transfer-Encoding"), self.upstream.requests[-1].header("Content-Length")), ("chunked", None))
        self.assertEqual(json.loads(self.peer.call("DELETE", "/s/a/api/x").body)["body"], "")
        self.assertEqual([self.peer.result()["up"] for _ in range(4)], [2, 300_000, 5, 0])

    def test_expect_is_answered_here(self):
        """[R-G14]"""
        self.begin(echo)
        with self.peer.connect() as wire:
            wire.send("POST /s/a/api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(wire.answer().status, 100)
            wire.send("abc")
            self.assertEqual(json.loads(wire.answer().body)["body"], "abc")
        self.assertIsNone(self.upstream.requests[0].header("Expect"))

    def test_the_servers_limit(self):
        """[R-G14]"""
        self.begin(echo, extra=", limits: {body: 64K}")
        self.assertEqual(self.peer.call("POST", "/s/a/api/x", body=b"x" * 65536).status, 200)
        with self.peer.connect() as wire:  # told beforehand: nothing is sent, no 100 either
            wire.send("POST /s/a/api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\nExpect: 100-continue\r\n\r\n")
            self.assert_error(wire.answer(), 413, "too_large")
        self.assertEqual(len(self.upstream.requests), 1)
        with self.peer.connect() as wire:
            wire.send("POST /s/a/api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                for _ in range(3):
                    wire.send(b"8000\r\n" + b"x" * 32768 + b"\r\n")
            self.assert_error(wire.answer(), 413, "too_large")
        wait_for(lambda: len(self.upstream.requests) == 2 and not self.upstream.requests[1].whole and not self.peer.counts()["calls"], "the server sees a cut request")

    def test_a_browser_that_breaks_off_is_not_taken_for_whole(self):
        """[R-G8, A22]"""
        self.begin(echo)
        for n, head in enumerate(("Content-Length: 10", "Transfer-Encoding: chunked"), 1):
            with self.peer.connect() as wire:
                wire.send(f"POST /s/a/api/x HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n3\r\nabc\r\n")
                wait_for(lambda: len(self.upstream.requests) == n, "the call is on its way")
            self.assertEqual(self.peer.result()["outcome"], "gone")
        wait_for(lambda: not self.upstream.open, "both connections are cut")
        self.assertEqual([r.whole for r in self.upstream.requests], [False, False])

    def test_a_malformed_body_is_refused_and_cut(self):
        """[A22]"""
        self.begin(echo)
        found = self.peer.call("POST", "/s/a/api/x", "Transfer-Encoding: chunked", body=b"3\r\nabcde\r\n0\r\n\r\n")
        self.assert_error(found, 400, "bad_request")
        self.assertEqual(self.peer.result()["outcome"], "failed")
        wait_for(lambda: not self.upstream.open, "the server's connection is cut")
        self.assertFalse(any(r.whole for r in self.upstream.requests))

    def test_a_slow_server_slows_the_browser_and_memory_stays_flat(self):
        """[R-G14]"""
        gate = threading.Event()

        def script(request, wire):
            gate.wait(PATIENCE)
            Upstream.read_body(wire, request)
            return answer(200, json.dumps(len(request.body)))
        self.begin(script, read_bodies=False)
        before = int(self.peer.get("/memory").body)
        piece, sent = b"x" * MEGABYTE, 0
        with self.peer.connect() as wire:
            wire.send(f"POST /s/a/api/x HTTP/1.1\r\nHost: a\r\nContent-Length: {64 * MEGABYTE}\r\n\r\n")
            wire.socket.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                while True:
                    sent += wire.socket.send(piece)
            self.assertLess(sent, 32 * MEGABYTE)
            self.assertLess(int(self.peer.get("/memory").body) - before, MEMORY_GROWTH_KB)
            wire.socket.settimeout(PATIENCE)
            gate.set()
            while sent < 64 * MEGABYTE:
                sent += wire.socket.send(piece[:64 * MEGABYTE - sent])
            self.assertEqual(json.loads(wire.answer().body), 64 * MEGABYTE)

    def test_an_answer_before_the_body_is_whole_goes_out(self):
        self.begin(lambda request, wire: answer(409, '{"message":"no"}', "Connection: close"), read_bodies=False)
        with self.peer.connect() as wire:
            wire.send("POST /s/a/api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\nabc")
            found = wire.answer()
        self.assertEqual((found.status, found.body), (409, b'{"message":"no"}'))


class AnswerHeaders(Proxied):
    DROPPED = ["Set-Cookie: JSESSIONID=S1; Path=/dhis; HttpOnly", "Access-Control-Allow-Origin: https://evil", "Access-Control-Allow-Credentials: true", "Access-Control-Expose-Headers: X", "Clear-Site-Data: \"*\"", "Alt-Svc: h3=\":443\"",
               "Strict-Transport-Security: max-age=1", "Server: Tomcat", "X-Powered-By: x", "WWW-Authenticate: Basic realm=\"x\"", "Content-Security-Policy: frame-ancestors *", "X-Frame-Options: ALLOW", "Service-Worker-Allowed: /",
               "Refresh: 0; url=https://evil", "Link: <x>; rel=preload", "Public-Key-Pins: x", "Login-Page: false", "X-XSS-Protection: 0", "Connection: x-hop", "X-Hop: 1", "Trailer: X", "Proxy-Authenticate: Basic", "Via: 1.1 x", "SourceMap: /x",
               "Report-To: x", "NEL: x", "Set-Cookie2: a=b", "X-DHIS-Anything: 1"]

    def test_only_listed_headers_go_on(self):
        """[R-F7, R-D1]"""
        found, _ = self.get_of(answer(200, '{"a":1}', *self.DROPPED, "ETag: \"t\"", "Last-Modified: Wed, 01 Jul 2026 08:28:34 GMT", "Content-Language: en", "Content-Disposition: attachment; filename=m.json"))
        names = sorted(n for n, _ in found.headers)
        self.assertEqual(names, sorted(["cache-control", "content-disposition", "content-language", "content-length", "content-type", "date", "etag", "last-modified", "vary", "x-gateway-headers"]))
        self.assertEqual(found.header("ETag"), '"t"')

    def test_nothing_is_for_shared_caches(self):
        """[R-F11]"""
        for sent, want in ((["Cache-Control: no-cache, private"], "no-cache, private"), (["Cache-Control: max-age=60, public"], "private, max-age=60"), (["Cache-Control: no-store"], "no-store"), ([], "private, no-cache"),
                           (["Cache-Control: public, s-maxage=9, max-age=60", "Cache-Control: immutable"], "private, max-age=60, immutable"), (['Cache-Control: private="set-cookie", max-age=9'], "private, no-cache"),
                           (["Cache-Control: public"], "private, no-cache")):
            with self.subTest(sent):
                found, _ = self.get_of(answer(200, "{}", *sent))
                self.assertEqual(found.header("Cache-Control"), want)
        found, _ = self.get_of(answer(200, "{}", "Vary: Origin, Accept-Encoding", "Vary: Access-Control-Request-Method"))
        self.assertEqual(found.header("Vary"), "Cookie, Accept-Encoding")

    def test_what_a_browser_would_run_is_put_into_a_sandbox(self):
        """[R-F14]"""
        rows = [("text/html;charset=UTF-8", None, True, "attachment"), ("image/svg+xml", "inline; filename=a.svg", True, "attachment; filename=a.svg"), ("application/xhtml+xml", None, True, "attachment"), ("text/xml", None, True, None),
                ("application/xml", None, True, None), (None, None, True, None), ("multipart/x-mixed-replace", None, True, None), ("text/javascript", None, False, None), ("application/json", None, False, None), ("image/png", None, False, None),
                ("application/pdf", "inline", False, "inline"), ("text/plain", None, False, None), ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None, False, None)]
        for kind, disposition, sandbox, want in rows:
            with self.subTest(kind):
                extra = [f"Content-Disposition: {disposition}"] if disposition else []
                found, _ = self.get_of(answer(200, "<x/>", *extra, kind=kind), "/s/a/dhis-web-commons/x")
                self.assertEqual((found.status, found.body), (200, b"<x/>"))
                self.assertEqual(found.header("Content-Security-Policy"), "sandbox" if sandbox else None)
                self.assertEqual(found.header("Content-Disposition"), want)

    def test_locations(self):
        """[R-G15]"""
        self.begin(lambda request, wire: answer(201, '{"a":1}', "Location: " + self.location))
        mine = f"{PUBLIC}/s/a"
        rows = [("{base}/api/users/x?y#z", mine + "/api/users/x?y#z"), ("/dhis/api/x", mine + "/api/x"), ("sibling", mine + "/api/sibling"), ("../dhis/api/x", None), ("?page=2", mine + "/api/me?page=2"),
                ("https://bucket.example.net/f?sig=1", "https://bucket.example.net/f?sig=1"), ("//other.example.net/x", "http://other.example.net/x"), ("{root}/elsewhere", "{root}/elsewhere"),
                ("{base}/api/x;jsessionid=0123ABCD", mine + "/api/x"), ("{base}/api/x;JSESSIONID=0123ABCD?a=b", mine + "/api/x?a=b"), ("https://other.example.net/x;jsessionid=0123ABCD#f", "https://other.example.net/x#f"),
                ("javascript:alert(1)", None), ("https://user:pass@other.example.net/", None), ("{base}evil/api", "{base}evil/api")]
        for location, want in rows:
            with self.subTest(location):
                root = f"http://127.0.0.1:{self.upstream.port}"
                self.location = location.format(base=self.base, root=root)
                found = self.peer.get("/s/a/api/me")
                want = want and want.format(base=self.base, root=root)
                if location == "../dhis/api/x":
                    want = mine + "/dhis/api/x"
                self.assertEqual(found.header("Location"), want)
                self.assertNotIn("0123ABCD", str(found.headers))

    def test_redirects_are_not_followed(self):
        """[R-G3]"""
        found, result = self.get_of(answer(302, "", "Location: http://127.0.0.1:1/x", kind=None))
        self.assertEqual((found.status, found.header("Location")), (302, "http://127.0.0.1:1/x"))
        self.assertEqual(result["outcome"], "answered")


class Cookies(Proxied):
    def test_upstream_cookies_stay_here_and_go_back(self):
        """[R-D1, R-F7]"""
        self.begin(lambda request, wire: answer(200, "{}", "Set-Cookie: JSESSIONID=S1; Path=/dhis; HttpOnly", "Set-Cookie: SESSION_EXPIRE=server_time=1; Path=/"))
        found = self.peer.get("/s/a/api/me", "Cookie: JSESSIONID=browser")
        self.assertIsNone(found.header("Set-Cookie"))
        self.peer.get("/s/a/api/me", "Cookie: JSESSIONID=browser")
        self.assertEqual([r.all("Cookie") for r in self.upstream.requests], [[], ["JSESSIONID=S1"]])
        self.assertEqual([self.peer.result()["saves"] for _ in range(2)], [1, 1])  # saved when it changed, not each time

    def test_a_new_value_and_a_deletion_are_saved(self):
        lines = iter(["Set-Cookie: JSESSIONID=S1; Path=/dhis", "Set-Cookie: JSESSIONID=S2; Path=/dhis", "X: 1", "Set-Cookie: JSESSIONID=; Path=/dhis; Max-Age=0"])
        self.begin(lambda request, wire: answer(200, "{}", next(lines)))
        for _ in range(4):
            self.peer.get("/s/a/api/me")
        self.assertEqual([self.peer.result()["saves"] for _ in range(4)], [1, 2, 2, 3])
        self.assertEqual([r.header("Cookie") for r in self.upstream.requests], [None, "JSESSIONID=S1", "JSESSIONID=S2", "JSESSIONID=S2"])

    def test_a_refusals_cookies_are_not_kept(self):
        self.begin_with(answer(401, "", "Set-Cookie: JSESSIONID=anonymous; Path=/dhis", kind=None))
        self.peer.get("/s/a/api/me")
        self.assertEqual(self.peer.result()["saves"], 0)
        self.peer.get("/s/a/api/me")
        self.assertIsNone(self.upstream.requests[1].header("Cookie"))


class Answers(Proxied):
    def test_a_first_piece_does_not_wait_for_the_rest(self):
        """[R-G15]"""
        gate = threading.Event()

        def script(request, wire):
            wire.send(f"HTTP/1.1 200 OK\r\nContent-Type: {self.kind}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n".encode())
            gate.wait(PATIENCE)
            return b"2\r\n2]\r\n0\r\n\r\n"
        for self.kind in ("application/json", "text/event-stream"):
            gate.clear()
            self.begin(script)
            with self.peer.connect() as wire:
                wire.send("GET /s/a/api/x HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.head()[0], 200)
                self.assertEqual(wire.exactly(8), b"3\r\n[1,\r\n")
                gate.set()
                self.assertEqual(wire.chunks(), (b"2]", True))

    def test_head(self):
        for sent, want in ((answer(200, "x" * 17, "ETag: \"t\"", kind="text/plain"), ("17", '"t"')), (answer(200, "x" * 17, "ETag: \"t\""), (None, 'W/"t"')), (chunked_answer(200, kind="text/csv"), (None, None))):
            head = sent.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
            found, result = self.get_of(head, method="HEAD")
            self.assertEqual((found.status, found.header("Content-Length"), found.header("ETag")), (200, *want))
            self.assertEqual(result["outcome"], "answered")

    def test_204_and_304_and_206(self):
        found, _ = self.get_of(answer(204, kind=None), method="DELETE")
        self.assertEqual((found.status, found.body, found.header("Content-Length")), (204, b"", None))
        found, _ = self.get_of(answer(304, "", "ETag: \"t\"", kind=None), "/s/a/api/me", "If-None-Match: \"t\"")
        self.assertEqual((found.status, found.header("ETag")), (304, '"t"'))
        self.assertEqual(self.upstream.requests[0].header("If-None-Match"), '"t"')
        found, _ = self.get_of(answer(206, "abc", "Content-Range: bytes 0-2/9", "Accept-Ranges: bytes", kind="image/png"), "/s/a/api/x", "Range: bytes=0-2")
        self.assertEqual((found.status, found.body, found.header("Content-Range"), found.header("Accept-Ranges")), (206, b"abc", "bytes 0-2/9", "bytes"))

    def test_an_answer_until_the_connections_end(self):
        def script(request, wire):
            wire.send("HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2\r\n")
        self.begin(script)
        found = self.peer.get("/s/a/api/x")
        self.assertEqual((found.body, found.whole), (b"a,b\r\n1,2\r\n", True))

    def test_the_servers_own_words_go_on(self):
        for status in (400, 403, 404, 409, 412, 500, 501):
            found, result = self.get_of(answer(status, '{"message":"no"}'))
            self.assertEqual((found.status, found.body, found.header("X-Drawbridge-Error")), (status, b'{"message":"no"}', None))
            self.assertEqual((result["outcome"], result["status"]), ("answered", status))

    def test_429_and_503_and_their_pause_go_on(self):
        """[R-G17]"""
        for status in (429, 503):
            found, _ = self.get_of(answer(status, "{}", "Retry-After: 17"))
            self.assertEqual((found.status, found.header("Retry-After")), (status, "17"))
        found, _ = self.get_of(answer(503, "<html>maintenance", "Retry-After: 17", kind="text/html"))
        self.assert_error(found, 503, "upstream_error")
        self.assertEqual(found.header("Retry-After"), "17")
        found, _ = self.get_of(answer(503, "<html>maintenance", "Retry-After: Wed, 01 Jan 2098 00:00:00 GMT", kind="text/html"))
        self.assertEqual(found.header("Retry-After"), "86400")

    def test_pages_that_tell_of_failures_become_json(self):
        for status in (400, 403, 404, 405, 500, 502):
            found, result = self.get_of(answer(status, "<html><body>Tomcat secret-stack-trace", kind="text/html;charset=utf-8"))
            error = self.assert_error(found, status, "upstream_error")
            self.assertTrue(error["by_upstream"])
            self.assertNotIn("stack", found.body.decode())
            self.assertEqual((result["outcome"], result["code"], result["status"]), ("failed", "upstream_error", status))
        found, _ = self.get_of(answer(404, "<html>", kind="text/html"), "/s/a/dhis-web-commons/x")
        self.assertEqual((found.status, found.body), (404, b"<html>"))

    def test_an_empty_answer_is_no_data(self):
        for sent in (answer(200, ""), answer(200, "", kind=None), chunked_answer(200), answer(200, "", kind="application/csv"), answer(200, "", kind="application/xml")):
            found, result = self.get_of(sent, "/s/a/api/dataValueSets?x")
            self.assert_error(found, 502, "empty_answer")
            self.assertEqual(result["code"], "empty_answer")
        for sent, target, method in ((answer(200, "", kind=None), "/s/a/api/ping", "GET"), (answer(200, "", kind=None), "/s/a/api/38/system/ping", "GET"), (answer(200, ""), "/s/a/api/x", "POST"),
                                     (answer(200, "", kind="text/plain"), "/s/a/api/systemSettings/x", "GET"), (answer(201, ""), "/s/a/api/x", "GET"), (answer(200, ""), "/s/a/dhis-web-commons/x", "GET"),
                                     (answer(200, "").replace(b"Content-Length: 0", b"Content-Length: 9"), "/s/a/api/x", "HEAD")):
            found, _ = self.get_of(sent, target, method=method)
            self.assertEqual(found.status, 201 if b" 201 " in sent else 200)


class Failures(Proxied):
    def test_an_answer_that_breaks_off_never_looks_whole(self):
        """[R-G11]"""
        big = b"x" * 200_000
        for sent in (answer(200, big, kind="text/csv")[:-1000], b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", answer(200, b'["' + big + b'"]')[:-1],
                     b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"):
            self.begin(lambda request, wire: wire.send(sent))
            found = self.peer.get("/s/a/api/x")
            if found.whole:  # nothing had gone out yet
                self.assert_error(found, 502, "upstream_broken")
            result = self.peer.result()
            self.assertEqual((result["outcome"], result["code"]), ("failed", "upstream_broken"))

    def test_cut_or_malformed_before_the_head_went_out(self):
        """[R-G11]"""
        for sent in (b"", b"HTTP/1.1 200 OK\r\nContent-Ty", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", answer(200, '{"a":1}')[:-3], b"HTTP/1.1 200 OK\r\n X: folded\r\n\r\n"):
            self.begin(lambda request, wire: wire.send(sent))
            found = self.peer.get("/s/a/api/x")
            self.assert_error(found, 502, "upstream_broken")

    def test_nobody_there_and_nobody_who_may_be_asked(self):
        """[R-H9]"""
        self.begin(echo)
        self.upstream.close()
        self.assert_error(self.peer.get("/s/a/api/x"), 503, "server_unreachable")

    def test_a_name_that_leads_inside_is_refused(self):
        """[R-G3, A23]"""
        self.begin(echo)
        self.peer.reload([f"  - {{id: a, name: A, url: 'http://localhost:{self.upstream.port}/dhis', insecure: true}}\n"])
        self.assert_error(self.peer.get("/s/a/api/x"), 502, "address_refused")
        self.peer.result()
        self.peer.reload([f"  - {{id: a, name: A, url: 'http://localhost:{self.upstream.port}/dhis', insecure: true, addresses: ['127.0.0.0/8', '::1/128']}}\n"])
        self.assertEqual(self.peer.get("/s/a/api/x").status, 200)
        self.assertEqual(len(self.upstream.requests), 1)

    def test_a_server_that_does_not_answer(self):
        """[R-G14]"""
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.begin(lambda request, wire: gate.wait(PATIENCE) and None, extra=", limits: {response_header_timeout: 1s}")
        self.assert_error(self.peer.get("/s/a/api/x"), 504, "upstream_timeout")

    def test_more_than_concurrency_waits_and_then_is_told(self):
        """[R-G14, R-G17]"""
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.begin(lambda request, wire: gate.wait(PATIENCE) and ME, extra=", limits: {concurrency: 2}")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.peer.get("/s/a/api/me").status)) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_for(lambda: self.peer.counts() == {"open": True, "calls": 3, "connections": 2, "unused": 0, "waiting": 1}, "two run and one waits")
        self.assertEqual(self.peer.result()["code"], "busy")  # after 10 s
        gate.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(sorted(answers), [200, 200, 503])

    def test_who_waits_goes_on_when_one_ends(self):
        gate = threading.Event()
        self.begin(lambda request, wire: gate.wait(PATIENCE) and ME, extra=", limits: {concurrency: 1}")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.peer.get("/s/a/api/me").status)) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: self.peer.counts()["waiting"] == 3, "three wait")
        gate.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual((answers, self.upstream.connections), ([200] * 4, 1))

    def test_one_who_asks_for_much_starves_nobody(self):
        """[R-G17, R-G14] Two hundred calls of one session wait; another's are served in between, and none of the two hundred is lost."""
        order, gate = [], threading.Semaphore(0)

        def script(request, wire):
            order.append(request.target[-1])
            gate.acquire(timeout=PATIENCE)
            return ME
        self.begin(script, extra=", limits: {concurrency: 2}")
        with contextlib.ExitStack() as stack:
            def ask(who, n):
                wires = [stack.enter_context(self.peer.connect()) for _ in range(n)]
                for wire in wires:
                    wire.send(f"GET /s/a/api/x?{who} HTTP/1.1\r\nHost: a\r\nX-Test-Who: {who}\r\n\r\n")
                return wires
            greedy = ask(1, 200)
            wait_for(lambda: self.peer.counts()["waiting"] == 198, "all but two wait")
            others = ask(2, 3) + ask(3, 3)
            wait_for(lambda: self.peer.counts()["waiting"] == 204, "the others wait, too")
            for number in range(2, 13):  # one ends, and the next one comes
                wait_for(lambda: len(order) == number, "who is next")
                gate.release()
            for _ in range(206 - 11):
                gate.release()
            self.assertEqual({wire.answer().status for wire in greedy + others}, {200})
        self.assertEqual([order[:11].count(who) for who in "23"], [3, 3], order[:20])  # two that ran already, then one of each in turn

    def test_there_is_no_end_of_a_line(self):
        """[R-G14] What one session may have waiting is limited, and who comes then is told so at once."""
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.begin(lambda request, wire: gate.wait(PATIENCE) and ME, extra=", limits: {concurrency: 1}")
        with contextlib.ExitStack() as stack:
            def ask(who):
                wire = stack.enter_context(self.peer.connect())
                wire.send(f"GET /s/a/api/x HTTP/1.1\r\nHost: a\r\nX-Test-Who: {who}\r\n\r\n")
                return wire
            for _ in range(257):
                ask(1)
            wait_for(lambda: self.peer.counts()["waiting"] == 256, "the line is full")
            self.assert_error(ask(1).answer(), 503, "busy")
            ask(2)
            wait_for(lambda: self.peer.counts()["waiting"] == 257, "another has a line of his own")
            gate.set()

    def test_a_server_that_is_away_is_spared(self):
        """[R-G14] After some attempts in vain calls are answered at once, with a pause; then one tries, and when it works all is as before."""
        self.begin(echo)
        port = self.upstream.port
        self.upstream.stop()
        for _ in range(3):
            found = self.peer.get("/s/a/api/x")
            self.assert_error(found, 503, "server_unreachable")
            self.assertIsNone(found.header("Retry-After"))
        found = wait_for(lambda: (lambda one: one.header("Retry-After") and one)(self.peer.get("/s/a/api/x")), "it is spared")
        self.assert_error(found, 503, "server_unreachable")
        self.assertIn(found.header("Retry-After"), ("1", "2"))
        self.assertIn("several times in a row", json.loads(found.body)["detail"])
        self.upstream = Upstream(echo, port=port)
        self.addCleanup(self.upstream.stop)
        wait_for(lambda: self.peer.get("/s/a/api/x").status == 200, "it is tried again by itself")
        self.assertEqual([self.peer.get("/s/a/api/x").status for _ in range(5)], [200] * 5)

    def test_a_server_that_answers_is_never_spared(self):
        """[R-G14, R-G17] Whatever one of its resources does: only connecting counts."""
        self.begin(lambda request, wire: None if "broken" in request.target else answer(503, "{}") if "busy" in request.target else ME)
        for _ in range(8):
            self.assertEqual(self.peer.get("/s/a/api/busy").status, 503)
            self.assert_error(self.peer.get("/s/a/api/broken"), 502, "upstream_broken")
        self.assertEqual(self.peer.get("/s/a/api/me").status, 200)

    def test_a_browser_that_leaves_cancels_the_servers_call(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def script(request, wire):
            if "head" in request.target:
                wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nabc")
            wire.more()  # the end of the connection, or nothing
        for target in ("/s/a/api/none", "/s/a/api/head"):
            self.begin(script)
            with self.peer.connect() as wire:
                wire.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
                wait_for(lambda: self.upstream.requests, "the server has it")
            self.assertEqual(self.peer.result()["outcome"], "gone")
            wait_for(lambda: not self.upstream.open and self.peer.counts()["connections"] == 0, "its connection is closed")

    def test_a_slow_reader_slows_the_server_and_memory_stays_flat(self):
        """[R-G14]"""
        sent = [0]

        def script(request, wire):
            wire.send(f"HTTP/1.1 200 OK\r\nContent-Type: {self.kind}\r\nContent-Length: {64 * MEGABYTE + 2}\r\n\r\n[")
            for _ in range(64):
                wire.send(b" " * MEGABYTE)
                sent[0] += 1
            return b"]"
        for self.kind in ("text/csv", "application/json"):
            self.begin(script)
            before = int(self.peer.get("/memory").body)
            sent[0] = 0
            with self.peer.connect(receive_buffer=65536) as wire:
                wire.send("GET /s/a/api/x HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.head()[0], 200)
                seen = -1
                while seen != sent[0]:  # until nothing moves any more
                    seen = sent[0]
                    threading.Event().wait(0.5)
                self.assertLess(sent[0], 32)
                self.assertLess(int(self.peer.get("/memory").body) - before, MEMORY_GROWTH_KB)
                n = len(wire.exactly(64 * MEGABYTE + 2)) if self.kind == "text/csv" else len(wire.chunks()[0])
                self.assertEqual(n, 64 * MEGABYTE + 2)
            self.assertEqual(self.peer.result()["down"], 64 * MEGABYTE + 2)


class Connections(Proxied):
    def test_connections_are_used_again(self):
        self.begin(echo)
        for _ in range(5):
            self.peer.get("/s/a/api/me")
        self.peer.call("POST", "/s/a/api/x", body=b"abc")
        self.assertEqual(self.upstream.connections, 1)
        self.assertEqual(self.peer.counts(), {"open": True, "calls": 0, "connections": 1, "unused": 1, "waiting": 0})

    def test_a_kept_connection_that_died_is_tried_anew_for_reads_alone(self):
        """[R-G12]"""
        served = [0]

        def script(request, wire):
            served[0] += 1
            return None if served[0] == 2 else ME  # the second on a connection: it dies
        for method, body, status in (("GET", None, 200), ("POST", b"{}", 502)):
            served[0] = 0
            self.begin(script)
            self.assertEqual(self.peer.get("/s/a/api/me").status, 200)
            found = self.peer.call(method, "/s/a/api/me", body=body)
            self.assertEqual(found.status, status)
            self.assertEqual(len(self.upstream.requests), 3 if method == "GET" else 2)


class Refusals(Proxied):
    """The sign-in is not taken any more: in each way that a release, or what stands before it, has of saying so."""
    LOGIN = [answer(401, '{"httpStatus":"Unauthorized","message":"The API token is expired"}', "WWW-Authenticate: ApiToken"), answer(401, "", kind=None), answer(401, "<html>", "WWW-Authenticate: Basic realm=\"x\"", kind="text/html"),
             answer(302, "", "Location: /dhis/dhis-web-commons/security/login.action", kind=None), answer(302, "", "Location: http://127.0.0.1/dhis/dhis-web-login/", kind=None), answer(302, "", "Location: /dhis/login/", kind=None),
             answer(302, "", "Location: /dhis/dhis-web-commons-security/logout.action", "Set-Cookie: JSESSIONID=; Max-Age=0", kind=None), answer(200, "<html>please log in", kind="text/html;charset=UTF-8"),
             answer(200, "<html>please log in", "Login-Page: true", kind="text/html"), chunked_answer(200, b"<html>", kind="text/html")]

    def test_each_way_is_reauth_required(self):
        """[R-G15]"""
        for sent in self.LOGIN:
            with self.subTest(sent):
                found, result = self.get_of(sent)
                self.assert_error(found, 401, "reauth_required")
                self.assertIsNone(found.header("WWW-Authenticate"))
                self.assertIsNone(found.header("Location"))
                self.assertNotIn(b"<html>", found.body)
                self.assertEqual((result["outcome"], result["code"], result["status"]), ("refused", "reauth_required", 401))

    def test_the_servers_reason_is_told(self):
        found, _ = self.get_of(self.LOGIN[0])
        self.assertIn("The API token is expired", json.loads(found.body)["detail"])

    def test_what_looks_like_it_and_is_not(self):
        """[R-G15]"""
        rows = [(answer(401, '{"message":"wrong code"}'), "/s/a/api/2fa/authenticate?code=1", 401, None), (answer(200, "<html>form", kind="text/html"), "/s/a/api/dataSets/x/form", 200, "sandbox"),
                (answer(200, "<html>app", kind="text/html"), "/s/a/api/39/apps/x/index.html", 200, "sandbox"), (answer(200, "<html>doc", kind="text/html"), "/s/a/api/documents/x/data", 200, "sandbox"),
                (answer(302, "", "Location: https://bucket.example.net/file", kind=None), "/s/a/api/documents/x/data", 302, None), (answer(403, '{"message":"no"}'), "/s/a/api/me", 403, None)]
        for sent, target, status, policy in rows:
            with self.subTest(target):
                found, result = self.get_of(sent, target)
                self.assertEqual((found.status, found.header("X-Drawbridge-Error"), found.header("Content-Security-Policy")), (status, None, policy))
                self.assertEqual(result["outcome"], "answered")
        found, _ = self.get_of(answer(200, "<html>log in", "Login-Page: true", kind="text/html"), "/s/a/api/dataSets/x/form")
        self.assert_error(found, 401, "reauth_required")

    def renewing(self, refusals=1):
        left = [refusals]

        def script(request, wire):
            if left[0]:
                left[0] -= 1
                return answer(401, '{"message":"expired"}')
            return echo(request, wire)
        self.begin(script, kind="bearer", value="old")

    def test_a_renewed_call_is_repeated_unseen(self):
        """[R-D6]"""
        for how in ("renew", "later"):
            self.renewing()
            found = self.peer.get("/s/a/api/me", f"X-Test-Refused: {how}")
            self.assertEqual(found.status, 200)
            self.assertEqual([r.header("Authorization") for r in self.upstream.requests], ["Bearer old", "Bearer fresh-credential"])
            result = self.peer.result()
            self.assertEqual((result["outcome"], result["refusals"]), ("answered", 1))

    def test_with_its_body(self):
        """[R-D6]"""
        for body in (b"{}", b"x" * 900_000):
            for how in ("renew", "later"):
                self.renewing()
                found = self.peer.call("POST", "/s/a/api/x", f"X-Test-Refused: {how}", body=body)
                self.assertEqual(json.loads(found.body)["body"].encode(), body)
                self.assertEqual([(r.body, r.whole) for r in self.upstream.requests], [(body, True)] * 2)
        self.renewing()
        found = self.peer.call("PUT", "/s/a/api/x", "X-Test-Refused: later", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n")
        self.assertEqual(json.loads(found.body)["body"], "abc")

    def test_a_refusal_in_the_middle_of_the_body(self):
        """[R-D6]"""
        self.refused = 0

        def script(request, wire):
            if not self.refused:
                self.refused = 1
                wire.exactly(3)
                wire.send(answer(401, "{}"))
                return None
            Upstream.read_body(wire, request)
            return echo(request, wire)
        for how in ("renew", "later"):
            self.refused = 0
            self.begin(script, kind="bearer", value="old", read_bodies=False)
            with self.peer.connect() as wire:
                wire.send(f"POST /s/a/api/x HTTP/1.1\r\nHost: a\r\nX-Test-Refused: {how}\r\nContent-Length: 8\r\n\r\nabc")
                wait_for(lambda: len(self.upstream.requests) == 2, "it was asked again")
                wire.send("defgh")
                self.assertEqual(json.loads(wire.answer().body)["body"], "abcdefgh")

    def test_a_body_that_was_not_kept_is_not_sent_twice(self):
        """[R-D6]"""
        self.renewing()
        found = self.peer.call("POST", "/s/a/api/x", "X-Test-Refused: renew", body=b"x" * (2 * MEGABYTE))
        self.assert_error(found, 503, "refresh_failed")
        self.assertEqual(found.header("Retry-After"), "1")
        self.assertEqual(len(self.upstream.requests), 1)

    def test_bodies_of_many_calls_are_kept_within_limits(self):
        """[R-D6] 16 MiB of all together: whoever comes late is not repeated, and who is done makes room."""
        size, everybody = 900_000, threading.Event()

        def script(request, wire):
            if request.header("Authorization") == "Bearer old":
                wire.exactly(size)
                self.arrived += 1
                everybody.wait(PATIENCE)
                wire.send(answer(401, "{}"))
                return None
            Upstream.read_body(wire, request)
            return echo(request, wire)
        self.begin(script, kind="bearer", value="old", extra=", limits: {concurrency: 64}", read_bodies=False)
        for rounds in (1, 2):
            self.arrived = 0
            everybody.clear()
            wires = [self.peer.connect() for _ in range(20)]
            for number, wire in enumerate(wires, 1):
                wire.send(b"POST /s/a/api/x HTTP/1.1\r\nHost: a\r\nX-Test-Refused: renew\r\nContent-Length: %d\r\n\r\n" % (size + 1) + b"x" * size)
                wait_for(lambda: self.arrived == number, "the body was passed on")
            everybody.set()
            wait_for(lambda: len(self.upstream.requests) == rounds * (20 + 18), "they were asked again")
            for wire in wires[:18]:
                wire.send(b"x")
            found = [wire.answer().status for wire in wires]
            self.assertEqual((found[:18], found[18:]), ([200] * 18, [503] * 2))

    def test_a_renewal_that_fails_for_now(self):
        """[R-D5]"""
        self.renewing()
        found = self.peer.get("/s/a/api/me", "X-Test-Refused: fail")
        self.assert_error(found, 503, "refresh_failed")
        self.assertEqual((found.header("Retry-After"), self.peer.result()["outcome"]), ("7", "failed"))

    def test_it_is_repeated_once_alone(self):
        self.renewing(refusals=2)
        found = self.peer.get("/s/a/api/me", "X-Test-Refused: renew")
        self.assert_error(found, 401, "reauth_required")
        result = self.peer.result()
        self.assertEqual((result["outcome"], result["refusals"], len(self.upstream.requests)), ("refused", 2, 2))
        self.renewing()
        self.assert_error(self.peer.get("/s/a/api/me", "X-Test-Refused: ignore"), 401, "reauth_required")

    def test_a_browser_that_leaves_while_the_sign_in_is_renewed(self):
        self.renewing()
        with self.peer.connect() as wire:
            wire.send("GET /s/a/api/me HTTP/1.1\r\nHost: a\r\nX-Test-Refused: later\r\n\r\n")
            wait_for(lambda: self.upstream.requests, "the server has it")
        self.assertEqual(self.peer.result()["outcome"], "gone")
        self.assertEqual(len(self.upstream.requests), 1)


class Reloads(Proxied):
    def test_a_server_that_moved_gets_a_new_pool_and_calls_under_way_end(self):
        """[R-D2]"""
        gate = threading.Event()
        self.begin(lambda request, wire: gate.wait(PATIENCE) and answer(200, '"old"'))
        other = Upstream(lambda request, wire: answer(200, '"new"'))
        self.addCleanup(other.stop)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.peer.get("/s/a/api/me").body))
        thread.start()
        wait_for(lambda: self.upstream.requests, "the old one has it")
        self.peer.reload([server_lines(other.port)])
        self.assertEqual(self.peer.get("/s/a/api/me").body, b'"new"')
        gate.set()
        thread.join(PATIENCE)
        self.assertEqual(answers, [b'"old"'])
        wait_for(lambda: not self.upstream.open, "the old pool is gone")
        self.assertEqual(self.peer.counts()["connections"], 1)

    def test_what_stayed_keeps_its_connections(self):
        self.begin(echo)
        self.peer.get("/s/a/api/me")
        self.peer.result()
        self.peer.reload([server_lines(self.upstream.port), server_lines(1, identity="b")])
        self.peer.get("/s/a/api/me")
        self.assertEqual(self.upstream.connections, 1)
        self.peer.result()
        self.peer.reload([server_lines(1, identity="b")])
        wait_for(lambda: not self.upstream.open, "the pool of a server that went is gone")
        self.assertEqual(self.peer.get("/s/a/api/me").status, 404)


class LongAddresses(Proxied):
    LONG = "/api/dataElements?filter=id:in:[" + ",".join(f"abcdefgh{i:03d}" for i in range(700)) + "]"

    def script_of(self, refusal, alias):
        def script(request, wire):
            if request.method == "POST":
                return alias
            return echo(request, wire) if len(request.target) < 1000 else refusal
        return script

    def test_414_becomes_a_query_alias(self):
        for refusal in (answer(414, "<html>", kind="text/html"), answer(414, "", kind=None), answer(400, "<html>Bad", kind="text/html"), answer(431, "<html>", kind="text/html")):
            self.begin(self.script_of(refusal, answer(200, '{"id":"0ab1","path":"/api/query/alias/0ab1","href":"x"}')))
            found = self.peer.get("/s/a" + self.LONG, "Accept: application/json", "Cookie: x=y")
            self.assertEqual(json.loads(found.body)["target"], "/dhis/api/query/alias/0ab1")
            _, post, get = self.upstream.requests
            self.assertEqual((post.method, post.target, json.loads(post.body)), ("POST", "/dhis/api/query/alias", {"target": self.LONG}))
            for request in (post, get):
                self.assertEqual((request.header("Authorization"), request.header("X-Requested-With"), request.header("Accept")), ("ApiToken d2p_the-token", "XMLHttpRequest", "application/json"))

    def test_where_the_server_cannot(self):
        for alias in (answer(404, '{"message":"no"}'), answer(200, "<html>", kind="text/html"), answer(200, '{"id":"../../x"}'), answer(200, '{"id":7}'), answer(200, "")):
            self.begin(self.script_of(answer(414, "", kind=None), alias))
            self.assert_error(self.peer.get("/s/a" + self.LONG), 414, "target_too_long")
            self.assertEqual(len(self.upstream.requests), 2)

    def test_only_where_it_was_the_length(self):
        self.begin_with(answer(400, "<html>Bad", kind="text/html"))
        self.assert_error(self.peer.get("/s/a/api/x"), 400, "upstream_error")
        self.assertEqual(len(self.upstream.requests), 1)

    def test_a_long_address_reaches_a_server_that_takes_it(self):
        self.begin(echo)
        target = "/api/x?" + "y" * 60_000
        self.assertEqual(json.loads(self.peer.get("/s/a" + target).body)["target"], "/dhis" + target)


@unittest.skipUnless(shutil.which("openssl"), "needs openssl")
class Certificates(Proxied):
    def test_a_certificate_that_nobody_vouches_for(self):
        """[R-H4]"""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="store-tls-"))
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key", "-out", folder / "cert"],
                       check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / "cert", folder / "key")
        self.begin(echo, tls=tls)
        self.assert_error(self.peer.get("/s/a/api/x"), 502, "certificate_refused")
        self.peer.result()
        self.peer.reload([server_lines(self.upstream.port, scheme="https", extra=f", ca: {folder / 'cert'}")])
        self.assertEqual(json.loads(self.peer.get("/s/a/api/x").body)["target"], "/dhis/api/x")


class OtherServers(Proxied):
    """type: http: another REST API."""

    def test_pages_and_empty_answers_are_its_own_matter(self):
        rows = [(answer(200, "<html>", kind="text/html"), 200, None), (answer(404, "<html>", kind="text/html"), 404, None), (answer(200, ""), 200, None), (answer(302, "", "Location: /dhis/login", kind=None), 302, None),
                (answer(401, "{}"), 401, "reauth_required")]
        for sent, status, code in rows:
            self.begin_with(sent, extra=", type: http")
            found = self.peer.get("/s/a/api/me")
            self.assertEqual((found.status, found.header("X-Drawbridge-Error")), (status, code))


if __name__ == "__main__":
    unittest.main()
