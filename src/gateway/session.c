#include "gateway/session.h"

#include "base/mem.h"
#include "crypt/random.h"
#include <sodium.h>

struct session_lineage {
  atomic_uint references;
  uv_mutex_t lock; /* of the two below */
  uv_cond_t changed;
  unsigned renewals;
  bool rotating;
  atomic_bool dead;
};

struct gateway_session {
  atomic_uint references;
  struct session_lineage *lineage;
  struct browser_cookie cookie;
  struct session_terms terms;
  char owner[SESSION_OWNER_LETTERS + 1];
  char *app;
  unsigned char key[HASH_SIZE];
  _Atomic int64_t seen_ms;
  uv_mutex_t lock; /* of what follows */
  struct connection **connections;
  size_t count;
  struct gateway_session *successor;
  int64_t until_ms; /* of a superseded one, and of a frozen one */
  bool frozen;      /* fixed */
  _Atomic uint64_t changes;
};

/* Lineage. */

static struct session_lineage *lineage_new(void) {
  struct session_lineage *lineage = mem_alloc(sizeof *lineage);
  atomic_init(&lineage->references, 1);
  if (uv_mutex_init(&lineage->lock) || uv_cond_init(&lineage->changed)) abort();
  return lineage;
}

static struct session_lineage *lineage_ref(struct session_lineage *lineage) {
  atomic_fetch_add_explicit(&lineage->references, 1, memory_order_relaxed);
  return lineage;
}

static void lineage_unref(struct session_lineage *lineage) {
  if (atomic_fetch_sub_explicit(&lineage->references, 1, memory_order_acq_rel) > 1) return;
  uv_mutex_destroy(&lineage->lock);
  uv_cond_destroy(&lineage->changed);
  free(lineage);
}

void session_begin_rotation(struct gateway_session *session) {
  struct session_lineage *lineage = session->lineage;
  uv_mutex_lock(&lineage->lock);
  while (lineage->rotating) uv_cond_wait(&lineage->changed, &lineage->lock);
  lineage->rotating = true; /* no renewal begins any more; those under way end first */
  while (lineage->renewals) uv_cond_wait(&lineage->changed, &lineage->lock);
  uv_mutex_unlock(&lineage->lock);
}

void session_end_rotation(struct gateway_session *session) {
  uv_mutex_lock(&session->lineage->lock);
  session->lineage->rotating = false;
  uv_cond_broadcast(&session->lineage->changed);
  uv_mutex_unlock(&session->lineage->lock);
}

bool session_rotates(const struct gateway_session *session) {
  struct session_lineage *lineage = session->lineage;
  uv_mutex_lock(&lineage->lock);
  bool rotates = lineage->rotating;
  uv_mutex_unlock(&lineage->lock);
  return rotates;
}

void session_begin_renewal(struct gateway_session *session) {
  struct session_lineage *lineage = session->lineage;
  uv_mutex_lock(&lineage->lock);
  while (lineage->rotating) uv_cond_wait(&lineage->changed, &lineage->lock);
  lineage->renewals++;
  uv_mutex_unlock(&lineage->lock);
}

void session_end_renewal(struct gateway_session *session) {
  uv_mutex_lock(&session->lineage->lock);
  session->lineage->renewals--;
  uv_cond_broadcast(&session->lineage->changed);
  uv_mutex_unlock(&session->lineage->lock);
}

/* Life. */

static void make_owner(struct gateway_session *session, struct str owner) {
  struct arena *arena = arena_new();
  if (owner.n != SESSION_OWNER_LETTERS) owner = random_id(arena, SESSION_OWNER_LETTERS);
  memcpy(session->owner, owner.p, SESSION_OWNER_LETTERS);
  arena_free(arena);
}

struct gateway_session *session_new(struct browser_cookie *cookie, const struct session_terms *terms, struct gateway_session *before) {
  struct gateway_session *session = mem_alloc(sizeof *session);
  atomic_init(&session->references, 1);
  session->lineage = before ? lineage_ref(before->lineage) : lineage_new();
  session->cookie = *cookie;
  *cookie = (struct browser_cookie){0};
  session->terms = *terms;
  make_owner(session, terms->owner);
  session->app = mem_printf("%.*s", STR_ARG(terms->app));
  session->terms.owner = str_of(session->owner);
  session->terms.app = str_of(session->app);
  if (terms->key.n == HASH_SIZE) memcpy(session->key, terms->key.p, HASH_SIZE);
  session->terms.key = (struct str){(const char *)session->key, terms->key.n == HASH_SIZE ? HASH_SIZE : 0};
  session->seen_ms = before ? before->seen_ms : terms->created_ms;
  if (uv_mutex_init(&session->lock)) abort();
  return session;
}

