#include "transfer/translate.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "dhis2/periods.h"

enum { IDS_MAX = 16 << 20, ID_MAX = 255, KEY_MAX = 2 * ID_MAX + 1 };

struct id {
  struct str text;
  struct sources {
    uint32_t taken, open;                /* open: would lead here too, as soon as that is decided */
  } unit_sources, attribute_sources;     /* source units, attribute option combos that lead here */
  int32_t to_unit, to_attribute;         /* number of the target, or -1 */
  bool skipped;                          /* a source unit that leads to none of the target's */
  uint8_t unit_reason, attribute_reason; /* enum transfer_reason: why a listed one leads nowhere */
  int32_t spelled;                       /* of a period: number of its one spelling; -1: not looked at yet */
  int32_t to_period;                     /* number of the target period; -1: none; -2: not looked at yet */
  uint32_t period_sources;               /* periods of the source in this one of the target */
  int8_t period_type;                    /* enum dhis2_period_type; -1: none; -2: not looked at yet */
};

/* What is known of a source's value type. */
enum said { SAID_ANYTHING, SAID_YES_NO, SAID_OTHERWISE };

struct term {
  struct mapping_operand source;
  int sign;
  enum said said;
  int shift; /* value_type_shift to the target's type */
};

struct operand {
  struct target_operand target;
  bool is_counted, holds_sums; /* by its value type: does it count in control totals; may yes and no be counted in it */
  struct term *terms;
  size_t term_count, terms_filled;
  const struct dhis2_data_set **sets; /* of the target, that hold it; none where nothing is known */
  size_t set_count;
  size_t open_count; /* sources of rules that may still come to count, and of none that does */
};

/* Where a source cell goes. */
struct source {
  struct str key;
  struct source *follower;     /* what came after it last time: lists of values go through the same cells again and again */
  enum transfer_reason reason; /* of a cell that goes nowhere */
  struct goal {
    uint32_t operand, term;
  } * goals;
  size_t goal_count, goals_filled;
};

struct translation {
  struct arena *arena;
  const struct mapping *mapping;
  struct translation_options options;
  struct map by_source; /* "element combo" -> struct source */
  struct operand *operands;
  size_t operand_count;
  struct source *last_source;
  struct map by_id;
  VEC(struct id) ids;
  uint32_t last_unit, last_attribute, last_period; /* number + 1 of the last value's; 0: none yet */
  struct contribution *out;
  uint32_t default_attribute; /* number of the source's default */
  bool rolls_up;
  enum dhis2_period_type from_type, to_type; /* of a roll-up */
};

const char *transfer_reason_name(enum transfer_reason reason) {
  static const char *const names[] = {"fine",
#define X(name, of_cell, words) #name,
                                      TRANSFER_REASONS(X)
#undef X
  };
  return names[reason];
}

const char *transfer_reason_words(enum transfer_reason reason) {
  static const char *const texts[] = {"",
#define X(name, of_cell, words) words,
                                      TRANSFER_REASONS(X)
#undef X
  };
  return texts[reason];
}

/* --- ids --- */

static uint32_t intern(struct translation *t, struct str text) {
  uintptr_t known = (uintptr_t)map_get(&t->by_id, text);
  if (known) return (uint32_t)(known - 1);
  if (t->ids.n == IDS_MAX) mem_exhausted(sizeof(struct id) * IDS_MAX);
  struct str copy = arena_str(t->arena, text);
  VEC_PUSH(&t->ids, (struct id){.text = copy, .to_unit = -1, .to_attribute = -1, .spelled = -1, .to_period = -2, .period_type = -2});
  (void)map_put(&t->by_id, copy, (void *)(uintptr_t)t->ids.n);
  return (uint32_t)(t->ids.n - 1);
}

/* The same, for ids that are mostly what they were in the value before. */
static uint32_t intern_again(struct translation *t, struct str text, uint32_t *last) {
  if (*last && str_eq(t->ids.p[*last - 1].text, text)) return *last - 1;
  uint32_t number = intern(t, text);
  *last = number + 1;
  return number;
}

struct str translation_id(const struct translation *t, uint32_t number) {
  return t->ids.p[number].text;
}

static struct str key_of(char out[KEY_MAX], struct mapping_operand operand) {
  size_t first = operand.data_element.n < ID_MAX ? operand.data_element.n : ID_MAX,
         second = operand.category_option_combo.n < ID_MAX ? operand.category_option_combo.n : ID_MAX;
  memcpy(out, operand.data_element.p, first);
  out[first] = ' ';
  memcpy(out + first + 1, operand.category_option_combo.p, second);
  return (struct str){out, first + 1 + second};
}

/* --- building --- */

static bool counts(const struct translation *t, const struct mapping_rule *rule) {
  return mapping_rule_counts(rule) && t->options.accept[rule->decision] && mapping_rule_is_approved(t->mapping, rule);
}

static int cmp_operands(const void *a, const void *b) {
  return mapping_operand_cmp(((const struct operand *)a)->target.id, ((const struct operand *)b)->target.id);
}

