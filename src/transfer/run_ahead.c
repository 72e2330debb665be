/* Work on a thread of its own, waited for by the one that began it. The thread stays for the next piece: one for each would take longer to come than some of them. */
#include "transfer/run_internal.h"

enum { LOOK_MS = 50 };

int run_check_stopped(const atomic_bool *cancel, struct error *error) {
  return cancel && atomic_load(cancel) ? error_set(error, ERROR_cancelled, "stopped before the next values") : 0;
}

static void thread_main(void *payload) {
  struct ahead *a = payload;
  uv_mutex_lock(&a->lock);
  for (;;) {
    while (a->state != AHEAD_WORKS && a->state != AHEAD_ENDS) uv_cond_wait(&a->changed, &a->lock);
    if (a->state == AHEAD_ENDS) break;
    uv_mutex_unlock(&a->lock);
    a->result = a->work(a->payload, &a->stop, &a->error);
    uv_mutex_lock(&a->lock);
    a->state = AHEAD_OVER;
    uv_cond_signal(&a->changed);
  }
  uv_mutex_unlock(&a->lock);
}

static void go_to(struct ahead *a, enum ahead_state state) {
  uv_mutex_lock(&a->lock);
  a->state = state;
  uv_cond_signal(&a->changed);
  uv_mutex_unlock(&a->lock);
}

static int hire(struct ahead *a, struct error *error) {
  if (a->has_thread) return 0;
  if (uv_mutex_init(&a->lock) || uv_cond_init(&a->changed)) abort();
  a->has_thread = uv_thread_create(&a->thread, thread_main, a) == 0;
  if (a->has_thread) return 0;
  uv_cond_destroy(&a->changed);
  uv_mutex_destroy(&a->lock);
  return error_set(error, ERROR_inside, "there is no thread to be had");
}

int ahead_begin(struct ahead *a, int (*work)(void *payload, const atomic_bool *stop, struct error *error), void *payload,
                struct error *error) {
  if (hire(a, error)) return -1;
  a->work = work;
  a->payload = payload;
  a->error = (struct error){0};
  atomic_store(&a->stop, false);
  go_to(a, AHEAD_WORKS);
  return 0;
}

bool ahead_is_over(struct ahead *a) {
  if (!a->has_thread) return false;
  uv_mutex_lock(&a->lock);
  bool over = a->state == AHEAD_OVER;
  uv_mutex_unlock(&a->lock);
  return over;
}

int ahead_wait(struct ahead *a, const atomic_bool *cancel, struct error *error) {
  if (!a->has_thread) return 0;
  uv_mutex_lock(&a->lock);
  bool begun = a->state != AHEAD_IDLE;
  while (a->state == AHEAD_WORKS) {
    if (cancel && atomic_load(cancel)) atomic_store(&a->stop, true);
    (void)uv_cond_timedwait(&a->changed, &a->lock, LOOK_MS * UINT64_C(1000000));
  }
  a->state = AHEAD_IDLE;
  uv_mutex_unlock(&a->lock);
  if (!begun) return 0;
  if (run_check_stopped(cancel, error)) return -1;
  if (a->result < 0) *error = a->error;
  return a->result;
}

void ahead_end(struct ahead *a) {
  if (!a->has_thread) return;
  go_to(a, AHEAD_ENDS);
  (void)uv_thread_join(&a->thread);
  uv_cond_destroy(&a->changed);
  uv_mutex_destroy(&a->lock);
  *a = (struct ahead){0};
}
