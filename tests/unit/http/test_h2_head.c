/* An HTTP/2 header list becomes the HTTP/1.1 head that it stands for, or is refused. */
#include "http/h2_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct guard_limits limits = {.head_bytes = 4096, .head_fields = 16, .target_bytes = 1024};

struct result {
  struct arena *arena;
  struct http_request request;
  struct guard_framing framing;
  struct error error;
  int failed;
};

/* `text`: "name=value;…" */
static struct result judge(const char *text, bool ended) {
  struct result r = {.arena = arena_new()};
  struct h2_head head = {.arena = r.arena};
  struct str rest = str_of(text);
  while (rest.n) {
    struct str value = str_take(&rest, ';'), name = str_take(&value, '=');
    assert_int_equal(h2_head_add(&head, &limits, name, value.p ? value : STR("")), 0);
  }
  r.failed = h2_head_request(&head, &limits, ended, &r.request, &r.framing, &r.error);
  h2_head_free(&head);
  return r;
}

#define GOOD ":method=GET;:scheme=https;:authority=gw.example.org;:path=/s/a/api/me?x=1"

/* [R-G10] */
static void a_request_is_what_http_1_would_have_brought(void **state) {
  struct result r = judge(GOOD ";accept=text/plain;cookie=a:1;x=y;cookie=b:2", true);
  assert_int_equal(r.failed, 0);
  assert_true(str_eq(r.request.method, STR("GET")));
  assert_true(str_eq(r.request.target, STR("/s/a/api/me?x=1")));
  assert_true(str_eq(r.request.query, STR("x=1")));
  assert_true(str_eq(r.request.host, STR("gw.example.org")));
  assert_true(str_eq(http_headers_value(&r.request.headers, STR("Host")), STR("gw.example.org")));
  assert_true(str_eq(http_headers_value(&r.request.headers, STR("Cookie")), STR("a:1; b:2")));
  assert_int_equal(http_headers_count(&r.request.headers, STR("Cookie")), 1);
  assert_false(r.request.has_body);
  arena_free(r.arena);
}

