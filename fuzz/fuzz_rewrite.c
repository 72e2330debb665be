/* Any bytes through the rewriter: the cuts change nothing, and without the upstream's address in it a body comes out as it went in. */
#include "base/buf.h"
#include "gateway/rewrite.h"

static void keep(void *payload, struct str piece) {
  (void)buf_add(payload, piece);
}

static void through(struct str text, size_t step, struct buf *out) {
  struct rewrite *rewrite = rewrite_new(STR("https://d.example/c"), STR("http://gw/s/c"));
  for (size_t at = 0; at < text.n; at += step) rewrite_feed(rewrite, str_slice(text, at, at + step), keep, out);
  rewrite_finish(rewrite, keep, out);
  if (rewrite_count(rewrite) && !rewrite_may_change(STR("https://d.example/c"), text)) abort();
  rewrite_free(rewrite);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  struct str text = {(const char *)data + 1, size - 1}, rest;
  struct buf whole = BUF_INIT(1 << 24), cut = BUF_INIT(1 << 24);
  through(text, text.n + 1, &whole);
  through(text, (size_t)data[0] + 1, &cut);
  if (!str_eq(buf_str(&whole), buf_str(&cut))) abort();
  if (!str_has(text, STR("d.example")) && !str_eq(buf_str(&whole), text)) abort();
  (void)rewrite_location(STR("https://d.example/c"), text, &rest);
  buf_free(&whole);
  buf_free(&cut);
  return 0;
}
