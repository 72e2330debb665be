"""A browser's key and the proofs it signs (DPoP, RFC 9449), made with the openssl command: an implementation that is not ours."""
import base64
import hashlib
import json
import pathlib
import secrets
import subprocess
import tempfile


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def of_der(signature):
    """Raw r and s of an ECDSA signature in DER (RFC 7518, section 3.4)."""
    at, numbers = 2, []
    for _ in range(2):
        length = signature[at + 1]
        numbers.append(signature[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0"))
        at += 2 + length
    return b"".join(numbers)


class Key:
    """P-256. `proof(method, address, …)`; each member of header or claims can be another one, or, None, be left out."""

    def __init__(self, case):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="drawbridge-key-", dir=case.directory()))
        self.file = directory / "key.pem"
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.file)
        point = self.openssl("ec", "-in", self.file, "-pubout", "-outform", "DER")[-64:]
        self.jwk = {"kty": "EC", "crv": "P-256", "x": base64url(point[:32]), "y": base64url(point[32:])}

    @staticmethod
    def openssl(*words, data=None):
        return subprocess.run(["openssl", *map(str, words)], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout

    def sign(self, data):
        return of_der(self.openssl("dgst", "-sha256", "-sign", self.file, data=data))

    def proof(self, method, address, nonce=None, handle=None, header=(), claims=(), signature=None):
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk, **dict(header)}
        body = {"htm": method, "htu": address, "iat": 1, "jti": secrets.token_urlsafe(16), "nonce": nonce, "ath": handle and base64url(hashlib.sha256(handle.encode()).digest()), **dict(claims)}
        parts = [base64url(json.dumps({name: value for name, value in part.items() if value is not None}).encode()) for part in (head, body)]
        return ".".join([*parts, base64url(self.sign(".".join(parts).encode()) if signature is None else signature)])


class KeyBrowser:
    """An app in mode `handle`: no cookie, a handle and a key. Signs again where the nonce was too old, as the SDK does."""

    def __init__(self, case, origin):
        self.case, self.origin, self.key, self.handle, self.nonce = case, origin, Key(case), None, None
        self.browser = case.browser()
        self.received = self.browser.received

    def headers(self, method, target, **changes):
        proof = self.key.proof(method, self.case.public + target.partition("?")[0], self.nonce, self.handle, **changes)
        return {"Origin": self.origin, "X-Drawbridge-Proof": proof, **({"X-Drawbridge-Session": self.handle} if self.handle else {})}

    def send(self, method, target, headers, body=None):
        self.browser.cookies.clear()
        answer = self.browser.call(method, target, headers, body)
        self.nonce = answer.header("X-Drawbridge-Nonce") or self.nonce
        self.handle = answer.header("X-Drawbridge-Session") or self.handle
        return answer

    def call(self, method, target, headers=None, body=None):
        answer = self.send(method, target, {**self.headers(method, target), **(headers or {})}, body)
        again = answer.status == 401 and answer.json.get("reason") == "nonce"
        return self.send(method, target, {**self.headers(method, target), **(headers or {})}, body) if again else answer
