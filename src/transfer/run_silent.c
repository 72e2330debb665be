/* Of which org units, in a period, the source gave nothing: two readings may agree on an answer that is empty, and nobody would miss what was not there. */
#include "transfer/run_internal.h"

void run_ask_assigned(struct run *run) {
  const struct mapping_side *side = &run->mapping->source;
  struct error unused = {0};
  if (run->order->descendants)
    run->knows_assigned = dhis2_assigned_units(run->from, side->data_sets, side->data_set_count, run->arena, &run->assigned, &unused) == 0;
}

/* Districts and countries are asked for with what lies below them, and nobody enters anything for them. Who is named, or has the data set, is waited for. */
static bool is_expected(const struct run *run, struct str unit) {
  return !run->knows_assigned || map_get(&run->assigned, unit) || str_sorted_has(run->order->org_units, run->order->org_unit_count, unit);
}

void heard_begin(struct heard *heard, struct arena *arena, const struct str *units, size_t count) {
  map_free(&heard->by_id);
  *heard = (struct heard){.units = ARENA_ARRAY(arena, count + 1, struct heard_unit), .count = count};
  for (size_t i = 0; i < count; i++) {
    heard->units[i] = (struct heard_unit){.id = units[i]};
    (void)map_put(&heard->by_id, units[i], &heard->units[i]);
  }
}

void heard_add(struct heard *heard, struct str unit) {
  if (heard->last && str_eq(heard->last->id, unit)) return;
  struct heard_unit *one = map_get(&heard->by_id, unit);
  if (!one) return;
  one->heard = true;
  heard->last = one;
}

void heard_tell(const struct heard *heard, const struct run *run, const struct translation *translation, struct str period,
                struct report *report) {
  for (size_t i = 0; i < heard->count; i++) {
    struct str unit = heard->units[i].id;
    if (!heard->units[i].heard && translation_unit(translation, unit).n && is_expected(run, unit)) report_silent(report, period, unit);
  }
}

void heard_free(struct heard *heard) {
  map_free(&heard->by_id);
}
