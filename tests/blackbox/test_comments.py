"""Comments and follow-up marks that go along with the values, on stand-ins of both value engines."""
import csv
import json
import unittest

import harness
import transfer_fixture as fixture
from test_measured import REASONS, element, option_sets
from test_transfer import Servers, api

CARRY = ("--comments", "carry")


class Noted(Servers):
    unit_count = 2

    def note(self, name, cell, value, comment=None, mark=False, unit=0, period="202401"):
        """As data entry writes it, in the spelling of both engines."""
        side = getattr(self, name)
        row = {"dataElement": cell[0], "categoryOptionCombo": cell[1], "attributeOptionCombo": fixture.DEFAULT, "period": period, "orgUnit": side.units[unit], "value": value, "followup": mark, "followUp": mark}
        answer = api(self.sims[name].port, "POST", "/api/dataValueSets", {"dataSet": side.data_set, "dataValues": [{**row, **({"comment": comment} if comment else {})}]})
        self.assertEqual(answer.json.get("response", answer.json)["status"], "SUCCESS", answer)

    def notes(self, name="target"):
        """{(element, period, unit): (value, comment, mark)} of what has a comment or a mark."""
        side = getattr(self, name)
        query = f"?dataSet={side.data_set}" + "".join(f"&period={p}" for p in fixture.PERIODS) + "".join(f"&orgUnit={u}" for u in side.units)
        rows = api(self.sims[name].port, "GET", "/api/dataValueSets.json", query=query).json["dataValues"]
        return {(r["dataElement"], r["period"], r["orgUnit"]): (r["value"], r.get("comment"), r.get("followup", False)) for r in rows if r.get("comment") or r.get("followup")}

    def at(self, name, unit=0, period="202401"):
        return (self.target.elements[name], period, self.target.units[unit])

    def entered(self):
        """A copy, a sum, and a cell that only the target says something about."""
        ages = self.source.cells("tests")
        self.note("source", self.source.cell("stock"), "5", "counted twice, \"sure\"", True)
        for cell, (comment, mark) in zip(ages, (("late", False), ("by phone", True), ("late ", False), (None, False))):
            self.note("source", cell, "7", comment, mark)
        self.note("source", self.source.cell("share"), "50")
        self.note("target", self.target.cell("share"), "40", "entered here", True)


class Carried(Noted):
    def test_they_go_along_where_it_is_asked_for(self):
        self.start(stored={})
        self.entered()
        self.transfer()
        here = {self.at("share"): ("50", "entered here", True)}
        self.assertEqual((self.notes(), self.counts["carried"], self.report["comments"]), (here, 0, "none"))
        first = self.stored("target")
        self.transfer(*CARRY, "--dry-run", journal=None)
        self.assertEqual((self.notes(), self.counts["carried"]), (here, 3))
        self.transfer(*CARRY, journal="second")
        along = {**here, self.at("stock"): ("5", "counted twice, \"sure\"", True), self.at("tests"): ("28", "late; by phone", True), self.at("balance"): ("2", "late; counted twice, \"sure\"", True)}
        self.assertEqual(self.notes(), along)
        self.assertEqual((self.stored("target"), self.counts["sent"], self.counts["updated"], self.counts["carried"], self.counts["verified"]), (first, 3, 3, 3, len(first)))
        self.transfer(*CARRY, journal="third")
        self.assertEqual((self.counts["sent"], self.counts["unchanged"]), (0, len(first)))
        self.check_undo(here, first)

    def check_undo(self, here, first):
        """What somebody said since stays; all else is as it was before the run that carried."""
        self.note("target", self.target.cell("tests"), "28", "late; by phone. Asked them", True)
        self.transfer("--undo", journal="second", expect=1)
        self.assertEqual((self.notes(), self.stored("target")), ({**here, self.at("tests"): ("28", "late; by phone. Asked them", True)}, first))
        self.assertEqual([(c["code"], c["count"]) for c in self.report["conflicts"]], [("changed_meanwhile", 1)])

    def test_a_cell_that_somebody_spoke_of_is_not_deleted_by_an_undo(self):
        self.start(stored={})
        self.entered()
        self.transfer()
        self.note("target", self.target.cell("stock"), "5", "ours")
        self.transfer("--undo", expect=1)
        self.assertEqual(self.notes(), {self.at("share"): ("40", "entered here", True), self.at("stock"): ("5", "ours", False)})

    def test_504_after_the_write_was_done(self):
        self.start(stored={}, target_faults=[{"path": "/api/dataValueSets*", "method": "POST", "nth": 2, "times": 1, "kind": "status", "status": 504, "execute": True}])
        self.entered()
        self.transfer(*CARRY)
        self.assertEqual((len(self.notes()), self.counts["sent"], self.counts["verified"], self.counts["carried"]), (4, self.counts["cells"], self.counts["cells"], 3))


