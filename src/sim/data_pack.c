#include "sim/data_pack.h"

#include "base/buf.h"
#include "base/mem.h"
#include <zlib.h>

enum { UNPACKED_MAX = 512 << 20, PIECE = 65536, LOCAL_HEADER = 30, GZIP_BITS = 15 + 16, RAW_BITS = -15 };

static struct str inflated(struct arena *arena, struct str body, int bits) {
  struct buf out = BUF_INIT(UNPACKED_MAX);
  z_stream z = {.next_in = (Bytef *)(uintptr_t)body.p, .avail_in = (uInt)body.n};
  int state = inflateInit2(&z, bits);
  while (state == Z_OK && buf_reserve(&out, PIECE)) {
    z.next_out = (Bytef *)out.p + out.n;
    z.avail_out = PIECE;
    state = inflate(&z, Z_NO_FLUSH);
    out.n += PIECE - z.avail_out;
  }
  (void)inflateEnd(&z);
  struct str text = arena_str(arena, buf_str(&out));
  buf_free(&out);
  return text;
}

static struct str deflated(struct arena *arena, struct str text, int bits) {
  z_stream z = {.next_in = (Bytef *)(uintptr_t)text.p, .avail_in = (uInt)text.n};
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) mem_exhausted(0);
  size_t room = deflateBound(&z, text.n) + 32;
  char *out = arena_alloc(arena, room);
  z.next_out = (Bytef *)out;
  z.avail_out = (uInt)room;
  (void)deflate(&z, Z_FINISH);
  size_t n = room - z.avail_out;
  (void)deflateEnd(&z);
  return (struct str){out, n};
}

static size_t short_at(struct str s, size_t i) {
  return (unsigned char)s.p[i] | (size_t)(unsigned char)s.p[i + 1] << 8;
}

struct str data_unpack(struct arena *arena, struct str body) {
  if (body.n > 2 && (unsigned char)body.p[0] == 0x1f && (unsigned char)body.p[1] == 0x8b) return inflated(arena, body, GZIP_BITS);
  if (body.n < LOCAL_HEADER || memcmp(body.p, "PK\3\4", 4) != 0) return body;
  struct str data = str_from(body, LOCAL_HEADER + short_at(body, 26) + short_at(body, 28)); /* behind its name and extra field */
  size_t n = short_at(body, 18) | short_at(body, 20) << 16;                                 /* packed; 0 where it stands behind the data */
  return short_at(body, 8) == 0 ? str_slice(data, 0, n) : inflated(arena, data, RAW_BITS);
}

struct str data_gzip(struct arena *arena, struct str text) {
  return deflated(arena, text, GZIP_BITS);
}

static void put(struct buf *out, uint32_t value, size_t bytes) {
  for (; bytes > 0; bytes--, value >>= 8) (void)buf_add_char(out, (char)(value & 255));
}

/* The fields that a local header and its entry in the directory share. */
static void put_entry(struct buf *out, struct str name, struct str text, struct str packed) {
  put(out, 20, 2);
  put(out, 0, 2);
  put(out, Z_DEFLATED, 2);
  put(out, 0x21 << 16, 4); /* 1980-01-01 */
  put(out, (uint32_t)crc32(0, (const Bytef *)text.p, (uInt)text.n), 4);
  put(out, (uint32_t)packed.n, 4);
  put(out, (uint32_t)text.n, 4);
  put(out, (uint32_t)name.n, 2);
  put(out, 0, 2);
}

struct str data_zip(struct arena *arena, struct str name, struct str text) {
  struct str packed = deflated(arena, text, RAW_BITS);
  struct buf out = BUF_INIT(UNPACKED_MAX);
  (void)buf_add(&out, STR("PK\3\4"));
  put_entry(&out, name, text, packed);
  (void)buf_add(&out, name);
  (void)buf_add(&out, packed);
  size_t directory = out.n;
  (void)buf_add(&out, STR("PK\1\2"));
  put(&out, 20, 2);
  put_entry(&out, name, text, packed);
  put(&out, 0, 2);
  put(&out, 0, 2);
  put(&out, 0, 2);
  put(&out, 0, 4);
  put(&out, 0, 4);
  (void)buf_add(&out, name);
  size_t size = out.n - directory;
  (void)buf_add(&out, STR("PK\5\6"));
  put(&out, 0, 4);
  put(&out, 1, 2);
  put(&out, 1, 2);
  put(&out, (uint32_t)size, 4);
  put(&out, (uint32_t)directory, 4);
  put(&out, 0, 2);
  struct str whole = arena_str(arena, buf_str(&out));
  buf_free(&out);
  return whole;
}
