/* The decisions that a mapping tells, as the request that a person would have sent. */
#include "api/alignment.h"

#include "base/json_out.h"
#include "base/map.h"
#include "base/utf8.h"

enum { ENTRIES_MAX = 16 << 20 };

struct said {
  const struct mapping_rule *rule;
  int sign;
  struct said *next;
};

/* What the mapping says of one source cell. */
struct cell {
  struct mapping_operand source;
  struct said *accepted, *rejected;
  const struct mapping_rule *none;
};

static bool holds(const struct alignment_side *side, struct mapping_operand cell) {
  const struct dhis2_data_element *element = dhis2_metadata_element(side->metadata, cell.data_element);
  const struct dhis2_option_combo *combo = dhis2_metadata_option_combo(side->metadata, cell.category_option_combo);
  return element && combo && dhis2_element_holds(element, combo);
}

static struct cell *cell_of(struct arena *arena, struct map *cells, struct mapping_operand source) {
  struct str key = arena_printf(arena, "%.*s %.*s", STR_ARG(source.data_element), STR_ARG(source.category_option_combo));
  struct cell *cell = map_get(cells, key);
  if (cell) return cell;
  cell = ARENA_NEW(arena, struct cell);
  cell->source = source;
  (void)map_put(cells, key, cell);
  return cell;
}

static void append(struct arena *arena, struct said **list, const struct mapping_rule *rule, int sign) {
  while (*list) list = &(*list)->next;
  *list = ARENA_NEW(arena, struct said);
  **list = (struct said){rule, sign, NULL};
}

static bool is_decided(const struct mapping_rule *rule) {
  return rule->decision == MAPPING_ACCEPTED || rule->decision == MAPPING_REJECTED || rule->decision == MAPPING_NONE;
}

static size_t collect(const struct alignment *alignment, const struct mapping *mapping, struct arena *arena, struct map *cells) {
  size_t unknown = 0;
  for (size_t i = 0; i < mapping->rule_count; i++) {
    const struct mapping_rule *rule = &mapping->rules[i];
    bool paired = rule->decision != MAPPING_NONE;
    for (size_t t = 0; is_decided(rule) && t < rule->term_count; t++) {
      if (!holds(&alignment->source, rule->terms[t].source) || (paired && !holds(&alignment->target, rule->target))) {
        unknown++;
        continue;
      }
      struct cell *cell = cell_of(arena, cells, rule->terms[t].source);
      if (!paired)
        cell->none = rule;
      else
        append(arena, rule->decision == MAPPING_ACCEPTED ? &cell->accepted : &cell->rejected, rule, rule->terms[t].sign);
    }
  }
  return unknown;
}

static void write_entry(struct json_out *out, const struct cell *cell, const char *decision, const struct said *targets, struct str note) {
  json_out_object(out);
  json_out_member_str(out, "kind", STR("operand"));
  json_out_member_str(out, "source_data_element", cell->source.data_element);
  json_out_member_str(out, "source_category_option_combo", cell->source.category_option_combo);
  json_out_member_str(out, "decision", str_of(decision));
  json_out_member_array(out, "targets");
  for (; targets; targets = targets->next) {
    json_out_object(out);
    json_out_member_str(out, "data_element", targets->rule->target.data_element);
    json_out_member_str(out, "category_option_combo", targets->rule->target.category_option_combo);
    json_out_member_str(out, "sign", targets->sign < 0 ? STR("-") : STR("+"));
    json_out_end(out);
  }
  json_out_end(out);
  json_out_member_str(out, "note", str_slice(note, 0, utf8_boundary(note, note.n < ALIGNMENT_NOTE_MAX ? note.n : ALIGNMENT_NOTE_MAX)));
  json_out_end(out);
}

static void write_cell(struct json_out *out, const struct cell *cell) {
  if (cell->accepted) write_entry(out, cell, "accepted", cell->accepted, cell->accepted->rule->note);
  if (cell->rejected) write_entry(out, cell, "rejected", cell->rejected, cell->rejected->rule->note);
  if (cell->none && !cell->accepted && !cell->rejected) write_entry(out, cell, "none", NULL, cell->none->note);
}

/* A pair that is the engine's word comes with its confidence; a person's without. */
static bool is_persons(const struct mapping_pair *pair) {
  bool engines = pair->confidence > 0 && (pair->decision == MAPPING_NONE || str_eq(pair->source, pair->target));
  return !engines && (pair->decision == MAPPING_ACCEPTED || pair->decision == MAPPING_REJECTED || pair->decision == MAPPING_NONE);
}

static void write_pair(struct json_out *out, enum decision_of of, const struct mapping_pair *pair) {
  json_out_object(out);
  json_out_member_str(out, "kind", str_of(alignment_kind_name(&(struct decision){.of = of})));
  json_out_member_str(out, "source", pair->source);
  json_out_member_str(out, "decision", str_of(mapping_decision_name(pair->decision)));
  json_out_member_array(out, "targets");
  if (pair->decision != MAPPING_NONE) {
    json_out_object(out);
    json_out_member_str(out, "id", pair->target);
    json_out_end(out);
  }
  json_out_end(out);
  json_out_end(out);
}

static size_t write_pairs(struct json_out *out, const struct alignment *alignment, enum decision_of of, const struct mapping_pair *pairs,
                          size_t count) {
  size_t unknown = 0;
  for (size_t i = 0; i < count; i++) {
    if (!is_persons(&pairs[i])) continue;
    bool held = alignment_holds_place(&alignment->source, of, pairs[i].source) &&
                (pairs[i].decision == MAPPING_NONE || alignment_holds_place(&alignment->target, of, pairs[i].target));
    if (held)
      write_pair(out, of, &pairs[i]);
    else
      unknown++;
  }
  return unknown;
}

int alignment_entries(const struct alignment *alignment, const struct mapping *mapping, struct arena *arena, struct str *ret_json,
                      size_t *ret_unknown, struct error *error) {
  struct map cells = {0};
  struct buf text = BUF_INIT(ENTRIES_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  *ret_unknown = collect(alignment, mapping, arena, &cells);
  json_out_object(&out);
  json_out_member_str(&out, "label", STR("Import of a mapping"));
  json_out_member_bool(&out, "bulk", true);
  json_out_member_array(&out, "decisions");
  for (struct map_entry *e = map_first(&cells); e; e = map_next(&cells, e)) write_cell(&out, e->value);
  *ret_unknown += write_pairs(&out, alignment, DECISION_OF_ORG_UNIT, mapping->org_units, mapping->org_unit_count);
  *ret_unknown +=
      write_pairs(&out, alignment, DECISION_OF_ATTRIBUTE, mapping->attribute_option_combos, mapping->attribute_option_combo_count);
  json_out_end(&out);
  json_out_end(&out);
  int result = text.full ? error_set(error, ERROR_too_large, "more than %d bytes of decisions", ENTRIES_MAX) : 0;
  *ret_json = arena_str(arena, buf_str(&text));
  map_free(&cells);
  buf_free(&text);
  return result;
}
