#include "store/store.h"

#include "base/utf8.h"
#include "store/engine.h"

enum {
  NAME_MAX_BYTES = 128, /* kinds, states, modes, servers, ids of leases and owners */
  OWNER_MAX_BYTES = 512,
  JSON_MAX_BYTES = 256 << 10, /* what belongs to a session, a connection, a list or one event */
  SEALED_MAX_BYTES = 1 << 20,
  ID_MAX_BYTES = 64,
};

bool store_is_shared(struct str address) {
  return str_starts(address, str_of(store_postgres.scheme));
}

static const struct store_engine *engine_of(struct str address, struct str *ret_place, struct error *error) {
  static const struct store_engine *const engines[] = {&store_sqlite, &store_postgres};
  for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
    struct str scheme = str_of(engines[i]->scheme);
    *ret_place = str_from(address, scheme.n);
    if (str_starts(address, scheme)) return engines[i];
  }
  (void)error_set(error, ERROR_configuration,
                  "'%.*s' is no store that this program knows: write sqlite:/path/to/state.db or postgresql://…",
                  STR_ARG(str_slice(address, 0, str_find_char(address, ':'))));
  return NULL;
}

int store_check_address(struct str address, struct error *error) {
  struct str place;
  const struct store_engine *engine = engine_of(address, &place, error);
  return engine ? engine->check(place, error) : -1;
}

static struct store *open_by_address(struct str address, bool may_make, struct error *error) {
  struct str place;
  const struct store_engine *engine = engine_of(address, &place, error);
  return engine && engine->check(place, error) == 0 ? engine->open(place, may_make, error) : NULL;
}

struct store *store_open(struct str address, struct error *error) {
  return open_by_address(address, true, error);
}

struct store *store_open_existing(struct str address, struct error *error) {
  return open_by_address(address, false, error);
}

void store_close(struct store *store) {
  if (store) store->engine->close(store);
}

/* --- what comes in --- */

static int check_text(struct str text, size_t most, const char *what, struct error *error) {
  if (text.n > most) return error_set(error, ERROR_too_large, "the %s has more than %zu bytes", what, most);
  if (!utf8_valid(text) || (text.n && memchr(text.p, '\0', text.n)))
    return error_set(error, ERROR_bad_request, "the %s is no text in UTF-8", what);
  return 0;
}

static int check_name(struct str text, size_t most, const char *what, struct error *error) {
  if (text.n == 0) return error_set(error, ERROR_bad_request, "the %s is empty", what);
  return check_text(text, most, what, error);
}

static int check_size(struct str bytes, size_t most, const char *what, struct error *error) {
  return bytes.n <= most ? 0 : error_set(error, ERROR_too_large, "the %s has more than %zu bytes", what, most);
}

static int check_session(const struct store_session *s, struct error *error) {
  if (check_text(s->app, OWNER_MAX_BYTES, "origin of the session", error) < 0 || check_text(s->mode, NAME_MAX_BYTES, "mode", error) < 0)
    return -1;
  return check_text(s->data, JSON_MAX_BYTES, "session's data", error);
}

static int check_connection(const struct store_connection *c, struct error *error) {
  if (check_name(c->server, NAME_MAX_BYTES, "server's id", error) < 0 || check_text(c->kind, NAME_MAX_BYTES, "kind", error) < 0) return -1;
  if (check_text(c->state, NAME_MAX_BYTES, "state", error) < 0 || check_text(c->user, JSON_MAX_BYTES, "user", error) < 0) return -1;
  if (check_size(c->sealed, SEALED_MAX_BYTES, "sealed credential", error) < 0) return -1;
  return check_text(c->data, JSON_MAX_BYTES, "connection's data", error);
}

static int check_place(struct str kind, struct str id, struct error *error) {
  if (check_name(kind, NAME_MAX_BYTES, "kind of document", error) < 0) return -1;
  return check_name(id, ID_MAX_BYTES, "document's id", error);
}

static int check_document(const struct store_document *d, struct error *error) {
  if (check_place(d->kind, d->id, error) < 0 || check_text(d->owner, OWNER_MAX_BYTES, "owner", error) < 0 ||
      check_text(d->key, OWNER_MAX_BYTES, "key", error) < 0)
    return -1;
  if (check_text(d->about, JSON_MAX_BYTES, "summary", error) < 0 || check_size(d->sealed, SEALED_MAX_BYTES, "sealed part", error) < 0)
    return -1;
  return check_size(d->body, STORE_BODY_MAX, "document", error);
}

/* --- sessions --- */

int store_session_put(struct store *store, const struct store_session *session, struct error *error) {
  return check_session(session, error) < 0 ? -1 : store->engine->session_put(store, session, error);
}

int store_session_get(struct store *store, const unsigned char id[STORE_HASH_SIZE], struct arena *arena, struct store_session *ret,
                      struct error *error) {
  return store->engine->session_get(store, id, arena, ret, error);
}

