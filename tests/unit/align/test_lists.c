/* What the two lists say as a whole: abbreviations that they explain, words that all names share, parts that tile or do not. */
#include "align/abbreviation.h"
#include "align/affix.h"
#include "align/reading.h"
#include "asking.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Abbreviations. */

static const struct dhis2_metadata *nothing(void) {
  return SIDE(arena, 'z', "Nothing");
}

/* After a list with these lines: does the abbreviation say the same as the words? */
static bool learns(const char *line, const char *abbreviation, const char *words) {
  struct lexicon *lexicon = lexicon_new(arena);
  abbreviations_learn(arena, lexicon, NULL, SIDE(arena, 'a', line), nothing());
  struct reading a = reading_of(arena, lexicon, str_of(abbreviation), READING_NAME),
                 b = reading_of(arena, lexicon, str_of(words), READING_NAME);
  bool same = a.term_count == b.term_count && a.term_count > 0;
  for (size_t i = 0; same && i < a.term_count; i++) same = a.terms[i].term == b.terms[i].term;
  lexicon_free(lexicon);
  return same;
}

static void test_abbreviations_that_a_list_explains(void **state) {
  static const struct {
    const char *line, *abbreviation, *words;
  } good[] = {
      {"Village health day (VHD) held", "VHD", "village health day"},
      {"VHD (village health day) held", "VHD", "village health day"},
      {"Session of VHD: village health day held", "VHD", "village health day"},
      {"VHD - village health day held", "VHD", "village health day"},
      {"Point-of-care testing [POCT]", "POCT", "point of care testing"},
      {"Clients given zorbane 'ZBN'", "ZBN", "zorbane"},
      {"Zorbanes (ZBNs) given", "ZBN", "zorbanes"},
      {"Journ\xC3\xA9"
       "e de sant\xC3\xA9 de village (JSV)",
       "JSV", "journee sante village"},
      {"Dia da sa\xC3\xBA"
       "de da aldeia (DSA) realizado",
       "DSA", "dia saude aldeia"},
      {"Jornada comunitaria de pesaje (JCP)", "JCP", "jornada comunitaria pesaje"},
      {"Village health day held ~ VHD held", "VHD", "village health day"},
      {"Outdoor latrine department visits ~ OLD visits", "OLD", "outdoor latrine department"},
      {"Household water kits for schools, given ~ HWK schools", "HWK", "household water kit"},
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!learns(good[i].line, good[i].abbreviation, good[i].words))
      fail_msg("\"%s\" does not teach %s", good[i].line, good[i].abbreviation);
}

static void test_what_explains_no_abbreviation(void **state) {
  assert_false(learns("Village health day (XYZ) held", "XYZ", "village health day"));
  assert_false(learns("Health days of a village (VHD)", "VHD", "health day village"));
  assert_false(learns("Village health day held ~ Village day", "day", "village health day"));
  assert_false(learns("Visual inspection with vinegar (VIV)", "VIV", "vinegar"));
  assert_true(learns("Visual inspection with vinegar (VIV)", "VIV", "visual inspection vinegar"));
}

/* Either list may explain it; a known one keeps what the tables say; a glossary comes first; two meanings are none. */
static void test_whose_word_counts(void **state) {
  from = SIDE(arena, 'a', "VHD held", "Measles cases", "Quarterly site review (QSR) done");
  to = SIDE(arena, 'b', "Village health days held ~ VHD held", "Measles cases", "QSR done", "Village wells");
  run();
  assert_pair("VHD held", "Village health days held");
  assert_pair("Quarterly site review (QSR) done", "QSR done");
  struct lexicon *lexicon = lexicon_new(arena);
  struct glossary_entry entry = {STR("vhd"), STR("malaria"), STR("")};
  struct glossary glossary = {&entry, 1};
  lexicon_explain(lexicon, entry.term, entry.means, entry.facet);
  abbreviations_learn(arena, lexicon, &glossary, SIDE(arena, 'a', "Village health day (VHD)", "Antenatal care (ANC)"),
                      SIDE(arena, 'b', "Big red box (BRB)", "Baby room bed (BRB)"));
  assert_int_equal(reading_of(arena, lexicon, STR("VHD"), READING_NAME).term_count, 1);
  assert_int_equal(reading_of(arena, lexicon, STR("ANC"), READING_NAME).facets.value[FACET_PREGNANCY], PREGNANCY_PREGNANT);
  assert_int_equal(reading_of(arena, lexicon, STR("BRB"), READING_NAME).term_count, 1);
  lexicon_free(lexicon);
}

/* What a whole list shares. */

static void assert_affixes(const char *const *names, size_t count, const char *prefix, const char *suffix) {
  struct str list[8];
  for (size_t i = 0; i < count; i++) list[i] = str_of(names[i]);
  struct affixes affixes = affixes_of(list, count);
  assert_true(str_eq(affixes.prefix, str_of(prefix)));
  assert_true(str_eq(affixes.suffix, str_of(suffix)));
}

