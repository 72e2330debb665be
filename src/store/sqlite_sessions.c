#include "store/sqlite_internal.h"

/* --- sessions --- */

static int put_session(struct store *store, const struct store_session *s, struct error *error) {
  struct query q = query_of(
      store, "INSERT INTO sessions (id, created_ms, seen_ms, idle_ms, expires_ms, app, mode, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
             " ON CONFLICT (id) DO UPDATE SET created_ms = excluded.created_ms, seen_ms = excluded.seen_ms, idle_ms = excluded.idle_ms,"
             " expires_ms = excluded.expires_ms, app = excluded.app, mode = excluded.mode, data = excluded.data");
  query_hash(&q, s->id);
  query_int(&q, s->created_ms);
  query_int(&q, s->seen_ms);
  query_int(&q, s->idle_ms);
  query_int(&q, s->expires_ms);
  query_text(&q, s->app);
  query_text(&q, s->mode);
  query_text(&q, s->data);
  return query_run(&q, error);
}

int sqlite_session_put(struct store *store, const struct store_session *session, struct error *error) {
  return put_session(store, session, error);
}

#define SESSION "created_ms, seen_ms, idle_ms, expires_ms, app, mode, data"

static struct store_session session_of(struct query *q, struct arena *arena) {
  return (struct store_session){.created_ms = query_get_int(q, 0),
                                .seen_ms = query_get_int(q, 1),
                                .idle_ms = query_get_int(q, 2),
                                .expires_ms = query_get_int(q, 3),
                                .app = query_get_str(q, 4, arena),
                                .mode = query_get_str(q, 5, arena),
                                .data = query_get_str(q, 6, arena)};
}

int sqlite_session_get(struct store *store, const unsigned char *id, struct arena *arena, struct store_session *ret, struct error *error) {
  struct query q = query_of(store, "SELECT " SESSION " FROM sessions WHERE id = ?");
  query_hash(&q, id);
  int found = query_next(&q, error);
  if (found == 1) *ret = session_of(&q, arena);
  if (found == 1) memcpy(ret->id, id, STORE_HASH_SIZE);
  return query_end(&q, found, error);
}

int sqlite_session_list(struct store *store, int64_t now_ms, size_t limit, struct arena *arena, struct store_session **ret,
                        size_t *ret_count, struct error *error) {
  struct query q = query_of(
      store, "SELECT " SESSION ", id FROM sessions WHERE expires_ms > ?1 AND seen_ms + idle_ms > ?1 ORDER BY seen_ms DESC, id LIMIT ?2");
  struct store_session *rows = NULL;
  size_t n = 0, capacity = 0;
  int found;
  query_int(&q, now_ms);
  query_int(&q, (int64_t)limit);
  while ((found = query_next(&q, error)) == 1) {
    if (n == capacity) rows = query_more(arena, rows, &capacity, sizeof *rows);
    rows[n] = session_of(&q, arena);
    struct str id = query_get_str(&q, 7, arena);
    if (id.n == STORE_HASH_SIZE) memcpy(rows[n++].id, id.p, STORE_HASH_SIZE);
  }
  if (query_end(&q, found, error) < 0) return -1;
  *ret = rows;
  *ret_count = n;
  return 0;
}

int sqlite_session_touch(struct store *store, const unsigned char *id, int64_t seen_ms, struct error *error) {
  struct query q = query_of(store, "UPDATE sessions SET seen_ms = ?1 WHERE id = ?2 AND seen_ms < ?1");
  query_int(&q, seen_ms);
  query_hash(&q, id);
  return query_run(&q, error);
}

int sqlite_session_data(struct store *store, const unsigned char *id, struct str data, struct error *error) {
  struct query q = query_of(store, "UPDATE sessions SET data = ? WHERE id = ?");
  query_text(&q, data);
  query_hash(&q, id);
  return query_run(&q, error);
}

