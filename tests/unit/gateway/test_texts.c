/* What is kept and what is told: packed fields, cookies, bodies with secrets, errors in their shapes. */
#include "gateway/browser_cookie.h"
#include "gateway/connection.h"
#include "gateway/failure.h"
#include "gateway/packed.h"
#include "gateway/reply.h"
#include "gateway/secret_body.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct config plain = {.public_url = STR("http://127.0.0.1:8080"), .public_origin = STR("http://127.0.0.1:8080")};
static const struct config secure = {
    .public_url = STR("https://gw.example.org"), .public_origin = STR("https://gw.example.org"), .https = true};

static void packed_fields_come_back(void **state) {
  char number[8];
  const struct packed_field in[] = {{1, STR("abc")}, {2, STR("")}, {3, STR_NONE}, {9, packed_number(INT64_MIN, number)}};
  struct secret *packed = packed_close(in, 4);
  struct packed_field out[] = {{1, STR_NONE}, {2, STR_NONE}, {3, STR_NONE}, {9, STR_NONE}, {200, STR_NONE}};
  int64_t value;
  (void)state;
  assert_true(packed_open(secret_reveal(packed), out, 5));
  assert_true(str_eq(out[0].bytes, STR("abc")));
  assert_true(out[1].bytes.p && out[1].bytes.n == 0);
  assert_null(out[2].bytes.p);
  assert_true(packed_get_number(out[3].bytes, &value) && value == INT64_MIN);
  assert_null(out[4].bytes.p);
  for (size_t n = 0; n < secret_reveal(packed).n; n++)
    (void)packed_open(str_slice(secret_reveal(packed), 0, n), out, 5); /* cut anywhere: no read behind the end */
  assert_false(packed_open(STR(""), out, 5));
  assert_false(packed_open(STR("\2\1\0\0\0\0"), out, 5));
  assert_false(packed_open(STR("\1\1\0\0\0\0\1\0\0\0\0"), out, 5));
  assert_false(packed_open(STR("\1\1\377\377\377\377x"), out, 5));
  secret_free(packed);
}

static struct str set_cookie(const struct http_headers *headers) {
  struct str value = STR_NONE;
  (void)http_headers_get(headers, STR("Set-Cookie"), &value);
  return value;
}

static void the_sessions_cookie(void **state) {
  struct arena *arena = arena_new();
  struct browser_cookie cookie = browser_cookie_new(), read;
  struct http_headers strict = {0}, partitioned = {0}, gone = {0};
  (void)state;
  assert_true(browser_cookie_read(secret_reveal(cookie.text), &read));
  assert_memory_equal(read.id, cookie.id, sizeof read.id);
  assert_true(secret_eq(read.holder, secret_reveal(cookie.holder)));
  browser_cookie_set(&secure, CONFIG_MODE_SAME_SITE, cookie.text, arena, &strict);
  struct str text = set_cookie(&strict);
  assert_true(str_starts(text, STR("__Host-Http-drawbridge=")));
  assert_true(str_has(text, STR("Secure")) && str_has(text, STR("HttpOnly")) && str_has(text, STR("SameSite=Strict")) &&
              str_has(text, STR("Path=/")) && !str_has(text, STR("Domain")) && !str_has(text, STR("Partitioned")));
  assert_true(str_find_char(text, ';') < 200);
  browser_cookie_set(&plain, CONFIG_MODE_CROSS_SITE, cookie.text, arena, &partitioned);
  text = set_cookie(&partitioned);
  assert_true(str_starts(text, STR("drawbridge=")) && str_has(text, STR("SameSite=None")) && str_has(text, STR("Partitioned")) &&
              str_has(text, STR("Secure")) && str_has(text, STR("HttpOnly")));
  browser_cookie_delete(&secure, CONFIG_MODE_CROSS_SITE, arena, &gone);
  text = set_cookie(&gone);
  assert_true(str_has(text, STR("Max-Age=0")) && str_has(text, STR("Partitioned")) && str_has(text, STR("Secure")) &&
              str_has(text, STR("SameSite=None")));
  browser_cookie_clear(&cookie);
  browser_cookie_clear(&read);
  arena_free(arena);
}

