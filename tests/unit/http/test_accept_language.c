/* RFC 9110 12.5.4 and 12.4.2: weights, refusals, order, and what cannot be read. */
#include "http/accept_language.h"

#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void the_one_liked_best(void **state) {
  static const struct {
    const char *field;
    enum language language;
  } each[] = {
      {"", LANGUAGE_ENGLISH},
      {"fr", LANGUAGE_FRENCH},
      {"fr-CA,fr;q=0.9,en;q=0.8", LANGUAGE_FRENCH},
      {"de, fr;q=0.1", LANGUAGE_FRENCH},
      {"de", LANGUAGE_ENGLISH},
      {"en-GB, fr", LANGUAGE_ENGLISH}, /* the first of those with the same weight */
      {"fr;q=0.5, pt-BR;q=0.7, es;q=0.6", LANGUAGE_PORTUGUESE},
      {"fr;q=0, ar;q=0.001", LANGUAGE_ARABIC},
      {"fr;q=0", LANGUAGE_ENGLISH},
      {"fr;q=0.000, es;q=0.0", LANGUAGE_ENGLISH},
      {"*;q=0.5", LANGUAGE_ENGLISH},
      {"*, es;q=0.2", LANGUAGE_SPANISH},
      {" \tES-mx ; Q=0.4\t", LANGUAGE_SPANISH},
      {"fr;q=1.001", LANGUAGE_ENGLISH}, /* no weights: such a range does not count */
      {"fr;q=2, es;q=0.1", LANGUAGE_SPANISH},
      {"fr;q=.5", LANGUAGE_ENGLISH},
      {"fr;q=0.1234", LANGUAGE_ENGLISH},
      {"fr;q=", LANGUAGE_ENGLISH},
      {"fr;q=-1", LANGUAGE_ENGLISH},
      {"fr;q", LANGUAGE_ENGLISH},
      {"fr;level=1", LANGUAGE_ENGLISH},
      {"fr;q=1;q=0", LANGUAGE_ENGLISH},
      {",,;;,fr,", LANGUAGE_FRENCH},
      {"français", LANGUAGE_ENGLISH},
  };
  (void)state;
  for (size_t i = 0; i < sizeof each / sizeof *each; i++)
    if (accept_language(str_of(each[i].field)) != each[i].language) fail_msg("%s", each[i].field);
}

static void a_list_without_end(void **state) {
  struct buf list = BUF_INIT(1 << 20);
  (void)state;
  for (unsigned i = 1; i < ACCEPT_LANGUAGE_MAX; i++) (void)buf_add(&list, STR("de,"));
  size_t n = list.n;
  (void)buf_add(&list, STR("fr"));
  assert_int_equal(accept_language(buf_str(&list)), LANGUAGE_FRENCH);
  list.n = n;
  (void)buf_add(&list, STR("de,fr"));
  assert_int_equal(accept_language(buf_str(&list)), LANGUAGE_ENGLISH);
  buf_free(&list);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_one_liked_best), cmocka_unit_test(a_list_without_end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
