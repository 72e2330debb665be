#!/usr/bin/env python3
"""Speed and memory of `drawbridge align` on made-up data sets of growing size, against string matchers in the same run.

  bench/align.py --build build [--sizes 300 2000 10000 50000] [--peers FOLDER]

Two lists of N data elements with disaggregations are made: the second is the first with words exchanged for synonyms, prefixes added, letters swapped, the order changed, and a part left out. Beside them the option combos of
a large programme are matched: two combos of 1,822 and 2,183. Peers, from PyPI and npm into FOLDER: rapidfuzz's `process.cdist`, scikit-learn's TF-IDF over trigrams, and fuse.js as data-set-aligner uses it, on the names alone; they
match elements and leave the cells to the reader. Each goes through every name of one list for every name of the other, so it is measured on a part of the first list and its time is multiplied.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PAIRS = 2_000_000  # of names, that a peer is measured on: so many names of the first list as make that many
ACTS = ["tested", "treated", "screened", "vaccinated", "admitted", "referred", "counselled", "registered", "followed up", "diagnosed", "died", "cured"]
WHO = ["children", "pregnant women", "newborns", "adults", "adolescents", "patients", "contacts", "health workers", "refugees", "migrants"]
WHAT = ["malaria", "tuberculosis", "measles", "pneumonia", "diarrhoea", "anaemia", "hypertension", "diabetes", "syphilis", "cholera", "hepatitis B", "meningitis", "rabies", "trachoma", "leprosy",
        "schistosomiasis", "malnutrition", "asthma", "typhoid", "tetanus", "dengue", "HIV", "yellow fever", "pertussis"]
WHERE = ["in facility", "in community", "at school", "at border", "by outreach", "in private sector", "in prison", "during campaign"]
SYLLABLES = ["ba", "ko", "mi", "tu", "ra", "se", "lo", "ni", "pa", "du", "ve", "zo", "ga", "hi"]
SYNONYMS = {"tested": "examined", "died": "deaths", "children": "child", "in facility": "at health facility", "tuberculosis": "TB", "diarrhoea": "diarrhea", "pregnant women": "pregnant woman"}
AGES = ["<1 year", "1-4 years", "5-14 years", "15-49 years", "50+ years"]
SEXES = ["Female", "Male"]


def uid(rng):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return rng.choice(letters) + "".join(rng.choices(letters + "0123456789", k=10))


def names(rng, count):
    seen = set()
    while len(seen) < count:
        brand = "".join(rng.choices(SYLLABLES, k=rng.choice([2, 3])))
        seen.add(f"{rng.choice(WHO)} {rng.choice(ACTS)} for {rng.choice(WHAT)} {rng.choice(WHERE)} {brand}")
    return sorted(seen)


def drifted(rng, name):
    for word, other in SYNONYMS.items():
        if word in name and rng.random() < 0.5:
            name = name.replace(word, other)
    if rng.random() < 0.2:
        at = rng.randrange(1, len(name) - 1)
        name = name[:at] + name[at + 1] + name[at] + name[at + 2:]
    return "NAT - " + name.capitalize()



def side(rng, elements, age_first):
    combos = [("Age and sex", [(a, s) for a in AGES for s in SEXES]), ("Age", [(a,) for a in AGES]), ("Sex", [(s,) for s in SEXES])]
    options = {o: uid(rng) for o in AGES + SEXES}
    export = {"dataSets": [], "dataElements": [], "categoryCombos": [{"id": "bjDvmb4bfuf", "name": "default", "code": "default"}], "categories": [], "categoryOptions": [{"id": i, "name": o} for o, i in options.items()],
              "categoryOptionCombos": [{"id": "HllvX50cXC0", "name": "default", "code": "default", "categoryCombo": {"id": "bjDvmb4bfuf"}}]}
    ids = ["bjDvmb4bfuf"]
    for name, cells in combos:
        ids.append(uid(rng))
        export["categoryCombos"].append({"id": ids[-1], "name": name})
        for cell in cells:
            ordered = cell if age_first else cell[::-1]
            export["categoryOptionCombos"].append({"id": uid(rng), "name": ", ".join(ordered), "categoryCombo": {"id": ids[-1]}, "categoryOptions": [{"id": options[o]} for o in ordered]})
    for name, shape in elements:
        export["dataElements"].append({"id": uid(rng), "name": name, "shortName": name[:50], "valueType": "INTEGER_ZERO_OR_POSITIVE", "aggregationType": "SUM", "domainType": "AGGREGATE", "categoryCombo": {"id": ids[shape]}})
    export["dataSets"].append({"id": uid(rng), "name": "Monthly", "periodType": "Monthly", "dataSetElements": [{"dataElement": {"id": e["id"]}} for e in export["dataElements"]]})
    return export


def make(folder, count, seed=7):
    rng = random.Random(seed)
    plain = [(name, rng.choice([0, 1, 1, 2, 3])) for name in names(rng, count)]
    other = [(drifted(rng, name), shape) for name, shape in plain if rng.random() > 0.05]
    rng.shuffle(other)
    source, target = folder / f"source-{count}.json", folder / f"target-{count}.json"
    source.write_text(json.dumps(side(rng, plain, True)))
    target.write_text(json.dumps(side(rng, other, False)))
    return source, target, [n for n, _ in plain], [n for n, _ in other]


def measure(command):
    """Seconds of one core (user and system), seconds on the clock, MB."""
    began = time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        child = subprocess.Popen(command, stdout=nowhere)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command[0]} ended with {status}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024


def programme(folder, seed=11):
    """Two elements, each with one combo of many option combos: key population by result by age by sex, of which the target has a few more."""
    rng = random.Random(seed)
    ages = [f"{a}-{a + 4}" for a in range(0, 70, 5)] + ["70+"]
    kinds = ["Men", "Women", "Pregnant women", "Prisoners", "Sex workers", "People who inject drugs", "Transgender people", "Health workers", "Migrants", "Refugees"]
    results = ["Positive", "Negative", "Unknown", "Known positive", "Recent", "Long term", "Refused", "Invalid"]

    def export(wanted, order):
        cells = [cell for cell in ((k, r, a, s) for k in kinds for r in results for a in ages for s in SEXES)][:wanted]
        options = {o: uid(rng) for o in kinds + results + ages + SEXES}
        combo, element = uid(rng), uid(rng)
        return {"dataSets": [{"id": uid(rng), "name": "Quarterly", "periodType": "Quarterly", "dataSetElements": [{"dataElement": {"id": element}}]}], "categories": [],
                "dataElements": [{"id": element, "name": "Tests done", "shortName": "Tests", "valueType": "INTEGER", "aggregationType": "SUM", "domainType": "AGGREGATE", "categoryCombo": {"id": combo}}],
                "categoryCombos": [{"id": combo, "name": "Kind, result, age and sex"}], "categoryOptions": [{"id": i, "name": o} for o, i in options.items()],
                "categoryOptionCombos": [{"id": uid(rng), "name": ", ".join(cell[i] for i in order), "categoryCombo": {"id": combo}, "categoryOptions": [{"id": options[cell[i]]} for i in order]} for cell in cells]}
    paths = folder / "programme-source.json", folder / "programme-target.json"
    for path, wanted, order in zip(paths, (1822, 2183), ((0, 1, 2, 3), (3, 2, 0, 1))):
        path.write_text(json.dumps(export(wanted, order)))
    return paths


def rapidfuzz(python, left, right):
    return in_python(python, left, right, """
