/* carry_places: pairs for org units and attribute option combos of the source that a mapping has none for, since they are new. */
#ifndef DRAWBRIDGE_DRIFT_CARRY_PLACES_H
#define DRAWBRIDGE_DRIFT_CARRY_PLACES_H

#include "align/align.h"
#include "drift/drift.h"

/* Adds to those of the mapping, chosen around them, as `proposed` or "no counterpart"; nothing where it has no pairs of that kind, since then the same ids are meant, or where a side does not tell what it has. *ret_added: how many.
 * -1: as align_places. */
int carry_places(struct arena *arena, struct drift_sides now, const struct align_options *options, struct mapping *mapping,
                 size_t *ret_added, struct error *error);

#endif
