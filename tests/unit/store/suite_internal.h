/* What the files of the suite share: the store under test and the rows they put into it. */
#ifndef DRAWBRIDGE_TESTS_STORE_SUITE_INTERNAL_H
#define DRAWBRIDGE_TESTS_STORE_SUITE_INTERNAL_H

#include "suite.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NOW = 1000000 };

extern const char *address;
extern struct store *store;
extern struct arena *arena;
extern struct error error;

int suite_setup(void **state);
int suite_teardown(void **state);
int suite_run_races(const char *name);

#define ON_STORE(test) cmocka_unit_test_setup_teardown(test, suite_setup, suite_teardown)
#define good(call) assert_good((call), #call, __LINE__)

void assert_good(int result, const char *call, int line);
void assert_text(struct str got, const char *want);
unsigned char *id_of(int n); /* differ in their last bytes alone */
struct store_session session_of(int n);
void put_session(int n);
void put_connection(int session, const char *server);
struct store_connection get_connection(int session, const char *server);
bool has_connection(int session, const char *server);
bool has_session(int n);
void put_ticket(int n, const char *kind, int64_t expires_ms);
void create(const char *id, const char *key);
struct store_document get_document(const char *id);

#endif
