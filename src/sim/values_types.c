/* Value types, as DHIS2's ValidationUtils and MathUtils judge them. */
#include "base/utf8.h"
#include "sim/values_internal.h"

#include <utf8proc.h>

enum { TEXT_MAX = 50000, NUMBER_MAX = 250 };

static bool all_digits(struct str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] < '0' || s.p[i] > '9') return false;
  return s.n > 0;
}

static bool whole(struct str s, int64_t least, int64_t most) { /* (0|-?[1-9]\d*) within 32 bits */
  int64_t value;
  struct str digits = s.n && s.p[0] == '-' ? str_from(s, 1) : s;
  if (!all_digits(digits) || (digits.p[0] == '0' && (digits.n > 1 || digits.n != s.n))) return false;
  return str_to_i64(s, &value) && value >= least && value <= most;
}

static bool numeric(struct str s) { /* -?(0|[1-9]\d*)(\.\d+)? */
  struct str rest = s.n && s.p[0] == '-' ? str_from(s, 1) : s, before = str_take(&rest, '.');
  return s.n < NUMBER_MAX && all_digits(before) && (before.n == 1 || before.p[0] != '0') && (!rest.p || all_digits(rest));
}

static bool between(struct str s, double least, double most) {
  char text[NUMBER_MAX + 1];
  if (!numeric(s)) return false;
  (void)snprintf(text, sizeof text, "%.*s", STR_ARG(s));
  double value = strtod(text, NULL);
  return value >= least && value <= most;
}

static bool one_of(struct str s, const char *const *list) {
  for (; *list; list++)
    if (str_eq(s, str_of(*list))) return true;
  return false;
}

/* --- one function per rule --- */

static bool is_integer(struct str s) {
  return whole(s, INT32_MIN, INT32_MAX);
}

static bool is_positive(struct str s) {
  return whole(s, 1, INT32_MAX);
}

static bool is_negative(struct str s) {
  return whole(s, INT32_MIN, -1);
}

static bool is_zero_or_positive(struct str s) {
  return whole(s, 0, INT32_MAX);
}

static bool is_unit_interval(struct str s) {
  return between(s, 0, 1);
}

static bool is_percentage(struct str s) {
  return between(s, 0, 100);
}

static bool is_bool(struct str s) {
  static const char *const known[] = {"true", "false", "True", "False", "TRUE", "FALSE", "1", "0", "t", "f", "T", "F", NULL};
  return one_of(s, known);
}

static bool is_true(struct str s) {
  static const char *const known[] = {"true", "True", "TRUE", "1", "t", "T", NULL};
  return one_of(s, known);
}

static bool is_date(struct str s) {
  int day;
  return sim_date_parse(s, &day);
}

static bool is_datetime(struct str s) {
  int day;
  return sim_date_parse(s, &day) && s.n > 10 && s.p[10] == 'T';
}

static bool is_time(struct str s) {
  uint64_t hour, minute;
  struct str rest = s, first = str_take(&rest, ':');
  return first.n >= 1 && first.n <= 2 && rest.n == 2 && str_to_u64(first, &hour) && str_to_u64(rest, &minute) && hour < 24 && minute < 60;
}

static bool is_coordinate(struct str s) { /* [longitude,latitude] */
  if (s.n < 5 || s.p[0] != '[' || s.p[s.n - 1] != ']') return false;
  struct str rest = str_slice(s, 1, s.n - 1), first = str_take(&rest, ',');
  return rest.p && between(str_trim(first), -180, 180) && between(str_trim(rest), -90, 90);
}

static bool is_letter(struct str s) {
  size_t at = 0;
  int32_t character = utf8_next(s, &at);
  if (character < 0 || at != s.n) return false;
  utf8proc_category_t category = utf8proc_category(character);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

static bool is_email(struct str s) {
  struct str rest = s, name = str_take(&rest, '@');
  size_t dot = str_find_last_char(rest, '.');
  return name.n && rest.p && dot != SIZE_MAX && dot > 0 && dot + 2 < rest.n && str_find_char(s, ' ') == SIZE_MAX;
}

static bool is_url(struct str s) {
  return str_has(s, STR("://")) && str_find_char(s, ' ') == SIZE_MAX;
}

static bool is_phone(struct str s) {
  return s.n > 6 && s.p[0] == '+' && all_digits(str_from(s, 1));
}

static bool is_username(struct str s) {
  return s.n >= 4 && s.n <= 255 && str_find_char(s, ' ') == SIZE_MAX;
}

static bool is_uid(struct str s) {
  return sim_is_uid(s);
}

static bool is_text(struct str s) {
  return s.n <= TEXT_MAX;
}

static const struct {
  const char *type;
  bool (*fits)(struct str);
  const char *key;
} types[] = {
    {"INTEGER", is_integer, "value_not_integer"},
    {"INTEGER_POSITIVE", is_positive, "value_not_positive_integer"},
    {"INTEGER_NEGATIVE", is_negative, "value_not_negative_integer"},
    {"INTEGER_ZERO_OR_POSITIVE", is_zero_or_positive, "value_not_zero_or_positive_integer"},
    {"NUMBER", numeric, "value_not_numeric"},
    {"UNIT_INTERVAL", is_unit_interval, "value_not_unit_interval"},
    {"PERCENTAGE", is_percentage, "value_not_percentage"},
    {"BOOLEAN", is_bool, "value_not_bool"},
    {"TRUE_ONLY", is_true, "value_not_true_only"},
    {"DATE", is_date, "value_not_valid_date"},
    {"AGE", is_date, "value_not_valid_age"},
    {"DATETIME", is_datetime, "value_not_valid_datetime"},
    {"TIME", is_time, "value_not_valid_time"},
    {"COORDINATE", is_coordinate, "value_not_coordinate"},
    {"LETTER", is_letter, "value_not_valid_letter"},
    {"EMAIL", is_email, "value_not_valid_email"},
    {"URL", is_url, "value_not_url"},
    {"PHONE_NUMBER", is_phone, "value_not_phone_number"},
    {"USERNAME", is_username, "value_not_valid_username"},
    {"ORGANISATION_UNIT", is_uid, "value_not_valid_org_unit_uid"},
    {"FILE_RESOURCE", is_uid, "value_not_valid_file_resource_uid"},
    {"IMAGE", is_uid, "value_not_valid_file_resource_uid"},
};

const char *values_type_problem(const char *type, struct str value) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcmp(types[i].type, type) != 0) continue;
    return types[i].fits(value) ? NULL : types[i].key;
  }
  return is_text(value) ? NULL : "value_length_greater_than_max_length";
}

const char *values_type_text(const char *key) {
  static const struct {
    const char *key, *text;
  } texts[] = {
      {"value_not_integer", "Data value is not an integer"},
      {"value_not_positive_integer", "Data value is not a positive integer"},
      {"value_not_negative_integer", "Data value is not a negative integer"},
      {"value_not_numeric", "Data value is not numeric"},
      {"value_not_unit_interval", "Data value is not a unit interval"},
      {"value_not_percentage", "Data value is not a percentage"},
      {"value_not_bool", "Data value is not a boolean"},
      {"value_not_true_only", "Data value is not true"},
      {"value_not_valid_date", "Data value is not a valid date"},
      {"value_not_valid_letter", "Data value is not a valid letter"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strcmp(texts[i].key, key) == 0) return texts[i].text;
  return key;
}