int sqlite_session_delete(struct store *store, const unsigned char *id, struct error *error) {
  struct query q = query_of(store, "DELETE FROM sessions WHERE id = ?");
  query_hash(&q, id);
  return query_run(&q, error);
}

/* --- connections --- */

#define COLUMNS "session, server, kind, state, user, generation, since_ms, expires_ms, data, sealed"

static int insert_connection(struct store *store, const unsigned char *session, const struct store_connection *c, int64_t generation,
                             struct error *error) {
  struct query q = query_of(
      store,
      "INSERT INTO connections (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (session, server) DO UPDATE SET kind = excluded.kind, state = excluded.state, user = excluded.user,"
      " generation = connections.generation + 1, since_ms = excluded.since_ms, expires_ms = excluded.expires_ms, data = excluded.data,"
      " sealed = excluded.sealed");
  query_hash(&q, session);
  query_text(&q, c->server);
  query_text(&q, c->kind);
  query_text(&q, c->state);
  query_text(&q, c->user);
  query_int(&q, generation);
  query_int(&q, c->since_ms);
  query_int(&q, c->expires_ms);
  query_text(&q, c->data);
  query_blob(&q, c->sealed);
  return query_run(&q, error);
}

static int count_others(struct store *store, const struct store_connection *c, int64_t *ret, struct error *error) {
  struct query q = query_of(store, "SELECT count(*) FROM connections WHERE session = ? AND server <> ?");
  query_hash(&q, c->session);
  query_text(&q, c->server);
  int found = query_next(&q, error);
  if (found == 1) *ret = query_get_int(&q, 0);
  return query_end(&q, found, error);
}

static int has_session(struct store *store, const unsigned char *id, struct error *error) {
  struct query q = query_of(store, "SELECT 1 FROM sessions WHERE id = ?");
  query_hash(&q, id);
  return query_end(&q, query_next(&q, error), error);
}

static int put_connection(struct store *store, const struct store_connection *c, size_t most, struct error *error) {
  int64_t others = 0;
  int found = has_session(store, c->session, error);
  if (found == 0) return error_set(error, ERROR_no_session, "the session has ended: start again");
  if (found < 0 || count_others(store, c, &others, error) < 0) return -1;
  if ((uint64_t)others >= most)
    return error_set(error, ERROR_too_many, "this browser is signed in to %lld servers, which is the most: sign out of one first",
                     (long long)others);
  return insert_connection(store, c->session, c, 1, error);
}

int sqlite_connection_put(struct store *store, const struct store_connection *connection, size_t most, struct error *error) {
  if (sqlite_begin(store, error) < 0) return -1;
  return sqlite_end(store, put_connection(store, connection, most, error), error);
}

static struct store_connection connection_of(struct query *q, struct arena *arena) {
  struct store_connection c = {
      .server = query_get_str(q, 1, arena),
      .kind = query_get_str(q, 2, arena),
      .state = query_get_str(q, 3, arena),
      .user = query_get_str(q, 4, arena),
      .generation = query_get_int(q, 5),
      .since_ms = query_get_int(q, 6),
      .expires_ms = query_get_int(q, 7),
      .data = query_get_str(q, 8, arena),
      .sealed = query_get_str(q, 9, arena),
  };
  query_get_hash(q, 0, c.session);
  return c;
}

int sqlite_connection_get(struct store *store, const unsigned char *session, struct str server, struct arena *arena,
                          struct store_connection *ret, struct error *error) {
  struct query q = query_of(store, "SELECT " COLUMNS " FROM connections WHERE session = ? AND server = ?");
  query_hash(&q, session);
  query_text(&q, server);
  int found = query_next(&q, error);
  if (found == 1) *ret = connection_of(&q, arena);
  return query_end(&q, found, error);
}

