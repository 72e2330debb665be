#include "http/cookie.h"

/* --- from the browser --- */

/* How many there may be: pieces with an '='. */
static size_t most_of(const struct http_headers *headers) {
  size_t n = 0;
  for (size_t i = 0; i < headers->n; i++) {
    if (headers->p[i].field != FIELD_COOKIE) continue;
    struct str rest = headers->p[i].value;
    while (rest.p && n < COOKIES_MAX) n += str_find_char(str_take(&rest, ';'), '=') != SIZE_MAX;
  }
  return n;
}

int cookies_parse(struct arena *arena, const struct http_headers *headers, struct cookies *ret, struct error *error) {
  struct cookies cookies = {.p = ARENA_ARRAY(arena, most_of(headers), struct cookie)};
  for (size_t i = 0; i < headers->n; i++) {
    if (headers->p[i].field != FIELD_COOKIE) continue;
    struct str rest = headers->p[i].value;
    while (rest.p) {
      struct str value = str_trim(str_take(&rest, ';'));
      if (str_find_char(value, '=') == SIZE_MAX) continue;
      struct str name = str_trim(str_take(&value, '='));
      if (name.n == 0) continue;
      if (cookies.n == COOKIES_MAX)
        return error_set(error, ERROR_head_too_large, "there are more than %d cookies: delete those of this site", COOKIES_MAX);
      cookies.p[cookies.n++] = (struct cookie){name, str_trim(value)};
    }
  }
  *ret = cookies;
  return 0;
}

int cookies_find(const struct cookies *cookies, struct str name, struct str *ret, struct error *error) {
  struct str found = STR_NONE;
  for (size_t i = 0; i < cookies->n; i++) {
    if (!str_eq(cookies->p[i].name, name)) continue;
    if (found.p)
      return error_set(error, ERROR_bad_request, "there are two cookies \"%.*s\": delete the cookies of this site and sign in again",
                       STR_ARG(name));
    found = cookies->p[i].value.p ? cookies->p[i].value : STR("");
  }
  *ret = found;
  return 0;
}

/* --- to the browser --- */

static struct str attributes_text(struct arena *arena, struct cookie_attributes a, const char *age) {
  static const char *const same_site[] = {"Strict", "Lax", "None"};
  return arena_printf(arena, "; Path=/; HttpOnly%s; SameSite=%s%s%s", a.secure ? "; Secure" : "", same_site[a.same_site],
                      a.partitioned ? "; Partitioned" : "", age);
}

struct str cookie_set(struct arena *arena, struct str name, struct str value, struct cookie_attributes attributes) {
  const char *age = "";
  if (attributes.max_age_s >= 0) age = arena_printf(arena, "; Max-Age=%lld", (long long)attributes.max_age_s).p;
  struct str tail = attributes_text(arena, attributes, age);
  return arena_printf(arena, "%.*s=%.*s%.*s", STR_ARG(name), STR_ARG(value), STR_ARG(tail));
}

struct str cookie_delete(struct arena *arena, struct str name, struct cookie_attributes attributes) {
  struct str tail = attributes_text(arena, attributes, "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
  return arena_printf(arena, "%.*s=%.*s", STR_ARG(name), STR_ARG(tail));
}
