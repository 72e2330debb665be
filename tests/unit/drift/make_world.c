#include "make_world.h"
#include "../metadata_of.h"

#include "base/buf.h"
#include "base/vec.h"

enum { JSON_MAX = 1 << 20 };

/* --- making and changing --- */

static void name_object(struct world *w, struct world_object *o, const char *what, size_t number, const char *name) {
  (void)snprintf(o->id, sizeof o->id, "%c%s%08zu", w->letter, what, number);
  o->name = name;
  o->code = "";
}

size_t world_add_option(struct world *w, const char *name) {
  name_object(w, &w->options[w->option_count], "OP", w->option_count, name);
  w->in_category[w->option_count] = true;
  return w->option_count++;
}

size_t world_add_coc(struct world *w, int combo, int option, int other, const char *name) {
  struct world_coc *coc = &w->cocs[w->coc_count];
  name_object(w, &coc->o, "CC", w->coc_count, name);
  coc->combo = combo;
  coc->options[0] = option;
  coc->options[1] = other;
  return w->coc_count++;
}

size_t world_add_element(struct world *w, const char *name, int combo) {
  struct world_element *element = &w->elements[w->element_count];
  name_object(w, &element->o, "DE", w->element_count, name);
  element->value_type = "INTEGER";
  element->aggregation = "SUM";
  element->combo = combo;
  element->override = -1;
  return w->element_count++;
}

/* Options 0 to 2 are ages, 3 and 4 sexes, 5 the default, 6 and 7 spare ages; COCs: 0 default, 1 to 3 ages, 4 and 5 sexes, 6 to 9 both, 10 and 11 broad ages. */
struct world world_new(char letter) {
  struct world w = {.letter = letter, .period_type = "Monthly", .attributes = COMBO_DEFAULT};
  static const char *const combos[] = {"default", "Age", "Sex", "Age and sex", "Broad age"};
  static const char *const options[] = {"0-4 years", "5-14 years", "15+ years", "Female", "Male", "default"};
  static const char *const elements[] = {"Malaria cases", "Fever cases", "Births", "Tests done", "Nets given", "Staff trained"};
  static const int divided[] = {COMBO_AGE, COMBO_AGE, COMBO_SEX, COMBO_BOTH, COMBO_DEFAULT, COMBO_DEFAULT};
  name_object(&w, &w.set, "DS", 0, "Monthly report");
  w.set.code = "MR";
  for (size_t i = 0; i < WORLD_COMBOS; i++) name_object(&w, &w.combos[i], "CB", i, combos[i]);
  for (size_t i = 0; i < 6; i++) (void)world_add_option(&w, options[i]);
  (void)world_add_coc(&w, COMBO_DEFAULT, 5, -1, "default");
  for (int i = 0; i < 3; i++) (void)world_add_coc(&w, COMBO_AGE, i, -1, options[i]);
  for (int i = 3; i < 5; i++) (void)world_add_coc(&w, COMBO_SEX, i, -1, options[i]);
  static const char *const both[] = {"0-4 years, Female", "0-4 years, Male", "5-14 years, Female", "5-14 years, Male"};
  for (int i = 0; i < 4; i++) (void)world_add_coc(&w, COMBO_BOTH, i / 2, 3 + i % 2, both[i]);
  for (size_t i = 0; i < 6; i++) (void)world_add_element(&w, elements[i], divided[i]);
  return w;
}

/* --- as an export --- */

static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* A list of objects; shuffled where wanted. */
struct list {
  struct str p[32];
  size_t n;
};

static void add(struct list *list, struct str text) {
  list->p[list->n++] = text;
}

static struct str joined(struct arena *arena, struct list *list, uint32_t *seed) {
  struct str all = STR("");
  for (size_t i = list->n; *seed && i > 1; i--) {
    size_t other = next(seed) % i;
    struct str text = list->p[i - 1];
    list->p[i - 1] = list->p[other];
    list->p[other] = text;
  }
  for (size_t i = 0; i < list->n; i++) all = arena_printf(arena, "%.*s%s%.*s", STR_ARG(all), i ? "," : "", STR_ARG(list->p[i]));
  return all;
}

static struct str head(struct arena *arena, const struct world_object *o) {
  struct str code = *o->code ? arena_printf(arena, ",\"code\":\"%s\"", o->code) : STR("");
  return arena_printf(arena, "{\"id\":\"%s\",\"name\":\"%s\"%.*s", o->id, o->name, STR_ARG(code));
}

