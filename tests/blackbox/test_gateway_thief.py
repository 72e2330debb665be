"""A thief has copied the store and the key file of a running gateway; and what a running gateway has forgotten is not in its memory any more."""
import base64
import os
import re
import shutil
import sqlite3
import subprocess
import unittest

import harness
from gateway import Gateway
from people import PASSWORD, totp

SPECIAL = ("[vvar", "[vdso", "[vsyscall")
LARGEST = 256 << 20  # what is larger belongs to a sanitizer


def forms(secret):
    """A secret as it may lie in bytes: itself, in base64 of any alignment, in hex."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw)
            found.add(text[(0, 2, 3)[shift]:len(text) // 4 * 4 - 4])
    return [form for form in found if len(form) >= 12]


def memory(pid):
    """Every readable byte of a process, as root sees it."""
    pieces = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as source:
        for line in maps:
            place, rights, *rest = line.split()
            if "r" not in rights or (len(rest) > 3 and rest[3].startswith(SPECIAL)):
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            if end - start > LARGEST:
                continue
            try:
                source.seek(start)
                pieces.append((line.strip(), start, source.read(end - start)))
            except OSError:
                continue  # guard pages
    return pieces


class Everything(Gateway):
    """Sign-ins of every kind, remembered and not."""

    def sign_in_everywhere(self):
        self.start([("home", "2.43"), ("oauth", "2.43"), ("legacy", "2.41"), ("pat", "2.42"), ("minted", "2.43"), ("session", "2.40"), ("factor", "2.41"), ("basic", "2.43")], sim_words=["--set", "rotate=on"])
        for name, words in (("home", "home: true"), ("session", "mint: never"), ("basic", "sign_in: [basic]")):
            self.config_text = self.config_text.replace(f"name: The {name}", f"name: The {name}\n    {words}")
        self.restart()
        for name in ("pat", "minted", "session", "factor", "basic", "home"):
            self.people[name].add("ada")
            self.tapped(name)
        for name in ("oauth", "legacy"):
            self.people[name].add("ada")
        browser = self.browser()
        self.with_password(browser, "home")
        self.authorize(browser, "oauth", query="&remember=true")
        self.authorize(browser, "legacy", query="&remember=true")
        self.token = self.people["pat"].pat("ada")[0]
        self.sign_in(browser, "pat", kind="pat", token=self.token, remember=True)
        self.with_password(browser, "minted", remember=True)
        self.with_password(browser, "session", remember=True)
        self.with_password(browser, "factor", code=totp(self.people["factor"].enrol("ada")), remember=True)
        self.sign_in(browser, "basic", kind="basic", username="ada", password=PASSWORD)
        self.assertEqual(len(self.connections(browser)), 8)
        self.assertEqual(sum("remembered_until" in c for c in self.connections(browser).values()), 6)
        for name in ("home", "oauth", "legacy", "pat", "minted", "session", "factor", "basic"):
            self.me(browser, name)
        self.people["oauth"].control("restart")
        self.me(browser, "oauth")  # renewed
        return browser

    def known(self, browser):
        """All secrets of the servers and the browser that the test knows, by name."""
        sent = b"".join(b"".join(tap.sent) for tap in self.taps)
        cookies = browser.cookies[self.port]
        found = {"password": PASSWORD, "basic": base64.b64encode(f"ada:{PASSWORD}".encode()), "pasted token": self.token, "session cookie": cookies["drawbridge"], "vault cookie": cookies["drawbridge-vault"],
                 "session secret": base64.urlsafe_b64decode(cookies["drawbridge"] + "==")[32:], "vault secret": base64.urlsafe_b64decode(cookies["drawbridge-vault"] + "=")}
        sessions = set(re.findall(rb"JSESSIONID=(\w{16,})", sent))
        alive = [s for s in sorted(sessions) if any(people.whoami({"Cookie": f"JSESSIONID={s.decode()}"}) for people in self.people.values())]
        self.assertGreaterEqual(len(alive), 5)
        for i, session in enumerate(alive):  # those of probes are nobody's
            found[f"server's session {i}"] = session
        minted = re.findall(rb'"key":"(d2p\w+)"', sent)
        self.assertGreaterEqual(len(minted), 2)
        for i, token in enumerate(minted):
            found[f"minted token {i}"] = token
        for server in ("oauth", "legacy"):
            tokens = self.people[server].control("tokens")["tokens"]
            self.assertGreaterEqual(len(tokens), 2, server)
            for i, token in enumerate(tokens):
                found[f"token of {server} {i}"] = token
        return found


class Thief(Everything):
    def test_what_was_taken_opens_nothing(self):
        """[R-D10, R-D12, A16, A21] No byte of store, journal, key file or log is a secret, in clear, base64 or hex; and a gateway of the thief's on a copy lets nobody in, whatever of it is sent as a cookie."""
        browser = self.sign_in_everywhere()
        secrets = self.known(browser)
        taken = self.directory()
        for path in self.state.iterdir():
            if path.name.startswith(("state.db", "keys")):
                shutil.copy(path, taken / path.name)
        self.assertTrue({"state.db", "state.db-wal", "state.db-shm", "keys"} <= {path.name for path in taken.iterdir()})
        for path in [*taken.iterdir(), self.program.log_path]:
            content = path.read_bytes()
            for name, secret in secrets.items():
                for form in forms(secret):
                    self.assertNotIn(form, content, f"{name} is in {path.name}")
        self.rob(taken, secrets)

    def rob(self, taken, secrets):
        port = self.another("thief", store=f"sqlite:{taken}/state.db", keys=taken / "keys").port
        with sqlite3.connect(taken / "state.db") as store:
            ids = [row[0] for row in store.execute("select id from sessions")]
            sealed = [row[0] for table in ("connections", "documents", "tickets") for row in store.execute(f"select sealed from {table}")]
            owners = [row[0] for row in store.execute("select owner from documents where kind = 'vault'")]
        keys = [base64.b64decode(line.split()[3]) for line in (taken / "keys").read_text().splitlines() if line.startswith("key ")]
        self.assertTrue(ids and sealed and owners and keys)
        parts = [bytes(32), *ids[:4], *keys, *(blob[5:37] for blob in sealed[:4])]
        encode = lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        host = ("Host", f"127.0.0.1:{self.port}")
        for session in ids:
            for secret in parts:
                answer = harness.call(port, "GET", "/s/pat/api/me", [host, ("X-Drawbridge", "1"), ("Cookie", f"drawbridge={encode(session + secret)}")])
                self.assertEqual((answer.status, answer.json["code"]), (401, "no_session"), answer)
        for vault in [*owners, *map(encode, parts)]:
            answer = harness.call(port, "POST", "/v1/servers/home/connection", [host, ("X-Drawbridge", "1"), ("Cookie", f"drawbridge-vault={vault}")], {"kind": "password", "username": "ada", "password": PASSWORD})
            self.assertEqual(answer.status, 201, answer)
            session = answer.header("Set-Cookie").split(";")[0]
            shown = harness.call(port, "GET", "/v1/session", [host, ("X-Drawbridge", "1"), ("Cookie", session)])
            self.assertEqual([c["server"] for c in shown.json["connections"]], ["home"])


