/* report: what a transfer did, for people and programs: counts, control totals of both sides, what went nowhere and why, what was refused, what differs.
 *
 * What holds always: totals are exact decimals. Parts of a run (chunks) are reports themselves; a whole is their sum, in any order: a run that was killed and resumed gives the report of one that was not, but for the batches, which tell what went when. Written as the same bytes for
 * the same content, lists in order of their ids.
 *
 * Limits: 10,000 source cells that go nowhere, 1,000 kinds of conflicts with the first 5 cells each (and the first 5 sources of each), 100 cells that differ, 100 org units of which the source gave nothing, 2,000 sums of org units that are skipped; what is beyond is counted, not listed: report_list_refused is for all. Memory: about 800 bytes for each target element and period.
 *
 * Life cycle: report_new, calls, report_free. */
#ifndef DRAWBRIDGE_TRANSFER_REPORT_H
#define DRAWBRIDGE_TRANSFER_REPORT_H

#include "base/buf.h"
#include "base/error.h"
#include "transfer/batches.h"
#include "transfer/decimal.h"
#include "transfer/translate.h"

/* X(name, in words): values of the source up to `not_changed` but for `silent` and `skipped_units`, then cells of the target. */
/* clang-format off */
#define REPORT_COUNTS(X) \
  X(read, N_("values read at the source")) \
  X(not_asked, N_("values that the source sent although nobody asked for them: passed over")) \
  X(unchecked, N_("values of the source's analytics of which could not be asked whether newer ones were entered since its tables were made")) \
  X(silent, N_("org units, each in one period, of which the source gave nothing")) \
  X(skipped_units, N_("org units, each in one period, that the target does not have: skipped with their values")) \
  X(mapped, N_("values of the source that go somewhere")) \
  X(not_changed, N_("of these, only in cells that nothing changed in since the day asked for: passed over")) \
  X(cells, N_("cells of the target that they make, refused ones too")) \
  X(summed, N_("of these, made from more than one value")) \
  X(partial, N_("of these, brought to the target or there already (a dry run: that would be), and some of their sources have no value")) \
  X(refused, N_("refused by drawbridge before anything was sent")) \
  X(skipped, N_("left out because the mapping says so")) \
  X(sent, N_("cells sent (a dry run: that would be sent)")) \
  X(created, N_("of these, the target held nothing before")) \
  X(updated, N_("of these, the target held another value before")) \
  X(removed, N_("deleted at the target")) \
  X(carried, N_("of those created or updated, with a comment or follow-up mark that the target did not have there before")) \
  X(unchanged, N_("were there already and were not sent")) \
  X(left_alone, N_("hold a value at the target of which the source says nothing: left as they were")) \
  X(verified, N_("read back from the target and equal")) \
  X(differing, N_("read back from the target and not equal"))
/* clang-format on */

