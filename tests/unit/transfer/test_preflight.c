/* What is said about a row that would be refused: one finding, the one to be mended first, with a place where that is done. The rules themselves: tests/unit/dhis2/test_data_entry.c. */
#include "../metadata_of.h"
#include "base/clock.h"
#include "transfer/preflight.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char metadata_text[] =
    "{\"dataSets\":[{\"id\":\"DsMonthly01\",\"name\":\"Monthly "
    "report\",\"periodType\":\"Monthly\",\"categoryCombo\":{\"id\":\"ComboPartn1\"},\"dataSetElements\":[{\"dataElement\":{\"id\":"
    "\"DeVisits001\"}}]}],"
    "\"dataElements\":[{\"id\":\"DeVisits001\",\"name\":\"Visits\",\"categoryCombo\":{\"id\":\"ComboDefau1\"}}],"
    "\"categoryCombos\":[{\"id\":\"ComboPartn1\",\"name\":\"Partner\",\"categoryOptionCombos\":[{\"id\":\"AocPartner1\",\"name\":\"Partner "
    "1\",\"categoryOptions\":[{\"id\":\"OptPartner1\"}]}]},"
    "{\"id\":\"ComboDefau1\",\"name\":\"default\",\"categoryOptionCombos\":[{\"id\":\"CocDefault1\",\"name\":\"default\","
    "\"categoryOptions\":[{\"id\":\"OptDefault1\"}]}]}]}";

struct world {
  struct arena *arena;
  struct dhis2_entry entry;
  struct dhis2_entry_place place;
  struct dhis2_entry_set set;
  struct dhis2_entry_option partner, usual;
  struct dhis2_entry_unit unit;
  struct dhis2_input_period input;
  struct str mine[1];
  struct plan_row row;
  struct preflight preflight;
};

static int64_t at(const char *text) {
  int64_t ms;
  assert_true(clock_parse(str_of(text), &ms));
  return ms;
}

static struct world *world_new(int minor, int patch) {
  struct arena *arena = arena_new();
  struct world *w = ARENA_NEW(arena, struct world);
  w->arena = arena;
  w->mine[0] = STR("Country0001");
  w->unit = (struct dhis2_entry_unit){STR("Facility001"), STR("Clinic"), STR("/Country0001/Facility001"), INT32_MIN, INT32_MAX};
  w->set = (struct dhis2_entry_set){.id = STR("DsMonthly01"),
                                    .name = STR("Monthly report"),
                                    .writable = true,
                                    .has_type = true,
                                    .type = DHIS2_MONTHLY,
                                    .workflow_type = DHIS2_MONTHLY};
  w->partner = (struct dhis2_entry_option){
      .id = STR("OptPartner1"), .name = STR("Partner 1"), .writable = true, .first_day = INT32_MIN, .last_day = INT32_MAX};
  w->usual = (struct dhis2_entry_option){
      .id = STR("OptDefault1"), .name = STR("default"), .writable = true, .first_day = INT32_MIN, .last_day = INT32_MAX};
  w->entry = (struct dhis2_entry){.version = {minor, patch},
                                  .version_text = arena_printf(arena, "2.%d.%d", minor, patch),
                                  .user = {.may_write = true, .units = w->mine, .unit_count = 1}};
  (void)map_put(&w->entry.sets, w->set.id, &w->set);
  (void)map_put(&w->entry.options, w->partner.id, &w->partner);
  (void)map_put(&w->entry.options, w->usual.id, &w->usual);
  (void)map_put(&w->set.units, w->unit.id, w);
  (void)map_put(&w->place.units, w->unit.id, &w->unit);
  w->row = (struct plan_row){.data_set = w->set.id,
                             .data_element = STR("DeVisits001"),
                             .period = STR("202401"),
                             .org_unit = w->unit.id,
                             .category_option_combo = STR("CocDefault1"),
                             .attribute_option_combo = STR("AocPartner1"),
                             .after = STR("12")};
  w->preflight = (struct preflight){
      .metadata = metadata_of(arena, str_of(metadata_text)), .entry = &w->entry, .place = &w->place, .now_ms = at("2024-02-10T12:00:00Z")};
  assert_true(dhis2_period_parse(w->row.period, &w->preflight.period));
  return w;
}

