"""Odd values of every value type, sent to stand-ins of releases that judge differently: what the server would refuse is said before it is asked, and what it takes is there as it was sent."""
import transfer_fixture as fixture
from test_transfer import Servers, api

LONG = "é" * 50000
ODD = {
    "NUMBER": ("1", "-1.5", "0.0", "-0", "1.50", "9" * 249, "9" * 250, ".5", "1.", "01", "+1", "1e3", "1,000", " 1", "1 ", "NaN", "0x1", "½", "٣"),
    "INTEGER": ("1", "1.0", "12.00", "1.5", "-0", "2147483647", "2147483648", "-2147483648", "-2147483649"),
    "INTEGER_POSITIVE": ("1", "0", "-1", "1.0"), "INTEGER_NEGATIVE": ("-1", "0", "1", "-1.0"), "INTEGER_ZERO_OR_POSITIVE": ("0", "-0", "00", "-1", "1.0"),
    "UNIT_INTERVAL": ("0", "1", "0.5", "1.01", "-0.1"), "PERCENTAGE": ("0", "100", "99.9", "100.1", "-1", "50%"),
    "BOOLEAN": ("true", "True", "TRUE", "tRuE", "false", "1", "0", "t", "F", "yes", "No", "y", "n", "x", "ja", "2", "wahr"), "TRUE_ONLY": ("true", "True", "1", "yes", "T", "false", "0", "x"),
    "LETTER": ("A", "é", "Ж", "AB", "1", "-", "😀", "e\u0301"),
    "DATE": ("2024-01-31", "2024-02-29", "2023-02-29", "2024-02-30", "20240131", "2024-1-31", "31/01/2024", "2024-13-01", "2024-00-10", "2024-01-00", "2024-01-31T00:00", "2024-01-31T00:00Z", "2024-01-31 ", "2024-01-312", "2024-01-31+", "0000-01-01", "2024-01-31\nx", "-2024-01-31"),
    "AGE": ("2019-05-01", "5", "2024-02-30", "2024-13-01"),
    "DATETIME": ("2024-01-31T10:11:12", "2024-01-31T10:11", "2024-01-31T10", "2024-01-31", "2024-01-31 10:11", "2024-01-31 10:11:12+0200", "2024-01-31T10:11:12.123Z", "2024-01-31T10:11:12.123+02:00", "2024-01-31T24:00", "2024-02-30T10:00", "2024-01-31T10:61", "2024-1-5T9:5", "10:00"),
    "TIME": ("10:11", "9:05", "00:00", "24:00", "10:60", "10:11:12", "1011", "10:1", "9.05", " 9:05"),
    "COORDINATE": ("[30.1,-1.2]", "[30.1, -1.2]", "[ 30.1 , -1.2 ]", "30.1,-1.2", "[200,1]", "[1,91]", "[1]", "[]", "[a,b]", "[1,2,3]", "[1;2]", "[1,2", "[.5,+1]", "[1e1,2]"),
    "EMAIL": ("a@example.org", "a.b+c@mail.example.org", "a@b", "nope", "a b@example.org", "@example.org", "a@", "a..b@example.org", ".a@example.org", "a@example.org.", "a@-x.org", "a@x-.org", "o'neil@example.org", "a@exa_mple.org", "x" * 65 + "@example.org", "a@@example.org", "a@example.1"),
    "URL": ("https://example.org", "http://example.org/a/b?c=d#e", "HTTP://EXAMPLE.ORG/", "ftp://example.org/x", "http://192.0.2.1:8080/x", "http://999.0.2.1/", "example.org", "//example.org", "https://", "https://localhost", "mailto:a@example.org", "https://example.org/a b", "https://example.org//a", "https://example.org/ä", "https://example.org:99999/", "https://example.org/?q=a|b", "https://example.org/%zz", "gopher://example.org"),
    "PHONE_NUMBER": ("+250788123456", "0788 123 456", "(020) 123.456 ext 7", "0788", "abc", "12345", "123456", "1" * 50, "1" * 51, "+250 788 home"),
    "USERNAME": ("admin", "live-data-entry", "a.b@c", "abc", "no such user", "-abcd", "abcd-", "a..bcd", "é" * 5, "x" * 255, "x" * 256),
    "ORGANISATION_UNIT": ("LvdOu000011", "nope", "1vdOu000011", "LvdOu0000111"), "REFERENCE": ("LvdOu000011", "nope"), "GEOJSON": ('{"type":"Point","coordinates":[30,-1]}', "nope"),
    "FILE_RESOURCE": ("LvdFr000001", "nope"), "IMAGE": ("LvdFr000001", "nope"),
    "TEXT": ("abc", " ", " abc ", "\tabc", "a\nb", "é漢字😀", LONG, "\u00a0", '"quoted"', "0", "true"), "LONG_TEXT": ("abc", "a\nb ", LONG),
}


