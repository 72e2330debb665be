/* unit_pair: how sure it is that a unit of the source is a unit of the target.
 *
 * What holds always: the same observations give the same confidence; swapped sides give the same. Confidence is from 0 to 1; weights are of log odds, set so that an equal code or name below the same parent is near 1, and a name without any
 * parent that agrees about as often wrong as right. */
#ifndef DRAWBRIDGE_ALIGN_UNIT_PAIR_H
#define DRAWBRIDGE_ALIGN_UNIT_PAIR_H

#include "align/reason.h"
#include "align/unit.h"

#define UNIT_AUTO 0.9f     /* from here on an answer is sure */
#define UNIT_PROPOSED 0.4f /* from here on it is one */

enum unit_above {
  UNIT_ABOVE_NONE,     /* nothing above the two is known to belong together */
  UNIT_ABOVE_PARENT,   /* their parents belong together, or both are tops */
  UNIT_ABOVE_ANCESTOR, /* something above their parents does */
  UNIT_ABOVE_OTHER,    /* what is above the one belongs to something that is not above the other */
};

/* What is seen of two units. */
struct unit_evidence {
  bool same_id, same_code, other_level /* than what stands above lets expect */, only_tops;
  float likeness;     /* of the names; below 0: they contradict */
  double km;          /* below 0: not known */
  uint32_t below, of; /* so many of the smaller one's units below belong together by themselves */
  enum unit_above above;
  float above_confidence; /* of the pair above */
  uint32_t rivals;        /* others that are equally good: it is at most one of them all */
};

/* All but what stands below and above. */
struct unit_evidence unit_observe(const struct unit_words *words, const struct unit *source, const struct unit *target);

float unit_score(const struct unit_evidence *evidence); /* log odds without what stands above */
bool unit_vetoed(const struct unit_evidence *evidence); /* a contradiction: names alone never make a pair of these */
bool unit_stands_alone(
    const struct unit_evidence *evidence); /* belongs together whatever stands above: id, code with a like name, or the very name */
float unit_confidence(const struct unit_evidence *evidence);
struct align_reasons unit_why(struct arena *arena, const struct unit_evidence *evidence);

#endif
