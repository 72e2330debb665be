"""drawbridge under a service manager: what systemd hears from it, and sockets that systemd opened. A few lines here play systemd."""
import concurrent.futures
import http.client
import os
import signal
import socket
import ssl
import sys
import threading

import certificates
import harness

CONFIG = "public_url: http://127.0.0.1:{port}\nlisten: [127.0.0.1:{other}]\nadmin_listen: 127.0.0.1:{admin}\nstore: sqlite:{state}/s.db\nkeys: {state}/keys\n" \
         "servers: [{{id: one, url: 'http://127.0.0.1:1', addresses: [127.0.0.0/8]}}]\n"
# As systemd's executor: descriptors from 3 on, and the pid that they are meant for.
EXECUTOR = """
import os, sys
given = [int(fd) for fd in sys.argv[1].split(",") if fd]
high = [os.dup(fd) for fd in given]
while any(fd < 3 + len(given) for fd in high):
    high = [os.dup(fd) for fd in high]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
os.environ["LISTEN_PID"] = str(os.getpid() + int(os.environ.get("OTHER_PID", "0")))
os.environ["LISTEN_FDS"] = str(len(given))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Manager(harness.Case):
    def setUp(self):
        self.state = self.directory()
        self.port, self.other, self.admin = harness.free_port(), harness.free_port(), harness.free_port()
        self.config = self.state / "drawbridge.yaml"
        self.config_text = CONFIG.format(port=self.port, other=self.other, admin=self.admin, state=self.state)
        self.config.write_text(self.config_text)

    def listener(self):
        """The socket for public_url."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.addCleanup(listener.close)
        return listener

    def words(self, sockets=()):
        given = ",".join(str(s.fileno()) for s in sockets)
        return [sys.executable, "-c", EXECUTOR, given, str(harness.BUILD / "drawbridge"), "serve", "--config", self.config]

    def serve(self, sockets=(), names="", port=None, **environment):
        program = harness.Program("drawbridge", self.words(sockets), port or self.other, {"LISTEN_FDNAMES": names, **environment}, pass_fds=[s.fileno() for s in sockets])
        self.addCleanup(program.stop)
        return program

    def notify_socket(self, address):
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(heard.close)
        heard.bind(address)
        heard.settimeout(harness.PATIENCE)
        return heard

    def hear(self, heard):
        return dict(line.split("=", 1) for line in heard.recv(4096).decode().split("\n"))


class Notify(Manager):
    def test_what_it_tells(self):
        """Ready, reloading with the time, ready again also where the new configuration is refused, stopping."""
        heard = self.notify_socket(str(self.state / "notify"))
        program = self.serve(NOTIFY_SOCKET=str(self.state / "notify"))
        ready = self.hear(heard)
        self.assertEqual(ready["READY"], "1")
        self.assertIn("1 servers", ready["STATUS"])
        program.process.send_signal(signal.SIGHUP)
        reloading = self.hear(heard)
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertGreater(int(reloading["MONOTONIC_USEC"]), 0)
        self.assertNotIn("not reloaded", self.hear(heard)["STATUS"])
        self.config.write_text("nonsense: [")
        program.process.send_signal(signal.SIGHUP)
        self.assertIn("RELOADING", self.hear(heard))
        again = self.hear(heard)
        self.assertEqual(again["READY"], "1")
        self.assertIn("not reloaded", again["STATUS"])
        program.process.terminate()
        self.assertEqual(self.hear(heard)["STOPPING"], "1")

    def test_signs_of_life(self):
        """They come from the loop itself, again and again, by an abstract name too."""
        name = f"\0drawbridge-test-{os.getpid()}"
        heard = self.notify_socket(name)
        self.serve(NOTIFY_SOCKET="@" + name[1:], WATCHDOG_USEC="100000")
        self.assertEqual(self.hear(heard)["READY"], "1")
        for _ in range(3):
            self.assertEqual(self.hear(heard), {"WATCHDOG": "1"})

    def test_a_watchdog_of_another_process(self):
        heard = self.notify_socket(str(self.state / "notify"))
        program = self.serve(NOTIFY_SOCKET=str(self.state / "notify"), WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        self.assertEqual(self.hear(heard)["READY"], "1")
        self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 200)
        program.process.terminate()
        self.assertEqual(self.hear(heard)["STOPPING"], "1", "and nothing before it")


