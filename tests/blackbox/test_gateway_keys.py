"""The keys that seal: another one while people work, and nobody is signed out."""
import re
import signal
import sqlite3
import threading
import time

import harness
from gateway import Gateway

KEYS = 8  # a ring holds so many: crypt/keyring.h
CURRENT = "select sealed from connections join sessions on sessions.id = session where sessions.expires_ms > ?"  # without what a sign-in has replaced


class Rotation(Gateway):
    def rotate(self):
        out, _ = self.command("keys", "rotate", "--config", self.config)
        self.assertIn("SIGHUP", out)

    def reload(self):
        seen = self.program.log().count('"key_changed"')
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: self.program.log().count('"key_changed"') > seen, "the new key is taken over")

    def newest(self):
        return [int(line.split()[1]) for line in (self.state / "keys").read_text().splitlines() if line.startswith("key ")][-1]

    def sealed_with(self):
        """The ids of the keys that what is in the store was sealed with."""
        with sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True) as store:
            return {int.from_bytes(row[0][1:5], "big") for row in store.execute(CURRENT, [(time.time() + 60) * 1000])}

    def test_under_load_nobody_is_signed_out(self):
        """[R-H2] More keys than a ring holds, one after the other, while calls go on: every call is answered, and all goes on after a restart."""
        self.start([("one", "2.41"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.sign_in(browser, "two", kind="pat", token=self.people["two"].pat("ada")[0])
        over, bad, good = threading.Event(), [], [0]
        headers = [("X-Drawbridge", "1"), ("Cookie", f"drawbridge={self.cookie(browser)}")]

        def work(server):
            while not over.is_set():
                answer = harness.call(self.port, "GET", f"/s/{server}/api/me?fields=username", headers)
                good[0] += answer.status == 200
                if answer.status != 200:
                    bad.append(answer)
        threads = [threading.Thread(target=work, args=(server,)) for server in ("one", "two", "one", "two")]
        for thread in threads:
            thread.start()
        try:
            for _ in range(KEYS + 2):
                self.rotate()
                self.reload()
                before = good[0]
                harness.wait_for(lambda: good[0] > before + 8 or bad, "calls with the new key")
                harness.wait_for(lambda: self.sealed_with() == {self.newest()} or bad, "what is in use is sealed with it")
        finally:
            over.set()
            for thread in threads:
                thread.join()
        self.assertEqual(bad, [])
        self.assertEqual(len(re.findall(r"^key ", (self.state / "keys").read_text(), re.M)), KEYS)
        self.restart()
        self.assertEqual([self.me(browser, s)["username"] for s in ("one", "two")], ["ada", "ada"])

    def test_who_was_away(self):
        """[R-H2] Old keys open what they sealed; who did not come back for as many rotations as a ring holds keys signs in again."""
        self.start()
        self.people["district"].add("ada")
        short, long = self.browser(), self.browser()
        self.with_password(short, "district")
        self.with_password(long, "district")
        for _ in range(KEYS - 1):
            self.rotate()
        self.restart()
        self.assertEqual(self.me(short, "district")["username"], "ada")
        harness.wait_for(lambda: len(self.sealed_with()) == 2, "one of the two is sealed anew")
        self.rotate()
        self.restart()
        self.assertEqual(self.me(short, "district")["username"], "ada")
        self.refused(long.call("GET", "/s/district/api/me"), 401, "no_session")

    def test_a_key_file_that_broke_is_not_taken_over(self):
        """[R-H2, R-H9] A reload that cannot read the keys goes on with those it has."""
        self.start()
        self.people["district"].add("ada")
        browser = self.browser()
        self.with_password(browser, "district")
        good = (self.state / "keys").read_text()
        (self.state / "keys").write_text("nonsense\n")
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: "keys_not_reloaded" in self.program.log(), "it says so")
        self.assertEqual(self.me(browser, "district")["username"], "ada")
        (self.state / "keys").write_text(good)

    def test_the_words(self):
        self.assertIn("usage", self.command("keys", "--help")[0])
        self.command("keys", expect=2)
        self.command("keys", "turn", expect=2)
        self.command("keys", "rotate", "twice", expect=2)
        self.assertIn("none.yaml", self.command("keys", "rotate", "--config", self.directory() / "none.yaml", expect=2)[1])
