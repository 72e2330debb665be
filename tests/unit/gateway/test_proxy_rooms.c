/* The pure rooms of the proxied path: what goes on of a request and of an answer, and what an answer means. tests/blackbox/test_proxy.py shows the same over sockets; here are the many small cases. */
#include "gateway/proxy_alias.h"
#include "gateway/proxy_answer.h"
#include "gateway/proxy_cookies.h"
#include "gateway/proxy_request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena *arena;
static struct config config;
static struct config_server server;

static int setup(void **state) {
  arena = arena_new();
  config.public_url = STR("https://gw.example.org");
  config.via = proxy_via_name(config.public_url, arena);
  server = (struct config_server){.id = STR("a"), .url = STR("https://dhis2.example.org/dhis"), .type = CONFIG_DHIS2};
  return 0;
}

static int teardown(void **state) {
  arena_free(arena);
  return 0;
}

static struct http_headers headers_of(const char *const *pairs) {
  struct http_headers headers = {0};
  for (; *pairs; pairs += 2) http_headers_add(&headers, arena, str_of(pairs[0]), str_of(pairs[1]));
  return headers;
}
#define HEADERS(...) headers_of((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void assert_text(struct str got, const char *want) {
  if (!want ? got.p != NULL : !str_eq(got, str_of(want))) fail_msg("'%.*s', not '%s'", STR_ARG(got), want ? want : "nothing");
}

static struct proxy_question question_of(const char *method, const char *target) {
  struct proxy_question question = {.config = &config, .server = &server, .method = str_of(method)};
  struct error error = {0};
  if (proxy_target_of(&server, arena, question.method, str_of(target), &question.target, &error) < 0)
    fail_msg("%s: %s", target, error.message);
  return question;
}

static const char *header_of(const struct http_headers *headers, const char *name) {
  struct str value;
  return http_headers_get(headers, str_of(name), &value) ? arena_cstr(arena, value) : NULL;
}

/* --- requests --- */

/* [R-G4] */
static void targets(void **state) {
  struct proxy_question q = question_of("GET", "/api/a%20b?x=%2F&y");
  assert_text(q.target.path, "/api/a b");
  assert_text(q.target.sent, "/dhis/api/a%20b?x=%2F&y");
  assert_text(q.target.cookie_path, "/dhis/api/a%20b");
  assert_true(q.target.api);
  assert_false(question_of("GET", "/dhis-web-commons/x.js").target.api);
  server.type = CONFIG_HTTP;
  assert_false(question_of("GET", "/api/x").target.api);
  assert_text(question_of("GET", "").target.sent, "/dhis/");
  assert_text(question_of("GET", "?a").target.sent, "/dhis/?a");
}

/* [R-G13] */
static void via_and_loops(void **state) {
  struct str name = proxy_via_name(config.public_url, arena);
  struct config other = {.public_url = STR("https://other.example.org")};
  assert_int_equal(name.n, strlen("drawbridge-") + 10);
  assert_true(str_eq(name, proxy_via_name(config.public_url, arena)));
  assert_false(str_eq(name, proxy_via_name(other.public_url, arena)));
  static const char *const loops[] = {"1.1 %s", "HTTP/1.1 %s", "1.0 fred, 1.1 %s", "1.1 fred (a), 2 %s (b)", "1.1   %s"};
  static const char *const none[] = {"", "1.1", "1.1 fred", "%s", "1.1 x%s", "1.1 %sx", ", ,"};
  for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
    struct str text = str_of(loops[i]);
    size_t at = str_find(text, STR("%s"));
    struct http_headers h = {0};
    http_headers_add(&h, arena, STR("via"),
                     arena_printf(arena, "%.*s%.*s%.*s", STR_ARG(str_slice(text, 0, at)), STR_ARG(name), STR_ARG(str_from(text, at + 2))));
    assert_true(proxy_via_lists(&h, name));
  }
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    struct str text = str_of(none[i]);
    size_t at = str_find(text, STR("%s"));
    struct http_headers h = {0};
    http_headers_add(&h, arena, STR("Via"),
                     at == SIZE_MAX ? text
                                    : arena_printf(arena, "%.*s%.*s%.*s", STR_ARG(str_slice(text, 0, at)), STR_ARG(name),
                                                   STR_ARG(str_from(text, at + 2))));
    assert_false(proxy_via_lists(&h, name));
  }
}