class Odd(Servers):
    versions = ("2.43", "2.41")
    unit_count = max(map(len, ODD.values()))

    def setUp(self):
        self.folder = self.directory()
        self.source = fixture.Side("S", [(t, "LONG_TEXT", None, {}) for t in ODD] + [("unmapped", "INTEGER", None, {})], [], self.unit_count)
        self.target = fixture.Side("T", [(t, t, None, {"zeroIsSignificant": True}) for t in ODD], [], self.unit_count)
        self.made = [(self.target.cell(t), [(1, self.source.cell(t))]) for t in ODD]

    def mapping(self):
        return fixture.mapping(self.source, self.target, self.made)

    def test_every_refusal_is_foretold(self):
        stored = {(*self.source.cell(t), "202401", unit, fixture.DEFAULT): value for t, values in ODD.items() for unit, value in zip(self.source.units, values)}
        self.start(stored=stored)
        self.transfer(expect=1, periods=("202401",))
        report = self.read_report()
        told = [(c["code"], c["message"], [cell["target"].get("value") for cell in c["cells"]]) for c in report["conflicts"] if c["by_target"] or c["code"] != "value_type"]
        self.assertEqual(told, [])
        counts = report["counts"]
        self.assertEqual((counts["ignored"], counts["differing"], counts["sent"], counts["sent"] + counts["refused"]), ({}, 0, counts["verified"], counts["cells"]))
        for conflict in report["conflicts"]:
            value_type = next(t for t in ODD if f"holds {t}," in conflict["message"])
            shown = [cell["target"]["value"] for cell in conflict["cells"]]
            self.assertTrue(all(any(value.startswith(one) for value in ODD[value_type]) for one in shown), conflict)
        self.check_nothing_else_is_held_back(stored)

    def check_nothing_else_is_held_back(self, stored):
        """What was not sent, the server refuses when somebody sends it as it stands; but ids of files, of which each server has its own."""
        there, type_of = self.stored("target"), {self.target.elements[t]: t for t in ODD}
        held_back = {key: value for (t, key), value in ((self.at_target(key), value) for key, value in stored.items()) if key not in there and t not in ("FILE_RESOURCE", "IMAGE")}
        answer = api(self.sims["target"].port, "POST", "/api/dataValueSets", fixture.document(held_back, self.target.data_set)).json
        taken = self.stored("target").keys() - there.keys()
        self.assertEqual(sorted((type_of[key[0]], held_back[key]) for key in taken), [], answer)

    def at_target(self, key):
        name = next(t for t in ODD if self.source.cell(t) == key[:2])
        return name, (*self.target.cell(name), *key[2:])


class OddTo37(Odd):
    versions = ("2.43", "2.37")


class OddTo43(Odd):
    versions = ("2.43", "2.43")


class Shares(Servers):
    unit_count = 3

    def setUp(self):
        super().setUp()
        next(e for e in self.source.objects["dataElements"] if e["id"] == self.source.elements["share"])["valueType"] = "UNIT_INTERVAL"
        self.made = [(self.target.cell("share"), [(1, self.source.cell("share"))])]

    def mapping(self):
        return fixture.mapping(self.source, self.target, self.made)

    def test_a_unit_interval_becomes_a_percentage(self):
        """The source itself is asked for its value types: the mapping remembers nothing of it."""
        units, cell = self.source.units, self.source.cell("share")
        self.start(stored={(*cell, "202401", unit, fixture.DEFAULT): value for unit, value in zip(units, ("0.125", "1", "0.3333333333333333"))})
        for sent in (3, 0):
            self.transfer(periods=("202401",), journal=f"journal{sent}")
            self.assertEqual({k[3]: v for k, v in self.stored("target").items()}, dict(zip(units, ("12.5", "100", "33.33333333333333"))))
            self.assertEqual((self.counts["sent"], self.report["outcome"], [(t["source"], t["target"]) for t in self.report["control_totals"]]), (sent, "done", [("145.83333333333333",) * 2]))


