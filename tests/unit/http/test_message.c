#include "http/message.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void headers(void **state) {
  struct arena *arena = arena_new();
  struct http_headers h = {0};
  struct str value = STR("untouched");
  assert_false(http_headers_get(&h, STR("A"), &value));
  assert_true(str_eq(value, STR("untouched")));
  for (int i = 0; i < 100; i++) http_headers_add(&h, arena, arena_printf(arena, "X-%d", i), arena_printf(arena, "%d", i));
  http_headers_add(&h, arena, STR("Set-Cookie"), STR("a=1"));
  http_headers_add(&h, arena, STR("set-cookie"), STR("b=2"));
  assert_int_equal(h.n, 102);
  assert_int_equal(http_headers_count(&h, STR("SET-COOKIE")), 2);
  assert_true(http_headers_get(&h, STR("SET-cookie"), &value));
  assert_true(str_eq(value, STR("a=1")));
  assert_int_equal(http_headers_count(&h, STR("set_cookie")), 0); /* `_` is not `-` */
  http_headers_set(&h, arena, STR("SET-COOKIE"), STR("c=3"));
  assert_int_equal(http_headers_count(&h, STR("set-cookie")), 1);
  http_headers_remove(&h, STR("x-5"));
  assert_int_equal(h.n, 100);
  assert_true(str_eq(h.p[5].name, STR("X-6"))); /* order is kept */
  assert_true(str_eq(h.p[99].value, STR("c=3")));
  arena_free(arena);
}

static void reasons(void **state) {
  assert_string_equal(http_reason(200), "OK");
  assert_string_equal(http_reason(421), "Misdirected Request");
  assert_string_equal(http_reason(799), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(headers), cmocka_unit_test(reasons)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
