"""What people decide about org units through the API: it is proposed around, kept, and what a run goes by."""
import harness
import transfer_fixture as fixture
from test_runs import Gateway as Runs


class Decided(Runs):
    """A target with other org units; the last one of the source has no counterpart that the data set is assigned to."""

    def prepare(self):
        fixture.move(self.target)

    def places(self):
        answer = self.browser.call("GET", f"{self.at}/places")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def decide(self, expect=200, version=None, **entry):
        version = version or self.places()["version"]
        answer = self.browser.call("PATCH", self.at, headers={"If-Match": f'"{version}"'}, body={"decisions": [entry]})
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def sent_units(self):
        order = {"alignment": self.alignment, "periods": list(fixture.PERIODS), "org_units": self.source.units, "accept": ["accepted", "auto", "proposed"]}
        run = self.ended(self.browser.call("POST", "/v1/runs", body=order).json)
        self.assertIn(run["state"], ("done", "refused"), run)
        return {unit for _, _, _, unit, _ in self.stored("target")}, run["counts"]["unmapped"]

    def test_a_run_goes_by_what_was_decided(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        self.alignment = self.browser.call("POST", "/v1/alignments", body=sides).json["id"]
        self.at = f"/v1/alignments/{self.alignment}"
        first, second, last = self.source.units
        before = self.places()
        by_source = {pair["source"]["id"]: pair for pair in before["org_units"]["pairs"]}
        self.assertEqual({unit: pair["decision"]["state"] for unit, pair in by_source.items()}, {unit: "open" for unit in self.source.units})
        self.assertEqual([reason["code"] for reason in by_source[last]["reasons"]], ["nothing_alike"])
        self.assertEqual(before["periods"]["conversion"], "same")
        found = self.browser.call("GET", f"{self.at}/places/targets?kind=org_unit&search={self.target.units[1].lower()}").json
        self.assertEqual([one["id"] for one in found], [self.target.units[1]])
        self.assertEqual(self.browser.call("GET", f"{self.at}/places/targets?kind=village").status, 400)

        self.decide(kind="org_unit", source=first, decision="none")
        self.decide(kind="org_unit", source=last, decision="accepted", targets=[{"id": self.target.units[0]}])
        self.assertEqual(self.decide(412, version=1, kind="org_unit", source=second, decision="none")["code"], "changed_meanwhile")
        self.decide(400, kind="org_unit", source=second, decision="accepted", targets=[{"id": second}])
        after = {pair["source"]["id"]: pair["decision"] for pair in self.places()["org_units"]["pairs"]}
        self.assertEqual({unit: decision["state"] for unit, decision in after.items()}, {first: "none", second: "open", last: "accepted"})
        self.assertEqual(after[last]["targets"][0]["id"], self.target.units[0])
        self.assertTrue(after[last]["by"] and after[last]["at"])

        units, unmapped = self.sent_units()
        self.assertEqual(units, {self.target.units[0], self.target.units[1]})
        self.assertGreater(unmapped["no_counterpart"], 0)  # of the first one

    def test_a_mapping_brings_decisions_along(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        self.alignment = self.browser.call("POST", "/v1/alignments", body=sides).json["id"]
        self.at = f"/v1/alignments/{self.alignment}"
        first, _, last = self.source.units
        pairs = [{"source": first, "target": None, "decision": "none"}, {"source": last, "target": self.target.units[0], "decision": "accepted"}, {"source": "Nowhere0000", "target": self.target.units[0]}]
        mapping = {"format": "drawbridge-mapping", "version": 1, "rules": [], "org_units": pairs}
        answer = self.browser.call("PUT", f"{self.at}/mapping?format=json", headers={"If-Match": '"1"'}, body=mapping)
        self.assertEqual(answer.status, 200, answer)
        self.assertIn("1 cells or pairs are passed over", answer.header("Drawbridge-Warnings"))
        after = {pair["source"]["id"]: pair["decision"]["state"] for pair in self.places()["org_units"]["pairs"]}
        self.assertEqual((after[first], after[last]), ("none", "accepted"))


class Named(Runs):
    """Servers that show names to their people in French and in Arabic."""

    LANGUAGES = {"source": "fr", "target": "ar"}

    def prepare(self):
        for name, side in (("source", self.source), ("target", self.target)):
            for kind in ("dataSets", "dataElements", "organisationUnits"):
                for one in side.objects[kind]:
                    one["translations"] = [{"locale": lang, "property": "NAME", "value": f"{one['name']} ({lang})"} for lang in ("fr", "ar")]

    def test_names_are_in_the_language_that_each_server_has_for_the_person(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        for name, lang in self.LANGUAGES.items():
            answer = harness.call(self.sims[name].port, "POST", f"/api/userSettings/keyDbLocale?value={lang}", {"Authorization": f"ApiToken {self.environment[f'DRAWBRIDGE_{name.upper()}_TOKEN']}"})
            self.assertEqual(answer.status, 200, answer)
        at = f"/v1/alignments/{self.browser.call('POST', '/v1/alignments', body=sides).json['id']}"
        made, places = self.browser.call("GET", at).json, self.browser.call("GET", f"{at}/places").json
        [listed] = self.browser.call("GET", "/v1/alignments").json
        pairs = places["org_units"]["pairs"]
        shown = {
            "source": [made["source"]["data_set"], listed["source"]["data_set"], *(one["source"] for one in made["elements"]), *(one["source"] for one in pairs)],
            "target": [made["target"]["data_set"], listed["target"]["data_set"], *made["target_elements"], *(one["target"] for each in made["elements"] for one in each["proposals"])],
        }
        for name, lang in self.LANGUAGES.items():
            self.assertGreater(len(shown[name]), 5)
            for one in shown[name]:
                self.assertEqual((one["lang"], one["name"][-5:]), (lang, f" ({lang})"), one)
        for name, side in (("source", self.source), ("target", self.target)):
            for combo in self.browser.call("GET", f"{at}/combos").json[name]:
                self.assertNotIn("lang", combo)  # has no translation: as it is stored

    def test_who_has_chosen_no_language_sees_what_is_stored(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        made = self.browser.call("GET", f"/v1/alignments/{self.browser.call('POST', '/v1/alignments', body=sides).json['id']}").json
        for one in (made["source"]["data_set"], made["elements"][0]["source"], made["target_elements"][0]):
            self.assertNotIn("lang", one)
            self.assertNotIn("(", one["name"])
