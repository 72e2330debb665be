"""An authorization server that lies as a test wants it to. Each first segment of the path is an issuer of its own."""
import base64
import json
import subprocess
import time
import urllib.parse

from scripted import Scripted

JSON = {"Content-Type": "application/json"}


def url64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")


class Key:
    def __init__(self, directory, kid):
        self.path, self.kid = directory / f"{kid}.pem", kid
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path], check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.path, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout.strip().partition("=")[2]
        self.public = {"kty": "RSA", "kid": kid, "use": "sig", "e": "AQAB", "n": url64(bytes.fromhex(modulus))}

    def sign(self, head, claims):
        text = f"{url64(head)}.{claims if isinstance(claims, str) else url64(claims)}"
        return f"{text}.{url64(subprocess.run(['openssl', 'dgst', '-sha256', '-sign', self.path], input=text.encode(), check=True, capture_output=True).stdout)}"


class Hostile(Scripted):
    """What it says is `good` with what `lies[issuer]` puts over it: dicts by name (discovery, claims, head, token, userinfo), callables for whole answers (answer_discovery, answer_token, answer_jwks), `keys`, `key`, `sign`."""

    def __init__(self, directory):
        self.good_key, self.lies, self.nonces, self.fetched, self.revoked, self.made = Key(directory, "k1"), {}, {}, {}, [], 0
        super().__init__(self.answer)

    def issuer(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def lie(self, name, **lies):
        self.lies[name] = lies

    def answer(self, method, path, headers, body):
        name, _, rest = path.lstrip("/").partition("/")
        rest, lies = rest.partition("?")[0], self.lies.get(name, {})
        self.fetched[(name, rest)] = self.fetched.get((name, rest), 0) + 1
        own = lies.get("answer_" + {".well-known/openid-configuration": "discovery", "jwks": "jwks", "token": "token"}.get(rest, "other"))
        if own:
            return own()
        issuer = self.issuer(name)
        if rest == ".well-known/openid-configuration":
            document = {"issuer": issuer, "authorization_endpoint": f"{issuer}/auth", "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/jwks", "revocation_endpoint": f"{issuer}/revoke",
                        "userinfo_endpoint": f"{issuer}/userinfo", "scopes_supported": ["openid"], "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]}
            return 200, JSON, json.dumps({**document, **lies.get("discovery", {})})
        if rest == "jwks":
            return 200, JSON, json.dumps({"keys": [key.public for key in lies.get("keys", [self.good_key])]})
        if rest == "token":
            return self.token(name, issuer, lies)
        if rest == "revoke":
            self.revoked.append(urllib.parse.parse_qs(body.decode())["token"][0])
            return 200, {}, ""
        if rest == "userinfo":
            return 200, JSON, json.dumps({"sub": "ada", "name": "Ada", "preferred_username": "ada", **lies.get("userinfo", {})})
        if rest == "api/who":
            good = headers.get("Authorization") == f"Bearer at-of-the-tests-{self.made}"
            return (200, JSON, '{"ok":true}') if good else (401, JSON, "{}")
        return 404, {}, ""

    def token(self, name, issuer, lies):
        now = int(time.time())
        self.made += 1
        claims = {"iss": issuer, "sub": "ada", "aud": "dr", "nonce": self.nonces.get(name), "iat": now, "exp": now + 300, **lies.get("claims", {})}
        claims = {key: value for key, value in claims.items() if value is not ...}
        head = {"alg": "RS256", "kid": "k1", **lies.get("head", {})}
        head = {key: value for key, value in head.items() if value is not ...}
        text = lies.get("raw_claims", lambda c: c)(claims)
        token = lies.get("sign", lies.get("key", self.good_key).sign)(head, text)
        answer = {"access_token": f"at-of-the-tests-{self.made}", "refresh_token": f"rt-of-the-tests-{self.made}", "token_type": "Bearer", "expires_in": 3600, "id_token": token, **lies.get("token", {})}
        return 200, JSON, json.dumps({key: value for key, value in answer.items() if value is not ...})
