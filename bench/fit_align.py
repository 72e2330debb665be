#!/usr/bin/env python3
"""Weights of src/align/evidence.h and the calibration of src/align/score.c and cells.c from cases with known answers (see README.md).

  bench/fit_align.py --engine build-fit/drawbridge --cases FOLDER [FOLDER …] [--fit] [--leave-out] [--calibration]

FOLDER holds one folder a case: source.json, target.json, gold.csv (kind, source_id, target_id, and for cells source_de, target_de). The engine must take weights from the environment:
`./dev bench fit-align --cases FOLDER …` builds such a one. Without a further word, it says how the weights of the code do.
"""
import argparse
import collections
import concurrent.futures
import csv
import io
import math
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEIGHTS = {n: float(w) for n, w in re.findall(r"X\((\w+), (-?[\d.]+)f", (ROOT / "src/align/evidence.h").read_text())}
CODE = "".join((ROOT / "src/align" / name).read_text() for name in ("assign.c", "rows.c"))
LIMIT = {n: float(v) for n, v in re.findall(r"#define (\w+) (-?[\d.]+)f", CODE)}
ANSWER, AUTO = LIMIT["ANSWER"], LIMIT["AUTO_ELEMENT"]  # confidences from which assign.c answers, and rows.c says "auto"
OF_THE_LIST = ("rival", "usual", "beyond", "short", "kin", "lead")  # what the rest of the list says of a pair
MARGIN = 0.0005           # a change of a weight must be worth that much
SWEEPS = 3


def family(name):
    """Cases of one kind share the first word of their name; versions of a package and its translations are two kinds."""
    return name.split("-")[0] + ("-translation" if re.search(r"-[a-z]{2}-to-[a-z]{2}$", name) else "")


def wants_a_look(features, base):
    """As in assign.c. `features`: name to (value, contribution)."""
    value = lambda name: features.get(name, (0, 0))[0]  # noqa: E731
    alone = base + sum(c for name, (_, c) in features.items() if name not in OF_THE_LIST)
    named = value("same_name") > 0 or value("same_code") > 0 or value("words") > LIMIT["ALMOST"]
    return value("wider") >= LIMIT["PART"] or alone < LIMIT["ALONE"] or (not named and value("lead") < LIMIT["AHEAD"])


class Case:
    def __init__(self, folder):
        self.folder, self.name, self.family = folder, folder.name, family(folder.name)
        self.gold, self.cells = collections.defaultdict(set), collections.defaultdict(set)
        for row in csv.DictReader((folder / "gold.csv").open()):
            if row["kind"] == "de":
                self.gold[row["source_id"]].add(row["target_id"])
            elif row["kind"] == "coc":
                self.cells[row["source_de"], row["source_id"]].add((row["target_de"], row["target_id"]))

    def run(self, engine, weights):
        """First pair of each source element: (log odds, confidence, right, how many are right, wants a look); first cell of each source cell in the gold: (confidence, right)."""
        environment = {**os.environ, **{f"WEIGHT_{n}": str(w) for n, w in weights.items()}}
        command = [engine, "align", "--source", self.folder / "source.json", "--target", self.folder / "target.json", "--explain", "--candidates", "3"]
        out = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        elements, cells, seen = [], [], set()
        for row in csv.DictReader(io.StringIO(out)):
            item = row["kind"], row["source_data_element"], row["source_category_option_combo"]
            if not row["target_data_element"] or item in seen:
                continue
            seen.add(item)
            if row["kind"] == "data_element":
                features = {n: (float(v), float(c)) for n, v, c in re.findall(r"(\w+) (-?[\d.]+) \(([+-]?[\d.]+)\)", row["features"])}
                base = weights.get("base", WEIGHTS["base"])
                odds = base + sum(c for _, c in features.values())
                gold = self.gold.get(item[1], ())
                vetoed = "contradict" in row["why"]
                elements.append((odds - (20 if vetoed else 0), float(row["confidence"]), float(row["target_data_element"] in gold), len(gold), wants_a_look(features, base)))
            elif item[1:] in self.cells and row["sign"] == "+":
                cells.append((float(row["confidence"]), float((row["target_data_element"], row["target_category_option_combo"]) in self.cells[item[1:]])))
        return elements, cells


