"""Round trips on stand-ins of each release with metadata, mapping and values drawn by chance: what is at the target in the end, and the totals of both sides, are what Python's decimal makes of what the source holds.

The seed of a world is in what fails: DRAWBRIDGE_WORLD_SEED=N runs that one alone; DRAWBRIDGE_WORLDS=N runs so many of each pair of releases (default 1).
"""
import decimal
import itertools
import os
import random
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import Servers

PAIRS = (("2.37", "2.43"), ("2.40", "2.41"), ("2.41", "2.37"), ("2.42", "2.40"), ("2.43", "2.42"), ("2.43", "2.43"))
NUMBERS = ("NUMBER", "INTEGER", "INTEGER_ZERO_OR_POSITIVE", "INTEGER_POSITIVE")
OTHERS = ("TEXT", "LONG_TEXT", "BOOLEAN", "PERCENTAGE", "DATE")
MISSING = ("sum-what-is-there", "require-all", "skip")


class Drawn:
    """Metadata of both sides, rules, org units and values, by one seed."""

    def __init__(self, seed):
        self.chance = chance = random.Random(seed)
        shapes = [[("age", tuple(f"a{n}" for n in range(chance.randrange(2, 5))))] + ([("sex", ("f", "m"))] if chance.random() < 0.5 else []) for _ in range(2)]
        self.kinds = [chance.choice(NUMBERS) for _ in range(chance.randrange(3, 7))] + [chance.choice(OTHERS) for _ in range(chance.randrange(0, 4))]
        elements = [(f"e{n}", kind, chance.choice((0, 1, None)) if kind in NUMBERS else None, {}) for n, kind in enumerate(self.kinds)]
        self.units = chance.randrange(3, 9)
        self.source = fixture.Side("S", elements, shapes, self.units)
        self.made, targets = [], []
        self.draw_rules(targets)
        self.target = fixture.Side("T", [(name, kind, None, {"zeroIsSignificant": chance.random() < 0.5}) for name, kind, _ in targets], [], self.units)
        self.made = [(self.target.cell(name), terms) for name, _, terms in targets]
        self.missing = chance.choice(MISSING)
        self.draw_units()

    def draw_rules(self, targets):
        """Copies, sums over some cells of any elements that hold numbers, differences."""
        chance = self.chance
        cells = [(cell, kind) for n, kind in enumerate(self.kinds) for cell in self.source.cells(f"e{n}")]
        numbers = [cell for cell, kind in cells if kind in NUMBERS]
        for n, (cell, kind) in enumerate(cells):
            if kind not in NUMBERS and chance.random() < 0.8:
                targets.append((f"c{n}", kind, [(1, cell)]))
        for n in range(chance.randrange(2, 7)):
            terms = chance.sample(numbers, min(len(numbers), chance.choice((1, 2, 3, 7))))
            targets.append((f"s{n}", "NUMBER", [(1 if chance.random() < 0.8 else -1, cell) for cell in terms]))

    def draw_units(self):
        """Every unit as itself; or some merged into others, and some left out."""
        self.to_unit = None
        if self.chance.random() < 0.5:
            return
        self.to_unit = {}
        for unit in self.source.units:
            if self.chance.random() < 0.85:
                self.to_unit[unit] = self.chance.choice(self.source.units[:2]) if self.chance.random() < 0.3 else unit

    def value(self, kind):
        chance = self.chance
        if kind == "NUMBER":
            return ("-" if chance.random() < 0.2 else "") + str(chance.randrange(10 ** chance.randrange(1, 30))) + (f".{chance.randrange(10 ** 9):09}" if chance.random() < 0.6 else "")
        return {"INTEGER": lambda: str(chance.randrange(-10 ** 9, 10 ** 9)), "INTEGER_ZERO_OR_POSITIVE": lambda: str(chance.choice((0, chance.randrange(10 ** 6)))), "INTEGER_POSITIVE": lambda: str(chance.randrange(1, 10 ** 6)),
                "TEXT": lambda: chance.choice(("as is", "\"so\"", "ñandú, 5", "1.50", "007")), "LONG_TEXT": lambda: "two\nlines, \\ and / " + "x" * chance.randrange(300), "BOOLEAN": lambda: chance.choice(("true", "false")),
                "PERCENTAGE": lambda: str(chance.randrange(1, 101)), "DATE": lambda: f"2024-0{chance.randrange(1, 10)}-1{chance.randrange(10)}"}[kind]()

    def values(self):
        filled = self.chance.choice((0.5, 0.9, 1))
        return {(*cell, period, unit, fixture.DEFAULT): self.value(kind) for n, kind in enumerate(self.kinds) for cell in self.source.cells(f"e{n}") for period, unit in itertools.product(fixture.PERIODS, self.source.units)
                if self.chance.random() < filled}

    def mapping(self):
        def operand(cell):
            return {"data_element": cell[0], "category_option_combo": cell[1]}
        rules = [{"target": operand(t), "terms": [{"sign": "+" if sign > 0 else "-", **operand(s)} for sign, s in terms], "decision": "accepted"} for t, terms in self.made]
        units = [] if self.to_unit is None else [{"source": s, "target": t, "decision": "accepted"} for s, t in self.to_unit.items()]
        side = {"default_option_combo": fixture.DEFAULT}
        return {"format": "drawbridge-mapping", "version": 1, "source": {"server": "source", "data_sets": [self.source.data_set], **side}, "target": {"server": "target", "data_sets": [self.target.data_set], **side}, "rules": rules,
                "missing": self.missing, **({"org_units": units} if units else {})}

    def expected(self, stored):
        """({cell: text}, cells that are held back for want of a source), by Python's decimal and nothing else."""
        sources, made, held = {}, {}, 0
        for unit in self.source.units if self.to_unit is None else self.to_unit:
            sources.setdefault(unit if self.to_unit is None else self.to_unit[unit], []).append(unit)
        kinds = {e["id"]: e["valueType"] for e in self.target.objects["dataElements"]}
        for (cell, terms), period, (unit, from_units) in itertools.product(self.made, fixture.PERIODS, sources.items()):
            wanted = [(sign, (*s, period, u, fixture.DEFAULT)) for sign, s in terms for u in from_units]
            found = [(sign, stored[key]) for sign, key in wanted if key in stored]
            if not found:
                continue
            copied = len(wanted) == 1 and wanted[0][0] > 0
            if not copied and kinds[cell[0]] not in ("NUMBER",):
                held += 1  # a text of two units is none
            elif len(found) < len(wanted) and self.missing != "sum-what-is-there":
                held += 1
            elif kinds[cell[0]] == "NUMBER":
                made[(*cell, period, unit, fixture.DEFAULT)] = fixture.plain(sum((sign * decimal.Decimal(v) for sign, v in found), decimal.Decimal(0)))
            else:
                made[(*cell, period, unit, fixture.DEFAULT)] = found[0][1]
        return made, held


