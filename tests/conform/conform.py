#!/usr/bin/env python3
"""Does drawbridge do right by a DHIS2 server that is given? Runs the cases of cases.py against it, in a namespace of its own that is made before and taken away after, whatever happens.

    ./dev conform --url https://dhis2.example.org --user admin --password district [--case NAME …] [--ca FILE]
    ./dev conform --url … --user … --password … --clean      takes away what runs that were killed have left

The user is a superuser (authority ALL): org units, elements, combos, data sets, a role and a user are made, all with the code prefix DBCONF_, and values only in these org units. The password may come by DRAWBRIDGE_CONFORM_PASSWORD.
The case of analytics has the server make its analytics tables, where it never made any; where it did, that may be long work, and is done only with --analytics.
Prints a table: what was asked, whether it held, or why it was skipped. Ends with 0 where all held, 1 where something did not, 2 where it could not be tried.
"""
import argparse
import ipaddress
import os
import pathlib
import signal
import socket
import sys
import tempfile
import time
import urllib.parse

import cases
import world as worlds
from server import Server

CONFIG = """\
public_url: http://127.0.0.1:1
listen: [127.0.0.1:1]
store: sqlite:{folder}/state.db
keys: {folder}/keys
servers:
"""


def stop(number, frame):
    raise KeyboardInterrupt


def write_config(folder, url, ca):
    """Source and target are one server: two entries, so that both sides are told apart in what is said."""
    parts = urllib.parse.urlsplit(url)
    private = {a for *_, (a, *_) in socket.getaddrinfo(parts.hostname, None) if not ipaddress.ip_address(a).is_global}
    more = f", addresses: [{', '.join(f'{a}/{32 if chr(46) in a else 128}' for a in sorted(private))}]" if private else ""
    more += ", insecure: true" if parts.scheme == "http" else ""
    more += f", ca: {ca}" if ca else ""
    path = folder / "drawbridge.yaml"
    path.write_text(CONFIG.format(folder=folder) + "".join(f'  - {{id: {side}, name: {side}, url: "{url}"{more}}}\n' for side in ("source", "target")))
    return path


def run_case(bench, function):
    """(held, in words)"""
    try:
        return "held", function(bench) or ""
    except cases.Skipped as why:
        return "skipped", str(why)
    except (AssertionError, KeyError, ValueError, OSError, StopIteration) as why:
        return "FAILED", f"{type(why).__name__}: {why}" if not isinstance(why, AssertionError) else str(why)


def show(verdict, name, words, detail, took):
    print(f"{verdict:7} {name:16} {took:6.1f} s  {words}{': ' + detail if detail else ''}", flush=True)


def run_all(world, options, chosen):
    world.make()
    failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="drawbridge-conform-") as folder:
        folder = pathlib.Path(folder)
        bench = cases.Bench(world, options.build.resolve() / "drawbridge", folder, write_config(folder, options.url, options.ca), options.analytics)
        for name, words, function in chosen:
            started = time.monotonic()
            verdict, detail = run_case(bench, function)
            failed += verdict == "FAILED"
            skipped += verdict == "skipped"
            show(verdict, name, words, detail, time.monotonic() - started)
    return failed, skipped


def clean(world, prefix=None):
    started = time.monotonic()
    left = world.clean(prefix)
    show("FAILED" if left else "held", "cleaning", "nothing of it is left on the server", "; ".join(left[:5]), time.monotonic() - started)
    return len(left)


def prepare(options):
    server = Server(options.url, options.user, options.password, options.ca)
    world = worlds.World(server)
    me = server.get("/api/me?fields=authorities")
    if "ALL" not in me["authorities"]:
        sys.exit("conform: the user must have the authority ALL, to make and to take away what the cases need")
    print(f"DHIS2 {world.version} at {options.url}: value engine {'of 2.43' if world.new_engine else 'to 2.42'}")
    return world


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", default=os.environ.get("DRAWBRIDGE_CONFORM_PASSWORD"))
    parser.add_argument("--ca", help="certificates to trust, where the server's is not signed by a known authority")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--case", action="append", default=[], metavar="NAME", help="only these")
    parser.add_argument("--analytics", action="store_true", help="has the server make its analytics tables anew, also where there are some")
    parser.add_argument("--clean", action="store_true", help="only takes away what earlier runs have left")
    options = parser.parse_args()
    if not options.password:
        parser.error("--password or DRAWBRIDGE_CONFORM_PASSWORD is needed")
    options.url = options.url.rstrip("/")
    chosen = [c for c in cases.CASES if not options.case or c[0] in options.case]
    if not chosen or len(chosen) < len(set(options.case)):
        parser.error("the cases are " + ", ".join(c[0] for c in cases.CASES))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        world = prepare(options)
    except (AssertionError, OSError) as why:
        print(f"conform: {why}", file=sys.stderr)
        return 2
    if options.clean:
        return 1 if clean(world, worlds.PREFIX) else 0
    failed, skipped, made = 1, 0, False
    try:
        (failed, skipped), made = run_all(world, options, chosen), True
    except (AssertionError, OSError) as why:
        print(f"conform: {why}", file=sys.stderr)
    except KeyboardInterrupt:
        print("conform: stopped; cleaning up", file=sys.stderr)
    finally:
        failed += clean(world)
    print(f"DHIS2 {world.version}: {len(chosen)} cases, {failed} failed, {skipped} skipped")
    return 2 if not made else 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
