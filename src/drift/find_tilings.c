/* Sums that were whole when the mapping was made, and are so no longer: nobody sees that from the number that comes out.
 *
 * Two ways to be whole: all cells of a source element, or all of them with the same options ("Female"), fill one target cell; or the ages of the parts tile the age of the target cell. */
#include "align/combo.h"
#include "drift/find.h"

#include <stdlib.h>

/* The terms of all rules that count for one target cell. */
struct part {
  struct mapping_operand source;
  int sign;
  size_t rule;
  struct facets then, today;
};

struct sum {
  struct mapping_operand target;
  struct part *parts;
  size_t n;
};

/* What names of one side say, at one time. */
struct told {
  const struct dhis2_metadata *metadata;
  struct combos combos;
  struct facets *elements; /* by index */
  bool *known;
};

struct tiling {
  struct finding *f;
  struct told then[2], today[2]; /* by enum drift_side; ages are looked at where all are known */
  bool ages;
};

/* --- whole slices of an element --- */

static const struct dhis2_option_combo *coc_of(const struct dhis2_data_element *element, struct str id) {
  for (size_t i = 0; i < element->combo_count; i++)
    for (size_t k = 0; k < element->combos[i]->option_combo_count; k++)
      if (str_eq(element->combos[i]->option_combos[k]->o.id, id)) return element->combos[i]->option_combos[k];
  return NULL;
}

/* Ids of options that all cells of a slice share. */
struct slice {
  const struct part *parts;
  size_t n;
  struct str *options;
  size_t option_count;
};

static bool in_slice(const struct slice *slice, const struct dhis2_option_combo *coc) {
  for (size_t i = 0; i < slice->option_count; i++)
    if (!coc_has_option(coc, slice->options[i])) return false;
  return true;
}

static bool names(const struct slice *slice, struct str coc) {
  for (size_t i = 0; i < slice->n; i++)
    if (str_eq(slice->parts[i].source.category_option_combo, coc)) return true;
  return false;
}

static bool share_options(struct arena *arena, const struct dhis2_data_element *was, struct slice *slice) {
  const struct dhis2_option_combo *first = coc_of(was, slice->parts[0].source.category_option_combo);
  if (!first) return false;
  slice->options = ARENA_ARRAY(arena, first->option_count, struct str);
  for (size_t i = 0; i < first->option_count; i++) slice->options[i] = first->options[i]->o.id;
  slice->option_count = first->option_count;
  for (size_t i = 1; i < slice->n; i++) {
    const struct dhis2_option_combo *coc = coc_of(was, slice->parts[i].source.category_option_combo);
    size_t kept = 0;
    if (!coc) return false;
    for (size_t k = 0; k < slice->option_count; k++)
      if (coc_has_option(coc, slice->options[k])) slice->options[kept++] = slice->options[k];
    slice->option_count = kept;
  }
  return true;
}

static bool was_whole(const struct slice *slice, const struct dhis2_data_element *was) {
  for (size_t i = 0; i < was->combo_count; i++)
    for (size_t k = 0; k < was->combos[i]->option_combo_count; k++) {
      const struct dhis2_option_combo *coc = was->combos[i]->option_combos[k];
      if (in_slice(slice, coc) && !names(slice, coc->o.id)) return false;
    }
  return true;
}

