#!/usr/bin/env python3
"""The six digits that an authenticator app would show now for a secret (RFC 6238: SHA-1, 30 seconds).

    totp.py SECRET
"""
import base64
import hashlib
import hmac
import struct
import sys
import time

if len(sys.argv) != 2:
    sys.exit(__doc__)
digest = hmac.new(base64.b32decode(sys.argv[1].upper() + "=" * (-len(sys.argv[1]) % 8)), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
at = digest[-1] & 15
print(f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}")
