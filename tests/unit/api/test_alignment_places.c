/* What a person decides about org units and attribute option combos is kept, proposed around, in the mapping, and comes back out of it. */
#include "../metadata_of.h"
#include "api/alignment.h"
#include "mapping/formats.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define UNIT(id, name, parent) "{\"id\":\"" id "\",\"name\":\"" name "\",\"level\":2,\"parent\":{\"id\":\"" parent "\"}}"
#define SIDE(units, assigned, options, combos) \
  "{\"organisationUnits\":[{\"id\":\"top00000000\",\"name\":\"Country\",\"level\":1}," units "]," \
  "\"dataElements\":[{\"id\":\"nets0000000\",\"name\":\"Nets " \
  "given\",\"valueType\":\"INTEGER\",\"categoryCombo\":{\"id\":\"plain000000\"}}]," \
  "\"dataSets\":[{\"id\":\"set00000000\",\"name\":\"Nets\",\"periodType\":\"Monthly\",\"categoryCombo\":{\"id\":\"partner0000\"}," \
  "\"dataSetElements\":[{\"dataElement\":{\"id\":\"nets0000000\"}}],\"organisationUnits\":[" assigned "]}]," \
  "\"categoryOptions\":[" options "],\"categoryCombos\":[{\"id\":\"plain000000\",\"name\":\"default\"},{\"id\":\"partner0000\",\"name\":" \
  "\"Partner\"}],\"categoryOptionCombos\":[{\"id\":\"dflt0000000\",\"name\":\"default\",\"categoryCombo\":{\"id\":\"plain000000\"}}" \
  "," combos "]}"
#define COMBO(id, name, option) \
  "{\"id\":\"" id "\",\"name\":\"" name "\",\"categoryCombo\":{\"id\":\"partner0000\"},\"categoryOptions\":[{\"id\":\"" option "\"}]}"

static const char source_text[] = SIDE(UNIT("bo000000000", "Bo clinic", "top00000000") "," UNIT(
                                           "kenema00000", "Kenema post", "top00000000") "," UNIT("same0000000", "Makeni", "top00000000"),
                                       "{\"id\":\"bo000000000\"},{\"id\":\"kenema00000\"},{\"id\":\"same0000000\"}",
                                       "{\"id\":\"red00000000\",\"name\":\"Red\"},{\"id\":\"blue0000000\",\"name\":\"Blue\"}",
                                       COMBO("red00000001", "Red", "red00000000") "," COMBO("blue0000001", "Blue", "blue0000000"));
static const char target_text[] = SIDE(UNIT("Unit0000001", "Facility 17", "top00000000") "," UNIT(
                                           "Unit0000002", "Facility 18", "top00000000") "," UNIT("same0000000", "Makeni", "top00000000"),
                                       "{\"id\":\"Unit0000001\"},{\"id\":\"Unit0000002\"},{\"id\":\"same0000000\"}",
                                       "{\"id\":\"Opt00000001\",\"name\":\"Alpha\"},{\"id\":\"Opt00000002\",\"name\":\"Omega\"}",
                                       COMBO("Combo000001", "Alpha", "Opt00000001") "," COMBO("Combo000002", "Omega", "Opt00000002"));

static struct arena *arena;
static struct alignment alignment;

