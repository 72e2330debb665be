#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../with_arena.h"
#include "dhis2/metadata.h"
#include "dhis2/metadata_write.h"

/* Two data sets, one with an override; the COC's options stand in the wrong order; a member that nobody gave. */
static const char flat[] =
    "{\"system\":{\"version\":\"2.41\"},\"dataSets\":["
    "{\"id\":\"DsMonthly01\",\"name\":\"Monthly\",\"periodType\":\"Monthly\",\"sharing\":{\"x\":[1,{\"id\":\"no\"}]},\"dataSetElements\":["
    "{\"dataElement\":{\"id\":\"DeFever0001\"}},{\"dataElement\":{\"id\":\"DeFever0001\"}},{\"dataElement\":{\"id\":\"DeBeds00001\"},"
    "\"categoryCombo\":{\"id\":\"CcSexAge001\"}},"
    "{\"dataElement\":{\"id\":\"DeHidden001\"}}],\"sections\":[{\"id\":\"SecA\",\"name\":\"Ward\",\"dataElements\":[{\"id\":"
    "\"DeBeds00001\"}]}]},"
    "{\"id\":\"DsYearly001\",\"name\":\"Yearly\",\"dataSetElements\":[{\"dataElement\":{\"id\":\"DeBeds00001\"}}]}],"
    "\"dataElements\":[{\"id\":\"DeFever0001\",\"name\":\"Fever\",\"code\":\"F1\",\"valueType\":\"INTEGER\",\"zeroIsSignificant\":true,"
    "\"categoryCombo\":{\"id\":\"CcSexAge001\"},"
    "\"translations\":[{\"locale\":\"fr\",\"property\":\"NAME\",\"value\":\"Fi\\u00e8vre\"},{\"locale\":\"fr\",\"property\":\"SHORT_NAME\","
    "\"value\":\"F\"}]},"
    "{\"id\":\"DeBeds00001\",\"name\":\"Beds\",\"categoryCombo\":{\"id\":\"CcNothing01\"}},{\"id\":\"DeAlone0001\",\"name\":\"Alone\","
    "\"categoryCombo\":{\"id\":\"CcNothing01\"}}],"
    "\"categoryCombos\":[{\"id\":\"CcSexAge001\",\"name\":\"Sex and age\",\"categories\":[{\"id\":\"CaSex\"},{\"id\":\"CaAge\"}]},"
    "{\"id\":\"CcNothing01\",\"name\":\"default\",\"categories\":[{\"id\":\"CaNone\"}]}],"
    "\"categories\":[{\"id\":\"CaSex\",\"name\":\"Sex\",\"categoryOptions\":[{\"id\":\"OpF\"},{\"id\":\"OpM\"}]},"
    "{\"id\":\"CaAge\",\"name\":\"Age\",\"categoryOptions\":[{\"id\":\"OpYoung\"}]},{\"id\":\"CaNone\",\"name\":\"default\","
    "\"categoryOptions\":[{\"id\":\"OpNone\"}]}],"
    "\"categoryOptions\":[{\"id\":\"OpF\",\"name\":\"Female\"},{\"id\":\"OpM\",\"name\":\"Male\"},{\"id\":\"OpYoung\",\"name\":\"Young\"},{"
    "\"id\":\"OpNone\",\"name\":\"default\"}],"
    "\"categoryOptionCombos\":[{\"id\":\"CoYoungF001\",\"name\":\"Young, "
    "Female\",\"categoryCombo\":{\"id\":\"CcSexAge001\"},\"categoryOptions\":[{\"id\":\"OpYoung\"},{\"id\":\"OpF\"}]},"
    "{\"id\":\"CoYoungM001\",\"categoryCombo\":{\"id\":\"CcSexAge001\"},\"categoryOptions\":[{\"id\":\"OpM\"},{\"id\":\"OpYoung\"}]},"
    "{\"id\":\"CoDefault01\",\"name\":\"default\",\"categoryCombo\":{\"id\":\"CcNothing01\"},\"categoryOptions\":[{\"id\":\"OpNone\"}]}]}";

