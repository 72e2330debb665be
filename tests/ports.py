"""Ports for servers of the tests. All that run at once on this machine count on in one file, below what the system gives to connections and to those who ask for any port: one that was given is nobody else's by the time its server listens."""
import fcntl
import os
import pathlib
import socket
import tempfile

FIRST, BEHIND = 10240, 32768


def _is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    path = pathlib.Path(tempfile.gettempdir()) / f"drawbridge-ports-{os.getuid()}"
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        port = int(file.read() or BEHIND)
        while True:
            port = port + 1 if FIRST <= port + 1 < BEHIND else FIRST
            if _is_free(port):
                break
        file.seek(0)
        file.write(f"{port:5}")
        return port
