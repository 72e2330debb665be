"""Runs through the gateway's API: started by a person, watched, cancelled, resumed, also after the program was killed; and nobody else's to see."""
import base64
import collections
import csv
import functools
import io
import json
import os
import threading
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import Between, Servers

CONFIG = """\
public_url: http://127.0.0.1:{port}
listen: [127.0.0.1:{port}]
store: sqlite:{folder}/state.db
keys: {folder}/keys
servers:
  - {{id: source, name: Source, url: "http://127.0.0.1:{source}", addresses: [127.0.0.0/8], limits: {{response_header_timeout: 60s}}}}
  - {{id: target, name: Target, url: "http://127.0.0.1:{target}", addresses: [127.0.0.0/8]}}
log: {{level: info, format: json}}
"""
TOGETHER, OFTEN = 6, 20  # requests with one key, and how many times
UNDER_WAY = ("queued", "reading", "translating", "checking", "sending", "verifying")


class Gateway(Servers):
    unit_count = 3

    def prepare(self):
        """Before the servers start."""

    def setUp(self):
        super().setUp()
        self.prepare()
        self.start()
        self.between = {name: Between(sim.port) for name, sim in self.sims.items()}
        for between in self.between.values():
            self.addCleanup(between.close)
        self.port = harness.free_port()
        self.state = self.directory()
        self.config = self.state / "drawbridge.yaml"
        self.config.write_text(CONFIG.format(port=self.port, folder=self.state, **{n: b.port for n, b in self.between.items()}))
        self.serve()
        self.browser = self.signed_in()

    def serve(self):
        self.program = harness.Program("drawbridge", ["drawbridge", "serve", "--config", self.config], self.port)
        self.addCleanup(self.program.stop)

    def signed_in(self, *servers):
        browser = harness.Browser(self.port)
        for server in servers or ("source", "target"):
            answer = browser.call("POST", f"/v1/servers/{server}/connection", body={"kind": "pat", "token": self.environment[f"DRAWBRIDGE_{server.upper()}_TOKEN"]})
            self.assertEqual(answer.status, 201, answer)
        return browser

    def order(self, **more):
        return {"mapping": fixture.mapping(self.source, self.target), "from": "source", "to": "target", "periods": list(fixture.PERIODS), "org_units": self.source.units, **more}

    def begin(self, expect=201, browser=None, headers=None, **more):
        answer = (browser or self.browser).call("POST", "/v1/runs", headers=headers, body=self.order(**more))
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def broken_off(self, begin, step=("POST", 2, "after"), end=None):
        """What `begin` has begun, where the program was killed at that step of the target, or ended as `end` does it."""
        between = self.between["target"]
        between.stop_at = step
        begun = begin()
        self.assertTrue(between.stopped.wait(harness.PATIENCE))
        (end or self.program.kill)()
        between.stop_at = None
        return begun

    def held(self, number=1, **more):
        """A run one of whose batches the target has written, and whose answer waits: (run, event that lets it go)."""
        held, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def alter(method, at, answer):
            if method == "POST" and at == number:
                held.set()
                go_on.wait(harness.PATIENCE)
        self.between["target"].seen.clear()
        self.between["target"].alter = alter
        run = self.begin(**more)
        self.assertTrue(held.wait(harness.PATIENCE))
        return run, go_on

    def run_now(self, run, browser=None):
        return (browser or self.browser).call("GET", f"/v1/runs/{run['id']}").json

    def ended(self, run):
        return harness.wait_for(lambda: (lambda now: now if now["state"] not in UNDER_WAY else None)(self.run_now(run)), "the end of the run")

    def check_run(self, run):
        """As check_whole of the command line, from the API's run and its report."""
        self.report = self.browser.call("GET", f"/v1/runs/{run['id']}/report").json
        self.counts = self.report["counts"]
        self.check_whole()
        self.assertEqual((run["totals"], run["conflicts"], run["state"]), (self.report["control_totals"], [], "done"))
        self.assertEqual(run["counts"]["verified"], len(self.stored("target")))