class Sockets(Manager):
    def refused(self, sockets, names, says):
        import subprocess
        run = subprocess.run(list(map(str, self.words(sockets))), env={**os.environ, "LISTEN_FDNAMES": names}, pass_fds=[s.fileno() for s in sockets], capture_output=True, text=True,
                             timeout=harness.PATIENCE)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn(says, run.stderr)

    def test_they_take_the_place_of_addresses(self):
        admin = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(admin.close)
        self.serve([self.listener(), admin], "http:admin", port=self.port)
        self.assertEqual(harness.call(self.port, "GET", "/v1/session", {"X-Drawbridge": "1"}).status, 200)
        self.assertEqual(harness.call(admin.getsockname()[1], "GET", "/readyz").status, 200)
        self.assertFalse(harness.answers(self.other), "the address of the configuration is left alone")
        self.assertFalse(harness.answers(self.admin))

    def test_one_for_https(self):
        """[R-H4] It speaks TLS with the certificate of `tls`, whose own address is left alone."""
        certificate, key = certificates.make(self.state)
        idle = harness.free_port()
        self.config.write_text(self.config_text + f"tls: {{listen: [127.0.0.1:{idle}], certificate: {certificate}, key: {key}}}\n")
        self.serve([self.listener()], "https", port=self.port)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl.create_default_context(cafile=certificate), timeout=harness.PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/session", headers={"X-Drawbridge": "1"})
        self.assertEqual(connection.getresponse().status, 200)
        self.assertFalse(harness.answers(idle))

    def test_those_of_another_process_are_left_alone(self):
        listener = self.listener()
        self.serve([listener], "http", OTHER_PID="1")
        self.assertTrue(harness.answers(self.other))

    def test_what_is_refused(self):
        """[R-H3] A socket that nobody knows the use of, one that is no listening network socket, one for HTTPS without a certificate."""
        listener = self.listener()
        self.refused([listener], "drawbridge.socket", "FileDescriptorName=")
        self.refused([listener], "", "FileDescriptorName=")
        local = socket.socket(socket.AF_UNIX)
        self.addCleanup(local.close)
        local.bind(str(self.state / "local"))
        local.listen()
        self.refused([local], "http", "ListenStream=")
        self.refused([listener], "https", "'tls'")

    def test_a_restart_loses_no_request(self):
        """Calls go on while one process ends and the next begins: what comes in between waits at the socket."""
        listener = self.listener()
        program = self.serve([listener], "http", port=self.port)
        over, answered = threading.Event(), [0] * 4

        def calls(which):
            while not over.is_set():
                answer = harness.call(self.port, "GET", "/v1/session", {"X-Drawbridge": "1"})
                if answer.status != 200:
                    return answer
                answered[which] += 1
            return None
        with concurrent.futures.ThreadPoolExecutor(len(answered)) as pool:
            callers = [pool.submit(calls, which) for which in range(len(answered))]
            try:
                for _ in range(3):
                    before = list(answered)
                    harness.wait_for(lambda: all(now > then for now, then in zip(answered, before)) or any(c.done() for c in callers), "calls by all")
                    program.stop()
                    program = self.serve([listener], "http", port=self.port)
                before = list(answered)
                harness.wait_for(lambda: all(now > then for now, then in zip(answered, before)) or any(c.done() for c in callers), "calls by all")
            finally:
                over.set()
            self.assertEqual([caller.result() for caller in callers], [None] * len(answered))


del Manager
