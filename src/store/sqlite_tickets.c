#include "store/sqlite_internal.h"

int sqlite_ticket_put(struct store *store, const struct store_ticket *t, struct error *error) {
  struct query q =
      query_of(store, "INSERT INTO tickets (id, kind, server, sealed, expires_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING");
  query_hash(&q, t->id);
  query_text(&q, t->kind);
  query_text(&q, t->server);
  query_blob(&q, t->sealed);
  query_int(&q, t->expires_ms);
  int changed = query_change(&q, error);
  if (changed == 0) return error_set(error, ERROR_conflict, "a ticket of that id is there already");
  return changed < 0 ? -1 : 0;
}

/* One statement finds and deletes it, under the one write lock: nobody else can have it too. Found counts only once that is committed. */
int sqlite_ticket_take(struct store *store, struct str kind, const unsigned char *id, int64_t now_ms, struct arena *arena,
                       struct store_ticket *ret, struct error *error) {
  struct store_ticket ticket = {0};
  if (sqlite_begin(store, error) < 0) return -1;
  struct query q = query_of(store, "DELETE FROM tickets WHERE id = ? AND kind = ? RETURNING kind, server, sealed, expires_ms");
  query_hash(&q, id);
  query_text(&q, kind);
  int found = query_next(&q, error);
  if (found == 1) {
    memcpy(ticket.id, id, STORE_HASH_SIZE);
    ticket.kind = query_get_str(&q, 0, arena);
    ticket.server = query_get_str(&q, 1, arena);
    ticket.sealed = query_get_str(&q, 2, arena);
    ticket.expires_ms = query_get_int(&q, 3);
  }
  if (sqlite_end(store, query_end(&q, found, error), error) < 0) return -1;
  if (found == 0 || (ticket.expires_ms && ticket.expires_ms <= now_ms)) return 0;
  *ret = ticket;
  return 1;
}

/* --- leases --- */

struct held {
  bool there, own;
  struct store_lease lease;
};

static int look(struct store *store, struct str name, struct str owner, struct held *ret, struct error *error) {
  struct query q = query_of(store, "SELECT owner = ?, deadline_ms, fence FROM leases WHERE name = ?");
  query_text(&q, owner);
  query_text(&q, name);
  int found = query_next(&q, error);
  if (found == 1)
    *ret = (struct held){.there = true, .own = query_get_int(&q, 0) != 0, .lease = {query_get_int(&q, 1), query_get_int(&q, 2)}};
  return query_end(&q, found, error);
}

static int next_fence(struct store *store, int64_t *ret, struct error *error) {
  struct query q = query_of(store, "UPDATE fences SET last = last + 1 RETURNING last");
  int found = query_next(&q, error);
  if (found == 1) *ret = query_get_int(&q, 0);
  return query_end(&q, found, error);
}

static int put_lease(struct store *store, struct str name, struct str owner, struct store_lease lease, struct error *error) {
  struct query q = query_of(store, "INSERT OR REPLACE INTO leases (name, owner, deadline_ms, fence) VALUES (?, ?, ?, ?)");
  query_text(&q, name);
  query_text(&q, owner);
  query_int(&q, lease.deadline_ms);
  query_int(&q, lease.fence);
  return query_run(&q, error);
}

static int take_lease(struct store *store, struct str name, struct str owner, int64_t now_ms, struct store_lease *lease,
                      struct error *error) {
  struct held held = {0};
  if (look(store, name, owner, &held, error) < 0) return -1;
  if (held.there && !held.own && held.lease.deadline_ms > now_ms) return 0;
  lease->fence = held.lease.fence;
  if (!held.own && next_fence(store, &lease->fence, error) < 0) return -1;
  return put_lease(store, name, owner, *lease, error) < 0 ? -1 : 1;
}

int sqlite_lease_take(struct store *store, struct str name, struct str owner, int64_t now_ms, int64_t deadline_ms, struct store_lease *ret,
                      struct error *error) {
  struct store_lease lease = {.deadline_ms = deadline_ms};
  if (sqlite_begin(store, error) < 0) return -1;
  int result = sqlite_end(store, take_lease(store, name, owner, now_ms, &lease, error), error);
  if (result == 1) *ret = lease;
  return result;
}

int sqlite_lease_look(struct store *store, struct str name, int64_t now_ms, struct error *error) {
  struct query q = query_of(store, "SELECT 1 FROM leases WHERE name = ? AND deadline_ms > ?");
  query_text(&q, name);
  query_int(&q, now_ms);
  return query_end(&q, query_next(&q, error), error);
}

int sqlite_lease_release(struct store *store, struct str name, struct str owner, struct error *error) {
  struct query q = query_of(store, "DELETE FROM leases WHERE name = ? AND owner = ?");
  query_text(&q, name);
  query_text(&q, owner);
  return query_run(&q, error);
}
