/* The suite at a file, and what is SQLite's own: the file's mode, other schemas, failures of the disk. */
#include "suite.h"

#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[96], address[112];

static const char *make(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/store-sqlite-XXXXXX");
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/state.db", folder);
  (void)snprintf(address, sizeof address, "sqlite:%s", path);
  return address;
}

static void drop(void) {
  static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".away"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    char name[128];
    (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
    (void)unlink(name);
  }
  assert_int_equal(rmdir(folder), 0);
}

static int setup(void **state) {
  (void)make();
  return 0;
}

static int teardown(void **state) {
  drop();
  return 0;
}

static void execute(const char *sql) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void addresses(void **state) {
  static const char *const bad[] = {"", "sqlite", "sqlite:", "sqlite::memory:", "mysql://x", "/var/lib/state.db"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct error error = {0};
    assert_null(store_open(str_of(bad[i]), &error));
    assert_int_equal(error.code, ERROR_configuration);
  }
  (void)snprintf(address, sizeof address, "sqlite:%s/no/state.db", folder);
  must_refuse(address, ERROR_store_unavailable, "cannot be made");
  store_close(NULL);
}

static void the_file_is_its_owners_alone(void **state) {
  struct error error = {0};
  mode_t before = umask(0);
  struct store *store = must_open(address);
  assert_int_equal(put_one(store, 1, &error), 0);
  (void)umask(before);
  static const char *const ends[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < 3; i++) {
    char name[128];
    struct stat info;
    (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
    assert_int_equal(stat(name, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
  }
  store_close(store);
}

/* Ordinary commits in WAL mode are synced only with FULL: count what reaches the disk. */
static unsigned syncs;

int fdatasync(int fd) {
  syncs++;
  return fsync(fd);
}

static void what_is_acknowledged_is_on_the_disk(void **state) {
  struct error error = {0};
  struct store *store = must_open(address);
  for (int i = 0; i < 5; i++) {
    unsigned before = syncs;
    assert_int_equal(put_one(store, i, &error), 0);
    assert_true(syncs > before);
  }
  unsigned before = syncs;
  assert_int_equal(get_one(store, 1, &error), 1);
  assert_int_equal(syncs, before);
  store_close(store);
}

static void a_newer_schema_is_refused(void **state) {
  store_close(must_open(address));
  execute("PRAGMA user_version = 1000");
  must_refuse(address, ERROR_store_unavailable, "newer drawbridge");
  execute("PRAGMA user_version = 2");
  store_close(must_open(address));
}

static struct str asked(struct arena *arena, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *statement;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  struct str told = arena_str(arena, str_of((const char *)sqlite3_column_text(statement, 0)));
  (void)sqlite3_finalize(statement);
  (void)sqlite3_close(db);
  return told;
}

static struct str tables(struct arena *arena) {
  return asked(arena, "SELECT (SELECT group_concat(x) FROM (SELECT s.name || ' ' || c.name || ' ' || c.type || c.\"notnull\" || c.pk AS x "
                      "FROM sqlite_schema s JOIN"
                      " pragma_table_info(s.name) c WHERE s.type = 'table' ORDER BY 1)) ||"
                      " (SELECT group_concat(x) FROM (SELECT s.tbl_name || ' ' || s.name || ' ' || c.name AS x FROM sqlite_schema s JOIN "
                      "pragma_index_info(s.name) c"
                      " WHERE s.type = 'index' ORDER BY 1))");
}

/* Each becomes what a new one is. */
static void every_released_store_is_moved_forward(void **state) {
  struct arena *arena = arena_new();
  char newest[16];
  (void)snprintf(newest, sizeof newest, "%d", suite_released((struct suite_place){make, drop}, "sqlite", execute, tables));
  assert_string_equal(arena_cstr(arena, asked(arena, "SELECT user_version FROM pragma_user_version")),
                      newest); /* else released/ lacks a version */
  arena_free(arena);
}

static void another_programs_database_is_left_alone(void **state) {
  execute("CREATE TABLE sessions (x); PRAGMA user_version = 1");
  must_refuse(address, ERROR_store_unavailable, "another program");
}

static void a_started_migration_is_begun_anew(void **state) {
  execute("PRAGMA journal_mode = WAL"); /* made, and nothing in it yet */
  store_close(must_open(address));
}

static void a_damaged_file_says_what_to_do(void **state) {
  struct error error = {0};
  struct store *store = must_open(address);
  for (int i = 0; i < 200; i++) assert_int_equal(put_one(store, i, &error), 0);
  store_close(store);
  assert_int_equal(
      file_write(path,
                 STR("this is not a database, but a text that is long enough to look like one: it has more than a hundred bytes in it"),
                 &error),
      0);
  must_refuse(address, ERROR_store_unavailable, "damaged");
}

static void a_damaged_page_is_no_empty_answer(void **state) {
  struct error error = {0};
  struct store *store = must_open(address);
  for (int i = 0; i < 200; i++) assert_int_equal(put_one(store, i, &error), 0);
  store_close(store);
  int fd = open(path, O_WRONLY);
  char junk[4096];
  struct stat info;
  assert_int_equal(fstat(fd, &info), 0);
  memset(junk, 0xa5, sizeof junk);
  for (off_t at = 4096; at < info.st_size; at += 4096) assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
  (void)close(fd);
  store = store_open(str_of(address), &error);
  if (store) assert_int_equal(get_one(store, 7, &error), -1);
  assert_int_equal(error.code, ERROR_store_unavailable);
  assert_non_null(strstr(error.message, "damaged"));
  store_close(store);
}

static void a_lock_is_waited_for_and_then_told(void **state) {
  struct error error = {0};
  struct store *store = must_open(address);
  sqlite3 *other;
  assert_int_equal(put_one(store, 1, &error), 0);
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(get_one(store, 1, &error), 1); /* readers do not wait */
  assert_int_equal(put_one(store, 2, &error), -1);
  assert_int_equal(error.code, ERROR_store_unavailable);
  assert_non_null(strstr(error.message, "locked"));
  assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(other), SQLITE_OK);
  assert_int_equal(put_one(store, 2, &error), 0);
  store_close(store);
}

/* A disk that takes nothing more: 0, or why. */
static int taken_no_more;

static ssize_t write_or_not(int fd, const void *p, size_t n, off_t at) {
  if (!taken_no_more) return pwrite(fd, p, n, at);
  errno = taken_no_more;
  return -1;
}

/* A file system with a fault is set to read only by the kernel under open files. */
static void a_disk_that_takes_nothing_is_told_and_survived(void **state) {
  static const struct {
    int number;
    const char *says, *reason;
  } cases[] = {{ENOSPC, "is full: make room", "disk_full"},
               {EDQUOT, "is full: make room", "disk_full"},
               {EROFS, "set to read only", "read_only"},
               {EIO, "look after the disk", ""}};
  struct error error = {0};
  sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
  struct store *store = must_open(address);
  assert_int_equal(put_one(store, 1, &error), 0);
  assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)write_or_not), SQLITE_OK);
  (void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write_or_not);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    taken_no_more = cases[i].number;
    assert_int_equal(put_one(store, 2, &error), -1);
    assert_int_equal(error.code, ERROR_store_unavailable);
    assert_true(strncmp(error.message, path, strlen(path)) == 0);
    assert_non_null(strstr(error.message, cases[i].says));
    assert_string_equal(error.reason, cases[i].reason);
    assert_int_equal(get_one(store, 1, &error), 1);
    assert_int_equal(get_one(store, 2, &error), 0);
  }
  taken_no_more = 0;
  assert_int_equal(put_one(store, 2, &error), 0);
  assert_int_equal(get_one(store, 2, &error), 1);
  (void)vfs->xSetSystemCall(vfs, "pwrite", NULL);
  (void)vfs->xSetSystemCall(vfs, "pwrite64", NULL);
  store_close(store);
}

