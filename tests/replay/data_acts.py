"""What the recordings of metadata and values leave out of what they use: a body that was cut short and can be completed from itself, and values that were there before."""
import json
import re
import time
import urllib.parse

CUT = "{{cut}}"
KEY = ("dataElement", "period", "orgUnit", "categoryOptionCombo", "attributeOptionCombo")


def complete(body):
    """The model of data-setup is cut within its last data element, which follows the pattern of the one before: the same text under the next number and the value type of its name."""
    head = body[:-len(CUT)]
    at = head.rindex('{"id": "')
    last = head[at:]
    before = head[head.rindex('{"id": "LvdDe', 0, at):at].rstrip(", ")
    number, kind = re.search(r'"id": "LvdDe0000(\d+)"', last)[1], re.search(r'"name": "live-data type (\w+)"', last)[1]
    old_number, old_kind = re.search(r'"id": "LvdDe0000(\d+)"', before)[1], re.search(r'"name": "live-data type (\w+)"', before)[1]
    text = before.replace(f"LvdDe0000{old_number}", f"LvdDe0000{number}").replace(f"LVD_E{old_number}", f"LVD_E{number}").replace(old_kind, kind)
    assert text.startswith(last), "the recording has changed: the cut element does not follow the one before"
    whole = head[:at] + text + "]}"
    json.loads(whole)
    return whole


def before(player, exchange):
    """Completes the request; "skip": it cannot be played."""
    if "{{time1s}}" in exchange["request"]["path"]:
        back = {"u-only": 86400, "u-range-past": 3600, "u-range-tomorrow": -86400}.get(exchange["id"], 0 if exchange["id"] == "u-range-now" else 86400)
        if exchange["id"] == "u-range-now":
            player.advance(5)
        player.variables["time1s"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(player.now() - back))
    if "async-" in exchange["id"] and exchange["id"].endswith("-task"):
        player.advance(1)
    for value in [str(h) for h in dict(exchange["request"].get("headers") or {}).values()]:
        for tag in re.findall(r"\{\{(etag\d+)\}\}", value):
            player.variables.setdefault(tag, "of-another-version")
    body = exchange["request"].get("body")
    if isinstance(body, str) and re.search(r"\{\{time\d+\}\}", body):  # values that were read go back as they came
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000", time.gmtime(player.now()))
        exchange["request"]["body"] = re.sub(r"\{\{time\d+\}\}", now, body)
    if exchange["id"].startswith("setup-model") and isinstance(body, str) and body.endswith(CUT):
        exchange["request"]["body"] = complete(body)


# --- values that were there before ---

def json_of(text):
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None


def full_rows(document):
    """The rows of an answer or a request, with what stands in its header."""
    if not isinstance(document, dict) or not isinstance(document.get("dataValues"), list):
        return
    for row in document["dataValues"]:
        if isinstance(row, dict):
            whole = {**{k: document[k] for k in ("period", "orgUnit", "attributeOptionCombo") if k in document}, **{k: v for k, v in row.items() if v is not None}}
            whole.setdefault("categoryOptionCombo", "HllvX50cXC0")
            whole.setdefault("attributeOptionCombo", "HllvX50cXC0")
            yield whole


def key_of(row):
    return tuple(row.get(k) if isinstance(row.get(k), str) else "" for k in KEY)


def written_rows(request):
    """The keys that a request may write, also by codes and names; what its header says may win over what its rows say."""
    body = json_of(request.get("body"))
    keys = {key_of(row) for row in full_rows(body)}
    for row in full_rows(body):
        keys.add(key_of({**row, **{k: body[k] for k in ("period", "orgUnit", "attributeOptionCombo") if k in body}}))
    return keys


def changed_alone(exchange):
    """A single value that was updated or deleted, where what wrote it was cut: it had another value."""
    rows = list(full_rows(json_of(exchange["request"].get("body"))))
    counts = ((json_of(exchange["response"].get("body")) or {}).get("response") or {}).get("importCount") or {}
    if len(rows) != 1 or not counts.get("updated", 0) + counts.get("deleted", 0):
        return []
    before = {**rows[0], "value": "2" if rows[0].get("value") == "1" else "1"}
    before.pop("comment", None)
    return [before]


