#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json_out.h"
#include "transfer/report.h"

static struct str written(const struct report *report, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  buf_clear(buf);
  json_out_object(&out);
  report_write(report, &out);
  json_out_end(&out);
  return buf_str(buf);
}

static bool has(struct str text, const char *part) {
  return str_find(text, str_of(part)) != SIZE_MAX;
}

/* Of a short time most is signing in and the like: it says nothing of a run. */
static void test_estimate(void **state) {
  (void)state;
  struct buf buf = BUF_INIT(1 << 20);
  struct report *report = report_new();
  assert_null(report_estimate_of(report));
  assert_false(has(written(report, &buf), "estimate"));
  struct report_estimate estimate = {12, 25, 73182, REPORT_ESTIMATE_LEAST_MS - 1};
  report_estimate(report, estimate);
  assert_true(has(written(report, &buf), "\"estimate\":{\"requests\":37,\"source_requests\":12,\"target_requests\":25,\"bytes\":73182}"));
  estimate.least_ms = 199999;
  report_estimate(report, estimate);
  assert_true(has(written(report, &buf), "\"bytes\":73182,\"seconds\":199}"));
  report_free(report);
  buf_free(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_estimate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
