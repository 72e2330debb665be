"""What people decide about org units through the API: it is proposed around, kept, and what a run goes by."""
import json

import harness
import transfer_fixture as fixture
from test_runs import Gateway as Runs
from test_transfer import api


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
        below = lambda above: self.browser.call("GET", f"{self.at}/places/targets?kind=org_unit&below={above}").json
        (top,) = below("")
        held = {one["id"]: one["below"] for one in below(top["id"])}
        self.assertEqual((top["below"], held, below(self.target.units[0]), below("Nowhere0000")), (len(held), {unit: 0 for unit in held}, [], []))
        self.assertIn(self.target.units[1], held)

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

    def step(self, expect=200, **step):
        answer = self.browser.call("PATCH", self.at, headers={"If-Match": f'"{self.places()["version"]}"'}, body={"steps": [step]})
        self.assertEqual(answer.status, expect, answer)

    def test_what_was_decided_about_places_is_taken_back_alone(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        self.alignment = self.browser.call("POST", "/v1/alignments", body=sides).json["id"]
        self.at = f"/v1/alignments/{self.alignment}"
        first = self.source.units[0]
        element = self.browser.call("GET", self.at).json["elements"][0]["source"]["id"]
        state = lambda: {pair["source"]["id"]: pair["decision"]["state"] for pair in self.places()["org_units"]["pairs"]}[first]
        self.step(label="Unit", decisions=[{"kind": "org_unit", "source": first, "decision": "none"}])
        self.step(label="Element", decisions=[{"kind": "data_element", "source_data_element": element, "decision": "none"}])
        self.step(undo=True, of="places")
        self.assertEqual(state(), "open")
        history = self.browser.call("GET", f"{self.at}/history").json["steps"]
        self.assertEqual([(one["label"], one["can_undo"], one["can_redo"]) for one in history], [("Unit", False, False), ("Element", True, False), ("Unit", False, True)])
        self.step(409, undo=True, of="places")
        self.step(redo=True, of="places")
        self.assertEqual(state(), "none")
        self.step(400, undo=True, of="villages")

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


class Unassigned(Runs):
    """Org units that the target has, one under its id and one under its code, and that its data set is not assigned to."""

    def prepare(self):
        self.first, self.by_code, self.by_id = self.source.units
        self.renamed = self.by_code.replace("Ou", "Xu")
        for side in (self.source, self.target):
            next(u for u in side.objects["organisationUnits"] if u["id"] == self.by_code)["code"] = "HF-0.2_b"
        next(u for u in self.target.objects["organisationUnits"] if u["id"] == self.by_code).update(id=self.renamed, name="Renamed altogether")
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": self.first}]
        for side in (self.source, self.target):
            side.objects["userRoles"][0]["authorities"].append("F_DATASET_PUBLIC_ADD")  # of who assigns it

    def make(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        answer = self.browser.call("POST", "/v1/alignments", body=sides)
        self.assertEqual(answer.status, 201, answer)
        self.alignment, self.at = answer.json["id"], f"/v1/alignments/{answer.json['id']}"

    def pairs(self):
        self.places = self.browser.call("GET", f"{self.at}/places").json
        return {pair["source"]["id"]: pair for pair in self.places["org_units"]["pairs"]}

    def test_it_is_told_before_anything_is_sent(self):
        self.make()
        pairs = self.pairs()
        self.assertEqual(set(pairs), {self.by_code, self.by_id})  # the first keeps its id
        for source, target in ((self.by_code, self.renamed), (self.by_id, self.by_id)):
            self.assertEqual([reason["code"] for reason in pairs[source]["reasons"]], ["unassigned"])
            counterpart = next(p["target"] for p in pairs[source]["proposals"] if p["target"]["id"] == target)
            self.assertEqual((counterpart["assigned"], counterpart["above"]), (False, "Country"))
        found = self.browser.call("GET", f"{self.at}/places/targets?kind=org_unit&search=").json
        self.assertEqual([one["id"] for one in found], [self.first])
        accepted = {"kind": "org_unit", "source": self.by_id, "decision": "accepted", "targets": [{"id": self.by_id}]}
        self.assertEqual(self.browser.call("PATCH", self.at, headers={"If-Match": '"1"'}, body={"decisions": [accepted]}).status, 200)
        self.assertEqual(self.pairs()[self.by_id]["decision"]["targets"][0]["assigned"], False)
        order = {"alignment": self.alignment, "periods": ["202401"], "org_units": self.source.units, "accept": ["accepted", "auto", "proposed"], "dry_run": True}
        run = self.ended(self.browser.call("POST", "/v1/runs", body=order).json)
        self.assertEqual({conflict["code"] for conflict in run["conflicts"]}, {"org_unit_not_assigned"}, run)

        for unit in (self.renamed, self.by_id):  # as the Maintenance app does it
            answer = api(self.sims["target"].port, "POST", f"/api/dataSets/{self.target.data_set}/organisationUnits/{unit}")
            self.assertEqual(answer.status, 200, answer)
        drift = self.browser.call("GET", f"{self.at}/drift").json
        self.assertEqual({(c["kind"], c["object"]["id"]) for c in drift["changes"]}, {("appeared", self.renamed), ("appeared", self.by_id)})
        self.assertEqual(self.browser.call("POST", f"{self.at}/drift", headers={"If-Match": '"2"'}).status, 200)
        pairs = self.pairs()
        self.assertEqual((pairs[self.by_code]["proposals"][0]["target"]["id"], pairs[self.by_id]["decision"]["state"]), (self.renamed, "accepted"))
        self.assertNotIn("assigned", str(self.places))

        name = pairs[self.by_id]["source"]["name"]
        answer = api(self.sims["source"].port, "DELETE", f"/api/dataSets/{self.source.data_set}/organisationUnits/{self.by_id}")
        self.assertEqual(answer.status, 200, answer)
        [gone] = self.browser.call("GET", f"{self.at}/drift").json["changes"]
        self.assertEqual((gone["object"]["id"], gone["mapping"]), (self.by_id, "ends"))
        [reopened] = self.browser.call("POST", f"{self.at}/drift", headers={"If-Match": '"3"'}).json["reopened"]
        self.assertEqual((reopened["kind"], reopened["source"], reopened["name"]), ("org_unit", self.by_id, name))  # as it was called

    def test_a_data_set_that_is_assigned_to_nothing(self):
        assign = lambda method: self.assertEqual(api(self.sims["target"].port, method, f"/api/dataSets/{self.target.data_set}/organisationUnits/{self.first}").status, 200)
        assign("DELETE")
        self.make()
        self.assertEqual(self.pairs(), {})
        self.assertEqual((self.places["org_units"]["told"], self.places["org_units"]["none_assigned"]), (False, ["target"]))
        assign("POST")
        self.assertEqual(self.browser.call("POST", f"{self.at}/drift", headers={"If-Match": '"1"'}).status, 200)
        self.assertEqual(set(self.pairs()), {self.by_code, self.by_id})
        self.assertNotIn("none_assigned", self.places["org_units"])

    def test_the_command_line_tells_it(self):
        words = ("align", "--source", "server:source", "--target", "server:target", "--source-data-set", self.source.data_set, "--target-data-set", self.target.data_set, "--config", self.folder / "config.yaml")
        said = self.command(*words, "--with", "org-units", "--explain", environment=self.environment)[0]
        self.assertEqual(said.count("which the target's data sets are not assigned to"), 2, said)

    def test_a_target_with_other_ids_is_not_asked_about_all(self):
        """Of hundreds of org units that it knows neither by id nor by code."""
        others = [{"id": fixture.uid("Zz", i // 100, i % 100), "name": f"Elsewhere {i}", "shortName": f"Elsewhere {i}", "code": f"Z{i}", "openingDate": "2000-01-01", "parent": {"id": fixture.ROOT}} for i in range(450)]
        asked = []
        for name, between in self.between.items():
            def forward(method, path, headers, body, name=name, real=between.forward):
                answer = real(method, path, headers, body)
                if name == "source" and path.startswith("/api/organisationUnits") and "dataSets.id" in path:
                    answer.body = json.dumps({"organisationUnits": json.loads(answer.body)["organisationUnits"] + others}).encode()
                elif name == "source" and path.startswith("/api/metadata?dataSets"):
                    told = json.loads(answer.body)
                    told["dataSets"][0]["organisationUnits"] = [{"id": one["id"]} for one in others]
                    answer.body = json.dumps(told).encode()
                elif name == "target" and path.startswith("/api/organisationUnits"):
                    asked.append(path)
                return answer
            between.forward = forward
        self.make()
        self.assertEqual(len(self.pairs()), 450)
        self.assertEqual([sum(f"filter={property}:in" in path for path in asked) for property in ("dataSets.id", "code")], [1, 3])
        self.assertEqual(sum("filter=id:in" in path and "Zz" in path for path in asked), 3)
        self.assertLess(max(map(len, asked)), 2048)


class Calendars(Runs):
    """A source that counts by another calendar than the target."""
    more_words = {"source": ("--set", "calendar=ethiopian")}

    def test_it_is_told_before_a_run_is_refused(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        at = f"/v1/alignments/{self.browser.call('POST', '/v1/alignments', body=sides).json['id']}"
        told = lambda: (lambda periods: (periods["conversion"], periods["reason"]))(self.browser.call("GET", f"{at}/places").json["periods"])
        self.assertEqual(told(), ("cannot", "calendars"))
        self.assertEqual(self.browser.call("POST", f"{at}/drift", headers={"If-Match": '"1"'}).status, 200)
        self.assertEqual(told(), ("cannot", "calendars"))
        self.assertEqual(self.browser.call("GET", f"{at}/mapping").json["periods"]["conversion"], "cannot")
        [listed] = self.browser.call("GET", "/v1/alignments").json
        self.assertEqual((listed["source"]["calendar"], listed["target"]["calendar"]), ("ethiopian", "iso8601"))


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
