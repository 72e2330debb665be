#include "drift/drift.h"

#include "drift/find.h"
#include <stdarg.h>
#include <stdlib.h>

const char *drift_side_name(enum drift_side side) {
  return side == DRIFT_SOURCE ? "source" : "target";
}

const char *drift_effect_name(enum drift_effect effect) {
  static const char *const names[] = {"blocks", "check", "information"};
  return names[effect];
}

const char *drift_kind_name(enum drift_kind kind) {
  static const char *const names[] = {
#define X(name) #name,
      DRIFT_KINDS(X)
#undef X
  };
  return names[kind];
}

const char *drift_object_name(enum drift_object object) {
  static const char *const names[] = {"data_set", "data_element", "category_combo", "option", "option_combo", "cell", "org_unit"};
  return names[object];
}

size_t drift_effect_count(const struct drift *drift, enum drift_effect effect) {
  size_t n = 0;
  for (size_t i = 0; i < drift->count; i++) n += drift->changes[i].effect == effect;
  return n;
}

/* --- what the parts share --- */

static int by_number(const void *left, const void *right) {
  size_t a = *(const size_t *)left, b = *(const size_t *)right;
  return (a > b) - (a < b);
}

static void take_rules(struct arena *arena, struct drift_change *change, const struct rule_list *rules) {
  size_t n = 0;
  if (!rules || !rules->n) return;
  size_t *list = ARENA_ARRAY(arena, rules->n, size_t);
  memcpy(list, rules->p, rules->n * sizeof *list);
  qsort(list, rules->n, sizeof *list, by_number);
  for (size_t i = 0; i < rules->n; i++)
    if (!n || list[n - 1] != list[i]) list[n++] = list[i];
  change->rules = list;
  change->rule_count = n;
}

void finding_add(struct finding *f, const struct look *look, struct drift_change change, const struct rule_list *rules, const char *format,
                 ...) {
  va_list args;
  va_start(args, format);
  change.sentence = arena_vprintf(f->arena, format, args);
  va_end(args);
  change.side = look->side;
  take_rules(f->arena, &change, rules);
  VEC_PUSH(&f->changes, change);
}

struct str finding_quote(const struct finding *f, struct str name, struct str id) {
  return name.n ? arena_printf(f->arena, "'%.*s' (%.*s)", STR_ARG(name), STR_ARG(id)) : id;
}

static bool same_age(const struct age *a, const struct age *b) {
  return a->state == b->state && (a->state != AGE_INTERVAL || age_compare(*a, *b) == AGE_EQUAL);
}

struct lexicon *finding_lexicon(struct finding *f) {
  if (!f->lexicon) f->lexicon = lexicon_new(f->arena);
  return f->lexicon;
}

/* Names that differ in spelling, order or language alone have the same terms. */
bool finding_same_meaning(struct finding *f, struct str before, struct str after, bool option) {
  enum reading_kind kind = option ? READING_OPTION : READING_NAME;
  struct reading a = reading_of(f->arena, finding_lexicon(f), before, kind), b = reading_of(f->arena, finding_lexicon(f), after, kind);
  if (!same_age(&a.facets.age, &b.facets.age) || memcmp(a.facets.value, b.facets.value, sizeof a.facets.value) != 0) return false;
  if (a.term_count != b.term_count) return false;
  for (size_t i = 0; i < a.term_count; i++)
    if (a.terms[i].term != b.terms[i].term) return false;
  return true;
}

const struct rule_list *look_rules(const struct map *map, struct str id) {
  static const struct rule_list none;
  const struct rule_list *rules = map_get(map, id);
  return rules ? rules : &none;
}

const char *look_name(const struct look *look) {
  return look->side == DRIFT_SOURCE ? "the source" : "the target";
}

size_t rule_operand_count(const struct mapping_rule *rule, enum drift_side side) {
  return side == DRIFT_SOURCE ? rule->term_count : rule->target.data_element.n > 0;
}

