/* A run whose source gives no values themselves: its analytics in their place. What that cannot be right for is refused before anything is read. */
#include "base/clock.h"
#include "dhis2/analytics.h"
#include "transfer/run_internal.h"
#include "transfer/value_type.h"

enum { KEY_MAX = 600 };

static struct str key_of(char out[KEY_MAX], struct mapping_operand operand) {
  int n = snprintf(out, KEY_MAX, "%.*s.%.*s", STR_ARG(operand.data_element), STR_ARG(operand.category_option_combo));
  return (struct str){out, n < KEY_MAX ? (size_t)n : KEY_MAX - 1};
}

static bool counts(const struct run *run, const struct mapping_rule *rule) {
  return mapping_rule_counts(rule) && run->order->accept[rule->decision] && mapping_rule_is_approved(run->mapping, rule);
}

/* NULL: it can be had from analytics. */
static const char *why_not(const struct run *run, const struct dhis2_metadata *source, const struct map *mixed,
                           struct mapping_operand operand) {
  const struct dhis2_data_element *element = dhis2_metadata_element(source, operand.data_element);
  if (!element) return "the source does not show this user the data element";
  if (!element->value_type.n || !value_type_is_number(element->value_type)) return "the data element of the source holds no numbers";
  const char *why = map_get(mixed, operand.data_element);
  if (why) return why;
  bool sums = str_eq(element->aggregation_type, STR("SUM")) && value_type_is_summable(element->value_type);
  return sums || run->order->sum_anyway ? NULL
                                        : "analytics does not add up the data element of the source, but averages it, takes the last, …";
}

static void tell_rule(struct run *run, const struct mapping_rule *rule, struct mapping_operand source, const char *why) {
  struct str message = arena_printf(run->arena, "The run reads analytics, and %s: the cell is not sent.", why);
  const struct report_words words = {false, STR("not_in_analytics"), message,
                                     STR("Send these cells by a run that reads the values themselves, with an account that may.")};
  struct report_cell cell = {.operand = rule->target, .period = run->order->periods[0], .org_unit = run->order->org_units[0]},
                     from = {.operand = source, .period = run->order->periods[0], .org_unit = run->order->org_units[0]};
  report_conflict(run->whole, &words, &cell, &from, 1);
  report_counts(run->whole)->refused++;
}

/* Data elements that analytics gives more of than the mapping's data sets hold. */
static int ask_mixed(const struct run *run, struct map *ret, struct error *error) {
  const struct mapping *m = run->mapping;
  size_t n = 0;
  for (size_t i = 0; i < m->rule_count; i++) n += m->rules[i].term_count;
  struct str *elements = ARENA_ARRAY(run->arena, n + 1, struct str);
  n = 0;
  for (size_t i = 0; i < m->rule_count; i++)
    for (size_t k = 0; counts(run, &m->rules[i]) && k < m->rules[i].term_count; k++)
      elements[n++] = m->rules[i].terms[k].source.data_element;
  n = str_sorted_set(elements, n);
  return dhis2_analytics_mixed(run->from, elements, n, m->source.data_sets, m->source.data_set_count, run->watch->cancel, run->arena, ret,
                               error);
}

/* A cell of which one source cannot be had would be a sum that lacks it: all its rules are left out, and told once. */
static void find_out(struct run *run, const struct dhis2_metadata *source, const struct map *mixed, struct map *left_out) {
  char key[KEY_MAX];
  for (size_t i = 0; i < run->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &run->mapping->rules[i];
    for (size_t k = 0; counts(run, rule) && k < rule->term_count; k++) {
      const char *why = why_not(run, source, mixed, rule->terms[k].source);
      if (!why || map_put(left_out, arena_str(run->arena, key_of(key, rule->target)), run)) continue;
      tell_rule(run, rule, rule->terms[k].source, why);
    }
  }
}

static void add_items(struct run *run, const struct mapping_rule *rule, size_t *n) {
  char key[KEY_MAX];
  for (size_t k = 0; k < rule->term_count; k++) run->items[(*n)++] = arena_str(run->arena, key_of(key, rule->terms[k].source));
}