static void cookies_that_are_none(void **state) {
  static const char *const bad[] = {"", "x", "AAAA",
                                    "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"};
  struct browser_cookie cookie;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(browser_cookie_read(str_of(bad[i]), &cookie));
  char text[86];
  memset(text, 'A', sizeof text);
  text[85] = 'B'; /* bits left over: a second spelling */
  assert_false(browser_cookie_read((struct str){text, 86}, &cookie));
}

/* [R-E8] */
static void two_cookies_of_our_name(void **state) {
  struct arena *arena = arena_new();
  struct http_headers headers = {0};
  struct error error = {0};
  struct str value;
  (void)state;
  http_headers_add(&headers, arena, STR("Cookie"), STR("a=1; drawbridge=x"));
  assert_int_equal(browser_cookie_find(&plain, &headers, arena, &value, &error), 0);
  assert_true(str_eq(value, STR("x")));
  http_headers_add(&headers, arena, STR("Cookie"), STR("drawbridge=y"));
  assert_int_equal(browser_cookie_find(&plain, &headers, arena, &value, &error), -1);
  assert_int_equal(error.code, ERROR_bad_request);
  arena_free(arena);
}

static void cookies_of_sign_ins_under_way(void **state) {
  struct arena *arena = arena_new();
  struct http_headers set = {0}, sent = {0};
  struct secret *one = secret_random(32), *two = secret_random(32);
  struct browser_sign_in *list;
  struct error error = {0};
  size_t count;
  (void)state;
  browser_sign_in_set(&secure, STR("state-one"), 200, one, arena, &set);
  browser_sign_in_set(&secure, STR("state-two"), 100, two, arena, &set);
  for (size_t i = 0; i < set.n; i++) {
    struct str rest = set.p[i].value;
    assert_true(str_has(rest, STR("SameSite=Lax")) && str_has(rest, STR("Max-Age=600")) && str_has(rest, STR("HttpOnly")) &&
                str_has(rest, STR("Secure")));
    http_headers_add(&sent, arena, STR("Cookie"), str_take(&rest, ';'));
  }
  http_headers_add(&sent, arena, STR("Cookie"), STR("__Host-Http-drawbridge=abc; __Host-Http-drawbridge-t-x=1.short; other=1"));
  assert_int_equal(browser_sign_ins(&secure, &sent, arena, &list, &count, &error), 0);
  assert_int_equal(count, 2);
  assert_true(secret_eq(list[0].secret, secret_reveal(two)) && list[0].since_s == 100);
  assert_true(str_eq(list[1].name, browser_sign_in_name(&secure, STR("state-one"), arena)));
  for (size_t i = 0; i < count; i++) secret_free(list[i].secret);
  secret_free(one);
  secret_free(two);
  arena_free(arena);
}

static void bodies_with_secrets(void **state) {
  static const char *const bad[] = {"",
                                    "[]",
                                    "1",
                                    "{",
                                    "{\"a\":{}}",
                                    "{\"a\":[]}",
                                    "{\"a\":1}",
                                    "{\"a\":\"x\",\"a\":\"y\"}",
                                    "{\"a\":\"x\\u0000y\"}",
                                    "{\"a\":\"x\"}{}",
                                    "{\"b\":{\"a\":\"x\"}}"};
  struct secret_field fields[] = {{STR("a"), NULL}, {STR("c"), NULL}};
  struct error error = {0};
  (void)state;
  assert_int_equal(secret_body_read(STR("{\"a\":\"d2p_x\",\"b\":true,\"z\":\"q\",\"c\":null}"), fields, 2, &error), 0);
  assert_true(secret_eq(fields[0].value, STR("d2p_x")));
  assert_null(fields[1].value);
  secret_body_clear(fields, 2);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    error = (struct error){0};
    if (!secret_body_read(str_of(bad[i]), fields, 2, &error)) fail_msg("taken: %s", bad[i]);
    assert_int_equal(error.code, ERROR_bad_request);
    assert_null(fields[0].value);
  }
}

static json_t *told(struct reply reply, struct arena *arena, struct http_headers *headers, int *ret_status) {
  struct str body;
  *ret_status = reply_error(&reply, arena, headers, &body);
  return json_loadb(body.p, body.n, 0, NULL);
}

