"""PostgreSQL as the store: what two gateways do on it, and what browsers are told while it restarts, stops, is full, or is replaced by its standby."""
import concurrent.futures
import json
import re
import shutil
import signal
import stat
import threading
import time

import harness
import postgres
import test_gateway_two
from gateway import Gateway

FULL = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END$$;
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON drawbridge.sessions FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON drawbridge.connections FOR EACH STATEMENT EXECUTE FUNCTION full_disk();"""


class Two(test_gateway_two.Two):
    def setUp(self):
        super().setUp()
        self.store = postgres.shared(self)


class Faults(Gateway):
    """Each with a server of its own, which it may treat badly; under the sandbox, which must let the way to it be made again."""
    takes_seconds = 160

    def setUp(self):
        super().setUp()
        if not postgres.programs():
            self.skipTest("PostgreSQL is not installed (package postgresql)")
        self.database = postgres.Postgres().make()
        self.addCleanup(self.database.drop)
        self.store = self.database.address()

    def signed_in(self, **more):
        self.start([("one", "2.41")], **more)
        self.people["one"].add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        return browser

    def unavailable(self, answer):
        self.refused(answer, 503, "store_unavailable")
        self.assertGreaterEqual(int(answer.header("Retry-After")), 1)
        return answer

    def said(self, answer):
        """By the log, to the operator; of the place of the database nobody else hears."""
        self.assertNotIn(b"PostgreSQL", answer.body)
        return harness.wait_for(lambda: next((line["message"] for line in map(json.loads, self.program.log().splitlines()) if line["event"] == "request_failed" and line["request_id"] == answer.json["request_id"]), None), "the reason in the log")

    def forget(self):
        """What the process remembers of a session is old: the store is asked before the next use."""
        time.sleep(10.5)

    def until_good(self, browser):
        harness.wait_for(lambda: browser.call("GET", "/s/one/api/me").status == 200, "the store is back")

    def test_restarted(self):
        """[R-H9] While it is away: 503 with Retry-After, for everybody. Afterwards all is as it was, and no call fails for the connection that was lost."""
        browser, stranger = self.signed_in(more="sandbox: required"), self.browser()
        self.database.stop()
        answer = self.unavailable(self.with_password(stranger, "one", expect=503))
        self.assertRegex(self.said(answer), "^(the connection to )?PostgreSQL at ")
        self.forget()
        for _ in range(3):
            began = time.monotonic()
            self.unavailable(browser.call("GET", "/s/one/api/me"))
            self.unavailable(browser.call("GET", "/v1/session"))
            self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(harness.call(self.admin, "GET", "/readyz").status, 503)
        self.database.start()
        self.until_good(browser)
        self.assertEqual(set(self.connections(browser)), {"one"})
        self.database.stop()
        self.database.start()
        self.with_password(stranger, "one")

    def test_killed(self):
        """As in a crash of the machine: what was acknowledged is there."""
        browser = self.signed_in()
        self.database.stop(signal.SIGQUIT)
        self.database.start()
        self.forget()
        self.until_good(browser)

    def test_frozen(self):
        """[R-H9] It takes connections and answers nothing."""
        browser = self.signed_in()
        self.forget()
        self.database.freeze()
        try:
            self.unavailable(browser.call("GET", "/s/one/api/me"))
            self.unavailable(browser.call("GET", "/s/one/api/me"))
        finally:
            self.database.freeze(False)
        self.until_good(browser)

    def test_full(self):
        """[R-H9] Nothing can be written; what is there can be read."""
        browser, stranger = self.signed_in(), self.browser()
        self.database.sql(FULL, "drawbridge")
        answer = self.unavailable(self.with_password(stranger, "one", expect=503))
        self.assertRegex(self.said(answer), "^PostgreSQL at .*: could not extend file: No space left on device: the disk that the store is on is full: make room; ")
        self.assertEqual((answer.json["reason"], answer.json["detail"]), ("disk_full", "the disk that the store is on is full: make room; nothing that was saved is lost"))
        self.assertEqual(browser.call("GET", "/s/one/api/me").status, 200)
        self.database.sql("DROP FUNCTION full_disk CASCADE", "drawbridge")
        self.with_password(stranger, "one")

    def test_failed_over(self):
        """The standby has all that was acknowledged, and is found."""
        standby = self.database.standby()
        self.addCleanup(standby.drop)
        self.store = self.database.address(others=[standby])
        browser = self.signed_in()
        copy = f"sqlite:{self.state}/copy.db"
        self.assertIn("it is a standby, or set to read only: name the one that takes writing", self.command("store", "copy", standby.address(), copy, expect=4)[1])
        self.assertIn("1 connections", self.command("store", "copy", standby.address() + "?target_session_attrs=any", copy)[0])
        self.database.stop(signal.SIGQUIT)
        self.forget()
        self.unavailable(browser.call("GET", "/s/one/api/me"))
        standby.promote()
        self.until_good(browser)
        self.with_password(self.browser(), "one")

    def test_password_in_a_file(self):
        """[R-H1] libpq reads it again with each connection, through the sandbox; in the configuration itself a password is refused."""
        self.database.sql("CREATE ROLE gateway LOGIN PASSWORD 'swordfish-7' ; ALTER DATABASE drawbridge OWNER TO gateway")
        (self.database.data / "pg_hba.conf").write_text("host drawbridge gateway 127.0.0.1/32 scram-sha-256\nlocal all postgres trust\nhost all postgres 127.0.0.1/32 trust\n")
        self.database.sql("SELECT pg_reload_conf()")
        folder = self.directory()
        passfile = folder / "pgpass"
        passfile.write_text(f"127.0.0.1:{self.database.port}:drawbridge:gateway:swordfish-7\n")
        passfile.chmod(stat.S_IRUSR | stat.S_IWUSR)
        self.secrets.add("swordfish-7")
        self.store = f"postgresql://gateway@127.0.0.1:{self.database.port}/drawbridge?passfile={passfile}"
        browser = self.signed_in(more="sandbox: required")
        self.database.stop()
        self.database.start()
        self.forget()
        self.until_good(browser)
        for change, says in ((lambda: passfile.write_text("127.0.0.1:*:*:gateway:salmon-8\n"), f'password authentication failed for user "gateway"; password retrieved from file "{passfile}"'),
                             (lambda: passfile.write_text("127.0.0.1:1:*:*:salmon-8\n"), "name a passfile that has a line host:port:database:user:password for it"),
                             (lambda: passfile.chmod(0o640), "is open to others (mode 0640): chmod 600 it"), (passfile.unlink, "cannot be read: No such file")):
            change()
            self.assertIn(says, self.command("store", "copy", self.store, f"sqlite:{folder}/copy.db", expect=4 if passfile.exists() and passfile.stat().st_mode & 0o77 == 0 else 2)[1])
        unreadable = "".join(self.command("check-config", "--config", self.config, expect=2))
        self.assertRegex(unreadable, r":\d+:8: the passfile .* cannot be read: No such file")
        config = folder / "bad.yaml"
        config.write_text(re.sub("postgresql://gateway@", "postgresql://gateway:swordfish-7@", self.config_text))
        text = "".join(self.command("check-config", "--config", config, expect=2))
        self.assertIn("passfile", text)
        self.assertNotIn("swordfish-7", text)


class Moves(Gateway):
    """All that a store holds goes into another one, while people use it; nobody signs in again."""

    def served_from(self, store, browsers):
        """Each browser's session and connection are there."""
        port = self.another(store=store).port
        for browser in browsers:
            self.assertEqual(self.at(port, browser, "GET", "/s/one/api/me").status, 200)

    def test_to_postgresql_and_back(self):
        address = postgres.shared(self)
        self.start([("one", "2.41")])
        self.people["one"].add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        here = f"sqlite:{self.state}/state.db"
        out, _ = self.command("store", "copy", here, address)
        self.assertIn("1 sessions, 1 connections", out)
        self.served_from(address, [browser])
        back = f"sqlite:{self.state}/back.db"
        self.command("store", "copy", address, back)
        self.served_from(back, [browser])
        self.assertIn("holds something", self.command("store", "copy", here, address, expect=1)[1])
        self.command("store", "copy", here, "mysql://x/y", expect=2)
        nothing = postgres.shared(self)
        for _ in range(2):  # it was not made by asking
            self.assertIn("there is no store in PostgreSQL at", self.command("store", "copy", nothing, f"sqlite:{self.state}/none.db", expect=2)[1])
        self.command("store", "move", here, back, expect=2)

    def test_a_backup_while_people_come_and_go(self):
        """What was acknowledged before it began is in it, and it is whole; it is put back into a new database."""
        self.store = postgres.shared(self)
        self.start([("one", "2.41")])
        self.people["one"].add("ada")
        before = [self.browser() for _ in range(5)]
        for browser in before:
            self.with_password(browser, "one")
        stop, once = threading.Event(), threading.Event()

        def come_and_go():
            while not stop.is_set():
                browser = self.browser()
                self.with_password(browser, "one")
                self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
                once.set()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            coming = pool.submit(come_and_go)
            try:
                harness.wait_for(lambda: once.is_set() or coming.done(), "the first to come and go")
                self.command("store", "copy", self.store, f"sqlite:{self.state}/backup.db")
            finally:
                stop.set()
            coming.result()
        restored = postgres.shared(self)
        self.command("store", "copy", f"sqlite:{self.state}/backup.db", restored)
        self.served_from(restored, before)


class Keys(Gateway):
    """A new key on two machines, whose files and signals never come at the same moment."""

    def test_nobody_is_signed_out(self):
        """[R-H2] Until its time both seal with the old one, so that one which has no new one yet opens all; then both with the new one."""
        self.store = postgres.shared(self)
        self.start([("one", "2.41")])
        self.people["one"].add("ada")
        second_keys = self.directory() / "keys"
        shutil.copy(self.state / "keys", second_keys)
        second = self.another(keys=second_keys)
        self.command("keys", "rotate", "--config", self.config, "--in", "1")
        self.assertIn("--help tells", self.command("keys", "rotate", "--config", self.config, "--in", "soon", expect=2)[1])
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: "configuration_reloaded" in self.program.log(), "the first to have it")
        browser = self.browser()
        self.with_password(browser, "one")  # sealed here, by one that has the new key
        self.assertEqual(self.at(second.port, browser, "GET", "/s/one/api/me").status, 200)  # opened there, without it
