#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/batches.h"

static void fill(struct batches *b, uint64_t first, uint64_t count) {
  char unit[16], name[16];
  for (uint64_t n = first; n < first + count; n++) {
    (void)snprintf(unit, sizeof unit, "unit %d", (int)n);
    (void)snprintf(name, sizeof name, n % 2 ? "Kenema %d" : "", (int)n);
    struct batch one = {.period = STR("202401"), .org_unit = str_of(unit), .name = str_of(name), .org_units = 3, .values = n};
    one.created = n / 2;
    one.at_ms = (int64_t)n * 1000;
    batches_put(b, &one);
  }
}

static json_t *written(const struct batches *first, const struct batches *then) {
  struct buf buf = BUF_INIT(1 << 20);
  struct json_out out = JSON_OUT_INIT(&buf);
  batches_write_both(first, then, &out);
  assert_false(buf.full);
  json_t *list = json_doc_read(buf_str(&buf));
  buf_free(&buf);
  assert_non_null(list);
  return list;
}

static void check(const struct batches *first, const struct batches *then, uint64_t number, uint64_t last) {
  json_t *list = written(first, then);
  assert_int_equal(json_array_size(list), last - number + 1);
  for (size_t i = 0; i < json_array_size(list); i++, number++) {
    const json_t *one = json_array_get(list, i);
    char unit[16];
    (void)snprintf(unit, sizeof unit, "unit %d", (int)number);
    assert_int_equal(json_count(one, "number"), number);
    assert_int_equal(json_count(one, "values"), number);
    assert_true(str_eq(json_text(one, "org_unit"), str_of(unit)));
    assert_int_equal(json_text(one, "name").n > 0, number % 2);
  }
  json_decref(list);
}

static void test_the_last_are_kept(void **state) {
  (void)state;
  struct batches b = {0};
  check(&b, NULL, 1, 0);
  fill(&b, 1, 3);
  check(&b, NULL, 1, 3);
  fill(&b, 4, 1000);
  check(&b, NULL, 1003 - BATCHES_KEPT + 1, 1003);
  batches_free(&b);
  check(&b, NULL, 1, 0);
}

/* Parts of a run, numbered through: however many each had, and whether they are added, read back or only shown together. */
static void test_parts(void **state) {
  (void)state;
  static const uint64_t sizes[][2] = {{0, 0}, {0, 4}, {5, 0}, {5, 4}, {19, 2}, {5, 50}, {50, 5}, {50, 50}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct batches first = {0}, then = {0}, read = {0};
    uint64_t all = sizes[i][0] + sizes[i][1], from = all > BATCHES_KEPT ? all - BATCHES_KEPT + 1 : 1;
    fill(&first, 1, sizes[i][0]);
    fill(&read, 1, sizes[i][0]);
    fill(&then, sizes[i][0] + 1, sizes[i][1]);
    check(&first, &then, from, all);
    json_t *list = written(&then, NULL);
    batches_read(&read, list);
    check(&read, NULL, from, all);
    batches_add(&first, &then);
    check(&first, NULL, from, all);
    json_decref(list);
    batches_free(&first);
    batches_free(&then);
    batches_free(&read);
  }
}

static void test_what_is_none_is_passed_over(void **state) {
  (void)state;
  struct batches b = {0};
  json_t *list = json_doc_read(
      STR("[7,{},{\"number\":-1,\"at\":\"2026-01-02T03:04:05Z\"},{\"number\":1},{\"number\":2,\"at\":\"2026-01-02T03:04:05Z\"}]"));
  assert_non_null(list);
  batches_read(&b, NULL);
  batches_read(&b, list);
  assert_int_equal(b.count, 2);
  json_decref(list);
  batches_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_last_are_kept),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_what_is_none_is_passed_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
