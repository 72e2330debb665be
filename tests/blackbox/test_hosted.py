"""Apps that drawbridge serves itself: what is in the archive goes out on the app's own origin, with the rewrites that a DHIS2 server would do; and such an app reaches what is its own."""
import gzip
import io
import json
import signal
import unittest
import zipfile

import harness
from gateway import NAVIGATION, Gateway

INDEX = """<!doctype html>
<html><head><title>App</title><link rel="icon" href="__DHIS2_APP_ROOT_URL__/icon.png">
<base target="_parent"></head><body data-base="__DHIS2_BASE_URL__"><script type="module" src="./assets/index-BxYz12_a.js"></script></body></html>
"""
SCRIPT = "console.log('__DHIS2_BASE_URL__')\n" + "// and more of it\n" * 100
MANIFEST = {"name": "App", "version": "1.0.0", "launch_path": "index.html", "activities": {"dhis": {"href": "*"}}}


def archive(files, folder="", method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as zip_:
        for name, content in files.items():
            zip_.writestr(folder + name, content)
    return out.getvalue()


APP = {"index.html": INDEX, "manifest.webapp": json.dumps(MANIFEST), "assets/index-BxYz12_a.js": SCRIPT, "assets/settings-dialogue.js": SCRIPT, "plugin.html": INDEX, "icon.png": b"\x89PNG\r\n" + bytes(300)}


class Hosted(Gateway):
    def begin(self, files=APP, more="", host="127.0.0.1", servers=(("district", "2.41"), ("central", "2.43")), zip_bytes=None):
        self.folder = self.directory()
        self.zip = self.folder / "app.zip"
        self.zip.write_bytes(zip_bytes or archive(files))
        self.own = f"http://{host}:9777"
        self.start(servers=servers, apps=f"apps:\n  - {{id: line-list, origins: [\"{self.own}\"], zip: {self.zip}, server: district{more}}}\n"
                                         f"  - {{id: near, origins: [\"http://127.0.0.1:9555\"]}}")
        self.base = f"{self.public}/s/district"

    def reload(self, taken="reloaded"):
        before = self.program.log().count(f"configuration_{taken}")
        self.program.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: self.program.log().count(f"configuration_{taken}") > before, f"a configuration that is {taken}")

    def get(self, path, headers=None, method="GET"):
        return harness.call(self.port, method, path, {"Host": self.own[7:], **(headers or {})})


