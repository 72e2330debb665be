/* buf: bytes that grow up to a stated maximum.
 *
 * What holds always: `n <= max`, and `n < capacity <= max + 1` once there is memory; the bytes are followed by a NUL that is not counted, once anything was added. A call that would pass `max` adds nothing,
 * sets `full` and returns false; `full` stays set until buf_clear, so a series of adds is checked once at the end.
 * A pointer into the bytes is good until the next add.
 *
 * Life cycle: `struct buf b = BUF_INIT(max)`, calls, buf_free. */
#ifndef DRAWBRIDGE_BASE_BUF_H
#define DRAWBRIDGE_BASE_BUF_H

#include "base/str.h"

struct buf {
  char *p;
  size_t n, capacity, max;
  bool full;
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})

void buf_free(struct buf *buf);                      /* also ready for use again */
void buf_clear(struct buf *buf);                     /* keeps the memory */
bool buf_add_growing(struct buf *buf, struct str s); /* buf_add where the memory at hand is not enough */
static inline bool buf_add(struct buf *buf, struct str s) {
  if (buf->full || s.n >= buf->capacity - buf->n) return buf_add_growing(buf, s);
  if (s.n) memcpy(buf->p + buf->n, s.p, s.n);
  buf->n += s.n;
  buf->p[buf->n] = '\0';
  return true;
}
static inline bool buf_add_char(struct buf *buf, char c) {
  return buf_add(buf, (struct str){&c, 1});
}
bool buf_add_int(struct buf *buf, int64_t number); /* decimal */
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_reserve(struct buf *buf, size_t more); /* room for `more` bytes behind n; write them and raise n */
void buf_drop(struct buf *buf, size_t first);   /* takes the first bytes away */
struct str buf_str(const struct buf *buf);      /* borrowed */

#endif
