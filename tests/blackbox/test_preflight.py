"""What the target would refuse is said before anything is sent: rule by rule, with a user who may just enter data, on stand-ins of releases at both sides of what changed."""
import json
import unittest

import preflight_world as world
from preflight_world import ATTRIBUTES, COUNTRY, DISTRICTS, FACILITIES, OPTIONS, PERIODS, Target, World

OLD, NEW = "2.41", "2.43"


class Rules(World):
    takes_seconds = 35

    def check(self, version, target, code, expected, agrees=True, values=None, words=()):
        """The cells of `expected` are held back, with this code; the others arrive. `agrees`: the target by itself refuses the same ones."""
        self.build(version, target, values)
        everything, expected = set(self.values), set(expected)
        if agrees:
            self.assertEqual(everything - self.oracle(), expected, "the stand-in itself")
        self.transfer("--dry-run", *words, expect=1 if expected else 0)
        self.assertEqual((self.refused(), self.stored()), ({code: len(expected)} if expected else {}, set()))
        self.transfer(*words, expect=1 if expected else 0)
        self.assertEqual(self.refused(), {code: len(expected)} if expected else {})
        self.assertEqual((self.counts["refused"], self.counts["ignored"], self.stored()), (len(expected), {}, everything - expected))
        for conflict in self.conflicts.get(code, []):
            self.assertTrue(conflict["remedy"] and conflict["message"].endswith("."), conflict)
            for shown in conflict["cells"]:
                self.assertIn(world.cell_of(shown["target"]), expected)
                self.assertEqual(world.cell_of(shown["sources"][0]), world.cell_of(shown["target"]))

    def of(self, **chosen):
        """The cells of these periods, units, attributes."""
        return [c for c in world.cells() if all(c[("period", "unit", "attribute").index(name)] in wanted for name, wanted in chosen.items())]

    def test_nothing_stands_in_the_way(self):
        for version in ("2.37", "2.40", "2.41", "2.42", "2.43"):
            self.check(version, Target(), "", [])

    def test_expiry_days(self):
        """The last open day, and the moment after it: January with ten days is open until the 10th of February; half a day counts in 2.42 alone."""
        for version, days, clock, expired in ((OLD, 10, "2024-02-10 23:59", []), (OLD, 10, "2024-02-11 00:00", ["202401"]), ("2.42", 10, "2024-02-10 23:59", []), ("2.42", 10, "2024-02-11 00:01", ["202401"]),
                                              ("2.42", 10.5, "2024-02-11 11:59", []), ("2.42", 10.5, "2024-02-11 12:01", ["202401"]), (NEW, 10, "2024-02-10 23:59", []), (NEW, 10, "2024-02-11 00:01", ["202401"]),
                                              (NEW, 10.5, "2024-02-11 00:01", ["202401"]), (NEW, 0.5, "2024-02-20 00:00", [])):
            with self.subTest(version=version, days=days, clock=clock):
                self.check(version, Target(expiry_days=days, clock=clock, open_future=3), "period_expired", self.of(period=expired))

    def test_lock_exceptions_and_the_right_to_edit_expired(self):
        for version in (OLD, NEW):
            expired = Target(expiry_days=10, clock="2024-02-20 00:00", open_future=3, exceptions=[("202401", FACILITIES[1])])
            self.check(version, expired, "period_expired", self.of(period=["202401"], unit=[FACILITIES[0], FACILITIES[2]]))
            self.check(version, Target(expiry_days=10, clock="2024-02-20 00:00", open_future=3, authorities=["F_DATAVALUE_ADD", "F_EDIT_EXPIRED"]), "period_expired", [])

    def test_open_future_periods(self):
        """0 closes the running period too; each one more opens one more. From 2.43 on who may edit expired periods may edit future ones."""
        for version in ("2.37", OLD, "2.42", NEW):
            for open_future, clock, closed in ((0, "2024-02-29 23:59", ["202402", "202403"]), (0, "2024-03-01 00:00", ["202403"]), (1, "2024-02-01 00:00", ["202403"]), (1, "2024-01-31 23:59", ["202402", "202403"]), (2, "2024-02-01 00:00", [])):
                with self.subTest(version=version, open_future=open_future, clock=clock):
                    self.check(version, Target(open_future=open_future, clock=clock), "period_future", self.of(period=closed))
        freed = dict(clock="2024-02-10 00:00", authorities=["F_DATAVALUE_ADD", "F_EDIT_EXPIRED"])
        self.check(OLD, Target(**freed), "period_future", self.of(period=["202402", "202403"]))
        self.check(NEW, Target(**freed), "period_future", [])

    def test_data_input_periods(self):
        """To 2.42 by days. The stand-in of 2.41 judges only the first period of a payload rightly; here there is one a payload."""
        for clock, code, closed in (("2024-02-04 23:59", "input_period_before", ["202401"]), ("2024-02-05 00:00", "", []), ("2024-02-15 23:59", "", []), ("2024-02-16 00:00", "input_period_over", ["202401"])):
            for version in (OLD, "2.42"):
                with self.subTest(version=version, clock=clock):
                    target = Target(clock=clock, open_future=3, inputs=[("202401", "2024-02-05", "2024-02-15"), ("202402", None, None), ("202403", "2024-01-01", None)])
                    self.check(version, target, code, self.of(period=closed))
        self.check(OLD, Target(inputs=[("202401", None, None)]), "input_period_not_listed", self.of(period=["202402", "202403"]))

    def test_data_input_periods_that_2_43_judges_the_wrong_way_round(self):
        target = Target(clock="2024-02-10 12:00", inputs=[("202401", "2024-02-05", "2024-02-15"), ("202402", "2024-01-01", "2024-02-10T11:59:59.000"), ("202403", "2024-02-10T12:00:01.000", None)])
        self.build(NEW, target)
        self.assertEqual({c[0] for c in self.oracle()}, {"202402", "202403"}, "the stand-in takes what is closed")
        self.transfer(expect=1)
        self.assertEqual((self.stored(), self.refused()), (set(), {"input_period_over": 6, "input_period_before": 6}))
        self.assertEqual(self.counts["ignored"], {"E8030": 6})
        wrong = self.conflicts["E8030"][0]
        self.assertTrue(wrong["by_target"])
        self.assertIn("the period is open now, and yet the target refuses it: DHIS2 2.43.1", wrong["message"])
        self.assertIn("2.43.2", wrong["remedy"])

    def test_approval(self):
        """Approved at a facility, and at a district above one. 2.43 takes what is approved above: held back all the same, and the other option combo is free."""
        target = Target(approved=[("202401", FACILITIES[0], ATTRIBUTES[0]), ("202402", DISTRICTS[1], ATTRIBUTES[1])])
        for version in ("2.37", "2.40", OLD, "2.42", NEW):
            with self.subTest(version=version):
                self.check(version, target, "approved", [("202401", FACILITIES[0], ATTRIBUTES[0]), ("202402", FACILITIES[2], ATTRIBUTES[1])], agrees=version != NEW)
        self.assertEqual(set(self.values) - self.oracle(), {("202401", FACILITIES[0], ATTRIBUTES[0])})

    def test_approved_before_a_run_is_gone_on_with(self):
        """What was planned is judged again: 2.43 would overwrite what was approved above meanwhile."""
        for version in (OLD, NEW):
            target = Target(approved=[("202312", COUNTRY, ATTRIBUTES[0])])
            self.build(version, target, faults=[{"path": "/api/dataValueSets*", "method": "POST", "times": 1, "kind": "status", "status": 401}])
            self.transfer(expect=3)
            self.assertEqual(self.stored(), set())
            target.approved = [("202401", DISTRICTS[0], ATTRIBUTES[0])]
            self.arrange()
            kept = set(self.of(period=["202401"], unit=FACILITIES[:2], attribute=ATTRIBUTES[:1]))
            self.transfer("--resume", "--journal", self.folder / "journal-1", expect=1)
            self.assertEqual((self.refused(), self.stored()), ({"approved": len(kept)}, set(self.values) - kept))
            self.assertEqual((self.counts["refused"], self.counts["sent"], self.counts["verified"]), (len(kept), len(self.values) - len(kept), len(self.values) - len(kept)))

    def test_approved_before_an_undo(self):
        """2.43 would let what was approved above be taken out again."""
        for version in (OLD, NEW):
            target = Target(approved=[("202312", COUNTRY, ATTRIBUTES[0])])
            self.build(version, target)
            self.transfer()
            whole, journal = self.stored(), ("--journal", self.folder / "journal-1")
            target.approved = [("202401", DISTRICTS[0], ATTRIBUTES[0])]
            self.arrange()
            kept = set(self.of(period=["202401"], unit=FACILITIES[:2], attribute=ATTRIBUTES[:1]))
            self.assertTrue(kept and kept < whole)
            for words, left in ((("--undo", "--dry-run"), whole), (("--undo",), kept)):
                self.transfer(*words, *journal, expect=1)
                self.assertEqual((self.refused(), self.stored()), ({"approved": len(kept)}, left))
                self.assertIn("Data Approval", self.conflicts["approved"][0]["remedy"])

    def test_approval_that_cannot_be_asked(self):
        """To 2.42 the target judges by itself; from 2.43 on nothing is sent that may be approved."""
        for version in (OLD, NEW):
            self.build(version, Target(approved=[("202401", COUNTRY, ATTRIBUTES[0])]))
            faults = [{"path": "/api/dataApprovals/multiple*", "method": "GET", "nth": 1, "times": 1000, "kind": "status", "status": 403}]
            self.restart_target(faults)
            self.transfer(expect=1)
            everything = set(self.values)
            approved = {c for c in everything if c[0] == "202401" and c[2] == ATTRIBUTES[0]}
            self.assertEqual(self.stored(), everything - approved if version == OLD else set())
            self.assertEqual((self.refused(), self.counts["ignored"]), ({}, {"E7642": 3}) if version == OLD else ({"approval_unknown": 18}, {}))

    def restart_target(self, faults):
        """The same target, now with faults."""
        self.sims["target"].stop()
        (self.folder / "faults.json").write_text(json.dumps(faults))
        self.sims["target"] = self.sim(self.version, "--demo", self.folder / "target.json", "--set", "control=on", "--set", "pat=on", "--faults", self.folder / "faults.json")
        self.control("target", "stop", at_s=world.seconds(self.target.clock))
        made = world.call(self.sims["target"].port, "runner", "POST", "/api/apiToken", {"type": "PERSONAL_ACCESS_TOKEN_V2", "attributes": []})
        self.environment["DRAWBRIDGE_TARGET_TOKEN"] = made.json["response"]["key"]
        self.arrange()
        self.write_config()

    def test_org_units(self):
        for version in (OLD, NEW):
            self.check(version, Target(assigned=FACILITIES[1:]), "org_unit_not_assigned", self.of(unit=FACILITIES[:1]))
            self.check(version, Target(user_units=[DISTRICTS[0]]) if version == OLD else Target(user_units=[DISTRICTS[0], FACILITIES[2]]), "org_unit_not_captured", self.of(unit=FACILITIES[2:]) if version == OLD else [])
        closed = Target(unit_dates={FACILITIES[0]: ("2024-01-02", None), FACILITIES[1]: ("2000-01-01", "2024-02-01"), FACILITIES[2]: ("2024-01-01", "2024-03-01")})
        self.check(OLD, closed, "", [])  # which takes values for closed units
        self.check(NEW, closed, "org_unit_closed", [c for c in world.cells() if (c[0], c[1]) in (("202401", FACILITIES[0]), ("202403", FACILITIES[1]))])

    def test_units_that_the_target_does_not_know(self):
        for version in (OLD, NEW):
            self.build(version, Target())
            objects = Target(assigned=FACILITIES[:2]).objects()
            objects["organisationUnits"].pop()
            (self.folder / "target.json").write_text(json.dumps(objects))
            self.restart_target([])
            self.transfer(expect=1)
            self.assertEqual({c[1] for c in self.stored()}, set(FACILITIES[:2]))
            self.assertEqual(self.refused().get("org_unit_unknown", 0) + self.counts["ignored"].get("unreadable", 0), 6)

    def test_attribute_options_dates(self):
        """To 2.42 one common day is enough; from 2.43 on the whole period must lie between the dates."""
        for version, dates, more, closed in ((OLD, ("2024-01-31", "2024-02-01"), 0, ["202403"]), (NEW, ("2024-01-31", "2024-02-29"), 0, ["202401", "202403"]), (NEW, ("2024-01-01", "2024-03-30"), 0, ["202403"]),
                                             (OLD, (None, "2024-01-31"), 1, ["202403"]), (OLD, (None, "2024-01-31"), 0, ["202402", "202403"]), (NEW, (None, "2024-01-31"), 1, ["202403"]), (NEW, (None, "2024-01-30"), 2, ["202403"]),
                                             (NEW, ("2024-02-01", None), 0, ["202401"]), (OLD, ("2024-02-01", None), 0, ["202401"])):
            with self.subTest(version=version, dates=dates, more=more):
                self.check(version, Target(option_dates={OPTIONS[0]: dates}, open_after_end=more), "attribute_dates", self.of(period=closed, attribute=[ATTRIBUTES[0]]))

    def test_attribute_options_units_and_rights(self):
        for version in (OLD, NEW):
            self.check(version, Target(option_units={OPTIONS[0]: [DISTRICTS[0]], OPTIONS[1]: [FACILITIES[2], COUNTRY]}), "attribute_org_unit", self.of(unit=[FACILITIES[2]], attribute=[ATTRIBUTES[0]]))
            self.check(version, Target(read_only_options=[OPTIONS[1]]), "option_access", self.of(attribute=[ATTRIBUTES[1]]))

    def test_rights(self):
        for version in (OLD, NEW):
            self.check(version, Target(read_only_set=True), "data_set_access", world.cells())
            self.check(version, Target(authorities=[]), "no_authority", world.cells())

    def test_least_and_largest_values_where_asked(self):
        values = {(PERIODS[0], FACILITIES[0], ATTRIBUTES[0]): "9", (PERIODS[0], FACILITIES[0], ATTRIBUTES[1]): "10", (PERIODS[0], FACILITIES[1], ATTRIBUTES[0]): "20", (PERIODS[0], FACILITIES[1], ATTRIBUTES[1]): "21",
                  (PERIODS[0], FACILITIES[2], ATTRIBUTES[0]): "1000"}
        limits = Target(limits=[(FACILITIES[0], 10, 20), (FACILITIES[1], 10, 20)])
        outside = [(PERIODS[0], FACILITIES[0], ATTRIBUTES[0]), (PERIODS[0], FACILITIES[1], ATTRIBUTES[1])]
        for version in (OLD, NEW):
            self.check(version, limits, "", [], values=values)
            self.check(version, limits, "min_max", outside, agrees=False, values=values, words=["--check-min-max"])

    def test_what_stands_there_already_needs_no_gate(self):
        """A second run into a period that was closed since finds all there, and has nothing to be refused."""
        self.build(NEW, Target(expiry_days=10, clock="2024-02-05 00:00", open_future=3))
        self.transfer()
        self.control("target", "clock", advance_s=200 * 86400)
        made = world.call(self.sims["target"].port, "runner", "POST", "/api/apiToken", {"type": "PERSONAL_ACCESS_TOKEN_V2", "attributes": []})
        self.environment["DRAWBRIDGE_TARGET_TOKEN"] = made.json["response"]["key"]
        self.transfer()
        self.assertEqual((self.counts["unchanged"], self.report["conflicts"]), (len(self.values), []))


if __name__ == "__main__":
    unittest.main()
