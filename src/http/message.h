/* message: the parts of an HTTP message that all of the program shares, whatever wire they came by.
 *
 * What holds always: header names are compared without ASCII case, `_` is not `-` (the head guard refuses or drops names with `_`); values carry no CR,
 * LF or NUL. Texts are borrowed from the arena of the exchange. Order is kept. */
#ifndef DRAWBRIDGE_HTTP_MESSAGE_H
#define DRAWBRIDGE_HTTP_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"

/* The names that this program asks for where every request passes, by length: looked up once when a header comes in, so that lists of names are tables by number. */
/* clang-format off */
#define HTTP_FIELDS(X) \
  X(TE, "TE") \
  X(AGE, "Age") X(VIA, "Via") \
  X(DATE, "Date") X(ETAG, "ETag") X(HOST, "Host") X(VARY, "Vary") \
  X(ALLOW, "Allow") X(RANGE, "Range") \
  X(ACCEPT, "Accept") X(COOKIE, "Cookie") X(EXPECT, "Expect") X(ORIGIN, "Origin") X(PRAGMA, "Pragma") X(PREFER, "Prefer") X(SUNSET, "Sunset") \
  X(EXPIRES, "Expires") X(REFERER, "Referer") X(TRAILER, "Trailer") X(UPGRADE, "Upgrade") X(WARNING, "Warning") \
  X(IF_MATCH, "If-Match") X(IF_RANGE, "If-Range") X(LOCATION, "Location") \
  X(CONNECTION, "Connection") X(TRACESTATE, "tracestate") X(KEEP_ALIVE, "Keep-Alive") X(LOGIN_PAGE, "Login-Page") X(SET_COOKIE, "Set-Cookie") X(USER_AGENT, "User-Agent") \
  X(DEPRECATION, "Deprecation") X(TRACEPARENT, "traceparent") X(RETRY_AFTER, "Retry-After") \
  X(CONTENT_TYPE, "Content-Type") X(X_DRAWBRIDGE, "X-Drawbridge") X(X_REQUEST_ID, "X-Request-Id") \
  X(ACCEPT_RANGES, "Accept-Ranges") X(CACHE_CONTROL, "Cache-Control") X(CONTENT_RANGE, "Content-Range") X(IF_NONE_MATCH, "If-None-Match") X(LAST_MODIFIED, "Last-Modified") \
  X(CONTENT_LENGTH, "Content-Length") X(SEC_FETCH_DEST, "Sec-Fetch-Dest") X(SEC_FETCH_MODE, "Sec-Fetch-Mode") X(SEC_FETCH_SITE, "Sec-Fetch-Site") \
  X(ACCEPT_ENCODING, "Accept-Encoding") X(ACCEPT_LANGUAGE, "Accept-Language") X(REFERRER_POLICY, "Referrer-Policy") X(X_FORWARDED_FOR, "X-Forwarded-For") \
  X(CONTENT_ENCODING, "Content-Encoding") X(CONTENT_LANGUAGE, "Content-Language") X(CONTENT_LOCATION, "Content-Location") X(PROXY_CONNECTION, "Proxy-Connection") \
  X(X_FORWARDED_HOST, "X-Forwarded-Host") X(X_REQUESTED_WITH, "X-Requested-With") \
  X(IF_MODIFIED_SINCE, "If-Modified-Since") X(TRANSFER_ENCODING, "Transfer-Encoding") \
  X(PREFERENCE_APPLIED, "Preference-Applied") \
  X(CONTENT_DISPOSITION, "Content-Disposition") X(IF_UNMODIFIED_SINCE, "If-Unmodified-Since") \
  X(X_CONTENT_TYPE_OPTIONS, "X-Content-Type-Options") \
  X(CONTENT_SECURITY_POLICY, "Content-Security-Policy") \
  X(STRICT_TRANSPORT_SECURITY, "Strict-Transport-Security") \
  X(CROSS_ORIGIN_RESOURCE_POLICY, "Cross-Origin-Resource-Policy")
/* clang-format on */

enum http_field {
  FIELD_OTHER,
#define X(symbol, name) FIELD_##symbol,
  HTTP_FIELDS(X)
#undef X
      FIELD_COUNT,
};

enum http_field http_field_of(struct str name);    /* FIELD_OTHER: none of these */
struct str http_field_name(enum http_field field); /* as it is written above */

struct http_header {
  struct str name, value;
  enum http_field field; /* of the name */
};

struct http_headers {
  struct http_header *p;
  size_t n, capacity;
};

void http_headers_add(struct http_headers *headers, struct arena *arena, struct str name, struct str value);
void http_headers_set(struct http_headers *headers, struct arena *arena, struct str name, struct str value); /* replaces all of that name */
void http_headers_remove(struct http_headers *headers, struct str name);
bool http_headers_get(const struct http_headers *headers, struct str name, struct str *ret); /* the first */
struct str http_headers_value(const struct http_headers *headers, struct str name);          /* the first; p == NULL: it is not there */
size_t http_headers_count(const struct http_headers *headers, struct str name);

bool http_headers_are_json(const struct http_headers *headers); /* by Content-Type */

/* Seconds of Retry-After, a number or a date; `otherwise` where it is missing or unreadable; at most an hour. */
int http_retry_after(const struct http_headers *headers, int otherwise, int64_t now_ms);

/* The same by number: cheaper. */
void http_field_add(struct http_headers *headers, struct arena *arena, enum http_field field, struct str value);
void http_field_set(struct http_headers *headers, struct arena *arena, enum http_field field, struct str value);
bool http_field_get(const struct http_headers *headers, enum http_field field, struct str *ret);
struct str http_field_value(const struct http_headers *headers, enum http_field field);
size_t http_field_count(const struct http_headers *headers, enum http_field field);

/* A header line at the end of `to`: name, ": ", prefix and value, CR LF. Nothing is added where that would not be one line (a CR, LF or NUL in it): no header may become two, whatever a value was taken from. */
void http_line_add(struct buf *to, struct str name, struct str prefix, struct str value);

/* One request as the head guard let it pass. `target` is in origin form, byte for byte as received ("/s/a/api/me?x=%20"). */
struct http_request {
  struct str method; /* upper case token */
  struct str target;
  struct str path;  /* target up to '?' */
  struct str query; /* behind '?', without it; p == NULL: there is none */
  struct str host;  /* the one Host, as sent */
  struct http_headers headers;
  bool has_body;       /* Content-Length above 0 or chunked */
  int64_t body_length; /* -1: not told beforehand (chunked) */
};

const char *http_reason(int status); /* "OK"; an unknown one: "" */

/* Is it without CR, LF and NUL? */
bool http_one_line(struct str s);

#endif
