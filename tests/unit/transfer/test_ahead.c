/* Pieces of work on a thread of its own. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "transfer/run_internal.h"

struct piece {
  unsigned number, done;
  uv_thread_t thread;
  sem_t begun, may_end;
};

static int count(void *payload, const atomic_bool *stop, struct error *error) {
  struct piece *p = payload;
  p->thread = uv_thread_self();
  p->done++;
  return p->number % 2 ? error_set(error, ERROR_input, "piece %u", p->number) : (int)p->number;
}

static int wait_to_be_stopped(void *payload, const atomic_bool *stop, struct error *error) {
  struct piece *p = payload;
  (void)sem_post(&p->begun);
  while (!atomic_load(stop)) (void)usleep(1000);
  return 0;
}

static int wait_for_leave(void *payload, const atomic_bool *stop, struct error *error) {
  struct piece *p = payload;
  (void)sem_wait(&p->may_end);
  return 0;
}

/* What became of each is told once, and to nobody a second time. */
static void one_after_the_other(void **state) {
  struct ahead ahead = {0};
  struct piece p = {0};
  struct error error = {0};
  uv_thread_t first = {0}, here = uv_thread_self();
  (void)state;
  assert_int_equal(ahead_wait(&ahead, NULL, &error), 0);
  assert_false(ahead_is_over(&ahead));
  for (p.number = 0; p.number < 2000; p.number++) {
    char words[40];
    (void)snprintf(words, sizeof words, "piece %u", p.number);
    error = (struct error){0};
    assert_int_equal(ahead_begin(&ahead, count, &p, &error), 0);
    assert_int_equal(ahead_wait(&ahead, NULL, &error), p.number % 2 ? -1 : (int)p.number);
    assert_string_equal(error.message, p.number % 2 ? words : "");
    assert_int_equal(p.done, p.number + 1);
    error = (struct error){0};
    assert_int_equal(ahead_wait(&ahead, NULL, &error), 0);
    assert_string_equal(error.message, "");
    if (p.number == 0) first = p.thread;
    assert_true(uv_thread_equal(&first, &p.thread));
  }
  assert_false(uv_thread_equal(&here, &p.thread));
  ahead_end(&ahead);
  ahead_end(&ahead); /* there is none any more */
}

static void it_is_seen_to_be_over(void **state) {
  struct ahead ahead = {0};
  struct piece p = {0};
  struct error error = {0};
  (void)state;
  (void)sem_init(&p.may_end, 0, 0);
  assert_int_equal(ahead_begin(&ahead, wait_for_leave, &p, &error), 0);
  assert_false(ahead_is_over(&ahead));
  (void)sem_post(&p.may_end);
  while (!ahead_is_over(&ahead)) (void)usleep(1000);
  assert_int_equal(ahead_wait(&ahead, NULL, &error), 0);
  assert_false(ahead_is_over(&ahead));
  ahead_end(&ahead);
}

static void one_that_nobody_wants_any_more(void **state) {
  struct ahead ahead = {0};
  struct piece p = {0};
  struct error error = {0};
  atomic_bool cancel = false;
  (void)state;
  (void)sem_init(&p.begun, 0, 0);
  assert_int_equal(ahead_begin(&ahead, wait_to_be_stopped, &p, &error), 0);
  (void)sem_wait(&p.begun);
  atomic_store(&cancel, true);
  assert_int_equal(ahead_wait(&ahead, &cancel, &error), -1);
  assert_int_equal(error.code, ERROR_cancelled);
  p.number = 2;
  assert_int_equal(ahead_begin(&ahead, count, &p, &error), 0); /* the next one is not stopped by that */
  assert_int_equal(ahead_wait(&ahead, NULL, &error), 2);
  ahead_end(&ahead);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_after_the_other), cmocka_unit_test(it_is_seen_to_be_over),
                                     cmocka_unit_test(one_that_nobody_wants_any_more)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
