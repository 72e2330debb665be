"""Hostile return addresses, made here by the hundred. What a browser makes of an answer's Location is asked of a parser that follows the rules of browsers (WHATWG URL): that of node."""
import json
import subprocess
import urllib.parse

import harness
from gateway import Gateway, NAVIGATION

LISTED = "http://app.example.org/after"
FAR = "http://far.example.net:8080/x/?a=b"
APPS = f"""apps:
  - {{id: near, origins: ["http://app.example.org"], return_to: ["{LISTED}"]}}
  - {{id: far, origins: ["http://far.example.net:8080"], return_to: ["{FAR}"]}}"""
EVIL = "evil.example"


def variants():
    """Ways to leave: each would lead to EVIL, run a script, or go elsewhere in some reader of addresses."""
    blanks = ["", " ", "\t", "\n", "\r", "\r\n", "\x00", "\x0b", "\x0c", "\x1f", "\x7f", "\xa0", "\u2028", "\ufeff", "\u200b"]
    slashes = ["//", "/\\", "\\/", "\\\\", "///", "////", "/\t/", "/\n/", "/\r/", "/ /", "/\x00/", "/./", "/.//", "/..//", "/;//", "/%2f", "/%2F/", "/%5c", "/%5C/", "/%09/", "/%0a/", "/%0d%0a/", "/%00/", "/%20/", "/%252f", "/%255c", "/%ef%bc%8f", "/\uff0f",
               "/\u2215", "/\u2044", "\uff0f\uff0f", "/\ufe68", "/%c0%af", "/%e3%80%af", "/x/..//", "/x//", "/?//", "/#//", "/@", "/x@", "/:80//", "/%2e%2e//", "/.%2f", "/http://", "/https:", "/javascript:"]
    schemes = ["http:", "https:", "HTTP:", "hTTps:", "ht\ttps:", "h\nttp:", "https&colon;", "http%3a", "ftp:", "file:", "ws:", "blob:http:", "view-source:http:", "intent:", "about:", "\x01https:", "https:\t"]
    hosts = [EVIL, f"a@{EVIL}", f"app.example.org@{EVIL}", f"app.example.org:80@{EVIL}", f"app.example.org.{EVIL}", f"{EVIL}#app.example.org", f"{EVIL}?app.example.org", f"{EVIL}\\@app.example.org", f"{EVIL}%2f@app.example.org", f"{EVIL}%00.app.example.org",
             f"{EVIL}\u3002", "evil\u3002example", "\u2460.example", "[::1]", "2130706433", "0x7f.1", f"app.example.org%40{EVIL}", f"app.example.org%2e{EVIL}", f"app.example.org\t.{EVIL}"]
    for slash in slashes:
        for host in hosts:
            yield slash + host
    for blank in blanks:
        yield from (blank + f"//{EVIL}", f"/{blank}/{EVIL}", f"//{blank}{EVIL}", blank + f"http://{EVIL}", blank + "javascript:alert(1)", f"/{blank}\\{EVIL}", LISTED + blank, blank + LISTED, f"/a{blank}b", f"{blank}")
    for scheme in schemes:
        for middle in ("", "/", "//", "///", "\\\\", "/\\", "\\/", "//\t"):
            yield f"{scheme}{middle}{EVIL}/after"
    yield from ("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "javascript://app.example.org/%0aalert(1)", "vbscript:x", "data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHN2Zz4=", "mailto:a@b", "tel:1", "x", "x/y", "?x", "#x", ".", "..",
                "./x", "../x", "~", "*", "%", "%2f", "%2f%2f" + EVIL, "@" + EVIL, ":" + EVIL, EVIL, EVIL + "/", "http:" + EVIL, "http:/" + EVIL, "http://", "http:///" + EVIL, "https://", "//", "///", "/\\", "\\", "", "null", "undefined", "/%", "/%zz", "/%2", "/\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    for host in ("app.example.org.", "app.example.org..", ".app.example.org", "APP.EXAMPLE.ORG", "app.example.org:80", "app.example.org:080", "app.example.org:", "app.example.org:8080", "app.example.org:80:80", "user@app.example.org", ":@app.example.org", "@app.example.org", "app-example.org", "appxexample.org", "xapp.example.org",
                 "example.org", "app.example.org%00", "app.example.org%2f", "app.example.org\\", "app.example.or", "app.example.orgx", "\u0430pp.example.org", "app.example.org\u00ad", "\uff41pp.example.org", "xn--pp-7cd.example.org", "far.example.net", "far.example.net:8081", "far.example.net:08080"):
        for path in ("/after", "/after/", "/AFTER", "/after?x", "/after#x", "/after;x", "/afterx", "/%61fter", "/after/..", "/x/../after", "//after", "/\\after", "/after%2f..", "\\after", "/x/?a=b", "/x/?a=c", ""):
            yield f"http://{host}{path}"
            yield f"https://{host}{path}"


