#include "gateway/sessions.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "gateway/failure.h"
#include "net/work.h"
#include <sodium.h>

enum {
  STORE_QUEUE = 4096,
  UNUSED_MS = 5 * 60 * 1000,
  CROWDED_MS = 1000,
  SWEEP_MS = 30 * 1000,
  PURGE_MS = 60 * 60 * 1000,
  TOUCH_MAX_MS = 60 * 1000,
  LOAD_CONNECTIONS = 1000,
  TAG_SIZE = crypto_shorthash_BYTES
};

struct waiter {
  struct waiter *next;
  struct secret *holder;
  sessions_found *found;
  void *payload;
};

struct entry {
  unsigned char id[HASH_SIZE];
  unsigned char tag[TAG_SIZE]; /* of the cookie, where `tagged` */
  bool tagged;
  struct gateway_session *session; /* NULL while it is loaded the first time */
  struct session_seat *seat;
  bool shares;                /* `session` is the seat's; else a frozen one of this loop's own */
  int64_t loaded_ms, used_ms; /* monotonic; the first: when the reading of the store began that it is in step with */
  bool loading;
  struct waiter *waiters;
};

struct sessions {
  uv_loop_t *loop;
  struct session_board *board;
  struct work_pool *thread;
  struct metrics_times *times; /* NULL: nobody asks */
  struct store *store, *workers_store;
  uv_mutex_t workers_lock;
  uv_mutex_t ring_lock;
  struct keyring *ring, *workers_ring; /* the second: own reference of the worker that has the store */
  struct map entries;                  /* id to entry */
  struct entry *last;                  /* that was found; NULL: it is gone */
  struct map by_tag; /* a keyed hash of the cookie to entry: cheaper than the way over the id, and tells nothing of either */
  unsigned char tag_key[crypto_shorthash_KEYBYTES];
  size_t sweep_at;     /* so many entries */
  uint32_t newest_key; /* of the ring */
  uv_timer_t *sweep;
  int64_t purged_ms;
  bool is_shared; /* the store */
};

static struct str tag_of(const struct entry *entry) {
  return (struct str){(const char *)entry->tag, sizeof entry->tag};
}

static struct str id_of(const struct entry *entry) {
  return (struct str){(const char *)entry->id, sizeof entry->id};
}

/* Work on the thread of the store. */

struct job {
  struct sessions *sessions;
  void (*run)(void *payload, const struct rows *rows);
  void (*done)(void *payload);
  void *payload;
  uint64_t asked_ns;
};

/* Own reference: a reload may put another one in its place meanwhile. */
struct keyring *sessions_ring(struct sessions *sessions) {
  uv_mutex_lock(&sessions->ring_lock);
  struct keyring *ring = keyring_ref(sessions->ring);
  uv_mutex_unlock(&sessions->ring_lock);
  return ring;
}

static void run_job(void *payload) {
  struct job *job = payload;
  struct keyring *ring = sessions_ring(job->sessions);
  struct rows rows = {job->sessions->store, ring};
  job->run(job->payload, &rows);
  keyring_free(ring);
  if (job->sessions->times) metrics_time(job->sessions->times, (int64_t)((uv_hrtime() - job->asked_ns) / 1000));
}

static void end_job(void *payload) {
  struct job *job = payload;
  if (job->done) job->done(job->payload);
  free(job);
}

bool sessions_submit(struct sessions *sessions, void (*run)(void *payload, const struct rows *rows), void (*done)(void *payload),
                     void *payload) {
  struct job *job = mem_alloc(sizeof *job);
  *job = (struct job){sessions, run, done, payload, uv_hrtime()};
  if (work_submit(sessions->thread, run_job, end_job, job)) return true;
  free(job);
  return false;
}

struct rows sessions_rows(struct sessions *sessions) {
  uv_mutex_lock(&sessions->workers_lock);
  sessions->workers_ring = sessions_ring(sessions);
  return (struct rows){sessions->workers_store, sessions->workers_ring};
}

void sessions_rows_done(struct sessions *sessions) {
  keyring_free(sessions->workers_ring);
  uv_mutex_unlock(&sessions->workers_lock);
}

/* Entries. */

