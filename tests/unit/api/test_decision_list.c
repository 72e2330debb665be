/* What a new word replaces, by a list that is gone through whole each time, and by work that is counted. */
#include "api/decision_list.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { MODEL_MAX = 4000 };

static struct alignment_decision model[MODEL_MAX];
static size_t model_count;
static struct arena *arena;

static int setup(void **state) {
  (void)state;
  arena = arena_new();
  model_count = 0;
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(arena);
  return 0;
}

static bool same_item(const struct decision *a, const struct decision *b) {
  return a->of == b->of && a->operand == b->operand && str_eq(a->source_data_element, b->source_data_element) &&
         str_eq(a->source_category_option_combo, b->source_category_option_combo);
}

static bool same_target(const struct decision *a, const struct decision *b) {
  return str_eq(a->target_data_element, b->target_data_element) && str_eq(a->target_category_option_combo, b->target_category_option_combo);
}

enum call { ADD, FORGET_ALL, FORGET_BUT_REJECTED, FORGET_TARGET };

static void to_model(enum call call, const struct alignment_decision *d) {
  size_t kept = 0;
  if (call == ADD) {
    model[model_count++] = *d;
    return;
  }
  for (size_t i = 0; i < model_count; i++) {
    const struct decision *old = &model[i].what;
    bool gone = same_item(old, &d->what) && (call == FORGET_ALL            ? true
                                             : call == FORGET_BUT_REJECTED ? old->verdict != DECISION_REJECTED
                                                                           : old->verdict == DECISION_NONE || same_target(old, &d->what));
    if (!gone) model[kept++] = model[i];
  }
  model_count = kept;
}

static void to_list(struct decision_list *list, enum call call, const struct alignment_decision *d) {
  if (call == ADD)
    decision_list_add(list, *d);
  else if (call == FORGET_TARGET)
    decision_list_forget_target(list, &d->what);
  else
    decision_list_forget(list, &d->what, call == FORGET_ALL ? DECISION_LIST_ALL : DECISION_LIST_BUT_REJECTED);
}

static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 16;
}

/* Ids of which one is the beginning of the other, and that meet only where they are set beside each other without a mark. */
static const char *const ids[] = {"A", "AB", "B", "BA", "A B", ""};

static struct alignment_decision any(uint32_t *seed) {
  struct decision what = {.operand = next(seed) & 1,
                          .source_data_element = str_of(ids[next(seed) % 6]),
                          .source_category_option_combo = str_of(ids[next(seed) % 6]),
                          .sign = next(seed) & 1 ? '+' : '-',
                          .verdict = (enum decision_verdict)(next(seed) % 3),
                          .of = (enum decision_of)(next(seed) % 3)};
  if (what.verdict != DECISION_NONE) {
    what.target_data_element = str_of(ids[next(seed) % 6]);
    what.target_category_option_combo = str_of(ids[next(seed) % 6]);
  }
  return (struct alignment_decision){.what = what, .note = arena_printf(arena, "%u", next(seed))};
}

static void assert_about(struct decision_list *list, const struct decision *of) {
  size_t wanted = 0, found = 0, cursor = 0;
  const struct alignment_decision *d;
  for (size_t i = 0; i < model_count; i++)
    wanted += model[i].what.of == of->of && str_eq(model[i].what.source_data_element, of->source_data_element);
  for (; (d = decision_list_about(list, of, &cursor)); found++)
    assert_true(d->what.of == of->of && str_eq(d->what.source_data_element, of->source_data_element));
  assert_int_equal(found, wanted);
}

static void test_as_if_all_were_gone_through(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 40; seed++) {
    struct decision_list *list = decision_list_new();
    uint32_t random = seed;
    model_count = 0;
    for (int i = 0; i < 600; i++) {
      struct alignment_decision d = any(&random);
      uint32_t word = next(&random) % 12;
      enum call call = word < 8 ? ADD : (enum call)(word - 8);
      to_model(call, &d);
      to_list(list, call, &d);
      assert_int_equal(decision_list_count(list), model_count);
      if (word == 0) assert_about(list, &d.what);
    }
    size_t count;
    const struct alignment_decision *kept = decision_list_end(list, arena, &count);
    assert_int_equal(count, model_count);
    for (size_t i = 0; i < count; i++) assert_true(str_eq(kept[i].note, model[i].note) && same_item(&kept[i].what, &model[i].what));
  }
}

/* Where each word looks at all that were said before, 20,000 are 200 million looks. */
static void test_work_grows_with_the_words_alone(void **state) {
  enum { WORDS = 20000 };
  (void)state;
  for (int one_item = 0; one_item < 2; one_item++) {
    struct decision_list *list = decision_list_new();
    for (int i = 0; i < WORDS; i++) {
      struct decision what = {.source_data_element = one_item ? STR("one") : arena_printf(arena, "s%d", i % 6000),
                              .target_data_element = arena_printf(arena, "t%d", i),
                              .sign = '+',
                              .verdict = i % 3 == 0 ? DECISION_ACCEPTED : DECISION_REJECTED};
      if (what.verdict == DECISION_ACCEPTED) decision_list_forget(list, &what, DECISION_LIST_BUT_REJECTED);
      decision_list_forget_target(list, &what);
      decision_list_add(list, (struct alignment_decision){.what = what});
    }
    assert_true(decision_list_looked(list) <= 2 * WORDS);
    assert_true(decision_list_looked(list) > 0);
    decision_list_free(list);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_as_if_all_were_gone_through, setup, teardown),
      cmocka_unit_test_setup_teardown(test_work_grows_with_the_words_alone, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
