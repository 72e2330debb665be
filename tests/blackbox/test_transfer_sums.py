"""Sums between servers that would not be what they look like: of half a facility, or of what the source itself never adds up."""
import unittest

import transfer_fixture as fixture
from test_transfer import Servers


class HalfReviewed(Servers):
    """Two units of the source become one of the target, and a person has looked at one of them. The target holds the whole sum from before."""
    unit_count = 2
    missing = "require-all"

    def mapping(self):
        first, second = self.source.units
        pairs = [{"source": first, "target": first, "decision": "accepted"}, {"source": second, "target": first, "decision": "proposed"}]
        return fixture.mapping(self.source, self.target, [(self.target.cell("stock"), [(1, self.source.cell("stock"))])], org_units=pairs, missing=self.missing)

    def begin(self):
        first, second = self.source.units
        cell, self.goal = self.source.cell("stock"), (*self.target.cell("stock"), "202401", first, fixture.DEFAULT)
        self.start(stored={(*cell, "202401", first, fixture.DEFAULT): "5", (*cell, "202401", second, fixture.DEFAULT): "7"})
        self.fill("target", self.target, {self.goal: "12"})

    def test_half_a_sum_does_not_take_the_place_of_a_whole_one(self):
        self.begin()
        self.transfer(expect=1, periods=("202401",))
        self.assertEqual(self.stored("target"), {self.goal: "12"})
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["missing_source"])
        self.transfer("--accept", "accepted,auto,proposed", periods=("202401",), journal="whole")
        self.assertEqual((self.stored("target"), self.counts["unchanged"], self.counts["partial"]), ({self.goal: "12"}, 1, 0))

    def test_what_is_there_is_told_as_partial(self):
        self.missing = "sum-what-is-there"
        self.begin()
        self.transfer(periods=("202401",))
        self.assertEqual((self.stored("target"), self.counts["partial"]), ({self.goal: "5"}, 1))

    def test_what_is_refused_is_no_part(self):
        """As little as a cell that the translation refuses: nothing of it is sent."""
        self.missing = "sum-what-is-there"
        self.target.objects["dataSets"][0]["organisationUnits"] = []
        self.start(stored={(*self.source.cell("stock"), "202401", self.source.units[0], fixture.DEFAULT): "5"})
        self.transfer(periods=("202401",), expect=1)
        self.assertEqual((self.counts["refused"], self.counts["partial"], self.stored("target")), (1, 0, {}))


class UnlikeAggregation(Servers):
    """The target adds up, and the source does not. The mapping remembers nothing of the source: it is asked."""
    unit_count = 2
    periods_are = {"conversion": "same"}

    def mapping(self):
        return fixture.mapping(self.source, self.target, self.made, periods=self.periods_are)

    def of_source(self, element, aggregation):
        next(e for e in self.source.objects["dataElements"] if e["id"] == self.source.elements[element])["aggregationType"] = aggregation

    def refused(self, cell, periods):
        self.transfer(expect=1, periods=periods)
        self.assertEqual(self.stored("target", periods=periods), {})
        told = next(c for c in self.report["conflicts"] if c["cells"][0]["target"]["data_element"] == cell[0])
        self.assertEqual(told["code"], "not_summable")
        self.obstacle = told["obstacle"]
        return told["message"]

    def test_averages_of_several_ages_are_no_sum(self):
        self.of_source("tests", "AVERAGE")
        self.start(stored={(*cell, "202401", self.source.units[0], fixture.DEFAULT): "5" for cell in self.source.cells("tests")})
        self.assertIn("aggregation type of the source's data element is AVERAGE", self.refused(self.target.cell("tests"), ("202401",)))
        self.assertEqual(self.obstacle, {"kind": "aggregation", "type": "AVERAGE", "side": "source", "over_time": False})
        self.transfer("--dry-run", "--report", self.folder / "report.html", "--language", "fr", periods=("202401",), journal=None, expect=1)
        self.assertIn("le type d’agrégation de l’élément de données de la source est AVERAGE : de telles valeurs ne peuvent pas être additionnées", (self.folder / "report.html").read_text())
        self.transfer("--sum-anyway", periods=("202401",), journal="anyway")
        self.assertEqual(self.stored("target")[(*self.target.cell("tests"), "202401", self.source.units[0], fixture.DEFAULT)], "20")

    def test_three_months_stock_is_not_that_of_a_quarter(self):
        self.made, self.periods_are = [(self.target.cell("stock"), [(1, self.source.cell("stock"))])], fixture.QUARTERS
        self.of_source("stock", "LAST_SUM_ORG_UNIT")
        self.target.objects["dataSets"][0]["periodType"] = "Quarterly"
        self.start(stored={(*self.source.cell("stock"), p, self.source.units[0], fixture.DEFAULT): "5" for p in fixture.PERIODS})
        self.assertIn("aggregation type of the source's data element is LAST_SUM_ORG_UNIT: such values may not be added up over time", self.refused(self.target.cell("stock"), ("2024Q1",)))
        self.assertTrue(self.obstacle["over_time"])


if __name__ == "__main__":
    unittest.main()
