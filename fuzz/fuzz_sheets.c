/* Any bytes as a workbook, and as the parts of one (split at lines of dashes: list of sheets, relations, shared texts, a sheet), packed here so that what is inside is reached: refused, or rows whose cells are texts within the limits. */
#include "base/utf8.h"
#include "mapping/sheets_read.h"
#include "packing.h"

static int on_row(void *payload, struct str sheet, const struct str *cells, size_t count, uint64_t row, struct error *error) {
  size_t *given = payload;
  (void)row;
  (void)error;
  if (!count || count > SHEETS_COLUMNS_MAX || !utf8_valid(sheet)) abort();
  for (size_t i = 0; i < count; i++) {
    if (!utf8_valid(cells[i]) || cells[i].n > SHEETS_CELL_MAX) abort();
    *given += cells[i].n;
  }
  if (*given > SHEETS_TEXTS_MAX) abort();
  return 0;
}

static void read_all(struct str bytes) {
  struct error error = {0};
  size_t given = 0;
  if (sheets_read(bytes, on_row, &given, &error) < 0 && (error.code != ERROR_input || !*error.message)) abort();
}

static void as_parts(struct str data) {
  static const char *const names[] = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"};
  struct buf package = BUF_INIT(1 << 20);
  if (packing_of(data, names, 4, &package)) read_all(buf_str(&package));
  buf_free(&package);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str text = {(const char *)data, size};
  read_all(text);
  as_parts(text);
  return 0;
}
