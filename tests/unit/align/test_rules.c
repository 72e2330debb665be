/* The rules by which cells go to cells, for whatever lists a generator with fixed seeds makes: shuffled, of any division of ages, in any of four languages. test_properties.c has those on the lists as wholes. */
#include "../with_arena.h"
#include "make_side.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = 40, LINES = 48, CUTS = 6 };

static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

struct lines {
  const char *p[LINES];
  size_t n;
};

static void add(struct lines *lines, struct str text) {
  lines->p[lines->n++] = arena_cstr(arena, text);
}

static const char *const rest[] = {"Nets distributed", "Snake bites treated", "Blood units transfused", "Refrigerator alarms"};

/* The elements in another order; combos stay first. */
static const struct dhis2_metadata *side(char letter, struct lines lines, size_t combos, uint32_t *seed) {
  for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) add(&lines, str_of(rest[i]));
  for (size_t i = lines.n - 1; i > combos; i--) {
    size_t other = combos + next(seed) % (i + 1 - combos);
    const char *line = lines.p[i];
    lines.p[i] = lines.p[other];
    lines.p[other] = line;
  }
  return make_side(arena, letter, lines.p, lines.n);
}

static const struct align_result *align(const struct dhis2_metadata *from, const struct dhis2_metadata *to) {
  const struct align_result *result;
  struct error error = {0};
  struct align_options options = {.candidates = 5};
  if (align_run(from, to, &options, NULL, 0, arena, &result, &error) < 0) fail_msg("%s", error.message);
  return result;
}

static bool is_answer(const struct align_row *row, enum align_kind kind) {
  return row->kind == kind && row->target && (row->answer == ALIGN_AUTO || row->answer == ALIGN_PROPOSED);
}

static size_t answers(const struct align_result *result, const struct dhis2_data_element *source) {
  size_t n = 0;
  for (size_t i = 0; i < result->count; i++) n += is_answer(&result->rows[i], ALIGN_OPERAND) && result->rows[i].source == source;
  return n;
}

/* A division of all ages at some of the cuts: "<5", "5-14", "15+". */
static const int cuts[CUTS] = {0, 5, 10, 15, 25, 50};

static size_t divide(uint32_t *seed, struct str *ret) {
  size_t n = 0, from = 0;
  for (size_t i = 1; i <= CUTS; i++) {
    if (i < CUTS && next(seed) % 2 && !(n == 0 && i + 1 == CUTS)) continue;
    ret[n++] = i == CUTS   ? arena_printf(arena, "%d+ years", cuts[from])
               : from == 0 ? arena_printf(arena, "<%d years", cuts[i])
                           : arena_printf(arena, "%d-%d years", cuts[from], cuts[i] - 1);
    from = i;
  }
  return n;
}

static struct str joined(const struct str *list, size_t n) {
  struct str all = STR("");
  for (size_t i = 0; i < n; i++) all = arena_printf(arena, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "", STR_ARG(list[i]));
  return all;
}

/* --- one to many --- */

