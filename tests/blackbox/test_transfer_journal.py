"""What a run's journal says to whoever goes on with it or takes it back: what was stored by it, and what was not."""
import collections
import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import Servers, api

MONTH = ("202401",)
DISK = harness.BUILD / "tests/unit/transfer/slow_disk.so"


class Journals(Servers):
    unit_count = 3

    def mapping(self):
        return fixture.mapping(self.source, self.target, [(self.target.cell("stock"), [(1, self.source.cell("stock"))])])

    def cell(self, unit=0, side=None):
        side = side or self.target
        return (*side.cell("stock"), *MONTH, side.units[unit], fixture.DEFAULT)

    def lines(self):
        """(what the record is, the line) of each."""
        return [(json.loads(line[17:])["record"], line) for line in (self.folder / "journal" / "journal").read_text().splitlines(keepends=True)]

    def cut_behind(self, what):
        """The journal as a process left it that was killed behind this record."""
        lines = self.lines()
        last = max(n for n, (record, _) in enumerate(lines) if record == what)
        (self.folder / "journal" / "journal").write_text("".join(line for _, line in lines[:last + 1]))

    def rewrite(self, change):
        """The journal with `change` made in each record; one of which it says False is left out."""
        records = [json.loads(line[17:]) for _, line in self.lines()]
        (self.folder / "journal" / "journal").write_text("".join(sealed(r) for r in records if change(r) is not False))

    def fail_on(self, value):
        """The target fails with 500 on that value, whatever comes with it."""
        hasattr(self, "between") or self.stand_between()
        between = self.between["target"]
        self.working = between.forward

        def failing(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets") and value in fixture.cells_of(json.loads(body)["dataValues"]).values():
                return harness.Answer(500, [("Content-Type", "application/json")], b'{"httpStatus":"Internal Server Error","httpStatusCode":500,"status":"ERROR","message":"Cannot read the array length"}')
            return self.working(method, path, headers, body)
        between.forward = failing

    def take_out(self, cells):
        """Somebody deletes them at the target."""
        document = fixture.document(cells, self.target.data_set)
        api(self.sims["target"].port, "POST", "/api/dataValueSets", document, query="?importStrategy=DELETE")


class SlowDisk(Journals):
    """A month is a chunk here. What is filed on a thread of its own is on the disk before anything of it is sent."""

    def begin(self, **more):
        self.months = fixture.PERIODS[:3]
        self.start(stored={(*self.source.cell("stock"), month, unit, fixture.DEFAULT): "5" for month in self.months for unit in self.source.units})
        self.stand_between()
        self.filed = self.folder / "filed"
        self.environment |= {"LD_PRELOAD": str(DISK), "SLOW_DISK": str(self.filed), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0", **more}
        between = self.between["target"]
        working, self.seen = between.forward, []

        def looking(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets"):
                self.seen.append(self.filed.read_text().split())
            return working(method, path, headers, body)
        between.forward = looking

    def test_a_plan_is_on_the_disk_before_it_is_sent(self):
        self.begin()
        self.transfer(periods=self.months)
        self.assertEqual(len(self.seen), 3)
        for number, files in enumerate(self.seen, 1):
            self.assertEqual((files.count("undo.csv"), files[-1]), (number, "journal"), files)
        self.assertEqual(len(self.stored("target", periods=self.months)), 9)

    def test_a_plan_that_the_disk_did_not_take_is_not_sent(self):
        for number in (1, 2, 3):
            with self.subTest(number):
                self.begin(SLOW_DISK_FAILS=f"undo.csv {number}")
                failed = self.command(*self.words(periods=self.months), expect=4, environment=self.environment)[1]
                self.assertIn("undo.csv cannot be written to the disk: Input/output error", failed)
                self.assertEqual(len(self.stored("target", periods=self.months)), 3 * (number - 1))
                del self.environment["SLOW_DISK_FAILS"]
                self.transfer("--resume", periods=self.months)
                self.assertEqual((len(self.stored("target", periods=self.months)), self.counts["created"], self.counts["differing"]), (9, 9, 0))
                shutil.rmtree(self.folder / "journal")


class Stopped(Journals):
    """A run that is stopped, gone on with and stopped again tells what stands at the target by it, also of what it did not come to."""

    def stop_at(self, server, number, question, *more):
        """Ctrl-C at the n-th question of that kind."""
        between, asked = self.between[server], []
        working = between.forward

        def stopping(method, path, *rest):
            asked.append(path) if question(method, path) else None
            if len(asked) == number and run.poll() is None:
                run.send_signal(signal.SIGINT)
            return working(method, path, *rest)
        between.forward = stopping
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words(*more))], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(run.wait(timeout=harness.PATIENCE), 1)
        between.forward = working
        return self.read_report()["counts"]

    def test_twice(self):
        self.start(stored={(*self.source.cell("stock"), month, unit, fixture.DEFAULT): "5" for month in fixture.PERIODS for unit in self.source.units})
        self.stand_between()
        first = self.stop_at("target", 2, lambda method, path: method == "POST" and path.startswith("/api/dataValueSets"))
        self.assertEqual((first["sent"], first["created"], first["verified"], len(self.stored("target"))), (6, 6, 3, 6))
        for side in ("source", "target"):
            again = self.stop_at(side, 1, lambda method, path: True, "--resume")
            self.assertEqual([again[name] for name in ("read", "cells", "sent", "created", "verified")], [first[name] for name in ("read", "cells", "sent", "created", "verified")], side)
        again = self.stop_at("target", 1, lambda method, path: path.startswith("/api/dataValueSets"), "--resume")
        self.assertEqual([again[name] for name in ("sent", "created", "verified")], [6, 6, 3])
        self.transfer("--resume")
        self.assertEqual([self.counts[name] for name in ("read", "cells", "sent", "created", "verified", "unchanged")], [9, 9, 9, 9, 9, 0])


class Undone(Journals):
    """What somebody entered at the target where the run stored nothing is not the run's."""

    def begin(self, units=2):
        self.start(stored={self.cell(unit, self.source): str(5 + unit) for unit in range(units)})

    def undo(self, **where):
        foreseen = self.transfer("--undo", "--dry-run", periods=MONTH, **where)["counts"]
        self.transfer("--undo", periods=MONTH, **where)
        self.assertEqual([foreseen[name] for name in ("cells", "removed")], [self.counts[name] for name in ("cells", "removed")])

    def test_what_the_target_refused_and_somebody_entered_since(self):
        self.begin()
        self.fail_on("5")
        self.transfer(periods=MONTH, expect=1)
        self.assertEqual((self.counts["ignored"], self.stored("target")), ({"http_500": 1}, {self.cell(1): "6"}))
        self.fill("target", self.target, {self.cell(): "5"})
        self.undo()
        self.assertEqual(self.stored("target"), {self.cell(): "5"})
        self.assertEqual((self.counts["cells"], self.counts["removed"], self.report["outcome"]), (1, 1, "done"))

    def test_what_was_planned_and_never_sent(self):
        self.begin()
        self.transfer(periods=MONTH)
        stored = self.stored("target")
        self.cut_behind("planned")
        self.take_out(stored)
        self.fill("target", self.target, {self.cell(): "5"})
        self.undo()
        self.assertEqual(self.stored("target"), {self.cell(): "5"})
        self.assertEqual(self.counts["cells"], 0)

    def stop_before_sending(self):
        """The last that the target is asked before that is answered behind Ctrl-C."""
        self.begin()
        self.stand_between()
        real, asked, run = self.between["target"].forward, [], None

        def forward(method, *rest):
            asked.append(method)
            if run and len(asked) == last:
                run.send_signal(signal.SIGINT)
            return real(method, *rest)
        self.between["target"].forward = forward
        self.transfer(periods=MONTH)
        last = asked.index("POST")
        self.take_out(self.stored("target"))
        shutil.rmtree(self.folder / "journal")
        asked.clear()
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words(periods=MONTH))], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(run.wait(timeout=harness.PATIENCE), 1)
        run = None
        self.assertEqual(([what for what, _ in self.lines()], self.stored("target")), (["begin", "units", "planned", "dropped"], {}))

    def test_a_run_that_was_stopped_right_before_it_sent(self):
        """Nothing is sent, and the journal does not say that it was."""
        self.stop_before_sending()
        self.fill("target", self.target, {self.cell(): "5"})
        self.undo()
        self.assertEqual(self.stored("target"), {self.cell(): "5"})

    def test_what_was_planned_and_not_sent_is_read_anew(self):
        """Who stops a run may do so to mend what it would send."""
        self.stop_before_sending()
        self.fill("source", self.source, {self.cell(0, self.source): "8"})
        self.transfer("--resume", periods=MONTH)
        self.assertEqual((self.stored("target")[self.cell()], self.report["outcome"]), ("8", "done"))

    def test_what_was_sent_and_not_read_back(self):
        self.begin()
        self.transfer(periods=MONTH)
        self.cut_behind("sending")
        self.undo()
        self.assertEqual((self.stored("target"), self.counts["removed"]), ({}, 2))

    def test_what_was_sent_when_the_machine_went_down(self):
        """It may take along that a plan is being sent, and not the plan: what stands there as it was to be is taken for the run's, whatever the clock was set to meanwhile."""
        self.begin()
        self.transfer(periods=MONTH)
        self.cut_behind("planned")
        lines = "".join(line for _, line in self.lines())
        hour = 3600 * 1000
        for clock, up, undone in ((0, 0, 0), (-hour, -hour, 0), (-hour, 0, 2), (hour, 0, 2), (0, hour, 2), (-hour, hour, 2)):  # when it was planned, by the clock and since it went up
            with self.subTest(clock=clock, up=up):
                (self.folder / "journal" / "journal").write_text(lines)
                self.rewrite(lambda record: record["record"] == "planned" and record.update(clock=record["clock"] + clock, up=record["up"] + up) or None)
                self.transfer("--undo", "--dry-run", periods=MONTH)
                self.assertEqual((self.counts["cells"], self.counts["removed"]), (undone, undone))
        self.transfer("--resume", periods=MONTH)
        self.assertEqual((self.counts["created"], self.counts["unchanged"], self.counts["verified"]), (2, 0, 2))
        self.transfer("--undo", periods=MONTH)
        self.assertEqual(self.stored("target"), {})

    def test_what_was_entered_before_a_planned_run_was_gone_on_with(self):
        self.begin()
        self.transfer(periods=MONTH)
        self.cut_behind("planned")
        self.take_out({self.cell(): "5"})
        self.fill("target", self.target, {self.cell(): "5"})
        self.take_out({self.cell(1): "6"})
        self.transfer("--resume", periods=MONTH)
        self.assertEqual((self.counts["created"], self.counts["unchanged"], self.counts["verified"]), (1, 1, 2))
        self.undo()
        self.assertEqual(self.stored("target"), {self.cell(): "5"})

    def test_a_journal_of_an_earlier_release(self):
        """It does not tell of rows, nor for sure of what was sent: all that was planned is taken back."""
        self.begin()
        self.transfer(periods=MONTH)
        for what in ("done", "planned"):
            self.cut_behind(what)
            self.rewrite(lambda record: [record.pop(name, None) for name in ("not_stored", "clock", "up")] and None)
            self.transfer("--undo", "--dry-run", periods=MONTH)
            self.assertEqual(self.counts["removed"], 2, what)


