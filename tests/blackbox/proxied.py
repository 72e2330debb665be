"""For tests of the proxied path: a server whose answers a test writes by hand, and tests/unit/gateway/proxy_peer.c in front of it."""
import contextlib
import json
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import BUILD, PATIENCE, SANITIZER
from wire import Wire

PEER = BUILD / "tests/unit/gateway/proxy_peer"
PUBLIC = "https://gw.example.org"
CONFIG = """
public_url: {public}
listen: [127.0.0.1:8080]
store: sqlite:/nowhere/state.db
keys: /nowhere/keys
servers:
{servers}"""


class Request:
    def __init__(self, head, body, whole):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        self.body, self.whole = body, whole

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def header(self, name):
        return next(iter(self.all(name)), None)

    def names(self):
        return sorted(n.lower() for n, _ in self.headers)


class Upstream:
    """Answers each request by `script(request, wire)`: with the bytes that it returns, or as it likes on the wire; None ends the connection."""

    def __init__(self, script, read_bodies=True, tls=None, port=0):
        self.script, self.read_bodies, self.tls = script, read_bodies, tls
        self.requests, self.connections, self.failures = [], 0, []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                self.open.add(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        wire = Wire.__new__(Wire)
        connection.settimeout(PATIENCE)
        wire.socket, wire.read = connection, b""
        try:
            if self.tls:
                wire.socket = self.tls.wrap_socket(connection, server_side=True)
            while (head := wire.until(b"\r\n\r\n")) is not None:
                request = Request(head, b"", False)
                self.requests.append(request)
                if self.read_bodies:
                    self.read_body(wire, request)
                answer = self.script(request, wire)
                if answer is None:
                    break
                wire.send(answer)
        except OSError:
            pass
        except Exception as why:  # told by the test's end
            self.failures.append(why)
        finally:
            wire.socket.close()
            self.open.discard(connection)

    @staticmethod
    def read_body(wire, request):
        if request.header("Transfer-Encoding"):
            request.body, request.whole = wire.chunks()
        else:
            n = int(request.header("Content-Length") or 0)
            request.body = wire.exactly(n)
            request.whole = len(request.body) == n

    def close(self):
        """Nobody listens any more; what is connected stays."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def stop(self):
        self.close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self.failures:
            raise self.failures[0]


def answer(status, body=b"", *headers, kind="application/json", reason="x", length=True):
    """An answer's bytes; `kind` None: without Content-Type."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Length: {len(body)}"] if length and status not in (204, 304) else []
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body


def chunked_answer(status, *pieces, headers=(), kind="application/json"):
    lines = [f"HTTP/1.1 {status} x", "Transfer-Encoding: chunked", *([f"Content-Type: {kind}"] if kind else []), *headers, "", ""]
    return "\r\n".join(lines).encode() + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


class Peer:
    def __init__(self, servers, kind="pat", value="d2p_the-token"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="store-proxy-"))
        self.config = self.folder / "drawbridge.yaml"
        self.write(servers)
        self.errors = (self.folder / "log").open("w+b")
        self.process = subprocess.Popen([str(PEER), str(self.config), kind, value], stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.port = int(self.process.stdout.readline() or 0)
        if not self.port:
            raise AssertionError(f"proxy_peer did not start: {self.log()}")
        self.events = queue.Queue()
        threading.Thread(target=self.read_events, daemon=True).start()

    def write(self, servers):
        self.config.write_text(CONFIG.format(public=PUBLIC, servers="".join(servers)))

    def read_events(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def result(self):
        """How the call that ended next did end."""
        return self.events.get(timeout=PATIENCE)

    def reload(self, servers):
        self.write(servers)
        self.process.send_signal(signal.SIGHUP)
        assert self.result()["outcome"] == "reloaded"

    def stop(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        log = self.log()
        self.errors.close()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if code != 0 or any(word in log for word in SANITIZER):
            raise AssertionError(f"proxy_peer ended with {code}:\n{log[-6000:]}")

    def connect(self, **options):
        return Wire(self.port, **options)

    def ask(self, text, to_head=False):
        with self.connect() as wire:
            wire.send(text)
            return wire.answer(to_head)

    def call(self, method, target, *headers, body=None):
        lines = [f"{method} {target} HTTP/1.1", "Host: gw.example.org", *headers]
        if body is not None and not any(h.lower().startswith(("content-length", "transfer-encoding")) for h in headers):
            lines.append(f"Content-Length: {len(body)}")
        return self.ask("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""), method == "HEAD")

    def get(self, target, *headers):
        return self.call("GET", target, *headers)

    def counts(self, server="a"):
        return json.loads(self.get(f"/counts/{server}").body)


def server_lines(port, path="/dhis", identity="a", extra="", scheme="http"):
    return f"  - {{id: {identity}, name: A, url: '{scheme}://127.0.0.1:{port}{path}', addresses: [127.0.0.0/8]{extra}}}\n"


class Proxied(unittest.TestCase):
    """self.upstream answers by `script`; self.peer stands before it as server `a` below /dhis."""

    def begin(self, script, kind="pat", value="d2p_the-token", extra="", path="/dhis", read_bodies=True, tls=None):
        self.upstream = Upstream(script, read_bodies, tls)
        self.peer = Peer([server_lines(self.upstream.port, path, extra=extra, scheme="https" if tls else "http")], kind, value)
        self.addCleanup(self.upstream.stop)
        self.addCleanup(self.peer.stop)
        self.base = f"http://127.0.0.1:{self.upstream.port}{path}"

    def begin_with(self, data, **options):
        self.begin(lambda request, wire: data, **options)

    def get_of(self, data, target="/s/a/api/me", *headers, method="GET"):
        """The answer to one call that the server answers with `data`, and how it ended."""
        self.begin_with(data)
        found = self.peer.call(method, target, *headers)
        return found, self.peer.result()

    def assert_error(self, found, status, code):
        self.assertEqual((found.status, found.header("X-Drawbridge-Error")), (status, code), found.body)
        self.assertEqual(found.header("X-Gateway-Headers"), "here")
        error = json.loads(found.body)
        self.assertEqual((error["code"], error["server"]), (code, "a"))
        return error
