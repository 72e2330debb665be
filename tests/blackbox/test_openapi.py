"""The running program against docs/openapi.yaml: every documented route answers with a documented status and shape, every route of the program is documented."""
import gzip
import json
import re
import time

from harness import ROOT, Browser, Case, call, free_port, wait_for
from openapi import Document

REFUSALS_OF_ALL = {400, 403, 404, 405, 408, 413, 414, 421, 429, 431, 500, 503}  # before a route is reached; said once at the head of the document
DEMO = ROOT / "examples/demo-metadata"
TOKENS = dict(re.findall(r"^\s+(district|central)\s+(d2\w+_\w+)", (DEMO / "ACCOUNTS.txt").read_text(), re.M))
CONFIG = """\
public_url: http://127.0.0.1:{port}
listen: [127.0.0.1:{port}]
admin_listen: 127.0.0.1:{admin}
store: sqlite:{directory}/state.db
keys: {directory}/keys
servers:
  - {{id: district, name: District, url: "http://127.0.0.1:{district}", addresses: [127.0.0.0/8]}}
  - {{id: central, name: Central, url: "http://127.0.0.1:{central}", addresses: [127.0.0.0/8], oauth: {{client_id: drawbridge, client_secret: {{file: {directory}/client-secret}}}}}}
log: {{level: info, format: json}}
"""
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
SECRET = "1f4b9c37-52ce-4a0e-8d61-7f0f6f6a9e21"


