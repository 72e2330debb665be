#include "base/vec.h"

#include <stdint.h>
#include <string.h>

void *vec_grow(void *p, size_t *capacity, size_t size) {
  size_t next = *capacity ? *capacity * 2 : 8;
  if (next < *capacity) mem_exhausted(SIZE_MAX);
  p = mem_resize_array(p, next, size);
  *capacity = next;
  return p;
}

const void *vec_first_missing(const void *list, size_t count, const void *from, size_t from_count, size_t size,
                              int (*cmp)(const void *a, const void *b)) {
  char *sorted = mem_alloc_array(from_count + 1, size);
  const char *missing = NULL;
  if (from_count) memcpy(sorted, from, from_count * size);
  qsort(sorted, from_count, size, cmp);
  for (const char *one = list; !missing && count; one += size, count--)
    if (!bsearch(one, sorted, from_count, size, cmp)) missing = one;
  free(sorted);
  return missing;
}
