#include "store/postgres_internal.h"

int postgres_ticket_put(struct store *store, const struct store_ticket *t, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(
      &b, "INSERT INTO drawbridge.tickets (id, kind, server, sealed, expires_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING");
  question_hash(&q, t->id);
  question_bytes(&q, t->kind);
  question_bytes(&q, t->server);
  question_bytes(&q, t->sealed);
  question_int(&q, t->expires_ms);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_changed(&b, 0) == 0) result = error_set(error, ERROR_conflict, "a ticket of that id is there already");
  batch_free(&b);
  return result;
}

/* One statement finds and deletes it: whoever comes second waits for the first, and finds nothing. */
int postgres_ticket_take(struct store *store, struct str kind, const unsigned char *id, int64_t now_ms, struct arena *arena,
                         struct store_ticket *ret, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q =
      question_of(&b, "DELETE FROM drawbridge.tickets WHERE id = $1 AND kind = $2 RETURNING kind, server, sealed, expires_ms");
  question_hash(&q, id);
  question_bytes(&q, kind);
  question_ask(&q);
  int result = batch_end(&b);
  int64_t expires_ms = result == 0 && batch_rows(&b, 0) == 1 ? batch_int(&b, 0, 0, 3) : 0;
  if (result == 0 && batch_rows(&b, 0) == 1 && (!expires_ms || expires_ms > now_ms)) {
    *ret = (struct store_ticket){.kind = batch_str(&b, 0, 0, 0, arena),
                                 .server = batch_str(&b, 0, 0, 1, arena),
                                 .sealed = batch_str(&b, 0, 0, 2, arena),
                                 .expires_ms = expires_ms};
    memcpy(ret->id, id, STORE_HASH_SIZE);
    result = 1;
  }
  batch_free(&b);
  return result;
}

/* --- leases --- */

/* All that take a lease of one name stand in a line: so whoever holds it later has the larger fence, also where the row went in between. */
int postgres_lease_take(struct store *store, struct str name, struct str owner, int64_t now_ms, int64_t deadline_ms,
                        struct store_lease *ret, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question line = question_of(&b, "SELECT pg_advisory_xact_lock(1685221239, hashtext($1))");
  question_bytes(&line, name);
  question_ask(&line);
  struct question q =
      question_of(&b, "INSERT INTO drawbridge.leases (name, owner, deadline_ms, fence) VALUES ($1, $2, $3, nextval('drawbridge.fences'))"
                      " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, deadline_ms = excluded.deadline_ms,"
                      " fence = CASE WHEN leases.owner = excluded.owner THEN leases.fence ELSE excluded.fence END"
                      " WHERE leases.owner = excluded.owner OR leases.deadline_ms <= $4 RETURNING fence");
  question_bytes(&q, name);
  question_bytes(&q, owner);
  question_int(&q, deadline_ms);
  question_int(&q, now_ms);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_rows(&b, 1) == 1) {
    *ret = (struct store_lease){.deadline_ms = deadline_ms, .fence = batch_int(&b, 1, 0, 0)};
    result = 1;
  }
  batch_free(&b);
  return result;
}

int postgres_lease_look(struct store *store, struct str name, int64_t now_ms, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT 1 FROM drawbridge.leases WHERE name = $1 AND deadline_ms > $2");
  question_bytes(&q, name);
  question_int(&q, now_ms);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0) result = batch_rows(&b, 0) == 1;
  batch_free(&b);
  return result;
}

int postgres_lease_release(struct store *store, struct str name, struct str owner, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "DELETE FROM drawbridge.leases WHERE name = $1 AND owner = $2");
  question_bytes(&q, name);
  question_bytes(&q, owner);
  question_ask(&q);
  int result = batch_end(&b);
  batch_free(&b);
  return result;
}
