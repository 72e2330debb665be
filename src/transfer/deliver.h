/* deliver: brings rows to a server, in batches it stands, and finds out what became of each.
 *
 * What holds always:
 * - What a server says about a POST is only half of the truth; deliver_look tells what stands there. After a POST whose fate is not known (timeout, cut, 502, 503, 504, empty answer) the server is looked at before anything is sent again.
 * - A refusal concerns the rows it is about and no others: what the server blames is taken out and the rest sent again; where it blames nobody, the batch is halved until the bad rows are alone.
 * - One data set and one period per POST, no cell twice.
 *
 * Calls block. -1 of all calls: ERROR_cancelled; ERROR_reauth_required, forbidden, server_unreachable, upstream_…: the server cannot be worked with now; everything that was done is there and a later call goes on from it. */
#ifndef DRAWBRIDGE_TRANSFER_DELIVER_H
#define DRAWBRIDGE_TRANSFER_DELIVER_H

#include "dhis2/data_values.h"
#include "transfer/plan.h"

struct delivery {
  struct dhis2_server *server;
  const struct str *data_sets; /* that the rows are in */
  size_t data_set_count;
  struct str default_combo; /* of this server */
  bool zeros_vanish;        /* it keeps no zeros of elements where they are not significant */
  bool dry_run;             /* the server judges and stores nothing */
  const atomic_bool *cancel;
  int (*before_post)(void *payload, size_t count, struct error *error); /* right before it goes; NULL: none; e.g. to wait for the journal */
  void (*after_post)(void *payload, size_t count);
  void (*after_batch)(void *payload, struct plan_row *const *rows, size_t count); /* all of it is answered; rows come as they do */
  void *payload;
  struct dhis2_batch batch; /* zero: found out at the first call */
  unsigned unreadable;      /* units that could not be read since the last that could */
  unsigned alone;           /* rows refused alone without a summary since the last that was taken */
  struct deliver_ready {    /* a POST that was written ahead of its turn */
    const struct plan_row *first, *last;
    size_t count; /* 0: none */
    struct buf body;
  } ready;
};

/* Rows of a unit that this user may not read at the server become ROW_REFUSED with code "unreadable", and are not asked for again: what cannot be read back is not sent. Eight such units with none readable between: -1.
 *
 * Sets what each row has `current`ly. Rows come by period, then org unit. New texts go to the arena of the rows. */
int deliver_look(struct delivery *delivery, struct arena *arena, struct plan_row *rows, size_t n, struct error *error);

/* The same for a plan that is being made: all rows are of `period`; asks for all of `units` (up to DHIS2_READ_UNITS_MAX, those of the rows among them) and counts what the server holds there beside the rows in cells that `is_made` says yes to. */
struct deliver_survey {
  struct str period;
  const struct str *units;
  size_t unit_count;
  bool (*is_made)(void *payload, struct str data_element, struct str category_option_combo);
  void *payload;
  uint64_t *others; /* their number */
};
int deliver_survey(struct delivery *delivery, struct arena *arena, struct plan_row *rows, size_t n, const struct deliver_survey *survey,
                   struct error *error);

/* Behind a look at what was sent: what stands there as it is to be was taken, whatever the server said of it (to 2.42 an import that "failed" may have stored part of it). ROW_REFUSED becomes ROW_SENT. */
void deliver_believe(struct plan_row *rows, size_t n);

/* Sends all rows that are ROW_WAITING; each is ROW_SENT or ROW_REFUSED then (or ROW_THERE, where a look in between found it there). */
int deliver_send(struct delivery *delivery, struct arena *arena, struct plan_row *rows, size_t n, struct error *error);

/* Writes the first POST that deliver_send will make of these rows, in a time in which there is nothing else to do; asks the server nothing. Until then the rows stay where and what they are. The next POST of whatever rows, or deliver_forget, frees it. */
void deliver_prepare(struct delivery *delivery, struct plan_row *rows, size_t n);
void deliver_forget(struct delivery *delivery);

#endif