static struct entry *entry_of(const struct sessions *sessions, const unsigned char id[HASH_SIZE]) {
  if (sessions->last && memcmp(sessions->last->id, id, HASH_SIZE) == 0) return sessions->last;
  return map_get(&sessions->entries, (struct str){(const char *)id, HASH_SIZE});
}

static void make_tag(const struct sessions *sessions, struct str cookie, unsigned char ret[TAG_SIZE]) {
  (void)crypto_shorthash(ret, (const unsigned char *)cookie.p, cookie.n, sessions->tag_key);
}

static void remove_tag(struct sessions *sessions, struct entry *entry) {
  if (entry->tagged) (void)map_delete(&sessions->by_tag, tag_of(entry));
  entry->tagged = false;
}

static void add_tag(struct sessions *sessions, struct entry *entry) {
  struct str cookie = secret_reveal(session_cookie(entry->session));
  remove_tag(sessions, entry);
  if (!cookie.n) return;
  make_tag(sessions, cookie, entry->tag);
  entry->tagged = !map_get(&sessions->by_tag, tag_of(entry)); /* else another one has it: once in the life of the universe */
  if (entry->tagged) (void)map_put(&sessions->by_tag, tag_of(entry), entry);
}

static struct entry *entry_of_cookie(const struct sessions *sessions, struct str cookie) {
  unsigned char tag[TAG_SIZE];
  if (!cookie.n) return NULL;
  make_tag(sessions, cookie, tag);
  struct entry *entry = map_get(&sessions->by_tag, (struct str){(const char *)tag, sizeof tag});
  return entry && secret_eq(session_cookie(entry->session), cookie) ? entry : NULL;
}

/* Takes over the reference. `shares`: it is the seat's, and came from there. */
static void set_session(struct sessions *sessions, struct entry *entry, struct gateway_session *session, bool shares, int64_t loaded_ms) {
  if (entry->shares) session_board_part(sessions->board, entry->seat);
  gateway_session_unref(entry->session);
  entry->session = session;
  entry->shares = shares;
  entry->loaded_ms = loaded_ms;
  add_tag(sessions, entry);
}

/* The seat gets this one where it has none yet. True: it is this one. */
static bool put_session(struct sessions *sessions, struct entry *entry, struct gateway_session *session, int64_t loaded_ms) {
  struct gateway_session *there = session_board_put(sessions->board, entry->seat, session);
  if (there == session) {
    entry->seat->loaded_ms = loaded_ms;
    entry->seat->touched_ms = session_seen(session);
  }
  set_session(sessions, entry, there, true, entry->seat->loaded_ms);
  return there == session;
}

static void sweep(struct sessions *sessions, int64_t now_ms);

static struct entry *add_entry(struct sessions *sessions, const unsigned char id[HASH_SIZE]) {
  if (sessions->entries.count >= sessions->sweep_at) sweep(sessions, clock_monotonic_ms());
  struct entry *entry = mem_alloc(sizeof *entry);
  memcpy(entry->id, id, sizeof entry->id);
  entry->used_ms = clock_monotonic_ms();
  (void)map_put(&sessions->entries, id_of(entry), entry);
  entry->seat = session_board_take(sessions->board, id);
  struct gateway_session *session = session_board_share(sessions->board, entry->seat);
  if (session) set_session(sessions, entry, session, true, entry->seat->loaded_ms);
  return entry;
}

static void drop_entry(struct sessions *sessions, struct entry *entry) {
  if (entry->loading) return; /* its load ends it */
  if (sessions->last == entry) sessions->last = NULL;
  remove_tag(sessions, entry);
  (void)map_delete(&sessions->entries, id_of(entry));
  gateway_session_unref(entry->session);
  session_board_leave(sessions->board, entry->seat, entry->shares);
  free(entry);
}

static void touch_run(void *payload, const struct rows *rows) {
  struct error error = {0};
  if (rows_touch(rows, payload, &error) || rows_reseal(rows, payload, &error))
    log_event(LOG_WARNING, "session_not_saved", LOG_FAILURE(&error));
}

static void touch_done(void *payload) {
  gateway_session_unref(payload);
}

