#include "align/score.h"

#include <math.h>

/* How much a facet that only one side names, or that differs, weighs. Hard ones veto where they differ. */
static const struct {
  float differ, alone;
  bool hard;
} facet_weight[FACET_KINDS + 1] = {
    [FACET_SEX] = {1, 0.5f, true},       [FACET_RESULT] = {0.8f, 0.7f, false}, [FACET_KNOWN] = {0.4f, 0.25f, false},
    [FACET_DOSE] = {1, 0.8f, true},      [FACET_PREGNANCY] = {0.6f, 1, false}, [FACET_POPULATION] = {1, 0.8f, true},
    [FACET_PLACE] = {0.8f, 0.4f, false}, [FACET_PATIENT] = {1, 0.6f, true},    [FACET_SECTOR] = {1, 0.5f, true},
    [FACET_STOCK] = {1, 2, true},        [FACET_ROLE] = {1, 0.4f, true},       [FACET_PURPOSE] = {1, 3, true},
    [FACET_LIFE] = {0.8f, 0.7f, false},  [FACET_OUTCOME] = {0.7f, 0.3f, true}, [FACET_KINDS] = {1, 0.7f, true},
};

#define DESCRIBED 0.8f /* what a description says, beside a name */

static bool neutral(uint8_t value) {
  return value == FACET_SEVERAL || value == FACET_UNKNOWN;
}

/* `covered`: the other side divides by it, or its description says the same. `wider`: the target alone names it. */
static void compare_alone(struct pair *pair, int kind, bool covered, bool wider) {
  if (!covered)
    pair->value[wider ? FEATURE_wider : FEATURE_unshared] += facet_weight[kind].alone;
  else
    pair->value[FEATURE_agree] += 0.2f;
}

/* Descriptions speak of much; whom something counts is what they say most plainly. */
static bool tells_whom(int k) {
  return k == FACET_SEX || k == FACET_PREGNANCY || k == FACET_POPULATION;
}

static void compare_facet(struct pair *pair, const struct item *s, const struct item *t, int k) {
  uint8_t a = s->facets.value[k], b = t->facets.value[k];
  if (k == FACET_SEX) { /* "pregnant women" and "women" agree */
    if (!a && b) a = s->facets.sex_hint;
    if (!b && a) b = t->facets.sex_hint;
  }
  if (!a && !b) return;
  if (a && b) {
    if (neutral(a) || neutral(b)) return;
    if (a == b)
      pair->value[FEATURE_agree] += 1;
    else {
      pair->value[FEATURE_conflict] += facet_weight[k].differ;
      pair->vetoed |= facet_weight[k].hard;
    }
  } else {
    if (k == FACET_PURPOSE) pair->vetoed = true; /* what was planned is never what was reached */
    const struct item *other = a ? t : s;
    if (k == FACET_RESULT && (a | b) <= RESULT_NEGATIVE && other->facets.tested &&
        !(other->option_kinds >> k & 1)) { /* all who were tested beside those of one result */
      pair->value[FEATURE_conflict] += a ? 0.6f : 0.8f;
      return;
    }
    uint8_t told = other->described.value[k];
    if (tells_whom(k) && told && !neutral(told) && !neutral(a | b) &&
        told != (a | b)) { /* "mothers who breastfeed" beside what is explained as being of pregnant women */
      pair->value[FEATURE_conflict] += DESCRIBED * facet_weight[k].differ;
      return;
    }
    bool described = (k == FACET_RESULT || k == FACET_PREGNANCY || k == FACET_KNOWN) && other->described.value[k] == (a ? a : b);
    compare_alone(pair, k, other->option_kinds >> k & 1 || described, !a);
  }
}

static void compare_age(struct pair *pair, const struct item *s, const struct item *t) {
  const struct age *a = &s->facets.age, *b = &t->facets.age;
  if (a->state != AGE_INTERVAL && b->state != AGE_INTERVAL) return;
  if (a->state == AGE_INTERVAL && b->state == AGE_INTERVAL) {
    switch (age_compare(*a, *b)) {
    case AGE_EQUAL: pair->value[FEATURE_agree] += 1; break;
    case AGE_INSIDE:
    case AGE_AROUND:
    case AGE_OVERLAP: pair->value[FEATURE_unshared] += 0.8f; break;
    case AGE_APART:
      pair->value[FEATURE_conflict] += 1;
      pair->vetoed = true;
      break;
    }
    return;
  }
  bool wider = b->state == AGE_INTERVAL,
       implied = wider && s->facets.hint.state == AGE_INTERVAL && age_compare(s->facets.hint, *b) <= AGE_INSIDE;
  compare_alone(pair, FACET_KINDS, implied || (wider ? s : t)->option_kinds >> FACET_AGE_BIT & 1, wider);
}

