"""For tests of the doctor: runs it, and holds what each check must have."""
import json

from harness import Case, free_port
from scripted import Scripted

SECRET = "0f4a6c1e-3b5d-4e7f-8a9b-2c3d4e5f6a7b"
PUBLIC = "https://gw.example.org"


class Doctor(Case):
    def examine(self, target, *words, expect=0, environment=None):
        out, _ = self.command("doctor", target, "--format", "json", *words, expect=expect, environment=environment)
        checks = json.loads(out)
        for check in checks:
            self.assertEqual(list(check), ["check", "outcome", "found", "meaning", "remedy"])
            self.assertIn(check["outcome"], ("ok", "warning", "failed"))
            self.assertTrue(check["found"] and check["meaning"], check)
            if check["outcome"] == "failed" and check["check"] != "sign-in legacy-oauth":
                self.assertTrue(check["remedy"], check)
            self.assertNotIn(SECRET, str(check))
        return {check["check"]: check for check in checks}

    def outcomes(self, checks):
        return {name: check["outcome"] for name, check in checks.items()}

    def upstream(self, answer, context=None):
        upstream = Scripted(answer, context)
        self.addCleanup(upstream.stop)
        return upstream, f"{'https' if context else 'http'}://{'localhost' if context else '127.0.0.1'}:{upstream.port}"

    def config(self, url, server="", secret=SECRET):
        directory = self.directory()
        (directory / "secret").write_text(secret)
        (directory / "secret").chmod(0o600)
        path = directory / "drawbridge.yaml"
        path.write_text(f"public_url: {PUBLIC}\nlisten: [127.0.0.1:{free_port()}]\nstore: sqlite:{directory}/x.db\nkeys: {directory}/keys\n"
                        f"servers:\n  - id: a\n    url: {url}\n    addresses: [127.0.0.0/8, '::1/128']\n{server}")
        return path

    def oauth(self, url, secret=SECRET, client="gw", more=""):
        path = self.config(url, secret=secret)
        text = path.read_text() + f"    oauth: {{client_id: {client}, client_secret: {{file: {path.parent}/secret}}}}\n{more}"
        path.write_text(text)
        return path
