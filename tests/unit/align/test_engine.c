/* What the engine answers: one test for each rule that align.h and the headers below it state. */
#include "asking.h"
#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Elements. */

static void test_the_same_names_in_another_order(void **state) {
  from = SIDE(arena, 'a', "Malaria cases", "Measles cases", "Malaria deaths", "Live births", "Caesarean sections");
  to = SIDE(arena, 'b', "Caesarean sections", "malaria deaths", "LIVE BIRTHS", "Measles-cases", "Malaria cases");
  run();
  assert_pair("Malaria cases", "Malaria cases");
  assert_pair("Malaria deaths", "malaria deaths");
  assert_pair("Live births", "LIVE BIRTHS");
  assert_pair("Measles cases", "Measles-cases");
  assert_pair("Caesarean sections", "Caesarean sections");
  for (size_t i = 0; i < result->count; i++)
    if (result->rows[i].kind == ALIGN_DATA_ELEMENT && is_answer(&result->rows[i])) assert_int_equal(result->rows[i].answer, ALIGN_AUTO);
}

static void test_a_prefix_that_a_whole_list_shares(void **state) {
  from = SIDE(arena, 'a', "Malaria cases", "Measles cases", "Malaria deaths", "Live births");
  to = SIDE(arena, 'b', "NAT-HMIS Malaria cases", "NAT-HMIS Measles cases", "NAT-HMIS Malaria deaths", "NAT-HMIS Live births");
  run();
  assert_pair("Malaria cases", "NAT-HMIS Malaria cases");
  assert_pair("Malaria deaths", "NAT-HMIS Malaria deaths");
  assert_pair("Live births", "NAT-HMIS Live births");
}

static void test_no_counterpart_is_an_answer(void **state) {
  from = SIDE(arena, 'a', "Malaria cases", "Refrigerator alarms", "Snake bites treated");
  to = SIDE(arena, 'b', "Malaria cases", "Measles cases", "Cholera deaths");
  run();
  assert_pair("Malaria cases", "Malaria cases");
  assert_pair("Refrigerator alarms", NULL);
  assert_pair("Snake bites treated", NULL);
}

static void test_another_language(void **state) {
  from = SIDE(arena, 'a', "Malaria cases confirmed", "Measles deaths", "Low birth weight babies", "Caesarean deliveries",
              "Women counselled on family planning");
  to = SIDE(arena, 'b', "Accouchements par c\xC3\xA9sarienne",
            "D\xC3\xA9"
            "c\xC3\xA8s rougeole",
            "Femmes conseill\xC3\xA9"
            "es en planification familiale",
            "Cas de paludisme confirm\xC3\xA9s", "Nourrissons de faible poids de naissance");
  run();
  assert_pair("Malaria cases confirmed", "Cas de paludisme confirm\xC3\xA9s");
  assert_pair("Measles deaths", "D\xC3\xA9"
                                "c\xC3\xA8s rougeole");
  assert_pair("Low birth weight babies", "Nourrissons de faible poids de naissance");
  assert_pair("Caesarean deliveries", "Accouchements par c\xC3\xA9sarienne");
}

static void test_translations_count_as_names(void **state) {
  from = SIDE(arena, 'a', "Xylo count = ; fr: Cas de fi\xC3\xA8vre jaune", "Measles cases");
  to = SIDE(arena, 'b', "Cas de fi\xC3\xA8vre jaune", "Cas de rougeole");
  run();
  assert_pair("Xylo count", "Cas de fi\xC3\xA8vre jaune");
}

static void test_contradictions_veto(void **state) {
  from = SIDE(arena, 'a', "OPV 1 doses given", "Sterilisation male", "ADS opening balance");
  to = SIDE(arena, 'b', "OPV 3 doses given", "Sterilisation female", "ADS stock on hand");
  run();
  assert_pair("OPV 1 doses given", NULL);
  assert_pair("Sterilisation male", NULL);
  assert_pair("ADS opening balance", NULL);
}

static void test_a_better_owner_keeps_its_target(void **state) {
  from = SIDE(arena, 'a', "Vitamin A ending balance", "Vitamin A opening balance", "Vitamin A received");
  to = SIDE(arena, 'b', "Vitamin A starting balance", "Vitamin A received", "Snake bites");
  run();
  assert_pair("Vitamin A opening balance", "Vitamin A starting balance");
  assert_pair("Vitamin A received", "Vitamin A received");
  assert_pair("Vitamin A ending balance", NULL);
}

