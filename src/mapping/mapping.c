#include "mapping/mapping.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "dhis2/periods.h"

enum { ID_MAX = 255 };

static const char *const decision_names[] = {"accepted", "auto", "proposed", "rejected", "none"};
static const char *const conversion_names[] = {"same", "roll-up", "cannot"};
static const char *const missing_names[] = {"sum-what-is-there", "require-all", "skip"};

static bool name_of(struct str name, const char *const *names, size_t count, unsigned *ret) {
  for (size_t i = 0; i < count; i++) {
    if (!str_eq(name, str_of(names[i]))) continue;
    *ret = (unsigned)i;
    return true;
  }
  return false;
}

const char *mapping_decision_name(enum mapping_decision decision) {
  return decision_names[decision];
}

bool mapping_decision_of(struct str name, enum mapping_decision *ret) {
  unsigned i = 0;
  bool found = name_of(name, decision_names, sizeof decision_names / sizeof *decision_names, &i);
  if (found) *ret = (enum mapping_decision)i;
  return found;
}

const char *mapping_conversion_name(enum mapping_conversion conversion) {
  return conversion_names[conversion];
}

bool mapping_conversion_of(struct str name, enum mapping_conversion *ret) {
  unsigned i = 0;
  bool found = name_of(name, conversion_names, sizeof conversion_names / sizeof *conversion_names, &i);
  if (found) *ret = (enum mapping_conversion)i;
  return found;
}

const char *mapping_missing_name(enum mapping_missing missing) {
  return missing_names[missing];
}

bool mapping_missing_of(struct str name, enum mapping_missing *ret) {
  unsigned i = 0;
  bool found = name_of(name, missing_names, sizeof missing_names / sizeof *missing_names, &i);
  if (found) *ret = (enum mapping_missing)i;
  return found;
}

int mapping_operand_cmp(struct mapping_operand a, struct mapping_operand b) {
  int by_element = str_cmp(a.data_element, b.data_element);
  return by_element ? by_element : str_cmp(a.category_option_combo, b.category_option_combo);
}

static bool id_ok(struct str id) {
  if (!id.n || id.n > ID_MAX || !utf8_valid(id) || str_trim(id).n != id.n) return false;
  for (size_t i = 0; i < id.n; i++)
    if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f) return false;
  return true;
}

static bool operand_ok(struct mapping_operand operand) {
  return id_ok(operand.data_element) && id_ok(operand.category_option_combo);
}

static bool time_ok(struct str text) {
  int64_t when;
  return !text.n || clock_parse(text, &when);
}

static int check_rule(const struct mapping_rule *rule, size_t number, struct error *error) {
  bool has_target = rule->target.data_element.n || rule->target.category_option_combo.n;
  if (rule->term_count > MAPPING_TERMS_MAX)
    return error_set(error, ERROR_input, "rule %zu has more than %d terms", number, MAPPING_TERMS_MAX);
  if (!has_target && rule->decision != MAPPING_NONE)
    return error_set(error, ERROR_input, "rule %zu has no target; only a rule decided \"none\" may lack one", number);
  if (has_target && !operand_ok(rule->target))
    return error_set(error, ERROR_input, "rule %zu: the target is not a data element with a category option combo", number);
  if (!rule->term_count && (rule->decision != MAPPING_NONE || !has_target))
    return error_set(error, ERROR_input, "rule %zu has no terms", number);
  if (!time_ok(rule->at)) return error_set(error, ERROR_input, "rule %zu: \"at\" is not a time (RFC 3339)", number);
  if (!time_ok(rule->approved_at)) return error_set(error, ERROR_input, "rule %zu: \"approved_at\" is not a time (RFC 3339)", number);
  if (rule->confidence > 1) return error_set(error, ERROR_input, "rule %zu: a confidence is from 0 to 1", number);
  for (size_t i = 0; i < rule->term_count; i++) {
    if (!operand_ok(rule->terms[i].source))
      return error_set(error, ERROR_input, "rule %zu, term %zu: not a data element with a category option combo", number, i + 1);
    if (rule->terms[i].sign != 1 && rule->terms[i].sign != -1)
      return error_set(error, ERROR_input, "rule %zu, term %zu: the sign is + or -", number, i + 1);
  }
  return 0;
}

/* A term with its target, to find one that stands twice. */
struct pairing {
  struct mapping_operand target, source;
  size_t rule;
};

static int pairing_cmp(const void *left, const void *right) {
  const struct pairing *a = left, *b = right;
  int by_target = mapping_operand_cmp(a->target, b->target);
  if (by_target) return by_target;
  int by_source = mapping_operand_cmp(a->source, b->source);
  if (by_source) return by_source;
  return (a->rule > b->rule) - (a->rule < b->rule);
}

bool mapping_rule_counts(const struct mapping_rule *rule) {
  return rule->decision <= MAPPING_PROPOSED && !rule->blocked.n;
}

bool mapping_rule_is_approved(const struct mapping *mapping, const struct mapping_rule *rule) {
  return !mapping->approval || rule->approved_by.n > 0;
}

bool mapping_pair_is_approved(const struct mapping *mapping, const struct mapping_pair *pair) {
  bool keeps_id = str_eq(pair->source, pair->target) ||
                  (str_eq(pair->source, mapping->source.default_combo) && str_eq(pair->target, mapping->target.default_combo));
  return !mapping->approval || pair->approved_by.n || (keeps_id && pair->decision == MAPPING_ACCEPTED && !pair->by.n && !pair->at.n);
}

