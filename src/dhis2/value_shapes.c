#include "dhis2/value_shapes.h"

#include "dhis2/calendars.h"
#include <stdlib.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_one_of(char c, const char *list) {
  return c && strchr(list, c);
}

static bool is_ascii(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] >= 0x80) return false;
  return true;
}

/* --- days and times --- */

/* Takes 1 to `most` digits off *rest. */
static bool take_number(struct str *rest, size_t most, int *ret) {
  size_t n = 0;
  for (*ret = 0; n < rest->n && n < most && is_digit(rest->p[n]); n++) *ret = *ret * 10 + (rest->p[n] - '0');
  *rest = str_from(*rest, n);
  return n > 0;
}

static bool take_char(struct str *rest, char c) {
  if (!rest->n || rest->p[0] != c) return false;
  *rest = str_from(*rest, 1);
  return true;
}

/* "Z", "+02", "+0200", "+02:00" */
static bool is_zone(struct str text) {
  int hours, minutes;
  if (str_eq(text, STR("Z"))) return true;
  if (!take_char(&text, '+') && !take_char(&text, '-')) return false;
  if (text.n < 2 || !take_number(&text, 2, &hours) || hours > 23) return false;
  (void)take_char(&text, ':');
  return !text.n || (text.n == 2 && take_number(&text, 2, &minutes) && !text.n && minutes < 60);
}

/* Behind the hour. */
static bool ends_moment(struct str rest, bool wants_all) {
  enum { FRACTION_MAX = 9 };
  int number;
  bool seconds = false;
  if (take_char(&rest, ':')) {
    if (!take_number(&rest, 2, &number) || number > 59) return false;
    seconds = take_char(&rest, ':');
    if (seconds && (!take_number(&rest, 2, &number) || number > 59)) return false;
    if (seconds && !wants_all && take_char(&rest, '.') && !take_number(&rest, FRACTION_MAX, &number)) return false;
  }
  return rest.n ? (!wants_all || seconds) && is_zone(rest) : !wants_all;
}

bool dhis2_shape_moment(struct str text) {
  int year, month, day, hour;
  struct str rest = text;
  if (!take_number(&rest, 9, &year) || !take_char(&rest, '-') || !take_number(&rest, 2, &month) || !take_char(&rest, '-') ||
      !take_number(&rest, 2, &day) || day < 1 || day > dhis2_days_in_month(STR_NONE, year, month))
    return false;
  bool spaced = take_char(&rest, ' '); /* then seconds and a zone are wanted */
  if (!spaced && !take_char(&rest, 'T')) return false;
  return take_number(&rest, 2, &hour) && hour < 24 && ends_moment(rest, spaced);
}

bool dhis2_shape_time(struct str text) {
  int hour, minute;
  struct str rest = text;
  return take_number(&rest, 2, &hour) && hour < 24 && take_char(&rest, ':') && rest.n == 2 && take_number(&rest, 2, &minute) && !rest.n &&
         minute < 60;
}

/* --- places --- */

static bool take_degrees(struct str text, double most) {
  enum { LONGEST = 60 };
  char copy[LONGEST + 1], *end;
  if (!text.n || text.n > LONGEST) return false;
  for (size_t i = 0; i < text.n; i++)
    if (!is_digit(text.p[i]) && !is_one_of(text.p[i], "+-.eE")) return false;
  (void)snprintf(copy, sizeof copy, "%.*s", STR_ARG(text));
  float degrees = strtof(copy, &end); /* as exact as the servers are here */
  return *end == '\0' && degrees >= -most && degrees <= most;
}

bool dhis2_shape_coordinate(struct str text) {
  enum { LONGEST = 200 };
  char plain[LONGEST];
  size_t n = 0;
  for (size_t i = 0; i < text.n && n < LONGEST; i++)
    if (!is_space(text.p[i])) plain[n++] = text.p[i];
  struct str rest = {plain, n};
  if (n < 5 || n == LONGEST || plain[0] != '[' || str_find_char(rest, ']') != n - 1) return false;
  rest = str_slice(rest, 1, n - 1);
  struct str longitude = str_take(&rest, ','), latitude = str_take(&rest, ',');
  return take_degrees(longitude, 180) && take_degrees(latitude, 90);
}

/* --- people --- */

bool dhis2_shape_phone(struct str text) {
  if (text.n < 6 || text.n > 50) return false;
  for (size_t i = 0; i < text.n; i++)
    if (!is_digit(text.p[i]) && !is_space(text.p[i]) && !is_one_of(text.p[i], "+()#./ext-")) return false;
  return true;
}

