/* Each kind of change: told once, with its effect, what was and is, and the rules it touches. */
#include "../metadata_of.h"
#include "make_world.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Two worlds as the mapping was made of them, and as they are; a test changes the latter. */
struct fixture {
  struct arena *arena;
  struct world source, target; /* today */
  const struct mapping *mapping;
};

static struct fixture begin(void) {
  struct fixture f = {.arena = arena_new(), .source = world_new('s'), .target = world_new('t')};
  f.mapping = world_mapping(f.arena, &f.source, &f.target);
  return f;
}

static const struct drift *find(struct fixture *f) {
  return drift_find(f->arena, f->mapping, (struct drift_sides){world_side(f->arena, &f->source, 0), world_side(f->arena, &f->target, 0)});
}

static void end(struct fixture *f) {
  arena_free(f->arena);
}

struct expected {
  enum drift_effect effect;
  const char *before, *after;
  size_t rules;
};

static void assert_change(const struct drift *drift, enum drift_side side, enum drift_kind kind, enum drift_object object, const char *id,
                          struct expected e) {
  const struct drift_change *change = change_of(drift, side, kind, object, id);
  if (!change) {
    for (size_t i = 0; i < drift->count; i++)
      print_error("told: %s %s: %.*s\n", drift_effect_name(drift->changes[i].effect), drift_kind_name(drift->changes[i].kind),
                  STR_ARG(drift->changes[i].sentence));
    fail_msg("not told: %s of %s %s %s", drift_kind_name(kind), drift_side_name(side), drift_object_name(object), id);
    return;
  }
  if (change->effect != e.effect) fail_msg("%.*s: %s", STR_ARG(change->sentence), drift_effect_name(change->effect));
  if (e.before && !str_eq(change->before, str_of(e.before))) fail_msg("before: %.*s", STR_ARG(change->before));
  if (e.after && !str_eq(change->after, str_of(e.after))) fail_msg("after: %.*s", STR_ARG(change->after));
  if (change->rule_count != e.rules) fail_msg("%.*s: %zu rules", STR_ARG(change->sentence), change->rule_count);
  assert_true(change->sentence.n > 0 && !str_ends(change->sentence, STR(".")));
}

static void assert_count(const struct drift *drift, size_t count) {
  for (size_t i = 0; i < drift->count && drift->count != count; i++)
    print_error("told: %s %s: %.*s\n", drift_effect_name(drift->changes[i].effect), drift_kind_name(drift->changes[i].kind),
                STR_ARG(drift->changes[i].sentence));
  assert_int_equal(drift->count, count);
}

static void test_nothing_changed(void **state) {
  (void)state;
  struct fixture f = begin();
  const struct drift *drift = find(&f);
  assert_count(drift, 0);
  assert_int_equal(drift->warning_count, 0);
  end(&f);
}

static void test_element_vanished(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].o.gone = true;
  f.source.elements[4].o.gone = true;
  f.target.elements[1].o.gone = true;
  const struct drift *drift = find(&f);
  assert_count(drift, 3);
  assert_change(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_ELEMENT, "sDE00000000",
                (struct expected){DRIFT_BLOCKS, "sDE00000000", "", 3});
  assert_change(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_ELEMENT, "sDE00000004",
                (struct expected){DRIFT_INFORMATION, NULL, NULL, 0});
  assert_change(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_DATA_ELEMENT, "tDE00000001",
                (struct expected){DRIFT_INFORMATION, NULL, NULL, 0});
  assert_true(str_has(drift->changes[0].sentence, STR("is not shown to this user")));
  end(&f);
}

static void test_element_hidden_is_not_vanished(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].hidden = true;
  const struct drift *drift = find(&f);
  assert_count(drift, 1);
  assert_change(drift, DRIFT_SOURCE, DRIFT_hidden, DRIFT_DATA_ELEMENT, "sDE00000000", (struct expected){DRIFT_CHECK, NULL, NULL, 3});
  end(&f);
}