struct mapping_operand rule_operand(const struct mapping_rule *rule, enum drift_side side, size_t at) {
  return side == DRIFT_SOURCE ? rule->terms[at].source : rule->target;
}

bool side_holds(const struct dhis2_metadata *metadata, struct mapping_operand operand) {
  const struct dhis2_data_element *element = dhis2_metadata_element(metadata, operand.data_element);
  const struct dhis2_option_combo *coc = dhis2_metadata_option_combo(metadata, operand.category_option_combo);
  if (!element) return false;
  if (coc && dhis2_element_holds(element, coc)) return true;
  bool told = false;
  for (size_t i = 0; i < element->combo_count; i++) {
    const struct dhis2_category_combo *combo = element->combos[i];
    told = told || combo->option_combo_count;
    for (size_t k = 0; coc && k < combo->option_combo_count; k++) /* a list (CSV) may have it in several combos */
      if (str_eq(combo->option_combos[k]->o.id, operand.category_option_combo)) return true;
  }
  return !told;
}

bool coc_has_option(const struct dhis2_option_combo *coc, struct str option) {
  for (size_t i = 0; i < coc->option_count; i++)
    if (str_eq(coc->options[i]->o.id, option)) return true;
  return false;
}

bool coc_same_options(const struct dhis2_option_combo *a, const struct dhis2_option_combo *b) {
  if (!a->option_count || a->option_count != b->option_count) return false;
  for (size_t i = 0; i < a->option_count; i++)
    if (!coc_has_option(b, a->options[i]->o.id)) return false;
  return true;
}

struct str coc_option_names(struct arena *arena, const struct dhis2_option_combo *coc) {
  struct str all = STR("");
  for (size_t i = 0; i < coc->option_count; i++)
    all = arena_printf(arena, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "",
                       STR_ARG(coc->options[i]->o.name.n ? coc->options[i]->o.name : coc->options[i]->o.id));
  return all;
}

const struct dhis2_option_combo *combo_coc(const struct dhis2_category_combo *combo, struct str id) {
  for (size_t i = 0; i < combo->option_combo_count; i++)
    if (str_eq(combo->option_combos[i]->o.id, id)) return combo->option_combos[i];
  return NULL;
}

int by_object_id(const void *left, const void *right) {
  const struct dhis2_object *a = *(const struct dhis2_object *const *)left, *b = *(const struct dhis2_object *const *)right;
  return str_cmp(a->id, b->id);
}

/* --- preparing --- */

static void note_rule(struct finding *f, struct map *map, struct str id, size_t rule) {
  struct rule_list *list = map_get(map, id);
  if (!list) {
    list = ARENA_NEW(f->arena, struct rule_list);
    (void)map_put(map, id, list);
  }
  if (!list->n || list->p[list->n - 1] != rule) VEC_PUSH(list, rule);
}

static void note_rules(struct finding *f) {
  for (size_t i = 0; i < f->mapping->rule_count; i++) {
    const struct mapping_rule *rule = &f->mapping->rules[i];
    if (!mapping_rule_counts(rule)) continue;
    VEC_PUSH(&f->counting, i);
    for (enum drift_side side = DRIFT_SOURCE; side <= DRIFT_TARGET; side++)
      for (size_t k = 0; k < rule_operand_count(rule, side); k++) {
        struct mapping_operand operand = rule_operand(rule, side, k);
        note_rule(f, &f->sides[side].elements, operand.data_element, i);
        note_rule(f, &f->sides[side].option_combos, operand.category_option_combo, i);
      }
  }
}

/* Was the mapping made of more than its data sets: of a file with elements that no data set has? */
static bool made_of_all(const struct look *look) {
  for (size_t i = 0; look->before && i < look->before->element_count; i++)
    if (!look->before->elements[i]->membership_count) return true;
  return !look->made->data_set_count;
}

