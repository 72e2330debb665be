/* The mapping document: strict reading with places, writing that reads back the same, what must hold between its members; decisions as CSV. */
#include "mapping/decisions.h"
#include "mapping/mapping.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RULE(target, decision, terms) \
  "{\"target\":{\"data_element\":\"" target "\",\"category_option_combo\":\"c\"},\"terms\":[" terms "],\"decision\":\"" decision "\"}"
#define TERM(sign, source) "{\"sign\":\"" sign "\",\"data_element\":\"" source "\",\"category_option_combo\":\"c\"}"
#define DOCUMENT(rules, more) "{\"format\":\"drawbridge-mapping\",\"version\":1,\"rules\":[" rules "]" more "}"

static void round_trip(void **state) {
  (void)state;
  static const char text[] =
      "{\n  \"format\": \"drawbridge-mapping\",\n  \"version\": 1,\n"
      "  \"source\": {\"server\":\"district\",\"data_sets\":[\"S1\",\"S2\"],\"default_option_combo\":\"dflt\"},\n"
      "  \"target\": {\"server\":\"\",\"data_sets\":[],\"default_option_combo\":\"HllvX50cXC0\"},\n"
      "  \"rules\": [\n"
      "    "
      "{\"target\":{\"data_element\":\"t\",\"category_option_combo\":\"c\"},\"terms\":[{\"sign\":\"+\",\"data_element\":\"a\",\"category_"
      "option_combo\":\"c\"},"
      "{\"sign\":\"-\",\"data_element\":\"b\",\"category_option_combo\":\"c\"}],\"decision\":\"accepted\",\"confidence\":0.9,\"value_"
      "type\":\"INTEGER\",\"by\":\"maria\","
      "\"at\":\"2026-11-24T09:30:00Z\",\"note\":\"d\xc3\xa9j\xc3\xa0 vu\"},\n"
      "    {\"target\":null,\"terms\":[{\"sign\":\"+\",\"data_element\":\"x\",\"category_option_combo\":\"c\"}],\"decision\":\"none\"}\n"
      "  ],\n"
      "  \"attribute_option_combos\": [\n    {\"source\":\"p\",\"target\":\"q\"}\n  ],\n"
      "  \"org_units\": [\n    {\"source\":\"u\",\"target\":\"v\",\"decision\":\"auto\",\"confidence\":0.97},\n"
      "    {\"source\":\"w\",\"target\":null,\"decision\":\"none\"},\n"
      "    {\"source\":\"x\",\"target\":\"v\",\"decision\":\"rejected\",\"confidence\":1},\n"
      "    {\"source\":\"y\",\"target\":\"v\",\"by\":\"maria\",\"at\":\"2026-11-24T09:30:00Z\",\"note\":\"merged\","
      "\"approved_by\":\"john\",\"approved_at\":\"2026-11-25T09:30:00Z\"}\n  ],\n"
      "  \"periods\": {\"conversion\": \"roll-up\", \"source\": \"Monthly\", \"target\": \"Quarterly\", \"sound_for\": [\"SUM\"], "
      "\"note\": \"three \\\"months\\\"\"},\n"
      "  \"missing\": \"require-all\"\n}\n";
  struct arena *arena = arena_new();
  struct error error = {0};
  const struct mapping *mapping = mapping_read(arena, str_of(text), &error);
  if (!mapping) fail_msg("%s", error.message);
  assert_int_equal(mapping->rule_count, 2);
  assert_int_equal(mapping->rules[0].terms[1].sign, -1);
  assert_int_equal(mapping->missing, MAPPING_REQUIRE_ALL);
  assert_int_equal(mapping->org_units[0].decision, MAPPING_AUTO);
  assert_int_equal(mapping->attribute_option_combos[0].decision, MAPPING_ACCEPTED);
  assert_int_equal(mapping->periods.conversion, MAPPING_ROLL_UP);
  assert_true(str_eq(mapping->source.default_combo, STR("dflt")));
  struct buf out = BUF_INIT(1 << 16);
  assert_true(mapping_write(mapping, &out));
  assert_string_equal(out.p, text);
  buf_free(&out);
  arena_free(arena);
}

/* What is left out: same periods, sums; a pair is accepted. */
static void defaults(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  const struct mapping *mapping = mapping_read(arena, STR(DOCUMENT("", "")), &error);
  assert_non_null(mapping);
  assert_int_equal(mapping->periods.conversion, MAPPING_SAME_PERIODS);
  mapping = mapping_read(arena, STR(DOCUMENT("", ",\"periods\":{\"conversion\":\"roll-up\",\"source\":\"Monthly\",\"target\":\"Yearly\"}")),
                         &error);
  assert_non_null(mapping);
  assert_int_equal(mapping->periods.sound_count, 1);
  assert_true(str_eq(mapping->periods.sound_for[0], STR("SUM")));
  arena_free(arena);
}

