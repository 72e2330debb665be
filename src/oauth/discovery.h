/* discovery: what an authorization server says of itself (RFC 8414, OpenID Connect Discovery), or a FHIR server of where one signs in to it (SMART App Launch 2.2), judged before anything of it is believed.
 *
 * What holds always: the issuer that it names is the one that was asked, byte for byte; every endpoint is https (http only where the issuer is) and on the issuer's own origin or on one that the configuration lists: a document cannot send
 * our client's credentials or a person's code anywhere else (R-B1, R-B2). Redirects are not followed, only status 200 counts, sizes and times have limits. A server that lists methods of PKCE without S256, or no codes, is refused
 * (R-A3). */
#ifndef DRAWBRIDGE_OAUTH_DISCOVERY_H
#define DRAWBRIDGE_OAUTH_DISCOVERY_H

#include "oauth/provider.h"

struct oauth_discovery {
  struct http_client_options options;
  struct str issuer;         /* as the server writes it, final slash included */
  bool slash_is_the_same;    /* `issuer` was not written down as one: the server's may have one final slash more */
  const struct str *origins; /* further ones that endpoints may be on */
  size_t origin_count;
};

enum oauth_document {
  OAUTH_DOCUMENT,       /* RFC 8414, OpenID Connect: of the issuer's own */
  OAUTH_DOCUMENT_SMART, /* a FHIR server's, whose address is about->issuer: it names its issuer only where that tells who somebody is; tokens are asked for by `aud` */
};

/* Pure: one document. -1: ERROR_upstream_error, reason "discovery", and the message says what is wrong. Texts are copied to the arena. */
int oauth_discovery_read(const struct oauth_discovery *about, enum oauth_document form, struct str document, struct arena *arena,
                         struct oauth_provider *ret, struct error *error);

/* Asks for the documents, OpenID Connect's first, a FHIR server's last and only where the issuer was not written down. -1 as above, or those of http_client_call. Blocks. */
int oauth_discover(const struct oauth_discovery *about, struct arena *arena, struct oauth_provider *ret, struct error *error);

#endif
