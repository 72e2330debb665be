"""The server of src/http/server.h, byte by byte: what it refuses, the order of answers, time and memory."""
import contextlib
import json
import re
import select
import signal
import socket
import threading
import time
import unittest

from harness import PATIENCE
from wire import MEGABYTE, MEMORY_GROWTH_KB, Peer, post, chunked


class Server(unittest.TestCase):
    options = ("--patient",)  # only what is about time has a server whose time is short

    def setUp(self):
        self.peer = Peer(*self.options)
        self.addCleanup(self.peer.stop)


class Refusals(Server):
    ROWS = [
        ("two framings", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request"),
        ("a folded line", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400, "bad_request"),
        ("a bare LF", "GET /hello HTTP/1.1\nHost: a\n\n", 400, "bad_request"),
        ("a bare CR", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400, "bad_request"),
        ("no Host", "GET /hello HTTP/1.1\r\n\r\n", 400, "bad_request"),
        ("no version", "GET /hello\r\nHost: a\r\n\r\n", 400, "bad_request"),
        ("TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400, "bad_request"),
        ("a bad target", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target"),
        ("TRACE", "TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_refused"),
        ("CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_refused"),
        ("a long first line", "GET /" + "a" * 70000, 414, "target_too_long"),
        ("a long head", "GET / HTTP/1.1\r\nHost: a\r\nX: " + "a" * 70000, 431, "head_too_large"),
        ("many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + "X: 1\r\n" * 128 + "\r\n", 431, "head_too_large"),
        ("a bad chunk size", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n", 400, "bad_request"),
        ("a bare LF in chunks", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\nabcd\r\n0\r\n\r\n", 400, "bad_request"),
    ]

    def test_each_is_a_problem_and_the_end(self):
        """[R-G8, R-G9, A22]"""
        for what, text, status, code in self.ROWS:
            with self.subTest(what), self.peer.connect() as wire:
                wire.send(text)
                answer = wire.answer()
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.header("Content-Type"), "application/problem+json")
                self.assertEqual(answer.header("Connection"), "close")
                self.assertEqual(answer.header("X-Drawbridge-Error"), code)
                problem = json.loads(answer.body)
                self.assertEqual({k: problem[k] for k in ("status", "code", "origin")}, {"status": status, "code": code, "origin": "gateway"})
                self.assertRegex(problem["request_id"], r"^[a-z]{16}$")
                self.assertTrue(problem["title"] and problem["detail"] and problem["type"])
                self.assertEqual(answer.header("Allow") is not None, status == 405)
                self.assertTrue(wire.closed())

    def test_nothing_behind_a_refused_head_is_a_request(self):
        """[R-G8, A22]"""
        with self.peer.connect() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.answer().status, 400)
            self.assertTrue(wire.closed())

    def test_a_streamed_body_that_is_malformed_is_the_handlers_to_answer(self):
        with self.peer.connect() as wire:
            wire.send("POST /sink HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n4\r\nabcde\r\n0\r\n\r\n")
            answer = wire.answer()
            self.assertEqual((answer.status, answer.body), (400, b"8 cut\n"))
            self.assertTrue(wire.closed())

    def test_names_with_underscore_are_dropped_and_absolute_targets_tell_their_host(self):
        """[R-G6, R-G9, A04]"""
        text = self.peer.ask("GET http://other:81/show?q HTTP/1.1\r\nHost: a\r\nX_Forwarded_User: root\r\nX-Kept: 1\r\n\r\n").body.decode()
        self.assertIn("GET /show?q host=other:81 ", text)
        self.assertIn("X-Kept=1", text)
        self.assertNotIn("Forwarded", text)


class Exchanges(Server):
    def test_fifty_requests_on_one_connection(self):
        ids = set()
        with self.peer.connect() as wire:
            for i in range(50):
                wire.send(f"GET /show?{i} HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = wire.answer()
                self.assertIn(f"/show?{i} ".encode(), answer.body)
                self.assertIsNone(answer.header("Connection"))
                ids.add(re.search(rb"id=(\w+)", answer.body)[1])
        self.assertEqual(len(ids), 50)

    def test_pipelined_requests_are_answered_in_order(self):
        paths = ["/show?1", "/later?ms=120", "/show?2", "/big?bytes=300000", "/nothing", "/show?3"]
        with self.peer.connect() as wire:
            wire.send("".join(f"GET {p} HTTP/1.1\r\nHost: a\r\n\r\n" for p in paths) + post("/echo", b"abc").decode() + "GET /show?4 HTTP/1.1\r\nHost: a\r\n\r\n")
            answers = [wire.answer() for _ in range(8)]
        self.assertEqual([a.status for a in answers], [200, 200, 200, 200, 204, 200, 200, 200])
        for i, text in ((0, b"/show?1 "), (1, b"late"), (2, b"/show?2 "), (5, b"/show?3 "), (6, b"abc"), (7, b"/show?4 ")):
            self.assertIn(text, answers[i].body)
        self.assertEqual(len(answers[3].body), 300000)

    def test_byte_by_byte(self):
        with self.peer.connect() as wire:
            for byte in chunked("/echo", b"abc", b"defg") + b"\r\n" + post("/echo", b"second"):
                wire.send(bytes([byte]))
            self.assertEqual(wire.answer().body, b"abcdefg")
            self.assertEqual(wire.answer().body, b"second")

    def test_head_answers_have_no_body(self):
        with self.peer.connect() as wire:
            for target in ("/hello", "/big?bytes=1000", "/big?bytes=1000&told=1", "/hello"):
                wire.send(f"HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n")
            answers = [wire.answer(to_head=True) for _ in range(4)]
            self.assertEqual([a.header("Content-Length") for a in answers], ["6", None, "1000", "6"])
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(wire.answer().body, b"hello\n")
            self.assertTrue(wire.closed())

    def test_expect(self):
        with self.peer.connect() as wire:
            wire.send(post("/echo", b"abc", "Expect: 100-continue")[:-3])
            self.assertEqual(wire.answer().status, 100)
            wire.send("abc")
            self.assertEqual(wire.answer().body, b"abc")
            wire.send(post("/hello", b"abc", "Expect: 100-continue")[:-3])  # not read: no 100, and the body may or may not follow
            answer = wire.answer()
            self.assertEqual((answer.status, answer.header("Connection")), (200, "close"))
            self.assertTrue(wire.closed())

    def test_bodies_above_the_limit(self):
        for text in (post("/echo", b"a" * (MEGABYTE + 1)), chunked("/echo", *[b"a" * 65536] * 17)):
            with self.peer.connect() as wire:
                with contextlib.suppress(ConnectionError):
                    wire.send(text)
                answer = wire.answer()
                self.assertEqual((answer.status, json.loads(answer.body)["code"]), (413, "too_large"))
        self.assertEqual(self.peer.ask(post("/echo", b"a" * MEGABYTE)).body, b"a" * MEGABYTE)

    def test_a_small_body_that_nobody_reads_keeps_the_connection(self):
        with self.peer.connect() as wire:
            wire.send(post("/hello", b"a" * 60000) + post("/echo", b"abc"))
            self.assertIsNone(wire.answer().header("Connection"))
            self.assertEqual(wire.answer().body, b"abc")
            wire.send(post("/hello", b"a" * 70000) + post("/echo", b"abc"))
            self.assertEqual(wire.answer().header("Connection"), "close")
            self.assertTrue(wire.closed())

    def test_http_1_0(self):
        with self.peer.connect() as wire:
            wire.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(wire.answer().header("Connection"), "keep-alive")
            wire.send("GET /big?bytes=100000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            answer = wire.answer()
            self.assertEqual((len(answer.body), answer.whole, answer.header("Transfer-Encoding"), answer.header("Connection")), (100000, True, None, "close"))

    def test_a_cut_answer_never_looks_whole(self):
        """[R-G11]"""
        for target, version in (("/big?bytes=9000&cut=5000", "1.1"), ("/big?bytes=9000&cut=5000&told=1", "1.1"), ("/big?bytes=9000&cut=5000", "1.0")):
            with self.peer.connect() as wire:
                wire.send(f"GET {target} HTTP/{version}\r\nHost: a\r\n\r\n")
                answer = wire.answer()
                self.assertTrue(answer is None or not answer.whole)
                if version == "1.1":
                    self.assertEqual(len(answer.body), 5000)

    def test_a_browser_that_leaves_harms_nobody(self):
        for text in ("GET /later?ms=50 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /big?bytes=50000000 HTTP/1.1\r\nHost: a\r\n\r\n", post("/echo", b"abc").decode()[:-1],
                     post("/stream", b"abc").decode()[:-1], post("/sink", b"abc").decode()[:-1], "GET /hel"):
            with self.peer.connect() as wire:
                wire.send(text)
                select.select([wire.socket], [], [], 0.02)
        self.assertEqual(self.peer.get("/hello").body, b"hello\n")

    def test_what_came_before_the_end_of_input_is_answered(self):
        with self.peer.connect() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
            wire.socket.shutdown(socket.SHUT_WR)
            self.assertEqual([wire.answer().body for _ in range(3)], [b"hello\n"] * 3)
            self.assertTrue(wire.closed())

    def test_both_bodies_stream_at_once(self):
        block = bytes(range(256)) * 4096  # 1 MB
        with self.peer.connect() as wire:
            got = []
            reader = threading.Thread(target=lambda: got.append(wire.answer()))
            reader.start()
            wire.send(b"POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(20):
                wire.send(b"%x\r\n%s\r\n" % (len(block), block))
            wire.send(b"0\r\n\r\n")
            reader.join(PATIENCE)
        self.assertTrue(got[0].whole)
        self.assertEqual(got[0].body, block * 20)

    def test_draining_finishes_what_is_under_way(self):
        with self.peer.connect() as wire, self.peer.connect() as idle:
            idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(idle.answer().status, 200)
            wire.send("GET /later?ms=4000 HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(self.peer.get("/hello").status, 200)  # so that the one before has begun
            self.peer.process.send_signal(signal.SIGTERM)
            self.assertTrue(idle.closed())
            answer = wire.answer()
            self.assertEqual((answer.body, answer.header("Connection")), (b"late\n", "close"))
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", self.peer.port))
            self.assertEqual(self.peer.process.wait(PATIENCE), 0)  # a second signal would find no handler any more

    def test_above_the_limit_connections_wait(self):
        with contextlib.ExitStack() as stack:
            first = [stack.enter_context(self.peer.connect()) for _ in range(100)]
            late = stack.enter_context(self.peer.connect())
            late.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            first[0].send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(first[0].answer().status, 200)
            first[0].socket.close()
            self.assertEqual(late.answer().status, 200)


    def test_a_body_that_never_ends_is_not_waited_for(self):
        """[R-G14] Whose input has ended sends no more of it: the connection is over at once, not when a body's time is; also where the answer was out before."""
        for before, text in ((b"", post("/hello", b"abc")), (b"", post("/echo", b"abc")), (b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", post("/echo", b"abc"))):
            with self.peer.connect() as wire:
                wire.send(before + text[:-1])
                if b"/hello" in before + text:
                    self.assertEqual(wire.answer().body, b"hello\n")
                wire.socket.shutdown(socket.SHUT_WR)
                wire.socket.settimeout(30)  # half of a body's time
                self.assertTrue(wire.closed())


class Time(Server):
    takes_seconds = 17
    options = ()

    def test_a_slow_head_is_408(self):
        """[R-G14]"""
        with self.peer.connect() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost:")
            answer = wire.answer()
            self.assertEqual((answer.status, json.loads(answer.body)["code"]), (408, "request_timeout"))
            self.assertTrue(wire.closed())

    def test_bytes_do_not_prolong_a_head(self):
        """[R-G14]"""
        with self.peer.connect() as wire:
            wire.send("GET /hello HTTP/1.1\r\nX: ")
            with contextlib.suppress(ConnectionError):
                for _ in range(PATIENCE * 20):
                    wire.send("a")
                    if select.select([wire.socket], [], [], 0.05)[0]:
                        break
            self.assertEqual(wire.answer().status, 408)

    def test_silence_ends_quietly(self):
        with self.peer.connect() as wire:
            self.assertTrue(wire.closed())
        with self.peer.connect() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.answer().status, 200)
            self.assertTrue(wire.closed())

    def test_a_body_that_stops_is_cut(self):
        """[R-G14]"""
        for path in ("/echo", "/stream", "/sink"):
            with self.peer.connect() as wire:
                wire.send(post(path, b"abc")[:-1])
                answer = wire.answer()
                self.assertTrue(answer is None or not answer.whole)

    def test_a_reader_that_stops_is_cut(self):
        """[R-G14]"""
        for pause in (1, 2, 4, 8, 16):  # however slow the machine is, at some length it has been cut
            with self.peer.connect(receive_buffer=4096) as wire:
                wire.send(f"GET /big?bytes={50 * MEGABYTE}&told=1 HTTP/1.1\r\nHost: a\r\n\r\n")
                time.sleep(pause)
                if not wire.answer().whole:
                    return
        self.fail("never cut")

    def test_a_slow_handler_is_not_cut(self):
        self.assertEqual(self.peer.get("/later?ms=3000").body, b"late\n")


class Memory(Server):
    def test_a_reader_that_stops_costs_nothing(self):
        """[R-G14]"""
        before = self.peer.memory_kb()
        with self.peer.connect(receive_buffer=65536) as wire:
            wire.send(f"GET /big?bytes={300 * MEGABYTE}&told=1 HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.head()
            for _ in range(20):
                self.assertLess(self.peer.memory_kb() - before, MEMORY_GROWTH_KB)
            total = len(wire.read)
            wire.read = b""
            while total < 300 * MEGABYTE and wire.more():
                total += len(wire.read)
                wire.read = b""
        self.assertEqual(total, 300 * MEGABYTE)
        self.assertLess(self.peer.memory_kb() - before, MEMORY_GROWTH_KB)

    def test_a_browser_that_only_asks_costs_nothing(self):
        before = self.peer.memory_kb()
        with self.peer.connect(receive_buffer=4096) as wire:
            wire.socket.setblocking(False)
            request = b"GET /big?bytes=1000000 HTTP/1.1\r\nHost: a\r\n\r\n" * 100
            sent = 0
            while select.select([], [wire.socket], [], 0.5)[1] and sent < 100 * MEGABYTE:
                sent += wire.socket.send(request)
            self.assertLess(sent, 100 * MEGABYTE)
            self.assertLess(self.peer.memory_kb() - before, MEMORY_GROWTH_KB)