def browsers_view(public, addresses):
    """For each: [origin, whole], or null where a browser sees no address in it."""
    program = """const [base, list] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
      console.log(JSON.stringify(list.map((one) => { try { const u = new URL(one, base); return [u.origin, u.href, u.origin + u.pathname] } catch { return null } })))"""
    run = subprocess.run(["node", "-e", program], input=json.dumps([public + "/v1/callback/one", addresses]), capture_output=True, text=True, timeout=harness.PATIENCE, check=True)
    return json.loads(run.stdout)


class Redirects(Gateway):
    takes_seconds = 15

    def setUp(self):
        super().setUp()
        self.start([("one", "2.43")], apps=APPS)
        self.people["one"].add("ada")
        self.challenge = "&challenge=" + "A" * 43

    def ask(self, return_to, encode=lambda text: urllib.parse.quote(text, safe="", errors="surrogatepass")):
        return harness.call(self.port, "GET", f"/v1/servers/one/authorize?return_to={encode(return_to)}{self.challenge}", NAVIGATION)

    def allowed(self, seen):
        """As a browser understands it: on drawbridge's own origin, or in scheme, host, port and path one that is listed."""
        return seen and (seen[0] == self.public or seen[2] in (LISTED, FAR.partition("?")[0]))

    def test_only_listed_places(self):
        """[A01, A02, R-F8] Every variant, plain and encoded once more: refused on the spot, or what a browser makes of it is a place that is allowed."""
        wanted = sorted(set(variants()))
        self.assertGreater(len(wanted), 1500)
        accepted = []
        for address in wanted:
            for encode in (lambda text: urllib.parse.quote(text, safe=""), lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe="")):
                answer = self.ask(address, encode)
                self.assertIn(answer.status, (303, 400), (address, answer))
                if answer.status == 400:
                    self.assertIn(answer.header("X-Drawbridge-Error"), ("return_to_refused", "bad_request"), address)
                    self.assertIsNone(answer.header("Location"))
                else:
                    self.assertTrue(answer.header("Location").startswith(f"http://127.0.0.1:{self.sims['one'].port}/oauth2/authorize?"))
                    accepted.append(urllib.parse.unquote(encode(address)))
        for address, seen in zip(accepted, browsers_view(self.public, accepted)):
            self.assertTrue(self.allowed(seen), (address, seen))
        self.assertLess(len(accepted), len(wanted) // 5, "what is made here is mostly hostile")

    def test_good_ones(self):
        """[R-F8] What is refused is not everything."""
        for address in ("/", "/alignments", "/sign-in/one?x=y&z=%2F", "/a/b#c", "/a-b_c~d!$'()*,;=:@", LISTED, FAR):
            self.assertEqual(self.ask(address).status, 303, address)

    def test_where_the_callback_leads(self):
        """[A01, R-A14] To the end, after a yes and after a no; and the answer tells nobody where it came from."""
        for address in ("/alignments?a=b#c", "/x;y", "/@evil.example", "/a:b"):
            for tick in (None, []):
                browser = self.browser()
                answer = self.authorize(browser, "one", return_to=address, tick=tick)
                self.assertEqual(answer.status, 303, answer)
                (origin, whole, _), = browsers_view(self.public, [answer.header("Location")])
                self.assertEqual(origin, self.public)
                if tick is None:
                    self.assertEqual(whole, browsers_view(self.public, [address])[0][1])
                self.assertEqual((answer.header("Cache-Control"), answer.header("Referrer-Policy")), ("no-store", "no-referrer"))
                self.assertNotIn("code=", answer.header("Location"))
        answer = self.authorize(self.browser(), "one", return_to=FAR, query=self.challenge)
        (_, whole, _), = browsers_view(self.public, [answer.header("Location")])
        self.assertTrue(whole.startswith(FAR + "#drawbridge_code="))

    def test_no_other_answer_redirects(self):
        """[A01, A03] Host and forwarding fields move no address, and no path turns into one."""
        for path in ("//evil.example/", "/\\evil.example", "/%2f/evil.example", "/ui//evil.example", "/sign-in//evil.example", "/index.html", "/ui", "/v1", "/v1/", "/s/one", "/s", "/.//evil.example"):
            for headers in ({}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}, {"X-Original-URL": "//evil.example"}, {"X-Forwarded-Prefix": "//evil.example"}):
                answer = harness.call(self.port, "GET", path, {**NAVIGATION, **headers})
                self.assertTrue(answer.header("Location") is None or answer.header("Location").startswith(("/", self.public)), (path, answer))
                if answer.header("Location"):
                    (origin, _, _), = browsers_view(self.public, [answer.header("Location")])
                    self.assertEqual(origin, self.public)
        for headers in ({"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}, {"Forwarded": "host=evil.example;proto=https"}):
            answer = harness.call(self.port, "GET", "/v1/servers/one/authorize?return_to=/", {**NAVIGATION, **headers})
            self.assertIn(urllib.parse.quote(f"{self.public}/v1/callback/one", safe=""), answer.header("Location"))
            self.assertNotIn("evil", answer.header("Location"))


if __name__ == "__main__":
    import unittest
    unittest.main()