static const char nested[] =
    "{\"pager\":{\"page\":1},\"dataSets\":[{\"id\":\"DsMonthly01\",\"name\":\"Monthly\",\"dataSetElements\":[{\"dataElement\":{\"id\":"
    "\"DeFever0001\",\"name\":\"Fever\",\"categoryCombo\":"
    "{\"id\":\"CcSex000001\",\"name\":\"Sex\",\"categories\":[{\"id\":\"CaSex\",\"name\":\"Sex\",\"categoryOptions\":[{\"id\":\"OpF\","
    "\"name\":\"Female\"}]}],"
    "\"categoryOptionCombos\":[{\"id\":\"CoF00000001\",\"name\":\"Female\",\"categoryOptions\":[{\"id\":\"OpF\"}]}]}}}]}]}";

/* A tree told in four ways: by parents, by paths, by levels alone; a point as geometry and as text, an area, a point off the earth; parents in a circle; a unit that is only named. */
static const char tree[] =
    "{\"dataElements\":[{\"id\":\"DeFever0001\",\"name\":\"Fever\"}],"
    "\"dataSets\":[{\"id\":\"DsMonthly01\",\"name\":\"Monthly\",\"dataSetElements\":[{\"dataElement\":{\"id\":\"DeFever0001\"}}],"
    "\"organisationUnits\":[{\"id\":\"OuClinic001\"},{\"id\":\"OuHidden001\"},{\"id\":\"OuClinic001\"}]}],"
    "\"organisationUnits\":["
    "{\"id\":\"OuClinic001\",\"name\":\"Clinic\",\"path\":\"/OuCountry01/OuNorth0001/"
    "OuClinic001\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[-11.5,8.25,40]},\"translations\":[{\"locale\":\"fr\",\"property\":"
    "\"NAME\",\"value\":\"Clinique\"}]},"
    "{\"id\":\"OuNorth0001\",\"name\":\"North\",\"parent\":{\"id\":\"OuCountry01\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[["
    "1,2],[3,4],{\"id\":\"no\"}]]}},"
    "{\"id\":\"OuCountry01\",\"name\":\"Country\",\"level\":1},"
    "{\"id\":\"OuOld000001\",\"name\":\"Old\",\"level\":\"4\",\"featureType\":\"POINT\",\"coordinates\":\"[-11.5, "
    "8.25]\",\"parent\":{\"id\":\"OuUnseen001\",\"name\":\"\"}},"
    "{\"id\":\"OuFar000001\",\"name\":\"Far\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[200,1e999]},\"path\":\"/OuOther0001/"
    "OuElse00001\"},"
    "{\"id\":\"OuRound0001\",\"name\":\"a\",\"parent\":{\"id\":\"OuRound0002\"}},{\"id\":\"OuRound0002\",\"name\":\"b\",\"parent\":{\"id\":"
    "\"OuRound0001\"}}]}";

static const struct dhis2_metadata *read_in(const char *text, size_t piece, struct error *error) {
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  struct str rest = str_of(text);
  const struct dhis2_metadata *metadata = NULL;
  int failed = 0;
  for (size_t at = 0; at < rest.n && !failed; at += piece)
    failed = dhis2_metadata_reader_feed(reader, str_slice(rest, at, at + piece), error);
  if (!failed) metadata = dhis2_metadata_reader_finish(reader, error);
  if (!metadata) dhis2_metadata_reader_free(reader);
  return metadata;
}

static const struct dhis2_metadata *read_flat(void) {
  struct error error = {0};
  const struct dhis2_metadata *m = read_in(flat, 7, &error);
  if (!m) fail_msg("%s", error.message);
  return m;
}

static void assert_text(struct str got, const char *wanted) {
  assert_string_equal(arena_cstr(arena, got), wanted);
}

