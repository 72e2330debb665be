"""Addresses in answers: what is rewritten, and that everything else is the server's own bytes (src/gateway/rewrite.h). And what that means for tags, parts and answers from a cache."""
import gzip
import json
import random
import unittest

from proxied import PUBLIC, Proxied, answer, chunked_answer


class Links(Proxied):
    def body(self, n=1):
        return json.dumps({"pager": {"nextPage": self.base + "/api/x?page=2"}, "contextPath": self.base, "items": [{"href": f"{self.base}/api/x/{i}"} for i in range(n)], "other": "http://elsewhere/dhis/api"}).encode()

    def rewritten(self, n=1):
        return self.body(n).replace(self.base.encode(), f"{PUBLIC}/s/a".encode())

    def test_links_are_the_gateways(self):
        self.begin(lambda request, wire: answer(200, self.body(), 'ETag: "t"', "Accept-Ranges: bytes"))
        found = self.peer.get("/s/a/api/x")
        self.assertEqual(found.body, self.rewritten())
        self.assertEqual(found.header("Content-Length"), str(len(self.rewritten())))
        self.assertEqual((found.header("ETag"), found.header("Accept-Ranges")), ('W/"t"', None))  # not the server's bytes: no byte ranges can be put together

    def test_chunked_and_large_and_cut_anywhere(self):
        def script(request, wire):
            whole = self.body(int(request.target.rsplit("=")[-1]))
            if "chunked" in request.target:
                step = 7 if len(whole) < 5000 else 40_000
                return chunked_answer(200, *[whole[i:i + step] for i in range(0, len(whole), step)], headers=['ETag: "t"'])
            return answer(200, whole, 'ETag: "t"')
        self.begin(script)
        for way in ("chunked", "told"):
            for n in (1, 5000):
                found = self.peer.get(f"/s/a/api/x?{way}&n={n}")
                self.assertTrue(found.whole)
                self.assertEqual(found.body, self.rewritten(n))
                self.assertEqual(found.header("ETag"), 'W/"t"')

    def test_without_links_every_byte_and_the_tag_stay(self):
        for body in (b'{ "a" : [1.50, "x\\/y", "\xc3\xa4"] }\n', b'["' + b"y" * 200 + b'"]', b"not json at all", b'{"cut":'):
            found, _ = self.get_of(answer(200, body, 'ETag: "t"', "Accept-Ranges: bytes"))
            self.assertEqual((found.body, found.header("ETag"), found.header("Accept-Ranges"), found.header("Content-Length")), (body, '"t"', "bytes", str(len(body))))
        found, _ = self.get_of(chunked_answer(200, b'{"a":', b"1}", headers=['ETag: "t"']))
        self.assertEqual((found.body, found.header("ETag")), (b'{"a":1}', '"t"'))

    def test_what_is_no_json_or_coded_or_a_part_is_left_alone(self):
        self.begin(lambda request, wire: self.sent)
        body = self.body()
        for sent, want in ((answer(200, body, kind="text/plain"), body), (answer(200, gzip.compress(body), "Content-Encoding: gzip"), gzip.compress(body)), (answer(206, body, "Content-Range: bytes 0-9/99"), body),
                           (answer(200, body, kind="application/json+gzip"), body), (answer(200, bytes(range(256)) * 500, kind="application/zip"), bytes(range(256)) * 500)):
            self.sent = sent.replace(b"x\r\n", b"OK\r\n", 1)
            found = self.peer.get("/s/a/api/x")
            self.assertEqual(found.body, want)
            self.assertEqual(found.header("Content-Length"), str(len(want)))

    def test_json_of_other_names(self):
        self.begin(lambda request, wire: answer(409, self.body(), kind="application/problem+json; charset=UTF-8"))
        self.assertEqual(self.peer.get("/s/a/api/x").body, self.rewritten())

    def test_a_known_answer_stays_as_weak_as_it_was(self):
        """What the browser holds is the rewritten body: a 304 must not make its tag a strong one."""
        def script(request, wire):
            known = request.header("If-None-Match")
            return answer(304, "", 'ETag: "t"', kind=None) if known else answer(200, self.body(), 'ETag: "t"')
        self.begin(script)
        tag = self.peer.get("/s/a/api/x").header("ETag")
        self.assertEqual(tag, 'W/"t"')
        for known, want in ((tag, tag), (f'"other", {tag}', tag), ('"t"', '"t"')):
            found = self.peer.get("/s/a/api/x", f"If-None-Match: {known}")
            self.assertEqual((found.status, found.header("ETag")), (304, want))
            self.assertEqual(self.upstream.requests[-1].header("If-None-Match"), known)

    def test_coded_answers_pass_where_nothing_is_rewritten(self):
        """What a browser may take compressed comes as the server compressed it; of the API, whose links are rewritten, plain text is asked for. drawbridge compresses nothing itself: answers hold secrets and what others wrote side by side (BREACH)."""
        body = gzip.compress(b"a,b\n" * 1000)
        self.begin(lambda request, wire: answer(200, body, "Content-Encoding: gzip", "Vary: Accept-Encoding", kind="text/javascript") if "gzip" in request.header("Accept-Encoding") else answer(200, b"[]"))
        found = self.peer.get("/s/a/dhis-web-commons/x.js", "Accept-Encoding: gzip")
        self.assertEqual((found.body, found.header("Content-Encoding"), found.header("Vary")), (body, "gzip", "Cookie, Accept-Encoding"))
        found = self.peer.get("/s/a/api/x", "Accept-Encoding: gzip")
        self.assertEqual((found.body, found.header("Content-Encoding")), (b"[]", None))