static struct operand *operand_of(struct translation *t, struct mapping_operand id) {
  struct operand wanted = {.target.id = id};
  return bsearch(&wanted, t->operands, t->operand_count, sizeof wanted, cmp_operands);
}

/* One of each target operand, ordered. */
static void collect_operands(struct translation *t) {
  const struct mapping *m = t->mapping;
  t->operands = ARENA_ARRAY(t->arena, m->rule_count + 1, struct operand);
  for (size_t i = 0; i < m->rule_count; i++)
    if (counts(t, &m->rules[i])) t->operands[t->operand_count++] = (struct operand){.target.id = m->rules[i].target};
  qsort(t->operands, t->operand_count, sizeof *t->operands, cmp_operands);
  size_t n = 0;
  for (size_t i = 0; i < t->operand_count; i++)
    if (n == 0 || cmp_operands(&t->operands[n - 1], &t->operands[i])) t->operands[n++] = t->operands[i];
  t->operand_count = n;
}

static struct source *source_of(struct translation *t, struct mapping_operand id) {
  char key[KEY_MAX];
  struct str text = key_of(key, id);
  struct source *source = map_get(&t->by_source, text);
  if (source) return source;
  source = ARENA_NEW(t->arena, struct source);
  source->reason = TRANSFER_no_rule;
  source->key = arena_str(t->arena, text);
  (void)map_put(&t->by_source, source->key, source);
  return source;
}

/* Why a rule that is not taken is not. */
static enum transfer_reason reason_against(const struct translation *t, const struct mapping_rule *rule) {
  static const enum transfer_reason reasons[] = {[MAPPING_ACCEPTED] = TRANSFER_undecided,
                                                 [MAPPING_AUTO] = TRANSFER_undecided,
                                                 [MAPPING_PROPOSED] = TRANSFER_undecided,
                                                 [MAPPING_REJECTED] = TRANSFER_rejected,
                                                 [MAPPING_NONE] = TRANSFER_no_counterpart};
  bool only_unapproved = mapping_rule_counts(rule) && t->options.accept[rule->decision];
  return only_unapproved ? TRANSFER_not_approved : reasons[rule->decision];
}

/* May what is not taken for this reason still come to be? */
static bool is_open(enum transfer_reason reason) {
  return reason == TRANSFER_undecided || reason == TRANSFER_not_approved;
}

/* What can still come right is told before what was refused, and that before what has no counterpart. */
static bool is_told_before(enum transfer_reason reason, enum transfer_reason known) {
  return known == TRANSFER_no_rule || is_open(reason) || (known == TRANSFER_rejected && reason == TRANSFER_no_counterpart);
}

static void count_terms(struct translation *t) {
  for (size_t i = 0; i < t->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &t->mapping->rules[i];
    bool taken = counts(t, rule);
    if (taken) operand_of(t, rule->target)->term_count += rule->term_count;
    for (size_t k = 0; k < rule->term_count; k++) {
      struct source *source = source_of(t, rule->terms[k].source);
      if (taken)
        source->goal_count++;
      else if (is_told_before(reason_against(t, rule), source->reason))
        source->reason = reason_against(t, rule);
    }
  }
}

static void fill_terms(struct translation *t) {
  size_t most = 1;
  for (size_t i = 0; i < t->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &t->mapping->rules[i];
    if (!counts(t, rule)) continue;
    struct operand *operand = operand_of(t, rule->target);
    if (!operand->terms) operand->terms = ARENA_ARRAY(t->arena, operand->term_count, struct term);
    if (!operand->target.value_type.n) operand->target.value_type = rule->value_type;
    for (size_t k = 0; k < rule->term_count; k++) {
      struct source *source = source_of(t, rule->terms[k].source);
      if (!source->goals) source->goals = ARENA_ARRAY(t->arena, source->goal_count, struct goal);
      source->goals[source->goals_filled++] = (struct goal){(uint32_t)(operand - t->operands), (uint32_t)operand->terms_filled};
      operand->terms[operand->terms_filled++] = (struct term){.source = rule->terms[k].source, .sign = rule->terms[k].sign};
      if (source->goal_count > most) most = source->goal_count;
    }
  }
  t->out = ARENA_ARRAY(t->arena, most, struct contribution);
}

static bool leads_to(const struct source *source, uint32_t operand) {
  for (size_t i = 0; i < source->goals_filled; i++)
    if (source->goals[i].operand == operand) return true;
  return false;
}

/* A source that nobody has decided is part of its cell all the same: without it the cell is not whole. Each once: what a blocked rule said, the one in its place may say again. */
static void count_open(struct translation *t) {
  struct map seen = {0};
  char key[KEY_MAX + 24];
  for (size_t i = 0; i < t->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &t->mapping->rules[i];
    struct operand *operand = counts(t, rule) || !is_open(reason_against(t, rule)) ? NULL : operand_of(t, rule->target);
    for (size_t k = 0; operand && k < rule->term_count; k++) {
      uint32_t number = (uint32_t)(operand - t->operands);
      const struct source *source = source_of(t, rule->terms[k].source);
      int n = snprintf(key, sizeof key, "%u %.*s", number, STR_ARG(source->key));
      if (!leads_to(source, number) && !map_put(&seen, arena_str(t->arena, (struct str){key, (size_t)n}), t)) operand->open_count++;
    }
  }
  map_free(&seen);
}

