#!/usr/bin/env python3
"""The rules of the house that a machine can see: arrows point down, headers stand alone, rooms are labelled and not too large.

Prints what is wrong, a line each, and closes with `N passed, N failed, N skipped`.
"""
import ast
import pathlib
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
# A folder may include headers of folders on lower floors (and its own). docs/design.md section 3 draws the same picture.
FLOORS = [["base"], ["crypt"], ["net"], ["store"], ["http"], ["oauth"], ["source"], ["dhis2"], ["mapping"], ["align", "transfer", "gateway"], ["drift"], ["api"], ["cmd"]]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
# The stand-in server is an independent witness: it may use the wire, and nothing that knows DHIS2.
SIM_MAY = {"base", "crypt", "net", "http", "sim"}
LONGEST_FILE = 900
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=True).stdout.splitlines()


def arrows():
    """Every #include of a project header points down."""
    for path in sorted(SRC.rglob("*.[ch]")):
        here = path.relative_to(SRC).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not found:
                continue
            place = f"{path.relative_to(ROOT)}:{number}"
            there, _, rest = found[1].partition("/")
            if not rest and there.endswith(".inc"):
                continue  # made by the build
            if not rest:
                yield f'{place}: write the folder too: "{here}/{there}"'
            elif there != here and there not in FLOOR and there != "sim":
                yield f"{place}: there is no folder {there}"
            elif here == "sim" or there == "sim":
                if not (here == "sim" and there in SIM_MAY) and not (here == "cmd" and there == "sim" and path.name.startswith("drawbridge-sim")):
                    yield f"{place}: {here} may not include {there}"
            elif there != here and FLOOR[there] >= FLOOR[here]:
                yield f"{place}: {here} may not include {there}: arrows point down"


def headers():
    """Each header compiles by itself."""
    flags = subprocess.run(["pkg-config", "--cflags", "libfyaml", "libuv", "jansson", "libcurl", "sqlite3", "libpq"], text=True, capture_output=True).stdout.split()

    def alone(path):
        name = path.relative_to(SRC).as_posix()
        run = subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{SRC}", "-I/usr/share/include/llhttp", *flags,
                              "-x", "c", "-"], input=f'#include "{name}"\n', text=True, capture_output=True)
        if run.returncode:
            return f"src/{name}: does not stand alone: {run.stderr.strip().splitlines()[0]}"
    with ThreadPoolExecutor(2) as pool:
        yield from filter(None, pool.map(alone, sorted(SRC.rglob("*.h"))))


def rooms():
    """Each folder has a README of 5 to 15 lines; each .c file starts with its own header where it has one."""
    for folder in sorted(p for p in SRC.iterdir() if p.is_dir()):
        readme = folder / "README.md"
        if not readme.exists():
            yield f"src/{folder.name}: has no README.md"
        elif not 5 <= len(readme.read_text().splitlines()) <= 15:
            yield f"{readme.relative_to(ROOT)}: should have 5 to 15 lines"
    for path in sorted(SRC.rglob("*.c")):
        header = path.with_suffix(".h")
        if header.exists():
            first = re.search(r'^#include\s+(\S+)', path.read_text(), re.M)
            want = f'"{header.relative_to(SRC).as_posix()}"'
            if not first or first[1] != want:
                yield f"{path.relative_to(ROOT)}: its own header comes first"


def sizes():
    """No file of more than a room's worth."""
    for name in TRACKED:
        if name.endswith((".c", ".h", ".py", ".js", ".mjs")) and (ROOT / name).exists():
            lines = len((ROOT / name).read_text().splitlines())
            if lines > LONGEST_FILE:
                yield f"{name}: {lines} lines, more than {LONGEST_FILE}: more than one room in it"


def words():
    """No unfinished work, no path of one machine, and in tests no name in the folder that all programs share: whatever lies there is taken for the test's own."""
    rules = [
        (re.compile(r"\b(TODO|FIXME|XXX)\b"), ("src/", "web/", "sdk/", "tests/", "examples/"), "unfinished"),
        (re.compile(r"(^|[^A-Za-z0-9_.])/(root|home|work|farm)/"), ("",), "a path of one machine"),
        (re.compile(r"/(tmp|var/tmp|dev/shm)/(?![\w-]*XXXXXX)\w"), ("tests/", "tools/", "fuzz/", "bench/"), "a fixed name in a folder of everybody"),
    ]
    for name in TRACKED:
        path = ROOT / name
        if name.endswith((".lock", "package-lock.json", ".png")) or name == "tools/check-house.py" or not path.is_file():
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            for pattern, places, what in rules:
                if name.startswith(places) and pattern.search(line):
                    yield f"{name}:{number}: {what}"


def names():
    """No class or test of Python twice in one place: the first one would never run."""
    for name in TRACKED:
        if not name.endswith(".py") or not (ROOT / name).exists():
            continue
        tree = ast.parse((ROOT / name).read_text())
        for place in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
            seen = set()
            for one in place.body:
                if isinstance(one, (ast.ClassDef, ast.FunctionDef)) and not one.decorator_list:
                    if one.name in seen:
                        yield f"{name}:{one.lineno}: a second {one.name}"
                    seen.add(one.name)


def locks():
    """Lock files name packages, not where one machine fetched them."""
    for name in TRACKED:
        if name.endswith("package-lock.json") and '"resolved"' in (ROOT / name).read_text():
            yield f"{name}: has download addresses; make it again with omit-lockfile-registry-resolved"


def proofs():
    """Each requirement and attack of docs/security.md has a test that shows it, or a reason why not, and the page says which."""
    run = subprocess.run([sys.executable, ROOT / "tools/security-table.py"], text=True, capture_output=True)
    if run.returncode:
        yield from (run.stdout + run.stderr).splitlines()


class NotHere(Exception):
    """What a rule needs is not installed."""


def form():
    """C code is as `./dev format` writes it."""
    if not shutil.which("clang-format-14"):
        raise NotHere("clang-format-14")
    run = subprocess.run(["clang-format-14", "--dry-run", *(name for name in TRACKED if name.endswith((".c", ".h")))], cwd=ROOT, text=True, capture_output=True)
    yield from sorted(set(re.findall(r"^([^:\n]+):\d+:\d+: warning", run.stderr, re.M)))


def main():
    failed = passed = skipped = 0
    for rule in (arrows, headers, rooms, sizes, words, names, locks, proofs, form):
        try:
            problems = list(rule())
        except NotHere as what:
            print(f"skipped {rule.__name__}: {what} is not installed")
            skipped += 1
            continue
        for problem in problems:
            print(problem)
        if problems:
            print(f"FAILED {rule.__name__}: {rule.__doc__}")
        failed += bool(problems)
        passed += not problems
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
