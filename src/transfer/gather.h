/* gather: brings the contributions to one target cell together, however many there are and in whatever order they come, in bounded memory: what does not fit is sorted and put aside in a temporary file, and merged at the end.
 *
 * What holds always: memory is at most about the given limit (GATHER_MEMORY: 24 MiB), whatever the number of values; the rest is disk, about 38 bytes and the text for each contribution, in a file without a name (in
 * $TMPDIR, else /tmp) that is gone with the process. Texts up to 1 MiB. Order out is contribution_cmp, whatever the order in.
 *
 * Life cycle: gather_new, gather_add any number of times, gather_sorted once, gather_free; gather_reset to begin again. */
#ifndef DRAWBRIDGE_TRANSFER_GATHER_H
#define DRAWBRIDGE_TRANSFER_GATHER_H

#include "transfer/translate.h"

enum { GATHER_MEMORY = 24 << 20 };

struct gather;

struct gather *gather_new(size_t memory); /* 0: GATHER_MEMORY */
void gather_free(struct gather *gather);  /* NULL is fine */
void gather_reset(struct gather *gather);

int gather_add(struct gather *gather, const struct contribution *contribution, struct str value,
               struct error *error); /* -1: ERROR_inside: disk full, … */

/* Each contribution in order; what the sink returns other than 0 ends it. Texts are good during the call. */
int gather_sorted(struct gather *gather,
                  int (*sink)(void *payload, const struct contribution *contribution, struct str value, struct error *error), void *payload,
                  struct error *error);

#endif
