/* value_type: DHIS2's value types, as far as a transfer needs them: which hold numbers, which of those may be added up, and how it is brought into the form its target wants. What a server keeps of
 * texts, days, times and the like is for dhis2/value_types.h to say. Pure. */
#ifndef DRAWBRIDGE_TRANSFER_VALUE_TYPE_H
#define DRAWBRIDGE_TRANSFER_VALUE_TYPE_H

#include "dhis2/value_types.h"

enum { VALUE_NUMBER_MAX = 249, VALUE_OUT_SIZE = 256 };

/* `type` as DHIS2 names it ("INTEGER_POSITIVE"); one that is empty or not known here is "any text". */
bool value_type_is_number(struct str type);
bool value_type_is_summable(struct str type); /* numbers but percentages and unit intervals; the empty type too */

/* May values of this aggregation type be added up within one period? Not averages, last, first, least, largest, counts; the empty type may. */
bool value_aggregation_is_summable(struct str aggregation_type);

/* The value in the target's form: "12.0" is 12 for an INTEGER, "True" is true for a BOOLEAN; a number in its shortest form; a text as the target keeps it. *ret borrows from `value` or `out`. False: it does not fit that type. Files never do: a value is the id of one
 * that lies at its own server. */
bool value_for_type(const struct dhis2_value_rules *rules, struct str type, struct str value, char out[VALUE_OUT_SIZE], struct str *ret);

/* The same value, whatever its spelling: equal texts, equal numbers, equal yes/no. */
bool value_same(struct str a, struct str b);

#endif
