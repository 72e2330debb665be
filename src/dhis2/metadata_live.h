/* metadata_live: a side as a server tells it today: the data sets asked for, and what they need, with the fields that are used and no others.
 *
 * Two kinds of calls, on all releases: the data sets with their elements, then the category combos those name (`/api/metadata` with filters needs no authority). Blocks. */
#ifndef DRAWBRIDGE_DHIS2_METADATA_LIVE_H
#define DRAWBRIDGE_DHIS2_METADATA_LIVE_H

#include "dhis2/metadata.h"
#include "dhis2/server.h"

enum { DHIS2_DATA_SETS_MAX = 100 };

/* NULL: as dhis2_get_stream; ERROR_not_found names a data set that the server does not show to this user; ERROR_input: an id that is none. What the user may not see of a data set is told in the model's warnings. */
const struct dhis2_metadata *dhis2_metadata_of_server(struct arena *arena, struct dhis2_server *server, const struct str *data_sets,
                                                      size_t count, struct error *error);

/* With places: also the org units that the data sets are assigned to, with all above them, and the calendar: what an alignment wants. Org units come in pages, those above them by their ids. ERROR_upstream_broken: a page held fewer than its pager says, or the total changed each time. */
const struct dhis2_metadata *dhis2_metadata_with_places(struct arena *arena, struct dhis2_server *server, const struct str *data_sets,
                                                        size_t count, struct error *error);

/* As dhis2_metadata_with_places, of those of the data sets that the server shows to this user; dhis2_metadata_none() where it shows none. */
const struct dhis2_metadata *dhis2_metadata_shown_by_server(struct arena *arena, struct dhis2_server *server, const struct str *data_sets,
                                                            size_t count, struct error *error);

#endif
