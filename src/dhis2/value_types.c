#include "dhis2/value_types.h"

#include "base/utf8.h"
#include "dhis2/calendars.h"
#include "dhis2/uid.h"
#include "dhis2/value_shapes.h"

struct type {
  struct str name;
  bool (*fits)(struct str value);
  bool since_2_39;
  const char *form;
};

static bool is_letter(struct str value) {
  size_t at = 0;
  int32_t letter = utf8_next(value, &at);
  return at == value.n && letter < 0x10000 && utf8_is_letter(letter);
}

static bool has_digits(struct str value, size_t at, size_t n, int *ret) {
  uint64_t number;
  if (at + n > value.n || !str_to_u64(str_slice(value, at, at + n), &number)) return false;
  *ret = (int)number;
  return true;
}

static bool ends_as_a_word(struct str value) {
  unsigned char last = (unsigned char)value.p[value.n - 1];
  return (last >= '0' && last <= '9') || (last >= 'a' && last <= 'z') || (last >= 'A' && last <= 'Z') || last == '_' || last >= 0x80;
}

/* "2024-01-31", and behind it anything in the same line that ends with a letter or a digit. */
static bool is_day(const struct dhis2_value_rules *rules, struct str value) {
  enum { FORM = 10, MONTHS = 12, DAYS_IN_ANY = 32 };
  int year, month, day;
  if (value.n < FORM || value.p[4] != '-' || value.p[7] != '-' || !has_digits(value, 0, 4, &year) || !has_digits(value, 5, 2, &month) ||
      !has_digits(value, 8, 2, &day) || month > MONTHS)
    return false;
  int days = rules->calendar.n ? dhis2_days_in_month(rules->calendar, year, month) : DAYS_IN_ANY;
  return month >= 1 && day >= 1 && day <= days && !memchr(value.p, '\n', value.n) && !memchr(value.p, '\r', value.n) &&
         ends_as_a_word(value);
}

#define DAY_FORM "a day that there is: 2024-01-31"

static const struct type types[] = {
    {{"INTEGER", 7}, NULL, false, "a whole number from -2147483648 to 2147483647"},
    {{"INTEGER_POSITIVE", 16}, NULL, false, "a whole number from 1 to 2147483647"},
    {{"INTEGER_NEGATIVE", 16}, NULL, false, "a whole number from -2147483648 to -1"},
    {{"INTEGER_ZERO_OR_POSITIVE", 24}, NULL, false, "a whole number from 0 to 2147483647"},
    {{"NUMBER", 6}, NULL, false, "a number of at most 249 characters: 12, -3.5"},
    {{"PERCENTAGE", 10}, NULL, false, "a number from 0 to 100"},
    {{"UNIT_INTERVAL", 13}, NULL, false, "a number from 0 to 1"},
    {{"BOOLEAN", 7}, NULL, false, "true or false"},
    {{"TRUE_ONLY", 9}, NULL, false, "true, or no value"},
    {{"LETTER", 6}, is_letter, false, "one letter"},
    {{"DATE", 4}, NULL, false, DAY_FORM},
    {{"AGE", 3}, NULL, true, DAY_FORM},
    {{"DATETIME", 8}, dhis2_shape_moment, false, "a day with a time: 2024-01-31T09:05:00"},
    {{"TIME", 4}, dhis2_shape_time, true, "a time of day: 9:05, 23:59"},
    {{"COORDINATE", 10}, dhis2_shape_coordinate, false, "longitude and latitude: [30.06,-1.95]"},
    {{"URL", 3}, NULL, false, "an address on the web, with http, https or ftp: https://example.org/page"},
    {{"EMAIL", 5}, dhis2_shape_email, true, "an e-mail address: name@example.org"},
    {{"PHONE_NUMBER", 12}, dhis2_shape_phone, true, "a telephone number of 6 to 50 characters: +250 788 123 456"},
    {{"USERNAME", 8}, dhis2_shape_username, true, "a user name of 4 to 255 letters, digits and single - _ . @ between them"},
    {{"ORGANISATION_UNIT", 17}, dhis2_is_uid, true, "the id of an org unit: a letter, then ten letters or digits"},
    {{"FILE_RESOURCE", 13}, NULL, false, "a file that lies at the target: files do not go along"},
    {{"IMAGE", 5}, NULL, false, "an image that lies at the target: files do not go along"},
};

static const struct type *type_of(struct str name) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (str_eq(name, types[i].name)) return &types[i];
  return NULL;
}

const char *dhis2_value_form(struct str type) {
  const struct type *known = type_of(type);
  return known ? known->form : "a text of at most 50000 characters, not of blanks alone";
}

struct str dhis2_value_kept(const struct dhis2_value_rules *rules, struct str value) {
  if (!dhis2_can(rules->version, DHIS2_TRIMS_VALUES)) return value;
  size_t first = 0, end = value.n;
  while (first < end && (unsigned char)value.p[first] <= ' ') first++;
  while (end > first && (unsigned char)value.p[end - 1] <= ' ') end--;
  return str_slice(value, first, end);
}

static bool is_blank(struct str value) {
  for (size_t i = 0; i < value.n; i++)
    if ((unsigned char)value.p[i] > ' ') return false;
  return true;
}

bool dhis2_value_fits(const struct dhis2_value_rules *rules, struct str name, struct str value) {
  const struct type *type = type_of(name);
  struct str kept = dhis2_value_kept(rules, value);
  if (!kept.n || memchr(kept.p, '\0', kept.n)) return false; /* no database of a server keeps a NUL */
  if (kept.n > DHIS2_VALUE_MAX && utf8_units16(kept) > DHIS2_VALUE_MAX) return false;
  if (!type || is_blank(kept)) return true;
  if (type->since_2_39 && dhis2_can(rules->version, DHIS2_TAKES_ANY_SHAPE)) return true;
  if (str_eq(name, STR("DATE")) || str_eq(name, STR("AGE"))) return is_day(rules, kept);
  if (str_eq(name, STR("URL"))) return dhis2_shape_url(kept, dhis2_can(rules->version, DHIS2_READS_URIS));
  return !type->fits || type->fits(kept);
}
