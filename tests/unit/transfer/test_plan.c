/* The undo file: what is written is read back, whatever the texts; and nothing in it is a formula to a spreadsheet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/vec.h"
#include "transfer/plan.h"

static const char *const texts[] = {"",
                                    "12",
                                    "-5",
                                    "=1+1",
                                    "+x",
                                    "-x",
                                    "@sum(a)",
                                    "\tx",
                                    "'",
                                    "'=1",
                                    "''x",
                                    "a\"b",
                                    "a,b",
                                    "\r\n",
                                    "-5.5",
                                    "+5",
                                    "- 5",
                                    "\xEF\xBC\x9D"
                                    "1"};
enum { TEXTS = sizeof texts / sizeof *texts };

static int no_formula(void *payload, const struct str *fields, size_t count, uint64_t line, struct error *error) {
  (void)line;
  (void)error;
  for (size_t i = 0; i < count; i++)
    if (csv_is_formula(fields[i])) { /* numbers are none, though they may begin with a sign */
      struct str rest = str_from(fields[i], 1);
      for (size_t k = 0; k < rest.n; k++) assert_true((rest.p[k] >= '0' && rest.p[k] <= '9') || rest.p[k] == '.');
      assert_true(rest.n > 0);
    }
  *(size_t *)payload += 1;
  return 0;
}

static struct str text_of(size_t i) {
  return texts[i % TEXTS][0] ? str_of(texts[i % TEXTS]) : STR_NONE;
}

static void as_it_was(void **state) {
  struct arena *arena = arena_new();
  struct plan_row rows[TEXTS * TEXTS];
  struct buf text = BUF_INIT(1 << 20);
  struct plan back = {0};
  struct error error = {0};
  size_t seen = 0;
  for (size_t i = 0; i < TEXTS * TEXTS; i++)
    rows[i] = (struct plan_row){.data_set = STR("DsOne000001"),
                                .data_element = STR("DeOne000001"),
                                .period = STR("202401"),
                                .org_unit = STR("OuOne000001"),
                                .category_option_combo = STR("CoOne000001"),
                                .attribute_option_combo = STR("AoOne000001"),
                                .before = text_of(i),
                                .after = text_of(i / TEXTS),
                                .before_comment = text_of(i + i / TEXTS),
                                .before_follow_up = i % 2,
                                .after_comment = text_of(i + 1),
                                .after_follow_up = i % 3 == 1,
                                .carries = i % 3,
                                .kind = (enum value_kind)(i % 4),
                                .partial = i % 5 == 1};
  assert_true(plan_write(rows, TEXTS * TEXTS, true, &text));
  struct csv_reader *reader = csv_reader_new(1 << 20, no_formula, &seen);
  assert_int_equal(csv_reader_feed(reader, buf_str(&text), &error), 0);
  assert_int_equal(csv_reader_finish(reader, &error), 0);
  csv_reader_free(reader);
  assert_int_equal(seen, TEXTS * TEXTS + 1);
  assert_int_equal(plan_read(arena, buf_str(&text), &back, &error), 0);
  assert_int_equal(back.n, TEXTS * TEXTS);
  for (size_t i = 0; i < back.n; i++) {
    assert_true(str_eq(back.p[i].before, rows[i].before) && str_eq(back.p[i].after, rows[i].after));
    assert_true(str_eq(back.p[i].before_comment, rows[i].before_comment));
    assert_int_equal(back.p[i].before_follow_up, rows[i].before_follow_up);
    assert_true(str_eq(back.p[i].after_comment, rows[i].after_comment));
    assert_int_equal(back.p[i].after_follow_up, rows[i].after_follow_up);
    assert_int_equal(back.p[i].carries, rows[i].carries);
    assert_int_equal(back.p[i].kind, rows[i].kind);
    assert_int_equal(back.p[i].partial, rows[i].partial);
  }
  VEC_FREE(&back);
  buf_free(&text);
  arena_free(arena);
  (void)state;
}

/* As a journal has them that was begun before it was told what values are compared as. */
static void without_the_last_column(void **state) {
  struct arena *arena = arena_new();
  struct plan back = {0};
  struct error error = {0};
  assert_int_equal(plan_read(arena, STR("s,e,p,u,c,a,1.10,,,1.1,,said,true\ns,e,p,u,c,a,1.10,,,1.1,,,,text\n"), &back, &error), 0);
  assert_true(back.n == 2 && back.p[0].kind == VALUE_ANY && back.p[0].carries && str_eq(back.p[0].after_comment, STR("said")));
  assert_true(back.p[1].planned && back.p[1].kind == VALUE_TEXT && !back.p[1].carries); /* another text */
  back.p[0].carries = false;
  assert_true(row_is_at(&back.p[0]) && !row_is_at(&back.p[1])); /* the first as it was compared when it was planned */
  assert_int_equal(plan_read(arena, STR("s,e,p,u,c,a,1,,,2,,,,words\n"), &back, &error), -1);
  assert_true(str_has(str_of(error.message), STR("'words'")));
  VEC_FREE(&back);
  arena_free(arena);
  (void)state;
}

