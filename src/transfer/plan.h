/* plan: cells of a target as a run means to leave them: what stood there before, what is to stand there, what was seen last. And their written form, which is the run's undo file.
 *
 * What holds always: texts live in the arena given; `before`, `current` and comments have p == NULL where there is none. One row a cell. Comment and follow-up mark are the run's business only where a row `carries` them; of all other rows what stands there last is
 * sent along, since a server forgets both where they are not sent.
 *
 * Written as CSV with a header (RFC 4180): data_set, data_element, period, org_unit, category_option_combo, attribute_option_combo, before, comment, follow_up, after, zero_vanishes, comment_after, follow_up_after, kind, partial. An empty `before` means that nothing was there; an
 * empty `follow_up_after` (else true or false) that comment and mark are not carried; an empty `kind` (else number, yes_no or text) that the value's type is not known. Files without the last one, the last two, or the last four, are read too. A text that a spreadsheet would take for a formula, or that begins with an apostrophe, has one more before it. */
#ifndef DRAWBRIDGE_TRANSFER_PLAN_H
#define DRAWBRIDGE_TRANSFER_PLAN_H

#include "base/buf.h"
#include "dhis2/data_values_write.h"
#include "transfer/value_type.h"

enum row_state {
  ROW_WAITING, /* to be sent */
  ROW_THERE,   /* stands at the target as it is to be: needs nothing */
  ROW_SENT,    /* the server took it, or said nothing against it */
  ROW_REFUSED, /* by the server: see code and text */
  ROW_FOREIGN, /* is neither what stood there before nor what is to be: somebody else was there */
};

struct plan_row {
  struct str data_set, data_element, period, org_unit, category_option_combo, attribute_option_combo;
  struct str before, before_comment;
  struct str after, after_comment; /* after.p == NULL: the cell is to be gone */
  bool before_follow_up, after_follow_up;
  enum value_kind kind; /* what values of this cell are compared as */
  bool carries;         /* comment and follow-up mark are to be as `after_…` say */
  bool zero_vanishes;   /* a zero in this cell is the same as nothing: the server keeps none */
  bool unreadable;      /* the server does not let this user see it: refused, and never asked for again */
  bool planned;         /* before and after differ: to be sent at all */
  bool partial;         /* some of its sources have no value */
  enum row_state state;
  struct str current, current_comment; /* as seen last */
  bool current_follow_up;
  struct str code, text;       /* of a refusal */
  struct str foretold, remedy; /* what to say where the server refuses it, wrongly, as foretold; empty: nothing was */
  uint32_t operand;            /* number in the translation; UINT32_MAX: none */
  uint32_t number;             /* among the rows of its chunk as they were written; a journal names rows by it */
};

struct plan {
  struct plan_row *p;
  size_t n, capacity;
};

/* Is what was seen last what the row wants to see at the target? */
bool row_is_at(const struct plan_row *row);
bool row_leaves_none(const struct plan_row *row); /* nothing stands there afterwards: a value that goes, or a zero that is not kept */
/* Or what stood there before? A comment that somebody gave a cell that is to be gone makes it another one. */
bool row_was(const struct plan_row *row);

/* What the source says beside the value, for a row whose `before` is known: its comment and mark take the place of the target's; where it has none, the target's stay. */
void row_carry(struct plan_row *row, struct str comment, bool follow_up);

bool row_changes_notes(const struct plan_row *row); /* is comment or mark to be another than before? */
void row_suppose(struct plan_row *row);             /* as if the server had been looked at after it took the row */
struct str row_shown(struct arena *arena, struct str value, struct str comment, bool follow_up); /* for people */

/* What is to be and what stood there before change places. */
void row_turn_round(struct plan_row *row);

/* Of a row that was turned round: a comment or mark stood there alone, without a value (servers to 2.42 keep such cells). Taking the value out would take it too. */
bool row_loses_note(const struct plan_row *row);

/* What is sent for a row. */
struct dhis2_write row_write(const struct plan_row *row);

bool plan_write(const struct plan_row *rows, size_t n, bool header, struct buf *buf); /* false: larger than the buf may be */
int plan_read(struct arena *arena, struct str text, struct plan *ret,
              struct error *error); /* ERROR_input. ret->p is freed by the caller (VEC_FREE) */

#endif