static void test_words_that_all_names_begin_or_end_with(void **state) {
  assert_affixes((const char *const[]){"nat hmis malaria", "nat hmis measles", "nat hmis births", "nat rabies", "nat hmis nets"}, 5,
                 "nat hmis", "");
  assert_affixes((const char *const[]){"malaria monthly", "measles monthly", "births monthly", "nets weekly", "rabies monthly"}, 5, "",
                 "monthly");
  assert_affixes((const char *const[]){"malaria cases", "malaria deaths", "measles", "births", "nets"}, 5, "", "");
  assert_affixes((const char *const[]){"x a", "x b", "x c"}, 3, "", "");
  struct affixes affixes = {STR("nat"), STR("monthly")};
  assert_true(str_eq(affixes_strip(&affixes, STR("nat malaria cases monthly")), STR("malaria cases")));
  assert_true(str_eq(affixes_strip(&affixes, STR("national cases")), STR("national cases")));
  assert_true(str_eq(affixes_strip(&affixes, STR("nat")), STR("nat")));
}

static void test_names_without_what_the_list_shares_are_the_same(void **state) {
  from = SIDE(arena, 'a', "Fac_Malaria cases", "Fac_Measles cases", "Fac_Births", "Fac_Nets given", "Fac_Rabies cases");
  to = SIDE(arena, 'b', "Malaria cases (monthly)", "Measles cases (monthly)", "Births (monthly)", "Nets given (monthly)",
            "Rabies cases (monthly)");
  run();
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind != ALIGN_DATA_ELEMENT || row->rank != 1) continue;
    assert_int_equal(row->answer, ALIGN_AUTO);
    assert_true(str_starts(row->target->o.name, str_from(row->source->o.name, 4)));
  }
}

/* Parts that are summed. */

static bool warned(const char *text) {
  for (size_t i = 0; i < result->warning_count; i++)
    if (str_find(result->warnings[i], str_of(text)) != SIZE_MAX) return true;
  return false;
}

static const struct align_row *cell_row(const char *element, const char *coc) {
  const struct dhis2_data_element *source = element_named(from, element);
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_OPERAND && row->source == source && row->rank == 1 && str_eq(row->source_coc->o.name, str_of(coc))) return row;
  }
  fail_msg("there is no row");
  return NULL;
}

static void test_parts_that_tile_are_not_told(void **state) {
  from = SIDE(arena, 'a', "Age: 0-11 months, 12-59 months, 5-9, 10-14, 15+", "Clients tested = Age");
  to = SIDE(arena, 'b', "Broad: <15, 15+", "Clients tested = Broad");
  run();
  assert_int_equal(result->warning_count, 0);
  assert_int_equal(str_find(cell_row("Clients tested", "5-9")->why, STR("Of the ages")), SIZE_MAX);
}

static void test_a_gap_is_told(void **state) {
  from = SIDE(arena, 'a', "Age: <1, 1-4, 10-14, 15-49 | Female, Male", "Clients tested = Age");
  to = SIDE(arena, 'b', "Broad: <15, 15+ | Female, Male", "Clients tested = Broad");
  run();
  assert_true(warned("<15, Female: nothing for 5-9 years"));
  assert_true(warned("<15, Male: nothing for 5-9 years"));
  assert_true(warned("15+, Male: nothing for 50+ years"));
  assert_int_equal(result->warning_count, 4);
  assert_true(str_find(cell_row("Clients tested", "1-4, Male")->why, STR("nothing for 5-9 years")) != SIZE_MAX);
  assert_cell("Clients tested", "1-4, Male", "<15, Male");
}

static void test_an_overlap_is_told_and_wants_a_look(void **state) {
  from = SIDE(arena, 'a', "Age: 0-9, 5-14, 15+", "Clients tested = Age");
  to = SIDE(arena, 'b', "Broad: <15, 15+", "Clients tested = Broad");
  run();
  assert_true(warned("<15: twice: 5-9 years"));
  assert_int_equal(cell_row("Clients tested", "0-9")->answer, ALIGN_PROPOSED);
  assert_int_equal(cell_row("Clients tested", "5-14")->answer, ALIGN_PROPOSED);
  assert_int_equal(cell_row("Clients tested", "15+")->answer, ALIGN_AUTO);
}

/* The parts may be elements by themselves. */
static void test_a_gap_between_elements(void **state) {
  from = SIDE(arena, 'a', "Malaria confirmed 0-4 years", "Malaria confirmed 10-14 years", "Malaria confirmed 15+ years");
  to = SIDE(arena, 'b', "Broad: <15, 15+", "Malaria confirmed = Broad");
  run();
  assert_true(warned("<15: nothing for 5-9 years"));
  assert_int_equal(result->warning_count, 1);
}

static void test_ages_in_words(void **state) {
  static const struct {
    int32_t from, to;
    const char *text;
  } ages[] = {{0, 365, "0 years"},       {0, 28, "0-27 days"},
              {365, 1826, "1-4 years"},  {18263, AGE_OPEN, "50+ years"},
              {183, 365, "6-11 months"}, {548, 5479, "18 months to 14 years"},
              {548, 731, "18-23 months"}};
  for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
    struct str text = age_text(arena, (struct age){AGE_INTERVAL, ages[i].from, ages[i].to});
    if (!str_eq(text, str_of(ages[i].text))) fail_msg("%s: %.*s", ages[i].text, STR_ARG(text));
  }
}

