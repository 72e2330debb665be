/* Category combos that elements are divided by, then and now: their options, and their option combos (COC). */
#include "drift/find.h"

#include <stdlib.h>

/* A combo that counts both then and now. */
struct shared {
  const struct dhis2_category_combo *was, *is;
};

struct comparing {
  struct finding *f;
  const struct look *look;
  VEC(struct shared) combos; /* by id */
  struct map renamed;        /* ids of options whose name changed */
  struct map new_cocs;       /* ids of COCs that the shared combos did not have */
  struct map told;           /* ids of categories and options that were compared */
};

static void used_combos(const struct dhis2_metadata *metadata, struct map *ret) {
  for (size_t i = 0; i < metadata->element_count; i++)
    for (size_t k = 0; k < metadata->elements[i]->combo_count; k++) {
      const struct dhis2_category_combo *combo = metadata->elements[i]->combos[k];
      if (combo->o.given) (void)map_put(ret, combo->o.id, (void *)(uintptr_t)combo);
    }
}

static int by_id(const void *left, const void *right) {
  return str_cmp(((const struct shared *)left)->was->o.id, ((const struct shared *)right)->was->o.id);
}

static void pair_combos(struct comparing *c) {
  struct map was = {0}, is = {0};
  used_combos(c->look->before, &was);
  used_combos(c->look->now, &is);
  for (struct map_entry *e = map_first(&was); e; e = map_next(&was, e)) {
    const struct dhis2_category_combo *now = map_get(&is, e->key), *then = e->value;
    if (now && !(now->o.is_default && then->o.is_default)) VEC_PUSH(&c->combos, (struct shared){then, now});
  }
  if (c->combos.n) qsort(c->combos.p, c->combos.n, sizeof *c->combos.p, by_id);
  map_free(&was);
  map_free(&is);
}

/* --- options --- */

/* The rules that name a COC with this option, as the shared combos had them. */
static struct rule_list rules_of_option(const struct comparing *c, struct str option) {
  struct rule_list all = {0};
  struct map seen = {0};
  for (size_t i = 0; i < c->combos.n; i++)
    for (size_t k = 0; k < c->combos.p[i].was->option_combo_count; k++) {
      const struct dhis2_option_combo *coc = c->combos.p[i].was->option_combos[k];
      if (!coc_has_option(coc, option) || map_put(&seen, coc->o.id, &seen)) continue;
      const struct rule_list *rules = look_rules(&c->look->option_combos, coc->o.id);
      for (size_t r = 0; r < rules->n; r++) VEC_PUSH(&all, rules->p[r]);
    }
  map_free(&seen);
  return all;
}

static void compare_option(struct comparing *c, const struct dhis2_object *was, const struct dhis2_object *is) {
  if (!was->given || !is->given || !was->name.n || str_eq(was->name, is->name) || map_put(&c->renamed, was->id, c)) return;
  struct rule_list rules = rules_of_option(c, was->id);
  bool same = finding_same_meaning(c->f, was->name, is->name, true);
  struct drift_change change = {.kind = DRIFT_renamed,
                                .effect = rules.n && !same ? DRIFT_CHECK : DRIFT_INFORMATION,
                                .sure = same,
                                .object = DRIFT_OPTION,
                                .id = was->id,
                                .name = was->name,
                                .before = was->name,
                                .after = is->name};
  finding_add(c->f, c->look, change, &rules, "the option %.*s of %s is now called '%.*s'%s",
              STR_ARG(finding_quote(c->f, was->name, was->id)), look_name(c->look), STR_ARG(is->name),
              same ? "" : ": see that it still counts the same");
  VEC_FREE(&rules);
}

/* Options of COCs that were and are there. */
static void compare_options_of_cocs(struct comparing *c, const struct shared *combo) {
  struct map is = {0};
  for (size_t i = 0; i < combo->is->option_combo_count; i++)
    for (size_t k = 0; k < combo->is->option_combos[i]->option_count; k++) {
      const struct dhis2_object *o = &combo->is->option_combos[i]->options[k]->o;
      (void)map_put(&is, o->id, (void *)(uintptr_t)o);
    }
  for (size_t i = 0; i < combo->was->option_combo_count; i++)
    for (size_t k = 0; k < combo->was->option_combos[i]->option_count; k++) {
      const struct dhis2_object *was = &combo->was->option_combos[i]->options[k]->o, *now = map_get(&is, was->id);
      if (now) compare_option(c, was, now);
    }
  map_free(&is);
}

