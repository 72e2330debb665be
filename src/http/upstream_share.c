#include "http/upstream_share.h"

#include "base/mem.h"

struct upstream_share {
  atomic_uint references;
  _Atomic size_t all_waiting; /* the sum of what follows, to be looked at without the lock */
  uv_mutex_t lock;            /* of what follows, and of the members but for their `idle` */
  struct share_member *members;
  size_t most, most_waiting, open;
  struct breaker breaker;
};

struct upstream_share *upstream_share_new(size_t connections, size_t waiting) {
  struct upstream_share *share = mem_alloc(sizeof *share);
  atomic_init(&share->references, 1);
  share->most = connections;
  share->most_waiting = waiting;
  if (uv_mutex_init(&share->lock)) abort();
  return share;
}

struct upstream_share *upstream_share_ref(struct upstream_share *share) {
  atomic_fetch_add_explicit(&share->references, 1, memory_order_relaxed);
  return share;
}

void upstream_share_free(struct upstream_share *share) {
  if (!share || atomic_fetch_sub_explicit(&share->references, 1, memory_order_acq_rel) > 1) return;
  uv_mutex_destroy(&share->lock);
  free(share);
}

struct share_counts upstream_share_counts(struct upstream_share *share) {
  uv_mutex_lock(&share->lock);
  struct share_counts counts = {.open = share->open, .waiting = share->all_waiting, .shut = share->breaker.until_ms > 0};
  for (const struct share_member *m = share->members; m; m = m->next) counts.idle += m->idle;
  uv_mutex_unlock(&share->lock);
  return counts;
}

/* Members. */

static void on_wake(uv_async_t *async) {
  struct share_member *member = async->data;
  member->wake(member->payload);
}

void share_join(struct share_member *member, struct upstream_share *share, uv_loop_t *loop, void (*wake)(void *payload), void *payload) {
  member->share = upstream_share_ref(share);
  member->async = mem_alloc(sizeof *member->async);
  member->wake = wake;
  member->payload = payload;
  if (uv_async_init(loop, member->async, on_wake)) abort();
  member->async->data = member;
  uv_unref((uv_handle_t *)member->async);
  uv_mutex_lock(&share->lock);
  member->next = share->members;
  share->members = member;
  uv_mutex_unlock(&share->lock);
}

static void on_closed(uv_handle_t *handle) {
  free(handle);
}

void share_leave(struct share_member *member) {
  struct upstream_share *share = member->share;
  uv_mutex_lock(&share->lock);
  struct share_member **at = &share->members;
  while (*at != member) at = &(*at)->next;
  *at = member->next;
  uv_mutex_unlock(&share->lock); /* nobody wakes it any more */
  uv_close((uv_handle_t *)member->async, on_closed);
  upstream_share_free(share);
}

/* Those whose calls wait, where there is something to be had. Under the lock. */
static void wake_waiting(const struct share_member *but) {
  const struct upstream_share *share = but->share;
  for (struct share_member *m = share->members; m && share->open < share->most; m = m->next)
    if (m != but && m->waiting) (void)uv_async_send(m->async);
}

static void wake_idle(const struct share_member *but) {
  for (struct share_member *m = but->share->members; m; m = m->next)
    if (m != but && atomic_load(&m->idle)) (void)uv_async_send(m->async);
}

/* Room. */

static bool others_wait(const struct share_member *member) {
  return member->share->all_waiting > member->waiting;
}

bool share_take(struct share_member *member) {
  struct upstream_share *share = member->share;
  uv_mutex_lock(&share->lock);
  bool taken = share->open < share->most && !(member->yields && others_wait(member));
  if (taken) {
    share->open++;
    member->open++;
    for (struct share_member *m = share->members; m; m = m->next) m->yields = false;
    if (others_wait(member)) wake_waiting(member);
  }
  uv_mutex_unlock(&share->lock);
  return taken;
}

void share_give(struct share_member *member) {
  struct upstream_share *share = member->share;
  uv_mutex_lock(&share->lock);
  share->open--;
  member->open--;
  if (others_wait(member)) wake_waiting(member);
  uv_mutex_unlock(&share->lock);
}

bool share_wait(struct share_member *member) {
  struct upstream_share *share = member->share;
  uv_mutex_lock(&share->lock);
  bool waits = share->all_waiting < share->most_waiting;
  if (waits) {
    member->waiting++;
    share->all_waiting++;
    wake_idle(member);
  }
  uv_mutex_unlock(&share->lock);
  return waits;
}

void share_wait_over(struct share_member *member) {
  struct upstream_share *share = member->share;
  uv_mutex_lock(&share->lock);
  member->waiting--;
  share->all_waiting--;
  if (others_wait(member)) wake_waiting(member); /* who had yielded to it */
  uv_mutex_unlock(&share->lock);
}

void share_set_idle(struct share_member *member, size_t idle) {
  atomic_store(&member->idle, idle); /* before it looks who waits; the other side does it the other way round */
}

/* More than its part, while another has less. */
static bool has_too_many(const struct share_member *member) {
  const struct upstream_share *share = member->share;
  size_t hungry = 0;
  for (const struct share_member *m = share->members; m; m = m->next) hungry += m->waiting > 0;
  size_t part = share->most / hungry;
  if (member->open <= part) return false;
  for (const struct share_member *m = share->members; m; m = m->next)
    if (m != member && m->waiting && (m->open < part || m->open == 0)) return true;
  return false;
}

bool share_is_wanted(struct share_member *member) {
  struct upstream_share *share = member->share;
  if (atomic_load(&share->all_waiting) == member->waiting) return false; /* its own loop alone changes the second */
  uv_mutex_lock(&share->lock);
  bool enough = share->most - share->open >= share->all_waiting - member->waiting;
  bool wanted = !enough && (member->waiting == 0 || has_too_many(member));
  if (wanted) member->yields = true;
  uv_mutex_unlock(&share->lock);
  return wanted;
}

/* The breaker. */

int64_t share_lets(struct share_member *member, int64_t now_ms, bool *ret_try) {
  struct upstream_share *share = member->share;
  uv_mutex_lock(&share->lock);
  int64_t wait_ms = breaker_lets(&share->breaker, now_ms);
  *ret_try = share->breaker.trying;
  uv_mutex_unlock(&share->lock);
  return wait_ms;
}

void share_dial_worked(struct share_member *member) {
  uv_mutex_lock(&member->share->lock);
  breaker_worked(&member->share->breaker);
  uv_mutex_unlock(&member->share->lock);
}

void share_dial_failed(struct share_member *member, int64_t now_ms) {
  uv_mutex_lock(&member->share->lock);
  breaker_failed(&member->share->breaker, now_ms);
  uv_mutex_unlock(&member->share->lock);
}

void share_gave_up(struct share_member *member) {
  uv_mutex_lock(&member->share->lock);
  breaker_gave_up(&member->share->breaker);
  uv_mutex_unlock(&member->share->lock);
}
