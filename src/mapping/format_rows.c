#include "mapping/format_rows.h"

#include "base/csv.h"
#include "base/vec.h"

const char *const row_column_names[ROW_COLUMNS] = {"kind",
                                                   "source_data_element",
                                                   "source_category_option_combo",
                                                   "target_data_element",
                                                   "target_category_option_combo",
                                                   "sign",
                                                   "rank",
                                                   "confidence",
                                                   "decision",
                                                   "value_type",
                                                   "by",
                                                   "at",
                                                   "note",
                                                   "blocked"};

struct rows_reading *rows_reading_new(struct format_job *job) {
  struct rows_reading *reading = ARENA_NEW(job->arena, struct rows_reading);
  *reading = (struct rows_reading){.job = job, .list = rule_list_new(job->arena)};
  return reading;
}

static bool may_lack(int column) {
  return column == ROW_KIND || column == ROW_SIGN || column == ROW_RANK || column == ROW_CONFIDENCE || column > ROW_DECISION;
}

static int read_header(struct rows_reading *r, const struct str *fields, size_t count, unsigned long long line, struct error *error) {
  struct str wanted[ROW_COLUMNS];
  for (int i = 0; i < ROW_COLUMNS; i++) wanted[i] = str_of(row_column_names[i]);
  csv_columns(fields, count, wanted, ROW_COLUMNS, r->columns);
  for (int i = 0; i < ROW_COLUMNS; i++)
    if (r->columns[i] == SIZE_MAX && !may_lack(i))
      return error_set(error, ERROR_input, "line %llu: the column %s is missing", line, row_column_names[i]);
  r->header_seen = true;
  return 0;
}

static int read_term(struct rows_reading *r, const struct str *f, unsigned long long line, struct error *error) {
  struct arena *arena = r->job->arena;
  struct mapping_rule rule = {.target = {arena_str(arena, f[ROW_TARGET]), arena_str(arena, f[ROW_TARGET_COMBO])},
                              .confidence = -1,
                              .value_type = arena_str(arena, f[ROW_VALUE_TYPE]),
                              .by = arena_str(arena, f[ROW_BY]),
                              .at = arena_str(arena, f[ROW_AT]),
                              .note = arena_str(arena, f[ROW_NOTE]),
                              .blocked = arena_str(arena, f[ROW_BLOCKED])};
  struct mapping_term term = {str_eq(f[ROW_SIGN], STR("-")) ? -1 : 1,
                              {arena_str(arena, f[ROW_SOURCE]), arena_str(arena, f[ROW_SOURCE_COMBO])}};
  if (!mapping_decision_of(f[ROW_DECISION], &rule.decision))
    return error_set(error, ERROR_input, "line %llu: the decision is accepted, auto, proposed, candidate, rejected or none", line);
  if (f[ROW_SIGN].n && !str_eq(f[ROW_SIGN], STR("+")) && !str_eq(f[ROW_SIGN], STR("-")))
    return error_set(error, ERROR_input, "line %llu: the sign is + or -", line);
  if (format_confidence_of(arena, f[ROW_CONFIDENCE], &rule.confidence))
    return error_set(error, ERROR_input, "line %llu: a confidence is from 0 to 1", line);
  bool has_source = term.source.data_element.n || term.source.category_option_combo.n;
  if (rule_list_add(r->list, &rule, has_source ? &term : NULL, error) < 0) return error_context(error, "line %llu", line);
  return 0;
}

static int read_pair(struct rows_reading *r, struct pair_list *list, const struct str *f, unsigned long long line, struct error *error) {
  struct arena *arena = r->job->arena;
  struct mapping_pair pair = {.source = arena_str(arena, f[ROW_SOURCE]),
                              .target = arena_str(arena, f[ROW_TARGET]),
                              .by = arena_str(arena, f[ROW_BY]),
                              .at = arena_str(arena, f[ROW_AT]),
                              .note = arena_str(arena, f[ROW_NOTE])};
  if (!mapping_decision_of(f[ROW_DECISION], &pair.decision))
    return error_set(error, ERROR_input, "line %llu: the decision is accepted, auto, proposed, candidate, rejected or none", line);
  if (format_confidence_of(arena, f[ROW_CONFIDENCE], &pair.confidence))
    return error_set(error, ERROR_input, "line %llu: a confidence is from 0 to 1", line);
  if (list->n >= MAPPING_PAIRS_MAX) return error_set(error, ERROR_input, "line %llu: more than %d pairs", line, MAPPING_PAIRS_MAX);
  VEC_PUSH(list, pair);
  return 0;
}

