/* sides: both sides of an alignment as their servers tell them now, read at the same time as the session's person. */
#ifndef DRAWBRIDGE_API_SIDES_H
#define DRAWBRIDGE_API_SIDES_H

#include "api/api.h"
#include "dhis2/metadata_live.h"

struct side_asked {
  struct str server; /* id */
  const struct str *data_sets;
  size_t count;
  struct dhis2_watch watch;
};

struct sides_asked {
  struct side_asked sides[2]; /* source, target */
  enum dhis2_extent extent;
  bool locales;              /* asks for them too */
  const atomic_bool *cancel; /* from any thread: ends both with ERROR_cancelled; NULL: nothing does */
};

struct side_found {
  const struct dhis2_metadata *metadata;
  struct str locale; /* in which the server shows this person names; empty: it does not tell, or nobody asked */
};

/* Of the target, with places, also what of the source's org units it has without its data sets being assigned to them (dhis2_metadata_with_units_of). What is found lives as long as the job's arena. Blocks. -1: as gateway_connection_server, dhis2_metadata_read. */
int sides_read(struct api_job *job, const struct sides_asked *asked, struct side_found ret[2], struct error *error);

#endif