class Memory(Everything):
    takes_seconds = 15

    def test_no_dump_and_no_debugger(self):
        """[R-D12] No core file, not dumpable, pages of secrets locked; another process of the same user cannot read it."""
        self.start()
        self.people["district"].add("ada")
        self.with_password(self.browser(), "district")
        pid = self.program.process.pid
        with open(f"/proc/{pid}/limits") as limits:
            self.assertRegex(limits.read(), r"Max core file size +0 +0 ")
        with open(f"/proc/{pid}/status") as status:
            if b"libasan" not in (harness.BUILD / "drawbridge").read_bytes():  # which locks nothing
                self.assertGreater(int(re.search(r"^VmLck:\s+(\d+) kB", status.read(), re.M)[1]), 0)
        # What belongs to a process that may not be dumped is root's: nobody else may open it.
        self.assertEqual(os.stat(f"/proc/{pid}/mem").st_uid, 0)
        if os.geteuid() != 0:
            self.assertRaises(PermissionError, open, f"/proc/{pid}/maps")
        elif shutil.which("setpriv"):
            ran = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "cat", f"/proc/{pid}/maps"], capture_output=True)
            self.assertNotEqual(ran.returncode, 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root reads the memory of another process")
    def test_what_is_over_is_not_there(self):
        """[R-D12] After signing out of everything and forgetting, none of the secrets is in any byte of the process, as root reads it."""
        browser = self.sign_in_everywhere()
        secrets = self.known(browser)
        there = b"".join(piece for _, _, piece in memory(self.program.process.pid))
        for name in ("session secret", "vault secret", "pasted token"):
            raw = secrets[name] if isinstance(secrets[name], bytes) else secrets[name].encode()
            self.assertIn(raw, there, f"{name} is in use: the search finds what is there")
        self.assertEqual(browser.call("DELETE", "/v1/vault").status, 204)
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        for _ in range(int(os.environ.get("DRAWBRIDGE_WORKERS", "1"))):  # what a loop has read last is overwritten by what it reads next
            self.assertNotEqual(harness.call(self.port, "GET", "/s/pat/api/me", {"X-Drawbridge": "1"}).status, 200)
        left = []
        for place, start, piece in memory(self.program.process.pid):
            for name, secret in secrets.items():
                raw = secret if isinstance(secret, bytes) else secret.encode()
                for found in re.finditer(re.escape(raw), piece) if raw in piece else ():
                    around = piece[max(0, found.start() - 60):found.end() + 40]
                    left.append(f"{name} at {start + found.start():x} in {place}: {around!r}")
        self.assertEqual(left, [], "\n" + "\n".join(left[:60]))
