#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dhis2/judge.h"
#include "dhis2/refusal.h"
#include "dhis2/server.h"
#include "http/cookie.h"

#define JSON "application/json;charset=UTF-8"
#define HTML "text/html;charset=utf-8"
#define UNAUTHORIZED(message) "{\"httpStatus\":\"Unauthorized\",\"httpStatusCode\":401,\"status\":\"ERROR\",\"message\":\"" message "\"}"

static struct http_answer answer_of(struct arena *arena, int status, const char *type, const char *body) {
  struct http_answer answer = {.status = status, .body = str_of(body)};
  if (type) http_headers_add(&answer.headers, arena, STR("Content-Type"), str_of(type));
  return answer;
}

static void expect(int result, const struct error *error, enum error_code code, const char *reason) {
  if (code == ERROR_NONE) {
    assert_int_equal(result, 0);
    return;
  }
  assert_int_equal(result, -1);
  assert_string_equal(error_name(error->code), error_name(code));
  assert_string_equal(error->reason, reason);
  assert_true(*error->message);
  assert_null(strchr(error->message, '\n'));
}

static void json_login(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *type, *body;
    bool code_sent;
    enum error_code code;
    const char *reason;
  } rows[] = {
      {200, JSON, "{\"loginStatus\":\"SUCCESS\",\"redirectUrl\":\"/\"}", false, ERROR_NONE, ""},
      {200, JSON, "{\"loginStatus\":\"INCORRECT_TWO_FACTOR_CODE\"}", false, ERROR_second_factor_required, "totp"},
      {200, JSON, "{\"loginStatus\":\"INCORRECT_TWO_FACTOR_CODE\"}", true, ERROR_second_factor_wrong, "totp"},
      {200, JSON, "{\"loginStatus\":\"INCORRECT_TWO_FACTOR_CODE_TOTP\"}", false, ERROR_second_factor_required, "totp"},
      {200, JSON, "{\"loginStatus\":\"INCORRECT_TWO_FACTOR_CODE_TOTP\"}", true, ERROR_second_factor_wrong, "totp"},
      {200, JSON, "{\"loginStatus\":\"EMAIL_TWO_FACTOR_CODE_SENT\"}", false, ERROR_second_factor_required, "email"},
      {200, JSON, "{\"loginStatus\":\"INCORRECT_TWO_FACTOR_CODE_EMAIL\"}", true, ERROR_second_factor_wrong, "email"},
      {200, JSON, "{\"loginStatus\":\"INCORRECT_TWO_FACTOR_CODE_EMAIL\"}", false, ERROR_upstream_error, ""}, /* no mail went out */
      {200, JSON, "{\"loginStatus\":\"REQUIRES_TWO_FACTOR_ENROLMENT\"}", false, ERROR_enrolment_required, ""},
      {200, JSON, "{\"loginStatus\":\"PASSWORD_EXPIRED\"}", false, ERROR_password_expired, ""},
      {200, JSON, "{\"loginStatus\":\"ACCOUNT_EXPIRED\"}", true, ERROR_account_expired, ""},
      {200, JSON, "{\"loginStatus\":\"ACCOUNT_DISABLED\"}", false, ERROR_account_disabled, ""},
      {200, JSON, "{\"loginStatus\":\"ACCOUNT_LOCKED\"}", true, ERROR_account_locked, ""},
      {200, JSON, "{\"loginStatus\":\"SOMETHING_OF_2_50\"}", false, ERROR_upstream_error, ""},
      {200, JSON, "{\"loginStatus\":true}", false, ERROR_not_dhis2, ""},
      {200, JSON, "[]", false, ERROR_not_dhis2, ""},
      {200, JSON, "", false, ERROR_empty_answer, ""},
      {200, HTML, "<!doctype html>", false, ERROR_not_dhis2, "page"},
      {401, JSON, UNAUTHORIZED("Bad credentials"), false, ERROR_wrong_credentials, ""},
      {401, JSON, UNAUTHORIZED("Come back on Monday"), false, ERROR_wrong_credentials, "not_told"},
      {401, JSON, UNAUTHORIZED("Unauthorized"), false, ERROR_kind_not_offered, ""}, /* 2.40: nothing is there */
      {401, NULL, "", false, ERROR_kind_not_offered, ""},                           /* 2.37.10 */
      {403, HTML, "<html>", false, ERROR_forbidden, ""},
      {404, HTML, "<html>", false, ERROR_kind_not_offered, ""},
      {415, JSON, UNAUTHORIZED("Content-Type"), false, ERROR_upstream_error, ""},
      {429, NULL, "", false, ERROR_too_many, ""},
      {500, JSON, UNAUTHORIZED("Java says no"), false, ERROR_upstream_error, ""},
      {502, HTML, "<html>", false, ERROR_server_unreachable, ""},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct error error = {0};
    struct http_answer answer = answer_of(arena, rows[i].status, rows[i].type, rows[i].body);
    expect(dhis2_json_login_verdict(arena, &answer, rows[i].code_sent, &error), &error, rows[i].code, rows[i].reason);
    if (rows[i].code) assert_int_equal(error.upstream_status, rows[i].status);
  }
  arena_free(arena);
}

