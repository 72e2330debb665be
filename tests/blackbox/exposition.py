"""Reads the text format 0.0.4 of Prometheus as strictly as its description is written, so that whatever reads it can."""
import re

NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{LABEL}="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\}})|(?=\}})))+)\}})? (-?\d+(?:\.\d+)?|\+Inf|NaN)')
PAIR = re.compile(rf'({LABEL})="((?:[^"\\]|\\.)*)"')
SUFFIXES = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


def read(text):
    """{series: value}. Raises AssertionError for what is not in order: families apart, without a type, series twice, counters that are none, histograms that do not add up."""
    assert text.endswith("\n") and "\r" not in text and "\n\n" not in text, "every line ends with one line feed"
    values, types, helped, family, over = {}, {}, set(), None, set()
    for line in text.splitlines():
        if found := re.fullmatch(rf"# HELP ({NAME}) (.+)", line):
            assert found[1] not in helped and found[1] not in types, f"help twice, or behind its values: {line}"
            over.add(family)
            family = found[1]
            assert family not in over, f"the family {family} stands in two places"
            helped.add(family)
        elif found := re.fullmatch(rf"# TYPE ({NAME}) (\w+)", line):
            assert found[1] == family and found[1] not in types and found[2] in SUFFIXES, line
            assert (found[2] == "counter") == found[1].endswith("_total"), f"a counter is named _total, and nothing else is: {line}"
            types[family] = found[2]
        else:
            found = SAMPLE.fullmatch(line)
            assert found, f"no sample: {line}"
            assert family in types and found[1] in [family + suffix for suffix in SUFFIXES[types[family]]], f"{line} is not of {family}"
            names = [name for name, _ in PAIR.findall(found[2] or "")]
            assert len(names) == len(set(names)), f"a label twice: {line}"
            series = found[1] + (f"{{{found[2]}}}" if found[2] else "")
            assert series not in values, f"{series} stands there twice"
            values[series] = float(found[3].replace("+Inf", "inf"))
            assert types[family] == "gauge" or values[series] >= 0, line
    for name in (name for name, kind in types.items() if kind == "histogram"):
        check_histogram(name, values)
    return values


def check_histogram(name, values):
    rows = {}
    for series, value in values.items():
        if series.startswith(name + "_bucket{"):
            pairs = PAIR.findall(series)
            others = ",".join(f'{label}="{text}"' for label, text in pairs if label != "le")
            rows.setdefault(others, []).append((float(dict(pairs)["le"].replace("+Inf", "inf")), value))
    assert rows, f"{name} has no buckets"
    for others, buckets in rows.items():
        assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), f"{name}: bounds rise to +Inf"
        assert [count for _, count in buckets] == sorted(count for _, count in buckets), f"{name}: counts add up"
        labels = f"{{{others}}}" if others else ""
        assert values[f"{name}_count{labels}"] == buckets[-1][1] and f"{name}_sum{labels}" in values, f"{name}: count and sum"
