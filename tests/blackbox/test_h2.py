"""HTTP/2 of src/http/server.h in clear (prior knowledge): requests and answers, back-pressure, times, the end. What only an attacker sends is in test_h2_abuse.py."""
import json
import signal
import socket
import unittest

from harness import PATIENCE, answers, wait_for
from h2wire import CALM, CANCEL, H2, INITIAL_WINDOW_SIZE, INTERNAL_ERROR, MAX_CONCURRENT_STREAMS, NO_ERROR, PREFACE, PROTOCOL_ERROR, REFUSED_STREAM, frames
from wire import MEGABYTE, MEMORY_GROWTH_KB, Peer


class Server(unittest.TestCase):
    options = ()

    def setUp(self):
        self.peer = Peer(*self.options)
        self.addCleanup(self.peer.stop)

    def connect(self, **options):
        wire = H2(self.peer.port, **options)
        self.addCleanup(wire.socket.close)
        return wire


class Exchanges(Server):
    options = ("--patient",)

    def test_fifty_requests_on_one_connection(self):
        wire = self.connect()
        asked = [wire.ask(f"/show?{i}") for i in range(50)]
        for i, identity in enumerate(asked):
            found = wire.answer(identity)
            self.assertEqual(found.status, 200, found)
            self.assertIn(f"GET /show?{i} host=a ".encode(), found.body)
            self.assertEqual(int(found.header("content-length")), len(found.body))
            self.assertTrue(found.header("date"))
            self.assertIsNone(found.header("connection"))

    def test_a_slow_answer_does_not_hold_up_others(self):
        """[R-G14] What is quick overtakes what is slow, and a stream whose reader stands still is passed by."""
        wire = self.connect(windows=False)
        slow, stuck = wire.ask("/held"), wire.ask(f"/big?bytes={10 * MEGABYTE}")
        wire.until(lambda: len(wire.streams[stuck].body) == 65535)
        wire.send(frames.WindowUpdateFrame(0, window_increment=1 << 20))
        self.assertEqual(wire.get("/hello").body, b"hello\n")
        self.assertFalse(wire.streams[slow].over)
        self.assertEqual(wire.get("/big?bytes=60000").body, bytes(60000))
        self.assertEqual(wire.get("/release").status, 204)
        self.assertEqual(wire.answer(slow).body, b"late\n")
        self.assertEqual(len(wire.streams[stuck].body), 65535)

    def test_two_long_answers_take_turns(self):
        wire = self.connect(settings={INITIAL_WINDOW_SIZE: 16 * MEGABYTE})
        wire.send(frames.WindowUpdateFrame(0, window_increment=64 * MEGABYTE))
        one, other = wire.ask(f"/big?bytes={8 * MEGABYTE}"), wire.ask(f"/big?bytes={8 * MEGABYTE}")
        wire.until(lambda: wire.streams[one].over or wire.streams[other].over)
        first, second = sorted((wire.streams[one], wire.streams[other]), key=lambda s: not s.over)
        self.assertGreater(len(second.body), 7 * MEGABYTE)
        wire.answer(one), wire.answer(other)
        self.assertEqual((len(first.body), len(second.body)), (8 * MEGABYTE, 8 * MEGABYTE))

    def test_bodies(self):
        wire = self.connect()
        for body, headers in ((b"abc", ()), (b"abc", [("content-length", "3")]), (b"", ()), (b"", [("content-length", "0")]), (b"x" * 500000, ())):
            found = wire.get("/echo", method="POST", headers=headers, body=body)
            self.assertEqual((found.status, found.body), (200, body))
        self.assertEqual(wire.get("/echo", method="POST", body=b"y" * (MEGABYTE + 1)).status, 413)
        self.assertEqual(wire.get("/stream", method="POST", body=bytes(range(256)) * 20000).body, bytes(range(256)) * 20000)
        self.assertEqual(wire.get("/sink", method="PUT", body=b"z" * 3000000).body, b"3000000 whole\n")

    def test_heads(self):
        wire = self.connect()
        for path, length in (("/hello", "6"), ("/big?bytes=1000", None), ("/big?bytes=1000&told=1", "1000")):
            found = wire.get(path, method="HEAD")
            self.assertEqual((found.status, found.body, found.ended, found.header("content-length")), (200, b"", True, length))
        found = wire.get("/nothing")
        self.assertEqual((found.status, found.body, found.header("content-length")), (204, b"", None))

    def test_crumbs_of_cookies_are_joined(self):
        """[R-G10] RFC 9113 section 8.2.3."""
        wire = self.connect()
        self.assertIn(b"cookie=a=1; b=2; c=3\n", wire.get("/show", headers=[("cookie", "a=1"), ("x-other", "1"), ("cookie", "b=2; c=3")]).body)

    def test_secrets_and_ids_stay_out_of_the_header_table(self):
        """How well a secret compresses would tell of it; an id comes only once."""
        wire = self.connect()
        found = [wire.get("/cookie") for _ in range(2)]
        self.assertEqual([f.header("set-cookie") for f in found], ["c=secret"] * 2)
        self.assertNotEqual(*(f.header("x-request-id") for f in found))
        kept = {bytes(name) for name, _ in wire.decoder.header_table.dynamic_entries}
        self.assertIn(b"x-other", kept)
        self.assertFalse(kept & {b"set-cookie", b"x-request-id"}, kept)

    def test_trailers_are_dropped(self):
        """[R-G11]"""
        wire = self.connect()
        identity = wire.open(wire.head("POST", "/show"), end=False)
        wire.data(identity, b"abc")
        trailers = frames.HeadersFrame(identity, wire.encoder.encode([("x-trailer", "evil"), ("authorization", "evil")]))
        trailers.flags.add("END_HEADERS")
        trailers.flags.add("END_STREAM")
        wire.send(trailers)
        found = wire.answer(identity)
        self.assertEqual(found.status, 200)
        self.assertNotIn(b"evil", found.body)

    def test_expect(self):
        wire = self.connect()
        identity = wire.open(wire.head("POST", "/echo", [("expect", "100-continue")]), end=False)
        wire.until(lambda: wire.streams[identity].informed)
        wire.body(identity, b"now")
        self.assertEqual((wire.answer(identity).body, wire.streams[identity].informed), (b"now", [100]))

    def test_an_answer_that_is_cut_is_reset(self):
        """[R-G11] No half body looks whole, whether its length was told or not."""
        wire = self.connect()
        for path in ("/big?bytes=100000&cut=50000", "/big?bytes=100000&cut=50000&told=1", "/big?bytes=100&cut=0"):
            found = wire.get(path)
            self.assertEqual((found.ended, found.reset), (False, INTERNAL_ERROR), path)
        self.assertEqual(wire.get("/hello").status, 200)

    def test_a_body_that_nobody_reads(self):
        """A short one is waited for; of a long one the rest is refused without harm to the answer, and the connection goes on."""
        wire = self.connect()
        found = wire.get("/hello", method="POST", body=b"x" * 1000)
        self.assertEqual((found.body, found.ended, found.reset), (b"hello\n", True, None))
        identity = wire.open(wire.head("POST", "/hello"), end=False)
        for _ in range(5):
            wire.data(identity, b"x" * 16384)
        wire.until(lambda: wire.streams[identity].reset is not None)
        found = wire.streams[identity]
        self.assertEqual((found.status, found.body, found.ended, found.reset), (200, b"hello\n", True, NO_ERROR))
        self.assertEqual(wire.get("/hello").status, 200)

    def test_a_body_of_no_bytes_that_is_never_ended(self):
        """[R-G14] Content-Length: 0 without END_STREAM: answered, and not kept open for ever."""
        wire = self.connect()
        found = wire.answer(wire.open(wire.head("POST", "/echo", [("content-length", "0")]), end=False))
        self.assertEqual((found.status, found.ended), (200, True))
        self.assertTrue(wire.until(lambda: found.reset is not None))
        self.assertEqual(found.reset, NO_ERROR)

    def test_the_preface_in_pieces_and_beside_http_1(self):
        """An HTTP/1.1 request is not taken for one, and the upgrade of HTTP/1.1 is not answered with 101."""
        self.assertEqual(self.connect().get().status, 200)
        with self.peer.connect() as plain:
            for byte in PREFACE:
                plain.send(bytes([byte]))
            plain.send(frames.SettingsFrame(0).serialize())
            self.assertEqual(plain.exactly(9)[3], 4)  # SETTINGS
        self.assertEqual(self.peer.ask("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab").body, b"ab")
        upgrade = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        self.assertEqual(self.peer.ask(upgrade).status, 200)
        with self.peer.connect() as late:
            late.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(late.answer().status, 200)
            late.send(PREFACE)
            self.assertEqual(late.answer().status, 400)

    def test_a_proxied_upload_of_a_megabyte(self):
        """[R-G14] Both directions through the pool of upstream connections, to a server that reads slowly."""
        target = Peer("--patient")
        self.addCleanup(target.stop)
        peer = Peer("--patient", "--port", target.port)
        self.addCleanup(peer.stop)
        with H2(peer.port) as wire:
            body = b"0123456789abcdef" * 65536
            asked = [wire.ask("/proxy/echo", "POST", body=body) for _ in range(4)]
            for identity in asked:
                self.assertEqual(wire.answer(identity).body, body)


