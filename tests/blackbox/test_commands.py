"""The command line: exit codes and errors that a person can act on."""
import harness


class Commands(harness.Case):
    def test_version_and_help(self):
        self.assertRegex(self.command("version")[0], r"^drawbridge \d+\.\d+\.\d+\n$")
        self.assertIn("check-config", self.command("--help")[0])

    def test_unknown_words(self):
        self.assertIn("there is no command 'fly'", self.command("fly", expect=2)[1])
        self.assertIn("usage", self.command(expect=2)[1])
        self.command("check-config", "--wings", expect=2)

    def test_check_config(self):
        good = self.directory() / "good.yaml"
        good.write_text("public_url: https://gw.example.org\nlisten: [127.0.0.1:8080]\nstore: sqlite:/tmp/x.db\nkeys: /tmp/no-such-keys\n"
                        "servers: [{id: a, url: https://a.example.org}]\n")
        self.assertEqual(self.command("check-config", "--config", good), ("", ""))
        bad = self.directory() / "bad.yaml"
        bad.write_text(good.read_text() + "sesion: {idle: 1h}\nlog: {level: loud}\n")
        lines = self.command("check-config", "--config", bad, expect=2)[1].splitlines()
        self.assertEqual([line.split(":")[1:3] for line in lines], [["6", "1"], ["7", "14"]])
        self.assertIn("the nearest is 'session'", lines[0])

    def test_a_file_that_is_not_there_is_told(self):
        self.assertIn("none.yaml", self.command("check-config", "--config", self.directory() / "none.yaml", expect=2)[1])