static void test_element_left_the_data_set(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.elements[0].outside = true;
  const struct drift *drift = find(&f);
  assert_count(drift, 1);
  assert_change(drift, DRIFT_TARGET, DRIFT_left, DRIFT_DATA_ELEMENT, "tDE00000000", (struct expected){DRIFT_BLOCKS, NULL, NULL, 3});
  end(&f);
}

static void test_element_recreated(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].o.gone = true;
  size_t again = world_add_element(&f.source, "Malaria cases", COMBO_AGE);
  const struct drift *drift = find(&f);
  assert_count(drift, 1);
  assert_change(drift, DRIFT_SOURCE, DRIFT_replaced, DRIFT_DATA_ELEMENT, "sDE00000000",
                (struct expected){DRIFT_BLOCKS, "sDE00000000", f.source.elements[again].o.id, 3});
  end(&f);
}

/* Two that could stand for it: nobody knows which. */
static void test_element_recreated_twice(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].o.gone = true;
  (void)world_add_element(&f.source, "Malaria cases", COMBO_AGE);
  (void)world_add_element(&f.source, "Malaria cases", COMBO_AGE);
  const struct drift *drift = find(&f);
  assert_count(drift, 3);
  assert_change(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_ELEMENT, "sDE00000000", (struct expected){DRIFT_BLOCKS, NULL, NULL, 3});
  end(&f);
}

static void test_element_appeared(void **state) {
  (void)state;
  struct fixture f = begin();
  const char *source = f.source.elements[world_add_element(&f.source, "Snake bites", COMBO_AGE)].o.id;
  const char *target = f.target.elements[world_add_element(&f.target, "Snake bites", COMBO_AGE)].o.id;
  const struct drift *drift = find(&f);
  assert_count(drift, 2);
  assert_change(drift, DRIFT_SOURCE, DRIFT_appeared, DRIFT_DATA_ELEMENT, source, (struct expected){DRIFT_CHECK, "", "Snake bites", 0});
  assert_change(drift, DRIFT_TARGET, DRIFT_appeared, DRIFT_DATA_ELEMENT, target,
                (struct expected){DRIFT_INFORMATION, "", "Snake bites", 0});
  end(&f);
}

static void test_names_and_codes(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].o.name = "Cases, Malaria"; /* the same in other words */
  f.source.elements[1].o.name = "Fever deaths";
  f.source.elements[2].o.code = "BIRTHS";
  f.source.set.name = "Monthly report (2027)";
  f.source.set.code = "MR2";
  const struct drift *drift = find(&f);
  assert_count(drift, 5);
  assert_change(drift, DRIFT_SOURCE, DRIFT_renamed, DRIFT_DATA_ELEMENT, "sDE00000000",
                (struct expected){DRIFT_INFORMATION, "Malaria cases", "Cases, Malaria", 3});
  assert_change(drift, DRIFT_SOURCE, DRIFT_renamed, DRIFT_DATA_ELEMENT, "sDE00000001",
                (struct expected){DRIFT_CHECK, "Fever cases", "Fever deaths", 1});
  assert_change(drift, DRIFT_SOURCE, DRIFT_recoded, DRIFT_DATA_ELEMENT, "sDE00000002",
                (struct expected){DRIFT_INFORMATION, "", "BIRTHS", 2});
  assert_change(drift, DRIFT_SOURCE, DRIFT_renamed, DRIFT_DATA_SET, "sDS00000000",
                (struct expected){DRIFT_INFORMATION, "Monthly report", "Monthly report (2027)", 0});
  assert_change(drift, DRIFT_SOURCE, DRIFT_recoded, DRIFT_DATA_SET, "sDS00000000", (struct expected){DRIFT_INFORMATION, "MR", "MR2", 0});
  end(&f);
}

