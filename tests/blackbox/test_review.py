"""Several people review one alignment: who is let in, what each did and why, taking it back, a second person's approval, and that nobody's work is lost."""
import json
import signal
import unittest

import harness
import transfer_fixture as fixture
from test_runs import CONFIG
from test_transfer import api, Servers

PASSWORD = "Runner-test-1"


class Several(Servers):
    """People with accounts on both servers, and an alignment that one of them made."""

    unit_count = 2

    def setUp(self):
        super().setUp()
        for side in (self.source, self.target):
            first = side.objects["users"][0]
            side.objects["userRoles"][0]["authorities"].append("F_DATAELEMENT_PUBLIC_ADD")  # of who renames one
            side.objects["users"] += [{**first, "id": fixture.uid(side.kind + "Us", n), "username": name} for n, name in ((7, "john"), (8, "ada"))]
        self.start()
        self.state = self.directory()
        self.port = harness.free_port()
        (self.state / "drawbridge.yaml").write_text(CONFIG.format(port=self.port, folder=self.state, **{n: s.port for n, s in self.sims.items()}))
        self.serve()
        self.runner, self.john, self.ada = (self.person(name) for name in ("runner", "john", "ada"))
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        made = self.call(self.runner, "POST", "/v1/alignments", 201, body=sides)
        self.id, self.at = made["id"], f"/v1/alignments/{made['id']}"

    def serve(self):
        self.program = harness.Program("drawbridge", ["drawbridge", "serve", "--config", self.state / "drawbridge.yaml"], self.port)
        self.addCleanup(self.program.stop)

    def person(self, name, servers=("source", "target")):
        browser = harness.Browser(self.port)
        for server in servers:
            self.call(browser, "POST", f"/v1/servers/{server}/connection", 201, body={"kind": "password", "username": name, "password": PASSWORD})
        return browser

    def call(self, browser, method, path, expect=200, body=None, version=None):
        answer = browser.call(method, path, headers={"If-Match": f'"{version}"'} if version else {}, body=body)
        self.assertEqual(answer.status, expect, answer)
        return answer.json if answer.body else None

    def version(self):
        return self.call(self.runner, "GET", self.at)["version"]

    def step(self, browser, expect=200, version=None, **step):
        return self.call(browser, "PATCH", self.at, expect, step, version or self.version())

    def element(self, name, browser=None):
        return next(e for e in self.call(browser or self.runner, "GET", self.at)["elements"] if e["source"]["id"] == self.source.elements[name])

    def word(self, name, decision, to=None):
        return {"kind": "data_element", "source_data_element": self.source.elements[name], "decision": decision, **({"targets": [{"data_element": self.target.elements[to]}]} if to else {})}

    def let_in(self, *names, second_person=False, server="source"):
        people = [{"server": server, "username": name} for name in names]
        return self.call(self.runner, "PUT", self.at + "/people", body={"second_person": second_person, "people": people}, version=self.version())

    def history(self, browser=None, query=""):
        return self.call(browser or self.runner, "GET", f"{self.at}/history{query}")["steps"]

    def run_to_its_end(self, **more):
        body = {"alignment": self.id, "periods": ["202401"], "org_units": self.source.units, **more}
        answer = self.runner.call("POST", "/v1/runs", body=body)
        self.assertEqual(answer.status, 201, answer)
        return harness.wait_for(lambda: (lambda run: run if run["state"] not in ("queued", "reading", "translating", "checking", "sending", "verifying") else None)(self.call(self.runner, "GET", f"/v1/runs/{answer.json['id']}")), "the end of the run")


