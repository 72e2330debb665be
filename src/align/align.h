/* align: which data elements and cells of one side correspond to which of the other, how sure that is, and why.
 *
 * What holds always: pure; no input or output, no clock, no randomness: the same two sides, options and decisions give the same rows in the same order. Nothing given is changed. Rows never name a target COC
 * outside the combos of their target element, nor a source COC that the source element cannot hold. What a person decided is never overruled: accepted rows come out `auto` with confidence 1 and
 * `decided`, rejected pairs never come out, and all else is chosen around them. A decision whose ids a side does not hold is left out and told in `warnings`; so are gaps and overlaps of age groups that are summed. Every element of the source has at least one row; every cell too (`none` where nothing fits).
 *
 * Cost: time about linear in elements and cells (candidates come from an inverted index, never source x target); memory linear.
 *
 * Life cycle: align_run fills the result in the arena; nothing to free but the arena. Runs in any thread; several at once with arenas of their own. */
#ifndef DRAWBRIDGE_ALIGN_ALIGN_H
#define DRAWBRIDGE_ALIGN_ALIGN_H

#include "align/glossary.h"
#include "align/watch.h"
#include "dhis2/metadata.h"
#include "mapping/decisions.h"

enum align_kind {
  ALIGN_DATA_ELEMENT, /* the row pairs elements; its COCs are NULL */
  ALIGN_OPERAND,      /* the row adds (subtracts) a source cell to a target cell */
};

enum align_answer {
  ALIGN_AUTO,      /* sure enough for "accept all sure ones" */
  ALIGN_PROPOSED,  /* the engine's answer; wants a look */
  ALIGN_CANDIDATE, /* an alternative */
  ALIGN_NONE,      /* no counterpart; the target is NULL */
};

/* One observation that a row rests on. */
struct align_feature {
  const char *name;   /* from the table in evidence.h, e.g. "words", "age" */
  float value;        /* as measured, 0 to 1, or -1 to 1 where it can speak against */
  float contribution; /* what it added to the log odds */
};

/* What of the target a cell of the source would have to be divided into. A value is never divided: a person gives all of it to one cell, or leaves it. */
enum { ALIGN_PARTS_MAX = 1000 };
struct align_division {
  const struct dhis2_option_combo *const *parts; /* two at least; of more than ALIGN_PARTS_MAX the first ones */
  size_t count, all;                             /* those listed, and how many there are */
  const struct dhis2_option_combo *whole;        /* the target's total of them; NULL: it has none */
};

struct align_row {
  enum align_kind kind;
  enum align_answer answer;
  const struct dhis2_data_element *source, *target;         /* target NULL: none */
  const struct dhis2_option_combo *source_coc, *target_coc; /* operands only */
  char sign;                                                /* '+' or '-' */
  bool decided;                                             /* by a person */
  uint32_t rank;                                            /* 1… within (kind, source item) */
  float confidence;                                         /* 0 to 1, calibrated: of rows near 0.9, nine in ten are right */
  const struct align_feature *features;
  uint32_t feature_count;
  struct str why;                        /* one plain sentence */
  const struct align_division *division; /* of the first row of an operand; NULL: none */
  const char *reason;                    /* the same as a code, for who words it in another language; never renamed. NULL: of operands */
};

struct align_options {
  unsigned candidates;             /* most rows per source item that are candidates or more; 0: 5; at most 50 */
  const struct glossary *glossary; /* words that a person explains; NULL: none */
  struct align_watch watch;
};

struct align_result {
  const struct align_row *rows; /* elements first, then operands; each by source id (element, then COC), then rank */
  size_t count;
  const struct str *warnings;
  size_t warning_count;
};

/* 0, or -1: ERROR_cancelled; ERROR_input: a side is beyond the limits (1 million elements, 8 million cells). */
int align_run(const struct dhis2_metadata *source, const struct dhis2_metadata *target, const struct align_options *options,
              const struct decision *decisions, size_t decision_count, struct arena *arena, const struct align_result **ret,
              struct error *error);

const char *align_answer_name(enum align_answer answer); /* "auto", "proposed", "candidate", "none" */

#endif
