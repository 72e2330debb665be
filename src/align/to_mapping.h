/* to_mapping: what align_run found, as the rules of a mapping document.
 *
 * What holds always: one rule for each target cell that gets anything: the signed sum of the source cells whose rows are answers (`auto`, `proposed` or decided). A cell is as sure as the least sure of its terms: half a sum is a
 * wrong number, so nothing of it may pass for accepted while a part still waits. A source cell without counterpart is a rule with decision `none`. Pairs of org units and AOCs are left out where all surely keep their ids: the document then says "the same ids". Where some do not, those that do count without a decision, as they would have then. Rules are ordered by target, then source. */
#ifndef DRAWBRIDGE_ALIGN_TO_MAPPING_H
#define DRAWBRIDGE_ALIGN_TO_MAPPING_H

#include "align/places.h"
#include "mapping/mapping.h"

struct align_mapping_options {
  struct str source_server, target_server; /* ids, or what the sides were read from; may be empty */
  bool cells_follow_elements;        /* a person who accepted a pair of elements accepted with it the cells that were proposed for it */
  const struct align_places *places; /* NULL: the same org units, AOCs and periods */
};

/* Lives in the arena, borrows from the result and the sides. Never fails. */
const struct mapping *align_to_mapping(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                                       const struct align_result *result, struct align_mapping_options options);

#endif
