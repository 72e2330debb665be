"""Only what changed since a day, and what was deleted at the source, on stand-ins of both value engines."""
import csv
import datetime
import json
import os
import random
import signal
import subprocess
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import Between, Servers, api

DAY = 86400


class Changes(Servers):
    unit_count = 4

    def setUp(self):
        super().setUp()
        self.start()
        self.transfer(journal="full")
        self.check_whole()
        self.days = 0

    def pass_days(self, days):
        """At the source; the day that it is there now, as it is written."""
        self.days += days
        harness.call(self.sims["source"].port, "POST", "/__control/clock", {}, {"advance_s": days * DAY})
        return self.day()

    def day(self, minus=0):
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=self.days - minus)).strftime("%Y-%m-%d")

    def change(self, name, side, cells):
        """{key: text, or None for a deletion}, written one by one as data entry does."""
        for period in sorted({key[2] for key in cells}):  # 2.43 takes one period at a time
            rows = [{"dataElement": e, "categoryOptionCombo": c, "period": p, "orgUnit": u, "attributeOptionCombo": a, **({"value": "0", "deleted": True} if value is None else {"value": value})}
                    for (e, c, p, u, a), value in cells.items() if p == period]
            answer = api(self.sims[name].port, "POST", "/api/dataValueSets", {"dataSet": side.data_set, "dataValues": rows})
            self.assertEqual(answer.json.get("response", answer.json)["status"], "SUCCESS", answer)

    def key(self, side, name, *options, period="202402", unit=1):
        return (*side.cell(name, *options), period, side.units[unit], fixture.DEFAULT)

    def test_touched_cells_are_whole_and_others_are_not_looked_at(self):
        tests = self.key(self.source, "tests", "15-49")
        foreign = self.key(self.target, "remark", unit=2)
        before = self.stored("target")
        self.change("target", self.target, {foreign: "entered here"})
        self.pass_days(10)
        self.change("source", self.source, {tests: "4444"})
        self.transfer("--changed-since", self.day(1), journal="delta")
        after = self.stored("target")
        cell = self.key(self.target, "tests")
        self.assertEqual({k for k in after if after[k] != before.get(k)}, {cell, foreign})
        self.assertEqual(after[cell], self.wanted()[cell])  # with its three other sources, which did not change
        self.assertEqual((self.counts["cells"], self.counts["sent"], self.counts["verified"], self.counts["left_alone"]), (1, 1, 1, 0))
        self.assertEqual(len(self.report["control_totals"]), 1)
        self.assertGreater(self.counts["not_changed"], 10)
        self.assertEqual((self.report["changed_since"], self.report["deletions"], self.report["outcome"]), (self.day(1), "ignore", "done"))

    def test_days_around_the_change(self):
        """The day before counts too: the server's day may end earlier than ours."""
        self.pass_days(10)
        self.change("source", self.source, {self.key(self.source, "tests", "50+"): "3"})
        for minus, cells in ((-1, 1), (0, 1), (5, 1)):
            self.transfer("--changed-since", self.day(minus), "--dry-run", journal=None)
            self.assertEqual(self.counts["cells"], cells, minus)
        self.transfer("--changed-since", self.day(30), "--dry-run", journal=None)
        self.assertGreater(self.counts["cells"], 20)

    def test_a_day_that_is_still_to_come(self):
        """By the source's own clock; a run that nothing can have changed for is refused, and does not end as done. Tomorrow there may be today here."""
        self.pass_days(10)
        said = self.command(*self.words("--changed-since", self.day(-2), journal="to come"), expect=2, environment=self.environment)[1]
        self.assertIn(f"{self.day(-2)} is still to come at the source, source, where it is {self.day()}", said)
        self.assertFalse((self.folder / "to come").exists())
        self.transfer("--changed-since", self.day(-1), journal="today elsewhere")

    def test_deleted_at_the_source(self):
        stock = self.key(self.source, "stock")
        alone, shared = self.key(self.target, "stock"), self.key(self.target, "balance")
        self.change("source", self.source, {stock: "17.5", self.key(self.source, "tests", "0-4"): "40"})
        self.transfer(journal="again")
        self.pass_days(10)
        self.change("source", self.source, {stock: None})
        before = self.stored("target")
        self.assertEqual((before[alone], before[shared]), ("17.5", "22.5"))
        self.transfer("--changed-since", self.day(), journal="ignored")
        self.assertEqual(self.stored("target"), {**before, shared: "40"})  # its other source is still there
        self.assertEqual(self.counts["removed"], 0)
        self.transfer("--changed-since", self.day(), "--deletions", "delete", "--dry-run", journal=None)
        self.assertEqual(self.stored("target")[alone], "17.5")
        self.transfer("--changed-since", self.day(), "--deletions", "delete", "--report", self.folder / "report.html", journal="deleted")
        gone = {k: v for k, v in before.items() if k != alone}
        self.assertEqual(self.stored("target"), {**gone, shared: "40"})
        self.assertEqual((self.counts["removed"], self.counts["sent"], self.counts["unchanged"], self.counts["verified"]), (1, 1, 1, 2))
        self.assertEqual((self.report["deletions"], self.report["outcome"]), ("delete", "done"))
        self.assertIn("deleted at the target too", (self.folder / "report.html").read_text())
        with (self.folder / "deleted" / "undo.csv").open(newline="") as file:
            rows = [r for r in csv.DictReader(file) if r["data_element"] == alone[0]]
        self.assertEqual([(r["before"], r["after"]) for r in rows], [("17.5", "")])
        self.transfer("--changed-since", self.day(), "--deletions", "delete", journal="once more")
        self.assertEqual((self.counts["sent"], self.counts["removed"]), (0, 0))
        self.transfer("--changed-since", self.day(), "--deletions", "delete", "--undo", journal="deleted")
        self.assertEqual(self.stored("target"), {**before, shared: "40"})

    def test_a_source_that_nobody_has_decided_about_holds_a_deletion_back(self):
        """It was not read and may have a value; one that counts and never had one does not."""
        stock, cell, unit = self.key(self.source, "stock"), self.target.cell("stock"), self.source.units[1]
        self.change("source", self.source, {stock: "17"})
        self.transfer(journal="again")
        self.pass_days(10)
        self.change("source", self.source, {stock: None})
        pairs = lambda decision: [{"source": source, "target": unit, "decision": how} for source, how in ((unit, "accepted"), (self.source.units[2], decision))]
        only = [(cell, [(1, self.source.cell("stock"))])]
        words = ("--changed-since", self.day(), "--deletions", "delete")
        (self.folder / "mapping.json").write_text(json.dumps(fixture.mapping(self.source, self.target, only, org_units=pairs("proposed"))))
        target = self.key(self.target, "stock")
        self.change("source", self.source, {self.key(self.source, "stock", unit=2): None})
        self.pass_days(10)
        words = ("--changed-since", self.day(12), "--deletions", "delete")
        self.transfer(*words, journal="held", expect=1)
        self.assertEqual(([c["code"] for c in self.report["conflicts"]], self.counts["removed"], self.stored("target")[target]), (["not_all_decided"], 0, "17"))
        (self.folder / "mapping.json").write_text(json.dumps(fixture.mapping(self.source, self.target, only, org_units=pairs("rejected"))))
        self.transfer(*words, "--dry-run", journal=None)
        self.assertEqual([(one["org_unit"], one["before"], one.get("value")) for one in self.report["replaced"]], [(unit, "17", None)])
        self.transfer(*words, journal="goes")
        self.assertEqual((self.counts["removed"], target in self.stored("target")), (1, False))

    def test_where_all_sources_are_wanted_all_must_be_deleted(self):
        cells = [self.key(self.source, "tests", age) for age in fixture.FINE]
        target = self.key(self.target, "tests")
        self.change("source", self.source, {cell: "5" for cell in cells[:3]})
        self.change("source", self.source, {cells[3]: None})
        self.transfer(journal="again")
        self.assertEqual(self.stored("target")[target], "15")
        self.pass_days(10)
        self.change("source", self.source, {cell: None for cell in cells[:2]})
        self.change("source", self.source, {cells[2]: "6"})
        mapping = fixture.mapping(self.source, self.target, missing="require-all")
        (self.folder / "mapping.json").write_text(json.dumps(mapping))
        words = ("--changed-since", self.day(), "--deletions", "delete")
        self.transfer(*words, journal="partly", expect=1)
        self.assertEqual(self.stored("target")[target], "15")
        self.change("source", self.source, {cells[2]: None})
        self.transfer(*words, journal="wholly", expect=1)  # another cell lacks a source
        self.assertNotIn(target, self.stored("target"))

    def test_any_changes_lead_to_what_a_full_run_leads_to(self):
        chance = random.Random(7)
        for round_number in range(4):
            self.pass_days(3)
            stored = self.stored("source")
            chosen = chance.sample(sorted(stored), 12)
            changed = {k: None if chance.random() < 0.6 else {"power": "true", "remark": f"round {round_number}"}.get(next(n for n, e in self.source.elements.items() if e == k[0]), str(chance.randrange(1, 99))) for k in chosen}
            place = chance.choice(sorted({k[2:] for k in stored}))  # all of one unit and month goes, so that whole cells do
            changed.update({k: None for k in stored if k[2:] == place})
            self.change("source", self.source, changed)
            self.transfer("--changed-since", self.day(), "--deletions", "delete", journal=f"round {round_number}")
            self.assertEqual(self.stored("target"), self.wanted(), round_number)
            self.assertGreater(self.counts["removed"], 0)
            self.assertGreater(self.counts["not_changed"], 0)

    def test_killed_while_it_deletes_and_resumed(self):
        stock = self.key(self.source, "stock")
        self.change("source", self.source, {stock: "17"})
        self.transfer(journal="again")
        self.pass_days(10)
        self.change("source", self.source, {stock: None})
        between = Between(self.sims["target"].port)
        self.addCleanup(between.close)
        config = self.folder / "config.yaml"
        config.write_text(config.read_text().replace(f":{self.sims['target'].port}", f":{between.port}"))
        between.stop_at = ("POST", 1, "after")
        words = self.words("--changed-since", self.day(), "--deletions", "delete", journal="cut")
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, words)], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(run.kill)
        self.assertTrue(between.stopped.wait(harness.PATIENCE))
        run.send_signal(signal.SIGKILL)
        run.wait()
        between.stop_at = None
        self.command("transfer", "--config", self.folder / "config.yaml", "--journal", self.folder / "cut", "--resume", "--report", self.folder / "report.json", environment=self.environment)
        self.assertNotIn(self.key(self.target, "stock"), self.stored("target"))
        self.read_report()
        self.assertEqual((self.counts["removed"], self.report["deletions"], self.report["changed_since"]), (1, "delete", self.day()))

    def test_words_that_mean_nothing(self):
        for words in (["--changed-since", "yesterday"], ["--changed-since", "2024-02-30"], ["--changed-since", "20240131"], ["--deletions", "all"]):
            self.command(*self.words(*words, journal="words"), expect=2, environment=self.environment)
        self.command("transfer", "--mapping", self.folder / "mapping.json", "--values-in", "-", "--values-out", "-", "--deletions", "delete", expect=2, input="{}")


class ChangesBack(Changes):
    versions = ("2.43", "2.41")


del Servers

if __name__ == "__main__":
    unittest.main()
