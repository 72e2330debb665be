"""Authorization servers of other people (providers/), and a person at their pages."""
import base64
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import unittest
import urllib.parse

import harness

HERE = pathlib.Path(__file__).resolve().parent / "providers"


class Provider:
    """One running provider; `words` are its configuration (see the script)."""

    def __init__(self, script, case, **words):
        if not (HERE / "node_modules" / ".lock-installed").exists():
            raise unittest.SkipTest("the packages of tests/blackbox/providers are not installed")
        self.port = words["port"] = words.get("port") or harness.free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.log_path = case.directory() / f"{script}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(["node", f"{script}.mjs", json.dumps(words)], cwd=HERE, stdout=log, stderr=log)
        case.addCleanup(self.stop)
        harness.wait_for(lambda: self.process.poll() is not None or harness.answers(self.port), f"{script} on port {self.port}")
        if self.process.poll() is not None:
            raise AssertionError(self.log())

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def control(self, what="stats"):
        answer = harness.call(self.port, "GET", f"/control/{what}")
        assert answer.status == 200, answer
        return answer.json

    def agree(self, address, name, redirect):
        """From the authorization endpoint through every page of the server back to `redirect`: its query."""
        browser = self.person = harness.Browser(0)
        method, body = "GET", None
        for _ in range(12):
            parts = urllib.parse.urlsplit(address)
            target = parts.path + ("?" + parts.query if parts.query else "")
            answer = browser._plain(self.port, method, target, {"Content-Type": "application/x-www-form-urlencoded"} if body else {}, body)
            location = answer.header("Location")
            if location and location.startswith(redirect):
                return urllib.parse.urlsplit(location).query
            if location:
                address, method, body = urllib.parse.urljoin(address, location), "GET", None
                continue
            page = answer.body.decode()
            form = re.search(r'<form[^>]*action="([^"]+)"', page)
            assert answer.status == 200 and form, (answer, self.log())
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
            address, method = urllib.parse.urljoin(address, form[1]), "POST"
            body = urllib.parse.urlencode({**hidden, **({"login": name, "password": "any"} if hidden.get("prompt") == "login" else {})})
        raise AssertionError(f"no way back: {address}")

    def sign_out(self):
        """The person of the last agree() signs out at the server itself."""
        page = self.person._plain(self.port, "GET", "/session/end", {}, None).body.decode()
        xsrf = re.search(r'name="xsrf" value="([^"]+)"', page)[1]
        answer = self.person._plain(self.port, "POST", "/session/end/confirm", {"Content-Type": "application/x-www-form-urlencoded"}, urllib.parse.urlencode({"xsrf": xsrf, "logout": "yes"}))
        assert answer.status in (302, 303), (answer, self.log())


def make_key(directory, kind):
    """A private key as PEM for drawbridge, and the public half as a JWK. `kind`: "ES256" or "RS256"."""
    path = directory / f"{kind}.pem"
    words = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ES256" else ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    subprocess.run(["openssl", "genpkey", *words, "-out", path], check=True, capture_output=True)
    path.chmod(0o600)
    script = "import {createPrivateKey,createPublicKey} from 'node:crypto';import {readFileSync} from 'node:fs';console.log(JSON.stringify(createPublicKey(createPrivateKey(readFileSync(process.argv[1]))).export({format:'jwk'})))"
    jwk = json.loads(subprocess.run(["node", "--input-type=module", "-e", script, path], check=True, capture_output=True, text=True).stdout)
    return path, {**jwk, "use": "sig", "alg": kind, "kid": f"of the tests {kind}"}


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