static void cut_to_mapping(struct finding *f, struct look *look) {
  struct str *ids = ARENA_ARRAY(f->arena, look->made->data_set_count, struct str);
  struct error ignored = {0};
  size_t n = 0;
  for (size_t i = 0; i < look->made->data_set_count; i++)
    if (dhis2_metadata_data_set(look->all, look->made->data_sets[i])) ids[n++] = look->made->data_sets[i];
  look->now = look->all;
  look->lost = (look->made->data_set_count && !n) || !look->all->element_count;
  if (!n || made_of_all(look)) return;
  const struct dhis2_metadata *cut = dhis2_metadata_only(f->arena, look->all, ids, n, &ignored);
  if (cut) look->now = cut;
}

static void note_hidden(struct look *look) {
  for (size_t i = 0; i < look->now->data_set_count; i++)
    for (size_t k = 0; k < look->now->data_sets[i]->member_count; k++) {
      const struct dhis2_object *o = &look->now->data_sets[i]->members[k]->element->o;
      if (!o->given) (void)map_put(&look->hidden, o->id, look);
    }
}

static void prepare(struct finding *f, enum drift_side side, const struct mapping_side *made, const struct dhis2_metadata *today) {
  struct look *look = &f->sides[side];
  look->side = side;
  look->made = made;
  look->before = made->metadata;
  look->all = today;
  if (!today) return;
  cut_to_mapping(f, look);
  note_hidden(look);
  if (!look->before)
    VEC_PUSH(&f->warnings, arena_printf(f->arena,
                                        "the mapping does not remember what %s held when it was made: what was renamed, what is new and "
                                        "what is divided otherwise cannot be told",
                                        look_name(look)));
}

/* --- what no other part explains --- */

void find_unheld(struct finding *f, const struct look *look) {
  bool *explained = ARENA_ARRAY(f->arena, f->mapping->rule_count + 1, bool);
  for (size_t i = 0; i < f->changes.n; i++)
    for (size_t k = 0; f->changes.p[i].side == look->side && f->changes.p[i].effect == DRIFT_BLOCKS && k < f->changes.p[i].rule_count; k++)
      explained[f->changes.p[i].rules[k]] = true;
  struct map cells = {0};
  for (size_t i = 0; i < f->counting.n; i++) {
    const struct mapping_rule *rule = &f->mapping->rules[f->counting.p[i]];
    for (size_t k = 0; !explained[f->counting.p[i]] && k < rule_operand_count(rule, look->side); k++) {
      struct mapping_operand operand = rule_operand(rule, look->side, k);
      if (side_holds(look->now, operand) || map_get(&look->hidden, operand.data_element)) continue;
      note_rule(f, &cells, arena_printf(f->arena, "%.*s %.*s", STR_ARG(operand.data_element), STR_ARG(operand.category_option_combo)),
                f->counting.p[i]);
    }
  }
  for (struct map_entry *e = map_first(&cells); e; e = map_next(&cells, e)) {
    struct str coc = e->key, element = str_take(&coc, ' ');
    const struct dhis2_data_element *is = dhis2_metadata_element(look->now, element);
    struct drift_change change = {.kind = DRIFT_vanished,
                                  .effect = DRIFT_BLOCKS,
                                  .object = DRIFT_CELL,
                                  .id = element,
                                  .name = is ? is->o.name : STR(""),
                                  .option_combo = coc,
                                  .before = coc};
    finding_add(f, look, change, e->value, "the data element %.*s of %s does not have the option combo %.*s that the mapping names",
                STR_ARG(finding_quote(f, change.name, element)), look_name(look), STR_ARG(coc));
    VEC_FREE((struct rule_list *)e->value);
  }
  map_free(&cells);
}

/* --- all of it --- */

static void find_side(struct finding *f, const struct look *look) {
  if (!look->all) return;
  find_data_sets(f, look);
  if (look->lost) return;
  find_default(f, look);
  find_elements(f, look);
  find_option_combos(f, look);
  find_unheld(f, look);
  find_attributes(f, look);
  find_org_units(f, look);
}

