/* sheets_read: reads a workbook (.xlsx, ECMA-376) row by row, whoever wrote it.
 *
 * What holds always: the bytes may be anybody's. At most SHEETS_PARTS_MAX parts; the parts that are read unpack to at most SHEETS_UNPACKED_MAX bytes together, all cells' texts to SHEETS_TEXTS_MAX, also where many cells share one; a document type
 * declaration (and so any entity of its own) is refused; a cell's text has at most SHEETS_CELL_MAX bytes, columns behind SHEETS_COLUMNS_MAX are passed over. Formulas give the value that was kept with them; nothing is
 * calculated, no other file is looked at. Blocks no thread for I/O: all of it is in memory. */
#ifndef DRAWBRIDGE_MAPPING_SHEETS_READ_H
#define DRAWBRIDGE_MAPPING_SHEETS_READ_H

#include "base/error.h"

enum {
  SHEETS_PARTS_MAX = 4096,
  SHEETS_SHEETS_MAX = 64,
  SHEETS_COLUMNS_MAX = 64,
  SHEETS_CELL_MAX = 32767 * 4,
  SHEETS_STRINGS_MAX = 4 << 20, /* of the table that cells share */
  SHEETS_UNPACKED_MAX = 512 << 20,
  SHEETS_TEXTS_MAX = 128 << 20,
};

/* A row that has cells, with its number from 1; cells up to the last that is there, texts borrowed for the call. Anything but 0 stops: the handler has filled *error. */
typedef int sheets_row(void *payload, struct str sheet, const struct str *cells, size_t count, uint64_t row, struct error *error);

/* All sheets in the order of the workbook. -1: ERROR_input, or the handler's own. */
int sheets_read(struct str bytes, sheets_row *on_row, void *payload, struct error *error);

#endif
