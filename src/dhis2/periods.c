#include "dhis2/periods.h"

#include "dhis2/calendars.h"

enum { YEAR_MIN = 1000, YEAR_MAX = 9999, MONTHS = 12 };

static const char *const names[DHIS2_PERIOD_TYPES] = {
    "Daily",        "Weekly",         "WeeklyWednesday", "WeeklyThursday", "WeeklyFriday", "WeeklySaturday",  "WeeklySunday",  "BiWeekly",
    "Monthly",      "BiMonthly",      "Quarterly",       "QuarterlyNov",   "SixMonthly",   "SixMonthlyApril", "SixMonthlyNov", "Yearly",
    "FinancialFeb", "FinancialApril", "FinancialJuly",   "FinancialAug",   "FinancialSep", "FinancialOct",    "FinancialNov",
};

/* Months long periods: "yyyy" + infix + number. The first starts in `month` (1 to 12) of the year, or of the year before. */
static const struct {
  enum dhis2_period_type type;
  struct str infix;
  int months, count; /* count: how many in a year; 1: no number is written */
  int month;
  bool year_before;
} spans[] = {
    {DHIS2_QUARTERLY_NOV, {"NovQ", 4}, 3, 4, 11, true},
    {DHIS2_QUARTERLY, {"Q", 1}, 3, 4, 1, false},
    {DHIS2_SIX_MONTHLY_APRIL, {"AprilS", 6}, 6, 2, 4, false},
    {DHIS2_SIX_MONTHLY_NOV, {"NovS", 4}, 6, 2, 11, true},
    {DHIS2_SIX_MONTHLY, {"S", 1}, 6, 2, 1, false},
    {DHIS2_FINANCIAL_FEB, {"Feb", 3}, 12, 1, 2, false},
    {DHIS2_FINANCIAL_APRIL, {"April", 5}, 12, 1, 4, false},
    {DHIS2_FINANCIAL_JULY, {"July", 4}, 12, 1, 7, false},
    {DHIS2_FINANCIAL_AUG, {"Aug", 3}, 12, 1, 8, false},
    {DHIS2_FINANCIAL_SEP, {"Sep", 3}, 12, 1, 9, false},
    {DHIS2_FINANCIAL_OCT, {"Oct", 3}, 12, 1, 10, false},
    {DHIS2_FINANCIAL_NOV, {"Nov", 3}, 12, 1, 11, true},
};

/* Weeks: "yyyy" + infix + number; `weekday` is the first day of the week, Monday 0. */
static const struct {
  enum dhis2_period_type type;
  struct str infix;
  int weekday, weeks;
} weeks[] = {
    {DHIS2_WEEKLY, {"W", 1}, 0, 1},           {DHIS2_WEEKLY_WEDNESDAY, {"WedW", 4}, 2, 1}, {DHIS2_WEEKLY_THURSDAY, {"ThuW", 4}, 3, 1},
    {DHIS2_WEEKLY_FRIDAY, {"FriW", 4}, 4, 1}, {DHIS2_WEEKLY_SATURDAY, {"SatW", 4}, 5, 1},  {DHIS2_WEEKLY_SUNDAY, {"SunW", 4}, 6, 1},
    {DHIS2_BI_WEEKLY, {"BiW", 3}, 0, 2},
};