/* Whom something counts may stand in its description alone. */
static void test_a_description_that_contradicts(void **state) {
  static const char *const groups[] = {"Number of pregnant women who were tested", "Number of clients who were tested"};
  float found[2] = {0};
  for (size_t i = 0; i < 2; i++) {
    from = SIDE(arena, 'a', "Tested for syphilis, breastfeeding mothers", "Nets distributed", "Snake bites");
    to = SIDE(arena, 'b', "Syphilis screening: tested", "Nets distributed", "Snake bites");
    ((struct dhis2_data_element *)(uintptr_t)element_named(to, "Syphilis screening: tested"))->o.description = str_of(groups[i]);
    run();
    for (size_t r = 0; r < result->count; r++)
      if (result->rows[r].kind == ALIGN_DATA_ELEMENT && result->rows[r].target && result->rows[r].rank == 1 &&
          str_starts(result->rows[r].source->o.name, STR("Tested")))
        found[i] = result->rows[r].confidence;
  }
  assert_true(found[1] > 0.5f && found[0] < found[1] - 0.1f);
}

static void test_what_was_planned_is_not_what_was_reached(void **state) {
  from = SIDE(arena, 'a', "Nets distributed target");
  to = SIDE(arena, 'b', "Nets distributed", "Malaria cases");
  run();
  assert_pair("Nets distributed target", NULL);
}

/* Cells. */

static void test_permuted_categories(void **state) {
  from = SIDE(arena, 'a', "SexAge: Female, Male | 0-4 years, 5-14 years, 15+ years", "Malaria cases = SexAge");
  to = SIDE(arena, 'b', "AgeSex: <5, 5 - 14 yrs, 15 years and over | M, F", "Malaria cases = AgeSex");
  run();
  assert_cell("Malaria cases", "Female, 0-4 years", "<5, F");
  assert_cell("Malaria cases", "Male, 5-14 years", "5 - 14 yrs, M");
  assert_cell("Malaria cases", "Male, 15+ years", "15 years and over, M");
}

static void test_cells_of_another_language(void **state) {
  from = SIDE(arena, 'a', "Idade: Menos de 1 ano, 1 a 4 anos, 5-14 anos, 15 anos e mais | Masculino, Feminino",
              "Casos de mal\xC3\xA1ria = Idade");
  to = SIDE(arena, 'b', "SexoEdad: Mujeres, Hombres | <1 a\xC3\xB1o, 1-4 a\xC3\xB1os, de 5 a 14 a\xC3\xB1os, 15 y m\xC3\xA1s a\xC3\xB1os",
            "Casos de malaria = SexoEdad");
  run();
  assert_cell("Casos de mal\xC3\xA1ria", "Menos de 1 ano, Masculino", "Hombres, <1 a\xC3\xB1o");
  assert_cell("Casos de mal\xC3\xA1ria", "1 a 4 anos, Feminino", "Mujeres, 1-4 a\xC3\xB1os");
  assert_cell("Casos de mal\xC3\xA1ria", "5-14 anos, Masculino", "Hombres, de 5 a 14 a\xC3\xB1os");
  assert_cell("Casos de mal\xC3\xA1ria", "15 anos e mais, Feminino", "Mujeres, 15 y m\xC3\xA1s a\xC3\xB1os");
}

static void test_kinds_of_care_in_options(void **state) {
  from = SIDE(arena, 'a',
              "Kind: Fixe, Avanc\xC3\xA9"
              "e | Nouveaux cas, Anciens cas",
              "Fi\xC3\xA8vre jaune = Kind", "Place: Public, Priv\xC3\xA9", "Cholera treated = Place");
  to = SIDE(arena, 'b', "Kind: New, Known | Outreach, Fixed", "Yellow fever = Kind", "Place: Private sector, Public sector",
            "Cholera treated = Place");
  run();
  assert_cell("Fi\xC3\xA8vre jaune", "Fixe, Nouveaux cas", "New, Fixed");
  assert_cell("Fi\xC3\xA8vre jaune",
              "Avanc\xC3\xA9"
              "e, Anciens cas",
              "Known, Outreach");
  assert_cell("Cholera treated", "Priv\xC3\xA9", "Private sector");
}

