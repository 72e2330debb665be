"""The command line: exit codes and errors that a person can act on."""
import os
import subprocess
import unittest

import harness


class Commands(harness.Case):
    def test_version_and_help(self):
        self.assertRegex(self.command("version")[0], r"^drawbridge \d+\.\d+\.\d+\n$")
        self.assertEqual(self.command("--version"), self.command("version"))
        self.assertIn("check-config", self.command("--help")[0])

    def test_unknown_words(self):
        self.assertIn("there is no command 'fly'", self.command("fly", expect=2)[1])
        self.assertIn("--help lists", self.command(expect=2)[1])
        self.command("check-config", "--wings", expect=2)

    def test_what_one_types_first(self):
        """And gets wrong: the first line says what is."""
        for words, says in ((("keys", "make"), "keys are rotated; there is no make"), (("store", "backup", "x", "y"), "a store is copied; there is no backup"),
                            (("store", "copy", "sqlite:a.db"), "FROM and TO are wanted"), (("store", "copy", "a.db", "b.db"), "write sqlite:/path/to/state.db or postgresql://"),
                            (("admin",), "WHAT is missing"), (("admin", "session"), "not session"), (("admin", "runs", "show"), "list, explain or end, not show"),
                            (("admin", "sessions", "explain"), "an ID as the list names it is missing behind explain"), (("admin", "runs", "--user", "ada"), "not runs"),
                            (("admin", "sessions", "list", "x"), "a list has no ID: x"), (("admin", "sessions", "end", "a b"), "this is no ID as the list names it: a b"),
                            (("sessions", "--end"), "--end wants either"), (("sessions", "--all"), "go with --end"), (("sessions", "--session", "ada"), "this is no mark as the list has it: ada"),
                            (("doctor", "dhis2.example.org/hmis"), "write https://dhis2.example.org/hmis"), (("serve", "--config", "none.yaml"), "none.yaml:1:1: there is no such file: --config names another")):
            with self.subTest(words=words):
                self.assertIn(says, self.command(*words, expect=2)[1].splitlines()[0])

    def test_check_config(self):
        good = self.directory() / "good.yaml"
        good.write_text("public_url: https://gw.example.org\nlisten: [127.0.0.1:8080]\nstore: sqlite:/nowhere/x.db\nkeys: /nowhere/keys\n"
                        "servers: [{id: a, url: https://a.example.org}]\n")
        self.assertEqual(self.command("check-config", "--config", good), ("", ""))
        bad = self.directory() / "bad.yaml"
        bad.write_text(good.read_text() + "sesion: {idle: 1h}\nlog: {level: loud}\n")
        lines = self.command("check-config", "--config", bad, expect=2)[1].splitlines()
        self.assertEqual([line.split(":")[1:3] for line in lines], [["6", "1"], ["7", "14"]])
        self.assertIn("the nearest is 'session'", lines[0])

    def test_a_file_that_is_not_there_is_told(self):
        self.assertIn("none.yaml", self.command("check-config", "--config", self.directory() / "none.yaml", expect=2)[1])

    def config(self, folder):
        config = folder / "drawbridge.yaml"
        config.write_text(f"public_url: http://localhost:8080\nlisten: [127.0.0.1:8080]\nstore: sqlite:{folder}/state.db\nkeys: {folder}/keys\nlog: {{audit: {folder}/audit.log}}\n"
                          "servers: [{id: a, url: https://a.example.org}]\n")
        return config

    def test_who_reads_no_more_is_an_error_with_words(self):
        """And not the end by a signal: the same would end a transfer whose server is gone."""
        reads, writes = os.pipe()
        os.close(reads)
        demo = harness.ROOT / "examples" / "demo-metadata"
        run = subprocess.run([harness.BUILD / "drawbridge", "align", "--source", demo / "district.json", "--target", demo / "central.json"], stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
        os.close(writes)
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertIn("standard output cannot be written", run.stderr)

    def test_what_is_not_there_is_not_made_by_who_asks(self):
        """A word mistyped in a job that makes backups would else make an empty store, and copy it."""
        folder = self.directory()
        self.assertIn(f"there is no store at {folder}/state.db", self.command("sessions", "--config", self.config(folder), expect=2)[1])
        self.assertIn(f"there is no store at {folder}/sate.db", self.command("store", "copy", f"sqlite:{folder}/sate.db", f"sqlite:{folder}/backup.db", expect=2)[1])
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["drawbridge.yaml"])

    @unittest.skipUnless(os.geteuid() == 0, "of root")
    def test_what_root_makes_is_the_service_s(self):
        """Before the service has started once, in a folder that is its own: it could not start with files of root."""
        folder = self.directory()
        config = self.config(folder)
        os.chown(folder, 4711, 4712)
        self.command("keys", "rotate", "--config", config)
        (folder / "empty.db").touch()
        self.command("store", "copy", f"sqlite:{folder}/empty.db", f"sqlite:{folder}/state.db")
        made = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in folder.iterdir() if path.name in ("keys", "audit.log", "state.db")}
        self.assertEqual(made, dict.fromkeys(("keys", "audit.log", "state.db"), (4711, 4712)))