/* One to many. */

static void assert_also(const char *source, const char *target) {
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_DATA_ELEMENT && is_answer(row) && str_eq(row->source->o.name, str_of(source)) &&
        str_eq(row->target->o.name, str_of(target)))
      return;
  }
  fail_msg("'%s' is not answered by '%s'", source, target);
}

static size_t answers(enum align_kind kind, const char *source) {
  size_t n = 0;
  for (size_t i = 0; i < result->count; i++)
    n += result->rows[i].kind == kind && is_answer(&result->rows[i]) && str_eq(result->rows[i].source->o.name, str_of(source));
  return n;
}

static bool cell_goes_to(const char *coc, const char *target) {
  for (size_t i = 0; i < result->count; i++) {
    const struct align_row *row = &result->rows[i];
    if (row->kind == ALIGN_OPERAND && is_answer(row) && str_eq(row->source_coc->o.name, str_of(coc)) &&
        str_eq(row->target->o.name, str_of(target)))
      return true;
  }
  return false;
}

static void test_one_element_goes_to_several_that_share_it(void **state) {
  from = SIDE(arena, 'a', "SexAge: Female, Male | 0-4, 5-14, 15+", "Malaria cases confirmed = SexAge", "Nets distributed");
  to = SIDE(arena, 'b', "Malaria cases confirmed <5 years", "Malaria cases confirmed 5-14 years", "Malaria cases confirmed 15+ years",
            "Nets distributed");
  run();
  assert_also("Malaria cases confirmed", "Malaria cases confirmed <5 years");
  assert_also("Malaria cases confirmed", "Malaria cases confirmed 5-14 years");
  assert_also("Malaria cases confirmed", "Malaria cases confirmed 15+ years");
  assert_int_equal(answers(ALIGN_OPERAND, "Malaria cases confirmed"), 6);
  assert_true(cell_goes_to("Female, 0-4", "Malaria cases confirmed <5 years"));
  assert_true(cell_goes_to("Male, 0-4", "Malaria cases confirmed <5 years"));
  assert_true(cell_goes_to("Male, 15+", "Malaria cases confirmed 15+ years"));
  assert_int_equal(answers(ALIGN_DATA_ELEMENT, "Nets distributed"), 1);
}

static void test_shares_by_sex_and_more_than_are_listed(void **state) {
  from = SIDE(arena, 'a', "All: Male, Female | <5, 5-9, 10-14, 15-19, 20-24, 25-29, 30-34, 35-39, 40+", "TB cases notified = All",
              "Measles deaths");
  const char *lines[20];
  size_t n = 0;
  static const char *const ages[] = {"<5", "5-9", "10-14", "15-19", "20-24", "25-29", "30-34", "35-39", "40+"};
  for (size_t i = 0; i < 9; i++)
    for (size_t sex = 0; sex < 2; sex++)
      lines[n++] = arena_cstr(arena, arena_printf(arena, "TB cases notified, %s, %s years", sex ? "male" : "female", ages[i]));
  lines[n++] = "Measles deaths";
  to = make_side(arena, 'b', lines, n);
  run();
  assert_int_equal(answers(ALIGN_DATA_ELEMENT, "TB cases notified"), 18);
  assert_int_equal(answers(ALIGN_OPERAND, "TB cases notified"), 18);
  assert_true(cell_goes_to("Male, 20-24", "TB cases notified, male, 20-24 years"));
}

/* What would have to be split is not shared; what the source is not divided by, neither. */
static void test_what_is_not_shared(void **state) {
  from = SIDE(arena, 'a', "Age: 0-9, 10+", "Malaria cases confirmed = Age", "Cholera cases");
  to = SIDE(arena, 'b', "Malaria cases confirmed <5 years", "Malaria cases confirmed 5-14 years", "Cholera cases male",
            "Cholera cases female");
  run();
  assert_int_equal(answers(ALIGN_OPERAND, "Malaria cases confirmed"), 0);
  assert_true(answers(ALIGN_DATA_ELEMENT, "Malaria cases confirmed") <= 1);
  assert_true(answers(ALIGN_DATA_ELEMENT, "Cholera cases") <= 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(abbreviations_that_a_list_explains),
      TEST(what_explains_no_abbreviation),
      TEST(whose_word_counts),
      TEST(words_that_all_names_begin_or_end_with),
      TEST(names_without_what_the_list_shares_are_the_same),
      TEST(parts_that_tile_are_not_told),
      TEST(a_gap_is_told),
      TEST(an_overlap_is_told_and_wants_a_look),
      TEST(a_gap_between_elements),
      TEST(ages_in_words),
      TEST(one_element_goes_to_several_that_share_it),
      TEST(shares_by_sex_and_more_than_are_listed),
      TEST(what_is_not_shared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
