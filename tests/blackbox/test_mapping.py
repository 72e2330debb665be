"""drawbridge mapping convert on files: there and back in every form, exit codes, what is left out is told; workbooks against openpyxl, and hostile ones."""
import csv
import io
import json
import pathlib
import subprocess
import tempfile
import unittest
import zipfile

try:
    import openpyxl
except ImportError:
    openpyxl = None

from harness import BUILD, PATIENCE

HEADER = "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\n"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
COLUMNS = "source_data_element source_category_option_combo target_data_element target_category_option_combo decision".split()
NEEDED = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in COLUMNS)

WHOLE = {
    "format": "drawbridge-mapping", "version": 1,
    "source": {"server": "district", "data_sets": ["BfMAe6Itzgt"], "default_option_combo": "HllvX50cXC0"},
    "target": {"server": "central", "data_sets": ["lyLU2wR22tC"], "default_option_combo": "HllvX50cXC0"},
    "rules": [
        {"target": {"data_element": "s46m5MS0hxu", "category_option_combo": "Prlt0C1RF0s"}, "decision": "accepted", "confidence": 0.93, "value_type": "INTEGER", "by": "maria",
         "at": "2026-11-24T09:30:00Z", "note": "=two age groups\nbecame one",
         "terms": [{"sign": "+", "data_element": "fbfJHSPpUQD", "category_option_combo": "pq2XI5kz2BY"}, {"sign": "+", "data_element": "fbfJHSPpUQD", "category_option_combo": "PT59n8BQbqM"}]},
        {"target": {"data_element": "UOlfIjgN8X6", "category_option_combo": "Prlt0C1RF0s"}, "decision": "proposed", "blocked": "the element has another name",
         "terms": [{"sign": "+", "data_element": "cYeuwXTCPkU", "category_option_combo": "pq2XI5kz2BY"}, {"sign": "-", "data_element": "fbfJHSPpUQD", "category_option_combo": "pq2XI5kz2BY"}]},
        {"target": None, "terms": [{"sign": "+", "data_element": "cYeuwXTCPkU", "category_option_combo": "HllvX50cXC0"}], "decision": "none"},
    ],
    "attribute_option_combos": [{"source": "HllvX50cXC0", "target": "HllvX50cXC0"}], 
    "org_units": [{"source": "DiszpKrYNg8", "target": "ImspTQPwCqd", "by": "maria", "at": "2026-11-24T09:30:00Z", "note": "=merged\nlast year"}, {"source": "O6uvpzGd5pu", "target": None, "decision": "none"}, {"source": "fdc6uOvgoji", "target": "at6UHUQatSo", "decision": "proposed", "confidence": 0.5}],
    "periods": {"conversion": "roll-up", "source": "Monthly", "target": "Quarterly", "sound_for": ["SUM"], "note": "three make one"}, "missing": "require-all",
}


