#!/usr/bin/env python3
"""Runs suites on a build made with coverage and prints, for each folder of src/, how many of its lines ran. A folder of the list below its floor ends this with 1."""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLOORS = {"crypt": 90, "dhis2": 90, "gateway": 90, "http": 90}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--files", action="store_true", help="also each file of the folders that have a floor")
    parser.add_argument("suite", nargs="*", default=["unit", "blackbox"])
    options = parser.parse_args()
    for old in options.build.rglob("*.gcda"):
        old.unlink()
    tests = subprocess.run([sys.executable, "tools/run-tests.py", "--build", str(options.build), *options.suite], cwd=ROOT, env={**os.environ, "DRAWBRIDGE_COVERAGE": "1", "GCOV_ERROR_FILE": "/dev/null"})
    report = subprocess.run(["gcovr", "--root", str(ROOT), "--object-directory", str(options.build), "--filter", f"{ROOT}/src/", "--gcov-ignore-parse-errors", "--json", "-", str(options.build)],
                            cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True)
    lines = collections.defaultdict(lambda: [0, 0])
    for file in json.loads(report.stdout)["files"]:
        counted = [line["count"] > 0 for line in file["lines"] if not line.get("gcovr/noncode")]
        path = pathlib.PurePath(file["file"])
        for key in (path.parts[1], str(path)):
            lines[key][0] += sum(counted)
            lines[key][1] += len(counted)
    low = 0
    for key, (ran, all_lines) in sorted(lines.items()):
        folder = key.split("/")[1] if "/" in key else key
        if all_lines == 0 or ("/" in key and not (options.files and folder in FLOORS)):
            continue
        share = 100 * ran / all_lines
        floor = FLOORS.get(key)
        print(f"{share:5.1f} %  {ran:6d} of {all_lines:6d}  {key}" + (f" (floor {floor} %)" if floor else ""))
        low += floor is not None and share < floor
    return 1 if tests.returncode or low else 0


if __name__ == "__main__":
    sys.exit(main())
