"""The page and the client as files: the policy that each goes out with, nothing inline, kept by browsers for as long as it is the same, packed as the browser takes it."""
import gzip
import re

from gateway import Gateway

POLICY = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "connect-src": "'self'", "font-src": "'self'", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
          "require-trusted-types-for": "'script'", "trusted-types": "'none'"}


def policy_of(answer):
    return dict(part.strip().split(" ", 1) for part in answer.header("Content-Security-Policy").split(";"))


class PageFiles(Gateway):
    def get(self, path, headers=None, method="GET"):
        return self.browser()._plain(self.port, method, path, headers or {}, None)

    def test_each_goes_out_with_the_policy(self):
        """[A20] Screens, files of this version and of one that is gone, the client; the client alone is for all origins."""
        self.start([("one", "2.43")])
        page = self.get("/").body.decode()
        self.assertEqual([text for text in re.findall(r"<script[^>]*>(.*?)</script>", page, re.S) if text.strip()], [])
        self.assertEqual(re.findall(r"<style|\sstyle=|\son\w+=|javascript:|https?://", page), [])
        files = sorted(set(re.findall(r"/ui/[^\"']+", page)))
        self.assertGreater(len(files), 2)
        for path in ("/", "/servers", "/sign-in/x", "/alignments/x/places", "/runs/x/report", *files, "/ui/0123456789/main.js", "/sdk/drawbridge.js", "/sdk/nothing.js"):
            answer = self.get(path)
            self.assertEqual(answer.status, 404 if path in ("/ui/0123456789/main.js", "/sdk/nothing.js") else 200, path)
            self.assertEqual(policy_of(answer), POLICY, path)
            of_all = path == "/sdk/drawbridge.js"
            self.assertEqual([answer.header(name) for name in ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Access-Control-Allow-Origin")],
                             ["nosniff", "no-referrer", "same-origin", "cross-origin" if of_all else "same-origin", "camera=(), microphone=(), geolocation=()", "*" if of_all else None], path)
            self.assertIsNone(answer.header("Set-Cookie"), path)

    def test_kept_as_long_as_it_is_the_same(self):
        self.start([("one", "2.43")])
        page = self.get("/servers")
        self.assertEqual((page.header("Cache-Control"), page.header("Content-Type")), ("no-cache", "text/html; charset=utf-8"))
        self.assertEqual(self.get("/runs").body, page.body)
        for path, kept in (("/", "no-cache"), (re.search(r"/ui/[^\"']+\.js", page.body.decode())[0], "public, max-age=31536000, immutable"), ("/sdk/drawbridge.js", "no-cache")):
            plain = self.get(path)
            self.assertEqual(plain.header("Cache-Control"), kept)
            for packing in ("br", "gzip"):
                packed = self.get(path, {"Accept-Encoding": packing})
                self.assertEqual((packed.header("Content-Encoding"), packed.header("Vary")), (packing, "Accept-Encoding"), path)
                self.assertLess(len(packed.body), len(plain.body))
                self.assertNotEqual(packed.header("ETag"), plain.header("ETag"))
                again = self.get(path, {"Accept-Encoding": packing, "If-None-Match": f'"x", {packed.header("ETag")}'})
                self.assertEqual((again.status, again.body, again.header("ETag"), policy_of(again)), (304, b"", packed.header("ETag"), POLICY))
                head = self.get(path, {"Accept-Encoding": packing}, "HEAD")
                self.assertEqual((head.status, head.body, head.header("Content-Length")), (200, b"", str(len(packed.body))))
                if packing == "gzip":
                    self.assertEqual(gzip.decompress(packed.body), plain.body)
            self.assertIsNone(self.get(path, {"Accept-Encoding": "br;q=0, gzip;q=0"}).header("Content-Encoding"))