class ByChance(Proxied):
    """Documents made by chance, as pieces that are known to change or to stay."""

    def text(self, chance):
        """Inside of quotes: never begins with the address."""
        pieces = ["a", " ", "\\n", "\\u00e4", "\\\\", '\\"', "\\/", "/", "é", "\U0001f600", "{", "[", ":", ",", self.base, self.base.replace("/", "\\/"), "http://127.0.0.1", "\\ud83d\\ude00"]
        made = "".join(chance.choices(pieces, k=chance.randint(0, 8)))
        return "x" + made if made.replace("\\/", "/").startswith(self.base) else made

    def string(self, chance, value):
        if not value or chance.random() > self.share:
            made = chance.choice([self.text(chance), self.base + "x", self.base[:-1], self.base.upper(), self.base.replace("http", "https", 1), " " + self.base]) if self.share else "y" + self.text(chance).replace(self.base, "")
            return f'"{made}"', f'"{made}"'
        rest = chance.choice(["", "/", "/api/x?a=b", "?x", "#y", "\\/api\\/z"])
        rest += self.text(chance) if rest else ""
        written = "".join("\\/" if c == "/" and chance.random() < 0.3 else c for c in self.base)
        return f'"{written}{rest}"', f'"{PUBLIC}/s/a{rest}"'

    def value(self, chance, depth):
        kind = chance.random()
        if depth > 5 or kind < 0.5:
            return self.string(chance, True)
        if kind < 0.6:
            plain = chance.choice(["1", "-0", "1.50", "1e400", "true", "null", "12345678901234567890123"])
            return plain, plain
        pairs = [(self.string(chance, False), self.value(chance, depth + 1)) for _ in range(chance.randint(0, 4))]
        made = []
        for side in (0, 1):
            inner = ",".join((f"{name[side]}:{value[side]}" if kind < 0.8 else value[side]) for name, value in pairs)
            made.append(f"{{{inner}}}" if kind < 0.8 else f"[{inner}]")
        gap = chance.choice(["", "", " ", "\n\t", "\r\n"])
        return gap + made[0] + gap, gap + made[1] + gap

    def run_with(self, seed, share):
        chance, self.share = random.Random(seed), share
        changed = 0
        self.begin(lambda request, wire: self.sent)
        for n in range(150):
            given, wanted = (text.encode() for text in self.value(chance, 0))
            if chance.random() < 0.2:  # cut off, or more behind: still bytes that go through
                given, wanted = given + b'  ]"', wanted + b'  ]"'
            cuts = sorted(chance.randrange(len(given) + 1) for _ in range(chance.choice([0, 1, 3, 12]))) if given else []
            pieces = [given[a:b] for a, b in zip([0, *cuts], [*cuts, len(given)]) if a < b]
            self.sent = chunked_answer(200, *pieces, headers=['ETag: "t"']) if chance.random() < 0.7 else answer(200, given, 'ETag: "t"')
            found = self.peer.get("/s/a/api/x")
            self.assertEqual((found.body, found.whole), (wanted, True), f"seed {seed}, document {n}")
            changed += given != wanted
        return changed

    def test_only_addresses_change(self):
        """[R-G15] Whatever stands around them, however they are written and wherever the network cuts."""
        self.assertGreater(self.run_with(1, 0.5), 50)
        self.run_with(random.SystemRandom().randrange(1 << 32), 0.3)

    def test_without_addresses_every_byte_stays(self):
        self.assertEqual(self.run_with(2, 0), 0)
        self.run_with(random.SystemRandom().randrange(1 << 32), 0)


if __name__ == "__main__":
    unittest.main()
