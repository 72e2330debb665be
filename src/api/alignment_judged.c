/* How often people agreed with what was proposed to them, by how sure the engine was. */
#include "api/alignment.h"

#include "base/map.h"

static const double bands[ALIGNMENT_BANDS] = {0.9, 0.7, 0}; /* as web/model/rows.js has them */

/* What stands about one element. */
struct judgement {
  const struct alignment_decision *any;
  size_t accepted; /* targets that were proposed */
  bool other;      /* something that was not */
};

static bool names(struct str list, struct str id) {
  while (list.p)
    if (str_eq(str_take(&list, ' '), id)) return true;
  return false;
}

static size_t count_of(struct str list) {
  size_t count = 0;
  for (; list.p; count++) (void)str_take(&list, ' ');
  return count;
}

static void add(struct map *elements, struct arena *arena, const struct alignment_decision *d) {
  struct judgement *one = map_get(elements, d->what.source_data_element);
  if (!one) {
    one = ARENA_NEW(arena, struct judgement);
    *one = (struct judgement){.any = d};
    (void)map_put(elements, d->what.source_data_element, one);
  }
  if (d->what.verdict != DECISION_ACCEPTED) return;
  bool proposed = d->what.sign != '-' && names(d->proposed, d->what.target_data_element);
  one->accepted += proposed;
  one->other = one->other || !proposed;
}

void alignment_judge(const struct alignment *alignment, struct alignment_band ret[ALIGNMENT_BANDS]) {
  struct arena *arena = arena_new();
  struct map elements = {0};
  for (size_t i = 0; i < ALIGNMENT_BANDS; i++) ret[i] = (struct alignment_band){.from = bands[i]};
  for (size_t i = 0; i < alignment->decision_count; i++)
    if (alignment->decisions[i].proposed.n) add(&elements, arena, &alignment->decisions[i]);
  for (struct map_entry *e = map_first(&elements); e; e = map_next(&elements, e)) {
    const struct judgement *one = e->value;
    size_t band = 0;
    while (band + 1 < ALIGNMENT_BANDS && one->any->proposed_confidence < bands[band]) band++;
    ret[band].decided++;
    ret[band].agreed += !one->other && one->accepted == count_of(one->any->proposed);
  }
  map_free(&elements);
  arena_free(arena);
}

struct str alignment_proposed_add(struct arena *arena, struct str proposed, struct str target) {
  return proposed.n ? arena_printf(arena, "%.*s %.*s", STR_ARG(proposed), STR_ARG(target)) : arena_str(arena, target);
}
