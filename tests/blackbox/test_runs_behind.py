"""Runs right behind each other on the same cells: whoever is told of a run has its cells, also while no thread has begun it; so the second is refused when it is asked for, and the first never fails for it. With each kind of store."""
import threading

import harness
import test_replica_runs
import test_runs
from test_runs import fixture

FIRST, SECOND, CELLS = fixture.PERIODS


class Behind:
    def hold(self, *periods):
        """As many runs, each held by its first question to the source; calling what is returned lets them go, and waits for their end."""
        held, go_on = threading.Semaphore(0), threading.Event()
        self.addCleanup(go_on.set)

        def alter(method, at, answer):
            if at <= len(periods):
                held.release()
                go_on.wait(harness.PATIENCE)
        self.between["source"].seen.clear()
        self.between["source"].alter = alter
        runs = [self.begin(periods=[period]) for period in periods]
        for _ in runs:
            self.assertTrue(held.acquire(timeout=harness.PATIENCE))

        def let_go():
            go_on.set()
            for run in runs:
                self.assertEqual(self.ended(run)["state"], "done")
        return let_go

    def busy(self):
        """All threads for runs are."""
        return self.hold(FIRST, SECOND)

    def call(self, run, what, expect):
        answer = self.browser.call("POST", f"/v1/runs/{run['id']}/{what}")
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def refused_for(self, run, answer):
        self.assertEqual(answer["code"], "conflict")
        self.assertIn(f"run {run['id']}", answer["detail"])

    def test_the_second_is_refused_though_the_first_has_not_begun(self):
        let_go = self.busy()
        first = self.begin(periods=[CELLS])
        self.assertEqual(self.run_now(first)["state"], "queued")
        for asked in self.elsewhere(periods=[CELLS]), self.begin(expect=409, periods=[CELLS]):
            self.refused_for(first, asked)
        waits = self.begin(periods=[CELLS], wait=True)
        let_go()
        self.assertEqual(self.ended(first)["state"], "done")
        ended = self.ended(waits)
        self.assertEqual((ended["state"], ended["counts"]["sent"]), ("done", 0))
        self.assertEqual(self.stored("target"), self.wanted())
        self.assertEqual(self.ended(self.begin(periods=[CELLS]))["state"], "done")  # each gave its cells back before its end was told

    def test_an_undo_has_them_too(self):
        run = self.ended(self.begin(periods=[CELLS]))
        let_go = self.busy()
        undo = self.call(run, "undo", 201)
        self.refused_for(undo, self.begin(expect=409, periods=[CELLS]))
        self.assertEqual(self.call(run, "undo", 409)["code"], "conflict")
        let_go()
        self.assertEqual(self.ended(undo)["state"], "done")
        self.assertEqual({period for _, _, period, _, _ in self.stored("target")}, {FIRST, SECOND})

    def test_an_undo_is_refused(self):
        run = self.ended(self.begin(periods=[CELLS]))
        let_go = self.busy()
        first = self.begin(periods=[CELLS])
        self.refused_for(first, self.call(run, "undo", 409))
        let_go()
        self.assertEqual(self.ended(first)["state"], "done")
        self.assertNotIn("undone_by", self.run_now(run))

    def test_one_that_is_gone_on_with(self):
        let_go = self.busy()
        run = self.begin(periods=[CELLS])
        self.call(run, "cancel", 200)
        let_go()
        self.assertEqual(self.ended(run)["state"], "cancelled")
        let_go = self.busy()
        first = self.begin(periods=[CELLS])
        self.refused_for(first, self.call(run, "resume", 409))
        self.assertEqual(self.run_now(run)["state"], "cancelled")
        let_go()
        self.assertEqual(self.ended(first)["state"], "done")
        let_go = self.busy()
        self.call(run, "resume", 200)
        self.refused_for(run, self.begin(expect=409, periods=[CELLS]))
        self.call(run, "resume", 409)
        let_go()
        self.assertEqual(self.ended(run)["state"], "done")

    def test_who_waits_is_in_nobody_s_way(self):
        """What it waits for may have its cells and no thread."""
        let_go = self.hold(FIRST)
        waiting = [self.begin(periods=[FIRST], wait=True) for _ in range(3)]
        self.assertEqual(self.ended(self.begin(periods=[CELLS]))["state"], "done")
        self.assertEqual({self.run_now(run)["state"] for run in waiting}, {"queued"})
        let_go()
        self.assertEqual([self.ended(run)["state"] for run in waiting], ["done"] * 3)

    def test_given_back_where_it_cannot_begin(self):
        self.assertEqual(self.begin(expect=400, unattended_until="2999-01-01T00:00:00Z")["code"], "bad_request")
        self.assertEqual(self.ended(self.begin())["state"], "done")


class WithFiles(Behind, test_runs.Gateway):
    def elsewhere(self, **more):
        return self.begin(expect=409, **more)

    def test_its_process_dies_before_it_has_begun(self):
        self.busy()
        first = self.begin(periods=[CELLS])
        self.program.kill()
        self.between["source"].alter = None
        self.serve()
        self.assertEqual(self.ended(self.begin(periods=[CELLS]))["state"], "done")
        self.assertEqual(self.run_now(first)["state"], "interrupted")


class WithPostgres(Behind, test_replica_runs.Replicas):
    takes_seconds = 60

    def elsewhere(self, **more):
        answer = self.at_second("POST", "/v1/runs", self.order(**more))
        self.assertEqual(answer.status, 409, answer)
        return answer.json

    def test_one_that_has_not_begun_keeps_no_connection(self):
        """Else as many of them as may be queued were more than a database takes."""
        let_go = self.hold(FIRST, FIRST[:4] + "12")
        count = lambda: int(self.database.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'drawbridge'", "drawbridge"))
        before = count()
        queued = [self.begin(periods=[f"{year}01"]) for year in range(2001, 2021)]
        self.assertLess(count() - before, 5)
        let_go()
        self.assertEqual({self.ended(run)["state"] for run in queued}, {"done"})

    def test_lost_while_its_process_stood_still(self):
        """Another took its cells meanwhile: they are claimed anew before anything is written, and that is refused."""
        let_first_go, let_second_go = self.hold(FIRST), self.hold(SECOND)
        lost = self.begin(periods=[CELLS])
        self.database.sql(f"UPDATE drawbridge.leases SET owner = 'another', fence = nextval('drawbridge.fences'), deadline_ms = 0 WHERE name = 'run:{lost['id']}'; DELETE FROM drawbridge.documents WHERE kind = 'claim' AND id = '{lost['id']}'", "drawbridge")
        other = self.begin(periods=[CELLS])
        let_first_go()  # one thread for the two, in their order
        ended = self.ended(lost)
        self.assertEqual((ended["state"], ended["problem"]["code"]), ("failed", "conflict"))
        self.assertEqual(self.ended(other)["state"], "done")
        let_second_go()
