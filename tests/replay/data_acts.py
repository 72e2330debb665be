"""What the recordings of metadata and values leave out of what they use: bodies that were cut short and can be completed from themselves."""
import json
import re

CUT = "{{cut}}"


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
    body = exchange["request"].get("body")
    if exchange["id"].startswith("setup-model") and isinstance(body, str) and body.endswith(CUT):
        exchange["request"]["body"] = complete(body)
