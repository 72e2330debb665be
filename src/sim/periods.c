#include "sim/periods.h"

/* Days since 1970-01-01; months may run over. */
static int day_of(int year, int month, int day) {
  year += (month - 1) / 12;
  month = (month - 1) % 12 + 1;
  int y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
  int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int days, int *year, int *month, int *day) {
  int z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
  int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365, of_year = of_era - (365 * y + y / 4 - y / 100);
  int m = (5 * of_year + 2) / 153;
  *day = of_year - (153 * m + 2) / 5 + 1;
  *month = m + (m < 10 ? 3 : -9);
  *year = y + era * 400 + (*month <= 2);
}

static int weekday(int day) {
  return ((day % 7) + 10) % 7; /* Monday 0: 1970-01-01 was a Thursday */
}

static bool number(struct str text, size_t from, size_t n, int *ret) {
  uint64_t value;
  if (from + n > text.n || !str_to_u64(str_slice(text, from, from + n), &value)) return false;
  *ret = (int)value;
  return true;
}

static bool is_date(int year, int month, int day) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month >= 1 && month <= 12 && day >= 1 && day <= lengths[month - 1] + (month == 2 && leap);
}

bool sim_date_parse(struct str text, int *ret_day) {
  int y, m, d;
  if (text.n < 10 || text.p[4] != '-' || text.p[7] != '-' || !number(text, 0, 4, &y) || !number(text, 5, 2, &m) || !number(text, 8, 2, &d))
    return false;
  if (!is_date(y, m, d)) return false;
  *ret_day = day_of(y, m, d);
  return true;
}

int sim_day_of_ms(int64_t ms) {
  int64_t day = ms / 86400000;
  return (int)(ms % 86400000 < 0 ? day - 1 : day);
}

/* Periods of whole months: how many, which month of the year the first starts in, and how the number is written behind the year. A year that is named after the one it ends in starts `before` years earlier. */
static const struct months {
  const char *type, *mark;
  int count, first, before;
} months_table[] = {
    {"Quarterly", "Q", 3, 1, 0},         {"QuarterlyNov", "NovQ", 3, 11, 1},
    {"SixMonthly", "S", 6, 1, 0},        {"SixMonthlyApril", "AprilS", 6, 4, 0},
    {"SixMonthlyNov", "NovS", 6, 11, 1}, {"FinancialApril", "April", 12, 4, 0},
    {"FinancialJuly", "July", 12, 7, 0}, {"FinancialSep", "Sep", 12, 9, 0},
    {"FinancialOct", "Oct", 12, 10, 0},  {"FinancialNov", "Nov", 12, 11, 1},
    {"FinancialFeb", "Feb", 12, 2, 0},   {"FinancialAug", "Aug", 12, 8, 0},
};

/* Weeks: the day they begin with and the mark before the number. */
static const struct weeks {
  const char *type, *mark;
  int first, count;
} weeks_table[] = {
    {"Weekly", "W", 0, 1},          {"WeeklyWednesday", "WedW", 2, 1}, {"WeeklyThursday", "ThuW", 3, 1},
    {"WeeklyFriday", "FriW", 4, 1}, {"WeeklySaturday", "SatW", 5, 1},  {"WeeklySunday", "SunW", 6, 1},
    {"BiWeekly", "BiW", 0, 2},
};

/* The first day of week 1: the one that holds 4 January. */
static int first_week(int year, int first) {
  int fourth = day_of(year, 1, 4);
  return fourth - (weekday(fourth) - first + 7) % 7;
}

static bool fill_week(const struct weeks *w, int year, int n, struct sim_period *ret) {
  int start = first_week(year, w->first) + (n - 1) * 7 * w->count;
  if (n < 1 || n > 53 / w->count + (w->count == 2) || start >= first_week(year + 1, w->first)) return false;
  *ret = (struct sim_period){.type = w->type, .start = start, .end = start + 7 * w->count - 1};
  (void)snprintf(ret->text, sizeof ret->text, "%04d%s%d", year % 10000, w->mark, n);
  return true;
}