class Differential(Server):
    options = ("--patient",)
    ROWS = [
        ("GET", "/hello", [], None), ("GET", "/none", [], None), ("HEAD", "/hello", [], None), ("GET", "/big?bytes=70000", [], None), ("GET", "/nothing", [], None),
        ("POST", "/echo", [], b"abc"), ("PUT", "/sink", [], b"x" * 200000), ("POST", "/echo", [], b"x" * (MEGABYTE + 1)), ("POST", "/echo", [], b""),
        ("TRACE", "/hello", [], None), ("FOO", "/hello", [], None), ("GET", "/a\\b", [], None), ("GET", "/a#b", [], None), ("GET", "/a%20b", [], None), ("GET", "/" + "a" * 65530, [], None), ("GET", "/" + "a" * 60000, [], None),
        ("OPTIONS", "*", [], None), ("GET", "/hello", [("x_underscore", "1")], None),
        ("GET", "/hello", [("x", "y" * 40000), ("z", "y" * 30000)], None), ("GET", "/hello", [(f"x{i}", "1") for i in range(128)], None), ("GET", "/hello", [("x-byte", "caf\xe9")], None),
        ("DELETE", "/show?a=b&c", [("accept", "text/plain"), ("x-more", "a, b")], None),
    ]

    def test_the_same_requests_get_the_same_answers(self):
        """[R-G10, A22] Status, code, type and body over HTTP/1.1 and HTTP/2."""
        for method, path, headers, body in self.ROWS:
            with self.subTest(method=method, path=path[:30], headers=str(headers)[:60]):
                lines = [f"{n}: {v}" for n, v in headers] + ([f"Content-Length: {len(body)}"] if body is not None else [])
                text = "\r\n".join([f"{method} {path} HTTP/1.1", "host: a", *lines, "", ""]).encode("latin-1") + (body or b"")
                with self.peer.connect() as wire:
                    wire.send(text)
                    old = wire.answer(method == "HEAD")
                with H2(self.peer.port) as wire:
                    raw = [(n.encode(), v.encode("latin-1")) for n, v in headers]
                    new = wire.get(path, method=method, headers=raw + ([(b"content-length", b"%d" % len(body))] if body is not None else []), body=body)
                self.assertEqual(new.status, old.status, new)
                for name in ("content-type", "x-drawbridge-error", "content-length", "allow"):
                    self.assertEqual(new.header(name), old.header(name), name)
                self.assertEqual(self.plain(new.body), self.plain(old.body))

    @staticmethod
    def plain(body):
        """Without what differs from request to request, and the fields that only one of the wires needs."""
        try:
            members = json.loads(body)
            return {**members, "request_id": ""}
        except ValueError:
            lines = body.decode("latin-1").split("\n")
            return sorted(line.split(" id=")[0] for line in lines if not line.startswith(("transfer-encoding=", "content-length=")))


