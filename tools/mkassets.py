#!/usr/bin/env python3
"""Makes the files of the page and the SDK ready to be part of the program.

Reads web/ (with the module files that npm fetched by web/package-lock.json) and sdk/; writes each file plain, as gzip and as brotli, one assembler file
that includes them all, one table for assets.c, and a depfile for ninja. The same input gives the same bytes.

Every file of the page lives under /ui/<version>/, the version being a hash over all names and contents: such an address never changes its meaning, and
relative addresses stay right. `/ui/dev/` in index.html stands for that prefix. The modules that are needed at once are joined (join.mjs), and the texts of
the others are sent apart.
"""

import argparse
import gzip
import hashlib
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".po": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}

# name in the page: file in node_modules
LIBRARIES = {
    "lib/preact.js": "preact/dist/preact.module.js",
    "lib/hooks.js": "preact/hooks/dist/hooks.module.js",
    "lib/htm.js": "htm/dist/htm.module.js",
}


# What index.html asks for, in the order that it runs in, and the first screens, of which early.js asks for the one that the address means: the modules that they need are joined in them.
ENTRIES = ["early.js", "main.js", "screens/servers.js", "screens/signin.js", "screens/alignments.js", "screens/review.js"]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def fetch_libraries(web):
    """node_modules as the lock file has it; fetched only where it is missing or another version."""
    with open(os.path.join(web, "package-lock.json"), encoding="utf-8") as f:
        wanted = {k: v["version"] for k, v in json.load(f)["packages"].items() if k and not v.get("optional")}
    present = {}
    for name in wanted:
        try:
            with open(os.path.join(web, name, "package.json"), encoding="utf-8") as f:
                present[name] = json.load(f)["version"]
        except FileNotFoundError:
            break
    if present == wanted:
        return
    if not shutil.which("npm"):
        sys.exit("mkassets: web/node_modules is missing and there is no npm to fetch it: install npm, then run npm ci in web/")
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=web, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit("mkassets: npm ci in web/ failed")


def collect(web, sdk, depends):
    files = {}
    for root, folders, names in os.walk(web):
        folders[:] = sorted(f for f in folders if f not in ("node_modules", "program"))  # i18n/program: mktexts.py
        depends.append(root)
        for name in sorted(names):
            if os.path.splitext(name)[1] in TYPES:
                path = os.path.join(root, name)
                depends.append(path)
                files[os.path.relpath(path, web)] = read(path)
    for name, source in LIBRARIES.items():
        path = os.path.join(web, "node_modules", source)
        depends.append(path)
        files[name] = read(path)
    client = {name: read(os.path.join(sdk, name)) for name in ("drawbridge.js", "drawbridge.d.ts", "hosted.js")}
    depends += [os.path.join(sdk, name) for name in client]
    files["sdk/drawbridge.js"] = client["drawbridge.js"]
    return files, client