/* Proleptic Gregorian calendar (H. Hinnant, days_from_civil). */
static int32_t day_of(int year, int month, int day) {
  year -= month <= 2;
  int era = year / 400, of_era = year - era * 400, of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in(int year, int month) {
  return month == 12 ? 31 : day_of(year, month + 1, 1) - day_of(year, month, 1);
}

/* Monday is 0. */
static int weekday_of(int32_t day) {
  return ((day + 3) % 7 + 7) % 7;
}

/* The first day of week 1: the week, starting at `weekday`, that has 4 January in it. */
static int32_t first_week(int year, int weekday) {
  int32_t fourth = day_of(year, 1, 4);
  return fourth - (weekday_of(fourth) - weekday + 7) % 7;
}

static bool number_of(struct str text, size_t shortest, size_t longest, int *ret) {
  uint64_t number;
  if (text.n < shortest || text.n > longest || !str_to_u64(text, &number)) return false;
  *ret = (int)number;
  return true;
}

static void set(struct dhis2_period *period, enum dhis2_period_type type, int32_t first, int32_t last) {
  period->type = type;
  period->first_day = first;
  period->last_day = last;
}

static bool set_months(struct dhis2_period *period, enum dhis2_period_type type, int year, int month, int months) {
  int index = year * 12 + month - 1 + months;
  set(period, type, day_of(year, month, 1), day_of(index / 12, index % 12 + 1, 1) - 1);
  return true;
}

static bool parse_span(struct str rest, int year, struct dhis2_period *ret) {
  for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
    int number = 1;
    if (!str_starts(rest, spans[i].infix)) continue;
    struct str tail = str_from(rest, spans[i].infix.n);
    if (spans[i].count == 1 ? tail.n != 0 : !number_of(tail, 1, 1, &number) || number < 1 || number > spans[i].count) continue;
    int index = (year - spans[i].year_before) * 12 + spans[i].month - 1 + (number - 1) * spans[i].months;
    (void)snprintf(ret->text, sizeof ret->text, spans[i].count == 1 ? "%04d%.*s" : "%04d%.*s%d", year, STR_ARG(spans[i].infix), number);
    return set_months(ret, spans[i].type, index / 12, index % 12 + 1, spans[i].months);
  }
  return false;
}

static bool parse_week(struct str rest, int year, struct dhis2_period *ret) {
  for (size_t i = 0; i < sizeof weeks / sizeof *weeks; i++) {
    int number;
    if (!str_starts(rest, weeks[i].infix) || !number_of(str_from(rest, weeks[i].infix.n), 1, 2, &number)) continue;
    int32_t first = first_week(year, weeks[i].weekday), next = first_week(year + 1, weeks[i].weekday);
    int32_t start = first + (number - 1) * 7 * weeks[i].weeks;
    if (number < 1 || start >= next) return false;
    (void)snprintf(ret->text, sizeof ret->text, "%04d%.*s%d", year, STR_ARG(weeks[i].infix), number);
    set(ret, weeks[i].type, start, start + 7 * weeks[i].weeks - 1);
    return true;
  }
  return false;
}

static bool parse_month(int year, struct str digits, struct dhis2_period *ret) {
  int month;
  if (!number_of(digits, 2, 2, &month) || month < 1 || month > 12) return false;
  (void)snprintf(ret->text, sizeof ret->text, "%04d%02d", year, month);
  return set_months(ret, DHIS2_MONTHLY, year, month, 1);
}

static bool read_day(struct str month_digits, struct str day_digits, int *ret_month, int *ret_day) {
  return number_of(month_digits, 2, 2, ret_month) && number_of(day_digits, 2, 2, ret_day) && *ret_month >= 1 && *ret_day >= 1;
}

static bool set_day(struct dhis2_period *period, int year, int month, int day) {
  int in_iso = month > MONTHS ? MONTHS : month, longest = days_in(year, in_iso);
  int32_t first = day_of(year, in_iso, day < longest ? day : longest);
  (void)snprintf(period->text, sizeof period->text, "%04d%02d%02d", year, month, day);
  set(period, DHIS2_DAILY, first, first);
  return true;
}

static bool parse_day(int year, struct str month_digits, struct str day_digits, struct dhis2_period *ret) {
  int month, day;
  return read_day(month_digits, day_digits, &month, &day) && month <= MONTHS && day <= days_in(year, month) &&
         set_day(ret, year, month, day);
}

/* "01B" to "06B": the number is that of the two months, not of the month. */
static bool parse_two_months(int year, struct str rest, struct dhis2_period *ret) {
  int number;
  if (rest.n != 3 || rest.p[2] != 'B' || !number_of(str_slice(rest, 0, 2), 2, 2, &number) || number < 1 || number > 6) return false;
  (void)snprintf(ret->text, sizeof ret->text, "%04d%02dB", year, number);
  return set_months(ret, DHIS2_BI_MONTHLY, year, number * 2 - 1, 2);
}

