"""What must hold between drawbridge and a server: reading, translating, writing, counting, verifying, undoing, and what is foreseen. Each case has months of its own and compares what the program says with what the server holds,
asked here without the program, and with sums by Python's decimal."""
import datetime
import decimal
import itertools
import json
import os
import random
import signal
import subprocess
import time

CASES = []
BATCH = 1000
TABLES_SECONDS = 300  # as long as a server that never made analytics tables before is given for them
STRICT = "&".join(f"strict{what}=true" for what in ("Periods", "DataElements", "CategoryOptionCombos", "AttributeOptionCombos", "OrganisationUnits"))


def case(words):
    def add(function):
        CASES.append((function.__name__, words, function))
        return function
    return add


class Skipped(Exception):
    """The case cannot be tried on this server; the text says why."""


def check(condition, *words):
    if not condition:
        raise AssertionError(" ".join(map(str, words)))


def same(found, wanted, what):
    """Both {cell: text}."""
    if found == wanted:
        return
    differ = [k for k in {**found, **wanted} if found.get(k) != wanted.get(k)]
    first = differ[0]
    raise AssertionError(f"{what}: {len(differ)} of {len(wanted)} differ; {' '.join(first)} is {found.get(first)!r} and must be {wanted.get(first)!r}")


def plain(number):
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


# --- one side ---

