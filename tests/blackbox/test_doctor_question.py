"""The failures that the question began with which drawbridge is the answer to, and those that hide behind proxies, chains and limits of tokens: the doctor knows each by its looks."""
import datetime
import ssl
import subprocess

from doctor import PUBLIC, SECRET, Doctor
from people import People
from scripted import Scripted

CALLBACK = PUBLIC + "/v1/callback/a"
LEGACY, NEW = ("2.37", "2.40", "2.41"), ("2.42", "2.43")


class TheQuestion(Doctor):
    def start(self, version, *words):
        self.stand_in = self.sim(version, "--set", "control=on", "--set", "pat=on", "--client", f"gw:{SECRET}", "--redirect-uri", CALLBACK, *words)
        return f"http://127.0.0.1:{self.stand_in.port}"

    def test_tokens_from_a_browser(self):
        """The call itself may even be carried out; no browser hands its answer to the page."""
        for version in (*LEGACY, *NEW):
            with self.subTest(version=version):
                check = self.examine("a", "--config", self.oauth(self.start(version)))["token from browser"]
                self.assertEqual(check["outcome"], "ok")
                self.assertIn("without Access-Control-Allow-Origin", check["found"])
                self.assertIn("CORS error", check["meaning"])
        upstream, url = self.upstream(self.letting_in)
        check = self.examine(url)["token from browser"]
        self.assertEqual(check["outcome"], "warning")
        self.assertIn("reverse proxy", check["remedy"])

    def letting_in(self, method, path, headers, body):
        """A 2.41 whose reverse proxy adds the headers that somebody found in a forum."""
        cors = {"Access-Control-Allow-Origin": headers.get("Origin", "*"), "Access-Control-Allow-Headers": "*"}
        if path == "/uaa/oauth/token":
            return 401, {**cors, "WWW-Authenticate": 'Basic realm="oauth2/client"', "Content-Type": "text/html"}, "<html>"
        if path == "/api/loginConfig":
            return 200, {"Content-Type": "application/json"}, '{"apiVersion":"2.41.9"}'
        return 401, {"Content-Type": "application/json"}, '{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}'

    def test_json_instead_of_a_form(self):
        for version in (*LEGACY, *NEW):
            with self.subTest(version=version):
                check = self.examine("a", "--config", self.oauth(self.start(version)))["token as json"]
                self.assertEqual(check["outcome"], "ok")
                self.assertRegex(check["found"], r"^answered with 4\d\d")
                self.assertIn("x-www-form-urlencoded", check["meaning"])
                if version in LEGACY:
                    self.assertIn("invalid_request", check["found"])

    def test_the_password_grant(self):
        """A client that may not use it is as it should be; one that may is told; the new server has none."""
        for version in LEGACY:
            with self.subTest(version=version):
                url = self.start(version)
                People(self.stand_in, version).admin("POST", "/api/oAuth2Clients", {"name": "app", "cid": "app", "secret": SECRET, "grantTypes": ["refresh_token", "authorization_code"],
                                                                                   "redirectUris": [CALLBACK]})
                check = self.examine("a", "--config", self.oauth(url, client="app"))["password grant"]
                self.assertEqual(check["outcome"], "ok", check)
                self.assertIn("Unauthorized grant type", check["meaning"])
                People(self.stand_in, version).admin("POST", "/api/oAuth2Clients", {"name": "open", "cid": "open", "secret": SECRET, "grantTypes": ["refresh_token", "authorization_code", "password"],
                                                                                   "redirectUris": [CALLBACK]})
                check = self.examine("a", "--config", self.oauth(url, client="open"))["password grant"]
                self.assertEqual(check["outcome"], "warning", check)
                self.assertIn('"grantTypes":["authorization_code","refresh_token"]', check["remedy"].replace(" ", ""))
        for version in NEW:
            check = self.examine("a", "--config", self.oauth(self.start(version)))["password grant"]
            self.assertEqual(check["outcome"], "ok", check)
            self.assertIn("no password grant", check["found"])

    def test_a_client_without_the_refresh_grant(self):
        for version in LEGACY:
            with self.subTest(version=version):
                url = self.start(version)
                People(self.stand_in, version).admin("POST", "/api/oAuth2Clients", {"name": "app", "cid": "app", "secret": SECRET, "grantTypes": ["authorization_code"], "redirectUris": [CALLBACK]})
                check = self.examine("a", "--config", self.oauth(url, client="app"))["client"]
                self.assertEqual(check["outcome"], "warning", check)
                self.assertIn("may not renew", check["found"])
                People(self.stand_in, version).admin("POST", "/api/oAuth2Clients", {"name": "none", "cid": "none", "secret": SECRET, "grantTypes": ["refresh_token"], "redirectUris": [CALLBACK]})
                check = self.examine("a", "--config", self.oauth(url, client="none"), expect=1)["client"]
                self.assertEqual(check["outcome"], "failed", check)

    def test_tokens_switched_off(self):
        """2.37 sends a token to the login page, or refuses it like no credential at all: the kind is off, and why."""
        for version in ("2.37.9", "2.37"):
            with self.subTest(version=version):
                sim = self.sim(version, "--set", "control=on", "--set", "pat=off")
                url = f"http://127.0.0.1:{sim.port}"
                checks = self.examine(url, environment={"DRAWBRIDGE_URL_TOKEN": "d2pat_" + "a" * 42}, expect=1)
                self.assertIn("in 2.37 by default", checks["sign-in pat"]["meaning"])
                self.assertIn("enable.api_token.authentication", checks["sign-in pat"]["remedy"])
                self.assertEqual((checks["token"]["outcome"], checks["token"]["found"]), ("failed", "not looked at"))


