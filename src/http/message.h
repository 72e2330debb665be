/* message: the parts of an HTTP message that all of the program shares, whatever wire they came by.
 *
 * What holds always: header names are compared without ASCII case, `_` is not `-` (the head guard refuses or drops names with `_`); values carry no CR,
 * LF or NUL. Texts are borrowed from the arena of the exchange. Order is kept. */
#ifndef DRAWBRIDGE_HTTP_MESSAGE_H
#define DRAWBRIDGE_HTTP_MESSAGE_H

#include "base/arena.h"

struct http_header {
  struct str name, value;
};

struct http_headers {
  struct http_header *p;
  size_t n, capacity;
};

void http_headers_add(struct http_headers *headers, struct arena *arena, struct str name, struct str value);
void http_headers_set(struct http_headers *headers, struct arena *arena, struct str name, struct str value); /* replaces all of that name */
void http_headers_remove(struct http_headers *headers, struct str name);
bool http_headers_get(const struct http_headers *headers, struct str name, struct str *ret); /* the first */
struct str http_headers_value(const struct http_headers *headers, struct str name); /* the first; p == NULL: it is not there */
size_t http_headers_count(const struct http_headers *headers, struct str name);

bool http_headers_are_json(const struct http_headers *headers); /* by Content-Type */

/* Seconds of Retry-After, a number or a date; `otherwise` where it is missing or unreadable; at most an hour. */
int http_retry_after(const struct http_headers *headers, int otherwise, int64_t now_ms);

/* One request as the head guard let it pass. `target` is in origin form, byte for byte as received ("/s/a/api/me?x=%20"). */
struct http_request {
  struct str method;  /* upper case token */
  struct str target;
  struct str path;    /* target up to '?' */
  struct str query;   /* behind '?', without it; p == NULL: there is none */
  struct str host;    /* the one Host, as sent */
  struct http_headers headers;
  bool has_body;      /* Content-Length above 0 or chunked */
  int64_t body_length; /* -1: not told beforehand (chunked) */
};

const char *http_reason(int status); /* "OK"; an unknown one: "" */

/* Is it without CR, LF and NUL? Looked at again wherever a head is written: no header may become two, whatever a value was taken from. */
bool http_one_line(struct str s);

#endif
