#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/sqlite_internal.h"
#include "store/trouble.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- failures --- */

static int fail_by_trouble(const char *path, enum store_trouble trouble, struct error *error) {
  (void)store_trouble_set(error, trouble);
  return error_context(error, "%s", path);
}

/* SQLite tries for reading what it cannot open for writing, and remembers at most why the second failed. */
static enum store_trouble trouble_to_write(const struct sqlite *sqlite) {
  return access(sqlite->path, W_OK) < 0 ? store_trouble_of_errno(errno) : STORE_NO_TROUBLE;
}

/* Of a write that ends a transaction SQLite does not keep the number; it is the last call that failed. */
static int fail_by_system(struct sqlite *sqlite, struct error *error) {
  int kept = sqlite3_system_errno(sqlite->db), number = kept ? kept : errno;
  enum store_trouble trouble = store_trouble_of_errno(number);
  if (!trouble) trouble = trouble_to_write(sqlite);
  if (trouble) return fail_by_trouble(sqlite->path, trouble, error);
  return error_set(error, ERROR_store_unavailable, "%s cannot be opened, read or written (%s): look after the disk", sqlite->path,
                   number ? strerror(number) : sqlite3_errmsg(sqlite->db));
}

static int fail_to_write(struct sqlite *sqlite, struct error *error) {
  enum store_trouble trouble = trouble_to_write(sqlite);
  return fail_by_trouble(sqlite->path, trouble ? trouble : STORE_NOT_ALLOWED, error);
}

int sqlite_fail(struct sqlite *sqlite, struct error *error) {
  const char *path = sqlite->path;
  switch (sqlite3_errcode(sqlite->db) & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return error_set(error, ERROR_store_unavailable,
                     "%s has been locked by another program for %d s: end what holds it (fuser tells which)", path, STORE_LOCK_MS / 1000);
  case SQLITE_FULL: return fail_by_trouble(path, STORE_DISK_FULL, error);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return error_set(error, ERROR_store_unavailable,
                     "%s is damaged or no store: put a copy back, or move it away and start with a new one (everybody signs in again)",
                     path);
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH: return fail_to_write(sqlite, error);
  case SQLITE_CANTOPEN:
  case SQLITE_IOERR: return fail_by_system(sqlite, error);
  default: return error_set(error, ERROR_store_unavailable, "%s: %s", path, sqlite3_errmsg(sqlite->db));
  }
}

