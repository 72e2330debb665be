#include "mapping/format_parts.h"

#include "base/csv.h"
#include "base/json_out.h"
#include "base/vec.h"
#include <math.h>
#include <stdlib.h>

void format_tell(struct format_job *job, const char *format, ...) {
  va_list args;
  if (job->warnings.n == FORMAT_WARNINGS_MAX) return;
  va_start(args, format);
  (void)error_vset(&job->warnings.lines[job->warnings.n++], ERROR_NONE, format, args);
  va_end(args);
}

struct str format_element_name(const struct dhis2_metadata *side, struct str id) {
  const struct dhis2_data_element *element = side ? dhis2_metadata_element(side, id) : NULL;
  return element ? element->o.name : STR("");
}

struct str format_combo_name(const struct dhis2_metadata *side, struct str id) {
  const struct dhis2_option_combo *combo = side ? dhis2_metadata_option_combo(side, id) : NULL;
  return combo ? combo->o.name : STR("");
}

struct str format_default_combo(const struct dhis2_metadata *side) {
  const struct dhis2_option_combo *combo = side ? dhis2_metadata_default(side) : NULL;
  return combo ? combo->o.id : MAPPING_DEFAULT_COMBO;
}

/* --- rules from terms --- */

struct placed_term {
  size_t rule;
  struct mapping_term term;
};

struct rule_list {
  struct arena *arena;
  VEC(struct mapping_rule) rules;
  VEC(struct placed_term) terms;
  struct map by_key; /* to the index of a rule, plus one, as a pointer's number */
};

static void free_list(void *payload) {
  struct rule_list *list = payload;
  VEC_FREE(&list->rules);
  VEC_FREE(&list->terms);
  map_free(&list->by_key);
}

struct rule_list *rule_list_new(struct arena *arena) {
  struct rule_list *list = ARENA_NEW(arena, struct rule_list);
  list->arena = arena;
  arena_on_free(arena, free_list, list);
  return list;
}

static struct str key_of(struct arena *arena, const struct mapping_rule *rule) {
  return arena_printf(arena, "%d %a %zu.%zu.%zu.%zu.%zu.%zu.%zu %.*s%.*s%.*s%.*s%.*s%.*s%.*s", (int)rule->decision,
                      rule->confidence < 0 ? -1 : rule->confidence, rule->target.data_element.n, rule->target.category_option_combo.n,
                      rule->value_type.n, rule->by.n, rule->at.n, rule->note.n, rule->blocked.n, STR_ARG(rule->target.data_element),
                      STR_ARG(rule->target.category_option_combo), STR_ARG(rule->value_type), STR_ARG(rule->by), STR_ARG(rule->at),
                      STR_ARG(rule->note), STR_ARG(rule->blocked));
}

static size_t new_rule(struct rule_list *list, const struct mapping_rule *like) {
  struct mapping_rule rule = *like;
  rule.terms = NULL;
  rule.term_count = 0;
  VEC_PUSH(&list->rules, rule);
  return list->rules.n - 1;
}

/* The rule that a term goes to. */
static size_t rule_for(struct rule_list *list, const struct mapping_rule *like) {
  if (!like->target.data_element.n) return new_rule(list, like);
  struct str key = key_of(list->arena, like);
  size_t known = (size_t)(uintptr_t)map_get(&list->by_key, key);
  if (known && list->rules.p[known - 1].term_count < MAPPING_TERMS_MAX) return known - 1;
  size_t made = new_rule(list, like);
  (void)map_put(&list->by_key, key, (void *)(uintptr_t)(made + 1));
  return made;
}

int rule_list_add(struct rule_list *list, const struct mapping_rule *like, const struct mapping_term *term, struct error *error) {
  if (list->rules.n >= MAPPING_RULES_MAX || list->terms.n >= MAPPING_RULES_MAX)
    return error_set(error, ERROR_input, "more than %d rows", MAPPING_RULES_MAX);
  size_t rule = term ? rule_for(list, like) : new_rule(list, like);
  if (!term) return 0;
  list->rules.p[rule].term_count++;
  VEC_PUSH(&list->terms, ((struct placed_term){rule, *term}));
  return 0;
}

void rule_list_done(struct rule_list *list, struct mapping *ret) {
  struct mapping_rule *rules = ARENA_ARRAY(list->arena, list->rules.n, struct mapping_rule);
  struct mapping_term *terms = ARENA_ARRAY(list->arena, list->terms.n, struct mapping_term);
  size_t *filled = ARENA_ARRAY(list->arena, list->rules.n, size_t), at = 0;
  for (size_t i = 0; i < list->rules.n; i++) {
    rules[i] = list->rules.p[i];
    rules[i].terms = terms + at;
    filled[i] = at;
    at += rules[i].term_count;
  }
  for (size_t i = 0; i < list->terms.n; i++) terms[filled[list->terms.p[i].rule]++] = list->terms.p[i].term;
  ret->rules = rules;
  ret->rule_count = list->rules.n;
  if (!ret->source.default_combo.n) ret->source.default_combo = MAPPING_DEFAULT_COMBO;
  if (!ret->target.default_combo.n) ret->target.default_combo = MAPPING_DEFAULT_COMBO;
}

const struct mapping_pair *pair_list_done(struct arena *arena, struct pair_list *list) {
  struct mapping_pair *pairs = ARENA_ARRAY(arena, list->n, struct mapping_pair);
  if (list->n) memcpy(pairs, list->p, list->n * sizeof *pairs);
  VEC_FREE(list);
  return pairs;
}

/* --- confidence --- */

int format_confidence_of(struct arena *arena, struct str text, double *ret) {
  if (!text.n) return 0;
  for (size_t i = 0; i < text.n; i++)
    if (!text.p[i] || !strchr("0123456789.eE-", text.p[i])) return -1;
  const char *number = arena_cstr(arena, text);
  char *end;
  *ret = strtod(number, &end);
  return *end || !isfinite(*ret) || *ret < 0 || *ret > 1 ? -1 : 0;
}

struct str format_confidence_text(struct arena *arena, double confidence) {
  struct buf number = BUF_INIT(64);
  struct json_out out = JSON_OUT_INIT(&number);
  json_out_number(&out, confidence);
  struct str text = arena_str(arena, buf_str(&number));
  buf_free(&number);
  return text;
}

/* --- JSON --- */

json_t *format_json(struct str bytes, struct error *error) {
  json_error_t problem;
  json_t *root = json_loadb(bytes.n ? bytes.p : "", bytes.n, JSON_REJECT_DUPLICATES, &problem);
  if (!root) (void)error_set(error, ERROR_input, "not JSON, line %d, column %d: %s", problem.line, problem.column, problem.text);
  return root;
}

struct str format_text(struct arena *arena, const json_t *value) {
  return json_is_string(value) ? arena_str(arena, (struct str){json_string_value(value), json_string_length(value)}) : STR("");
}

/* --- cells --- */

static bool looks_like_formula(struct str text) {
  size_t at = 0;
  while (at < text.n && text.p[at] == '\'') at++;
  return csv_is_formula(str_from(text, at));
}

struct str cell_guard(struct arena *arena, struct str text) {
  return looks_like_formula(text) ? arena_concat(arena, STR("'"), text) : text;
}

struct str cell_unguard(struct str text) {
  return text.n && text.p[0] == '\'' && looks_like_formula(text) ? str_from(text, 1) : text;
}
