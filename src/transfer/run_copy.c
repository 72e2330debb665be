/* The journal of a run in another place: beside a file, or in a store. */
#include "base/json_doc.h"
#include "transfer/run_internal.h"
#include <jansson.h>

struct records {
  struct arena *arena;
  VEC(struct str) list;
  bool lists; /* there is no run: the list of what has no journal */
};

/* What stood before one that begins came to nothing, and its rows were written over. */
static int on_record(void *payload, struct str record, struct error *error) {
  struct records *records = payload;
  json_t *root = json_loadb(record.p, record.n, 0, NULL);
  bool lists = str_eq(json_text(root, "record"), STR("list"));
  (void)error;
  if (lists || str_eq(json_text(root, "record"), STR("begin"))) {
    records->list.n = 0;
    records->lists = lists;
  }
  json_decref(root);
  VEC_PUSH(&records->list, arena_str(records->arena, record));
  return 0;
}

/* The rows that a record names, at the place where it names them. */
static int copy_rows(struct journal *from, struct journal *to, struct str record, struct error *error) {
  struct arena *arena = arena_new();
  json_t *root = json_loadb(record.p, record.n, 0, NULL);
  struct journal_rows rows = log_rows_named(root), refused = log_rows_named(json_object_get(root, "refused")), put;
  struct str bytes;
  int result = 0;
  if (str_eq(json_text(root, "record"), STR("planned"))) {
    result = journal_get_rows(from, &rows, arena, &bytes, error);
    if (result == 0) result = journal_put_rows(to, rows.at, bytes, &put, error);
  }
  if (result == 0 && refused.n) {
    result = journal_get_refused(from, &refused, arena, &bytes, error);
    if (result == 0) result = journal_put_refused(to, refused.at, bytes, &put, error);
  }
  json_decref(root);
  arena_free(arena);
  return result;
}

static int copy_mapping(struct journal *from, struct arena *arena, struct journal *to, struct error *error) {
  struct str mapping;
  return journal_get_file(from, "mapping.json", arena, &mapping, error) || journal_put_file(to, "mapping.json", mapping, error) ? -1 : 0;
}

static int copy_all(struct journal *from, const struct records *records, struct journal *to, struct error *error) {
  if (!records->list.n) return 0;
  if (!records->lists && copy_mapping(from, records->arena, to, error)) return -1;
  for (size_t i = 0; i < records->list.n; i++)
    if (copy_rows(from, to, records->list.p[i], error) || journal_append(to, records->list.p[i], error)) return -1;
  return 0;
}

static int refuse_any(void *payload, struct str record, struct error *error) {
  (void)payload;
  (void)record;
  return error_set(error, ERROR_conflict, "there is a journal already");
}

int run_journal_copy(const char *from, const char *to, struct error *error) {
  struct records records = {.arena = arena_new()};
  struct journal *source = journal_open(from, on_record, &records, error);
  struct journal *target = source ? journal_open(to, refuse_any, NULL, error) : NULL;
  int result = target ? copy_all(source, &records, target, error) : -1;
  journal_close(target);
  journal_close(source);
  VEC_FREE(&records.list);
  arena_free(records.arena);
  return result;
}
