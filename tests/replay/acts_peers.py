"""The acts of the files of 2.37, 2.40 and 2.42, which another person recorded with accounts of his own."""
import json
import random
import re
import string
import zlib

from acts import at_start, before_each, totp

LETTERS = string.ascii_letters + string.digits


def is_peers(hands):
    return "role-enrol-uid" not in hands.player.variables


def put(exchange, name, value):
    """Writes a name out in this one request: the recordings use it for something else elsewhere."""
    request = exchange["request"]
    request["path"] = request["path"].replace("{{" + name + "}}", value)
    request["headers"] = [[k, v.replace("{{" + name + "}}", value)] for k, v in request["headers"]]
    if isinstance(request.get("body"), str):
        request["body"] = request["body"].replace("{{" + name + "}}", value)


def first_format(nuls):
    """A token of the first format; its checksum covers so many NUL bytes behind the code."""
    code = "".join(random.choices(LETTERS, k=32))
    return f"d2pat_{code}{zlib.crc32(code.encode() + bytes(nuls)):010d}"


@before_each("auth-pat", "unknown", "unknown-xhr", "bad-checksum")
@before_each("auth-pat-off", "unknown", "unknown-xhr", "bad-checksum")
def strangers_token(hands, exchange):
    if not is_peers(hands):
        return
    good = hands.player.variables.get("pat-1", "")
    if exchange["id"].endswith("bad-checksum") and hands.player.release <= 40:
        hands.give(exchange, "pat", good[:-1] + str((int(good[-1]) + 1) % 10) if good else first_format(1))
    elif exchange["id"].endswith("bad-checksum"):
        put(exchange, "pat-2", good[:-1] + ("a" if good[-1] != "a" else "b"))
    else:
        hands.give(exchange, "pat", first_format(0))


@before_each("auth-pat", "v2")
@before_each("auth-pat-off", "v2")
def later_format(hands, exchange):
    hands.give(exchange, "pat", "d2p_" + "".join(random.choices(LETTERS, k=50)))


@before_each("auth-pat", "bad-v1-plain", "bad-v1-plus3")
def earlier_format(hands, exchange):
    plain = exchange["id"].endswith("plain")
    put(exchange, "pat-1" if plain else "pat-2", first_format(0 if plain else 3))


@before_each("auth-pat", "create-expired")
@before_each("auth-pat-off", "create-expired")
def a_minute_ago(hands, exchange):
    put(exchange, "time-ms", str((int(hands.now()) - 60) * 1000))


@before_each("auth-user-data-store", "post-string")
def any_text(hands, exchange):
    hands.give(exchange, "pat", first_format(0))


def metadata(hands):
    """These servers had the metadata of one of the cases, which are not part of the project."""
    case = hands.player.recorded.parent / "cases/dev/who-mal-en-to-fr/source.json"
    if not case.exists():
        return
    text = case.read_text()
    for plural, objects in json.loads(text).items():  # each server has default objects of its own
        for entry in objects if isinstance(objects, list) else []:
            if entry.get("name") == "default":
                text = text.replace(entry["id"], hands.ids(f"/api/{plural}", "default")[0])
    classes = {k: [o for o in v if o.get("name") != "default"] for k, v in json.loads(text).items() if isinstance(v, list)}
    for category in classes["categories"]:
        category["dataDimensionType"] = "DISAGGREGATION"
    for entry in classes["dataSets"] + classes["categoryOptions"]:  # the ordinary user of the recordings reads and writes values
        entry["sharing"] = {"public": "rwrw----"}
    _, _, content = hands.admin("POST", "/api/metadata", classes, expect=(200, 409))
    report = json.loads(content)
    if report.get("response", report)["status"] != "OK":
        raise RuntimeError(f"act: the metadata of the case: {content[:400]!r}")


@at_start("data-values", "data-values-api38")
def made_up_ids(hands, exchanges):
    """Ids of jobs, of their messages and of objects that were not stored stand in these recordings as they were."""
    if hands.player.release > 40:
        return
    slugs = {e["id"].split("/", 1)[1]: e for e in exchanges}
    made = []
    for slug, pattern in (("async", r'"id":"(\w{11})"'), ("async-tasks", r'"uid":"(\w{11})"'), *((f"metadata-{v}", r'"uid":"(\w{11})"') for v in ("none", "37", "38"))):
        made += re.findall(pattern, slugs[slug]["response"]["body"]) if slug in slugs else []
    for exchange in exchanges:
        text = json.dumps(exchange)
        for i, uid in enumerate(dict.fromkeys(made), 1):
            text = text.replace(uid, "{{made-up-%d}}" % i)
        exchange.clear()
        exchange.update(json.loads(text))


@before_each("data-values", "async-tasks")
def job_runs(hands, exchange):
    hands.player.advance(1)


# The second factor of 2.37.

@at_start("auth-two-factor")
def second_factor(hands, exchanges):
    if hands.player.release > 37:
        return
    hands.player.variables["uid-2"] = "usPEER00001"
    hands.sim.control("set", name="pat", value="on")
    hands.admin("POST", "/api/oAuth2Clients", {"name": "Peer client", "cid": "peer-client", "secret": "peer-secret-0123-4567-89ab-cdef01234",
                                               "grantTypes": ["password", "refresh_token", "authorization_code"], "redirectUris": ["http://127.0.0.1:9000/cb"]})


@before_each("auth-two-factor", "enable-put")
def written_times(hands, exchange):
    put(exchange, "time", "2026-11-24T09:30:00.000")


@before_each("auth-two-factor", "authenticate-bad", "authenticate", "form-wrong-password", "form", "form-again", "form-spaced")
def code_of_now(hands, exchange):
    if hands.player.release > 37:
        return
    code = totp(hands.player.variables["totp-secret"], hands.now())
    wrong = f"{(int(code) + 1) % 1000000:06d}"
    put(exchange, "totp", wrong if exchange["id"].endswith("authenticate-bad") else code)
    put(exchange, "totp, a blank in the middle", f"{code[:3]}%20{code[3:]}")
