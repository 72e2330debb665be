"""Servers of type http: any API behind a pasted token, a key, a password; sealed, proxied and judged as DHIS2 servers are."""
import base64
import hashlib
import json
import urllib.parse

from gateway import Gateway
from scripted import Scripted

TOKEN, KEY, WORD = "Zm9vYmFyLXRva2VuLW9mLWEtcGVyc29u", "k-7f3c9a1e5b", "correct horse"


class Api(Scripted):
    """A FHIR-like API: /metadata and /Patient want a credential, and it knows three."""

    def __init__(self):
        basic = "Basic " + base64.b64encode(f"ada:{WORD}".encode()).decode()
        self.good = {("Authorization", f"Bearer {TOKEN}"), ("X-Api-Key", KEY), ("Authorization", basic)}
        super().__init__(self.answer)

    def answer(self, method, path, headers, body):
        known = any(headers.get(name) == value for name, value in self.good)
        if path.startswith("/fhir/forbidden"):
            return 403, {"Content-Type": "application/json"}, '{"no":1}'
        if not known:
            return 401, {"Content-Type": "application/json", "WWW-Authenticate": "Bearer"}, '{"who":"?"}'
        if path == "/fhir/Patient?_count=1":
            return 200, {"Content-Type": "application/fhir+json", "Set-Cookie": "route=a1; Path=/"}, f'{{"link":[{{"url":"http://127.0.0.1:{self.port}/fhir/Patient?page=2"}}]}}'
        if path == "/fhir/new":
            return 201, {"Location": f"http://127.0.0.1:{self.port}/fhir/Patient/7", "Content-Type": "application/json"}, "{}"
        return 200, {"Content-Type": "application/json"}, "{}"


