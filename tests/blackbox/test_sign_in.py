"""Signing in to DHIS2 servers, as dhis2/probe.h, sign_in.h and oauth.h do it: against the stand-in of two releases, and against upstreams that are broken in each way known."""
import base64
import json
import os
import subprocess
import time
import unittest
import urllib.parse

from harness import BUILD, PATIENCE, SANITIZER, Case
from people import PASSWORD, People, totp
from scripted import Scripted

DRIVER = BUILD / "tests" / "unit" / "dhis2" / "driver_sign_in"
CALLBACK = "https://gw.example.org/v1/callback/a"
SECRET = "0f4a6c1e-3b5d-4e7f-8a9b-2c3d4e5f6a7b"
JSON = {"Content-Type": "application/json"}


@unittest.skipUnless(DRIVER.exists(), "the driver is not built (no cmocka)")
class SignIn(Case):
    def drive(self, url, *words, environment=None):
        run = subprocess.run([str(DRIVER), url, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **(environment or {})})
        self.assertFalse(any(word in run.stderr for word in SANITIZER), run.stderr)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def refused(self, got, code, reason=""):
        self.assertEqual((got.get("code"), got.get("reason")), (code, reason), got)
        self.assertTrue(got["message"])
        self.assertNotIn("\n", got["message"])
        self.assertFalse(got["message"].endswith("."), got["message"])
        self.assertEqual(got["server"], "try")
        return got

    def start(self, version, *words, base=""):
        sim = self.sim(version, "--set", "control=on", *(["--context", base] if base else []), *words)
        return f"http://127.0.0.1:{sim.port}{base}", People(sim, version, base)

    def upstream(self, answer, context=None):
        upstream = Scripted(answer, context)
        self.addCleanup(upstream.stop)
        return upstream, f"{'https' if context else 'http'}://127.0.0.1:{upstream.port}"