static bool is_member(const struct dhis2_data_set *set, const struct dhis2_data_element *element) {
  for (size_t i = 0; i < element->membership_count; i++)
    if (element->memberships[i]->data_set == set) return true;
  return false;
}

/* Of a combo that the metadata only name (a file without the default one) nothing can be said against a cell. */
static bool set_holds(const struct dhis2_data_set *set, const struct dhis2_data_element *element, struct str option_combo) {
  if (!is_member(set, element)) return false;
  const struct dhis2_category_combo *combo = dhis2_element_combo(element, set);
  if (!combo || !combo->o.given || !combo->option_combo_count) return true;
  for (size_t i = 0; i < combo->option_combo_count; i++)
    if (str_eq(combo->option_combos[i]->o.id, option_combo)) return true;
  return false;
}

/* The data sets that hold the cell, in the order in which the mapping names them. */
static void find_sets(const struct translation *t, struct operand *operand, const struct dhis2_data_element *element) {
  const struct dhis2_metadata *target = t->options.target;
  const struct mapping_side *side = &t->mapping->target;
  size_t count = side->data_set_count ? side->data_set_count : target->data_set_count;
  operand->sets = ARENA_ARRAY(t->arena, count + 1, const struct dhis2_data_set *);
  for (size_t i = 0; i < count; i++) {
    const struct dhis2_data_set *set = side->data_set_count ? dhis2_metadata_data_set(target, side->data_sets[i]) : target->data_sets[i];
    if (set && set_holds(set, element, operand->target.id.category_option_combo)) operand->sets[operand->set_count++] = set;
  }
}

static bool is_sound(const struct translation *t, struct str aggregation_type) {
  const struct mapping_periods *periods = &t->mapping->periods;
  for (size_t i = 0; i < periods->sound_count; i++)
    if (str_eq(periods->sound_for[i], aggregation_type)) return true;
  return false;
}

/* The first one is told. */
static void obstruct(struct obstacle *obstacle, const char *kind, struct str type, bool at_source) {
  if (!obstacle->kind) *obstacle = (struct obstacle){kind, type, at_source};
}

/* What the target's metadata say of a cell. Where a file has elements and no data sets, nothing can be said of belonging. */
static void describe_by_metadata(const struct translation *t, struct operand *operand) {
  struct target_operand *o = &operand->target;
  const struct dhis2_data_element *element = dhis2_metadata_element(t->options.target, o->id.data_element);
  o->known = false;
  if (!element) return;
  o->name = dhis2_object_name(&element->o, t->options.locale);
  find_sets(t, operand, element);
  o->known = operand->set_count || t->options.target->data_set_count == 0;
  if (operand->set_count) o->data_set = operand->sets[0]->o.id;
  if (element->value_type.n) o->value_type = element->value_type;
  o->zero_is_kept = element->zero_is_significant || str_starts(element->aggregation_type, STR("AVERAGE"));
  if (t->options.sum_anyway) return;
  if (!value_aggregation_is_summable(element->aggregation_type)) obstruct(&o->to_sum, "aggregation", element->aggregation_type, false);
  if (!is_sound(t, element->aggregation_type)) obstruct(&o->to_sum_in_time, "aggregation", element->aggregation_type, false);
}

/* Shares of unlike wholes may not be added up, nor averages, last values and the like, whatever holds the sum. What is counted of other values (yes or no) is not what their aggregation type is about. */
static void judge_source(const struct translation *t, struct target_operand *o, const struct dhis2_data_element *element) {
  struct str type = element->aggregation_type;
  if (t->options.sum_anyway) return;
  if (value_type_is_share(element->value_type)) obstruct(&o->to_sum, "value", element->value_type, true);
  if (!value_type_is_number(element->value_type)) return;
  if (!value_aggregation_is_summable(type)) obstruct(&o->to_sum, "aggregation", type, true);
  if (type.n && !is_sound(t, type)) obstruct(&o->to_sum_in_time, "aggregation", type, true);
}

/* What the types of its sources make of a cell. */
static void describe_terms(const struct translation *t, struct operand *operand) {
  const struct dhis2_metadata *source = t->options.source ? t->options.source : t->mapping->source.metadata;
  for (size_t i = 0; source && i < operand->term_count; i++) {
    struct term *term = &operand->terms[i];
    const struct dhis2_data_element *element = dhis2_metadata_element(source, term->source.data_element);
    if (!element || !element->value_type.n) continue;
    bool yes_no = str_eq(element->value_type, STR("BOOLEAN")) || str_eq(element->value_type, STR("TRUE_ONLY"));
    term->said = yes_no ? SAID_YES_NO : SAID_OTHERWISE;
    term->shift = value_type_shift(element->value_type, operand->target.value_type);
    judge_source(t, &operand->target, element);
  }
}

