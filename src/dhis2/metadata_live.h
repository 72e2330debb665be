/* metadata_live: a side as a server tells it today: the data sets asked for, and what they need, with the fields that are used and no others.
 *
 * Two kinds of calls, on all releases: the data sets with their elements, then the category combos those name (`/api/metadata` with filters needs no authority). Org units come in pages, those above them by their ids. Blocks. */
#ifndef DRAWBRIDGE_DHIS2_METADATA_LIVE_H
#define DRAWBRIDGE_DHIS2_METADATA_LIVE_H

#include "dhis2/metadata.h"
#include "dhis2/server.h"

enum { DHIS2_DATA_SETS_MAX = 100 };

/* How much of a side is asked for. */
enum dhis2_extent {
  DHIS2_EXTENT_CELLS,  /* the data sets, their elements and combos */
  DHIS2_EXTENT_PLACES, /* also the org units that they are assigned to, with all above them, and the calendar: what an alignment wants */
  DHIS2_EXTENT_SHOWN, /* the same of those of the data sets that the server shows to this user; dhis2_metadata_none() where it shows none */
};

/* What is told of a reading while it goes on; both only ever rise. */
struct dhis2_read_so_far {
  uint64_t data_elements, org_units;
};

/* Who watches a reading. `told` is called now and then, on the thread that reads; what it returns other than 0 ends the reading with its error. */
struct dhis2_watch {
  int (*told)(void *payload, struct dhis2_read_so_far so_far, struct error *error); /* NULL: nobody */
  void *payload;
};

struct dhis2_reading {
  struct arena *arena; /* its own: two that are read at once share none */
  struct dhis2_server *server;
  const struct str *data_sets;
  size_t count;
  enum dhis2_extent extent;
  struct dhis2_watch watch;
};

/* Can these be asked for: 1 to DHIS2_DATA_SETS_MAX ids? ERROR_input. */
int dhis2_data_sets_check(const struct str *data_sets, size_t count, struct error *error);

/* NULL: as dhis2_get_stream; ERROR_not_found names a data set that the server does not show to this user; ERROR_input: an id that is none; ERROR_upstream_broken: a page of org units held fewer than its pager says, or the total changed each time. What the
 * user may not see of a data set is told in the model's warnings. */
const struct dhis2_metadata *dhis2_metadata_read(const struct dhis2_reading *reading, struct error *error);

/* The side that values of `from` go to, with those org units of `from` that its server has under the same id or code without the data sets being assigned to them: so it can be told that nothing can be sent there. What is read is `metadata`, what
 * `reading` gave; it is given back as it is where there are none, and where it is too large to be put together again. Where none of the first hundreds is known by its id (code), the server is not asked about the others. NULL: as dhis2_metadata_read. */
const struct dhis2_metadata *dhis2_metadata_with_units_of(const struct dhis2_reading *reading, const struct dhis2_metadata *metadata,
                                                          const struct dhis2_metadata *from, struct error *error);

/* Two sides at the same time, since they are two servers: takes as long as the slower one. -1: as dhis2_metadata_read, by the one that failed first; the other is broken off. *ret_failed (may be NULL) is which. */
int dhis2_metadata_read_both(const struct dhis2_reading readings[2], const struct dhis2_metadata *ret[2], int *ret_failed,
                             struct error *error);

#endif