class Probes(SignIn):
    def test_the_old_one(self):
        url, _ = self.start("2.41")
        got = self.drive(url, "probe")
        self.assertEqual(got["version"][:5], "2.41.")
        self.assertEqual({k: v["state"] for k, v in got["kinds"].items()}, {"oauth": "off", "legacy-oauth": "on", "pat": "on", "password": "on", "basic": "on"})
        self.assertIn("2.42", got["kinds"]["oauth"]["why"])
        self.assertEqual(got["legacy_oauth"]["token"], url + "/uaa/oauth/token")

    def test_the_new_one(self):
        url, _ = self.start("2.43")
        got = self.drive(url, "probe")
        self.assertEqual(got["version"][:5], "2.43.")
        self.assertEqual({k: v["state"] for k, v in got["kinds"].items()}, {"oauth": "on", "legacy-oauth": "off", "pat": "on", "password": "on", "basic": "on"})
        self.assertEqual(got["oauth"]["issuer"], url + "/")
        self.assertEqual(got["oauth"]["token"], url + "/oauth2/token")

    def test_below_a_path(self):
        url, _ = self.start("2.43", base="/dhis")
        got = self.drive(url, "probe")
        self.assertEqual(got["kinds"]["oauth"]["state"], "on", got)
        self.assertEqual(got["oauth"]["jwks"], url + "/oauth2/jwks")

    def test_what_is_off_says_why(self):
        url, _ = self.start("2.43", "--set", "pat=off", "--set", "oauth=off")
        got = self.drive(url, "probe")["kinds"]
        self.assertEqual((got["pat"]["state"], got["oauth"]["state"]), ("off", "off"))
        self.assertIn("enable.api_token.authentication", got["pat"]["remedy"])
        self.assertIn("oauth2.server.enabled", got["oauth"]["remedy"])
        url, _ = self.start("2.41", "--set", "pat=off", "--set", "uaa=off")
        got = self.drive(url, "probe")["kinds"]
        self.assertEqual((got["pat"]["state"], got["legacy-oauth"]["state"]), ("off", "off"))
        self.assertIn("oauth2.authorization.server.enabled", got["legacy-oauth"]["remedy"])

    def test_another_issuer(self):
        url, _ = self.start("2.43")
        other = url.replace("127.0.0.1", "localhost")
        got = self.drive(other, "probe")["kinds"]["oauth"]
        self.assertEqual(got["state"], "off")
        self.assertIn(url + "/", got["why"])
        self.assertIn("server.base.url", got["remedy"])

    def test_nothing_personal_and_no_origin(self):
        def answer(method, path, headers, body):
            return 404, {"Content-Type": "text/html"}, "<html>"
        upstream, url = self.upstream(answer)
        self.refused(self.drive(url, "probe"), "not_dhis2")
        self.assertTrue(upstream.seen)
        for _, _, headers, _ in upstream.seen:
            self.assertEqual(headers["X-Requested-With"], "XMLHttpRequest")
            self.assertEqual(headers["Accept"], "application/json")
            self.assertNotIn("Origin", headers)
            self.assertNotIn("JSESSIONID", headers.get("Cookie", ""))

    def test_2_40_by_its_answers(self):
        """No version without a sign-in; tokens refused with an empty body; the form."""
        def answer(method, path, headers, body):
            if path == "/uaa/oauth/token":
                return 401, {"WWW-Authenticate": 'Basic realm="oauth2/client"', "Content-Type": "text/html"}, "<html>"
            if path == "/dhis-web-commons/security/login.action":
                return 200, {"Login-Page": "true", "Content-Type": "text/html"}, "<html>"
            if headers.get("Authorization", "").startswith("ApiToken"):
                return 401, {"WWW-Authenticate": "ApiToken"}, ""
            return 401, JSON, '{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}'
        _, url = self.upstream(answer)
        got = self.drive(url, "probe")
        self.assertEqual((got["version"], got["password_way"]), ("", 2))
        self.assertEqual({k: v["state"] for k, v in got["kinds"].items()}, {"oauth": "off", "legacy-oauth": "on", "pat": "on", "password": "on", "basic": "on"})
        self.refused(self.drive(url, "pat", "d2pat_" + "a" * 42), "token_refused", "not_told")

    def test_2_37_10_by_its_answers(self):
        def answer(method, path, headers, body):
            if path == "/dhis-web-commons/security/login.action":
                return 200, {"Login-Page": "true", "Content-Type": "text/html"}, "<html>"
            if path.startswith("/api/"):
                return 401, {}, ""
            return 302, {"Location": "http://x.example/dhis-web-commons/security/login.action"}, ""
        _, url = self.upstream(answer)
        got = self.drive(url, "probe")["kinds"]
        self.assertEqual((got["pat"]["state"], got["password"]["state"], got["legacy-oauth"]["state"]), ("off", "on", "off"))

    def test_not_dhis2(self):
        rows = [
            ((200, {"Content-Type": "text/html"}, "<html>Welcome"), "not_dhis2", "page"),
            ((200, JSON, '{"apiVersion":"v1","kind":"APIVersions"}'), "not_dhis2", ""),
            ((200, {}, ""), "empty_answer", ""),
            ((301, {"Location": "https://elsewhere.example.org/dhis/api/loginConfig"}, ""), "not_dhis2", "redirect"),
            ((401, {"WWW-Authenticate": 'Basic realm="staging"', "Content-Type": "text/html"}, "<html>"), "not_dhis2", ""),
            ((503, {"Content-Type": "text/html", "Retry-After": "77"}, "<html>"), "server_unreachable", ""),
            ((500, {"Content-Type": "text/html"}, "<html>"), "upstream_error", ""),
            ((429, {"Retry-After": "5"}, ""), "too_many", ""),
            (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{\"apiVersion\":", "upstream_broken", ""),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "upstream_broken", ""),
        ]
        for given, code, reason in rows:
            with self.subTest(code=code, given=given):
                _, url = self.upstream(lambda *_: given)
                got = self.refused(self.drive(url, "probe"), code, reason)
                if given[0] == 301:
                    self.assertIn("https://elsewhere.example.org/dhis/api/loginConfig", got["message"])
                if given[0] == 503:
                    self.assertEqual(got["retry_after"], 77)

    def test_another_path_of_a_server(self):
        """It asks for a sign-in wherever it knows nothing: that is not DHIS2 at that address."""
        for version in ("2.37", "2.40", "2.41", "2.43"):
            with self.subTest(version=version):
                url, _ = self.start(version)
                self.refused(self.drive(url + "/nothing", "probe"), "not_dhis2", "")

    def test_slow_and_away(self):
        _, url = self.upstream(lambda *_: "hang")
        self.refused(self.drive(url, "probe", environment={"DRIVER_TIMEOUT_MS": "500"}), "upstream_timeout")
        upstream, url = self.upstream(lambda *_: "hang")
        upstream.stop()
        self.refused(self.drive(url, "probe"), "server_unreachable")
        self.refused(self.drive("http://10.1.2.3/dhis", "probe"), "address_refused")
        self.refused(self.drive("http://no-such-name.invalid", "probe"), "server_unreachable")


class EachRelease(SignIn):
    """What is the same everywhere, and what the older ones do in their own way."""
    # way of passwords (1 JSON, 2 form), the old and the new authorization server, whether the version is told to all, whether tokens are looked at by default
    RELEASES = {"2.37": (2, True, False, False, False), "2.37.9": (2, True, False, False, False), "2.40": (2, True, False, False, True), "2.41": (1, True, False, True, True),
                "2.42": (1, False, True, True, True), "2.43": (1, False, True, True, True)}

    def test_what_it_is(self):
        for release, (way, old, new, told, tokens) in self.RELEASES.items():
            with self.subTest(release=release):
                url, _ = self.start(release, "--set", f"pat={'on' if tokens else 'off'}")
                got = self.drive(url, "probe")
                self.assertEqual(bool(got["version"]), told, got)
                self.assertEqual(got["password_way"], way)
                want = {"oauth": new, "legacy-oauth": old, "pat": tokens, "password": True, "basic": True}
                self.assertEqual({k: v["state"] for k, v in got["kinds"].items()}, {k: "on" if v else "off" for k, v in want.items()})

    def test_in_and_out(self):
        for release in self.RELEASES:
            with self.subTest(release=release):
                url, people = self.start(release, "--set", "pat=on")
                uid = people.add("ada")
                token = people.pat("ada")[0]
                for words in (("password", "ada", PASSWORD), ("pat", token), ("basic", "ada", PASSWORD)):
                    got = self.drive(url, *words)
                    self.assertEqual((got.get("id"), got.get("username")), (uid, "ada"), got)
                    self.assertTrue(got["name"])
                    self.assertTrue(got["version"].startswith(release[:4]), got)
                    self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {})
                self.refused(self.drive(url, "password", "ada", "wrong"), "wrong_credentials", "not_told" if release < "2.41" else "")
                self.refused(self.drive(url, "basic", "ada", "wrong"), "wrong_credentials", "not_told")
                self.assertEqual(self.drive(url, "look", token)["look"], 1 if release < "2.41" else 0)

    def test_tokens_that_are_refused(self):
        for release in self.RELEASES:
            with self.subTest(release=release):
                url, people = self.start(release, "--set", "pat=on")
                people.add("ada")
                for limits, reason in [({"expire": 1000}, "expired"), ({"attributes": [{"type": "IpAllowedList", "allowedIps": ["192.0.2.7"]}]}, "address"),
                                       ({"attributes": [{"type": "MethodAllowedList", "allowedMethods": ["POST"]}]}, "method")]:
                    self.refused(self.drive(url, "pat", people.pat("ada", **limits)[0]), "token_refused", "not_told" if release == "2.40" else reason)
                token, uid = people.pat("ada")
                people.delete_pat("ada", uid)
                self.refused(self.drive(url, "pat", token), "token_refused", "not_told" if release == "2.40" else "unknown")

    def test_second_factor(self):
        for release in ("2.40", "2.42"):
            with self.subTest(release=release):
                url, people = self.start(release)
                people.add("ada")
                secret = people.enrol("ada")
                self.refused(self.drive(url, "password", "ada", PASSWORD), "second_factor_required", "totp")
                self.refused(self.drive(url, "password", "ada", PASSWORD, "000000"), "second_factor_wrong", "totp")
                self.assertEqual(self.drive(url, "password", "ada", PASSWORD, totp(secret)).get("username"), "ada")