static void describe_operands(struct translation *t) {
  for (size_t i = 0; i < t->operand_count; i++) {
    struct target_operand *o = &t->operands[i].target;
    o->known = o->zero_is_kept = true;
    if (t->mapping->target.data_set_count == 1) o->data_set = t->mapping->target.data_sets[0];
    if (t->options.target) describe_by_metadata(t, &t->operands[i]);
    o->kind = value_kind_of(o->value_type);
    if (!value_type_is_summable(o->value_type)) obstruct(&o->to_sum, "value", o->value_type, false);
    t->operands[i].is_counted = o->kind == VALUE_ANY || o->kind == VALUE_NUMBER;
    t->operands[i].holds_sums = o->kind == VALUE_NUMBER && value_type_is_summable(o->value_type);
    describe_terms(t, &t->operands[i]);
  }
}

/* TRANSFER_FINE: the pair counts. */
static enum transfer_reason reason_of_pair(const struct translation *t, const struct mapping_pair *pair) {
  if (pair->decision > MAPPING_PROPOSED) return pair->decision == MAPPING_NONE ? TRANSFER_no_counterpart : TRANSFER_rejected;
  if (!t->options.accept[pair->decision]) return TRANSFER_undecided;
  return mapping_pair_is_approved(t->mapping, pair) ? TRANSFER_FINE : TRANSFER_not_approved;
}

/* The number of the target that the pair leads to, or -1. Where that may still be decided, it waits for it. */
static int32_t follow(struct translation *t, const struct mapping_pair *pair, uint8_t *ret_reason) {
  enum transfer_reason reason = reason_of_pair(t, pair);
  *ret_reason = (uint8_t)reason;
  return reason == TRANSFER_FINE || is_open(reason) ? (int32_t)intern(t, pair->target) : -1;
}

static void count_pair(struct sources *sources, bool taken) {
  *(taken ? &sources->taken : &sources->open) += 1;
}

static void read_pairs(struct translation *t) {
  const struct mapping *m = t->mapping;
  for (size_t i = 0; i < m->org_unit_count; i++) {
    uint32_t from = intern(t, m->org_units[i].source);
    uint8_t reason;
    int32_t to = follow(t, &m->org_units[i], &reason);
    t->ids.p[from].unit_reason = reason;
    if (to >= 0) count_pair(&t->ids.p[to].unit_sources, !reason);
    if (!reason) t->ids.p[from].to_unit = to;
  }
  for (size_t i = 0; i < m->attribute_option_combo_count; i++) {
    uint32_t from = intern(t, m->attribute_option_combos[i].source);
    uint8_t reason;
    int32_t to = follow(t, &m->attribute_option_combos[i], &reason);
    t->ids.p[from].attribute_reason = reason;
    if (to >= 0) count_pair(&t->ids.p[to].attribute_sources, !reason);
    if (!reason) t->ids.p[from].to_attribute = to;
  }
  t->default_attribute = intern(t, m->source.default_combo.n ? m->source.default_combo : MAPPING_DEFAULT_COMBO);
  if (m->attribute_option_combo_count) return;
  uint32_t to = intern(t, m->target.default_combo.n ? m->target.default_combo : MAPPING_DEFAULT_COMBO);
  t->ids.p[t->default_attribute].to_attribute = (int32_t)to;
}

static int check_periods(struct translation *t, struct error *error) {
  const struct mapping_periods *periods = &t->mapping->periods;
  if (periods->conversion == MAPPING_CANNOT)
    return error_set(error, ERROR_input, "the mapping says that the periods of the source cannot become those of the target%s%.*s",
                     periods->note.n ? ": " : "", STR_ARG(str_slice(periods->note, 0, 300)));
  if (periods->conversion != MAPPING_ROLL_UP) return 0;
  if (!t->options.target)
    return error_set(
        error, ERROR_input,
        "the mapping rolls periods up, and only the target's metadata tell which values may be added up over time: name them with --to");
  (void)dhis2_period_type_of(periods->source, &t->from_type); /* mapping_check has looked */
  (void)dhis2_period_type_of(periods->target, &t->to_type);
  t->rolls_up = true;
  return 0;
}

static void release(void *payload) {
  struct translation *t = payload;
  map_free(&t->by_source);
  map_free(&t->by_id);
  VEC_FREE(&t->ids);
}

struct translation *translation_new(struct arena *arena, const struct mapping *mapping, struct translation_options options,
                                    struct error *error) {
  struct translation *t = ARENA_NEW(arena, struct translation);
  *t = (struct translation){.arena = arena, .mapping = mapping, .options = options};
  arena_on_free(arena, release, t);
  if (check_periods(t, error)) return NULL;
  collect_operands(t);
  if (!t->operand_count) {
    (void)error_set(error, ERROR_input, "no rule of the mapping counts: accept some first, or say which decisions count with --accept");
    return NULL;
  }
  count_terms(t);
  fill_terms(t);
  count_open(t);
  describe_operands(t);
  read_pairs(t);
  return t;
}

/* --- one value --- */

static enum transfer_reason attribute_of(struct translation *t, struct str id, uint32_t *ret_from, uint32_t *ret_to) {
  *ret_from = id.n ? intern_again(t, id, &t->last_attribute) : t->default_attribute;
  int32_t to = t->ids.p[*ret_from].to_attribute;
  *ret_to = to < 0 ? *ret_from : (uint32_t)to;
  if (to >= 0 || !t->mapping->attribute_option_combo_count) return TRANSFER_FINE;
  enum transfer_reason listed = t->ids.p[*ret_from].attribute_reason;
  return listed ? listed : TRANSFER_attribute_option_combo;
}

