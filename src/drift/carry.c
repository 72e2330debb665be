#include "drift/carry.h"

#include "align/to_mapping.h"
#include "base/map.h"
#include "base/vec.h"
#include "drift/carry_places.h"
#include "drift/successors.h"

struct carrying {
  struct arena *arena;
  const struct mapping *mapping; /* as it was, with followed ids */
  struct drift_sides now;        /* cut to the mapping's data sets */
  const struct drift *drift;
  struct mapping_rule *rules; /* a copy of the mapping's */
  struct map open;            /* "element coc" of source cells that may get a proposal: new, or of a blocked rule */
  struct map taken;           /* source cells of rules that count, or that a person decided */
  struct map pairs;           /* "source target" cells of rules that count */
  struct map named;           /* source cells of any rule */
  struct map proposed;        /* source cells that got a target by a rule that was added */
  VEC(struct mapping_rule) added;
  struct carried *ret;
};

static struct str key_of(struct arena *arena, struct mapping_operand cell) {
  return arena_printf(arena, "%.*s %.*s", STR_ARG(cell.data_element), STR_ARG(cell.category_option_combo));
}

static struct str pair_key(struct arena *arena, struct mapping_operand source, struct mapping_operand target) {
  return arena_printf(arena, "%.*s %.*s", STR_ARG(key_of(arena, source)), STR_ARG(key_of(arena, target)));
}

/* --- following --- */

static struct mapping_side follow_side(struct arena *arena, const struct successors *s, const struct mapping_side *side) {
  struct mapping_side followed = *side;
  struct str *sets = ARENA_ARRAY(arena, side->data_set_count, struct str);
  for (size_t i = 0; i < side->data_set_count; i++) {
    sets[i] = side->data_sets[i];
    (void)successors_id(&s->data_sets, &sets[i]);
  }
  followed.data_sets = sets;
  (void)successors_id(&s->option_combos, &followed.default_combo);
  return followed;
}

/* Each source stands once: one whose successor has a pair of its own stays as it is. */
static const struct mapping_pair *follow_pairs(struct arena *arena, const struct map *source, const struct map *target,
                                               const struct mapping_pair *pairs, size_t count) {
  struct mapping_pair *followed = ARENA_ARRAY(arena, count, struct mapping_pair);
  struct map sources = {0};
  for (size_t i = 0; i < count; i++) (void)map_put(&sources, pairs[i].source, followed);
  for (size_t i = 0; i < count; i++) {
    struct str next = pairs[i].source;
    followed[i] = pairs[i];
    if (successors_id(source, &next) && !map_put(&sources, next, followed)) followed[i].source = next;
    (void)successors_id(target, &followed[i].target);
  }
  map_free(&sources);
  return followed;
}

static bool follow_rule(struct arena *arena, const struct successors sides[2], struct mapping_rule *rule) {
  struct mapping_term *terms = ARENA_ARRAY(arena, rule->term_count, struct mapping_term);
  bool followed = successors_cell(&sides[DRIFT_TARGET], &rule->target);
  for (size_t i = 0; i < rule->term_count; i++) {
    terms[i] = rule->terms[i];
    followed = successors_cell(&sides[DRIFT_SOURCE], &terms[i].source) || followed;
  }
  rule->terms = terms;
  return followed;
}

