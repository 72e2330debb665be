#!/usr/bin/env python3
"""Plays recorded exchanges against drawbridge-sim and counts, per file, how many answers agree.

    replay.py --sim build-san/drawbridge-sim [--transcripts DIR] [--versions 2.40,2.43] [--only PART …] [--verbose] [--no-thresholds]

The project's own fixtures (tests/replay/fixtures/<version>/*.jsonl, the same format) are played too, also where DIR is absent; all of them must agree.
left-out.json names exchanges that cannot agree, with the reason: {version or "*": {file: {id: reason}}}; they are played (what follows may need what they do), counted apart and
printed. A name there whose exchange agrees all the same is an error.
Exit code: 0 when every file reaches its share in thresholds.json ("whole": all but the named; a file that is not listed there: no minimum), else 1; 2: nothing to play.
"""
import argparse
import base64
import collections
import datetime
import gzip
import http.client
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import acts  # noqa: E402
from compare import PLACEHOLDER, Comparer  # noqa: E402

PASSWORD = "Live-data-1!"


class Sim:
    """One running stand-in server."""

    def __init__(self, program, version):
        command = [program, "--version", version, "--listen", "127.0.0.1:0", "--set", "control=on", "--set", "login-app=off"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.base = self.process.stdout.readline().strip()
        self.host = self.base.removeprefix("http://")
        self.connection = None
        self.version = version

    def call(self, method, path, headers=(), body=None):
        """-> (status, [(name, value)…], body bytes). No redirect is followed, nothing is added but what HTTP needs."""
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, timeout=180)
            try:
                return self._call(method, path, headers, body)
            except (http.client.HTTPException, OSError):
                self.connection.close()
                self.connection = None
                if attempt == 2 or self.process.poll() is not None:
                    raise

    def _call(self, method, path, headers, body):
        c = self.connection
        c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        names = {k.lower() for k, _ in headers}
        if "host" not in names:
            c.putheader("Host", self.host)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                c.putheader(name, value.encode("latin-1", "replace") if isinstance(value, str) else value)
        data = body if isinstance(body, bytes) else (body or "").encode()
        if data or method not in ("GET", "HEAD", "DELETE", "OPTIONS") or "content-length" in names:
            c.putheader("Content-Length", str(len(data)))
        c.endheaders()
        if data:
            c.send(data)
        answer = c.getresponse()
        text = answer.read()
        if answer.will_close:
            c.close()
            self.connection = None
        return answer.status, answer.getheaders(), text

    def control(self, what, **values):
        status, _, body = self.call("POST", f"/__control/{what}", [("Content-Type", "application/json")], json.dumps(values))
        if status != 200:
            raise RuntimeError(f"control {what}: {status} {body!r}")
        return json.loads(body)

    def stop(self):
        if self.connection:
            self.connection.close()
        self.process.terminate()
        return self.process.wait(180)