static bool coc_with(const struct comparing *c, struct str option, bool gone) {
  for (size_t i = 0; i < c->combos.n; i++) {
    const struct dhis2_category_combo *here = gone ? c->combos.p[i].was : c->combos.p[i].is;
    const struct dhis2_category_combo *there = gone ? c->combos.p[i].is : c->combos.p[i].was;
    for (size_t k = 0; k < here->option_combo_count; k++)
      if (coc_has_option(here->option_combos[k], option) && !combo_coc(there, here->option_combos[k]->o.id)) return true;
  }
  return false;
}

static void tell_option(struct comparing *c, const struct dhis2_object *category, const struct dhis2_object *option, bool gone) {
  if (coc_with(c, option->id, gone)) return; /* its option combos tell it */
  struct rule_list rules = gone ? rules_of_option(c, option->id) : (struct rule_list){0};
  struct drift_change change = {.kind = gone ? DRIFT_vanished : DRIFT_appeared,
                                .effect = gone && rules.n ? DRIFT_CHECK : DRIFT_INFORMATION,
                                .object = DRIFT_OPTION,
                                .id = option->id,
                                .name = option->name,
                                .before = gone ? option->name : STR(""),
                                .after = gone ? STR("") : option->name};
  struct str quoted = finding_quote(c->f, option->name, option->id);
  finding_add(c->f, c->look, change, &rules,
              gone ? "the category '%.*s' of %s no longer has the option %.*s, though its option combos are still there: nothing new will "
                     "be entered for it"
                   : "the category '%.*s' of %s has a new option %.*s, and no option combos of it yet",
              STR_ARG(category->name), look_name(c->look), STR_ARG(quoted));
  VEC_FREE(&rules);
}

static bool category_has(const struct dhis2_category *category, struct str option) {
  for (size_t i = 0; i < category->option_count; i++)
    if (str_eq(category->options[i]->o.id, option)) return true;
  return false;
}

static void compare_category(struct comparing *c, const struct dhis2_category *was, const struct dhis2_category *is) {
  if (!was->option_count || !is->option_count || map_put(&c->told, was->o.id, c)) return;
  for (size_t i = 0; i < was->option_count; i++)
    if (!category_has(is, was->options[i]->o.id)) tell_option(c, &is->o, &was->options[i]->o, true);
  for (size_t i = 0; i < is->option_count; i++)
    if (!category_has(was, is->options[i]->o.id)) tell_option(c, &is->o, &is->options[i]->o, false);
}

static void compare_categories(struct comparing *c, const struct shared *combo) {
  for (size_t i = 0; i < combo->was->category_count; i++)
    for (size_t k = 0; k < combo->is->category_count; k++)
      if (str_eq(combo->was->categories[i]->o.id, combo->is->categories[k]->o.id))
        compare_category(c, combo->was->categories[i], combo->is->categories[k]);
}

/* --- option combos --- */

/* A COC that has come in the place of one that is gone: of the same options, else of the same name. */
static const struct dhis2_option_combo *successor(struct comparing *c, const struct shared *combo, const struct dhis2_option_combo *was) {
  const struct dhis2_option_combo *found = NULL;
  bool found_by_options = false;
  for (size_t i = 0; i < combo->is->option_combo_count; i++) {
    const struct dhis2_option_combo *is = combo->is->option_combos[i];
    bool by_options = coc_same_options(was, is), by_name = was->o.name.n && str_eq(was->o.name, is->o.name);
    if ((!by_options && !by_name) || !map_get(&c->new_cocs, is->o.id)) continue;
    if (found && (found_by_options > by_options || (found_by_options == by_options && str_cmp(found->o.id, is->o.id) < 0))) continue;
    found = is;
    found_by_options = by_options;
  }
  if (found) (void)map_delete(&c->new_cocs, found->o.id);
  return found;
}

