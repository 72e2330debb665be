#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../metadata_of.h"
#include "transfer/gather.h"
#include "transfer/plan.h"

#include "../with_arena.h"
#include "base/vec.h"

#define HEAD \
  "{\"format\":\"drawbridge-mapping\",\"version\":1,\"source\":{\"data_sets\":[\"DsSource001\"]},\"target\":{\"data_sets\":[" \
  "\"DsTarget001\"]},"
#define TERM(sign, element, combo) "{\"sign\":\"" sign "\",\"data_element\":\"" element "\",\"category_option_combo\":\"" combo "\"}"
#define RULE(element, terms, more) \
  "{\"target\":{\"data_element\":\"" element "\",\"category_option_combo\":\"TcAll\"},\"terms\":[" terms \
  "],\"decision\":\"accepted\"" more "}"

static const struct mapping *mapping_of(const char *json) {
  struct error error = {0};
  const struct mapping *mapping = mapping_read(arena, str_of(json), &error);
  if (!mapping) fail_msg("%s", error.message);
  return mapping;
}

static const struct dhis2_metadata *target, *source; /* NULL: nothing is known of it */
static bool sum_anyway;

static struct translation *translation_for(const struct mapping *mapping) {
  struct error error = {0};
  struct translation_options options = {.accept = {true, true}, .source = source, .target = target, .sum_anyway = sum_anyway};
  struct translation *translation = translation_new(arena, mapping, options, &error);
  assert_non_null(translation);
  return translation;
}

struct said {
  const char *element, *combo, *unit, *value, *period, *attribute; /* period NULL: 202401 */
};

struct collected {
  const struct translation *translation;
  const struct mapping *mapping;
  struct cell cell;
  bool open;
  char text[4096]; /* "element unit=value|reason …" */
};

static void close_cell(struct collected *c) {
  char part[200];
  if (!c->open) return;
  c->open = false;
  cell_end(&c->cell, c->translation, c->mapping->missing);
  struct str period = translation_id(c->translation, c->cell.key.period);
  bool usual = str_eq(period, STR("202401"));
  (void)snprintf(part, sizeof part, "%.*s %.*s%s%.*s=%.*s%s%s; ",
                 STR_ARG(translation_operand(c->translation, c->cell.key.operand)->id.data_element),
                 STR_ARG(translation_id(c->translation, c->cell.key.org_unit)), usual ? "" : " ", STR_ARG(usual ? STR("") : period),
                 STR_ARG(c->cell.value), c->cell.reason ? transfer_reason_name(c->cell.reason) : "", c->cell.partial ? " partial" : "");
  size_t have = strlen(c->text);
  (void)snprintf(c->text + have, sizeof c->text - have, "%s", part);
}

static int on_contribution(void *payload, const struct contribution *contribution, struct str value, struct error *error) {
  struct collected *c = payload;
  (void)error;
  if (!c->open || !contribution_same_cell(&c->cell.key, contribution)) {
    close_cell(c);
    cell_begin(&c->cell, c->translation, contribution);
    c->open = true;
  }
  cell_add(&c->cell, c->translation, contribution, value);
  return 0;
}

static const char *result_of(const char *json, const struct said *said, size_t count, size_t memory) {
  static struct collected c;
  struct error error = {0};
  cell_free(&c.cell);
  c = (struct collected){.cell = CELL_INIT, .mapping = mapping_of(json)};
  struct translation *translation = translation_for(c.mapping);
  c.translation = translation;
  struct gather *gather = gather_new(memory);
  for (size_t i = 0; i < count; i++) {
    struct dhis2_value value = {.data_element = str_of(said[i].element),
                                .category_option_combo = str_of(said[i].combo),
                                .org_unit = str_of(said[i].unit),
                                .attribute_option_combo = str_of(said[i].attribute),
                                .period = str_of(said[i].period ? said[i].period : "202401"),
                                .value = str_of(said[i].value)};
    struct translated translated = translation_of(translation, &value);
    for (size_t k = 0; k < translated.count; k++) assert_int_equal(gather_add(gather, &translated.to[k], value.value, &error), 0);
    if (translated.reason) (void)snprintf(c.text + strlen(c.text), 64, "(%s) ", transfer_reason_name(translated.reason));
  }
  assert_int_equal(gather_sorted(gather, on_contribution, &c, &error), 0);
  close_cell(&c);
  gather_free(gather);
  cell_free(&c.cell);
  return c.text;
}

#define SUM \
  HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX") "," TERM("+", "SeA", "ScY") "," TERM("-", "SeB", "ScX"), \
                          ",\"value_type\":\"INTEGER\"") "]"

