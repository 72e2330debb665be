/* period_rule: what the periods of one side's data sets are to those of the other's. */
#ifndef DRAWBRIDGE_ALIGN_PERIOD_RULE_H
#define DRAWBRIDGE_ALIGN_PERIOD_RULE_H

#include "align/places.h"

/* By the period types of the data sets and the calendars of the servers, so far as told. */
struct align_period_rule period_rule_of(struct arena *arena, const struct dhis2_metadata *source, const struct dhis2_metadata *target);

#endif
