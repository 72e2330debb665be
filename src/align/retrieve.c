#include "align/retrieve.h"

enum {
  POSTINGS_MOST = 2500,
  TERM_MOST = 20000 /* postings of one term that are walked: a list of equal names stays linear */,
  FEWEST = 12
};

#define WORTH 0.4f /* of the best, to be looked at when there are more than a few */

struct posting {
  uint32_t item;
  float weight; /* of the term in the item, over the item's norm */
};

struct retriever {
  const struct items *target;
  size_t *starts;
  struct posting *postings;
  float *sums;
  VEC(uint32_t) touched;
};

struct retriever *retriever_new(const struct items *target, size_t term_count) {
  struct retriever *r = mem_alloc(sizeof *r);
  r->target = target;
  r->starts = mem_alloc_array(term_count + 2, sizeof *r->starts);
  r->sums = mem_alloc_array(target->n + 1, sizeof *r->sums);
  for (size_t i = 0; i < target->n; i++)
    for (size_t k = 0; k < target->p[i].all.n; k++) r->starts[target->p[i].all.p[k].term + 2]++;
  for (size_t t = 2; t < term_count + 2; t++) r->starts[t] += r->starts[t - 1];
  r->postings = mem_alloc_array(r->starts[term_count + 1] + 1, sizeof *r->postings);
  for (size_t i = 0; i < target->n; i++) {
    const struct item *item = &target->p[i];
    for (size_t k = 0; k < item->all.n; k++)
      r->postings[r->starts[item->all.p[k].term + 1]++] = (struct posting){(uint32_t)i, item->all.p[k].weight / (item->all_norm + 1e-6f)};
  }
  return r;
}

void retriever_free(struct retriever *r) {
  if (!r) return;
  free(r->starts);
  free(r->postings);
  free(r->sums);
  VEC_FREE(&r->touched);
  free(r);
}

static size_t posting_count(const struct retriever *r, uint32_t term) {
  return r->starts[term + 1] - r->starts[term];
}

static void walk(struct retriever *r, struct bag_term term) {
  size_t count = posting_count(r, term.term), start = r->starts[term.term];
  for (size_t i = start; i < start + (count < TERM_MOST ? count : TERM_MOST); i++) {
    float *sum = &r->sums[r->postings[i].item];
    if (*sum == 0) VEC_PUSH(&r->touched, r->postings[i].item);
    *sum += term.weight * r->postings[i].weight;
  }
}

/* The most telling terms first, until enough postings are walked. */
static void walk_all(struct retriever *r, const struct bag *bag) {
  enum { TERMS_MOST = 64 };
  struct bag_term best[TERMS_MOST];
  size_t n = 0, walked = 0;
  for (size_t i = 0; i < bag->n; i++) {
    if (!posting_count(r, bag->p[i].term)) continue;
    if (n == TERMS_MOST && best[n - 1].weight >= bag->p[i].weight) continue;
    size_t at = n < TERMS_MOST ? n++ : n - 1;
    for (; at > 0 && best[at - 1].weight < bag->p[i].weight; at--) best[at] = best[at - 1];
    best[at] = bag->p[i];
  }
  for (size_t i = 0; i < n; i++) {
    size_t count = posting_count(r, best[i].term);
    if (walked && walked + count > POSTINGS_MOST && r->touched.n >= 24) continue;
    walk(r, best[i]);
    walked += count;
  }
}

static bool before(const struct retriever *r, uint32_t a, uint32_t b) {
  return r->sums[a] != r->sums[b] ? r->sums[a] > r->sums[b] : a < b;
}

size_t retriever_find(struct retriever *r, const struct item *source, uint32_t *ret, size_t most) {
  r->touched.n = 0;
  walk_all(r, &source->all);
  size_t n = 0;
  for (size_t i = 0; i < r->touched.n && most; i++) {
    uint32_t item = r->touched.p[i];
    if (n == most && !before(r, item, ret[n - 1])) continue;
    size_t at = n < most ? n++ : n - 1;
    for (; at > 0 && before(r, item, ret[at - 1]); at--) ret[at] = ret[at - 1];
    ret[at] = item;
  }
  while (n > FEWEST && r->sums[ret[n - 1]] < WORTH * r->sums[ret[0]]) n--;
  for (size_t i = 0; i < r->touched.n; i++) r->sums[r->touched.p[i]] = 0;
  return n;
}
