#include "http/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;

static int start(void **state) {
  arena = arena_new();
  return 0;
}

static int stop(void **state) {
  arena_free(arena);
  return 0;
}

static void assert_text(struct str got, const char *want) {
  if (!str_eq(got, str_of(want))) fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static struct http_headers headers_of(const char *cookie, const char *second) {
  struct http_headers headers = {0};
  http_headers_add(&headers, arena, STR("Accept"), STR("a=b"));
  http_headers_add(&headers, arena, STR("cookie"), str_of(cookie));
  if (second) http_headers_add(&headers, arena, STR("Cookie"), str_of(second));
  return headers;
}

static void reads(void **state) {
  struct error error = {0};
  struct cookies cookies;
  struct str value;
  struct http_headers headers = headers_of("a=1; drawbridge=x=y ;broken; =z; Drawbridge=no", "c=");
  assert_int_equal(cookies_parse(arena, &headers, &cookies, &error), 0);
  assert_int_equal(cookies.n, 4);
  assert_int_equal(cookies_find(&cookies, STR("drawbridge"), &value, &error), 0);
  assert_text(value, "x=y");
  assert_int_equal(cookies_find(&cookies, STR("c"), &value, &error), 0);
  assert_non_null(value.p);
  assert_int_equal(value.n, 0);
  assert_int_equal(cookies_find(&cookies, STR("d"), &value, &error), 0);
  assert_null(value.p);
}

static void refuses_two_of_one_name(void **state) {
  struct error error = {0};
  struct cookies cookies;
  struct str value;
  struct http_headers headers = headers_of("drawbridge=a", "drawbridge=a");
  assert_int_equal(cookies_parse(arena, &headers, &cookies, &error), 0);
  assert_int_equal(cookies_find(&cookies, STR("drawbridge"), &value, &error), -1);
  assert_int_equal(error.code, ERROR_bad_request);
  struct http_headers empty_first = headers_of("drawbridge=; drawbridge=b", NULL);
  assert_int_equal(cookies_parse(arena, &empty_first, &cookies, &error), 0);
  assert_int_equal(cookies_find(&cookies, STR("drawbridge"), &value, &error), -1);
}

static void refuses_too_many(void **state) {
  char many[(COOKIES_MAX + 1) * 4 + 1] = {0};
  for (size_t i = 0; i <= COOKIES_MAX; i++) memcpy(many + i * 4, "a=1;", 4);
  struct error error = {0};
  struct cookies cookies;
  struct http_headers headers = headers_of(many, NULL);
  assert_int_equal(cookies_parse(arena, &headers, &cookies, &error), -1);
  assert_int_equal(error.code, ERROR_head_too_large);
}

static void writes(void **state) {
  struct cookie_attributes strict = {.secure = true, .same_site = COOKIE_STRICT, .max_age_s = -1},
                           cross = {.secure = true, .partitioned = true, .same_site = COOKIE_NONE, .max_age_s = 60};
  assert_text(cookie_set(arena, STR("n"), STR("v"), strict), "n=v; Path=/; HttpOnly; Secure; SameSite=Strict");
  assert_text(cookie_set(arena, STR("n"), STR("v"), cross), "n=v; Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Max-Age=60");
  assert_text(cookie_delete(arena, STR("n"), cross),
              "n=; Path=/; HttpOnly; Secure; SameSite=None; Partitioned; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
}

static const int64_t NOW = 1800000000000; /* 15 January 2027 */

static void assert_sent(struct cookie_jar *jar, const char *path, const char *want) {
  struct secret *header = cookie_jar_header(jar, str_of(path), NOW);
  assert_text(secret_reveal(header), want);
  secret_free(header);
}

static void keeps_upstream_cookies(void **state) {
  struct cookie_jar *jar = cookie_jar_new();
  assert_true(cookie_jar_keep(jar, STR("JSESSIONID=abc; Path=/central; HttpOnly; Secure"), STR("/central/api/me"), NOW));
  assert_true(cookie_jar_keep(jar, STR("here=1"), STR("/central/api/me"), NOW));
  assert_true(cookie_jar_keep(jar, STR("soon=2; Max-Age=10; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Path=/"), STR("/x"), NOW));
  assert_true(cookie_jar_keep(jar, STR("later=3; expires=Wed, 21-Oct-2037 07:28:00 GMT; path=/"), STR("/x"), NOW));
  assert_sent(jar, "/central/api/me", "here=1; JSESSIONID=abc; soon=2; later=3");
  assert_sent(jar, "/central", "JSESSIONID=abc; soon=2; later=3");
  assert_sent(jar, "/centralx", "soon=2; later=3");
  assert_true(cookie_jar_keep(jar, STR("JSESSIONID=def; Path=/central"), STR("/"), NOW));
  struct str value;
  assert_true(cookie_jar_get(jar, STR("JSESSIONID"), &value));
  assert_text(value, "def");
  assert_true(cookie_jar_keep(jar, STR("JSESSIONID=; Path=/central; Max-Age=0"), STR("/"), NOW));
  assert_false(cookie_jar_get(jar, STR("JSESSIONID"), &value));
  assert_true(cookie_jar_keep(jar, STR("later=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), STR("/"), NOW));
  assert_sent(jar, "/", "soon=2");
  struct secret *gone = cookie_jar_header(jar, STR("/"), NOW + 10001);
  assert_null(gone);
  assert_false(cookie_jar_keep(jar, STR("novalue"), STR("/"), NOW));
  assert_false(cookie_jar_keep(jar, STR("=v"), STR("/"), NOW));
  assert_false(cookie_jar_keep(jar, STR("a=b\x01"), STR("/"), NOW));
  cookie_jar_free(jar);
}

static void saves_and_loads(void **state) {
  struct cookie_jar *jar = cookie_jar_new(), *copy = NULL;
  assert_true(cookie_jar_keep(jar, STR("a=1; Path=/"), STR("/"), NOW));
  assert_true(cookie_jar_keep(jar, STR("b=2; Path=/x; Max-Age=5"), STR("/"), NOW));
  struct secret *saved = cookie_jar_save(jar);
  assert_true(cookie_jar_load(secret_reveal(saved), &copy));
  assert_sent(copy, "/x", "b=2; a=1");
  assert_null(cookie_jar_header(copy, STR("relative"), NOW));
  cookie_jar_free(copy);
  assert_false(cookie_jar_load(STR("a\n1\n/\n"), &copy));
  assert_false(cookie_jar_load(STR("a\n1\n/\nx\n"), &copy));
  assert_true(cookie_jar_load(STR(""), &copy));
  cookie_jar_free(copy);
  for (int i = 0; i < COOKIE_JAR_MAX - 2; i++) assert_true(cookie_jar_keep(jar, arena_printf(arena, "c%d=x", i), STR("/"), NOW));
  assert_false(cookie_jar_keep(jar, STR("one=more"), STR("/"), NOW));
  secret_free(saved);
  cookie_jar_free(jar);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads),  cmocka_unit_test(refuses_two_of_one_name), cmocka_unit_test(refuses_too_many),
      cmocka_unit_test(writes), cmocka_unit_test(keeps_upstream_cookies),  cmocka_unit_test(saves_and_loads)};
  return cmocka_run_group_tests(tests, start, stop);
}
