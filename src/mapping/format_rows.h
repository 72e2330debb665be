/* format_rows: a mapping as rows of cells, one for each term: what the CSV list and the workbook share.
 *
 * What holds always: a row of data elements or of periods, and one that is a candidate, decides nothing and is counted. A pair of org units or attribute option combos has its ids in the columns of data elements. Texts are guarded at writing and unguarded at reading (format_parts.h), the sign is + or -. */
#ifndef DRAWBRIDGE_MAPPING_FORMAT_ROWS_H
#define DRAWBRIDGE_MAPPING_FORMAT_ROWS_H

#include "mapping/format_parts.h"

enum row_column {
  ROW_KIND, /* operand (also where it is left out), data_element, org_unit, attribute_option_combo, period */
  ROW_SOURCE,
  ROW_SOURCE_COMBO,
  ROW_TARGET,
  ROW_TARGET_COMBO,
  ROW_SIGN,
  ROW_RANK,
  ROW_CONFIDENCE,
  ROW_DECISION,
  ROW_VALUE_TYPE,
  ROW_BY,
  ROW_AT,
  ROW_NOTE,
  ROW_BLOCKED,
  ROW_COLUMNS,
};

extern const char *const row_column_names[ROW_COLUMNS];

struct rows_reading {
  struct format_job *job;
  struct rule_list *list;
  struct pair_list attributes, units; /* whoever reads takes them, with pair_list_done */
  size_t columns[ROW_COLUMNS], elements, candidates, periods;
  bool header_seen;
};

struct rows_reading *rows_reading_new(struct format_job *job); /* in the job's arena */

/* The first row is the header. `line`: for messages. A row without any text is passed over. Fields are borrowed for the call. */
int rows_reading_row(struct rows_reading *reading, const struct str *fields, size_t count, uint64_t line, struct error *error);
void rows_reading_done(struct rows_reading *reading, struct mapping *ret); /* its rules; tells what was passed over */

/* The cells of a pair; `kind` as in ROW_KIND. They live in `arena`. */
void row_of_pair(struct arena *arena, const char *kind, const struct mapping_pair *pair, struct str ret[ROW_COLUMNS]);

/* The cells of a term (NULL: of a rule without terms). They live in `arena`. */
void row_of_term(struct arena *arena, const struct mapping_rule *rule, const struct mapping_term *term, struct str ret[ROW_COLUMNS]);

#endif
