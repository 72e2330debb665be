#include "gateway/packed.h"

#include "base/mem.h"

enum { FORMAT = 1, HEAD = 5 };

static void put_u32(char *p, size_t value) {
  for (int i = 0; i < 4; i++) p[i] = (char)(unsigned char)(value >> (24 - 8 * i));
}

static size_t get_u32(const char *p) {
  size_t value = 0;
  for (int i = 0; i < 4; i++) value = value << 8 | (unsigned char)p[i];
  return value;
}

struct secret *packed_close(const struct packed_field *fields, size_t count) {
  size_t size = 1;
  for (size_t i = 0; i < count; i++) {
    if (!fields[i].bytes.p) continue;
    if (fields[i].bytes.n > PACKED_MAX) return NULL;
    size += HEAD + fields[i].bytes.n;
  }
  if (size > PACKED_MAX) return NULL;
  char *room = mem_alloc(size), *p = room;
  *p++ = FORMAT;
  for (size_t i = 0; i < count; i++) {
    struct str bytes = fields[i].bytes;
    if (!bytes.p) continue;
    *p = (char)fields[i].tag;
    put_u32(p + 1, bytes.n);
    if (bytes.n) memcpy(p + HEAD, bytes.p, bytes.n);
    p += HEAD + bytes.n;
  }
  struct secret *secret = secret_new((struct str){room, size});
  secret_wipe(room, size);
  free(room);
  return secret;
}

bool packed_open(struct str packed, struct packed_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) fields[i].bytes = STR_NONE;
  if (!packed.n || packed.p[0] != FORMAT) return false;
  for (struct str rest = str_from(packed, 1); rest.n;) {
    if (rest.n < HEAD) return false;
    size_t n = get_u32(rest.p + 1);
    if (n > rest.n - HEAD) return false;
    for (size_t i = 0; i < count; i++) {
      if (fields[i].tag != (unsigned char)rest.p[0]) continue;
      if (fields[i].bytes.p) return false;
      fields[i].bytes = (struct str){rest.p + HEAD, n};
    }
    rest = str_from(rest, HEAD + n);
  }
  return true;
}

struct str packed_number(int64_t value, char room[8]) {
  for (int i = 0; i < 8; i++) room[i] = (char)(unsigned char)((uint64_t)value >> (56 - 8 * i));
  return (struct str){room, 8};
}

bool packed_get_number(struct str bytes, int64_t *ret) {
  uint64_t value = 0;
  if (bytes.n != 8) return false;
  for (int i = 0; i < 8; i++) value = value << 8 | (unsigned char)bytes.p[i];
  *ret = (int64_t)value;
  return true;
}