static void signed_sums(void **state) {
  static const struct said all[] = {{"SeA", "ScX", "OuOne", "5"}, {"SeB", "ScX", "OuOne", "100"}, {"SeA", "ScY", "OuOne", "7.0"}};
  (void)state;
  assert_string_equal(result_of(SUM "}", all, 3, 0), "TeSum OuOne=-88; ");
  assert_string_equal(result_of(SUM "}", all, 2, 0), "TeSum OuOne=-95 partial; ");
  assert_string_equal(result_of(SUM ",\"missing\":\"require-all\"}", all, 2, 0), "TeSum OuOne=missing_source partial; ");
  assert_string_equal(result_of(SUM ",\"missing\":\"skip\"}", all, 2, 0), "TeSum OuOne=skipped partial; ");
}

#define COPY(type) HEAD "\"rules\":[" RULE("TeCopy", TERM("+", "SeA", "ScX"), ",\"value_type\":\"" type "\"") "]}"

static void reasons(void **state) {
  static const struct said odd[] = {{"SeNever", "ScX", "OuOne", "5"}, {"SeA", "ScNever", "OuOne", "5"}, {"SeA", "ScX", "OuOne", ""}};
  static const struct said words[] = {{"SeA", "ScX", "OuOne", "5"}, {"SeA", "ScY", "OuOne", "five"}};
  static const struct said twice[] = {
      {"SeA", "ScX", "OuOne", "5"}, {"SeA", "ScX", "OuOne", "5.0"}, {"SeA", "ScX", "OuTwo", "5"}, {"SeA", "ScX", "OuTwo", "6"}};
  static const struct said fraction[] = {{"SeA", "ScX", "OuOne", "5"}, {"SeA", "ScY", "OuOne", "0.5"}};
  (void)state;
  assert_string_equal(result_of(SUM "}", odd, 3, 0), "(no_rule) (no_rule) (no_value) ");
  assert_string_equal(result_of(SUM "}", words, 2, 0), "TeSum OuOne=not_a_number partial; ");
  assert_string_equal(result_of(SUM "}", twice, 4, 0), "TeSum OuOne=5 partial; TeSum OuTwo=contradiction partial; ");
  assert_string_equal(result_of(COPY("NUMBER"), twice, 2, 0), "TeCopy OuOne=5; ");
  assert_string_equal(result_of(COPY("TEXT"), twice, 2, 0), "TeCopy OuOne=contradiction; "); /* two texts, though the numbers are one */
  assert_string_equal(result_of(SUM "}", fraction, 2, 0), "TeSum OuOne=value_type partial; ");
}

static void one_value_is_copied_and_may_go_to_several_cells(void **state) {
  static const char json[] =
      HEAD "\"rules\":[" RULE("TeCopy", TERM("+", "SeA", "ScX"), "") "," RULE("TeNegative", TERM("-", "SeA", "ScX"), "") "]}";
  static const struct said number[] = {{"SeA", "ScX", "OuOne", "1.50"}}, text[] = {{"SeA", "ScX", "OuOne", "some words"}};
  (void)state;
  assert_string_equal(result_of(json, number, 1, 0), "TeCopy OuOne=1.50; TeNegative OuOne=-1.5; ");
  assert_string_equal(result_of(json, text, 1, 0), "TeCopy OuOne=some words; TeNegative OuOne=not_a_number; ");
}

static void org_units_are_joined(void **state) {
  static const char json[] = HEAD
      "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"),
                         "") "],\"org_units\":[{\"source\":\"OuOne\",\"target\":\"OuBoth\"},{\"source\":\"OuTwo\",\"target\":\"OuBoth\"}]}";
  static const struct said said[] = {{"SeA", "ScX", "OuOne", "1"}, {"SeA", "ScX", "OuOther", "10"}, {"SeA", "ScX", "OuTwo", "100"}};
  struct str *closed;
  size_t count;
  (void)state;
  assert_string_equal(result_of(json, said, 3, 0), "(org_unit) TeSum OuBoth=101; ");
  translation_units_closed(translation_for(mapping_of(json)), arena, &STR("OuTwo"), 1, &closed, &count);
  assert_int_equal(count, 2); /* one alone would be half a sum */
}

static struct translated value_of_unit(struct translation *translation, struct str unit) {
  const struct dhis2_value value = {.data_element = STR("SeA"),
                                    .category_option_combo = STR("ScX"),
                                    .period = STR("202401"),
                                    .org_unit = unit,
                                    .attribute_option_combo = STR("AoX"),
                                    .value = STR("1")};
  return translation_of(translation, &value);
}