class Player:
    def __init__(self, sim, version, recorded):
        self.sim, self.version, self.release, self.recorded = sim, version, int(version.split(".")[1]), recorded
        # The server's clock stands, in the middle of a step of thirty seconds, so that nothing depends on how fast this is played.
        self.moment = int(datetime.datetime.now().timestamp()) // 30 * 30 + 15
        sim.control("stop", at_s=self.moment)
        self.variables = {"host": sim.host, "base": sim.base, "password": PASSWORD}
        self.file = None

    def now(self):
        return self.moment

    def advance(self, seconds):
        self.sim.control("clock", advance_s=seconds)
        self.moment += seconds

    def start(self, path):
        """Numbered placeholders are counted anew in each file; names (role-basic-uid) last."""
        self.file = path.stem
        for name in [n for n in self.variables if re.search(r"-\d+$", n) or re.match(r"(time|job|etag|millis)\d+", n)]:
            del self.variables[name]

    @staticmethod
    def basic(user):
        return basic(user)

    def fill(self, text):
        def one(match):
            name = match.group(1)
            if name in self.variables:
                return self.variables[name]
            if name.startswith("basic:"):
                return basic(name[6:])
            if name.startswith("totp:"):
                return acts.totp(self.variables[name[5:]], self.now())
            moment = re.fullmatch(r"now(-ms)?([+-]\d+)?", name)
            if moment:
                scale = 1000 if moment.group(1) else 1
                return str(int(self.now() * scale) + int(moment.group(2) or 0))
            if name == "today":
                return datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc).date().isoformat()
            raise KeyError(name)
        return PLACEHOLDER.sub(one, text)

    def request(self, exchange):
        q = exchange["request"]
        headers = q.get("headers") or []
        headers = list(headers.items()) if isinstance(headers, dict) else [tuple(h) for h in headers]
        body = q.get("body")
        if q.get("body_base64"):
            body = base64.b64decode(body)  # a flag: the body is bytes, written as base64
        elif isinstance(body, (dict, list)):
            body = self.fill(json.dumps(body, ensure_ascii=False))
        elif body is not None:
            body = self.fill(body)
        return q["method"], self.fill(q["path"]), [(k, self.fill(v)) for k, v in headers], body

    def play(self, exchange):
        """None: agreed; a list of differences; "skip": cannot be played from what was recorded."""
        if acts.before(self, exchange) == "skip" or "{{cut}}" in json.dumps(exchange["request"]):
            return "skip"
        try:
            method, path, headers, body = self.request(exchange)
        except KeyError as missing:
            return [f"request: nothing bound for {missing}"]
        status, got_headers, got_body = self.sim.call(method, path, headers, body)
        want = exchange["response"]
        comparer = Comparer(self.variables, exchange.get("shapes"))
        if want["status"] != status:
            comparer.differences.add("status", want["status"], f"{status} {got_body[:160].decode('utf-8', 'replace')}")
        if method == "HEAD":
            got_body = b""
        if "gzip on the wire" in (exchange.get("note") or ""):
            got_body = gzip.decompress(got_body)
        comparer.headers(want.get("headers"), got_headers)
        comparer.body(want.get("body"), got_body.decode("utf-8", "replace"))
        comparer.signed(exchange.get("note") or "")
        acts.after(self, exchange, got_headers, got_body)
        return comparer.differences or None


def basic(user):
    password = {"admin": "district", "None": "wrong"}.get(user, PASSWORD)
    return base64.b64encode(f"{'live-data-entry' if user == 'None' else user}:{password}".encode()).decode()


def exchanges(path):
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def play_group(program, version, group, folder, report):
    """One process for the files of a group, in order; a group is (files, settings)."""
    paths = [folder / f"{name}.jsonl" for name in group.files]
    paths = [p for p in paths if p.exists()]
    if not paths:
        return
    sim = Sim(program, group.version or version)
    player = Player(sim, version, folder.parent)
    try:
        for path in paths:
            player.start(path)
            played = exchanges(path)
            counted = path.stem in group.counted
            for setting in group.settings if counted else []:  # the set-up was made before they were
                sim.control("set", **dict(zip(("name", "value"), setting.split("="))))
            acts.start_file(player, path.stem, played)
            for exchange in played:
                try:
                    outcome = player.play(exchange)
                except (OSError, http.client.HTTPException, RuntimeError, LookupError, AttributeError) as error:
                    outcome = [f"no answer: {error!r}"]
                if counted:
                    report.add(version, path.stem, exchange, outcome)
                if sim.process.poll() is not None:
                    print(f"{version}/{path.stem}: the server ended with {sim.process.returncode} at {exchange['id']}", file=sys.stderr)
                    report.crashed = True
                    sim = player.sim = Sim(program, group.version or version)
                    sim.control("stop", at_s=player.moment)
                    player.variables["host"], player.variables["base"] = sim.host, sim.base
    finally:
        if sim.stop() != 0:
            print(f"{version}/{group.files[-1]}: the server ended with {sim.process.returncode}", file=sys.stderr)
            report.crashed = True


LEFT_OUT = json.loads((HERE / "left-out.json").read_text())


def left_out(version, name, identifier):
    """The reason why this exchange is not counted, or None."""
    for key in (version, "*"):
        reason = LEFT_OUT.get(key, {}).get(name, {}).get(identifier)
        if reason:
            return reason
    return None


