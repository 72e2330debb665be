#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/random.h"
#include "http/base64.h"
#include "http/form.h"
#include "oauth/token_endpoint.h"

#define TEXT(literal) \
  { "" literal, sizeof(literal) - 1 }

static const struct oauth_provider new_server = {.pkce = true,
                                                 .scope = TEXT("openid username"),
                                                 .issuer = TEXT("https://a.example/dhis/"),
                                                 .authorization_endpoint = TEXT("https://a.example/dhis/oauth2/authorize"),
                                                 .token_endpoint = TEXT("https://a.example/dhis/oauth2/token")};
static const struct oauth_provider old_server = {.authorization_endpoint = TEXT("https://a.example/dhis/uaa/oauth/authorize"),
                                                 .token_endpoint = TEXT("https://a.example/dhis/uaa/oauth/token")};
static const struct oauth_client client = {.client_id = TEXT("gw & co"), .redirect_uri = TEXT("https://gw.example/v1/callback/a")};

static struct str query_value(struct arena *arena, struct str url, struct str name) {
  struct form form;
  struct error error = {0};
  struct str value = STR_NONE;
  assert_int_equal(form_parse(arena, str_from(url, str_find_char(url, '?') + 1), &form, &error), 0);
  assert_true(form_count(&form, name) <= 1);
  (void)form_get(&form, name, &value);
  return value;
}

static int begin(const struct oauth_provider *provider, const struct oauth_client *as, struct arena *arena, struct oauth_start *ret,
                 struct error *error) {
  struct oauth_party party = {.server = STR("a"), .provider = provider, .client = as};
  return oauth_start(&party, arena, ret, error);
}

/* [R-A2, R-A3, R-A4, R-A5] */
static void start(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct oauth_start one, two;
  assert_int_equal(begin(&new_server, &client, arena, &one, &error), 0);
  assert_int_equal(begin(&new_server, &client, arena, &two, &error), 0);
  assert_true(str_starts(one.url, STR("https://a.example/dhis/oauth2/authorize?")));
  assert_true(str_eq(query_value(arena, one.url, STR("response_type")), STR("code")));
  assert_true(str_eq(query_value(arena, one.url, STR("client_id")), client.client_id));
  assert_true(str_eq(query_value(arena, one.url, STR("redirect_uri")), client.redirect_uri));
  assert_true(str_eq(query_value(arena, one.url, STR("scope")), STR("openid username")));
  assert_true(str_eq(query_value(arena, one.url, STR("state")), one.state));
  assert_true(str_eq(query_value(arena, one.url, STR("nonce")), one.nonce));
  assert_true(str_eq(query_value(arena, one.url, STR("code_challenge_method")), STR("S256")));
  unsigned char hash[HASH_SIZE];
  hash_sha256(secret_reveal(one.verifier), hash);
  assert_int_equal(secret_reveal(one.verifier).n, 43);
  assert_true(str_eq(query_value(arena, one.url, STR("code_challenge")), base64url_encode(arena, (struct str){(char *)hash, sizeof hash})));
  assert_false(str_has(one.url, secret_reveal(one.verifier)));
  assert_int_equal(one.state.n, 43);
  assert_false(str_eq(one.state, two.state) || str_eq(one.nonce, two.nonce) || str_eq(one.state, one.nonce) ||
               secret_eq(one.verifier, secret_reveal(two.verifier)));
  secret_free(one.verifier);
  secret_free(two.verifier);

  assert_int_equal(begin(&old_server, &client, arena, &one, &error), 0);
  assert_null(one.verifier);
  assert_int_equal(one.nonce.n + query_value(arena, one.url, STR("code_challenge")).n + query_value(arena, one.url, STR("scope")).n, 0);
  assert_true(str_eq(query_value(arena, one.url, STR("state")), one.state));
  struct oauth_client nobody = client;
  nobody.client_id = STR_NONE;
  assert_int_equal(begin(&new_server, &nobody, arena, &one, &error), -1);
  assert_int_equal(error.code, ERROR_configuration);
  arena_free(arena);
}