class CarriedBack(Carried):
    versions = ("2.43", "2.41")

    def test_a_comment_without_a_value_is_not_lost_by_an_undo(self):
        self.start(stored={})
        self.note("source", self.source.cell("stock"), "5")
        self.note("source", self.source.cell("share"), "50")
        self.note("target", self.target.cell("stock"), "", "ask them")
        for words, journal in (((), "plain"), (CARRY, "carried")):
            self.transfer(*words, journal=journal)
            self.transfer("--undo", journal=journal, expect=1 if journal == "plain" else 0)
            self.assertEqual(self.notes(), {self.at("stock"): ("5", "ask them", False)})
            self.assertEqual([(c["code"], c["count"]) for c in self.report["conflicts"]], [("comment_alone", 1)] if journal == "plain" else [])
        self.assertEqual(set(self.stored("target")), {(*self.target.cell("stock"), "202401", self.target.units[0], fixture.DEFAULT)})


class Held(Noted):
    def test_what_the_target_would_not_take(self):
        """What is too long, or no option where comments are options, holds its cell back, and says so before anything is sent."""
        option_sets(self.target)
        element(self.target, "stock")["commentOptionSet"] = {"id": REASONS}
        self.start(stored={})
        new = self.versions[1] == "2.43"
        self.note("source", self.source.cell("remark"), "words", "x" * 5000)
        self.note("source", self.source.cell("remark"), "words", "é" * 5000 + "x", unit=1)
        for unit, comment in enumerate(("CODE21", "other")):
            self.note("source", self.source.cell("stock"), "5", comment, unit=unit)
        self.note("source", self.source.cell("stock"), "5", None, period="202402")
        self.transfer(*CARRY, expect=1 if new else 0)
        held = {"comment_too_long": 1, "comment_unknown": 1, "comment_missing": 1} if new else {}
        self.assertEqual({c["code"]: c["count"] for c in self.report["conflicts"]}, held)
        self.assertEqual(self.notes()[self.at("stock")], ("5", "CODE21", False))
        self.assertEqual([at in self.notes() for at in (self.at("stock", 1), self.at("remark", 1))], [not new, not new])


class HeldByNone(Held):
    """To 2.42 comments may be ten times as long, and any text."""
    versions = ("2.41", "2.42")


class Files(harness.Case):
    def test_in_json_and_csv(self):
        folder = self.directory()
        source, target = fixture.sides()
        stored = fixture.document({(*cell, "202401", source.units[0], fixture.DEFAULT): "3" for cell in source.cells("tests")})
        for row, comment in zip(stored["dataValues"], ("a; b", "b", "c")):
            row.update(comment=comment, followup=comment == "c")
        for name, content in (("in.json", stored), ("mapping.json", fixture.mapping(source, target))):
            (folder / name).write_text(json.dumps(content))

        def transfer(values_in, out, *words, **more):
            return self.command("transfer", "--mapping", folder / "mapping.json", "--values-in", folder / values_in, "--values-out", folder / out, *words, **more)[1]
        cell = target.cell("tests")
        transfer("in.json", "plain.json")
        self.assertNotIn("comment", (folder / "plain.json").read_text())
        transfer("in.json", "out.json", *CARRY)
        row = next(r for r in json.loads((folder / "out.json").read_text())["dataValues"] if r["dataElement"] == cell[0])
        self.assertEqual((row["value"], row["comment"], row["followup"], row["followUp"]), ("12", "a; b; c", True, True))
        transfer("in.json", "out.csv", *CARRY)
        with (folder / "out.csv").open(newline="") as file:
            row = next(r for r in csv.DictReader(file) if r["dataelement"] == cell[0])
        self.assertEqual((row["value"], row["comment"], row["followup"], row["lastupdated"]), ("12", "a; b; c", "true", ""))
        (folder / "target.json").write_text(json.dumps(target.objects))
        self.assertIn("ADX has no place for comments", transfer("in.json", "out.xml", "--to", folder / "target.json", *CARRY, expect=2))
        self.assertIn("--comments takes none or carry", transfer("in.json", "out.json", "--comments", "all", expect=2))


del Servers, Noted

if __name__ == "__main__":
    unittest.main()
