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
    {"aged 15-49 years", 5479, 18263},
    {"5-9 yrs", 1826, 3653},
    {"24 months and above", 730, OPEN},
    {"below 1 year", 0, 365},
    {"6-59 months", 183, 1826},
    {"over 60", 21915, OPEN},
    {"\xE2\x89\xA4"
     "49 years",
     0, 18263},
    {"1 to 4 years", 365, 1826},
    {"between 5 and 9 years", 1826, 3653},
    {"up to 4 years", 0, 1826},
    {"older than 15 years", 5479, OPEN},
    {"0-7 days", 0, 8},
    {"at least 50 years", 18263, OPEN},
    {"under-5s", 0, 1826},
    {"6 weeks to 11 months", 42, 365},
    {"< 1 an", 0, 365},
    {"0 \xC3\xA0 11 mois", 0, 365},
    {"de 6 \xC3\xA0 59 mois", 183, 1826},
    {"15 ans et +", 5479, OPEN},
    {"\xE2\x89\xA5 50 ans", 18263, OPEN},
    {"5 ans et plus", 1826, OPEN},
    {"inf\xC3\xA9rieur \xC3\xA0 5 ans", 0, 1826},
    {"moins d\xE2\x80\x99un an", 0, 365},
    {"entre 5 et 14 ans", 1826, 5479},
    {"\xC3\xA2g\xC3\xA9s de 10-14 ans", 3653, 5479},
    {"sup\xC3\xA9rieur \xC3\xA0 15 ans", 5479, OPEN},
    {"0-28 jours", 0, 29},
    {"au-del\xC3\xA0 de 50 ans", 18263, OPEN},
    {"enfants de moins de 5 ans", 0, 1826},
    {"6 mois et moins", 0, 213},
    {"< 1 ano", 0, 365},
    {"0 a 11 meses", 0, 365},
    {"menos de 5 anos", 0, 1826},
    {"menor de 1 ano", 0, 365},
    {"\xE2\x89\xA5 15 anos", 5479, OPEN},
    {"mais de 50 anos", 18263, OPEN},
    {"maiores de 5 anos", 1826, OPEN},
    {"50 anos ou mais", 18263, OPEN},
    {"15 e mais anos", 5479, OPEN},
    {"dos 10 aos 14 anos", 3653, 5479},
    {"entre 5 e 9 anos", 1826, 3653},
    {"acima de 50 anos", 18263, OPEN},
    {"abaixo de 5 anos", 0, 1826},
    {"0-28 dias", 0, 29},
    {"5-9 A", 1826, 3653},
    {"crian\xC3\xA7"
     "as < 5 anos",
     0, 1826},
    {"at\xC3\xA9 4 anos", 0, 1826},
    {"menores de 5 a\xC3\xB1os", 0, 1826},
    {"5 a 9 a\xC3\xB1os", 1826, 3653},
    {"60 y m\xC3\xA1s a\xC3\xB1os", 21915, OPEN},
    {"de 6 a 59 meses", 183, 1826},
    {"\xE2\x89\xA5 15 a\xC3\xB1os", 5479, OPEN},
    {"mayores de 60 a\xC3\xB1os", 21915, OPEN},
    {"m\xC3\xA1s de 50 a\xC3\xB1os", 18263, OPEN},
    {"menor de un a\xC3\xB1o", 0, 365},
    {"entre 10 y 19 a\xC3\xB1os", 3653, 7305},
    {"0 a 28 d\xC3\xAD"
     "as",
     0, 29},
    {"50 a\xC3\xB1os o m\xC3\xA1s", 18263, OPEN},
    {"15-19 a.", 5479, 7305},
    {"60 a\xC3\xB1os y +", 21915, OPEN},
    {"hasta 4 a\xC3\xB1os", 0, 1826},
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
    {"Breastfeeding mothers tested at the postnatal clinic", FACET_PREGNANCY, PREGNANCY_BREASTFEEDING}, /* one group, not several */
    {"Femmes allaitantes, consultation postnatale", FACET_PREGNANCY, PREGNANCY_BREASTFEEDING},
    {"Pregnant and breastfeeding women", FACET_PREGNANCY, FACET_SEVERAL},
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