class Tokens(Doctor):
    def start(self, version):
        sim = self.sim(version, "--set", "control=on", "--set", "pat=on")
        self.people = People(sim, version)
        self.people.add("ada")
        return f"http://127.0.0.1:{sim.port}"

    def check(self, url, token, expect):
        checks = self.examine("a", "--config", self.config(url), environment={"DRAWBRIDGE_A_TOKEN": token}, expect=expect)
        self.assertNotIn(token, str(checks))
        return checks["token"]

    def test_one_that_works(self):
        for version in ("2.40", "2.41", "2.43"):
            with self.subTest(version=version):
                check = self.check(self.start(version), self.people.pat("ada")[0], 0)
                self.assertEqual((check["outcome"], check["found"]), ("ok", "works, for ada"))
        self.assertNotIn("token", self.examine(self.start("2.43")), "without one, nothing is said of it")

    def test_limits(self):
        """For its addresses, its methods, its referrers, its end; and what only some methods are refused for."""
        url = self.start("2.43")
        past = int((datetime.datetime.now() - datetime.timedelta(days=1)).timestamp() * 1000)
        rows = [("address", {"attributes": [{"type": "IpAllowedList", "allowedIps": ["192.0.2.7"]}]}, "access log"),
                ("method", {"attributes": [{"type": "MethodAllowedList", "allowedMethods": ["POST"]}]}, "GET"),
                ("referer", {"attributes": [{"type": "RefererAllowedList", "allowedReferrers": ["https://app.example.org"]}]}, "referrers"),
                ("expired", {"expire": past}, "user profile")]
        for reason, limits, remedy in rows:
            with self.subTest(reason=reason):
                check = self.check(url, self.people.pat("ada", **limits)[0], 1)
                self.assertEqual((check["outcome"], check["found"]), ("failed", f"refused ({reason})"))
                self.assertIn(remedy, check["remedy"])
        check = self.check(url, self.people.pat("ada", attributes=[{"type": "MethodAllowedList", "allowedMethods": ["GET", "PATCH"]}])[0], 0)
        self.assertEqual(check["outcome"], "warning")
        self.assertIn("not for POST, PUT, DELETE (method)", check["found"])

    def test_not_told(self):
        """2.40 refuses with an empty body: nothing is guessed."""
        check = self.check(self.start("2.40"), "d2pat_" + "b" * 42, 1)
        self.assertEqual((check["outcome"], check["found"]), ("failed", "refused (not_told)"))


class Chains(Doctor):
    def openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=self.folder)

    def sign(self, name, by, extension, subject, days=30):
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={subject}")
        (self.folder / f"{name}.ext").write_text(extension)
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", days, "-extfile", f"{name}.ext")

    def setUp(self):
        self.folder = self.directory()
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "30", "-subj", "/CN=Test root")
        self.sign("middle", "root", "basicConstraints=critical,CA:TRUE", "Test intermediate")
        self.sign("right", "middle", "subjectAltName=DNS:localhost", "localhost")
        self.sign("other", "middle", "subjectAltName=DNS:his.example.org", "his.example.org")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "self.key", "-out", "self.pem", "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")

    def certificate(self, name, chain=True):
        whole = self.folder / "served.pem"
        whole.write_text((self.folder / f"{name}.pem").read_text() + ((self.folder / "middle.pem").read_text() if chain else ""))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(whole, self.folder / f"{name}.key")
        upstream = Scripted(lambda *_: (404, {}, ""), context)
        self.addCleanup(upstream.stop)
        config = self.config(f"https://localhost:{upstream.port}", server=f"    ca: {self.folder}/root.pem\n")
        return self.examine("a", "--config", config, expect=3)["certificate"]

    def test_what_is_wrong_with_it(self):
        self.assertEqual(self.certificate("right")["outcome"], "ok")
        for name, chain, says in (("right", False, "intermediate"), ("other", True, "another name"), ("self", False, "self-signed")):
            with self.subTest(name=name, chain=chain):
                check = self.certificate(name, chain)
                self.assertEqual(check["outcome"], "failed")
                self.assertIn(says, check["found"] + check["meaning"] + check["remedy"])


class OtherServers(Doctor):
    def test_a_server_of_type_http(self):
        """What holds for any server is examined, at the path that the configuration names, and nothing of DHIS2."""
        asked = []
        rows = [(401, {}, "ok", 0), (200, {}, "ok", 0), (404, {}, "warning", 0), (302, {"Location": "https://elsewhere.example.org/"}, "warning", 0), (503, {}, "failed", 3)]
        for status, headers, outcome, code in rows:
            with self.subTest(status=status):
                def answer(method, path, given, body, status=status, headers=headers):
                    asked.append(path)
                    return status, headers, ""
                _, url = self.upstream(answer)
                checks = self.examine("a", "--config", self.config(url + "/api", server="    type: http\n    sign_in: [basic]\n    check: /fhir/metadata\n"), expect=code)
                self.assertEqual(checks["answers"]["outcome"], outcome, checks)
                self.assertLessEqual(set(checks), {"address", "network", "certificate", "answers", "clock"})
        self.assertEqual(set(asked), {"/api/fhir/metadata"})


del Doctor
