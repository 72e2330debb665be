/* What must hold for any two sides: made by a generator with fixed seeds, from words and shapes that clash on purpose. */
#include "align/evidence.h"
#include "make_side.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LINES = 60, SEEDS = 25 };

struct lines {
  const char *p[LINES];
  size_t n;
};

static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static const char *pick(uint32_t *seed, const char *const *words, size_t count) {
  return words[next(seed) % count];
}
#define PICK(seed, words) pick(seed, words, sizeof(words) / sizeof *(words))

static const char *const shapes[] = {"Age: <1, 1-4, 5-14, 15+",
                                     "Age: <15, 15+",
                                     "Age: 0-9, 10-19, 20+ | Female, Male",
                                     "Sex: Female, Male",
                                     "Sex: F, M, Unknown sex",
                                     "Result: Positive, Negative | <15, 15+",
                                     "Kind: Fixed, Outreach, Other",
                                     "Age: 1-4, 5-9, 50, ,"};
static const char *const subjects[] = {"malaria",   "measles", "HIV",   "fever", "TB",           "pneumonia",
                                       "vitamin A", "nets",    "OPV 1", "OPV 3", "ANC 1st visit"};
static const char *const acts[] = {"cases", "deaths",      "tested",          "tested positive", "treated",
                                   "given", "distributed", "opening balance", "closing balance", ""};
static const char *const whom[] = {"",
                                   "",
                                   "",
                                   "women",
                                   "male",
                                   "female 15-19",
                                   "<5 years",
                                   "pregnant women",
                                   "10-14 (M)",
                                   "children",
                                   "\xC3\xA9l\xC3\xA8ves",
                                   "??",
                                   "12345678901234567890"};

static const char *text_of(struct arena *arena, struct str text) {
  return arena_cstr(arena, text);
}

static struct lines make_lines(struct arena *arena, uint32_t seed) {
  struct lines lines = {0};
  size_t combos = 1 + next(&seed) % 4, elements = 3 + next(&seed) % 30;
  const char *names[8];
  for (size_t i = 0; i < combos; i++) {
    const char *shape = PICK(&seed, shapes);
    names[i] = text_of(arena, arena_printf(arena, "C%zu", i));
    lines.p[lines.n++] = text_of(arena, arena_printf(arena, "%s%s", names[i], strchr(shape, ':')));
  }
  for (size_t i = 0; i < elements; i++) {
    struct str name =
        arena_printf(arena, "%s %s %s %zu", PICK(&seed, subjects), PICK(&seed, acts), PICK(&seed, whom), next(&seed) % 3 ? i : 0);
    lines.p[lines.n++] =
        text_of(arena, next(&seed) % 3 ? arena_printf(arena, "%.*s = %s", STR_ARG(name), names[next(&seed) % combos]) : name);
  }
  return lines;
}

static const struct align_result *align(struct arena *arena, const struct dhis2_metadata *from, const struct dhis2_metadata *to,
                                        const struct decision *decisions, size_t count) {
  const struct align_result *result;
  struct error error = {0};
  struct align_options options = {.candidates = 5};
  if (align_run(from, to, &options, decisions, count, arena, &result, &error) < 0) fail_msg("%s", error.message);
  return result;
}

static int order_of(const struct align_row *a, const struct align_row *b) {
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  int order = str_cmp(a->source->o.id, b->source->o.id);
  if (!order && a->kind == ALIGN_OPERAND) order = str_cmp(a->source_coc->o.id, b->source_coc->o.id);
  return order ? order : a->rank < b->rank ? -1 : a->rank > b->rank;
}

static bool same_item(const struct align_row *a, const struct align_row *b) {
  return a->kind == b->kind && a->source == b->source && (a->kind == ALIGN_DATA_ELEMENT || a->source_coc == b->source_coc);
}

