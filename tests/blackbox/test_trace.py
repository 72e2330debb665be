"""Traces by W3C Trace Context: continued where that is believed, begun anew elsewhere, sent on to servers, and in the log; the calls of a run are one trace."""
import hashlib
import json
import re

import harness
from gateway import Gateway
from scripted import Scripted
from test_runs import Gateway as Runs

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SENT = {"traceparent": f"00-{ID}-{SPAN}-01", "tracestate": "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE"}
PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-0([0-3])")


class Trace(Gateway):
    def start(self, more=""):
        self.api = Scripted(lambda method, path, headers, body: (200, {"Content-Type": "application/json"}, "{}"))
        self.addCleanup(self.api.stop)
        super().start([("api", None, f"url: http://127.0.0.1:{self.api.port}\n    type: http\n    sign_in: [bearer]")], more=more)
        self.ada = self.browser()
        self.sign_in(self.ada, "api", kind="bearer", token="a-token-of-ada-1234567890")

    def line_of(self, words, event):
        """Of the log, which is written a moment after the answer."""
        return json.loads(harness.wait_for(lambda: [line for line in self.program.log().splitlines() if words in line and f'"event":"{event}"' in line], f"the line of {event}")[0])

    def call(self, headers=None, path="/s/api/x"):
        """(what the server got, the line of the log, the answer)"""
        answer = self.ada.call("GET", path, headers)
        line = self.line_of(f'"request_id":"{answer.header("X-Request-Id")}"', "request")
        return {name.lower(): value for name, value in self.api.seen[-1][2].items()}, line, answer

    def test_begun_here(self):
        """A browser's is not believed: each request begins a trace, whose span is the request's id in other letters."""
        self.start()
        ids = set()
        for headers in (None, SENT, {"traceparent": "nonsense"}):
            sent, line, answer = self.call(headers)
            trace, span, flags = PARENT.fullmatch(sent["traceparent"]).groups()
            self.assertEqual((trace, span, flags), (line["trace_id"], line["span_id"], "1"))
            self.assertEqual(span, answer.header("X-Request-Id").translate(str.maketrans("abcdefghijklmnop", "0123456789abcdef")))
            self.assertEqual(line["parent_span_id"], "")
            self.assertNotIn("tracestate", sent)
            ids.add(trace)
        self.assertEqual(len(ids - {ID}), 3)
        refused = self.ada.call("GET", "/s/nowhere/x")
        self.assertRegex(refused.json["trace_id"], r"^[0-9a-f]{32}$")

    def test_continued(self):
        """Of a listed proxy it is: our span below its own. What is malformed begins anew, and flags and state go along as the specification has it."""
        self.start("trusted_proxies: [127.0.0.1/32]")
        sent, line, _ = self.call({**SENT, "traceparent": SENT["traceparent"][:-2] + "02"})
        trace, span, flags = PARENT.fullmatch(sent["traceparent"]).groups()
        self.assertEqual((trace, flags, line["trace_id"], line["parent_span_id"]), (ID, "2", ID, SPAN))
        self.assertEqual(span, line["span_id"])
        self.assertNotEqual(span, SPAN)
        self.assertEqual(sent["tracestate"], "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")
        sent, line, _ = self.call({**SENT, "traceparent": SENT["traceparent"].upper()})
        self.assertNotEqual(line["trace_id"], ID)
        self.assertNotIn("tracestate", sent)

    def test_all_and_off(self):
        self.start("trace: all")
        self.assertEqual(self.call(SENT)[1]["trace_id"], ID)
        self.assertIn("traceparent", self.ada.call("OPTIONS", "/s/api/x", {"Origin": self.public, "Access-Control-Request-Method": "GET"}).header("Access-Control-Allow-Headers"))
        self.config_text = self.config_text.replace("trace: all", "trace: off")
        self.restart()
        sent, line, answer = self.call(SENT)
        self.assertNotIn("traceparent", sent)
        self.assertNotIn("tracestate", sent)
        self.assertEqual((line["trace_id"], line["span_id"]), ("", ""))
        self.assertNotIn("trace_id", self.ada.call("GET", "/s/nowhere/x").json)


class OfARun(Runs):
    def test_one_trace(self):
        """All calls of a run to both of its servers, each a span of its own; made from the run's id, so the same after it was gone on with."""
        for between in self.between.values():
            forward, between.traces = between.forward, []

            def listen(method, path, headers, body, forward=forward, traces=between.traces):
                traces.append({name.lower(): value for name, value in headers}.get("traceparent"))
                return forward(method, path, headers, body)
            between.forward = listen
        run = self.begin()
        self.ended(run)
        traces = [trace for between in self.between.values() for trace in between.traces if trace]
        self.assertTrue(all(between.traces for between in self.between.values()))
        wanted = hashlib.sha256(run["id"].encode()).hexdigest()[:32]
        self.assertGreater(len(traces), 10)
        of_run = [trace for trace in traces if PARENT.fullmatch(trace)[1] == wanted]
        self.assertEqual(len({PARENT.fullmatch(trace)[2] for trace in of_run}), len(of_run))
        self.assertGreater(len(of_run), 10)
        harness.wait_for(lambda: [line for line in self.program.log().splitlines() if '"event":"run_ended"' in line and f'"trace_id":"{wanted}"' in line], "the line of its end")


del Gateway, Runs
