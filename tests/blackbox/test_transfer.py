"""Values from server to server, on stand-ins of both value engines, in both directions, with everything that goes wrong on the way."""
import base64
import contextlib
import csv
import http.server
import json
import os
import resource
import shutil
import signal
import subprocess
import threading
import time
import unittest

import harness
import transfer_fixture as fixture


def api(port, method, path, body=None, query="", kind=None):
    """`kind`: the media type of a body that is a text."""
    headers = {"Authorization": "Basic " + base64.b64encode(b"runner:Runner-test-1").decode(), "X-Requested-With": "XMLHttpRequest", "Accept": "application/json", **({"Content-Type": kind} if kind else {})}
    return harness.call(port, method, path + query, headers, body)


class Servers(harness.Case):
    versions = ("2.41", "2.43")
    more_words = {}  # of a stand-in, by the side's name
    unit_count = 6
    assigned = None

    def setUp(self):
        self.folder = self.directory()
        self.source, self.target = fixture.sides(self.unit_count, assigned=self.assigned)
        self.made = fixture.rules(self.source, self.target)

    def start(self, source_faults=None, target_faults=None, stored=None, seed=1):
        self.sims = {}
        for name, side, version, faults in (("source", self.source, self.versions[0], source_faults), ("target", self.target, self.versions[1], target_faults)):
            (self.folder / f"{name}-metadata.json").write_text(json.dumps(side.objects))
            words = ["--demo", self.folder / f"{name}-metadata.json", "--set", "control=on", "--set", "pat=on", *self.more_words.get(name, ())]
            if faults:
                (self.folder / f"{name}-faults.json").write_text(json.dumps(faults))
                words += ["--faults", self.folder / f"{name}-faults.json"]
            self.sims[name] = self.sim(version, *words)
        (self.folder / "config.yaml").write_text(fixture.CONFIG.format(folder=self.folder, **{n: s.port for n, s in self.sims.items()}))
        (self.folder / "mapping.json").write_text(json.dumps(self.mapping()))
        self.environment = {}
        for name, sim in self.sims.items():
            made = api(sim.port, "POST", "/api/apiToken", {"type": "PERSONAL_ACCESS_TOKEN_V2", "attributes": []})
            self.environment[f"DRAWBRIDGE_{name.upper()}_TOKEN"] = made.json["response"]["key"]
        self.fill("source", self.source, stored if stored is not None else fixture.values(self.source, seed))

    def stand_between(self):
        """Whatever is asked of both servers from now on goes through the test."""
        self.between = {name: Between(sim.port) for name, sim in self.sims.items()}
        for between in self.between.values():
            self.addCleanup(between.close)
        (self.folder / "config.yaml").write_text(fixture.CONFIG.format(folder=self.folder, **{n: b.port for n, b in self.between.items()}))

    def mapping(self):
        return fixture.mapping(self.source, self.target)

    def fill(self, name, side, stored):
        answer = api(self.sims[name].port, "POST", "/api/dataValueSets", fixture.document(stored, side.data_set))
        self.assertEqual(answer.json.get("response", answer.json)["status"], "SUCCESS", answer)

    def stored(self, name, side=None, periods=fixture.PERIODS):
        side = side or {"source": self.source, "target": self.target}[name]
        query = "?" + "&".join([f"dataSet={side.data_set}"] + [f"period={p}" for p in periods] + [f"orgUnit={u}" for u in side.units])
        return fixture.cells_of(api(self.sims[name].port, "GET", "/api/dataValueSets.json", query=query).json.get("dataValues", []))

    def words(self, *more, journal="journal", units=None, periods=fixture.PERIODS):
        units = units or ",".join(self.source.units)
        return ["transfer", "--config", self.folder / "config.yaml", "--mapping", self.folder / "mapping.json", "--from", "server:source", "--to", "server:target", "--periods", ",".join(periods), "--org-units", units,
                "--report", self.folder / "report.json", *(["--journal", self.folder / journal] if journal else []), *more]

    def transfer(self, *more, expect=0, **where):
        self.said = self.command(*self.words(*more, **where), expect=expect, environment=self.environment)
        return self.read_report()

    def begun(self, journal="journal"):
        """Does the journal hold a run to go on with? One that was killed before its first record does not."""
        written = self.folder / journal / "journal"
        return written.exists() and b"\n" in written.read_bytes()

    def go_on(self, **where):
        return self.transfer(*(["--resume"] if self.begun() else []), **where)

    def read_report(self):
        self.report = json.loads((self.folder / "report.json").read_text())
        self.counts = self.report["counts"]
        return self.report

    def wanted(self):
        """What must be at the target, from what the source really holds."""
        return self.kept(fixture.expected(self.made, self.stored("source")))

    def kept(self, cells):
        """What the target keeps of them: releases to 2.42 no zeros but where they are significant."""
        if self.versions[1] == "2.43":
            return cells
        significant = {e["id"] for e in self.target.objects["dataElements"] if e["zeroIsSignificant"] or e["valueType"] in ("TEXT", "BOOLEAN")}
        return {k: v for k, v in cells.items() if v != "0" or k[0] in significant}

    def check_whole(self):
        wanted = self.wanted()
        self.assertEqual(self.stored("target"), wanted)
        sums = fixture.totals(wanted, fixture.numeric_elements(self.target))
        for side in ("source", "target"):
            found = {(t["data_element"], t["period"]): t[side] for t in self.report["control_totals"]}
            self.assertEqual({k: v for k, v in found.items() if v != "0"}, {k: v for k, v in sums.items() if v != "0"}, side)
        self.assertTrue(all(t["equal"] for t in self.report["control_totals"]))
        self.assertEqual((self.counts["differing"], self.counts["ignored"], self.report["outcome"]), (0, {}, "done"))


