#!/usr/bin/env python3
"""Packs launcher/ into an app that DHIS2 servers install (a zip with manifest.webapp). With --drawbridge and --server it is for one drawbridge; without, it asks an administrator once. The same input gives the same bytes."""
import argparse
import json
import pathlib
import re
import urllib.parse
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WHEN = (2020, 1, 1, 0, 0, 0)
FILES = ("manifest.webapp", "icon.png", "index.html", "launcher.css", "launcher.js", "texts.js")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--drawbridge", help="its public_url, like https://gate.example.org")
    parser.add_argument("--server", help="the id that this DHIS2 server has in drawbridge's configuration")
    options = parser.parse_args()
    if bool(options.drawbridge) != bool(options.server):
        parser.error("--drawbridge and --server come together")
    if options.drawbridge:
        parts = urllib.parse.urlsplit(options.drawbridge)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
            parser.error("--drawbridge is an address like https://gate.example.org")
        if not re.fullmatch("[a-z0-9-]{1,32}", options.server):
            parser.error("--server is an id of the configuration: small letters, digits, hyphens")
    settings = {"url": options.drawbridge.rstrip("/"), "server": options.server} if options.drawbridge else {}
    contents = {name: (ROOT / "launcher" / name).read_bytes() for name in FILES}
    contents["settings.json"] = json.dumps(settings).encode()
    with zipfile.ZipFile(options.output, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, WHEN)
            entry.external_attr = 0o644 << 16
            out.writestr(entry, content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
