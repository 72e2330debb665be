"""The acts of the auth files. Account names and clients are those of the recordings; what is not here is in the exchanges themselves."""
import base64
import crypt
import json
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from acts import AUTH_PASSWORD, CALLBACK, CHALLENGE, VERIFIER, at_start, basic, before_each, totp

SECRET = "live-auth-client-secret-0123456789ab"
LEGACY_SECRET = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6"
ORIGINS = ["http://localhost:5173", "http://127.0.0.1:5173"]


def client_of(exchange):
    """Which client an exchange at the token endpoint speaks for."""
    for name, value in exchange["request"]["headers"]:
        if name == "Authorization" and value.startswith("Basic "):
            return base64.b64decode(value[6:]).decode().split(":")[0]
    found = re.search(r"client_id=([\w-]+)", exchange["request"].get("body") or "")
    return found.group(1) if found else None


def settings(proof_key=True, consent=True, reuse=True, code=300.0, access=300.0, refresh=3600.0):
    java = "java.util.Collections$UnmodifiableMap"
    about = {"@class": java, "settings.client.require-proof-key": proof_key, "settings.client.require-authorization-consent": consent}
    tokens = {"@class": java, "settings.token.authorization-code-time-to-live": ["java.time.Duration", code],
              "settings.token.access-token-time-to-live": ["java.time.Duration", access],
              "settings.token.access-token-format": {"@class": "org.springframework.security.oauth2.server.authorization.settings.OAuth2TokenFormat", "value": "self-contained"},
              "settings.token.device-code-time-to-live": ["java.time.Duration", 300.0], "settings.token.reuse-refresh-tokens": reuse,
              "settings.token.refresh-token-time-to-live": ["java.time.Duration", refresh],
              "settings.token.id-token-signature-algorithm": ["org.springframework.security.oauth2.jose.jws.SignatureAlgorithm", "RS256"],
              "settings.token.x509-certificate-bound-access-tokens": False}
    return {"clientSettings": json.dumps(about), "tokenSettings": json.dumps(tokens)}


CLIENTS = {
    "live-auth-gw": {},
    "live-auth-noconsent": settings(consent=False),
    "live-auth-nopkce": settings(proof_key=False, consent=False),
    "live-auth-rotate": settings(consent=False, reuse=False),
    "live-auth-short": settings(consent=False, code=2.0, access=3.0, refresh=6.0),
    "live-auth-post": {"clientAuthenticationMethods": "client_secret_post", **settings(consent=False)},
    "live-auth-public": {"clientAuthenticationMethods": "none", **settings(consent=False)},
    "live-auth-clear": {"clientSecret": SECRET, **settings(consent=False)},
    "live-auth-norefresh": {"authorizationGrantTypes": "authorization_code", **settings(consent=False)},
}


def register(hands, name, more=None):
    body = {"clientId": name, "name": name, "clientSecret": crypt.crypt(SECRET, "$2a$04$abcdefghijklmnopqrstuu"), "clientAuthenticationMethods": "client_secret_basic",
            "authorizationGrantTypes": "authorization_code,refresh_token", "redirectUris": CALLBACK, "scopes": "openid,profile,username,email", **settings(), **(more or {})}
    hands.admin("POST", "/api/oAuth2Clients", body)


def register_legacy(hands, name, grants, secret=LEGACY_SECRET):
    hands.admin("POST", "/api/oAuth2Clients", {"name": name, "cid": name, "secret": secret, "redirectUris": [CALLBACK], "grantTypes": grants})


# What every server of the recordings had.

FILES = ["accounts", "basic", "conf-patoff-uaaoff", "conf-csrf-patoff", "conf-oauth-off", "conf-restart", "cors", "form-login", "json-login", "legacy-oauth", "login-redirects",
         "oauth-authorize", "oauth-bearer", "oauth-client-admin", "oauth-dcr", "oauth-extra", "oauth-flow", "oauth-flow-2fa", "oauth-token", "oauth", "pat", "pat-off", "pat-session",
         "probe", "routes", "sessions", "sessions-extra", "two-factor", "user-data-store", "anonymous", "form"]


