"""docs/performance.md: what a run of the bench has shown, on which machine, by which command."""
import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

from rig import ROOT

VERSIONS = {"nginx": ["nginx", "-v"], "haproxy": ["haproxy", "-v"], "apache": ["apache2", "-v"]}
PAGE = """\
# Performance

Written by `{command}` on {day}; not to be edited by hand. What is measured how: [bench/README.md](../bench/README.md). Transfers: [performance-transfer.md](performance-transfer.md).

Machine: {machine}. The proxies share one core, wrk or h2load and the upstream (nginx with files) have another. {versions}. drawbridge finds the session, judges by the policy, unseals and sends its own credential,
rewrites links in JSON and writes its access log; nginx and haproxy (one worker or thread, access log on) only pass on; Apache has mod_auth_openidc and a person who has signed in. Each figure is the median of {rounds}
slices of {seconds} s, taken in turn; a ratio is the median over pairs of neighbouring slices, with the lowest and the highest behind it. {load}

## drawbridge by its peers

Above 1 is more requests, and more CPU for each. A case: size of the answer (`1k` and `1m` are JSON, `bin` other bytes), calls at once, and how the browser's side speaks.

| case | peer | requests/s | CPU per request | p50 added, us | p99 added, us |
|---|---|---|---|---|---|
{ratios}

## Figures

| case | proxy | requests/s | p50 us | p99 us | CPU us per request | RSS MB |
|---|---|---|---|---|---|---|
{figures}
{memory}"""
MEMORY = """
## Memory

drawbridge takes {before:.1f} MB at the start and {after:.1f} MB with {sessions} sessions, each signed in to a server. With {slow} readers of a megabyte and as many writers of one, each moving at most a kilobyte a second,
it takes, second by second: {seconds} MB.
"""


def machine():
    name = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())[1]
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())[1]
    congestion = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    return f"{name}, {len(os.sched_getaffinity(0))} cores, {system}, Linux {platform.release()}, TCP by {congestion}"


def version(words):
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return re.search(r"(\d+\.\d+[\d.]*)", done.stdout + done.stderr)[1]


def spread(ratios):
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"


def busy():
    return f"At the end the load average was {os.getloadavg()[0]:.1f}; the run itself makes about 2."


def write(options, found, size):
    peers = [row.name for row in found[0][1] if row.name != "drawbridge"]
    ratios = [f"| {case} | {row.name} | {spread(row.rates)} | {spread(row.cpus)} | {row.added[0]:+.0f} | {row.added[1]:+.0f} |" for case, rows in found for row in rows if row.name != "drawbridge"]
    figures = [f"| {case} | {row.name} | {row.rate:.0f} | {row.p50:.0f} | {row.p99:.0f} | {row.cpu:.1f} | {row.rss:.1f} |" for case, rows in found for row in rows]
    memory = size and MEMORY.format(before=size[0], after=size[1], sessions=options.sessions, slow=options.slow, seconds=", ".join(f"{mb:.1f}" for mb in size[2]))
    at = sys.argv.index("--build")
    words = sys.argv[1:at] + sys.argv[at + 2:]
    page = PAGE.format(command=" ".join(["./dev bench gateway", *words]), day=datetime.date.today(), machine=machine(), versions=", ".join(f"{name} {version(VERSIONS[name])}" for name in peers), rounds=options.rounds,
                       seconds=options.seconds, load=busy(), ratios="\n".join(ratios), figures="\n".join(figures), memory=memory or "")
    path = ROOT / "docs" / "performance.md"
    rest = path.read_text().partition("\n## The page\n") if path.exists() else ("", "", "")  # page.mjs writes that one
    path.write_text(page + "".join(rest[1:]))