static void touch(struct sessions *sessions, struct entry *entry) {
  entry->seat->touched_ms = session_seen(entry->session);
  entry->seat->touched_with = sessions->newest_key;
  if (session_frozen(entry->session)) return;
  struct gateway_session *session = gateway_session_ref(entry->session);
  if (!sessions_submit(sessions, touch_run, touch_done, session)) gateway_session_unref(session);
}

void sessions_use(struct sessions *sessions, struct gateway_session *session) {
  struct entry *entry = entry_of(sessions, session_id(session));
  int64_t now = clock_now_ms(), idle = session_terms(session)->idle_ms, step = idle / 10 < TOUCH_MAX_MS ? idle / 10 : TOUCH_MAX_MS;
  session_set_seen(session, now);
  if (!entry || entry->session != session) return;
  if (now - entry->seat->touched_ms >= step || entry->seat->touched_with != sessions->newest_key) touch(sessions, entry);
}

void sessions_add(struct sessions *sessions, struct gateway_session *session) {
  struct entry *entry = entry_of(sessions, session_id(session));
  if (!entry) entry = add_entry(sessions, session_id(session));
  if (entry->session != session) (void)put_session(sessions, entry, session, clock_monotonic_ms());
}

/* With the ids it had before: what they hold is over, too. */
void sessions_forget(struct sessions *sessions, struct gateway_session *session) {
  VEC(struct entry *) dead = {0};
  struct entry *own = session ? entry_of(sessions, session_id(session)) : NULL;
  int64_t now = clock_now_ms();
  for (struct map_entry *e = map_first(&sessions->entries); e; e = map_next(&sessions->entries, e)) {
    struct entry *entry = e->value;
    if (entry == own || (entry->session && session_life(entry->session, now) == SESSION_DEAD)) VEC_PUSH(&dead, entry);
  }
  for (size_t i = 0; i < dead.n; i++) drop_entry(sessions, dead.p[i]);
  VEC_FREE(&dead);
}

void sessions_look_again(struct sessions *sessions) {
  session_board_look_again(sessions->board, clock_monotonic_ms());
}

/* Finding. */

static void tell_none(sessions_found *found, void *payload, enum error_code code) {
  static const char *const words[] = {"sign in first", "the session has ended: sign in again"};
  struct error error = {0};
  (void)error_set(&error, code, "%s", words[code == ERROR_session_expired]);
  found(payload, NULL, &error);
}

/* An id that a sign-in has replaced meanwhile: late calls get what there was before. */
static void settle(struct sessions *sessions, struct entry *entry) {
  if (session_frozen(entry->session) || !session_superseded(entry->session)) return;
  set_session(sessions, entry, session_freeze(entry->session, session_late_until(entry->session)), false, clock_monotonic_ms());
}

/* To one who has shown the whole cookie. */
static void tell_holder(struct sessions *sessions, struct entry *entry, sessions_found *found, void *payload) {
  settle(sessions, entry);
  sessions->last = entry;
  entry->used_ms = clock_monotonic_ms();
  struct gateway_session *session = entry->session;
  switch (session_life(session, clock_now_ms())) {
  case SESSION_ALIVE:
    gateway_session_ref(session);
    found(payload, session, NULL);
    gateway_session_unref(session);
    break;
  case SESSION_DEAD:
    drop_entry(sessions, entry);
    tell_none(found, payload, ERROR_no_session);
    break;
  case SESSION_ENDED_BY_TIME:
    drop_entry(sessions, entry);
    tell_none(found, payload, ERROR_session_expired);
    break;
  }
}

static void tell(struct sessions *sessions, struct entry *entry, struct str holder, sessions_found *found, void *payload) {
  if (secret_eq(session_holder(entry->session), holder))
    tell_holder(sessions, entry, found, payload);
  else
    tell_none(found, payload, ERROR_no_session);
}

