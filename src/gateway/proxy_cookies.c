#include "gateway/proxy_cookies.h"

static struct str name_of(struct str set_cookie) {
  return str_trim(str_take(&set_cookie, '='));
}

/* Does the jar hold another value of that name, or none, than before? */
static bool keep_one(struct cookie_jar *jar, struct str set_cookie, struct str path, int64_t now_ms) {
  struct str name = name_of(set_cookie), before = STR_NONE, after = STR_NONE;
  bool had = cookie_jar_get(jar, name, &before);
  struct secret *old = had ? secret_new(before) : NULL; /* `before` goes with the change */
  bool kept = cookie_jar_keep(jar, set_cookie, path, now_ms);
  bool has = cookie_jar_get(jar, name, &after);
  bool changed = kept && (had != has || (had && !secret_eq(old, after)));
  secret_free(old);
  return changed;
}

bool proxy_cookies_keep(struct cookie_jar *jar, const struct http_headers *headers, struct str path, int64_t now_ms) {
  bool changed = false, locked = false;
  for (size_t i = 0; i < headers->n; i++) {
    struct http_header h = headers->p[i];
    if (h.field != FIELD_SET_COOKIE || str_eq(name_of(h.value), STR("SESSION_EXPIRE"))) continue;
    if (!locked) cookie_jar_lock(jar);
    locked = true;
    if (keep_one(jar, h.value, path, now_ms)) changed = true;
  }
  if (locked) cookie_jar_unlock(jar);
  return changed;
}
