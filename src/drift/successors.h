/* successors: ids that came in the place of others at one side, as drift_find told them: for who lets decisions follow. */
#ifndef DRAWBRIDGE_DRIFT_SUCCESSORS_H
#define DRAWBRIDGE_DRIFT_SUCCESSORS_H

#include "base/map.h"
#include "drift/drift.h"

struct successors {
  struct map data_sets, elements, option_combos, org_units; /* id to the id that stands for it, boxed in the arena */
};

struct successors successors_of(struct arena *arena, const struct drift *drift, enum drift_side side); /* successors_free */
void successors_free(struct successors *successors);

/* Puts the successor in the place of the id; false: it has none. */
bool successors_id(const struct map *map, struct str *id);
bool successors_cell(const struct successors *successors, struct mapping_operand *cell);

#endif