class BackPressure(Server):
    options = ("--patient",)

    def test_a_hundred_slow_readers_on_one_connection(self):
        """[R-G14] 10 MB each, none of it read: memory stays flat; then one reads all of its own."""
        before = self.peer.memory_kb()
        wire = self.connect(windows=False)
        wire.until(lambda: MAX_CONCURRENT_STREAMS in wire.settings)
        self.assertEqual(wire.settings[MAX_CONCURRENT_STREAMS], 128)
        asked = [wire.ask(f"/big?bytes={10 * MEGABYTE}") for _ in range(100)]
        wire.until(lambda: sum(len(s.body) for s in wire.streams.values()) == 65535)
        wire.ping()
        self.assertLess(self.peer.memory_kb() - before, 100 * 400)
        last = asked[-1]
        wire.windows = True
        wire.give(0, 16 * MEGABYTE)
        wire.give(last, 1 << 20)
        while len(wire.streams[last].body) < 10 * MEGABYTE and wire.more():
            pass
        self.assertEqual(len(wire.answer(last).body), 10 * MEGABYTE)

    def test_an_upload_that_is_not_taken_waits(self):
        """[R-G14] Its window is not given back; other streams of the connection go on."""
        wire = self.connect()
        stuck = wire.open(wire.head("POST", "/held"), end=False)
        wire.until(lambda: INITIAL_WINDOW_SIZE in wire.settings)
        window = wire.settings[INITIAL_WINDOW_SIZE]
        wire.body(stuck, bytes(window), end=False)
        wire.ping()
        self.assertEqual(wire.stream_windows[stuck], 0)
        self.assertEqual(wire.get("/echo", method="POST", body=b"y" * 300000).body, b"y" * 300000)
        self.assertEqual(wire.get("/release").status, 204)
        self.assertEqual(wire.answer(stuck).body, b"late\n")

    def test_a_slow_server_slows_the_upload_down(self):
        """[R-G14] 300 MB through the proxy to a server that does not read: what was sent is bounded, and so is memory."""
        target = Peer("--patient")
        self.addCleanup(target.stop)
        peer = Peer("--patient", "--port", target.port)
        self.addCleanup(peer.stop)
        before = peer.memory_kb()
        with H2(peer.port) as wire:
            # The server sends all of it back, and nothing of that is taken here: in the end nobody in between can take more.
            wire.windows = False
            identity = wire.open(wire.head("POST", "/proxy/stream"), end=False)
            sent = 0
            while sent < 300 * MEGABYTE:
                room = min(16384, wire.window, wire.stream_windows[identity])
                if room > 0:
                    wire.data(identity, bytes(room))
                    wire.window, wire.stream_windows[identity], sent = wire.window - room, wire.stream_windows[identity] - room, sent + room
                    continue
                wire.socket.settimeout(1)
                try:
                    wire.more()
                except TimeoutError:
                    break
            self.assertLess(sent, 40 * MEGABYTE)
            self.assertLess(peer.memory_kb() - before, 2 * MEMORY_GROWTH_KB)


