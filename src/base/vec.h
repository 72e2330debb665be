/* vec: a typed growing array, as a struct of your own:
 *
 *   struct { struct rule *p; size_t n, capacity; } rules = {0};
 *   VEC_PUSH(&rules, rule);          // never fails (mem.h)
 *   VEC_FREE(&rules);                // also ready for use again
 *
 * A pointer into it is good until the next push. */
#ifndef DRAWBRIDGE_BASE_VEC_H
#define DRAWBRIDGE_BASE_VEC_H

#include "base/mem.h"
#include <stddef.h>

#define VEC(type) \
  struct { \
    type *p; \
    size_t n, capacity; \
  }

#define VEC_PUSH(vec, ...) \
  do { \
    if ((vec)->n == (vec)->capacity) (vec)->p = vec_grow((vec)->p, &(vec)->capacity, sizeof *(vec)->p); \
    (vec)->p[(vec)->n++] = __VA_ARGS__; \
  } while (0)

#define VEC_FREE(vec) \
  do { \
    free((vec)->p); \
    (vec)->p = NULL; \
    (vec)->n = (vec)->capacity = 0; \
  } while (0)

void *vec_grow(void *p, size_t *capacity, size_t size);

/* The first of `list` that nothing in `from` is equal to; NULL: none. Both in any order; `cmp` is asked about n log n times. */
const void *vec_first_missing(const void *list, size_t count, const void *from, size_t from_count, size_t size,
                              int (*cmp)(const void *a, const void *b));

#endif