def join(web, files):
    """The files with their modules joined; and the modules of each entry."""
    with tempfile.TemporaryDirectory() as folder:
        sources, joined = os.path.join(folder, "sources"), os.path.join(folder, "joined")
        for name in (name for name in files if name.endswith(".js")):
            os.makedirs(os.path.dirname(os.path.join(sources, name)), exist_ok=True)
            write(os.path.join(sources, name), files[name])
        done = subprocess.run(["node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "join.mjs"), web, sources, joined, *ENTRIES], stdout=subprocess.PIPE)
        if done.returncode != 0:
            sys.exit("mkassets: the modules of the page could not be joined")
        made = {os.path.relpath(os.path.join(root, name), joined): read(os.path.join(root, name)) for root, _, names in os.walk(joined) for name in names}
    return {**{name: data for name, data in files.items() if not name.endswith(".js")}, **made}, json.loads(done.stdout)


def without_blanks(sheet):
    """The style sheet without what no browser reads. A blank before a colon may part two selectors: it stays."""
    sheet = re.sub(rb"/\*.*?\*/", b"", sheet, flags=re.S)
    sheet = re.sub(rb"\s+", b" ", sheet)
    return re.sub(rb" ?([{};,]) ?|(:) ", rb"\1\2", sheet).replace(b";}", b"}").strip()


# What one button or screen alone says: its texts are a part of their own.
APART = {"doctor": "model/doctor.js", "report": "screens/report.js", "drift": "screens/drift.js", "send": "screens/send.js", "values": "screens/review-values.js"}


def split_texts(files, sources, members):
    """i18n/first/ gets what the joined modules say, a folder of APART what only that module says; i18n/ keeps what is said by others that are fetched later; i18n/said/ is what the program says. Every text is the key in the source."""
    joined = {name for names in members.values() for name in names}
    text_of = lambda names: b"\n".join(sources[name] for name in names if name.endswith(".js")).decode()
    first = text_of(sorted(joined))
    apart = {part: text_of([name]) for part, name in APART.items()}
    rest = text_of(sorted(set(sources) - joined - set(APART.values())))
    for name in sorted(name for name in files if name.endswith(".po") and posixpath.dirname(name) == "i18n"):
        parts = {part: [] for part in ("first", *APART, "")}
        for entry in re.split(r"\n\s*\n", files[name].decode().strip()):
            lines = [line for line in entry.split("\n") if not line.startswith("#")]
            part = "first" if said_in(first, lines) else only_in(apart, rest, lines)
            parts[part].append("\n".join(lines))
        for part, entries in parts.items():
            files[posixpath.join("i18n", part, posixpath.basename(name))] = "\n\n".join(entries).encode() + b"\n"


def only_in(apart, rest, lines):
    """The one part that says it; empty where others do, too."""
    by = [part for part in apart if said_in(apart[part], lines)]
    return by[0] if len(by) == 1 and not said_in(rest, lines) else ""


def said_in(source, lines):
    pieces = []
    for line in lines:
        if pieces and not line.startswith('"'):
            break
        pieces.append(json.loads(line.removeprefix("msgid ")))
    text = "".join(pieces)
    return any(quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote in source for quote in "'\"")


def compressed(data, brotli):
    """Empty where compressing does not pay."""
    gz = gzip.compress(data, 9, mtime=0)
    br = b""
    if brotli:
        br = subprocess.run([brotli, "-q", "11", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return (gz if len(gz) < len(data) else b""), (br if 0 < len(br) < len(data) else b"")


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Output:
    def __init__(self, folder, brotli):
        self.folder, self.brotli, self.asm, self.table = folder, brotli, ['.section .rodata\n'], []

    def blob(self, symbol, data):
        path = os.path.join(self.folder, symbol)
        write(path, data)
        # The hash makes this text another one when the file is, for compiler caches that do not follow .incbin.
        self.asm.append(f"/* {hashlib.sha256(data).hexdigest()} */\n.global {symbol}, {symbol}_end\n.hidden {symbol}, {symbol}_end\n"
                        f".balign 16\n{symbol}:\n.incbin {c_string(path)}\n{symbol}_end:\n")

    def add(self, path, data, kind):
        symbol = f"asset_{len(self.table)}"
        gz, br = compressed(data, self.brotli)
        for suffix, bytes_ in (("", data), ("_gz", gz), ("_br", br)):
            self.blob(symbol + suffix, bytes_)
        tag = hashlib.sha256(data).hexdigest()[:16]
        content_type = TYPES[os.path.splitext("index.html" if path == "/" else path)[1]]
        self.table.append(f"ASSET({symbol}, {c_string(path)}, {c_string(content_type)}, {c_string(tag)}, {kind})\n")


def main():
    parser = argparse.ArgumentParser()
    for option in ("web", "sdk", "folder", "asm", "table", "depfile"):
        parser.add_argument("--" + option, required=True)
    args = parser.parse_args()
    depends = [os.path.join(args.web, "package-lock.json"), os.path.abspath(__file__), os.path.join(os.path.dirname(os.path.abspath(__file__)), "join.mjs")]
    fetch_libraries(args.web)
    sources, client = collect(args.web, args.sdk, depends)
    files, members = join(args.web, sources)
    split_texts(files, sources, members)
    files["app.css"] = without_blanks(files["app.css"])
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    version = digest.hexdigest()[:10]

    os.makedirs(args.folder, exist_ok=True)
    out = Output(os.path.abspath(args.folder), shutil.which("brotli"))
    out.add("/", files.pop("index.html").replace(b"/ui/dev/", b"/ui/%s/" % version.encode()), "ASSET_PAGE")
    for name in sorted(files):
        out.add(f"/ui/{version}/{name}", files[name], "ASSET_FIXED")
    for name, data in client.items():
        out.add("/sdk/" + name, data, "ASSET_SDK")
    write(args.asm, ("".join(out.asm) + '.section .note.GNU-stack,"",%progbits\n').encode())
    write(args.table, "".join(out.table).encode())
    target = args.asm.replace(" ", "\\ ")
    write(args.depfile, (target + ": " + " ".join(d.replace(" ", "\\ ") for d in depends) + "\n").encode())


if __name__ == "__main__":
    main()