static void two_shapes_of_one_error(void **state) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct http_headers headers = {0}, other = {0};
  struct str value;
  int status;
  (void)state;
  (void)failure_at(&error, ERROR_not_connected, STR("central"), "sign in to \"it\" first");
  error.retry_after = 7;
  struct reply reply = {
      .error = &error, .path = STR("/v1/runs"), .public_url = STR("https://gw.example.org"), .request_id = STR("0123456789abcdef")};
  json_t *json = told(reply, arena, &headers, &status);
  assert_int_equal(status, 401);
  assert_int_equal(json_integer_value(json_object_get(json, "status")), 401);
  assert_string_equal(json_string_value(json_object_get(json, "code")), "not_connected");
  assert_string_equal(json_string_value(json_object_get(json, "server")), "central");
  assert_string_equal(json_string_value(json_object_get(json, "origin")), "gateway");
  assert_string_equal(json_string_value(json_object_get(json, "login_url")), "https://gw.example.org/sign-in/central");
  assert_string_equal(json_string_value(json_object_get(json, "request_id")), "0123456789abcdef");
  assert_null(json_object_get(json, "message"));
  assert_true(http_headers_get(&headers, STR("Content-Type"), &value) && str_eq(value, STR("application/problem+json")));
  assert_true(http_headers_get(&headers, STR("X-Drawbridge-Error"), &value) && str_eq(value, STR("not_connected")));
  assert_true(http_headers_get(&headers, STR("Retry-After"), &value) && str_eq(value, STR("7")));
  json_decref(json);
  reply.path = STR("/s/central/api/me");
  json = told(reply, arena, &other, &status);
  assert_string_equal(json_string_value(json_object_get(json, "status")), "ERROR");
  assert_int_equal(json_integer_value(json_object_get(json, "httpStatusCode")), 401);
  assert_string_equal(json_string_value(json_object_get(json, "httpStatus")), "Unauthorized");
  assert_string_equal(json_string_value(json_object_get(json, "message")), "sign in to \"it\" first");
  assert_string_equal(json_string_value(json_object_get(json, "code")), "not_connected");
  assert_true(http_headers_get(&other, STR("Content-Type"), &value) && str_eq(value, STR("application/json")));
  json_decref(json);
  arena_free(arena);
}

/* [A20] */
static void a_page_holds_no_markup_from_outside(void **state) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct http_headers headers = {0};
  struct str body, value;
  (void)state;
  (void)error_set(&error, ERROR_upstream_error, "<script>alert('&')</script>\"");
  struct reply reply = {.error = &error,
                        .status = 404,
                        .navigation = true,
                        .path = STR("/s/central/api/x"),
                        .public_url = STR("https://gw.example.org"),
                        .request_id = STR("r")};
  assert_int_equal(reply_error(&reply, arena, &headers, &body), 404);
  assert_false(str_has(body, STR("<script")));
  assert_true(str_has(body, STR("&lt;script&gt;alert(&#39;&amp;&#39;)")));
  assert_true(str_has(body, STR("<a href=\"https://gw.example.org/servers?problem=upstream_error\">")));
  assert_true(http_headers_get(&headers, STR("Content-Security-Policy"), &value) && str_has(value, STR("default-src 'none'")) &&
              !str_has(value, STR("unsafe")));
  assert_true(http_headers_get(&headers, STR("X-Drawbridge-Error"), &value) && str_eq(value, STR("upstream_error")));
  arena_free(arena);
}

static struct str page_in(struct arena *arena, enum language language, const struct error *error) {
  struct http_headers headers = {0};
  struct str body, value;
  struct reply reply = {.error = error,
                        .navigation = true,
                        .language = language,
                        .path = STR("/v1/alignments"),
                        .public_url = STR("https://gw.example.org"),
                        .request_id = STR("r")};
  (void)reply_error(&reply, arena, &headers, &body);
  assert_true(http_headers_get(&headers, STR("Content-Language"), &value) && str_eq(value, str_of(language_tag(language))));
  assert_true(http_headers_get(&headers, STR("Vary"), &value) && str_eq(value, STR("Accept-Language")));
  return body;
}

