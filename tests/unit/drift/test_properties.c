/* Any set of changes, in any order of lists, on either side: exactly these are told. */
#include "make_world.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = 120 };

static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* One change that a test can make to a world, and what must be told of it. None of them touches what another one does, nor how a sum is made up. */
struct told {
  enum drift_kind kind;
  enum drift_object object;
  const char *id; /* without the letter; NULL: of `added` */
};

static const char *added;

static void element_gone(struct world *w) {
  w->elements[0].o.gone = true;
}
static void element_new(struct world *w) {
  added = w->elements[world_add_element(w, "Snake bites", COMBO_DEFAULT)].o.id;
}
static void element_renamed(struct world *w) {
  w->elements[2].o.name = "Live births";
}
static void element_recoded(struct world *w) {
  w->elements[2].o.code = "B";
}
static void element_typed(struct world *w) {
  w->elements[5].value_type = "TEXT";
}
static void element_aggregated(struct world *w) {
  w->elements[5].aggregation = "AVERAGE";
}
static void element_divided(struct world *w) {
  w->elements[4].override = COMBO_SEX;
}
static void coc_renamed(struct world *w) {
  w->cocs[6].o.name = "Girls";
}
static void coc_gone(struct world *w) {
  w->cocs[8].o.gone = true;
}
static void option_renamed(struct world *w) {
  w->options[4].name = "Hommes";
  w->cocs[5].o.name = "Hommes";
  w->cocs[9].o.name = "5-14 years, Hommes";
}
static void option_left(struct world *w) {
  w->in_category[2] = false;
}
static void set_renamed(struct world *w) {
  w->set.name = "Another name";
}
static void combo_renamed(struct world *w) {
  w->combos[COMBO_SEX].name = "Gender";
}

static const struct {
  void (*make)(struct world *world);
  struct told told;
} changes[] = {
    {element_gone, {DRIFT_vanished, DRIFT_DATA_ELEMENT, "DE00000000"}},
    {element_new, {DRIFT_appeared, DRIFT_DATA_ELEMENT, NULL}},
    {element_renamed, {DRIFT_renamed, DRIFT_DATA_ELEMENT, "DE00000002"}},
    {element_recoded, {DRIFT_recoded, DRIFT_DATA_ELEMENT, "DE00000002"}},
    {element_typed, {DRIFT_value_type, DRIFT_DATA_ELEMENT, "DE00000005"}},
    {element_aggregated, {DRIFT_aggregation_type, DRIFT_DATA_ELEMENT, "DE00000005"}},
    {element_divided, {DRIFT_combo, DRIFT_DATA_ELEMENT, "DE00000004"}},
    {coc_renamed, {DRIFT_renamed, DRIFT_OPTION_COMBO, "CC00000006"}},
    {coc_gone, {DRIFT_vanished, DRIFT_OPTION_COMBO, "CC00000008"}},
    {option_renamed, {DRIFT_renamed, DRIFT_OPTION, "OP00000004"}},
    {option_left, {DRIFT_vanished, DRIFT_OPTION, "OP00000002"}},
    {set_renamed, {DRIFT_renamed, DRIFT_DATA_SET, "DS00000000"}},
    {combo_renamed, {DRIFT_renamed, DRIFT_CATEGORY_COMBO, "CB00000002"}},
};
enum { CHANGES = sizeof changes / sizeof *changes };
enum { TAKES_CELLS_AWAY = 1 << 0 | 1 << 6 | 1 << 8 }; /* bits of those after which cells that rules name are gone */

struct expectation {
  enum drift_side side;
  struct told told;
  char id[16];
};

/* Changes a world by the bits of `chosen`. */
static void change(struct world *world, enum drift_side side, uint32_t chosen, struct expectation *ret, size_t *n) {
  for (size_t i = 0; i < CHANGES; i++) {
    if (!(chosen >> i & 1)) continue;
    changes[i].make(world);
    ret[*n] = (struct expectation){.side = side, .told = changes[i].told};
    (void)snprintf(ret[*n].id, sizeof ret[*n].id, "%s%s", changes[i].told.id ? (char[]){world->letter, 0} : "",
                   changes[i].told.id ? changes[i].told.id : added);
    ++*n;
  }
}

static void assert_told(const struct drift *drift, const struct expectation *expected, size_t n, uint32_t seed) {
  for (size_t i = 0; i < n; i++)
    if (!change_of(drift, expected[i].side, expected[i].told.kind, expected[i].told.object, expected[i].id))
      fail_msg("seed %u: not told: %s %s %s", seed, drift_kind_name(expected[i].told.kind), drift_object_name(expected[i].told.object),
               expected[i].id);
  if (drift->count == n) return;
  for (size_t i = 0; i < drift->count; i++)
    print_error("told: %s: %.*s\n", drift_kind_name(drift->changes[i].kind), STR_ARG(drift->changes[i].sentence));
  fail_msg("seed %u: %zu changes were made, %zu told", seed, n, drift->count);
}

static void test_no_change_is_no_drift(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct world source = world_new('s'), target = world_new('t');
    struct expectation ignored[2 * CHANGES];
    size_t n = 0;
    uint32_t random = seed;
    change(&source, DRIFT_SOURCE, next(&random) & ~(uint32_t)TAKES_CELLS_AWAY, ignored,
           &n); /* the mapping is made of them as they are then */
    change(&target, DRIFT_TARGET, next(&random) & ~(uint32_t)TAKES_CELLS_AWAY, ignored, &n);
    const struct mapping *mapping = world_mapping(arena, &source, &target);
    const struct drift *drift =
        drift_find(arena, mapping, (struct drift_sides){world_side(arena, &source, seed), world_side(arena, &target, seed * 3)});
    if (drift->count) fail_msg("seed %u: %.*s", seed, STR_ARG(drift->changes[0].sentence));
    arena_free(arena);
  }
}