/* The file was removed or replaced under our feet: what is written now would be lost with the last handle. */
static bool has_moved(struct sqlite *sqlite) {
  int moved = 0;
  return sqlite3_file_control(sqlite->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

static int fail_moved(struct sqlite *sqlite, struct error *error) {
  return error_set(error, ERROR_store_unavailable, "%s was removed or replaced while in use: restart drawbridge", sqlite->path);
}

/* --- statements --- */

static sqlite3_stmt **slot_of(struct sqlite *sqlite, const char *text) {
  size_t at = ((uintptr_t)text >> 3) % SQLITE_STATEMENTS;
  while (sqlite->statements[at].text && sqlite->statements[at].text != text) at = (at + 1) % SQLITE_STATEMENTS;
  sqlite->statements[at].text = text;
  return &sqlite->statements[at].statement;
}

struct query query_of(struct store *store, const char *literal) {
  struct sqlite *sqlite = (struct sqlite *)store;
  sqlite3_stmt **slot = slot_of(sqlite, literal);
  if (!*slot) (void)sqlite3_prepare_v3(sqlite->db, literal, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
  return (struct query){.sqlite = sqlite, .statement = *slot, .failed = !*slot};
}

void query_blob(struct query *q, struct str bytes) {
  if (sqlite3_bind_blob64(q->statement, ++q->bound, bytes.n ? bytes.p : "", bytes.n, SQLITE_STATIC) != SQLITE_OK) q->failed = true;
}

void query_hash(struct query *q, const unsigned char *hash) {
  query_blob(q, (struct str){(const char *)hash, STORE_HASH_SIZE});
}

void query_text(struct query *q, struct str text) {
  if (sqlite3_bind_text64(q->statement, ++q->bound, text.n ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
    q->failed = true;
}

void query_int(struct query *q, int64_t number) {
  if (sqlite3_bind_int64(q->statement, ++q->bound, number) != SQLITE_OK) q->failed = true;
}

void query_limit(struct query *q, size_t most) {
  query_int(q, most > INT32_MAX ? INT32_MAX : (int64_t)most);
}

int query_next(struct query *q, struct error *error) {
  if (q->failed) return sqlite_fail(q->sqlite, error);
  if (has_moved(q->sqlite)) return fail_moved(q->sqlite, error);
  switch (sqlite3_step(q->statement)) {
  case SQLITE_ROW: return 1;
  case SQLITE_DONE: return 0;
  default: return sqlite_fail(q->sqlite, error);
  }
}

int query_end(struct query *q, int result, struct error *error) {
  if (!q->statement) return result;
  int code = sqlite3_reset(q->statement);
  if (code != SQLITE_OK && result >= 0) result = sqlite_fail(q->sqlite, error);
  (void)sqlite3_clear_bindings(q->statement);
  return result;
}

int query_run(struct query *q, struct error *error) {
  return query_end(q, query_next(q, error), error);
}

int query_change(struct query *q, struct error *error) {
  return query_run(q, error) < 0 ? -1 : sqlite3_changes(q->sqlite->db);
}

struct str query_get_str(struct query *q, int column, struct arena *arena) {
  const char *p = sqlite3_column_blob(q->statement, column);
  size_t n = (size_t)sqlite3_column_bytes(q->statement, column);
  return arena_str(arena, (struct str){p ? p : "", p ? n : 0});
}

void query_get_hash(struct query *q, int column, unsigned char ret[STORE_HASH_SIZE]) {
  const void *p = sqlite3_column_blob(q->statement, column);
  memset(ret, 0, STORE_HASH_SIZE);
  if (p && sqlite3_column_bytes(q->statement, column) == STORE_HASH_SIZE) memcpy(ret, p, STORE_HASH_SIZE);
}

int64_t query_get_int(struct query *q, int column) {
  return sqlite3_column_int64(q->statement, column);
}

void *query_more(struct arena *arena, void *rows, size_t *capacity, size_t size) {
  size_t had = *capacity;
  *capacity = had ? 2 * had : 8;
  void *more = arena_alloc_array(arena, *capacity, size);
  if (had) memcpy(more, rows, had * size);
  return more;
}

/* The lock is taken at once: a transaction that would begin as a reader may find the store changed when it wants to write. */
int sqlite_begin(struct store *store, struct error *error) {
  struct query q = query_of(store, "BEGIN IMMEDIATE");
  return query_run(&q, error);
}

int sqlite_end(struct store *store, int result, struct error *error) {
  struct sqlite *sqlite = (struct sqlite *)store;
  if (result >= 0) {
    struct query commit = query_of(store, "COMMIT");
    if (query_run(&commit, error) < 0) result = -1;
  }
  if (!sqlite3_get_autocommit(sqlite->db)) (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
  return result;
}

/* --- purge --- */

/* A session ends with its time or with a pause that is too long. */
#define ENDED "(expires_ms > 0 AND expires_ms + ?1 <= ?2 OR idle_ms > 0 AND seen_ms + idle_ms + ?1 <= ?2)"

static int purge_by(struct store *store, const char *literal, int64_t now_ms, struct error *error) {
  struct query q = query_of(store, literal);
  query_int(&q, now_ms);
  return query_run(&q, error);
}

static int sqlite_purge_tickets(struct store *store, int64_t now_ms, struct error *error) {
  return purge_by(store, "DELETE FROM tickets WHERE expires_ms > 0 AND expires_ms <= ?", now_ms, error);
}

static int purge_sessions(struct store *store, const char *literal, int64_t kept_ms, int64_t now_ms, struct error *error) {
  struct query q = query_of(store, literal);
  query_int(&q, kept_ms);
  query_int(&q, now_ms);
  return query_run(&q, error);
}

static int purge_all(struct store *store, int64_t now_ms, struct error *error) {
  if (purge_sessions(store, "DELETE FROM sessions WHERE " ENDED, STORE_SESSION_KEPT_MS, now_ms, error) < 0) return -1;
  /* What an ended session could open nobody can any more. */
  if (purge_sessions(store, "DELETE FROM connections WHERE session IN (SELECT id FROM sessions WHERE " ENDED ")", 0, now_ms, error) < 0)
    return -1;
  if (sqlite_purge_tickets(store, now_ms, error) < 0) return -1;
  if (purge_by(store, "DELETE FROM leases WHERE deadline_ms <= ?", now_ms, error) < 0) return -1;
  return purge_by(store, "DELETE FROM documents WHERE expires_ms > 0 AND expires_ms <= ?", now_ms, error);
}

static int sqlite_purge(struct store *store, int64_t now_ms, struct error *error) {
  if (sqlite_begin(store, error) < 0) return -1;
  if (sqlite_end(store, purge_all(store, now_ms, error), error) < 0) return -1;
  (void)sqlite3_exec(((struct sqlite *)store)->db, "PRAGMA incremental_vacuum(2000)", NULL, NULL,
                     NULL); /* gives room back, up to 8 MB at a time */
  return 0;
}

/* --- life --- */

static void sqlite_close(struct store *store) {
  struct sqlite *sqlite = (struct sqlite *)store;
  for (size_t i = 0; i < SQLITE_STATEMENTS; i++) (void)sqlite3_finalize(sqlite->statements[i].statement);
  (void)sqlite3_close(sqlite->db);
  free(sqlite->path);
  free(sqlite);
}

/* Made here, with the mode that its companions (-wal, -shm) take after. A file that is there is not touched: closing a descriptor of it would drop the locks of this process's other handles. */
static int make_file(const char *path, struct error *error) {
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) (void)file_leave_to_folder(fd, path);
  if (fd >= 0) return close(fd);
  if (errno == EEXIST) return 0;
  enum store_trouble trouble = store_trouble_of_errno(errno);
  return trouble ? fail_by_trouble(path, trouble, error)
                 : error_set(error, ERROR_store_unavailable, "%s cannot be made: %s", path, strerror(errno));
}

/* The first switch of a file needs it alone for a moment, and SQLite does not wait for that in every case. */
static int switch_to_wal(struct sqlite *sqlite, struct error *error) {
  for (int64_t until = clock_monotonic_ms() + STORE_LOCK_MS;;) {
    int code = sqlite3_exec(sqlite->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (code == SQLITE_OK) return 0;
    if ((code & 0xff) != SQLITE_BUSY || clock_monotonic_ms() >= until) return sqlite_fail(sqlite, error);
    (void)sqlite3_sleep(5);
  }
}

/* FULL: in WAL mode NORMAL would give back commits at a power cut that were acknowledged. */
static const char settings[] = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = "
                               "ON; PRAGMA secure_delete = FAST;"
                               "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;";

/* SQLite's own handler soon sleeps a tenth of a second between two looks: beside others who write one time after the other it hardly ever finds the moment in which nobody does. */
static int wait_for_lock(void *payload, int looked) {
  struct sqlite *sqlite = payload;
  int64_t now = clock_monotonic_ms();
  if (!looked) sqlite->busy_since_ms = now;
  if (now - sqlite->busy_since_ms >= STORE_LOCK_MS) return 0;
  (void)sqlite3_sleep(1);
  return 1;
}

static int prepare(struct sqlite *sqlite, struct error *error) {
  sqlite3 *db = sqlite->db;
  (void)sqlite3_extended_result_codes(db, 1);
  (void)sqlite3_busy_handler(db, wait_for_lock, sqlite);
  (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  if (sqlite3_exec(db, "PRAGMA auto_vacuum = INCREMENTAL", NULL, NULL, NULL) != SQLITE_OK)
    return sqlite_fail(sqlite, error); /* counts for a new file alone */
  if (switch_to_wal(sqlite, error) < 0) return -1;
  if (sqlite3_exec(db, settings, NULL, NULL, NULL) != SQLITE_OK) return sqlite_fail(sqlite, error);
  return sqlite_migrate(sqlite, error);
}

static int find_file(const char *path, struct error *error) {
  return access(path, F_OK) < 0 && errno == ENOENT ? error_set(error, ERROR_configuration, "there is no store at %s", path) : 0;
}

static int sqlite_check(struct str place, struct error *error) {
  bool good = place.n && place.p[0] != ':' && !memchr(place.p, '\0', place.n); /* ":memory:" would be each handle's own */
  return good ? 0 : error_set(error, ERROR_configuration, "the store needs the path of a file: sqlite:/path/to/state.db");
}

static struct store *sqlite_open(struct str place, bool may_make, struct error *error) {
  struct sqlite *sqlite = mem_alloc(sizeof *sqlite);
  sqlite->store.engine = &store_sqlite;
  sqlite->path = mem_printf("%s%.*s", place.p[0] == '/' ? "" : "./", STR_ARG(place)); /* never one that SQLite takes for a URI */
  int result = may_make ? make_file(sqlite->path, error) : find_file(sqlite->path, error);
  if (result == 0 && sqlite3_open_v2(sqlite->path, &sqlite->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    result = sqlite_fail(sqlite, error);
  if (result == 0) result = prepare(sqlite, error);
  if (result == 0) return &sqlite->store;
  sqlite_close(&sqlite->store);
  return NULL;
}

const struct store_engine store_sqlite = {
    .scheme = "sqlite:",
    .check = sqlite_check,
    .open = sqlite_open,
    .close = sqlite_close,
    .session_put = sqlite_session_put,
    .session_get = sqlite_session_get,
    .session_list = sqlite_session_list,
    .session_touch = sqlite_session_touch,
    .session_data = sqlite_session_data,
    .session_delete = sqlite_session_delete,
    .session_rotate = sqlite_session_rotate,
    .connection_put = sqlite_connection_put,
    .connection_get = sqlite_connection_get,
    .connection_list = sqlite_connection_list,
    .connection_renew = sqlite_connection_renew,
    .connection_state = sqlite_connection_state,
    .connection_end = sqlite_connection_end,
    .connection_delete = sqlite_connection_delete,
    .ticket_put = sqlite_ticket_put,
    .ticket_take = sqlite_ticket_take,
    .lease_take = sqlite_lease_take,
    .lease_look = sqlite_lease_look,
    .lease_release = sqlite_lease_release,
    .document_create = sqlite_document_create,
    .document_get = sqlite_document_get,
    .document_by_key = sqlite_document_by_key,
    .document_list = sqlite_document_list,
    .document_update = sqlite_document_update,
    .document_delete = sqlite_document_delete,
    .history_add = sqlite_history_add,
    .history_list = sqlite_history_list,
    .journal_add = sqlite_journal_add,
    .journal_list = sqlite_journal_list,
    .purge = sqlite_purge,
    .purge_tickets = sqlite_purge_tickets,
    .copy_begin = sqlite_copy_begin,
    .copy_end = sqlite_copy_end,
    .copy_read = sqlite_copy_read,
    .copy_write = sqlite_copy_write,
    .copy_counter = sqlite_copy_counter,
};
