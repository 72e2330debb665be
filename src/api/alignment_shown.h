/* alignment_shown: what the engine proposed to people, and how sure it was, out of the state that alignment_state wrote for them. For alignment_decide alone.
 *
 * Life cycle: alignment_shown_new, calls, alignment_shown_free. Only the lines that are asked for are read. */
#ifndef DRAWBRIDGE_API_ALIGNMENT_SHOWN_H
#define DRAWBRIDGE_API_ALIGNMENT_SHOWN_H

#include "api/alignment.h"

struct alignment_shown;

struct alignment_shown *alignment_shown_new(struct str state); /* borrowed until it is freed */
void alignment_shown_free(struct alignment_shown *shown);

/* What was proposed for an element that was open: ids with blanks between, in the arena, and how sure the engine was of the least sure one. Empty: nothing, too much (ALIGNMENT_PROPOSED_MAX), or it was decided. */
struct str alignment_shown_proposal(struct alignment_shown *shown, struct str element, struct arena *arena, double *ret_confidence);

/* 0 to 1; 0: it was not proposed. Of no counterpart: 0. */
double alignment_shown_confidence(struct alignment_shown *shown, const struct decision *what);

#endif
