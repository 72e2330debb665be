/* What servers keep of texts of each value type, and which days their calendars have. */
#include "dhis2/calendars.h"
#include "dhis2/periods.h"
#include "dhis2/value_types.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct dhis2_value_rules on_37 = {.version = {37, 10}, .calendar = {"iso8601", 7}},
                                      on_41 = {.version = {41, 9}, .calendar = {"iso8601", 7}},
                                      on_43 = {.version = {43, 1}, .calendar = {"iso8601", 7}}, on_a_file = {.version = {0, 0}};

static bool fits(const struct dhis2_value_rules *rules, const char *type, const char *value) {
  return dhis2_value_fits(rules, str_of(type), str_of(value));
}

/* Measured on 2.41.9 and 2.43.1 (transcripts values-types/type-*), and what the sources of these releases say beside it. */
static const struct {
  const char *type, *value;
  bool good;
} known[] = {
    {"LETTER", "A", true},
    {"LETTER", "é", true},
    {"LETTER", "AB", false},
    {"LETTER", "1", false},
    {"LETTER", "😀", false},
    {"LETTER", "-", false},
    {"PHONE_NUMBER", "+250788123456", true},
    {"PHONE_NUMBER", "0788 12 34 56", true},
    {"PHONE_NUMBER", "(020) 123.456 ext 7", true},
    {"PHONE_NUMBER", "0788", false},
    {"PHONE_NUMBER", "abc", false},
    {"PHONE_NUMBER", "+250 788 123 456 home", false},
    {"PHONE_NUMBER", "012345678901234567890123456789012345678901234567890", false},
    {"EMAIL", "a@example.org", true},
    {"EMAIL", "o'neil+tag@mail.example.co.uk", true},
    {"EMAIL", "a@b", false},
    {"EMAIL", "nope", false},
    {"EMAIL", "a b@example.org", false},
    {"EMAIL", "@example.org", false},
    {"EMAIL", "a..b@example.org", false},
    {"EMAIL", "a@example.org.", false},
    {"EMAIL", "a@-x.org", false},
    {"EMAIL", "a@[192.0.2.1]", true},
    {"EMAIL", "a@example.1", false},
    {"DATE", "2024-01-31", true},
    {"DATE", "2024-01-31T00:00", true},
    {"DATE", "2024-02-29", true},
    {"DATE", "2024-02-30", false},
    {"DATE", "2023-02-29", false},
    {"DATE", "20240131", false},
    {"DATE", "2024-1-31", false},
    {"DATE", "31/01/2024", false},
    {"DATE", "2024-01-31T00:00+", false},
    {"DATE", "2024-01-31\nT1", false},
    {"DATE", "0000-01-01", false},
    {"AGE", "2024-01-31", true},
    {"AGE", "12", false},
    {"AGE", "2024-13-01", false},
    {"DATETIME", "2024-01-31T10:11:12", true},
    {"DATETIME", "2024-01-31T10:11", true},
    {"DATETIME", "2024-01-31T10", true},
    {"DATETIME", "2024-01-31T10:11:12.345Z", true},
    {"DATETIME", "2024-01-31T10:11:12.345+0200", true},
    {"DATETIME", "2024-01-31T10:11+02:00", true},
    {"DATETIME", "2024-01-31 10:11:12Z", true},
    {"DATETIME", "2024-01-31", false},
    {"DATETIME", "2024-01-31 10:11", false},
    {"DATETIME", "2024-01-31T24:00", false},
    {"DATETIME", "2024-01-31T10:60", false},
    {"DATETIME", "2024-02-30T10:00", false},
    {"DATETIME", "2024-01-31T", false},
    {"DATETIME", "2024-01-31T10:11:12 ", true /* cut off, to 2.42 */},
    {"TIME", "10:11", true},
    {"TIME", "9:05", true},
    {"TIME", "24:00", false},
    {"TIME", "10:11:12", false},
    {"TIME", "1011", false},
    {"TIME", "10:1", false},
    {"COORDINATE", "[30.1,-1.2]", true},
    {"COORDINATE", "[30.1, -1.2]", true},
    {"COORDINATE", "[-180,90]", true},
    {"COORDINATE", "30.1,-1.2", false},
    {"COORDINATE", "[200,100]", false},
    {"COORDINATE", "[1]", false},
    {"COORDINATE", "[a,b]", false},
    {"COORDINATE", "[1,2", false},
    {"COORDINATE", "[30.1;-1.2]", false},
    {"URL", "https://example.org", true},
    {"URL", "HTTP://example.org:8080/a/b?c=d e", false},
    {"URL", "http://example.org:8080/a/b?c=d#e", true},
    {"URL", "http://192.0.2.1/x", true},
    {"URL", "example.org", false},
    {"URL", "nope nope", false},
    {"URL", "https://localhost/x", false},
    {"URL", "mailto:a@example.org", false},
    {"URL", "https://example.org:99999/", false},
    {"URL", "https://example.org//x", false},
    {"URL", "https:///x", false},
    {"URL", "https://example.org/ä", false},
    {"USERNAME", "admin", true},
    {"USERNAME", "live-data-entry", true},
    {"USERNAME", "no such user", false},
    {"USERNAME", "a", false},
    {"USERNAME", "-abcd", false},
    {"USERNAME", "a..bcd", false},
    {"USERNAME", "abc@", false},
    {"ORGANISATION_UNIT", "LvdOu999999", true},
    {"ORGANISATION_UNIT", "nope", false},
    {"REFERENCE", "nope", true},
    {"GEOJSON", "nope", true},
    {"TEXT", "a\nb", true},
    {"LONG_TEXT", "é漢字😀", true},
    {"MULTI_TEXT", "RED,BLUE", true},
    {"TEXT", "", false},
};

