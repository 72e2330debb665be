/* unit_match: which unit of the target each unit of the source is, over the whole tree.
 *
 * How: what is decided, then equal ids, then equal codes are anchors; from there downwards, below each pair the units that are left are compared with one another alone, the best first; a pair of parents whose units below belong
 * together belongs together; where nothing more is found so, names that occur once on either side below what belongs together. So equal names below unlike parents never meet.
 *
 * What holds always: one to one but for what a person decided; the order of the lists does not matter. */
#ifndef DRAWBRIDGE_ALIGN_UNIT_MATCH_H
#define DRAWBRIDGE_ALIGN_UNIT_MATCH_H

#include "align/unit_pair.h"
#include "base/error.h"
#include "base/map.h"
#include <stdatomic.h>

struct unit_decisions {
  uint32_t *accepted;  /* per source unit: the target, or UNIT_NONE */
  bool *none;          /* per source unit: no counterpart */
  struct map rejected; /* "source target" */
};

struct unit_matching {
  uint32_t *to;                   /* per source unit: index in the target, or UNIT_NONE */
  uint32_t *from;                 /* per target unit: the first source, or UNIT_NONE */
  struct unit_evidence *evidence; /* per source unit, of its pair */
  float *confidence;
};

/* 0, or -1: ERROR_cancelled. In the arena. */
int unit_match(struct arena *arena, const struct unit_words *words, const struct units *source, const struct units *target,
               const struct unit_decisions *decisions, const atomic_bool *cancel, struct unit_matching *ret, struct error *error);

bool unit_rejected(const struct unit_decisions *decisions, const struct unit *source, const struct unit *target);

/* What is above two units, in a finished matching. */
void unit_look_above(const struct units *source, const struct units *target, const struct unit_matching *matching, uint32_t s, uint32_t t,
                     struct unit_evidence *ret);

#endif
