/* logout_token: the checks of OpenID Connect Back-Channel Logout 2.6 on the token by which a provider says that somebody has signed out there (R-E11). What jwt.h holds holds here.
 *
 * What holds always: `iss`, `aud`, `iat`, `exp`, `jti`, the one event, a user or a session (or both), no nonce; a `typ`, where there is one, is logout+jwt. It must end within LOGOUT_TOKEN_LIFE_S of its making, so that what must be remembered
 * against a replay stays small. Whether its `jti` came before is the caller's to know. logout_token_check is pure. */
#ifndef DRAWBRIDGE_OAUTH_LOGOUT_TOKEN_H
#define DRAWBRIDGE_OAUTH_LOGOUT_TOKEN_H

#include "oauth/oauth.h"

enum { LOGOUT_TOKEN_LIFE_S = 600 };

struct logout_token { /* texts in the arena */
  struct str jti;
  struct str subject, sid; /* one of them may be empty */
  int64_t expires_ms;
};

/* 0. 1: the set has no key of that id. -1: ERROR_bad_request, and the message names the check. */
int logout_token_check(struct str token, struct str jwks, struct str issuer, struct str client_id, int64_t now_ms, struct arena *arena,
                       struct logout_token *ret, struct error *error);

/* With the provider's keys, fetched where they must be. -1 as above, or those of oauth_keys_get: the provider's fault or ours. Blocks. */
int logout_token_verify(const struct oauth_party *party, struct str token, int64_t now_ms, struct arena *arena, struct logout_token *ret,
                        struct error *error);

#endif