/* As one has them that was begun before it was told which cells lack a part. */
static void without_parts(void **state) {
  struct arena *arena = arena_new();
  struct plan back = {0};
  struct error error = {0};
  assert_int_equal(plan_read(arena, STR("s,e,p,u,c,a,1,,,2,,,,number\ns,e,p,u,c,a,1,,,2,,,,number,true\n"), &back, &error), 0);
  assert_true(back.n == 2 && !back.p[0].partial && back.p[0].kind == VALUE_NUMBER && back.p[1].partial);
  VEC_FREE(&back);
  arena_free(arena);
  (void)state;
}

/* A journal that was begun before comments could be carried. */
static void without_the_last_columns(void **state) {
  struct arena *arena = arena_new();
  struct plan back = {0};
  struct error error = {0};
  assert_int_equal(plan_read(arena, STR("s,e,p,u,c,a,1,said,true,2,\n"), &back, &error), 0);
  assert_true(back.n == 1 && !back.p[0].carries && back.p[0].planned && str_eq(row_write(&back.p[0]).comment, STR("said")));
  assert_int_equal(plan_read(arena, STR("s,e,p,u,c,a,1,said,true,2,,x\n"), &back, &error), -1);
  VEC_FREE(&back);
  arena_free(arena);
  (void)state;
}

static struct plan_row row_of(struct str before, struct str comment, struct str after) {
  return (struct plan_row){.before = before, .before_comment = comment, .after = after, .current = before, .current_comment = comment};
}

static void comments_are_the_rows_business_where_it_carries(void **state) {
  struct plan_row row = row_of(STR("1"), STR("theirs"), STR("2"));
  row.current_comment = STR("theirs, and more"); /* said since it was looked at: what stands there last goes along */
  assert_true(row_was(&row) && str_eq(row_write(&row).comment, STR("theirs, and more")));
  row.current = STR("2");
  assert_true(row_is_at(&row) && !row_changes_notes(&row));
  row = row_of(STR("1"), STR("theirs"), STR("1"));
  row_carry(&row, STR_NONE, true);
  assert_true(str_eq(row.after_comment, STR("theirs")) && row.after_follow_up && !row_is_at(&row) && row_changes_notes(&row));
  row_carry(&row, STR("ours"), false);
  assert_true(!row_is_at(&row) && str_eq(row_write(&row).comment, STR("ours")));
  row_suppose(&row);
  assert_true(row_is_at(&row) && !row_was(&row));
  row.current_comment = STR(" ours\n"); /* as some servers keep it */
  assert_true(row_is_at(&row));
  row_turn_round(&row);
  assert_true(row_was(&row) && str_eq(row.after_comment, STR("theirs")));
  row = row_of(STR("1"), STR("theirs"), STR_NONE); /* to be gone: not when somebody spoke of it */
  assert_true(row_was(&row));
  row.current_comment = STR("keep");
  assert_false(row_was(&row));
  row = row_of(STR_NONE, STR_NONE, STR("0")); /* where no zero is kept, no comment is */
  row.zero_vanishes = true;
  row_carry(&row, STR("none seen"), true);
  assert_true(row_is_at(&row) && !row_changes_notes(&row));
  (void)state;
}

/* A comment without a value, as servers to 2.42 keep it: the way back would lose it, whether the run carried comments or not. */
static void a_comment_alone_is_not_undone(void **state) {
  for (int carries = 0; carries < 2; carries++) {
    struct plan_row alone = row_of(STR_NONE, STR("ask them"), STR("5")), none = row_of(STR_NONE, STR_NONE, STR("5")),
                    both = row_of(STR("4"), STR("ask them"), STR("5"));
    struct plan_row *rows[] = {&alone, &none, &both};
    for (size_t i = 0; i < 3; i++) {
      if (carries) row_carry(rows[i], STR("ours"), true);
      row_turn_round(rows[i]);
      assert_int_equal(row_loses_note(rows[i]), i == 0);
    }
  }
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(as_it_was),
                                     cmocka_unit_test(without_the_last_columns),
                                     cmocka_unit_test(without_the_last_column),
                                     cmocka_unit_test(without_parts),
                                     cmocka_unit_test(a_comment_alone_is_not_undone),
                                     cmocka_unit_test(comments_are_the_rows_business_where_it_carries)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
