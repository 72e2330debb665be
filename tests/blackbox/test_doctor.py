"""drawbridge doctor: what it says of the stand-in, and of upstreams with each fault that people write to forums about."""
import json
import ssl
import subprocess
import time
import unittest
from email.utils import formatdate

from doctor import PUBLIC, SECRET, Doctor
from harness import free_port
from people import People

CALLBACK = PUBLIC + "/v1/callback/a"
JSON = {"Content-Type": "application/json"}
UNAUTHORIZED = (401, JSON, '{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}')


class AtTheStandIn(Doctor):
    def start(self, version, *words, redirect=CALLBACK, secret=SECRET):
        sim = self.sim(version, "--set", "control=on", "--client", f"gw:{secret}", "--redirect-uri", redirect, *words)
        return f"http://127.0.0.1:{sim.port}"

    def test_all_is_well(self):
        for version, issuer in (("2.37", False), ("2.37.9", False), ("2.40", False), ("2.41", False), ("2.42", True), ("2.43", True)):
            url = self.start(version, "--set", "pat=on")
            checks = self.examine("a", "--config", self.oauth(url))
            grant = checks.pop("password grant")  # the stand-in's client has it
            self.assertEqual(grant["outcome"], "ok" if issuer else "warning", grant)
            self.assertEqual(set(self.outcomes(checks).values()), {"ok"}, checks)
            self.assertIn("the secret is right", checks["client"]["found"])
            self.assertIn(CALLBACK, checks["client"]["found"])
            self.assertTrue(checks["version"]["found"].startswith(version if version >= "2.41" else "not told"))
            self.assertEqual("issuer" in checks, issuer)
            self.assertEqual(self.outcomes(self.examine(url, "--config", self.oauth(url)))["client"], "ok", "an address that the configuration knows")

    def test_by_address_alone(self):
        url = self.start("2.43")
        checks = self.examine(url + "/")
        self.assertEqual(checks["network"]["outcome"], "warning")
        self.assertIn("addresses", checks["network"]["remedy"])
        self.assertIn('"redirectUris":"https://DRAWBRIDGE/v1/callback/SERVER-ID"', checks["client"]["remedy"])
        text, _ = self.command("doctor", url)
        self.assertIn("ok       version", text)
        self.assertIn("warning  network", text)
        self.assertIn("         -> ", text)

    def test_the_definition_it_prints_is_one_that_works(self):
        """From the remedy to a registration that the doctor finds good."""
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                sim = self.sim(version, "--set", "control=on")
                url, people = f"http://127.0.0.1:{sim.port}", People(sim, version)
                config = self.oauth(url, client="drawbridge")
                checks = self.examine("a", "--config", config, expect=1)
                self.assertEqual(checks["client"]["outcome"], "failed", checks["client"])
                remedy = checks["client"]["remedy"]
                definition = json.loads(remedy[remedy.index("{"):])
                if version == "2.43":
                    definition["clientSecret"] = subprocess.run(["python3", "-W", "ignore", "-c", f"import crypt; print(crypt.crypt({SECRET!r}, '$2a$04$abcdefghijklmnopqrstuu'))"],
                                                                check=True, capture_output=True, text=True).stdout.strip()
                else:
                    definition["secret"] = SECRET
                people.admin("POST", "/api/oAuth2Clients", definition)
                self.assertEqual(self.examine("a", "--config", config)["client"]["outcome"], "ok")

    def test_a_client_that_is_not_right(self):
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                url = self.start(version)
                wrong = self.examine("a", "--config", self.oauth(url, secret="7c1e0f4a-5d3b-4f7e-9b8a-3d2c4e6f5a8b"), expect=1)["client"]
                self.assertEqual(wrong["outcome"], "failed")
                self.assertIn("does not take id and secret", wrong["found"])
                self.assertIn("bcrypt", wrong["meaning"])
                unknown = self.examine("a", "--config", self.oauth(url, client="nobody"), expect=1)["client"]
                self.assertEqual(unknown["outcome"], "failed")
        url = self.start("2.43", redirect="https://gw.example.org/v1/callback/other")
        other = self.examine("a", "--config", self.oauth(url), expect=1)["client"]
        self.assertIn("another redirect address", other["meaning"])
        self.assertIn(f'"redirectUris":"{CALLBACK}"', other["remedy"])

    def test_what_is_off(self):
        url = self.start("2.43", "--set", "pat=off", "--set", "oauth=off")
        checks = self.examine(url)
        self.assertEqual((checks["sign-in pat"]["outcome"], checks["sign-in oauth"]["outcome"], checks["sign-in legacy-oauth"]["outcome"]), ("warning", "warning", "ok"))
        self.assertIn("enable.api_token.authentication", checks["sign-in pat"]["remedy"])
        self.assertIn("oauth2.server.enabled", checks["sign-in oauth"]["remedy"])
        checks = self.examine("a", "--config", self.config(url, server="    sign_in: [pat, password]\n"), expect=1)
        self.assertEqual((checks["sign-in pat"]["outcome"], checks["sign-in password"]["outcome"]), ("failed", "ok"))

    def test_another_issuer(self):
        url = self.start("2.43").replace("127.0.0.1", "localhost")
        checks = self.examine("a", "--config", self.oauth(url, more="    insecure: true\n"), expect=1)
        self.assertEqual(checks["issuer"]["outcome"], "failed")
        self.assertIn("server.base.url", checks["issuer"]["remedy"])
        self.assertIn(url.replace("localhost", "127.0.0.1"), checks["issuer"]["found"])

    def test_nothing_is_changed(self):
        """Not an account, not a client, not a value: what an administrator sees is as before."""
        sim = self.sim("2.43", "--set", "control=on", "--client", f"gw:{SECRET}", "--redirect-uri", CALLBACK)
        people = People(sim, "2.43")
        before = [people.admin("GET", path).body for path in ("/api/oAuth2Clients?fields=*", "/api/users?fields=id,username", "/api/userDataStore")]
        self.examine("a", "--config", self.oauth(f"http://127.0.0.1:{sim.port}"))
        after = [people.admin("GET", path).body for path in ("/api/oAuth2Clients?fields=*", "/api/users?fields=id,username", "/api/userDataStore")]
        self.assertEqual(before, after)


