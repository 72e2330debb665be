#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oauth/discovery.h"

#define TEXT(literal) \
  { "" literal, sizeof(literal) - 1 }

static const struct str others[] = {TEXT("https://login.example.org")};
static const struct oauth_discovery about = {.issuer = TEXT("https://a.example/op"), .origins = others, .origin_count = 1};

#define HEAD "{\"issuer\":\"https://a.example/op\",\"authorization_endpoint\":\"https://a.example/auth\","
#define TOKEN "\"token_endpoint\":\"https://a.example/token\","
#define KEYS "\"jwks_uri\":\"https://a.example/jwks\","
#define OPENID "\"scopes_supported\":[\"openid\",\"profile\"]"

/* [R-B1, R-B2, R-A3, A30] */
static void documents(void **state) {
  (void)state;
  static const struct {
    const char *document, *part; /* part NULL: it is good */
  } rows[] = {
      {HEAD TOKEN KEYS OPENID "}", NULL},
      {HEAD TOKEN OPENID "}", "jwks_uri is missing"},
      {HEAD "\"token_endpoint\":\"https://login.example.org/token\"}", NULL}, /* listed; OAuth alone */
      {HEAD "\"token_endpoint\":\"https://evil.example/token\"}", "token_endpoint is not on the issuer's own origin"},
      {HEAD "\"token_endpoint\":\"http://a.example/token\"}", "token_endpoint is not"},
      {HEAD "\"token_endpoint\":\"https://a.example:8443/token\"}", "token_endpoint is not"},
      {HEAD "\"token_endpoint\":\"https://a.example@evil.example/token\"}", "token_endpoint is not"},
      {HEAD "\"token_endpoint\":\"https://a.example.evil.example/token\"}", "token_endpoint is not"},
      {HEAD "\"token_endpoint\":\"/token\"}", "token_endpoint is not"},
      {HEAD TOKEN KEYS "\"revocation_endpoint\":\"https://evil.example/r\"}", "revocation_endpoint is not"},
      {HEAD TOKEN KEYS "\"pushed_authorization_request_endpoint\":\"https://evil.example/p\"}",
       "pushed_authorization_request_endpoint is not"},
      {HEAD TOKEN KEYS "\"userinfo_endpoint\":\"https://evil.example/u\"}", "userinfo_endpoint is not"},
      {HEAD TOKEN "\"jwks_uri\":\"http://169.254.169.254/keys\"}", "jwks_uri is not"},
      {"{\"issuer\":\"https://a.example/op/\",\"authorization_endpoint\":\"https://a.example/auth\"," TOKEN KEYS OPENID "}",
       "another issuer"},
      {"{\"issuer\":\"https://A.example/op\",\"authorization_endpoint\":\"https://a.example/auth\"," TOKEN KEYS OPENID "}",
       "another issuer"},
      {"{\"issuer\":\"https://a.example\",\"authorization_endpoint\":\"https://a.example/auth\"," TOKEN KEYS OPENID "}", "another issuer"},
      {"{\"authorization_endpoint\":\"https://a.example/auth\"," TOKEN KEYS OPENID "}", "another issuer"},
      {HEAD TOKEN KEYS "\"code_challenge_methods_supported\":[\"plain\"]}", "PKCE"},
      {HEAD TOKEN KEYS "\"response_types_supported\":[\"id_token\"]}", "codes"},
      {HEAD TOKEN TOKEN KEYS OPENID "}", "cannot be read"},
      {"[]", "cannot be read"},
      {"<html>", "cannot be read"},
      {"", "cannot be read"},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct oauth_provider got;
    struct error error = {0};
    int result = oauth_discovery_read(&about, OAUTH_DOCUMENT, str_of(rows[i].document), arena, &got, &error);
    if (result != (rows[i].part ? -1 : 0)) fail_msg("row %zu: %s", i, error.message);
    if (!rows[i].part) {
      assert_true(got.pkce && got.token_endpoint.n && str_eq(got.issuer, about.issuer));
      continue;
    }
    assert_string_equal(error.reason, "discovery");
    if (!strstr(error.message, rows[i].part)) fail_msg("row %zu: %s", i, error.message);
    assert_int_equal(got.token_endpoint.n + got.issuer.n, 0);
  }
  arena_free(arena);
}