class Pasted(Gateway):
    def api(self, more="", check="check: /metadata"):
        api = Api()
        self.addCleanup(api.stop)
        self.secrets |= {TOKEN, KEY, WORD}
        self.start([("fhir", None, f"url: http://127.0.0.1:{api.port}/fhir\n    type: http\n    api_key: {{header: X-API-Key}}\n    sign_in: [bearer, api-key, basic]\n    {check}\n    {more}")])
        return api

    def each(self, credential, header, value):
        api = self.api()
        browser = self.browser()
        answer = self.sign_in(browser, "fhir", 201, **credential)
        self.assertEqual((answer.json["kind"], answer.json["state"]), (credential["kind"], "ok"))
        self.assertEqual(answer.json["user"]["username"], credential.get("username", ""))
        self.assertEqual([seen[1] for seen in api.seen], ["/fhir/metadata"])
        page = browser.call("GET", "/s/fhir/Patient?_count=1")
        self.assertEqual((page.status, page.json["link"][0]["url"]), (200, f"{self.public}/s/fhir/Patient?page=2"))
        self.assertIsNone(page.header("Set-Cookie"))
        self.assertEqual(api.seen[-1][2][header], value)
        made = browser.call("POST", "/s/fhir/new", body={"a": 1})
        self.assertEqual((made.status, made.header("Location")), (201, f"{self.public}/s/fhir/Patient/7"))
        self.assertEqual(api.seen[-1][2].get("Cookie"), "route=a1", "its cookie is kept for this connection, and nothing is made up beside it")
        self.restart()
        self.assertEqual(browser.call("GET", "/s/fhir/metadata").status, 200)
        api.good.clear()
        self.refused(browser.call("GET", "/s/fhir/metadata"), 401, "reauth_required", server="fhir")
        self.assertEqual(self.connections(browser)["fhir"]["state"], "reauth_required")
        before = len(api.seen)
        self.refused(browser.call("GET", "/s/fhir/metadata"), 401, "reauth_required", server="fhir")
        self.assertEqual(len(api.seen), before, "a refused credential is not sent again")
        self.assertEqual(browser.call("DELETE", "/v1/servers/fhir/connection").status, 204)
        self.assertEqual(len(api.seen), before, "nothing that a person pasted is ended at the server")

    def test_bearer(self):
        self.each({"kind": "bearer", "token": TOKEN, "username": "Ada's token"}, "Authorization", f"Bearer {TOKEN}")

    def test_api_key(self):
        self.each({"kind": "api-key", "key": KEY}, "X-API-Key", KEY)

    def test_basic(self):
        self.each({"kind": "basic", "username": "ada", "password": WORD}, "Authorization", "Basic " + base64.b64encode(f"ada:{WORD}".encode()).decode())

    def test_refused(self):
        """[R-D11] What the server does not take makes no connection, and is sent once."""
        api = self.api()
        browser = self.browser()
        self.refused(self.sign_in(browser, "fhir", 401, kind="bearer", token="another-token"), 401, "token_refused", reason="not_told")
        self.refused(self.sign_in(browser, "fhir", 401, kind="api-key", key="another-key"), 401, "token_refused", reason="not_told")
        self.refused(self.sign_in(browser, "fhir", 401, kind="basic", username="ada", password="wrong horse"), 401, "wrong_credentials")
        self.assertEqual(len(api.seen), 3)
        for bad in ("two words", "line\r\nX-Evil: 1", "ä", "x" * 9000):
            self.refused(self.sign_in(browser, "fhir", 401, kind="bearer", token=bad), 401, "token_refused", reason="malformed")
        self.refused(self.sign_in(browser, "fhir", 400, kind="bearer"), 400, "bad_request")
        self.refused(self.sign_in(browser, "fhir", 400, kind="api-key", token=KEY), 400, "bad_request")
        self.refused(self.sign_in(browser, "fhir", 400, kind="nothing", token=KEY), 400, "bad_request")
        self.refused(self.sign_in(browser, "fhir", 403, kind="pat", token=TOKEN), 403, "kind_not_offered")
        self.refused(self.sign_in(browser, "fhir", 403, kind="password", username="ada", password=WORD), 403, "kind_not_offered")
        self.assertEqual(len(api.seen), 3)
        self.assertEqual(self.connections(browser), {})

    def test_without_a_check(self):
        """Taken as it is; the first call shows."""
        api = self.api(check="")
        browser = self.browser()
        self.sign_in(browser, "fhir", 201, kind="bearer", token="another-token")
        self.assertEqual(api.seen, [])
        self.refused(browser.call("GET", "/s/fhir/x"), 401, "reauth_required")

    def test_another_person(self):
        """[A10] Whose token it is nobody told: after another one the old session id is worth nothing."""
        self.api()
        browser = self.browser()
        self.sign_in(browser, "fhir", 201, kind="bearer", token=TOKEN)
        old = self.cookie(browser)
        self.sign_in(browser, "fhir", 201, kind="api-key", key=KEY)
        thief = self.browser()
        thief.cookies[self.port] = {"drawbridge": old}
        self.refused(thief.call("GET", "/s/fhir/metadata"), 401, "no_session")

    def test_policy_and_list(self):
        """[R-G2] Everything but what `deny` names."""
        api = self.api("policy: {methods: [GET], deny: [\"/admin/**\"]}")
        browser = self.browser()
        listed = browser.call("GET", "/v1/servers").json[0]
        self.assertEqual((listed["type"], listed["state"], [kind["kind"] for kind in listed["sign_in"]]), ("http", "ok", ["bearer", "api-key", "basic"]))
        self.assertEqual(api.seen, [], "nobody is asked what is configured")
        self.sign_in(browser, "fhir", 201, kind="bearer", token=TOKEN)
        self.assertEqual(browser.call("GET", "/s/fhir/anything/at/all").status, 200)
        self.refused(browser.call("GET", "/s/fhir/admin/keys"), 403, "policy")
        self.refused(browser.call("POST", "/s/fhir/Patient", body={}), 405, "method_refused")
        self.assertEqual(browser.call("GET", "/s/fhir/forbidden").status, 403, "the server's own answer")
        self.assertEqual(browser.call("GET", "/s/fhir/api/loginConfig").status, 200, "is an address of the API like any other")
        checks = {check["check"]: check["outcome"] for check in browser.call("GET", "/v1/servers/fhir/doctor").json}
        self.assertEqual((checks["answers"], set(checks) - {"address", "network", "clock"}), ("ok", {"answers"}), "what holds for any server, and nothing of DHIS2")