class Times(Server):
    takes_seconds = 15

    def test_who_says_nothing_and_who_stops_in_the_middle(self):
        """[R-G14] A connection without a request, one that has been idle, a head without an end: all end with GOAWAY or at once."""
        self.assertIn(self.connect().ended_with(), (NO_ERROR, None))
        wire = self.connect()
        self.assertEqual(wire.get().status, 200)
        self.assertEqual(wire.ended_with(), NO_ERROR)
        wire = self.connect()
        wire.ping()
        wire.send(frames.HeadersFrame(1, wire.encoder.encode(wire.head())))
        self.assertEqual(wire.ended_with(), CALM)

    def test_pings_do_not_keep_a_connection(self):
        """[R-G14]"""
        wire = self.connect()
        while wire.ping():
            pass
        self.assertTrue(wire.closed)

    def test_a_body_that_stops_and_a_reader_that_stops(self):
        """[R-G14] Such a stream is reset; the connection and its other streams go on."""
        wire = self.connect(windows=False)
        body, reader = wire.open(wire.head("POST", "/echo"), end=False), wire.ask(f"/big?bytes={MEGABYTE}")
        self.assertEqual(wire.answer(body).reset, INTERNAL_ERROR)
        self.assertEqual(wire.answer(reader).reset, INTERNAL_ERROR)
        wire.give(0, MEGABYTE)
        self.assertEqual(wire.get("/hello").status, 200)

    def test_a_slow_handler_is_waited_for(self):
        self.assertEqual(self.connect().get("/later?ms=3000").body, b"late\n")


