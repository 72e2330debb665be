"""What each command is told: help, and what is refused before anything is done."""
import harness


class Lines(harness.Case):
    def refused(self, words, *said):
        out, err = self.command(*words, expect=2)
        self.assertEqual(out, "", words)
        for text in said:
            self.assertIn(text, err)
        self.assertRegex(err, r"^drawbridge [a-z -]+: [^\n]*; drawbridge [a-z -]+ --help tells the options\n$", "one line, with the way to what is right")

    def test_each_tells_its_options(self):
        for words in harness.commands():
            out, err = self.command(*words, "--help")
            self.assertEqual(err, "", words)
            self.assertIn(f"usage: drawbridge {' '.join(words)}", out)

    def test_what_no_command_takes(self):
        for words in harness.commands():
            with self.subTest(command=words):
                self.refused([*words, "--no-such-option"], "--no-such-option")
                self.refused([*words, "-x"], " -x;")
                self.refused([*words, "a", "b", "c", "one-too-many"], "this word is not understood: ")

    def test_without_what_is_wanted(self):
        for words in (["doctor"], ["keys"], ["store"], ["mapping"], ["admin"], ["align"], ["serve", "--config"], ["align", "--explain=yes"]):
            with self.subTest(command=words):
                self.refused(words)

    def test_no_command(self):
        for words in ([], ["no-such-command"], ["version", "2"]):
            out, err = self.command(*words, expect=2)
            self.assertEqual((out, err.count("\n")), ("", 1), words)

    def test_values(self):
        for command, option, value, said in (("doctor", "--format", "xml", "--format takes text or json, not xml"), ("sessions", "--format", "", "--format takes text or json, not"),
                                             ("transfer", "--deletions", "all", "--deletions takes ignore or delete, not all"), ("transfer", "--comments", "yes", "--comments takes none or carry, not yes"),
                                             ("transfer", "--read", "all", "--read takes values or analytics, not all"), ("keys", "--in", "0", "--in wants minutes, 1 to 10080, not 0"),
                                             ("align", "--candidates", "51", "--candidates wants a number from 1 to 50, not 51"), ("align", "--with", "org-units,x", "not org-units,x"),
                                             ("align", "--format", "xls", "`drawbridge mapping formats` lists, not xls"), ("mapping", "--from", "xls", ", not xls")):
            with self.subTest(option=option):
                self.refused([command, option, value], f"drawbridge {command}: ", said)
        self.refused(["align", *["--data-set", "aaaaaaaaaaa"] * 101], "no room for aaaaaaaaaaa")
        self.refused(["transfer", *["--report", "r.json"] * 9], "no room for r.json")
        self.refused(["transfer", "--config"], "--config")
        self.refused(["store", "copy", "one"])
        self.refused(["sessions", "--all"])