static void tell_coc_gone(struct comparing *c, const struct shared *combo, const struct dhis2_option_combo *was) {
  const struct rule_list *rules = look_rules(&c->look->option_combos, was->o.id);
  const struct dhis2_option_combo *next = successor(c, combo, was);
  struct str quoted = finding_quote(c->f, was->o.name, was->o.id);
  struct drift_change change = {.kind = next ? DRIFT_replaced : DRIFT_vanished,
                                .effect = rules->n ? DRIFT_BLOCKS : DRIFT_INFORMATION,
                                .object = DRIFT_OPTION_COMBO,
                                .id = was->o.id,
                                .name = was->o.name,
                                .before = was->o.id,
                                .after = next ? next->o.id : STR(""),
                                .sure = next && coc_same_options(was, next)};
  if (next)
    finding_add(c->f, c->look, change, rules, "%s has the option combo %.*s under another id, %.*s: let the mapping follow it",
                look_name(c->look), STR_ARG(quoted), STR_ARG(next->o.id));
  else
    finding_add(c->f, c->look, change, rules, "%s no longer has the option combo %.*s of '%.*s'%s", look_name(c->look), STR_ARG(quoted),
                STR_ARG(combo->is->o.name), rules->n ? "; the rules that name it need another" : "");
}

static bool has_renamed_option(const struct comparing *c, const struct dhis2_option_combo *coc) {
  for (size_t i = 0; i < coc->option_count; i++)
    if (map_get(&c->renamed, coc->options[i]->o.id)) return true;
  return false;
}

static void compare_coc(struct comparing *c, const struct dhis2_option_combo *was, const struct dhis2_option_combo *is) {
  const struct rule_list *rules = look_rules(&c->look->option_combos, was->o.id);
  struct drift_change change = {.object = DRIFT_OPTION_COMBO, .id = was->o.id, .name = was->o.name};
  struct str quoted = finding_quote(c->f, was->o.name, was->o.id);
  if (was->option_count && is->option_count && !coc_same_options(was, is)) {
    change.kind = DRIFT_options;
    change.effect = rules->n ? DRIFT_BLOCKS : DRIFT_INFORMATION;
    change.before = coc_option_names(c->f->arena, was);
    change.after = coc_option_names(c->f->arena, is);
    finding_add(c->f, c->look, change, rules, "the option combo %.*s of %s was made of %.*s and is of %.*s: it counts something else",
                STR_ARG(quoted), look_name(c->look), STR_ARG(change.before), STR_ARG(change.after));
  } else if (!str_eq(was->o.name, is->o.name) && !has_renamed_option(c, was)) {
    bool same = finding_same_meaning(c->f, was->o.name, is->o.name, true);
    change.kind = DRIFT_renamed;
    change.sure = same;
    change.effect = rules->n && !same ? DRIFT_CHECK : DRIFT_INFORMATION;
    change.before = was->o.name;
    change.after = is->o.name;
    finding_add(c->f, c->look, change, rules, "the option combo %.*s of %s is now called '%.*s'%s", STR_ARG(quoted), look_name(c->look),
                STR_ARG(is->o.name), same ? "" : ": see that it still counts the same");
  }
  if (!str_eq(was->o.code, is->o.code)) {
    change.kind = DRIFT_recoded;
    change.effect = DRIFT_INFORMATION;
    change.before = was->o.code;
    change.after = is->o.code;
    finding_add(c->f, c->look, change, rules, "the option combo %.*s of %s had the code '%.*s' and has '%.*s'", STR_ARG(quoted),
                look_name(c->look), STR_ARG(was->o.code), STR_ARG(is->o.code));
  }
}

static bool combo_is_mapped(const struct comparing *c, const struct dhis2_category_combo *combo) {
  for (size_t i = 0; i < combo->option_combo_count; i++)
    if (look_rules(&c->look->option_combos, combo->option_combos[i]->o.id)->n) return true;
  return false;
}

