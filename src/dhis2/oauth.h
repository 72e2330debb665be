/* oauth: authorization codes, both of DHIS2's servers: the new one (2.42+, PKCE, OpenID Connect) and the old one (to 2.41). (RFC 6749, 7636, 7009, 9207, OpenID Connect Core.)
 *
 *   start     dhis2_oauth_start: the address for the browser, and what to keep meanwhile, sealed
 *   come back dhis2_callback_read: state and code out of the query; find the transaction by its state; dhis2_callback_check
 *   redeem    dhis2_oauth_redeem: tokens, checked; who it is
 *   go on     dhis2_oauth_refresh, one at a time per refresh token (the caller's single flight), saved before it is used
 *   end       dhis2_oauth_revoke, then dhis2_sign_out for the cookies
 *
 * What holds always: tokens, codes and verifiers are secrets. The ID token is checked (id_token.h) and destroyed: DHIS2 takes it as a credential for 30 minutes. Client authentication is
 * never sent along with redirects. Every 3xx of a token endpoint is a failure (DHIS2 redirects to its login page where the client is missing).
 *
 * Blocks, but for dhis2_oauth_start and dhis2_callback_*, which are pure. */
#ifndef DRAWBRIDGE_DHIS2_OAUTH_H
#define DRAWBRIDGE_DHIS2_OAUTH_H

#include "dhis2/sign_in.h"

/* drawbridge as the server knows it. A secret is sent by HTTP Basic; where the server says invalid_client, it is sent once more in the body (client_secret_post: the server takes only what the client was registered with). A key
 * signs an assertion (private_key_jwt, RFC 7523). Neither: a public client, which gets no refresh token. */
struct dhis2_client {
  struct str client_id;
  const struct secret *client_secret; /* NULL: none */
  const struct secret *private_key;   /* PEM, RSA; NULL: none */
  struct str redirect_uri;
  const struct str *scopes; /* NULL: openid username (new), none (old) */
  size_t scope_count;
};

struct dhis2_start {
  struct str url;          /* absolute; for the browser's address bar alone */
  struct str state;        /* 43 letters; keep its hash */
  struct str nonce;        /* 43 letters; empty for legacy */
  struct secret *verifier; /* owned; NULL for legacy */
};
/* -1: ERROR_configuration: no client id or no redirect address. */
int dhis2_oauth_start(const struct dhis2_oauth *oauth, const struct dhis2_client *client, struct arena *arena, struct dhis2_start *ret, struct error *error);

struct dhis2_callback {
  struct str state;
  struct secret *code;     /* owned by the caller; NULL where `refusal` is told */
  struct str iss;          /* p == NULL: not there */
  struct str refusal, description; /* error, error_description */
};
/* The query of the redirect address. -1: ERROR_bad_request: a parameter twice, no state, neither code nor error. */
int dhis2_callback_read(struct arena *arena, struct str query, struct dhis2_callback *ret, struct error *error);

/* Against the server that the transaction belongs to. -1: ERROR_bad_request (iss of another server, or none where one is promised); ERROR_cancelled (the person said no); ERROR_reauth_required
 * (login_required and the like: start again); ERROR_upstream_error with reason = the server's own word (invalid_scope, unauthorized_client, …) and what to mend. */
int dhis2_callback_check(const struct dhis2_callback *callback, const struct dhis2_oauth *oauth, struct error *error);

/* `nonce` and `verifier` of the start. -1: ERROR_reauth_required, reason invalid_grant (the code is used up, too old, or for another redirect address: start again); ERROR_upstream_error with reason = the server's own word
 * (invalid_client: id, secret or way of authentication are not those of the registration), "id_token" (a check failed: which one is in the message) or "scope" (the person did not tick `username`);
 * those of sign_in.h. */
int dhis2_oauth_redeem(const struct dhis2_place *place, const struct dhis2_oauth *oauth, const struct dhis2_client *client, const struct secret *code, const struct secret *verifier, struct str nonce,
                       struct arena *arena, struct dhis2_signed_in *ret, struct error *error);

struct dhis2_tokens {
  struct secret *access_token;  /* owned */
  struct secret *refresh_token; /* owned; the new one, or a reference to the one that was used */
  int64_t expires_ms;
};
/* `subject`: of the sign-in; empty: not held against. -1: ERROR_reauth_required: the refresh token is dead: only a new sign-in helps (R-D5); ERROR_refresh_failed: for now (server away, its fault, or the client's
 * registration is gone; reason = the server's own word where there was one): keep the connection, try again after error.retry_after. */
int dhis2_oauth_refresh(const struct dhis2_place *place, const struct dhis2_oauth *oauth, const struct dhis2_client *client, struct secret *refresh_token, struct str subject, struct arena *arena,
                        struct dhis2_tokens *ret, struct error *error);

/* The refresh token first, then the access token (which the API goes on taking until it expires, 2.42+). Nothing to do for legacy: it has no revocation. Tokens may be NULL. 0: revoked, or nothing to do. */
int dhis2_oauth_revoke(const struct dhis2_place *place, const struct dhis2_oauth *oauth, const struct dhis2_client *client, const struct secret *refresh_token, const struct secret *access_token,
                       struct error *error);

/* What an administrator posts to /api/oAuth2Clients so that the server knows drawbridge, as JSON; where the secret (old server) or its bcrypt hash (new server) belongs, the text says so. */
struct str dhis2_client_definition(struct arena *arena, bool legacy, struct str client_id, struct str redirect_uri);

#endif
