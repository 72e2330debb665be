"""Back-channel logout: a provider says that somebody has signed out there, and that person's connections end here."""
import time
import urllib.parse

import harness
from hostile import Key
from test_hostile import Lies, no_signature
from test_providers import AtAProvider

EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}


def tell(port, server, token, headers=None):
    body = token if isinstance(token, bytes) else urllib.parse.urlencode({"logout_token": token})
    return harness.call(port, "POST", f"/v1/backchannel-logout/{server}", {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, body)


class Forged(Lies):
    def token(self, sign=None, head=None, **claims):
        now = int(time.time())
        self.count = getattr(self, "count", 0) + 1
        whole = {"iss": self.server.issuer("op"), "aud": "dr", "iat": now, "exp": now + 120, "jti": f"t{self.count}", "events": EVENT, "sub": "ada", **claims}
        return (sign or self.server.good_key.sign)({"alg": "RS256", "kid": "k1", "typ": "logout+jwt", **(head or {})}, {k: v for k, v in whole.items() if v is not ...})

    def gone(self, browser):
        self.refused(browser.call("GET", "/s/op/api/who"), 401, "not_connected", server="op")

    def test_each(self):
        """[R-E11, A27] Replayed, forged, of another type, audience, issuer or time, with a nonce, without a number: 400 and no effect."""
        self.serve_issuers("op", "other")
        browser, bystander = self.believed("op"), self.believed("other")
        for what, token in {"none": self.token(no_signature), "key": self.token(Key(self.directory(), "k1").sign), "kid": self.token(head={"kid": "another"}), "typ": self.token(head={"typ": "at+jwt"}),
                            "iss": self.token(iss=self.server.issuer("other")), "aud": self.token(aud="another"), "no event": self.token(events=...), "another event": self.token(events={"x": {}}),
                            "event of text": self.token(events={next(iter(EVENT)): "x"}), "nonce": self.token(nonce="n"), "no jti": self.token(jti=...), "nobody": self.token(sub=...), "number": self.token(sub=7),
                            "old": self.token(exp=1000), "no exp": self.token(exp=...), "no iat": self.token(iat=...), "for ever": self.token(exp=int(time.time()) + 86400), "1e300": self.token(exp=1e300),
                            "text": "x.y.z", "empty": "", "twice": f"logout_token={self.token()}&logout_token=x".encode(), "no form": b"%zz", "nothing": b""}.items():
            with self.subTest(what):
                answer = tell(self.port, "op", token)
                self.assertEqual((answer.status, answer.header("Cache-Control")), (400, "no-store"), answer)
        self.assertEqual(tell(self.port, "nowhere", self.token()).status, 404)
        self.assertEqual(tell(self.port, "other", self.token()).status, 400, "another server's")
        self.assertEqual(self.connections(browser)["op"]["state"], "ok")
        good = self.token()
        answer = tell(self.port, "op", good)
        self.assertEqual((answer.status, answer.header("Cache-Control"), answer.body), (200, "no-store", b""), answer)
        self.gone(browser)
        self.assertEqual(set(self.connections(bystander)), {"other"})
        again = self.believed("op")
        self.assertEqual(tell(self.port, "op", good).status, 400, "once")
        self.assertEqual(set(self.connections(again)), {"op"})

    def test_whom(self):
        """[R-E11] A user: all his sessions; a session at the provider: that one; somebody else: nobody."""
        self.serve_issuers("op")
        self.server.lie("op", claims={"sid": "s1"})
        one = self.believed("op")
        self.server.lie("op", claims={"sid": "s2"})
        two, three = self.believed("op"), self.believed("op")
        self.assertEqual(tell(self.port, "op", self.token(sub="eve")).status, 200)
        self.assertEqual([set(self.connections(b)) for b in (one, two, three)], [{"op"}] * 3)
        self.assertEqual(tell(self.port, "op", self.token(sub=..., sid="s2")).status, 200)
        self.assertEqual([set(self.connections(b)) for b in (one, two, three)], [{"op"}, set(), set()])
        self.assertEqual(tell(self.port, "op", self.token()).status, 200)
        self.assertEqual(self.connections(one), {})
        self.restart()
        self.assertEqual(self.connections(one), {})


class AtOidcProvider(AtAProvider):
    def test_signing_out_there(self):
        """[R-E11] The person signs out at oidc-provider itself; it tells drawbridge, as its certification has it."""
        self.serve_provider(backchannel=True)
        browser = self.browser()
        self.sign(browser)
        self.assertEqual(self.who(browser), "ada")
        self.provider.sign_out()
        harness.wait_for(lambda: self.connections(browser) == {}, "the connection to end")
        self.refused(browser.call("GET", "/s/api/me"), 401, "not_connected", server="api")
