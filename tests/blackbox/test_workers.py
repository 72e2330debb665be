"""Two loops in one process (workers: 2): what one of them does, the other knows with its very next call. Each `Line` is a connection that stays open, and so on the loop that got it."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import signal
import threading
import time

import exposition
import harness
import test_gateway_session
import test_gateway_sign_in
import test_runs
import test_service
from gateway import Gateway
from keys import KeyBrowser
from people import PASSWORD
from scripted import Scripted, signed_in

APP = "https://handle.test"
HANDLE = f"""apps:
  - {{id: handle, origins: ["{APP}"], return_to: ["{APP}/"], mode: handle}}"""


class Line:
    """A connection that is kept; calls with a cookie that the caller names."""

    def __init__(self, case):
        self.case = case
        self.connection = http.client.HTTPConnection("127.0.0.1", case.port, timeout=harness.PATIENCE)
        case.addCleanup(self.connection.close)
        self.call("GET", "/sdk/drawbridge.js")

    def call(self, method, target, cookie=None, headers=(), body=None):
        given = {"X-Drawbridge": "1", **({"Cookie": f"drawbridge={cookie}"} if cookie else {}), **dict(headers)}
        if body is not None:
            given["Content-Type"], body = "application/json", json.dumps(body)
        self.connection.request(method, target, body, given)
        answer = self.connection.getresponse()
        return harness.Answer(answer.status, answer.getheaders(), answer.read())


def cookie_of(answer):
    return next((c.partition(";")[0].partition("=")[2] for c in answer.all("Set-Cookie") if c.startswith("drawbridge=")), None)


class Workers(Gateway):
    workers = 2

    def begin(self, servers=(("one", "2.41"), ("two", "2.43")), **more):
        """Two lines, one on each loop, and a sign-in at the first server by the first line. Returns its cookie."""
        self.start(servers, **more)
        for people in self.people.values():
            people.add("ada")
            people.add("bob")
        self.lines = Line(self), Line(self)
        return self.enter(self.lines[0], servers[0][0])

    def enter(self, line, server, name="ada", cookie=None):
        answer = line.call("POST", f"/v1/servers/{server}/connection", cookie, body={"kind": "password", "username": name, "password": PASSWORD})
        self.assertEqual(answer.status, 201, answer)
        return cookie_of(answer) or cookie

    def expect(self, line, cookie, code, server="one"):
        """code: None where the call is answered."""
        answer = line.call("GET", f"/s/{server}/api/me?fields=username", cookie)
        self.assertEqual((answer.status, answer.json.get("code")), (401, code) if code else (200, None), answer)

    def metrics(self):
        return exposition.read(harness.call(self.admin, "GET", "/metrics").body.decode())


class Sessions(Workers):
    def work_of(self):
        """How long each loop's thread has run, in nanoseconds."""
        work = []
        for task in pathlib.Path(f"/proc/{self.program.process.pid}/task").iterdir():
            main = task.name == str(self.program.process.pid)
            if main or (task / "comm").read_text().strip() == "worker":
                work.append((not main, int((task / "schedstat").read_text().split()[0])))
        return [n for _, n in sorted(work)]

    def test_both_loops_serve(self):
        """Else the rest of this file would prove nothing."""
        cookie = self.begin()
        self.assertEqual(self.metrics()["drawbridge_workers"], 2)
        sets = []
        for line in self.lines:
            before = self.work_of()
            self.assertEqual(len(before), 2)
            for _ in range(40):
                self.expect(line, cookie, None)
            sets.append([after - b for after, b in zip(self.work_of(), before)])
        busy = sorted(work.index(max(work)) for work in sets)
        self.assertEqual(busy, [0, 1], sets)
        self.assertTrue(all(max(work) > 5 * min(work) for work in sets), sets)

    def test_the_end_of_a_session_is_seen_at_once(self):
        """[R-E10, A11] Signed out by one line, dead on the other with the next call."""
        cookie = self.begin()
        for i in range(6):
            here, there = self.lines[i % 2], self.lines[1 - i % 2]
            cookie = cookie or self.enter(there, "one")
            self.expect(here, cookie, None)
            self.expect(there, cookie, None)
            self.assertEqual(here.call("DELETE", "/v1/session", cookie).status, 204)
            self.expect(there, cookie, "no_session")
            self.expect(here, cookie, "no_session")
            cookie = None

    def test_the_end_and_the_beginning_of_a_connection_are_seen_at_once(self):
        cookie = self.begin()
        old = cookie
        cookie = self.enter(self.lines[1], "two", cookie=old)
        self.assertNotEqual(cookie, old)
        for line in self.lines:
            self.expect(line, cookie, None, "one")
            self.expect(line, cookie, None, "two")
            self.expect(line, old, None, "one")  # a late call of the same browser's
            self.expect(line, old, "not_connected", "two")
        for here, there in (self.lines, self.lines[::-1]):
            self.assertEqual(here.call("DELETE", "/v1/servers/one/connection", cookie).status, 204)
            self.expect(there, cookie, "not_connected", "one")
            self.expect(there, cookie, None, "two")
            cookie = self.enter(here, "one", cookie=cookie)
            self.expect(there, cookie, None, "one")

    def test_another_person_ends_the_old_id_at_once(self):
        """[R-E2, A10]"""
        cookie = self.begin()
        for here, there, name in (*((*self.lines, "bob"),), (*self.lines[::-1], "ada")):
            self.expect(there, cookie, None)
            fresh = self.enter(here, "one", name, cookie)
            self.expect(there, cookie, "no_session")
            answer = there.call("GET", "/s/one/api/me?fields=username", fresh)
            self.assertEqual(answer.json, {"username": name})
            self.expect(here, cookie, "no_session")
            cookie = fresh

    def test_a_server_sees_one_session_of_a_token(self):
        """What a server sets as cookies belongs to the connection, whichever loop got it."""
        seen = []

        def answer(method, path, headers, body):
            if path.startswith("/api/things"):
                seen.append(headers.get("Cookie"))
                return 200, {"Content-Type": "application/json", **({} if headers.get("Cookie") else {"Set-Cookie": f"kept={len(seen)}; Path=/"})}, '{"things":[]}'
            return signed_in(path)
        upstream = Scripted(answer)
        self.addCleanup(upstream.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{upstream.port}")])
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_" + "a" * 50)
        lines = Line(self), Line(self)
        for line in lines * 3:
            self.assertEqual(line.call("GET", "/s/one/api/things", self.cookie(browser)).status, 200)
        self.assertEqual(seen, [None] + ["kept=1"] * 5)

    def test_a_proof_is_taken_once(self):
        """[A16, R-F4] A nonce is good on both loops, and a proof on one of them once."""
        self.start([("one", "2.43")], apps=HANDLE)
        self.people["one"].add("ada")
        app = KeyBrowser(self, APP)
        self.with_password(app, "one")
        lines = Line(self), Line(self)
        for here, there in (lines, lines[::-1]):
            headers = app.headers("GET", "/s/one/api/me")
            self.assertEqual(here.call("GET", "/s/one/api/me", headers=headers).status, 200)
            refused = there.call("GET", "/s/one/api/me", headers=headers)
            self.assertEqual((refused.status, refused.json.get("reason")), (401, "replayed"), refused)

    def test_what_is_counted(self):
        """/metrics speaks for both: each call once, the session once."""
        cookie = self.begin()
        before = self.metrics()
        for line in (*self.lines, *self.lines, self.lines[1]):
            self.expect(line, cookie, None)
        names = ('drawbridge_requests_total{status="2xx"}', 'drawbridge_proxied_total{server="one",outcome="answered"}', 'drawbridge_upstream_seconds_count{server="one"}', "drawbridge_request_seconds_count")
        harness.wait_for(lambda: all(self.metrics()[name] - before[name] >= 5 for name in names), "what was counted behind the last answer")
        after = self.metrics()
        self.assertEqual([after[name] - before[name] for name in names], [5] * 4)
        self.assertEqual(after["drawbridge_sessions_in_memory"], 1)
        self.assertEqual(after["drawbridge_browser_connections"], 2)
        self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 200)

    def test_lines_of_the_log_are_whole(self):
        cookie = self.begin()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda line: [self.expect(line, cookie, None) for _ in range(100)], self.lines))

        def all_there():
            text = self.program.log()
            return text.endswith("\n") and [json.loads(line)["event"] for line in text.splitlines()].count("request") >= 200
        harness.wait_for(all_there, "a line for each call")


