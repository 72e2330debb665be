"""Sign-ins that a browser remembers: they come back with the person's next sign-in at the home server, and to nobody else."""
import base64
import calendar
import concurrent.futures
import json
import sqlite3
import time

import harness
from gateway import Gateway
from people import PASSWORD, People


class Vault(Gateway):
    def begin(self, *versions, **more):
        """The server `home` and one server per version: s0, s1, …"""
        self.start([("home", "2.43"), *((f"s{i}", version) for i, version in enumerate(versions))], **more)
        self.config_text = self.config_text.replace("name: The home", "name: The home\n    home: true")
        self.restart()
        for people in self.people.values():
            people.add("ada")
            people.add("bob")

    def at_home(self, browser, name="ada"):
        return self.with_password(browser, "home", name)

    def again(self, browser, name="ada"):
        """The session ends, and the person comes again."""
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.at_home(browser, name)
        return self.connections(browser)

    def vault(self, browser):
        return browser.cookies.get(self.port, {}).get("drawbridge-vault")

    def entries(self):
        with sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True) as store:
            return store.execute("select id, owner, key, about, sealed, expires_ms from documents where kind = 'vault'").fetchall()

    def pat(self, server, name="ada"):
        return self.people[server].pat(name)[0]


class Remembered(Vault):
    takes_seconds = 15

    def test_each_kind(self):
        """[R-D11] A token, a password exchanged for one, a server's session, Basic."""
        self.begin("2.43", "2.42", "2.40", "2.41")
        text = self.config_text
        for name, words in (("s1", "mint: auto"), ("s2", "mint: never"), ("s3", "sign_in: [basic]")):
            text = text.replace(f"name: The {name}", f"name: The {name}\n    {words}")
        self.config_text = text
        self.restart()
        browser = self.browser()
        self.at_home(browser)
        before = time.time()
        made = self.sign_in(browser, "s0", kind="pat", token=self.pat("s0"), remember=True)
        until = calendar.timegm(time.strptime(made.json["remembered_until"][:19], "%Y-%m-%dT%H:%M:%S"))
        self.assertLess(abs(until - before - 30 * 86400), 60)
        line = next(c for c in made.all("Set-Cookie") if c.startswith("drawbridge-vault="))
        name, _, rest = line.partition("=")
        self.assertEqual({part.strip() for part in rest.split(";")[1:] if "Expires" not in part}, {"Path=/", "HttpOnly", "SameSite=Strict", f"Max-Age={30 * 86400}"})
        self.assertLess(len(line.split(";")[0]), 200)
        self.with_password(browser, "s1", remember=True)
        self.with_password(browser, "s2", remember=True)
        self.sign_in(browser, "s3", kind="basic", username="ada", password=PASSWORD, remember=True)
        shown = browser.call("GET", "/v1/session").json
        self.assertEqual(shown["home"], "home")
        self.assertEqual({c["server"] for c in shown["connections"] if "remembered_until" in c}, {"s0", "s1", "s2", "s3"})
        self.restart()
        back = self.again(browser)
        self.assertEqual({s: (c["kind"], c["state"]) for s, c in back.items()},
                         {"home": ("password", "ok"), "s0": ("pat", "ok"), "s1": ("password", "ok"), "s2": ("password", "ok"), "s3": ("basic", "ok")})
        for server in back:
            self.assertEqual(self.me(browser, server)["username"], "ada")
        self.assertEqual({c["server"]: c["user"] for c in shown["connections"]}, {s: c["user"] for s, c in back.items()})
        self.program.kill()
        self.serve()
        back = self.again(browser)
        self.assertEqual(len(back), 5)
        self.assertEqual(self.me(browser, "s1")["username"], "ada")

    def test_by_oauth(self):
        """At the server's page and back; and home itself by OAuth, where no Strict cookie comes along."""
        self.begin("2.43", "2.41")
        browser = self.browser()
        self.assertEqual(self.authorize(browser, "home").status, 303)
        for server in ("s0", "s1"):
            self.assertEqual(self.authorize(browser, server, query="&remember=true").status, 303)
            self.assertIn("remembered_until", self.connections(browser)[server])
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        self.assertEqual(self.authorize(browser, "home").status, 303)
        self.assertEqual({s: c["kind"] for s, c in self.connections(browser).items()}, {"home": "oauth", "s0": "oauth", "s1": "legacy-oauth"})
        self.assertEqual([self.me(browser, s)["username"] for s in ("s0", "s1")], ["ada", "ada"])
        self.assertEqual(self.leave(browser, "s0", query="&remember=true&remember=false").status, 400)

    def test_only_where_it_was_asked_for(self):
        self.begin("2.43", "2.41")
        browser = self.browser()
        self.at_home(browser)
        self.with_password(browser, "s0", remember=False)
        self.with_password(browser, "s1", remember=True)
        self.assertEqual(set(self.again(browser)), {"home", "s1"})
        self.refused(browser.call("POST", "/v1/servers/s0/connection", body={"kind": "password", "username": "ada", "password": PASSWORD, "remember": "yes"}), 400, "bad_request")

    def test_the_end_of_the_session_keeps_it_at_the_server(self):
        """[R-D9] What is remembered is not revoked; all else is."""
        self.begin("2.43", "2.43")
        browser = self.browser()
        self.at_home(browser)
        self.authorize(browser, "s0", query="&remember=true")
        self.authorize(browser, "s1")
        self.again(browser)
        self.people["s0"].control("restart")
        self.assertEqual(self.me(browser, "s0")["username"], "ada", "its refresh token is good")

    def sealed(self):
        with sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True) as store:
            return (store.execute("select sealed, data, expires_ms, session from connections where server = 's0'").fetchall(), store.execute("select sealed, about, id from documents where kind = 'vault'").fetchall())

    def leases(self):
        with sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True) as store:
            return store.execute("select name from leases where name like 'renew:%'").fetchall()

    def put_sealed(self, connections, entries):
        """As another process would that has renewed the sign-in."""
        with sqlite3.connect(f"{self.state}/state.db") as store:
            store.executemany("update connections set sealed = ?, data = ?, expires_ms = ?, state = 'ok', generation = generation + 1 where server = 's0' and session = ?", connections)
            store.executemany("update documents set sealed = ?, about = ?, version = version + 1 where kind = 'vault' and id = ?", entries)

    def test_a_refusal_heard_late_ends_nothing(self):
        """[R-D3] A process that stood still asks with a token that another has replaced meanwhile: it goes on with the new one, which stays remembered."""
        faults = self.directory() / "faults.json"
        faults.write_text(json.dumps([{"path": "/oauth2/token", "nth": 3, "times": 1, "kind": "slow", "ms": 600000}]))
        self.begin("2.43", sim_words=("--set", "rotate=on", "--faults", str(faults)))
        browser = self.browser()
        self.at_home(browser)
        self.authorize(browser, "s0", query="&remember=true")
        old = self.sealed()
        self.people["s0"].control("restart")
        self.assertEqual(self.me(browser, "s0")["username"], "ada")
        new = self.sealed()
        self.assertNotEqual(old, new)
        self.program.stop()
        self.put_sealed(*old)
        self.serve()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            late = pool.submit(browser.call, "GET", "/s/s0/api/me")
            harness.wait_for(lambda: self.leases() or late.done(), "it asks, and waits for the answer")
            time.sleep(1)  # it has looked at the rows, and asked
            self.put_sealed(*new)
            self.sims["s0"].hurry_until(late.done, "the refusal")
            answer = late.result()
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.connections(browser)["s0"]["state"], "ok")
        self.assertIn("s0", self.again(browser))

    def test_ends_by_its_time(self):
        self.begin("2.43", more="session: {remember: 2s}")
        browser = self.browser()
        self.at_home(browser)
        token = self.pat("s0")
        self.sign_in(browser, "s0", kind="pat", token=token, remember=True)
        time.sleep(2.1)  # as long as the configuration says
        self.assertEqual(set(self.again(browser)), {"home"})