class Bench:
    """A world, the program, and a folder; what the cases are made with."""

    def __init__(self, world, program, folder, config, make_tables=False):
        """`make_tables`: analytics tables may be made anew also where there are some."""
        self.world, self.program, self.folder, self.config, self.make_tables = world, program, folder, config, make_tables
        self.runs = itertools.count(1)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DRAWBRIDGE_")}  # credentials of other servers that have these names
        for side in ("SOURCE", "TARGET"):
            self.environment.update({f"DRAWBRIDGE_{side}_USER": world.user, f"DRAWBRIDGE_{side}_PASSWORD": world.password})
        self.significant = {world.id("dataElements", k) for k in ("T_TESTS", "T_BALANCE", "T_REMARK", "T_POWER", "T_STATUS", "X_TESTS")}

    # --- cells: (element, option combo, period, unit, attribute option combo) ---

    def cell(self, element, *options):
        w = self.world
        return w.id("dataElements", element), w.cocs[options] if options else w.default

    def cells(self, element, combo):
        return [(self.world.id("dataElements", element), coc) for key, coc in self.world.cocs.items() if key[0] == combo]

    def rules(self):
        """[(target cell, [(sign, source cell)])]"""
        made = [(self.cell("T_CASES", "BAND", band), [(1, self.cell("S_CASES", "FINE", age, sex)) for age in ages for sex in ("Female", "Male")]) for band, ages in (("0-14", ("0-4", "5-14")), ("15+", ("15-49", "50+")))]
        made.append((self.cell("T_TESTS"), [(1, c) for c in self.cells("S_TESTS", "AGE")]))
        made.append((self.cell("T_BALANCE"), [(1, self.cell("S_TESTS", "AGE", "0-4")), (-1, self.cell("S_STOCK"))]))
        return made + [(self.cell("T_" + n), [(1, self.cell("S_" + n))]) for n in ("STOCK", "REMARK", "POWER", "SHARE", "STATUS")]

    def values(self, months, units, seed, filled=0.85):
        chance, made = random.Random(seed), {}
        sources = self.cells("S_CASES", "FINE") + self.cells("S_TESTS", "AGE") + [self.cell("S_" + n) for n in ("STOCK", "REMARK", "POWER", "SHARE", "STATUS", "EXTRA")]
        kinds = {self.world.id("dataElements", "S_" + n): n for n in ("CASES", "TESTS", "STOCK", "REMARK", "POWER", "SHARE", "STATUS", "EXTRA")}
        for month, unit, cell in itertools.product(months, units, sources):
            if chance.random() >= filled:
                continue
            made[(*cell, month, unit, self.world.default)] = {
                "CASES": lambda: str(chance.randrange(0, 900)), "TESTS": lambda: str(chance.randrange(-5, 5000)), "EXTRA": lambda: str(chance.randrange(1, 99)), "SHARE": lambda: str(chance.randrange(1, 101)),
                "STOCK": lambda: f"{chance.randrange(1, 10 ** chance.randrange(1, 14))}.{chance.randrange(1, 10 ** 6):06d}".rstrip("0"), "POWER": lambda: chance.choice(("true", "false")),
                "REMARK": lambda: chance.choice(("seen, \"as is\"", "späť 💊", "two\nlines", "a;b,c")), "STATUS": lambda: self.world.code("STATUS_" + chance.choice("AB"))}[kinds[cell[0]]]()
        return made

    def expected(self, stored, rules=None, kept_only=True):
        """What must stand at the target. Releases to 2.42 keep no zero where it is not significant."""
        made = {}
        with decimal.localcontext() as context:
            context.prec = 400
            for (cell, terms), place in itertools.product(rules or self.rules(), {k[2:] for k in stored}):
                found = [(sign, stored[(*s, *place)]) for sign, s in terms if (*s, *place) in stored]
                if not found:
                    continue
                try:
                    made[(*cell, *place)] = plain(sum((sign * decimal.Decimal(v) for sign, v in found), decimal.Decimal(0)))
                except decimal.InvalidOperation:
                    made[(*cell, *place)] = found[0][1]
        return {k: v for k, v in made.items() if not kept_only or self.world.new_engine or v != "0" or k[0] in self.significant}

    # --- the server, asked without the program ---

    def rows(self, data_set, months, units, **more):
        """[row] with all five ids; releases from 2.43 on move what all rows share to the head of the answer."""
        answer = self.world.runner.call("GET", "/api/dataValueSets", format="json", dataSet=data_set, period=months, orgUnit=units, **more)
        check(answer.status == 200 and answer.body, "reading without the program:", answer)
        head = {k: v for k, v in answer.json.items() if isinstance(v, str)}
        return [{**head, **row} for row in answer.json.get("dataValues", [])]

    def stored(self, data_set, months, units):
        found = {}
        for at in range(0, len(units), 50):
            for r in self.rows(data_set, months, units[at:at + 50]):
                found[(r["dataElement"], r["categoryOptionCombo"], r["period"], r["orgUnit"], r["attributeOptionCombo"])] = r.get("value")
        return found

    def document(self, data_set, cells):
        keys = ("dataElement", "categoryOptionCombo", "period", "orgUnit", "attributeOptionCombo")
        return {"dataSet": data_set, "dataValues": [{**dict(zip(keys, k)), **(v if isinstance(v, dict) else {"value": v})} for k, v in cells.items()]}

    def post(self, data_set, cells, query=""):
        return self.world.runner.call("POST", "/api/dataValueSets" + ("?" + query if query else ""), self.document(data_set, cells))

    def fill(self, data_set, cells):
        """Writes cells: one period at a time, as far as the release allows at once."""
        listed = sorted(cells.items(), key=lambda c: c[0][2])
        for _, group in itertools.groupby(listed, key=lambda c: c[0][2]):
            group = list(group)
            for at in range(0, len(group), BATCH):
                answer = self.post(data_set, dict(group[at:at + BATCH]))
                check(answer.summary and answer.summary.get("status") == "SUCCESS", "values could not be written without the program:", answer)

    # --- the program ---

    def operand(self, cell):
        return {"data_element": cell[0], "category_option_combo": cell[1]}

    def mapping(self, source, target, rules, **more):
        listed = [{"target": self.operand(t), "terms": [{"sign": "+" if sign > 0 else "-", **self.operand(s)} for sign, s in terms], "decision": "accepted"} for t, terms in rules]
        path = self.folder / f"mapping-{next(self.runs)}.json"
        path.write_text(json.dumps({"format": "drawbridge-mapping", "version": 1, "source": {"server": "source", "data_sets": [source], "default_option_combo": self.world.default},
                                    "target": {"server": "target", "data_sets": [target], "default_option_combo": self.world.default}, "rules": listed, **more}))
        return path

    def command(self, *words, expect=0):
        run = subprocess.run([str(self.program), *map(str, words)], capture_output=True, text=True, env=self.environment, input="")
        check("Sanitizer" not in run.stderr and "runtime error:" not in run.stderr, "a sanitizer spoke:", run.stderr[-4000:])
        check(run.returncode in (expect if isinstance(expect, tuple) else (expect,)), f"drawbridge {words[0]} ended with {run.returncode}:", (run.stderr or run.stdout)[-900:])
        return run

    def words(self, mapping, periods, units, *more, journal=True):
        number = next(self.runs)
        self.journal, self.report_path = self.folder / f"journal-{number}", self.folder / f"report-{number}.json"
        return ["transfer", "--config", self.config, "--mapping", mapping, "--from", "server:source", "--to", "server:target", "--periods", ",".join(periods), "--org-units", ",".join(units), "--report", self.report_path,
                *(["--journal", self.journal] if journal else []), *more]

    def transfer(self, mapping, periods, units, *more, expect=0):
        self.command(*self.words(mapping, periods, units, *more, journal="--dry-run" not in more), expect=expect)
        return json.loads(self.report_path.read_text())

    def again(self, *more, expect=0):
        """--undo or --resume of the last run."""
        self.command("transfer", "--config", self.config, "--journal", self.journal, "--report", self.report_path, *more, expect=expect)
        return json.loads(self.report_path.read_text())

    def plain_mapping(self):
        return self.mapping(self.world.source, self.world.target, self.rules())

    def arrived(self, months, units, stored):
        same(self.stored(self.world.target, months, units), self.expected(stored), "the target")


