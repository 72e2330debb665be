/* Any bytes in place of what drawbridge has kept: sealed texts, their packed fields, a key ring, decisions, an order of a run, a report. Whoever may write the store opens nothing with that and breaks nothing. */
#include "api/alignment.h"
#include "crypt/keyring.h"
#include "crypt/seal.h"
#include "gateway/packed.h"
#include "transfer/report_form.h"
#include "transfer/run.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char one_key[] = "# keys\nkey 1 2026-01-01T00:00:00Z AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

static struct keyring *ring_of(struct str text) {
  static int file = -1;
  static char path[64];
  struct error error = {0};
  if (file < 0) {
    file = memfd_create("keys", 0);
    (void)fchmod(file, 0600);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  }
  if (ftruncate(file, 0) < 0 || pwrite(file, text.p, text.n, 0) != (ssize_t)text.n) abort();
  return keyring_open(path, &error);
}

static void sealed(struct arena *arena, struct str text) {
  static struct keyring *ring;
  if (!ring && !(ring = ring_of(str_of(one_key)))) abort();
  const struct str fields[] = {STR("session"), STR("server")};
  struct seal_place place = {.ring = ring, .fields = fields, .count = 2};
  struct error error = {0};
  if (seal_open(place, text, &error)) abort(); /* nobody has the key */
  if (error.code != ERROR_reauth_required) abort();
  struct str whole = seal_close(arena, place, text);
  struct secret *again = seal_open(place, whole, &error);
  if (!again || !secret_eq(again, text)) abort();
  secret_free(again);
}

static void packed(struct str text) {
  struct packed_field fields[] = {{1, STR_NONE}, {2, STR_NONE}, {7, STR_NONE}}, again[] = {{1, STR_NONE}, {2, STR_NONE}, {7, STR_NONE}};
  if (!packed_open(text, fields, 3)) return;
  struct secret *closed = packed_close(fields, 3);
  if (!closed || !packed_open(secret_reveal(closed), again, 3)) abort();
  for (size_t i = 0; i < 3; i++)
    if (!str_eq(fields[i].bytes, again[i].bytes)) abort();
  secret_free(closed);
}

/* A report in the other forms: no text of it can become a tag, or the start of a formula. */
static void reported(struct str text) {
  struct buf page = BUF_INIT(64 << 20), table = BUF_INIT(64 << 20);
  struct error error = {0};
  if (report_form_write(REPORT_HTML, LANGUAGE_ARABIC, text, &page, &error) == 0) {
    if (str_has(buf_str(&page), STR("<script")) || str_has(buf_str(&page), STR("<img"))) abort();
    if (report_form_write(REPORT_CSV, LANGUAGE_ENGLISH, text, &table, &error)) abort();
    if (str_has(buf_str(&table), STR("\n=")) || str_has(buf_str(&table), STR(",="))) {
      bool inside_quotes = str_has(buf_str(&table), STR("\"")); /* a quoted text may hold anything behind its start */
      if (!inside_quotes) abort();
    }
  }
  buf_free(&page);
  buf_free(&table);
}

/* What could be read is written and read as the same. */
static void kept_again(struct arena *arena, const struct alignment *alignment) {
  struct buf first = BUF_INIT(64 << 20), second = BUF_INIT(64 << 20);
  struct alignment again = {0};
  struct error error = {0};
  if (alignment_keep(alignment, &first)) {
    if (alignment_read(arena, buf_str(&first), &again, &error) || !alignment_keep(&again, &second)) abort();
    if (!str_eq(buf_str(&first), buf_str(&second))) abort();
  }
  buf_free(&first);
  buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena *arena = arena_new();
  struct str text = {(const char *)data, size};
  struct error error = {0};
  struct alignment alignment = {0};
  struct run_order order = {0};
  sealed(arena, text);
  packed(text);
  reported(text);
  keyring_free(ring_of(text));
  if (alignment_read(arena, text, &alignment, &error) == 0) kept_again(arena, &alignment);
  (void)run_order_read(arena, text, &order, &error);
  arena_free(arena);
  return 0;
}
