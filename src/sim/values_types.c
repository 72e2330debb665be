/* Value types, as DHIS2's ValidationUtils, MathUtils and DateUtils judge them, with the patterns of the libraries behind them (commons-validator but for its list of top-level domains, Joda-Time). */
#include "base/utf8.h"
#include "sim/values_internal.h"

#include <regex.h>
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
  static const char *const known[] = {"1", "0", "t", "f", "T", "F", NULL};
  return str_eq_nocase(s, STR("true")) || str_eq_nocase(s, STR("false")) || one_of(s, known);
}

static bool is_true(struct str s) {
  static const char *const known[] = {"1", "t", "T", NULL};
  return str_eq_nocase(s, STR("true")) || one_of(s, known);
}

static bool matches(struct str s, const char *pattern) {
  char text[4096];
  regex_t regex;
  if (s.n >= sizeof text || (s.n && memchr(s.p, '\0', s.n)) || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
  memcpy(text, s.p, s.n);
  text[s.n] = '\0';
  bool found = regexec(&regex, text, 0, NULL, 0) == 0;
  regfree(&regex);
  return found;
}

static int number_at(struct str *rest) { /* the next digits; what stands before them goes */
  int value = 0;
  while (rest->n && (rest->p[0] < '0' || rest->p[0] > '9')) *rest = str_from(*rest, 1);
  for (; rest->n && rest->p[0] >= '0' && rest->p[0] <= '9'; *rest = str_from(*rest, 1)) value = value * 10 + (rest->p[0] - '0');
  return value;
}

static bool is_date_by(const char *calendar, struct str s) {
  struct str rest = s;
  if (!matches(s, "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[0-2])([^\n\r]*[0-9A-Za-z_\x80-\xff])?$")) return false;
  int year = number_at(&rest), month = number_at(&rest), day;
  rest = str_slice(s, 8, 10);
  day = number_at(&rest);
  return sim_day_by(calendar, year, month, day);
}

static bool is_datetime(struct str s) {
#define ZONE "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
#define PART "[0-9]{1,2}"
  struct str rest = s;
  if (!matches(s, "^[0-9]{1,9}-" PART "-" PART "(T" PART "(:" PART "(:" PART "([.][0-9]{1,9})?)?)?" ZONE "?| " PART ":" PART ":" PART ZONE
                  ")$"))
    return false;
  int year = number_at(&rest), month = number_at(&rest), day = number_at(&rest), hour = number_at(&rest),
      minute = str_starts(rest, STR(":")) ? number_at(&rest) : 0, second = str_starts(rest, STR(":")) ? number_at(&rest) : 0;
  return sim_day_by(NULL, year, month, day) && hour < 24 && minute < 60 && second < 60;
}

static bool is_time(struct str s) {
  return matches(s, "^([0-9]|[01][0-9]|2[0-3]):[0-5][0-9]$");
}

static bool is_degrees(struct str s, float most) {
  char text[64], *end;
  if (!matches(s, "^[+-]?[0-9]*[.]?[0-9]*([eE][+-]?[0-9]+)?$") || s.n == 0 || s.n >= sizeof text) return false;
  (void)snprintf(text, sizeof text, "%.*s", STR_ARG(s));
  float value = strtof(text, &end);
  return *end == '\0' && value >= -most && value <= most;
}

static bool is_coordinate(struct str s) { /* [longitude,latitude], blanks anywhere */
  char text[256];
  size_t n = 0;
  for (size_t i = 0; i < s.n && n < sizeof text; i++)
    if (!strchr(" \t\n\v\f\r", s.p[i])) text[n++] = s.p[i];
  struct str plain = {text, n};
  if (n < 5 || n == sizeof text || plain.p[0] != '[' || str_find_char(plain, ']') != n - 1) return false;
  struct str rest = str_slice(plain, 1, n - 1), first = str_take(&rest, ',');
  return rest.p && is_degrees(first, 180) && is_degrees(str_take(&rest, ','), 90);
}

static bool is_letter(struct str s) {
  size_t at = 0;
  int32_t character = utf8_next(s, &at);
  if (character < 0 || at != s.n) return false;
  utf8proc_category_t category = utf8proc_category(character);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

#define LABEL "[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?"
#define DOMAIN "(" LABEL "[.])+[A-Za-z][0-9A-Za-z-]*[0-9A-Za-z][.]?"
#define PORT "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{0,4})"
#define BYTE "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"

static bool is_email(struct str s) {
  return str_find_last_char(s, '@') <= 64 &&
         matches(s, "^[^][:space:][:cntrl:]()<>@,;:\\\".[]+([.][^][:space:][:cntrl:]()<>@,;:\\\".[]+)*@(" DOMAIN "|\\[.*\\])$") &&
         !str_ends(s, STR("."));
}

static bool is_url(struct str s) {
  return matches(s, "^([hH][tT][tT][pP][sS]?|[fF][tT][pP])://(" DOMAIN "|(" BYTE "[.]){3}" BYTE ")(:" PORT
                    ")?(/[^/?#[:space:]][-A-Za-z0-9_:@&=+,.!~*'%$;()]*)*/?([?][^[:space:]#]*)?(#.*)?$");
}

static bool is_uri(struct str s) { /* java.net.URI, which newer releases of the validator ask first */
  return is_url(s) && !matches(s, "[][:space:]<>\"{}|\\^`[]") && !matches(s, "%([^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|.?$)");
}

static bool is_phone(struct str s) {
  return s.n >= 6 && s.n <= 50 && matches(s, "^[0-9+()#./ext[:space:]-]+$");
}

static bool is_username(struct str s) {
  return s.n >= 4 && s.n <= 255 && matches(s, "^[0-9A-Za-z]+([-_.@][0-9A-Za-z]+)*$");
}

static bool is_uid(struct str s) {
  return sim_is_uid(s);
}

static const struct {
  const char *type;
  bool (*fits)(struct str); /* NULL: a day, by the calendar */
  const char *key;
  enum sim_release from; /* 2.37 and 2.38 take any text for some */
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
    {"DATE", NULL, "value_not_valid_date"},
    {"AGE", NULL, "value_not_valid_age", SIM_2_40},
    {"DATETIME", is_datetime, "value_not_valid_datetime"},
    {"TIME", is_time, "value_not_valid_time", SIM_2_40},
    {"COORDINATE", is_coordinate, "value_not_coordinate"},
    {"LETTER", is_letter, "value_not_valid_letter"},
    {"EMAIL", is_email, "value_not_valid_email", SIM_2_40},
    {"URL", is_uri, "value_not_url", SIM_2_40},
    {"URL", is_url, "value_not_url"},
    {"PHONE_NUMBER", is_phone, "value_not_phone_number", SIM_2_40},
    {"USERNAME", is_username, "value_not_valid_username", SIM_2_40},
    {"ORGANISATION_UNIT", is_uid, "value_not_valid_org_unit_uid", SIM_2_40},
    {"FILE_RESOURCE", is_uid, "value_not_valid_file_resource_uid"},
    {"IMAGE", is_uid, "value_not_valid_file_resource_uid"},
};

const char *values_type_problem(const struct sim *sim, const char *type, struct str value) {
  if (!values_trimmed(value).n) return NULL;
  if (utf8_units16(value) > TEXT_MAX) return "value_length_greater_than_max_length";
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcmp(types[i].type, type) != 0 || sim->release < types[i].from) continue;
    bool fits = types[i].fits ? types[i].fits(value) : is_date_by(sim->conf.calendar, value);
    return fits ? NULL : types[i].key;
  }
  return NULL;
}

struct str values_trimmed(struct str value) {
  while (value.n && (unsigned char)value.p[0] <= ' ') value = str_from(value, 1);
  while (value.n && (unsigned char)value.p[value.n - 1] <= ' ') value.n--;
  return value;
}

const char *values_type_text(const char *key) {
  static const struct {
    const char *key, *text;
  } texts[] = {
      {"data_element_lacks_option_set", "Data element lacks option set"},
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
