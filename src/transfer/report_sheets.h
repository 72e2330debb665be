/* report_sheets: what a report says, as tables for people: the one source of its CSV and HTML. Inner part of report_form.h. Pure. */
#ifndef DRAWBRIDGE_TRANSFER_REPORT_SHEETS_H
#define DRAWBRIDGE_TRANSFER_REPORT_SHEETS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/texts.h"
#include "base/vec.h"

enum { SHEET_COLUMNS_MAX = 16 };

struct sheet_column {
  const char *key, *title; /* for programs; for people, to be shown by text_in */
  bool is_number;          /* in most rows; written to the right */
};

struct sheet_row {
  struct str cells[SHEET_COLUMNS_MAX];
};

struct sheet {
  const char *key, *title;
  const char *none; /* what to say when there is no row; NULL: the sheet is left out then */
  const struct sheet_column *columns;
  size_t column_count;
  VEC(struct sheet_row) rows;
};

enum { SHEETS = 10 };

struct report_sheets {
  enum language language;
  struct str outcome; /* in words */
  bool good;          /* all that the source had went through, and it had something */
  struct sheet list[SHEETS];
};

/* Texts live in the arena. -1: ERROR_input. sheets_free also after a failure. */
int report_sheets_of(struct arena *arena, struct str json, enum language language, struct report_sheets *ret, struct error *error);
void report_sheets_free(struct report_sheets *sheets);

/* With an apostrophe before it where a spreadsheet would take it for a formula (csv_is_formula); numbers are what they are. */
struct str report_csv_harmless(struct arena *arena, struct str text);

/* The two ways to write them; false: larger than the buf may be. */
bool report_csv_write(const struct report_sheets *sheets, struct buf *buf);
bool report_html_write(const struct report_sheets *sheets, struct buf *buf);

#endif
