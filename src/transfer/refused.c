#include "transfer/refused.h"

#include "base/csv.h"
#include "transfer/report_sheets.h"

enum column { ELEMENT, OPTION_COMBO, ATTRIBUTE, PERIOD, UNIT, VALUE, FOUND, BY, CODE, MESSAGE, REMEDY, SOURCES, COLUMNS };

void refused_header(struct buf *buf) {
  static const char *const names[COLUMNS] = {"data_element",
                                             "category_option_combo",
                                             "attribute_option_combo",
                                             "period",
                                             "org_unit",
                                             "value",
                                             "found",
                                             "by",
                                             "code",
                                             "message",
                                             "remedy",
                                             "sources"};
  struct str fields[COLUMNS];
  for (unsigned i = 0; i < COLUMNS; i++) fields[i] = str_of(names[i]);
  csv_add_row(buf, fields, COLUMNS);
}

static void add_source(struct buf *buf, const struct report_cell *cell) {
  const struct str parts[] = {cell->operand.data_element, cell->operand.category_option_combo, cell->attribute, cell->period,
                              cell->org_unit};
  if (buf->n) (void)buf_add(buf, STR("; "));
  for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i].n && i) (void)buf_add_char(buf, ' ');
    (void)buf_add(buf, parts[i]);
  }
  if (cell->value.n) (void)buf_printf(buf, " = %.*s", STR_ARG(cell->value));
}

void refused_add(struct buf *buf, const struct report_words *words, const struct report_cell *cell, struct str found,
                 const struct report_cell *sources, size_t source_count) {
  enum { SOURCES_MAX = 1 << 20 };
  struct arena *arena = arena_new_small();
  struct buf from = BUF_INIT(SOURCES_MAX);
  for (size_t i = 0; i < source_count; i++) add_source(&from, &sources[i]);
  const struct str fields[COLUMNS] = {[ELEMENT] = cell->operand.data_element,
                                      [OPTION_COMBO] = cell->operand.category_option_combo,
                                      [ATTRIBUTE] = cell->attribute,
                                      [PERIOD] = cell->period,
                                      [UNIT] = cell->org_unit,
                                      [VALUE] = report_csv_harmless(arena, cell->value),
                                      [FOUND] = report_csv_harmless(arena, found),
                                      [BY] = words->by_target ? STR("target") : STR("drawbridge"),
                                      [CODE] = report_csv_harmless(arena, words->code),
                                      [MESSAGE] = report_csv_harmless(arena, words->message),
                                      [REMEDY] = report_csv_harmless(arena, words->remedy),
                                      [SOURCES] = report_csv_harmless(arena, buf_str(&from))};
  csv_add_row(buf, fields, COLUMNS);
  buf_free(&from);
  arena_free(arena);
}