class Worlds(Servers):
    takes_seconds = 5

    def setUp(self):
        self.folder = self.directory()

    def world(self, seed, versions):
        drawn = Drawn(seed)
        self.versions, self.source, self.target, self.mapping = versions, drawn.source, drawn.target, drawn.mapping
        for name in ("journal", "second"):
            harness.shutil.rmtree(self.folder / name, ignore_errors=True)
        self.start(stored=drawn.values())
        with decimal.localcontext() as context:
            context.prec = 400
            wanted, held = drawn.expected(self.stored("source"))
            self.transfer(expect=(0, 1))
            kept = {e["id"] for e in self.target.objects["dataElements"] if e["zeroIsSignificant"] or e["valueType"] not in ("NUMBER", "PERCENTAGE")}
            if versions[1] != "2.43":
                wanted = {k: v for k, v in wanted.items() if v != "0" or k[0] in kept}
            self.assertEqual(self.stored("target"), wanted)
            numeric = {e["id"] for e in self.target.objects["dataElements"] if e["valueType"] in ("NUMBER", "PERCENTAGE")}
            self.assertEqual({(t["data_element"], t["period"]): t["target"] for t in self.report["control_totals"] if t["target"] not in ("0", None)}, {k: v for k, v in fixture.totals(wanted, numeric).items() if v != "0"})
            if not held:  # what is held back is missing at the target, and the totals say so
                self.assertTrue(all(t["equal"] for t in self.report["control_totals"]))
        self.assertEqual((self.counts["differing"], self.counts["refused"] + self.counts["skipped"]), (0, held))
        self.transfer(journal="second", expect=(0, 1))
        self.assertEqual(self.counts["sent"], 0)
        for sim in self.sims.values():
            sim.stop()

    def test_worlds(self):
        alone = os.environ.get("DRAWBRIDGE_WORLD_SEED")
        seeds = itertools.count(int(alone) if alone else 1)
        for versions in PAIRS:
            for _ in range(int(os.environ.get("DRAWBRIDGE_WORLDS", 1))):
                seed = int(alone) if alone else next(seeds)
                with self.subTest(seed=seed, versions=versions):
                    self.world(seed, versions)


del Servers

if __name__ == "__main__":
    unittest.main()
