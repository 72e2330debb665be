#include "dhis2/adx_inner.h"

static const char *const durations[DHIS2_PERIOD_TYPES] = {
    [DHIS2_DAILY] = "P1D",
    [DHIS2_WEEKLY] = "P7D",
    [DHIS2_WEEKLY_WEDNESDAY] = "P7D",
    [DHIS2_WEEKLY_THURSDAY] = "P7D",
    [DHIS2_WEEKLY_FRIDAY] = "P7D",
    [DHIS2_WEEKLY_SATURDAY] = "P7D",
    [DHIS2_WEEKLY_SUNDAY] = "P7D",
    [DHIS2_BI_WEEKLY] = "P14D",
    [DHIS2_MONTHLY] = "P1M",
    [DHIS2_BI_MONTHLY] = "P2M",
    [DHIS2_QUARTERLY] = "P3M",
    [DHIS2_QUARTERLY_NOV] = "P3M",
    [DHIS2_SIX_MONTHLY] = "P6M",
    [DHIS2_SIX_MONTHLY_APRIL] = "P6M",
    [DHIS2_SIX_MONTHLY_NOV] = "P6M",
    [DHIS2_YEARLY] = "P1Y",
    [DHIS2_FINANCIAL_FEB] = "P1Y",
    [DHIS2_FINANCIAL_APRIL] = "P1Y",
    [DHIS2_FINANCIAL_JULY] = "P1Y",
    [DHIS2_FINANCIAL_AUG] = "P1Y",
    [DHIS2_FINANCIAL_SEP] = "P1Y",
    [DHIS2_FINANCIAL_OCT] = "P1Y",
    [DHIS2_FINANCIAL_NOV] = "P1Y",
};

/* Two weeks overlap where a year has 53 of them: so they are looked for by their numbers. */
static bool two_weeks_of(int32_t day, struct dhis2_period *ret) {
  char text[11];
  dhis2_day_text(day, text);
  int year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
  for (int y = year - 1; y <= year + 1; y++)
    for (int n = 1; n <= 27; n++) {
      char name[16];
      int length = snprintf(name, sizeof name, "%04dBiW%d", y, n);
      if (dhis2_period_parse((struct str){name, (size_t)length}, ret) && ret->first_day == day) return true;
    }
  return false;
}

static bool begins(int32_t day, struct str duration, enum dhis2_period_type type, struct dhis2_period *ret) {
  if (type == DHIS2_BI_WEEKLY && str_eq(duration, str_of(durations[type]))) return two_weeks_of(day, ret);
  return str_eq(duration, str_of(durations[type])) && dhis2_period_of_day(day, type, ret) && ret->first_day == day;
}

bool adx_period_read(struct str text, struct str type_name, struct dhis2_period *ret) {
  struct dhis2_period first;
  enum dhis2_period_type type;
  struct str duration = text, day = str_take(&duration, '/');
  bool typed = type_name.n > 0;
  if (typed && !dhis2_period_type_of(type_name, &type)) return false;
  if (!duration.p) return dhis2_period_parse(text, ret) && (!typed || ret->type == type);
  if (day.n != 10 || !dhis2_period_parse(day, &first) || first.type != DHIS2_DAILY) return false;
  if (typed) return begins(first.first_day, duration, type, ret);
  for (unsigned i = 0; i < DHIS2_PERIOD_TYPES; i++)
    if (begins(first.first_day, duration, (enum dhis2_period_type)i, ret)) return true;
  return false;
}

bool adx_period_write(struct str period, char ret[32]) {
  struct dhis2_period parsed;
  char day[11];
  if (!dhis2_period_parse(period, &parsed)) return false;
  dhis2_day_text(parsed.first_day, day);
  (void)snprintf(ret, 32, "%s/%s", day, durations[parsed.type]);
  return true;
}

static bool is_one_of(struct str text, const char *const *list) {
  for (; *list; list++)
    if (str_eq(text, str_of(*list))) return true;
  return false;
}

bool adx_is_text(struct str value_type) {
  static const char *const numbers[] = {
      "NUMBER", "INTEGER", "INTEGER_POSITIVE", "INTEGER_NEGATIVE", "INTEGER_ZERO_OR_POSITIVE", "PERCENTAGE", "UNIT_INTERVAL", NULL};
  return value_type.n > 0 && !is_one_of(value_type, numbers);
}

bool adx_is_own(struct str name) {
  static const char *const own[] = {
      "dataElement",         "value",    "dataSet",  "period",  "orgUnit",     "comment",  "completeDate", "attributeOptionCombo",
      "categoryOptionCombo", "exported", "storedBy", "created", "lastUpdated", "followUp", "deleted",      NULL};
  return is_one_of(name, own);
}
