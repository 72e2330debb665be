"""The configurations of packaging/fronts in the real nginx, Apache, Caddy and HAProxy, before a drawbridge: the page, a proxied call, bodies in both directions while they come, and whose address drawbridge takes a call to be from."""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading

import certificates
import harness
from gateway import Gateway

FRONTS = harness.ROOT / "packaging/fronts"
ME = '{"id":"abcdefghijk","username":"ada","name":"Ada"}'
HALF = 4 << 20
BROWSER = "127.0.0.2"  # who is no proxy
AROUND_NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{snippet} }}"""
AROUND_APACHE = """ServerName front
ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
DefaultRuntimeDir {folder}
Listen {port}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
{snippet}"""
NGINX = ["nginx", "-e", "{folder}/nginx.log", "-c", "{config}"]
AROUND_HAPROXY = "global\n  tune.bufsize 65536\n{snippet}"
AROUND_CADDY = "{{\n\tadmin off\n\tauto_https off\n}}\n{snippet}"


class Upstream:
    """A server that counts what of an upload has come, and says the first word of an answer long before the last."""

    def __init__(self):
        outer = self
        self.come, self.go_on = 0, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, text, more=0):
                self.send_response_only(200)
                self.send_header("Content-Type", "application/json" if not more else "text/event-stream")
                self.send_header("Content-Length", str(len(text) + more))
                self.end_headers()
                self.wfile.write(text.encode())

            def do_GET(self):
                if self.path.startswith("/api/events"):
                    self.answer("data: one\n\n", more=11)
                    outer.go_on.wait(harness.PATIENCE)
                    self.wfile.write(b"data: two\n\n")
                else:
                    self.answer(ME if self.path.startswith("/api/me") else '{"apiVersion":"2.41.9","version":"2.41.9"}')

            def do_POST(self):
                left = int(self.headers["Content-Length"])
                while left > 0 and (piece := self.rfile.read1(min(left, 65536))):
                    left -= len(piece)
                    outer.come += len(piece)
                self.answer(json.dumps({"come": outer.come}))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()


class Front:
    """One of them before the drawbridge at `port`, which takes itself to be at https://localhost:<front>."""

    def need(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")
        self.front = harness.free_port()

    def stand_before(self, file, around, words):
        folder = self.directory()
        folder.chmod(0o755)
        certificate, key = certificates.make(folder)
        (folder / "both.pem").write_bytes(pathlib.Path(certificate).read_bytes() + pathlib.Path(key).read_bytes())
        snippet = (FRONTS / file).read_text()
        for said, here in ((":443", f":{self.front}"), ("listen 443", f"listen {self.front}"), ("drawbridge.example.org", "localhost"), ("/etc/drawbridge-front/chain.pem", str(certificate)),
                           ("/etc/drawbridge-front/key.pem", str(key)), ("/etc/drawbridge-front", str(folder)), ("127.0.0.1:8080", f"127.0.0.1:{self.port}"), ("port 9090", f"port {getattr(self, 'admin', 9090)}")):
            snippet = snippet.replace(said, here)
        config = folder / file
        config.write_text(around.format(folder=folder, port=self.front, snippet=snippet))
        log = (folder / "log").open("wb")
        self.addCleanup(log.close)
        process = subprocess.Popen([word.format(folder=folder, config=config) for word in words], stdout=log, stderr=log, env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)})
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        harness.wait_for(lambda: process.poll() is not None or harness.answers(self.front), words[0])
        self.assertIsNone(process.poll(), (folder / "log").read_text())
        self.context = ssl.create_default_context(cafile=certificate)

    def connect_front(self):
        connection = http.client.HTTPSConnection("localhost", self.front, context=self.context, timeout=harness.PATIENCE, source_address=(BROWSER, 0))
        connection._create_connection = lambda address, timeout, source: socket.create_connection(("127.0.0.1", address[1]), timeout, source)  # never ::1
        self.addCleanup(connection.close)
        return connection


