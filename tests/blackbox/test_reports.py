"""The report of a transfer as it is filed: the same facts as CSV and as a page, harmless wherever they are opened."""
import csv
import html.parser
import io
import unittest

import transfer_fixture as fixture
from test_runs import Runs as RunsOfApi
from test_transfer import Servers

FORMULA = '=HYPERLINK("http://evil.example","<b>stock</b>")'
HEBREW = "חיסון \u202e<script>alert(1)</script>"


def sections(text):
    """{section: [row as a dictionary]}; every row is as wide as the others."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in rows}) == 1, {len(row) for row in rows}
    found, header = {}, None
    for row in rows:
        if row[0] == "section":
            header = row
        else:
            found.setdefault(row[0], []).append(dict(zip(header, row)))
    return found


class Page(html.parser.HTMLParser):
    """Tags, and the tables by their heading: [[text of each cell]]."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.tables, self.table, self.cell, self.headings, self.scopes = [], [], {}, None, None, {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.attributes += list(attrs)
        if tag == "h2":
            self.headings[attrs["id"]] = True
        if tag == "table":
            self.table = self.tables[attrs["aria-labelledby"]] = []
        if tag == "tr" and self.table is not None:
            self.table.append([])
        if tag in ("td", "th"):
            self.cell = ""
            if tag == "th":
                self.scopes.append(attrs.get("scope"))

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.table[-1].append(self.cell)
            self.cell = None