/* Many of them, none of which was known before; of each it is known where its value would go. */
static void org_units_are_skipped(void **state) {
  enum { MANY = 1000 };
  struct translation *translation = translation_for(mapping_of(HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), "") "]}"));
  (void)state;
  for (int i = 0; i < MANY; i++) translation_skip_unit(translation, arena_printf(arena, "OuSkip%05d", i));
  for (int i = 0; i < MANY; i++) {
    struct str unit = arena_printf(arena, "OuSkip%05d", i);
    struct translated to = value_of_unit(translation, unit);
    assert_true(to.reason == TRANSFER_unknown_unit && to.count == 1 && str_eq(translation_id(translation, to.to->org_unit), unit));
    assert_int_equal(translation_unit(translation, unit).n, 0);
  }
  assert_int_equal(value_of_unit(translation, STR("OuOther0001")).reason, TRANSFER_FINE);
  assert_true(str_eq(translation_unit(translation, STR("OuOther0001")), STR("OuOther0001")));
}

#define PAIRS \
  HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), \
                          "") "],\"org_units\":[{\"source\":\"OuSure\",\"target\":\"OuA\",\"decision\":\"auto\"}," \
                              "{\"source\":\"OuMaybe\",\"target\":\"OuA\",\"decision\":\"proposed\"},{\"source\":\"OuNever\",\"target\":" \
                              "\"OuA\",\"decision\":\"rejected\"}," \
                              "{\"source\":\"OuGone\",\"target\":null,\"decision\":\"none\"}],\"attribute_option_combos\":[{\"source\":" \
                              "\"AoSure\",\"target\":\"AoA\"}," \
                              "{\"source\":\"AoMaybe\",\"target\":\"AoA\",\"decision\":\"proposed\"},{\"source\":\"AoGone\",\"target\":" \
                              "null,\"decision\":\"none\"}]}"

/* What nobody decided is not sent, and what it would be part of is not whole. */
static void only_decided_pairs_lead_anywhere(void **state) {
  static const struct said said[] = {{"SeA", "ScX", "OuSure", "1", NULL, "AoSure"},    {"SeA", "ScX", "OuMaybe", "10", NULL, "AoSure"},
                                     {"SeA", "ScX", "OuNever", "100", NULL, "AoSure"}, {"SeA", "ScX", "OuGone", "1000", NULL, "AoSure"},
                                     {"SeA", "ScX", "OuElse", "1", NULL, "AoSure"},    {"SeA", "ScX", "OuSure", "1", NULL, "AoMaybe"},
                                     {"SeA", "ScX", "OuSure", "1", NULL, "AoGone"},    {"SeA", "ScX", "OuSure", "1", NULL, "AoElse"}};
  struct str *closed;
  size_t count;
  const struct str period = STR("202401");
  struct source_cell cells[4];
  (void)state;
  assert_string_equal(
      result_of(PAIRS, said, 8, 0),
      "(undecided) (rejected) (no_counterpart) (org_unit) (undecided) (no_counterpart) (attribute_option_combo) TeSum OuA=1 partial; ");
  struct translation *translation = translation_for(mapping_of(PAIRS));
  translation_units_closed(translation, arena, &STR("OuSure"), 1, &closed, &count);
  assert_int_equal(count, 1);
  assert_int_equal(translation_sources(translation, 0, STR("OuA"), STR("AoA"), &period, 1, cells, 4), 1);
}

#define DEFAULTS(terms, more) \
  "{\"format\":\"drawbridge-mapping\",\"version\":1,\"source\":{\"data_sets\":[\"DsSource001\"],\"default_option_combo\":\"AoOurs\"}," \
  "\"target\":{\"data_sets\":[\"DsTarget001\"],\"default_option_combo\":\"AoTheirs\"},\"rules\":[" RULE("TeSum", terms, "") "]" more "}"

