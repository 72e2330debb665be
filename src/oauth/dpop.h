/* dpop: proofs of possession (RFC 9449): a token that is stolen is worth nothing without the key that each call is signed with. The key is one per connection and lies sealed beside the tokens.
 *
 * What holds always: a proof is for one method and one address (without query), has a jti of its own, and names the token it goes with by its hash (R-D13). Nonces are kept per origin, the newest of at most DPOP_ORIGINS_MAX; a nonce that
 * is no nonce (RFC 9449 section 8.1: NQCHAR) or longer than DPOP_NONCE_MAX is passed over. Any thread. */
#ifndef DRAWBRIDGE_OAUTH_DPOP_H
#define DRAWBRIDGE_OAUTH_DPOP_H

#include "base/arena.h"
#include "crypt/secret.h"
#include "http/message.h"

enum { DPOP_ORIGINS_MAX = 8, DPOP_NONCE_MAX = 512 };

struct dpop_nonces;
struct dpop_nonces *dpop_nonces_new(void);
void dpop_nonces_free(struct dpop_nonces *nonces); /* NULL is fine */

/* The DPoP-Nonce of an answer from `url`, where there is one. */
void dpop_nonces_keep(struct dpop_nonces *nonces, struct str url, const struct http_headers *answer);

/* Whether a refusal asks for the call once more with the nonce that came along (sections 8 and 9): of a resource server, by its challenge. */
bool dpop_wants_nonce(int status, const struct http_headers *answer);

/* What goes into the header DPoP. `key`: of jws_new_key; `access_token` NULL: for a token endpoint. */
struct str dpop_proof(struct dpop_nonces *nonces, const struct secret *key, struct str method, struct str url,
                      const struct secret *access_token, struct arena *arena);

#endif
