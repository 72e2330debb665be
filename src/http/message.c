#include "http/message.h"

#include "base/clock.h"

enum { AGAIN_MOST_S = 3600 };

void http_headers_add(struct http_headers *headers, struct arena *arena, struct str name, struct str value) {
  if (headers->n == headers->capacity) {
    size_t capacity = headers->capacity ? headers->capacity * 2 : 16;
    struct http_header *p = ARENA_ARRAY(arena, capacity, struct http_header);
    if (headers->n) memcpy(p, headers->p, headers->n * sizeof *p);
    headers->p = p;
    headers->capacity = capacity;
  }
  headers->p[headers->n++] = (struct http_header){name, value};
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

bool http_headers_get(const struct http_headers *headers, struct str name, struct str *ret) {
  for (size_t i = 0; i < headers->n; i++)
    if (str_eq_nocase(headers->p[i].name, name)) {
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

size_t http_headers_count(const struct http_headers *headers, struct str name) {
  size_t count = 0;
  for (size_t i = 0; i < headers->n; i++) count += str_eq_nocase(headers->p[i].name, name);
  return count;
}

bool http_one_line(struct str s) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  size_t i = 0;
  for (; i + 8 <= s.n; i += 8) { /* eight bytes of 0x20 to 0x7f at once */
    uint64_t bytes;
    memcpy(&bytes, s.p + i, 8);
    if (((bytes - 0x20 * ones) | bytes) & 0x80 * ones) break;
  }
  for (; i < s.n; i++)
    if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') return false;
  return true;
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
  struct str type = http_headers_value(headers, STR("Content-Type"));
  return str_has(str_take(&type, ';'), STR("json"));
}

int http_retry_after(const struct http_headers *headers, int otherwise, int64_t now_ms) {
  struct str text;
  uint64_t seconds;
  int64_t date;
  if (!http_headers_get(headers, STR("Retry-After"), &text)) return otherwise;
  if (str_to_u64(text, &seconds)) return seconds > AGAIN_MOST_S ? AGAIN_MOST_S : (int)seconds;
  if (!clock_parse_http(text, &date) || date <= now_ms) return otherwise;
  int64_t wait = (date - now_ms + 999) / 1000;
  return wait > AGAIN_MOST_S ? AGAIN_MOST_S : (int)wait;
}
