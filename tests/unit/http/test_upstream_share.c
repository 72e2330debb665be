/* The share of the loops that call one server: its limits, and who gets what another one gives up. */
#include "http/upstream_share.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static uv_loop_t loop;
static struct upstream_share *share;
static struct share_member a, b, c;
static int woken[3];
static uv_timer_t stay; /* a loop without anything does not look who wakes it */

static void wake(void *payload) {
  ++*(int *)payload;
}

static void on_time(uv_timer_t *timer) {}

static void begin(size_t connections, size_t waiting) {
  struct share_member *const all[] = {&a, &b, &c};
  (void)uv_timer_init(&loop, &stay);
  (void)uv_timer_start(&stay, on_time, 600000, 0);
  share = upstream_share_new(connections, waiting);
  for (size_t i = 0; i < 3; i++) {
    *all[i] = (struct share_member){0};
    woken[i] = 0;
    share_join(all[i], share, &loop, wake, &woken[i]);
  }
}

/* Each of the three was woken so often since the last look. Several wakes before a turn of the loop are one. */
static void assert_woken(int of_a, int of_b, int of_c) {
  (void)uv_run(&loop, UV_RUN_NOWAIT);
  assert_int_equal(woken[0], of_a);
  assert_int_equal(woken[1], of_b);
  assert_int_equal(woken[2], of_c);
  for (size_t i = 0; i < 3; i++) woken[i] = 0;
}

static void end(void) {
  share_leave(&a);
  share_leave(&b);
  share_leave(&c);
  upstream_share_free(share);
  uv_close((uv_handle_t *)&stay, NULL);
  (void)uv_run(&loop, UV_RUN_DEFAULT);
}

/* [R-G14] */
static void limits_are_of_all(void **state) {
  (void)state;
  begin(3, 2);
  assert_true(share_take(&a));
  assert_true(share_take(&b));
  assert_true(share_take(&b));
  assert_false(share_take(&c));
  assert_true(share_wait(&c));
  assert_true(share_wait(&a));
  assert_false(share_wait(&b)); /* two wait */
  struct share_counts counts = upstream_share_counts(share);
  assert_int_equal(counts.open, 3);
  assert_int_equal(counts.waiting, 2);
  share_wait_over(&c);
  assert_true(share_wait(&b));
  end();
}

static void what_is_idle_goes_to_who_waits(void **state) {
  (void)state;
  begin(2, 10);
  assert_true(share_take(&a) && share_take(&a));
  share_set_idle(&a, 2);
  assert_false(share_is_wanted(&a)); /* nobody waits */
  assert_false(share_take(&b));
  assert_true(share_wait(&b));
  assert_woken(1, 0, 0); /* only who has something idle */
  assert_true(share_is_wanted(&a));
  share_set_idle(&a, 1);
  share_give(&a);
  assert_woken(0, 1, 0);
  assert_false(share_is_wanted(&a)); /* one waits, and one is free */
  assert_false(share_take(&a));      /* and that is not for the one who gave it */
  assert_true(share_take(&b));
  share_wait_over(&b);
  share_give(&b);
  assert_true(share_take(&a));
  end();
}

/* [R-G14, R-G17] Where calls of two loops wait, each comes to its part, and then nothing moves without need. */
static void each_comes_to_its_part(void **state) {
  (void)state;
  begin(5, 100);
  for (int i = 0; i < 5; i++) assert_true(share_take(&a));
  for (int i = 0; i < 9; i++) assert_true(share_wait(&a) && share_wait(&b));
  int moved = 0;
  while (share_is_wanted(&a)) { /* a call of a's has ended */
    share_give(&a);
    assert_false(share_take(&a));
    assert_true(share_take(&b));
    share_wait_over(&b);
    moved++;
  }
  assert_int_equal(moved, 2);
  assert_int_equal(a.open, 3);
  assert_int_equal(b.open, 2);
  assert_false(share_is_wanted(&b));
  end();
}

/* One connection for three loops: each in turn, nobody twice while another waits for it. */
static void one_connection_goes_round(void **state) {
  (void)state;
  begin(1, 150);
  struct share_member *const all[] = {&a, &b, &c};
  int served[3] = {0};
  assert_true(share_take(&a));
  size_t has = 0;
  for (int i = 0; i < 50; i++) assert_true(share_wait(&a) && share_wait(&b) && share_wait(&c));
  for (int i = 0; i < 60; i++) {
    served[has]++;
    assert_true(share_is_wanted(all[has]));
    share_give(all[has]);
    assert_false(share_take(all[has]));
    has = (has + 1) % 3;
    assert_true(share_take(all[has]));
    share_wait_over(all[has]);
  }
  assert_int_equal(served[0], 20);
  assert_int_equal(served[1], 20);
  assert_int_equal(served[2], 20);
  end();
}

/* Who had yielded is woken when the other does not want it any more. */
static void who_yielded_comes_back(void **state) {
  (void)state;
  begin(1, 100);
  assert_true(share_take(&a));
  assert_true(share_wait(&b));
  assert_true(share_is_wanted(&a));
  share_give(&a);
  assert_false(share_take(&a));
  assert_true(share_wait(&a));
  (void)uv_run(&loop, UV_RUN_NOWAIT);
  woken[0] = woken[1] = 0;
  share_wait_over(&b); /* its browser has gone */
  assert_woken(1, 0, 0);
  assert_true(share_take(&a));
  end();
}

/* [R-G14] A server that cannot be reached is spared by all, and tried by one. */
static void the_breaker_is_of_all(void **state) {
  bool is_try;
  (void)state;
  begin(3, 10);
  assert_int_equal(share_lets(&a, 0, &is_try), 0);
  assert_false(is_try);
  for (int i = 0; i < BREAKER_FAILURES; i++) share_dial_failed(i % 2 ? &b : &a, 0);
  assert_true(upstream_share_counts(share).shut);
  assert_int_equal(share_lets(&c, 0, &is_try), BREAKER_FIRST_MS);
  assert_int_equal(share_lets(&b, BREAKER_FIRST_MS, &is_try), 0);
  assert_true(is_try);
  assert_true(share_lets(&c, BREAKER_FIRST_MS, &is_try) > 0);
  share_dial_worked(&b);
  assert_int_equal(share_lets(&c, BREAKER_FIRST_MS, &is_try), 0);
  assert_false(upstream_share_counts(share).shut);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits_are_of_all),      cmocka_unit_test(what_is_idle_goes_to_who_waits),
      cmocka_unit_test(each_comes_to_its_part), cmocka_unit_test(one_connection_goes_round),
      cmocka_unit_test(who_yielded_comes_back), cmocka_unit_test(the_breaker_is_of_all),
  };
  (void)uv_loop_init(&loop);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return uv_loop_close(&loop) || failed;
}
