#include "store/postgres_internal.h"

/* The lease is held while it is looked at: who would take it waits until this is written, and reads it. */
int postgres_journal_add(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name,
                         struct str bytes, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question hold = question_of(&b, "SELECT 1 FROM drawbridge.leases WHERE name = $1 AND fence = $2 FOR SHARE");
  question_bytes(&hold, fence->lease);
  question_int(&hold, fence->fence);
  question_ask(&hold);
  struct question q = question_of(&b, "INSERT INTO drawbridge.journals (kind, id, name, bytes) SELECT $1::text, $2::text, $3::text,"
                                      " $4::bytea WHERE EXISTS (SELECT 1 FROM drawbridge.documents WHERE kind = $1 AND id = $2)"
                                      " AND EXISTS (SELECT 1 FROM drawbridge.leases WHERE name = $5 AND fence = $6)");
  question_bytes(&q, kind);
  question_bytes(&q, id);
  question_bytes(&q, name);
  question_bytes(&q, bytes);
  question_bytes(&q, fence->lease);
  question_int(&q, fence->fence);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_rows(&b, 0) == 0)
    result = error_set(error, ERROR_changed_meanwhile, "another process has taken this over");
  else if (result == 0 && batch_changed(&b, 1) == 0)
    result = error_set(error, ERROR_not_found, "it is not there (any more)");
  batch_free(&b);
  return result;
}

int postgres_journal_list(struct store *store, struct str kind, struct str id, struct str name, int64_t after, size_t limit,
                          struct arena *arena, struct store_record **ret, size_t *ret_count, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT number, bytes FROM drawbridge.journals WHERE kind = $1 AND id = $2 AND name = $3"
                                      " AND number > $4 ORDER BY number LIMIT $5");
  question_bytes(&q, kind);
  question_bytes(&q, id);
  question_bytes(&q, name);
  question_int(&q, after);
  question_limit(&q, limit);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0) {
    *ret_count = batch_rows(&b, 0);
    *ret = ARENA_ARRAY(arena, *ret_count + 1, struct store_record);
    for (size_t i = 0; i < *ret_count; i++) (*ret)[i] = (struct store_record){batch_int(&b, 0, i, 0), batch_str(&b, 0, i, 1, arena)};
  }
  batch_free(&b);
  return result;
}