/* What the store says now is put into the object that others hold. */
static void merge(struct gateway_session *into, struct gateway_session *read) {
  struct connection **list = mem_alloc_array(LOAD_CONNECTIONS, sizeof *list);
  size_t n = session_connections(into, list, LOAD_CONNECTIONS);
  for (size_t i = 0; i < n; i++) {
    struct str server = connection_about(list[i])->server;
    struct connection *fresh = session_connection(read, server);
    if (!fresh)
      session_drop_connection(into, server);
    else if (connection_generation(fresh) > connection_generation(list[i]))
      session_put_connection(into, fresh);
    else
      (void)connection_set_state(list[i], connection_state(fresh) == CONNECTION_REAUTH_REQUIRED ? CONNECTION_REAUTH_REQUIRED
                                                                                                : connection_state(list[i]));
    connection_unref(fresh);
    connection_unref(list[i]);
  }
  n = session_connections(read, list, LOAD_CONNECTIONS);
  for (size_t i = 0; i < n; i++) {
    struct connection *known = session_connection(into, connection_about(list[i])->server);
    if (!known) session_put_connection(into, list[i]);
    connection_unref(known);
    connection_unref(list[i]);
  }
  free(list);
  session_set_seen(into, session_seen(read));
}

struct load {
  struct sessions *sessions;
  struct entry *entry;
  struct browser_cookie cookie;
  uint64_t changes;
  int64_t began_ms;
  struct gateway_session *session;
  int found;
  struct error error;
};

static void load_run(void *payload, const struct rows *rows) {
  struct load *load = payload;
  load->found = rows_load(rows, &load->cookie, &load->session, &load->error);
}

static void take_in(struct load *load) {
  struct entry *entry = load->entry;
  struct gateway_session *known = entry->session, *read = load->session;
  load->session = NULL;
  if (!known) {
    (void)put_session(load->sessions, entry, read, load->began_ms); /* another loop may have been first */
  } else if (session_frozen(read) && !session_superseded(known)) {  /* another process has given it another id */
    set_session(load->sessions, entry, gateway_session_ref(read), false, load->began_ms);
  } else {
    session_board_begin_merge(load->sessions->board);
    bool same = !session_frozen(known) && session_changes(known) == load->changes;
    if (same) merge(known, read);
    if (same && entry->shares) entry->seat->loaded_ms = load->began_ms;
    session_board_end_merge(load->sessions->board);
    entry->loaded_ms = load->began_ms;
  }
  gateway_session_unref(read);
}

static bool start_load(struct sessions *sessions, struct entry *entry, struct browser_cookie *cookie);

/* Another has changed what was being read: who came after that is told what there is now. True: it is read anew, and they wait on. */
static bool read_anew(struct load *load, struct waiter *waiters) {
  struct entry *entry = load->entry;
  struct browser_cookie cookie;
  if (!waiters || load->found != 1 || load->began_ms > session_board_changed_ms(load->sessions->board)) return false;
  bool again = browser_cookie_read(secret_reveal(session_cookie(entry->session)), &cookie) && start_load(load->sessions, entry, &cookie);
  browser_cookie_clear(&cookie);
  if (again) entry->waiters = waiters;
  return again;
}

static void load_done(void *payload) {
  struct load *load = payload;
  struct sessions *sessions = load->sessions;
  struct entry *entry = load->entry;
  struct waiter *waiters = entry->waiters;
  entry->waiters = NULL;
  entry->loading = false;
  bool given_up =
      entry->session &&
      (session_rotates(entry->session) ||
       session_superseded(entry->session)); /* asked in this order: a change of the id that was over by then shows in the second */
  bool gone = load->found == 0 && !given_up;
  if (load->found == 1)
    take_in(load);
  else if (gone && entry->session)
    session_end(entry->session); /* another process has ended it */
  unsigned char id[HASH_SIZE];
  memcpy(id, entry->id, sizeof id);
  if (!entry->session)
    drop_entry(sessions, entry);
  else if (read_anew(load, waiters))
    waiters = NULL;
  while (waiters) {
    struct waiter *waiter = waiters;
    waiters = waiter->next;
    entry = entry_of(sessions, id);
    if (load->found < 0)
      waiter->found(waiter->payload, NULL, &load->error);
    else if (entry && entry->session)
      tell(sessions, entry, secret_reveal(waiter->holder), waiter->found, waiter->payload);
    else
      tell_none(waiter->found, waiter->payload, ERROR_no_session);
    secret_free(waiter->holder);
    free(waiter);
  }
  browser_cookie_clear(&load->cookie);
  free(load);
}