# --- reading, writing, counting, verifying ---

@case("the metadata of a data set are read whole, a combo that it gives in place of an element's own too")
def metadata(b):
    """What is proposed for each cell of one side tells which cells were read."""
    w, told = b.world, []
    sides = ((w.source, w.target, {c for _, terms in b.rules() for _, c in terms} | set(b.cells("S_WIDE", "FINE")) | {b.cell("S_EXTRA")}), (w.target, w.source, {c for c, _ in b.rules()} | set(b.cells("T_WIDE", "FINE"))))
    for source, target, wanted in sides:
        proposed = b.folder / "proposed.json"
        b.command("align", "--config", b.config, "--source", "server:source", "--target", "server:target", "--source-data-set", source, "--target-data-set", target, "--format", "json", "--output", proposed)
        found = {(o["data_element"], o["category_option_combo"]) for r in json.loads(proposed.read_text())["rules"] for o in r["terms"]}
        check(found == wanted, f"{len(found)} of {len(wanted)} cells; missing:", sorted(wanted - found)[:3], "foreign:", sorted(found - wanted)[:3])
        told.append(f"{len(found)} cells")
    return ", ".join(told)


@case("every value is read, none twice, and a dry run writes nothing")
def reading(b):
    months, units = b.world.fresh(2), b.world.facilities
    stored = b.values(months, units, 1)
    b.fill(b.world.source, stored)
    kept = b.stored(b.world.source, months, units)
    counts = b.transfer(b.plain_mapping(), months, units, "--dry-run")["counts"]
    check(counts["read"] == len(kept), "read", counts["read"], "of", len(kept))
    check(counts["created"] == len(b.expected(kept)), "would create", counts["created"], "and", len(b.expected(kept)), "are due")
    check(b.stored(b.world.target, months, units) == {}, "a dry run wrote")
    return f"{len(kept)} values"


@case("sums, differences and copies arrive exactly; control totals are those of decimal")
def writing(b):
    months, units = b.world.fresh(2), b.world.facilities
    b.fill(b.world.source, b.values(months, units, 2))
    kept = b.stored(b.world.source, months, units)
    report = b.transfer(b.plain_mapping(), months, units)
    b.arrived(months, units, kept)
    sums = {}
    for (element, _, month, _, _), value in b.expected(kept).items():
        if element not in {b.world.id("dataElements", "T_" + n) for n in ("REMARK", "POWER", "STATUS")}:
            sums[(element, month)] = sums.get((element, month), decimal.Decimal(0)) + decimal.Decimal(value)
    told = {(t["data_element"], t["period"]): t["target"] for t in report["control_totals"] if t["target"] != "0"}
    same(told, {k: plain(v) for k, v in sums.items() if v}, "control totals of the target")
    check(all(t["equal"] for t in report["control_totals"]), "control totals of both sides differ")
    counts = report["counts"]
    check(counts["verified"] == counts["sent"] == counts["created"] == len(b.expected(kept)), "counts:", counts)
    return f"{counts['verified']} cells"


