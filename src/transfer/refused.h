/* refused: the list of all values of a run that were refused or differ, as CSV for people and spreadsheets (RFC 4180): a row for each, of which a report lists the first only.
 *
 * Columns: data_element, category_option_combo, attribute_option_combo, period, org_unit, value (the cell of the target), found (what stands there, of one that differs), by (drawbridge or target), code, message, remedy, sources (the first 100 source cells, each as
 * element, option combos, period, org unit and value, with "; " between). A text that a spreadsheet would take for a formula has an apostrophe before it. */
#ifndef DRAWBRIDGE_TRANSFER_REFUSED_H
#define DRAWBRIDGE_TRANSFER_REFUSED_H

#include "transfer/report.h"

void refused_header(struct buf *buf);
void refused_add(struct buf *buf, const struct report_words *words, const struct report_cell *cell, struct str found,
                 const struct report_cell *sources, size_t source_count); /* whether it fitted: buf->full */

#endif
