/* Attribute option combos (AOC) of the data sets, then and now, and the pairs of them that a mapping has. */
#include "drift/find.h"

#include <stdlib.h>

struct attributes {
  struct finding *f;
  const struct look *look;
  struct map named; /* ids in pairs that count */
  struct map told;  /* ids that were told, and combos that were compared */
};

struct map pairs_named(const struct mapping_pair *pairs, size_t count, enum drift_side side) {
  struct map ids = {0};
  for (size_t i = 0; i < count; i++)
    if (pairs[i].decision <= MAPPING_PROPOSED)
      (void)map_put(&ids, side == DRIFT_SOURCE ? pairs[i].source : pairs[i].target, (void *)(uintptr_t)&pairs[i]);
  return ids;
}

/* Without pairs the same ids are meant, so that each may count. */
static bool concerned(const struct attributes *a, struct str id) {
  return !a->f->mapping->attribute_option_combo_count || map_get(&a->named, id);
}

/* What has come in the place of one that is gone; one of two alike is nobody's. */
static const struct dhis2_option_combo *successor(struct attributes *a, const struct dhis2_category_combo *was,
                                                  const struct dhis2_category_combo *is, const struct dhis2_option_combo *gone) {
  const struct dhis2_option_combo *found = NULL;
  for (size_t i = 0; i < is->option_combo_count; i++) {
    const struct dhis2_option_combo *coc = is->option_combos[i];
    bool like = coc_same_options(gone, coc) || (gone->o.name.n && str_eq(gone->o.name, coc->o.name));
    if (!like || combo_coc(was, coc->o.id)) continue;
    if (found) return NULL;
    found = coc;
  }
  return found && !map_put(&a->told, found->o.id, a) ? found : NULL;
}

static void tell_gone(struct attributes *a, const struct dhis2_option_combo *was, const struct dhis2_option_combo *next) {
  struct finding *f = a->f;
  struct drift_change change = {.kind = next ? DRIFT_replaced : DRIFT_vanished,
                                .effect = !concerned(a, was->o.id)        ? DRIFT_INFORMATION
                                          : a->look->side == DRIFT_TARGET ? DRIFT_BLOCKS
                                                                          : DRIFT_CHECK,
                                .object = DRIFT_OPTION_COMBO,
                                .id = was->o.id,
                                .name = was->o.name,
                                .before = was->o.id,
                                .after = next ? next->o.id : STR(""),
                                .sure = next && coc_same_options(was, next)};
  (void)map_put(&a->told, was->o.id, a);
  finding_add(f, a->look, change, NULL,
              next ? "%s has the attribute option combo %.*s under another id, %.*s: let the mapping follow it"
                   : "%s no longer has the attribute option combo %.*s%.*s: values of it have no place there",
              look_name(a->look), STR_ARG(finding_quote(f, was->o.name, was->o.id)), STR_ARG(change.after));
}

static struct str said(const struct finding *f, const struct dhis2_option_combo *coc) {
  return coc->option_count ? coc_option_names(f->arena, coc) : coc->o.name;
}

static void compare_aoc(struct attributes *a, const struct dhis2_option_combo *was, const struct dhis2_option_combo *is) {
  struct finding *f = a->f;
  bool counts = concerned(a, was->o.id), others = was->option_count && is->option_count && !coc_same_options(was, is);
  struct drift_change change = {.kind = others ? DRIFT_options : DRIFT_renamed,
                                .object = DRIFT_OPTION_COMBO,
                                .id = was->o.id,
                                .name = was->o.name,
                                .before = said(f, was),
                                .after = said(f, is)};
  struct str quoted = finding_quote(f, was->o.name, was->o.id);
  if (others) {
    change.effect = counts ? DRIFT_BLOCKS : DRIFT_INFORMATION;
    finding_add(f, a->look, change, NULL,
                "the attribute option combo %.*s of %s was made of %.*s and is of %.*s: its values are of something else", STR_ARG(quoted),
                look_name(a->look), STR_ARG(change.before), STR_ARG(change.after));
  } else if (!str_eq(change.before, change.after)) {
    bool same = finding_same_meaning(f, change.before, change.after, true);
    change.sure = same;
    change.effect = counts && !same ? DRIFT_CHECK : DRIFT_INFORMATION;
    finding_add(f, a->look, change, NULL, "the attribute option combo %.*s of %s is now called '%.*s'%s", STR_ARG(quoted),
                look_name(a->look), STR_ARG(change.after), same ? "" : ": see that it still stands for the same");
  }
}

