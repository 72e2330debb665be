#include "align/glossary.h"

#include "base/csv.h"
#include "base/vec.h"

enum { COLUMN_TERM, COLUMN_MEANS, COLUMN_FACET, COLUMNS };

struct reader {
  struct arena *arena;
  size_t columns[COLUMNS];
  bool has_header;
  VEC(struct glossary_entry) entries;
};

static int read_header(struct reader *reader, const struct str *fields, size_t count, struct error *error) {
  static const struct str wanted[COLUMNS] = {{"term", 4}, {"means", 5}, {"facet", 5}};
  csv_columns(fields, count, wanted, COLUMNS, reader->columns);
  reader->has_header = true;
  if (reader->columns[COLUMN_TERM] == SIZE_MAX || (reader->columns[COLUMN_MEANS] == SIZE_MAX && reader->columns[COLUMN_FACET] == SIZE_MAX))
    return error_set(error, ERROR_input, "a glossary needs the columns 'term' and 'means' in its first line");
  return 0;
}

static struct str field(const struct reader *reader, const struct str *fields, size_t count, int column) {
  size_t at = reader->columns[column];
  return at < count ? str_trim(fields[at]) : STR("");
}

static int read_row(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  struct reader *reader = payload;
  if (!reader->has_header) return read_header(reader, fields, count, error);
  struct glossary_entry entry = {field(reader, fields, count, COLUMN_TERM), field(reader, fields, count, COLUMN_MEANS),
                                 field(reader, fields, count, COLUMN_FACET)};
  if (!entry.term.n || (!entry.means.n && !entry.facet.n)) return 0;
  if (reader->entries.n == GLOSSARY_MAX)
    return error_set(error, ERROR_input, "line %llu: a glossary has at most %d rows", (unsigned long long)line, GLOSSARY_MAX);
  entry = (struct glossary_entry){arena_str(reader->arena, entry.term), arena_str(reader->arena, entry.means),
                                  arena_str(reader->arena, entry.facet)};
  VEC_PUSH(&reader->entries, entry);
  return 0;
}

int glossary_read(struct arena *arena, struct str csv, struct glossary *ret, struct error *error) {
  struct reader reader = {.arena = arena};
  struct csv_reader *rows = csv_reader_new(0, read_row, &reader);
  int result = csv_reader_feed(rows, csv, error);
  if (result == 0) result = csv_reader_finish(rows, error);
  if (result == 0 && !reader.has_header)
    result = error_set(error, ERROR_input, "the glossary is empty: its first line names the columns 'term' and 'means'");
  if (result == 0) {
    struct glossary_entry *entries = ARENA_ARRAY(arena, reader.entries.n, struct glossary_entry);
    if (reader.entries.n) memcpy(entries, reader.entries.p, reader.entries.n * sizeof *entries);
    *ret = (struct glossary){entries, reader.entries.n};
  }
  csv_reader_free(rows);
  VEC_FREE(&reader.entries);
  return result;
}