@at_start(*[f"auth-{f}" for f in FILES])
def common(hands, exchanges):
    if "role-enrol-uid" not in hands.player.variables:
        return  # the files of 2.37, 2.40 and 2.42 are of another person, with accounts of their own
    hands.admin("POST", "/api/configuration/corsWhitelist", ORIGINS)
    if hands.player.release >= 41:
        hands.admin("PATCH", f"/api/userRoles/{hands.player.variables['role-enrol-uid']}", [{"op": "add", "path": "/restrictions", "value": ["R_ENABLE_2FA"]}],
                    expect=(200, 201, 204, 404, 405), kind="application/json-patch+json")
    if hands.player.release <= 41:
        register_legacy(hands, "live-auth-legacy", ["authorization_code", "refresh_token", "password", "client_credentials", "implicit"])
        register_legacy(hands, "live-auth-legacy-norefresh", ["authorization_code", "password"])
        register_legacy(hands, "live-auth-legacy-refreshonly", ["refresh_token"])


@at_start("auth-conf-oauth-off", "auth-conf-restart", "auth-conf-csrf-patoff", "auth-oauth-authorize", "auth-oauth-bearer", "auth-oauth-dcr", "auth-oauth-extra", "auth-oauth-flow", "auth-oauth-flow-2fa",
          "auth-oauth-token")
def clients(hands, exchanges):
    for name, more in CLIENTS.items():
        register(hands, name, more)


@at_start("auth-oauth-client-admin", "auth-conf-oauth-off")
def other_peoples_clients(hands, exchanges):
    if hands.player.file == "auth-oauth-client-admin":
        register(hands, "live-auth-gw")
    else:
        register(hands, "live-auth-off-cabcf")
    for name in ("Peer public client", "Peer test client"):
        register(hands, name.lower().replace(" ", "-"), {"name": name})


# The other recordings' people.

PEERS = {"uid-1": "usPEER00000", "uid-2": "usPEER00001", "uid-3": "usPEER00002", "uid-4": "usPEER00003"}


@before_each("auth-setup", "user-peeruser", "user-peer2fa", "user-peerpat", "user-peerdisabled")
def peer_ids(hands, exchange):
    hands.player.variables.update(PEERS)


@at_start("auth-oauth")
def peer_clients(hands, exchanges):
    hands.player.variables.update({"bcrypt-of-secret": crypt.crypt("peer-secret-0123456789", "$2a$04$abcdefghijklmnopqrstuu"), "code-verifier": VERIFIER, "code-challenge": CHALLENGE})


@before_each("auth-oauth", "consent", "consent-partial", "consent-deny")
def state_of_page(hands, exchange):
    """The recording shows the state of the page under a name, and in the form as it was."""
    state = urllib.parse.quote(hands.player.variables["consent-state"], safe="")
    exchange["request"]["body"] = re.sub(r"state=[^&]+", f"state={state}", exchange["request"]["body"])


@before_each("auth-basic", "bad-cookie", "bad-cookie-plain")
def no_such_session(hands, exchange):
    hands.player.variables["session"] = "0" * 32


# Accounts.

@at_start("auth-accounts")
def accounts(hands, exchanges):
    hands.kept["pat used"] = hands.pat("live-auth-lock")[0]
    hands.me(("Authorization", "ApiToken " + hands.kept["pat used"]))
    hands.kept["pat fresh"] = hands.pat("live-auth-lock")[0]
    hands.kept["session"] = hands.session("live-auth-lock")
    hands.sim.control("password-age", username="live-auth-pwexpired", days=500)


@before_each("auth-accounts", "off")
def six_wrong(hands, exchange):
    for _ in range(6):
        hands.call("POST", "/api/auth/login", [], {"username": "live-auth-lock", "password": "wrong"}, expect=(401,))


@before_each("auth-accounts", "locked-form")
def locked_again(hands, exchange):
    for _ in range(5):
        hands.call("POST", "/api/auth/login", [], {"username": "live-auth-lock", "password": "wrong"}, expect=(200, 401))


@before_each("auth-accounts", "locked-pat-uncached")
def locked_fresh(hands, exchange):
    hands.give(exchange, "pat", hands.kept["pat fresh"])


@before_each("auth-accounts", "locked-session")
def locked_session(hands, exchange):
    hands.give(exchange, "session", hands.kept["session"])


@before_each("auth-accounts", "locked-pat-cached")
def locked_used(hands, exchange):
    hands.give(exchange, "pat", hands.kept["pat used"])


@before_each("auth-basic", "cookie-only")
def basic_cookie(hands, exchange):
    _, headers, _ = hands.me(("Authorization", basic("live-auth-plain", AUTH_PASSWORD)))
    hands.give(exchange, "session", hands.cookie(headers))


# Settings of dhis.conf.

