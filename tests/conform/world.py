"""A namespace of its own on a server: org units, elements, combos, data sets, a role and a user, all with one code prefix, made and taken away again.

What holds always: nothing is written outside of it, and `clean` takes away all of it, values first (also those that the server only marked as deleted, which keep their elements from being deleted).
Ids are drawn by chance, so that runs beside one another do not meet; the prefix tells whose they are, should one be left behind (`leftovers`).
"""
import itertools
import secrets
import string

PREFIX = "DBCONF_"
CLASSES = ["dataSets", "dataElements", "optionSets", "options", "users", "userRoles", "organisationUnits", "categoryCombos", "categoryOptionCombos", "categories", "categoryOptions"]  # as they are deleted
AGES, BANDS, SEXES, PARTNERS = ("0-4", "5-14", "15-49", "50+"), ("0-14", "15+"), ("Female", "Male"), ("North", "South", "Ended")
BULK_UNITS = 100  # what the program takes at a time; with every cell filled more than the newest releases take in one POST


def uid():
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(10))


class World:
    def __init__(self, server):
        self.server = server
        self.version, self.minor = server.release()
        self.new_engine = self.minor >= 43
        self.run = "".join(secrets.choice(string.ascii_lowercase) for _ in range(6))
        self.ids, self.objects, self.cocs = {}, {}, {}
        self.months = (f"{year}{month:02}" for year in range(2012, 2020) for month in range(1, 13))
        self.user = f"dbconf-{self.run}"
        self.password = "Db-" + secrets.token_hex(8) + "X1!"

    # --- names ---

    def id(self, *key):
        return self.ids.setdefault(key, uid())

    def code(self, text):
        return f"{PREFIX}{self.run}_{text}".upper()

    def named(self, class_name, key, name, **more):
        """An object in the namespace; returns its reference."""
        made = {"id": self.id(class_name, key), "code": self.code(key), "name": f"drawbridge {self.run} {name}", "shortName": f"db {self.run} {name}"[:50], **more}
        self.objects.setdefault(class_name, []).append(made)
        return {"id": made["id"]}

    def fresh(self, count=1):
        """Months that no case had before."""
        return list(itertools.islice(self.months, count))

    # --- what is in it ---

    def shared(self, access="rwrw----"):
        return {"public": access, "external": False, "users": {}, "userGroups": {}}

    def units(self):
        root = self.named("organisationUnits", "ROOT", "country", openingDate="2000-01-01")
        below = {"parent": root, "openingDate": "2000-01-01"}
        self.facilities = [self.named("organisationUnits", f"F{n}", f"facility {n}", **below)["id"] for n in range(1, 4)]
        self.bulk = [self.named("organisationUnits", f"B{n}", f"post {n}", **below)["id"] for n in range(1, BULK_UNITS + 1)]
        self.unassigned = self.named("organisationUnits", "NONE", "without the data set", **below)["id"]
        self.closed = self.named("organisationUnits", "CLOSED", "closed", **{**below, "closedDate": "2010-12-31"})["id"]
        self.root = root["id"]

    def combo(self, key, *categories, kind="DISAGGREGATION"):
        """A combo of [(name, options)], all option combos with it: releases from 2.43 on take all or none."""
        listed, option_ids = [], []
        for name, options in categories:
            ids = [self.named("categoryOptions", f"{key}_{name}_{n}", f"{key} {option}", sharing=self.shared(), **({"startDate": "2000-01-01", "endDate": "2011-12-31"} if option == "Ended" else {}))["id"]
                   for n, option in enumerate(options)]
            option_ids.append(list(zip(options, ids)))
            listed.append(self.named("categories", f"{key}_{name}", f"{key} {name}", dataDimensionType=kind, categoryOptions=[{"id": i} for i in ids], sharing=self.shared("rw------")))
        combo = self.named("categoryCombos", key, f"{key} combo", dataDimensionType=kind, categories=listed, skipTotal=False, sharing=self.shared("rw------"))
        self.objects["categoryCombos"][-1].pop("shortName")
        for n, chosen in enumerate(itertools.product(*option_ids)):
            coc = self.named("categoryOptionCombos", f"{key}_X{n}", f"{key} " + ", ".join(o for o, _ in chosen), categoryCombo=combo, categoryOptions=[{"id": i} for _, i in chosen])
            self.objects["categoryOptionCombos"][-1].pop("shortName")
            self.cocs[(key, *(o for o, _ in chosen))] = coc["id"]
        return combo

    def element(self, key, value_type, combo=None, **more):
        return self.named("dataElements", key, key.lower().replace("_", " "),
                          **{"domainType": "AGGREGATE", "aggregationType": "SUM", "valueType": value_type, "zeroIsSignificant": False, "categoryCombo": combo or {"id": self.default_combo},
                             "sharing": self.shared("rw------"), **more})

    def data_set(self, key, elements, units, **more):
        """elements: references, or (reference, combo in place of the element's own)."""
        members = [{"dataElement": e} if isinstance(e, dict) else {"dataElement": e[0], "categoryCombo": e[1]} for e in elements]
        return self.named("dataSets", key, f"{key} data", **{"periodType": "Monthly", "categoryCombo": {"id": self.default_combo}, "openFuturePeriods": 0, "expiryDays": 0, "dataSetElements": members,
                                                             "organisationUnits": [{"id": u} for u in units], "sharing": self.shared(), **more})["id"]

    def model(self):
        fine, age, coarse = self.combo("FINE", ("AGE", AGES), ("SEX", SEXES)), self.combo("AGE", ("AGE", AGES)), self.combo("BAND", ("BAND", BANDS))
        partner, funder = self.combo("PARTNER", ("PARTNER", PARTNERS), kind="ATTRIBUTE"), self.combo("FUNDER", ("FUNDER", PARTNERS), kind="ATTRIBUTE")
        status = self.named("optionSets", "STATUS", "status", valueType="TEXT", options=[{"id": self.id("options", n)} for n in "AB"], sharing=self.shared("rw------"))
        self.objects["optionSets"][-1].pop("shortName")
        self.objects["options"] = [{"id": self.id("options", n), "code": self.code(f"STATUS_{n}"), "name": f"status {n}", "sortOrder": i, "optionSet": status} for i, n in enumerate("AB", 1)]
        everywhere = self.facilities + self.bulk + [self.unassigned, self.closed]
        e = self.element
        self.source = self.data_set("S", [e("S_CASES", "INTEGER_ZERO_OR_POSITIVE", fine), e("S_TESTS", "INTEGER", age), e("S_STOCK", "NUMBER"), e("S_REMARK", "TEXT"), e("S_POWER", "BOOLEAN"), e("S_SHARE", "PERCENTAGE"),
                                          e("S_STATUS", "TEXT", optionSet=status), e("S_EXTRA", "INTEGER"), e("S_WIDE", "INTEGER", fine)], everywhere)
        significant = {"zeroIsSignificant": True}
        self.target = self.data_set("T", [(e("T_CASES", "INTEGER_ZERO_OR_POSITIVE"), coarse), e("T_TESTS", "INTEGER", **significant), e("T_BALANCE", "NUMBER", **significant), e("T_STOCK", "NUMBER"), e("T_REMARK", "TEXT"),
                                          e("T_POWER", "BOOLEAN"), e("T_SHARE", "PERCENTAGE"), e("T_STATUS", "TEXT", optionSet=status), e("T_WIDE", "INTEGER", fine)], self.facilities + self.bulk + [self.closed])
        self.quarterly = self.data_set("Q", [e("Q_TESTS", "INTEGER"), e("Q_STOCK", "NUMBER")], self.facilities, periodType="Quarterly")
        self.by_partner = self.data_set("P", [e("P_VISITS", "INTEGER")], self.facilities, categoryCombo=partner)
        self.by_funder = self.data_set("U", [e("U_VISITS", "INTEGER")], self.facilities, categoryCombo=funder)
        self.expiring = self.data_set("X", [e("X_TESTS", "INTEGER", **significant)], self.facilities, expiryDays=10)
        self.hidden = self.data_set("H", [e("H_TESTS", "INTEGER")], self.facilities, sharing=self.shared("rw------"))

    def metadata(self):
        """All of it as a metadata export has it, with the server's default objects."""
        return {name: self.standard.get(name, []) + self.objects.get(name, []) for name in {**self.standard, **self.objects}}

    # --- made and taken away ---

    def post(self, objects, what):
        answer = self.server.call("POST", "/api/metadata?importStrategy=CREATE_AND_UPDATE", objects)
        if not answer.summary or answer.summary.get("status") != "OK":
            raise AssertionError(f"{what} could not be made: {answer}")

    def defaults(self):
        fields = {"categoryOptions": "", "categories": ",categoryOptions%5Bid%5D", "categoryCombos": ",categories%5Bid%5D,categoryOptionCombos%5Bid%5D", "categoryOptionCombos": ",categoryCombo%5Bid%5D,categoryOptions%5Bid%5D"}
        self.standard = {name: self.server.get(f"/api/{name}?paging=false&filter=name:eq:default&fields=id,code,name{more}")[name] for name, more in fields.items()}
        combo = self.standard["categoryCombos"][0]
        self.default_combo, self.default = combo["id"], combo["categoryOptionCombos"][0]["id"]

    def make_user(self):
        role, person, unit = self.id("userRoles", "ENTRY"), self.id("users", "RUNNER"), [{"id": self.root}]
        self.post({"userRoles": [{"id": role, "code": self.code("ENTRY"), "name": f"drawbridge {self.run} data entry", "description": "Enters and sends data", "authorities": ["F_DATAVALUE_ADD"]}]}, "the role")
        words = {"username": self.user, "password": self.password, "userRoles": [{"id": role}]}
        if self.minor <= 37:
            words = {"userCredentials": {"userInfo": {"id": person}, **words}}
        answer = self.server.call("POST", "/api/users", {"id": person, "code": self.code("RUNNER"), "firstName": "Drawbridge", "surname": self.run, "email": f"{self.user}@example.org", "organisationUnits": unit,
                                                         "dataViewOrganisationUnits": unit, **words})
        if answer.status not in (200, 201):
            raise AssertionError(f"the user could not be made: {answer}")
        self.runner = self.server.as_user(self.user, self.password)

    def make(self):
        self.defaults()
        self.units()
        self.post({"organisationUnits": self.objects["organisationUnits"]}, "org units")
        self.model()
        self.post({k: v for k, v in self.objects.items() if k != "organisationUnits"}, "data elements, combos and data sets")
        self.make_user()

    def left(self, code_prefix):
        """{class: [ids]} of what is there with the prefix; the deepest org units first."""
        found = {}
        for name in CLASSES:
            rows = self.server.get(f"/api/{name}?paging=false&fields=id,code,level&filter=code:like:{code_prefix}")[name]
            found[name] = [r["id"] for r in sorted(rows, key=lambda r: -r.get("level", 0)) if r.get("code", "").startswith(code_prefix)]
        return {name: ids for name, ids in found.items() if ids}

    def clean(self, code_prefix=None):
        """Returns what could not be taken away, with the server's words. What holds on to what differs between releases, so it is tried until nothing moves."""
        prefix, moved = code_prefix or self.code(""), True
        while moved:
            found, refused, moved = self.left(prefix), [], False
            for name in ("dataElements", "organisationUnits"):  # with their values, the deleted ones too, and their audits
                for one in found.get(name, []):
                    self.server.call("POST", f"/api/maintenance/dataPruning/{name}/{one}")
            for name, ids in found.items():
                for one in ids:
                    answer = self.server.call("DELETE", f"/api/{name}/{one}")
                    gone = answer.status in (200, 204, 404)
                    moved |= gone
                    refused += [] if gone else [f"{name} {one}: {answer}"]
        return refused
