/* When a schedule's period is due, tried again, and given up; as it is kept; and how long after a failed try the next one is made. */
#include "../with_arena.h"
#include "api/reports_out.h"
#include "api/schedule.h"
#include "base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t at(const char *text) {
  int64_t ms = 0;
  assert_true(clock_parse(str_of(text), &ms));
  return ms;
}

static struct schedule monthly(void) {
  return (struct schedule){
      .period_type = DHIS2_MONTHLY, .after_day = 10, .for_days = 20, .again_hours = 24, .until_ms = at("2027-01-01T00:00:00Z")};
}

static void tried(struct schedule *s, const char *period, const char *when, bool complete) {
  schedule_tried(s, arena, (struct schedule_last){.period = arena_str(arena, str_of(period)), .at_ms = at(when), .complete = complete});
}

/* The period that is due at that time; NULL: none. */
static const char *due(const struct schedule *s, const char *when) {
  static struct dhis2_period period;
  return schedule_due(s, false, at(when), &period) ? period.text : NULL;
}

static void each_month_after_its_day(void **state) {
  struct schedule s = monthly();
  struct dhis2_period period;
  assert_string_equal(due(&s, "2026-11-09T23:59:59Z"), "202609"); /* never tried: also later */
  assert_string_equal(due(&s, "2026-11-10T00:00:00Z"), "202610");
  tried(&s, "202609", "2026-10-30T00:00:00Z", true);
  assert_null(due(&s, "2026-11-09T23:59:59Z"));
  assert_string_equal(due(&s, "2026-11-10T00:00:00Z"), "202610");
  tried(&s, "202610", "2026-11-10T00:00:00Z", false);
  assert_null(due(&s, "2026-11-10T23:59:59Z"));
  assert_string_equal(due(&s, "2026-11-11T00:00:00Z"), "202610");
  assert_false(schedule_due(&s, true, at("2026-11-11T00:00:00Z"), &period)); /* it is under way */
  tried(&s, "202610", "2026-11-11T00:00:00Z", true);
  assert_null(due(&s, "2026-11-11T23:00:00Z"));
  assert_string_equal(due(&s, "2026-11-12T00:00:00Z"), "202610"); /* others report later */
  tried(&s, "202610", "2026-11-29T12:00:00Z", true);
  assert_null(due(&s, "2026-11-30T13:00:00Z"));
  assert_string_equal(due(&s, "2026-12-10T00:00:00Z"), "202611");
  s.until_ms = at("2026-12-10T00:00:00Z");
  assert_null(due(&s, "2026-12-10T00:00:00Z"));
  (void)state;
}

/* Each is told once; what was complete is not given up, and with the schedule's own time all that is open ends. */
static void what_is_over_is_noted_once(void **state) {
  struct schedule s = monthly();
  bool ended;
  (void)state;
  tried(&s, "202610", "2026-11-28T12:00:00Z", false);
  assert_int_equal(schedule_close(&s, arena, false, at("2026-11-29T23:59:59Z"), &ended), 0);
  assert_int_equal(schedule_close(&s, arena, true, at("2026-11-30T00:00:00Z"), &ended), 0); /* it is under way */
  assert_int_equal(schedule_close(&s, arena, false, at("2026-11-30T00:00:00Z"), &ended), 1);
  assert_true(s.last.over && !ended && str_eq(s.given_up[0].period, STR("202610")));
  assert_int_equal(schedule_close(&s, arena, false, at("2026-12-01T00:00:00Z"), &ended), 0);
  tried(&s, "202611", "2026-12-10T00:00:00Z", true);
  tried(&s, "202612", "2026-12-11T00:00:00Z", false);
  assert_int_equal(s.open_count, 1);
  s.until_ms = at("2026-12-12T00:00:00Z");
  assert_int_equal(schedule_close(&s, arena, false, s.until_ms, &ended), 1);
  assert_true(ended && s.ended && s.open_count == 0 && s.given_up_count == 2 && str_eq(s.given_up[1].period, STR("202612")));
  assert_int_equal(schedule_close(&s, arena, false, s.until_ms + 1, &ended), 0);
  assert_false(ended);
}

