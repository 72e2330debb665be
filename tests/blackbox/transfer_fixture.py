"""Two sides that differ a little, values for one of them, the mapping between them, and what must come of it, computed with Python's decimal alone.

Nothing here knows how drawbridge does it.
"""
import decimal
import random

CONFIG = """\
public_url: http://127.0.0.1:1
listen: [127.0.0.1:1]
store: sqlite:{folder}/state.db
keys: {folder}/keys
servers:
  - {{id: source, name: Source, url: "http://127.0.0.1:{source}", addresses: [127.0.0.0/8]}}
  - {{id: target, name: Target, url: "http://127.0.0.1:{target}", addresses: [127.0.0.0/8]}}
"""

DEFAULT = "HllvX50cXC0"
DEFAULT_COMBO = "bjDvmb4bfuf"
SEXES = ("Female", "Male")
FINE, COARSE = ("0-4", "5-14", "15-49", "50+"), ("0-14", "15+")
ROOT = "TfUnitRoot0"
PERIODS = ("202401", "202402", "202403")


def uid(kind, *numbers):
    """Eleven characters: `Tf`, the kind, numbers."""
    text = f"Tf{kind}" + "".join(f"{n:02d}" for n in numbers)
    return text + "0" * (11 - len(text))


def units(count):
    return [uid("Ou", 1, i) if i < 100 else f"TfOu01x{i:04d}" for i in range(count)]


def combo(kind, number, categories):
    """A category combo of the categories [(name, options)], with all option combos. Returns (objects by class, {option names: id})."""
    objects = {"categoryOptions": [], "categories": [], "categoryCombos": [], "categoryOptionCombos": []}
    option_ids = []
    for c, (name, options) in enumerate(categories):
        ids = [uid(kind + "Op", number, c, o) for o in range(len(options))]
        option_ids.append(ids)
        objects["categoryOptions"] += [{"id": i, "name": f"{kind}{number} {o}", "shortName": f"{kind}{number} {o}"} for i, o in zip(ids, options)]
        objects["categories"].append({"id": uid(kind + "Ca", number, c), "name": f"{kind}{number} {name}", "shortName": f"{kind}{number} {name}", "dataDimensionType": "DISAGGREGATION",
                                      "categoryOptions": [{"id": i} for i in ids]})
    combo_id = uid(kind + "Cc", number)
    found = {}
    chosen = [[]]
    for options, ids in zip((o for _, o in categories), option_ids):
        chosen = [before + [(o, i)] for before in chosen for o, i in zip(options, ids)]
    for n, choice in enumerate(chosen):
        coc = uid(kind + "Cx", number, n)
        found[tuple(o for o, _ in choice)] = coc
        objects["categoryOptionCombos"].append({"id": coc, "name": ", ".join(o for o, _ in choice), "categoryCombo": {"id": combo_id}, "categoryOptions": [{"id": i} for _, i in choice]})
    objects["categoryCombos"].append({"id": combo_id, "name": f"{kind} combo {number}", "dataDimensionType": "DISAGGREGATION", "categories": [{"id": c["id"]} for c in objects["categories"]],
                                      "categoryOptionCombos": [{"id": c["id"]} for c in objects["categoryOptionCombos"]]})
    return objects, found


