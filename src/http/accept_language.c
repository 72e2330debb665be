#include "http/accept_language.h"

enum { WHOLE = 1000 };

/* In thousandths; -1: it is no weight (RFC 9110 12.4.2). */
static int weight_of(struct str text) {
  int weight = 0, digit = WHOLE;
  if (!text.n || text.n > 5 || text.p[0] > '1' || text.p[0] < '0' || (text.n > 1 && text.p[1] != '.')) return -1;
  for (size_t i = 0; i < text.n; i++) {
    if (i == 1) continue;
    if (text.p[i] < '0' || text.p[i] > '9') return -1;
    weight += digit * (text.p[i] - '0');
    digit /= 10;
  }
  return weight <= WHOLE ? weight : -1;
}

/* What stands behind the range: nothing, or one "q=". */
static int weight_behind(struct str rest) {
  if (!rest.p) return WHOLE;
  rest = str_trim(rest);
  return str_starts_nocase(rest, STR("q=")) ? weight_of(str_from(rest, 2)) : -1;
}

enum language accept_language(struct str field) {
  enum language best = LANGUAGE_ENGLISH, one;
  int most = 0;
  for (size_t i = 0; field.p && i < ACCEPT_LANGUAGE_MAX; i++) {
    struct str rest = str_take(&field, ',');
    struct str range = str_trim(str_take(&rest, ';'));
    int weight = weight_behind(rest);
    if (weight <= most || !language_of(range, &one)) continue;
    most = weight;
    best = one;
  }
  return best;
}
