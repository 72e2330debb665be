#include "align/to_mapping.h"

#include "base/map.h"

struct collecting {
  struct arena *arena;
  const struct align_row **rows; /* the answers of cells */
  size_t count;
  struct map accepted; /* "source target" of element pairs that a person accepted */
  bool follow;
};

static struct str pair_key(struct arena *arena, const struct align_row *row) {
  return arena_printf(arena, "%.*s %.*s", STR_ARG(row->source->o.id), STR_ARG(row->target->o.id));
}

/* Rows that say something of a target come before those without; then by target cell, then by source cell. */
static int by_target(const void *left, const void *right) {
  const struct align_row *a = *(const struct align_row *const *)left, *b = *(const struct align_row *const *)right;
  if (!a->target != !b->target) return a->target ? -1 : 1;
  int order = a->target ? str_cmp(a->target->o.id, b->target->o.id) : 0;
  if (!order && a->target) order = str_cmp(a->target_coc->o.id, b->target_coc->o.id);
  if (!order) order = str_cmp(a->source->o.id, b->source->o.id);
  return order ? order : str_cmp(a->source_coc->o.id, b->source_coc->o.id);
}

static void collect(struct collecting *c, const struct align_result *result) {
  c->rows = ARENA_ARRAY(c->arena, result->count, const struct align_row *);
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_OPERAND) {
      if (row->answer != ALIGN_CANDIDATE) c->rows[c->count++] = row;
    } else if (row->decided && row->target) {
      (void)map_put(&c->accepted, pair_key(c->arena, row), c);
    }
  }
  if (c->count) qsort(c->rows, c->count, sizeof *c->rows, by_target);
}

static enum mapping_decision decision_of(struct collecting *c, const struct align_row *row) {
  if (!row->target) return MAPPING_NONE;
  if (row->decided || (c->follow && map_get(&c->accepted, pair_key(c->arena, row)))) return MAPPING_ACCEPTED;
  return row->answer == ALIGN_AUTO ? MAPPING_AUTO : MAPPING_PROPOSED;
}

static bool same_target(const struct align_row *a, const struct align_row *b) {
  return a->target && b->target && str_eq(a->target->o.id, b->target->o.id) && str_eq(a->target_coc->o.id, b->target_coc->o.id);
}

static struct mapping_rule rule_of(struct collecting *c, const struct align_row *const *rows, size_t count) {
  const struct align_row *first = rows[0];
  struct mapping_term *terms = ARENA_ARRAY(c->arena, count, struct mapping_term);
  struct mapping_rule rule = {
      .terms = terms, .term_count = count, .decision = decision_of(c, first), .confidence = (double)first->confidence};
  if (first->target) {
    rule.target = (struct mapping_operand){first->target->o.id, first->target_coc->o.id};
    rule.value_type = first->target->value_type;
  }
  for (size_t i = 0; i < count; i++) {
    enum mapping_decision decision = decision_of(c, rows[i]);
    terms[i] = (struct mapping_term){rows[i]->sign == '-' ? -1 : 1, {rows[i]->source->o.id, rows[i]->source_coc->o.id}};
    if (decision > rule.decision) rule.decision = decision; /* the enum goes from sure to unsure */
    if ((double)rows[i]->confidence < rule.confidence) rule.confidence = (double)rows[i]->confidence;
  }
  return rule;
}

/* A list (CSV) may hold option combos of one id in several combos; as an export they would become one. */
static bool can_be_kept(const struct dhis2_metadata *metadata) {
  for (size_t i = 0; i < metadata->option_combo_count; i++)
    if (dhis2_metadata_option_combo(metadata, metadata->option_combos[i]->o.id) != metadata->option_combos[i]) return false;
  return true;
}

static struct mapping_side side_of(struct arena *arena, const struct dhis2_metadata *metadata, struct str server) {
  struct str *sets = ARENA_ARRAY(arena, metadata->data_set_count, struct str);
  const struct dhis2_option_combo *fallback = dhis2_metadata_default(metadata);
  for (size_t i = 0; i < metadata->data_set_count; i++) sets[i] = metadata->data_sets[i]->o.id;
  return (struct mapping_side){.server = server,
                               .data_sets = sets,
                               .data_set_count = metadata->data_set_count,
                               .default_combo = fallback ? fallback->o.id : MAPPING_DEFAULT_COMBO,
                               .metadata = can_be_kept(metadata) ? metadata : NULL};
}

static const struct mapping_pair *pairs_of(struct arena *arena, const struct align_pairs *pairs, size_t *ret_count) {
  struct mapping_pair *list = ARENA_ARRAY(arena, pairs->count + 1, struct mapping_pair);
  size_t n = 0;
  for (size_t i = 0; i < pairs->count && !pairs->same; i++) {
    const struct align_pair *row = &pairs->rows[i];
    if (row->answer == ALIGN_CANDIDATE) continue;
    list[n++] = (struct mapping_pair){.source = row->source->id,
                                      .target = row->target ? row->target->id : STR_NONE,
                                      .decision = !row->target                    ? MAPPING_NONE
                                                  : row->decided || row->keeps_id ? MAPPING_ACCEPTED
                                                  : row->answer == ALIGN_AUTO     ? MAPPING_AUTO
                                                                                  : MAPPING_PROPOSED,
                                      .confidence = row->decided ? 0 : (double)row->confidence};
  }
  *ret_count = n;
  return list;
}

const struct mapping *align_to_mapping(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                                       const struct align_result *result, struct align_mapping_options options) {
  struct collecting c = {.arena = arena, .follow = options.cells_follow_elements};
  collect(&c, result);
  struct mapping *mapping = ARENA_NEW(arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(arena, c.count, struct mapping_rule);
  mapping->source = side_of(arena, source, options.source_server);
  mapping->target = side_of(arena, target, options.target_server);
  mapping->rules = rules;
  for (size_t at = 0, end; at < c.count; at = end) {
    for (end = at + 1; end < c.count && same_target(c.rows[at], c.rows[end]);) end++;
    rules[mapping->rule_count++] = rule_of(&c, c.rows + at, end - at);
  }
  map_free(&c.accepted);
  if (!options.places) return mapping;
  mapping->attribute_option_combos = pairs_of(arena, &options.places->attributes, &mapping->attribute_option_combo_count);
  mapping->org_units = pairs_of(arena, &options.places->org_units, &mapping->org_unit_count);
  mapping->periods = options.places->period.periods;
  return mapping;
}
