#!/usr/bin/env python3
"""schemathesis (from PyPI, into the folder given) against the running program: calls made up from docs/openapi.yaml, good and bad, by one who is signed in at two stand-in servers and by one who is not.
No answer may be a server error, and each is to be as documented. Closes with `N passed, N failed, N skipped`."""
import argparse
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/blackbox"))
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
# What ends the session that the calls are made with, or leaves for another server.
LEFT_OUT = ["DELETE /v1/session", "DELETE /v1/servers/{server}/connection", "POST /v1/servers/{server}/connection"]


def schemathesis(folder):
    """The program; None: it cannot be had here."""
    program = folder / "python/bin/schemathesis"
    if not program.exists():
        made = subprocess.run([sys.executable, "-m", "venv", folder / "python"]).returncode == 0
        if not made or subprocess.run([folder / "python/bin/pip", "install", "--quiet", "schemathesis>=4,<5"]).returncode:
            print("schemathesis: it could not be installed", flush=True)
            return None
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--examples", type=int, default=60, help="calls made up for each route")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    tool = schemathesis(options.folder.resolve())
    if not tool:
        print("0 passed, 0 failed, 1 skipped")
        return 0
    os.environ["DRAWBRIDGE_BUILD"] = str(options.build.resolve())
    import test_openapi

    class Peer(test_openapi.OpenApi):
        def runTest(self):
            self.run_tool(LEFT_OUT, signed_in=True)
            self.run_tool([], signed_in=False)

        def run_tool(self, left_out, signed_in):
            if signed_in:
                self.sign_in()
            port = self.browser.port
            headers = ["-H", "X-Drawbridge: 1"]
            for name, value in self.browser.cookies.get(port, {}).items() if signed_in else ():
                headers += ["-H", f"Cookie: {name}={value}"]
            command = [tool, "run", ROOT / "docs/openapi.yaml", "--url", f"http://127.0.0.1:{port}", *headers, "--checks", ",".join(CHECKS), "--max-examples", options.examples,
                       "--seed", options.seed, "--exclude-path-regex", "^/(healthz|readyz|metrics)$", "--no-color"]
            for one in left_out:
                command += ["--exclude-name", one]
            run = subprocess.run([str(word) for word in command], cwd=self.directory())
            self.assertEqual(run.returncode, 0, "schemathesis found something: see above")

    good = unittest.TextTestRunner().run(unittest.TestSuite([Peer()])).wasSuccessful()
    print(f"{int(good)} passed, {int(not good)} failed, 0 skipped")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
