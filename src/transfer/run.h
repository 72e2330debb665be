/* run: one transfer: read, translate, compare with what is there, send what differs, read back, report. Between two servers, or between files.
 *
 * What holds always (between servers):
 * - The work is cut into chunks: one period and up to DHIS2_READ_UNITS_MAX source units, more where more lead to one target unit (then in several calls), never with a part of the sources of a target cell outside. For each chunk: read the source (twice, until two readings agree), translate; read what
 *   the target holds; write the plan (every cell with what stands there and what is to stand there) to the journal; send; read the target back (once, where one answer shows all rows there); write what came of it to the journal.
 * - Nothing is sent before the plan with the old value is on the disk; that is the one thing of a chunk that the disk is waited for (journal.h), since all else is found out again by a look at the target. A run that was killed at any point and is resumed ends with the same values at the target and the same report; a planned chunk is finished as it was planned, but for one of which the process that planned it knew at its end that nothing was sent: that one is read anew.
 * - Before anything of a chunk is sent, each cell that is to be is judged by what the target lets this user enter, where and when (preflight.h): what it would refuse is told and held back.
 * - Cells that stand at the target as they are to be are not sent. A cell that is neither as it was when planned nor as it is to be was changed by somebody else: it is left alone and told (changed_meanwhile).
 * - With `changed_since` a chunk is first asked for what changed; then all sources of the cells that this touches are read, so that sums are whole. What nothing changed in is neither compared nor in the totals.
 * - With `deletions` a cell of the target is deleted where the source tells that sources of it were deleted, and none of them has a value any more (where the mapping wants all sources: where all of them were deleted). A source that never had a value holds nothing back, as it adds nothing to a sum either: else a cell of many parts, of which some are always empty, could never go. One that nobody has decided about may have a value that was not read: the cell is held back and told (not_all_decided). What goes is shown by a dry run before it does, with what stands there (`replaced`). It is in the plan, the undo file and the report like
 *   any other change.
 * - The absence of a value at the source never deletes anything. Comment and follow-up mark of the target's cells stay; with `comments` those of the source take their place where it has any.
 * - With `analytics` what the source's server added up is read. Refused are units that lie below each other, data sets with attribute option combos, and values written since its tables were made, where the user may see that; cells of which a source is not added up there,
 *   or is added up with values of other data sets, are left out and told.
 * - A dry run reads and translates, asks the target to judge, and writes nothing anywhere. Its counts and totals are what would come of it; `verified` stays 0.
 * - The source is read and translated for the next chunk while this one is written, on a thread of its own; it writes nothing anywhere, and what became of it is told when that chunk's turn comes. Where that is read by then, the next chunk is planned
 *   before this one is read back: the target and the disk work at both. Nothing of it is sent before this one is read back.
 * - Memory does not grow with the number of values: three chunks at a time.
 *
 * Between files: streaming, in bounded memory (gather.h) apart from about 60 bytes for each distinct org unit, period and attribute option combo, and 800 bytes for each target element and period. The output is written beside and
 * renamed when whole; then it is read back and its totals compared with the source's.
 *
 * Calls block for as long as a run takes. Set *cancel from anywhere: what is being written is finished, what is being read from the source is broken off, then ERROR_cancelled. `progress` is called on the calling thread. */
#ifndef DRAWBRIDGE_TRANSFER_RUN_H
#define DRAWBRIDGE_TRANSFER_RUN_H

#include "transfer/claim.h"
#include "transfer/report.h"

enum { RUN_PERIODS_MAX = 1000, RUN_UNITS_NAMED_MAX = 20000, RUN_UNITS_MAX = 1 << 20 };

enum run_phase { RUN_READING, RUN_TRANSLATING, RUN_CHECKING, RUN_SENDING, RUN_VERIFYING };
const char *run_phase_name(enum run_phase phase); /* "reading", … */

struct run_progress {
  enum run_phase phase;
  uint64_t done, of;                  /* chunks */
  const struct report_counts *counts; /* so far */
  struct report *part;                /* of the chunk under way, which is not in the report yet; NULL: none */
};

/* Is the mapping still true of the sides as they are? Asked before anything is sent, of the sides that the mapping remembers; the other is NULL. -1, with the reason: the run is refused. drift_judge is one. */
typedef int run_judge(const struct mapping *mapping, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                      const bool accept[3], struct error *error);

struct run_watch {
  const atomic_bool *cancel;                                            /* NULL: never */
  void (*progress)(void *payload, const struct run_progress *progress); /* NULL: none */
  void *payload;
  run_judge *judge; /* NULL: nobody asks */
  /* Of a dry run, of an undo and between files, which have no journal to keep it: rows for the list of all that was refused (refused.h, without the header) as they come; none, when it begins. -1: it ends with that. NULL: nobody wants them. */
  int (*refused)(void *payload, struct str rows, struct error *error);
  struct str locale; /* in which the report names things, where the servers have it ("fr"); empty: as they are stored there */
};

/* What a run is asked to do. */
struct run_order {
  struct str from, to;       /* ids of the servers, or names of files: for the report */
  const struct str *periods; /* between servers: at least one; between files none: all */
  size_t period_count;
  const struct str *org_units; /* of the source */
  size_t org_unit_count;
  bool descendants;   /* and all units below them, as the source server tells */
  bool accept[3];     /* by enum mapping_decision */
  bool sum_anyway;    /* also what is averaged, last, least, … */
  bool check_min_max; /* what lies outside of the target's least and largest values is held back */
  bool dry_run;
  struct str changed_since; /* a day: only cells of the target that a source of was written or deleted since then; empty: all */
  bool deletions;           /* what was deleted at the source is deleted at the target */
  bool analytics;           /* the source's analytics are read in place of its values: see dhis2/analytics.h */
  bool skip_units; /* org units that the target does not have are left out, counted and told; else each of their values is refused */
  bool comments;   /* comments and follow-up marks of the source go along: note.h, plan.h */
};

