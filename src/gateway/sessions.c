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
  unsigned char tag[TAG_SIZE];     /* of the cookie, where `tagged` */
  bool tagged;
  struct gateway_session *session; /* NULL while it is loaded the first time */
  int64_t loaded_ms, used_ms;      /* monotonic */
  int64_t touched_ms;              /* what the store knows of its last use */
  uint32_t touched_with;           /* key id with which that was told */
  bool loading;
  struct waiter *waiters;
};

struct sessions {
  uv_loop_t *loop;
  struct work_pool *thread;
  struct store *store, *workers_store;
  uv_mutex_t workers_lock;
  uv_mutex_t ring_lock;
  struct keyring *ring, *workers_ring; /* the second: own reference of the worker that has the store */
  struct map entries; /* id to entry */
  struct entry *last; /* that was found; NULL: it is gone */
  struct map by_tag;  /* a keyed hash of the cookie to entry: cheaper than the way over the id, and tells nothing of either */
  unsigned char tag_key[crypto_shorthash_KEYBYTES];
  size_t sweep_at; /* so many entries */
  uint32_t newest_key; /* of the ring */
  uv_timer_t *sweep;
  int64_t purged_ms;
  int64_t changed_ms; /* what was loaded before is looked up again */
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
};

/* Own reference: a reload may put another one in its place meanwhile. */
static struct keyring *ring_of(struct sessions *sessions) {
  uv_mutex_lock(&sessions->ring_lock);
  struct keyring *ring = keyring_ref(sessions->ring);
  uv_mutex_unlock(&sessions->ring_lock);
  return ring;
}

static void run_job(void *payload) {
  struct job *job = payload;
  struct keyring *ring = ring_of(job->sessions);
  struct rows rows = {job->sessions->store, ring};
  job->run(job->payload, &rows);
  keyring_free(ring);
}

static void end_job(void *payload) {
  struct job *job = payload;
  if (job->done) job->done(job->payload);
  free(job);
}

bool sessions_submit(struct sessions *sessions, void (*run)(void *payload, const struct rows *rows), void (*done)(void *payload),
                     void *payload) {
  struct job *job = mem_alloc(sizeof *job);
  *job = (struct job){sessions, run, done, payload};
  if (work_submit(sessions->thread, run_job, end_job, job)) return true;
  free(job);
  return false;
}

struct rows sessions_rows(struct sessions *sessions) {
  uv_mutex_lock(&sessions->workers_lock);
  sessions->workers_ring = ring_of(sessions);
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

static void set_session(struct sessions *sessions, struct entry *entry, struct gateway_session *session) { /* takes over the reference */
  gateway_session_unref(entry->session);
  entry->session = session;
  entry->loaded_ms = clock_monotonic_ms();
  add_tag(sessions, entry);
}

static void sweep(struct sessions *sessions, int64_t now_ms);

static struct entry *add_entry(struct sessions *sessions, const unsigned char id[HASH_SIZE]) {
  if (sessions->entries.count >= sessions->sweep_at) sweep(sessions, clock_monotonic_ms());
  struct entry *entry = mem_alloc(sizeof *entry);
  memcpy(entry->id, id, sizeof entry->id);
  entry->used_ms = clock_monotonic_ms();
  (void)map_put(&sessions->entries, id_of(entry), entry);
  return entry;
}

static void drop_entry(struct sessions *sessions, struct entry *entry) {
  if (entry->loading) return; /* its load ends it */
  if (sessions->last == entry) sessions->last = NULL;
  remove_tag(sessions, entry);
  (void)map_delete(&sessions->entries, id_of(entry));
  gateway_session_unref(entry->session);
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
  entry->touched_ms = session_seen(entry->session);
  entry->touched_with = sessions->newest_key;
  if (session_frozen(entry->session)) return;
  struct gateway_session *session = gateway_session_ref(entry->session);
  if (!sessions_submit(sessions, touch_run, touch_done, session)) gateway_session_unref(session);
}

void sessions_use(struct sessions *sessions, struct gateway_session *session) {
  struct entry *entry = entry_of(sessions, session_id(session));
  int64_t now = clock_now_ms(), idle = session_terms(session)->idle_ms, step = idle / 10 < TOUCH_MAX_MS ? idle / 10 : TOUCH_MAX_MS;
  session_set_seen(session, now);
  if (!entry || entry->session != session) return;
  if (now - entry->touched_ms >= step || entry->touched_with != sessions->newest_key) touch(sessions, entry);
}

void sessions_add(struct sessions *sessions, struct gateway_session *session) {
  struct entry *entry = entry_of(sessions, session_id(session));
  if (!entry) entry = add_entry(sessions, session_id(session));
  if (entry->session == session) return;
  set_session(sessions, entry, gateway_session_ref(session));
  entry->touched_ms = session_seen(session);
}

/* With the ids it had before: what they hold is over, too. */
void sessions_forget(struct sessions *sessions, struct gateway_session *session) {
  VEC(struct entry *) dead = {0};
  struct entry *own = entry_of(sessions, session_id(session));
  int64_t now = clock_now_ms();
  for (struct map_entry *e = map_first(&sessions->entries); e; e = map_next(&sessions->entries, e)) {
    struct entry *entry = e->value;
    if (entry == own || (entry->session && session_life(entry->session, now) == SESSION_DEAD)) VEC_PUSH(&dead, entry);
  }
  for (size_t i = 0; i < dead.n; i++) drop_entry(sessions, dead.p[i]);
  VEC_FREE(&dead);
}

void sessions_look_again(struct sessions *sessions) {
  sessions->changed_ms = clock_monotonic_ms();
}

size_t sessions_count(const struct sessions *sessions) {
  return sessions->entries.count;
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
  set_session(sessions, entry, session_freeze(entry->session, session_late_until(entry->session)));
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
    set_session(load->sessions, entry, read);
    entry->touched_ms = session_seen(read);
  } else if (session_frozen(read) && !session_superseded(known)) { /* another process has given it another id */
    set_session(load->sessions, entry, read);
  } else {
    if (!session_frozen(known) && session_changes(known) == load->changes) merge(known, read);
    entry->loaded_ms = clock_monotonic_ms();
    gateway_session_unref(read);
  }
}

