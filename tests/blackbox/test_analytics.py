"""Analytics in place of values, where the source gives none: what arrives is what Python's decimal makes of what the source holds, less what analytics cannot tell of; and all that it cannot be right for is refused or told."""
import base64
import random
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import Between, Servers, api

READ = ("--read", "analytics")
GIVEN = ("cases", "tests", "balance", "stock")  # of the target: sums of numbers


class Analytics(Servers):
    """The source shows its user no values themselves: no data read of the data set to 2.42, no capture units from 2.43 on."""
    unit_count = 4
    shows_values = False

    def setUp(self):
        super().setUp()
        self.source.objects["userRoles"].append({"id": fixture.uid("SUr", 9), "name": "Superuser", "description": "May all", "authorities": ["ALL"]})
        user = self.source.objects["users"][0]
        self.source.objects["users"].append({**user, "id": fixture.uid("SUs", 9), "username": "boss", "userRoles": [{"id": fixture.uid("SUr", 9)}]})
        if not self.shows_values:
            self.source.objects["dataSets"][0]["sharing"] = {"public": "r-------", "users": {}, "userGroups": {}}
            user["organisationUnits"] = []

    def as_boss(self, method, path, body=None):
        headers = {"Authorization": "Basic " + base64.b64encode(b"boss:Runner-test-1").decode(), "X-Requested-With": "XMLHttpRequest", "Accept": "application/json"}
        return harness.call(self.sims["source"].port, method, path, headers, body)

    def fill(self, name, side, stored):
        if name == "target":
            return super().fill(name, side, stored)
        for period in sorted({key[2] for key in stored}):
            answer = self.as_boss("POST", "/api/dataValueSets", fixture.document({k: v for k, v in stored.items() if k[2] == period}, side.data_set))
            self.assertEqual(answer.json.get("response", answer.json)["status"], "SUCCESS", answer)

    def make_tables(self):
        self.assertEqual(self.as_boss("POST", "/api/resourceTables/analytics").status, 200)

    def put_between(self):
        """Something that stands before the source."""
        between = Between(self.sims["source"].port)
        self.addCleanup(between.close)
        (self.folder / "config.yaml").write_text(fixture.CONFIG.format(folder=self.folder, source=between.port, target=self.sims["target"].port))
        return between

    def begin(self, seed=1, source_faults=None):
        """Numbers that a binary floating point number tells exactly enough, also such as are written with an exponent; some zeros."""
        chance = random.Random(seed)
        stored = fixture.values(self.source, seed)
        stock = self.source.elements["stock"]
        self.values = {k: chance.choice(("0", "0.25", "12345678.125", f"{chance.randrange(10 ** 9)}.5", "-3.75")) if k[0] == stock else v for k, v in stored.items()}
        self.start(stored=self.values, source_faults=source_faults)

    def wanted(self):
        made = [(cell, terms) for cell, terms in self.made if cell[0] in {self.target.elements[n] for n in GIVEN}]
        return fixture.expected(made, {k: v for k, v in self.values.items() if v != "0"})

    def check_told(self, checked):
        # Texts and yes or no, by one reason; percentages by another.
        self.assertEqual(sorted((c["code"], c["count"]) for c in self.report["conflicts"]), [("not_in_analytics", 1), ("not_in_analytics", 2)])
        self.assertEqual((self.counts["refused"], self.counts["unchecked"], self.counts["differing"]), (3, 0 if checked else self.counts["read"], 0))
        self.assertEqual((self.report["read"], self.report["servers"]["source"]["analytics"][:2]), ("analytics", "20"))
        self.assertTrue(all(t["equal"] for t in self.report["control_totals"]))