static enum transfer_reason unit_of(struct translation *t, struct str id, uint32_t *ret_from, uint32_t *ret_to) {
  *ret_from = intern_again(t, id, &t->last_unit);
  int32_t to = t->ids.p[*ret_from].to_unit;
  *ret_to = to < 0 ? *ret_from : (uint32_t)to;
  if (t->ids.p[*ret_from].skipped) return TRANSFER_unknown_unit;
  if (to >= 0 || !t->mapping->org_unit_count) return TRANSFER_FINE;
  enum transfer_reason listed = t->ids.p[*ret_from].unit_reason;
  return listed ? listed : TRANSFER_org_unit;
}

/* How many periods of the source make up this one of the target; fills the first `most`. */
static size_t parts_of(const struct translation *t, const struct dhis2_period *whole, struct dhis2_period *ret, size_t most) {
  struct dhis2_period part;
  size_t n = 0;
  for (int32_t day = whole->first_day; day <= whole->last_day && dhis2_period_of_day(day, t->from_type, &part); day = part.last_day + 1) {
    if (n < most) ret[n] = part;
    n++;
  }
  return n;
}

/* In its one spelling: 2024-01 and 202401 are one period, and a cell that came in both would be two. */
static uint32_t spelled(struct translation *t, uint32_t number) {
  struct dhis2_period period;
  if (t->ids.p[number].spelled == -1) {
    bool known = dhis2_period_parse_any(t->ids.p[number].text, &period);
    uint32_t right = known ? intern(t, str_of(period.text)) : number;
    t->ids.p[number].spelled = (int32_t)right;
  }
  return (uint32_t)t->ids.p[number].spelled;
}

static enum transfer_reason period_of(struct translation *t, struct str id, uint32_t *ret_from, uint32_t *ret_to) {
  struct dhis2_period part, whole;
  *ret_from = *ret_to = spelled(t, intern_again(t, id, &t->last_period));
  if (!t->rolls_up) return TRANSFER_FINE;
  if (t->ids.p[*ret_from].to_period == -2) {
    int32_t to = -1;
    if (dhis2_period_parse(id, &part) && part.type == t->from_type && dhis2_period_of_day(part.first_day, t->to_type, &whole)) {
      to = (int32_t)intern(t, str_of(whole.text));
      t->ids.p[to].period_sources = (uint32_t)parts_of(t, &whole, NULL, 0);
    }
    t->ids.p[*ret_from].to_period = to;
  }
  if (t->ids.p[*ret_from].to_period < 0) return TRANSFER_period;
  *ret_to = (uint32_t)t->ids.p[*ret_from].to_period;
  return TRANSFER_FINE;
}

int translation_periods(const struct translation *t, struct arena *arena, struct str target_period, const struct str **ret,
                        size_t *ret_count, struct error *error) {
  enum { PARTS_MAX = 400 };
  struct dhis2_period whole, parts[PARTS_MAX];
  struct str *list = ARENA_ARRAY(arena, PARTS_MAX, struct str);
  *ret = list;
  *ret_count = 1;
  list[0] = target_period;
  if (!t->rolls_up) return 0;
  if (!dhis2_period_parse(target_period, &whole) || whole.type != t->to_type)
    return error_set(error, ERROR_usage,
                     "the mapping rolls %s periods up to %s ones: name periods of the target, and %.*s is none of that type",
                     dhis2_period_type_name(t->from_type), dhis2_period_type_name(t->to_type), STR_ARG(str_slice(target_period, 0, 40)));
  *ret_count = parts_of(t, &whole, parts, PARTS_MAX);
  for (size_t i = 0; i < *ret_count; i++) list[i] = arena_str(arena, str_of(parts[i].text));
  return 0;
}

static bool is_of(const struct source *source, struct mapping_operand id) {
  size_t n = id.data_element.n;
  return source->key.n == n + 1 + id.category_option_combo.n && str_eq(str_slice(source->key, 0, n), id.data_element) &&
         str_eq(str_from(source->key, n + 1), id.category_option_combo);
}

/* NULL: the mapping does not name it. */
static const struct source *known_source(struct translation *t, struct mapping_operand id) {
  char key[KEY_MAX];
  struct source *guess = t->last_source ? t->last_source->follower : NULL;
  struct source *source = guess && is_of(guess, id) ? guess : map_get(&t->by_source, key_of(key, id));
  if (source && t->last_source) t->last_source->follower = source;
  if (source) t->last_source = source;
  return source;
}

