"""What goes on without the person: runs that outlive the session they were begun in, by a sign-in of their own with an end; schedules; reports to a folder and a webhook; and runs undone."""
import base64
import datetime
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import sqlite3
import threading
import time

import harness
import transfer_fixture as fixture
from test_runs import Gateway
from test_transfer import api

SECRET = "a shared secret of the test"


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


def after(**delta):
    return (utc_now() + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def last_month():
    """That a schedule sends. The last two minutes of a month are waited for: it may not end within a test."""
    harness.wait_for(lambda: (utc_now() + datetime.timedelta(minutes=2)).month == utc_now().month, "the end of the month")
    return (utc_now().replace(day=1) - datetime.timedelta(days=1)).strftime("%Y%m")


class Unattended(Gateway):
    kind = {"kind": "password", "username": "runner", "password": "Runner-test-1"}
    more_config = ""

    def signed_in(self, *servers):
        browser = harness.Browser(self.port)
        for server in servers or ("source", "target"):
            body = self.kind or {"kind": "pat", "token": self.environment[f"DRAWBRIDGE_{server.upper()}_TOKEN"]}
            answer = browser.call("POST", f"/v1/servers/{server}/connection", body=body)
            self.assertEqual(answer.status, 201, answer)
        return browser

    def serve(self):
        text = self.config.read_text()
        if self.more_config not in text:
            self.config.write_text(text + self.more_config)
        super().serve()

    def rows(self, kind):
        with sqlite3.connect(self.state / "state.db") as store:
            return store.execute("SELECT count(*) FROM documents WHERE kind = ?", (kind,)).fetchone()[0]

    def tokens(self, server):
        """Ids of the person's tokens at a server."""
        headers = {"Authorization": "Basic " + base64.b64encode(b"runner:Runner-test-1").decode(), "X-Requested-With": "XMLHttpRequest", "Accept": "application/json"}
        return {t["id"] for t in harness.call(self.sims[server].port, "GET", "/api/apiToken?paging=false", headers).json["apiToken"]}

    def delete_token(self, server, token):
        headers = {"Authorization": "Basic " + base64.b64encode(b"runner:Runner-test-1").decode(), "X-Requested-With": "XMLHttpRequest"}
        self.assertEqual(harness.call(self.sims[server].port, "DELETE", f"/api/apiToken/{token}", headers).status, 200)

    def back(self, run):
        """The same person in another browser."""
        self.browser = self.signed_in()
        return self.ended(run)


class ByPassword(Unattended):
    """Sessions are exchanged for tokens: each of the two kinds of what drawbridge holds has one of its own."""
    takes_seconds = 45

    def setUp(self):
        self.socket = self.directory() / "admin.sock"
        self.more_config = f"admin_socket: {self.socket}\n"
        super().setUp()

    def told(self, *words):
        return json.loads(self.command("admin", "--socket", self.socket, "--json", *words)[0])

    def test_an_administrator_ends_it(self):
        """[R-E12] With a session end the runs that its people let go on without them: paused at their next step, their tokens deleted; by the command that knows nothing of a running drawbridge. And one run alone, by the one that does."""
        before = {name: self.tokens(name) for name in self.sims}
        run, go_on = self.held(unattended_until=after(hours=3))
        seen = self.told("runs", "explain", "--", run["id"])
        self.assertEqual((seen["held_by"], seen["mandate"], seen["meaning"]), ("this process", run["id"], "it is under way: see progress"))
        self.assertEqual([(m["id"], m["for"]) for m in self.told("mandates")], [(run["id"], "run")])
        self.assertIn("1 runs and schedules", self.command("sessions", "--config", self.config, "--end", "--user", "runner")[0])
        harness.wait_for(lambda: self.rows("mandate") == 0, "the end of the mandate")
        go_on.set()
        harness.wait_for(lambda: not any(self.tokens(name) - before[name] for name in self.sims), "the end of the tokens")
        now = self.back(run)
        self.assertEqual((now["state"], now["problem"]["code"]), ("paused", "reauth_required"))
        self.assertIn("resume", self.told("runs", "explain", "--", run["id"])["remedy"])
        run, go_on = self.held()
        self.assertEqual(self.told("runs", "end", "--", run["id"])["had_ended"], False)
        go_on.set()
        self.assertEqual(self.ended(run)["state"], "cancelled")
        self.assertEqual({row["state"] for row in self.told("runs")}, {"paused", "cancelled"})

    def test_its_tokens_are_deleted_by_another_process(self):
        """[R-E12] It was withdrawn, and wiped, before this process heard of it: paused with those words, not failed with those of a sign-in."""
        before = {name: self.tokens(name) for name in self.sims}
        run, go_on = self.held(unattended_until=after(hours=3))
        with sqlite3.connect(self.state / "state.db") as store:
            store.execute("DELETE FROM documents WHERE kind = 'mandate'")
        for name in self.sims:
            for token in self.tokens(name) - before[name]:
                self.delete_token(name, token)
        go_on.set()
        now = self.ended(run)
        self.assertEqual((now["state"], now["problem"]["code"]), ("paused", "reauth_required"))
        self.assertIn("administrator", now["problem"]["detail"])

    def test_goes_on_when_the_person_has_signed_out(self):
        before = {name: self.tokens(name) for name in self.sims}
        until = after(hours=3)
        run, go_on = self.held(unattended_until=until)
        self.assertEqual((run["unattended_until"], self.rows("mandate")), (until, 1))
        self.assertTrue(all(len(self.tokens(name) - before[name]) == 1 for name in self.sims))
        self.assertEqual(self.browser.call("GET", "/v1/runs").json[0]["unattended_until"], until)
        self.assertEqual(self.browser.call("DELETE", "/v1/session").status, 204)
        go_on.set()
        harness.wait_for(lambda: self.rows("mandate") == 0, "the end of the run")
        self.check_run(self.back(run))
        harness.wait_for(lambda: self.program.log().count('"mandate_ended"') == 2, "the end of its tokens")  # which comes behind that of the mandate
        self.assertEqual([len(self.tokens(name) - before[name]) for name in self.sims], [1, 1])  # those of the new session
        self.assertEqual(self.program.log().count('"mandate_given"'), 2)

    def test_ends_with_the_session_where_nobody_let_it_go_on(self):
        run, go_on = self.held()
        self.assertNotIn("unattended_until", run)
        self.assertEqual(self.browser.call("DELETE", "/v1/session").status, 204)
        go_on.set()
        now = self.back(run)
        self.assertEqual((now["state"], now["problem"]["code"]), ("paused", "reauth_required"))
        self.assertLess(len(self.stored("target")), len(self.wanted()))
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.check_run(self.ended(run))

    def test_goes_on_after_the_program_was_killed(self):
        self.between["target"].stop_at = ("POST", 2, "after")
        run = self.begin(unattended_until=after(hours=3))
        self.assertTrue(self.between["target"].stopped.wait(harness.PATIENCE))
        self.browser.call("DELETE", "/v1/session")
        self.program.kill()
        self.between["target"].stop_at = None
        self.serve()
        harness.wait_for(lambda: self.rows("mandate") == 0, "the end of the run")
        self.check_run(self.back(run))

    def test_goes_on_after_the_program_was_stopped(self):
        run = self.broken_off(lambda: self.begin(unattended_until=after(hours=3)), ("POST", 1, "before"), end=self.program.stop)
        self.assertEqual(self.rows("mandate"), 1)
        self.serve()
        harness.wait_for(lambda: self.rows("mandate") == 0, "the end of the run")
        self.check_run(self.back(run))

    def test_not_beyond_its_time(self):
        run, go_on = self.held(unattended_until=after(seconds=20))  # long enough for the run to get to where it is held
        self.browser.call("DELETE", "/v1/session")
        harness.wait_for(lambda: self.rows("mandate") == 0, "the end of its time")
        go_on.set()
        now = self.back(run)
        self.assertEqual((now["state"], now["problem"]["code"]), ("paused", "reauth_required"))
        self.assertIn("time", now["problem"]["detail"])
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.check_run(self.ended(run))

    def test_taken_back(self):
        run, go_on = self.held(unattended_until=after(hours=3))
        self.browser.call("POST", f"/v1/runs/{run['id']}/pause")
        go_on.set()
        self.assertEqual((self.ended(run)["state"], self.rows("mandate")), ("paused", 1))
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/cancel").json["state"], "cancelled")
        self.assertEqual(self.rows("mandate"), 0)

    def left_off(self):
        """An interrupted run whose mandate has ended: nothing goes on with it by itself."""
        run = self.broken_off(lambda: self.begin(unattended_until=after(hours=3)))
        with sqlite3.connect(self.state / "state.db") as store:
            store.execute("DELETE FROM documents WHERE kind = 'mandate'")
        self.serve()
        return run

    def test_ended_where_nobody_has_it(self):
        """[R-E12] What is said of it is so, and its end by an operator begins the time that it is kept for."""
        run = self.left_off()
        told = self.told("runs", "explain", "--", run["id"])
        self.assertEqual(told["state"], "interrupted")
        self.assertIn("its person signs in", told["remedy"])
        self.assertEqual(self.told("runs", "end", "--", run["id"])["had_ended"], False)
        told = self.told("runs", "explain", "--", run["id"])
        self.assertEqual(told["state"], "cancelled")
        self.assertGreater(told["kept_until"], told["updated"])

    def test_orders_that_mean_nothing(self):
        for more in ({"unattended_until": "tomorrow"}, {"unattended_until": after(hours=-1)}, {"unattended_until": after(days=500)}, {"unattended_until": after(hours=1), "dry_run": True}, {"webhook": "nobody's"}):
            self.assertEqual(self.begin(expect=400, **more)["code"], "bad_request", more)
        self.assertEqual((self.rows("mandate"), self.rows("run")), (0, 0))

    def test_what_opens_it_is_sealed(self):
        """The store has the token in no readable form, and a row that was moved to another run opens nothing."""
        one, go_on = self.held(unattended_until=after(hours=3))
        self.browser.call("POST", f"/v1/runs/{one['id']}/pause")
        go_on.set()
        self.ended(one)
        self.assertNotIn(b"d2p", b"".join(p.read_bytes() for p in self.state.glob("state.db*") if p.is_file()))
        with sqlite3.connect(self.state / "state.db") as store:
            sealed = bytearray(store.execute("SELECT sealed FROM documents WHERE kind = 'mandate'").fetchone()[0])
            sealed[-1] ^= 1
            store.execute("UPDATE documents SET sealed = ? WHERE kind = 'mandate'", (bytes(sealed),))
        self.browser.call("POST", f"/v1/runs/{one['id']}/resume")
        now = self.ended(one)
        self.assertEqual((now["state"], now["problem"]["code"]), ("failed", "reauth_required"))


class ByToken(Unattended):
    """A token that a person pasted is theirs: it is used as it is, and outlives the sign-out."""
    kind = None

    def test_goes_on_when_the_person_has_signed_out(self):
        before = {name: self.tokens(name) for name in self.sims}
        run, go_on = self.held(unattended_until=after(hours=3))
        self.browser.call("DELETE", "/v1/session")
        go_on.set()
        harness.wait_for(lambda: self.rows("mandate") == 0, "the end of the run")
        self.check_run(self.back(run))
        self.assertEqual({name: self.tokens(name) for name in self.sims}, before)


class NoTokens(Unattended):
    def serve(self):
        self.config.write_text(self.config.read_text().replace("name: Target,", "name: Target, mint: never,"))
        super().serve()

    def test_a_session_alone_does_not_outlive_itself(self):
        before = self.tokens("source")
        answer = self.begin(expect=403, unattended_until=after(hours=3))
        self.assertEqual((answer["code"], answer["server"]), ("kind_not_offered", "target"))
        self.assertIn("personal access token", answer["detail"])
        self.assertEqual((self.tokens("source"), self.rows("mandate"), self.rows("run")), (before, 0, 0))


class Undone(Unattended):
    takes_seconds = 15

    def undo(self, run, expect=201, body=None):
        answer = self.browser.call("POST", f"/v1/runs/{run['id']}/undo", body=body)
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def test_as_it_was_before(self):
        element, coc = self.target.cell("tests")
        first = {(element, coc, fixture.PERIODS[0], self.target.units[0], fixture.DEFAULT): "7"}
        self.fill("target", self.target, first)
        run = self.ended(self.begin())
        self.assertEqual((run["state"], run["counts"]["updated"]), ("done", 1))
        there = self.stored("target")
        self.assertEqual(self.undo(run, 400, {"dry-run": True})["code"], "bad_request")
        tried = self.ended(self.undo(run, body={"dry_run": True}))
        self.assertEqual((tried["state"], tried["dry_run"], tried["undoes"], tried["counts"]["removed"], self.stored("target")), ("done", True, run["id"], run["counts"]["created"], there))
        self.assertNotIn("undone_by", self.run_now(run))
        undo = self.undo(run)
        self.assertEqual((undo["undoes"], undo["from"], undo["to"]), (run["id"], "source", "target"))
        undo = self.ended(undo)
        self.assertEqual((undo["state"], undo["counts"]["updated"], self.stored("target")), ("done", 1, first))
        self.assertEqual(undo["counts"]["removed"], run["counts"]["created"])
        self.assertEqual(self.run_now(run)["undone_by"], undo["id"])
        report = self.browser.call("GET", f"/v1/runs/{undo['id']}/report").json
        self.assertEqual((report["outcome"], report["by_target"]), ("done", "runner"))
        for other in (run, undo):
            self.assertEqual(self.undo(other, 409)["code"], "conflict")
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 409)

    def test_not_what_somebody_changed_since(self):
        run = self.ended(self.begin())
        cell = next(key for key in self.stored("target") if key[:2] == self.target.cell("stock"))
        before, changed = self.stored("target")[cell], {cell: "4321"}
        self.fill("target", self.target, changed)
        undo = self.ended(self.undo(run))
        self.assertEqual((undo["state"], [c["code"] for c in undo["conflicts"]], self.stored("target")), ("refused", ["changed_meanwhile"], changed))
        self.fill("target", self.target, {next(iter(changed)): before})
        again = self.ended(self.undo(run))  # it is somebody's value, be it the same
        self.assertEqual((again["state"], [c["code"] for c in again["conflicts"]], self.stored("target")), ("refused", ["changed_meanwhile"], {cell: before}))
        self.assertEqual(api(self.sims["target"].port, "POST", "/api/dataValueSets", fixture.document({cell: before}, self.target.data_set), query="?importStrategy=DELETE").status, 200)
        again = self.ended(self.undo(run))
        self.assertEqual((again["state"], self.stored("target"), self.run_now(run)["undone_by"]), ("done", {}, again["id"]))
        self.undo(run, 409)

    def test_not_what_has_written_nothing_or_is_under_way(self):
        self.assertEqual(self.undo(self.ended(self.begin(dry_run=True)), 409)["code"], "conflict")
        run, go_on = self.held()
        self.undo(run, 409)
        stranger = self.signed_in("target")
        self.assertEqual(stranger.call("POST", f"/v1/runs/{run['id']}/undo").status, 404)
        go_on.set()
        self.ended(run)

    def test_killed_in_the_middle_of_it(self):
        run = self.ended(self.begin())
        self.between["target"].seen.clear()
        undo = self.broken_off(lambda: self.undo(run))
        self.serve()
        self.assertEqual(self.run_now(undo)["state"], "interrupted")
        self.assertIn(undo["id"], self.undo(run, 409)["detail"])
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{undo['id']}/resume").status, 200)
        self.assertEqual((self.ended(undo)["state"], self.stored("target")), ("done", {}))


