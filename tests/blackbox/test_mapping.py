"""drawbridge mapping convert on files: there and back, exit codes, what is left out is told."""
import pathlib
import subprocess
import tempfile
import unittest

from harness import BUILD

HEADER = "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\n"


class Mapping(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="drawbridge-mapping-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def convert(self, *words, expect=0):
        done = subprocess.run([BUILD / "drawbridge", "mapping", "convert", *words], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_there_and_back(self):
        (self.folder / "a.csv").write_text(HEADER + "operand,a,c,t,2-4,+,accepted\noperand,b,c,t,2-4,-,accepted\n", encoding="utf-8")
        self.convert("a.csv", "b.json")
        self.convert("b.json", "c.csv")
        self.convert("c.csv", "d.json")
        self.assertEqual((self.folder / "b.json").read_bytes(), (self.folder / "d.json").read_bytes())

    def test_losses_are_told(self):
        (self.folder / "a.json").write_text('{"format":"drawbridge-mapping","version":1,"rules":[],"org_units":[{"source":"a","target":"b"}]}', encoding="utf-8")
        self.assertIn("left out: 1 pairs of org units", self.convert("--to", "csv", "a.json", "-").stderr)

    def test_refused(self):
        (self.folder / "a.csv").write_text(HEADER + "operand,a,c,t,d,+,maybe\n", encoding="utf-8")
        self.assertIn("a.csv: line 2: the decision", self.convert("a.csv", "b.json", expect=2).stderr)
        self.assertFalse((self.folder / "b.json").exists())
        self.convert("a.txt", "b.json", expect=2)
        self.convert("--from", "xml", "a.csv", "b.json", expect=2)


if __name__ == "__main__":
    unittest.main()