int rows_reading_row(struct rows_reading *r, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct str f[ROW_COLUMNS];
  size_t text = 0;
  if (!r->header_seen) return read_header(r, fields, count, (unsigned long long)line, error);
  for (size_t i = 0; i < count; i++) text += fields[i].n;
  if (!text) return 0;
  for (int i = 0; i < ROW_COLUMNS; i++) {
    f[i] = r->columns[i] < count ? fields[r->columns[i]] : STR("");
    if (i < ROW_VALUE_TYPE) f[i] = str_trim(f[i]);
    if (i != ROW_SIGN) f[i] = cell_unguard(f[i]);
  }
  if (str_eq(f[ROW_KIND], STR("data_element"))) return r->elements++, 0;
  if (str_eq(f[ROW_KIND], STR("period"))) return r->periods++, 0;
  if (str_eq(f[ROW_DECISION], STR("candidate"))) return r->candidates++, 0;
  if (str_eq(f[ROW_KIND], STR("org_unit"))) return read_pair(r, &r->units, f, (unsigned long long)line, error);
  if (str_eq(f[ROW_KIND], STR("attribute_option_combo"))) return read_pair(r, &r->attributes, f, (unsigned long long)line, error);
  if (!str_eq(f[ROW_KIND], STR("operand")) && (f[ROW_KIND].n || r->columns[ROW_KIND] != SIZE_MAX))
    return error_set(error, ERROR_input, "line %llu: the kind is data_element, operand, org_unit, attribute_option_combo or period",
                     (unsigned long long)line);
  return read_term(r, f, (unsigned long long)line, error);
}

void rows_reading_done(struct rows_reading *r, struct mapping *ret) {
  rule_list_done(r->list, ret);
  if (r->elements) format_tell(r->job, "%zu rows of data elements are passed over: cells decide", r->elements);
  if (r->periods) format_tell(r->job, "%zu rows of periods are passed over", r->periods);
  if (r->candidates) format_tell(r->job, "%zu candidates are passed over", r->candidates);
}

void row_of_term(struct arena *arena, const struct mapping_rule *rule, const struct mapping_term *term, struct str ret[ROW_COLUMNS]) {
  ret[ROW_KIND] = STR("operand");
  ret[ROW_SOURCE] = term ? cell_guard(arena, term->source.data_element) : STR("");
  ret[ROW_SOURCE_COMBO] = term ? cell_guard(arena, term->source.category_option_combo) : STR("");
  ret[ROW_TARGET] = cell_guard(arena, rule->target.data_element);
  ret[ROW_TARGET_COMBO] = cell_guard(arena, rule->target.category_option_combo);
  ret[ROW_SIGN] = term && term->sign < 0 ? STR("-") : STR("+");
  ret[ROW_RANK] = STR("");
  ret[ROW_CONFIDENCE] = rule->confidence < 0 ? STR("") : format_confidence_text(arena, rule->confidence);
  ret[ROW_DECISION] = str_of(mapping_decision_name(rule->decision));
  ret[ROW_VALUE_TYPE] = cell_guard(arena, rule->value_type);
  ret[ROW_BY] = cell_guard(arena, rule->by);
  ret[ROW_AT] = cell_guard(arena, rule->at);
  ret[ROW_NOTE] = cell_guard(arena, rule->note);
  ret[ROW_BLOCKED] = cell_guard(arena, rule->blocked);
}

void row_of_pair(struct arena *arena, const char *kind, const struct mapping_pair *pair, struct str ret[ROW_COLUMNS]) {
  for (int i = 0; i < ROW_COLUMNS; i++) ret[i] = STR("");
  ret[ROW_KIND] = str_of(kind);
  ret[ROW_SOURCE] = cell_guard(arena, pair->source);
  ret[ROW_TARGET] = cell_guard(arena, pair->target);
  ret[ROW_SIGN] = STR("+");
  ret[ROW_CONFIDENCE] = pair->confidence > 0 ? format_confidence_text(arena, pair->confidence) : STR("");
  ret[ROW_DECISION] = str_of(mapping_decision_name(pair->decision));
  ret[ROW_BY] = cell_guard(arena, pair->by);
  ret[ROW_AT] = cell_guard(arena, pair->at);
  ret[ROW_NOTE] = cell_guard(arena, pair->note);
}