static void form_login(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *location;
    bool code_sent;
    enum error_code code;
    const char *reason;
  } rows[] = {
      {302, "/", false, ERROR_NONE, ""},
      {302, "http://a.example/dhis/dhis-web-dataentry/index.action", true, ERROR_NONE, ""},
      {302, "/dhis-web-commons/security/login.action?failed=true", false, ERROR_wrong_credentials, "not_told"},
      {302, "/dhis-web-commons/security/login.action?failed=true", true, ERROR_wrong_credentials, "not_told"},
      {302, "/dhis/dhis-web-commons/security/login.action?twoFactor=true", false, ERROR_second_factor_required, "totp"},
      {302, "/dhis-web-commons/security/login.action?twoFactor=true", true, ERROR_second_factor_wrong, "totp"},
      {302, "/dhis-web-commons/security/enrolTwoFa.action", false, ERROR_enrolment_required, ""},
      {302, "/dhis-web-commons/security/expired.action", false, ERROR_password_expired, ""},
      {302, "http://a.example/dhis-web-login/", false, ERROR_kind_not_offered, ""}, /* 2.42 */
      {302, "http://a.example/login/", false, ERROR_kind_not_offered, ""},          /* 2.43 */
      {200, NULL, false, ERROR_not_dhis2, "page"},
      {404, NULL, false, ERROR_kind_not_offered, ""},
      {403, NULL, false, ERROR_forbidden, ""},
      {503, NULL, false, ERROR_server_unreachable, ""},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct error error = {0};
    struct http_answer answer = answer_of(arena, rows[i].status, rows[i].location ? NULL : HTML, rows[i].location ? "" : "<html>");
    if (rows[i].location) http_headers_add(&answer.headers, arena, STR("Location"), str_of(rows[i].location));
    expect(dhis2_form_login_verdict(arena, &answer, rows[i].code_sent, STR("https://a.example/login"), &error), &error, rows[i].code,
           rows[i].reason);
    if (rows[i].code == ERROR_wrong_credentials) assert_non_null(strstr(error.message, "https://a.example/login"));
  }
  arena_free(arena);
}

