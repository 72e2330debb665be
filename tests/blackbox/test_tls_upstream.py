"""TLS behind drawbridge: a stand-in server with HTTPS, whose certificate is from an authority of its own, for another host, or changes while drawbridge runs."""
import certificates
import harness
from gateway import Gateway


class Behind(Gateway):
    def begin(self, names="DNS:localhost,IP:127.0.0.1"):
        """One server with its own `ca:`, which is the certificate itself; another, of the same sim, without."""
        self.folder, self.behind_port = self.directory(), harness.free_port()
        self.certificate, self.key = certificates.make(self.folder, names=names)
        self.run_behind(self.certificate, self.key)
        url = f"sign_in: [basic]\n    url: https://localhost:{self.behind_port}"
        self.start(servers=[("central", None, f"{url}\n    ca: {self.certificate}"), ("stranger", None, url)])

    def run_behind(self, certificate, key):
        self.behind = harness.Program("sim-tls", ["drawbridge-sim", "--version", "2.41", "--listen", f"127.0.0.1:{self.behind_port}", "--tls-certificate", certificate, "--tls-key", key], self.behind_port)
        self.addCleanup(self.behind.stop)

    def sign_in_admin(self, server, expect):
        browser = self.browser()
        return browser, self.sign_in(browser, server, expect, kind="basic", username="admin", password="district")

    def test_a_server_with_an_authority_of_its_own(self):
        """[R-H4] Its `ca:` is for that server alone; the same certificate at a server without it is refused before a byte of a password goes there."""
        self.begin()
        browser, _ = self.sign_in_admin("central", 201)
        self.assertEqual(self.me(browser, "central"), {"username": "admin"})
        _, answer = self.sign_in_admin("stranger", 502)
        self.refused(answer, 502, "certificate_refused", server="stranger")

    def test_a_certificate_for_another_host(self):
        """[R-H4]"""
        self.begin(names="DNS:elsewhere.example.org")
        _, answer = self.sign_in_admin("central", 502)
        self.refused(answer, 502, "certificate_refused", server="central")

    def test_a_certificate_that_changes(self):
        """[R-H4, R-H8] Calls are refused while it is one that nobody vouched for; the sign-in is kept, and works again when the certificate is as before."""
        self.begin()
        browser, _ = self.sign_in_admin("central", 201)
        self.assertEqual(self.me(browser, "central"), {"username": "admin"})
        self.behind.stop()
        self.run_behind(*certificates.make(self.folder, "new"))
        answer = self.refused(browser.call("GET", "/s/central/api/me?fields=username"), 502, "certificate_refused", server="central")
        self.assertEqual(answer.json["httpStatusCode"], 502)
        self.assertEqual(self.connections(browser)["central"]["kind"], "basic")
        self.behind.stop()
        self.run_behind(self.certificate, self.key)
        self.assertEqual(self.me(browser, "central"), {"username": "admin"})
