/* Which calls pass: the default policy of the contracts, its openings, and the ways around it that must not work. */
#include "gateway/policy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static enum error_code judge(const struct config_server *server, const char *method, const char *path) {
  struct arena *arena = arena_new();
  struct error error = {0};
  (void)policy_check(server, arena, str_of(method), str_of(path), &error);
  arena_free(arena);
  return error.code;
}

/* [R-G2] */
static void the_default(void **state) {
  static const char *const open[] = {
      "/api/me",
      "/api",
      "/api/",
      "/api/41/dataSets.json",
      "/api/dataValueSets.json.gz",
      "/dhis-web-commons/menu/getModules.action",
      "/api/apps",
      "/api/authorities",
      "/api/routes/lab",
      "/api/loginConfig",
      "/api/routes/lab/runs",
  };
  static const char *const closed[] = {
      "/",
      "/apix",
      "/api/apiToken",
      "/api/apiToken/abc",
      "/api/apiTokens",
      "/api/apiTokens.json",
      "/api/42/apiToken",
      "/api/apiToken.json.gz",
      "/api/APITOKEN",
      "/api/oAuth2Clients/x",
      "/api/oAuth2Clients.xml",
      "/api/account/password",
      "/api/account",
      "/api/auth/login",
      "/api/auth",
      "/api/41/auth/login",
      "/api/routes/lab/run",
      "/api/routes/lab/run/x/y",
      "/uaa/oauth/token",
      "/oauth2/token",
      "/oauth2",
      "/dhis-web-login/",
      "/apps/x",
      "/api/apiToken/",
  };
  struct config_server server = {.id = STR("a")};
  (void)state;
  for (size_t i = 0; i < sizeof open / sizeof *open; i++)
    if (judge(&server, "GET", open[i]) != ERROR_NONE) fail_msg("refused: %s", open[i]);
  for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
    if (judge(&server, "GET", closed[i]) != ERROR_policy) fail_msg("passed: %s", closed[i]);
  assert_int_equal(judge(&server, "TRACE", "/api/me"), ERROR_method_refused);
  assert_int_equal(judge(&server, "HEAD", "/api/me"), ERROR_NONE);
}

static void an_entry_that_names_it_opens_it(void **state) {
  struct str allow[] = {STR("/api/**"), STR("/api/routes/lab/run/**"), STR("/api/apiTokens")};
  struct config_server server = {.id = STR("a"), .policy = {.allow = {allow, 3}}};
  (void)state;
  assert_int_equal(judge(&server, "GET", "/api/routes/lab/run/x"), ERROR_NONE);
  assert_int_equal(judge(&server, "GET", "/api/routes/other/run/x"), ERROR_policy);
  assert_int_equal(judge(&server, "GET", "/api/apiTokens.json"), ERROR_NONE);
  assert_int_equal(judge(&server, "GET", "/api/apiToken"), ERROR_policy);
  assert_int_equal(judge(&server, "GET", "/api/apiTokens/abc"), ERROR_policy);
  assert_int_equal(judge(&server, "GET", "/dhis-web-commons/x"), ERROR_policy);
}

static void a_written_deny_wins(void **state) {
  struct str deny[] = {STR("/api/users*")}, methods[] = {STR("GET"), STR("POST")};
  struct config_server server = {.id = STR("a"), .policy = {.deny = {deny, 1}, .methods = {methods, 2}}};
  (void)state;
  assert_int_equal(judge(&server, "GET", "/api/users/abc/replica"), ERROR_policy);
  assert_int_equal(judge(&server, "GET", "/api/userGroups"), ERROR_NONE);
  assert_int_equal(judge(&server, "HEAD", "/api/me"), ERROR_NONE);
  assert_int_equal(judge(&server, "DELETE", "/api/me"), ERROR_method_refused);
}

static void other_servers_are_open_but_for_deny(void **state) {
  struct str deny[] = {STR("/admin/**")};
  struct config_server server = {.id = STR("fhir"), .type = CONFIG_HTTP, .policy = {.deny = {deny, 1}}};
  (void)state;
  assert_int_equal(judge(&server, "GET", "/fhir/Patient"), ERROR_NONE);
  assert_int_equal(judge(&server, "GET", "/admin"), ERROR_policy);
  assert_int_equal(judge(&server, "GET", "/Admin/x"), ERROR_policy);
}

static void patterns(void **state) {
  static const char *const good[] = {"/", "/api/**", "/api/*/x", "/a*b/c", "/**", "/api/1234/x", "/v1/41/x", "/api/jsonp", "/api/a.b"};
  static const char *const bad[] = {"",
                                    "api",
                                    "/a/**/b",
                                    "/a**",
                                    "//a",
                                    "/a?x",
                                    "/a b",
                                    "/a%2f",
                                    "/a\\b",
                                    "/***",
                                    /* would match nothing */ "/api/41/users",
                                    "/api/41/**",
                                    "/api/users.json",
                                    "/api/*.csv.gz",
                                    "/api/../x",
                                    "/api/./x"};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!policy_pattern_valid(str_of(good[i]))) fail_msg("refused: %s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (policy_pattern_valid(str_of(bad[i]))) fail_msg("accepted: %s", bad[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_default),
      cmocka_unit_test(an_entry_that_names_it_opens_it),
      cmocka_unit_test(a_written_deny_wins),
      cmocka_unit_test(other_servers_are_open_but_for_deny),
      cmocka_unit_test(patterns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
