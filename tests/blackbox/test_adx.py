"""Data values as ADX: in and out by codes, against what Python makes of the same values, and against the stand-ins of both engines."""
import json
import unittest
import xml.etree.ElementTree as xml

import harness
import transfer_fixture as fixture
from test_transfer import api
from test_transfer_files import Files

SPACE = "{urn:ihe:qrph:adx:2015}"


def coded(side):
    """The side's objects with a code each; categories' codes are names of XML attributes."""
    for kind, prefix in (("dataSets", "DS"), ("dataElements", "DE"), ("organisationUnits", "OU"), ("categories", "CAT"), ("categoryOptions", "OPT")):
        for n, one in enumerate(side.objects.get(kind, [])):
            one["code"] = f"{prefix}_{side.kind}_{n}" + (" <&>" if kind == "organisationUnits" else "")
    return side


def with_defaults(side):
    """As an export has them: the default objects too."""
    objects = {**side.objects}
    for kind, made in {"categoryOptions": [{"id": "xYerKDKCefk", "code": "default", "name": "default"}], "categories": [{"id": "GLevLNI9wkl", "code": "default", "name": "default", "categoryOptions": [{"id": "xYerKDKCefk"}]}],
                       "categoryCombos": [{"id": fixture.DEFAULT_COMBO, "code": "default", "name": "default", "categories": [{"id": "GLevLNI9wkl"}], "categoryOptionCombos": [{"id": fixture.DEFAULT}]}],
                       "categoryOptionCombos": [{"id": fixture.DEFAULT, "code": "default", "name": "default", "categoryCombo": {"id": fixture.DEFAULT_COMBO}, "categoryOptions": [{"id": "xYerKDKCefk"}]}]}.items():
        objects[kind] = made + objects.get(kind, [])
    return objects


class Codes:
    """What is what at a side, by code, worked out here alone."""

    def __init__(self, side):
        objects = with_defaults(side)
        self.code = {one["id"]: one.get("code") for kind in objects for one in objects[kind] if isinstance(one, dict)}
        self.type = {one["id"]: one["valueType"] for one in objects["dataElements"]}
        self.data_set = side.data_set
        category_of = {option["id"]: category["id"] for category in objects["categories"] for option in category["categoryOptions"]}
        self.pairs = {coc["id"]: {self.code[category_of[o["id"]]]: self.code[o["id"]] for o in coc["categoryOptions"]} for coc in objects["categoryOptionCombos"]}

    def write(self, cells):
        root = xml.Element("adx", {"xmlns": "urn:ihe:qrph:adx:2015", "exported": "2026-01-01T00:00:00Z"})
        for (element, coc, period, unit, _), value in cells.items():
            group = xml.SubElement(root, "group", {"dataSet": self.code[self.data_set], "orgUnit": self.code[unit], "period": f"{period[:4]}-{period[4:]}-01/P1M"})
            text = self.type[element] in ("TEXT", "BOOLEAN")
            one = xml.SubElement(group, "dataValue", {"dataElement": self.code[element], **({} if coc == fixture.DEFAULT else self.pairs[coc]), "value": "0" if text else value})
            if text:
                xml.SubElement(one, "annotation").text = value
        return '<?xml version="1.0"?>\n' + xml.tostring(root, encoding="unicode")

    def read(self, text):
        uid = {code: uid for uid, code in self.code.items() if code}
        coc_of = {tuple(sorted(pairs.items())): coc for coc, pairs in self.pairs.items()}
        found = {}
        for group in xml.fromstring(text).iter(SPACE + "group"):
            assert group.get("dataSet") == self.code[self.data_set]
            period = group.get("period")
            assert period.endswith("-01/P1M"), period
            for one in group.iter(SPACE + "dataValue"):
                element = uid[one.get("dataElement")]
                pairs = {k: v for k, v in one.attrib.items() if k not in ("dataElement", "value")}
                note = one.find(SPACE + "annotation")
                assert (note is not None) == (self.type[element] in ("TEXT", "BOOLEAN"))
                key = (element, coc_of[tuple(sorted(pairs.items()))], period[:4] + period[5:7], uid[group.get("orgUnit")], fixture.DEFAULT)
                assert key not in found
                found[key] = note.text if note is not None else one.get("value")
        return found


