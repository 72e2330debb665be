/* Data sets: gone, renamed, for other periods, for other attributes; and the default option combo of a side. */
#include "drift/find.h"

static const struct dhis2_data_set *successor(const struct look *look, const struct dhis2_data_set *was) {
  const struct dhis2_data_set *found = NULL;
  for (size_t i = 0; was && i < look->all->data_set_count; i++) {
    const struct dhis2_data_set *set = look->all->data_sets[i];
    bool same = was->o.code.n ? str_eq(set->o.code, was->o.code) : was->o.name.n && str_eq(set->o.name, was->o.name);
    bool ours = false;
    for (size_t k = 0; same && k < look->made->data_set_count; k++) ours = ours || str_eq(look->made->data_sets[k], set->o.id);
    if (!same || ours) continue;
    if (found) return NULL;
    found = set;
  }
  return found;
}

static void tell_gone(struct finding *f, const struct look *look, struct str id, const struct dhis2_data_set *was) {
  const struct dhis2_data_set *next = successor(look, was);
  struct str name = was ? was->o.name : STR("");
  struct drift_change change = {.kind = next ? DRIFT_replaced : DRIFT_vanished,
                                .effect = DRIFT_BLOCKS,
                                .object = DRIFT_DATA_SET,
                                .id = id,
                                .name = name,
                                .before = id,
                                .after = next ? next->o.id : STR("")};
  struct str quoted = finding_quote(f, name, id);
  if (next)
    finding_add(f, look, change, &f->counting,
                "%s no longer has the data set %.*s, but %.*s: if it is the same one, let the mapping follow it", look_name(look),
                STR_ARG(quoted), STR_ARG(finding_quote(f, next->o.name, next->o.id)));
  else
    finding_add(f, look, change, &f->counting,
                "%s no longer shows the data set %.*s: it was deleted, emptied, or is not shared with this user", look_name(look),
                STR_ARG(quoted));
}

/* Do today's periods meet those of the other side, in the way that the mapping says? */
static bool periods_meet(const struct finding *f, const struct look *look, struct str period_type) {
  const struct mapping_periods *periods = &f->mapping->periods;
  if (periods->conversion != MAPPING_SAME_PERIODS)
    return str_eq(look->side == DRIFT_SOURCE ? periods->source : periods->target, period_type);
  const struct look *other = &f->sides[look->side == DRIFT_SOURCE];
  for (size_t i = 0; other->now && i < other->now->data_set_count; i++)
    if (str_eq(other->now->data_sets[i]->period_type, period_type)) return true;
  return false;
}

static void compare_periods(struct finding *f, const struct look *look, const struct dhis2_data_set *was, const struct dhis2_data_set *is) {
  if (str_eq(was->period_type, is->period_type) || !was->period_type.n || !is->period_type.n) return;
  bool fits = periods_meet(f, look, is->period_type);
  struct drift_change change = {.kind = DRIFT_period_type,
                                .effect = fits ? DRIFT_CHECK : DRIFT_BLOCKS,
                                .object = DRIFT_DATA_SET,
                                .id = is->o.id,
                                .name = is->o.name,
                                .before = was->period_type,
                                .after = is->period_type};
  finding_add(f, look, change, &f->counting, "the data set %.*s of %s was %.*s and is %.*s: %s",
              STR_ARG(finding_quote(f, is->o.name, is->o.id)), look_name(look), STR_ARG(was->period_type), STR_ARG(is->period_type),
              fits ? "name periods of that type" : "the mapping converts no periods of that type, so the two sides no longer meet");
}

