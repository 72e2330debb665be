#include "base/utf8.h"

#include "base/buf.h"
#include "base/mem.h"
#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD };

int32_t utf8_next(struct str s, size_t *at) {
  size_t i = *at;
  if (i >= s.n) return -1;
  unsigned char first = (unsigned char)s.p[i];
  *at = i + 1;
  if (first < 0x80) return first;
  size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if (first < 0xC2 || first > 0xF4 || i + more >= s.n) return REPLACEMENT;
  int32_t c = first & (0x3F >> more);
  for (size_t k = 1; k <= more; k++) {
    unsigned char next = (unsigned char)s.p[i + k];
    if ((next & 0xC0) != 0x80) return REPLACEMENT;
    c = c << 6 | (next & 0x3F);
  }
  static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
  if (c < least[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return REPLACEMENT;
  *at = i + 1 + more;
  return c;
}

/* Nearly all text is ASCII: eight bytes at a time. */
static size_t ascii_run(struct str s, size_t at) {
  for (uint64_t word; at + sizeof word <= s.n; at += sizeof word) {
    memcpy(&word, s.p + at, sizeof word);
    if (word & 0x8080808080808080u) break;
  }
  return at;
}

bool utf8_valid(struct str s) {
  for (size_t at = ascii_run(s, 0); at < s.n;) {
    size_t from = at;
    if ((unsigned char)s.p[at] < 0x80)
      at++;
    else if (utf8_next(s, &at) == REPLACEMENT && at - from != 3)
      return false; /* U+FFFD itself has three bytes */
  }
  return true;
}

bool utf8_is_letter(int32_t c) {
  utf8proc_category_t category = c < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool utf8_is_control(int32_t c) {
  return (c >= 0 && c < 0x20) || (c >= 0x7f && c < 0xa0);
}

void utf8_add_plain(struct buf *to, struct str text) {
  for (size_t at = 0; at < text.n;) {
    size_t from = at;
    int32_t c = utf8_next(text, &at);
    bool broken = c == REPLACEMENT && at == from + 1;
    (void)buf_add(to, broken || utf8_is_control(c) ? STR("?") : str_slice(text, from, at));
  }
}

size_t utf8_units16(struct str s) {
  size_t units = 0;
  for (size_t at = 0; at < s.n;) units += utf8_next(s, &at) > 0xFFFF ? 2 : 1;
  return units;
}

size_t utf8_encode(int32_t c, char out[4]) {
  if (c < 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = REPLACEMENT;
  return (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)out);
}

size_t utf8_boundary(struct str s, size_t at) {
  if (at >= s.n) return s.n;
  while (at && ((unsigned char)s.p[at] & 0xC0) == 0x80) at--;
  return at;
}

static struct str repaired(struct arena *arena, struct str s) {
  if (utf8_valid(s)) return s;
  char *p = arena_alloc_array(arena, s.n + 1, 3);
  size_t n = 0;
  for (size_t at = 0; at < s.n;) n += utf8_encode(utf8_next(s, &at), p + n);
  return (struct str){p, n};
}

struct str utf8_fold(struct arena *arena, struct str s) {
  utf8proc_uint8_t *out = NULL;
  s = repaired(arena, s);
  utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &out,
                                    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  if (n < 0) mem_exhausted(s.n);
  struct str folded = arena_str(arena, (struct str){(char *)out, (size_t)n});
  free(out);
  return folded;
}
