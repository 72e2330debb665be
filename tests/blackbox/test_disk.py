"""A disk that is full or set to read only, and files that are another user's: whoever asks, and whoever runs drawbridge, is told what is the matter and what to do; where the store is, only the second. With room again all goes on."""
import contextlib
import json
import os
import shutil
import subprocess
import unittest

import harness
import test_runs
from gateway import Gateway
from people import PASSWORD

FULL = "the disk that the store is on is full: make room; nothing that was saved is lost"
READ_ONLY = "the store is on a disk or in a database that is set to read only: let it be written again; nothing that was saved is lost"
NOT_ALLOWED = "drawbridge may not write to its store: a file and its folder must belong to the user that runs drawbridge"
NOBODY = 4711


def fill(disk):
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


@unittest.skipUnless(os.geteuid() == 0, "of root: it mounts disks")
class Disk(Gateway):
    def disk(self, size="3m"):
        """A small one of its own."""
        place = self.directory()
        if harness.run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "none", place).returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def begin(self, **more):
        self.place = self.disk()
        self.store = f"sqlite:{self.place}/state.db"
        self.start([("one", "2.41")], **more)
        self.people["one"].add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        return browser

    def sign_in_until_full(self):
        """What the log of the store has room for is still taken."""
        def refused():
            answer = self.browser().call("POST", "/v1/servers/one/connection", body={"kind": "password", "username": "ada", "password": PASSWORD})
            return answer if answer.status != 201 else None
        return harness.wait_for(refused, "the first sign-in that is not kept")

    def logged(self, event):
        return [line for line in map(json.loads, self.program.log().splitlines()) if line["event"] == event]

    def test_full(self):
        """[R-H9] The API, a page, the log and the readiness say so; who is signed in goes on."""
        browser = self.begin()
        fill(self.place)
        answer = self.sign_in_until_full()
        self.refused(answer, 503, "store_unavailable")
        self.assertEqual((answer.json["title"], answer.json["detail"], answer.json["reason"]), ("The store cannot be used for now", FULL, "disk_full"))
        self.assertEqual(answer.json["said"], [{"text": FULL, "values": []}])
        self.assertNotIn(str(self.place), answer.body.decode())
        self.assertIn((answer.json["request_id"], f"{self.place}/state.db: {FULL}"), [(line["request_id"], line["message"]) for line in self.logged("request_failed")])
        for language, words in (("en", FULL), ("fr", "le disque où se trouve le stockage est plein"), ("ar", "القرص الذي يوجد عليه المخزن ممتلئ")):
            page = browser.call("GET", "/v1/servers/one/authorize?return_to=/", {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin", "Accept": "text/html", "Accept-Language": language})
            self.assertEqual(page.status, 503)
            self.assertIn(words, page.body.decode())
            self.assertIn("problem=store_unavailable&amp;reason=disk_full", page.body.decode())
        self.assertEqual(browser.call("GET", "/s/one/api/me").status, 200)
        ready = harness.call(self.admin, "GET", "/readyz")
        self.assertEqual((ready.status, ready.body.decode()), (200, f"ready, but a call failed within the last minute: {FULL}\n"))
        (self.place / "filler").unlink()
        self.with_password(self.browser(), "one")

    def test_full_at_the_start(self):
        place = self.disk()
        self.start([("one", "2.41")])
        self.program.stop()
        fill(place)
        config = self.state / "full.yaml"
        config.write_text(self.config_text.replace(f"sqlite:{self.state}/state.db", f"sqlite:{place}/state.db"))
        self.assertIn(f"{place}/state.db: {FULL}", self.command("serve", "--config", config, expect=4)[1])
        said = self.command("store", "copy", f"sqlite:{self.state}/state.db", f"sqlite:{place}/copy.db", expect=4)[1]
        self.assertEqual(said, f"drawbridge store: {place}/copy.db: {FULL}\n")

    def test_read_only(self):
        self.begin()
        self.program.stop()
        subprocess.run(["mount", "-o", "remount,ro", self.place], check=True)
        said = f"{self.place}/state.db: {READ_ONLY}"
        self.assertIn(said, self.command("serve", "--config", self.config, expect=4)[1])
        self.assertIn(said, self.command("sessions", "--config", self.config, expect=4)[1])
        new = self.config_text.replace("state.db", "another.db")
        (self.state / "new.yaml").write_text(new)
        self.assertIn(f"{self.place}/another.db: {READ_ONLY}", self.command("serve", "--config", self.state / "new.yaml", expect=4)[1])

    def test_of_another_user(self):
        place = self.directory()
        self.start([("one", "2.41")])
        self.program.stop()
        shutil.copy(self.state / "state.db", place / "state.db")
        place.chmod(0o755)

        def copy(source, target):
            return harness.run(harness.BUILD / "drawbridge", "store", "copy", f"sqlite:{source}", f"sqlite:{target}", user=NOBODY, group=NOBODY, extra_groups=[])
        for mode in (0o644, 0o600):  # may be read; may not even be
            (place / "state.db").chmod(mode)
            done = copy(place / "state.db", place / "copy.db")
            self.assertEqual(done.returncode, 4)
            self.assertIn(f"{place}/state.db: {NOT_ALLOWED}", done.stderr)
        (place / "state.db").chmod(0o666)
        self.assertIn(NOT_ALLOWED, copy(place / "state.db", place / "copy.db").stderr)


@unittest.skipUnless(os.geteuid() == 0, "of root: it mounts disks")
class Run(test_runs.Gateway):
    @property
    def disk(self):
        return self.state / "state.db.runs"

    def serve(self):
        """What belongs to runs lies on a disk of its own, beside the store."""
        self.disk.mkdir()
        if harness.run("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "none", self.disk).returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        super().serve()

    def test_a_journal_that_cannot_be_written(self):
        """The run ends, and sends nothing that is not in it; the operator is told why, the person that it failed here; with room again it goes on."""
        run, go_on = self.held(2)
        fill(self.disk)
        go_on.set()
        now = self.ended(run)
        report = self.browser.call("GET", f"/v1/runs/{run['id']}/report")
        self.assertEqual((now["state"], now["problem"]["code"]), ("failed", "inside"))
        for told in (json.dumps(now), report.body.decode()):
            self.assertNotIn(str(self.state), told)
        self.assertRegex(next(line["message"] for line in map(json.loads, self.program.log().splitlines()) if line["event"] == "run_failed"), f"^{self.disk}/.*: No space left on device$")
        (self.disk / "filler").unlink()
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.check_run(self.ended(run))


del Gateway