bool dhis2_shape_username(struct str text) {
  static const char marks[] = "-_.@";
  if (text.n < 4 || text.n > 255) return false;
  for (size_t i = 0; i < text.n; i++) {
    bool is_mark = is_one_of(text.p[i], marks), at_end = i == 0 || i + 1 == text.n;
    if (!is_mark && !is_alnum(text.p[i])) return false;
    if (is_mark && (at_end || is_one_of(text.p[i + 1], marks))) return false;
  }
  return true;
}

/* --- names of the net --- */

static bool is_label(struct str label) {
  enum { LONGEST = 63 };
  if (!label.n || label.n > LONGEST || !is_alnum(label.p[0]) || !is_alnum(label.p[label.n - 1])) return false;
  for (size_t i = 0; i < label.n; i++)
    if (!is_alnum(label.p[i]) && label.p[i] != '-') return false;
  return true;
}

/* At least two labels, the last beginning with a letter, two letters at least; a point may stand behind them. */
static bool is_domain(struct str name) {
  if (!is_ascii(name)) return true;
  if (name.n && name.p[name.n - 1] == '.') name.n--;
  struct str rest = name, label = STR_NONE;
  size_t labels = 0;
  for (; rest.p; labels++)
    if (!is_label(label = str_take(&rest, '.'))) return false;
  return labels > 1 && label.n > 1 && is_alpha(label.p[0]);
}

static bool is_address(struct str text) {
  struct str rest = text;
  int number;
  for (int i = 0; i < 4; i++)
    if ((i && !take_char(&rest, '.')) || !take_number(&rest, 3, &number) || number > 255) return false;
  return !rest.n;
}

static bool is_name_part(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f || is_one_of(text.p[i], "()<>@,;:\\\"[]")) return false;
  return text.n && text.p[0] != '.' && text.p[text.n - 1] != '.' && !str_has(text, STR(".."));
}

bool dhis2_shape_email(struct str text) {
  enum { NAME_MAX_LETTERS = 64 };
  size_t at = str_find_last_char(text, '@');
  if (at == SIZE_MAX || text.p[text.n - 1] == '.') return false;
  struct str name = str_slice(text, 0, at), domain = str_from(text, at + 1);
  bool quoted = memchr(name.p, '"', name.n) || memchr(name.p, '\\', name.n); /* these may hold nearly anything */
  if ((is_ascii(name) && name.n > NAME_MAX_LETTERS) || (!quoted && !is_name_part(name))) return false;
  return str_starts(domain, STR("[")) || is_domain(domain);
}

/* --- URLs --- */

static bool is_authority(struct str text) {
  uint64_t port;
  size_t at = str_find_last_char(text, '@');
  struct str host = at == SIZE_MAX ? text : str_from(text, at + 1);
  if (str_starts(host, STR("["))) return true;
  struct str rest = host, name = str_take(&rest, ':');
  if (rest.n && (!str_to_u64(rest, &port) || port > 65535)) return false;
  return is_domain(name) || is_address(name);
}

static bool is_path(struct str path) {
  for (size_t i = 0; i < path.n; i++)
    if (!is_alnum(path.p[i]) && !is_one_of(path.p[i], "-_:@&?=+,.!/~*'%$;()")) return false;
  return !str_has(path, STR("//")) && !str_starts(path, STR("/../")) && !str_eq(path, STR("/.."));
}

static bool has_space(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if (is_space(text.p[i])) return true;
  return false;
}

/* The characters that an URI may have, and a byte in hexadecimal digits behind each '%'. */
static bool is_uri(struct str text) {
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if ((unsigned char)c <= ' ' || c == 0x7f || is_one_of(c, "<>\"{}|\\^`")) return false;
    if (c == '%' && (i + 2 >= text.n || str_hex_digit(text.p[i + 1]) < 0 || str_hex_digit(text.p[i + 2]) < 0)) return false;
  }
  return true;
}

bool dhis2_shape_url(struct str text, bool as_uri) {
  static const struct str schemes[] = {{"http", 4}, {"https", 5}, {"ftp", 3}};
  struct str rest = text, scheme = str_take(&rest, ':');
  bool known = false;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) known = known || str_eq_nocase(scheme, schemes[i]);
  if (!known || !str_starts(rest, STR("//"))) return false;
  rest = str_from(rest, 2);
  struct str before = str_take(&rest, '#'), query = before;
  before = str_take(&query, '?');
  size_t slash = str_find_char(before, '/');
  struct str authority = slash == SIZE_MAX ? before : str_slice(before, 0, slash),
             path = slash == SIZE_MAX ? STR_NONE : str_from(before, slash);
  return authority.n && is_authority(authority) && is_path(path) && !has_space(query) && (!as_uri || is_uri(text));
}
