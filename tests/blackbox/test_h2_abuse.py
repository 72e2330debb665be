"""HTTP/2 as an attacker sends it: malformed requests are no requests, and who makes work for nothing is cut off while others are served."""
import unittest

from h2wire import CALM, CANCEL, COMPRESSION_ERROR, FLOW_CONTROL_ERROR, H2, INITIAL_WINDOW_SIZE, PROTOCOL_ERROR, STREAM_CLOSED, frames
from wire import Peer


class Attack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.peer = Peer("--patient")

    @classmethod
    def tearDownClass(cls):
        cls.peer.stop()

    def connect(self, **options):
        wire = H2(self.peer.port, **options)
        self.addCleanup(wire.socket.close)
        return wire

    def others_are_served(self):
        self.assertEqual(self.connect().get("/hello").body, b"hello\n")


def head(method="GET", path="/show", scheme="http", authority="a", more=()):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path), *more]


class Malformed(Attack):
    RESET = None  # in place of a status: RST_STREAM with PROTOCOL_ERROR
    ROWS = [
        ("a name in upper case", head(more=[("X-Upper", "1")]), RESET),
        ("Connection", head(more=[("connection", "close")]), RESET),
        ("Keep-Alive", head(more=[("keep-alive", "1")]), RESET),
        ("Proxy-Connection", head(more=[("proxy-connection", "close")]), RESET),
        ("Transfer-Encoding", head(more=[("transfer-encoding", "chunked")]), RESET),
        ("Upgrade", head(more=[("upgrade", "h2c")]), RESET),
        ("TE with another coding", head(more=[("te", "gzip")]), RESET),
        ("no method", head()[1:], RESET),
        ("no scheme", [f for f in head() if f[0] != ":scheme"], RESET),
        ("no path", head()[:3], RESET),
        ("an empty path", head(path=""), RESET),
        ("a path twice", head(more=[(":path", "/hello")]), RESET),
        ("a method twice", head(more=[(":method", "GET")]), RESET),
        ("an authority twice", head(more=[(":authority", "a")]), RESET),
        ("a pseudo-header that is not known", head(more=[(":evil", "1")]), RESET),
        ("a status in a request", head(more=[(":status", "200")]), RESET),
        ("a pseudo-header behind a field", [*head()[:3], ("x", "1"), (":path", "/show")], RESET),
        ("extended CONNECT", head("CONNECT", more=[(":protocol", "websocket")]), RESET),
        ("a length that is none", head(more=[("content-length", "1x")]), RESET),
        ("two lengths", head(more=[("content-length", "0"), ("content-length", "0")]), RESET),
        ("a length and no body", head(more=[("content-length", "5")]), RESET),
        ("neither authority nor Host", [f for f in head() if f[0] != ":authority"], RESET),
        ("CONNECT", [(":method", "CONNECT"), (":authority", "a:1")], 405),
        ("TRACE", head("TRACE"), 405),
        ("another Host", head(more=[("host", "b")]), 400),
        ("two Hosts", head(more=[("host", "a"), ("host", "a")]), RESET),
        ("user and password in the authority", head(authority="u:p@a"), 400),
        ("a path in the authority", head(authority="a/b"), RESET),
        ("another scheme", head(scheme="ftp"), 400),
        ("a whole address", head(path="http://b/show"), RESET),
        ("a path without slash", head(path="show"), RESET),
        ("a fragment", head(path="/show#x"), 400),
        ("a backslash", head(path="/a\\b"), 400),
        ("a blank in the path", head(path="/a b"), RESET),
        ("CR LF in a path", head(path="/a HTTP/1.1\r\nx: y"), RESET),
        ("CR LF in a value", head(more=[("x", "a\r\nevil: 1")]), 400),
        ("LF in a value", head(more=[("x", "a\nb")]), 400),
        ("NUL in a value", head(more=[("x", "a\0b")]), 400),
        ("a blank before a value", head(more=[("x", " a")]), 400),
        ("a blank behind a value", head(more=[("x", "a\t")]), 400),
        ("a colon in a name", head(more=[("x:evil", "1")]), 400),
        ("a blank in a name", head(more=[("x evil", "1")]), 400),
        ("CR LF in a name", head(more=[("x\r\nevil", "1")]), 400),
        ("no name", head(more=[("", "1")]), 400),
        ("CR LF in the method", head("GET /x HTTP/1.1\r\nx:"), RESET),
    ]

    def test_each_is_no_request(self):
        """[R-G10, A22] Answered by the guard or reset by the frame layer; the connection goes on."""
        for what, fields, expected in self.ROWS:
            with self.subTest(what), H2(self.peer.port) as wire:
                found = wire.answer(wire.open(fields))
                self.assertFalse(wire.closed, what)
                self.assertNotIn(b"host=", found.body)  # what /show says
                if expected is None:
                    self.assertEqual((found.status, found.reset), (None, PROTOCOL_ERROR))
                else:
                    self.assertEqual((found.status, found.ended), (expected, True), found)
                    self.assertEqual(found.header("x-drawbridge-error"), {405: "method_refused", 400: "bad_target" if "a fragment" in what or "backslash" in what else "bad_request"}[expected])
                self.assertEqual(wire.get("/hello").status, 200)

    def test_a_body_that_is_not_as_long_as_it_was_told(self):
        """[R-G10, A22] CL is not DATA: shorter, longer, and longer behind a first piece; none is taken for whole."""
        for pieces, told in (((b"abc",), "5"), ((b"abcdef",), "3"), ((b"abc", b"def"), "4"), ((b"",), "1")):
            with self.subTest(pieces=pieces, told=told), H2(self.peer.port) as wire:
                identity = wire.open(wire.head("POST", "/sink", [("content-length", told)]), end=False)
                for piece in pieces[:-1]:
                    wire.data(identity, piece)
                wire.data(identity, pieces[-1], True)
                found = wire.answer(identity)
                self.assertTrue(found.reset == PROTOCOL_ERROR or (found.status == 400 and b"cut" in found.body), found)
                self.assertEqual(wire.get("/hello").status, 200)

    def test_a_head_that_is_too_large(self):
        """[R-G14] Fields and bytes have their limits; far beyond them the connection ends."""
        wire = self.connect()
        for more in ([(f"x{i}", "1") for i in range(200)], [("a", "y" * 33000), ("b", "y" * 33000)], [("cookie", "y" * 3000)] * 30):
            self.assertEqual(wire.get("/show", headers=more).status, 431)
        self.assertEqual(wire.get("/" + "y" * 65530).status, 414)
        self.assertEqual(wire.get("/hello").status, 200)


