#!/usr/bin/env python3
"""Fills a DHIS2 server, stand-in or real, with made-up values through its API: every data set, the last N periods of its type, M organisation units.

    make-values.py --url http://127.0.0.1:8083 --user admin:district [--periods 12] [--org-units 50] [--seed 7] [--data-set UID …] [--also URL …]

Where there are fewer organisation units than asked for, they are made, the same ids on every server; data sets are assigned to them, and the user may write there.
--also: prepares another server in the same way (units, assignments), without values: the target of a transfer.
The last line is JSON: {"periods": […], "org_units": […], "values": n}: what is there afterwards for these periods and units. The same seed makes the same values.
"""
import argparse
import base64
import datetime
import json
import random
import sys
import urllib.error
import urllib.parse
import urllib.request

BATCH = 5000  # values in a POST: what the old engine takes in seconds
NUMERIC = ("INTEGER", "INTEGER_POSITIVE", "INTEGER_ZERO_OR_POSITIVE", "INTEGER_NEGATIVE", "NUMBER", "PERCENTAGE", "UNIT_INTERVAL")


class Server:
    def __init__(self, url, user):
        self.url, self.authorization = url.rstrip("/"), "Basic " + base64.b64encode(user.encode()).decode()

    def call(self, method, path, body=None, content_type="application/json"):
        request = urllib.request.Request(self.url + path, method=method, data=json.dumps(body).encode() if body is not None else None)
        for name, value in (("Authorization", self.authorization), ("X-Requested-With", "XMLHttpRequest"), ("Content-Type", content_type), ("Accept", "application/json")):
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
            if error.code != 409:
                sys.exit(f"make-values: {method} {path}: {error.code} {text[:300]!r}")
        return json.loads(text) if text else None

    def list(self, plural, fields, **more):
        query = urllib.parse.urlencode({"paging": "false", "fields": fields, **more})
        return self.call("GET", f"/api/{plural}?{query}").get(plural, [])

    def patch(self, plural, uid, operations):
        self.call("PATCH", f"/api/{plural}/{uid}", operations, "application/json-patch+json")


def facilities(server, count):
    """`count` organisation units of the lowest level, made where they are missing."""
    known = server.list("organisationUnits", "id,level,path", order="id:asc")
    lowest = max((u["level"] for u in known), default=0)
    found = [u["id"] for u in known if u["level"] == lowest]
    if len(found) >= count:
        return sorted(found)[:count]
    root = "MkUnit00000"
    units = [{"id": root, "name": "Generated country", "shortName": "Generated country", "openingDate": "2000-01-01"}]
    units += [{"id": f"MkUnit{i:05}", "name": f"Generated facility {i}", "shortName": f"Generated facility {i}", "openingDate": "2000-01-01", "parent": {"id": root}} for i in range(1, count + 1)]
    answer = server.call("POST", "/api/metadata", {"organisationUnits": units})
    if answer["status"] != "OK":
        sys.exit(f"make-values: the organisation units could not be made: {json.dumps(answer)[:500]}")
    me = server.call("GET", "/api/me?fields=id,organisationUnits")
    if root not in [u["id"] for u in me["organisationUnits"]]:
        server.patch("users", me["id"], [{"op": "add", "path": f"/{name}", "value": me["organisationUnits"] + [{"id": root}]} for name in ("organisationUnits", "dataViewOrganisationUnits")])
    return [u["id"] for u in units[1:]]


def assign(server, sets, units):
    for data_set in sets:
        has = {u["id"] for u in data_set.get("organisationUnits", [])}
        if not set(units) <= has:
            server.patch("dataSets", data_set["id"], [{"op": "add", "path": "/organisationUnits", "value": [{"id": u} for u in sorted(has | set(units))]}])


def prepare(server, count, only):
    sets = server.list("dataSets", "id,periodType,categoryCombo[id],organisationUnits[id],dataSetElements[dataElement[id],categoryCombo[id]]")
    sets = sorted((s for s in sets if not only or s["id"] in only), key=lambda s: s["id"])
    units = facilities(server, count)
    assign(server, sets, units)
    return sets, units


# --- periods ---

def last_periods(kind, count, today):
    """The last `count` periods of this type that are over, newest first."""
    months = {"Monthly": 1, "BiMonthly": 2, "Quarterly": 3, "SixMonthly": 6, "Yearly": 12}.get(kind)
    found = []
    if months:
        at = (today.year * 12 + today.month - 1) // months * months
        for back in range(1, count + 1):
            year, month = divmod(at - back * months, 12)
            found.append({1: f"{year}{month + 1:02}", 2: f"{year}{month // 2 + 1:02}B", 3: f"{year}Q{month // 3 + 1}", 6: f"{year}S{month // 6 + 1}", 12: f"{year}"}[months])
    elif kind == "Weekly":
        for back in range(1, count + 1):
            year, week, _ = (today - datetime.timedelta(weeks=back)).isocalendar()
            found.append(f"{year}W{week}")
    elif kind == "Daily":
        found = [f"{today - datetime.timedelta(days=back):%Y%m%d}" for back in range(1, count + 1)]
    return found