class Fronts(Front, Gateway):
    def begin(self, file, around, words):
        self.need(words[0])
        self.upstream = Upstream()
        self.addCleanup(self.upstream.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{self.upstream.port}")], more="trusted_proxies: [127.0.0.1/32]", public=f"https://localhost:{self.front}")
        self.stand_before(file, around, words)
        self.cookie_line = ""
        # HAProxy asks drawbridge whether it is ready before it sends anything there.
        harness.wait_for(lambda: self.ask("GET", "/v1/session").status == 200, "the way through")

    def headers(self):
        return {"X-Drawbridge": "1", "X-Forwarded-For": "203.0.113.9", **({"Cookie": self.cookie_line} if self.cookie_line else {})}

    def ask(self, method, target, body=None):
        with contextlib.closing(self.connect_front()) as connection:
            connection.request(method, target, json.dumps(body) if body else None, {**self.headers(), **({"Content-Type": "application/json"} if body else {})})
            answer = connection.getresponse()
            return harness.Answer(answer.status, answer.getheaders(), answer.read())

    def walk(self):
        page = self.ask("GET", "/")
        self.assertEqual(page.status, 200, page)
        self.assertIn(b"<!doctype html>", page.body.lower())
        signed_in = self.ask("POST", "/v1/servers/one/connection", {"kind": "pat", "token": "d2p_" + "a" * 50})
        self.assertEqual(signed_in.status, 201, signed_in)
        self.cookie_line = "; ".join(line.partition(";")[0] for line in signed_in.all("Set-Cookie"))
        self.assertEqual(self.ask("GET", "/s/one/api/me").json["username"], "ada")
        # An encoded slash comes through as it was written: it is drawbridge that judges it.
        straight = harness.call(self.port, "GET", "/s/one/api/a%2Fb", {"X-Drawbridge": "1", "Cookie": self.cookie_line, "Host": f"localhost:{self.front}"})
        through = self.ask("GET", "/s/one/api/a%2Fb")
        self.assertEqual((through.status, through.header("X-Drawbridge-Error")), (straight.status, straight.header("X-Drawbridge-Error")))
        self.upload()
        self.events()
        peers = {json.loads(line).get("peer") for line in self.program.log().splitlines() if '"request"' in line and "/s/" in line}
        self.assertIn(BROWSER, peers)
        self.assertNotIn("203.0.113.9", peers, "what a browser says of its address is not believed")

    def upload(self):
        connection = self.connect_front()
        connection.putrequest("POST", "/s/one/api/dataValueSets")
        for name, value in {**self.headers(), "Content-Type": "application/json", "Content-Length": str(2 * HALF)}.items():
            connection.putheader(name, value)
        connection.endheaders(b"x" * HALF)
        harness.wait_for(lambda: self.upstream.come > HALF // 2, "the first half at the server, before the second is sent")
        connection.send(b"x" * HALF)
        answer = connection.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["come"]), (200, 2 * HALF))

    def events(self):
        connection = self.connect_front()
        connection.request("GET", "/s/one/api/events", headers=self.headers())
        answer = connection.getresponse()
        self.assertEqual(answer.read1(11), b"data: one\n\n")
        self.upstream.go_on.set()
        self.assertEqual(answer.read(), b"data: two\n\n")

    def test_nginx(self):
        self.begin("nginx.conf", AROUND_NGINX, NGINX)
        self.walk()

    def test_apache(self):
        self.begin("apache.conf", AROUND_APACHE, ["apache2", "-DFOREGROUND", "-f", "{config}"])
        self.walk()

    def test_haproxy(self):
        self.begin("haproxy.cfg", AROUND_HAPROXY, ["haproxy", "-db", "-f", "{config}"])
        self.walk()

    def test_caddy(self):
        self.begin("Caddyfile", AROUND_CADDY, ["caddy", "run", "--adapter", "caddyfile", "--config", "{config}"])
        self.walk()
