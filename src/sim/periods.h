/* periods: DHIS2's period texts, as the stand-in server reads them. ISO calendar, but for days by another one: those that it has and ISO has not count as the last of the month, for order alone. Days count from 1970-01-01. */
#ifndef DRAWBRIDGE_SIM_PERIODS_H
#define DRAWBRIDGE_SIM_PERIODS_H

#include "base/str.h"

struct sim_period {
  const char *type; /* "Monthly", … */
  int start, end;   /* first and last day */
  char text[24];    /* the form that is stored */
};

bool sim_period_parse(struct str text, struct sim_period *ret);
/* `calendar`: keyCalendar; NULL: iso8601. As Joda's chronologies have the days; a Nepali day is not looked at (NepaliCalendar.toIso counts on behind the end of a month). */
bool sim_period_by(const char *calendar, struct str text, struct sim_period *ret);
bool sim_day_by(const char *calendar, int year, int month, int day);
bool sim_calendar_is_iso(const char *calendar);

bool sim_period_of_day(const char *type, int day, struct sim_period *ret);
int sim_day_shift(int day, const char *type, int by); /* by so many periods of that type: the same day of a later month, or its last */
bool sim_period_shift(const struct sim_period *period, int by, struct sim_period *ret); /* the by-th after it, or before */

bool sim_date_parse(struct str text, int *ret_day); /* yyyy-MM-dd, what follows is passed over */
int sim_day_of_ms(int64_t ms);

#endif
