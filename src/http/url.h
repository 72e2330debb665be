/* url: absolute addresses, percent encoding, and the one canonical form of a request target.
 *
 * What holds always: results live in the arena or borrow from the text given. Only http and https; host names in ASCII letters, digits, `-`, `_`, `.` (others in their
 * xn-- form), in lower case; no user name or password in an address; IPv4 in its one plain form (net/address.h). */
#ifndef DRAWBRIDGE_HTTP_URL_H
#define DRAWBRIDGE_HTTP_URL_H

#include "base/arena.h"
#include "base/error.h"

struct url {
  struct str scheme;   /* "http", "https" */
  struct str host;     /* lower case; IPv6 without its brackets */
  int port;            /* the scheme's own where none was written */
  struct str path;     /* starts with '/'; as written */
  struct str query;    /* behind '?'; p == NULL: there is none */
  struct str fragment; /* behind '#'; p == NULL: there is none */
};

/* -1 with ERROR_input and what is wrong. */
int url_parse(struct arena *arena, struct str text, struct url *ret, struct error *error);

/* A Location as its receiver reads it (RFC 3986 section 5.2): absolute, //host, /path, ?query, or relative with dot segments. */
int url_resolve(struct arena *arena, const struct url *base, struct str reference, struct url *ret, struct error *error);

struct str url_authority(struct arena *arena,
                         const struct url *url); /* "host", "host:8080", "[::1]:8080"; the scheme's own port is left out */
struct str url_origin(struct arena *arena, const struct url *url); /* "https://host:8443": what browsers write in Origin */
struct str url_text(struct arena *arena, const struct url *url);   /* with path, query and fragment */
bool url_same_origin(const struct url *a, const struct url *b);

/* RFC 3986 section 2.1: all but A-Z a-z 0-9 - . _ ~ becomes %XX. */
struct str url_encode(struct arena *arena, struct str bytes);

/* %XX only; '+' stays. False: a '%' without two hexadecimal digits. The bytes may be anything: check utf8_valid where text is wanted. */
bool url_decode(struct arena *arena, struct str text, struct str *ret);

/* The canonical request target, computed once: what is used for the policy is what is sent upstream, byte for byte (R-G4).
 *
 * Instead of mending an ambiguous path (and hoping that every server behind reads it the same way) it is refused with ERROR_bad_target:
 *   - `%2f`, `%5c`, `\`          one reader's segment is another's separator
 *   - `//`, `/./`, `/../`        some fold them, some do not
 *   - `%2e` and every other escape of a letter, digit or - . _ ~   two spellings of one path, the policy would have to know both
 *   - `%25`                      a reader that decodes twice sees another path
 *   - `;`, `%3b`                 path parameters, cut off by servlet containers before they match
 *   - controls, DEL, raw or encoded; U+2028, U+2029 encoded; what is not UTF-8 once decoded; a `%` without two digits
 *   - raw bytes outside of RFC 3986's pchar and "/" (a browser encodes them)
 * DHIS2's own firewall (Spring Security's StrictHttpFirewall) refuses nearly all of these as well, so nothing that works is lost.
 * In the query, which decides no policy, only controls, blanks, `#` and raw bytes above 0x7e are refused. */
struct url_target {
  struct str path;    /* starts with '/', as received: send this */
  struct str query;   /* as received; p == NULL: there is none */
  struct str decoded; /* the path with its escapes decoded: match this; has as many '/' as `path` */
};
int url_target_parse(struct arena *arena, struct str target, struct url_target *ret, struct error *error);

/* Is the path of this pattern? `{}` in it stands for one segment that is not empty: these go to `words`, `most` of them. */
bool url_path_matches(const char *pattern, struct str path, struct str *words, size_t most);

#endif
