"""What a measurement stands on: an upstream (nginx with files, and a stand-in DHIS2 server behind it for everything else, so that a sign-in works), drawbridge in front of it with a session, and peers
(fronts.py) in front of the very same upstream. All on free ports of 127.0.0.1, in one temporary folder, on fixed cores, ended by close().
"""
import contextlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "blackbox"))
import harness  # noqa: E402
import fronts  # noqa: E402
from people import People  # noqa: E402

VERSION = "2.42"
PAGE = os.sysconf("SC_PAGE_SIZE")

UPSTREAM = fronts.NGINX + """
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=16;
  upstream sim {{ server 127.0.0.1:{sim}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    client_max_body_size 0;
    location = /api/small {{ default_type application/json; root {files}; }}
    location = /api/large {{ default_type application/json; root {files}; }}
    location = /api/binary {{ default_type application/octet-stream; root {files}; }}
    location / {{ proxy_pass http://sim; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }}
  }}
}}
"""
CONFIG = """\
public_url: https://{public}
workers: {workers}
listen: [127.0.0.1:{port}]
tls: {{listen: [127.0.0.1:{secure}], certificate: {certificate}, key: {key}}}
store: {store}
keys: {keys}
servers:
{servers}
log: {{level: info, format: json}}
"""
SERVER = """\
  - id: {id}
    url: http://127.0.0.1:{upstream}
    addresses: [127.0.0.0/8]
    limits: {{concurrency: {concurrency}}}
"""


def cpu_of(pids):
    """Seconds that these processes have used so far, all threads: the scheduler's own count, in nanoseconds."""
    total = 0
    for task in [task for pid in pids for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread of Apache's has just ended
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


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


class Rig:
    client, secret = "bench", "bench-secret-of-the-client"

    def __init__(self, names, servers):
        """names: of fronts.PEERS, or `drawbridge`; servers: (id, concurrency) of drawbridge's."""
        cores = sorted(os.sched_getaffinity(0))
        self.proxy_core, self.other_core = cores[0], cores[-1]
        self.all_cores, self.running, self.servers, self.drawbridge_host = set(cores), [], servers, None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="drawbridge-bench-"))
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))
        try:
            self.make_certificate()
            self.start_upstream()
            self.targets = {name: self.start_drawbridge() if name == "drawbridge" else fronts.PEERS[name][0](self) for name in names}
        except BaseException:
            self.close()
            raise

    def make_certificate(self):
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2", "-keyout", self.key, "-out", self.certificate],
                       check=True, capture_output=True)

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

    def spawn_nginx(self, name, core, text, port, **values):
        folder = self.folder / name
        folder.mkdir()
        (folder / "nginx.conf").write_text(text.format(folder=folder, port=port, **values))
        return self.spawn(core, ["nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"], port, name)

    def start_upstream(self):
        files = self.folder / "files" / "api"
        files.mkdir(parents=True)
        (files / "small").write_bytes(values(1024 - 120))
        (files / "large").write_bytes(values(1024 * 1024))
        (files / "binary").write_bytes(os.urandom(1024 * 1024))
        self.folder.chmod(0o755)  # where nginx was started by root, its worker is somebody else
        self.sim_port, self.apache_port, self.upstream = harness.free_port(), harness.free_port(), harness.free_port()
        self.spawn(self.other_core, [harness.BUILD / "drawbridge-sim", "--version", VERSION, "--listen", f"127.0.0.1:{self.sim_port}", "--set", "control=on",
                                     "--client", f"{self.client}:{self.secret}", "--redirect-uri", f"http://127.0.0.1:{self.apache_port}/oidc/callback"], self.sim_port, "sim")
        self.spawn_nginx("upstream", self.other_core, UPSTREAM, self.upstream, sim=self.sim_port, files=self.folder / "files")
        self.people = People(type("Sim", (), {"port": self.sim_port}), VERSION)
        self.people.add("ada")

    def start_drawbridge(self, workers=1, name=None, store=None, keys=None):
        """`store` and `keys`: those of several processes, which then have the public address of the first."""
        name = name or f"drawbridge-{workers}"
        port, secure, path, state = harness.free_port(), harness.free_port(), self.folder / f"{name}.yaml", self.folder / f"{name}.state"
        public = self.drawbridge_host if store and self.drawbridge_host else f"127.0.0.1:{secure}"
        servers = "".join(SERVER.format(id=name, upstream=self.upstream, concurrency=concurrency) for name, concurrency in self.servers)
        state.mkdir()
        path.write_text(CONFIG.format(port=port, secure=secure, public=public, workers=workers, store=store or f"sqlite:{state}/state.db", keys=keys or state / "keys", certificate=self.certificate, key=self.key,
                                      servers=servers))
        process = self.spawn(self.proxy_core, [harness.BUILD / "drawbridge", "serve", "--config", path], port, name)
        self.drawbridge_port, self.drawbridge_host = port, public
        self.token, _ = self.people.pat("ada")
        target = fronts.Target("drawbridge", port, secure, self.sign_in(), process)
        target.bases = {kind: f"{base}/s/{self.servers[0][0]}" for kind, base in target.bases.items()}
        return target

    def sign_in(self):
        """A session with a connection to each server; returns the headers of its calls."""
        headers = {"Host": self.drawbridge_host, "X-Drawbridge": "1"}
        for name, _ in self.servers:
            answer = harness.call(self.drawbridge_port, "POST", f"/v1/servers/{name}/connection", headers, {"kind": "pat", "token": self.token})
            if answer.status not in (200, 201):
                raise SystemExit(f"bench: the sign-in failed: {answer}")
            headers["Cookie"] = "; ".join(line.partition(";")[0] for line in answer.all("Set-Cookie"))
        return headers

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
