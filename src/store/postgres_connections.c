#include "store/postgres_internal.h"

#define COLUMNS "session, server, kind, state, \"user\", generation, since_ms, expires_ms, data, sealed"
#define VALUES "$1::bytea, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::bigint, $8::bigint, $9::text, $10::bytea"
#define REPLACES \
  " ON CONFLICT (session, server) DO UPDATE SET kind = excluded.kind, state = excluded.state, \"user\" = excluded.\"user\"," \
  " generation = connections.generation + 1, since_ms = excluded.since_ms, expires_ms = excluded.expires_ms, data = excluded.data," \
  " sealed = excluded.sealed"

static void put_values(struct question *q, const unsigned char *session, const struct store_connection *c, int64_t generation) {
  question_hash(q, session);
  question_bytes(q, c->server);
  question_bytes(q, c->kind);
  question_bytes(q, c->state);
  question_bytes(q, c->user);
  question_int(q, generation);
  question_int(q, c->since_ms);
  question_int(q, c->expires_ms);
  question_bytes(q, c->data);
  question_bytes(q, c->sealed);
}

void postgres_ask_connection(struct batch *batch, const unsigned char *old_session, const unsigned char *session,
                             const struct store_connection *c, int64_t generation) {
  struct question q = question_of(batch, "INSERT INTO drawbridge.connections (" COLUMNS ") SELECT " VALUES
                                         " WHERE EXISTS (SELECT 1 FROM drawbridge.sessions WHERE id = $11)" REPLACES);
  put_values(&q, session, c, generation);
  question_hash(&q, old_session);
  question_ask(&q);
}

/* The session is held first: of two that come at once the second counts the first. */
int postgres_connection_put(struct store *store, const struct store_connection *c, size_t most, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question hold = question_of(&b, "SELECT 1 FROM drawbridge.sessions WHERE id = $1 FOR NO KEY UPDATE");
  question_hash(&hold, c->session);
  question_ask(&hold);
  struct question count = question_of(&b, "SELECT count(*) FROM drawbridge.connections WHERE session = $1 AND server <> $2");
  question_hash(&count, c->session);
  question_bytes(&count, c->server);
  question_ask(&count);
  struct question put =
      question_of(&b, "INSERT INTO drawbridge.connections (" COLUMNS ") SELECT " VALUES
                      " WHERE EXISTS (SELECT 1 FROM drawbridge.sessions WHERE id = $1) AND"
                      " (SELECT count(*) FROM drawbridge.connections WHERE session = $1 AND server <> $2) < $11" REPLACES);
  put_values(&put, c->session, c, 1);
  question_limit(&put, most);
  question_ask(&put);
  int result = batch_end(&b);
  if (result == 0 && batch_rows(&b, 0) == 0)
    result = error_set(error, ERROR_no_session, "the session has ended: start again");
  else if (result == 0 && (uint64_t)batch_int(&b, 1, 0, 0) >= most)
    result = error_set(error, ERROR_too_many, "this browser is signed in to %lld servers, which is the most: sign out of one first",
                       (long long)batch_int(&b, 1, 0, 0));
  batch_free(&b);
  return result;
}

static struct store_connection connection_of(const struct batch *b, size_t row, struct arena *arena) {
  struct store_connection c = {
      .server = batch_str(b, 0, row, 1, arena),
      .kind = batch_str(b, 0, row, 2, arena),
      .state = batch_str(b, 0, row, 3, arena),
      .user = batch_str(b, 0, row, 4, arena),
      .generation = batch_int(b, 0, row, 5),
      .since_ms = batch_int(b, 0, row, 6),
      .expires_ms = batch_int(b, 0, row, 7),
      .data = batch_str(b, 0, row, 8, arena),
      .sealed = batch_str(b, 0, row, 9, arena),
  };
  batch_hash(b, 0, row, 0, c.session);
  return c;
}

int postgres_connection_get(struct store *store, const unsigned char *session, struct str server, struct arena *arena,
                            struct store_connection *ret, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT " COLUMNS " FROM drawbridge.connections WHERE session = $1 AND server = $2");
  question_hash(&q, session);
  question_bytes(&q, server);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_rows(&b, 0) == 1) {
    *ret = connection_of(&b, 0, arena);
    result = 1;
  }
  batch_free(&b);
  return result;
}

int postgres_connection_list(struct store *store, const unsigned char *session, struct arena *arena, struct store_connection **ret,
                             size_t *ret_count, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT " COLUMNS " FROM drawbridge.connections WHERE session = $1 ORDER BY server");
  question_hash(&q, session);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0) {
    *ret_count = batch_rows(&b, 0);
    *ret = ARENA_ARRAY(arena, *ret_count + 1, struct store_connection);
    for (size_t i = 0; i < *ret_count; i++) (*ret)[i] = connection_of(&b, i, arena);
  }
  batch_free(&b);
  return result;
}

int postgres_connection_renew(struct store *store, const struct store_connection *c, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q =
      question_of(&b, "UPDATE drawbridge.connections SET sealed = $1, state = $2, data = $3, expires_ms = $4, generation = generation + 1"
                      " WHERE session = $5 AND server = $6 AND generation = $7");
  question_bytes(&q, c->sealed);
  question_bytes(&q, c->state);
  question_bytes(&q, c->data);
  question_int(&q, c->expires_ms);
  question_hash(&q, c->session);
  question_bytes(&q, c->server);
  question_int(&q, c->generation);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_changed(&b, 0) == 0)
    result = error_set(error, ERROR_changed_meanwhile, "the sign-in was renewed or ended meanwhile");
  batch_free(&b);
  return result;
}

int postgres_connection_state(struct store *store, const unsigned char *session, struct str server, int64_t generation, struct str state,
                              struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q =
      question_of(&b, "UPDATE drawbridge.connections SET state = $1 WHERE session = $2 AND server = $3 AND generation = $4");
  question_bytes(&q, state);
  question_hash(&q, session);
  question_bytes(&q, server);
  question_int(&q, generation);
  question_ask(&q);
  return batch_close(&b);
}

int postgres_connection_end(struct store *store, struct str server, struct str user_id, struct str data, size_t *ret_count,
                            struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q =
      question_of(&b, "DELETE FROM drawbridge.connections WHERE server = $1 AND"
                      " (CASE WHEN $2 = '' OR \"user\" = '' THEN false ELSE \"user\"::json->>'id' = $2 END OR ($3 <> '' AND data = $3))");
  question_bytes(&q, server);
  question_bytes(&q, user_id);
  question_bytes(&q, data);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0) *ret_count = batch_changed(&b, 0);
  batch_free(&b);
  return result;
}

int postgres_connection_delete(struct store *store, const unsigned char *session, struct str server, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "DELETE FROM drawbridge.connections WHERE session = $1 AND server = $2");
  question_hash(&q, session);
  question_bytes(&q, server);
  question_ask(&q);
  return batch_close(&b);
}
