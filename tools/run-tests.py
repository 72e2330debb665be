#!/usr/bin/env python3
"""Runs the suites, says what failed, once more at the end, and closes with one line `N passed, N failed, N skipped`.

A suite is a command and a way to read its counts. A suite that ends badly without counting a failure counts as one failure; one that ran nothing, too. The black-box tests, which mostly wait, run beside the others,
which follow each other: every line begins with the suite that says it.
"""
import argparse
import concurrent.futures
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


def failures(count, output):
    """What a suite said of its failed tests."""
    if count is node:
        return re.findall(r"^ *not ok .*?(?=^ *\.\.\.$)", output, re.M | re.S)
    return re.findall(r"^(?:FAIL|ERROR): .*?(?=^={70}$|^-{70}\nRan )", output, re.M | re.S) or [output]


def suites(build):
    page, browsers = (sorted(p.as_posix() for p in (ROOT / "tests/web").glob(names)) for names in ("*.test.mjs", "browsers/*.test.mjs"))
    files_of_node = ["node", "--test", "--test-reporter=tap", "--test-concurrency=2"]  # else one at a time where there are two cores, and a browser mostly waits
    return {
        "house": ([sys.executable, "tools/check-house.py"], last_line),
        "unit": (["meson", "test", "-C", str(build), "--print-errorlogs", "--no-rebuild", "--timeout-multiplier", "5"], meson),
        "blackbox": ([sys.executable, "tests/blackbox/run.py"], last_line),
        "replay": ([sys.executable, "tests/replay/replay.py", "--sim", str(build / "drawbridge-sim"), "--transcripts", str(SHARED / "transcripts")], last_line),
        "cases": ([sys.executable, "tests/cases/run.py", "--engine", str(build / "drawbridge"), "--cases", str(SHARED / "cases")], last_line),
        "page": ([*files_of_node, *page], node),
        "browsers": ([*files_of_node, *browsers], node),
    }


def run(name, command, count, environment):
    """(passed, failed, skipped), and what was said of the failed"""
    def say(text):
        print("".join(f"{name:8} | {line}\n" for line in text.splitlines()), end="", flush=True)
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    output, telling = [], False  # of node's long report what failed is told, with its reasons
    for line in process.stdout:
        output.append(line)
        telling = count is not node or line.lstrip().startswith("not ok") or (telling and line.strip() != "...")
        if telling:
            say(line)
    process.wait()
    counts = count("".join(output))
    if counts is None or not any(counts) or (process.returncode and not counts[1]):
        if count is node:
            say("".join(output[-80:]))
        say(f"ended with {process.returncode} and counted {counts}")
        passed, failed, skipped = counts or (0, 0, 0)
        counts = passed, failed + 1, skipped
    say("{} passed, {} failed, {} skipped in {:.0f} s".format(*counts, time.monotonic() - began))
    failed = failures(count, "".join(output)) if counts[1] else []
    return counts, ["".join(f"{name:8} | {line}\n" for line in one.splitlines()[-60:]) for one in failed]


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
    chosen = options.suite or list(known)
    lanes = [[name for name in chosen if (name == "blackbox") == waits] for waits in (True, False)]
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        done = [one for lane in pool.map(lambda lane: [run(name, *known[name], environment) for name in lane], lanes) for one in lane]
    total = [sum(numbers) for numbers in zip(*(counts for counts, _ in done))]
    if total[1]:
        print("\nWhat failed:\n")
    for _, failed in done:
        print("\n".join(failed), end="", flush=True)
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
