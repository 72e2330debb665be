/* preflight: would the target take these cells? Said before anything is sent, in words that name what stands in the way and the screen of DHIS2 where a person can mend it. Pure: rows and what is known of the target in, findings out.
 *
 * What holds always: one finding a row, the one that is to be mended first. PREFLIGHT_HELD_BACK: the target refuses such a cell, or would take it against its own rules (approved data, input periods that are over: 2.43 judges these wrongly):
 * it is not sent. PREFLIGHT_TOLD: by the rules the cell may be sent, but this release is known to refuse it: it is sent, and where the target does refuse it, `sentence` says that the target is wrong. */
#ifndef DRAWBRIDGE_TRANSFER_PREFLIGHT_H
#define DRAWBRIDGE_TRANSFER_PREFLIGHT_H

#include "dhis2/data_entry.h"
#include "dhis2/metadata.h"
#include "transfer/plan.h"

enum preflight_verdict { PREFLIGHT_FINE, PREFLIGHT_TOLD, PREFLIGHT_HELD_BACK };

struct preflight {
  const struct dhis2_metadata *metadata; /* of the target */
  const struct dhis2_entry *entry;
  const struct dhis2_entry_place *place; /* for the units, attribute option combos and the period of the rows */
  struct dhis2_period period;            /* of the rows */
  int64_t now_ms;                        /* on the target's wall clock */
  bool check_limits;                     /* least and largest values */
};

struct preflight_finding {
  enum preflight_verdict verdict;
  struct str code;     /* "period_expired" */
  struct str sentence; /* what stands in the way */
  struct str remedy;   /* which app and screen */
};

/* What was found of the place of a row (data set, org unit, attribute option combo), so that it is not looked for again where the next row has the same. Zero at first; of one preflight, as long as nothing in it changes. */
struct preflight_last {
  struct str data_set, org_unit, attribute_option_combo;
  const struct dhis2_entry_set *set;
  const struct dhis2_entry_unit *unit;
  const struct dhis2_option_combo *attribute;
  struct preflight_finding first, then;                                 /* before and behind what is to be said of the row's own options */
  enum { OPTIONS_NOT_LOOKED_AT, OPTIONS_OPEN, OPTIONS_CLOSED } options; /* are there any that this user may not write to? */
};

/* Texts live in the arena or for ever. `last`: NULL: none. */
struct preflight_finding preflight_judge(const struct preflight *preflight, const struct plan_row *row, struct preflight_last *last,
                                         struct arena *arena);

/* Is this the code with which the target refuses what a PREFLIGHT_TOLD is about? */
bool preflight_foretold(struct str target_code);

#endif
