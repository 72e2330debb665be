#include "mapping/formats.h"

#include "base/csv.h"
#include "base/json_out.h"
#include "base/vec.h"
#include <math.h>
#include <stdlib.h>

enum column { KIND, SOURCE, SOURCE_COC, TARGET, TARGET_COC, SIGN, RANK, CONFIDENCE, DECISION, VALUE_TYPE, BY, AT, NOTE, COLUMNS };

static const char *const names[COLUMNS] = {"kind",
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
                                           "note"};

static void column_names(struct str *ret) {
  for (int i = 0; i < COLUMNS; i++) ret[i] = str_of(names[i]);
}

/* --- reading --- */

struct reading {
  struct arena *arena;
  size_t columns[COLUMNS], elements, candidates;
  bool header_seen;
  VEC(struct mapping_rule) rules; /* `terms` is set at the end: the list moves while it grows */
  VEC(struct mapping_term) terms;
};

static int read_header(struct reading *r, const struct str *fields, size_t count, struct error *error) {
  struct str wanted[COLUMNS];
  column_names(wanted);
  csv_columns(fields, count, wanted, COLUMNS, r->columns);
  for (int i = 0; i <= DECISION; i++)
    if (r->columns[i] == SIZE_MAX && i != SIGN && i != RANK && i != CONFIDENCE)
      return error_set(error, ERROR_input, "line 1: the column %s is missing", names[i]);
  r->header_seen = true;
  return 0;
}

static int read_confidence(struct arena *arena, struct str text, double *ret) {
  *ret = -1;
  if (!text.n) return 0;
  for (size_t i = 0; i < text.n; i++)
    if (!strchr("0123456789.eE-", text.p[i]) || !text.p[i]) return -1;
  const char *number = arena_cstr(arena, text);
  char *end;
  *ret = strtod(number, &end);
  return *end || !isfinite(*ret) || *ret < 0 || *ret > 1 ? -1 : 0;
}

static bool same_rule(const struct mapping_rule *a, const struct mapping_rule *b) {
  return a->target.data_element.n && a->term_count && b->term_count && a->term_count < MAPPING_TERMS_MAX &&
         mapping_operand_cmp(a->target, b->target) == 0 && a->decision == b->decision &&
         !(a->confidence < b->confidence || a->confidence > b->confidence) && str_eq(a->value_type, b->value_type) &&
         str_eq(a->by, b->by) && str_eq(a->at, b->at) && str_eq(a->note, b->note);
}

static int add_row(struct reading *r, const struct str *f, unsigned long long line, struct error *error) {
  struct mapping_rule rule = {.target = {arena_str(r->arena, f[TARGET]), arena_str(r->arena, f[TARGET_COC])},
                              .value_type = arena_str(r->arena, f[VALUE_TYPE]),
                              .by = arena_str(r->arena, f[BY]),
                              .at = arena_str(r->arena, f[AT]),
                              .note = arena_str(r->arena, f[NOTE])};
  struct mapping_term term = {1, {arena_str(r->arena, f[SOURCE]), arena_str(r->arena, f[SOURCE_COC])}};
  if (!mapping_decision_of(f[DECISION], &rule.decision))
    return error_set(error, ERROR_input, "line %llu: the decision is accepted, auto, proposed, candidate, rejected or none", line);
  if (f[SIGN].n && !str_eq(f[SIGN], STR("+")) && !str_eq(f[SIGN], STR("-")))
    return error_set(error, ERROR_input, "line %llu: the sign is + or -", line);
  if (str_eq(f[SIGN], STR("-"))) term.sign = -1;
  if (read_confidence(r->arena, f[CONFIDENCE], &rule.confidence))
    return error_set(error, ERROR_input, "line %llu: a confidence is from 0 to 1", line);
  rule.term_count = term.source.data_element.n || term.source.category_option_combo.n;
  if (r->terms.n >= MAPPING_RULES_MAX || r->rules.n >= MAPPING_RULES_MAX)
    return error_set(error, ERROR_input, "more than %d rows", MAPPING_RULES_MAX);
  if (rule.term_count) VEC_PUSH(&r->terms, term);
  if (r->rules.n && same_rule(&r->rules.p[r->rules.n - 1], &rule))
    r->rules.p[r->rules.n - 1].term_count++;
  else
    VEC_PUSH(&r->rules, rule);
  return 0;
}

static int read_row(void *payload, const struct str *fields, size_t count, uint64_t at, struct error *error) {
  struct reading *r = payload;
  struct str f[COLUMNS];
  if (!r->header_seen) return read_header(r, fields, count, error);
  for (int i = 0; i < COLUMNS; i++) {
    f[i] = r->columns[i] < count ? fields[r->columns[i]] : STR("");
    if (i < VALUE_TYPE) f[i] = str_trim(f[i]);
  }
  if (str_eq(f[KIND], STR("data_element"))) return r->elements++, 0;
  if (!str_eq(f[KIND], STR("operand")))
    return error_set(error, ERROR_input, "line %llu: the kind is data_element or operand", (unsigned long long)at);
  if (str_eq(f[DECISION], STR("candidate"))) return r->candidates++, 0;
  return add_row(r, f, at, error);
}

