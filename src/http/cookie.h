/* cookie: reading what a browser sends, writing what it shall keep, and keeping what a DHIS2 server sends to us (draft-ietf-httpbis-rfc6265bis).
 *
 * What holds always: a cookie that drawbridge writes has Path=/ and HttpOnly and no Domain; a deletion repeats every attribute (Chromium keeps a partitioned
 * cookie whose deletion lacks `Partitioned`). Names and values are compared byte for byte. */
#ifndef DRAWBRIDGE_HTTP_COOKIE_H
#define DRAWBRIDGE_HTTP_COOKIE_H

#include "base/error.h"
#include "crypt/secret.h"
#include "http/message.h"

/* --- from the browser --- */

struct cookie {
  struct str name, value;
};

struct cookies {
  struct cookie *p;
  size_t n;
};

enum { COOKIES_MAX = 256 };

/* All Cookie headers. Pieces without '=' or with an empty name are skipped (other programs on the host may set them); more than COOKIES_MAX: ERROR_head_too_large. */
int cookies_parse(struct arena *arena, const struct http_headers *headers, struct cookies *ret, struct error *error);

/* The one of that name; p == NULL: it is not there. Two of one name: somebody plants cookies: ERROR_bad_request (R-E8). */
int cookies_find(const struct cookies *cookies, struct str name, struct str *ret, struct error *error);

/* --- to the browser --- */

enum cookie_same_site { COOKIE_STRICT, COOKIE_LAX, COOKIE_NONE };

struct cookie_attributes {
  bool secure;
  bool partitioned;
  enum cookie_same_site same_site;
  int64_t max_age_s; /* below 0: until the browser closes */
};

/* The value of Set-Cookie. name and value must be RFC 6265 tokens / cookie-octets, together below 4096 bytes: what drawbridge makes itself always is. */
struct str cookie_set(struct arena *arena, struct str name, struct str value, struct cookie_attributes attributes);
struct str cookie_delete(struct arena *arena, struct str name, struct cookie_attributes attributes); /* max_age_s is not looked at */

/* --- from a DHIS2 server ---
 *
 * A jar belongs to one connection: one base address, one user. Domain is not looked at: what a server sets is sent back to that server alone. Values are wiped
 * when replaced and freed. Life cycle: cookie_jar_new or cookie_jar_load, calls, cookie_jar_free. Not for two threads at once: where several have it, each call (and what it borrows) stands between
 * cookie_jar_lock and cookie_jar_unlock. */
struct cookie_jar;

enum { COOKIE_JAR_MAX = 32, COOKIE_JAR_VALUE_MAX = 4096 };

struct cookie_jar *cookie_jar_new(void);
void cookie_jar_free(struct cookie_jar *jar);
void cookie_jar_lock(struct cookie_jar *jar);
void cookie_jar_unlock(struct cookie_jar *jar);

/* Keeps one Set-Cookie value that came for a request to `path`; Max-Age wins over Expires, a past one deletes. False: not a cookie, or the jar is full; nothing changed. */
bool cookie_jar_keep(struct cookie_jar *jar, struct str set_cookie, struct str path, int64_t now_ms);
void cookie_jar_keep_all(struct cookie_jar *jar, const struct http_headers *headers, struct str path, int64_t now_ms);

/* What goes behind "Cookie: " for a request to `path` (longest path first), NULL where nothing fits; the caller frees it. Kept for the next call, until the jar changes. */
struct secret *cookie_jar_header(struct cookie_jar *jar, struct str path, int64_t now_ms);
bool cookie_jar_get(const struct cookie_jar *jar, struct str name, struct str *ret); /* borrowed, until the next change */

/* The whole jar as one secret, to be sealed and stored, and back. False: not what cookie_jar_save wrote. */
struct secret *cookie_jar_save(const struct cookie_jar *jar);
bool cookie_jar_load(struct str saved, struct cookie_jar **ret);

#endif