static int by_text(const void *left, const void *right) {
  return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

/* Names of the cells that belong to the slice today, and did not exist then. */
static struct str missing_now(struct arena *arena, const struct slice *slice, const struct dhis2_data_element *was,
                              const struct dhis2_data_element *is) {
  VEC(struct str) list = {0};
  struct str missing = STR("");
  for (size_t i = 0; i < is->combo_count; i++)
    for (size_t k = 0; k < is->combos[i]->option_combo_count; k++) {
      const struct dhis2_option_combo *coc = is->combos[i]->option_combos[k];
      if (!in_slice(slice, coc) || names(slice, coc->o.id) || coc_of(was, coc->o.id)) continue;
      VEC_PUSH(&list, coc->o.name.n ? coc->o.name : coc->o.id);
    }
  if (list.n) qsort(list.p, list.n, sizeof *list.p, by_text);
  for (size_t i = 0; i < list.n; i++) missing = arena_printf(arena, "%.*s%s%.*s", STR_ARG(missing), i ? " + " : "", STR_ARG(list.p[i]));
  VEC_FREE(&list);
  return missing;
}

/* --- telling --- */

static struct str cell_name(const struct finding *f, struct mapping_operand cell) {
  const struct dhis2_metadata *now = f->sides[DRIFT_TARGET].now;
  const struct dhis2_data_element *element = now ? dhis2_metadata_element(now, cell.data_element) : NULL;
  const struct dhis2_option_combo *coc = now ? dhis2_metadata_option_combo(now, cell.category_option_combo) : NULL;
  struct str name = element && element->o.name.n ? element->o.name : cell.data_element;
  struct str part = coc && coc->o.name.n ? coc->o.name : cell.category_option_combo;
  return coc && coc->o.is_default ? name : arena_printf(f->arena, "%.*s, %.*s", STR_ARG(name), STR_ARG(part));
}

static void tell(struct finding *f, const struct sum *sum, const struct part *parts, size_t n, struct drift_change change,
                 const char *how) {
  struct rule_list rules = {0};
  for (size_t i = 0; i < n; i++) VEC_PUSH(&rules, parts[i].rule);
  change.effect = DRIFT_BLOCKS;
  change.object = DRIFT_CELL;
  change.id = sum->target.data_element;
  change.option_combo = sum->target.category_option_combo;
  change.name = cell_name(f, sum->target);
  finding_add(f, &f->sides[DRIFT_TARGET], change, &rules, "the target's cell '%.*s' %s: it was filled by %.*s, and now %.*s",
              STR_ARG(change.name), how, STR_ARG(change.before), STR_ARG(change.after));
  VEC_FREE(&rules);
}

/* The parts of one element: they stand together. True: a gap was told. */
static bool look_at_slice(struct finding *f, const struct sum *sum, const struct part *parts, size_t n) {
  const struct look *look = &f->sides[DRIFT_SOURCE];
  const struct dhis2_data_element *was = dhis2_metadata_element(look->before, parts[0].source.data_element),
                                  *is = dhis2_metadata_element(look->now, parts[0].source.data_element);
  struct slice slice = {.parts = parts, .n = n};
  if (n < 2 || !was || !is) return false;
  for (size_t i = 0; i < n; i++)
    if (parts[i].sign != parts[0].sign || !side_holds(look->now, parts[i].source)) return false;
  if (!share_options(f->arena, was, &slice) || !was_whole(&slice, was)) return false;
  struct str missing = missing_now(f->arena, &slice, was, is), name = finding_quote(f, is->o.name, is->o.id);
  if (!missing.n) return false;
  struct drift_change change = {.kind = DRIFT_gap,
                                .before = arena_printf(f->arena, "all %zu parts of %.*s", n, STR_ARG(name)),
                                .after = arena_printf(f->arena, "lacks %.*s of it", STR_ARG(missing))};
  tell(f, sum, parts, n, change, "is no longer whole");
  return true;
}

/* --- ages --- */

static struct told told_of(struct finding *f, const struct dhis2_metadata *metadata) {
  return (struct told){metadata, combos_of(f->arena, finding_lexicon(f), metadata),
                       ARENA_ARRAY(f->arena, metadata->element_count, struct facets), ARENA_ARRAY(f->arena, metadata->element_count, bool)};
}

static bool facets_of(struct finding *f, struct told *told, struct mapping_operand cell, struct facets *ret) {
  const struct dhis2_data_element *element = dhis2_metadata_element(told->metadata, cell.data_element);
  const struct dhis2_option_combo *coc = dhis2_metadata_option_combo(told->metadata, cell.category_option_combo);
  const struct option_combo_view *view = coc ? combos_view(&told->combos, coc) : NULL;
  if (!element || !view || !side_holds(told->metadata, cell)) return false;
  if (!told->known[element->o.index]) {
    told->elements[element->o.index] = reading_of(f->arena, finding_lexicon(f), element->o.name, READING_NAME).facets;
    told->known[element->o.index] = true;
  }
  *ret = facets_over(&view->facets, &told->elements[element->o.index]);
  return ret->age.state == AGE_INTERVAL;
}

struct piece {
  struct str element; /* empty: parts of all elements make one row */
  const struct facets *facets;
};

static int same_row(const struct piece *a, const struct piece *b) {
  int order = str_cmp(a->element, b->element);
  return order ? order : memcmp(a->facets->value, b->facets->value, sizeof a->facets->value);
}

static int by_row(const void *left, const void *right) {
  const struct piece *a = left, *b = right;
  int order = same_row(a, b);
  if (order) return order;
  if (a->facets->age.from != b->facets->age.from) return a->facets->age.from < b->facets->age.from ? -1 : 1;
  return (a->facets->age.to > b->facets->age.to) - (a->facets->age.to < b->facets->age.to);
}

enum fit { FITS, LEAVES_A_GAP, OVERLAPS };

static enum fit meet(int32_t end, int32_t begin) {
  return age_same_end(end, begin) ? FITS : end < begin ? LEAVES_A_GAP : OVERLAPS;
}

/* Each row of pieces, in the order of their ages, from the beginning of the whole to its end. */
static enum fit fit_of(struct piece *pieces, size_t n, const struct age *whole) {
  enum fit worst = FITS;
  qsort(pieces, n, sizeof *pieces, by_row);
  for (size_t i = 0; i < n; i++) {
    bool first = i == 0 || same_row(&pieces[i - 1], &pieces[i]) != 0, last = i + 1 == n || same_row(&pieces[i], &pieces[i + 1]) != 0;
    enum fit begin = meet(first ? whole->from : pieces[i - 1].facets->age.to, pieces[i].facets->age.from);
    enum fit end = last ? meet(pieces[i].facets->age.to, whole->to) : FITS;
    if (begin > worst) worst = begin;
    if (end > worst) worst = end;
  }
  return worst;
}

static enum fit fit_at(struct finding *f, const struct sum *sum, bool today, bool by_element, const struct age *whole) {
  struct piece *pieces = ARENA_ARRAY(f->arena, sum->n, struct piece);
  for (size_t i = 0; i < sum->n; i++)
    pieces[i] =
        (struct piece){by_element ? sum->parts[i].source.data_element : STR(""), today ? &sum->parts[i].today : &sum->parts[i].then};
  return fit_of(pieces, sum->n, whole);
}

static struct str part_names(struct finding *f, const struct sum *sum, const struct told *told) {
  struct str all = STR("");
  for (size_t i = 0; i < sum->n && i < 12; i++) {
    const struct dhis2_option_combo *coc = dhis2_metadata_option_combo(told->metadata, sum->parts[i].source.category_option_combo);
    const struct dhis2_data_element *element = dhis2_metadata_element(told->metadata, sum->parts[i].source.data_element);
    struct str name = coc && !coc->o.is_default && coc->o.name.n ? coc->o.name : element ? element->o.name : STR("");
    all = arena_printf(f->arena, "%.*s%s%.*s", STR_ARG(all), i ? " + " : "", STR_ARG(name));
  }
  return sum->n > 12 ? arena_printf(f->arena, "%.*s + %zu more", STR_ARG(all), sum->n - 12) : all;
}

static void look_at_ages(struct tiling *t, const struct sum *sum) {
  struct finding *f = t->f;
  struct facets whole_then, whole_today;
  if (!facets_of(f, &t->then[DRIFT_TARGET], sum->target, &whole_then) || !facets_of(f, &t->today[DRIFT_TARGET], sum->target, &whole_today))
    return;
  for (size_t i = 0; i < sum->n; i++)
    if (sum->parts[i].sign < 0 || !facets_of(f, &t->then[DRIFT_SOURCE], sum->parts[i].source, &sum->parts[i].then) ||
        !facets_of(f, &t->today[DRIFT_SOURCE], sum->parts[i].source, &sum->parts[i].today))
      return;
  bool by_element = fit_at(f, sum, false, false, &whole_then.age) != FITS;
  if (by_element && fit_at(f, sum, false, true, &whole_then.age) != FITS) return;
  enum fit fit = fit_at(f, sum, true, by_element, &whole_today.age);
  if (fit == FITS) return;
  struct drift_change change = {.kind = fit == OVERLAPS ? DRIFT_overlap : DRIFT_gap,
                                .before = part_names(f, sum, &t->then[DRIFT_SOURCE]),
                                .after = part_names(f, sum, &t->today[DRIFT_SOURCE])};
  tell(f, sum, sum->parts, sum->n, change, fit == OVERLAPS ? "now gets ages that overlap or that it does not count" : "now lacks an age");
}

/* --- all sums --- */

static int by_cell(const void *left, const void *right) {
  const struct sum *a = left, *b = right;
  return mapping_operand_cmp(a->target, b->target);
}

static int by_source(const void *left, const void *right) {
  const struct part *a = left, *b = right;
  int order = mapping_operand_cmp(a->source, b->source);
  return order ? order : (a->rule > b->rule) - (a->rule < b->rule);
}

static struct sum *sums_of(struct finding *f, size_t *ret_count) {
  struct sum *sums = ARENA_ARRAY(f->arena, f->counting.n, struct sum);
  for (size_t i = 0; i < f->counting.n; i++) {
    const struct mapping_rule *rule = &f->mapping->rules[f->counting.p[i]];
    struct part *parts = ARENA_ARRAY(f->arena, rule->term_count, struct part);
    for (size_t k = 0; k < rule->term_count; k++)
      parts[k] = (struct part){.source = rule->terms[k].source, .sign = rule->terms[k].sign, .rule = f->counting.p[i]};
    sums[i] = (struct sum){rule->target, parts, rule->term_count};
  }
  if (f->counting.n) qsort(sums, f->counting.n, sizeof *sums, by_cell);
  size_t n = 0;
  for (size_t at = 0, end; at < f->counting.n; at = end) {
    size_t parts = 0;
    for (end = at; end < f->counting.n && mapping_operand_cmp(sums[at].target, sums[end].target) == 0; end++) parts += sums[end].n;
    struct sum whole = {sums[at].target, ARENA_ARRAY(f->arena, parts, struct part), 0};
    for (size_t i = at; i < end; i++) {
      if (sums[i].n) memcpy(whole.parts + whole.n, sums[i].parts, sums[i].n * sizeof *whole.parts);
      whole.n += sums[i].n;
    }
    if (whole.n) qsort(whole.parts, whole.n, sizeof *whole.parts, by_source);
    sums[n++] = whole;
  }
  *ret_count = n;
  return sums;
}

void find_tilings(struct finding *f) {
  const struct look *source = &f->sides[DRIFT_SOURCE], *target = &f->sides[DRIFT_TARGET];
  if (!f->changes.n) return; /* nothing changed, nothing to mend */
  struct tiling t = {.f = f};
  bool slices = source->before && source->all && !source->lost;
  t.ages = slices && target->before && target->all && !target->lost;
  for (size_t i = 0; t.ages && i < 2; i++) {
    t.then[i] = told_of(f, f->sides[i].before);
    t.today[i] = told_of(f, f->sides[i].now);
  }
  size_t count = 0;
  struct sum *sums = slices ? sums_of(f, &count) : NULL;
  for (size_t i = 0; i < count; i++) {
    bool told = false;
    for (size_t at = 0, end; at < sums[i].n; at = end) {
      for (end = at + 1; end < sums[i].n && str_eq(sums[i].parts[at].source.data_element, sums[i].parts[end].source.data_element);) end++;
      told = look_at_slice(f, &sums[i], sums[i].parts + at, end - at) || told;
    }
    if (!told && t.ages && sums[i].n) look_at_ages(&t, &sums[i]);
  }
}