static void bodies_are_told_or_not(void **state) {
  static const struct {
    const char *more;
    bool ended, has_body;
    int64_t length;
  } rows[] = {{"", true, false, 0},
              {"", false, true, -1},
              {";content-length=5", false, true, 5},
              {";content-length=0", false, false, 0},
              {";content-length=0", true, false, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[256];
    (void)snprintf(text, sizeof text, GOOD "%s", rows[i].more);
    struct result r = judge(text, rows[i].ended);
    assert_int_equal(r.failed, 0);
    assert_int_equal(r.request.has_body, rows[i].has_body);
    assert_int_equal(r.request.body_length, rows[i].length);
    arena_free(r.arena);
  }
}

/* [R-G10, A22] */
static void what_is_not_well_formed_is_refused(void **state) {
  static const struct {
    const char *text;
    enum error_code code;
  } rows[] = {
      {":scheme=https;:authority=a;:path=/", ERROR_bad_request},
      {":method=GET;:authority=a;:path=/", ERROR_bad_request},
      {":method=GET;:scheme=https;:authority=a", ERROR_bad_request},
      {":method=GET;:scheme=https;:path=/", ERROR_bad_request},
      {":method=GET;:scheme=ftp;:authority=a;:path=/", ERROR_bad_request},
      {GOOD ";:path=/b", ERROR_bad_request},
      {GOOD ";:protocol=websocket", ERROR_bad_request},
      {":method=GET;:scheme=https;:authority=a;x=1;:path=/", ERROR_bad_request},
      {GOOD ";Upper=1", ERROR_bad_request},
      {GOOD ";=1", ERROR_bad_request},
      {GOOD ";a b=1", ERROR_bad_request},
      {GOOD ";a:b=1", ERROR_bad_request},
      {GOOD ";a\r\nb=1", ERROR_bad_request},
      {GOOD ";a=b\r\nevil: 1", ERROR_bad_request},
      {GOOD ";a=b\nc", ERROR_bad_request},
      {GOOD ";a= b", ERROR_bad_request},
      {GOOD ";a=b\t", ERROR_bad_request},
      {GOOD ";a=b\x01", ERROR_bad_request},
      {GOOD ";connection=close", ERROR_bad_request},
      {GOOD ";keep-alive=1", ERROR_bad_request},
      {GOOD ";proxy-connection=close", ERROR_bad_request},
      {GOOD ";transfer-encoding=chunked", ERROR_bad_request},
      {GOOD ";upgrade=h2c", ERROR_bad_request},
      {GOOD ";te=gzip", ERROR_bad_request},
      {GOOD ";host=other.example.org", ERROR_bad_request},
      {GOOD ";host=gw.example.org;host=gw.example.org", ERROR_bad_request},
      {GOOD ";content-length=1;content-length=1", ERROR_bad_request},
      {GOOD ";content-length=01", ERROR_bad_request},
      {":method=GET;:scheme=https;:authority=u@a;:path=/", ERROR_bad_request},
      {":method=GET;:scheme=https;:authority=a\r\nx: y;:path=/", ERROR_bad_request},
      {":method=GET /x HTTP/1.1\r\nhost: evil\r\n;:scheme=https;:authority=a;:path=/", ERROR_bad_request},
      {":method=GET;:scheme=https;:authority=a;:path=/ HTTP/1.1\r\nx: y", ERROR_bad_request},
      {":method=CONNECT;:authority=a:443", ERROR_method_refused},
      {":method=TRACE;:scheme=https;:authority=a;:path=/", ERROR_method_refused},
      {":method=get;:scheme=https;:authority=a;:path=/", ERROR_method_refused},
      {":method=OPTIONS;:scheme=https;:authority=a;:path=*", ERROR_bad_target},
      {":method=GET;:scheme=https;:authority=a;:path=", ERROR_bad_target},
      {":method=GET;:scheme=https;:authority=a;:path=https://b/", ERROR_bad_target},
      {":method=GET;:scheme=https;:authority=a;:path=/a#b", ERROR_bad_target},
      {":method=GET;:scheme=https;:authority=a;:path=/a b", ERROR_bad_target},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result r = judge(rows[i].text, true);
    if (!r.failed || r.error.code != rows[i].code) fail_msg("%s: %s", rows[i].text, error_name(r.error.code));
    arena_free(r.arena);
  }
}

static void what_is_good_is_taken(void **state) {
  static const char *const rows[] = {GOOD ";te=trailers", GOOD ";host=GW.example.org",
                                     GOOD ";x=", ":method=GET;:scheme=HTTPS;:path=/;host=a", GOOD ";x_y=dropped"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result r = judge(rows[i], true);
    if (r.failed) fail_msg("%s: %s", rows[i], r.error.message);
    assert_false(http_headers_count(&r.request.headers, STR("x_y")));
    arena_free(r.arena);
  }
}

/* [R-G14] */
static void limits_hold(void **state) {
  struct arena *arena = arena_new();
  struct str large = arena_printf(arena, "%s;x=%02000d;y=%02500d", GOOD, 0, 0);
  struct result r = judge(large.p, true);
  assert_int_equal(r.error.code, ERROR_head_too_large);
  arena_free(r.arena);
  r = judge(GOOD ";a=;b=;c=;d=;e=;f=;g=;h=;i=;j=;k=;l=;m=;n=;o=;p=;q=", true);
  assert_int_equal(r.error.code, ERROR_head_too_large);
  arena_free(r.arena);
  r = judge(arena_printf(arena, ":method=GET;:scheme=https;:authority=a;:path=/%02000d", 0).p, true);
  assert_int_equal(r.error.code, ERROR_target_too_long);
  arena_free(r.arena);
  struct h2_head head = {.arena = arena};
  int taken = 0;
  while (h2_head_add(&head, &limits, STR("x"), str_slice(large, 0, 1000)) == 0) taken++;
  assert_in_range(taken, 8, 16); /* four times the bytes of a head */
  assert_true(head.fields.n <= limits.head_bytes);
  h2_head_free(&head);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_is_what_http_1_would_have_brought),
      cmocka_unit_test(bodies_are_told_or_not),
      cmocka_unit_test(what_is_not_well_formed_is_refused),
      cmocka_unit_test(what_is_good_is_taken),
      cmocka_unit_test(limits_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