struct gateway_session *gateway_session_ref(struct gateway_session *session) {
  atomic_fetch_add_explicit(&session->references, 1, memory_order_relaxed);
  return session;
}

void gateway_session_unref(struct gateway_session *session) {
  while (session && atomic_fetch_sub_explicit(&session->references, 1, memory_order_acq_rel) == 1) {
    struct gateway_session *successor = session->successor;
    for (size_t i = 0; i < session->count; i++) connection_unref(session->connections[i]);
    free(session->connections);
    browser_cookie_clear(&session->cookie);
    lineage_unref(session->lineage);
    uv_mutex_destroy(&session->lock);
    free(session->app);
    free(session);
    session = successor;
  }
}

bool session_held(const struct gateway_session *session, unsigned by) {
  return atomic_load_explicit(&session->references, memory_order_relaxed) > by;
}

const unsigned char *session_id(const struct gateway_session *session) {
  return session->cookie.id;
}

const struct secret *session_holder(const struct gateway_session *session) {
  return session->cookie.holder;
}

const struct secret *session_cookie(const struct gateway_session *session) {
  return session->cookie.text;
}

const struct session_terms *session_terms(const struct gateway_session *session) {
  return &session->terms;
}

const char *session_mark(const struct gateway_session *session, char ret[SESSION_MARK_SIZE]) {
  return sodium_bin2hex(ret, SESSION_MARK_SIZE, session_id(session), SESSION_MARK_SIZE / 2);
}

struct str gateway_session_owner(const struct gateway_session *session) {
  return session->terms.owner;
}

/* Times. Sums of what the configuration and the clock gave cannot overflow; what a store gave might. */
static int64_t later(int64_t ms, int64_t by) {
  int64_t sum;
  return __builtin_add_overflow(ms, by, &sum) ? INT64_MAX : sum;
}

int64_t session_seen(const struct gateway_session *session) {
  return session->seen_ms;
}

void session_set_seen(struct gateway_session *session, int64_t now_ms) {
  int64_t before = session->seen_ms;
  while (before < now_ms && !atomic_compare_exchange_weak(&session->seen_ms, &before, now_ms)) {
  }
}

int64_t session_idle_end(const struct gateway_session *session) {
  int64_t end = later(session->seen_ms, session->terms.idle_ms);
  return end < session->terms.expires_ms ? end : session->terms.expires_ms;
}

enum session_life session_life(const struct gateway_session *session, int64_t now_ms) {
  if (session->lineage->dead || (session->frozen && now_ms >= session->until_ms)) return SESSION_DEAD;
  return now_ms < session_idle_end(session) ? SESSION_ALIVE : SESSION_ENDED_BY_TIME;
}

void session_end(struct gateway_session *session) {
  session->lineage->dead = true;
}

void session_supersede(struct gateway_session *session, struct gateway_session *by, int64_t until_ms) {
  uv_mutex_lock(&session->lock);
  if (!session->successor) session->successor = gateway_session_ref(by);
  session->until_ms = until_ms;
  uv_mutex_unlock(&session->lock);
}

bool session_superseded(const struct gateway_session *session) {
  struct gateway_session *s = (struct gateway_session *)(uintptr_t)session;
  uv_mutex_lock(&s->lock);
  bool superseded = s->successor;
  uv_mutex_unlock(&s->lock);
  return superseded;
}

int64_t session_late_until(const struct gateway_session *session) {
  struct gateway_session *s = (struct gateway_session *)(uintptr_t)session;
  uv_mutex_lock(&s->lock);
  int64_t until = s->until_ms;
  uv_mutex_unlock(&s->lock);
  return until;
}

