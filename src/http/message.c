#include "http/message.h"

#include "base/clock.h"

enum { AGAIN_MOST_S = 3600 };

/* Names. */

static const struct str names[FIELD_COUNT] = {
#define X(symbol, name) [FIELD_##symbol] = {name, sizeof(name) - 1},
    HTTP_FIELDS(X)
#undef X
};

/* The first name of each length; where the next one begins is its end. */
static const unsigned char firsts[] = {
    [2] = FIELD_TE,
    [3] = FIELD_AGE,
    [4] = FIELD_DATE,
    [5] = FIELD_ALLOW,
    [6] = FIELD_ACCEPT,
    [7] = FIELD_EXPIRES,
    [8] = FIELD_IF_MATCH,
    [9] = 0,
    [10] = FIELD_CONNECTION,
    [11] = FIELD_DEPRECATION,
    [12] = FIELD_CONTENT_TYPE,
    [13] = FIELD_ACCEPT_RANGES,
    [14] = FIELD_CONTENT_LENGTH,
    [15] = FIELD_ACCEPT_ENCODING,
    [16] = FIELD_CONTENT_ENCODING,
    [17] = FIELD_IF_MODIFIED_SINCE,
    [18] = FIELD_PREFERENCE_APPLIED,
    [19] = FIELD_CONTENT_DISPOSITION,
    [22] = FIELD_X_CONTENT_TYPE_OPTIONS,
    [23] = FIELD_CONTENT_SECURITY_POLICY,
    [25] = FIELD_STRICT_TRANSPORT_SECURITY,
    [28] = FIELD_CROSS_ORIGIN_RESOURCE_POLICY,
};

enum http_field http_field_of(struct str name) {
  if (name.n >= sizeof firsts || !firsts[name.n]) return FIELD_OTHER;
  for (size_t i = firsts[name.n]; i < FIELD_COUNT && names[i].n == name.n; i++)
    if (!((names[i].p[0] ^ name.p[0]) & ~0x20) && str_eq_nocase(names[i], name)) return (enum http_field)i;
  return FIELD_OTHER;
}

struct str http_field_name(enum http_field field) {
  return names[field];
}

/* Lists of headers. */

static void grow(struct http_headers *headers, struct arena *arena) {
  size_t capacity = headers->capacity ? headers->capacity * 2 : 16;
  struct http_header *p = ARENA_ARRAY(arena, capacity, struct http_header);
  if (headers->n) memcpy(p, headers->p, headers->n * sizeof *p);
  headers->p = p;
  headers->capacity = capacity;
}

static void add(struct http_headers *headers, struct arena *arena, struct http_header header) {
  if (headers->n == headers->capacity) grow(headers, arena);
  headers->p[headers->n++] = header;
}

void http_headers_add(struct http_headers *headers, struct arena *arena, struct str name, struct str value) {
  add(headers, arena, (struct http_header){name, value, http_field_of(name)});
}

void http_field_add(struct http_headers *headers, struct arena *arena, enum http_field field, struct str value) {
  add(headers, arena, (struct http_header){names[field], value, field});
}

static void remove_field(struct http_headers *headers, enum http_field field) {
  size_t kept = 0;
  for (size_t i = 0; i < headers->n; i++) {
    if (headers->p[i].field == field) continue;
    if (kept != i) headers->p[kept] = headers->p[i];
    kept++;
  }
  headers->n = kept;
}

void http_headers_remove(struct http_headers *headers, struct str name) {
  size_t kept = 0;
  for (size_t i = 0; i < headers->n; i++)
    if (!str_eq_nocase(headers->p[i].name, name)) headers->p[kept++] = headers->p[i];
  headers->n = kept;
}

void http_headers_set(struct http_headers *headers, struct arena *arena, struct str name, struct str value) {
  http_headers_remove(headers, name);
  http_headers_add(headers, arena, name, value);
}

void http_field_set(struct http_headers *headers, struct arena *arena, enum http_field field, struct str value) {
  remove_field(headers, field);
  http_field_add(headers, arena, field, value);
}

bool http_headers_get(const struct http_headers *headers, struct str name, struct str *ret) {
  for (size_t i = 0; i < headers->n; i++)
    if (str_eq_nocase(headers->p[i].name, name)) {
      *ret = headers->p[i].value;
      return true;
    }
  return false;
}

bool http_field_get(const struct http_headers *headers, enum http_field field, struct str *ret) {
  for (size_t i = 0; i < headers->n; i++)
    if (headers->p[i].field == field) {
      *ret = headers->p[i].value;
      return true;
    }
  return false;
}

