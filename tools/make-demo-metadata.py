#!/usr/bin/env python3
"""Writes the metadata of the demo: examples/demo-metadata/{district,central}.json and ACCOUNTS.txt.

Two servers that report the same things a little differently, as country servers do: names that were changed, options renamed and in another order, an age split of the district
that tiles the central one, disaggregations that stand in an element's name on the other side, elements without a counterpart. Everything here was made up for the demo.
Ids follow from the names, so that the same call writes the same files.
"""
import hashlib
import itertools
import json
import pathlib
import zlib

OUT = pathlib.Path(__file__).resolve().parent.parent / "examples" / "demo-metadata"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
DEFAULT_COMBO = "bjDvmb4bfuf"


def uid(*key):
    """11 letters and digits that follow from the key."""
    number = int.from_bytes(hashlib.sha256("/".join(key).encode()).digest()[:12], "big")
    text = LETTERS[number % 52]
    for _ in range(10):
        number //= 62
        text += LETTERS[number % 62]
    return text


def token(name):
    """A personal access token of the old form: 32 letters and digits, then their checksum (of the text with three NUL behind it)."""
    code = (uid("token", name) + uid("token2", name) + uid("token3", name))[:32]
    return f"d2pat_{code}{zlib.crc32(code.encode() + bytes(3)):010d}"


# --- organisation units: the same on both servers ---

REGIONS = {
    "Northern Region": {
        "Arua Hills": ["Arua Hills Hospital", "Kirembo Health Centre", "Lokiri Health Centre", "Nyadri Dispensary"],
        "Lake Shore": ["Lake Shore Hospital", "Bukari Health Centre", "Mpondo Dispensary"],
        "Upper Valley": ["Upper Valley Health Centre", "Tanga Dispensary", "Wera Dispensary"],
    },
    "Southern Region": {
        "Green Plains": ["Green Plains Hospital", "Sabo Health Centre", "Mwiri Health Centre", "Ndoro Dispensary"],
        "River Bend": ["River Bend Hospital", "Kalisa Health Centre", "Busia Dispensary"],
        "Stone Ridge": ["Stone Ridge Health Centre", "Gatare Dispensary", "Rusizi Dispensary"],
    },
}


def units():
    found = []

    def add(name, code, parent, size):
        found.append({"id": uid("unit", code), "code": code, "name": name, "shortName": name, "openingDate": "2010-01-01", **({"parent": {"id": parent}} if parent else {}),
                      **({"description": size} if size else {})})
        return found[-1]["id"]

    country = add("Demoland", "DL", None, None)
    for r, (region, districts) in enumerate(REGIONS.items(), 1):
        region_id = add(region, f"DL-{r}", country, None)
        for d, (district, facilities) in enumerate(districts.items(), 1):
            district_id = add(district + " District", f"DL-{r}{d}", region_id, None)
            for f, facility in enumerate(facilities, 1):
                add(facility, f"DL-{r}{d}{f:02}", district_id, "large" if "Hospital" in facility else "middle" if "Centre" in facility else "small")
    return found


def unit_id(name):
    return next(u["id"] for u in units() if u["name"] == name)


# --- what is counted ---

