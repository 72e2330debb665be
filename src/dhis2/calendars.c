#include "dhis2/calendars.h"

enum { NEPALI_FIRST = 1970, PERSIAN_FIRST = 1353, PERSIAN_LAST = 1418, PERSIAN_ISO_FIRST = 1974, PERSIAN_ISO_LAST = 2040 };

/* Nepali months follow the sun and no rule: two bits a month, the first one lowest, for 29 to 32 days. One number a year, from 1970 on. */
static const uint32_t nepali_years[] = {
    0x511aba, 0x5117ba, 0x9056ee, 0x8456ed, 0x511abd, 0x5116fa, 0x9056ee, 0x844aed, 0x511aba, 0x5116fa, 0x9056ee, 0x514aea,
    0x511aba, 0x5116fa, 0x9056ee, 0x514aea, 0x511aba, 0x5116ee, 0x9056ee, 0x511aea, 0x511aba, 0x5056ee, 0x8456ee, 0x511aea,
    0x511aba, 0x5056ee, 0x8456ee, 0x511aba, 0x511aba, 0x9056ee, 0x8456ed, 0x511aba, 0x5116fa, 0x9056ee, 0x8456ed, 0x511aba,
    0x5116fa, 0x9056ee, 0x814aea, 0x511aba, 0x5116fa, 0x9056ee, 0x514aea, 0x511aba, 0x5116fa, 0x9056ee, 0x514aea, 0x511aba,
    0x5116ee, 0x8456ee, 0x511aea, 0x511aba, 0x5056ee, 0x8456ee, 0x511aea, 0x511aba, 0x9056ee, 0x8456ed, 0x511aba, 0x5117ba,
    0x9056ee, 0x8456ed, 0x511aba, 0x5116fa, 0x9056ee, 0x814aed, 0x511aba, 0x5116fa, 0x9056ee, 0x514aea, 0x511aba, 0x5116fa,
    0x9056ee, 0x514aea, 0x511aba, 0x5116ee, 0x9056ee, 0x511aea, 0x511aba, 0x5056ee, 0x8456ee, 0x511aea, 0x511aba, 0x5056ee,
    0x8456ee, 0x511aba, 0x5117ba, 0x9056ee, 0x8456ed, 0x511aba, 0x5116fa, 0x9056ee, 0x844aed, 0x511aba, 0x5116fa, 0x9056ee,
    0x814aea, 0x511aba, 0x5116fa, 0x9056ee, 0x514aea, 0x511aba, 0x5116ee, 0x9056ee, 0x511aea, 0x511aba, 0x5056ee, 0x8456ee,
    0x511aea, 0x511aba, 0x5056ee, 0x8456ee, 0x511aba, 0x511aba, 0x5456ba, 0x5459ee, 0x5456ed, 0x545aba, 0x5459f9, 0x5456ed,
    0x5456ed, 0x545aba, 0x5456fa, 0x5456ee, 0x5456ba, 0x551aba, 0x5116f9, 0x5456ee, 0x944aba, 0x541aba, 0x5119ee,
};

static bool gregorian_leaps(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int roman_month(int month, bool leaps) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month > 12 ? 0 : lengths[month - 1] + (month == 2 && leaps);
}

static int gregorian(int year, int month) {
  return roman_month(month, gregorian_leaps(year));
}

static int julian(int year, int month) {
  return roman_month(month, year % 4 == 0);
}

static int thai(int year, int month) { /* years of the Buddhist era */
  return year > 543 ? roman_month(month, gregorian_leaps(year - 543)) : 0;
}

static int ethiopian(int year, int month) {
  (void)year;
  return month > 12 ? 0 : 30;
}

static int coptic(int year, int month) {
  if (month == 13) return year % 4 == 3 ? 6 : 5;
  return month > 12 ? 0 : 30;
}

static int nepali(int year, int month) {
  int at = year - NEPALI_FIRST;
  if (at < 0 || at >= (int)(sizeof nepali_years / sizeof *nepali_years) || month > 12) return 0;
  return 29 + (int)(nepali_years[at] >> 2 * (month - 1) & 3);
}

/* A cycle of 33 years. */
static bool persian_leaps(int year) {
  static const int leaps[] = {1, 5, 9, 13, 17, 22, 26, 30};
  for (size_t i = 0; i < sizeof leaps / sizeof *leaps; i++)
    if (year % 33 == leaps[i]) return true;
  return false;
}

static int persian(int year, int month) {
  if (year >= PERSIAN_ISO_FIRST && year <= PERSIAN_ISO_LAST) return gregorian(year, month);
  if (year < PERSIAN_FIRST || year > PERSIAN_LAST || month > 12) return 0;
  return month <= 6 ? 31 : month < 12 || persian_leaps(year) ? 30 : 29;
}

/* Months by turns; eleven years of thirty have one day more. */
static int islamic(int year, int month) {
  static const int leaps[] = {2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29};
  bool more = false;
  for (size_t i = 0; i < sizeof leaps / sizeof *leaps; i++) more = more || year % 30 == leaps[i];
  return month > 12 ? 0 : month % 2 == 1 || (month == 12 && more) ? 30 : 29;
}

int dhis2_days_in_month(struct str calendar, int year, int month) {
  static const struct {
    struct str name;
    int (*days)(int year, int month);
  } others[] = {{{"coptic", 6}, coptic}, {{"ethiopian", 9}, ethiopian}, {{"islamic", 7}, islamic}, {{"julian", 6}, julian},
                {{"nepali", 6}, nepali}, {{"persian", 7}, persian},     {{"thai", 4}, thai}};
  if (year < 1 || month < 1) return 0;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (str_eq_nocase(calendar, others[i].name)) return others[i].days(year, month);
  return gregorian(year, month);
}

bool dhis2_calendar_is_iso(struct str calendar) {
  return !calendar.n || str_eq_nocase(calendar, STR("iso8601")) || str_eq_nocase(calendar, STR("gregorian"));
}
