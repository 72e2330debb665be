/* proxy_answer: what a server's answer means, and what of it goes to the browser. Pure.
 *
 * What holds always: the headers that go on are those of one short list; so Set-Cookie, Access-Control-*, Clear-Site-Data, Alt-Svc, Strict-Transport-Security, WWW-Authenticate (it would open the browser's own
 * password window), Server and whatever a server may think of next stay here (R-F7). No session id travels in a Location (`;jsessionid=` is cut out). Nothing is for shared caches, and what a browser keeps
 * it keeps for one session (R-F11).
 *
 * Documents that a browser would run (HTML, SVG, XML, no type at all) go out with `Content-Security-Policy: sandbox`, HTML and SVG also as an attachment: they are a server's, and drawbridge's origin is not theirs (R-F14). */
#ifndef DRAWBRIDGE_GATEWAY_PROXY_ANSWER_H
#define DRAWBRIDGE_GATEWAY_PROXY_ANSWER_H

#include "gateway/proxy_request.h"
#include "http/upstream.h"

struct proxy_question { /* what was asked; all borrowed */
  const struct config *config;
  const struct config_server *server;
  struct proxy_target target;
  struct str method;
};

enum proxy_meaning {
  PROXY_PASSES,     /* it is what was asked for, or the server's own refusal in its own words */
  PROXY_NOT_SIGNED, /* the sign-in is refused: 401, a redirect to a login page, a page in place of data */
  PROXY_NO_DATA,    /* a page (HTML) that tells of a failure: becomes ERROR_upstream_error with the same status */
};

enum proxy_meaning proxy_meaning_of(const struct proxy_question *question, const struct upstream_answer *answer);

/* A 2xx of this kind without a byte is ERROR_empty_answer (2.41 answers so where a read is forbidden). */
bool proxy_must_have_body(const struct proxy_question *question, const struct upstream_answer *answer);

/* Links in the body are to be rewritten: JSON, whole, not coded. True for HEAD too: lengths and tags are those of the rewritten body. */
bool proxy_has_links(const struct upstream_answer *answer);

/* Copies into the arena. `to`: what gateway_common_headers adds to. */
void proxy_answer_headers(const struct proxy_question *question, const struct upstream_answer *answer, struct arena *arena,
                          struct http_headers *to);

/* The body is not the server's byte for byte: a strong validator becomes a weak one, ranges are not offered. */
void proxy_mark_rewritten(struct http_headers *headers, struct arena *arena);

/* The answer is 304 to who holds a rewritten body: its tag stays as weak as the browser knows it, else the parts of two bodies could be put together by it. */
void proxy_mark_known(const struct http_headers *request, struct http_headers *headers, struct arena *arena);

/* Where an address that the server named leads for the browser: below the gateway, elsewhere unchanged, or (p == NULL) nowhere: what is no http address. */
struct str proxy_location(const struct proxy_question *question, struct str location, struct arena *arena);

int proxy_retry_after(const struct http_headers *headers, int64_t now_ms); /* seconds, from seconds or a date; 0: not told. At most a day */

#endif
