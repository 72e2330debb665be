/* Any bytes as what a browser sends beside the target: headers of lines "Name: value", and behind an empty line a body with secrets. Whoever is not listed is never given CORS, a call without any proof never passes, and a cookie
 * that is read is one of ours in its only spelling. */
#include "gateway/asking.h"
#include "gateway/browser_cookie.h"
#include "gateway/packed.h"
#include "gateway/secret_body.h"

static struct str origins[] = {{"https://app.example.org", 23}}, proxies[] = {{"10.0.0.0/8", 10}};
static struct config_app apps[] = {{.origins = {origins, 1}}};
static const struct config config = {.public_url = {"https://gw.example.org", 22},
                                     .public_origin = {"https://gw.example.org", 22},
                                     .https = true,
                                     .apps = apps,
                                     .app_count = 1,
                                     .trusted_proxies = {proxies, 1}};

static struct str header(const struct http_request *request, struct str name) {
  struct str value = STR_NONE;
  (void)http_headers_get(&request->headers, name, &value);
  return value;
}

static void ask(struct arena *arena, struct http_request *request, struct str path) {
  struct asking asking;
  struct error error = {0};
  struct http_headers answer = {0};
  struct str allowed;
  request->path = request->target = path;
  int refused = asking_read(&config, request, STR("10.1.2.3"), arena, &asking, &error);
  if (refused != 0 && error.code == ERROR_NONE) abort();
  asking_headers(&config, &asking, arena, &answer);
  if (http_headers_get(&answer, STR("Access-Control-Allow-Origin"), &allowed) && !str_eq(allowed, header(request, STR("Origin")))) abort();
  bool api = asking.place == ASKING_API && !refused && !asking.preflight && !asking.navigation;
  if (api && !str_eq(header(request, STR("X-Drawbridge")), STR("1"))) abort();
  if (asking.navigation && !str_eq(request->method, STR("GET")) && !str_eq(request->method, STR("HEAD"))) abort();
}

static void read_cookies(struct arena *arena, const struct http_headers *headers) {
  struct str value;
  struct error error = {0};
  struct browser_cookie cookie;
  struct browser_sign_in *list;
  size_t count;
  if (browser_cookie_find(&config, headers, arena, &value, &error) == 0 && browser_cookie_read(value, &cookie)) {
    if (!secret_eq(cookie.text, value) || secret_reveal(cookie.holder).n != 32) abort();
    browser_cookie_clear(&cookie);
  }
  struct secret *vault;
  if (browser_vault_find(&config, headers, arena, &vault, &error) == 0 && vault && secret_reveal(vault).n != 32) abort();
  secret_free(vault);
  if (browser_sign_ins(&config, headers, arena, &list, &count, &error)) return;
  for (size_t i = 0; i < count; i++) {
    if (i && list[i].since_s < list[i - 1].since_s) abort();
    secret_free(list[i].secret);
  }
}

static void read_body(struct str body) {
  bool remember = false;
  struct secret_field fields[] = {
      {.name = {"kind", 4}}, {.name = {"token", 5}}, {.name = {"password", 8}}, {.name = {"remember", 8}, .truth = &remember}};
  struct packed_field packed[] = {{1, STR_NONE}, {2, STR_NONE}};
  struct error error = {0};
  (void)secret_body_read(body, fields, 4, &error);
  secret_body_clear(fields, 4);
  (void)packed_open(body, packed, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena *arena = arena_new();
  struct str rest = {(const char *)data, size};
  struct http_request request = {.method = STR("GET"), .host = STR("gw.example.org")};
  while (rest.p && request.headers.n < 64) {
    struct str line = str_take(&rest, '\n'), value = line, name = str_take(&value, ':');
    if (!line.n) break;
    if (str_eq(name, STR("Host")))
      request.host = str_trim(value);
    else if (str_eq(name, STR("Method")))
      request.method = str_trim(value);
    else if (name.n && value.p)
      http_headers_add(&request.headers, arena, name, str_trim(value));
  }
  ask(arena, &request, STR("/v1/session"));
  ask(arena, &request, STR("/v1/callback/a"));
  ask(arena, &request, STR("/s/a/api/me"));
  read_cookies(arena, &request.headers);
  read_body(rest);
  arena_free(arena);
  return 0;
}
