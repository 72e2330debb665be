"""What a target takes of some units and not of others, and what a person may not read there: the rest arrives, and what does not is told."""
import base64
import csv
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import BetweenServers, Servers


class Refusals(Servers):
    """Units that the target's data set is not assigned to, and a closed one: the rest arrives, and what does not is told."""
    unit_count = 8

    def setUp(self):
        super().setUp()
        self.assigned = self.source.units[:5]
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.assigned]
        self.target.objects["organisationUnits"][1]["closedDate"] = "2024-01-15"

    def check_the_rest_arrived(self, periods=fixture.PERIODS):
        refused = set(self.source.units[5:])
        closed = {(p, self.source.units[0]) for p in ("202402", "202403")} if self.versions[1] == "2.43" else set()
        wanted = {k: v for k, v in self.wanted().items() if k[2] in periods and k[3] not in refused and (k[2], k[3]) not in closed}
        self.assertEqual(self.stored("target"), wanted)
        self.assertEqual(self.report["outcome"], "refused")
        cells = self.report["conflicts"][0]["cells"]
        self.assertTrue(cells and all(c["sources"] for c in cells))

    def test_one_bad_unit_does_not_lose_the_others(self):
        """It is known before, and not sent."""
        self.start()
        self.transfer(expect=1)
        self.check_the_rest_arrived()
        codes = {c["code"] for c in self.report["conflicts"] if not c["by_target"]}
        self.assertEqual((codes, self.counts["ignored"]), ({"org_unit_not_assigned", "org_unit_closed"} if self.versions[1] == "2.43" else {"org_unit_not_assigned"}, {}))
        self.assertEqual(self.counts["verified"] + self.counts["refused"], self.counts["cells"])

    def test_units_that_became_bad_after_the_plan(self):
        """What was good when it was judged, and is not any more when it comes, is refused by the target: one bad unit does not lose the others of its POST."""
        late, boss = self.target.objects, fixture.uid("TUs", 9)
        units, data_set = late["organisationUnits"], late["dataSets"][0]
        assigned, closed = data_set["organisationUnits"], units[1].pop("closedDate")
        data_set["organisationUnits"] = [{"id": u} for u in self.source.units]
        late["userRoles"].append({"id": fixture.uid("TUr", 9), "name": "Boss", "description": "Does all", "authorities": ["ALL"]})
        late["users"].append({**late["users"][0], "id": boss, "username": "boss", "userRoles": [{"id": fixture.uid("TUr", 9)}]})
        self.start()
        self.stand_between()
        headers = {"Authorization": "Basic " + base64.b64encode(b"boss:Runner-test-1").decode(), "Content-Type": "application/json-patch+json"}
        forward = self.between["target"].forward

        def change_first(method, *rest):
            if method == "POST":
                self.between["target"].forward = forward
                for path, name, value in ((f"dataSets/{self.target.data_set}", "organisationUnits", assigned), (f"organisationUnits/{units[1]['id']}", "closedDate", closed)):
                    answer = harness.call(self.sims["target"].port, "PATCH", f"/api/{path}", headers, [{"op": "add", "path": f"/{name}", "value": value}])
                    self.assertEqual(answer.status, 200, answer)
            return forward(method, *rest)
        self.between["target"].forward = change_first
        self.transfer("--periods", "202402", expect=1)
        self.assertEqual(set(self.counts["ignored"]), {"E8022", "E8031"} if self.versions[1] == "2.43" else {"E7636"})
        self.assertEqual(self.counts["verified"] + sum(self.counts["ignored"].values()), self.counts["cells"])
        self.check_the_rest_arrived(("202402",))


class RefusalsBack(Refusals):
    versions = ("2.43", "2.41")


class RefusalsOf37(Refusals):
    versions = ("2.43", "2.37")


