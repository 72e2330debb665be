#include "base/vec.h"

#include <stdint.h>

void *vec_grow(void *p, size_t *capacity, size_t size) {
  size_t next = *capacity ? *capacity * 2 : 8;
  if (next < *capacity) mem_exhausted(SIZE_MAX);
  p = mem_resize_array(p, next, size);
  *capacity = next;
  return p;
}