static int check_twice(const struct mapping *mapping, struct error *error) {
  size_t count = 0;
  for (size_t i = 0; i < mapping->rule_count; i++) count += mapping_rule_counts(&mapping->rules[i]) ? mapping->rules[i].term_count : 0;
  _cleanup_free_
  struct pairing *pairings = mem_alloc_array(count + 1, sizeof *pairings);
  size_t n = 0;
  for (size_t i = 0; i < mapping->rule_count; i++) {
    const struct mapping_rule *rule = &mapping->rules[i];
    for (size_t t = 0; mapping_rule_counts(rule) && t < rule->term_count; t++)
      pairings[n++] = (struct pairing){rule->target, rule->terms[t].source, i + 1};
  }
  qsort(pairings, n, sizeof *pairings, pairing_cmp);
  for (size_t i = 1; i < n; i++) {
    const struct pairing *a = &pairings[i - 1], *b = &pairings[i];
    if (mapping_operand_cmp(a->target, b->target) || mapping_operand_cmp(a->source, b->source)) continue;
    return error_set(error, ERROR_input, "rules %zu and %zu: source cell %.*s.%.*s would count twice in target cell %.*s.%.*s", a->rule,
                     b->rule, STR_ARG(a->source.data_element), STR_ARG(a->source.category_option_combo), STR_ARG(a->target.data_element),
                     STR_ARG(a->target.category_option_combo));
  }
  return 0;
}

/* Each source has one target: a unit's numbers may not be sent to two places. */
static int check_pairs(const struct mapping_pair *pairs, size_t count, const char *what, struct error *error) {
  struct map seen = {0};
  int result = 0;
  if (count > MAPPING_PAIRS_MAX) return error_set(error, ERROR_input, "more than %d %s", MAPPING_PAIRS_MAX, what);
  for (size_t i = 0; i < count && result == 0; i++) {
    bool paired = pairs[i].decision != MAPPING_NONE;
    if (!id_ok(pairs[i].source) || (paired && !id_ok(pairs[i].target)))
      result = error_set(error, ERROR_input, "%s, entry %zu: source and target are ids", what, i + 1);
    else if (!paired && pairs[i].target.n)
      result = error_set(error, ERROR_input, "%s, entry %zu: decided \"none\", and yet it has a target", what, i + 1);
    else if (!(pairs[i].confidence >= 0 && pairs[i].confidence <= 1))
      result = error_set(error, ERROR_input, "%s, entry %zu: a confidence is from 0 to 1", what, i + 1);
    else if (!time_ok(pairs[i].at) || !time_ok(pairs[i].approved_at))
      result = error_set(error, ERROR_input, "%s, entry %zu: \"at\" and \"approved_at\" are times (RFC 3339)", what, i + 1);
    else if (map_put(&seen, pairs[i].source, &seen))
      result = error_set(error, ERROR_input, "%s: the source %.*s stands there twice", what, STR_ARG(pairs[i].source));
  }
  map_free(&seen);
  return result;
}

/* A roll-up that is not exact would split values: no document may ask for it. */
static int check_periods(const struct mapping_periods *periods, struct error *error) {
  enum dhis2_period_type from, to;
  if (periods->conversion != MAPPING_ROLL_UP) return 0;
  if (!dhis2_period_type_of(periods->source, &from) || !dhis2_period_type_of(periods->target, &to))
    return error_set(error, ERROR_input, "periods: a roll-up names the period types of both sides, as data sets do (Monthly, Quarterly)");
  if (!dhis2_period_rolls_up(from, to))
    return error_set(error, ERROR_input, "periods: %s cannot be rolled up to %s: a period of the one is not a whole number of the other",
                     dhis2_period_type_name(from), dhis2_period_type_name(to));
  if (periods->sound_count > MAPPING_SOUND_MAX)
    return error_set(error, ERROR_input, "periods: more than %d aggregation types", MAPPING_SOUND_MAX);
  return 0;
}

static int check_side(const struct mapping_side *side, const char *what, struct error *error) {
  if (side->data_set_count > MAPPING_DATA_SETS_MAX)
    return error_set(error, ERROR_input, "%s: more than %d data sets", what, MAPPING_DATA_SETS_MAX);
  if (!utf8_valid(side->server) || str_find_control(side->server, 0) != SIZE_MAX)
    return error_set(error, ERROR_input, "%s: the server's name has control characters", what);
  if (side->default_combo.n && !id_ok(side->default_combo))
    return error_set(error, ERROR_input, "%s: the default option combo is not an id", what);
  for (size_t i = 0; i < side->data_set_count; i++)
    if (!id_ok(side->data_sets[i])) return error_set(error, ERROR_input, "%s: data set %zu is not an id", what, i + 1);
  return 0;
}

int mapping_check(const struct mapping *mapping, struct error *error) {
  if (mapping->rule_count > MAPPING_RULES_MAX) return error_set(error, ERROR_input, "more than %d rules", MAPPING_RULES_MAX);
  if (check_side(&mapping->source, "source", error) < 0 || check_side(&mapping->target, "target", error) < 0) return -1;
  for (size_t i = 0; i < mapping->rule_count; i++)
    if (check_rule(&mapping->rules[i], i + 1, error) < 0) return -1;
  if (check_pairs(mapping->attribute_option_combos, mapping->attribute_option_combo_count, "attribute_option_combos", error) < 0) return -1;
  if (check_pairs(mapping->org_units, mapping->org_unit_count, "org_units", error) < 0) return -1;
  return check_periods(&mapping->periods, error) < 0 ? -1 : check_twice(mapping, error);
}