class Reach(Workers):
    """Servers that answer when the test says so."""

    def begin(self, more="", server_more=""):
        self.gate, self.under_way, self.most, self.lock = threading.Event(), 0, 0, threading.Lock()

        def answer(method, path, headers, body):
            if path.startswith("/api/me"):
                return 200, {"Content-Type": "application/json", "Connection": "close"}, '{"id":"abcdefghijk","username":"ada","name":"Ada"}'
            if path.startswith("/api/slow"):
                with self.lock:
                    self.under_way += 1
                    self.most = max(self.most, self.under_way)
                self.gate.wait(harness.PATIENCE)
                with self.lock:
                    self.under_way -= 1
                return 200, {"Content-Type": "application/json"}, '{"slow":true}'
            return 200, {"Content-Type": "application/json"}, '{"apiVersion":"2.41.9","version":"2.41.9"}'
        self.upstream = Scripted(answer)
        self.addCleanup(self.upstream.stop)
        self.addCleanup(self.gate.set)
        self.start([("one", None, f"url: http://127.0.0.1:{self.upstream.port}\n    {server_more}")], more=more)
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_" + "a" * 50)
        return self.cookie(browser)

    def slow(self, pool, line, cookie):
        return pool.submit(line.call, "GET", "/s/one/api/slow", cookie)

    def test_concurrency_is_that_of_the_process(self):
        """[R-G14] Two at a time, whichever loops they came by; the others wait for their turn on both, and all are served."""
        cookie = self.begin(server_more="limits: {concurrency: 2}")
        lines = [Line(self) for _ in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            calls = [self.slow(pool, line, cookie) for line in lines]
            harness.wait_for(lambda: self.metrics()['drawbridge_upstream_waiting{server="one"}'] == 6, "six wait")
            self.assertEqual(self.metrics()['drawbridge_upstream_connections{server="one"}'], 2)
            self.assertEqual(self.metrics()['drawbridge_upstream_calls{server="one"}'], 8)
            self.gate.set()
            self.assertEqual([call.result().json for call in calls], [{"slow": True}] * 8)
        self.assertEqual(self.most, 2)

    def test_a_connection_that_one_loop_has_no_use_for_goes_to_the_other(self):
        """With one connection for both, and calls by turns: nobody waits until it grows old, and nobody is refused."""
        cookie = self.begin(server_more="limits: {concurrency: 1}")
        self.gate.set()
        lines = Line(self), Line(self)
        for line in lines * 5:
            self.assertEqual(line.call("GET", "/s/one/api/slow", cookie).json, {"slow": True})
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for answers in pool.map(lambda line: [line.call("GET", "/s/one/api/slow", cookie).status for _ in range(25)], lines):
                self.assertEqual(answers, [200] * 25)
        self.assertEqual(self.most, 1)

    def test_a_server_that_is_away_is_spared_by_both(self):
        """[R-G14] Three calls by one loop find nobody; the other's first is told at once that the server is spared."""
        cookie = self.begin()
        lines = Line(self), Line(self)
        for line in lines:
            self.expect(line, cookie, None)
        self.upstream.stop()

        def told(line):
            answer = line.call("GET", "/s/one/api/me", cookie)
            self.assertEqual(answer.json.get("code"), "server_unreachable", answer)
            return "several times in a row" in answer.json["message"]
        for _ in range(2):
            self.assertFalse(told(lines[0]))
        for _ in range(10):  # on a machine that is very slow the pause of a second may be over before the other's call
            begin = time.monotonic()
            tried, spared = not told(lines[0]), told(lines[1])
            if tried and time.monotonic() - begin < 1:
                self.assertTrue(spared)
                return
        self.fail("two calls never came within a second")

    def test_reload(self):
        """A configuration is taken over by both loops, or by none."""
        cookie = self.begin()
        lines = Line(self), Line(self)
        done = lambda name, n: harness.wait_for(lambda: self.metrics()[f'drawbridge_reloads_total{{outcome="{name}"}}'] == n, f"reload {n}")  # noqa: E731
        policy = lambda: [line.call("GET", "/s/one/api/me", cookie).json.get("code") for line in lines]  # noqa: E731
        self.config.write_text(self.config_text.replace("addresses:", 'policy: {deny: ["/api/me"]}\n    addresses:'))
        self.program.process.send_signal(signal.SIGHUP)
        done("ok", 1)
        self.assertEqual(policy(), ["policy"] * 2)
        self.config.write_text("nonsense: [")
        self.program.process.send_signal(signal.SIGHUP)
        done("refused", 1)
        self.assertEqual(self.metrics()["drawbridge_reload_refused"], 1)
        self.assertEqual(policy(), ["policy"] * 2)
        self.config.write_text(self.config_text)
        self.program.process.send_signal(signal.SIGHUP)
        done("ok", 2)
        self.assertEqual(self.metrics()["drawbridge_reload_refused"], 0)
        self.assertEqual(policy(), [None] * 2)

    def test_drain(self):
        """What is under way ends on both loops, and only then the program."""
        cookie = self.begin()
        lines = Line(self), Line(self)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            calls = [self.slow(pool, line, cookie) for line in lines]
            harness.wait_for(lambda: self.under_way == 2, "both are at the server")
            self.program.process.terminate()
            harness.wait_for(lambda: not harness.answers(self.port), "the end of listening")
            self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 503)
            self.gate.set()
            self.assertEqual([call.result().json for call in calls], [{"slow": True}] * 2)
        self.program.process.wait(harness.PATIENCE)
        self.assertEqual(self.program.process.returncode, 0)

    def cut_by(self, leave):
        cookie = self.begin()
        lines = Line(self), Line(self)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            call = self.slow(pool, lines[1], cookie)
            harness.wait_for(lambda: self.under_way == 1, "it is at the server")
            self.assertEqual(lines[0].call("DELETE", leave, cookie).status, 204)
            answer = call.result()
            self.assertEqual((answer.status, answer.json["code"]), (401, "no_session"), answer)

    def test_a_call_is_cut_by_the_sign_out_of_the_other_loop(self):
        """[R-G16, A11]"""
        self.cut_by("/v1/session")

    def test_a_call_is_cut_by_the_sign_out_at_its_server(self):
        """[R-G16, A11]"""
        self.cut_by("/v1/servers/one/connection")

    def test_more_connections_than_may_be(self):
        """The backlog holds what is above the limit of all loops together; not tested by number here, but that many are spread and all are answered."""
        cookie = self.begin()
        lines = [Line(self) for _ in range(40)]
        self.assertEqual(self.metrics()["drawbridge_browser_connections"], 40)
        for line in lines:
            self.expect(line, cookie, None)


