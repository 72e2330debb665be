#include "http/url.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "net/address.h"
#include <arpa/inet.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_unreserved(char c) {
  return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* The byte of the escape at s.p[i], or -1. */
static int escape_at(struct str s, size_t i) {
  if (s.n - i < 3) return -1;
  int high = str_hex_digit(s.p[i + 1]), low = str_hex_digit(s.p[i + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

struct str url_encode(struct arena *arena, struct str bytes) {
  static const char digits[] = "0123456789ABCDEF";
  char *p = arena_alloc_array(arena, bytes.n + 1, 3);
  size_t n = 0;
  for (size_t i = 0; i < bytes.n; i++) {
    unsigned char c = (unsigned char)bytes.p[i];
    if (is_unreserved(bytes.p[i])) {
      p[n++] = bytes.p[i];
    } else {
      p[n++] = '%';
      p[n++] = digits[c >> 4];
      p[n++] = digits[c & 15];
    }
  }
  return (struct str){p, n};
}

bool url_decode(struct arena *arena, struct str text, struct str *ret) {
  char *p = arena_alloc(arena, text.n + 1);
  size_t n = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] != '%') {
      p[n++] = text.p[i];
      continue;
    }
    int byte = escape_at(text, i);
    if (byte < 0) return false;
    p[n++] = (char)byte;
    i += 2;
  }
  *ret = (struct str){p, n};
  return true;
}

static int default_port(struct str scheme) {
  return str_eq(scheme, STR("https")) ? 443 : 80;
}

/* A last label of digits only would be read as a number by some resolvers: then the whole must be a plain IPv4 address. */
static bool host_name_ok(struct str host) {
  struct sockaddr_storage address;
  struct str rest = host, label = STR_NONE;
  if (host.n == 0 || host.n > 253) return false;
  if (host.p[host.n - 1] == '.') rest = str_slice(host, 0, host.n - 1);
  while (rest.p) {
    label = str_take(&rest, '.');
    if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-') return false;
    for (size_t i = 0; i < label.n; i++)
      if (!is_digit(label.p[i]) && !is_letter(label.p[i]) && label.p[i] != '-' && label.p[i] != '_') return false;
  }
  uint64_t number;
  bool numeric = str_to_u64(label, &number) || str_starts_nocase(label, STR("0x"));
  return !numeric || address_parse(host, &address);
}

static int bad(struct error *error, struct str text, const char *what) {
  return error_set(error, ERROR_input, "\"%.*s\" is not an address: %s", (int)(text.n < 200 ? text.n : 200), text.p, what);
}

static int parse_authority(struct arena *arena, struct str text, struct str authority, struct url *url, struct error *error) {
  if (str_find_char(authority, '@') != SIZE_MAX) return bad(error, STR("…"), "it has a user name or password in it");
  struct str host, port = STR_NONE;
  if (authority.n && authority.p[0] == '[') {
    size_t end = str_find_char(authority, ']');
    struct sockaddr_storage address;
    if (end == SIZE_MAX || !address_parse(str_slice(authority, 0, end + 1), &address))
      return bad(error, text, "the host is not an IPv6 address");
    host = str_slice(authority, 1, end);
    struct str rest = str_from(authority, end + 1);
    if (rest.n && rest.p[0] != ':') return bad(error, text, "something stands behind the host");
    if (rest.n) port = str_from(rest, 1);
  } else {
    struct str rest = authority;
    host = str_take(&rest, ':');
    port = rest;
    if (!host_name_ok(host)) return bad(error, text, "the host name is not valid");
  }
  uint64_t number = (uint64_t)default_port(url->scheme);
  if (port.p && (!str_to_u64(port, &number) || number < 1 || number > 65535))
    return bad(error, text, "the port is not between 1 and 65535");
  url->host = arena_lower(arena, host);
  url->port = (int)number;
  return 0;
}

