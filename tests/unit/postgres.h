/* postgres: a test's own words to the PostgreSQL that tests/postgres.py has started. */
#ifndef DRAWBRIDGE_TESTS_POSTGRES_H
#define DRAWBRIDGE_TESTS_POSTGRES_H

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void postgres_execute(const char *address, const char *sql) {
  PGconn *connection = PQconnectdb(address);
  PGresult *result = PQexec(connection, sql);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail_msg("%s", PQerrorMessage(connection));
  PQclear(result);
  PQfinish(connection);
}

/* Takes the store away. */
static inline void postgres_empty(const char *address) {
  postgres_execute(address, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS drawbridge CASCADE");
}

#endif
