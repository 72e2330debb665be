/* The suite in a PostgreSQL that tests/postgres.py has started, and what is PostgreSQL's own: other schemas, connections that end, servers that do not answer. */
#include "../postgres.h"
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const char *address;

static void drop(void) {
  postgres_empty(address);
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

/* [R-H1] What opens the database is never told. */
static void addresses(void **state) {
  must_refuse("postgresql://me:hunter2@[::1/x", ERROR_configuration, "is written like");
  must_refuse("postgresql://me:hunter2@127.0.0.1/x?nonsense=hunter2", ERROR_configuration, "there is no parameter \"nonsense\"");
  must_refuse("postgresql://me:hunter2@127.0.0.1/x?passfile=pgpass", ERROR_configuration, "begins with '/'");
  must_refuse("postgresql://me:hunter2@127.0.0.1:1,127.0.0.1:2/x", ERROR_store_unavailable, "port 2 failed");
  must_refuse("postgresql://me:hunter2@127.0.0.1:1/x", ERROR_store_unavailable, "127.0.0.1");
}

static void a_newer_schema_is_refused(void **state) {
  store_close(must_open(address));
  postgres_execute(address, "UPDATE drawbridge.tables SET version = 1000");
  must_refuse(address, ERROR_store_unavailable, "newer drawbridge");
}

static struct str tables(struct arena *arena) {
  PGconn *other = PQconnectdb(address);
  PGresult *result =
      PQexec(other, "SELECT (SELECT string_agg(concat_ws(' ', table_name, column_name, data_type, is_nullable, collation_name), ',' ORDER "
                    "BY table_name, column_name)"
                    " FROM information_schema.columns WHERE table_schema = 'drawbridge') ||"
                    " (SELECT string_agg(indexdef, ',' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'drawbridge')");
  assert_int_equal(PQntuples(result), 1);
  struct str told = arena_str(arena, str_of(PQgetvalue(result, 0, 0)));
  PQclear(result);
  PQfinish(other);
  return told;
}

static void execute(const char *sql) {
  postgres_execute(address, sql);
}

/* Each becomes what a new one is. */
static void every_released_store_is_moved_forward(void **state) {
  char newest[100];
  int version = suite_released((struct suite_place){make, drop}, "postgres", execute, tables);
  (void)snprintf(newest, sizeof newest,
                 "DO $$ BEGIN ASSERT (SELECT version FROM drawbridge.tables) = %d, 'released/ lacks a version'; END $$", version);
  execute(newest);
}

static void another_programs_schema_is_left_alone(void **state) {
  postgres_execute(address, "CREATE SCHEMA drawbridge; CREATE TABLE drawbridge.sessions (x int)");
  must_refuse(address, ERROR_store_unavailable, "another program");
}

static void a_database_of_another_encoding_is_refused(void **state) {
  char other[256];
  postgres_execute(address, "CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0");
  (void)snprintf(other, sizeof other, "%.*slatin", (int)(strrchr(address, '/') + 1 - address), address);
  must_refuse(other, ERROR_store_unavailable, "UTF8");
  postgres_execute(address, "DROP DATABASE latin");
}

/* What nobody asked for in the meantime is noticed before the next call, which then needs no second try. */
static void a_connection_that_was_ended_is_made_anew(void **state) {
  struct error error = {0};
  struct store *store = must_open(address);
  assert_int_equal(put_one(store, 1, &error), 0);
  postgres_execute(address, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drawbridge'");
  postgres_execute(
      address, "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'drawbridge') LOOP PERFORM pg_sleep(0.05), "
               "pg_stat_clear_snapshot(); END LOOP; PERFORM pg_sleep(0.2); END $$");
  assert_int_equal(put_one(store, 2, &error), 0);
  assert_int_equal(get_one(store, 1, &error), 1);
  store_close(store);
}

/* The same statement is prepared again where it could not be before. */
static void a_failure_leaves_the_handle_good(void **state) {
  struct error error = {0};
  struct store *store = must_open(address);
  assert_int_equal(get_one(store, 1, &error), 0);
  postgres_execute(address, "ALTER TABLE drawbridge.sessions RENAME TO away");
  assert_int_equal(put_one(store, 1, &error), -1);
  assert_int_equal(error.code, ERROR_store_unavailable);
  error = (struct error){0};
  assert_int_equal(get_one(store, 1, &error), -1);
  postgres_execute(address, "ALTER TABLE drawbridge.away RENAME TO sessions");
  error = (struct error){0};
  assert_int_equal(put_one(store, 1, &error), 0);
  assert_int_equal(get_one(store, 1, &error), 1);
  store_close(store);
}

static void a_lock_is_waited_for_and_then_told(void **state) {
  struct error error = {0};
  struct store *store = must_open(address);
  PGconn *other = PQconnectdb(address);
  assert_int_equal(put_one(store, 1, &error), 0);
  PQclear(PQexec(other, "BEGIN; SELECT * FROM drawbridge.sessions FOR UPDATE"));
  int read = get_one(store, 1, &error), wrote = put_one(store, 1, &error);
  PQfinish(other);           /* before anything is judged: taking the store away would wait for this lock for ever */
  assert_int_equal(read, 1); /* readers do not wait */
  assert_int_equal(wrote, -1);
  assert_int_equal(error.code, ERROR_store_unavailable);
  assert_non_null(strstr(error.message, "locked"));
  error = (struct error){0};
  assert_int_equal(put_one(store, 1, &error), 0);
  store_close(store);
}

#define ON_SCHEMA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_SCHEMA(addresses),
      ON_SCHEMA(a_newer_schema_is_refused),
      ON_SCHEMA(every_released_store_is_moved_forward),
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
