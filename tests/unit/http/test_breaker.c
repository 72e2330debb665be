#include "http/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* [R-G14] Three failures in a row, not three at all. */
static void opens_after_failures_in_a_row(void **state) {
  struct breaker breaker = {0};
  for (int i = 0; i < 10; i++) {
    assert_int_equal(breaker_lets(&breaker, 5), 0);
    breaker_failed(&breaker, 5);
    breaker_failed(&breaker, 5);
    breaker_worked(&breaker);
  }
  for (int i = 0; i < BREAKER_FAILURES; i++) {
    assert_int_equal(breaker_lets(&breaker, 100), 0);
    breaker_failed(&breaker, 100);
  }
  assert_int_equal(breaker_lets(&breaker, 100), BREAKER_FIRST_MS);
  assert_int_equal(breaker_lets(&breaker, 100 + BREAKER_FIRST_MS - 1), 1);
}

/* [R-G14] After the pause one goes through, the others wait for how it ends. */
static void one_tries(void **state) {
  struct breaker breaker = {0};
  int64_t now = 100, pause = BREAKER_FIRST_MS;
  for (int i = 0; i < 16; i++) breaker_failed(&breaker, now); /* all begun before it opened: they count once */
  for (int i = 0; i < 10; i++) {
    now += pause;
    assert_int_equal(breaker_lets(&breaker, now), 0);
    assert_int_equal(breaker_lets(&breaker, now), BREAKER_FIRST_MS);
    breaker_gave_up(&breaker);
    assert_int_equal(breaker_lets(&breaker, now), 0);
    breaker_failed(&breaker, now);
    pause = pause * 2 > BREAKER_LONGEST_MS ? BREAKER_LONGEST_MS : pause * 2;
    assert_int_equal(breaker_lets(&breaker, now), pause);
  }
  now += pause;
  assert_int_equal(breaker_lets(&breaker, now), 0);
  breaker_worked(&breaker);
  assert_int_equal(breaker_lets(&breaker, now), 0);
  assert_int_equal(breaker_lets(&breaker, now), 0);
  breaker_failed(&breaker, now);
  assert_int_equal(breaker_lets(&breaker, now), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_after_failures_in_a_row),
      cmocka_unit_test(one_tries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
