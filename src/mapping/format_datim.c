/* The indicator map of DATIM (Data Alignment Activity): target indicators by code with their disaggregation by id, ADD or SUBTRACT, and the ministry's indicator and disaggregation. */
#include "base/csv.h"
#include "mapping/format_forms.h"
#include "mapping/format_parts.h"

enum column {
  CATEGORY,
  INDICATOR,
  DISAG,
  DISAG_NAME,
  OPERATION,
  MOH_INDICATOR,
  MOH_INDICATOR_NAME,
  MOH_DISAG,
  MOH_DISAG_NAME,
  CLASSIFICATION,
  COLUMNS
};

static const char *const names[COLUMNS] = {
    "DATIM_Indicator_Category", "DATIM_Indicator_ID", "DATIM_Disag_ID", "DATIM_Disag_Name", "Operation",
    "MOH_Indicator_ID",         "MOH_Indicator_Name", "MOH_Disag_ID",   "MOH_Disag_Name",   "Classification"};

#define NO_DISAG STR("null-disag") /* as DATIM's own tools write "none" */

struct reading {
  struct format_job *job;
  struct rule_list *list;
  struct map by_code; /* of the target's data elements, to struct dhis2_data_element */
  size_t columns[COLUMNS];
  bool header_seen;
};

static int read_header(struct reading *r, const struct str *fields, size_t count, struct error *error) {
  struct str wanted[COLUMNS];
  for (int i = 0; i < COLUMNS; i++) wanted[i] = str_of(names[i]);
  csv_columns(fields, count, wanted, COLUMNS, r->columns);
  static const enum column needed[] = {INDICATOR, DISAG, OPERATION, MOH_INDICATOR, MOH_DISAG};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
    if (r->columns[needed[i]] == SIZE_MAX) return error_set(error, ERROR_input, "line 1: the column %s is missing", names[needed[i]]);
  r->header_seen = true;
  return 0;
}

static void index_codes(struct reading *r) {
  const struct dhis2_metadata *target = r->job->target;
  for (size_t i = 0; target && i < target->element_count; i++)
    if (target->elements[i]->o.code.n) (void)map_put(&r->by_code, target->elements[i]->o.code, (void *)(uintptr_t)(i + 1));
}

static struct str element_of(struct reading *r, struct str indicator) {
  size_t found = (size_t)(uintptr_t)map_get(&r->by_code, indicator);
  return found ? r->job->target->elements[found - 1]->o.id : indicator;
}

static int operation_of(struct str text, int *ret_sign) {
  *ret_sign = str_eq_nocase(text, STR("SUBTRACT")) ? -1 : 1;
  return *ret_sign < 0 || str_eq_nocase(text, STR("ADD")) ? 0 : -1;
}

static int read_row(void *payload, const struct str *fields, size_t count, uint64_t at, struct error *error) {
  struct reading *r = payload;
  unsigned long long line = at;
  struct str f[COLUMNS];
  if (!r->header_seen) return read_header(r, fields, count, error);
  for (int i = 0; i < COLUMNS; i++)
    f[i] = arena_str(r->job->arena, cell_unguard(str_trim(r->columns[i] < count ? fields[r->columns[i]] : STR(""))));
  struct mapping_rule rule = {.target = {element_of(r, f[INDICATOR]), f[DISAG]}, .decision = MAPPING_ACCEPTED, .confidence = -1};
  struct mapping_term term = {1, {f[MOH_INDICATOR], f[MOH_DISAG]}};
  if (!f[INDICATOR].n || !f[DISAG].n)
    return error_set(error, ERROR_input, "line %llu: DATIM_Indicator_ID or DATIM_Disag_ID is empty", line);
  if (!f[MOH_INDICATOR].n && !f[MOH_DISAG].n) {
    rule.decision = MAPPING_NONE;
    return rule_list_add(r->list, &rule, NULL, error);
  }
  if (str_ends(f[OPERATION], STR("HALF")))
    return error_set(error, ERROR_input, "line %llu: the operation %.*s: a value is never split; map it as a whole or not at all", line,
                     STR_ARG(f[OPERATION]));
  if (operation_of(f[OPERATION], &term.sign) < 0) return error_set(error, ERROR_input, "line %llu: the operation is ADD or SUBTRACT", line);
  if (!f[MOH_DISAG].n || str_eq(f[MOH_DISAG], NO_DISAG)) term.source.category_option_combo = format_default_combo(r->job->source);
  return rule_list_add(r->list, &rule, &term, error);
}

