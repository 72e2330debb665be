/* with_arena: one arena for all tests of a file, for whatever none of them frees: cmocka_run_group_tests(tests, setup, teardown). */
#ifndef DRAWBRIDGE_TESTS_WITH_ARENA_H
#define DRAWBRIDGE_TESTS_WITH_ARENA_H

#include "base/arena.h"

static struct arena *arena;

static int setup(void **state) {
  (void)state;
  arena = arena_new();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

#endif
