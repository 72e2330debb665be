/* What a run is about to write, as a claim. */
#include "transfer/run_internal.h"

struct claim *run_claim(const char *folder, const struct run_order *order, struct str mapping_text, struct run_claimant who,
                        const struct claim_wait *wait, struct error *error) {
  struct arena *arena = arena_new();
  const struct mapping *mapping = mapping_read(arena, mapping_text, error);
  struct claim *claim = NULL;
  if (mapping) {
    struct claim_wish wish = {.to_url = who.to_url,
                              .data_sets = mapping->target.data_sets,
                              .data_set_count = mapping->target.data_set_count,
                              .periods = order->periods,
                              .period_count = order->period_count,
                              .by = who.by,
                              .run = who.run};
    claim = claim_take(folder, &wish, wait, error);
  }
  arena_free(arena);
  return claim;
}
