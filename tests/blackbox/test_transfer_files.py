"""Values from file to file: exact, streaming, and told when something cannot be right."""
import csv
import json
import random
import resource
import subprocess

import harness
import transfer_fixture as fixture


class Files(harness.Case):
    def setUp(self):
        self.folder = self.directory()
        self.source, self.target = fixture.sides()
        self.made = fixture.rules(self.source, self.target)

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def transfer(self, stored, *words, mapping=None, out="out.json", expect=0, metadata=True):
        values_in = stored if not isinstance(stored, dict) else self.write("in.json", fixture.document(stored))
        mapping = self.write("mapping.json", mapping or fixture.mapping(self.source, self.target))
        report, out = self.folder / "report.json", self.folder / out
        for path in (report, out):
            path.unlink(missing_ok=True)
        to = ["--to", self.write("target.json", self.target.objects)] if metadata else []
        self.said = self.command("transfer", "--mapping", mapping, "--values-in", values_in, "--values-out", out, "--report", report, *to, *words, expect=expect)
        self.report = json.loads(report.read_text()) if report.exists() else None
        if not out.exists():
            return None
        if out.suffix == ".csv":
            with out.open(newline="") as file:
                return {(r["dataelement"], r["categoryoptioncombo"], r["period"], r["orgunit"], r["attributeoptioncombo"]): r["value"] for r in csv.DictReader(file)}
        return fixture.cells_of(json.loads(out.read_text())["dataValues"])

    def totals(self, side):
        return {(t["data_element"], t["period"]): t[side] for t in self.report["control_totals"]}

    def test_totals_are_those_of_an_independent_computation(self):
        for seed in range(8):
            stored = fixture.values(self.source, seed, filled=random.Random(seed).choice((1, 0.8, 0.3)))
            wanted = fixture.expected(self.made, stored)
            for out in ("out.json", "out.csv"):
                self.assertEqual(self.transfer(stored, out=out), wanted, f"seed {seed}")
            sums = fixture.totals(wanted, fixture.numeric_elements(self.target))
            self.assertEqual(self.totals("target"), sums)
            self.assertEqual(self.totals("source"), sums)
            self.assertEqual({t["name"] for t in self.report["control_totals"]}, {"T cases", "T tests", "T balance", "T stock", "T share"})
            counts = self.report["counts"]
            self.assertEqual((counts["read"], counts["sent"], counts["verified"], counts["differing"]), (len(stored), len(wanted), len(wanted), 0))
            self.assertEqual(counts["unmapped"], {"no_counterpart": sum(k[0] == self.source.elements["unmapped"] for k in stored)})
            self.assertEqual(self.report["outcome"], "done")

    def test_order_in_does_not_matter(self):
        stored = fixture.values(self.source, 3)
        keys = list(stored)
        random.Random(1).shuffle(keys)
        self.assertEqual(self.transfer({k: stored[k] for k in keys}), self.transfer(stored))

    def test_csv_in_any_column_order_and_pipes(self):
        stored = fixture.values(self.source, 4)
        rows = [["value", "orgunit", "dataelement", "period", "attributeoptioncombo", "categoryoptioncombo", "comment"]] + [[v, u, e, p, a, c, ""] for (e, c, p, u, a), v in stored.items()]
        path = self.folder / "in.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        self.assertEqual(self.transfer(path), fixture.expected(self.made, stored))
        mapping = self.write("mapping.json", fixture.mapping(self.source, self.target))
        out, said = self.command("transfer", "--mapping", mapping, "--values-in", "-", "--values-out", "-", input=json.dumps(fixture.document(stored)))
        self.assertEqual(fixture.cells_of(json.loads(out)["dataValues"]), fixture.expected(self.made, stored))
        self.assertIn("done:", said)

    def test_long_numbers_stay_exact(self):
        unit, period = self.source.units[0], "202401"
        stored = {(*cell, period, unit, fixture.DEFAULT): value for cell, value in ((self.source.cell("tests", "0-4"), "9" * 200), (self.source.cell("stock"), "0." + "0" * 40 + "1"))}
        made = [(self.target.cell("balance"), [(1, self.source.cell("tests", "0-4")), (-1, self.source.cell("stock"))])]
        self.assertEqual(self.transfer(stored, mapping=fixture.mapping(self.source, self.target, made)), fixture.expected(made, stored))

    def one(self, cells, value, made, *words, target=None, more=None, expect=1):
        """Values for some source cells at one place; the code of the only conflict."""
        unit = self.source.units[0]
        stored = {(*cell, "202401", unit, fixture.DEFAULT): v for cell, v in zip(cells, value)}
        out = self.transfer(stored, *words, mapping=fixture.mapping(self.source, self.target, made, **(more or {})), expect=expect)
        return out, [c["code"] for c in self.report["conflicts"]]

    def test_what_cannot_be_summed_is_refused(self):
        tests, two = self.target.cell("tests"), self.source.cells("tests")[:2]
        made = [(tests, [(1, c) for c in two])]
        self.assertEqual(self.one(two, ("5", "many"), made), ({}, ["not_a_number"]))
        self.assertEqual(self.report["conflicts"][0]["cells"][0]["sources"][1]["value"], "many")
        for text in ("1e3", "+1", "01", ".5", "1.", " 1", "1,000", "0x1"):
            self.assertEqual(self.one(two, ("5", text), made), ({}, ["not_a_number"]), text)
        self.assertEqual(self.one(two, ("5", "0.5"), made), ({}, ["value_type"]))
        self.assertEqual(self.one(two, ("5", "2147483647"), made), ({}, ["value_type"]))
        share = [(self.target.cell("share"), [(1, c) for c in two])]
        self.assertEqual(self.one(two, ("5", "6"), share), ({}, ["not_summable"]))
        self.target.objects["dataElements"][1]["aggregationType"] = "LAST"
        self.assertEqual(self.one(two, ("5", "6"), made), ({}, ["not_summable"]))
        out, conflicts = self.one(two, ("5", "6"), made, "--sum-anyway", expect=0)
        self.assertEqual((list(out.values()), conflicts), (["11"], []))

    def test_values_take_the_form_of_their_type(self):
        for name, text, wanted in (("tests", "12.0", "12"), ("tests", "12.000", "12"), ("tests", "-0", "0"), ("stock", "1.50", "1.5"), ("power", "True", "true"), ("power", "0", "false"), ("remark", "007", "007")):
            cell = self.source.cell("stock")
            out, conflicts = self.one([cell], [text], [(self.target.cell(name), [(1, cell)])], expect=0)
            self.assertEqual((list(out.values()), conflicts), ([wanted], []), (name, text))
        for name, text in (("tests", "12.5"), ("cases", "-1"), ("share", "100.1"), ("power", "maybe"), ("stock", "12 kg")):
            cell = self.source.cell("stock")
            target = self.target.cell("cases", "0-14") if name == "cases" else self.target.cell(name)
            self.assertEqual(self.one([cell], [text], [(target, [(1, cell)])]), ({}, ["value_type"]), (name, text))

    def test_texts_that_are_no_days_or_letters(self):
        """Told before they are sent, and only where no release would take them."""
        cell, remark = self.source.cell("remark"), next(e for e in self.target.objects["dataElements"] if e["id"] == self.target.elements["remark"])
        for value_type, good, bad in (("DATE", ("2024-02-29", "2024-01-31T00:00:00"), ("2024-13-01", "31/01/2024", "2024-1-31", "2024-01-331", "soon")), ("DATETIME", ("2024-01-31T10:00",), ("10:00",)),
                                      ("AGE", ("2019-05-01",), ("5",)), ("LETTER", ("a", "é"), ("ab",)), ("LONG_TEXT", ("é" * 50000,), ("é" * 50001,))):
            remark["valueType"] = value_type
            for texts, refused in ((good, False), (bad, True)):
                for text in texts:
                    out, conflicts = self.one([cell], [text], [(self.target.cell("remark"), [(1, cell)])], expect=int(refused))
                    self.assertEqual((list(out.values()), conflicts), ([], ["value_type"]) if refused else ([text], []), (value_type, text[:40]))

    def test_yes_or_no_is_counted_where_numbers_are(self):
        power, tests = self.source.cell("power"), self.target.cell("tests")
        stored = {(*power, "202401", unit, fixture.DEFAULT): answer for unit, answer in zip(self.source.units, ("true", "false", "true", "true"))}
        units = [{"source": u, "target": self.source.units[0], "decision": "accepted"} for u in self.source.units[:3]] + [{"source": u, "target": u, "decision": "accepted"} for u in self.source.units[3:]]
        found = self.transfer(stored, mapping=fixture.mapping(self.source, self.target, [(tests, [(1, power)])], org_units=units))
        self.assertEqual({key[3]: value for key, value in found.items()}, {self.source.units[0]: "2", self.source.units[3]: "1"})
        self.assertEqual((self.totals("source"), self.totals("target")), ({(tests[0], "202401"): "3"},) * 2)
        share = self.target.cell("share")  # a percentage of yes is none
        self.assertEqual(self.transfer(stored, mapping=fixture.mapping(self.source, self.target, [(share, [(1, power)])]), expect=1), {})
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["value_type"])

    def test_yes_or_no_as_people_and_servers_write_it(self):
        """Where the source's metadata say that it is a yes-or-no element, as any release takes it; else only words that can mean nothing else."""
        power, tests = self.source.cell("power"), self.target.cell("tests")
        told = ["--from", self.write("source.json", self.source.objects)]
        for text, wanted in (("true", "1"), ("True", "1"), ("TRUE", "1"), ("tRuE", "1"), ("t", "1"), ("T", "1"), ("yes", "1"), ("Y", "1"), ("1", "1"), ("False", "0"), ("F", "0"), ("NO", "0"), ("n", "0"), ("0", "0")):
            for words in (told, []):
                good = words or len(text) > 1 or text in "01"
                out, conflicts = self.one([power], [text], [(tests, [(1, power)])], *words, expect=int(not good))
                self.assertEqual((list(out.values()), conflicts), ([wanted], []) if good else ([], ["value_type"]), (text, words))
                if good:
                    self.assertEqual((self.totals("source"), self.totals("target")), ({(tests[0], "202401"): wanted},) * 2)
        two = [power, self.source.cell("tests", "0-4")]
        self.assertEqual(self.one(two, ("ja", "1"), [(tests, [(1, c) for c in two])], *told), ({}, ["not_a_number"]))
        refused = self.report["conflicts"][0]
        self.assertIn("neither a number nor, of a yes-or-no element, one of true, t, yes, y, 1, false, f, no, n, 0", refused["message"])
        self.assertEqual((refused["cells"][0]["target"]["value"], refused["cells"][0]["sources"][0]["value"]), ("ja", "ja"))
        remark = self.source.cell("remark")  # what a text says is not counted, but for what servers write themselves
        self.assertEqual(self.one([remark], ["yes"], [(tests, [(1, remark)])], *told), ({}, ["value_type"]))

    def test_shares_of_one_and_of_a_hundred(self):
        """A unit interval becomes a percentage, and the other way round, to the last digit; several of them make no sum, whatever is to hold it."""
        share, stock = self.target.cell("share"), self.target.cell("stock")
        cell, other = self.source.cell("share"), self.source.cell("stock")
        of = {name: next(e for e in side.objects["dataElements"] if e["id"] == side.elements["share"]) for name, side in (("source", self.source), ("target", self.target))}
        for types, pairs in ((("UNIT_INTERVAL", "PERCENTAGE"), (("0.125", "12.5"), ("1", "100"), ("0", "0"), ("0.3333333333333333", "33.33333333333333"), ("1.0", "100"), ("0.00001", "0.001"))),
                             (("PERCENTAGE", "UNIT_INTERVAL"), (("12.5", "0.125"), ("100", "1"), ("7", "0.07"), ("33.3", "0.333"), ("0.0", "0"))), (("PERCENTAGE", "PERCENTAGE"), (("12.50", "12.5"),)), (("UNIT_INTERVAL", "NUMBER"), (("0.5", "0.5"),))):
            of["source"]["valueType"], of["target"]["valueType"] = types
            told = ["--from", self.write("source.json", self.source.objects)]
            for text, wanted in pairs:
                out, conflicts = self.one([cell], [text], [(share, [(1, cell)])], *told, expect=0)
                self.assertEqual((list(out.values()), conflicts), ([wanted], []), (types, text))
                self.assertEqual((self.totals("source"), self.totals("target")), ({(share[0], "202401"): wanted},) * 2, (types, text))
        of["source"]["valueType"], of["target"]["valueType"] = "UNIT_INTERVAL", "PERCENTAGE"
        told = ["--from", self.write("source.json", self.source.objects)]
        self.assertEqual(self.one([cell], ["1.01"], [(share, [(1, cell)])], *told), ({}, ["value_type"]))
        self.assertEqual(self.report["conflicts"][0]["cells"][0]["target"]["value"], "101")
        for target in (share, stock):
            self.assertEqual(self.one([cell, other], ["0.5", "0.25"], [(target, [(1, cell), (1, other)])], *told), ({}, ["not_summable"]))
        remembered = fixture.mapping(self.source, self.target, [(share, [(1, cell)])])
        remembered["metadata"] = {"source": {"dataElements": [of["source"]]}}
        stored = {(*cell, "202401", self.source.units[0], fixture.DEFAULT): "0.5"}
        self.assertEqual(list(self.transfer(stored, mapping=remembered).values()), ["50"])  # what the mapping remembers tells it, too

    def test_what_does_not_fit_is_named_with_the_type_that_is_wanted(self):
        cell, remark = self.source.cell("remark"), next(e for e in self.target.objects["dataElements"] if e["id"] == self.target.elements["remark"])
        for value_type, text, form in (("TIME", "soon", "a time of day: 9:05, 23:59"), ("INTEGER_POSITIVE", "0", "a whole number from 1 to 2147483647"), ("IMAGE", "aBcDeFgHiJ1", "files do not go along")):
            remark["valueType"] = value_type
            self.one([cell], [text], [(self.target.cell("remark"), [(1, cell)])])
            refused = self.report["conflicts"][0]
            self.assertIn(f"holds {value_type}, and the value is none: it takes", refused["message"])
            self.assertIn(form, refused["message"])
            self.assertEqual((refused["cells"][0]["target"]["value"], refused["value_type"], refused["remedy"]), (text, value_type, "Correct the value at the source, or the value type of the data element at the target."))

    def test_all_that_was_refused_as_a_list(self):
        """A report has the first five."""
        made = [(self.target.cell("balance"), [(1, self.source.cell("remark"))])]
        stored = {(*self.source.cell("remark"), f"{2000 + n // 12}{n % 12 + 1:02d}", unit, fixture.DEFAULT): f"no number {n}" for unit in self.source.units for n in range(200)}
        path = self.folder / "refused.csv"
        for words in ([], ["--dry-run"]):
            self.transfer(stored, "--refused", path, *words, mapping=fixture.mapping(self.source, self.target, made), expect=1)
            with path.open(newline="", encoding="utf-8") as file:
                listed = {(row["period"], row["org_unit"]): row["value"] for row in csv.DictReader(file, strict=True)}
            self.assertEqual(listed, {key[2:4]: value for key, value in stored.items()})
            self.assertEqual((self.report["refused_rows"], self.report["counts"]["refused"]), (len(stored), len(stored)))
            path.unlink()

    def test_missing_contributors_by_policy(self):
        two = self.source.cells("tests")[:2]
        made = [(self.target.cell("tests"), [(1, c) for c in two])]
        out, _ = self.one(two[:1], ("5",), made, expect=0)
        self.assertEqual((list(out.values()), self.report["counts"]["partial"]), (["5"], 1))
        out, conflicts = self.one(two[:1], ("5",), made, more={"missing": "require-all"})
        self.assertEqual((out, conflicts, self.report["outcome"]), ({}, ["missing_source"], "refused"))
        out, conflicts = self.one(two[:1], ("5",), made, more={"missing": "skip"}, expect=0)
        self.assertEqual((out, conflicts, self.report["counts"]["skipped"], self.report["outcome"]), ({}, [], 1, "done"))

    def test_units_and_attributes_are_mapped_and_summed(self):
        a, b, c = self.source.units[:3]
        other = fixture.uid("Ao", 1)
        cell = self.source.cell("tests", "0-4")
        made = [(self.target.cell("tests"), [(1, cell)])]
        stored = {(*cell, "202401", u, x): v for u, x, v in ((a, fixture.DEFAULT, "1"), (a, other, "10"), (b, fixture.DEFAULT, "100"), (c, fixture.DEFAULT, "1000"))}
        mapping = fixture.mapping(self.source, self.target, made, org_units=[{"source": a, "target": b}, {"source": b, "target": b}],
                                  attribute_option_combos=[{"source": fixture.DEFAULT, "target": fixture.DEFAULT}, {"source": other, "target": fixture.DEFAULT}])
        out = self.transfer(stored, mapping=mapping)
        self.assertEqual(out, {(*self.target.cell("tests"), "202401", b, fixture.DEFAULT): "111"})
        self.assertEqual(self.report["counts"]["unmapped"], {"org_unit": 1})
        self.assertEqual(self.report["counts"]["partial"], 1)  # unit b under the other attribute has none

    def quarterly(self, **more):
        self.target.objects["dataSets"][0]["periodType"] = "Quarterly"
        made = fixture.sums(self.source, self.target)
        return made, fixture.mapping(self.source, self.target, made, periods={**fixture.QUARTERS, **more})

    def test_months_become_quarters(self):
        made, mapping = self.quarterly()
        for seed in range(4):
            stored = fixture.values(self.source, seed, filled=random.Random(seed).choice((1, 0.8, 0.3)))
            wanted = fixture.rolled_up(fixture.expected(made, stored))
            for out in ("out.json", "out.csv"):
                self.assertEqual(self.transfer(stored, mapping=mapping, out=out), wanted, f"seed {seed}")
            sums = fixture.totals(wanted, fixture.numeric_elements(self.target))
            self.assertEqual((self.totals("source"), self.totals("target")), (sums, sums))
            self.assertEqual((self.report["outcome"], self.report["counts"]["differing"]), ("done", 0))

    def test_a_quarter_without_a_month_is_for_the_mapping_to_judge(self):
        made, mapping = self.quarterly()
        cell = self.source.cell("stock")
        stored = {(*cell, p, self.source.units[0], fixture.DEFAULT): "1" for p in ("202401", "202402")}
        made = [(self.target.cell("stock"), [(1, cell)])]
        mapping["rules"] = fixture.mapping(self.source, self.target, made)["rules"]
        out = self.transfer(stored, mapping=mapping)
        self.assertEqual((list(out.values()), self.report["counts"]["partial"]), (["2"], 1))
        self.assertEqual(self.transfer(stored, mapping={**mapping, "missing": "require-all"}, expect=1), {})
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["missing_source"])
        self.assertEqual([s["period"] for s in self.report["conflicts"][0]["cells"][0]["sources"]], ["202401", "202402"])

    def test_what_may_not_be_added_up_over_time_is_refused(self):
        cell = self.source.cell("stock")
        stored = {(*cell, p, self.source.units[0], fixture.DEFAULT): "1" for p in fixture.PERIODS}
        for kind, more, expect in (("AVERAGE", {}, 1), ("LAST", {}, 1), ("AVERAGE_SUM_ORG_UNIT", {}, 1), ("AVERAGE_SUM_ORG_UNIT", {"sound_for": ["SUM", "AVERAGE_SUM_ORG_UNIT"]}, 0), ("SUM", {}, 0)):
            _, mapping = self.quarterly(**more)
            mapping["rules"] = fixture.mapping(self.source, self.target, [(self.target.cell("stock"), [(1, cell)])])["rules"]
            element = next(e for e in self.target.objects["dataElements"] if e["id"] == self.target.elements["stock"])
            element["aggregationType"] = kind
            out = self.transfer(stored, mapping=mapping, expect=expect)
            self.assertEqual((list(out.values()), [c["code"] for c in self.report["conflicts"]]), ((["3"], []) if expect == 0 else ([], ["not_summable"])), kind)

    def test_periods_that_cannot_be_converted_send_nothing(self):
        made, mapping = self.quarterly()
        stored = fixture.values(self.source, 1)
        self.assertIsNone(self.transfer(stored, mapping=mapping, metadata=False, expect=2))
        self.assertIn("--to", self.said[1])
        self.assertIsNone(self.transfer(stored, mapping={**mapping, "periods": {"conversion": "cannot", "note": "the target wants weeks"}}, expect=2))
        self.assertIn("the target wants weeks", self.said[1])
        self.assertIsNone(self.transfer(stored, mapping={**mapping, "periods": {"conversion": "roll-up", "source": "Weekly", "target": "Monthly"}}, expect=2))
        self.assertEqual(self.transfer(stored, mapping=fixture.mapping(self.source, self.target, made), expect=1), {})  # the same periods, and the data set has others
        self.assertEqual({c["code"] for c in self.report["conflicts"]}, {"period_type"})

    def test_pairs_nobody_decided_are_not_sent(self):
        a, b, c = self.source.units[:3]
        cell = self.source.cell("tests", "0-4")
        stored = {(*cell, "202401", u, fixture.DEFAULT): v for u, v in ((a, "1"), (b, "10"), (c, "100"))}
        pairs = [{"source": a, "target": c, "decision": "auto", "confidence": 0.98}, {"source": b, "target": c, "decision": "proposed", "confidence": 0.5}, {"source": c, "target": None, "decision": "none"}]
        mapping = fixture.mapping(self.source, self.target, [(self.target.cell("tests"), [(1, cell)])], org_units=pairs)
        self.assertEqual(list(self.transfer(stored, mapping=mapping).values()), ["1"])
        self.assertEqual((self.report["counts"]["unmapped"], self.report["counts"]["partial"]), ({"undecided": 1, "no_counterpart": 1}, 1))
        self.assertEqual(self.transfer(stored, mapping={**mapping, "missing": "require-all"}, expect=1), {})
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["missing_source"])
        self.assertEqual(list(self.transfer(stored, "--accept", "accepted,auto,proposed", mapping=mapping).values()), ["11"])

    def test_a_source_said_twice(self):
        cell = self.source.cell("tests", "0-4")
        made = [(self.target.cell("tests"), [(1, cell)])]
        row = {"dataElement": cell[0], "categoryOptionCombo": cell[1], "period": "202401", "orgUnit": self.source.units[0], "attributeOptionCombo": fixture.DEFAULT}
        for second, wanted, code in (("5.0", ["5"], []), ("6", [], ["contradiction"])):
            values_in = self.write("in.json", {"dataValues": [{**row, "value": "5"}, {**row, "value": second}]})
            out = self.transfer(values_in, mapping=fixture.mapping(self.source, self.target, made), expect=1 if code else 0)
            self.assertEqual((list(out.values()), [c["code"] for c in self.report["conflicts"]]), (wanted, code))

    def test_only_decided_rules_count(self):
        mapping = fixture.mapping(self.source, self.target)
        for rule, decision in zip(mapping["rules"], ("auto", "proposed", "rejected")):
            rule["decision"] = decision
        stored = fixture.values(self.source, 5, filled=1)
        some = self.transfer(stored, mapping=mapping)
        self.assertEqual(set(self.report["counts"]["unmapped"]), {"undecided", "no_counterpart", "rejected"})
        more = self.transfer(stored, "--accept", "accepted,auto,proposed", mapping=mapping)
        self.assertEqual(len(more) - len(some), len(self.source.units) * len(fixture.PERIODS))
        self.transfer(stored, "--accept", "accepted,maybe", mapping=mapping, expect=2)

    def test_only_what_was_asked_for(self):
        """Periods and org units count between files too; what nobody asked for is counted."""
        stored = fixture.values(self.source, 7)
        units = self.source.units[:2]
        for words, wanted in ((["--periods", "202401,2024-03"], lambda p, u: p != "202402"), (["--org-units", ",".join(units)], lambda p, u: u in units),
                              (["--periods", "202402", "--org-units", units[0]], lambda p, u: p == "202402" and u == units[0])):
            asked = {k: v for k, v in stored.items() if wanted(k[2], k[3])}
            self.assertEqual(self.transfer(stored, *words), fixture.expected(self.made, asked), words)
            self.assertEqual((self.report["counts"]["read"], self.report["counts"]["not_asked"]), (len(asked), len(stored) - len(asked)))
        for words in (["--periods", "soon"], ["--org-units", "nobody"], ["--org-units", fixture.ROOT + "/descendants"]):
            self.assertIsNone(self.transfer(stored, *words, expect=2), words)
        below = self.write("source.json", self.source.objects)
        self.assertEqual(self.transfer(stored, "--from", below, "--org-units", fixture.ROOT + "/descendants"), fixture.expected(self.made, stored))
        self.assertEqual(self.transfer(stored, "--from", below, "--org-units", units[0] + "/descendants"), fixture.expected(self.made, {k: v for k, v in stored.items() if k[3] == units[0]}))

    def test_a_dry_run_makes_no_file(self):
        stored = fixture.values(self.source, 7)
        for out in ("out.json", "out.csv"):
            self.assertIsNone(self.transfer(stored, "--dry-run", out=out))
            self.assertEqual((self.report["counts"]["sent"], self.report["dry_run"]), (len(fixture.expected(self.made, stored)), True))

    def test_there_is_nobody_to_wait_for(self):
        self.assertIsNone(self.transfer({}, "--wait", expect=2))
        self.assertIn("--wait is between servers", self.said[1])

    def test_a_period_in_two_spellings_is_one(self):
        """2024-01 and 202401 of one cell would be that cell twice, and 2.43 stores nothing of such a POST."""
        stored = {(*self.source.cell("share"), period, self.source.units[0], fixture.DEFAULT): "7" for period in ("202401", "2024-01")}
        self.assertEqual(self.transfer(stored), {(*self.target.cell("share"), "202401", self.source.units[0], fixture.DEFAULT): "7"})
        stored = dict(zip(stored, ("7", "8")))
        self.assertEqual(self.transfer(stored, expect=1), {})
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["contradiction"])

    def test_a_text_that_no_database_keeps(self):
        stored = {(*self.source.cell("remark"), "202401", unit, fixture.DEFAULT): text for unit, text in zip(self.source.units, ("a\0b", "ab"))}
        for out in ("out.json", "out.csv"):
            self.assertEqual(list(self.transfer(stored, out=out, expect=1).values()), ["ab"])
            self.assertEqual([c["code"] for c in self.report["conflicts"]], ["value_type"])

    def test_header_members_hold_for_all_values(self):
        cell, unit = self.source.cell("tests", "0-4"), self.source.units[0]
        made = [(self.target.cell("tests"), [(1, cell)])]
        mapping = fixture.mapping(self.source, self.target, made)
        row = {"dataElement": cell[0], "categoryOptionCombo": cell[1], "value": 7}
        for document, expect in (({"period": "202401", "orgUnit": unit, "dataValues": [row]}, 0), ({"dataValues": [row], "period": "202401", "orgUnit": unit}, 2), ({"dataValues": [row]}, 2),
                                 ({"dataElementIdScheme": "CODE", "period": "202401", "orgUnit": unit, "dataValues": [row]}, 2), ({"dataValues": [{**row, "categoryOptionCombo": {"a": "b"}}]}, 2)):
            self.transfer(self.write("in.json", document), mapping=mapping, expect=expect)

    def test_nothing_is_written_when_the_input_is_cut(self):
        whole = json.dumps(fixture.document(fixture.values(self.source, 6)))
        for at in (0, 1, len(whole) // 2, len(whole) - 1):
            self.assertIsNone(self.transfer(self.write("in.json", whole[:at]), expect=2), at)
        self.assertIsNone(self.transfer(self.write("in.json", whole + "{}"), expect=2))
        self.assertEqual(sorted(p.name for p in self.folder.glob("out*")), [])

    def test_memory_does_not_grow_with_the_values(self):
        """A few hundred thousand values in a process that may not have the memory for them."""
        path, cells = self.folder / "large.csv", self.source.cells("cases")
        units = [fixture.uid("Ox", i // 10000, i // 100 % 100, i % 100) for i in range(2000)]
        with path.open("w") as file:
            file.write("dataelement,period,orgunit,categoryoptioncombo,attributeoptioncombo,value\n")
            for month in range(1, 13):
                for unit in units:
                    file.writelines(f"{e},2024{month:02d},{unit},{c},{fixture.DEFAULT},{month}\n" for e, c in cells)
        mapping, report = self.write("mapping.json", fixture.mapping(self.source, self.target)), self.folder / "report.json"
        limit = None if b"__asan" in (harness.BUILD / "drawbridge").read_bytes() else 220 << 20  # address space, not what is used
        run = subprocess.run([harness.BUILD / "drawbridge", "transfer", "--mapping", mapping, "--values-in", path, "--values-out", self.folder / "out.csv", "--report", report], capture_output=True, text=True,
                             preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))) if limit else None, env={"TMPDIR": str(self.folder)})
        self.assertEqual(run.returncode, 0, run.stderr)
        counts = json.loads(report.read_text())["counts"]
        self.assertEqual((counts["read"], counts["verified"]), (12 * 2000 * 8, 12 * 2000 * 2))