@case("a second run sends nothing")
def unchanged(b):
    months, units = b.world.fresh(1), b.world.facilities
    b.fill(b.world.source, b.values(months, units, 3))
    b.transfer(b.plain_mapping(), months, units)
    counts = b.transfer(b.plain_mapping(), months, units)["counts"]
    due = len(b.expected(b.stored(b.world.source, months, units)))
    check(counts["sent"] == 0 and counts["unchanged"] == due, "counts:", counts)


@case("new, changed and equal cells are told apart, whatever the server counts; undone, all is as before")
def counting(b):
    months, units = b.world.fresh(1), b.world.facilities
    b.fill(b.world.source, b.values(months, units, 4))
    due = b.expected(b.stored(b.world.source, months, units))
    numbers = sorted(k for k in due if k[0] in (b.world.id("dataElements", "T_TESTS"), b.world.id("dataElements", "T_STOCK")))
    before = {k: due[k] for k in numbers[:2]} | {k: "77" for k in numbers[2:5]}
    b.fill(b.world.target, before)
    counts = b.transfer(b.plain_mapping(), months, units)["counts"]
    check((counts["unchanged"], counts["updated"], counts["created"]) == (2, 3, len(due) - 5), "unchanged, updated, created:", counts["unchanged"], counts["updated"], counts["created"], "of", len(due))
    same(b.stored(b.world.target, months, units), due, "the target")
    b.again("--undo")
    same(b.stored(b.world.target, months, units), before, "the target after undoing")
    return f"{len(due)} cells"


@case("an undo leaves alone what somebody changed since")
def undo_of_others(b):
    months, units = b.world.fresh(1), b.world.facilities[:1]
    b.fill(b.world.source, b.values(months, units, 5, filled=1))
    b.transfer(b.plain_mapping(), months, units)
    changed = {(*b.cell("T_TESTS"), months[0], units[0], b.world.default): "-12345"}
    b.fill(b.world.target, changed)
    report = b.again("--undo", expect=1)
    same(b.stored(b.world.target, months, units), changed, "the target after undoing")
    check([c["code"] for c in report["conflicts"]] == ["changed_meanwhile"], "told:", report["conflicts"])


@case("comment and follow-up mark of an overwritten cell stay")
def marks(b):
    (month,), (unit,) = b.world.fresh(1), b.world.facilities[:1]
    key = (*b.cell("T_TESTS"), month, unit, b.world.default)
    b.fill(b.world.target, {key: {"value": "1", "comment": "checked by phone", "followup": True, "followUp": True}})
    b.fill(b.world.source, b.values([month], [unit], 6, filled=1))
    b.transfer(b.plain_mapping(), [month], [unit])
    row = next(r for r in b.rows(b.world.target, [month], [unit]) if r["dataElement"] == key[0])
    check((row.get("comment"), row.get("followup")) == ("checked by phone", True) and row["value"] != "1", "the row:", row)


@case("comments and follow-up marks go along where it is asked for: of a sum what all its sources say, each once; undone, they are gone")
def carried(b):
    (month,), (unit,) = b.world.fresh(1), b.world.facilities[:1]
    place, ages = (month, unit, b.world.default), b.cells("S_TESTS", "AGE")

    def notes():
        return {(r["dataElement"], r["period"]): f"{r.get('comment')} {r.get('followup')}" for r in b.rows(b.world.target, [month], [unit]) if r.get("comment") or r.get("followup")}
    said = [(b.cell("S_STOCK"), "5", 'counted twice, "sure"', True), (ages[0], "7", "late", False), (ages[1], "7", "by phone", True), (ages[2], "7", "late", False)]
    b.fill(b.world.source, {(*cell, *place): {"value": v, "comment": comment, "followup": mark, "followUp": mark} for cell, v, comment, mark in said} | {(*ages[3], *place): "7"})
    b.transfer(b.plain_mapping(), [month], [unit])
    first = b.stored(b.world.target, [month], [unit])
    same(notes(), {}, "comments of a run that was not asked for them")
    report = b.transfer(b.plain_mapping(), [month], [unit], "--comments", "carry")
    wanted = {"T_STOCK": 'counted twice, "sure" True', "T_TESTS": "late; by phone True", "T_BALANCE": 'late; counted twice, "sure" True'}
    same(notes(), {(b.world.id("dataElements", k), month): v for k, v in wanted.items()}, "comments and marks")
    check((report["counts"]["carried"], report["counts"]["sent"]) == (3, 3), "counts:", report["counts"])
    journal = b.journal
    check(b.transfer(b.plain_mapping(), [month], [unit], "--comments", "carry")["counts"]["sent"] == 0, "a second run sends comments again")
    b.journal = journal
    b.again("--undo")
    same(notes(), {}, "comments and marks after undoing")
    same(b.stored(b.world.target, [month], [unit]), first, "values after undoing")


