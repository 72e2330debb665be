#include "base/mem.h"
#include "net/work.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct job {
  uv_thread_t ran_on, loop_thread;
  uv_sem_t *gate;
  struct work_pool *pool;
  int *order, *next;
  int id, ran, done;
  bool submit_again, again_accepted;
};

static void run(void *payload) {
  struct job *job = payload;
  if (job->gate) uv_sem_wait(job->gate);
  job->ran_on = uv_thread_self();
  job->ran++;
  if (job->order) job->order[(*job->next)++] = job->id;
}

static void done(void *payload) {
  struct job *job = payload;
  uv_thread_t here = uv_thread_self();
  assert_true(uv_thread_equal(&here, &job->loop_thread));
  assert_false(uv_thread_equal(&here, &job->ran_on));
  assert_int_equal(job->ran, job->done + 1);
  job->done++;
  if (job->submit_again) {
    job->submit_again = false;
    job->again_accepted = work_submit(job->pool, run, done, job);
  }
}

static void finish(uv_loop_t *loop, struct work_pool *pool) {
  work_free(pool);
  assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(loop), 0);
}

static void runs_off_the_loop_in_order(void **state) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  struct work_pool *pool = work_new(&loop, 1, 100);
  struct job jobs[50] = {0};
  int order[50], next = 0;
  for (int i = 0; i < 50; i++) {
    jobs[i] = (struct job){.loop_thread = uv_thread_self(), .order = order, .next = &next, .id = i};
    assert_true(work_submit(pool, run, done, &jobs[i]));
  }
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* ends by itself: nothing under way */
  for (int i = 0; i < 50; i++) {
    assert_int_equal(jobs[i].done, 1);
    assert_int_equal(order[i], i);
  }
  finish(&loop, pool);
}

static void refuses_above_the_limit(void **state) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  uv_sem_t gate;
  uv_sem_init(&gate, 0);
  struct work_pool *pool = work_new(&loop, 2, 3);
  struct job jobs[20] = {0};
  int accepted = 0;
  bool refused[20] = {0};
  for (int i = 0; i < 20; i++) {
    jobs[i] = (struct job){.loop_thread = uv_thread_self(), .gate = &gate};
    if (work_submit(pool, run, done, &jobs[i]))
      accepted++;
    else
      refused[i] = true;
  }
  assert_in_range(accepted, 3, 5); /* three wait; the two threads may have taken one each */
  for (int i = 0; i < 20; i++) uv_sem_post(&gate);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  for (int i = 0; i < 20; i++) assert_int_equal(jobs[i].done, refused[i] ? 0 : 1);
  finish(&loop, pool);
  uv_sem_destroy(&gate);
}

static void free_runs_what_waits(void **state) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  struct work_pool *pool = work_new(&loop, 2, 100);
  struct job jobs[30] = {0};
  for (int i = 0; i < 30; i++) {
    jobs[i] = (struct job){.loop_thread = uv_thread_self(), .pool = pool, .submit_again = i == 7};
    assert_true(work_submit(pool, run, done, &jobs[i]));
  }
  work_free(pool);
  for (int i = 0; i < 30; i++) assert_int_equal(jobs[i].done, 1);
  assert_false(jobs[7].again_accepted);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void done_may_submit(void **state) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  struct work_pool *pool = work_new(&loop, 1, 1);
  struct job job = {.loop_thread = uv_thread_self(), .pool = pool, .submit_again = true};
  assert_true(work_submit(pool, run, done, &job));
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_true(job.again_accepted);
  assert_int_equal(job.done, 2);
  finish(&loop, pool);
}

/* Two loops, the threads of one: each hears of its own work alone, and one may go while the other goes on. */
static void loops_share_the_threads(void **state) {
  uv_loop_t loops[2];
  uv_loop_init(&loops[0]);
  uv_loop_init(&loops[1]);
  uv_sem_t gate;
  uv_sem_init(&gate, 0);
  struct work_pool *pools[2] = {work_new(&loops[0], 1, 3)};
  pools[1] = work_beside(pools[0], &loops[1]);
  struct job held = {.loop_thread = uv_thread_self(), .gate = &gate}, jobs[4] = {0};
  for (int i = 0; i < 4; i++) jobs[i] = (struct job){.loop_thread = uv_thread_self(), .pool = pools[i % 2], .submit_again = i == 1};
  assert_true(work_submit(pools[0], run, done, &held));
  int accepted = 0;
  for (int i = 0; i < 4; i++) accepted += work_submit(pools[i % 2], run, done, &jobs[i]);
  assert_in_range(accepted, 2, 3); /* of one queue, and `held` may wait in it */
  uv_sem_post(&gate);
  assert_int_equal(uv_run(&loops[0], UV_RUN_DEFAULT), 0);
  assert_int_equal(held.done + jobs[0].done, 2);
  assert_int_equal(jobs[1].done, 0); /* the other loop has not run */
  work_free(pools[0]);
  assert_int_equal(uv_run(&loops[1], UV_RUN_DEFAULT), 0);
  assert_int_equal(jobs[1].done, 2);
  assert_true(jobs[1].again_accepted);
  finish(&loops[1], pools[1]);
  assert_int_equal(uv_run(&loops[0], UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&loops[0]), 0);
  uv_sem_destroy(&gate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_off_the_loop_in_order), cmocka_unit_test(refuses_above_the_limit),
      cmocka_unit_test(free_runs_what_waits),       cmocka_unit_test(done_may_submit),
      cmocka_unit_test(loops_share_the_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
