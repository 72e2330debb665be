/* places: what else of a data set corresponds, besides elements and cells: org units, attribute option combos (AOC), and periods.
 *
 * What holds always: as align_run: pure, the same input gives the same answer, in whatever order the lists stand; what a person decided is never overruled, and what lies below a decided pair of org units is looked for there. A source
 * has one answer at most; a target may be that of several sources only where a person said so, or where attributes are given up. What is equally good twice is never `auto`. A contradiction (other numbers in the names, opposite
 * directions, points far apart, a place below parents that belong to others) vetoes what names alone would say; the same id or code is then an answer that wants a look. `default` AOCs belong together by their role.
 *
 * Who takes part: org units that the side's data sets are assigned to; all of them where no data set says. AOCs of the data sets' category combos.
 *
 * Cost: time about linear in org units (indexes, never source x target); memory linear.
 *
 * Life cycle: align_places fills the result in the arena; nothing to free but the arena. */
#ifndef DRAWBRIDGE_ALIGN_PLACES_H
#define DRAWBRIDGE_ALIGN_PLACES_H

#include "align/align.h"
#include "align/reason.h"
#include "mapping/mapping.h"

/* One thing of the source as one of the target. */
struct align_pair {
  const struct dhis2_object *source, *target; /* target NULL: no counterpart */
  enum align_answer answer;
  bool decided;                       /* by a person */
  bool keeps_id;                      /* surely the same thing under the same id; of AOCs also default as default */
  uint32_t rank;                      /* 1… within the source */
  float confidence;                   /* 0 to 1 */
  struct str why;                     /* one plain sentence */
  const struct align_reason *reasons; /* the same as codes */
  size_t reason_count;
};

struct align_pairs {
  const struct align_pair *rows; /* by source id, then rank */
  size_t count;
  bool told; /* false: one of the sides does not tell what it has; no rows then */
  bool same; /* every answer keeps its id: a mapping need not list them */
};

struct align_period_rule {
  struct mapping_periods periods;
  enum align_answer answer; /* ALIGN_NONE: they cannot be converted */
  float confidence;
  const char *reason; /* what the note says, as a code */
};

struct align_places {
  struct align_pairs org_units, attributes;
  struct align_period_rule period;
  const struct str *warnings; /* decisions that name what a side does not hold */
  size_t warning_count;
};

/* Those of the decisions that are of org units or AOCs count. 0, or -1: ERROR_cancelled. */
int align_places(const struct dhis2_metadata *source, const struct dhis2_metadata *target, const struct align_options *options,
                 const struct decision *decisions, size_t decision_count, struct arena *arena, const struct align_places **ret,
                 struct error *error);

/* "Country / District / Clinic", as dhis2_object_name. */
struct str align_unit_path(struct arena *arena, const struct dhis2_org_unit *unit, struct str locale);

#endif
