/* proxy_cookies: the cookies of a server over the proxied path: into the connection's jar, never to the browser. Pure but for the jar, which other threads may have, too.
 *
 * What holds always: a jar's cookies go out with its own connection's credential alone; sent with another's, Basic takes the session over (DHIS2 2.37 to 2.43). They are kept at all, because each PAT
 * call without one opens a session of its user, and the eleventh closes the oldest (2.42+). */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_COOKIES_H
#define DRAWBRIDGE_GATEWAY_PROXY_COOKIES_H

#include "http/cookie.h"

/* Keeps what the answer to a request for `path` sets. True: the jar holds something else than before. SESSION_EXPIRE (2.42+) changes with every answer, tells a page when to warn, and is not kept. */
bool proxy_cookies_keep(struct cookie_jar *jar, const struct http_headers *headers, struct str path, int64_t now_ms);

#endif
