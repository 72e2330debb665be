/* What a value says beside its value, packed and put together: also what the bytes of others could make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/note.h"

static void packed_as_it_was(void **state) {
  static const struct str texts[] = {{"", 0}, {"12", 2}, {"a\0b", 3}, {"; ", 2}, {"1", 1}};
  struct buf buf = BUF_INIT(1 << 20);
  for (size_t i = 0; i < 5; i++)
    for (size_t k = 0; k < 5; k++) {
      struct dhis2_value value = {.value = texts[i], .comment = texts[k], .follow_up = i % 2};
      struct noted noted = note_unpack(note_pack(&value, &buf));
      assert_true(str_eq(noted.value, texts[i]) && str_eq(noted.comment, str_trim(texts[k])));
      assert_int_equal(noted.follow_up, i % 2);
    }
  for (size_t n = 0; n < 12; n++) (void)note_unpack((struct str){"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", n});
  buf_free(&buf);
  (void)state;
}

static void each_comment_once(void **state) {
  static const char *const said[] = {"late", "", "by phone", "late", "phone", "late; by phone", "by"};
  struct note note = NOTE_INIT;
  for (unsigned round = 0; round < 2; round++) {
    note_begin(&note);
    assert_false(note.follow_up);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
      note_add(&note, &(struct noted){.comment = str_of(said[i]), .follow_up = i == 4});
    assert_true(str_eq(buf_str(&note.text), STR("late; by phone; phone; by")));
    assert_true(note.follow_up);
  }
  note_free(&note);
  (void)state;
}

static void longer_than_any_server_takes(void **state) {
  static char letters[NOTE_MAX];
  struct note note = NOTE_INIT;
  for (size_t i = 0; i < 10; i++) {
    memset(letters, (int)('a' + i), sizeof letters);
    note_add(&note, &(struct noted){.comment = {letters, sizeof letters}});
  }
  assert_true(note.text.n > NOTE_MAX && note.text.n < 3 * NOTE_MAX && !note.text.full);
  note_free(&note);
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(packed_as_it_was), cmocka_unit_test(each_comment_once),
                                     cmocka_unit_test(longer_than_any_server_takes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