static int setup(void **state) {
  (void)state;
  arena = arena_new();
  alignment = (struct alignment){.id = STR("a"),
                                 .version = 1,
                                 .source = {STR("s"), metadata_of(arena, str_of(source_text))},
                                 .target = {STR("t"), metadata_of(arena, str_of(target_text))}};
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

static const struct alignment_actor maria = {STR("maria"), STR("district:u1"), STR("2026-11-24T09:30:00Z")};

static const struct alignment_actor john = {STR("john"), STR("district:u2"), STR("2026-11-25T09:30:00Z")};

static int decide_as(struct alignment_actor who, const char *entries, struct error *error) {
  struct str json = arena_printf(arena, "{\"decisions\":[%s]}", entries);
  return alignment_decide(&alignment, json, who, STR_NONE, arena, &alignment, error);
}

static int decide(const char *entries, struct error *error) {
  return decide_as(maria, entries, error);
}

static void decided(const char *entries) {
  struct error error = {0};
  if (decide(entries, &error)) fail_msg("%s", error.message);
}

static void refused(const char *entries, const char *words) {
  struct error error = {0};
  assert_int_equal(decide(entries, &error), -1);
  if (!str_has(str_of(error.message), str_of(words))) fail_msg("%s", error.message);
}

#define PLACE(kind, source, decision, targets) \
  "{\"kind\":\"" kind "\",\"source\":\"" source "\",\"decision\":\"" decision "\",\"targets\":[" targets "]}"
#define ID(id) "{\"id\":\"" id "\"}"
#define BO PLACE("org_unit", "bo000000000", "accepted", ID("Unit0000002"))
#define RED PLACE("attribute_option_combo", "red00000001", "accepted", ID("Combo000001"))

static json_t *places_for(const struct alignment_actor *reader) {
  struct buf out = BUF_INIT(1 << 20);
  struct error error = {0};
  json_error_t why;
  if (alignment_places(&alignment, reader, NULL, &out, &error)) fail_msg("%s", error.message);
  json_t *root = json_loadb(buf_str(&out).p, out.n, JSON_REJECT_DUPLICATES, &why);
  if (!root) fail_msg("%s in %.*s", why.text, STR_ARG(buf_str(&out)));
  buf_free(&out);
  return root;
}

static json_t *places(void) {
  return places_for(NULL);
}

static const json_t *pair_of(const json_t *root, const char *kind, const char *source) {
  size_t i;
  const json_t *pair;
  json_array_foreach(json_object_get(json_object_get(root, kind), "pairs"), i, pair) {
    if (strcmp(json_string_value(json_object_get(json_object_get(pair, "source"), "id")), source) == 0) return pair;
  }
  return NULL;
}

static const char *state_of(const json_t *pair) {
  return json_string_value(json_object_get(json_object_get(pair, "decision"), "state"));
}

static const struct mapping *mapping(void) {
  struct error error = {0};
  const struct mapping *made;
  if (alignment_mapping(&alignment, arena, &made, &error)) fail_msg("%s", error.message);
  return made;
}

static const struct mapping_pair *mapped(const struct mapping_pair *pairs, size_t count, const char *source) {
  for (size_t i = 0; i < count; i++)
    if (str_eq(pairs[i].source, str_of(source))) return &pairs[i];
  return NULL;
}

static size_t found(enum decision_of of, const char *search) {
  struct buf out = BUF_INIT(1 << 16);
  json_error_t why;
  assert_true(alignment_find_places(&alignment, of, str_of(search), &out));
  json_t *list = json_loadb(buf_str(&out).p, out.n, 0, &why);
  size_t n = json_array_size(list);
  json_decref(list);
  buf_free(&out);
  return n;
}

static void before_anything_is_decided(void **state) {
  (void)state;
  json_t *root = places();
  const json_t *units = json_object_get(root, "org_units");
  assert_int_equal(json_integer_value(json_object_get(units, "same")), 1);
  assert_int_equal(json_array_size(json_object_get(units, "pairs")), 2); /* what surely keeps its id is only counted */
  const json_t *bo = pair_of(root, "org_units", "bo000000000");
  assert_string_equal(state_of(bo), "open");
  assert_string_equal(json_string_value(json_object_get(json_object_get(bo, "source"), "above")), "Country");
  assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(bo, "reasons"), 0), "code")), "nothing_alike");
  assert_string_equal(json_string_value(json_object_get(json_object_get(root, "periods"), "reason")), "same_type");
  json_decref(root);
}

