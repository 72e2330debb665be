"""The manual against the program: every command in it is run as it stands, every option, key, code and button that it names is there, every configuration is good, every link leads somewhere."""
import ast
import os
import pathlib
import re
import shutil
import signal
import subprocess

import yaml

import harness
import manual
from harness import run
from manual import ROOT

PROGRAM = harness.BUILD / "drawbridge"
NOT_RUN_AT_MOST = 8
# What is run on the demo, in the names and places that the pages have. `drawbridge` without --config takes the demo's, as an installed one takes the file below /etc.
WRAPPER = """#!/bin/sh
case "$*" in *--config*|version*|store*|"mapping formats"*|*--help*|*--keys*) exec {program} "$@" ;; esac
exec {program} "$@" --config {folder}/run/demo/drawbridge.yaml
"""


def options_of_dev(word):
    """What `./dev WORD` takes: as its usage says, and as the programs that it calls do."""
    script = (ROOT / "dev").read_text()
    part = re.search(rf"(?ms)^{word}\)(.*?)^\S", script)[1]
    texts = [part, *re.findall(rf"(?m)^\./dev {word}\b.*", script)]
    texts += [(ROOT / name).read_text() for name in re.findall(r"[\w/-]+\.(?:py|mjs)", part) if (ROOT / name).exists()]
    return set(re.findall(r"--[a-z][a-z-]*", "".join(texts)))


def texts_of_the_page():
    """The English ones: every language's file has them as keys, of the page and of what the program says."""
    texts = set()
    for file in (ROOT / "web/i18n/fr.po", ROOT / "web/i18n/said/fr.po"):
        for key in re.findall(r'(?m)^msgid(?:_plural)? ((?:".*"\n)+)', file.read_text()):
            texts.add("".join(map(ast.literal_eval, key.splitlines())))
    return texts


