"""drawbridge mapping drift on files and on servers that changed; transfers that must not go by a mapping that is no longer true."""
import json
import unittest

import harness
import transfer_fixture as fixture
from test_runs import CONFIG
from test_transfer import Servers


def change(side, what):
    """A new age in the combo that the element `tests` is divided by."""
    return {
        "option combo": lambda: side.objects["categoryOptionCombos"].append(
            {"id": f"Tf{side.kind}CxNew001", "name": "Unknown age", "categoryCombo": {"id": fixture.uid(side.kind + "Cc", 1)}, "categoryOptions": [{"id": f"Tf{side.kind}OpNew001"}]}),
        "option": lambda: side.objects["categoryOptions"].append({"id": f"Tf{side.kind}OpNew001", "name": "Unknown age", "shortName": "Unknown age"}),
    }[what]()


class Files(harness.Case):
    def setUp(self):
        self.folder = self.directory()
        self.source, self.target = fixture.sides(2)
        self.write("mapping.json", fixture.mapping(self.source, self.target))
        self.put()
        self.drift("--output", self.folder / "remembers.json", mapping="mapping.json")

    def write(self, name, value):
        (self.folder / name).write_text(json.dumps(value), encoding="utf-8")

    def put(self):
        for name, side in (("source", self.source), ("target", self.target)):
            self.write(f"{name}.json", side.objects)

    def drift(self, *more, expect=0, mapping="remembers.json"):
        return self.command("mapping", "drift", "--mapping", self.folder / mapping, "--source", self.folder / "source.json", "--target", self.folder / "target.json", *more, expect=expect)

    def told(self, *more, expect=1, **words):
        answer = json.loads(self.drift("--format", "json", *more, expect=expect, **words)[0])
        return answer, {(c["effect"], c["side"], c["kind"], c["object"]["type"], c["object"]["id"]) for c in answer["changes"]}

    def element(self, side, name):
        return next(e for e in side.objects["dataElements"] if e["id"] == side.elements[name])

    def test_nothing_changed(self):
        self.assertEqual(self.drift()[0], "nothing changed\n")
        answer, told = self.told(expect=0)
        self.assertEqual((told, answer["warnings"], answer["counts"]), (set(), [], {"blocks": 0, "check": 0, "information": 0}))
        self.drift("--output", self.folder / "again.json")
        self.assertEqual((self.folder / "again.json").read_bytes(), (self.folder / "remembers.json").read_bytes())

    def test_what_changed_is_told(self):
        self.element(self.source, "cases")["name"] = "S deaths"
        self.element(self.target, "tests")["valueType"] = "TEXT"
        self.target.objects["dataElements"].remove(self.element(self.target, "stock"))
        self.target.objects["dataSets"][0]["dataSetElements"] = [e for e in self.target.objects["dataSets"][0]["dataSetElements"] if e["dataElement"]["id"] != self.target.elements["stock"]]
        change(self.source, "option")
        change(self.source, "option combo")
        self.put()
        answer, told = self.told()
        self.assertEqual(told, {
            ("check", "source", "renamed", "data_element", self.source.elements["cases"]),
            ("blocks", "target", "value_type", "data_element", self.target.elements["tests"]),
            ("blocks", "target", "vanished", "data_element", self.target.elements["stock"]),
            ("check", "source", "appeared", "option_combo", "TfSCxNew001"),
            ("blocks", "target", "gap", "cell", self.target.elements["tests"]),
        })
        self.assertEqual(answer["counts"], {"blocks": 3, "check": 2, "information": 0})
        self.assertEqual([c["effect"] for c in answer["changes"]], ["blocks"] * 3 + ["check"] * 2)
        gap = next(c for c in answer["changes"] if c["kind"] == "gap")
        rules = json.loads((self.folder / "remembers.json").read_text())["rules"]
        self.assertEqual([rules[n - 1]["target"]["data_element"] for n in gap["rules"]], [self.target.elements["tests"]])
        text = self.drift(expect=1)[0]
        self.assertIn("5 changes: 3 block, 2 to check, 0 for information\n", text)
        self.assertEqual(text, self.drift(expect=1)[0])

    def test_carried_forward(self):
        before = json.loads((self.folder / "remembers.json").read_text())
        change(self.source, "option")
        change(self.source, "option combo")
        self.put()
        said = self.drift("--output", self.folder / "next.json", expect=1)[1]
        self.assertIn("1 blocked", said)
        after = json.loads((self.folder / "next.json").read_text())
        for old, new in zip(before["rules"], after["rules"]):
            blocked = old["target"] == {"data_element": self.target.elements["tests"], "category_option_combo": fixture.DEFAULT}
            self.assertEqual(old, {k: v for k, v in new.items() if k != "blocked"})
            self.assertEqual("blocked" in new, blocked)
        self.assertTrue(all(r["decision"] in ("proposed", "none") for r in after["rules"][len(before["rules"]):]))
        self.assertIn("TfSCxNew001", [t["category_option_combo"] for r in after["rules"][len(before["rules"]):] for t in r["terms"]])
        self.assertEqual(self.drift(mapping="next.json")[0], "nothing changed\n")

    def test_following(self):
        old = self.source.elements["power"]
        text = json.dumps(self.source.objects).replace(old, "TfSDeNew001")
        self.source.objects = json.loads(text)
        self.put()
        answer, told = self.told()
        self.assertEqual(told, {("blocks", "source", "replaced", "data_element", old)})
        self.assertEqual((answer["changes"][0]["before"], answer["changes"][0]["after"]), (old, "TfSDeNew001"))
        self.drift("--output", self.folder / "next.json", "--follow", expect=1)
        after = json.loads((self.folder / "next.json").read_text())
        self.assertFalse([r for r in after["rules"] if "blocked" in r])
        self.assertEqual(text.count("TfSDeNew001"), json.dumps(after["metadata"]["source"]).count("TfSDeNew001"))
        self.assertEqual(self.drift(mapping="next.json")[0], "nothing changed\n")

    def test_a_mapping_that_remembers_nothing(self):
        self.element(self.source, "cases")["name"] = "S deaths"
        self.put()
        answer, told = self.told(expect=0, mapping="mapping.json")
        self.assertEqual((told, len(answer["warnings"])), (set(), 2))
        self.assertIn("cannot be told", self.drift(mapping="mapping.json")[0])

    def test_made_by_align(self):
        words = ["align", "--source", self.folder / "source.json", "--target", self.folder / "target.json", "--format", "json"]
        self.command(*words, "--output", self.folder / "made.json")
        made = json.loads((self.folder / "made.json").read_text())
        self.assertEqual(set(made["metadata"]), {"source", "target"})
        self.assertEqual(self.drift(mapping="made.json")[0], "nothing changed\n")
        self.command("mapping", "convert", self.folder / "made.json", self.folder / "same.json")
        self.assertEqual((self.folder / "made.json").read_bytes(), (self.folder / "same.json").read_bytes())

    def test_a_data_set_is_gone(self):
        self.target.objects["dataSets"][0]["id"] = "TfTDsNew001"
        self.target.objects["dataSets"][0]["name"] = "Another"
        self.put()
        _, told = self.told()
        self.assertEqual(told, {("blocks", "target", "vanished", "data_set", self.target.data_set)})
        said = self.drift("--output", self.folder / "next.json", expect=1)[1]
        self.assertIn("cannot go on from here", said)
        self.assertFalse((self.folder / "next.json").exists())

    def test_words(self):
        for words in ([], ["--mapping", "x"], ["--follow"], ["--format", "xml"], ["--nothing"], ["--mapping", "a", "--source", "b", "--target", "c", "d"]):
            self.command("mapping", "drift", *words, expect=2)
        self.assertIn("--follow", self.command("mapping", "drift", "--help")[0])
        self.assertIn("no.json", self.drift(mapping="no.json", expect=2)[1])

    def test_a_transfer_between_files(self):
        values = fixture.document(fixture.values(self.source, 1), self.source.data_set)
        self.write("values.json", values)
        words = ["transfer", "--values-in", self.folder / "values.json", "--values-out", self.folder / "out.json", "--to", self.folder / "target.json", "--mapping"]
        self.command(*words, self.folder / "remembers.json")
        self.element(self.target, "tests")["valueType"] = "TEXT"
        self.put()
        (self.folder / "out.json").unlink()
        said = self.command(*words, self.folder / "remembers.json", expect=1)[1]
        self.assertIn("drawbridge mapping drift", said)
        self.assertFalse((self.folder / "out.json").exists())