/* Old databases have a default with an id of its own, and may have got values under the usual one. */
static void two_defaults_are_not_one_source(void **state) {
  static const struct said both[] = {{"SeA", "ScX", "OuOne", "5", NULL, "AoOurs"}, {"SeA", "ScX", "OuOne", "7", NULL, "AoTheirs"}},
                           apart[] = {{"SeA", "ScX", "OuOne", "5", NULL, "AoOurs"}, {"SeA", "ScX", "OuTwo", "7", NULL, "AoTheirs"}};
  static const char one[] = DEFAULTS(TERM("+", "SeA", "ScX"), ""),
                    sum[] = DEFAULTS(TERM("+", "SeA", "ScX") "," TERM("+", "SeB", "ScX"), ""), /* as many values as there are terms */
      listed[] = DEFAULTS(TERM("+", "SeA", "ScX"), ",\"attribute_option_combos\":[{\"source\":\"AoOurs\",\"target\":\"AoTheirs\"},"
                                                   "{\"source\":\"AoTheirs\",\"target\":\"AoTheirs\"}]");
  (void)state;
  assert_string_equal(result_of(one, both, 2, 0), "TeSum OuOne=contradiction; ");
  assert_string_equal(result_of(sum, both, 2, 0), "TeSum OuOne=contradiction; ");
  assert_string_equal(result_of(one, apart, 2, 0), "TeSum OuOne=5; TeSum OuTwo=7; ");
  assert_string_equal(result_of(listed, both, 2, 0), "TeSum OuOne=12; ");
}

#define TWO_UNITS(decision, more) \
  HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), \
                          "") "],\"org_units\":[{\"source\":\"OuOne\",\"target\":\"OuBoth\"},{\"source\":\"OuTwo\",\"target\":\"OuBoth\"," \
                              "\"decision\":\"" decision "\"}]" more "}"
#define OPEN_RULE(element, terms, decision, more) \
  "{\"target\":{\"data_element\":\"" element "\",\"category_option_combo\":\"TcAll\"},\"terms\":[" terms "],\"decision\":\"" decision \
  "\"" more "}"
#define TWO_RULES(other, more) HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), "") "," other "]" more "}"
#define REQUIRE ",\"missing\":\"require-all\""
#define SKIP ",\"missing\":\"skip\""
#define APPROVED ",\"approved_by\":\"joana\""

/* Of a facility that was merged, and reviewed by half, half a sum is known: it must not take the place of the whole one. */
static void what_is_not_decided_is_missing(void **state) {
  static const struct said said[] = {{"SeA", "ScX", "OuOne", "5"}}, text[] = {{"SeA", "ScX", "OuOne", "words"}};
  (void)state;
  assert_string_equal(result_of(TWO_UNITS("proposed", ""), said, 1, 0), "TeSum OuBoth=5 partial; ");
  assert_string_equal(result_of(TWO_UNITS("proposed", REQUIRE), said, 1, 0), "TeSum OuBoth=missing_source partial; ");
  assert_string_equal(result_of(TWO_UNITS("proposed", SKIP), said, 1, 0), "TeSum OuBoth=skipped partial; ");
  assert_string_equal(result_of(TWO_UNITS("rejected", REQUIRE), said, 1, 0), "TeSum OuBoth=5; ");
  assert_string_equal(result_of(TWO_UNITS("proposed", ""), text, 1, 0),
                      "TeSum OuBoth=words partial; "); /* one source that counts is copied */
  assert_string_equal(result_of(TWO_RULES(OPEN_RULE("TeSum", TERM("+", "SeB", "ScX"), "proposed", ""), REQUIRE), said, 1, 0),
                      "TeSum OuOne=missing_source partial; ");
  assert_string_equal(result_of(TWO_RULES(OPEN_RULE("TeSum", TERM("+", "SeB", "ScX"), "rejected", ""), REQUIRE), said, 1, 0),
                      "TeSum OuOne=5; ");
  assert_string_equal(result_of(TWO_RULES(OPEN_RULE("TeElse", TERM("+", "SeB", "ScX"), "proposed", ""), REQUIRE), said, 1, 0),
                      "TeSum OuOne=5; ");
}

static void what_is_blocked_or_not_approved_is_missing(void **state) {
  static const struct said said[] = {{"SeA", "ScX", "OuOne", "5"}};
  (void)state;
  assert_string_equal(
      result_of(TWO_RULES(OPEN_RULE("TeSum", TERM("+", "SeB", "ScX"), "accepted", ",\"blocked\":\"gone\""), REQUIRE), said, 1, 0),
      "TeSum OuOne=missing_source partial; ");
  assert_string_equal(/* the rule that took its place says the same source again */
                      result_of(TWO_RULES(OPEN_RULE("TeSum", TERM("+", "SeA", "ScX"), "accepted", ",\"blocked\":\"gone\""), REQUIRE), said,
                                1, 0),
                      "TeSum OuOne=5; ");
  static const char half[] = HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), APPROVED) "," RULE(
      "TeSum", TERM("+", "SeB", "ScX"), "") "],\"approval\":\"second-person\"" REQUIRE "}";
  assert_string_equal(result_of(half, said, 1, 0), "TeSum OuOne=missing_source partial; ");
}