class Plain(Servers):
    def test_all_arrives_and_a_second_run_sends_nothing(self):
        self.start()
        self.transfer()
        self.check_whole()
        first = self.counts
        self.assertEqual(first["sent"], first["created"])
        self.assertEqual(first["read"], len(self.stored("source")))
        self.transfer(journal="second")
        self.check_whole()
        self.assertEqual((self.counts["sent"], self.counts["created"], self.counts["updated"], self.counts["unchanged"]), (0, 0, 0, first["verified"]))

    def test_what_changed_is_updated_and_undone_again(self):
        self.start()
        places = [(u, p) for u in self.source.units for p in fixture.PERIODS]
        before = {(*self.target.cell("tests"), p, u, fixture.DEFAULT): "77" for u, p in places[:5]}
        before.update({(*self.target.cell("remark"), p, u, fixture.DEFAULT): "older words" for u, p in places[:3]})
        self.fill("target", self.target, before)
        self.transfer()
        self.check_whole_but(before)
        self.assertGreater(self.counts["updated"], 3)
        counted = ("created", "updated", "removed")
        self.assertEqual([sum(b[what] for b in self.report["batches"]) for what in counted], [self.counts[what] for what in counted])
        self.transfer("--undo")
        self.assertEqual(self.stored("target"), before)
        self.assertEqual([sum(b[what] for b in self.report["batches"]) for what in counted], [self.counts[what] for what in counted])
        self.assertEqual((self.counts["differing"], self.counts["refused"]), (0, 0))
        self.assertIn("was undone", self.command(*self.words("--resume"), expect=1, environment=self.environment)[1])

    def check_whole_but(self, before):
        """Cells that the source says nothing of stay as they were."""
        wanted = {**before, **self.wanted()}
        self.assertEqual(self.stored("target"), wanted)

    def test_months_become_quarters(self):
        """A run names quarters, reads their months, and sends sums; a second one sends nothing; undone, nothing is left."""
        self.target.objects["dataSets"][0]["periodType"] = "Quarterly"
        made = fixture.sums(self.source, self.target)
        self.start()
        mapping = fixture.mapping(self.source, self.target, made, periods=fixture.QUARTERS)
        (self.folder / "mapping.json").write_text(json.dumps(mapping))
        self.command(*self.words(periods=["2024Q1"]), environment=self.environment)
        wanted = fixture.rolled_up(fixture.expected(made, self.stored("source")))
        self.assertEqual({k: v for k, v in self.stored("target", periods=("2024Q1", "2024Q2")).items() if v != "0"}, {k: v for k, v in wanted.items() if v != "0"})
        self.assertEqual(self.read_report()["outcome"], "done")
        self.assertTrue(self.report["control_totals"] and all(t["equal"] and t["period"] == "2024Q1" for t in self.report["control_totals"]))
        self.command(*self.words(periods=["2024Q1"], journal="again"), environment=self.environment)
        self.assertEqual(self.read_report()["counts"]["sent"], 0)
        self.command(*self.words("--undo", periods=["2024Q1"]), environment=self.environment)
        self.assertEqual(self.stored("target", periods=("2024Q1", "2024Q2")), {})
        said = self.command(*self.words(periods=["202401"], journal="third"), expect=2, environment=self.environment)[1]  # a third of a quarter is none
        self.assertIn("name periods of the target", said)

    def test_periods_of_another_calendar_are_not_rolled_up(self):
        self.target.objects["dataSets"][0]["periodType"] = "Quarterly"
        for name in ("source", "target"):
            self.more_words = {name: ("--set", "calendar=nepali")}
            self.start()
            (self.folder / "mapping.json").write_text(json.dumps(fixture.mapping(self.source, self.target, fixture.sums(self.source, self.target), periods=fixture.QUARTERS)))
            said = self.command(*self.words(periods=["2024Q1"], journal=name), expect=2, environment=self.environment)[1]
            self.assertIn(f"'{name}' counts by another: nepali", said)
            self.assertEqual(self.stored("target", periods=("2024Q1", "2024Q2")), {})

    def test_the_same_period_of_another_calendar_is_another_one(self):
        for names, more in ((("source",), ()), (("target",), ()), (("source", "target"), None)):
            self.more_words = {name: ("--set", "calendar=ethiopian") for name in names}
            self.start()
            if more is None:  # both alike: the texts mean the same days
                self.transfer(journal="alike")
                self.assertGreater(self.counts["sent"], 0)
                continue
            said = self.command(*self.words(journal=names[0]), expect=2, environment=self.environment)[1]
            self.assertIn("different calendars", said)
            self.assertIn("ethiopian", said)
            self.assertEqual(self.stored("target"), {})

    def test_undo_leaves_alone_what_somebody_changed_since(self):
        self.start()
        self.transfer()
        changed = next(k for k in self.stored("target") if k[0] == self.target.elements["balance"])
        self.fill("target", self.target, {changed: "-12345"})
        self.transfer("--undo", expect=1)
        self.assertEqual(self.stored("target"), {changed: "-12345"})
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["changed_meanwhile"])

    def test_a_dry_run_of_an_undo_undoes_nothing(self):
        self.start()
        kept = {(*self.target.cell("tests"), "202401", self.source.units[0], fixture.DEFAULT): "77"}
        self.fill("target", self.target, kept)
        self.transfer()
        whole, sent = self.stored("target"), self.counts["sent"]
        changed = next(k for k in whole if k[0] == self.target.elements["balance"])
        self.fill("target", self.target, {changed: "-12345"})
        after = self.stored("target")
        self.transfer("--undo", "--dry-run", expect=1)
        self.assertEqual(self.stored("target"), after)
        told = {k: self.counts[k] for k in ("cells", "sent", "removed", "updated", "refused", "verified")}
        self.assertEqual((told, self.report["dry_run"]), ({"cells": sent, "sent": sent - 1, "removed": sent - 2, "updated": 1, "refused": 1, "verified": 0}, True))
        self.transfer("--resume")  # the journal still is that of a run that stands
        self.transfer("--undo", expect=1)
        self.assertEqual({k: self.counts[k] for k in ("cells", "sent", "removed", "updated", "refused")}, {k: v for k, v in told.items() if k != "verified"})
        self.assertEqual(self.stored("target"), {**kept, changed: "-12345"})

    def test_words_that_a_journal_answers_already(self):
        """What would be passed over is refused: who names one period of two believes that the other stays."""
        self.start()
        self.transfer()
        stored = self.stored("target")
        alone = ["transfer", "--config", self.folder / "config.yaml", "--journal", self.folder / "journal"]
        for words, part in ((["--undo", "--periods", "202401"], "the whole run"), (["--undo", "--org-units", self.source.units[0]], "the whole run"), (["--undo", "--to", "server:source"], "the whole run"),
                            (["--undo", "--resume"], "--resume"), (["--undo", "--values-out", "out.json"], "--values-in"), (["--resume", "--check-min-max"], "as it was begun"),
                            (["--resume", "--periods", "202401"], "as it was begun"), (["--resume", "--comments", "carry"], "as it was begun")):
            self.assertIn(part, self.command(*alone, *words, expect=2, environment=self.environment)[1], words)
        self.assertEqual(self.stored("target"), stored)

    def test_org_units_that_the_source_does_not_have(self):
        """A server passes over an id that it does not know; a slip must not be a facility that nobody misses."""
        self.start()
        for number, units in enumerate((f"{self.source.units[0]},{self.source.units[1][:-1]}9", f"{self.source.units[1][:-1]}9", f"{self.source.units[1][:-1]}9/descendants")):
            said = self.command(*self.words(units=units, journal=f"journal{number}"), expect=2, environment=self.environment)[1]
            self.assertIn(f"has no org unit {self.source.units[1][:-1]}9", said)
            self.assertNotIn("--resume", said)
        unknown = [f"{unit[:-1]}9" for unit in self.source.units[1:4]]
        said = self.command(*self.words(units=",".join([self.source.units[0], *unknown])), expect=2, environment=self.environment)[1]
        self.assertIn(f"does not have 3 of the org units: {', '.join(sorted(unknown))}. Correct the list, or leave them out", said)
        self.assertEqual(self.stored("target"), {})

    def test_org_units_that_the_mapping_adds_and_the_source_does_not_have(self):
        """They are looked for before anything is read: a part of a hundred of them alone would end the run in its middle, and a sum would lack them without a word."""
        self.start()
        gone = f"{self.source.units[1][:-1]}9"
        pairs = [{"source": source, "target": self.target.units[0], "decision": "accepted"} for source in (self.source.units[0], gone)]
        (self.folder / "mapping.json").write_text(json.dumps(fixture.mapping(self.source, self.target, org_units=pairs)))
        said = self.command(*self.words(units=self.source.units[0]), expect=2, environment=self.environment)[1]
        self.assertIn(f"the mapping adds up org units that the source, source, does not have with those that were asked for: {gone}. Take their pairs out of the mapping", said)
        self.assertEqual((self.stored("target"), self.begun()), ({}, False))

    def test_periods_of_another_type_than_the_target_s(self):
        self.start()
        said = self.command(*self.words(periods=("202401", "2024Q1")), expect=2, environment=self.environment)[1]
        self.assertIn("has Monthly periods, and 2024Q1 is a Quarterly one: name periods of the target (202401)", said)
        self.assertEqual(self.stored("target"), {})

    def test_the_wrong_way_round(self):
        """Where one side is a copy of the other, nothing else would stop it."""
        self.start()
        wrong = json.dumps(self.mapping()).replace('"server": "source"', '"server": "?"').replace('"server": "target"', '"server": "source"').replace('"server": "?"', '"server": "target"')
        (self.folder / "mapping.json").write_text(wrong)
        self.assertIn("would go the other way", self.command(*self.words(), expect=2, environment=self.environment)[1])
        self.assertEqual(self.stored("target"), {})

    def test_a_report_that_has_no_place(self):
        """Known before anything is sent; where it is known only then, what was sent is not called into question."""
        self.start()
        for path in (self.folder / "nowhere" / "report.csv", self.folder):
            self.assertIn(f"{path} cannot be written", self.command(*self.words("--report", path), expect=4, environment=self.environment)[1])
            self.assertEqual((self.stored("target"), (self.folder / "journal").exists()), ({}, False))
        said = self.command(*self.words("--report", "/dev/full"), expect=4, environment=self.environment)[1]
        self.assertIn(f"--journal {self.folder}/journal --resume --report", said)
        self.transfer("--resume")
        self.check_whole()

    def test_a_dry_run_writes_nothing_and_predicts(self):
        self.start()
        self.transfer("--dry-run", journal=None)
        self.assertEqual(self.stored("target"), {})
        self.assertEqual([p.name for p in self.folder.iterdir() if "journal" in p.name], [])
        predicted = self.counts["created"]
        self.assertEqual((self.counts["sent"], self.counts["verified"], self.report["dry_run"]), (predicted, 0, True))
        self.assertEqual(self.report["replaced"], [])
        self.transfer()
        self.assertEqual(self.counts["created"], predicted)

    def test_what_takes_the_place_of_other_values_is_shown_before_it_does(self):
        self.start()
        self.transfer()
        wanted = self.stored("target")
        others = {cell: str(int(value) + 1) for cell, value in wanted.items() if value.isdigit()}
        self.assertGreater(len(others), 50)
        self.fill("target", self.target, others)
        for words in (("--dry-run",), ()):
            self.transfer(*words, journal=None if words else "second")
            self.assertEqual((self.counts["updated"], len(self.report["replaced"])), (len(others), 50))
            for one in self.report["replaced"]:
                cell = tuple(one.get(name) for name in ("data_element", "category_option_combo", "period", "org_unit", "attribute_option_combo"))
                self.assertEqual((others[cell], wanted[cell]), (one["before"], one["value"]))
                self.assertIn(one["org_unit"], self.report["names"]["target"])

    def test_units_below_a_unit(self):
        self.start()
        self.transfer(units=fixture.ROOT + "/descendants")
        self.check_whole()

    def test_several_options_without_a_set_of_them(self):
        """To 2.42 such an element takes no value at all, whatever it is; known before anything is sent."""
        next(e for e in self.target.objects["dataElements"] if e["id"] == self.target.elements["remark"])["valueType"] = "MULTI_TEXT"
        key = (*self.source.cell("remark"), "202401", self.source.units[0], fixture.DEFAULT)
        self.start(stored={key: "RED"})
        old = self.versions[1] != "2.43"
        self.transfer(expect=1 if old else 0)
        self.assertEqual([(c["code"], c["by_target"], c["count"]) for c in self.report["conflicts"]], [("option_set_missing", False, 1)] if old else [])
        self.assertEqual((self.counts["ignored"], len(self.stored("target"))), ({}, 0 if old else 1))
        if old:
            self.assertIn("Option set", self.report["conflicts"][0]["remedy"])
            row = {**dict(zip(("dataElement", "categoryOptionCombo"), self.target.cell("remark"))), "attributeOptionCombo": fixture.DEFAULT, "period": "202401", "orgUnit": self.source.units[0], "value": "RED"}
            self.assertIn("E7619", json.dumps(api(self.sims["target"].port, "POST", "/api/dataValueSets", {"dataSet": self.target.data_set, "dataValues": [row]}).json))

    def test_who_gave_nothing_is_named(self):
        """Two readings may agree on an answer that is empty. Units above those that enter data are not waited for, but where they were named."""
        quiet = [("202402", self.source.units[2]), ("202403", self.source.units[4])]
        stored = {k: v for k, v in fixture.values(self.source, 1).items() if k[2:4] not in quiet}
        self.start(stored=stored)
        for units, others in ((fixture.ROOT + "/descendants", [(p, fixture.ROOT) for p in fixture.PERIODS]), (",".join(self.source.units), [])):
            self.transfer("--dry-run", "--report", self.folder / "report.csv", units=units, journal=None)
            told = [(one["period"], one["org_unit"]) for one in self.report["silent_units"]]
            self.assertEqual((sorted(told), self.counts["silent"], self.report["outcome"]), (sorted(quiet + others), len(told), "done"))
        self.assertIn("2 org units of which the source gave nothing", self.said[0])
        self.assertNotIn("nothing to send", self.said[0])
        with (self.folder / "report.csv").open(newline="") as file:
            rows = [row for row in csv.reader(file) if row[0] == "silent_org_units"]
        self.assertEqual([row[1:4] for row in rows], [[period, f"Facility {self.source.units.index(unit)}", unit] for period, unit in quiet])

    def test_a_run_that_read_nothing_says_so(self):
        self.start(stored={})
        self.transfer("--report", self.folder / "report.html")
        self.assertEqual((self.counts["read"], self.counts["silent"]), (0, len(self.source.units) * len(fixture.PERIODS)))
        self.assertEqual(self.said[0].splitlines()[1], "the source gave no values for what was asked: there was nothing to send")
        self.assertIn('<p class="outcome">The source gave no values for what was asked', (self.folder / "report.html").read_text())

    def test_comment_and_follow_up_of_the_target_stay(self):
        self.start()
        cell, unit = self.target.cell("tests"), self.source.units[0]
        key = {"dataElement": cell[0], "categoryOptionCombo": cell[1], "attributeOptionCombo": fixture.DEFAULT, "period": "202401", "orgUnit": unit}
        api(self.sims["target"].port, "POST", "/api/dataValueSets", {"dataSet": self.target.data_set, "dataValues": [{**key, "value": "1", "comment": "checked by phone", "followup": True, "followUp": True}]})
        self.transfer()
        query = f"?dataSet={self.target.data_set}&period=202401&period=202402&orgUnit={unit}&orgUnit={self.source.units[1]}"
        rows = api(self.sims["target"].port, "GET", "/api/dataValueSets.json", query=query).json["dataValues"]
        row = next(r for r in rows if r["dataElement"] == cell[0] and r["period"] == "202401" and r["orgUnit"] == unit)
        self.assertEqual((row["comment"], row["followup"]), ("checked by phone", True))
        self.assertNotEqual(row["value"], "1")

    def test_bad_words_and_journals_in_use(self):
        self.start()
        for words in (["--periods", "hello"], ["--periods", "2024W53"], ["--org-units", "no"], ["--accept", "all"], ["--from", "server:nowhere"]):
            self.command(*self.words(*words), expect=2, environment=self.environment)
        self.command(*self.words(), expect=2, environment={**self.environment, "DRAWBRIDGE_SOURCE_TOKEN": ""}, input="")
        for units in (f"{fixture.ROOT}/descendants,{self.source.units[0]}", f"{fixture.ROOT}/descendents"):
            self.assertIn("/descendants once, behind the last", self.command(*self.words(units=units), expect=2, environment=self.environment)[1])
        self.transfer()
        self.assertIn("holds a run already", self.command(*self.words(), expect=1, environment=self.environment)[1])
        self.assertIn("other", self.command(*self.words("--resume", "--periods", "202401"), expect=2, environment=self.environment)[1])
        self.transfer("--resume")  # of a run that has ended: the same report
        self.check_whole()
        out, _ = self.command("transfer", "--config", self.folder / "config.yaml", "--journal", self.folder / "journal", "--resume", environment=self.environment)
        self.assertIn("done:", out)

    def test_a_refused_token_ends_the_run_with_3(self):
        self.start()
        said = self.command(*self.words(), expect=3, environment={**self.environment, "DRAWBRIDGE_TARGET_TOKEN": self.environment["DRAWBRIDGE_SOURCE_TOKEN"]})[1]
        self.assertIn("server 'target': ", said)
        said = self.command(*self.words(journal="other"), expect=3, environment={**self.environment, "DRAWBRIDGE_SOURCE_TOKEN": self.environment["DRAWBRIDGE_TARGET_TOKEN"]})[1]
        self.assertIn("server 'source': ", said)

    def test_a_journal_that_is_not_there_is_not_made(self):
        self.start()
        for what, remedy in (("--resume", "nothing to go on with"), ("--undo", "nothing to undo")):
            said = self.command("transfer", "--config", self.folder / "config.yaml", "--journal", self.folder / "mistyped", what, expect=2, environment=self.environment)[1]
            self.assertIn(f"mistyped holds no run: there is {remedy}", said)
            self.assertFalse((self.folder / "mistyped").exists())
        said = self.command(*self.words("--resume", journal="mistyped"), expect=2, environment=self.environment)[1]
        self.assertIn("mistyped holds no run: there is nothing to go on with. Name the folder of the run with --journal, or begin one without --resume", said)
        self.assertFalse((self.folder / "mistyped").exists())
        (self.folder / "empty").mkdir()
        self.assertIn("empty holds no run", self.command(*self.words("--resume", journal="empty"), expect=2, environment=self.environment)[1])
        self.assertEqual(self.stored("target"), {})

    def test_zeros(self):
        """A zero is a value from 2.43 on; before, where it is not significant, it is the same as none: also over an older value."""
        share, balance, unit = self.source.cell("share"), self.source.cell("stock"), self.source.units[0]
        stored = {(*share, "202401", unit, fixture.DEFAULT): "0", (*share, "202402", unit, fixture.DEFAULT): "0", (*balance, "202401", unit, fixture.DEFAULT): "0.0"}
        self.start(stored=stored)
        target = self.target.cell("share")
        before = {(*target, "202402", unit, fixture.DEFAULT): "55"}
        self.fill("target", self.target, before)
        self.transfer()
        silent = self.versions[0] != "2.43"  # such a source has no zero to tell of: what stands at the target is left alone, and counted
        self.assertEqual(self.stored("target"), {**(before if silent else {}), **self.wanted()})
        self.assertEqual((self.counts["differing"], self.counts["verified"], self.counts["left_alone"]), (0, self.counts["cells"], int(silent)))
        self.transfer(journal="second")
        self.assertEqual(self.counts["sent"], 0)
        self.transfer("--undo")
        self.assertEqual(self.stored("target"), before)


