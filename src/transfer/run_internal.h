/* run_internal: what the files of run_*.c share. */
#ifndef DRAWBRIDGE_TRANSFER_RUN_INTERNAL_H
#define DRAWBRIDGE_TRANSFER_RUN_INTERNAL_H

#include "base/map.h"
#include "base/vec.h"
#include "dhis2/data_entry_server.h"
#include "transfer/deliver.h"
#include "transfer/gather.h"
#include "transfer/journal.h"
#include "transfer/note.h"
#include "transfer/preflight.h"
#include "transfer/run.h"
#include <uv.h>

/* --- the records of a journal --- */

/* `refused`: rows for refused.csv that came with what is written; may be empty. */

enum chunk_state { CHUNK_OPEN, CHUNK_PLANNED, CHUNK_DONE };

/* Rows of a plan, by their numbers: all from the first to the last. */
struct row_range {
  uint32_t first, last;
};
struct row_ranges {
  struct row_range *p;
  size_t n;
};

struct chunk_record {
  enum chunk_state state;
  bool sent;  /* it was said of a planned one, right before */
  bool tells; /* where that was not said, nothing was sent; else nobody knows: an earlier release, or a machine that went down */
  struct row_ranges not_stored;   /* of a done one, in order: what the target did not take, or what somebody else was at */
  struct row_ranges doubtful;     /* of these, in order: what it said that it took, and did not show */
  struct row_ranges settled;      /* by an undo: what stands there since is not the run's */
  struct row_ranges changed;      /* an undo found that somebody had changed it: nor is that, be it the same again */
  struct journal_rows refused[2]; /* refused.csv: when it was planned, and when it was done; n == 0: none */
  struct journal_rows rows;       /* of a planned or done one */
  struct str report;              /* JSON: of a planned one what was read, of a done one all of it */
  struct str taken; /* of a planned one that did not come to its end: the same with what the target took of it; empty: nothing */
};

/* What is read and written at once, for one period. */
struct slice {
  size_t first, count; /* of run.units */
};

/* What a journal says. */
struct run_log {
  struct arena *arena;
  struct journal *journal;
  bool begun, ended, undone;
  struct str order, mapping_hash, from_url, to_url; /* of the first record */
  struct str *units;                                /* source units, once resolved */
  size_t unit_count;
  struct slice *slices; /* that they were cut into: the numbers of chunks go by them. None: the record is of an earlier release */
  size_t slice_count;
  bool has_units;
  struct chunk_record *chunks;
  size_t chunk_count;          /* highest number that a record names, plus 1 */
  uint64_t rows_end;           /* end of the last rows that a record names */
  struct journal_rows refused; /* before the first chunk */
  bool lists;                  /* there is no run, but the list of what has no journal (run_list.c): */
  VEC(struct journal_rows) listed;
  uint64_t refused_end; /* as rows_end, of refused.csv */
};

int log_open(struct run_log *log, struct arena *arena, const char *folder, struct error *error); /* log_close also after a failure */
void log_close(struct run_log *log);
int log_begin(struct run_log *log, struct str order, struct str mapping_text, struct str from_url, struct str to_url, struct error *error);
int log_units(struct run_log *log, const struct str *units, size_t count, const struct slice *slices, size_t slice_count,
              struct str refused, struct error *error);
int log_planned(struct run_log *log, size_t chunk, const struct plan *rows, struct str report, struct str refused,
                struct error *error);                                                  /* on the disk */
int log_sending(struct run_log *log, size_t chunk, size_t count, struct error *error); /* before each POST; its plan is on the disk then */
int log_dropped(struct run_log *log, size_t chunk, struct error *error);
int log_taken(struct run_log *log, size_t chunk, struct str report, struct error *error);

/* What became of each row of a plan, by its number. */
enum row_fate { ROW_NOT_STORED, ROW_DOUBTFUL, ROW_NOT_PLANNED, ROW_STORED, ROW_SETTLED, ROW_CHANGED };
struct row_fates {
  unsigned char *p; /* enum row_fate */
  size_t n;
};
int log_done(struct run_log *log, size_t chunk, struct row_fates fates, struct str report, struct str refused, struct error *error);
bool log_is_stored(const struct chunk_record *record,
                   uint32_t row);                              /* may the row be what stands at the target, as far as the journal tells? */
bool log_is_in(const struct row_ranges *ranges, uint32_t row); /* of ranges in order */
int log_settled(struct run_log *log, size_t chunk, struct row_fates fates,
                struct error *error); /* after an undo: those that are ROW_SETTLED or ROW_CHANGED */