class Storm(Workers):
    ROUNDS = int(os.environ.get("DRAWBRIDGE_ROUNDS", "4"))

    def rounds(self, name):
        """One browser with two lines: in, another server too, calls by both at once, out of one, out; nothing of it survives."""
        lines = Line(self), Line(self)
        for i in range(self.ROUNDS):
            here, there = lines[i % 2], lines[1 - i % 2]
            cookie = self.enter(here, "one", name)
            cookie = self.enter(there, "two", name, cookie)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for answers in pool.map(lambda line, now=cookie: [line.call("GET", f"/s/{server}/api/me?fields=username", now).json for server in ("one", "two") * 3], lines):
                    self.assertEqual(answers, [{"username": name}] * 6)
            self.assertEqual(there.call("DELETE", "/v1/servers/one/connection", cookie).status, 204)
            self.expect(here, cookie, "not_connected", "one")
            self.expect(here, cookie, None, "two")
            self.assertEqual(here.call("DELETE", "/v1/session", cookie).status, 204)
            self.expect(there, cookie, "no_session", "two")

    def test_people_come_and_go(self):
        """[R-E13, A12] On both loops, while the configuration is read again and again, and the figures are asked for."""
        self.start((("one", "2.41"), ("two", "2.43")))
        names = [f"person{i}" for i in range(6)]
        for people in self.people.values():
            for name in names:
                people.add(name)
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            all_of_them = [pool.submit(self.rounds, name) for name in names]
            while not all(one.done() for one in all_of_them):
                self.program.process.send_signal(signal.SIGHUP)
                self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 200)
                self.assertEqual(self.metrics()["drawbridge_workers"], 2)
                concurrent.futures.wait(all_of_them, 0.2)
            for one in all_of_them:
                one.result()
        self.assertEqual(self.metrics()["drawbridge_sessions_ended_total"], len(names) * self.ROUNDS)
        harness.wait_for(lambda: self.metrics()["drawbridge_upstream_calls{server=\"one\"}"] == 0, "no call is left")


