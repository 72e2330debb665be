"""Alignments that are made without anybody waiting for one call's answer: how far they are is told, they end when they are not wanted any more, and nothing is lost with a line, a tab or a process."""
import functools
import threading
import time

import harness
import test_replica_runs
import test_run_events
import test_runs

UNDER_WAY = ("queued", "reading", "comparing")
AT_ONCE = 4  # of one person
TOGETHER, OFTEN = 6, 20  # requests with one key, and how many times
ASYNC = {"Prefer": "wait=5, respond-async"}
TOLD_AGAIN_S = .3  # after so long the first piece of an answer is told, and not only its end
FIRST, COMBOS = "dataSets:filter", "categoryCombos:filter"  # what a side is asked for first, and then


class Making(test_runs.Gateway):
    def hold(self, name, part):
        """Answers of a server about this wait: (event that one waits, event that lets all go)."""
        held, go_on, real = threading.Event(), threading.Event(), self.between[name].forward
        self.addCleanup(go_on.set)

        def forward(method, path, headers, body):
            if part in path:
                held.set()
                go_on.wait(harness.PATIENCE)
            return real(method, path, headers, body)
        self.between[name].forward = forward
        return held, go_on

    def sides(self, **data_sets):
        return {name: {"server": name, "data_set": data_sets.get(name, side.data_set)} for name, side in (("source", self.source), ("target", self.target))}

    def make(self, expect=202, browser=None, key=None, **data_sets):
        answer = (browser or self.browser).call("POST", "/v1/alignments", headers={**ASYNC, **({"Idempotency-Key": key} if key else {})}, body=self.sides(**data_sets))
        self.assertEqual(answer.status, expect, answer)
        return answer.json

    def made_held(self, part=COMBOS, name="target", **more):
        held, go_on = self.hold(name, part)
        making = self.make(**more)
        self.assertTrue(held.wait(harness.PATIENCE))
        return making, go_on

    def now(self, making, browser=None):
        answer = (browser or self.browser).call("GET", f"/v1/alignments/{making['id']}/progress")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def until(self, making, condition, what="how far it is"):
        return harness.wait_for(lambda: (lambda now: now if condition(now) else None)(self.now(making)), what)

    def end_of(self, making):
        return self.until(making, lambda now: now["state"] not in UNDER_WAY, "the end")

    def listed(self, browser=None):
        return [one["id"] for one in (browser or self.browser).call("GET", "/v1/alignments").json]

    def log_says(self, making, code):
        harness.wait_for(lambda: any(f'"alignment":"{making["id"]}"' in line and f'"code":"{code}"' in line for line in self.program.log().splitlines()), f"the end: {code}")

    def counts(self, now):
        return {name: (now[name]["data_elements"], now[name]["org_units"]) for name in ("source", "target")}

    def whole(self):
        return {name: (len(side.elements), len(side.units) + 1) for name, side in (("source", self.source), ("target", self.target))}


