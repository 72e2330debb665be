"""Starts the programs of $DRAWBRIDGE_BUILD on free ports, speaks HTTP to them byte by byte, and fails when one of them ends badly.

What holds always: every process is ended with SIGTERM and must exit with 0; a word of a sanitizer in its log fails the test. Nothing here retries or sleeps for luck:
`wait_for` asks until a condition holds or a generous deadline has passed.
"""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "tests"))  # what other suites use, too
from ports import free_port  # noqa: E402,F401

BUILD = pathlib.Path(os.environ.get("DRAWBRIDGE_BUILD", ROOT / "build-san")).resolve()
PATIENCE = 180  # seconds; only ever spent on a failure
socketserver.TCPServer.request_queue_size = 256  # with five, a server of a test that has no core for a moment loses whoever comes, and they come again a second later, or ten
os.environ["LANG"] = "C.UTF-8"  # whatever this machine speaks, reports are in English where a test asks for no other language
for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
    os.environ.pop(name, None)
SANITIZER = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "SUMMARY: UndefinedBehaviorSanitizer", "WARNING: ThreadSanitizer")


def run(*words, **options):
    """A command to its end, and what it said."""
    return subprocess.run(list(map(str, words)), **{"capture_output": True, "text": True, "timeout": PATIENCE, **options})


def commands():
    """Each command of the program, as words, of which the program tells the options."""
    names = re.findall(r"^  (\S+) ", run(BUILD / "drawbridge", "--help").stdout, re.M)
    return [[name] for name in names if name != "version"] + [["mapping", "drift"]]


def options_of(words):
    return set(re.findall(r"--[a-z-]+", run(BUILD / "drawbridge", *words, "--help").stdout))


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"{what}: waited {PATIENCE} s in vain")


def together(*calls):
    """What they return, each in a thread of its own; all begin at the same moment."""
    start = threading.Barrier(len(calls))

    def begin(call):
        start.wait(PATIENCE)
        return call()
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def answers(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


def leave_the_sandbox(config):
    """What counts the lines writes its figures where the sandbox lets nothing be written."""
    text = config.read_text()
    if not re.search("^sandbox:", text, re.M):
        config.write_text(text + "\nsandbox: off\n")


def give_workers(config, workers):
    """DRAWBRIDGE_WORKERS=2 has every drawbridge serve with so many, whose configuration does not say how many."""
    text = config.read_text()
    if not re.search("^workers:", text, re.M):
        config.write_text(text + f"\nworkers: {workers}\n")


class Program:
    """One running program with its log."""

    def __init__(self, name, words, port, environment=None, pass_fds=()):
        self.name, self.port, self.kept = name, port, None  # kept: the log of one that has ended
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"drawbridge-{name}-"))
        self.log_path = self.directory / "log"
        if os.environ.get("DRAWBRIDGE_COVERAGE") and "--config" in words:
            leave_the_sandbox(pathlib.Path(words[words.index("--config") + 1]))
        if os.environ.get("DRAWBRIDGE_WORKERS") and "serve" in words and "--config" in words:
            give_workers(pathlib.Path(words[words.index("--config") + 1]), os.environ["DRAWBRIDGE_WORKERS"])
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen([str(BUILD / words[0]), *map(str, words[1:])], stdout=log, stderr=log, env={**os.environ, **(environment or {})}, pass_fds=pass_fds)
        wait_for(lambda: self.process.poll() is not None or answers(port), f"{name} on port {port}")
        if self.process.poll() is not None:
            raise AssertionError(f"{name} ended at once with {self.process.returncode}:\n{self.log()[-4000:]}")

    def log(self):
        return self.kept if self.kept is not None else self.log_path.read_text(errors="replace")

    def hurry_until(self, condition, what):
        """Of a stand-in server: what was to be late comes now."""
        wait_for(lambda: self.process.send_signal(signal.SIGUSR1) or condition(), what)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, expect=0):
        """Ends it; raises where it ended badly. After kill() only the log is judged. Once is enough."""
        if self.kept is not None:
            return
        killed = self.process.returncode == -signal.SIGKILL
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError(f"{self.name} did not end on SIGTERM:\n{self.log()[-4000:]}") from None
        log = self.kept = self.log()
        shutil.rmtree(self.directory, ignore_errors=True)
        if any(word in log for word in SANITIZER):
            raise AssertionError(f"{self.name}: a sanitizer spoke:\n{log[-8000:]}")
        if self.process.returncode != expect and not killed:
            raise AssertionError(f"{self.name} exited with {self.process.returncode}:\n{log[-4000:]}")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:2000]!r}"


