"""The audit log: who did what, kept apart from the log."""
import json
import os
import re
import time
import signal

import harness
from gateway import Gateway
from test_gateway_apps import APPS, FAR

HEADER = harness.ROOT / "src/gateway/audit.h"
MEMBERS = ["time", "level", "event", "outcome", "code", "reason", "request_id", "peer", "app", "server", "kind", "user", "session", "what"]

# A data set at one org unit, of which nothing was ever reported: what a schedule can be made for.
NOTHING_YET = {
    "organisationUnits": [{"id": "TfNowhere01", "name": "Nowhere", "shortName": "Nowhere", "openingDate": "2020-01-01"}],
    "dataElements": [{"id": "TfNothing01", "name": "Nothing", "shortName": "Nothing", "domainType": "AGGREGATE", "valueType": "INTEGER", "aggregationType": "SUM"}],
    "dataSets": [{"id": "TfNowhere01", "name": "Nothing yet", "shortName": "Nothing yet", "periodType": "Monthly", "dataSetElements": [{"dataElement": {"id": "TfNothing01"}}], "organisationUnits": [{"id": "TfNowhere01"}],
                  "sharing": {"public": "rwrw----"}}],
}

CELL = {"data_element": "TfNothing01", "category_option_combo": "HllvX50cXC0"}


class Audit(Gateway):
    audit = None  # where it goes: set by start()

    def start(self, *words, audit=None, **more):
        self.audit = audit or self.directory() / "audit.log"
        super().start(*words, **more)

    def serve(self):
        if "audit:" not in self.config_text:
            self.config_text = self.config_text.replace("format: json}", f"format: json, audit: {self.audit}}}")
        super().serve()

    def nothing_leaked(self):
        super().nothing_leaked()
        for path in self.audit.parent.glob("audit*") if self.audit != "/dev/full" and self.audit != "stderr" else []:
            for secret in self.secrets:
                self.assertNotIn(secret, path.read_text(), "a secret is in the audit log")

    def lines(self, path=None):
        return [json.loads(line) for line in (path or self.audit).read_text().splitlines()]

    def events(self, name):
        return [line for line in self.lines() if line["event"] == name]

    def reload(self, text, until):
        self.config.write_text(text)
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: until in self.audit.read_text(), until)


