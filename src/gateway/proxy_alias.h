/* proxy_alias: addresses that are longer than a server, or what stands before it, takes. Pure.
 *
 * DHIS2 2.38+ keeps an address under a short name (POST /api/query/alias {"target": "/api/…"}, then GET /api/query/alias/<id>). An app that asks for 1,200 ids in one address gets 400 with a page from Tomcat and
 * Jetty, 414 from nginx (measured: 7 kB pass, 14 kB do not); app-runtime's own fallback does not work, so it is done here. */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_ALIAS_H
#define DRAWBRIDGE_GATEWAY_PROXY_ALIAS_H

#include "gateway/proxy_answer.h"

/* Was it the length, and is it a GET of the API? */
bool proxy_alias_helps(const struct proxy_question *question, const struct upstream_answer *answer);

struct str proxy_alias_path(const struct config_server *server, struct arena *arena); /* where the question goes; starts with '/' */
struct str proxy_alias_request(const struct proxy_target *target, struct arena *arena);
void proxy_alias_headers(struct str via, struct str id, struct arena *arena, struct http_headers *ret);

/* *ret: the short target to be sent. False: the answer names none. */
bool proxy_alias_read(const struct config_server *server, struct str body, struct arena *arena, struct str *ret);

#endif
