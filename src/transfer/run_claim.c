/* What a run is about to write, as a claim. */
#include "transfer/run_internal.h"

static size_t elements_of(const struct mapping *mapping, struct str *ret) {
  size_t n = 0;
  for (size_t i = 0; i < mapping->rule_count; i++)
    if (mapping_rule_counts(&mapping->rules[i]) && mapping->rules[i].target.data_element.n)
      ret[n++] = mapping->rules[i].target.data_element;
  return str_sorted_set(ret, n);
}

struct claim *run_claim(const char *folder, const struct run_order *order, struct str mapping_text, struct run_claimant who,
                        const struct claim_wait *wait, struct error *error) {
  struct arena *arena = arena_new();
  const struct mapping *mapping = mapping_read(arena, mapping_text, error);
  struct claim *claim = NULL;
  if (mapping) {
    struct str *elements = ARENA_ARRAY(arena, mapping->rule_count + 1, struct str);
    struct claim_wish wish = {.to_url = who.to_url,
                              .data_sets = mapping->target.data_sets,
                              .data_set_count = mapping->target.data_set_count,
                              .periods = order->periods,
                              .period_count = order->period_count,
                              .data_elements = elements,
                              .data_element_count = elements_of(mapping, elements),
                              .by = who.by,
                              .run = who.run};
    claim = claim_take(folder, &wish, wait, error);
  }
  arena_free(arena);
  return claim;
}