struct translated translation_of(struct translation *t, const struct dhis2_value *value) {
  struct mapping_operand operand = {value->data_element, value->category_option_combo};
  if (!operand.category_option_combo.n) operand.category_option_combo = t->ids.p[t->default_attribute].text;
  if (value->deleted) return (struct translated){.reason = TRANSFER_deleted};
  const struct source *source = known_source(t, operand);
  if (!source || !source->goal_count) return (struct translated){.reason = source ? source->reason : TRANSFER_no_rule};
  if (!value->value.n) return (struct translated){.reason = TRANSFER_no_value};
  struct contribution c = {0};
  enum transfer_reason unit = unit_of(t, value->org_unit, &c.source_unit, &c.org_unit),
                       reason = unit == TRANSFER_unknown_unit ? TRANSFER_FINE : unit;
  if (!reason) reason = attribute_of(t, value->attribute_option_combo, &c.source_attribute, &c.attribute);
  if (!reason) reason = period_of(t, value->period, &c.source_period, &c.period);
  if (reason) return (struct translated){.reason = reason};
  for (size_t i = 0; i < source->goal_count; i++) {
    c.operand = source->goals[i].operand;
    c.term = source->goals[i].term;
    t->out[i] = c;
  }
  return (struct translated){.reason = unit, .to = t->out, .count = source->goal_count};
}

static int cmp_numbers(uint32_t a, uint32_t b) {
  return (a > b) - (a < b);
}

int contribution_cmp(const struct contribution *a, const struct contribution *b) {
  int order = cmp_numbers(a->period, b->period);
  if (!order) order = cmp_numbers(a->org_unit, b->org_unit);
  if (!order) order = cmp_numbers(a->operand, b->operand);
  if (!order) order = cmp_numbers(a->attribute, b->attribute);
  if (!order) order = cmp_numbers(a->term, b->term);
  if (!order) order = cmp_numbers(a->source_unit, b->source_unit);
  if (!order) order = cmp_numbers(a->source_attribute, b->source_attribute);
  return order ? order : cmp_numbers(a->source_period, b->source_period);
}

bool contribution_same_cell(const struct contribution *a, const struct contribution *b) {
  return a->period == b->period && a->org_unit == b->org_unit && a->operand == b->operand && a->attribute == b->attribute;
}

size_t translation_operand_count(const struct translation *t) {
  return t->operand_count;
}

const struct target_operand *translation_operand(const struct translation *t, uint32_t operand) {
  return &t->operands[operand].target;
}

const struct obstacle *translation_obstacle(const struct translation *t, uint32_t operand) {
  const struct target_operand *o = &t->operands[operand].target;
  return t->rolls_up && o->to_sum_in_time.kind ? &o->to_sum_in_time : &o->to_sum;
}

static const struct term *term_of(const struct translation *t, const struct contribution *c) {
  return &t->operands[c->operand].terms[c->term];
}

int translation_sign(const struct translation *t, const struct contribution *c) {
  return term_of(t, c)->sign;
}

struct mapping_operand translation_source(const struct translation *t, const struct contribution *c) {
  return term_of(t, c)->source;
}

uint32_t translation_find_operand(const struct translation *t, struct mapping_operand id) {
  struct operand wanted = {.target.id = id};
  const struct operand *found = bsearch(&wanted, t->operands, t->operand_count, sizeof wanted, cmp_operands);
  return found ? (uint32_t)(found - t->operands) : UINT32_MAX;
}

uint32_t translation_find_next(const struct translation *t, struct mapping_operand id, uint32_t last) {
  uint32_t next = last < t->operand_count - 1 ? last + 1 : 0;
  const struct mapping_operand *guess = &t->operands[next].target.id;
  bool right = str_eq(guess->data_element, id.data_element) && str_eq(guess->category_option_combo, id.category_option_combo);
  return right ? next : translation_find_operand(t, id);
}

static struct str moved(struct str value, int places, char out[VALUE_OUT_SIZE]) {
  struct decimal number;
  char text[DECIMAL_OUT_SIZE];
  if (!decimal_parse_moved(value, places, &number)) return value;
  struct str shortest = decimal_text(&number, text);
  if (shortest.n > VALUE_OUT_SIZE) return value; /* longer than any value may be */
  memcpy(out, shortest.p, shortest.n);
  return (struct str){out, shortest.n};
}

/* A letter alone says yes or no where its element does; a word also where nothing is known of that. Of elements that hold something else only what servers write. */
static bool says_yes_or_no(const struct term *term, struct str value, bool *ret_yes) {
  bool as_written = str_eq(value, STR("true")) || str_eq(value, STR("false"));
  return (as_written || term->said == SAID_YES_NO || (term->said == SAID_ANYTHING && value.n > 1)) && value_yes_no(value, ret_yes);
}

struct str translation_counted(const struct translation *t, const struct contribution *c, struct str value, char out[VALUE_OUT_SIZE]) {
  const struct term *term = term_of(t, c);
  bool yes, like_a_number = value.n && ((value.p[0] >= '0' && value.p[0] <= '9') || value.p[0] == '-');
  if (term->shift) return moved(value, term->shift, out);
  if (like_a_number || !t->operands[c->operand].holds_sums || !says_yes_or_no(term, value, &yes)) return value;
  return yes ? STR("1") : STR("0");
}

bool translation_is_counted(const struct translation *t, uint32_t operand) {
  return t->operands[operand].is_counted;
}

