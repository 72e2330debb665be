#!/usr/bin/env python3
"""Weights of src/align/evidence.h and the calibration of src/align/score.c from cases with known answers (see README.md).

  bench/fit_align.py --engine build/drawbridge --cases FOLDER [--calibration]

FOLDER holds one folder a case: source.json, target.json, gold.csv (kind, source_id, target_id). Needs numpy.
"""
import argparse
import collections
import csv
import pathlib
import re
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = re.findall(r"X\((\w+), (-?[\d.]+)f", (ROOT / "src/align/evidence.h").read_text())
NAMES, WEIGHTS = [n for n, _ in TABLE], np.array([float(w) for _, w in TABLE])
LEAD = NAMES.index("lead")
AGAINST = {"conflict", "unshared", "numbers", "untold", "lost", "type"}
SIGN = np.array([0 if n == "base" else -1 if n in AGAINST else 1 for n in NAMES])


def family(name):
    """Cases of one kind share the first word of their name; versions of a package and its translations are two kinds."""
    return name.split("-")[0] + ("-translation" if re.search(r"-[a-z]{2}-to-[a-z]{2}$", name) else "")


def load(engine, folder):
    cases = []
    for case in sorted(p for p in folder.iterdir() if (p / "gold.csv").exists()):
        gold = collections.defaultdict(set)
        for row in csv.DictReader((case / "gold.csv").open()):
            if row["kind"] == "de":
                gold[row["source_id"]].add(row["target_id"])
        run = subprocess.run([engine, "align", "--source", case / "source.json", "--target", case / "target.json", "--explain", "--candidates", "12"], capture_output=True, text=True, check=True)
        values, right, source = [], [], []
        for row in csv.DictReader(run.stdout.splitlines()):
            if row["kind"] != "data_element" or not row["target_data_element"] or row["source_data_element"] not in gold:
                continue
            found = {"base": 1.0, **{n: float(v) for n, v in re.findall(r"(\w+) (-?[\d.]+) \(", row["features"])}}
            values.append([found.get(n, 0.0) for n in NAMES])
            right.append(float(row["target_data_element"] in gold[row["source_data_element"]]))
            source.append(row["source_data_element"])
        cases.append((case.name, np.array(values), np.array(right), source))
    return cases


def fit(cases, pull=0.3, rounds=800):
    """Logistic loss for every pair, and softmax loss for the best of each source; pulled towards the weights in the code. `lead` is left alone: it is made of the others."""
    x, y = np.concatenate([c[1] for c in cases]).copy(), np.concatenate([c[2] for c in cases])
    x[:, LEAD] = 0
    share = np.concatenate([np.full(len(c[2]), 1 / len(set(c[3]))) for c in cases]) / len(cases)
    ids = {}
    group = np.array([ids.setdefault((c[0], s), len(ids)) for c in cases for s in c[3]])
    solvable = np.bincount(group, y)[group] > 0
    spread, weights = x.std(0) + 0.05, WEIGHTS.copy()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, rounds + 1):
        z = x @ weights
        p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        top = np.full(len(ids), -1e9)
        np.maximum.at(top, group, z)
        e = np.exp(z - top[group])
        q = e / np.bincount(group, e)[group]
        good = np.bincount(group, q * y)[group]
        rank = np.where(solvable, q - q * y / np.maximum(good, 1e-9), 0)
        slope = x.T @ (share * (p - y + 2 * rank)) + pull * (weights - WEIGHTS) * spread ** 2
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope ** 2
        weights -= 0.03 * (first / (1 - 0.9 ** step)) / (np.sqrt(second / (1 - 0.999 ** step)) + 1e-8)
        weights = np.where(SIGN * weights < 0.05, np.where(SIGN == 0, weights, 0.05 * SIGN), weights)
    weights[LEAD] = WEIGHTS[LEAD]
    return weights


def hits(case, weights):
    best = {}
    x = case[1].copy()
    x[:, LEAD] = 0
    for score, right, source in zip(x @ weights, case[2], case[3]):
        if source not in best or score > best[source][0]:
            best[source] = (score, right)
    return sum(right for _, right in best.values()) / max(1, len(best))


def calibration(cases):
    firsts = []
    for _, x, y, sources in cases:
        best = {}
        for score, right, source in zip(x @ WEIGHTS, y, sources):
            if source not in best or score > best[source][0]:
                best[source] = (score, right)
        firsts += best.values()
    for part in np.array_split(np.array(sorted(firsts)), 20):
        print(f"log odds {part[0][0]:7.2f} to {part[-1][0]:7.2f}: {part[:, 1].mean():.3f} right of {len(part)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--cases", required=True, type=pathlib.Path)
    parser.add_argument("--calibration", action="store_true")
    options = parser.parse_args()
    cases = load(options.engine, options.cases)
    if not cases:
        sys.exit(f"{options.cases} holds no case")
    if options.calibration:
        return calibration(cases)
    fitted = fit(cases)
    for name, now, suggested in zip(NAMES, WEIGHTS, fitted):
        print(f"{name:12} {now:6.2f} in the code, {suggested:6.2f} fitted")
    for case in cases:
        print(f"{case[0]:30} right first: {hits(case, WEIGHTS):.3f} in the code, {hits(case, fitted):.3f} fitted")
    for name in sorted({family(c[0]) for c in cases}):
        others = [c for c in cases if family(c[0]) != name]
        if others:
            weights = fit(others)
            print(f"without {name}: right first {np.mean([hits(c, weights) for c in cases if family(c[0]) == name]):.3f}")


if __name__ == "__main__":
    main()