static void test_types(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.elements[0].value_type = "NUMBER";
  f.target.elements[2].value_type = "TEXT";
  f.target.elements[1].value_type = "TEXT";     /* no rule fills it */
  f.target.elements[4].aggregation = "AVERAGE"; /* rule 3 adds up three ages */
  f.target.elements[5].aggregation = "LAST";
  f.source.elements[2].aggregation = "NONE";
  const struct drift *drift = find(&f);
  assert_count(drift, 6);
  assert_change(drift, DRIFT_TARGET, DRIFT_value_type, DRIFT_DATA_ELEMENT, "tDE00000000",
                (struct expected){DRIFT_CHECK, "INTEGER", "NUMBER", 3});
  assert_change(drift, DRIFT_TARGET, DRIFT_value_type, DRIFT_DATA_ELEMENT, "tDE00000002",
                (struct expected){DRIFT_BLOCKS, "INTEGER", "TEXT", 2});
  assert_change(drift, DRIFT_TARGET, DRIFT_value_type, DRIFT_DATA_ELEMENT, "tDE00000001",
                (struct expected){DRIFT_INFORMATION, "INTEGER", "TEXT", 0});
  assert_change(drift, DRIFT_TARGET, DRIFT_aggregation_type, DRIFT_DATA_ELEMENT, "tDE00000004",
                (struct expected){DRIFT_BLOCKS, "SUM", "AVERAGE", 1});
  assert_change(drift, DRIFT_TARGET, DRIFT_aggregation_type, DRIFT_DATA_ELEMENT, "tDE00000005",
                (struct expected){DRIFT_CHECK, "SUM", "LAST", 1});
  assert_change(drift, DRIFT_SOURCE, DRIFT_aggregation_type, DRIFT_DATA_ELEMENT, "sDE00000002",
                (struct expected){DRIFT_CHECK, "SUM", "NONE", 2});
  end(&f);
}

static void test_combo_of_an_element(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.elements[0].combo = COMBO_SEX;
  f.source.elements[2].override = COMBO_AGE; /* the data set's word counts */
  f.source.elements[4].override = COMBO_SEX; /* no rule that counts */
  const struct drift *drift = find(&f);
  assert_count(drift, 3);
  assert_change(drift, DRIFT_TARGET, DRIFT_combo, DRIFT_DATA_ELEMENT, "tDE00000000", (struct expected){DRIFT_BLOCKS, "Age", "Sex", 3});
  assert_change(drift, DRIFT_SOURCE, DRIFT_combo, DRIFT_DATA_ELEMENT, "sDE00000002", (struct expected){DRIFT_BLOCKS, "Sex", "Age", 2});
  assert_change(drift, DRIFT_SOURCE, DRIFT_combo, DRIFT_DATA_ELEMENT, "sDE00000004",
                (struct expected){DRIFT_INFORMATION, "default", "Sex", 0});
  end(&f);
}

static void test_option_combos(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.cocs[1].o.gone = true; /* 0-4 years */
  f.target.cocs[4].o.gone = true; /* Female, made again */
  size_t again = world_add_coc(&f.target, COMBO_SEX, 3, -1, "Female");
  const struct drift *drift = find(&f);
  assert_count(drift, 2);
  assert_change(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_OPTION_COMBO, "tCC00000001", (struct expected){DRIFT_BLOCKS, NULL, NULL, 1});
  assert_change(drift, DRIFT_TARGET, DRIFT_replaced, DRIFT_OPTION_COMBO, "tCC00000004",
                (struct expected){DRIFT_BLOCKS, "tCC00000004", f.target.cocs[again].o.id, 1});
  assert_true(change_of(drift, DRIFT_TARGET, DRIFT_replaced, DRIFT_OPTION_COMBO, "tCC00000004")->sure); /* of the same options */
  end(&f);
}

