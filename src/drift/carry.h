/* carry: a mapping carried forward to sides that changed: decisions kept, rules that would send wrong numbers blocked, and proposals for what is new.
 *
 * What holds always: a rule that no blocking change touches is kept as it is, but for the value type of its target, which is today's. A rule that one touches is kept with its decision and `blocked`, and so is every other rule that
 * counts for the same target cell: half a sum is a wrong number. Rules are added only for source cells that are new or whose rule was blocked, and for target cells that are new; never as more than `proposed`, and never for what
 * a person decided. Where the mapping pairs org units (attribute option combos), those of the source that have no pair get one. What the mapping remembers of its sides is today's; the result has no changes. */
#ifndef DRAWBRIDGE_DRIFT_CARRY_H
#define DRAWBRIDGE_DRIFT_CARRY_H

#include "align/align.h"
#include "drift/drift.h"

struct carried {
  const struct mapping *mapping;
  const struct drift *drift; /* of the rules as they follow: what a blocked one says is a sentence of it */
  size_t followed, kept, blocked, proposed,
      none;      /* rules: whose ids were replaced; untouched; blocked now; added as proposed; added as "no counterpart" */
  size_t paired; /* org units and attribute option combos that got a pair */
};

struct carry_options {
  bool follow; /* what was replaced: let the rules name what came in its place */
  const struct align_options *align;
};

/* Both sides are needed. The result lives in the arena and borrows from mapping and sides. -1: ERROR_conflict: a data set is gone, or the two sides have periods of unlike types: no mapping goes on from there; as align_run. */
int drift_carry(struct arena *arena, const struct mapping *mapping, struct drift_sides now, struct carry_options options,
                struct carried *ret, struct error *error);

#endif
