"""drawbridge admin: what an operator sees of a running drawbridge on its UNIX socket, and ends."""
import base64
import http.client
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys

import harness
from gateway import Gateway
from people import PASSWORD

class Admin(Gateway):
    def start(self, servers=(("one", "2.41"), ("two", "2.43")), **more):
        self.socket = self.directory() / "admin.sock"
        super().start(servers, more=f"admin_socket: {self.socket}\n", **more)
        for people in self.people.values():
            people.add("ada")
            people.add("eve")

    def console(self, *words, expect=0):
        return self.command("admin", "--config", self.config, *words, expect=expect)

    def told(self, *words):
        return json.loads(self.console("--json", *words)[0])

    def ask(self, method, path):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.socket))
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def tokens(self, server, name="ada"):
        headers = {"Authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode(), "X-Requested-With": "XMLHttpRequest", "Accept": "application/json"}
        return [token["id"] for token in harness.call(self.sims[server].port, "GET", "/api/apiToken?paging=false", headers).json["apiToken"]]

    def audit(self, event):
        return [line for line in map(json.loads, filter(lambda l: l.startswith("{"), self.program.log().splitlines())) if line["event"] == event]

    def test_sessions_and_connections(self):
        """[R-E12, R-H6] Listed, explained and ended: here at once, at the servers too, and what the others have stays. No answer holds a secret."""
        self.start()
        ada, eve = self.browser(), self.browser()
        self.with_password(ada, "one")
        self.with_password(ada, "two")
        self.with_password(eve, "one", name="eve")
        rows = {row["connections"][0]["user"]: row for row in self.told("sessions") if len(row["connections"]) == (2 if row["connections"][0]["user"] == "ada" else 1)}
        mark = rows["ada"]["session"]
        text = self.console("sessions", "--user", "eve")[0]
        self.assertEqual(text.splitlines()[0].split(), ["session", "used", "since", "connections", "app"])
        self.assertIn("one:eve", text)
        self.assertNotIn("ada", text)
        self.assertEqual({c["id"] for c in self.told("connections", "list", "--user", "ada") if c["session"] == mark}, {f"{mark}/one", f"{mark}/two"})
        self.assertIn("nothing is to be done", self.console("sessions", "explain", mark)[0])
        explained = self.told("connections", "explain", f"{mark}/two")
        self.assertEqual((explained["state"], explained["user"], explained["in_memory"], explained["generation"]), ("ok", "ada", True, 1))
        # Its token is deleted at the server, behind drawbridge's back.
        self.people["one"].delete_pat("ada", self.tokens("one")[0])
        self.refused(ada.call("GET", "/s/one/api/me"), 401, "reauth_required")
        explained = self.told("connections", "explain", f"{mark}/one")
        self.assertEqual((explained["state"], explained["last_error"]["code"]), ("reauth_required", "reauth_required"))
        self.assertTrue(explained["meaning"] and explained["login_url"].endswith("/sign-in/one") and "signs in" in explained["remedy"], explained)
        self.assertIn("credential has died", self.told("sessions", "explain", mark)["meaning"])
        # One connection, then the whole session.
        before = len(self.tokens("two"))
        self.assertEqual(self.told("connections", "end", f"{mark}/two"), {"ended": f"{mark}/two", "mandates": 0})
        self.refused(ada.call("GET", "/s/two/api/me"), 401, "not_connected")
        self.assertEqual(len(self.tokens("two")), before - 1)
        self.with_password(ada, "two")
        mark = next(row["session"] for row in self.told("sessions", "--server", "two") if any(c["server"] == "two" for c in row["connections"]))
        self.assertIn(mark, self.console("sessions", "end", mark)[0])
        self.refused(ada.call("GET", "/s/two/api/me"), 401, "no_session")
        self.assertEqual(len(self.tokens("two")), before - 1)
        self.assertEqual(self.me(eve, "one")["username"], "eve")
        self.assertIn(("two", "ada", "by an administrator"), {(line["server"], line["user"], line["what"]) for line in self.audit("signed_out")})
        self.assertIn(("two", "ada", "by an administrator"), {(line["server"], line["user"], line["what"]) for line in self.audit("session_ended")})
        shown = json.dumps([self.told(what) for what in ("sessions", "connections", "runs", "mandates")]) + json.dumps(explained)
        for secret in self.secrets | {"d2p", "JSESSIONID", "eyJ"}:
            self.assertNotIn(secret, shown)
        # What is not there, and words.
        self.assertIn("no session", self.console("sessions", "end", mark, expect=2)[1])
        self.assertIn("no run", self.console("runs", "explain", "nothing", expect=2)[1])
        self.assertIn("no mandate", self.console("mandates", "end", "nothing", expect=2)[1])
        for words in ([], ["people"], ["sessions", "end"], ["sessions", "list", "x"], ["runs", "explain", "../x?"], ["sessions", "end", mark, "--user", "eve"], ["runs", "--user", "eve"], ["mandates", "list", "--server", "one"]):
            self.assertIn("--help tells", self.console(*words, expect=2)[1])

    def test_renewal_is_explained(self):
        """An OAuth connection tells when its token ends, that it is renewed by itself, and when it was."""
        self.start((("one", "2.43"),))
        ada = self.browser()
        self.authorize(ada, "one")
        name = next(c["id"] for c in self.told("connections") if c["state"] == "ok")
        explained = self.told("connections", "explain", name)
        self.assertEqual((explained["kind"], explained["renewable"], explained["renewing"]), ("oauth", True, False))
        self.assertLess(explained["renewal_due_at"], explained["credential_ends_at"])
        self.assertIn("renewed by the first call", explained["meaning"])
        self.restart()
        explained = self.told("connections", "explain", name)
        self.assertEqual((explained["in_memory"], explained["meaning"]), (False, "good when it was used last"))

    def test_more_runs_than_are_listed(self):
        """A list that is cut says so; the ones that changed last are in it, and each of the others is there by its id."""
        folder = self.directory()
        self.store = f"sqlite:{folder}/state.db"
        self.start()
        about = json.dumps({"dry_run": True, "from": "one", "to": "two", "periods": ["202609"], "by": "ada", "state": "done"})

        def add(numbers):
            with sqlite3.connect(folder / "state.db") as store:
                store.executemany("INSERT INTO documents VALUES ('run', ?, 'nobody', '', 1, 0, ?, 0, ?, x'', x'')", [(f"run{n:05}", n, about) for n in numbers])
            store.close()

        add(range(10000))
        text, said = self.console("runs")
        self.assertEqual((len(text.splitlines()), said), (10001, ""))
        add([10000])
        text, said = self.console("runs")
        rows = [line.split()[0] for line in text.splitlines()[1:]]
        self.assertEqual((len(rows), rows[0], rows[-1]), (10000, "run10000", "run00001"))
        self.assertEqual(said, "drawbridge admin: there are more: these are the 10000 that changed last\n")
        self.assertIn("state: done", self.console("runs", "explain", "run00000")[0])

    def test_the_socket(self):
        """[R-H7] Root and drawbridge's own user alone; /metrics is there too; a file that was left behind is replaced, one that somebody listens at is not; it goes with the program."""
        self.start((("one", "2.41"),))
        self.assertEqual(stat.S_IMODE(self.socket.lstat().st_mode), 0o600)
        self.assertEqual(self.ask("GET", "/sessions"), (200, "[]"))
        self.assertEqual((self.ask("GET", "/healthz"), self.ask("POST", "/sessions")[0], self.ask("GET", "/sessions/x/y/z")[0]), ((200, "ok\n"), 405, 404))
        self.assertIn("drawbridge_requests_total", self.ask("GET", "/metrics")[1])
        for path in ("/sessions/short", "/runs?user=eve", "/mandates?server=one"):
            self.assertIn('"code":"bad_request"', self.ask("GET", path)[1])
        if os.getuid() == 0:
            self.socket.chmod(0o666)  # so that another user of this machine gets past the file's mode
            for folder in [self.socket.parent, *self.socket.parent.parents]:
                if not folder.stat().st_mode & 0o001:
                    folder.chmod(folder.stat().st_mode | 0o011)
            said = subprocess.run(["curl", "-si", "--unix-socket", self.socket, "http://localhost/sessions"], user=65534, capture_output=True, text=True)
            self.assertIn("403", said.stdout.splitlines()[0], said)
            self.assertIn('"code":"forbidden"', said.stdout)
            self.assertEqual([(line["peer"], line["code"]) for line in self.audit("operator_refused")][1:], [("uid:65534", "forbidden")])
        self.assertIn("another process listens", self.command("serve", "--config", self.config, expect=4)[1])
        self.assertEqual(self.ask("GET", "/sessions")[0], 200)
        self.program.process.send_signal(signal.SIGKILL)
        self.program.process.wait()
        self.assertTrue(self.socket.exists())
        self.assertIn("nobody answers", self.console("sessions", expect=3)[1])
        self.serve()
        self.assertEqual(self.ask("GET", "/sessions"), (200, "[]"))
        self.program.stop()
        self.assertFalse(self.socket.exists())
        self.socket.write_text("mine")
        self.assertIn("no socket", self.command("serve", "--config", self.config, expect=4)[1])
        self.assertEqual(self.socket.read_text(), "mine")
        self.socket.unlink()
        self.config.write_text(self.config_text.replace(f"admin_socket: {self.socket}\n", ""))
        self.assertIn("has no 'admin_socket'", self.console("sessions", expect=2)[1])
        self.config.write_text(self.config_text.replace(str(self.socket), "admin.sock"))
        self.assertIn("begins with '/'", "".join(self.command("check-config", "--config", self.config, expect=2)))


del Gateway
