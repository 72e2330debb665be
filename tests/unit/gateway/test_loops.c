/* What the loops of one process have in common: one object per session, and word that reaches all of them. */
#include "gateway/gateway_internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* --- the board --- */

static struct gateway_session *new_session(struct gateway_session *before) {
  struct browser_cookie cookie = browser_cookie_new();
  struct session_terms terms = {.created_ms = 1, .expires_ms = INT64_MAX, .idle_ms = INT64_MAX};
  return session_new(&cookie, &terms, before);
}

/* [R-E13] Two loops ask the store for one id at once: whoever is second gets the object of the first. */
static void one_object_for_all(void **state) {
  (void)state;
  struct session_board *board = session_board_new();
  struct gateway_session *first = new_session(NULL), *second = new_session(NULL);
  struct session_seat *a = session_board_take(board, session_id(first)), *b = session_board_take(board, session_id(first));
  assert_ptr_equal(a, b);
  assert_null(session_board_share(board, a)); /* both ask */
  struct gateway_session *of_a = session_board_put(board, a, first), *of_b = session_board_put(board, b, second);
  assert_ptr_equal(of_a, first);
  assert_ptr_equal(of_b, first);
  gateway_session_unref(second);
  assert_int_equal(session_board_count(board), 1);

  session_end(of_a); /* signed out on one loop, which lets go of it */
  gateway_session_unref(of_a);
  session_board_leave(board, a, true);
  assert_int_equal(session_life(of_b, 2), SESSION_DEAD);
  struct session_seat *again = session_board_take(board, session_id(first)); /* an answer of the store's that is older comes too late */
  struct gateway_session *late = new_session(NULL), *there = session_board_put(board, again, late);
  assert_ptr_equal(there, first);
  gateway_session_unref(late);
  gateway_session_unref(there);
  session_board_leave(board, again, true);

  gateway_session_unref(of_b);
  session_board_leave(board, b, true);
  assert_int_equal(session_board_count(board), 0);
  gateway_session_unref(first);
  session_board_free(board);
}

/* It leaves the memory only where nobody but the loops has it: else another object would be made for its id. */
static void what_is_held_stays(void **state) {
  (void)state;
  struct session_board *board = session_board_new();
  struct gateway_session *session = new_session(NULL);
  struct session_seat *seat = session_board_take(board, session_id(session));
  struct gateway_session *of_a = session_board_put(board, seat, session);
  assert_false(session_board_is_idle(board, seat)); /* the test has it */
  gateway_session_unref(session);
  assert_true(session_board_is_idle(board, seat));
  (void)session_board_take(board, session_id(of_a));
  struct gateway_session *of_b = session_board_share(board, seat);
  assert_true(session_board_is_idle(board, seat));
  gateway_session_ref(of_b); /* a call */
  assert_false(session_board_is_idle(board, seat));
  gateway_session_unref(of_b);
  session_board_part(board, seat); /* that loop goes on with a frozen copy */
  gateway_session_unref(of_b);
  assert_true(session_board_is_idle(board, seat));
  session_board_leave(board, seat, false);
  gateway_session_unref(of_a);
  session_board_leave(board, seat, true);
  assert_int_equal(session_board_count(board), 0);
  session_board_free(board);
}

/* --- word to all --- */

enum { LOOPS = 3 };

struct crowd {
  uv_loop_t loops[LOOPS];
  uv_timer_t stay[LOOPS]; /* a loop without anything does not look who wakes it */
  struct gateway gateways[LOOPS];
  struct loops *common;
  int acted[LOOPS], done;
};

static void act(struct gateway *gateway, void *payload) {
  struct crowd *crowd = payload;
  crowd->acted[gateway - crowd->gateways]++;
}

static void done(void *payload) {
  ((struct crowd *)payload)->done++;
}

static void on_time(uv_timer_t *timer) {}

