/* alignment_shown: how sure the engine was of what people saw, out of the state that alignment_state wrote for them. For alignment_decide alone.
 *
 * Life cycle: alignment_shown_new, calls, alignment_shown_free. Only the lines that are asked for are read. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_SHOWN_H
#define DRAWBRIDGE_API_ALIGNMENT_SHOWN_H

#include "api/alignment.h"

struct alignment_shown;

struct alignment_shown *alignment_shown_new(struct str state); /* borrowed until it is freed */
void alignment_shown_free(struct alignment_shown *shown);

/* 0 to 1; 0: it was not proposed. Of no counterpart: 0. */
double alignment_shown_confidence(struct alignment_shown *shown, const struct decision *what);

#endif