class AtBrokenOnes(Doctor):
    def serve(self, change=None, context=None):
        """A 2.43 with nothing but its doors, and `change` in front of it."""
        def answer(method, path, headers, body):
            changed = change(method, path, headers, body) if change else None
            if changed is not None:
                return changed
            base = "http://" + headers["Host"]
            if path == "/api/loginConfig":
                return 200, {**JSON, "Date": formatdate(usegmt=True)}, '{"apiVersion":"2.43.1","applicationTitle":"T"}'
            if path == "/.well-known/openid-configuration":
                return 200, JSON, json.dumps({"issuer": base + "/", "authorization_endpoint": base + "/oauth2/authorize", "token_endpoint": base + "/oauth2/token", "jwks_uri": base + "/oauth2/jwks",
                                              "code_challenge_methods_supported": ["S256"], "response_types_supported": ["code"]})
            if headers.get("Authorization", "").startswith("ApiToken"):
                return 401, {**JSON, "WWW-Authenticate": "ApiToken"}, UNAUTHORIZED[2]
            if headers.get("Authorization", "").startswith("Bearer"):
                return 401, {**JSON, "WWW-Authenticate": 'Bearer error="invalid_token"'}, UNAUTHORIZED[2]
            return UNAUTHORIZED
        return self.upstream(answer, context)

    def test_nobody_is_named(self):
        upstream, url = self.serve()
        checks = self.examine(url)
        self.assertEqual({k: v for k, v in self.outcomes(checks).items() if v != "ok"}, {"network": "warning"}, checks)
        for _, _, headers, _ in upstream.seen:
            self.assertNotIn("JSESSIONID", headers.get("Cookie", ""))
            self.assertFalse(headers.get("Authorization", "").startswith("Basic"))

    def test_each_fault(self):
        def at(path_start, given, methods=None):
            return lambda method, path, headers, body: given if path.startswith(path_start) and (not methods or method in methods) else None

        def without(name):
            """As if a proxy took the header away."""
            def change(method, path, headers, body):
                if name == "Authorization" and "Authorization" in headers:
                    return UNAUTHORIZED
                if name == "X-Requested-With" and path.startswith("/api/me") and "Authorization" not in headers:
                    return 302, {"Location": "/login/"}, ""
            return change

        html = {"Content-Type": "text/html"}
        rows = [
            ("redirect", "failed", at("/api/loginConfig", (301, {"Location": "https://his.example.org/dhis/api/loginConfig"}, "")), "use https://his.example.org/dhis", 3),
            ("redirect", "failed", at("/api/loginConfig", (302, {"Location": "https://portal.example.org/welcome"}, "")), "cut behind", 3),
            ("answers", "failed", at("/", (200, html, "<html>maintenance")), "reverse proxy", 3),
            ("answers", "failed", at("/", (200, {}, "")), "Origin", 3),
            ("answers", "failed", at("/", (503, html, "<html>")), "log", 3),
            ("version", "failed", at("/", (404, html, "<html>")), "context path", 3),
            ("version", "failed", at("/", (200, JSON, '{"kind":"other"}')), "context path", 3),
            ("version", "warning", at("/api/loginConfig", (200, JSON, '{"apiVersion":"2.36.13"}')), "still maintained", 0),
            ("version", "warning", at("/api/loginConfig", (200, JSON, '{"apiVersion":"2.44-SNAPSHOT"}')), "newer drawbridge", 0),
            ("headers", "warning", without("Authorization"), "Authorization", 0),
            ("headers", "warning", without("X-Requested-With"), "X-Requested-With", 0),
            ("methods", "warning", at("/api/userDataStore", (405, html, "<html>"), ("PUT", "PATCH")), "methods", 0),
            ("cors", "warning", lambda m, p, h, b: (200, {**JSON, "Access-Control-Allow-Origin": h["Origin"], "Access-Control-Allow-Credentials": "true"}, "{}") if "Origin" in h else None, "allowlist", 0),
            ("clock", "failed", at("/api/loginConfig", (200, {**JSON, "Date": formatdate(time.time() + 300, usegmt=True)}, '{"apiVersion":"2.43.1"}')), "NTP", 1),
            ("clock", "warning", at("/api/loginConfig", (200, {**JSON, "Date": formatdate(time.time() - 300, usegmt=True)}, '{"apiVersion":"2.41.9"}')), "NTP", 0),
            ("network", "failed", at("/", b"SSH-2.0-OpenSSH_9.2\r\n"), "port", 3),
        ]
        for check, outcome, change, remedy, code in rows:
            with self.subTest(check=check, remedy=remedy):
                _, url = self.serve(change)
                checks = self.examine(url, expect=code)
                self.assertEqual(checks[check]["outcome"], outcome, checks)
                self.assertIn(remedy, checks[check]["remedy"])
        _, url = self.serve(at("/api/userDataStore", (405, {}, ""), ("PUT", "PATCH")))
        self.assertEqual(self.examine(url)["methods"]["found"], "PUT, PATCH do not arrive")

    def test_addresses(self):
        """What is no address of a server is wrong usage: nobody was asked."""
        self.assertEqual(self.command("doctor", "ftp://x.example", expect=2), ("", 'drawbridge doctor: "ftp://x.example" is not an address: it must start with https:// or http://: write it as https://host/path, without anything behind DHIS2\'s own path\n'))
        for pasted in ("https://his.example.org/dhis/api/me", "https://his.example.org/dhis/dhis-web-dashboard/#/"):
            self.assertRegex(self.command("doctor", pasted, expect=2)[1], r"inside DHIS2, .*: use https://his\.example\.org/dhis$")
        self.assertEqual(self.examine("http://no-such-name.invalid", expect=3)["address"]["outcome"], "warning")
        self.assertEqual(self.examine(f"http://127.0.0.1:{free_port()}", expect=3)["network"]["outcome"], "failed")

    def certificate(self, days):
        directory = self.directory()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", directory / "key.pem", "-out", directory / "cert.pem", "-days", str(days), "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
        return directory / "cert.pem", context

    def test_certificates(self):
        for days, outcome in ((300, "ok"), (5, "warning")):
            ca, context = self.certificate(days)
            _, url = self.serve(context=context)
            checks = self.examine("a", "--config", self.config(url, server=f"    ca: {ca}\n"), expect=1)  # the issuer says http
            self.assertEqual(checks["certificate"]["outcome"], outcome)
            self.assertIn(f"({days - 1} days)", checks["certificate"]["found"])
            refused = self.examine("a", "--config", self.config(url), expect=3)["certificate"]
            self.assertEqual(refused["outcome"], "failed")
            self.assertIn('"ca"', refused["remedy"])

    def test_terminals_are_safe(self):
        """What a server writes must not move the cursor."""
        _, url = self.serve(lambda m, p, h, b: (200, JSON, json.dumps({"issuer": "http://x\x1b[2J\u009b2J/", "authorization_endpoint": "a", "token_endpoint": "b", "jwks_uri": "c"}))
                            if p.startswith("/.well-known") else None)
        out, _ = self.command("doctor", url, expect=1)
        self.assertNotRegex(out, "[\x1b\u0080-\u009f]")

    def test_usage(self):
        self.assertIn("usage", self.command("doctor", "--help")[0])
        self.assertIn("--help tells", self.command("doctor", expect=2)[1])
        self.assertIn("--help tells", self.command("doctor", "https://a.example", "b", expect=2)[1])
        self.assertIn("--help tells", self.command("doctor", "https://a.example", "--format", "xml", expect=2)[1])
        self.assertIn("there is no server 'b'", self.command("doctor", "b", "--config", self.config("https://a.example"), expect=2)[1])
        self.assertIn("none.yaml", self.command("doctor", "a", "--config", self.directory() / "none.yaml", expect=2)[1])


del Doctor

if __name__ == "__main__":
    unittest.main()