static void test_option_combo_renamed(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.cocs[6].o.name = "Female, 0-4 years";
  f.target.cocs[7].o.name = "Male adults";
  f.target.combos[COMBO_BOTH].name = "Sex and age";
  const struct drift *drift = find(&f);
  assert_count(drift, 3);
  assert_change(drift, DRIFT_TARGET, DRIFT_renamed, DRIFT_OPTION_COMBO, "tCC00000006", (struct expected){DRIFT_INFORMATION, NULL, NULL, 1});
  assert_change(drift, DRIFT_TARGET, DRIFT_renamed, DRIFT_OPTION_COMBO, "tCC00000007", (struct expected){DRIFT_CHECK, NULL, NULL, 1});
  assert_change(drift, DRIFT_TARGET, DRIFT_renamed, DRIFT_CATEGORY_COMBO, "tCB00000003",
                (struct expected){DRIFT_INFORMATION, NULL, NULL, 0});
  end(&f);
}

/* The option combos that have their names from it are not told too. */
static void test_option_renamed(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.options[3].name = "Femmes";
  f.source.cocs[4].o.name = "Femmes";
  f.source.cocs[6].o.name = "0-4 years, Femmes";
  f.source.cocs[8].o.name = "5-14 years, Femmes";
  const struct drift *drift = find(&f);
  assert_count(drift, 1);
  assert_change(drift, DRIFT_SOURCE, DRIFT_renamed, DRIFT_OPTION, "sOP00000003",
                (struct expected){DRIFT_INFORMATION, "Female", "Femmes", 3});
  end(&f);
}

static void test_options_of_an_option_combo(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.cocs[4].options[0] = 4;
  f.source.cocs[5].options[0] = 3;
  const struct drift *drift = find(&f);
  assert_count(drift, 2);
  assert_change(drift, DRIFT_SOURCE, DRIFT_options, DRIFT_OPTION_COMBO, "sCC00000004",
                (struct expected){DRIFT_BLOCKS, "Female", "Male", 1});
  end(&f);
}

static void test_options_of_a_category(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.in_category[2] = false;                  /* its option combo stays */
  (void)world_add_option(&f.target, "Unknown age"); /* without an option combo */
  const struct drift *drift = find(&f);
  assert_count(drift, 2);
  assert_change(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_OPTION, "tOP00000002", (struct expected){DRIFT_CHECK, "15+ years", "", 1});
  assert_change(drift, DRIFT_TARGET, DRIFT_appeared, DRIFT_OPTION, "tOP00000006",
                (struct expected){DRIFT_INFORMATION, "", "Unknown age", 0});
  end(&f);
}

static void test_default_option_combo(void **state) {
  (void)state;
  struct fixture f = begin();
  (void)snprintf(f.target.cocs[0].o.id, sizeof f.target.cocs[0].o.id, "tCC0000000X");
  const struct drift *drift = find(&f);
  assert_count(drift, 1);
  assert_change(drift, DRIFT_TARGET, DRIFT_default_option_combo, DRIFT_OPTION_COMBO, "tCC00000000",
                (struct expected){DRIFT_BLOCKS, "tCC00000000", "tCC0000000X", 2});
  end(&f);
}

