/* decisions: what a person has decided about an alignment, as a CSV list (`drawbridge align --fix`, and what the page keeps).
 *
 * Columns, in any order, with a header: kind, source_data_element, source_category_option_combo, target_data_element, target_category_option_combo, sign, decision. Further columns (rank,
 * confidence) are passed over, so that the output of `align` can be edited and given back; its rows whose decision is `auto`, `proposed` or `candidate` decide nothing and are passed over too.
 *
 * Of the kinds org_unit and attribute_option_combo the ids stand in the columns of data elements.
 *
 * What holds always: option combos are set for operands and empty for all else; the target is set unless the decision is `none`. */
#ifndef DRAWBRIDGE_MAPPING_DECISIONS_H
#define DRAWBRIDGE_MAPPING_DECISIONS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum { DECISIONS_MAX = 1 << 20 };

enum decision_verdict { DECISION_ACCEPTED, DECISION_REJECTED, DECISION_NONE };

enum decision_of { DECISION_OF_CELLS, DECISION_OF_ORG_UNIT, DECISION_OF_ATTRIBUTE };

struct decision {
  bool operand; /* of cells: else of a data element */
  struct str source_data_element, source_category_option_combo, target_data_element, target_category_option_combo;
  char sign; /* '+' or '-' */
  enum decision_verdict verdict;
  enum decision_of of;
};

/* -1: ERROR_input with the line. */
int decisions_read(struct arena *arena, struct str csv, const struct decision **ret, size_t *ret_count, struct error *error);
int decisions_of_file(struct arena *arena, const char *path, const struct decision **ret, size_t *ret_count,
                      struct error *error);                                            /* "-": standard input */
bool decisions_write(const struct decision *decisions, size_t count, struct buf *buf); /* false: larger than buf->max */

#endif
