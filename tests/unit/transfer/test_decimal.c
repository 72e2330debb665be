#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/decimal.h"
#include "transfer/value_type.h"

static const char *text_of(const struct decimal *number) {
  static char out[DECIMAL_OUT_SIZE + 1];
  struct str text = decimal_text(number, out);
  out[text.n] = '\0';
  return out;
}

static void forms(void **state) {
  static const char *const good[][2] = {{"0", "0"},
                                        {"-0", "0"},
                                        {"0.0", "0"},
                                        {"-0.000", "0"},
                                        {"1", "1"},
                                        {"12.0", "12"},
                                        {"1.50", "1.5"},
                                        {"-1.5", "-1.5"},
                                        {"0.001", "0.001"},
                                        {"1000000000", "1000000000"},
                                        {"999999999.999999999", "999999999.999999999"},
                                        {"100200300400500600700800900", "100200300400500600700800900"},
                                        {"-0.000000000000000000000000000001", "-0.000000000000000000000000000001"}};
  static const char *const bad[] = {"",      "-",  "+1", "01",    "-01", ".5",  "1.",  "1e3", "1E3",
                                    "1,000", " 1", "1 ", "1.5.2", "--1", "0x1", "NaN", "1-",  "\xd9\xa1"};
  struct decimal number;
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_true(decimal_parse(str_of(good[i][0]), &number));
    assert_string_equal(text_of(&number), good[i][1]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(decimal_parse(str_of(bad[i]), &number));
  assert_false(decimal_parse((struct str){"1\0", 2}, &number));
}

/* --- the same sums by schoolbook, on arrays of single digits: 300 before the point, 300 behind it --- */

enum { SIDE = 300, DIGITS = 2 * SIDE };

struct slow {
  int digit[DIGITS]; /* lowest first; may be anything while adding */
};

static void slow_add(struct slow *sum, const char *text, int sign) {
  if (*text == '-') {
    sign = -sign;
    text++;
  }
  const char *point = strchr(text, '.');
  size_t whole = point ? (size_t)(point - text) : strlen(text);
  for (size_t i = 0; i < whole; i++) sum->digit[SIDE + (int)(whole - 1 - i)] += sign * (text[i] - '0');
  for (size_t i = 1; point && point[i]; i++) sum->digit[SIDE - (int)i] += sign * (point[i] - '0');
}

static void slow_text(struct slow sum, char *out) {
  int sign = 0;
  for (int round = 0; round < 2; round++) { /* carry; where the whole is below 0, turn it round and carry again */
    int carry = 0;
    for (int i = 0; i < DIGITS; i++) {
      int digit = sum.digit[i] + carry;
      carry = digit >= 0 ? digit / 10 : -((9 - digit) / 10);
      sum.digit[i] = digit - carry * 10;
    }
    sign = carry < 0 ? -1 : 1;
    if (sign > 0 || round) break;
    for (int i = 0; i < DIGITS; i++) sum.digit[i] = -sum.digit[i];
    sum.digit[DIGITS - 1] -= carry * 10;
    *out++ = '-';
    sign = 1;
  }
  int top = DIGITS - 1, low = 0;
  while (top > SIDE && sum.digit[top] == 0) top--;
  while (low < SIDE && sum.digit[low] == 0) low++;
  for (int i = top; i >= SIDE; i--) *out++ = (char)('0' + sum.digit[i]);
  if (low < SIDE) *out++ = '.';
  for (int i = SIDE - 1; i >= low; i--) *out++ = (char)('0' + sum.digit[i]);
  *out = '\0';
}

static uint64_t seed = 88172645463325252ULL;

static unsigned random_below(unsigned n) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (unsigned)(seed % n);
}

static void random_number(char *out, unsigned whole_most, unsigned fraction_most) {
  unsigned whole = 1 + random_below(whole_most), fraction = random_below(fraction_most + 1);
  if (random_below(3) == 0) *out++ = '-';
  unsigned kind = random_below(4); /* also many nines and zeros: carries that run far */
  for (unsigned i = 0; i < whole; i++)
    *out++ = (char)('0' + (kind == 0 ? 9 : kind == 1 && i ? 0 : i || whole == 1 ? random_below(10) : 1 + random_below(9)));
  if (fraction) *out++ = '.';
  for (unsigned i = 0; i < fraction; i++) *out++ = (char)('0' + (kind == 0 ? 9 : kind == 1 ? 0 : random_below(10)));
  *out = '\0';
}