class Convert(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="drawbridge-mapping-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def write(self, name, content):
        (self.folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def convert(self, *words, expect=0):
        done = subprocess.run([BUILD / "drawbridge", "mapping", "convert", *words], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def loaded(self, name):
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


class Mapping(Convert):
    def test_there_and_back(self):
        self.write("a.csv", HEADER + "operand,a,c,t,2-4,+,accepted\noperand,b,c,t,2-4,-,accepted\n")
        self.convert("a.csv", "b.json")
        self.convert("b.json", "c.csv")
        self.convert("c.csv", "d.json")
        self.assertEqual((self.folder / "b.json").read_bytes(), (self.folder / "d.json").read_bytes())

    def test_every_form_of_the_list(self):
        """Each form that `mapping formats` lists is written and read; the same bytes twice; what comes back has the rules that count."""
        listed = subprocess.run([BUILD / "drawbridge", "mapping", "formats"], capture_output=True, text=True, check=True).stdout
        names = [(line.split()[0], line.split()[1]) for line in listed.splitlines() if not line.startswith(" ")]
        self.assertEqual(len(names), 10, listed)
        self.write("a.json", WHOLE)
        for name, ending in names:
            if name == "openhexa":
                continue  # sums: tested below
            with self.subTest(name):
                self.convert("a.json", f"b{ending}")
                self.convert("a.json", f"c{ending}")
                self.assertEqual((self.folder / f"b{ending}").read_bytes(), (self.folder / f"c{ending}").read_bytes())
                if name == "dhis2-exchange":  # what DHIS2 makes of it is no mapping any more
                    self.assertIn("never read", self.convert(f"b{ending}", "d.json", expect=2).stderr)
                    self.assertEqual([i["numerator"] for i in self.loaded(f"b{ending}")["indicators"]], ["#{fbfJHSPpUQD.pq2XI5kz2BY}+#{fbfJHSPpUQD.PT59n8BQbqM}"])
                    continue
                self.convert(f"b{ending}", "d.json")
                rules = self.loaded("d.json")["rules"]
                sums = {r["target"]["data_element"]: [t["category_option_combo"] for t in r["terms"]] for r in rules if r["target"] and r["terms"]}
                self.assertEqual(sums["s46m5MS0hxu"], ["pq2XI5kz2BY", "PT59n8BQbqM"])

    def test_the_workbook_holds_everything(self):
        self.write("a.json", WHOLE)
        self.assertEqual(self.convert("a.json", "b.xlsx").stderr, "")
        self.convert("b.xlsx", "c.json")
        self.assertEqual(self.loaded("c.json"), WHOLE)

    def test_names_and_codes_of_the_sides(self):
        """With the sides named, people read names, DATIM's map has codes and is read back to ids, and the data store entry has what the app shows."""
        combos = {"categoryCombos": [{"id": "comboooooo1", "name": "Sex"}],
                  "categoryOptionCombos": [{"id": f"cocccccccc{n}", "name": name, "categoryCombo": {"id": "comboooooo1"}} for n, name in ((1, "Female"), (2, "Male"))]}
        for side, element, name, code in (("s", "sssssssssss", "Malaria cases", None), ("t", "ttttttttttt", "=NAT Malaria", "MAL_N_MOH_Sex")):
            self.write(f"{side}.json", {"dataSets": [{"id": f"{side}setttttttt", "name": "A set", "periodType": "Monthly", "dataSetElements": [{"dataElement": {"id": element}}]}],
                                        "dataElements": [{"id": element, "name": name, "valueType": "INTEGER", "categoryCombo": {"id": "comboooooo1"}, **({"code": code} if code else {})}], **combos})
        self.write("a.csv", HEADER + "operand,sssssssssss,cocccccccc1,ttttttttttt,cocccccccc1,+,accepted\n")
        sides = ("--source", "s.json", "--target", "t.json")
        self.convert(*sides, "a.csv", "b.datim.csv")
        row = next(csv.DictReader(io.StringIO((self.folder / "b.datim.csv").read_text())))
        self.assertEqual(row, {"DATIM_Indicator_Category": "MAL", "DATIM_Indicator_ID": "MAL_N_MOH_Sex", "DATIM_Disag_ID": "cocccccccc1", "DATIM_Disag_Name": "Female", "Operation": "ADD",
                               "MOH_Indicator_ID": "sssssssssss", "MOH_Indicator_Name": "Malaria cases", "MOH_Disag_ID": "cocccccccc1", "MOH_Disag_Name": "Female", "Classification": ""})
        self.convert(*sides, "b.datim.csv", "c.csv")
        self.assertIn("operand,sssssssssss,cocccccccc1,ttttttttttt,cocccccccc1", (self.folder / "c.csv").read_text())
        self.convert(*sides, "--source-data-set", "ssetttttttt", "a.csv", "c.csv")
        self.assertIn("nothingsuch", self.convert(*sides, "--target-data-set", "nothingsuch", "a.csv", "c.csv", expect=2).stderr)
        self.convert(*sides, "a.csv", "d.metadata-alignment.json")
        [entry] = self.loaded("d.metadata-alignment.json")
        self.assertEqual(entry["deCocMappings"], [
            {"sourceDes": ["sssssssssss"], "targetDes": ["ttttttttttt"], "cocMappings": [{"sourceCocs": ["cocccccccc1"], "targetCocs": ["cocccccccc1"]}]},
            {"sourceDes": ["sssssssssss"], "targetDes": [], "cocMappings": [{"sourceCocs": ["cocccccccc2"], "targetCocs": []}]}])
        self.convert("a.csv", "e.json")
        mapping = self.loaded("e.json")
        mapping["source"]["data_sets"] = ["ssetttttttt"]
        self.write("e.json", mapping)
        self.convert(*sides, "e.json", "f.metadata-alignment.json")
        [entry] = self.loaded("f.metadata-alignment.json")
        [element] = entry["sourceDs"][0]["dataSetElements"]
        self.assertEqual(element["dataElement"]["name"], "Malaria cases")
        self.assertEqual([c["name"] for c in element["dataElement"]["categoryCombo"]["categoryOptionCombos"]], ["Female", "Male"])

    def test_losses_are_told(self):
        self.write("a.json", '{"format":"drawbridge-mapping","version":1,"rules":[],"org_units":[{"source":"a","target":"b"}]}')
        self.assertIn("left out: 1 pair of org units", self.convert("--to", "datim", "a.json", "-").stderr)

    def test_dictionaries(self):
        self.write("a.json", WHOLE)
        refused = self.convert("a.json", "b.openhexa.json", expect=2)
        self.assertIn("can hold nothing of this mapping", refused.stderr)
        self.assertFalse((self.folder / "b.openhexa.json").exists())
        self.write("c.csv", HEADER + "operand,a,c,t,d,+,accepted\noperand,a,e,t,f,+,accepted\noperand,b,c,u,d,-,accepted\noperand,g,c,v,d,+,proposed\n")
        told = self.convert("c.csv", "d.openhexa.json").stderr
        self.assertEqual(self.loaded("d.openhexa.json"), {"dataElements": {"a": "t"}, "categoryOptionCombos": {"c": "d", "e": "f"}, "attributeOptionCombos": {}, "orgUnits": {}})
        self.assertIn("left out: 1 rule that nobody has accepted", told)
        self.assertIn("left out: 1 rule of a target cell of which something is subtracted", told)

    def test_refused(self):
        self.write("a.csv", HEADER + "operand,a,c,t,d,+,maybe\n")
        self.assertIn("a.csv: line 2: the decision", self.convert("a.csv", "b.json", expect=2).stderr)
        self.assertFalse((self.folder / "b.json").exists())
        self.convert("a.txt", "b.json", expect=2)
        self.assertIn("datim, openhexa", self.convert("--from", "xml", "a.csv", "b.json", expect=2).stderr)

    def test_nothing_begins_like_a_formula(self):
        """[A formula in a text] No text cell of any list or workbook begins with what a spreadsheet takes for a formula, and the texts come back as they were."""
        rule = {"target": {"data_element": "@t", "category_option_combo": "=d"}, "terms": [{"sign": "+", "data_element": "+a", "category_option_combo": "-c"}], "decision": "accepted",
                "by": "=HYPERLINK(\"http://x\")", "value_type": "@", "note": "\tx"}
        self.write("a.json", {**WHOLE, "rules": [rule, {**rule, "target": {"data_element": "'=t", "category_option_combo": "''"}, "note": "'@"}]})
        for ending in (".csv", ".datim.csv", ".aligner.csv"):
            self.convert("a.json", "b" + ending)
            for row in csv.DictReader(io.StringIO((self.folder / ("b" + ending)).read_text(encoding="utf-8"), newline="")):
                for name, cell in row.items():
                    self.assertTrue(name == "sign" or not cell.startswith(tuple("=+-@\t\r")), (ending, name, cell))
            self.convert("b" + ending, "c.json")
            self.assertEqual([r["terms"][0]["data_element"] for r in self.loaded("c.json")["rules"]], ["+a", "+a"])
        self.convert("a.json", "b.csv")
        self.convert("b.csv", "c.json")
        self.assertEqual([r["note"] for r in self.loaded("c.json")["rules"]], ["\tx", "'@"])


@unittest.skipUnless(openpyxl, "needs openpyxl")
class Workbook(Convert):
    def test_another_reader(self):
        self.write("a.json", WHOLE)
        self.convert("a.json", "b.xlsx")
        book = openpyxl.load_workbook(self.folder / "b.xlsx")
        self.assertEqual(book.sheetnames, ["Mapping", "Attribute option combos", "Org units", "About"])
        sheet = book["Mapping"]
        self.assertEqual((sheet.freeze_panes, sheet.auto_filter.ref), ("A2", "A1:P6"))
        rows = [dict(zip([c.value for c in sheet[1]], row)) for row in sheet.iter_rows(min_row=2, values_only=True)]
        self.assertEqual([r["decision"] for r in rows], ["accepted", "accepted", "proposed", "proposed", "none"])
        self.assertEqual(rows[0]["note"], "'=two age groups\nbecame one")
        self.assertEqual(rows[0]["confidence"], 0.93)
        lists = {str(v.sqref): v.formula1 for v in sheet.data_validations.dataValidation}
        self.assertIn('"accepted,auto,proposed,rejected,none"', lists.values())
        self.assertEqual(sheet["L2"].number_format, "@")  # what is typed there stays text

    def test_what_a_person_edits_comes_back(self):
        self.write("a.json", WHOLE)
        self.convert("a.json", "b.xlsx")
        book = openpyxl.load_workbook(self.folder / "b.xlsx")
        sheet = book["Mapping"]
        column = {cell.value: cell.column for cell in sheet[1]}
        for row in (4, 5):
            sheet.cell(row, column["decision"], "accepted")
            sheet.cell(row, column["note"], "seen by me")
            sheet.cell(row, column["confidence"], 0.5)
        book["Org units"].append(["unit2", "A name", "unit3", None])
        book.create_sheet("Scratch")["A1"] = "1 + 1"
        book.save(self.folder / "c.xlsx")
        told = self.convert("c.xlsx", "d.json").stderr
        self.assertIn("the sheet 'Scratch' is passed over", told)
        changed = self.loaded("d.json")
        self.assertEqual({k: changed["rules"][1][k] for k in ("decision", "note", "confidence")}, {"decision": "accepted", "note": "seen by me", "confidence": 0.5})
        self.assertEqual(changed["org_units"], WHOLE["org_units"] + [{"source": "unit2", "target": "unit3"}])
        self.assertEqual(changed["rules"][0], WHOLE["rules"][0])

    def test_one_made_by_hand(self):
        """Columns in another order and case, ids that the program keeps as shared strings, rows left empty."""
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Mapping"
        sheet.append(["Decision", "remarks of ours", *[name.upper() for name in COLUMNS[:4]]])
        sheet.append([])
        sheet.append(["accepted", "x" * 32767, "a", "c", "t", "d"])
        sheet.append(["none", None, "b", "c"])
        book.save(self.folder / "a.xlsx")
        self.convert("a.xlsx", "b.json")
        rules = self.loaded("b.json")["rules"]
        self.assertEqual([(r["decision"], r["terms"][0]["data_element"]) for r in rules], [("accepted", "a"), ("none", "b")])

    def test_too_long_for_a_cell(self):
        self.write("a.json", {**WHOLE, "rules": [{**WHOLE["rules"][0], "note": "é" * 32767}]})
        self.convert("a.json", "b.xlsx")
        self.write("a.json", {**WHOLE, "rules": [{**WHOLE["rules"][0], "note": "é" * 32768}]})
        self.assertIn("the note is longer than a cell holds", self.convert("a.json", "c.xlsx", expect=2).stderr)
        self.assertFalse((self.folder / "c.xlsx").exists())


class HostileWorkbook(Convert):
    def package(self, sheet=None, strings="", workbook=None, **parts):
        """A workbook as its parts; `sheet` is what stands between the tags of sheetData, or pieces of it."""
        with zipfile.ZipFile(self.folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            file.writestr("xl/workbook.xml", workbook or f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Mapping" sheetId="1" r:id="r1"/></sheets></workbook>')
            file.writestr("xl/_rels/workbook.xml.rels", RELATIONS % (f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
                                                                     f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'))
            file.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{strings}</sst>')
            with file.open("xl/worksheets/sheet1.xml", "w") as out:
                out.write(f'<worksheet xmlns="{MAIN}"><sheetData><row>{NEEDED}</row>'.encode())
                for piece in [sheet or ""] if isinstance(sheet, (str, type(None))) else sheet:
                    out.write(piece.encode())
                out.write(b"</sheetData></worksheet>")
            for name, content in parts.items():
                file.writestr(name, content)

    def refused(self, words):
        self.assertIn(words, self.convert("a.xlsx", "b.json", expect=2).stderr)
        self.assertFalse((self.folder / "b.json").exists())

    def test_the_package_is_good_otherwise(self):
        self.package('<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="inlineStr"><is><r><t>t</t></r><r><t>2</t></r><rPh><t>no</t></rPh></is></c><c t="str"><f>1+1</f><v>d</v></c>'
                     '<c t="inlineStr"><is><t>accepted</t></is></c></row>', "<si><t>a</t></si><si><t>c_x0041_</t></si>")
        self.convert("a.xlsx", "b.json")
        self.assertEqual(self.loaded("b.json")["rules"][0]["target"], {"data_element": "t2", "category_option_combo": "d"})
        self.assertEqual(self.loaded("b.json")["rules"][0]["terms"][0]["category_option_combo"], "cA")

    def test_one_that_unpacks_without_end(self):
        self.package(" " * (1 << 20) for _ in range(513))
        self.refused("unpacks to more than 536870912 bytes")

    def test_one_long_text_in_many_cells(self):
        row = "<row>" + "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in ("a", "c", "t", "d", "accepted")) + '<c t="s"><v>0</v></c>' * 59 + "</row>"
        self.package((row for _ in range(80)), f"<si><t>{'x' * 32767}</t></si>")
        self.refused("texts are too long")

    def test_entities(self):
        self.package(workbook=f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><workbook xmlns="{MAIN}">&b;</workbook>')
        self.refused("declares a document type")

    def test_a_text_that_is_not_there(self):
        self.package('<row><c t="s"><v>0</v></c></row>')
        self.refused("names a text that the workbook does not have")

    def test_nested_without_end(self):
        self.package("<a>" * 100 + "</a>" * 100)
        self.refused("nested too deep")

    def test_broken_ones(self):
        self.package("<row>")
        self.refused("is broken: line 1")
        (self.folder / "a.xlsx").write_bytes(b"PK\x05\x06" + bytes(18))
        self.refused("no workbook")
        with zipfile.ZipFile(self.folder / "a.xlsx", "w") as file:
            file.writestr("word/document.xml", "<a/>")
        self.refused("no list of sheets")
        (self.folder / "a.xlsx").write_bytes(b"kind,decision")
        self.refused("no workbook")
        self.package()
        whole = (self.folder / "a.xlsx").read_bytes()
        (self.folder / "a.xlsx").write_bytes(whole[:len(whole) // 2])
        self.refused("workbook")
        at = whole.index(b"xl/worksheets/sheet1.xml") + 30
        (self.folder / "a.xlsx").write_bytes(whole[:at] + bytes([whole[at] ^ 0xff]) + whole[at + 1:])
        self.refused("broken")


if __name__ == "__main__":
    unittest.main()
