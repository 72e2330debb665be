/* difference: "tested" less "tested positive" is "tested negative". Where a source counts all who were tested and those of them who were positive, and the target counts negative and positive, the first is added to the
 * negative cell and the second subtracted from it.
 *
 * What holds always: a cell of all tested is put into a negative cell only where positives are there to be subtracted; otherwise it is no answer. */
#ifndef DRAWBRIDGE_ALIGN_DIFFERENCE_H
#define DRAWBRIDGE_ALIGN_DIFFERENCE_H

#include "align/cells.h"

/* The cells of one answered pair of elements. */
struct placing {
  const struct item *source, *target;
  float confidence; /* of the pair */
  struct cells cells;
};

struct subtraction {
  size_t placing, cell;
  struct cell_choice choice;
};

/* Changes answers of the placings; *ret: what is to be subtracted, in the arena, by placing and cell. `placings` are grouped by source; any order of targets. */
size_t difference_find(const struct cells_context *context, struct placing *placings, size_t count, const struct subtraction **ret);

#endif