class ForNobodyElse(Vault):
    def remembered(self):
        self.begin("2.43")
        browser = self.browser()
        self.at_home(browser)
        self.sign_in(browser, "s0", kind="pat", token=self.pat("s0"), remember=True)
        return browser

    def test_another_person_another_browser(self):
        """[R-D10, A12] The browser's secret and the person at home are both needed."""
        browser = self.remembered()
        self.assertEqual(set(self.again(browser, "bob")), {"home"}, "another person in the same browser")
        other = self.browser()
        self.at_home(other)
        self.assertEqual(set(self.connections(other)), {"home"}, "the same person in another browser")
        other.cookies[self.port]["drawbridge-vault"] = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
        self.assertEqual(set(self.again(other)), {"home"})
        for value in ("x", "A" * 5000, self.vault(browser)[:-1], ""):
            other.cookies[self.port]["drawbridge-vault"] = value
            self.assertEqual(set(self.again(other)), {"home"}, value)
        self.assertEqual(set(self.again(browser)), {"home", "s0"}, "and it is still there")
        answer = harness.call(self.port, "POST", "/v1/servers/home/connection", [("X-Drawbridge", "1"), ("Cookie", f"drawbridge-vault={self.vault(browser)}; drawbridge-vault=x")],
                              {"kind": "password", "username": "ada", "password": PASSWORD})
        self.refused(answer, 400, "bad_request")

    def test_a_home_that_is_another_server_now(self):
        """[R-D2] The same id at another address is another home; and what is remembered goes to the address it was given for alone."""
        browser = self.remembered()
        text = self.config_text
        for server in ("home", "s0"):
            stranger = self.sim("2.43", "--set", "control=on")
            people = People(stranger, "2.43")
            people.add("ada")
            self.config_text = text.replace(f"127.0.0.1:{self.sims[server].port}", f"127.0.0.1:{stranger.port}")
            self.restart()
            self.assertEqual(set(self.again(browser)), {"home"})
        self.config_text = text
        self.restart()
        self.assertEqual(set(self.again(browser)), {"home", "s0"})

    def test_rows_cannot_be_moved(self):
        """[R-D10, A16] Who may write the store gives one person's entry to another, or prolongs it: it opens to nobody."""
        ada = self.remembered()
        first, = self.entries()
        bob = self.browser()
        self.at_home(bob, "bob")
        self.sign_in(bob, "s0", kind="pat", token=self.pat("s0", "bob"), remember=True)
        second, = (row for row in self.entries() if row[0] != first[0])
        self.program.stop()
        with sqlite3.connect(f"{self.state}/state.db") as store:
            store.execute("update documents set sealed = ? where id = ?", (first[4], second[0]))
            store.execute("update documents set sealed = ? where id = ?", (second[4], first[0]))
        self.serve()
        for browser, name in ((ada, "ada"), (bob, "bob")):
            self.assertEqual(set(self.again(browser, name)), {"home"})
        self.program.stop()
        with sqlite3.connect(f"{self.state}/state.db") as store:
            store.execute("update documents set owner = ?, key = 's0-x', sealed = ? where id = ?", (first[1], second[4], second[0]))
            store.execute("update documents set sealed = ? where id = ?", (first[4], first[0]))
        self.serve()
        self.assertEqual({s: c["user"]["username"] for s, c in self.again(ada).items()}, {"home": "ada", "s0": "ada"})

    def test_a_sign_out_that_fails_half_way(self):
        """[R-D11] The entry cannot be deleted: nothing has ended, and the second try ends both."""
        browser = self.remembered()
        with sqlite3.connect(f"{self.state}/state.db") as store:
            store.execute("create trigger kept before delete on documents when old.kind = 'vault' begin select raise(abort, 'kept'); end")
        self.assertGreaterEqual(browser.call("DELETE", "/v1/servers/s0/connection").status, 500)
        self.assertEqual(set(self.connections(browser)), {"home", "s0"})
        with sqlite3.connect(f"{self.state}/state.db") as store:
            self.assertEqual(store.execute("select count(*) from connections where server = 's0'").fetchone(), (1,))
            store.execute("drop trigger kept")
        self.assertEqual(browser.call("DELETE", "/v1/servers/s0/connection").status, 204)
        self.assertEqual(set(self.connections(browser)), {"home"})
        self.assertEqual(self.entries(), [])

    def test_its_end_is_what_was_sealed(self):
        self.begin("2.43", more="session: {remember: 2s}")
        browser = self.browser()
        self.at_home(browser)
        self.sign_in(browser, "s0", kind="pat", token=self.pat("s0"), remember=True)
        self.program.stop()
        with sqlite3.connect(f"{self.state}/state.db") as store:
            store.execute("update documents set expires_ms = 9000000000000 where kind = 'vault'")
        time.sleep(2.1)
        self.serve()
        self.assertEqual(set(self.again(browser)), {"home"})

    def test_the_store_and_the_keys_open_nothing(self):
        """[R-D10] No byte of an entry is a secret, and its owner is told by nothing in it."""
        browser = self.remembered()
        self.program.stop()
        taken = b"".join(path.read_bytes() for path in self.state.iterdir() if path.name.startswith(("state.db", "keys")))
        secrets = [s for s in self.secrets if s.startswith("d2p_")] + [self.vault(browser)]
        for secret in secrets:
            raw = base64.urlsafe_b64decode(secret + "==") if secret == self.vault(browser) else secret.encode()
            for form in (secret.encode(), raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")):
                self.assertNotIn(form, taken)
        self.serve()
        (row,) = self.entries()
        # A thief's own gateway, the thief at home as somebody else, all that the store says as the cookie.
        for guess in (row[1], row[1][:43], base64.urlsafe_b64encode(row[4][5:37]).rstrip(b"=").decode()):
            thief = self.browser()
            thief.cookies[self.port] = {"drawbridge-vault": guess}
            for name in ("ada", "bob"):
                self.at_home(thief, name)
                self.assertEqual(set(self.connections(thief)), {"home"})


class NotPossible(Vault):
    def test_without_home(self):
        """The sign-in goes on, and says in words why it is not remembered."""
        self.begin("2.43")
        browser = self.browser()
        made = self.with_password(browser, "s0", remember=True)
        self.assertIn("home server first", made.json["not_remembered"])
        self.assertNotIn("remembered_until", made.json)
        self.assertNotIn("home", browser.call("GET", "/v1/session").json)
        home = self.with_password(browser, "home", remember=True)
        self.assertIn("not_remembered", home.json)
        self.assertIsNone(self.vault(browser))
        self.assertEqual(self.entries(), [])
        browser.call("DELETE", "/v1/servers/home/connection")
        self.assertIn("home server first", self.with_password(browser, "s0", remember=True).json["not_remembered"])

    def test_for_an_app_on_another_site(self):
        self.begin("2.43", apps="apps: [{id: far, origins: [https://far.example], return_to: [https://far.example/], mode: cross-site}]")
        browser = self.browser()
        origin = {"Origin": "https://far.example"}
        self.sign_in(browser, "home", headers=origin, kind="password", username="ada", password=PASSWORD)
        made = self.sign_in(browser, "s0", headers=origin, kind="password", username="ada", password=PASSWORD, remember=True)
        self.assertIn("another site", made.json["not_remembered"])
        self.assertNotIn("home", browser.call("GET", "/v1/session", origin).json)
        self.assertIsNone(self.vault(browser))


class Forgotten(Vault):
    def test_signing_out_of_the_server(self):
        """[R-D9] Forgotten, and revoked."""
        self.begin("2.43", "2.43")
        browser = self.browser()
        self.at_home(browser)
        for server in ("s0", "s1"):
            self.with_password(browser, server, remember=True)
        self.assertEqual(browser.call("DELETE", "/v1/servers/s0/connection").status, 204)
        people = self.people["s0"]
        self.assertEqual(people.call("GET", "/api/apiToken", {"Cookie": f"JSESSIONID={people.session('ada')}"}).json["apiToken"], [])
        self.assertEqual(set(self.again(browser)), {"home", "s1"})
        self.assertEqual(len(self.entries()), 1)

    def test_by_words(self):
        """One, then all; the connections stay until the session ends."""
        self.begin("2.43", "2.43", "2.43")
        browser = self.browser()
        self.at_home(browser)
        for server in ("s0", "s1", "s2"):
            self.with_password(browser, server, remember=True)
        self.assertEqual(browser.call("DELETE", "/v1/vault/s0").status, 204)
        self.assertEqual(browser.call("DELETE", "/v1/vault/s0").status, 204, "once more is fine")
        self.refused(browser.call("DELETE", "/v1/vault/nowhere"), 404, "unknown_server")
        self.refused(self.browser().call("DELETE", "/v1/vault"), 401, "no_session")
        self.assertEqual({s for s, c in self.connections(browser).items() if "remembered_until" in c}, {"s1", "s2"})
        self.assertEqual(self.me(browser, "s0")["username"], "ada")
        self.assertEqual(set(self.again(browser)), {"home", "s1", "s2"})
        self.assertEqual(browser.call("DELETE", "/v1/vault").status, 204)
        self.assertIsNone(self.vault(browser))
        self.assertEqual(self.entries(), [])
        self.assertEqual(self.me(browser, "s1")["username"], "ada")
        self.restart()
        self.assertEqual(self.me(browser, "s1")["username"], "ada")
        self.assertEqual(set(self.again(browser)), {"home"})

    def test_another_sign_in_takes_its_place(self):
        self.begin("2.43")
        browser = self.browser()
        self.at_home(browser)
        self.sign_in(browser, "s0", kind="pat", token=self.pat("s0"), remember=True)
        self.sign_in(browser, "s0", kind="pat", token=self.pat("s0", "bob"), remember=True)
        self.assertEqual(len(self.entries()), 1)
        self.assertEqual(self.again(browser)["s0"]["user"]["username"], "bob")
        self.sign_in(browser, "s0", kind="pat", token=self.pat("s0"))
        self.assertEqual(self.entries(), [])
        self.assertEqual(set(self.again(browser)), {"home"})

    def test_what_the_server_refuses_for_good(self):
        """[R-D7]"""
        self.begin("2.43")
        browser = self.browser()
        self.at_home(browser)
        token, uid = self.people["s0"].pat("ada")
        self.sign_in(browser, "s0", kind="pat", token=token, remember=True)
        self.again(browser)
        self.people["s0"].delete_pat("ada", uid)
        self.refused(browser.call("GET", "/s/s0/api/me"), 401, "reauth_required")
        harness.wait_for(lambda: not self.entries(), "it is forgotten")
        self.assertEqual(set(self.again(browser)), {"home"})

    def test_keys_that_are_gone(self):
        """[R-H2] It comes back after a rotation, sealed with the new key; and not after as many as a ring holds."""
        self.begin("2.43")
        browser = self.browser()
        self.at_home(browser)
        self.sign_in(browser, "s0", kind="pat", token=self.pat("s0"), remember=True)
        for turns, expected in ((7, {"home", "s0"}), (7, {"home", "s0"}), (8, {"home"})):
            for _ in range(turns):
                self.command("keys", "rotate", "--config", self.config)
            self.restart()
            browser.cookies[self.port].pop("drawbridge", None)
            self.at_home(browser)
            self.assertEqual(set(self.connections(browser)), expected)


class Renewed(Vault):
    def test_once_for_all_who_remember(self):
        """[R-D3, R-D4, A13] Two sessions hold one refresh token that changes with each use: one renews, the other takes what the vault holds; and a third that comes later has the newest."""
        self.begin("2.43", sim_words=["--set", "rotate=on"])
        first, second, third = self.browser(), self.browser(), self.browser()
        self.at_home(first)
        self.authorize(first, "s0", query="&remember=true")
        for other in (second, third):
            other.cookies[self.port] = {"drawbridge-vault": self.vault(first)}
        self.at_home(second)
        self.assertEqual(set(self.connections(second)), {"home", "s0"})
        for turn in range(3):
            self.people["s0"].control("restart")
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                calls = [pool.submit(harness.call, self.port, "GET", "/s/s0/api/me?fields=username", [("X-Drawbridge", "1"), ("Cookie", f"drawbridge={self.cookie(b)}")]) for b in (first, second) * 10]
            self.assertEqual([call.result().status for call in calls], [200] * 20, (turn, calls[0].result()))
            log = self.program.log()
            self.assertEqual(log.count('"renewed"'), turn + 1, "one call to the token endpoint per generation")
            if turn == 1:
                self.program.kill()
                self.serve()
                self.assertEqual([self.me(b, "s0")["username"] for b in (first, second)], ["ada", "ada"])
                self.at_home(third)
                self.assertEqual(self.me(third, "s0")["username"], "ada")
                break
        self.people["s0"].control("restart")
        self.assertEqual([self.me(b, "s0")["username"] for b in (third, second, first)], ["ada", "ada", "ada"])