class Side:
    def __init__(self, kind, elements, combos, unit_count, assigned=None):
        """elements: [(name, value type, combo number or None, more members)]."""
        self.kind, self.data_set = kind, uid(kind + "Ds", 1)
        self.objects, self.cocs = {}, {None: {(): DEFAULT}}
        for number, categories in enumerate(combos):
            objects, found = combo(kind, number, categories)
            self.cocs[number] = found
            for name, listed in objects.items():
                self.objects.setdefault(name, []).extend(listed)
        self.elements, self.combo_of = {}, {}
        for n, (name, value_type, number, more) in enumerate(elements):
            self.elements[name], self.combo_of[name] = uid(kind + "De", n), number
            self.objects.setdefault("dataElements", []).append(
                {"id": self.elements[name], "name": f"{kind} {name}", "shortName": f"{kind} {name}", "domainType": "AGGREGATE", "aggregationType": "SUM", "valueType": value_type, "zeroIsSignificant": False,
                 "categoryCombo": {"id": DEFAULT_COMBO if number is None else uid(kind + "Cc", number)}, **more})
        self.units = units(unit_count)
        self.objects["organisationUnits"] = [{"id": ROOT, "name": "Country", "shortName": "Country", "openingDate": "2000-01-01"}] + [
            {"id": u, "name": f"Facility {i}", "shortName": f"Facility {i}", "openingDate": "2000-01-01", "parent": {"id": ROOT}} for i, u in enumerate(self.units)]
        self.objects["dataSets"] = [{"id": self.data_set, "name": f"{kind} data set", "shortName": f"{kind} data set", "periodType": "Monthly", "categoryCombo": {"id": DEFAULT_COMBO},
                                     "openFuturePeriods": 0, "expiryDays": 0, "dataSetElements": [{"dataElement": {"id": e}} for e in self.elements.values()],
                                     "organisationUnits": [{"id": u} for u in (self.units if assigned is None else assigned)]}]
        self.objects["userRoles"] = [{"id": uid(kind + "Ur", 1), "name": "Data manager", "description": "Enters and sends data", "authorities": ["F_DATAVALUE_ADD"]}]
        self.objects["users"] = [{"id": uid(kind + "Us", 1), "username": "runner", "password": "Runner-test-1", "firstName": "Run", "surname": "Ner", "userRoles": [{"id": uid(kind + "Ur", 1)}],
                                  "organisationUnits": [{"id": ROOT}], "dataViewOrganisationUnits": [{"id": ROOT}]}]

    def cell(self, element, *options):
        return (self.elements[element], self.cocs[self.combo_of[element]][options])

    def cells(self, element):
        return [(self.elements[element], coc) for coc in self.cocs[self.combo_of[element]].values()]


def sides(unit_count=6, source_kind="S", target_kind="T", assigned=None):
    source = Side(source_kind, [("cases", "INTEGER_ZERO_OR_POSITIVE", 0, {}), ("tests", "INTEGER", 1, {}), ("stock", "NUMBER", None, {}), ("remark", "TEXT", None, {}), ("power", "BOOLEAN", None, {}),
                                ("unmapped", "INTEGER", None, {}), ("share", "PERCENTAGE", None, {})],
                  [(("age", FINE), ("sex", SEXES)), (("age", FINE),)], unit_count)
    target = Side(target_kind, [("cases", "INTEGER_ZERO_OR_POSITIVE", 0, {}), ("tests", "INTEGER", None, {"zeroIsSignificant": True}), ("balance", "NUMBER", None, {"zeroIsSignificant": True}), ("stock", "NUMBER", None, {}),
                                ("remark", "TEXT", None, {}), ("power", "BOOLEAN", None, {}), ("share", "PERCENTAGE", None, {})],
                  [(("age", COARSE),)], unit_count, assigned)
    return source, target


def rules(source, target):
    """[(target cell, [(sign, source cell)])]"""
    young, old = FINE[:2], FINE[2:]
    made = [(target.cell("cases", coarse), [(1, source.cell("cases", age, sex)) for age in fine for sex in SEXES]) for coarse, fine in zip(COARSE, (young, old))]
    made.append((target.cell("tests"), [(1, cell) for cell in source.cells("tests")]))
    made.append((target.cell("balance"), [(1, source.cell("tests", "0-4")), (-1, source.cell("stock"))]))
    for name in ("stock", "remark", "power", "share"):
        made.append((target.cell(name), [(1, source.cell(name))]))
    return made


def mapping(source, target, made=None, **more):
    def operand(cell):
        return {"data_element": cell[0], "category_option_combo": cell[1]}
    listed = [{"target": operand(t), "terms": [{"sign": "+" if sign > 0 else "-", **operand(s)} for sign, s in terms], "decision": "accepted"} for t, terms in made or rules(source, target)]
    listed.append({"target": None, "terms": [{"sign": "+", **operand(source.cell("unmapped"))}], "decision": "none"})
    return {"format": "drawbridge-mapping", "version": 1, "source": {"server": "source", "data_sets": [source.data_set], "default_option_combo": DEFAULT},
            "target": {"server": "target", "data_sets": [target.data_set], "default_option_combo": DEFAULT}, "rules": listed, **more}


