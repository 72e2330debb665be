/* Packs pieces of a fuzzer's bytes into an archive (.zip) with right sums, so that what reads the files in it is reached. */
#ifndef DRAWBRIDGE_FUZZ_PACKING_H
#define DRAWBRIDGE_FUZZ_PACKING_H

#include "base/buf.h"
#include <stdlib.h>
#include <zlib.h>

static inline void add_number(struct buf *buf, uint32_t number, unsigned bytes) {
  for (; bytes; bytes--, number >>= 8) (void)buf_add_char(buf, (char)(number & 0xff));
}

/* What the local head of a part and its entry in the list at the end have in common. */
static inline void add_head(struct buf *buf, struct str name, struct str content) {
  add_number(buf, 20, 2);
  add_number(buf, 0, 4); /* flags; stored as it is */
  add_number(buf, 0, 4); /* time */
  add_number(buf, (uint32_t)crc32(0, (const unsigned char *)content.p, (unsigned)content.n), 4);
  add_number(buf, (uint32_t)content.n, 4);
  add_number(buf, (uint32_t)content.n, 4);
  add_number(buf, (uint32_t)name.n, 2);
  add_number(buf, 0, 2);
}

/* `data` is split at lines of dashes, one piece for each name, stored as it is. False: it does not fit. */
static inline bool packing_of(struct str data, const char *const *names, size_t n, struct buf *package) {
  struct buf list = BUF_INIT(4096);
  for (size_t i = 0; i < n; i++) {
    size_t cut = str_find(data, STR("\n---\n"));
    struct str content = i == n - 1 || cut == SIZE_MAX ? data : str_slice(data, 0, cut), name = str_of(names[i]);
    data = cut == SIZE_MAX ? STR("") : str_from(data, cut + 5);
    if (!content.p) content = STR("");
    uint32_t at = (uint32_t)package->n;
    add_number(package, 0x04034b50, 4);
    add_head(package, name, content);
    (void)buf_add(package, name);
    (void)buf_add(package, content);
    add_number(&list, 0x02014b50, 4);
    add_number(&list, 20, 2);
    add_head(&list, name, content);
    add_number(&list, 0, 2);
    add_number(&list, 0, 4);
    add_number(&list, 0, 4);
    add_number(&list, at, 4);
    (void)buf_add(&list, name);
  }
  uint32_t at = (uint32_t)package->n;
  (void)buf_add(package, buf_str(&list));
  add_number(package, 0x06054b50, 4);
  add_number(package, 0, 4);
  add_number(package, (uint32_t)n, 2);
  add_number(package, (uint32_t)n, 2);
  add_number(package, (uint32_t)list.n, 4);
  add_number(package, at, 4);
  add_number(package, 0, 2);
  buf_free(&list);
  return !package->full;
}

#endif