class Live(Servers):
    """A run is refused before anything is sent; carried forward, it goes again."""
    unit_count = 2

    def drift(self, *more, expect=0, mapping="remembers.json"):
        return self.command("mapping", "drift", "--config", self.folder / "config.yaml", "--mapping", self.folder / mapping, "--source", "server:source", "--target", "server:target", *more,
                            expect=expect, environment=self.environment)

    def again(self):
        """Servers as they are now, and the mapping from before."""
        self.start()
        (self.folder / "mapping.json").write_bytes((self.folder / "remembers.json").read_bytes())

    def setUp(self):
        super().setUp()
        self.start()
        self.drift("--output", self.folder / "remembers.json", mapping="mapping.json")

    def test_nothing_changed(self):
        self.assertEqual(self.drift()[0], "nothing changed\n")
        self.again()
        self.transfer()
        self.check_whole()

    def test_a_new_part_at_the_source(self):
        change(self.source, "option")
        change(self.source, "option combo")
        category = next(c for c in self.source.objects["categories"] if c["id"] == fixture.uid("SCa", 1, 0))
        category["categoryOptions"].append({"id": "TfSOpNew001"})
        next(c for c in self.source.objects["categoryCombos"] if c["id"] == fixture.uid("SCc", 1))["categoryOptionCombos"].append({"id": "TfSCxNew001"})
        self.again()
        self.assertIn("is no longer whole", self.drift(expect=1)[0])
        for more in ((), ("--dry-run",)):
            said = self.command(*self.words(*more), expect=1, environment=self.environment)[1]
            self.assertIn("drawbridge mapping drift", said)
            self.assertNotIn("--resume", said)
        self.assertFalse((self.folder / "journal").exists())
        self.assertEqual(self.stored("target"), {})
        self.drift("--output", self.folder / "mapping.json", expect=1)
        self.made = [rule for rule in self.made if rule[0][0] != self.target.elements["tests"]]
        self.transfer()
        self.check_whole()

    def test_what_only_wants_a_look_does_not_stop_a_run(self):
        next(e for e in self.target.objects["dataElements"] if e["id"] == self.target.elements["cases"])["name"] = "T something else"
        self.again()
        self.assertIn("1 change: 0 block, 1 to check", self.drift(expect=1)[0])
        self.transfer()
        self.check_whole()

    def test_a_mapping_without_data_sets(self):
        mapping = fixture.mapping(self.source, self.target)
        mapping["source"]["data_sets"] = []
        (self.folder / "other.json").write_text(json.dumps(mapping))
        self.assertIn("the mapping names 0", self.drift(mapping="other.json", expect=2)[1])

    def test_a_data_set_that_is_not_shown(self):
        mapping = self.folder / "remembers.json"
        kept = mapping.read_bytes()
        self.target.data_set = self.target.objects["dataSets"][0]["id"] = "TfTDsNew001"
        self.start()
        mapping.write_bytes(kept)
        told = self.drift(expect=1)[0]
        self.assertIn("no longer shows the data set", told)
        self.assertIn("is not shared with this user", told)
        self.assertEqual(told.count("\n"), 2, told)


