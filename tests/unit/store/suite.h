/* suite: what every engine of the store must pass, at the address it is given. An empty store is made there for each test. */
#ifndef DRAWBRIDGE_TESTS_STORE_SUITE_H
#define DRAWBRIDGE_TESTS_STORE_SUITE_H

#include "store/store.h"

/* Answers a fresh, empty store's address (good until the next call), and takes it away afterwards. */
struct suite_place {
  const char *(*make)(void);
  void (*drop)(void);
};

int suite_run(struct suite_place place, const char *name);

#endif
