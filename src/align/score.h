/* score: how well one source element and one target element go together, seen by themselves (what the rest of the list says is added by assign.c). */
#ifndef DRAWBRIDGE_ALIGN_SCORE_H
#define DRAWBRIDGE_ALIGN_SCORE_H

#include "align/evidence.h"
#include "align/item.h"

struct pair {
  uint32_t source, target; /* indexes of items */
  float value[FEATURES];   /* as observed */
  float alone;             /* sum of weight x value of what the two show by themselves */
  float logit;             /* the same of all */
  float confidence;
  bool vetoed;  /* a hard contradiction: never an answer */
  bool decided; /* a person accepted it */
};

/* Fills all but the features that come from the rest of the list. */
struct pair score_pair(const struct items *source, const struct items *target, uint32_t s, uint32_t t, const struct combos *source_combos,
                       const struct combos *target_combos);

float score_sum(const struct pair *pair);            /* log odds */
float score_log_odds(float p);                       /* of a probability, which is taken as .001 to .999 */
float score_confidence(float log_odds, bool vetoed); /* calibrated: a monotone map fitted on known answers */

#endif
