#include "store/postgres_internal.h"

#define LISTED "kind, id, owner, key, version, created_ms, updated_ms, expires_ms, about"
#define WHOLE LISTED ", sealed, body"

int postgres_document_create(struct store *store, const struct store_document *d, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "INSERT INTO drawbridge.documents (" WHOLE
                                      ") VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING");
  question_bytes(&q, d->kind);
  question_bytes(&q, d->id);
  question_bytes(&q, d->owner);
  question_bytes(&q, d->key);
  question_int(&q, d->created_ms);
  question_int(&q, d->updated_ms);
  question_int(&q, d->expires_ms);
  question_bytes(&q, d->about);
  question_bytes(&q, d->sealed);
  question_bytes(&q, d->body);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_changed(&b, 0) == 0) result = error_set(error, ERROR_conflict, "that was made already");
  batch_free(&b);
  return result;
}

static struct store_document document_of(const struct batch *b, size_t row, struct arena *arena, bool whole) {
  return (struct store_document){
      .kind = batch_str(b, 0, row, 0, arena),
      .id = batch_str(b, 0, row, 1, arena),
      .owner = batch_str(b, 0, row, 2, arena),
      .key = batch_str(b, 0, row, 3, arena),
      .version = batch_int(b, 0, row, 4),
      .created_ms = batch_int(b, 0, row, 5),
      .updated_ms = batch_int(b, 0, row, 6),
      .expires_ms = batch_int(b, 0, row, 7),
      .about = batch_str(b, 0, row, 8, arena),
      .sealed = whole ? batch_str(b, 0, row, 9, arena) : STR_NONE,
      .body = whole ? batch_str(b, 0, row, 10, arena) : STR_NONE,
  };
}

static int one(struct batch *b, struct arena *arena, struct store_document *ret) {
  int result = batch_end(b);
  if (result == 0 && batch_rows(b, 0) == 1) {
    *ret = document_of(b, 0, arena, true);
    result = 1;
  }
  batch_free(b);
  return result;
}

int postgres_document_get(struct store *store, struct str kind, struct str id, struct arena *arena, struct store_document *ret,
                          struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT " WHOLE " FROM drawbridge.documents WHERE kind = $1 AND id = $2");
  question_bytes(&q, kind);
  question_bytes(&q, id);
  question_ask(&q);
  return one(&b, arena, ret);
}

int postgres_document_by_key(struct store *store, struct str kind, struct str owner, struct str key, struct arena *arena,
                             struct store_document *ret, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q =
      question_of(&b, "SELECT " WHOLE " FROM drawbridge.documents WHERE kind = $1 AND owner = $2 AND key = $3 AND key <> ''");
  question_bytes(&q, kind);
  question_bytes(&q, owner);
  question_bytes(&q, key);
  question_ask(&q);
  return one(&b, arena, ret);
}

int postgres_document_list(struct store *store, struct str kind, struct str owner, size_t limit, struct arena *arena,
                           struct store_document **ret, size_t *ret_count, struct error *error) {
  struct batch b = batch_begin(store, error);
  static const char of_one[] =
      "SELECT " LISTED " FROM drawbridge.documents WHERE kind = $1 AND owner = $2 ORDER BY updated_ms DESC, id LIMIT $3";
  static const char of_all[] = "SELECT " LISTED " FROM drawbridge.documents WHERE kind = $1 ORDER BY updated_ms DESC, id LIMIT $2";
  struct question q = question_of(&b, owner.p ? of_one : of_all);
  question_bytes(&q, kind);
  if (owner.p) question_bytes(&q, owner);
  question_limit(&q, limit);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0) {
    *ret_count = batch_rows(&b, 0);
    *ret = ARENA_ARRAY(arena, *ret_count + 1, struct store_document);
    for (size_t i = 0; i < *ret_count; i++) (*ret)[i] = document_of(&b, i, arena, false);
  }
  batch_free(&b);
  return result;
}