class Floods(Attack):
    def assert_calmed(self, wire, *codes):
        self.assertIn(wire.ended_with(), codes or (CALM,))
        self.others_are_served()

    def flood(self, wire, piece, count=5000):
        """As often as the other end takes it; not so much that what lies unread behind the goodbye resets the connection, and the goodbye with it."""
        for _ in range(count // 100):
            if not wire.try_send(piece * 100):
                return

    def control(self, *all_frames):
        return b"".join(f.serialize() for f in all_frames)

    def test_pings(self):
        """[R-G14, A22]"""
        wire = self.connect()
        self.flood(wire, self.control(frames.PingFrame(0, b"\0" * 8)))
        self.assert_calmed(wire)

    def test_settings(self):
        """[R-G14, A22]"""
        wire = self.connect()
        self.flood(wire, self.control(frames.SettingsFrame(0, settings={INITIAL_WINDOW_SIZE: 65535})))
        self.assert_calmed(wire)

    def test_priorities(self):
        """[R-G14, A22]"""
        wire = self.connect()
        self.flood(wire, self.control(frames.PriorityFrame(1, depends_on=0, stream_weight=1, exclusive=False)))
        self.assert_calmed(wire)

    def test_frames_of_no_known_kind(self):
        """[R-G14, A22] RFC 9113 section 4.1: they are passed over; they make no work but to be read."""
        wire = self.connect()
        self.flood(wire, b"\0\0\1\x7f\0\0\0\0\0x")
        self.assertEqual(wire.get("/hello").status, 200)

    def test_empty_data(self):
        """[R-G14, A22]"""
        wire = self.connect()
        identity = wire.open(wire.head("POST", "/sink"), end=False)
        self.flood(wire, self.control(frames.DataFrame(identity, b"")))
        self.assert_calmed(wire)

    def test_rapid_reset(self):
        """[R-G14, A22] CVE-2023-44487: requests that are taken back at once."""
        wire = self.connect()
        block = wire.encoder.encode(wire.head("GET", "/later?ms=50"))
        for i in range(2000):
            asked = frames.HeadersFrame(2 * i + 1, block if i == 0 else wire.encoder.encode(wire.head("GET", "/later?ms=50")))
            asked.flags.add("END_HEADERS")
            asked.flags.add("END_STREAM")
            if not wire.try_send(asked.serialize() + frames.RstStreamFrame(2 * i + 1, error_code=CANCEL).serialize()):
                break
        self.assert_calmed(wire)

    def test_resets_that_are_provoked(self):
        """[R-G14, A22] CVE-2025-8671: the request is good, and what follows makes the server reset it."""
        wire = self.connect()
        for i in range(2000):
            asked = frames.HeadersFrame(2 * i + 1, wire.encoder.encode(wire.head("GET", "/later?ms=50")))
            asked.flags.add("END_HEADERS")
            asked.flags.add("END_STREAM")
            if not wire.try_send(asked.serialize() + b"\0\0\4\x08\0" + (2 * i + 1).to_bytes(4, "big") + b"\0\0\0\0"):
                break
        self.assert_calmed(wire, CALM, PROTOCOL_ERROR)

    def test_continuations_without_end(self):
        """[R-G14, A22] CVE-2024-27983 and its kin: empty ones, and full ones."""
        for piece in (b"", b"\0\1x" + b"\x7f\x81\x04" + b"y" * 512):
            wire = self.connect()
            wire.send(frames.HeadersFrame(1, wire.encoder.encode(wire.head())))
            self.flood(wire, self.control(frames.ContinuationFrame(1, piece)))
            self.assert_calmed(wire, CALM, PROTOCOL_ERROR, COMPRESSION_ERROR, None)

    def test_a_head_that_grows_when_it_is_unpacked(self):
        """[R-G14, A22] 4 KB once, then a byte each: a megabyte for sixteen kilobytes, again and again."""
        wire = self.connect()
        before = self.peer.memory_kb()
        large = wire.encoder.encode(wire.head()) + b"\x40\x01x" + b"\x7f" + bytes([0x80 | (3900 - 127) & 127, (3900 - 127) >> 7]) + b"y" * 3900
        asked = frames.HeadersFrame(1, large + b"\xbe" * 12000)
        asked.flags.add("END_HEADERS")
        asked.flags.add("END_STREAM")
        wire.send(asked)
        self.assert_calmed(wire)
        self.assertLess(self.peer.memory_kb() - before, 8 * 1024)

    def test_a_window_of_one_byte(self):
        """[R-G14, A22] An answer in frames of a byte each, with a WINDOW_UPDATE for each."""
        wire = self.connect(windows=False, settings={INITIAL_WINDOW_SIZE: 1})
        identity = wire.ask("/big?bytes=1000000")
        for _ in range(5000):
            if not wire.try_send(frames.WindowUpdateFrame(identity, window_increment=1).serialize() + frames.WindowUpdateFrame(0, window_increment=1).serialize()):
                break
        self.assert_calmed(wire)

    def test_windows_that_overflow(self):
        """[R-G10, A22] RFC 9113 section 6.9.1: of a stream, of the connection, and an update by nothing."""
        wire = self.connect(windows=False)
        identity = wire.ask("/big?bytes=1000000")
        wire.send(*[frames.WindowUpdateFrame(identity, window_increment=(1 << 31) - 1)] * 2)
        self.assertEqual(wire.answer(identity).reset, FLOW_CONTROL_ERROR)
        self.assertEqual(wire.get("/nothing").status, 204)
        wire.send(*[frames.WindowUpdateFrame(0, window_increment=(1 << 31) - 1)] * 2)
        self.assert_calmed(wire, FLOW_CONTROL_ERROR)
        nothing = self.connect()
        nothing.send_raw(b"\0\0\4\x08\0\0\0\0\0\0\0\0\0")
        self.assert_calmed(nothing, PROTOCOL_ERROR)

    def test_more_body_than_the_window_allows(self):
        """[R-G10, R-G14, A22] It ends the stream, and not the connection."""
        wire = self.connect()
        identity = wire.open(wire.head("POST", "/held"), end=False)
        for _ in range(30):
            piece = frames.DataFrame(identity, bytes(16384))
            if not wire.try_send(piece.serialize()):
                break
        self.assertEqual(wire.answer(identity).reset, FLOW_CONTROL_ERROR)
        self.assertEqual(wire.get("/release").status, 204)

    def test_a_stream_that_was_closed_or_passed_over(self):
        """[R-G10, A22]"""
        wire = self.connect()
        self.assertEqual(wire.get("/hello").status, 200)
        wire.data(1, b"more")
        self.assert_calmed(wire, STREAM_CLOSED)
        wire = self.connect()
        wire.open(wire.head(), identity=5)
        wire.open(wire.head(), identity=3)
        self.assert_calmed(wire, PROTOCOL_ERROR)

    def test_answers_that_nobody_reads(self):
        """[R-G14, A22] A gigabyte is asked for, and nothing of it read: the server reads no further either, and memory stays flat."""
        before = self.peer.memory_kb()
        wire = self.connect(windows=False, receive_buffer=4096, settings={INITIAL_WINDOW_SIZE: 1 << 30})
        wire.send(frames.WindowUpdateFrame(0, window_increment=1 << 30))
        for _ in range(100):
            wire.ask("/big?bytes=10000000")
        wire.socket.settimeout(2)
        with self.assertRaises(TimeoutError):
            for _ in range(10000):
                wire.send_raw(b"\0\x40\0\x7f\0\0\0\0\0" + bytes(16384))
        self.assertLess(self.peer.memory_kb() - before, 100 * 400)
        self.others_are_served()

    def test_http_1_behind_the_preface(self):
        """[R-G10, A22]"""
        wire = self.connect()
        wire.send_raw(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.ended_with()
        self.assertTrue(wire.goaways)
        self.assertFalse(any(s.status for s in wire.streams.values()))
        self.others_are_served()
