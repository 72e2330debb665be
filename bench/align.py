#!/usr/bin/env python3
"""Speed and memory of `drawbridge align` on made-up data sets of growing size, against string matchers in the same run.

  bench/align.py --build build [--sizes 300 2000 10000] [--peers]

Two lists of N data elements with disaggregations are made: the second is the first with words exchanged for synonyms, prefixes added, letters swapped, the order changed, and a part left out. Peers (asked for with
--peers, each only if it is installed): rapidfuzz `process.cdist` and scikit-learn's TF-IDF over trigrams, on the names alone; they match elements and leave the cells to the reader.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

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


def peer(name, work):
    began = time.process_time()
    try:
        work()
    except ImportError as e:
        print(f"{'':>8}  {name}: {e}")
        return
    print(f"{'':>8}  {name}: {time.process_time() - began:.2f} s")


def rapidfuzz(left, right):
    from rapidfuzz import fuzz, process
    process.cdist(left, right, scorer=fuzz.token_sort_ratio, workers=1, dtype="uint8").argmax(1)


def tfidf(left, right):
    from sklearn.feature_extraction.text import TfidfVectorizer
    v = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit(left + right)
    a, b = v.transform(left), v.transform(right)
    for i in range(0, len(left), 500):
        (a[i:i + 500] @ b.T).argmax(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 2000, 10000])
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the made-up data sets in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="align-bench-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for count in options.sizes:
            source, target, left, right = make(folder, count)
            core, clock, mb = measure([str(options.build / "drawbridge"), "align", "--source", str(source), "--target", str(target), "--output", str(folder / f"rows-{count}.csv")])
            print(f"{count:>8}  drawbridge align, elements and cells: {core:.2f} s of one core, {clock:.2f} s, {mb:.0f} MB", flush=True)
            if options.peers:
                peer("rapidfuzz cdist, elements alone", lambda: rapidfuzz(left, right))
                peer("scikit-learn TF-IDF trigrams, elements alone", lambda: tfidf(left, right))


if __name__ == "__main__":
    main()