/* What the target has and its data set is not assigned to: told, whether it is proposed or was accepted, and not among what can be found. */
static void not_assigned_at_the_target(void **state) {
  static const char text[] = SIDE(UNIT("Unit0000001", "Facility 17", "top00000000") "," UNIT("same0000000", "Makeni", "top00000000"),
                                  "{\"id\":\"Unit0000001\"}", "{\"id\":\"Opt00000001\"}", COMBO("Combo000001", "Alpha", "Opt00000001"));
  (void)state;
  alignment.target.metadata = metadata_of(arena, str_of(text));
  for (int accepted = 0; accepted < 2; accepted++) {
    json_t *root = places();
    const json_t *same = pair_of(root, "org_units", "same0000000");
    const json_t *target = accepted ? json_array_get(json_object_get(json_object_get(same, "decision"), "targets"), 0)
                                    : json_object_get(json_array_get(json_object_get(same, "proposals"), 0), "target");
    assert_true(json_is_false(json_object_get(target, "assigned")));
    assert_string_equal(json_string_value(json_object_get(target, "id")), "same0000000");
    assert_null(json_object_get(json_object_get(same, "source"), "assigned"));
    const char *reason = json_string_value(json_object_get(json_array_get(json_object_get(same, "reasons"), 0), "code"));
    assert_true(accepted ? !reason : strcmp(reason, "unassigned") == 0);
    json_decref(root);
    decided(PLACE("org_unit", "same0000000", "accepted", ID("same0000000")) "," PLACE("org_unit", "bo000000000", "accepted",
                                                                                      ID("Unit0000001")));
  }
  json_t *root = places();
  const json_t *targets = json_object_get(json_object_get(pair_of(root, "org_units", "bo000000000"), "decision"), "targets");
  assert_null(json_object_get(json_array_get(targets, 0), "assigned"));
  json_decref(root);
  assert_int_equal(found(DECISION_OF_ORG_UNIT, "makeni"), 0);
}

static void a_decision_is_in_the_mapping(void **state) {
  (void)state;
  decided(BO "," RED "," PLACE("org_unit", "kenema00000", "none", ""));
  json_t *root = places();
  const json_t *bo = pair_of(root, "org_units", "bo000000000");
  assert_string_equal(state_of(bo), "accepted");
  assert_string_equal(json_string_value(json_object_get(json_object_get(bo, "decision"), "by")), "maria");
  assert_int_equal(json_array_size(json_object_get(bo, "proposals")), 0);
  assert_string_equal(state_of(pair_of(root, "org_units", "kenema00000")), "none");
  json_decref(root);
  const struct mapping *made = mapping();
  const struct mapping_pair *pair = mapped(made->org_units, made->org_unit_count, "bo000000000");
  assert_true(pair && str_eq(pair->target, STR("Unit0000002")) && pair->decision == MAPPING_ACCEPTED);
  pair = mapped(made->org_units, made->org_unit_count, "kenema00000");
  assert_true(pair && pair->decision == MAPPING_NONE);
  pair = mapped(made->attribute_option_combos, made->attribute_option_combo_count, "red00000001");
  assert_true(pair && str_eq(pair->target, STR("Combo000001")) && pair->decision == MAPPING_ACCEPTED);
  decided(PLACE("org_unit", "bo000000000", "undecided", ""));
  made = mapping();
  pair = mapped(made->org_units, made->org_unit_count, "bo000000000");
  assert_true(pair && pair->decision == MAPPING_NONE);
}