static float found(const struct bag *names, const struct bag *all, float *total) {
  float sum = 0;
  size_t k = 0;
  *total = 0;
  for (size_t i = 0; i < names->n; i++) {
    while (k < all->n && all->p[k].term < names->p[i].term) k++;
    *total += names->p[i].weight;
    if (k < all->n && all->p[k].term == names->p[i].term) {
      float there = all->p[k].weight, own = names->p[i].weight;
      sum += there < own ? there : own;
    }
  }
  return *total > 0 ? sum / *total : 0;
}

static float dot_of(const struct bag *a, const struct bag *b) {
  float sum = 0;
  size_t i = 0, k = 0;
  while (i < a->n && k < b->n) {
    if (a->p[i].term == b->p[k].term)
      sum += a->p[i++].weight * b->p[k++].weight;
    else if (a->p[i].term < b->p[k].term)
      i++;
    else
      k++;
  }
  return sum;
}

static float same_name(const struct item *s, const struct item *t) {
  for (size_t i = 0; i < s->plain_count; i++)
    for (size_t k = 0; k < t->plain_count; k++)
      if (s->plain_hash[i] == t->plain_hash[k] && str_eq(s->plain[i], t->plain[k])) return i == 0 && k == 0 ? 1 : 0.8f;
  return 0;
}

static float same_code(const struct dhis2_object *a, const struct dhis2_object *b) {
  if (str_eq(a->id, b->id)) return 1;
  return a->code.n >= 3 && str_eq_nocase(a->code, b->code) ? 1 : 0;
}

/* Other numbers in the two names: each that the other lacks speaks against it, more so where both have some. */
static float numbers_apart(const struct item *s, const struct item *t) {
  size_t i = 0, k = 0, only_a = 0, only_b = 0;
  while (i < s->number_count || k < t->number_count) {
    if (i < s->number_count && k < t->number_count && s->numbers[i] == t->numbers[k])
      i++, k++;
    else if (k == t->number_count || (i < s->number_count && s->numbers[i] < t->numbers[k]))
      only_a++, i++;
    else
      only_b++, k++;
  }
  if (only_a && only_b) return 1;
  return only_a || only_b ? 0.3f : 0;
}

static bool is_numeric(struct str type) {
  return str_starts(type, STR("INTEGER")) || str_eq(type, STR("NUMBER")) || str_eq(type, STR("PERCENTAGE")) ||
         str_eq(type, STR("UNIT_INTERVAL")) || !type.n;
}

static float type_apart(const struct dhis2_data_element *a, const struct dhis2_data_element *b) {
  if (str_eq(a->value_type, b->value_type) || !a->value_type.n || !b->value_type.n) return 0;
  return is_numeric(a->value_type) && is_numeric(b->value_type) ? 0 : 1;
}

static const struct combo_view *main_combo(const struct combos *combos, const struct item *item) {
  if (!item->element->combo_count) return NULL;
  uint32_t index = item->element->combos[0]->o.index;
  return index < combos->metadata->combo_count ? &combos->combos[index] : NULL;
}

/* 1: the option combos say the same; 0: nothing to compare; below: divided in ways that do not meet. */
static float shape(const struct item *s, const struct item *t, const struct combos *source_combos, const struct combos *target_combos) {
  const struct combo_view *a = main_combo(source_combos, s), *b = main_combo(target_combos, t);
  if (!a || !b || s->undivided || t->undivided) return 0;
  if (a->plains == b->plains || (a->values == b->values && a->kinds && s->cells == t->cells)) return 1;
  float cells = (float)(s->cells < t->cells ? s->cells : t->cells) / (float)(s->cells > t->cells ? s->cells : t->cells);
  return 0.4f * cells;
}

/* How the ages that the source (or its family) counts go into those of the target: above 0 where they are equal, 0 where they are summed, far below where values would have to be split. */
static float ages_fit(const struct family *family, const struct item *s, const struct item *t) {
  bool own = s->option_varies >> FACET_AGE_BIT & 1; /* else the ages are in the names of the family */
  const struct age *ages = own ? s->ages : family->ages;
  size_t count = own ? s->age_count : family->age_count;
  if (!count) return 0;
  if (!(t->option_varies >> FACET_AGE_BIT & 1)) { /* one age group alone is asked for: has the source a part of it? */
    if (t->facets.age.state != AGE_INTERVAL || !own) return 0;
    for (size_t i = 0; i < count; i++)
      if (age_compare(ages[i], t->facets.age) <= AGE_INSIDE) return 0;
    return -1.75f;
  }
  float sum = 0;
  for (size_t i = 0; i < count; i++) {
    float best = -1.6f;
    for (size_t k = 0; k < t->age_count && best < 1; k++) {
      enum age_relation relation = age_compare(ages[i], t->ages[k]);
      if (relation == AGE_EQUAL)
        best = 1;
      else if (relation == AGE_INSIDE && best < 0.75f)
        best = 0.75f;
    }
    sum += best;
  }
  float fit = sum / (float)count;
  return (fit > -1 ? fit : -1) - 0.75f; /* against summing parts, the common thing */
}

