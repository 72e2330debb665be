#include "base/csv.h"
#include "transfer/decimal.h"
#include "transfer/report_sheets.h"

struct str report_csv_harmless(struct arena *arena, struct str text) {
  struct decimal number;
  return !csv_is_formula(text) || decimal_parse(text, &number) ? text : arena_printf(arena, "'%.*s", STR_ARG(text));
}

static size_t width_of(const struct report_sheets *sheets) {
  size_t width = 0;
  for (size_t i = 0; i < SHEETS; i++)
    if (sheets->list[i].column_count > width) width = sheets->list[i].column_count;
  return width + 1;
}

/* In English programs know the columns by name; in other languages all words are for people. */
static struct str heading(const struct report_sheets *sheets, const char *key, const char *title) {
  return sheets->language == LANGUAGE_ENGLISH ? str_of(key) : text_in(sheets->language, str_of(title));
}

static void write_sheet(const struct report_sheets *sheets, const struct sheet *sheet, size_t width, struct buf *buf) {
  struct arena *arena = arena_new();
  struct str fields[SHEET_COLUMNS_MAX + 1] = {heading(sheets, "section", N_("Section"))};
  for (size_t c = 0; c < sheet->column_count; c++) fields[c + 1] = heading(sheets, sheet->columns[c].key, sheet->columns[c].title);
  csv_add_row(buf, fields, width);
  for (size_t i = 0; i < sheet->rows.n; i++) {
    fields[0] = heading(sheets, sheet->key, sheet->title);
    for (size_t c = 0; c < sheet->column_count; c++) fields[c + 1] = report_csv_harmless(arena, sheet->rows.p[i].cells[c]);
    csv_add_row(buf, fields, width);
  }
  arena_free(arena);
}

bool report_csv_write(const struct report_sheets *sheets, struct buf *buf) {
  size_t width = width_of(sheets);
  for (size_t i = 0; i < SHEETS; i++)
    if (sheets->list[i].rows.n) write_sheet(sheets, &sheets->list[i], width, buf);
  return !buf->full;
}
