"""drawbridge align on files: output, exit codes, messages."""
import contextlib
import csv
import io
import json
import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

import test_transfer
import transfer_fixture as fixture
from harness import BUILD, run

HEADER = "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,rank,confidence,decision"


def export(letter, elements, cells=("Female", "Male")):
    """Elements {name: divided?} as a metadata export; ids begin with the letter."""
    combos = [{"id": "default0000", "name": "default"}, {"id": f"{letter}sexCombo00", "name": "Sex"}]
    cocs = [{"id": f"{letter}defaultCoc", "name": "default", "categoryCombo": {"id": "default0000"}}]
    cocs += [{"id": f"{letter}coc{i:07}", "name": name, "categoryCombo": {"id": f"{letter}sexCombo00"}} for i, name in enumerate(cells)]
    listed = [{"id": f"{letter}elem{i:06}", "name": name, "valueType": "INTEGER", "categoryCombo": {"id": combos[divided]["id"]}} for i, (name, divided) in enumerate(elements.items())]
    sets = [{"id": f"{letter}dataSet00{n}", "name": f"Set {n}", "periodType": "Monthly", "dataSetElements": [{"dataElement": {"id": e["id"]}} for e in half]} for n, half in enumerate((listed[::2], listed[1::2]))]
    return {"dataSets": sets, "dataElements": listed, "categoryCombos": combos, "categoryOptionCombos": cocs}