/* What values are told apart by besides their cell. Pairs of the mapping are looked at one by one; without pairs the same ids are meant. */
static void compare_attributes(struct finding *f, const struct look *look, const struct dhis2_data_set *was,
                               const struct dhis2_data_set *is) {
  if (!was->combo || !is->combo || str_eq(was->combo->o.id, is->combo->o.id) || (was->combo->o.is_default && is->combo->o.is_default))
    return;
  bool blocks = look->side == DRIFT_TARGET && !f->mapping->attribute_option_combo_count;
  struct drift_change change = {.kind = DRIFT_combo,
                                .effect = blocks ? DRIFT_BLOCKS : DRIFT_CHECK,
                                .object = DRIFT_DATA_SET,
                                .id = is->o.id,
                                .name = is->o.name,
                                .before = was->combo->o.name.n ? was->combo->o.name : was->combo->o.id,
                                .after = is->combo->o.name.n ? is->combo->o.name : is->combo->o.id};
  finding_add(f, look, change, &f->counting,
              "the values of the data set %.*s of %s were divided by the attributes %.*s and are by %.*s: %s",
              STR_ARG(finding_quote(f, is->o.name, is->o.id)), look_name(look), STR_ARG(change.before), STR_ARG(change.after),
              blocks ? "the mapping needs pairs of attribute option combos" : "see that the pairs of attribute option combos fit");
}

static void compare_texts(struct finding *f, const struct look *look, const struct dhis2_data_set *was, const struct dhis2_data_set *is) {
  struct drift_change change = {.effect = DRIFT_INFORMATION, .object = DRIFT_DATA_SET, .id = is->o.id, .name = was->o.name};
  if (!str_eq(was->o.name, is->o.name)) {
    change.kind = DRIFT_renamed;
    change.sure = true; /* it is known by its id */
    change.before = was->o.name;
    change.after = is->o.name;
    finding_add(f, look, change, NULL, "the data set %.*s of %s is now called '%.*s'", STR_ARG(finding_quote(f, was->o.name, was->o.id)),
                look_name(look), STR_ARG(is->o.name));
  }
  if (!str_eq(was->o.code, is->o.code)) {
    change.kind = DRIFT_recoded;
    change.before = was->o.code;
    change.after = is->o.code;
    finding_add(f, look, change, NULL, "the data set %.*s of %s had the code '%.*s' and has '%.*s'",
                STR_ARG(finding_quote(f, was->o.name, was->o.id)), look_name(look), STR_ARG(was->o.code), STR_ARG(is->o.code));
  }
}

void find_data_sets(struct finding *f, const struct look *look) {
  for (size_t i = 0; i < look->made->data_set_count; i++) {
    struct str id = look->made->data_sets[i];
    const struct dhis2_data_set *was = look->before ? dhis2_metadata_data_set(look->before, id) : NULL,
                                *is = dhis2_metadata_data_set(look->all, id);
    if (!is) {
      tell_gone(f, look, id, was);
    } else if (was) {
      compare_periods(f, look, was, is);
      compare_attributes(f, look, was, is);
      compare_texts(f, look, was, is);
    }
  }
}

/* Told once here: elements that are not divided would all tell it. Where a side has several (two default combos, one of them used by nothing), the one that was stays it. */
void find_default(struct finding *f, const struct look *look) {
  struct str was = look->made->default_combo;
  const struct dhis2_option_combo *is = dhis2_metadata_default(look->now), *still = dhis2_metadata_option_combo(look->all, was);
  if (still && still->o.is_default) return;
  const struct rule_list *rules = look_rules(&look->option_combos, was);
  bool was_there = look->before ? dhis2_metadata_option_combo(look->before, was) != NULL : rules->n > 0;
  if (!is || !was_there || str_eq(was, is->o.id)) return;
  struct drift_change change = {.kind = DRIFT_default_option_combo,
                                .sure = true,
                                .effect = rules->n ? DRIFT_BLOCKS : DRIFT_CHECK,
                                .object = DRIFT_OPTION_COMBO,
                                .id = was,
                                .name = is->o.name,
                                .before = was,
                                .after = is->o.id};
  finding_add(f, look, change, rules, "the default option combo of %s was %.*s and is %.*s: let the mapping follow it", look_name(look),
              STR_ARG(was), STR_ARG(is->o.id));
}