class TwoDataSets(Servers):
    """Two data sets of the target hold the element, each for units and periods of its own."""
    unit_count = 4

    def setUp(self):
        super().setUp()
        first, self.second = self.target.objects["dataSets"][0], fixture.uid("TDs", 2)
        self.target.objects["dataSets"].append({**first, "id": self.second, "name": "T second", "shortName": "T second", "organisationUnits": [{"id": u} for u in self.target.units[2:]]})
        first["organisationUnits"] = [{"id": u} for u in self.target.units[:2]]

    def mapping(self):
        made = fixture.mapping(self.source, self.target, [(self.target.cell("stock"), [(1, self.source.cell("stock"))])])
        made["target"]["data_sets"] = [self.target.data_set, self.second]
        return made

    def begin(self):
        stored = {(*self.source.cell("stock"), "202401", unit, fixture.DEFAULT): "5" for unit in self.source.units}
        self.start(stored=stored)
        return {(*self.target.cell("stock"), *key[2:]): "5" for key in stored}

    def test_each_unit_by_the_one_it_is_assigned_to(self):
        wanted = self.begin()
        self.transfer(periods=("202401",))
        self.assertEqual((self.stored("target"), self.report["conflicts"]), (wanted, []))
        with (self.folder / "journal" / "undo.csv").open(newline="") as file:
            sent_with = {row["org_unit"]: row["data_set"] for row in csv.DictReader(file)}
        self.assertEqual(sent_with, {unit: self.second if i > 1 else self.target.data_set for i, unit in enumerate(self.target.units)})
        self.transfer("--undo", periods=("202401",))
        self.assertEqual(self.stored("target"), {})

    def test_a_unit_of_neither_is_told(self):
        self.target.objects["dataSets"][1]["organisationUnits"].pop()
        wanted = self.begin()
        self.transfer(periods=("202401",), expect=1)
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["org_unit_not_assigned"])
        self.assertEqual(self.stored("target"), {key: value for key, value in wanted.items() if key[3] != self.target.units[3]})

    def test_the_one_that_has_the_periods(self):
        first, second = self.target.objects["dataSets"]
        first["periodType"], second["organisationUnits"] = "Yearly", [{"id": u} for u in self.target.units]
        wanted = self.begin()
        self.transfer(periods=("202401",))
        self.assertEqual((self.stored("target"), self.report["conflicts"]), (wanted, []))


class TwoDataSetsBack(TwoDataSets):
    versions = ("2.43", "2.41")