@before_each("auth-conf-csrf-patoff", "csrf-consent-page", "timeout-0")
@before_each("auth-login-redirects", "/:session")
@before_each("auth-oauth-authorize", "unknown-client")
@before_each("auth-oauth-client-admin", "use-2")
@before_each("auth-oauth-dcr", "enrol-bad-uri")
@before_each("auth-oauth-extra", "prompt-login")
@before_each("auth-oauth-bearer", "cookie-and-bad-bearer", "userinfo-session")
@before_each("auth-conf-oauth-off", "totp-off-enrol")
@before_each("auth-sessions", "logout-post", "logout-redirect-uri")
def plain_session(hands, exchange):
    hands.give(exchange, "session", hands.session())


@before_each("auth-conf-csrf-patoff", "max-3-first")
def four_logins(hands, exchange):
    hands.give_series(exchange, "session", [hands.session("live-auth-max") for _ in range(4)])


@before_each("auth-conf-csrf-patoff", "timeout-45", "timeout-90")
@before_each("auth-conf-patoff-uaaoff", "timeout-90")
def later_45(hands, exchange):
    hands.player.advance(45)


@before_each("auth-conf-csrf-patoff", "timeout-idle")
@before_each("auth-conf-patoff-uaaoff", "timeout-idle")
def later_75(hands, exchange):
    hands.player.advance(75)


@before_each("auth-conf-patoff-uaaoff", "timeout-45")
def session_45(hands, exchange):
    hands.give(exchange, "session", hands.session())
    hands.player.advance(45)


@before_each("auth-conf-patoff-uaaoff", "max-2-json-1")
def four_json(hands, exchange):
    hands.give_series(exchange, "session", [hands.session("live-auth-max") for _ in range(4)])


@before_each("auth-conf-patoff-uaaoff", "max-2-form-1")
def four_forms(hands, exchange):
    hands.give_series(exchange, "session", [hands.form_session("live-auth-plain") for _ in range(4)])


@before_each("auth-conf-oauth-off", "totp-off-login")
def enrolled_before(hands, exchange):
    name = hands.kept["totp"]
    hands.sim.control("set", name="totp", value="on")
    hands.user(name)
    hands.enrol(name)
    hands.sim.control("set", name="totp", value="off")
    hands.player.variables["totp-user-enrolled-before"] = name


@at_start("auth-conf-oauth-off")
def remember_totp(hands, exchanges):
    hands.kept["totp"] = hands.totp_user(exchanges)


@before_each("auth-conf-restart", "me")
def before_restart(hands, exchange):
    session = hands.session()
    answer = exchange_code(hands, hands.authorize(session, "live-auth-gw"), "live-auth-gw")
    hands.give(exchange, "access-token", answer["access_token"])
    hands.player.variables.update({"refresh-token-1": answer["refresh_token"], "session-1": session})
    hands.sim.control("restart")


# Other origins, pages.

@at_start("auth-cors")
def store_keys(hands, exchanges):
    hands.player.variables.update({"store-key-listed": "kept", "store-key-unlisted": "lost"})


@before_each("auth-form-login", "saved-request-login")
def page_first(hands, exchange):
    _, headers, _ = hands.call("GET", "/dhis-web-dashboard/index.html?x=1", [("Accept", "text/html")], expect=(302,))
    hands.give(exchange, "session", hands.cookie(headers))


# Tokens of persons.

@before_each("auth-pat", "wrong-checksum")
def bad_checksum(hands, exchange):
    good = hands.player.variables["pat-1"]
    hands.give(exchange, "pat-bad-checksum", good[:20] + ("a" if good[20] != "a" else "b") + good[21:])


@before_each("auth-pat", "v1-in-database-0", "v1-in-database-3")
def token_row(hands, exchange):
    value = next(v for k, v in exchange["request"]["headers"] if k == "Authorization")
    hands.sim.control("token", username="live-auth-pat", token=value.split()[1])


@at_start("auth-pat")
def pat_code(hands, exchanges):
    hands.player.variables["pat-code"] = "live-auth-code"


def around_first(exchange):
    """How many tokens of others stand before and behind the file's own first one in the list of all."""
    listed = re.findall(r"\{\{(uid-\d+)\}\}", json.dumps(exchange["response"]["body"]))
    return listed.index("uid-1"), len(listed) - listed.index("uid-1") - 1


@at_start("auth-pat")
def tokens_before(hands, exchanges):
    for exchange in exchanges:
        if exchange["id"] == "pat/list-superuser":
            for _ in range(around_first(exchange)[0]):
                hands.pat("live-auth-plain")


@before_each("auth-pat", "list-superuser")
def tokens_behind(hands, exchange):
    for _ in range(around_first(exchange)[1]):
        hands.pat("live-auth-plain")


