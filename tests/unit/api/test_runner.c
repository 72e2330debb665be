/* What is under way beside the calls: each crew with threads and a queue of its own, and what is started in it by its own work. */
#include "api/runner.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include <cmocka.h>

enum { WAITING = 2 };

static uv_sem_t begun[RUNNER_CREWS];

/* Until it is cancelled, by somebody or by the end. */
static void work(struct runner_run *run, enum runner_crew crew) {
  uv_sem_post(&begun[crew]);
  while (!atomic_load(runner_run_cancel(run))) uv_sleep(1);
}

static void transfer(void *context, struct runner_run *run, void *payload) {
  (void)context, (void)payload;
  work(run, RUNNER_TRANSFERS);
}

static void making(void *context, struct runner_run *run, void *payload) {
  (void)context, (void)payload;
  work(run, RUNNER_MAKINGS);
}

static int set_up(void **state) {
  for (int crew = 0; crew < RUNNER_CREWS; crew++)
    if (uv_sem_init(&begun[crew], 0)) return -1;
  *state =
      runner_new((struct runner_hands[RUNNER_CREWS]){[RUNNER_TRANSFERS] = {transfer, 1, WAITING}, [RUNNER_MAKINGS] = {making, 1, WAITING}},
                 NULL); /* of others none: nothing is started there */
  return 0;
}

static int tear_down(void **state) {
  runner_free(*state);
  for (int crew = 0; crew < RUNNER_CREWS; crew++) uv_sem_destroy(&begun[crew]);
  return 0;
}

static enum error_code start(struct runner *runner, enum runner_crew crew, const char *id) {
  struct error error = {0};
  return runner_start(runner, crew, str_of(id), NULL, &error) ? error.code : ERROR_NONE;
}

static void no_crew_waits_for_another(void **state) {
  struct runner *runner = *state;
  assert_int_equal(start(runner, RUNNER_TRANSFERS, "one"), ERROR_NONE);
  uv_sem_wait(&begun[RUNNER_TRANSFERS]);
  for (int i = 0; i < WAITING; i++) assert_int_equal(start(runner, RUNNER_TRANSFERS, i ? "two" : "three"), ERROR_NONE);
  assert_int_equal(start(runner, RUNNER_TRANSFERS, "four"), ERROR_busy);
  assert_int_equal(start(runner, RUNNER_MAKINGS, "five"), ERROR_NONE);
  uv_sem_wait(&begun[RUNNER_MAKINGS]);
}

static void each_by_its_own_work(void **state) {
  struct runner *runner = *state;
  struct arena *arena = arena_new();
  struct runner_view view;
  assert_int_equal(start(runner, RUNNER_TRANSFERS, "one"), ERROR_NONE);
  assert_int_equal(start(runner, RUNNER_TRANSFERS, "waits"), ERROR_NONE);
  uv_sem_wait(&begun[RUNNER_TRANSFERS]);
  assert_int_equal(start(runner, RUNNER_TRANSFERS, "one"), ERROR_conflict);
  assert_true(runner_look(runner, STR("waits"), arena, &view));
  assert_true(str_eq(view.phase, STR("queued")));
  assert_true(runner_cancel(runner, STR("one")));
  uv_sem_wait(&begun[RUNNER_TRANSFERS]); /* the one that waited */
  assert_false(runner_cancel(runner, STR("nothing")));
  arena_free(arena);
}

/* What has to be kept between is under way from its promise on, and not begun before that is kept. */
static void promised(void **state) {
  struct runner *runner = *state;
  struct arena *arena = arena_new();
  struct runner_view view;
  struct error error = {0};
  struct runner_run *promise = runner_promise(runner, RUNNER_TRANSFERS, STR("one"), &error);
  assert_non_null(promise);
  assert_int_equal(start(runner, RUNNER_TRANSFERS, "two"), ERROR_NONE);
  uv_sem_wait(&begun[RUNNER_TRANSFERS]); /* the second: a promise holds nobody up */
  assert_true(runner_look(runner, STR("one"), arena, &view));
  assert_true(str_eq(view.phase, STR("queued")));
  assert_int_equal(start(runner, RUNNER_TRANSFERS, "one"), ERROR_conflict);
  assert_int_equal(runner_keep(promise, NULL, &error), 0);
  assert_true(runner_cancel(runner, STR("two")));
  uv_sem_wait(&begun[RUNNER_TRANSFERS]);
  promise = runner_promise(runner, RUNNER_MAKINGS, STR("three"), &error);
  runner_break(promise);
  assert_false(runner_look(runner, STR("three"), arena, &view));
  promise = runner_promise(runner, RUNNER_MAKINGS, STR("four"), &error);
  runner_stop(runner);
  assert_int_equal(runner_keep(promise, NULL, &error), -1);
  assert_int_equal(error.code, ERROR_busy);
  assert_false(runner_look(runner, STR("four"), arena, &view));
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(no_crew_waits_for_another, set_up, tear_down),
      cmocka_unit_test_setup_teardown(each_by_its_own_work, set_up, tear_down),
      cmocka_unit_test_setup_teardown(promised, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
