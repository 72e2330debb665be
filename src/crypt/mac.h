/* mac: what others can check with a secret that they share with us: HMAC-SHA256 (RFC 2104). Pure. */
#ifndef DRAWBRIDGE_CRYPT_MAC_H
#define DRAWBRIDGE_CRYPT_MAC_H

#include "crypt/secret.h"

enum { MAC_TEXT_SIZE = 65 };

/* In small hexadecimal letters. Returns `ret`. */
const char *mac_sha256(const struct secret *key, struct str message, char ret[MAC_TEXT_SIZE]);

#endif
