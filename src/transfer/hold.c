#include "transfer/hold.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "crypt/random.h"
#include <uv.h>

enum { MOVE_MS = 4000, AGAIN_MS = 500, ID_LETTERS = 22, AT_ONCE = 16, FRESH_MS = 2000, BYTES_PER_MS = 4096 };

#define KIND STR("run")
#define LEASE_OF "run:%.*s"

struct hold {
  struct store *store;
  uv_mutex_t store_lock;
  char *id, *owner, *lease;
  int64_t fence;
  uv_thread_t keeper;
  uv_mutex_t lock; /* of `over` */
  uv_cond_t ended;
  bool over;
  bool rests; /* under store_lock */
};

bool hold_is_place(const char *place) {
  return store_is_shared(str_of(place));
}

struct str hold_lease(struct str id, struct arena *arena) {
  return arena_printf(arena, LEASE_OF, STR_ARG(id));
}

struct store *hold_store(struct hold *hold) {
  uv_mutex_lock(&hold->store_lock);
  return hold->store;
}

void hold_store_done(struct hold *hold) {
  uv_mutex_unlock(&hold->store_lock);
}

struct str hold_id(const struct hold *hold) {
  return str_of(hold->id);
}

struct str hold_owner(const struct hold *hold) {
  return str_of(hold->owner);
}

/* --- keeping it --- */

/* What another has by now is not taken again: 0. */
static int move(struct hold *hold, struct store_lease *ret, struct error *error) {
  struct store *store = hold_store(hold);
  int64_t now = clock_now_ms();
  int held = store_lease_take(store, str_of(hold->lease), str_of(hold->owner), now, now + HOLD_LEASE_MS, ret, error);
  if (hold->rests) store_rest(store);
  hold_store_done(hold);
  return held;
}

void hold_rest(struct hold *hold) {
  store_rest(hold_store(hold));
  hold->rests = true;
  hold_store_done(hold);
}

static void keep(void *payload) {
  struct hold *hold = payload;
  uv_mutex_lock(&hold->lock);
  while (!hold->over)
    if (uv_cond_timedwait(&hold->ended, &hold->lock, (uint64_t)MOVE_MS * 1000000) == UV_ETIMEDOUT && !hold->over) {
      struct store_lease unused;
      struct error ignored = {0}; /* a store that is away is asked again in four seconds */
      uv_mutex_unlock(&hold->lock);
      (void)move(hold, &unused, &ignored);
      uv_mutex_lock(&hold->lock);
    }
  uv_mutex_unlock(&hold->lock);
}

/* --- life --- */

static char *letters(void) {
  char text[ID_LETTERS];
  random_letters(text, sizeof text);
  return mem_printf("%.*s", ID_LETTERS, text);
}

static struct hold *of_place(const char *place, struct error *error) {
  struct str text = str_of(place);
  size_t mark = str_find_last_char(text, '#');
  struct str owner = mark == SIZE_MAX ? STR_NONE : str_from(text, mark + 1), id = str_take(&owner, '/');
  struct store *store = store_open(str_slice(text, 0, mark), error);
  if (!store) return NULL;
  struct hold *hold = mem_alloc(sizeof *hold);
  *hold = (struct hold){.store = store,
                        .id = id.n ? mem_printf("%.*s", STR_ARG(id)) : letters(),
                        .owner = owner.n ? mem_printf("%.*s", STR_ARG(owner)) : letters()};
  hold->lease = mem_printf(LEASE_OF, STR_ARG(hold_id(hold)));
  if (uv_mutex_init(&hold->store_lock) || uv_mutex_init(&hold->lock) || uv_cond_init(&hold->ended)) abort();
  return hold;
}

static void free_hold(struct hold *hold) {
  store_close(hold->store);
  uv_mutex_destroy(&hold->store_lock);
  uv_mutex_destroy(&hold->lock);
  uv_cond_destroy(&hold->ended);
  free(hold->id);
  free(hold->owner);
  free(hold->lease);
  free(hold);
}

