#include "base/csv.h"
#include "mapping/format_forms.h"
#include "mapping/format_rows.h"

static int read_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  return rows_reading_row(payload, fields, count, line, error);
}

const struct mapping *format_csv_read(struct format_job *job, struct str bytes, struct error *error) {
  struct rows_reading *reading = rows_reading_new(job);
  struct mapping *mapping = ARENA_NEW(job->arena, struct mapping);
  struct csv_reader *reader = csv_reader_new(MAPPING_BYTES_MAX, read_row, reading);
  int result = csv_reader_feed(reader, bytes, error) < 0 || csv_reader_finish(reader, error) < 0 ? -1 : 0;
  csv_reader_free(reader);
  if (result == 0 && !reading->header_seen) result = error_set(error, ERROR_input, "the list has no header");
  mapping->attribute_option_combo_count = reading->attributes.n;
  mapping->attribute_option_combos = pair_list_done(job->arena, &reading->attributes);
  mapping->org_unit_count = reading->units.n;
  mapping->org_units = pair_list_done(job->arena, &reading->units);
  rows_reading_done(reading, mapping);
  return result == 0 ? mapping : NULL;
}

static void write_pairs(struct arena *arena, struct buf *buf, const char *kind, const struct mapping_pair *pairs, size_t count) {
  struct str row[ROW_COLUMNS];
  for (size_t i = 0; i < count && !buf->full; i++) {
    row_of_pair(arena, kind, &pairs[i], row);
    csv_add_row(buf, row, ROW_COLUMNS);
  }
}

int format_csv_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  struct str row[ROW_COLUMNS];
  for (int i = 0; i < ROW_COLUMNS; i++) row[i] = str_of(row_column_names[i]);
  csv_add_row(buf, row, ROW_COLUMNS);
  write_pairs(job->arena, buf, "attribute_option_combo", mapping->attribute_option_combos, mapping->attribute_option_combo_count);
  for (size_t i = 0; i < mapping->rule_count && !buf->full; i++) {
    const struct mapping_rule *rule = &mapping->rules[i];
    for (size_t t = 0; !buf->full && (t < rule->term_count || (t == 0 && !rule->term_count)); t++) {
      row_of_term(job->arena, rule, rule->term_count ? &rule->terms[t] : NULL, row);
      csv_add_row(buf, row, ROW_COLUMNS);
    }
  }
  write_pairs(job->arena, buf, "org_unit", mapping->org_units, mapping->org_unit_count);
  return 0;
}
