/* Numbers as Java writes them, and the question that is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dhis2/analytics.h"

static void numbers(void **state) {
  static const char *const good[][2] = {{"439.0", "439"},
                                        {"439", "439"},
                                        {"-3.75", "-3.75"},
                                        {"0.0", "0"},
                                        {"-0.0", "0"},
                                        {"0E10", "0"},
                                        {"1.2345678E7", "12345678"},
                                        {"1.25E3", "1250"},
                                        {"-1.2345678125E7", "-12345678.125"},
                                        {"1.2E-4", "0.00012"},
                                        {"0.5E-1", "0.05"},
                                        {"0.5E1", "5"},
                                        {"05.50", "5.5"},
                                        {"1.0E+2", "100"}};
  static const char *const bad[] = {"", "-", ".5", "5.", "1e", "1E+", "NaN", "Infinity", "1,000", "1E99", "1E-99", "12 ", "0x10"};
  char out[DHIS2_ANALYTICS_NUMBER_MAX + 1], digits[200];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_true(dhis2_analytics_number(str_of(good[i][0]), out));
    assert_string_equal(out, good[i][1]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(dhis2_analytics_number(str_of(bad[i]), out));
  memset(digits, '9', sizeof digits);
  assert_true(dhis2_analytics_number((struct str){digits, DHIS2_ANALYTICS_NUMBER_MAX - 1}, out));
  assert_false(dhis2_analytics_number((struct str){digits, sizeof digits}, out));
  (void)state;
}

static void the_question(void **state) {
  const struct str items[] = {STR("DeA.CoX"), STR("DeA.CoY")}, periods[] = {STR("202401")}, units[] = {STR("OuA"), STR("OuB")};
  struct buf buf = BUF_INIT(1 << 10);
  assert_true(
      str_eq(dhis2_analytics_path(&buf, items, 2, periods, 1, units, 2),
             STR("/api/analytics/dataValueSet.json?dimension=dx:DeA.CoX%3BDeA.CoY&dimension=pe:202401&dimension=ou:OuA%3BOuB&skipRounding="
                 "true")));
  size_t whole = buf.n;
  buf_free(&buf);
  for (size_t max = 1; max < whole; max++) { /* never cut without a word */
    struct buf small = BUF_INIT(max);
    (void)dhis2_analytics_path(&small, items, 2, periods, 1, units, 2);
    assert_true(small.full);
    buf_free(&small);
  }
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(the_question)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
