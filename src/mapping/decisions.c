#include "mapping/decisions.h"

#include "base/csv.h"
#include "base/file.h"
#include "base/vec.h"

enum { CSV_BYTES_MAX = 256 << 20 };

enum column { KIND, SOURCE_ELEMENT, SOURCE_COMBO, TARGET_ELEMENT, TARGET_COMBO, SIGN, DECISION, COLUMNS };

static const struct str names[COLUMNS] = {{"kind", 4},
                                          {"source_data_element", 19},
                                          {"source_category_option_combo", 28},
                                          {"target_data_element", 19},
                                          {"target_category_option_combo", 28},
                                          {"sign", 4},
                                          {"decision", 8}};

struct reading {
  struct arena *arena;
  size_t columns[COLUMNS];
  bool header_seen;
  VEC(struct decision) list;
};

static int read_header(struct reading *r, const struct str *fields, size_t count, struct error *error) {
  csv_columns(fields, count, names, COLUMNS, r->columns);
  for (int i = 0; i < COLUMNS; i++)
    if (r->columns[i] == SIZE_MAX && i != SIGN)
      return error_set(error, ERROR_input, "line 1: the column %.*s is missing", STR_ARG(names[i]));
  r->header_seen = true;
  return 0;
}

static struct str field(const struct reading *r, const struct str *fields, size_t count, enum column column) {
  size_t at = r->columns[column];
  return at < count ? str_trim(fields[at]) : STR("");
}

static bool verdict_of(struct str text, enum decision_verdict *ret) {
  if (str_eq(text, STR("accepted")))
    *ret = DECISION_ACCEPTED;
  else if (str_eq(text, STR("rejected")))
    *ret = DECISION_REJECTED;
  else if (str_eq(text, STR("none")))
    *ret = DECISION_NONE;
  else
    return false;
  return true;
}

static bool undecided(struct str text) {
  return str_eq(text, STR("auto")) || str_eq(text, STR("proposed")) || str_eq(text, STR("candidate")) || text.n == 0;
}

static int check(const struct decision *d, unsigned long long line, struct error *error) {
  bool pair = d->verdict != DECISION_NONE;
  if (!d->source_data_element.n) return error_set(error, ERROR_input, "line %llu: source_data_element is empty", line);
  if (d->operand != (d->source_category_option_combo.n > 0))
    return error_set(error, ERROR_input, "line %llu: an operand has a source_category_option_combo, a data_element has none", line);
  if (pair && !d->target_data_element.n)
    return error_set(error, ERROR_input, "line %llu: target_data_element is empty; only the decision none may lack it", line);
  if (pair && d->operand != (d->target_category_option_combo.n > 0))
    return error_set(error, ERROR_input, "line %llu: an operand has a target_category_option_combo, a data_element has none", line);
  return 0;
}

/* The rows of periods are for reading only: which conversion there is, is not a matter of taste. */
static bool kind_of(struct str kind, struct decision *ret) {
  ret->operand = str_eq(kind, STR("operand"));
  ret->of = str_eq(kind, STR("org_unit"))                 ? DECISION_OF_ORG_UNIT
            : str_eq(kind, STR("attribute_option_combo")) ? DECISION_OF_ATTRIBUTE
                                                          : DECISION_OF_CELLS;
  return ret->operand || ret->of || str_eq(kind, STR("data_element"));
}

static int read_row(void *payload, const struct str *fields, size_t count, uint64_t at, struct error *error) {
  struct reading *r = payload;
  unsigned long long line = at;
  if (!r->header_seen) return read_header(r, fields, count, error);
  struct decision d = {.sign = '+'};
  struct str kind = field(r, fields, count, KIND), sign = field(r, fields, count, SIGN), verdict = field(r, fields, count, DECISION);
  if (undecided(verdict) || str_eq(kind, STR("period"))) return 0;
  if (!verdict_of(verdict, &d.verdict)) return error_set(error, ERROR_input, "line %llu: the decision is accepted, rejected or none", line);
  if (!kind_of(kind, &d))
    return error_set(error, ERROR_input, "line %llu: the kind is data_element, operand, org_unit or attribute_option_combo", line);
  if (sign.n && !str_eq(sign, STR("+")) && !str_eq(sign, STR("-")))
    return error_set(error, ERROR_input, "line %llu: the sign is + or -", line);
  if (sign.n) d.sign = sign.p[0];
  d.source_data_element = arena_str(r->arena, field(r, fields, count, SOURCE_ELEMENT));
  d.source_category_option_combo = arena_str(r->arena, field(r, fields, count, SOURCE_COMBO));
  d.target_data_element = arena_str(r->arena, field(r, fields, count, TARGET_ELEMENT));
  d.target_category_option_combo = arena_str(r->arena, field(r, fields, count, TARGET_COMBO));
  if (check(&d, line, error) < 0) return -1;
  if (r->list.n == DECISIONS_MAX) return error_set(error, ERROR_input, "more than %d decisions", DECISIONS_MAX);
  VEC_PUSH(&r->list, d);
  return 0;
}

int decisions_read(struct arena *arena, struct str csv, const struct decision **ret, size_t *ret_count, struct error *error) {
  struct reading r = {.arena = arena};
  struct csv_reader *reader = csv_reader_new(0, read_row, &r);
  int result = csv_reader_feed(reader, csv, error) < 0 || csv_reader_finish(reader, error) < 0 ? -1 : 0;
  csv_reader_free(reader);
  if (result == 0 && !r.header_seen) result = error_set(error, ERROR_input, "the list has no header");
  if (result == 0) {
    struct decision *list = ARENA_ARRAY(arena, r.list.n, struct decision);
    if (r.list.n) memcpy(list, r.list.p, r.list.n * sizeof *list);
    *ret = list;
    *ret_count = r.list.n;
  }
  VEC_FREE(&r.list);
  return result;
}

int decisions_of_file(struct arena *arena, const char *path, const struct decision **ret, size_t *ret_count, struct error *error) {
  struct str csv;
  if (file_read(arena, path, CSV_BYTES_MAX, &csv, error) < 0) return -1;
  if (decisions_read(arena, csv, ret, ret_count, error) < 0) return error_context(error, "%s", path);
  return 0;
}

bool decisions_write(const struct decision *decisions, size_t count, struct buf *buf) {
  static const char *const verdicts[] = {"accepted", "rejected", "none"};
  csv_add_row(buf, names, COLUMNS);
  for (size_t i = 0; i < count; i++) {
    const struct decision *d = &decisions[i];
    static const struct str kinds[] = {{"data_element", 12}, {"org_unit", 8}, {"attribute_option_combo", 22}};
    struct str row[COLUMNS] = {d->operand ? STR("operand") : kinds[d->of],
                               d->source_data_element,
                               d->source_category_option_combo,
                               d->target_data_element,
                               d->target_category_option_combo,
                               d->operand ? (struct str){&d->sign, 1} : STR(""),
                               str_of(verdicts[d->verdict])};
    csv_add_row(buf, row, COLUMNS);
  }
  return !buf->full;
}
