#include "base/buf.h"

#include "base/mem.h"
#include <stdarg.h>

void buf_free(struct buf *buf) {
  free(buf->p);
  *buf = BUF_INIT(buf->max);
}

void buf_clear(struct buf *buf) {
  buf->n = 0;
  buf->full = false;
  if (buf->p) buf->p[0] = '\0';
}

bool buf_reserve(struct buf *buf, size_t more) {
  if (buf->full || more > buf->max - buf->n) {
    buf->full = true;
    return false;
  }
  size_t need = buf->n + more + 1;
  if (need <= buf->capacity) return true;
  size_t capacity = buf->capacity ? buf->capacity : 64;
  while (capacity < need) capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
  if (capacity - 1 > buf->max) capacity = buf->max + 1;
  buf->p = mem_resize_array(buf->p, capacity, 1);
  buf->capacity = capacity;
  return true;
}

bool buf_add_growing(struct buf *buf, struct str s) {
  if (!buf_reserve(buf, s.n)) return false;
  if (s.n) memcpy(buf->p + buf->n, s.p, s.n);
  buf->n += s.n;
  buf->p[buf->n] = '\0';
  return true;
}

bool buf_add_int(struct buf *buf, int64_t number) {
  char digits[STR_INT_MAX];
  return buf_add(buf, str_int(number, digits));
}

bool buf_printf(struct buf *buf, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  bool ok = n >= 0 && buf_reserve(buf, (size_t)n);
  if (ok) {
    (void)vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
    buf->n += (size_t)n;
  }
  va_end(again);
  return ok;
}

void buf_drop(struct buf *buf, size_t first) {
  if (first > buf->n) first = buf->n;
  if (!first) return;
  memmove(buf->p, buf->p + first, buf->n - first + 1);
  buf->n -= first;
}

struct str buf_str(const struct buf *buf) {
  return (struct str){buf->p, buf->n};
}