@before_each("auth-pat", "use-owner-enabled")
def owner_enabled(hands, exchange):
    hands.admin("POST", f"/api/users/{hands.player.variables['user-pat-uid']}/enabled")


@before_each("auth-pat", "referer-lower-registered")
def lower_referrer(hands, exchange):
    hands.give(exchange, "pat", hands.pat(attributes=[{"type": "RefererAllowedList", "allowedReferrers": ["https://app.example.org/page"]}])[0])


@before_each("auth-pat", "cookie-and-bad-pat")
def live_session(hands, exchange):
    hands.player.variables["session-live"] = hands.session("live-auth-pat")


@before_each("auth-oauth-authorize", "bearer-pat")
@before_each("auth-sessions", "pat-cookie")
@before_each("auth-routes", "create-pat")
def some_pat(hands, exchange):
    hands.give(exchange, "pat", hands.pat()[0])


@before_each("auth-conf-patoff-uaaoff", "pat-off-plain")
def pat_off(hands, exchange):
    if hands.unbound(exchange, "pat"):
        hands.give(exchange, "pat", hands.pat()[0])


@before_each("auth-pat-session", "get")
def pat_for_get(hands, exchange):
    key, hands.kept["uid"] = hands.pat(attributes=[{"type": "MethodAllowedList", "allowedMethods": ["GET"]}])
    hands.give(exchange, "pat", key)


@before_each("auth-pat-session", "cookie-other-user-pat")
def other_users_pat(hands, exchange):
    hands.give(exchange, "pat", hands.pat("live-auth-plain")[0])


@before_each("auth-pat-session", "revoke")
def pat_uid(hands, exchange):
    hands.give(exchange, "uid", hands.kept["uid"])


@before_each("auth-pat-session", "evict-busy")
def evict_busy(hands, exchange):
    key, session = hands.pat()[0], hands.session("live-auth-pat")
    for i in range(12):
        hands.me(("Authorization", f"ApiToken {key}"))
        if i % 3 == 2:
            hands.me_with(session)
    hands.give(exchange, "session", session)


@before_each("auth-pat-session", "evict-with-cookie")
def evict_with_cookie(hands, exchange):
    key, session, cookie = hands.pat()[0], hands.session("live-auth-pat"), None
    for _ in range(14):
        _, headers, _ = hands.me(("Authorization", f"ApiToken {key}"), *([("Cookie", f"JSESSIONID={cookie}")] if cookie else []))
        cookie = cookie or hands.cookie(headers)
    hands.give(exchange, "session", session)


@before_each("auth-pat-session", "evict-refused")
def evict_refused(hands, exchange):
    session = hands.session("live-auth-pat")
    for _ in range(12):
        hands.me(("Authorization", "ApiToken d2p_ProbeProbeProbeProbeProbeProbeProbeProbeProb11Sn6e"), expect=(401,))
    hands.give(exchange, "session", session)


# Sessions.

@before_each("auth-sessions", "max-10-of-10-0")
def ten_logins(hands, exchange):
    hands.give_series(exchange, "session", [hands.session("live-auth-max") for _ in range(10)])
    hands.kept["ten"] = int(re.search(r"session-(\d+)", json.dumps(exchange["request"])).group(1))


@before_each("auth-sessions", "max-evicted-xhr")
def eleventh(hands, exchange):
    hands.player.variables[f"session-{hands.kept['ten'] + 10}"] = hands.session("live-auth-max")


@before_each("auth-sessions", "form-max-first")
def eleven_forms(hands, exchange):
    hands.give_series(exchange, "session", [hands.form_session("live-auth-max") for _ in range(11)])


@before_each("auth-sessions", "basic-does-evict")
def basics(hands, exchange):
    session = hands.session("live-auth-max")
    for _ in range(12):
        hands.me(("Authorization", basic("live-auth-max", AUTH_PASSWORD)))
    hands.give(exchange, "session", session)


@before_each("auth-sessions", "pat-does-evict")
def pats(hands, exchange):
    key, session = hands.pat()[0], hands.session("live-auth-pat")
    for _ in range(12):
        hands.me(("Authorization", f"ApiToken {key}"))
    hands.give(exchange, "session", session)


@before_each("auth-sessions", "disable-user")
def session_before_disable(hands, exchange):
    hands.kept["jwt"] = hands.session("live-auth-jwt")


@before_each("auth-sessions", "session-after-disable")
def session_after_disable(hands, exchange):
    hands.give(exchange, "session", hands.kept["jwt"])


