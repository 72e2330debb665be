"""Two servers with one data set each, and everything on the target that can stand in the way of a value: dates, windows, approvals, rights, units.

A target is described by plain members (see Target), so that a test names the one thing it is about, and a random world sets them all. Nothing here knows how drawbridge judges.
"""
import base64
import datetime
import json

import harness
import transfer_fixture as fixture

COUNTRY, DISTRICTS, FACILITIES = "PfCountry01", ("PfDistrict1", "PfDistrict2"), ("PfFacilit11", "PfFacilit12", "PfFacilit21")
PARENT = {DISTRICTS[0]: COUNTRY, DISTRICTS[1]: COUNTRY, FACILITIES[0]: DISTRICTS[0], FACILITIES[1]: DISTRICTS[0], FACILITIES[2]: DISTRICTS[1]}
SET, ELEMENT, WORKFLOW, LEVEL = "PfDataSet01", "PfElement01", "PfWorkflow1", "PfLevel0001"
COMBO, CATEGORY, OPTIONS, ATTRIBUTES = "PfCombo0001", "PfCategory1", ("PfOption001", "PfOption002"), ("PfAttribut1", "PfAttribut2")
DEFAULT, DEFAULT_COMBO = "HllvX50cXC0", "bjDvmb4bfuf"
PERIODS = ("202401", "202402", "202403")
PASSWORD = "Runner-test-1"


def seconds(text):
    """Of "2024-02-10 00:00" on a wall clock in UTC."""
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp())


def call(port, who, method, path, body=None):
    headers = {"Authorization": "Basic " + base64.b64encode(f"{who}:{PASSWORD}".encode()).decode(), "X-Requested-With": "XMLHttpRequest", "Accept": "application/json"}
    return harness.call(port, method, path, headers, body)


class Target:
    """What the target says of the data set and the user; the defaults let everything through."""

    def __init__(self, **members):
        self.clock = "2024-04-10 12:00"
        self.expiry_days, self.open_future, self.open_after_end = 0, 0, 0
        self.inputs = []                      # [(period, opening, closing)]
        self.exceptions = []                  # [(period, facility)]
        self.approved = []                    # [(period, unit, attribute option combo)]
        self.assigned = list(FACILITIES)
        self.unit_dates = {}                  # unit: (opening, closed)
        self.option_dates = {}                # option: (start, end)
        self.option_units = {}                # option: [unit]
        self.read_only_options, self.read_only_set = [], False
        self.user_units = [COUNTRY]
        self.authorities = ["F_DATAVALUE_ADD"]
        self.limits = []                      # [(facility, least, most)]
        for name, value in members.items():
            assert hasattr(self, name), name
            setattr(self, name, value)

    def objects(self):
        def option(uid, number):
            start, end = self.option_dates.get(uid, (None, None))
            return {"id": uid, "name": f"Partner {number}", "shortName": f"Partner {number}", **({"startDate": start} if start else {}), **({"endDate": end} if end else {}),
                    "organisationUnits": [{"id": u} for u in self.option_units.get(uid, [])], **({"sharing": {"public": "r-r-----"}} if uid in self.read_only_options else {})}

        def unit(uid):
            opening, closed = self.unit_dates.get(uid, ("2000-01-01", None))
            return {"id": uid, "name": uid, "shortName": uid, "openingDate": opening, **({"closedDate": closed} if closed else {}), **({"parent": {"id": PARENT[uid]}} if uid in PARENT else {})}
        inputs = [{"period": {"id": p}, **({"openingDate": o} if o else {}), **({"closingDate": c} if c else {})} for p, o, c in self.inputs]
        return {
            "categoryOptions": [option(uid, n + 1) for n, uid in enumerate(OPTIONS)],
            "categories": [{"id": CATEGORY, "name": "Partner", "shortName": "Partner", "dataDimensionType": "ATTRIBUTE", "categoryOptions": [{"id": uid} for uid in OPTIONS]}],
            "categoryCombos": [{"id": COMBO, "name": "Partners", "dataDimensionType": "ATTRIBUTE", "categories": [{"id": CATEGORY}], "categoryOptionCombos": [{"id": a} for a in ATTRIBUTES]}],
            "categoryOptionCombos": [{"id": a, "name": f"Partner {n + 1}", "categoryCombo": {"id": COMBO}, "categoryOptions": [{"id": OPTIONS[n]}]} for n, a in enumerate(ATTRIBUTES)],
            "dataElements": [{"id": ELEMENT, "name": "Visits", "shortName": "Visits", "domainType": "AGGREGATE", "aggregationType": "SUM", "valueType": "INTEGER", "zeroIsSignificant": True, "categoryCombo": {"id": DEFAULT_COMBO}}],
            "organisationUnits": [unit(u) for u in (COUNTRY, *DISTRICTS, *FACILITIES)],
            "dataApprovalLevels": [{"id": LEVEL, "name": "Country", "level": 1, "orgUnitLevel": 1}],
            "dataApprovalWorkflows": [{"id": WORKFLOW, "name": "Monthly approval", "periodType": "Monthly", "dataApprovalLevels": [{"id": LEVEL}]}],
            "dataSets": [{"id": SET, "name": "Monthly report", "shortName": "Monthly report", "periodType": "Monthly", "categoryCombo": {"id": COMBO}, "expiryDays": self.expiry_days, "openFuturePeriods": self.open_future,
                          "openPeriodsAfterCoEndDate": self.open_after_end, "dataInputPeriods": inputs, **({"workflow": {"id": WORKFLOW}} if self.approved else {}), "dataSetElements": [{"dataElement": {"id": ELEMENT}}],
                          "organisationUnits": [{"id": u} for u in self.assigned], **({"sharing": {"public": "r-r-----"}} if self.read_only_set else {})}],
            "userRoles": [{"id": "PfRole00001", "name": "Sender", "description": "Sends", "authorities": self.authorities}, {"id": "PfRole00002", "name": "Boss", "description": "All", "authorities": ["ALL"]}],
            "users": [{"id": "PfUser00001", "username": "runner", "password": PASSWORD, "firstName": "Run", "surname": "Ner", "userRoles": [{"id": "PfRole00001"}], "organisationUnits": [{"id": u} for u in self.user_units],
                       "dataViewOrganisationUnits": [{"id": COUNTRY}]},
                      {"id": "PfUser00002", "username": "boss", "password": PASSWORD, "firstName": "Bo", "surname": "Ss", "userRoles": [{"id": "PfRole00002"}], "organisationUnits": [{"id": COUNTRY}]}]}