static void tell_new(struct comparing *c, const struct shared *combo) {
  bool mapped = combo_is_mapped(c, combo->was);
  for (struct map_entry *e = map_first(&c->new_cocs); e; e = map_next(&c->new_cocs, e)) {
    const struct dhis2_object *o = e->value;
    struct drift_change change = {.kind = DRIFT_appeared,
                                  .effect = mapped ? DRIFT_CHECK : DRIFT_INFORMATION,
                                  .object = DRIFT_OPTION_COMBO,
                                  .id = o->id,
                                  .name = o->name,
                                  .after = o->name};
    finding_add(c->f, c->look, change, NULL, "'%.*s' of %s has a new option combo %.*s: %s", STR_ARG(combo->is->o.name), look_name(c->look),
                STR_ARG(finding_quote(c->f, o->name, o->id)),
                c->look->side == DRIFT_SOURCE ? "its values go nowhere until a rule says where" : "nothing fills it yet");
  }
}

static int by_coc_id(const void *left, const void *right) {
  const struct dhis2_option_combo *a = *(const struct dhis2_option_combo *const *)left,
                                  *b = *(const struct dhis2_option_combo *const *)right;
  return str_cmp(a->o.id, b->o.id);
}

static void compare_combo(struct comparing *c, const struct shared *combo) {
  struct finding *f = c->f;
  if (combo->was->o.name.n && !str_eq(combo->was->o.name, combo->is->o.name)) {
    struct drift_change change = {.kind = DRIFT_renamed,
                                  .effect = DRIFT_INFORMATION,
                                  .object = DRIFT_CATEGORY_COMBO,
                                  .sure = true, /* nothing is known by its name */
                                  .id = combo->was->o.id,
                                  .name = combo->was->o.name,
                                  .before = combo->was->o.name,
                                  .after = combo->is->o.name};
    finding_add(f, c->look, change, NULL, "the category combo %.*s of %s is now called '%.*s'",
                STR_ARG(finding_quote(f, combo->was->o.name, combo->was->o.id)), look_name(c->look), STR_ARG(combo->is->o.name));
  }
  if (!combo->was->option_combo_count || !combo->is->option_combo_count) return; /* not told */
  struct map is = {0}, was = {0};
  size_t n = combo->was->option_combo_count;
  const struct dhis2_option_combo **cocs = ARENA_ARRAY(f->arena, n, const struct dhis2_option_combo *);
  memcpy(cocs, combo->was->option_combos, n * sizeof *cocs);
  qsort(cocs, n, sizeof *cocs, by_coc_id);
  for (size_t i = 0; i < n; i++) (void)map_put(&was, cocs[i]->o.id, &was);
  for (size_t i = 0; i < combo->is->option_combo_count; i++) {
    const struct dhis2_option_combo *coc = combo->is->option_combos[i];
    (void)map_put(&is, coc->o.id, (void *)(uintptr_t)coc);
    if (!map_get(&was, coc->o.id)) (void)map_put(&c->new_cocs, coc->o.id, (void *)(uintptr_t)&coc->o);
  }
  for (size_t i = 0; i < n; i++) {
    const struct dhis2_option_combo *now = map_get(&is, cocs[i]->o.id);
    if (now)
      compare_coc(c, cocs[i], now);
    else
      tell_coc_gone(c, combo, cocs[i]);
  }
  tell_new(c, combo);
  map_free(&c->new_cocs);
  map_free(&was);
  map_free(&is);
}

void find_option_combos(struct finding *f, const struct look *look) {
  struct comparing c = {.f = f, .look = look};
  if (!look->before) return;
  pair_combos(&c);
  for (size_t i = 0; i < c.combos.n; i++) compare_options_of_cocs(&c, &c.combos.p[i]);
  for (size_t i = 0; i < c.combos.n; i++) compare_categories(&c, &c.combos.p[i]);
  for (size_t i = 0; i < c.combos.n; i++) compare_combo(&c, &c.combos.p[i]);
  VEC_FREE(&c.combos);
  map_free(&c.renamed);
  map_free(&c.told);
}