static void test_counts_and_names(void **state) {
  (void)state;
  const struct dhis2_metadata *m = read_flat();
  assert_int_equal(m->data_set_count, 2);
  assert_int_equal(m->element_count, 3);
  assert_int_equal(m->option_combo_count, 3);
  const struct dhis2_data_element *fever = dhis2_metadata_element(m, STR("DeFever0001"));
  assert_text(fever->o.name, "Fever");
  assert_text(fever->o.code, "F1");
  assert_text(fever->value_type, "INTEGER");
  assert_true(fever->zero_is_significant);
  assert_text(dhis2_object_name(&fever->o, STR("fr")), "Fi\xC3\xA8vre");
  assert_text(dhis2_object_name(&fever->o, STR("pt")), "Fever");
  const struct dhis2_translation portugal = {STR("pt"), STR("NAME"), STR("Febre"), NULL},
                                 brazil = {STR("pt_BR"), STR("NAME"), STR("Febre alta"), &portugal};
  const struct dhis2_object both = {.name = STR("Fever"), .translations = &brazil};
  assert_text(dhis2_object_name(&both, STR("pt")), "Febre"); /* just that one before one of a region */
  assert_ptr_equal(dhis2_object_translation(&both, STR("pt_BR")), &brazil);
  assert_null(dhis2_object_translation(&both, STR("fr")));
  assert_null(dhis2_metadata_element(m, STR("DeHidden001")));
  assert_int_equal(m->warning_count, 1);
}

static void check_tree(const struct dhis2_metadata *m) {
  const struct dhis2_org_unit *clinic = dhis2_metadata_org_unit(m, STR("OuClinic001")),
                              *old = dhis2_metadata_org_unit(m, STR("OuOld000001"));
  assert_int_equal(m->org_unit_count, 7);
  assert_text(clinic->parent->o.name, "North");
  assert_text(clinic->parent->parent->o.name, "Country");
  assert_null(clinic->parent->parent->parent);
  assert_int_equal(clinic->level, 3);
  assert_true(clinic->has_point && clinic->longitude == -11.5 && clinic->latitude == 8.25);
  assert_text(dhis2_object_name(&clinic->o, STR("fr")), "Clinique");
  assert_false(clinic->parent->has_point);
  assert_int_equal(old->level, 4);
  assert_true(old->has_point && old->longitude == -11.5 && old->latitude == 8.25);
  assert_false(old->parent->o.given);
  const struct dhis2_org_unit *far = dhis2_metadata_org_unit(m, STR("OuFar000001"));
  assert_true(!far->has_point && !far->parent && far->level == 1);
  const struct dhis2_org_unit *round = dhis2_metadata_org_unit(m, STR("OuRound0002"));
  for (int i = 0; i < 3 && round; i++) round = round->parent;
  assert_null(round);
  assert_int_equal(m->data_sets[0]->org_unit_count, 2);
  assert_ptr_equal(m->data_sets[0]->org_units[0], clinic);
  assert_false(m->data_sets[0]->org_units[1]->o.given);
  assert_null(dhis2_metadata_org_unit(m, STR("OuHidden001")));
}

static void test_org_units(void **state) {
  struct error error = {0};
  (void)state;
  for (size_t piece = 1; piece < 400; piece += 57) {
    const struct dhis2_metadata *m = read_in(tree, piece, &error);
    if (!m) fail_msg("%s", error.message);
    check_tree(m);
    assert_int_equal(m->warning_count, 2); /* the circle, and an element without a combo */
    check_tree(dhis2_metadata_only(arena, m, &STR("DsMonthly01"), 1, &error));
    struct buf once = BUF_INIT(1 << 20), twice = BUF_INIT(1 << 20);
    assert_true(dhis2_metadata_write(m, &once));
    const struct dhis2_metadata *again = read_in(once.p, 1 << 20, &error);
    if (!again) fail_msg("%s", error.message);
    check_tree(again);
    assert_true(dhis2_metadata_write(again, &twice));
    assert_true(str_eq(buf_str(&once), buf_str(&twice)));
    buf_free(&once);
    buf_free(&twice);
  }
}

