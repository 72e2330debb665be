"""Values that a source leaves out of an answer without a word, since the account may not read a category option of their attribute option combo."""
import base64
import json
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import Servers

ADMIN = {"Authorization": "Basic " + base64.b64encode(b"admin:district").decode(), "Accept": "application/json"}
PERIOD, QUESTION = fixture.PERIODS[0], "access%5Bdata%5Bread"


class Unread(Servers):
    unit_count, takes_seconds, pairs = 2, 15, ()

    def build(self, versions, pairs, at_target=False, foreign=False):
        """The source's data set has two funds, and the runner may read data of the first alone. `pairs`: [(source, target, decision)]."""
        self.setUp()
        self.versions = versions
        objects, funds = fixture.combo("Q", 0, [("fund", ("Own", "Other"))])
        for listed in (objects["categories"], objects["categoryCombos"]):
            listed[0]["dataDimensionType"] = "ATTRIBUTE"
        sides = (self.source, self.target) if at_target else (self.source,)
        for side in sides:
            for name, listed in objects.items():
                side.objects.setdefault(name, []).extend([dict(o) for o in listed])
            side.objects["dataSets"][0]["categoryCombo"] = side.objects["dataSets"][0]["categoryCombo"] if foreign else {"id": objects["categoryCombos"][0]["id"]}
        self.source.objects["categoryOptions"][-1]["sharing"] = {"public": "r-------"}
        self.own, self.other = funds.values()
        self.pairs = [{"source": getattr(self, s), **({"target": t} if t else {"target": None}), "decision": d} for s, t, d in pairs]
        self.start(stored={})
        for fund, value in ((self.own, "5"), (self.other, "7")):
            stored = {(*self.source.cell("stock"), PERIOD, self.source.units[0], fund): value}
            answer = harness.call(self.sims["source"].port, "POST", "/api/dataValueSets", ADMIN, fixture.document(stored, self.source.data_set))
            self.assertEqual(answer.status, 200)
        self.assertEqual({k[4] for k in self.stored("source")}, {self.own}, "the stand-in leaves it out")

    def mapping(self):
        return fixture.mapping(self.source, self.target, **({"attribute_option_combos": self.pairs} if self.pairs else {}))

    def check_refused(self):
        for words in (("--dry-run",), ()):
            told = self.command(*self.words(*words, journal=None if words else "journal"), expect=3, environment=self.environment)[1]
            for said in ("'Q0 Other'", "Category option > Sharing settings"):
                self.assertIn(said, told)
            self.assertNotIn("'Q0 Own'", told)
        self.assertEqual((self.stored("target"), (self.folder / "journal").exists()), ({}, False))

    def test_one_that_may_not_be_read_is_part_of_a_sum(self):
        for versions in (("2.41", "2.43"), ("2.43", "2.41"), ("2.37", "2.43")):
            with self.subTest(versions=versions):
                self.build(versions, [("own", fixture.DEFAULT, "accepted"), ("other", fixture.DEFAULT, "accepted")])
                self.check_refused()

    def test_one_of_another_combination_than_the_data_set_s(self):
        """To 2.42 values are stored under such ones too; a mapping that names them sends them. What is not there at all is told as well."""
        self.build(("2.41", "2.43"), [("own", fixture.DEFAULT, "accepted"), ("other", fixture.DEFAULT, "accepted")], foreign=True)
        self.check_refused()
        self.pairs[1]["source"] = self.other[:-1] + "9"
        (self.folder / "mapping.json").write_text(json.dumps(self.mapping()))
        said = self.command(*self.words(), expect=2, environment=self.environment)[1]
        self.assertIn(f"the source, source, has no attribute option combo {self.other[:-1]}9, which the mapping names: take its pair out", said)
        self.pairs[1].update(source=self.other, decision="rejected")  # what leads nowhere is no matter
        (self.folder / "mapping.json").write_text(json.dumps(self.mapping()))
        self.transfer(periods=(PERIOD,))
        self.assertEqual(sorted(self.stored("target").values()), ["-5", "5"])  # stock, and the balance that it is taken from

    def test_one_that_may_not_be_read_goes_to_the_same_at_the_target(self):
        self.build(("2.43", "2.41"), [], at_target=True)
        self.check_refused()

    def test_what_is_not_seen_is_not_deleted(self):
        """The part that is seen was deleted; the other one stands there yet. Once it is seen as well, it is what the target gets."""
        for versions in (("2.41", "2.43"), ("2.43", "2.41")):
            with self.subTest(versions=versions):
                self.build(versions, [("own", fixture.DEFAULT, "accepted"), ("other", fixture.DEFAULT, "accepted")])
                cell = (*self.target.cell("stock"), PERIOD, self.target.units[0], fixture.DEFAULT)
                self.fill("target", self.target, {cell: "12"})
                stock = (*self.source.cell("stock"), PERIOD, self.source.units[0], self.own)
                rows = fixture.document({stock: "5"}, self.source.data_set)
                rows["dataValues"][0]["deleted"] = True
                self.assertEqual(harness.call(self.sims["source"].port, "POST", "/api/dataValueSets", ADMIN, rows).status, 200)
                words = self.words("--deletions", "delete", periods=(PERIOD,))
                self.command(*words, expect=3, environment=self.environment)
                self.assertEqual(self.stored("target"), {cell: "12"})
                shared = [{"op": "replace", "path": "/sharing/public", "value": "r-r-----"}]
                option = self.source.objects["categoryOptions"][-1]["id"]
                answer = harness.call(self.sims["source"].port, "PATCH", f"/api/categoryOptions/{option}", {**ADMIN, "Content-Type": "application/json-patch+json"}, shared)
                self.assertEqual(answer.status, 200, answer)
                self.command(*words, environment=self.environment)
                self.assertEqual(self.stored("target")[cell], "7")

    def test_one_that_leads_nowhere_is_no_matter(self):
        for versions in (("2.41", "2.43"), ("2.43", "2.41")):
            for pairs in ([("other", None, "none")], [], [("other", fixture.DEFAULT, "proposed")]):
                with self.subTest(versions=versions, pairs=pairs):
                    self.build(versions, [("own", fixture.DEFAULT, "accepted"), *pairs])
                    self.transfer()
                    self.assertEqual({k[0]: v for k, v in self.stored("target").items()}[self.target.elements["stock"]], "5")

    def test_where_there_is_none_but_the_default_nothing_is_asked(self):
        self.pairs = [{"source": fixture.DEFAULT, "target": fixture.DEFAULT, "decision": "accepted"}]
        self.start()
        self.stand_between()
        asked, real = [], self.between["source"].forward
        self.between["source"].forward = lambda method, path, headers, body: asked.append(path) or real(method, path, headers, body)
        self.transfer()
        self.check_whole()
        self.assertTrue(asked)
        self.assertEqual([p for p in asked if QUESTION in p], [])


if __name__ == "__main__":
    unittest.main()
