#!/usr/bin/env python3
"""What several processes on one PostgreSQL serve, beside one; and how long a session takes to be found where a million are kept, in PostgreSQL and in SQLite.

Processes: a machine with two cores has none for each of three, so the kernel holds each process, all its threads together, to a budget of CPU time (as in workers.py), and all of them run at the same moments. Two questions:
`the same each`, every process has the budget of the one (a machine more for each: how far it scales); `the same in all`, the processes share the budget of the one (what it costs to be several). Every browser's calls go to
all of the processes in turn, so each has read every session from the store.

Look-ups: a real session is signed in and then copied under a million ids by the database itself; `lookups` (lookups.c) draws sessions at random and asks the store for them as the gateway does for a session that it has not in
memory. `--write` puts all of it into docs/performance-replicas.md.
"""
import argparse
import concurrent.futures
import contextlib
import datetime
import hashlib
import pathlib
import sqlite3
import statistics
import subprocess
import sys

import load
import report
import rig
from workers import PERIOD_US, Budgets, call, write_script

sys.path.insert(0, str(rig.ROOT / "tests"))
import postgres  # noqa: E402

MOST = 3
PAGE = """\
# Performance of several processes

Written by `{command}` on {day}; not to be edited by hand. What is measured how: [bench/README.md](../bench/README.md). How to set several up: [replicas.md](replicas.md).

Machine: {machine}. PostgreSQL {postgres} with its disk written before it says so. {load}

## Requests

{sessions} sessions, {connections} calls at once, 1 kB of JSON each, through `/s/`. Each figure is the median of {rounds} slices of {seconds} s, taken in turn; a ratio is the median over the rounds, with the lowest and the highest behind it.
Budgets are of CPU time, all threads of a process together.

| processes | budget of each | requests/s | by one process |
|---|---|---|---|
{requests}

## A session that no process has in memory

{kept} sessions with a connection each are in the store; {looks} of them, drawn at random, are looked for one after the other, the session and its connections. A process asks so when it meets a session for the first time, and every
ten seconds while it is in use.

| store | size | half, us | 99 of 100, us | 999 of 1,000, us | longest, us |
|---|---|---|---|---|---|
{lookups}
"""