class Passwords(SignIn):
    def test_both_releases(self):
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                url, people = self.start(version)
                uid = people.add("ada")
                got = self.drive(url, "password", "ada", PASSWORD)
                self.assertEqual((got["id"], got["username"], got["kind"], got["version"][:5]), (uid, "ada", "password", version + "."), got)
                self.assertTrue(got["name"])
                self.assertEqual(people.whoami({"Cookie": got["credential"]}), "ada")
                self.assertIn("JSESSIONID", got["cookies"])
                self.refused(self.drive(url, "password", "ada", "wrong"), "wrong_credentials")
                self.refused(self.drive(url, "password", "nobody", PASSWORD), "wrong_credentials")
                self.refused(self.drive(url, "password", "ada", ""), "wrong_credentials")
                self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {})
                self.assertIsNone(people.whoami({"Cookie": got["credential"]}))
                self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {}, "a second time is no harm")

    def test_letters_of_all_kinds(self):
        url, people = self.start("2.43")
        password = "Ñandú \"7\" \\ & = + % 漢字"
        people.add("bea", password=password)
        self.assertEqual(self.drive(url, "password", "bea", password)["username"], "bea")

    def test_below_a_path(self):
        for version in ("2.41", "2.43"):
            url, people = self.start(version, base="/dhis/here")
            people.add("ada")
            got = self.drive(url, "password", "ada", PASSWORD)
            self.assertEqual(people.whoami({"Cookie": got["credential"]}), "ada", got)
            self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {})
            self.assertIsNone(people.whoami({"Cookie": got["credential"]}))

    def test_account_states(self):
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                url, people = self.start(version)
                demanding = people.add_role("second factor", restrictions=["R_ENABLE_2FA"])
                people.add("off", disabled=True)
                people.add("old", accountExpiry="2020-01-01")
                people.add("ext", externalAuth=True)
                people.add("new", role=demanding)
                self.refused(self.drive(url, "password", "off", PASSWORD), "account_disabled")
                self.refused(self.drive(url, "password", "old", PASSWORD), "account_expired")
                self.refused(self.drive(url, "password", "ext", PASSWORD), "wrong_credentials")
                self.refused(self.drive(url, "password", "new", PASSWORD), "enrolment_required")
                self.refused(self.drive(url, "basic", "off", PASSWORD), "account_disabled")

    def test_expired_passwords_and_locks(self):
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                url, people = self.start(version)
                people.add("stale")
                people.add("ada")
                people.admin("POST", "/api/systemSettings/credentialsExpires?value=12")
                people.control("password-age", username="stale", days=500)
                self.refused(self.drive(url, "password", "stale", PASSWORD), "password_expired")
                people.admin("POST", "/api/systemSettings/keyLockMultipleFailedLogins?value=true")
                for _ in range(4):
                    self.refused(self.drive(url, "password", "ada", "wrong"), "wrong_credentials")
                self.refused(self.drive(url, "password", "ada", PASSWORD), "account_locked")
                self.refused(self.drive(url, "basic", "ada", PASSWORD), "account_locked")

    def test_second_factor(self):
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                url, people = self.start(version)
                people.add("ada")
                secret = people.enrol("ada")
                self.refused(self.drive(url, "password", "ada", PASSWORD), "second_factor_required", "totp")
                self.refused(self.drive(url, "password", "ada", PASSWORD, ""), "second_factor_required", "totp")
                self.refused(self.drive(url, "password", "ada", PASSWORD, "000000"), "second_factor_wrong", "totp")
                self.refused(self.drive(url, "password", "ada", "wrong", totp(secret)), "wrong_credentials")
                got = self.drive(url, "password", "ada", PASSWORD, totp(secret))
                self.assertEqual(got.get("username"), "ada", got)
                self.refused(self.drive(url, "basic", "ada", PASSWORD), "wrong_credentials", "not_told")

    def test_protection_against_forged_requests(self):
        url, people = self.start("2.43", "--set", "csrf=on")
        people.add("ada")
        got = self.drive(url, "password", "ada", PASSWORD)
        self.assertEqual(got.get("username"), "ada", got)
        self.assertEqual(self.drive(url, "call", "POST", "/api/userDataStore/ns/key", got["cookies"])["status"], 201)
        self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {})
        self.assertIsNone(people.whoami({"Cookie": got["credential"]}))

    def form(self, location, status=302):
        def answer(method, path, headers, body):
            if path == "/dhis-web-commons/security/login.action":
                return 200, {"Login-Page": "true", "Content-Type": "text/html"}, "<html>"
            if path == "/dhis-web-commons-security/login.action" and method == "POST":
                return status, {"Location": location, "Set-Cookie": "JSESSIONID=F00D; Path=/; HttpOnly"} if location else {}, ""
            if path.startswith("/api/me") and headers.get("Cookie") == "JSESSIONID=F00D" and location == "/":
                return 200, JSON, '{"id":"abcdefghijk","name":"Ada L","userCredentials":{"username":"ada"}}'
            if path.startswith("/api/system/info") and headers.get("Cookie") == "JSESSIONID=F00D":
                return 200, JSON, '{"version":"2.38.4"}'
            return 401, JSON, '{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}'
        return self.upstream(answer)

    def test_the_form_of_2_40_and_before(self):
        upstream, url = self.form("/")
        got = self.drive(url, "password", "ada & co", "p=w d", "123456")
        self.assertEqual((got.get("username"), got["name"], got["version"]), ("ada", "Ada L", "2.38.4"), got)
        posted = [body for method, _, _, body in upstream.seen if method == "POST" and b"j_username" in body]
        self.assertEqual(urllib.parse.parse_qs(posted[0].decode()), {"j_username": ["ada & co"], "j_password": ["p=w d"], "2fa_code": ["123456"]})
        self.assertEqual(len(posted), 1)
        rows = [
            ("/dhis-web-commons/security/login.action?failed=true", [], "wrong_credentials", "not_told"),
            ("/dhis-web-commons/security/login.action?twoFactor=true", [], "second_factor_required", "totp"),
            ("/dhis-web-commons/security/login.action?twoFactor=true", ["123456"], "second_factor_wrong", "totp"),
            ("/dhis-web-commons/security/enrolTwoFa.action", [], "enrolment_required", ""),
            ("/dhis-web-commons/security/expired.action", [], "password_expired", ""),
            ("/", ["x" * 40], "wrong_credentials", ""),
        ]
        for location, code, want, reason in rows:
            upstream, url = self.form(location)
            got = self.refused(self.drive(url, "password", "ada", PASSWORD, *code), want, reason)
            if reason == "not_told":
                self.assertIn(f"{url}/dhis-web-commons/security/login.action", got["message"])
            self.assertLessEqual(sum(b"j_username" in body for *_, body in upstream.seen), 1, "a refused password is never sent again")

    def json_login(self, status, headers, body, me=(401, JSON, '{"httpStatus":"Unauthorized","httpStatusCode":401,"message":"Unauthorized"}')):
        def answer(method, path, request_headers, request_body):
            if path == "/api/loginConfig":
                return 200, JSON, '{"apiVersion":"2.42.5","applicationTitle":"T"}'
            if path == "/api/auth/login" and method == "POST":
                return status, headers, body
            return me
        return self.upstream(answer)

    def test_e_mail_codes(self):
        for status, code, want, reason in [("EMAIL_TWO_FACTOR_CODE_SENT", [], "second_factor_required", "email"), ("INCORRECT_TWO_FACTOR_CODE_EMAIL", ["123456"], "second_factor_wrong", "email"),
                                           ("INCORRECT_TWO_FACTOR_CODE_EMAIL", [], "upstream_error", "")]:
            _, url = self.json_login(200, JSON, json.dumps({"loginStatus": status}))
            self.refused(self.drive(url, "password", "ada", PASSWORD, *code), want, reason)

    def test_a_yes_that_is_none(self):
        """What stands before a server can take its cookies away, or answer in its place."""
        good = json.dumps({"loginStatus": "SUCCESS", "redirectUrl": "/"})
        rows = [
            ((200, JSON, good), None, "upstream_error", "cookie"),
            ((200, {**JSON, "Set-Cookie": "JSESSIONID=1; Path=/"}, good), (302, {"Location": "/login/"}, ""), "upstream_error", "cookie"),
            ((200, {**JSON, "Set-Cookie": "JSESSIONID=1; Path=/"}, good), (200, {"Content-Type": "text/html"}, "<html>"), "not_dhis2", "page"),
            ((200, {**JSON, "Set-Cookie": "JSESSIONID=1; Path=/"}, good), (200, JSON, '{"ok":true}'), "not_dhis2", ""),
            ((200, {"Content-Type": "text/html"}, "<html>"), None, "not_dhis2", "page"),
            ((200, {}, ""), None, "empty_answer", ""),
            ((302, {"Location": "/login/"}, ""), None, "kind_not_offered", ""),
            ((302, {"Location": "https://portal.example/"}, ""), None, "not_dhis2", "redirect"),
            ((403, {"Content-Type": "text/html"}, "<html>"), None, "forbidden", ""),
            (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"loginStatus\":\"SUCC", None, "upstream_broken", ""),
        ]
        for given, me, code, reason in rows:
            with self.subTest(given=given):
                def answer(method, path, headers, body):
                    if path == "/api/loginConfig":
                        return 200, JSON, '{"apiVersion":"2.43.1"}'
                    if path == "/api/auth/login":
                        return given
                    return me or (401, JSON, '{"httpStatus":"Unauthorized","httpStatusCode":401,"message":"Unauthorized"}')
                upstream, url = self.upstream(answer)
                self.refused(self.drive(url, "password", "ada", PASSWORD), code, reason)
                self.assertEqual(sum(path == "/api/auth/login" for _, path, *_ in upstream.seen), 1)


