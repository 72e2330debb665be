/* formats: the forms in which a mapping is written and read: one table for the command line and whoever else names them. docs/formats.md tells them to people.
 *
 * What holds always: what a form cannot hold is told at writing, in one warning for each kind of thing left out, never passed over silently; so is what a reader passes over. What is left out of a form that has
 * no decisions is left out whole: such a form gets the rules that count (accepted, auto) and no others, since whoever reads it would carry out all of them. What is read has passed mapping_check. Pure: no files.
 * The same mapping and sides give the same bytes.
 *
 * Life cycle: a struct format_job with an arena and, where they are known, the two sides; format_read and format_write any number of times; the warnings of all of them stand in the job. */
#ifndef DRAWBRIDGE_MAPPING_FORMATS_H
#define DRAWBRIDGE_MAPPING_FORMATS_H

#include "dhis2/metadata.h"
#include "mapping/mapping.h"

enum { FORMAT_WARNINGS_MAX = 32, FORMAT_WRITTEN_MAX = 256 << 20 };

struct format_warnings {
  struct error lines[FORMAT_WARNINGS_MAX]; /* their messages and what is a value in them; no codes */
  size_t n;
};

struct format_job {
  struct arena *arena;
  const struct dhis2_metadata *source,
      *target; /* for names and codes; NULL: what the mapping remembers of the side, else ids stand in their place */
  struct format_warnings warnings;
};

/* What a form may hold beside cells that are added up. */
enum format_holds {
  HOLDS_SERVERS = 1 << 0,
  HOLDS_DATA_SETS = 1 << 1,
  HOLDS_DEFAULTS = 1 << 2,   /* ids of the default option combos */
  HOLDS_ATTRIBUTES = 1 << 3, /* pairs of attribute option combos */
  HOLDS_UNITS = 1 << 4,      /* pairs of org units */
  HOLDS_MISSING = 1 << 5,
  HOLDS_SIGNS = 1 << 6,     /* cells that are subtracted */
  HOLDS_DECISIONS = 1 << 7, /* whatever is not accepted, of rules and of pairs */
  HOLDS_UNMAPPED = 1 << 8,  /* source cells without counterpart */
  HOLDS_UNFILLED = 1 << 9,  /* target cells that nothing fills */
  HOLDS_CONFIDENCE = 1 << 10,
  HOLDS_VALUE_TYPE = 1 << 11,
  HOLDS_AUTHOR = 1 << 12, /* who decided, and when */
  HOLDS_NOTE = 1 << 13,
  HOLDS_PERIODS = 1 << 14,  /* their conversion */
  HOLDS_BLOCKED = 1 << 15,  /* what keeps a rule from counting; without: such rules are left out */
  HOLDS_METADATA = 1 << 16, /* what the sides held */
  HOLDS_APPROVAL = 1 << 17, /* who approved, and that a transfer wants it */
  HOLDS_ALL = (1 << 18) - 1,
};

struct format {
  const char *name, *title, *ending, *media_type; /* `title` is for a menu */
  unsigned holds;                                 /* of enum format_holds */
  const char *more;                               /* what else it cannot hold, in words; empty: nothing */
  const struct mapping *(*read)(struct format_job *job, struct str bytes,
                                struct error *error); /* for format_read; NULL: it is written only */
  int (*write)(struct format_job *job, const struct mapping *mapping, struct buf *buf,
               struct error *error); /* for format_write: `mapping` has nothing that the form does not hold */
};

const struct format *formats_all(size_t *ret_count);
const struct format *format_named(struct str name);   /* NULL: there is none */
const struct format *format_of_file(struct str path); /* by the longest ending that fits, any case; NULL: none */
struct str format_names(struct arena *arena);         /* "json, csv, … or …" */

/* NULL: ERROR_input with the place. */
const struct mapping *format_read(const struct format *format, struct format_job *job, struct str bytes, struct error *error);
/* -1: ERROR_too_large, buf->max or a cell of the form is too small; ERROR_input: the form can hold nothing of it, or none of its pairs, and an empty list would let all pass as it is. */
int format_write(const struct format *format, struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error);

/* The mapping with only what a form holds; each kind of thing left out is told. Borrows from `mapping`. */
const struct mapping *format_keep(struct format_job *job, unsigned holds, const struct mapping *mapping);
struct str format_cannot_hold(struct arena *arena, const struct format *format); /* in words; empty: it holds everything */

/* Notes a warning; beyond the maximum it is left out. */
void format_tell(struct format_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
