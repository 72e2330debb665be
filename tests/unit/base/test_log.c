/* The log: lines in order, gathered ones out no later than promised. */
#include "base/log.h"
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

static int reader, real_stderr;
static char text[1 << 20];

/* From here on stderr is a pipe that is never full. */
static int setup(void **state) {
  int ends[2];
  (void)state;
  if (pipe(ends) || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0) return -1;
  reader = ends[0];
  real_stderr = dup(STDERR_FILENO);
  return dup2(ends[1], STDERR_FILENO) < 0;
}

static int teardown(void **state) {
  (void)state;
  log_gather(false);
  return dup2(real_stderr, STDERR_FILENO) < 0;
}

/* What is out since the last look. */
static struct str out(void) {
  ssize_t n = read(reader, text, sizeof text);
  return (struct str){text, n > 0 ? (size_t)n : 0};
}

static size_t lines(struct str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) n += s.p[i] == '\n';
  return n;
}

static void a_line_is_out_at_once(void **state) {
  (void)state;
  log_event(LOG_INFO, "one", LOG_STR("text", STR("a\"\n</script>\xff")), LOG_INT("number", INT64_MIN));
  struct str line = out();
  assert_int_equal(lines(line), 1);
  json_t *root = json_loadb(line.p, line.n, 0, NULL);
  assert_string_equal(json_string_value(json_object_get(root, "event")), "one");
  assert_string_equal(json_string_value(json_object_get(root, "text")), "a\"\n</script>\xef\xbf\xbd");
  assert_true(json_integer_value(json_object_get(root, "number")) == INT64_MIN);
  json_decref(root);
}

static void gathered_lines_wait_for_a_flush(void **state) {
  (void)state;
  log_gather(true);
  log_event(LOG_INFO, "one");
  log_event(LOG_INFO, "two");
  assert_int_equal(out().n, 0);
  log_flush();
  assert_int_equal(lines(out()), 2);
  log_flush();
  assert_int_equal(out().n, 0);
}

static void a_warning_takes_them_along_in_order(void **state) {
  (void)state;
  log_event(LOG_INFO, "first");
  log_event(LOG_WARNING, "second");
  struct str s = out();
  assert_int_equal(lines(s), 2);
  assert_true(str_find(s, STR("first")) < str_find(s, STR("second")));
}

static void *write_one(void *payload) {
  log_event(LOG_INFO, "of another thread");
  return payload;
}

static void another_thread_does_not_wait(void **state) {
  (void)state;
  pthread_t thread;
  log_event(LOG_INFO, "of this thread");
  assert_int_equal(pthread_create(&thread, NULL, write_one, NULL), 0);
  (void)pthread_join(thread, NULL);
  struct str s = out();
  assert_int_equal(lines(s), 2);
  assert_true(str_find(s, STR("of this")) < str_find(s, STR("of another")));
}

static void many_go_out_without_a_flush_and_none_is_lost(void **state) {
  (void)state;
  for (int i = 0; i < 2000; i++) log_event(LOG_INFO, "one of many", LOG_INT("number", i));
  size_t before = lines(out());
  assert_true(before > 0 && before < 2000);
  log_gather(false);
  assert_int_equal(before + lines(out()), 2000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_is_out_at_once),
      cmocka_unit_test(gathered_lines_wait_for_a_flush),
      cmocka_unit_test(a_warning_takes_them_along_in_order),
      cmocka_unit_test(another_thread_does_not_wait),
      cmocka_unit_test(many_go_out_without_a_flush_and_none_is_lost),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