/* One of them is used by nothing: found by fuzzing, as a change of a side that had not changed. */
static void test_two_default_option_combos(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  const struct dhis2_metadata *side = metadata_of(
      arena, STR("{\"dataSets\":[{\"id\":\"dsaaaaaaaaa\",\"name\":\"Report\",\"periodType\":\"Monthly\",\"categoryCombo\":{\"id\":"
                 "\"cbaaaaaaaaa\"},"
                 "\"dataSetElements\":[{\"dataElement\":{\"id\":\"deaaaaaaaaa\"}}]}],"
                 "\"dataElements\":[{\"id\":\"deaaaaaaaaa\",\"name\":\"Nets\",\"valueType\":\"NUMBER\",\"categoryCombo\":{\"id\":"
                 "\"cbaaaaaaaaa\"}}],"
                 "\"categoryCombos\":[{\"id\":\"cbaaaaaaaaa\",\"name\":\"default\"}],"
                 "\"categoryOptionCombos\":[{\"id\":\"ccaaaaaaaaa\",\"name\":\"default\",\"categoryCombo\":{\"id\":\"cbzzzzzzzzz\"}},"
                 "{\"id\":\"ccbbbbbbbbb\",\"name\":\"other\",\"categoryCombo\":{\"id\":\"cbaaaaaaaaa\"}}]}"));
  struct str set = STR("dsaaaaaaaaa");
  const char *played[] = {"ccaaaaaaaaa", "ccbbbbbbbbb"};
  for (size_t i = 0; i < 2; i++) {
    struct mapping_side half = {.data_sets = &set, .data_set_count = 1, .default_combo = str_of(played[i]), .metadata = side};
    const struct mapping mapping = {.source = half, .target = half};
    assert_count(drift_find(arena, &mapping, (struct drift_sides){side, side}), 0);
  }
  arena_free(arena);
}

static void test_data_set(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.period_type = "Quarterly";
  f.target.attributes = COMBO_SEX;
  const struct drift *drift = find(&f);
  assert_count(drift, 2);
  assert_change(drift, DRIFT_SOURCE, DRIFT_period_type, DRIFT_DATA_SET, "sDS00000000",
                (struct expected){DRIFT_BLOCKS, "Monthly", "Quarterly", 10});
  assert_change(drift, DRIFT_TARGET, DRIFT_combo, DRIFT_DATA_SET, "tDS00000000", (struct expected){DRIFT_BLOCKS, "default", "Sex", 10});
  f.target.period_type = "Quarterly"; /* they meet again */
  f.target.attributes = COMBO_DEFAULT;
  drift = find(&f);
  assert_count(drift, 2);
  assert_int_equal(drift_effect_count(drift, DRIFT_CHECK), 2);
  end(&f);
}

static void test_data_set_gone(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.set.gone = true;
  const struct drift *drift = find(&f);
  assert_count(drift, 1);
  assert_change(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_SET, "sDS00000000", (struct expected){DRIFT_BLOCKS, NULL, NULL, 10});
  drift = drift_find(f.arena, f.mapping, (struct drift_sides){dhis2_metadata_none(), NULL});
  assert_count(drift, 1);
  assert_change(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_SET, "sDS00000000", (struct expected){DRIFT_BLOCKS, NULL, NULL, 10});
  end(&f);
}

/* A new part of what one target cell sums up: 'check' alone would let a wrong total through. */
static void test_a_new_part_leaves_a_gap(void **state) {
  (void)state;
  struct fixture f = begin();
  int unknown = (int)world_add_option(&f.source, "Unknown age");
  const char *coc = f.source.cocs[world_add_coc(&f.source, COMBO_AGE, unknown, -1, "Unknown age")].o.id;
  const struct drift *drift = find(&f);
  assert_count(drift, 2);
  assert_change(drift, DRIFT_SOURCE, DRIFT_appeared, DRIFT_OPTION_COMBO, coc, (struct expected){DRIFT_CHECK, "", "Unknown age", 0});
  assert_change(drift, DRIFT_TARGET, DRIFT_gap, DRIFT_CELL, "tDE00000004",
                (struct expected){DRIFT_BLOCKS, NULL, "lacks Unknown age of it", 1});
  end(&f);
}

