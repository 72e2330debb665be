/* ruling: a person's decisions, as indexes into the two sides. */
#ifndef DRAWBRIDGE_ALIGN_RULING_H
#define DRAWBRIDGE_ALIGN_RULING_H

#include "align/assign.h"
#include "base/map.h"
#include "mapping/decisions.h"

/* What was decided about one source cell; in the order given. */
struct cell_ruling {
  struct cell_term {
    const struct dhis2_data_element *target;
    const struct dhis2_option_combo *coc;
    char sign;
    bool accepted; /* else rejected */
    const struct cell_term *next;
  } * terms;
  bool none;
};

struct rulings {
  struct ruling *elements; /* one per source element */
  struct map cells;        /* "element COC" to struct cell_ruling */
  struct map
      lessons; /* "source COC target COC" of accepted additions: what a person said once counts for every pair of elements that has both */
  struct str *warnings;
  size_t warning_count;
};

/* Decisions that name what a side does not hold are left out, with a warning; where two contradict each other, one of them. */
struct rulings rulings_of(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                          const struct decision *decisions, size_t count);
void rulings_free(struct rulings *rulings);
bool rulings_taught(const struct rulings *rulings, const struct dhis2_option_combo *source, const struct dhis2_option_combo *target);
const struct cell_ruling *rulings_cell(const struct rulings *rulings, const struct dhis2_data_element *element,
                                       const struct dhis2_option_combo *coc); /* NULL: nothing decided */

#endif
