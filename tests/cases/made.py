"""Made-up lists in two languages (made/*.txt, a line "source => target" a pair), on which the engine must do well: as they are, and with every third target and some sources taken away."""
import csv
import json
import pathlib
import random
import subprocess
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent / "made"
RIGHT, F1 = 0.95, 0.88  # of all pairs; where a third has no counterpart


def export(names, letter):
    return {"dataElements": [{"id": f"{letter}{i:010d}", "name": name, "valueType": "INTEGER", "categoryCombo": {"id": "default0000"}} for i, name in enumerate(names)],
            "categoryCombos": [{"id": "default0000", "name": "default"}],
            "categoryOptionCombos": [{"id": letter + "0default00", "name": "default", "categoryCombo": {"id": "default0000"}}]}


def align(engine, sources, targets):
    """Source name to (target name or None, decision)."""
    with tempfile.TemporaryDirectory(prefix="made-") as temporary:
        paths = [pathlib.Path(temporary) / name for name in ("source.json", "target.json")]
        for path, names, letter in zip(paths, (sources, targets), "ab"):
            path.write_text(json.dumps(export(names, letter)))
        run = subprocess.run([engine, "align", "--source", paths[0], "--target", paths[1]], capture_output=True, text=True, check=True)
    found = {}
    for row in csv.DictReader(run.stdout.splitlines()):
        if row["kind"] == "data_element" and row["rank"] == "1":
            target = row["target_data_element"]
            found[sources[int(row["source_data_element"][1:])]] = targets[int(target[1:])] if target else None, row["decision"]
    return found


def check(engine, name, sources, targets, wanted, floor):
    found = align(engine, sources, targets)
    right = sum(1 for source, target in wanted.items() if found[source][0] == target)
    answers = sum(1 for target, _ in found.values() if target)
    wrong = [f"{source} -> {target}" for source, (target, decision) in found.items() if decision == "auto" and target != wanted.get(source)]
    score = 2 * right / max(1, answers + len(wanted))
    good = score >= floor and not wrong
    print(f"{'' if good else 'FAILED '}{name}: F1 {score:.3f} (at least {floor}), wrong among the sure ones: {'; '.join(wrong) or 'none'}")
    return good


def run(engine):
    """(passed, failed)"""
    results = []
    for path in sorted(FOLDER.glob("*.txt")):
        pairs = [tuple(line.split(" => ")) for line in path.read_text().splitlines()]
        shuffled = random.Random(5)
        sources, targets = [s for s, _ in pairs], [t for _, t in pairs]
        shuffled.shuffle(targets)
        results.append(check(engine, path.stem, sources, targets, dict(pairs), RIGHT))
        kept = [pair for i, pair in enumerate(pairs) if i % 3]
        targets = [t for _, t in kept]
        shuffled.shuffle(targets)
        results.append(check(engine, path.stem + ", a third without counterpart", [s for i, (s, _) in enumerate(pairs) if i % 5 != 1], targets,
                             {s: t for i, (s, t) in enumerate(pairs) if i % 3 and i % 5 != 1}, F1))
    return sum(results), len(results) - sum(results)
