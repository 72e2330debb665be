/* adx_inner: what reading and writing ADX share. Inner part of adx.h. Pure. */
#ifndef DRAWBRIDGE_DHIS2_ADX_INNER_H
#define DRAWBRIDGE_DHIS2_ADX_INNER_H

#include "dhis2/periods.h"

/* A period as ADX has it, "2024-01-01/P1M": of type `type_name` ("Monthly"); an empty one: of the first type whose periods begin on that day and are so long. A period in DHIS2's own form is taken too. False: none. */
bool adx_period_read(struct str text, struct str type_name, struct dhis2_period *ret);

bool adx_period_write(struct str period, char ret[32]); /* false: it is no period of DHIS2 */

/* Does it hold no numbers, so that ADX has its values in annotations? Not told: numbers. */
bool adx_is_text(struct str value_type);

/* An attribute of ADX itself, and so no category. */
bool adx_is_own(struct str name);

#endif
