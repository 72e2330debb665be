/* W3C Trace Context: what is read of it, and what is written. */
#include "http/trace.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define GOOD "00-" ID "-" SPAN "-01"

static bool read_with(const char *parent, const char *first_state, const char *second_state, struct trace *ret, struct arena *arena) {
  struct http_headers headers = {0};
  const char *states[] = {first_state, second_state};
  if (parent) http_headers_add(&headers, arena, STR("TraceParent"), str_of(parent));
  for (size_t i = 0; i < 2; i++)
    if (states[i]) http_headers_add(&headers, arena, STR("tracestate"), str_of(states[i]));
  return trace_continue(&headers, arena, ret);
}

static bool read_parent(const char *parent) {
  struct arena *arena = arena_new();
  struct trace trace;
  bool good = read_with(parent, NULL, NULL, &trace, arena);
  arena_free(arena);
  return good;
}

static void a_parent_is_read(void **state) {
  struct arena *arena = arena_new();
  struct trace trace;
  assert_true(read_with(GOOD, NULL, NULL, &trace, arena));
  assert_string_equal(trace.id, ID);
  assert_string_equal(trace.parent, SPAN);
  assert_string_equal(trace.span, "");
  assert_int_equal(trace.flags, TRACE_SAMPLED);
  assert_null(trace.state.p);
  assert_true(read_with("00-" ID "-" SPAN "-ff", NULL, NULL, &trace, arena)); /* flags that nobody knows yet go no further */
  assert_int_equal(trace.flags, TRACE_SAMPLED | TRACE_RANDOM);
  assert_true(read_parent(" " GOOD "\t"));
  assert_true(read_parent("cc-" ID "-" SPAN "-00"));
  assert_true(read_parent("cc-" ID "-" SPAN "-00-what the future brings"));
  arena_free(arena);
}

static void what_is_malformed_is_not_there(void **state) {
  static const char *const bad[] = {
      "",
      "00",
      "00-",
      GOOD "-",
      GOOD "-x",
      GOOD "0",
      "ff-" ID "-" SPAN "-01",
      "0-" ID "-" SPAN "-01",
      "000-" ID "-" SPAN "-01",
      "00-00000000000000000000000000000000-" SPAN "-01",
      "00-" ID "-0000000000000000-01",
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
      "00-" ID "-00F067AA0BA902B7-01",
      "00-" ID "-" SPAN "-0",
      "00-" ID "-" SPAN "-0g",
      "00-" ID "-" SPAN,
      "00_" ID "-" SPAN "-01",
      "cc-" ID "-" SPAN "-01x",
      "0g-" ID "-" SPAN "-01",
      "00-" ID "0-" SPAN "-01",
      GOOD ", " GOOD,
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (read_parent(bad[i])) fail_msg("'%s' was read", bad[i]);
  assert_false(read_parent(NULL));
  struct arena *arena = arena_new();
  struct http_headers headers = {0};
  struct trace trace = {.flags = 77};
  http_headers_add(&headers, arena, STR("traceparent"), STR(GOOD));
  http_headers_add(&headers, arena, STR("traceparent"), STR(GOOD));
  assert_false(trace_continue(&headers, arena, &trace));
  assert_int_equal(trace.flags, 77);
  arena_free(arena);
}

static void a_state_goes_on_or_not_at_all(void **state) {
  struct arena *arena = arena_new();
  struct trace trace;
  char many[200] = "", wide[700];
  static const struct {
    const char *first, *second, *want; /* NULL: none */
  } cases[] = {
      {"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", NULL, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"},
      {"rojo=1", "congo=2, ,\tx@y=a b", "rojo=1,congo=2,x@y=a b"},
      {"1a=x", NULL, "1a=x"},
      {"", NULL, NULL},
      {"Rojo=1", NULL, NULL},
      {"rojo", NULL, NULL},
      {"rojo=", NULL, NULL},
      {"=1", NULL, NULL},
      {"a=b=c", NULL, NULL},
      {"a=\x01", NULL, NULL},
      {"good=1", "b\xc3\xa9=1", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(read_with(GOOD, cases[i].first, cases[i].second, &trace, arena));
    if (!cases[i].want) assert_null(trace.state.p);
    if (cases[i].want) assert_true(str_eq(trace.state, str_of(cases[i].want)));
  }
  for (int i = 0; i < 33; i++) (void)snprintf(many + strlen(many), sizeof many - strlen(many), "a%d=1,", i);
  assert_true(read_with(GOOD, many, NULL, &trace, arena));
  assert_null(trace.state.p);
  (void)snprintf(wide, sizeof wide, "first=1,a=%0250d,b=%0250d,c=2", 0, 0); /* what does not fit is left out from its end on */
  assert_true(read_with(GOOD, wide, "d=3", &trace, arena));
  assert_int_equal(trace.state.n, strlen("first=1,a=") + 250);
  assert_false(read_with(NULL, "rojo=1", NULL, &trace, arena));
  arena_free(arena);
}

static void written(void **state) {
  struct trace trace;
  char text[TRACE_PARENT_LETTERS + 1];
  trace_begin(&trace, 0x4bf92f3577b34da6, 0xa3ce929d0e0e4736);
  trace_set_span(&trace, 0x00f067aa0ba902b7);
  assert_string_equal(trace_parent(&trace, text), GOOD);
  assert_true(read_parent(text));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_parent_is_read),
      cmocka_unit_test(what_is_malformed_is_not_there),
      cmocka_unit_test(a_state_goes_on_or_not_at_all),
      cmocka_unit_test(written),
  };
  return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