/* What a side held goes in and out in brief: what is not needed is dropped, what is not used as well. */
static void remembered(void **state) {
  (void)state;
  static const char text[] = "{\"format\":\"drawbridge-mapping\",\"version\":1,\"rules\":[" RULE(
      "t", "accepted", TERM("+", "a")) "],\"metadata\":{\"source\":{"
                                       "\"dataElements\":[{\"id\":\"a\",\"name\":\"A\",\"description\":\"long\",\"valueType\":\"TEXT\","
                                       "\"categoryCombo\":{\"id\":\"k\"}}],"
                                       "\"categoryCombos\":[{\"id\":\"k\",\"name\":\"K\"},{\"id\":\"unused\",\"name\":\"U\"}],"
                                       "\"categoryOptionCombos\":[{\"id\":\"c\",\"name\":\"C\",\"categoryCombo\":{\"id\":\"k\"}}]}}}";
  struct arena *arena = arena_new();
  struct error error = {0};
  const struct mapping *mapping = mapping_read(arena, str_of(text), &error);
  if (!mapping) fail_msg("%s", error.message);
  assert_null(mapping->target.metadata);
  assert_true(str_eq(dhis2_metadata_element(mapping->source.metadata, STR("a"))->value_type, STR("TEXT")));
  struct buf once = BUF_INIT(1 << 16), twice = BUF_INIT(1 << 16);
  assert_true(mapping_write(mapping, &once));
  assert_non_null(strstr(once.p, "\"metadata\": {\n\"source\": {\"dataSets\":["));
  assert_non_null(strstr(once.p, "\n{\"id\":\"a\",\"name\":\"A\",\"valueType\":\"TEXT\",\"categoryCombo\":{\"id\":\"k\"}}"));
  assert_null(strstr(once.p, "unused"));
  assert_null(strstr(once.p, "long"));
  mapping = mapping_read(arena, buf_str(&once), &error);
  assert_true(mapping_write(mapping, &twice));
  assert_string_equal(once.p, twice.p);
  buf_free(&once);
  buf_free(&twice);
  arena_free(arena);
}

/* It stays in the document and does not count, also not as one of two that would name a source cell twice. */
static void blocked(void **state) {
  (void)state;
  static const char rule[] =
      "{\"target\":{\"data_element\":\"t\",\"category_option_combo\":\"c\"},\"terms\":[" TERM("+", "a") "],\"decision\":\"accepted\"";
  struct arena *arena = arena_new();
  struct error error = {0};
  struct str text =
      arena_printf(arena, "{\"format\":\"drawbridge-mapping\",\"version\":1,\"rules\":[%s,\"blocked\":\"it is gone\"},%s}]}", rule, rule);
  const struct mapping *mapping = mapping_read(arena, text, &error);
  if (!mapping) fail_msg("%s", error.message);
  assert_false(mapping_rule_counts(&mapping->rules[0]));
  assert_true(mapping_rule_counts(&mapping->rules[1]));
  struct buf out = BUF_INIT(1 << 16);
  assert_true(mapping_write(mapping, &out));
  assert_non_null(strstr(out.p, "\"decision\":\"accepted\",\"blocked\":\"it is gone\"}"));
  buf_free(&out);
  arena_free(arena);
}

