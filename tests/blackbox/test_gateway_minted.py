"""A password is exchanged for a short-lived personal access token of drawbridge's own, and forgotten; and where that is not to be had, the server's session stays."""
import json
import time

from gateway import Gateway
from people import PASSWORD, totp
from scripted import Scripted


class Minted(Gateway):
    def tokens(self, name="ada", server="one"):
        """The person's tokens as the server lists them."""
        people = self.people[server]
        return people.call("GET", "/api/apiToken?fields=id,expire,attributes", {"Cookie": f"JSESSIONID={people.session(name)}"}).json["apiToken"]

    def began(self, version, server_words="", sim_words=(), more=""):
        self.start([("one", version)], server_words=server_words, sim_words=sim_words, more=more)
        self.people["one"].add("ada")
        self.tap = self.tapped("one")
        return self.browser()

    def sent(self):
        """Every token the server has given through the tap."""
        return [part.split('"')[0] for part in b"".join(self.tap.sent).decode("latin-1").split('"key":"')[1:]]

    def each(self, version):
        browser = self.began(version, more="session: {absolute: 3h}")
        before = time.time()
        made = self.with_password(browser, "one").json
        self.assertEqual((made["kind"], made["state"]), ("password", "ok"))
        listed = self.tokens()
        self.assertEqual(len(listed), 1)
        self.assertLess(abs(listed[0]["expire"] / 1000 - before - 3 * 3600 - 60), 60, "it ends with the session, or just behind it")
        self.assertEqual(listed[0]["attributes"], [], "the policy lets all methods through")
        token, = self.sent()
        self.secrets.add(token)
        people = self.people["one"]
        self.assertEqual(people.whoami({"Authorization": f"ApiToken {token}"}), "ada")
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertIsNone(browser.call("POST", "/s/one/api/dataValueSets", body={"dataValues": []}).header("X-Drawbridge-Error"))
        self.restart()
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual(self.connections(browser)["one"]["kind"], "password")
        self.assertEqual(browser.call("DELETE", "/v1/servers/one/connection").status, 204)
        self.assertEqual(self.tokens(), [], "signing out revokes it")
        for session in self.tap.secrets():
            self.assertIsNone(people.whoami({"Cookie": f"JSESSIONID={session.decode()}"}), "neither the password's session nor the token's own is left")
        return token

    def test_2_40(self):
        """[R-D9]"""
        self.each("2.40")

    def test_2_41(self):
        """[R-D9]"""
        token = self.each("2.41")
        self.assertIsNone(self.people["one"].whoami({"Authorization": f"ApiToken {token}"}))

    def test_2_42(self):
        """[R-D9]"""
        token = self.each("2.42")
        self.assertIsNone(self.people["one"].whoami({"Authorization": f"ApiToken {token}"}))

    def test_2_43(self):
        """[R-D9]"""
        token = self.each("2.43")
        self.assertIsNone(self.people["one"].whoami({"Authorization": f"ApiToken {token}"}))

    def test_narrow(self):
        """[R-A13] The policy's methods, and DELETE, by which it is revoked."""
        for version, methods in (("2.40", ["DELETE", "GET", "POST"]), ("2.43", ["DELETE", "GET", "HEAD", "POST"])):
            browser = self.began(version, "policy: {methods: [GET, POST]}")
            self.with_password(browser, "one")
            limits, = self.tokens()[0]["attributes"]
            self.assertEqual(sorted(limits["allowedMethods"]), methods)
            self.refused(browser.call("DELETE", "/s/one/api/dataSets/aaaaaaaaaaa"), 405, "method_refused")
            self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
            self.assertEqual(self.tokens(), [])

    def test_by_its_session_where_the_token_is_refused_meanwhile(self):
        """[R-D9] A second factor is switched on: tokens are dead then, what drawbridge made is deleted all the same."""
        browser = self.began("2.43")
        self.with_password(browser, "one")
        secret = self.people["one"].enrol("ada")
        self.people["one"].control("clock", advance_s=1800)
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.people["one"].control("clock", advance_s=2000)  # the server has forgotten that the token was good
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required", server="one")
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        people = self.people["one"]
        answer = people.call("POST", "/api/auth/login", body={"username": "ada", "password": PASSWORD, "twoFactorCode": totp(secret, time.time() + 3800)})
        self.assertEqual(answer.json["loginStatus"], "SUCCESS")
        cookie = [line.split(";")[0] for line in answer.all("Set-Cookie") if line.startswith("JSESSIONID=")][-1]
        self.assertEqual(people.call("GET", "/api/apiToken", {"Cookie": cookie}).json["apiToken"], [])

    def stays_a_session(self, browser, minted=0):
        self.me(browser, "one")
        self.assertEqual(len(self.sent()), minted)
        self.assertEqual(self.tokens(), [])
        self.assertNotIn("expires_at", self.connections(browser)["one"])
        self.people["one"].control("expire")
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required")

    def test_not_on_2_37(self):
        """It makes tokens and takes none."""
        browser = self.began("2.37")
        self.with_password(browser, "one")
        self.stays_a_session(browser)

    def test_not_where_it_is_switched_off(self):
        browser = self.began("2.43", sim_words=["--set", "pat=off"])
        self.with_password(browser, "one")
        self.stays_a_session(browser)

    def test_switched_off_since_it_was_looked_at(self):
        """Made, tried, found dead and deleted."""
        browser = self.began("2.43")
        self.assertIn("pat", [offer["kind"] for offer in browser.call("GET", "/v1/servers").json[0]["sign_in"]])
        self.people["one"].control("set", name="pat", value="off")
        self.with_password(browser, "one")
        self.stays_a_session(browser, minted=1)

    def test_not_where_the_configuration_says_so(self):
        for words in ("mint: never", "sign_in: [oauth, password]"):
            browser = self.began("2.43", words)
            self.with_password(browser, "one")
            self.stays_a_session(browser)

    def test_not_with_a_second_factor(self):
        browser = self.began("2.43")
        secret = self.people["one"].enrol("ada")
        self.with_password(browser, "one", code=totp(secret))
        self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual(self.sent(), [])

    def test_a_server_that_does_not_make_one(self):
        """Whatever it answers, the sign-in stands."""
        answers = {"403": (403, "{}"), "page": (201, "<html>"), "nothing": (201, '{"response":{}}'), "cut": (201, '{"response":{"key":"d2p_x"'), "id": (201, '{"response":{"key":"d2p_x","uid":"../../users"}}')}
        wanted = [None]
        asked = []

        def answer(method, path, headers, body):
            kind = {"Content-Type": "application/json"}
            asked.append((method, path))
            if path.startswith("/api/loginConfig"):
                return 200, kind, '{"apiVersion":"2.43.1"}'
            if path == "/api/auth/login":
                return 200, {**kind, "Set-Cookie": "JSESSIONID=0123456789ABCDEF0123456789ABCDEF; Path=/"}, '{"loginStatus":"SUCCESS"}'
            if path.startswith("/api/apiToken"):
                return answers[wanted[0]][0], {"Content-Type": "text/html"} if wanted[0] == "page" else kind, answers[wanted[0]][1]
            if headers.get("Authorization", "").startswith("ApiToken"):
                return 401, {**kind, "WWW-Authenticate": "ApiToken"}, json.dumps({"httpStatusCode": 401, "message": "The API token does not exists"})
            if "JSESSIONID" in headers.get("Cookie", ""):
                return 200, kind, json.dumps({"id": "aaaaaaaaaaa", "username": "ada", "displayName": "Ada"})
            return 401, kind, "{}"
        server = Scripted(answer)
        self.addCleanup(server.stop)
        self.start([("one", None, f"url: http://127.0.0.1:{server.port}")])
        for wanted[0] in answers:
            browser = self.browser()
            self.assertEqual(self.with_password(browser, "one").json["kind"], "password")
            self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.assertEqual([pair for pair in asked if pair[0] == "DELETE"], [], "nothing is deleted that was not made")

    def test_for_apps_that_sign_in_as_at_dhis2(self):
        browser = self.began("2.43")
        answer = browser.call("POST", "/s/one/api/auth/login", body={"username": "ada", "password": PASSWORD})
        self.assertEqual(answer.json["loginStatus"], "SUCCESS", answer)
        self.assertEqual(len(self.tokens()), 1)
        self.assertEqual(self.me(browser, "one")["username"], "ada")
