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
  bool unfound; /* the engine found no counterpart, and nobody said anything */
};

static bool holds(const struct alignment_side *side, struct mapping_operand cell) {
  const struct dhis2_data_element *element = dhis2_metadata_element(side->metadata, cell.data_element);
  const struct dhis2_option_combo *combo = dhis2_metadata_option_combo(side->metadata, cell.category_option_combo);
  return element && combo && dhis2_element_holds(element, combo);
}

static struct str cell_key(struct arena *arena, struct str element, struct str combo) {
  return arena_printf(arena, "%.*s %.*s", STR_ARG(element), STR_ARG(combo));
}

static struct cell *cell_of(struct arena *arena, struct map *cells, struct mapping_operand source) {
  struct str key = cell_key(arena, source.data_element, source.category_option_combo);
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

/* That there is no counterpart is the engine's word where it comes with its confidence and nobody's name; but not in a list that people edit, where they leave the confidence as it stands. */
static bool is_engines(const struct mapping_rule *rule, bool edited) {
  return !edited && rule->decision == MAPPING_NONE && rule->confidence > 0 && !rule->by.n;
}

static size_t collect(const struct alignment *alignment, const struct mapping *mapping, bool edited, struct arena *arena,
                      struct map *cells) {
  size_t unknown = 0;
  for (size_t i = 0; i < mapping->rule_count; i++) {
    const struct mapping_rule *rule = &mapping->rules[i];
    bool paired = rule->decision != MAPPING_NONE, engines = is_engines(rule, edited);
    for (size_t t = 0; is_decided(rule) && t < rule->term_count; t++) {
      if (!holds(&alignment->source, rule->terms[t].source) || (paired && !holds(&alignment->target, rule->target))) {
        unknown += !engines;
        continue;
      }
      struct cell *cell = cell_of(arena, cells, rule->terms[t].source);
      if (engines)
        cell->unfound = true;
      else if (!paired)
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

static bool write_cell(struct json_out *out, const struct cell *cell) {
  if (cell->accepted) write_entry(out, cell, "accepted", cell->accepted, cell->accepted->rule->note);
  if (cell->rejected) write_entry(out, cell, "rejected", cell->rejected, cell->rejected->rule->note);
  if (cell->none && !cell->accepted && !cell->rejected) write_entry(out, cell, "none", NULL, cell->none->note);
  return cell->accepted || cell->rejected || cell->none;
}

/* What the cells of one source element say of it. */
struct whole {
  struct map targets; /* target element to the first struct said about it, in the order of the cells */
  size_t none, unfound;
};

static bool add_cell(struct whole *whole, const struct cell *cell) {
  if (!cell || (!cell->accepted && !cell->none && !cell->unfound)) return false;
  for (struct said *said = cell->accepted; said; said = said->next)
    if (!map_get(&whole->targets, said->rule->target.data_element)) (void)map_put(&whole->targets, said->rule->target.data_element, said);
  whole->none += !cell->accepted && cell->none;
  whole->unfound += !cell->accepted && !cell->none;
  return true;
}

static bool add_cells(struct whole *whole, struct arena *arena, const struct map *cells, const struct dhis2_data_element *element) {
  for (size_t i = 0; i < element->combo_count; i++)
    for (size_t k = 0; k < element->combos[i]->option_combo_count; k++)
      if (!add_cell(whole, map_get(cells, cell_key(arena, element->o.id, element->combos[i]->option_combos[k]->o.id)))) return false;
  return whole->targets.count || (whole->none && !whole->unfound);
}

static void write_whole(struct json_out *out, struct str element, const struct whole *whole) {
  json_out_object(out);
  json_out_member_str(out, "kind", STR("data_element"));
  json_out_member_str(out, "source_data_element", element);
  json_out_member_str(out, "decision", whole->targets.count ? STR("accepted") : STR("none"));
  json_out_member_array(out, "targets");
  for (struct map_entry *e = map_first(&whole->targets); e; e = map_next(&whole->targets, e)) {
    const struct said *said = e->value;
    json_out_object(out);
    json_out_member_str(out, "data_element", e->key);
    json_out_member_str(out, "sign", said->sign < 0 ? STR("-") : STR("+"));
    json_out_end(out);
  }
  json_out_end(out);
  json_out_end(out);
}

/* A mapping has rules of cells alone. An element of which it leaves no cell open was decided, and is told so: else the review would ask for all of it again. */
static size_t write_elements(struct json_out *out, const struct dhis2_metadata *source, struct arena *arena, const struct map *cells) {
  size_t written = 0;
  for (size_t i = 0; i < source->element_count; i++) {
    struct whole whole = {0};
    if (add_cells(&whole, arena, cells, source->elements[i])) {
      write_whole(out, source->elements[i]->o.id, &whole);
      written++;
    }
    map_free(&whole.targets);
  }
  return written;
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
                          size_t count, size_t *ret_unknown) {
  size_t written = 0;
  for (size_t i = 0; i < count; i++) {
    if (!is_persons(&pairs[i])) continue;
    bool held = alignment_holds_place(&alignment->source, of, pairs[i].source) &&
                (pairs[i].decision == MAPPING_NONE || alignment_holds_place(&alignment->target, of, pairs[i].target));
    if (held) write_pair(out, of, &pairs[i]);
    written += held;
    *ret_unknown += !held;
  }
  return written;
}

int alignment_entries(const struct alignment *alignment, const struct mapping *mapping, bool edited, struct arena *arena,
                      struct str *ret_json, struct alignment_entry_counts *ret_counts, struct error *error) {
  struct map cells = {0};
  struct buf text = BUF_INIT(ENTRIES_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  struct alignment_entry_counts counts = {.unknown = collect(alignment, mapping, edited, arena, &cells)};
  json_out_object(&out);
  json_out_member_str(&out, "label", STR("Import of a mapping"));
  json_out_member_bool(&out, "bulk", true);
  json_out_member_array(&out, "decisions");
  counts.elements = write_elements(&out, alignment->source.metadata, arena, &cells);
  for (struct map_entry *e = map_first(&cells); e; e = map_next(&cells, e)) counts.cells += write_cell(&out, e->value);
  counts.org_units = write_pairs(&out, alignment, DECISION_OF_ORG_UNIT, mapping->org_units, mapping->org_unit_count, &counts.unknown);
  counts.attributes = write_pairs(&out, alignment, DECISION_OF_ATTRIBUTE, mapping->attribute_option_combos,
                                  mapping->attribute_option_combo_count, &counts.unknown);
  json_out_end(&out);
  json_out_end(&out);
  int result = text.full ? error_set(error, ERROR_too_large, "more than %d bytes of decisions", ENTRIES_MAX) : 0;
  *ret_json = arena_str(arena, buf_str(&text));
  *ret_counts = counts;
  map_free(&cells);
  buf_free(&text);
  return result;
}