static void test_unknown_beside_a_sex_is_an_unknown_age(void **state) {
  from = SIDE(arena, 'a', "Age: <15, 15+, Unknown | Female, Male", "Malaria cases = Age");
  to = SIDE(arena, 'b', "Age: Female, Male | <15, 15+, Unknown age", "Malaria cases = Age");
  run();
  assert_cell("Malaria cases", "Unknown, Male", "Male, Unknown age");
  assert_cell("Malaria cases", "Unknown, Female", "Female, Unknown age");
}

/* A person paired an undivided element with a divided one: what it does not tell is unknown there. Without that person it is no answer. */
static void test_an_accepted_pair_uses_the_place_for_unknown(void **state) {
  from = SIDE(arena, 'a', "Preventive therapy completed", "Measles cases");
  to = SIDE(arena, 'b', "Full: Female, Male, Unknown sex | <15, 15+, Unknown age", "Preventive therapy completed = Full", "Measles cases");
  run();
  assert_cell("Preventive therapy completed", "default", NULL);
  struct decision decision = {.source_data_element = element_named(from, "Preventive therapy completed")->o.id,
                              .target_data_element = element_named(to, "Preventive therapy completed")->o.id,
                              .sign = '+',
                              .verdict = DECISION_ACCEPTED};
  run_with(&decision, 1, NULL);
  assert_cell("Preventive therapy completed", "default", "Unknown sex, Unknown age");
}

static void test_all_are_no_part(void **state) {
  from = SIDE(arena, 'a', "Persons tested for HIV", "Cholera cases", "Tuberculosis cured", "Rabies cases");
  to = SIDE(arena, 'b', "Persons tested positive for HIV", "Cholera cases male", "Tuberculosis died", "Rabies cases");
  run();
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_DATA_ELEMENT && row->source != element_named(from, "Rabies cases"))
      assert_int_not_equal(row->answer, ALIGN_AUTO);
  }
  assert_pair("Tuberculosis cured", NULL);
  assert_pair("Rabies cases", "Rabies cases");
}

static void test_parts_are_summed(void **state) {
  from = SIDE(arena, 'a', "Age: 0-11 months, 12-59 months, 5-9, 10-14, 15-24, 25+", "Clients tested = Age");
  to = SIDE(arena, 'b', "Broad: <15, 15+", "Clients tested = Broad");
  run();
  for (size_t i = 0; i < 4; i++)
    assert_cell("Clients tested", (const char *const[]){"0-11 months", "12-59 months", "5-9", "10-14"}[i], "<15");
  assert_cell("Clients tested", "15-24", "15+");
  assert_cell("Clients tested", "25+", "15+");
}

/* The answer follows when a band is split. */
static void test_a_band_that_is_split(void **state) {
  to = SIDE(arena, 'b', "Age: <15, 15+", "Clients tested = Age");
  static const char *const bands[] = {"Age: <15, 15+", "Age: <5, 5-14, 15+", "Age: <1, 1-4, 5-9, 10-14, 15+"};
  static const size_t parts[] = {1, 2, 4};
  for (size_t b = 0; b < 3; b++) {
    from = SIDE(arena, 'a', bands[b], "Clients tested = Age");
    run();
    size_t below = 0, above = 0;
    for (size_t i = 0; i < result->count; i++) {
      const struct align_row *row = &result->rows[i];
      if (row->kind != ALIGN_OPERAND || !is_answer(row)) continue;
      below += str_eq(row->target_coc->o.name, STR("<15"));
      above += str_eq(row->target_coc->o.name, STR("15+"));
    }
    assert_int_equal(below, parts[b]);
    assert_int_equal(above, 1);
  }
}

static void test_a_value_is_never_split(void **state) {
  from = SIDE(arena, 'a', "Age: 0-9, 10-19, 20+", "Clients tested = Age");
  to = SIDE(arena, 'b', "Fine: 0-4, 5-9, 10-14, 15-24, 25+", "Clients tested = Fine");
  run();
  assert_cell("Clients tested", "0-9", NULL);
  assert_cell("Clients tested", "10-19", NULL);
  assert_cell("Clients tested", "20+", NULL);
}

