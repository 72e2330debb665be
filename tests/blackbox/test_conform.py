"""`./dev conform` on stand-ins of both value engines: all holds, nothing stays behind, and what does not hold is told."""
import json
import os
import signal
import subprocess
import sys
import unittest

import harness

CONFORM = [sys.executable, harness.ROOT / "tests/conform/conform.py", "--build", harness.BUILD, "--user", "admin"]
CLASSES = ("dataSets", "dataElements", "optionSets", "options", "users", "userRoles", "organisationUnits", "categoryCombos", "categoryOptionCombos", "categories", "categoryOptions")


class Conform(harness.Case):
    takes_seconds = 35

    def start(self, version, *words):
        self.server = self.sim(version, *words)
        self.before = self.objects()

    def objects(self):
        headers = {"Authorization": "Basic YWRtaW46ZGlzdHJpY3Q=", "X-Requested-With": "XMLHttpRequest"}
        return {name: sorted(o["id"] for o in harness.call(self.server.port, "GET", f"/api/{name}?paging=false&fields=id", headers).json[name]) for name in CLASSES}

    def begin(self, *words):
        return subprocess.Popen([*map(str, CONFORM), "--url", f"http://127.0.0.1:{self.server.port}", "--password", "district", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1", "DRAWBRIDGE_SOURCE_TOKEN": "d2p_of_another_server"})

    def run_all(self, *words, expect=0):
        run = self.begin(*words)
        said = run.communicate(timeout=900)[0]
        self.assertEqual(run.returncode, expect, said)
        self.assertNotIn("Sanitizer", said)
        self.assertEqual(self.objects(), self.before, "left behind")
        return said

    def holds(self, version):
        self.start(version)
        said = self.run_all()
        self.assertIn(f"DHIS2 {version}.", said.splitlines()[0])
        self.assertGreater(sum(line.startswith("held ") for line in said.splitlines()), 20)
        self.assertNotIn("FAILED", said)
        self.assertIn(" 0 failed, 0 skipped", said.splitlines()[-1])

    def test_all_holds_on_the_old_engine(self):
        self.holds("2.41")

    def test_all_holds_on_the_new_engine(self):
        self.holds("2.43")

    def test_all_holds_on_2_37(self):
        self.holds("2.37")

    def test_stopped_in_the_middle_it_cleans_up(self):
        self.start("2.42")
        run = self.begin()
        for line in run.stdout:
            if line.startswith("held "):
                break
        self.assertNotEqual(self.objects(), self.before)
        run.send_signal(signal.SIGTERM)
        self.assertIn("nothing of it is left", run.communicate(timeout=120)[0])
        self.assertEqual(run.returncode, 2)
        self.assertEqual(self.objects(), self.before)

    def test_what_a_killed_one_left_is_taken_away_when_asked_for(self):
        self.start("2.40")
        run = self.begin()
        for line in run.stdout:
            if line.startswith("held "):
                break
        run.kill()
        run.communicate()
        self.assertNotEqual(self.objects(), self.before)
        self.run_all("--clean")

    def test_what_does_not_hold_is_told(self):
        """A server that takes the values of the case itself, and none of the program."""
        faults = self.directory() / "faults.json"
        faults.write_text(json.dumps([{"path": "/api/dataValueSets", "method": "POST", "nth": 3, "kind": "status", "status": 500}]))
        self.start("2.41", "--faults", faults)
        said = self.run_all("--case", "writing", expect=1)
        self.assertIn("FAILED  writing", said)

    def test_tables_that_somebody_made_are_left_alone(self):
        self.start("2.43")
        headers = {"Authorization": "Basic YWRtaW46ZGlzdHJpY3Q=", "X-Requested-With": "XMLHttpRequest"}
        self.assertEqual(harness.call(self.server.port, "POST", "/api/resourceTables/analytics", headers).status, 200)
        said = self.run_all("--case", "analytics")
        self.assertIn("skipped analytics", said)
        self.assertIn("--analytics has it done", said)
        self.assertIn(" 0 failed, 1 skipped", said)
        self.assertIn("held    analytics", self.run_all("--case", "analytics", "--analytics"))

    def test_who_may_not_make_metadata_is_told(self):
        self.start("2.41")
        run = subprocess.run([*map(str, CONFORM), "--url", f"http://127.0.0.1:{self.server.port}", "--password", "wrong"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 2)
        self.assertIn("401", run.stderr)


if __name__ == "__main__":
    unittest.main()