/* [R-G6] whatever the name: it goes on only if it is one of these. */
static void no_other_name_goes_on(void **state) {
  static const char *const may[] = {"Accept",
                                    "Accept-Encoding",
                                    "Accept-Language",
                                    "Cache-Control",
                                    "Content-Disposition",
                                    "Content-Encoding",
                                    "Content-Language",
                                    "Content-Type",
                                    "If-Match",
                                    "If-Modified-Since",
                                    "If-None-Match",
                                    "If-Range",
                                    "If-Unmodified-Since",
                                    "Pragma",
                                    "Prefer",
                                    "Range",
                                    "User-Agent",
                                    "Via",
                                    "X-Request-ID",
                                    "X-Requested-With"};
  static const char *const parts[] = {"X-",  "Accept", "Forwarded", "-For",      "Cookie",   "Authorization", "Content-", "Type", "Range",
                                      "If-", "Host",   "Sec-",      "-Override", "Original", "-URL",          "Via",      " ",    "\t"};
  struct proxy_question q = question_of("GET", "/api/me");
  struct http_request request = {.method = STR("GET")};
  unsigned seed = 1;
  for (int i = 0; i < 4000; i++) {
    struct str name = STR_NONE;
    for (int k = 0; k < 1 + i % 3; k++, seed = seed * 1103515245 + 12345)
      name = arena_printf(arena, "%.*s%s", STR_ARG(name), parts[(seed >> 16) % (sizeof parts / sizeof *parts)]);
    struct http_headers to = {0};
    struct error error = {0};
    request.headers = (struct http_headers){0};
    http_headers_add(&request.headers, arena, name, STR("value"));
    assert_int_equal(proxy_request_headers(STR("drawbridge-0"), &server, &request, &q.target, STR("id"), NULL, arena, &to, &error), 0);
    for (size_t h = 0; h < to.n; h++) {
      bool known = false;
      for (size_t m = 0; m < sizeof may / sizeof *may; m++) known = known || str_eq(to.p[h].name, str_of(may[m]));
      if (!known) fail_msg("'%.*s' went on", STR_ARG(to.p[h].name));
    }
  }
}

/* --- answers --- */

static enum proxy_meaning meaning(const char *target, int status, struct http_headers headers) {
  struct proxy_question q = question_of("GET", target);
  struct upstream_answer answer = {.status = status, .headers = headers, .body_length = 9};
  return proxy_meaning_of(&q, &answer);
}

