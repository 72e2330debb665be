#include "drift/carry_places.h"

#include "align/places.h"
#include "base/map.h"

/* What stands is fixed for the engine. */
static size_t add_fixed(struct decision *list, const struct mapping_pair *pairs, size_t count, enum decision_of of) {
  for (size_t i = 0; i < count; i++)
    list[i] = (struct decision){.source_data_element = pairs[i].source,
                                .target_data_element = pairs[i].target,
                                .sign = '+',
                                .verdict = !pairs[i].target.n                      ? DECISION_NONE
                                           : pairs[i].decision == MAPPING_REJECTED ? DECISION_REJECTED
                                                                                   : DECISION_ACCEPTED,
                                .of = of};
  return count;
}

static const struct mapping_pair *with_new(struct arena *arena, const struct align_pairs *found, const struct mapping_pair *pairs,
                                           size_t *count, size_t *added) {
  struct mapping_pair *all = ARENA_ARRAY(arena, *count + found->count, struct mapping_pair);
  struct map known = {0};
  size_t n = *count;
  if (n) memcpy(all, pairs, n * sizeof *all);
  for (size_t i = 0; i < n; i++) (void)map_put(&known, all[i].source, all);
  for (size_t i = 0; i < found->count; i++) {
    const struct align_pair *row = &found->rows[i];
    if (row->answer == ALIGN_CANDIDATE || map_put(&known, row->source->id, all)) continue;
    all[n++] = (struct mapping_pair){.source = row->source->id,
                                     .target = row->target ? row->target->id : STR_NONE,
                                     .decision = row->target ? MAPPING_PROPOSED : MAPPING_NONE,
                                     .confidence = (double)row->confidence};
  }
  map_free(&known);
  *added += n - *count;
  *count = n;
  return all;
}

int carry_places(struct arena *arena, struct drift_sides now, const struct align_options *options, struct mapping *mapping,
                 size_t *ret_added, struct error *error) {
  const struct align_places *places;
  size_t units = mapping->org_unit_count, attributes = mapping->attribute_option_combo_count, n = 0;
  if (!units && !attributes) return 0;
  struct decision *fixed = ARENA_ARRAY(arena, units + attributes, struct decision);
  n += add_fixed(fixed, mapping->org_units, units, DECISION_OF_ORG_UNIT);
  n += add_fixed(fixed + n, mapping->attribute_option_combos, attributes, DECISION_OF_ATTRIBUTE);
  if (align_places(now.source, now.target, options, fixed, n, arena, &places, error) < 0) return -1;
  if (units) mapping->org_units = with_new(arena, &places->org_units, mapping->org_units, &mapping->org_unit_count, ret_added);
  if (attributes)
    mapping->attribute_option_combos =
        with_new(arena, &places->attributes, mapping->attribute_option_combos, &mapping->attribute_option_combo_count, ret_added);
  return 0;
}