/* [R-A8, R-A10] */
static void callback(void **state) {
  (void)state;
  static const struct {
    const char *query;
    enum error_code read, check;
    const char *reason;
  } rows[] = {
      {"code=abc&state=s1", ERROR_NONE, ERROR_NONE, ""},
      {"code=abc&state=s1&iss=https%3A%2F%2Fa.example%2Fdhis%2F", ERROR_NONE, ERROR_NONE, ""},
      {"code=abc&state=s1&iss=https%3A%2F%2Fb.example%2F", ERROR_NONE, ERROR_bad_request, "iss"},
      {"code=abc&state=s1&iss=", ERROR_NONE, ERROR_bad_request, "iss"},
      {"error=access_denied&state=s1&iss=https%3A%2F%2Fb.example%2F", ERROR_NONE, ERROR_bad_request, "iss"},
      {"error=access_denied&state=s1&error_description=x", ERROR_NONE, ERROR_cancelled, "access_denied"},
      {"error=login_required&state=s1", ERROR_NONE, ERROR_reauth_required, "login_required"},
      {"error=invalid_scope&state=s1", ERROR_NONE, ERROR_upstream_error, "invalid_scope"},
      {"error=%3Cscript%3E&state=s1", ERROR_NONE, ERROR_upstream_error, "not_told"},
      {"code=abc&code=abd&state=s1", ERROR_bad_request, ERROR_NONE, ""},
      {"code=abc&state=s1&state=s2", ERROR_bad_request, ERROR_NONE, ""},
      {"code=abc&state=s1&iss=a&iss=b", ERROR_bad_request, ERROR_NONE, ""},
      {"code=abc", ERROR_bad_request, ERROR_NONE, ""},
      {"code=abc&state=", ERROR_bad_request, ERROR_NONE, ""},
      {"state=s1", ERROR_bad_request, ERROR_NONE, ""},
      {"code=&state=s1", ERROR_bad_request, ERROR_NONE, ""},
      {"code=abc&error=access_denied&state=s1", ERROR_bad_request, ERROR_NONE, ""},
      {"code=%zz&state=s1", ERROR_bad_request, ERROR_NONE, ""},
      {"", ERROR_bad_request, ERROR_NONE, ""},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct oauth_callback got;
    struct error error = {0};
    int result = oauth_callback_read(arena, str_of(rows[i].query), &got, &error);
    assert_int_equal(result, rows[i].read ? -1 : 0);
    if (result < 0) {
      assert_int_equal(error.code, rows[i].read);
      assert_null(got.code);
      continue;
    }
    assert_true(str_eq(got.state, STR("s1")));
    assert_true(!got.code == (got.refusal.n > 0));
    assert_int_equal(oauth_callback_check(&got, &new_server, &error), rows[i].check ? -1 : 0);
    if (rows[i].check) assert_int_equal(error.code, rows[i].check);
    assert_string_equal(error.reason, rows[i].reason);
    secret_free(got.code);
  }
  struct oauth_provider strict = new_server;
  struct oauth_callback got;
  struct error error = {0};
  strict.iss_parameter = true;
  assert_int_equal(oauth_callback_read(arena, STR("code=abc&state=s1"), &got, &error), 0);
  assert_int_equal(oauth_callback_check(&got, &strict, &error), -1);
  secret_free(got.code);
  arena_free(arena);
}

/* [R-D13, A14] A token of another type than the wanted one is none: a bound one where nothing was bound, a plain one where it should be. */
static void types(void **state) {
  (void)state;
  static const struct {
    const char *type;
    bool plain, bound;
  } rows[] = {{"Bearer", true, false}, {"bEARER", true, false}, {"DPoP", false, true},
              {"dpop", false, true},   {"mac", false, false},   {"", false, false}};
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct http_answer answer = {
        .status = 200,
        .body = arena_printf(arena, "{\"access_token\":\"a\",\"token_type\":\"%s\",\"refresh_expires_in\":60}", rows[i].type)};
    struct token_answer got;
    http_headers_add(&answer.headers, arena, STR("Content-Type"), STR("application/json"));
    assert_int_equal(token_answer_read(arena, NULL, false, &answer, &got), rows[i].plain);
    if (rows[i].plain) assert_int_equal(got.refresh_s, 60);
    token_answer_clear(&got);
    assert_int_equal(token_answer_read(arena, NULL, true, &answer, &got), rows[i].bound);
    token_answer_clear(&got);
  }
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(start),
      cmocka_unit_test(callback),
      cmocka_unit_test(types),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
