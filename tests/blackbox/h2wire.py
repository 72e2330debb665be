"""HTTP/2 frame by frame, for tests that send what no library would: Debian's python3-hyperframe and python3-hpack."""
import collections
import socket
import sys

sys.path.append("/usr/lib/python3/dist-packages")  # where Debian has them, for a python3 that is not Debian's
import hpack  # noqa: E402
from hyperframe import frame as frames  # noqa: E402

from harness import PATIENCE  # noqa: E402

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CALM = 0, 1, 2, 3, 5, 7, 8, 9, 11
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4


class Stream:
    def __init__(self):
        self.status, self.headers, self.body, self.ended, self.reset, self.informed = None, {}, b"", False, None, []

    @property
    def over(self):
        return self.ended or self.reset is not None

    def header(self, name):
        return self.headers.get(name.lower())

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r} ended={self.ended} reset={self.reset}"


class H2:
    """One connection. `windows`: gives windows back as bytes come; else the test does. `taken`: a socket that is connected already."""

    def __init__(self, port, context=None, windows=True, settings=None, receive_buffer=None, taken=None):
        self.socket = taken or socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        if not taken:
            self.socket.connect(("127.0.0.1", port))
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.streams, self.windows = collections.defaultdict(Stream), windows
        self.settings, self.pings, self.goaways, self.closed, self.next_id, self.read = {}, [], [], False, 1, b""
        self.window, self.stream_windows = 65535, collections.defaultdict(lambda: self.settings.get(INITIAL_WINDOW_SIZE, 65535))
        self.send_raw(PREFACE)
        self.send(frames.SettingsFrame(0, settings=settings or {}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, *all_frames):
        self.send_raw(b"".join(f.serialize() for f in all_frames))

    def try_send(self, data):
        """False: the other end is gone."""
        try:
            self.send_raw(data)
            return True
        except OSError:
            return False

    def head(self, method="GET", path="/hello", headers=(), authority="a", scheme="http"):
        return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path), *headers]

    def open(self, head, end=True, identity=None):
        """HEADERS as they are given; the id."""
        identity = identity or self.next_id
        self.next_id = max(self.next_id, identity + 2)
        block = self.encoder.encode([hpack.NeverIndexedHeaderTuple(n, v) for n, v in head])
        pieces = [block[i:i + 16384] for i in range(0, len(block), 16384)]
        all_frames = [frames.HeadersFrame(identity, pieces[0]), *(frames.ContinuationFrame(identity, piece) for piece in pieces[1:])]
        all_frames[-1].flags.add("END_HEADERS")
        if end:
            all_frames[0].flags.add("END_STREAM")
        self.send(*all_frames)
        return identity

    def ask(self, path="/hello", method="GET", headers=(), body=None, **more):
        identity = self.open(self.head(method, path, headers, **more), end=body is None)
        if body is not None:
            self.body(identity, body)
        return identity

    def data(self, identity, piece, end=False):
        found = frames.DataFrame(identity, piece)
        if end:
            found.flags.add("END_STREAM")
        self.send(found)

    def body(self, identity, data, end=True):
        """All of it, as the windows allow."""
        while not self.closed:
            room = min(16384, self.window, self.stream_windows[identity])
            if not data and end:
                self.data(identity, b"", True)
            if not data:
                return
            if room <= 0:
                if self.streams[identity].over or not self.more():
                    return
                continue
            piece, data = data[:room], data[room:]
            self.window -= len(piece)
            self.stream_windows[identity] -= len(piece)
            self.data(identity, piece, end and not data)
            if end and not data:
                return

    def more(self):
        """Takes one frame. False: the end."""
        while len(self.read) < 9 or len(self.read) < 9 + int.from_bytes(self.read[:3], "big"):
            try:
                piece = self.socket.recv(1 << 16)
            except (ConnectionResetError, BrokenPipeError, OSError) as why:
                if isinstance(why, (socket.timeout, TimeoutError)):
                    raise
                piece = b""
            if not piece:
                self.closed = True
                return False
            self.read += piece
        found, length = frames.Frame.parse_frame_header(memoryview(self.read[:9]))
        found.parse_body(memoryview(self.read[9:9 + length]))
        self.read = self.read[9 + length:]
        self.take(found, length)
        return True

    def take(self, found, length):
        stream = self.streams[found.stream_id] if found.stream_id else None
        if isinstance(found, frames.SettingsFrame):
            if "ACK" not in found.flags:
                for identity in list(self.stream_windows):
                    self.stream_windows[identity] += found.settings.get(INITIAL_WINDOW_SIZE, 65535) - self.settings.get(INITIAL_WINDOW_SIZE, 65535)
                self.settings.update(found.settings)
                ack = frames.SettingsFrame(0)
                ack.flags.add("ACK")
                self.try_send(ack.serialize())
        elif isinstance(found, frames.PingFrame):
            self.pings.append(found)
        elif isinstance(found, frames.GoAwayFrame):
            self.goaways.append(found)
        elif isinstance(found, frames.WindowUpdateFrame):
            if stream:
                self.stream_windows[found.stream_id] += found.window_increment
            else:
                self.window += found.window_increment
        elif isinstance(found, frames.HeadersFrame):
            assert "END_HEADERS" in found.flags
            pairs = self.decoder.decode(found.data)
            status = int(dict(pairs)[":status"])
            if status < 200:
                stream.informed.append(status)
            else:
                stream.status, stream.headers = status, dict(pairs)
                stream.pairs = pairs
        elif isinstance(found, frames.DataFrame):
            stream.body += found.data
            if self.windows and length:
                self.give(found.stream_id, length)
        elif isinstance(found, frames.RstStreamFrame):
            stream.reset = found.error_code
        if stream and "END_STREAM" in found.flags:
            stream.ended = True

    def give(self, identity, n):
        self.try_send(frames.WindowUpdateFrame(0, window_increment=n).serialize() + (frames.WindowUpdateFrame(identity, window_increment=n).serialize() if identity else b""))

    def until(self, condition):
        while not condition():
            if not self.more():
                return False
        return True

    def answer(self, identity):
        """The stream when it is over, or the connection is."""
        self.until(lambda: self.streams[identity].over)
        return self.streams[identity]

    def get(self, path="/hello", **more):
        return self.answer(self.ask(path, **more))

    def ping(self):
        """Round the loop of the other end; all that it did before is seen."""
        before = len([p for p in self.pings if "ACK" in p.flags])
        self.send(frames.PingFrame(0, b"\0" * 8))
        return self.until(lambda: len([p for p in self.pings if "ACK" in p.flags]) > before)

    def ended_with(self):
        """Reads to the end; the error code of the last GOAWAY, None without."""
        self.until(lambda: False)
        return self.goaways[-1].error_code if self.goaways else None