/* What the reader may approve is told to each by his own words; what is approved is in the mapping, and what keeps its id waits for nobody. */
static void what_a_second_person_approved(void **state) {
  struct error error = {0};
  struct buf file = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
  (void)state;
  decided(BO "," RED "," PLACE("org_unit", "kenema00000", "none", ""));
  json_t *root = places_for(&maria);
  assert_null(json_object_get(pair_of(root, "org_units", "bo000000000"), "own")); /* nobody asks for a second person */
  json_decref(root);
  alignment.second_person = true;
  for (int own = 0; own < 2; own++) {
    root = places_for(own ? &maria : &john);
    const json_t *bo = pair_of(root, "org_units", "bo000000000");
    assert_int_equal(json_is_true(json_object_get(bo, "own")), own);
    assert_null(json_object_get(json_object_get(bo, "decision"), "approved_by"));
    assert_null(json_object_get(pair_of(root, "attribute_option_combos", "blue0000001"), "own")); /* nobody decided it */
    json_decref(root);
  }
  const struct mapping *made = mapping();
  const struct mapping_pair *bo = mapped(made->org_units, made->org_unit_count, "bo000000000"),
                            *same = mapped(made->org_units, made->org_unit_count, "same0000000");
  assert_true(str_eq(bo->by, STR("maria")) && str_eq(bo->at, maria.at) && !bo->approved_by.n && !mapping_pair_is_approved(made, bo));
  assert_true(!same->by.n && mapping_pair_is_approved(made, same));
  refused(PLACE("org_unit", "bo000000000", "approved", ""), "decided by you");
  if (decide_as(john, PLACE("org_unit", "bo000000000", "approved", "") "," PLACE("attribute_option_combo", "red00000001", "approved", ""),
                &error))
    fail_msg("%s", error.message);
  root = places_for(&john);
  assert_string_equal(
      json_string_value(json_object_get(json_object_get(pair_of(root, "org_units", "bo000000000"), "decision"), "approved_by")), "john");
  json_decref(root);
  made = mapping();
  bo = mapped(made->org_units, made->org_unit_count, "bo000000000");
  const struct mapping_pair *red = mapped(made->attribute_option_combos, made->attribute_option_combo_count, "red00000001"),
                            *kenema = mapped(made->org_units, made->org_unit_count, "kenema00000");
  assert_true(str_eq(bo->approved_by, STR("john")) && str_eq(bo->approved_at, john.at) && str_eq(red->approved_by, STR("john")));
  assert_true(str_eq(kenema->by, STR("maria")) && !kenema->approved_by.n);
  assert_true(mapping_write(made, &file));
  const struct mapping *read = mapping_read(arena, arena_str(arena, buf_str(&file)), &error);
  assert_true(read && mapping_write(read, &again) && str_eq(buf_str(&file), buf_str(&again)));
  decided(PLACE("org_unit", "bo000000000", "accepted", ID("Unit0000001"))); /* decided anew: to be approved anew */
  made = mapping();
  assert_int_equal(mapped(made->org_units, made->org_unit_count, "bo000000000")->approved_by.n, 0);
  buf_free(&file);
  buf_free(&again);
}

static void what_is_rejected_is_not_proposed_again(void **state) {
  (void)state;
  decided(PLACE("org_unit", "same0000000", "rejected", ID("same0000000")));
  json_t *root = places();
  const json_t *same = pair_of(root, "org_units", "same0000000");
  assert_string_equal(state_of(same), "open");
  assert_int_equal(json_array_size(json_object_get(json_object_get(same, "decision"), "rejected")), 1);
  assert_int_equal(json_array_size(json_object_get(same, "proposals")), 0);
  json_decref(root);
}

static void what_makes_no_sense_is_refused(void **state) {
  (void)state;
  refused(PLACE("org_unit", "nowhere0000", "accepted", ID("Unit0000001")), "the source has no org unit 'nowhere0000'");
  refused(PLACE("org_unit", "bo000000000", "accepted", ID("nowhere0000")), "the target has no org unit");
  refused(PLACE("org_unit", "bo000000000", "accepted", ID("Unit0000001") "," ID("Unit0000002")), "not several");
  refused(PLACE("attribute_option_combo", "dflt0000000", "none", ""),
          "the source has no attribute option combo"); /* not of a data set's combo */
  assert_int_equal(alignment.decision_count, 0);
}

