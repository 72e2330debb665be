#!/usr/bin/env python3
"""Fills docs/configuration.md: at each mark `<!-- keys: GROUP -->` the table of that group's keys, from the one table that the program itself reads configurations by (`drawbridge check-config --keys`).

Without --write: says whether the page is behind, or leaves a group out.
"""
import argparse
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/configuration.md"
MARK = re.compile(r"(<!-- keys: (.*?) -->\n).*?(?=<!-- end -->)", re.S)
HEAD = "| key | what it is | kind, limits | default | example | taken over by |\n|---|---|---|---|---|---|\n"


def groups(lines):
    """{"": rows of the top, "session": …}: a group's own line is in the group above it."""
    rows = {}
    for line in lines[2:]:
        name, kind, default, span, meaning, example, when = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:8])
        group, _, key = name.strip("`").rpartition(".")
        if kind in ("group", "list of groups"):
            meaning, kind = f"{meaning}: see below", kind + (f", {span}" if span else "")
        elif span:
            kind = f"{kind}, {span}" if kind != "one word" else span
        rows.setdefault(group, []).append(f"| `{key}` | {meaning} | {kind} | {default} | {example} | {when} |\n")
    return rows


def filled(page, rows):
    missing = set(rows) - {mark[2] for mark in MARK.finditer(page)}
    if missing:
        sys.exit(f"configuration-page: docs/{PAGE.name} has no mark for {', '.join(sorted(missing))}")
    return MARK.sub(lambda mark: mark[1] + HEAD + "".join(rows[mark[2]]), page)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = subprocess.run([options.program, "check-config", "--keys"], check=True, capture_output=True, text=True).stdout.splitlines()
    page = PAGE.read_text()
    new = filled(page, groups(lines))
    if options.write:
        PAGE.write_text(new)
    elif new != page:
        sys.exit(f"docs/{PAGE.name} is behind the program: python3 tools/{pathlib.Path(__file__).name} --program {options.program} --write")


if __name__ == "__main__":
    main()
