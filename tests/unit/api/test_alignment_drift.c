/* An alignment on sides that changed: which decisions stay, which follow, which somebody has to look at again. */
#include "../metadata_of.h"
#include "api/alignment.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COMBOS(more) \
  "\"categoryCombos\":[{\"id\":\"default0000\",\"name\":\"default\"},{\"id\":\"age00000000\",\"name\":\"Age\"}]," \
  "\"categoryOptionCombos\":[{\"id\":\"dflt0000000\",\"name\":\"default\",\"categoryCombo\":{\"id\":\"default0000\"}}," \
  "{\"id\":\"young000000\",\"name\":\"0-14 years\",\"categoryCombo\":{\"id\":\"age00000000\"}},{\"id\":\"old00000000\",\"name\":\"15+ " \
  "years\",\"categoryCombo\":{\"id\":\"age00000000\"}}" more "]"
#define ELEMENT(id, name, combo) \
  "{\"id\":\"" id "\",\"name\":\"" name "\",\"valueType\":\"INTEGER\",\"categoryCombo\":{\"id\":\"" combo "\"}}"

static const struct dhis2_metadata *side(struct arena *arena, const char *elements, const char *combos) {
  return metadata_of(arena, arena_printf(arena, "{\"dataElements\":[%s],%s}", elements, combos));
}

#define SOURCE ELEMENT("malaria0000", "Malaria cases", "age00000000") "," ELEMENT("nets0000000", "Nets given", "default0000")
#define TARGET ELEMENT("Malaria0000", "Malaria cases", "default0000") "," ELEMENT("Nets0000000", "Nets given", "default0000")

struct fixture {
  struct arena *arena;
  struct alignment_decision decisions[3];
  struct alignment alignment;
  struct alignment_carried carried;
};

static struct fixture *begin(void **state) {
  static struct fixture f;
  f = (struct fixture){.arena = arena_new()};
  f.decisions[0] = (struct alignment_decision){
      .what = {.source_data_element = STR("malaria0000"), .target_data_element = STR("Malaria0000"), .sign = '+'}, .by = STR("maria")};
  f.decisions[1] = (struct alignment_decision){
      .what = {.source_data_element = STR("nets0000000"), .target_data_element = STR("Nets0000000"), .sign = '+'}, .by = STR("maria")};
  f.decisions[2] = (struct alignment_decision){.what = {.source_data_element = STR("nets0000000"),
                                                        .target_data_element = STR("Malaria0000"),
                                                        .sign = '+',
                                                        .verdict = DECISION_REJECTED},
                                               .by = STR("maria")};
  f.alignment = (struct alignment){.id = STR("a"),
                                   .version = 1,
                                   .source = {STR("district"), side(f.arena, SOURCE, COMBOS(""))},
                                   .target = {STR("central"), side(f.arena, TARGET, COMBOS(""))},
                                   .decisions = f.decisions,
                                   .decision_count = 3};
  *state = &f;
  return &f;
}

static void carry(struct fixture *f, const char *source, const char *combos, bool follow) {
  struct error error = {0};
  struct drift_sides now = {side(f->arena, source, combos), f->alignment.target.metadata};
  if (alignment_carry(&f->alignment, now, follow, (struct alignment_actor){STR("maria"), STR("district:u1"), STR("2026-11-24T09:30:00Z")},
                      f->arena, &f->carried, &error))
    fail_msg("%s", error.message);
}

static void test_nothing_changed(void **state) {
  struct fixture *f = begin(state);
  carry(f, SOURCE, COMBOS(""), false);
  assert_int_equal(f->carried.alignment.decision_count, 3);
  assert_int_equal(f->carried.reopened_count + f->carried.followed, 0);
  assert_memory_equal(f->carried.alignment.decisions, f->decisions, sizeof f->decisions);
  arena_free(f->arena);
}

/* What was done before can still be undone where all of it is what it was, by its id and by what its name says; and no longer where something else is there. */
static void test_steps_stay_with_what_is_the_same(void **state) {
  struct fixture *f = begin(state);
  const struct alignment_step done = {.number = 7, .label = STR("Accepted"), .by = STR("maria")};
  f->alignment.steps = &done;
  f->alignment.step_count = 1;
  carry(f, ELEMENT("malaria0000", "Malaria: cases", "age00000000") "," ELEMENT("nets0000000", "Nets given", "default0000"), COMBOS(""),
        false);
  assert_int_equal(f->carried.alignment.step_count, 2);
  assert_int_equal(f->carried.alignment.steps[0].number, 7);
  carry(f, ELEMENT("malaria0000", "Fever", "age00000000") "," ELEMENT("nets0000000", "Nets given", "default0000"), COMBOS(""), false);
  assert_int_equal(f->carried.alignment.step_count, 1);
  assert_int_equal(f->carried.alignment.steps[0].number, 8);
  arena_free(f->arena);
}

