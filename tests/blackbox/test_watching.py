"""What watches drawbridge: the dashboard and the alert rules that come with it name what /metrics answers, and nothing else; and what /metrics counts."""
import json
import re

import yaml

import exposition
import harness
from gateway import Gateway
from test_runs import Gateway as Runs

DASHBOARD, RULES = harness.ROOT / "packaging/grafana/drawbridge.json", harness.ROOT / "packaging/prometheus/drawbridge.rules.yaml"
NAME = re.compile(r"\b(?:drawbridge|process)_[a-z_]+\b")


def queries_of(thing):
    """Every `expr` in a JSON document."""
    if isinstance(thing, dict):
        return ([thing["expr"]] if "expr" in thing else []) + [query for value in thing.values() for query in queries_of(value)]
    return [query for value in thing for query in queries_of(value)] if isinstance(thing, list) else []


class Watching(Gateway):
    def test_names(self):
        """Each series is in the dashboard; no query of dashboard or rules asks for one, or for a label or value of one, that there is not."""
        self.start([("one", "2.41")])
        values = exposition.read(harness.call(self.admin, "GET", "/metrics").body.decode())
        families = {}
        for series in values:
            name, _, labels = series.partition("{")
            families.setdefault(name, {})
            for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
                families[name].setdefault(label, set()).add(value)
        families.update({"drawbridge_certificate_expires_seconds": {}})  # only where drawbridge speaks HTTPS
        dashboard, rules = json.loads(DASHBOARD.read_text()), yaml.safe_load(RULES.read_text())
        shown, asked = queries_of(dashboard), [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
        for query in shown + asked:
            for name in NAME.findall(query):
                self.assertIn(name, families, query)
            for name, labels in re.findall(r"\b(drawbridge_[a-z_]+)\{([^}]*)\}", query):
                for label, match, wanted in re.findall(r'(\w+)(=~?)"([^"]*)"', labels):
                    if label != "instance":
                        self.assertIn(label, families[name], query)
                        if not wanted.startswith("$"):
                            self.assertTrue(set(wanted.split("|")) <= families[name][label], query)
        stems = {re.sub(r"_(bucket|sum|count)$", "", name) if name.endswith(("_bucket", "_sum", "_count")) else name for name in families}
        self.assertEqual({re.sub(r"_bucket$", "", name) for query in shown for name in NAME.findall(query)}, stems)
        self.assertGreater(len(asked), 10)

    def test_forms(self):
        """As Grafana and Prometheus want them: ids and places of panels are apart, every alert says what it is and what to do, by labels that its query leaves."""
        dashboard, rules = json.loads(DASHBOARD.read_text()), yaml.safe_load(RULES.read_text())
        panels = dashboard["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = {}
        for panel in panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24)
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    self.assertIsNone(taken.setdefault((x, y), panel["title"]) if (x, y) in taken else taken.update({(x, y): panel["title"]}), panel["title"])
            self.assertTrue(panel["type"] == "row" or all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"]))
        names = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
        self.assertEqual(len(set(names)), len(names))
        for group in rules["groups"]:
            for rule in group["rules"]:
                self.assertIn(rule["labels"]["severity"], ("warning", "critical"))
                left = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", rule["expr"])))) if " by (" in rule["expr"] else {"instance", "server", "pool"}
                for label in re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])):
                    self.assertIn(label, left, rule["alert"])
                self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"].endswith("."), rule["alert"])

    def test_counted(self):
        """What went wrong, by its code; the store's time."""
        self.start([("one", "2.41")])
        browser = self.browser()
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "no_session")
        self.refused(browser.call("GET", "/v1/nothing"), 404, "not_found")
        values = exposition.read(harness.call(self.admin, "GET", "/metrics").body.decode())
        self.assertEqual((values['drawbridge_problems_total{code="no_session"}'], values['drawbridge_problems_total{code="not_found"}'], values['drawbridge_problems_total{code="inside"}']), (1, 1, 0))
        self.assertLess(0, values["process_start_time_seconds"])
        self.people["one"].add("ada")
        self.with_password(browser, "one")
        self.restart()
        self.me(browser, "one")
        self.assertGreater(exposition.read(harness.call(self.admin, "GET", "/metrics").body.decode())["drawbridge_store_seconds_count"], 0)


class OfRuns(Runs):
    def test_counted(self):
        """A run that was begun, paused, gone on with and ended, and its values: each once, and nothing of a dry run, which is no transfer that anybody must be told of."""
        admin = harness.free_port()
        self.program.stop()
        self.config.write_text(self.config.read_text().replace("store:", f"admin_listen: 127.0.0.1:{admin}\nstore:", 1))
        self.serve()
        self.assertEqual(self.ended(self.begin(dry_run=True))["state"], "done")
        run, go_on = self.held(2)
        self.browser.call("POST", f"/v1/runs/{run['id']}/pause")
        go_on.set()
        self.assertEqual(self.ended(run)["state"], "paused")
        self.between["target"].alter = None
        self.browser.call("POST", f"/v1/runs/{run['id']}/resume")
        run = self.ended(run)
        values = harness.wait_for(lambda: (lambda v: v if v['drawbridge_runs_ended_total{state="done"}'] else None)(exposition.read(harness.call(admin, "GET", "/metrics").body.decode())), "the end of the run")
        self.assertEqual((run["state"], values["drawbridge_runs_begun_total"], values['drawbridge_runs_ended_total{state="done"}']), ("done", 2, 1))
        self.assertEqual({what: values[f'drawbridge_run_values_total{{what="{what}"}}'] for what in ("read", "sent", "verified", "refused")}, {what: run["counts"][what] for what in ("read", "sent", "verified", "refused")})


del Gateway, Runs