bool dhis2_period_parse(struct str text, struct dhis2_period *ret) {
  int year;
  struct str rest = str_from(text, 4);
  *ret = (struct dhis2_period){0};
  if (!number_of(str_slice(text, 0, 4), 4, 4, &year) || year < YEAR_MIN || year >= YEAR_MAX) return false;
  if (rest.n == 0) {
    (void)snprintf(ret->text, sizeof ret->text, "%04d", year);
    return set_months(ret, DHIS2_YEARLY, year, 1, 12);
  }
  if (rest.p[0] == '-') {
    if (rest.n == 3) return parse_month(year, str_from(rest, 1), ret);
    return rest.n == 6 && rest.p[3] == '-' && parse_day(year, str_slice(rest, 1, 3), str_from(rest, 4), ret);
  }
  if (rest.n == 2 && rest.p[0] >= '0' && rest.p[0] <= '9') return parse_month(year, rest, ret);
  if (rest.n == 4 && parse_day(year, str_slice(rest, 0, 2), str_from(rest, 2), ret)) return true;
  return parse_two_months(year, rest, ret) || parse_span(rest, year, ret) || parse_week(rest, year, ret);
}

bool dhis2_period_parse_any(struct str text, struct dhis2_period *ret) {
  enum { MONTHS_IN_ANY = 13, DAYS_IN_ANY = 32 };
  int year, month, day;
  bool parted = text.n == 10 && text.p[4] == '-' && text.p[7] == '-';
  if (dhis2_period_parse(text, ret)) return true;
  return (parted || text.n == 8) && number_of(str_slice(text, 0, 4), 4, 4, &year) && year >= YEAR_MIN && year < YEAR_MAX &&
         read_day(str_slice(text, 4 + parted, 6 + parted), str_from(text, text.n - 2), &month, &day) && month <= MONTHS_IN_ANY &&
         day <= DAYS_IN_ANY && set_day(ret, year, month, day);
}

bool dhis2_period_is_in(const struct dhis2_period *period, struct str calendar) {
  int year = 0, month = 1, day = 1;
  struct str text = str_of(period->text);
  (void)number_of(str_slice(text, 0, 4), 4, 4, &year);
  if (period->type == DHIS2_DAILY) (void)read_day(str_slice(text, 4, 6), str_from(text, 6), &month, &day);
  return day <= dhis2_days_in_month(calendar, year, month);
}

const char *dhis2_period_type_name(enum dhis2_period_type type) {
  return names[type];
}

bool dhis2_period_type_of(struct str name, enum dhis2_period_type *ret) {
  for (int i = 0; i < DHIS2_PERIOD_TYPES; i++) {
    if (!str_eq(name, str_of(names[i]))) continue;
    *ret = (enum dhis2_period_type)i;
    return true;
  }
  return false;
}

/* How many months a period of this type has, and in which month of a year (0 to 11) one begins; 0 months: it is not made of months. */
static int months_of(enum dhis2_period_type type, int *ret_first) {
  *ret_first = 0;
  switch (type) {
  case DHIS2_MONTHLY: return 1;
  case DHIS2_BI_MONTHLY: return 2;
  case DHIS2_YEARLY: return 12;
  default: break;
  }
  for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
    if (spans[i].type != type) continue;
    *ret_first = spans[i].month - 1;
    return spans[i].months;
  }
  return 0;
}

bool dhis2_period_rolls_up(enum dhis2_period_type from, enum dhis2_period_type to) {
  int from_first, to_first, from_months = months_of(from, &from_first), to_months = months_of(to, &to_first);
  if (from == DHIS2_DAILY) return to != DHIS2_DAILY && to != DHIS2_BI_WEEKLY;
  return from_months && to_months > from_months && to_months % from_months == 0 && (to_first - from_first) % from_months == 0;
}

static bool week_of_day(int32_t day, int year, enum dhis2_period_type type, struct dhis2_period *ret) {
  char text[DHIS2_PERIOD_TEXT_SIZE];
  for (size_t i = 0; i < sizeof weeks / sizeof *weeks; i++) {
    if (weeks[i].type != type || weeks[i].weeks != 1) continue;
    int32_t start = day - (weekday_of(day) - weeks[i].weekday + 7) % 7;
    year += start >= first_week(year + 1, weeks[i].weekday);
    year -= start < first_week(year, weeks[i].weekday);
    (void)snprintf(text, sizeof text, "%04d%.*s%d", year, STR_ARG(weeks[i].infix), (start - first_week(year, weeks[i].weekday)) / 7 + 1);
    return dhis2_period_parse(str_of(text), ret);
  }
  return false;
}

