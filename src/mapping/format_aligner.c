/* The list that the app "Dataset Alignment" (metadata-alignment 1.11) downloads and gives to a pipeline: four columns of ids, a row for each source cell that goes to a target cell. */
#include "base/csv.h"
#include "mapping/format_forms.h"
#include "mapping/format_parts.h"

enum { COLUMNS = 4 };

static const struct str names[COLUMNS] = {
    {"dataitemid_src", 14}, {"catoptcomboid_src", 17}, {"dataitemid_tgt", 14}, {"catoptcomboid_tgt", 17}};

struct reading {
  struct format_job *job;
  struct rule_list *list;
  size_t columns[COLUMNS], without;
  bool header_seen;
};

static int read_header(struct reading *r, const struct str *fields, size_t count, struct error *error) {
  csv_columns(fields, count, names, COLUMNS, r->columns);
  for (int i = 0; i < COLUMNS; i++)
    if (r->columns[i] == SIZE_MAX) return error_set(error, ERROR_input, "the column %.*s is missing", STR_ARG(names[i]));
  r->header_seen = true;
  return 0;
}

static int read_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct reading *r = payload;
  struct str f[COLUMNS];
  if (!r->header_seen) return read_header(r, fields, count, error);
  for (int i = 0; i < COLUMNS; i++)
    f[i] = arena_str(r->job->arena, cell_unguard(str_trim(r->columns[i] < count ? fields[r->columns[i]] : STR(""))));
  if (!f[2].n && !f[3].n) return r->without++, 0;
  struct mapping_rule rule = {.target = {f[2], f[3]}, .decision = MAPPING_ACCEPTED, .confidence = -1};
  struct mapping_term term = {1, {f[0], f[1]}};
  if (!f[0].n || !f[1].n) return error_set(error, ERROR_input, "line %llu: the source is empty", (unsigned long long)line);
  return rule_list_add(r->list, &rule, &term, error);
}

/* The app's download begins with a line about data sets and addresses; names in it are quoted without care, so that it is no CSV. */
static struct str behind_first_line(struct reading *r, struct str bytes) {
  struct str rest = bytes, line = str_take(&rest, '\n');
  if (str_has(line, names[0]) || !rest.p || !str_has(str_slice(rest, 0, 256), names[0])) return bytes;
  format_tell(r->job, "the line about data sets and addresses is passed over");
  return rest;
}

const struct mapping *format_aligner_read(struct format_job *job, struct str bytes, struct error *error) {
  struct reading r = {.job = job, .list = rule_list_new(job->arena)};
  struct mapping *mapping = ARENA_NEW(job->arena, struct mapping);
  struct csv_reader *reader = csv_reader_new(MAPPING_BYTES_MAX, read_row, &r);
  int result = csv_reader_feed(reader, behind_first_line(&r, bytes), error) < 0 || csv_reader_finish(reader, error) < 0 ? -1 : 0;
  csv_reader_free(reader);
  if (result == 0 && !r.header_seen) result = error_set(error, ERROR_input, "the list has no header");
  if (r.without) format_tell(job, "%zu rows without target are passed over", r.without);
  rule_list_done(r.list, mapping);
  return result == 0 ? mapping : NULL;
}

int format_aligner_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  csv_add_row(buf, names, COLUMNS);
  for (size_t i = 0; i < mapping->rule_count && !buf->full; i++) {
    const struct mapping_rule *rule = &mapping->rules[i];
    for (size_t t = 0; t < rule->term_count; t++) {
      struct str row[COLUMNS] = {
          cell_guard(job->arena, rule->terms[t].source.data_element), cell_guard(job->arena, rule->terms[t].source.category_option_combo),
          cell_guard(job->arena, rule->target.data_element), cell_guard(job->arena, rule->target.category_option_combo)};
      csv_add_row(buf, row, COLUMNS);
    }
  }
  return 0;
}