@before_each("auth-sessions", "session-after-enable")
def enable_again(hands, exchange):
    hands.admin("POST", f"/api/users/{hands.player.variables['user-jwt-uid']}/enabled")


@before_each("auth-sessions-extra", "evict-pat")
def evict_pat(hands, exchange):
    key, session = hands.pat()[0], hands.session("live-auth-pat")
    for _ in range(12):
        hands.me(("Authorization", f"ApiToken {key}"))
    hands.give(exchange, "session", session)


@before_each("auth-sessions-extra", "evict-basic")
def evict_basic(hands, exchange):
    session = hands.session()
    for _ in range(12):
        hands.me(("Authorization", basic("live-auth-plain", AUTH_PASSWORD)))
    hands.give(exchange, "session", session)


@before_each("auth-sessions-extra", "evict-bearer")
@before_each("auth-legacy-oauth", "evicts")
def evict_bearer(hands, exchange):
    token, session = hands.legacy_token("live-auth-plain", "live-auth-legacy", LEGACY_SECRET)["access_token"], hands.session()
    for _ in range(12):
        hands.me(("Authorization", f"Bearer {token}"))
    hands.give(exchange, "session", session)


@at_start("auth-sessions-extra")
def pending_user(hands, exchanges):
    name = hands.totp_user(exchanges)
    hands.user(name)
    hands.player.variables["totp-user"] = name
    hands.call("GET", "/api/2fa/qrCode", [("Cookie", f"JSESSIONID={hands.session(name)}"), ("Accept", "application/octet-stream")], expect=(202,))


# Values of a user.

@before_each("auth-user-data-store", "plain-big")
def a_megabyte(hands, exchange):
    """The recording tells the length."""
    exchange["request"]["body"] = '"' + "a" * 1000000 + '"'


@before_each("auth-basic", "me-whole")
def data_sets(hands, exchange):
    """Those that the server of the recording had, by id."""
    body = exchange["response"]["body"]
    ids = (json.loads(body) if isinstance(body, str) else body)["dataSets"]
    hands.admin("POST", "/api/metadata", {"dataSets": [{"id": uid, "name": f"Acts {uid}", "shortName": f"Acts {uid}", "periodType": "Monthly"} for uid in ids]}, expect=(200,))


# Second factor.

@at_start("auth-two-factor")
def fresh_totp_user(hands, exchanges):
    if hands.old:
        return
    name = hands.totp_user(exchanges)
    hands.player.variables.update({"user-totp-uid": hands.user(name), "totp-user": name})


@before_each("auth-two-factor", "pat-before")
def pat_before(hands, exchange):
    hands.give(exchange, "pat", hands.pat(hands.player.variables["totp-user"])[0])


@before_each("auth-two-factor", "enabled-before")
def totp_session(hands, exchange):
    hands.give(exchange, "session", hands.session(hands.player.variables["totp-user"]))


@before_each("auth-two-factor", "*")
def right_code(hands, exchange):
    """A code is of the moment it is sent in."""
    if not hands.old and "{{totp-1}}" in json.dumps(exchange["request"]):
        hands.player.variables["totp-1"] = totp(hands.secret(hands.player.variables["totp-user"]), hands.now())


def skewed(seconds):
    def act(hands, exchange):
        hands.give(exchange, "totp", totp(hands.secret(hands.player.variables["totp-user"]), hands.now() + seconds))
    return act


for skew in (-60, -30, 30, 60):
    before_each("auth-two-factor", f"login-skew{skew:+d}")(skewed(skew))


@before_each("auth-two-factor", "enrol-email")
def mail_session(hands, exchange):
    hands.give(exchange, "session", hands.session("live-auth-mail"))


@at_start("auth-oauth-flow-2fa")
def enrolled(hands, exchanges):
    name = hands.totp_user(exchanges)
    hands.user(name)
    hands.kept["secret"] = hands.enrol(name)
    hands.player.variables["totp-user"] = name


@before_each("auth-oauth-flow-2fa", "login")
def flow_code(hands, exchange):
    hands.give(exchange, "totp", totp(hands.kept["secret"], hands.now()))


# The legacy OAuth server.

@before_each("auth-legacy-oauth", "authorize-login")
def step_one(hands, exchange):
    query = urllib.parse.urlencode({"response_type": "code", "client_id": "live-auth-legacy", "redirect_uri": CALLBACK, "state": "live-state-1"})
    _, headers, _ = hands.call("GET", f"/uaa/oauth/authorize?{query}", [("Accept", "text/html")], expect=(302,))
    hands.give(exchange, "session", hands.cookie(headers))