static bool start_load(struct sessions *sessions, struct entry *entry, struct browser_cookie *cookie) {
  struct load *load = mem_alloc(sizeof *load);
  *load = (struct load){.sessions = sessions,
                        .entry = entry,
                        .cookie = *cookie,
                        .changes = entry->session ? session_changes(entry->session) : 0,
                        .began_ms = clock_monotonic_ms()};
  if (!sessions_submit(sessions, load_run, load_done, load)) {
    free(load);
    return false;
  }
  entry->loading = true;
  *cookie = (struct browser_cookie){0};
  return true;
}

static void wait_for(struct sessions *sessions, struct entry *entry, struct browser_cookie *cookie, sessions_found *found, void *payload) {
  struct secret *holder = secret_ref(cookie->holder);
  if (!entry->loading && !start_load(sessions, entry, cookie)) {
    struct error busy = {0};
    (void)failure_busy(&busy);
    if (!entry->session) drop_entry(sessions, entry);
    found(payload, NULL, &busy);
    secret_free(holder);
    return;
  }
  struct waiter *waiter = mem_alloc(sizeof *waiter), **end = &entry->waiters;
  *waiter = (struct waiter){.holder = holder, .found = found, .payload = payload};
  while (*end) end = &(*end)->next;
  *end = waiter;
}

static void find_slowly(struct sessions *sessions, struct entry *entry, struct str value, sessions_found *found, void *payload) {
  struct browser_cookie cookie;
  if (browser_cookie_read(value, &cookie)) wait_for(sessions, entry, &cookie, found, payload);
  browser_cookie_clear(&cookie);
}

static bool is_fresh(const struct sessions *sessions, const struct entry *entry) {
  bool loaded = entry->session && !entry->loading && entry->loaded_ms > session_board_changed_ms(sessions->board);
  return loaded && clock_monotonic_ms() - entry->loaded_ms < SESSIONS_FRESH_MS;
}

void sessions_find(struct sessions *sessions, struct str value, sessions_found *found, void *payload) {
  struct browser_cookie_look look;
  struct entry *known = entry_of_cookie(sessions, value);
  if (known && is_fresh(sessions, known)) {
    tell_holder(sessions, known, found, payload);
    return;
  }
  if (!browser_cookie_look(value, &look)) {
    tell_none(found, payload, ERROR_no_session);
    return;
  }
  struct entry *entry = entry_of(sessions, look.id);
  if (!entry) entry = add_entry(sessions, look.id);
  if (is_fresh(sessions, entry))
    tell(sessions, entry, (struct str){(const char *)look.holder, sizeof look.holder}, found, payload);
  else
    find_slowly(sessions, entry, value, found, payload);
  secret_wipe(&look, sizeof look);
}

/* Sweeping. */

static void purge_run(void *payload, const struct rows *rows) {
  (void)payload;
  struct error error = {0};
  if (store_purge(rows->store, clock_now_ms(), &error)) log_event(LOG_WARNING, "store_not_purged", LOG_FAILURE(&error));
}

/* Proofs of calls are many and soon over (proof_shared.h). */
static void purge_tickets_run(void *payload, const struct rows *rows) {
  (void)payload;
  struct error error = {0};
  if (store_purge_tickets(rows->store, clock_now_ms(), &error)) log_event(LOG_WARNING, "store_not_purged", LOG_FAILURE(&error));
}

static bool is_held(struct sessions *sessions, const struct entry *entry) {
  return entry->shares ? !session_board_is_idle(sessions->board, entry->seat) : session_held(entry->session, 1);
}

static bool is_unused(struct sessions *sessions, const struct entry *entry, int64_t now_ms, int64_t limit_ms) {
  return entry->session && !entry->loading &&
         (now_ms - entry->used_ms > limit_ms || session_life(entry->session, clock_now_ms()) != SESSION_ALIVE) && !is_held(sessions, entry);
}

static void sweep(struct sessions *sessions, int64_t now_ms) {
  VEC(struct entry *) unused = {0};
  int64_t limit = sessions->entries.count > SESSIONS_MOST ? CROWDED_MS : UNUSED_MS;
  for (struct map_entry *e = map_first(&sessions->entries); e; e = map_next(&sessions->entries, e)) {
    struct entry *entry = e->value;
    if (is_unused(sessions, entry, now_ms, limit)) VEC_PUSH(&unused, entry);
  }
  for (size_t i = 0; i < unused.n; i++) {
    if (session_seen(unused.p[i]->session) > unused.p[i]->seat->touched_ms) touch(sessions, unused.p[i]);
    drop_entry(sessions, unused.p[i]);
  }
  VEC_FREE(&unused);
  sessions->sweep_at = (sessions->entries.count > SESSIONS_MOST ? sessions->entries.count : SESSIONS_MOST) + SESSIONS_MOST / 8;
}

