/* Data elements of one side: gone, come, and what became of those that stayed. */
#include "drift/find.h"

#include <stdlib.h>

/* What appeared, by code and by name; two of one text are nobody's successor. */
struct newcomers {
  struct map codes, names;
  struct map taken; /* ids that stand for something that is gone */
};

static const struct dhis2_object several;

static void offer(struct map *map, struct str text, const struct dhis2_object *o) {
  if (!text.n) return;
  bool known = map_get(map, text) != NULL;
  (void)map_put(map, text, (void *)(uintptr_t)(known ? &several : o));
}

static const struct dhis2_object *successor(struct newcomers *newcomers, const struct dhis2_object *was) {
  const struct dhis2_object *found = was->code.n ? map_get(&newcomers->codes, was->code) : NULL;
  if (!found && was->name.n) found = map_get(&newcomers->names, was->name);
  return found && found != &several && !map_put(&newcomers->taken, found->id, (void *)(uintptr_t)found) ? found : NULL;
}

static const struct dhis2_data_element **sorted(struct arena *arena, const struct dhis2_metadata *metadata) {
  const struct dhis2_data_element **list = ARENA_ARRAY(arena, metadata->element_count, const struct dhis2_data_element *);
  for (size_t i = 0; i < metadata->element_count; i++) list[i] = metadata->elements[i];
  if (metadata->element_count) qsort(list, metadata->element_count, sizeof *list, by_object_id);
  return list;
}

/* --- gone --- */

static void tell_gone(struct finding *f, const struct look *look, struct str id, const struct dhis2_object *was,
                      struct newcomers *newcomers) {
  const struct rule_list *rules = look_rules(&look->elements, id);
  struct str name = was ? was->name : STR(""), quoted = finding_quote(f, name, id);
  struct drift_change change = {
      .effect = rules->n ? DRIFT_BLOCKS : DRIFT_INFORMATION, .object = DRIFT_DATA_ELEMENT, .id = id, .name = name, .before = id};
  if (map_get(&look->hidden, id)) {
    change.kind = DRIFT_hidden;
    change.effect = rules->n ? DRIFT_CHECK : DRIFT_INFORMATION;
    finding_add(f, look, change, rules,
                "%s does not show the data element %.*s to this user, though its data set has it: ask for it to be shared; what changed in "
                "it cannot be told",
                look_name(look), STR_ARG(quoted));
    return;
  }
  const struct dhis2_object *next = was ? successor(newcomers, was) : NULL;
  if (next) {
    change.kind = DRIFT_replaced;
    change.after = next->id;
    change.sure = was->code.n && str_eq(was->code, next->code);
    finding_add(f, look, change, rules,
                "%s no longer has the data element %.*s, but %.*s: if it is the same one, let the mapping follow it", look_name(look),
                STR_ARG(quoted), STR_ARG(finding_quote(f, next->name, next->id)));
    return;
  }
  bool elsewhere = dhis2_metadata_element(look->all, id) != NULL;
  change.kind = elsewhere ? DRIFT_left : DRIFT_vanished;
  finding_add(f, look, change, rules,
              elsewhere
                  ? "%s has taken the data element %.*s out of the mapping's data sets%s"
                  : "%s no longer has the data element %.*s in its data sets: it was deleted, taken out, or is not shown to this user%s",
              look_name(look), STR_ARG(quoted), rules->n ? "; the rules that name it need another" : "");
}

static void find_gone(struct finding *f, const struct look *look, struct newcomers *newcomers) {
  const struct dhis2_data_element **list = sorted(f->arena, look->before);
  for (size_t i = 0; i < look->before->element_count; i++)
    if (!dhis2_metadata_element(look->now, list[i]->o.id)) tell_gone(f, look, list[i]->o.id, &list[i]->o, newcomers);
}

/* What the rules name is all that is known of a side the mapping does not remember. */
static void find_gone_by_rules(struct finding *f, const struct look *look, struct newcomers *newcomers) {
  for (struct map_entry *e = map_first(&look->elements); e; e = map_next(&look->elements, e))
    if (!dhis2_metadata_element(look->now, e->key)) tell_gone(f, look, e->key, NULL, newcomers);
}

/* --- come --- */

