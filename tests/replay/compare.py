"""What counts as the same answer, by the rules of the transcripts.

Lists that are sets in DHIS2 have no order of their own (Java's hash order comes and goes): these are compared entry by entry of the same key.
Compared: status; Location, WWW-Authenticate, Set-Cookie (names and attributes), Content-Type, Access-Control-* and the absence of each; JSON members, types, codes, counts
and texts. Not compared: Date, header order, texts of Java exceptions, Tomcat's HTML beyond being HTML, timing, names of the recording's machine.
`{{name-1}}` in what is expected matches what came and is bound to it; bound before, it must be the same again.
"""
import base64
import json
import re

PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")
# Stand for something else each time they are written; never bound.
LOOSE = re.compile(r"^(time-ms|expires-in|memory|os-version|dhis2-home|now([+-]\d+)?|now-ms([+-]\d+)?|date|time(\d+s?)?|seconds|millis\d*|ms|etag\d*|length|interval|session|today|cut|path|qr-png-\d+|rsa-modulus-\d+|key-id-\d+)$")
# Signed tokens carry the server's address: their length says nothing; their claims stand in the note.
JWT = re.compile(r"^(access-token|id-token|registration-token|iat|token-alg-none|token-other-issuer|client-assertion)")
# What /api/system/info says of the one machine and moment of a recording.
MACHINE = re.compile(r"body\.(memoryInfo|osVersion|nodeId|systemId|externalDirectory|interval\w+|databaseInfo\.(name|url))$")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Made up once by each server; and how long ago 1970 was.
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
AGO = re.compile(r"\d+ h, \d+ m, \d+ s$")
NUMERIC = re.compile(r"^(now|now-ms|seconds|millis|ms)([+-]?\d+)?$")
JAVA = re.compile(r"No content to map|java\.|jakarta\.|javax\.|org\.(hisp|springframework|hibernate)|Exception|JSON parse error|Unrecognized token|Cannot deserialize|ERROR: |could not (execute|extract)|"
                  r"Unexpected character|Unexpected end-of-input|Required request body")


class Differences(list):
    def add(self, where, expected, got):
        self.append(f"{where}: expected {short(expected)}, got {short(got)}")


def short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"