@before_each("auth-legacy-oauth", "pkce-ignored", "code-wrong-redirect", "code-no-redirect", "code-other-client", "code-no-client")
def legacy_code(hands, exchange):
    hands.give(exchange, "code", hands.legacy_code(hands.session(), "live-auth-legacy", "&code_challenge=x&code_challenge_method=S256"))


@before_each("auth-legacy-oauth", "authorize-deny")
def asked_again(hands, exchange):
    if "role-enrol-uid" not in hands.player.variables:
        return
    session = re.search(r"session-\d+", json.dumps(exchange["request"])).group(0)
    if session not in hands.player.variables:
        return
    query = urllib.parse.urlencode({"response_type": "code", "client_id": "live-auth-legacy", "redirect_uri": CALLBACK, "state": "live-state-1"})
    hands.call("GET", f"/uaa/oauth/authorize?{query}", [("Cookie", f"JSESSIONID={hands.player.variables[session]}")], expect=(200,))


@before_each("auth-legacy-oauth", "admin-delete")
def token_of_deleted(hands, exchange):
    hands.kept["deleted"] = hands.legacy_token("live-auth-plain", "live-auth-l2", LEGACY_SECRET)


@before_each("auth-legacy-oauth", "deleted-client-me")
def deleted_access(hands, exchange):
    hands.give(exchange, "access-token", hands.kept["deleted"]["access_token"])


@before_each("auth-legacy-oauth", "deleted-client-refresh")
def deleted_refresh(hands, exchange):
    hands.give(exchange, "refresh-token", hands.kept["deleted"]["refresh_token"])


@before_each("auth-legacy-oauth", "disabled-later-me")
def disabled_access(hands, exchange):
    hands.kept["disabled"] = hands.legacy_token("live-auth-jwt", "live-auth-legacy", LEGACY_SECRET)
    hands.admin("POST", f"/api/users/{hands.player.variables['user-jwt-uid']}/disabled")
    hands.give(exchange, "access-token", hands.kept["disabled"]["access_token"])


@before_each("auth-legacy-oauth", "disabled-later-refresh")
def disabled_refresh(hands, exchange):
    hands.give(exchange, "refresh-token", hands.kept["disabled"]["refresh_token"])


@before_each("auth-legacy-oauth", "cookie-and-bearer")
def other_session(hands, exchange):
    hands.give(exchange, "session", hands.session("live-auth-mail"))


# The OAuth server of 2.42 and later.

def exchange_code(hands, code, client, secret=SECRET, verifier=VERIFIER):
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **({"code_verifier": verifier} if verifier else {})}
    return hands.token([("Authorization", basic(client, secret))], **fields)


def tokens(hands, client="live-auth-noconsent", user="live-auth-plain", **more):
    return exchange_code(hands, hands.code(client, user, **more), client)


@before_each("auth-oauth-flow", "20-login-first", "30-deny-page")
def consent_forgotten(hands, exchange):
    """Consents belong to the row of a client."""
    for uid in hands.ids("/api/oAuth2Clients", "live-auth-gw"):
        hands.admin("DELETE", f"/api/oAuth2Clients/{uid}")
    register(hands, "live-auth-gw")


@before_each("auth-oauth-flow", "30-deny-page")
def session_to_deny(hands, exchange):
    session = hands.session()
    hands.give(exchange, "session", session)
    hands.kept["session"] = session


def consent_state(hands):
    """The hidden state of a consent page that is open now."""
    query = urllib.parse.urlencode({"response_type": "code", "client_id": "live-auth-gw", "redirect_uri": CALLBACK, "scope": "openid profile username", "state": "live-state-1",
                                    "code_challenge": CHALLENGE, "code_challenge_method": "S256"})
    _, _, content = hands.call("GET", f"/oauth2/authorize?{query}", [("Cookie", f"JSESSIONID={hands.kept['session']}"), ("Accept", "text/html")], expect=(200,))
    return re.search(rb'name="state" value="([^"]+)"', content).group(1).decode()


@before_each("auth-oauth-flow", "36-consent-other-session")
def consent_of_other(hands, exchange):
    hands.give(exchange, "session", hands.session("live-auth-mail"))
    hands.give(exchange, "consent-state", consent_state(hands))


@before_each("auth-oauth-flow", "40-consent-once")
def consent_once(hands, exchange):
    hands.give(exchange, "consent-state", consent_state(hands))


@before_each("auth-oauth-extra", "prompt-consent-given")
def consent_given(hands, exchange):
    hands.code("live-auth-gw")


