"""Two gateways on one store: what one does, the other sees; tokens are renewed once."""
import concurrent.futures
import re

import harness
import postgres
from gateway import Gateway
from keys import KeyBrowser
from test_workers import APP, HANDLE


class Two(Gateway):
    takes_seconds = 25

    def start_two(self, servers):
        self.start(servers)
        other = self.another()
        self.second, self.admins = other.port, (self.admin, other.admin)

    def renewals(self):
        texts = [harness.call(port, "GET", "/metrics").body.decode() for port in self.admins]
        return [int(re.search(r'drawbridge_renewals_total\{server="one",outcome="ok"\} (\d+)', text)[1]) for text in texts]

    def test_what_one_does_the_other_sees(self):
        self.start_two([("one", "2.41"), ("two", "2.43")])
        for people in self.people.values():
            people.add("ada")
        browser = self.browser()
        self.with_password(browser, "one")
        self.assertEqual(self.at(self.second, browser, "GET", "/s/one/api/me").status, 200)
        self.with_password(browser, "two")
        self.assertEqual(self.at(self.second, browser, "GET", "/s/two/api/me").status, 200)
        # Signed out of one here: seen there within the stated ten seconds.
        self.assertEqual(browser.call("DELETE", "/v1/servers/one/connection").status, 204)
        harness.wait_for(lambda: self.at(self.second, browser, "GET", "/s/one/api/me").json.get("code") == "not_connected", "the end of a connection")
        self.assertEqual(self.at(self.second, browser, "GET", "/s/two/api/me").status, 200)
        cookie = self.cookie(browser)
        self.assertEqual(browser.call("DELETE", "/v1/session").status, 204)
        browser.cookies[self.port] = {"drawbridge": cookie}
        harness.wait_for(lambda: self.at(self.second, browser, "GET", "/s/two/api/me").json.get("code") == "no_session", "the end of a session")

    def test_tokens_are_renewed_once(self):
        """[R-D3, A13]"""
        self.start_two([("one", "2.43")])
        self.people["one"].add("ada")
        browser = self.browser()
        self.authorize(browser, "one")
        for port in (self.port, self.second):
            self.assertEqual(self.at(port, browser, "GET", "/s/one/api/me").status, 200)
        for rounds in (1, 2):
            self.people["one"].control("restart")
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                answers = list(pool.map(lambda i: self.at((self.port, self.second)[i % 2], browser, "GET", "/s/one/api/me"), range(40)))
            self.assertEqual([a.status for a in answers], [200] * 40)
            self.assertEqual(sum(self.renewals()), rounds, self.renewals())


class Proofs(Gateway):
    def test_a_proof_is_good_at_each_and_once(self):
        """[A16, R-F4] Behind a balancer that sends each call elsewhere: the nonce of one process is good at the other, and a proof at one of them, once."""
        self.store = postgres.shared(self)
        self.start([("one", "2.43")], apps=HANDLE)
        second = self.another().port
        self.people["one"].add("ada")
        app = KeyBrowser(self, APP)
        self.with_password(app, "one")
        for here, there in ((self.port, second), (second, self.port)) * 2:
            headers = {"Host": f"127.0.0.1:{self.port}", **app.headers("GET", "/s/one/api/me")}
            self.assertEqual(harness.call(here, "GET", "/s/one/api/me", headers).status, 200)
            for port in (there, here):
                refused = harness.call(port, "GET", "/s/one/api/me", headers)
                self.assertEqual((refused.status, refused.json.get("reason")), (401, "replayed"), refused)