class Pages(harness.Case):
    def test_blocks_say_what_they_are(self):
        """So no command hides from being run; and who would not run many has not understood this."""
        for page in manual.PAGES:
            with self.subTest(page=page.name):
                text = page.read_text()
                self.assertEqual(len(re.findall(r"^```", text, re.M)), 2 * len(manual.FENCE.findall(text)))
                self.assertEqual(re.findall(r"\n\n(    \S.*)", manual.prose(page)), [], "commands are fenced")
        for block in manual.blocks():
            self.assertIn(block.language, manual.LANGUAGES, str(block))
        self.assertLessEqual(len([block for block in manual.blocks("sh") if block.not_run]), NOT_RUN_AT_MOST)

    def test_commands_and_options(self):
        options = {tuple(words): harness.options_of(words) | {"--help"} for words in harness.commands() + [["mapping", "convert"], ["keys", "rotate"], ["store", "copy"]]}
        commands = {words[0] for words in options} | {"version"}
        dev = run(ROOT / "dev").stdout
        others = [dev, run(harness.BUILD / "drawbridge-sim", "--help").stdout, run("python3", ROOT / "tests/conform/conform.py", "--help").stdout]
        every = set().union(*options.values(), re.findall(r"--[a-z-]+", "".join(others)))
        seen = 0
        for page in manual.PAGES:
            for line in manual.words(page):
                called = re.match(r"(?:\$ |\w+=\S* +)*(?:runuser -u drawbridge -- )?(?:build/)?drawbridge ([a-z-]+)(.*?)(?: && |$)", line)
                if called:
                    with self.subTest(page=page.name, line=line):
                        self.assertIn(called[1], commands)
                        known = options.get((called[1], *called[2].split()[:1]), options.get((called[1],), set()))
                        self.assertLessEqual(set(re.findall(r"--[a-z-]+", called[2])), known)
                        seen += 1
                for word, more in re.findall(r"\./dev ([a-z-]+)([^|&;#]*)", line):
                    self.assertRegex(dev, rf"(?m)^\./dev {word}\b", f"{page.name}: {line}")
                    self.assertLessEqual(set(re.findall(r"(?<!\S)--[a-z-]+", more)), options_of_dev(word), f"{page.name}: {line}")
                if line.startswith("--"):
                    self.assertIn(re.match(r"--[a-z-]*", line)[0], every, f"{page.name}: {line}")
        self.assertGreater(seen, 50)

    def test_links(self):
        for page in manual.PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", manual.prose(page)):
                if target.startswith(("http:", "https:")):
                    continue
                file, _, place = target.partition("#")
                there = (page.parent / file).resolve() if file else page
                with self.subTest(page=page.name, link=target):
                    self.assertTrue(there.exists())
                    if place:
                        self.assertIn(place, manual.anchors(there))

    def test_every_page_is_listed(self):
        listed = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", (ROOT / "README.md").read_text()))
        self.assertEqual(listed, {page.name for page in (ROOT / "docs").glob("*.md")})

    def test_the_page_of_keys_is_the_program_s(self):
        done = run("python3", ROOT / "tools/configuration-page.py", "--program", PROGRAM)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_code_is_explained(self):
        codes = set(yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["components"]["schemas"]["Code"]["enum"])
        table = (ROOT / "docs/troubleshooting.md").read_text().split("## Every code")[1]
        self.assertEqual(set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M)))), codes)

    def test_buttons_are_the_page_s(self):
        """What pages name in italics is a text of the page, letter by letter."""
        texts, seen = texts_of_the_page(), 0
        for page in manual.PAGES:
            for text in re.findall(r"(?<![*\w])\*([A-Z][^*]+)\*(?!\*)", manual.prose(page)):
                self.assertTrue(text in texts, f"{page.name} names '{text}'")
                seen += 1
        self.assertGreater(seen, 30)

    def test_configurations_are_good(self):
        """Each is a whole one, or becomes one with what every configuration has."""
        folder = self.directory()
        for file in ("fhir-secret", "central-secret", "office", "chain.pem", "key.pem", "pgpass"):
            (folder / file).write_text("8d1f6a02-77c9-4b35-9e3e-55a0c1b7d9f4")
            (folder / file).chmod(0o600)
        archive = folder / "app.zip"
        shutil.make_archive(str(archive.with_suffix("")), "zip", self.app())
        for block in manual.blocks("yaml"):
            text = block.text.replace("/etc/drawbridge", str(folder))
            config = yaml.safe_load(re.sub(r"/srv/apps/[\w.-]+\.zip", str(archive), text))
            hosted = any("zip" in app for app in config.get("apps", []))
            for key, value in (("public_url", "https://gate.example.org"), ("store", f"sqlite:{folder}/s.db"), ("keys", f"{folder}/keys"), ("listen", ["127.0.0.1:8080"]),
                               ("servers", [{"id": "central", "url": "https://dhis2.example.org"}] if hosted else None)):
                if value and key not in config:
                    config[key] = value
            (folder / "c.yaml").write_text(yaml.safe_dump(config))
            with self.subTest(block=str(block)):
                done = run(PROGRAM, "check-config", "--config", folder / "c.yaml")
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def app(self):
        folder = self.directory()
        (folder / "index.html").write_text("<!doctype html><title>app</title>")
        (folder / "manifest.webapp").write_text('{"name": "app", "version": "1.0.0"}')
        return folder


