"""What lasts: streams of events, and the handshake of WebSockets. Who may begin one, and when it ends."""
import contextlib
import socket
import threading

import harness
from gateway import Gateway
from scripted import Scripted, signed_in

APPS = """apps:
  - {id: near, origins: ["http://127.0.0.1:9555"], return_to: ["http://127.0.0.1:9555/after"]}"""


class Streams(Gateway):
    def begin(self, more=""):
        self.asked, self.ended = [], threading.Event()

        def answer(method, path, headers, body):
            if path.startswith("/api/stream"):
                self.asked.append(dict(headers.items()))
                return "hang" if "silent" in path else (200, {"Content-Type": "text/event-stream", "Content-Length": "1000000"}, "data: one\n\n")
            return signed_in(path)
        self.upstream = Scripted(answer)
        self.addCleanup(self.upstream.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{self.upstream.port}")], apps=APPS, more=more)
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_" + "a" * 50)
        return browser

    def open(self, browser, path="/s/one/api/stream", *headers):
        """A call that goes on. Returns the connection, and what has come up to the first event or the end of the head."""
        connection = socket.create_connection(("127.0.0.1", self.port), harness.PATIENCE)
        self.addCleanup(connection.close)
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: drawbridge={self.cookie(browser)}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return connection

    def read(self, connection, mark=None):
        """Up to the mark, or to the end."""
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while not (mark and mark in got) and (piece := connection.recv(65536)):
                got += piece
        return got

    def test_a_stream_ends_with_the_sign_out(self):
        """[R-G16, A11] Of everything, and of one server alone; one that has no head yet is told why."""
        for leave in ("/v1/session", "/v1/servers/one/connection"):
            browser = self.begin()
            stream, silent = self.open(browser, "/s/one/api/stream", "X-Drawbridge: 1"), self.open(browser, "/s/one/api/stream/silent", "X-Drawbridge: 1")
            self.assertIn(b" 200 OK\r\n", self.read(stream, b"data: one\n\n"))
            harness.wait_for(lambda: len(self.asked) == 2, "both are at the server")
            self.assertEqual(browser.call("DELETE", leave).status, 204)
            self.read(stream)  # to its end
            answer = self.read(silent, b"}")
            self.assertIn(b" 401 Unauthorized\r\n", answer)
            self.assertIn(b'"code":"no_session"', answer)

    def test_a_stream_ends_with_its_session(self):
        """[R-G16, R-E9] By time; and a stream is no use of the session."""
        browser = self.begin(more="session: {idle: 3s, absolute: 1h}")
        stream = self.open(browser, "/s/one/api/stream", "X-Drawbridge: 1")
        self.read(stream, b"data: one\n\n")
        self.read(stream)
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "session_expired")

    def test_a_stream_ends_when_another_person_comes(self):
        """[R-G16, A10] The old session is dead, and so are its calls."""
        faults = self.directory() / "faults.json"
        faults.write_text('[{"path": "/api/dataElements*", "method": "GET", "kind": "hang"}]')
        self.start(sim_words=("--faults", faults))
        for name in ("ada", "bob"):
            self.people["district"].add(name)
        browser = self.browser()
        self.with_password(browser, "district")
        slow = self.open(browser, "/s/district/api/dataElements", "X-Drawbridge: 1")
        harness.wait_for(lambda: b'drawbridge_upstream_calls{server="district"} 1' in harness.call(self.admin, "GET", "/metrics").body, "it is on its way")
        self.with_password(browser, "district", "bob")
        self.assertIn(b" 401 Unauthorized\r\n", self.read(slow, b"}"))
        self.assertEqual(self.me(browser, "district")["username"], "bob")

    def test_other_sites_open_neither(self):
        """[A32, R-G16, R-F4] Streams of events and WebSockets carry cookies without asking: the origin decides, and nothing reaches the server."""
        browser = self.begin()
        handshake = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        for kind in ([], ["Accept: text/event-stream"], handshake):
            for who, status in ((["Origin: https://evil.example"], b"403"), (["Origin: null"], b"403"), (["Sec-Fetch-Site: cross-site"], b"403"), (["Sec-Fetch-Site: same-site"], b"403"), ([], b"403"),
                                (["Origin: http://127.0.0.1:9555.evil.example"], b"403")):
                answer = self.read(self.open(browser, "/s/one/api/stream", *kind, *who, "Connection: close"))
                self.assertEqual(answer.split(b" ")[1], status, (kind, who, answer))
        self.assertEqual(self.asked, [])

    def test_a_websocket_is_never_made(self):
        """[R-G16] DHIS2 has none; an app's own handshake goes on as the plain GET that it is without its upgrade, and a tunnel comes to be on neither side."""
        browser = self.begin()
        for who in ("Origin: http://127.0.0.1:9555", "X-Drawbridge: 1", "Sec-Fetch-Site: same-origin"):
            stream = self.open(browser, "/s/one/api/stream", who, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
            self.assertIn(b"HTTP/1.1 200 OK\r\n", self.read(stream, b"data: one\n\n"))
            stream.close()
        for headers in self.asked:
            self.assertEqual([name for name in headers if name.lower().startswith(("sec-", "upgrade"))], [])


if __name__ == "__main__":
    import unittest
    unittest.main()
