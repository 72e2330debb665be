/* Org units and attribute option combos: what a mapping remembers of them, what is told, and how it goes on. */
#include "../metadata_of.h"
#include "../with_arena.h"
#include "make_world.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A side: one element, a data set by funder, a country of two districts with a clinic each; `units` and `funders` in the words of the export. */
struct side_text {
  const char *units, *assigned, *funders;
};

#define UNIT(id, name, parent) "{\"id\":\"" id "\",\"name\":\"" name "\",\"parent\":{\"id\":\"" parent "\"}}"
#define CODED(id, name, code, parent) "{\"id\":\"" id "\",\"name\":\"" name "\",\"code\":\"" code "\",\"parent\":{\"id\":\"" parent "\"}}"
#define ABOVE "{\"id\":\"land\",\"name\":\"Land\"}," UNIT("north", "North", "land") "," UNIT("south", "South", "land")
#define FUNDER(id, name, option) \
  "{\"id\":\"" id "\",\"name\":\"" name "\",\"categoryCombo\":{\"id\":\"by\"},\"categoryOptions\":[{\"id\":\"" option \
  "\",\"name\":\"" name "\"}]}"

static const struct side_text plain = {ABOVE "," UNIT("bo", "Bo Clinic", "north") "," CODED("ken", "Kenema Hospital", "K1", "south"),
                                       "{\"id\":\"bo\"},{\"id\":\"ken\"}",
                                       FUNDER("fa", "Global Fund", "oa") "," FUNDER("fb", "PEPFAR", "ob")};

static const struct dhis2_metadata *side(const struct side_text *text) {
  struct str json = arena_printf(arena,
                                 "{\"dataSets\":[{\"id\":\"set\",\"name\":\"Report\",\"periodType\":\"Monthly\",\"categoryCombo\":{\"id\":"
                                 "\"by\"},\"organisationUnits\":[%s],"
                                 "\"dataSetElements\":[{\"dataElement\":{\"id\":\"de\"}}]}],\"dataElements\":[{\"id\":\"de\",\"name\":"
                                 "\"Cases\",\"valueType\":\"INTEGER\","
                                 "\"categoryCombo\":{\"id\":\"none\"}}],\"categoryCombos\":[{\"id\":\"none\",\"name\":\"default\"},{\"id\":"
                                 "\"by\",\"name\":\"Funder\"}],"
                                 "\"categoryOptionCombos\":[{\"id\":\"cell\",\"name\":\"default\",\"categoryCombo\":{\"id\":\"none\"}},%s],"
                                 "\"organisationUnits\":[%s]}",
                                 text->assigned, text->funders, text->units);
  return metadata_of(arena, json);
}

/* Of two plain sides, written and read once; with pairs of the same ids where wanted. */
static const struct mapping *mapping(bool pairs) {
  static const struct mapping_pair units[] = {{{"bo", sizeof "bo" - 1}, {"bo", sizeof "bo" - 1}, MAPPING_ACCEPTED, 1},
                                              {{"ken", sizeof "ken" - 1}, {"ken", sizeof "ken" - 1}, MAPPING_AUTO, 0.9}},
                                   funders[] = {{{"fa", sizeof "fa" - 1}, {"fa", sizeof "fa" - 1}, MAPPING_ACCEPTED, 1},
                                                {{"fb", sizeof "fb" - 1}, {"fb", sizeof "fb" - 1}, MAPPING_AUTO, 0.9}};
  static const struct str sets[] = {{"set", sizeof "set" - 1}};
  static const struct mapping_term term = {1, {{"de", sizeof "de" - 1}, {"cell", sizeof "cell" - 1}}};
  struct mapping_rule rule = {.target = term.source, .terms = &term, .term_count = 1, .decision = MAPPING_ACCEPTED, .confidence = 1};
  struct mapping m = {.rules = &rule, .rule_count = 1};
  m.source = m.target = (struct mapping_side){STR("s"), sets, 1, STR("cell"), side(&plain)};
  if (pairs) {
    m.org_units = units;
    m.attribute_option_combos = funders;
    m.org_unit_count = m.attribute_option_combo_count = 2;
  }
  struct error error = {0};
  struct buf text = BUF_INIT(1 << 16);
  assert_true(mapping_write(&m, &text));
  const struct mapping *back = mapping_read(arena, arena_str(arena, buf_str(&text)), &error);
  if (!back) fail_msg("%s in %s", error.message, text.p);
  buf_free(&text);
  return back;
}