static void check_rows(const struct dhis2_metadata *from, const struct align_result *result) {
  size_t elements = 0, items = 0, cells = 0;
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i], *before = i ? row - 1 : NULL;
    assert_true(row->confidence >= 0 && row->confidence <= 1);
    assert_true(row->why.n > 0);
    assert_true((row->target == NULL) == (row->answer == ALIGN_NONE));
    if (before) assert_true(order_of(before, row) < 0);
    bool first = !before || !same_item(before, row);
    assert_int_equal(row->rank, first ? 1 : before->rank + 1);
    elements += first && row->kind == ALIGN_DATA_ELEMENT;
    items += first && row->kind == ALIGN_OPERAND;
    if (row->kind == ALIGN_OPERAND) {
      assert_true(dhis2_element_holds(row->source, row->source_coc));
      if (row->target) assert_true(dhis2_element_holds(row->target, row->target_coc));
    }
  }
  for (size_t i = 0; i < from->element_count; i++)
    for (size_t c = 0; c < from->elements[i]->combo_count; c++) cells += from->elements[i]->combos[c]->option_combo_count;
  assert_int_equal(elements, from->element_count);
  assert_int_equal(items, cells);
}

/* Order, ranks, ranges; no cell outside a combo; something for everything. */
static void test_rows_are_well_formed(void **state) {
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct lines a = make_lines(arena, seed), b = make_lines(arena, seed * 7919);
    const struct dhis2_metadata *from = make_side(arena, 'a', a.p, a.n), *to = make_side(arena, 'b', b.p, b.n);
    check_rows(from, align(arena, from, to, NULL, 0));
    arena_free(arena);
  }
}

static bool same_rows(const struct align_result *a, const struct align_result *b) {
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++) {
    const struct align_row *x = &a->rows[i], *y = &b->rows[i];
    if (x->answer != y->answer || x->rank != y->rank || x->sign != y->sign || x->confidence != y->confidence || x->source != y->source ||
        x->target != y->target || x->target_coc != y->target_coc)
      return false;
    if (x->feature_count != y->feature_count || !str_eq(x->why, y->why)) return false;
  }
  return true;
}

static void test_the_same_input_gives_the_same_rows(void **state) {
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct lines a = make_lines(arena, seed), b = make_lines(arena, seed + 100);
    const struct dhis2_metadata *from = make_side(arena, 'a', a.p, a.n), *to = make_side(arena, 'b', b.p, b.n);
    assert_true(same_rows(align(arena, from, to, NULL, 0), align(arena, from, to, NULL, 0)));
    arena_free(arena);
  }
}

/* Lists whose names are all different and clear, so that what should be found does not depend on ties. */
static const char *const clear[] = {"Age: <1, 1-4, 5-14, 15+",
                                    "Sex: Female, Male",
                                    "Malaria cases confirmed = Age",
                                    "Measles cases notified = Age",
                                    "Live births = Sex",
                                    "Caesarean sections",
                                    "Nets distributed",
                                    "Vitamin A opening balance",
                                    "Vitamin A closing balance",
                                    "OPV 1 doses given",
                                    "OPV 3 doses given",
                                    "Snake bites treated = Sex",
                                    "Refrigerator alarms",
                                    "Blood units transfused",
                                    "Tetanus deaths in newborns"};
enum { CLEAR = sizeof clear / sizeof *clear, CLEAR_COMBOS = 2 };

static struct str answer_name(const struct align_result *result, struct str name) {
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_DATA_ELEMENT && str_eq(row->source->o.name, name))
      return row->target && row->answer != ALIGN_CANDIDATE ? row->target->o.name : STR("");
  }
  return STR("");
}

static size_t cell_answers(const struct align_result *result) {
  size_t count = 0;
  for (size_t i = 0; i < result->count; i++)
    count += result->rows[i].kind == ALIGN_OPERAND && result->rows[i].target && result->rows[i].answer != ALIGN_CANDIDATE;
  return count;
}

