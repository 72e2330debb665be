/* What the target divides and the source does not. */
#include "asking.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct align_row *first_row(const char *element, const char *coc) {
  const struct dhis2_data_element *source = element_named(from, element);
  const struct dhis2_option_combo *cell = coc_named(from, source, coc);
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_OPERAND && row->source == source && row->source_coc == cell) return row;
  }
  fail_msg("%s | %s has no row", element, coc);
  return NULL;
}

/* `parts`: the names with "; " between; empty: it is not divided. */
static void assert_division(const char *element, const char *coc, const char *parts, const char *whole) {
  const struct align_division *division = first_row(element, coc)->division;
  struct str told = STR("");
  for (size_t i = 0; division && i < division->count; i++)
    told = arena_printf(arena, "%.*s%s%.*s", STR_ARG(told), told.n ? "; " : "", STR_ARG(division->parts[i]->o.name));
  if (!str_eq(told, str_of(parts))) fail_msg("%s is divided into '%.*s' instead of '%s'", coc, STR_ARG(told), parts);
  struct str total = division && division->whole ? division->whole->o.name : STR("");
  if (!str_eq(total, str_of(whole))) fail_msg("the total of %s is '%.*s' instead of '%s'", coc, STR_ARG(total), whole);
}

static void test_ages_that_the_target_divides(void **state) {
  from = SIDE(arena, 'a', "Age: 0-4 years, 5-14 years, 15+ years | Female, Male", "Malaria cases = Age");
  to = SIDE(arena, 'b', "Fine: Under 5, 5-9, 10-14, 15-49, 50 and above | F, M", "Malaria cases = Fine");
  run();
  assert_division("Malaria cases", "0-4 years, Female", "", "");
  assert_division("Malaria cases", "5-14 years, Female", "5-9, F; 10-14, F", "");
  assert_division("Malaria cases", "15+ years, Male", "15-49, M; 50 and above, M", "");
}

static void test_ages_that_lie_across(void **state) {
  from = SIDE(arena, 'a', "Age: 0-9, 10-19, 20+", "Clients tested = Age");
  to = SIDE(arena, 'b', "Fine: 0-4, 5-9, 10-14, 15-24, 25+", "Clients tested = Fine");
  run();
  assert_division("Clients tested", "0-9", "0-4; 5-9", "");
  assert_division("Clients tested", "10-19", "10-14; 15-24", "");
  assert_division("Clients tested", "20+", "15-24; 25+", "");
}

static void test_what_the_source_leaves_open(void **state) {
  from = SIDE(arena, 'a', "Malaria cases", "Age: 0-4, 5+", "Cholera cases = Age");
  to = SIDE(arena, 'b', "Sex: Female, Male", "Malaria cases = Sex", "Both: Female, Male | 0-4, 5+", "Cholera cases = Both");
  run();
  assert_division("Malaria cases", "default", "Female; Male", "");
  assert_division("Cholera cases", "0-4", "Female, 0-4; Male, 0-4", "");
}

static void test_words_that_the_engine_has_no_kind_for(void **state) {
  from = SIDE(arena, 'a', "Kits distributed");
  to = SIDE(arena, 'b', "Colour: Blue box, Red box", "Kits distributed = Colour");
  run();
  assert_division("Kits distributed", "default", "Blue box; Red box", "");
}

static void test_a_total_takes_all(void **state) {
  from = SIDE(arena, 'a', "Age: 0-4, 5-14, 15+", "Malaria cases = Age");
  to = SIDE(arena, 'b', "Fine: 0-4, 5-9, 10-14, 15+, All ages", "Malaria cases = Fine");
  run();
  assert_division("Malaria cases", "5-14", "5-9; 10-14", "All ages");
  assert_division("Malaria cases", "0-4", "", "");
  from = SIDE(arena, 'a', "Malaria cases");
  to = SIDE(arena, 'b', "Sexe: Masculin, F\xC3\xA9minin, Total", "Malaria cases = Sexe");
  run();
  assert_division("Malaria cases", "default", "Masculin; F\xC3\xA9minin", "Total");
}

/* Summed, or with no counterpart at all: nothing is divided. */
static void test_what_is_not_divided(void **state) {
  from = SIDE(arena, 'a', "Fine: 0-4, 5-9, 10-14, 60+", "Clients tested = Fine");
  to = SIDE(arena, 'b', "Broad: 0-4, 5-14, 15-49", "Clients tested = Broad");
  run();
  assert_division("Clients tested", "5-9", "", "");
  assert_division("Clients tested", "60+", "", "");
  from = SIDE(arena, 'a', "Colour: Blue box, Red box, Green box", "Kits distributed = Colour");
  to = SIDE(arena, 'b', "Colour: Blue box, Red box", "Kits distributed = Colour");
  run();
  assert_division("Kits distributed", "Green box", "", "");
}

/* Also of what a person gave to one part of it, or left. */
static void test_what_is_decided_still_is_divided(void **state) {
  from = SIDE(arena, 'a', "Age: 0-4, 5-14", "Malaria cases = Age");
  to = SIDE(arena, 'b', "Fine: 0-4, 5-9, 10-14", "Malaria cases = Fine");
  const struct dhis2_data_element *source = element_named(from, "Malaria cases"), *target = element_named(to, "Malaria cases");
  struct decision decision = {.operand = true,
                              .source_data_element = source->o.id,
                              .source_category_option_combo = coc_named(from, source, "5-14")->o.id,
                              .target_data_element = target->o.id,
                              .target_category_option_combo = coc_named(to, target, "5-9")->o.id,
                              .sign = '+',
                              .verdict = DECISION_ACCEPTED};
  run_with(&decision, 1, NULL);
  assert_cell("Malaria cases", "5-14", "5-9");
  assert_division("Malaria cases", "5-14", "5-9; 10-14", "");
  decision.verdict = DECISION_NONE;
  decision.target_data_element = decision.target_category_option_combo = STR("");
  run_with(&decision, 1, NULL);
  assert_cell("Malaria cases", "5-14", NULL);
  assert_division("Malaria cases", "5-14", "5-9; 10-14", "");
}

static void test_many_parts_are_all_told(void **state) {
  struct buf line = BUF_INIT(4096);
  (void)buf_add(&line, STR("Ward: "));
  for (int i = 0; i < 40; i++) assert_true(buf_printf(&line, "%s%c%clmu ward", i ? ", " : "", "bdfgklmn"[i / 5], "aeiou"[i % 5]));
  (void)buf_add_char(&line, '\0');
  from = SIDE(arena, 'a', "Beds counted");
  to = SIDE(arena, 'b', line.p, "Beds counted = Ward");
  run();
  buf_free(&line);
  const struct align_division *division = first_row("Beds counted", "default")->division;
  assert_non_null(division);
  assert_int_equal(division->count, 40);
  assert_int_equal(division->all, 40);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(ages_that_the_target_divides),          TEST(ages_that_lie_across),    TEST(what_the_source_leaves_open),
      TEST(words_that_the_engine_has_no_kind_for), TEST(a_total_takes_all),       TEST(what_is_not_divided),
      TEST(what_is_decided_still_is_divided),      TEST(many_parts_are_all_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
