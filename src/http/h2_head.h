/* h2_head: an HTTP/2 header list becomes the HTTP/1.1 head that it stands for, and the one guard judges it.
 *
 * What holds always: what the guard (http/guard.h) refuses in HTTP/1.1 it refuses here, with the same code. Refused before that, because the other form could not show it (R-G10; RFC 9113 sections 8.2, 8.3):
 *   - a name in upper case, empty, or with a colon, blank or control in it; a value with CR, LF or NUL, or with a blank at an end
 *   - fields that belong to a connection: Connection, Proxy-Connection, Keep-Alive, Transfer-Encoding, Upgrade, TE other than `trailers`
 *   - a pseudo-header that is unknown, twice, behind a field, or missing; :protocol (extended CONNECT) among the unknown ones
 *   - a scheme other than http and https; a path that is not `/…`; Host that is not the same as :authority, or twice
 * The crumbs of Cookie are joined (section 8.2.3). A body whose length is not told is `Transfer-Encoding: chunked` in that head.
 *
 * Life cycle: all-zero but the arena, h2_head_add for each field as it comes, h2_head_request, h2_head_free. */
#ifndef DRAWBRIDGE_HTTP_H2_HEAD_H
#define DRAWBRIDGE_HTTP_H2_HEAD_H

#include "base/buf.h"
#include "http/guard.h"

enum h2_pseudo { H2_METHOD, H2_SCHEME, H2_AUTHORITY, H2_PATH, H2_PSEUDOS };

struct h2_head {
  struct arena *arena; /* where texts are copied to; set by the owner */
  struct str pseudo[H2_PSEUDOS], host;
  struct buf fields, cookie; /* fields: lines of HTTP/1.1 */
  size_t cost;               /* bytes that were looked at, with 32 for each field as in section 6.5.2 */
  size_t count;
  bool has[H2_PSEUDOS], has_field, has_length, has_host, has_cookie, too_large;
  const char *wrong; /* why it is refused; NULL: nothing was seen so far */
};

/* -1: it has cost so much more than is allowed that the connection should end (a head of a few bytes can stand for megabytes). */
int h2_head_add(struct h2_head *head, const struct guard_limits *limits, struct str name, struct str value);
void h2_head_refuse(struct h2_head *head, const char *why);
bool h2_field_of_connection(enum http_field field); /* RFC 9113 section 8.2.2: it has no place in HTTP/2 */

/* The whole head, in its arena; `ended`: no body follows. As guard_request. */
int h2_head_request(struct h2_head *head, const struct guard_limits *limits, bool ended, struct http_request *ret,
                    struct guard_framing *ret_framing, struct error *error);
void h2_head_free(struct h2_head *head);

#endif
