"""What a measurement stands on: an upstream (nginx with two files, and a stand-in DHIS2 server behind it for everything else, so that a sign-in works), drawbridge with one session in front of it, and the peers in front of
the very same upstream. All on free ports of 127.0.0.1, in one temporary folder, on fixed cores, ended by close().
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "blackbox"))
import harness  # noqa: E402
from people import People  # noqa: E402

VERSION = "2.41"
PAGE = os.sysconf("SC_PAGE_SIZE")

NGINX_HEAD = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 1000000000; keepalive_timeout 75s;
"""
UPSTREAM = NGINX_HEAD + """
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=16;
  upstream sim {{ server 127.0.0.1:{sim}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /api/small {{ default_type application/json; root {files}; }}
    location = /api/large {{ default_type application/json; root {files}; }}
    location = /api/binary {{ default_type application/octet-stream; root {files}; }}
    location / {{ proxy_pass http://sim; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }}
  }}
}}
"""
PEER = NGINX_HEAD + """
  access_log {folder}/access.log combined;
  upstream back {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""
HAPROXY = """\
global
  nbthread 1
  maxconn 4096
  log 127.0.0.1:{sink} local0
defaults
  mode http
  option httplog
  log global
  timeout connect 5s
  timeout client 75s
  timeout server 60s
frontend in
  bind 127.0.0.1:{port} backlog 4096
  default_backend out
backend out
  http-reuse always
  server up 127.0.0.1:{upstream} pool-max-conn 64
"""
CONFIG = """\
public_url: http://127.0.0.1:{port}
listen: [127.0.0.1:{port}]
store: sqlite:{folder}/state.db
keys: {folder}/keys
servers:
  - id: up
    url: http://127.0.0.1:{upstream}
    addresses: [127.0.0.0/8]
    limits: {{concurrency: 64}}
log: {{level: info, format: json}}
"""


def cpu_of(pids):
    """Seconds that these processes have used so far, all threads: the scheduler's own count, in nanoseconds."""
    tasks = [task for pid in pids for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def rss_of(pids):
    return sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids)


def values(size):
    """JSON in the shape of a data value set, of about `size` bytes."""
    rows, total = [], 40
    while total < size:
        n = len(rows)
        row = {"dataElement": f"de{n % 997:09d}", "period": f"2024{n % 12 + 1:02d}", "orgUnit": f"ou{n % 1009:09d}", "categoryOptionCombo": f"co{n % 31:09d}", "attributeOptionCombo": "HllvX50cXC0",
               "value": str(n * 7 % 10007), "storedBy": "ada", "created": "2024-02-03T10:00:00.000", "lastUpdated": "2024-02-03T10:00:00.000", "followup": False}
        total += len(json.dumps(row, separators=(",", ":"))) + 1
        rows.append(row)
    return json.dumps({"dataValues": rows}, separators=(",", ":")).encode()


class Target:
    """What wrk is pointed at: base address, request headers, and the processes whose CPU counts."""

    def __init__(self, name, base, headers, pids):
        self.name, self.base, self.headers, self.pids = name, base, headers, pids


class Rig:
    def __init__(self, peers):
        cores = sorted(os.sched_getaffinity(0))
        self.proxy_core, self.other_core = cores[0], cores[-1]
        self.all_cores, self.running = set(cores), []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="drawbridge-bench-"))
        try:
            self.start_upstream()
            self.targets = {name: getattr(self, "start_" + name)() for name in peers}
            self.targets["drawbridge"] = self.start_drawbridge()
        except BaseException:
            self.close()
            raise

    def spawn(self, core, words, port, name):
        os.sched_setaffinity(0, {core})
        try:
            with (self.folder / f"{name}.log").open("wb") as log:
                process = subprocess.Popen([str(w) for w in words], stdout=log, stderr=log)
        finally:
            os.sched_setaffinity(0, self.all_cores)
        self.running.append(process)
        harness.wait_for(lambda: process.poll() is not None or harness.answers(port), f"{name} on port {port}")
        if process.poll() is not None:
            raise SystemExit(f"bench: {name} ended at once: {(self.folder / f'{name}.log').read_text()[-1000:]}")
        return process

    def nginx(self, name, core, text, **values):
        folder = self.folder / name
        folder.mkdir()
        port = harness.free_port()
        (folder / "nginx.conf").write_text(text.format(folder=folder, port=port, **values))
        master = self.spawn(core, ["nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"], port, name)
        children = pathlib.Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        return port, [master.pid, *map(int, children)]

    def start_upstream(self):
        files = self.folder / "files" / "api"
        files.mkdir(parents=True)
        (files / "small").write_bytes(values(1024 - 120))
        (files / "large").write_bytes(values(1024 * 1024))
        (files / "binary").write_bytes(os.urandom(1024 * 1024))
        self.folder.chmod(0o755)  # where nginx was started by root, its worker is somebody else
        self.sim_port = harness.free_port()
        self.spawn(self.other_core, [harness.BUILD / "drawbridge-sim", "--version", VERSION, "--listen", f"127.0.0.1:{self.sim_port}", "--set", "control=on"], self.sim_port, "sim")
        self.upstream, _ = self.nginx("upstream", self.other_core, UPSTREAM, sim=self.sim_port, files=self.folder / "files")

    def start_nginx(self):
        port, pids = self.nginx("peer", self.proxy_core, PEER, upstream=self.upstream)
        return Target("nginx", f"http://127.0.0.1:{port}", {}, pids)

    def start_haproxy(self):
        port, path = harness.free_port(), self.folder / "haproxy.cfg"
        path.write_text(HAPROXY.format(port=port, upstream=self.upstream, sink=harness.free_port()))
        process = self.spawn(self.proxy_core, ["haproxy", "-db", "-f", path], port, "haproxy")
        return Target("haproxy", f"http://127.0.0.1:{port}", {}, [process.pid])

    def start_drawbridge(self):
        port, path = harness.free_port(), self.folder / "drawbridge.yaml"
        path.write_text(CONFIG.format(port=port, folder=self.folder, upstream=self.upstream))
        process = self.spawn(self.proxy_core, [harness.BUILD / "drawbridge", "serve", "--config", path], port, "drawbridge")
        sim = type("Sim", (), {"port": self.sim_port})
        people = People(sim, VERSION)
        people.add("ada")
        token, _ = people.pat("ada")
        browser = harness.Browser(port)
        answer = browser.call("POST", "/v1/servers/up/connection", body={"kind": "pat", "token": token})
        if answer.status != 201:
            raise SystemExit(f"bench: the sign-in failed: {answer}")
        cookie = "; ".join(f"{k}={v}" for k, v in browser.cookies[port].items())
        return Target("drawbridge", f"http://127.0.0.1:{port}/s/up", {"Cookie": cookie, "X-Drawbridge": "1"}, [process.pid])

    def close(self):
        for process in reversed(self.running):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.running):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
