#include "gateway/lease_keeper.h"

#include "base/clock.h"
#include "base/mem.h"
#include <uv.h>

enum { MOVE_MS = 4000 };

struct lease_keeper {
  struct sessions *sessions;
  struct str name, owner;
  uv_thread_t thread;
  uv_mutex_t lock; /* of `over` */
  uv_cond_t ended;
  bool over;
};

/* A store that is gone for a moment is asked again in four seconds; one that another holder has it in: so be it, what we save is held against its generation. */
static void move(struct lease_keeper *keeper) {
  struct store_lease lease;
  struct error ignored = {0};
  int64_t now = clock_now_ms();
  struct rows rows = sessions_rows(keeper->sessions);
  (void)store_lease_take(rows.store, keeper->name, keeper->owner, now, now + LEASE_KEEPER_LEASE_MS, &lease, &ignored);
  sessions_rows_done(keeper->sessions);
}

static void run(void *payload) {
  struct lease_keeper *keeper = payload;
  uv_mutex_lock(&keeper->lock);
  while (!keeper->over)
    if (uv_cond_timedwait(&keeper->ended, &keeper->lock, (uint64_t)MOVE_MS * 1000000) == UV_ETIMEDOUT && !keeper->over) {
      uv_mutex_unlock(&keeper->lock);
      move(keeper);
      uv_mutex_lock(&keeper->lock);
    }
  uv_mutex_unlock(&keeper->lock);
}

static void free_keeper(struct lease_keeper *keeper) {
  uv_cond_destroy(&keeper->ended);
  uv_mutex_destroy(&keeper->lock);
  free(keeper);
}

struct lease_keeper *lease_keeper_start(struct sessions *sessions, struct str name, struct str owner) {
  struct lease_keeper *keeper = mem_alloc(sizeof *keeper);
  *keeper = (struct lease_keeper){.sessions = sessions, .name = name, .owner = owner};
  if (uv_mutex_init(&keeper->lock) || uv_cond_init(&keeper->ended)) abort();
  if (uv_thread_create(&keeper->thread, run, keeper) == 0) return keeper;
  free_keeper(keeper);
  return NULL;
}

void lease_keeper_stop(struct lease_keeper *keeper) {
  if (!keeper) return;
  uv_mutex_lock(&keeper->lock);
  keeper->over = true;
  uv_cond_signal(&keeper->ended);
  uv_mutex_unlock(&keeper->lock);
  (void)uv_thread_join(&keeper->thread);
  free_keeper(keeper);
}