int log_ended(struct run_log *log, const char *outcome, struct error *error);
int log_undone(struct run_log *log, size_t chunk, struct error *error);
int log_list(struct run_log *log, struct error *error); /* begins a list */
int log_listed(struct run_log *log, struct str rows, struct error *error);
struct chunk_record log_chunk(const struct run_log *log, size_t chunk);
struct journal_rows log_rows_named(const struct json_t *where); /* that a record, or a member of one, names */

bool order_same(struct str a, struct str b); /* of their written forms */
void order_hash(struct str mapping_text, char ret[65]);

/* --- a run --- */

/* What chunks are read into and translated by, by turns: one is read, one planned and one written, and none sees what the others are in. */
enum { STAGES = 3 };
struct stage {
  struct arena *arena; /* of the translation */
  struct translation *translation;
  struct gather *gather;
};

/* Pieces of work on a thread of its own, one at a time; zero: there was none yet. Between ahead_begin and ahead_wait nobody else touches what the work touches. */
enum ahead_state { AHEAD_IDLE, AHEAD_WORKS, AHEAD_OVER, AHEAD_ENDS };
struct ahead {
  bool has_thread;        /* the other side does not look at it */
  enum ahead_state state; /* under the lock. Over: not waited for as yet */
  uv_thread_t thread;
  uv_mutex_t lock;
  uv_cond_t changed;
  atomic_bool stop; /* the work looks at it */
  int (*work)(void *payload, const atomic_bool *stop, struct error *error);
  void *payload;
  int result;
  struct error error;
};
int run_check_stopped(const atomic_bool *cancel, struct error *error); /* ERROR_cancelled; NULL: nobody stops it */
int ahead_begin(struct ahead *ahead, int (*work)(void *payload, const atomic_bool *stop, struct error *error), void *payload,
                struct error *error);
bool ahead_is_over(struct ahead *ahead); /* there is work, and ahead_wait would not have to wait for it */
int ahead_wait(struct ahead *ahead, const atomic_bool *cancel,
               struct error *error); /* what came of it, once. A set `cancel` stops it, and is ERROR_cancelled whatever came of it */
void ahead_end(struct ahead *ahead); /* behind the last piece, which was waited for */

/* The chunk behind the one that was sent, planned before that is read back; zero: none. */
struct planned_ahead {
  struct chunk *chunk;
  bool failed; /* it could not be, by `error`: told when it is that one's turn */
  struct error error;
};

/* Work on a chunk that the target has no part in, put off until it works at the next question (dhis2_server_meanwhile); work NULL: none. */
struct put_off {
  int (*work)(struct chunk *chunk, struct error *error);
  struct chunk *chunk;
  int result;
  struct error error;
};

/* What a dry run has asked so far is what the run asks that follows, but that the run also reads back what it wrote. */
struct estimating {
  int64_t began_ms;
  struct dhis2_asked from, to; /* before it began */
  uint64_t look_requests;      /* the target will be asked to read back what is sent */
  int64_t look_ms;
};

struct run {
  struct arena *arena;
  const struct run_order *order;
  const struct mapping *mapping;
  const struct run_watch *watch;
  const struct dhis2_metadata *source; /* as it is; NULL: not read, since nothing is asked of it */
  const struct dhis2_metadata *target; /* as it is; NULL: not read yet */
  struct str from_calendar, to_calendar;
  struct stage stages[STAGES]; /* a chunk's is that of its number */
  struct dhis2_server *from, *to;
  struct run_log log;
  struct str *units; /* source units, those with a common target next to each other */
  size_t unit_count;
  VEC(struct slice) slices;
  struct preflight preflight; /* without place and time */
  struct dhis2_entry_units *target_units;
  struct delivery delivery;
  struct estimating estimating;
  struct ahead ahead;
  struct chunk *next;  /* that is being read ahead; NULL: none */
  struct ahead filing; /* a plan goes into the journal, which nobody else has meanwhile */
  struct planned_ahead planned;
  struct put_off put_off;
  struct report *whole; /* of the run */
  struct chunk *under_way;
  struct report *part; /* of the first chunk that is not in that of the run yet; NULL: none */
  size_t chunk;        /* that is worked on */
  bool taken;          /* what the target took of it is in the report of the run, though it did not come to its end */
  struct map assigned; /* org units of the source's data sets, where all below one are asked for */
  bool knows_assigned; /* false: nobody asked, or was told */
  struct str *items;   /* what is asked from analytics, where that is read */
  size_t item_count;
  int64_t tables_ms; /* when its tables were made; the same as text */
  struct str tables;
};