/* Cuts "path?query#fragment". */
static void split_tail(struct str tail, struct url *url) {
  size_t hash = str_find_char(tail, '#');
  if (hash != SIZE_MAX) {
    url->fragment = str_from(tail, hash + 1);
    tail = str_slice(tail, 0, hash);
  }
  size_t question = str_find_char(tail, '?');
  if (question != SIZE_MAX) {
    url->query = str_from(tail, question + 1);
    tail = str_slice(tail, 0, question);
  }
  url->path = tail.n ? tail : STR("/");
}

static bool printable(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 0x7f || text.p[i] == '\\') return false;
  return true;
}

int url_parse(struct arena *arena, struct str text, struct url *ret, struct error *error) {
  struct url url = {0};
  if (!printable(text)) return bad(error, STR("…"), "it has blanks, controls, backslashes or characters that are not ASCII");
  struct str rest;
  if (str_starts_nocase(text, STR("https://"))) {
    url.scheme = STR("https");
    rest = str_from(text, 8);
  } else if (str_starts_nocase(text, STR("http://"))) {
    url.scheme = STR("http");
    rest = str_from(text, 7);
  } else {
    return bad(error, text, "it must start with https:// or http://");
  }
  size_t end = 0;
  while (end < rest.n && !strchr("/?#", rest.p[end])) end++;
  if (parse_authority(arena, text, str_slice(rest, 0, end), &url, error) < 0) return -1;
  split_tail(arena_str(arena, str_from(rest, end)), &url);
  *ret = url;
  return 0;
}

/* RFC 3986 section 5.2.4, on a path that starts with '/'. */
static struct str remove_dots(struct arena *arena, struct str path) {
  char *out = arena_alloc(arena, path.n + 2);
  size_t n = 0;
  struct str rest = str_from(path, 1);
  while (rest.p) {
    struct str segment = str_take(&rest, '/');
    bool last = !rest.p, dot = str_eq(segment, STR(".")), dots = str_eq(segment, STR(".."));
    if (dots)
      while (n > 0 && out[--n] != '/') {
      }
    if (dot || dots) {
      if (last) out[n++] = '/';
      continue;
    }
    out[n++] = '/';
    if (segment.n) memcpy(out + n, segment.p, segment.n);
    n += segment.n;
  }
  if (n == 0) out[n++] = '/';
  return (struct str){out, n};
}

