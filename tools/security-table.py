#!/usr/bin/env python3
"""Makes the table of docs/security.md: each requirement and attack of docs/security-requirements.txt with the tests that prove it.

A test says itself what it proves, in brackets: `[R-G8, A22]`
    Python      first line of the docstring of a test function, or of a class where all of it does
    C           a comment right above the test function: /* [R-G8] what it shows */
    JavaScript  the beginning of the test's title
An id that nobody knows, and brackets that belong to no test, are mistakes: so nothing is proved by a slip of the pen.

Without a word: says what is wrong. With --write: brings docs/security.md up to date.
"""
import argparse
import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST, PAGE = ROOT / "docs/security-requirements.txt", ROOT / "docs/security.md"
BEGIN, END = "<!-- made by tools/security-table.py --write -->\n", "<!-- end -->\n"
ID = r"(?:R-[A-H]\d+|A\d\d)"
BRACKETS = re.compile(rf"\[({ID}(?:, ?{ID})*)\]")


def requirements():
    """[(heading, [[id, text, reason]])]"""
    sections = []
    for number, line in enumerate(LIST.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("== "):
            sections.append((line[3:], []))
        elif found := re.match(rf"({ID}): (.+)", line):
            sections[-1][1].append([found[1], found[2], None])
        elif line.startswith("    "):
            sections[-1][1][-1][2] = line.strip()
        else:
            raise SystemExit(f"{LIST.name}:{number}: neither a heading nor an id nor a reason")
    return sections


def python_tests(text):
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            continue
        marked = re.match(BRACKETS, (ast.get_docstring(node) or "").split("\n")[0])
        if marked and isinstance(node, ast.ClassDef):
            yield node.name, marked[1]
        elif marked and node.name.startswith("test_"):
            yield node.name, marked[1]


def c_tests(text):
    for found in re.finditer(rf"/\* {BRACKETS.pattern}(?:[^*]|\*(?!/))*\*/\nstatic void (\w+)\(", text):
        yield found[2], found[1]


def js_tests(text):
    for found in re.finditer(rf"test\((['\"`]){BRACKETS.pattern} ((?:(?!\1).)+)\1", text):
        yield found[3], found[2]


def marks():
    """([(id, file, test)], mistakes)"""
    found, mistakes = [], []
    readers = {".py": python_tests, ".c": c_tests, ".mjs": js_tests}
    for path in sorted(p for p in (ROOT / "tests").rglob("*") if p.suffix in readers and "node_modules" not in p.parts):
        text, name, here = path.read_text(), path.relative_to(ROOT / "tests").as_posix(), 0
        for test, ids in readers[path.suffix](text):
            here += 1
            found += [(one.strip(), name, test) for one in ids.split(",")]
        if here != len(BRACKETS.findall(text)):
            mistakes.append(f"tests/{name}: {len(BRACKETS.findall(text))} times ids in brackets, but {here} tests that they belong to")
    known = {one for _, rows in requirements() for one, _, _ in rows}
    mistakes += [f"tests/{name}: {test}: there is no {one} in {LIST.name}" for one, name, test in found if one not in known]
    return found, mistakes


def table(found):
    """(the text, ids without a proof or a reason)"""
    lines, open_ids = [], []
    for heading, rows in requirements():
        lines += ["", f"### {heading}", "", "| id | what | shown by |", "|---|---|---|"]
        for one, text, reason in rows:
            files = {}
            for _, name, test in (mark for mark in found if mark[0] == one):
                files.setdefault(name, []).append(test)
            proof = "; ".join(f"`{name}`: {', '.join(tests)}" for name, tests in files.items())
            if not proof and not reason:
                open_ids.append(one)
            lines.append(f"| {one} | {text} | {proof or reason or 'open'} |")
    return "\n".join(lines) + "\n\n", open_ids


def look(write=False):
    """Returns what is wrong, a line each."""
    found, mistakes = marks()
    text, open_ids = table(found)
    if open_ids:
        mistakes.append(f"without a test or a reason: {' '.join(open_ids)}")
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    old, _, after = rest.partition(END)
    if old != text:
        if write:
            PAGE.write_text(before + BEGIN + text + END + after)
        else:
            mistakes.append(f"docs/{PAGE.name}: is behind the tests: python3 tools/security-table.py --write")
    return mistakes


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true")
    mistakes = look(parser.parse_args().write)
    for line in mistakes:
        print(line)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
