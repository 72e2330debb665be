/* data_entry_server: asks a server what data_entry.h judges by. Blocks; nothing is written.
 *
 * What every signed-in user may ask on all releases: who he is, the data sets with their units and dates, the options of their combos, lock exceptions, org units, approvals (`/api/dataApprovals/multiple`, many units at once), limits
 * (`/api/minMaxDataElements`). Where the server refuses or fails at lock exceptions or approvals, that is noted and the rest goes on. What may pass is asked for three times; so is an answer that lacks a data set or a category combo that the server showed to this user before, and
 * it is ERROR_upstream_broken where it stays so: what is not told would open a gate. */
#ifndef DRAWBRIDGE_DHIS2_DATA_ENTRY_SERVER_H
#define DRAWBRIDGE_DHIS2_DATA_ENTRY_SERVER_H

#include "dhis2/data_entry.h"
#include "dhis2/metadata.h"
#include <stdatomic.h>

/* What is the same for a whole run; `metadata`: of these data sets. NULL: as dhis2_get. */
const struct dhis2_entry *dhis2_entry_of_server(struct arena *arena, struct dhis2_server *server, const struct dhis2_metadata *metadata,
                                                const atomic_bool *cancel, struct error *error);

/* Org units that were asked about, kept for as long as the arena: each is asked about once, in whatever period it comes up. What changes of one meanwhile is told by the server when it is sent something. */
struct dhis2_entry_units;
struct dhis2_entry_units *dhis2_entry_units_new(struct arena *arena);
struct str dhis2_entry_units_name(const struct dhis2_entry_units *units, struct str id); /* empty: it was not asked about */

/* What is to be known of units and one period. Each list without repeats. */
struct dhis2_entry_question {
  struct dhis2_entry_units *known; /* outlives the answer */
  struct str period;
  const struct str *units, *attributes; /* attribute option combos */
  size_t unit_count, attribute_count;
  bool limits;
};
const struct dhis2_entry_place *dhis2_entry_place_of_server(struct arena *arena, struct dhis2_server *server,
                                                            const struct dhis2_entry *entry, const struct dhis2_entry_question *question,
                                                            const atomic_bool *cancel, struct error *error);

#endif