/* Decisions are kept as bytes, and go through the mapping, without becoming decisions about elements. */
static void there_and_back(void **state) {
  struct buf kept = BUF_INIT(1 << 16), file = BUF_INIT(1 << 20);
  struct error error = {0};
  struct str entries;
  struct alignment_entry_counts counts;
  struct alignment back = {0};
  (void)state;
  decided(BO "," RED "," PLACE("org_unit", "kenema00000", "none", ""));
  assert_true(alignment_keep(&alignment, &kept));
  assert_int_equal(alignment_read(arena, buf_str(&kept), &back, &error), 0);
  assert_int_equal(back.decision_count, 3);
  assert_int_equal(back.decisions[0].what.of, DECISION_OF_ORG_UNIT);
  assert_int_equal(back.decisions[1].what.of, DECISION_OF_ATTRIBUTE);
  assert_true(mapping_write(mapping(), &file));
  const struct mapping *read = mapping_read(arena, arena_str(arena, buf_str(&file)), &error);
  assert_non_null(read);
  alignment.decision_count = 0;
  assert_int_equal(alignment_entries(&alignment, read, false, arena, &entries, &counts, &error), 0);
  assert_int_equal(counts.unknown, 0);
  assert_int_equal(alignment_decide(&alignment, entries, maria, STR_NONE, arena, &back, &error), 0);
  size_t units = 0, attributes = 0;
  for (size_t i = 0; i < back.decision_count; i++) {
    units += back.decisions[i].what.of == DECISION_OF_ORG_UNIT;
    attributes += back.decisions[i].what.of == DECISION_OF_ATTRIBUTE;
    assert_false(back.decisions[i].what.of &&
                 str_eq(back.decisions[i].what.source_data_element, STR("same0000000"))); /* that is the engine's word */
  }
  assert_int_equal(units, 2);
  assert_int_equal(attributes, 1);
  buf_free(&kept);
  buf_free(&file);
}

static void searching(void **state) {
  (void)state;
  assert_int_equal(found(DECISION_OF_ORG_UNIT, ""), 3); /* not the top: it takes no part */
  assert_int_equal(found(DECISION_OF_ORG_UNIT, "FACÍLITY 18"), 1);
  assert_int_equal(found(DECISION_OF_ORG_UNIT, "unit0000001"), 1);
  assert_int_equal(found(DECISION_OF_ORG_UNIT, "facility makeni"), 0);
  assert_int_equal(found(DECISION_OF_ATTRIBUTE, "alp"), 1);
}

static void sides_that_changed(void **state) {
  struct error error = {0};
  struct alignment_carried carried;
  (void)state;
  decided(BO "," PLACE("org_unit", "kenema00000", "accepted", ID("Unit0000001")));
  static const char without[] = SIDE(UNIT("Unit0000002", "Facility 18", "top00000000"), "{\"id\":\"Unit0000002\"}",
                                     "{\"id\":\"Opt00000001\"}", COMBO("Combo000001", "Alpha", "Opt00000001"));
  struct drift_sides now = {alignment.source.metadata, metadata_of(arena, str_of(without))};
  if (alignment_carry(&alignment, now, true, maria, arena, &carried, &error)) fail_msg("%s", error.message);
  assert_int_equal(carried.alignment.decision_count, 1);
  assert_int_equal(carried.reopened_count, 1);
  assert_string_equal(alignment_kind_name(&carried.reopened[0].what), "org_unit");
  assert_true(str_eq(carried.reopened[0].what.target_data_element, STR("Unit0000001")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(before_anything_is_decided, setup, teardown),
      cmocka_unit_test_setup_teardown(not_assigned_at_the_target, setup, teardown),
      cmocka_unit_test_setup_teardown(a_decision_is_in_the_mapping, setup, teardown),
      cmocka_unit_test_setup_teardown(what_a_second_person_approved, setup, teardown),
      cmocka_unit_test_setup_teardown(what_is_rejected_is_not_proposed_again, setup, teardown),
      cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(there_and_back, setup, teardown),
      cmocka_unit_test_setup_teardown(searching, setup, teardown),
      cmocka_unit_test_setup_teardown(sides_that_changed, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
