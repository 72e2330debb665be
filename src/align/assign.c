#include "align/assign.h"

#include "align/retrieve.h"
#include <math.h>

enum { ROUNDS = 3, KEPT = 12, SHARES_MAX = 48, LOOK_EVERY = 64 };

#define ANSWER 0.5f
#define CLOSE 0.8f
#define ALMOST 0.8f /* the same words */
#define LEAD_MOST 0.5f

/* What makes a person look, however alike two names are (never more sure than LOOK_MOST). */
#define LOOK_MOST 0.9f
#define PART 0.5f /* the target is but a part of the source, in sex, age, dose or the like: the value would have to be split */
#define ALONE \
  0.0f /* log odds that two must reach by themselves: that nothing else fits, or that others like it go there, too, chooses between targets, but makes none certain */
#define AHEAD 0.2f /* of the next target, where no name and no code is (almost) the same */

/* The best two source elements for a target, by what is known so far, and how well the first fits, whoever decided for it. */
struct claim {
  float first, second, fit;
  uint32_t source;
};

/* The first target of a source element, by family. */
struct choice {
  uint32_t family, target;
};

struct assigning {
  const struct assign_context *context;
  struct assignment *all;
  struct claim *claims;
  struct choice *choices; /* of all source elements that have one, sorted */
  size_t choice_count;
  float usual, usually_explained, usually_covered; /* medians over the best pairs of all source elements, by themselves */
  const uint32_t *family_starts, *family_items;    /* target items by family */
  float sharing; /* 1: each target is for one; less where there are far fewer targets than sources, so that they must be shared */
};

static int by_logit(const void *left, const void *right) {
  const struct pair *a = left, *b = right;
  if (a->decided != b->decided) return a->decided ? -1 : 1;
  float x = a->vetoed ? a->logit - 20 : a->logit, y = b->vetoed ? b->logit - 20 : b->logit;
  if (x != y) return x > y ? -1 : 1;
  return a->target < b->target ? -1 : a->target > b->target;
}

static bool listed(const uint32_t *list, size_t count, uint32_t item) {
  for (size_t i = 0; i < count; i++)
    if (list[i] == item) return true;
  return false;
}

/* Two targets of one family that are named for different values of what the source is divided by and does not name itself: each takes its part of the source. */
static bool are_shares(const struct item *source, const struct item *a, const struct item *b) {
  if (a == b || a->family != b->family) return false;
  bool differ = false;
  for (int k = 0; k < FACET_KINDS; k++) {
    uint8_t x = a->facets.value[k], y = b->facets.value[k];
    if (x == y) continue;
    if (!x || !y || x == FACET_SEVERAL || y == FACET_SEVERAL || source->facets.value[k] || !(source->option_varies >> k & 1)) return false;
    differ = true;
  }
  const struct age *x = &a->facets.age, *y = &b->facets.age;
  if (x->state != y->state) return false;
  if (x->state != AGE_INTERVAL || age_compare(*x, *y) == AGE_EQUAL) return differ;
  bool divided = source->option_varies >> FACET_AGE_BIT & 1 && source->facets.age.state == AGE_NONE;
  return divided && (differ || age_compare(*x, *y) == AGE_APART);
}

/* The source has an age group that goes into the target's. */
static bool takes_part(const struct item *source, const struct item *target) {
  const struct age *age = &target->facets.age;
  bool parts = age->state != AGE_INTERVAL;
  for (size_t i = 0; i < source->age_count && !parts; i++) {
    enum age_relation relation = age_compare(source->ages[i], *age);
    parts = relation == AGE_EQUAL || relation == AGE_INSIDE;
  }
  return parts;
}

static bool has_target(const struct standing *standing, uint32_t target) {
  for (size_t i = 0; i < standing->count; i++)
    if (standing->pairs[i].target == target) return true;
  return false;
}

/* Where the best target is one of several that would share the source, the others are looked at, too. */
static void fetch_shares(struct assigning *a, struct standing *standing, const struct ruling *ruling) {
  const struct assign_context *c = a->context;
  const struct pair best = standing->pairs[0];
  uint32_t family = c->target->p[best.target].family;
  for (size_t i = a->family_starts[family], found = 0; i < a->family_starts[family + 1] && found < SHARES_MAX; i++) {
    uint32_t t = a->family_items[i];
    if (!are_shares(&c->source->p[best.source], &c->target->p[best.target], &c->target->p[t]) || has_target(standing, t) ||
        listed(ruling->rejected, ruling->rejected_count, t))
      continue;
    standing->pairs[standing->count++] = score_pair(c->source, c->target, best.source, t, c->source_combos, c->target_combos);
    found++;
  }
}

