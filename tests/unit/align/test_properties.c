/* What must hold for any two sides: made by a generator with fixed seeds, from words and shapes that clash on purpose. */
#include "make_side.h"
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_well_formed),
      cmocka_unit_test(test_the_same_input_gives_the_same_rows),
      cmocka_unit_test(test_the_order_of_lists_does_not_matter),
      cmocka_unit_test(test_a_name_all_share_does_not_matter),
      cmocka_unit_test(test_sides_may_be_swapped),
      cmocka_unit_test(test_fixed_points_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