def move(side):
    """The same org units under other ids and in capitals, all but the last assigned to the data set."""
    for unit in side.objects["organisationUnits"]:
        unit.update(id=unit["id"].replace("Ou", "Xu"), name=unit["name"].upper())
    side.units = [u.replace("Ou", "Xu") for u in side.units]
    side.objects["dataSets"][0]["organisationUnits"] = [{"id": u} for u in side.units[:-1]]


QUARTERS = {"conversion": "roll-up", "source": "Monthly", "target": "Quarterly"}


def sums(source, target):
    """The rules whose values may be added up over time."""
    return [(t, terms) for t, terms in rules(source, target) if t[0] in {target.elements[n] for n in ("cases", "tests", "balance", "stock")}]


def rolled_up(cells, period="2024Q1"):
    """The cells of months added up to one longer period, by Python's decimal."""
    made = {}
    with decimal.localcontext() as context:
        context.prec = 400
        for (element, coc, _, unit, aoc), value in cells.items():
            key = (element, coc, period, unit, aoc)
            made[key] = made.get(key, decimal.Decimal(0)) + decimal.Decimal(value)
    return {key: plain(number) for key, number in made.items()}


def values(source, seed, periods=PERIODS, filled=0.85):
    """{(element, coc, period, unit, aoc): text}"""
    chance = random.Random(seed)
    made = {}
    for period in periods:
        for unit in source.units:
            for name in source.elements:
                for cell in source.cells(name):
                    if chance.random() >= filled:
                        continue
                    made[(*cell, period, unit, DEFAULT)] = {
                        "cases": lambda: str(chance.randrange(0, 900)),
                        "tests": lambda: str(chance.randrange(-5, 5000)),
                        "stock": lambda: f"{chance.randrange(0, 10 ** chance.randrange(1, 14))}.{chance.randrange(1, 10 ** 6):06d}".rstrip("0"),
                        "remark": lambda: chance.choice(("seen, \"as is\"", "späť 💊", "two\nlines", "a;b,c")),
                        "power": lambda: chance.choice(("true", "false")),
                        "unmapped": lambda: str(chance.randrange(1, 99)),
                        "share": lambda: str(chance.randrange(0, 101)),
                    }[name]()
    return made


def plain(number):
    """Shortest text of a decimal, no exponent."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def expected(made, stored):
    """{(element, coc, period, unit, aoc): text} at the target, by the rules, from source values."""
    with decimal.localcontext() as context:
        context.prec = 600
        result = {}
        places = {key[2:] for key in stored}
        for place in places:
            for cell, terms in made:
                found = [(sign, stored[(*s, *place)]) for sign, s in terms if (*s, *place) in stored]
                if not found:
                    continue
                if len(terms) == 1 and terms[0][0] > 0:
                    text = found[0][1]
                    try:
                        text = plain(decimal.Decimal(text))
                    except decimal.InvalidOperation:
                        pass
                else:
                    text = plain(sum((sign * decimal.Decimal(v) for sign, v in found), decimal.Decimal(0)))
                result[(*cell, *place)] = text
        return result


def totals(cells, numeric):
    """{(element, period): text} of the elements that hold numbers."""
    with decimal.localcontext() as context:
        context.prec = 600
        sums = {}
        for (element, _, period, _, _), value in cells.items():
            if element in numeric:
                sums[(element, period)] = sums.get((element, period), decimal.Decimal(0)) + decimal.Decimal(value)
        return {key: plain(value) for key, value in sums.items()}


def numeric_elements(side):
    return {e["id"] for e in side.objects["dataElements"] if e["valueType"] not in ("TEXT", "BOOLEAN")}


def document(stored, data_set=None):
    rows = [{"dataElement": e, "categoryOptionCombo": c, "period": p, "orgUnit": u, "attributeOptionCombo": a, "value": v} for (e, c, p, u, a), v in stored.items()]
    return {**({"dataSet": data_set} if data_set else {}), "dataValues": rows}


def cells_of(rows):
    return {(r["dataElement"], r["categoryOptionCombo"], r["period"], r["orgUnit"], r["attributeOptionCombo"]): r["value"] for r in rows}
