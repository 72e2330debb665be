/* division: into which cells of the target a cell of the source would have to be divided.
 *
 * What holds always: nothing where one cell of the target takes all of it by what the target divides by, an age group that holds it included; else two cells at least that take a part: they tell what the source leaves open, or
 * their ages lie in its age group or across an end of it. A cell that counts all of them is told beside, and is none of them. */
#ifndef DRAWBRIDGE_ALIGN_DIVISION_H
#define DRAWBRIDGE_ALIGN_DIVISION_H

#include "align/cells.h"

struct dividing {
  const struct cells_context *context;
  const struct item *source, *target;
  const struct option_combo_view *const *views; /* of the target's cells */
  size_t count;
  uint32_t kinds; /* what the target divides by: bits as in struct combo_view */
};

/* `told`: what the cell tells, with what its element's name tells. NULL: it need not be divided. In the context's arena. */
const struct align_division *division_of(const struct dividing *dividing, const struct option_combo_view *from, const struct facets *told);

#endif