@case("a sum of zero: kept from 2.43 on or where zero is significant, else the same as no value; also over an older one")
def zeros(b):
    months, units = b.world.fresh(1), b.world.facilities[:2]
    insignificant, significant = b.cell("T_STOCK"), b.cell("T_TESTS")
    b.fill(b.world.target, {(*c, months[0], units[0], b.world.default): "5" for c in (insignificant, significant)})
    source = {(*b.cell("S_STOCK"), months[0], u, b.world.default): v for u in units for v in ("0.0",)}
    source |= {(*c, months[0], u, b.world.default): v for u in units for c, v in zip(b.cells("S_TESTS", "AGE"), ("3", "-3"))}
    rules = [(significant, [(1, c) for c in b.cells("S_TESTS", "AGE")]), (insignificant, [(1, b.cell("S_TESTS", "AGE", "0-4")), (1, b.cell("S_TESTS", "AGE", "5-14"))])]
    b.fill(b.world.source, source)
    mapping = b.mapping(b.world.source, b.world.target, rules)
    b.transfer(mapping, months, units)
    same(b.stored(b.world.target, months, units), b.expected(b.stored(b.world.source, months, units), rules), "the target")
    check(b.transfer(mapping, months, units)["counts"]["sent"] == 0, "a second run sends zeros again")


@case("what was deleted at the source is deleted at the target when asked for, of an option set too, and an undo puts it back")
def deletions(b):
    months, units = b.world.fresh(1), b.world.facilities[:1]
    place = (months[0], units[0], b.world.default)
    b.fill(b.world.source, b.values(months, units, 7, filled=1))
    b.transfer(b.plain_mapping(), months, units)
    full = b.stored(b.world.target, months, units)
    gone = {(*b.cell("S_" + n), *place) for n in ("STATUS", "REMARK")}
    held = b.stored(b.world.source, months, units)
    answer = b.post(b.world.source, {k: held[k] for k in gone}, "importStrategy=DELETE")
    if set(b.stored(b.world.source, months, units)) & gone:  # to 2.42 only without the value, and then not for an option set
        b.fill(b.world.source, {k: {"value": held[k], "deleted": True} for k in gone})
    check(not set(b.stored(b.world.source, months, units)) & gone, "values could not be deleted without the program:", answer)
    check(b.transfer(b.plain_mapping(), months, units)["counts"]["sent"] == 0, "a run that is not asked to deletes")
    report = b.transfer(b.plain_mapping(), months, units, "--deletions", "delete")
    removed = {(*b.cell("T_" + n), *place) for n in ("STATUS", "REMARK")}
    same(b.stored(b.world.target, months, units), {k: v for k, v in full.items() if k not in removed}, "the target")
    check(report["counts"]["removed"] == 2, "removed:", report["counts"]["removed"])
    b.again("--undo")
    same(b.stored(b.world.target, months, units), full, "the target after undoing")


@case("only what changed since a day is sent, and sums stay whole")
def changed_since(b):
    months, units = b.world.fresh(1), b.world.facilities
    b.fill(b.world.source, b.values(months, units, 8, filled=1))
    day = datetime.date.fromisoformat(b.world.runner.get("/api/system/info")["serverDate"][:10]) - datetime.timedelta(days=1)
    counts = b.transfer(b.plain_mapping(), months, units, "--changed-since", day)["counts"]
    kept = b.stored(b.world.source, months, units)
    b.arrived(months, units, kept)
    check(counts["sent"] == len(b.expected(kept)), "counts:", counts)