# --- values ---

def value_for(element, dice):
    kind = element["valueType"]
    if element.get("optionSet"):
        codes = [o["code"] for o in element["optionSet"].get("options", []) if o.get("code")]
        return dice.choice(codes) if codes else None
    if kind in ("INTEGER", "INTEGER_ZERO_OR_POSITIVE"):
        return str(0 if dice.random() < 0.04 else dice.randint(1, 400))
    if kind == "INTEGER_POSITIVE":
        return str(dice.randint(1, 400))
    if kind == "INTEGER_NEGATIVE":
        return str(-dice.randint(1, 40))
    if kind == "NUMBER":
        return dice.choice(["{:d}", "{:d}.5", "{:d}.25", "{:d}.125"]).format(dice.randint(1, 400))
    if kind == "PERCENTAGE":
        return str(dice.randint(1, 100))
    if kind == "UNIT_INTERVAL":
        return f"0.{dice.randint(1, 99):02}".rstrip("0")
    if kind in ("BOOLEAN", "TRUE_ONLY"):
        return "true"
    if kind == "DATE":
        return f"2025-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    return f"note {dice.randint(1, 99)}" if kind in ("TEXT", "LONG_TEXT") else None


def cells(server, sets):
    """{data set: [(element, option combo)…]}; an element that is in several sets counts for the first of each period type."""
    elements = {e["id"]: e for e in server.list("dataElements", "id,valueType,categoryCombo[id],optionSet[id,options[code]]")}
    combos = {c["id"]: sorted(o["id"] for o in c["categoryOptionCombos"]) for c in server.list("categoryCombos", "id,categoryOptionCombos[id]")}
    attribute = {}
    found, seen = {}, set()
    for data_set in sets:
        found[data_set["id"]] = rows = []
        attribute[data_set["id"]] = combos.get(data_set.get("categoryCombo", {}).get("id"), [None])[0]
        for member in sorted(data_set.get("dataSetElements", []), key=lambda m: m["dataElement"]["id"]):
            element = elements.get(member["dataElement"]["id"])
            if not element or (element["id"], data_set["periodType"]) in seen:
                continue
            seen.add((element["id"], data_set["periodType"]))
            combo = (member.get("categoryCombo") or element["categoryCombo"])["id"]
            rows += [(element, coc) for coc in combos.get(combo, [])]
    return found, attribute


def fill(server, sets, units, count, seed, today):
    rows_of, attribute = cells(server, sets)
    periods, dice = set(), random.Random(seed)
    for data_set in sets:
        values, aoc = [], attribute[data_set["id"]]
        for period in last_periods(data_set["periodType"], count, today):
            periods.add(period)
            for unit in units:
                for element, coc in rows_of[data_set["id"]]:
                    value = value_for(element, dice)
                    if value is not None:
                        values.append({"dataElement": element["id"], "period": period, "orgUnit": unit, "categoryOptionCombo": coc, "attributeOptionCombo": aoc, "value": value})
        for at in range(0, len(values), BATCH):
            answer = server.call("POST", "/api/dataValueSets", {"dataSet": data_set["id"], "dataValues": values[at:at + BATCH]})
            summary = answer.get("response", answer)
            if summary.get("status") != "SUCCESS":
                sys.exit(f"make-values: {data_set['id']}: {json.dumps({k: summary.get(k) for k in ('status', 'description', 'importCount')})} {json.dumps(summary.get('conflicts', []))[:500]}")
    return sorted(periods)


def stored(server, sets, periods, units):
    """What can be read back."""
    count = 0
    for at in range(0, len(units), 50):
        for period in periods:
            query = "&".join([f"dataSet={s['id']}" for s in sets] + [f"period={period}"] + [f"orgUnit={u}" for u in units[at:at + 50]])
            count += len((server.call("GET", "/api/dataValueSets.json?" + query) or {}).get("dataValues", []))
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--user", default="admin:district", help="NAME:PASSWORD")
    parser.add_argument("--periods", type=int, default=12)
    parser.add_argument("--org-units", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data-set", action="append", default=[])
    parser.add_argument("--also", action="append", default=[], metavar="URL")
    options = parser.parse_args()
    server = Server(options.url, options.user)
    sets, units = prepare(server, options.org_units, options.data_set)
    for url in options.also:
        other = Server(url, options.user)
        theirs = prepare(other, options.org_units, [])[1]
        if theirs != units:
            sys.exit(f"make-values: {url} has other organisation units than {options.url}")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    periods = fill(server, sets, units, options.periods, options.seed, today)
    print(json.dumps({"periods": periods, "org_units": units, "values": stored(server, sets, periods, units)}))


if __name__ == "__main__":
    main()