static struct str elements_of(struct arena *arena, const struct world *w, uint32_t *seed, bool members) {
  struct list list = {0};
  for (size_t i = 0; i < w->element_count; i++) {
    const struct world_element *e = &w->elements[i];
    if (e->o.gone || (members ? e->outside : e->hidden)) continue;
    struct str override = e->override >= 0 ? arena_printf(arena, ",\"categoryCombo\":{\"id\":\"%s\"}", w->combos[e->override].id) : STR("");
    if (members)
      add(&list, arena_printf(arena, "{\"dataElement\":{\"id\":\"%s\"}%.*s}", e->o.id, STR_ARG(override)));
    else
      add(&list, arena_printf(arena, "%.*s,\"valueType\":\"%s\",\"aggregationType\":\"%s\",\"categoryCombo\":{\"id\":\"%s\"}}",
                              STR_ARG(head(arena, &e->o)), e->value_type, e->aggregation, w->combos[e->combo].id));
  }
  return joined(arena, &list, seed);
}

/* The category of ages and the one of sexes. */
static struct str categories_of(struct arena *arena, const struct world *w, uint32_t *seed) {
  struct list ages = {0}, sexes = {0}, all = {0};
  for (size_t i = 0; i < w->option_count; i++) {
    if (w->options[i].gone || !w->in_category[i] || i == 5) continue;
    add(i == 3 || i == 4 ? &sexes : &ages, arena_printf(arena, "{\"id\":\"%s\"}", w->options[i].id));
  }
  add(&all, arena_printf(arena, "{\"id\":\"%cCT00000000\",\"name\":\"Age\",\"categoryOptions\":[%.*s]}", w->letter,
                         STR_ARG(joined(arena, &ages, seed))));
  add(&all, arena_printf(arena, "{\"id\":\"%cCT00000001\",\"name\":\"Sex\",\"categoryOptions\":[%.*s]}", w->letter,
                         STR_ARG(joined(arena, &sexes, seed))));
  return joined(arena, &all, seed);
}

static struct str combos_of_world(struct arena *arena, const struct world *w, uint32_t *seed) {
  struct list list = {0};
  for (size_t i = 0; i < WORLD_COMBOS; i++) {
    bool age = i == COMBO_AGE || i == COMBO_BOTH || i == COMBO_BROAD, sex = i == COMBO_SEX || i == COMBO_BOTH;
    struct str first = age ? arena_printf(arena, "{\"id\":\"%cCT00000000\"}", w->letter) : STR("");
    struct str second = sex ? arena_printf(arena, "%s{\"id\":\"%cCT00000001\"}", age ? "," : "", w->letter) : STR("");
    if (!w->combos[i].gone)
      add(&list,
          arena_printf(arena, "%.*s,\"categories\":[%.*s%.*s]}", STR_ARG(head(arena, &w->combos[i])), STR_ARG(first), STR_ARG(second)));
  }
  return joined(arena, &list, seed);
}

static struct str cocs_of(struct arena *arena, const struct world *w, uint32_t *seed) {
  struct list list = {0};
  for (size_t i = 0; i < w->coc_count; i++) {
    const struct world_coc *coc = &w->cocs[i];
    struct list options = {0};
    for (size_t k = 0; k < 2; k++)
      if (coc->options[k] >= 0) add(&options, arena_printf(arena, "{\"id\":\"%s\"}", w->options[coc->options[k]].id));
    if (!coc->o.gone)
      add(&list, arena_printf(arena, "%.*s,\"categoryCombo\":{\"id\":\"%s\"},\"categoryOptions\":[%.*s]}", STR_ARG(head(arena, &coc->o)),
                              w->combos[coc->combo].id, STR_ARG(joined(arena, &options, seed))));
  }
  return joined(arena, &list, seed);
}

static struct str options_of(struct arena *arena, const struct world *w, uint32_t *seed) {
  struct list list = {0};
  for (size_t i = 0; i < w->option_count; i++)
    if (!w->options[i].gone) add(&list, arena_printf(arena, "%.*s}", STR_ARG(head(arena, &w->options[i]))));
  return joined(arena, &list, seed);
}

const struct dhis2_metadata *world_side(struct arena *arena, const struct world *w, uint32_t seed) {
  struct str set = w->set.gone
                       ? STR("")
                       : arena_printf(arena, "%.*s,\"periodType\":\"%s\",\"categoryCombo\":{\"id\":\"%s\"},\"dataSetElements\":[%.*s]}",
                                      STR_ARG(head(arena, &w->set)), w->period_type, w->combos[w->attributes].id,
                                      STR_ARG(elements_of(arena, w, &seed, true)));
  struct str elements = elements_of(arena, w, &seed, false), categories = categories_of(arena, w, &seed),
             combos = combos_of_world(arena, w, &seed), cocs = cocs_of(arena, w, &seed), options = options_of(arena, w, &seed);
  struct str json = arena_printf(
      arena,
      "{\"dataSets\":[%.*s],\"dataElements\":[%.*s],\"categories\":[%.*s],\"categoryCombos\":[%.*s],\"categoryOptionCombos\":[%.*s],"
      "\"categoryOptions\":[%.*s]}",
      STR_ARG(set), STR_ARG(elements), STR_ARG(categories), STR_ARG(combos), STR_ARG(cocs), STR_ARG(options));
  return metadata_of(arena, json);
}

