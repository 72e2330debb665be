"""The life of a session: its cookie, its ids, its ends, and what a stolen part of it is worth."""
import base64
import concurrent.futures
import sqlite3
import time

import harness
from gateway import Gateway
from people import PASSWORD


class Cookies(Gateway):
    def test_its_attributes(self):
        """[R-E4, R-E6]"""
        self.start()
        self.people["district"].add("ada")
        line = self.with_password(self.browser(), "district").header("Set-Cookie")
        name, _, rest = line.partition("=")
        value, *attributes = [part.strip() for part in rest.split(";")]
        self.assertEqual((name, set(attributes)), ("drawbridge", {"Path=/", "HttpOnly", "SameSite=Strict"}))
        self.assertLess(len(name) + len(value), 200)

    def test_behind_https(self):
        """[R-E3, R-G7, R-G9] public_url decides: TLS ends in front."""
        self.start(public="https://gw.example.org", more="trusted_proxies: [127.0.0.0/8]")
        self.people["district"].add("ada")
        browser = self.browser()
        self.refused(browser.call("GET", "/v1/session"), 421, "wrong_host")
        host = {"Host": "gw.example.org", "X-Drawbridge": "1"}
        answer = self.sign_in(browser, "district", headers=host, kind="password", username="ada", password=PASSWORD)
        name, _, rest = answer.header("Set-Cookie").partition("=")
        self.assertEqual(name, "__Host-Http-drawbridge")
        self.assertEqual({part.strip() for part in rest.split(";")[1:]}, {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"})
        self.assertIn("max-age", answer.header("Strict-Transport-Security"))
        self.assertEqual(set(self.connections(browser, host)), {"district"})
        forwarded = {"X-Forwarded-Host": "gw.example.org", "X-Drawbridge": "1"}
        self.assertEqual(set(self.connections(browser, forwarded)), {"district"})

    def test_two_of_one_name(self):
        """[R-E8, A17]"""
        self.start()
        answer = harness.call(self.port, "GET", "/v1/session", {"X-Drawbridge": "1", "Cookie": "drawbridge=a; drawbridge=b"})
        self.refused(answer, 400, "bad_request")

    def test_nonsense_is_no_session(self):
        """[A17]"""
        self.start()
        for value in ("", "x", "A" * 86, "A" * 5000, "%00", '"quoted"'):
            for path, status in (("/v1/session", 200), ("/s/district/api/me", 401)):
                answer = harness.call(self.port, "GET", path, {"X-Drawbridge": "1", "Cookie": f"drawbridge={value}"})
                self.assertEqual(answer.status, status, (value, answer))

    def test_looking_makes_no_session(self):
        self.start()
        browser = self.browser()
        answer = browser.call("GET", "/v1/session")
        self.assertEqual(answer.json, {"mode": "same-origin", "expires_at": None, "idle_expires_at": None, "connections": []})
        self.assertEqual(browser.call("GET", "/v1/servers").status, 200)
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.assertEqual(browser.cookies[self.port], {})


class Ids(Gateway):
    def test_a_new_one_with_each_sign_in(self):
        """[R-E2]"""
        self.start([("one", "2.41"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        first = self.cookie(browser)
        late = self.browser()
        late.cookies[self.port] = {"drawbridge": first}
        self.with_password(browser, "two")
        self.assertNotEqual(self.cookie(browser), first)
        self.assertEqual(set(self.connections(browser)), {"one", "two"})
        # The old id finishes what it had, and gains nothing.
        self.assertEqual(self.me(late, "one")["username"], "ada")
        self.refused(late.call("GET", "/s/two/api/me"), 401, "not_connected", server="two", login_url=f"{self.public}/sign-in/two")
        self.assertEqual(set(self.connections(late)), {"one"})
        self.refused(self.with_password(late, "two", expect=409), 409, "conflict")
        time.sleep(10.1)  # the ten seconds of the contract; nothing tells when they are over
        self.refused(late.call("GET", "/s/one/api/me"), 401, "no_session")
        self.assertEqual(self.connections(late), {})
        self.assertEqual(set(self.connections(browser)), {"one", "two"})
        self.assertEqual(self.me(browser, "one")["username"], "ada")

    def test_another_person_ends_the_old_one_at_once(self):
        """[R-E2, A10]"""
        self.start()
        self.people["district"].add("ada")
        self.people["district"].add("bob")
        browser, late = self.browser(), self.browser()
        self.with_password(browser, "district")
        late.cookies[self.port] = dict(browser.cookies[self.port])
        self.with_password(browser, "district", "bob")
        self.refused(late.call("GET", "/s/district/api/me"), 401, "no_session")
        self.restart()
        self.refused(late.call("GET", "/s/district/api/me"), 401, "no_session")
        self.assertEqual(self.me(browser, "district")["username"], "bob")

    def test_sign_ins_at_once_lose_nothing(self):
        """[R-E13] All begin with one cookie; whichever answer comes last, the browser has all of them."""
        servers = [(f"s{i}", "2.43" if i % 2 else "2.41") for i in range(5)]
        self.start(servers)
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "s0")
        headers = [("X-Drawbridge", "1"), ("Cookie", f"drawbridge={self.cookie(browser)}")]
        body = {"kind": "password", "username": "ada", "password": PASSWORD}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda i: harness.call(self.port, "POST", f"/v1/servers/s{i}/connection", headers, body), range(1, 5)))
        for answer in answers:
            if answer.status == 409:  # came after another had ended: told so, and again
                continue
            self.assertEqual(answer.status, 201, answer)
        cookies = {a.header("Set-Cookie").split(";")[0].split("=")[1] for a in answers if a.status == 201}
        self.assertEqual(len(cookies), 1, "all answers carry the same new id")
        browser.cookies[self.port] = {"drawbridge": cookies.pop()}
        self.assertEqual(set(self.connections(browser)), {"s0"} | {f"s{i}" for i, a in enumerate(answers, 1) if a.status == 201})
        self.restart()
        self.assertEqual(set(self.connections(browser)), {"s0"} | {f"s{i}" for i, a in enumerate(answers, 1) if a.status == 201})


class Ends(Gateway):
    def test_signing_out(self):
        """[R-E10, R-D9, A11]"""
        self.start([("one", "2.41"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
        taps = [self.tapped("one"), self.tapped("two")]
        browser, copy = self.browser(), self.browser()
        self.with_password(browser, "one")
        token, _ = self.people["two"].pat("ada")
        self.sign_in(browser, "two", kind="pat", token=token)
        copy.cookies[self.port] = dict(browser.cookies[self.port])
        answer = browser.call("DELETE", "/v1/session")
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertIn("Max-Age=0", answer.header("Set-Cookie"))
        self.refused(copy.call("GET", "/s/one/api/me"), 401, "no_session")
        self.restart()
        self.refused(copy.call("GET", "/s/one/api/me"), 401, "no_session")
        for tap, people in zip(taps, self.people.values()):
            self.assertTrue(tap.secrets())
            for session in tap.secrets():
                self.assertIsNone(people.whoami({"Cookie": f"JSESSIONID={session.decode()}"}), "the server's session is over, too")
        self.assertEqual(self.people["two"].whoami({"Authorization": f"ApiToken {token}"}), "ada", "a token that a person pasted stays")

    def test_signing_out_of_one(self):
        self.start([("one", "2.41"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.with_password(browser, "two")
        self.assertEqual(browser.call("DELETE", "/v1/servers/one/connection").status, 204)
        self.assertEqual(set(self.connections(browser)), {"two"})
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "not_connected")
        self.assertEqual(self.me(browser, "two")["username"], "ada")
        self.assertEqual(browser.call("DELETE", "/v1/servers/one/connection").status, 204, "once more is fine")
        self.refused(browser.call("DELETE", "/v1/servers/nowhere/connection"), 404, "unknown_server")
        self.refused(self.browser().call("DELETE", "/v1/servers/one/connection"), 401, "no_session")
        self.restart()
        self.assertEqual(set(self.connections(browser)), {"two"})

    def ends(self, browser):
        """Waits for the end of a session that nobody uses; never shorter than the configuration says, however slow the machine."""
        time.sleep(2.1)
        for _ in range(2):
            self.refused(browser.call("GET", "/s/district/api/me"), 401, "session_expired", login_url=f"{self.public}/sign-in/district")
            self.assertEqual(self.connections(browser), {})
            self.restart()

    def test_by_idle_time(self):
        """[R-E9]"""
        self.start(more="session: {idle: 2s, absolute: 1h}")
        self.people["district"].add("ada")
        browser = self.browser()
        self.with_password(browser, "district")
        self.ends(browser)

    def test_by_absolute_time(self):
        """[R-E9] However much it is used."""
        self.start(more="session: {idle: 2s, absolute: 2s}")
        self.people["district"].add("ada")
        browser = self.browser()
        self.with_password(browser, "district")
        ended = harness.wait_for(lambda: (lambda answer: answer.status == 401 and answer)(browser.call("GET", "/s/district/api/me")), "the end")
        self.refused(ended, 401, "session_expired")

    def test_looking_is_no_use(self):
        """[R-E9]"""
        self.start()
        self.people["district"].add("ada")
        browser = self.browser()
        self.with_password(browser, "district")
        idle_end = lambda: browser.call("GET", "/v1/session").json["idle_expires_at"]
        first = idle_end()
        time.sleep(0.01)
        self.assertEqual(idle_end(), first)
        self.me(browser, "district")
        second = idle_end()
        self.assertGreater(second, first)
        time.sleep(0.01)
        self.assertEqual(idle_end(), second)

    def test_a_restart_keeps_it(self):
        self.start([("one", "2.41"), ("two", "2.43")])
        browser = self.browser()
        for people in self.people.values():
            people.add("ada")
        self.with_password(browser, "one")
        self.sign_in(browser, "two", kind="pat", token=self.people["two"].pat("ada")[0])
        before = self.connections(browser)
        self.restart()
        self.assertEqual(self.connections(browser), before)
        self.assertEqual([self.me(browser, s)["username"] for s in ("one", "two")], ["ada", "ada"])
        self.program.kill()
        self.serve()
        self.assertEqual([self.me(browser, s)["username"] for s in ("one", "two")], ["ada", "ada"])

    def test_the_server_ends_it(self):
        """[R-D7] A session that the server has ended asks for a new sign-in; the others go on."""
        self.start([("one", "2.43"), ("two", "2.43")], server_words="mint: never")
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.with_password(browser, "two")
        self.people["one"].control("expire")
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required", server="one", login_url=f"{self.public}/sign-in/one")
        self.assertEqual({s: c["state"] for s, c in self.connections(browser).items()}, {"one": "reauth_required", "two": "ok"})
        self.refused(browser.call("GET", "/v1/servers/one/data-sets"), 401, "reauth_required")
        self.assertEqual(self.me(browser, "two")["username"], "ada")
        harness.wait_for(lambda: "reauth_required" in {row[0] for row in self.rows("select state from connections")}, "the state in the store")
        self.restart()
        self.assertEqual(self.connections(browser)["one"]["state"], "reauth_required")
        self.with_password(browser, "one")
        self.assertEqual(self.me(browser, "one")["username"], "ada")

    def rows(self, question):
        with sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True) as store:
            return store.execute(question).fetchall()


class Stolen(Gateway):
    def test_the_store_and_the_keys_open_nothing(self):
        """[R-D10, R-D11, R-E1] All files are taken and a gateway of the thief's runs on them: without the browser's cookie there is no way in, and no secret is in any byte of them."""
        self.start([("one", "2.41")])
        self.people["one"].add("ada")
        tap = self.tapped("one")
        browser = self.browser()
        token, _ = self.people["one"].pat("ada")
        self.sign_in(browser, "one", kind="pat", token=token)
        self.with_password(browser, "one")
        self.me(browser, "one")
        cookie = self.cookie(browser)
        self.program.stop()
        taken = b"".join(path.read_bytes() for path in self.state.iterdir() if path.name.startswith(("state.db", "keys")))
        self.assertTrue(tap.secrets())
        for secret in [token.encode(), PASSWORD.encode(), cookie.encode(), *tap.secrets()]:
            self.assertNotIn(secret, taken)
        self.serve()
        ids = [row[0] for row in sqlite3.connect(f"{self.state}/state.db").execute("select id from sessions")]
        self.assertTrue(ids)
        for raw in ids:
            for secret in (bytes(32), raw):
                value = base64.urlsafe_b64encode(raw + secret).rstrip(b"=").decode()
                answer = harness.call(self.port, "GET", "/s/one/api/me", {"X-Drawbridge": "1", "Cookie": f"drawbridge={value}"})
                self.refused(answer, 401, "no_session")
        # Right id, wrong secret; and another key ring.
        whole = base64.urlsafe_b64decode(cookie + "==")
        forged = base64.urlsafe_b64encode(whole[:32] + bytes(32)).rstrip(b"=").decode()
        for _ in range(2):
            answer = harness.call(self.port, "GET", "/s/one/api/me", {"X-Drawbridge": "1", "Cookie": f"drawbridge={forged}"})
            self.refused(answer, 401, "no_session")
            self.assertEqual(self.me(browser, "one")["username"], "ada")
        self.program.stop()
        (self.state / "keys").unlink()
        self.serve()
        self.refused(browser.call("GET", "/s/one/api/me"), 401, "no_session")

    def test_rows_cannot_be_moved(self):
        """[R-D10, A16] Somebody who may write the store gives one person's sign-in to another session: it does not open there."""
        self.start([("one", "2.43")])
        for name in ("ada", "bob"):
            self.people["one"].add(name)
        ada, bob = self.browser(), self.browser()
        self.with_password(ada, "one", "ada")
        self.with_password(bob, "one", "bob")
        self.program.stop()
        with sqlite3.connect(f"{self.state}/state.db") as store:
            rows = store.execute("select session, sealed from connections").fetchall()
            self.assertEqual(len(rows), 2)
            store.execute("update connections set sealed = ? where session = ?", (rows[0][1], rows[1][0]))
            store.execute("update connections set sealed = ? where session = ?", (rows[1][1], rows[0][0]))
        self.serve()
        for browser in (ada, bob):
            self.refused(browser.call("GET", "/s/one/api/me"), 401, "reauth_required")


class StoreGone(Gateway):
    def test_it_is_never_an_anonymous_pass(self):
        """[R-H9]"""
        self.start()
        self.people["district"].add("ada")
        browser = self.browser()
        self.with_password(browser, "district")
        self.restart()
        self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 200)
        with sqlite3.connect(f"{self.state}/state.db") as store:
            store.execute("alter table sessions rename to elsewhere")
        self.refused(browser.call("GET", "/s/district/api/me"), 503, "store_unavailable")
        self.refused(browser.call("GET", "/v1/session"), 503, "store_unavailable")
        self.refused(browser.call("DELETE", "/v1/session"), 503, "store_unavailable")
        self.refused(self.with_password(self.browser(), "district", expect=503), 503, "store_unavailable")
        self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 503)
        with sqlite3.connect(f"{self.state}/state.db") as store:
            store.execute("alter table elsewhere rename to sessions")
        self.assertEqual(self.me(browser, "district")["username"], "ada")
        self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 200)
