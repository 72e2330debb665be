/* periods: DHIS2's period texts: which days they mean, of which type they are, and their one canonical spelling (reference: Period.java, DateUnitPeriodTypeParser.java, 2.37 to 2.43).
 *
 * What holds always: ISO 8601 calendar; on servers with another calendar (calendars.h) the same texts mean other days, so days are for order, for messages, and for which periods of one server lie in which other ones of it. Pure.
 * Days count from 1970-01-01; years 1000 to 9999. */
#ifndef DRAWBRIDGE_DHIS2_PERIODS_H
#define DRAWBRIDGE_DHIS2_PERIODS_H

#include "base/str.h"

enum dhis2_period_type {
  DHIS2_DAILY,
  DHIS2_WEEKLY,
  DHIS2_WEEKLY_WEDNESDAY,
  DHIS2_WEEKLY_THURSDAY,
  DHIS2_WEEKLY_FRIDAY,
  DHIS2_WEEKLY_SATURDAY,
  DHIS2_WEEKLY_SUNDAY,
  DHIS2_BI_WEEKLY,
  DHIS2_MONTHLY,
  DHIS2_BI_MONTHLY,
  DHIS2_QUARTERLY,
  DHIS2_QUARTERLY_NOV,
  DHIS2_SIX_MONTHLY,
  DHIS2_SIX_MONTHLY_APRIL,
  DHIS2_SIX_MONTHLY_NOV,
  DHIS2_YEARLY,
  DHIS2_FINANCIAL_FEB,
  DHIS2_FINANCIAL_APRIL,
  DHIS2_FINANCIAL_JULY,
  DHIS2_FINANCIAL_AUG,
  DHIS2_FINANCIAL_SEP,
  DHIS2_FINANCIAL_OCT,
  DHIS2_FINANCIAL_NOV,
  DHIS2_PERIOD_TYPES,
};

enum { DHIS2_PERIOD_TEXT_SIZE = 32 };

struct dhis2_period {
  enum dhis2_period_type type;
  int32_t first_day, last_day;
  char text[DHIS2_PERIOD_TEXT_SIZE]; /* canonical: "202401", "2024W5", "2024NovQ1" */
};

/* Also "2024-01" (a month), "2024-01-31" (a day) and weeks with a leading zero, as servers take them. False: none of the forms, or a day, week or month that there is not (week 53 of a year with 52). */
bool dhis2_period_parse(struct str text, struct dhis2_period *ret);

/* The same, and days that only other calendars have (the 30th of an Ethiopian second month): their first_day is that or the last of the month of ISO 8601 with that number, for order alone. */
bool dhis2_period_parse_any(struct str text, struct dhis2_period *ret);

/* Does a server that counts by this calendar (calendars.h) know the period: the day, the year? */
bool dhis2_period_is_in(const struct dhis2_period *period, struct str calendar);

const char *dhis2_period_type_name(enum dhis2_period_type type); /* as in a data set's periodType: "Monthly", "SixMonthlyApril" */

bool dhis2_period_type_of(struct str name, enum dhis2_period_type *ret);

/* The period of this type that has this day in it. False: outside the years, or of a type whose periods overlap (two weeks, where a year has 53). */
bool dhis2_period_of_day(int32_t day, enum dhis2_period_type type, struct dhis2_period *ret);

/* Is every period of type `to` made of whole periods of type `from`, more than one at least in some, and none of them in two? Days make up all of them; months, two months, quarters, … longer ones that begin with one of them; weeks nothing. */
bool dhis2_period_rolls_up(enum dhis2_period_type from, enum dhis2_period_type to);

/* By first day, then last day, then type. */
int dhis2_period_cmp(const struct dhis2_period *a, const struct dhis2_period *b);

/* The day so many periods of that type later (or earlier): a month on is the same day of the next month, or its last where it has no such day. */
int32_t dhis2_day_moved(int32_t day, enum dhis2_period_type type, int by);

/* "yyyy-MM-dd" of a day. */
void dhis2_day_text(int32_t day, char ret[11]);

#endif