/* The same said in English, French, Portuguese, Spanish. */
static const struct {
  enum facet_kind kind;
  const char *texts[4];
} told[] = {
    {FACET_SEX,
     {"Women tested",
      "Femmes test\xC3\xA9"
      "es",
      "Mulheres testadas", "Mujeres con prueba"}},
    {FACET_SEX, {"Male clients", "Clients masculins", "Utentes do sexo masculino", "Usuarios varones"}},
    {FACET_SEX, {"Sex unknown", "Sexe inconnu", "Sexo desconhecido", "Sexo desconocido"}},
    {FACET_RESULT, {"RDT positive", "TDR positif", "TDR positivos", "Pruebas r\xC3\xA1pidas positivas"}},
    {FACET_RESULT, {"RDT negative", "TDR n\xC3\xA9gatif", "TDR negativo", "Prueba r\xC3\xA1pida negativa"}},
    {FACET_RESULT, {"Result unknown", "R\xC3\xA9sultat inconnu", "Resultado desconhecido", "Resultado desconocido"}},
    {FACET_DOSE, {"Penta 1st dose", "Penta 1\xC3\xA8re dose", "Penta 1\xC2\xAA dose", "Penta 1ra dosis"}},
    {FACET_DOSE, {"Third dose", "Troisi\xC3\xA8me dose", "Terceira dose", "Tercera dosis"}},
    {FACET_DOSE, {"ANC 4th visit", "CPN 4\xC3\xA8me visite", "4\xC2\xAA consulta pr\xC3\xA9-natal", "4to control prenatal"}},
    {FACET_DOSE, {"Booster dose", "Dose de rappel", "Dose de refor\xC3\xA7o", "Dosis de refuerzo"}},
    {FACET_PREGNANCY, {"Pregnant women", "Femmes enceintes", "Mulheres gr\xC3\xA1vidas", "Mujeres embarazadas"}},
    {FACET_PREGNANCY, {"Breastfeeding women", "Femmes allaitantes", "Mulheres lactantes", "Madres lactantes"}},
    {FACET_PREGNANCY, {"Postpartum women", "Femmes en post-partum", "Mulheres no p\xC3\xB3s-parto", "Mujeres en el posparto"}},
    {FACET_POPULATION, {"Female sex workers", "Travailleuses du sexe", "Trabalhadoras do sexo", "Trabajadoras sexuales"}},
    {FACET_POPULATION,
     {"Men who have sex with men", "Hommes ayant des rapports sexuels avec des hommes", "Homens que fazem sexo com homens",
      "Hombres que tienen sexo con hombres"}},
    {FACET_POPULATION,
     {"People who inject drugs", "Consommateurs de drogues injectables", "Pessoas que injetam drogas", "Personas que se inyectan drogas"}},
    {FACET_POPULATION, {"Transgender people", "Personnes transgenres", "Pessoas transg\xC3\xA9nero", "Personas transg\xC3\xA9nero"}},
    {FACET_POPULATION, {"People in prison", "D\xC3\xA9tenus", "Reclusos", "Personas privadas de libertad"}},
    {FACET_KNOWN, {"New cases", "Nouveaux cas", "Casos novos", "Casos nuevos"}},
    {FACET_KNOWN, {"Known cases", "Cas connus", "Casos conhecidos", "Casos conocidos"}},
    {FACET_KNOWN,
     {"Relapses", "Rechutes",
      "Reca\xC3\xAD"
      "das",
      "Reca\xC3\xAD"
      "das"}},
    {FACET_PLACE, {"Fixed", "Fixe", "Fixo", "Fijo"}},
    {FACET_PLACE,
     {"Outreach",
      "Strat\xC3\xA9gie avanc\xC3\xA9"
      "e",
      "Brigada m\xC3\xB3vel", "Extramural"}},
    {FACET_PLACE, {"Community", "Communautaire", "Comunit\xC3\xA1rio", "Comunitario"}},
    {FACET_PATIENT, {"Inpatients", "Hospitalis\xC3\xA9s", "Internados", "Hospitalizados"}},
    {FACET_PATIENT, {"Outpatients", "Ambulatoire", "Ambulat\xC3\xB3rio", "Consulta externa"}},
    {FACET_PATIENT, {"OPD visits", "Consultations externes", "Consultas externas", "Pacientes ambulatorios"}},
    {FACET_SECTOR,
     {"Public", "Public",
      "P\xC3\xBA"
      "blico",
      "P\xC3\xBA"
      "blico"}},
    {FACET_SECTOR, {"Private sector", "Secteur priv\xC3\xA9", "Sector privado", "Sector privado"}},
    {FACET_STOCK, {"Opening balance", "Solde initial", "Saldo inicial", "Saldo inicial"}},
    {FACET_STOCK, {"Closing balance", "Solde final", "Saldo final", "Saldo final"}},
    {FACET_STOCK, {"Opening stock", "Stock initial", "Stock inicial", "Existencia inicial"}},
    {FACET_STOCK, {"Stock received", "Stock re\xC3\xA7u", "Stock recebido", "Existencias recibidas"}},
    {FACET_STOCK, {"Expired", "P\xC3\xA9rim\xC3\xA9s", "Expirados", "Vencidos"}},
    {FACET_STOCK,
     {"Days out of stock", "Jours de rupture de stock", "Dias de ruptura de stock",
      "D\xC3\xAD"
      "as de desabastecimiento"}},
    {FACET_ROLE, {"Numerator", "Num\xC3\xA9rateur", "Numerador", "Numerador"}},
    {FACET_ROLE, {"Denominator", "D\xC3\xA9nominateur", "Denominador", "Denominador"}},
    {FACET_LIFE,
     {"Deaths",
      "D\xC3\xA9"
      "c\xC3\xA8s",
      "\xC3\x93"
      "bitos",
      "Defunciones"}},
    {FACET_LIFE, {"Live births", "Naissances vivantes", "Nados vivos", "Nacidos vivos"}},
    {FACET_LIFE, {"Stillbirths", "Mort-n\xC3\xA9s", "Nados mortos", "Mortinatos"}},
    {FACET_PURPOSE, {"Annual target", "Cible annuelle", "Meta anual", "Meta anual"}},
};

