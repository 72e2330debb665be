#!/usr/bin/env python3
"""How much more two worker threads serve than one (configuration: workers), on a machine that has not a core for each and one for the rest: every thread with a loop gets the same small budget of CPU time, which a control
group of the kernel holds it to, and the two of them run at the same moments, each on a core of its own. The rest of the machine then has room for the load and the server behind.

`--sessions 1`: all calls come with one cookie, so that both loops use the same session at once: the worst case.
"""
import argparse
import contextlib
import os
import pathlib
import re
import statistics

import load
import rig

PERIOD_US = 100000
LUA = """
local cookies = {{{cookies}}}
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", nil, {{["Cookie"] = cookies[n % #cookies + 1], ["X-Drawbridge"] = "1", ["Host"] = "{host}"}})
end
"""


class Budgets:
    """One control group for each thread, in the first version of the kernel's interface or in the second."""

    def __init__(self):
        first, second = pathlib.Path("/sys/fs/cgroup/cpu"), pathlib.Path("/sys/fs/cgroup")
        self.made, self.first = [], (first / "cpu.cfs_quota_us").exists() or (first / "tasks").exists()
        self.root = (first if self.first else second) / f"drawbridge-bench-{os.getpid()}"
        if not self.first and "cpu" not in (second / "cgroup.controllers").read_text():
            raise SystemExit("bench: the kernel offers no budget of CPU time here")
        self.make(self.root)

    def make(self, folder):
        folder.mkdir()
        self.made.append(folder)

    def hold(self, pid, threads, quota_us):
        """Each of the threads to a budget of its own."""
        name = self.root / str(pid)
        self.make(name)
        if not self.first:
            (name / "cgroup.procs").write_text(str(pid))
        for tid in threads:
            group = name / str(tid)
            self.make(group)
            if not self.first:
                (group / "cgroup.type").write_text("threaded")
                (name / "cgroup.subtree_control").write_text("+cpu")
            self.limit(group, quota_us)
            (group / ("tasks" if self.first else "cgroup.threads")).write_text(str(tid))

    def hold_process(self, pid, quota_us):
        """All threads of the process together."""
        group = self.root / str(pid)
        if not group.exists():
            self.make(group)
            for tid in pathlib.Path(f"/proc/{pid}/task").iterdir() if self.first else [pathlib.Path(str(pid))]:
                (group / ("tasks" if self.first else "cgroup.procs")).write_text(tid.name)
        self.limit(group, quota_us)

    def limit(self, group, quota_us):
        if self.first:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota_us))
        else:
            (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")

    def close(self):
        for folder in reversed(self.made):
            with contextlib.suppress(OSError):
                folder.rmdir()


def loops_of(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return [pid] + sorted(int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == "worker")


def cpu_of(pid, threads):
    return sum(int(pathlib.Path(f"/proc/{pid}/task/{tid}/schedstat").read_text().split()[0]) for tid in threads) / 1e3


def write_script(bench, name, cookies):
    """What wrk runs: each call with the next cookie."""
    script = bench.folder / f"{name}.lua"
    script.write_text(LUA.format(cookies=", ".join(f'"{c}"' for c in cookies), host=bench.drawbridge_host))
    return script


def call(script, target, connections, seconds):
    """(requests a second, requests)"""
    text = load.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", script, target.bases["plain"] + load.PATHS["1k"]])
    if bad := re.search(r"Non-2xx.*", text):
        raise SystemExit(f"bench: {bad[0]}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), int(re.search(r"(\d+) requests in", text)[1])


class Workers:
    def __init__(self, bench, count, sessions, budgets, quota_us):
        self.bench, self.count = bench, count
        self.target = bench.start_drawbridge(count)
        self.pid = self.target.pids()[0]
        self.threads = loops_of(self.pid)
        assert len(self.threads) == count, self.threads
        cookies = [self.target.headers["Cookie"]] + [bench.sign_in()["Cookie"] for _ in range(sessions - 1)]
        self.script = write_script(bench, f"calls-{count}", cookies)
        for i, tid in enumerate(self.threads):
            os.sched_setaffinity(tid, {sorted(bench.all_cores)[i % len(bench.all_cores)]})
        budgets.hold(self.pid, self.threads, quota_us)

    def slice(self, connections, seconds):
        """(requests a second, microseconds of the loops' CPU time a request)"""
        before = cpu_of(self.pid, self.threads)
        rate, count = call(self.script, self.target, connections, seconds)
        return rate, (cpu_of(self.pid, self.threads) - before) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--sessions", type=int, nargs="*", default=[32, 1])
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--budget", type=float, default=0.1, help="of a core, for each thread with a loop")
    arguments = parser.parse_args()
    rig.harness.BUILD = pathlib.Path(arguments.build).resolve()
    for sessions in arguments.sessions:
        with contextlib.ExitStack() as stack:
            budgets = Budgets()
            stack.callback(budgets.close)
            bench = rig.Rig([], [("central", 2 * arguments.connections)])
            stack.callback(bench.close)
            both = [Workers(bench, count, sessions, budgets, int(arguments.budget * PERIOD_US)) for count in (1, 2)]
            rounds = [[one.slice(arguments.connections, arguments.seconds) for one in both] for _ in range(arguments.rounds)]
        ratios = sorted(two[0] / one[0] for one, two in rounds)
        middle = [[statistics.median(r[i][k] for r in rounds) for k in (0, 1)] for i in (0, 1)]
        print(f"{sessions} sessions, {arguments.connections} connections, {arguments.budget:.0%} of a core for each loop: "
              f"one {middle[0][0]:.0f}/s at {middle[0][1]:.1f} us, two {middle[1][0]:.0f}/s at {middle[1][1]:.1f} us: {statistics.median(ratios):.2f} times [{ratios[0]:.2f}-{ratios[-1]:.2f}]", flush=True)


if __name__ == "__main__":
    main()