struct hold *hold_take(const char *place, struct error *error) {
  struct hold *hold = of_place(place, error);
  if (!hold) return NULL;
  struct store_lease lease = {0};
  int64_t now = clock_now_ms();
  int held = store_lease_take(hold->store, str_of(hold->lease), str_of(hold->owner), now, now + HOLD_LEASE_MS, &lease, error);
  hold->fence = lease.fence;
  if (held == 0) (void)error_set(error, ERROR_busy, "another process is carrying out this run right now: wait for it");
  if (held == 1 && uv_thread_create(&hold->keeper, keep, hold)) held = error_set(error, ERROR_inside, "there is no thread to be had");
  if (held == 1) return hold;
  free_hold(hold);
  return NULL;
}

void hold_release(struct hold *hold) {
  if (!hold) return;
  struct error ignored = {0};
  uv_mutex_lock(&hold->lock);
  hold->over = true;
  uv_cond_signal(&hold->ended);
  uv_mutex_unlock(&hold->lock);
  (void)uv_thread_join(&hold->keeper);
  (void)store_lease_release(hold->store, str_of(hold->lease), str_of(hold->owner), &ignored);
  free_hold(hold);
}

static bool may_pass(struct error *error, int64_t until_ms) {
  if (error->code != ERROR_store_unavailable || clock_monotonic_ms() >= until_ms) return false;
  *error = (struct error){0};
  (void)nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000L}, NULL);
  return true;
}

bool hold_is_kept(struct hold *hold, int64_t patience_ms) {
  int64_t until = clock_monotonic_ms() + patience_ms;
  struct store_lease lease = {0};
  struct error error = {0};
  int held;
  do held = move(hold, &lease, &error);
  while (held < 0 && may_pass(&error, until));
  return held == 1 && lease.fence == hold->fence;
}

/* --- the journal --- */

/* An answer that took its time may be heard by a process that stood still in between: it was true when it was given. So it is asked for again, until it is fresh. */
int hold_add(struct hold *hold, struct str name, struct str bytes, struct error *error) {
  const struct store_fence fence = {str_of(hold->lease), hold->fence};
  int64_t until = clock_monotonic_ms() + HOLD_PATIENCE_MS, began;
  int64_t fresh_ms = FRESH_MS + (int64_t)(bytes.n / BYTES_PER_MS);
  int result;
  do {
    began = clock_monotonic_ms();
    struct store *store = hold_store(hold);
    result = store_journal_add(store, KIND, hold_id(hold), &fence, name, bytes, error);
    hold_store_done(hold);
  } while (result < 0 ? may_pass(error, until) : clock_monotonic_ms() - began > fresh_ms && began < until);
  if (result < 0 && error->code == ERROR_changed_meanwhile)
    return error_set(error, ERROR_cancelled, "another process has gone on with this run, since this one stood still or was cut off");
  return result;
}

static int list(struct hold *hold, struct str name, int64_t after, struct arena *arena, struct store_record **ret, size_t *ret_count,
                struct error *error) {
  int64_t until = clock_monotonic_ms() + HOLD_PATIENCE_MS;
  int result;
  do {
    struct store *store = hold_store(hold);
    result = store_journal_list(store, KIND, hold_id(hold), name, after, AT_ONCE, arena, ret, ret_count, error);
    hold_store_done(hold);
  } while (result < 0 && may_pass(error, until));
  return result;
}

int hold_each(struct hold *hold, struct str name, int (*each)(void *payload, struct str bytes, struct error *error), void *payload,
              struct error *error) {
  int64_t after = 0;
  int result = 0;
  for (size_t count = AT_ONCE; result == 0 && count == AT_ONCE;) {
    struct arena *arena = arena_new();
    struct store_record *records;
    result = list(hold, name, after, arena, &records, &count, error);
    for (size_t i = 0; result == 0 && i < count; i++) {
      after = records[i].number;
      result = each(payload, records[i].bytes, error);
    }
    arena_free(arena);
  }
  return result;
}

struct last {
  struct buf bytes;
  bool found;
};

static int on_one(void *payload, struct str bytes, struct error *error) {
  struct last *last = payload;
  (void)error;
  last->found = true;
  buf_clear(&last->bytes);
  (void)buf_add(&last->bytes, bytes);
  return 0;
}

int hold_last(struct hold *hold, struct str name, struct arena *arena, struct str *ret, struct error *error) {
  struct last last = {.bytes = BUF_INIT(STORE_BODY_MAX)};
  int result = hold_each(hold, name, on_one, &last, error);
  if (result == 0 && last.found) {
    *ret = arena_str(arena, buf_str(&last.bytes));
    result = 1;
  }
  buf_free(&last.bytes);
  return result;
}
