#include "http/message.h"
#include <ctype.h>
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

static void names_are_known_by_number(void **state) {
  (void)state;
  for (int field = FIELD_OTHER + 1; field < FIELD_COUNT; field++) {
    char text[64];
    struct str name = http_field_name((enum http_field)field);
    assert_int_equal(http_field_of(name), field); /* they stand by length, and each length is listed */
    for (size_t i = 0; i < name.n; i++) text[i] = (char)(i % 2 ? tolower(name.p[i]) : toupper(name.p[i]));
    assert_int_equal(http_field_of((struct str){text, name.n}), field);
    for (size_t i = 0; i < name.n; i++) {
      memcpy(text, name.p, name.n);
      text[i] = text[i] == '-' ? '\r' : tolower(text[i]) == 'q' ? '-' : 'q'; /* '-' and CR differ in the bit of the case */
      assert_int_equal(http_field_of((struct str){text, name.n}), FIELD_OTHER);
    }
    assert_int_equal(http_field_of(str_slice(name, 1, name.n)), FIELD_OTHER);
  }
  assert_int_equal(http_field_of(STR("")), FIELD_OTHER);
}

/* [R-G8] */
static void no_line_becomes_two(void **state) {
  static const struct str bad[] = {{"\r", 1}, {"\n", 1}, {"\0", 1}, {"\r\nX: y", 6}};
  struct buf out = BUF_INIT(4096);
  (void)state;
  http_line_add(&out, STR("Name"), STR("Bearer "), STR("a\tb\x7f\xff"));
  assert_true(str_eq(buf_str(&out), STR("Name: Bearer a\tb\x7f\xff\r\n")));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    for (size_t at = 0; at < 40; at++) {
      char text[64];
      memset(text, 'x', sizeof text);
      memcpy(text + at, bad[i].p, bad[i].n);
      struct str with = {text, 48};
      http_line_add(&out, with, STR_NONE, STR("v"));
      http_line_add(&out, STR("N"), with, STR("v"));
      http_line_add(&out, STR("N"), STR("p"), with);
      assert_true(str_eq(buf_str(&out), STR("Name: Bearer a\tb\x7f\xff\r\n")));
    }
  http_line_add(&out, STR("M"), STR_NONE, STR(""));
  assert_true(str_ends(buf_str(&out), STR("\r\nM: \r\n")));
  buf_free(&out);
}

static void reasons(void **state) {
  assert_string_equal(http_reason(200), "OK");
  assert_string_equal(http_reason(421), "Misdirected Request");
  assert_string_equal(http_reason(799), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(headers), cmocka_unit_test(names_are_known_by_number),
                                     cmocka_unit_test(no_line_becomes_two), cmocka_unit_test(reasons)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
