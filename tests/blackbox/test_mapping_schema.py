"""docs/mapping.schema.json against the program: what it writes is valid, and of many documents that differ from a good one in a single place both say the same."""
import copy
import json
import pathlib
import subprocess
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from harness import BUILD, PATIENCE, ROOT
import test_mapping

_first, *_others = test_mapping.WHOLE["org_units"]
WHOLE = {**test_mapping.WHOLE, "approval": "second-person", "org_units": [{**_first, "approved_by": "john", "approved_at": "2026-11-25T09:30:00Z"}, *_others]}
STRANGE = [None, True, 0, 0.5, 2, -1, "", "x", " x", "x ", "a\nb", "x\n", "x" * 255, "x" * 256, "skip", "+", "-", "same", [], {}, ["x"], [""], {"x": 1}, "2026-11-24", "2026-11-24T09:30:00+01:00", "2026-11-24T09:30:00.5Z\n"]


def places(value, path=()):
    """Every place in a document, as the path to it."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, path + (key,))


def changed(document, path, do):
    document = copy.deepcopy(document)
    if not path:
        return do(document)
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = do(holder[path[-1]])
    return document


def without(document, path):
    document = copy.deepcopy(document)
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return document


@unittest.skipUnless(jsonschema, "needs jsonschema")
class Schema(unittest.TestCase):
    takes_seconds = 16

    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads((ROOT / "docs/mapping.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(cls.schema)
        cls.validator = jsonschema.Draft202012Validator(cls.schema)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="drawbridge-schema-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def read(self, document, to="-"):
        (self.folder / "a.json").write_text(json.dumps(document), encoding="utf-8")
        return subprocess.run([BUILD / "drawbridge", "mapping", "convert", "--to", "json", "a.json", to], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)

    def test_what_is_written_is_valid(self):
        for name in ("csv", "xlsx", "fhir", "datim", "aligner-csv", "data-set-aligner", "metadata-alignment"):
            self.assertEqual(self.read(WHOLE, "b.json").returncode, 0)
            for words in (["b.json", "c", "--to", name], ["c", "d.json", "--from", name]):
                subprocess.run([BUILD / "drawbridge", "mapping", "convert", *words], cwd=self.folder, capture_output=True, check=True, timeout=PATIENCE)
            for written in ("b.json", "d.json"):
                self.validator.validate(json.loads((self.folder / written).read_text(encoding="utf-8")))
        held = {"dataElements": [{"id": "fbfJHSPpUQD", "name": "Cases"}]}
        self.validator.validate(json.loads(self.read({**WHOLE, "metadata": {"source": held, "target": held}}).stdout))
        small = {"format": "drawbridge-mapping", "version": 1, "rules": []}
        self.validator.validate(json.loads(self.read(small).stdout))

    def test_both_say_the_same(self):
        """A member taken away, one more, and anything strange in its place, everywhere in a document."""
        documents = []
        for path in places(WHOLE):
            if path[:1] == ("rules",) and any(isinstance(key, int) and key for key in path):
                continue  # as in the first rule and its first term
            documents += [(path, changed(WHOLE, path, lambda _, s=s: s)) for s in STRANGE]
            documents += [(path, changed(WHOLE, path, lambda v: {**v, "unknown": 1} if isinstance(v, dict) else v)), (path, changed(WHOLE, path, lambda v: {} if isinstance(v, dict) else v))]
            documents += [(path, without(WHOLE, path))] if path else []
        self.assertGreater(len(documents), 1000)
        run = subprocess.run([BUILD / "tests/unit/mapping/driver_read"], input="".join(json.dumps(document) + "\n" for _, document in documents), capture_output=True, text=True, timeout=PATIENCE)
        said = run.stdout.splitlines()
        self.assertEqual((run.returncode, run.stderr, len(said)), (0, "", len(documents)))
        self.assertEqual([(path, word, document) for (path, document), word in zip(documents, said) if (word == "ok") != self.validator.is_valid(document)], [])
        for (path, document), word in list(zip(documents, said))[::100]:  # and the driver says what the program does
            done = self.read(document)
            self.assertTrue(done.returncode == 0 if word == "ok" else done.returncode and word in done.stderr, (path, word, done))


if __name__ == "__main__":
    unittest.main()