class Align(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="drawbridge-align-")
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.write("source.json", export("a", {"Malaria cases": True, "Measles deaths": False, "Live births": True, 'A "quoted", name': False}))
        self.write("target.json", export("b", {"NAT Live births": True, "NAT Measles deaths": False, "NAT Malaria cases": True, "NAT Cholera cases": True}, ("M", "F")))

    def write(self, name, content):
        (self.folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def run_align(self, *words, expect=0, sides=True, stdin=None):
        if sides:
            words = ("--source", "source.json", "--target", "target.json", *words)
        run = subprocess.run([str(BUILD / "drawbridge"), "align", *words], cwd=self.folder, capture_output=True, text=True, input=stdin, env={**os.environ, "DRAWBRIDGE_CENTRAL_TOKEN": ""})
        self.assertEqual(run.returncode, expect, run.stderr)
        if expect:
            self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
            self.assertEqual(run.stdout, "")
        return run

    def rows(self, *words):
        return list(csv.DictReader(io.StringIO(self.run_align(*words).stdout, newline="")))

    def test_csv(self):
        out = self.run_align().stdout
        self.assertEqual(out.splitlines()[0], HEADER)
        self.assertTrue(out.endswith("\n"))
        rows = self.rows()
        first = {r["source_data_element"]: r["target_data_element"] for r in rows if r["kind"] == "data_element" and r["rank"] == "1"}
        self.assertEqual(first, {"aelem000000": "belem000002", "aelem000001": "belem000001", "aelem000002": "belem000000", "aelem000003": ""})
        cells = {(r["source_data_element"], r["source_category_option_combo"]): r["target_category_option_combo"] for r in rows if r["kind"] == "operand" and r["rank"] == "1"}
        self.assertEqual(cells["aelem000000", "acoc0000000"], "bcoc0000001")  # Female to F
        self.assertEqual([(r["kind"], r["source_data_element"], r["source_category_option_combo"], int(r["rank"])) for r in rows],
                         sorted((r["kind"], r["source_data_element"], r["source_category_option_combo"], int(r["rank"])) for r in rows))
        for r in rows:
            self.assertIn(r["decision"], ("auto", "proposed", "candidate", "none"))
            self.assertEqual(r["decision"] == "none", not r["target_data_element"])

    def test_the_same_bytes_twice(self):
        self.assertEqual(self.run_align().stdout, self.run_align().stdout)

    def test_candidates(self):
        for r in self.rows("--candidates", "1"):
            self.assertLessEqual(int(r["rank"]), 2)

    def test_explain_names_and_reasons(self):
        rows = self.rows("--explain")
        self.assertTrue(all(r["why"] for r in rows))
        quoted = next(r for r in rows if r["source_data_element"] == "aelem000003")
        self.assertEqual(quoted["source_name"], 'A "quoted", name')
        self.assertTrue(any("words" in r["features"] for r in rows))

    def test_names_are_no_formulas(self):
        """A name that a spreadsheet would take for a formula has an apostrophe before it; ids and signs stay as they are."""
        self.write("source.json", export("a", {"=HYPERLINK(\"http://x\") Malaria cases": True, "@Measles deaths": False}))
        rows = self.rows("--explain")
        self.assertEqual({r["source_name"] for r in rows}, {"'=HYPERLINK(\"http://x\") Malaria cases", "'@Measles deaths"})
        self.assertEqual({r["sign"] for r in rows}, {"+"})
        for r in rows:
            self.assertFalse(any(cell.startswith(tuple("=+-@\t\r")) for name, cell in r.items() if name != "sign"), r)

    def test_every_form_of_a_mapping(self):
        """What align writes in each form that can be read is read back, and has the cells of the JSON mapping that count there; names stand where people read."""
        listed = subprocess.run([BUILD / "drawbridge", "mapping", "formats"], capture_output=True, text=True, check=True).stdout
        forms = [line.split()[:2] for line in listed.splitlines() if not line.startswith(" ") and not line.endswith("(written only)")]
        cells = {}
        for name, ending in forms:
            told = self.run_align("--format", name, "--output", f"m{ending}").stderr
            if name == "csv":
                continue  # the list of proposals
            subprocess.run([BUILD / "drawbridge", "mapping", "convert", "--from", name, "--source", "source.json", "--target", "target.json", f"m{ending}", "back.json"], cwd=self.folder, check=True, capture_output=True)
            rules = json.loads((self.folder / "back.json").read_text())["rules"]
            cells[name] = {(t["data_element"], t["category_option_combo"], r["target"]["data_element"], r["target"]["category_option_combo"]) for r in rules if r["target"] and r["decision"] != "proposed" for t in r["terms"]}
            self.assertTrue(cells[name], name)
            self.assertEqual(cells[name], cells["json"], (name, told))
        self.assertIn("Malaria cases", (self.folder / "m.datim.csv").read_text())
        self.assertIn('"display":"Malaria cases: Female"', (self.folder / "m.fhir.json").read_text())
        self.assertIn("NAT Malaria cases", (self.folder / "m.metadata-alignment.json").read_text())

    def test_output_takes_its_place_at_the_end(self):
        self.write("out.csv", "old")
        self.run_align("--output", "out.csv")
        self.assertTrue((self.folder / "out.csv").read_text().startswith(HEADER))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["out.csv", "source.json", "target.json"])
        self.assertIn("cannot be written", self.run_align("--output", "no/such/folder.csv", expect=4).stderr)

    def test_decisions(self):
        self.write("fix.csv", "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\r\n"
                   "data_element,aelem000000,,belem000003,,+,accepted\r\ndata_element,aelem000001,,,,+,none\r\n")
        rows = self.rows("--fix", "fix.csv")
        answers = {(r["source_data_element"], r["target_data_element"], r["decision"], r["confidence"]) for r in rows if r["kind"] == "data_element" and r["rank"] == "1"}
        self.assertIn(("aelem000000", "belem000003", "auto", "1.0000"), answers)
        self.assertIn(("aelem000001", "", "none", "1.0000"), answers)

    def test_its_own_output_may_be_given_back(self):
        def answers(rows):
            return [list(r.values())[:5] for r in rows if r["decision"] in ("auto", "proposed")]
        self.run_align("--output", "once.csv")
        self.assertEqual(answers(self.rows("--fix", "once.csv")), answers(self.rows()))

    def test_a_decision_about_a_stranger_is_told(self):
        self.write("fix.csv", "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\ndata_element,aelem000000,,belem000003,,+,perhaps\n")
        self.assertIn("fix.csv", self.run_align("--fix", "fix.csv", expect=2).stderr)
        self.write("fix.csv", "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\ndata_element,aelem000000,,nobody,,+,accepted\n")
        self.assertIn("nobody", self.run_align("--fix", "fix.csv").stderr)

    def test_decisions_that_contradict_each_other_are_told(self):
        head = "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\n"
        pair, cell = "data_element,aelem000000,,belem000003,,+,", "operand,aelem000000,acoc0000000,belem000002,bcoc0000001,+,"
        for rows in ((pair + "accepted", pair + "rejected"), (pair + "rejected", pair + "accepted"), (pair + "accepted", "data_element,aelem000000,,,,+,none"),
                     (cell + "accepted", cell + "rejected"), ("operand,aelem000000,acoc0000000,,,+,none", cell + "accepted"), (cell + "accepted", "operand,aelem000000,acoc0000000,,,+,none")):
            with self.subTest(rows=rows):
                self.write("fix.csv", head + "\n".join(rows) + "\n")
                self.assertEqual(self.run_align("--fix", "fix.csv").stderr, "drawbridge align: a decision was left out: another one says otherwise of aelem000000\n")
        for rows in ((pair + "accepted", pair + "accepted"), (pair + "accepted", cell + "accepted"), (pair + "rejected", "data_element,aelem000000,,,,+,none")):
            self.write("fix.csv", head + "\n".join(rows) + "\n")
            self.assertEqual(self.run_align("--fix", "fix.csv").stderr, "")

    def test_a_glossary(self):
        self.write("source.json", export("a", {"Zibuko cases": True}))
        self.write("glossary.csv", "term,means\nzibuko,malaria\n")
        rows = self.rows("--glossary", "glossary.csv")
        self.assertEqual(rows[0]["target_data_element"], "belem000002")
        self.write("glossary.csv", "word,meaning\nzibuko,malaria\n")
        self.assertIn("glossary.csv", self.run_align("--glossary", "glossary.csv", expect=2).stderr)

    def test_data_sets(self):
        rows = self.rows("--source-data-set", "adataSet000")
        self.assertEqual({r["source_data_element"] for r in rows}, {"aelem000000", "aelem000002"})
        self.assertIn("adataSet009", self.run_align("--source-data-set", "adataSet009", expect=2).stderr)

    def test_data_sets_of_either_side(self):
        """Named without a side, a data set counts where it is; what neither side holds is refused."""
        one_side, both_sides = self.run_align("--source-data-set", "adataSet000").stdout, self.run_align("--source-data-set", "adataSet000", "--target-data-set", "bdataSet000").stdout
        self.assertEqual(self.run_align("--data-set", "adataSet000").stdout, one_side)
        self.assertEqual(self.run_align("--data-set", "bdataSet000", "--data-set", "adataSet000").stdout, both_sides)
        self.assertIn("adataSet009", self.run_align("--data-set", "adataSet000", "--data-set", "adataSet009", expect=2).stderr)
        self.assertIn("bdataSet000", self.run_align("--data-set", "adataSet000", "--source-data-set", "bdataSet000", expect=2).stderr)

    def test_mapping(self):
        mapping = json.loads(self.run_align("--format", "json").stdout)
        self.assertEqual(mapping["format"], "drawbridge-mapping")
        self.assertTrue(any(rule["target"] and rule["target"]["data_element"] == "belem000001" for rule in mapping["rules"]))

    def with_places(self):
        """Two trees with other ids, attribute options on both sides, months and quarters."""
        for letter, names, options, period in (("a", ("Land", "North", "South", "Bo Clinic", "Bo Clinic", "Kenema Hospital"), ("Global Fund", "PEPFAR"), "Monthly"),
                                               ("b", ("Land", "North", "South", "Bo Clinic", "Bo Clinic", "Hospital Kenema"), ("PEPFAR", "The Global Fund"), "Quarterly")):
            side = export(letter, {"Malaria cases": True, "Live births": True})
            units = [{"id": f"{letter}unit{i:06}", "name": name, **({"parent": {"id": f"{letter}unit{parent:06}"}} if parent is not None else {})} for i, (name, parent) in enumerate(zip(names, (None, 0, 0, 1, 2, 2)))]
            side["categoryCombos"].append({"id": f"{letter}funders00", "name": "Funder"})
            side["categoryOptionCombos"] += [{"id": f"{letter}funder{i:04}", "name": name, "categoryCombo": {"id": f"{letter}funders00"}} for i, name in enumerate(options)]
            for one in side["dataSets"]:
                one.update(periodType=period, categoryCombo={"id": f"{letter}funders00"}, organisationUnits=[{"id": u["id"]} for u in units[3:]])
            self.write("source.json" if letter == "a" else "target.json", {**side, "organisationUnits": units})

    def test_org_units_attributes_and_periods(self):
        self.with_places()
        self.assertEqual({r["kind"] for r in self.rows()}, {"data_element", "operand"})  # only where asked for
        rows = self.rows("--with", "org-units,attributes, periods", "--explain")
        self.assertEqual([r["kind"] for r in rows], sorted(r["kind"] for r in rows))
        answers = {(r["kind"], r["source_data_element"]): (r["target_data_element"], r["decision"]) for r in rows if r["rank"] == "1"}
        self.assertEqual([answers["org_unit", f"aunit{i:06}"] for i in (3, 4, 5)], [(f"bunit{i:06}", "auto") for i in (3, 4, 5)])
        self.assertNotIn(("org_unit", "aunit000000"), answers)  # not assigned
        self.assertEqual(answers["attribute_option_combo", "afunder0001"], ("bfunder0000", "auto"))
        self.assertEqual(answers["attribute_option_combo", "afunder0000"][0], "bfunder0001")
        self.assertEqual(answers["period", "Monthly"], ("Quarterly", "auto"))
        clinic = next(r for r in rows if r["source_data_element"] == "aunit000004")
        self.assertEqual((clinic["source_name"], clinic["target_name"]), ("Land / South / Bo Clinic", "Land / South / Bo Clinic"))
        self.assertIn("below parents that belong together", clinic["why"])
        self.assertEqual({r["kind"] for r in self.rows("--with", "periods")}, {"data_element", "operand", "period"})
        self.assertIn("--with takes", self.run_align("--with", "places", expect=2).stderr)

    def test_a_mapping_has_them(self):
        self.with_places()
        mapping = json.loads(self.run_align("--format", "json").stdout)
        self.assertEqual([(p["source"], p["target"], p["decision"]) for p in mapping["org_units"]], [(f"aunit{i:06}", f"bunit{i:06}", "auto") for i in (3, 4, 5)])
        self.assertEqual([p["source"] for p in mapping["attribute_option_combos"]], ["afunder0000", "afunder0001"])
        self.assertEqual((mapping["periods"]["conversion"], mapping["periods"]["sound_for"]), ("roll-up", ["SUM"]))
        self.write("fix.csv", "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\r\n"
                   "org_unit,aunit000003,,bunit000005,,+,accepted\r\norg_unit,aunit000005,,,,+,none\r\nattribute_option_combo,afunder0000,,bfunder0000,,+,accepted\r\norg_unit,nobody,,bunit000005,,+,accepted\r\n")
        run = self.run_align("--format", "json", "--fix", "fix.csv")
        self.assertIn("nobody", run.stderr)
        mapping = json.loads(run.stdout)
        self.assertEqual([p.get("decision", "accepted") for p in mapping["org_units"]], ["accepted", "auto", "none"])
        self.assertEqual(mapping["attribute_option_combos"][0], {"source": "afunder0000", "target": "bfunder0000"})

    def test_the_same_places_need_no_list(self):
        self.with_places()
        self.write("target.json", (self.folder / "source.json").read_text())
        mapping = json.loads(self.run_align("--format", "json").stdout)
        self.assertEqual((mapping["org_units"], mapping["attribute_option_combos"], mapping["periods"]["conversion"]), ([], [], "same"))

    def test_a_csv_list_and_standard_input(self):
        self.write("list.csv", "data_element,data_element_name,category_option_combo,category_option_combo_name\nx1,Malaria cases,c1,Female\nx1,Malaria cases,c2,Male\n")
        run = self.run_align("--source", "list.csv", "--target", "-", sides=False, stdin=(self.folder / "target.json").read_text())
        self.assertIn("data_element,x1,,belem000002,,+,1,", run.stdout)

    def test_bad_usage(self):
        for words, said in (((), "--source"), (("--source", "a.json"), "--target"), (("--source", "-", "--target", "-"), "standard input")):
            self.assertIn(said, self.run_align(*words, expect=2, sides=False).stderr)
        for words, said in ((("--candidates", "0"), "1 to 50"), (("--format", "pdf"), "csv or json"), (("extra",), "extra")):
            self.assertIn(said, self.run_align(*words, expect=2).stderr)
        help_text = subprocess.run([str(BUILD / "drawbridge"), "align", "--help"], capture_output=True, text=True)
        self.assertEqual(help_text.returncode, 0)
        self.assertIn("--glossary", help_text.stdout)

    def test_broken_sides(self):
        for content in ("", "{", "[]", '{"dataElements": []}', '{"dataElements": 7}', "\0\0\0"):
            self.write("source.json", content)
            self.assertIn("source", self.run_align(expect=2).stderr)
        self.assertIn("nowhere.json", self.run_align("--source", "nowhere.json", expect=2).stderr)

    def test_a_server_that_is_not_configured(self):
        self.assertIn("--data-set", self.run_align("--source", "server:central", expect=2).stderr)
        run = self.run_align("--source", "server:central", "--data-set", "adataSet000", "--config", "nowhere.yaml", expect=2)
        self.assertIn("nowhere.yaml", run.stderr)