class Reports(Servers):
    """A data set that some units are not assigned to, so that something is refused; names that are attacks on whoever opens the report."""
    unit_count = 4

    def setUp(self):
        super().setUp()
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.source.units[:3]]
        names = {"stock": FORMULA, "cases": HEBREW}
        for element in self.target.objects["dataElements"]:
            for name, attack in names.items():
                if element["id"] == self.target.elements[name]:
                    element["name"] = attack
        self.source.objects["organisationUnits"][1]["name"] = "-1+2 <Facility>"
        self.target.objects["organisationUnits"][4]["name"] = "@Facility & \"sons\""

    def file(self, expect=1):
        csv_file, page = self.folder / "report.csv", self.folder / "report.html"
        self.transfer("--report", csv_file, "--report", page, expect=expect)
        return csv_file.read_bytes().decode(), page.read_text()

    def test_csv_says_what_json_says(self):
        self.start()
        text, _ = self.file()
        found = sections(text)
        self.assertEqual({r["count"]: int(r["number"]) for r in found["counts"]}, {k: v for k, v in self.counts.items() if isinstance(v, int)})
        names = {self.target.elements["stock"]: "'" + FORMULA, self.target.elements["cases"]: HEBREW}
        self.assertEqual(len(found["control_totals"]), len(self.report["control_totals"]))
        for row, total in zip(found["control_totals"], self.report["control_totals"]):
            self.assertEqual((row["data_element"], row["period"], row["source"], row["target"], row["cells"]), (total["data_element"], total["period"], total["source"], total["target"] or "", str(total["cells"])))
            self.assertEqual(row["name"], names.get(total["data_element"], total["name"]))
            self.assertEqual(row["equal"], "yes" if total["equal"] else "no")
            self.assertEqual(row["difference"] in ("0", ""), total["equal"])
        self.assertTrue(any(r["source"].startswith("-") for r in found["control_totals"]) or all(not (t["source"] or "").startswith("-") for t in self.report["control_totals"]))
        refused = {c["code"]: c for c in self.report["conflicts"]}
        reasons = {r["code"]: r for r in found["reasons"]}
        self.assertLessEqual(set(refused), set(reasons))
        for code, conflict in refused.items():
            self.assertEqual((reasons[code]["reason"], int(reasons[code]["number"])), (conflict["message"], conflict["count"]))
            self.assertIn("Data set > Organisation units", reasons[code]["remedy"])  # where it is mended
        self.assertEqual(len(found["refused_cells"]), sum(len(c["cells"]) for c in refused.values()))
        self.assertEqual({(r["org_unit_name"], r["org_unit"]) for r in found["refused_cells"]}, {("'@Facility & \"sons\"", self.source.units[3])})
        self.assertEqual([(r["data_element"], r["values"]) for r in found["unmapped_cells"]], [(u["data_element"], str(u["values"])) for u in self.report["unmapped_cells"]])
        for rows in found.values():
            for row in rows:
                for key, value in row.items():
                    if value[:1] in ("=", "+", "-", "@", "\t", "\r"):
                        float(value)  # nothing but a number begins so

    def test_who_where_and_what_it_was_made_with(self):
        self.start()
        about = {r["what"]: r["value"] for r in sections(self.file()[0])["about"]}
        for side, title in (("source", "Source"), ("target", "Target")):
            self.assertEqual(about[f"User at the {side}"], "runner")
            self.assertIn(f"http://127.0.0.1:{self.sims[side].port}", about[title])
            self.assertIn(f"DHIS2 {self.versions[side == 'target']}.", about[title])
            self.assertEqual(self.report[f"by_{side}"], "runner")
        self.assertEqual((about["SHA-256 of the mapping"], about["Mapping"]), (self.report["mapping_sha256"], str(self.folder / "mapping.json")))
        self.assertEqual(about["Periods"], ", ".join(fixture.PERIODS))
        self.assertIn(f"-1+2 <Facility> ({self.source.units[0]})", about["Org units"])
        self.assertEqual((about["Began (UTC)"], about["Ended (UTC)"]), (self.report["began"], self.report["ended"]))

    def test_the_page_stands_alone_and_is_harmless(self):
        self.start()
        text, page_text = self.file()
        page, found = Page(page_text), sections(text)
        self.assertEqual(set(page.tags) & {"script", "img", "iframe", "link", "object", "embed", "form", "a", "svg", "b"}, set())
        self.assertEqual([a for a in page.attributes if a.startswith("on") or a in ("src", "href", "style")], [])
        self.assertIn("default-src 'none'", page_text)
        self.assertNotIn("<script", page_text)
        for key, rows in found.items():
            table = page.tables[key]
            self.assertEqual(len(table), len(rows) + 1, key)
            for shown, row in zip(table[1:], rows):
                self.assertEqual([(v[1:] if v.startswith("'") else v) for k, v in row.items() if k not in ("section", "")], shown, key)
        self.assertEqual(set(page.scopes), {"col", "row"})
        self.assertLessEqual(set(page.tables), set(page.headings))
        self.assertIn('<html lang="en"', page_text)
        self.assertEqual(page_text.count("<bdi>"), page_text.count("</bdi>"))
        self.assertIn("@page { size: A4", page_text)

    def test_all_is_well_and_a_dry_run(self):
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.source.units]
        self.start()
        _, page_text = self.file(expect=0)
        self.assertIn("Nothing was left out or refused" if not self.counts["unmapped"] else "no counterpart", page_text)
        self.assertIn('class="outcome good"', page_text)
        self.transfer("--dry-run", "--report", self.folder / "dry.html", journal=None)
        self.assertIn("Nothing was written", (self.folder / "dry.html").read_text())

    def test_what_is_said_of_an_undo_and_of_nothing(self):
        """No report of values that were taken away says that they went through, and none of no values that totals agree."""
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.source.units]
        self.start()
        self.transfer()
        for words, outcome in ((["--undo", "--dry-run"], "everything could be taken back. Nothing was written."), (["--undo"], "Everything was taken back: what stood there before"), (["--undo", "--language", "fr"], "Tout a été annulé")):
            self.transfer("--report", self.folder / "undo.html", *words)
            self.assertTrue(self.report["undo"])
            self.assertIn(outcome, (self.folder / "undo.html").read_text())
        self.transfer("--report", self.folder / "nothing.html", periods=("202301",), journal="nothing")
        self.assertEqual((self.report["outcome"], self.counts["read"], "undo" in self.report), ("done", 0, False))
        self.assertIn("there was nothing to send", (self.folder / "nothing.html").read_text())
        self.transfer(journal="again")
        cell = {"dataElement": self.target.elements["remark"], "categoryOptionCombo": fixture.DEFAULT, "attributeOptionCombo": fixture.DEFAULT, "period": fixture.PERIODS[0], "orgUnit": self.source.units[0], "value": "newer"}
        self.fill("target", self.target, {tuple(cell[k] for k in ("dataElement", "categoryOptionCombo", "period", "orgUnit", "attributeOptionCombo")): cell["value"]})
        self.transfer("--report", self.folder / "undo.html", "--undo", journal="again", expect=1)
        self.assertIn("Some cells were left as they are", (self.folder / "undo.html").read_text())

    def test_in_the_language_that_is_asked_for(self):
        """Words by --language, else by the session's locale; names as the servers have them in it. JSON and its codes are the same, but for the names."""
        for side in (self.source, self.target):
            for kind in ("dataElements", "organisationUnits", "categoryOptionCombos"):
                for one in side.objects[kind]:
                    one["translations"] = [{"locale": locale, "property": "NAME", "value": f"{one['id']} ({locale})"} for locale in ("fr", "pt_BR")] + [{"locale": "fr", "property": "SHORT_NAME", "value": "court"}]
        self.start()
        french, table, element = self.folder / "fr.html", self.folder / "fr.csv", self.target.elements["stock"]
        self.transfer("--report", french, "--report", table, "--language", "fr", expect=1)
        self.assertEqual(self.report["names"]["target"][element], f"{element} (fr)")
        self.assertIn(f"{element} (fr)", [t["name"] for t in self.report["control_totals"]])
        self.assertEqual(self.report["names"]["source"][self.source.units[0]], f"{self.source.units[0]} (fr)")
        text, rows = french.read_text(), list(csv.reader(io.StringIO(table.read_bytes().decode(), newline="")))
        for part in ('<html lang="fr" dir="ltr">', "<h1>Rapport de transfert</h1>", "Certaines valeurs ont été refusées", "L’ensemble de données", "Utilisateur à la source", f"{element} (fr)"):
            self.assertIn(part, text)
        self.assertEqual(rows[0][:3], ["Section", "Quoi", "Valeur"])
        self.assertNotIn("What", text + str(rows))
        for number, (locale, language, title) in enumerate((({"LANG": "pt_BR.UTF-8"}, "pt", "Relatório de transferência"), ({"LC_ALL": "ar_EG.UTF-8", "LANG": "fr_FR.UTF-8"}, "ar", "تقرير النقل"), ({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "en", "Transfer report"))):
            self.command(*self.words("--report", french, journal=f"again{number}"), expect=1, environment={**self.environment, **locale})
            self.assertIn(f'<html lang="{language}"', french.read_text())
            self.assertIn(f"<h1>{title}</h1>", french.read_text())
            self.assertEqual(f"{element} ({'pt_BR' if language == 'pt' else ''})" in french.read_text(), language == "pt")
        self.command("transfer", "--config", self.folder / "config.yaml", "--journal", self.folder / "journal", "--resume", "--report", self.folder / "report.json", "--language", "pt", expect=1, environment=self.environment)
        names = {t["name"] for t in self.read_report()["control_totals"]}  # also of what was made while another language was asked for
        self.assertEqual({name.partition(" ")[2] for name in names}, {"(pt_BR)"})
        self.assertIn("--language", self.command(*self.words("--language", "xx", journal="no"), expect=2, environment=self.environment)[1])

    def test_a_run_that_failed_is_filed_too(self):
        self.start()
        self.command(*self.words("--report", self.folder / "report.html"), expect=3, environment={**self.environment, "DRAWBRIDGE_TARGET_TOKEN": "d2p_wrong"})
        self.assertIn("failed before its end", (self.folder / "report.html").read_text())


class ReportsBack(Reports):
    versions = ("2.43", "2.41")


class ReportsOfApi(RunsOfApi):
    """The same by the API, as attachments that no browser runs anything of."""

    def test_in_each_form(self):
        run = self.ended(self.begin())
        for form, kind in (("csv", "text/csv; charset=utf-8"), ("html", "text/html; charset=utf-8")):
            answer = self.browser.call("GET", f"/v1/runs/{run['id']}/report?format={form}")
            self.assertEqual((answer.status, answer.header("Content-Type"), answer.header("Content-Security-Policy")), (200, kind, "sandbox"))
            self.assertEqual(answer.header("Content-Disposition"), f'attachment; filename="report.{form}"')
        about = {r["what"]: r["value"] for r in sections(self.browser.call("GET", f"/v1/runs/{run['id']}/report?format=csv").body.decode())["about"]}
        self.assertEqual((about["User at the source"], about["User at the target"]), ("runner", "runner"))
        answer = self.browser.call("GET", f"/v1/runs/{run['id']}/report?format=json")
        self.assertEqual((answer.header("Content-Disposition"), answer.json["outcome"]), ('attachment; filename="report.json"', "done"))
        french = self.browser.call("GET", f"/v1/runs/{run['id']}/report?format=html", {"Accept-Language": "fr, en;q=0.5"})
        self.assertIn("<h1>Rapport de transfert</h1>", french.body.decode())
        self.assertIn("Accept-Language", french.header("Vary"))
        answer = self.browser.call("GET", f"/v1/runs/{run['id']}/report?format=pdf")
        self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"))


class NamesOfRuns(RunsOfApi):
    """The language that a run was begun with, or its reader's where it says none: of the names in it."""

    def prepare(self):
        for one in self.target.objects["dataElements"]:
            one["translations"] = [{"locale": locale, "property": "NAME", "value": f"{one['id']} ({locale})"} for locale in ("fr", "es")]

    def test_names_and_words_of_a_run(self):
        for headers, more, language in (({"Accept-Language": "es"}, {}, "es"), ({"Accept-Language": "es"}, {"language": "fr"}, "fr"), (None, {}, "en")):
            run = self.ended(self.begin(headers=headers, dry_run=True, **more))
            self.assertEqual(run["language"], language)
            self.assertEqual({t["name"].endswith(f"({language})") for t in run["totals"]}, {language != "en"})
        self.assertIn("'language' is", self.begin(expect=400, language="xx")["detail"])


# Only what is here: the other tests of the classes run where they stand.
for inherited in [name for name in dir(RunsOfApi) if name.startswith("test_")]:
    setattr(ReportsOfApi, inherited, None)
    setattr(NamesOfRuns, inherited, None)
del Servers, RunsOfApi

if __name__ == "__main__":
    unittest.main()
