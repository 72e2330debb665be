"""Calls to servers through the gateway, as far as session, connection and errors go (the wire itself: test_proxy.py); and the sign-in of apps that were made for DHIS2."""
import json

import harness
from gateway import Gateway, NAVIGATION
from people import PASSWORD, totp
from scripted import Scripted, signed_in


class Errors(Gateway):
    def test_their_shapes(self):
        """[R-H8]"""
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        answer = self.refused(browser.call("GET", "/s/one/api/me"), 401, "no_session", server="one", origin="gateway", status="ERROR", httpStatus="Unauthorized", httpStatusCode=401)
        self.assertEqual(answer.header("Content-Type"), "application/json")
        self.assertEqual(answer.json["message"], answer.json["detail"])
        self.assertEqual(answer.json["request_id"], answer.header("X-Request-Id"))
        other = self.refused(browser.call("GET", "/v1/alignments"), 401, "no_session", status=401)
        self.assertEqual(other.header("Content-Type"), "application/problem+json")
        self.assertNotIn("message", other.json)
        self.refused(browser.call("GET", "/s/one/dhis-web-commons/menu/getModules.action"), 401, "no_session", status=401)
        self.refused(browser.call("GET", "/s/nowhere/api/me"), 404, "unknown_server", status="ERROR", httpStatusCode=404)
        self.refused(browser.call("GET", "/s/"), 404, "unknown_server", status=404)
        self.refused(browser.call("GET", "/v1/nothing"), 404, "not_found", status=404)
        self.with_password(browser, "one")
        self.refused(browser.call("GET", "/s/one/api/apiToken"), 403, "policy", server="one", status="ERROR", httpStatusCode=403)
        self.refused(browser.call("GET", "/s/one/uaa/oauth/token"), 403, "policy", status=403)
        self.refused(browser.call("GET", "/s/one/api/%2e%2e/x"), 400, "bad_target", httpStatusCode=400)
        self.refused(browser.call("OPTIONS", "/s/one/api/me"), 405, "method_refused")
        self.refused(browser.call("GET", "/s/one/api/no-such-thing"), 404, "upstream_error", origin="upstream", httpStatusCode=404)

    def test_on_a_navigation_it_is_a_page(self):
        """[R-F10]"""
        self.start([("one", "2.43")])
        browser = self.browser()
        for path, status, code in (("/s/one/api/me", 401, b"no_session"), ("/s/nowhere/api/me", 404, b"unknown_server"), ("/v1/alignments", 401, b"no_session")):
            answer = browser._plain(self.port, "GET", path, NAVIGATION, None)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.header("Content-Type"), "text/html; charset=utf-8")
            self.assertIn(code, answer.body)
            self.assertEqual(answer.header("X-Drawbridge-Error"), code.decode())
            self.assertIn("default-src 'none'", answer.header("Content-Security-Policy"))
            self.assertNotIn(b"<script", answer.body)
        self.assertIn(f"{self.public}/servers?problem=unknown_server\"".encode(), browser._plain(self.port, "GET", "/s/nowhere/api/me", NAVIGATION, None).body)
        self.assertIn(f"{self.public}/sign-in/one".encode(), browser._plain(self.port, "GET", "/s/one/api/me", NAVIGATION, None).body)

    def test_a_page_in_its_readers_language(self):
        """By Accept-Language, with weights; JSON stays as it is, since who reads it has words of their own."""
        self.start([("one", "2.43")])
        browser = self.browser()

        def page(path, wanted):
            answer = browser._plain(self.port, "GET", path, {**NAVIGATION, "Accept-Language": wanted}, None)
            return answer, answer.body.decode()
        for wanted, language, direction, title, link in (
                ("fr-CA, en;q=0.8", "fr", "ltr", "Il n’y a pas de session", "Se connecter"), ("de, en;q=0.2, pt-BR;q=0.6", "pt", "ltr", "Não há sessão", "Iniciar sessão"),
                ("es;q=0.5, fr;q=0", "es", "ltr", "No hay ninguna sesión", "Iniciar sesión"), ("ar", "ar", "rtl", "لا توجد جلسة", "تسجيل الدخول"), ("de", "en", "ltr", "There is no session", "Sign in")):
            answer, text = page("/s/one/api/me", wanted)
            self.assertEqual((answer.status, answer.header("Content-Language"), answer.header("X-Drawbridge-Error")), (401, language, "no_session"))
            self.assertIn("Accept-Language", answer.header("Vary"))
            self.assertIn(f'<html lang="{language}" dir="{direction}">', text)
            self.assertIn(f"<h1>{title}</h1>", text)
            self.assertIn(f">{link}</a>", text)
        self.assertIn("n’existe pas", page("/s/nowhere/api/me", "fr")[1])
        self.assertEqual(browser.call("GET", "/s/nowhere/api/me", {"Accept-Language": "fr"}).json["title"], "There is no such server")

    def test_who_failed(self):
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.sims["one"].stop()
        self.refused(browser.call("GET", "/s/one/api/me"), 503, "server_unreachable", server="one", origin="upstream", httpStatusCode=503)
        self.assertEqual(self.connections(browser)["one"]["state"], "unreachable")
        self.refused(browser.call("GET", "/v1/servers/one/data-sets"), 503, "server_unreachable")

    def test_a_release_that_was_not_tried(self):
        """Told of the server, and of the connection: older releases tell their version only to who signed in."""
        versions = {"old": "2.36.13", "known": "2.41.9", "new": "2.44-SNAPSHOT"}

        def upstream(version):
            def answer(method, path, headers, body):
                if path.startswith("/api/me"):
                    return 200, {"Content-Type": "application/json"}, '{"id":"abcdefghijk","username":"ada","name":"Ada"}'
                return 200, {"Content-Type": "application/json"}, json.dumps({"apiVersion": version, "version": version})
            scripted = Scripted(answer)
            self.addCleanup(scripted.stop)
            return f"url: http://127.0.0.1:{scripted.port}"
        self.start([(name, None, upstream(version)) for name, version in versions.items()])
        browser = self.browser()
        for name in versions:
            self.sign_in(browser, name, kind="pat", token="d2p_" + "a" * 50)
        expected = {"old": "older", "known": None, "new": "newer"}
        for told in ({one["id"]: one for one in browser.call("GET", "/v1/servers").json}, self.connections(browser)):
            self.assertEqual({name: told[name].get("untried", {}).get("release") for name in versions}, expected)
            self.assertEqual({key: told["old"]["untried"][key] for key in ("oldest", "newest")}, {"oldest": "2.37", "newest": "2.43"})

    def test_what_an_address_takes(self):
        """A method that is refused comes with those that are not."""
        self.start(server_words="policy: {methods: [GET, POST]}")
        browser = self.browser()
        self.people["district"].add("ada")
        self.sign_in(browser, "district", kind="password", username="ada", password=PASSWORD)
        for method, path, allow in (("PUT", "/v1/session", "GET, HEAD, DELETE"), ("GET", "/v1/servers/district/connection", "POST, DELETE"), ("PATCH", "/v1/alignments", "POST, GET, HEAD"),
                                    ("DELETE", "/s/district/api/me", "GET, HEAD, POST")):
            answer = browser.call(method, path)
            self.refused(answer, 405, "method_refused")
            self.assertEqual(answer.header("Allow"), allow, path)
        whole, head = (browser.call(method, "/v1/alignments") for method in ("GET", "HEAD"))
        self.assertEqual((head.status, head.body, head.header("Content-Type")), (200, b"", whole.header("Content-Type")))

    def test_a_loop(self):
        """[R-G13] A call that comes back with the mark that drawbridge put on it."""
        marks = []

        def answer(method, path, headers, body):
            marks.append({name.lower(): value for name, value in headers.items()}.get("via"))
            return signed_in(path)
        upstream = Scripted(answer)
        self.addCleanup(upstream.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{upstream.port}")])
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_" + "a" * 50)
        self.assertEqual(browser.call("GET", "/s/one/api/me").status, 200)
        self.assertTrue(marks[-1])
        answer = browser.call("GET", "/s/one/api/me", {"Via": marks[-1]})
        self.assertEqual((answer.status, answer.json["code"]), (508, "loop"), answer)
        self.assertEqual(browser.call("GET", "/s/one/api/me", {"Via": "1.1 another"}).status, 200)

    def test_a_tokens_limits_are_not_its_end(self):
        """A token that may only read answers a write with 401: that is no reason to sign in again."""
        self.start([("one", "2.43")])
        people, browser = self.people["one"], self.browser()
        people.add("ada")
        token, _ = people.pat("ada", attributes=[{"type": "MethodAllowedList", "allowedMethods": ["GET"]}])
        self.sign_in(browser, "one", kind="pat", token=token)
        answer = browser.call("POST", "/s/one/api/dataValueSets", body={"dataValues": []})
        self.refused(answer, 403, "forbidden", server="one", origin="upstream")
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual(self.connections(browser)["one"]["state"], "ok")

    def test_a_login_page_asks_for_a_sign_in(self):
        """Whatever the sign-in: a login page in place of an answer is reauth_required. A token that the server takes elsewhere stays connected."""
        def answer(method, path, headers, body):
            if path == "/api/away":
                return 302, {"Location": "/login/"}, ""
            if path == "/api/page":
                return 200, {"Content-Type": "text/html;charset=UTF-8"}, "<!DOCTYPE html><title>Sign in</title>"
            return signed_in(path)
        upstream = Scripted(answer)
        self.addCleanup(upstream.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{upstream.port}")])
        browser = self.browser()
        self.sign_in(browser, "one", kind="pat", token="d2p_" + "a" * 50)
        for path in ("away", "page"):
            self.refused(browser.call("GET", f"/s/one/api/{path}"), 401, "reauth_required", server="one", origin="upstream")
            self.assertEqual(self.connections(browser)["one"]["state"], "ok")
        self.assertEqual(browser.call("GET", "/s/one/api/me").status, 200)

    def test_a_session_that_too_many_others_pushed_out(self):
        """[R-D6] A server that ends a person's oldest session says so once; with a token the call is made again, and nobody notices, nor loses what was written."""
        self.start([("one", "2.43")], sim_words=("--set", "max-sessions=1"))
        people, browser = self.people["one"], self.browser()
        people.add("ada", people.add_role("writer", authorities=["F_DATAVALUE_ADD"]))
        token, _ = people.pat("ada")
        self.sign_in(browser, "one", kind="pat", token=token)
        for method, body in (("GET", None), ("POST", {"dataValues": []})):
            self.assertEqual(self.me(browser, "one")["username"], "ada")
            self.assertEqual(people.whoami({"Authorization": f"ApiToken {token}"}), "ada")  # a session of its own: the other one must go
            answer = browser.call(method, "/s/one/api/me" if method == "GET" else "/s/one/api/dataValueSets", body=body)
            self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.connections(browser)["one"]["state"], "ok")

    def test_a_token_that_is_gone(self):
        self.start([("one", "2.43")])
        people, browser = self.people["one"], self.browser()
        people.add("ada")
        token, uid = people.pat("ada")
        self.sign_in(browser, "one", kind="pat", token=token)
        people.delete_pat("ada", uid)
        people.control("expire")  # its session, too
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required", server="one")
        self.assertEqual(self.connections(browser)["one"]["state"], "reauth_required")


class Compatible(Gateway):
    """What an app does that was made for one DHIS2 server and got another base address."""
    XHR = {"X-Requested-With": "XMLHttpRequest", "X-Drawbridge": "0"}

    def login(self, browser, body, prefix="", headers=None):
        self.secrets.add(PASSWORD)
        return browser.call("POST", f"/s/one/api{prefix}/auth/login", headers or self.XHR, body)

    def test_signing_in(self):
        for version in ("2.41", "2.43"):
            self.start([("one", version)])
            people, browser = self.people["one"], self.browser()
            people.add("ada")
            config = browser.call("GET", "/s/one/api/loginConfig", self.XHR)
            self.assertEqual(config.status, 200, config)
            self.assertEqual(config.json["apiVersion"].split(".")[:2], version.split("."))
            wrong = self.login(browser, {"username": "ada", "password": "Wrong-horse-7"})
            self.assertEqual((wrong.status, wrong.json["httpStatusCode"], wrong.json["status"]), (401, 401, "ERROR"))
            answer = self.login(browser, {"username": "ada", "password": PASSWORD}, "/41")
            self.assertEqual((answer.status, answer.json), (200, {"loginStatus": "SUCCESS", "redirectUrl": "/"}), answer)
            self.assertEqual(browser.call("GET", "/s/one/api/me", self.XHR).status, 200)
            self.assertEqual(self.connections(browser)["one"]["kind"], "password")

    def test_every_status(self):
        self.start([("one", "2.43")])
        people, browser = self.people["one"], self.browser()
        people.add("ada")
        people.add("dis", disabled=True)
        people.add("exp", accountExpiry="2020-01-01T00:00:00.000")
        people.add("must", role=people.add_role("strict", restrictions=["R_ENABLE_2FA"]))
        people.add("two")
        secret = people.enrol("two")
        for name, more, status in (("dis", {}, "ACCOUNT_DISABLED"), ("exp", {}, "ACCOUNT_EXPIRED"), ("must", {}, "REQUIRES_TWO_FACTOR_ENROLMENT"), ("two", {}, "INCORRECT_TWO_FACTOR_CODE_TOTP"),
                                   ("two", {"twoFactorCode": "000000"}, "INCORRECT_TWO_FACTOR_CODE_TOTP")):
            answer = self.login(browser, {"username": name, "password": PASSWORD, **more})
            self.assertEqual((answer.status, answer.json), (200, {"loginStatus": status}), answer)
            self.assertIsNone(self.cookie(browser))
        answer = self.login(browser, {"username": "two", "password": PASSWORD, "twoFactorCode": totp(secret)})
        self.assertEqual(answer.json["loginStatus"], "SUCCESS")

    def test_the_same_rules(self):
        self.start([("one", "2.43")])
        self.people["one"].add("ada")
        body = json.dumps({"username": "ada", "password": PASSWORD})
        for headers, code in (({}, "missing_header"), ({"Origin": "http://evil.test", "X-Requested-With": "XMLHttpRequest"}, "cross_site")):
            self.refused(harness.call(self.port, "POST", "/s/one/api/auth/login", headers, body), 403, code)
        self.refused(self.login(self.browser(), {"username": "ada"}), 400, "bad_request")
        self.config_text = self.config_text.replace("name: The one", "name: The one\n    sign_in: [pat]")
        self.restart()
        self.refused(self.login(self.browser(), {"username": "ada", "password": PASSWORD}), 403, "kind_not_offered")