/* What was told of this case too; what has no translation is English, and says so. */
static void a_page_in_its_readers_language(void **state) {
  struct arena *arena = arena_new();
  struct error error = {0};
  (void)state;
  (void)error_set(&error, ERROR_not_connected, "sign in to the server %s first", "<b>");
  struct str page = page_in(arena, LANGUAGE_FRENCH, &error);
  assert_true(str_has(page, STR("<html lang=\"fr\" dir=\"ltr\">")) && str_has(page, STR(">Se connecter</a>")) &&
              str_has(page, STR("code not_connected, requête r")) && !str_has(page, STR("<b>")));
  (void)error_set(&error, ERROR_server_unreachable, "quite new <%s>", "x");
  page = page_in(arena, LANGUAGE_ARABIC, &error);
  assert_true(str_has(page, STR("<html lang=\"ar\" dir=\"rtl\">")) &&
              str_has(page, STR("<p lang=\"en\" dir=\"ltr\">quite new &lt;x&gt;</p>")));
  (void)error_set(&error, ERROR_input, "the mapping is larger than %d bytes", 7);
  assert_true(str_has(page_in(arena, LANGUAGE_PORTUGUESE, &error), STR("<p>a correspondência tem mais de 7 bytes</p>")));
  assert_true(str_has(page_in(arena, LANGUAGE_ENGLISH, &error), STR("<p>the mapping is larger than 7 bytes</p>")));
  arena_free(arena);
}

static void a_connection_comes_back_whole(void **state) {
  struct signed_in in = {.kind = SIGN_IN_OAUTH,
                         .credential = {CREDENTIAL_BEARER, secret_new(STR("at"))},
                         .refresh_token = secret_new(STR("rt")),
                         .cookies = NULL,
                         .expires_ms = 1234,
                         .user = {STR("uid"), STR("anna"), STR("Anna Ü")},
                         .subject = STR("sub"),
                         .version_text = STR("2.43.1")};
  struct connection *one = connection_of_sign_in(STR("central"), STR("https://hmis.example"), &in, 99);
  struct secret *packed = connection_pack(one);
  struct connection *two = connection_unpack(secret_reveal(packed));
  (void)state;
  assert_non_null(two);
  const struct connection_about *about = connection_about(two);
  assert_true(connection_is_at(two, STR("https://hmis.example")) && !connection_is_at(two, STR("https://hmis.example.org")));
  assert_true(str_eq(about->server, STR("central")) && about->kind == CONFIG_OAUTH && str_eq(about->name, STR("Anna Ü")) &&
              str_eq(about->subject, STR("sub")) && about->since_ms == 99);
  struct connection_credential credential = connection_credential(two);
  assert_true(credential.credential.kind == CREDENTIAL_BEARER && secret_eq(credential.credential.value, STR("at")) &&
              credential.renewable && credential.expires_ms == 1234);
  struct oauth_tokens tokens = {secret_new(STR("at2")), secret_new(STR("rt2")), 5678};
  connection_renewed(two, &tokens);
  struct connection_credential after = connection_credential(two);
  assert_true(after.turn == credential.turn + 1 && secret_eq(after.credential.value, STR("at2")));
  assert_true(connection_set_state(two, CONNECTION_REAUTH_REQUIRED));
  assert_false(connection_set_state(two, CONNECTION_OK)); /* only a renewal leaves it */
  connection_renewed(two, &tokens);
  assert_int_equal(connection_state(two), CONNECTION_OK);
  for (size_t n = 0; n < secret_reveal(packed).n; n += 3) connection_unref(connection_unpack(str_slice(secret_reveal(packed), 0, n)));
  secret_free(tokens.access_token);
  secret_free(tokens.refresh_token);
  secret_free(after.credential.value);
  secret_free(credential.credential.value);
  secret_free(packed);
  connection_unref(one);
  connection_unref(two);
  signed_in_clear(&in);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packed_fields_come_back),
      cmocka_unit_test(the_sessions_cookie),
      cmocka_unit_test(cookies_that_are_none),
      cmocka_unit_test(two_cookies_of_our_name),
      cmocka_unit_test(cookies_of_sign_ins_under_way),
      cmocka_unit_test(bodies_with_secrets),
      cmocka_unit_test(two_shapes_of_one_error),
      cmocka_unit_test(a_connection_comes_back_whole),
      cmocka_unit_test(a_page_holds_no_markup_from_outside),
      cmocka_unit_test(a_page_in_its_readers_language),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