@before_each("auth-oauth-client-admin", "authorizations-superuser")
def what_others_did(hands, exchange):
    """22 authorizations and 5 consents, admin's first."""
    people = ["admin", "live-auth-plain", "live-auth-mail", "live-auth-pat", "live-auth-max"]
    for i in range(22):
        name = people[i % 5]
        hands.code("live-auth-gw", name) if name != "admin" else hands.authorize(hands.session("admin", "district"), "live-auth-gw")


@before_each("auth-oauth-token", "*")
def code_for(hands, exchange):
    """Each code is made for the client that the exchange speaks for, or for the first one where none is named."""
    for name in hands.unbound(exchange, "code"):
        client = client_of(exchange)
        slug = exchange["id"].split("/", 1)[-1]
        client = "live-auth-rotate" if slug == "other-clients-code" else client if client in CLIENTS else "live-auth-noconsent"
        hands.player.variables[name] = hands.code(client, pkce=client != "live-auth-nopkce")


@before_each("auth-oauth-token", "refresh")
def refresh_seven(hands, exchange):
    hands.give(exchange, "refresh-token", tokens(hands)["refresh_token"])


@before_each("auth-oauth-token", "rotate")
def rotating(hands, exchange):
    answer = tokens(hands, "live-auth-rotate")
    hands.kept["rotated"] = answer["access_token"]
    hands.give(exchange, "refresh-token", answer["refresh_token"])


@before_each("auth-oauth-token", "rotate-old-access")
def rotated_access(hands, exchange):
    hands.give(exchange, "access-token", hands.kept["rotated"])


@before_each("auth-oauth-token", "code-expired")
def too_late(hands, exchange):
    hands.player.advance(3)


@before_each("auth-oauth-token", "short-me")
def short_lived(hands, exchange):
    answer = tokens(hands, "live-auth-short")
    hands.kept["short"] = answer["refresh_token"]
    hands.give(exchange, "access-token", answer["access_token"])


@before_each("auth-oauth-token", "access-expired-4s")
def four_seconds(hands, exchange):
    hands.player.advance(4)


@before_each("auth-oauth-token", "refresh-expired")
def seven_seconds(hands, exchange):
    hands.player.advance(3)
    hands.give(exchange, "refresh-token", hands.kept["short"])


@before_each("auth-oauth-token", "access-expired-66s")
def a_minute(hands, exchange):
    hands.player.advance(60)


@before_each("auth-oauth-bearer", "me")
def bearer(hands, exchange):
    hands.kept["one"] = tokens(hands)
    hands.give(exchange, "access-token", hands.kept["one"]["access_token"])