static bool has_scheme(struct str s) {
  if (s.n == 0 || !is_letter(s.p[0])) return false;
  for (size_t i = 1; i < s.n; i++) {
    if (s.p[i] == ':') return true;
    if (!is_letter(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' && s.p[i] != '.') return false;
  }
  return false;
}

int url_resolve(struct arena *arena, const struct url *base, struct str reference, struct url *ret, struct error *error) {
  if (has_scheme(reference)) return url_parse(arena, reference, ret, error);
  if (str_starts(reference, STR("//")))
    return url_parse(arena, arena_printf(arena, "%.*s:%.*s", STR_ARG(base->scheme), STR_ARG(reference)), ret, error);
  if (!printable(reference)) return bad(error, STR("…"), "it has blanks, controls, backslashes or characters that are not ASCII");
  struct url url = *base;
  url.query = url.fragment = STR_NONE;
  bool no_path = reference.n == 0 || strchr("?#", reference.p[0]);
  split_tail(arena_str(arena, reference), &url);
  if (no_path) {
    url.path = base->path;
    if (!url.query.p) url.query = base->query;
  } else if (url.path.p[0] != '/') {
    size_t slash = str_find_last_char(base->path, '/');
    url.path = arena_printf(arena, "%.*s%.*s", (int)(slash + 1), base->path.p, STR_ARG(url.path));
  }
  url.path = remove_dots(arena, url.path);
  *ret = url;
  return 0;
}

struct str url_authority(struct arena *arena, const struct url *url) {
  bool v6 = str_find_char(url->host, ':') != SIZE_MAX;
  struct str host = v6 ? arena_printf(arena, "[%.*s]", STR_ARG(url->host)) : url->host;
  return url->port == default_port(url->scheme) ? host : arena_printf(arena, "%.*s:%d", STR_ARG(host), url->port);
}

struct str url_origin(struct arena *arena, const struct url *url) {
  struct str authority = url_authority(arena, url);
  return arena_printf(arena, "%.*s://%.*s", STR_ARG(url->scheme), STR_ARG(authority));
}

struct str url_text(struct arena *arena, const struct url *url) {
  struct str origin = url_origin(arena, url);
  return arena_printf(arena, "%.*s%.*s%s%.*s%s%.*s", STR_ARG(origin), STR_ARG(url->path), url->query.p ? "?" : "", STR_ARG(url->query),
                      url->fragment.p ? "#" : "", STR_ARG(url->fragment));
}

bool url_same_origin(const struct url *a, const struct url *b) {
  return str_eq(a->scheme, b->scheme) && str_eq(a->host, b->host) && a->port == b->port;
}

static int refuse(struct error *error, const char *what) {
  return error_set(error, ERROR_bad_target, "the path of the address has %s", what);
}

/* RFC 3986 section 3.3, without ';' (see the header). */
static bool is_path_char(char c) {
  return is_unreserved(c) || (c != 0 && strchr("/!$&'()*+,=:@", c));
}

static int check_escape(int byte, struct error *error) {
  if (byte < 0) return refuse(error, "a % without two hexadecimal digits");
  if (byte < 0x20 || byte == 0x7f) return refuse(error, "an encoded control character");
  if (byte == '/' || byte == '\\') return refuse(error, "an encoded slash");
  if (byte == ';') return refuse(error, "an encoded semicolon");
  if (byte == '%') return refuse(error, "an encoded percent sign");
  if (byte < 0x80 && is_unreserved((char)byte)) return refuse(error, "an encoded letter, digit, dot, hyphen, underscore or tilde");
  return 0;
}

static int check_path(struct str path, struct error *error) {
  if (path.n == 0 || path.p[0] != '/') return refuse(error, "no slash at its start");
  for (size_t i = 0; i < path.n; i++) {
    if (path.p[i] == '%') {
      if (check_escape(escape_at(path, i), error) < 0) return -1;
      i += 2;
    } else if (!is_path_char(path.p[i])) {
      return refuse(error, path.p[i] == ';' ? "a semicolon" : path.p[i] == '\\' ? "a backslash" : "a character that must be encoded");
    }
  }
  struct str rest = str_from(path, 1);
  while (rest.p) {
    struct str segment = str_take(&rest, '/');
    if (segment.n == 0 && rest.p) return refuse(error, "two slashes in a row");
    if (str_eq(segment, STR(".")) || str_eq(segment, STR(".."))) return refuse(error, "a dot segment");
  }
  return 0;
}

int url_target_parse(struct arena *arena, struct str target, struct url_target *ret, struct error *error) {
  size_t question = str_find_char(target, '?');
  struct url_target parsed = {.path = str_slice(target, 0, question)};
  if (question != SIZE_MAX) parsed.query = str_from(target, question + 1);
  if (check_path(parsed.path, error) < 0) return -1;
  for (size_t i = 0; i < parsed.query.n; i++) {
    unsigned char c = (unsigned char)parsed.query.p[i];
    if (c <= ' ' || c >= 0x7f || c == '#')
      return error_set(error, ERROR_bad_target, "the query of the address has a character that must be encoded");
  }
  if (!url_decode(arena, parsed.path, &parsed.decoded) || !utf8_valid(parsed.decoded)) return refuse(error, "bytes that are not UTF-8");
  if (str_has(parsed.decoded, STR("\xe2\x80\xa8")) || str_has(parsed.decoded, STR("\xe2\x80\xa9")))
    return refuse(error, "an encoded line separator");
  *ret = parsed;
  return 0;
}

bool url_path_matches(const char *pattern, struct str path, struct str *words, size_t most) {
  struct str wants = str_of(pattern);
  size_t count = 0;
  while (wants.p && path.p) {
    struct str want = str_take(&wants, '/'), segment = str_take(&path, '/');
    if (!str_eq(want, STR("{}"))) {
      if (!str_eq(want, segment)) return false;
    } else if (!segment.n || count == most) {
      return false;
    } else {
      words[count++] = segment;
    }
  }
  return !wants.p && !path.p;
}
