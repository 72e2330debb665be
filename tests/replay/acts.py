"""What was done between the recorded exchanges, and in which order files are played.

A recording shows answers, not how a session, a token or a client came to be. What it needs and does not show is made here the way a client makes it: by sign-ins, token calls and
registrations against the stand-in, or by control.h where an administrator had a shell. `acts_auth.py` holds the acts of the auth files by file and exchange; fixtures of the project show
everything they use.
"""
import base64
import json
import re
import urllib.parse

import data_acts
from compare import PLACEHOLDER

AUTH_PASSWORD = "Live-auth-1!"
CALLBACK = "https://gw.example.org/callback"
VERIFIER = "live-auth-verifier-0123456789-0123456789-0123456789-AB"
CHALLENGE = "ws-cFZqdID-NrtgCneUXHRqrzOvAJ1MKUe3exGT6D6w"
ADMIN = ("admin", "district")


class Group:
    """Files that share one server process, in order; `counted`: those whose answers are compared. `version`: of the server, where it is not the folder's."""

    def __init__(self, files, counted, settings=(), version=None):
        self.files, self.counted, self.settings, self.version = files, counted, list(settings), version


# Files that were recorded on a server with other settings.
SETTINGS = {
    "auth-conf-patoff-uaaoff": ["pat=off", "uaa=off", "jwt=on", "max-sessions=2", "timeout=60"],
    "auth-conf-csrf-patoff": ["csrf=on", "pat=off", "max-sessions=3", "timeout=60"],
    "auth-conf-restart": ["csrf=on", "timeout=60"],
    "auth-conf-oauth-off": ["oauth=off", "jwt=off", "totp=off", "saved-requests=off"],
    "auth-pat": [],
    "auth-pat-off": ["pat=off"],
}
# Files whose objects other files need; played before each of them, in this order.
DATA_SETUP = ["data-setup", "data-setup-users"]


def plain(name):
    """Without the patch release that some files of 2.37 are of."""
    return name.removesuffix("-2.37.9")