class Smart(Gateway):
    def test_a_fhir_server_tells_where_one_signs_in(self):
        """[R-A3, R-B1] By its own description, where it has no other: with PKCE, for its own address, and with nobody named, since it names no issuer."""
        asked = []

        def answer(method, path, headers, body):
            asked.append(path)
            here, json_type = f"http://127.0.0.1:{fhir.port}", {"Content-Type": "application/json"}
            if path == "/fhir/.well-known/smart-configuration":
                return 200, json_type, json.dumps({"authorization_endpoint": f"{here}/auth", "token_endpoint": f"{here}/token", "code_challenge_methods_supported": ["S256"], "capabilities": ["launch-standalone"]})
            if path == "/token":
                words = dict(urllib.parse.parse_qsl(body.decode()))
                digest = base64.urlsafe_b64encode(hashlib.sha256(words["code_verifier"].encode()).digest()).decode().rstrip("=")
                if (words["code"], digest) == ("smart-code-of-tests", challenge[0]):
                    return 200, json_type, json.dumps({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "user/*.read"})
                return 400, json_type, '{"error":"invalid_grant"}'
            if headers.get("Authorization") == f"Bearer {TOKEN}":
                return 200, json_type, '{"resourceType":"Bundle"}'
            return 404, json_type, "{}"
        fhir, challenge = Scripted(answer), []
        self.addCleanup(fhir.stop)
        self.secrets |= {TOKEN}
        secret = self.directory() / "secret"
        secret.write_text("a long enough secret")
        secret.chmod(0o600)
        self.start([("fhir", None, f"url: http://127.0.0.1:{fhir.port}/fhir\n    type: http\n    oauth: {{client_id: dr, scopes: ['user/*.read'], client_secret: {{file: {secret}}}}}")])
        browser = self.browser()
        away = urllib.parse.urlsplit(self.leave(browser, "fhir").header("Location"))
        words = dict(urllib.parse.parse_qsl(away.query))
        self.assertEqual((away.path, words["aud"], words["scope"], words["code_challenge_method"]), ("/auth", f"http://127.0.0.1:{fhir.port}/fhir", "user/*.read", "S256"))
        challenge.append(words["code_challenge"])
        back = self.come_back(browser, "fhir", f"code=smart-code-of-tests&state={words['state']}")
        self.assertEqual((back.status, urllib.parse.urlsplit(back.header("Location")).query), (303, ""), back)
        self.assertEqual(self.connections(browser)["fhir"]["state"], "ok")
        self.assertEqual(browser.call("GET", "/s/fhir/Patient").json, {"resourceType": "Bundle"})
        self.assertEqual(asked[:3], ["/fhir/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/fhir", "/fhir/.well-known/smart-configuration"])


class Remembered(Gateway):
    def test_with_the_home_server(self):
        """A token that a person had remembered comes back with the sign-in at the home server."""
        api = Api()
        self.addCleanup(api.stop)
        self.secrets.add(TOKEN)
        self.start([("home", "2.41"), ("fhir", None, f"url: http://127.0.0.1:{api.port}/fhir\n    type: http")])
        self.config_text = self.config_text.replace("name: The home", "name: The home\n    home: true")
        self.restart()
        self.people["home"].add("ada")
        browser = self.browser()
        self.with_password(browser, "home")
        self.sign_in(browser, "fhir", kind="bearer", token=TOKEN, remember=True)
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.with_password(browser, "home")
        self.assertEqual(self.connections(browser)["fhir"]["kind"], "bearer")
        self.assertEqual(browser.call("GET", "/s/fhir/metadata").status, 200)


class Configured(Gateway):
    def test_refused(self):
        """[R-H3, A26]"""
        head = "public_url: http://127.0.0.1:1\nlisten: [127.0.0.1:1]\nstore: sqlite:/nowhere/x.db\nkeys: /nowhere/keys\nservers:\n  - {id: x, url: https://x.example.org, "
        for words, said in ((", ".join(["type: http", "sign_in: [pat]"]), "no sign-in but oauth, bearer, api-key, basic"),
                            ("sign_in: [bearer]", "only a server of type http"),
                            ("type: http, sign_in: [api-key]", "does not say which header"),
                            ("type: http, api_key: {header: Cookie}", "a key cannot go there"),
                            ("type: http, api_key: {header: 'a b'}", "letters, digits and hyphens"),
                            ("type: http, api_key: {}", "'header' is missing"),
                            ("type: http, check: metadata", "check"),
                            ("type: http, home: true", "only a DHIS2 server can be the home"),
                            ("check: /x", "are for servers of type http"),
                            ("type: http, oauth: {client_id: x, client_secret: {env: DRAWBRIDGE_TEST_SECRET}, issuer: 'http://login.example.org'}", "the issuer is http"),
                            ("type: http, oauth: {client_id: x, client_secret: {env: DRAWBRIDGE_TEST_SECRET}, origins: ['https://login.example.org/x']}", "is no origin")):
            path = self.directory() / "drawbridge.yaml"
            path.write_text(head + words + "}\n")
            out, error = self.command("check-config", "--config", path, expect=2, environment={"DRAWBRIDGE_TEST_SECRET": "a-long-enough-value"})
            self.assertIn(said, out + error, words)