static void refusals(void **state) {
  (void)state;
  static const struct {
    const char *json, *message;
  } cases[] = {
      {"{", "not JSON"},
      {"[]", "this is not a mapping"},
      {"{\"format\":\"drawbridge-mapping\",\"version\":2,\"rules\":[]}", "\"version\" must be 1"},
      {"{\"format\":\"drawbridge-mapping\",\"version\":1}", "\"rules\" is missing"},
      {DOCUMENT("", ",\"rules\":[]"), "duplicate"},
      {DOCUMENT("", ",\"extra\":1"), "unknown member \"extra\""},
      {DOCUMENT("", ",\"periods\":{\"conversion\":\"month-to-quarter\"}"), "\"conversion\" is same, roll-up or cannot"},
      {DOCUMENT("", ",\"periods\":{\"conversion\":\"roll-up\"}"), "periods: a roll-up names the period types of both sides"},
      {DOCUMENT("", ",\"periods\":{\"conversion\":\"roll-up\",\"source\":\"Weekly\",\"target\":\"Monthly\"}"),
       "periods: Weekly cannot be rolled up to Monthly"},
      {DOCUMENT("", ",\"periods\":{\"conversion\":\"roll-up\",\"source\":\"Yearly\",\"target\":\"Monthly\"}"),
       "periods: Yearly cannot be rolled up to Monthly"},
      {DOCUMENT("", ",\"periods\":{\"conversion\":\"same\",\"sound_for\":[1]}"), "must hold aggregation types"},
      {DOCUMENT("", ",\"periods\":{\"conversion\":\"same\",\"by\":\"x\"}"), "unknown member \"by\""},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"a\",\"target\":null}]"), "org_units, entry 1: source and target are ids"},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"a\",\"target\":\"b\",\"decision\":\"none\"}]"), "decided \"none\", and yet"},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"a\",\"target\":\"b\",\"decision\":\"maybe\"}]"), "\"decision\" is accepted"},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"a\",\"target\":\"b\",\"confidence\":2}]"), "a confidence is from 0 to 1"},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"a\",\"target\":\"b\",\"at\":\"today\"}]"), "org_units, entry 1: \"at\" and"},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"a\",\"target\":\"b\",\"approved_at\":\"today\"}]"), "are times (RFC 3339)"},
      {DOCUMENT("", ",\"missing\":\"guess\""), "\"missing\" is"},
      {DOCUMENT("", ",\"metadata\":{\"middle\":{}}"), "metadata: unknown member \"middle\""},
      {DOCUMENT("", ",\"metadata\":{\"source\":[]}"), "metadata: \"source\" and \"target\" are exports"},
      {DOCUMENT("", ",\"metadata\":{\"target\":{\"dataElements\":[]}}"), "metadata, target: "},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"a\",\"target\":\"b\"},{\"source\":\"a\",\"target\":\"d\"}]"),
       "the source a stands there twice"},
      {DOCUMENT("", ",\"org_units\":[{\"source\":\"\",\"target\":\"b\"}]"), "org_units, entry 1"},
      {DOCUMENT(RULE("t", "maybe", TERM("+", "a")), ""), "rule 1: \"decision\""},
      {DOCUMENT(RULE("t", "accepted", TERM("*", "a")), ""), "a sign is"},
      {DOCUMENT(RULE("t", "accepted", ""), ""), "rule 1 has no terms"},
      {DOCUMENT(RULE("", "accepted", TERM("+", "a")), ""), "the target is not a data element"},
      {DOCUMENT("{\"target\":null,\"terms\":[" TERM("+", "a") "],\"decision\":\"accepted\"}", ""), "rule 1 has no target"},
      {DOCUMENT(RULE("t", "accepted", TERM("+", "a") "," TERM("-", "a")), ""), "would count twice"},
      {DOCUMENT(RULE("t", "accepted", TERM("+", "a")) "," RULE("t", "proposed", TERM("+", "a")), ""),
       "rules 1 and 2: source cell a.c would count twice in target cell t.c"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    assert_null(mapping_read(arena, str_of(cases[i].json), &error));
    assert_int_equal(error.code, ERROR_input);
    if (!str_has(str_of(error.message), str_of(cases[i].message))) fail_msg("case %zu: %s", i, error.message);
    arena_free(arena);
  }
}

/* What somebody decided, or the engine is sure of, waits for a second person; what keeps its id and nobody spoke about says nothing new. */
static void pairs_to_approve(void **state) {
  (void)state;
  static const struct {
    struct mapping_pair pair;
    bool passes;
  } cases[] = {
      {{.source = STR("a"), .target = STR("b")}, false},
      {{.source = STR("a"), .target = STR("b"), .by = STR("maria")}, false},
      {{.source = STR("a"), .target = STR("b"), .by = STR("maria"), .approved_by = STR("john")}, true},
      {{.source = STR("a"), .target = STR("b"), .decision = MAPPING_AUTO, .confidence = 1}, false},
      {{.source = STR("a"), .target = STR("a"), .confidence = 0.99}, true},
      {{.source = STR("ours"), .target = STR("theirs")}, true}, /* default as default */
      {{.source = STR("theirs"), .target = STR("ours")}, false},
      {{.source = STR("a"), .target = STR("a"), .at = STR("2026-11-24T09:30:00Z")}, false}, /* somebody without a name */
      {{.source = STR("a"), .target = STR("a"), .by = STR("maria")}, false}, /* the engine had its doubts, or somebody confirmed it */
      {{.source = STR("a"), .target = STR("a"), .by = STR("maria"), .approved_by = STR("john")}, true},
      {{.source = STR("a"), .target = STR("a"), .decision = MAPPING_AUTO}, false},
      {{.source = STR("a"), .target = STR("a"), .decision = MAPPING_PROPOSED}, false}};
  struct mapping mapping = {.source.default_combo = STR("ours"), .target.default_combo = STR("theirs")};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mapping.approval = true;
    if (mapping_pair_is_approved(&mapping, &cases[i].pair) != cases[i].passes) fail_msg("case %zu", i);
    mapping.approval = false;
    assert_true(mapping_pair_is_approved(&mapping, &cases[i].pair));
  }
}