/* Also without a new ring: a key's time may have come. */
static void look_at_keys(struct sessions *sessions) {
  struct keyring *ring = sessions_ring(sessions);
  sessions->newest_key = keyring_newest(ring);
  keyring_free(ring);
}

static void on_sweep(uv_timer_t *timer) {
  struct sessions *sessions = timer->data;
  int64_t now = clock_monotonic_ms();
  look_at_keys(sessions);
  sweep(sessions, now);
  if (sessions->is_shared) (void)sessions_submit(sessions, purge_tickets_run, NULL, NULL);
  if (now - sessions->purged_ms < PURGE_MS) return;
  sessions->purged_ms = now;
  (void)sessions_submit(sessions, purge_run, NULL, NULL);
}

/* Life. */

struct sessions *sessions_new(uv_loop_t *loop, struct str store, struct keyring *ring, struct session_board *board, struct error *error) {
  struct store *first = store_open(store, error);
  struct store *second = first ? store_open(store, error) : NULL;
  if (!second) {
    store_close(first);
    keyring_free(ring);
    return NULL;
  }
  struct sessions *sessions = mem_alloc(sizeof *sessions);
  sessions->loop = loop;
  sessions->is_shared = store_is_shared(store);
  sessions->board = board;
  random_bytes(sessions->tag_key, sizeof sessions->tag_key);
  sessions->store = first;
  sessions->workers_store = second;
  sessions->ring = ring;
  sessions->newest_key = keyring_newest(ring);
  sessions->thread = work_new(loop, 1, STORE_QUEUE);
  sessions->sweep_at = SESSIONS_MOST;
  sessions->sweep = mem_alloc(sizeof *sessions->sweep);
  if (uv_mutex_init(&sessions->workers_lock) || uv_mutex_init(&sessions->ring_lock) || uv_timer_init(loop, sessions->sweep)) abort();
  sessions->sweep->data = sessions;
  (void)uv_timer_start(sessions->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
  uv_unref((uv_handle_t *)sessions->sweep);
  return sessions;
}

void sessions_measure(struct sessions *sessions, struct metrics_times *times) {
  sessions->times = times;
}

size_t sessions_waiting(struct sessions *sessions) {
  return work_waiting(sessions->thread);
}

bool sessions_set_ring(struct sessions *sessions, struct keyring *ring) {
  uv_mutex_lock(&sessions->ring_lock);
  struct keyring *before = sessions->ring;
  sessions->ring = ring;
  uv_mutex_unlock(&sessions->ring_lock);
  keyring_free(before);
  bool changed = sessions->newest_key != keyring_newest(ring);
  sessions->newest_key = keyring_newest(ring);
  return changed;
}

static void on_closed(uv_handle_t *handle) {
  free(handle);
}

void sessions_free(struct sessions *sessions) {
  if (!sessions) return;
  for (struct map_entry *e = map_first(&sessions->entries); e; e = map_next(&sessions->entries, e)) {
    struct entry *entry = e->value;
    if (entry->session && session_seen(entry->session) > entry->seat->touched_ms) touch(sessions, entry);
  }
  work_free(sessions->thread);
  uv_close((uv_handle_t *)sessions->sweep, on_closed);
  for (struct map_entry *e = map_first(&sessions->entries); e; e = map_next(&sessions->entries, e)) {
    struct entry *entry = e->value;
    gateway_session_unref(entry->session);
    session_board_leave(sessions->board, entry->seat, entry->shares);
    free(entry);
  }
  map_free(&sessions->entries);
  map_free(&sessions->by_tag);
  store_close(sessions->store);
  store_close(sessions->workers_store);
  uv_mutex_destroy(&sessions->workers_lock);
  uv_mutex_destroy(&sessions->ring_lock);
  keyring_free(sessions->ring);
  free(sessions);
}