/* The sources that a list of pairs gives for a target, up to `most`; without pairs the same id, and for attribute option combos the source's default for the target's. */
static size_t sources_of(const struct translation *t, const struct mapping_pair *pairs, size_t count, struct str target,
                         struct str default_source, struct str default_target, struct str *ret, size_t most) {
  size_t n = 0;
  for (size_t i = 0; i < count && n < most; i++)
    if (str_eq(pairs[i].target, target) && reason_of_pair(t, &pairs[i]) == TRANSFER_FINE) ret[n++] = pairs[i].source;
  if (!count) ret[n++] = default_target.n && str_eq(target, default_target) ? default_source : target;
  return n;
}

size_t translation_sources(const struct translation *t, uint32_t operand, struct str org_unit, struct str attribute,
                           const struct str *periods, size_t period_count, struct source_cell *ret, size_t most) {
  enum { LISTED = 16 };
  const struct mapping *m = t->mapping;
  struct str units[LISTED], attributes[LISTED];
  size_t unit_count = sources_of(t, m->org_units, m->org_unit_count, org_unit, STR_NONE, STR_NONE, units, LISTED), n = 0;
  size_t attribute_count = sources_of(t, m->attribute_option_combos, m->attribute_option_combo_count, attribute, m->source.default_combo,
                                      m->target.default_combo, attributes, LISTED);
  for (size_t i = 0; i < t->operands[operand].term_count; i++)
    for (size_t u = 0; u < unit_count; u++)
      for (size_t a = 0; a < attribute_count; a++)
        for (size_t p = 0; p < period_count && n < most; p++)
          ret[n++] = (struct source_cell){t->operands[operand].terms[i].source, units[u], attributes[a], periods[p]};
  return n;
}

void translation_skip_unit(struct translation *t, struct str source_unit) {
  uint32_t number = intern(t, source_unit); /* which may move them */
  t->ids.p[number].skipped = true;
}

struct str translation_unit(const struct translation *t, struct str source_unit) {
  uintptr_t known = (uintptr_t)map_get(&t->by_id, source_unit);
  if (known && t->ids.p[known - 1].skipped) return STR_NONE;
  if (!t->mapping->org_unit_count) return source_unit;
  int32_t to = known ? t->ids.p[known - 1].to_unit : -1;
  return to < 0 ? STR_NONE : t->ids.p[to].text;
}

void translation_units_closed(const struct translation *t, struct arena *arena, const struct str *units, size_t count, struct str **ret,
                              size_t *ret_count) {
  const struct mapping *m = t->mapping;
  struct map seen = {0}, targets = {0};
  struct str *list = ARENA_ARRAY(arena, count + m->org_unit_count + 1, struct str);
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    struct str target = translation_unit(t, units[i]);
    if (map_put(&seen, units[i], &seen)) continue;
    list[n++] = units[i];
    if (target.n) (void)map_put(&targets, target, &targets);
  }
  for (size_t i = 0; i < m->org_unit_count; i++) {
    if (reason_of_pair(t, &m->org_units[i]) != TRANSFER_FINE || !map_get(&targets, m->org_units[i].target) ||
        map_put(&seen, m->org_units[i].source, &seen))
      continue;
    list[n++] = m->org_units[i].source;
  }
  map_free(&seen);
  map_free(&targets);
  *ret = list;
  *ret_count = n;
}

/* --- one cell --- */

/* How many sources the cell can have, and how many it would have if all was decided. */
static void foresee(struct cell *cell, const struct translation *t) {
  const struct operand *operand = &t->operands[cell->key.operand];
  const struct id *unit = &t->ids.p[cell->key.org_unit], *attribute = &t->ids.p[cell->key.attribute];
  uint64_t periods = t->ids.p[cell->key.period].period_sources;
  struct sources none = {.taken = 1}, units = unit->unit_sources.taken ? unit->unit_sources : none,
                 attributes = attribute->attribute_sources.taken ? attribute->attribute_sources : none;
  if (!periods) periods = 1;
  cell->possible = operand->term_count * units.taken * attributes.taken * periods;
  cell->expected =
      (operand->term_count + operand->open_count) * (units.taken + units.open) * (attributes.taken + attributes.open) * periods;
}

void cell_begin(struct cell *cell, const struct translation *t, const struct contribution *first) {
  cell->key = *first;
  cell->reason = TRANSFER_FINE;
  cell->value = STR_NONE;
  cell->is_number = cell->partial = false;
  cell->count = 0;
  foresee(cell, t);
  decimal_clear(&cell->sum);
  decimal_clear(&cell->repeated);
  buf_clear(&cell->first_text);
  cell->refused[0] = '\0';
}

static void refuse(struct cell *cell, enum transfer_reason reason) {
  if (cell->reason == TRANSFER_FINE) cell->reason = reason;
}

static void show(char to[CELL_SHOWN_VALUE + 1], struct str value) {
  size_t n = utf8_boundary(value, value.n < CELL_SHOWN_VALUE ? value.n : CELL_SHOWN_VALUE);
  memcpy(to, value.p, n);
  to[n] = '\0';
}

static void refuse_value(struct cell *cell, enum transfer_reason reason, struct str value) {
  if (cell->reason == TRANSFER_FINE) show(cell->refused, value);
  refuse(cell, reason);
}