#define TO_APPROVE(unit, attribute) \
  HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), \
                          APPROVED) "],\"org_units\":[{\"source\":\"OuOne\",\"target\":\"OuBoth\"" APPROVED \
                                    "},{\"source\":\"OuTwo\",\"target\":\"OuBoth\"" unit \
                                    "},{\"source\":\"OuSame\",\"target\":\"OuSame\",\"confidence\":0.99}]," \
                                    "\"attribute_option_combos\":[{\"source\":\"AoOne\",\"target\":\"AoA\"" attribute \
                                    "}],\"approval\":\"second-person\"}"

/* As a rule: held back with its reason, and what it would be a part of is not whole. What keeps its id and nobody decided is nothing to approve. */
static void pairs_that_nobody_approved(void **state) {
  static const struct said said[] = {{"SeA", "ScX", "OuOne", "5", NULL, "AoOne"},
                                     {"SeA", "ScX", "OuTwo", "7", NULL, "AoOne"},
                                     {"SeA", "ScX", "OuSame", "1", NULL, "AoOne"}};
  (void)state;
  assert_string_equal(result_of(TO_APPROVE("", APPROVED), said, 3, 0), "(not_approved) TeSum OuBoth=5 partial; TeSum OuSame=1; ");
  assert_string_equal(result_of(TO_APPROVE(",\"by\":\"maria\",\"decision\":\"auto\"", APPROVED), said, 3, 0),
                      "(not_approved) TeSum OuBoth=5 partial; TeSum OuSame=1; ");
  assert_string_equal(result_of(TO_APPROVE(",\"decision\":\"proposed\"" APPROVED, APPROVED), said, 3, 0),
                      "(undecided) TeSum OuBoth=5 partial; TeSum OuSame=1; "); /* nobody decided it: that is told */
  assert_string_equal(result_of(TO_APPROVE(APPROVED, APPROVED), said, 3, 0), "TeSum OuBoth=12; TeSum OuSame=1; ");
  assert_string_equal(result_of(TO_APPROVE(APPROVED, ""), said, 3, 0), "(not_approved) (not_approved) (not_approved) ");
  struct str *closed;
  size_t count;
  translation_units_closed(translation_for(mapping_of(TO_APPROVE("", APPROVED))), arena, &STR("OuOne"), 1, &closed, &count);
  assert_int_equal(count, 1);
}

#define ROLL(from, to, more) \
  HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), "") "," RULE("TeMean", TERM("+", "SeB", "ScX"), "") "," RULE( \
      "TeStock", TERM("+", "SeC", "ScX"), "") "],\"periods\":{\"conversion\":\"roll-up\",\"source\":\"" from "\",\"target\":\"" to \
                                              "\"" more "}}"

#define TARGET(period_type) \
  "{\"dataSets\":[{\"id\":\"DsTarget001\",\"name\":\"Set\",\"periodType\":\"" period_type \
  "\",\"dataSetElements\":[{\"dataElement\":{\"id\":\"TeSum\"}},{\"dataElement\":{\"id\":\"TeMean\"}}," \
  "{\"dataElement\":{\"id\":\"TeStock\"}}]}],\"dataElements\":[{\"id\":\"TeSum\",\"name\":\"a\",\"valueType\":\"NUMBER\"," \
  "\"aggregationType\":\"SUM\"}," \
  "{\"id\":\"TeMean\",\"name\":\"b\",\"valueType\":\"NUMBER\",\"aggregationType\":\"AVERAGE\"},{\"id\":\"TeStock\",\"name\":\"c\"," \
  "\"valueType\":\"NUMBER\",\"aggregationType\":\"AVERAGE_SUM_ORG_UNIT\"}]}"