static const struct mapping *follow(struct arena *arena, const struct mapping *mapping, const struct drift *drift, size_t *ret_count) {
  struct successors sides[2] = {successors_of(arena, drift, DRIFT_SOURCE), successors_of(arena, drift, DRIFT_TARGET)};
  struct mapping *followed = ARENA_NEW(arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(arena, mapping->rule_count, struct mapping_rule);
  *followed = *mapping;
  followed->source = follow_side(arena, &sides[DRIFT_SOURCE], &mapping->source);
  followed->target = follow_side(arena, &sides[DRIFT_TARGET], &mapping->target);
  followed->attribute_option_combos = follow_pairs(arena, &sides[DRIFT_SOURCE].option_combos, &sides[DRIFT_TARGET].option_combos,
                                                   mapping->attribute_option_combos, mapping->attribute_option_combo_count);
  followed->org_units =
      follow_pairs(arena, &sides[DRIFT_SOURCE].org_units, &sides[DRIFT_TARGET].org_units, mapping->org_units, mapping->org_unit_count);
  for (size_t i = 0; i < mapping->rule_count; i++) {
    rules[i] = mapping->rules[i];
    *ret_count += follow_rule(arena, sides, &rules[i]);
  }
  followed->rules = rules;
  for (size_t i = 0; i < 2; i++) successors_free(&sides[i]);
  return followed;
}

/* --- what cannot be carried --- */

static const struct dhis2_metadata *cut(struct arena *arena, const struct mapping_side *side, const struct dhis2_metadata *today,
                                        struct error *error) {
  bool whole = !side->data_set_count;
  for (size_t i = 0; side->metadata && i < side->metadata->element_count; i++)
    whole = whole || !side->metadata->elements[i]->membership_count;
  return whole ? today : dhis2_metadata_only(arena, today, side->data_sets, side->data_set_count, error);
}

static int check_sides(struct carrying *c, struct error *error) {
  for (size_t i = 0; i < c->drift->count; i++) {
    const struct drift_change *change = &c->drift->changes[i];
    if (change->effect == DRIFT_BLOCKS && change->object == DRIFT_DATA_SET) {
      (void)error_set(error, ERROR_conflict, "the mapping cannot go on from here: %.*s", STR_ARG(str_slice(change->sentence, 0, 300)));
      return error_because(error, "data_set_changed");
    }
  }
  const struct dhis2_metadata *source = cut(c->arena, &c->mapping->source, c->now.source, error);
  const struct dhis2_metadata *target = source ? cut(c->arena, &c->mapping->target, c->now.target, error) : NULL;
  if (!target) return -1;
  c->now = (struct drift_sides){source, target};
  return 0;
}

/* --- blocking --- */

static void block(struct carrying *c) {
  struct map cells = {0}; /* target cells of which a rule is blocked */
  for (size_t i = 0; i < c->drift->count; i++) {
    const struct drift_change *change = &c->drift->changes[i];
    for (size_t k = 0; change->effect == DRIFT_BLOCKS && k < change->rule_count; k++) {
      struct mapping_rule *rule = &c->rules[change->rules[k]];
      if (!rule->blocked.n) rule->blocked = change->sentence;
      (void)map_put(&cells, key_of(c->arena, rule->target), rule);
    }
  }
  for (size_t i = 0; i < c->mapping->rule_count; i++)
    if (mapping_rule_counts(&c->rules[i]) && map_get(&cells, key_of(c->arena, c->rules[i].target)))
      c->rules[i].blocked = STR("another rule for the same target cell is blocked, and half a sum is a wrong number");
  map_free(&cells);
  for (size_t i = 0; i < c->mapping->rule_count; i++) {
    bool newly = c->rules[i].blocked.n && !c->mapping->rules[i].blocked.n;
    c->ret->blocked += newly;
    c->ret->kept += !newly;
  }
}

static void renew_value_types(struct carrying *c) {
  for (size_t i = 0; i < c->mapping->rule_count; i++) {
    const struct dhis2_data_element *target = dhis2_metadata_element(c->now.target, c->rules[i].target.data_element);
    if (target && target->value_type.n && c->rules[i].value_type.n) c->rules[i].value_type = target->value_type;
  }
}

/* --- proposing --- */

static bool by_a_person(const struct mapping_rule *rule) {
  return rule->by.n || rule->at.n || rule->note.n;
}

static void note_cells(struct carrying *c) {
  for (size_t i = 0; i < c->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &c->rules[i];
    bool counts = mapping_rule_counts(rule), decided = rule->decision == MAPPING_NONE && by_a_person(rule);
    bool was_open = rule->blocked.n && rule->decision <= MAPPING_PROPOSED;
    for (size_t k = 0; k < rule->term_count; k++) {
      struct str key = key_of(c->arena, rule->terms[k].source);
      if (counts || decided) (void)map_put(&c->taken, key, c);
      if (was_open) (void)map_put(&c->open, key, c);
      if (counts) (void)map_put(&c->pairs, pair_key(c->arena, rule->terms[k].source, rule->target), c);
      (void)map_put(&c->named, key, c);
    }
  }
}

static void add_decision(struct decision *list, size_t *n, struct map *seen, struct str key, struct decision decision) {
  if (map_put(seen, key, list)) return;
  list[(*n)++] = decision;
}

/* Everything that stands is fixed for the engine: it chooses around it. Pairs of elements stand even where a rule of theirs is blocked. */
static const struct decision *fixed_points(struct carrying *c, size_t *ret_count) {
  size_t most = 0, n = 0;
  for (size_t i = 0; i < c->mapping->rule_count; i++) most += 2 * c->rules[i].term_count;
  struct decision *list = ARENA_ARRAY(c->arena, most, struct decision);
  struct map seen = {0};
  for (size_t i = 0; i < c->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &c->rules[i];
    bool none = rule->decision == MAPPING_NONE;
    if (none && !by_a_person(rule)) continue;
    for (size_t k = 0; k < rule->term_count; k++) {
      const struct mapping_operand *source = &rule->terms[k].source;
      enum decision_verdict verdict = none ? DECISION_NONE : rule->decision == MAPPING_REJECTED ? DECISION_REJECTED : DECISION_ACCEPTED;
      char sign = rule->terms[k].sign < 0 ? '-' : '+';
      if (rule->decision <= MAPPING_PROPOSED)
        add_decision(list, &n, &seen,
                     arena_printf(c->arena, "%.*s %.*s", STR_ARG(source->data_element), STR_ARG(rule->target.data_element)),
                     (struct decision){.source_data_element = source->data_element,
                                       .target_data_element = rule->target.data_element,
                                       .sign = '+',
                                       .verdict = DECISION_ACCEPTED});
      if (rule->blocked.n) continue;
      add_decision(list, &n, &seen,
                   arena_printf(c->arena, "%c %d %.*s", sign, (int)verdict, STR_ARG(pair_key(c->arena, *source, rule->target))),
                   (struct decision){true, source->data_element, source->category_option_combo, none ? STR("") : rule->target.data_element,
                                     none ? STR("") : rule->target.category_option_combo, sign, verdict});
    }
  }
  map_free(&seen);
  *ret_count = n;
  return list;
}

static bool was_there(const struct mapping_side *side, struct mapping_operand cell) {
  const struct dhis2_data_element *element = side->metadata ? dhis2_metadata_element(side->metadata, cell.data_element) : NULL;
  for (size_t i = 0; element && i < element->combo_count; i++)
    for (size_t k = 0; k < element->combos[i]->option_combo_count; k++)
      if (str_eq(element->combos[i]->option_combos[k]->o.id, cell.category_option_combo)) return true;
  return false;
}

/* May this answer of the engine become a rule? */
static bool admitted(const struct carrying *c, const struct align_row *row) {
  if (row->kind != ALIGN_OPERAND || row->answer == ALIGN_CANDIDATE || row->decided) return false;
  struct mapping_operand source = {row->source->o.id, row->source_coc->o.id};
  struct str key = key_of(c->arena, source);
  if (map_get(&c->taken, key)) return false;
  bool is_new = !map_get(&c->named, key) && !was_there(&c->mapping->source, source);
  if (!row->target) return is_new;
  struct mapping_operand target = {row->target->o.id, row->target_coc->o.id};
  if (map_get(&c->pairs, pair_key(c->arena, source, target))) return false;
  return is_new || map_get(&c->open, key) || (c->mapping->target.metadata && !was_there(&c->mapping->target, target));
}

static int propose(struct carrying *c, const struct align_options *options, struct mapping *carried, struct error *error) {
  const struct align_result *result;
  size_t count, n = 0;
  const struct decision *fixed = fixed_points(c, &count);
  if (align_run(c->now.source, c->now.target, options, fixed, count, c->arena, &result, error) < 0) return -1;
  struct align_row *rows = ARENA_ARRAY(c->arena, result->count, struct align_row);
  for (size_t i = 0; i < result->count; i++) {
    if (!admitted(c, &result->rows[i])) continue;
    rows[n] = result->rows[i];
    if (rows[n].answer == ALIGN_AUTO)
      rows[n].answer = ALIGN_PROPOSED; /* numbers that are sent already do not change before a person looked */
    n++;
  }
  struct align_result chosen = {.rows = rows, .count = n};
  struct align_mapping_options ids = {c->mapping->source.server, c->mapping->target.server, false};
  const struct mapping *new_rules = align_to_mapping(c->arena, c->now.source, c->now.target, &chosen, ids);
  /* Where nothing changed the document stays as it is, to the order of what is remembered. */
  if (c->drift->count || !carried->source.metadata) carried->source.metadata = new_rules->source.metadata;
  if (c->drift->count || !carried->target.metadata) carried->target.metadata = new_rules->target.metadata;
  for (size_t i = 0; i < new_rules->rule_count; i++) {
    const struct mapping_rule *rule = &new_rules->rules[i];
    VEC_PUSH(&c->added, *rule);
    *(rule->decision == MAPPING_NONE ? &c->ret->none : &c->ret->proposed) += 1;
    for (size_t k = 0; rule->decision != MAPPING_NONE && k < rule->term_count; k++)
      (void)map_put(&c->proposed, key_of(c->arena, rule->terms[k].source), c);
  }
  return 0;
}

/* --- all of it --- */

/* "No counterpart" said by the engine gives way where it proposes one now. */
static bool gave_way(const struct carrying *c, const struct mapping_rule *rule) {
  return rule->decision == MAPPING_NONE && !by_a_person(rule) && rule->term_count == 1 &&
         map_get(&c->proposed, key_of(c->arena, rule->terms[0].source));
}

static void renew_default(struct mapping_side *side, const struct dhis2_metadata *now) {
  const struct dhis2_option_combo *is = dhis2_metadata_default(now);
  if (is) side->default_combo = is->o.id;
}

static int assemble(struct carrying *c, const struct align_options *options, struct error *error) {
  struct mapping *carried = ARENA_NEW(c->arena, struct mapping);
  *carried = *c->mapping;
  renew_default(&carried->source, c->now.source);
  renew_default(&carried->target, c->now.target);
  if (propose(c, options, carried, error) < 0 || carry_places(c->arena, c->now, options, carried, &c->ret->paired, error) < 0) return -1;
  struct mapping_rule *rules = ARENA_ARRAY(c->arena, c->mapping->rule_count + c->added.n, struct mapping_rule);
  size_t n = 0;
  for (size_t i = 0; i < c->mapping->rule_count; i++)
    if (gave_way(c, &c->rules[i]))
      c->ret->kept--;
    else
      rules[n++] = c->rules[i];
  for (size_t i = 0; i < c->added.n; i++) rules[n++] = c->added.p[i];
  carried->rules = rules;
  carried->rule_count = n;
  c->ret->mapping = carried;
  return mapping_check(carried, error);
}

int drift_carry(struct arena *arena, const struct mapping *mapping, struct drift_sides now, struct carry_options options,
                struct carried *ret, struct error *error) {
  struct carrying c = {.arena = arena, .mapping = mapping, .now = now, .drift = drift_find(arena, mapping, now), .ret = ret};
  *ret = (struct carried){0};
  if (options.follow) {
    c.mapping = follow(arena, mapping, c.drift, &ret->followed);
    c.drift = drift_find(arena, c.mapping, now);
  }
  ret->drift = c.drift;
  if (check_sides(&c, error) < 0) return -1;
  c.rules = ARENA_ARRAY(arena, mapping->rule_count, struct mapping_rule);
  if (mapping->rule_count) memcpy(c.rules, c.mapping->rules, mapping->rule_count * sizeof *c.rules);
  block(&c);
  renew_value_types(&c);
  note_cells(&c);
  int result = assemble(&c, options.align, error);
  VEC_FREE(&c.added);
  map_free(&c.open);
  map_free(&c.taken);
  map_free(&c.pairs);
  map_free(&c.named);
  map_free(&c.proposed);
  return result;
}