def groups(version, names, fixtures):
    """Groups of files that share one server process, in the order of playing."""
    if fixtures:
        return [Group([n], [n]) for n in names]
    found = []
    for name in names:
        base, patch = plain(name), "-2.37.9" if name.endswith("-2.37.9") else ""
        if base == "auth-setup" or base in DATA_SETUP:
            if patch:
                found.append(Group([name], [name], (), "2.37.9"))
            continue
        if name.startswith("auth-"):
            pat = ["pat=on"] if base == "auth-pat" and version == "2.37" else []
            found.append(Group(["auth-setup" + patch, name], [name], SETTINGS.get(base, []) + pat, patch[1:] or None))
        else:
            before = DATA_SETUP if "data-setup" in names else ["auth-setup"]
            if name == "data-values-api38":  # recorded right after it
                before = before + ["data-values"]
            found.append(Group(before + [name], [name]))
    if "auth-setup" in names:
        found.insert(0, Group(["auth-setup"], ["auth-setup"]))
    if "data-setup" in names:
        found.append(Group(DATA_SETUP, DATA_SETUP))
    return found


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Hands:
    """Does what a client or an administrator did. Where something is refused, it says so: acts must not fail silently."""

    # A pair that satisfies a server which wants one; others do not look at it.
    PAIR = [("Cookie", "XSRF-TOKEN=acts"), ("X-XSRF-TOKEN", "acts")]

    def __init__(self, player):
        self.player = player
        self.kept = {}

    @property
    def sim(self):
        return self.player.sim

    @property
    def old(self):
        """Without JSON login and with sessions for everybody."""
        return self.player.release <= 40

    def call(self, method, path, headers=(), body=None, expect=None):
        headers = [("Host", self.sim.host)] + list(headers)
        if isinstance(body, (dict, list)):
            headers.append(("Content-Type", "application/json"))
            body = json.dumps(body)
        status, answered, content = self.sim.call(method, path, headers, body)
        if expect and status not in expect:
            raise RuntimeError(f"act: {method} {path[:80]} answered {status} {content[:200]!r}")
        return status, answered, content

    def admin(self, method, path, body=None, expect=(200, 201, 204), kind=None):
        headers = [("Authorization", basic(*ADMIN)), ("X-Requested-With", "XMLHttpRequest")] + self.PAIR
        if kind:
            headers.append(("Content-Type", kind))
            body = json.dumps(body)
        return self.call(method, path, headers, body, expect)

    # Names of the recording.

    def unbound(self, exchange, kind):
        names = dict.fromkeys(PLACEHOLDER.findall(json.dumps(exchange["request"])))
        return [n for n in names if re.fullmatch(re.escape(kind) + r"-\d+", n) and n not in self.player.variables]

    def give(self, exchange, kind, value):
        """Binds the first name of a kind that the request uses and nothing bound yet."""
        names = self.unbound(exchange, kind)
        if names:
            self.player.variables[names[0]] = value
        return names[0] if names else None

    def give_series(self, exchange, kind, values):
        """Numbered on from the one the request uses."""
        first = self.give(exchange, kind, values[0])
        number = int(first.rsplit("-", 1)[1])
        for i, value in enumerate(values[1:], 1):
            self.player.variables[f"{kind}-{number + i}"] = value

    # People.

    def cookie(self, headers, name="JSESSIONID"):
        found = [v.split(";")[0].split("=", 1)[1] for k, v in headers if k.lower() == "set-cookie" and v.startswith(name + "=")]
        return found[-1] if found else None

    def session(self, user="live-auth-plain", password=AUTH_PASSWORD, code=None):
        if self.old:
            return self.form_session(user, password)
        body = {"username": user, "password": password, **({"twoFactorCode": code} if code else {})}
        _, headers, content = self.call("POST", "/api/auth/login", self.PAIR, body, expect=(200,))
        if json.loads(content)["loginStatus"] != "SUCCESS":
            raise RuntimeError(f"act: sign-in of {user}: {content!r}")
        return self.cookie(headers)

    def form_session(self, user="live-auth-plain", password=AUTH_PASSWORD):
        body = urllib.parse.urlencode({"j_username": user, "j_password": password})
        _, headers, _ = self.call("POST", "/dhis-web-commons-security/login.action", [("Content-Type", "application/x-www-form-urlencoded")], body, expect=(302,))
        return self.cookie(headers)

    def me(self, *headers, expect=(200,)):
        return self.call("GET", "/api/me?fields=username", [("X-Requested-With", "XMLHttpRequest"), *headers], expect=expect)

    def me_with(self, session, expect=(200, 302, 401)):
        return self.me(("Cookie", f"JSESSIONID={session}"), expect=expect)

    def pat(self, user="live-auth-pat", **limits):
        _, _, content = self.call("POST", "/api/apiToken", [("Authorization", basic(user, AUTH_PASSWORD)), *self.PAIR], limits, expect=(200, 201))
        answer = json.loads(content)["response"]
        return answer["key"], answer["uid"]

    def user(self, name, **more):
        """A fresh user with the role of the ordinary ones."""
        role = self.player.variables["role-basic-uid"]
        body = {"firstName": "Live", "surname": "Auth totp", "username": name, "password": AUTH_PASSWORD, "userRoles": [{"id": role}], **more}
        if self.player.release <= 37:
            body = {"firstName": "Live", "surname": "Auth totp", "userCredentials": {"username": name, "password": AUTH_PASSWORD, "userRoles": [{"id": role}]}, **more}
        _, headers, content = self.admin("POST", "/api/users", body)
        found = re.search(rb'"uid":"(\w{11})"', content)
        return found.group(1).decode()

    def totp_user(self, exchanges):
        """The recordings made a user with a random name for each run; its name is in the Basic headers."""
        for exchange in exchanges:
            for name, value in exchange["request"].get("headers") or []:
                if name == "Authorization" and value.startswith("Basic ") and "{{" not in value:
                    user = base64.b64decode(value[6:]).decode("utf-8", "replace").split(":")[0]
                    if user.startswith("live-auth-totp") and user != "live-auth-totp":
                        return user
        return "live-auth-totpone"

    def enrol(self, user):
        """Switches a second factor on; returns the secret."""
        session = self.session(user)
        headers = [("Cookie", f"JSESSIONID={session}; XSRF-TOKEN=acts"), ("X-XSRF-TOKEN", "acts"), ("X-Requested-With", "XMLHttpRequest"), ("Accept", "application/octet-stream")]
        if self.player.release >= 42:
            self.call("POST", "/api/2fa/enrollTOTP2FA", headers, expect=(200,))
        else:
            self.call("GET", "/api/2fa/qrCode", headers, expect=(200, 202))
        secret = self.secret(user)
        self.call("POST", "/api/2fa/enabled", headers, {"code": totp(secret, self.now())}, expect=(200,))
        return secret

    def secret(self, user):
        return self.sim.control("secret", username=user)["secret"]

    def now(self):
        return self.player.now()

    # The OAuth server of 2.42 and later.

    def ids(self, path, name):
        _, _, content = self.admin("GET", f"{path}?paging=false&fields=id,displayName")
        listed = next(v for k, v in json.loads(content).items() if k != "pager")
        return [entry["id"] for entry in listed if entry.get("displayName") == name]

    def authorize(self, session, client, scope="openid profile username", pkce=True, redirect=CALLBACK):
        """The code, consent given where it is asked for."""
        query = {"response_type": "code", "client_id": client, "redirect_uri": redirect, "scope": scope, "state": "acts"}
        if pkce:
            query.update(code_challenge=CHALLENGE, code_challenge_method="S256")
        cookie = ("Cookie", f"JSESSIONID={session}")
        status, headers, content = self.call("GET", "/oauth2/authorize?" + urllib.parse.urlencode(query), [cookie, ("Accept", "text/html")], expect=(200, 302))
        if status == 200:
            state = re.search(rb'name="state" value="([^"]+)"', content).group(1).decode()
            form = [("client_id", client), ("state", state)] + [("scope", s) for s in scope.split() if s != "openid"]
            _, headers, _ = self.call("POST", "/oauth2/authorize", [cookie, ("Content-Type", "application/x-www-form-urlencoded")], urllib.parse.urlencode(form), expect=(302,))
        location = next(v for k, v in headers if k.lower() == "location")
        return urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]

    def code(self, client, user="live-auth-plain", **more):
        return self.authorize(self.session(user), client, **more)

    def token(self, headers, **fields):
        headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"), *headers]
        _, _, content = self.call("POST", "/oauth2/token", headers, urllib.parse.urlencode(fields), expect=(200,))
        return json.loads(content)

    # The legacy one.

    def legacy_token(self, user, client, secret):
        headers = [("Authorization", basic(client, secret)), ("Content-Type", "application/x-www-form-urlencoded")]
        body = urllib.parse.urlencode({"grant_type": "password", "username": user, "password": AUTH_PASSWORD})
        return json.loads(self.call("POST", "/uaa/oauth/token", headers, body, expect=(200,))[2])

    def legacy_code(self, session, client, more=""):
        cookie = ("Cookie", f"JSESSIONID={session}")
        query = urllib.parse.urlencode({"response_type": "code", "client_id": client, "redirect_uri": CALLBACK, "state": "acts"})
        self.call("GET", f"/uaa/oauth/authorize?{query}{more}", [cookie], expect=(200,))
        _, headers, _ = self.call("POST", "/uaa/oauth/authorize", [cookie, ("Content-Type", "application/x-www-form-urlencoded")], "user_oauth_approval=true", expect=(303, 302))
        location = next(v for k, v in headers if k.lower() == "location")
        return urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]