class UnknownUnits(Servers):
    """The target does not have two of the source's org units, of which one has no value that is sent."""
    unit_count = 5

    def setUp(self):
        super().setUp()
        self.gone = self.target.units[3:]
        target = self.target.objects
        target["organisationUnits"] = [u for u in target["organisationUnits"] if u["id"] not in self.gone]
        target["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.target.units[:3]]

    def mapping(self):
        two = [(1, self.source.cell("stock")), (-1, self.source.cell("tests", "0-4"))]
        return fixture.mapping(self.source, self.target, [(self.target.cell("stock"), two[:1]), (self.target.cell("balance"), two), (self.target.cell("remark"), [(1, self.source.cell("remark"))])])

    def begin(self, **more):
        stored = {}
        for n, unit in enumerate(self.source.units[:4]):
            for name, options, value in (("stock", (), str(10 + n)), ("tests", ("0-4",), "3"), ("remark", (), "seen")):
                stored[(*self.source.cell(name, *options), "202401", unit, fixture.DEFAULT)] = value
        stored[(*self.source.cell("unmapped"), "202401", self.source.units[4], fixture.DEFAULT)] = "1"
        self.start(stored=stored)

    def totals(self):
        return {t["name"]: (t["source"], t["target"], t.get("skipped"), t["equal"], t.get("equal_but_skipped")) for t in self.report["control_totals"]}

    def check_skipped(self, sent="target"):
        """Units 0 to 2 arrive: 10 + 11 + 12, and of unit 3 the values are told."""
        counts = self.counts
        self.assertEqual((counts["read"], counts["mapped"], counts["unmapped"], counts["skipped_units"], counts["refused"], counts["ignored"]), (13, 9, {"unknown_unit": 3, "no_counterpart": 1}, 1, 0, {}))
        self.assertEqual((self.report["outcome"], self.report["unknown_units"], counts["silent"]), ("done", "skip", 0))
        self.assertEqual(self.totals(), {"T stock": ("46", "33", "13", False, True), "T balance": ("34", "24", "10", False, True)})
        where = {"period": "202401", "org_unit": self.gone[0]}
        self.assertEqual(self.report["skipped_units"], [{**where, "data_element": self.target.elements["balance"], "values": 2, "total": "10"}, {**where, "data_element": self.target.elements["stock"], "values": 1, "total": "13"},
                                                        {**where, "data_element": self.target.elements["remark"], "values": 1}])
        self.assertEqual(self.report["names"]["source"][self.gone[0]], "Facility 3")

    def test_each_of_their_values_is_refused(self):
        self.begin()
        self.transfer(periods=("202401",), expect=1)
        self.assertEqual((self.report["outcome"], self.report["unknown_units"], self.report["skipped_units"]), ("refused", "refuse", []))
        self.assertEqual({cell["target"]["org_unit"] for c in self.report["conflicts"] for cell in c["cells"]}, {self.gone[0]})
        self.assertEqual(self.totals(), {"T stock": ("46", "33", None, False, None), "T balance": ("34", "24", None, False, None)})

    def test_skipped_they_are_told_with_their_sums(self):
        self.begin()
        sheet, page = self.folder / "report.csv", self.folder / "report.html"
        self.transfer("--unknown-units", "skip", "--dry-run", "--report", page, "--language", "en", periods=("202401",))
        self.check_skipped()
        self.assertIn('<p class="outcome">Dry run: everything could be sent but the values of', page.read_text())
        self.transfer("--unknown-units", "skip", "--report", sheet, "--report", page, "--language", "en", periods=("202401",))
        self.check_skipped()
        self.assertIn(" 1 org units skipped that the target does not have,", self.said[0])
        self.assertEqual({key[3] for key in self.stored("target")}, set(self.source.units[:3]))
        with sheet.open(newline="", encoding="utf-8-sig") as file:
            rows = [[field for field in row if field] for row in csv.reader(file)]
        self.assertIn(["skipped_org_units", "202401", "Facility 3", self.gone[0], "T stock", self.target.elements["stock"], "1", "13"], rows)
        self.assertIn(["control_totals", "T stock", self.target.elements["stock"], "202401", "46", "33", "-13", "3", "but for what was skipped", "13"], rows)
        self.assertRegex(page.read_text(), '<p class="outcome">Everything went through, .* by what was skipped of them the totals differ')
        self.transfer("--undo", periods=("202401",))
        self.assertEqual(self.stored("target"), {})

    def test_a_run_that_is_gone_on_with_skips_them_too(self):
        self.begin()
        self.transfer("--unknown-units", "skip", periods=("202401",))
        journal = self.folder / "journal" / "journal"
        lines = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join(lines[:2]))  # its beginning and its org units
        self.transfer("--resume", "--unknown-units", "skip", periods=("202401",))
        self.check_skipped()
        self.command(*self.words("--resume", periods=("202401",)), expect=2, environment=self.environment)  # begun otherwise

    def test_only_what_changed(self):
        self.begin()
        self.transfer("--unknown-units", "skip", "--changed-since", "2020-01-01", periods=("202401",))
        self.assertEqual(self.totals(), {"T stock": ("46", "33", "13", False, True), "T balance": ("34", "24", "10", False, True)})

    def test_what_cannot_be_right_is_refused(self):
        """None of them: it is the wrong target. And a total that differs by more than was skipped differs."""
        self.begin()
        said = self.command(*self.words("--unknown-units", "skip", periods=("202401",), units=",".join(self.gone)), expect=2, environment=self.environment)[1]
        self.assertIn("has none of the org units", said)
        self.assertFalse((self.folder / "journal").exists())
        for words in (["--unknown-units", "drop"], ["--unknown-units"]):
            self.command(*self.words(*words, periods=("202401",)), expect=2, environment=self.environment)


class UnknownUnitsBack(UnknownUnits):
    versions = ("2.43", "2.41")


class UnknownUnitsPaired(UnknownUnits):
    """Two of the source lead to one that the target does not have any more."""
    def mapping(self):
        pairs = [{"source": unit, "target": self.gone[0] if n > 2 else unit, "decision": "accepted"} for n, unit in enumerate(self.source.units)]
        return {**super().mapping(), "org_units": pairs}


class RefusedQuarter(Servers):
    """What is refused of a quarter comes from three months."""
    unit_count = 2
    assigned = ()

    def mapping(self):
        return fixture.mapping(self.source, self.target, [(self.target.cell("stock"), [(1, self.source.cell("stock"))])], periods=fixture.QUARTERS)

    def test_each_month_is_told(self):
        self.target.objects["dataSets"][0]["periodType"] = "Quarterly"
        self.start(stored={(*self.source.cell("stock"), p, self.source.units[0], fixture.DEFAULT): "5" for p in fixture.PERIODS})
        self.transfer("--report", self.folder / "report.csv", expect=1, periods=("2024Q1",))
        (conflict,) = self.report["conflicts"]
        self.assertEqual((conflict["code"], [s["period"] for s in conflict["cells"][0]["sources"]]), ("org_unit_not_assigned", list(fixture.PERIODS)))
        told = next(line for line in (self.folder / "report.csv").read_text().splitlines() if "2024Q1" in line and "202403" in line)
        self.assertTrue(all(f"{self.source.units[0]}, {p}" in told for p in fixture.PERIODS), told)