class PlainBack(Plain):
    versions = ("2.43", "2.41")


class Plain40To42(Plain):
    versions = ("2.40", "2.42")


class Plain42To37(Plain):
    versions = ("2.42", "2.37")


class Plain37To43(Plain):
    versions = ("2.37", "2.43")


class Faults(Servers):
    """What a network and a server do; the result is that of a run without."""
    reads = "/api/dataValueSets*"

    def run_with(self, source=None, target=None):
        self.start(source, target)
        self.transfer()
        self.check_whole()

    def test_a_read_that_is_cut(self):
        self.run_with(source=[{"path": self.reads, "method": "GET", "nth": 2, "times": 2, "kind": "cut"}])

    def test_a_read_that_is_cut_and_looks_whole(self):
        self.run_with(source=[{"path": self.reads, "method": "GET", "nth": 1, "times": 3, "kind": "truncate"}])

    def test_a_read_that_fails(self):
        self.run_with(source=[{"path": self.reads, "method": "GET", "nth": 3, "times": 2, "kind": "status", "status": 500}], target=[{"path": self.reads, "method": "GET", "nth": 1, "times": 2, "kind": "status", "status": 503}])

    def test_an_empty_answer_once(self):
        self.run_with(source=[{"path": self.reads, "method": "GET", "nth": 2, "times": 1, "kind": "empty"}], target=[{"path": self.reads, "method": "GET", "nth": 5, "times": 1, "kind": "empty"}])

    def test_a_write_whose_answer_is_lost(self):
        for kind in ("cut", "truncate", "empty"):
            with self.subTest(kind):
                self.run_with(target=[{"path": self.reads, "method": "POST", "nth": 2, "times": 1, "kind": kind}])
                self.setUp()

    def test_504_after_the_write_was_done(self):
        self.run_with(target=[{"path": self.reads, "method": "POST", "nth": 2, "times": 2, "kind": "status", "status": 504, "execute": True}])

    def test_504_and_500_before_it_was_done(self):
        self.run_with(target=[{"path": self.reads, "method": "POST", "nth": 1, "times": 1, "kind": "status", "status": 504}, {"path": self.reads, "method": "POST", "nth": 2, "times": 1, "kind": "status", "status": 500}])

    def test_a_server_that_stays_away_ends_the_run_and_it_is_resumed(self):
        self.start(target_faults=[{"path": self.reads, "method": "POST", "nth": 3, "times": 6, "kind": "status", "status": 502}])
        said = self.command(*self.words(), expect=3, environment=self.environment)[1]
        self.assertIn("--resume", said)
        self.assertEqual(self.read_report()["outcome"], "failed")
        self.transfer("--resume")
        self.check_whole()

    def test_forbidden_reads_are_told(self):
        self.start(source_faults=[{"path": self.reads, "method": "GET", "kind": "empty"}])
        self.assertIn("may not read", self.command(*self.words(), expect=3, environment=self.environment)[1])