def call(port, method, target, headers=None, body=None, host="127.0.0.1"):
    """One request on a connection of its own, redirects not followed. `headers`: dict or list of pairs."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        pairs.append(("Content-Type", "application/json"))
    if isinstance(body, str):
        body = body.encode()
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.putrequest(method, target, skip_host=any(k.lower() == "host" for k, _ in pairs), skip_accept_encoding=True)
        for key, value in pairs:
            connection.putheader(key, value)
        if body is not None and not any(k.lower() in ("content-length", "transfer-encoding") for k, _ in pairs):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


def raw(port, data, host="127.0.0.1"):
    """Sends bytes as they are, shuts down writing, and returns all that comes back."""
    with socket.create_connection((host, port), PATIENCE) as s:
        s.sendall(data)
        with contextlib.suppress(OSError):
            s.shutdown(socket.SHUT_WR)
        parts = []
        with contextlib.suppress(ConnectionResetError):
            while part := s.recv(65536):
                parts.append(part)
        return b"".join(parts)


class Browser:
    """Cookies, the header every call carries, and a memory of every byte that was received."""

    def __init__(self, port):
        self.port, self.cookies, self.received = port, {}, []

    def call(self, method, target, headers=None, body=None, port=None):
        port = port or self.port
        pairs = list((headers or {}).items())
        if port == self.port and not any(k.lower() == "x-drawbridge" for k, _ in pairs):
            pairs.append(("X-Drawbridge", "1"))
        jar = self.cookies.setdefault(port, {})
        if jar:
            pairs.append(("Cookie", "; ".join(f"{k}={v}" for k, v in jar.items())))
        answer = call(port, method, target, pairs, body)
        for line in answer.all("Set-Cookie"):
            pair, _, attributes = line.partition(";")
            name, _, value = pair.partition("=")
            if "max-age=0" in attributes.lower() or not value:
                jar.pop(name, None)
            else:
                jar[name] = value
        if port == self.port:
            self.received.append(f"{answer.status} {answer.headers}".encode() + answer.body)
        return answer

    def navigate(self, address, steps=10, fill=None):
        """Follows redirects as a browser's address bar does, over all servers; `fill(answer, address)` may return (method, address, body) to go on from a page."""
        method, body = "GET", None
        for _ in range(steps):
            parts = urllib.parse.urlsplit(address)
            target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
            headers = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "X-Drawbridge": ""}
            headers.pop("X-Drawbridge")
            pairs = dict(headers)
            if body is not None:
                pairs["Content-Type"] = "application/x-www-form-urlencoded"
            answer = self._plain(parts.port, method, target, pairs, body)
            location = answer.header("Location")
            if answer.status in (301, 302, 303, 307, 308) and location:
                address, method, body = urllib.parse.urljoin(address, location), "GET", None
                continue
            following = fill(answer, address) if fill else None
            if not following:
                return answer, address
            method, relative, body = following
            address = urllib.parse.urljoin(address, relative)
        raise AssertionError(f"more than {steps} steps, the last to {address}")

    def _plain(self, port, method, target, headers, body):
        jar = self.cookies.setdefault(port, {})
        pairs = list(headers.items())
        if jar:
            pairs.append(("Cookie", "; ".join(f"{k}={v}" for k, v in jar.items())))
        answer = call(port, method, target, pairs, body)
        for line in answer.all("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            if "max-age=0" in line.lower() or not value:
                jar.pop(name, None)
            else:
                jar[name] = value
        if port == self.port:
            self.received.append(f"{answer.status} {answer.headers}".encode() + answer.body)
        return answer


class Case(unittest.TestCase):
    """A test that starts programs; all are ended, and judged, when it is over."""

    def directory(self):
        path = pathlib.Path(tempfile.mkdtemp(prefix="drawbridge-test-"))
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    def sim(self, version, *words):
        port = free_port()
        program = Program(f"sim-{version}", ["drawbridge-sim", "--version", version, "--listen", f"127.0.0.1:{port}", *words], port)
        self.addCleanup(program.stop)
        return program

    def drawbridge(self, config, port, environment=None):
        """`config`: the text of the file; it is kept in a directory of its own."""
        path = self.directory() / "drawbridge.yaml"
        path.write_text(config)
        program = Program("drawbridge", ["drawbridge", "serve", "--config", path], port, environment)
        self.addCleanup(program.stop)
        return program

    def command(self, *words, expect=0, environment=None, input=None):
        """Runs drawbridge to its end and returns (stdout, stderr). `expect`: the exit code, or those that are fine."""
        done = run(BUILD / "drawbridge", *words, timeout=600, input=input, env={**os.environ, **(environment or {})})
        self.assertFalse(any(word in done.stderr for word in SANITIZER), done.stderr)
        self.assertIn(done.returncode, expect if isinstance(expect, tuple) else (expect,), done.stdout[-2000:] + done.stderr[-4000:])
        return done.stdout, done.stderr