def plain(key, names):
    """With uids for codes and names, and weeks without a leading zero; the default option combo has its name too."""
    element, period, unit, coc, aoc = (names.get(part, part) for part in key)
    return element, re.sub(r"W0", "W", period), unit, coc, aoc


def rows_before(exchanges, names):
    """What answers show without that the file wrote it before: it was there."""
    found, written, cut = {}, set(), False
    for exchange in exchanges:
        cut = cut or (CUT in json.dumps(exchange["request"]) and "/dataValueSets" in exchange["request"]["path"])
        request, answer = exchange["request"], exchange["response"]
        path = request["path"]
        if "/dataValue" not in path:
            continue
        if request["method"] == "GET" and "cheme=" not in path and "unfold" not in path:
            for row in full_rows(json_of(answer.get("body"))):
                if key_of(row) not in written and all(key_of(row)):
                    found.setdefault(key_of(row), row)
        elif request["method"] in ("POST", "PUT"):
            for row in changed_alone(exchange) if cut else ():
                if key_of(row) not in written:
                    found.setdefault(key_of(row), row)
            written |= {plain(key, names) for key in written_rows(request)}
            text = request.get("body") if isinstance(request.get("body"), str) else ""
            for source in (path.partition("?")[2], text if "=" in text[:200] else ""):
                q = urllib.parse.parse_qs(source)
                written.add(tuple(q.get(k, ["HllvX50cXC0"])[0] for k in ("de", "pe", "ou", "co", "cc")))
            for line in text.splitlines()[:50]:
                cells = [c.strip('"') for c in line.split(",")]
                written |= {tuple(cells[i:i + 5]) for i in range(max(len(cells) - 4, 0))}
    return list(found.values())


def data_set_for(sets, row):
    weekly = "W" in row["period"]
    for data_set in sets:
        fits = (data_set["periodType"] == "Weekly") == weekly and row["dataElement"] in data_set["elements"] and row["attributeOptionCombo"] in data_set["aocs"]
        if fits:
            return data_set["id"]
    return None


def store(player, exchanges):
    """Through the API, as whoever stored them; who may not (any more), as a superuser."""
    def call(user, method, path, body=None):
        headers = [("Authorization", "Basic " + player.basic(user)), ("Content-Type", "application/json"), ("X-Requested-With", "XMLHttpRequest")]
        status, _, text = player.sim.call(method, path, headers, json.dumps(body) if body is not None else None)
        return json_of(text.decode("utf-8", "replace")) or {}

    names = {}
    for kind in ("dataElements", "organisationUnits", "categoryOptionCombos"):
        for thing in call("live-data-super", "GET", f"/api/{kind}?paging=false&fields=id,code,name").get(kind, []):
            names.update({thing[k]: thing["id"] for k in ("code", "name") if k in thing})
    rows = rows_before(exchanges, names)
    sets = call("live-data-super", "GET", "/api/dataSets?paging=false&fields=id,periodType,categoryCombo%5BcategoryOptionCombos%5Bid%5D%5D,dataSetElements%5BdataElement%5Bid%5D%5D").get("dataSets", [])
    for s in sets:
        s["elements"] = {m["dataElement"]["id"] for m in s.get("dataSetElements", [])}
        s["aocs"] = {c["id"] for c in s["categoryCombo"]["categoryOptionCombos"]}
    for row in rows:
        one = {k: row[k] for k in (*KEY, "value", "comment", "storedBy") if k in row}
        if "followup" in row:
            one["followup"] = one["followUp"] = bool(row["followup"])
        one.setdefault("value", "1")
        if one["value"] is None:
            one["value"] = "1"
        body = {"dataSet": data_set_for(sets, row), "dataValues": [one]}
        for user in (row.get("storedBy"), "live-data-super"):
            answer = call(user or "live-data-super", "POST", "/api/dataValueSets?force=true", {k: v for k, v in body.items() if v})
            counts = (answer.get("response") or {}).get("importCount") or {}
            if counts.get("imported", 0) + counts.get("updated", 0):
                break
        if row.get("deleted"):
            call(user or "live-data-super", "POST", "/api/dataValueSets", {"dataValues": [{**one, "deleted": True}], **({"dataSet": body["dataSet"]} if body["dataSet"] else {})})


def start_file(player, name, exchanges):
    """Before the first exchange of a file."""
    if name.startswith(("data-values-", "data-e2e")):
        store(player, exchanges)