static void world_free(struct world *w) {
  map_free(&w->entry.sets);
  map_free(&w->entry.options);
  map_free(&w->entry.exceptions);
  map_free(&w->set.units);
  map_free(&w->place.units);
  map_free(&w->place.approved);
  map_free(&w->place.approvals_told);
  map_free(&w->place.limits);
  arena_free(w->arena);
}

static void expect(struct world *w, const char *code) {
  struct preflight_finding found = preflight_judge(&w->preflight, &w->row, NULL, w->arena);
  if (!*code) {
    assert_int_equal(found.verdict, PREFLIGHT_FINE);
    return;
  }
  if (!str_eq(found.code, str_of(code))) fail_msg("'%.*s' in place of '%s'", STR_ARG(found.code), code);
  assert_int_equal(found.verdict, PREFLIGHT_HELD_BACK);
  assert_true(str_ends(found.sentence, STR(".")) && str_ends(found.remedy, STR(".")));
}

/* All gates closed at once, and mended one after the other in the order in which they are told. */
static void gates_in_their_order(void **state) {
  (void)state;
  for (int minor = 41; minor <= 43; minor += 2) {
    struct world *w = world_new(minor, 2);
    const struct str elsewhere[] = {STR("District009")};
    const struct dhis2_entry_limit limit = {20, 30};
    expect(w, "");
    w->entry.user = (struct dhis2_entry_user){.units = elsewhere, .unit_count = 1};
    w->set.writable = w->partner.writable = false;
    map_delete(&w->place.units, w->unit.id);
    map_delete(&w->set.units, w->unit.id);
    w->unit.last_day = 0;
    w->row.attribute_option_combo = STR("CocDefault1");
    w->partner.units = elsewhere;
    w->partner.unit_count = 1;
    w->partner.last_day = 0;
    w->set.expiry_days = 5;
    w->set.workflow = STR("Workflow001");
    (void)map_put(&w->place.approved, STR("Workflow001 Facility001 AocPartner1"), w);
    (void)map_put(&w->place.limits, STR("DeVisits001 CocDefault1 Facility001"), (void *)(uintptr_t)&limit);
    w->preflight.check_limits = true;
    expect(w, "no_authority");
    w->entry.user.may_write = true;
    expect(w, "data_set_access");
    w->set.writable = true;
    expect(w, "org_unit_unknown");
    (void)map_put(&w->place.units, w->unit.id, &w->unit);
    expect(w, "org_unit_not_captured");
    w->entry.user.units = w->mine;
    expect(w, "org_unit_not_assigned");
    (void)map_put(&w->set.units, w->unit.id, w);
    expect(w, minor == 43 ? "org_unit_closed" : "attribute_option_combo_foreign");
    w->unit.last_day = INT32_MAX;
    expect(w, "attribute_option_combo_foreign");
    w->row.attribute_option_combo = STR("AocPartner1");
    expect(w, "option_access");
    w->partner.writable = true;
    expect(w, "attribute_org_unit");
    w->partner.unit_count = 0;
    expect(w, "attribute_dates");
    w->partner.last_day = INT32_MAX;
    expect(w, "period_expired");
    w->set.expiry_days = 0;
    w->preflight.now_ms = at("2024-01-31T23:00:00Z");
    expect(w, "period_future");
    w->set.open_future_periods = 1;
    expect(w, "approved");
    map_delete(&w->place.approved, STR("Workflow001 Facility001 AocPartner1"));
    w->place.approval_unknown = STR("it failed");
    expect(w, minor == 43 ? "approval_unknown" : "min_max");
    (void)map_put(&w->place.approvals_told, STR("Workflow001 Facility001 AocPartner1"), w);
    expect(w, "min_max"); /* it is known of this one */
    w->place.approval_unknown = STR_NONE;
    expect(w, "min_max");
    w->row.after = STR("20");
    expect(w, "");
    w->row.after = STR("30.5");
    expect(w, "min_max");
    w->row.after = STR("many"); /* no number: not a thing of limits */
    expect(w, "");
    world_free(w);
  }
}