int sqlite_connection_list(struct store *store, const unsigned char *session, struct arena *arena, struct store_connection **ret,
                           size_t *ret_count, struct error *error) {
  struct query q = query_of(store, "SELECT " COLUMNS " FROM connections WHERE session = ? ORDER BY server");
  query_hash(&q, session);
  struct store_connection *rows = NULL;
  size_t n = 0, capacity = 0;
  int found;
  while ((found = query_next(&q, error)) == 1) {
    if (n == capacity) rows = query_more(arena, rows, &capacity, sizeof *rows);
    rows[n++] = connection_of(&q, arena);
  }
  if (query_end(&q, found, error) < 0) return -1;
  *ret = rows;
  *ret_count = n;
  return 0;
}

int sqlite_connection_renew(struct store *store, const struct store_connection *c, struct error *error) {
  struct query q = query_of(store, "UPDATE connections SET sealed = ?, state = ?, data = ?, expires_ms = ?, generation = generation + 1"
                                   " WHERE session = ? AND server = ? AND generation = ?");
  query_blob(&q, c->sealed);
  query_text(&q, c->state);
  query_text(&q, c->data);
  query_int(&q, c->expires_ms);
  query_hash(&q, c->session);
  query_text(&q, c->server);
  query_int(&q, c->generation);
  int changed = query_change(&q, error);
  if (changed == 0) return error_set(error, ERROR_changed_meanwhile, "the sign-in was renewed or ended meanwhile");
  return changed < 0 ? -1 : 0;
}

int sqlite_connection_state(struct store *store, const unsigned char *session, struct str server, int64_t generation, struct str state,
                            struct error *error) {
  struct query q = query_of(store, "UPDATE connections SET state = ? WHERE session = ? AND server = ? AND generation = ?");
  query_text(&q, state);
  query_hash(&q, session);
  query_text(&q, server);
  query_int(&q, generation);
  return query_run(&q, error);
}

int sqlite_connection_end(struct store *store, struct str server, struct str user_id, struct str data, size_t *ret_count,
                          struct error *error) {
  struct query q = query_of(
      store, "DELETE FROM connections WHERE server = ?1 AND ((?2 <> '' AND json_extract(user, '$.id') = ?2) OR (?3 <> '' AND data = ?3))");
  query_text(&q, server);
  query_text(&q, user_id);
  query_text(&q, data);
  int changed = query_change(&q, error);
  if (changed > 0) *ret_count = (size_t)changed;
  return changed < 0 ? -1 : 0;
}

int sqlite_connection_delete(struct store *store, const unsigned char *session, struct str server, struct error *error) {
  struct query q = query_of(store, "DELETE FROM connections WHERE session = ? AND server = ?");
  query_hash(&q, session);
  query_text(&q, server);
  return query_run(&q, error);
}

/* --- a new id --- */

static int shorten(struct store *store, const unsigned char *id, int64_t until_ms, struct error *error) {
  struct query q = query_of(store, "UPDATE sessions SET expires_ms = ?1 WHERE id = ?2 AND (expires_ms = 0 OR expires_ms > ?1)");
  query_int(&q, until_ms);
  query_hash(&q, id);
  return query_run(&q, error);
}

/* A session that was signed out meanwhile does not come back under a new id. */
static int rotate(struct store *store, const unsigned char *old_id, int64_t old_until_ms, const struct store_session *session,
                  const struct store_connection *connections, size_t count, struct error *error) {
  int found = has_session(store, old_id, error);
  if (found == 0) return error_set(error, ERROR_no_session, "the session has ended: start again");
  if (found < 0 || put_session(store, session, error) < 0) return -1;
  for (size_t i = 0; i < count; i++)
    if (insert_connection(store, session->id, &connections[i], connections[i].generation, error) < 0) return -1;
  return old_until_ms ? shorten(store, old_id, old_until_ms, error) : sqlite_session_delete(store, old_id, error);
}

int sqlite_session_rotate(struct store *store, const unsigned char *old_id, int64_t old_until_ms, const struct store_session *session,
                          const struct store_connection *connections, size_t count, struct error *error) {
  if (sqlite_begin(store, error) < 0) return -1;
  return sqlite_end(store, rotate(store, old_id, old_until_ms, session, connections, count, error), error);
}