def run_all(cases, engine, weights):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda case: case.run(engine, weights), cases))


def shares(cases):
    """What a case counts: each family by the root of how many cases it has, so that neither the largest one rules nor the smallest."""
    count = collections.Counter(case.family for case in cases)
    total = sum(math.sqrt(n) for n in count.values())
    return [1 / math.sqrt(count[case.family]) / total for case in cases]


def logistic(points):
    """Slope and offset that map log odds to probabilities best. Points: (log odds, right, share)."""
    slope, offset = 0.8, 0.0
    for _ in range(25):
        g = [0.0, 0.0]
        h = [1e-4, 1e-9, 1e-4]
        for z, y, q in points:
            p = 1 / (1 + math.exp(-(slope * z + offset)))
            g[0] += (p - y) * q * z
            g[1] += (p - y) * q
            w = p * (1 - p) * q
            h[0] += w * z * z
            h[1] += w * z
            h[2] += w
        determinant = h[0] * h[2] - h[1] * h[1]
        slope = min(3, max(0.1, slope - (g[0] * h[2] - g[1] * h[1]) / determinant))
        offset -= (g[1] * h[0] - g[0] * h[1]) / determinant
    return slope, offset


def points_of(cases, results):
    return [(max(-8, min(12, z)), y, share / max(1, len(elements)))
            for share, (elements, _) in zip(shares(cases), results) for z, _, y, *_ in elements]


def hit(elements):
    known = [y for _, _, y, n, _ in elements if n]
    return sum(known) / max(1, len(known))


def loss(cases, engine, weights):
    """Log loss of the first candidates after the best logistic map, less one and a half of the share of first candidates that are right."""
    results = run_all(cases, engine, weights)
    points = points_of(cases, results)
    slope, offset = logistic(points)
    log = 0.0
    for z, y, q in points:
        p = 1 / (1 + math.exp(-(slope * z + offset)))
        log -= q * math.log(max(1e-9, p if y else 1 - p))
    return log - 1.5 * sum(share * hit(elements) for share, (elements, _) in zip(shares(cases), results))


def fit(cases, engine, say=lambda text: None):
    """One weight after the other, up and down, by smaller steps each time; what gains next to nothing stays."""
    weights, best = {}, loss(cases, engine, {})
    for sweep in range(SWEEPS):
        changed = False
        for name in [n for n in WEIGHTS if n not in ("base", "same_code", "type")]:
            now = weights.get(name, WEIGHTS[name])
            step = max(0.3, abs(now) * 0.3) / (1 + sweep)
            for value in (round(now + step, 2), round(now - step, 2)):
                if value * WEIGHTS[name] < 0:
                    continue
                found = loss(cases, engine, {**weights, name: value})
                if found < best - MARGIN:
                    best, weights[name], changed = found, value, True
                    break
        say(f"sweep {sweep + 1}: loss {best:.4f}")
        if not changed:
            break
    return weights


def scores(case, elements, probability):
    """Precision, recall and F1 of answers; share right first; precision and coverage of what is sure; calibration error; and the counts behind what is sure: right, sure, judged."""
    answered = [y for z, c, y, n, look in elements if probability(z, c, look) >= ANSWER]
    right, gold = sum(answered), sum(map(len, case.gold.values()))
    precision, recall = right / max(1, len(answered)), right / max(1, gold)
    judged = [(probability(z, c, look), y) for z, c, y, n, look in elements if n or not case.family == "datim"]
    sure = [y for p, y in judged if p >= AUTO]
    bins = collections.defaultdict(lambda: [0.0, 0])
    for p, y in judged:
        bins[min(9, int(p * 10))][0] += p - y
        bins[min(9, int(p * 10))][1] += 1
    error = sum(abs(gap) for gap, _ in bins.values()) / max(1, len(judged))
    return (precision, recall, 2 * precision * recall / max(1e-9, precision + recall), hit(elements), sum(sure) / len(sure) if sure else 1.0, len(sure) / max(1, len(judged)), error), (sum(sure), len(sure), len(judged))


HEAD = f"{'':32}{'prec':>7}{'recall':>7}{'F1':>7}{'first':>7}{'sure':>7}{'cover':>7}{'ECE':>7}"