static const struct drift *drift_to(bool pairs, const struct side_text *source, const struct side_text *target) {
  return drift_find(arena, mapping(pairs), (struct drift_sides){side(source), side(target)});
}

static void assert_told(const struct drift *drift, enum drift_side where, enum drift_kind kind, enum drift_object object, const char *id,
                        enum drift_effect effect) {
  const struct drift_change *change = change_of(drift, where, kind, object, id);
  for (size_t i = 0; i < drift->count && !change; i++)
    print_error("told: %s %s: %.*s\n", drift_effect_name(drift->changes[i].effect), drift_kind_name(drift->changes[i].kind),
                STR_ARG(drift->changes[i].sentence));
  if (!change) fail_msg("not told: %s of %s", drift_kind_name(kind), id);
  if (change->effect != effect) fail_msg("%.*s: %s", STR_ARG(change->sentence), drift_effect_name(change->effect));
  assert_true(change->sentence.n > 0 && !str_ends(change->sentence, STR(".")) && str_find(change->sentence, str_of(id)) != SIZE_MAX);
}

static void test_nothing_changed(void **state) {
  (void)state;
  /* the same in another order */
  static const struct side_text same = {CODED("ken", "Kenema Hospital", "K1", "south") "," UNIT("bo", "Bo Clinic", "north") "," ABOVE,
                                        "{\"id\":\"ken\"},{\"id\":\"bo\"}",
                                        FUNDER("fb", "PEPFAR", "ob") "," FUNDER("fa", "Global Fund", "oa")};
  assert_int_equal(drift_to(true, &plain, &plain)->count, 0);
  assert_int_equal(drift_to(false, &same, &same)->count, 0);
  /* nobody looked at org units */
  struct side_text silent = plain;
  silent.units = silent.assigned = "";
  assert_int_equal(drift_to(true, &silent, &silent)->count, 0);
}

static const struct side_text another = {
    ABOVE
    "," UNIT("bo", "Bumpe Clinic", "south") "," CODED("ken2", "Kenema General", "K1", "south") "," UNIT("new", "Moyamba Clinic", "north"),
    "{\"id\":\"bo\"},{\"id\":\"ken2\"},{\"id\":\"new\"}",
    FUNDER("fa", "World Bank", "oa") "," FUNDER("fc", "PEPFAR", "ob") "," FUNDER("fd", "UNICEF", "od")};

static void test_each_change_once(void **state) {
  (void)state;
  const struct drift *drift = drift_to(true, &another, &another);
  for (enum drift_side where = DRIFT_SOURCE; where <= DRIFT_TARGET; where++) {
    bool source = where == DRIFT_SOURCE;
    assert_told(drift, where, DRIFT_renamed, DRIFT_ORG_UNIT, "bo", DRIFT_CHECK);
    assert_told(drift, where, DRIFT_moved, DRIFT_ORG_UNIT, "bo", DRIFT_CHECK);
    assert_told(drift, where, DRIFT_replaced, DRIFT_ORG_UNIT, "ken", DRIFT_CHECK);
    assert_told(drift, where, DRIFT_appeared, DRIFT_ORG_UNIT, "new", source ? DRIFT_CHECK : DRIFT_INFORMATION);
    assert_told(drift, where, DRIFT_renamed, DRIFT_OPTION_COMBO, "fa", DRIFT_CHECK);
    assert_told(drift, where, DRIFT_replaced, DRIFT_OPTION_COMBO, "fb", source ? DRIFT_CHECK : DRIFT_BLOCKS);
    assert_told(drift, where, DRIFT_appeared, DRIFT_OPTION_COMBO, "fd", source ? DRIFT_CHECK : DRIFT_INFORMATION);
  }
  assert_int_equal(drift->count, 14);
}

