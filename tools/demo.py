#!/usr/bin/env python3
"""The demo: two stand-in DHIS2 servers (a district on 2.41, a central one on 2.43), one drawbridge with the page, and an example app on another origin.

State is kept in run/demo/ between calls; --fresh forgets it. Ctrl-C ends everything. The app is listed with two addresses: 127.0.0.1 is the page's own site, localhost another one.
"""
import argparse
import functools
import http.server
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEMO = ROOT / "examples" / "demo-metadata"

CONFIG = """\
public_url: http://127.0.0.1:{page}
listen: [127.0.0.1:{page}]
admin_listen: 127.0.0.1:{admin}
{socket}store: sqlite:{state}/state.db
keys: {state}/keys
apps:
  - id: two-servers
    origins: [http://127.0.0.1:{app}, http://localhost:{app}]
    return_to: [http://127.0.0.1:{app}/, http://localhost:{app}/]
servers:
  - id: district
    name: District (demo, 2.41)
    url: {district_url}
    addresses: [127.0.0.0/8]
    oauth: {{client_id: drawbridge, client_secret: {{file: {state}/client-secret}}}}
  - id: central
    name: Central (demo, 2.43)
    url: {central_url}
    addresses: [127.0.0.0/8]
    oauth: {{client_id: drawbridge, client_secret: {{file: {state}/client-secret}}}}
log: {{level: info, format: json}}
"""


class Files(http.server.SimpleHTTPRequestHandler):
    """The example app with the browser client and its settings beside it, as any web server would serve them."""
    drawbridge = None

    def do_GET(self):
        if self.path.split("?")[0] != "/settings.js":
            return super().do_GET()
        body = f"export const drawbridge = '{self.drawbridge}'\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def translate_path(self, path):
        if path.split("?")[0] == "/sdk/drawbridge.js":
            return str(ROOT / "sdk" / "drawbridge.js")
        return super().translate_path(path)

    def log_message(self, *_):
        pass


def wait_for(port, process, what, state):
    for _ in range(2400):
        if process.poll() is not None:
            sys.exit(f"demo: {what} ended at once; its log is {state / what}.log")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"demo: {what} does not answer on port {port}; its log is {state / what}.log")


def free(port, taken):
    """Port 0: one that nobody uses, below those that the system gives to outgoing connections, so that it stays free until a program listens there."""
    for candidate in [port] if port else set(random.sample(range(20000, 32000), 200)) - set(taken):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", candidate))
                return candidate
            except OSError:
                pass
    sys.exit(f"demo: port {port} is in use: end what uses it, or choose another base with --port" if port else "demo: no port is free")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("--port", default=8080, type=int, help="of the page; the next four are used too; 0: any that are free")
    parser.add_argument("--state", default=ROOT / "run" / "demo", type=pathlib.Path, help="where to keep what is stored")
    parser.add_argument("--district-url", help="where drawbridge finds the district server, when a relay stands before it")
    parser.add_argument("--central-url", help="likewise the central one")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier calls stored")
    options = parser.parse_args()
    build = (ROOT / options.build).resolve()
    state = options.state.resolve()
    ports = {}
    for i, name in enumerate(("page", "admin", "app", "district", "central")):
        ports[name] = free(options.port + i if options.port else 0, ports.values())
    if options.fresh:
        shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True, exist_ok=True)
    callback = f"http://127.0.0.1:{ports['page']}/v1/callback/"
    secret = state / "client-secret"
    secret.touch(mode=0o600)
    client_secret = "0d5c8f1e-7a3b-4c29-9e64-2b1f8a7c6d50"
    secret.write_text(client_secret + "\n")
    config = state / "drawbridge.yaml"
    urls = {f"{name}_url": getattr(options, f"{name}_url") or f"http://127.0.0.1:{ports[name]}" for name in ("district", "central")}
    folder = state / "socket"  # of its own: drawbridge may remove what is in it
    folder.mkdir(exist_ok=True)
    socket_line = f"admin_socket: {folder}/admin.sock\n" if len(f"{folder}/admin.sock") <= 100 else ""  # as long as such a path may be
    config.write_text(CONFIG.format(state=state, socket=socket_line, **ports, **urls))

    running = []

    def start(what, *command):
        log = (state / f"{what}.log").open("w")
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
        running.append(process)
        return process

    def stop(*_):
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        sys.exit(0)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    servers = [("district", "2.41"), ("central", "2.43")]
    try:
        for name, version in servers:
            start(name, build / "drawbridge-sim", "--version", version, "--listen", f"127.0.0.1:{ports[name]}", "--demo", DEMO / f"{name}.json",
                  "--client", f"drawbridge:{client_secret}", "--redirect-uri", callback + name,
                  "--base-url", urls[f"{name}_url"])
        start("drawbridge", build / "drawbridge", "serve", "--config", config)
        for (name, _), process in zip(servers, running):
            wait_for(ports[name], process, name, state)
        wait_for(ports["page"], running[2], "drawbridge", state)
        Files.drawbridge = f"http://127.0.0.1:{ports['page']}"
        app = http.server.ThreadingHTTPServer(("127.0.0.1", ports["app"]), functools.partial(Files, directory=str(ROOT / "examples" / "two-servers")))
        threading.Thread(target=app.serve_forever, daemon=True).start()
    except BaseException:
        for process in running:
            process.terminate()
        raise
    print(f"""
  The page         http://127.0.0.1:{ports['page']}/
  An example app   http://127.0.0.1:{ports['app']}/   (another origin; as http://localhost:{ports['app']}/ another site)

  District (2.41)  http://127.0.0.1:{ports['district']}   Central (2.43)  http://127.0.0.1:{ports['central']}

{textwrap.indent((DEMO / 'ACCOUNTS.txt').read_text().rstrip(), '  ')}

  Ctrl-C ends the demo.""", flush=True)
    while True:
        for (name, process) in zip(["district", "central", "drawbridge"], running):
            if process.poll() is not None:
                print(f"demo: {name} ended; its log is {state / name}.log", file=sys.stderr)
                stop()
        time.sleep(0.5)


if __name__ == "__main__":
    main()
