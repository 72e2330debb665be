/* formats: the forms in which a mapping is written and read: one table for the command line and whoever else names them. docs/formats.md tells them to people.
 *
 * What holds always: what a form cannot hold is told at writing, in one warning for each kind of thing left out, never passed over silently. What is read has passed mapping_check. Pure: no files. The same mapping gives the same bytes. */
#ifndef DRAWBRIDGE_MAPPING_FORMATS_H
#define DRAWBRIDGE_MAPPING_FORMATS_H

#include "mapping/mapping.h"

enum { FORMAT_WARNINGS_MAX = 32 };

struct format_warnings {
  struct str lines[FORMAT_WARNINGS_MAX]; /* in the arena of the call */
  size_t n;
};

struct format {
  const char *name, *ending, *media_type;
  const char *cannot_hold; /* in words; empty: holds everything */
  const struct mapping *(*read)(struct arena *arena, struct str bytes, struct format_warnings *warnings,
                                struct error *error); /* NULL: ERROR_input */
  int (*write)(struct arena *arena, const struct mapping *mapping, struct buf *buf, struct format_warnings *warnings,
               struct error *error); /* -1: ERROR_too_large, buf->max is too small */
};

const struct format *formats_all(size_t *ret_count);
const struct format *format_named(struct str name);     /* NULL: there is none */
const struct format *format_of_file(struct str path);   /* by its ending, any case; NULL: none */
void format_warn(struct format_warnings *warnings, struct str line); /* beyond the maximum: left out */

/* The list, one row for each term: the columns of `drawbridge align` and value_type, by, at, note. Rows of data elements and candidates are passed over at reading, and told. */
const struct mapping *format_csv_read(struct arena *arena, struct str bytes, struct format_warnings *warnings, struct error *error);
int format_csv_write(struct arena *arena, const struct mapping *mapping, struct buf *buf, struct format_warnings *warnings,
                     struct error *error);

#endif
