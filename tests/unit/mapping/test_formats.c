/* Forms of a mapping: random ones written as a list and read are the same; what is left out is told; broken lists are refused with their place. */
#include "mapping/formats.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static unsigned next(unsigned *seed, unsigned below) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % below;
}

static const struct mapping *random_mapping(struct arena *arena, unsigned seed) {
  static const char *const notes[] = {"", "plain", "=SUM(A1)", "a \"quote\", a comma\r\nand a line", " blanks ", "\xc3\xa9t\xc3\xa9"};
  struct mapping *m = ARENA_NEW(arena, struct mapping);
  size_t n = m->rule_count = next(&seed, 8);
  struct mapping_rule *rules = ARENA_ARRAY(arena, n + 1, struct mapping_rule);
  for (size_t i = 0; i < n; i++) {
    struct mapping_rule *r = &rules[i];
    r->decision = (enum mapping_decision)next(&seed, 5);
    bool none = r->decision == MAPPING_NONE, targeted = !none || next(&seed, 2);
    r->term_count = none ? !targeted : 1 + next(&seed, 4);
    if (targeted) r->target = (struct mapping_operand){arena_printf(arena, "t%zu", i), STR("2-4")};
    struct mapping_term *terms = ARENA_ARRAY(arena, r->term_count + 1, struct mapping_term);
    for (size_t t = 0; t < r->term_count; t++)
      terms[t] =
          (struct mapping_term){next(&seed, 2) ? 1 : -1, {arena_printf(arena, "s%u", next(&seed, 9)), arena_printf(arena, "c%zu", t)}};
    r->terms = terms;
    r->confidence = next(&seed, 3) ? next(&seed, 10001) / 10000.0 : -1;
    r->value_type = next(&seed, 2) ? STR("INTEGER") : STR("");
    r->by = next(&seed, 2) ? STR("maria") : STR("");
    r->note = str_of(notes[next(&seed, 6)]);
  }
  m->rules = rules;
  m->source.default_combo = m->target.default_combo = MAPPING_DEFAULT_COMBO;
  return m;
}

static void round_trips(void **state) {
  (void)state;
  size_t count;
  const struct format *all = formats_all(&count);
  for (unsigned seed = 0; seed < 500; seed++)
    for (size_t f = 0; f < count; f++) {
      struct arena *arena = arena_new();
      struct error error = {0};
      struct format_warnings warnings = {0};
      struct buf text = BUF_INIT(1 << 20), before = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
      const struct mapping *m = random_mapping(arena, seed);
      assert_int_equal(all[f].write(arena, m, &text, &warnings, &error), 0);
      const struct mapping *again = all[f].read(arena, buf_str(&text), &warnings, &error);
      if (!again) fail_msg("%s, seed %u: %s", all[f].name, seed, error.message);
      assert_true(mapping_write(m, &before) && mapping_write(again, &after));
      assert_string_equal(before.p, after.p);
      assert_int_equal(warnings.n, 0);
      buf_free(&text);
      buf_free(&before);
      buf_free(&after);
      arena_free(arena);
    }
}

static void losses_are_told(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct format_warnings warnings = {0};
  struct str set = STR("S1");
  struct mapping_pair pair = {STR("a"), STR("b")};
  struct mapping m = {.source = {STR("district"), &set, 1, STR("dflt")},
                      .target = {.default_combo = MAPPING_DEFAULT_COMBO},
                      .attribute_option_combos = &pair,
                      .attribute_option_combo_count = 1,
                      .org_units = &pair,
                      .org_unit_count = 1,
                      .missing = MAPPING_SKIP};
  struct buf text = BUF_INIT(4096);
  assert_int_equal(format_named(STR("csv"))->write(arena, &m, &text, &warnings, &error), 0);
  assert_int_equal(warnings.n, 6);
  assert_true(str_eq(warnings.lines[4], STR("left out: 1 pairs of org units")));
  buf_free(&text);
  arena_free(arena);
}

#define HEADER \
  "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,confidence,decision\n"

static void broken_lists(void **state) {
  (void)state;
  static const struct {
    const char *csv, *message;
  } cases[] = {{"", "no header"},
               {"kind,decision\n", "the column source_data_element is missing"},
               {HEADER "cell,a,c,t,d,+,1,auto\n", "line 2: the kind is"},
               {HEADER "operand,a,c,t,d,x,1,auto\n", "line 2: the sign"},
               {HEADER "operand,a,c,t,d,+,2,auto\n", "line 2: a confidence"},
               {HEADER "operand,a,c,t,d,+,nan,auto\n", "line 2: a confidence"},
               {HEADER "operand,a,c,t,d,+,1,maybe\n", "line 2: the decision"},
               {HEADER "operand,a,c,,,+,1,accepted\n", "rule 1 has no target"},
               {HEADER "operand,a,c,t,d,+,1,auto\noperand,a,c,t,d,-,1,auto\n", "would count twice"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    struct format_warnings warnings = {0};
    assert_null(format_named(STR("csv"))->read(arena, str_of(cases[i].csv), &warnings, &error));
    if (!str_has(str_of(error.message), str_of(cases[i].message))) fail_msg("case %zu: %s", i, error.message);
    arena_free(arena);
  }
}

static void proposals_of_align(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct format_warnings warnings = {0};
  const struct mapping *m =
      format_named(STR("csv"))
          ->read(arena, STR(HEADER "data_element,a,,t,,+,1,auto\noperand,a,c,t,d,+,0.5,auto\noperand,a,c,t,e,+,0.1,candidate\n"), &warnings,
                 &error);
  assert_non_null(m);
  assert_int_equal(m->rule_count, 1);
  assert_int_equal(warnings.n, 2);
  assert_ptr_equal(format_of_file(STR("x.CSV")), format_named(STR("csv")));
  assert_null(format_of_file(STR("x.txt")));
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips), cmocka_unit_test(losses_are_told), cmocka_unit_test(broken_lists),
                                     cmocka_unit_test(proposals_of_align)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