/* What is not known opens no gate. */
static void what_is_not_known(void **state) {
  (void)state;
  struct world *w = world_new(43, 2);
  w->set.workflow = STR("Workflow001");
  expect(w, "approval_unknown");
  (void)map_put(&w->place.approvals_told, STR("Workflow001 Facility001 AocPartner1"), w);
  expect(w, "");
  map_delete(&w->entry.sets, w->set.id);
  expect(w, "data_set_unknown");
  world_free(w);
}

static void input_periods(void **state) {
  (void)state;
  for (int patch = 1; patch <= 2; patch++) {
    struct world *w = world_new(43, patch);
    w->input = (struct dhis2_input_period){STR("202401"), at("2024-02-05T00:00:00Z"), at("2024-02-15T00:00:00Z")};
    w->set.inputs = &w->input;
    w->set.input_count = 1;
    struct preflight_finding found = preflight_judge(&w->preflight, &w->row, NULL, w->arena);
    assert_int_equal(found.verdict, patch == 1 ? PREFLIGHT_TOLD : PREFLIGHT_FINE);
    if (patch == 1)
      assert_true(str_has(found.sentence, STR("open now")) && str_has(found.sentence, STR("DHIS2 2.43.1")) &&
                  preflight_foretold(STR("E8030")));
    w->set.workflow = STR("Workflow001"); /* what else stands in the way is told first */
    (void)map_put(&w->place.approved, STR("Workflow001 Facility001 AocPartner1"), w);
    expect(w, "approved");
    w->preflight.now_ms = at("2024-02-15T00:00:01Z");
    expect(w, "input_period_over");
    w->preflight.now_ms = at("2024-02-04T23:59:59Z");
    expect(w, "input_period_before");
    assert_true(dhis2_period_parse(STR("202312"), &w->preflight.period));
    expect(w, "input_period_not_listed");
    world_free(w);
  }
}

/* Superusers are freed from what 2.43 frees them from, and from nothing else. */
static void superusers(void **state) {
  (void)state;
  for (int minor = 41; minor <= 43; minor += 2) {
    struct world *w = world_new(minor, 1);
    w->entry.user = (struct dhis2_entry_user){.may_write = true, .edits_expired = true, .is_super = true};
    w->set.writable = w->partner.writable = false;
    w->set.expiry_days = 1;
    expect(w, minor == 43 ? "" : "org_unit_not_captured");
    world_free(w);
  }
}

