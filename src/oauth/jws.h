/* jws: what drawbridge signs itself: client assertions and proofs of possession (RFC 7515). Inner part of token_endpoint.h and dpop.h. Safe from any thread.
 *
 * Keys are PEM without a password: RSA of 2048 bits or more signs RS256, EC on P-256 ES256. */
#ifndef DRAWBRIDGE_OAUTH_JWS_H
#define DRAWBRIDGE_OAUTH_JWS_H

#include "base/arena.h"
#include "crypt/secret.h"

struct secret *jws_new_key(void); /* EC, P-256 */

/* The public half of an EC key, as the members of a JWK. False: it is no such key. */
bool jws_public_jwk(const struct secret *pem, struct arena *arena, struct str *ret);

/* `header`: further members of the header, like `"typ":"dpop+jwt"`; `claims`: a JSON object. False: the key is none that is listed above. */
bool jws_sign(const struct secret *pem, struct str header, struct str claims, struct arena *arena, struct str *ret);

#endif