static void sums_are_those_of_schoolbook(void **state) {
  (void)state;
  for (unsigned round = 0; round < 3000; round++) {
    struct decimal sum = {0};
    struct slow slow = {0};
    unsigned count = 1 + random_below(20), whole = 1 + random_below(round % 2 ? 12 : 200),
             fraction = random_below(2) ? random_below(round % 2 ? 12 : 50) : 0;
    char number[300], wanted[700];
    for (unsigned i = 0; i < count; i++) {
      struct decimal term;
      int sign = random_below(2) ? 1 : -1;
      random_number(number, whole, fraction);
      assert_true(decimal_parse(str_of(number), &term));
      assert_true(decimal_add(&sum, &term, sign));
      slow_add(&slow, number, sign);
      slow_text(slow, wanted);
      assert_string_equal(text_of(&sum), strcmp(wanted, "-0") ? wanted : "0");
    }
    for (unsigned i = 0; i < DECIMAL_LIMBS; i++)
      if (i < sum.low || i >= sum.high) assert_int_equal(sum.limb[i], 0);
  }
}

static void order(void **state) {
  static const char *const rising[] = {"-1000000000000", "-1", "-0.5",      "-0.0000000001", "0",           "0.0000000001", "0.5",
                                       "0.50000000001",  "1",  "999999999", "1000000000",    "1000000000.1"};
  struct decimal a, b;
  (void)state;
  for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
    for (size_t k = 0; k < sizeof rising / sizeof *rising; k++) {
      assert_true(decimal_parse(str_of(rising[i]), &a) && decimal_parse(str_of(rising[k]), &b));
      int found = decimal_cmp(&a, &b);
      assert_int_equal((found > 0) - (found < 0), (i > k) - (i < k));
    }
  assert_true(decimal_parse(STR("-7.00"), &a));
  assert_true(decimal_is_whole(&a));
  assert_true(decimal_parse(STR("-7.01"), &a));
  assert_false(decimal_is_whole(&a));
}

/* As comparing with both bounds says it. */
static void between(void **state) {
  (void)state;
  static const int32_t bounds[] = {INT32_MIN, -1000000000, -1, 0, 1, 100, 999999999, INT32_MAX};
  static const char *const beside[] = {"", ".0", ".5", ".000000000000000001"};
  char text[40];
  for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++)
    for (size_t m = b; m < sizeof bounds / sizeof *bounds; m++)
      for (size_t n = 0; n < sizeof bounds / sizeof *bounds; n++)
        for (int64_t more = -1; more <= 1; more++)
          for (size_t f = 0; f < sizeof beside / sizeof *beside; f++) {
            struct decimal number, least, most;
            (void)snprintf(text, sizeof text, "%lld%s", (long long)bounds[n] + (long long)more, beside[f]);
            assert_true(decimal_parse(str_of(text), &number));
            (void)snprintf(text, sizeof text, "%d", bounds[b]);
            assert_true(decimal_parse(str_of(text), &least));
            (void)snprintf(text, sizeof text, "%d", bounds[m]);
            assert_true(decimal_parse(str_of(text), &most));
            assert_int_equal(decimal_between(&number, bounds[b], bounds[m]),
                             decimal_cmp(&number, &least) >= 0 && decimal_cmp(&number, &most) <= 0);
          }
  struct decimal huge;
  assert_true(decimal_parse(STR("-1000000000000000000"), &huge));
  assert_false(decimal_between(&huge, INT32_MIN, INT32_MAX));
}

static void no_room_is_told_and_changes_nothing(void **state) {
  char longest[DECIMAL_TEXT_MAX + 2];
  struct decimal sum = {0}, number;
  (void)state;
  memset(longest, '9', sizeof longest);
  assert_false(decimal_parse((struct str){longest, DECIMAL_TEXT_MAX + 1}, &number));
  assert_true(decimal_parse((struct str){longest, DECIMAL_TEXT_MAX}, &number));
  unsigned doubled = 0;
  for (; decimal_add(&number, &number, 1); doubled++) sum = number;
  assert_true(doubled > 56);
  assert_int_equal(decimal_cmp(&sum, &number), 0);
  assert_true(decimal_add(&number, &sum, -1));
  assert_string_equal(text_of(&number), "0");
}

static void points_are_moved(void **state) {
  static const struct {
    const char *text;
    int places;
    const char *wanted; /* NULL: no number */
  } cases[] = {{"0.123", 2, "12.3"},  {"1", 2, "100"},   {"0.5", 2, "50"},
               {"-0.005", 2, "-0.5"}, {"0", 2, "0"},     {"0.0001", 2, "0.01"},
               {"12.3", -2, "0.123"}, {"100", -2, "1"},  {"7", -2, "0.07"},
               {"-250", -2, "-2.5"},  {"0.00", -2, "0"}, {"33.333", -2, "0.33333"},
               {"12", 7, NULL},       {"12%", 2, NULL},  {"12345678901234567890.5", 2, "1234567890123456789050"}};
  struct decimal number;
  char longest[DECIMAL_TEXT_MAX];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bool good = decimal_parse_moved(str_of(cases[i].text), cases[i].places, &number);
    assert_int_equal(good, cases[i].wanted != NULL);
    if (good) assert_string_equal(text_of(&number), cases[i].wanted);
  }
  memset(longest, '9', sizeof longest);
  assert_true(decimal_parse_moved((struct str){longest, sizeof longest}, 2, &number));
  longest[1] = '.';
  assert_true(decimal_parse_moved((struct str){longest, sizeof longest}, -2, &number));
}

