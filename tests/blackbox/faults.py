#!/usr/bin/env python3
"""Runs of a transfer with one fault each, at every step they have: each ends with what the rules say, computed apart, and no value was written twice.

    ./dev faults [--runs N] [--seed N] [--worlds N] [--jobs N]

A world is two stand-ins (each pair of releases in turn) and a set of made-up rules and values. In it one run is made without a fault; it tells how many questions each server is asked. Then each kind of fault is put before, into or behind each of
these questions, and a run that ended by it is gone on with until it is done. Closes with `N passed, N failed, N skipped`.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import http.server
import itertools
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import harness
import transfer_fixture as fixture
from test_transfer import Servers

RELEASES = [("2.41", "2.43"), ("2.43", "2.41"), ("2.37", "2.43"), ("2.42", "2.42"), ("2.40", "2.37"), ("2.43", "2.43")]
KINDS = ("kill before", "kill behind", "cut before", "cut behind", "cut inside", "504 before", "504 behind", "500 once", "503 once", "empty once", "signed out", "away", "full disk")
ALWAYS = [k for k in KINDS if k != "full disk"]
TRIES = 6
DAY = datetime.date(2003, 1, 1)


class Front:
    """Stands before a stand-in; does one fault at the n-th question of a run."""

    def __init__(self, behind):
        self.behind, self.lock = behind, threading.Lock()
        self.hit = threading.Event()
        self.begin()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                with contextlib.suppress(ConnectionError):
                    super().handle_one_request()

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                with outer.lock:
                    outer.asked += 1
                    number, kind = outer.asked, outer.kind if outer.asked == outer.at else None
                    away = outer.away_until > time.monotonic() or outer.out
                if kind == "away":
                    outer.away_until = time.monotonic() + 0.7
                if kind == "signed out":
                    outer.out = True
                if kind:
                    outer.hit.set()
                if kind == "away" or (away and not outer.out):
                    return self.drop()
                if outer.out:
                    return self.say(401, b'{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}')
                if kind in ("kill before", "cut before"):
                    return self.hold() if kind == "kill before" else self.drop()
                if kind in ("504 before", "500 once", "503 once", "empty once"):
                    if kind == "empty once":
                        return self.say(200, b"")
                    return self.say(int(kind[:3]), b"<html>busy</html>", kind="text/html", more={"Retry-After": "1"} if kind[0:3] == "503" else {})
                answer = harness.call(outer.behind, self.command, self.path, [(k, v) for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")], body)
                self.note(body, answer)
                if kind in ("kill behind", "cut behind"):
                    return self.hold() if kind == "kill behind" else self.drop()
                if kind == "504 behind":
                    return self.say(504, b"<html>too slow</html>", kind="text/html")
                self.pass_back(answer, kind == "cut inside")

            def note(self, body, answer):
                if self.command != "POST" or not self.path.startswith("/api/dataValueSets") or "dryRun=true" in self.path or answer.status not in (200, 409):
                    return
                document = json.loads(body)
                with outer.lock:
                    for row in document["dataValues"]:
                        outer.written.append((row["dataElement"], row["categoryOptionCombo"], row["period"], row["orgUnit"], row["attributeOptionCombo"]))

            def pass_back(self, answer, inside):
                self.send_response(answer.status)
                for key, value in answer.headers:
                    if key.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body[:len(answer.body) // 2] if inside else answer.body)
                if inside:
                    self.close_connection = True

            def say(self, status, body, kind="application/json", more=None):
                self.send_response(status)
                for key, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(more or {})}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def drop(self):
                self.close_connection = True

            def hold(self):
                """Until the other side is gone."""
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.recv(1)

            do_GET = do_POST = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 64

            def handle_error(self, *_):
                pass
        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def begin(self, at=0, kind=None):
        self.asked, self.at, self.kind, self.out, self.away_until = 0, at, kind, False, 0
        self.written = []
        self.hit.clear()

    def calm(self):
        """The fault is over; what was written is kept."""
        self.at, self.out, self.away_until = 0, False, 0

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class World(Servers):
    """Not a test by itself: two servers and what stands between."""

    def runTest(self):
        pass

    def __init__(self, releases, seed):
        super().__init__()
        self.versions, self.chance = releases, random.Random(f"{seed} {releases}")
        self.unit_count = self.chance.randrange(2, 5)
        self.maxDiff, self.day, self.struck = 2000, 0, False
        self.days = self.chance.choice((2, 3))

    def open(self):
        self.setUp()
        for side in (self.source, self.target):
            side.objects["dataSets"][0]["periodType"] = "Daily"
        self.start(stored={})
        self.fronts = {name: Front(sim.port) for name, sim in self.sims.items()}
        for front in self.fronts.values():
            self.addCleanup(front.close)
        (self.folder / "config.yaml").write_text(fixture.CONFIG.format(folder=self.folder, **{n: f.port for n, f in self.fronts.items()}))

    def fresh(self):
        """Two or three days that nobody used: values at the source, and at the target some that are to change, some that are right already. With three, one can be done, one planned and one read ahead."""
        count = self.days
        periods = [(DAY + datetime.timedelta(days=self.day + i)).strftime("%Y%m%d") for i in range(count)]
        self.day += count
        self.fill("source", self.source, fixture.values(self.source, self.chance.random(), periods=periods, filled=0.6))
        wanted = fixture.expected(self.made, self.stored("source", periods=periods))
        there = {}
        for key in self.chance.sample(sorted(wanted), min(4, len(wanted))):
            there[key] = wanted[key] if self.chance.random() < 0.4 else {"remark": "older", "power": "true" if wanted[key] == "false" else "false"}.get(next((n for n in ("remark", "power") if key[0] == self.target.elements[n]), ""), "7")
        if there:
            self.fill("target", self.target, there)
        return periods, self.kept(wanted)

    def once(self, periods, journal, front=None, kind=None, room=None):
        """One process, to its end or its kill. Returns (exit code, what it said)."""
        def little_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        words = [harness.BUILD / "drawbridge", *self.words(*(["--resume"] if self.begun(journal) else []), journal=journal, periods=periods)]
        run = subprocess.Popen(words, env={**os.environ, **self.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=little_room if room else None)
        if kind and kind.startswith("kill"):
            while run.poll() is None and not front.hit.wait(0.02):
                pass
            with contextlib.suppress(ProcessLookupError):
                run.send_signal(signal.SIGKILL)
        try:
            out, err = run.communicate(timeout=harness.PATIENCE * 3)
        except subprocess.TimeoutExpired:
            run.kill()
            raise AssertionError(f"it does not end: {run.communicate()}") from None
        self.assertFalse(any(word in err for word in harness.SANITIZER), err[-4000:])
        return run.returncode, err

    def go(self, place=None, kind=None, number=0, room=None):
        """One run with one fault; raises where it is not as it must be. Returns how often each server was asked."""
        periods, wanted = self.fresh()
        journal = f"journal-{self.day}"
        for name, front in self.fronts.items():
            front.begin(number if name == place else 0, kind)
        front, said = self.fronts.get(place), []
        for attempt in range(TRIES):
            code, err = self.once(periods, journal, front, kind if attempt == 0 else None, room if attempt == 0 else None)
            said.append((code, err[-300:]))
            if code == 0:
                break
            for one in self.fronts.values():
                one.calm()
        about = f"{self.versions} {place} {kind} {number} room={room}: {said}"
        self.struck = kind == "full disk" or bool(front and front.hit.is_set())
        self.assertEqual(code, 0, about)
        report = self.read_report()
        self.assertEqual((report["outcome"], report["counts"]["differing"], report["counts"]["refused"], report["counts"]["ignored"]), ("done", 0, 0, {}), about)
        self.assertTrue(all(t["equal"] for t in report["control_totals"]), about)
        self.assertEqual(self.stored("target", periods=periods), wanted, about)
        written = self.fronts["target"].written
        twice = {cell for cell, times in collections.Counter(written).items() if times > 1}
        self.assertEqual(twice, set(), about)
        shutil.rmtree(self.folder / journal)
        return {name: front.asked for name, front in self.fronts.items()}


def plans(world):
    """All faults at all steps of a run there, in an order of chance."""
    asked = world.go()
    made = [(name, kind, number) for name, count in asked.items() for number in range(1, count + 1) for kind in ALWAYS]
    made += [(None, "full disk", room) for room in (200, 900, 2000, 4000, 6000, 9000, 12000)]
    world.chance.shuffle(made)
    return made


def in_world(number, seed, count):
    """`count` runs in one world: (passed, failed, how many faults came to pass: a run may be shorter than the one that was counted, what there is to say)."""
    passed = struck = 0
    said, releases = [], RELEASES[number % len(RELEASES)]
    world = World(releases, f"{seed} {number}")
    try:
        world.open()
        for name, kind, at in itertools.islice(plans(world), count):
            try:
                world.go(name, kind, at) if kind != "full disk" else world.go(kind=kind, room=at)
                passed += 1
                struck += world.struck
            except AssertionError as problem:
                said.append(f"FAILED: {problem}")
    finally:
        world.doCleanups()
    failed = len(said)
    return passed, failed, struck, [*said, f"world {number}, {' to '.join(releases)}: {passed + failed} runs, {failed} failed"]


def run(count, seed, most_worlds, say, jobs=1):
    """(passed, failed, how many faults came to pass). A run mostly waits, so several worlds at once take little more than one."""
    shares = [count // most_worlds + (number < count % most_worlds) for number in range(most_worlds)]
    with concurrent.futures.ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        results = [pool.submit(in_world, number, seed, share) for number, share in enumerate(shares)]
        for done in concurrent.futures.as_completed(results):
            for text in done.result()[3]:
                say(text)
    return tuple(sum(r.result()[i] for r in results) for i in range(3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3000)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=4, help="worlds at once")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    began = time.monotonic()
    passed, failed, struck = run(options.runs, options.seed, options.worlds, lambda text: print(text, flush=True), options.jobs)
    print(f"{passed + failed} runs in {time.monotonic() - began:.0f} s, the fault came to pass in {struck}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
