#include "align/assign.h"

#include "align/retrieve.h"
#include <math.h>

enum { ROUNDS = 3, KEPT = 12 };

#define ANSWER 0.5f
#define CLOSE 0.8f
#define LEAD_MOST 0.5f

/* The best two source elements for a target, by what is known so far. */
struct claim {
  float first, second;
  uint32_t source;
};

struct assigning {
  const struct assign_context *context;
  struct assignment *all;
  struct claim *claims;
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

static void find_pairs(struct assigning *a, struct retriever *retriever, uint32_t s) {
  const struct assign_context *c = a->context;
  const struct ruling *ruling = &c->rulings[s];
  struct standing *standing = &a->all->p[s];
  uint32_t found[ASSIGN_RETRIEVED];
  size_t n = retriever_find(retriever, &c->source->p[s], found, ASSIGN_RETRIEVED);
  standing->none_decided = ruling->none;
  standing->pairs = ARENA_ARRAY(c->arena, n + ruling->accepted_count, struct pair);
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
}

static float standing_of(const struct pair *pair) {
  return pair->decided ? 9 : pair->vetoed ? -9 : pair->logit;
}

static void note_claims(struct assigning *a) {
  for (size_t t = 0; t < a->context->target->n; t++) a->claims[t] = (struct claim){-20, -20, UINT32_MAX};
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
        claim->source = (uint32_t)s;
      } else if (logit > claim->second)
        claim->second = logit;
    }
  }
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

/* What the rest of the list says about a pair. */
static void judge(struct assigning *a, struct standing *standing) {
  float best = -20, second = -20;
  for (size_t i = 0; i < standing->count; i++) {
    float logit = standing_of(&standing->pairs[i]);
    if (logit > best)
      second = best, best = logit;
    else if (logit > second)
      second = logit;
  }
  for (size_t i = 0; i < standing->count; i++) {
    struct pair *pair = &standing->pairs[i];
    const struct claim *claim = &a->claims[pair->target];
    bool mine = claim->source == pair->source;
    float own = standing_of(pair), other = mine ? claim->second : claim->first, next = own >= best ? second : best;
    bool parts =
        !mine && claim->source != UINT32_MAX &&
        are_parts(&a->context->source->p[pair->source], &a->context->source->p[claim->source], &a->context->target->p[pair->target]);
    float close = pair->value[FEATURE_words] > 0.8f ? CLOSE : 0; /* two copies of one thing may share it */
    float behind = tanhf((own - other + close) / 2);
    pair->value[FEATURE_rival] = parts || behind > 0 ? 0 : behind * sigmoid(other) * a->sharing;
    float lead = tanhf((own - next) / 3);
    pair->value[FEATURE_lead] = lead < LEAD_MOST ? lead : LEAD_MOST; /* that all others are unlike it does not make it alike */
  }
}

static void sum_up(struct assigning *a, bool last) {
  for (size_t s = 0; s < a->all->n; s++) {
    struct standing *standing = &a->all->p[s];
    for (size_t i = 0; i < standing->count; i++) {
      struct pair *pair = &standing->pairs[i];
      pair->logit = score_sum(pair);
      if (!last) pair->logit -= feature_weight(FEATURE_lead) * pair->value[FEATURE_lead]; /* else it would feed itself */
      pair->confidence = pair->decided ? 1 : score_confidence(pair->logit, pair->vetoed);
    }
    qsort(standing->pairs, standing->count, sizeof *standing->pairs, by_logit);
  }
}

static void answer(const struct ruling *ruling, struct standing *standing) {
  if (ruling->none)
    standing->answers = 0;
  else if (ruling->accepted_count)
    standing->answers = ruling->accepted_count;
  else
    standing->answers = standing->count && standing->pairs[0].confidence >= ANSWER && !standing->pairs[0].vetoed;
}

int assign_all(const struct assign_context *context, struct assignment *ret, struct error *error) {
  struct assigning a = {.context = context, .all = ret};
  *ret = (struct assignment){ARENA_ARRAY(context->arena, context->source->n, struct standing), context->source->n};
  float ratio = context->source->n ? (float)context->target->n / (float)context->source->n : 1;
  a.sharing = ratio > 0.9f ? 1 : ratio < 0.3f ? 0 : (ratio - 0.3f) / 0.6f;
  a.claims = ARENA_ARRAY(context->arena, context->target->n, struct claim);
  struct retriever *retriever = retriever_new(context->target, context->term_count);
  bool cancelled = false;
  for (size_t s = 0; s < ret->n && !cancelled; s++) {
    find_pairs(&a, retriever, (uint32_t)s);
    cancelled = context->cancel && s % 64 == 0 && atomic_load(context->cancel);
  }
  retriever_free(retriever);
  if (cancelled) return error_set(error, ERROR_cancelled, "the alignment was cancelled");
  for (int round = 0; round < ROUNDS; round++) {
    note_claims(&a);
    for (size_t s = 0; s < ret->n; s++) judge(&a, &ret->p[s]);
    sum_up(&a, round + 1 == ROUNDS);
  }
  for (size_t s = 0; s < ret->n; s++) answer(&context->rulings[s], &ret->p[s]);
  return 0;
}
