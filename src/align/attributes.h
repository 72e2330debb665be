/* attributes: which attribute option combo (AOC) of the target's data sets each of the source's is.
 *
 * What holds always: equal ids, then codes, then equal options (by id or code) come first, then what the options say, understood as cells are. Default is default by role. Where one side has attribute options and the other has none, that is a
 * choice: given up, all of them in the default, at most `proposed`; made up, a default that would need an option, never answered, the options as candidates. */
#ifndef DRAWBRIDGE_ALIGN_ATTRIBUTES_H
#define DRAWBRIDGE_ALIGN_ATTRIBUTES_H

#include "align/places.h"

/* Rows in the arena; `warnings` as many as decisions at most. */
struct attribute_warnings {
  struct str *p;
  size_t n;
};
void attributes_align(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                      const struct align_options *options, const struct decision *decisions, size_t decision_count, struct align_pairs *ret,
                      struct attribute_warnings *warnings);

#endif