class Blanks(Servers):
    versions = ("2.43", "2.41")
    unit_count = 2

    def test_what_the_target_cuts_off_does_not_make_it_differ(self):
        """To 2.42 blanks at both ends of a text, and of a comment, are not stored: they are not sent either, and a second run has nothing to do."""
        cell = (*self.source.cell("remark"), "202401", self.source.units[0], fixture.DEFAULT)
        self.start(stored={cell: " seen by two\n"})
        row = {**fixture.document({cell: " seen by two\n"})["dataValues"][0], "comment": "\tas counted "}
        self.assertEqual(api(self.sims["source"].port, "POST", "/api/dataValueSets", {"dataSet": self.source.data_set, "dataValues": [row]}).status, 200)
        for sent in (1, 0):
            self.transfer("--comments", "carry", periods=("202401",), journal=f"journal{sent}")
            self.assertEqual((self.counts["sent"], self.report["outcome"]), (sent, "done"))
        found = api(self.sims["target"].port, "GET", "/api/dataValueSets.json", query=f"?dataSet={self.target.data_set}&period=202401&orgUnit={self.target.units[0]}").json["dataValues"]
        self.assertEqual([(one["value"], one["comment"]) for one in found], [("seen by two", "as counted")])


class Texts(Servers):
    """What looks like a number, or like yes or no, and is a text: each spelling is another one."""
    unit_count = 6
    texts = (("1.1", "1.10"), ("yes", "Yes"), ("true", "TRUE"), ("007", "7"), ("same", "same"), ("new", None))

    def remarks(self, side, values):
        return {(*side.cell("remark"), "202401", unit, fixture.DEFAULT): value for unit, value in zip(side.units, values) if value}

    def test_another_spelling_is_another_text(self):
        power = {(*self.target.cell("power"), "202401", self.target.units[0], fixture.DEFAULT): "true"}  # yes or no is the same however it is written
        before, after = self.remarks(self.target, [b for _, b in self.texts]), self.remarks(self.target, [a for a, _ in self.texts])
        self.start(stored={**self.remarks(self.source, [a for a, _ in self.texts]), (*self.source.cell("power"), "202401", self.source.units[0], fixture.DEFAULT): "True"})
        self.fill("target", self.target, {**before, **power})
        self.transfer(periods=("202401",))
        self.assertEqual(self.stored("target"), {**after, **power})
        self.assertEqual((self.counts["updated"], self.counts["created"], self.counts["unchanged"], self.counts["verified"]), (4, 1, 2, 7))
        self.assertEqual(len(self.report["replaced"]), 4)
        self.transfer(periods=("202401",), journal="again")
        self.assertEqual((self.counts["sent"], self.counts["unchanged"]), (0, 7))
        theirs = {key: "YES" for key, value in after.items() if value == "yes"}  # somebody wrote it otherwise since
        self.fill("target", self.target, theirs)
        self.transfer("--undo", periods=("202401",), expect=1)
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["changed_meanwhile"])
        self.assertEqual(self.stored("target"), {**before, **theirs, **power})


class TextsBack(Texts):
    versions = ("2.43", "2.41")


class Days(Servers):
    """Days that a server has by its own calendar, and ISO 8601 has not."""
    unit_count = 2
    calendar, there, nowhere = "ethiopian", ("20160230", "20161230"), ("20160131", "20161301", "20160231")

    def setUp(self):
        super().setUp()
        self.more_words = {name: ("--set", f"calendar={self.calendar}") for name in ("source", "target")}
        for side in (self.source, self.target):
            side.objects["dataSets"][0]["periodType"] = "Daily"

    def test_by_the_servers_calendar(self):
        self.start(stored=fixture.values(self.source, 3, periods=self.there, filled=1))
        self.transfer(periods=self.there)
        wanted = self.kept(fixture.expected(self.made, self.stored("source", periods=self.there)))
        self.assertEqual((self.stored("target", periods=self.there), self.report["outcome"]), (wanted, "done"))
        self.assertEqual({key[2] for key in wanted}, set(self.there))
        self.command(*self.words("--undo", periods=self.there), environment=self.environment)
        self.assertEqual(self.stored("target", periods=self.there), {})
        for number, day in enumerate(self.nowhere):
            said = self.command(*self.words(periods=(day,), journal=f"none{number}"), expect=2, environment=self.environment)[1]
            self.assertIn(f"there is no {day} by the calendar that the servers count by, {self.calendar}", said)


class NepaliDays(Days):
    versions = ("2.43", "2.40")
    calendar, there, nowhere = "nepali", ("20800232", "20800431"), ("20800132", "20800930", "21011201")


class IsoDays(Days):
    calendar, there, nowhere = "iso8601", ("20240229", "20231231"), ("20240230", "20230229")