class Hidden(Analytics):
    def test_what_was_added_up_arrives(self):
        self.begin()
        self.assertIn("has made no analytics tables yet", self.command(*self.words(*READ, journal="none"), expect=2, environment=self.environment)[1])
        self.make_tables()
        self.transfer(*READ, expect=1)
        self.assertEqual(self.stored("target"), self.wanted())
        self.check_told(checked=False)
        self.transfer(*READ, journal="second", expect=1)
        self.assertEqual(self.counts["sent"], 0)

    def test_what_it_cannot_be_right_for(self):
        self.begin()
        self.make_tables()
        for words, units, said in (((), f"{fixture.ROOT},{self.source.units[0]}", "lies below another one"), ((), fixture.ROOT + "/descendants", "all below it"), (("--comments", "carry"), None, "all below it"),
                                   (("--deletions", "delete"), None, "all below it"), (("--changed-since", "2024-01-31"), None, "all below it")):
            self.assertIn(said, self.command(*self.words(*READ, *words, units=units, journal=said[:3] + str(len(words))), expect=2, environment=self.environment)[1])
        self.assertEqual(self.stored("target"), {})


    def test_an_element_that_is_also_in_another_data_set(self):
        """Analytics would add up the values of all attribute option combos there into the cell. And a source that is too busy, or answers half, while the run is prepared is asked again."""
        stock = self.source.elements["stock"]
        self.source.objects["dataSets"].append({**self.source.objects["dataSets"][0], "id": fixture.uid("SDs", 2), "name": "Another", "shortName": "Another", "categoryCombo": {"id": fixture.uid("SCc", 1)},
                                                "dataSetElements": [{"dataElement": {"id": stock}}]})
        self.begin(source_faults=[{"path": path, "nth": n, "times": 1, "kind": kind, "status": status} for path, n, kind, status in (
            ("/api/system/info", 2, "status", 503), ("/api/system/info", 3, "truncate", 200), ("/api/system/info", 5, "status", 503), ("/api/dataElements", 1, "status", 429), ("/api/organisationUnits", 1, "status", 503))])
        self.make_tables()
        self.transfer(*READ, expect=1)
        told = [c for c in self.report["conflicts"] if fixture.uid("SDs", 2) in c["message"]]
        self.assertEqual([(c["code"], c["count"]) for c in told], [("not_in_analytics", 2)])
        self.assertEqual(self.stored("target"), {k: v for k, v in self.wanted().items() if k[0] not in (self.target.elements["stock"], self.target.elements["balance"])})


class HiddenBack(Hidden):
    versions = ("2.43", "2.42")


class Shown(Analytics):
    """Where the values themselves can be seen, tables that are older than they are refused."""
    shows_values = True

    def test_tables_that_lack_what_was_entered_since(self):
        self.begin()
        self.make_tables()
        self.transfer(*READ, expect=1)
        self.check_told(checked=True)
        before = self.stored("target")
        harness.call(self.sims["source"].port, "POST", "/__control/clock", {}, {"advance_s": 60})
        key = (*self.source.cell("stock"), "202402", self.source.units[1], fixture.DEFAULT)
        self.values[key] = "77"
        self.fill("source", self.source, {key: "77"})
        said = self.command(*self.words(*READ, journal="late"), expect=1, environment=self.environment)[1]
        self.assertIn("1 values that they lack were written since", said)
        self.assertIn(key[0], said)
        self.assertEqual(self.stored("target"), before)
        self.make_tables()
        self.transfer("--resume", journal="late", expect=1, *READ)
        self.assertEqual(self.stored("target"), self.wanted())


    def test_a_source_that_does_not_say(self):
        """Not shown for the first chunk: asked again for the next. Too busy for that: asked again then, and nothing is concluded from it."""
        self.begin(source_faults=[{"path": "/api/dataValueSets*", "method": "GET", "nth": n, "times": 1, "kind": "status", "status": s} for n, s in ((1, 409), (2, 429))])
        self.make_tables()
        self.transfer(*READ, expect=1)
        unchecked = self.counts["unchecked"]
        self.transfer(*READ, "--dry-run", journal=None, periods=fixture.PERIODS[:1], expect=1)
        self.assertGreater(unchecked, 0)
        self.assertEqual((unchecked, self.counts["unchecked"]), (self.counts["read"], 0))

    def test_a_source_that_tells_no_times(self):
        self.begin()
        self.make_tables()
        between = self.put_between()

        def untold(_method, _number, answer):
            answer.body = answer.body.replace(b'"lastUpdated"', b'"lastUntold"')
        between.alter = untold
        self.transfer(*READ, expect=1)
        self.assertEqual((self.counts["unchecked"], self.counts["read"] > 0), (self.counts["read"], True))


class ShownBack(Shown):
    versions = ("2.43", "2.42")


del Servers, Analytics

if __name__ == "__main__":
    unittest.main()
