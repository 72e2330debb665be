/* id_token: the checks of OpenID Connect Core 3.1.3.7 on the ID token that comes with an authorization code. Pure.
 *
 * What holds always: the algorithm is RS256 or ES256, as the key found by `kid` says, never what the token alone says; `jku`, `x5u` and `jwk` in the token are refused unread. Nothing of the token is believed before its signature
 * is. Sizes: token up to 16 KiB, key set up to 64 KiB and 32 keys. */
#ifndef DRAWBRIDGE_OAUTH_ID_TOKEN_H
#define DRAWBRIDGE_OAUTH_ID_TOKEN_H

#include "base/arena.h"
#include "base/error.h"

struct id_token_expected {
  struct str issuer, client_id;
  struct str nonce;   /* id_token_check: must be the token's; never empty there */
  struct str subject; /* id_token_same_person: must be the token's */
  int64_t now_ms;
};

enum { ID_TOKEN_SKEW_S = 60 };

/* 0: *ret_subject in the arena. 1: the set has no key of that id (a server that made a new key at its start: fetch the set again, once). -1: ERROR_upstream_error, reason "id_token", and the message names the check. */
int id_token_check(struct str token, struct str jwks, const struct id_token_expected *expected, struct arena *arena, struct str *ret_subject, struct error *error);

/* The ID token of a refresh (OpenID Connect Core 12.2): issuer, client, subject as before. Its signature is not looked at: it came straight from the token endpoint, and the rotated token beside it must not be lost because the keys could not
 * be fetched at that moment. 0, or -1 as above. */
int id_token_same_person(struct str token, const struct id_token_expected *expected, struct error *error);

#endif
