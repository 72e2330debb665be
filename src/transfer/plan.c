#include "transfer/plan.h"

#include "base/csv.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "transfer/decimal.h"

enum { SHOWN_MAX = 100 };

enum column {
  DATA_SET,
  ELEMENT,
  PERIOD,
  UNIT,
  OPTION_COMBO,
  ATTRIBUTE,
  BEFORE,
  COMMENT,
  FOLLOW_UP,
  AFTER,
  ZERO_VANISHES,
  COLUMNS_WITHOUT_NOTES,
  COMMENT_AFTER = COLUMNS_WITHOUT_NOTES,
  FOLLOW_UP_AFTER,
  COLUMNS_WITHOUT_KIND,
  KIND = COLUMNS_WITHOUT_KIND,
  COLUMNS_WITHOUT_PARTIAL,
  PARTIAL = COLUMNS_WITHOUT_PARTIAL,
  COLUMNS
};

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
    [COMMENT_AFTER] = {"comment_after", 13},
    [FOLLOW_UP_AFTER] = {"follow_up_after", 15},
    [KIND] = {"kind", 4},
    [PARTIAL] = {"partial", 7},
};

static bool is_zero(struct str value) {
  struct decimal number;
  bool is_more = value.n && value.p[0] >= '1' && value.p[0] <= '9'; /* most of them, and without reading them to their end */
  return value.p && !is_more && decimal_parse(value, &number) && decimal_sign(&number) == 0;
}

static bool is_none(const struct plan_row *row, struct str value) {
  return !value.p || (row->zero_vanishes && is_zero(value));
}

static bool same(const struct plan_row *row, struct str wanted, struct str current) {
  bool wants_none = is_none(row, wanted), has_none = is_none(row, current);
  if (wants_none || has_none) return wants_none && has_none;
  return value_same(row->kind, wanted, current);
}

/* Some servers take the blanks around a comment away. */
static bool same_note(const struct plan_row *row, struct str comment, bool follow_up) {
  return str_eq(str_trim(comment), str_trim(row->current_comment)) && follow_up == row->current_follow_up;
}

bool row_is_at(const struct plan_row *row) {
  bool looks = row->carries && !is_none(row, row->after);
  return same(row, row->after, row->current) && (!looks || same_note(row, row->after_comment, row->after_follow_up));
}

bool row_leaves_none(const struct plan_row *row) {
  return is_none(row, row->after);
}

bool row_was(const struct plan_row *row) {
  bool looks = (row->carries || !row->after.p) && !is_none(row, row->before);
  return same(row, row->before, row->current) && (!looks || same_note(row, row->before_comment, row->before_follow_up));
}

void row_carry(struct plan_row *row, struct str comment, bool follow_up) {
  row->carries = true;
  row->after_comment = comment.n ? comment : row->before_comment;
  row->after_follow_up = follow_up || row->before_follow_up;
}

bool row_changes_notes(const struct plan_row *row) {
  bool same_comment = str_eq(str_trim(row->after_comment), str_trim(row->before_comment));
  return row->carries && !is_none(row, row->after) && (!same_comment || row->after_follow_up != row->before_follow_up);
}

void row_suppose(struct plan_row *row) {
  row->current = row->after;
  if (!row->carries) return;
  row->current_comment = row->after_comment;
  row->current_follow_up = row->after_follow_up;
}

struct str row_shown(struct arena *arena, struct str value, struct str comment, bool follow_up) {
  struct str words =
      comment.n ? arena_printf(arena, ", \"%.*s\"", STR_ARG(str_slice(comment, 0, utf8_boundary(comment, SHOWN_MAX)))) : STR("");
  return arena_printf(arena, "%.*s%.*s%s", STR_ARG(value), STR_ARG(words), follow_up ? ", marked" : "");
}

void row_turn_round(struct plan_row *row) {
  struct plan_row was = *row;
  row->before = was.after;
  row->after = was.before;
  if (!row->carries) return;
  row->before_comment = was.after_comment;
  row->after_comment = was.before_comment;
  row->before_follow_up = was.after_follow_up;
  row->after_follow_up = was.before_follow_up;
}

bool row_loses_note(const struct plan_row *row) {
  struct str comment = row->carries ? row->after_comment : row->before_comment;
  return !row->after.p && (comment.n || (row->carries ? row->after_follow_up : row->before_follow_up));
}

/* Of a cell that is not there (any more), the comment that it had. */
static void note_of(const struct plan_row *row, struct dhis2_write *write) {
  bool there = row->current.p || row->current_comment.p || row->current_follow_up;
  write->comment = row->carries ? row->after_comment : there ? row->current_comment : row->before_comment;
  write->follow_up = row->carries ? row->after_follow_up : there ? row->current_follow_up : row->before_follow_up;
}

struct dhis2_write row_write(const struct plan_row *row) {
  struct dhis2_write write = {.data_element = row->data_element,
                              .period = row->period,
                              .org_unit = row->org_unit,
                              .category_option_combo = row->category_option_combo,
                              .attribute_option_combo = row->attribute_option_combo,
                              .value = row->after.p ? row->after : row->current,
                              .remove = !row->after.p};
  note_of(row, &write);
  return write;
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
                                        row->zero_vanishes ? STR("true") : STR(""),
                                        guarded(arena, row->after_comment),
                                        !row->carries          ? STR("")
                                        : row->after_follow_up ? STR("true")
                                                               : STR("false"),
                                        value_kind_name(row->kind),
                                        row->partial ? STR("true") : STR("")};
    csv_add_row(buf, fields, COLUMNS);
  }
  arena_free(arena);
  return !buf->full;
}

struct reading {
  struct arena *arena;
  struct plan *rows;
};

/* As if the server had been looked at when the row was planned. */
static void row_see_before(struct plan_row *row) {
  row->current = row->before;
  row->current_comment = row->before_comment;
  row->current_follow_up = row->before_follow_up;
}

static struct str text_or_none(struct arena *arena, struct str field) {
  return field.n ? arena_str(arena, field) : STR_NONE;
}

static int on_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct reading *r = payload;
  if (count != COLUMNS && count != COLUMNS_WITHOUT_PARTIAL && count != COLUMNS_WITHOUT_KIND && count != COLUMNS_WITHOUT_NOTES)
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
                               [COMMENT_AFTER] = &row.after_comment,
                               [PARTIAL] = NULL};
  for (unsigned i = 0; i < count; i++)
    if (texts[i]) *texts[i] = text_or_none(r->arena, unguarded(fields[i]));
  row.before_follow_up = str_eq(fields[FOLLOW_UP], STR("true"));
  row.zero_vanishes = str_eq(fields[ZERO_VANISHES], STR("true"));
  row.carries = count > COLUMNS_WITHOUT_NOTES && fields[FOLLOW_UP_AFTER].n;
  row.after_follow_up = row.carries && str_eq(fields[FOLLOW_UP_AFTER], STR("true"));
  row.partial = count > COLUMNS_WITHOUT_PARTIAL && str_eq(fields[PARTIAL], STR("true"));
  if (count > COLUMNS_WITHOUT_KIND && !value_kind_named(fields[KIND], &row.kind))
    return error_set(error, ERROR_input, "line %llu of the undo file: there is no kind '%.*s'", (unsigned long long)line,
                     STR_ARG(str_slice(fields[KIND], 0, 40)));
  row_see_before(&row);
  row.planned = !row_is_at(&row);
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