class FaultsBack(Faults):
    versions = ("2.43", "2.41")


class Between:
    """Stands before a stand-in and passes everything on; stops at the n-th question of a method about values, before or after the server has done it, and tells."""

    def __init__(self, port):
        self.behind, self.stop_at, self.stopped, self.seen, self.posted = port, None, threading.Event(), {}, []
        self.alter = None  # (method, number, answer): changes what comes back of a question about values
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                about_values = self.path.startswith("/api/dataValueSets")
                number = outer.seen[self.command] = outer.seen.get(self.command, 0) + about_values
                here = about_values and outer.stop_at and outer.stop_at[:2] == (self.command, number)
                if here and outer.stop_at[2] == "before":
                    return self.hold()
                answer = outer.forward(self.command, self.path, [(k, v) for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")], body)
                if here:
                    return self.hold()
                if about_values and outer.alter:
                    outer.alter(self.command, number, answer)
                if about_values and self.command == "POST" and answer.status == 200:
                    outer.posted += fixture.cells_of(json.loads(body)["dataValues"])
                self.send_response(answer.status)
                for key, value in answer.headers:
                    if key.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def hold(self):
                """Until the other side is gone."""
                outer.stopped.set()
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.recv(1)

            do_GET = do_POST = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def forward(self, method, path, headers, body):
        """Asks the stand-in. A test may put another in its place."""
        return harness.call(self.behind, method, path, headers, body)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class BetweenServers(Servers):
    def setUp(self):
        super().setUp()
        self.start()
        self.stand_between()


class Estimated(BetweenServers):
    """What a dry run says that sending will take, beside what it took. The target takes two seconds for a batch, neither quick nor slow, so that batches do not change with the machine's own speed."""
    takes_seconds = 20
    unit_count, more_words = 60, {"target": ["--set", "import-ms=32000"]}

    def count(self):
        """From now on: the requests of each side, and the bytes of values that came to the target."""
        self.asked, self.bytes = {"source": 0, "target": 0}, 0
        for name, between in self.between.items():
            def forward(method, path, headers, body, name=name, real=between.forward):
                self.asked[name] += 1
                self.bytes += len(body or b"")
                return real(method, path, headers, body)
            between.forward = forward

    def test_as_much_as_the_dry_run_said(self):
        self.transfer("--dry-run", journal=None)
        said, estimate = self.said[0], self.report["estimate"]
        self.assertIn(f"sending it: about {estimate['requests']} requests ({estimate['source_requests']} to the source, {estimate['target_requests']} to the target), {-(-estimate['bytes'] // 1000)} kB", said)
        self.count()
        self.transfer()
        self.check_whole()
        self.assertGreater(self.between["target"].seen["POST"], 2 * len(fixture.PERIODS))  # more than one batch a period, in each of both
        for what, found in ((estimate["source_requests"], self.asked["source"]), (estimate["target_requests"], self.asked["target"]), (estimate["bytes"], self.bytes)):
            self.assertAlmostEqual(what, found, delta=found / 5)
        self.assertEqual(estimate["requests"], estimate["source_requests"] + estimate["target_requests"])
        self.assertNotIn("estimate", self.report)


class Busy(BetweenServers):
    """A server that takes no more for now is left alone for as long as it says."""
    unit_count, seconds = 3, 2

    def busy(self, name, *steps):
        """Refuses these (method, number) of its questions about values; returns [(when it was asked, was that refused?)]."""
        between, asked = self.between[name], []
        real = between.forward

        def forward(method, path, headers, body):
            refused = path.startswith("/api/dataValueSets") and (method, between.seen[method]) in steps
            asked.append((time.monotonic(), refused))
            if refused:
                return harness.Answer(429, [("Content-Type", "application/json"), ("Retry-After", str(self.seconds))], b'{"httpStatus":"Too Many Requests","httpStatusCode":429,"status":"ERROR"}')
            return real(method, path, headers, body)
        between.forward = forward
        return asked

    def test_a_server_that_takes_no_more_for_now(self):
        source, target = self.busy("source", ("GET", 4)), self.busy("target", ("GET", 3), ("POST", 2))
        self.transfer()
        self.check_whole()
        for asked, count in ((source, 1), (target, 2)):
            waited = [after - at for (at, refused), (after, _) in zip(asked, asked[1:]) if refused]
            self.assertEqual(len(waited), count)
            self.assertGreaterEqual(min(waited), self.seconds)


class Killed(BetweenServers):
    """SIGKILL at each step that waits for a server; then --resume: the same report, nothing twice."""
    unit_count = 3
    takes_seconds = 60

    def empty_target(self):
        """By the stand-in's own API: undoing is for other tests."""
        document = fixture.document(self.stored("target"), self.target.data_set)
        answer = api(self.sims["target"].port, "POST", "/api/dataValueSets", document, "?importStrategy=DELETE")
        self.assertEqual((answer.status, self.stored("target")), (200, {}), answer)
        for between in self.between.values():
            between.seen.clear()
            between.posted.clear()
            between.stopped.clear()
            between.stop_at = None

    def steps(self, seen):
        for name in ("source", "target"):
            for method, count in seen[name].items():
                for number in range(1, count + 1):
                    for when in ("before", "after") if method == "POST" else ("before",):
                        yield name, (method, number, when)

    def kill_at(self, name, step, *more):
        self.between[name].stop_at = step
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words(*more))], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(self.between[name].stopped.wait(harness.PATIENCE), f"{name} was never asked {step}")
        run.send_signal(signal.SIGKILL)
        run.wait()
        self.between[name].stop_at = None
        self.between[name].stopped.clear()

    def check_resumed(self, clean):
        self.check_whole()
        for part in ("counts", "control_totals", "conflicts", "unmapped_cells"):
            self.assertEqual(self.report[part], clean[part], part)
        self.assertEqual([b["number"] for b in self.report["batches"]], list(range(1, len(self.report["batches"]) + 1)))
        self.assertLessEqual(sum(b["values"] for b in self.report["batches"]), self.counts["sent"])
        posted = self.between["target"].posted
        self.assertEqual(len(posted), len(set(posted)), "a cell whose writing was acknowledged was sent again")

    def test_resumed_as_if_nothing_had_happened(self):
        clean = self.transfer()
        seen = {name: dict(between.seen) for name, between in self.between.items()}
        self.assertEqual(seen["target"]["POST"], len(fixture.PERIODS))
        for name, step in list(self.steps(seen)):
            with self.subTest(server=name, step=step):
                self.empty_target()
                shutil.rmtree(self.folder / "journal")
                self.kill_at(name, step)
                self.go_on()
                self.check_resumed(clean)

    def test_killed_again_and_again(self):
        clean = self.transfer()
        self.empty_target()
        shutil.rmtree(self.folder / "journal")
        self.kill_at("target", ("POST", 1, "after"))
        for number in range(2, 6):
            self.kill_at("target", ("GET", 3 * number, "before"), "--resume")
        self.transfer("--resume")
        self.check_resumed(clean)

    def test_a_power_cut_takes_what_was_not_waited_for(self):
        """Behind the last word that a plan is sent, the journal is not waited for: whatever of that is lost, the result is the same, and nothing is sent again."""
        clean = self.transfer()
        journal = self.folder / "journal" / "journal"
        whole = journal.read_bytes()
        sending = whole.index(b"\n", whole.rindex(b'"record":"sending"')) + 1
        behind = [json.loads(line[17:])["record"] for line in whole[sending:].splitlines()]
        self.assertIn(behind, (["done", "ended"], ["done", "done", "ended"]))  # that of the period before too, where the last was planned ahead
        for end in (sending, sending + 20, whole.index(b"\n", sending) + 1, whole.rindex(b'"record":"ended"')):
            with self.subTest(end=end - sending):
                journal.write_bytes(whole[:end])
                self.transfer("--resume")
                self.check_resumed(clean)