static uint8_t value_in(size_t row, size_t language) {
  return read_text(told[row].texts[language], READING_NAME).facets.value[told[row].kind];
}

/* Four languages say one value; what says another thing in English says another value, but for the same in other words. */
static void test_facets_in_four_languages(void **state) {
  for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
    uint8_t value = value_in(i, 0);
    if (!value || value == FACET_SEVERAL) fail_msg("\"%s\": %s reads as %d", told[i].texts[0], facet_name(told[i].kind), value);
    for (size_t l = 1; l < 4; l++)
      if (value_in(i, l) != value)
        fail_msg("\"%s\": %s reads as %d, \"%s\" as %d", told[i].texts[l], facet_name(told[i].kind), value_in(i, l), told[i].texts[0],
                 value);
  }
  static const char *const others[][2] = {{"Women tested", "Male clients"},
                                          {"RDT positive", "RDT negative"},
                                          {"Penta 1st dose", "Third dose"},
                                          {"Pregnant women", "Breastfeeding women"},
                                          {"New cases", "Known cases"},
                                          {"Fixed", "Outreach"},
                                          {"Inpatients", "Outpatients"},
                                          {"Public", "Private sector"},
                                          {"Opening balance", "Closing balance"},
                                          {"Numerator", "Denominator"},
                                          {"Female sex workers", "Transgender people"},
                                          {"Deaths", "Live births"}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    struct facets a = read_text(others[i][0], READING_NAME).facets, b = read_text(others[i][1], READING_NAME).facets;
    bool differ = false;
    for (int k = 0; k < FACET_KINDS; k++) differ |= a.value[k] && b.value[k] && a.value[k] != b.value[k];
    if (!differ) fail_msg("\"%s\" and \"%s\" say the same", others[i][0], others[i][1]);
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

/* Words that say something as a facet are known with one wrong letter; other words, and short ones, are what they are. */
static void test_misspelt_words(void **state) {
  assert_int_equal(read_text("HIV postive women", READING_NAME).facets.value[FACET_RESULT], RESULT_POSITIVE);
  assert_int_equal(read_text("Children intiiated on treatment", READING_NAME).facets.value[FACET_KNOWN], KNOWN_NEW);
  assert_int_equal(read_text("Mascullino", READING_OPTION).facets.value[FACET_SEX], SEX_MALE);
  assert_int_equal(read_text("Cases as stated", READING_NAME).facets.value[FACET_KNOWN], 0);
  assert_int_equal(read_text("VIH [+ 50 ans]", READING_NAME).facets.value[FACET_RESULT], 0);
}

/* "controles" is more than one "control". */
static void test_plurals(void **state) {
  assert_true(same_terms("Controles prenatales", "Control prenatal"));
  assert_true(same_terms("Complicaciones", "Complicaci\xC3\xB3n"));
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
      cmocka_unit_test(test_facets_in_four_languages),
      cmocka_unit_test(test_words_of_four_languages_meet),
      cmocka_unit_test(test_abbreviations_of_the_lexicon),
      cmocka_unit_test(test_misspelt_words),
      cmocka_unit_test(test_plurals),
      cmocka_unit_test(test_broken_accents_and_case),
      cmocka_unit_test(test_a_glossary_teaches),
      cmocka_unit_test(test_broken_input),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