/* Values and comments that must be options: of the data element, by their codes. */
static void options(void **state) {
  (void)state;
  for (int minor = 41; minor <= 43; minor += 2) {
    struct world *w = world_new(minor, 1);
    struct dhis2_entry_option_set set = {STR("OptionSet01"), STR("Colours"), {0}}, comments = {STR("OptionSet02"), STR("Why"), {0}};
    struct dhis2_entry_element element = {.id = STR("DeVisits001"), .name = STR("Visits"), .option_set = set.id};
    (void)map_put(&set.codes, STR("RED"), w);
    (void)map_put(&set.codes, STR("BLUE"), w);
    (void)map_put(&w->entry.option_sets, set.id, &set);
    (void)map_put(&w->entry.option_sets, comments.id, &comments);
    (void)map_put(&w->entry.elements, element.id, &element);
    expect(w, "option_unknown");
    w->row.after = STR("red"); /* capitals count */
    expect(w, "option_unknown");
    w->row.after = STR("RED");
    expect(w, "");
    w->row.after = STR("RED,BLUE");
    expect(w, "option_unknown");
    element.many = true;
    expect(w, "");
    w->row.after = STR("RED,");
    expect(w, "option_unknown");
    w->row.after = STR_NONE; /* it is to be deleted */
    expect(w, "");
    element.option_set = STR("OptionSet09"); /* could not be read */
    w->row.after = STR("12");
    expect(w, "");
    element.comment_set = comments.id;
    expect(w, minor == 43 ? "comment_missing" : "");
    w->row.current_comment = STR("CODE"); /* it stands at the target, and goes along */
    expect(w, "");
    struct dhis2_entry_option_set reasons = {.id = comments.id};
    (void)map_put(&reasons.codes, STR("CODE"), &reasons);
    (void)map_delete(&w->entry.option_sets, comments.id);
    (void)map_put(&w->entry.option_sets, comments.id, &reasons);
    expect(w, "");
    row_carry(&w->row, STR("late"), false);
    expect(w, minor == 43 ? "comment_unknown" : "");
    static char letters[50001];
    memset(letters, 'x', sizeof letters);
    w->row.after_comment = (struct str){letters, 5001};
    expect(w, minor == 43 ? "comment_too_long" : "");
    w->row.after_comment.n = sizeof letters;
    expect(w, "comment_too_long");
    w->row.carries = false; /* the target's own, of a time when it took longer ones */
    w->row.current_comment = w->row.after_comment;
    expect(w, "comment_too_long");
    assert_true(str_has(preflight_judge(&w->preflight, &w->row, NULL, w->arena).sentence, STR("stands in the cell at the target")));
    map_free(&reasons.codes);
    map_free(&set.codes);
    map_free(&w->entry.option_sets);
    map_free(&w->entry.elements);
    world_free(w);
  }
}

/* What was found of one place is not said of another, whichever part of it differs. */
static void rows_one_after_the_other(void **state) {
  enum { UNITS = 3, SETS = 2, ATTRIBUTES = 2, ROWS = UNITS * SETS * ATTRIBUTES };
  static const char *const units[UNITS] = {"Facility001", "Facility002", "Facility003"}, *const sets[SETS] = {"DsMonthly01", "DsOther0001"},
                           *const attributes[ATTRIBUTES] = {"AocPartner1", "CocDefault1"};
  (void)state;
  struct world *w = world_new(43, 2);
  struct dhis2_entry_unit second = w->unit;
  struct dhis2_entry_set other = w->set;
  struct plan_row rows[ROWS];
  second.id = STR("Facility002");
  other.id = STR("DsOther0001");
  other.writable = false;
  w->partner.last_day = 0; /* Facility002 is not assigned, Facility003 not known */
  (void)map_put(&w->place.units, second.id, &second);
  (void)map_put(&w->entry.sets, other.id, &other);
  for (size_t i = 0; i < ROWS; i++) {
    rows[i] = w->row;
    rows[i].org_unit = str_of(units[i % UNITS]);
    rows[i].data_set = str_of(sets[i / UNITS % SETS]);
    rows[i].attribute_option_combo = str_of(attributes[i / UNITS / SETS]);
  }
  for (unsigned closed = 0; closed < 2; closed++) {
    w->usual.writable = !closed;
    for (size_t a = 0; a < ROWS; a++)
      for (size_t b = 0; b < ROWS; b++) {
        struct preflight_last last = {0};
        (void)preflight_judge(&w->preflight, &rows[a], &last, w->arena);
        (void)preflight_judge(&w->preflight, &rows[a], &last, w->arena);
        struct preflight_finding after = preflight_judge(&w->preflight, &rows[b], &last, w->arena),
                                 alone = preflight_judge(&w->preflight, &rows[b], NULL, w->arena);
        assert_int_equal(after.verdict, alone.verdict);
        assert_true(str_eq(after.code, alone.code) && str_eq(after.sentence, alone.sentence));
      }
  }
  world_free(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gates_in_their_order), cmocka_unit_test(what_is_not_known), cmocka_unit_test(input_periods),
      cmocka_unit_test(superusers),           cmocka_unit_test(options),           cmocka_unit_test(rows_one_after_the_other)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
