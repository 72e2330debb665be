/* Which periods lie in which: what the rule says against what the days say, for every two types over decades. */
#include "dhis2/periods.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { FROM = 10957 /* 2000-01-01 */, DAYS = 366 * 29 /* two 400-year-rule-free leap rounds, and years of 53 weeks */ };

static struct dhis2_period of_day(int32_t day, enum dhis2_period_type type) {
  struct dhis2_period period;
  if (!dhis2_period_of_day(day, type, &period)) fail_msg("no %s on day %d", dhis2_period_type_name(type), day);
  return period;
}

static void every_day_is_in_its_period(void **state) {
  (void)state;
  for (int type = 0; type < DHIS2_PERIOD_TYPES; type++) {
    struct dhis2_period period = {0};
    if (type == DHIS2_BI_WEEKLY) {
      assert_false(dhis2_period_of_day(FROM, DHIS2_BI_WEEKLY, &period));
      continue;
    }
    for (int32_t day = FROM; day < FROM + DAYS; day++) {
      struct dhis2_period next = of_day(day, (enum dhis2_period_type)type);
      assert_int_equal(next.type, type);
      assert_true(next.first_day <= day && day <= next.last_day);
      if (day > FROM && next.first_day != period.first_day) assert_int_equal(next.first_day, period.last_day + 1);
      period = next;
    }
  }
}

/* What a roll-up is, said in days: no period of the one lies in two of the other, and some are made of several. */
static bool rolls_up_by_days(enum dhis2_period_type from, enum dhis2_period_type to) {
  bool shorter = false;
  if (from == DHIS2_BI_WEEKLY || to == DHIS2_BI_WEEKLY) return false;
  for (int32_t day = FROM; day < FROM + DAYS; day++) {
    struct dhis2_period part = of_day(day, from), whole = of_day(day, to);
    if (part.first_day < whole.first_day || part.last_day > whole.last_day) return false;
    shorter |= part.first_day > whole.first_day;
    day = part.last_day;
  }
  return shorter;
}

static void the_rule_is_what_the_days_say(void **state) {
  unsigned exact = 0;
  (void)state;
  for (int from = 0; from < DHIS2_PERIOD_TYPES; from++)
    for (int to = 0; to < DHIS2_PERIOD_TYPES; to++) {
      bool rule = dhis2_period_rolls_up((enum dhis2_period_type)from, (enum dhis2_period_type)to),
           days = rolls_up_by_days((enum dhis2_period_type)from, (enum dhis2_period_type)to);
      if (rule != days)
        fail_msg("%s to %s: %d, and by days %d", dhis2_period_type_name((enum dhis2_period_type)from),
                 dhis2_period_type_name((enum dhis2_period_type)to), rule, days);
      exact += rule;
    }
  assert_true(exact > 30);
}

static void names_read_back(void **state) {
  enum dhis2_period_type type;
  (void)state;
  for (int i = 0; i < DHIS2_PERIOD_TYPES; i++) {
    assert_true(dhis2_period_type_of(str_of(dhis2_period_type_name((enum dhis2_period_type)i)), &type));
    assert_int_equal(type, i);
  }
  assert_false(dhis2_period_type_of(STR("Fortnightly"), &type));
  assert_false(dhis2_period_type_of(STR(""), &type));
}

static void known_ones(void **state) {
  static const struct {
    const char *part;
    enum dhis2_period_type whole;
    const char *text;
  } cases[] = {
      {"202402", DHIS2_QUARTERLY, "2024Q1"},
      {"202311", DHIS2_QUARTERLY_NOV, "2024NovQ1"},
      {"202403", DHIS2_SIX_MONTHLY_APRIL, "2023AprilS2"},
      {"2024Q4", DHIS2_SIX_MONTHLY, "2024S2"},
      {"202412", DHIS2_YEARLY, "2024"},
      {"2024Q1", DHIS2_FINANCIAL_APRIL, "2023April"},
      {"202311", DHIS2_FINANCIAL_NOV, "2024Nov"},
      {"202310", DHIS2_FINANCIAL_NOV, "2023Nov"},
      {"20241231", DHIS2_WEEKLY, "2025W1"},
      {"202406", DHIS2_BI_MONTHLY, "202403B"},
      {"2024S1", DHIS2_YEARLY, "2024"},
      {"20210103", DHIS2_WEEKLY, "2020W53"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct dhis2_period part;
    assert_true(dhis2_period_parse(str_of(cases[i].part), &part));
    assert_true(dhis2_period_rolls_up(part.type, cases[i].whole));
    assert_string_equal(of_day(part.first_day, cases[i].whole).text, cases[i].text);
  }
}

static void outside_the_years(void **state) {
  struct dhis2_period period;
  (void)state;
  for (int type = 0; type < DHIS2_PERIOD_TYPES; type++) {
    assert_false(dhis2_period_of_day(INT32_MIN / 2, (enum dhis2_period_type)type, &period));
    assert_false(dhis2_period_of_day(INT32_MAX / 2, (enum dhis2_period_type)type, &period));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_day_is_in_its_period), cmocka_unit_test(the_rule_is_what_the_days_say),
                                     cmocka_unit_test(names_read_back), cmocka_unit_test(known_ones), cmocka_unit_test(outside_the_years)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