static void a_file_that_was_taken_away_is_no_store(void **state) {
  struct error error = {0};
  char away[128];
  struct store *store = must_open(address);
  assert_int_equal(put_one(store, 1, &error), 0);
  (void)snprintf(away, sizeof away, "%s.away", path);
  assert_int_equal(rename(path, away), 0);
  assert_int_equal(put_one(store, 2, &error), -1);
  assert_int_equal(error.code, ERROR_store_unavailable);
  assert_non_null(strstr(error.message, "removed"));
  assert_int_equal(get_one(store, 1, &error), -1);
  store_close(store);
}

#define ON_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_FILE(addresses),
      ON_FILE(the_file_is_its_owners_alone),
      ON_FILE(what_is_acknowledged_is_on_the_disk),
      ON_FILE(a_newer_schema_is_refused),
      ON_FILE(every_released_store_is_moved_forward),
      ON_FILE(another_programs_database_is_left_alone),
      ON_FILE(a_started_migration_is_begun_anew),
      ON_FILE(a_damaged_file_says_what_to_do),
      ON_FILE(a_damaged_page_is_no_empty_answer),
      ON_FILE(a_lock_is_waited_for_and_then_told),
      ON_FILE(a_disk_that_takes_nothing_is_told_and_survived),
      ON_FILE(a_file_that_was_taken_away_is_no_store),
  };
  int failed = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
  return failed + suite_run((struct suite_place){make, drop}, "sqlite: the contract");
}
