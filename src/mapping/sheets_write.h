/* sheets_write: writes a workbook (.xlsx, ECMA-376) row by row into a buf: no file, also no temporary one, so that it works where a process may write none; memory is that of the packed result.
 *
 * What holds always: each sheet has a bold header that stays in sight, a filter, and text cells that stay text when a person edits them; a column with choices is a drop-down list. The same calls give the same bytes.
 *
 * Life cycle: sheets_writer_new with all sheets, then for each in order sheets_writer_begin and its rows, then sheets_writer_finish, which frees it. After a failure only finish. */
#ifndef DRAWBRIDGE_MAPPING_SHEETS_WRITE_H
#define DRAWBRIDGE_MAPPING_SHEETS_WRITE_H

#include "base/buf.h"
#include "base/error.h"

enum { SHEETS_TEXT_MAX = 32767 /* UTF-16 units of a cell */, SHEETS_ROWS_MAX = 1048576 /* with the header */ };

struct sheets_column {
  const char *header;
  unsigned width;      /* in characters */
  bool number;         /* else text */
  const char *choices; /* "a,b,c"; NULL: anything */
};

struct sheets_sheet {
  const char *name;
  const struct sheets_column *columns;
  size_t column_count; /* up to 26 */
};

struct sheets_writer;

struct sheets_writer *sheets_writer_new(struct buf *out, const struct sheets_sheet *sheets, size_t count);
int sheets_writer_begin(struct sheets_writer *writer, struct error *error); /* the next sheet, with its header */
/* A cell for each column. -1: ERROR_too_large: a text or the sheet is longer than a workbook holds. */
int sheets_writer_row(struct sheets_writer *writer, const struct str *cells, struct error *error);
int sheets_writer_finish(struct sheets_writer *writer, struct error *error); /* -1: ERROR_too_large, out->max */

#endif