class Report:
    def __init__(self, verbose):
        self.verbose = verbose
        self.named, self.needless = [], []
        self.counts = collections.OrderedDict()
        self.crashed = False

    def add(self, version, name, exchange, outcome):
        count = self.counts.setdefault((version, name), collections.Counter())
        reason = left_out(version, name, exchange["id"])
        if outcome == "skip":
            count["skipped"] += 1
            return
        count["total"] += 1
        count["agreed"] += outcome is None
        if reason:
            count["named"] += 1
            self.named.append((version, name, exchange["id"], reason))
            if outcome is None:
                self.needless.append(f"{version}/{name} [{exchange['id']}]")
        if self.verbose and outcome and not reason:
            q = exchange["request"]
            print(f"--- {version}/{name} [{exchange['id']}] {exchange.get('about', '')}\n    {q['method']} {q['path'][:160]}")
            for difference in outcome:
                print(f"    {difference}")

    def below(self, count, least):
        if least == "whole":
            return count["agreed"] + count["named"] < count["total"]
        return count["total"] > 0 and count["agreed"] / count["total"] < least

    def close(self, thresholds, check):
        sums, bad = collections.Counter(), []
        for (version, name), count in sorted(self.counts.items()):
            own = not name.startswith(("auth-", "data-"))
            least = "whole" if own else thresholds.get(version, {}).get(name, 0)
            below = check and self.below(count, least)
            bad += [f"{version}/{name}"] if below else []
            kind = "own" if own else name.split("-")[0]
            sums[version, kind, 0] += count["agreed"]
            sums[version, kind, 1] += count["total"]
            line = f"{version}/{name}: agree {count['agreed']} of {count['total']} ({count['agreed'] / max(count['total'], 1):.0%})"
            line += f", {count['named']} left out" if count["named"] else ""
            line += f", {count['skipped']} cannot be played" if count["skipped"] else ""
            print(line + (f"  BELOW {least}" if below else ""))
        for version, kind in sorted({(v, k) for v, k, _ in sums}):
            agreed, total = sums[version, kind, 0], sums[version, kind, 1]
            print(f"total {version} {kind}: agree {agreed} of {total} ({agreed / max(total, 1):.1%})")
        for reason in dict.fromkeys(r for *_, r in self.named):
            print(f"not as recorded: {reason}:\n    " + ", ".join(f"{v}/{n} [{i}]" for v, n, i, r in self.named if r == reason))
        for name in self.needless if check else []:
            print(f"{name} is named in left-out.json but agrees: take it out")
        failed = len(bad) + self.crashed + (len(self.needless) if check else 0)
        skipped = sum(count["skipped"] for count in self.counts.values())
        print(f"{max(len(self.counts) - len(bad), 0)} passed, {failed} failed, {skipped} skipped")
        return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sim", required=True)
    parser.add_argument("--transcripts", default="../shared/transcripts")
    parser.add_argument("--versions", default="2.37,2.40,2.41,2.42,2.43")
    parser.add_argument("--only", nargs="*", default=[], help="only files whose name holds one of these")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--no-thresholds", action="store_true")
    options = parser.parse_args()
    report = Report(options.verbose)
    recorded = pathlib.Path(options.transcripts)
    if not recorded.is_dir():
        print(f"{recorded} is not there: only the project's own fixtures are played")
    for version in options.versions.split(","):
        for folder, own in ((recorded / version, False), (HERE / "fixtures" / version, True)):
            names = [p.stem for p in sorted(folder.glob("*.jsonl"))]
            for group in acts.groups(version, names, own):
                group.counted = [n for n in group.counted if not options.only or any(o in n for o in options.only)]
                if group.counted:
                    play_group(options.sim, version, group, folder, report)
    if not report.counts:
        print("replay: nothing to play", file=sys.stderr)
        return 2
    return report.close(json.loads((HERE / "thresholds.json").read_text()), not options.no_thresholds)


if __name__ == "__main__":
    sys.exit(main())