class AlignServers(test_transfer.Servers):
    """Sides that two servers tell: the old engine and the new."""

    def align(self, *more, expect=0, environment=None):
        return self.command("align", "--config", self.folder / "config.yaml", "--source", "server:source", "--target", "server:target", *more, expect=expect,
                            environment=self.environment if environment is None else environment, input="")

    def test_servers_tell_the_same_as_their_exports(self):
        self.start()
        sets = ("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set)
        live, said = self.align(*sets)
        from_files, _ = self.command("align", "--source", self.folder / "source-metadata.json", "--target", self.folder / "target-metadata.json", *sets)
        rows, wanted = ([list(r.values())[:6] for r in csv.DictReader(io.StringIO(text)) if r["decision"] in ("auto", "proposed")] for text in (live, from_files))
        elements = [r for r in rows if r[0] == "data_element"]
        self.assertTrue(elements)
        self.assertEqual(elements, [r for r in wanted if r[0] == "data_element"])
        self.assertTrue(any(r[0] == "operand" for r in rows))  # the servers know the option combos, which the files leave out
        for token in self.environment.values():
            self.assertNotIn(token, live + said)

    def test_how_far_it_is_is_shown_on_a_terminal(self):
        """One line that is written over and taken away in the end; in a pipe there is none."""
        self.start()
        words = ["align", "--config", self.folder / "config.yaml", "--source", "server:source", "--target", "server:target", "--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set]
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        done = run(BUILD / "drawbridge", *words, timeout=600, capture_output=False, stdout=subprocess.PIPE, stderr=slave, stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(master, 65536):
                shown += piece
        lines = shown.decode().split("\r\x1b[K")
        self.assertEqual((done.returncode, lines[0], lines[-1]), (0, "", ""))
        for name, side in (("source", self.source), ("target", self.target)):
            self.assertIn(f"reading {name}: {len(side.elements)} data elements, {len(side.units) + 1} org units", lines)
        self.assertEqual(lines[-2], f"comparing {len(self.source.elements)} data elements with {len(self.target.elements)}")
        self.assertNotIn("reading", self.command(*words, environment=self.environment)[1])

    def test_org_units_of_servers(self):
        """The assigned ones with all above them, and which calendar: from a small answer for each."""
        fixture.move(self.target)
        self.target.objects["dataSets"][0]["periodType"] = "Quarterly"
        self.start()
        sets = ("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set)
        out, _ = self.align(*sets, "--with", "org-units,attributes,periods")
        first = {(r["kind"], r["source_data_element"]): (r["target_data_element"], r["decision"]) for r in csv.DictReader(io.StringIO(out)) if r["rank"] == "1"}
        for unit, other in zip(self.source.units[:-1], self.target.units):
            self.assertEqual(first["org_unit", unit], (other, "auto"))
        self.assertEqual(first["org_unit", self.source.units[-1]], ("", "none"))
        self.assertNotIn(("org_unit", fixture.ROOT), first)
        self.assertEqual(first["period", "Monthly"], ("Quarterly", "auto"))
        self.assertEqual(first["attribute_option_combo", fixture.DEFAULT], (fixture.DEFAULT, "auto"))

    def test_org_units_come_in_pages(self):
        """More than a page holds; and whatever is lost on the way, the answer is whole or there is none."""
        for side in (self.source, self.target):
            side.units = [f"TfOuMany{i:03}" for i in range(999)] + [f"TfOuMore{i:03}" for i in range(999)] + side.units
            side.objects["organisationUnits"] += [{"id": u, "name": f"Facility {u}", "shortName": f"Facility {u}", "openingDate": "2000-01-01", "parent": {"id": fixture.ROOT}} for u in side.units[:-6]]
            side.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in side.units]
        # Three pages and one call for what is above; later a page is half of what its lists held, well-formed; cut in the middle; empty; or of somebody else.
        faults = [{"path": "/api/organisationUnits", "nth": n, "times": 1, "kind": kind} for n, kind in ((5, "shorten"), (9, "truncate"), (10, "empty"), (11, "html"))]
        self.start(source_faults=faults, stored={(*self.source.cell("unmapped"), "202401", self.source.units[0], fixture.DEFAULT): "1"})
        words = ("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set, "--with", "org-units")
        out, _ = self.align(*words)
        rows = [r for r in csv.DictReader(io.StringIO(out)) if r["kind"] == "org_unit" and r["rank"] == "1"]
        self.assertEqual(len(rows), 2004)
        self.assertTrue(all(r["source_data_element"] == r["target_data_element"] and r["decision"] == "auto" for r in rows))
        for _ in range(4):
            said = self.align(*words, expect=3)[1]
            self.assertEqual(said.count("\n"), 1, said)
            self.assertIn("source", said)
        self.assertEqual(self.align(*words)[0], out)

    def test_an_answer_that_is_cut_short(self):
        """Neither of the calls that tell data sets and category combos, cut as if that were all, is taken for a side that has less."""
        self.start(source_faults=[{"path": "/api/metadata", "nth": n, "times": 1, "kind": "truncate"} for n in (1, 2)])
        sets = ("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set)
        for _ in range(2):  # the second run's first call is whole
            self.assertIn("cut short", self.align(*sets, expect=3)[1])
        self.align(*sets)

    def test_from_proposal_to_values(self):
        """Other units, other period types: what align proposes, transfer obeys, and nothing else is touched."""
        self.test_org_units_of_servers()
        sets = ("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set)
        self.align(*sets, "--format", "json", "--output", self.folder / "proposed.json")
        proposed = json.loads((self.folder / "proposed.json").read_text())
        self.assertEqual([p["decision"] for p in proposed["org_units"]].count("auto"), len(self.source.units) - 1)
        made = fixture.sums(self.source, self.target)
        (self.folder / "mapping.json").write_text(json.dumps({**proposed, "rules": fixture.mapping(self.source, self.target, made)["rules"]}))
        words = self.words()
        words[words.index("--periods") + 1] = "2024Q1"
        self.command(*words, environment=self.environment)
        there = dict(zip(self.source.units, self.target.units))
        sums = fixture.rolled_up(fixture.expected(made, self.stored("source")))
        wanted = {(e, c, p, there[u], a): v for (e, c, p, u, a), v in sums.items() if u != self.source.units[-1]}
        found = self.stored("target", periods=("2024Q1", "2024Q2"))
        self.assertTrue(found)
        self.assertEqual({k: v for k, v in found.items() if v != "0"}, {k: v for k, v in wanted.items() if v != "0"})
        self.assertIn("no_counterpart", self.read_report()["counts"]["unmapped"])

    def test_servers_that_count_by_other_calendars(self):
        self.more_words = {"source": ("--set", "calendar=ethiopian")}
        self.start()
        sets = ("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set)
        out, _ = self.align(*sets, "--format", "json")
        periods = json.loads(out)["periods"]
        self.assertEqual(periods["conversion"], "cannot")
        self.assertIn("the source counts by the ethiopian calendar, the target by the iso8601 one", periods["note"])
        (self.folder / "mapping.json").write_text(out)
        self.assertIn("ethiopian", self.command(*self.words(), expect=2, environment=self.environment)[1])
        self.assertEqual(self.stored("target"), {})

    def test_what_a_server_refuses(self):
        self.start()
        sets = ("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set)
        _, said = self.align(*sets, expect=3, environment={**self.environment, "DRAWBRIDGE_SOURCE_TOKEN": "d2pat_" + "x" * 36 + "1234567890"})
        self.assertEqual(said.count("\n"), 1, said)
        self.assertIn("source", said)
        _, said = self.align("--source-data-set", "nowhereSet1", "--target-data-set", self.target.data_set, expect=2)
        self.assertIn("nowhereSet1", said)

    def test_data_sets_of_either_server(self):
        """Each server has those of --data-set that it shows; one that shows none of them is told, and one that neither shows."""
        self.start()
        sets = ("--data-set", self.source.data_set, "--data-set", self.target.data_set)
        self.assertEqual(self.align(*sets)[0], self.align("--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set)[0])
        self.assertIn("nowhereSet1", self.align(*sets, "--data-set", "nowhereSet1", expect=2)[1])
        self.assertIn("target", self.align("--data-set", self.source.data_set, expect=2)[1])
        self.assertIn("nowhereSet1", self.align(*sets, "--target-data-set", "nowhereSet1", expect=2)[1])


if __name__ == "__main__":
    unittest.main()
