"""Org units at size: a made-up country against a copy of itself that people have worked on; how long it takes, and how often a confidence is right."""
import argparse
import collections
import csv
import json
import pathlib
import random
import resource
import subprocess
import tempfile
import time

SYLLABLES = "ka bo ma ti ko lu ngi seg bwe da ru ya la ne mo ba port lo ke ni ha wu sa fa gbo te zi mmi".split()
KINDS = ("Clinic", "Health Centre", "Hospital", "Health Post", "CHC", "MCHP", "Dispensary")
SHORT = {"Health Centre": "HC", "Hospital": "Hosp.", "Health Post": "HP", "Dispensary": "Disp"}


def country(chance, size, codes):
    """[(name, parent, level, code, point)]: four levels; facility names repeat all over the country, each once in its district."""
    def word():
        return "".join(chance.choice(SYLLABLES) for _ in range(chance.randrange(2, 5))).capitalize()
    words = [word() for _ in range(4000)]
    units = [("Republic of Zamunda", None, 1, None, None)]
    units += [(f"{word()} Region", 0, 2, None, None) for _ in range(15)]
    units += [(f"{word()} District", chance.randrange(1, 16), 3, None, None) for _ in range(200)]
    used = set()
    while len(units) < size:
        district = chance.randrange(16, 216)
        name = f"{chance.choice(words)} {chance.choice(KINDS)}" + (f" {chance.randrange(1, 4)}" if chance.random() < 0.1 else "")
        if (district, name) in used:
            continue
        used.add((district, name))
        point = (round(-13 + chance.random() * 3, 4), round(7 + chance.random() * 3, 4)) if chance.random() < 0.5 else None
        units.append((name, district, 4, f"F{len(units):06d}" if chance.random() < codes else None, point))
    return units


def reworked(chance, name, level):
    """As people write it elsewhere."""
    how = chance.random()
    if level < 4:
        return name if how < 0.8 else name.replace(" District", "").replace(" Region", " Province")
    if how < 0.55:
        return name
    if how < 0.65 and len(name) > 6:
        at = chance.randrange(1, len(name) - 2)
        return name[:at] + (name[at + 1:] if chance.random() < 0.5 else name[at + 1] + name[at] + name[at + 2:])
    if how < 0.75:
        return name.upper()
    if how < 0.85:
        first, *rest = name.split()
        return " ".join([*rest, first])
    for long, short in SHORT.items():
        name = name.replace(long, short)
    return name


def side(chance, letter, units, kept, rework):
    listed = []
    for at in kept:
        name, parent, level, code, point = units[at]
        unit = {"id": f"{letter}{at:010d}", "name": reworked(chance, name, level) if rework else name, "level": level}
        if parent is not None:
            unit["parent"] = {"id": f"{letter}{parent:010d}"}
        if code and (not rework or chance.random() < 0.9):
            unit["code"] = code
        if point and (not rework or chance.random() < 0.8):
            unit["geometry"] = {"type": "Point", "coordinates": [p + (chance.random() - 0.5) * 0.004 * rework for p in point]}
        listed.append(unit)
    chance.shuffle(listed)
    assigned = [{"id": u["id"]} for u in listed if u["level"] == 4]
    return {"dataElements": [{"id": "DeOne000001", "name": "Cases"}], "dataSets": [{"id": "DsOne000001", "name": "Set", "periodType": "Monthly", "organisationUnits": assigned}], "organisationUnits": listed}


def score(rows, wanted):
    counts, bins = collections.Counter(), collections.defaultdict(lambda: [0, 0, 0.0])
    for row in rows:
        if row["kind"] != "org_unit" or row["rank"] != "1":
            continue
        right = row["target_data_element"] == wanted[row["source_data_element"]]
        counts[row["decision"], right] += 1
        if row["target_data_element"]:
            one = bins[min(9, int(float(row["confidence"]) * 10))]
            one[0] += 1
            one[1] += right
            one[2] += float(row["confidence"])
    found = sum(n for (decision, right), n in counts.items() if right and decision != "none")
    said = sum(n for (decision, _), n in counts.items() if decision != "none")
    print(f"  auto: {counts['auto', True]} right, {counts['auto', False]} wrong; proposed: {counts['proposed', True]} right, {counts['proposed', False]} wrong; none: {counts['none', True]} right, {counts['none', False]} wrong")
    print(f"  right of all answers {found / said:.4f}, found of what there was {found / sum(1 for t in wanted.values() if t):.4f}")
    print("  confidence said and share right: " + ", ".join(f"{total / n:.2f} {right / n:.3f} ({n})" for _, (n, right, total) in sorted(bins.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 50000])
    options = parser.parse_args()
    for size in options.sizes:
        chance = random.Random(options.seed)
        units = country(chance, size, 0.3)
        kept = [[at for at, unit in enumerate(units) if unit[2] < 4 or chance.random() > missing] for missing in (0.05, 0.1)]
        there = set(kept[1])
        wanted = {f"a{at:010d}": f"b{at:010d}" if at in there else "" for at in kept[0] if units[at][2] == 4}
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("source.json", "target.json", "out.csv")]
            for path, letter, list_kept, rework in zip(paths, "ab", kept, (False, True)):
                path.write_text(json.dumps(side(chance, letter, units, list_kept, rework)))
            began = time.monotonic()
            subprocess.run([options.build / "drawbridge", "align", "--source", paths[0], "--target", paths[1], "--with", "org-units", "--output", paths[2]], check=True, stderr=subprocess.DEVNULL)
            took = time.monotonic() - began
            print(f"{len(kept[0])} x {len(kept[1])} org units: {took:.1f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB")
            with paths[2].open(newline="") as file:
                score(csv.DictReader(file), wanted)


if __name__ == "__main__":
    main()