class Commands(harness.Case):
    """All on one demo, in one folder that looks like this one; the guide first, whose files the other pages take up."""
    takes_seconds = 25

    def start_demo(self, folder):
        with (folder / "demo.log").open("wb") as log:
            demo = subprocess.Popen(["python3", ROOT / "tools/demo.py", "--build", harness.BUILD, "--port", str(harness.free_port(5)), "--state", folder / "run/demo"], stdout=log, stderr=log)

        def stop():
            demo.send_signal(signal.SIGTERM)
            demo.wait(harness.PATIENCE)
            self.assertNotRegex("".join(one.read_text(errors="replace") for one in (folder / "run/demo").glob("*.log")), "|".join(harness.SANITIZER))
        self.addCleanup(stop)
        said = harness.wait_for(lambda: demo.poll() is not None or ("Ctrl-C" in (text := (folder / "demo.log").read_text()) and text), "the demo")
        self.assertIsInstance(said, str, (folder / "demo.log").read_text())
        place = r"(http://[\w.]+:\d+)"
        return re.search(rf"The page\s+{place}", said)[1], re.search(rf"An example app\s+{place}", said)[1], re.search(rf"Central \(2.43\)\s+{place}", said)[1]

    def test_all(self):
        folder = self.directory()
        for name in ("bin", "etc", "var", "state"):
            (folder / name).mkdir()
        for name, target in (("build", harness.BUILD), ("tools", ROOT / "tools"), ("dev", ROOT / "dev")):
            (folder / name).symlink_to(target)
        page, app, central = self.start_demo(folder)
        admin = re.search(r"admin_listen: (\S+)", (folder / "run/demo/drawbridge.yaml").read_text())[1]
        (folder / "bin/drawbridge").write_text(WRAPPER.format(program=PROGRAM, folder=folder))
        (folder / "bin/drawbridge").chmod(0o755)
        places = {"https://gate.example.org/v1": f"{page}/v1", "https://app.example.org": app, "https://dhis2.example.org/api": f"{central}/api", "http://127.0.0.1:9090": f"http://{admin}",
                  '"clientId": "drawbridge"': '"clientId": "drawbridge-by-hand"', "install -o drawbridge -g drawbridge ": "install ", "/etc/drawbridge": f"{folder}/etc", "/var/lib/drawbridge/store/state.db": f"{folder}/run/demo/state.db", "/run/drawbridge/admin.sock": f"{folder}/run/demo/socket/admin.sock", "/var/lib/drawbridge": f"{folder}/var"}
        environment = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "PASSWORD": "district", "ASAN_OPTIONS": "detect_leaks=0"}
        pages = {}
        for block in manual.blocks("sh"):
            if not block.not_run:
                pages.setdefault(block.page, []).append(block)
        for path, blocks in sorted(pages.items(), key=lambda one: one[0].name != "guide.md"):
            script = "".join(f"echo '== {block}' >&2\n{block.text}" for block in blocks)
            for name, here in places.items():
                script = script.replace(name, here)
            done = run("bash", "-euo", "pipefail", "-c", script, cwd=folder, env=environment)
            self.assertEqual(done.returncode, 0, f"{path.name}\n{done.stderr[-3000:]}\n{done.stdout[-2000:]}")
            if path.name == "guide.md":
                self.guide_did_what_it_says(folder, done.stdout + done.stderr)
            if path.name == "signing-in.md" and (folder / "etc/central-secret").exists():
                self.registered_client_is_good(folder)

    def guide_did_what_it_says(self, folder, said):
        for sentence in (r"would be sent", r"[1-9]\d* sent, .* 0 refused, .* [1-9]\d* verified, 0 differing", r"\b0 sent, .*[1-9]\d* unchanged", r"[1-9]\d* removed"):
            self.assertRegex(said, sentence)
        self.assertIn('"outcome":"done"', (folder / "report.json").read_text())
        self.assertIn("<html", (folder / "report.html").read_text())

    def registered_client_is_good(self, folder):
        config = yaml.safe_load((folder / "run/demo/drawbridge.yaml").read_text())
        config["servers"][1]["oauth"] = {"client_id": "drawbridge-by-hand", "client_secret": {"file": str(folder / "etc/central-secret")}}
        (folder / "by-hand.yaml").write_text(yaml.safe_dump(config))
        done = run(PROGRAM, "doctor", "central", "--config", folder / "by-hand.yaml")
        self.assertIn("known, and the secret is right", done.stdout)