static void periods_roll_up(void **state) {
  static const struct said year[] = {{"SeA", "ScX", "OuOne", "0.1", "202401", NULL},
                                     {"SeA", "ScX", "OuOne", "0.2", "202402", NULL},
                                     {"SeA", "ScX", "OuOne", "12345678901234567890", "202403", NULL},
                                     {"SeA", "ScX", "OuOne", "5", "202404", NULL},
                                     {"SeA", "ScX", "OuTwo", "7", "202401", NULL}};
  static const struct said odd[] = {{"SeA", "ScX", "OuOne", "1", "2024Q1", NULL},
                                    {"SeA", "ScX", "OuOne", "1", "2024W5", NULL},
                                    {"SeA", "ScX", "OuOne", "1", "nonsense", NULL}};
  static const struct said unsound[] = {{"SeB", "ScX", "OuOne", "1", "202401", NULL}, {"SeC", "ScX", "OuOne", "1", "202401", NULL}};
  static const struct said words[] = {{"SeA", "ScX", "OuOne", "many", "202401", NULL}, {"SeA", "ScX", "OuOne", "1", "202402", NULL}};
  static const struct said twice[] = {{"SeA", "ScX", "OuOne", "1", "202401", NULL}, {"SeA", "ScX", "OuOne", "2", "202401", NULL}};
  (void)state;
  target = metadata_of(arena, STR(TARGET("Quarterly")));
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), year, 5, 0),
                      "TeSum OuOne 2024Q1=12345678901234567890.3; TeSum OuTwo 2024Q1=7 partial; TeSum OuOne 2024Q2=5 partial; ");
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), odd, 3, 0), "(period) (period) (period) ");
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), unsound, 2, 0),
                      "TeMean OuOne 2024Q1=not_summable partial; TeStock OuOne 2024Q1=not_summable partial; ");
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ",\"sound_for\":[\"SUM\",\"AVERAGE_SUM_ORG_UNIT\"]"), unsound, 2, 0),
                      "TeMean OuOne 2024Q1=not_summable partial; TeStock OuOne 2024Q1=1 partial; ");
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), words, 2, 0), "TeSum OuOne 2024Q1=not_a_number partial; ");
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), twice, 2, 0), "TeSum OuOne 2024Q1=contradiction partial; ");
  target = metadata_of(arena, STR(TARGET("Yearly"))); /* the data set wants years, whatever the mapping says */
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), year + 4, 1, 0), "TeSum OuTwo 2024Q1=period_type partial; ");
  assert_string_equal(result_of(ROLL("Monthly", "Yearly", ""), year + 3, 2, 0), "TeSum OuOne 2024=5 partial; TeSum OuTwo 2024=7 partial; ");
  target = NULL;
}

#define SOURCE(element, value, aggregation) \
  "{\"dataElements\":[{\"id\":\"" element "\",\"name\":\"a\",\"valueType\":\"" value "\",\"aggregationType\":\"" aggregation "\"}]}"

static const struct obstacle *in_the_way(const char *json, const char *of_source) {
  source = metadata_of(arena, str_of(of_source));
  return translation_obstacle(translation_for(mapping_of(json)), 0);
}

/* A sum of what is averaged at the source is none, though the target adds it up; nor is one of three months' stock. */
static void the_source_has_a_say_in_sums(void **state) {
  static const struct said quarter[] = {{"SeA", "ScX", "OuOne", "5", "202401", NULL}, {"SeA", "ScX", "OuOne", "5", "202402", NULL}},
                           one[] = {{"SeA", "ScX", "OuOne", "5"}};
  static const char copy[] = HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), "") "]}";
  (void)state;
  source = metadata_of(arena, STR(SOURCE("SeA", "NUMBER", "AVERAGE")));
  assert_string_equal(result_of(SUM "}", one, 1, 0), "TeSum OuOne=not_summable partial; ");
  assert_string_equal(result_of(copy, one, 1, 0), "TeSum OuOne=5; ");
  assert_string_equal(result_of(TWO_UNITS("accepted", ""), one, 1, 0), "TeSum OuBoth=not_summable partial; ");
  sum_anyway = true;
  assert_string_equal(result_of(SUM "}", one, 1, 0), "TeSum OuOne=5 partial; ");
  sum_anyway = false;
  source = metadata_of(arena, STR(SOURCE("SeA", "NUMBER", "LAST_SUM_ORG_UNIT")));
  assert_string_equal(result_of(SUM "}", one, 1, 0), "TeSum OuOne=5 partial; ");
  target = metadata_of(arena, STR(TARGET("Quarterly")));
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), quarter, 2, 0), "TeSum OuOne 2024Q1=not_summable partial; ");
  const struct obstacle *obstacle = translation_obstacle(translation_for(mapping_of(ROLL("Monthly", "Quarterly", ""))), 2);
  assert_true(obstacle->at_source && str_eq(obstacle->type, STR("LAST_SUM_ORG_UNIT")) &&
              str_eq(str_of(obstacle->kind), STR("aggregation")));
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ",\"sound_for\":[\"SUM\",\"LAST_SUM_ORG_UNIT\"]"), quarter, 2, 0),
                      "TeSum OuOne 2024Q1=10 partial; ");
  source = metadata_of(arena, STR(SOURCE("SeA", "BOOLEAN", "NONE"))); /* how many said yes */
  assert_string_equal(result_of(ROLL("Monthly", "Quarterly", ""), quarter, 2, 0), "TeSum OuOne 2024Q1=10 partial; ");
  target = source = NULL;
}