static void given_up_when_its_days_are_over(void **state) {
  struct schedule s = monthly();
  tried(&s, "202610", "2026-11-28T12:00:00Z", false);
  assert_string_equal(due(&s, "2026-11-29T12:00:00Z"), "202610");
  tried(&s, "202610", "2026-11-29T12:00:00Z", false);
  assert_null(due(&s, "2026-11-30T12:00:00Z"));
  assert_null(due(&s, "2026-12-09T23:00:00Z"));
  assert_string_equal(due(&s, "2026-12-10T00:00:00Z"), "202611");
  (void)state;
}

static void of_other_periods(void **state) {
  struct schedule s = monthly();
  s.period_type = DHIS2_QUARTERLY;
  assert_string_equal(due(&s, "2026-10-09T00:00:00Z"), "2026Q2");
  assert_string_equal(due(&s, "2026-10-10T00:00:00Z"), "2026Q3");
  s.period_type = DHIS2_WEEKLY;
  s.after_day = 1;
  assert_string_equal(due(&s, "2026-11-22T23:00:00Z"), "2026W46"); /* a Sunday */
  assert_string_equal(due(&s, "2026-11-23T00:00:00Z"), "2026W47");
  s.period_type = DHIS2_YEARLY;
  assert_string_equal(due(&s, "2026-01-01T00:00:00Z"), "2025");
  assert_string_equal(due(&s, "2025-12-31T23:59:59Z"), "2024");
  (void)state;
}

static void when_the_next_try_is(void **state) {
  struct schedule s = monthly();
  assert_int_equal(schedule_next_ms(&s, at("2026-11-12T00:00:00Z")), at("2026-11-12T00:00:00Z"));
  tried(&s, "202610", "2026-11-12T06:00:00Z", false);
  assert_int_equal(schedule_next_ms(&s, at("2026-11-12T07:00:00Z")), at("2026-11-13T06:00:00Z"));
  s.last.complete = true;
  assert_int_equal(schedule_next_ms(&s, at("2026-11-12T07:00:00Z")), at("2026-11-13T06:00:00Z"));
  tried(&s, "202610", "2026-11-29T06:00:00Z", true);
  assert_int_equal(schedule_next_ms(&s, at("2026-11-29T07:00:00Z")), at("2026-12-10T00:00:00Z"));
  s.until_ms = at("2026-12-01T00:00:00Z");
  assert_int_equal(schedule_next_ms(&s, at("2026-11-29T07:00:00Z")), 0);
  (void)state;
}

/* Whatever the times: what is said to be the next try is one, and a second before it is none. */
static void the_next_try_is_when_it_is_due_of(enum dhis2_period_type type, int64_t after_day) {
  struct schedule s = monthly();
  struct dhis2_period period;
  s.period_type = type;
  s.after_day = after_day;
  for (int64_t now = at("2026-01-01T00:00:00Z"); now < at("2026-12-01T00:00:00Z"); now += INT64_C(5) * 3600 * 1000 + 7) {
    int64_t next = schedule_next_ms(&s, now);
    assert_true(next >= now);
    assert_true(schedule_due(&s, false, next, &period));
    if (next > now) assert_false(schedule_due(&s, false, next - 1, &period));
    if (next > now) continue;
    schedule_tried(
        &s, arena,
        (struct schedule_last){.period = arena_str(arena, str_of(period.text)), .at_ms = now, .complete = (now / 1000) % 3 == 0});
  }
}

static void the_next_try_is_when_it_is_due(void **state) {
  the_next_try_is_when_it_is_due_of(DHIS2_MONTHLY, 10);
  the_next_try_is_when_it_is_due_of(DHIS2_WEEKLY, 1);
  the_next_try_is_when_it_is_due_of(DHIS2_DAILY, 2);
  (void)state;
}

