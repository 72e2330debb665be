"""What a run's journal says to whoever goes on with it or takes it back: what was stored by it, and what was not."""
import hashlib
import json
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import Servers, api

MONTH = ("202401",)


class Journals(Servers):
    unit_count = 3

    def mapping(self):
        return fixture.mapping(self.source, self.target, [(self.target.cell("stock"), [(1, self.source.cell("stock"))])])

    def cell(self, unit=0, side=None):
        side = side or self.target
        return (*side.cell("stock"), *MONTH, side.units[unit], fixture.DEFAULT)

    def lines(self):
        """(what the record is, the line) of each."""
        return [(json.loads(line[17:])["record"], line) for line in (self.folder / "journal" / "journal").read_text().splitlines(keepends=True)]

    def cut_behind(self, what):
        """The journal as a process left it that was killed behind this record."""
        lines = self.lines()
        last = max(n for n, (record, _) in enumerate(lines) if record == what)
        (self.folder / "journal" / "journal").write_text("".join(line for _, line in lines[:last + 1]))

    def take_out(self, cells):
        """Somebody deletes them at the target."""
        document = fixture.document(cells, self.target.data_set)
        api(self.sims["target"].port, "POST", "/api/dataValueSets", document, query="?importStrategy=DELETE")


class Undone(Journals):
    """What somebody entered at the target where the run stored nothing is not the run's."""

    def begin(self, units=2):
        self.start(stored={self.cell(unit, self.source): str(5 + unit) for unit in range(units)})

    def undo(self, **where):
        foreseen = self.transfer("--undo", "--dry-run", periods=MONTH, **where)["counts"]
        self.transfer("--undo", periods=MONTH, **where)
        self.assertEqual([foreseen[name] for name in ("cells", "removed")], [self.counts[name] for name in ("cells", "removed")])

    def fail_on(self, value):
        """The target fails with 500 on that value, whatever comes with it."""
        self.stand_between()
        between = self.between["target"]
        real = between.forward

        def failing(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets") and value in fixture.cells_of(json.loads(body)["dataValues"]).values():
                return harness.Answer(500, [("Content-Type", "application/json")], b'{"httpStatus":"Internal Server Error","httpStatusCode":500,"status":"ERROR","message":"Cannot read the array length"}')
            return real(method, path, headers, body)
        between.forward = failing

    def test_what_the_target_refused_and_somebody_entered_since(self):
        self.begin()
        self.fail_on("5")
        self.transfer(periods=MONTH, expect=1)
        self.assertEqual((self.counts["ignored"], self.stored("target")), ({"http_500": 1}, {self.cell(1): "6"}))
        self.fill("target", self.target, {self.cell(): "5"})
        self.undo()
        self.assertEqual(self.stored("target"), {self.cell(): "5"})
        self.assertEqual((self.counts["cells"], self.counts["removed"], self.report["outcome"]), (1, 1, "done"))

    def test_what_was_planned_and_never_sent(self):
        self.begin()
        self.transfer(periods=MONTH)
        stored = self.stored("target")
        self.cut_behind("planned")
        self.take_out(stored)
        self.fill("target", self.target, {self.cell(): "5"})
        self.undo()
        self.assertEqual(self.stored("target"), {self.cell(): "5"})
        self.assertEqual(self.counts["cells"], 0)

    def test_what_was_sent_and_not_read_back(self):
        self.begin()
        self.transfer(periods=MONTH)
        self.cut_behind("sending")
        self.undo()
        self.assertEqual((self.stored("target"), self.counts["removed"]), ({}, 2))

    def test_what_was_entered_before_a_planned_run_was_gone_on_with(self):
        self.begin()
        self.transfer(periods=MONTH)
        self.cut_behind("planned")
        self.take_out({self.cell(): "5"})
        self.fill("target", self.target, {self.cell(): "5"})
        self.take_out({self.cell(1): "6"})
        self.transfer("--resume", periods=MONTH)
        self.assertEqual((self.counts["created"], self.counts["unchanged"], self.counts["verified"]), (1, 1, 2))
        self.undo()
        self.assertEqual(self.stored("target"), {self.cell(): "5"})

    def test_a_journal_of_an_earlier_release(self):
        """It does not tell of rows, nor for sure of what was sent: all that was planned is taken back."""
        self.begin()
        self.transfer(periods=MONTH)
        for what in ("done", "planned"):
            self.cut_behind(what)
            lines = []
            for _, line in self.lines():
                record = json.loads(line[17:])
                record.pop("not_stored", None)
                record.pop("tells", None)
                lines.append(sealed(record))
            (self.folder / "journal" / "journal").write_text("".join(lines))
            self.transfer("--undo", "--dry-run", periods=MONTH)
            self.assertEqual(self.counts["removed"], 2, what)


class UndoneBack(Undone):
    versions = ("2.43", "2.41")


def sealed(record):
    """A line of a journal."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]} {text}\n"


if __name__ == "__main__":
    unittest.main()