static void same_target_twice(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  assert_non_null(
      mapping_read(arena, STR(DOCUMENT(RULE("t", "accepted", TERM("+", "a")) "," RULE("t", "auto", TERM("-", "b")), "")), &error));
  assert_non_null(
      mapping_read(arena, STR(DOCUMENT(RULE("t", "rejected", TERM("+", "a")) "," RULE("t", "auto", TERM("+", "a")), "")), &error));
  arena_free(arena);
}

static void decisions(void **state) {
  (void)state;
  static const char csv[] =
      "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,rank,confidence,"
      "decision\n"
      "data_element,a,,t,,,1,0.5,accepted\r\noperand,a,c,t,d,-,1,0.9,rejected\noperand,b,c,,,,1,,none\noperand,b,c,t,d,+,2,0.1,candidate\n";
  struct arena *arena = arena_new();
  struct error error = {0};
  const struct decision *list;
  size_t count;
  assert_int_equal(decisions_read(arena, str_of(csv), &list, &count, &error), 0);
  assert_int_equal(count, 3);
  assert_false(list[0].operand);
  assert_true(list[1].operand && list[1].sign == '-' && list[1].verdict == DECISION_REJECTED);
  assert_int_equal(list[2].verdict, DECISION_NONE);
  struct buf out = BUF_INIT(4096);
  assert_true(decisions_write(list, count, &out));
  assert_string_equal(
      out.p, "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\r\n"
             "data_element,a,,t,,,accepted\r\noperand,a,c,t,d,-,rejected\r\noperand,b,c,,,+,none\r\n");
  buf_free(&out);
  arena_free(arena);
}

/* Of org units and attribute option combos; rows of periods and what is undecided are passed over. */
static void decisions_of_places(void **state) {
  (void)state;
  static const char csv[] =
      "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\r\n"
      "org_unit,u,,v,,,accepted\r\norg_unit,w,,,,,none\r\nattribute_option_combo,p,,q,,,rejected\r\n";
  struct arena *arena = arena_new();
  struct error error = {0};
  const struct decision *list;
  size_t count;
  struct str more = arena_printf(arena, "%speriod,Monthly,,Quarterly,,+,accepted\r\norg_unit,x,,y,,+,proposed\r\n", csv);
  assert_int_equal(decisions_read(arena, more, &list, &count, &error), 0);
  assert_int_equal(count, 3);
  assert_true(list[0].of == DECISION_OF_ORG_UNIT && !list[0].operand && str_eq(list[0].target_data_element, STR("v")));
  assert_true(list[1].of == DECISION_OF_ORG_UNIT && list[1].verdict == DECISION_NONE);
  assert_true(list[2].of == DECISION_OF_ATTRIBUTE && list[2].verdict == DECISION_REJECTED);
  struct buf out = BUF_INIT(4096);
  assert_true(decisions_write(list, count, &out));
  assert_string_equal(out.p, csv);
  buf_free(&out);
  assert_int_equal(decisions_read(arena, arena_printf(arena, "%sorg_unit,u,c,v,d,+,accepted\r\n", csv), &list, &count, &error), -1);
  arena_free(arena);
}

static void bad_decisions(void **state) {
  (void)state;
#define HEADER "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,decision\n"
  static const struct {
    const char *csv, *message;
  } cases[] = {
      {"", "no header"},
      {"kind,decision\n", "the column source_data_element is missing"},
      {HEADER "operand,a,,t,d,+,accepted\n", "line 2: an operand has a source"},
      {HEADER "operand,a,c,,,+,accepted\n", "line 2: target_data_element is empty"},
      {HEADER "\ncell,a,c,t,d,+,accepted\n", "line 3: the kind is"},
      {HEADER "operand,a,c,t,d,x,accepted\n", "line 2: the sign"},
      {HEADER "operand,a,c,t,d,+,perhaps\n", "line 2: the decision"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    const struct decision *list;
    size_t count;
    assert_int_equal(decisions_read(arena, str_of(cases[i].csv), &list, &count, &error), -1);
    if (!str_has(str_of(error.message), str_of(cases[i].message))) fail_msg("case %zu: %s", i, error.message);
    arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip),    cmocka_unit_test(remembered),
                                     cmocka_unit_test(blocked),       cmocka_unit_test(defaults),
                                     cmocka_unit_test(refusals),      cmocka_unit_test(same_target_twice),
                                     cmocka_unit_test(decisions),     cmocka_unit_test(decisions_of_places),
                                     cmocka_unit_test(bad_decisions), cmocka_unit_test(pairs_to_approve)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
