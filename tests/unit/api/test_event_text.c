/* One event of a stream, as the HTML standard has it. */
#include "api/event_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const char *data, const char *expected) {
  struct buf out = BUF_INIT(1024);
  event_text(&out, STR("7"), str_of(data));
  assert_string_equal(out.p, expected);
  buf_free(&out);
}

static void one_event(void **state) {
  check("{\"a\":1}", "id: 7\ndata: {\"a\":1}\n\n");
  check("", "id: 7\ndata: \n\n");
  (void)state;
}

static void lines_stay_one_event(void **state) {
  check("{\n\n\"id\": 1}", "id: 7\ndata: {\ndata: \ndata: \"id\": 1}\n\n");
  (void)state;
}

static void the_id_is_of_the_data(void **state) {
  char one[EVENT_ID_SIZE], other[EVENT_ID_SIZE];
  assert_string_equal(event_id(STR("{\"a\":1}"), one), event_id(STR("{\"a\":1}"), other));
  assert_int_equal(strlen(one), EVENT_ID_SIZE - 1);
  assert_string_not_equal(one, event_id(STR("{\"a\":2}"), other));
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_event),
      cmocka_unit_test(lines_stay_one_event),
      cmocka_unit_test(the_id_is_of_the_data),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
