#include "align/affix.h"

#include "base/map.h"

/* The first or last so many words of a name; empty: it has no more than that. */
static struct str words_of(struct str name, size_t words, bool end) {
  for (size_t i = 0; i < name.n; i++) {
    size_t at = end ? name.n - 1 - i : i;
    if (name.p[at] == ' ' && --words == 0) return end ? str_from(name, at + 1) : str_slice(name, 0, at);
  }
  return STR("");
}

/* The most frequent beginning (end) of so many words. */
static struct str most_frequent(const struct str *names, size_t count, size_t words, bool end, size_t *ret_times) {
  struct map times = {0};
  struct str best = STR("");
  *ret_times = 0;
  for (size_t i = 0; i < count; i++) {
    struct str part = words_of(names[i], words, end);
    if (!part.n) continue;
    size_t n = (size_t)(uintptr_t)map_get(&times, part) + 1;
    (void)map_put(&times, part, (void *)(uintptr_t)n);
    if (n > *ret_times) best = part, *ret_times = n;
  }
  map_free(&times);
  return best;
}

static struct str shared(const struct str *names, size_t count, bool end) {
  struct str found = STR("");
  for (size_t words = 1; words <= AFFIX_WORDS_MAX && count >= AFFIX_NAMES_LEAST; words++) {
    size_t times;
    struct str part = most_frequent(names, count, words, end, &times);
    if (10 * times < 6 * count) break;
    found = part;
  }
  return found;
}

struct affixes affixes_of(const struct str *names, size_t count) {
  return (struct affixes){shared(names, count, false), shared(names, count, true)};
}

struct str affixes_strip(const struct affixes *affixes, struct str name) {
  struct str prefix = affixes->prefix, suffix = affixes->suffix;
  if (prefix.n && name.n > prefix.n + 1 && str_starts(name, prefix) && name.p[prefix.n] == ' ') name = str_from(name, prefix.n + 1);
  if (suffix.n && name.n > suffix.n + 1 && str_ends(name, suffix) && name.p[name.n - suffix.n - 1] == ' ')
    name = str_slice(name, 0, name.n - suffix.n - 1);
  return name;
}
