/* metadata_index: the look-up by id behind struct dhis2_metadata. */
#ifndef DRAWBRIDGE_DHIS2_METADATA_INDEX_H
#define DRAWBRIDGE_DHIS2_METADATA_INDEX_H

#include "base/map.h"
#include "dhis2/metadata.h"

struct dhis2_metadata_index {
  struct map data_sets, elements, option_combos, org_units;
};

/* Fills `by_id` from the lists; freed with the arena. */
void dhis2_metadata_index_make(struct arena *arena, struct dhis2_metadata *metadata);

#endif
