/* jwt: a signed token apart into its claims, and whether a key of a set signed it (RFC 7515, 7517, 7519). Inner part of id_token.h and logout_token.h. Pure.
 *
 * What holds always: the algorithm is one of RS256, PS256 and ES256, and the key found by `kid` is made for it; what the token alone says is not enough. `jku`, `x5u`, `x5c`, `jwk` and `crit` in the token are refused unread (R-B3). Nothing
 * of the token is believed before its signature is. Sizes: token up to 16 KiB, key set up to 64 KiB and 32 keys. */
#ifndef DRAWBRIDGE_OAUTH_JWT_H
#define DRAWBRIDGE_OAUTH_JWT_H

#include "base/str.h"
#include <jansson.h>

struct jwt {
  json_t *header, *claims; /* owned: jwt_clear */
};

/* `jwks` with p == NULL: the signature is not looked at. 0; 1: the set has no key of that id (a server that made a new key at its start); -1: *ret_wrong says why, for people. Only with 0 is there anything in *ret. */
int jwt_open(struct str token, struct str jwks, struct jwt *ret, const char **ret_wrong);
void jwt_clear(struct jwt *jwt);

const char *jwt_text(const json_t *object, const char *name); /* "": not there, or no text */
bool jwt_is(const json_t *claims, const char *name, struct str expected);
bool jwt_audience_fits(const json_t *claims,
                       struct str client_id); /* aud is it, or a list that holds it and, with more than one in it, azp is it */
const char *jwt_times_wrong(const json_t *claims,
                            int64_t now_ms); /* exp, iat, nbf; NULL: good. A minute's difference of clocks is allowed */

/* Where the above is so because the clocks differ: by how many seconds at least the signer's is ahead of ours (below 0: behind), a day at most. 0: it is not for that. */
int64_t jwt_clock_ahead_s(const json_t *claims, int64_t now_ms);

#endif