static void test_gone_and_left(void **state) {
  (void)state;
  static const struct side_text less = {ABOVE "," UNIT("bo", "Bo Clinic", "north"), "{\"id\":\"north\"}",
                                        FUNDER("fa", "Global Fund", "ox")};
  const struct drift *drift = drift_to(true, &plain, &less);
  assert_told(drift, DRIFT_TARGET, DRIFT_left, DRIFT_ORG_UNIT, "bo", DRIFT_CHECK);
  assert_told(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_ORG_UNIT, "ken", DRIFT_CHECK);
  assert_told(drift, DRIFT_TARGET, DRIFT_appeared, DRIFT_ORG_UNIT, "north", DRIFT_INFORMATION);
  assert_told(drift, DRIFT_TARGET, DRIFT_options, DRIFT_OPTION_COMBO, "fa", DRIFT_BLOCKS);
  assert_told(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_OPTION_COMBO, "fb", DRIFT_BLOCKS);
  assert_int_equal(drift->count, 5);
}

/* A parent under another id is the same place to those below it: one change, not one for each clinic. */
static void test_a_district_under_another_id(void **state) {
  (void)state;
  static const struct side_text text = {
      "{\"id\":\"land\",\"name\":\"Land\"}," UNIT("n2", "North", "land") "," UNIT("south", "South", "land") "," UNIT(
          "bo", "Bo Clinic", "n2") "," CODED("ken", "Kenema Hospital", "K1", "south"),
      "{\"id\":\"bo\"},{\"id\":\"ken\"}", FUNDER("fa", "Global Fund", "oa") "," FUNDER("fb", "PEPFAR", "ob")};
  assert_int_equal(drift_to(true, &text, &text)->count, 0);
}

static const struct mapping_pair *pair_of(const struct mapping_pair *pairs, size_t count, const char *source) {
  for (size_t i = 0; i < count; i++)
    if (str_eq(pairs[i].source, str_of(source))) return &pairs[i];
  fail_msg("no pair of %s", source);
  return NULL;
}

/* Pairs follow, what is new gets one to look at, what a person said stays; and then nothing is left to tell. */
static void test_carried_forward(void **state) {
  (void)state;
  struct error error = {0};
  struct align_options align = {0};
  struct carried carried;
  struct drift_sides now = {side(&another), side(&another)};
  if (drift_carry(arena, mapping(true), now, (struct carry_options){true, &align}, &carried, &error) < 0) fail_msg("%s", error.message);
  const struct mapping *m = carried.mapping;
  assert_int_equal(carried.paired, 2);
  assert_int_equal(m->org_unit_count, 3);
  assert_true(str_eq(pair_of(m->org_units, 3, "bo")->target, STR("bo")));
  assert_int_equal(pair_of(m->org_units, 3, "bo")->decision, MAPPING_ACCEPTED);
  assert_true(str_eq(pair_of(m->org_units, 3, "ken2")->target, STR("ken2")));
  assert_true(str_eq(pair_of(m->org_units, 3, "new")->target, STR("new")));
  assert_int_equal(pair_of(m->org_units, 3, "new")->decision, MAPPING_PROPOSED);
  assert_true(str_eq(pair_of(m->attribute_option_combos, m->attribute_option_combo_count, "fc")->target, STR("fc")));
  assert_int_equal(pair_of(m->attribute_option_combos, m->attribute_option_combo_count, "fd")->decision, MAPPING_PROPOSED);
  assert_int_equal(drift_find(arena, m, now)->count, 0);
  /* without pairs the same ids are meant, and none are made */
  if (drift_carry(arena, mapping(false), now, (struct carry_options){true, &align}, &carried, &error) < 0) fail_msg("%s", error.message);
  assert_int_equal(carried.mapping->org_unit_count + carried.mapping->attribute_option_combo_count + carried.paired, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_nothing_changed, setup, teardown),
      cmocka_unit_test_setup_teardown(test_each_change_once, setup, teardown),
      cmocka_unit_test_setup_teardown(test_gone_and_left, setup, teardown),
      cmocka_unit_test_setup_teardown(test_a_district_under_another_id, setup, teardown),
      cmocka_unit_test_setup_teardown(test_carried_forward, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
