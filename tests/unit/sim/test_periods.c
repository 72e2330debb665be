/* Periods of every type: their texts, days and neighbours. */
#include "sim/periods.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int day(const char *text) {
  int value = -1;
  assert_true(sim_date_parse(str_of(text), &value));
  return value;
}

static void texts(void **state) {
  (void)state;
  static const struct {
    const char *text, *type, *start, *end, *kept;
  } cases[] = {
      {"2024", "Yearly", "2024-01-01", "2024-12-31", NULL},
      {"202402", "Monthly", "2024-02-01", "2024-02-29", NULL},
      {"2024-02", "Monthly", "2024-02-01", "2024-02-29", "202402"},
      {"202302", "Monthly", "2023-02-01", "2023-02-28", NULL},
      {"202401B", "BiMonthly", "2024-01-01", "2024-02-29", NULL},
      {"2024Q4", "Quarterly", "2024-10-01", "2024-12-31", NULL},
      {"2024S2", "SixMonthly", "2024-07-01", "2024-12-31", NULL},
      {"2024AprilS2", "SixMonthlyApril", "2024-10-01", "2025-03-31", NULL},
      {"2024April", "FinancialApril", "2024-04-01", "2025-03-31", NULL},
      {"2024July", "FinancialJuly", "2024-07-01", "2025-06-30", NULL},
      {"2024Oct", "FinancialOct", "2024-10-01", "2025-09-30", NULL},
      {"2024Nov", "FinancialNov", "2023-11-01", "2024-10-31", NULL},
      {"20240229", "Daily", "2024-02-29", "2024-02-29", NULL},
      {"2024-02-29", "Daily", "2024-02-29", "2024-02-29", "20240229"},
      {"2024W1", "Weekly", "2024-01-01", "2024-01-07", NULL},
      {"2024W05", "Weekly", "2024-01-29", "2024-02-04", "2024W5"},
      {"2020W53", "Weekly", "2020-12-28", "2021-01-03", NULL},
      {"2021W1", "Weekly", "2021-01-04", "2021-01-10", NULL},
      {"2024SunW1", "WeeklySunday", "2023-12-31", "2024-01-06", NULL},
      {"2024BiW2", "BiWeekly", "2024-01-15", "2024-01-28", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sim_period period;
    if (!sim_period_parse(str_of(cases[i].text), &period)) fail_msg("%s is no period", cases[i].text);
    assert_string_equal(period.type, cases[i].type);
    assert_string_equal(period.text, cases[i].kept ? cases[i].kept : cases[i].text);
    assert_int_equal(period.start, day(cases[i].start));
    assert_int_equal(period.end, day(cases[i].end));
  }
}

static void no_periods(void **state) {
  (void)state;
  static const char *const cases[] = {"",        "24",      "202413",  "2024-13",  "202400",     "2024Q5",  "2024Q0",
                                      "2024W54", "2024W53", "2024W0",  "20240230", "2023-02-29", "hello",   "2024X1",
                                      "202407B", "2024Q",   "2024 01", "0000",     "2024W005",   "2024Octo"};
  struct sim_period period;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (sim_period_parse(str_of(cases[i]), &period)) fail_msg("%s was taken for %s %s", cases[i], period.type, period.text);
}

/* As Joda's chronologies have them; a Nepali day is not looked at. */
static void days_by_other_calendars(void **state) {
  (void)state;
  static const struct {
    const char *calendar, *text;
    bool there;
  } cases[] = {{NULL, "20240229", true},         {NULL, "20240230", false},         {"gregorian", "20240230", false},
               {"ethiopian", "20160230", true},  {"ethiopian", "2016-02-30", true}, {"ethiopian", "20160131", false},
               {"ethiopian", "20161301", false}, {"coptic", "17391306", true},      {"coptic", "17401306", false},
               {"nepali", "20800135", true},     {"nepali", "20801401", false},     {"thai", "25670229", true},
               {"thai", "25660229", false},      {"julian", "21000229", true},      {"persian", "14020631", true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sim_period period;
    if (sim_period_by(cases[i].calendar, str_of(cases[i].text), &period) != cases[i].there) fail_msg("%s", cases[i].text);
    if (cases[i].there) assert_true(period.start == period.end && strlen(period.text) == 8 && strcmp(period.type, "Daily") == 0);
  }
}

static void dates(void **state) {
  (void)state;
  int value;
  assert_int_equal(day("1970-01-01"), 0);
  assert_int_equal(day("2000-03-01"), 11017);
  assert_int_equal(day("2024-01-31T10:11:12"), day("2024-01-31"));
  assert_false(sim_date_parse(STR("2023-02-29"), &value));
  assert_false(sim_date_parse(STR("1900-02-29"), &value));
  assert_true(sim_date_parse(STR("2000-02-29"), &value));
  assert_false(sim_date_parse(STR("20240131"), &value));
  assert_false(sim_date_parse(STR("2024-1-31"), &value));
  assert_int_equal(sim_day_of_ms(-1), -1);
  assert_int_equal(sim_day_of_ms(86400000), 1);
}

/* Every day lies in exactly one period of each type; its text means the same period; the next one begins the day after. */
static void every_day(void **state) {
  (void)state;
  static const char *const types[] = {"Daily",          "Weekly",         "WeeklyWednesday", "WeeklyThursday", "WeeklyFriday",
                                      "WeeklySaturday", "WeeklySunday",   "Monthly",         "BiMonthly",      "Quarterly",
                                      "QuarterlyNov",   "SixMonthly",     "SixMonthlyApril", "SixMonthlyNov",  "Yearly",
                                      "FinancialFeb",   "FinancialApril", "FinancialJuly",   "FinancialAug",   "FinancialSep",
                                      "FinancialOct",   "FinancialNov"};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    for (int d = day("2019-12-01"); d < day("2025-02-01"); d += 3) {
      struct sim_period period, again, next, back;
      if (!sim_period_of_day(types[i], d, &period)) fail_msg("day %d has no %s", d, types[i]);
      assert_in_range((uintmax_t)d, (uintmax_t)period.start, (uintmax_t)period.end);
      assert_true(sim_period_parse(str_of(period.text), &again));
      assert_string_equal(again.type, types[i]);
      assert_int_equal(again.start, period.start);
      assert_int_equal(again.end, period.end);
      assert_true(sim_period_shift(&period, 1, &next));
      assert_int_equal(next.start, period.end + 1);
      if (!sim_period_shift(&next, -1, &back)) fail_msg("nothing before %s", next.text);
      assert_string_equal(back.text, period.text);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(no_periods), cmocka_unit_test(days_by_other_calendars),
                                     cmocka_unit_test(dates), cmocka_unit_test(every_day)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