static void test_a_part_is_not_counted_beside_its_whole(void **state) {
  from = SIDE(arena, 'a', "Age: <15, 10-14, 15+", "Clients tested = Age");
  to = SIDE(arena, 'b', "Broad: <15, 15+", "Clients tested = Broad");
  run();
  assert_cell("Clients tested", "<15", "<15");
  assert_cell("Clients tested", "10-14", NULL);
}

static void test_the_elements_name_tells_the_cell(void **state) {
  from = SIDE(arena, 'a', "Tested positive 10-14 (F)", "Tested positive 10-14 (M)", "Tested positive 15+ (M)", "Tested negative 15+ (F)");
  to = SIDE(arena, 'b', "Full: <15 Female, <15 Male, 15+ Female, 15+ Male | Positive, Negative", "Clients tested, by result = Full",
            "Nets distributed");
  run();
  assert_cell("Tested positive 10-14 (F)", "default", "<15 Female, Positive");
  assert_cell("Tested positive 10-14 (M)", "default", "<15 Male, Positive");
  assert_cell("Tested positive 15+ (M)", "default", "15+ Male, Positive");
  assert_cell("Tested negative 15+ (F)", "default", "15+ Female, Negative");
}

static void test_a_target_that_does_not_divide_takes_all(void **state) {
  from = SIDE(arena, 'a', "Sex: Female, Male", "Measles cases = Sex");
  to = SIDE(arena, 'b', "Measles cases");
  run();
  assert_cell("Measles cases", "Female", "default");
  assert_cell("Measles cases", "Male", "default");
}

static void test_positives_are_subtracted_from_all_tested(void **state) {
  from = SIDE(arena, 'a', "Sex: Female, Male", "HIV clients tested = Sex", "HIV clients tested positive = Sex");
  to = SIDE(arena, 'b', "Full: Female, Male | Positive, Negative", "HIV tests done, clients tested = Full");
  run();
  assert_cell("HIV clients tested", "Female", "Female, Negative");
  assert_cell("HIV clients tested positive", "Female", "Female, Positive");
  assert_true(has_cell("HIV clients tested positive", "Female", "Female, Negative", '-'));
  assert_true(has_cell("HIV clients tested positive", "Male", "Male, Negative", '-'));
  assert_false(has_cell("HIV clients tested", "Male", NULL, '-'));
}

static void test_all_tested_is_not_negative_without_positives(void **state) {
  from = SIDE(arena, 'a', "Sex: Female, Male", "HIV clients tested = Sex");
  to = SIDE(arena, 'b', "Full: Female, Male | Positive, Negative", "HIV clients tested = Full");
  run();
  assert_cell("HIV clients tested", "Female", NULL);
}

/* Decisions. */

static struct decision about(const char *source, const char *target, enum decision_verdict verdict) {
  struct decision decision = {.source_data_element = element_named(from, source)->o.id, .sign = '+', .verdict = verdict};
  if (target) decision.target_data_element = element_named(to, target)->o.id;
  return decision;
}

static void test_decided_rows_are_never_overruled(void **state) {
  from = SIDE(arena, 'a', "Malaria cases", "Measles cases", "Cholera cases", "Rabies cases");
  to = SIDE(arena, 'b', "Malaria cases", "Measles cases", "Cholera cases", "Rabies cases");
  struct decision decisions[] = {about("Malaria cases", "Cholera cases", DECISION_ACCEPTED), about("Measles cases", NULL, DECISION_NONE),
                                 about("Rabies cases", "Rabies cases", DECISION_REJECTED)};
  run_with(decisions, 3, NULL);
  assert_pair("Malaria cases", "Cholera cases");
  assert_pair("Measles cases", NULL);
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->source == element_named(from, "Rabies cases") && row->kind == ALIGN_DATA_ELEMENT)
      assert_true(row->target != element_named(to, "Rabies cases"));
    if (row->source == element_named(from, "Malaria cases") && is_answer(row) && row->kind == ALIGN_DATA_ELEMENT) {
      assert_true(row->decided);
      assert_int_equal(row->answer, ALIGN_AUTO);
      assert_true(row->confidence == 1);
      assert_int_equal(row->rank, 1);
    }
  }
}