static void test_exactly_what_changed_is_told(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct world source = world_new('s'), target = world_new('t');
    const struct mapping *mapping = world_mapping(arena, &source, &target);
    struct expectation expected[2 * CHANGES];
    size_t n = 0;
    uint32_t random = seed;
    change(&source, DRIFT_SOURCE, next(&random), expected, &n);
    change(&target, DRIFT_TARGET, next(&random), expected, &n);
    const struct drift *drift =
        drift_find(arena, mapping, (struct drift_sides){world_side(arena, &source, seed * 7), world_side(arena, &target, seed * 11)});
    assert_told(drift, expected, n, seed);
    arena_free(arena);
  }
}

static bool same(const struct drift *a, const struct drift *b, bool swapped) {
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count && !swapped; i++) {
    const struct drift_change *x = &a->changes[i], *y = &b->changes[i];
    if (x->side != y->side || x->kind != y->kind || x->effect != y->effect || x->object != y->object || x->rule_count != y->rule_count)
      return false;
    if (!str_eq(x->id, y->id) || !str_eq(x->sentence, y->sentence) || !str_eq(x->before, y->before) || !str_eq(x->after, y->after))
      return false;
  }
  for (size_t i = 0; i < a->count && swapped; i++) {
    const struct drift_change *x = &a->changes[i];
    bool found = false;
    for (size_t k = 0; k < b->count; k++) {
      const struct drift_change *y = &b->changes[k];
      found =
          found || (x->side != y->side && x->kind == y->kind && x->object == y->object && str_eq(str_from(x->id, 1), str_from(y->id, 1)));
    }
    if (!found) return false;
  }
  return true;
}

static void test_the_order_of_lists_does_not_matter(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct world source = world_new('s'), target = world_new('t');
    const struct mapping *mapping = world_mapping(arena, &source, &target);
    struct expectation ignored[2 * CHANGES];
    size_t n = 0;
    uint32_t random = seed;
    change(&source, DRIFT_SOURCE, next(&random), ignored, &n);
    change(&target, DRIFT_TARGET, next(&random), ignored, &n);
    int unknown = (int)world_add_option(&source, "Unknown age"); /* a gap, too */
    (void)world_add_coc(&source, COMBO_AGE, unknown, -1, "Unknown age");
    struct drift_sides as_is = {world_side(arena, &source, 0), world_side(arena, &target, 0)};
    struct drift_sides shuffled = {world_side(arena, &source, seed), world_side(arena, &target, seed * 5)};
    assert_true(same(drift_find(arena, mapping, as_is), drift_find(arena, mapping, shuffled), false));
    arena_free(arena);
  }
}

/* The same changes at the other side are the same kinds there. */
static void test_sides_may_be_swapped(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct arena *arena = arena_new();
    struct world a = world_new('a'), b = world_new('b'), c = world_new('a'), d = world_new('b');
    const struct mapping *there = world_mapping(arena, &a, &b), *back = world_mapping(arena, &d, &c);
    struct expectation ignored[4 * CHANGES];
    size_t n = 0;
    uint32_t random = seed, first = next(&random), second = next(&random);
    change(&a, DRIFT_SOURCE, first, ignored, &n);
    change(&b, DRIFT_TARGET, second, ignored, &n);
    change(&d, DRIFT_SOURCE, second, ignored, &n);
    change(&c, DRIFT_TARGET, first, ignored, &n);
    const struct drift *x = drift_find(arena, there, (struct drift_sides){world_side(arena, &a, 0), world_side(arena, &b, 0)});
    const struct drift *y = drift_find(arena, back, (struct drift_sides){world_side(arena, &d, 0), world_side(arena, &c, 0)});
    assert_true(same(x, y, true));
    arena_free(arena);
  }
}

/* Whatever changed: carried forward, nothing is left to tell, no decision is another, nothing new counts, and what counts is held by both sides. */
static void test_carried_forward_it_is_whole(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS / 3; seed++) {
    struct arena *arena = arena_new();
    struct world source = world_new('s'), target = world_new('t');
    const struct mapping *mapping = world_mapping(arena, &source, &target);
    struct expectation ignored[2 * CHANGES];
    size_t n = 0, kept = 0;
    uint32_t random = seed;
    struct error error = {0};
    struct carried carried;
    struct align_options align = {0};
    change(&source, DRIFT_SOURCE, next(&random), ignored, &n);
    change(&target, DRIFT_TARGET, next(&random), ignored, &n);
    struct drift_sides now = {world_side(arena, &source, seed), world_side(arena, &target, seed)};
    if (drift_carry(arena, mapping, now, (struct carry_options){false, &align}, &carried, &error))
      fail_msg("seed %u: %s", seed, error.message);
    assert_int_equal(drift_find(arena, carried.mapping, now)->count, 0);
    const bool accept[3] = {true, true, true};
    assert_int_equal(drift_judge(carried.mapping, now.source, now.target, accept, &error), 0);
    for (size_t i = 0; i < carried.mapping->rule_count; i++) {
      const struct mapping_rule *rule = &carried.mapping->rules[i];
      kept += rule->decision == MAPPING_ACCEPTED;
      if (rule->decision == MAPPING_ACCEPTED) assert_true(str_eq(rule->by, STR("maria")));
      assert_true(rule->decision != MAPPING_AUTO);
    }
    assert_int_equal(kept, 10);
    arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_change_is_no_drift),
      cmocka_unit_test(test_exactly_what_changed_is_told),
      cmocka_unit_test(test_the_order_of_lists_does_not_matter),
      cmocka_unit_test(test_sides_may_be_swapped),
      cmocka_unit_test(test_carried_forward_it_is_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