class Side:
    """The metadata of one server."""

    def __init__(self, name):
        self.name, self.lists = name, {n: [] for n in ("categoryOptions", "categories", "categoryCombos", "categoryOptionCombos", "dataElements", "dataSets", "sections")}
        self.combos = {"": DEFAULT_COMBO}

    def add(self, plural, key, **members):
        self.lists[plural].append({"id": uid(self.name, plural, key), **members})
        return self.lists[plural][-1]["id"]

    def combo(self, key, name, **categories):
        """A combo of categories, each {name: [option, …]}; an option may be (name, French name)."""
        category_ids, options_of = [], []
        for short, (title, options) in categories.items():
            ids = []
            for option in options:
                label, french = option if isinstance(option, tuple) else (option, None)
                option_id = uid(self.name, "categoryOptions", f"{short}/{label}")
                if option_id not in [o["id"] for o in self.lists["categoryOptions"]]:
                    self.add("categoryOptions", f"{short}/{label}", name=label, shortName=label[:50], **({"translations": [translation("NAME", french)]} if french else {}))
                ids.append((option_id, label))
            category_id = uid(self.name, "categories", short)
            if category_id not in [c["id"] for c in self.lists["categories"]]:
                self.add("categories", short, name=title, shortName=title[:50], code=f"{self.name[0].upper()}_{short.upper()}", dataDimensionType="DISAGGREGATION", categoryOptions=[{"id": i} for i, _ in ids])
            category_ids.append(category_id)
            options_of.append(ids)
        combo_id = self.add("categoryCombos", key, name=name, code=f"{self.name[0].upper()}_{key.upper()}", dataDimensionType="DISAGGREGATION", skipTotal=False, categories=[{"id": i} for i in category_ids])
        for choice in itertools.product(*options_of):
            label = ", ".join(c[1] for c in choice)
            self.add("categoryOptionCombos", f"{key}/{label}", name=label, categoryCombo={"id": combo_id}, categoryOptions=[{"id": c[0]} for c in choice])
        self.combos[key] = combo_id

    def data_set(self, key, name, code, groups, **members):
        """groups: {section: [(code, name, combo, {more})…]}."""
        elements, sections = [], []
        for order, (section, rows) in enumerate(groups.items()):
            ids = []
            for row_code, row_name, combo, *more in rows:
                more = dict(more[0]) if more else {}
                french = more.pop("fr", None)
                short = more.pop("short", row_name)
                ids.append(self.add("dataElements", row_code, code=row_code, name=row_name, shortName=short[:50], domainType="AGGREGATE", aggregationType=more.pop("aggregation", "SUM"),
                                    valueType=more.pop("type", "INTEGER_ZERO_OR_POSITIVE"), zeroIsSignificant=more.pop("zero", False), categoryCombo={"id": self.combos[combo]},
                                    **({"translations": [translation("NAME", french)]} if french else {}), **more))
            elements += ids
            sections.append((section, order, ids))
        set_id = self.add("dataSets", key, code=code, name=name, shortName=name[:50], periodType="Monthly", categoryCombo={"id": DEFAULT_COMBO}, openFuturePeriods=0, expiryDays=0, timelyDays=15,
                          formType="SECTION", dataSetElements=[{"dataElement": {"id": e}} for e in elements], organisationUnits=[{"id": u["id"]} for u in units()], **members)
        for section, order, ids in sections:
            self.add("sections", f"{key}/{section}", name=section, sortOrder=order, dataSet={"id": set_id}, dataElements=[{"id": e} for e in ids])


def translation(prop, text, locale="fr"):
    return {"locale": locale, "property": prop, "value": text}


