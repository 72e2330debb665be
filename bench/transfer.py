#!/usr/bin/env python3
"""Speed and memory of `drawbridge transfer`: values from file to file, beside other tools that do the same translation in the same run, and from server to server.

  bench/transfer.py --build build --peers FOLDER [--values 10000000] [--sample 300000] [--units 1000] [--rounds 11] [--folder FOLDER] [--write]

Made-up values as a server writes them (all eleven members of each): 240 cells of a data set in each month and org unit, of which half are copied and half added up by six. In two orders: as exports come (month by month),
and shuffled, half a million at a time. Peers, from Debian, PyPI and npm into FOLDER: jq, Python with ijson, Node with stream-json (translate/): each reads the same file and writes the same cells, compared here with drawbridge's. They are measured on a
sample, for they hold the sums in memory; all figures are for one core's time, user and system.
Server to server: two stand-ins, by month and a hundred org units. What they need by themselves: what a transfer asks is recorded on one pair; a transfer is measured on a second one; and on a third, which holds what the first two held before, the recorded
questions are put to each server alone, one after the other on one connection, by a client that does nothing with the answers. A stand-in answers a hundred times as fast as a real server; the last pairs are late as those are (READ_MS, IMPORT_MS), which also is what a busy machine changes least: where all three programs work at once, two cores are not enough for them.
"""
import argparse
import contextlib
import http.client
import http.server
import json
import multiprocessing
import os
import pathlib
import platform
import random
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "blackbox"))
import harness  # noqa: E402
import transfer_fixture as fixture  # noqa: E402

DEFAULT = "HllvX50cXC0"
ELEMENTS, COMBOS, SUMMED = 40, 6, 20
AT_ONCE = 4  # times as many org units where servers answer at once: else a tenth of a third of a second is the start of the program
READ_MS, IMPORT_MS = 100, 900  # a real server's: a reading of a hundred org units, a POST of a thousand values to 2.43 (measured: 0.9 s, growing with the square)
AUTHORIZATION = "Basic cnVubmVyOlJ1bm5lci10ZXN0LTE="
PAGE = """\
# Performance of a transfer

Written by `./dev bench transfer --write` on {day}; not to be edited by hand. What is measured how: [bench/README.md](../bench/README.md). The proxied path: [performance.md](performance.md).

Machine: {machine}. Seconds are those of one core, user and system.

## From file to file

| values | order | seconds | values a second | RSS MB |
|---|---|---|---|---|
{own}

The same {sample:,} values, the same cells in the end:

| tool | seconds | times as long as drawbridge | RSS MB |
|---|---|---|---|
{peers}

## From server to server

{servers}
"""


def measure(command, **more):
    """Seconds of one core, seconds on the clock, MB."""
    began = time.monotonic()
    child = subprocess.Popen([str(w) for w in command], stdout=more.get("stdout", subprocess.DEVNULL), stderr=subprocess.PIPE, env=more.get("env"))
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command[0]} ended with {status}: {said[-600:].decode()}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024


def apart(function, *words):
    """In a process of its own: what this one has ever held is counted for each child that it starts."""
    child = multiprocessing.get_context("fork").Process(target=function, args=words)
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(f"{function.__name__} failed")


# --- values ---

def operands(side):
    return [(f"{side}El{e:07}", f"{side}Co{c:07}") for e in range(ELEMENTS) for c in range(COMBOS)]


def write_mapping(path):
    def operand(cell):
        return {"data_element": cell[0], "category_option_combo": cell[1]}
    cells, rules = operands("S"), []
    for e in range(ELEMENTS):
        own = cells[e * COMBOS:(e + 1) * COMBOS]
        if e < SUMMED:
            rules.append({"target": {"data_element": f"TEl{e:08}", "category_option_combo": DEFAULT}, "terms": [{"sign": "+", **operand(c)} for c in own], "decision": "accepted", "value_type": "INTEGER"})
        else:
            rules += [{"target": {"data_element": f"TEl{e:08}", "category_option_combo": f"TCo{c:08}"}, "terms": [{"sign": "+", **operand(cell)}], "decision": "accepted", "value_type": "INTEGER"} for c, cell in enumerate(own)]
    side = {"server": "x", "data_sets": ["SDataSet000"], "default_option_combo": DEFAULT}
    path.write_text(json.dumps({"format": "drawbridge-mapping", "version": 1, "source": side, "target": {**side, "data_sets": ["TDataSet000"]}, "rules": rules}))


