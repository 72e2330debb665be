#include "store/sqlite_internal.h"

/* Version n of the tables is what the first n steps make. Steps that were released are never changed; a new one is added behind. */
static const char *const steps[] = {
    "CREATE TABLE sessions ("
    "  id BLOB PRIMARY KEY, created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
    "  app TEXT NOT NULL, mode TEXT NOT NULL, data TEXT NOT NULL) STRICT;"
    "CREATE TABLE connections ("
    "  session BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, server TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, "
    "user TEXT NOT NULL,"
    "  generation INTEGER NOT NULL, since_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, data TEXT NOT NULL, sealed BLOB NOT NULL,"
    "  PRIMARY KEY (session, server)) STRICT;"
    "CREATE TABLE tickets ("
    "  id BLOB PRIMARY KEY, kind TEXT NOT NULL, server TEXT NOT NULL, sealed BLOB NOT NULL, expires_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX tickets_by_end ON tickets (expires_ms);"
    "CREATE TABLE leases (name TEXT PRIMARY KEY, owner TEXT NOT NULL, deadline_ms INTEGER NOT NULL, fence INTEGER NOT NULL) STRICT;"
    /* Fences rise over all names and never restart, also where a lease's row was deleted. */
    "CREATE TABLE fences (last INTEGER NOT NULL) STRICT;"
    "INSERT INTO fences VALUES (0);"
    /* The large columns stand last: lists do not read them. */
    "CREATE TABLE documents ("
    "  kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    "  updated_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, about TEXT NOT NULL, sealed BLOB NOT NULL, body BLOB NOT NULL,"
    "  PRIMARY KEY (kind, id)) STRICT;"
    "CREATE UNIQUE INDEX documents_by_key ON documents (kind, owner, key) WHERE key <> '';"
    "CREATE INDEX documents_by_change ON documents (kind, owner, updated_ms DESC, id);"
    "CREATE INDEX documents_by_end ON documents (expires_ms) WHERE expires_ms > 0;"
    "CREATE TABLE history ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL, who TEXT NOT NULL, what "
    "TEXT NOT NULL,"
    "  FOREIGN KEY (kind, id) REFERENCES documents (kind, id) ON DELETE CASCADE) STRICT;"
    "CREATE INDEX history_by_document ON history (kind, id, number);",
    "CREATE TABLE journals ("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, bytes BLOB NOT NULL,"
    "  FOREIGN KEY (kind, id) REFERENCES documents (kind, id) ON DELETE CASCADE) STRICT;"
    "CREATE INDEX journals_by_document ON journals (kind, id, name, number);",
};

enum { NEWEST = sizeof steps / sizeof *steps, APPLICATION = 0x64726277 /* "drbw": what `file` shows */ };

static int number_of(struct sqlite *sqlite, const char *sql, int64_t *ret, struct error *error) {
  sqlite3_stmt *statement = NULL;
  bool good = sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
  if (good) *ret = sqlite3_column_int64(statement, 0);
  int result = good ? 0 : sqlite_fail(sqlite, error);
  (void)sqlite3_finalize(statement);
  return result;
}

static int execute(struct sqlite *sqlite, const char *sql, struct error *error) {
  return sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_fail(sqlite, error);
}

static int move_from(struct sqlite *sqlite, int64_t version, struct error *error) {
  char sql[96];
  for (int64_t i = version; i < NEWEST; i++)
    if (execute(sqlite, steps[i], error) < 0) return error_context(error, "moving the store to version %lld", (long long)i + 1);
  (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d; PRAGMA application_id = %d", (int)NEWEST, (int)APPLICATION);
  return execute(sqlite, sql, error);
}

static int migrate(struct sqlite *sqlite, struct error *error) {
  int64_t version = 0, application = 0, tables = 0;
  if (number_of(sqlite, "PRAGMA user_version", &version, error) < 0 || number_of(sqlite, "PRAGMA application_id", &application, error) < 0)
    return -1;
  if (number_of(sqlite, "SELECT count(*) FROM sqlite_schema", &tables, error) < 0) return -1;
  if (tables > 0 && application != APPLICATION)
    return error_set(error, ERROR_store_unavailable, "%s is the database of another program: name another file as the store", sqlite->path);
  if (version > NEWEST)
    return error_set(error, ERROR_store_unavailable,
                     "%s was written by a newer drawbridge (tables of version %lld, this one knows %d): install that one", sqlite->path,
                     (long long)version, (int)NEWEST);
  return version == NEWEST && tables > 0 ? 0 : move_from(sqlite, version, error);
}

int sqlite_migrate(struct sqlite *sqlite, struct error *error) {
  if (sqlite_begin(&sqlite->store, error) < 0) return -1; /* of several that start at once one moves it */
  return sqlite_end(&sqlite->store, migrate(sqlite, error), error);
}