class UndoneAgain(Journals):
    """What stands later in a cell that an undo put back, or that somebody had changed by then, is not the run's."""

    def begin(self, **before):
        self.start(stored={self.cell(unit, self.source): str(5 + unit) for unit in range(2)})
        self.fill("target", self.target, before) if before else None

    def test_what_came_since(self):
        self.begin()
        self.transfer(periods=MONTH)
        self.transfer("--undo", periods=MONTH)
        self.transfer(periods=MONTH, journal="another")
        stored = self.stored("target")
        self.assertEqual(len(stored), 2)
        for more in (("--dry-run",), ()):
            self.transfer("--undo", *more, periods=MONTH)
            self.assertEqual((self.counts["cells"], self.counts["sent"], self.stored("target")), (0, 0, stored))

    def test_what_somebody_changed_and_changed_back(self):
        self.begin()
        self.transfer(periods=MONTH)
        self.fill("target", self.target, {self.cell(): "50"})
        self.transfer("--undo", periods=MONTH, expect=1)
        self.assertEqual((self.counts["removed"], self.counts["refused"], self.stored("target")), (1, 1, {self.cell(): "50"}))
        self.fill("target", self.target, {self.cell(): "5", self.cell(1): "6"})
        for more in (("--dry-run",), (), ()):
            self.transfer("--undo", *more, periods=MONTH, expect=1)
            self.assertEqual((self.counts["cells"], self.counts["refused"], self.stored("target")), (1, 1, {self.cell(): "5", self.cell(1): "6"}))
            self.assertEqual([c["code"] for c in self.report["conflicts"]], ["changed_meanwhile"])

    def test_what_the_target_refused(self):
        """It is the run's until it is put back."""
        self.start(stored={self.cell(unit, self.source): str(5 + unit) for unit in range(2)})
        self.fill("target", self.target, {self.cell(): "3"})
        self.stand_between()
        self.transfer(periods=MONTH)
        self.fail_on("3")
        self.transfer("--undo", periods=MONTH, expect=1)
        self.assertEqual((self.counts["removed"], self.stored("target")), (1, {self.cell(): "5"}))
        self.between["target"].forward = self.working
        self.transfer("--undo", periods=MONTH)
        self.assertEqual((self.counts["cells"], self.counts["updated"], self.stored("target")), (1, 1, {self.cell(): "3"}))

    def test_one_that_was_stopped(self):
        """It tells what it took back before that, and the rest goes when it is asked for again."""
        months = fixture.PERIODS[:2]
        self.start(stored={(*self.source.cell("stock"), month, unit, fixture.DEFAULT): "5" for month in months for unit in self.source.units})
        self.stand_between()
        self.transfer(periods=months)
        self.assertEqual(len(self.stored("target")), 6)
        between = self.between["target"]
        working = between.forward

        def stopping(method, path, *rest):
            if method == "POST" and path.startswith("/api/dataValueSets"):
                run.send_signal(signal.SIGINT)
            return working(method, path, *rest)
        between.forward = stopping
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words("--undo", periods=months))], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(run.wait(timeout=harness.PATIENCE), 1)
        self.read_report()
        self.assertEqual((self.counts["sent"], self.counts["removed"], len(self.stored("target"))), (3, 3, 3))
        between.forward = working
        self.transfer("--undo", periods=months)
        self.assertEqual((self.counts["removed"], self.counts["unchanged"], self.stored("target")), (3, 3, {}))