/* The same for what shares an option: all ages of the women. */
static void test_a_gap_in_a_slice(void **state) {
  (void)state;
  struct fixture f = begin();
  const struct mapping *before = f.mapping;
  struct mapping *mapping = ARENA_NEW(f.arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(f.arena, 1, struct mapping_rule);
  struct mapping_term *terms = ARENA_ARRAY(f.arena, 2, struct mapping_term);
  terms[0] = before->rules[6].terms[0]; /* 0-4, Female */
  terms[1] = before->rules[8].terms[0]; /* 5-14, Female */
  rules[0] = before->rules[4];
  rules[0].terms = terms;
  rules[0].term_count = 2;
  *mapping = *before;
  mapping->rules = rules;
  mapping->rule_count = 1;
  f.mapping = mapping;
  assert_count(find(&f), 0);
  (void)world_add_coc(&f.source, COMBO_BOTH, 2, 4, "15+ years, Male");
  assert_count(find(&f), 1);
  (void)world_add_coc(&f.source, COMBO_BOTH, 2, 3, "15+ years, Female");
  const struct drift *drift = find(&f);
  assert_count(drift, 3);
  assert_change(drift, DRIFT_TARGET, DRIFT_gap, DRIFT_CELL, "tDE00000002",
                (struct expected){DRIFT_BLOCKS, NULL, "lacks 15+ years, Female of it", 1});
  end(&f);
}

static void test_ages_no_longer_fit(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.options[1].name = "5-9 years"; /* was 5-14 */
  f.source.cocs[2].o.name = "5-9 years";
  f.source.cocs[8].o.name = "5-9 years, Female";
  f.source.cocs[9].o.name = "5-9 years, Male";
  const struct drift *drift = find(&f);
  assert_change(drift, DRIFT_SOURCE, DRIFT_renamed, DRIFT_OPTION, "sOP00000001",
                (struct expected){DRIFT_CHECK, "5-14 years", "5-9 years", 3});
  assert_change(drift, DRIFT_TARGET, DRIFT_gap, DRIFT_CELL, "tDE00000000", (struct expected){DRIFT_BLOCKS, "5-14 years", "5-9 years", 1});
  f.source.options[1].name = "5-19 years";
  f.source.cocs[2].o.name = "5-19 years";
  f.source.cocs[8].o.name = "5-19 years, Female";
  f.source.cocs[9].o.name = "5-19 years, Male";
  assert_change(find(&f), DRIFT_TARGET, DRIFT_overlap, DRIFT_CELL, "tDE00000000",
                (struct expected){DRIFT_BLOCKS, "5-14 years", "5-19 years", 1});
  end(&f);
}

static void test_a_mapping_that_remembers_nothing(void **state) {
  (void)state;
  struct fixture f = begin();
  f.mapping = world_mapping_bare(f.arena, &f.source, &f.target);
  const struct drift *drift = find(&f);
  assert_count(drift, 0);
  assert_int_equal(drift->warning_count, 2);
  f.source.elements[0].o.gone = true;
  f.source.elements[1].o.name = "Renamed";
  f.source.elements[2].hidden = true;
  f.target.elements[2].value_type = "TEXT";
  f.target.cocs[6].o.gone = true;
  drift = find(&f);
  assert_count(drift, 4);
  assert_change(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_ELEMENT, "sDE00000000", (struct expected){DRIFT_BLOCKS, NULL, NULL, 3});
  assert_change(drift, DRIFT_SOURCE, DRIFT_hidden, DRIFT_DATA_ELEMENT, "sDE00000002", (struct expected){DRIFT_CHECK, NULL, NULL, 2});
  assert_change(drift, DRIFT_TARGET, DRIFT_value_type, DRIFT_DATA_ELEMENT, "tDE00000002",
                (struct expected){DRIFT_BLOCKS, "INTEGER", "TEXT", 2});
  assert_change(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_CELL, "tDE00000003", (struct expected){DRIFT_BLOCKS, NULL, NULL, 1});
  end(&f);
}

static void test_pairs_of_attributes(void **state) {
  (void)state;
  struct fixture f = begin();
  struct mapping *mapping = ARENA_NEW(f.arena, struct mapping);
  struct mapping_pair pairs[] = {{.source = STR("sCC00000000"), .target = STR("tCC00000000")},
                                 {.source = STR("sCC0000000Z"), .target = STR("tCC0000000Z")},
                                 {.source = STR("sCC0000000Y"), .decision = MAPPING_NONE}};
  *mapping = *f.mapping;
  mapping->attribute_option_combos = pairs;
  mapping->attribute_option_combo_count = 3;
  f.mapping = mapping;
  const struct drift *drift = find(&f);
  assert_count(drift, 2);
  assert_change(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_OPTION_COMBO, "sCC0000000Z", (struct expected){DRIFT_CHECK, NULL, NULL, 0});
  assert_change(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_OPTION_COMBO, "tCC0000000Z", (struct expected){DRIFT_BLOCKS, NULL, NULL, 0});
  end(&f);
}

static void test_judge(void **state) {
  (void)state;
  struct fixture f = begin();
  struct error error = {0};
  const bool accepted[3] = {true, true, false}, proposed[3] = {false, false, true};
  f.target.cocs[1].o.gone = true;
  f.target.elements[1].o.name = "Whatever";
  const struct dhis2_metadata *source = world_side(f.arena, &f.source, 0), *target = world_side(f.arena, &f.target, 0);
  assert_int_equal(drift_judge(f.mapping, source, target, proposed, &error), 0);
  assert_int_equal(drift_judge(f.mapping, source, NULL, accepted, &error), 0);
  assert_int_equal(drift_judge(f.mapping, source, target, accepted, &error), -1);
  assert_int_equal(error.code, ERROR_conflict);
  assert_true(str_has(str_of(error.message), STR("drawbridge mapping drift")));
  assert_true(str_has(str_of(error.message), STR("1 change since")));
  end(&f);
}

/* What wants a look stops the mapping that waits for one, and no other. */
static void test_a_mapping_that_waits(void **state) {
  (void)state;
  struct fixture f = begin();
  struct error error = {0};
  const bool accept[3] = {true, true, true};
  f.source.elements[1].o.name = "Fever deaths";
  const struct dhis2_metadata *source = world_side(f.arena, &f.source, 0), *target = world_side(f.arena, &f.target, 0);
  assert_int_equal(drift_judge(f.mapping, source, target, accept, &error), 0);
  struct mapping waiting = *f.mapping;
  waiting.waits = true;
  assert_int_equal(drift_judge(&waiting, source, target, accept, &error), -1);
  assert_int_equal(error.code, ERROR_conflict);
  assert_true(str_has(str_of(error.message), STR("1 change since the mapping was made waits for somebody to look")));
  assert_string_equal(error.reason, "drift_waits");
  f.source.elements[1].o.name = "Cases, fever"; /* the same in other words */
  error = (struct error){0};
  assert_int_equal(drift_judge(&waiting, world_side(f.arena, &f.source, 0), target, accept, &error), 0);
  end(&f);
}

static void assert_outcome(const struct drift *drift, enum drift_side side, enum drift_kind kind, enum drift_object object, const char *id,
                           enum drift_outcome outcome) {
  const struct drift_change *change = change_of(drift, side, kind, object, id);
  assert_non_null(change);
  assert_string_equal(drift_outcome_name(drift_outcome_of(change)), drift_outcome_name(outcome));
}

/* What each change does to the mapping there. */
static void test_outcomes(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].o.gone = true;
  f.source.elements[2].o.code = "BIRTHS";
  f.target.elements[0].o.name = "Cases, Malaria";
  f.target.elements[1].o.name = "Fever deaths"; /* no rule names it; yet it is not plainly the same */
  f.target.cocs[1].o.gone = true;               /* 0-4 years */
  f.target.cocs[4].o.gone = true;               /* Female, made again */
  (void)world_add_coc(&f.target, COMBO_SEX, 3, -1, "Female");
  size_t new = world_add_element(&f.source, "Bed nets", COMBO_AGE);
  const struct drift *drift = find(&f);
  assert_outcome(drift, DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_ELEMENT, "sDE00000000", DRIFT_OUTCOME_ends);
  assert_outcome(drift, DRIFT_SOURCE, DRIFT_recoded, DRIFT_DATA_ELEMENT, "sDE00000002", DRIFT_OUTCOME_same);
  assert_outcome(drift, DRIFT_SOURCE, DRIFT_appeared, DRIFT_DATA_ELEMENT, f.source.elements[new].o.id, DRIFT_OUTCOME_proposals);
  assert_outcome(drift, DRIFT_TARGET, DRIFT_renamed, DRIFT_DATA_ELEMENT, "tDE00000000", DRIFT_OUTCOME_same);
  assert_outcome(drift, DRIFT_TARGET, DRIFT_renamed, DRIFT_DATA_ELEMENT, "tDE00000001", DRIFT_OUTCOME_keeps);
  assert_outcome(drift, DRIFT_TARGET, DRIFT_vanished, DRIFT_OPTION_COMBO, "tCC00000001", DRIFT_OUTCOME_proposals);
  assert_outcome(drift, DRIFT_TARGET, DRIFT_replaced, DRIFT_OPTION_COMBO, "tCC00000004", DRIFT_OUTCOME_follows);
  f.source.set.gone = true;
  assert_outcome(find(&f), DRIFT_SOURCE, DRIFT_vanished, DRIFT_DATA_SET, "sDS00000000", DRIFT_OUTCOME_stops);
  end(&f);
}

