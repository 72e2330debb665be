/* report_form: the report of a run in the forms that it is filed in: JSON for programs, CSV for spreadsheets, HTML to be read, printed and signed. All are made of the JSON that run_report_write makes, so that a report can be had
 * in another form at any time. Pure.
 *
 * What holds always:
 * - CSV: one table a section, each with its own header, all rows equally wide, the first column the section's name. Numbers are bare; a text that a spreadsheet would take for a formula (= + - @, a tab or a break at its start) has an apostrophe before it.
 * - HTML: one file without script, pictures or anything from elsewhere, and with a policy that forbids them; every text is escaped and isolated, so that one written from right to left does not disturb its neighbours; headings, named tables and header cells for
 *   screen readers; A4.
 * - CSV and HTML are in the reader's language, Arabic from right to left; ids, codes, periods, numbers, times and what a server said stay as they are. JSON is the same for all, and so are the names of CSV's columns in English: programs read these.
 * - The same JSON gives the same bytes. */
#ifndef DRAWBRIDGE_TRANSFER_REPORT_FORM_H
#define DRAWBRIDGE_TRANSFER_REPORT_FORM_H

#include "base/buf.h"
#include "base/error.h"
#include "base/texts.h"

enum report_form { REPORT_JSON, REPORT_CSV, REPORT_HTML };

bool report_form_of(struct str name, enum report_form *ret);      /* "json", "csv", "html" */
bool report_form_of_file(struct str path, enum report_form *ret); /* by the ending; false: another one, or none */
const char *report_form_name(enum report_form form);
const char *report_form_type(enum report_form form); /* media type */

/* -1: ERROR_input: it is no report; ERROR_too_large: for `ret`. */
int report_form_write(enum report_form form, enum language language, struct str json, struct buf *ret, struct error *error);

#endif
