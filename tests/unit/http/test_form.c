#include "http/base64.h"
#include "http/form.h"

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

static void reads(void **state) {
  struct error error = {0};
  struct form form;
  struct str value;
  assert_int_equal(form_parse(arena, STR("state=a%2Fb&&code=x+y&empty=&bare&state=2&=v"), &form, &error), 0);
  assert_int_equal(form.n, 6);
  assert_true(form_get(&form, STR("state"), &value));
  assert_text(value, "a/b");
  assert_true(form_get(&form, STR("code"), &value));
  assert_text(value, "x y");
  assert_true(form_get(&form, STR("bare"), &value));
  assert_int_equal(value.n, 0);
  assert_int_equal(form_count(&form, STR("state")), 2);
  assert_false(form_get(&form, STR("State"), &value));
  assert_int_equal(form_parse(arena, STR_NONE, &form, &error), 0);
  assert_int_equal(form.n, 0);
}

static void refuses(void **state) {
  static const char *const refused[] = {"a=%", "a=%0", "a=%00", "%ff=a", "a=\xff"};
  struct form form;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    struct error error = {0};
    assert_int_equal(form_parse(arena, str_of(refused[i]), &form, &error), -1);
    assert_int_equal(error.code, ERROR_bad_request);
  }
  char many[2 * FORM_FIELDS_MAX + 2];
  for (size_t i = 0; i < sizeof many; i += 2) many[i] = 'a', many[i + 1] = '&';
  struct error error = {0};
  assert_int_equal(form_parse(arena, (struct str){many, sizeof many}, &form, &error), -1);
  assert_int_equal(error.code, ERROR_too_large);
}

static void writes(void **state) {
  struct buf buf = BUF_INIT(100);
  assert_true(buf_add(&buf, STR("https://a/b?")));
  assert_true(form_add(&buf, STR("grant type"), STR("a&b=\xc3\xa9~*")));
  assert_true(form_add(&buf, STR("x"), STR("")));
  assert_text(buf_str(&buf), "https://a/b?grant+type=a%26b%3D%C3%A9%7E*&x=");
  char long_text[200] = {0};
  assert_false(form_add(&buf, STR("y"), (struct str){long_text, sizeof long_text}));
  assert_true(buf.full);
  buf_free(&buf);
}

/* RFC 4648 section 10, and RFC 7617 section 2. */
static void base64(void **state) {
  struct str bytes;
  assert_text(base64_encode(arena, STR("foob")), "Zm9vYg==");
  assert_text(base64url_encode(arena, STR("\xff\xfe")), "__4");
  assert_text(base64url_encode(arena, STR("")), "");
  assert_true(base64url_decode(arena, STR("__4"), &bytes));
  assert_text(bytes, "\xff\xfe");
  assert_true(base64_decode(arena, STR("Zm9vYg=="), &bytes));
  assert_text(bytes, "foob");
  static const char *const refused[] = {"__4=", "//4", "__5", "a", "__ 4", "__4\n", "\xff\xff\xff\xff"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (base64url_decode(arena, str_of(refused[i]), &bytes)) fail_msg("taken: %s", refused[i]);
  struct secret *password = secret_new(STR("open sesame")), *basic = base64_basic(STR("Aladdin"), password);
  assert_text(secret_reveal(basic), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  secret_free(password);
  secret_free(basic);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(refuses), cmocka_unit_test(writes),
                                     cmocka_unit_test(base64)};
  return cmocka_run_group_tests(tests, start, stop);
}