/* What the target divides by, and what the source tells: each that both know speaks for the pair; each that the source cannot tell, or that the target has no place for, against it. */
static void compare_division(struct pair *pair, const struct family *family, const struct item *s, const struct item *t) {
  uint32_t told = family->kinds, named = 0;
  if (s->facets.sex_hint) told |= 1u << FACET_SEX;
  for (uint32_t k = 0; k < FACET_KINDS; k++)
    if (t->facets.value[k]) named |= 1u << k;
  if (t->facets.age.state != AGE_NONE) named |= 1u << FACET_AGE_BIT;
  uint32_t minor = 1u << FACET_KNOWN | 1u << FACET_PREGNANCY | 1u << FACET_PLACE;
  uint32_t both = told & t->option_varies, untold = t->option_varies & ~told & ~minor,
           lost = s->option_varies & ~(t->option_kinds | named) & ~minor;
  bool by_difference = t->option_varies >> FACET_RESULT & 1 && s->facets.tested && !(told >> FACET_RESULT & 1);
  pair->value[FEATURE_divided] = (float)__builtin_popcount(both) + (by_difference ? 0.7f : 0);
  pair->value[FEATURE_untold] = (float)__builtin_popcount(untold) * (s->undivided && !told ? 0.5f : 1);
  if (by_difference) pair->value[FEATURE_untold] -= 0.8f;
  pair->value[FEATURE_lost] = (float)__builtin_popcount(lost);
}

struct pair score_pair(const struct items *source, const struct items *target, uint32_t s, uint32_t t, const struct combos *source_combos,
                       const struct combos *target_combos) {
  const struct item *a = &source->p[s], *b = &target->p[t];
  struct pair pair = {.source = s, .target = t};
  float total;
  pair.value[FEATURE_base] = 1;
  pair.value[FEATURE_same_name] = same_name(a, b);
  pair.value[FEATURE_same_code] = same_code(&a->element->o, &b->element->o);
  pair.value[FEATURE_words] = dot_of(&a->names, &b->names) / (a->names_norm * b->names_norm + 1e-6f);
  pair.value[FEATURE_text] = dot_of(&a->all, &b->all) / (a->all_norm * b->all_norm + 1e-6f);
  pair.value[FEATURE_covered] = found(&b->names, &a->all, &total);
  pair.value[FEATURE_explained] = found(&a->names, &b->all, &total);
  for (int k = 0; k < FACET_KINDS; k++) compare_facet(&pair, a, b, k);
  compare_age(&pair, a, b);
  pair.value[FEATURE_numbers] = numbers_apart(a, b);
  pair.value[FEATURE_shape] = shape(a, b, source_combos, target_combos);
  const struct family *family = &source->families[a->family];
  pair.value[FEATURE_ages] = ages_fit(family, a, b);
  compare_division(&pair, family, a, b);
  pair.value[FEATURE_type] = type_apart(a->element, b->element);
  if (pair.value[FEATURE_same_name] == 1 || pair.value[FEATURE_same_code] == 1) pair.vetoed = false;
  pair.alone = pair.logit = score_sum(&pair);
  return pair;
}

float score_sum(const struct pair *pair) {
  float sum = 0;
  for (int f = 0; f < FEATURES; f++) sum += feature_weight((enum feature)f) * pair->value[f];
  return sum;
}

/* Share of right answers among first candidates of known cases by their log odds, made monotone; from 2.5 on only of those that stand by themselves, as assign.c allows no others so much. Between the points straight lines. */
static const struct {
  float log_odds, confidence;
} calibration[] = {{-4, 0.005f},   {-2.6f, 0.08f}, {-1.7f, 0.35f}, {-1.2f, 0.5f}, {-0.75f, 0.68f}, {0.45f, 0.82f}, {1.3f, 0.91f},
                   {2.2f, 0.945f}, {2.5f, 0.96f},  {3, 0.975f},    {4, 0.989f},   {5, 0.995f},     {7, 0.998f},    {9, 0.999f}};

float score_log_odds(float p) {
  const float least = 0.001f, most = 0.999f;
  p = p < least ? least : p > most ? most : p;
  return logf(p / (1 - p));
}

float score_confidence(float log_odds, bool vetoed) {
  size_t last = sizeof calibration / sizeof *calibration - 1, i = 0;
  float p;
  if (log_odds <= calibration[0].log_odds)
    p = calibration[0].confidence;
  else if (log_odds >= calibration[last].log_odds)
    p = calibration[last].confidence;
  else {
    while (log_odds > calibration[i + 1].log_odds) i++;
    float part = (log_odds - calibration[i].log_odds) / (calibration[i + 1].log_odds - calibration[i].log_odds);
    p = calibration[i].confidence + part * (calibration[i + 1].confidence - calibration[i].confidence);
  }
  return vetoed ? 0.05f * p : p;
}
