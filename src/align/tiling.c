#include "align/tiling.h"

#include "base/vec.h"

/* One cell that gives its value to a part of a target cell. */
struct piece {
  const struct placing *placing;
  struct cell *cell;
  const struct dhis2_option_combo *target;
  uint64_t group; /* equal for pieces that differ in age alone */
  struct age age;
};

struct checking {
  const struct cells_context *context;
  VEC(struct piece) pieces;
  VEC(struct str) warnings;
};

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15u + (hash << 6) + (hash >> 2);
  return hash * 0xBF58476D1CE4E5B9u;
}

/* All that a cell tells but its age. */
static uint64_t group_of(const struct lexicon *lexicon, const struct placing *placing, const struct option_combo_view *view,
                         const struct facets *facets) {
  uint64_t hash = mix(placing->source->family, 1);
  for (uint32_t k = 0; k < FACET_KINDS; k++) hash = mix(hash, facets->value[k]);
  for (size_t i = 0; i < view->term_count; i++)
    if (!lexicon_term_is_facet(lexicon, view->terms[i].term)) hash = mix(hash, view->terms[i].term);
  return hash;
}

static void collect(struct checking *c, const struct placing *placing) {
  for (size_t i = 0; i < placing->cells.n; i++) {
    struct cell *cell = &placing->cells.p[i];
    if (!cell->answered || !(cell->choices[0].ground & (CELL_PART | CELL_EQUAL | CELL_SAME_NAME))) continue;
    const struct option_combo_view *view = combos_view(c->context->source, cell->source),
                                   *target = combos_view(c->context->target, cell->choices[0].target);
    struct facets facets = facets_over(&view->facets, &placing->source->facets);
    if (facets.age.state != AGE_INTERVAL || !target) continue;
    VEC_PUSH(&c->pieces,
             (struct piece){placing, cell, cell->choices[0].target, group_of(c->context->lexicon, placing, view, &facets), facets.age});
  }
}

static int by_place(const void *left, const void *right) {
  const struct piece *a = left, *b = right;
  if (a->placing->target != b->placing->target) return a->placing->target < b->placing->target ? -1 : 1;
  if (a->target->o.index != b->target->o.index) return a->target->o.index < b->target->o.index ? -1 : 1;
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  if (a->age.from != b->age.from) return a->age.from < b->age.from ? -1 : 1;
  if (a->age.to != b->age.to) return a->age.to < b->age.to ? -1 : 1;
  return a->placing->source->element->o.index < b->placing->source->element->o.index
             ? -1
             : a->placing->source->element->o.index > b->placing->source->element->o.index;
}

static bool same_group(const struct piece *a, const struct piece *b) {
  return a->placing->target == b->placing->target && a->target == b->target && a->group == b->group;
}

static struct str add(struct arena *arena, struct str list, const char *word, struct age age) {
  struct str text = age_text(arena, age);
  return arena_printf(arena, "%.*s%s%s %.*s", STR_ARG(list), list.n ? "; " : "", word, STR_ARG(text));
}

/* The pieces of one target cell that differ in age alone, in order of age. */
static void lay(struct checking *c, struct piece *pieces, size_t count) {
  struct arena *arena = c->context->arena;
  const struct option_combo_view *target = combos_view(c->context->target, pieces[0].target);
  const struct age *whole = &target->facets.age;
  if (whole->state != AGE_INTERVAL) whole = &pieces[0].placing->target->facets.age;
  bool parts = false, doubled = false;
  for (size_t i = 0; i < count; i++) parts |= (pieces[i].cell->choices[0].ground & CELL_PART) != 0;
  if (!parts || whole->state != AGE_INTERVAL) return;
  struct str found = STR("");
  int32_t reached = whole->from;
  for (size_t i = 0; i < count; i++) {
    struct age age = pieces[i].age;
    if (!age_same_end(reached, age.from)) {
      doubled |= age.from < reached;
      found = age.from > reached ? add(arena, found, "nothing for", (struct age){AGE_INTERVAL, reached, age.from})
                                 : add(arena, found, "twice:", (struct age){AGE_INTERVAL, age.from, age.to < reached ? age.to : reached});
    }
    if (age.to > reached) reached = age.to;
  }
  if (reached < whole->to && !age_same_end(reached, whole->to))
    found = add(arena, found, "nothing for", (struct age){AGE_INTERVAL, reached, whole->to});
  if (!found.n) return;
  for (size_t i = 0; i < count; i++) {
    pieces[i].cell->tiling = found;
    pieces[i].cell->doubled = doubled;
  }
  if (c->warnings.n < TILING_WARNINGS_MAX)
    VEC_PUSH(&c->warnings,
             arena_printf(arena, "the age groups that are summed into %.*s, %.*s: %.*s",
                          STR_ARG(pieces[0].placing->target->element->o.name), STR_ARG(pieces[0].target->o.name), STR_ARG(found)));
}

size_t tiling_check(const struct cells_context *context, const struct placing *placings, size_t count, struct str **ret_warnings) {
  struct checking c = {.context = context};
  for (size_t i = 0; i < count; i++) collect(&c, &placings[i]);
  if (c.pieces.n) qsort(c.pieces.p, c.pieces.n, sizeof *c.pieces.p, by_place);
  for (size_t at = 0, end; at < c.pieces.n; at = end) {
    for (end = at + 1; end < c.pieces.n && same_group(&c.pieces.p[at], &c.pieces.p[end]);) end++;
    lay(&c, c.pieces.p + at, end - at);
  }
  size_t n = c.warnings.n;
  *ret_warnings = ARENA_ARRAY(context->arena, n, struct str);
  if (n) memcpy(*ret_warnings, c.warnings.p, n * sizeof **ret_warnings);
  VEC_FREE(&c.pieces);
  VEC_FREE(&c.warnings);
  return n;
}
