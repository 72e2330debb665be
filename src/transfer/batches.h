/* batches: the last of what went to a target at once, each with what became of it there, numbered from 1 on in the order in which they went.
 *
 * What holds always: as many as BATCHES_KEPT are kept, whatever there were; all are counted. A zero `struct batches` has none.
 *
 * Life cycle: calls, batches_free. */
#ifndef DRAWBRIDGE_TRANSFER_BATCHES_H
#define DRAWBRIDGE_TRANSFER_BATCHES_H

#include "base/buf.h"
#include "base/json_doc.h"
#include "base/json_out.h"

enum { BATCHES_KEPT = 20 };

struct batch {
  struct str period, org_unit, name; /* org unit: that of its first cell, with its name where that is known */
  uint64_t org_units, values;
  uint64_t created, updated, removed, ignored; /* ignored: refused by the target */
  int64_t at_ms;                               /* when all of it was answered */
};

struct batches {
  uint64_t count;
  struct batch last[BATCHES_KEPT]; /* number n is at (n - 1) % BATCHES_KEPT; its texts are in `texts` there */
  struct buf texts[BATCHES_KEPT];
};

void batches_free(struct batches *batches);
void batches_put(struct batches *batches, const struct batch *batch);  /* copied */
void batches_add(struct batches *batches, const struct batches *more); /* numbered on */
void batches_write_both(const struct batches *first, const struct batches *then,
                        struct json_out *out);                           /* as after batches_add; `then` NULL: none */
void batches_write(const struct batches *batches, struct json_out *out); /* the array */
void batches_read(struct batches *batches, const json_t *list);          /* adds what batches_write wrote, numbered on */

#endif