static void the_side_in_the_way_is_told(void **state) {
  (void)state;
  assert_null(in_the_way(SUM "}", SOURCE("SeA", "NUMBER", "SUM"))->kind);
  const struct obstacle *obstacle = in_the_way(SUM "}", SOURCE("SeA", "PERCENTAGE", "SUM"));
  assert_true(obstacle->at_source && str_eq(obstacle->type, STR("PERCENTAGE")) && str_eq(str_of(obstacle->kind), STR("value")));
  obstacle = in_the_way(HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), ",\"value_type\":\"TEXT\"") "]}",
                        SOURCE("SeA", "NUMBER", "LAST"));
  assert_true(!obstacle->at_source && str_eq(obstacle->type, STR("TEXT")));
  source = NULL;
}

static void periods_of_a_roll_up(void **state) {
  struct error error = {0};
  const struct str *periods;
  size_t count;
  (void)state;
  target = metadata_of(arena, STR(TARGET("Quarterly")));
  struct translation *translation = translation_for(mapping_of(ROLL("Monthly", "Quarterly", "")));
  assert_int_equal(translation_periods(translation, arena, STR("2023Q4"), &periods, &count, &error), 0);
  assert_int_equal(count, 3);
  assert_true(str_eq(periods[0], STR("202310")) && str_eq(periods[2], STR("202312")));
  struct source_cell cells[4];
  assert_int_equal(translation_sources(translation, 2, STR("OuA"), STR("AoA"), periods, count, cells, 4), 3); /* each month */
  for (size_t i = 0; i < count; i++)
    assert_true(str_eq(cells[i].operand.data_element, STR("SeA")) && str_eq(cells[i].org_unit, STR("OuA")) &&
                str_eq(cells[i].period, periods[i]));
  assert_int_equal(translation_periods(translation, arena, STR("202310"), &periods, &count, &error), -1); /* half a quarter is none */
  assert_int_equal(error.code, ERROR_usage);
  translation = translation_for(mapping_of(ROLL("Daily", "Yearly", "")));
  assert_int_equal(translation_periods(translation, arena, STR("2024"), &periods, &count, &error), 0);
  assert_int_equal(count, 366);
  target = NULL;
}

#define SET(id, period_type) \
  "{\"id\":\"" id "\",\"name\":\"" id "\",\"periodType\":\"" period_type "\",\"dataSetElements\":[{\"dataElement\":{\"id\":\"TeSum\"}}]}"

/* An element that two data sets hold goes with the one that has its periods. */
static void the_data_set_is_one_that_has_the_period(void **state) {
  static const char json[] = "{\"format\":\"drawbridge-mapping\",\"version\":1,\"source\":{\"data_sets\":[\"DsSource001\"]},\"target\":{"
                             "\"data_sets\":[\"DsYear\",\"DsMonth\",\"DsAlso\"]},"
                             "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"), "") "]}";
  static const struct said said[] = {
      {"SeA", "ScX", "OuOne", "1"}, {"SeA", "ScX", "OuOne", "2", "2024", NULL}, {"SeA", "ScX", "OuOne", "3", "2024Q1", NULL}};
  static const char *const first[] = {"DsMonth", "DsYear", ""};
  static const size_t wanted[] = {2, 1, 0};
  struct str sets[3];
  (void)state;
  target = metadata_of(arena, STR("{\"dataSets\":[" SET("DsYear", "Yearly") "," SET("DsMonth", "Monthly") "," SET(
                                  "DsAlso", "Monthly") "],\"dataElements\":[{\"id\":\"TeSum\",\"name\":\"a\"}]}"));
  assert_string_equal(result_of(json, said, 3, 0), "TeSum OuOne=1; TeSum OuOne 2024=2; TeSum OuOne 2024Q1=period_type; ");
  struct translation *translation = translation_for(mapping_of(json));
  for (size_t i = 0; i < 3; i++) {
    struct dhis2_value value = {.data_element = STR("SeA"),
                                .category_option_combo = STR("ScX"),
                                .org_unit = STR("OuOne"),
                                .value = STR("1"),
                                .period = str_of(said[i].period ? said[i].period : "202401")};
    struct contribution cell = translation_of(translation, &value).to[0];
    assert_int_equal(translation_data_sets(translation, &cell, sets, 3), wanted[i]);
    if (wanted[i]) assert_true(str_eq(sets[0], str_of(first[i])));
  }
  target = NULL;
}

