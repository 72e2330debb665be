#!/usr/bin/env python3
"""The whole way on real metadata: two stand-in servers with the two sides of a case, values for 12 periods and 50 org units, align, accept what is
`auto` or `proposed`, transfer, verify; then the same again with the transfer killed in the middle and resumed.

    real-input.py --build build --case ../shared/cases/dev/who-tb-v1.0-to-v1.4 [--periods 12] [--org-units 50] [--keep DIR]

Prints a report of counts and control totals. Exit 0 only if all totals agree, also after the kill.
"""
import argparse
import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "tests"))
from postgres import free_port  # noqa: E402

CONFIG = """\
public_url: http://127.0.0.1:1
listen: [127.0.0.1:1]
store: sqlite:{work}/state.db
keys: {work}/keys
servers:
  - {{id: source, name: Source, url: "http://127.0.0.1:{source}", addresses: [127.0.0.0/8]}}
  - {{id: target, name: Target, url: "http://127.0.0.1:{target}", addresses: [127.0.0.0/8]}}
"""


def call(port, method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, data=json.dumps(body).encode() if body is not None else None)
    request.add_header("Authorization", "Basic " + base64.b64encode(b"admin:district").decode())
    request.add_header("X-Requested-With", "XMLHttpRequest")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


class Pair:
    """Two stand-in servers, the source filled with values, and a token for each."""

    def __init__(self, options, work):
        self.options, self.work = options, work
        self.ports = {"source": free_port(), "target": free_port()}
        self.processes = []
        for side, version in (("source", "2.41"), ("target", "2.43")):
            log = (work / f"{side}.log").open("w")
            self.processes.append(subprocess.Popen([options.build / "drawbridge-sim", "--version", version, "--listen", f"127.0.0.1:{self.ports[side]}",
                                                    "--metadata", options.case / f"{side}.json"], stdout=log, stderr=log))
        for port in self.ports.values():
            for _ in range(1200):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
        (work / "config.yaml").write_text(CONFIG.format(work=work, **self.ports))
        self.environment = dict(os.environ)
        for side, port in self.ports.items():
            made = call(port, "POST", "/api/apiToken", {"type": "PERSONAL_ACCESS_TOKEN_V2", "attributes": []})
            self.environment[f"DRAWBRIDGE_{side.upper()}_TOKEN"] = made["response"]["key"]

    def drawbridge(self, *words):
        return [str(self.options.build / "drawbridge"), *map(str, words)]

    def close(self):
        for process in self.processes:
            process.terminate()
            process.wait(30)


def totals(report):
    return json.dumps(report.get("control_totals") or report.get("totals"), sort_keys=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--case", type=pathlib.Path, required=True)
    parser.add_argument("--periods", type=int, default=12)
    parser.add_argument("--org-units", type=int, default=50)
    options = parser.parse_args()
    options.build = options.build.resolve()
    results = []
    for kill in (False, True):
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            pair = Pair(options, work)
            try:
                results.append(one_way(pair, kill))
            finally:
                pair.close()
    same = results[0]["totals"] == results[1]["totals"] and results[0]["stored"] == results[1]["stored"]
    print(f"killed and resumed run: {'same totals and same stored values' if same else 'DIFFERS'}")
    return 0 if same and all(r["ok"] for r in results) else 1


def one_way(pair, kill):
    options, work, env = pair.options, pair.work, pair.environment
    made = subprocess.run([sys.executable, ROOT / "tools/make-values.py", "--url", f"http://127.0.0.1:{pair.ports['source']}", "--also", f"http://127.0.0.1:{pair.ports['target']}", "--user", "admin:district",
                           "--periods", str(options.periods), "--org-units", str(options.org_units), "--seed", "7"], text=True, capture_output=True)
    if made.returncode:
        sys.exit(made.stdout + made.stderr)
    choice = json.loads(made.stdout.splitlines()[-1])  # {"periods": […], "org_units": […], "values": n}
    mapping = work / "mapping.json"
    # Elements that are in no data set of the target (kept there for old records) can take no values.
    sets = [word for s in json.loads((options.case / "target.json").read_text())["dataSets"] for word in ("--target-data-set", s["id"])]
    subprocess.run(pair.drawbridge("align", "--source", options.case / "source.json", "--target", options.case / "target.json", *sets, "--format", "json", "--output", mapping), check=True, env=env)
    command = pair.drawbridge("transfer", "--config", work / "config.yaml", "--mapping", mapping, "--from", "server:source", "--to", "server:target",
                              "--accept", "accepted,auto,proposed", "--periods", ",".join(choice["periods"]), "--org-units", ",".join(choice["org_units"]),
                              "--journal", work / "journal", "--report", work / "report.json")
    began = time.monotonic()
    if kill:
        run = subprocess.Popen(command, env=env)
        while run.poll() is None and stored(pair.ports["target"], choice) < 0.3 * choice["values"] / 4:
            time.sleep(0.05)
        if run.poll() is not None:
            sys.exit("the transfer ended before it could be killed")
        run.send_signal(signal.SIGKILL)
        run.wait()
        print(f"killed with {stored(pair.ports['target'], choice)} values at the target")
        command += ["--resume"]
    run = subprocess.run(command, env=env, text=True, capture_output=True)
    print(run.stderr.strip())
    report = json.loads((work / "report.json").read_text())
    print(json.dumps({k: v for k, v in report.items() if isinstance(v, (int, str, dict)) and len(json.dumps(v)) < 400}))
    differing = [t for t in (report.get("control_totals") or []) if t.get("source") != t.get("target")]
    print(f"exit {run.returncode}, {choice['values']} values at the source, {stored(pair.ports['target'], choice)} at the target, "
          f"{len(report.get('control_totals') or [])} control totals, {len(differing)} differ, {time.monotonic() - began:.1f} s")
    return {"ok": run.returncode == 0 and not differing, "totals": totals(report), "stored": stored(pair.ports["target"], choice, whole=True)}


def stored(port, choice, whole=False):
    """What the target really holds: the number of values, or all of them, sorted."""
    sets = [s["id"] for s in call(port, "GET", "/api/dataSets.json?paging=false&fields=id")["dataSets"]]
    query = "&".join([f"dataSet={s}" for s in sets] + [f"period={p}" for p in choice["periods"]] + [f"orgUnit={u}" for u in choice["org_units"]])
    values = call(port, "GET", "/api/dataValueSets.json?" + query).get("dataValues", [])
    if not whole:
        return len(values)
    keys = ("dataElement", "period", "orgUnit", "categoryOptionCombo", "attributeOptionCombo", "value")
    return sorted(tuple(v.get(k) for k in keys) for v in values)


if __name__ == "__main__":
    sys.exit(main())
