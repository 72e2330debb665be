"""drawbridge sessions: who is signed in, and how an administrator ends that."""
import json

import harness
from gateway import Gateway


class Sessions(Gateway):
    takes_seconds = 32

    def start(self):
        self.audit = self.directory() / "audit.log"
        super().start([("one", "2.41"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
            people.add("eve")
        self.ada, self.eve = self.browser(), self.browser()
        self.with_password(self.ada, "one")
        self.with_password(self.ada, "two")
        self.with_password(self.eve, "one", name="eve")

    def serve(self):
        self.config_text = self.config_text.replace("format: json}", f"format: json, audit: {self.audit}}}")
        super().serve()

    def sessions(self, *words):
        return json.loads(self.command("sessions", "--config", self.config, "--format", "json", *words)[0])

    def users(self, *words):
        return sorted(sorted({c["user"] for c in s["connections"]})[0] for s in self.sessions(*words) if s["connections"])

    def end(self, *words):
        return self.command("sessions", "--config", self.config, "--end", *words)[0]

    def ended(self, browser, server="one"):
        harness.wait_for(lambda: browser.call("GET", f"/s/{server}/api/me").status == 401, "the end of the session")
        self.refused(browser.call("GET", f"/s/{server}/api/me"), 401, "no_session")

    def test_listed(self):
        """[R-E12] Each with the mark that the log has, and its connections; narrowed by person and server; no credential is in it."""
        self.start()
        rows = {row["connections"][0]["user"]: row for row in self.sessions() if len(row["connections"]) == (2 if row["connections"][0]["user"] == "ada" else 1)}
        self.assertEqual([(c["server"], c["kind"], c["state"], c["user"]) for c in rows["ada"]["connections"]], [("one", "password", "ok", "ada"), ("two", "password", "ok", "ada")])
        marks = {line["session"] for line in map(json.loads, self.audit.read_text().splitlines()) if line["event"] == "signed_in"}
        self.assertLessEqual({row["session"] for row in rows.values()}, marks)
        self.assertEqual(self.users("--user", "eve"), ["eve"])
        self.assertEqual(set(self.users("--server", "two")), {"ada"})
        self.assertEqual(self.users("--user", "eve", "--server", "two"), [])
        self.assertEqual(len(self.sessions("--session", rows["eve"]["session"])), 1)
        text, _ = self.command("sessions", "--config", self.config)
        self.assertIn(rows["ada"]["session"], text)
        self.assertIn('"ada"', text)
        self.assertNotIn("JSESSIONID", text + json.dumps(self.sessions()))

    def test_ended(self):
        """[R-E12] One person's, by name or by mark; everybody's. The others stay, and the audit log has it."""
        self.start()
        self.assertIn("ended", self.end("--user", "ada"))
        self.ended(self.ada)
        self.assertEqual(self.me(self.eve, "one")["username"], "eve")
        ended = [line for line in map(json.loads, self.audit.read_text().splitlines()) if line["event"] == "session_ended"]
        self.assertLessEqual({("one", "ada"), ("two", "ada")}, {(line["server"], line["user"]) for line in ended})
        self.assertEqual({line["what"] for line in ended}, {"by an administrator"})
        self.with_password(self.ada, "one")
        self.end("--session", next(row["session"] for row in self.sessions("--user", "ada")))
        self.ended(self.ada)
        self.with_password(self.ada, "one")
        self.end("--all")
        self.assertEqual(self.sessions(), [])
        self.ended(self.ada)
        self.ended(self.eve)

    def test_words(self):
        self.start()
        for words in (["--end"], ["--all"], ["--end", "--all", "--user", "ada"], ["--session", "abc"], ["--format", "xml"], ["word"]):
            self.assertIn("--help tells", self.command("sessions", "--config", self.config, *words, expect=2)[1])
        self.assertIn("usage", self.command("sessions", "--help")[0])
        self.assertEqual(len(self.sessions("--user", "nobody")), 0)


del Gateway