/* A week has 7 days and 20 in which it is tried again: that the next one is due must not end that. */
static void older_periods_go_on_being_tried(void **state) {
  struct schedule s = monthly();
  s.period_type = DHIS2_WEEKLY;
  s.after_day = 1;
  tried(&s, "2026W46", "2026-11-16T00:00:00Z", false);
  tried(&s, "2026W46", "2026-11-22T00:00:00Z", false);
  assert_string_equal(due(&s, "2026-11-23T00:00:00Z"), "2026W47"); /* what was never tried comes first */
  tried(&s, "2026W47", "2026-11-23T00:00:00Z", true);
  assert_string_equal(due(&s, "2026-11-23T00:00:01Z"), "2026W46");
  assert_int_equal(schedule_next_ms(&s, at("2026-11-23T00:00:01Z")), at("2026-11-23T00:00:01Z"));
  tried(&s, "2026W46", "2026-11-23T00:00:01Z", false);
  assert_null(due(&s, "2026-11-23T12:00:00Z")); /* also not the younger one again, so soon */
  assert_string_equal(due(&s, "2026-11-24T00:00:01Z"), "2026W46");
  tried(&s, "2026W46", "2026-11-24T00:00:01Z", true);
  assert_string_equal(due(&s, "2026-11-29T00:00:00Z"), "2026W46"); /* complete or not */
  assert_string_equal(due(&s, "2026-11-30T00:00:00Z"), "2026W48");
  tried(&s, "2026W48", "2026-11-30T00:00:00Z", false);
  tried(&s, "2026W49", "2026-12-07T00:00:00Z", false);
  tried(&s, "2026W50", "2026-12-14T00:00:00Z", false);
  assert_int_equal(s.open_count, 2);
  assert_string_equal(due(&s, "2026-12-19T00:00:00Z"), "2026W48");
  tried(&s, "2026W48", "2026-12-19T00:00:00Z", false);
  assert_string_equal(due(&s, "2026-12-20T00:00:00Z"), "2026W49"); /* the 20 days of 48 are over */
  assert_int_equal(s.open_count, 2);
  (void)state;
}

/* What became due while nobody was there is made up for, the oldest first, within its days. */
static void what_was_missed_is_made_up_for(void **state) {
  struct schedule s = monthly();
  s.period_type = DHIS2_WEEKLY;
  s.after_day = 1;
  tried(&s, "2026W40", "2026-10-05T00:00:00Z", true);
  const char *wanted[] = {"2026W45", "2026W46", "2026W47"};
  for (unsigned i = 0; i < 3; i++) {
    assert_string_equal(due(&s, "2026-11-26T00:00:00Z"), wanted[i]);
    tried(&s, wanted[i], "2026-11-26T00:00:00Z", true);
  }
  assert_null(due(&s, "2026-11-26T00:00:00Z"));
  tried(&s, "2026W46", "2026-11-29T12:00:00Z", true);
  tried(&s, "2026W47", "2026-11-29T12:00:00Z", true);
  tried(&s, "2026W48", "2026-11-30T00:00:00Z", false);
  schedule_forget_try(&s, arena); /* it was never begun */
  assert_string_equal(due(&s, "2026-11-30T00:00:00Z"), "2026W48");
  tried(&s, "2026W48", "2026-11-30T00:00:00Z", true);
  schedule_once_more(&s, arena);
  assert_string_equal(due(&s, "2026-11-30T00:00:00Z"), "2026W48");
  s.for_days = 1; /* all of them over: the latest is sent all the same */
  tried(&s, "2026W48", "2026-11-30T00:00:00Z", true);
  assert_null(due(&s, "2027-01-02T00:00:00Z")); /* until its end */
  s.until_ms = at("2028-01-01T00:00:00Z");
  assert_string_equal(due(&s, "2027-01-02T00:00:00Z"), "2026W52");
  (void)state;
}