static void meanings(void **state) {
  static const char *const html = "text/html;charset=utf-8", *const json = "application/json";
  assert_int_equal(meaning("/api/me", 200, HEADERS("Content-Type", json)), PROXY_PASSES);
  assert_int_equal(meaning("/api/me", 401, HEADERS("Content-Type", json)), PROXY_NOT_SIGNED);
  assert_int_equal(meaning("/api/me", 200, HEADERS("Content-Type", html)), PROXY_NOT_SIGNED);
  assert_int_equal(meaning("/api/me", 404, HEADERS("Content-Type", html)), PROXY_NO_DATA);
  assert_int_equal(meaning("/api/me", 404, HEADERS("Content-Type", json)), PROXY_PASSES);
  assert_int_equal(meaning("/api/me", 302, HEADERS("Location", "/dhis-web-login/")), PROXY_NOT_SIGNED);
  assert_int_equal(meaning("/api/me", 302, HEADERS("Location", "/dhis/api/users/x")), PROXY_PASSES);
  assert_int_equal(meaning("/api/me", 302, HEADERS()), PROXY_PASSES);
  assert_int_equal(meaning("/dhis-web-commons/x", 200, HEADERS("Content-Type", html)), PROXY_PASSES);
  assert_int_equal(meaning("/dhis-web-commons/x", 200, HEADERS("Content-Type", html, "Login-Page", "true")), PROXY_NOT_SIGNED);
  assert_int_equal(meaning("/dhis-web-commons/x", 401, HEADERS()), PROXY_NOT_SIGNED);
  assert_int_equal(meaning("/api/2fa/authenticate", 401, HEADERS()), PROXY_PASSES);
  assert_int_equal(meaning("/api/40/2fa/authenticate", 401, HEADERS()), PROXY_PASSES);
  assert_int_equal(meaning("/api/apps/x/index.html", 200, HEADERS("Content-Type", html)), PROXY_PASSES);
  assert_int_equal(meaning("/api/me.html", 200, HEADERS("Content-Type", html)), PROXY_PASSES);
  assert_int_equal(meaning("/api/apps", 200, HEADERS("Content-Type", html)), PROXY_NOT_SIGNED);
  server.type = CONFIG_HTTP;
  assert_int_equal(meaning("/api/me", 200, HEADERS("Content-Type", html)), PROXY_PASSES);
  assert_int_equal(meaning("/api/me", 500, HEADERS("Content-Type", html)), PROXY_PASSES);
  assert_int_equal(meaning("/api/me", 401, HEADERS()), PROXY_NOT_SIGNED);
}