/* No list stands there empty: it would be left out the second time, and the memory of a mapping would seem changed. Found by fuzzing. */
static void test_brief_of_unknown_units(void **state) {
  static const char text[] = "{\"dataElements\":[{\"id\":\"a\",\"name\":\"x\"}],"
                             "\"dataSets\":[{\"id\":\"d\",\"name\":\"s\",\"organisationUnits\":[{\"id\":\"v\"}]}],"
                             "\"organisationUnits\":[{\"id\":\"u\",\"name\":\"U\"}]}";
  struct buf once = BUF_INIT(4096), twice = BUF_INIT(4096);
  struct error error = {0};
  (void)state;
  const struct dhis2_metadata *metadata = read_in(text, sizeof text, &error);
  assert_non_null(metadata);
  assert_true(dhis2_metadata_write_brief(metadata, &once));
  assert_true(buf_add_char(&once, '\0'));
  const struct dhis2_metadata *again = read_in(once.p, once.n, &error);
  assert_non_null(again);
  assert_true(dhis2_metadata_write_brief(again, &twice));
  assert_true(str_eq(buf_str(&twice), str_of(once.p)));
  buf_free(&once);
  buf_free(&twice);
}

/* What stays to be asked for: the ones above, the ones that are only assigned. */
static void test_unsaid_units(void **state) {
  struct error error = {0};
  size_t count;
  (void)state;
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  assert_int_equal(dhis2_metadata_reader_feed(reader,
                                              STR("{\"dataSets\":[{\"id\":\"D\",\"organisationUnits\":[{\"id\":\"c\"},{\"id\":\"x\"}]}],"
                                                  "\"organisationUnits\":[{\"id\":\"c\",\"name\":\"C\",\"path\":\"/a/b/c\"}]}"),
                                              &error),
                   0);
  struct str *ids = dhis2_metadata_reader_unsaid_units(reader, arena, &count);
  assert_int_equal(count, 3);
  assert_text(ids[0], "x");
  assert_text(ids[1], "b");
  assert_text(ids[2], "a");
  assert_true(dhis2_metadata_reader_says_unit(reader, STR("c")));
  assert_false(dhis2_metadata_reader_says_unit(reader, STR("b")) || dhis2_metadata_reader_says_unit(reader, STR("y")));
  assert_int_equal(dhis2_metadata_reader_next(reader, &error), 0);
  assert_int_equal(dhis2_metadata_reader_feed(
                       reader, STR("{\"organisationUnits\":[{\"id\":\"b\",\"name\":\"B\"},{\"id\":\"a\",\"name\":\"A\"}]}"), &error),
                   0);
  (void)dhis2_metadata_reader_unsaid_units(reader, arena, &count);
  assert_int_equal(count, 1);
  dhis2_metadata_reader_free(reader);
}

/* A page says how many there are in all; what it holds is counted, and not what stands inside. */
static void test_a_page_is_counted(void **state) {
  static const char page[] =
      "{\"pager\":{\"page\":1,\"total\":7,\"pageSize\":2,\"nextPage\":\"http://x/api?page=2\"},\"organisationUnits\":"
      "[{\"id\":\"a\",\"name\":\"A\",\"parent\":{\"id\":\"b\"},\"translations\":[{\"locale\":\"fr\",\"property\":"
      "\"NAME\",\"value\":\"Aa\"}]},{\"id\":\"c\",\"name\":\"C\",\"geometry\":{\"type\":\"Point\",\"coordinates\":"
      "[1,2]}}]}";
  struct error error = {0};
  (void)state;
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  assert_int_equal(dhis2_metadata_reader_feed(reader, str_of(page), &error), 0);
  struct dhis2_metadata_page told = dhis2_metadata_reader_page(reader);
  assert_true(told.told && told.total == 7 && told.objects == 2);
  assert_int_equal(dhis2_metadata_reader_units(reader), 2);
  assert_int_equal(dhis2_metadata_reader_next(reader, &error), 0);
  static const char *const none[] = {"{}", "{\"pager\":null,\"dataSets\":[]}", "{\"pager\":{\"total\":\"many\"}}",
                                     "{\"pager\":[{\"total\":3}]}", "{\"pager\":{\"total\":-1}}"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    assert_int_equal(dhis2_metadata_reader_feed(reader, str_of(none[i]), &error), 0);
    told = dhis2_metadata_reader_page(reader);
    assert_true(!told.told && !told.objects);
    assert_int_equal(dhis2_metadata_reader_next(reader, &error), 0);
  }
  static const char elements[] =
      "{\"dataElements\":[{\"id\":\"e\"}],\"dataSets\":[{\"dataSetElements\":[{\"dataElement\":{\"id\":\"f\"}}]}]}";
  assert_int_equal(dhis2_metadata_reader_feed(reader, str_of(elements), &error), 0);
  assert_int_equal(dhis2_metadata_reader_elements(reader), 1); /* what is only named is not told yet */
  assert_int_equal(dhis2_metadata_reader_units(reader), 2);    /* of all documents */
  dhis2_metadata_reader_free(reader);
}