def district():
    side = Side("district")
    side.combo("agesex", "Age (4 groups) and sex", age=("Age, 4 groups", [("<1 year", "<1 an"), ("1-4 years", "1-4 ans"), ("5-14 years", "5-14 ans"), ("15 years and above", "15 ans et plus")]),
               sex=("Sex", [("Female", "Féminin"), ("Male", "Masculin")]))
    side.combo("age", "Age (4 groups)", age=("Age, 4 groups", ["<1 year", "1-4 years", "5-14 years", "15 years and above"]))
    side.combo("sex", "Sex", sex=("Sex", ["Female", "Male"]))
    side.combo("strategy", "Vaccination strategy", strategy=("Vaccination strategy", ["Fixed post", "Outreach"]))
    side.combo("tbsex", "TB case type and sex", tbtype=("TB case type", ["New", "Relapse"]), sex=("Sex", ["Female", "Male"]))
    side.combo("mother", "Age of mother", mother=("Age of mother", ["10-14 years", "15-19 years", "20 years and above"]))
    side.data_set("malaria", "Malaria monthly report", "DST-MAL", {
        "Cases": [
            ("MAL01", "Malaria suspected cases", "agesex", {"fr": "Cas suspects de paludisme"}),
            ("MAL02", "Malaria cases tested with RDT", "age", {"fr": "Cas testés par TDR"}),
            ("MAL03", "Malaria cases tested with microscopy", "age", {"fr": "Cas testés par microscopie"}),
            ("MAL04", "Malaria confirmed cases", "agesex", {"fr": "Cas confirmés de paludisme"}),
            ("MAL05", "Malaria in pregnancy, confirmed", "", {"fr": "Paludisme confirmé chez la femme enceinte"}),
            ("MAL06", "Malaria inpatients", "age"),
            ("MAL07", "Malaria deaths in facility", "agesex", {"zero": True, "fr": "Décès dus au paludisme"}),
        ],
        "Treatment and prevention": [
            ("MAL08", "Confirmed malaria cases treated with ACT", "age"),
            ("MAL09", "IPTp 1st dose given", ""),
            ("MAL10", "IPTp 2nd dose given", ""),
            ("MAL11", "IPTp 3rd dose given", ""),
            ("MAL12", "LLIN given to pregnant women", "", {"fr": "MILDA distribuées aux femmes enceintes"}),
            ("MAL13", "LLIN given to children under 1", ""),
            ("MAL14", "ACT days out of stock", "", {"zero": True, "aggregation": "LAST"}),
            ("MAL15", "RDT kits used", ""),
        ],
    })
    side.data_set("mother", "Mother, newborn and immunisation", "DST-MCH", {
        "Antenatal care": [
            ("ANC01", "ANC 1st visit", "mother", {"fr": "CPN 1re visite"}),
            ("ANC02", "ANC 4th visit", "mother", {"fr": "CPN 4e visite"}),
            ("ANC03", "ANC 1st visit before 12 weeks", ""),
            ("ANC04", "Pregnant women tested for HIV", ""),
            ("ANC05", "Pregnant women tested HIV positive", ""),
            ("ANC06", "Pregnant women tested for syphilis", ""),
            ("ANC07", "Iron and folate given to pregnant women", ""),
        ],
        "Delivery": [
            ("DEL01", "Deliveries in facility", "mother", {"fr": "Accouchements dans la structure"}),
            ("DEL02", "Caesarean sections", ""),
            ("DEL03", "Live births", "sex", {"fr": "Naissances vivantes"}),
            ("DEL04", "Stillbirths, fresh", "", {"zero": True}),
            ("DEL05", "Stillbirths, macerated", "", {"zero": True}),
            ("DEL06", "Live births below 2500 g", "sex"),
            ("DEL07", "Maternal deaths", "", {"zero": True, "fr": "Décès maternels"}),
            ("DEL08", "Newborn deaths within 28 days", "", {"zero": True}),
            ("DEL09", "Postnatal visit within 48 hours", ""),
        ],
        "Immunisation": [
            ("EPI01", "BCG doses given", "strategy"),
            ("EPI02", "Polio birth dose given (OPV0)", "strategy"),
            ("EPI03", "Penta 1 doses given", "strategy", {"fr": "Penta 1 doses administrées"}),
            ("EPI04", "Penta 3 doses given", "strategy", {"fr": "Penta 3 doses administrées"}),
            ("EPI05", "Measles-rubella 1 doses given", "strategy"),
            ("EPI06", "Measles-rubella 2 doses given", "strategy"),
            ("EPI07", "Vitamin A given, 6-59 months", ""),
            ("EPI08", "Children fully immunised at 12 months", "sex"),
            ("EPI09", "Vaccine fridge temperature alarms", "", {"zero": True}),
        ],
    })
    side.data_set("tb", "Tuberculosis monthly report", "DST-TB", {
        "Notification": [
            ("TB01", "TB presumptive cases", "sex"),
            ("TB02", "TB cases notified, bacteriologically confirmed", "tbsex", {"fr": "Cas de TB confirmés bactériologiquement"}),
            ("TB03", "TB cases notified, clinically diagnosed", "tbsex"),
            ("TB04", "TB cases notified, extrapulmonary", "tbsex"),
            ("TB05", "TB patients with known HIV status", "sex"),
            ("TB06", "TB patients HIV positive", "sex"),
            ("TB07", "TB patients HIV positive on ART", "sex"),
            ("TB08", "Contacts under 5 started on preventive treatment", ""),
            ("TB09", "Rifampicin-resistant TB detected", "", {"zero": True}),
            ("TB10", "Sputum samples sent by motorbike", ""),
        ],
    })
    return side


