/* The workbook: the rows of the CSV list with names beside the ids, and sheets for the pairs and for what is said of the whole. */
#include "base/csv.h"
#include "base/vec.h"
#include "mapping/format_forms.h"
#include "mapping/format_rows.h"
#include "mapping/sheets_read.h"
#include "mapping/sheets_write.h"

#define DECISIONS "accepted,auto,proposed,rejected,none"

/* Columns of the first sheet: names and ids side by side. */
enum column {
  SOURCE_NAME,
  SOURCE,
  SOURCE_COMBO_NAME,
  SOURCE_COMBO,
  SIGN,
  TARGET_NAME,
  TARGET,
  TARGET_COMBO_NAME,
  TARGET_COMBO,
  DECISION,
  CONFIDENCE,
  NOTE,
  VALUE_TYPE,
  BY,
  AT,
  BLOCKED,
  COLUMNS
};

static const struct sheets_column columns[COLUMNS] = {{"source_name", 36, false, NULL},
                                                      {"source_data_element", 14, false, NULL},
                                                      {"source_option_combo_name", 26, false, NULL},
                                                      {"source_category_option_combo", 14, false, NULL},
                                                      {"sign", 6, false, "+,-"},
                                                      {"target_name", 36, false, NULL},
                                                      {"target_data_element", 14, false, NULL},
                                                      {"target_option_combo_name", 26, false, NULL},
                                                      {"target_category_option_combo", 14, false, NULL},
                                                      {"decision", 12, false, DECISIONS},
                                                      {"confidence", 11, true, NULL},
                                                      {"note", 40, false, NULL},
                                                      {"value_type", 22, false, NULL},
                                                      {"by", 16, false, NULL},
                                                      {"at", 22, false, NULL},
                                                      {"blocked", 30, false, NULL}};

enum pair_column {
  PAIR_SOURCE,
  PAIR_SOURCE_NAME,
  PAIR_TARGET,
  PAIR_TARGET_NAME,
  PAIR_DECISION,
  PAIR_CONFIDENCE,
  PAIR_NOTE,
  PAIR_BY,
  PAIR_AT,
  PAIR_COLUMNS
};

static const struct sheets_column pair_columns[PAIR_COLUMNS] = {{"source", 16, false, NULL},
                                                                {"source_name", 36, false, NULL},
                                                                {"target", 16, false, NULL},
                                                                {"target_name", 36, false, NULL},
                                                                {"decision", 12, false, DECISIONS},
                                                                {"confidence", 11, true, NULL},
                                                                {"note", 40, false, NULL},
                                                                {"by", 16, false, NULL},
                                                                {"at", 22, false, NULL}};
static const struct sheets_column about_columns[] = {{"what", 30, false, NULL}, {"value", 40, false, NULL}};

#define MAPPING_SHEET "Mapping"
#define ATTRIBUTES_SHEET "Attribute option combos"
#define UNITS_SHEET "Org units"
#define ABOUT_SHEET "About"

static const struct sheets_sheet sheets[] = {{MAPPING_SHEET, columns, COLUMNS},
                                             {ATTRIBUTES_SHEET, pair_columns, PAIR_COLUMNS},
                                             {UNITS_SHEET, pair_columns, PAIR_COLUMNS},
                                             {ABOUT_SHEET, about_columns, 2}};

/* --- writing --- */

static int write_term(struct format_job *job, struct sheets_writer *writer, const struct mapping_rule *rule,
                      const struct mapping_term *term, struct error *error) {
  struct arena *arena = job->arena;
  struct str row[ROW_COLUMNS], cells[COLUMNS];
  row_of_term(arena, rule, term, row);
  cells[SOURCE_NAME] = cell_guard(arena, term ? format_element_name(job->source, term->source.data_element) : STR(""));
  cells[SOURCE] = row[ROW_SOURCE];
  cells[SOURCE_COMBO_NAME] = cell_guard(arena, term ? format_combo_name(job->source, term->source.category_option_combo) : STR(""));
  cells[SOURCE_COMBO] = row[ROW_SOURCE_COMBO];
  cells[SIGN] = row[ROW_SIGN];
  cells[TARGET_NAME] = cell_guard(arena, format_element_name(job->target, rule->target.data_element));
  cells[TARGET] = row[ROW_TARGET];
  cells[TARGET_COMBO_NAME] = cell_guard(arena, format_combo_name(job->target, rule->target.category_option_combo));
  cells[TARGET_COMBO] = row[ROW_TARGET_COMBO];
  cells[DECISION] = row[ROW_DECISION];
  cells[CONFIDENCE] = row[ROW_CONFIDENCE];
  cells[NOTE] = row[ROW_NOTE];
  cells[VALUE_TYPE] = row[ROW_VALUE_TYPE];
  cells[BY] = row[ROW_BY];
  cells[AT] = row[ROW_AT];
  cells[BLOCKED] = row[ROW_BLOCKED];
  return sheets_writer_row(writer, cells, error);
}