static const struct dhis2_metadata *clear_side(struct arena *arena, char letter, uint32_t shuffle, const char *prefix) {
  const char *lines[CLEAR];
  for (size_t i = 0; i < CLEAR; i++) lines[i] = i < CLEAR_COMBOS ? clear[i] : text_of(arena, arena_printf(arena, "%s%s", prefix, clear[i]));
  for (size_t i = CLEAR - 1; shuffle && i > CLEAR_COMBOS; i--) {
    size_t other = CLEAR_COMBOS + next(&shuffle) % (i + 1 - CLEAR_COMBOS);
    const char *line = lines[i];
    lines[i] = lines[other];
    lines[other] = line;
  }
  return make_side(arena, letter, lines, CLEAR);
}

static void assert_all_found(const struct dhis2_metadata *from, const struct align_result *result, const char *prefix) {
  for (size_t i = 0; i < from->element_count; i++) {
    struct str name = from->elements[i]->o.name, found = answer_name(result, name);
    if (!str_ends(found, str_starts(name, str_of(prefix)) ? str_from(name, strlen(prefix)) : name))
      fail_msg("%.*s got '%.*s'", STR_ARG(name), STR_ARG(found));
  }
}

static void test_the_order_of_lists_does_not_matter(void **state) {
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    const struct dhis2_metadata *from = clear_side(arena, 'a', seed, ""), *to = clear_side(arena, 'b', seed * 31, "");
    const struct align_result *result = align(arena, from, to, NULL, 0);
    assert_all_found(from, result, "");
    assert_int_equal(cell_answers(result), 2 * 4 + 2 * 2 + 9);
    arena_free(arena);
  }
}

static void test_a_name_all_share_does_not_matter(void **state) {
  static const char *const prefixes[] = {"MOH - ", "National HMIS: ", "XK_", "705A "};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    struct arena *arena = arena_new();
    const struct dhis2_metadata *from = clear_side(arena, 'a', 0, ""), *to = clear_side(arena, 'b', 5, prefixes[i]);
    assert_all_found(from, align(arena, from, to, NULL, 0), "");
    arena_free(arena);
  }
}

static void test_sides_may_be_swapped(void **state) {
  struct arena *arena = arena_new();
  const struct dhis2_metadata *a = clear_side(arena, 'a', 3, ""), *b = clear_side(arena, 'b', 9, "MOH - ");
  assert_all_found(a, align(arena, a, b, NULL, 0), "");
  assert_all_found(b, align(arena, b, a, NULL, 0), "MOH - ");
  arena_free(arena);
}

/* Any decisions at all: accepted pairs are there and first, rejected ones nowhere, "none" stays none. */
static void test_fixed_points_hold(void **state) {
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct lines a = make_lines(arena, seed), b = make_lines(arena, seed * 17);
    const struct dhis2_metadata *from = make_side(arena, 'a', a.p, a.n), *to = make_side(arena, 'b', b.p, b.n);
    struct decision *decisions = ARENA_ARRAY(arena, from->element_count, struct decision);
    uint32_t random = seed;
    for (size_t i = 0; i < from->element_count; i++) {
      enum decision_verdict verdict = (enum decision_verdict)(next(&random) % 3);
      decisions[i] = (struct decision){.source_data_element = from->elements[i]->o.id, .sign = '+', .verdict = verdict};
      if (verdict != DECISION_NONE) decisions[i].target_data_element = to->elements[next(&random) % to->element_count]->o.id;
    }
    const struct align_result *result = align(arena, from, to, decisions, from->element_count);
    check_rows(from, result);
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      const struct decision *d = &decisions[row->source->o.index];
      if (d->verdict == DECISION_NONE) assert_null(row->target);
      if (d->verdict == DECISION_REJECTED && row->target) assert_false(str_eq(row->target->o.id, d->target_data_element));
      if (d->verdict == DECISION_ACCEPTED && row->kind == ALIGN_DATA_ELEMENT && row->rank == 1)
        assert_true(row->decided && str_eq(row->target->o.id, d->target_data_element));
    }
    arena_free(arena);
  }
}