static bool fill_months(const struct months *m, int year, int n, struct sim_period *ret) {
  if (n < 1 || n > 12 / m->count) return false;
  int month = m->first + (n - 1) * m->count;
  *ret = (struct sim_period){
      .type = m->type, .start = day_of(year - m->before, month, 1), .end = day_of(year - m->before, month + m->count, 1) - 1};
  if (m->count == 12)
    (void)snprintf(ret->text, sizeof ret->text, "%04d%s", year % 10000, m->mark);
  else
    (void)snprintf(ret->text, sizeof ret->text, "%04d%s%d", year % 10000, m->mark, n);
  return true;
}

static bool fill_plain(const char *type, int year, int month, int day, struct sim_period *ret) {
  if (!is_date(year, month, day)) return false;
  ret->type = type;
  year %= 10000;
  if (strcmp(type, "Daily") == 0) {
    ret->start = ret->end = day_of(year, month, day);
    (void)snprintf(ret->text, sizeof ret->text, "%04d%02d%02d", year, month % 100, day % 100);
  } else if (strcmp(type, "Monthly") == 0) {
    ret->start = day_of(year, month, 1);
    ret->end = day_of(year, month + 1, 1) - 1;
    (void)snprintf(ret->text, sizeof ret->text, "%04d%02d", year, month % 100);
  } else if (strcmp(type, "BiMonthly") == 0) {
    if (month > 6) return false;
    ret->start = day_of(year, month * 2 - 1, 1);
    ret->end = day_of(year, month * 2 + 1, 1) - 1;
    (void)snprintf(ret->text, sizeof ret->text, "%04d%02dB", year, month % 100);
  } else {
    ret->start = day_of(year, 1, 1);
    ret->end = day_of(year + 1, 1, 1) - 1;
    (void)snprintf(ret->text, sizeof ret->text, "%04d", year);
  }
  return true;
}

bool sim_period_parse(struct str text, struct sim_period *ret) {
  int year, a, b;
  if (text.n > 16 || !number(text, 0, 4, &year) || year < 1) return false;
  struct str rest = str_from(text, 4);
  if (!rest.n) return fill_plain("Yearly", year, 1, 1, ret);
  if (rest.n == 2 && number(rest, 0, 2, &a)) return fill_plain("Monthly", year, a, 1, ret);
  if (rest.n == 3 && rest.p[0] == '-' && number(rest, 1, 2, &a)) return fill_plain("Monthly", year, a, 1, ret);
  if (rest.n == 3 && rest.p[2] == 'B' && number(rest, 0, 2, &a)) return fill_plain("BiMonthly", year, a, 1, ret);
  if (rest.n == 4 && number(rest, 0, 2, &a) && number(rest, 2, 2, &b)) return fill_plain("Daily", year, a, b, ret);
  if (rest.n == 6 && rest.p[0] == '-' && rest.p[3] == '-' && number(rest, 1, 2, &a) && number(rest, 4, 2, &b))
    return fill_plain("Daily", year, a, b, ret);
  for (size_t i = 0; i < sizeof months_table / sizeof *months_table; i++) {
    struct str mark = str_of(months_table[i].mark);
    if (!str_starts(rest, mark)) continue;
    if (months_table[i].count == 12 ? rest.n == mark.n : rest.n == mark.n + 1 && number(rest, mark.n, 1, &a))
      return fill_months(&months_table[i], year, months_table[i].count == 12 ? 1 : a, ret);
  }
  for (size_t i = 0; i < sizeof weeks_table / sizeof *weeks_table; i++) {
    struct str mark = str_of(weeks_table[i].mark);
    if (str_starts(rest, mark) && rest.n > mark.n && rest.n <= mark.n + 2 && number(rest, mark.n, rest.n - mark.n, &a))
      return fill_week(&weeks_table[i], year, a, ret);
  }
  return false;
}

bool sim_calendar_is_iso(const char *calendar) {
  return !calendar || strcmp(calendar, "iso8601") == 0 || strcmp(calendar, "gregorian") == 0;
}

