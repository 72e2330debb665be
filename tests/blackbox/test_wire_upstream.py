"""The pooled client of src/http/upstream.h against servers that are scripted byte by byte, plain and TLS."""
import contextlib
import pathlib
import re
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from harness import PATIENCE, wait_for
from wire import MEGABYTE, MEMORY_GROWTH_KB, Peer, post, chunked


class Upstream:
    """A server that plays one script per connection it accepts, the last one again and again. A script gets a Talk and says what happens."""

    def __init__(self, *scripts, tls=None):
        self.scripts, self.tls = scripts, tls
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.accepted = 0
        self.talks = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            script = self.scripts[min(self.accepted, len(self.scripts) - 1)]
            self.accepted += 1
            threading.Thread(target=self.play, args=(script, connection), daemon=True).start()

    def play(self, script, connection):
        connection.settimeout(PATIENCE)
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            talk = Talk(connection)
            self.talks.append(talk)
            script(talk)
        except OSError:
            pass
        finally:
            connection.close()

    def stop(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # ends the accept that waits
        self.socket.close()


class Talk:
    def __init__(self, connection):
        self.socket, self.read, self.heads = connection, b"", []

    def request(self):
        """The next head, and its body where a length is told."""
        while b"\r\n\r\n" not in self.read:
            piece = self.socket.recv(65536)
            if not piece:
                raise OSError("closed")
            self.read += piece
        head, self.read = self.read.split(b"\r\n\r\n", 1)
        self.heads.append(head)
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        n = int(length[1]) if length else 0
        while len(self.read) < n:
            self.read += self.socket.recv(65536)
        body, self.read = self.read[:n], self.read[n:]
        return head, body

    def send(self, data):
        self.socket.sendall(data)

    def closed(self):
        return self.socket.recv(1) == b""


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def says(*texts):
    """For each request one of these texts; then the end."""
    def script(talk):
        for text in texts:
            talk.request()
            talk.send(text)
    return script


def keeps_saying(text):
    def script(talk):
        while True:
            talk.request()
            talk.send(text)
    return script


class Proxy(unittest.TestCase):
    def proxy(self, *scripts, options=(), tls=None, patient=True):
        """Only what is about time is not patient."""
        upstream = Upstream(*scripts, tls=tls)
        self.addCleanup(upstream.stop)
        peer = Peer("--port", upstream.port, *options, *(["--patient"] if patient else []))
        self.addCleanup(peer.stop)
        return peer, upstream

    def problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.body.split(b":")[0].decode()), (status, code))