int postgres_document_update(struct store *store, const struct store_document *d, int64_t *ret_version, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q =
      question_of(&b, "UPDATE drawbridge.documents SET about = $1, body = $2, sealed = $3, updated_ms = $4, expires_ms = $5,"
                      " version = version + 1 WHERE kind = $6 AND id = $7 AND version = $8");
  question_bytes(&q, d->about);
  question_bytes(&q, d->body);
  question_bytes(&q, d->sealed);
  question_int(&q, d->updated_ms);
  question_int(&q, d->expires_ms);
  question_bytes(&q, d->kind);
  question_bytes(&q, d->id);
  question_int(&q, d->version);
  question_ask(&q);
  struct question there = question_of(&b, "SELECT 1 FROM drawbridge.documents WHERE kind = $1 AND id = $2");
  question_bytes(&there, d->kind);
  question_bytes(&there, d->id);
  question_ask(&there);
  int result = batch_end(&b);
  if (result == 0 && batch_changed(&b, 0) == 0)
    result = batch_rows(&b, 1) ? error_set(error, ERROR_changed_meanwhile, "it was changed by somebody else: look at it again")
                               : error_set(error, ERROR_not_found, "it is not there (any more)");
  if (result == 0) *ret_version = d->version + 1;
  batch_free(&b);
  return result;
}

int postgres_document_delete(struct store *store, struct str kind, struct str id, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "DELETE FROM drawbridge.documents WHERE kind = $1 AND id = $2");
  question_bytes(&q, kind);
  question_bytes(&q, id);
  question_ask(&q);
  return batch_close(&b);
}

/* --- history --- */

/* The document is held first, so that its numbers come into sight in their order: who reads on from one misses none. */
int postgres_history_add(struct store *store, struct str kind, struct str id, int64_t at_ms, struct str who, struct str what,
                         struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question hold = question_of(&b, "SELECT 1 FROM drawbridge.documents WHERE kind = $1 AND id = $2 FOR NO KEY UPDATE");
  question_bytes(&hold, kind);
  question_bytes(&hold, id);
  question_ask(&hold);
  struct question q = question_of(&b, "INSERT INTO drawbridge.history (kind, id, at_ms, who, what) SELECT $1::text, $2::text, $3::bigint,"
                                      " $4::text, $5::text WHERE EXISTS (SELECT 1 FROM drawbridge.documents WHERE kind = $1 AND id = $2)");
  question_bytes(&q, kind);
  question_bytes(&q, id);
  question_int(&q, at_ms);
  question_bytes(&q, who);
  question_bytes(&q, what);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0 && batch_changed(&b, 1) == 0) result = error_set(error, ERROR_not_found, "it is not there (any more)");
  batch_free(&b);
  return result;
}

int postgres_history_list(struct store *store, struct str kind, struct str id, int64_t after, size_t limit, struct arena *arena,
                          struct store_event **ret, size_t *ret_count, struct error *error) {
  struct batch b = batch_begin(store, error);
  struct question q = question_of(&b, "SELECT number, at_ms, who, what FROM drawbridge.history WHERE kind = $1 AND id = $2 AND number > $3"
                                      " ORDER BY number LIMIT $4");
  question_bytes(&q, kind);
  question_bytes(&q, id);
  question_int(&q, after);
  question_limit(&q, limit);
  question_ask(&q);
  int result = batch_end(&b);
  if (result == 0) {
    *ret_count = batch_rows(&b, 0);
    *ret = ARENA_ARRAY(arena, *ret_count + 1, struct store_event);
    for (size_t i = 0; i < *ret_count; i++)
      (*ret)[i] = (struct store_event){batch_int(&b, 0, i, 0), batch_int(&b, 0, i, 1), batch_str(&b, 0, i, 2, arena),
                                       batch_str(&b, 0, i, 3, arena)};
  }
  batch_free(&b);
  return result;
}