class Ahead(BetweenServers):
    """The source is read for the next period while this one is written: one ahead, and what goes wrong there is told in its turn."""
    unit_count = 3

    def hold_first_write(self, condition):
        real, self.held = self.between["target"].forward, []

        def forward(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets") and not self.held:
                harness.wait_for(condition, "the source was not asked for the next period")
                self.held.append(self.between["source"].seen["GET"])
            return real(method, path, headers, body)
        self.between["target"].forward = forward

    def test_units_are_asked_about_once(self):
        """Whatever the number of periods: an org unit does not depend on them."""
        asked = []
        real = self.between["target"].forward

        def forward(method, path, headers, body):
            asked.extend([path] if path.startswith("/api/organisationUnits") and "openingDate" in path else [])
            return real(method, path, headers, body)
        self.between["target"].forward = forward
        self.transfer()
        self.check_whole()
        self.assertEqual(([unit for unit in self.target.units if sum(unit in path for path in asked) != 1], len(asked)), ([], 1))

    def test_nothing_is_sent_before_the_one_before_is_read_back(self):
        """The next period is asked about before that, and no more than that."""
        real, order = self.between["target"].forward, []

        def forward(method, path, headers, body):
            if path.startswith("/api/dataValueSets"):
                order.append((method, next(p for p in fixture.PERIODS if p in (body.decode() if body else path))))
            return real(method, path, headers, body)
        self.between["target"].forward = forward
        self.transfer()
        self.check_whole()
        for earlier, later in zip(fixture.PERIODS, fixture.PERIODS[1:]):
            last = max(i for i, one in enumerate(order) if one == ("POST", earlier))
            self.assertIn(("GET", earlier), order[last:order.index(("POST", later))], order)

    def test_the_first_is_read_while_the_target_tells_what_may_be_entered(self):
        real, held = self.between["target"].forward, []

        def forward(method, path, headers, body):
            if "dataInputPeriods" in path and not held:
                harness.wait_for(lambda: self.between["source"].seen.get("GET", 0) >= 2, "the source was not asked for the first period")
                held.append(path)
            return real(method, path, headers, body)
        self.between["target"].forward = forward
        self.transfer()
        self.check_whole()
        self.assertEqual((len(held), self.between["source"].seen["GET"]), (1, 3 * len(fixture.PERIODS)))

    def test_one_period_is_read_ahead(self):
        self.hold_first_write(lambda: self.between["source"].seen["GET"] >= 6)
        self.transfer()
        self.check_whole()
        self.assertEqual((self.held, self.between["source"].seen["GET"]), ([6], 3 * len(fixture.PERIODS)))

    def test_signed_out_at_the_source_meanwhile(self):
        real, refused = self.between["source"].forward, threading.Event()

        def forward(method, path, headers, body):
            if path.startswith("/api/dataValueSets") and f"period={fixture.PERIODS[1]}" in path:
                refused.set()
                return harness.Answer(401, [("Content-Type", "application/json")], b'{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}')
            return real(method, path, headers, body)
        self.between["source"].forward = forward
        self.hold_first_write(refused.is_set)
        self.transfer(expect=3)
        self.assertEqual((self.report["outcome"], self.report["problem"]["code"]), ("failed", "reauth_required"))
        self.assertEqual(self.stored("target"), self.kept({k: v for k, v in fixture.expected(self.made, self.stored("source")).items() if k[2] == fixture.PERIODS[0]}))
        self.between["source"].forward = real
        self.transfer("--resume")
        self.check_whole()
        self.assertEqual(len(self.between["target"].posted), len(set(self.between["target"].posted)))


class FullBehindThePost(BetweenServers):
    def test_a_disk_that_is_full_when_all_was_sent(self):
        """The record of the last chunk's end cannot be written: what it sent is counted, and once."""
        real, posted = self.between["target"].forward, []

        def full_behind_the_last_post(method, *rest):
            if method == "POST":
                posted.append(rest)
            elif len(posted) == len(fixture.PERIODS):  # it is read back: all of the chunk is in the journal but its end
                size = (self.folder / "journal" / "journal").stat().st_size
                resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (size, size))
            return real(method, *rest)
        self.between["target"].forward = full_behind_the_last_post
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words())], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        said = run.communicate(timeout=harness.PATIENCE)[1]
        self.between["target"].forward = real
        self.assertEqual((run.returncode, "journal cannot be written" in said), (4, True), said)
        counts = self.read_report()["counts"]
        self.assertEqual((counts["sent"], counts["created"]), (len(self.stored("target")),) * 2)
        self.transfer("--resume")
        self.check_whole()


