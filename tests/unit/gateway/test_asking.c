/* Who may ask: the table of contracts section 4, row by row; and the ways around it. */
#include "gateway/asking.h"
#include "gateway/site.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct str app_origins[] = {STR("https://align.example.org"), STR("https://elsewhere.test")}, proxies[] = {STR("10.0.0.0/8")};
static struct config_app apps[] = {{.id = STR("align"), .origins = {app_origins, 2}}};
static const struct config config = {.public_url = STR("https://gw.example.org"),
                                     .public_origin = STR("https://gw.example.org"),
                                     .https = true,
                                     .apps = apps,
                                     .app_count = 1,
                                     .trusted_proxies = {proxies, 1}};

struct sent {
  const char *method, *path;
  const char *headers[8]; /* name, value, … */
  const char *host, *peer;
};

static int ask(struct arena *arena, struct sent sent, struct asking *ret, struct error *error) {
  struct http_request request = {.method = str_of(sent.method),
                                 .path = str_of(sent.path),
                                 .target = str_of(sent.path),
                                 .host = str_of(sent.host ? sent.host : "gw.example.org")};
  for (size_t i = 0; i < 8 && sent.headers[i]; i += 2)
    http_headers_add(&request.headers, arena, str_of(sent.headers[i]), str_of(sent.headers[i + 1]));
  return asking_read(&config, &request, str_of(sent.peer ? sent.peer : "192.0.2.1"), arena, ret, error);
}

static void expect(struct sent sent, enum error_code code) {
  struct arena *arena = arena_new();
  struct asking asking;
  struct error error = {0};
  (void)ask(arena, sent, &asking, &error);
  if (error.code != code)
    fail_msg("%s %s (%s: %s): %s instead of %s", sent.method, sent.path, sent.headers[0], sent.headers[0] ? sent.headers[1] : "",
             error_name(error.code), error_name(code));
  arena_free(arena);
}