static void find_pairs(struct assigning *a, struct retriever *retriever, uint32_t s) {
  const struct assign_context *c = a->context;
  const struct ruling *ruling = &c->rulings[s];
  struct standing *standing = &a->all->p[s];
  uint32_t found[ASSIGN_RETRIEVED];
  size_t n = retriever_find(retriever, &c->source->p[s], found, ASSIGN_RETRIEVED);
  standing->none_decided = ruling->none;
  standing->pairs = ARENA_ARRAY(c->arena, n + ruling->accepted_count + SHARES_MAX, struct pair);
  for (size_t i = 0; i < ruling->accepted_count; i++) {
    standing->pairs[standing->count] = score_pair(c->source, c->target, s, ruling->accepted[i], c->source_combos, c->target_combos);
    standing->pairs[standing->count++].decided = true;
  }
  for (size_t i = 0; i < n; i++) {
    if (listed(ruling->accepted, ruling->accepted_count, found[i]) || listed(ruling->rejected, ruling->rejected_count, found[i])) continue;
    standing->pairs[standing->count++] = score_pair(c->source, c->target, s, found[i], c->source_combos, c->target_combos);
  }
  qsort(standing->pairs, standing->count, sizeof *standing->pairs, by_logit);
  size_t keep = KEPT > c->candidates ? KEPT : c->candidates;
  if (standing->count > keep + ruling->accepted_count) standing->count = keep + ruling->accepted_count;
  if (standing->count && !ruling->accepted_count) fetch_shares(a, standing, ruling);
}

static float standing_of(const struct pair *pair) {
  return pair->decided ? 9 : pair->vetoed ? -9 : pair->logit;
}

static void note_claims(struct assigning *a) {
  for (size_t t = 0; t < a->context->target->n; t++) a->claims[t] = (struct claim){-20, -20, -20, UINT32_MAX};
  for (size_t s = 0; s < a->all->n; s++) {
    for (size_t i = 0; i < a->all->p[s].count; i++) {
      const struct pair *pair = &a->all->p[s].pairs[i];
      struct claim *claim = &a->claims[pair->target];
      float logit = standing_of(pair);
      if (i > 0 && !pair->decided) logit -= 1; /* it would rather have another */
      if (a->context->rulings[s].none || (a->context->rulings[s].accepted_count && !pair->decided)) continue;
      if (logit > claim->first) {
        claim->second = claim->first;
        claim->first = logit;
        claim->fit = pair->decided ? pair->logit : logit;
        claim->source = (uint32_t)s;
      } else if (logit > claim->second)
        claim->second = logit;
    }
  }
}

static int by_family(const void *left, const void *right) {
  const struct choice *a = left, *b = right;
  if (a->family != b->family) return a->family < b->family ? -1 : 1;
  return a->target < b->target ? -1 : a->target > b->target;
}

static void note_choices(struct assigning *a) {
  a->choice_count = 0;
  for (size_t s = 0; s < a->all->n; s++) {
    const struct standing *standing = &a->all->p[s];
    if (standing->count && !standing->pairs[0].vetoed)
      a->choices[a->choice_count++] = (struct choice){a->context->source->p[s].family, standing->pairs[0].target};
  }
  if (a->choice_count) qsort(a->choices, a->choice_count, sizeof *a->choices, by_family);
}