static void test_override_counts_first(void **state) {
  (void)state;
  const struct dhis2_metadata *m = read_flat();
  const struct dhis2_data_element *beds = dhis2_metadata_element(m, STR("DeBeds00001")),
                                  *alone = dhis2_metadata_element(m, STR("DeAlone0001"));
  assert_text(dhis2_element_combo(beds, dhis2_metadata_data_set(m, STR("DsMonthly01")))->o.id, "CcSexAge001");
  assert_text(dhis2_element_combo(beds, dhis2_metadata_data_set(m, STR("DsYearly001")))->o.id, "CcNothing01");
  assert_int_equal(beds->combo_count, 2);
  assert_true(dhis2_element_holds(beds, dhis2_metadata_option_combo(m, STR("CoYoungF001"))));
  assert_false(dhis2_element_holds(alone, dhis2_metadata_option_combo(m, STR("CoYoungF001"))));
  assert_true(dhis2_element_holds(alone, dhis2_metadata_option_combo(m, STR("CoDefault01"))));
  assert_null(dhis2_element_combo(alone, dhis2_metadata_data_set(m, STR("DsMonthly01"))));
}

static void test_members_once_with_sections(void **state) {
  (void)state;
  const struct dhis2_data_set *set = dhis2_metadata_data_set(read_flat(), STR("DsMonthly01"));
  assert_int_equal(set->member_count, 3);
  assert_text(set->members[0]->element->o.id, "DeFever0001");
  assert_true(set->members[1]->overridden);
  assert_text(set->members[1]->section, "Ward");
  assert_false(set->members[2]->element->o.given);
}

static void test_options_in_category_order(void **state) {
  (void)state;
  const struct dhis2_metadata *m = read_flat();
  const struct dhis2_option_combo *coc = dhis2_metadata_option_combo(m, STR("CoYoungF001"));
  assert_text(coc->options[0]->o.name, "Female");
  assert_text(coc->options[1]->o.name, "Young");
  assert_text(dhis2_metadata_option_combo(m, STR("CoYoungM001"))->o.name, "Male, Young"); /* composed */
}

static void test_default_by_role(void **state) {
  (void)state;
  const struct dhis2_metadata *m = read_flat();
  assert_text(dhis2_metadata_default(m)->o.id, "CoDefault01");
  assert_true(dhis2_metadata_default(m)->combo->o.is_default);
  assert_false(dhis2_metadata_option_combo(m, STR("CoYoungM001"))->o.is_default);
}

static void test_nested_is_the_same(void **state) {
  (void)state;
  struct error error = {0};
  const struct dhis2_metadata *m = read_in(nested, 1, &error);
  assert_non_null(m);
  const struct dhis2_data_element *fever = dhis2_metadata_element(m, STR("DeFever0001"));
  assert_int_equal(fever->combos[0]->option_combo_count, 1);
  assert_text(fever->combos[0]->option_combos[0]->options[0]->o.name, "Female");
  assert_int_equal(m->option_count, 1);
}

static void test_pages_are_put_together(void **state) {
  (void)state;
  struct error error = {0};
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(arena);
  assert_int_equal(dhis2_metadata_reader_feed(reader, STR("{\"dataElements\":[{\"id\":\"A1\",\"name\":\"One\"}]}"), &error), 0);
  assert_int_equal(dhis2_metadata_reader_next(reader, &error), 0);
  assert_int_equal(dhis2_metadata_reader_feed(
                       reader, STR("{\"dataElements\":[{\"id\":\"A2\",\"name\":\"Two\"},{\"id\":\"A1\",\"code\":\"c\"}]}"), &error),
                   0);
  const struct dhis2_metadata *m = dhis2_metadata_reader_finish(reader, &error);
  assert_int_equal(m->element_count, 2);
  assert_text(dhis2_metadata_element(m, STR("A1"))->o.code, "c");
  assert_text(dhis2_metadata_element(m, STR("A1"))->o.name, "One");
}