class Made(Making):
    def test_told_until_it_is_there(self):
        making, go_on = self.made_held()
        self.assertIn(making["state"], UNDER_WAY)
        now = self.until(making, lambda now: self.counts(now) == {**self.whole(), "target": (len(self.target.elements), 0)})
        self.assertEqual((now["id"], now["state"], now["source"]["server"], now["target"]["data_set"]), (making["id"], "reading", "source", self.target.data_set))
        at = f"/v1/alignments/{making['id']}"
        self.assertEqual((self.browser.call("GET", at).status, self.listed()), (404, []))  # not before it is whole
        go_on.set()
        now = self.end_of(making)
        self.assertEqual((now["state"], self.counts(now)), ("done", self.whole()))
        self.assertEqual(self.listed(), [making["id"]])
        self.assertEqual(self.browser.call("GET", at).json["version"], 1)
        self.assertEqual(self.browser.call("DELETE", at).status, 204)
        for path in (at, at + "/progress"):
            self.assertEqual(self.browser.call("GET", path).status, 404)

    def listed_makings(self, browser=None):
        answer = (browser or self.browser).call("GET", "/v1/makings")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_all_of_a_person_s_are_listed_until_they_are_made(self):
        self.assertEqual(self.listed_makings(), [])
        making, go_on = self.made_held()
        now = self.until(making, lambda now: self.counts(now) == {**self.whole(), "target": (len(self.target.elements), 0)})
        self.assertEqual(self.listed_makings(), [now])
        self.assertRegex(now["created"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(self.listed_makings(self.signed_in("target")), [])  # of who is somebody there alone
        go_on.set()
        self.assertEqual(self.end_of(making)["state"], "done")
        self.assertEqual(self.listed_makings(), [])
        failed = self.make(source="TfNowhere01")
        self.end_of(failed)
        [now] = self.listed_makings()
        self.assertEqual((now["id"], now["state"], now["problem"]["code"]), (failed["id"], "failed", "not_found"))
        self.assertEqual(self.browser.call("DELETE", f"/v1/alignments/{failed['id']}").status, 204)
        self.assertEqual(self.listed_makings(), [])
        self.assertEqual(harness.Browser(self.port).call("GET", "/v1/makings").status, 401)

    def test_of_one_that_was_made_in_one_call(self):
        answer = self.browser.call("POST", "/v1/alignments", body=self.sides())
        self.assertEqual((answer.status, answer.json["version"]), (201, 1))
        now = self.now(answer.json)
        self.assertEqual((now["state"], now["source"]["data_set"], now["target"]["server"]), ("done", self.source.data_set, "target"))

    def test_both_servers_are_asked_at_the_same_time(self):
        """Neither answers before both were asked; also in one call, and where an alignment is compared with its servers."""
        for begin in (self.make, lambda: threading.Thread(target=self.browser.call, args=("POST", "/v1/alignments"), kwargs={"body": self.sides()}).start(),
                      lambda: threading.Thread(target=self.browser.call, args=("GET", f"/v1/alignments/{self.listed()[0]}/drift")).start()):
            real = {name: between.forward for name, between in self.between.items()}
            waits = [self.hold(name, FIRST) for name in ("source", "target")]
            begin()
            for held, _ in waits:
                self.assertTrue(held.wait(harness.PATIENCE))
            for _, go_on in waits:
                go_on.set()
            for name, between in self.between.items():
                between.forward = real[name]
            harness.wait_for(self.listed, "the first")

    def test_the_same_key_is_the_same_one(self):
        first = self.make(key="one")
        self.assertEqual(self.make(key="one")["id"], first["id"])
        self.end_of(first)
        self.assertEqual((self.make(key="one")["state"], self.listed()), ("done", [first["id"]]))
        self.assertIn("Idempotency-Key", self.make(409, key="one", target="TfNowhere01")["detail"])
        self.assertNotEqual(self.make(key="two")["id"], first["id"])
        self.make(400, key="x" * 65)
        self.make(400, source="x" * 60000)

    def test_the_same_key_at_the_same_moment(self):
        """Whoever comes while the first one is just being begun is told of it, and does not break it off."""
        browsers = [self.browser] + [self.same_session() for _ in range(TOGETHER - 1)]
        for i in range(OFTEN):
            answers = harness.together(*(functools.partial(self.make, browser=browser, key=f"at once {i}") for browser in browsers))
            self.assertEqual((len(answers), len({one["id"] for one in answers})), (TOGETHER, 1), answers)
            self.assertNotIn("interrupted", {one["state"] for one in answers})
            self.assertEqual(self.end_of(answers[0])["state"], "done")

    def same_session(self):
        browser = harness.Browser(self.port)
        browser.cookies.update(self.browser.cookies)
        return browser

    def test_what_went_wrong_is_told(self):
        """And what is under way at the other server is broken off."""
        _, say_so = self.hold("source", FIRST)
        making, _ = self.made_held(FIRST, source="TfNowhere01")
        say_so.set()
        now = self.end_of(making)
        self.assertEqual((now["state"], now["problem"]["code"], now["problem"]["status"], self.listed()), ("failed", "not_found", 404, []))
        self.assertIn("TfNowhere01", now["problem"]["detail"])

    def test_who_is_not_signed_in_begins_nothing(self):
        half = self.signed_in("source")
        answer = self.make(401, browser=half)
        self.assertEqual((answer["code"], answer["server"]), ("not_connected", "target"))

    def test_of_somebody_else(self):
        making, _ = self.made_held()
        half = self.signed_in("target")
        for method, path in (("GET", "/progress"), ("GET", "/events"), ("DELETE", "")):
            self.assertEqual(half.call(method, f"/v1/alignments/{making['id']}{path}").status, 404)
        self.assertIn(self.now(making)["state"], UNDER_WAY)


class Large(Making):
    """Of so many data elements that comparing them takes longer than asking."""
    many = 3000

    def prepare(self):
        for side in (self.source, self.target):
            elements, [data_set] = side.objects["dataElements"], side.objects["dataSets"]
            like = next(one for one in elements if one["id"] == side.elements["stock"])
            more = [{**like, "id": f"TfLarge{i:04}", "name": f"Cases of disease {i} seen by nurse {i % 7} in ward {i % 13}", "code": f"L{i}"} for i in range(self.many)]
            elements += more
            data_set["dataSetElements"] += [{"dataElement": {"id": one["id"]}} for one in more]

    def test_how_many_are_compared_is_told(self):
        making = self.make()
        seen = []
        self.until(making, lambda now: seen.append(now) or now["state"] not in UNDER_WAY)
        told = [now["progress"] for now in seen if now["state"] == "comparing"]
        self.assertTrue(any(one["done"] > 0 for one in told), told)
        self.assertEqual({one["of"] for one in told}, {self.many + len(self.source.elements)})
        self.assertEqual([one["done"] for one in told], sorted(one["done"] for one in told))
        self.assertFalse(any("progress" in now for now in seen if now["state"] != "comparing"))
        self.assertEqual(seen[-1]["state"], "done", seen[-1])


class Ended(Making):
    def test_cancelled(self):
        """The work ends, whatever the servers do; nothing comes of it later, and what was cancelled makes room."""
        held, go_on = self.hold("target", FIRST)
        makings = [self.make() for _ in range(AT_ONCE)]
        self.assertTrue(held.wait(harness.PATIENCE))
        answer = self.make(429)
        self.assertEqual(answer["code"], "too_many")
        for making in makings:
            self.assertEqual(self.browser.call("DELETE", f"/v1/alignments/{making['id']}").status, 204)
            self.log_says(making, "cancelled")
            for method, path in (("GET", "/progress"), ("DELETE", "")):
                self.assertEqual(self.browser.call(method, f"/v1/alignments/{making['id']}{path}").status, 404)
        go_on.set()
        self.assertEqual(self.end_of(self.make())["state"], "done")
        self.assertEqual(len(self.listed()), 1)

    def test_with_the_sign_out(self):
        """[R-G16] At the next answer of a server, whichever that is; told is the one that was left."""
        for answers, other in (("source", "target"), ("target", "source")):
            self.browser = self.signed_in()
            making, go_on = self.made_held(name=answers)
            self.until(making, lambda now: self.counts(now)[other] == self.whole()[other])
            self.assertEqual(self.browser.call("DELETE", "/v1/servers/target/connection").status, 204)
            time.sleep(TOLD_AGAIN_S)
            go_on.set()
            now = self.end_of(making)
            self.assertEqual((now["state"], now["problem"]["code"], now["problem"]["server"], self.listed()), ("failed", "not_connected", "target", []))

    def test_with_the_program(self):
        """SIGTERM waits for no server; who looks again is told that it was broken off."""
        making, _ = self.made_held()
        self.program.stop()
        self.assertNotIn("stopped_before_drained", self.program.log())
        self.serve()
        for _ in range(2):
            self.assertEqual(self.now(making)["state"], "interrupted")
        self.assertEqual([(one["id"], one["state"]) for one in self.browser.call("GET", "/v1/makings").json], [(making["id"], "interrupted")])
        self.assertEqual(self.browser.call("DELETE", f"/v1/alignments/{making['id']}").status, 204)


class Told(Making, test_run_events.Events):
    def open(self, making, last=None, port=None):
        stream = test_run_events.Stream(self.connect(port), f"/v1/alignments/{making['id']}/events", self.headers(last=last))
        self.addCleanup(stream.close)
        self.assertEqual((stream.status, stream.answer.getheader("Content-Type")), (200, "text/event-stream"))
        return stream

    def test_by_a_stream_of_events(self):
        """Gone on with where a line broke, to the end."""
        making, go_on = self.made_held()
        self.until(making, lambda now: now["target"]["data_elements"] > 0)
        stream = self.open(making)
        last, now = stream.next()
        self.assertEqual(now["state"], "reading")
        stream.close()
        again = self.open(making, last=last)
        go_on.set()
        events = again.rest()
        self.assertNotIn(last, [identity for identity, _ in events])
        self.assertEqual(events[-1][1], self.now(making))
        self.assertEqual(events[-1][1]["state"], "done")

    def test_until_it_is_cancelled(self):
        making, _ = self.made_held()
        stream = self.open(making)
        self.assertIsNotNone(stream.next())
        self.browser.call("DELETE", f"/v1/alignments/{making['id']}")
        self.assertEqual([now for _, now in stream.rest() if now["state"] not in UNDER_WAY], [])


class OfReplicas(test_replica_runs.Replicas, Making):
    """Two processes with one store."""

    def there(self, making):
        answer = self.at_second("GET", f"/v1/alignments/{making['id']}/progress")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_told_and_cancelled_through_another(self):
        making, go_on = self.made_held()
        harness.wait_for(lambda: self.counts(self.there(making)) == {**self.whole(), "target": (len(self.target.elements), 0)}, "how far it is")
        self.assertEqual(self.at_second("DELETE", f"/v1/alignments/{making['id']}").status, 204)
        self.log_says(making, "cancelled")
        go_on.set()
        making = self.make()
        harness.wait_for(lambda: self.there(making)["state"] == "done", "the end")
        self.assertEqual(self.listed(), [making["id"]])

    def test_its_process_dies_or_has_slept(self):
        """Where its hold has gone it is interrupted for everybody; a process that wakes up behind that keeps nothing."""
        making, go_on = self.made_held()
        self.assertIn(self.there(making)["state"], UNDER_WAY)

        def is_let_go():
            self.database.sql(f"DELETE FROM drawbridge.leases WHERE name = 'run:{making['id']}'", "drawbridge")
            return self.there(making)["state"] == "interrupted"
        harness.wait_for(is_let_go, "the end of its hold")
        go_on.set()
        self.log_says(making, "changed_meanwhile")
        self.assertEqual(([], "interrupted"), (self.listed(), self.now(making)["state"]))


if __name__ == "__main__":
    import unittest
    unittest.main()