static void value_types(void **state) {
  static const struct {
    const char *type, *value, *wanted; /* wanted NULL: refused */
  } cases[] = {{"INTEGER", "12.0", "12"},
               {"INTEGER", "12.00", "12"},
               {"INTEGER", "-0", "0"},
               {"INTEGER", "12.5", NULL},
               {"INTEGER", "2147483647", "2147483647"},
               {"INTEGER", "2147483648", NULL},
               {"INTEGER", "-2147483648", "-2147483648"},
               {"INTEGER", "-2147483649", NULL},
               {"INTEGER_POSITIVE", "0", NULL},
               {"INTEGER_POSITIVE", "1", "1"},
               {"INTEGER_NEGATIVE", "-1", "-1"},
               {"INTEGER_NEGATIVE", "0", NULL},
               {"INTEGER_ZERO_OR_POSITIVE", "0", "0"},
               {"INTEGER_ZERO_OR_POSITIVE", "-1", NULL},
               {"PERCENTAGE", "100", "100"},
               {"PERCENTAGE", "100.01", NULL},
               {"UNIT_INTERVAL", "0.50", "0.5"},
               {"UNIT_INTERVAL", "1.1", NULL},
               {"NUMBER", "1.50", "1.5"},
               {"NUMBER", "1e3", NULL},
               {"BOOLEAN", "TRUE", "true"},
               {"BOOLEAN", "0", "false"},
               {"BOOLEAN", "x", NULL},
               {"TRUE_ONLY", "1", "true"},
               {"TRUE_ONLY", "false", NULL},
               {"TEXT", "1.50", "1.50"},
               {"DATE", "2024-01-31", "2024-01-31"},
               {"", "anything", "anything"},
               {"IMAGE", "aBcDeFgHiJ1", NULL},
               {"TEXT", "", NULL}};
  char out[VALUE_OUT_SIZE];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct str found;
    bool good = value_for_type(&(struct dhis2_value_rules){0}, str_of(cases[i].type), str_of(cases[i].value), out, &found);
    assert_int_equal(good, cases[i].wanted != NULL);
    if (good) assert_true(str_eq(found, str_of(cases[i].wanted)));
  }
  assert_true(value_aggregation_is_summable(STR("AVERAGE_SUM_ORG_UNIT")) && !value_aggregation_is_summable(STR("AVERAGE")) &&
              !value_aggregation_is_summable(STR("LAST")));
}

/* What looks like a number in a text is what somebody wrote: a batch "1.10" is not "1.1". */
static void the_same_by_kind(void **state) {
  static const struct {
    const char *a, *b;
    bool number, yes_no; /* else they are the same to no kind */
  } cases[] = {{"12.0", "12", true, false}, {"007", "7", false, false},  {"1.10", "1.1", true, false}, {"True", "true", false, true},
               {"Yes", "yes", false, true}, {"t", "true", false, false}, {"1", "true", false, false},  {"a", "A", false, false}};
  static const char *const types[] = {"", "INTEGER", "BOOLEAN", "TEXT"};
  enum value_kind kind;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct str a = str_of(cases[i].a), b = str_of(cases[i].b);
    assert_int_equal(value_same(VALUE_ANY, a, b), cases[i].number || cases[i].yes_no);
    assert_int_equal(value_same(VALUE_NUMBER, a, b), cases[i].number);
    assert_int_equal(value_same(VALUE_YES_NO, a, b), cases[i].yes_no);
    assert_false(value_same(VALUE_TEXT, a, b));
    for (size_t k = VALUE_ANY; k <= VALUE_TEXT; k++) assert_true(value_same((enum value_kind)k, a, a));
  }
  for (size_t k = VALUE_ANY; k <= VALUE_TEXT; k++) {
    assert_int_equal(value_kind_of(str_of(types[k])), k);
    assert_true(value_kind_named(value_kind_name((enum value_kind)k), &kind) && kind == (enum value_kind)k);
  }
  assert_int_equal(value_kind_of(STR("TRUE_ONLY")), VALUE_YES_NO);
  assert_int_equal(value_kind_of(STR("DATE")), VALUE_TEXT);
  assert_false(value_kind_named(STR("words"), &kind));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(forms),
                                     cmocka_unit_test(sums_are_those_of_schoolbook),
                                     cmocka_unit_test(order),
                                     cmocka_unit_test(between),
                                     cmocka_unit_test(no_room_is_told_and_changes_nothing),
                                     cmocka_unit_test(points_are_moved),
                                     cmocka_unit_test(value_types),
                                     cmocka_unit_test(the_same_by_kind)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
