/* Data values as CSV: columns by their place on the old engine, by their names in the first row on the new one. */
#include "sim/values_import.h"

enum { COLUMNS_MAX = 32 };

static const char *const columns[] = {
    "dataelement", "period",   "orgunit", "categoryoptioncombo", "attributeoptioncombo", "value", "storedby", "lastupdated",
    "comment",     "followup", "deleted"};

struct cells {
  struct str p[COLUMNS_MAX];
  size_t n;
};

/* A quoted field; the new engine takes it to end at the first quote whatever follows, so that doubled quotes cut it. */
static struct str quoted(struct arena *arena, struct str *rest, bool new_engine) {
  char *out = arena_alloc(arena, rest->n + 1);
  size_t n = 0, at = 1;
  for (bool open = true; open && at < rest->n; at++) {
    bool doubled = at + 1 < rest->n && rest->p[at] == '"' && rest->p[at + 1] == '"';
    if (rest->p[at] != '"')
      out[n++] = rest->p[at];
    else if (doubled && !new_engine)
      out[n++] = rest->p[at++];
    else
      open = false;
  }
  *rest = str_from(*rest, at);
  return (struct str){out, n};
}

static void read_line(struct arena *arena, struct str *rest, bool new_engine, struct cells *cells) {
  cells->n = 0;
  for (bool more = true; more;) {
    struct str field = STR("");
    size_t end = 0;
    if (rest->n && rest->p[0] == '"') field = quoted(arena, rest, new_engine);
    while (end < rest->n && rest->p[end] != ',' && rest->p[end] != '\n') end++;
    if (!field.n) field = str_trim(str_slice(*rest, 0, end));
    if (cells->n < COLUMNS_MAX) cells->p[cells->n++] = field;
    more = end < rest->n && rest->p[end] == ',';
    *rest = str_from(*rest, end + 1);
  }
}

static struct str given(struct str cell) {
  return cell.n ? cell : STR_NONE;
}

static enum flag flag_of(struct str cell) {
  if (str_eq_nocase(cell, STR("true"))) return FLAG_YES;
  return str_eq_nocase(cell, STR("false")) ? FLAG_NO : FLAG_NONE;
}

static void set(struct row *row, size_t column, struct str cell) {
  struct str *const fields[] = {&row->element, &row->period,    &row->unit, &row->coc,    &row->aoc,
                                &row->value,   &row->stored_by, NULL,       &row->comment};
  if (column < sizeof fields / sizeof *fields) {
    if (fields[column]) *fields[column] = given(cell);
  } else if (column == 9) {
    row->followup = flag_of(cell);
  } else {
    row->deleted = flag_of(cell);
  }
}

static void free_json(void *json) {
  json_decref(json);
}

/* What is no column is a category to the new engine, and its cell an option. */
static void set_option(struct import *im, struct row *row, struct str category, struct str option) {
  if (!row->options) {
    row->options = json_object();
    arena_on_free(im->arena, free_json, row->options);
  }
  json_object_setn_new(row->options, category.p, category.n, json_stringn(option.p, option.n));
}

static size_t column_of(struct str name) {
  size_t i = 0;
  while (i < sizeof columns / sizeof *columns && !str_eq_nocase(name, str_of(columns[i]))) i++;
  return i;
}

bool values_parse_csv(struct import *im, struct str body) {
  struct cells header = {.n = 0}, cells;
  struct values_group *group = import_group(im);
  if (im->new_engine && !im->header_row) return import_throw(im, 500, NULL, STR("CSV without header row is no longer supported."));
  if (im->header_row) read_line(im->arena, &body, im->new_engine, &header);
  while (body.n) {
    struct row row = {.element = STR_NONE};
    read_line(im->arena, &body, im->new_engine, &cells);
    if (cells.n == 1 && !cells.p[0].n) continue;
    for (size_t i = 0; i < cells.n; i++) {
      size_t column = !im->new_engine ? i : i < header.n ? column_of(header.p[i]) : SIZE_MAX;
      if (column < sizeof columns / sizeof *columns)
        set(&row, column, cells.p[i]);
      else if (im->new_engine && i < header.n)
        set_option(im, &row, header.p[i], cells.p[i]);
    }
    VEC_PUSH(&group->rows, row);
  }
  return true;
}