def central():
    side = Side("central")
    side.combo("sexage", "Sex / Age (HMIS)", sex=("Gender", [("Male", "Masculin"), ("Female", "Féminin")]),
               age=("HMIS age group", [("Under 5 years", "Moins de 5 ans"), ("5 to 14 years", "5 à 14 ans"), ("15+ years", "15 ans et plus")]))
    side.combo("age", "HMIS age group", age=("HMIS age group", ["Under 5 years", "5 to 14 years", "15+ years"]))
    side.combo("sex", "Gender", sex=("Gender", ["Male", "Female"]))
    side.combo("session", "Immunisation session", session=("Immunisation session", ["Mobile / outreach", "Static"]))
    side.combo("llin", "LLIN target group", llin=("LLIN target group", ["Pregnant women", "Children under one year"]))
    side.combo("iptp", "IPTp dose", iptp=("IPTp dose", ["IPTp1", "IPTp2", "IPTp3"]))
    side.combo("testage", "Malaria test and age", test=("Type of malaria test", ["Microscopy", "Rapid diagnostic test"]), age=("HMIS age group", ["Under 5 years", "5 to 14 years", "15+ years"]))
    side.combo("mother", "Mother's age group", mother=("Mother's age group", ["Below 15", "15 to 19", "20+"]))
    side.data_set("malaria", "HMIS 105 Malaria", "HMIS-105-MAL", {
        "Malaria burden": [
            ("HMIS-MAL-001", "MAL - Suspected malaria cases", "sexage", {"fr": "PAL - Cas suspects"}),
            ("HMIS-MAL-002", "MAL - Cases tested for malaria", "testage"),
            ("HMIS-MAL-003", "MAL - Confirmed malaria cases", "sexage", {"fr": "PAL - Cas confirmés"}),
            ("HMIS-MAL-004", "MAL - Confirmed malaria cases, pregnant women", ""),
            ("HMIS-MAL-005", "MAL - Malaria admissions", "age"),
            ("HMIS-MAL-006", "MAL - Malaria deaths (health facility)", "sexage", {"zero": True, "fr": "PAL - Décès"}),
            ("HMIS-MAL-007", "MAL - Malaria deaths (community)", "age", {"zero": True}),
        ],
        "Malaria interventions": [
            ("HMIS-MAL-010", "MAL - Malaria cases treated with first-line ACT", "age"),
            ("HMIS-MAL-011", "MAL - IPTp doses administered", "iptp"),
            ("HMIS-MAL-012", "MAL - LLINs distributed through routine services", "llin", {"fr": "PAL - MILDA distribuées en routine"}),
            ("HMIS-MAL-013", "MAL - RDTs consumed", ""),
        ],
    })
    side.data_set("mother", "HMIS 108 Reproductive, maternal, child health", "HMIS-108-RMCH", {
        "Pregnancy": [
            ("HMIS-RMC-001", "RMCH - Antenatal client first contact", "mother", {"fr": "SMI - Premier contact prénatal"}),
            ("HMIS-RMC-002", "RMCH - Antenatal client fourth contact", "mother"),
            ("HMIS-RMC-003", "RMCH - Antenatal first contact in first trimester (<12 weeks)", "", {"short": "RMCH - ANC first contact <12 weeks"}),
            ("HMIS-RMC-004", "RMCH - Pregnant women HIV tested", ""),
            ("HMIS-RMC-005", "RMCH - Pregnant women HIV+", ""),
            ("HMIS-RMC-006", "RMCH - Pregnant women screened for syphilis", ""),
            ("HMIS-RMC-007", "RMCH - Pregnant women receiving iron/folic acid", ""),
        ],
        "Birth": [
            ("HMIS-RMC-010", "RMCH - Institutional deliveries", "mother", {"fr": "SMI - Accouchements institutionnels"}),
            ("HMIS-RMC-011", "RMCH - Deliveries by caesarean section", ""),
            ("HMIS-RMC-012", "RMCH - Live births", "sex"),
            ("HMIS-RMC-013", "RMCH - Stillbirths (fresh and macerated)", "", {"zero": True}),
            ("HMIS-RMC-014", "RMCH - Low birth weight (<2500 g)", "sex"),
            ("HMIS-RMC-015", "RMCH - Maternal deaths in facility", "", {"zero": True}),
            ("HMIS-RMC-016", "RMCH - Neonatal deaths (0-28 days)", "", {"zero": True}),
            ("HMIS-RMC-017", "RMCH - Postnatal check within 2 days", ""),
            ("HMIS-RMC-018", "RMCH - Women receiving postpartum family planning", ""),
        ],
        "EPI": [
            ("HMIS-EPI-001", "EPI - BCG", "session"),
            ("HMIS-EPI-002", "EPI - OPV 0", "session"),
            ("HMIS-EPI-003", "EPI - DPT-HepB-Hib 1 (Pentavalent)", "session"),
            ("HMIS-EPI-004", "EPI - DPT-HepB-Hib 3 (Pentavalent)", "session"),
            ("HMIS-EPI-005", "EPI - MR 1", "session"),
            ("HMIS-EPI-006", "EPI - MR 2", "session"),
            ("HMIS-EPI-007", "EPI - Vitamin A supplementation 6-59 months", ""),
            ("HMIS-EPI-008", "EPI - Fully immunised children (<1 year)", "sex"),
            ("HMIS-EPI-009", "EPI - HPV 1 doses to girls", ""),
        ],
    })
    side.data_set("tb", "HMIS 110 TB and leprosy", "HMIS-110-TB", {
        "TB": [
            ("HMIS-TB-001", "TB - People with presumptive tuberculosis", "sex"),
            ("HMIS-TB-002", "TB - Notified new cases, bacteriologically confirmed pulmonary", "sex", {"short": "TB - New, bacteriologically confirmed"}),
            ("HMIS-TB-003", "TB - Notified relapse cases, bacteriologically confirmed pulmonary", "sex", {"short": "TB - Relapse, bacteriologically confirmed"}),
            ("HMIS-TB-004", "TB - Notified new cases, clinically diagnosed pulmonary", "sex", {"short": "TB - New, clinically diagnosed"}),
            ("HMIS-TB-005", "TB - Notified relapse cases, clinically diagnosed pulmonary", "sex", {"short": "TB - Relapse, clinically diagnosed"}),
            ("HMIS-TB-006", "TB - Notified extrapulmonary cases (new and relapse)", "sex", {"short": "TB - Extrapulmonary, new and relapse"}),
            ("HMIS-TB-007", "TB - Patients with documented HIV status", "sex"),
            ("HMIS-TB-008", "TB - Patients HIV positive", "sex"),
            ("HMIS-TB-009", "TB - HIV-positive patients on antiretroviral therapy", "sex"),
            ("HMIS-TB-010", "TB - Child contacts (<5) initiated on TPT", ""),
            ("HMIS-TB-011", "TB - RR/MDR-TB cases detected", "", {"zero": True}),
        ],
        "Leprosy": [("HMIS-LEP-001", "LEP - New leprosy cases", "sex", {"zero": True})],
    })
    return side


