#include "store/postgres_internal.h"

#define COLUMNS "created_ms, seen_ms, idle_ms, expires_ms, app, mode, data"

static void put_values(struct question *q, const struct store_session *s) {
  question_hash(q, s->id);
  question_int(q, s->created_ms);
  question_int(q, s->seen_ms);
  question_int(q, s->idle_ms);
  question_int(q, s->expires_ms);
  question_bytes(q, s->app);
  question_bytes(q, s->mode);
  question_bytes(q, s->data);
}

#define REPLACES \
  " ON CONFLICT (id) DO UPDATE SET created_ms = excluded.created_ms, seen_ms = excluded.seen_ms, idle_ms = excluded.idle_ms," \
  " expires_ms = excluded.expires_ms, app = excluded.app, mode = excluded.mode, data = excluded.data"

int postgres_session_put(struct store *store, const struct store_session *session, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "INSERT INTO drawbridge.sessions (id, " COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)" REPLACES);
  put_values(&q, session);
  question_ask(&q);
  return batch_close(&b);
}

static struct store_session session_of(const struct batch *b, size_t row, struct arena *arena) {
  return (struct store_session){.created_ms = batch_int(b, 0, row, 0),
                                .seen_ms = batch_int(b, 0, row, 1),
                                .idle_ms = batch_int(b, 0, row, 2),
                                .expires_ms = batch_int(b, 0, row, 3),
                                .app = batch_str(b, 0, row, 4, arena),
                                .mode = batch_str(b, 0, row, 5, arena),
                                .data = batch_str(b, 0, row, 6, arena)};
}

int postgres_session_get(struct store *store, const unsigned char *id, struct arena *arena, struct store_session *ret,
                         struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT " COLUMNS " FROM drawbridge.sessions WHERE id = $1");
  question_hash(&q, id);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_rows(&b, 0) == 1) {
    *ret = session_of(&b, 0, arena);
    memcpy(ret->id, id, STORE_HASH_SIZE);
    result = 1;
  }
  batch_free(&b);
  return result;
}

int postgres_session_list(struct store *store, int64_t now_ms, size_t limit, struct arena *arena, struct store_session **ret,
                          size_t *ret_count, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT " COLUMNS ", id FROM drawbridge.sessions WHERE expires_ms > $1 AND seen_ms + idle_ms > $1"
                                      " ORDER BY seen_ms DESC, id LIMIT $2");
  question_int(&q, now_ms);
  question_limit(&q, limit);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0) {
    *ret_count = batch_rows(&b, 0);
    *ret = ARENA_ARRAY(arena, *ret_count + 1, struct store_session);
    for (size_t i = 0; i < *ret_count; i++) {
      (*ret)[i] = session_of(&b, i, arena);
      batch_hash(&b, 0, i, 7, (*ret)[i].id);
    }
  }
  batch_free(&b);
  return result;
}

int postgres_session_touch(struct store *store, const unsigned char *id, int64_t seen_ms, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "UPDATE drawbridge.sessions SET seen_ms = $1 WHERE id = $2 AND seen_ms < $1");
  question_int(&q, seen_ms);
  question_hash(&q, id);
  question_ask(&q);
  return batch_close(&b);
}

int postgres_session_data(struct store *store, const unsigned char *id, struct str data, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "UPDATE drawbridge.sessions SET data = $1 WHERE id = $2");
  question_bytes(&q, data);
  question_hash(&q, id);
  question_ask(&q);
  return batch_close(&b);
}

static void ask_delete(struct batch *b, const unsigned char *id) {
  struct question q = question_of(b, "DELETE FROM drawbridge.sessions WHERE id = $1");
  question_hash(&q, id);
  question_ask(&q);
}

int postgres_session_delete(struct store *store, const unsigned char *id, struct error *error) {
  struct batch b = batch_begin(store, error);
  ask_delete(&b, id);
  return batch_close(&b);
}

/* --- a new id --- */

static void ask_hold(struct batch *b, const unsigned char *id) {
  struct question q = question_of(b, "SELECT 1 FROM drawbridge.sessions WHERE id = $1 FOR UPDATE");
  question_hash(&q, id);
  question_ask(&q);
}

static void ask_put(struct batch *b, const unsigned char *old_id, const struct store_session *session) {
  struct question q =
      question_of(b, "INSERT INTO drawbridge.sessions (id, " COLUMNS ") SELECT $1::bytea, $2::bigint, $3::bigint, $4::bigint,"
                     " $5::bigint, $6::text, $7::text, $8::text WHERE EXISTS (SELECT 1 FROM drawbridge.sessions WHERE id = "
                     "$9)" REPLACES);
  put_values(&q, session);
  question_hash(&q, old_id);
  question_ask(&q);
}

static void ask_shorten(struct batch *b, const unsigned char *id, int64_t until_ms) {
  struct question q =
      question_of(b, "UPDATE drawbridge.sessions SET expires_ms = $1 WHERE id = $2 AND (expires_ms = 0 OR expires_ms > $1)");
  question_int(&q, until_ms);
  question_hash(&q, id);
  question_ask(&q);
}

/* A session that was signed out meanwhile does not come back under a new id: each statement asks for the old one, which the first holds. */
int postgres_session_rotate(struct store *store, const unsigned char *old_id, int64_t old_until_ms, const struct store_session *session,
                            const struct store_connection *connections, size_t count, struct error *error) {
  struct batch b = batch_begin(store, error);
  ask_hold(&b, old_id);
  ask_put(&b, old_id, session);
  for (size_t i = 0; i < count; i++) postgres_ask_connection(&b, old_id, session->id, &connections[i], connections[i].generation);
  if (old_until_ms)
    ask_shorten(&b, old_id, old_until_ms);
  else
    ask_delete(&b, old_id);
  int result = batch_end(&b);
  if (result == 0 && batch_rows(&b, 0) == 0) result = error_set(error, ERROR_no_session, "the session has ended: start again");
  batch_free(&b);
  return result;
}
