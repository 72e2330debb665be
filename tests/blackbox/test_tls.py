"""drawbridge's own HTTPS in front: what it speaks, what it refuses, its certificate at a start and at a reload, and connections that never begin."""
import http.client
import json
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import time

import certificates
import harness
from gateway import Gateway
from h2wire import H2, NO_ERROR
from people import PASSWORD


class Tls(Gateway):
    def start_tls(self, more="", **options):
        self.tls_port = harness.free_port()
        self.folder = self.directory()
        self.certificate, self.key = certificates.make(self.folder)
        tls = f"tls: {{listen: [127.0.0.1:{self.tls_port}], certificate: {self.certificate}, key: {self.key}}}\n"
        self.start(more=tls + more, public=f"https://localhost:{self.tls_port}", **options)

    def context(self, protocols=("http/1.1",), authority=None):
        context = ssl.create_default_context(cafile=authority or self.certificate)
        context.set_alpn_protocols(list(protocols))
        return context

    def dial(self, context=None):
        plain = socket.create_connection(("127.0.0.1", self.tls_port), harness.PATIENCE)
        try:
            return (context or self.context()).wrap_socket(plain, server_hostname="localhost")
        except BaseException:
            plain.close()
            raise

    def https(self, context=None):
        return http.client.HTTPSConnection("localhost", self.tls_port, context=context or self.context(), timeout=harness.PATIENCE)

    def ask(self, connection, target="/v1/session", headers=None, body=None):
        headers = {"X-Drawbridge": "1", **(headers or {}), **({"Content-Type": "application/json"} if body else {})}
        connection.request("POST" if body else "GET", target, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return harness.Answer(answer.status, answer.getheaders(), answer.read())

    def serial(self):
        with self.dial() as wire:
            return wire.getpeercert(binary_form=True)

    def h2(self, **options):
        wire = H2(self.tls_port, self.context(["h2", "http/1.1"]), **options)
        self.addCleanup(wire.socket.close)
        self.assertEqual(wire.socket.selected_alpn_protocol(), "h2")
        return wire

    def ask_h2(self, wire, target, headers=(), method="GET", body=None):
        """The id of the stream."""
        return wire.ask(target, method, [("x-drawbridge", "1"), *headers], body, authority=f"localhost:{self.tls_port}", scheme="https")

    def sign_in_h2(self, wire):
        """The cookie, as a field."""
        self.people["district"].add("ada")
        body = json.dumps({"kind": "password", "username": "ada", "password": PASSWORD}).encode()
        answer = wire.answer(self.ask_h2(wire, "/v1/servers/district/connection", [("content-type", "application/json")], "POST", body))
        self.assertEqual(answer.status, 201, answer)
        return ("cookie", dict(answer.pairs)["set-cookie"].partition(";")[0])

    def changed(self, old):
        try:
            found = self.serial()
        except ssl.SSLError:
            return None
        return found if found != old else None

    def hang_up(self):
        self.program.process.send_signal(signal.SIGHUP)


class Speaking(Tls):
    def test_a_call_by_https_and_by_http(self):
        """[R-H4, R-F10] Both listeners answer; where public_url is https, browsers are told to stay with it."""
        self.start_tls()
        connection = self.https()
        for _ in range(3):  # kept
            answer = self.ask(connection, "/v1/servers")
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.header("Strict-Transport-Security"), "max-age=31536000")
        page = self.ask(connection, "/")
        self.assertEqual((page.status, page.header("Strict-Transport-Security")), (200, "max-age=31536000"))
        self.assertEqual(connection.sock.version(), "TLSv1.3")
        connection.close()
        with self.dial(self.context(["http/1.0"])) as old:
            old.sendall(f"GET /v1/servers HTTP/1.0\r\nHost: localhost:{self.tls_port}\r\nX-Drawbridge: 1\r\n\r\n".encode())
            self.assertIn(b" 200 OK", b"".join(iter(lambda: old.recv(65536), b"")))
        plain = harness.call(self.port, "GET", "/v1/servers", {"X-Drawbridge": "1", "Host": f"localhost:{self.tls_port}"})
        self.assertEqual((plain.status, plain.body), (answer.status, answer.body))

    def test_signing_in_and_a_proxied_megabyte(self):
        """[R-H4, R-F1] The session's cookie is for HTTPS alone; bodies go through whole both ways."""
        self.start_tls()
        self.people["district"].add("ada")
        connection = self.https()
        answer = self.ask(connection, "/v1/servers/district/connection", body={"kind": "password", "username": "ada", "password": PASSWORD})
        self.assertEqual(answer.status, 201, answer)
        cookie = answer.header("Set-Cookie")
        self.assertTrue(cookie.startswith("__Host-Http-drawbridge=") and "; Secure" in cookie, cookie)
        headers = {"Cookie": cookie.partition(";")[0]}
        self.assertEqual(self.ask(connection, "/s/district/api/me?fields=username", headers).json, {"username": "ada"})
        large = {"text": "x" * 1024 * 1024}
        self.assertEqual(self.ask(connection, "/s/district/api/dataStore/tls/large", headers, large).status, 201)
        self.assertEqual(self.ask(connection, "/s/district/api/dataStore/tls/large", headers).json, large)
        connection.close()

    def test_what_is_old_or_weak_is_refused(self):
        """[R-H4] TLS 1.1 and older, ciphers without forward secrecy or authenticated encryption, protocols that are not spoken here."""
        self.start_tls()
        for maximum, ciphers, protocols in ((ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", ["http/1.1"]), (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0", ["http/1.1"]),
                                            (ssl.TLSVersion.TLSv1_3, "DEFAULT", ["spdy/3"])):
            context = self.context(protocols)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, maximum
            context.set_ciphers(ciphers)
            with self.assertRaises(ssl.SSLError, msg=ciphers):
                self.dial(context)
        with self.dial() as wire:
            self.assertEqual(wire.selected_alpn_protocol(), "http/1.1")
            self.assertFalse(wire.session_reused)

    def test_plain_http_at_the_https_port(self):
        """[R-H4] No byte of it is taken for a request."""
        self.start_tls()
        self.assertNotIn(b"200", harness.raw(self.tls_port, b"GET /v1/session HTTP/1.1\r\nHost: localhost\r\nX-Drawbridge: 1\r\n\r\n"))

    def test_a_scanner_finds_nothing(self):
        """[R-H4] sslscan: versions, ciphers, compression, renegotiation."""
        if not shutil.which("sslscan"):
            self.skipTest("there is no sslscan")
        self.start_tls()
        text = subprocess.run(["sslscan", "--no-colour", "--no-check-certificate", f"localhost:{self.tls_port}"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(re.findall(r"^(\S+)\s+enabled$", text, re.M), ["TLSv1.2", "TLSv1.3"], text)
        self.assertIn("Session renegotiation not supported", text)
        ciphers = re.findall(r"^(?:Preferred|Accepted)\s+(\S+)\s+(\d+) bits\s+(\S+)", text, re.M)
        self.assertGreaterEqual(len(ciphers), 6, text)
        for version, bits, cipher in ciphers:
            self.assertRegex(cipher, r"^(TLS_(AES|CHACHA20)|ECDHE-ECDSA-(AES\d+-GCM|CHACHA20))", text)
        self.assertNotIn(" vulnerable", text.replace("not vulnerable", ""), text)


class Http2(Tls):
    def test_signing_in_and_calls_side_by_side(self):
        """[R-G10, R-G14] JSON, a megabyte both ways, a refusal and a slow call on one connection, as over HTTP/1.1."""
        faults = self.directory() / "faults.json"
        faults.write_text(json.dumps([{"path": "/api/system/info", "kind": "slow", "ms": 600000}]))
        self.start_tls(sim_words=("--faults", faults))
        wire = self.h2()
        cookie = self.sign_in_h2(wire)
        slow = self.ask_h2(wire, "/s/district/api/system/info", [cookie])
        me = wire.answer(self.ask_h2(wire, "/s/district/api/me?fields=username", [cookie]))
        self.assertEqual((me.status, json.loads(me.body)), (200, {"username": "ada"}))
        large = json.dumps({"text": "x" * 1024 * 1024}).encode()
        put = wire.answer(self.ask_h2(wire, "/s/district/api/dataStore/tls/large", [cookie, ("content-type", "application/json")], "POST", large))
        self.assertEqual(put.status, 201, put)
        got = wire.answer(self.ask_h2(wire, "/s/district/api/dataStore/tls/large", [cookie]))
        self.assertEqual(json.loads(got.body), json.loads(large))
        refused = wire.answer(self.ask_h2(wire, "/s/district/api/apiToken", [cookie]))
        self.assertEqual((refused.status, refused.header("x-drawbridge-error")), (403, "policy"))
        self.assertFalse(wire.streams[slow].over)
        self.sims["district"].hurry_until(lambda: wire.ping() and wire.streams[slow].over, "the slow answer")
        self.assertEqual(wire.answer(slow).status, 200)
        connection = self.https()
        old = self.ask(connection, "/s/district/api/me?fields=username", {"Cookie": cookie[1]})
        self.assertEqual((old.status, old.body), (me.status, me.body))
        apart = {"date", "x-request-id", "server-timing", ":status"}
        self.assertEqual({n.lower(): v for n, v in old.headers if n.lower() not in apart}, {n: v for n, v in me.headers.items() if n not in apart})
        connection.close()

    def test_curl(self):
        """[R-G10] An independent client agrees on h2, sends a body and gets its answer."""
        self.start_tls()
        run = subprocess.run(["curl", "-sS", "--http2", "--cacert", self.certificate, "-H", "X-Drawbridge: 1", "-w", "%{http_version} %{http_code}", "-d", "{}", "-H", "Content-Type: application/json",
                              f"https://localhost:{self.tls_port}/v1/servers/district/connection"], capture_output=True, text=True, check=True, timeout=harness.PATIENCE)
        self.assertTrue(run.stdout.endswith("2 400"), run.stdout)

    def test_a_drain_with_streams_open(self):
        """[R-G14] SIGTERM in the middle of calls: each is answered whole, then the connection ends with GOAWAY and the program with 0."""
        faults = self.directory() / "faults.json"
        faults.write_text(json.dumps([{"path": "/api/system/info", "kind": "slow", "ms": 1500}]))
        self.start_tls(sim_words=("--faults", faults))
        wire = self.h2()
        cookie = self.sign_in_h2(wire)
        asked = [self.ask_h2(wire, "/s/district/api/system/info", [cookie]) for _ in range(8)]
        self.assertTrue(wire.ping())
        self.program.process.send_signal(signal.SIGTERM)
        for identity in asked:
            self.assertEqual(wire.answer(identity).status, 200, wire.streams[identity])
        self.assertEqual(wire.ended_with(), NO_ERROR)
        self.assertEqual(self.program.process.wait(harness.PATIENCE), 0)

    def test_a_new_certificate_under_open_streams(self):
        """[R-H4] The connection that is open goes on with its own."""
        self.start_tls()
        wire = self.h2()
        old = self.serial()
        certificates.make(self.folder)
        self.hang_up()
        harness.wait_for(lambda: self.changed(old), "the new certificate")
        self.assertEqual(wire.answer(self.ask_h2(wire, "/v1/session")).status, 200)


class Certificates(Tls):
    def test_a_reload_takes_the_new_one(self):
        """[R-H4, A26] New connections get it, those that are open go on; a pair that is none changes nothing and is told with its place."""
        self.start_tls()
        old = self.serial()
        connection = self.https()
        self.assertEqual(self.ask(connection).status, 200)
        certificates.make(self.folder)
        self.hang_up()
        self.assertNotEqual(harness.wait_for(lambda: self.changed(old), "the new certificate"), old)
        self.assertEqual(self.ask(connection).status, 200)
        self.assertIn("configuration_reloaded", self.program.log())
        expires = re.search(rb"^drawbridge_certificate_expires_seconds (\d+)$", harness.call(self.admin, "GET", "/metrics").body, re.M)
        self.assertAlmostEqual(int(expires[1]), time.time() + 2 * 86400, delta=600)
        new = self.serial()
        certificates.make(self.folder, "other")
        self.key.write_text((self.folder / "other-key.pem").read_text())
        self.hang_up()
        harness.wait_for(lambda: "configuration_not_reloaded" in self.program.log(), "the refusal in the log")
        self.assertIn("the private key", self.program.log())
        self.assertEqual(self.serial(), new)
        self.assertEqual(self.ask(connection).status, 200)
        connection.close()

    def test_what_is_refused_and_what_is_told(self):
        """[R-H3, A26] check-config: file, line and column of each."""
        folder = self.directory()
        good, key = certificates.make(folder)
        other, other_key = certificates.make(folder, "other", "DNS:elsewhere.example.org")
        expired, expired_key = certificates.make(folder, "expired", days=-1)
        bad = folder / "bad.pem"
        bad.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
        open_key = folder / "open-key.pem"
        open_key.write_text(key.read_text())
        open_key.chmod(0o644)
        rows = [
            (good, key, "https", 0, None),
            (bad, key, "https", 2, ":4:16: the certificate"),
            (folder / "missing", key, "https", 2, ":4:16: the certificate"),
            (good, other_key, "https", 2, ":5:8: the private key"),
            (good, folder / "missing", "https", 2, ":5:8: the private key"),
            (good, open_key, "https", 2, "can be read by everybody: chmod 600 it"),
            (expired, expired_key, "https", 2, ":4:16: the certificate"),
            (other, other_key, "https", 0, "is not for localhost"),
            (good, key, "http", 0, ":3:3: public_url begins with http:"),
        ]
        for certificate, private, scheme, status, words in rows:
            with self.subTest(words, certificate=certificate.name):
                config = folder / "drawbridge.yaml"
                config.write_text(f"public_url: {scheme}://localhost\ntls:\n  listen: [127.0.0.1:8443]\n  certificate: {certificate}\n  key: {private}\n"
                                  f"store: sqlite:{folder}/x.db\nkeys: {folder}/keys\nservers: [{{id: a, url: 'https://dhis2.example.org'}}]\n")
                _, errors = self.command("check-config", "--config", config, expect=status)
                if words is None:
                    self.assertEqual(errors, "")
                else:
                    self.assertIn(words, errors)


class Silence(Tls):
    LIMITS = "limits: {head_timeout: 1s}\n"

    def test_a_handshake_has_the_time_of_a_head(self):
        """[R-G14] Nothing said, half a handshake, and a handshake with nothing behind it: all are cut."""
        self.start_tls(self.LIMITS)
        silent = socket.create_connection(("127.0.0.1", self.tls_port), harness.PATIENCE)
        half = socket.create_connection(("127.0.0.1", self.tls_port), harness.PATIENCE)
        half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        shaken = self.dial()
        for wire in (silent, half, shaken):
            with wire:
                try:
                    self.assertEqual(wire.recv(1), b"")
                except (ConnectionResetError, ssl.SSLEOFError):
                    pass
        self.assertEqual(self.ask(self.https()).status, 200)

    def test_frames_that_ask_for_nothing_keep_no_connection(self):
        """[R-G14] HTTP/2: PINGs are answered until the time for a first request is over."""
        self.start_tls(self.LIMITS)
        wire = self.h2()
        deadline = time.monotonic() + harness.PATIENCE
        while wire.ping() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(wire.closed)

    def test_connections_that_never_begin_cost_next_to_nothing(self):
        """[R-G14] 500 of them; TLS memory is taken when the first byte comes."""
        self.start_tls()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.assertEqual(self.ask(self.https()).status, 200)
        before = self.memory_kb()
        wires = [socket.create_connection(("127.0.0.1", self.tls_port), harness.PATIENCE) for _ in range(500)]
        self.assertEqual(self.ask(self.https()).status, 200)  # the loop has been around: all were accepted
        self.assertLess(self.memory_kb() - before, 500 * 10)  # with it a connection takes tens of kB
        for wire in wires:
            wire.close()

    def memory_kb(self):
        with open(f"/proc/{self.program.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])
