/* assign: the whole list at once: which target each source element gets, given that others want it too and that a person has decided some.
 *
 * What holds always: a pair that a person accepted is first and certain, a rejected one is never there, and a source element decided to have no counterpart has none. A target that fits another source element better is
 * lost to it, unless the two are parts that the target divides by (age groups in the elements' names). A source element that is divided by what several targets are named for ("cases" by sex; "cases, male", "cases, female")
 * gets all of them. */
#ifndef DRAWBRIDGE_ALIGN_ASSIGN_H
#define DRAWBRIDGE_ALIGN_ASSIGN_H

#include "align/score.h"
#include "align/watch.h"
#include "base/error.h"

enum { ASSIGN_CANDIDATES_MAX = 50, ASSIGN_RETRIEVED = 24 };

/* What a person decided about one source element. */
struct ruling {
  const uint32_t *accepted, *rejected; /* indexes of target items */
  size_t accepted_count, rejected_count;
  bool none;
};

struct standing {
  struct pair *pairs; /* best first; accepted ones before all */
  size_t count;
  size_t answers; /* the first so many are answers; 0: no counterpart */
  bool none_decided;
};

struct assignment {
  struct standing *p; /* one per source item */
  size_t n;
};

struct assign_context {
  struct arena *arena;
  const struct items *source, *target;
  const struct combos *source_combos, *target_combos;
  size_t term_count;
  const struct ruling *rulings; /* one per source item */
  unsigned candidates;
  const struct align_watch *watch;
};

int assign_all(const struct assign_context *context, struct assignment *ret, struct error *error); /* -1: ERROR_cancelled */

#endif
