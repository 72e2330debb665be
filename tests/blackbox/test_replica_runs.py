"""Runs of transfers on several machines: begun by one process, seen and stopped through another, gone on with by another when its own has died or stood still; and nothing is sent twice or lost."""
import signal
import threading

import harness
import postgres
import test_runs

SHARED = test_runs.CONFIG.replace("store: sqlite:{folder}/state.db", "store: {store}")


class Replicas(test_runs.Gateway):
    """Two processes with one store."""

    def prepare(self):
        if not postgres.programs():
            self.skipTest("PostgreSQL is not installed (package postgresql)")
        self.database = postgres.Postgres().make()
        self.addCleanup(self.database.drop)

    def serve(self):
        self.config.write_text(SHARED.format(port=self.port, folder=self.state, store=self.database.address(), **{n: b.port for n, b in self.between.items()}))
        super().serve()
        self.second = harness.free_port()
        other = self.state / "second.yaml"
        other.write_text(self.config.read_text().replace(f"listen: [127.0.0.1:{self.port}]", f"listen: [127.0.0.1:{self.second}]"))
        self.other = harness.Program("second", ["drawbridge", "serve", "--config", other], self.second)
        self.addCleanup(self.other.stop)

    def at_second(self, method, path, body=None):
        cookie = self.browser.cookies[self.port]["drawbridge"]
        return harness.call(self.second, method, path, {"X-Drawbridge": "1", "Host": f"127.0.0.1:{self.port}", "Cookie": f"drawbridge={cookie}"}, body)

    def seen(self, run):
        answer = self.at_second("GET", f"/v1/runs/{run['id']}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def ended_there(self, run):
        return harness.wait_for(lambda: (lambda now: now if now["state"] not in test_runs.UNDER_WAY else None)(self.seen(run)), "the end of the run")

    def wait_until_heard(self):
        """By the process that has the run, what was wished for through the other."""
        harness.wait_for(lambda: self.database.sql("SELECT count(*) FROM drawbridge.documents WHERE kind = 'wish' AND updated_ms = created_ms", "drawbridge") == "0", "the first process to hear of it")

    def posts(self):
        return self.between["target"].seen.get("POST", 0)


class Seen(Replicas):
    takes_seconds = 25

    def test_its_batches_are_seen_through_another(self):
        run, go_on = self.held(number=2)
        there = harness.wait_for(lambda: self.seen(run)["batches"], "its first batch")
        self.assertEqual([b["number"] for b in there], [1])
        go_on.set()
        self.assertEqual(len(self.ended_there(run)["batches"]), len(test_runs.fixture.PERIODS))

    def test_watched_and_cancelled_through_another(self):
        run, go_on = self.held()
        now = harness.wait_for(lambda: (lambda now: now if now["state"] == "sending" else None)(self.seen(run)), "how far it is")
        self.assertEqual(now["progress"], {"done": 0, "of": 3})
        self.assertEqual(self.at_second("GET", f"/v1/runs/{run['id']}/report").status, 404)
        self.assertEqual(self.at_second("POST", f"/v1/runs/{run['id']}/resume").status, 409)
        self.assertEqual([r["state"] for r in self.at_second("GET", "/v1/runs").json], ["sending"])
        clash = self.at_second("POST", "/v1/runs", self.order())
        self.assertEqual((clash.status, clash.json["code"]), (409, "conflict"), clash)
        self.assertIn("another run writes", clash.json["detail"])
        self.assertEqual(self.at_second("POST", f"/v1/runs/{run['id']}/cancel").status, 200)
        self.wait_until_heard()
        go_on.set()
        self.assertEqual(self.ended_there(run)["state"], "cancelled")
        self.assertLess(len(self.stored("target")), len(self.wanted()))
        self.assertEqual(self.at_second("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.assertEqual(self.ended_there(run)["state"], "done")
        self.check_run(self.run_now(run))

    def test_resumed_while_one_who_would_take_it_over_finds_that_it_has_ended(self):
        """It ended between two looks of the second process, which began to go on with it: until that has found out, whoever resumes waits."""
        run, go_on = self.held()
        self.assertEqual(self.at_second("POST", f"/v1/runs/{run['id']}/cancel").status, 200)
        self.wait_until_heard()
        go_on.set()
        self.assertEqual(self.ended_there(run)["state"], "cancelled")
        sql = lambda text: self.database.sql(text, "drawbridge")
        harness.wait_for(lambda: sql("SELECT count(*) FROM drawbridge.leases WHERE name LIKE 'run:%'") == "0", "the end of the lease")
        kept = f"drawbridge.documents WHERE kind = 'run' AND id = '{run['id']}'"
        ended = sql(f"SELECT about FROM {kept}")
        sql(f"UPDATE drawbridge.documents SET updated_ms = 1, about = replace(about, '\"cancelled\"', '\"queued\"') WHERE kind = 'run' AND id = '{run['id']}'")
        taking = threading.Thread(target=sql, args=["BEGIN; LOCK TABLE drawbridge.leases IN EXCLUSIVE MODE; SELECT pg_sleep(1); COMMIT"])
        taking.start()
        self.addCleanup(taking.join)
        harness.wait_for(lambda: sql("SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'drawbridge.leases'::regclass") == "1", "the lock")
        self.assertEqual(self.seen(run)["state"], "queued")
        self.assertEqual(sql(f"UPDATE drawbridge.documents SET about = $about${ended}$about$ WHERE kind = 'run' AND id = '{run['id']}' RETURNING about").split("\n")[0], ended)
        self.assertEqual(self.at_second("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.assertEqual(self.ended_there(run)["state"], "done")

    def test_no_pause_takes_a_cancel_back(self):
        """The process that has the run is too slow to hear the one before the other is said."""
        run, go_on = self.held()
        self.program.process.send_signal(signal.SIGSTOP)
        try:
            for word in ("cancel", "pause"):
                self.assertEqual(self.at_second("POST", f"/v1/runs/{run['id']}/{word}").status, 200)
            self.assertEqual(self.database.sql("SELECT about FROM drawbridge.documents WHERE kind = 'wish'", "drawbridge"), '"cancel"')
        finally:
            self.program.process.send_signal(signal.SIGCONT)
        self.wait_until_heard()
        go_on.set()
        self.assertEqual(self.ended_there(run)["state"], "cancelled")

    def test_undone_through_another(self):
        run = self.ended(self.begin())
        self.check_run(run)
        answer = self.at_second("POST", f"/v1/runs/{run['id']}/undo")
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.ended_there(answer.json)["state"], "done")
        self.assertEqual(self.stored("target"), {})


class TakenOver(Replicas):
    takes_seconds = 50

    def test_its_process_dies(self):
        """The other goes on with it when its person comes by; the report is of the whole."""
        run = self.broken_off(self.begin)
        self.assertEqual(self.ended_there(run)["state"], "done")
        answer = self.at_second("GET", f"/v1/runs/{run['id']}/report")
        self.assertEqual(answer.status, 200, answer)
        self.report, self.counts = answer.json, answer.json["counts"]
        self.check_whole()

    def test_all_that_was_refused_outlives_its_process(self):
        """Each once, whoever carried it out; and it goes along where the store is copied."""
        made = [(self.target.cell(name), [(1, self.source.cell("remark"))]) for name in ("balance", "stock", "share")]
        refused = 3 * sum(1 for cell in self.stored("source") if cell[0] == self.source.elements["remark"])
        run = self.broken_off(lambda: self.begin(mapping=test_runs.fixture.mapping(self.source, self.target, [*made, *test_runs.fixture.rules(self.source, self.target)[:1]])))
        self.assertEqual(self.ended_there(run)["refused_rows"], refused)
        answer = self.at_second("GET", f"/v1/runs/{run['id']}/refused")
        self.assertEqual((answer.status, answer.body.count(b"\r\n")), (200, 1 + refused))
        self.command("store", "copy", self.database.address(), f"sqlite:{self.state}/copy.db")
        self.assertEqual([file.read_bytes() for file in self.state.rglob("refused.csv")], [answer.body])

    def test_a_dry_run_and_an_undo_keep_the_list_in_the_store(self):
        """Also where one is taken over."""
        made = [(self.target.cell(name), [(1, self.source.cell("remark"))]) for name in ("balance", "stock", "share")]
        order = {"mapping": test_runs.fixture.mapping(self.source, self.target, [*made, *test_runs.fixture.rules(self.source, self.target)[:1]])}
        refused = 3 * sum(1 for cell in self.stored("source") if cell[0] == self.source.elements["remark"])
        run = self.ended(self.begin(**order))
        self.fill("target", self.target, {cell: "77" for cell in list(self.stored("target"))[:4]})
        undo = self.ended(self.browser.call("POST", f"/v1/runs/{run['id']}/undo").json)
        self.between["target"].seen.clear()
        dry = self.ended_there(self.broken_off(lambda: self.begin(**order, dry_run=True)))
        for one, rows in ((undo, 4), (dry, refused)):
            answer = self.at_second("GET", f"/v1/runs/{one['id']}/refused")
            self.assertEqual((one["refused_rows"], answer.status, answer.body.count(b"\r\n")), (rows, 200, 1 + rows))
        self.command("store", "copy", self.database.address(), f"sqlite:{self.state}/copy.db")
        self.assertEqual((self.state / "copy.db.runs" / dry["id"] / "refused.csv").read_bytes(), answer.body)

    def test_its_process_stands_still(self):
        """[R-D3] It wakes up when another has ended the run, with an answer in its hand: it sends nothing more, and the run's end stays what it is."""
        run, go_on = self.held()
        self.program.process.send_signal(signal.SIGSTOP)
        try:
            self.assertEqual(self.ended_there(run)["state"], "done")
            before, posts = self.seen(run), self.posts()
            stored = self.stored("target")
        finally:
            self.program.process.send_signal(signal.SIGCONT)
        go_on.set()
        harness.wait_for(lambda: "run_not_kept" in self.program.log(), "the first process to find out")
        self.assertEqual((self.posts(), self.stored("target")), (posts, stored))
        after = self.run_now(run)
        self.assertEqual((after["state"], after["counts"], after["totals"]), ("done", before["counts"], before["totals"]))
        self.check_run(after)


class Database(Replicas):
    def test_restarted_under_a_run(self):
        run, go_on = self.held()
        self.database.stop()
        go_on.set()
        self.database.start()
        ended = harness.wait_for(lambda: self.done(run), "the end of the run")
        self.assertEqual(ended["state"], "done", ended)
        self.check_run(ended)  # its report is there at once

    def done(self, run):
        answer = self.browser.call("GET", f"/v1/runs/{run['id']}")
        self.assertIn(answer.status, (200, 503), answer)
        return answer.json if answer.status == 200 and answer.json["state"] not in test_runs.UNDER_WAY else None