class Passing(Proxy):
    def test_heads_and_bodies(self):
        def script(talk):
            head, body = talk.request()
            text = head + b"|" + body
            talk.send(b"HTTP/1.1 201 Made\r\nX-A: 1\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"%x;a=b\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(text), text))
        peer, upstream = self.proxy(script)
        answer = peer.ask(post("/proxy/api/x?y=%20z", b"body", "X-B: 2", "Connection: close"))
        self.assertEqual((answer.status, answer.header("X-A"), answer.header("X-Hop"), answer.header("Keep-Alive"), answer.header("X-Trailer"), answer.whole), (201, "1", None, None, None, True))
        head, body = answer.body.split(b"|")
        lines = head.decode().split("\r\n")
        self.assertEqual(lines[0], "POST /api/x?y=%20z HTTP/1.1")
        self.assertEqual(sorted(lines[1:]), sorted([f"Host: 127.0.0.1:{upstream.port}", "X-B: 2", "Content-Length: 4", "Authorization: ApiToken d2pat_not_seen"]))
        self.assertEqual(body, b"body")

    def test_connections_are_kept(self):
        peer, upstream = self.proxy(keeps_saying(OK))
        for _ in range(20):
            self.assertEqual(peer.get("/proxy/").body, b"ok")
        self.assertEqual(upstream.accepted, 1)
        self.assertEqual(peer.get("/counts").body, b"1 1 0\n")

    def test_a_kept_connection_is_not_kept_for_ever(self):
        peer, _ = self.proxy(keeps_saying(OK), patient=False)
        self.assertEqual(peer.get("/proxy/").status, 200)
        wait_for(lambda: peer.get("/counts").body == b"0 0 0\n", "no connection left")

    def test_answers_without_body(self):
        peer, upstream = self.proxy(says(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: x\r\n\r\n",
                                         b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", OK))
        with peer.connect() as wire:
            wire.send("HEAD /proxy/ HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.answer(to_head=True).header("Content-Length"), "1234")
            for status, body in ((304, b""), (204, b""), (200, b""), (200, b"ok")):
                wire.send("GET /proxy/ HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = wire.answer()
                self.assertEqual((answer.status, answer.body), (status, body))
        self.assertEqual(upstream.accepted, 1)

    def test_until_close(self):
        peer, _ = self.proxy(says(b"HTTP/1.0 200 OK\r\n\r\nall of it"))
        answer = peer.get("/proxy/")
        self.assertEqual((answer.body, answer.whole), (b"all of it", True))

    def test_interim_answers_are_dropped(self):
        peer, _ = self.proxy(says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK))
        answer = peer.get("/proxy/")
        self.assertEqual((answer.status, answer.header("Link"), answer.body), (200, None, b"ok"))

    def test_chunked_upload(self):
        def script(talk):
            talk.request()
            while not talk.read.endswith(b"0\r\n\r\n"):
                talk.read += talk.socket.recv(65536)
            body = b"".join(re.findall(rb"[0-9a-f]+\r\n(.+?)\r\n", talk.read, re.S))
            talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        peer, _ = self.proxy(script)
        self.assertEqual(peer.ask(chunked("/proxy/", b"abc", b"def")).body, b"abcdef")

    def test_an_early_answer(self):
        def script(talk):
            while b"\r\n\r\n" not in talk.read:
                talk.read += talk.socket.recv(100)
            talk.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
            while talk.socket.recv(65536):
                pass
        peer, upstream = self.proxy(script)
        with peer.connect() as wire:
            wire.send(post("/proxy/", b"a" * 1000)[:-1])  # one byte is held back
            self.assertEqual(wire.answer().status, 413)
        self.assertEqual(peer.get("/counts").body, b"0 0 0\n")  # half a request was sent: not used again

    def test_browser_gone_ends_the_call(self):
        ended = threading.Event()

        def script(talk):
            talk.request()
            talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            if talk.closed():
                ended.set()
        peer, _ = self.proxy(script)
        with peer.connect() as wire:
            wire.send("GET /proxy/ HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.until(b"half")
        self.assertTrue(ended.wait(PATIENCE))


class Failing(Proxy):
    def test_malformed_answers(self):
        """[R-G11]"""
        rows = {
            "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            "two framings": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "a bare LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
            "a bare CR": b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
            "a folded line": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
            "encoding in 1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "another protocol unasked": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            "a large head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70000 + b"\r\n\r\n",
            "half a head": b"HTTP/1.1 200 OK\r\nX: ",
            "nothing": b"",
        }
        for what, text in rows.items():
            with self.subTest(what):
                peer, upstream = self.proxy(says(text))
                self.problem(peer.get("/proxy/"), 502, "upstream_broken")
                self.assertEqual(upstream.accepted, 1)
                self.assertEqual(peer.get("/counts").body, b"0 0 0\n")

    def test_cut_bodies_never_look_whole(self):
        """[R-G11]"""
        rows = {
            "of a length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
            "in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
            "between chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0x4\r\nmore\r\n0\r\n\r\n",
        }
        for what, text in rows.items():
            with self.subTest(what):
                peer, _ = self.proxy(says(text))
                answer = peer.get("/proxy/")
                self.assertEqual((answer.status, answer.body, answer.whole), (200, b"half", False))

    def test_a_kept_connection_that_died_is_replaced_for_safe_requests(self):
        """[R-G12]"""
        def one_then_gone(talk):
            talk.request()
            talk.send(OK)
            talk.request()
        for text, repeated in (("GET /proxy/ HTTP/1.1\r\nHost: a\r\n\r\n", True), ("DELETE /proxy/ HTTP/1.1\r\nHost: a\r\n\r\n", True),
                               ("POST /proxy/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", False), ("PUT /proxy/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", False)):
            with self.subTest(text):
                peer, upstream = self.proxy(one_then_gone, keeps_saying(OK))
                self.assertEqual(peer.get("/proxy/").status, 200)
                answer = peer.ask(text)
                if repeated:
                    self.assertEqual((answer.status, upstream.accepted), (200, 2))
                else:
                    self.problem(answer, 502, "upstream_broken")
                    self.assertEqual(upstream.accepted, 1)

    def test_once_only(self):
        """[R-G12]"""
        def one_then_gone(talk):
            talk.request()
            talk.send(OK)
            talk.request()
        peer, upstream = self.proxy(one_then_gone, says(b""))
        self.assertEqual(peer.get("/proxy/").status, 200)
        self.problem(peer.get("/proxy/"), 502, "upstream_broken")
        self.assertEqual(upstream.accepted, 2)

    def test_not_after_the_first_byte(self):
        """[R-G12]"""
        def one_then_half(talk):
            talk.request()
            talk.send(OK)
            talk.request()
            talk.send(b"H")
        peer, upstream = self.proxy(one_then_half, keeps_saying(OK))
        self.assertEqual(peer.get("/proxy/").status, 200)
        self.problem(peer.get("/proxy/"), 502, "upstream_broken")
        self.assertEqual(upstream.accepted, 1)

    def test_bytes_behind_an_answer_are_no_answer(self):
        """[R-G11]"""
        peer, upstream = self.proxy(says(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"), keeps_saying(OK))
        self.assertEqual(peer.get("/proxy/").body, b"ok")
        self.assertEqual(peer.get("/proxy/").body, b"ok")
        self.assertEqual(upstream.accepted, 2)

    def test_bytes_that_nobody_asked_for_end_the_connection(self):
        def script(talk):
            talk.request()
            talk.send(OK)
            select.select([], [], [], 0.2)
            talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
            talk.closed()
        peer, _ = self.proxy(script, keeps_saying(OK))
        self.assertEqual(peer.get("/proxy/").body, b"ok")
        wait_for(lambda: peer.get("/counts").body == b"0 0 0\n", "it is closed")
        self.assertEqual(peer.get("/proxy/").body, b"ok")

    def test_time_outs(self):
        def silent(talk):
            talk.request()
            talk.closed()

        def half(talk):
            talk.request()
            talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            talk.closed()
        peer, _ = self.proxy(silent, patient=False)
        self.problem(peer.get("/proxy/"), 504, "upstream_timeout")
        peer, _ = self.proxy(half, patient=False)
        self.assertFalse(peer.get("/proxy/").whole)

    def test_no_server(self):
        peer, upstream = self.proxy(says(OK))
        upstream.stop()
        self.problem(peer.get("/proxy/"), 503, "server_unreachable")
        peer = Peer("--host", "no-such-name.invalid", "--port", 80)
        self.addCleanup(peer.stop)
        self.problem(peer.get("/proxy/"), 503, "server_unreachable")

    def test_addresses(self):
        """[R-G3, A23]"""
        for host in ("127.0.0.1", "localhost"):
            peer, upstream = self.proxy(keeps_saying(OK), options=("--host", host, "--allow", "10.0.0.0/8"))
            self.problem(peer.get("/proxy/"), 502, "address_refused")
            self.assertEqual(upstream.accepted, 0)
        peer, _ = self.proxy(keeps_saying(OK), options=("--host", "localhost"))
        self.assertEqual(peer.get("/proxy/").body, b"ok")

    def test_above_the_limit_calls_wait_and_then_are_busy(self):
        release = threading.Event()

        def script(talk):
            while True:
                talk.request()
                release.wait(PATIENCE)
                talk.send(OK)
        peer, upstream = self.proxy(script, options=("--connections", 2))
        with contextlib.ExitStack() as stack:
            wires = [stack.enter_context(peer.connect()) for _ in range(6)]
            for wire in wires:
                wire.send("GET /proxy/ HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: peer.get("/counts").body == b"2 0 4\n", "two under way, four wait")
            wires.pop().socket.close()
            wait_for(lambda: peer.get("/counts").body == b"2 0 3\n", "one that gave up waits no more")
            release.set()
            self.assertEqual([w.answer().body for w in wires], [b"ok"] * 5)
        self.assertEqual(upstream.accepted, 2)

        def silent(talk):
            talk.request()
            talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            with contextlib.suppress(OSError):
                while True:
                    talk.send(b"a")
                    select.select([], [], [], 0.05)
        peer, _ = self.proxy(silent, options=("--connections", 1), patient=False)
        with peer.connect() as first:
            first.send("GET /proxy/ HTTP/1.1\r\nHost: a\r\n\r\n")
            first.head()
            self.problem(peer.get("/proxy/"), 503, "busy")


class ProxyMemory(Proxy):
    def test_a_download_waits_for_its_reader(self):
        origin = Peer("--patient")
        self.addCleanup(origin.stop)
        peer = Peer("--port", origin.port, "--patient")
        self.addCleanup(peer.stop)
        before = peer.memory_kb()
        with peer.connect(receive_buffer=65536) as wire:
            wire.send(f"GET /proxy/big?bytes={300 * MEGABYTE}&told=1 HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.head()[0], 200)
            for _ in range(20):
                self.assertLess(peer.memory_kb() - before, MEMORY_GROWTH_KB)
            total = len(wire.read)
            wire.read = b""
            while total < 300 * MEGABYTE and wire.more():
                total += len(wire.read)
                wire.read = b""
        self.assertEqual(total, 300 * MEGABYTE)
        self.assertLess(peer.memory_kb() - before, MEMORY_GROWTH_KB)

    def test_an_upload_waits_for_the_server(self):
        go_on = threading.Event()
        total = [0]

        def script(talk):
            while b"\r\n\r\n" not in talk.read:
                talk.read += talk.socket.recv(100)
            total[0] = len(talk.read.split(b"\r\n\r\n", 1)[1])
            go_on.wait(PATIENCE)
            while total[0] < 300 * MEGABYTE:
                piece = talk.socket.recv(1 << 18)
                if not piece:
                    return
                total[0] += len(piece)
            talk.send(OK)
        peer, _ = self.proxy(script)
        before = peer.memory_kb()
        with peer.connect() as wire:
            wire.send(f"POST /proxy/ HTTP/1.1\r\nHost: a\r\nContent-Length: {300 * MEGABYTE}\r\n\r\n")
            block = b"a" * MEGABYTE

            def upload():
                for _ in range(300):
                    wire.send(block)
            sender = threading.Thread(target=upload)
            sender.start()
            for _ in range(20):
                self.assertLess(peer.memory_kb() - before, MEMORY_GROWTH_KB)
            self.assertTrue(sender.is_alive())  # it feels that nobody reads
            go_on.set()
            self.assertEqual(wire.answer().body, b"ok")
            sender.join(PATIENCE)
        self.assertEqual(total[0], 300 * MEGABYTE)
        self.assertLess(peer.memory_kb() - before, MEMORY_GROWTH_KB)


class Tls(Proxy):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        d = pathlib.Path(cls.directory.name)

        def openssl(*words):
            subprocess.run(["openssl", *map(str, words)], cwd=d, check=True, capture_output=True)
        for ca in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-days", 2, "-subj", f"/CN={ca}")
        for name, alternative in (("localhost", "DNS:localhost"), ("elsewhere", "DNS:elsewhere.example"), ("address", "IP:127.0.0.1")):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            (d / f"{name}.ext").write_text(f"subjectAltName={alternative}\n")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2, "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.directory.name}/{name}.pem", f"{self.directory.name}/{name}.key")
        return context

    def over(self, script, name="localhost", ca="ca", host="localhost", options=()):
        return self.proxy(script, tls=self.context(name), options=("--host", host, "--ca", f"{self.directory.name}/{ca}.pem", *options))

    def test_a_good_certificate(self):
        for name, host in (("localhost", "localhost"), ("address", "127.0.0.1")):
            peer, upstream = self.over(keeps_saying(OK), name, host=host)
            for _ in range(3):
                self.assertEqual(peer.get("/proxy/").body, b"ok")
            self.assertEqual(upstream.accepted, 1)
            self.assertIn(b"Authorization: ApiToken d2pat_not_seen", upstream.talks[0].heads[0])

    def test_certificates_that_are_refused(self):
        """[R-H4]"""
        for name, ca, host in (("elsewhere", "ca", "localhost"), ("localhost", "other", "localhost"), ("localhost", "ca", "127.0.0.1")):
            peer, upstream = self.over(keeps_saying(OK), name, ca, host)
            self.problem(peer.get("/proxy/"), 502, "certificate_refused")
            self.assertFalse([h for t in upstream.talks for h in t.heads])

    def test_no_tls_there(self):
        upstream = Upstream(says(b"HTTP/1.1 400 This is not TLS\r\n\r\n"))
        self.addCleanup(upstream.stop)
        peer = Peer("--port", upstream.port, "--host", "localhost", "--ca", f"{self.directory.name}/ca.pem")
        self.addCleanup(peer.stop)
        answer = peer.get("/proxy/")
        self.assertEqual(answer.status, 503)
        self.assertNotIn("d2pat", repr([t.read for t in upstream.talks]))

    def test_large_bodies_both_ways(self):
        body = bytes(range(256)) * 40000  # 10 MB

        def script(talk):
            _, got = talk.request()
            talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(got), got))
        peer, _ = self.over(script)
        with peer.connect() as wire:
            sender = threading.Thread(target=wire.send, args=(post("/proxy/", body),))
            sender.start()
            answer = wire.answer()
            sender.join(PATIENCE)
        self.assertTrue(answer.whole)
        self.assertEqual(answer.body, body)

    def test_an_end_that_could_be_forged_is_a_cut(self):
        """[R-G11]"""
        def orderly(talk):
            talk.request()
            talk.send(b"HTTP/1.0 200 OK\r\n\r\nall")
            talk.socket = talk.socket.unwrap()

        def cut(talk):
            talk.request()
            talk.send(b"HTTP/1.0 200 OK\r\n\r\nall")
            raw = socket.socket(fileno=talk.socket.detach())
            raw.close()
        peer, _ = self.over(orderly)
        self.assertTrue(peer.get("/proxy/").whole)
        peer, _ = self.over(cut)
        self.assertFalse(peer.get("/proxy/").whole)


if __name__ == "__main__":
    unittest.main()