/* Both are summed in it: whoever goes through the list row by row sees the second as it was. */
static void test_what_shares_an_accepted_target_is_still_proposed(void **state) {
  from = SIDE(arena, 'a', "Stillbirths, fresh", "Stillbirths, macerated", "Live births", "Maternal deaths");
  to = SIDE(arena, 'b', "Stillbirths (fresh and macerated)", "Live births", "Maternal deaths", "Snake bites");
  run();
  assert_pair("Stillbirths, fresh", "Stillbirths (fresh and macerated)");
  assert_pair("Stillbirths, macerated", "Stillbirths (fresh and macerated)");
  struct decision decision = about("Stillbirths, fresh", "Stillbirths (fresh and macerated)", DECISION_ACCEPTED);
  run_with(&decision, 1, NULL);
  assert_pair("Stillbirths, macerated", "Stillbirths (fresh and macerated)");
}

static void test_several_targets_may_be_accepted(void **state) {
  from = SIDE(arena, 'a', "Malaria cases", "Measles cases");
  to = SIDE(arena, 'b', "Malaria cases", "Fever cases", "Measles cases");
  struct decision decisions[] = {about("Malaria cases", "Malaria cases", DECISION_ACCEPTED),
                                 about("Malaria cases", "Fever cases", DECISION_ACCEPTED)};
  run_with(decisions, 2, NULL);
  size_t elements = 0, cells = 0;
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->source != element_named(from, "Malaria cases") || !is_answer(row)) continue;
    elements += row->kind == ALIGN_DATA_ELEMENT;
    cells += row->kind == ALIGN_OPERAND;
  }
  assert_int_equal(elements, 2);
  assert_int_equal(cells, 2);
}

static void test_decided_cells(void **state) {
  from = SIDE(arena, 'a', "Sex: Female, Male", "Measles cases = Sex");
  to = SIDE(arena, 'b', "Sex: Female, Male", "Measles cases = Sex");
  const struct dhis2_data_element *source = element_named(from, "Measles cases"), *target = element_named(to, "Measles cases");
  struct decision decisions[2] = {
      {true, source->o.id, coc_named(from, source, "Female")->o.id, target->o.id, coc_named(to, target, "Male")->o.id, '+',
       DECISION_ACCEPTED},
      {true, source->o.id, coc_named(from, source, "Male")->o.id, STR_NONE, STR_NONE, '+', DECISION_NONE},
  };
  run_with(decisions, 2, NULL);
  assert_cell("Measles cases", "Female", "Male");
  assert_false(has_cell("Measles cases", "Female", "Female", '+'));
  assert_cell("Measles cases", "Male", NULL);
}

static void test_a_decided_cell_teaches_the_others(void **state) {
  from = SIDE(arena, 'a', "Kind: Red, Green, Blue", "Measles cases = Kind", "Malaria cases = Kind");
  to = SIDE(arena, 'b', "Kind: Uno, Dos, Tres", "Measles cases = Kind", "Malaria cases = Kind");
  const struct dhis2_data_element *source = element_named(from, "Measles cases"), *target = element_named(to, "Measles cases");
  struct decision decision = {
      true, source->o.id, coc_named(from, source, "Red")->o.id, target->o.id, coc_named(to, target, "Tres")->o.id, '+', DECISION_ACCEPTED};
  run();
  assert_cell("Malaria cases", "Red", NULL);
  run_with(&decision, 1, NULL);
  assert_cell("Malaria cases", "Red", "Tres");
}

static void test_decisions_about_strangers_are_told(void **state) {
  from = SIDE(arena, 'a', "Measles cases");
  to = SIDE(arena, 'b', "Measles cases");
  struct decision decision = about("Measles cases", "Measles cases", DECISION_ACCEPTED);
  decision.target_data_element = STR("nobodyKnows");
  run_with(&decision, 1, NULL);
  assert_int_equal(result->warning_count, 1);
  assert_pair("Measles cases", "Measles cases");
}

