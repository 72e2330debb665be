/* The mapping carried forward: decisions kept byte for byte, what blocks marked, proposals only for what is new, nothing left to tell. */
#include "base/buf.h"
#include "make_world.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
  struct arena *arena;
  struct world source, target;
  const struct mapping *mapping;
  struct carried carried;
};

static struct fixture begin(void) {
  struct fixture f = {.arena = arena_new(), .source = world_new('s'), .target = world_new('t')};
  f.mapping = world_mapping(f.arena, &f.source, &f.target);
  return f;
}

static struct drift_sides today(struct fixture *f) {
  return (struct drift_sides){world_side(f->arena, &f->source, 0), world_side(f->arena, &f->target, 0)};
}

static void carry(struct fixture *f, bool follow) {
  struct error error = {0};
  struct align_options align = {0};
  struct drift_sides now = today(f);
  if (drift_carry(f->arena, f->mapping, now, (struct carry_options){follow, &align}, &f->carried, &error)) fail_msg("%s", error.message);
  const struct drift *left = drift_find(f->arena, f->carried.mapping, now);
  if (left->count) fail_msg("still told: %.*s", STR_ARG(left->changes[0].sentence));
}

static bool same_rule(const struct mapping_rule *a, const struct mapping_rule *b) {
  if (a->term_count != b->term_count || a->decision != b->decision || mapping_operand_cmp(a->target, b->target)) return false;
  for (size_t i = 0; i < a->term_count; i++)
    if (a->terms[i].sign != b->terms[i].sign || mapping_operand_cmp(a->terms[i].source, b->terms[i].source)) return false;
  return str_eq(a->by, b->by) && str_eq(a->at, b->at) && str_eq(a->note, b->note);
}

static const struct mapping_rule *rule(const struct fixture *f, size_t i) {
  return &f->carried.mapping->rules[i];
}

static void test_nothing_changed(void **state) {
  (void)state;
  struct fixture f = begin();
  struct buf before = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
  carry(&f, false);
  assert_true(mapping_write(f.mapping, &before) && mapping_write(f.carried.mapping, &after));
  assert_string_equal(before.p, after.p);
  assert_int_equal(f.carried.kept, f.mapping->rule_count);
  assert_int_equal(f.carried.blocked + f.carried.proposed + f.carried.none + f.carried.followed, 0);
  buf_free(&before);
  buf_free(&after);
  arena_free(f.arena);
}

static void test_what_blocks_is_marked_and_kept(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[2].o.gone = true;
  carry(&f, false);
  assert_int_equal(f.carried.blocked, 2);
  for (size_t i = 0; i < f.mapping->rule_count; i++) {
    assert_true(same_rule(rule(&f, i), &f.mapping->rules[i]));
    assert_int_equal(rule(&f, i)->blocked.n > 0, i == 4 || i == 5);
  }
  assert_true(str_has(rule(&f, 4)->blocked, STR("no longer has the data element 'Births'")));
  arena_free(f.arena);
}

