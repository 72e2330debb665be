/* data_values_write: POST /api/dataValueSets, for both engines, and how many values at once a server stands.
 *
 * What holds always: one data set per POST, named in it; every value as a text, with both option combos spelled out; no cell twice (a cell in two spellings loses the whole POST on 2.43 with 200 SUCCESS). To 2.42 the strict
 * checks are asked for, so that nothing is stored where no form shows it. A POST that fails without a summary may have been carried out all the same: read back before it is sent again. */
#ifndef DRAWBRIDGE_DHIS2_DATA_VALUES_WRITE_H
#define DRAWBRIDGE_DHIS2_DATA_VALUES_WRITE_H

#include "dhis2/import_summary.h"

enum { DHIS2_WRITE_MAX = 10000 /* values of one POST */, DHIS2_BODY_MAX = 256 << 20 };

struct dhis2_post {
  struct str data_set;
  const struct dhis2_write *values;
  size_t count;
  struct str body; /* what dhis2_values_write wrote of them, which are not looked at then; empty: is written */
  bool dry_run;    /* nothing is stored */
  const atomic_bool *cancel;
  int (*before)(void *payload, struct error *error); /* right before it is sent; other than 0: it is not, and *error says why. NULL: none */
  void *payload;
};

/* 0: the server said what it did: *ret. -1: not known whether it did: ERROR_server_unreachable, upstream_broken, upstream_timeout, empty_answer, upstream_error (error.upstream_status 5xx, 429); it did not: ERROR_too_large (413),
 * reauth_required, forbidden, upstream_error (400, 415, …); ERROR_inside: what is above does not hold; ERROR_cancelled (of a job that was waited for); `before`'s own. */
int dhis2_values_post(struct dhis2_server *server, const struct dhis2_post *post, struct arena *arena, struct dhis2_import *ret,
                      struct error *error);

/* The body of that POST, ahead of its turn. Asks the server for its version only where nobody did before. -1: ERROR_inside, too_large, or as dhis2_server_version. */
int dhis2_values_write(struct dhis2_server *server, const struct dhis2_post *post, struct buf *body, struct error *error);

/* How many values to put into one POST: grows while POSTs are quick, shrinks when they get slow or are too large. From 2.43 on time grows with the square of the POST, and 1,000 is the most. */
struct dhis2_batch {
  size_t size, most;
};

struct dhis2_batch dhis2_batch_start(struct dhis2_version version);
void dhis2_batch_learn(struct dhis2_batch *batch, size_t sent, int64_t took_ms);
bool dhis2_batch_too_large(struct dhis2_batch *batch, size_t sent); /* false: it cannot get smaller */

#endif
