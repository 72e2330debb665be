/* When, where and by whom values may be entered: each rule on releases at both sides of what changed, the moment before, at and after its edge. */
#include "base/clock.h"
#include "dhis2/data_entry_read.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct dhis2_entry entry_of(int minor, int patch) {
  return (struct dhis2_entry){.version = {minor, patch}};
}

static struct dhis2_entry_set monthly(void) {
  return (struct dhis2_entry_set){.id = STR("DsMonthly01"), .has_type = true, .type = DHIS2_MONTHLY, .workflow_type = DHIS2_MONTHLY};
}

static struct dhis2_period period_of(const char *text) {
  struct dhis2_period period;
  assert_true(dhis2_period_parse(str_of(text), &period));
  return period;
}

static int64_t at(const char *text) {
  int64_t ms;
  assert_true(clock_parse(str_of(text), &ms));
  return ms;
}

static int32_t day(const char *text) {
  struct dhis2_period period = period_of(text);
  return period.first_day;
}

static void expiry_days(void **state) {
  (void)state;
  static const struct {
    int minor;
    double days;
    const char *now;
    bool expired;
  } rows[] = {
      {37, 10, "2024-02-10T23:59:59.999Z", false}, {37, 10, "2024-02-11T00:00:00Z", true},       {41, 10, "2024-02-09T12:00:00Z", false},
      {41, 10, "2024-02-10T23:59:59.999Z", false}, {41, 10, "2024-02-11T00:00:00Z", true},       {41, 0, "2030-01-01T00:00:00Z", false},
      {42, 10, "2024-02-10T23:59:59.999Z", false}, {42, 10, "2024-02-11T00:00:00Z", false},      {42, 10, "2024-02-11T00:00:00.001Z", true},
      {42, 0.5, "2024-02-01T12:00:00Z", false},    {42, 0.5, "2024-02-01T12:00:00.001Z", true},  {43, 10, "2024-02-11T00:00:00Z", false},
      {43, 10, "2024-02-11T00:00:00.001Z", true},  {43, 10.5, "2024-02-11T00:00:00.001Z", true}, {43, 0.5, "2030-01-01T00:00:00Z", false}};
  const struct dhis2_period january = period_of("202401");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct dhis2_entry entry = entry_of(rows[i].minor, 1);
    struct dhis2_entry_set set = monthly();
    set.expiry_days = rows[i].days;
    if (dhis2_entry_is_expired(&entry, &set, &january, false, at(rows[i].now)) != rows[i].expired)
      fail_msg("2.%d, %g days, %s", rows[i].minor, rows[i].days, rows[i].now);
    assert_false(dhis2_entry_is_expired(&entry, &set, &january, true, at(rows[i].now)));
    entry.user.edits_expired = true;
    assert_false(dhis2_entry_is_expired(&entry, &set, &january, false, at(rows[i].now)));
    entry.user.edits_expired = false;
    entry.other_calendar = true;
    assert_false(dhis2_entry_is_expired(&entry, &set, &january, false, at(rows[i].now)));
  }
}