/* Rather nothing than something wrong. */
static void periods_that_cannot_be(void **state) {
  struct error error = {0};
  struct translation_options options = {.accept = {true, true}};
  (void)state;
  assert_null(translation_new(arena, mapping_of(ROLL("Monthly", "Quarterly", "")), options, &error));
  assert_true(str_has(str_of(error.message), STR("--to")));
  assert_null(translation_new(
      arena,
      mapping_of(HEAD "\"rules\":[" RULE("TeSum", TERM("+", "SeA", "ScX"),
                                         "") "],\"periods\":{\"conversion\":\"cannot\",\"note\":\"weeks lie in two months\"}}"),
      options, &error));
  assert_true(str_has(str_of(error.message), STR("weeks lie in two months")));
  assert_int_equal(error.code, ERROR_input);
}

/* The same through many small temporary runs as in memory, whatever the order. */
static void sorting_aside_changes_nothing(void **state) {
  enum { UNITS = 3000 };
  static char units[UNITS][12], values[UNITS][12];
  static struct said said[UNITS * 2];
  char *in_memory;
  (void)state;
  for (unsigned i = 0; i < UNITS; i++) {
    unsigned at = (i * 1237) % UNITS; /* a permutation */
    (void)snprintf(units[i], sizeof units[i], "Ou%u", at % 1500);
    (void)snprintf(values[i], sizeof values[i], "%u", at);
    said[i] = (struct said){"SeA", at < 1500 ? "ScX" : "ScY", units[i], values[i]};
  }
  in_memory = strdup(result_of(SUM "}", said, UNITS, 0));
  assert_string_equal(result_of(SUM "}", said, UNITS, 1), in_memory);
  free(in_memory);
}

static void undo_rows_are_read_as_written(void **state) {
  struct plan_row written[] = {{.data_set = STR("DsTarget001"),
                                .data_element = STR("TeA"),
                                .period = STR("202401"),
                                .org_unit = STR("OuOne"),
                                .category_option_combo = STR("TcAll"),
                                .attribute_option_combo = STR("AoOne"),
                                .before = STR("a \"b\",\nc"),
                                .before_comment = STR(" é "),
                                .before_follow_up = true,
                                .after = STR("7")},
                               {.data_set = STR("DsTarget001"),
                                .data_element = STR("TeB"),
                                .period = STR("202401"),
                                .org_unit = STR("OuOne"),
                                .category_option_combo = STR("TcAll"),
                                .attribute_option_combo = STR("AoOne"),
                                .after = STR("0"),
                                .zero_vanishes = true},
                               {.data_set = STR("DsTarget001"),
                                .data_element = STR("TeC"),
                                .period = STR("202401"),
                                .org_unit = STR("OuOne"),
                                .category_option_combo = STR("TcAll"),
                                .attribute_option_combo = STR("AoOne"),
                                .before = STR("12.0"),
                                .after = STR("12")}};
  struct buf buf = BUF_INIT(1 << 20);
  struct plan rows = {0};
  struct error error = {0};
  (void)state;
  assert_true(plan_write(written, 3, true, &buf));
  assert_int_equal(plan_read(arena, buf_str(&buf), &rows, &error), 0);
  assert_int_equal(rows.n, 3);
  assert_true(str_eq(rows.p[0].before, written[0].before) && str_eq(rows.p[0].before_comment, written[0].before_comment) &&
              rows.p[0].before_follow_up && rows.p[0].planned);
  assert_true(!rows.p[1].before.p && !rows.p[1].planned); /* a zero that is not kept, where there is none */
  assert_false(rows.p[2].planned);                        /* the same number */
  VEC_FREE(&rows);
  buf_free(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(signed_sums),
                                     cmocka_unit_test(reasons),
                                     cmocka_unit_test(one_value_is_copied_and_may_go_to_several_cells),
                                     cmocka_unit_test(org_units_are_joined),
                                     cmocka_unit_test(org_units_are_skipped),
                                     cmocka_unit_test(only_decided_pairs_lead_anywhere),
                                     cmocka_unit_test(two_defaults_are_not_one_source),
                                     cmocka_unit_test(what_is_not_decided_is_missing),
                                     cmocka_unit_test(what_is_blocked_or_not_approved_is_missing),
                                     cmocka_unit_test(pairs_that_nobody_approved),
                                     cmocka_unit_test(periods_roll_up),
                                     cmocka_unit_test(periods_of_a_roll_up),
                                     cmocka_unit_test(the_data_set_is_one_that_has_the_period),
                                     cmocka_unit_test(the_source_has_a_say_in_sums),
                                     cmocka_unit_test(the_side_in_the_way_is_told),
                                     cmocka_unit_test(periods_that_cannot_be),
                                     cmocka_unit_test(sorting_aside_changes_nothing),
                                     cmocka_unit_test(undo_rows_are_read_as_written)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