static void find_appeared(struct finding *f, const struct look *look, const struct newcomers *newcomers) {
  for (size_t i = 0; i < look->now->element_count; i++) {
    const struct dhis2_object *o = &look->now->elements[i]->o;
    if (dhis2_metadata_element(look->before, o->id) || map_get(&newcomers->taken, o->id) || look_rules(&look->elements, o->id)->n) continue;
    struct drift_change change = {.kind = DRIFT_appeared,
                                  .effect = look->side == DRIFT_SOURCE ? DRIFT_CHECK : DRIFT_INFORMATION,
                                  .object = DRIFT_DATA_ELEMENT,
                                  .id = o->id,
                                  .name = o->name,
                                  .after = o->name};
    finding_add(f, look, change, NULL, "%s has a new data element %.*s: %s", look_name(look), STR_ARG(finding_quote(f, o->name, o->id)),
                look->side == DRIFT_SOURCE ? "its values go nowhere until a rule says where" : "nothing fills it yet");
  }
}

/* --- changed --- */

static bool is_number(struct str type) {
  return str_starts(type, STR("INTEGER")) || str_eq(type, STR("NUMBER")) || str_eq(type, STR("PERCENTAGE")) ||
         str_eq(type, STR("UNIT_INTERVAL"));
}

/* Is there a sum among these rules? */
static bool adds_up(const struct finding *f, const struct rule_list *rules) {
  for (size_t i = 0; i < rules->n; i++)
    if (f->mapping->rules[rules->p[i]].term_count > 1) return true;
  return false;
}

static void tell_value_type(struct finding *f, const struct look *look, struct str id, struct str name, struct str was, struct str is) {
  const struct rule_list *rules = look_rules(&look->elements, id);
  bool blocks = is_number(was) != is_number(is);
  struct drift_change change = {.kind = DRIFT_value_type,
                                .effect = !rules->n ? DRIFT_INFORMATION
                                          : blocks  ? DRIFT_BLOCKS
                                                    : DRIFT_CHECK,
                                .object = DRIFT_DATA_ELEMENT,
                                .id = id,
                                .name = name,
                                .before = was,
                                .after = is};
  if (str_eq(was, is) || !was.n || !is.n) return;
  finding_add(f, look, change, rules, "the data element %.*s of %s held %.*s and holds %.*s%s", STR_ARG(finding_quote(f, name, id)),
              look_name(look), STR_ARG(was), STR_ARG(is), blocks && rules->n ? ": its values no longer fit the rules that name it" : "");
}

static void compare_aggregation(struct finding *f, const struct look *look, const struct dhis2_data_element *was,
                                const struct dhis2_data_element *is) {
  if (str_eq(was->aggregation_type, is->aggregation_type) || !was->aggregation_type.n || !is->aggregation_type.n) return;
  const struct rule_list *rules = look_rules(&look->elements, is->o.id);
  bool no_sum = look->side == DRIFT_TARGET && str_eq(was->aggregation_type, STR("SUM")) && adds_up(f, rules);
  struct drift_change change = {.kind = DRIFT_aggregation_type,
                                .effect = !rules->n ? DRIFT_INFORMATION
                                          : no_sum  ? DRIFT_BLOCKS
                                                    : DRIFT_CHECK,
                                .object = DRIFT_DATA_ELEMENT,
                                .id = is->o.id,
                                .name = was->o.name,
                                .before = was->aggregation_type,
                                .after = is->aggregation_type};
  finding_add(f, look, change, rules, "%s aggregated the data element %.*s by %.*s and does by %.*s%s", look_name(look),
              STR_ARG(finding_quote(f, was->o.name, was->o.id)), STR_ARG(was->aggregation_type), STR_ARG(is->aggregation_type),
              no_sum ? ": a rule that adds up may be wrong for it" : "");
}

