#include "mapping/formats.h"

static const struct mapping *json_read(struct arena *arena, struct str bytes, struct format_warnings *warnings, struct error *error) {
  (void)warnings;
  return mapping_read(arena, bytes, error);
}

static int json_write(struct arena *arena, const struct mapping *mapping, struct buf *buf, struct format_warnings *warnings,
                      struct error *error) {
  (void)arena;
  (void)warnings;
  return mapping_write(mapping, buf) ? 0 : error_set(error, ERROR_too_large, "the mapping is too large to be written");
}

static const struct format formats[] = {
    {"json", ".json", "application/json", "", json_read, json_write},
    {"csv", ".csv", "text/csv; charset=utf-8",
     "servers, data sets and default option combos of the sides; pairs of attribute option combos and org units; what becomes of missing "
     "values",
     format_csv_read, format_csv_write},
};

const struct format *formats_all(size_t *ret_count) {
  *ret_count = sizeof formats / sizeof *formats;
  return formats;
}

const struct format *format_named(struct str name) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (str_eq(name, str_of(formats[i].name))) return &formats[i];
  return NULL;
}

const struct format *format_of_file(struct str path) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    struct str ending = str_of(formats[i].ending);
    if (path.n > ending.n && str_eq_nocase(str_from(path, path.n - ending.n), ending)) return &formats[i];
  }
  return NULL;
}

void format_warn(struct format_warnings *warnings, struct str line) {
  if (warnings->n < FORMAT_WARNINGS_MAX) warnings->lines[warnings->n++] = line;
}
