"""drawbridge serve as a program: starts, reloads, drains, tells how it is."""
import concurrent.futures
import re
import signal
import socket
import threading

import yaml

import exposition
import harness
from gateway import Gateway
from scripted import Scripted, signed_in

CONFIG = "public_url: http://127.0.0.1:{port}\nlisten: [127.0.0.1:{port}]\nstore: {store}\nkeys: {keys}\nservers: [{{id: one, url: 'http://127.0.0.1:1', addresses: [127.0.0.0/8]}}]\n"


class Start(harness.Case):
    def serve(self, expect, **changes):
        directory = self.directory()
        values = {"port": harness.free_port(), "store": f"sqlite:{directory}/s.db", "keys": f"{directory}/keys", **changes}
        path = directory / "c.yaml"
        path.write_text(CONFIG.format(**values) + changes.get("more", ""))
        _, err = self.command("serve", "--config", path, expect=expect)
        lines = [line for line in err.splitlines() if not line.startswith("{")]
        self.assertEqual(len(lines), 1, err)
        return lines[0]

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assertIn(str(port), self.serve(4, port=port))

    def test_a_broken_store(self):
        """[R-H9]"""
        directory = self.directory()
        (directory / "broken.db").write_bytes(b"this is no database at all, and long enough to be looked at" * 100)
        self.assertIn("broken.db", self.serve(4, store=f"sqlite:{directory}/broken.db"))
        self.serve(4, store="sqlite:/nowhere/at/all/s.db")

    def test_keys_that_others_may_read(self):
        """[R-H1]"""
        keys = self.directory() / "keys"
        keys.write_text("# keys\n")
        keys.chmod(0o644)
        self.assertIn("keys", self.serve(2, keys=keys))

    def test_a_bad_configuration(self):
        """[R-H3, A26]"""
        self.assertRegex(self.serve(2, more="sesion: {idle: 1h}\n"), r"c\.yaml:6:1: .*session")
        self.assertIn("handle", self.serve(2, more="apps: [{id: a, origins: ['http://a.test'], mode: handles}]\n"))

    def test_usage(self):
        self.assertIn("usage", self.command("serve", "--help")[0])
        self.command("serve", "--wings", expect=2)
        self.command("serve", "word", expect=2)