from rapidfuzz import fuzz, process
begin(); process.cdist(left, right, scorer=fuzz.token_sort_ratio, workers=1, dtype="uint8").argmax(1); end()""")


def tfidf(python, left, right):
    return in_python(python, left, right, """
from sklearn.feature_extraction.text import TfidfVectorizer
v = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit(right)
b = v.transform(right)
begin(); (v.transform(left) @ b.T).argmax(1); end()""")


def in_python(python, left, right, program):
    head = "import json, sys, time\nat = []\nbegin = end = lambda: at.append(time.process_time())\nnames = json.load(sys.stdin)\nleft, right = names['left'], names['right']\n"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run([python, "-c", head + program + "\nprint(json.dumps({'seconds': at[1] - at[0]}))"], input=json.dumps({"left": left, "right": right}), text=True, capture_output=True, env=environment)


def fuse(node, left, right):
    return subprocess.run(["node", node / "match.mjs"], input=json.dumps({"left": left, "right": right}), text=True, capture_output=True)


def peers_in(folder):
    """(name, call) of those that can be had."""
    python = folder / "python/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    if subprocess.run([python, "-m", "pip", "install", "--quiet", "rapidfuzz", "scikit-learn"]).returncode == 0:
        yield "rapidfuzz cdist", lambda left, right: rapidfuzz(python, left, right)
        yield "scikit-learn TF-IDF trigrams", lambda left, right: tfidf(python, left, right)
    else:
        print("rapidfuzz and scikit-learn could not be installed")
    node = folder / "fuse"
    shutil.copytree(HERE / "fuse", node, dirs_exist_ok=True)
    if subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=node, stdout=subprocess.DEVNULL).returncode == 0:
        yield "fuse.js", lambda left, right: fuse(node, left, right)
    else:
        print("fuse.js could not be installed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 2000, 10000, 50000])
    parser.add_argument("--peers", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the made-up data sets in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="align-bench-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        peers = list(peers_in(options.peers.resolve())) if options.peers else []

        def engine(source, target, what):
            core, clock, mb = measure([str(options.build / "drawbridge"), "align", "--source", str(source), "--target", str(target), "--output", str(folder / "rows.csv")])
            print(f"{what}  drawbridge align, elements and cells: {core:.2f} s of one core, {clock:.2f} s, {mb:.0f} MB", flush=True)
            return core
        engine(*programme(folder), "1,822 x 2,183 option combos")
        for count in options.sizes:
            source, target, left, right = make(folder, count)
            core = engine(source, target, f"{count:>8}")
            for name, match in peers:
                part = left[:max(PAIRS // len(right), 20)]
                run = match(part, right)
                if run.returncode:
                    print(f"{'':>8}  {name}: {(run.stderr.strip().splitlines() or ['it failed'])[-1]}")
                    continue
                seconds = json.loads(run.stdout)["seconds"] * len(left) / len(part)
                print(f"{'':>8}  {name}, elements alone: {seconds:.2f} s, {seconds / core:.1f} times as long", flush=True)


if __name__ == "__main__":
    main()
