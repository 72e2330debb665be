/* proxy_request: what of a browser's request goes to a server, and as what. Pure.
 *
 * What holds always: the headers that go on are those of one short list (R-G6); everything else stays here, whatever its name: Cookie, Authorization, Origin (an unlisted one makes DHIS2 2.42+ answer an empty 200),
 * Referer (a PAT may be bound to one), Sec-*, Forwarded and X-Forwarded-* (a PAT's address list believes them), X-HTTP-Method-Override, X-Original-URL, Proxy, what Connection lists (R-G5). Added are
 * X-Requested-With (else a failed sign-in is a redirect), Via (R-G13), User-Agent, the request's id, so that both logs can be laid side by side, and the trace that it is in. Host is the pool's.
 *
 * Coding: the server is asked for identity where JSON is to be expected, since links in it are rewritten in the stream; DHIS2 itself never compresses. An answer that is coded all the same goes on as it is, unrewritten.
 * Outside of the API (styles, scripts, pictures) the browser's Accept-Encoding is handed on. */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_REQUEST_H
#define DRAWBRIDGE_GATEWAY_PROXY_REQUEST_H

#include "gateway/config.h"
#include "http/message.h"
#include "http/trace.h"

struct proxy_target {
  struct str path;        /* decoded, below the server's base: what the policy judged */
  struct str sent;        /* base path, canonical path and query: the bytes that go out */
  struct str cookie_path; /* base path and path, as sent: what cookies are held against */
  bool api;               /* of a DHIS2 server, below /api */
};

/* `target`: what follows "/s/<id>", as received; empty counts as "/". ERROR_bad_target, ERROR_policy, ERROR_method_refused. */
int proxy_target_of(const struct config_server *server, struct arena *arena, struct str method, struct str target, struct proxy_target *ret,
                    struct error *error);

/* The name this gateway has in Via: the same for all replicas behind one public_url. A config that was loaded has it in `via`. */
struct str proxy_via_name(struct str public_url, struct arena *arena);
bool proxy_via_lists(const struct http_headers *headers, struct str name);

/* ERROR_bad_request: a header that may be there once is there twice. `via`: this gateway's name there; `id`: the request's; `trace`: where it stands among others, NULL or without a span: nowhere. */
int proxy_request_headers(struct str via, const struct config_server *server, const struct http_request *request,
                          const struct proxy_target *target, struct str id, const struct trace *trace, struct arena *arena,
                          struct http_headers *ret, struct error *error);

#endif
