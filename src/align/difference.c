#include "align/difference.h"

enum { SIBLINGS_MAX = 4096 };

#define LESS_SURE (-0.3f) /* than the addition: a list may count all who were tested without the positive ones */

struct book {
  const struct cells_context *context;
  struct placing *placings;
  size_t count;
  uint8_t *total, *positive; /* per option combo of the target side, for the target element under way */
  VEC(struct subtraction) found;
};

static const struct facets *facets_at(const struct combos *combos, const struct dhis2_option_combo *coc) {
  return &combos_view(combos, coc)->facets;
}

static bool same_but_result(const struct facets *a, const struct facets *b) {
  for (int k = 0; k < FACET_KINDS; k++)
    if (k != FACET_RESULT && a->value[k] != b->value[k]) return false;
  return memcmp(&a->age, &b->age, sizeof a->age) == 0;
}

/* The option combo of the same combo that differs in the result alone. NULL: none. */
static const struct dhis2_option_combo *sibling(const struct combos *combos, const struct dhis2_option_combo *coc, uint8_t result) {
  const struct facets *facets = facets_at(combos, coc);
  if (!coc->combo || facets->value[FACET_RESULT] == result || coc->combo->option_combo_count > SIBLINGS_MAX) return NULL;
  for (size_t i = 0; i < coc->combo->option_combo_count; i++) {
    const struct option_combo_view *view = combos_view(combos, coc->combo->option_combos[i]);
    if (view && view->facets.value[FACET_RESULT] == result && same_but_result(&view->facets, facets)) return view->coc;
  }
  return NULL;
}

static bool is_positive(const struct book *book, const struct placing *placing, const struct cell *cell) {
  if (!cell->answered || facets_at(book->context->target, cell->choices[0].target)->value[FACET_RESULT] != RESULT_POSITIVE) return false;
  struct facets facets = facets_over(facets_at(book->context->source, cell->source), &placing->source->facets);
  return facets.value[FACET_RESULT] == RESULT_POSITIVE && facets.value[FACET_KNOWN] != KNOWN_BEFORE;
}

static bool is_total(const struct cell *cell) {
  return cell->answered && (cell->choices[0].ground & CELL_DIFFERENCE);
}

/* All placings of one target element, by their indexes. */
static void balance(struct book *book, const size_t *indexes, size_t count) {
  const struct combos *combos = book->context->target;
  size_t cocs = combos->metadata->option_combo_count;
  memset(book->total, 0, cocs);
  memset(book->positive, 0, cocs);
  for (size_t i = 0; i < count; i++) {
    const struct placing *placing = &book->placings[indexes[i]];
    for (size_t c = 0; c < placing->cells.n; c++) {
      const struct cell *cell = &placing->cells.p[c];
      if (is_total(cell))
        book->total[cell->choices[0].target->o.index] = 1;
      else if (is_positive(book, placing, cell))
        book->positive[cell->choices[0].target->o.index] = 1;
    }
  }
  for (size_t i = 0; i < count; i++) {
    struct placing *placing = &book->placings[indexes[i]];
    for (size_t c = 0; c < placing->cells.n; c++) {
      struct cell *cell = &placing->cells.p[c];
      if (is_total(cell)) {
        const struct dhis2_option_combo *other = sibling(combos, cell->choices[0].target, RESULT_POSITIVE);
        if (!other || !book->positive[other->o.index]) cell->answered = false;
      } else if (is_positive(book, placing, cell)) {
        const struct dhis2_option_combo *other = sibling(combos, cell->choices[0].target, RESULT_NEGATIVE);
        if (!other || !book->total[other->o.index]) continue;
        struct subtraction subtraction = {indexes[i], c, cell->choices[0]};
        subtraction.choice.target = other;
        cells_add(&subtraction.choice, CELL_FEATURE_difference, LESS_SURE);
        VEC_PUSH(&book->found, subtraction);
      }
    }
  }
}

static int by_place(const void *left, const void *right) {
  const struct subtraction *a = left, *b = right;
  if (a->placing != b->placing) return a->placing < b->placing ? -1 : 1;
  return a->cell < b->cell ? -1 : a->cell > b->cell;
}

size_t difference_find(const struct cells_context *context, struct placing *placings, size_t count, const struct subtraction **ret) {
  struct book book = {.context = context, .placings = placings, .count = count};
  size_t cocs = context->target->metadata->option_combo_count, elements = context->target->metadata->element_count;
  book.total = ARENA_ARRAY(context->arena, cocs, uint8_t);
  book.positive = ARENA_ARRAY(context->arena, cocs, uint8_t);
  /* Counting sort of the placings by target element. */
  size_t *starts = ARENA_ARRAY(context->arena, elements + 2, size_t), *order = ARENA_ARRAY(context->arena, count, size_t);
  for (size_t i = 0; i < count; i++) starts[placings[i].target->element->o.index + 2]++;
  for (size_t e = 2; e < elements + 2; e++) starts[e] += starts[e - 1];
  for (size_t i = 0; i < count; i++) order[starts[placings[i].target->element->o.index + 1]++] = i;
  for (size_t e = 0; e < elements; e++) {
    size_t n = starts[e + 1] - starts[e];
    if (n && placings[order[starts[e]]].target->option_kinds >> FACET_RESULT & 1) balance(&book, order + starts[e], n);
  }
  struct subtraction *list = ARENA_ARRAY(context->arena, book.found.n, struct subtraction);
  if (book.found.n) memcpy(list, book.found.p, book.found.n * sizeof *list);
  if (book.found.n) qsort(list, book.found.n, sizeof *list, by_place);
  *ret = list;
  size_t found = book.found.n;
  VEC_FREE(&book.found);
  return found;
}