static void load_done(void *payload) {
  struct load *load = payload;
  struct sessions *sessions = load->sessions;
  struct entry *entry = load->entry;
  struct waiter *waiters = entry->waiters;
  entry->waiters = NULL;
  entry->loading = false;
  bool gone = load->found == 0 && !(entry->session && session_superseded(entry->session));
  if (load->found == 1)
    take_in(load);
  else if (gone && entry->session)
    session_end(entry->session); /* another process has ended it */
  unsigned char id[HASH_SIZE];
  memcpy(id, entry->id, sizeof id);
  if (!entry->session) drop_entry(sessions, entry);
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
  *load = (struct load){
      .sessions = sessions, .entry = entry, .cookie = *cookie, .changes = entry->session ? session_changes(entry->session) : 0};
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
  bool loaded = entry->session && !entry->loading && entry->loaded_ms > sessions->changed_ms;
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

static bool is_unused(const struct entry *entry, int64_t now_ms, int64_t limit_ms) {
  return entry->session && !entry->loading && !session_held(entry->session) &&
         (now_ms - entry->used_ms > limit_ms || session_life(entry->session, clock_now_ms()) != SESSION_ALIVE);
}

static void sweep(struct sessions *sessions, int64_t now_ms) {
  VEC(struct entry *) unused = {0};
  int64_t limit = sessions->entries.count > SESSIONS_MOST ? CROWDED_MS : UNUSED_MS;
  for (struct map_entry *e = map_first(&sessions->entries); e; e = map_next(&sessions->entries, e)) {
    struct entry *entry = e->value;
    if (is_unused(entry, now_ms, limit)) VEC_PUSH(&unused, entry);
  }
  for (size_t i = 0; i < unused.n; i++) {
    if (session_seen(unused.p[i]->session) > unused.p[i]->touched_ms) touch(sessions, unused.p[i]);
    drop_entry(sessions, unused.p[i]);
  }
  VEC_FREE(&unused);
  sessions->sweep_at = (sessions->entries.count > SESSIONS_MOST ? sessions->entries.count : SESSIONS_MOST) + SESSIONS_MOST / 8;
}

static void on_sweep(uv_timer_t *timer) {
  struct sessions *sessions = timer->data;
  int64_t now = clock_monotonic_ms();
  sweep(sessions, now);
  if (now - sessions->purged_ms < PURGE_MS) return;
  sessions->purged_ms = now;
  (void)sessions_submit(sessions, purge_run, NULL, NULL);
}

/* Life. */

struct sessions *sessions_new(uv_loop_t *loop, struct str store, struct keyring *ring, struct error *error) {
  struct store *first = store_open(store, error);
  struct store *second = first ? store_open(store, error) : NULL;
  if (!second) {
    store_close(first);
    keyring_free(ring);
    return NULL;
  }
  struct sessions *sessions = mem_alloc(sizeof *sessions);
  sessions->loop = loop;
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
    if (entry->session && session_seen(entry->session) > entry->touched_ms) touch(sessions, entry);
  }
  work_free(sessions->thread);
  uv_close((uv_handle_t *)sessions->sweep, on_closed);
  for (struct map_entry *e = map_first(&sessions->entries); e; e = map_next(&sessions->entries, e)) {
    struct entry *entry = e->value;
    gateway_session_unref(entry->session);
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