@case("months become a quarter")
def roll_up(b):
    year = b.world.fresh(12)[-12:]
    year = next(m for m in year if m.endswith("01"))[:4]
    months, units = [year + m for m in ("01", "02", "03")], b.world.facilities
    b.fill(b.world.source, b.values(months, units, 9, filled=1))
    rules = [(b.cell("Q_TESTS"), [(1, c) for c in b.cells("S_TESTS", "AGE")]), (b.cell("Q_STOCK"), [(1, b.cell("S_STOCK"))])]
    mapping = b.mapping(b.world.source, b.world.quarterly, rules, periods={"conversion": "roll-up", "source": "Monthly", "target": "Quarterly"})
    b.transfer(mapping, [year + "Q1"], units)
    wanted = {}
    for (element, coc, _, unit, aoc), value in b.expected(b.stored(b.world.source, months, units), rules, kept_only=False).items():
        key = (element, coc, year + "Q1", unit, aoc)
        wanted[key] = plain(decimal.Decimal(wanted.get(key, "0")) + decimal.Decimal(value))
    same(b.stored(b.world.quarterly, [year + "Q1", year + "Q2"], units), {k: v for k, v in wanted.items() if b.world.new_engine or v != "0"}, "the target")


@case("attribute option combos are mapped; what has no partner stays behind and is told")
def attributes(b):
    months, units = b.world.fresh(2), b.world.facilities
    cocs = b.world.cocs
    stored = {(*b.cell("P_VISITS"), m, u, cocs[("PARTNER", p)]): str(n + 3) for n, (m, u, p) in enumerate(itertools.product(months, units, ("North", "South")))}
    b.fill(b.world.by_partner, stored)
    pairs = [{"source": cocs[("PARTNER", "North")], "target": cocs[("FUNDER", "South")], "decision": "accepted"}]
    mapping = b.mapping(b.world.by_partner, b.world.by_funder, [(b.cell("U_VISITS"), [(1, b.cell("P_VISITS"))])], attribute_option_combos=pairs)
    report = b.transfer(mapping, months, units)
    wanted = {(*b.cell("U_VISITS"), m, u, cocs[("FUNDER", "South")]): v for (_, _, m, u, aoc), v in stored.items() if aoc == cocs[("PARTNER", "North")]}
    same(b.stored(b.world.by_funder, months, units), wanted, "the target")
    check(report["counts"]["unmapped"].get("attribute_option_combo") == len(stored) - len(wanted), "unmapped:", report["counts"]["unmapped"])


@case("more cells than one POST takes; the program finds the size")
def batches(b):
    months, units = b.world.fresh(1), b.world.bulk
    rules = b.rules() + [(t, [(1, s)]) for t, s in zip(b.cells("T_WIDE", "FINE"), b.cells("S_WIDE", "FINE"))]
    wide = {(*s, months[0], u, b.world.default): str(n + 1) for n, (u, s) in enumerate(itertools.product(units, b.cells("S_WIDE", "FINE")))}
    b.fill(b.world.source, b.values(months, units, 10, filled=1) | wide)
    started = time.monotonic()
    report = b.transfer(b.mapping(b.world.source, b.world.target, rules), months, units)
    took = time.monotonic() - started
    same(b.stored(b.world.target, months, units), b.expected(b.stored(b.world.source, months, units), rules), "the target")
    return f"{report['counts']['read']} values to {report['counts']['verified']} cells in {took:.1f} s"


@case("killed in the middle and resumed: nothing lost, nothing twice")
def killed(b):
    months, units = b.world.fresh(2), b.world.facilities
    b.fill(b.world.source, b.values(months, units, 11))
    words = [str(b.program), *map(str, b.words(b.plain_mapping(), months, units))]
    run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=b.environment, stdin=subprocess.DEVNULL)
    written, sizes = b.journal / "journal", set()
    while run.poll() is None and len(sizes) < 2:  # who runs what; what is to be sent
        sizes |= {written.stat().st_size} - {0} if written.exists() else set()
    run.send_signal(signal.SIGKILL)
    run.wait()
    report = b.again("--resume")
    b.arrived(months, units, b.stored(b.world.source, months, units))
    check(report["outcome"] == "done" and report["counts"]["differing"] == 0, "the report:", report["outcome"], report["counts"])
    check(b.transfer(b.plain_mapping(), months, units)["counts"]["sent"] == 0, "a run afterwards has something to send")


