/* value_types: would a server of this release keep this text in a data element of this value type? As ValidationUtils, MathUtils and DateUtils judge, and the libraries behind them (Joda-Time, commons-validator), 2.37 to 2.43; measured on
 * 2.41.9 and 2.43.1. Pure.
 *
 * Of numbers and of yes and no nothing is asked here: what is sent of those has been brought to a form that every release takes. What differs by release:
 *   - to 2.38 e-mail addresses, telephone numbers, times of day, ages, user names and org units are texts like any other; from 2.39 on they have a form;
 *   - to 2.42 blanks at both ends are cut off, and nothing but blanks is dropped without a word; from 2.43 on they stay, and blanks alone are good for every type;
 *   - days (DATE, AGE) are of the server's calendar, days with a time (DATETIME) always of ISO 8601.
 * Not known here: which top-level domains there are (URL, EMAIL: the servers have a list of them), and which org units and users there are (no release asks). */
#ifndef DRAWBRIDGE_DHIS2_VALUE_TYPES_H
#define DRAWBRIDGE_DHIS2_VALUE_TYPES_H

#include "dhis2/server.h"

enum { DHIS2_VALUE_MAX = 50000 }; /* in Java's characters */

struct dhis2_value_rules {
  struct dhis2_version version; /* zero: not known, as of a file: then forms are asked for as from 2.39 on, and no blanks are cut off */
  struct str calendar;          /* as the server names it; empty: not known, then days to the 32nd of months to the twelfth are good */
};

/* What is left of a text that is stored there; borrowed from it. */
struct str dhis2_value_kept(const struct dhis2_value_rules *rules, struct str value);

/* `type` as DHIS2 names it; one that is empty or not known is text. */
bool dhis2_value_fits(const struct dhis2_value_rules *rules, struct str type, struct str value);

/* What the type takes, for a message: "a time of day: 9:05, 23:59". */
const char *dhis2_value_form(struct str type);

#endif
