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
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  if (n < 0) mem_exhausted(0);
  char *text = mem_alloc((size_t)n + 1); /* all room at once: vasprintf would grow, and leave a copy of what may be a secret behind */
  (void)vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  va_end(args);
  return text;
}

void mem_cleanup_free(void *pointer_to_pointer) {
  free(*(void **)pointer_to_pointer);
}
