"""Where a name leads: checked and pinned at every connect, on the proxied path and on all others. Names are told by tests/unit/net/fake_resolver.c."""
import contextlib
import os
import pathlib
import socket
import threading

import harness
from gateway import Gateway
from scripted import Scripted, signed_in

RESOLVER = harness.BUILD / "tests/unit/net/fake_resolver.so"


class Names(Gateway):
    """The server is at 127.0.0.2, which its configuration allows; at 127.0.0.1, the same port, is something inside that nobody may reach through drawbridge."""

    def begin(self, *addresses, answer=None):
        self.keep, self.reached = True, 0

        def usual(method, path, headers, body):
            status, headers, body = signed_in(path)
            return status, headers if self.keep else {**headers, "Connection": "close"}, body
        self.upstream = Scripted(answer or usual, host="127.0.0.2")
        self.addCleanup(self.upstream.stop)
        inside = socket.create_server(("127.0.0.1", self.upstream.port))
        self.addCleanup(inside.close)
        self.addCleanup(inside.shutdown, socket.SHUT_RDWR)  # first: else the thread that waits there would go on listening
        threading.Thread(target=self.count, args=(inside,), daemon=True).start()
        folder = self.directory()
        self.names, self.directory = folder / "names", lambda: folder  # the store's: the one place that the sandbox leaves open for the resolver
        self.leads_to(*addresses)
        self.start([("one", None, f"url: http://dhis2.test:{self.upstream.port}\n    insecure: true\n    addresses: [127.0.0.2/32]")],
                   environment={"LD_PRELOAD": str(RESOLVER), "FAKE_RESOLVER": str(self.names), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
        self.browser_one = self.browser()

    def count(self, inside):
        with contextlib.suppress(OSError):
            while True:
                inside.accept()[0].close()
                self.reached += 1

    def leads_to(self, *addresses):
        """One after the other; the last for ever."""
        self.names.write_text("dhis2.test " + " ".join(addresses) + "\n")
        pathlib.Path(f"{self.names}.asked").unlink(missing_ok=True)

    def asked(self):
        path = pathlib.Path(f"{self.names}.asked")
        return path.read_text().count("dhis2.test") if path.exists() else 0

    def token(self, expect=201):
        return self.sign_in(self.browser_one, "one", expect, kind="pat", token="d2p_" + "a" * 50)

    def test_a_name_that_moves_inside(self):
        """[R-G3, A23] After the sign-in it leads elsewhere: what is connected stays connected, and nothing new is."""
        self.begin("127.0.0.2")
        self.token()
        self.keep = False
        self.me(self.browser_one, "one")  # the connection ends with this answer
        self.leads_to("127.0.0.1")
        answer = self.refused(self.browser_one.call("GET", "/s/one/api/me"), 502, "address_refused", server="one")
        self.assertNotIn("127.0.0.1", answer.body.decode())
        self.refused(self.browser_one.call("GET", "/v1/servers/one/data-sets"), 502, "address_refused")
        self.refused(self.token(502), 502, "address_refused")
        self.assertEqual(self.reached, 0)
        harness.wait_for(lambda: "address_refused" in self.program.log(), "the line of the refusal")
        self.leads_to("127.0.0.2")
        self.me(self.browser_one, "one")

    def test_the_address_that_was_checked_is_the_one(self):
        """[R-G3, A23] A name that says one thing to the check and another to the connect: it is asked once for each connection."""
        self.begin("127.0.0.2")
        self.token()
        self.keep = False
        self.me(self.browser_one, "one")
        self.leads_to("127.0.0.2", "127.0.0.1")
        self.me(self.browser_one, "one")
        self.assertEqual(self.asked(), 1)
        self.leads_to("127.0.0.1", "127.0.0.2")
        self.refused(self.browser_one.call("GET", "/s/one/api/me"), 502, "address_refused")
        self.assertEqual((self.asked(), self.reached), (1, 0))

    def test_every_way_inside(self):
        """[R-G3, A23] Loopback, private, link-local and shared ranges, the cloud's metadata, and IPv4 in the dresses of IPv6."""
        self.begin("127.0.0.2")
        self.token()
        self.keep = False
        self.me(self.browser_one, "one")
        for address in ("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
                        "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1", "fd00:ec2::254", "ff02::1"):
            with self.subTest(address):
                self.leads_to(address)
                self.refused(self.browser_one.call("GET", "/s/one/api/me"), 502, "address_refused")
                self.refused(self.token(502), 502, "address_refused")
        self.assertEqual(self.reached, 0)

    def test_redirects_lead_nowhere(self):
        """[R-G3, R-C4, A23] A server that sends drawbridge itself elsewhere is not followed."""
        def away(method, path, headers, body):
            return 302, {"Location": f"http://127.0.0.1:{self.upstream.port}{path}"}, ""
        self.begin("127.0.0.2", answer=away)
        self.assertIn(self.browser_one.call("POST", "/v1/servers/one/connection", body={"kind": "pat", "token": "d2p_" + "a" * 50}).status, (401, 502))
        self.browser_one.call("POST", "/v1/servers/one/connection", body={"kind": "password", "username": "ada", "password": "Wrong-horse-7"})
        self.browser_one.call("GET", "/v1/servers/one/doctor")
        self.assertEqual(self.reached, 0)


if __name__ == "__main__":
    import unittest
    unittest.main()