/* Two rules make up one target cell; the second is fine by itself. */
static void test_half_a_sum_does_not_count(void **state) {
  (void)state;
  struct fixture f = begin();
  struct mapping *mapping = ARENA_NEW(f.arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(f.arena, f.mapping->rule_count, struct mapping_rule);
  memcpy(rules, f.mapping->rules, f.mapping->rule_count * sizeof *rules);
  rules[9].target = rules[4].target;
  *mapping = *f.mapping;
  mapping->rules = rules;
  f.mapping = mapping;
  f.source.elements[2].o.gone = true;
  carry(&f, false);
  assert_true(str_has(rule(&f, 9)->blocked, STR("half a sum")));
  assert_false(mapping_rule_counts(rule(&f, 9)));
  arena_free(f.arena);
}

static void test_new_things_get_proposals(void **state) {
  (void)state;
  struct fixture f = begin();
  size_t from = world_add_element(&f.source, "Snake bites treated", COMBO_DEFAULT),
         to = world_add_element(&f.target, "Snake bites treated", COMBO_DEFAULT);
  carry(&f, false);
  assert_int_equal(f.carried.kept, f.mapping->rule_count);
  assert_int_equal(f.carried.proposed, 1);
  assert_int_equal(f.carried.mapping->rule_count, f.mapping->rule_count + 1);
  const struct mapping_rule *added = rule(&f, f.mapping->rule_count);
  assert_int_equal(added->decision, MAPPING_PROPOSED); /* never more, however sure */
  assert_true(str_eq(added->target.data_element, str_of(f.target.elements[to].o.id)));
  assert_true(str_eq(added->terms[0].source.data_element, str_of(f.source.elements[from].o.id)));
  arena_free(f.arena);
}

static void test_without_counterpart_is_said(void **state) {
  (void)state;
  struct fixture f = begin();
  (void)world_add_element(&f.source, "Refrigerator alarms", COMBO_DEFAULT);
  carry(&f, false);
  assert_int_equal(f.carried.proposed, 0);
  assert_int_equal(f.carried.none, 1);
  assert_int_equal(rule(&f, f.mapping->rule_count)->decision, MAPPING_NONE);
  arena_free(f.arena);
}

/* "No counterpart" was the engine's word (rule 10); the target has one now. A person's word would stay. */
static void test_a_new_target_takes_what_had_none(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.elements[4].o.name = "Old name"; /* filled by rule 3 */
  f.mapping = world_mapping(f.arena, &f.source, &f.target);
  (void)world_add_element(&f.target, "Nets given", COMBO_DEFAULT);
  carry(&f, false);
  assert_int_equal(f.carried.proposed, 1);
  assert_int_equal(f.carried.mapping->rule_count, f.mapping->rule_count); /* one gave way, one came */
  struct mapping *decided = ARENA_NEW(f.arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(f.arena, f.mapping->rule_count, struct mapping_rule);
  memcpy(rules, f.mapping->rules, f.mapping->rule_count * sizeof *rules);
  rules[10].by = STR("maria");
  *decided = *f.mapping;
  decided->rules = rules;
  f.mapping = decided;
  carry(&f, false);
  assert_int_equal(f.carried.proposed, 0);
  assert_true(same_rule(rule(&f, 10), &rules[10]));
  arena_free(f.arena);
}

static void test_a_new_part_is_proposed_for_the_sum(void **state) {
  (void)state;
  struct fixture f = begin();
  int option = (int)world_add_option(&f.source, "Unknown age");
  size_t coc = world_add_coc(&f.source, COMBO_AGE, option, -1, "Unknown age");
  carry(&f, false);
  assert_true(rule(&f, 3)->blocked.n > 0);
  bool found = false;
  for (size_t i = f.mapping->rule_count; i < f.carried.mapping->rule_count; i++) {
    const struct mapping_rule *added = rule(&f, i);
    assert_true(added->decision >= MAPPING_PROPOSED);
    if (!str_eq(added->target.data_element, str_of(f.target.elements[4].o.id))) continue;
    for (size_t k = 0; k < added->term_count; k++)
      found = found || str_eq(added->terms[k].source.category_option_combo, str_of(f.source.cocs[coc].o.id));
    assert_int_equal(added->term_count, 4); /* the three of the blocked rule and the new one */
  }
  assert_true(found);
  arena_free(f.arena);
}

static void test_following(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].o.gone = true;
  size_t element = world_add_element(&f.source, "Malaria cases", COMBO_AGE);
  f.target.cocs[4].o.gone = true;
  size_t coc = world_add_coc(&f.target, COMBO_SEX, 3, -1, "Female");
  (void)snprintf(f.target.cocs[0].o.id, sizeof f.target.cocs[0].o.id, "tCC0000000X");
  carry(&f, true);
  assert_int_equal(f.carried.followed, 3 + 1 + 2);
  assert_int_equal(f.carried.blocked, 0);
  assert_int_equal(rule(&f, 0)->decision, MAPPING_ACCEPTED);
  assert_true(str_eq(rule(&f, 0)->by, STR("maria")));
  assert_true(str_eq(rule(&f, 0)->terms[0].source.data_element, str_of(f.source.elements[element].o.id)));
  assert_true(str_eq(rule(&f, 4)->target.category_option_combo, str_of(f.target.cocs[coc].o.id)));
  assert_true(str_eq(rule(&f, 9)->target.category_option_combo, STR("tCC0000000X")));
  assert_true(str_eq(f.carried.mapping->target.default_combo, STR("tCC0000000X")));
  arena_free(f.arena);
}

/* What came in its place has other cells: following it is not enough. */
static void test_following_into_another_combo(void **state) {
  (void)state;
  struct fixture f = begin();
  f.source.elements[0].o.gone = true;
  (void)world_add_element(&f.source, "Malaria cases", COMBO_SEX);
  carry(&f, true);
  assert_int_equal(f.carried.blocked, 3);
  arena_free(f.arena);
}

static void test_value_types_are_todays(void **state) {
  (void)state;
  struct fixture f = begin();
  f.target.elements[0].value_type = "NUMBER";
  carry(&f, false);
  assert_true(str_eq(rule(&f, 0)->value_type, STR("NUMBER")));
  assert_int_equal(f.carried.blocked, 0);
  arena_free(f.arena);
}

static void test_no_way_on(void **state) {
  (void)state;
  struct fixture f = begin();
  struct error error = {0};
  struct align_options align = {0};
  f.source.period_type = "Quarterly";
  assert_int_equal(drift_carry(f.arena, f.mapping, today(&f), (struct carry_options){false, &align}, &f.carried, &error), -1);
  assert_int_equal(error.code, ERROR_conflict);
  f.source.period_type = "Monthly";
  f.target.set.gone = true;
  assert_int_equal(drift_carry(f.arena, f.mapping, today(&f), (struct carry_options){false, &align}, &f.carried, &error), -1);
  assert_int_equal(error.code, ERROR_conflict);
  arena_free(f.arena);
}

/* From then on it remembers. */
static void test_a_mapping_that_remembers_nothing(void **state) {
  (void)state;
  struct fixture f = begin();
  f.mapping = world_mapping_bare(f.arena, &f.source, &f.target);
  carry(&f, false);
  assert_non_null(f.carried.mapping->source.metadata);
  assert_non_null(f.carried.mapping->target.metadata);
  f.mapping = f.carried.mapping;
  f.source.elements[0].o.name = "Malaria deaths";
  const struct drift *drift = drift_find(f.arena, f.mapping, today(&f));
  assert_int_equal(drift->count, 1);
  assert_int_equal(drift->warning_count, 0);
  arena_free(f.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_changed),
      cmocka_unit_test(test_what_blocks_is_marked_and_kept),
      cmocka_unit_test(test_half_a_sum_does_not_count),
      cmocka_unit_test(test_new_things_get_proposals),
      cmocka_unit_test(test_without_counterpart_is_said),
      cmocka_unit_test(test_a_new_target_takes_what_had_none),
      cmocka_unit_test(test_a_new_part_is_proposed_for_the_sum),
      cmocka_unit_test(test_following),
      cmocka_unit_test(test_following_into_another_combo),
      cmocka_unit_test(test_value_types_are_todays),
      cmocka_unit_test(test_no_way_on),
      cmocka_unit_test(test_a_mapping_that_remembers_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
