#!/usr/bin/env python3
"""Scores the engine on made-up lists (made.py), and on the shared cases with known answers, and holds it to the floors it has reached (floors.json), one count a floor.

Closes with `N passed, N failed, N skipped`; where the cases are not there, every floor counts as skipped.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import made

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = (90, 240, 600)  # seconds, of one try after the other; the whole takes ten to forty


def evaluated(command):
    """(exit code, output). The judge now and then waits for ever for a worker of its own that missed the signal to end, with all scores made and none told: then it is asked again."""
    for patience in PATIENCE:
        process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=patience)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            print(f"{command[1]} did not end within {patience} s")
    return 1, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", required=True, type=pathlib.Path)
    parser.add_argument("--cases", required=True, type=pathlib.Path, help="the folder that holds evaluate.py and dev/")
    parser.add_argument("--floors", type=pathlib.Path, default=HERE / "floors.json")
    options = parser.parse_args()
    floors = sum(map(len, json.loads(options.floors.read_text()).values()))
    made_passed, made_failed = made.run(options.engine.resolve())
    evaluate = options.cases / "evaluate.py"
    if not evaluate.exists() or not (options.cases / "dev").is_dir():
        print(f"{evaluate} is not there")
        print(f"{made_passed} passed, {made_failed} failed, {floors} skipped")
        return 1 if made_failed else 0
    command = [sys.executable, str(evaluate), "--engine", str(options.engine.resolve()), "--min", str(options.floors), "--jobs", "2", "--timeout", "600"]
    code, output = evaluated(command)
    print(output, end="")
    missed = len(re.findall(r"^BELOW THE BAR ", output, re.M))
    failed = len(re.findall(r"^FAILED ", output, re.M))
    if code and not missed and not failed:
        failed = 1
    print(f"{max(0, floors - missed) + made_passed} passed, {missed + failed + made_failed} failed, 0 skipped")
    return 1 if missed or failed or made_failed else 0


if __name__ == "__main__":
    sys.exit(main())