/* One run at a time, but for one that does not end. */
static void others_wait_for_what_is_under_way(void **state) {
  struct schedule s = monthly();
  struct dhis2_period period;
  tried(&s, "202609", "2026-11-09T23:00:00Z", false);
  assert_false(schedule_due(&s, true, at("2026-11-10T00:00:00Z"), &period));
  assert_true(schedule_due(&s, true, at("2026-11-10T23:00:00Z"), &period));
  assert_string_equal(period.text, "202610");
  (void)state;
}

static void as_it_is_kept(void **state) {
  struct error error = {0};
  struct schedule s;
  struct buf text = BUF_INIT(65536);
  struct json_out out = JSON_OUT_INIT(&text);
  assert_int_equal(
      schedule_read_rule(arena, STR("{\"name\":\"Monthly\",\"period_type\":\"Monthly\",\"after_day\":5,\"again_hours\":6}"), &s, &error),
      0);
  assert_int_equal(s.for_days, 20);
  s.from = STR("a");
  s.to = STR("b");
  s.by = STR("me");
  s.webhook = STR("office");
  s.until_ms = at("2027-01-01T00:00:00Z");
  s.last = (struct schedule_last){
      .period = STR("202610"), .run = STR("r"), .state = STR("done"), .at_ms = at("2026-11-05T00:00:00Z"), .complete = true};
  s.youngest = STR("202610");
  struct schedule_open open = {STR("202609"), at("2026-11-04T00:00:00Z"), true};
  s.open = &open;
  s.open_count = 1;
  json_out_object(&out);
  schedule_members(&out, &s);
  json_out_end(&out);
  struct schedule back = schedule_read(arena, buf_str(&text));
  assert_true(str_eq(back.name, s.name) && str_eq(back.webhook, s.webhook) && str_eq(back.last.run, s.last.run));
  assert_int_equal(back.period_type, DHIS2_MONTHLY);
  assert_int_equal(back.again_hours, 6);
  assert_int_equal(back.until_ms, s.until_ms);
  assert_int_equal(back.last.at_ms, s.last.at_ms);
  assert_true(back.last.complete && str_eq(back.youngest, s.youngest));
  assert_int_equal(back.open_count, 1);
  assert_true(str_eq(back.open[0].period, open.period) && back.open[0].at_ms == open.at_ms && back.open[0].complete);
  assert_true(schedule_was_complete(&back, STR("202610")) && schedule_was_complete(&back, STR("202609")));
  assert_false(schedule_was_complete(&back, STR("202608")));
  buf_free(&text);
  (void)state;
}

static void tries_of_a_webhook(void **state) {
  int64_t total = 0;
  for (unsigned tries = 1; tries < REPORTS_OUT_TRIES; tries++) {
    assert_true(reports_out_pause_ms(tries) > 0);
    total += reports_out_pause_ms(tries);
  }
  assert_int_equal(reports_out_pause_ms(REPORTS_OUT_TRIES), 0);
  assert_true(total > INT64_C(32) * 3600 * 1000 &&
              total < INT64_C(96) * 3600 * 1000); /* over a night and a day; before the store forgets it */
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_month_after_its_day),
      cmocka_unit_test(given_up_when_its_days_are_over),
      cmocka_unit_test(what_is_over_is_noted_once),
      cmocka_unit_test(of_other_periods),
      cmocka_unit_test(when_the_next_try_is),
      cmocka_unit_test(the_next_try_is_when_it_is_due),
      cmocka_unit_test(as_it_is_kept),
      cmocka_unit_test(tries_of_a_webhook),
      cmocka_unit_test(older_periods_go_on_being_tried),
      cmocka_unit_test(what_was_missed_is_made_up_for),
      cmocka_unit_test(others_wait_for_what_is_under_way),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
