/* What names say besides their subject, in four languages. */
#include "align/reading.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;
static struct lexicon *lexicon;

static int set_up(void **state) {
  arena = arena_new();
  lexicon = lexicon_new(arena);
  return 0;
}

static int tear_down(void **state) {
  lexicon_free(lexicon);
  arena_free(arena);
  return 0;
}

static struct reading read_text(const char *text, enum reading_kind kind) {
  return reading_of(arena, lexicon, str_of(text), kind);
}

enum { OPEN = -1 };

/* From and to in days (365.25 a year, 30.4375 a month). */
static const struct {
  const char *text;
  int from, to;
} ages[] = {
    {"0-11 months", 0, 365},
    {"0-11m", 0, 365},
    {"<1 year", 0, 365},
    {"< 1y", 0, 365},
    {"under 5 years", 0, 1826},
    {"less than 5 years", 0, 1826},
    {"u5", 0, 1826},
    {"12-59 months", 365, 1826},
    {"15+", 5479, OPEN},
    {"15 years and above", 5479, OPEN},
    {"15 years and over, male", 5479, OPEN},
    {">=15 yrs", 5479, OPEN},
    {"\xE2\x89\xA5 15 years", 5479, OPEN},
    {"(+50)y", 18263, OPEN},
    {"[+ 50 ans]", 18263, OPEN},
    {"Age(10-14)y, Female", 3653, 5479},
    {"10-<15 Years, Male", 3653, 5479},
    {"18 Mths-<5 Years", 548, 1826},
    {"20 - 24yrs", 7305, 9131},
    {"Male_25-29", 9131, 10958},
    {"Male 5_9", 1826, 3653},
    {"0-28 days", 0, 29},
    {"1 year", 365, 731},
    /* French */
    {"0-11 mois", 0, 365},
    {"moins de 5 ans", 0, 1826},
    {"5 \xC3\xA0 14 ans", 1826, 5479},
    {"50 ans et plus", 18263, OPEN},
    {"plus de 15 ans", 5479, OPEN},
    /* Portuguese */
    {"menores de 5 anos", 0, 1826},
    {"15 anos e mais", 5479, OPEN},
    {"5 a 14 anos", 1826, 5479},
    {"12-23 meses", 365, 731},
    /* Spanish */
    {"menos de 1 a\xC3\xB1o", 0, 365},
    {"15 a\xC3\xB1os y m\xC3\xA1s", 5479, OPEN},
    {"de 1 a 4 a\xC3\xB1os", 365, 1826},
};

static void test_ages(void **state) {
  for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
    struct age age = read_text(ages[i].text, READING_OPTION).facets.age,
               want = {AGE_INTERVAL, ages[i].from, ages[i].to == OPEN ? AGE_OPEN : ages[i].to};
    if (age.state != AGE_INTERVAL || age_compare(age, want) != AGE_EQUAL)
      fail_msg("\"%s\" reads as %d [%d, %d)", ages[i].text, age.state, age.from, age.to);
  }
}

static void test_what_is_no_age(void **state) {
  static const char *const texts[] = {"Form 731 HV01-17", "105-2.1 Women",     "OPV 3 doses",
                                      "weight < 2.5 kg",  "Viral load < 1000", "after 36 weeks of pregnancy",
                                      "within 72 hours",  "Test at 2-4 kg",    "Vitamin A 100 000"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct age age = read_text(texts[i], READING_NAME).facets.age;
    if (age.state != AGE_NONE) fail_msg("\"%s\" has no age, but reads as [%d, %d)", texts[i], age.from, age.to);
  }
}

