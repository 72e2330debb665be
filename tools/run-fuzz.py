#!/usr/bin/env python3
"""Runs the fuzz targets of a build on their corpora (fuzz/corpus/<target>/), a line for each: executions, edges covered at the start and at the end, inputs that found new ones, seconds.

What a target finds stays in DIR/<target>/ with --keep DIR: the next run goes on from there. A crash is left as DIR/<target>-crash-… (without --keep: in the current folder) and makes the run fail.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(program, seconds, keep):
    name = program.name.removeprefix("fuzz_")
    seeds = ROOT / "fuzz" / "corpus" / name
    with tempfile.TemporaryDirectory() as fresh:
        found = keep / name if keep else pathlib.Path(fresh)
        found.mkdir(parents=True, exist_ok=True)
        before, began = len(list(found.iterdir())), time.monotonic()
        command = [str(program), f"-max_total_time={seconds}", "-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={keep or pathlib.Path.cwd()}/{name}-", str(found)]
        ended = subprocess.run(command + ([str(seeds)] if seeds.is_dir() else []), text=True, capture_output=True, errors="replace",
                               env={**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})  # else undefined behaviour is only told, and the target goes on
        new, took = len(list(found.iterdir())) - before, time.monotonic() - began
    executed = re.findall(r"number_of_executed_units: *(\d+)", ended.stderr)
    edges = re.findall(r"\bcov: (\d+)", ended.stderr)
    line = f"{name:14} {'ok' if ended.returncode == 0 else 'FAILED':6} {executed[0] if executed else '?':>12} executions, edges {edges[0] if edges else '?'} -> {edges[-1] if edges else '?'}, {new} new inputs, {took:.0f} s"
    return ended.returncode == 0, line, ended.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", action="append", help="only this one; may be given several times")
    parser.add_argument("--jobs", type=int, default=1, help="targets at the same time")
    parser.add_argument("--keep", type=lambda text: pathlib.Path(text).resolve(), help="where inputs that found something are kept")
    parser.add_argument("--list", action="store_true", help="names the targets with their seeds")
    options = parser.parse_args()
    programs = sorted(p for p in (options.build / "fuzz").glob("fuzz_*") if p.is_file() and p.stat().st_mode & 0o100)
    names = [p.name.removeprefix("fuzz_") for p in programs]
    for wanted in options.target or []:
        if wanted not in names:
            parser.error(f"there is no target {wanted}: {', '.join(names)}")
    if options.target:
        programs = [p for p, name in zip(programs, names) if name in options.target]
    if options.list:
        for program in programs:
            name = program.name.removeprefix("fuzz_")
            print(f"{name}: {', '.join(sorted(p.name for p in (ROOT / 'fuzz' / 'corpus' / name).glob('*')))}")
        return 0
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, program, options.seconds, options.keep) for program in programs]):
            good, line, log = done.result()
            print(line, flush=True)
            if not good:
                failed += 1
                print(log[-6000:], flush=True)
    print(f"{len(programs) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not programs else 0


if __name__ == "__main__":
    sys.exit(main())