class Elsewhere(Gateway):
    """A target with other org units, and quarters."""

    def prepare(self):
        fixture.move(self.target)
        self.target.objects["dataSets"][0]["periodType"] = "Quarterly"

    def test_an_alignment_leads_to_the_target_s_units_and_periods(self):
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        alignment = self.browser.call("POST", "/v1/alignments", body=sides).json["id"]
        mapping = self.browser.call("GET", f"/v1/alignments/{alignment}/mapping").json
        self.assertEqual([(p["source"], p["target"]) for p in mapping["org_units"]], list(zip(self.source.units, [*self.target.units[:-1], None])))
        self.assertEqual((mapping["attribute_option_combos"], mapping["periods"]["conversion"]), ([], "roll-up"))
        order = {"alignment": alignment, "periods": ["2024Q1"], "org_units": self.source.units, "dry_run": False, "accept": ["accepted", "auto", "proposed"]}
        run = self.ended(self.browser.call("POST", "/v1/runs", body=order).json)
        stored = self.stored("target", periods=("2024Q1", "2024Q2"))
        self.assertEqual({(p, u) for _, _, p, u, _ in stored}, {("2024Q1", u) for u in self.target.units[:-1]})
        summed = {self.target.elements[name] for name in ("cases", "tests")}
        totals = [t for t in run["totals"] if t["data_element"] in summed]
        self.assertEqual([(t["period"], t["equal"]) for t in totals], [("2024Q1", True)] * len(summed))
        self.assertEqual({c["code"] for c in run["conflicts"]}, {"not_a_number", "not_summable"})  # remarks and shares of a quarter
        run = self.ended(self.browser.call("POST", "/v1/runs", body={**order, "periods": ["202401"]}).json)
        self.assertEqual(run["state"], "failed")
        self.assertIn("name periods of the target", run["problem"]["detail"])


class Copied(Gateway):
    """A store with the journals of its runs, by root into a folder of the service's."""

    def prepare(self):
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.source.units[1:]]

    @unittest.skipUnless(os.geteuid() == 0, "of root")
    def test_all_of_it_is_left_to_whose_folder_it_is(self):
        self.ended(self.begin())  # something is refused, so that there is a list of that too
        self.program.stop()
        there = self.directory()
        os.chown(there, 4711, 4712)
        self.command("store", "copy", f"sqlite:{self.state}/state.db", f"sqlite:{there}/state.db")
        made = {path: (path.stat().st_uid, path.stat().st_gid) for path in there.rglob("*")}
        self.assertEqual({path.name for path in made} & {"journal", "mapping.json", "undo.csv", "refused.csv", "state.db"}, {"journal", "mapping.json", "undo.csv", "refused.csv", "state.db"})
        self.assertEqual({str(path): owner for path, owner in made.items() if owner != (4711, 4712)}, {})