static void test_relations_of_ages(void **state) {
  static const struct {
    const char *a, *b;
    enum age_relation want;
  } pairs[] = {{"0-11 months", "<1 year", AGE_EQUAL},
               {"5-9 years", "<15", AGE_INSIDE},
               {"<15", "5-9 years", AGE_AROUND},
               {"10-19", "15-24", AGE_OVERLAP},
               {"5-9", "10-14", AGE_APART},
               {">15 ans", "15+", AGE_EQUAL},
               {"50+", "15+", AGE_INSIDE},
               {"12-59 months", "1-4 years", AGE_EQUAL},
               {"0-4 years", "under 5", AGE_EQUAL},
               {"15-49", "15+", AGE_INSIDE}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    struct age a = read_text(pairs[i].a, READING_OPTION).facets.age, b = read_text(pairs[i].b, READING_OPTION).facets.age;
    if (age_compare(a, b) != pairs[i].want) fail_msg("%s to %s: %d, not %d", pairs[i].a, pairs[i].b, age_compare(a, b), pairs[i].want);
  }
}

static const struct {
  const char *text;
  enum facet_kind kind;
  int value; /* 0: only that the facet is there; -1: that it is not */
} facets[] = {
    {"Female, 15-19", FACET_SEX, SEX_FEMALE},
    {"F\xC3\xA9minin", FACET_SEX, SEX_FEMALE},
    {"Masculino", FACET_SEX, SEX_MALE},
    {"Tested 10-14 (M)", FACET_SEX, SEX_MALE},
    {"Mujeres", FACET_SEX, SEX_FEMALE},
    {"Male and female", FACET_SEX, FACET_SEVERAL},
    {"Unknown sex", FACET_SEX, FACET_UNKNOWN},
    {"HIV-positive women", FACET_RESULT, RESULT_POSITIVE},
    {"tests VIH+", FACET_RESULT, RESULT_POSITIVE},
    {"[VIH -][Hommes]", FACET_RESULT, RESULT_NEGATIVE},
    {"HIV - clients tested", FACET_RESULT, -1},
    {"S\xC3\xA9ron\xC3\xA9gatif", FACET_RESULT, RESULT_NEGATIVE},
    {"resultado positivo", FACET_RESULT, RESULT_POSITIVE},
    {"Newly identified", FACET_KNOWN, KNOWN_NEW},
    {"Nouveaux cas", FACET_KNOWN, KNOWN_NEW},
    {"Known at entry", FACET_KNOWN, KNOWN_BEFORE},
    {"j\xC3\xA1 conhecido", FACET_KNOWN, KNOWN_BEFORE},
    {"OPV 3 doses", FACET_DOSE, 4},
    {"ANC 1st visit", FACET_DOSE, 2},
    {"2\xC3\xA8me dose", FACET_DOSE, 3},
    {"1\xC2\xAA dose", FACET_DOSE, 2},
    {"femmes enceintes", FACET_PREGNANCY, PREGNANCY_PREGNANT},
    {"embarazadas", FACET_PREGNANCY, PREGNANCY_PREGNANT},
    {"mulheres lactantes", FACET_PREGNANCY, PREGNANCY_BREASTFEEDING},
    {"MSM", FACET_POPULATION, 0},
    {"trabajadoras sexuales", FACET_POPULATION, 0},
    {"Outreach", FACET_PLACE, 0},
    {"brigadas m\xC3\xB3veis", FACET_PLACE, 0},
    {"IPD cases", FACET_PATIENT, 0},
    {"consultas externas", FACET_PATIENT, 0},
    {"secteur priv\xC3\xA9", FACET_SECTOR, 0},
    {"opening balance", FACET_STOCK, 0},
    {"saldo inicial", FACET_STOCK, 0},
    {"stock final", FACET_STOCK, 0},
    {"num\xC3\xA9rateur", FACET_ROLE, 0},
    {"Malaria cases", FACET_STOCK, -1},
};

static void test_facets(void **state) {
  for (size_t i = 0; i < sizeof facets / sizeof *facets; i++) {
    int value = read_text(facets[i].text, READING_NAME).facets.value[facets[i].kind];
    bool good = facets[i].value == -1 ? value == 0 : facets[i].value == 0 ? value != 0 : value == facets[i].value;
    if (!good) fail_msg("\"%s\": %s reads as %d", facets[i].text, facet_name(facets[i].kind), value);
  }
}

