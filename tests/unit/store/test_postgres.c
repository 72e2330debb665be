/* The suite in a PostgreSQL that tests/postgres.py has started, and what is PostgreSQL's own: other schemas, connections that end, servers that do not answer. */
#include "suite.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const char *address;

static void execute(const char *sql) {
  PGconn *connection = PQconnectdb(address);
  PGresult *result = PQexec(connection, sql);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail_msg("%s", PQerrorMessage(connection));
  PQclear(result);
  PQfinish(connection);
}

static void drop(void) {
  execute("SET client_min_messages = warning; DROP SCHEMA IF EXISTS drawbridge CASCADE");
}

static const char *make(void) {
  drop();
  return address;
}

static int setup(void **state) {
  (void)make();
  return 0;
}

static int teardown(void **state) {
  drop();
  return 0;
}

static struct store *must_open(void) {
  struct error error = {0};
  struct store *store = store_open(str_of(address), &error);
  if (!store) fail_msg("%s", error.message);
  return store;
}

static void must_refuse(const char *where, enum error_code code, const char *word) {
  struct error error = {0};
  assert_null(store_open(str_of(where), &error));
  assert_int_equal(error.code, code);
  if (!strstr(error.message, word)) fail_msg("'%s' does not say '%s'", error.message, word);
  assert_null(strstr(error.message, "hunter2"));
}

static int put(struct store *store, int n, struct error *error) {
  struct store_session s = {.created_ms = 1, .seen_ms = 1, .mode = STR("same-origin")};
  s.id[0] = (unsigned char)n;
  return store_session_put(store, &s, error);
}

static int get(struct store *store, int n, struct error *error) {
  struct arena *arena = arena_new();
  struct store_session s;
  unsigned char id[STORE_HASH_SIZE] = {(unsigned char)n};
  int found = store_session_get(store, id, arena, &s, error);
  arena_free(arena);
  return found;
}

/* [R-H1] What opens the database is never told. */
static void addresses(void **state) {
  must_refuse("postgresql://me:hunter2@[::1/x", ERROR_configuration, "is written like");
  must_refuse("postgresql://me:hunter2@127.0.0.1/x?nonsense=hunter2", ERROR_configuration, "is written like");
  must_refuse("postgresql://me:hunter2@127.0.0.1:1/x", ERROR_store_unavailable, "127.0.0.1");
}

static void a_newer_schema_is_refused(void **state) {
  store_close(must_open());
  execute("UPDATE drawbridge.tables SET version = 1000");
  must_refuse(address, ERROR_store_unavailable, "newer drawbridge");
}

/* As the first version left it: before there were journals. */
static void an_older_schema_is_moved_forward(void **state) {
  struct error error = {0};
  struct store *store = must_open();
  assert_int_equal(put(store, 1, &error), 0);
  store_close(store);
  execute("DROP TABLE drawbridge.journals; UPDATE drawbridge.tables SET version = 1");
  store = must_open();
  assert_int_equal(get(store, 1, &error), 1);
  store_close(store);
  execute("INSERT INTO drawbridge.journals (kind, id, name, bytes) SELECT kind, id, 'x', '' FROM drawbridge.documents");
}

static void another_programs_schema_is_left_alone(void **state) {
  execute("CREATE SCHEMA drawbridge; CREATE TABLE drawbridge.sessions (x int)");
  must_refuse(address, ERROR_store_unavailable, "another program");
}

static void a_database_of_another_encoding_is_refused(void **state) {
  char other[256];
  execute("CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0");
  (void)snprintf(other, sizeof other, "%.*slatin", (int)(strrchr(address, '/') + 1 - address), address);
  must_refuse(other, ERROR_store_unavailable, "UTF8");
  execute("DROP DATABASE latin");
}

/* What nobody asked for in the meantime is noticed before the next call, which then needs no second try. */
static void a_connection_that_was_ended_is_made_anew(void **state) {
  struct error error = {0};
  struct store *store = must_open();
  assert_int_equal(put(store, 1, &error), 0);
  execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drawbridge'");
  execute("SELECT pg_sleep(0.2)");
  assert_int_equal(put(store, 2, &error), 0);
  assert_int_equal(get(store, 1, &error), 1);
  store_close(store);
}

/* The same statement is prepared again where it could not be before. */
static void a_failure_leaves_the_handle_good(void **state) {
  struct error error = {0};
  struct store *store = must_open();
  assert_int_equal(get(store, 1, &error), 0);
  execute("ALTER TABLE drawbridge.sessions RENAME TO away");
  assert_int_equal(put(store, 1, &error), -1);
  assert_int_equal(error.code, ERROR_store_unavailable);
  error = (struct error){0};
  assert_int_equal(get(store, 1, &error), -1);
  execute("ALTER TABLE drawbridge.away RENAME TO sessions");
  error = (struct error){0};
  assert_int_equal(put(store, 1, &error), 0);
  assert_int_equal(get(store, 1, &error), 1);
  store_close(store);
}

static void a_lock_is_waited_for_and_then_told(void **state) {
  struct error error = {0};
  struct store *store = must_open();
  PGconn *other = PQconnectdb(address);
  assert_int_equal(put(store, 1, &error), 0);
  PQclear(PQexec(other, "BEGIN; SELECT * FROM drawbridge.sessions FOR UPDATE"));
  assert_int_equal(get(store, 1, &error), 1); /* readers do not wait */
  assert_int_equal(put(store, 1, &error), -1);
  assert_int_equal(error.code, ERROR_store_unavailable);
  assert_non_null(strstr(error.message, "locked"));
  PQfinish(other);
  error = (struct error){0};
  assert_int_equal(put(store, 1, &error), 0);
  store_close(store);
}

#define ON_SCHEMA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_SCHEMA(addresses),
      ON_SCHEMA(a_newer_schema_is_refused),
      ON_SCHEMA(an_older_schema_is_moved_forward),
      ON_SCHEMA(another_programs_schema_is_left_alone),
      ON_SCHEMA(a_database_of_another_encoding_is_refused),
      ON_SCHEMA(a_connection_that_was_ended_is_made_anew),
      ON_SCHEMA(a_failure_leaves_the_handle_good),
      ON_SCHEMA(a_lock_is_waited_for_and_then_told),
  };
  address = getenv("DRAWBRIDGE_TEST_POSTGRES");
  if (!address) return 77;
  int failed = cmocka_run_group_tests_name("postgres", tests, NULL, NULL);
  return failed + suite_run((struct suite_place){make, drop}, "postgres: the contract");
}
