#!/usr/bin/env python3
"""Runs each fuzz target of a build for some seconds on its corpus (fuzz/corpus/<target>/) and says which failed."""
import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    targets = sorted(p for p in (options.build / "fuzz").glob("fuzz_*") if p.is_file() and p.stat().st_mode & 0o100)
    failed = 0
    for target in targets:
        with tempfile.TemporaryDirectory() as fresh:
            seeds = ROOT / "fuzz" / "corpus" / target.name.removeprefix("fuzz_")
            command = [str(target), f"-max_total_time={options.seconds}", "-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={ROOT}/", fresh]
            run = subprocess.run(command + ([str(seeds)] if seeds.is_dir() else []), text=True, capture_output=True, errors="replace")
        runs = [line.split()[-1] for line in run.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{target.name}: {'ok' if run.returncode == 0 else 'FAILED'}, {runs[0] if runs else '?'} inputs", flush=True)
        if run.returncode:
            failed += 1
            print(run.stderr[-4000:])
    print(f"{len(targets) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