static void tokens(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *challenge, *type, *body;
    enum error_code code;
    const char *reason;
  } rows[] = {
      {200, NULL, JSON, "{\"id\":\"abcdefghijk\"}", ERROR_NONE, ""},
      {401, "ApiToken", JSON, UNAUTHORIZED("The API token does not exists."), ERROR_token_refused, "unknown"}, /* to 2.40, but not 2.40 */
      {401, "ApiToken", JSON, UNAUTHORIZED("The API token does not exists"), ERROR_token_refused, "unknown"},
      {401, "ApiToken", JSON, UNAUTHORIZED("Failed to authenticate API token, token has expired."), ERROR_token_refused, "expired"},
      {401, "ApiToken", JSON, UNAUTHORIZED("Failed to authenticate API token, request ip address is not allowed."), ERROR_token_refused,
       "address"},
      {401, "ApiToken", JSON, UNAUTHORIZED("Failed to authenticate API token, request http method is not allowed."), ERROR_token_refused,
       "method"},
      {401, "ApiToken", JSON, UNAUTHORIZED("Failed to authenticate API token, request http referrer is missing or not allowed."),
       ERROR_token_refused, "referer"},
      {401, "ApiToken", JSON, UNAUTHORIZED("The API token is disabled, locked or 2FA is enabled."), ERROR_token_refused, "disabled"},
      {400, NULL, JSON, "{\"httpStatus\":\"Bad Request\",\"httpStatusCode\":400,\"message\":\"Checksum validation failed\"}",
       ERROR_token_refused, "malformed"},
      {400, NULL, JSON, "{\"httpStatus\":\"Bad Request\",\"httpStatusCode\":400,\"message\":\"Api token is malformed\"}",
       ERROR_token_refused, "malformed"},
      {401, "ApiToken", NULL, "", ERROR_token_refused, "not_told"}, /* 2.40 says nothing, ever */
      {401, "ApiToken", JSON, UNAUTHORIZED("Another reason"), ERROR_token_refused, "not_told"},
      {401, NULL, JSON, UNAUTHORIZED("Unauthorized"), ERROR_kind_not_offered, ""},
      {401, NULL, NULL, "", ERROR_kind_not_offered, ""}, /* 2.37.10 */
      {403, NULL, HTML, "<html>", ERROR_forbidden, ""},
      {200, NULL, HTML, "<html>", ERROR_not_dhis2, "page"},
      {200, NULL, JSON, "", ERROR_empty_answer, ""},
      {500, NULL, HTML, "<html>", ERROR_upstream_error, ""},
      {404, NULL, HTML, "<html>", ERROR_upstream_error, ""},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct error error = {0};
    struct http_answer answer = answer_of(arena, rows[i].status, rows[i].type, rows[i].body);
    if (rows[i].challenge) http_headers_add(&answer.headers, arena, STR("WWW-Authenticate"), str_of(rows[i].challenge));
    expect(dhis2_token_verdict(arena, &answer, &error), &error, rows[i].code, rows[i].reason);
  }
  struct error error = {0};
  struct http_answer redirect = answer_of(arena, 302, NULL, "");
  http_headers_add(&redirect.headers, arena, STR("Location"), STR("http://a.example/dhis-web-commons/security/login.action"));
  expect(dhis2_token_verdict(arena, &redirect, &error), &error, ERROR_kind_not_offered, "");
  arena_free(arena);
}

static void basic_and_bearer(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct http_answer answer = answer_of(arena, 401, JSON, UNAUTHORIZED("Account locked"));
  expect(dhis2_basic_verdict(arena, &answer, &error), &error, ERROR_account_locked, "");
  answer = answer_of(arena, 401, JSON, UNAUTHORIZED("Account disabled"));
  expect(dhis2_basic_verdict(arena, &answer, &error), &error, ERROR_account_disabled, "");
  answer = answer_of(arena, 401, JSON, UNAUTHORIZED("Unauthorized"));
  expect(dhis2_basic_verdict(arena, &answer, &error), &error, ERROR_wrong_credentials, "not_told");
  answer = answer_of(arena, 401, NULL, "");
  expect(dhis2_basic_verdict(arena, &answer, &error), &error, ERROR_wrong_credentials, "not_told");
  answer = answer_of(
      arena, 401, JSON,
      "{\"httpStatus\":\"Unauthorized\",\"httpStatusCode\":401,\"message\":\"invalid_token\",\"devMessage\":\"Invalid audience\"}");
  expect(dhis2_bearer_verdict(arena, &answer, &error), &error, ERROR_kind_not_offered, "");
  http_headers_add(&answer.headers, arena, STR("WWW-Authenticate"), STR("Bearer error=\"invalid_token\""));
  expect(dhis2_bearer_verdict(arena, &answer, &error), &error, ERROR_token_refused, "not_told");
  assert_non_null(strstr(error.message, "Invalid audience"));
  answer.body = STR("{\"message\":\"invalid_token\",\"devMessage\":\"Found no matching DHIS2 user for the mapping claim: 'username' with "
                    "the value: 'null'\"}");
  expect(dhis2_bearer_verdict(arena, &answer, &error), &error, ERROR_token_refused, "unknown");
  assert_non_null(strstr(error.message, "'username' must be among"));
  arena_free(arena);
}

