#include "transfer/value_type.h"

#include "transfer/decimal.h"

enum kind { NUMBER, WHOLE, YES_NO, YES_ONLY, A_FILE };

struct type {
  struct str name;
  enum kind kind;
  bool bounded;
  int32_t least, most;
  bool summable;
};

static const struct type types[] = {
    {{"NUMBER", 6}, NUMBER, false, 0, 0, true},
    {{"INTEGER", 7}, WHOLE, true, INT32_MIN, INT32_MAX, true},
    {{"INTEGER_POSITIVE", 16}, WHOLE, true, 1, INT32_MAX, true},
    {{"INTEGER_NEGATIVE", 16}, WHOLE, true, INT32_MIN, -1, true},
    {{"INTEGER_ZERO_OR_POSITIVE", 24}, WHOLE, true, 0, INT32_MAX, true},
    {{"PERCENTAGE", 10}, NUMBER, true, 0, 100, false},
    {{"UNIT_INTERVAL", 13}, NUMBER, true, 0, 1, false},
    {{"BOOLEAN", 7}, YES_NO, false, 0, 0, false},
    {{"TRUE_ONLY", 9}, YES_ONLY, false, 0, 0, false},
    {{"FILE_RESOURCE", 13}, A_FILE, false, 0, 0, false},
    {{"IMAGE", 5}, A_FILE, false, 0, 0, false},
};

static const struct type *type_of(struct str name) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (str_eq(name, types[i].name)) return &types[i];
  return NULL;
}

static const struct str kind_names[] = {
    [VALUE_ANY] = {"", 0}, [VALUE_NUMBER] = {"number", 6}, [VALUE_YES_NO] = {"yes_no", 6}, [VALUE_TEXT] = {"text", 4}};

enum value_kind value_kind_of(struct str name) {
  static const enum value_kind kinds[] = {
      [NUMBER] = VALUE_NUMBER, [WHOLE] = VALUE_NUMBER, [YES_NO] = VALUE_YES_NO, [YES_ONLY] = VALUE_YES_NO, [A_FILE] = VALUE_TEXT};
  const struct type *type = type_of(name);
  if (!name.n) return VALUE_ANY;
  return type ? kinds[type->kind] : VALUE_TEXT;
}

struct str value_kind_name(enum value_kind kind) {
  return kind_names[kind];
}

bool value_kind_named(struct str name, enum value_kind *ret_kind) {
  for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++) {
    *ret_kind = (enum value_kind)i;
    if (str_eq(kind_names[i], name)) return true;
  }
  return false;
}

bool value_type_is_number(struct str name) {
  const struct type *type = type_of(name);
  return type && (type->kind == NUMBER || type->kind == WHOLE);
}

bool value_type_is_summable(struct str name) {
  const struct type *type = type_of(name);
  return name.n == 0 || (type && type->summable);
}

bool value_type_is_share(struct str name) {
  return str_eq(name, STR("PERCENTAGE")) || str_eq(name, STR("UNIT_INTERVAL"));
}

int value_type_shift(struct str from, struct str to) {
  enum { PLACES = 2 };
  if (str_eq(from, to) || !value_type_is_share(from) || !value_type_is_share(to)) return 0;
  return str_eq(to, STR("PERCENTAGE")) ? PLACES : -PLACES;
}

bool value_aggregation_is_summable(struct str name) {
  static const struct str summable[] = {{"", 0}, {"SUM", 3}, {"DEFAULT", 7}, {"CUSTOM", 6}, {"NONE", 4}};
  for (size_t i = 0; i < sizeof summable / sizeof *summable; i++)
    if (str_eq(name, summable[i])) return true;
  return str_ends(name, STR("_SUM_ORG_UNIT"));
}

static bool number_for(const struct type *type, struct str value, char out[VALUE_OUT_SIZE], struct str *ret) {
  struct decimal number;
  char text[DECIMAL_OUT_SIZE];
  if (!decimal_parse(value, &number) || (type->kind == WHOLE && !decimal_is_whole(&number))) return false;
  if (type->bounded && !decimal_between(&number, type->least, type->most)) return false;
  struct str shortest = decimal_text(&number, text);
  if (shortest.n > VALUE_NUMBER_MAX) return false;
  memcpy(out, shortest.p, shortest.n);
  *ret = (struct str){out, shortest.n};
  return true;
}

bool value_yes_no(struct str value, bool *ret_yes) {
  static const struct str yes[] = {{"true", 4}, {"t", 1}, {"1", 1}, {"yes", 3}, {"y", 1}},
                          no[] = {{"false", 5}, {"f", 1}, {"0", 1}, {"no", 2}, {"n", 1}};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    *ret_yes = str_eq_nocase(value, yes[i]);
    if (*ret_yes || str_eq_nocase(value, no[i])) return true;
  }
  return false;
}

bool value_for_type(const struct dhis2_value_rules *rules, struct str name, struct str value, char out[VALUE_OUT_SIZE], struct str *ret) {
  const struct type *type = type_of(name);
  bool yes;
  if (!type) {
    *ret = dhis2_value_kept(rules, value);
    return dhis2_value_fits(rules, name, value);
  }
  if (type->kind == NUMBER || type->kind == WHOLE) return number_for(type, value, out, ret);
  if (type->kind == A_FILE || !value_yes_no(value, &yes) || (type->kind == YES_ONLY && !yes)) return false;
  *ret = yes ? STR("true") : STR("false");
  return true;
}

bool value_same(enum value_kind kind, struct str a, struct str b) {
  bool left, right, number = kind == VALUE_NUMBER || kind == VALUE_ANY, yes_no = kind == VALUE_YES_NO || kind == VALUE_ANY;
  if (str_eq(a, b) || (number && decimal_same(a, b))) return true;
  return yes_no && a.n > 1 && b.n > 1 && value_yes_no(a, &left) && value_yes_no(b, &right) && left == right;
}