const struct mapping *format_datim_read(struct format_job *job, struct str bytes, struct error *error) {
  struct reading r = {.job = job, .list = rule_list_new(job->arena)};
  struct mapping *mapping = ARENA_NEW(job->arena, struct mapping);
  index_codes(&r);
  struct csv_reader *reader = csv_reader_new(MAPPING_BYTES_MAX, read_row, &r);
  int result = csv_reader_feed(reader, bytes, error) < 0 || csv_reader_finish(reader, error) < 0 ? -1 : 0;
  csv_reader_free(reader);
  map_free(&r.by_code);
  if (result == 0 && !r.header_seen) result = error_set(error, ERROR_input, "the list has no header");
  mapping->source.default_combo = format_default_combo(job->source);
  mapping->target.default_combo = format_default_combo(job->target);
  rule_list_done(r.list, mapping);
  return result == 0 ? mapping : NULL;
}

/* --- writing --- */

static struct str indicator_of(const struct format_job *job, struct str id) {
  const struct dhis2_data_element *element = job->target ? dhis2_metadata_element(job->target, id) : NULL;
  return element && element->o.code.n ? element->o.code : id;
}

/* "HTS_TST_N_MOH_Age" is of the category "HTS_TST": what stands before the N or D of numerator and denominator. */
static struct str category_of(struct str indicator) {
  size_t numerator = str_find(indicator, STR("_N_")), denominator = str_find(indicator, STR("_D_"));
  size_t end = numerator < denominator ? numerator : denominator;
  return end == SIZE_MAX || end == 0 ? indicator : str_slice(indicator, 0, end);
}

static struct str or_id(struct str name, struct str id) {
  return name.n ? name : id;
}

static void write_row(struct format_job *job, struct buf *buf, const struct mapping_rule *rule, const struct mapping_term *term) {
  struct str row[COLUMNS] = {0}, indicator = indicator_of(job, rule->target.data_element);
  row[CATEGORY] = category_of(indicator);
  row[INDICATOR] = indicator;
  row[DISAG] = rule->target.category_option_combo;
  row[DISAG_NAME] = or_id(format_combo_name(job->target, row[DISAG]), row[DISAG]);
  if (term) {
    row[OPERATION] = term->sign < 0 ? STR("SUBTRACT") : STR("ADD");
    row[MOH_INDICATOR] = term->source.data_element;
    row[MOH_INDICATOR_NAME] = or_id(format_element_name(job->source, row[MOH_INDICATOR]), row[MOH_INDICATOR]);
    /* "No disaggregation" is read as the default option combo of the source that is known then, if any: written as nothing only where that is sure to be the same. */
    if (!str_eq(term->source.category_option_combo, MAPPING_DEFAULT_COMBO) ||
        !str_eq(format_default_combo(job->source), MAPPING_DEFAULT_COMBO)) {
      row[MOH_DISAG] = term->source.category_option_combo;
      row[MOH_DISAG_NAME] = or_id(format_combo_name(job->source, row[MOH_DISAG]), row[MOH_DISAG]);
    }
  }
  for (int i = 0; i < COLUMNS; i++) row[i] = cell_guard(job->arena, row[i]);
  csv_add_row(buf, row, COLUMNS);
}

int format_datim_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  struct str header[COLUMNS];
  for (int i = 0; i < COLUMNS; i++) header[i] = str_of(names[i]);
  csv_add_row(buf, header, COLUMNS);
  for (size_t i = 0; i < mapping->rule_count && !buf->full; i++) {
    const struct mapping_rule *rule = &mapping->rules[i];
    if (!rule->term_count) write_row(job, buf, rule, NULL);
    for (size_t t = 0; t < rule->term_count; t++) write_row(job, buf, rule, &rule->terms[t]);
  }
  return 0;
}
