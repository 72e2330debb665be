#include "base/str.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static unsigned char lower(char c) {
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Eight bytes at once: what differs may differ in the bit of the case alone, and only in letters. */
static bool same_eight(const char *a, const char *b) {
  const uint64_t each = UINT64_C(0x0101010101010101);
  uint64_t x, y;
  memcpy(&x, a, 8);
  memcpy(&y, b, 8);
  if (x == y) return true;
  uint64_t differs = x ^ y, small = (x | each * 0x20) & each * 0x7f;
  uint64_t from_a = small + each * (0x80 - 'a'), behind_z = small + each * (0x7f - 'z'); /* the highest bit of each byte tells */
  uint64_t letters = from_a & ~behind_z & ~x & each * 0x80;
  return !(differs & ~(each * 0x20)) && !(differs << 2 & ~letters);
}

bool str_same_nocase(const char *a, const char *b, size_t n) {
  size_t i = 0;
  if (n >= 8) {
    for (; i + 8 < n; i += 8)
      if (!same_eight(a + i, b + i)) return false;
    return same_eight(a + n - 8, b + n - 8);
  }
  for (; i < n; i++)
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  return true;
}

int str_cmp(struct str a, struct str b) {
  size_t n = a.n < b.n ? a.n : b.n;
  int order = n ? memcmp(a.p, b.p, n) : 0;
  if (order) return order < 0 ? -1 : 1;
  return a.n < b.n ? -1 : a.n > b.n;
}

bool str_starts_nocase(struct str s, struct str prefix) {
  return s.n >= prefix.n && str_eq_nocase((struct str){s.p, prefix.n}, prefix);
}

bool str_ends(struct str s, struct str suffix) {
  return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool str_has(struct str s, struct str needle) {
  return str_find(s, needle) != SIZE_MAX;
}

/* memmem prepares for long texts; for a short one that takes longer than the search. */
static size_t find_in_short(struct str s, struct str needle) {
  for (size_t i = 0; i + needle.n <= s.n; i++)
    if (s.p[i] == needle.p[0] && memcmp(s.p + i, needle.p, needle.n) == 0) return i;
  return SIZE_MAX;
}

size_t str_find(struct str s, struct str needle) {
  enum { SHORT = 32 };
  if (needle.n == 0) return 0;
  if (s.n <= SHORT) return find_in_short(s, needle);
  const char *at = s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
  return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t str_find_char(struct str s, char c) {
  const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
  return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t str_find_last_char(struct str s, char c) {
  const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;
  return at ? (size_t)(at - s.p) : SIZE_MAX;
}

static bool is_control(char c) {
  return (unsigned char)c < 0x20 || c == 0x7f;
}

#if defined(__SSE2__)
static unsigned controls_of(const char *p) { /* a bit per byte, of sixteen */
  __m128i bytes = _mm_loadu_si128((const void *)p), highest = _mm_set1_epi8(0x1f);
  return (unsigned)_mm_movemask_epi8(
      _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, highest), bytes), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))));
}
#endif

size_t str_find_control(struct str s, size_t from) {
  size_t i = from;
#if defined(__SSE2__)
  for (unsigned found; i < s.n && s.n - from >= 16; i += 16) {
    if (s.n - i < 16) i = s.n - 16; /* the last ones, some of them a second time */
    if ((found = controls_of(s.p + i))) return i + (size_t)__builtin_ctz(found);
  }
#endif
  for (; i < s.n; i++)
    if (is_control(s.p[i])) return i;
  return SIZE_MAX;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s) {
  while (s.n && is_blank(s.p[0])) s.p++, s.n--;
  while (s.n && is_blank(s.p[s.n - 1])) s.n--;
  return s;
}

struct str str_take(struct str *rest, char separator) {
  struct str field = *rest;
  size_t at = str_find_char(*rest, separator);
  if (at == SIZE_MAX) {
    *rest = STR_NONE;
    return field;
  }
  field.n = at;
  rest->p += at + 1;
  rest->n -= at + 1;
  return field;
}

bool str_to_u64(struct str s, uint64_t *ret) {
  uint64_t value = 0;
  if (s.n == 0) return false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return false;
    if (__builtin_mul_overflow(value, (uint64_t)10, &value)) return false;
    if (__builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value)) return false;
  }
  *ret = value;
  return true;
}

bool str_to_i64(struct str s, int64_t *ret) {
  bool minus = s.n && s.p[0] == '-';
  uint64_t value;
  if (!str_to_u64(minus ? str_from(s, 1) : s, &value)) return false;
  if (value > (uint64_t)INT64_MAX + (minus ? 1 : 0)) return false;
  *ret = minus ? (int64_t)(0 - value) : (int64_t)value;
  return true;
}

struct str str_int(int64_t number, char digits[STR_INT_MAX]) {
  size_t at = STR_INT_MAX;
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  do {
    digits[--at] = (char)('0' + rest % 10);
  } while (rest /= 10);
  if (number < 0) digits[--at] = '-';
  return (struct str){digits + at, STR_INT_MAX - at};
}

static int cmp_for_sort(const void *a, const void *b) {
  return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Of those alike that stand next to each other the first. */
static size_t each_once(struct str *list, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (kept == 0 || !str_eq(list[kept - 1], list[i])) list[kept++] = list[i];
  return kept;
}

size_t str_sorted_set(struct str *list, size_t n) {
  n = each_once(list, n); /* a unit comes with hundreds of rows in a row */
  if (n) qsort(list, n, sizeof *list, cmp_for_sort);
  return each_once(list, n);
}

bool str_sorted_has(const struct str *list, size_t n, struct str text) {
  return n && bsearch(&text, list, n, sizeof *list, cmp_for_sort);
}

bool str_lists_eq(const struct str *a, size_t a_count, const struct str *b, size_t b_count) {
  for (size_t i = 0; a_count == b_count && i < a_count; i++)
    if (!str_eq(a[i], b[i])) return false;
  return a_count == b_count;
}

int str_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