class Adx(Files):
    def setUp(self):
        super().setUp()
        coded(self.source), coded(self.target)
        self.codes = {"source": Codes(self.source), "target": Codes(self.target)}

    def adx(self, stored, *words, expect=0, out="out.xml", source=True, defaults=True):
        values_in = self.write("in.xml", stored if isinstance(stored, str) else self.codes["source"].write(stored))
        mapping = self.write("mapping.json", fixture.mapping(self.source, self.target))
        out, report = self.folder / out, self.folder / "report.json"
        for path in (out, report):
            path.unlink(missing_ok=True)
        source = ["--from", self.write("source.json", with_defaults(self.source))] if source else []
        self.said = self.command("transfer", "--mapping", mapping, "--values-in", values_in, "--values-out", out, "--report", report, *source, "--to", self.write("target.json", with_defaults(self.target) if defaults else self.target.objects), *words, expect=expect)
        self.report = json.loads(report.read_text()) if report.exists() else None
        return out.read_text() if out.exists() else None

    def test_in_and_out(self):
        for seed in range(4):
            stored = fixture.values(self.source, seed)
            wanted = fixture.expected(self.made, stored)
            self.assertEqual(self.codes["target"].read(self.adx(stored)), wanted, seed)
            counts = self.report["counts"]
            self.assertEqual((counts["read"], counts["sent"], counts["verified"], self.report["outcome"]), (len(stored), len(wanted), len(wanted), "done"))
            self.assertEqual(self.totals("target"), fixture.totals(wanted, fixture.numeric_elements(self.target)))
            self.assertEqual(fixture.cells_of(json.loads(self.adx(stored, out="out.json"))["dataValues"]), wanted, seed)

    def test_round_trips_through_the_other_forms(self):
        """The identity as mapping: JSON to ADX to JSON is what it was."""
        operands = [{"data_element": e, "category_option_combo": c} for name in self.target.elements for e, c in self.target.cells(name)]
        both = fixture.mapping(self.source, self.target)["target"]
        mapping = self.write("identity.json", {**fixture.mapping(self.source, self.target), "source": both, "rules": [{"target": o, "terms": [{"sign": "+", **o}], "decision": "accepted"} for o in operands]})
        stored = fixture.expected(self.made, fixture.values(self.source, 9))
        metadata = self.write("target.json", with_defaults(self.target))
        first, second, third = self.write("first.json", fixture.document(stored)), self.folder / "second.adx", self.folder / "third.json"
        for values_in, values_out in ((first, second), (second, third)):
            self.command("transfer", "--mapping", mapping, "--values-in", values_in, "--values-out", values_out, "--from", metadata, "--to", metadata)
        self.assertEqual(fixture.cells_of(json.loads(third.read_text())["dataValues"]), stored)

    def test_what_cannot_be_told_ends_it(self):
        stored = fixture.values(self.source, 1)
        whole = self.codes["source"].write(stored)
        for broken, word in ((whole[:-10], "broken"), (whole.replace("OU_S_1", "OU_X_1", 1), "OU_X_1"), (whole.replace("OPT_S_0\"", "OPT_X_0\"", 1), "OPT_X_0"), (whole.replace("/P1M", "/P3M", 1), "P3M"),
                             (whole.replace('<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE adx [<!ENTITY a "b">]>'), "document type"), (whole.replace("urn:ihe:qrph:adx:2015", "urn:other"), "not ADX")):
            self.assertIsNone(self.adx(broken, expect=2))
            self.assertIn(word, self.said[1])
            self.assertIn("in.xml", self.said[1])
        self.assertIsNone(self.adx(whole, source=False, expect=2))
        del self.target.objects["dataElements"][0]["code"]
        self.assertIsNone(self.adx(stored, expect=2))
        self.assertIn("has no code", self.said[1])
        self.target.objects["dataElements"][0]["code"] = "DE_T_0"
        self.assertIsNone(self.adx(stored, expect=2, defaults=False))
        self.assertIn(f"have the category combo {fixture.DEFAULT_COMBO} here: where that is the default one, export the default objects too", self.said[1])
        self.assertEqual(sorted(p.name for p in self.folder.glob("out*")), [])

    def test_an_element_that_is_not_known_is_told(self):
        stored = {(*self.source.cell("stock"), "202401", self.source.units[0], fixture.DEFAULT): "4"}
        self.adx(self.codes["source"].write(stored).replace("DE_S_2", "NEW_CODE"))
        self.assertEqual([(u["data_element"], u["reason"], u["values"]) for u in self.report["unmapped_cells"]], [("NEW_CODE", "no_rule", 1)])

    def test_servers_of_both_engines_write_what_we_read_and_read_what_we_write(self):
        numbers = fixture.numeric_elements(self.source)
        stored = {k: v for k, v in fixture.values(self.source, 3).items() if k[0] in numbers and v != "0"}
        wanted = fixture.expected(self.made, stored)
        for version in ("2.41", "2.43"):
            (self.folder / "metadata.json").write_text(json.dumps(self.source.objects))
            sim = self.sim(version, "--demo", self.folder / "metadata.json", "--set", "control=on")
            for period in fixture.PERIODS:
                rows = {k: v for k, v in stored.items() if k[2] == period}
                self.assertEqual(self.summary(api(sim.port, "POST", "/api/dataValueSets", fixture.document(rows, self.source.data_set))), "SUCCESS")
            query = "?format=adx%2Bxml&dataSet=" + self.source.data_set + "".join(f"&period={p}" for p in fixture.PERIODS) + "".join(f"&orgUnit={u}" for u in self.source.units)
            said = api(sim.port, "GET", "/api/dataValueSets", query=query).body.decode()
            written = self.adx(said)
            self.assertEqual(self.codes["target"].read(written), wanted, version)
            (self.folder / "other.json").write_text(json.dumps(self.target.objects))
            other = self.sim(version, "--demo", self.folder / "other.json", "--set", "control=on")
            schemes = "?idScheme=CODE&dataSetIdScheme=CODE" if version == "2.43" else ""
            basic = "Basic cnVubmVyOlJ1bm5lci10ZXN0LTE="
            groups = written.split("<group ")  # 2.43 takes one period at a time
            for period in fixture.PERIODS:
                some = [g.replace("</adx>\n", "") for g in groups[1:] if f'period="{period[:4]}-{period[4:]}-' in g]
                body = (groups[0] + "".join("<group " + g for g in some) + "</adx>").encode()
                answer = harness.call(other.port, "POST", "/api/dataValueSets" + schemes, {"Authorization": basic, "Content-Type": "application/adx+xml", "X-Requested-With": "XMLHttpRequest"}, body)
                self.assertEqual(self.summary(answer), "SUCCESS", (version, answer))
            rows = api(other.port, "GET", "/api/dataValueSets.json", query="?dataSet=" + self.target.data_set + "".join(f"&period={p}" for p in fixture.PERIODS) + "".join(f"&orgUnit={u}" for u in self.target.units)).json["dataValues"]
            kept = wanted if version == "2.43" else {k: v for k, v in wanted.items() if v != "0" or k[0] in {e["id"] for e in self.target.objects["dataElements"] if e["zeroIsSignificant"]}}
            self.assertEqual(fixture.cells_of(rows), kept, version)

    def summary(self, answer):
        return answer.json.get("response", answer.json)["status"]


for inherited in [name for name in dir(Files) if name.startswith("test_")]:
    setattr(Adx, inherited, None)
del Files

if __name__ == "__main__":
    unittest.main()
