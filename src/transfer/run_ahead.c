/* Work on a thread of its own, waited for by the one that began it. */
#include "transfer/run_internal.h"

enum { LOOK_MS = 50 };

int run_check_stopped(const atomic_bool *cancel, struct error *error) {
  return cancel && atomic_load(cancel) ? error_set(error, ERROR_cancelled, "stopped before the next values") : 0;
}

static void thread_main(void *payload) {
  struct ahead *a = payload;
  a->result = a->work(a->payload, &a->stop, &a->error);
  uv_mutex_lock(&a->lock);
  a->over = true;
  uv_cond_signal(&a->ended);
  uv_mutex_unlock(&a->lock);
}

int ahead_begin(struct ahead *a, int (*work)(void *payload, const atomic_bool *stop, struct error *error), void *payload,
                struct error *error) {
  *a = (struct ahead){.work = work, .payload = payload};
  if (uv_mutex_init(&a->lock) || uv_cond_init(&a->ended)) abort();
  if (uv_thread_create(&a->thread, thread_main, a) == 0) {
    a->begun = true;
    return 0;
  }
  uv_cond_destroy(&a->ended);
  uv_mutex_destroy(&a->lock);
  return error_set(error, ERROR_inside, "there is no thread to be had");
}

bool ahead_is_over(struct ahead *a) {
  if (!a->begun) return false;
  uv_mutex_lock(&a->lock);
  bool over = a->over;
  uv_mutex_unlock(&a->lock);
  return over;
}

int ahead_wait(struct ahead *a, const atomic_bool *cancel, struct error *error) {
  if (!a->begun) return 0;
  uv_mutex_lock(&a->lock);
  while (!a->over) {
    if (cancel && atomic_load(cancel)) atomic_store(&a->stop, true);
    (void)uv_cond_timedwait(&a->ended, &a->lock, LOOK_MS * UINT64_C(1000000));
  }
  uv_mutex_unlock(&a->lock);
  (void)uv_thread_join(&a->thread);
  uv_cond_destroy(&a->ended);
  uv_mutex_destroy(&a->lock);
  a->begun = false;
  if (run_check_stopped(cancel, error)) return -1;
  if (a->result < 0) *error = a->error;
  return a->result;
}
