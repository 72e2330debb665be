"""Memory of drawbridge: with many sessions, and while many readers and writers are slow."""
import concurrent.futures
import contextlib
import socket
import time

from rig import rss_of

STEP_S, STEPS, PIECE = 1, 12, 1024


def with_sessions(rig, target, count):
    """(bytes before, bytes with that many sessions signed in and used once more)."""
    before = rss_of(target.pids())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda _: rig.sign_in(), range(count)):
            pass
    return before, rss_of(target.pids())


def connect(rig, head):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", rig.drawbridge_port))
    s.sendall(head)
    s.setblocking(False)
    return s


def head_of(rig, line, headers, more=""):
    return (line + " HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + more + "\r\n").encode()


def with_slow(rig, target, count, sessions):
    """Bytes second by second, with `count` readers of 1 MB and as many writers of 1 MB that move a kilobyte a second. `sessions`: headers to use in turn."""
    reading, writing = rig.servers[0][0], rig.servers[1][0]
    readers = [connect(rig, head_of(rig, f"GET /s/{reading}/api/binary", sessions[i % len(sessions)])) for i in range(count)]
    writers = [connect(rig, head_of(rig, f"POST /s/{writing}/api/dataValueSets", sessions[i % len(sessions)], "Content-Type: application/json\r\nContent-Length: 1048576\r\n")) for i in range(count)]
    seen = []
    for _ in range(STEPS):
        deadline = time.monotonic() + STEP_S
        for s in readers:
            with contextlib.suppress(BlockingIOError):
                s.recv(PIECE)
        for s in writers:
            with contextlib.suppress(BlockingIOError):
                s.send(b" " * PIECE)
        time.sleep(max(0, deadline - time.monotonic()))
        seen.append(rss_of(target.pids()))
    for s in readers + writers:
        s.close()
    return seen