/* Renaming. */

static const struct dhis2_metadata *renamed_side(struct arena *arena, char letter, const char *word, const char *other) {
  const char *lines[CLEAR];
  for (size_t i = 0; i < CLEAR; i++) {
    const char *found = strstr(clear[i], word);
    lines[i] =
        found ? text_of(arena, arena_printf(arena, "%.*s%s%s", (int)(found - clear[i]), clear[i], other, found + strlen(word))) : clear[i];
  }
  return make_side(arena, letter, lines, CLEAR);
}

/* A word that is another on both sides changes nothing; on one side, a glossary makes up for it. */
static void test_a_renamed_word_is_followed(void **state) {
  static const char *const words[][2] = {
      {"Malaria", "Zorbiasis"}, {"Measles", "Quendle"}, {"Vitamin A", "Plimox"}, {"Refrigerator", "Tarnok"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    struct arena *arena = arena_new();
    const struct dhis2_metadata *both = renamed_side(arena, 'a', words[i][0], words[i][1]),
                                *other = renamed_side(arena, 'b', words[i][0], words[i][1]), *plain = clear_side(arena, 'c', 3, "");
    assert_all_found(both, align(arena, both, other, NULL, 0), "");
    struct glossary_entry entry = {str_of(words[i][1]), str_of(words[i][0]), STR("")};
    struct glossary glossary = {&entry, 1};
    struct align_options options = {.candidates = 5, .glossary = &glossary};
    const struct align_result *result;
    struct error error = {0};
    assert_int_equal(align_run(both, plain, &options, NULL, 0, arena, &result, &error), 0);
    for (size_t e = 0; e < both->element_count; e++) {
      struct str line = str_of(clear[CLEAR_COMBOS + e]), wanted = str_trim(str_take(&line, '='));
      assert_true(str_eq(answer_name(result, both->elements[e]->o.name), wanted));
    }
    arena_free(arena);
  }
}

/* Age groups. */

enum { CUTS = 9 };
static const int cuts[CUTS] = {0, 1, 5, 10, 15, 20, 25, 50, -1 /* no end */};

struct bands {
  int from[CUTS], to[CUTS]; /* years, the end excluded; -1: none */
  size_t n;
};

/* A random division of all ages at some of the cuts; `gaps`: some groups are missing. */
static struct bands make_bands(uint32_t *seed, bool gaps) {
  struct bands bands = {0};
  int from = 0;
  for (size_t i = 1; i < CUTS; i++) {
    if (i + 1 < CUTS && next(seed) % 2) continue;
    if (!gaps || next(seed) % 4) bands.from[bands.n] = from, bands.to[bands.n++] = cuts[i];
    from = cuts[i];
  }
  if (!bands.n) bands = (struct bands){{0}, {-1}, 1};
  return bands;
}

static struct str band_name(struct arena *arena, const struct bands *bands, size_t i) {
  if (bands->to[i] < 0) return arena_printf(arena, "%d+ years", bands->from[i]);
  if (bands->from[i] == 0) return arena_printf(arena, "<%d years", bands->to[i]);
  return arena_printf(arena, "%d-%d years", bands->from[i], bands->to[i] - 1);
}

static const struct dhis2_metadata *band_side(struct arena *arena, char letter, const struct bands *bands) {
  struct str line = STR("Age:");
  for (size_t i = 0; i < bands->n; i++) {
    struct str name = band_name(arena, bands, i);
    line = arena_printf(arena, "%.*s%s %.*s", STR_ARG(line), i ? "," : "", STR_ARG(name));
  }
  const char *lines[] = {text_of(arena, line), "Clients tested = Age", "Nets distributed"};
  return make_side(arena, letter, lines, 3);
}

/* The target group that a source group lies in; SIZE_MAX: none. */
static size_t home_of(const struct bands *source, size_t i, const struct bands *target) {
  for (size_t t = 0; t < target->n; t++)
    if (source->from[i] >= target->from[t] && (target->to[t] < 0 || (source->to[i] >= 0 && source->to[i] <= target->to[t]))) return t;
  return SIZE_MAX;
}

/* Every target group that gets anything gets all of it. */
static bool filled(const struct bands *source, const struct bands *target) {
  for (size_t t = 0; t < target->n; t++) {
    int reached = target->from[t];
    bool any = false;
    for (size_t i = 0; i < source->n; i++) {
      if (home_of(source, i, target) != t) continue;
      any = true;
      if (source->from[i] != reached) return false;
      reached = source->to[i];
    }
    if (any && reached != target->to[t]) return false;
  }
  return true;
}

/* Equality and containment are answers, and nothing else is: no value is ever split, whatever the division; a sum with a gap is told, and no other. */
static void test_age_groups_of_any_division(void **state) {
  for (uint32_t seed = 1; seed <= 400; seed++) {
    struct arena *arena = arena_new();
    uint32_t random = seed * 2654435761u;
    struct bands a = make_bands(&random, seed % 2), b = make_bands(&random, false);
    const struct dhis2_metadata *from = band_side(arena, 'a', &a), *to = band_side(arena, 'b', &b);
    const struct dhis2_data_element *element = element_named(from, "Clients tested");
    struct decision accepted = {.source_data_element = element->o.id,
                                .target_data_element = element_named(to, "Clients tested")->o.id,
                                .sign = '+',
                                .verdict = DECISION_ACCEPTED};
    const struct align_result *result = align(arena, from, to, &accepted, 1);
    for (size_t i = 0; i < a.n; i++) {
      struct str name = band_name(arena, &a, i), found = STR("");
      for (size_t r = 0; r < result->count; r++) {
        const struct align_row *row = &result->rows[r];
        if (row->kind == ALIGN_OPERAND && row->source == element && str_eq(row->source_coc->o.name, name) && row->target &&
            row->answer != ALIGN_CANDIDATE)
          found = row->target_coc->o.name;
      }
      size_t home = home_of(&a, i, &b);
      struct str want = home == SIZE_MAX ? STR("") : band_name(arena, &b, home);
      if (!str_eq(found, want)) fail_msg("seed %u: %.*s goes to '%.*s', not '%.*s'", seed, STR_ARG(name), STR_ARG(found), STR_ARG(want));
    }
    if ((result->warning_count == 0) != filled(&a, &b)) fail_msg("seed %u: %zu warnings", seed, result->warning_count);
    arena_free(arena);
  }
}

/* A group that is split follows: what went to one cell still goes there, in parts. */
static void test_a_split_group_follows(void **state) {
  for (uint32_t seed = 1; seed <= 60; seed++) {
    struct arena *arena = arena_new();
    uint32_t random = seed * 40503u;
    struct bands b = make_bands(&random, false), fine = {0};
    for (size_t i = 1; i < CUTS; i++) fine.from[fine.n] = cuts[i - 1], fine.to[fine.n++] = cuts[i];
    const struct dhis2_metadata *same = band_side(arena, 'a', &b), *split = band_side(arena, 'c', &fine), *to = band_side(arena, 'b', &b);
    const struct align_result *before = align(arena, same, to, NULL, 0), *after = align(arena, split, to, NULL, 0);
    assert_int_equal(before->warning_count + after->warning_count, 0);
    assert_int_equal(cell_answers(before), b.n + 1);
    assert_int_equal(cell_answers(after), fine.n + 1);
    arena_free(arena);
  }
}

/* The order of categories and of their options does not matter. */
static void test_permuted_options(void **state) {
  static const char *const ages[] = {"0-11 months", "1-4 years", "5-14 years", "15+ years"}, *const sexes[] = {"Female", "Male"};
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    uint32_t random = seed;
    size_t turn = next(&random) % 4, step = next(&random) % 2 ? 1 : 3, sex = next(&random) % 2, first = next(&random) % 2;
    struct str age = STR(""), both = arena_printf(arena, "%s, %s", sexes[sex], sexes[1 - sex]);
    for (size_t i = 0; i < 4; i++) age = arena_printf(arena, "%.*s%s%s", STR_ARG(age), i ? ", " : "", ages[(turn + i * step) % 4]);
    const char *combo = text_of(arena, first ? arena_printf(arena, "C: %.*s | %.*s", STR_ARG(age), STR_ARG(both))
                                             : arena_printf(arena, "C: %.*s | %.*s", STR_ARG(both), STR_ARG(age)));
    const struct dhis2_metadata *from = SIDE(arena, 'a', "C: 0-11 months, 1-4 years, 5-14 years, 15+ years | Female, Male",
                                             "Measles cases = C"),
                                *to = SIDE(arena, 'b', combo, "Measles cases = C");
    const struct align_result *result = align(arena, from, to, NULL, 0);
    assert_int_equal(cell_answers(result), 8);
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      if (row->kind != ALIGN_OPERAND || row->answer == ALIGN_CANDIDATE) continue;
      struct str name = row->source_coc->o.name, age_of = str_take(&name, ',');
      assert_true(str_find(row->target_coc->o.name, age_of) != SIZE_MAX && str_find(row->target_coc->o.name, str_trim(name)) != SIZE_MAX);
      assert_true(str_find(row->target_coc->o.name, STR("Female")) != SIZE_MAX || str_eq(str_trim(name), STR("Male")));
    }
    arena_free(arena);
  }
}