class Unreadable(Servers):
    """Units at the target that the person may not read: what cannot be read back is not sent; the rest arrives."""
    takes_seconds = 20
    unit_count = 5

    def test_units_that_the_person_may_not_read(self):
        mine, others = self.source.units[:3], self.source.units[3:]
        self.target.objects["users"][0].update({name: [{"id": u} for u in mine] for name in ("organisationUnits", "dataViewOrganisationUnits")})
        self.start()
        self.transfer(expect=1)
        self.target.units = mine
        self.assertEqual(self.stored("target"), {k: v for k, v in self.wanted().items() if k[3] in mine})
        self.assertEqual(self.counts["ignored"], {"unreadable": self.counts["cells"] - self.counts["verified"]})
        self.assertEqual({c["target"]["org_unit"] for c in self.report["conflicts"][0]["cells"]} - set(others), set())
        self.transfer("--undo")
        self.assertEqual(self.stored("target"), {})

    def test_a_unit_of_the_source_that_the_person_may_not_read_is_named(self):
        """Sums of the others alone would be too small: the run ends, and says for which unit."""
        self.source.objects["users"].append({**self.source.objects["users"][0], "id": fixture.uid("SUs", 2), "username": "narrow", **{name: [{"id": u} for u in self.source.units if u != self.source.units[3]]
                                             for name in ("organisationUnits", "dataViewOrganisationUnits")}})
        self.start()
        del self.environment["DRAWBRIDGE_SOURCE_TOKEN"]
        self.environment.update(DRAWBRIDGE_SOURCE_USER="narrow", DRAWBRIDGE_SOURCE_PASSWORD="Runner-test-1")
        said = self.command(*self.words(), expect=3, environment=self.environment)[1]
        self.assertEqual([u for u in self.source.units if u in said], [self.source.units[3]], said)
        self.assertEqual(self.stored("target"), {})

    def test_nothing_to_read_at_all_ends_the_run(self):
        self.target.objects["dataSets"][0]["sharing"] = {"public": "r-------"}
        self.start()
        self.command(*self.words(), expect=3, environment=self.environment)


class UnreadableBack(Unreadable):
    versions = ("2.43", "2.41")


class CameToNothing(BetweenServers):
    """A run that sent nothing stands in nobody's way, and nobody is told to go on with what must end the same way again."""
    unit_count = 2

    def refuse(self, status, side="source", of="GET"):
        real = self.between[side].forward

        def forward(method, path, headers, body):
            return harness.Answer(status, [("Content-Type", "application/json")], b'{"message":"refused here"}') if method == of and path.startswith("/api/dataValueSets") else real(method, path, headers, body)
        self.between[side].forward = forward
        return real

    def test_refused_before_it_reads_anything(self):
        said = self.command(*self.words(periods=["2024Q1"]), expect=2, environment=self.environment)[1]
        self.assertIn("2024Q1 is a Quarterly one", said)
        self.assertFalse((self.folder / "journal").exists())
        self.transfer()
        self.check_whole()
        said = self.command(*self.words(), expect=1, environment=self.environment)[1]
        self.assertIn("holds a run already", said)

    def test_refused_by_a_server_before_it_planned_anything(self):
        for status, code, hint in ((404, 2, False), (403, 3, True)):
            real = self.refuse(status)
            said = self.command(*self.words(), expect=code, environment=self.environment)[1]
            self.assertIn("refused here", said)
            self.assertEqual("--resume" in said, hint, said)
            self.between["source"].forward = real
        self.assertTrue((self.folder / "journal").exists())
        self.transfer(periods=fixture.PERIODS[:1])  # another run, in the folder of the one that came to nothing
        wanted = {k: v for k, v in self.wanted().items() if k[2] == fixture.PERIODS[0]}
        self.assertEqual(self.stored("target"), wanted)
        self.command("transfer", "--config", self.folder / "config.yaml", "--journal", self.folder / "journal", "--undo", environment=self.environment)
        self.assertEqual(self.stored("target"), {})

    def test_a_run_that_planned_something_is_gone_on_with(self):
        real = self.refuse(403, "target", "POST")
        said = self.command(*self.words(), expect=(1, 3), environment=self.environment)[1]
        self.between["target"].forward = real
        self.assertIn("holds a run already", self.command(*self.words(), expect=1, environment=self.environment)[1], said)
        self.transfer("--resume")
        self.check_whole()


if __name__ == "__main__":
    unittest.main()