static void test_a_glossary(void **state) {
  from = SIDE(arena, 'a', "Zibuko cases", "Measles cases");
  to = SIDE(arena, 'b', "Cholera cases", "Malaria cases");
  struct glossary_entry entry = {STR("zibuko"), STR("malaria"), STR("")};
  run_with(NULL, 0, &(struct glossary){&entry, 1});
  assert_pair("Zibuko cases", "Malaria cases");
}

/* Edges. */

static void test_a_side_with_nothing(void **state) {
  from = SIDE(arena, 'a', "Measles cases");
  static const struct dhis2_metadata nothing;
  to = &nothing;
  run();
  assert_int_equal(result->count, 2);
  assert_int_equal(result->rows[0].answer, ALIGN_NONE);
  assert_int_equal(result->rows[1].answer, ALIGN_NONE);
  to = from;
  from = &nothing;
  run();
  assert_int_equal(result->count, 0);
}

static void test_combos_too_large_for_all_against_all(void **state) {
  enum { OPTIONS = 2400 };
  struct buf line = BUF_INIT(1 << 20);
  (void)buf_printf(&line, "Big: option 0");
  for (unsigned i = 1; i < OPTIONS; i++) (void)buf_printf(&line, ", option %u", i);
  const char *combo = arena_cstr(arena, buf_str(&line));
  buf_free(&line);
  from = SIDE(arena, 'a', combo, "Tests by kind = Big");
  to = SIDE(arena, 'b', combo, "Tests by kind = Big");
  run();
  assert_cell("Tests by kind", "option 0", "option 0");
  assert_cell("Tests by kind", "option 2399", "option 2399");
}

static void test_cancelling(void **state) {
  from = SIDE(arena, 'a', "Measles cases");
  to = from;
  atomic_bool cancel = true;
  struct align_options options = {.watch.cancel = &cancel};
  struct error error = {0};
  assert_int_equal(align_run(from, to, &options, NULL, 0, arena, &result, &error), -1);
  assert_int_equal(error.code, ERROR_cancelled);
}

static void note(void *payload, size_t done, size_t of) {
  size_t *told = payload; /* how often, the last one, of how many, whether it ever fell */
  told[3] = told[3] || done < told[1];
  told[0]++;
  told[1] = done;
  told[2] = of;
}

static void test_how_far_it_is(void **state) {
  size_t told[4] = {0};
  from = SIDE(arena, 'a', "Measles cases", "Malaria cases", "Tetanus cases");
  to = from;
  struct align_options options = {.watch = {.told = note, .payload = told}};
  struct error error = {0};
  assert_int_equal(align_run(from, to, &options, NULL, 0, arena, &result, &error), 0);
  assert_true(told[0] >= 2);
  assert_int_equal(told[1], 3);
  assert_int_equal(told[2], 3);
  assert_int_equal(told[3], 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(the_same_names_in_another_order),
      TEST(how_far_it_is),
      TEST(a_prefix_that_a_whole_list_shares),
      TEST(no_counterpart_is_an_answer),
      TEST(another_language),
      TEST(translations_count_as_names),
      TEST(contradictions_veto),
      TEST(a_better_owner_keeps_its_target),
      TEST(a_description_that_contradicts),
      TEST(what_was_planned_is_not_what_was_reached),
      TEST(permuted_categories),
      TEST(cells_of_another_language),
      TEST(kinds_of_care_in_options),
      TEST(unknown_beside_a_sex_is_an_unknown_age),
      TEST(an_accepted_pair_uses_the_place_for_unknown),
      TEST(all_are_no_part),
      TEST(parts_are_summed),
      TEST(a_band_that_is_split),
      TEST(a_value_is_never_split),
      TEST(a_part_is_not_counted_beside_its_whole),
      TEST(the_elements_name_tells_the_cell),
      TEST(a_target_that_does_not_divide_takes_all),
      TEST(positives_are_subtracted_from_all_tested),
      TEST(all_tested_is_not_negative_without_positives),
      TEST(decided_rows_are_never_overruled),
      TEST(what_shares_an_accepted_target_is_still_proposed),
      TEST(several_targets_may_be_accepted),
      TEST(decided_cells),
      TEST(a_decided_cell_teaches_the_others),
      TEST(decisions_about_strangers_are_told),
      TEST(a_glossary),
      TEST(a_side_with_nothing),
      TEST(combos_too_large_for_all_against_all),
      TEST(cancelling),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
