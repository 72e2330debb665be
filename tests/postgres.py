#!/usr/bin/env python3
"""A PostgreSQL of the tests' own: Debian's programs, a folder of its own, an unprivileged user, gone at the end.

As a program: `postgres.py COMMAND…` runs COMMAND with its address in DRAWBRIDGE_TEST_POSTGRES, and ends with 77 (skipped) where PostgreSQL is not installed.
"""
import atexit
import multiprocessing.util
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from ports import free_port

PATIENCE = 180  # seconds; only ever spent on a failure


def programs():
    """The newest installed release's folder; None: there is none."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """`safe`: it writes to the disk before it says so; else faster, and good for all but a crash of the machine."""

    def __init__(self, safe=False):
        self.bin, self.port = programs(), free_port()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="drawbridge-pg-"))
        self.user = None
        if os.geteuid() == 0:  # it refuses to run as root
            self.user = pwd.getpwnam("nobody")
            os.chown(self.root, self.user.pw_uid, self.user.pw_gid)
        self.data, self.program = self.root / "data", None
        self.settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.root}", "max_connections=200", *([] if safe else ["fsync=off"])]

    def run(self, program, *words, check=True, **more):
        return subprocess.run([self.bin / program, *words], check=check, text=True, capture_output=True, cwd=self.root, **self._as_user(), **more)

    def _as_user(self):
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

    def make(self):
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()
        self.sql("CREATE DATABASE drawbridge")
        return self

    def start(self):
        words = [word for setting in self.settings for word in ("-c", setting)]
        with open(self.root / "log", "ab") as log:
            self.program = subprocess.Popen([self.bin / "postgres", "-D", self.data, *words], stdout=log, stderr=log, cwd=self.root, **self._as_user())
        until = time.monotonic() + PATIENCE
        while self.run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), check=False).returncode:
            if time.monotonic() > until or self.program.poll() is not None:
                raise RuntimeError("PostgreSQL does not start: " + (self.root / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """SIGINT: at once, in order; SIGQUIT: as in a crash."""
        if self.program and self.program.poll() is None:
            self.program.send_signal(signal.SIGCONT)
            self.program.send_signal(how)
            self.program.wait()

    def freeze(self, on=True):
        how = signal.SIGSTOP if on else signal.SIGCONT
        os.kill(self.program.pid, how)  # from here on it forks nothing
        for child in subprocess.run(["pgrep", "-P", str(self.program.pid)], text=True, capture_output=True).stdout.split():
            try:
                os.kill(int(child), how)
            except ProcessLookupError:
                pass

    def sql(self, text, database="postgres"):
        run = self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-XAtq", "-v", "ON_ERROR_STOP=1", input=text)
        return run.stdout.strip()

    def standby(self):
        """Another one that follows this one, and that this one waits for before it acknowledges."""
        other = Postgres()
        other.run("pg_basebackup", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-D", other.data, "-R", "--no-sync", "-X", "stream")
        with open(other.data / "postgresql.auto.conf", "a") as file:
            file.write(f"primary_conninfo = 'host=127.0.0.1 port={self.port} user=postgres application_name=standby'\n")
        other.start()
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self.sql("SELECT pg_reload_conf()")
        until = time.monotonic() + PATIENCE
        while self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1":
            if time.monotonic() > until:
                raise RuntimeError("the standby does not follow")
            time.sleep(0.1)
        return other

    def promote(self):
        self.run("pg_ctl", "promote", "-D", self.data, "-w", "-t", str(PATIENCE))

    def address(self, database="drawbridge", others=()):
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in (self, *others))
        return f"postgresql://postgres@{hosts}/{database}"

    def drop(self):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


_one = None


def shared(case):
    """One for all tests of this process, and a new database in it for this one; its address. Skips the test where PostgreSQL is not installed."""
    global _one
    if not programs():
        case.skipTest("PostgreSQL is not installed (package postgresql)")
    if _one is None:
        _one = Postgres().make()
        atexit.register(_one.drop)
        multiprocessing.util.Finalize(None, _one.drop, exitpriority=10)  # a worker of a pool ends without atexit
    name = f"test_{time.monotonic_ns()}"
    _one.sql(f"CREATE DATABASE {name}")
    return _one.address(name)


def of_environment(case):
    """A new database where `postgres.py` runs the tests: then all of them use PostgreSQL. Else None."""
    address = os.environ.get("DRAWBRIDGE_TEST_POSTGRES")
    if not address:
        return None
    name = f"test_{os.getpid()}_{time.monotonic_ns()}"
    subprocess.run([programs() / "psql", "-Xq", "-c", f"CREATE DATABASE {name}", address], check=True)
    return address.rsplit("/", 1)[0] + "/" + name


def main():
    if not programs():
        print("PostgreSQL is not installed (package postgresql)")
        return 77
    server = Postgres()
    try:
        server.make()
        return subprocess.run(sys.argv[1:], env=dict(os.environ, DRAWBRIDGE_TEST_POSTGRES=server.address())).returncode
    finally:
        server.drop()


if __name__ == "__main__":
    sys.exit(main())
