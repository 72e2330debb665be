/* rows: the answer of the engine as the rows of align.h: sorted, ranked, with confidence and reasons. */
#ifndef DRAWBRIDGE_ALIGN_ROWS_H
#define DRAWBRIDGE_ALIGN_ROWS_H

#include "align/align.h"
#include "align/assign.h"
#include "align/difference.h"
#include "align/explain.h"
#include "align/likeness.h"
#include "align/ruling.h"

struct rows_input {
  struct arena *arena; /* of the result */
  const struct items *source, *target;
  const struct assignment *assignment;
  const struct rulings *rulings;
  const struct placing *placings;
  const size_t *placing_starts; /* one more than source items */
  const struct subtraction *subtractions;
  size_t subtraction_count;
  const struct str *warnings; /* besides those of the rulings */
  size_t warning_count;
  unsigned candidates;
};

const struct align_result *rows_write(const struct rows_input *input);

#endif