/* `month`: counted from year 0. */
static bool span_of_month(int month, enum dhis2_period_type type, struct dhis2_period *ret) {
  char text[DHIS2_PERIOD_TEXT_SIZE] = "";
  int first, months = months_of(type, &first);
  if (!months) return false;
  int start = month - ((month - first) % months + months) % months;
  if (type == DHIS2_MONTHLY) (void)snprintf(text, sizeof text, "%04d%02d", start / 12, start % 12 + 1);
  if (type == DHIS2_BI_MONTHLY) (void)snprintf(text, sizeof text, "%04d%02dB", start / 12, start % 12 / 2 + 1);
  if (type == DHIS2_YEARLY) (void)snprintf(text, sizeof text, "%04d", start / 12);
  for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
    int of_first = start - (spans[i].month - 1);
    if (spans[i].type == type)
      (void)snprintf(text, sizeof text, spans[i].count == 1 ? "%04d%.*s" : "%04d%.*s%d", of_first / 12 + spans[i].year_before,
                     STR_ARG(spans[i].infix), of_first % 12 / months + 1);
  }
  return dhis2_period_parse(str_of(text), ret);
}

bool dhis2_period_of_day(int32_t day, enum dhis2_period_type type, struct dhis2_period *ret) {
  char text[11];
  if (day < day_of(YEAR_MIN + 1, 1, 1) || day >= day_of(YEAR_MAX - 1, 1, 1)) return false;
  dhis2_day_text(day, text);
  int year = (int)(text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0'),
      month = (text[5] - '0') * 10 + (text[6] - '0');
  if (type == DHIS2_DAILY) return dhis2_period_parse(str_of(text), ret);
  return week_of_day(day, year, type, ret) || span_of_month(year * 12 + month - 1, type, ret);
}

int32_t dhis2_day_moved(int32_t day, enum dhis2_period_type type, int by) {
  char text[11];
  int first, year, of_month, months = months_of(type, &first);
  if (!months) {
    int weeks_long = 0;
    for (size_t i = 0; i < sizeof weeks / sizeof *weeks; i++)
      if (weeks[i].type == type) weeks_long = weeks[i].weeks;
    return day + by * (weeks_long ? 7 * weeks_long : 1);
  }
  dhis2_day_text(day, text);
  if (!number_of((struct str){text, 4}, 4, 4, &year) || !number_of((struct str){text + 8, 2}, 2, 2, &of_month)) return INT32_MIN;
  int month = (text[5] - '0') * 10 + (text[6] - '0'), index = year * 12 + month - 1 + by * months;
  if (index < 12) return INT32_MIN;
  int longest = days_in(index / 12, index % 12 + 1);
  return day_of(index / 12, index % 12 + 1, of_month < longest ? of_month : longest);
}

int dhis2_period_cmp(const struct dhis2_period *a, const struct dhis2_period *b) {
  if (a->first_day != b->first_day) return a->first_day < b->first_day ? -1 : 1;
  if (a->last_day != b->last_day) return a->last_day < b->last_day ? -1 : 1;
  return (a->type > b->type) - (a->type < b->type);
}

/* The way back (H. Hinnant, civil_from_days). */
void dhis2_day_text(int32_t day, char ret[11]) {
  day += 719468;
  int era = day / 146097, of_era = day - era * 146097;
  int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), mp = (5 * of_year + 2) / 153;
  unsigned month = (unsigned)(mp < 10 ? mp + 3 : mp - 9), year = (unsigned)(year_of_era + era * 400 + (month <= 2)),
           of_month = (unsigned)(of_year - (153 * mp + 2) / 5 + 1);
  (void)snprintf(ret, 11, "%04u-%02u-%02u", year % 10000, month % 100, of_month % 100);
}
