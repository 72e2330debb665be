/* A first byte that chooses a release and a calendar, a type, and a value behind a line end: as a server of that release would judge it. What it cuts off is at the ends alone, and what is left is judged the same once more. */
#include "dhis2/calendars.h"
#include "dhis2/value_shapes.h"
#include "dhis2/value_types.h"

static const struct str types[] = {{"DATE", sizeof "DATE" - 1},
                                   {"AGE", sizeof "AGE" - 1},
                                   {"DATETIME", sizeof "DATETIME" - 1},
                                   {"TIME", sizeof "TIME" - 1},
                                   {"COORDINATE", sizeof "COORDINATE" - 1},
                                   {"URL", sizeof "URL" - 1},
                                   {"EMAIL", sizeof "EMAIL" - 1},
                                   {"PHONE_NUMBER", sizeof "PHONE_NUMBER" - 1},
                                   {"USERNAME", sizeof "USERNAME" - 1},
                                   {"ORGANISATION_UNIT", sizeof "ORGANISATION_UNIT" - 1},
                                   {"LETTER", sizeof "LETTER" - 1},
                                   {"TEXT", sizeof "TEXT" - 1}};
static const struct str calendars[] = {{"", sizeof "" - 1},
                                       {"iso8601", sizeof "iso8601" - 1},
                                       {"ethiopian", sizeof "ethiopian" - 1},
                                       {"nepali", sizeof "nepali" - 1},
                                       {"persian", sizeof "persian" - 1},
                                       {"islamic", sizeof "islamic" - 1},
                                       {"thai", sizeof "thai" - 1},
                                       {"none such", sizeof "none such" - 1}};

static void judge(const struct dhis2_value_rules *rules, struct str type, struct str value) {
  struct str kept = dhis2_value_kept(rules, value);
  bool fits = dhis2_value_fits(rules, type, value);
  if (kept.n && (kept.p < value.p || kept.p + kept.n > value.p + value.n)) abort();
  if (rules->version.minor >= 43 && kept.n != value.n) abort();
  if (!str_eq(dhis2_value_kept(rules, kept), kept)) abort();
  if (dhis2_value_fits(rules, type, value) != fits) abort();
  if (fits && value.n > 4 * (size_t)DHIS2_VALUE_MAX) abort();
  if (!*dhis2_value_form(type)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  struct str value = {(const char *)data + 1, size - 1};
  struct dhis2_value_rules rules = {.version = {36 + data[0] % 8, 1},
                                    .calendar = calendars[data[0] / 8 % (sizeof calendars / sizeof *calendars)]};
  if (rules.version.minor == 36) rules.version = (struct dhis2_version){0};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) judge(&rules, types[i], value);
  for (int month = -1; month < 15; month++) {
    int days = dhis2_days_in_month(rules.calendar, (int)(size % 3000), month);
    if (days < 0 || days > 32) abort();
  }
  return 0;
}