def places():
    for month in range(1200):
        for unit in range(4000):
            yield f"{1990 + month // 12}{month % 12 + 1:02}", f"OUnit{unit:06}"


def write_values(path, count, shuffled=False):
    chance, cells = random.Random(7), operands("S")
    rest = ',"storedBy":"admin","created":"2024-02-01T08:00:00.000+0000","lastUpdated":"2024-02-01T08:00:00.000+0000","comment":null,"followup":false}'
    with open(path, "w") as file:
        file.write('{"dataValues":[')
        block, first, n = [], True, 0
        for period, unit in places():
            middle = f'","period":"{period}","orgUnit":"{unit}","categoryOptionCombo":"'
            block += [f'{{"dataElement":"{e}{middle}{c}","attributeOptionCombo":"{DEFAULT}","value":"{chance.randrange(5000)}"{rest}' for e, c in cells[:count - n]]
            n = min(n + len(cells), count)
            if len(block) < 500_000 and n < count:
                continue
            if shuffled:
                chance.shuffle(block)
            file.write(("" if first else ",") + ",".join(block))
            block, first = [], False
            if n == count:
                break
        file.write("]}\n")


def check_same(path, other, name):
    if cells_in(path) != cells_in(other):
        sys.exit(f"{name} makes other cells")


def cells_in(path):
    return {(v["dataElement"], v["categoryOptionCombo"], v["period"], v["orgUnit"], v["attributeOptionCombo"]): v["value"] for v in json.loads(path.read_text())["dataValues"]}


# --- file to file ---

def peers_in(folder):
    """[(name, command of (mapping, in, out), whether it writes to its standard output)] of those that can be had."""
    found = [("jq", lambda m, i, o: ["jq", "-c", "--slurpfile", "mapping", m, "-f", HERE / "translate/translate.jq", i], True)] if shutil.which("jq") else []
    python = folder / "python/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    if subprocess.run([python, "-m", "pip", "install", "--quiet", "ijson"]).returncode == 0:
        backend = subprocess.run([python, "-c", "import ijson; print(ijson.backend)"], capture_output=True, text=True).stdout.strip()
        found.append((f"Python with ijson ({backend})", lambda m, i, o: [python, HERE / "translate/translate.py", m, i, o], False))
    node = folder / "translate"
    shutil.copytree(HERE / "translate", node, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    if subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=node, stdout=subprocess.DEVNULL).returncode == 0:
        found.append(("Node with stream-json", lambda m, i, o: ["node", node / "translate.mjs", m, i, o], False))
    return found


def own(build, mapping, came, goes):
    return measure([build / "drawbridge", "transfer", "--mapping", mapping, "--values-in", came, "--values-out", goes])


