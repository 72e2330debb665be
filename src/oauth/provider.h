/* provider: an authorization server, as far as drawbridge needs to know it: where its endpoints are, what it can do, and how it differs from what the RFCs say. Values; whoever fills one decides how long its texts live. */
#ifndef DRAWBRIDGE_OAUTH_PROVIDER_H
#define DRAWBRIDGE_OAUTH_PROVIDER_H

#include "http/client.h"

/* How a server differs from the RFCs. Members that are NULL or empty: it does not. The functions are pure. */
struct oauth_manners {
  bool plain_basic; /* reads id and secret in HTTP Basic as they are, not form-encoded (RFC 6749 section 2.3.1) */
  const char *dead; /* its word for a refresh token that has ended, beside invalid_grant */
  struct str (*refusal)(
      const struct http_answer
          *answer); /* the word of RFC 6749 section 5.2 where an answer that is no JSON stands for one (a page, a redirect); empty: none */
  int (*front)(struct arena *arena, const struct http_answer *answer,
               struct error *error);         /* -1: something that stands before the server answered */
  const char *(*advice)(struct str refusal); /* what its administrator does about a refusal; NULL: nothing special */
};

struct oauth_provider {
  const struct oauth_manners *manners; /* static; NULL: as the RFCs say */
  struct str issuer;                   /* as the server writes it, byte for byte; empty: it has none */
  struct str authorization_endpoint, token_endpoint;
  struct str jwks_uri, revocation_endpoint, par_endpoint, userinfo_endpoint; /* empty: there is none */
  struct str audience; /* of tokens, asked for as `aud` (SMART App Launch 2.2); empty: nothing is */
  struct str scope;    /* what is asked for where the client names nothing; may be empty */
  bool pkce;           /* S256 */
  bool iss_parameter;  /* it says that it sends `iss` to the redirect address (RFC 9207): then it must */
  bool secret_by_post; /* takes a secret in the body alone (client_secret_post) */
};

#endif