static void test_refused(void **state) {
  (void)state;
  static const char *const broken[] = {"",
                                       "[]",
                                       "{",
                                       "{\"dataElements\":[{\"id\":\"A\"},]}",
                                       "{\"dataElements\":[]}",
                                       "{\"dataElements\":{}}",
                                       "7",
                                       "{\"dataElements\":[{\"name\":\"no id\"}]}"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    struct error error = {0};
    assert_null(read_in(broken[i], 3, &error));
    assert_int_equal(error.code, ERROR_input);
    assert_true(error.message[0] != 0);
  }
}

static void test_odd_shapes_are_passed_over(void **state) {
  (void)state;
  struct error error = {0};
  const char *odd = "{\"dataElements\":[7,null,[{\"id\":\"X\"}],{\"id\":\"A1\",\"name\":\"One\",\"categoryCombo\":\"text\","
                    "\"translations\":{\"locale\":\"fr\"},\"code\":12}],\"dataSets\":"
                    "[{\"id\":\"D\",\"dataSetElements\":[{\"categoryCombo\":{\"id\":\"C\"}},{}],\"sections\":[[]]}],\"categoryCombos\":3}";
  const struct dhis2_metadata *m = read_in(odd, 5, &error);
  if (!m) fail_msg("%s", error.message);
  assert_int_equal(m->element_count, 1);
  assert_text(m->elements[0]->o.code, "12");
  assert_int_equal(m->data_sets[0]->member_count, 0);
}

static void test_only_some_data_sets(void **state) {
  (void)state;
  struct error error = {0};
  struct str ids[] = {STR("DsYearly001")};
  const struct dhis2_metadata *m = read_flat(), *cut = dhis2_metadata_only(arena, m, ids, 1, &error);
  assert_non_null(cut);
  assert_int_equal(cut->element_count, 1);
  assert_int_equal(cut->elements[0]->combo_count, 1);
  assert_text(cut->elements[0]->combos[0]->option_combos[0]->o.id, "CoDefault01");
  ids[0] = STR("DsMonthly01");
  cut = dhis2_metadata_only(arena, m, ids, 1, &error);
  assert_int_equal(cut->element_count, 2);
  assert_int_equal(cut->data_sets[0]->member_count, 3);
  assert_text(cut->data_sets[0]->members[1]->section, "Ward");
  assert_text(dhis2_metadata_option_combo(cut, STR("CoYoungF001"))->options[0]->o.name, "Female");
  ids[0] = STR("DsNobody");
  assert_null(dhis2_metadata_only(arena, m, ids, 1, &error));
  assert_int_equal(error.code, ERROR_input);
}

static void test_csv_list(void **state) {
  (void)state;
  struct error error = {0};
  const struct dhis2_metadata *m = dhis2_metadata_of_csv(
      arena,
      STR("category_option_combo,data_element,data_element_name,category_option_combo_name,data_set,odd\r\n"
          "c2,e1,\"Fever, "
          "all\",Male,s1,x\r\nc1,e1,,Female,s1,\r\nc1,e2,Cough,Female,s1,\r\nc2,e2,,Male,s1,\r\n,e3,Beds,,,\r\nc1,e4,Births,,,\r\n"),
      &error);
  if (!m) fail_msg("%s", error.message);
  assert_int_equal(m->element_count, 4);
  assert_text(dhis2_metadata_element(m, STR("e1"))->o.name, "Fever, all");
  assert_ptr_equal(dhis2_metadata_element(m, STR("e1"))->combos[0], dhis2_metadata_element(m, STR("e2"))->combos[0]);
  assert_int_equal(dhis2_metadata_element(m, STR("e1"))->combos[0]->option_combo_count, 2);
  assert_int_equal(dhis2_metadata_element(m, STR("e4"))->combos[0]->option_combo_count, 1);
  assert_true(dhis2_metadata_element(m, STR("e3"))->combos[0]->o.is_default);
  assert_int_equal(dhis2_metadata_data_set(m, STR("s1"))->member_count, 2);
  assert_null(dhis2_metadata_of_csv(arena, STR("name\nx\n"), &error));
  static const struct str plain[] = {STR("Name,UID,Code\nCough,e1,C1\n"), STR("code,id,data_element_name\nC1,e1,Cough\n")};
  for (size_t i = 0; i < 2; i++) {
    m = dhis2_metadata_of_csv(arena, plain[i], &error);
    if (!m) fail_msg("%s", error.message);
    assert_text(dhis2_metadata_element(m, STR("e1"))->o.name, "Cough");
    assert_text(dhis2_metadata_element(m, STR("e1"))->o.code, "C1");
  }
  assert_null(dhis2_metadata_of_csv(arena, STR("data_element\n\"\"\n"), &error));
  assert_non_null(strstr(error.message, "line 2"));
}

