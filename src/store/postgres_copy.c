/* Whole tables, for copy.c: read by a cursor in one look at the database, written in pieces of one transaction. Plain calls, outside of the pipeline but for the pieces. */
#include "base/buf.h"
#include "store/postgres_internal.h"
#include <endian.h>

enum { SQL_MAX = 4096, AT_ONCE = 500 };

/* The handle is in plain mode from here to the end, which nobody else has it for. */
int postgres_copy_begin(struct store *store, bool writes, struct error *error) {
  struct postgres *postgres = (struct postgres *)store;
  if (postgres_connect(postgres, error) < 0 || postgres_leave_pipeline(postgres, error) < 0) return -1;
  return postgres_execute(postgres,
                          writes ? "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0"
                                 : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0;"
                                   " SET LOCAL statement_timeout = 0",
                          error);
}

int postgres_copy_end(struct store *store, int result, struct error *error) {
  struct postgres *postgres = (struct postgres *)store;
  struct error ignored = {0};
  if (!postgres->connection) return result < 0 ? -1 : postgres_fail(postgres, NULL, error);
  if (result >= 0)
    result = postgres_execute(postgres, "COMMIT", error);
  else
    (void)postgres_execute(postgres, "ROLLBACK", &ignored);
  postgres_disconnect(postgres); /* the next call makes a new one, in the usual mode */
  return result;
}

static void add_columns(struct buf *sql, const struct store_table *table) {
  for (size_t i = 0; table->types[i]; i++) (void)buf_printf(sql, "%s\"%s\"", i ? ", " : "", table->columns[i]);
}

static int take_rows(const PGresult *rows, const struct store_table *table, store_each_row *each, void *payload, struct error *error) {
  struct store_value values[STORE_COLUMNS];
  int result = 0;
  for (int row = 0; result == 0 && row < PQntuples(rows); row++) {
    for (int i = 0; table->types[i]; i++)
      values[i] = table->types[i] == 'i' ? (struct store_value){.number = postgres_int(rows, row, i)}
                                         : (struct store_value){.bytes = {PQgetvalue(rows, row, i), (size_t)PQgetlength(rows, row, i)}};
    result = each(payload, values, error);
  }
  return result;
}

int postgres_copy_read(struct store *store, const struct store_table *table, store_each_row *each, void *payload, struct error *error) {
  struct postgres *postgres = (struct postgres *)store;
  struct buf sql = BUF_INIT(SQL_MAX);
  char fetch[48];
  (void)buf_add(&sql, STR("DECLARE rows CURSOR FOR SELECT "));
  add_columns(&sql, table);
  (void)buf_printf(&sql, " FROM drawbridge.%s ORDER BY %s", table->name, table->order);
  (void)buf_add_char(&sql, '\0');
  int result = postgres_execute(postgres, sql.p, error), taken = 1;
  buf_free(&sql);
  /* Bodies and records may be large: few at a time. */
  bool large = strcmp(table->name, "documents") == 0 || strcmp(table->name, "journals") == 0;
  (void)snprintf(fetch, sizeof fetch, "FETCH %d FROM rows", large ? 8 : AT_ONCE);
  while (result == 0 && taken > 0) {
    PGresult *rows = PQexecParams(postgres->connection, fetch, 0, NULL, NULL, NULL, NULL, 1);
    taken = PQntuples(rows);
    result = PQresultStatus(rows) == PGRES_TUPLES_OK ? take_rows(rows, table, each, payload, error) : postgres_fail(postgres, rows, error);
    PQclear(rows);
  }
  return result == 0 ? postgres_execute(postgres, "CLOSE rows", error) : -1;
}

int postgres_copy_write(struct store *store, const struct store_table *table, const struct store_value *values, struct error *error) {
  static const int binary[STORE_COLUMNS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  struct postgres *postgres = (struct postgres *)store;
  const char *parameters[STORE_COLUMNS];
  int lengths[STORE_COLUMNS], count = 0;
  uint64_t numbers[STORE_COLUMNS];
  struct buf sql = BUF_INIT(SQL_MAX);
  (void)buf_printf(&sql, "INSERT INTO drawbridge.%s (", table->name);
  add_columns(&sql, table);
  (void)buf_add(&sql, STR(") VALUES ("));
  for (; table->types[count]; count++) {
    static const char *const types[] = {['b'] = "bytea", ['i'] = "bigint", ['t'] = "text"};
    (void)buf_printf(&sql, "%s$%d::%s", count ? ", " : "", count + 1, types[(unsigned char)table->types[count]]);
    numbers[count] = htobe64((uint64_t)values[count].number);
    bool number = table->types[count] == 'i';
    parameters[count] = number ? (const char *)&numbers[count] : values[count].bytes.n ? values[count].bytes.p : "";
    lengths[count] = number ? (int)sizeof numbers[count] : (int)values[count].bytes.n;
  }
  (void)buf_add(&sql, STR(")"));
  (void)buf_add_char(&sql, '\0');
  PGresult *result = PQexecParams(postgres->connection, sql.p, count, NULL, parameters, lengths, binary, 0);
  int failed = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : postgres_fail(postgres, result, error);
  PQclear(result);
  buf_free(&sql);
  return failed;
}

/* A sequence that was never used tells 1 and `is_called` false. */
static const char *const counters[][2] = {
    [STORE_COUNTER_FENCES] = {"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM drawbridge.fences",
                              "SELECT setval('drawbridge.fences', greatest($1::bigint, 1), $1::bigint > 0)"},
    [STORE_COUNTER_HISTORY] = {"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM drawbridge.history_number_seq",
                               "SELECT setval('drawbridge.history_number_seq', greatest($1::bigint, 1), $1::bigint > 0)"},
    [STORE_COUNTER_JOURNALS] = {"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM drawbridge.journals_number_seq",
                                "SELECT setval('drawbridge.journals_number_seq', greatest($1::bigint, 1), $1::bigint > 0)"},
};

int postgres_copy_counter(struct store *store, enum store_counter counter, bool set, int64_t *last, struct error *error) {
  struct postgres *postgres = (struct postgres *)store;
  uint64_t big = htobe64((uint64_t)*last);
  const char *parameters[] = {(const char *)&big};
  const int lengths[] = {sizeof big}, binary[] = {1};
  PGresult *result = PQexecParams(postgres->connection, counters[counter][set], set, NULL, parameters, lengths, binary, 1);
  int failed = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 ? 0 : postgres_fail(postgres, result, error);
  if (failed == 0) *last = postgres_int(result, 0, 0);
  PQclear(result);
  return failed;
}