def changed(token, header=None, claims=None):
    """A token with other claims and the old signature; alg none: without one."""
    def encode(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    def decode(part):
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    parts = token.split(".")
    return ".".join([encode({**decode(parts[0]), **(header or {})}), encode({**decode(parts[1]), **(claims or {})}), "" if header else parts[2]])


@before_each("auth-oauth-bearer", "bad-signature")
def bad_signature(hands, exchange):
    token = hands.kept["one"]["access_token"]
    hands.give(exchange, "access-token-bad-signature", token[:-20] + ("A" if token[-20] != "A" else "B") + token[-19:])


@before_each("auth-oauth-bearer", "alg-none")
def alg_none(hands, exchange):
    hands.give(exchange, "token-alg-none", changed(hands.kept["one"]["access_token"], header={"alg": "none"}))


@before_each("auth-oauth-bearer", "other-issuer")
def other_issuer(hands, exchange):
    hands.give(exchange, "token-other-issuer", changed(hands.kept["one"]["access_token"], claims={"iss": "https://evil.example.org"}))


@before_each("auth-oauth-bearer", "id-token")
def id_token(hands, exchange):
    hands.give(exchange, "id-token", hands.kept["one"]["id_token"])


@before_each("auth-oauth-bearer", "refresh-token")
def refresh_token(hands, exchange):
    hands.give(exchange, "refresh-token", hands.kept["one"]["refresh_token"])


@before_each("auth-oauth-bearer", "no-username")
def no_username(hands, exchange):
    hands.give(exchange, "access-token", tokens(hands, scope="openid profile")["access_token"])


@before_each("auth-oauth-bearer", "cookie-and-bearer-other")
def other_users_session(hands, exchange):
    hands.give(exchange, "session", hands.session("live-auth-mail"))


@before_each("auth-oauth-bearer", "evicts")
def bearer_evicts(hands, exchange):
    session = hands.session()
    for _ in range(12):
        hands.me(("Authorization", f"Bearer {hands.kept['one']['access_token']}"))
    hands.give(exchange, "session", session)


@before_each("auth-oauth-bearer", "revoke-refresh")
def revoked(hands, exchange):
    hands.kept["revoked"] = tokens(hands)
    hands.give(exchange, "refresh-token", hands.kept["revoked"]["refresh_token"])


@before_each("auth-oauth-bearer", "revoked-refresh-me")
def revoked_me(hands, exchange):
    hands.give(exchange, "access-token", hands.kept["revoked"]["access_token"])


@before_each("auth-oauth-bearer", "revoke-other-client")
def revoke_other(hands, exchange):
    hands.give(exchange, "refresh-token", tokens(hands)["refresh_token"])


@before_each("auth-oauth-bearer", "disabled-user")
def disabled_user(hands, exchange):
    hands.kept["disabled"], hands.kept["disabled session"] = tokens(hands, user="live-auth-jwt"), hands.session("live-auth-jwt")
    hands.admin("POST", f"/api/users/{hands.player.variables['user-jwt-uid']}/disabled")
    hands.give(exchange, "access-token", hands.kept["disabled"]["access_token"])


@before_each("auth-oauth-bearer", "disabled-user-refresh")
def disabled_user_refresh(hands, exchange):
    hands.give(exchange, "refresh-token", hands.kept["disabled"]["refresh_token"])


@before_each("auth-oauth-bearer", "disabled-user-authorize")
def disabled_user_session(hands, exchange):
    hands.give(exchange, "session", hands.kept["disabled session"])


@before_each("auth-oauth-bearer", "email-scope-no-email")
def no_address(hands, exchange):
    hands.give(exchange, "code", hands.code("live-auth-noconsent", scope="openid email username"))


@before_each("auth-oauth-bearer", "email-scope")
def with_address(hands, exchange):
    hands.give(exchange, "code", hands.code("live-auth-noconsent", "live-auth-mail", scope="openid email username"))


@before_each("auth-oauth-bearer", "email-only")
def address_only(hands, exchange):
    hands.give(exchange, "code", hands.code("live-auth-noconsent", "live-auth-mail", scope="openid email"))


@before_each("auth-oauth-bearer", "client-deleted")
def client_deleted(hands, exchange):
    register(hands, "live-auth-gone", settings(consent=False))
    answer = tokens(hands, "live-auth-gone")
    for uid in hands.ids("/api/oAuth2Clients", "live-auth-gone"):
        hands.admin("DELETE", f"/api/oAuth2Clients/{uid}")
    hands.give(exchange, "access-token", answer["access_token"])


# A device that registers itself, with a key of its own.

@before_each("auth-oauth-dcr", "register-no-token")
def device_key(hands, exchange):
    if not shutil.which("openssl"):
        return "skip"
    hands.kept["folder"] = tempfile.TemporaryDirectory(prefix="drawbridge-replay-")
    hands.kept["key"] = f"{hands.kept['folder'].name}/key.pem"
    subprocess.run(["openssl", "genrsa", "-out", hands.kept["key"], "2048"], check=True, capture_output=True)
    answer = subprocess.run(["openssl", "rsa", "-in", hands.kept["key"], "-noout", "-modulus"], check=True, capture_output=True, text=True)
    modulus = bytes.fromhex(answer.stdout.strip().split("=")[1])
    hands.give(exchange, "key-id", "f6f0e6f2-3b1d-4e0b-9d5e-6a1a4b6c7d8e")
    hands.give(exchange, "rsa-modulus", base64.urlsafe_b64encode(modulus).decode().rstrip("="))
    return None


@before_each("auth-oauth-dcr", "token", "refresh", "client-credentials")
def assertion(hands, exchange):
    def encode(data):
        return base64.urlsafe_b64encode(data).decode().rstrip("=")
    client, now = hands.player.variables["dcr-client-id-1"], int(hands.now())
    claims = {"iss": client, "sub": client, "aud": hands.sim.base + "/", "iat": now, "exp": now + 60, "jti": f"acts-{now}-{exchange['id']}"}
    head = json.dumps({"alg": "RS256", "kid": "f6f0e6f2-3b1d-4e0b-9d5e-6a1a4b6c7d8e"}).encode()
    text = encode(head) + "." + encode(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", hands.kept["key"]], input=text.encode(), check=True, capture_output=True).stdout
    hands.give(exchange, "client-assertion", text + "." + encode(signature))


@before_each("auth-oauth-dcr", "admin-view")
def device_row(hands, exchange):
    found = hands.ids("/api/oAuth2Clients", "live-auth-device")
    if found:
        hands.give(exchange, "uid", found[0])
