/* oauth: signing in by authorization codes at any authorization server, as its client. (RFC 6749, 7636, 7009, 7523, 8707, 9126, 9207, 9449, OpenID Connect Core.)
 *
 *   start     oauth_start: the address for the browser, and what to keep meanwhile, sealed
 *   come back oauth_callback_read: state and code out of the query; find the transaction by its state; oauth_callback_check
 *   redeem    oauth_redeem: tokens, checked; who it is
 *   go on     oauth_refresh, one at a time per refresh token (the caller's single flight), saved before it is used
 *   end       oauth_revoke
 *
 * What holds always: tokens, codes and verifiers are secrets. The ID token is checked (id_token.h) and destroyed: it may be a credential by itself. Client authentication is never sent along with redirects; every 3xx of a
 * token endpoint is a failure. Where `openid` is asked for there must be an ID token, bound to this sign-in by its nonce.
 *
 * A server that takes pushed requests (RFC 9126) gets the request so: nothing of it is in the browser's address bar then.
 *
 * Blocks, but for oauth_callback_*, which are pure. */
#ifndef DRAWBRIDGE_OAUTH_OAUTH_H
#define DRAWBRIDGE_OAUTH_OAUTH_H

#include "oauth/dpop.h"
#include "oauth/id_token.h"
#include "oauth/keys.h"
#include "oauth/provider.h"

/* drawbridge as the server knows it. A secret is sent by HTTP Basic; where the server says invalid_client, it is sent once more in the body (client_secret_post: some take only what the client was registered with). A key
 * signs an assertion (private_key_jwt, RFC 7523). Neither: a public client. */
struct oauth_client {
  struct str client_id;
  const struct secret *client_secret; /* NULL: none */
  const struct secret *private_key;   /* PEM, of this server alone (R-C1; jws.h); NULL: none */
  struct str redirect_uri;
  const struct str *scopes; /* NULL: the provider's own */
  size_t scope_count;
  struct str resource; /* RFC 8707; empty: none */
  bool dpop;           /* only tokens that are bound to a key of ours (RFC 9449) */
};

/* Who asks whom, and how it is reached. */
struct oauth_party {
  struct str server; /* configured id, for messages */
  struct http_client_options options;
  const struct oauth_provider *provider;
  const struct oauth_client *client;
  struct oauth_keys *keys;        /* of the provider; NULL: fetched each time */
  struct dpop_nonces *nonces;     /* NULL: none are kept */
  const struct secret *proof_key; /* of the connection, for a refresh; NULL: none (its tokens are plain ones) */
};

/* What is asked for: the client's scopes, or the provider's. */
struct str oauth_scope(const struct oauth_party *party, struct arena *arena);
bool oauth_scope_has(struct str scope, struct str word);

struct oauth_start {
  struct str url;          /* absolute; for the browser's address bar alone */
  struct str state;        /* 43 letters; keep its hash */
  struct str nonce;        /* 43 letters; empty where openid is not asked for */
  struct secret *verifier; /* owned; NULL without PKCE */
};
/* -1: ERROR_configuration: no client id or no redirect address; of a pushed request: ERROR_upstream_error with reason = the server's own word, those of http_client_call. */
int oauth_start(const struct oauth_party *party, struct arena *arena, struct oauth_start *ret, struct error *error);

struct oauth_callback {
  struct str state;
  struct secret *code;             /* owned by the caller; NULL where `refusal` is told */
  struct str iss;                  /* p == NULL: not there */
  struct str refusal, description; /* error, error_description */
};
/* The query of the redirect address. -1: ERROR_bad_request: a parameter twice, no state, neither code nor error. */
int oauth_callback_read(struct arena *arena, struct str query, struct oauth_callback *ret, struct error *error);

/* Against the server that the transaction belongs to. -1: ERROR_bad_request (iss of another server, or none where one is promised); ERROR_cancelled (the person said no); ERROR_reauth_required
 * (login_required and the like: start again); ERROR_upstream_error with reason = the server's own word (invalid_scope, unauthorized_client, …) and what to mend. */
int oauth_callback_check(const struct oauth_callback *callback, const struct oauth_provider *provider, struct error *error);

struct oauth_tokens {
  struct secret *access_token;  /* owned */
  struct secret *refresh_token; /* owned; NULL: none. Of a refresh: the new one, or a reference to the one that was used */
  int64_t expires_ms;           /* 0: not told */
  int64_t refresh_ends_ms;      /* of the refresh token; 0: not told */
};
void oauth_tokens_clear(struct oauth_tokens *tokens);

struct oauth_grant {
  struct oauth_tokens tokens;
  struct str scope;           /* as granted; p == NULL: as asked for */
  struct oauth_person person; /* of the ID token; empty: there was none to be had */
  struct secret *proof_key;   /* owned; what the access token is bound to (DPoP); NULL: to nothing */
};
void oauth_grant_clear(struct oauth_grant *grant);

/* Whom the userinfo endpoint names (OpenID Connect Core 5.3), where the ID token left names out: fills those. 0, also where there is no such endpoint. -1: ERROR_upstream_error with reason "id_token": it names another subject. */
int oauth_ask_person(const struct oauth_party *party, const struct oauth_grant *grant, struct arena *arena, struct oauth_person *person,
                     struct error *error);

/* `nonce` and `verifier` of the start. -1: ERROR_reauth_required, reason invalid_grant (the code is used up, too old, or for another redirect address: start again); ERROR_upstream_error with reason = the server's own word
 * (invalid_client: id, secret or way of authentication are not those of the registration) or "id_token" (a check failed: which one is in the message; the tokens are revoked then); those of http_client_call. */
int oauth_redeem(const struct oauth_party *party, const struct secret *code, const struct secret *verifier, struct str nonce,
                 struct arena *arena, struct oauth_grant *ret, struct error *error);

/* `subject`: of the sign-in; empty: not held against. -1: ERROR_reauth_required: the refresh token is dead: only a new sign-in helps (R-D5); ERROR_refresh_failed: for now (server away, its fault, or the client's
 * registration is gone; reason = the server's own word where there was one): keep the connection, try again after error.retry_after. */
int oauth_refresh(const struct oauth_party *party, struct secret *refresh_token, struct str subject, struct arena *arena,
                  struct oauth_tokens *ret, struct error *error);

/* The refresh token first, then the access token (which an API may go on taking until it expires). Tokens may be NULL. 0: revoked, or nothing to do: the server has no revocation. */
int oauth_revoke(const struct oauth_party *party, const struct secret *refresh_token, const struct secret *access_token,
                 struct error *error);

#endif