int store_session_list(struct store *store, int64_t now_ms, size_t limit, struct arena *arena, struct store_session **ret,
                       size_t *ret_count, struct error *error) {
  return store->engine->session_list(store, now_ms, limit, arena, ret, ret_count, error);
}

int store_session_touch(struct store *store, const unsigned char id[STORE_HASH_SIZE], int64_t seen_ms, struct error *error) {
  return store->engine->session_touch(store, id, seen_ms, error);
}

int store_session_data(struct store *store, const unsigned char id[STORE_HASH_SIZE], struct str data, struct error *error) {
  return check_text(data, JSON_MAX_BYTES, "session's data", error) < 0 ? -1 : store->engine->session_data(store, id, data, error);
}

int store_session_delete(struct store *store, const unsigned char id[STORE_HASH_SIZE], struct error *error) {
  return store->engine->session_delete(store, id, error);
}

int store_session_rotate(struct store *store, const unsigned char old_id[STORE_HASH_SIZE], int64_t old_until_ms,
                         const struct store_session *session, const struct store_connection *connections, size_t count,
                         struct error *error) {
  if (check_session(session, error) < 0) return -1;
  if (memcmp(old_id, session->id, STORE_HASH_SIZE) == 0) return error_set(error, ERROR_inside, "a session cannot be moved to its own id");
  for (size_t i = 0; i < count; i++)
    if (check_connection(&connections[i], error) < 0) return -1;
  return store->engine->session_rotate(store, old_id, old_until_ms, session, connections, count, error);
}

/* --- connections --- */

int store_connection_put(struct store *store, const struct store_connection *connection, size_t most, struct error *error) {
  return check_connection(connection, error) < 0 ? -1 : store->engine->connection_put(store, connection, most, error);
}

int store_connection_get(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct str server, struct arena *arena,
                         struct store_connection *ret, struct error *error) {
  return check_name(server, NAME_MAX_BYTES, "server's id", error) < 0
             ? -1
             : store->engine->connection_get(store, session, server, arena, ret, error);
}

int store_connection_list(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct arena *arena,
                          struct store_connection **ret, size_t *ret_count, struct error *error) {
  return store->engine->connection_list(store, session, arena, ret, ret_count, error);
}

int store_connection_renew(struct store *store, const struct store_connection *connection, struct error *error) {
  return check_connection(connection, error) < 0 ? -1 : store->engine->connection_renew(store, connection, error);
}

int store_connection_state(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct str server, int64_t generation,
                           struct str state, struct error *error) {
  if (check_name(server, NAME_MAX_BYTES, "server's id", error) < 0 || check_text(state, NAME_MAX_BYTES, "state", error) < 0) return -1;
  return store->engine->connection_state(store, session, server, generation, state, error);
}

int store_connection_end(struct store *store, struct str server, struct str user_id, struct str data, size_t *ret_count,
                         struct error *error) {
  *ret_count = 0;
  return check_name(server, NAME_MAX_BYTES, "server's id", error) < 0
             ? -1
             : store->engine->connection_end(store, server, user_id, data, ret_count, error);
}

int store_connection_delete(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct str server, struct error *error) {
  return check_name(server, NAME_MAX_BYTES, "server's id", error) < 0 ? -1
                                                                      : store->engine->connection_delete(store, session, server, error);
}

/* --- tickets, leases --- */

int store_ticket_put(struct store *store, const struct store_ticket *ticket, struct error *error) {
  if (check_name(ticket->kind, NAME_MAX_BYTES, "kind of ticket", error) < 0 ||
      check_text(ticket->server, NAME_MAX_BYTES, "server's id", error) < 0)
    return -1;
  return check_size(ticket->sealed, SEALED_MAX_BYTES, "ticket", error) < 0 ? -1 : store->engine->ticket_put(store, ticket, error);
}

int store_ticket_take(struct store *store, struct str kind, const unsigned char id[STORE_HASH_SIZE], int64_t now_ms, struct arena *arena,
                      struct store_ticket *ret, struct error *error) {
  return check_name(kind, NAME_MAX_BYTES, "kind of ticket", error) < 0
             ? -1
             : store->engine->ticket_take(store, kind, id, now_ms, arena, ret, error);
}

static int check_lease(struct str name, struct str owner, struct error *error) {
  if (check_name(name, OWNER_MAX_BYTES, "lease's name", error) < 0) return -1;
  return check_name(owner, NAME_MAX_BYTES, "lease's owner", error);
}

int store_lease_take(struct store *store, struct str name, struct str owner, int64_t now_ms, int64_t deadline_ms, struct store_lease *ret,
                     struct error *error) {
  return check_lease(name, owner, error) < 0 ? -1 : store->engine->lease_take(store, name, owner, now_ms, deadline_ms, ret, error);
}