static int keep_rules(struct run *run, const struct map *left_out, struct error *error) {
  struct mapping *kept = ARENA_NEW(run->arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(run->arena, run->mapping->rule_count + 1, struct mapping_rule);
  char key[KEY_MAX];
  size_t terms = 0, n = 0;
  *kept = *run->mapping;
  for (size_t i = 0; i < run->mapping->rule_count; i++) terms += run->mapping->rules[i].term_count;
  run->items = ARENA_ARRAY(run->arena, terms + 1, struct str);
  kept->rule_count = 0;
  for (size_t i = 0; i < run->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &run->mapping->rules[i];
    if (counts(run, rule) && map_get(left_out, key_of(key, rule->target))) continue;
    rules[kept->rule_count++] = *rule;
    if (counts(run, rule)) add_items(run, rule, &n);
  }
  kept->rules = rules;
  run->mapping = kept;
  run->item_count = str_sorted_set(run->items, n);
  return n ? 0
           : error_set(error, ERROR_input, "no rule of the mapping can be followed with what analytics gives: see which values it adds up");
}

/* It adds them all up. */
static int check_attributes(const struct run *run, const struct dhis2_metadata *source, struct error *error) {
  const struct mapping *m = run->mapping;
  bool many = false;
  for (size_t i = 0; i < m->attribute_option_combo_count; i++)
    many |= m->attribute_option_combos[i].decision <= MAPPING_PROPOSED &&
            !str_eq(m->attribute_option_combos[i].source, m->source.default_combo);
  for (size_t i = 0; i < source->data_set_count; i++)
    many |= !source->data_sets[i]->combo || source->data_sets[i]->combo->option_combo_count != 1; /* not told: perhaps */
  return many
             ? error_set(
                   error, ERROR_input,
                   "the source's data set has attribute option combos, and analytics adds them up: such values can only be read themselves")
             : 0;
}

int run_take_analytics(struct run *run, const struct dhis2_metadata *source, struct error *error) {
  struct map left_out = {0}, mixed = {0};
  char text[CLOCK_TEXT_SIZE];
  if (dhis2_analytics_tables(run->from, run->watch->cancel, &run->tables_ms, error) || check_attributes(run, source, error)) return -1;
  run->tables = arena_str(run->arena, str_of(clock_format(run->tables_ms / 1000 * 1000, text)));
  report_tables(run->whole, run->tables);
  int result = ask_mixed(run, &mixed, error);
  if (result == 0) {
    find_out(run, source, &mixed, &left_out);
    result = keep_rules(run, &left_out, error);
  }
  map_free(&mixed);
  map_free(&left_out);
  return result;
}

int run_check_nested(struct run *run, struct error *error) {
  struct str nested;
  if (dhis2_org_units_nested(run->from, run->units, run->unit_count, run->watch->cancel, run->arena, &nested, error)) return -1;
  if (!nested.n) return 0;
  return error_set(error, ERROR_input, "org unit %.*s lies below another one of the run, and analytics counts it in both: name one of them",
                   STR_ARG(nested));
}

/* --- have values been entered since the tables were made? --- */

struct since {
  int64_t tables_ms;
  uint64_t newer, timeless; /* timeless: of which the source does not tell when they were written */
  struct str element, unit; /* of the first */
  struct arena *arena;
};

static int forget(void *payload, struct error *error) {
  struct since *s = payload;
  s->newer = s->timeless = 0;
  return 0;
}

static int on_value(void *payload, const struct dhis2_value *value, struct error *error) {
  struct since *s = payload;
  s->timeless += value->updated_ms == 0;
  if (value->updated_ms <= s->tables_ms) return 0;
  if (s->newer++ == 0) {
    s->element = arena_str(s->arena, value->data_element);
    s->unit = arena_str(s->arena, value->org_unit);
  }
  return 0;
}

/* How releases say that this user may not see them. All else (too busy, too long an address) says nothing of what was entered. */
static bool is_hidden(const struct error *error) {
  enum { STATUS_CONFLICT = 409 };
  return error->code == ERROR_forbidden || (error->code == ERROR_upstream_error && error->upstream_status == STATUS_CONFLICT);
}

int run_check_tables(struct run *run, const struct dhis2_values_query *asked, struct arena *arena, const atomic_bool *stop,
                     bool *ret_unchecked, struct error *error) {
  struct dhis2_values_query query = *asked;
  struct since since = {.tables_ms = run->tables_ms, .arena = arena};
  struct dhis2_values_sink sink = {.begin = forget, .value = on_value, .payload = &since};
  struct dhis2_values_seen seen;
  *ret_unchecked = false;
  query.items = NULL;
  query.changed_since = str_slice(run->tables, 0, strlen("2024-01-31"));
  query.with_deleted = query.with_times = query.with_below = true;
  if (dhis2_values_read(run->from, &query, sink, stop, &seen, error)) {
    if (!is_hidden(error)) return error_context(error, "asking the source what was entered since its analytics tables were made");
    *ret_unchecked = true;
    *error = (struct error){0};
    return 0;
  }
  *ret_unchecked = since.timeless > 0;
  if (!since.newer) return 0;
  return error_set(
      error, ERROR_conflict,
      "the source's analytics tables were made at %.*s, and %llu values that they lack were written since, one of them for data "
      "element %.*s in org unit %.*s: have the tables made again (Data Administration app > Analytics tables), then go on",
      STR_ARG(run->tables), (unsigned long long)since.newer, STR_ARG(since.element), STR_ARG(since.unit));
}
