"""drawbridge serve under load: a large upload in little memory, and reloads and the end while calls come in: none is lost."""
import os
import re
import signal
import socket
import threading
import time
import zlib

import harness
from gateway import Gateway
from proxied import Upstream, answer
from scripted import Scripted, signed_in

MEGABYTE = 1024 * 1024
JSON = {"Content-Type": "application/json"}


class Uploads(Gateway):
    SIZE = int(os.environ.get("DRAWBRIDGE_UPLOAD_MB", "1024")) * MEGABYTE
    BLOCK = os.urandom(MEGABYTE)

    def memory_kb(self, name):
        with open(f"/proc/{self.program.process.pid}/status") as status:
            return int(re.search(rf"{name}:\s+(\d+)", status.read())[1])

    def test_a_gigabyte_in_flat_memory(self):
        """[R-G14] A form with one large file, told by its length and in chunks; what comes out is what went in."""
        got = []

        def script(request, wire):
            if not request.target.startswith("/api/fileResources"):
                Upstream.read_body(wire, request)
                return answer(200, signed_in(request.target)[2])
            self.assertEqual(request.header("Content-Type"), "multipart/form-data; boundary=b")
            sum_, n, told = 0, 0, request.header("Content-Length")
            while True:
                left = int(told) - n if told else int(wire.until(b"\r\n"), 16)
                if left == 0:
                    break
                while left:
                    piece = wire.read[:left] or wire.socket.recv(min(left, MEGABYTE))
                    wire.read = wire.read[len(piece):]
                    sum_, n, left = zlib.crc32(piece, sum_), n + len(piece), left - len(piece)
                if not told:
                    wire.exactly(2)
            if not told:
                wire.exactly(2)
            got.append((n, sum_))
            return answer(202, "{}")
        self.upstream = Upstream(script, read_bodies=False)
        self.addCleanup(self.upstream.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{self.upstream.port}\n    limits: {{body: 2G}}")],
                   environment={"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=2"})  # what the sanitizer keeps of freed memory is not what is measured
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_" + "a" * 50)
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="large"\r\nContent-Type: application/octet-stream\r\n\r\n'
        pieces = [head, *[self.BLOCK] * (self.SIZE // MEGABYTE), b"\r\n--b--\r\n"]
        for size in (sum(map(len, pieces)), None):
            if not size:
                del pieces[65:-1]
            want = 0
            before = self.memory_kb("VmRSS")
            with socket.create_connection(("127.0.0.1", self.port), harness.PATIENCE) as s:
                framing = f"Content-Length: {size}" if size else "Transfer-Encoding: chunked"
                s.sendall(f"POST /s/one/api/fileResources HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX-Drawbridge: 1\r\nCookie: drawbridge={self.cookie(browser)}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                          f"{framing}\r\nExpect: 100-continue\r\n\r\n".encode())
                self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n\r\n"))
                for piece in pieces:
                    s.sendall(piece if size else b"%x\r\n%s\r\n" % (len(piece), piece))
                    want = zlib.crc32(piece, want)
                if not size:
                    s.sendall(b"0\r\n\r\n")
                self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 202 "))
            self.assertEqual(got.pop(), (sum(map(len, pieces)), want))
            self.assertLess(self.memory_kb("VmHWM") - before, 24 * 1024)

    def test_nobody_is_asked_for_a_body_in_vain(self):
        """[R-F3, R-G14] Who is refused gets no 100 first."""
        self.start()
        for lines, status in ((["X-Drawbridge: 1"], b"401"), ([], b"403"), (["X-Drawbridge: 1", "Origin: https://evil.example"], b"403")):
            with socket.create_connection(("127.0.0.1", self.port), harness.PATIENCE) as s:
                s.sendall("\r\n".join(["POST /s/district/api/x HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Length: 5", "Expect: 100-continue", *lines, "", ""]).encode())
                self.assertEqual(s.recv(65536).split(b" ")[1], status)


class Load(Gateway):
    """Some browsers that never stop asking, each call with a number that has to come back."""

    def begin(self):
        def answer_one(method, path, headers, body):
            if not path.startswith("/api/n"):
                return signed_in(path)
            time.sleep(0.002)  # so that some are always under way
            return 200, JSON, f'{{"n":"{path.rpartition("?")[2]}","got":{len(body)}}}'
        self.upstream = Scripted(answer_one)
        self.addCleanup(self.upstream.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{self.upstream.port}")])
        self.ada = self.browser()
        self.sign_in(self.ada, "one", kind="pat", token="d2p_" + "a" * 50)
        self.over, self.failed, self.done = threading.Event(), [], [0] * 8
        threads = [threading.Thread(target=self.ask, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        self.addCleanup(self.over.set)
        harness.wait_for(lambda: sum(self.done) > 50, "the load")
        return threads

    def ask(self, i):
        """Half of them keep their connection. A connection that ends before a byte of an answer, or is not taken at all, has lost nothing: a browser sends that again by itself."""
        headers = f"Host: 127.0.0.1:{self.port}\r\nX-Drawbridge: 1\r\nCookie: drawbridge={self.cookie(self.ada)}\r\n"
        s = None
        n = 0
        while not self.over.is_set():
            n += 1
            body = b"x" * (n % 3) if i % 4 == 0 else None
            try:
                s = s or socket.create_connection(("127.0.0.1", self.port), harness.PATIENCE)
            except ConnectionError:
                break  # nobody listens any more
            got = b""
            try:
                method, length = ("POST", f"Content-Length: {len(body)}\r\n") if body is not None else ("GET", "")
                s.sendall(f"{method} /s/one/api/n?{i}.{n} HTTP/1.1\r\n{headers}{length}\r\n".encode() + (body or b""))
                while b"}" not in got and (piece := s.recv(65536)):
                    got += piece
            except ConnectionError:
                pass
            if not got:
                if body is not None and self.upstream_has(f"{i}.{n}"):
                    self.failed.append(f"{i}.{n}: the server has it, the browser no answer")
                s.close()
                s = None
                continue
            if b" 200 OK\r\n" not in got or f'{{"n":"{i}.{n}","got":{len(body or b"")}}}'.encode() not in got:
                self.failed.append(got)
            self.done[i] += 1
            if i % 2 or b"Connection: close" in got:
                s.close()
                s = None
        if s:
            s.close()

    def upstream_has(self, number):
        return any(path.endswith(f"?{number}") for _, path, _, _ in self.upstream.seen)

    def test_reloads(self):
        """[R-G14] Twenty of them, with another policy each time, under calls that both allow."""
        threads = self.begin()
        for n in range(20):
            self.config.write_text(self.config_text.replace("  - id: one", f"  - id: one\n    name: Number {n}\n    policy: {{deny: ['/api/x{n}']}}").replace("name: The one", ""))
            self.program.process.send_signal(signal.SIGHUP)
            harness.wait_for(lambda: self.ada.call("GET", "/v1/servers").json[0]["name"] == f"Number {n}", "the new name")
            before = sum(self.done)
            harness.wait_for(lambda: sum(self.done) > before + 10, "the load goes on")
        self.over.set()
        for thread in threads:
            thread.join(harness.PATIENCE)
        self.assertEqual(self.failed, [])

    def test_the_end(self):
        """[R-G14] SIGTERM in the middle: what was taken is answered whole."""
        threads = self.begin()
        self.program.process.terminate()
        for thread in threads:
            thread.join(harness.PATIENCE)
            self.assertFalse(thread.is_alive())
        self.assertEqual(self.failed, [])
        self.assertEqual(self.program.process.wait(harness.PATIENCE), 0)


if __name__ == "__main__":
    import unittest
    unittest.main()