static size_t choices_below(const struct assigning *a, struct choice choice) {
  size_t low = 0, high = a->choice_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (by_family(&a->choices[middle], &choice) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The share of the other members of its family that go to the same target, where that divides by what they differ in; less where there are few of them. */
static float kin(const struct assigning *a, const struct pair *pair, bool first) {
  struct choice choice = {a->context->source->p[pair->source].family, pair->target};
  const struct family *family = &a->context->source->families[choice.family];
  float others = (float)family->members - 1;
  if (others < 1 || !(family->named & a->context->target->p[pair->target].option_varies)) return 0;
  size_t from = choices_below(a, choice), to = choices_below(a, (struct choice){choice.family, choice.target + 1});
  return ((float)(to - from) - (first && !pair->vetoed ? 1.0f : 0.0f)) / (others > 3 ? others : 3);
}

static int by_value(const void *left, const void *right) {
  float a = *(const float *)left, b = *(const float *)right;
  return a < b ? -1 : a > b;
}

static float median(float *values, size_t n) {
  if (!n) return 0;
  qsort(values, n, sizeof *values, by_value);
  return values[n / 2];
}

/* Two versions of one list are alike almost to the letter, two lists of different hands are not: how alike a pair must be to be trusted depends on the lists. */
static void find_usual(struct assigning *a) {
  float *values[3];
  for (int v = 0; v < 3; v++) values[v] = mem_alloc_array(a->all->n + 1, sizeof **values);
  size_t n = 0;
  for (size_t s = 0; s < a->all->n; s++) {
    if (!a->all->p[s].count) continue;
    const struct pair *best = &a->all->p[s].pairs[0];
    values[0][n] = best->alone;
    values[1][n] = best->value[FEATURE_explained];
    values[2][n++] = best->value[FEATURE_covered];
  }
  a->usual = median(values[0], n);
  a->usually_explained = median(values[1], n);
  a->usually_covered = median(values[2], n);
  for (int v = 0; v < 3; v++) free(values[v]);
}

static float below(float value, float usual) {
  return value < usual ? value - usual : 0;
}

/* Both name a value of something that the target divides by, and not the same: they may share it. So may all who were tested and those who were positive. */
static bool are_parts(const struct item *a, const struct item *b, const struct item *target) {
  if (target->option_varies >> FACET_RESULT & 1 && a->facets.value[FACET_RESULT] != b->facets.value[FACET_RESULT]) return true;
  for (int k = 0; k < FACET_KINDS; k++)
    if (a->facets.value[k] && b->facets.value[k] && a->facets.value[k] != b->facets.value[k] && target->option_kinds >> k & 1) return true;
  bool ages = a->facets.age.state == AGE_INTERVAL && b->facets.age.state == AGE_INTERVAL && target->option_kinds >> FACET_AGE_BIT & 1;
  return ages && age_compare(a->facets.age, b->facets.age) != AGE_EQUAL;
}

static float sigmoid(float x) {
  return 1 / (1 + expf(-x));
}

/* The best of the other targets, leaving out those that would share the source with this one. */
static float next_best(const struct assigning *a, const struct standing *standing, size_t at) {
  const struct item *targets = a->context->target->p;
  float best = -20;
  for (size_t i = 0; i < standing->count; i++) {
    float logit = standing_of(&standing->pairs[i]);
    if (i != at && logit > best &&
        !are_shares(&a->context->source->p[standing->pairs[at].source], &targets[standing->pairs[at].target],
                    &targets[standing->pairs[i].target]))
      best = logit;
  }
  return best;
}

/* What the rest of the list says about a pair. */
static void judge(struct assigning *a, struct standing *standing) {
  for (size_t i = 0; i < standing->count; i++) {
    struct pair *pair = &standing->pairs[i];
    const struct claim *claim = &a->claims[pair->target];
    bool mine = claim->source == pair->source;
    float own = standing_of(pair), next = next_best(a, standing, i);
    float lead = tanhf((own - next) / 3);
    if (lead > LEAD_MOST) lead = LEAD_MOST; /* that all others are unlike it does not make it alike */
    /* That a person accepted the same target for another makes the other no better: who would be answered with it beside that one still is. */
    bool answered = score_confidence(own + feature_weight(FEATURE_lead) * lead, pair->vetoed) >= ANSWER;
    float other = mine ? claim->second : answered ? claim->fit : claim->first;
    bool parts =
        !mine && claim->source != UINT32_MAX &&
        are_parts(&a->context->source->p[pair->source], &a->context->source->p[claim->source], &a->context->target->p[pair->target]);
    float close = pair->value[FEATURE_words] > ALMOST ? CLOSE : 0; /* two copies of one thing may share it */
    float behind = tanhf((own - other + close) / 2);
    pair->value[FEATURE_rival] = parts || behind > 0 ? 0 : behind * sigmoid(other) * a->sharing;
    pair->value[FEATURE_usual] = tanhf(below(pair->alone, a->usual) / 6);
    pair->value[FEATURE_beyond] = below(pair->value[FEATURE_explained], a->usually_explained);
    pair->value[FEATURE_short] = below(pair->value[FEATURE_covered], a->usually_covered);
    pair->value[FEATURE_kin] = kin(a, pair, i == 0);
    pair->value[FEATURE_lead] = lead;
  }
}

/* However likely it is by what is seen: a reason for which a person decides. */
static bool wants_a_look(const struct pair *pair) {
  bool named = pair->value[FEATURE_same_name] > 0 || pair->value[FEATURE_same_code] > 0 || pair->value[FEATURE_words] > ALMOST;
  return pair->value[FEATURE_wider] >= PART || pair->alone < ALONE || (!named && pair->value[FEATURE_lead] < AHEAD);
}

static void sum_up(struct assigning *a, bool last) {
  for (size_t s = 0; s < a->all->n; s++) {
    struct standing *standing = &a->all->p[s];
    for (size_t i = 0; i < standing->count; i++) {
      struct pair *pair = &standing->pairs[i];
      pair->logit = score_sum(pair);
      if (!last) pair->logit -= feature_weight(FEATURE_lead) * pair->value[FEATURE_lead]; /* else it would feed itself */
      pair->confidence = pair->decided ? 1 : score_confidence(pair->logit, pair->vetoed);
      if (!pair->decided && pair->confidence > LOOK_MOST && wants_a_look(pair)) pair->confidence = LOOK_MOST;
    }
    qsort(standing->pairs, standing->count, sizeof *standing->pairs, by_logit);
  }
}

/* Behind the first answer those that share the source with it. */
static void add_shares(const struct assigning *a, struct standing *standing) {
  const struct item *source = &a->context->source->p[standing->pairs[0].source], *targets = a->context->target->p;
  for (size_t i = 1; i < standing->count; i++) {
    struct pair pair = standing->pairs[i];
    bool fits = pair.confidence >= ANSWER && !pair.vetoed && takes_part(source, &targets[pair.target]);
    for (size_t k = 0; k < standing->answers && fits; k++)
      fits = are_shares(source, &targets[standing->pairs[k].target], &targets[pair.target]);
    if (!fits) continue;
    memmove(standing->pairs + standing->answers + 1, standing->pairs + standing->answers, (i - standing->answers) * sizeof pair);
    standing->pairs[standing->answers++] = pair;
  }
}

static void answer(const struct assigning *a, const struct ruling *ruling, struct standing *standing) {
  if (ruling->none)
    standing->answers = 0;
  else if (ruling->accepted_count)
    standing->answers = ruling->accepted_count;
  else
    standing->answers = standing->count && standing->pairs[0].confidence >= ANSWER && !standing->pairs[0].vetoed;
  if (standing->answers == 1 && !standing->pairs[0].decided) add_shares(a, standing);
}

static void index_families(struct assigning *a) {
  const struct items *target = a->context->target;
  uint32_t *starts = ARENA_ARRAY(a->context->arena, target->family_count + 2, uint32_t);
  uint32_t *items = ARENA_ARRAY(a->context->arena, target->n, uint32_t);
  for (size_t t = 0; t < target->n; t++) starts[target->p[t].family + 2]++;
  for (size_t f = 2; f < target->family_count + 2; f++) starts[f] += starts[f - 1];
  for (size_t t = 0; t < target->n; t++) items[starts[target->p[t].family + 1]++] = (uint32_t)t;
  a->family_starts = starts;
  a->family_items = items;
}

int assign_all(const struct assign_context *context, struct assignment *ret, struct error *error) {
  struct assigning a = {.context = context, .all = ret};
  *ret = (struct assignment){ARENA_ARRAY(context->arena, context->source->n, struct standing), context->source->n};
  float ratio = context->source->n ? (float)context->target->n / (float)context->source->n : 1;
  a.sharing = ratio > 0.9f ? 1 : ratio < 0.3f ? 0 : (ratio - 0.3f) / 0.6f;
  a.claims = ARENA_ARRAY(context->arena, context->target->n, struct claim);
  a.choices = ARENA_ARRAY(context->arena, context->source->n, struct choice);
  index_families(&a);
  struct retriever *retriever = retriever_new(context->target, context->term_count);
  bool cancelled = false;
  for (size_t s = 0; s < ret->n && !cancelled; s++) {
    find_pairs(&a, retriever, (uint32_t)s);
    if (s % LOOK_EVERY) continue;
    align_tell(context->watch, s, ret->n);
    cancelled = align_is_cancelled(context->watch);
  }
  retriever_free(retriever);
  if (cancelled) return error_set(error, ERROR_cancelled, "the alignment was cancelled");
  align_tell(context->watch, ret->n, ret->n);

  find_usual(&a);
  for (int round = 0; round < ROUNDS; round++) {
    note_claims(&a);
    note_choices(&a);
    for (size_t s = 0; s < ret->n; s++) judge(&a, &ret->p[s]);
    sum_up(&a, round + 1 == ROUNDS);
  }
  for (size_t s = 0; s < ret->n; s++) answer(&a, &context->rulings[s], &ret->p[s]);
  return 0;
}
