#include "align/facet.h"

/* Two ends of ages that people take for the same: rounding of months, or ">15" written for ">=15". */
static bool same_end(int32_t a, int32_t b, int32_t slack) {
  if (a == b) return true;
  if (a == AGE_OPEN || b == AGE_OPEN) return false;
  return (a > b ? a - b : b - a) <= slack;
}

static int32_t slack_of(int32_t at) {
  return at > 3 * 365 ? 20 : at > 60 ? 8 : 1;
}

bool age_same_end(int32_t a, int32_t b) {
  return same_end(a, b, slack_of(a));
}

static int32_t count_of(int32_t days, double unit) {
  return (int32_t)(days / unit + 0.5);
}

/* In the largest unit that it is a whole number of, up to what rounding makes of it. */
static double unit_of(int32_t days) {
  static const double units[] = {365.25, 30.4375};
  for (size_t u = 0; u < 2; u++) {
    int32_t off = days - (int32_t)(count_of(days, units[u]) * units[u]), slack = days < 60 ? 0 : days < 1000 ? 2 : u ? 4 : 20;
    if (off <= slack && off >= -slack) return units[u];
  }
  return 1;
}

static const char *unit_name(double unit) {
  return unit > 300 ? "years" : unit > 1 ? "months" : "days";
}

struct str age_text(struct arena *arena, struct age age) {
  double first = unit_of(age.from), last = age.to == AGE_OPEN ? first : unit_of(age.to);
  int from = count_of(age.from, first);
  if (age.to == AGE_OPEN) return arena_printf(arena, "%d+ %s", from, unit_name(first));
  if (age.from == 0) first = last;
  int to = count_of(age.to, last) - 1;
  if (first < last && count_of(age.to, first) - count_of(age.from, first) < 60) /* 18-23 months, 12-59 months */
    last = first, to = count_of(age.to, first) - 1;
  if (first != last) return arena_printf(arena, "%d %s to %d %s", from, unit_name(first), to, unit_name(last));
  if (from == to) return arena_printf(arena, "%d %s", from, unit_name(first));
  return arena_printf(arena, "%d-%d %s", from, to, unit_name(first));
}

enum age_relation age_compare(struct age a, struct age b) {
  bool from = same_end(a.from, b.from, slack_of(a.from)), to = same_end(a.to, b.to, slack_of(a.to));
  /* ">15" beside "15+", and "> 49" beside "50+", when both are open above. */
  if (a.to == AGE_OPEN && b.to == AGE_OPEN && same_end(a.from, b.from, 366) && a.from > 5 * 365) return AGE_EQUAL;
  if (from && to) return AGE_EQUAL;
  if (a.to <= b.from || b.to <= a.from) return AGE_APART;
  if ((from || a.from >= b.from) && (to || a.to <= b.to)) return AGE_INSIDE;
  if ((from || a.from <= b.from) && (to || a.to >= b.to)) return AGE_AROUND;
  return AGE_OVERLAP;
}

static bool after_birth(uint8_t pregnancy) {
  return pregnancy == PREGNANCY_BREASTFEEDING || pregnancy == PREGNANCY_POSTPARTUM;
}

void facets_add(struct facets *facets, enum facet_kind kind, uint8_t value) {
  uint8_t *have = &facets->value[kind];
  if (!value || *have == value) return;
  if (kind == FACET_PREGNANCY && after_birth(*have) && after_birth(value)) { /* "breastfeeding mothers, postnatal clinic" are one group */
    *have = PREGNANCY_BREASTFEEDING;
    return;
  }
  *have = *have ? FACET_SEVERAL : value;
}

void facets_add_age(struct facets *facets, struct age age) {
  if (facets->age.state == AGE_NONE) facets->age = age;
}

struct facets facets_over(const struct facets *over, const struct facets *under) {
  struct facets all = *over;
  for (int k = 0; k < FACET_KINDS; k++)
    if (!all.value[k]) all.value[k] = under->value[k];
  if (all.age.state == AGE_NONE) all.age = under->age;
  if (all.hint.state == AGE_NONE) all.hint = under->hint;
  if (!all.bare && all.age.state == AGE_NONE) all.bare = under->bare;
  if (!all.sex_hint) all.sex_hint = under->sex_hint;
  all.tested |= under->tested;
  return all;
}

static const char *const names[FACET_KINDS] = {
    [FACET_SEX] = "sex",     [FACET_RESULT] = "result",       [FACET_KNOWN] = "known",
    [FACET_DOSE] = "dose",   [FACET_PREGNANCY] = "pregnancy", [FACET_POPULATION] = "population",
    [FACET_PLACE] = "place", [FACET_PATIENT] = "patient",     [FACET_SECTOR] = "sector",
    [FACET_STOCK] = "stock", [FACET_ROLE] = "role",           [FACET_PURPOSE] = "purpose",
    [FACET_LIFE] = "life",   [FACET_OUTCOME] = "outcome",
};

const char *facet_name(enum facet_kind kind) {
  return names[kind];
}

bool facet_kind_of(struct str name, enum facet_kind *ret) {
  for (int k = 0; k < FACET_KINDS; k++)
    if (str_eq(name, str_of(names[k]))) {
      *ret = (enum facet_kind)k;
      return true;
    }
  return false;
}