def line(name, values):
    return f"{name:32}" + "".join(f"{v:7.3f}" for v in values)


def mean(rows):
    return [sum(column) / len(column) for column in zip(*rows)]


def leave_out(cases, engine):
    """Each family scored with weights and a logistic map fitted without it."""
    print("Each family by weights and a map of confidences fitted without it:\n" + HEAD)
    for name in sorted({case.family for case in cases}):
        others, own = [c for c in cases if c.family != name], [c for c in cases if c.family == name]
        weights = fit(others, engine)
        slope, offset = logistic(points_of(others, run_all(others, engine, weights)))

        def probability(z, _, look):
            p = 1 / (1 + math.exp(-max(-40, min(40, slope * z + offset))))
            return min(p, LIMIT["LOOK_MOST"]) if look else p

        rows = [scores(case, elements, probability) for case, (elements, _) in zip(own, run_all(own, engine, weights))]
        right, sure, judged = (sum(counts) for counts in zip(*(counts for _, counts in rows)))
        print(line(f"{name} ({len(own)})", mean([values for values, _ in rows])) + f"   {right:.0f} of {sure} sure rows right, of {judged}", flush=True)


def monotone(points, parts=16):
    """Parts of equal share by what is on the left, and neighbours put together until the share right only grows."""
    points = sorted(points)
    total, blocks = sum(q for _, _, q in points), [[[], 0.0, 0.0]]
    for z, y, q in points:
        if blocks[-1][2] >= total / parts and z != blocks[-1][0][-1]:
            blocks.append([[], 0.0, 0.0])
        blocks[-1][0].append(z)
        blocks[-1][1] += q * y
        blocks[-1][2] += q
    at = 0
    while at + 1 < len(blocks):
        if blocks[at][1] / blocks[at][2] > blocks[at + 1][1] / blocks[at + 1][2]:
            blocks[at] = [blocks[at][0] + blocks[at + 1][0], blocks[at][1] + blocks[at + 1][1], blocks[at][2] + blocks[at + 1][2]]
            del blocks[at + 1]
            at = max(0, at - 1)
        else:
            at += 1
    return [(z[0], z[-1], right / share, len(z)) for z, right, share in blocks]


def calibration(cases, engine):
    results = run_all(cases, engine, {})
    print("Elements: log odds, share right (families as in the fit), first candidates")
    for low, high, right, n in monotone(points_of(cases, results)):
        print(f"{low:8.2f} to {high:6.2f}: {right:.3f} of {n}")
    for kind in (0, 1):
        print(("Elements", "Cells")[kind] + ": confidence, share right, by family")
        for name in sorted({case.family for case in cases}):
            bins = collections.defaultdict(list)
            for case, result in zip(cases, results):
                for values in result[kind] if case.family == name else ():
                    if kind or values[3] or name != "datim":
                        bins[min(9, int(values[1 - kind] * 10))].append(values[2 - kind])
            print(f"  {name:20}" + "  ".join(f"{b / 10:.1f}: {sum(v) / len(v):.2f} of {len(v)}" for b, v in sorted(bins.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, type=pathlib.Path)
    parser.add_argument("--cases", required=True, nargs="+", type=pathlib.Path)
    parser.add_argument("--fit", action="store_true", help="which weights the cases ask for")
    parser.add_argument("--leave-out", action="store_true", help="each family scored by what the others teach")
    parser.add_argument("--calibration", action="store_true", help="share right by log odds and by confidence")
    options = parser.parse_args()
    cases = [Case(p) for folder in options.cases for p in sorted(folder.iterdir()) if (p / "gold.csv").exists()]
    if not cases:
        sys.exit(f"{options.cases[0]} holds no case")
    print(HEAD)
    for case, (elements, _) in zip(cases, run_all(cases, options.engine, {})):
        print(line(case.name, scores(case, elements, lambda z, c, look: c)[0]))
    if options.fit:
        weights = fit(cases, options.engine, print)
        for name, now in WEIGHTS.items():
            print(f"{name:12} {now:6.2f} in the code, {weights.get(name, now):6.2f} fitted")
    if options.leave_out:
        leave_out(cases, options.engine)
    if options.calibration:
        calibration(cases, options.engine)


if __name__ == "__main__":
    main()