/* [R-F3] */
static void the_header(void **state) {
  (void)state;
  expect((struct sent){"GET", "/v1/session", {NULL}}, ERROR_missing_header);
  expect((struct sent){"GET", "/v1/session", {"X-Drawbridge", "1"}}, ERROR_NONE);
  expect((struct sent){"GET", "/v1/session", {"x-drawbridge", "1"}}, ERROR_NONE);
  expect((struct sent){"GET", "/v1/session", {"X-Drawbridge", "2"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/v1/session", {"X-Requested-With", "XMLHttpRequest"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/v1/session", {"Origin", "https://align.example.org"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/v1/session", {"Sec-Fetch-Site", "same-origin"}}, ERROR_missing_header);
  expect((struct sent){"DELETE", "/v1/session", {NULL}}, ERROR_missing_header);
  expect((struct sent){"GET", "/s/a/api/me", {NULL}}, ERROR_missing_header);
  expect((struct sent){"GET", "/s/a/api/me", {"X-Drawbridge", "1"}}, ERROR_NONE);
  expect((struct sent){"POST", "/s/a/api/x", {"X-Requested-With", "XMLHttpRequest"}}, ERROR_NONE);
  expect((struct sent){"POST", "/s/a/api/x", {"Origin", "https://align.example.org"}}, ERROR_NONE);
  expect((struct sent){"POST", "/s/a/api/x", {"Origin", "https://gw.example.org"}}, ERROR_NONE);
  expect((struct sent){"POST", "/s/a/api/x", {"Sec-Fetch-Site", "same-origin"}}, ERROR_NONE);
  expect((struct sent){"POST", "/s/a/api/x", {"Sec-Fetch-Site", "same-site"}}, ERROR_missing_header);
  expect((struct sent){"POST", "/s/a/api/x", {"Sec-Fetch-Site", "none"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/", {NULL}}, ERROR_NONE);
  expect((struct sent){"GET", "/ui/x/main.js", {"Origin", "https://evil.test"}}, ERROR_NONE);
  expect((struct sent){"GET", "/v1", {NULL}}, ERROR_missing_header);
  expect((struct sent){"GET", "/s", {NULL}}, ERROR_missing_header);
}

/* [R-F1, R-F4, A02] */
static void the_origin(void **state) {
  static const char *const strangers[] = {"null",
                                          "https://evil.test",
                                          "http://align.example.org",
                                          "https://align.example.org:444",
                                          "https://align.example.org.evil.test",
                                          "https://xalign.example.org",
                                          "https://ALIGN.example.org",
                                          "https://align.example.org/",
                                          "https://align.example.org.",
                                          "",
                                          "https://evil@align.example.org"};
  (void)state;
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
    expect((struct sent){"GET", "/v1/session", {"X-Drawbridge", "1", "Origin", strangers[i]}}, ERROR_cross_site);
    expect((struct sent){"OPTIONS", "/v1/session", {"Access-Control-Request-Method", "GET", "Origin", strangers[i]}}, ERROR_cross_site);
    expect((struct sent){"POST", "/s/a/api/x", {"X-Requested-With", "XMLHttpRequest", "Origin", strangers[i]}}, ERROR_cross_site);
  }
  expect((struct sent){"GET", "/v1/session", {"X-Drawbridge", "1", "Origin", "https://align.example.org"}}, ERROR_NONE);
  expect((struct sent){"GET",
                       "/v1/session",
                       {"X-Drawbridge", "1", "Origin", "https://align.example.org", "Origin", "https://align.example.org"}},
         ERROR_bad_request);
}

/* [R-G9] */
static void the_host(void **state) {
  static const char *const good[] = {"gw.example.org", "GW.Example.ORG", "gw.example.org:443"};
  static const char *const bad[] = {"gw.example.org:444", "gw.example.org.",     "evil.test",        "gw.example.org.evil.test",
                                    "127.0.0.1",          "evil@gw.example.org", "gw.example.org/x", ""};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    expect((struct sent){"GET", "/v1/session", {"X-Drawbridge", "1"}, good[i]}, ERROR_NONE);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect((struct sent){"GET", "/", {NULL}, bad[i]}, ERROR_wrong_host);
  expect((struct sent){"GET", "/", {"X-Forwarded-Host", "gw.example.org"}, "inside:8080"}, ERROR_wrong_host);
  expect((struct sent){"GET", "/", {"X-Forwarded-Host", "gw.example.org"}, "inside:8080", "10.1.2.3"}, ERROR_NONE);
  expect((struct sent){"GET", "/", {"X-Forwarded-Host", "gw.example.org, evil.test"}, "inside:8080", "10.1.2.3"}, ERROR_wrong_host);
}

static void navigations(void **state) {
  (void)state;
  expect((struct sent){"GET",
                       "/v1/servers/a/authorize",
                       {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "cross-site"}},
         ERROR_NONE);
  expect((struct sent){"GET", "/v1/servers/a/authorize", {NULL}}, ERROR_NONE);
  expect((struct sent){"GET", "/v1/servers/a/authorize", {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/v1/servers/a/authorize", {"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/v1/servers/a/authorize", {"Accept", "image/avif,image/*"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/v1/servers/a/authorize", {"X-Drawbridge", "1", "Sec-Fetch-Mode", "cors"}}, ERROR_bad_request);
  expect((struct sent){"GET", "/v1/callback/a", {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site"}}, ERROR_NONE);
  expect((struct sent){"POST", "/v1/callback/a", {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site"}}, ERROR_missing_header);
  expect((struct sent){"GET", "/s/a/api/me", {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none"}},
         ERROR_NONE);
  expect((struct sent){"GET", "/s/a/api/me", {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "same-site"}},
         ERROR_cross_site);
  expect((struct sent){"GET", "/s/a/api/me", {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "cross-site"}},
         ERROR_cross_site);
  expect((struct sent){"POST", "/s/a/api/me", {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "cross-site"}},
         ERROR_missing_header);
  expect((struct sent){"POST", "/s/a/api/me", {"Sec-Fetch-Mode", "navigate", "Origin", "null"}}, ERROR_cross_site);
}

static void preflights(void **state) {
  struct arena *arena = arena_new();
  struct asking asking;
  struct error error = {0};
  struct http_headers headers = {0};
  struct str value;
  (void)state;
  assert_int_equal(
      ask(arena, (struct sent){"OPTIONS", "/s/a/api/me", {"Origin", "https://align.example.org", "Access-Control-Request-Method", "PATCH"}},
          &asking, &error),
      0);
  assert_true(asking.preflight);
  asking_preflight(&asking, arena, &headers);
  assert_true(http_headers_get(&headers, STR("Access-Control-Allow-Origin"), &value) && str_eq(value, STR("https://align.example.org")));
  assert_true(http_headers_get(&headers, STR("Access-Control-Allow-Headers"), &value) && str_has(value, STR("x-drawbridge")) &&
              str_has(value, STR("authorization")) && !str_has(value, STR("*")));
  assert_true(http_headers_get(&headers, STR("Access-Control-Allow-Methods"), &value) && str_has(value, STR("PATCH")) &&
              !str_has(value, STR("*")));
  assert_true(http_headers_get(&headers, STR("Vary"), &value) && str_has(value, STR("Origin")));
  assert_int_equal(ask(arena, (struct sent){"OPTIONS", "/s/a/api/me", {"Origin", "https://align.example.org"}}, &asking, &error), 0);
  assert_false(asking.preflight);
  arena_free(arena);
}

static void answers_can_be_read_by_the_app_alone(void **state) {
  struct arena *arena = arena_new();
  struct asking asking;
  struct error error = {0};
  struct http_headers headers = {0}, none = {0};
  struct str value;
  (void)state;
  http_headers_add(&headers, arena, STR("Vary"), STR("Accept-Encoding"));
  http_headers_add(&headers, arena, STR("Cache-Control"), STR("private"));
  (void)ask(arena, (struct sent){"GET", "/v1/session", {"X-Drawbridge", "1", "Origin", "https://elsewhere.test"}}, &asking, &error);
  assert_int_equal(asking.mode, CONFIG_MODE_CROSS_SITE);
  asking_headers(&config, &asking, arena, &headers);
  assert_true(http_headers_get(&headers, STR("Access-Control-Allow-Origin"), &value) && str_eq(value, STR("https://elsewhere.test")));
  assert_true(http_headers_get(&headers, STR("Access-Control-Allow-Credentials"), &value) && str_eq(value, STR("true")));
  assert_true(http_headers_get(&headers, STR("Vary"), &value) && str_eq(value, STR("Accept-Encoding, Origin")));
  assert_true(http_headers_get(&headers, STR("Cache-Control"), &value) && str_eq(value, STR("private")));
  assert_true(http_headers_get(&headers, STR("Cross-Origin-Resource-Policy"), &value) && str_eq(value, STR("cross-origin")));
  assert_true(http_headers_get(&headers, STR("Strict-Transport-Security"), &value));
  (void)ask(arena, (struct sent){"GET", "/v1/session", {"X-Drawbridge", "1", "Origin", "https://evil.test"}}, &asking, &error);
  asking_headers(&config, &asking, arena, &none);
  assert_false(http_headers_get(&none, STR("Access-Control-Allow-Origin"), &value));
  assert_true(http_headers_get(&none, STR("Cache-Control"), &value) && str_eq(value, STR("no-store")));
  arena_free(arena);
}

/* [R-G7, A03] */
static void only_a_listed_proxy_is_believed(void **state) {
  static const struct {
    const char *peer, *forwarded, *believed;
  } rows[] = {
      {"192.0.2.1", "198.51.100.9", "192.0.2.1"},
      {"10.1.1.1", "198.51.100.9", "198.51.100.9"},
      {"10.1.1.1", "1.2.3.4, 198.51.100.9", "198.51.100.9"},
      {"10.1.1.1", "198.51.100.9, 10.2.2.2", "198.51.100.9"},
      {"10.1.1.1", "nonsense", "10.1.1.1"},
      {"10.1.1.1", "", "10.1.1.1"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct arena *arena = arena_new();
    struct asking asking;
    struct error error = {0};
    (void)ask(arena, (struct sent){"GET", "/", {"X-Forwarded-For", rows[i].forwarded}, NULL, rows[i].peer}, &asking, &error);
    if (!str_eq(asking.peer, str_of(rows[i].believed)))
      fail_msg("%s through %s: %.*s", rows[i].forwarded, rows[i].peer, STR_ARG(asking.peer));
    arena_free(arena);
  }
}

static void sites(void **state) {
  static const struct {
    const char *a, *b;
    bool same;
  } rows[] = {
      {"https://gw.example.org", "https://app.example.org", true},
      {"https://gw.example.org:8443", "https://example.org", true},
      {"http://gw.example.org", "https://app.example.org", false},
      {"https://a.github.io", "https://b.github.io", false},
      {"https://gw.example.org", "https://app.other.net", false},
      {"https://a.co.uk", "https://b.co.uk", false},
      {"https://x.a.co.uk", "https://y.a.co.uk", true},
      {"http://127.0.0.1:8080", "http://127.0.0.1:9000", true},
      {"http://127.0.0.1:8080", "http://127.0.0.2:8080", false},
      {"http://localhost:8080", "http://127.0.0.1:8080", false},
      {"http://localhost:8080", "http://localhost:9000", true},
      {"https://gw.internal", "https://app.internal", false},
  };
  struct arena *arena = arena_new();
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (site_same(arena, str_of(rows[i].a), str_of(rows[i].b)) != rows[i].same) fail_msg("%s and %s", rows[i].a, rows[i].b);
  struct config_app app = {.mode = CONFIG_MODE_AUTO};
  assert_int_equal(site_mode(&config, arena, &app, STR("https://app.example.org")), CONFIG_MODE_SAME_SITE);
  assert_int_equal(site_mode(&config, arena, &app, STR("https://gw.example.org")), CONFIG_MODE_SAME_ORIGIN);
  assert_int_equal(site_mode(&config, arena, &app, STR("https://app.other.net")), CONFIG_MODE_CROSS_SITE);
  app.mode = CONFIG_MODE_CROSS_SITE;
  assert_int_equal(site_mode(&config, arena, &app, STR("https://app.example.org")), CONFIG_MODE_CROSS_SITE);
  assert_int_equal(site_mode(&config, arena, NULL, STR_NONE), CONFIG_MODE_SAME_ORIGIN);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_header), cmocka_unit_test(the_origin),
      cmocka_unit_test(the_host),   cmocka_unit_test(navigations),
      cmocka_unit_test(preflights), cmocka_unit_test(answers_can_be_read_by_the_app_alone),
      cmocka_unit_test(sites),      cmocka_unit_test(only_a_listed_proxy_is_believed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
