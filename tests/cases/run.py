#!/usr/bin/env python3
"""Scores the engine on made-up lists (made.py), and on the shared cases with known answers, and holds it to the floors it has reached (floors.json), one count a floor.

Closes with `N passed, N failed, N skipped`; where the cases are not there, every floor counts as skipped.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

import made

HERE = pathlib.Path(__file__).resolve().parent


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
    run = subprocess.run(command, text=True, capture_output=True)
    print(run.stdout, run.stderr, sep="", end="")
    missed = len(re.findall(r"^BELOW THE BAR ", run.stdout, re.M))
    failed = len(re.findall(r"^FAILED ", run.stdout, re.M))
    if run.returncode and not missed and not failed:
        failed = 1
    print(f"{max(0, floors - missed) + made_passed} passed, {missed + failed + made_failed} failed, 0 skipped")
    return 1 if missed or failed or made_failed else 0


if __name__ == "__main__":
    sys.exit(main())