int store_lease_look(struct store *store, struct str name, int64_t now_ms, struct error *error) {
  return check_name(name, OWNER_MAX_BYTES, "lease's name", error) < 0 ? -1 : store->engine->lease_look(store, name, now_ms, error);
}

int store_lease_release(struct store *store, struct str name, struct str owner, struct error *error) {
  return check_lease(name, owner, error) < 0 ? -1 : store->engine->lease_release(store, name, owner, error);
}

/* --- documents --- */

int store_document_create(struct store *store, const struct store_document *document, struct error *error) {
  return check_document(document, error) < 0 ? -1 : store->engine->document_create(store, document, error);
}

int store_document_get(struct store *store, struct str kind, struct str id, struct arena *arena, struct store_document *ret,
                       struct error *error) {
  if (id.n == 0 || id.n > ID_MAX_BYTES || !utf8_valid(id)) return 0; /* whatever was in an address: it is not there */
  return check_place(kind, id, error) < 0 ? -1 : store->engine->document_get(store, kind, id, arena, ret, error);
}

int store_document_by_key(struct store *store, struct str kind, struct str owner, struct str key, struct arena *arena,
                          struct store_document *ret, struct error *error) {
  if (key.n == 0 || key.n > OWNER_MAX_BYTES || !utf8_valid(key)) return 0;
  return check_name(kind, NAME_MAX_BYTES, "kind of document", error) < 0
             ? -1
             : store->engine->document_by_key(store, kind, owner, key, arena, ret, error);
}

int store_document_list(struct store *store, struct str kind, struct str owner, size_t limit, struct arena *arena,
                        struct store_document **ret, size_t *ret_count, struct error *error) {
  if (check_name(kind, NAME_MAX_BYTES, "kind of document", error) < 0) return -1;
  return store->engine->document_list(store, kind, owner.p ? owner : STR(""), limit, arena, ret, ret_count, error);
}

int store_document_list_all(struct store *store, struct str kind, size_t limit, struct arena *arena, struct store_document **ret,
                            size_t *ret_count, struct error *error) {
  if (check_name(kind, NAME_MAX_BYTES, "kind of document", error) < 0) return -1;
  return store->engine->document_list(store, kind, STR_NONE, limit, arena, ret, ret_count, error);
}

int store_document_update(struct store *store, const struct store_document *document, int64_t *ret_version, struct error *error) {
  return check_document(document, error) < 0 ? -1 : store->engine->document_update(store, document, ret_version, error);
}

int store_document_delete(struct store *store, struct str kind, struct str id, struct error *error) {
  return check_place(kind, id, error) < 0 ? -1 : store->engine->document_delete(store, kind, id, error);
}

int store_history_add(struct store *store, struct str kind, struct str id, int64_t at_ms, struct str who, struct str what,
                      struct error *error) {
  if (check_place(kind, id, error) < 0 || check_text(who, OWNER_MAX_BYTES, "person", error) < 0 ||
      check_text(what, JSON_MAX_BYTES, "event", error) < 0)
    return -1;
  return store->engine->history_add(store, kind, id, at_ms, who, what, error);
}

int store_history_list(struct store *store, struct str kind, struct str id, int64_t after, size_t limit, struct arena *arena,
                       struct store_event **ret, size_t *ret_count, struct error *error) {
  return check_place(kind, id, error) < 0 ? -1 : store->engine->history_list(store, kind, id, after, limit, arena, ret, ret_count, error);
}

int store_journal_add(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name,
                      struct str bytes, struct error *error) {
  if (check_place(kind, id, error) < 0 || check_name(fence->lease, OWNER_MAX_BYTES, "lease's name", error) < 0 ||
      check_name(name, NAME_MAX_BYTES, "journal's name", error) < 0 || check_size(bytes, STORE_BODY_MAX, "record", error) < 0)
    return -1;
  return store->engine->journal_add(store, kind, id, fence, name, bytes, error);
}

int store_journal_list(struct store *store, struct str kind, struct str id, struct str name, int64_t after, size_t limit,
                       struct arena *arena, struct store_record **ret, size_t *ret_count, struct error *error) {
  if (check_place(kind, id, error) < 0 || check_name(name, NAME_MAX_BYTES, "journal's name", error) < 0) return -1;
  return store->engine->journal_list(store, kind, id, name, after, limit, arena, ret, ret_count, error);
}

void store_rest(struct store *store) {
  if (store->engine->rest) store->engine->rest(store);
}

int store_purge(struct store *store, int64_t now_ms, struct error *error) {
  return store->engine->purge(store, now_ms, error);
}

int store_purge_tickets(struct store *store, int64_t now_ms, struct error *error) {
  return store->engine->purge_tickets(store, now_ms, error);
}