bool sim_day_by(const char *calendar, int year, int month, int day) {
  enum { BUDDHA = 543 };
  if (year < 1 || month < 1 || day < 1 || month > 13) return false;
  if (sim_calendar_is_iso(calendar)) return is_date(year, month, day);
  if (strcmp(calendar, "thai") == 0) return year > BUDDHA && is_date(year - BUDDHA, month, day);
  if (strcmp(calendar, "julian") == 0) return is_date(year % 4 ? 2001 : 2000, month, day);
  if (strcmp(calendar, "coptic") == 0 && month == 13) return day <= (year % 4 == 3 ? 6 : 5);
  if (month == 13) return false;
  if (strcmp(calendar, "nepali") == 0) return day <= 32;
  if (strcmp(calendar, "persian") == 0) return day <= (month <= 6 ? 31 : 30);
  return day <= 30;
}

bool sim_period_by(const char *calendar, struct str text, struct sim_period *ret) {
  int year, month, day;
  size_t dash = text.n == 10 && text.p[4] == '-' && text.p[7] == '-';
  bool daily = (text.n == 8 || dash) && number(text, 0, 4, &year) && number(text, 4 + dash, 2, &month) && number(text, text.n - 2, 2, &day);
  if (!daily || sim_calendar_is_iso(calendar)) return sim_period_parse(text, ret);
  if (strcmp(calendar, "nepali") != 0 ? !sim_day_by(calendar, year, month, day) : month < 1 || month > 12) return false;
  int in_iso = month > 12 ? 12 : month, of_month = day;
  while (of_month > 1 && !is_date(year, in_iso, of_month)) of_month--;
  ret->type = "Daily";
  ret->start = ret->end = day_of(year, in_iso, of_month);
  (void)snprintf(ret->text, sizeof ret->text, "%04d%02d%02d", year % 10000, month % 100, day % 100);
  return true;
}

bool sim_period_of_day(const char *type, int day, struct sim_period *ret) {
  static const char *const plain[] = {"Daily", "Monthly", "BiMonthly", "Yearly"};
  int year, month, of_month;
  date_of(day, &year, &month, &of_month);
  for (size_t i = 0; i < 4; i++)
    if (strcmp(type, plain[i]) == 0) return fill_plain(plain[i], year, i == 2 ? (month + 1) / 2 : month, i == 0 ? of_month : 1, ret);
  for (int y = year - 1; y <= year + 1; y++) {
    for (size_t i = 0; i < sizeof months_table / sizeof *months_table; i++)
      for (int n = 1; strcmp(type, months_table[i].type) == 0 && n <= 12 / months_table[i].count; n++)
        if (fill_months(&months_table[i], y, n, ret) && ret->start <= day && day <= ret->end) return true;
    for (size_t i = 0; i < sizeof weeks_table / sizeof *weeks_table; i++)
      for (int n = 1; strcmp(type, weeks_table[i].type) == 0 && n <= 53; n++)
        if (fill_week(&weeks_table[i], y, n, ret) && ret->start <= day && day <= ret->end) return true;
  }
  return false;
}

int sim_day_shift(int day, const char *type, int by) {
  int year, month, of_month,
      months = strcmp(type, "Monthly") == 0     ? 1
               : strcmp(type, "BiMonthly") == 0 ? 2
               : strcmp(type, "Yearly") == 0    ? 12
                                                : 0;
  struct sim_period span;
  for (size_t i = 0; i < sizeof months_table / sizeof *months_table; i++)
    if (strcmp(type, months_table[i].type) == 0) months = months_table[i].count;
  if (!months) return sim_period_of_day(type, day, &span) ? day + by * (span.end - span.start + 1) : day;
  date_of(day, &year, &month, &of_month);
  int index = year * 12 + month - 1 + by * months, first = day_of(index / 12, index % 12 + 1, 1),
      days = day_of(index / 12, index % 12 + 2, 1) - first;
  return first + (of_month < days ? of_month : days) - 1;
}

bool sim_period_shift(const struct sim_period *period, int by, struct sim_period *ret) {
  *ret = *period;
  for (; by > 0; by--)
    if (!sim_period_of_day(ret->type, ret->end + 1, ret)) return false;
  for (; by < 0; by++)
    if (!sim_period_of_day(ret->type, ret->start - 1, ret)) return false;
  return true;
}