def cells(periods=PERIODS):
    return [(p, u, a) for p in periods for u in FACILITIES for a in ATTRIBUTES]


def row(cell, value="5"):
    return {"dataElement": ELEMENT, "categoryOptionCombo": DEFAULT, "period": cell[0], "orgUnit": cell[1], "attributeOptionCombo": cell[2], "value": value}


def cell_of(shown):
    return (shown["period"], shown["org_unit"], shown["attribute_option_combo"])


class World(harness.Case):
    """`build` once a world; then `transfer`, `stored`, `oracle`."""

    def build(self, version, target, values=None, faults=()):
        self.folder, self.sims, self.environment = self.directory(), {}, {}
        self.version, self.target = version, target
        source = Target(clock="2024-06-01 00:00", open_future=1)
        for name, release, side, wrong in (("source", "2.41", source, ()), ("target", version, target, faults)):
            (self.folder / f"{name}.json").write_text(json.dumps(side.objects()))
            (self.folder / f"{name}-faults.json").write_text(json.dumps(list(wrong)))
            self.sims[name] = self.sim(release, "--demo", self.folder / f"{name}.json", "--faults", self.folder / f"{name}-faults.json", "--set", "control=on", "--set", "pat=on")
        self.control("source", "stop", at_s=seconds(source.clock))
        self.control("target", "stop", at_s=seconds(target.clock))
        for name, sim in self.sims.items():
            made = call(sim.port, "runner", "POST", "/api/apiToken", {"type": "PERSONAL_ACCESS_TOKEN_V2", "attributes": []})
            self.environment[f"DRAWBRIDGE_{name.upper()}_TOKEN"] = made.json["response"]["key"]
        self.values = values or {cell: "5" for cell in cells()}
        answer = call(self.sims["source"].port, "runner", "POST", "/api/dataValueSets", {"dataSet": SET, "dataValues": [row(c, v) for c, v in self.values.items()]})
        self.assertEqual(answer.json["response"]["status"], "SUCCESS", answer)
        self.arrange()
        operand = {"data_element": ELEMENT, "category_option_combo": DEFAULT}
        (self.folder / "mapping.json").write_text(json.dumps({
            "format": "drawbridge-mapping", "version": 1, "source": {"server": "source", "data_sets": [SET], "default_option_combo": DEFAULT}, "target": {"server": "target", "data_sets": [SET], "default_option_combo": DEFAULT},
            "rules": [{"target": operand, "terms": [{"sign": "+", **operand}], "decision": "accepted"}]}))
        self.write_config()
        self.runs = 0

    def write_config(self):
        (self.folder / "config.yaml").write_text(fixture.CONFIG.format(folder=self.folder, **{n: s.port for n, s in self.sims.items()}))

    def arrange(self):
        """What an administrator does at the target over its API."""
        port = self.sims["target"].port
        for period, unit in self.target.exceptions:
            self.assertEqual(call(port, "boss", "POST", f"/api/lockExceptions?ds={SET}&pe={period}&ou={unit}").status, 201)
        for period, unit, attribute in self.target.approved:
            self.assertEqual(call(port, "boss", "POST", f"/api/dataApprovals?wf={WORKFLOW}&pe={period}&ou={unit}&aoc={attribute}").status, 204)
        for unit, least, most in self.target.limits:
            body = {"source": {"id": unit}, "dataElement": {"id": ELEMENT}, "optionCombo": {"id": DEFAULT}, "min": least, "max": most, "generated": False}
            self.assertEqual(call(port, "boss", "POST", "/api/minMaxDataElements", body).status, 201)

    def control(self, name, what, **values):
        self.assertEqual(harness.call(self.sims[name].port, "POST", f"/__control/{what}", {}, values).status, 200)

    def transfer(self, *more, expect=0, periods=None):
        """`expect` None: done or something refused, as it comes."""
        self.runs += 1
        periods = periods or sorted({p for p, _, _ in self.values})
        dry = "--dry-run" in more
        report = self.folder / f"report-{self.runs}.json"
        words = ["transfer", "--config", self.folder / "config.yaml", "--mapping", self.folder / "mapping.json", "--from", "server:source", "--to", "server:target", "--periods", ",".join(periods), "--org-units", ",".join(FACILITIES),
                 "--report", report, *([] if dry else ["--journal", self.folder / f"journal-{self.runs}"]), *more]
        self.said = self.command(*words, expect=(0, 1) if expect is None else expect, environment=self.environment)
        self.report = json.loads(report.read_text())
        self.counts, self.conflicts = self.report["counts"], {}
        for conflict in self.report["conflicts"]:
            self.conflicts.setdefault(conflict["code"], []).append(conflict)
        return self.report

    def refused(self):
        """{code: number of cells} of what drawbridge held back."""
        return {code: sum(c["count"] for c in listed if not c["by_target"]) for code, listed in self.conflicts.items() if any(not c["by_target"] for c in listed)}

    def stored(self):
        query = "&".join([f"dataSet={SET}", "children=true", f"orgUnit={COUNTRY}"] + [f"period={p}" for p in sorted({p for p, _, _ in self.values})])
        answer = call(self.sims["target"].port, "boss", "GET", f"/api/dataValueSets.json?{query}").json
        return {(r.get("period", answer.get("period")), r["orgUnit"], r["attributeOptionCombo"]) for r in answer.get("dataValues", [])}

    def oracle(self):
        """The cells that the target itself takes from this user, each asked for alone and in a dry run."""
        taken, strict = set(), "&".join(f"strict{what}=true" for what in ("Periods", "DataElements", "CategoryOptionCombos", "AttributeOptionCombos", "OrganisationUnits"))
        for cell, value in self.values.items():
            answer = call(self.sims["target"].port, "runner", "POST", f"/api/dataValueSets?dryRun=true&{strict}", {"dataSet": SET, "dataValues": [row(cell, value)]}).json
            summary = answer.get("response", answer)
            if summary.get("status") == "SUCCESS" and not summary.get("conflicts"):
                taken.add(cell)
        return taken