static bool is_of_39(const char *type) {
  static const char *const since[] = {"TIME", "AGE", "EMAIL", "PHONE_NUMBER", "USERNAME", "ORGANISATION_UNIT"};
  for (size_t i = 0; i < sizeof since / sizeof *since; i++)
    if (strcmp(type, since[i]) == 0) return true;
  return false;
}

static void each_type_has_its_form(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    bool trailing = known[i].value[0] && known[i].value[strlen(known[i].value) - 1] == ' ';
    if (fits(&on_41, known[i].type, known[i].value) != known[i].good) fail_msg("2.41: %s '%s'", known[i].type, known[i].value);
    if (!trailing && fits(&on_43, known[i].type, known[i].value) != known[i].good) fail_msg("2.43: %s '%s'", known[i].type, known[i].value);
    if (is_of_39(known[i].type) && !fits(&on_37, known[i].type, known[i].value)) fail_msg("2.37: %s '%s'", known[i].type, known[i].value);
    if (known[i].good && !trailing && !fits(&on_a_file, known[i].type, known[i].value))
      fail_msg("file: %s '%s'", known[i].type, known[i].value);
    assert_true(strlen(dhis2_value_form(str_of(known[i].type))) > 5);
  }
  assert_true(fits(&on_37, "URL", "http://example.org/a?b={c}") && !fits(&on_41, "URL", "http://example.org/a?b={c}"));
}

static void blanks(void **state) {
  (void)state;
  assert_false(fits(&on_41, "TEXT", " "));
  assert_true(fits(&on_43, "TEXT", " ") && fits(&on_43, "TIME", " "));
  assert_true(fits(&on_41, "TIME", " 9:05 ") && !fits(&on_43, "TIME", " 9:05 "));
  assert_true(str_eq(dhis2_value_kept(&on_41, STR("\t a b \n")), STR("a b")));
  assert_true(str_eq(dhis2_value_kept(&on_43, STR(" a ")), STR(" a ")));
}

static void long_texts(void **state) {
  static char text[2 * DHIS2_VALUE_MAX + 3];
  (void)state;
  for (size_t i = 0; i <= DHIS2_VALUE_MAX; i++) memcpy(text + 2 * i, "é", 2);
  assert_true(dhis2_value_fits(&on_43, STR("LONG_TEXT"), (struct str){text, 2 * DHIS2_VALUE_MAX}));
  assert_false(dhis2_value_fits(&on_43, STR("LONG_TEXT"), (struct str){text, 2 * DHIS2_VALUE_MAX + 2}));
  assert_false(dhis2_value_fits(&on_43, STR("TEXT"), (struct str){"a\0b", 3}));
}

