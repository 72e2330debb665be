"""One connection, byte by byte, to tests/unit/http/wire_peer.c, whose paths show one thing each that a handler of src/http/server.h can do."""
import socket
import subprocess
import tempfile

from harness import BUILD, PATIENCE, SANITIZER

PEER = BUILD / "tests/unit/http/wire_peer"
MEGABYTE = 1024 * 1024
MEMORY_GROWTH_KB = 24 * 1024  # of a process through which 300 MB flow: buffers, and a sanitizer's slack


class Peer:
    def __init__(self, *options):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(PEER), *map(str, options)], stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.port = int(self.process.stdout.readline() or 0)
        if not self.port:
            raise AssertionError(f"wire_peer did not start: {self.log()}")

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def stop(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        log = self.log()
        self.errors.close()
        if code != 0 or any(word in log for word in SANITIZER):
            raise AssertionError(f"wire_peer ended with {code}:\n{log[-6000:]}")

    def connect(self, receive_buffer=None):
        return Wire(self.port, receive_buffer)

    def ask(self, text):
        """One request on a connection of its own; the answer."""
        with self.connect() as wire:
            wire.send(text)
            return wire.answer()

    def get(self, target):
        return self.ask(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")

    def memory_kb(self):
        return int(self.get("/memory").body)


class Answer:
    def __init__(self, status, headers, body, whole):
        self.status, self.headers, self.body, self.whole = status, headers, body, whole

    def header(self, name):
        return next((v for n, v in self.headers if n == name.lower()), None)


class Wire:
    """A connection that is spoken to in raw bytes; answers are read strictly by RFC 9112."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def more(self):
        try:
            piece = self.socket.recv(1 << 18)
        except ConnectionResetError:
            piece = b""
            self.reset = True
        self.read += piece
        return bool(piece)

    def until(self, mark):
        while mark not in self.read:
            if not self.more():
                return None
        taken, self.read = self.read.split(mark, 1)
        return taken

    def exactly(self, n):
        pieces, have = [self.read], len(self.read)
        self.read = b""
        while have < n and self.more():
            pieces.append(self.read)
            have += len(self.read)
            self.read = b""
        whole = b"".join(pieces)
        taken, self.read = whole[:n], whole[n:]
        return taken

    def chunks(self):
        pieces = []
        while True:
            size = self.until(b"\r\n")
            if size is None:
                return b"".join(pieces), False
            n = int(size, 16)
            if n == 0:
                return b"".join(pieces), self.exactly(2) == b"\r\n"
            pieces.append(self.exactly(n))
            if len(pieces[-1]) < n or self.exactly(2) != b"\r\n":
                return b"".join(pieces), False

    def head(self):
        head = self.until(b"\r\n\r\n")
        if head is None:
            return None, []
        lines = head.decode("latin-1").split("\r\n")
        return int(lines[0].split(" ")[1]), [(n.lower(), v.strip()) for n, v in (line.split(":", 1) for line in lines[1:])]

    def answer(self, to_head=False):
        status, headers = self.head()
        if status is None:
            return None
        names = dict(headers)
        if to_head or status < 200 or status in (204, 304):
            return Answer(status, headers, b"", True)
        if names.get("transfer-encoding") == "chunked":
            return Answer(status, headers, *self.chunks())
        if "content-length" in names:
            n = int(names["content-length"])
            body = self.exactly(n)
            return Answer(status, headers, body, len(body) == n)
        self.reset = False
        while self.more():
            pass
        body, self.read = self.read, b""
        return Answer(status, headers, body, not self.reset)

    def closed(self):
        """Nothing but the end comes."""
        while self.more():
            pass
        return self.read == b""


def post(path, body, *headers):
    lines = "".join(h + "\r\n" for h in headers)
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def chunked(path, *pieces):
    body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + body + b"0\r\n\r\n"