static void show_source(struct cell *cell, const struct contribution *c, struct str value) {
  if (cell->count >= CELL_SOURCES_KEPT) return;
  struct cell_source *source = &cell->sources[cell->count];
  source->from = *c;
  show(source->value, value);
}

/* Where the mapping lists no attribute option combos, the source's default becomes the target's; and where it has another id there, so does that id at the source. Both may hold values, and no rule says which counts. */
static bool is_second_default(const struct translation *t, const struct contribution *first, const struct contribution *c) {
  return !t->mapping->attribute_option_combo_count && c->term == first->term && c->source_unit == first->source_unit &&
         c->source_attribute != first->source_attribute;
}

void cell_add(struct cell *cell, const struct translation *t, const struct contribution *c, struct str said) {
  struct decimal number;
  char out[VALUE_OUT_SIZE];
  struct str value = translation_counted(t, c, said, out);
  if (cell->count && contribution_cmp(&cell->last, c) == 0) {
    if (!value_same(t->operands[c->operand].target.kind, buf_str(&cell->last_text), value)) refuse(cell, TRANSFER_contradiction);
    if (decimal_parse(value, &number)) (void)decimal_add(&cell->repeated, &number, translation_sign(t, c));
    return;
  }
  if (cell->count && is_second_default(t, &cell->last, c)) refuse(cell, TRANSFER_contradiction);
  if (cell->count == 0) (void)buf_add(&cell->first_text, value);
  buf_clear(&cell->last_text);
  if (!buf_add(&cell->last_text, value)) refuse(cell, TRANSFER_value_type);
  show_source(cell, c, said);
  cell->last = *c;
  cell->count++;
  if (decimal_parse(value, &number)) {
    if (!decimal_add(&cell->sum, &number, translation_sign(t, c))) refuse(cell, TRANSFER_value_type);
  } else if (cell->possible > 1 || translation_sign(t, c) < 0) {
    refuse_value(cell, TRANSFER_not_a_number, said);
  }
}

static struct str type_of_period(const struct translation *t, uint32_t period) {
  struct id *id = &t->ids.p[period];
  struct dhis2_period parsed;
  if (id->period_type == -2) id->period_type = dhis2_period_parse_any(id->text, &parsed) ? (int8_t)parsed.type : -1;
  return id->period_type < 0 ? STR_NONE : str_of(dhis2_period_type_name((enum dhis2_period_type)id->period_type));
}

size_t translation_data_sets(const struct translation *t, const struct contribution *cell, struct str *ret, size_t most) {
  const struct operand *operand = &t->operands[cell->operand];
  size_t n = 0;
  if (!operand->set_count && most) ret[n++] = operand->target.data_set;
  for (size_t i = 0; i < operand->set_count && n < most; i++) {
    struct str wanted = operand->sets[i]->period_type;
    if (!wanted.n || str_eq(wanted, type_of_period(t, cell->period))) ret[n++] = operand->sets[i]->o.id;
  }
  return n;
}

static void judge_missing(struct cell *cell, enum mapping_missing missing) {
  cell->partial = cell->count < cell->expected;
  if (!cell->partial) return;
  if (missing == MAPPING_REQUIRE_ALL) refuse(cell, TRANSFER_missing_source);
  if (missing == MAPPING_SKIP) refuse(cell, TRANSFER_skipped);
}

static struct str keep_sum(struct cell *cell) {
  char text[DECIMAL_OUT_SIZE];
  struct str sum = decimal_text(&cell->sum, text);
  if (sum.n > VALUE_NUMBER_MAX) {
    refuse_value(cell, TRANSFER_value_type, sum);
    return STR_NONE;
  }
  memcpy(cell->out, sum.p, sum.n);
  return (struct str){cell->out, sum.n};
}

void cell_end(struct cell *cell, const struct translation *t, enum mapping_missing missing) {
  const struct target_operand *o = &t->operands[cell->key.operand].target;
  bool copied = cell->possible == 1 && translation_sign(t, &cell->key) > 0;
  if (!o->known) refuse(cell, TRANSFER_not_in_data_set);
  cell->data_set = o->data_set;
  if (!translation_data_sets(t, &cell->key, &cell->data_set, 1)) refuse(cell, TRANSFER_period_type);
  if (cell->possible > 1 && translation_obstacle(t, cell->key.operand)->kind) refuse(cell, TRANSFER_not_summable);
  judge_missing(cell, missing);
  cell->value = copied ? buf_str(&cell->first_text) : keep_sum(cell);
  struct str wanted = cell->value;
  if ((copied || o->value_type.n) && !value_for_type(&t->options.rules, o->value_type, wanted, cell->out, &cell->value))
    refuse_value(cell, TRANSFER_value_type, wanted);
  struct decimal number;
  cell->is_number = !copied || o->kind == VALUE_NUMBER || (o->kind == VALUE_ANY && decimal_parse(cell->value, &number));
  if (cell->reason != TRANSFER_FINE) cell->value = STR_NONE;
}

void cell_free(struct cell *cell) {
  buf_free(&cell->first_text);
  buf_free(&cell->last_text);
}