/* Known dates: the first days of years are days of the other calendar, too, and what is there only in one of them. */
static const struct {
  const char *calendar, *day;
  bool there;
} days[] = {
    {"iso8601", "20240229", true},    {"iso8601", "20230229", false},  {"", "20240230", false},          {"gregorian", "20240131", true},
    {"gregorian", "20240132", false}, {"ethiopian", "20160230", true}, {"ethiopian", "20160131", false}, {"ethiopian", "20161230", true},
    {"ethiopian", "20161301", false}, {"coptic", "17400230", true},    {"coptic", "17391306", true},     {"coptic", "17401306", false},
    {"coptic", "17401305", true},     {"nepali", "20800432", true},    {"nepali", "20800232", true},     {"nepali", "20800332", false},
    {"nepali", "20800132", false},    {"nepali", "20800929", true},    {"nepali", "20800930", false},    {"nepali", "20801030", false},
    {"nepali", "19691201", false},    {"nepali", "21011201", false},   {"persian", "14020631", true},    {"persian", "14020731", false},
    {"persian", "14031230", true},    {"persian", "14021230", false},  {"persian", "20240229", true},    {"persian", "20240230", false},
    {"islamic", "14450130", true},    {"islamic", "14450230", false},  {"islamic", "14451230", true},    {"islamic", "14461230", false},
    {"julian", "21000229", true},     {"julian", "21010229", false},   {"thai", "25670229", true},       {"thai", "25660229", false},
    {"thai", "05430101", false},
};

static void days_of_other_calendars(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
    struct dhis2_period period;
    bool there = dhis2_period_parse_any(str_of(days[i].day), &period) && dhis2_period_is_in(&period, str_of(days[i].calendar));
    if (there != days[i].there) fail_msg("%s %s", days[i].calendar, days[i].day);
    if (there) assert_string_equal(period.text, days[i].day);
  }
}

static void any_day_is_a_period_of_its_month(void **state) {
  struct dhis2_period day, month;
  (void)state;
  assert_true(dhis2_period_parse_any(STR("2016-02-30"), &day));
  assert_string_equal(day.text, "20160230");
  assert_int_equal(day.type, DHIS2_DAILY);
  assert_true(dhis2_period_parse(STR("201602"), &month) && day.first_day == month.last_day && day.last_day == day.first_day);
  assert_false(dhis2_period_parse(STR("20160230"), &day));
  static const char *const none[] = {"20160033", "20161401", "2016-02-3", "20160200", "2016023", "2016 02 30", "20W60230"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_false(dhis2_period_parse_any(str_of(none[i]), &day));
}

static void days_as_values_are_of_the_servers_calendar(void **state) {
  (void)state;
  struct dhis2_value_rules ethiopian = {.version = {41, 9}, .calendar = {"ethiopian", 9}},
                           nepali = {.version = {43, 1}, .calendar = {"nepali", 6}};
  assert_true(fits(&ethiopian, "DATE", "2016-02-30") && !fits(&ethiopian, "DATE", "2016-01-31") && !fits(&on_41, "DATE", "2016-02-30"));
  assert_true(fits(&nepali, "AGE", "2080-02-32") && !fits(&nepali, "AGE", "2080-01-32"));
  assert_true(fits(&on_a_file, "DATE", "2080-02-32") && !fits(&on_a_file, "DATE", "2080-02-33"));
  assert_false(fits(&ethiopian, "DATETIME", "2016-02-30T10:00")); /* always ISO 8601 */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_type_has_its_form),
      cmocka_unit_test(blanks),
      cmocka_unit_test(long_texts),
      cmocka_unit_test(days_of_other_calendars),
      cmocka_unit_test(any_day_is_a_period_of_its_month),
      cmocka_unit_test(days_as_values_are_of_the_servers_calendar),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
