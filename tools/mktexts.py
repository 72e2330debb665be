#!/usr/bin/env python3
"""Makes the table of what the program itself says in other languages (src/base/texts.h), out of the .po files of the page.

In it are the texts that are marked N_("…") in src/, wherever they are translated, and all in the folders of what the program says. Sorted by the bytes of the English text; the same input gives the same bytes.
"""

import argparse
import json
import pathlib
import re

LANGUAGES = ["fr", "pt", "es", "ar"]  # as `enum language` has them, behind English
FOLDERS = ["", "program", "said"]  # below web/i18n: what the page says; what only the program says; what it says beside its codes
STRING = r'"(?:[^"\\]|\\.)*"'


def po_of(path):
    """msgid: msgstr, of those without plural."""
    texts, field = {}, None
    entry = {}
    for line in [*path.read_text(encoding="utf-8").splitlines(), 'msgid ""']:
        found = re.match(r'(msgid|msgstr)\s+(".*")$', line)
        if found:
            if found[1] == "msgid":
                if entry.get("msgid") and entry.get("msgstr"):
                    texts[entry["msgid"]] = entry["msgstr"]
                entry = {}
            field = found[1]
            entry[field] = json.loads(found[2])
        elif line.startswith('"') and field:
            entry[field] += json.loads(line)
        else:
            field = None
    return texts


def sources(src):
    return sorted(src.rglob("*.[ch]"))


def marked(src):
    """The texts in N_(…)."""
    found = set()
    for path in sources(src):
        for literal in re.findall(rf"\bN_\(((?:\s*{STRING})+)\s*\)", path.read_text(encoding="utf-8")):
            found.add("".join(json.loads(one) for one in re.findall(STRING, literal)))
    return found


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def main():
    parser = argparse.ArgumentParser()
    for option in ("src", "i18n", "output", "depfile"):
        parser.add_argument("--" + option, required=True, type=pathlib.Path)
    args = parser.parse_args()
    own = [text for folder in FOLDERS[1:] for text in po_of(args.i18n / folder / f"{LANGUAGES[0]}.po")]
    all_of = {language: {text: form for folder in FOLDERS for text, form in po_of(args.i18n / folder / f"{language}.po").items()} for language in LANGUAGES}
    wanted = marked(args.src).union(own)
    there = sorted((text for text in wanted if all(text in all_of[language] for language in LANGUAGES)), key=str.encode)
    rows = [f"TEXT({', '.join(map(c_string, [text, *(all_of[language][text] for language in LANGUAGES)]))})\n" for text in there]
    if not args.output.exists() or args.output.read_text(encoding="utf-8") != "".join(rows):  # what is the same compiles nothing anew
        args.output.write_text("".join(rows), encoding="utf-8")
    read = [pathlib.Path(__file__).resolve(), *sources(args.src), *(args.i18n / folder / f"{language}.po" for folder in FOLDERS for language in LANGUAGES)]
    args.depfile.write_text(f"{args.output}: {' '.join(str(one).replace(' ', chr(92) + ' ') for one in read)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
