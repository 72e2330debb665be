"""Many org units of the source that are added up in one of the target: more than one call can name."""
import json
import time
import unittest

import transfer_fixture as fixture
from test_transfer import Servers, api


class Units(Servers):
    unit_count = 250

    def mapping(self):
        made = [(self.target.cell("stock"), [(1, self.source.cell("stock"))]), (self.target.cell("tests"), [(1, cell) for cell in self.source.cells("tests")])]
        pairs = [{"source": unit, "target": self.target.units[0], "decision": "accepted"} for unit in self.source.units[:-5]]
        pairs += [{"source": unit, "target": unit, "decision": "accepted"} for unit in self.source.units[-5:]]
        return fixture.mapping(self.source, self.target, made, org_units=pairs)

    def place(self, name, unit, side=None):
        side = side or self.source
        return (*(side.cells(name)[0]), "202401", side.units[unit], fixture.DEFAULT)

    def begin(self):
        """Each unit its number, and a test each, and the last five go for themselves."""
        stored = {self.place("stock", unit): f"{unit + 1}.5" for unit in range(250)}
        stored.update({self.place("tests", unit): "1" for unit in range(250)})
        self.start(stored=stored)

    def wanted(self, more=0):
        cells = {self.place("stock", 0, self.target): f"{sum(range(1, 246)) + 245 / 2 + more:.1f}", self.place("tests", 0, self.target): "245"}
        for unit in range(245, 250):
            cells.update({self.place("stock", unit, self.target): f"{unit + 1}.5", self.place("tests", unit, self.target): "1"})
        return cells

    def send(self, *more, **where):
        self.transfer(*more, periods=("202401",), **where)
        self.assertTrue(all(total["equal"] for total in self.report["control_totals"]))
        return self.report


class Country(Units):
    takes_seconds = 20

    def test_they_are_added_up_whole(self):
        self.begin()
        self.send()
        self.assertEqual(self.stored("target"), self.wanted())
        self.assertEqual((self.counts["read"], self.counts["cells"], self.counts["summed"], self.report["outcome"]), (500, 12, 2, "done"))
        self.send(journal="second")
        self.assertEqual(self.counts["sent"], 0)
        self.send("--undo")
        self.assertEqual(self.stored("target"), {})

    def test_a_reading_that_lacks_rows_is_begun_again_alone(self):
        self.begin()
        self.stand_between()

        def alter(method, number, answer):
            if method == "GET" and number in (2, 5):
                document = json.loads(answer.body)
                document["dataValues"] = document["dataValues"][:len(document["dataValues"]) // 2]
                answer.body = json.dumps(document).encode()
        self.between["source"].alter = alter
        self.send()
        self.assertEqual((self.stored("target"), self.counts["read"]), (self.wanted(), 500))

    def test_what_changed_in_one_of_them(self):
        self.begin()
        self.send()
        self.fill("source", self.source, {self.place("stock", 200): "301.5"})
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
        self.send("--changed-since", day, journal="second")
        self.assertEqual((self.stored("target"), self.counts["updated"]), (self.wanted(more=100), 1))


class CountryBack(Country):
    versions = ("2.43", "2.41")


class Remarked(Units):
    versions = ("2.41", "2.42")
    takes_seconds = 20

    def test_what_is_added_up_in_one_place_needs_no_disk(self):
        """A service may put nothing aside there."""
        self.begin()
        comment = "seen " * 9900
        rows = fixture.document(self.stored("source", periods=("202401",)), self.source.data_set)["dataValues"]
        for at in range(0, len(rows), 50):
            answer = api(self.sims["source"].port, "POST", "/api/dataValueSets", {"dataSet": self.source.data_set, "dataValues": [{**row, "comment": comment} for row in rows[at:at + 50]]})
            self.assertEqual(answer.status, 200)
        self.environment["TMPDIR"] = "/nowhere"
        self.send("--comments", "carry")
        self.assertEqual((self.stored("target"), self.counts["carried"]), (self.wanted(), 12))


if __name__ == "__main__":
    unittest.main()