class Running(Gateway):
    def test_how_it_is(self):
        """[R-H7, A28]"""
        self.start()
        browser = self.browser()
        self.people["district"].add("ada")
        self.with_password(browser, "district")
        self.me(browser, "district")
        self.assertEqual(harness.call(self.admin, "GET", "/healthz").status, 200)
        self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 200)
        self.assertEqual(self.command("ready", f"127.0.0.1:{self.admin}")[0], "ready\n")
        self.command("ready", f"127.0.0.1:{harness.free_port()}", expect=3)
        self.assertEqual(harness.call(self.admin, "GET", "/elsewhere").status, 404)
        self.assertEqual(harness.call(self.admin, "POST", "/metrics").status, 405)
        metrics = harness.call(self.admin, "GET", "/metrics").body.decode()
        values = exposition.read(metrics)
        self.assertEqual(values['drawbridge_sign_ins_total{server="district",outcome="ok"}'], 1)
        self.assertEqual(values['drawbridge_sign_ins_total{server="district",outcome="failed"}'], 0)
        self.assertEqual(values['drawbridge_proxied_total{server="district",outcome="answered"}'], 1)
        self.assertEqual(values['drawbridge_upstream_seconds_count{server="district"}'], 1)
        self.assertEqual(values["drawbridge_request_seconds_count"], 2)
        self.assertEqual(values["drawbridge_sessions_in_memory"], 1)
        self.assertEqual(values["drawbridge_audit_lost_total"], 0)
        self.assertGreater(values["drawbridge_loop_busy_seconds_count"], 0)
        self.assertIn("drawbridge_browser_connections", values)
        for name in ("calls", "connections", "waiting", "shut"):
            self.assertIn(f'drawbridge_upstream_{name}{{server="district"}}', values)
        known = "".join((harness.ROOT / "src/gateway" / name).read_text() for name in ("metrics.c", "admin.c"))  # some are there with 'tls' alone
        for name in re.findall(r"drawbridge_\w+", (harness.ROOT / "docs/operating.md").read_text()):
            self.assertIn(f'"{name}"', known, "docs/operating.md names it")
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(browser.call("GET", path).status, 404, "never on the public listener")

    def test_no_version_on_the_public_side(self):
        """[R-H7, A28] No path of the API, and none that other programs have for looking inside, tells what runs here, or anything of metrics."""
        self.start()
        version = self.command("version")[0].split()[1]
        paths = [re.sub(r"\{\w+\}", "district", path) for path in yaml.safe_load((harness.ROOT / "docs/openapi.yaml").read_text())["paths"]]
        self.assertGreater(len(paths), 10)
        for path in [*paths, "/", "/nothing", "/metrics", "/healthz", "/readyz", "/debug", "/debug/pprof/", "/status", "/actuator/env", "/server-status", "/.env", "/.git/config", "/v1/metrics", "/version"]:
            for method in ("GET", "POST", "OPTIONS", "TRACE"):
                answer = harness.call(self.port, method, path, {"X-Drawbridge": "1"})
                told = f"{answer.headers}".encode() + answer.body
                self.assertNotIn(version.encode(), told, path)
                self.assertIsNone(re.search(rb"drawbridge_\w+_total|libuv|OpenSSL|nghttp2|/tmp/", told), (path, told[:300]))
                for name in ("Server", "X-Powered-By", "X-AspNet-Version"):
                    self.assertIsNone(answer.header(name), (path, name))

    def test_no_dump_of_its_memory(self):
        """[R-D12]"""
        self.start()
        with open(f"/proc/{self.program.process.pid}/limits") as limits:
            self.assertRegex(limits.read(), r"Max core file size +0 +0 ")

    def test_the_log_tells_who_did_what(self):
        """[R-H5]"""
        self.start()
        browser = self.browser()
        self.people["district"].add("ada")
        self.with_password(browser, "district")
        self.sign_in(browser, "district", 401, kind="password", username="ada", password="Wrong-horse-7")
        browser.call("GET", "/s/district/api/me?fields=very-private-question")
        browser.call("GET", "/s/district/api/apiToken")
        browser.call("DELETE", "/v1/session")
        import json
        events = [json.loads(line) for line in self.program.log().splitlines()]
        names = [e["event"] for e in events]
        for wanted in ("listening", "signed_in", "sign_in_failed", "signed_out", "call_denied", "request"):
            self.assertIn(wanted, names)
        failed = next(e for e in events if e["event"] == "sign_in_failed")
        self.assertEqual((failed["server"], failed["kind"], failed["code"], failed["outcome"]), ("district", "password", "wrong_credentials", "failed"))
        requests = [e for e in events if e["event"] == "request"]
        self.assertEqual({"request_id", "peer", "method", "route", "server", "status", "ms", "bytes"} - set(requests[0]), set())
        self.assertNotIn("very-private-question", self.program.log())
        self.assertNotIn("/api/me", self.program.log())

    def test_the_level_of_the_log_follows_a_reload(self):
        """What is said from then on, without a restart."""
        self.start([("one", "2.41")])

        def reload(text):
            seen = self.program.log().count('"configuration_reloaded"')
            self.config.write_text(text)
            self.program.process.send_signal(signal.SIGHUP)
            harness.wait_for(lambda: self.program.log().count('"configuration_reloaded"') > seen, "the reload")

        def requests():
            return self.program.log().count('"event":"request"')
        reload(self.config_text.replace("level: debug", "level: error"))
        self.assertEqual(requests(), 0)
        self.browser().call("GET", "/v1/session")
        reload(self.config_text)
        self.assertEqual(requests(), 0)
        self.browser().call("GET", "/v1/session")
        harness.wait_for(lambda: requests() == 1, "the line of the second call alone")

    def test_reload(self):
        self.start([("one", "2.41")])
        self.people["one"].add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.config.write_text(self.config_text.replace("name: The one", "name: Another name\n    policy: {deny: [\"/api/me\"]}"))
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: browser.call("GET", "/v1/servers").json[0]["name"] == "Another name", "the new name")
        self.refused(browser.call("GET", "/s/one/api/me"), 403, "policy")
        self.config.write_text("nonsense: [")
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: "configuration_not_reloaded" in self.program.log(), "the refusal")
        self.assertEqual(browser.call("GET", "/v1/servers").json[0]["name"], "Another name")
        self.config.write_text(self.config_text)
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: browser.call("GET", "/s/one/api/me").status == 200, "the old policy")

    def test_an_id_that_gets_another_address(self):
        """[R-D2] A credential goes to the server it was given for, and to no other that is called the same afterwards: not by a call, not at the sign-out."""
        asked = []

        def answer(method, path, headers, body):
            asked.append((path, {name.lower(): value for name, value in headers.items()}))
            return 200, {"Content-Type": "application/json"}, '{"id":"abcdefghijk","username":"ada","name":"Ada","version":"2.41.9"}'
        other = Scripted(answer)
        self.addCleanup(other.stop)
        self.start([("one", "2.41")])
        self.people["one"].add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.me(browser, "one")
        self.config.write_text(self.config_text.replace(f"url: http://127.0.0.1:{self.sims['one'].port}", f"url: http://127.0.0.1:{other.port}"))
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: browser.call("GET", "/v1/servers").json[0]["url"].endswith(str(other.port)), "the new address")
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required")
        self.refused(browser.call("GET", "/v1/servers/one/data-sets"), 401, "reauth_required")
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        for path, headers in asked:
            self.assertFalse({"cookie", "authorization"} & set(headers), path)

    def test_drain(self):
        """A call under way ends well after SIGTERM; a new one finds nobody."""
        hold, seen = threading.Event(), threading.Event()

        def answer(method, path, headers, body):
            if path.startswith("/api/slow"):
                seen.set()
                hold.wait(harness.PATIENCE)
                return 200, {"Content-Type": "application/json"}, '{"slow":true}'
            return signed_in(path)
        upstream = Scripted(answer)
        self.addCleanup(upstream.stop)
        self.addCleanup(hold.set)
        self.start([("one", None, f"url: http://127.0.0.1:{upstream.port}")])
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_" + "a" * 50)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            call = pool.submit(browser.call, "GET", "/s/one/api/slow")
            self.assertTrue(seen.wait(harness.PATIENCE))
            self.program.process.terminate()
            harness.wait_for(lambda: not harness.answers(self.port), "the end of listening")
            self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 503)
            self.assertIn("drains", self.command("ready", f"127.0.0.1:{self.admin}", expect=1)[0])
            self.assertEqual(harness.call(self.admin, "GET", "/healthz").status, 200)
            hold.set()
            self.assertEqual(call.result().json, {"slow": True})
        self.program.process.wait(harness.PATIENCE)
        self.assertEqual(self.program.process.returncode, 0)