class Review(Several):
    def test_what_warnings_compare(self):
        """The types of values and of their aggregation are told of both sides: the page warns where they differ."""
        state = self.call(self.runner, "GET", self.at)
        for side, told in ((self.source, [e["source"] for e in state["elements"]]), (self.target, state["target_elements"])):
            kinds = {e["id"]: (e["valueType"], e["aggregationType"]) for e in side.objects["dataElements"]}
            self.assertTrue(told)
            self.assertEqual([(e["value_type"], e["aggregation_type"]) for e in told], [kinds[e["id"]] for e in told])

    def test_who_is_let_in(self):
        """What one person made others see only where they are let in, and then do not own it."""
        for path in ("", "/history", "/people", "/mapping"):
            self.call(self.john, "GET", self.at + path, 404)
        self.assertEqual(self.call(self.john, "GET", "/v1/alignments"), [])
        self.let_in("john")
        listed = self.call(self.john, "GET", "/v1/alignments")
        self.assertEqual([(one["id"], one["mine"], one["owner"]) for one in listed], [(self.id, False, "runner")])
        self.assertEqual([(one["id"], one["mine"]) for one in self.call(self.runner, "GET", "/v1/alignments")], [(self.id, True)])
        self.assertEqual(self.call(self.john, "GET", self.at + "/people"), {"version": 2, "owner": "runner", "second_person": False, "people": [{"server": "source", "username": "john"}], "mine": False})
        self.step(self.john, decisions=[self.word("tests", "accepted", "tests")])
        self.assertEqual(self.element("tests")["decision"]["by"], "john")
        self.call(self.john, "DELETE", self.at, 403)
        self.call(self.john, "PUT", self.at + "/people", 403, {"second_person": False, "people": []}, self.version())
        self.call(self.ada, "GET", self.at, 404)
        john_at_the_target = self.person("john", ["target"])  # a john of another server is another person
        self.call(john_at_the_target, "GET", self.at, 404)
        for bad in ({}, {"people": []}, {"second_person": 1, "people": []}, {"second_person": True, "people": [{"server": "source"}]}, {"second_person": True, "people": [{"server": "nowhere", "username": "x"}]},
                    {"second_person": True, "people": [{"server": "source", "username": "x"}] * 51}, {"second_person": True, "people": [], "more": 1}):
            self.call(self.runner, "PUT", self.at + "/people", 400, bad, self.version())
        self.call(self.runner, "PUT", self.at + "/people", 412, {"second_person": False, "people": []}, 1)
        self.let_in("ada")
        self.call(self.john, "GET", self.at, 404)
        self.assertEqual((self.call(self.john, "GET", "/v1/alignments"), len(self.call(self.ada, "GET", "/v1/alignments"))), ([], 1))
        self.assertIn("second person", self.history()[0]["label"])
        self.call(self.runner, "DELETE", self.at, 204)
        self.assertEqual(self.call(self.ada, "GET", "/v1/alignments"), [])

    def test_whose_own_word_it_is(self):
        """Told to each reader as an approval is judged: by the person, not by the name; and a cell is a word about its element."""
        here, there = self.person("john", ["source"]), self.person("john", ["target"])  # two accounts of one name
        people = [{"server": server, "username": "john"} for server in ("source", "target")]
        self.call(self.runner, "PUT", self.at + "/people", body={"second_person": True, "people": people}, version=self.version())
        changed = self.step(here, decisions=[self.word("tests", "accepted", "tests")])["elements"]
        self.assertEqual([(e["source"]["id"], e["own"]) for e in changed if "own" in e], [(self.source.elements["tests"], True)])
        self.assertEqual([self.element("tests", who).get("own") for who in (here, there, self.runner)], [True, None, None])
        self.assertEqual(self.element("tests", there)["decision"]["by"], "john")
        cell = next(c for c in self.call(there, "GET", self.at + "?features=false")["cells"] if c["source_data_element"] == self.source.elements["tests"])
        word = {"kind": "operand", "source_data_element": self.source.elements["tests"], "source_category_option_combo": cell["source"]["id"], "decision": "none"}
        self.assertEqual([e["own"] for e in self.step(self.runner, decisions=[word])["elements"]], [True])
        self.assertEqual(self.step(self.runner, 403, decisions=[self.word("tests", "approved")])["code"], "own_decision")
        self.step(there, decisions=[self.word("tests", "approved")])
        self.let_in("john")
        self.assertNotIn("own", self.element("tests"))  # nobody approves

    def test_history(self):
        self.let_in("john")
        shown = self.element("tests")["proposals"][0]
        self.step(self.runner, label="Accepted 2 at or above 90 %", decisions=[self.word("tests", "accepted", "tests"), {**self.word("stock", "accepted", "cases"), "note": "for now"}])
        self.step(self.john, label="Rejected: stock", decisions=[self.word("stock", "rejected", "cases")])
        self.step(self.john, comments=[{"source_data_element": self.source.elements["stock"], "text": "in boxes, not pieces"}], flags=[{"source_data_element": self.source.elements["stock"], "flagged": True, "to": "runner", "note": "look"}])
        of_stock = self.history(query=f"?source_data_element={self.source.elements['stock']}")
        self.assertEqual([(s["by"], s["label"], s["mine"]) for s in of_stock], [("john", "", False), ("john", "Rejected: stock", False), ("runner", "Accepted 2 at or above 90 %", True)])
        self.assertEqual([(r["kind"], r.get("text"), r["by"]) for r in of_stock[0]["remarks"]], [("flag", "look", "john"), ("comment", "in boxes, not pieces", "john")])
        self.assertEqual([(d["decision"], d["by"], d.get("note")) for s in of_stock[1:] for d in s["before"] + s["after"]], [("accepted", "runner", "for now"), ("rejected", "john", None), ("accepted", "runner", "for now")])
        self.assertNotIn("person", str(of_stock))
        decision = self.element("tests")["decision"]
        self.assertEqual((decision["by"], decision["confidence"]), ("runner", shown["confidence"]))
        self.assertRegex(decision["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        stock = self.element("stock")
        self.assertEqual((stock["comments"], stock["flag"]["to"], stock["flag"]["by"]), (1, "runner", "john"))
        self.step(self.runner, flags=[{"source_data_element": self.source.elements["stock"], "flagged": False}])
        self.assertNotIn("flag", self.element("stock"))
        self.assertEqual([f["to"] for f in self.history()[0]["flags_before"]], ["runner"])
        self.assertEqual([s["number"] for s in self.history(query="?limit=2")], [5, 4])
        for query in ("?limit=0", "?limit=1001", "?limit=x"):
            self.call(self.runner, "GET", f"{self.at}/history{query}", 400)
        rule = next(r for r in self.call(self.runner, "GET", self.at + "/mapping")["rules"] if any(t["data_element"] == self.source.elements["tests"] for t in r["terms"]) and r["decision"] == "accepted")
        self.assertEqual((rule["by"], rule["at"]), ("runner", decision["at"]))

    def test_undo_of_a_flag(self):
        """It takes back what was said last, not what was decided before."""
        self.step(self.runner, label="Decided", decisions=[self.word("stock", "none")])
        before = self.element("stock")
        self.step(self.runner, label="Flagged", flags=[{"source_data_element": self.source.elements["stock"], "flagged": True}])
        self.step(self.runner, label="Said", comments=[{"source_data_element": self.source.elements["stock"], "text": "in boxes"}])
        self.assertEqual([s["label"] for s in self.history() if s["can_undo"]], ["Said", "Flagged", "Decided"])
        self.step(self.runner, undo=True)
        changes = self.step(self.runner, undo=True)
        self.assertEqual(changes["elements"], [before])
        self.assertEqual([(s["label"], len(s["remarks"])) for s in self.history(query=f"?source_data_element={self.source.elements['stock']}&limit=2")], [("Flagged", 1), ("Said", 1)])
        self.step(self.runner, redo=True)
        self.assertIn("flag", self.element("stock"))

    def test_undo_survives_a_kill(self):
        """What was decided, and that it can be taken back, outlives the program at any moment; so it is in every browser."""
        self.let_in("john")
        before = self.element("tests")
        self.step(self.runner, label="One", decisions=[self.word("tests", "none")])
        self.step(self.runner, label="Two", decisions=[self.word("tests", "excluded"), self.word("stock", "none")])
        self.step(self.john, label="John's", decisions=[self.word("power", "none")])
        self.program.process.send_signal(signal.SIGKILL)
        self.program.process.wait()
        self.serve()
        runner = self.person("runner")
        self.assertEqual([s["label"] for s in self.history(runner) if s["can_undo"]], ["Two", "One"])
        changes = self.step(runner, undo=True)
        self.assertEqual({e["source"]["id"] for e in changes["elements"]} & {self.source.elements[n] for n in ("tests", "stock", "power")}, {self.source.elements[n] for n in ("tests", "stock")})
        self.assertEqual((self.element("tests")["decision"]["state"], self.element("stock")["decision"]["state"]), ("none", "proposed"))
        self.step(runner, undo=True)
        self.assertEqual(self.element("tests"), before)
        self.step(runner, 409, undo=True)
        self.assertEqual([s["label"] for s in self.history(runner) if s["can_redo"]], ["Two", "One"])
        self.assertEqual([s["label"] for s in self.history() if s["can_redo"]], ["Two", "One"])
        self.assertEqual([s["label"] for s in self.history(self.john) if s["can_redo"]], [])
        self.step(runner, redo=True)
        self.step(runner, redo=True)
        self.assertEqual(self.element("tests")["decision"]["state"], "excluded")
        self.step(runner, 409, redo=True)
        self.assertEqual([(s.get("undoes"), s.get("redoes"), s["label"]) for s in self.history()[:4]], [(None, 3, "Two"), (None, 2, "One"), (2, None, "One"), (3, None, "Two")])
        self.assertEqual(self.element("power")["decision"]["by"], "john")
        self.call(runner, "PATCH", self.at, 200, {"steps": [{"undo": True}, {"undo": True}, {"label": "Anew", "decisions": [self.word("tests", "none")]}]}, self.version())
        self.step(runner, 409, redo=True)

    def test_two_at_once(self):
        """Of two who saw the same version one is told; what the other did stays, and an undo never takes away what somebody else did since."""
        self.let_in("john")
        seen = self.version()
        self.step(self.runner, version=seen, label="Two", decisions=[self.word("tests", "none"), self.word("stock", "none")])
        self.step(self.john, 412, version=seen, decisions=[self.word("stock", "accepted", "stock")])
        self.assertEqual(self.element("stock")["decision"]["by"], "runner")
        self.step(self.john, label="Mine", decisions=[self.word("stock", "accepted", "stock")])
        answer = self.step(self.runner, 409, undo=True)
        self.assertIn("john", answer["detail"])
        self.assertEqual((self.element("stock")["decision"]["state"], self.element("tests")["decision"]["state"]), ("accepted", "none"))
        self.step(self.john, undo=True)
        self.step(self.runner, undo=True)
        self.assertEqual((self.element("stock")["decision"]["state"], self.element("tests")["decision"]["state"]), ("proposed", "proposed"))

    def judged(self):
        return {band["from"]: (band["decided"], band["agreed"]) for band in self.call(self.runner, "GET", self.at)["judged"]}

    def test_how_proposals_fared(self):
        """What was proposed is kept with what a person decides, and counted by how sure the engine was; what nobody looked at counts nothing."""
        shown = {name: next(p for p in self.element(name)["proposals"] if p["decision"] != "candidate") for name in ("tests", "stock")}
        band = lambda name: next(b for b in (0.9, 0.7, 0) if shown[name]["confidence"] >= b)
        expect = lambda **agreed: {b: (sum(band(n) == b for n in agreed), sum(band(n) == b and yes for n, yes in agreed.items())) for b in (0.9, 0.7, 0)}
        self.assertEqual({name: p["target"]["id"] for name, p in shown.items()}, {name: self.target.elements[name] for name in shown})
        self.assertEqual(self.judged(), expect())
        changes = self.step(self.runner, label="Bulk", bulk=True, decisions=[self.word("power", "accepted", "power")])
        self.assertEqual({b["from"]: (b["decided"], b["agreed"]) for b in changes["judged"]}, expect())
        self.step(self.runner, 400, bulk="yes", decisions=[self.word("power", "none")])
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests")])
        changes = self.step(self.runner, decisions=[self.word("stock", "none")])
        self.assertEqual({b["from"]: (b["decided"], b["agreed"]) for b in changes["judged"]}, expect(tests=True, stock=False))
        kept = self.history()[0]["after"][0]
        self.assertEqual(kept["proposed"], {"confidence": shown["stock"]["confidence"], "targets": [self.target.elements["stock"]]})
        self.step(self.runner, decisions=[self.word("stock", "accepted", "stock")])  # a mind that is changed: of what was proposed then
        self.assertEqual(self.judged(), expect(tests=True, stock=True))
        self.step(self.runner, undo=True)
        self.assertEqual(self.judged(), expect(tests=True, stock=False))
        self.step(self.runner, redo=True)
        self.assertEqual(self.judged(), expect(tests=True, stock=True))
        self.step(self.runner, decisions=[self.word("tests", "undecided")])
        self.assertEqual(self.judged(), expect(stock=True))
        mapping = self.call(self.runner, "GET", self.at + "/mapping")
        self.call(self.runner, "PUT", self.at + "/mapping?format=json", body=mapping, version=self.version())
        self.assertEqual(self.judged(), expect(stock=True))

    def test_decisions_go_along_into_another(self):
        """By its mapping: whole elements again, none that nobody decided, and one undo takes all of it back."""
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests"), self.word("cases", "accepted", "cases"), self.word("stock", "none")])
        mapping = self.call(self.runner, "GET", self.at + "/mapping")
        self.assertTrue(any(rule["decision"] == "none" and "by" not in rule for rule in mapping["rules"]))  # one that the engine found nothing for
        states = lambda: {e["source"]["id"]: e["decision"]["state"] for e in self.call(self.runner, "GET", self.at)["elements"] if e["decision"]["state"] != "proposed"}
        decided = states()
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        self.at = "/v1/alignments/" + self.call(self.runner, "POST", "/v1/alignments", 201, body=sides)["id"]
        changes = self.call(self.runner, "PUT", self.at + "/mapping?format=json", body=mapping, version=1)
        told = sum(len(rule["terms"]) for rule in mapping["rules"] if "by" in rule)
        self.assertEqual(changes["decided"], {"data_elements": 3, "cells": told, "org_units": 0, "attribute_option_combos": 0})
        self.assertEqual((states(), sorted(decided.values())), (decided, ["accepted", "accepted", "none"]))
        self.assertEqual(sum(c.get("decided", False) for c in self.call(self.runner, "GET", self.at)["cells"]), told)
        self.step(self.runner, undo=True)
        self.assertEqual(states(), {})

    def test_a_second_person(self):
        """Who decided cannot approve, and what is not approved is not sent: because the alignment asks for it, or whoever sends."""
        self.let_in("john", second_person=True)
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests"), self.word("stock", "accepted", "stock")])
        self.assertEqual(self.step(self.runner, 403, decisions=[self.word("tests", "approved")])["code"], "own_decision")
        self.assertEqual([self.element("tests", who).get("own") for who in (self.runner, self.john)], [True, None])
        self.step(self.john, 400, decisions=[self.word("power", "approved")])
        self.assertEqual(self.run_to_its_end()["state"], "failed")  # no rule counts
        self.assertEqual(self.stored("target"), {})
        self.step(self.john, label="Approved: tests", decisions=[self.word("tests", "approved")])
        decision = self.element("tests")["decision"]
        self.assertEqual((decision["by"], decision["approved_by"]), ("runner", "john"))
        mapping = self.call(self.runner, "GET", self.at + "/mapping")
        self.assertEqual(mapping["approval"], "second-person")
        approved = {r["target"]["data_element"] for r in mapping["rules"] if "approved_by" in r}
        self.assertEqual(approved, {self.target.elements["tests"]})
        run = self.run_to_its_end()
        self.assertEqual(run["state"], "done", run)
        self.assertEqual({key[0] for key in self.stored("target")}, {self.target.elements["tests"]})
        self.assertGreater(run["counts"]["unmapped"]["not_approved"], 0)
        (self.folder / "mapping.json").write_text(self.runner.call("GET", self.at + "/mapping").body.decode())
        report = self.transfer("--dry-run", journal=None)
        self.assertEqual((report["counts"]["cells"] > 0, report["counts"]["unmapped"]["not_approved"] > 0), (True, True))
        unasked = {**mapping, "rules": [{k: v for k, v in r.items() if not k.startswith("approved")} for r in mapping["rules"]]}
        unasked.pop("approval")
        (self.folder / "mapping.json").write_text(json.dumps(unasked))
        self.assertGreater(self.transfer("--dry-run", journal=None)["counts"]["cells"], 0)
        said = self.command(*self.words("--dry-run", "--require-approval", journal=None), expect=2, environment=self.environment)[1]
        self.assertIn("no rule", said)
        self.let_in("john")
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests")])
        self.assertNotIn("approved_by", self.element("tests")["decision"])  # decided anew: to be approved anew
        self.assertEqual(self.run_to_its_end(approval=True)["state"], "failed")
        self.assertEqual(self.run_to_its_end(approval=False, dry_run=True)["state"], "done")

    def test_what_happens_when_the_servers_change(self):
        """Asked for: nothing is sent while something wants a look, until somebody has gone on."""
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests")])
        self.assertEqual(self.call(self.runner, "GET", self.at)["on_change"], "warn")
        self.call(self.runner, "PUT", self.at + "/drift", 400, body={"on_change": "never"}, version=self.version())
        self.call(self.runner, "PUT", self.at + "/drift", 412, body={"on_change": "ask"}, version=1)
        self.assertEqual(self.call(self.runner, "PUT", self.at + "/drift", body={"on_change": "ask"}, version=self.version())["on_change"], "ask")
        self.assertEqual(self.call(self.runner, "GET", self.at)["on_change"], "ask")
        self.assertEqual(self.call(self.runner, "GET", self.at + "/mapping")["on_change"], "ask")
        self.assertEqual(self.run_to_its_end(dry_run=True)["state"], "done")
        answer = api(self.sims["target"].port, "PATCH", f"/api/dataElements/{self.target.elements['tests']}", json.dumps([{"op": "replace", "path": "/name", "value": "Something else"}]), kind="application/json-patch+json")
        self.assertEqual(answer.status, 200, answer)
        [change] = self.call(self.runner, "GET", self.at + "/drift")["changes"]
        self.assertEqual((change["effect"], change["mapping"]), ("check", "keeps"))
        run = self.run_to_its_end(dry_run=True)
        self.assertEqual((run["state"], run["problem"]["reason"]), ("failed", "drift_waits"), run)
        self.call(self.runner, "POST", self.at + "/drift", version=self.version())
        self.assertEqual(self.run_to_its_end(dry_run=True)["state"], "done")
        self.call(self.runner, "PUT", self.at + "/drift", body={"on_change": "take"}, version=self.version())
        self.assertNotIn("on_change", self.call(self.runner, "GET", self.at + "/mapping"))

    def test_the_same_person_elsewhere(self):
        """Somebody's other account, or fewer sign-ins, make no second person of who decided."""
        self.let_in("john", "runner", server="target", second_person=True)
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests")])
        only_target = self.person("runner", ["target"])
        self.assertEqual(self.step(only_target, 403, decisions=[self.word("tests", "approved")])["code"], "own_decision")
        self.step(self.person("john", ["target"]), decisions=[self.word("tests", "approved")])

    def test_only_what_changed(self):
        """Last year's decisions, on this year's data set: they stay, and what wants a look is told until somebody looked."""
        self.step(self.runner, label="Last year", decisions=[self.word(n, "accepted", n) for n in ("tests", "stock", "power")])
        self.step(self.runner, comments=[{"source_data_element": self.source.elements["stock"], "text": "in boxes"}])
        new = {**next(e for e in self.source.objects["dataElements"] if e["id"] == self.source.elements["stock"]), "id": "TfSDeNew001", "name": "Bed nets given", "code": "NEW", "shortName": "Bed nets"}
        self.source.objects["dataElements"].append(new)
        self.source.objects["dataSets"][0]["dataSetElements"].append({"dataElement": {"id": new["id"]}})
        next(e for e in self.target.objects["dataElements"] if e["id"] == self.target.elements["tests"])["valueType"] = "TEXT"
        self.program.stop()
        self.start()
        (self.state / "drawbridge.yaml").write_text(CONFIG.format(port=self.port, folder=self.state, **{n: s.port for n, s in self.sims.items()}))
        self.serve()
        self.runner = self.person("runner")
        self.call(self.runner, "POST", self.at + "/drift", version=self.version())
        changed = lambda: {e["source"]["id"]: e["changed"]["reason"] for e in self.call(self.runner, "GET", self.at)["elements"] if "changed" in e}
        self.assertEqual(set(changed()), {self.source.elements["tests"], "TfSDeNew001"})
        self.assertIn("new in the data set", changed()["TfSDeNew001"])
        codes = {e["source"]["id"]: e["changed"]["code"] for e in self.call(self.runner, "GET", self.at)["elements"] if "changed" in e}
        self.assertEqual(codes["TfSDeNew001"], "new")
        self.assertRegex(codes[self.source.elements["tests"]], r"^(source|target) [a-z_]+ [a-z_]+$")
        self.assertEqual([self.element(n)["decision"]["state"] for n in ("tests", "stock", "power")], ["proposed", "accepted", "accepted"])
        self.assertEqual(self.element("stock")["comments"], 1)
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests")])
        self.assertEqual(set(changed()), {"TfSDeNew001"})
        self.step(self.runner, undo=True)
        self.step(self.runner, 409, undo=True)  # what was done before is about servers that are no longer
        self.assertEqual([d["decision"] for s in self.history(query=f"?source_data_element={self.source.elements['tests']}") if s["label"].startswith("Went on") for d in s["before"]], ["accepted"])


del Servers


class TwoLanguages(Several):
    """Who made it sees names as each server shows them to that person; who is let in, in their own language, as far as a server has them in it."""

    def start(self, **more):
        for side in (self.source, self.target):
            for kind in ("dataSets", "dataElements", "categoryCombos", "categoryOptionCombos"):
                for n, one in enumerate(side.objects[kind]):
                    one["translations"] = [{"locale": lang, "property": "NAME", "value": f"{one['id']} ({side.kind} {lang})"} for lang in ("fr", "ar", "pt_BR")[:3 if n % 2 == 0 else 2]]
        super().start(**more)

    def named(self, value, found):
        """All that has a name, as (id, name, lang) in `found`; the rest of it."""
        if isinstance(value, list):
            return [self.named(one, found) for one in value]
        if not isinstance(value, dict):
            return value
        if "id" in value and "name" in value:
            found.append((value["id"], value["name"], value.get("lang")))
        return {key: self.named(one, found) for key, one in value.items() if key not in ("name", "lang", "above", "own")}

    def read(self, browser, language, path=""):
        answer = browser.call("GET", self.at + path, headers={"Accept-Language": language})
        self.assertEqual(answer.status, 200, answer)
        self.assertIn("Accept-Language", answer.header("Vary"))
        found = []
        return self.named(answer.json, found), found

    def check(self, found, language):
        """Each name is the one in that language where there is one, else the one that is stored; of the right side, also where an id is on both."""
        self.assertGreater(len(found), 3)
        stored = {one["id"]: one for side in (self.source, self.target) for kind in side.objects.values() for one in kind if isinstance(one, dict) and "name" in one}
        for id_, name, lang in found:
            locales = [t["locale"] for t in stored.get(id_, {}).get("translations", [])]
            locale = next((one for one in locales if one.split("_")[0] == language), None)
            if locale:
                self.assertEqual(lang, locale.replace("_", "-"), id_)
                self.assertIn(name, [f"{id_} ({side.kind} {locale})" for side in (self.source, self.target)])
            else:
                self.assertIsNone(lang, id_)
                self.assertNotIn("(", name.removeprefix("(") if id_ not in stored else name.replace(stored[id_]["name"], ""))

    def test_each_reads_in_their_own(self):
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests"), self.word("stock", "rejected", "cases")])
        self.let_in("john", second_person=True)
        mine = {path: self.read(self.runner, "ar", path) for path in ("", "/combos")}
        self.check(mine[""][1], "none")  # who made it has chosen no language at either server
        for language in ("fr", "ar", "pt", "en"):
            for path, (state, _) in mine.items():
                theirs, found = self.read(self.john, language, path)
                self.assertEqual(theirs, state, path)
                self.check(found, language)
            [listed] = self.john.call("GET", "/v1/alignments", headers={"Accept-Language": language}).json
            for side, of in (("source", self.source), ("target", self.target)):
                self.assertEqual(listed[side]["data_set"]["name"], f"{of.data_set} ({of.kind} {language if language != 'pt' else 'pt_BR'})" if language != "en" else of.objects["dataSets"][0]["name"])
                self.assertEqual(set(listed[side]) - {"locale", "calendar"}, {"server", "data_set"})
        answer = self.john.call("PATCH", self.at, headers={"If-Match": f'"{self.version()}"', "Accept-Language": "fr"}, body={"decisions": [self.word("power", "none")]})
        self.assertEqual(answer.status, 200, answer)
        changes = []
        self.named(answer.json, changes)
        self.check(changes, "fr")
        self.check(self.read(self.runner, "ar")[1], "none")  # what is kept stays as it was


    def test_what_changed_at_the_servers(self):
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests")])
        self.let_in("john")
        element = next(e for e in self.target.objects["dataElements"] if e["id"] == self.target.elements["tests"])
        element["valueType"] = "TEXT"
        self.program.stop()
        self.start()
        (self.state / "drawbridge.yaml").write_text(CONFIG.format(port=self.port, folder=self.state, **{n: s.port for n, s in self.sims.items()}))
        self.serve()
        for name, language, called in (("john", "fr", (f"{element['id']} (T fr)", "fr")), ("john", "es", (element["name"], None)), ("runner", "fr", (element["name"], None))):
            answer = self.person(name).call("GET", self.at + "/drift", headers={"Accept-Language": language})
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual({(one["object"]["name"], one["object"].get("lang")) for one in answer.json["changes"] if one["object"]["id"] == element["id"]}, {called})


class SecondPersonOfUnits(Several):
    """One org unit has the same id on both sides, the other one another id at the target: so there is a list of pairs."""

    def start(self):
        self.first, self.moved = self.source.units
        self.there = self.moved.replace("Ou", "Xu")
        next(u for u in self.target.objects["organisationUnits"] if u["id"] == self.moved)["id"] = self.there
        self.target.units = [self.first, self.there]
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": unit} for unit in self.target.units]
        super().start()

    def unit_word(self, decision, to=None):
        return {"kind": "org_unit", "source": self.moved, "decision": decision, **({"targets": [{"id": to}]} if to else {})}

    def pair(self, browser):
        return next(pair for pair in self.call(browser, "GET", self.at + "/places")["org_units"]["pairs"] if pair["source"]["id"] == self.moved)

    def sent(self, **more):
        run = self.run_to_its_end(**more)
        self.assertIn(run["state"], ("done", "refused"), run)
        return {key[3] for key in self.stored("target")}, run["counts"]["unmapped"].get("not_approved", 0)

    def test_a_run_waits_for_the_second_person(self):
        self.let_in("john", second_person=True)
        others = [self.word(name, "none") for name in self.source.elements if name != "tests"]  # so that nothing of them waits
        self.step(self.runner, decisions=[self.word("tests", "accepted", "tests"), *others])
        self.step(self.john, decisions=[self.word("tests", "approved")])
        self.step(self.john, 400, decisions=[self.unit_word("approved")])  # nobody decided it, sure as the engine may be
        units, held_back = self.sent(accept=["accepted", "auto", "proposed"])
        self.assertEqual((units, held_back > 0), ({self.first}, True))  # what keeps its id waits for nobody
        self.step(self.runner, bulk=True, decisions=[self.unit_word("accepted", self.there)])
        self.assertEqual(self.step(self.runner, 403, decisions=[self.unit_word("approved")])["code"], "own_decision")
        self.assertEqual([self.pair(who).get("own") for who in (self.runner, self.john)], [True, None])
        units, held_back = self.sent()
        self.assertEqual((units, held_back > 0), ({self.first}, True))
        self.step(self.john, label="Approved: Facility 1", decisions=[self.unit_word("approved")])
        decision = self.pair(self.runner)["decision"]
        self.assertEqual((decision["by"], decision["approved_by"], bool(decision["approved_at"])), ("runner", "john", True))
        self.assertEqual(self.sent(), ({self.first, self.there}, 0))

        mapping = self.call(self.runner, "GET", self.at + "/mapping")
        pairs = {pair["source"]: pair for pair in mapping["org_units"]}
        self.assertEqual((pairs[self.moved]["by"], pairs[self.moved]["approved_by"]), ("runner", "john"))
        self.assertFalse({"by", "approved_by"} & set(pairs[self.first]))
        for approved, held_back in ((True, False), (False, True)):  # by the command line, which needs no alignment
            if not approved:
                del pairs[self.moved]["approved_by"], pairs[self.moved]["approved_at"]
            (self.folder / "mapping.json").write_text(json.dumps(mapping))
            report = self.transfer("--dry-run", journal=None)
            self.assertEqual((report["counts"]["cells"] > 0, report["counts"]["unmapped"].get("not_approved", 0) > 0), (True, held_back))
        mapping.pop("approval")
        (self.folder / "mapping.json").write_text(json.dumps(mapping))
        self.assertEqual(self.transfer("--dry-run", journal=None)["counts"]["unmapped"].get("not_approved", 0), 0)
        self.assertGreater(self.transfer("--dry-run", "--require-approval", journal=None)["counts"]["unmapped"]["not_approved"], 0)

        self.step(self.runner, decisions=[self.unit_word("accepted", self.there)])
        self.assertNotIn("approved_by", self.pair(self.john)["decision"])  # decided anew: to be approved anew

    def test_two_people_at_once(self):
        """Who approves has seen what is approved: of what was decided anew meanwhile nothing is approved unseen."""
        self.let_in("john", second_person=True)
        self.step(self.runner, decisions=[self.unit_word("accepted", self.there)])
        seen = self.version()
        self.step(self.runner, decisions=[self.unit_word("accepted", self.first)])
        self.assertEqual(self.step(self.john, 412, version=seen, decisions=[self.unit_word("approved")])["code"], "changed_meanwhile")
        decision = self.pair(self.john)["decision"]
        self.assertEqual((decision["targets"][0]["id"], "approved_by" in decision), (self.first, False))
        self.step(self.john, decisions=[self.unit_word("approved")])
        self.step(self.runner, decisions=[self.unit_word("none")])
        self.assertEqual(self.step(self.john, 409, undo=True, of="places")["code"], "conflict")  # that is not john's to take back
        self.step(self.runner, undo=True, of="places")
        self.assertEqual(self.pair(self.runner)["decision"]["approved_by"], "john")  # as it was, with who had approved it
        self.step(self.john, undo=True, of="places")
        self.assertNotIn("approved_by", self.pair(self.runner)["decision"])


if __name__ == "__main__":
    unittest.main()