# --- people ---

ACCOUNTS = [  # name, password, role, units, what for
    ("asha", "Asha-demo-1", "Asha", "Okello", "manager", ["Demoland"], "all of Demoland, reads and writes"),
    ("tomas", "Tomas-demo-1", "Tomas", "Ndiaye", "manager", ["Demoland"], "the same, with a second factor"),
    ("lena", "Lena-demo-1", "Lena", "Mugisha", "manager", ["Arua Hills District"], "Arua Hills District alone"),
    ("viktor", "Viktor-demo-1", "Viktor", "Sow", "viewer", ["Demoland"], "reads, may not write"),
]
SECRETS = {"district": "KVKFKRCPNZQUYMLXOVYDSQKJKZDTSRLD", "central": "GEZDGNBVGY3TQOJQMFRGGZDFMZTWQ2LK"}


def people(side):
    roles = [{"id": uid(side, "role", "manager"), "name": "Data manager", "description": "Enters and sends data", "authorities": ["F_DATAVALUE_ADD", "M_dhis-web-dataentry"]},
             {"id": uid(side, "role", "viewer"), "name": "Data viewer", "description": "Looks at data", "authorities": []}]
    users = []
    for name, password, first, last, role, places, _ in ACCOUNTS:
        at = [{"id": unit_id(p)} for p in places]
        users.append({"id": uid(side, "user", name), "username": name, "password": password, "firstName": first, "surname": last, "userRoles": [{"id": uid(side, "role", role)}], "organisationUnits": at,
                      "dataViewOrganisationUnits": at, **({"secret": SECRETS[side]} if name == "tomas" else {}), **({"token": token(f"{side}/{name}")} if name == "asha" else {})})
    return {"userRoles": roles, "users": users}