class Alignment(Servers):
    """The same through the gateway's API: told, refused, carried forward, reviewed again."""
    unit_count = 2

    def serve(self):
        """Servers as they are now, drawbridge with the store from before, a browser that is signed in to both."""
        self.start()
        port = harness.free_port()
        (self.state / "drawbridge.yaml").write_text(CONFIG.format(port=port, folder=self.state, **{n: s.port for n, s in self.sims.items()}))
        self.program = harness.Program("drawbridge", ["drawbridge", "serve", "--config", self.state / "drawbridge.yaml"], port)
        self.addCleanup(self.program.stop)
        self.browser = harness.Browser(port)
        for server in ("source", "target"):
            answer = self.browser.call("POST", f"/v1/servers/{server}/connection", body={"kind": "pat", "token": self.environment[f"DRAWBRIDGE_{server.upper()}_TOKEN"]})
            self.assertEqual(answer.status, 201, answer)

    def setUp(self):
        super().setUp()
        self.state = self.directory()
        self.serve()
        answer = self.browser.call("POST", "/v1/alignments", body={"source": {"server": "source", "data_set": self.source.data_set}, "target": {"server": "target", "data_set": self.target.data_set}})
        self.assertEqual(answer.status, 201, answer)
        self.at = f"/v1/alignments/{answer.json['id']}"
        self.version = 1

    def ask(self, method, path="", expect=200, body=None):
        headers = {} if method == "GET" else {"If-Match": f'"{self.version}"'}
        answer = self.browser.call(method, self.at + path, headers=headers, body=body)
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def accept(self, *names):
        decisions = [{"kind": "data_element", "source_data_element": self.source.elements[n], "decision": "accepted", "targets": [{"data_element": self.target.elements[n]}]} for n in names]
        self.version = self.ask("PATCH", body={"decisions": decisions})["version"]

    def states(self):
        return {e["source"]["id"]: e["decision"]["state"] for e in self.ask("GET")["elements"]}

    def again(self):
        self.program.stop()
        self.serve()

    def test_nothing_changed(self):
        self.accept("tests")
        drift = self.ask("GET", "/drift")
        self.assertEqual((drift["changes"], drift["warnings"], drift["counts"]), ([], [], {"blocks": 0, "check": 0, "information": 0}))
        carried = self.ask("POST", "/drift")
        self.assertEqual((carried["version"], carried["kept"], carried["reopened"]), (3, 1, []))

    def test_told_refused_and_carried_forward(self):
        self.accept("tests", "stock")
        change(self.source, "option")
        change(self.source, "option combo")
        self.source.objects["categories"][2]["categoryOptions"].append({"id": "TfSOpNew001"})
        self.source.objects["categoryCombos"][1]["categoryOptionCombos"].append({"id": "TfSCxNew001"})
        next(e for e in self.source.objects["dataElements"] if e["id"] == self.source.elements["power"])["name"] = "S light"
        self.again()
        drift = self.ask("GET", "/drift")
        self.assertIn(("blocks", "gap", self.target.elements["tests"]), {(c["effect"], c["kind"], c["object"]["id"]) for c in drift["changes"]})
        self.assertIn(("renamed", self.source.elements["power"]), {(c["kind"], c["object"]["id"]) for c in drift["changes"]})
        run = self.browser.call("POST", "/v1/runs", body={"alignment": self.at.rsplit("/", 1)[1], "periods": ["202401"], "org_units": self.source.units})
        self.assertEqual(run.status, 201, run)
        ended = harness.wait_for(lambda: (lambda now: now if "problem" in now else None)(self.browser.call("GET", f"/v1/runs/{run.json['id']}").json), "the run is refused")
        self.assertEqual((ended["state"], ended["problem"]["code"]), ("failed", "conflict"))
        self.assertEqual(self.stored("target"), {})
        self.ask("POST", "/drift", expect=400, body={"folow": True})
        self.version -= 1
        self.ask("POST", "/drift", expect=412)
        self.version += 1
        carried = self.ask("POST", "/drift")
        self.version = carried["version"]
        self.assertEqual([(r["kind"], r["source_data_element"], r["target_data_element"]) for r in carried["reopened"]], [("data_element", self.source.elements["tests"], self.target.elements["tests"])])
        self.assertIn("no longer whole", carried["reopened"][0]["reason"])
        self.assertEqual((self.states()[self.source.elements["tests"]], self.states()[self.source.elements["stock"]]), ("proposed", "accepted"))
        self.assertEqual(self.ask("GET", "/drift")["changes"], [])
        self.accept("tests")
        self.assertIn("TfSCxNew001", json.dumps(self.ask("GET", "/mapping")["rules"]))

    def test_following(self):
        self.accept("power", "stock")
        self.source.objects = json.loads(json.dumps(self.source.objects).replace(self.source.elements["power"], "TfSDeNew001"))
        self.source.elements["power"] = "TfSDeNew001"
        self.again()
        self.assertEqual([(c["effect"], c["kind"], c["after"]) for c in self.ask("GET", "/drift")["changes"]], [("blocks", "replaced", "TfSDeNew001")])
        carried = self.ask("POST", "/drift", body={"follow": True})
        self.assertEqual((carried["kept"], carried["followed"], carried["reopened"]), (2, 1, []))
        self.assertEqual(self.states()["TfSDeNew001"], "accepted")

    def test_a_data_set_that_is_not_shown(self):
        kept = self.ask("GET")
        self.target.objects["dataSets"][0]["id"] = self.target.data_set = "TfTDsNew001"
        self.again()
        self.assertEqual([(c["kind"], c["object"]["type"]) for c in self.ask("GET", "/drift")["changes"]], [("vanished", "data_set")])
        self.ask("POST", "/drift", expect=409)
        self.assertEqual(self.ask("GET"), kept)


if __name__ == "__main__":
    unittest.main()