static void waiting(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct http_answer answer = answer_of(arena, 429, NULL, "");
  struct error error = {0};
  assert_int_equal(http_retry_after(&answer.headers, 7, 0), 7);
  http_headers_set(&answer.headers, arena, STR("Retry-After"), STR("120"));
  assert_int_equal(dhis2_front_verdict(arena, &answer, true, &error), -1);
  assert_int_equal(error.retry_after, 120);
  http_headers_set(&answer.headers, arena, STR("Retry-After"), STR("99999999"));
  assert_int_equal(http_retry_after(&answer.headers, 7, 0), 3600);
  http_headers_set(&answer.headers, arena, STR("Retry-After"), STR("Tue, 24 Nov 2026 09:30:00 GMT"));
  assert_int_equal(http_retry_after(&answer.headers, 7, 1795512600000 - 61500), 62);
  assert_int_equal(http_retry_after(&answer.headers, 7, 1795512600000 + 1), 7);
  http_headers_set(&answer.headers, arena, STR("Retry-After"), STR("soon"));
  assert_int_equal(http_retry_after(&answer.headers, 7, 0), 7);
  arena_free(arena);
}

static void judge_keeps_the_status(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct http_answer answer = answer_of(arena, 409, JSON, "{\"httpStatusCode\":409,\"message\":\"Not so\"}");
  assert_int_equal(dhis2_judge(arena, answer.status, &answer.headers, answer.body, true, &error), -1);
  assert_int_equal(error.upstream_status, 409);
  assert_string_equal(error.message, "Not so");
  assert_int_equal(error.retry_after, 0);
  http_headers_set(&answer.headers, arena, STR("Retry-After"), STR("7"));
  answer.status = 429;
  assert_int_equal(dhis2_judge(arena, answer.status, &answer.headers, answer.body, true, &error), -1);
  assert_int_equal(error.retry_after, 7);
  arena_free(arena);
}

static void login_pages(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *location;
    bool is;
  } rows[] = {
      {302, "http://a.example/dhis-web-commons/security/login.action", true},
      {302, "/dhis/dhis-web-commons/security/login.action?failed=true", true},
      {302, "http://a.example/dhis-web-login", true},
      {302, "http://a.example/dhis-web-login/", true},
      {302, "/dhis-web-login/index.html#/", true},
      {302, "http://a.example/dhis/login/", true},
      {303, "/login", true},
      {302, "/dhis-web-commons-security/logout.action", true},
      {200, "/login", false},
      {302, "/", false},
      {302, "https://a.example/dhis/api/loginConfig", false},
      {302, "https://a.example/api/auth/login", false},
      {302, "https://a.example/dhis-web-dashboard?back=/login", false},
      {302, "/catalogin", false},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct http_headers headers = {0};
    http_headers_add(&headers, arena, STR("Location"), str_of(rows[i].location));
    assert_int_equal(dhis2_login_redirect(rows[i].status, &headers), rows[i].is);
  }
  arena_free(arena);
}

static void cookies_of_a_write(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct cookie_jar *jar = cookie_jar_new();
  struct str csrf;
  assert_null(dhis2_cookie_header(jar, STR("GET"), STR("/dhis/api/me"), 1, arena, &csrf));
  assert_int_equal(csrf.n, 0);
  struct secret *made = dhis2_cookie_header(jar, STR("POST"), STR("/dhis/api/me"), 1, arena, &csrf);
  assert_int_equal(csrf.n, 22);
  assert_true(str_eq(secret_reveal(made), arena_printf(arena, "XSRF-TOKEN=%.*s", STR_ARG(csrf))));
  secret_free(made);
  assert_true(cookie_jar_keep(jar, STR("JSESSIONID=AB; Path=/dhis"), STR("/dhis/api/me"), 1));
  made = dhis2_cookie_header(jar, STR("DELETE"), STR("/dhis/api/me"), 1, arena, &csrf);
  assert_true(str_eq(secret_reveal(made), arena_printf(arena, "JSESSIONID=AB; XSRF-TOKEN=%.*s", STR_ARG(csrf))));
  secret_free(made);
  assert_true(cookie_jar_keep(jar, STR("XSRF-TOKEN=theirs; Path=/dhis"), STR("/dhis/api/me"), 1));
  made = dhis2_cookie_header(jar, STR("PUT"), STR("/dhis/api/me"), 1, arena, &csrf);
  assert_true(str_eq(csrf, STR("theirs")));
  assert_true(str_eq(secret_reveal(made), STR("JSESSIONID=AB; XSRF-TOKEN=theirs")));
  secret_free(made);
  cookie_jar_free(jar);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_login),  cmocka_unit_test(form_login),
      cmocka_unit_test(tokens),      cmocka_unit_test(basic_and_bearer),
      cmocka_unit_test(waiting),     cmocka_unit_test(judge_keeps_the_status),
      cmocka_unit_test(login_pages), cmocka_unit_test(cookies_of_a_write),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