static int write_rules(struct format_job *job, struct sheets_writer *writer, const struct mapping *m, struct error *error) {
  if (sheets_writer_begin(writer, error)) return -1;
  for (size_t i = 0; i < m->rule_count; i++)
    for (size_t t = 0; t < m->rules[i].term_count || (t == 0 && !m->rules[i].term_count); t++)
      if (write_term(job, writer, &m->rules[i], m->rules[i].term_count ? &m->rules[i].terms[t] : NULL, error)) return -1;
  return 0;
}

static int write_pairs(struct format_job *job, struct sheets_writer *writer, const struct mapping_pair *pairs, size_t count, bool combos,
                       struct error *error) {
  struct arena *arena = job->arena;
  if (sheets_writer_begin(writer, error)) return -1;
  for (size_t i = 0; i < count; i++) {
    struct str row[ROW_COLUMNS], cells[PAIR_COLUMNS];
    row_of_pair(arena, "", &pairs[i], row); /* its sheet tells the kind */
    cells[PAIR_SOURCE] = row[ROW_SOURCE];
    cells[PAIR_SOURCE_NAME] = cell_guard(arena, combos ? format_combo_name(job->source, pairs[i].source) : STR(""));
    cells[PAIR_TARGET] = row[ROW_TARGET];
    cells[PAIR_TARGET_NAME] = cell_guard(arena, combos ? format_combo_name(job->target, pairs[i].target) : STR(""));
    cells[PAIR_DECISION] = row[ROW_DECISION];
    cells[PAIR_CONFIDENCE] = row[ROW_CONFIDENCE];
    cells[PAIR_NOTE] = row[ROW_NOTE];
    cells[PAIR_BY] = row[ROW_BY];
    cells[PAIR_AT] = row[ROW_AT];
    if (sheets_writer_row(writer, cells, error)) return -1;
  }
  return 0;
}

static int write_fact(struct format_job *job, struct sheets_writer *writer, const char *what, struct str value, struct error *error) {
  struct str cells[2] = {str_of(what), cell_guard(job->arena, value)};
  return value.n ? sheets_writer_row(writer, cells, error) : 0;
}

static int write_side(struct format_job *job, struct sheets_writer *writer, const char *const names[3], const struct mapping_side *side,
                      struct error *error) {
  if (write_fact(job, writer, names[0], side->server, error) || write_fact(job, writer, names[1], side->default_combo, error)) return -1;
  for (size_t i = 0; i < side->data_set_count; i++)
    if (write_fact(job, writer, names[2], side->data_sets[i], error)) return -1;
  return 0;
}

static const char *const source_facts[] = {"source_server", "source_default_option_combo", "source_data_set"},
                         *const target_facts[] = {"target_server", "target_default_option_combo", "target_data_set"};

static int write_periods(struct format_job *job, struct sheets_writer *writer, const struct mapping_periods *periods, struct error *error) {
  if (write_fact(job, writer, "periods_conversion", str_of(mapping_conversion_name(periods->conversion)), error) ||
      write_fact(job, writer, "periods_source", periods->source, error) ||
      write_fact(job, writer, "periods_target", periods->target, error) || write_fact(job, writer, "periods_note", periods->note, error))
    return -1;
  for (size_t i = 0; periods->conversion == MAPPING_ROLL_UP && i < periods->sound_count; i++)
    if (write_fact(job, writer, "periods_sound_for", periods->sound_for[i], error)) return -1;
  return 0;
}

static int write_about(struct format_job *job, struct sheets_writer *writer, const struct mapping *m, struct error *error) {
  if (sheets_writer_begin(writer, error) || write_fact(job, writer, "format", STR("drawbridge-mapping"), error) ||
      write_fact(job, writer, "version", STR("1"), error))
    return -1;
  if (write_side(job, writer, source_facts, &m->source, error) || write_side(job, writer, target_facts, &m->target, error)) return -1;
  if (write_periods(job, writer, &m->periods, error)) return -1;
  return write_fact(job, writer, "missing", str_of(mapping_missing_name(m->missing)), error);
}