class Tokens(SignIn):
    def test_both_releases(self):
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                url, people = self.start(version)
                uid = people.add("ada")
                token, token_id = people.pat("ada")
                self.assertEqual(self.drive(url, "look", token), {"look": 0})
                got = self.drive(url, "pat", token)
                self.assertEqual((got["id"], got["username"], got["credential"], got["expires_ms"]), (uid, "ada", token, 0), got)
                self.assertTrue(got["version"].startswith(version))
                self.assertIn("JSESSIONID", got["cookies"], "a token's session is kept, so that each call does not count as one more")
                self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {})
                self.assertEqual(self.drive(url, "pat", token)["username"], "ada", "a pasted token is left alone")
                people.delete_pat("ada", token_id)
                self.refused(self.drive(url, "pat", token), "token_refused", "unknown")

    def test_reasons(self):
        for version in ("2.41", "2.43"):
            with self.subTest(version=version):
                url, people = self.start(version)
                people.add("ada")
                rows = [({"expire": 1000}, "expired"), ({"attributes": [{"type": "IpAllowedList", "allowedIps": ["192.0.2.7"]}]}, "address"),
                        ({"attributes": [{"type": "MethodAllowedList", "allowedMethods": ["POST"]}]}, "method"),
                        ({"attributes": [{"type": "RefererAllowedList", "allowedReferrers": ["https://app.example.org/x"]}]}, "referer")]
                for limits, reason in rows:
                    self.refused(self.drive(url, "pat", people.pat("ada", **limits)[0]), "token_refused", reason)
                token = people.pat("ada")[0]
                self.refused(self.drive(url, "pat", token[:-1] + ("0" if token[-1] != "0" else "1")), "token_refused", "malformed")
                self.refused(self.drive(url, "pat", token[:-1]), "token_refused", "malformed")
                self.refused(self.drive(url, "pat", token + " x"), "token_refused", "malformed")
                self.refused(self.drive(url, "pat", ""), "token_refused", "malformed")
                people.enrol("ada")
                self.refused(self.drive(url, "pat", token), "token_refused", "disabled")

    def test_switched_off(self):
        for version in ("2.41", "2.43"):
            url, people = self.start(version, "--set", "pat=off")
            people.add("ada")
            got = self.refused(self.drive(url, "pat", people.pat("ada")[0]), "kind_not_offered")
            self.assertIn("enable.api_token.authentication", got["message"])

    def test_nothing_is_sent_that_can_be_seen_to_be_none(self):
        """To 2.40 a token with a wrong letter makes the server fail with a page and a stack trace."""
        upstream, url = self.upstream(lambda *_: (500, {"Content-Type": "text/html"}, "<html>"))
        for token in ("d2pat_ä", "a b", "x\ty", "=", "a" * 600):
            self.refused(self.drive(url, "pat", token), "token_refused", "malformed")
        self.assertEqual(upstream.seen, [])

    def test_basic(self):
        for version in ("2.41", "2.43"):
            url, people = self.start(version)
            people.add("ada")
            got = self.drive(url, "basic", "ada", PASSWORD)
            self.assertEqual((got["username"], got["kind"]), ("ada", "basic"))
            self.refused(self.drive(url, "basic", "ada", "wrong"), "wrong_credentials", "not_told")
            self.refused(self.drive(url, "basic", "a:b", "x"), "wrong_credentials")
            self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {})


