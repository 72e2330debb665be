"""Two runs at once on the same cells: the second is told whose the first is, or waits; by the command line, by the API, and between them."""
import copy
import getpass
import json
import os
import signal
import subprocess
import threading
import unittest

import harness
from test_runs import Runs
from test_transfer import Servers


class Claims(Servers):
    unit_count = 2

    def begin(self, *more, journal="journal", periods=("202401",), **streams):
        """A run as a process of its own."""
        return subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.of(*more, journal=journal, periods=periods))], env={**os.environ, **self.environment}, text=True,
                                **(streams or {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}))

    def of(self, *more, journal="journal", periods=("202401",)):
        return self.words(*more, journal=journal, periods=periods)

    def held(self, journal="journal"):
        """The first POST is under way."""
        harness.wait_for(lambda: (self.folder / journal / "journal").exists() and b"sending" in (self.folder / journal / "journal").read_bytes(), "the first POST")

    def claims(self):
        return list((self.folder / "state.db.claims").glob("*.claim"))

    def test_the_second_is_told_and_other_cells_are_free(self):
        self.start(target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "nth": 1, "times": 1, "kind": "hang"}])
        first = self.begin(periods=("202401", "202402"))
        self.addCleanup(first.kill)
        self.held()
        said = self.command(*self.of(journal="second", periods=("202402", "202403")), expect=1, environment=self.environment)[1]
        for word in (self.target.data_set, "period 202402", f"journal {self.folder}/journal, process {first.pid}", f"by {getpass.getuser()}", "begun at 20", "--wait"):
            self.assertIn(word, said)
        self.assertFalse((self.folder / "second").exists())
        self.command(*self.of("--undo", journal="journal"), expect=3, environment=self.environment)
        self.command(*self.of(journal="third", periods=("202403",)), environment=self.environment)
        self.command(*self.of("--dry-run", journal=None, periods=("202402",)), environment=self.environment)
        first.send_signal(signal.SIGKILL)
        first.wait()
        self.assertEqual(len(self.claims()), 1)  # nobody's any more
        self.command(*self.of("--resume", periods=("202401", "202402")), environment=self.environment)
        self.assertEqual(self.claims(), [])
        self.assertEqual(self.stored("target"), self.wanted())

    def test_the_same_cells_by_another_data_set(self):
        """A server keeps one value of a cell, by whatever data set it was written."""
        again = copy.deepcopy(self.target.objects["dataSets"][0])
        again.update(id="TfTDs020000", name="T second", shortName="T second")
        self.target.objects["dataSets"].append(again)
        self.start(target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "nth": 1, "times": 1, "kind": "hang"}])
        first = self.begin()
        self.addCleanup(first.kill)
        self.held()
        mapping = self.mapping()
        mapping["target"]["data_sets"] = [again["id"]]
        (self.folder / "mapping.json").write_text(json.dumps(mapping))
        said = self.command(*self.of(journal="second"), expect=1, environment=self.environment)[1]
        self.assertRegex(said, r"writes to data element TfTDe\d+ by another data set that has it too, period 202401")
        self.command(*self.of(journal="third", periods=("202402",)), environment=self.environment)
        first.kill()
        first.wait()

    def test_it_waits_where_it_is_told_to(self):
        self.start(target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "nth": 1, "times": 1, "kind": "slow", "ms": 600000}])
        first = self.begin()
        self.addCleanup(first.kill)
        self.held()
        second = self.begin("--wait", journal="second", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn("waiting: another run writes to data set", second.stderr.readline())
        self.sims["target"].hurry_until(lambda: first.poll() is not None, "the end of the first")
        self.assertEqual(first.returncode, 0)
        said, _ = second.communicate(timeout=harness.PATIENCE)
        self.assertEqual(second.returncode, 0)
        self.assertIn(" 0 sent", said)

    def test_waiting_ends_when_it_is_told_to(self):
        self.start(target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "nth": 1, "times": 1, "kind": "hang"}])
        first = self.begin()
        self.addCleanup(first.kill)
        self.held()
        second = self.begin("--wait", journal="second", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        second.stderr.readline()
        second.send_signal(signal.SIGINT)
        _, said = second.communicate(timeout=harness.PATIENCE)
        self.assertEqual((second.returncode, "cancelled while it waited" in said), (1, True), said)
        first.kill()
        first.wait()


class ClaimsBack(Claims):
    versions = ("2.43", "2.41")


class ClaimsOfApi(Runs):
    def hold(self):
        """The next POST of values to the target waits for what is returned."""
        held, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def alter(method, number, answer):
            if method == "POST" and not held.is_set():
                held.set()
                go_on.wait(harness.PATIENCE)
        self.between["target"].alter = alter
        return held, go_on

    def test_the_second_run_is_refused_or_waits(self):
        held, go_on = self.hold()
        first = self.begin(headers={"Idempotency-Key": "one"})
        self.assertTrue(held.wait(harness.PATIENCE))
        refused = self.begin(expect=409)
        self.assertEqual(refused["code"], "conflict")
        for word in (f"run {first['id']}", "by runner", "begun at 20", self.target.data_set):
            self.assertIn(word, refused["detail"])
        self.assertEqual(self.begin(headers={"Idempotency-Key": "one"}, expect=200)["id"], first["id"])  # not in its own way
        self.assertEqual(self.ended(self.begin(dry_run=True))["state"], "done")
        second = self.begin(wait=True)
        said = self.command(*self.command_line("mine"), expect=1, environment=self.environment)[1]
        self.assertIn(f"run {first['id']}", said)
        self.assertEqual({r["id"]: r["state"] for r in self.browser.call("GET", "/v1/runs").json}[second["id"]], "queued")
        go_on.set()
        self.assertEqual(self.ended(first)["state"], "done")
        now = self.ended(second)
        self.assertEqual((now["state"], now["counts"]["sent"]), ("done", 0))
        self.begin(wait="yes", expect=400)

    def command_line(self, journal):
        """With the configuration of the gateway, and so with its store."""
        words = self.words(journal=journal)
        words[words.index("--config") + 1] = self.config
        return words


for inherited in [name for name in dir(Runs) if name.startswith("test_")]:
    setattr(ClaimsOfApi, inherited, None)
del Servers, Runs

if __name__ == "__main__":
    unittest.main()