# What one loop is tested for, on two.

def only(base, *names):
    """A class with these tests of another one."""
    return type(base.__name__, (base,), {"workers": 2, "__module__": __name__, **{name: None for name in dir(base) if name.startswith("test_") and name not in names}})


Runs = only(test_runs.Runs, "test_cancelled_and_gone_on_with", "test_the_same_key_is_the_same_run")


class Manager:
    def setUp(self):
        super().setUp()
        self.config_text += "workers: 2\n"
        self.config.write_text(self.config_text)


class Notify(Manager, test_service.Notify):
    pass


class Sockets(Manager, test_service.Sockets):
    pass


class Ids(test_gateway_session.Ids):
    workers = 2


class Limits(test_gateway_sign_in.Limits):
    workers = 2


class Renewals(Workers):
    def test_tokens_are_renewed_once(self):
        """[R-D3, A13] Forty calls by both loops meet a dead token: one renewal."""
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        self.authorize(browser, "one")
        lines = [Line(self) for _ in range(20)]
        for rounds in (1, 2):
            self.people["one"].control("restart")
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                answers = list(pool.map(lambda line: line.call("GET", "/s/one/api/me", self.cookie(browser)), lines))
            self.assertEqual([answer.json.get("code") for answer in answers], [None] * 20)
            self.assertEqual(self.metrics()['drawbridge_renewals_total{server="one",outcome="ok"}'], rounds)