int format_xlsx_write(struct format_job *job, const struct mapping *m, struct buf *buf, struct error *error) {
  struct sheets_writer *writer = sheets_writer_new(buf, sheets, sizeof sheets / sizeof *sheets);
  struct error second = {0};
  int result = write_rules(job, writer, m, error);
  if (result == 0) result = write_pairs(job, writer, m->attribute_option_combos, m->attribute_option_combo_count, true, error);
  if (result == 0) result = write_pairs(job, writer, m->org_units, m->org_unit_count, false, error);
  if (result == 0) result = write_about(job, writer, m, error);
  return sheets_writer_finish(writer, result == 0 ? error : &second) < 0 ? -1 : result;
}

/* --- reading --- */

struct reading {
  struct format_job *job;
  struct rows_reading *rows;
  struct mapping *mapping;
  struct pair_list attributes, units;
  VEC(struct str) source_sets, target_sets, sound_for;
  size_t pair_columns[PAIR_COLUMNS]; /* in the sheet at hand */
  struct str sheet;
};

static int read_pair_header(const struct str *cells, size_t count, size_t ret[PAIR_COLUMNS], struct error *error) {
  struct str wanted[PAIR_COLUMNS];
  for (size_t i = 0; i < PAIR_COLUMNS; i++) wanted[i] = str_of(pair_columns[i].header);
  csv_columns(cells, count, wanted, PAIR_COLUMNS, ret);
  return ret[PAIR_SOURCE] == SIZE_MAX || ret[PAIR_TARGET] == SIZE_MAX
             ? error_set(error, ERROR_input, "the columns source and target are wanted")
             : 0;
}

/* As a person wrote it. */
static struct str words(struct reading *r, const struct str *cells, size_t count, size_t column) {
  return column < count ? arena_str(r->job->arena, cell_unguard(cells[column])) : STR("");
}

static struct str cell(struct reading *r, const struct str *cells, size_t count, size_t column) {
  return column < count ? arena_str(r->job->arena, cell_unguard(str_trim(cells[column]))) : STR("");
}

static int read_pair(struct reading *r, struct pair_list *list, const struct str *cells, size_t count, uint64_t row, bool header,
                     struct error *error) {
  if (header) return read_pair_header(cells, count, r->pair_columns, error);
  struct mapping_pair pair = {.source = cell(r, cells, count, r->pair_columns[PAIR_SOURCE]),
                              .target = cell(r, cells, count, r->pair_columns[PAIR_TARGET]),
                              .by = words(r, cells, count, r->pair_columns[PAIR_BY]),
                              .at = cell(r, cells, count, r->pair_columns[PAIR_AT]),
                              .note = words(r, cells, count, r->pair_columns[PAIR_NOTE])};
  struct str decision = cell(r, cells, count, r->pair_columns[PAIR_DECISION]);
  if (!pair.source.n && !pair.target.n) return 0;
  if (decision.n && !mapping_decision_of(decision, &pair.decision))
    return error_set(error, ERROR_input, "row %llu: the decision is accepted, auto, proposed, rejected or none", (unsigned long long)row);
  if (format_confidence_of(r->job->arena, cell(r, cells, count, r->pair_columns[PAIR_CONFIDENCE]), &pair.confidence))
    return error_set(error, ERROR_input, "row %llu: a confidence is from 0 to 1", (unsigned long long)row);
  if (list->n >= MAPPING_PAIRS_MAX)
    return error_set(error, ERROR_input, "row %llu: more than %d pairs", (unsigned long long)row, MAPPING_PAIRS_MAX);
  VEC_PUSH(list, pair);
  return 0;
}

/* A list that may have several rows of its own in the sheet. */
static bool read_list_fact(struct reading *r, struct str what, struct str value) {
  if (str_eq(what, str_of(source_facts[2])))
    VEC_PUSH(&r->source_sets, value);
  else if (str_eq(what, str_of(target_facts[2])))
    VEC_PUSH(&r->target_sets, value);
  else if (str_eq(what, STR("periods_sound_for")))
    VEC_PUSH(&r->sound_for, value);
  else
    return false;
  return true;
}