class Processes:
    """Up to MOST on one store, with sessions that were signed in at the first."""

    def __init__(self, bench, address, sessions):
        self.bench = bench
        self.targets = [bench.start_drawbridge(name=f"replica-{n}", store=address, keys=bench.folder / "keys") for n in range(MOST)]
        self.script = write_script(bench, "calls", [bench.sign_in()["Cookie"] for _ in range(sessions)])
        for target in self.targets:
            for tid in pathlib.Path(f"/proc/{target.process.pid}/task").iterdir():
                rig.os.sched_setaffinity(int(tid.name), bench.all_cores)

    def slice(self, count, connections, seconds):
        """Requests a second of the first `count` of them."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return sum(pool.map(lambda target: call(self.script, target, max(1, connections // count), seconds)[0], self.targets[:count]))


@contextlib.contextmanager
def begin(connections):
    with contextlib.ExitStack() as stack:
        database = postgres.Postgres(safe=True)
        stack.callback(database.drop)
        database.make()
        bench = rig.Rig([], [("central", connections)])
        stack.callback(bench.close)
        yield database, bench


def requests(options):
    """[(processes, share of a core for each, requests a second, ratios to one process)]"""
    kinds = [(1, 1.0)] + [(n, 1.0) for n in range(2, MOST + 1)] + [(n, 1.0 / n) for n in range(2, MOST + 1)]
    with contextlib.closing(Budgets()) as budgets, begin(2 * options.connections) as (database, bench):
        processes = Processes(bench, database.address(), options.sessions)
        seen = {kind: [] for kind in kinds}
        for _ in range(options.rounds):
            for count, share in kinds:
                for target in processes.targets[:count]:
                    budgets.hold_process(target.process.pid, int(options.budget * share * PERIOD_US))
                seen[count, share].append(processes.slice(count, options.connections, options.seconds))
    return [(count, options.budget * share, statistics.median(seen[count, share]), [one / alone for one, alone in zip(seen[count, share], seen[1, 1.0])]) for count, share in kinds]


def fill_postgres(database, count):
    of = {"sessions": "created_ms, seen_ms, idle_ms, expires_ms, app, mode, data", "connections": 'server, kind, state, "user", generation, since_ms, expires_ms, data, sealed'}
    for table, columns in of.items():
        key = "id" if table == "sessions" else "session"
        database.sql(f"INSERT INTO drawbridge.{table} ({key}, {columns}) SELECT sha256(i::text::bytea), {columns} FROM (SELECT * FROM drawbridge.{table} LIMIT 1) one, generate_series(1, {count}) i", "drawbridge")
    database.sql("VACUUM ANALYZE drawbridge.sessions; VACUUM ANALYZE drawbridge.connections; CHECKPOINT", "drawbridge")
    return int(database.sql("SELECT pg_database_size('drawbridge')"))


def fill_sqlite(path, count):
    db = sqlite3.connect(path)
    db.create_function("sha256", 1, lambda i: hashlib.sha256(str(i).encode()).digest(), deterministic=True)
    for table, key in (("sessions", "id"), ("connections", "session")):
        columns = ", ".join(name for _, name, *_ in db.execute(f"PRAGMA table_info({table})") if name != key)
        db.execute(f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO {table} ({key}, {columns}) SELECT sha256(i), {columns} FROM n, (SELECT * FROM {table} LIMIT 1)")
        db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path.stat().st_size


def lookups(options):
    """[(store, its bytes, microseconds: half, 99, 999, longest)]"""
    found = []
    with begin(8) as (database, bench):
        file = bench.folder / "many.db"
        for name, address, fill in (("SQLite", f"sqlite:{file}", lambda: fill_sqlite(file, options.kept)), ("PostgreSQL, by TCP", database.address(), lambda: fill_postgres(database, options.kept))):
            target = bench.start_drawbridge(name=name.partition(",")[0], store=address, keys=bench.folder / "keys")
            target.process.terminate()
            target.process.wait()
            size = fill()
            words = [rig.harness.BUILD / "bench" / "lookups", address, options.kept, options.looks]
            load.run(words)  # what the system keeps in memory, it keeps by now
            found.append((name, size, *map(float, load.run(words).split())))
            print(f"{name}: {options.kept} sessions, {size / 1e6:.0f} MB: half {found[-1][2]:.0f} us, 99 of 100 {found[-1][3]:.0f} us, 999 of 1,000 {found[-1][4]:.0f} us, longest {found[-1][5]:.0f} us", flush=True)
    return found


def write(options, rows, looked):
    at = sys.argv.index("--build")
    text = PAGE.format(
        command=" ".join(["./dev bench replicas", *sys.argv[1:at], *sys.argv[at + 2:]]), day=datetime.date.today(), machine=report.machine(), postgres=report.version([postgres.programs() / "postgres", "--version"]),
        load=report.busy(), sessions=options.sessions, connections=options.connections, rounds=options.rounds, seconds=options.seconds, kept=f"{options.kept:,}", looks=f"{options.looks:,}",
        requests="\n".join(f"| {count} | {share:.1%} of a core | {rate:.0f} | {report.spread(ratios) if count > 1 else ''} |" for count, share, rate, ratios in rows),
        lookups="\n".join(f"| {name} | {size / 1e6:.0f} MB | " + " | ".join(f"{us:.0f}" for us in times) + " |" for name, size, *times in looked))
    (rig.ROOT / "docs" / "performance-replicas.md").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=32)
    parser.add_argument("--connections", type=int, default=60)
    parser.add_argument("--budget", type=float, default=0.15, help="of a core, for the one process")
    parser.add_argument("--kept", type=int, default=1000000, help="sessions in the store for the look-ups")
    parser.add_argument("--looks", type=int, default=50000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rig.harness.BUILD = pathlib.Path(options.build).resolve()
    subprocess.run(["ninja", "-C", rig.harness.BUILD, "bench/lookups"], check=True, capture_output=True)
    rows = requests(options)
    for count, share, rate, ratios in rows:
        print(f"{count} process{'es' if count > 1 else ''}, {share:.1%} of a core each: {rate:.0f}/s" + (f": {report.spread(ratios)} times one" if count > 1 else ""), flush=True)
    looked = lookups(options)
    if options.write:
        write(options, rows, looked)


if __name__ == "__main__":
    main()
