"""The Debian package, made from the program under test: what is in it, and its life in a folder that plays the system: installed, started by the line of its unit, removed, purged. The machine itself is not changed."""
import datetime
import json
import os
import pathlib
import re
import shlex
import shutil
import tempfile
import unittest

import harness
import manual

DEMO = harness.ROOT / "examples/demo-metadata"
MISSING = [tool for tool in ("git", "dpkg-buildpackage", "dh", "dpkg", "systemd-sysusers", "userdel") if not shutil.which(tool)]
# Of dpkg's own records, and what is written beside whenever a user is added or taken away.
NOT_OURS = re.compile(r"^/var/lib/dpkg(/|$)|^/etc/(\.pwd\.lock|.*-)$")


def run(*words, **options):
    done = harness.run(*words, timeout=600, **options)
    if done.returncode:
        raise AssertionError(f"{words[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


@unittest.skipIf(MISSING, f"these are missing: {', '.join(MISSING)}")
class Package(harness.Case):
    takes_seconds = 35

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="drawbridge-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.said = run("python3", harness.ROOT / "tools/mkpackage.py", "--folder", cls.folder, "--built", harness.BUILD, "--twice")
        cls.package = pathlib.Path(cls.said.splitlines()[-1])
        cls.content = cls.folder / "content"
        run("dpkg-deb", "-x", cls.package, cls.content)

    def unit(self, root=None):
        return next((root or self.content).glob("**/systemd/system/drawbridge.service"))

    def values(self, name, root=None):
        return re.findall(rf"^{name}=(.*)$", self.unit(root).read_text(), re.M)

    def files(self, root):
        return {path for name in root.rglob("*") if not NOT_OURS.match(path := "/" + name.relative_to(root).as_posix())}

    def dpkg(self, root, *words):
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        return run("dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", "--log=/dev/null", *words, env=environment)

    def start(self, root, servers):
        """As systemd would: its folders are there, then the lines of the unit; with the paths of the configuration in the folder, free ports, and servers in place of the example, as whoever installs it writes them."""
        for name, place in (("StateDirectory", "var/lib"), ("LogsDirectory", "var/log"), ("RuntimeDirectory", "run")):
            for folder in " ".join(self.values(name, root)).split():
                (root / place / folder).mkdir(parents=True, exist_ok=True)
        port, admin = harness.free_port(), harness.free_port()
        config = root / "etc/drawbridge/drawbridge.yaml"
        text = config.read_text().replace("localhost:8080", f"localhost:{port}").replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:9090", f"127.0.0.1:{admin}")
        text = re.sub(r"(?<=[ :])/(var|run)/", rf"{root}/\1/", text)
        config.write_text(re.sub(r"(?ms)^servers:\n.*?(?=^\n)", f"servers:\n{servers}", text))
        for line in ("ExecStartPre", "ExecStart"):
            words = shlex.split(self.values(line, root)[0])
            words = [str(root) + words[0], *words[1:], "--config", str(config)]
            if line == "ExecStartPre":
                run(*words)
        program = harness.Program("drawbridge", words, port)
        self.addCleanup(program.stop)
        return program, port, admin

    def servers_of_the_demo(self):
        sims = {name: self.sim(version, "--demo", DEMO / f"{name}.json") for name, version in (("district", "2.41"), ("central", "2.43"))}
        return "".join(f"  - {{id: {name}, url: 'http://127.0.0.1:{sim.port}', addresses: [127.0.0.0/8]}}\n" for name, sim in sims.items())

    def walk(self, root, port):
        """What the demo has a person do, by the installed program: sign in to both servers, see their data, align, send, and see it verified."""
        accounts = (DEMO / "ACCOUNTS.txt").read_text()
        password, tokens = re.search(r"asha\s+(\S+)", accounts)[1], dict(re.findall(r"(district|central)\s+(d2pat_\w+)", accounts))
        browser = harness.Browser(port)
        # The address of the example is by name: `localhost`.
        host = {"Host": f"localhost:{port}"}
        for server, credential in (("district", {"kind": "pat", "token": tokens["district"]}), ("central", {"kind": "password", "username": "asha", "password": password})):
            answer = browser.call("POST", f"/v1/servers/{server}/connection", host, body=credential)
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(browser.call("GET", f"/s/{server}/api/me?fields=username", host).json["username"], "asha")
        environment = {**os.environ, **{f"DRAWBRIDGE_{name.upper()}_TOKEN": token for name, token in tokens.items()}}
        program, config, mapping, report = root / "usr/bin/drawbridge", root / "etc/drawbridge/drawbridge.yaml", self.folder / "mapping.json", self.folder / "report.json"
        run(program, "align", "--config", config, "--source", "server:district", "--source-data-set", "QOqFfAKuQXX", "--target", "server:central", "--target-data-set", "JPqe4guyUB4", "--format", "json", "--output", mapping,
            env=environment)
        month = (datetime.datetime.now(datetime.timezone.utc).replace(day=1) - datetime.timedelta(days=1)).strftime("%Y%m")
        run(program, "transfer", "--config", config, "--mapping", mapping, "--from", "server:district", "--to", "server:central", "--periods", month, "--org-units", "PjkDLVjPrkQ/descendants", "--journal", self.folder / "journal",
            "--report", report, env=environment)
        counts = json.loads(report.read_text())["counts"]
        self.assertGreater(counts["verified"], 20)
        self.assertEqual((counts["differing"], counts["refused"], counts["verified"]), (0, 0, counts["sent"]))
        self.assertEqual(browser.call("DELETE", "/v1/session", host).status, 204)

    @unittest.skipUnless(os.geteuid() == 0, "dpkg gives files to root")
    def test_installed_started_removed_purged(self):
        root = self.directory()
        for name in ("etc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/systemd", "var/log"):
            (root / name).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        for name, line in (("passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("group", "root:x:0:\n"), ("shadow", "root:*:1::::::\n"), ("gshadow", "root:*::\n")):
            (root / "etc" / name).write_text(line)
        of_machine = pathlib.Path("/etc/passwd").read_text()
        before, accounts = self.files(root), {name: (root / "etc" / name).read_text() for name in ("passwd", "group", "shadow", "gshadow")}

        self.dpkg(root, "-i", self.package)
        self.assertRegex((root / "etc/passwd").read_text(), r"(?m)^drawbridge:[^:]*:\d+:\d+:[^:]*:/var/lib/drawbridge:/usr/sbin/nologin$")
        self.assertEqual([str(p) for p in (root / "etc/systemd").rglob("drawbridge*")], [], "it is started when there is something to start")
        program, port, admin = self.start(root, self.servers_of_the_demo())
        self.assertEqual(run(root / "usr/bin/drawbridge", "ready", f"127.0.0.1:{admin}"), "ready\n")
        self.assertEqual(harness.call(admin, "GET", "/healthz").status, 200)
        self.assertEqual(harness.call(admin, "GET", "/readyz").status, 200)
        page = harness.call(port, "GET", "/", {"Host": f"localhost:{port}", "Accept": "text/html"})
        self.assertEqual(page.status, 200, page)
        self.assertIn(b"<!doctype html>", page.body.lower())
        self.assertTrue((root / "var/lib/drawbridge/store/state.db").exists())
        self.assertEqual((root / "var/lib/drawbridge/keys").stat().st_mode & 0o777, 0o600)
        self.assertIn('"started"', (root / "var/log/drawbridge/audit.log").read_text())
        self.walk(root, port)
        program.stop()
        (root / "run/drawbridge").rmdir()  # as systemd does: the program has left nothing there
        (root / "run").rmdir()

        self.dpkg(root, "--remove", "drawbridge")
        self.assertFalse((root / "usr/bin/drawbridge").exists())
        self.assertTrue((root / "var/lib/drawbridge/store/state.db").exists(), "what people did is kept until it is purged")
        self.assertTrue((root / "etc/drawbridge/drawbridge.yaml").exists())
        self.dpkg(root, "--purge", "drawbridge")
        self.assertEqual(self.files(root), before)
        self.assertEqual({name: (root / "etc" / name).read_text() for name in accounts}, accounts)
        self.assertEqual(pathlib.Path("/etc/passwd").read_text(), of_machine)

    def test_the_same_twice(self):
        """Of another folder, time, time zone, language, user and umask. (The program itself is built twice by `./dev package --twice`.)"""
        self.assertRegex(self.said, r"(?m)^the same twice: sha256 \w{64} drawbridge_")

    def test_the_example_is_a_good_configuration(self):
        """As it is, before anybody has changed it."""
        said = run(harness.BUILD / "drawbridge", "check-config", "--config", self.content / "etc/drawbridge/drawbridge.yaml")
        self.assertEqual(said, "")

    def test_links_of_the_installed_pages(self):
        """They lead to what is in the package, as it lies there."""
        pages = [page for page in (self.content / "usr/share/doc/drawbridge").rglob("*.md*") if not page.is_symlink()]
        self.assertIn("guide.md", [page.name for page in pages])
        for page in pages:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", manual.prose(page)):
                if not target.startswith(("http:", "https:")):
                    with self.subTest(page=page.name, link=target):
                        self.assertTrue((page.parent / target).exists())

    def test_a_start_that_fails_is_tried_for_ever(self):
        """A PostgreSQL that comes minutes later than drawbridge must not leave it dead: systemd gives up after five starts within ten seconds."""
        self.assertEqual(self.values("Restart"), ["on-failure"])
        self.assertGreater(5 * int(re.fullmatch(r"(\d+)s", self.values("RestartSec")[0])[1]), 10)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd here")
    def test_the_unit_is_shut(self):
        """systemd's own judgement of what the unit leaves open, of 10."""
        said = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", self.unit())
        self.assertLess(float(re.search(r"exposure level for drawbridge.service: ([0-9.]+)", said).group(1)), 2.0)

    def manual(self, name):
        import gzip
        found = next(self.content.glob(f"usr/share/man/man*/{name}.gz"))
        text = gzip.decompress(found.read_bytes()).decode()
        if shutil.which("man"):
            judged = harness.run("man", "--warnings", "-l", found, env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
            self.assertEqual((judged.returncode, judged.stderr), (0, ""))
        return text.replace(r"\-", "-").replace(r"\fR", "").replace(r"\fI", "").replace(r"\fB", "")

    def test_the_manual_has_every_command_and_option(self):
        text = self.manual("drawbridge.1")
        self.assertIn(["serve"], harness.commands())
        for words in harness.commands():
            self.assertRegex(text, rf"(?m)^\.B[R]? {' '.join(words)}\b")
            for option in harness.options_of(words):
                self.assertRegex(text, rf"{option}\b", f"of {' '.join(words)}")

    def test_the_manual_has_every_key(self):
        text = self.manual("drawbridge.yaml.5")
        keys = re.findall(r"^\| `([^`]+)`", run(harness.BUILD / "drawbridge", "check-config", "--keys"), re.M)
        self.assertGreater(len(keys), 60)
        for key in keys:
            self.assertIn(f"\n.B {key}\n", text)