static void abilities(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct oauth_provider got;
  struct error error = {0};
  assert_int_equal(oauth_discovery_read(&about, OAUTH_DOCUMENT, STR(HEAD TOKEN KEYS OPENID "}"), arena, &got, &error), 0);
  assert_true(str_eq(got.scope, STR("openid profile")) && !got.iss_parameter && !got.secret_by_post && !got.par_endpoint.n);
  assert_int_equal(
      oauth_discovery_read(&about, OAUTH_DOCUMENT,
                           STR(HEAD TOKEN KEYS "\"authorization_response_iss_parameter_supported\":true,\"token_endpoint_auth_methods_"
                                               "supported\":[\"client_secret_post\"],\"pushed_authorization_request_endpoint\":"
                                               "\"https://a.example/par\"}"),
                           arena, &got, &error),
      0);
  assert_true(got.iss_parameter && got.secret_by_post && str_eq(got.par_endpoint, STR("https://a.example/par")) && !got.scope.n);
  /* An issuer that was only guessed from the server's address may end in a slash. */
  struct oauth_discovery guessed = about;
  guessed.slash_is_the_same = true;
  static const char slash[] =
      "{\"issuer\":\"https://a.example/op/\",\"authorization_endpoint\":\"https://a.example/auth\"," TOKEN KEYS OPENID "}";
  assert_int_equal(oauth_discovery_read(&guessed, OAUTH_DOCUMENT, str_of(slash), arena, &got, &error), 0);
  assert_true(str_eq(got.issuer, STR("https://a.example/op/")));
  arena_free(arena);
}

/* [R-A3, R-B1, R-B2] A FHIR server's: PKCE must be named, an issuer need not be; where it is, it is as near as every other address. */
static void of_a_fhir_server(void **state) {
  (void)state;
#define SMART "{\"authorization_endpoint\":\"https://a.example/auth\"," TOKEN
#define S256 "\"code_challenge_methods_supported\":[\"S256\"]"
  static const struct {
    const char *document, *part, *issuer, *scope; /* part NULL: it is good */
  } rows[] = {
      {SMART S256 "}", NULL, "", ""},
      {SMART S256 "," OPENID "}", NULL, "", ""}, /* nobody's tokens can be checked: they are not asked for */
      {SMART S256 "," KEYS OPENID ",\"issuer\":\"https://login.example.org/realm\"}", NULL, "https://login.example.org/realm",
       "openid profile"},
      {SMART S256 "," OPENID ",\"issuer\":\"https://a.example/op\"}", "jwks_uri is missing", "", ""},
      {SMART S256 ",\"issuer\":\"https://evil.example/op\"}", "issuer is not on", "", ""},
      {SMART "\"capabilities\":[\"launch-standalone\"]}", "PKCE", "", ""},
      {"{\"authorization_endpoint\":\"https://evil.example/auth\"," TOKEN S256 "}", "authorization_endpoint is not", "", ""},
      {"{" TOKEN S256 "}", "authorization_endpoint is missing", "", ""},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct oauth_provider got;
    struct error error = {0};
    int result = oauth_discovery_read(&about, OAUTH_DOCUMENT_SMART, str_of(rows[i].document), arena, &got, &error);
    if (result != (rows[i].part ? -1 : 0)) fail_msg("row %zu: %s", i, error.message);
    if (rows[i].part && !strstr(error.message, rows[i].part)) fail_msg("row %zu: %s", i, error.message);
    if (!rows[i].part && !(str_eq(got.issuer, str_of(rows[i].issuer)) && str_eq(got.scope, str_of(rows[i].scope)) &&
                           str_eq(got.audience, about.issuer) && got.pkce))
      fail_msg("row %zu: issuer %.*s, scope %.*s, audience %.*s", i, STR_ARG(got.issuer), STR_ARG(got.scope), STR_ARG(got.audience));
  }
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(documents), cmocka_unit_test(abilities), cmocka_unit_test(of_a_fhir_server)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