static void tell_new(struct attributes *a, const struct dhis2_category_combo *combo, const struct dhis2_option_combo *is) {
  struct finding *f = a->f;
  bool source = a->look->side == DRIFT_SOURCE;
  struct drift_change change = {.kind = DRIFT_appeared,
                                .effect = source ? DRIFT_CHECK : DRIFT_INFORMATION,
                                .object = DRIFT_OPTION_COMBO,
                                .id = is->o.id,
                                .name = is->o.name,
                                .after = is->o.name};
  finding_add(f, a->look, change, NULL, "'%.*s' of %s has a new attribute option combo %.*s: %s", STR_ARG(combo->o.name),
              look_name(a->look), STR_ARG(finding_quote(f, is->o.name, is->o.id)),
              source ? "its values go nowhere until a pair says what it is at the target" : "nothing fills it yet");
}

static void compare_combo(struct attributes *a, const struct dhis2_category_combo *was, const struct dhis2_category_combo *is) {
  for (size_t i = 0; i < was->option_combo_count; i++) {
    const struct dhis2_option_combo *then = was->option_combos[i], *now = combo_coc(is, then->o.id);
    if (now)
      compare_aoc(a, then, now);
    else
      tell_gone(a, then, successor(a, was, is, then));
  }
  for (size_t i = 0; i < is->option_combo_count; i++)
    if (!combo_coc(was, is->option_combos[i]->o.id) && !map_get(&a->told, is->option_combos[i]->o.id))
      tell_new(a, is, is->option_combos[i]);
}

static void compare_combos(struct attributes *a) {
  for (size_t i = 0; a->look->before && i < a->look->now->data_set_count; i++) {
    const struct dhis2_data_set *set = a->look->now->data_sets[i], *then = dhis2_metadata_data_set(a->look->before, set->o.id);
    const struct dhis2_category_combo *is = set->combo, *was = then ? then->combo : NULL;
    if (!was || !is || !str_eq(was->o.id, is->o.id) || (was->o.is_default && is->o.is_default)) continue;
    if (!was->option_combo_count || !is->option_combo_count || map_put(&a->told, is->o.id, a)) continue; /* not told, or told already */
    compare_combo(a, was, is);
  }
}

/* Ids of AOCs that today's data sets can hold; false: the side does not tell. */
static bool held_today(const struct look *look, struct map *ret) {
  for (size_t i = 0; i < look->now->data_set_count; i++) {
    const struct dhis2_category_combo *combo = look->now->data_sets[i]->combo;
    if (!combo || !combo->option_combo_count) return false;
    for (size_t k = 0; k < combo->option_combo_count; k++) (void)map_put(ret, combo->option_combos[k]->o.id, ret);
  }
  return look->now->data_set_count > 0;
}

/* What pairs name and the data sets do not have, though nothing is remembered of it. */
static void find_unheld_pairs(struct attributes *a) {
  struct map held = {0};
  bool known = a->named.count && held_today(a->look, &held);
  for (struct map_entry *e = known ? map_first(&a->named) : NULL; e; e = map_next(&a->named, e)) {
    if (map_get(&held, e->key) || map_get(&a->told, e->key)) continue;
    struct drift_change change = {.kind = DRIFT_vanished,
                                  .effect = a->look->side == DRIFT_TARGET ? DRIFT_BLOCKS : DRIFT_CHECK,
                                  .object = DRIFT_OPTION_COMBO,
                                  .id = e->key,
                                  .before = e->key};
    finding_add(a->f, a->look, change, NULL, "the mapping pairs the attribute option combo %.*s, which the data sets of %s do not have",
                STR_ARG(e->key), look_name(a->look));
  }
  map_free(&held);
}

void find_attributes(struct finding *f, const struct look *look) {
  const struct mapping *m = f->mapping;
  struct attributes a = {
      .f = f, .look = look, .named = pairs_named(m->attribute_option_combos, m->attribute_option_combo_count, look->side)};
  compare_combos(&a);
  find_unheld_pairs(&a);
  map_free(&a.named);
  map_free(&a.told);
}