struct str http_headers_value(const struct http_headers *headers, struct str name) {
  struct str value = STR_NONE;
  (void)http_headers_get(headers, name, &value);
  return value;
}

struct str http_field_value(const struct http_headers *headers, enum http_field field) {
  struct str value = STR_NONE;
  (void)http_field_get(headers, field, &value);
  return value;
}

size_t http_headers_count(const struct http_headers *headers, struct str name) {
  size_t count = 0;
  for (size_t i = 0; i < headers->n; i++) count += str_eq_nocase(headers->p[i].name, name);
  return count;
}

size_t http_field_count(const struct http_headers *headers, enum http_field field) {
  size_t count = 0;
  for (size_t i = 0; i < headers->n; i++) count += headers->p[i].field == field;
  return count;
}

/* Lines. */

bool http_one_line(struct str s) {
  for (size_t i = str_find_control(s, 0); i < s.n; i = str_find_control(s, i + 1))
    if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') return false;
  return true;
}

void http_line_add(struct buf *to, struct str name, struct str prefix, struct str value) {
  size_t n = name.n + 2 + prefix.n + value.n;
  if ((to->full || n + 2 >= to->capacity - to->n) && !buf_reserve(to, n + 2)) return;
  char *start = to->p + to->n, *p = start;
  memcpy(p, name.p, name.n);
  p += name.n;
  *p++ = ':';
  *p++ = ' ';
  if (prefix.n) memcpy(p, prefix.p, prefix.n);
  p += prefix.n;
  if (value.n) memcpy(p, value.p, value.n);
  p += value.n;
  memcpy(p, "\r\n", 3);
  if (http_one_line((struct str){start, n}))
    to->n += n + 2;
  else
    *start = '\0';
}

/* RFC 9110 section 15, and the few others that are in use. */
const char *http_reason(int status) {
  switch (status) {
  case 100: return "Continue";
  case 101: return "Switching Protocols";
  case 200: return "OK";
  case 201: return "Created";
  case 202: return "Accepted";
  case 203: return "Non-Authoritative Information";
  case 204: return "No Content";
  case 205: return "Reset Content";
  case 206: return "Partial Content";
  case 300: return "Multiple Choices";
  case 301: return "Moved Permanently";
  case 302: return "Found";
  case 303: return "See Other";
  case 304: return "Not Modified";
  case 307: return "Temporary Redirect";
  case 308: return "Permanent Redirect";
  case 400: return "Bad Request";
  case 401: return "Unauthorized";
  case 402: return "Payment Required";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 406: return "Not Acceptable";
  case 407: return "Proxy Authentication Required";
  case 408: return "Request Timeout";
  case 409: return "Conflict";
  case 410: return "Gone";
  case 411: return "Length Required";
  case 412: return "Precondition Failed";
  case 413: return "Content Too Large";
  case 414: return "URI Too Long";
  case 415: return "Unsupported Media Type";
  case 416: return "Range Not Satisfiable";
  case 417: return "Expectation Failed";
  case 421: return "Misdirected Request";
  case 422: return "Unprocessable Content";
  case 423: return "Locked";
  case 424: return "Failed Dependency";
  case 426: return "Upgrade Required";
  case 428: return "Precondition Required";
  case 429: return "Too Many Requests";
  case 431: return "Request Header Fields Too Large";
  case 500: return "Internal Server Error";
  case 501: return "Not Implemented";
  case 502: return "Bad Gateway";
  case 503: return "Service Unavailable";
  case 504: return "Gateway Timeout";
  case 505: return "HTTP Version Not Supported";
  case 508: return "Loop Detected";
  default: return "";
  }
}

bool http_headers_are_json(const struct http_headers *headers) {
  struct str type = http_field_value(headers, FIELD_CONTENT_TYPE);
  return str_has(str_take(&type, ';'), STR("json"));
}

int http_retry_after(const struct http_headers *headers, int otherwise, int64_t now_ms) {
  struct str text;
  uint64_t seconds;
  int64_t date;
  if (!http_field_get(headers, FIELD_RETRY_AFTER, &text)) return otherwise;
  if (str_to_u64(text, &seconds)) return seconds > AGAIN_MOST_S ? AGAIN_MOST_S : (int)seconds;
  if (!clock_parse_http(text, &date) || date <= now_ms) return otherwise;
  int64_t wait = (date - now_ms + 999) / 1000;
  return wait > AGAIN_MOST_S ? AGAIN_MOST_S : (int)wait;
}