class Lines(Audit):
    def test_every_action(self):
        """[R-H6, R-H5] Each action of the table is done once, and leaves its line with who, where and how it went; no other line is there, and none in the log."""
        secret = self.directory() / "secret"
        secret.write_text("a long enough secret")
        secret.chmod(0o600)
        self.start([("one", "2.43"), ("two", "2.41"), ("inside", None, "url: http://localhost:1\n    insecure: true"),
                    ("api", None, f"type: http\n    url: http://127.0.0.1:1\n    oauth: {{client_id: x, client_secret: {{file: {secret}}}}}")], apps=APPS, more=f"admin_socket: {secret.parent}/admin.sock")
        self.config_text = self.config_text.replace("  - id: inside\n    addresses: [127.0.0.0/8]\n", "  - id: inside\n").replace("name: The one", "name: The one\n    home: true")
        self.restart()
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.authorize(browser, "one")
        token, token_id = self.people["two"].pat("ada")
        self.sign_in(browser, "two", kind="pat", token=token, remember=True)
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.authorize(browser, "one")
        self.assertEqual(browser.call("DELETE", "/v1/vault").status, 204)
        self.sign_in(browser, "two", kind="pat", token=token)
        order = {"mapping": {"format": "drawbridge-mapping", "version": 1, "source": {"server": "two", "data_sets": ["TfNowhere01"]}, "target": {"server": "two", "data_sets": ["TfNowhere01"]}, "rules": []},
                 "from": "two", "to": "two", "periods": ["202401"], "org_units": ["TfNowhere01"],
                 "unattended_until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))}
        self.assertEqual(browser.call("POST", "/v1/runs", body=order).status, 201)
        harness.wait_for(lambda: self.events("mandate_ended"), "the end of the run")
        del order["periods"]
        self.people["two"].admin("POST", "/api/metadata", NOTHING_YET)
        order["mapping"]["rules"] = [{"target": CELL, "terms": [{"sign": "+", **CELL}], "decision": "accepted"}]
        schedule = browser.call("POST", "/v1/schedules", body={**order, "name": "monthly", "period_type": "Monthly", "after_day": 1}).json
        self.command("admin", "--config", self.config, "mandates", "end", "--", schedule["id"])
        self.sign_in(browser, "two", 401, kind="password", username="ada", password="Wrong-horse-7")
        self.refused(browser.call("GET", "/s/two/api/apiToken"), 403, "policy")
        self.people["two"].delete_pat("ada", token_id)
        harness.wait_for(lambda: browser.call("GET", "/s/two/api/me").status == 401, "the end of the token")
        self.people["one"].control("expire")
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required")
        self.refused(self.sign_in(browser, "inside", 502, kind="pat", token="d2p_" + "a" * 50), 502, "address_refused")
        self.assertNotEqual(browser.call("POST", "/v1/handoff", {"Origin": FAR}, {"code": "a" * 43, "verifier": "b" * 43}).status, 200)
        self.assertEqual(browser.call("POST", "/v1/backchannel-logout/api", {"Content-Type": "application/x-www-form-urlencoded"}, "logout_token=x").status, 400)
        self.assertEqual(browser.call("DELETE", "/v1/servers/two/connection").status, 204)
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.command("keys", "rotate", "--config", self.config)
        self.reload(self.config_text, "configuration_reloaded")
        self.reload("nonsense: [", "configuration_refused")
        self.program.stop()
        lines = self.lines()
        actions = re.findall(r"^  X\((\w+),", HEADER.read_text(), re.M)
        self.assertEqual({line["event"] for line in lines}, set(actions))
        self.assertEqual(set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`\w+`.*?) \|", (harness.ROOT / "docs/operating.md").read_text(), re.M)))), set(actions), "docs/operating.md lists them")
        for line in lines:
            self.assertEqual(list(line), MEMBERS)
            self.assertEqual(line["level"], "audit")
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        for action in actions:
            self.assertNotIn(f'"event":"{action}"', self.program.log())
        told = {line["event"]: {name: value for name, value in line.items() if value and name in ("outcome", "code", "server", "kind", "user")} for line in lines}
        self.assertEqual(told["sign_in_failed"], {"outcome": "failed", "code": "address_refused", "server": "inside", "kind": "pat"})
        self.assertEqual(told["signed_in"], {"outcome": "ok", "server": "two", "kind": "pat", "user": "ada"})
        self.assertEqual(told["call_denied"], {"outcome": "failed", "code": "policy", "server": "two", "kind": "pat", "user": "ada"})
        self.assertEqual(told["credential_refused"], {"outcome": "failed", "code": "reauth_required", "server": "two", "kind": "pat", "user": "ada"})
        self.assertEqual(told["renewal_failed"], {"outcome": "failed", "code": "reauth_required", "server": "one", "kind": "oauth", "user": "ada"})
        self.assertEqual(told["address_refused"], {"outcome": "failed", "code": "address_refused", "server": "inside"})
        self.assertEqual({(line["server"], line["outcome"]) for line in lines if line["event"] == "signed_out"}, {("one", "ok"), ("two", "ok")})
        for line in lines:
            if line["event"] in ("signed_in", "signed_out", "session_ended", "call_denied"):
                self.assertRegex(line["session"], r"^[0-9a-f]{12}$", line)
                self.assertRegex(line["request_id"], r"^[a-p]{16}$", line)
                self.assertEqual(line["peer"], "127.0.0.1")
        handoff = next(line for line in lines if line["event"] == "handoff_failed")
        self.assertEqual(handoff["app"], FAR)

    def test_nothing_from_outside_makes_a_line(self):
        """[A21] A user name with line ends and quotes stays inside its member."""
        self.start([("one", "2.41")])
        name = 'ada\r\n{"event":"signed_in","user":"eve"}\n"'
        self.sign_in(self.browser(), "one", 401, kind="password", username=name, password="Wrong-horse-7")
        self.assertEqual([line["user"] for line in self.events("sign_in_failed")], [name])
        self.assertEqual(self.events("signed_in"), [])

    def test_with_the_log_where_nothing_is_said(self):
        self.start([("one", "2.41")], audit="stderr")
        self.program.stop()
        self.assertIn('"level":"audit","event":"started"', self.program.log())


class Files(Audit):
    def test_a_renamed_file(self):
        """As logrotate does: renamed, SIGHUP, and what comes is in a new file."""
        self.addCleanup(os.umask, os.umask(0o022))  # that of who runs the tests may leave less
        self.start([("one", "2.41")])
        self.people["one"].add("ada")
        older = self.audit.with_suffix(".1")
        self.audit.rename(older)
        browser = self.browser()
        self.with_password(browser, "one")
        self.assertEqual([line["event"] for line in self.lines(older)], ["started", "signed_in"])
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: self.audit.exists() and self.events("configuration_reloaded"), "the new file")
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.assertEqual([line["event"] for line in self.lines()], ["configuration_reloaded", "signed_out", "session_ended"])
        self.assertEqual(self.audit.stat().st_mode & 0o777, 0o640)

    def test_a_full_disk(self):
        """[R-H6] Nobody waits or is refused for it: it is told once, counted, and the lines go to the log instead."""
        self.start([("one", "2.41")], audit="/dev/full")
        self.people["one"].add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.me(browser, "one")
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        metrics = harness.call(self.admin, "GET", "/metrics").body.decode()
        self.assertIn("\ndrawbridge_audit_lost_total 4\n", metrics)
        self.program.stop()
        log = [json.loads(line) for line in self.program.log().splitlines()]
        self.assertEqual(len([line for line in log if line["event"] == "audit_not_written"]), 1)
        self.assertEqual([line["event"] for line in log if line["level"] == "audit"], ["started", "signed_in", "signed_out", "session_ended", "stopping"])

    def test_a_file_that_cannot_be_written(self):
        """[R-H3] Refuses the start; at a reload everything stays as it was."""
        self.start([("one", "2.41")])
        nowhere = self.config_text.replace(str(self.audit), "/nowhere/audit.log")
        bad = self.state / "bad.yaml"
        bad.write_text(nowhere)
        self.assertIn("/nowhere/audit.log", self.command("serve", "--config", bad, expect=2)[1])
        self.reload(nowhere.replace("The one", "Another"), "configuration_refused")
        self.assertEqual(self.browser().call("GET", "/v1/servers").json[0]["name"], "The one")


del Audit, Gateway