static bool same_terms(const char *a, const char *b) {
  struct reading x = read_text(a, READING_NAME), y = read_text(b, READING_NAME);
  if (x.term_count != y.term_count) return false;
  for (size_t i = 0; i < x.term_count; i++)
    if (x.terms[i].term != y.terms[i].term) return false;
  return true;
}

static void test_words_of_four_languages_meet(void **state) {
  static const char *const same[][4] = {
      {"Malaria cases", "Cas de paludisme", "Casos de mal\xC3\xA1ria", "Casos de paludismo"},
      {"Measles deaths",
       "D\xC3\xA9"
       "c\xC3\xA8s rougeole",
       "Mortes por sarampo", "Muertes por sarampi\xC3\xB3n"},
      {"Low birth weight", "Faible poids de naissance", "Baixo peso ao nascer", "Bajo peso al nacer"},
      {"Stock on hand", "Stock final", "Saldo final", "Existencia final"},
      {"Caesarean deliveries", "Accouchements par c\xC3\xA9sarienne", "Partos por cesariana", "Partos por ces\xC3\xA1rea"},
  };
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    for (size_t k = 1; k < 4; k++)
      if (!same_terms(same[i][0], same[i][k])) fail_msg("\"%s\" and \"%s\" have different terms", same[i][0], same[i][k]);
}

static void test_abbreviations_of_the_lexicon(void **state) {
  assert_true(same_terms("ANC", "antenatal care"));
  assert_true(same_terms("LLIN distributed", "Long lasting insecticidal nets distributed"));
  assert_true(same_terms("Clients on ART", "clients on antiretroviral therapy"));
}

static void test_broken_accents_and_case(void **state) {
  assert_true(same_terms("test?es", "test\xC3\xA9"
                                    "es"));
  assert_true(same_terms("HIVStatus", "hiv status"));
  assert_true(same_terms("PERSONNES TEST\xC3\x89"
                         "ES",
                         "personnes test\xC3\xA9"
                         "es"));
}

static void test_a_glossary_teaches(void **state) {
  assert_false(same_terms("Zibuko tests", "Malaria tests"));
  lexicon_explain(lexicon, STR("zibuko"), STR("malaria"), STR(""));
  assert_true(same_terms("Zibuko tests", "Malaria tests"));
  lexicon_explain(lexicon, STR("KLM"), STR("key population"), STR("sex=female"));
  assert_int_equal(read_text("KLM", READING_NAME).facets.value[FACET_SEX], SEX_FEMALE);
}

static void test_broken_input(void **state) {
  char long_text[3 * TEXT_TOKENS_MAX];
  memset(long_text, '1', sizeof long_text);
  for (size_t i = 1; i < sizeof long_text; i += 2) long_text[i] = ' ';
  struct reading reading = reading_of(arena, lexicon, (struct str){long_text, sizeof long_text}, READING_NAME);
  assert_true(reading.term_count <= TEXT_TOKENS_MAX);
  reading = reading_of(arena, lexicon, STR("\xFF\xC3 caf\xC3"), READING_NAME);
  assert_int_equal(reading.facets.age.state, AGE_NONE);
  assert_int_equal(reading_of(arena, lexicon, STR(""), READING_OPTION).term_count, 0);
  assert_int_equal(reading_of(arena, lexicon, STR("<<<->>>=+-"), READING_OPTION).term_count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ages),
      cmocka_unit_test(test_what_is_no_age),
      cmocka_unit_test(test_relations_of_ages),
      cmocka_unit_test(test_facets),
      cmocka_unit_test(test_words_of_four_languages_meet),
      cmocka_unit_test(test_abbreviations_of_the_lexicon),
      cmocka_unit_test(test_broken_accents_and_case),
      cmocka_unit_test(test_a_glossary_teaches),
      cmocka_unit_test(test_broken_input),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