class Hook:
    """Takes reports; answers what `answers` says, then 204."""

    def __init__(self):
        self.got, self.answers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.got.append((dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def port(self):
        return self.server.server_address[1]


class Schedules(Unattended):
    """A hook that is told, and what a test does with a schedule."""
    takes_seconds = 15
    reporters = None  # so many of the units; None: all

    def start(self):
        self.last_month = last_month()
        self.asked_periods = (self.last_month, "202401")  # of two, each value says which
        self.hook = Hook()
        self.addCleanup(self.hook.close)
        values = fixture.values(self.source, 1, periods=(self.last_month,))
        super().start(stored={key: value for key, value in values.items() if key[3] in self.source.units[:self.reporters]})

    def serve(self):
        if "webhooks:" not in self.config.read_text():
            (self.state / "hook").write_text(SECRET)
            (self.state / "hook").chmod(0o600)
            self.config.write_text(self.config.read_text() + f"""
webhooks:
  - {{id: office, url: "http://127.0.0.1:{self.hook.port}/reports", secret: {{file: {self.state}/hook}}, addresses: [127.0.0.0/8]}}
runs: {{reports: {self.state}/reports}}
""")
        super().serve()

    def schedule(self, expect=201, **more):
        body = {k: v for k, v in self.order().items() if k != "periods"}
        body.update({"name": "Monthly report", "period_type": "Monthly", "after_day": 1, "for_days": 60, "unattended_until": after(days=30), "webhook": "office", **more})
        answer = self.browser.call("POST", "/v1/schedules", body=body)
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def now(self, schedule):
        return self.browser.call("GET", f"/v1/schedules/{schedule['id']}").json

    def tried(self, schedule):
        return harness.wait_for(lambda: (lambda s: s if s.get("last", {}).get("state") in ("done", "refused", "failed", "differs") else None)(self.now(schedule)), "the end of its run")

    def wanted_now(self):
        return fixture.expected(self.made, self.stored("source", periods=self.asked_periods))

    def check_next(self, now):
        """Complete or not, it looks again a day later, or when the next month has its day."""
        next_one, last = (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (now["next"], now["last"]["at"]))
        month_end = (last.replace(day=28) + datetime.timedelta(days=4)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self.assertEqual(next_one, min(last + datetime.timedelta(hours=24), month_end))

    def altered(self, change):
        with sqlite3.connect(self.state / "state.db", timeout=30) as store:
            about = json.loads(store.execute("SELECT about FROM documents WHERE kind = 'schedule'").fetchone()[0])
            change(about)
            store.execute("UPDATE documents SET about = ?, version = version + 1 WHERE kind = 'schedule'", (json.dumps(about),))

    def a_day_later(self, schedule):
        """As if the last try had been yesterday: a new one begins."""
        before = self.tried(schedule)["last"]["run"]
        self.altered(lambda about: about["last"].update(at=after(hours=-25)))
        harness.wait_for(lambda: self.now(schedule)["last"]["run"] != before, "the next try")
        return self.tried(schedule)

    def reports(self):
        return sorted(p.name for p in (self.state / "reports").iterdir())


class Scheduled(Schedules):
    def test_by_itself_with_a_report_to_folder_and_webhook(self):
        before = self.tokens("target")
        schedule = self.schedule(language="fr")
        self.assertEqual({k: schedule[k] for k in ("name", "from", "to", "by", "period_type", "after_day", "for_days", "again_hours", "webhook", "language")},
                         {"name": "Monthly report", "from": "source", "to": "target", "by": "runner", "period_type": "Monthly", "after_day": 1, "for_days": 60, "again_hours": 24, "webhook": "office", "language": "fr"})
        self.browser.call("DELETE", "/v1/session")
        harness.wait_for(lambda: self.hook.got, "the report")
        self.browser = self.signed_in()
        now = self.tried(schedule)
        self.assertEqual((now["last"]["period"], now["last"]["state"], now["last"]["complete"]), (self.last_month, "done", True))
        self.assertEqual(self.stored("target", periods=self.asked_periods), self.wanted_now())
        self.check_next(now)
        run = self.browser.call("GET", f"/v1/runs/{now['last']['run']}").json
        self.assertEqual((run["schedule"], run["periods"], run["state"]), (schedule["id"], [self.last_month], "done"))
        headers, body = self.hook.got[0]
        signed = headers["Drawbridge-Timestamp"].encode() + b"." + body
        self.assertEqual(headers["Drawbridge-Signature"], "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest())
        told = json.loads(body)
        report = self.browser.call("GET", f"/v1/runs/{run['id']}/report").json
        self.assertEqual((told["event"], told["run"], told["state"], told["schedule"], told["report"]), ("run_ended", run["id"], "done", schedule["id"], report))
        stem = f"{run['updated'][:10]}-{run['id']}"
        harness.wait_for(lambda: self.reports() == [f"{stem}.{form}" for form in ("csv", "html", "json")], "the report in the folder")
        self.assertEqual(json.loads((self.state / "reports" / f"{stem}.json").read_text()), report)
        self.assertIn('<html lang="fr"', (self.state / "reports" / f"{stem}.html").read_text())
        self.assertEqual([s["id"] for s in self.browser.call("GET", "/v1/schedules").json], [schedule["id"]])
        self.assertEqual(self.browser.call("DELETE", f"/v1/schedules/{schedule['id']}").status, 204)
        self.assertEqual((self.rows("mandate"), self.browser.call("GET", "/v1/schedules").json), (0, []))
        self.assertEqual(len(self.tokens("target") - before), 1)  # that of the session
        self.assertEqual(len(self.hook.got), 1)

    def test_goes_on_after_the_program_was_killed(self):
        schedule = self.broken_off(self.schedule, ("POST", 1, "after"))
        self.serve()
        self.assertEqual(self.tried(schedule)["last"]["state"], "done")
        self.assertEqual(self.stored("target", periods=self.asked_periods), self.wanted_now())

    def test_its_process_dies_before_its_end_is_kept(self):
        """The word of its end is in the store before the end is: it is told when it is, and once."""
        with sqlite3.connect(self.state / "state.db", timeout=30) as store:
            store.execute("""CREATE TRIGGER no_end BEFORE UPDATE ON documents WHEN NEW.kind = 'run' AND NEW.about LIKE '{"state":"done"%' BEGIN SELECT RAISE(ABORT, 'the disk is full'); END""")
        schedule = self.schedule()
        harness.wait_for(lambda: '"event":"run_not_kept"' in self.program.log(), "the end that is not kept")
        self.assertEqual((self.rows("delivery"), self.hook.got), (2, []))
        self.program.kill()
        with sqlite3.connect(self.state / "state.db", timeout=30) as store:
            store.execute("DROP TRIGGER no_end")
        self.serve()
        self.browser = self.signed_in()
        run = self.tried(schedule)["last"]["run"]
        harness.wait_for(lambda: self.rows("delivery") == 0, "all is told")
        self.assertEqual([(told["event"], told["run"], told["state"]) for told in (json.loads(body) for _, body in self.hook.got)], [("run_ended", run, "done")])
        self.assertEqual(len(self.reports()), 3)

    def test_of_one_that_waits_for_its_person_a_webhook_is_told(self):
        run, go_on = self.held(periods=[self.last_month], webhook="office")
        self.browser.call("DELETE", "/v1/session")  # nothing lets it go on
        go_on.set()
        harness.wait_for(lambda: self.hook.got, "the word of it")
        told = json.loads(self.hook.got[0][1])
        self.assertEqual((told["event"], told["run"], told["state"], told["problem"]["code"]), ("run_paused", run["id"], "paused", "reauth_required"))
        self.browser = self.signed_in()
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        harness.wait_for(lambda: len(self.hook.got) > 1, "the word of its end")
        self.assertEqual([json.loads(body)["event"] for _, body in self.hook.got], ["run_paused", "run_ended"])

    def delivery(self):
        with sqlite3.connect(self.state / "state.db") as store:
            row = store.execute("SELECT about FROM documents WHERE kind = 'delivery' AND about NOT LIKE '%\"webhook\":\"\"%'").fetchone()
        return json.loads(row[0]) if row else None

    def test_a_webhook_that_fails_is_tried_again(self):
        self.hook.answers = [503, 302]
        self.schedule()
        for tries in (1, 2):
            about = harness.wait_for(lambda: (lambda d: d if d and d["tries"] == tries else None)(self.delivery()), "the try that failed")
            with sqlite3.connect(self.state / "state.db") as store:  # the pause is over
                self.assertGreater(about["next"], time.time() * 1000 + 30_000)
                store.execute("UPDATE documents SET about = ? WHERE kind = 'delivery'", (json.dumps({**about, "next": 0}),))
        harness.wait_for(lambda: self.rows("delivery") == 0, "the try that is taken")
        (first, one), (_, two), (third, three) = self.hook.got
        self.assertEqual((one, two, first["Drawbridge-Delivery"]), (two, three, third["Drawbridge-Delivery"]))

    def test_of_somebody_else(self):
        schedule = self.schedule()
        half = self.signed_in("target")
        self.assertEqual(half.call("GET", "/v1/schedules").json, [])
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/again")):
            self.assertEqual(half.call(method, f"/v1/schedules/{schedule['id']}{path}").status, 404, path)
        self.assertEqual(half.call("GET", "/v1/webhooks").json, ["office"])
        self.tried(schedule)

    def test_schedules_that_mean_nothing(self):
        for more in ({"name": ""}, {"period_type": "Fortnightly"}, {"after_day": 0}, {"after_day": "1"}, {"for_days": 400}, {"again_hours": 0}, {"periods": ["202401"]}, {"dry_run": False}, {"webhook": "nobody's"}, {"unattended_until": "soon"}, {"org_units": []},
                     {"unknown": 1}, {"mapping": {}}):
            self.assertEqual(self.schedule(expect=400, **more)["code"], "bad_request", more)
        body = {k: v for k, v in self.order().items() if k != "periods"}
        answer = self.browser.call("POST", "/v1/schedules", body={**body, "name": "x", "period_type": "Monthly", "after_day": 1})
        self.assertIn("unattended_until", answer.json["detail"])
        week = utc_now().isocalendar()
        for more, said in (({"period_type": "Weekly"}, f"has Monthly periods, and {week.year}W{week.week} is a Weekly one: name periods of the target ("), ({"org_units": ["NoSuchUnit1"]}, "has no org unit NoSuchUnit1"), ({"from": "target", "to": "source"}, "this run would go the other way"),
                           ({"mapping": {**self.order()["mapping"], "periods": {"conversion": "cannot", "note": "weeks would have to be split"}}}, "weeks would have to be split")):
            answer = self.schedule(expect=400, **more)
            self.assertEqual(answer["code"], "input", more)
            self.assertIn(said, answer["detail"])
        self.assertEqual((self.rows("mandate"), self.rows("schedule")), (0, 0))


class ScheduledTooEarly(Schedules):
    """The source has nothing yet: it is not complete, and tried again."""
    reporters = 0

    def test_by_itself_with_a_report_to_folder_and_webhook(self):
        schedule = self.schedule()
        now = self.tried(schedule)
        self.assertEqual((now["last"]["state"], now["last"]["complete"]), ("done", False))
        self.check_next(now)
        self.fill("source", self.source, fixture.values(self.source, 1, periods=(self.last_month,)))
        first = now["last"]["run"]
        self.assertEqual(self.browser.call("POST", f"/v1/schedules/{schedule['id']}/again").status, 200)
        now = harness.wait_for(lambda: (lambda s: s if s["last"]["complete"] else None)(self.now(schedule)), "the second try")
        self.assertNotEqual(now["last"]["run"], first)
        self.assertEqual(self.stored("target", periods=self.asked_periods), self.wanted_now())


class ScheduledBeforeAllHaveReported(Schedules):
    reporters = 1

    def test_who_reports_late_is_not_left_out(self):
        """One facility has reported when its day comes: what others enter later is sent by the next looks; of one that finds nothing new nobody is told."""
        schedule = self.schedule()
        self.assertTrue(self.tried(schedule)["last"]["complete"])
        harness.wait_for(lambda: len(self.hook.got) == 1, "the report")
        self.assertTrue(self.a_day_later(schedule)["last"]["complete"])  # nothing is new
        self.fill("source", self.source, fixture.values(self.source, 1, periods=(self.last_month,)))
        now = self.a_day_later(schedule)
        harness.wait_for(lambda: len(self.hook.got) > 1, "the report")
        self.assertEqual([json.loads(body)["run"] for _, body in self.hook.got][1:], [now["last"]["run"]])
        self.assertEqual(self.stored("target", periods=self.asked_periods), self.wanted_now())


class ScheduledForNothing(Schedules):
    """Nobody reports: who is to be told hears that a period is given up, and that the schedule has ended."""
    reporters = 0

    def told(self, event):
        return [body for body in (json.loads(body) for _, body in self.hook.got) if body["event"] == event]

    def test_what_is_given_up_and_what_has_ended_is_told(self):
        schedule = self.schedule()
        self.tried(schedule)
        self.assertEqual(self.told("period_given_up"), [])
        self.altered(lambda about: about.update(for_days=0))  # its days are over
        harness.wait_for(lambda: self.told("period_given_up"), "the word of it")
        told = self.told("period_given_up")
        self.assertEqual([(one["schedule"], one["period"], one["name"]) for one in told], [(schedule["id"], self.last_month, "Monthly report")])
        self.assertEqual([one["period"] for one in self.now(schedule)["given_up"]], [self.last_month])
        with sqlite3.connect(self.state / "state.db", timeout=30) as store:  # its time is over
            self.altered(lambda about: about.update(unattended_until=after(seconds=-1)))
            store.execute("UPDATE documents SET expires_ms = 1 WHERE kind = 'mandate'")
        harness.wait_for(lambda: self.told("schedule_ended"), "the word of its end")
        harness.wait_for(lambda: self.rows("delivery") == self.rows("mandate") == 0, "all is told")
        self.assertEqual((len(self.told("period_given_up")), len(self.told("schedule_ended"))), (1, 1))
        now = self.now(schedule)
        self.assertEqual((now["ended"], now["last"]["over"], "next" in now), (True, True, False))
        files = [name for name in self.reports() if schedule["id"] in name]
        self.assertEqual([name.split(schedule["id"])[1] for name in files], [f"-{self.last_month}.json", "-ended.json"])
        self.assertEqual(json.loads((self.state / "reports" / files[1]).read_text())["event"], "schedule_ended")

    def test_its_time_is_over_while_nobody_runs(self):
        """What let it go on is wiped with what else is over in the store, before anybody looks at it."""
        schedule = self.schedule()
        self.tried(schedule)
        for start in range(2):
            self.program.stop()
            with sqlite3.connect(self.state / "state.db", timeout=30) as store:
                store.execute("DELETE FROM documents WHERE kind = 'mandate'")
            if start == 0:
                self.altered(lambda about: about.update(unattended_until=after(seconds=-1)))
            self.serve()
            self.browser = self.signed_in()
            harness.wait_for(lambda: self.told("schedule_ended"), "the word of its end")
            harness.wait_for(lambda: self.now(schedule).get("ended") and self.rows("delivery") == 0, "all is told")
            self.assertEqual(([one["period"] for one in self.told("period_given_up")], len(self.told("schedule_ended"))), ([self.last_month], 1), f"start {start}")
        now = self.now(schedule)
        self.assertEqual((now["last"]["over"], "next" in now, [one["period"] for one in now["given_up"]]), (True, False, [self.last_month]))
        self.assertEqual(sorted(name.split(schedule["id"])[1] for name in self.reports() if schedule["id"] in name), [f"-{self.last_month}.json", "-ended.json"])

    def test_an_operator_ends_it(self):
        schedule = self.schedule()
        self.tried(schedule)
        self.assertIn("1 runs and schedules", self.command("sessions", "--config", self.config, "--end", "--user", "runner")[0])
        harness.wait_for(lambda: self.told("schedule_ended"), "the word of its end")
        harness.wait_for(lambda: self.told("period_given_up"), "the word of the period")
        self.assertEqual([one["period"] for one in self.told("period_given_up")], [self.last_month])


class ScheduledAndLeftOff(Schedules):
    def test_a_run_that_goes_on_no_more(self):
        """Its process was killed under way, and its time was over before the next one began."""
        self.between["target"].seen.clear()
        schedule = self.broken_off(self.schedule, ("POST", 1, "after"))
        with sqlite3.connect(self.state / "state.db", timeout=30) as store:
            store.execute("DELETE FROM documents WHERE kind = 'mandate'")
        self.altered(lambda about: about.update(unattended_until=after(seconds=-1)))
        self.serve()
        events = lambda: sorted(json.loads(body)["event"] for _, body in self.hook.got)
        harness.wait_for(lambda: len(self.hook.got) > 1, "the words of it")
        self.assertEqual(events(), ["period_given_up", "schedule_ended"])
        self.browser = self.signed_in()
        now = self.now(schedule)
        self.assertEqual((now["ended"], [one["period"] for one in now["given_up"]]), (True, [self.last_month]))


class ScheduledForUnknownUnits(Schedules):
    """The target does not have one of the source's org units."""
    def prepare(self):
        super().prepare()
        self.gone = self.target.units[-1]
        objects = self.target.objects
        objects["organisationUnits"] = [u for u in objects["organisationUnits"] if u["id"] != self.gone]
        objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in self.target.units[:-1]]

    def test_skipped_its_period_is_complete(self):
        schedule = self.schedule(unknown_units="skip")
        last = self.tried(schedule)["last"]
        run = self.run_now({"id": last["run"]})
        self.assertEqual((last["state"], last["complete"], run["counts"]["skipped_units"], run["units_skipped"], {s["org_unit"] for s in run["skipped_units"]}), ("done", True, 1, 1, {self.gone}))
        self.assertTrue(all(t["equal"] or t["equal_but_skipped"] for t in run["totals"]))
        self.assertEqual(self.browser.call("GET", f"/v1/runs/{last['run']}/order").json["unknown_units"], "skip")


class ScheduledByAnotherCalendar(Schedules):
    """202610 is a month of 2033 there."""
    more_words = {"target": ("--set", "calendar=ethiopian")}

    def test_by_itself_with_a_report_to_folder_and_webhook(self):
        answer = self.schedule(expect=400)
        self.assertEqual(answer["code"], "input")
        self.assertIn("the server 'target' counts by another: ethiopian", answer["detail"])
        self.assertEqual((self.rows("mandate"), self.rows("schedule")), (0, 0))


class Kept(Unattended):
    more_config = "runs: {keep: 1h}\n"

    def test_a_journal_whose_run_is_gone_is_removed(self):
        run, dry = self.ended(self.begin()), self.ended(self.begin(dry_run=True))
        folder, of_dry = (pathlib.Path(f"{self.state}/state.db.runs") / one["id"] for one in (run, dry))
        self.assertTrue((folder / "undo.csv").exists() and of_dry.exists())
        self.program.stop()
        with sqlite3.connect(self.state / "state.db") as store:
            ends = store.execute("SELECT expires_ms FROM documents WHERE kind = 'run'").fetchone()[0]
            self.assertAlmostEqual(ends / 1000, time.time() + 3600, delta=120)
            store.execute("UPDATE documents SET expires_ms = 1 WHERE kind = 'run'")
        old = time.time() - 7200
        os.utime(folder, (old, old))
        os.utime(of_dry, (old, old))
        self.serve()
        harness.wait_for(lambda: not (folder.exists() or of_dry.exists()) or None, "the end of the journal, and of the list")
