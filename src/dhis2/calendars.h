/* calendars: how many days a month has by a server's own calendar, as DHIS2 counts it (its calendar package and Joda's chronologies behind it, 2.37 to 2.43). Pure.
 *
 * What holds always: a day that exists here is one that such a server takes; nothing is converted from one calendar to another. Differences: Nepali months from 2084 on are those of 2.38 and later (2.37 guesses them otherwise); an
 * Ethiopian year has twelve months, since DHIS2 knows no thirteenth; on a Persian server the years 1974 to 2040 are those of ISO 8601, since DHIS2 takes them so. */
#ifndef DRAWBRIDGE_DHIS2_CALENDARS_H
#define DRAWBRIDGE_DHIS2_CALENDARS_H

#include "base/str.h"

/* `calendar` as a server names it ("nepali"); empty, or one that is not known: ISO 8601. 0: no such month, or no year that DHIS2 counts in. */
int dhis2_days_in_month(struct str calendar, int year, int month);

/* Is a server's calendar ISO 8601: "iso8601" or "gregorian"; empty, it is not told? */
bool dhis2_calendar_is_iso(struct str calendar);

#endif