class Serving(Hosted):
    def test_pages_are_given_what_a_server_gives_them(self):
        self.begin()
        for path in ("/", "/index.html", "/plugin.html", "/?redirect=false"):
            answer = self.get(path)
            self.assertEqual((answer.status, answer.header("Content-Type"), answer.header("Cache-Control")), (200, "text/html; charset=utf-8", "no-cache"))
            page = answer.body.decode()
            self.assertIn(f'<head><meta name="dhis2-base-url" content="{self.base}" /><script src="{self.public}/sdk/hosted.js" data-gate="{self.public}" data-server="district"></script><title>', page)
            self.assertIn(f'data-base="{self.base}"', page)
            self.assertIn(f'href="{self.own}/icon.png"', page)
            self.assertNotIn("__DHIS2_", page)
        manifest = self.get("/manifest.webapp").json
        self.assertEqual(manifest["activities"]["dhis"]["href"], self.base)
        self.assertEqual(manifest["name"], "App")

    def test_all_other_files_go_out_as_they_are(self):
        self.begin()
        plain = self.get("/assets/index-BxYz12_a.js")
        self.assertEqual((plain.status, plain.body.decode(), plain.header("Content-Encoding")), (200, SCRIPT, None))
        self.assertEqual(plain.header("Content-Type"), "text/javascript; charset=utf-8")
        self.assertEqual(plain.header("Cache-Control"), "public, max-age=31536000, immutable")
        packed = self.get("/assets/index-BxYz12_a.js", {"Accept-Encoding": "gzip, deflate, br"})
        self.assertEqual((packed.header("Content-Encoding"), gzip.decompress(packed.body).decode()), ("gzip", SCRIPT))
        self.assertLess(len(packed.body), len(SCRIPT) / 4)
        self.assertNotEqual(packed.header("ETag"), plain.header("ETag"))
        self.assertEqual(self.get("/assets/index-BxYz12_a.js", {"If-None-Match": plain.header("ETag")}).status, 304)
        self.assertEqual(self.get("/assets/settings-dialogue.js").header("Cache-Control"), "no-cache")
        self.assertEqual(self.get("/icon.png").body, APP["icon.png"])
        self.assertEqual(self.get("/icon.png", method="POST").status, 405)

    def test_nothing_else_is_there(self):
        self.begin()
        for path in ("/v1/session", "/s/district/api/me", "/servers", "/sdk/drawbridge.js", "/assets", "/assets/", "/nothing", "/%2e%2e/drawbridge.yaml", "/assets/..%2findex.html", "//index.html"):
            answer = self.get(path, {"X-Drawbridge": "1"})
            self.assertIn(answer.status, (400, 404), path)
            self.assertEqual(answer.all("Set-Cookie"), [])
        self.assertEqual(self.get("/", {"Host": "127.0.0.1:9778"}).status, 421)
        self.assertEqual(self.get("/", {"Host": "line.example.test:9777"}).status, 421)

    def test_the_policy_of_its_pages(self):
        self.begin(more=', reach: ["https://tiles.example.org"]')
        policy = dict(part.strip().split(" ", 1) for part in self.get("/").header("Content-Security-Policy").split(";"))
        self.assertEqual(policy["script-src"], f"'self' {self.public}/sdk/")
        self.assertEqual(policy["style-src"], "'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")
        self.assertEqual(policy["connect-src"], f"'self' {self.public} https://tiles.example.org")
        self.assertIn("https://tiles.example.org", policy["img-src"])
        self.assertEqual((policy["default-src"], policy["frame-ancestors"], policy["base-uri"]), ("'none'", "'self'", "'self'"))
        self.assertEqual(self.get("/").header("X-Content-Type-Options"), "nosniff")

    def test_an_archive_with_one_folder_around_it(self):
        self.begin(zip_bytes=archive(APP, folder="line-list-1.0/"))
        self.assertEqual(self.get("/icon.png").body, APP["icon.png"])
        self.assertEqual(self.get("/line-list-1.0/icon.png").status, 404)

    def test_stored_files_and_a_page_without_a_head(self):
        self.begin(zip_bytes=archive({"index.html": "<p>__DHIS2_BASE_URL__", "empty.txt": ""}, method=zipfile.ZIP_STORED))
        self.assertEqual(self.get("/").body.decode(), f"<p>{self.base}")
        self.assertEqual((self.get("/empty.txt").status, self.get("/empty.txt").body), (200, b""))

    def test_a_reload_takes_a_new_archive(self):
        self.begin()
        self.zip.write_bytes(archive({**APP, "icon.png": b"another"}))
        self.reload()
        self.assertEqual(self.get("/icon.png").body, b"another")
        self.zip.write_bytes(b"half an arch")
        self.reload("refused")
        self.assertEqual(self.get("/icon.png").body, b"another", "what is not good changes nothing")


class Reaching(Hosted):
    def test_its_own_server_and_who_is_signed_in(self):
        self.begin()
        self.people["district"].add("ada")
        browser = self.browser()
        self.with_password(browser, "district")
        self.assertEqual(browser.call("GET", "/v1/session", {"Origin": self.own}).json["mode"], "same-site")
        self.assertEqual(self.me(browser, "district", headers={"Origin": self.own})["username"], "ada")
        for method, path in (("GET", "/s/central/api/me"), ("GET", "/s/districts/api/me"), ("GET", "/v1/servers"), ("POST", "/v1/servers/district/connection"), ("GET", "/v1/alignments"), ("POST", "/v1/runs"),
                             ("DELETE", "/v1/servers/district/connection"), ("GET", "/v1/session/x")):
            self.refused(browser.call(method, path, {"Origin": self.own}), 403, "policy")
            answer = harness.call(self.port, "OPTIONS", path, {"Origin": self.own, "Access-Control-Request-Method": method})
            self.assertEqual((answer.status, answer.header("Access-Control-Allow-Origin")), (204, self.own), "so that it can read why")
        self.assertEqual(browser.call("GET", "/v1/servers", {"Origin": "http://127.0.0.1:9555"}).status, 200, "an app that is not hosted is not concerned")

    def test_a_trusted_one_reaches_all(self):
        self.begin(more=", trusted: true")
        self.assertEqual(self.browser().call("GET", "/v1/servers", {"Origin": self.own}).status, 200)

    def test_images_and_downloads_by_their_referrer(self):
        """[R-F3]"""
        self.begin()
        self.people["district"].add("ada")
        browser = self.browser()
        self.with_password(browser, "district")
        image = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Referer": f"{self.own}/"}
        opened = {**NAVIGATION, "Sec-Fetch-Site": "same-site", "Referer": f"{self.own}/"}

        def bare(method, path, headers):
            return browser._plain(self.port, method, path, headers, None)
        for headers in (image, opened):
            self.assertEqual(bare("GET", "/s/district/api/me", headers).status, 200, headers)
            self.assertEqual(bare("GET", "/s/central/api/me", headers).status, 403)
            for other in ("http://127.0.0.1:9555/", "http://evil.test/", "http://127.0.0.1:9777.evil.test/", "http://user@127.0.0.1:9777/", ""):
                self.assertEqual(bare("GET", "/s/district/api/me", {**headers, "Referer": other}).status, 403, other)
            self.assertEqual(bare("GET", "/s/district/api/me", {**headers, "Sec-Fetch-Site": "cross-site"}).status, 403)
        self.assertEqual(bare("POST", "/s/district/api/dataStore/a/b", image).status, 403)
        self.assertEqual(bare("DELETE", "/v1/session", image).status, 403)

    def test_a_sign_in_comes_back_to_it(self):
        self.begin()
        browser = self.browser()
        self.assertEqual(self.leave(browser, "district", f"{self.own}/?a=b").status, 303)
        self.assertEqual(self.leave(browser, "district", f"{self.own}/plugin.html").status, 400)