class Foreseen(Gateway):
    """What the target would refuse is in the answer to a dry run, with the place where it is mended; and least and largest values where they are asked for."""

    def prepare(self):
        self.target.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.source.units[1:]]
        self.target.objects["users"].append({**self.target.objects["users"][0], "id": fixture.uid("TUs", 9), "username": "boss", "userRoles": [{"id": fixture.uid("TUr", 9)}]})
        self.target.objects["userRoles"].append({"id": fixture.uid("TUr", 9), "name": "Boss", "description": "Does all", "authorities": ["ALL"]})

    def test_before_anything_is_sent(self):
        run = self.ended(self.begin(dry_run=True))
        kinds = {c["code"]: c for c in run["conflicts"]}
        self.assertEqual((run["state"], set(kinds), self.stored("target")), ("refused", {"org_unit_not_assigned"}, {}))
        self.assertIn("Data set > Organisation units", kinds["org_unit_not_assigned"]["remedy"])
        self.assertEqual({c["target"]["org_unit"] for c in kinds["org_unit_not_assigned"]["cells"]}, {self.source.units[0]})
        element, coc = self.target.cell("tests")
        limit = {"source": {"id": self.source.units[1]}, "dataElement": {"id": element}, "optionCombo": {"id": coc}, "min": -10, "max": -9}
        headers = {"Authorization": "Basic " + base64.b64encode(b"boss:Runner-test-1").decode()}
        self.assertEqual(harness.call(self.sims["target"].port, "POST", "/api/minMaxDataElements", headers, limit).status, 201)
        checked = self.ended(self.begin(dry_run=True, check_min_max=True))
        self.assertEqual({c["code"] for c in checked["conflicts"]}, {"org_unit_not_assigned", "min_max"})
        self.assertGreater(checked["counts"]["refused"], run["counts"]["refused"])
        self.assertEqual(checked["estimate"], self.browser.call("GET", f"/v1/runs/{checked['id']}/report").json["estimate"])
        self.begin(expect=400, check_min_max="yes")
        self.begin(expect=400, unknown_units="ignore")
        self.assertEqual(self.begin(expect=400, read="analytics", comments="carry")["code"], "input")
        page = self.browser.call("GET", f"/v1/runs/{checked['id']}/report?format=html").body.decode()
        self.assertIn("Min and max limits", page)


