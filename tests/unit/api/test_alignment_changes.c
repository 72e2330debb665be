/* What a decision changed, and no more, is told; what is told can be read; what the engine looked at is apart. */
#include "api/alignment.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define STATE(elements, cells, tail) \
  "{\"id\":\"a\",\"version\":1,\"elements\":[" elements "\n],\"cells\":[" cells "\n],\"target_elements\":[{\"id\":\"T\"}]\n" tail "\n}"
#define TAIL(n) ",\"coverage\":{\"accepted\":" n "},\"warnings\":[\"one ] two\"]"

static const struct alignment alignment = {.id = STR("a"), .version = 2};

static json_t *changes(const char *before, const char *after) {
  struct buf out = BUF_INIT(65536);
  json_error_t why;
  assert_true(alignment_changes(&alignment, str_of(before), str_of(after), &out));
  json_t *root = json_loadb(buf_str(&out).p, out.n, JSON_REJECT_DUPLICATES, &why);
  if (!root) fail_msg("%s in %.*s", why.text, STR_ARG(buf_str(&out)));
  buf_free(&out);
  return root;
}

static size_t count(const json_t *root, const char *key) {
  return json_array_size(json_object_get(root, key));
}

static void only_what_differs(void **state) {
  (void)state;
  json_t *root = changes(STATE("\n{\"e\":1}\n,{\"e\":2}\n,{\"e\":3}", "\n{\"c\":1}\n,{\"c\":2}", TAIL("0")),
                         STATE("\n{\"e\":1}\n,{\"e\":20}\n,{\"e\":3}", "\n{\"c\":10}\n,{\"c\":2}", TAIL("1")));
  assert_int_equal(json_integer_value(json_object_get(root, "version")), 2);
  assert_int_equal(count(root, "elements"), 1);
  assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(root, "elements"), 0), "e")), 20);
  assert_int_equal(count(root, "cells"), 1);
  assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "coverage"), "accepted")), 1);
  assert_int_equal(count(root, "warnings"), 1);
  json_decref(root);
}

static struct str in_buf(bool written, const struct buf *out) {
  assert_true(written);
  return buf_str(out);
}

/* What only looks like them, in a text, stays; of an element that there is not, there are none. */
static void features_come_apart(void **state) {
  (void)state;
  const char *whole = STATE("\n{\"source\":{\"id\":\"e\"},\"proposals\":[{\"target\":{\"id\":\"t\"},\"why\":\"a,\\\"features\\\":[b]\","
                            "\"features\":[{\"name\":\"words\",\"contribution\":-1.5}]},"
                            "{\"target\":{\"id\":\"u\"},\"features\":[]}]}\n,{\"source\":{\"id\":\"f\"},\"proposals\":[]}",
                            "", TAIL("0"));
  const char *shorter = STATE("\n{\"source\":{\"id\":\"e\"},\"proposals\":[{\"target\":{\"id\":\"t\"},\"why\":\"a,\\\"features\\\":[b]\"},"
                              "{\"target\":{\"id\":\"u\"}}]}\n,{\"source\":{\"id\":\"f\"},\"proposals\":[]}",
                              "", TAIL("0"));
  static const char *const of_elements[][2] = {
      {"e", "{\"source_data_element\":\"e\",\"proposals\":[{\"target\":\"t\",\"features\":[{\"name\":\"words\",\"contribution\":-1.5}]},{"
            "\"target\":\"u\",\"features\":[]}]}"},
      {"f", "{\"source_data_element\":\"f\",\"proposals\":[]}"},
      {"", "{\"source_data_element\":\"\",\"proposals\":[]}"},
      {"\"", "{\"source_data_element\":\"\\\"\",\"proposals\":[]}"},
  };
  struct buf out = BUF_INIT(65536);
  assert_true(str_eq(in_buf(alignment_shortened(str_of(whole), &out), &out), str_of(shorter)));
  for (size_t i = 0; i < sizeof of_elements / sizeof *of_elements; i++) {
    buf_clear(&out);
    assert_true(str_eq(in_buf(alignment_features(str_of(whole), str_of(of_elements[i][0]), &out), &out), str_of(of_elements[i][1])));
  }
  buf_clear(&out);
  assert_true(str_eq(in_buf(alignment_shortened(STR("{\"a\":1,\"features\":["), &out), &out), STR("{\"a\":1"))); /* cut short: to its end */
  buf_free(&out);
}

/* Of the parts of a divided cell those that are shown at once, whatever their ids are; how many there are stands before them. */
static void parts_come_apart(void **state) {
  (void)state;
  struct buf whole = BUF_INIT(65536), shorter = BUF_INIT(65536), out = BUF_INIT(65536);
  for (int cell = 0; cell < 3; cell++) {
    int n = cell == 1 ? ALIGNMENT_PARTS_SHOWN + 8 : cell == 2 ? ALIGNMENT_PARTS_SHOWN : 2;
    for (struct buf *to = &whole;; to = &shorter) {
      assert_true(buf_printf(to, "%s{\"name\":\"a,\\\"divided\\\":[\\\"\",\"divided_count\":%d,\"divided\":[", cell ? "," : "[", n));
      for (int i = 0; i < (to == &shorter && n > ALIGNMENT_PARTS_SHOWN ? ALIGNMENT_PARTS_SHOWN : n); i++)
        assert_true(buf_printf(to, "%s\"%d],\\\"\\\\\"", i ? "," : "", i));
      assert_true(buf_add(to, STR("],\"whole\":\"w\"}")));
      if (to == &whole) assert_true(buf_add(to, STR(",{\"a\":1,\"features\":[{}]}")));
      if (to == &shorter) break;
    }
    assert_true(buf_add(&shorter, STR(",{\"a\":1}")));
  }
  assert_true(str_eq(in_buf(alignment_shortened(buf_str(&whole), &out), &out), buf_str(&shorter)));
  buf_clear(&out);
  assert_true(alignment_shortened(STR("[{\"a\":1,\"divided\":[\"b"), &out)); /* cut short: as it is */
  assert_true(str_eq(buf_str(&out), STR("[{\"a\":1,\"divided\":[\"b")));
  buf_free(&whole);
  buf_free(&shorter);
  buf_free(&out);
}

static void nothing_differs(void **state) {
  (void)state;
  json_t *root = changes(STATE("\n{\"e\":1}", "", TAIL("1")), STATE("\n{\"e\":1}", "", TAIL("1")));
  assert_int_equal(count(root, "elements"), 0);
  assert_int_equal(count(root, "cells"), 0);
  json_decref(root);
}

/* Kept before lines meant something, or with other sources: all of it is new. */
static void another_form(void **state) {
  (void)state;
  json_t *root = changes("{\"elements\":[{\"e\":1},{\"e\":2}],\"cells\":[]}", STATE("\n{\"e\":1}\n,{\"e\":2}", "\n{\"c\":1}", TAIL("1")));
  assert_int_equal(count(root, "elements"), 2);
  assert_int_equal(count(root, "cells"), 1);
  json_decref(root);
  root = changes(STATE("\n{\"e\":1}\n,{\"e\":2}\n,{\"e\":3}", "\n{\"c\":1}", TAIL("1")),
                 STATE("\n{\"e\":1}", "\n{\"c\":1}\n,{\"c\":2}", TAIL("1")));
  assert_int_equal(count(root, "elements"), 0);
  assert_int_equal(count(root, "cells"), 1);
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_differs), cmocka_unit_test(nothing_differs), cmocka_unit_test(another_form),
                                     cmocka_unit_test(features_come_apart), cmocka_unit_test(parts_come_apart)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