static void open_future_periods(void **state) {
  (void)state;
  static const struct {
    int open;
    const char *now, *period;
    bool future;
  } rows[] = {{0, "2024-02-29T23:59:59Z", "202401", false}, {0, "2024-02-29T23:59:59Z", "202402", true},
              {0, "2024-03-01T00:00:00Z", "202402", false}, {0, "2024-03-01T00:00:00Z", "202403", true},
              {1, "2024-01-31T23:59:59Z", "202402", true},  {1, "2024-02-01T00:00:00Z", "202402", false},
              {3, "2024-11-15T00:00:00Z", "202501", false}, {3, "2024-11-15T00:00:00Z", "202502", true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int minor = 37; minor <= 43; minor++) {
      struct dhis2_entry entry = entry_of(minor, 0);
      struct dhis2_entry_set set = monthly();
      struct dhis2_period period = period_of(rows[i].period);
      set.open_future_periods = rows[i].open;
      if (dhis2_entry_is_future(&entry, &set, &period, at(rows[i].now)) != rows[i].future) fail_msg("2.%d, row %zu", minor, i);
      entry.user.edits_expired = true; /* frees from 2.43 on */
      assert_int_equal(dhis2_entry_is_future(&entry, &set, &period, at(rows[i].now)), rows[i].future && minor < 43);
    }
}

static void weeks_have_a_future_too(void **state) {
  (void)state;
  struct dhis2_entry entry = entry_of(41, 9);
  struct dhis2_entry_set set = {.has_type = true, .type = DHIS2_WEEKLY, .open_future_periods = 1};
  const struct dhis2_period this = period_of("2024W5"), next = period_of("2024W6");
  assert_false(dhis2_entry_is_future(&entry, &set, &this, at("2024-01-29T00:00:00Z")));
  assert_true(dhis2_entry_is_future(&entry, &set, &this, at("2024-01-28T23:59:59Z")));
  assert_true(dhis2_entry_is_future(&entry, &set, &next, at("2024-02-04T23:59:59Z")));
}

static void data_input_periods(void **state) {
  (void)state;
  const struct dhis2_input_period inputs[] = {{STR("202401"), at("2024-02-05T08:00:00Z"), at("2024-02-15T17:00:00Z")},
                                              {STR("202401"), at("2024-03-05T00:00:00Z"), at("2024-03-06T00:00:00Z")},
                                              {STR("202402"), INT64_MIN, INT64_MAX}};
  static const struct {
    const char *period, *now;
    enum dhis2_input by_days, by_moments; /* to 2.42; from 2.43 on */
  } rows[] = {{"202401", "2024-02-04T23:59:59Z", DHIS2_INPUT_BEFORE, DHIS2_INPUT_BEFORE},
              {"202401", "2024-02-05T00:00:00Z", DHIS2_INPUT_OPEN, DHIS2_INPUT_BEFORE},
              {"202401", "2024-02-05T08:00:00Z", DHIS2_INPUT_OPEN, DHIS2_INPUT_OPEN},
              {"202401", "2024-02-15T17:00:00Z", DHIS2_INPUT_OPEN, DHIS2_INPUT_OPEN},
              {"202401", "2024-02-15T17:00:01Z", DHIS2_INPUT_OPEN, DHIS2_INPUT_BEFORE}, /* the second window is still to come */
              {"202401", "2024-02-16T00:00:00Z", DHIS2_INPUT_BEFORE, DHIS2_INPUT_BEFORE},
              {"202401", "2024-03-06T00:00:00Z", DHIS2_INPUT_OPEN, DHIS2_INPUT_OPEN},
              {"202401", "2024-03-06T00:00:01Z", DHIS2_INPUT_OPEN, DHIS2_INPUT_OVER},
              {"202401", "2024-03-07T00:00:00Z", DHIS2_INPUT_OVER, DHIS2_INPUT_OVER},
              {"202402", "1999-01-01T00:00:00Z", DHIS2_INPUT_OPEN, DHIS2_INPUT_OPEN},
              {"202403", "2024-04-01T00:00:00Z", DHIS2_INPUT_NOT_LISTED, DHIS2_INPUT_NOT_LISTED}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int minor = 37; minor <= 43; minor++) {
      struct dhis2_entry entry = entry_of(minor, 1);
      struct dhis2_entry_set set = monthly();
      struct dhis2_period period = period_of(rows[i].period);
      assert_int_equal(dhis2_entry_input(&entry, &set, &period, at(rows[i].now)), DHIS2_INPUT_FREE);
      set.inputs = inputs;
      set.input_count = sizeof inputs / sizeof *inputs;
      if (dhis2_entry_input(&entry, &set, &period, at(rows[i].now)) != (minor < 43 ? rows[i].by_days : rows[i].by_moments))
        fail_msg("2.%d, row %zu", minor, i);
      /* From 2.43 on they stand in place of expiry and future. */
      set.expiry_days = 1;
      assert_int_equal(dhis2_entry_is_expired(&entry, &set, &period, false, at("2025-01-01T00:00:00Z")), minor < 43);
      assert_int_equal(dhis2_entry_is_future(&entry, &set, &period, at("2023-01-01T00:00:00Z")), minor < 43);
    }
  assert_true(dhis2_can((struct dhis2_version){43, 0}, DHIS2_TURNS_INPUT_PERIODS_ROUND));
  assert_true(dhis2_can((struct dhis2_version){43, 1}, DHIS2_TURNS_INPUT_PERIODS_ROUND));
  assert_false(dhis2_can((struct dhis2_version){43, 2}, DHIS2_TURNS_INPUT_PERIODS_ROUND));
  assert_false(dhis2_can((struct dhis2_version){42, 5}, DHIS2_TURNS_INPUT_PERIODS_ROUND));
}

static bool in_time(int minor, int more, int32_t first, int32_t last, const char *period_text) {
  const struct dhis2_entry entry = entry_of(minor, 1);
  const struct dhis2_entry_option option = {.first_day = first, .last_day = last}, free = {.first_day = INT32_MIN, .last_day = INT32_MAX};
  const struct dhis2_entry_option *options[] = {&free, NULL, &option};
  struct dhis2_entry_set set = monthly();
  struct dhis2_period period = period_of(period_text);
  set.open_periods_after_end = more;
  return dhis2_entry_not_in_time(&entry, &set, options, 3, &period) == NULL;
}

static void dates_of_options(void **state) {
  (void)state;
  /* To 2.42 a day of the period in common, from 2.43 on all of it. */
  assert_true(in_time(42, 0, day("20240131"), INT32_MAX, "202401"));
  assert_false(in_time(42, 0, day("20240201"), INT32_MAX, "202401"));
  assert_true(in_time(43, 0, day("20240101"), INT32_MAX, "202401"));
  assert_false(in_time(43, 0, day("20240102"), INT32_MAX, "202401"));
  assert_true(in_time(42, 0, INT32_MIN, day("20240201"), "202402"));
  assert_false(in_time(42, 0, INT32_MIN, day("20240131"), "202402"));
  assert_true(in_time(43, 0, INT32_MIN, day("20240229"), "202402"));
  assert_false(in_time(43, 0, INT32_MIN, day("20240228"), "202402"));
  /* Open after the end: the end moves on (31 January: 29 February), or the period back (from 29 February: to 29 January). */
  assert_true(in_time(42, 1, INT32_MIN, day("20240131"), "202402"));
  assert_false(in_time(42, 1, INT32_MIN, day("20240131"), "202403"));
  assert_true(in_time(43, 1, INT32_MIN, day("20240129"), "202402"));
  assert_false(in_time(43, 1, INT32_MIN, day("20240128"), "202402"));
  assert_false(in_time(43, 1, day("20240202"), day("20240229"), "202403")); /* moved back it would begin too early */
}

static void the_day_some_periods_on(void **state) {
  (void)state;
  assert_int_equal(dhis2_day_moved(day("20240131"), DHIS2_MONTHLY, 1), day("20240229"));
  assert_int_equal(dhis2_day_moved(day("20240331"), DHIS2_MONTHLY, -1), day("20240229"));
  assert_int_equal(dhis2_day_moved(day("20240115"), DHIS2_QUARTERLY, 1), day("20240415"));
  assert_int_equal(dhis2_day_moved(day("20240229"), DHIS2_YEARLY, 1), day("20250228"));
  assert_int_equal(dhis2_day_moved(day("20240229"), DHIS2_FINANCIAL_APRIL, -1), day("20230228"));
  assert_int_equal(dhis2_day_moved(day("20240131"), DHIS2_WEEKLY, 2), day("20240214"));
  assert_int_equal(dhis2_day_moved(day("20240131"), DHIS2_BI_WEEKLY, -1), day("20240117"));
  assert_int_equal(dhis2_day_moved(day("20240131"), DHIS2_DAILY, 1), day("20240201"));
}

static void units_of_options(void **state) {
  (void)state;
  const struct dhis2_entry_unit facility = {.path = STR("/Country/District1/Facility1")};
  const struct str country[] = {STR("Country")}, district[] = {STR("District1"), STR("District2")}, other[] = {STR("District2")};
  const struct dhis2_entry_option wide = {.units = country, .unit_count = 1}, near = {.units = district, .unit_count = 2},
                                  far = {.units = other, .unit_count = 1}, free = {0};
  const struct dhis2_entry_option *one[] = {&free, &near}, *bad[] = {&near, &far}, *two[] = {&wide, &near};
  for (int minor = 37; minor <= 43; minor++) {
    const struct dhis2_entry entry = entry_of(minor, 1);
    assert_null(dhis2_entry_not_at(&entry, one, 2, &facility));
    assert_ptr_equal(dhis2_entry_not_at(&entry, bad, 2, &facility), &far);
    assert_int_equal(dhis2_entry_not_at(&entry, two, 2, &facility) == NULL, minor >= 43); /* no unit is in both lists */
  }
}

static void units_of_the_user_and_their_dates(void **state) {
  (void)state;
  const struct str mine[] = {STR("District1")};
  const struct dhis2_entry_unit here = {.path = STR("/Country/District1/F1"), .first_day = day("20240115"), .last_day = day("20240301")},
                                there = {.path = STR("/Country/District2/F2")};
  const struct dhis2_period january = period_of("202401"), february = period_of("202402"), march = period_of("202403"),
                            april = period_of("202404");
  for (int minor = 37; minor <= 43; minor++) {
    struct dhis2_entry entry = entry_of(minor, 1);
    entry.user = (struct dhis2_entry_user){.units = mine, .unit_count = 1};
    assert_true(dhis2_entry_user_at(&entry, &here));
    assert_false(dhis2_entry_user_at(&entry, &there));
    entry.user.is_super = true;
    assert_int_equal(dhis2_entry_user_at(&entry, &there), minor >= 43);
    assert_int_equal(dhis2_entry_unit_in_time(&entry, &here, &january), minor < 43); /* it opened within the month */
    assert_true(dhis2_entry_unit_in_time(&entry, &here, &february));
    assert_true(dhis2_entry_unit_in_time(&entry, &here, &march)); /* closed on its first day */
    assert_int_equal(dhis2_entry_unit_in_time(&entry, &here, &april), minor < 43);
  }
}

static void periods_of_a_workflow(void **state) {
  (void)state;
  struct dhis2_entry_set set = monthly();
  struct dhis2_period february = period_of("202402"), with;
  assert_false(dhis2_entry_workflow_period(&set, &february, &with));
  set.workflow = STR("Workflow001");
  assert_true(dhis2_entry_workflow_period(&set, &february, &with));
  assert_string_equal(with.text, "202402");
  set.workflow_type = DHIS2_QUARTERLY;
  assert_true(dhis2_entry_workflow_period(&set, &february, &with));
  assert_string_equal(with.text, "2024Q1");
}

static void what_servers_answer(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct dhis2_entry *entry = dhis2_entry_new(arena);
  struct dhis2_entry_place *place = dhis2_entry_place_new(arena);
  assert_true(dhis2_entry_read_user(
      arena, STR("{\"id\":\"u\",\"authorities\":[\"F_DATAVALUE_ADD\",7],\"organisationUnits\":[{\"id\":\"Country0001\"},{}]}"), entry));
  assert_true(entry->user.may_write && !entry->user.edits_expired && !entry->user.is_super && entry->user.unit_count == 1);
  assert_true(dhis2_entry_read_user(arena, STR("{\"authorities\":[\"ALL\"]}"), entry));
  assert_true(entry->user.may_write && entry->user.edits_expired && entry->user.is_super);
  assert_true(dhis2_entry_read_clock(
      arena, STR("{\"version\":\"2.43.1\",\"serverDate\":\"2024-02-10T12:30:00.250+0300\",\"calendar\":\"iso8601\"}"), entry));
  assert_int_equal(entry->server_ms, at("2024-02-10T12:30:00.250Z")); /* what its own wall shows */
  assert_true(entry->version.minor == 43 && !entry->other_calendar);
  assert_true(dhis2_entry_read_clock(arena, STR("{\"version\":\"2.41.9\",\"calendar\":\"ethiopian\"}"), entry));
  assert_true(entry->other_calendar && entry->server_ms == at("2024-02-10T12:30:00.250Z"));
  assert_true(dhis2_entry_read_sets(
      arena,
      STR("{\"dataSets\":[{\"id\":\"DsMonthly01\",\"periodType\":\"Monthly\",\"expiryDays\":10.5,"
          "\"openFuturePeriods\":2,\"workflow\":{\"id\":\"Workflow001\"},"
          "\"dataInputPeriods\":[{\"period\":{\"id\":\"2024-01\"},\"openingDate\":\"2024-02-05T08:00:00."
          "000\"}],\"organisationUnits\":[{\"id\":\"Facility001\"}],"
          "\"dataSetElements\":[{\"dataElement\":{\"id\":\"DeColour001\",\"name\":\"Colour\",\"optionSet\":{\"id\":\"OptionSet01\"}}},"
          "{\"dataElement\":{\"id\":\"DePlain0001\"}},{}],"
          "\"access\":{\"data\":{\"write\":true}}},{\"id\":\"DsMonthly01\"},{}]}"),
      entry));
  const struct dhis2_entry_set *set = map_get(&entry->sets, STR("DsMonthly01"));
  assert_true(set && set->expiry_days == 10.5 && set->open_future_periods == 2 && set->writable && set->workflow_type == DHIS2_MONTHLY);
  assert_true(set->input_count == 1 && str_eq(set->inputs[0].period, STR("202401")) && set->inputs[0].closes_ms == INT64_MAX);
  assert_non_null(map_get(&set->units, STR("Facility001")));
  const struct dhis2_entry_element *element = map_get(&entry->elements, STR("DeColour001"));
  assert_true(element && str_eq(element->option_set, STR("OptionSet01")) && !element->comment_set.n && !element->many);
  assert_null(map_get(&entry->elements, STR("DePlain0001")));
  assert_true(dhis2_entry_is_option(entry, element, STR("GREEN"))); /* nothing is known of the set yet */
  assert_true(dhis2_entry_read_options(arena,
                                       STR("{\"categoryCombos\":[{\"id\":\"ComboFound1\",\"categories\":[{\"categoryOptions\":["
                                           "{\"id\":\"OptPartner1\"}]}]},{\"id\":\"ComboCut001\"}]}"),
                                       entry));
  assert_non_null(map_get(&entry->options, STR("OptPartner1")));
  assert_true(map_get(&entry->combos, STR("ComboFound1")) && !map_get(&entry->combos, STR("ComboCut001")));
  assert_true(dhis2_entry_read_option_sets(
      arena, STR("{\"optionSets\":[{\"id\":\"OptionSet01\",\"name\":\"Colours\",\"options\":[{\"code\":\"RED\"},{},7]},{}]}"), entry));
  assert_true(dhis2_entry_is_option(entry, element, STR("RED")) && !dhis2_entry_is_option(entry, element, STR("GREEN")));
  assert_true(dhis2_entry_read_exceptions(arena,
                                          STR("{\"lockExceptions\":[{\"period\":{\"id\":\"202401\"},\"organisationUnit\":{\"id\":"
                                              "\"Facility001\"},\"dataSet\":{\"id\":\"DsMonthly01\"}}]}"),
                                          entry));
  struct dhis2_period january = period_of("202401"), february = period_of("202402");
  assert_true(dhis2_entry_is_excepted(entry, set, &january, STR("Facility001")));
  assert_false(dhis2_entry_is_excepted(entry, set, &february, STR("Facility001")));
  assert_true(dhis2_entry_read_approvals(arena,
                                         STR("[{\"wf\":\"w\",\"ou\":\"a\",\"aoc\":\"c\",\"state\":\"APPROVED_ABOVE\"},{\"wf\":\"w\",\"ou\":"
                                             "\"b\",\"aoc\":\"c\",\"state\":\"UNAPPROVED_ABOVE\"},"
                                             "{\"wf\":\"w\",\"ou\":\"d\",\"aoc\":\"c\",\"state\":\"ACCEPTED_HERE\"},{\"wf\":\"w\",\"ou\":"
                                             "\"e\",\"aoc\":\"c\",\"state\":null}]"),
                                         place));
  assert_int_equal(place->approved.count, 2);
  assert_int_equal(place->approvals_told.count, 4);
  assert_non_null(map_get(&place->approved, STR("w a c")));
  assert_true(dhis2_entry_read_limits(arena,
                                      STR("{\"minMaxDataElements\":[{\"source\":{\"id\":\"o\"},\"dataElement\":{\"id\":\"d\"},"
                                          "\"optionCombo\":{\"id\":\"c\"},\"min\":-3,\"max\":7}]}"),
                                      place));
  const struct dhis2_entry_limit *limit = map_get(&place->limits, STR("d c o"));
  assert_true(limit && limit->least == -3 && limit->most == 7);
  assert_false(dhis2_entry_read_units(arena, STR("[]"), place));
  assert_false(dhis2_entry_read_units(arena, STR("{}"), place)); /* a list is told where it is empty */
  assert_true(dhis2_entry_read_units(arena, STR("{\"organisationUnits\":[]}"), place));
  assert_false(dhis2_entry_read_limits(arena, STR("{\"httpStatus\":\"OK\"}"), place));
  assert_false(dhis2_entry_read_exceptions(arena, STR("{}"), entry));
  assert_true(dhis2_entry_read_option_sets(arena, STR("{\"system\":{}}"), entry)); /* but of several kinds the empty ones are left out */
  assert_false(dhis2_entry_read_clock(arena, STR("{\"serverDate\":\"2024-02-10T12:30:00.250+0300\"}"), entry));
  assert_int_equal(entry->version.minor, 41);
  assert_false(dhis2_entry_read_approvals(arena, STR("{\"httpStatus\":\"OK\"}"), place));
  assert_false(dhis2_entry_read_user(arena, STR("<html>"), entry));
  assert_true(entry->user.is_super); /* what was known stays */
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(expiry_days),
                                     cmocka_unit_test(open_future_periods),
                                     cmocka_unit_test(weeks_have_a_future_too),
                                     cmocka_unit_test(data_input_periods),
                                     cmocka_unit_test(dates_of_options),
                                     cmocka_unit_test(the_day_some_periods_on),
                                     cmocka_unit_test(units_of_options),
                                     cmocka_unit_test(units_of_the_user_and_their_dates),
                                     cmocka_unit_test(periods_of_a_workflow),
                                     cmocka_unit_test(what_servers_answer)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