/* What one element is divided by, the other side's elements are named for: each gets its part, no cell goes to two of them, none is left. And back, they are summed into it. */
static void test_one_to_many_and_back(void **state) {
  (void)state;
  static const char *const subjects[] = {"Malaria cases confirmed", "Cas de paludisme confirm\xC3\xA9s", "Casos de malaria confirmados"};
  static const char *const sexes[][2] = {{"female", "male"}, {"femmes", "hommes"}, {"mulheres", "homens"}};
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    uint32_t random = seed * 2654435761u;
    size_t language = seed % 3;
    struct str ages[CUTS + 1];
    size_t n = divide(&random, ages);
    bool by_sex = next(&random) % 2;
    struct lines whole = {0}, parts = {0};
    add(&whole, by_sex ? arena_printf(arena, "C: %s, %s | %.*s", sexes[language][0], sexes[language][1], STR_ARG(joined(ages, n)))
                       : arena_printf(arena, "C: %.*s", STR_ARG(joined(ages, n))));
    add(&whole, arena_printf(arena, "%s = C", subjects[language]));
    for (size_t i = 0; i < n; i++)
      for (size_t sex = 0; sex < (by_sex ? 2 : 1); sex++)
        add(&parts, by_sex ? arena_printf(arena, "%s, %s, %.*s", subjects[language], sexes[language][sex], STR_ARG(ages[i]))
                           : arena_printf(arena, "%s, %.*s", subjects[language], STR_ARG(ages[i])));
    size_t cells = n * (by_sex ? 2 : 1);
    const struct dhis2_metadata *one = side('a', whole, 1, &random), *many = side('b', parts, 0, &random);
    const struct align_result *there = align(one, many), *back = align(many, one);
    const struct dhis2_data_element *source = element_named(one, subjects[language]);
    if (answers(there, source) != cells) fail_msg("seed %u: %zu of %zu cells go somewhere", seed, answers(there, source), cells);
    uint8_t taken[LINES] = {0};
    for (size_t i = 0; i < there->count; i++) {
      const struct align_row *row = &there->rows[i];
      if (!is_answer(row, ALIGN_OPERAND) || row->source != source) continue;
      assert_int_equal(row->sign, '+');
      assert_int_equal(taken[row->target->o.index]++, 0);
      struct str age = row->source_coc->o.name, sex = by_sex ? str_take(&age, ',') : STR("");
      assert_true(str_find(row->target->o.name, str_trim(age)) != SIZE_MAX);
      if (by_sex) assert_true(str_find(row->target->o.name, arena_printf(arena, ", %.*s,", STR_ARG(sex))) != SIZE_MAX);
    }
    for (size_t i = 0; i < many->element_count; i++)
      if (str_starts(many->elements[i]->o.name, str_of(subjects[language]))) assert_int_equal(answers(back, many->elements[i]), 1);
    assert_int_equal(there->warning_count + back->warning_count, 0);
  }
}

/* --- differences --- */

/* All who were tested less those who were positive are those who were negative, for each age; without the positive ones, all who were tested go nowhere. */
static void test_differences(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    uint32_t random = seed * 40503u;
    struct str ages[CUTS + 1];
    size_t n = divide(&random, ages);
    bool positive = seed % 4;
    struct lines source = {0}, target = {0};
    add(&source, arena_printf(arena, "A: %.*s", STR_ARG(joined(ages, n))));
    add(&source, STR("Clients tested for HIV = A"));
    if (positive) add(&source, STR("Clients tested positive for HIV = A"));
    add(&target, arena_printf(arena, "R: %.*s | Positive, Negative", STR_ARG(joined(ages, n))));
    add(&target, STR("Clients tested for HIV, by result = R"));
    const struct dhis2_metadata *from = side('a', source, 1, &random), *to = side('b', target, 1, &random);
    const struct align_result *result = align(from, to);
    size_t added = 0, taken_off = 0;
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      if (!is_answer(row, ALIGN_OPERAND) || !str_starts(row->source->o.name, STR("Clients"))) continue;
      bool negative = str_find(row->target_coc->o.name, STR("Negative")) != SIZE_MAX,
           counts_positive = str_find(row->source->o.name, STR("positive")) != SIZE_MAX;
      assert_true(str_starts(row->target_coc->o.name, row->source_coc->o.name)); /* the same age */
      if (row->sign == '-') {
        assert_true(negative && counts_positive && row->answer == ALIGN_PROPOSED);
        taken_off++;
      } else {
        assert_true(negative != counts_positive);
        added++;
      }
    }
    if (added != (positive ? 2 * n : 0) || taken_off != (positive ? n : 0))
      fail_msg("seed %u: %zu added, %zu taken off, of %zu ages", seed, added, taken_off, n);
  }
}

/* --- default on either side --- */