class ShownLate(Journals):
    """A target that shows for a while what it held before the run: one that is read from a copy of its database."""

    def begin(self):
        self.start(stored={self.cell(unit, self.source): str(5 + unit) for unit in range(2)})
        self.fill("target", self.target, {self.cell(): "3"})
        self.stand_between()
        between = self.between["target"]
        working, taken = between.forward, []

        def late(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets"):
                taken.append((method, path, headers, body))
                path = path.replace("dryRun=false", "dryRun=true")
            return working(method, path, headers, body)
        between.forward = late
        self.transfer(periods=MONTH, expect=1)
        between.forward = working
        for post in taken:
            working(*post)
        self.assertEqual((self.counts["differing"], self.report["outcome"], self.stored("target")), (2, "differs", {self.cell(): "5", self.cell(1): "6"}))

    def test_an_undo_tells_what_it_leaves(self):
        """Whether it was the run or somebody who read its report and entered them, nobody can say."""
        self.begin()
        stored = self.stored("target")
        for more in (("--dry-run",), ()):
            self.transfer("--undo", *more, periods=MONTH, expect=1)
            self.assertEqual((self.counts["cells"], self.counts["refused"], self.counts["sent"], self.stored("target")), (2, 2, 0, stored))
            self.assertEqual([(c["code"], c["count"]) for c in self.report["conflicts"]], [("doubtful", 2)])

    def test_an_undo_of_what_is_not_there(self):
        self.begin()
        self.take_out({self.cell(1): "6"})
        self.fill("target", self.target, {self.cell(): "3"})
        self.transfer("--undo", periods=MONTH)
        self.assertEqual((self.counts["cells"], self.stored("target")), (0, {self.cell(): "3"}))

    def test_each_cell_is_listed_once(self):
        self.begin()
        rows = list(csv.DictReader((self.folder / "journal" / "refused.csv").open()))
        self.assertEqual(sorted((row["org_unit"], row["code"]) for row in rows), sorted((self.target.units[unit], "unaccounted") for unit in range(2)))
        self.assertEqual(self.report["refused_rows"], 2)


class Parts(Journals):
    def test_a_run_is_gone_on_with_in_the_parts_that_it_was_begun_with(self):
        """Which cells a chunk is, its number tells: whatever limits the release has that goes on with it."""
        self.start(stored={self.cell(unit, self.source): str(5 + unit) for unit in range(3)})
        self.transfer(periods=MONTH)
        whole = self.stored("target")
        self.assertEqual(len(whole), 3)
        self.take_out(whole)
        self.cut_behind("units")

        def smaller(record):
            if record["record"] == "units":
                self.assertEqual(record["slices"], [3])
                record["slices"] = [1, 2]
        self.rewrite(smaller)
        self.transfer("--resume", periods=MONTH)
        self.assertEqual([what for what, line in self.lines() if '"chunk"' not in line], ["begin", "units", "ended"])
        for chunk in range(2):  # the second may be planned before the first is done
            self.assertEqual([what for what, line in self.lines() if json.loads(line[17:]).get("chunk") == chunk], ["planned", "sending", "done"])
        self.rewrite(lambda record: record.get("chunk") != 1 and record["record"] != "ended")  # the first was done
        self.take_out({cell: value for cell, value in whole.items() if cell[3] != self.target.units[0]})
        self.transfer("--resume", periods=MONTH)
        self.assertEqual((self.stored("target"), self.counts["created"], self.report["outcome"]), (whole, 3, "done"))

    def test_a_journal_that_does_not_tell_the_parts(self):
        self.start(stored={self.cell(unit, self.source): str(5 + unit) for unit in range(3)})
        self.transfer(periods=MONTH)
        whole = self.stored("target")
        self.cut_behind("planned")
        self.rewrite(lambda record: record.pop("slices", None) and None)  # of an earlier release
        self.transfer("--resume", periods=MONTH)
        self.assertEqual((self.stored("target"), self.report["outcome"]), (whole, "done"))
        for slices in ([2], [2, 2], [0, 3], [4, -1]):
            self.rewrite(lambda record: record.update(slices=slices) if record["record"] == "units" else None)
            said = self.command(*self.words("--resume", periods=MONTH), expect=2, environment=self.environment)[1]
            self.assertIn("how the org units were cut", said)


class Refused(Journals):
    """A report lists the first five of a kind; refused.csv has all."""
    unit_count = 9

    def mapping(self):
        self.made = [(self.target.cell("balance"), [(1, self.source.cell("remark"))]), (self.target.cell("share"), [(1, self.source.cell("share"))]),
                     (self.target.cell("cases", "0-14"), [(1, self.source.cell("cases", age, sex)) for age in fixture.FINE[:2] for sex in fixture.SEXES] + [(1, c) for c in self.source.cells("tests")])]
        return fixture.mapping(self.source, self.target, self.made)

    def begin(self, unit_count=9):
        def put(cell, unit, value):
            stored[(*cell, *MONTH, self.source.units[unit], fixture.DEFAULT)] = value
        stored = {}
        for unit in range(unit_count):
            put(self.source.cell("remark"), unit, f'=HYPERLINK("{unit}")')
            put(self.source.cell("share"), unit, str(10 + unit))
        for cell in [self.source.cell("cases", age, sex) for age in fixture.FINE[:2] for sex in fixture.SEXES] + self.source.cells("tests"):
            put(cell, 0, "-3" if cell[0] == self.source.elements["tests"] else "1")  # eight sources of one cell that takes no negative number
        self.start(stored=stored)

    def rows(self):
        with (self.folder / "journal" / "refused.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, strict=True))

    def run_all(self, *more):
        self.fail_on("13")
        self.transfer(*more, periods=MONTH, expect=1)
        self.bytes = (self.folder / "journal" / "refused.csv").read_bytes()

    def test_all_that_was_refused_is_listed_with_its_sources(self):
        self.begin()
        self.run_all()
        rows = self.rows()
        self.assertEqual(collections.Counter((row["by"], row["code"]) for row in rows), {("drawbridge", "value_type"): 10, ("target", "http_500"): 1})
        self.assertEqual(sum(len(c["cells"]) for c in self.report["conflicts"]), 7)
        self.assertEqual((self.report["refused_rows"], len(rows)), (11, 11))
        self.assertIn(f"all that was refused or differs, 11 rows: {self.folder}/journal/refused.csv", self.said[0])
        first = min((row for row in rows if row["data_element"] == self.target.cell("balance")[0]), key=lambda row: row["org_unit"])
        element, combo = self.source.cell("remark")
        self.assertEqual((first["data_element"], first["category_option_combo"], first["period"], first["org_unit"], first["value"]), (*self.target.cell("balance"), *MONTH, self.target.units[0], "'=HYPERLINK(\"0\")"))
        self.assertEqual(first["sources"], f'{element} {combo} {fixture.DEFAULT} 202401 {self.source.units[0]} = =HYPERLINK("0")')
        many = next(row for row in rows if row["data_element"] == self.target.cell("cases", "0-14")[0])
        self.assertEqual((many["value"], many["sources"].count("; ")), ("-8", 7))
        self.assertTrue(many["message"] and many["remedy"])
        alone = next(row for row in rows if row["by"] == "target")
        self.assertIn(" ".join(self.source.cell("share")), alone["sources"])

    def test_each_is_listed_once_however_often_the_run_was_killed(self):
        self.begin()
        self.run_all()
        for what in ("planned", "sending", "units"):
            self.cut_behind(what)
            self.transfer("--resume", periods=MONTH, expect=1)
            self.assertEqual(((self.folder / "journal" / "refused.csv").read_bytes(), self.report["refused_rows"]), (self.bytes, 11), what)
        self.cut_behind("sending")
        self.between["target"].forward = self.working  # what the target refused before it takes now
        self.transfer("--resume", periods=MONTH, expect=1)
        self.assertEqual((len(self.rows()), self.report["refused_rows"], self.counts["ignored"]), (10, 10, {}))

    def listed(self):
        with (self.folder / "list.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, strict=True))

    def test_a_dry_run_lists_them_as_the_run_would(self):
        self.begin()
        self.transfer("--dry-run", "--refused", self.folder / "list.csv", periods=MONTH, expect=1)
        self.assertEqual((self.report["refused_rows"], len(self.listed())), (10, 10))
        self.assertIn(f"all that was refused or differs, 10 rows: {self.folder}/list.csv", self.said[0])
        self.assertFalse((self.folder / "journal").exists())
        dry = (self.folder / "list.csv").read_bytes()
        self.transfer("--refused", self.folder / "again.csv", periods=MONTH, expect=1)
        self.assertEqual({(self.folder / "journal" / "refused.csv").read_bytes(), (self.folder / "again.csv").read_bytes()}, {dry})
        self.transfer("--dry-run", periods=MONTH, expect=1)
        self.assertNotIn("refused_rows", self.report)
        self.assertIn("--refused FILE lists all that was refused or differs, 10 rows", self.said[0])

    def test_on_standard_output(self):
        """As a report is, under the name that stands for it."""
        self.begin()
        for words in (["--dry-run"], []):
            self.transfer(*words, "--refused", "-", periods=MONTH, expect=1)
            listed = [line for line in self.said[0].splitlines() if ",drawbridge,value_type," in line]
            self.assertEqual((len(listed), "data_element,category_option_combo," in self.said[0]), (10, True))
        self.assertFalse(os.path.exists("-"))

    def test_of_each_part_of_a_dry_run(self):
        """Two periods are two of them."""
        self.begin()
        self.fill("source", self.source, {(*self.source.cell("remark"), "202402", unit, fixture.DEFAULT): "no number" for unit in self.source.units})
        self.transfer("--dry-run", "--refused", self.folder / "list.csv", periods=(*MONTH, "202402"), expect=1)
        self.assertEqual(collections.Counter(row["period"] for row in self.listed()), {"202401": 10, "202402": 9})
        self.assertEqual(self.report["refused_rows"], 19)

    def test_an_undo_lists_what_it_left_alone(self):
        self.begin()
        self.transfer(periods=MONTH, expect=1)
        changed = {(*self.target.cell("share"), *MONTH, unit, fixture.DEFAULT): "99" for unit in self.target.units[:7]}
        self.fill("target", self.target, changed)
        for more in (["--dry-run"], []):
            said = self.command("transfer", "--config", self.folder / "config.yaml", "--journal", self.folder / "journal", "--undo", *more, "--refused", self.folder / "list.csv", expect=1, environment=self.environment)
            self.assertEqual([(row["code"], row["org_unit"], row["by"]) for row in self.listed()], [("changed_meanwhile", unit, "drawbridge") for unit in self.target.units[:7]])
            self.assertIn(f"7 rows: {self.folder}/list.csv", said[0])

    def test_where_nothing_is_refused_the_list_has_its_header(self):
        self.begin(0)
        self.fill("source", self.source, {(*self.source.cell("tests", "0-4"), *MONTH, self.source.units[0], fixture.DEFAULT): "90"})
        for more in (["--dry-run"], []):
            self.transfer(*more, "--refused", self.folder / "list.csv", periods=MONTH)
            self.assertEqual((self.folder / "list.csv").read_text(), "data_element,category_option_combo,attribute_option_combo,period,org_unit,value,found,by,code,message,remedy,sources\n")
            (self.folder / "list.csv").unlink()
        self.command(*self.words("--dry-run", "--refused", self.folder / "none" / "list.csv", periods=MONTH), expect=4, environment=self.environment)

    def test_where_nothing_is_refused_there_is_no_list(self):
        self.begin(0)
        self.fill("source", self.source, {(*self.source.cell("tests", "0-4"), *MONTH, self.source.units[0], fixture.DEFAULT): "90"})
        self.transfer(periods=MONTH)
        self.assertNotIn("refused_rows", self.report)
        self.assertFalse((self.folder / "journal" / "refused.csv").exists())


class Incomplete(Journals):
    """Cells of which some sources have no value, in three units: one is sent, one the target refuses, and one is there already."""
    def mapping(self):
        cells = [self.source.cell("cases", age, sex) for age in fixture.FINE[:2] for sex in fixture.SEXES]
        return fixture.mapping(self.source, self.target, [(self.target.cell("cases", "0-14"), [(1, c) for c in cells])])

    def begin(self):
        values = ("5", "13", "7")
        self.start(stored={(*self.source.cell("cases", "0-4", "Male"), *MONTH, unit, fixture.DEFAULT): value for unit, value in zip(self.source.units, values)})
        self.fill("target", self.target, {(*self.target.cell("cases", "0-14"), *MONTH, self.target.units[2], fixture.DEFAULT): "7"})
        self.stand_between()
        self.working = self.between["target"].forward
        self.between["target"].forward = lambda method, path, headers, body: self.working(method, path, headers, body and body.replace(b'"13"', b'"no number"'))

    def check_parts(self):
        self.assertEqual((self.counts["cells"], self.counts["ignored"], self.counts["partial"]), (3, {"E8122": 1}, 2))

    def test_what_the_target_refuses_is_no_part(self):
        self.begin()
        self.transfer("--dry-run", periods=MONTH, expect=1)
        self.check_parts()
        sheet, page = self.folder / "report.csv", self.folder / "report.html"
        self.transfer("--report", sheet, "--report", page, periods=MONTH, expect=1)
        self.check_parts()
        self.assertIn(" 2 partial,", self.said[0])
        words = "of these, brought to the target or there already (a dry run: that would be), and some of their sources have no value"
        with sheet.open(newline="", encoding="utf-8-sig") as file:
            self.assertEqual([row[row.index(words) + 1] for row in csv.reader(file) if words in row], ["2"])
        self.assertRegex(page.read_text(), re.escape(words) + r"\D*2<")

    def test_a_run_that_was_killed_tells_the_same(self):
        self.begin()
        self.transfer(periods=MONTH, expect=1)
        for what in ("planned", "sending", "done"):
            self.cut_behind(what)
            self.transfer("--resume", periods=MONTH, expect=1)
            self.check_parts()

    def test_what_was_not_sent_is_no_part(self):
        self.begin()
        self.between["target"].forward = lambda method, path, headers, body: harness.Answer(401, [], b"") if method == "POST" else self.working(method, path, headers, body)
        self.transfer(periods=MONTH, expect=3)
        self.assertEqual((self.counts["sent"], self.counts["partial"]), (0, 0))


class UndoneBack(Undone):
    versions = ("2.43", "2.41")


def sealed(record):
    """A line of a journal."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]} {text}\n"


if __name__ == "__main__":
    unittest.main()
