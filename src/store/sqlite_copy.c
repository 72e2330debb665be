/* Whole tables, for copy.c. Statements are made from the tables' names, so they are prepared each time they begin. */
#include "base/buf.h"
#include "store/sqlite_internal.h"

enum { SQL_MAX = 4096 };

int sqlite_copy_begin(struct store *store, bool writes, struct error *error) {
  if (writes) return sqlite_begin(store, error);
  struct query q = query_of(store, "BEGIN");
  return query_run(&q, error);
}

int sqlite_copy_end(struct store *store, int result, struct error *error) {
  struct sqlite *sqlite = (struct sqlite *)store;
  (void)sqlite3_finalize(sqlite->copying);
  sqlite->copying = NULL;
  sqlite->copying_to = NULL;
  return sqlite_end(store, result, error);
}

static void add_columns(struct buf *sql, const struct store_table *table) {
  for (size_t i = 0; table->types[i]; i++) (void)buf_printf(sql, "%s\"%s\"", i ? ", " : "", table->columns[i]);
}

static sqlite3_stmt *prepare(struct sqlite *sqlite, struct buf *sql, struct error *error) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(sqlite->db, sql->p, (int)sql->n, &statement, NULL) != SQLITE_OK) (void)sqlite_fail(sqlite, error);
  buf_free(sql);
  return statement;
}

static struct str bytes_of(sqlite3_stmt *statement, int column) {
  const char *p = sqlite3_column_blob(statement, column);
  return (struct str){p ? p : "", p ? (size_t)sqlite3_column_bytes(statement, column) : 0};
}

int sqlite_copy_read(struct store *store, const struct store_table *table, store_each_row *each, void *payload, struct error *error) {
  struct sqlite *sqlite = (struct sqlite *)store;
  struct store_value values[STORE_COLUMNS];
  struct buf sql = BUF_INIT(SQL_MAX);
  (void)buf_add(&sql, STR("SELECT "));
  add_columns(&sql, table);
  (void)buf_printf(&sql, " FROM %s ORDER BY %s", table->name, table->order);
  sqlite3_stmt *statement = prepare(sqlite, &sql, error);
  int result = statement ? 0 : -1, code = SQLITE_ROW;
  while (result == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
    for (int i = 0; table->types[i]; i++)
      values[i] = table->types[i] == 'i' ? (struct store_value){.number = sqlite3_column_int64(statement, i)}
                                         : (struct store_value){.bytes = bytes_of(statement, i)};
    result = each(payload, values, error);
  }
  if (result == 0 && code != SQLITE_DONE) result = sqlite_fail(sqlite, error);
  (void)sqlite3_finalize(statement);
  return result;
}

static int begin_writing(struct sqlite *sqlite, const struct store_table *table, struct error *error) {
  struct buf sql = BUF_INIT(SQL_MAX);
  (void)sqlite3_finalize(sqlite->copying);
  (void)buf_printf(&sql, "INSERT INTO %s (", table->name);
  add_columns(&sql, table);
  (void)buf_add(&sql, STR(") VALUES ("));
  for (size_t i = 0; table->types[i]; i++) (void)buf_add(&sql, i ? STR(", ?") : STR("?"));
  (void)buf_add(&sql, STR(")"));
  sqlite->copying = prepare(sqlite, &sql, error);
  sqlite->copying_to = sqlite->copying ? table : NULL;
  return sqlite->copying ? 0 : -1;
}

int sqlite_copy_write(struct store *store, const struct store_table *table, const struct store_value *values, struct error *error) {
  struct sqlite *sqlite = (struct sqlite *)store;
  if (sqlite->copying_to != table && begin_writing(sqlite, table, error) < 0) return -1;
  struct query q = {.sqlite = sqlite, .statement = sqlite->copying};
  for (int i = 0; table->types[i]; i++) {
    if (table->types[i] == 'i') query_int(&q, values[i].number);
    if (table->types[i] == 't') query_text(&q, values[i].bytes);
    if (table->types[i] == 'b') query_blob(&q, values[i].bytes);
  }
  return query_run(&q, error);
}

static struct query counter_query(struct store *store, enum store_counter counter, bool set) {
  switch (counter) {
  case STORE_COUNTER_FENCES: return query_of(store, set ? "UPDATE fences SET last = ?" : "SELECT last FROM fences");
  case STORE_COUNTER_HISTORY:
    return query_of(store, set ? "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) VALUES"
                                 " ((SELECT rowid FROM sqlite_sequence WHERE name = 'history'), 'history', ?)"
                               : "SELECT seq FROM sqlite_sequence WHERE name = 'history'");
  default:
    return query_of(store, set ? "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) VALUES"
                                 " ((SELECT rowid FROM sqlite_sequence WHERE name = 'journals'), 'journals', ?)"
                               : "SELECT seq FROM sqlite_sequence WHERE name = 'journals'");
  }
}

int sqlite_copy_counter(struct store *store, enum store_counter counter, bool set, int64_t *last, struct error *error) {
  struct query q = counter_query(store, counter, set);
  if (set) query_int(&q, *last);
  int found = query_next(&q, error);
  if (found == 1) *last = query_get_int(&q, 0);
  return query_end(&q, found, error) < 0 ? -1 : 0;
}