class End(Server):
    options = ("--patient",)

    def test_a_drain_loses_nothing(self):
        """[R-G14] GOAWAY comes in two steps: what was on its way at the first is answered, and what is under way ends well."""
        wire = self.connect()
        self.assertEqual(wire.get().status, 200)
        slow = wire.ask("/later?ms=900")
        self.assertTrue(wire.ping())
        self.peer.process.send_signal(signal.SIGTERM)
        wire.until(lambda: wire.goaways)
        self.assertEqual((wire.goaways[0].error_code, wire.goaways[0].last_stream_id), (NO_ERROR, (1 << 31) - 1))
        crossing = wire.ask("/show")
        self.assertEqual(wire.answer(crossing).status, 200)
        wire.until(lambda: any("ACK" not in p.flags for p in wire.pings))
        echo = frames.PingFrame(0, wire.pings[-1].opaque_data)
        echo.flags.add("ACK")
        wire.send(echo)
        wire.until(lambda: len(wire.goaways) > 1)
        self.assertEqual(wire.goaways[1].last_stream_id, crossing)
        self.assertEqual(wire.answer(slow).body, b"late\n")
        self.assertEqual(wire.ended_with(), NO_ERROR)
        self.assertEqual(self.peer.process.wait(60), 0)

    def test_a_connection_that_begins_to_speak_in_a_drain(self):
        """[R-G14] It was accepted before: its first request is answered, and the goodbye comes at once."""
        with socket.create_connection(("127.0.0.1", self.peer.port), PATIENCE) as early:
            self.assertEqual(self.connect().get().status, 200)  # so that the one before was accepted
            self.peer.process.send_signal(signal.SIGTERM)
            wait_for(lambda: not answers(self.peer.port), "nobody listens any more")
            wire = H2(self.peer.port, taken=early)
            self.assertEqual(wire.get().status, 200)
            self.assertEqual(wire.ended_with(), NO_ERROR)
            self.assertEqual(len(wire.goaways), 2)
        self.assertEqual(self.peer.process.wait(60), 0)

    def test_a_drain_does_not_wait_for_who_is_silent(self):
        wire = self.connect()
        self.assertEqual(wire.get().status, 200)
        self.peer.process.send_signal(signal.SIGTERM)
        self.assertEqual(wire.ended_with(), NO_ERROR)
        self.assertEqual(self.peer.process.wait(60), 0)

    def test_more_streams_than_allowed(self):
        """[R-G14] Who could not know yet may ask again; who was told is cut off."""
        early = self.connect()
        asked = [early.ask("/held") for _ in range(130)]
        self.assertEqual([early.answer(identity).reset for identity in asked[128:]], [REFUSED_STREAM] * 2)
        self.assertEqual(self.connect().get("/release").status, 204)
        found = [early.answer(identity) for identity in asked]
        self.assertEqual([s.status for s in found[:128]], [200] * 128)
        self.assertEqual([s.reset for s in found[128:]], [REFUSED_STREAM] * 2)
        told = self.connect()
        self.assertTrue(told.ping())
        for _ in range(129):
            told.ask("/held")
        self.assertEqual(told.ended_with(), PROTOCOL_ERROR)
        self.assertEqual(self.connect().get("/release").status, 204)

    def test_a_browser_that_gives_up(self):
        """[R-G14] RST_STREAM with CANCEL reaches the handler: what it did is given up, and nothing leaks."""
        wire = self.connect(windows=False)
        for _ in range(20):
            identity = wire.ask(f"/big?bytes={100 * MEGABYTE}")
            wire.until(lambda: wire.streams[identity].status)
            wire.send(frames.RstStreamFrame(identity, error_code=CANCEL))
        self.assertTrue(wire.ping())
        wire.give(0, MEGABYTE)
        self.assertEqual(wire.get("/hello").status, 200)