static void turn(struct crowd *crowd, size_t i) {
  (void)uv_run(&crowd->loops[i], UV_RUN_NOWAIT);
}

/* A loop that hangs gives no sign of life, and so the process gives none. */
static void done_waits_for_a_loop_that_hangs(void **state) {
  struct crowd crowd = {.common = loops_new(true)};
  (void)state;
  for (size_t i = 0; i < LOOPS; i++) {
    assert_int_equal(uv_loop_init(&crowd.loops[i]), 0);
    (void)uv_timer_init(&crowd.loops[i], &crowd.stay[i]);
    (void)uv_timer_start(&crowd.stay[i], on_time, 600000, 0);
    crowd.gateways[i].loops = crowd.common;
    loops_add(crowd.common, &crowd.gateways[i], &crowd.loops[i]);
  }
  loops_everywhere(&crowd.gateways[1], act, done, &crowd);
  assert_int_equal(crowd.acted[1], 1); /* here at once */
  turn(&crowd, 0);
  turn(&crowd, 1);
  assert_int_equal(crowd.acted[0], 1);
  assert_int_equal(crowd.done, 0);
  turn(&crowd, 2);
  assert_int_equal(crowd.acted[2], 1);
  assert_int_equal(crowd.done, 0); /* it is told on the loop where it was asked for */
  turn(&crowd, 1);
  assert_int_equal(crowd.done, 1);
  /* Those that have gone are not waited for. */
  assert_false(loops_remove(crowd.common, &crowd.gateways[2]));
  loops_everywhere(&crowd.gateways[0], act, done, &crowd);
  assert_int_equal(crowd.done, 1);
  assert_false(loops_remove(crowd.common, &crowd.gateways[1])); /* hears it at its end */
  assert_int_equal(crowd.acted[1], 2);
  turn(&crowd, 0);
  assert_int_equal(crowd.done, 2);
  loops_everywhere(&crowd.gateways[0], act, done, &crowd);
  assert_int_equal(crowd.done, 3);
  assert_true(loops_remove(crowd.common, &crowd.gateways[0]));
  loops_free(crowd.common);
  for (size_t i = 0; i < LOOPS; i++) {
    uv_close((uv_handle_t *)&crowd.stay[i], NULL);
    (void)uv_run(&crowd.loops[i], UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&crowd.loops[i]), 0);
  }
}

/* What each loop has counted is one figure. */
static void counts_add_up(void **state) {
  struct metrics one = {0}, two = {0}, all = {0};
  (void)state;
  metrics_know(&one, STR("a"));
  metrics_count(&one, METRIC_HANDOFFS);
  metrics_count(&two, METRIC_HANDOFFS);
  metrics_count_at(&two, STR("b"), METRIC_SIGN_INS);
  metrics_time(&one.requests, 3000);
  metrics_time(&two.requests, 3000);
  metrics_add(&all, &one);
  metrics_add(&all, &two);
  struct buf text = BUF_INIT(1 << 20);
  metrics_write(&all, &text);
  static const char *const lines[] = {"drawbridge_handoffs_total 2\n",
                                      "drawbridge_sign_ins_total{server=\"a\",outcome=\"ok\"} 0\n",
                                      "drawbridge_sign_ins_total{server=\"b\",outcome=\"ok\"} 1\n",
                                      "drawbridge_request_seconds_bucket{le=\"0.0025\"} 0\n",
                                      "drawbridge_request_seconds_bucket{le=\"0.005\"} 2\n",
                                      "drawbridge_request_seconds_sum 0.006000\n"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) assert_true(str_find(buf_str(&text), str_of(lines[i])) != SIZE_MAX);
  buf_free(&text);
  metrics_clear(&one);
  metrics_clear(&two);
  metrics_clear(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_object_for_all),
      cmocka_unit_test(what_is_held_stays),
      cmocka_unit_test(done_waits_for_a_loop_that_hangs),
      cmocka_unit_test(counts_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
