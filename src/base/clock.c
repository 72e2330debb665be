#include "base/clock.h"

enum { DAY_S = 24 * 3600 };

static int64_t read_clock(clockid_t id) {
  struct timespec t;
  if (clock_gettime(id, &t) != 0) abort();
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void) {
  return read_clock(CLOCK_MONOTONIC_COARSE);
}

int64_t clock_uptime_ms(void) {
  return read_clock(CLOCK_BOOTTIME);
}

int64_t clock_now_ms(void) {
  return read_clock(CLOCK_REALTIME_COARSE);
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar; years start in March so that the leap day is last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/* The other way. */
static void date_of(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153; /* from March */
  *ret_day = day_of_year - (153 * month + 2) / 5 + 1;
  *ret_month = month < 10 ? month + 3 : month - 9;
  *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static char *put(char *p, int64_t number, int digits, char behind) {
  for (int i = digits; i-- > 0; number /= 10) p[i] = (char)('0' + number % 10);
  p[digits] = behind;
  return p + digits + 1;
}

const char *clock_format(int64_t ms, char text[CLOCK_TEXT_SIZE]) {
  int64_t second = ms / 1000, part = ms % 1000;
  if (part < 0) part += 1000, second--;
  int64_t days = second / DAY_S, rest = second % DAY_S, year, month, day;
  if (rest < 0) rest += DAY_S, days--;
  date_of(days, &year, &month, &day);
  if (year < 0 || year > 9999) year = 1970, month = day = 1, rest = part = 0;
  char *p = put(text, year, 4, '-');
  p = put(p, month, 2, '-');
  p = put(p, day, 2, 'T');
  p = put(p, rest / 3600, 2, ':');
  p = put(p, rest / 60 % 60, 2, ':');
  p = put(p, rest % 60, 2, part ? '.' : 'Z');
  if (part) p = put(p, part, 3, 'Z');
  *p = '\0';
  return text;
}

static bool digits(struct str *s, size_t n, int64_t *ret) {
  uint64_t value;
  if (s->n < n || !str_to_u64(str_slice(*s, 0, n), &value)) return false;
  *ret = (int64_t)value;
  *s = str_from(*s, n);
  return true;
}

static bool one_of(struct str *s, const char *set) {
  if (!s->n || !strchr(set, s->p[0])) return false;
  *s = str_from(*s, 1);
  return true;
}

bool clock_parse(struct str text, int64_t *ret_ms) {
  static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t year, month, day, hour, minute, second, ms = 0, offset = 0;
  struct str s = text;
  if (!digits(&s, 4, &year) || !one_of(&s, "-") || !digits(&s, 2, &month) || !one_of(&s, "-") || !digits(&s, 2, &day) ||
      !one_of(&s, "Tt ") || !digits(&s, 2, &hour) || !one_of(&s, ":") || !digits(&s, 2, &minute) || !one_of(&s, ":") ||
      !digits(&s, 2, &second))
    return false;
  if (month < 1 || month > 12 || day < 1 || day > month_days[month - 1] || hour > 23 || minute > 59 || second > 60) return false;
  if (one_of(&s, ".")) {
    int64_t scale = 100, digit;
    size_t seen = 0;
    while (s.n && digits(&s, 1, &digit)) ms += digit * scale, scale /= 10, seen++;
    if (!seen) return false;
  }
  if (s.n && !one_of(&s, "Zz")) {
    bool west = s.p[0] == '-';
    int64_t h, m;
    if (!one_of(&s, "+-") || !digits(&s, 2, &h)) return false;
    (void)one_of(&s, ":");
    if (!digits(&s, 2, &m) || h > 23 || m > 59) return false;
    offset = (h * 60 + m) * (west ? -1 : 1);
  }
  if (s.n) return false;
  *ret_ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute - offset) * 60000 + second * 1000 + ms;
  return true;
}

bool clock_parse_http(struct str text, int64_t *ret_ms) {
  static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  char copy[40] = {0}, name[4];
  int day, year, hour, minute, second, month = 0;
  if (text.n >= sizeof copy) return false;
  for (size_t i = 0; i < text.n; i++) copy[i] = text.p[i] == '-' ? ' ' : text.p[i];
  const char *comma = strchr(copy, ',');
  if (!comma || sscanf(comma + 1, "%2d %3s %4d %2d:%2d:%2d", &day, name, &year, &hour, &minute, &second) != 6) return false;
  for (int i = 0; i < 12; i++)
    if (strncasecmp(months + (ptrdiff_t)i * 3, name, 3) == 0) month = i + 1;
  if (!month || year < 0 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return false;
  if (year < 70)
    year += 2000;
  else if (year < 100)
    year += 1900;
  *ret_ms = (((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000;
  return true;
}
