"""Makes people at a stand-in server, and does there what a person does in a browser: sets up a second factor, makes tokens, agrees to an authorization."""
import base64
import hashlib
import hmac
import json
import re
import struct
import time
import urllib.parse

from harness import call

PASSWORD = "Correct-horse-7"
# A pair that satisfies a server which wants one; others do not look at it.
PAIR = {"Cookie": "XSRF-TOKEN=hands", "X-XSRF-TOKEN": "hands"}


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def totp(secret, at=None):
    """RFC 6238 with SHA-1, six digits, thirty seconds."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time() if at is None else at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06d}"


class People:
    """`sim` runs with --set control=on; `base` is its context path."""

    def __init__(self, sim, version, base=""):
        self.port, self.minor, self.base = sim.port, int(version.split(".")[1]), base
        self.role = None

    def call(self, method, path, headers=None, body=None, expect=(200, 201, 204)):
        answer = call(self.port, method, self.base + path, {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json", **PAIR, **(headers or {})}, body)
        assert answer.status in expect, f"{method} {path}: {answer}"
        return answer

    def admin(self, method, path, body=None, expect=(200, 201, 204)):
        return self.call(method, path, {"Authorization": basic("admin", "district")}, body, expect)

    def control(self, what, **values):
        answer = call(self.port, "POST", f"{self.base}/__control/{what}", {}, values)
        assert answer.status == 200, answer
        return answer.json if answer.body else {}

    def add_role(self, name, **more):
        answer = self.admin("POST", "/api/userRoles", {"name": name, "authorities": ["F_USER_VIEW"], **more})
        return re.search(rb'"uid":"(\w{11})"', answer.body)[1].decode()

    def add(self, name, role=None, **more):
        """A person with PASSWORD; returns the id."""
        if not role:
            self.role = role = self.role or self.add_role("ordinary")
        account = {"username": name, "password": more.pop("password", PASSWORD), "userRoles": [{"id": role}]}
        if self.minor <= 37:  # the account was an object of its own; members that are not known are passed over
            account["userCredentials"] = {**account, **{key: value for key, value in more.items() if key in ("disabled", "accountExpiry", "externalAuth")}}
        answer = self.admin("POST", "/api/users", {"firstName": "Ada", "surname": name, **account, **more})
        return re.search(rb'"uid":"(\w{11})"', answer.body)[1].decode()

    def session(self, name, password=PASSWORD):
        if self.minor >= 41:
            answer = self.call("POST", "/api/auth/login", body={"username": name, "password": password})
            assert answer.json["loginStatus"] == "SUCCESS", answer
        else:
            form = urllib.parse.urlencode({"j_username": name, "j_password": password})
            answer = self.call("POST", "/dhis-web-commons-security/login.action", {"Content-Type": "application/x-www-form-urlencoded"}, form, expect=(302,))
            assert "failed" not in answer.header("Location"), answer
        return [re.match(r"JSESSIONID=(\w+)", line)[1] for line in answer.all("Set-Cookie") if line.startswith("JSESSIONID=")][-1]

    def enrol(self, name):
        """Switches a second factor on; returns the secret for totp()."""
        headers = {"Cookie": f"JSESSIONID={self.session(name)}; XSRF-TOKEN=hands", "Accept": "application/octet-stream"}
        if self.minor >= 42:
            self.call("POST", "/api/2fa/enrollTOTP2FA", headers)
        else:
            self.call("GET", "/api/2fa/qrCode", headers, expect=(200, 202))
        secret = self.control("secret", username=name)["secret"]
        self.call("POST", "/api/2fa/enabled", headers, {"code": totp(secret)})
        return secret

    def pat(self, name, **limits):
        """A personal access token: (key, id)."""
        made = self.call("POST", "/api/apiToken", {"Authorization": basic(name, PASSWORD)}, limits).json["response"]
        return made["key"], made["uid"]

    def delete_pat(self, name, uid):
        self.call("DELETE", f"/api/apiToken/{uid}", {"Authorization": basic(name, PASSWORD)})

    def agree(self, url, name, tick=None):
        """Opens an authorization address signed in as `name`, agrees, and returns the query of the redirect address as the browser would bring it. `tick`: the scopes ticked; None: all asked for."""
        target = urllib.parse.urlsplit(url)
        target = f"{target.path}?{target.query}"[len(self.base):]
        cookie = {"Cookie": f"JSESSIONID={self.session(name)}", "Accept": "text/html"}
        answer = self.call("GET", target, cookie, expect=(200, 302, 303))
        if answer.status == 200 and self.minor >= 42:
            page = answer.body.decode()
            state = re.search(r'name="state" value="([^"]+)"', page)[1]
            client = urllib.parse.parse_qs(target.partition("?")[2])["client_id"][0]
            scopes = re.findall(r'name="scope" value="([^"]+)"', page) if tick is None else tick
            form = urllib.parse.urlencode([("client_id", client), ("state", state), *[("scope", s) for s in scopes]])
            answer = self.call("POST", "/oauth2/authorize", {**cookie, "Content-Type": "application/x-www-form-urlencoded"}, form, expect=(302,))
        elif answer.status == 200:
            form = "user_oauth_approval=" + ("true" if tick is None or tick else "false")
            answer = self.call("POST", "/uaa/oauth/authorize", {**cookie, "Content-Type": "application/x-www-form-urlencoded"}, form, expect=(302, 303))
        return urllib.parse.urlsplit(answer.header("Location")).query

    def whoami(self, headers):
        answer = call(self.port, "GET", self.base + "/api/me?fields=username,userCredentials%5Busername%5D", {"X-Requested-With": "XMLHttpRequest", "Accept": "application/json", **headers})
        if answer.status != 200:
            return None
        me = json.loads(answer.body)
        return me.get("username") or me["userCredentials"]["username"]

    def enrol_by_mail(self, name):
        """Switches a second factor by e-mail on (2.42 and later)."""
        headers = {"Cookie": f"JSESSIONID={self.session(name)}; XSRF-TOKEN=hands"}
        self.control("verify-email", username=name)
        self.call("POST", "/api/2fa/enrollEmail2FA", headers)
        self.call("POST", "/api/2fa/enabled", headers, {"code": self.mailed(name)})

    def mailed(self, name):
        """The code that was mailed last."""
        return self.control("mail", username=name)["code"]