/* What refers to an object does not move it: else a side written and read again would be in another order. */
static void test_lists_are_in_the_order_they_were_given(void **state) {
  struct error error = {0};
  (void)state;
  const struct dhis2_metadata *m = read_in("{\"categoryCombos\":[{\"id\":\"cc\",\"name\":\"C\",\"categories\":[{\"id\":\"k2\"}]}],"
                                           "\"categories\":[{\"id\":\"k1\",\"name\":\"1\"},{\"id\":\"k2\",\"name\":\"2\"}],"
                                           "\"dataElements\":[{\"id\":\"e\",\"name\":\"E\"}]}",
                                           5, &error);
  assert_non_null(m);
  assert_true(str_eq(m->categories[0]->o.id, STR("k1")));
  assert_true(str_eq(m->categories[1]->o.id, STR("k2")));
}

static void written_and_read_again_it_is_the_same(void **state) {
  static const char *const half_named =
      "{\"dataElements\":[{\"id\":\"e1\",\"name\":\"E\"}],\"dataSets\":[{\"id\":\"s1\",\"name\":\"S\"}],\"categoryOptions\":[{\"id\":"
      "\"o1\",\"name\":\"Male\"}],"
      "\"categoryOptionCombos\":[{\"id\":\"x1\",\"categoryOptions\":[{\"id\":\"o1\"},{\"id\":\"gone\"}]}]}";
  const char *const texts[] = {flat, nested, half_named};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct buf first = BUF_INIT(1 << 20), second = BUF_INIT(1 << 20);
    struct error error = {0};
    const struct dhis2_metadata *once = read_in(texts[i], 1000, &error), *twice;
    assert_true(dhis2_metadata_write(once, &first));
    twice = read_in(first.p, 7, &error);
    if (!twice) fail_msg("%s", error.message);
    assert_true(dhis2_metadata_write(twice, &second));
    size_t same = 0;
    while (first.p[same] && first.p[same] == second.p[same]) same++;
    if (first.p[same] || second.p[same]) fail_msg("they part at %zu: %.80s | %.80s", same, first.p + same, second.p + same);
    assert_int_equal(once->element_count, twice->element_count);
    assert_int_equal(once->option_combo_count, twice->option_combo_count);
    for (size_t k = 0; k < once->element_count; k++) {
      assert_int_equal(once->elements[k]->combo_count, twice->elements[k]->combo_count);
      assert_int_equal(once->elements[k]->membership_count, twice->elements[k]->membership_count);
    }
    assert_true(!once->data_sets[0]->member_count ||
                str_eq(once->data_sets[0]->members[0]->section, twice->data_sets[0]->members[0]->section));
    buf_free(&first);
    buf_free(&second);
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_org_units),
      TEST(test_brief_of_unknown_units),
      TEST(test_unsaid_units),
      TEST(test_a_page_is_counted),
      cmocka_unit_test_setup_teardown(written_and_read_again_it_is_the_same, setup, teardown),
      TEST(test_counts_and_names),
      TEST(test_override_counts_first),
      TEST(test_members_once_with_sections),
      TEST(test_options_in_category_order),
      TEST(test_default_by_role),
      TEST(test_nested_is_the_same),
      TEST(test_pages_are_put_together),
      TEST(test_refused),
      TEST(test_odd_shapes_are_passed_over),
      TEST(test_only_some_data_sets),
      TEST(test_lists_are_in_the_order_they_were_given),
      TEST(test_csv_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