static void links_are_in_plain_json_alone(void **state) {
  static const struct {
    const char *type, *coding;
    int status;
    bool want;
  } rows[] = {
      {"application/json", NULL, 200, true},
      {"Application/JSON; charset=UTF-8", NULL, 409, true},
      {"application/hal+json", NULL, 200, true},
      {"text/json", "identity", 200, true},
      {"application/json", "gzip", 200, false},
      {"application/json", NULL, 206, false},
      {"application/json+gzip", NULL, 200, false},
      {"application/jsonx", NULL, 200, false},
      {"text/plain", NULL, 200, false},
      {NULL, NULL, 200, false},
      {"application/x-ndjson", NULL, 200, false},
      {"+json", NULL, 200, false},
      {"application/json, text/html", NULL, 200, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct upstream_answer answer = {.status = rows[i].status};
    if (rows[i].type) http_headers_add(&answer.headers, arena, STR("Content-Type"), str_of(rows[i].type));
    if (rows[i].coding) http_headers_add(&answer.headers, arena, STR("Content-Encoding"), str_of(rows[i].coding));
    if (proxy_has_links(&answer) != rows[i].want) fail_msg("row %zu", i);
  }
}

static void retry_after(void **state) {
  enum { NOW = 1000000 };
  static const struct {
    const char *text;
    int want;
  } rows[] = {{"17", 17},
              {" 0 ", 0},
              {"-1", 0},
              {"1e9", 0},
              {"soon", 0},
              {"999999999999999999999", 0},
              {"100000", 86400},
              {"Thu, 01 Jan 1970 00:16:45 GMT", 5},
              {"Thu, 01 Jan 1970 00:00:05 GMT", 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct http_headers h = HEADERS("Retry-After", rows[i].text);
    if (proxy_retry_after(&h, NOW) != rows[i].want) fail_msg("'%s'", rows[i].text);
  }
}

static void weak_tags(void **state) {
  struct http_headers h = HEADERS("ETag", "\"a\"", "Accept-Ranges", "bytes", "Content-Type", "application/json");
  proxy_mark_rewritten(&h, arena);
  assert_string_equal(header_of(&h, "ETag"), "W/\"a\"");
  assert_null(header_of(&h, "Accept-Ranges"));
  proxy_mark_rewritten(&h, arena);
  assert_string_equal(header_of(&h, "ETag"), "W/\"a\"");
}

/* [R-G15] -like games with addresses: never a session id, never anything but http. */
static void locations(void **state) {
  static const char *const rows[][2] = {
      {"https://dhis2.example.org/dhis/api/x", "https://gw.example.org/s/a/api/x"},
      {"HTTPS://DHIS2.EXAMPLE.ORG:443/dhis/api/x", "https://gw.example.org/s/a/api/x"},
      {"https://dhis2.example.org/dhis", "https://gw.example.org/s/a"},
      {"https://dhis2.example.org/dhisx", "https://dhis2.example.org/dhisx"},
      {"http://dhis2.example.org/dhis/api", "http://dhis2.example.org/dhis/api"},
      {"https://dhis2.example.org:444/dhis/api", "https://dhis2.example.org:444/dhis/api"},
      {"https://dhis2.example.org.evil.example/dhis/api", "https://dhis2.example.org.evil.example/dhis/api"},
      {"/dhis/y;JSessionID=00;jsessionid=11/x?y=;jsessionid=22", "https://gw.example.org/s/a/y/x?y="},
      {"data:text/html,x", NULL},
      {"javascript:alert(1)", NULL},
      {"https://a:b@dhis2.example.org/dhis/", NULL},
      {"https://", NULL},
      {"/dhis/../admin", "https://dhis2.example.org/admin"},
  };
  struct proxy_question q = question_of("GET", "/api/me");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_text(proxy_location(&q, str_of(rows[i][0]), arena), rows[i][1]);
}

/* --- cookies, aliases --- */

static void cookies_tell_of_changes_alone(void **state) {
  struct cookie_jar *jar = cookie_jar_new();
  struct http_headers a = HEADERS("Set-Cookie", "JSESSIONID=1; Path=/", "Set-Cookie", "SESSION_EXPIRE=x"),
                      b = HEADERS("set-cookie", "JSESSIONID=2; Path=/"), none = HEADERS("Cookie", "a=b"),
                      gone = HEADERS("Set-Cookie", "JSESSIONID=; Max-Age=0; Path=/"),
                      bad = HEADERS("Set-Cookie", "nothing", "Set-Cookie", "=x", "Set-Cookie", "");
  struct str value;
  assert_true(proxy_cookies_keep(jar, &a, STR("/x"), 5));
  assert_false(proxy_cookies_keep(jar, &a, STR("/x"), 5));
  assert_false(cookie_jar_get(jar, STR("SESSION_EXPIRE"), &value));
  assert_true(proxy_cookies_keep(jar, &b, STR("/x"), 5));
  assert_false(proxy_cookies_keep(jar, &none, STR("/x"), 5));
  assert_false(proxy_cookies_keep(jar, &bad, STR("/x"), 5));
  assert_true(proxy_cookies_keep(jar, &gone, STR("/x"), 5));
  assert_false(proxy_cookies_keep(jar, &gone, STR("/x"), 5));
  cookie_jar_free(jar);
}

static void aliases(void **state) {
  struct proxy_target target = {.sent = STR("/dhis/api/x?a=\"b\"")};
  struct str got;
  assert_text(proxy_alias_path(&server, arena), "/dhis/api/query/alias");
  assert_text(proxy_alias_request(&target, arena), "{\"target\":\"/api/x?a=\\\"b\\\"\"}");
  assert_true(proxy_alias_read(&server, STR("{\"id\":\"a-Z_9\"}"), arena, &got));
  assert_text(got, "/dhis/api/query/alias/a-Z_9");
  static const char *const bad[] = {"",
                                    "{}",
                                    "[]",
                                    "{\"id\":\"\"}",
                                    "{\"id\":\"a/b\"}",
                                    "{\"id\":\"a b\"}",
                                    "{\"id\":\"a\\r\\nb\"}",
                                    "{\"id\":null}",
                                    "{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(proxy_alias_read(&server, str_of(bad[i]), arena, &got));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(targets),
      TEST(via_and_loops),
      TEST(no_other_name_goes_on),
      TEST(meanings),
      TEST(links_are_in_plain_json_alone),
      TEST(retry_after),
      TEST(weak_tags),
      TEST(locations),
      TEST(cookies_tell_of_changes_alone),
      TEST(aliases),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