class Signals(Servers):
    def test_a_full_disk(self):
        """A journal that cannot be written ends the run before it sends what is not in it; with room again it goes on."""
        self.start()
        self.transfer(journal="clean")
        sizes = {p.name: p.stat().st_size for p in (self.folder / "clean").iterdir()}
        clean = self.stored("target")
        self.transfer("--undo", journal="clean")
        words = self.words()
        at = words.index("--report")
        del words[at:at + 2]

        def little_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        for room in (100, sizes["mapping.json"] + 10, *(int(max(sizes.values()) * part) for part in (0.5, 0.7, 0.9))):
            more = ["--resume"] if self.begun() else []
            run = subprocess.run([str(harness.BUILD / "drawbridge"), *map(str, words), *more], env={**os.environ, **self.environment}, capture_output=True, text=True, preexec_fn=little_room)
            self.assertEqual(run.returncode, 4, (room, sizes, run.stderr))
            self.assertIn("cannot be written", run.stderr)
            self.assertEqual("Go on with" in run.stderr, room > 100)  # where something was begun
            self.assertLess(len(self.stored("target")), len(clean))
        self.transfer("--resume")
        self.check_whole()

    def test_a_journal_that_another_process_has(self):
        self.start(target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "nth": 1, "times": 1, "kind": "hang"}])
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words())], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        harness.wait_for(lambda: (self.folder / "journal" / "journal").exists() and b"sending" in (self.folder / "journal" / "journal").read_bytes(), "the first POST")
        self.assertIn("another run is using", self.command(*self.words("--resume"), expect=3, environment=self.environment)[1])
        run.send_signal(signal.SIGKILL)
        run.wait()

    def test_a_read_that_nobody_wants_is_not_waited_for(self):
        """The source does not answer the question for the second chunk: a write of the first that fails ends the run all the same, and so does Ctrl-C."""
        for refused in (True, False):
            with self.subTest(refused=refused):
                self.setUp()
                self.start(source_faults=[{"path": "/api/dataValueSets*", "method": "GET", "nth": 4, "kind": "hang"}], target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "kind": "status", "status": 403}] if refused else None)
                run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words())], env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.addCleanup(run.kill)
                if not refused:
                    harness.wait_for(lambda: (self.folder / "journal" / "journal").exists() and b'"done"' in (self.folder / "journal" / "journal").read_bytes(), "the first chunk")
                    run.send_signal(signal.SIGINT)
                self.assertEqual(run.wait(timeout=harness.PATIENCE), 3 if refused else 1)

    def test_control_c_stops_after_the_batch(self):
        self.start(target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "nth": 1, "times": 1, "kind": "slow", "ms": 600000}])
        run = subprocess.Popen([str(harness.BUILD / "drawbridge"), *map(str, self.words())], env={**os.environ, **self.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        harness.wait_for(lambda: (self.folder / "journal" / "journal").exists() and b"sending" in (self.folder / "journal" / "journal").read_bytes(), "the first POST")
        run.send_signal(signal.SIGINT)
        self.sims["target"].hurry_until(lambda: run.poll() is not None, "the end of the run")
        out, said = run.communicate(timeout=harness.PATIENCE)
        self.assertEqual(run.returncode, 1, said)
        self.assertIn("--resume", said)
        self.assertEqual(self.read_report()["outcome"], "cancelled")
        self.assertGreater(len(self.stored("target")), 0)
        self.transfer("--resume")
        self.check_whole()


if __name__ == "__main__":
    unittest.main()
