/* Any two exports, one NUL between them, as a side before and after: a side that did not change has no drift; what is told is well formed and the same each time; carried forward, nothing is left to tell. */
#include "drift/carry.h"

static const struct dhis2_metadata *read_export(struct arena *arena, struct str text) {
  struct error error = {0};
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  const struct dhis2_metadata *metadata = NULL;
  if (dhis2_metadata_reader_feed(reader, text, &error) == 0) metadata = dhis2_metadata_reader_finish(reader, &error);
  if (!metadata) dhis2_metadata_reader_free(reader);
  return metadata;
}

/* Each cell of the side to the like cell; the second of an element also to the first, so that there are sums. */
static const struct mapping *mapping_of(struct arena *arena, const struct dhis2_metadata *side) {
  struct mapping *mapping = ARENA_NEW(arena, struct mapping);
  size_t cells = 0, n = 0;
  for (size_t i = 0; i < side->element_count; i++)
    for (size_t c = 0; c < side->elements[i]->combo_count; c++) cells += side->elements[i]->combos[c]->option_combo_count;
  struct mapping_rule *rules = ARENA_ARRAY(arena, 2 * cells + 1, struct mapping_rule);
  struct str *sets = ARENA_ARRAY(arena, side->data_set_count + 1, struct str);
  for (size_t i = 0; i < side->element_count; i++) {
    struct mapping_operand first = {0};
    for (size_t c = 0; c < side->elements[i]->combo_count; c++)
      for (size_t k = 0; k < side->elements[i]->combos[c]->option_combo_count; k++) {
        struct mapping_term *term = ARENA_NEW(arena, struct mapping_term);
        *term = (struct mapping_term){1, {side->elements[i]->o.id, side->elements[i]->combos[c]->option_combos[k]->o.id}};
        rules[n++] = (struct mapping_rule){
            .target = term->source, .terms = term, .term_count = 1, .confidence = -1, .value_type = side->elements[i]->value_type};
        if (!first.data_element.n)
          first = term->source;
        else
          rules[n++] = (struct mapping_rule){.target = first, .terms = term, .term_count = 1, .decision = MAPPING_AUTO, .confidence = -1};
      }
  }
  for (size_t i = 0; i < side->data_set_count && i < MAPPING_DATA_SETS_MAX; i++) sets[i] = side->data_sets[i]->o.id;
  const struct dhis2_option_combo *fallback = dhis2_metadata_default(side);
  struct mapping_side half = {.data_sets = sets,
                              .data_set_count = side->data_set_count,
                              .default_combo = fallback ? fallback->o.id : MAPPING_DEFAULT_COMBO,
                              .metadata = side};
  *mapping = (struct mapping){.source = half, .target = half, .rules = rules, .rule_count = n};
  struct error error = {0};
  return side->data_set_count <= MAPPING_DATA_SETS_MAX && mapping_check(mapping, &error) == 0 ? mapping
                                                                                              : NULL; /* ids may be what no mapping takes */
}

static void check_changes(const struct mapping *mapping, const struct drift *drift) {
  for (size_t i = 0; i < drift->count; i++) {
    const struct drift_change *change = &drift->changes[i];
    if (!change->id.n || !change->sentence.n || change->effect > DRIFT_INFORMATION || change->kind >= DRIFT_KIND_COUNT) abort();
    for (size_t k = 0; k < change->rule_count; k++)
      if (change->rules[k] >= mapping->rule_count || !mapping_rule_counts(&mapping->rules[change->rules[k]]) ||
          (k && change->rules[k] <= change->rules[k - 1]))
        abort();
  }
}

static bool same(const struct drift *a, const struct drift *b) {
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (!str_eq(a->changes[i].sentence, b->changes[i].sentence) || a->changes[i].effect != b->changes[i].effect) return false;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str rest = {(const char *)data, size}, first = str_take(&rest, '\0');
  struct arena *arena = arena_new();
  const struct dhis2_metadata *before = size < 16384 ? read_export(arena, first) : NULL,
                              *after = before && rest.p ? read_export(arena, rest) : NULL;
  const struct mapping *mapping = before && after ? mapping_of(arena, before) : NULL;
  if (mapping) {
    if (drift_find(arena, mapping, (struct drift_sides){before, before})->count) abort();
    struct drift_sides now = {after, after};
    const struct drift *drift = drift_find(arena, mapping, now);
    check_changes(mapping, drift);
    if (!same(drift, drift_find(arena, mapping, now))) abort();
    for (int follow = 0; size % 8 == 0 && follow < 2; follow++) { /* the engine takes ten times as long as all the rest */
      struct align_options align = {0};
      struct carried carried;
      struct error error = {0};
      int result = drift_carry(arena, mapping, now, (struct carry_options){follow, &align}, &carried, &error);
      if (result < 0 && error.code != ERROR_conflict && error.code != ERROR_input) abort();
      if (result == 0 && drift_find(arena, carried.mapping, now)->count) abort();
    }
  }
  arena_free(arena);
  return 0;
}
