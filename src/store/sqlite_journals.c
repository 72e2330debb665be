#include "store/sqlite_internal.h"

static int has_fence(struct store *store, const struct store_fence *fence, struct error *error) {
  struct query q = query_of(store, "SELECT 1 FROM leases WHERE name = ? AND fence = ?");
  query_text(&q, fence->lease);
  query_int(&q, fence->fence);
  return query_end(&q, query_next(&q, error), error);
}

static int add(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name, struct str bytes,
               struct error *error) {
  int held = has_fence(store, fence, error);
  if (held == 0) return error_set(error, ERROR_changed_meanwhile, "another process has taken this over");
  if (held < 0) return -1;
  struct query q = query_of(store, "INSERT INTO journals (kind, id, name, bytes) SELECT ?1, ?2, ?3, ?4"
                                   " WHERE EXISTS (SELECT 1 FROM documents WHERE kind = ?1 AND id = ?2)");
  query_text(&q, kind);
  query_text(&q, id);
  query_text(&q, name);
  query_blob(&q, bytes);
  int changed = query_change(&q, error);
  return changed == 0 ? error_set(error, ERROR_not_found, "it is not there (any more)") : changed < 0 ? -1 : 0;
}

int sqlite_journal_add(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name,
                       struct str bytes, struct error *error) {
  if (sqlite_begin(store, error) < 0) return -1;
  return sqlite_end(store, add(store, kind, id, fence, name, bytes, error), error);
}

int sqlite_journal_list(struct store *store, struct str kind, struct str id, struct str name, int64_t after, size_t limit,
                        struct arena *arena, struct store_record **ret, size_t *ret_count, struct error *error) {
  struct query q =
      query_of(store, "SELECT number, bytes FROM journals WHERE kind = ? AND id = ? AND name = ? AND number > ? ORDER BY number LIMIT ?");
  query_text(&q, kind);
  query_text(&q, id);
  query_text(&q, name);
  query_int(&q, after);
  query_limit(&q, limit);
  struct store_record *rows = NULL;
  size_t n = 0, capacity = 0;
  int found;
  while ((found = query_next(&q, error)) == 1) {
    if (n == capacity) rows = query_more(arena, rows, &capacity, sizeof *rows);
    rows[n++] = (struct store_record){query_get_int(&q, 0), query_get_str(&q, 1, arena)};
  }
  if (query_end(&q, found, error) < 0) return -1;
  *ret = rows;
  *ret_count = n;
  return 0;
}
