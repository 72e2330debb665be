/* http_source: signing in to a server of which nothing is known but its address: any REST API, a FHIR server among them.
 *
 *   bearer    a token that the person has from elsewhere; Authorization: Bearer …
 *   api-key   a key that the person has from elsewhere; in the header that the configuration names
 *   basic     user name and password; Authorization: Basic …
 *   oauth     at the authorization server that discovery (oauth/discovery.h) finds
 *
 * What holds always: a pasted credential is asked about where the configuration says how (`check`: a path whose GET must be 2xx), else taken as it is: it shows with the first call. A refused one is not sent a second time. Who it is, is
 * told by the ID token or userinfo where there are such; else by the name that came along, which is for people to read.
 *
 * Blocks (see http/client.h). Life cycle: values; texts in the arena given. */
#ifndef DRAWBRIDGE_SOURCE_HTTP_SOURCE_H
#define DRAWBRIDGE_SOURCE_HTTP_SOURCE_H

#include "source/sign_in.h"

struct http_source {
  const struct source_place *place;
  struct str check;          /* path behind the base address; empty: nothing is asked */
  struct str key_header;     /* of api-key; empty: that kind is not offered */
  bool has_client;           /* drawbridge is registered at an authorization server */
  struct str issuer;         /* as written down; empty: the server itself */
  const struct str *origins; /* oauth/discovery.h */
  size_t origin_count;
};

/* What is offered. Nothing is sent where there is no client; else the two addresses of discovery are asked: a failure switches `oauth` off and says why (`failed`: they were not reached), and is no error of the probe. */
int http_source_probe(const struct http_source *source, struct arena *arena, struct source_probe *ret, struct error *error);

/* SIGN_IN_BEARER, SIGN_IN_API_KEY, SIGN_IN_BASIC. `name`: the user's of Basic; else how the person calls himself, may be empty. -1: ERROR_token_refused (reason "malformed", "not_told"), wrong_credentials, forbidden, upstream_error, those of
 * http_client_call; *ret is then cleared. */
int http_source_sign_in(const struct http_source *source, enum sign_in_kind kind, struct str name, const struct secret *secret,
                        struct arena *arena, struct signed_in *ret, struct error *error);

/* As oauth_redeem, and who it is. */
int http_source_redeem(const struct oauth_party *party, const struct secret *code, const struct secret *verifier, struct str nonce,
                       struct arena *arena, struct signed_in *ret, struct error *error);

#endif
