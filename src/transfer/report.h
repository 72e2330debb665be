/* report: what a transfer did, for people and programs: counts, control totals of both sides, what went nowhere and why, what was refused, what differs.
 *
 * What holds always: totals are exact decimals. Parts of a run (chunks) are reports themselves; a whole is their sum, in any order: a run that was killed and resumed gives the report of one that was not. Written as the same bytes for
 * the same content, lists in order of their ids.
 *
 * Limits: 10,000 source cells that go nowhere, 1,000 kinds of conflicts with the first 5 cells each, 100 cells that differ; what is beyond is counted, not listed. Memory: about 800 bytes for each target element and period.
 *
 * Life cycle: report_new, calls, report_free. */
#ifndef DRAWBRIDGE_TRANSFER_REPORT_H
#define DRAWBRIDGE_TRANSFER_REPORT_H

#include "base/buf.h"
#include "base/error.h"
#include "transfer/decimal.h"
#include "transfer/translate.h"

/* X(name): values of the source up to `mapped`, then cells of the target. */
#define REPORT_COUNTS(X) \
  X(read)      /* values of the source */ \
  X(not_asked) /* that the source server sent although nobody asked for them: passed over */ \
  X(mapped)    /* that go somewhere */ \
  X(cells)     /* cells of the target that they make, refused ones too */ \
  X(summed)    /* made from more than one value */ \
  X(partial)   /* some of their sources have no value */ \
  X(refused)   /* by drawbridge, before anything was sent: see conflicts */ \
  X(skipped)   /* left out because the mapping says so ("missing": "skip") */ \
  X(sent) \
  X(created) \
  X(updated) \
  X(removed)   /* by an undo: what the run had created */ \
  X(unchanged) /* were there already and are not sent */ \
  X(left_alone) /* of the target's cells that the mapping makes: hold a value, and the source says nothing of them */ \
  X(verified)  /* read back and equal */ \
  X(differing) /* read back and not equal */

struct report_counts {
#define X(name) uint64_t name;
  REPORT_COUNTS(X)
#undef X
  uint64_t ignored;  /* refused by the target, all codes together */
  uint64_t unmapped; /* values of the source that go nowhere, all reasons together */
};

/* A cell with its value, for lists; copied. Texts may be empty. */
struct report_cell {
  struct mapping_operand operand;
  struct str attribute, period, org_unit, value;
};

struct report;

struct report *report_new(void);
void report_free(struct report *report); /* NULL is fine */
void report_clear(struct report *report);

struct report_counts *report_counts(struct report *report); /* to be raised in place, but `ignored` and `unmapped` */

void report_unmapped(struct report *report, enum transfer_reason reason, struct mapping_operand source, struct str value);

/* A refusal: of the target's server (`by_target`, with its code) or of drawbridge. `sources`: where its value came from. */
void report_conflict(struct report *report, bool by_target, struct str code, struct str message, const struct report_cell *cell, const struct report_cell *sources, size_t source_count);
void report_differing(struct report *report, const struct report_cell *wanted, struct str found); /* found.p == NULL: nothing is there */

/* Control totals. */
enum report_side { REPORT_SOURCE, REPORT_TARGET };
void report_total(struct report *report, struct str data_element, struct str period, enum report_side side, const struct decimal *number, int sign);
void report_total_cells(struct report *report, struct str data_element, struct str period, uint64_t cells);
void report_total_name(struct report *report, struct str data_element, struct str period, struct str name); /* what the target calls the element; empty: not known */

/* Do the totals of both sides agree, in every element and period? */
bool report_totals_agree(const struct report *report);

/* "done", "refused" (something was, by either side), "differs" (not equal when read back, or totals differ). */
const char *report_outcome(const struct report *report, bool dry_run);

/* The members `counts`, `control_totals`, `unmapped_cells`, `conflicts`, `differing`, into an object that is open. */
struct json_out;
void report_write(const struct report *report, struct json_out *out);
void report_write_counts(const struct report *report, struct json_out *out);    /* the object alone */
void report_write_totals(const struct report *report, struct json_out *out);    /* the array alone */
void report_write_conflicts(const struct report *report, struct json_out *out); /* the array alone */

/* Adds what report_write wrote as an object. -1: ERROR_input: it did not. */
int report_add(struct report *report, struct str json, struct error *error);

#endif
