"""The sandbox of a running drawbridge. What it forbids to a process is shown by tests/unit/base/test_sandbox.c; that nothing which drawbridge does is forbidden, by all other tests here: they run in it."""
import ctypes
import json
import os
import signal
import subprocess
import sys

import harness
from gateway import CLIENT_SECRET, Gateway

# Runs a program where the kernel seems to be without one system call: 0 stands for one that fails with EINVAL.
WITHOUT = """
import ctypes, os, sys
filters = ctypes.CDLL("libseccomp.so.2", use_errno=True)
filters.seccomp_init.restype = ctypes.c_void_p
filter = filters.seccomp_init(ctypes.c_uint32(0x7fff0000))
call = filters.seccomp_syscall_resolve_name(sys.argv[1].encode())
assert filters.seccomp_rule_add_exact(ctypes.c_void_p(filter), ctypes.c_uint32(0x00050000 | int(sys.argv[2])), call, 0) == 0
assert filters.seccomp_load(ctypes.c_void_p(filter)) == 0
os.execv(sys.argv[3], sys.argv[3:])
"""
ENOSYS, EINVAL = 38, 22


def sandboxes(log):
    return [json.loads(line) for line in log.splitlines() if line.startswith("{") and '"event":"sandbox"' in line]


class Running(Gateway):
    def status(self, task=""):
        with open(f"/proc/{self.program.process.pid}/{task}status") as status:
            return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)

    def told(self):
        """Its line may come a moment after the first answer."""
        return harness.wait_for(lambda: sandboxes(self.program.log()), "the line of the sandbox")[0]

    def test_the_kernel_holds_it(self):
        """[R-H3] All threads of a running server have the filter and no way to more rights."""
        self.start(more="sandbox: auto")
        told = self.told()
        if not told["landlock"] or not told["seccomp"]:
            self.skipTest(told["message"])
        threads = os.listdir(f"/proc/{self.program.process.pid}/task")
        self.assertGreater(len(threads), 10)
        for thread in threads:
            status = self.status(f"task/{thread}/")
            self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"), status["Name"])

    def test_a_reload_reads_its_own_folders_alone(self):
        """A new secret in a folder that the configuration named at the start is read, also where the file was replaced; one elsewhere is not, and all stays as it was."""
        self.start(more="sandbox: auto")
        if not self.told()["landlock"]:
            self.skipTest("no landlock")
        new = self.state / "new-secret"
        new.write_text(CLIENT_SECRET)
        new.chmod(0o600)
        new.rename(self.state / "client-secret")
        self.config.write_text(self.config_text.replace("The district", "Another"))
        self.program.process.send_signal(signal.SIGHUP)
        browser = self.browser()
        harness.wait_for(lambda: browser.call("GET", "/v1/servers").json[0]["name"] == "Another", "the new name")
        elsewhere = self.directory() / "secret"
        elsewhere.write_text(CLIENT_SECRET)
        elsewhere.chmod(0o600)
        self.config.write_text(self.config_text.replace(f"{self.state}/client-secret", str(elsewhere)))
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: f"{elsewhere} cannot be read: Permission denied" in self.program.log(), "the refusal")
        self.assertEqual(browser.call("GET", "/v1/servers").json[0]["name"], "Another")

    def test_switched_off(self):
        self.start(more="sandbox: 'off'")
        self.assertEqual((self.status()["Seccomp"], self.status()["NoNewPrivs"]), ("0", "0"))
        self.assertEqual(sandboxes(self.program.log()), [])


class Lacking(harness.Case):
    def run_without(self, call, number, sandbox):
        state, port = self.directory(), harness.free_port()
        config = state / "c.yaml"
        config.write_text(f"public_url: http://127.0.0.1:{port}\nlisten: [127.0.0.1:{port}]\nstore: sqlite:{state}/s.db\nkeys: {state}/keys\nsandbox: {sandbox}\n"
                          "servers: [{id: one, url: 'http://127.0.0.1:1', addresses: [127.0.0.0/8]}]\n")
        return port, [sys.executable, "-c", WITHOUT, call, str(number), str(harness.BUILD / "drawbridge"), "serve", "--config", str(config)]

    def test_a_kernel_without(self):
        """[R-H3, A26] `required` refuses the start, `auto` tells what is missing."""
        if ctypes.CDLL(None).syscall(444, None, 0, 1) < 1:
            self.skipTest("no landlock here")
        for call, number, lacks in (("landlock_create_ruleset", ENOSYS, "landlock"), ("seccomp", EINVAL, "seccomp")):
            with self.subTest(lacks=lacks):
                _, words = self.run_without(call, number, "required")
                run = subprocess.run(words, capture_output=True, text=True, timeout=harness.PATIENCE)
                self.assertEqual(run.returncode, 2, run.stderr)
                self.assertIn("'sandbox' is required", run.stderr)
                self.assertIn(lacks, run.stderr)
                port, words = self.run_without(call, number, "auto")
                program = harness.Program("drawbridge", words, port)
                self.addCleanup(program.stop)
                told = sandboxes(program.log())[0]
                self.assertEqual((told["level"], told[lacks]), ("warning", 0))
                self.assertIn(lacks, told["message"])


del Gateway
