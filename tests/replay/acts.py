"""What was done between the recorded exchanges: sign-ins, tokens, clients and time that the recordings use but do not show; and which files need which set-up.

Fixtures of the project show everything they use, so nothing here applies to them but `groups`.
"""
import base64
import binascii
import crypt
import hashlib
import hmac
import json
import re
import struct
import urllib.parse

import data_acts
from compare import PLACEHOLDER

AUTH_PASSWORD = "Live-auth-1!"
CLIENT_SECRET = "live-auth-client-secret-0123456789ab"
VERIFIER = "live-auth-verifier-0123456789-0123456789-0123456789-AB"
CALLBACK = "https://gw.example.org/callback"


class Group:
    def __init__(self, files, counted, settings=()):
        self.files, self.counted, self.settings = files, counted, list(settings)


# Files that were recorded on a server with other settings.
SETTINGS = {"auth-conf-patoff-uaaoff": ["pat=off"], "auth-conf-csrf-patoff": ["csrf=on", "pat=off"], "auth-conf-oauth-off": ["oauth=off", "jwt=off", "totp=off"]}
# Files whose objects other files need; played before each of them, in this order.
DATA_SETUP = ["data-setup", "data-setup-users"]


def groups(version, names, fixtures):
    """Groups of files that share one server process, in the order of playing."""
    if fixtures:
        return [Group([n], [n]) for n in names]
    found = []
    for name in names:
        if name == "auth-setup" or name in DATA_SETUP:
            continue
        if name.startswith("auth-"):
            found.append(Group(["auth-setup", name], [name], SETTINGS.get(name, [])))
        else:
            found.append(Group(DATA_SETUP + [name], [name]))
    if "auth-setup" in names:
        found.insert(0, Group(["auth-setup"], ["auth-setup"]))
    if "data-setup" in names:
        found.append(Group(DATA_SETUP, DATA_SETUP))
    return found


def start_file(player, name):
    """Before the first exchange of a file."""


def before(player, exchange):
    """Before an exchange. "skip": it cannot be played."""
    if player.file.startswith("data-"):
        return data_acts.before(player, exchange)


def after(player, exchange, headers, body):
    """After an exchange, whatever it answered."""