static const struct mapping *made(struct reading *r, struct format_warnings *warnings, struct error *error) {
  struct mapping *mapping = ARENA_NEW(r->arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(r->arena, r->rules.n + 1, struct mapping_rule);
  struct mapping_term *terms = ARENA_ARRAY(r->arena, r->terms.n + 1, struct mapping_term);
  if (r->rules.n) memcpy(rules, r->rules.p, r->rules.n * sizeof *rules);
  if (r->terms.n) memcpy(terms, r->terms.p, r->terms.n * sizeof *terms);
  for (size_t i = 0, at = 0; i < r->rules.n; at += rules[i++].term_count) rules[i].terms = terms + at;
  mapping->source.default_combo = mapping->target.default_combo = MAPPING_DEFAULT_COMBO;
  mapping->rules = rules;
  mapping->rule_count = r->rules.n;
  if (r->elements) format_warn(warnings, arena_printf(r->arena, "%zu rows of data elements are passed over: cells decide", r->elements));
  if (r->candidates) format_warn(warnings, arena_printf(r->arena, "%zu candidates are passed over", r->candidates));
  return mapping_check(mapping, error) == 0 ? mapping : NULL;
}

const struct mapping *format_csv_read(struct arena *arena, struct str bytes, struct format_warnings *warnings, struct error *error) {
  struct reading r = {.arena = arena};
  const struct mapping *mapping = NULL;
  struct csv_reader *reader = csv_reader_new(MAPPING_BYTES_MAX, read_row, &r);
  int result = csv_reader_feed(reader, bytes, error) < 0 || csv_reader_finish(reader, error) < 0 ? -1 : 0;
  csv_reader_free(reader);
  if (result == 0 && !r.header_seen) result = error_set(error, ERROR_input, "the list has no header");
  if (result == 0) mapping = made(&r, warnings, error);
  VEC_FREE(&r.rules);
  VEC_FREE(&r.terms);
  return mapping;
}

/* --- writing --- */

static void write_term(struct buf *buf, const struct mapping_rule *rule, const struct mapping_term *term, struct str confidence) {
  struct str row[COLUMNS] = {STR("operand"),
                             term ? term->source.data_element : STR(""),
                             term ? term->source.category_option_combo : STR(""),
                             rule->target.data_element,
                             rule->target.category_option_combo,
                             term && term->sign < 0 ? STR("-") : STR("+"),
                             STR(""),
                             confidence,
                             str_of(mapping_decision_name(rule->decision)),
                             rule->value_type,
                             rule->by,
                             rule->at,
                             rule->note};
  csv_add_row(buf, row, COLUMNS);
}

static void tell_losses(struct arena *arena, const struct mapping *m, struct format_warnings *warnings) {
  if (m->source.server.n || m->target.server.n) format_warn(warnings, STR("left out: the servers"));
  if (m->source.data_set_count + m->target.data_set_count)
    format_warn(warnings, arena_printf(arena, "left out: %zu data sets", m->source.data_set_count + m->target.data_set_count));
  if (!str_eq(m->source.default_combo, MAPPING_DEFAULT_COMBO) || !str_eq(m->target.default_combo, MAPPING_DEFAULT_COMBO))
    format_warn(warnings, STR("left out: the ids of the default option combos"));
  if (m->attribute_option_combo_count)
    format_warn(warnings, arena_printf(arena, "left out: %zu pairs of attribute option combos", m->attribute_option_combo_count));
  if (m->org_unit_count) format_warn(warnings, arena_printf(arena, "left out: %zu pairs of org units", m->org_unit_count));
  if (m->periods.conversion != MAPPING_SAME_PERIODS)
    format_warn(warnings,
                arena_printf(arena, "left out: the periods' conversion is \"%s\"", mapping_conversion_name(m->periods.conversion)));
  if (m->source.metadata || m->target.metadata)
    format_warn(warnings, STR("left out: what the sides held when the mapping was made"));
  if (m->missing != MAPPING_SUM_PRESENT)
    format_warn(warnings, arena_printf(arena, "left out: missing values are \"%s\"", mapping_missing_name(m->missing)));
}

int format_csv_write(struct arena *arena, const struct mapping *mapping, struct buf *buf, struct format_warnings *warnings,
                     struct error *error) {
  struct str header[COLUMNS];
  column_names(header);
  csv_add_row(buf, header, COLUMNS);
  tell_losses(arena, mapping, warnings);
  for (size_t i = 0; i < mapping->rule_count; i++) {
    const struct mapping_rule *rule = &mapping->rules[i];
    struct buf number = BUF_INIT(64);
    struct json_out out = JSON_OUT_INIT(&number);
    if (rule->confidence >= 0) json_out_number(&out, rule->confidence);
    if (!rule->term_count) write_term(buf, rule, NULL, buf_str(&number));
    for (size_t t = 0; t < rule->term_count; t++) write_term(buf, rule, &rule->terms[t], buf_str(&number));
    buf_free(&number);
  }
  return buf->full ? error_set(error, ERROR_too_large, "the list is too large to be written") : 0;
}
