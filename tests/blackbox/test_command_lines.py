"""What each command is told: help, and what is refused before anything is done."""
import harness

DEMO = harness.ROOT / "examples" / "demo-metadata"
SIDES = ("--source", DEMO / "district.json", "--target", DEMO / "central.json")
SEND = ("--mapping", "m.json", "--from", "server:a", "--to", "server:a", "--periods", "202401", "--org-units", "abcdefghijk")

# Of each command: words that are not of the form that it wants. Nobody is asked for them, and nothing is opened.
MALFORMED = {
    "serve": [("now",), ("--config", ".")],
    "align": [("--source", "server:No Such", *SIDES[2:]), ("--source", "https://dhis2.example.org", *SIDES[2:]), (*SIDES, "--candidates", "5x"), (*SIDES, "--candidates", "99999999999999999999"), (*SIDES, "--with", ","), (*SIDES, "--data-set", "not a uid")],
    "check-config": [("now",), ("--config", ".")],
    "keys": [("rotate", "--in", "soon"), ("rotate", "--in", "-1"), ("rotate", "--file", "."), ("make",)],
    "mapping": [("convert", "a.xyz", "b.csv"), ("convert", "--from", "xls", "a.json", "b.csv"), ("convert", "a.json", "b.csv", "--source-data-set", "abcdefghijk"), ("formats", "more")],
    "mapping drift": [("--mapping", "m.json", *SIDES, "--format", "xml"), ("--mapping", "m.json", *SIDES, "--follow")],
    "doctor": [("http://",), ("ftp://dhis2.example.org",), ("://dhis2.example.org",), ("https://dhis2 example.org",), ("https://dhis2.example.org:99999",), ("https://dhis2.example.org:https",), ("https://[::1",), ("https://ada:secret@dhis2.example.org",),
               ("https://-",), ("https://dhis2.example.org/dhis/api/me",), ("https://dhis2.example.org/?x",), ("dhis2.example.org",), ("",), ("no such id",), ("--format", "json", "ftp://dhis2.example.org")],
    "ready": [("",), ("127.0.0.1",), ("127.0.0.1:",), ("127.0.0.1:http",), ("127.0.0.1:99999",), ("127.0.0.1:0",), (":9090",), ("[::1",), ("http://127.0.0.1:9090",), ("127.0.0.1:9090/readyz",), ("127.0.0.1:9090?x=1",), ("ada@127.0.0.1:9090",), ("256.1.1.1:9090",)],
    "admin": [("users",), ("sessions", "show"), ("sessions", "end", "a b"), ("sessions", "explain", "../x"), ("sessions", "explain", ""), ("--socket", "/run/" + 200 * "x", "sessions")],
    "sessions": [("--session", "ada"), ("--all",), ("now",)],
    "store": [("copy", "a.db", "b.db"), ("copy", "sqlite:", "sqlite:b.db"), ("copy", "mysql://x", "sqlite:b.db"), ("copy", "postgresql://db:99999/x", "sqlite:b.db"), ("copy", "postgresql://db:five/x", "sqlite:b.db"), ("copy", "postgresql://db/x?port=5432,0", "sqlite:b.db"),
              ("copy", "postgresql://db/x?nosuch=1", "sqlite:b.db")],
    "transfer": [(*SEND[:6], "--periods", "202413", *SEND[8:]), (*SEND[:6], "--periods", ",", *SEND[8:]), (*SEND[:8], "--org-units", "x!"), (*SEND[:8], "--org-units", "abcdefghijk/children"), (*SEND, "--changed-since", "yesterday"), (*SEND, "--changed-since", "2024-02-30"),
                 (*SEND, "--accept", ","), (*SEND, "--accept", "all"), (*SEND[:2], "--from", "http://dhis2.example.org", *SEND[4:]), ("--resume",)],
}


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

    def test_malformed(self):
        """Wrong words are wrong usage, and not a server that cannot be reached or a store that is away."""
        self.assertEqual(sorted(MALFORMED), sorted(" ".join(words) for words in harness.commands()))
        for command, cases in MALFORMED.items():
            for words in cases:
                with self.subTest(command=command, words=words):
                    out, err = self.command(*command.split(), *words, expect=2)
                    self.assertEqual((out, err.count("\n")), ("", 1), err)
                    self.assertNotIn("secret", err)

    def test_a_value_that_is_empty(self):
        """Of a script, of a variable that nobody has set: it stands for nothing, not for a file here without a name."""
        for words in harness.commands():
            for option in harness.options_of(words):
                with self.subTest(command=words, option=option):
                    self.refused([*words, f"{option}="])
        self.refused(["align", *SIDES, "--output", ""], "a value is wanted behind --output;")

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
