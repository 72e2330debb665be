/* alignment_make: a new alignment: what is asked for, reading both sides, keeping them with what the engine proposes. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_MAKE_H
#define DRAWBRIDGE_API_ALIGNMENT_MAKE_H

#include "api/alignment.h"
#include "api/api.h"
#include "api/sides.h"
#include <jansson.h>

struct alignment_choice {
  struct str server, data_set; /* ids */
};
struct alignment_order {
  struct alignment_choice sides[2]; /* source, target */
};

/* Of an object with "source" and "target"; other members are passed over. -1: ERROR_bad_request. */
int alignment_order_read(struct arena *arena, struct str json, struct alignment_order *ret, struct error *error);
int alignment_order_of(struct arena *arena, const json_t *root, struct alignment_order *ret,
                       struct error *error); /* the same of what was read */

/* Reads both sides as the session's person, and fills what there is of *ret but for its id and version. `watches`: NULL, or of both sides. -1: as sides_read. */
int alignment_make(struct api_job *job, const struct alignment_order *order, const struct dhis2_watch watches[2], const atomic_bool *cancel,
                   struct alignment *ret, struct error *error);

/* Asks the engine, and keeps it all as the person's. `watch`: NULL, or who waits for the engine. -1: nothing of it is kept. ERROR_cancelled, ERROR_too_large, those of store/store.h. */
int alignment_make_keep(struct api_job *job, const struct alignment *alignment, const struct align_watch *watch, struct error *error);

/* Removes what is kept of it; what is not there is fine. */
int alignment_remove(struct api_job *job, struct str id, struct error *error);

#endif