class Comparer:
    def __init__(self, variables, shapes):
        self.variables = variables
        self.shapes = shapes or {}
        self.differences = Differences()

    # Texts.

    def text(self, where, expected, got):
        if UUID.match(expected) and UUID.match(got) or AGO.match(expected) and AGO.match(got):
            return
        if "{{" not in expected:
            if expected != got and not (JAVA.search(expected) and got):
                self.differences.add(where, expected, got)
            return
        names, pattern, at = [], "", 0
        for match in PLACEHOLDER.finditer(expected):
            pattern += re.escape(expected[at:match.start()])
            name = match.group(1)
            if name == "cut":
                pattern += r"[\s\S]*"
            elif name in ("host", "base") and name in self.variables:
                pattern += re.escape(self.variables[name])
            else:
                names.append(name)
                pattern += r"(\d+)" if NUMERIC.match(name) else r"([^\"&<>;\s]*?)"
            at = match.end()
        pattern += re.escape(expected[at:])
        match = re.fullmatch(pattern, got)
        if not match:
            self.differences.add(where, expected, got)
            return
        for name, value in zip(names, match.groups()):
            self.bind(where, name, value)

    def bind(self, where, name, value):
        if LOOSE.match(name):
            return
        known = self.variables.get(name)
        if known is not None and known != value:
            self.differences.add(f"{where} {{{{{name}}}}}", known, value)
        elif known is None:
            shape = not JWT.match(name) and re.match(r"(\d+) characters", self.shapes.get(name, ""))
            if shape and len(value) != int(shape.group(1)):
                self.differences.add(f"{where} length of {{{{{name}}}}}", shape.group(1), str(len(value)))
        self.variables[name] = value

    def signed(self, note):
        """`{{access-token-1}} = {header}.{claims}.<signature …>` in a note: what a signed token said."""
        for name, header, claims in re.findall(r"(?:\{\{)?([\w-]+)(?:\}\})? = (\{.*?\})\.(\{.*?\})\.<signature", note):
            token = self.variables.get(name) or self.variables.get(f"{name}-1") or ""
            try:
                parts = [json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))) for p in token.split(".")[:2]]
            except ValueError:
                self.differences.add(f"{{{{{name}}}}}", "a signed token", token)
                continue
            for part, expected, got in (("header", json.loads(header), parts[0]), ("claims", json.loads(claims), parts[1])):
                if expected.keys() != got.keys():
                    self.differences.add(f"{{{{{name}}}}} {part}", sorted(expected), sorted(got))
                    continue
                for key in expected:
                    self.claim(f"{{{{{name}}}}} {part}.{key}", expected[key], got[key], parts[1])

    def claim(self, where, expected, got, claims):
        moment = re.fullmatch(r"iat(\+\d+)?", expected) if isinstance(expected, str) else None
        length = re.fullmatch(r"<(\d+) characters.*>", expected) if isinstance(expected, str) else None
        if moment:
            expected = claims["iat"] + int(moment.group(1) or 0)
        elif length:
            expected, got = length.group(1), str(len(got))
        elif expected == "<key id>":
            return
        if isinstance(expected, str) and isinstance(got, str):
            self.text(where, expected, got)
        elif expected != got:
            self.differences.add(where, expected, got)

    # Headers.

    def headers(self, expected, got):
        expected, got = list(expected or []), list(got or [])

        def values(headers, name):
            return [v for k, v in headers if k.lower() == name]

        for tag in values(expected, "etag"):  # what a later If-None-Match sends; "": there was none
            for name in PLACEHOLDER.findall(tag):
                self.variables[name] = (values(got, "etag") or [""])[0].removeprefix("W/").strip('"')
        names = {"location", "www-authenticate", "content-type"}
        names |= {k.lower() for k, _ in expected + got if k.lower().startswith("access-control-")}
        for name in sorted(names):
            want, have = values(expected, name), values(got, name)
            if len(want) != len(have):
                self.differences.add(name, want, have)
                continue
            for a, b in zip(want, have):
                if name in ("content-type",) or name.startswith("access-control-allow-headers"):
                    a, b = a.lower().replace(" ", ""), b.lower().replace(" ", "")
                self.text(name, a, b)
        self.cookies(values(expected, "set-cookie"), values(got, "set-cookie"))

    def cookies(self, expected, got):
        def parse(line):
            first, *attributes = [part.strip() for part in line.split(";")]
            name, _, value = first.partition("=")
            kept = sorted(a.split("=")[0].lower() if a.lower().startswith("expires") else a.lower() for a in attributes if a)
            return name, value, kept

        want, have = sorted(map(parse, expected), key=lambda c: c[0]), sorted(map(parse, got), key=lambda c: c[0])
        if [(c[0], c[2]) for c in want] != [(c[0], c[2]) for c in have]:
            self.differences.add("set-cookie", [f"{c[0]}: {'; '.join(c[2])}" for c in want], [f"{c[0]}: {'; '.join(c[2])}" for c in have])
            return
        for a, b in zip(want, have):
            if a[0] == "SESSION_EXPIRE":
                continue
            self.text(f"set-cookie {a[0]}", a[1], b[1])

    # Bodies.

    def value(self, where, expected, got):
        if isinstance(expected, str) and isinstance(got, (int, float)) and not isinstance(got, bool) and PLACEHOLDER.fullmatch(expected):
            self.text(where, expected, str(got))
        elif isinstance(expected, bool) or expected is None or isinstance(got, bool) or got is None:
            if expected is not got:
                self.differences.add(where, expected, got)
        elif isinstance(expected, (int, float)) and isinstance(got, (int, float)):
            if expected != got:
                self.differences.add(where, expected, got)
        elif isinstance(expected, str) and isinstance(got, str) and MACHINE.match(where):
            if bool(expected) != bool(got):
                self.differences.add(where, expected, got)
        elif isinstance(expected, str) and isinstance(got, str) and where.endswith(".secret") and UUID.fullmatch(expected) and UUID.fullmatch(got):
            pass  # made up by the server
        elif isinstance(expected, str) and isinstance(got, str):
            self.text(where, expected, got)
        elif isinstance(expected, list) and isinstance(got, list):
            self.array(where, expected, got)
        elif isinstance(expected, dict) and isinstance(got, dict):
            self.object(where, expected, got)
        else:
            self.differences.add(f"{where} type", expected, got)

    def object(self, where, expected, got):
        if {"uid", "id", "level", "category", "time"} <= expected.keys() & got.keys():  # a note of a job: its uid is made up
            expected, got = ({**o, "uid": "", "id": ""} for o in (expected, got))
        missing, more = sorted(expected.keys() - got.keys()), sorted(got.keys() - expected.keys())
        if missing:
            self.differences.add(f"{where} members missing", missing, "")
        if more:
            self.differences.add(f"{where} members too many", "", {k: got[k] for k in more})
        for key in expected:
            if key == "expires_in" and isinstance(got.get(key), int) and not isinstance(expected[key], str):
                # How old a shared token was is timing; which life it has is not.
                if not expected[key] * 0.9 - 1 <= got[key] <= expected[key] * 1.1 + 1:
                    self.differences.add(f"{where}.{key}", expected[key], got[key])
            elif key in got:
                self.value(f"{where}.{key}", expected[key], got[key])

    def array(self, where, expected, got):
        if len(expected) != len(got):
            self.differences.add(f"{where} count", len(expected), len(got))
            return
        if where.endswith(".codes"):  # uids made for whoever asks
            if not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]{10}", str(i)) for i in got):
                self.differences.add(where, "uids", got)
            return
        if unordered(expected) and unordered(got):
            if sorted(expected) != sorted(got):
                self.differences.add(where, sorted(expected), sorted(got))
            return
        expected, got = sorted_sets(where, *self.by_known_id(where, expected, got))
        for i, (a, b) in enumerate(zip(expected, got)):
            self.value(f"{where}[{i}]", a, b)

    def by_known_id(self, where, expected, got):
        """Tokens come in no order; those of a recording are known by names that are bound by now."""
        if not where.endswith("apiToken"):
            return expected, got
        def known(item):
            return PLACEHOLDER.sub(lambda m: self.variables.get(m.group(1), m.group(0)), item.get("id", ""))
        if not all(isinstance(i, dict) and "{{" not in known(i) for i in expected):
            return expected, got
        return sorted(expected, key=known), sorted(got, key=lambda i: i.get("id", ""))

    def body(self, expected, got):
        if (isinstance(expected, dict) and list(expected) == ["base64"]) or re.match(r"\(PNG picture, \d+ bytes\)$", str(expected)):
            if not got or got.isprintable():
                self.differences.add("body", "a picture", got)
            return
        if isinstance(expected, (dict, list)):
            expected = json.dumps(expected, ensure_ascii=False)
        expected = expected or ""
        if bool(expected) != bool(got):
            self.differences.add("body", expected or "(empty)", got or "(empty)")
            return
        if not expected:
            return
        if expected.lstrip()[:1] == "<" and re.match(r"\s*<(!doctype|html)", expected, re.I):
            if not re.match(r"\s*<(!doctype|html)", got, re.I):
                self.differences.add("body", "HTML", got)
            elif "consent-state" in expected:
                self.html(expected, got)
            return
        want = self.json_of(expected)
        if want is None:
            if expected.lstrip()[:1] in "{[" and re.search(r"\{\{cut(: [^}]*)?\}\}", expected):
                if expected.lstrip()[:1] != got.lstrip()[:1]:
                    self.differences.add("body", expected, got)
                return
            self.text("body", *sorted_lines(re.sub(r"\r\n", "\n", expected), re.sub(r"\r\n", "\n", got)))
            return
        have = self.json_of(got)
        if have is None:
            self.differences.add("body", expected, got)
            return
        self.value("body", want[0], have[0])

    def html(self, expected, got):
        """A form's hidden fields and boxes are what a script reads."""
        def fields(text):
            found = []
            for tag in re.findall(r"<input\b[^>]*>", text):
                name, value, kind = (re.search(rf'\b{a}="([^"]*)"', tag) for a in ("name", "value", "type"))
                if name and kind and kind.group(1) in ("hidden", "checkbox"):
                    found.append((kind.group(1), name.group(1), value.group(1) if value else ""))
            return sorted(found)
        want, have = fields(expected), fields(got)
        if [(f[0], f[1]) for f in want] != [(f[0], f[1]) for f in have]:
            self.differences.add("form fields", want, have)
            return
        for a, b in zip(want, have):
            self.text(f"form field {a[1]}", a[2], b[2])

    @staticmethod
    def json_of(text):
        try:
            return (json.loads(text),)
        except ValueError:
            pass
        try:  # {{placeholder}} where a number stands
            return (json.loads(re.sub(r'(?<=[:\[,])\s*\{\{([^{}]+)\}\}(?=\s*[,\]}])', r'"{{\1}}"', text)),)
        except ValueError:
            return None


