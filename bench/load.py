"""One slice of load on one target: wrk for HTTP/1.1, h2load for HTTP/2, on the core that the upstream has too."""
import os
import re
import subprocess
import sys
import typing

from rig import cpu_of

PATHS = {"1k": "/api/small", "1m": "/api/large", "bin": "/api/binary"}
UNITS = {"us": 1, "ms": 1000, "s": 1000000, "m": 60000000}
STREAMS = 8


class Slice(typing.NamedTuple):
    rate: float  # requests per second
    p50: float   # us
    p99: float   # us
    cpu: float   # us per request


class Case(typing.NamedTuple):
    size: str    # of PATHS
    at_once: int # calls under way
    how: str     # plain, tls, h2

    @staticmethod
    def of(text):
        size, at_once, *how = text.split(":")
        return Case(size, int(at_once), how[0] if how else "plain")

    def __str__(self):
        return f"{self.size}:{self.at_once}:{self.how}"


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()
    return float(number) * UNITS[unit]


def wrk(words, case, seconds):
    text = run(["wrk", "-t1", f"-c{case.at_once}", f"-d{seconds}s", "--latency", "--timeout", "10s", *words])
    bad = re.search(r"Non-2xx.*|Socket errors: (?!connect 0, read 0, write 0, timeout 0).*", text)
    found = {key: microseconds(re.search(rf"^\s+{key}%\s+(\S+)", text, re.M)[1]) for key in ("50", "99")}
    return int(re.search(r"(\d+) requests in", text)[1]), float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), found["50"], found["99"], bad and bad[0]


def h2load(rig, words, case, seconds):
    log, streams = rig.folder / "h2load.log", min(STREAMS, case.at_once)
    log.unlink(missing_ok=True)
    text = run(["h2load", "-t1", f"-c{case.at_once // streams}", f"-m{streams}", f"-D{seconds}", f"--log-file={log}", *words])
    taken = sorted(int(line.split()[2]) for line in log.read_text().splitlines())
    counts = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text)
    bad = counts and any(int(counts[i]) for i in (2, 3, 4)) and counts[0]
    return len(taken), len(taken) / seconds, taken[len(taken) // 2], taken[len(taken) * 99 // 100], bad


def run(words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def slice_of(rig, target, case, seconds):
    words = [target.bases[case.how] + PATHS[case.size]]
    for name, value in target.headers.items():
        if name != "Host" or case.how == "plain":  # by HTTPS the address is the public one
            words += ["-H", f"{name}: {value}"]
    os.sched_setaffinity(0, {rig.other_core})
    before = cpu_of(target.pids())
    requests, rate, p50, p99, bad = h2load(rig, words, case, seconds) if case.how == "h2" else wrk(words, case, seconds)
    used = cpu_of(target.pids()) - before
    os.sched_setaffinity(0, rig.all_cores)
    if bad:
        print(f"  {target.name}: {bad}", file=sys.stderr)
    return Slice(rate, p50, p99, used / max(requests, 1) * 1e6)
