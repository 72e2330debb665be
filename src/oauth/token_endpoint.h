/* token_endpoint: one call to the token or revocation endpoint of an authorization server, with drawbridge's own credentials as its client. Inner part of oauth.h.
 *
 * What holds always: the body is a form and is wiped; redirects are not followed; tokens go from the answer straight into secrets. Blocks (see http/client.h). */
#ifndef DRAWBRIDGE_OAUTH_TOKEN_ENDPOINT_H
#define DRAWBRIDGE_OAUTH_TOKEN_ENDPOINT_H

#include "http/form.h"
#include "oauth/oauth.h"

struct token_call {
  const struct oauth_party *party;
  struct http_client *http; /* one for all calls of a sign-in; made and freed by the caller */
  bool names_client;        /* client_id is in the body also where Basic tells it: a pushed request must have it (RFC 9126 section 2.1) */
};

struct http_client *token_http_new(const struct oauth_party *party);

/* POSTs the fields and the client's authentication, and a proof where the party has a key for one. Where the server wants another nonce in it, or the secret in the body, it is sent once more, with a new assertion (R-C2). 0: an HTTP answer came. -1: ERROR_configuration (the private key), or those of http_client_call. */
int token_call(const struct token_call *call, struct str endpoint, const struct form_field *fields, size_t count, struct arena *arena,
               struct http_answer *ret, struct error *error);

struct token_answer {
  struct secret *access, *refresh, *id; /* owned; NULL: not there */
  int64_t expires_s, refresh_s;         /* of the access token, of the refresh token; 0: not told */
  struct str scope;                     /* p == NULL: not told */
  enum { TOKEN_OTHER, TOKEN_BEARER, TOKEN_DPOP } type;
  struct str refusal; /* "invalid_grant" …; empty: the answer names none */
};
/* Pure. Whether the answer is a good one: status 200, JSON, a token of the type that is wanted. Otherwise *ret has what it says of the refusal, also where it says it in its own manner. `manners` may be NULL. */
bool token_answer_read(struct arena *arena, const struct oauth_manners *manners, bool dpop, const struct http_answer *answer,
                       struct token_answer *ret);
void token_answer_clear(struct token_answer *answer);

/* What to do about a refusal, for people; NULL: nothing special. */
const char *token_refusal_advice(const struct oauth_manners *manners, struct str refusal);

#endif