class Refused(harness.Case):
    """What `check-config` says of it; a start is refused with the same words."""

    def check(self, words, zip_bytes=None, server="district", origins='["http://127.0.0.1:9777"]', public="http://127.0.0.1:8080", more=""):
        folder = self.directory()
        if zip_bytes is not False:
            (folder / "app.zip").write_bytes(zip_bytes or archive(APP))
        config = folder / "drawbridge.yaml"
        config.write_text(f"public_url: {public}\nlisten: [127.0.0.1:0]\nstore: sqlite:{folder}/state.db\nkeys: {folder}/keys\n"
                          f"servers:\n  - {{id: district, url: \"http://127.0.0.1:1\", addresses: [127.0.0.0/8]}}\n"
                          f"apps:\n  - id: list\n    origins: {origins}\n    zip: {folder}/app.zip\n    server: {server}\n{more}")
        said = "".join(self.command("check-config", "--config", config, expect=2 if words else 0))
        if words:
            self.assertRegex(said, r"drawbridge\.yaml:\d+:\d+: ")
            self.assertIn(words, said)

    def test_places(self):
        self.check("")
        self.check("has one origin", origins='["http://127.0.0.1:9777", "http://127.0.0.1:9778"]')
        self.check("public_url itself", origins='["http://127.0.0.1:8080"]')
        self.check("of public_url's site", origins='["http://app.example.org"]')
        self.check("of public_url's site", origins='["http://app.example.org"]', public="https://gate.example.org")
        self.check("", origins='["https://app.example.org"]', public="https://gate.example.org")
        self.check("names the server", server="centrall")
        self.check("origin for itself", more="  - {id: other, origins: [\"http://127.0.0.1:9777\"]}\n")
        self.check("are for an app with 'zip'", more="  - {id: other, origins: [\"http://127.0.0.1:9778\"], trusted: true}\n")

    def test_archives(self):
        whole = archive(APP)
        self.check("cannot be read", zip_bytes=False)
        self.check("is no archive", zip_bytes=b"PK\x03\x04 but no more")
        self.check("is no archive", zip_bytes=whole[:-30])
        self.check("has no index.html", zip_bytes=archive({"readme.txt": "x"}))
        for name in ("../index.html", "a/../../b", "/etc/passwd", "a\\b", "a//b", "./a", "c:/x", "a\x07", "a/."):
            self.check("has a name that is no path within it", zip_bytes=archive({**APP, name: "x"}))
        self.check("is there twice", zip_bytes=archive({"index.html": "1", "index.htmm": "2"}).replace(b"index.htmm", b"index.html"))
        self.check("more than 10000 files", zip_bytes=archive({**APP, **{f"f{i}": "" for i in range(10000)}}))
        bomb = archive({**APP, **{f"zeros{i}": bytes(50 << 20) for i in range(4)}})
        self.assertLess(len(bomb), 1 << 20)
        self.check("unpacks to more than", zip_bytes=bomb)

    def test_broken_ones(self):
        stored = archive({"index.html": "<p>hello</p>"}, method=zipfile.ZIP_STORED)
        self.check("another sum than it says", zip_bytes=stored.replace(b"<p>hello</p>", b"<p>hallo</p>"))
        packed = bytearray(archive(APP))
        start = packed.index(b"assets/index-BxYz12_a.js") + len("assets/index-BxYz12_a.js")
        packed[start] ^= 0x07
        self.check("cannot be unpacked", zip_bytes=bytes(packed))
        lied = bytearray(stored)  # the list at the end says that the file is a gigabyte
        central = lied.rindex(b"PK\x01\x02")
        lied[central + 20:central + 24] = (1 << 30).to_bytes(4, "little")
        self.check("lies over another one, or beyond the end", zip_bytes=bytes(lied))
        secret = bytearray(stored)
        secret[central + 8] |= 1
        self.check("has a password", zip_bytes=bytes(secret))
        other = bytearray(stored)
        other[central + 10] = 12
        self.check("another way than deflate", zip_bytes=bytes(other))


if __name__ == "__main__":
    unittest.main()