struct report_counts {
#define X(name, words) uint64_t name;
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

void report_silent(struct report *report, struct str period, struct str org_unit); /* the source gave nothing of it */

void report_unmapped(struct report *report, enum transfer_reason reason, struct mapping_operand source, struct str value);

/* What does not let values be added up, for words in any language. */
struct report_obstacle {
  struct str kind, type; /* "aggregation" or "value", and which, as DHIS2 names it; empty: there is none */
  bool at_source, over_time;
};

/* A refusal: of the target's server (`by_target`, with its code) or of drawbridge. `sources`: where its value came from. */
struct report_words {
  bool by_target;
  struct str code, message;
  struct str
      remedy; /* where it can be mended; empty: the code tells. One kind of conflict for each code, and with a remedy for each message */
  struct str value_type; /* that the target wants, where values do not fit; else empty */
  struct report_obstacle obstacle;
};
void report_conflict(struct report *report, const struct report_words *words, const struct report_cell *cell,
                     const struct report_cell *sources, size_t source_count);
/* From now on each refusal, and each cell that differs, is also a row of CSV (refused.h), however many there are. Report_refused: those since it was last cleared, to be taken by whoever files them; report_clear empties it too. In a sum of reports
 * report_refused_rows is their number. */
void report_list_refused(struct report *report, size_t max);
struct buf *report_refused(struct report *report);
uint64_t report_refused_rows(const struct report *report);
/* found.p == NULL: nothing is there. `is_listed`: report_conflict has told the cell, which is in the list then. */
void report_differing(struct report *report, const struct report_cell *wanted, struct str found, bool is_listed);
/* A value takes the place of another one, or is deleted (`wanted` has none): the first of them are kept, for whoever wants to see what is lost before it is. */
void report_replaced(struct report *report, const struct report_cell *wanted, struct str before);

/* Control totals. */
enum report_side { REPORT_SOURCE, REPORT_TARGET };
void report_total(struct report *report, struct str data_element, struct str period, enum report_side side, const struct decimal *number,
                  int sign);
void report_total_cells(struct report *report, struct str data_element, struct str period, uint64_t cells);
void report_total_name(
    struct report *report, struct str data_element, struct str period,
    struct str
        name); /* what the target calls the element; empty: not known. What report_name says of it outweighs this, as parts may have been named in another language */

/* Part of a value of an org unit that the target does not have, where such ones are skipped: what it would have added to that element and period. `number` NULL: it holds none. Its sum is in the source's control total too, which may differ from the target's by that. */
struct report_skip {
  struct str org_unit; /* of the source */
  struct str data_element, period;
  bool is_value; /* false: the value was told already, of the same element */
  const struct decimal *number;
  int sign;
};
void report_skip(struct report *report, const struct report_skip *skip);

struct batches *report_batches(struct report *report);

/* What sending will take, as a dry run has found out. A report has none without it. */
struct report_estimate {
  uint64_t source_requests, target_requests, bytes; /* bytes: of values, on their way to the target */
  int64_t least_ms;                                 /* it will not take less */
};
void report_estimate(struct report *report, struct report_estimate estimate);
const struct report_estimate *report_estimate_of(const struct report *report); /* NULL: none */
/* Of what takes less than this most goes by in signing in and the like: nothing is said of the time. */
enum { REPORT_ESTIMATE_LEAST_MS = 10000 };

/* What the report calls by id: whom it was sent between, and what things are called there. Copied; the first name of an id stays. */
struct report_party {
  struct str url, version, user; /* each may be empty */
  struct str analytics;          /* when the tables were made that the values are of; empty: those are the values themselves */
};
void report_party(struct report *report, enum report_side side, struct report_party party);
void report_tables(struct report *report, struct str made); /* of the source's analytics */
struct report_party report_party_of(const struct report *report, enum report_side side);
void report_name(struct report *report, enum report_side side, struct str id, struct str name);
bool report_has_name(const struct report *report, enum report_side side, struct str id);

/* Every id in the lists of the report, as often as it stands there. */
enum report_kind { REPORT_ELEMENT, REPORT_OPTION_COMBO, REPORT_ORG_UNIT };
void report_each_id(const struct report *report, void (*each)(void *payload, enum report_side side, enum report_kind kind, struct str id),
                    void *payload);

/* Do the totals of both sides agree, in every element and period, but for what was skipped? */
bool report_totals_agree(const struct report *report);

/* "done", "refused" (something was, by either side), "differs" (not equal when read back, or totals differ). */
const char *report_outcome(const struct report *report, bool dry_run);

/* The members `counts`, `control_totals`, `unmapped_cells`, `conflicts`, `differing`, `replaced`, `silent_units`, `skipped_units`, `batches`, and `refused_rows`, `estimate`, `servers` and `names` where there are any, into an object that is open. */
struct json_out;
void report_write(const struct report *report, struct json_out *out);
void report_write_counts(const struct report *report, struct json_out *out);    /* the object alone */
void report_write_totals(const struct report *report, struct json_out *out);    /* the array alone */
void report_write_conflicts(const struct report *report, struct json_out *out); /* the array alone */

/* The member `obstacle` of one of those, with its texts borrowed; NULL: none. */
struct json_t;
struct report_obstacle report_obstacle_read(const struct json_t *from);

/* Adds what report_write wrote as an object. -1: ERROR_input: it did not. */
int report_add(struct report *report, struct str json, struct error *error);

#endif