/* What contradicts itself is no pair, in any language, whatever else agrees. */
static void test_contradictions_are_no_pairs(void **state) {
  static const char *const words[][2] = {{"women", "men"},
                                         {"femmes", "hommes"},
                                         {"mulheres", "homens"},
                                         {"mujeres", "hombres"},
                                         {"1st dose", "3rd dose"},
                                         {"1\xC3\xA8re dose", "3\xC3\xA8me dose"},
                                         {"1\xC2\xAA dose", "3\xC2\xAA dose"},
                                         {"1ra dosis", "3ra dosis"},
                                         {"<5 years", "15+ years"},
                                         {"moins de 5 ans", "15 ans et plus"},
                                         {"menores de 5 anos", "15 anos e mais"},
                                         {"inpatients", "outpatients"},
                                         {"hospitalis\xC3\xA9s", "ambulatoire"},
                                         {"internados", "ambulat\xC3\xB3rio"},
                                         {"public sector", "private sector"},
                                         {"secteur public", "secteur priv\xC3\xA9"},
                                         {"opening balance", "closing balance"},
                                         {"stock initial", "stock final"},
                                         {"saldo inicial", "saldo final"},
                                         {"numerator", "denominator"},
                                         {"target", "result"},
                                         {"female sex workers", "prisoners"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    for (size_t way = 0; way < 2; way++) {
      struct arena *arena = arena_new();
      const char *a = text_of(arena, arena_printf(arena, "Albendazole programme, %s", words[i][way])),
                 *b = text_of(arena, arena_printf(arena, "Albendazole programme, %s", words[i][1 - way]));
      const struct dhis2_metadata *from = SIDE(arena, 'a', a, "Measles cases"), *to = SIDE(arena, 'b', b, "Measles cases");
      const struct align_result *result = align(arena, from, to, NULL, 0);
      struct str found = answer_name(result, str_of(a));
      if (found.n) fail_msg("'%s' got '%.*s'", a, STR_ARG(found));
      assert_true(str_eq(answer_name(result, STR("Measles cases")), STR("Measles cases")));
      arena_free(arena);
    }
}

static const struct align_feature *feature_of(const struct align_row *row, const char *name) {
  for (uint32_t f = 0; f < row->feature_count; f++)
    if (strcmp(row->features[f].name, name) == 0) return &row->features[f];
  return NULL;
}

static float sum_of(const struct align_row *row) {
  float sum = 0;
  for (uint32_t f = 0; f < row->feature_count; f++) {
    sum += row->features[f].contribution;
    if (f) assert_true(fabsf(row->features[f].contribution) <= fabsf(row->features[f - 1].contribution)); /* the weightiest first */
  }
  return sum;
}

/* Each proposal says why: features with contributions, and a sentence. Of two cells for the same cell in one pair of elements the likelier one has the larger sum: nothing counts that is not shown. */
static void test_every_proposal_explains_itself(void **state) {
  for (uint32_t seed = 0; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct lines a = make_lines(arena, seed), b = make_lines(arena, seed * 7919);
    const struct dhis2_metadata *from = seed ? make_side(arena, 'a', a.p, a.n) : clear_side(arena, 'a', 3, ""),
                                *to = seed ? make_side(arena, 'b', b.p, b.n) : clear_side(arena, 'b', 9, "MOH - ");
    const struct align_result *result = align(arena, from, to, NULL, 0);
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      assert_true(row->why.n > 10 && row->why.p[0] >= 'A' && row->why.p[0] <= 'Z');
      if (row->answer == ALIGN_NONE || row->decided) continue;
      assert_true(row->feature_count > 0);
      float sum = sum_of(row);
      if (!seed && row->answer != ALIGN_CANDIDATE) assert_true(sum > 0);
      if (row->kind != ALIGN_OPERAND) continue;
      const struct align_feature *elements = feature_of(row, "elements");
      assert_non_null(elements);
      assert_true(row->confidence <= elements->value);
      for (size_t k = i + 1; k < result->count && same_item(row, &result->rows[k]); k++) {
        const struct align_row *next = &result->rows[k];
        if (next->target == row->target && next->sign == row->sign && next->confidence < row->confidence)
          assert_true(sum_of(next) < sum + 0.002f); /* thousandths, rounded */
      }
    }
    arena_free(arena);
  }
}

/* What is seen of a cell is told by what it is, and only that. */
static void test_what_a_cell_rests_on(void **state) {
  static const struct {
    const char *combo, *other, *coc, *names;
    float least;
  } cases[] = {
      {"C: Female, Male", "D: F, M", "Female", "agree elements", 2},
      {"C: <5 years, 5+ years", "D: 0-4 years, 5+ years", "<5 years", "ages elements", 2},
      {"C: <1, 1-4, 5+", "D: <5 years, 5+ years", "1-4", "ages elements", 1},
      {"C: Female, Male", "D: Female, Male", "Female", "same_name elements agree", 4},
      {"C: Fixed, Outreach", "D: Fixed, Outreach, Unknown", "Fixed", "same_name elements agree", 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena *arena = arena_new();
    const struct dhis2_metadata *from = SIDE(arena, 'a', cases[i].combo, "Measles cases = C"),
                                *to = SIDE(arena, 'b', cases[i].other, "Measles cases = D");
    const struct align_result *result = align(arena, from, to, NULL, 0);
    size_t seen = 0;
    for (size_t r = 0; r < result->count; r++) {
      const struct align_row *row = &result->rows[r];
      if (row->kind != ALIGN_OPERAND || row->rank != 1 || !str_eq(row->source_coc->o.name, str_of(cases[i].coc))) continue;
      seen++;
      assert_true(sum_of(row) >= cases[i].least);
      for (uint32_t f = 0; f < row->feature_count; f++)
        if (!strstr(cases[i].names, row->features[f].name)) fail_msg("case %zu: %s", i, row->features[f].name);
    }
    assert_int_equal(seen, 1);
    arena_free(arena);
  }
}

static float value_of(const struct align_row *row, const char *name) {
  const struct align_feature *feature = feature_of(row, name);
  return feature ? feature->value : 0;
}

/* What the two show by themselves, in log odds. */
static float alone_of(const struct align_row *row) {
  static const char list[] = "rival usual beyond short kin lead";
  float sum = feature_weight(FEATURE_base);
  for (uint32_t f = 0; f < row->feature_count; f++)
    if (!strstr(list, row->features[f].name)) sum += row->features[f].contribution;
  return sum;
}

/* Whatever the lists: no pair is sure for what the rest of the list says alone, none that would need a value split, and none that another target is level with, unless the names are almost the same. */
static void test_what_is_sure(void **state) {
  size_t sure = 0;
  for (uint32_t seed = 0; seed <= 4 * SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct lines a = make_lines(arena, seed), b = make_lines(arena, seed * 7919);
    const struct dhis2_metadata *from = seed ? make_side(arena, 'a', a.p, a.n) : clear_side(arena, 'a', 3, ""),
                                *to = seed ? make_side(arena, 'b', b.p, b.n) : clear_side(arena, 'b', 9, "MOH - ");
    const struct align_result *result = align(arena, from, to, NULL, 0);
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      if (row->kind != ALIGN_DATA_ELEMENT || row->answer != ALIGN_AUTO) continue;
      bool named = value_of(row, "same_name") > 0 || value_of(row, "same_code") > 0 || value_of(row, "words") > 0.8f;
      assert_true(alone_of(row) >= 0 && value_of(row, "wider") < 0.5f && (named || value_of(row, "lead") >= 0.2f));
      sure++;
    }
    arena_free(arena);
  }
  assert_true(sure > 20);
}

/* Six that differ in age alone go where none of them clearly belongs, since nothing else divides by age: an answer, and each of them wants a look. One mistake would be six. */
static void test_what_many_say_is_not_sure(void **state) {
  struct arena *arena = arena_new();
  static const char *const rest[] = {"Nets distributed", "Fever cases treated", "Snake bites", "Caesarean sections",
                                     "Blood units transfused"};
  const char *lines[2][16] = {
      {0}, {"R: 10-14, 15-19, 20-24, 25-29, 30-34, 35-39 | Positive, Negative", "Women who know their results at entry to services = R"}};
  size_t n[2] = {0, 2};
  for (int age = 10; age < 40; age += 5)
    lines[0][n[0]++] = text_of(arena, arena_printf(arena, "Women tested positive at the maternity ward [%d-%d]", age, age + 4));
  for (size_t side = 0; side < 2; side++)
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) lines[side][n[side]++] = rest[i];
  const struct dhis2_metadata *from = make_side(arena, 'a', lines[0], n[0]), *to = make_side(arena, 'b', lines[1], n[1]);
  const struct align_result *result = align(arena, from, to, NULL, 0);
  size_t seen = 0;
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind != ALIGN_DATA_ELEMENT || row->rank != 1) continue;
    bool women = str_starts(row->source->o.name, STR("Women"));
    assert_int_equal(row->answer, women ? ALIGN_PROPOSED : ALIGN_AUTO);
    if (women) assert_true(row->confidence <= 0.9f && value_of(row, "kin") > 0);
    seen += women;
  }
  assert_int_equal(seen, 6);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_well_formed),
      cmocka_unit_test(test_the_same_input_gives_the_same_rows),
      cmocka_unit_test(test_the_order_of_lists_does_not_matter),
      cmocka_unit_test(test_a_name_all_share_does_not_matter),
      cmocka_unit_test(test_sides_may_be_swapped),
      cmocka_unit_test(test_fixed_points_hold),
      cmocka_unit_test(test_a_renamed_word_is_followed),
      cmocka_unit_test(test_age_groups_of_any_division),
      cmocka_unit_test(test_a_split_group_follows),
      cmocka_unit_test(test_permuted_options),
      cmocka_unit_test(test_contradictions_are_no_pairs),
      cmocka_unit_test(test_every_proposal_explains_itself),
      cmocka_unit_test(test_what_a_cell_rests_on),
      cmocka_unit_test(test_what_is_sure),
      cmocka_unit_test(test_what_many_say_is_not_sure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