/* --- the mapping --- */

static struct mapping_operand cell(const struct world *w, size_t element, size_t coc) {
  return (struct mapping_operand){str_of(w->elements[element].o.id), str_of(w->cocs[coc].o.id)};
}

static struct mapping_rule rule(struct arena *arena, const struct world *source, const struct world *target, size_t to, size_t to_coc,
                                size_t from, const size_t *cocs, size_t n) {
  struct mapping_term *terms = ARENA_ARRAY(arena, n, struct mapping_term);
  for (size_t i = 0; i < n; i++) terms[i] = (struct mapping_term){1, cell(source, from, cocs[i])};
  return (struct mapping_rule){.target = cell(target, to, to_coc),
                               .terms = terms,
                               .term_count = n,
                               .decision = MAPPING_ACCEPTED,
                               .confidence = 0.9,
                               .value_type = STR("INTEGER"),
                               .by = STR("maria"),
                               .at = STR("2026-11-24T09:30:00Z")};
}

static const struct mapping *made(struct arena *arena, const struct world *s, const struct world *t, bool remembers) {
  struct mapping *m = ARENA_NEW(arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(arena, 32, struct mapping_rule);
  struct str *sets = ARENA_ARRAY(arena, 2, struct str);
  size_t n = 0;
  for (size_t coc = 1; coc <= 3; coc++) rules[n++] = rule(arena, s, t, 0, coc, 0, &coc, 1); /* rules 0 to 2: by age */
  rules[n++] = rule(arena, s, t, 4, 0, 1, (const size_t[]){1, 2, 3}, 3);                    /* rule 3: all ages of element 1 */
  for (size_t coc = 4; coc <= 5; coc++) rules[n++] = rule(arena, s, t, 2, coc, 2, &coc, 1); /* rules 4, 5: by sex */
  rules[n++] = rule(arena, s, t, 3, 6, 3, (const size_t[]){6}, 1);                          /* rules 6 to 8: by both, but one cell */
  rules[n++] = rule(arena, s, t, 3, 7, 3, (const size_t[]){7}, 1);
  rules[n++] = rule(arena, s, t, 3, 8, 3, (const size_t[]){8}, 1);
  rules[n++] = rule(arena, s, t, 5, 0, 5, (const size_t[]){0}, 1); /* rule 9: undivided */
  rules[n++] = (struct mapping_rule){.terms = rule(arena, s, t, 0, 0, 4, (const size_t[]){0}, 1).terms,
                                     .term_count = 1,
                                     .decision = MAPPING_NONE,
                                     .confidence = -1}; /* rule 10 */
  sets[0] = str_of(s->set.id);
  sets[1] = str_of(t->set.id);
  *m = (struct mapping){.rules = rules, .rule_count = n};
  m->source = (struct mapping_side){STR("district"), sets, 1, str_of(s->cocs[0].o.id), remembers ? world_side(arena, s, 0) : NULL};
  m->target = (struct mapping_side){STR("central"), sets + 1, 1, str_of(t->cocs[0].o.id), remembers ? world_side(arena, t, 0) : NULL};
  struct buf out = BUF_INIT(JSON_MAX);
  struct error error = {0};
  const struct mapping *read = mapping_write(m, &out) ? mapping_read(arena, buf_str(&out), &error) : NULL;
  if (!read) {
    (void)fprintf(stderr, "make_world: %s\n", error.message);
    abort();
  }
  buf_free(&out);
  return read;
}

const struct mapping *world_mapping(struct arena *arena, const struct world *source, const struct world *target) {
  return made(arena, source, target, true);
}

const struct mapping *world_mapping_bare(struct arena *arena, const struct world *source, const struct world *target) {
  return made(arena, source, target, false);
}

const struct drift_change *change_of(const struct drift *drift, enum drift_side side, enum drift_kind kind, enum drift_object object,
                                     const char *id) {
  for (size_t i = 0; i < drift->count; i++) {
    const struct drift_change *change = &drift->changes[i];
    if (change->side == side && change->kind == kind && change->object == object && str_eq(change->id, str_of(id))) return change;
  }
  return NULL;
}
