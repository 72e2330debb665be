#!/usr/bin/env python3
"""Speed of the proxied path, next to peers in the same run: requests per second, latency, CPU per request, memory.

  ./dev bench gateway [--rounds N] [--seconds S] [--peers nginx,haproxy,apache] [--cases 1k:64 1m:64:tls 1k:64:h2 …] [--sessions N] [--slow N] [--write] [--hold]

drawbridge looks the session up, judges by the policy, unseals and sends its own credential, rewrites links in JSON, and writes the access log; nginx and haproxy (one worker, access log on) pass on; Apache has
mod_auth_openidc and a person who has signed in. A case is a size (1k and 1m are JSON, bin is 1 MB of bytes), a number of calls at once, and plain, tls or h2. In each round every proxy is measured for a short slice, in
turn; a ratio is the median over the rounds of drawbridge's figure by the peer's of the same round. Proxies share one core, the load and the upstream the other.

--write puts all of it into docs/performance.md. --hold starts everything, prints the addresses, and waits: for perf.
"""
import argparse
import os
import shutil
import signal
import statistics
import sys

CASES = ["1k:1", "1k:64", "1k:1000", "1m:1", "1m:64", "bin:64", "1k:1:tls", "1k:64:tls", "1k:1000:tls", "1m:64:tls", "1k:1:h2", "1k:64:h2", "1k:1000:h2", "1m:64:h2"]
SESSIONS, SLOW = 10000, 1000


def median(numbers):
    return statistics.median(list(numbers))


class Row:
    """What one case has shown of one proxy: medians over the rounds, and drawbridge beside it."""

    def __init__(self, name, slices, ours, rss):
        self.name, self.rss = name, rss
        self.rate, self.p50, self.p99, self.cpu = (median(column) for column in zip(*slices))
        if name == "drawbridge":
            return
        pairs = list(zip(ours, slices))
        self.rates, self.cpus = [a.rate / b.rate for a, b in pairs], [a.cpu / b.cpu for a, b in pairs]
        self.added = median(a.p50 - b.p50 for a, b in pairs), median(a.p99 - b.p99 for a, b in pairs)


def run_case(rig, case, rounds, seconds):
    targets = list(rig.targets.values())
    slices = {target.name: [] for target in targets}
    for target in targets:
        load.slice_of(rig, target, case, 1)  # warm
    for number in range(rounds):
        for target in targets if number % 2 == 0 else reversed(targets):
            slices[target.name].append(load.slice_of(rig, target, case, seconds))
    return [Row(target.name, slices[target.name], slices["drawbridge"], rss_of(target.pids()) / 2**20) for target in targets]


def spread(ratios):
    return f"{median(ratios):5.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"


def show(case, rows):
    for row in rows:
        line = f"{str(case):12} {row.name:11} {row.rate:10.0f} {row.p50:9.0f} {row.p99:9.0f} {row.cpu:8.1f} {row.rss:7.1f}"
        if row.name != "drawbridge":
            line += f"   {spread(row.rates)}  {spread(row.cpus)}  {row.added[0]:+.0f}/{row.added[1]:+.0f}"
        print(line, flush=True)


def speed(options):
    names = [name for name in options.peers.split(",") if name and shutil.which(fronts.PEERS[name][1])]
    rig = Rig([*names, "drawbridge"], servers=(("up", 1024),))
    try:
        if options.hold:
            for target in rig.targets.values():
                print(target.name, target.bases["plain"], target.bases["tls"], *(f"-H '{k}: {v}'" for k, v in target.headers.items()), "pids", *target.pids(), flush=True)
            signal.pause()
        print(f"{'case':12} {'proxy':11} {'requests/s':>10} {'p50 us':>9} {'p99 us':>9} {'CPU us':>8} {'RSS MB':>7}   drawbridge by it: requests/s, CPU per request; latency added, p50/p99 us")
        found = []
        for text in options.cases:
            case = load.Case.of(text)
            found.append((case, run_case(rig, case, options.rounds, options.seconds)))
            show(*found[-1])
        return found
    finally:
        rig.close()


def sizes(options):
    """Megabytes: at the start, with the sessions, and second by second with the slow readers and writers."""
    rig = Rig(["drawbridge"], servers=(("up", 1024),))
    try:
        before, after = memory.with_sessions(rig, rig.targets["drawbridge"], options.sessions)
    finally:
        rig.close()
    rig = Rig(["drawbridge"], servers=(("up", 1024), ("other", 1024)))
    try:
        sessions = [rig.sign_in() for _ in range(32)]
        slow = [size / 2**20 for size in memory.with_slow(rig, rig.targets["drawbridge"], options.slow, sessions)]
    finally:
        rig.close()
    found = before / 2**20, after / 2**20, slow
    print(f"memory MB: {found[0]:.1f} at the start, {found[1]:.1f} with {options.sessions} sessions; {options.slow} slow readers and as many writers: {' '.join(f'{size:.1f}' for size in slow)}", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--peers", default="nginx,haproxy,apache")
    parser.add_argument("--cases", nargs="*", default=CASES)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--slow", type=int, default=SLOW)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--hold", action="store_true")
    options = parser.parse_args()
    os.environ["DRAWBRIDGE_BUILD"] = options.build
    global Rig, rss_of, fronts, load, memory
    from rig import Rig, rss_of  # first: it knows where the tests' harness is
    import fronts
    import load
    import memory
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        found = speed(options)
        size = sizes(options) if options.sessions else None
        if options.write:
            import report
            report.write(options, found, size)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