/* Periods in their canonical form, each once and in order of time; org units each once. -1: ERROR_usage: one (or a day) that is none, or none at all, or too many; ERROR_input: choices that exclude each other. */
int run_order_settle(struct run_order *order, struct arena *arena, struct error *error);
/* The same between files, where neither need be named: then all that the file holds goes. */
int run_order_settle_files(struct run_order *order, struct arena *arena, struct error *error);

/* The order as JSON, to be kept; the same order gives the same bytes. `dry_run` is not in it: that is a way to carry it out. */
bool run_order_write(const struct run_order *order, struct buf *buf);
int run_order_read(struct arena *arena, struct str json, struct run_order *ret, struct error *error); /* ERROR_input */

/* A run between servers. `mapping_text`: the document it was read from, kept in the journal. `journal`: a folder; NULL only for a dry run. `resume`: go on with what the folder holds (with nothing in it: begin); without it a folder that holds a run
 * that planned something or ended is refused with ERROR_conflict, and a run that is refused itself makes no folder. Each of the two servers is used by one thread at a time, `from` also by one that has ended when this returns. `*report` is filled so far as the run got. 0: it went through: see report_outcome. -1: as deliver.h and dhis2_values_read; ERROR_busy: the journal is in use;
 * ERROR_input, ERROR_usage, ERROR_conflict; ERROR_inside: disk. */
int run_servers(const struct run_order *order, struct str mapping_text, struct dhis2_server *from, struct dhis2_server *to,
                const char *journal, bool resume, const struct run_watch *watch, struct report *report, struct error *error);

/* Would a run of this order be refused before it reads anything: by the mapping, by what the sides are today, by calendars, periods or org units? Asks both servers and writes nothing. 0: no. -1: with its words and codes. */
int run_foresee(const struct run_order *order, struct str mapping_text, struct dhis2_server *from, struct dhis2_server *to,
                run_judge *judge, struct error *error);

/* Puts back what the run in that journal overwrote, and deletes what it created, so far as the journal tells that it was stored, and where nobody changed it since (else it is left alone and told; so is a cell that held a comment without a value, which would be lost). The report counts cells: sent, updated (put back), removed (deleted again), unchanged (had not been changed, or were put back before), verified. `dry_run`: what would come of it, with the target's own judgement; nothing is written anywhere. */
int run_undo(struct dhis2_server *to, const char *journal, bool dry_run, const struct run_watch *watch, struct report *report,
             struct error *error);

/* What a journal was begun with, so that it can be resumed or undone without being told again. Everything in the arena. ERROR_not_found: there is no run in it. */
struct run_begun {
  struct run_order order;
  struct str mapping_text;
  struct str from_url, to_url;
  bool ended;
};
int run_begun(const char *journal, struct arena *arena, struct run_begun *ret, struct error *error);

/* The list of what has no journal of its own, kept where one would be: nothing else is in it, and nothing can be gone on with or undone by it. Begun anew where there is one already. NULL: ERROR_conflict: there is a run; as journal_open. Calls block. */
struct run_list;
struct run_list *run_list_open(const char *place, struct error *error);
int run_list_add(struct run_list *list, struct str rows, struct error *error);
void run_list_close(struct run_list *list); /* NULL is fine */

/* All that the run in that journal was refused so far, and what differs (refused.h), with the header; also of one that is stopped, and of what has a list alone. -1: ERROR_busy: it is under way; ERROR_not_found: there is neither in it; ERROR_too_large: for the buf; as journal_open. */
int run_refused(const char *journal, struct buf *ret, struct error *error);

/* The same journal in another place (journal.h), where there is none yet. -1: ERROR_busy: the run is under way; ERROR_conflict; as journal_open. */
int run_journal_copy(const char *from, const char *to, struct error *error);

/* The claim that a run or undo of this order needs before it writes (claim.h); a dry run needs none. */
struct run_claimant {
  struct str to_url;
  struct str by, run; /* as struct claim_wish has them */
};
struct claim *run_claim(const char *folder, const struct run_order *order, struct str mapping_text, struct run_claimant who,
                        const struct claim_wait *wait, struct error *error);

/* The whole report as it is filed: what was asked, when, what came of it ("done", "refused", "differs", "cancelled", "paused", "failed"), then report_write's members. `failure`: NULL or without code: it went through. False: larger than buf->max. */
struct run_told {
  const struct run_order *order;
  struct str mapping_text, mapping_name; /* name: where it came from; may be empty */
  int64_t mapping_version;               /* of an alignment; 0: none */
  int64_t began_ms, ended_ms;
  struct str by_source, by_target; /* user names at the servers; may be empty */
  const struct error *failure;
  bool paused; /* a cancelled one is to be gone on with */
  bool undo;   /* it takes back what another run did */
};
const char *run_outcome(const struct run_told *told, const struct report *report);
bool run_report_write(const struct run_told *told, const struct report *report, struct buf *buf);

/* A transfer between files of data values (JSON, CSV or ADX; "-": standard input, output). Where the order names periods (of the target) or org units (of the source), values of others are passed over and counted (not_asked); a dry run makes no file. `source`, `target`: metadata of the sides; NULL: only what the mapping says. ADX needs them for its codes. The format out is CSV where the name ends in .csv, ADX where it ends in .xml or .adx. */
int run_files(const struct run_order *order, const struct mapping *mapping, const struct dhis2_metadata *source,
              const struct dhis2_metadata *target, const char *values_in, const char *values_out, const struct run_watch *watch,
              struct report *report, struct error *error);

#endif