struct gateway_session *session_freeze(struct gateway_session *session, int64_t until_ms) {
  struct browser_cookie cookie = {.text = secret_ref(session->cookie.text), .holder = secret_ref(session->cookie.holder)};
  memcpy(cookie.id, session->cookie.id, sizeof cookie.id);
  struct gateway_session *frozen = session_new(&cookie, &session->terms, session);
  frozen->frozen = true;
  frozen->until_ms = until_ms;
  uv_mutex_lock(&session->lock);
  frozen->successor = session->successor ? gateway_session_ref(session->successor) : NULL;
  for (size_t i = 0; i < session->count; i++) session_put_connection(frozen, session->connections[i]);
  uv_mutex_unlock(&session->lock);
  return frozen;
}

bool session_frozen(const struct gateway_session *session) {
  return session->frozen;
}

struct gateway_session *session_usable(struct gateway_session *session) {
  if (!session->frozen) return session_newest(session);
  return session->lineage->dead ? NULL : gateway_session_ref(session);
}

struct gateway_session *session_newest(struct gateway_session *session) {
  if (session->lineage->dead) return NULL;
  struct gateway_session *at = gateway_session_ref(session);
  for (;;) {
    uv_mutex_lock(&at->lock);
    struct gateway_session *next = at->successor ? gateway_session_ref(at->successor) : NULL;
    uv_mutex_unlock(&at->lock);
    if (!next) return at;
    gateway_session_unref(at);
    at = next;
  }
}

/* Connections. */

static size_t find(const struct gateway_session *session, struct str server) {
  for (size_t i = 0; i < session->count; i++)
    if (str_eq(connection_about(session->connections[i])->server, server)) return i;
  return SIZE_MAX;
}

struct connection *session_connection(struct gateway_session *session, struct str server) {
  struct connection *found = NULL;
  uv_mutex_lock(&session->lock);
  size_t at = find(session, server);
  if (at != SIZE_MAX && !connection_ended(session->connections[at])) found = connection_ref(session->connections[at]);
  uv_mutex_unlock(&session->lock);
  return found;
}

size_t session_connection_count(struct gateway_session *session) {
  uv_mutex_lock(&session->lock);
  size_t count = session->count;
  uv_mutex_unlock(&session->lock);
  return count;
}

static int by_server(const void *a, const void *b) {
  struct connection *const *x = a, *const *y = b;
  return str_cmp(connection_about(*x)->server, connection_about(*y)->server);
}

size_t session_connections(struct gateway_session *session, struct connection **ret, size_t most) {
  size_t n = 0;
  uv_mutex_lock(&session->lock);
  for (size_t i = 0; i < session->count && n < most; i++)
    if (!connection_ended(session->connections[i])) ret[n++] = connection_ref(session->connections[i]);
  uv_mutex_unlock(&session->lock);
  qsort(ret, n, sizeof *ret, by_server);
  return n;
}

void session_put_connection(struct gateway_session *session, struct connection *connection) {
  struct connection *before = NULL;
  uv_mutex_lock(&session->lock);
  size_t at = find(session, connection_about(connection)->server);
  if (at != SIZE_MAX) {
    before = session->connections[at];
    session->connections[at] = connection_ref(connection);
  } else if (session->count < SESSION_CONNECTIONS_MAX) {
    session->connections = mem_resize_array(session->connections, session->count + 1, sizeof(struct connection *));
    session->connections[session->count++] = connection_ref(connection);
  }
  session->changes++;
  uv_mutex_unlock(&session->lock);
  connection_unref(before);
}

void session_drop_connection(struct gateway_session *session, struct str server) {
  struct connection *gone = NULL;
  uv_mutex_lock(&session->lock);
  size_t at = find(session, server);
  if (at != SIZE_MAX) {
    gone = session->connections[at];
    session->connections[at] = session->connections[--session->count];
    session->changes++;
  }
  uv_mutex_unlock(&session->lock);
  connection_unref(gone);
}

uint64_t session_changes(const struct gateway_session *session) {
  return session->changes;
}

bool gateway_session_person(struct gateway_session *session, struct str server_id, struct arena *arena, struct gateway_person *ret) {
  struct gateway_session *usable = session_usable(session);
  struct connection *connection = usable ? session_connection(usable, server_id) : NULL;
  bool known = connection && connection_about(connection)->user_id.n;
  if (known) {
    const struct connection_about *about = connection_about(connection);
    *ret = (struct gateway_person){.id = arena_str(arena, about->user_id),
                                   .username = arena_str(arena, about->username),
                                   .name = arena_str(arena, about->name),
                                   .version = arena_str(arena, about->version)};
  }
  connection_unref(connection);
  gateway_session_unref(usable);
  return known;
}
