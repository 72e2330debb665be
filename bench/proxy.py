#!/usr/bin/env python3
"""Speed of the proxied path, next to a peer in the same run: requests per second, latency, CPU per request, memory.

  ./dev bench gateway [--rounds N] [--seconds S] [--peers nginx,haproxy] [--cases 1k:64 1m:8 …] [--hold]

drawbridge looks the session up, judges by the policy, sends its own credential, rewrites links in JSON, and writes the access log; the peers (one worker, access log on) pass on. A case is a size (1k and 1m are JSON, bin is
1 MB of bytes) and a number of connections. In each round every proxy is measured for a short slice, in turn; a ratio is the median over the rounds of drawbridge's figure by the peer's of the same round.
Proxies share one core, wrk and the upstream the other. --hold starts everything, prints the addresses, and waits: for perf.
"""
import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys

PATHS = {"1k": "/api/small", "1m": "/api/large", "bin": "/api/binary"}
CASES = ["1k:1", "1k:64", "1k:1000", "1m:1", "1m:8", "1m:64", "bin:8"]
UNITS = {"us": 1, "ms": 1000, "s": 1000000, "m": 60000000}


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()
    return float(number) * UNITS[unit]


def wrk(rig, target, path, connections, seconds):
    """One slice: (requests per second, p50 us, p99 us, CPU us per request)."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    for name, value in target.headers.items():
        words += ["-H", f"{name}: {value}"]
    os.sched_setaffinity(0, {rig.other_core})
    before = cpu_of(target.pids)
    text = subprocess.run([*words, target.base + path], capture_output=True, text=True, check=True).stdout
    used = cpu_of(target.pids) - before
    os.sched_setaffinity(0, rig.all_cores)
    bad = re.search(r"Non-2xx.*|Socket errors: (?!connect 0, read 0, write 0, timeout 0).*", text)
    if bad:
        print(f"  {target.name}: {bad[0]}", file=sys.stderr)
    requests = int(re.search(r"(\d+) requests in", text)[1])
    found = {key: microseconds(re.search(rf"^\s+{key}%\s+(\S+)", text, re.M)[1]) for key in ("50", "99")}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), found["50"], found["99"], used / max(requests, 1) * 1e6


def run_case(rig, case, rounds, seconds):
    size, connections = case.split(":")
    slices = {name: [] for name in rig.targets}
    for target in rig.targets.values():
        wrk(rig, target, PATHS[size], int(connections), 1)  # warm
    for number in range(rounds):
        order = list(rig.targets.values())
        for target in order if number % 2 == 0 else reversed(order):
            slices[target.name].append(wrk(rig, target, PATHS[size], int(connections), seconds))
    ours = slices["drawbridge"]
    for name, theirs in slices.items():
        rate, p50, p99, cpu = (statistics.median(column) for column in zip(*theirs))
        line = f"{case:8} {name:11} {rate:10.0f} {p50:9.0f} {p99:9.0f} {cpu:8.1f} {rss_of(rig.targets[name].pids) / 2**20:7.1f}"
        if name != "drawbridge":
            rates, cpus = [a[0] / b[0] for a, b in zip(ours, theirs)], [a[3] / b[3] for a, b in zip(ours, theirs) if b[3]]
            line += f"   {statistics.median(rates):5.2f} [{min(rates):.2f}-{max(rates):.2f}]  {statistics.median(cpus):5.2f} [{min(cpus):.2f}-{max(cpus):.2f}]"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--peers", default="nginx,haproxy")
    parser.add_argument("--cases", nargs="*", default=CASES)
    parser.add_argument("--hold", action="store_true")
    options = parser.parse_args()
    os.environ["DRAWBRIDGE_BUILD"] = options.build
    global Rig, cpu_of, rss_of
    from rig import Rig, cpu_of, rss_of
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rig = Rig([peer for peer in options.peers.split(",") if peer and shutil.which(peer)])
    try:
        if options.hold:
            for target in rig.targets.values():
                print(target.name, target.base, *(f"-H '{k}: {v}'" for k, v in target.headers.items()), "pids", *target.pids, flush=True)
            signal.pause()
        print(f"{'case':8} {'proxy':11} {'requests/s':>10} {'p50 us':>9} {'p99 us':>9} {'CPU us':>8} {'RSS MB':>7}   drawbridge by it: requests/s, CPU per request")
        for case in options.cases:
            run_case(rig, case, options.rounds, options.seconds)
    except KeyboardInterrupt:
        pass
    finally:
        rig.close()


if __name__ == "__main__":
    main()