/* A divided element is summed into one that is not; one that is not is never divided; neither: default to default, whatever their ids. */
static void test_default_on_either_side(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    uint32_t random = seed * 69069u;
    struct str ages[CUTS + 1];
    size_t n = divide(&random, ages);
    struct lines divided = {0}, plain = {0};
    add(&divided, arena_printf(arena, "C: %.*s", STR_ARG(joined(ages, n))));
    add(&divided, STR("Measles cases notified = C"));
    add(&plain, STR("Measles cases notified"));
    const struct dhis2_metadata *fine = side('a', divided, 1, &random), *total = side('b', plain, 0, &random);
    const struct dhis2_data_element *many = element_named(fine, "Measles cases notified"),
                                    *one = element_named(total, "Measles cases notified");
    const struct align_result *sum = align(fine, total), *split = align(total, fine);
    assert_int_equal(answers(sum, many), n);
    for (size_t i = 0; i < sum->count; i++)
      if (is_answer(&sum->rows[i], ALIGN_OPERAND)) assert_true(sum->rows[i].target_coc->o.is_default);
    assert_int_equal(answers(split, one), 0);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
      const struct dhis2_data_element *element = element_named(fine, rest[i]);
      assert_int_equal(answers(sum, element), 1);
      assert_int_equal(answers(split, element_named(total, rest[i])), 1);
    }
  }
}

/* --- ages that are counted twice --- */

/* Groups of the source that overlap inside one group of the target: each is told, and none is sure. */
static void test_overlaps_are_told(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    uint32_t random = seed * 97u;
    int from = 1 + (int)(next(&random) % 4), end = from + 4 + (int)(next(&random) % 20), to = end - 1 - (int)(next(&random) % 3);
    struct lines source = {0}, target = {0};
    add(&source, arena_printf(arena, "C: 0-%d years, %d-%d years", end - 1, to, end + 5));
    add(&source, STR("Clients seen = C"));
    add(&target, STR("D: 0-49 years, 50+ years"));
    add(&target, STR("Clients seen = D"));
    const struct dhis2_metadata *a = side('a', source, 1, &random), *b = side('b', target, 1, &random);
    const struct align_result *result = align(a, b);
    size_t doubled = 0;
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      if (!is_answer(row, ALIGN_OPERAND) || !str_eq(row->source->o.name, STR("Clients seen"))) continue;
      assert_int_equal(row->answer, ALIGN_PROPOSED);
      doubled += str_find(row->why, STR("twice")) != SIZE_MAX;
    }
    if (doubled != 2 || result->warning_count != 1) fail_msg("seed %u: %zu told of 2, %zu warnings", seed, doubled, result->warning_count);
  }
}

/* --- no counterpart --- */

/* Whatever is taken away from the target: what belonged to it has no counterpart, and all others keep theirs. */
static void test_no_counterpart(void **state) {
  (void)state;
  static const char *const names[] = {"Malaria cases confirmed",   "Measles deaths",    "Caesarean sections",
                                      "OPV 1 doses given",         "OPV 3 doses given", "Vitamin A opening balance",
                                      "Vitamin A closing balance", "Live births",       "Refrigerators repaired",
                                      "Tetanus cases in newborns"};
  enum { NAMES = sizeof names / sizeof *names };
  for (size_t gone = 0; gone < NAMES; gone++) {
    uint32_t random = (uint32_t)gone + 7;
    struct lines source = {0}, target = {0};
    for (size_t i = 0; i < NAMES; i++) {
      add(&source, str_of(names[i]));
      if (i != gone) add(&target, str_of(names[i]));
    }
    const struct dhis2_metadata *from = side('a', source, 0, &random), *to = side('b', target, 0, &random);
    const struct align_result *result = align(from, to);
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      if (row->rank != 1) continue;
      bool lost = str_eq(row->source->o.name, str_of(names[gone]));
      if ((row->answer == ALIGN_NONE) != lost) fail_msg("%.*s without %s", STR_ARG(row->source->o.name), names[gone]);
      if (!lost) assert_true(str_eq(row->target->o.name, row->source->o.name));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_one_to_many_and_back, setup, teardown),
      cmocka_unit_test_setup_teardown(test_differences, setup, teardown),
      cmocka_unit_test_setup_teardown(test_default_on_either_side, setup, teardown),
      cmocka_unit_test_setup_teardown(test_overlaps_are_told, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_counterpart, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