/* A name alone is no evidence that something is what it took the place of; its code is. */
static void test_how_sure_a_successor_is(void **state) {
  (void)state;
  for (int coded = 0; coded < 2; coded++) {
    struct fixture f = {.arena = arena_new(), .source = world_new('s'), .target = world_new('t')};
    if (coded) f.source.elements[0].o.code = "MALARIA";
    f.mapping = world_mapping(f.arena, &f.source, &f.target);
    f.source.elements[0].o.gone = true;
    size_t again = world_add_element(&f.source, coded ? "Malaria, all cases" : "Malaria cases", COMBO_AGE);
    if (coded) f.source.elements[again].o.code = "MALARIA";
    const struct drift_change *change = change_of(find(&f), DRIFT_SOURCE, DRIFT_replaced, DRIFT_DATA_ELEMENT, "sDE00000000");
    assert_non_null(change);
    assert_int_equal(change->sure, coded);
    end(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_changed),
      cmocka_unit_test(test_element_vanished),
      cmocka_unit_test(test_element_hidden_is_not_vanished),
      cmocka_unit_test(test_element_left_the_data_set),
      cmocka_unit_test(test_element_recreated),
      cmocka_unit_test(test_element_recreated_twice),
      cmocka_unit_test(test_element_appeared),
      cmocka_unit_test(test_names_and_codes),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_combo_of_an_element),
      cmocka_unit_test(test_option_combos),
      cmocka_unit_test(test_option_combo_renamed),
      cmocka_unit_test(test_option_renamed),
      cmocka_unit_test(test_options_of_an_option_combo),
      cmocka_unit_test(test_options_of_a_category),
      cmocka_unit_test(test_default_option_combo),
      cmocka_unit_test(test_two_default_option_combos),
      cmocka_unit_test(test_data_set),
      cmocka_unit_test(test_data_set_gone),
      cmocka_unit_test(test_a_new_part_leaves_a_gap),
      cmocka_unit_test(test_a_gap_in_a_slice),
      cmocka_unit_test(test_ages_no_longer_fit),
      cmocka_unit_test(test_a_mapping_that_remembers_nothing),
      cmocka_unit_test(test_pairs_of_attributes),
      cmocka_unit_test(test_judge),
      cmocka_unit_test(test_a_mapping_that_waits),
      cmocka_unit_test(test_outcomes),
      cmocka_unit_test(test_how_sure_a_successor_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
