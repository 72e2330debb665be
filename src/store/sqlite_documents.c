#include "store/sqlite_internal.h"

#define LISTED "kind, id, owner, key, version, created_ms, updated_ms, expires_ms, about"
#define WHOLE LISTED ", sealed, body"

static bool is_constraint(struct sqlite *sqlite, int extended) {
  return sqlite3_extended_errcode(sqlite->db) == extended;
}

int sqlite_document_create(struct store *store, const struct store_document *d, struct error *error) {
  struct query q = query_of(store, "INSERT INTO documents (" WHOLE ") VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  query_text(&q, d->kind);
  query_text(&q, d->id);
  query_text(&q, d->owner);
  query_text(&q, d->key);
  query_int(&q, d->created_ms);
  query_int(&q, d->updated_ms);
  query_int(&q, d->expires_ms);
  query_text(&q, d->about);
  query_blob(&q, d->sealed);
  query_blob(&q, d->body);
  int changed = query_change(&q, error);
  if (changed == 0) return error_set(error, ERROR_conflict, "that was made already");
  return changed < 0 ? -1 : 0;
}

static struct store_document document_of(struct query *q, struct arena *arena, bool whole) {
  return (struct store_document){
      .kind = query_get_str(q, 0, arena),
      .id = query_get_str(q, 1, arena),
      .owner = query_get_str(q, 2, arena),
      .key = query_get_str(q, 3, arena),
      .version = query_get_int(q, 4),
      .created_ms = query_get_int(q, 5),
      .updated_ms = query_get_int(q, 6),
      .expires_ms = query_get_int(q, 7),
      .about = query_get_str(q, 8, arena),
      .sealed = whole ? query_get_str(q, 9, arena) : STR_NONE,
      .body = whole ? query_get_str(q, 10, arena) : STR_NONE,
  };
}

static int one(struct query *q, struct arena *arena, struct store_document *ret, struct error *error) {
  int found = query_next(q, error);
  if (found == 1) *ret = document_of(q, arena, true);
  return query_end(q, found, error);
}

int sqlite_document_get(struct store *store, struct str kind, struct str id, struct arena *arena, struct store_document *ret,
                        struct error *error) {
  struct query q = query_of(store, "SELECT " WHOLE " FROM documents WHERE kind = ? AND id = ?");
  query_text(&q, kind);
  query_text(&q, id);
  return one(&q, arena, ret, error);
}

int sqlite_document_by_key(struct store *store, struct str kind, struct str owner, struct str key, struct arena *arena,
                           struct store_document *ret, struct error *error) {
  struct query q = query_of(store, "SELECT " WHOLE " FROM documents WHERE kind = ? AND owner = ? AND key = ? AND key <> ''");
  query_text(&q, kind);
  query_text(&q, owner);
  query_text(&q, key);
  return one(&q, arena, ret, error);
}

int sqlite_document_list(struct store *store, struct str kind, struct str owner, size_t limit, struct arena *arena,
                         struct store_document **ret, size_t *ret_count, struct error *error) {
  static const char of_one[] = "SELECT " LISTED " FROM documents WHERE kind = ? AND owner = ? ORDER BY updated_ms DESC, id LIMIT ?";
  static const char of_all[] = "SELECT " LISTED " FROM documents WHERE kind = ? ORDER BY updated_ms DESC, id LIMIT ?";
  struct query q = query_of(store, owner.p ? of_one : of_all);
  query_text(&q, kind);
  if (owner.p) query_text(&q, owner);
  query_limit(&q, limit);
  struct store_document *rows = NULL;
  size_t n = 0, capacity = 0;
  int found;
  while ((found = query_next(&q, error)) == 1) {
    if (n == capacity) rows = query_more(arena, rows, &capacity, sizeof *rows);
    rows[n++] = document_of(&q, arena, false);
  }
  if (query_end(&q, found, error) < 0) return -1;
  *ret = rows;
  *ret_count = n;
  return 0;
}

static int update(struct store *store, const struct store_document *d, struct error *error) {
  struct query q =
      query_of(store, "UPDATE documents SET about = ?, body = ?, sealed = ?, updated_ms = ?, expires_ms = ?, version = version + 1"
                      " WHERE kind = ? AND id = ? AND version = ?");
  query_text(&q, d->about);
  query_blob(&q, d->body);
  query_blob(&q, d->sealed);
  query_int(&q, d->updated_ms);
  query_int(&q, d->expires_ms);
  query_text(&q, d->kind);
  query_text(&q, d->id);
  query_int(&q, d->version);
  return query_change(&q, error);
}

static int is_there(struct store *store, const struct store_document *d, struct error *error) {
  struct query q = query_of(store, "SELECT 1 FROM documents WHERE kind = ? AND id = ?");
  query_text(&q, d->kind);
  query_text(&q, d->id);
  return query_end(&q, query_next(&q, error), error);
}

static int update_or_say_why(struct store *store, const struct store_document *d, struct error *error) {
  int changed = update(store, d, error);
  if (changed != 0) return changed;
  int found = is_there(store, d, error);
  if (found < 0) return -1;
  return found ? error_set(error, ERROR_changed_meanwhile, "it was changed by somebody else: look at it again")
               : error_set(error, ERROR_not_found, "it is not there (any more)");
}

int sqlite_document_update(struct store *store, const struct store_document *document, int64_t *ret_version, struct error *error) {
  if (sqlite_begin(store, error) < 0) return -1;
  if (sqlite_end(store, update_or_say_why(store, document, error), error) < 0) return -1;
  *ret_version = document->version + 1;
  return 0;
}

int sqlite_document_delete(struct store *store, struct str kind, struct str id, struct error *error) {
  struct query q = query_of(store, "DELETE FROM documents WHERE kind = ? AND id = ?");
  query_text(&q, kind);
  query_text(&q, id);
  return query_run(&q, error);
}

/* --- history --- */

int sqlite_history_add(struct store *store, struct str kind, struct str id, int64_t at_ms, struct str who, struct str what,
                       struct error *error) {
  struct query q = query_of(store, "INSERT INTO history (kind, id, at_ms, who, what) VALUES (?, ?, ?, ?, ?)");
  query_text(&q, kind);
  query_text(&q, id);
  query_int(&q, at_ms);
  query_text(&q, who);
  query_text(&q, what);
  int result = query_run(&q, error);
  if (result < 0 && is_constraint(q.sqlite, SQLITE_CONSTRAINT_FOREIGNKEY))
    return error_set(error, ERROR_not_found, "it is not there (any more)");
  return result;
}

int sqlite_history_list(struct store *store, struct str kind, struct str id, int64_t after, size_t limit, struct arena *arena,
                        struct store_event **ret, size_t *ret_count, struct error *error) {
  struct query q =
      query_of(store, "SELECT number, at_ms, who, what FROM history WHERE kind = ? AND id = ? AND number > ? ORDER BY number LIMIT ?");
  query_text(&q, kind);
  query_text(&q, id);
  query_int(&q, after);
  query_limit(&q, limit);
  struct store_event *rows = NULL;
  size_t n = 0, capacity = 0;
  int found;
  while ((found = query_next(&q, error)) == 1) {
    if (n == capacity) rows = query_more(arena, rows, &capacity, sizeof *rows);
    rows[n++] = (struct store_event){query_get_int(&q, 0), query_get_int(&q, 1), query_get_str(&q, 2, arena), query_get_str(&q, 3, arena)};
  }
  if (query_end(&q, found, error) < 0) return -1;
  *ret = rows;
  *ret_count = n;
  return 0;
}
