"""A DHIS2 server as one user sees it: questions over HTTP with Basic, answers as they come. Knows nothing of drawbridge."""
import base64
import http.client
import json
import re
import ssl
import urllib.parse

TIMEOUT = 600  # seconds: releases from 2.43 on take minutes for large imports


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def summary(self):
        """The import summary or report in it: to 2.37 bare, later in a message."""
        found = self.json
        return found.get("response", found) if isinstance(found, dict) else None

    def __str__(self):
        found = self.summary
        if found and "importCount" in found:
            told = {k: found[k] for k in ("status", "description", "importCount") if k in found}
            return f"{self.status} {json.dumps(told)} {json.dumps(found.get('conflicts', [])[:3])}"
        return f"{self.status} {self.body[:600].decode(errors='replace')}"


class Server:
    def __init__(self, url, user, password, ca=None):
        self.url, self.user, self.password, self.ca = url.rstrip("/"), user, password, ca
        self.parts = urllib.parse.urlsplit(self.url)

    def connection(self):
        if self.parts.scheme == "https":
            return http.client.HTTPSConnection(self.parts.hostname, self.parts.port or 443, timeout=TIMEOUT, context=ssl.create_default_context(cafile=self.ca))
        return http.client.HTTPConnection(self.parts.hostname, self.parts.port or 80, timeout=TIMEOUT)

    def call(self, method, path, body=None, content_type="application/json", **query):
        """`query`: members with lists are named once for each entry. Redirects are not followed: there is none to follow for who is signed in."""
        if query:
            path += ("&" if "?" in path else "?") + urllib.parse.urlencode(query, doseq=True)
        headers = {"Authorization": "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode(), "X-Requested-With": "XMLHttpRequest", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
            body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        connection = self.connection()
        try:
            connection.request(method, self.parts.path + path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def get(self, path, **query):
        answer = self.call("GET", path, **query)
        if answer.status != 200 or answer.json is None:
            raise AssertionError(f"GET {path}: {answer}")
        return answer.json

    def as_user(self, user, password):
        return Server(self.url, user, password, self.ca)

    def release(self):
        """("2.41.9", 41)"""
        version = self.get("/api/system/info")["version"]
        return version, int(re.match(r"\d+\.(\d+)", version)[1])