static int by_text(const void *left, const void *right) {
  return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

/* The combos by id, and by name for people; joined. Empty: not told. */
static struct str joined(struct arena *arena, const struct dhis2_data_element *element, bool names) {
  struct str list[64], all = STR("");
  size_t n = 0;
  for (size_t i = 0; i < element->combo_count && n < sizeof list / sizeof *list; i++) {
    const struct dhis2_object *o = &element->combos[i]->o;
    list[n++] = names && o->name.n ? o->name : o->id;
  }
  if (n) qsort(list, n, sizeof *list, by_text);
  for (size_t i = 0; i < n; i++) all = arena_printf(arena, "%.*s%s%.*s", STR_ARG(all), i ? " + " : "", STR_ARG(list[i]));
  return all;
}

static bool undivided(const struct dhis2_data_element *element) {
  for (size_t i = 0; i < element->combo_count; i++)
    if (!element->combos[i]->o.is_default) return false;
  return true;
}

static bool loses_cells(const struct finding *f, const struct look *look, struct str id, const struct rule_list *rules) {
  for (size_t i = 0; i < rules->n; i++) {
    const struct mapping_rule *rule = &f->mapping->rules[rules->p[i]];
    for (size_t k = 0; k < rule_operand_count(rule, look->side); k++) {
      struct mapping_operand operand = rule_operand(rule, look->side, k);
      if (str_eq(operand.data_element, id) && !side_holds(look->now, operand)) return true;
    }
  }
  return false;
}

static void compare_combos(struct finding *f, const struct look *look, const struct dhis2_data_element *was,
                           const struct dhis2_data_element *is) {
  if (!was->combo_count || !is->combo_count || (undivided(was) && undivided(is))) return;
  if (str_eq(joined(f->arena, was, false), joined(f->arena, is, false))) return;
  const struct rule_list *rules = look_rules(&look->elements, is->o.id);
  bool loses = loses_cells(f, look, is->o.id, rules);
  struct drift_change change = {.kind = DRIFT_combo,
                                .effect = loses      ? DRIFT_BLOCKS
                                          : rules->n ? DRIFT_CHECK
                                                     : DRIFT_INFORMATION,
                                .object = DRIFT_DATA_ELEMENT,
                                .id = is->o.id,
                                .name = was->o.name,
                                .before = joined(f->arena, was, true),
                                .after = joined(f->arena, is, true)};
  finding_add(f, look, change, rules, "the data element %.*s of %s was divided by %.*s and is by %.*s%s",
              STR_ARG(finding_quote(f, was->o.name, was->o.id)), look_name(look), STR_ARG(change.before), STR_ARG(change.after),
              loses ? ": it no longer has all the cells that rules name" : "");
}

static void compare_texts(struct finding *f, const struct look *look, const struct dhis2_object *was, const struct dhis2_object *is) {
  const struct rule_list *rules = look_rules(&look->elements, is->id);
  struct drift_change change = {.effect = DRIFT_INFORMATION, .object = DRIFT_DATA_ELEMENT, .id = is->id, .name = was->name};
  if (!str_eq(was->name, is->name)) {
    bool same = finding_same_meaning(f, was->name, is->name, false);
    change.kind = DRIFT_renamed;
    change.sure = same;
    change.effect = rules->n && !same ? DRIFT_CHECK : DRIFT_INFORMATION;
    change.before = was->name;
    change.after = is->name;
    finding_add(f, look, change, rules, "the data element %.*s of %s is now called '%.*s'%s", STR_ARG(finding_quote(f, was->name, was->id)),
                look_name(look), STR_ARG(is->name), same ? "" : ": see that it still counts the same");
  }
  if (!str_eq(was->code, is->code)) {
    change.kind = DRIFT_recoded;
    change.effect = DRIFT_INFORMATION;
    change.before = was->code;
    change.after = is->code;
    finding_add(f, look, change, rules, "the data element %.*s of %s had the code '%.*s' and has '%.*s'",
                STR_ARG(finding_quote(f, was->name, was->id)), look_name(look), STR_ARG(was->code), STR_ARG(is->code));
  }
}

static void find_changed(struct finding *f, const struct look *look) {
  for (size_t i = 0; i < look->before->element_count; i++) {
    const struct dhis2_data_element *was = look->before->elements[i], *is = dhis2_metadata_element(look->now, was->o.id);
    if (!is) continue;
    compare_texts(f, look, &was->o, &is->o);
    tell_value_type(f, look, is->o.id, was->o.name, was->value_type, is->value_type);
    compare_aggregation(f, look, was, is);
    compare_combos(f, look, was, is);
  }
}

/* The rules keep the value types of their targets. */
static void find_value_types_by_rules(struct finding *f, const struct look *look) {
  struct map told = {0};
  for (size_t i = 0; i < f->counting.n && look->side == DRIFT_TARGET; i++) {
    const struct mapping_rule *rule = &f->mapping->rules[f->counting.p[i]];
    const struct dhis2_data_element *is = dhis2_metadata_element(look->now, rule->target.data_element);
    if (!is || !rule->value_type.n || map_put(&told, is->o.id, f)) continue;
    tell_value_type(f, look, is->o.id, is->o.name, rule->value_type, is->value_type);
  }
  map_free(&told);
}

void find_elements(struct finding *f, const struct look *look) {
  struct newcomers newcomers = {0};
  for (size_t i = 0; look->before && i < look->now->element_count; i++) {
    const struct dhis2_object *o = &look->now->elements[i]->o;
    if (dhis2_metadata_element(look->before, o->id)) continue;
    offer(&newcomers.codes, o->code, o);
    offer(&newcomers.names, o->name, o);
  }
  if (look->before) {
    find_gone(f, look, &newcomers);
    find_appeared(f, look, &newcomers);
    find_changed(f, look);
  } else {
    find_gone_by_rules(f, look, &newcomers);
    find_value_types_by_rules(f, look);
  }
  map_free(&newcomers.codes);
  map_free(&newcomers.names);
  map_free(&newcomers.taken);
}