class OpenApi(Case):
    takes_seconds = 12

    @classmethod
    def setUpClass(cls):
        cls.document = Document()

    def setUp(self):
        directory = self.directory()
        (directory / "client-secret").write_text(SECRET)
        (directory / "client-secret").chmod(0o600)
        port, self.admin = free_port(), free_port()
        sims = {name: self.sim(version, "--demo", DEMO / f"{name}.json", "--client", f"drawbridge:{SECRET}", "--redirect-uri", f"http://127.0.0.1:{port}/v1/callback/{name}").port
                for name, version in (("district", "2.41"), ("central", "2.43"))}
        self.drawbridge(CONFIG.format(port=port, admin=self.admin, directory=directory, **sims), port)
        self.browser = Browser(port)
        self.seen = set()

    def test_what_may_be_refused_for_its_header_says_so(self):
        for path, item in self.document.root["paths"].items():
            for method, operation in item.items():
                if isinstance(operation, dict) and "XDrawbridge" in json.dumps([*operation.get("parameters", []), *item.get("parameters", [])]):
                    self.assertTrue({"403", "default"} & set(operation["responses"]), f"{method} {path}")

    def ask(self, method, route, target=None, expect=None, headers=None, body=None):
        """Calls, and holds the answer against what is documented for the route."""
        answer = self.browser.call(method, target or route, headers, body)
        documented = self.document.answers(method, route)
        said = documented.get(str(answer.status), documented.get("default"))
        place = f"{method} {target or route}: {answer}"
        if said is None:
            self.assertIn(answer.status, REFUSALS_OF_ALL, f"this status is not documented: {place}")
            said = self.document.root["components"]["responses"]["Problem"]
        if expect:
            self.assertEqual(answer.status, expect, place)
        self.seen.add((method, route))
        if method != "HEAD":
            self.check_body(answer, said, place)
        for name in said.get("headers", {}):
            if name in ("Location", "ETag"):
                self.assertIsNotNone(answer.header(name), f"no {name}: {place}")
        return answer

    def check_body(self, answer, said, place):
        kind = (answer.header("Content-Type") or "").split(";")[0]
        if not answer.body:
            self.assertNotIn("application/json", said.get("content", {}), f"nothing came: {place}")
            return
        self.assertIn(kind, said.get("content", {}), f"{kind} is not documented: {place}")
        schema = said["content"][kind].get("schema")
        if schema:
            self.assertEqual(list(self.document.problems(answer.json, schema)), [], place)

    def sign_in(self):
        for server, token in TOKENS.items():
            self.ask("POST", "/v1/servers/{server}/connection", f"/v1/servers/{server}/connection", 201, body={"kind": "pat", "token": token})

    def test_every_documented_route_answers_as_documented(self):
        self.ask("GET", "/v1/session", expect=200)
        self.ask("GET", "/v1/alignments", expect=401)
        self.ask("POST", "/v1/servers/{server}/connection", "/v1/servers/district/connection", 401, body={"kind": "pat", "token": "d2pat_nothing"})
        self.ask("POST", "/v1/servers/{server}/connection", "/v1/servers/district/connection", 401, body={"kind": "password", "username": "asha", "password": "wrong"})
        self.ask("POST", "/v1/servers/{server}/connection", "/v1/servers/nowhere/connection", 404, body={"kind": "pat", "token": "x"})
        self.ask("POST", "/v1/servers/{server}/connection", "/v1/servers/district/connection", 400, body={"kind": "nothing"})
        self.sign_in()
        self.ask("GET", "/v1/session", expect=200)
        wait_for(lambda: all("version" in one for one in self.ask("GET", "/v1/servers", expect=200).json), "both servers are probed")
        self.servers()
        self.navigations()
        alignment = self.alignments()
        self.runs(alignment)
        self.page()
        self.leave(alignment)
        missing = set(self.document.routes()) - self.seen
        self.assertEqual(missing, set())

    def servers(self):
        sets = self.ask("GET", "/v1/servers/{server}/data-sets", "/v1/servers/district/data-sets", 200).json
        self.ask("GET", "/v1/servers/{server}/data-sets", "/v1/servers/nowhere/data-sets", 404)
        self.ask("GET", "/v1/servers/{server}/data-sets/{data_set}/org-units", f"/v1/servers/district/data-sets/{sets[0]['id']}/org-units", 200)
        self.ask("GET", "/v1/servers/{server}/data-sets/{data_set}/org-units", "/v1/servers/district/data-sets/nothing/org-units", 400)
        self.ask("GET", "/v1/servers/{server}/doctor", "/v1/servers/district/doctor", 200)
        self.ask("POST", "/v1/probe", expect=200, body={})
        self.ask("POST", "/v1/backchannel-logout/{server}", "/v1/backchannel-logout/district", 404, body={})
        self.ask("POST", "/v1/handoff", expect=403, body={"code": "x" * 43, "verifier": "y" * 43})
        for method in ("GET", "HEAD"):
            self.ask(method, "/s/{server}/{path}", "/s/district/api/me?fields=id", 200)
        self.ask("GET", "/s/{server}/{path}", "/s/district/api/apiTokens", 403)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            self.ask(method, "/s/{server}/{path}", "/s/district/api/nothingSuch", body={})

    def navigations(self):
        self.ask("GET", "/v1/servers/{server}/authorize", "/v1/servers/central/authorize?return_to=%2Fservers", 303, NAVIGATION)
        refused = self.browser.call("GET", "/v1/servers/central/authorize?return_to=https%3A%2F%2Fevil.example%2F", NAVIGATION)
        self.assertEqual(refused.status, 400, refused)
        self.check_body(refused, self.document.answers("GET", "/v1/servers/{server}/authorize")["400"], str(refused))
        self.ask("GET", "/v1/callback/{server}", "/v1/callback/central?state=nothing&code=nothing", headers=NAVIGATION)

    def made_meanwhile(self, sides):
        making = self.ask("POST", "/v1/alignments", expect=202, headers={"Prefer": "respond-async"}, body=sides).json
        at, failed = f"/v1/alignments/{making['id']}", {**sides, "source": {**sides["source"], "data_set": "NothingSuch"}}
        self.ask("GET", "/v1/alignments/{alignment}/events", f"{at}/events", 200)
        self.assertEqual(self.ask("GET", "/v1/alignments/{alignment}/progress", f"{at}/progress", 200).json["state"], "done")
        self.ask("DELETE", "/v1/alignments/{alignment}", at, 204)
        making = self.ask("POST", "/v1/alignments", expect=202, headers={"Prefer": "respond-async"}, body=failed).json
        wait_for(lambda: self.ask("GET", "/v1/alignments/{alignment}/progress", f"/v1/alignments/{making['id']}/progress", 200).json["state"] == "failed", "it fails")
        self.assertEqual([one["id"] for one in self.ask("GET", "/v1/makings", expect=200).json], [making["id"]])
        for rest in ("progress", "events"):
            self.ask("GET", f"/v1/alignments/{{alignment}}/{rest}", f"/v1/alignments/nothing/{rest}", 404)

    def features(self, at, state):
        """More than half of an alignment; without them it is the same for the rest, and each element's can be had."""
        without = {**state, "elements": [{**one, "proposals": [{k: v for k, v in each.items() if k != "features"} for each in one["proposals"]]} for one in state["elements"]]}
        self.assertEqual(self.ask("GET", "/v1/alignments/{alignment}", f"{at}?features=false", 200).json, without)
        for one in state["elements"][:3]:
            told = self.ask("GET", "/v1/alignments/{alignment}/features", f"{at}/features?source_data_element={one['source']['id']}", 200).json
            self.assertEqual(told["proposals"], [{"target": each["target"]["id"], "features": each["features"]} for each in one["proposals"]])
            self.assertTrue(one["proposals"] and all(each["features"] for each in told["proposals"]))
        self.ask("GET", "/v1/alignments/{alignment}/features", "/v1/alignments/nothing/features?source_data_element=x", 404)

    def alignments(self):
        sets = {name: self.browser.call("GET", f"/v1/servers/{name}/data-sets").json for name in ("district", "central")}
        of = {name: next(one["id"] for one in sets[name] if "alaria" in one["name"]) for name in sets}
        made = self.ask("POST", "/v1/alignments", expect=201, body={name: {"server": server, "data_set": of[server]} for name, server in (("source", "district"), ("target", "central"))}).json
        self.ask("POST", "/v1/alignments", expect=400, body={})
        self.made_meanwhile({name: {"server": server, "data_set": of[server]} for name, server in (("source", "district"), ("target", "central"))})
        self.ask("GET", "/v1/alignments", expect=200)
        at = f"/v1/alignments/{made['id']}"
        state = self.ask("GET", "/v1/alignments/{alignment}", at, 200).json
        for taken, coding in (("gzip, br", "gzip"), ("gzip;q=0, br", None), ("", None)):
            packed = self.browser.call("GET", at, {"Accept-Encoding": taken})
            self.assertEqual((packed.header("Content-Encoding"), packed.header("ETag")), (coding, f'"{state["version"]}"'))
            self.assertIn("Accept-Encoding", packed.header("Vary"))
            self.assertEqual(json.loads(gzip.decompress(packed.body) if coding else packed.body), state, "long answers go packed to who takes it, for slow lines")
        self.features(at, state)
        self.ask("GET", "/v1/alignments/{alignment}", "/v1/alignments/nothing", 404)
        decisions = [{"kind": "data_element", "source_data_element": one["source"]["id"], "decision": "accepted", "targets": [{"data_element": one["proposals"][0]["target"]["id"]}]}
                     for one in state["elements"] if one["proposals"] and one["proposals"][0]["decision"] == "auto"]
        changes = self.ask("PATCH", "/v1/alignments/{alignment}", at, 200, {"If-Match": '"1"'}, {"decisions": decisions}).json
        self.assertLessEqual({one["source_data_element"] for one in decisions}, {one["source"]["id"] for one in changes["elements"]})
        self.assertEqual(changes["coverage"]["accepted"], len(decisions))
        fresh = self.ask("GET", "/v1/alignments/{alignment}", at, 200).json
        old = {one["source"]["id"]: one for one in state["elements"]} | {one["source"]["id"]: one for one in changes["elements"]}
        self.assertEqual(fresh["elements"], list(old.values()))  # what changed is all that is another
        steps = self.ask("GET", "/v1/alignments/{alignment}/history", f"{at}/history", 200).json["steps"]
        self.assertEqual([len(one["after"]) for one in steps], [len(decisions)])
        self.ask("GET", "/v1/alignments/{alignment}/history", f"{at}/history?limit=0", 400)
        self.ask("GET", "/v1/alignments/{alignment}/people", f"{at}/people", 200)
        self.ask("PUT", "/v1/alignments/{alignment}/people", f"{at}/people", 412, {"If-Match": '"1"'}, {"second_person": False, "people": []})
        self.ask("PATCH", "/v1/alignments/{alignment}", at, 412, {"If-Match": '"1"'}, {"decisions": []})
        self.ask("PATCH", "/v1/alignments/{alignment}", at, 400, {"If-Match": '"2"'}, {"decisions": [{"kind": "nothing"}]})
        self.ask("GET", "/v1/alignments/{alignment}/mapping", f"{at}/mapping", 200)
        combos = self.ask("GET", "/v1/alignments/{alignment}/combos", f"{at}/combos", 200).json
        self.assertEqual({combo["id"] for combo in combos["target"]}, {combo["id"] for combo in state["target_combos"]})
        self.assertTrue(all(len(coc["options"]) == len(combo["categories"]) for side in combos.values() for combo in side for coc in combo["option_combos"]))
        self.ask("GET", "/v1/alignments/{alignment}/combos", "/v1/alignments/nothing/combos", 404)
        self.ask("GET", "/v1/alignments/{alignment}/places", f"{at}/places", 200)
        self.ask("GET", "/v1/alignments/{alignment}/places", "/v1/alignments/nothing/places", 404)
        self.assertGreater(len(self.ask("GET", "/v1/alignments/{alignment}/places/targets", f"{at}/places/targets?kind=org_unit", 200).json), 0)
        self.ask("GET", "/v1/alignments/{alignment}/places/targets", f"{at}/places/targets?kind=nothing", 400)
        self.assertEqual(self.ask("GET", "/v1/alignments/{alignment}/drift", f"{at}/drift", 200).json["changes"], [])
        self.ask("GET", "/v1/alignments/{alignment}/drift", "/v1/alignments/nothing/drift", 404)
        self.ask("POST", "/v1/alignments/{alignment}/drift", f"{at}/drift", 412, {"If-Match": '"1"'})
        self.ask("POST", "/v1/alignments/{alignment}/drift", f"{at}/drift", 400, {"If-Match": '"2"'}, {"follow": "yes"})
        carried = self.ask("POST", "/v1/alignments/{alignment}/drift", f"{at}/drift", 200, {"If-Match": '"2"'}, {"follow": True}).json
        self.assertEqual((carried["version"], carried["kept"], carried["followed"], carried["reopened"]), (3, len(decisions), 0, []))
        self.ask("PUT", "/v1/alignments/{alignment}/drift", f"{at}/drift", 400, {"If-Match": '"3"'}, {"on_change": "never"})
        self.ask("PUT", "/v1/alignments/{alignment}/drift", f"{at}/drift", 412, {"If-Match": '"1"'}, {"on_change": "warn"})
        self.ask("PUT", "/v1/alignments/{alignment}/drift", f"{at}/drift", 200, {"If-Match": '"3"'}, {"on_change": "warn"})
        self.forms(at)
        self.data_set = of["district"]
        return made["id"]

    def forms(self, at):
        """Every form is given as documented and taken back; what nobody can read is refused and changes nothing."""
        for one in self.ask("GET", "/v1/formats", expect=200).json:
            given = self.ask("GET", "/v1/alignments/{alignment}/mapping", f"{at}/mapping?format={one['name']}")
            if given.status == 400 and one["name"] == "openhexa":
                continue  # it says that dictionaries can hold nothing of this one
            self.assertEqual(given.status, 200, given)
            self.assertIn(f'filename="mapping{one["ending"]}"', given.header("Content-Disposition"))
            self.assertEqual(given.header("Content-Type"), one["media_type"])
            if one["name"] == "json":
                self.assertEqual(list(self.document.problems(given.json, self.document.root["components"]["schemas"]["Mapping"])), [])
            version = given.header("ETag")
            if one["written_only"]:
                self.ask("PUT", "/v1/alignments/{alignment}/mapping", f"{at}/mapping?format={one['name']}", 400, {"If-Match": version, "Content-Type": one["media_type"]}, given.body)
                continue
            taken = self.ask("PUT", "/v1/alignments/{alignment}/mapping", f"{at}/mapping?format={one['name']}", 200, {"If-Match": version, "Content-Type": one["media_type"]}, given.body)
            self.assertEqual(taken.json["version"], int(version.strip('"')) + 1)
        route, target = "/v1/alignments/{alignment}/mapping", f"{at}/mapping?format=csv"
        version = self.ask("GET", route, target, 200).header("ETag")
        self.ask("GET", route, f"{at}/mapping?format=doc", 400)
        self.ask("PUT", route, target, 400, {"If-Match": version}, b"kind,decision\n")
        self.ask("PUT", route, target, 412, {"If-Match": '"1"'}, b"kind,decision\n")
        self.assertEqual(self.ask("GET", route, target, 200).header("ETag"), version)
        self.imported(at, version)

    def imported(self, at, version):
        """What a person wrote into a list is decided; what the data sets do not hold is passed over and told; what a form cannot hold is told."""
        header, *rows = self.browser.call("GET", f"{at}/mapping?format=csv").body.decode().splitlines()
        row = next(one for one in rows if ",accepted," in one or ",auto," in one).split(",")
        row[header.split(",").index("decision")] = "rejected"
        answer = self.ask("PUT", "/v1/alignments/{alignment}/mapping", f"{at}/mapping?format=csv", 200, {"If-Match": version},
                          "\n".join([header, ",".join(row), "operand,nothing,such,t,d,+,,,accepted,,,,,"]).encode())
        self.assertEqual(json.loads(answer.header("Drawbridge-Warnings")), [
            {"detail": "1 cells or pairs are passed over: the two data sets do not hold them", "said": [{"text": "{1} cells or pairs are passed over: the two data sets do not hold them", "values": ["1"]}]}])
        state = self.browser.call("GET", at).json
        cell = next(one for one in state["cells"] if one["source_data_element"] == row[1] and one["source"]["id"] == row[2])
        self.assertTrue(cell["decided"])
        self.assertNotIn((row[3], row[4]), [(one["target_data_element"], one["target"]["id"]) for one in cell["terms"]])
        told = self.browser.call("GET", f"{at}/mapping?format=aligner-csv").header("Drawbridge-Warnings")
        self.assertIn("left out: the servers", [one["detail"] for one in json.loads(told)])

    def runs(self, alignment):
        units = [one["id"] for one in self.browser.call("GET", f"/v1/servers/district/data-sets/{self.data_set}/org-units").json]
        order = {"alignment": alignment, "periods": ["202601"], "org_units": units, "dry_run": True, "accept": ["accepted"]}
        self.ask("POST", "/v1/runs", expect=400, body={})
        self.ask("POST", "/v1/runs", expect=400, body={**order, "deletions": "all"})
        self.ask("POST", "/v1/runs", None, 201, None, {**order, "changed_since": "2026-01-31", "deletions": "delete", "comments": "carry", "wait": True})
        run = self.ask("POST", "/v1/runs", None, 201, {"Idempotency-Key": "one"}, order).json
        self.assertEqual(self.ask("POST", "/v1/runs", None, 200, {"Idempotency-Key": "one"}, order).json["id"], run["id"])
        at = f"/v1/runs/{run['id']}"
        ended = ("done", "differs", "refused", "failed", "cancelled", "interrupted")
        self.ask("GET", "/v1/runs/{run}", at, 200)
        last = wait_for(lambda: (lambda now: now if now["state"] in ended else None)(self.ask("GET", "/v1/runs/{run}", at, 200).json), "the run ends")
        self.assertEqual(last["state"], "done", json.dumps(last)[:2000])
        self.ask("GET", "/v1/runs", expect=200)
        self.ask("GET", "/v1/runs/{run}/report", f"{at}/report", 200)
        self.ask("GET", "/v1/runs/{run}/order", f"{at}/order", 200)
        self.ask("GET", "/v1/runs/{run}/refused", f"{at}/refused", 200)
        sent = f"/v1/runs/{self.ask('POST', '/v1/runs', expect=201, body={**order, 'dry_run': False}).json['id']}"
        wait_for(lambda: self.ask("GET", "/v1/runs/{run}", sent, 200).json["state"] in ended, "the run ends")
        self.ask("GET", "/v1/runs/{run}/refused", f"{sent}/refused", 200)
        self.ask("GET", "/v1/runs/{run}/events", f"{at}/events", 200)
        self.ask("POST", "/v1/runs/{run}/cancel", f"{at}/cancel", 200)
        self.ask("POST", "/v1/runs/{run}/pause", f"{at}/pause", 200)
        self.ask("POST", "/v1/runs/{run}/resume", f"{at}/resume", 409)
        self.ask("POST", "/v1/runs/{run}/undo", f"{at}/undo", 409)
        self.schedules({k: v for k, v in order.items() if k not in ("periods", "dry_run")})
        for route, rest in (("/v1/runs/{run}", ""), ("/v1/runs/{run}/events", "/events"), ("/v1/runs/{run}/report", "/report"), ("/v1/runs/{run}/refused", "/refused"), ("/v1/runs/{run}/order", "/order")):
            self.ask("GET", route, f"/v1/runs/nothing{rest}", 404)

    def schedules(self, order):
        self.assertEqual(self.ask("GET", "/v1/webhooks", expect=200).json, [])
        self.ask("POST", "/v1/schedules", expect=400, body=order)
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
        made = self.ask("POST", "/v1/schedules", expect=201, body={**order, "name": "Each month", "period_type": "Monthly", "after_day": 1, "unattended_until": until}).json
        at = f"/v1/schedules/{made['id']}"
        wait_for(lambda: self.ask("GET", "/v1/schedules/{schedule}", at, 200).json.get("last", {}).get("state") in ("done", "refused", "failed"), "its run ends")
        self.ask("POST", "/v1/schedules/{schedule}/again", f"{at}/again", 200)
        self.assertEqual(len(self.ask("GET", "/v1/schedules", expect=200).json), 1)
        self.ask("GET", "/v1/runs", expect=200)
        self.ask("DELETE", "/v1/schedules/{schedule}", at, 204)
        self.ask("GET", "/v1/schedules/{schedule}", at, 404)

    def page(self):
        html = self.ask("GET", "/", expect=200).body.decode()
        for route, target in (("/servers", None), ("/servers/{screen}", "/servers/x"), ("/sign-in/{screen}", "/sign-in/district"), ("/alignments", None), ("/alignments/{screen}", "/alignments/new"),
                              ("/runs", None), ("/runs/{screen}", "/runs/x")):
            self.assertEqual(self.ask("GET", route, target, 200).body.decode(), html)
        for name in set(re.findall(r'"(/ui/[^"]+)"', html)):
            self.ask("GET", "/ui/{version}/{file}", name, 200)
        self.ask("GET", "/ui/{version}/{file}", "/ui/older/main.js", 404)
        for name in ("/sdk/drawbridge.js", "/sdk/drawbridge.d.ts", "/sdk/hosted.js"):
            answer = self.ask("GET", name, expect=200)
            self.assertEqual(self.ask("GET", name, expect=304, headers={"If-None-Match": answer.header("ETag")}).body, b"")

    def leave(self, alignment):
        self.ask("DELETE", "/v1/alignments/{alignment}", f"/v1/alignments/{alignment}", 204)
        self.ask("DELETE", "/v1/vault/{server}", "/v1/vault/central", 204)
        self.ask("DELETE", "/v1/vault", expect=204)
        self.ask("DELETE", "/v1/servers/{server}/connection", "/v1/servers/central/connection", 204)
        self.ask("GET", "/v1/servers/{server}/data-sets", "/v1/servers/central/data-sets", 401)
        self.ask("DELETE", "/v1/session", expect=204)
        self.ask("GET", "/v1/runs", expect=401)

    def test_admin_routes(self):
        for path, item in self.document.root["paths"].items():
            if "servers" in item:
                answer = call(self.admin, "GET", path)
                self.assertIn(str(answer.status), item["get"]["responses"], answer)
                self.assertNotEqual(self.browser.call("GET", path).status, 200, path)

    def test_every_route_of_the_program_is_documented(self):
        documented = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in self.document.routes()}
        found = set()
        for path in [*(ROOT / "src/api").glob("*.c"), *(ROOT / "src/gateway").glob("*.c")]:
            found |= set(re.findall(r'^\s+\{"([A-Z]+)", "(/v1/[^"]*)"', path.read_text(), re.M))
        self.assertGreater(len(found), 15)
        self.assertEqual(found - documented, set())
        self.assertEqual({one for one in documented if one[1].startswith("/v1/")} - found, set())

    def test_every_code_is_documented(self):
        codes = set(re.findall(r"^\s+X\((\w+), \d+,", (ROOT / "src/base/error.h").read_text(), re.M))
        self.assertGreater(len(codes), 40)
        self.assertEqual(codes, set(self.document.root["components"]["schemas"]["Code"]["enum"]))