SETS = {"dataValues", "errorReports", "completeDataSetRegistrations", "typeReports", "categoryOptions", "categoryOptionCombos", "dataSetElements", "organisationUnits", "dataViewOrganisationUnits", "dataInputPeriods", "translations", "resources", "users", "userRoles"}


def key_of(item):
    """What an entry of a set is known by; None: by nothing, or by what is not known beforehand."""
    if not isinstance(item, dict):
        return None
    if "dataElement" in item and "categoryOptionCombo" in item:
        return " ".join(str(item.get(k)) for k in ("dataElement", "period", "orgUnit", "categoryOptionCombo", "attributeOptionCombo"))
    if "dataSet" in item and "organisationUnit" in item and "completed" in item:
        return " ".join(str(item.get(k)) for k in ("dataSet", "period", "organisationUnit", "attributeOptionCombo"))
    if "errorCode" in item and "message" in item:
        return item["errorCode"] + item["message"]
    for name in ("klass", "id", "uid", "singular"):
        if isinstance(item.get(name), str) and "{{" not in item[name]:
            return item[name]
    for name in ("dataElement", "period", "dataSet"):
        if name in item:
            return key_of(item[name])
    return f"{item['locale']} {item['property']}" if "locale" in item and "property" in item else item.get("name")


def sorted_sets(where, expected, got):
    """Both lists in the order of their keys, where the member is a set; entries whose id is made up by the server come last, by name."""
    member = where.rsplit(".", 1)[-1]
    if member not in SETS or where.count(".") < 2 and member not in ("typeReports", "dataValues", "completeDataSetRegistrations", "dataSetElements"):
        return expected, got
    keys = [key_of(i) for i in expected]
    if all(keys) and len(set(keys)) == len(keys) and all(key_of(i) for i in got):
        return sorted(expected, key=key_of), sorted(got, key=key_of)
    return expected, got


def sorted_lines(expected, got):
    """Data values as CSV or XML: rows in one order."""
    def ordered(text):
        if text.startswith("dataelement,"):
            head, *rows = text.rstrip("\n").split("\n")
            return "\n".join([head, *sorted(rows)])
        head, *rows = text.split("<dataValue ")
        tail = rows[-1][rows[-1].index("/>") + 2:] if rows and "/>" in rows[-1] else ""
        return head + "".join(sorted("<dataValue " + r[:len(r) - len(tail) if r is rows[-1] and tail else len(r)] for r in rows)) + tail
    is_values = expected.startswith("dataelement,") or "<dataValueSet" in expected or "<adx" in expected
    return (ordered(expected), ordered(got)) if is_values else (expected, got)


def unordered(items):
    """Lists of plain words are sets in DHIS2 (authorities, scopes, namespaces)."""
    return all(isinstance(i, str) and "{{" not in i for i in items)
