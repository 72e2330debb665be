/* tiling: do the age groups that are summed into a cell of the target fill its age group, without a gap and without an overlap?
 *
 * What holds always: only parts that are alike in all but age are laid side by side (a gap in the one district's form is not filled by another's). What is found is noted on every cell that takes part, and told once for
 * each cell of the target; nothing is left out because of a gap. Cells whose ages overlap are answers that want a look: somebody would be counted twice. */
#ifndef DRAWBRIDGE_ALIGN_TILING_H
#define DRAWBRIDGE_ALIGN_TILING_H

#include "align/difference.h"

enum { TILING_WARNINGS_MAX = 200 };

/* Fills `tiling` and `doubled` of the cells. Returns how many warnings, in the arena. Placings as difference_find leaves them. */
size_t tiling_check(const struct cells_context *context, const struct placing *placings, size_t count, struct str **ret_warnings);

#endif
