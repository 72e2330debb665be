/* id_token: the checks of OpenID Connect Core 3.1.3.7 on the ID token that comes with an authorization code, and of 12.2 on that of a refresh. Pure. What jwt.h holds holds here. */
#ifndef DRAWBRIDGE_OAUTH_ID_TOKEN_H
#define DRAWBRIDGE_OAUTH_ID_TOKEN_H

#include "base/arena.h"
#include "base/error.h"

struct id_token_expected {
  struct str issuer, client_id;
  struct str nonce;   /* of the sign-in; empty: it is a refreshed one */
  struct str subject; /* of the sign-in, for a refreshed one; empty: it is the first */
  int64_t now_ms;
};

struct oauth_person { /* texts in the arena; empty: not told */
  struct str subject;
  struct str username, name; /* preferred_username, name: for people to read, never an identity (R-B5) */
  struct str sid;            /* the session at the provider, for its back-channel logout */
};

/* `jwks`: the server's keys; p == NULL: its key cannot be had at the moment, and the token came straight from the token endpoint with a refresh: TLS vouches for it then (3.1.3.7, 6), so that the rotated token beside it is not
 * lost.
 * 0. 1: the set has no key of that id: fetch it again, once. -1: ERROR_upstream_error, reason "id_token", and the message names the check; ERROR_clock_skew: all else is right, but it has expired or is not
 * valid yet: the message tells by how much. Neither nonce nor subject expected is -1. */
int id_token_check(struct str token, struct str jwks, const struct id_token_expected *expected, struct arena *arena,
                   struct oauth_person *ret, struct error *error);

#endif
