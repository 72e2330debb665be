#!/usr/bin/env python3
"""Runs the suites one after the other, says what failed, and closes with one line `N passed, N failed, N skipped`.

A suite is a command and a way to read its counts. A suite that ends badly without counting a failure counts as one failure; one that ran nothing, too.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def last_line(output):
    found = re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", output, re.M)
    return tuple(map(int, found[-1])) if found else None


def meson(output):
    def of(name):
        found = re.findall(rf"^{name}:\s+(\d+)", output, re.M)
        return int(found[-1]) if found else 0
    return of("Ok"), of("Fail") + of("Timeout"), of("Skipped")


def node(output):
    def of(name):
        found = re.findall(rf"^# {name} (\d+)", output, re.M)
        return int(found[-1]) if found else 0
    return of("pass"), of("fail") + of("cancelled"), of("skipped") + of("todo")


def suites(build):
    page, browsers = (sorted(p.as_posix() for p in (ROOT / "tests/web").glob(names)) for names in ("*.test.mjs", "browsers/*.test.mjs"))
    return {
        "house": ([sys.executable, "tools/check-house.py"], last_line),
        "unit": (["meson", "test", "-C", str(build), "--print-errorlogs", "--no-rebuild"], meson),
        "blackbox": ([sys.executable, "tests/blackbox/run.py"], last_line),
        "replay": ([sys.executable, "tests/replay/replay.py", "--sim", str(build / "drawbridge-sim"), "--transcripts", str(SHARED / "transcripts")], last_line),
        "cases": ([sys.executable, "tests/cases/run.py", "--engine", str(build / "drawbridge"), "--cases", str(SHARED / "cases")], last_line),
        "page": (["node", "--test", "--test-reporter=tap", *page], node),
        "browsers": (["node", "--test", "--test-reporter=tap", *browsers], node),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("suite", nargs="*")
    options = parser.parse_args()
    build = options.build.resolve()
    known = suites(build)
    unknown = [name for name in options.suite if name not in known]
    if unknown:
        parser.error(f"there is no suite {unknown[0]}: " + ", ".join(known))
    environment = dict(os.environ, DRAWBRIDGE_BUILD=str(build), ASAN_OPTIONS="abort_on_error=0:detect_leaks=1:strict_string_checks=1",
                       UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1", PYTHONDONTWRITEBYTECODE="1")
    total = [0, 0, 0]
    for name in options.suite or known:
        command, count = known[name]
        began = time.monotonic()
        print(f"--- {name}", flush=True)
        run = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
        output, telling = [], False  # of node's long report what failed is told, with its reasons
        for line in run.stdout:
            output.append(line)
            telling = count is not node or line.lstrip().startswith("not ok") or (telling and line.strip() != "...")
            if telling:
                print(line, end="", flush=True)
        run.wait()
        counts = count("".join(output))
        if counts is None or not any(counts) or (run.returncode and not counts[1]):
            if count is node:
                print("".join(output[-80:]))
            print(f"{name}: ended with {run.returncode} and counted {counts}")
            counts = counts or (0, 0, 0)
            counts = (counts[0], counts[1] + 1, counts[2])
        total = [a + b for a, b in zip(total, counts)]
        print(f"--- {name}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped in {time.monotonic() - began:.0f} s", flush=True)
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