def totp(secret, at):
    """RFC 6238 with SHA-1, six digits, thirty seconds."""
    import hashlib
    import hmac
    import struct
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06d}"


STARTS, BEFORE = {}, {}


def at_start(*files):
    """Marks what is done before the first exchange of a file: f(hands, exchanges)."""
    def mark(act):
        for name in files:
            STARTS.setdefault(name, []).append(act)
        return act
    return mark


def before_each(file, *slugs):
    """Marks what is done before an exchange: f(hands, exchange); "skip" from it: it cannot be played. Slug "*": before all of them."""
    def mark(act):
        for slug in slugs:
            BEFORE.setdefault((file, slug), []).append(act)
        return act
    return mark


def start_file(player, name, exchanges):
    player.hands = Hands(player)
    if name.startswith("data-") and player.release in (37, 40):
        if name == "data-values":
            acts_peers.metadata(player.hands)
    elif name.startswith("data-"):
        data_acts.start_file(player, name, exchanges)
    for act in STARTS.get(plain(name), []):
        act(player.hands, exchanges)


def before(player, exchange):
    """Before an exchange. "skip": it cannot be played."""
    file, slug = plain(player.file), exchange["id"].split("/", 1)[-1]
    outcome = data_acts.before(player, exchange) if file.startswith("data-") else None
    for act in BEFORE.get((file, "*"), []) + BEFORE.get((file, slug), []):
        outcome = act(player.hands, exchange) or outcome
    return outcome


def after(player, exchange, headers, body):
    """After an exchange, whatever it answered."""


import acts_auth  # noqa: E402,F401  (it marks its acts on import)
import acts_peers  # noqa: E402,F401
