#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>

void mem_exhausted(size_t wanted) {
  (void)fprintf(stderr, "drawbridge: out of memory (%zu bytes wanted): give it more or lower the limits\n", wanted);
  abort();
}

void *mem_alloc(size_t size) {
  void *p = calloc(1, size ? size : 1);
  if (!p) mem_exhausted(size);
  return p;
}

void *mem_alloc_array(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) mem_exhausted(SIZE_MAX);
  return mem_alloc(total);
}

void *mem_resize_array(void *old, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) mem_exhausted(SIZE_MAX);
  void *p = realloc(old, total ? total : 1);
  if (!p) mem_exhausted(total);
  return p;
}

char *mem_printf(const char *format, ...) {
  char *text = NULL;
  va_list args;
  va_start(args, format);
  int n = vasprintf(&text, format, args);
  va_end(args);
  if (n < 0) mem_exhausted(0);
  return text;
}

void mem_cleanup_free(void *pointer_to_pointer) {
  free(*(void **)pointer_to_pointer);
}