@case("a data set whose data the user may not read ends the run; it is never taken for one without values")
def forbidden(b):
    months, units = b.world.fresh(1), b.world.facilities[:1]
    mapping = b.mapping(b.world.hidden, b.world.target, [(b.cell("T_TESTS"), [(1, b.cell("H_TESTS"))])])
    run = b.command(*b.words(mapping, months, units), expect=(1, 3))
    check("may not" in run.stderr or "not allowed" in run.stderr or "access" in run.stderr.lower(), "said:", run.stderr[-300:])


# --- analytics in place of values ---

def tables_made(b):
    """When the server made its analytics tables last; empty: never."""
    said = b.world.server.get("/api/system/info").get("lastAnalyticsTableSuccess", "")
    return "" if said.startswith("1970") else said


def have_tables_made(b, before):
    if before and not b.make_tables:
        raise Skipped(f"analytics tables were made at {before}, and lack what this case enters; to make them anew may be long work for the server: --analytics has it done")
    answer = b.world.server.call("POST", "/api/resourceTables/analytics")
    if answer.status not in (200, 201, 202):
        raise Skipped(f"the server does not make analytics tables: {answer}")
    until = time.monotonic() + TABLES_SECONDS
    while tables_made(b) == before:
        if time.monotonic() > until:
            raise Skipped(f"the server has not made its analytics tables within {TABLES_SECONDS} seconds; they may not be made there at all")
        time.sleep(0.2)


@case("sums that analytics gives arrive as if the values had been read; what it cannot give is told")
def analytics(b):
    months, units, before = b.world.fresh(1), b.world.facilities, tables_made(b)
    stock = b.world.id("dataElements", "S_STOCK")
    b.fill(b.world.source, {k: f"{n}.25" if k[0] == stock else v for n, (k, v) in enumerate(b.values(months, units, 18).items())})  # what a binary floating point number holds exactly
    words = ("--read", "analytics")
    if not before:
        run = b.command(*b.words(b.plain_mapping(), months, units, *words), expect=2)
        check("no analytics tables" in run.stderr, "said of a server without tables:", run.stderr[-300:])
    have_tables_made(b, before)
    report = b.transfer(b.plain_mapping(), months, units, *words, expect=1)
    given = {b.world.id("dataElements", "T_" + n) for n in ("CASES", "TESTS", "BALANCE", "STOCK")}
    kept = {k: v for k, v in b.stored(b.world.source, months, units).items() if v != "0"}
    same(b.stored(b.world.target, months, units), b.expected(kept, [r for r in b.rules() if r[0][0] in given]), "the target")
    check({c["code"] for c in report["conflicts"]} == {"not_in_analytics"}, "told:", report["conflicts"])
    check(report["counts"]["refused"] == len(b.rules()) - len([r for r in b.rules() if r[0][0] in given]), "counts:", report["counts"])
    return f"{report['counts']['verified']} cells"


# --- what is foreseen, and what the server itself says to it ---

def foreseen(b, mapping, data_set, periods, units, code, cell, agrees=True):
    """`cell`: what is held back with `code`; the server, asked without the program, refuses it too."""
    report = b.transfer(mapping, periods, units, "--dry-run", expect=(0, 1))
    codes = {c["code"] for c in report["conflicts"]}
    check(code in codes, f"{code} is not foreseen, but", codes or "nothing")
    answer = b.post(data_set, {cell: "4"}, STRICT)
    kept = b.stored(data_set, [cell[2]], [cell[3]]).get(cell) is not None
    check(kept != agrees, "the server took it:" if kept else "the server refused it:", answer)
    return report


@case("a unit without the data set is held back; the others arrive")
def unassigned(b):
    months, units = b.world.fresh(1), b.world.facilities[:1] + [b.world.unassigned]
    b.fill(b.world.source, b.values(months, units, 12, filled=1))
    foreseen(b, b.plain_mapping(), b.world.target, months, units, "org_unit_not_assigned", (*b.cell("T_TESTS"), months[0], b.world.unassigned, b.world.default))
    b.transfer(b.plain_mapping(), months, units, expect=1)
    kept = {k: v for k, v in b.stored(b.world.source, months, units).items() if k[3] != b.world.unassigned}
    same(b.stored(b.world.target, months, units), b.expected(kept), "the target")


