"""A run as a stream of events: told whenever it changes, gone on with where one was cut off, and ended with the sign-in, the run or the program."""
import contextlib
import http.client
import json
import sqlite3

import harness
import test_fronts
import test_replica_runs
import test_runs
from h2wire import H2, INITIAL_WINDOW_SIZE

AT_ONCE = 4  # streams of one session


class Stream:
    """What comes of one, event by event."""

    def __init__(self, connection, path, headers):
        self.connection = connection
        connection.request("GET", path, headers=headers)
        self.answer = connection.getresponse()
        self.status = self.answer.status

    def next(self):
        """(id, run); None at the end."""
        fields = []
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if not text and fields:
                assert [name for name, _ in fields] == ["id", "data"], fields
                return fields[0][1], json.loads(fields[1][1])
            if text and not text.startswith(":"):
                fields.append(text.split(": ", 1))
        assert not fields, "half an event"
        return None

    def rest(self):
        return list(iter(self.next, None))

    def close(self):
        self.answer.close()
        self.connection.close()


class Events(test_runs.Gateway):
    def headers(self, browser=None, last=None):
        jar = (browser or self.browser).cookies.get(self.port, {})
        return {"X-Drawbridge": "1", "Host": f"127.0.0.1:{self.port}", **({"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {}), **({"Last-Event-ID": last} if last else {})}

    def connect(self, port=None):
        return http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=harness.PATIENCE)

    def open(self, run, browser=None, last=None, port=None, expect=200):
        stream = Stream(self.connect(port), f"/v1/runs/{run['id']}/events", self.headers(browser, last))
        self.addCleanup(stream.close)
        self.assertEqual(stream.status, expect)
        return stream

    def opened(self, run, **more):
        """A stream behind its first event."""
        stream = self.open(run, **more)
        self.assertIsNotNone(stream.next())
        return stream

    def refusal(self, run, browser=None, headers=None):
        return harness.call(self.port, "GET", f"/v1/runs/{run['id']}/events", headers or self.headers(browser))


class Told(Events):
    def test_from_the_middle_to_the_end(self):
        run, go_on = self.held()
        stream = self.open(run)
        headers = {name: stream.answer.getheader(name) for name in ("Content-Type", "Cache-Control", "X-Accel-Buffering", "X-Content-Type-Options")}
        self.assertEqual(headers, {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"})
        _, first = stream.next()
        self.assertEqual(first, self.run_now(run))
        self.assertEqual((first["state"], first["progress"]), ("sending", {"done": 0, "of": 3}))
        go_on.set()
        events = stream.rest()
        self.assertEqual(events[-1][1], self.run_now(run))
        self.check_run(events[-1][1])
        ids = [identity for identity, _ in events]
        self.assertEqual(len(set(ids)), len(ids), "each was told once")
        self.assertTrue(all(now["state"] in test_runs.UNDER_WAY for _, now in events[:-1]))

    def test_gone_on_with_where_it_was_cut_off(self):
        run, go_on = self.held()
        stream = self.open(run)
        last, _ = stream.next()
        stream.close()
        again = self.open(run, last=last)
        go_on.set()
        events = again.rest()
        self.assertNotIn(last, [identity for identity, _ in events])
        self.assertEqual(events[-1][1]["state"], "done")

    def test_of_one_that_has_ended(self):
        """One event and the end; to whom it was told already, the end alone. The connection is good for more."""
        run = self.begin(dry_run=True)
        self.ended(run)
        stream = self.open(run)
        events = stream.rest()
        self.assertEqual([now["state"] for _, now in events], ["done"])
        stream.connection.request("GET", f"/v1/runs/{run['id']}/events", headers=self.headers(last=events[0][0]))
        again = stream.connection.getresponse()
        self.assertEqual((again.status, again.read()), (200, b""))
        for other in ("0" * 16, "x" * 5000, ""):
            self.assertEqual(self.open(run, last=other).rest(), events)

    def test_over_http_2(self):
        run, go_on = self.held()
        with H2(self.port) as wire:
            headers = [(name.lower(), value) for name, value in self.headers().items() if name != "Host"]
            streams = [wire.ask(f"/v1/runs/{run['id']}/events", headers=headers, authority=f"127.0.0.1:{self.port}") for _ in range(2)]
            wire.until(lambda: all(b"\n\n" in wire.streams[one].body for one in streams))
            self.assertEqual({wire.streams[one].header("content-type") for one in streams}, {"text/event-stream"})
            go_on.set()
            for one in streams:
                answer = wire.answer(one)
                self.assertTrue(answer.ended)
                self.assertEqual(json.loads(answer.body.decode().split("data: ")[-1])["state"], "done")

    def test_of_somebody_else(self):
        run, _ = self.held()
        self.assertEqual(self.refusal(run, harness.Browser(self.port)).status, 401)
        half = self.signed_in("target")
        answer = self.refusal(run, half)
        self.assertEqual((answer.status, answer.json["code"]), (404, "not_found"))
        self.assertEqual(self.refusal({"id": "nowhere"}).status, 404)
        self.assertEqual(self.refusal(run, headers={k: v for k, v in self.headers().items() if k != "X-Drawbridge"}).status, 403)
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/events").status, 405)

    def test_so_many_at_once(self):
        """[R-G14] What one browser has too many of, another may have; and a stream that was closed makes room."""
        run, _ = self.held()
        streams = [self.opened(run) for _ in range(AT_ONCE)]
        answer = self.refusal(run)
        self.assertEqual((answer.status, answer.json["code"]), (429, "too_many"))
        self.assertGreater(int(answer.header("Retry-After")), 5)
        self.opened(run, browser=self.signed_in())
        self.assertEqual(self.run_now(run)["state"], "sending")
        streams[0].close()

        def is_free():
            with contextlib.closing(self.connect()) as connection:
                stream = Stream(connection, f"/v1/runs/{run['id']}/events", self.headers())
                return stream.status == 200
        harness.wait_for(is_free, "room")


class Ended(Events):
    def test_with_the_sign_out(self):
        """[R-G16, A11] Of everything, and of one of the run's servers alone."""
        run, _ = self.held()
        for leave in ("/v1/session", "/v1/servers/source/connection"):
            browser = self.signed_in()
            stream = self.opened(run, browser=browser)
            self.assertEqual(browser.call("DELETE", leave).status, 204)
            self.assertEqual(stream.rest(), [])

    def test_with_the_run(self):
        run, _ = self.held()
        stream = self.opened(run)
        with contextlib.closing(sqlite3.connect(self.state / "state.db", timeout=harness.PATIENCE)) as store, store:
            self.assertEqual(store.execute("DELETE FROM documents WHERE kind = 'run'").rowcount, 1)
        stream.rest()
        self.assertEqual(self.refusal(run).status, 404)

    def test_with_the_program(self):
        """SIGTERM waits for no stream, whatever it comes by."""
        run, _ = self.held()
        streams = [self.opened(run), self.opened(run)]
        with H2(self.port) as wire:
            headers = [(name.lower(), value) for name, value in self.headers().items() if name != "Host"]
            one = wire.ask(f"/v1/runs/{run['id']}/events", headers=headers, authority=f"127.0.0.1:{self.port}")
            wire.until(lambda: b"\n\n" in wire.streams[one].body)
            self.program.stop()
            self.assertTrue(wire.answer(one).ended)
        for stream in streams:
            self.assertEqual([now["state"] for _, now in stream.rest() if now["state"] not in test_runs.UNDER_WAY], [], "it has not ended: it is left off")
        self.assertNotIn("stopped_before_drained", self.program.log())


class Slow(Events):
    takes_seconds = 25

    def serve(self):
        self.config.write_text(self.config.read_text() + "limits: {idle: 1s}\n")
        super().serve()

    def test_who_takes_nothing_is_let_go(self):
        """[R-G14]"""
        run, _ = self.held()
        with H2(self.port, settings={INITIAL_WINDOW_SIZE: 0}) as wire:
            headers = [(name.lower(), value) for name, value in self.headers().items() if name != "Host"]
            one = wire.ask(f"/v1/runs/{run['id']}/events", headers=headers, authority=f"127.0.0.1:{self.port}")
            answer = wire.answer(one)
            self.assertEqual((answer.status, answer.body, answer.ended), (200, b"", False))
            self.assertIsNotNone(answer.reset)
        for _ in range(AT_ONCE):
            self.opened(run)


    def test_who_has_nothing_to_take_stays(self):
        """A comment shows that it lives, and nothing else comes."""
        run, _ = self.held()
        stream = self.opened(run)
        self.assertEqual((stream.answer.readline(), stream.answer.readline()), (b":\n", b"\n"))


class OfReplicas(test_replica_runs.Replicas, Events):
    takes_seconds = 20

    def test_told_by_a_process_that_has_not_the_run(self):
        run, go_on = self.held()
        harness.wait_for(lambda: self.seen(run)["state"] == "sending", "how far it is")
        here = self.open(run)
        last, first = here.next()
        there = self.open(run, port=self.second, last=last)
        here.close()
        go_on.set()
        events = there.rest()
        self.assertNotIn(last, [identity for identity, _ in events], "what one process has told, another does not tell again")
        self.assertEqual((first["state"], events[-1][1]["state"]), ("sending", "done"))
        self.check_run(events[-1][1])

    def test_signed_out_at_another(self):
        """[R-G16] The stream of the other process ends when that hears of it."""
        run, _ = self.held()
        stream = self.opened(run, port=self.second)
        self.assertEqual(self.browser.call("DELETE", "/v1/session").status, 204)
        stream.rest()


class BehindNginx(test_fronts.Front, Events):
    def prepare(self):
        self.need("nginx")

    def serve(self):
        self.config.write_text(self.config.read_text().replace(f"public_url: http://127.0.0.1:{self.port}", f"public_url: https://localhost:{self.front}") + "trusted_proxies: [127.0.0.1/32]\n")
        super().serve()
        self.stand_before("nginx.conf", test_fronts.AROUND_NGINX, test_fronts.NGINX)

    def headers(self, browser=None, last=None):
        return {**super().headers(browser, last), "Host": f"localhost:{self.front}"}

    def connect(self, port=None):
        return self.connect_front()

    def signed_in(self, *servers):
        browser = harness.Browser(self.port)
        for server in servers or ("source", "target"):
            answer = harness.call(self.port, "POST", f"/v1/servers/{server}/connection", self.headers(browser), {"kind": "pat", "token": self.environment[f"DRAWBRIDGE_{server.upper()}_TOKEN"]})
            self.assertEqual(answer.status, 201, answer)
            browser.cookies[self.port] = dict(line.partition(";")[0].split("=", 1) for line in answer.all("Set-Cookie"))
        return browser

    def test_each_event_comes_through_at_once(self):
        self.browser.call = lambda method, path, headers=None, body=None: harness.call(self.port, method, path, {**self.headers(), **(headers or {})}, body)
        run, go_on = self.held()
        stream = self.open(run)
        self.assertEqual(stream.next()[1]["state"], "sending")  # comes while nothing else does
        go_on.set()
        self.assertEqual(stream.rest()[-1][1]["state"], "done")


if __name__ == "__main__":
    import unittest
    unittest.main()