def file_to_file(options, folder):
    mapping, rows = folder / "mapping.json", []
    write_mapping(mapping)
    for count, shuffled in ((options.values // 10, False), (options.values, False), (options.values, True)):
        came = folder / "in.json"
        apart(write_values, came, count, shuffled)
        core, clock, mb = own(options.build, mapping, came, folder / "out.json")
        rows.append((count, "shuffled" if shuffled else "as exported", core, count / core, mb))
        print(f"{count:>12,} values, {rows[-1][1]:12} {core:8.2f} s of one core, {clock:8.2f} s, {count / core:12,.0f} values a second, {mb:6.0f} MB", flush=True)
        came.unlink()
    return rows


def beside_peers(options, folder):
    mapping, came, goes, rows = folder / "mapping.json", folder / "sample.json", folder / "peer.json", []
    apart(write_values, came, options.sample)
    ours, _, mb = min(own(options.build, mapping, came, folder / "own.json") for _ in range(3))
    rows.append(("drawbridge transfer", ours, 1.0, mb))
    for name, command, to_output in peers_in(options.peers.resolve()):
        with open(goes if to_output else os.devnull, "wb") as output:
            core, _, mb = measure(command(mapping, came, goes), stdout=output)
        apart(check_same, goes, folder / "own.json", name)
        rows.append((name, core, core / ours, mb))
        print(f"{name:32} {core:8.2f} s of one core, {core / ours:6.1f} times as long, {mb:6.0f} MB", flush=True)
    return rows


# --- server to server ---

class Recorder(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Passes everything on to a stand-in and keeps what was asked."""
    daemon_threads = True

    def __init__(self, port):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0) or 0))
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
                asked.append((self.command, self.path, headers, body))
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                text = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                connection.close()
            do_GET = do_POST = pass_on

            def log_message(self, *words):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Pair:
    """Two stand-ins with a data set each; the source has values."""

    def __init__(self, build, folder, units, versions, late):
        self.build, self.folder = build, folder
        self.sides = dict(zip(("source", "target"), fixture.sides(units)))
        self.children, self.ports = [], {}
        for (name, side), version in zip(self.sides.items(), versions):
            (folder / f"{name}.json").write_text(json.dumps(side.objects))
            self.ports[name] = harness.free_port()
            words = ["--version", version, "--listen", f"127.0.0.1:{self.ports[name]}", "--demo", folder / f"{name}.json"]
            if late:
                (folder / "late.json").write_text(json.dumps([{"path": "/api/dataValueSets*", "method": "GET", "kind": "slow", "ms": READ_MS}]))
                words += ["--faults", folder / "late.json"] + (["--set", f"import-ms={IMPORT_MS}"] if name == "target" else [])
            self.children.append(subprocess.Popen([build / "drawbridge-sim", *words], stdout=subprocess.DEVNULL))
            harness.wait_for(lambda: harness.answers(self.ports[name]), name)
        values = list(fixture.values(self.sides["source"], 1).items())
        self.count = len(values)
        for at in range(0, len(values), 20000):
            answer = harness.call(self.ports["source"], "POST", "/api/dataValueSets", {"Authorization": AUTHORIZATION}, fixture.document(dict(values[at:at + 20000]), self.sides["source"].data_set))
            assert answer.status == 200, answer
        (folder / "mapping.json").write_text(json.dumps(fixture.mapping(*self.sides.values())))

    def transfer(self, ports, journal):
        """Seconds on the clock, and of one core."""
        (self.folder / "config.yaml").write_text(fixture.CONFIG.format(folder=self.folder, **ports))
        environment = {**os.environ, **{f"DRAWBRIDGE_{n}_{k}": v for n in ("SOURCE", "TARGET") for k, v in (("USER", "runner"), ("PASSWORD", "Runner-test-1"))}}
        core, clock, _ = measure([self.build / "drawbridge", "transfer", "--config", self.folder / "config.yaml", "--mapping", self.folder / "mapping.json", "--from", "server:source", "--to", "server:target", "--periods",
                                  ",".join(fixture.PERIODS), "--org-units", fixture.ROOT + "/descendants", "--journal", self.folder / journal], env=environment)
        return clock, core

    def seconds_of_cores(self):
        """That both stand-ins have taken so far."""
        fields = [pathlib.Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split() for child in self.children]
        return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")

    def close(self):
        for child in self.children:
            child.terminate()
            child.wait()


def again(port, asked):
    """The questions, one after the other, on one connection: seconds on the clock."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    began = time.monotonic()
    for method, path, headers, body in asked:
        connection.request(method, path, body or None, headers)
        connection.getresponse().read()
    return time.monotonic() - began


def server_to_server(options, folder, versions, late=False):
    units = options.units if late else AT_ONCE * options.units

    def fresh():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return Pair(options.build, folder, units, versions, late)
    with contextlib.closing(fresh()) as pair:
        recorders = {name: Recorder(port) for name, port in pair.ports.items()}
        pair.transfer({name: r.server_address[1] for name, r in recorders.items()}, "recorded")
        asked = {name: r.asked for name, r in recorders.items()}
    rounds = []  # (ratio to the slower one, seconds, of a core, of cores by the servers, of each server alone)
    for _ in range(1 if late else options.rounds):
        os.sync()  # what the files before left to be written would be waited for by the first plan
        with contextlib.closing(fresh()) as pair:
            before = pair.seconds_of_cores()
            clock, core = pair.transfer(pair.ports, "measured")
            served = pair.seconds_of_cores() - before
        with contextlib.closing(fresh()) as pair:
            alone = {name: again(pair.ports[name], asked[name]) for name in asked}
            count = pair.count
        rounds.append((clock / max(alone.values()), clock, core, served, alone))
    rounds.sort(key=lambda one: one[0])
    ratio, clock, core, served, alone = rounds[len(rounds) // 2]
    among = f" (the middle one of {len(rounds)} runs; {rounds[0][0]:.2f} to {rounds[-1][0]:.2f})" if len(rounds) > 1 else ""
    manner = f", as late as real servers are ({READ_MS} ms a reading, {IMPORT_MS} ms and the square for a thousand values)" if late else ""
    words = (f"{versions[0]} to {versions[1]}{manner}, {count:,} values of {units:,} org units and three months: {clock:.2f} s on the clock, of which drawbridge takes {core:.2f} s of a core and the stand-ins {served:.2f} (on {os.cpu_count()} cores that is no less than {(core + served) / os.cpu_count():.2f} s); the same questions alone take the source "
             f"{alone['source']:.2f} s and the target {alone['target']:.2f} s: {ratio:.2f} times the slower one{among}, {clock / sum(alone.values()):.2f} times both one after the other.")
    print(words, flush=True)
    return words


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--peers", required=True, type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--values", type=int, default=10_000_000)
    parser.add_argument("--sample", type=int, default=300_000)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=11, help="of each pair of servers, but the late one")
    parser.add_argument("--folder", type=pathlib.Path, help="where the files go: four gigabytes for ten million values")
    parser.add_argument("--servers", action="store_true", help="only the runs between servers")
    parser.add_argument("--write", action="store_true", help="puts the figures into docs/performance-transfer.md")
    options = parser.parse_args()
    if options.servers and options.write:
        parser.error("--write wants all of it")
    options.build = options.build.resolve()
    options.peers.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="transfer-bench-", dir=options.folder) as temporary:
        folder = pathlib.Path(temporary)
        rows, beside = ([], []) if options.servers else (file_to_file(options, folder), beside_peers(options, folder))
        for path in folder.iterdir():
            path.unlink()  # gigabytes, for which the memory of what comes next would have to be made free
        pairs = [(versions, late) for late in (False, True) for versions in (("2.41", "2.43"), ("2.43", "2.41"))]
        servers = [server_to_server(options, folder / "servers", versions, late) for versions, late in pairs]
    if options.write:
        model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
        (HERE.parent / "docs" / "performance-transfer.md").write_text(PAGE.format(
            day=time.strftime("%Y-%m-%d"), machine=f"{os.cpu_count()} x {model}, Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the end", sample=options.sample,
            own="\n".join(f"| {n:,} | {order} | {core:.2f} | {speed:,.0f} | {mb:.0f} |" for n, order, core, speed, mb in rows),
            peers="\n".join(f"| {name} | {core:.2f} | {ratio:.1f} | {mb:.0f} |" for name, core, ratio, mb in beside), servers="\n\n".join(servers)))


if __name__ == "__main__":
    main()
