/* str: a borrowed piece of text or bytes, with its length.
 *
 * What holds always: `p` may be anything when `n` is 0; the bytes are not NUL-terminated; nobody frees a str. Whoever
 * hands one out says how long it lives. All-zero is the empty str. C strings exist only at calls of the system and of
 * libraries (see arena_cstr).
 *
 * Calls never allocate and never fail in other ways than stated. "ASCII case" means A-Z and a-z alone; for letters of
 * all scripts see utf8.h. */
#ifndef DRAWBRIDGE_BASE_STR_H
#define DRAWBRIDGE_BASE_STR_H

#include "base/banned.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
  const char *p;
  size_t n;
};

/* A str of a string literal; and the pair of printf arguments for "%.*s". */
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_ARG(s) (int)(s).n, (s).p
#define STR_NONE ((struct str){NULL, 0})

static inline struct str str_of(const char *cstring) { /* NULL gives the empty str */
  return cstring ? (struct str){cstring, strlen(cstring)} : STR_NONE;
}
static inline bool str_eq(struct str a, struct str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
bool str_same_nocase(const char *a, const char *b, size_t n);
static inline bool str_eq_nocase(struct str a, struct str b) { /* ASCII case */
  return a.n == b.n && str_same_nocase(a.p, b.p, a.n);
}
int str_cmp(struct str a, struct str b); /* by bytes; a prefix sorts first */
static inline bool str_starts(struct str s, struct str prefix) {
  return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_has(struct str s, struct str needle);

/* Index of the first (last) occurrence, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);
size_t str_find_char(struct str s, char c);
size_t str_find_last_char(struct str s, char c);
size_t str_find_control(struct str s, size_t from); /* a byte below 0x20, or 0x7f, at `from` or behind it */

enum { STR_INT_MAX = 20 };
struct str str_int(int64_t number, char digits[STR_INT_MAX]); /* decimal; it lies in `digits` */

/* The bytes [from, to) clipped to s; str_from is [from, end). */
static inline struct str str_slice(struct str s, size_t from, size_t to) {
  if (to > s.n) to = s.n;
  return from >= to ? (struct str){s.p, 0} : (struct str){s.p + from, to - from};
}
static inline struct str str_from(struct str s, size_t from) {
  return str_slice(s, from, s.n);
}
struct str str_trim(struct str s); /* blanks, tabs, CR and LF off both ends */

/* Takes the text before the first `separator` off *rest and returns it; without separator takes all and leaves *rest
 * with p == NULL, so `while (rest.p)` visits every field, also empty ones. */
struct str str_take(struct str *rest, char separator);

/* Sorts by bytes and drops what repeats; returns how many are left. */
size_t str_sorted_set(struct str *list, size_t n);

/* Is the text in such a list? */
bool str_sorted_has(const struct str *list, size_t n, struct str text);

/* The same texts in the same order. */
bool str_lists_eq(const struct str *a, size_t a_count, const struct str *b, size_t b_count);

int str_hex_digit(char c); /* 0 to 15, or -1 */

/* Decimal digits only, no sign for u64, the whole str, no overflow: else false and *ret is untouched. */
bool str_to_u64(struct str s, uint64_t *ret);
bool str_to_i64(struct str s, int64_t *ret);

#endif