class Codes(SignIn):
    def test_the_others(self):
        for release, kind in (("2.37", "legacy-oauth"), ("2.40", "legacy-oauth"), ("2.42", "oauth")):
            with self.subTest(release=release):
                url, people = self.start_codes(release)
                uid = people.add("ada")
                _, got = self.sign_in(url, people, kind)
                self.assertEqual((got.get("id"), got.get("username")), (uid, "ada"), got)
                more = self.drive(url, "refresh", kind, "gw", SECRET, CALLBACK, got["refresh_token"], got["subject"])
                self.assertEqual(people.whoami({"Authorization": "Bearer " + more["access_token"]}), "ada", more)
                self.refused(self.drive(url, "refresh", kind, "gw", SECRET, CALLBACK, "unknown", ""), "reauth_required", "invalid_grant")

    def start_codes(self, version, *words, base=""):
        return self.start(version, "--client", f"gw:{SECRET}", "--redirect-uri", CALLBACK, *words, base=base)

    def sign_in(self, url, people, kind, name="ada", secret=SECRET, client="gw", tick=None):
        begun = self.drive(url, "start", kind, client, secret, CALLBACK)
        query = urllib.parse.parse_qs(people.agree(begun["url"], name, tick))
        self.assertEqual(query["state"], [begun["state"]])
        self.code = query["code"][0]
        return begun, self.drive(url, "redeem", kind, client, secret, CALLBACK, self.code, begun["verifier"] or "-", begun["nonce"])

    def test_the_new_server(self):
        for base in ("", "/dhis"):
            url, people = self.start_codes("2.43", base=base)
            uid = people.add("ada")
            begun, got = self.sign_in(url, people, "oauth")
            self.assertEqual((got.get("id"), got["username"], got["subject"], got["kind"]), (uid, "ada", "ada", "oauth"), got)
            self.assertEqual(people.whoami({"Authorization": "Bearer " + got["credential"]}), "ada")
            self.assertGreater(got["expires_ms"], 0)
            self.assertTrue(got["refresh_token"])
            self.refused(self.drive(url, "redeem", "oauth", "gw", SECRET, CALLBACK, self.code, begun["verifier"], begun["nonce"]), "reauth_required", "invalid_grant")

    def test_each_check_of_the_new_server(self):
        """[R-B4, A14]"""
        url, people = self.start_codes("2.43")
        people.add("ada")
        begun = self.drive(url, "start", "oauth", "gw", SECRET, CALLBACK)
        code = urllib.parse.parse_qs(people.agree(begun["url"], "ada"))["code"][0]
        redeem = ["redeem", "oauth", "gw", SECRET, CALLBACK, code]
        self.refused(self.drive(url, *redeem, "x" * 43, begun["nonce"]), "reauth_required", "invalid_grant")
        self.refused(self.drive(url, "redeem", "oauth", "gw", "another secret", CALLBACK, code, begun["verifier"], begun["nonce"]), "upstream_error", "invalid_client")
        self.refused(self.drive(url, "redeem", "oauth", "nobody", SECRET, CALLBACK, code, begun["verifier"], begun["nonce"]), "upstream_error", "invalid_client")
        self.refused(self.drive(url, "redeem", "oauth", "gw", SECRET, CALLBACK + "x", code, begun["verifier"], begun["nonce"]), "reauth_required", "invalid_grant")
        got = self.refused(self.drive(url, *redeem, begun["verifier"], "another-nonce"), "upstream_error", "id_token")
        self.assertIn("another sign-in", got["message"])

    def test_username_not_ticked(self):
        url, people = self.start_codes("2.43")
        people.add("ada")
        begun = self.drive(url, "start", "oauth", "gw", SECRET, CALLBACK)
        query = people.agree(begun["url"], "ada", tick=[])
        self.assertEqual(urllib.parse.parse_qs(query)["error"], ["access_denied"])

    def test_refresh_and_revoke(self):
        url, people = self.start_codes("2.43")
        people.add("ada")
        _, got = self.sign_in(url, people, "oauth")
        more = self.drive(url, "refresh", "oauth", "gw", SECRET, CALLBACK, got["refresh_token"], "ada")
        self.assertEqual(people.whoami({"Authorization": "Bearer " + more["access_token"]}), "ada", more)
        people.control("restart")
        self.assertIsNone(people.whoami({"Authorization": "Bearer " + more["access_token"]}), "the key is a new one")
        again = self.drive(url, "refresh", "oauth", "gw", SECRET, CALLBACK, more["refresh_token"], "ada")
        self.assertEqual(people.whoami({"Authorization": "Bearer " + again["access_token"]}), "ada", again)
        self.refused(self.drive(url, "refresh", "oauth", "gw", SECRET, CALLBACK, again["refresh_token"], "bob"), "reauth_required", "id_token")
        self.refused(self.drive(url, "refresh", "oauth", "gw", "another", CALLBACK, again["refresh_token"], "ada"), "refresh_failed", "invalid_client")
        self.assertEqual(self.drive(url, "revoke", "oauth", "gw", SECRET, CALLBACK, again["refresh_token"], again["access_token"]), {})
        self.refused(self.drive(url, "refresh", "oauth", "gw", SECRET, CALLBACK, again["refresh_token"], "ada"), "reauth_required", "invalid_grant")

    def test_second_factor_by_code(self):
        url, people = self.start_codes("2.43")
        people.add("ada")
        begun = self.drive(url, "start", "oauth", "gw", SECRET, CALLBACK)
        query = people.agree(begun["url"], "ada")
        people.enrol("ada")
        code = urllib.parse.parse_qs(query)["code"][0]
        self.assertEqual(self.drive(url, "redeem", "oauth", "gw", SECRET, CALLBACK, code, begun["verifier"], begun["nonce"]).get("username"), "ada")

    def test_the_old_server(self):
        url, people = self.start_codes("2.41")
        uid = people.add("ada")
        begun, got = self.sign_in(url, people, "legacy-oauth")
        self.assertEqual((begun["verifier"], begun["nonce"]), ("", ""))
        self.assertEqual((got.get("id"), got["username"], got["kind"], got["subject"]), (uid, "ada", "legacy-oauth", ""), got)
        self.assertEqual(people.whoami({"Authorization": "Bearer " + got["credential"]}), "ada")
        more = self.drive(url, "refresh", "legacy-oauth", "gw", SECRET, CALLBACK, got["refresh_token"], "")
        self.assertEqual(people.whoami({"Authorization": "Bearer " + more["access_token"]}), "ada", more)
        self.assertEqual(more["refresh_token"], got["refresh_token"])
        self.refused(self.drive(url, "redeem", "legacy-oauth", "gw", SECRET, CALLBACK, self.code, "-", ""), "reauth_required", "invalid_grant")
        self.refused(self.drive(url, "redeem", "legacy-oauth", "gw", "x" * 36, CALLBACK, self.code, "-", ""), "upstream_error", "invalid_client")
        self.refused(self.drive(url, "redeem", "legacy-oauth", "nobody", SECRET, CALLBACK, self.code, "-", ""), "upstream_error", "invalid_client")
        self.refused(self.drive(url, "refresh", "legacy-oauth", "gw", SECRET, CALLBACK, "unknown", ""), "reauth_required", "invalid_grant")
        self.refused(self.drive(url, "refresh", "legacy-oauth", "nobody", SECRET, CALLBACK, more["refresh_token"], ""), "refresh_failed", "invalid_client")
        self.assertEqual(self.drive(url, "sign-out", got["cookies"]), {})

    def describing(self, extra=None):
        def answer(method, path, headers, body):
            base = "http://" + headers["Host"]
            if path == "/api/loginConfig":
                return 200, JSON, '{"apiVersion":"2.43.1"}'
            if path == "/.well-known/openid-configuration":
                return 200, JSON, json.dumps({"issuer": base + "/", "authorization_endpoint": base + "/oauth2/authorize", "token_endpoint": base + "/oauth2/token", "jwks_uri": base + "/oauth2/jwks",
                                              "revocation_endpoint": base + "/oauth2/revoke", "code_challenge_methods_supported": ["S256"], "response_types_supported": ["code"], **(extra or {})})
            return 401, JSON, '{"httpStatus":"Unauthorized","httpStatusCode":401,"message":"Unauthorized"}'
        return answer

    def token_endpoint(self, token, extra=None):
        describe = self.describing(extra)
        return self.upstream(lambda method, path, headers, body: token(headers, body) if path == "/oauth2/token" else describe(method, path, headers, body))

    def test_faults_of_the_token_endpoint(self):
        """[R-C4, R-D5]"""
        tokens = json.dumps({"access_token": "a", "token_type": "Bearer", "expires_in": 299, "refresh_token": "r2"})
        rows = [
            ((302, {"Location": "/login/"}, ""), "upstream_error", "invalid_client", "refresh_failed"),
            ((401, {}, ""), "upstream_error", "invalid_client", "refresh_failed"),
            ((301, {"Location": "/oauth2/token/"}, ""), "not_dhis2", "redirect", "refresh_failed"),
            ((500, {"Content-Type": "text/html"}, "<html>"), "upstream_error", "", "refresh_failed"),
            ((503, {"Retry-After": "9"}, ""), "server_unreachable", "", "refresh_failed"),
            ((429, {"Retry-After": "9"}, ""), "too_many", "", "refresh_failed"),
            ((200, {"Content-Type": "text/html"}, "<html>"), "not_dhis2", "page", "refresh_failed"),
            ((200, {}, ""), "empty_answer", "", "refresh_failed"),
            ((200, JSON, tokens[:-5]), "upstream_error", "", "refresh_failed"),
            ((400, JSON, '{"error":"invalid_grant"}'), "reauth_required", "invalid_grant", "reauth_required"),
            ((400, JSON, '{"error":"unauthorized_client"}'), "upstream_error", "unauthorized_client", "refresh_failed"),
            (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"access_token\":\"a\"", "upstream_broken", "", "refresh_failed"),
        ]
        for given, code, reason, refresh in rows:
            with self.subTest(given=given):
                _, url = self.token_endpoint(lambda *_: given)
                self.refused(self.drive(url, "redeem", "oauth", "gw", SECRET, CALLBACK, "c", "v" * 43, "n"), code, reason)
                got = self.drive(url, "refresh", "oauth", "gw", SECRET, CALLBACK, "r1", "ada")
                self.assertEqual(got.get("code"), refresh, got)
                if refresh == "refresh_failed":
                    self.assertEqual(got["retry_after"], 9 if isinstance(given, tuple) and "Retry-After" in given[1] else 10)
        _, url = self.token_endpoint(lambda *_: (200, JSON, tokens))
        self.refused(self.drive(url, "redeem", "oauth", "gw", SECRET, CALLBACK, "c", "v" * 43, "n"), "upstream_error", "id_token")
        got = self.drive(url, "refresh", "oauth", "gw", SECRET, CALLBACK, "r1", "ada")
        self.assertEqual((got.get("access_token"), got.get("refresh_token")), ("a", "r2"), got)

    def test_a_key_that_appears_a_moment_later(self):
        """[A29, R-B3] Several nodes behind one address, each with a key of its own: the set is fetched again, once."""
        key = self.directory() / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(key)], check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", str(key), "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout.strip().partition("=")[2]

        def url64(data):
            return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")
        jwk = {"kty": "RSA", "kid": "k1", "e": "AQAB", "n": url64(bytes.fromhex(modulus))}
        revoked = []

        def serve(late, me):
            fetched = []

            def answer(method, path, headers, body):
                host = "http://" + headers["Host"]
                if path == "/oauth2/token":
                    now = int(time.time())
                    head = url64({"alg": "RS256", "kid": "k1"}) + "." + url64({"iss": host + "/", "sub": "ada", "aud": "gw", "nonce": "n1", "iat": now, "exp": now + 1800})
                    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(key)], input=head.encode(), check=True, capture_output=True).stdout
                    return 200, JSON, json.dumps({"access_token": "at", "token_type": "Bearer", "expires_in": 299, "refresh_token": "rt", "scope": "openid username", "id_token": head + "." + url64(signature)})
                if path == "/oauth2/jwks":
                    fetched.append(1)
                    return 200, JSON, json.dumps({"keys": [jwk] if len(fetched) > late else []})
                if path == "/oauth2/revoke":
                    revoked.append(urllib.parse.parse_qs(body.decode())["token"][0])
                    return 200, {}, ""
                if headers.get("Authorization") == "Bearer at":
                    return 200, JSON, json.dumps(me) if path.startswith("/api/me") else '{"version":"2.43.1"}'
                return discovery(method, path, headers, body)
            return self.upstream(answer)[1]
        discovery = self.describing()
        ada = {"id": "abcdefghijk", "username": "ada", "displayName": "Ada L"}
        redeem = ["redeem", "oauth", "gw", SECRET, CALLBACK, "c", "v" * 43, "n1"]
        self.assertEqual(self.drive(serve(1, ada), *redeem).get("subject"), "ada")
        self.assertEqual(revoked, [])
        self.refused(self.drive(serve(2, ada), *redeem), "upstream_error", "id_token")
        self.assertEqual(revoked, ["rt", "at"], "what nobody will use is revoked")
        self.refused(self.drive(serve(0, {**ada, "username": "bob"}), *redeem), "upstream_error", "id_token")

    def test_client_authentication(self):
        """[R-C3] By HTTP Basic, form-encoded; in the body where the server wants that; nothing twice in one call."""
        seen = []

        def token(headers, body):
            fields = urllib.parse.parse_qs(body.decode())
            seen.append((headers.get("Authorization"), fields))
            self.assertEqual(headers["Accept"], "application/json")
            if "client_secret" in fields:
                return 400, JSON, '{"error":"invalid_grant"}'
            return 401, JSON, '{"error":"invalid_client"}'
        _, url = self.token_endpoint(token)
        self.drive(url, "refresh", "oauth", "gw & co", "a:b%ü", CALLBACK, "r1", "ada")
        self.assertEqual(len(seen), 2)
        self.assertEqual(base64.b64decode(seen[0][0][6:]).decode(), "gw%20%26%20co:a%3Ab%25%C3%BC")
        self.assertNotIn("client_id", seen[0][1])
        self.assertIsNone(seen[1][0])
        self.assertEqual((seen[1][1]["client_id"], seen[1][1]["client_secret"]), (["gw & co"], ["a:b%ü"]))
        seen.clear()
        self.drive(url, "refresh", "oauth", "public", "-", CALLBACK, "r1", "ada")
        self.assertEqual((seen[0][0], seen[0][1]["client_id"], len(seen)), (None, ["public"], 1))

    def test_signed_assertion(self):
        """[R-C1, R-C2]"""
        seen = []

        def token(headers, body):
            seen.append(urllib.parse.parse_qs(body.decode()))
            return 400, JSON, '{"error":"invalid_grant"}'
        _, url = self.token_endpoint(token)
        key = self.directory() / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(key)], check=True, capture_output=True)
        for _ in range(2):
            self.refused(self.drive(url, "refresh", "oauth", "gw", f"key:{key}", CALLBACK, "r1", "ada"), "reauth_required", "invalid_grant")

        def part(text):
            return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        one, two = (fields["client_assertion"][0].split(".") for fields in seen)
        self.assertEqual(seen[0]["client_assertion_type"], ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"])
        self.assertEqual(part(one[0])["alg"], "RS256")
        claims = part(one[1])
        self.assertEqual((claims["iss"], claims["sub"], claims["aud"]), ("gw", "gw", url + "/"))
        self.assertEqual(claims["exp"] - claims["iat"], 60)
        self.assertNotEqual(claims["jti"], part(two[1])["jti"], "once each")
        public = self.directory() / "public.pem"
        subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(public)], check=True, capture_output=True)
        signature = self.directory() / "signature"
        signature.write_bytes(base64.urlsafe_b64decode(one[2] + "=" * (-len(one[2]) % 4)))
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(signature)], input=".".join(one[:2]).encode(), check=True, capture_output=True)
        bad = self.directory() / "bad.pem"
        bad.write_text("no key")
        self.assertEqual(self.drive(url, "refresh", "oauth", "gw", f"key:{bad}", CALLBACK, "r1", "ada")["code"], "refresh_failed")

    def test_discovery_that_is_not_to_be_trusted(self):
        """[R-B1, R-B2, R-A3, A23, A30]"""
        for extra in ({"token_endpoint": "http://127.0.0.2:9/oauth2/token"}, {"jwks_uri": "https://elsewhere.example.org/jwks"}, {"issuer": "http://elsewhere.example.org/"},
                      {"code_challenge_methods_supported": ["plain"]}, {"authorization_endpoint": None}, {"revocation_endpoint": "http://127.0.0.1/revoke"}):
            _, url = self.token_endpoint(lambda *_: (500, {}, ""), extra)
            got = self.drive(url, "probe")
            self.assertEqual((got["kinds"]["oauth"]["state"], got["oauth"]["token"]), ("off", ""), extra)
            self.assertTrue(got["kinds"]["oauth"]["why"])


del SignIn, Case  # not tests by themselves

if __name__ == "__main__":
    unittest.main()