static bool read_text_fact(struct mapping *m, struct str what, struct str value) {
  struct {
    const char *what;
    struct str *text;
  } texts[] = {{source_facts[0], &m->source.server},   {source_facts[1], &m->source.default_combo},
               {target_facts[0], &m->target.server},   {target_facts[1], &m->target.default_combo},
               {"periods_source", &m->periods.source}, {"periods_target", &m->periods.target},
               {"periods_note", &m->periods.note}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (!str_eq(what, str_of(texts[i].what))) continue;
    *texts[i].text = value;
    return true;
  }
  return false;
}

static int read_fact(struct reading *r, const struct str *cells, size_t count, uint64_t row, struct error *error) {
  struct str what = cell(r, cells, count, 0), value = cell(r, cells, count, 1);
  struct mapping *m = r->mapping;
  bool good = true;
  if (!what.n || str_eq(what, STR("what")) || read_list_fact(r, what, value) || read_text_fact(m, what, value)) return 0;
  if (str_eq(what, STR("format")))
    good = str_eq(value, STR("drawbridge-mapping"));
  else if (str_eq(what, STR("version")))
    good = str_eq(value, STR("1"));
  else if (str_eq(what, STR("missing")))
    good = mapping_missing_of(value, &m->missing);
  else if (str_eq(what, STR("periods_conversion")))
    good = mapping_conversion_of(value, &m->periods.conversion);
  else
    good = false;
  if (good) return 0;
  return error_set(error, ERROR_input, "row %llu: '%.*s' with '%.*s' is not known here; it may be from a later drawbridge",
                   (unsigned long long)row, STR_ARG(str_slice(what, 0, 40)), STR_ARG(str_slice(value, 0, 40)));
}

static int read_row(void *payload, struct str sheet, const struct str *cells, size_t count, uint64_t row, struct error *error) {
  struct reading *r = payload;
  bool header = !str_eq(sheet, r->sheet) || !r->sheet.p;
  if (header) r->sheet = arena_str(r->job->arena, sheet);
  if (str_eq(sheet, STR(MAPPING_SHEET))) return rows_reading_row(r->rows, cells, count, row, error);
  if (str_eq(sheet, STR(ATTRIBUTES_SHEET))) return read_pair(r, &r->attributes, cells, count, row, header, error);
  if (str_eq(sheet, STR(UNITS_SHEET))) return read_pair(r, &r->units, cells, count, row, header, error);
  if (str_eq(sheet, STR(ABOUT_SHEET))) return read_fact(r, cells, count, row, error);
  if (header) format_tell(r->job, "the sheet '%.*s' is passed over", STR_ARG(str_slice(sheet, 0, 40)));
  return 0;
}

static const struct str *kept(struct arena *arena, const struct str *list, size_t n) {
  struct str *copy = ARENA_ARRAY(arena, n, struct str);
  if (n) memcpy(copy, list, n * sizeof *copy);
  return copy;
}

const struct mapping *format_xlsx_read(struct format_job *job, struct str bytes, struct error *error) {
  struct mapping *m = ARENA_NEW(job->arena, struct mapping);
  struct reading r = {.job = job, .rows = rows_reading_new(job), .mapping = m};
  int result = sheets_read(bytes, read_row, &r, error);
  if (result == 0 && !r.rows->header_seen)
    result = error_set(error, ERROR_input, "the workbook has no sheet '" MAPPING_SHEET "' with a header");
  m->source.data_sets = kept(job->arena, r.source_sets.p, r.source_sets.n);
  m->source.data_set_count = r.source_sets.n;
  m->target.data_sets = kept(job->arena, r.target_sets.p, r.target_sets.n);
  m->target.data_set_count = r.target_sets.n;
  m->attribute_option_combo_count = r.attributes.n;
  m->attribute_option_combos = pair_list_done(job->arena, &r.attributes);
  m->org_unit_count = r.units.n;
  m->org_units = pair_list_done(job->arena, &r.units);
  m->periods.sound_for = kept(job->arena, r.sound_for.p, r.sound_for.n);
  m->periods.sound_count = r.sound_for.n;
  VEC_FREE(&r.sound_for);
  VEC_FREE(&r.source_sets);
  VEC_FREE(&r.target_sets);
  if (r.rows->attributes.n + r.rows->units.n)
    format_tell(job, "%zu rows of pairs are passed over: pairs have sheets of their own", r.rows->attributes.n + r.rows->units.n);
  VEC_FREE(&r.rows->attributes);
  VEC_FREE(&r.rows->units);
  rows_reading_done(r.rows, m);
  return result == 0 ? m : NULL;
}