/* All ages went into one cell; a new one is not among them. */
static void test_a_gap_reopens(void **state) {
  struct fixture *f = begin(state);
  carry(f, SOURCE, COMBOS(",{\"id\":\"unknown0000\",\"name\":\"Unknown age\",\"categoryCombo\":{\"id\":\"age00000000\"}}"), false);
  assert_int_equal(f->carried.alignment.decision_count, 2);
  assert_int_equal(f->carried.reopened_count, 1);
  assert_int_equal(f->carried.alignment.remark_count, 1);
  assert_int_equal(f->carried.alignment.remarks[0].kind, REMARK_CHANGED);
  assert_true(str_eq(f->carried.alignment.remarks[0].source_data_element, STR("malaria0000")));
  assert_true(str_has(f->carried.alignment.remarks[0].text, STR("no longer whole")));
  assert_int_equal(f->carried.alignment.step_count, 1);
  assert_int_equal(f->carried.alignment.steps[0].before_count, 1);
  assert_true(str_eq(f->carried.reopened[0].what.source_data_element, STR("malaria0000")));
  assert_true(str_has(f->carried.reopened[0].reason, STR("no longer whole")));
  arena_free(f->arena);
}

static void test_what_is_gone_reopens(void **state) {
  struct fixture *f = begin(state);
  carry(f, ELEMENT("malaria0000", "Malaria cases", "age00000000"), COMBOS(""), false);
  assert_int_equal(f->carried.alignment.decision_count, 1);
  assert_int_equal(f->carried.reopened_count, 2);
  for (size_t i = 0; i < 2; i++) assert_true(str_eq(f->carried.reopened[i].what.source_data_element, STR("nets0000000")));
  arena_free(f->arena);
}

/* What is new wants a look, what was said of what is still there stays, and what was said of what is gone goes. */
static void test_remarks(void **state) {
  struct fixture *f = begin(state);
  static const struct alignment_remark remarks[] = {
      {.kind = REMARK_COMMENT, .source_data_element = STR("malaria0000"), .text = STR("mine")},
      {.kind = REMARK_FLAG, .source_data_element = STR("nets0000000")},
      {.kind = REMARK_CHANGED, .source_data_element = STR("malaria0000"), .text = STR("from last time")}};
  f->alignment.remarks = remarks;
  f->alignment.remark_count = 3;
  carry(f, ELEMENT("malaria0000", "Malaria cases", "age00000000") "," ELEMENT("fever000000", "Fever", "default0000"), COMBOS(""), false);
  const struct alignment *now = &f->carried.alignment;
  assert_int_equal(now->remark_count, 3);
  assert_true(str_eq(now->remarks[0].text, STR("mine")) && str_eq(now->remarks[1].text, STR("from last time")));
  assert_true(now->remarks[2].kind == REMARK_CHANGED && str_eq(now->remarks[2].source_data_element, STR("fever000000")));
  arena_free(f->arena);
}

static void test_following(void **state) {
  struct fixture *f = begin(state);
  f->decisions[1].approved_by = STR("john");
  static const char again[] =
      ELEMENT("malaria0000", "Malaria cases", "age00000000") "," ELEMENT("newNets0000", "Nets given", "default0000");
  carry(f, again, COMBOS(""), false);
  assert_int_equal(f->carried.reopened_count, 2);
  carry(f, again, COMBOS(""), true);
  assert_int_equal(f->carried.reopened_count, 0);
  assert_int_equal(f->carried.followed, 2);
  assert_int_equal(f->carried.alignment.decisions[1].approved_by.n, 0); /* approved was something else */
  assert_int_equal(f->carried.alignment.remark_count, 1);
  assert_true(str_eq(f->carried.alignment.remarks[0].source_data_element, STR("newNets0000")));
  assert_true(str_eq(f->carried.alignment.decisions[1].what.source_data_element, STR("newNets0000")));
  assert_true(str_eq(f->carried.alignment.decisions[1].by, STR("maria")));
  assert_int_equal(f->carried.alignment.decisions[2].what.verdict, DECISION_REJECTED);
  arena_free(f->arena);
}

/* What was agreed with is still agreed with when another id stands for it. */
static void test_what_was_proposed_follows(void **state) {
  struct fixture *f = begin(state);
  struct error error = {0};
  struct alignment_band bands[ALIGNMENT_BANDS];
  f->decisions[1].proposed = f->decisions[2].proposed = STR("Nets0000000");
  f->decisions[1].proposed_confidence = f->decisions[2].proposed_confidence = 0.95;
  static const char again[] =
      ELEMENT("Malaria0000", "Malaria cases", "default0000") "," ELEMENT("newNets0000", "Nets given", "default0000");
  struct drift_sides now = {f->alignment.source.metadata, side(f->arena, again, COMBOS(""))};
  struct alignment_actor maria = {STR("maria"), STR("district:u1"), STR("2026-11-24T09:30:00Z")};
  assert_int_equal(alignment_carry(&f->alignment, now, true, maria, f->arena, &f->carried, &error), 0);
  assert_true(str_eq(f->carried.alignment.decisions[1].what.target_data_element, STR("newNets0000")));
  alignment_judge(&f->carried.alignment, bands);
  assert_int_equal(bands[0].decided, 1);
  assert_int_equal(bands[0].agreed, 1);
  arena_free(f->arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_changed),
                                     cmocka_unit_test(test_a_gap_reopens),
                                     cmocka_unit_test(test_what_is_gone_reopens),
                                     cmocka_unit_test(test_following),
                                     cmocka_unit_test(test_what_was_proposed_follows),
                                     cmocka_unit_test(test_remarks),
                                     cmocka_unit_test(test_steps_stay_with_what_is_the_same)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
