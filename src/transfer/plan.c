#include "transfer/plan.h"

#include "base/csv.h"
#include "base/vec.h"
#include "transfer/decimal.h"
#include "transfer/value_type.h"

enum column { DATA_SET, ELEMENT, PERIOD, UNIT, OPTION_COMBO, ATTRIBUTE, BEFORE, COMMENT, FOLLOW_UP, AFTER, ZERO_VANISHES, COLUMNS };

static const struct str names[COLUMNS] = {
    [DATA_SET] = {"data_set", 8},
    [ELEMENT] = {"data_element", 12},
    [PERIOD] = {"period", 6},
    [UNIT] = {"org_unit", 8},
    [OPTION_COMBO] = {"category_option_combo", 21},
    [ATTRIBUTE] = {"attribute_option_combo", 22},
    [BEFORE] = {"before", 6},
    [COMMENT] = {"comment", 7},
    [FOLLOW_UP] = {"follow_up", 9},
    [AFTER] = {"after", 5},
    [ZERO_VANISHES] = {"zero_vanishes", 13},
};

static bool is_zero(struct str value) {
  struct decimal number;
  return value.p && decimal_parse(value, &number) && decimal_sign(&number) == 0;
}

static bool same(const struct plan_row *row, struct str wanted, struct str current) {
  bool wants_none = !wanted.p || (row->zero_vanishes && is_zero(wanted)), has_none = !current.p || (row->zero_vanishes && is_zero(current));
  if (wants_none || has_none) return wants_none && has_none;
  return value_same(wanted, current);
}

bool row_is_at(const struct plan_row *row, struct str current) {
  return same(row, row->after, current);
}

bool row_was(const struct plan_row *row, struct str current) {
  return same(row, row->before, current);
}

struct dhis2_write row_write(const struct plan_row *row) {
  return (struct dhis2_write){.data_element = row->data_element,
                              .period = row->period,
                              .org_unit = row->org_unit,
                              .category_option_combo = row->category_option_combo,
                              .attribute_option_combo = row->attribute_option_combo,
                              .value = row->after.p ? row->after : row->current,
                              .comment = row->before_comment,
                              .follow_up = row->before_follow_up,
                              .remove = !row->after.p};
}

/* What a spreadsheet would take for a formula gets an apostrophe before it, and so does what begins with one: it can be taken away again. */
static struct str guarded(struct arena *arena, struct str text) {
  struct decimal number;
  bool guard = text.n && (text.p[0] == '\'' || (csv_is_formula(text) && !decimal_parse(text, &number)));
  return guard ? arena_printf(arena, "'%.*s", STR_ARG(text)) : text;
}

static struct str unguarded(struct str field) {
  return field.n && field.p[0] == '\'' ? str_from(field, 1) : field;
}

bool plan_write(const struct plan_row *rows, size_t n, bool header, struct buf *buf) {
  struct arena *arena = arena_new();
  if (header) csv_add_row(buf, names, COLUMNS);
  for (size_t i = 0; i < n; i++) {
    const struct plan_row *row = &rows[i];
    const struct str fields[COLUMNS] = {row->data_set,
                                        row->data_element,
                                        row->period,
                                        row->org_unit,
                                        row->category_option_combo,
                                        row->attribute_option_combo,
                                        guarded(arena, row->before),
                                        guarded(arena, row->before_comment),
                                        row->before_follow_up ? STR("true") : STR(""),
                                        guarded(arena, row->after),
                                        row->zero_vanishes ? STR("true") : STR("")};
    csv_add_row(buf, fields, COLUMNS);
  }
  arena_free(arena);
  return !buf->full;
}

struct reading {
  struct arena *arena;
  struct plan *rows;
};

static struct str text_or_none(struct arena *arena, struct str field) {
  return field.n ? arena_str(arena, field) : STR_NONE;
}

static int on_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct reading *r = payload;
  if (count != COLUMNS)
    return error_set(error, ERROR_input, "line %llu of the undo file has %zu fields in place of %d", (unsigned long long)line, count,
                     COLUMNS);
  if (str_eq(fields[DATA_SET], names[DATA_SET])) return 0;
  struct plan_row row = {.operand = UINT32_MAX};
  struct str *const texts[] = {[DATA_SET] = &row.data_set,
                               [ELEMENT] = &row.data_element,
                               [PERIOD] = &row.period,
                               [UNIT] = &row.org_unit,
                               [OPTION_COMBO] = &row.category_option_combo,
                               [ATTRIBUTE] = &row.attribute_option_combo,
                               [BEFORE] = &row.before,
                               [COMMENT] = &row.before_comment,
                               [AFTER] = &row.after,
                               [ZERO_VANISHES] = NULL};
  for (unsigned i = 0; i < COLUMNS; i++)
    if (texts[i]) *texts[i] = text_or_none(r->arena, unguarded(fields[i]));
  row.before_follow_up = str_eq(fields[FOLLOW_UP], STR("true"));
  row.zero_vanishes = str_eq(fields[ZERO_VANISHES], STR("true"));
  row.planned = !row_is_at(&row, row.before);
  row.state = row.planned ? ROW_WAITING : ROW_THERE;
  VEC_PUSH(r->rows, row);
  return 0;
}

int plan_read(struct arena *arena, struct str text, struct plan *ret, struct error *error) {
  struct reading r = {arena, ret};
  struct csv_reader *reader = csv_reader_new(4 << 20, on_row, &r);
  int result = csv_reader_feed(reader, text, error) || csv_reader_finish(reader, error) ? -1 : 0;
  csv_reader_free(reader);
  return result;
}