def accounts():
    width = max(len(a[0]) for a in ACCOUNTS)
    lines = ["Sign in to both servers with any of these:", ""]
    for name, password, *_, what in ACCOUNTS:
        lines.append(f"  {name:{width}}  {password:14}  {what}")
    lines += [f"  {'admin':{width}}  {'district':14}  a superuser", "",
              "Codes of tomas's second factor:  tools/totp.py SECRET"]
    lines += [f"  {side:9} {SECRETS[side]}" for side in SECRETS]
    lines += ["", "Personal access tokens of asha:"]
    lines += [f"  {side:9} {token(side + '/asha')}" for side in SECRETS]
    lines += ["", "By OAuth: choose it on the page, then sign in at the server's own login as any of them."]
    return "\n".join(lines) + "\n"


# How the stand-in server fills itself at start: how many months back, which share of the facilities reports, which share of the cells that they report, what nobody reports (the third dose is too new), and whether analytics tables are made of it.
VALUES = {"district": {"months": 13, "reporting": 0.95, "filled": 0.9, "unreported": ["MAL11"], "analytics": True}, "central": {"months": 12, "skipped": 2, "reporting": 0.3, "filled": 0.5, "analytics": True}}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    levels = [{"id": uid("level", str(n)), "level": n, "name": name} for n, name in enumerate(["Country", "Region", "District", "Facility"], 1)]
    for side in (district(), central()):
        whole = {"demo": {"values": VALUES[side.name]}, "organisationUnitLevels": levels, "organisationUnits": units(), **side.lists, **people(side.name)}
        text = json.dumps(whole, ensure_ascii=False, indent=1)
        (OUT / f"{side.name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{side.name}: {len(side.lists['dataElements'])} data elements, {len(side.lists['dataSets'])} data sets, {len(side.lists['categoryOptionCombos'])} option combos, {len(units())} units")
    (OUT / "ACCOUNTS.txt").write_text(accounts(), encoding="utf-8")


if __name__ == "__main__":
    main()
