#include "sim/qr.h"

#include "base/buf.h"
#include <qrencode.h>
#include <zlib.h>

enum { SCALE = 4, QUIET = 4 };

static void put32(struct buf *out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) buf_add_char(out, (char)(value >> shift));
}

static void chunk(struct buf *out, const char *kind, struct str data) {
  put32(out, (uint32_t)data.n);
  size_t from = out->n;
  buf_add(out, str_of(kind));
  buf_add(out, data);
  put32(out, (uint32_t)crc32(0, (const Bytef *)out->p + from, (uInt)(out->n - from)));
}

/* A byte for "no filter", then a byte a pixel. */
static void rows(const QRcode *code, struct buf *out) {
  size_t side = ((size_t)code->width + 2 * QUIET) * SCALE;
  for (size_t y = 0; y < side; y++) {
    buf_add_char(out, 0);
    for (size_t x = 0; x < side; x++) {
      size_t row = y / SCALE, column = x / SCALE, width = (size_t)code->width;
      bool inside = row >= QUIET && column >= QUIET && row < width + QUIET && column < width + QUIET;
      bool black = inside && (code->data[(row - QUIET) * width + column - QUIET] & 1);
      buf_add_char(out, black ? 0 : (char)0xff);
    }
  }
}

struct str sim_qr_png(struct arena *arena, struct str text) {
  QRcode *code = QRcode_encodeString8bit(arena_cstr(arena, text), 0, QR_ECLEVEL_M);
  if (!code) return STR("");
  struct buf raw = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20), head = BUF_INIT(64);
  rows(code, &raw);
  uLongf n = compressBound((uLong)raw.n);
  Bytef *packed = arena_alloc(arena, n);
  if (compress(packed, &n, (const Bytef *)raw.p, (uLong)raw.n) != Z_OK) n = 0;
  uint32_t side = ((uint32_t)code->width + 2 * QUIET) * SCALE;
  put32(&head, side);
  put32(&head, side);
  buf_add(&head, (struct str){"\x08\0\0\0\0", 5}); /* 8 bits of grey */
  buf_add(&out, (struct str){"\x89PNG\r\n\x1a\n", 8});
  chunk(&out, "IHDR", buf_str(&head));
  chunk(&out, "IDAT", (struct str){(const char *)packed, n});
  chunk(&out, "IEND", STR(""));
  struct str png = arena_str(arena, buf_str(&out));
  buf_free(&raw);
  buf_free(&out);
  buf_free(&head);
  QRcode_free(code);
  return png;
}