@case("a closed unit: held back from 2.43 on, taken before, as the server does")
def closed(b):
    (month,), (unit,) = b.world.fresh(1), b.world.facilities[:1]
    cell = (*b.cell("T_TESTS"), month, b.world.closed, b.world.default)
    b.fill(b.world.source, b.values([month], [unit], 13, filled=1))
    mapping = b.mapping(b.world.source, b.world.target, b.rules(), org_units=[{"source": unit, "target": b.world.closed, "decision": "accepted"}])
    if b.world.new_engine:
        foreseen(b, mapping, b.world.target, [month], [unit], "org_unit_closed", cell)
        return
    b.transfer(mapping, [month], [unit])
    check(cell in b.stored(b.world.target, [month], [b.world.closed]), "the cell did not arrive")


@case("an expired period is held back")
def expired(b):
    months, units = b.world.fresh(1), b.world.facilities[:1]
    b.fill(b.world.source, b.values(months, units, 14, filled=1))
    mapping = b.mapping(b.world.source, b.world.expiring, [(b.cell("X_TESTS"), [(1, c) for c in b.cells("S_TESTS", "AGE")])])
    foreseen(b, mapping, b.world.expiring, months, units, "period_expired", (*b.cell("X_TESTS"), months[0], units[0], b.world.default))


@case("an attribute option past its end date is held back")
def attribute_dates(b):
    months, units, cocs = b.world.fresh(1), b.world.facilities[:1], b.world.cocs
    b.fill(b.world.by_partner, {(*b.cell("P_VISITS"), months[0], units[0], cocs[("PARTNER", "North")]): "3"})
    pairs = [{"source": cocs[("PARTNER", "North")], "target": cocs[("FUNDER", "Ended")], "decision": "accepted"}]
    mapping = b.mapping(b.world.by_partner, b.world.by_funder, [(b.cell("U_VISITS"), [(1, b.cell("P_VISITS"))])], attribute_option_combos=pairs)
    foreseen(b, mapping, b.world.by_funder, months, units, "attribute_dates", (*b.cell("U_VISITS"), months[0], units[0], cocs[("FUNDER", "Ended")]))


# --- other forms ---

def by_file(b, form, content_type, query, without, seed):
    """Values out of the server in this form, translated from file to file, and put in again by hand."""
    months, units = b.world.fresh(1), b.world.facilities
    rules = [r for r in b.rules() if r[0][0] not in {b.world.id("dataElements", n) for n in without}]
    wanted_elements = {c[0] for _, terms in rules for _, c in terms}
    b.fill(b.world.source, {k: v for k, v in b.values(months, units, seed).items() if k[0] in wanted_elements})
    said = b.world.runner.call("GET", "/api/dataValueSets", format=form, dataSet=b.world.source, period=months, orgUnit=units)
    check(said.status == 200 and said.body, f"GET {form}:", said)
    ending = form.split("+")[0]
    came, goes, metadata = b.folder / f"in.{ending}", b.folder / f"out.{ending}", b.folder / "metadata.json"
    came.write_bytes(said.body)
    metadata.write_text(json.dumps(b.world.metadata()))
    b.command("transfer", "--mapping", b.mapping(b.world.source, b.world.target, rules), "--from", metadata, "--to", metadata, "--values-in", came, "--values-out", goes)
    answer = b.world.runner.call("POST", "/api/dataValueSets?" + query, goes.read_bytes(), content_type)
    check(answer.summary and answer.summary.get("status") == "SUCCESS", f"POST {form}:", answer)
    same(b.stored(b.world.target, months, units), b.expected(b.stored(b.world.source, months, units), rules), "the target")


@case("JSON out of the server is read, and JSON that is written is taken by the server")
def json_form(b):
    by_file(b, "json", "application/json", "", (), 15)


@case("the same as CSV; from 2.43 on without texts: it cuts them at a quote")
def csv_form(b):
    by_file(b, "csv", "application/csv", "dataSet=" + b.world.target, ("T_REMARK",) if b.world.new_engine else (), 16)


@case("the same as ADX: numbers of elements whose combo is their own, which is what every release can read")
def adx_form(b):
    by_file(b, "adx+xml", "application/adx+xml", "idScheme=CODE&dataSetIdScheme=CODE" if b.world.new_engine else "", ("T_CASES", "T_REMARK", "T_POWER", "T_STATUS"), 17)
