/* suite: what every engine of the store must pass, at the address it is given. An empty store is made there for each test. */
#ifndef DRAWBRIDGE_TESTS_STORE_SUITE_H
#define DRAWBRIDGE_TESTS_STORE_SUITE_H

#include "base/error.h"
#include "store/store.h"

/* Answers a fresh, empty store's address (good until the next call), and takes it away afterwards. */
struct suite_place {
  const char *(*make)(void);
  void (*drop)(void);
};

struct store *must_open(const char *address);
void must_refuse(const char *address, enum error_code code, const char *word); /* a password (hunter2) is not in what it says */
int put_one(struct store *store, int n, struct error *error);                  /* a session that is known by its number alone */
int get_one(struct store *store, int n, struct error *error);                  /* 1: it is there */

/* Each version of the tables that was released lies in released/ENGINE-N.sql, with one thing of each kind in it: moved forward, it holds all that was in it, takes more, and its tables are those of a new one. Returns the newest N. */
int suite_released(struct suite_place place, const char *engine, void (*execute)(const char *sql),
                   struct str (*tables)(struct arena *arena));

int suite_run(struct suite_place place, const char *name);

#endif
