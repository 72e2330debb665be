"""For tests of the gateway: one drawbridge in front of stand-in servers, browsers that remember every byte they got, and a look at the end whether any of it, or of the log, was a secret."""
import contextlib
import re
import socket
import threading

import harness
import postgres
from people import PASSWORD, People

CLIENT, CLIENT_SECRET = "drawbridge", "5b8e7c1a-93d2-4f60-8a17-c2e94d0b6f35"
# What only a server makes: JSON web tokens, 128 letters (codes and refresh tokens of the new authorization server), personal access tokens, session cookies.
SHAPES = [rb"eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", rb"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{128}(?![A-Za-z0-9_-])", rb"d2p_[A-Za-z0-9]{40}", rb"d2pat_[A-Za-z0-9]{32}", rb"JSESSIONID"]


class Tap:
    """Stands between drawbridge and a server, passes everything on, and remembers what the server sent. (Not for OAuth: a server knows itself by one address.)"""

    def __init__(self, port, at=0):
        self.upstream, self.sent = port, []
        self.listener = socket.create_server(("127.0.0.1", at))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.upstream))
                threading.Thread(target=self.copy, args=(near, far, None), daemon=True).start()
                threading.Thread(target=self.copy, args=(far, near, self.sent), daemon=True).start()

    @staticmethod
    def copy(source, target, memory):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if memory is not None:
                    memory.append(piece)
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def secrets(self):
        return set(re.findall(rb"JSESSIONID=(\w{16,})", b"".join(self.sent)))

    def close(self):
        """Without the shutdown the thread that waits there would go on listening."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Gateway(harness.Case):
    """`self.start()` first; then `self.browser()` and calls."""

    workers = None  # a number: threads with a loop each
    store = None  # an address; else a file. In an environment that tests/postgres.py makes: a database of its own

    def setUp(self):
        self.browsers, self.secrets, self.taps, self.started = [], set(), [], []  # started: every drawbridge of this test, also those that have ended

    def start(self, servers=(("district", "2.41"),), apps="", more="", public=None, environment=None, sim_words=(), server_words=""):
        """servers: (id, version); each gets a sim with people. Or (id, None, yaml): with `addresses` of its own, or those of this machine."""
        self.port = harness.free_port()
        self.admin = harness.free_port()
        self.public = (public or "http://127.0.0.1:{port}").format(port=self.port)
        self.state = self.directory()
        store = self.store or postgres.of_environment(self) or f"sqlite:{self.state}/state.db"
        secret = self.state / "client-secret"
        secret.write_text(CLIENT_SECRET)
        secret.chmod(0o600)
        self.secrets.add(CLIENT_SECRET)
        self.people, self.sims, entries = {}, {}, []
        for server in servers:
            if server[1] is None:
                allowed = "" if "addresses:" in server[2] else "addresses: [127.0.0.0/8]\n    "
                entries.append(f"  - id: {server[0]}\n    {allowed}{server[2]}")
                continue
            name, version = server
            sim = self.sim(version, "--set", "control=on", "--client", f"{CLIENT}:{CLIENT_SECRET}", "--redirect-uri", f"{self.public}/v1/callback/{name}", *sim_words)
            self.sims[name], self.people[name] = sim, People(sim, version)
            entries.append(f"  - id: {name}\n    name: The {name}\n    url: http://127.0.0.1:{sim.port}\n    addresses: [127.0.0.0/8]\n"
                           f"    oauth: {{client_id: {CLIENT}, client_secret: {{file: {secret}}}}}\n    {server_words}")
        self.config = self.state / "drawbridge.yaml"
        self.config_text = (f"public_url: {self.public}\nlisten: [127.0.0.1:{self.port}]\nadmin_listen: 127.0.0.1:{self.admin}\nstore: {store}\nkeys: {self.state}/keys\n"
                            f"{more}\n{f'workers: {self.workers}' if self.workers else ''}\n{apps}\nservers:\n" + "\n".join(entries) + "\nlog: {level: debug, format: json}\n")
        self.environment = environment
        self.serve()
        self.secrets.add(PASSWORD)
        self.addCleanup(self.nothing_leaked)

    def serve(self):
        self.config.write_text(self.config_text)
        self.program = self.launch("drawbridge", self.config, self.port)

    def launch(self, name, config, port):
        """A drawbridge whose log is looked through at the end."""
        program = harness.Program(name, ["drawbridge", "serve", "--config", config], port, self.environment)
        self.started.append(program)
        self.addCleanup(program.stop)
        return program

    def restart(self):
        self.program.stop()
        self.serve()

    def another(self, name="another", port=None, admin=None, **instead):
        """One more process with the same public address, store and keys, or what is said `instead`; it listens elsewhere (`port`, `admin`)."""
        port, admin = port or harness.free_port(), admin or harness.free_port()
        text = self.config_text
        for key, value in {"listen": f"[127.0.0.1:{port}]", "admin_listen": f"127.0.0.1:{admin}", **instead}.items():
            text, found = re.subn(f"(?m)^{key}: .*$", f"{key}: {value}", text)
            self.assertEqual(found, 1, key)
        path = self.state / f"at-{port}.yaml"
        path.write_text(text)
        program = self.launch(name, path, port)
        program.admin = admin
        return program

    def tapped(self, name):
        """From now on drawbridge reaches this server through a tap (before start(): call with a port)."""
        tap = Tap(self.sims[name].port)
        self.addCleanup(tap.close)
        self.taps.append(tap)
        self.config_text = self.config_text.replace(f"127.0.0.1:{self.sims[name].port}", f"127.0.0.1:{tap.port}")
        self.restart()
        return tap

    def browser(self):
        browser = harness.Browser(self.port)
        self.browsers.append(browser)
        return browser

    def nothing_leaked(self):
        received = b"\n".join(piece for browser in self.browsers for piece in browser.received)
        log = "".join(program.log() for program in self.started).encode()
        secrets = {s.encode() if isinstance(s, str) else s for s in self.secrets}.union(*(tap.secrets() for tap in self.taps))
        for secret in secrets:
            self.assertNotIn(secret, received, "a browser received a secret")
            self.assertNotIn(secret, log, "a secret is in the log")
        for shape in SHAPES:
            self.assertIsNone(re.search(shape, received), f"a browser received what looks like {shape}")
            self.assertIsNone(re.search(shape, log), f"the log holds what looks like {shape}")

    # What a person does.

    def sign_in(self, browser, server, expect=201, headers=None, **credential):
        for name in ("token", "password", "code"):
            if credential.get(name) and len(credential[name]) > 6:
                self.secrets.add(credential[name])
        answer = browser.call("POST", f"/v1/servers/{server}/connection", headers, body=credential)
        self.assertEqual(answer.status, expect, answer)
        return answer

    def with_password(self, browser, server, name="ada", expect=201, **more):
        return self.sign_in(browser, server, expect, kind="password", username=name, password=PASSWORD, **more)

    def refused(self, answer, expected, code, **members):
        self.assertEqual((answer.status, answer.json.get("code")), (expected, code), answer)
        for name, value in members.items():
            self.assertEqual(answer.json.get(name), value, answer)
        self.assertTrue(answer.json["detail"] and answer.json["title"] and answer.json["request_id"], answer)
        self.assertEqual(answer.header("X-Drawbridge-Error"), code)
        return answer

    def connections(self, browser, headers=None):
        answer = browser.call("GET", "/v1/session", headers)
        self.assertEqual(answer.status, 200, answer)
        return {c["server"]: c for c in answer.json["connections"]}

    def me(self, browser, server, expect=200, headers=None):
        answer = browser.call("GET", f"/s/{server}/api/me?fields=username", headers)
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def cookie(self, browser):
        return browser.cookies.get(self.port, {}).get("drawbridge")

    def at(self, port, browser, method, path):
        """What another process answers to this browser."""
        cookie = self.cookie(browser)
        return harness.call(port, method, path, {"X-Drawbridge": "1", "Host": f"127.0.0.1:{self.port}", **({"Cookie": f"drawbridge={cookie}"} if cookie else {})})

    def authorize(self, browser, server, name="ada", return_to="/servers", tick=None, query="", expect_leaving=True):
        """Leaves for the server, agrees there as a person, and brings the answer back. Returns the callback's answer."""
        answer = self.leave(browser, server, return_to, query)
        self.assertEqual(answer.status, 303, answer)
        return self.come_back(browser, server, self.people[server].agree(answer.header("Location"), name, tick))

    def leave(self, browser, server, return_to="/servers", query=""):
        import urllib.parse
        return browser._plain(self.port, "GET", f"/v1/servers/{server}/authorize?return_to={urllib.parse.quote(return_to, safe='')}{query}", NAVIGATION, None)

    def come_back(self, browser, server, query, strict=False):
        """As from another site: a Strict cookie does not come along."""
        jar = browser.cookies.setdefault(self.port, {})
        kept = None if strict else jar.pop("drawbridge", None)
        answer = browser._plain(self.port, "GET", f"/v1/callback/{server}?{query}", {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}, None)
        if kept and "drawbridge" not in jar:
            jar["drawbridge"] = kept
        return answer


NAVIGATION = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
