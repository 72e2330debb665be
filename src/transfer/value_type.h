/* value_type: DHIS2's value types, as far as a transfer needs them: which hold numbers, which of those may be added up, what becomes of a value between unlike types, and how it is brought into the form its target wants. What a server keeps of
 * texts, days, times and the like is for dhis2/value_types.h to say. Pure. */
#ifndef DRAWBRIDGE_TRANSFER_VALUE_TYPE_H
#define DRAWBRIDGE_TRANSFER_VALUE_TYPE_H

#include "dhis2/value_types.h"

enum { VALUE_NUMBER_MAX = 249, VALUE_OUT_SIZE = 256 };

/* What a value is compared as. VALUE_ANY: of a type that is not known: whatever it looks like. */
enum value_kind { VALUE_ANY, VALUE_NUMBER, VALUE_YES_NO, VALUE_TEXT };

/* `type` as DHIS2 names it ("INTEGER_POSITIVE"); one that is empty or not known here is "any text". */
enum value_kind value_kind_of(struct str type);
struct str value_kind_name(enum value_kind kind);                  /* "number"; of VALUE_ANY empty */
bool value_kind_named(struct str name, enum value_kind *ret_kind); /* false: none is called so */

bool value_type_is_number(struct str type);
bool value_type_is_summable(struct str type); /* numbers but percentages and unit intervals; the empty type too */

/* Shares: percentages and unit intervals. Those of several places may not be added up, whatever holds the sum. */
bool value_type_is_share(struct str type);

/* By how many places the point moves between a value of the one and of the other: 2 from a unit interval to a percentage, -2 the other way, else 0. */
int value_type_shift(struct str from, struct str to);

/* Does the text say yes or no, in one of the ways that some release takes (any case: true, t, yes, y, 1 and false, f, no, n, 0)? To 2.42 yes, no, y and n are not taken. */
bool value_yes_no(struct str value, bool *ret_yes);

/* May values of this aggregation type be added up within one period? Not averages, last, first, least, largest, counts; the empty type may. */
bool value_aggregation_is_summable(struct str aggregation_type);

/* The value in the target's form: "12.0" is 12 for an INTEGER, "True" is true for a BOOLEAN; a number in its shortest form; a text as the target keeps it. *ret borrows from `value` or `out`. False: it does not fit that type. Files never do: a value is the id of one
 * that lies at its own server. */
bool value_for_type(const struct dhis2_value_rules *rules, struct str type, struct str value, char out[VALUE_OUT_SIZE], struct str *ret);

/* The same value, whatever its spelling: equal texts; of numbers (12.0 and 12) and of yes or no (True and true) only where the kind is theirs: of a text, each letter is what somebody wrote. */
bool value_same(enum value_kind kind, struct str a, struct str b);

#endif