/* Analytics in place of values (run_analytics.c). Cuts the mapping down to what can be had, and tells what cannot. */
int run_take_analytics(struct run *run, const struct dhis2_metadata *source, struct error *error);
int run_check_nested(struct run *run, struct error *error);
/* Were values of this query written since the tables were made? ERROR_conflict. *ret_unchecked: nobody can say: the source does not show them to this user, or not when they were written. */
int run_check_tables(struct run *run, const struct dhis2_values_query *query, struct arena *arena, const atomic_bool *stop,
                     bool *ret_unchecked, struct error *error);

/* Would the source leave out values that the mapping sends, since the user may not read them (dhis2/unread.h)? ERROR_forbidden with the category options. */
int run_check_attributes(struct run *run, struct error *error);

/* The target as it is, and what is the same for all gates at it. */
int run_look_at_target(struct run *run, struct error *error);

/* Before rows of one period are sent: each that is to be is judged by what the target lets this user enter, and shown to `each` with the verdict. False: it is taken out. */
typedef bool run_judged(void *payload, struct plan_row *row, const struct preflight_finding *found);
int run_gate(struct run *run, struct arena *arena, struct str period, struct plan *rows, run_judged *each, void *payload,
             struct error *error);

size_t run_chunk_count(const struct run *run);
void run_tell(const struct run *run, enum run_phase phase);
/* Hands over what the report has listed since the last time, where it is asked for (run_watch.refused). */
int run_list_take(const struct run_watch *watch, struct report *report, struct error *error);
void run_after_batch(void *run, struct plan_row *const *rows, size_t count); /* for a delivery */
int run_chunk(struct run *run, size_t chunk, struct error *error);
int run_chunk_begin_first(struct run *run, struct error *error); /* reads the source for the first one, while the rest is prepared */
int run_chunk_end(struct run *run, struct error *error); /* behind the last one or one that failed: does what was put off, drops the rest */

/* Of which org units of a chunk the source gave something; zero. */
struct heard {
  struct map by_id;
  struct heard_unit {
    struct str id;
    bool heard;
  } * units, *last; /* last: values come by org unit */
  size_t count;
};
void heard_begin(struct heard *heard, struct arena *arena, const struct str *units, size_t count); /* also to begin again */
void heard_add(struct heard *heard, struct str unit);
void heard_tell(const struct heard *heard, const struct run *run, const struct translation *translation, struct str period,
                struct report *report); /* those that lead somewhere and gave nothing */
void heard_free(struct heard *heard);
void run_ask_assigned(struct run *run);

/* Servers (with little patience from then on), their versions and the users there, and the names of what the report lists. Without `may_ask` (a server cannot be worked with) only what is known already. */
void run_meet(struct run *run);
void run_names(struct run *run, bool may_ask);

/* Reads a source value into gather and report; shared with files. 0 or -1. */
struct intake {
  struct translation *translation;
  struct gather *gather;
  struct report *report;
  const struct changes *only; /* NULL: all; else only what goes to its dirty cells */
  struct buf *notes;          /* NULL: comments and marks stay behind; else values are gathered with them (note_pack), by way of this */
};
int intake_value(struct intake *intake, const struct dhis2_value *value, struct error *error);

/* Counts a finished cell (summed, refused, skipped) and takes out of the source's total what is not to be expected at the target. */
void intake_cell(struct intake *intake, const struct cell *cell);

/* What changed (`dirty`) and was deleted (`gone`) at the source, by target cell; zero but for the arena. */
struct changes {
  struct arena *arena;
  struct map dirty, gone;
};
void changes_mark(struct changes *changes, const struct contribution *c);
bool changes_has(const struct changes *changes, const struct contribution *c);
void changes_gone(struct changes *changes, const struct contribution *c);  /* a source of that cell was deleted */
void changes_there(struct changes *changes, const struct contribution *c); /* that cell has a value: it is not gone */
/* The cells that go. `held`: one that would, but for sources that nobody has decided about: they were not read, and may have a value. */
void changes_each_gone(const struct changes *changes, const struct translation *t, enum mapping_missing missing,
                       void (*each)(void *payload, const struct contribution *cell, bool held), void *payload);
void changes_clear(struct changes *changes);

struct report_cell report_cell_of(const struct translation *translation, const struct cell *cell);

#endif
