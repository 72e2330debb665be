/* proxy_credential: what of a connection's credential goes into the head of one call. Of the proxied path (proxy.h).
 *
 * What holds always: a server of type http gets its own cookies and nothing made up; a DHIS2 server gets an anti-forgery pair with each write (dhis2_cookie_header). */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_CREDENTIAL_H
#define DRAWBRIDGE_GATEWAY_PROXY_CREDENTIAL_H

#include "gateway/proxy.h"
#include "gateway/proxy_request.h"
#include "http/upstream.h"

enum { PROXY_SECRETS_MAX = 2 };

/* Adds headers that are no secrets (anti-forgery, DPoP) and fills `secrets`, which borrow from the call and from *ret_cookie (own; NULL: none). `sent`: the target as it goes out. Answers how many. */
size_t proxy_credential_secrets(const struct proxy_call *call, struct str method, const struct proxy_target *target, struct str sent,
                                struct arena *arena, struct http_headers *headers, struct upstream_secret secrets[PROXY_SECRETS_MAX],
                                struct secret **ret_cookie);

/* Of each answer: keeps the nonce that came along. True: the server refuses the proof for lack of that nonce; the call is worth repeating. */
bool proxy_credential_wants_nonce(const struct proxy_call *call, int status, const struct http_headers *answer);

#endif
