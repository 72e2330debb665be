#include "gateway/browser_cookie.h"

#include <sodium.h>

enum { PART = 32, WHOLE = 2 * PART, LETTERS = 86, SECRET_LETTERS = 43, PROBE_S = 60, VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static struct str base_name(const struct config *config) {
  return config->https ? STR("__Host-Http-drawbridge") : STR("drawbridge");
}

static bool decode(struct str text, size_t letters, unsigned char *bytes, size_t size) {
  size_t n = 0;
  const char *end = NULL;
  if (text.n != letters) return false;
  return sodium_base642bin(bytes, size, text.p, text.n, NULL, &n, &end, VARIANT) == 0 && n == size && end == text.p + text.n;
}

bool browser_cookie_look(struct str value, struct browser_cookie_look *ret) {
  unsigned char bytes[WHOLE];
  bool good = decode(value, LETTERS, bytes, sizeof bytes);
  if (good) {
    hash_sha256((struct str){(const char *)bytes, PART}, ret->id);
    memcpy(ret->holder, bytes + PART, PART);
  }
  secret_wipe(bytes, sizeof bytes);
  return good;
}

bool browser_cookie_read(struct str value, struct browser_cookie *ret) {
  struct browser_cookie_look look;
  *ret = (struct browser_cookie){0};
  if (!browser_cookie_look(value, &look)) return false;
  memcpy(ret->id, look.id, sizeof ret->id);
  ret->text = secret_new(value);
  ret->holder = secret_new((struct str){(const char *)look.holder, sizeof look.holder});
  secret_wipe(&look, sizeof look);
  return true;
}

struct browser_cookie browser_cookie_new(void) {
  char text[LETTERS + 1];
  struct browser_cookie cookie;
  struct secret *bytes = secret_random(WHOLE);
  struct str raw = secret_reveal(bytes);
  (void)sodium_bin2base64(text, sizeof text, (const unsigned char *)raw.p, raw.n, VARIANT);
  secret_free(bytes);
  (void)browser_cookie_read((struct str){text, LETTERS}, &cookie);
  secret_wipe(text, sizeof text);
  return cookie;
}

void browser_cookie_clear(struct browser_cookie *cookie) {
  secret_free(cookie->text);
  secret_free(cookie->holder);
  *cookie = (struct browser_cookie){0};
}

int browser_cookie_find(const struct config *config, const struct http_headers *headers, struct arena *arena, struct str *ret,
                        struct error *error) {
  struct cookies cookies;
  *ret = STR_NONE;
  if (cookies_parse(arena, headers, &cookies, error)) return -1;
  return cookies_find(&cookies, base_name(config), ret, error);
}

/* `Partitioned` and SameSite=None are taken with Secure alone; browsers let loopback addresses set that, too. */
static struct cookie_attributes of_mode(const struct config *config, enum config_mode mode) {
  bool cross = mode == CONFIG_MODE_CROSS_SITE;
  return (struct cookie_attributes){
      .secure = config->https || cross, .partitioned = cross, .same_site = cross ? COOKIE_NONE : COOKIE_STRICT, .max_age_s = -1};
}

void browser_cookie_set(const struct config *config, enum config_mode mode, const struct secret *text, struct arena *arena,
                        struct http_headers *headers) {
  http_headers_add(headers, arena, STR("Set-Cookie"), cookie_set(arena, base_name(config), secret_reveal(text), of_mode(config, mode)));
}

void browser_cookie_delete(const struct config *config, enum config_mode mode, struct arena *arena, struct http_headers *headers) {
  http_headers_add(headers, arena, STR("Set-Cookie"), cookie_delete(arena, base_name(config), of_mode(config, mode)));
}

static struct str probe_name(const struct config *config, struct arena *arena) {
  return arena_concat(arena, base_name(config), STR("-probe"));
}

void browser_probe_set(const struct config *config, enum config_mode mode, struct arena *arena, struct http_headers *headers) {
  struct cookie_attributes attributes = of_mode(config, mode);
  attributes.max_age_s = PROBE_S;
  http_headers_add(headers, arena, STR("Set-Cookie"), cookie_set(arena, probe_name(config, arena), STR("1"), attributes));
}

bool browser_probe_came(const struct config *config, const struct http_headers *headers, struct arena *arena) {
  struct cookies cookies;
  struct error error = {0};
  struct str value = STR_NONE;
  return cookies_parse(arena, headers, &cookies, &error) == 0 && cookies_find(&cookies, probe_name(config, arena), &value, &error) == 0 &&
         value.n;
}

static struct str vault_name(const struct config *config, struct arena *arena) {
  return arena_concat(arena, base_name(config), STR("-vault"));
}

int browser_vault_find(const struct config *config, const struct http_headers *headers, struct arena *arena, struct secret **ret,
                       struct error *error) {
  struct cookies cookies;
  struct str value = STR_NONE;
  unsigned char bytes[PART];
  *ret = NULL;
  if (cookies_parse(arena, headers, &cookies, error) || cookies_find(&cookies, vault_name(config, arena), &value, error)) return -1;
  if (!decode(value, SECRET_LETTERS, bytes, sizeof bytes)) return 0;
  *ret = secret_new((struct str){(const char *)bytes, sizeof bytes});
  secret_wipe(bytes, sizeof bytes);
  return 0;
}

struct secret *browser_vault_new(void) {
  return secret_random(PART);
}

static struct cookie_attributes of_vault(const struct config *config) {
  return (struct cookie_attributes){.secure = config->https, .same_site = COOKIE_STRICT, .max_age_s = config->session_remember_ms / 1000};
}

void browser_vault_set(const struct config *config, const struct secret *secret, struct arena *arena, struct http_headers *headers) {
  char text[SECRET_LETTERS + 1];
  struct str raw = secret_reveal(secret);
  (void)sodium_bin2base64(text, sizeof text, (const unsigned char *)raw.p, raw.n, VARIANT);
  http_headers_add(headers, arena, STR("Set-Cookie"), cookie_set(arena, vault_name(config, arena), str_of(text), of_vault(config)));
  secret_wipe(text, sizeof text);
}

void browser_vault_delete(const struct config *config, struct arena *arena, struct http_headers *headers) {
  http_headers_add(headers, arena, STR("Set-Cookie"), cookie_delete(arena, vault_name(config, arena), of_vault(config)));
}

static struct str sign_in_prefix(const struct config *config, struct arena *arena) {
  return arena_printf(arena, "%.*s-t-", STR_ARG(base_name(config)));
}

static bool read_sign_in(struct str value, struct browser_sign_in *ret) {
  unsigned char bytes[PART];
  struct str rest = value, since = str_take(&rest, '.');
  if (!str_to_i64(since, &ret->since_s) || !rest.p || !decode(rest, SECRET_LETTERS, bytes, sizeof bytes)) return false;
  ret->secret = secret_new((struct str){(const char *)bytes, sizeof bytes});
  secret_wipe(bytes, sizeof bytes);
  return true;
}

static int by_age(const void *a, const void *b) {
  const struct browser_sign_in *x = a, *y = b;
  return x->since_s < y->since_s ? -1 : x->since_s > y->since_s ? 1 : str_cmp(x->name, y->name);
}

int browser_sign_ins(const struct config *config, const struct http_headers *headers, struct arena *arena, struct browser_sign_in **ret,
                     size_t *ret_count, struct error *error) {
  struct cookies cookies;
  *ret_count = 0;
  if (cookies_parse(arena, headers, &cookies, error)) return -1;
  *ret = ARENA_ARRAY(arena, cookies.n + 1, struct browser_sign_in);
  struct str prefix = sign_in_prefix(config, arena);
  for (size_t i = 0; i < cookies.n; i++) {
    struct browser_sign_in *one = &(*ret)[*ret_count];
    one->name = cookies.p[i].name;
    if (str_starts(one->name, prefix) && read_sign_in(cookies.p[i].value, one)) ++*ret_count;
  }
  qsort(*ret, *ret_count, sizeof **ret, by_age);
  return 0;
}

struct str browser_sign_in_name(const struct config *config, struct str state, struct arena *arena) {
  unsigned char hash[HASH_SIZE];
  char hex[17];
  hash_sha256(state, hash);
  return arena_printf(arena, "%.*s%s", STR_ARG(sign_in_prefix(config, arena)), hash_hex(hash, 8, hex));
}

static struct cookie_attributes of_sign_in(const struct config *config) {
  return (struct cookie_attributes){.secure = config->https, .same_site = COOKIE_LAX, .max_age_s = BROWSER_SIGN_IN_S};
}

void browser_sign_in_set(const struct config *config, struct str state, int64_t now_s, const struct secret *secret, struct arena *arena,
                         struct http_headers *headers) {
  char text[SECRET_LETTERS + 1];
  struct str raw = secret_reveal(secret);
  (void)sodium_bin2base64(text, sizeof text, (const unsigned char *)raw.p, raw.n, VARIANT);
  struct str value = arena_printf(arena, "%lld.%s", (long long)now_s, text);
  secret_wipe(text, sizeof text);
  http_headers_add(headers, arena, STR("Set-Cookie"),
                   cookie_set(arena, browser_sign_in_name(config, state, arena), value, of_sign_in(config)));
}

void browser_sign_in_delete(const struct config *config, struct str name, struct arena *arena, struct http_headers *headers) {
  http_headers_add(headers, arena, STR("Set-Cookie"), cookie_delete(arena, name, of_sign_in(config)));
}