class Runs(Gateway):
    def test_sent_and_seen_from_the_start_to_the_end(self):
        run, go_on = self.held(org_units=[fixture.ROOT], descendants=True)
        self.assertEqual({k: run[k] for k in ("from", "to", "dry_run", "by", "periods")}, {"from": "source", "to": "target", "dry_run": False, "by": "runner", "periods": list(fixture.PERIODS)})
        now = self.run_now(run)
        self.assertEqual((now["state"], now["progress"]), ("sending", {"done": 0, "of": 3}))
        self.assertEqual(self.browser.call("GET", f"/v1/runs/{run['id']}/report").status, 404)
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 409)
        go_on.set()
        self.check_run(self.ended(run))
        listed = self.browser.call("GET", "/v1/runs").json
        self.assertEqual([(r["id"], r["state"]) for r in listed], [(run["id"], "done")])
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 409)
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/cancel").json["state"], "done")

    def test_its_batches_are_seen_as_they_go(self):
        run, go_on = self.held(number=2)
        first, = self.run_now(run)["batches"]
        go_on.set()
        ended = self.ended(run)
        report = self.browser.call("GET", f"/v1/runs/{run['id']}/report").json
        self.assertEqual((ended["batches"][0], ended["batches"]), (first, report["batches"]))
        self.assertEqual([(b["number"], b["period"], b["org_unit"], b["name"], b["org_units"]) for b in report["batches"]],
                         [(i + 1, p, self.target.units[0], "Facility 0", len(self.target.units)) for i, p in enumerate(fixture.PERIODS)])
        self.assertEqual([sum(b[what] for b in report["batches"]) for what in ("values", "created", "updated", "removed", "ignored")], [ended["counts"]["sent"]] * 2 + [0] * 3)
        self.assertEqual(sorted(b["at"] for b in report["batches"]), [b["at"] for b in report["batches"]])

    def test_a_dry_run_writes_nothing(self):
        run = self.ended(self.begin(dry_run=True))
        self.assertEqual((run["state"], run["dry_run"], self.stored("target")), ("done", True, {}))
        self.assertEqual(run["counts"]["created"], run["counts"]["sent"])
        self.assertTrue(all(t["equal"] for t in run["totals"]))

    def test_what_was_checked_is_sent_as_it_was_checked(self):
        """From another place than where it was ordered: the run tells its order, and that is a run again; of its mapping here, of its alignment in another test."""
        choices = {"check_min_max": True, "comments": "carry", "unknown_units": "skip", "deletions": "delete", "changed_since": "2024-01-31", "wait": True, "approval": False, "accept": ["accepted", "proposed"], "language": "fr"}
        checked = self.ended(self.begin(dry_run=True, **choices))
        order = self.browser.call("GET", f"/v1/runs/{checked['id']}/order").json
        wanted = self.order(dry_run=True, **choices)
        del wanted["approval"]  # nothing asks for it
        self.assertEqual(order, wanted)
        sent = self.browser.call("POST", "/v1/runs", body={**order, "dry_run": False})
        self.assertEqual(sent.status, 201, sent)
        run = self.ended(sent.json)
        self.assertEqual((run["state"], run["counts"]["sent"]), ("done", checked["counts"]["sent"]))
        self.assertNotIn("dry_run", self.browser.call("GET", f"/v1/runs/{run['id']}/order").json)
        undo = self.browser.call("POST", f"/v1/runs/{run['id']}/undo").json
        refused = self.browser.call("GET", f"/v1/runs/{undo['id']}/order")
        self.assertEqual((refused.status, refused.json["code"]), (409, "conflict"))

    def test_a_list_tells_what_was_read_and_sent(self):
        """So that a run that found nothing is not taken for one that sent all; nothing of one that has not ended."""
        def listed(run):
            [one] = [each for each in self.browser.call("GET", "/v1/runs").json if each["id"] == run["id"]]
            return {name: one[name] for name in ("state", "read", "sent") if name in one}
        empty = self.ended(self.begin(periods=["199901"]))
        self.assertEqual((listed(empty), empty["read"]), ({"state": "done", "read": 0, "sent": 0}, 0))
        run, go_on = self.held()
        self.assertEqual(listed(run), {"state": "sending"})
        go_on.set()
        counts = self.ended(run)["counts"]
        self.assertEqual(listed(run), {"state": "done", "read": counts["read"], "sent": counts["sent"]})
        self.assertGreater(counts["sent"], 0)

    def test_the_same_key_is_the_same_run(self):
        first = self.begin(headers={"Idempotency-Key": "one"})
        again = self.begin(headers={"Idempotency-Key": "one"}, expect=200)
        self.assertEqual(first["id"], again["id"])
        for other in ({"periods": fixture.PERIODS[:1]}, {"dry_run": True}, {"check_min_max": True}):
            self.assertIn("Idempotency-Key", self.begin(headers={"Idempotency-Key": "one"}, expect=409, **other)["detail"])
        self.assertNotEqual(self.begin(headers={"Idempotency-Key": "two"}, dry_run=True)["id"], first["id"])
        self.check_run(self.ended(first))

    def test_the_same_key_at_the_same_moment(self):
        """Whoever comes while the first one is just being begun is told that it is under way."""
        for i in range(OFTEN):
            begin = functools.partial(self.browser.call, "POST", "/v1/runs", headers={"Idempotency-Key": f"at once {i}"}, body=self.order(dry_run=True))
            answers = harness.together(*[begin] * TOGETHER)
            self.assertEqual(sorted(one.status for one in answers), [200] * (TOGETHER - 1) + [201])
            self.assertEqual(len({one.json["id"] for one in answers}), 1)
            self.assertNotIn("interrupted", {one.json["state"] for one in answers})
            self.assertEqual(self.ended(answers[0].json)["state"], "done")

    def test_cancelled_and_gone_on_with(self):
        run, go_on = self.held()
        self.assertIn(self.browser.call("POST", f"/v1/runs/{run['id']}/cancel").json["state"], UNDER_WAY)
        go_on.set()
        ended = self.ended(run)
        self.assertEqual((ended["state"], [b["number"] for b in ended["batches"]]), ("cancelled", [1]))
        sent = len(self.stored("target"))
        self.assertLess(sent, len(self.wanted()))
        answer = self.browser.call("POST", f"/v1/runs/{run['id']}/resume")
        self.assertEqual(answer.status, 200, answer)
        self.check_run(self.ended(run))

    def test_paused_after_the_batch_and_gone_on_with(self):
        """What was under way is finished and read back; nothing more is sent until it is gone on with; the report says so."""
        run, go_on = self.held()
        self.assertIn(self.browser.call("POST", f"/v1/runs/{run['id']}/pause").json["state"], UNDER_WAY)
        go_on.set()
        self.assertEqual(self.ended(run)["state"], "paused")
        self.assertEqual(self.browser.call("GET", f"/v1/runs/{run['id']}/report").json["outcome"], "paused")
        sent, counts = len(self.stored("target")), self.browser.call("GET", f"/v1/runs/{run['id']}/report").json["counts"]
        self.assertTrue(0 < sent < len(self.wanted()), sent)
        self.assertEqual((counts["sent"], counts["created"], counts["verified"], counts["cells"]), (sent, sent, 0, sent))  # what the target took, and what was proved of it
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/pause").json["state"], "paused")
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.check_run(self.ended(run))
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/pause").json["state"], "done")

    def test_cancelled_is_not_paused(self):
        run, go_on = self.held()
        for what in ("pause", "cancel", "pause"):
            self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/{what}").status, 200)
        go_on.set()
        self.assertEqual(self.ended(run)["state"], "cancelled")

    def test_the_program_is_killed_in_the_middle(self):
        run = self.broken_off(self.begin)
        self.serve()
        self.assertEqual(self.run_now(run)["state"], "interrupted")
        self.assertEqual(self.lists(run), [])  # nothing was refused so far
        self.assertEqual([r["state"] for r in self.browser.call("GET", "/v1/runs").json], ["interrupted"])
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.check_run(self.ended(run))

    def test_the_program_is_stopped_in_the_middle(self):
        """SIGTERM does not wait for a server that does not answer."""
        run = self.broken_off(self.begin, ("POST", 1, "before"), end=self.program.stop)
        self.serve()
        self.assertEqual(self.run_now(run)["state"], "interrupted")
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.check_run(self.ended(run))

    def test_what_went_wrong_is_told(self):
        run = self.begin(mapping={**fixture.mapping(self.source, self.target), "target": {"server": "", "data_sets": ["TfNowhere01"]}})
        now = self.ended(run)
        self.assertEqual((now["state"], now["problem"]["code"], now["problem"]["status"]), ("failed", "not_found", 404))
        self.assertIn("TfNowhere01", now["problem"]["detail"])

    def test_orders_that_mean_nothing(self):
        for more in ({"dryrun": True}, {"dry_run": "yes"}, {"periods": []}, {"periods": ["hello"]}, {"org_units": ["no"]}, {"accept": ["all"]}, {"mapping": {"format": "other"}}, {"mapping": 7}, {"from": ""}, {"org_units": "x"}):
            answer = self.browser.call("POST", "/v1/runs", body=self.order(**more))
            self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"), more)
        self.assertEqual(self.browser.call("POST", "/v1/runs", body=b"{").status, 400)
        answer = self.browser.call("POST", "/v1/runs", body=self.order(**{"from": "nowhere"}))  # no sign-in mends that
        self.assertEqual((answer.status, answer.json["code"]), (404, "unknown_server"))
        self.assertEqual(self.browser.call("GET", "/v1/runs").json, [])

    def test_all_that_was_refused(self):
        """A run tells the first of each kind, and has all of them as a file; also one that was stopped."""
        made = [(self.target.cell(name), [(1, self.source.cell("remark"))]) for name in ("balance", "stock", "share")]
        order = {"mapping": fixture.mapping(self.source, self.target, [*made, *fixture.rules(self.source, self.target)[:1]])}
        remarks = sum(1 for cell in self.stored("source") if cell[0] == self.source.elements["remark"])
        held, go_on = self.held(**order)
        answer = self.browser.call("GET", f"/v1/runs/{held['id']}/refused")
        self.assertEqual((answer.status, answer.json["code"]), (409, "conflict"))
        go_on.set()
        run = self.ended(held)
        self.assertEqual((run["state"], run["refused_rows"], run["counts"]["refused"]), ("refused", 3 * remarks, 3 * remarks))
        self.assertLess(sum(len(c["cells"]) for c in run["conflicts"]), run["refused_rows"])
        answer = self.browser.call("GET", f"/v1/runs/{run['id']}/refused")
        self.assertEqual((answer.status, answer.header("Content-Type"), answer.header("Content-Disposition")), (200, "text/csv; charset=utf-8", 'attachment; filename="refused.csv"'))
        rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline=""), strict=True))
        self.assertEqual(collections.Counter(row["data_element"] for row in rows), {self.target.elements[name]: remarks for name in ("balance", "stock", "share")})
        self.assertTrue(all(self.source.elements["remark"] in row["sources"] for row in rows))
        none = self.ended(self.begin(**order, periods=["2024Q1"]))
        answer = self.browser.call("GET", f"/v1/runs/{none['id']}/refused")
        self.assertEqual((none["state"], answer.status, answer.json["detail"]), ("failed", 404, "there is no list of this run: it was refused before it read anything"))

    def lists(self, run):
        answer = self.browser.call("GET", f"/v1/runs/{run['id']}/refused")
        self.assertEqual(answer.status, 200, answer)
        return list(csv.DictReader(io.StringIO(answer.body.decode(), newline=""), strict=True))

    def test_what_a_dry_run_or_an_undo_refuses_is_listed_too(self):
        """Where a run would keep it; and nothing can be gone on with by it."""
        made = [(self.target.cell(name), [(1, self.source.cell("remark"))]) for name in ("balance", "stock", "share")]
        order = {"mapping": fixture.mapping(self.source, self.target, [*made, *fixture.rules(self.source, self.target)[:1]])}
        remarks = sum(1 for cell in self.stored("source") if cell[0] == self.source.elements["remark"])
        dry = self.broken_off(lambda: self.begin(**order, dry_run=True))
        self.serve()
        self.browser = self.signed_in()
        begun = len(self.lists(dry))  # so far as it got
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{dry['id']}/resume").status, 200)
        dry, run = self.ended(dry), self.ended(self.begin(**order))
        self.assertEqual((dry["state"], dry["refused_rows"], run["state"]), ("refused", 3 * remarks, "refused"))
        self.assertCountEqual(self.lists(dry), self.lists(run))
        self.assertTrue(0 < begun < 3 * remarks, begun)
        changed = {cell: "77" for cell in list(self.stored("target"))[:9]}
        self.fill("target", self.target, changed)
        for body in ({"dry_run": True}, None):
            undo = self.ended(self.browser.call("POST", f"/v1/runs/{run['id']}/undo", body=body).json)
            rows = self.lists(undo)
            self.assertEqual((undo["state"], undo["refused_rows"], {row["code"] for row in rows}), ("refused", 9, {"changed_meanwhile"}))
            self.assertEqual({(row["data_element"], row["category_option_combo"], row["period"], row["org_unit"]) for row in rows}, {cell[:4] for cell in changed})
        self.program.stop()
        folder = self.state / "state.db.runs" / dry["id"]
        for way in ("--resume", "--undo"):
            said = self.command("transfer", "--config", self.config, "--journal", folder, way, expect=2, environment=self.environment)[1]
            self.assertIn("holds no run", said)
        there = self.directory()
        self.command("store", "copy", f"sqlite:{self.state}/state.db", f"sqlite:{there}/state.db")
        self.assertEqual((there / "state.db.runs" / dry["id"] / "refused.csv").read_bytes(), (folder / "refused.csv").read_bytes())

    def test_while_an_undo_has_the_journal(self):
        """It, or the check of one: a second is refused before it begins, in words that are of use, and the first goes on."""
        run = self.ended(self.begin())
        held, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def alter(method, at, answer):
            if method == "POST" and not held.is_set():
                held.set()
                go_on.wait(harness.PATIENCE)
        self.between["target"].alter = alter
        check = self.browser.call("POST", f"/v1/runs/{run['id']}/undo", body={"dry_run": True}).json
        self.assertTrue(held.wait(harness.PATIENCE))
        for method, path in (("GET", "refused"), ("POST", "undo")):
            answer = self.browser.call(method, f"/v1/runs/{run['id']}/{path}")
            self.assertEqual((answer.status, answer.json["code"]), (409, "conflict"), answer)
            self.assertIn("an undo of this run, or the check of one, is under way", answer.json["detail"])
            self.assertNotIn(str(self.state), answer.json["detail"])
        self.assertEqual(self.browser.call("GET", f"/v1/runs/{check['id']}").json["progress"], {"done": 0, "of": 3})
        go_on.set()
        self.assertEqual(self.ended(check)["state"], "done")
        self.assertEqual(self.ended(self.browser.call("POST", f"/v1/runs/{run['id']}/undo").json)["state"], "done")
        self.assertEqual((self.stored("target"), self.lists(run)), ({}, []))

    def test_of_somebody_else(self):
        run = self.begin()
        self.ended(run)
        stranger = harness.Browser(self.port)
        self.assertEqual(stranger.call("GET", f"/v1/runs/{run['id']}").status, 401)
        half = self.signed_in("target")  # not signed in at the source: whose run it is cannot be known
        for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/pause"), ("POST", "/resume"), ("GET", "/report"), ("GET", "/refused"), ("GET", "/order")):
            self.assertEqual(half.call(method, f"/v1/runs/{run['id']}{path}").status, 404, path)
        self.assertEqual(half.call("GET", "/v1/runs").json, [])
        answer = half.call("POST", "/v1/runs", body=self.order())
        self.assertEqual((answer.status, answer.json["code"], answer.json["server"]), (401, "not_connected", "source"))
        same_person = self.signed_in()
        self.assertEqual(same_person.call("GET", f"/v1/runs/{run['id']}").json["state"], "done")

    def test_from_an_alignment(self):
        answer = self.browser.call("POST", "/v1/alignments", body={"source": {"server": "source", "data_set": self.source.data_set}, "target": {"server": "target", "data_set": self.target.data_set}})
        self.assertEqual(answer.status, 201, answer)
        order = {"alignment": answer.json["id"], "periods": list(fixture.PERIODS), "org_units": self.source.units, "dry_run": True, "accept": ["accepted", "auto", "proposed"]}
        answer = self.browser.call("POST", "/v1/runs", body=order)
        self.assertEqual(answer.status, 201, answer)
        run = self.ended(answer.json)
        self.assertIn(run["state"], ("done", "refused"))
        self.assertEqual((run["alignment"], run["from"], run["to"]), (order["alignment"], "source", "target"))
        self.assertGreater(run["counts"]["mapped"], 0)
        self.assertEqual({k: v for k, v in self.browser.call("GET", f"/v1/runs/{run['id']}/order").json.items() if k != "language"}, order)
        self.assertEqual(self.browser.call("POST", "/v1/runs", body={**order, "alignment": "no-such-one"}).status, 404)
        self.assertEqual(self.browser.call("POST", "/v1/runs", body={**order, "from": "source"}).status, 400)

    def test_nothing_a_browser_got_is_a_token(self):
        self.ended(self.begin())
        received = b"".join(self.browser.received)
        for token in self.environment.values():
            self.assertNotIn(token.encode(), received)
            self.assertNotIn(token, self.program.log())
        kept = b"".join(p.read_bytes() for p in self.state.rglob("*") if p.is_file())
        for token in self.environment.values():
            self.assertNotIn(token.encode(), kept)
        self.assertTrue(json.loads(next(self.state.rglob("mapping.json")).read_text()))
