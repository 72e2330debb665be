"""Ports for servers of the tests. All that run at once on this machine count on in one file, below what the system gives to connections and to those who ask for any port: one that was given is nobody else's by the time its server listens.

As a program it prints the first of as many in a row as it is told, or one."""
import fcntl
import os
import pathlib
import socket
import sys
import tempfile

FIRST, BEHIND = 10240, 32768


def _behind():
    """The first that the system gives by itself, where that leaves enough below it."""
    try:
        given = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return BEHIND
    return given if FIRST + 4096 < given < BEHIND else BEHIND


def _is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(row=1):
    """The first of a row of so many."""
    path = pathlib.Path(tempfile.gettempdir()) / f"drawbridge-ports-{os.getuid()}"
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        last, behind = int(file.read() or BEHIND), _behind()
        while True:
            first = last + 1 if FIRST <= last + 1 <= behind - row else FIRST
            last = first + row - 1
            if all(_is_free(port) for port in range(first, first + row)):
                break
        file.seek(0)
        file.write(f"{last:5}")
        return first


if __name__ == "__main__":
    print(free_port(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