static int by_rank(const void *left, const void *right) {
  const struct drift_change *a = left, *b = right;
  if (a->effect != b->effect) return a->effect < b->effect ? -1 : 1;
  if (a->side != b->side) return a->side < b->side ? -1 : 1;
  if (a->object != b->object) return a->object < b->object ? -1 : 1;
  int order = str_cmp(a->id, b->id);
  if (!order) order = str_cmp(a->option_combo, b->option_combo);
  if (!order) order = (a->kind > b->kind) - (a->kind < b->kind);
  return order ? order : str_cmp(a->sentence, b->sentence);
}

static void free_lists(struct map *map) {
  for (struct map_entry *e = map_first(map); e; e = map_next(map, e)) VEC_FREE((struct rule_list *)e->value);
  map_free(map);
}

static const struct drift *settle(struct finding *f) {
  struct drift *drift = ARENA_NEW(f->arena, struct drift);
  struct drift_change *changes = ARENA_ARRAY(f->arena, f->changes.n, struct drift_change);
  struct str *warnings = ARENA_ARRAY(f->arena, f->warnings.n, struct str);
  if (f->changes.n) {
    memcpy(changes, f->changes.p, f->changes.n * sizeof *changes);
    qsort(changes, f->changes.n, sizeof *changes, by_rank);
  }
  if (f->warnings.n) memcpy(warnings, f->warnings.p, f->warnings.n * sizeof *warnings);
  *drift = (struct drift){changes, f->changes.n, warnings, f->warnings.n};
  return drift;
}

const struct drift *drift_find(struct arena *arena, const struct mapping *mapping, struct drift_sides now) {
  struct finding f = {.arena = arena, .mapping = mapping};
  note_rules(&f);
  prepare(&f, DRIFT_SOURCE, &mapping->source, now.source);
  prepare(&f, DRIFT_TARGET, &mapping->target, now.target);
  for (size_t i = 0; i < 2; i++) find_side(&f, &f.sides[i]);
  find_tilings(&f);
  const struct drift *drift = settle(&f);
  for (size_t i = 0; i < 2; i++) {
    free_lists(&f.sides[i].elements);
    free_lists(&f.sides[i].option_combos);
    map_free(&f.sides[i].hidden);
  }
  VEC_FREE(&f.counting);
  VEC_FREE(&f.changes);
  VEC_FREE(&f.warnings);
  lexicon_free(f.lexicon);
  return drift;
}

/* --- what callers do with it --- */

static bool counts_for(const struct mapping *mapping, const struct drift_change *change, const bool accept[3]) {
  if (change->effect != DRIFT_BLOCKS && !(mapping->waits && change->effect == DRIFT_CHECK)) return false;
  for (size_t i = 0; i < change->rule_count; i++)
    if (accept[mapping->rules[change->rules[i]].decision]) return true;
  return !change->rule_count;
}

int drift_judge(const struct mapping *mapping, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                const bool accept[3], struct error *error) {
  struct arena *arena = arena_new();
  const struct drift *drift = drift_find(arena, mapping, (struct drift_sides){source, target});
  const struct drift_change *first = NULL;
  size_t n = 0;
  for (size_t i = 0; i < drift->count; i++)
    if (counts_for(mapping, &drift->changes[i], accept) && n++ == 0) first = &drift->changes[i];
  if (first && first->effect == DRIFT_CHECK)
    (void)error_set(error, ERROR_conflict, "%zu change%s since the mapping was made wait%s for somebody to look, first: %.*s", n,
                    n == 1 ? "" : "s", n == 1 ? "s" : "", STR_ARG(str_slice(first->sentence, 0, 240)));
  else if (first)
    (void)error_set(error, ERROR_conflict,
                    "%zu change%s since the mapping was made would make what is sent wrong, first: %.*s. See all with drawbridge mapping "
                    "drift, and go on with the mapping that it writes (--output)",
                    n, n == 1 ? "" : "s", STR_ARG(str_slice(first->sentence, 0, 240)));
  if (first) (void)error_because(error, first->effect == DRIFT_CHECK ? "drift_waits" : "drift");
  arena_free(arena);
  return first ? -1 : 0;
}
