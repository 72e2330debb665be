#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dhis2/oauth.h"
#include "dhis2/token_look.h"
#include "dhis2/who.h"
#include "oauth/token_endpoint.h"
#include <jansson.h>

static void token_answers(void **state) {
  (void)state;
  static const struct {
    bool legacy;
    int status;
    const char *type, *body;
    bool good;
    const char *refusal;
  } rows[] = {
      {false, 200, "application/json",
       "{\"access_token\":\"a\",\"refresh_token\":\"r\",\"scope\":\"openid "
       "username\",\"id_token\":\"i\",\"token_type\":\"Bearer\",\"expires_in\":299}",
       true, ""},
      {true, 200, "application/json",
       "{\"access_token\":\"a\",\"token_type\":\"bearer\",\"refresh_token\":\"r\",\"expires_in\":43199,\"scope\":\"ALL\"}", true, ""},
      {false, 200, "application/json", "{\"access_token\":\"a\",\"access_token\":\"b\",\"token_type\":\"Bearer\"}", false, ""},
      {false, 200, "application/json", "{\"access_token\":\"a\",\"token_type\":\"mac\"}", false, ""},
      {false, 200, "application/json", "{\"nested\":{\"access_token\":\"a\"},\"token_type\":\"Bearer\"}", false, ""},
      {false, 200, "application/json", "{\"access_token\":\"\",\"token_type\":\"Bearer\"}", false, ""},
      {false, 200, "application/json", "{\"access_token\":\"a\",\"token_type\":\"Bearer\"", false, ""},
      {false, 200, "application/json", "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"error\":\"invalid_grant\"}", false,
       "invalid_grant"},
      {false, 200, "text/html", "<html>", false, ""},
      {false, 400, "application/json", "{\"error\":\"invalid_grant\"}", false, "invalid_grant"},
      {false, 401, "application/json", "{\"error\":\"invalid_client\"}", false, "invalid_client"},
      {false, 400, "application/json", "{\"error\":\"<b>\"}", false, "not_told"},
      {false, 401, NULL, "", false, "invalid_client"},
      {true, 401, "text/html", "<html>", false, "invalid_client"},
      {true, 500, "text/html", "<pre>Invalid client_id</pre>", false, "invalid_client"},
      {false, 500, "text/html", "<pre>Invalid client_id</pre>", false, ""},
      {true, 401, "application/json", "{\"error\":\"invalid_token\",\"error_description\":\"Invalid refresh token (expired): secret\"}",
       false, "invalid_token"},
  };
  struct arena *arena = arena_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct http_answer answer = {.status = rows[i].status, .body = str_of(rows[i].body)};
    struct token_answer got;
    if (rows[i].type) http_headers_add(&answer.headers, arena, STR("Content-Type"), str_of(rows[i].type));
    assert_int_equal(token_answer_read(arena, rows[i].legacy ? &dhis2_legacy_manners : &dhis2_manners, false, &answer, &got), rows[i].good);
    assert_true(str_eq(got.refusal, str_of(rows[i].refusal)));
    if (rows[i].good) {
      assert_true(secret_eq(got.access, STR("a")) && secret_eq(got.refresh, STR("r")));
      assert_int_equal(got.expires_s, rows[i].legacy ? 43199 : 299);
    } else
      assert_null(got.access);
    token_answer_clear(&got);
  }
  struct http_answer redirect = {.status = 302};
  struct token_answer got;
  http_headers_add(&redirect.headers, arena, STR("Location"), STR("http://a.example/login/"));
  assert_false(token_answer_read(arena, &dhis2_manners, false, &redirect, &got));
  assert_true(str_eq(got.refusal, STR("invalid_client")));
  arena_free(arena);
}

static void looks(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct str made = dhis2_token_of_nobody(arena);
  assert_int_equal(made.n, 54);
  assert_int_equal(dhis2_token_look(made), DHIS2_TOKEN_GOOD);
  for (size_t i = 4; i < made.n; i++) { /* any letter changed */
    char *bent = (char *)(uintptr_t)arena_str(arena, made).p;
    bent[i] = bent[i] == '7' ? '8' : '7';
    assert_int_equal(dhis2_token_look((struct str){bent, made.n}), DHIS2_TOKEN_MISTYPED);
  }
  assert_int_equal(dhis2_token_look(str_slice(made, 0, 53)), DHIS2_TOKEN_MISTYPED);
  /* CRC-32 of 32 times 'a' is 0xcab11777 = 3400603511 (as zlib has it) */
  assert_int_equal(dhis2_token_look(STR("d2pat_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3400603511")), DHIS2_TOKEN_OLD);
  assert_int_equal(dhis2_token_look(STR("d2pat_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa3400603512")), DHIS2_TOKEN_MISTYPED);
  assert_int_equal(dhis2_token_look(STR("eyJhbGciOiJub25lIn0.e30.")), DHIS2_TOKEN_FOREIGN);
  assert_int_equal(dhis2_token_look(STR_NONE), DHIS2_TOKEN_FOREIGN);
  arena_free(arena);
}

static void users(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct signed_in_user user;
  assert_true(dhis2_user_read(arena, STR("{\"id\":\"abcdefghijk\",\"username\":\"ada\",\"displayName\":\"Ada L\"}"), &user));
  assert_true(str_eq(user.username, STR("ada")) && str_eq(user.name, STR("Ada L")));
  assert_true(dhis2_user_read(arena, STR("{\"id\":\"abcdefghijk\",\"name\":\"Ada L\",\"userCredentials\":{\"username\":\"ada\"}}"),
                              &user)); /* 2.37 */
  assert_true(str_eq(user.username, STR("ada")) && str_eq(user.name, STR("Ada L")));
  assert_false(dhis2_user_read(arena, STR("{\"id\":\"abcdefghij\",\"username\":\"ada\"}"), &user));
  assert_false(dhis2_user_read(arena, STR("{\"id\":\"abcdefghijk\"}"), &user));
  assert_false(dhis2_user_read(arena, STR("{\"ok\":true}"), &user));
  assert_false(dhis2_user_read(arena, STR("<html>"), &user));
  arena_free(arena);
}

static void definitions(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  for (int legacy = 0; legacy < 2; legacy++) {
    struct str text = dhis2_client_definition(arena, legacy, STR("gw"), STR("https://gw.example/v1/callback/a"));
    json_t *root = json_loadb(text.p, text.n, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, legacy ? "cid" : "clientId")), "gw");
    if (!legacy) { /* settings are JSON in a text */
      json_t *settings = json_loads(json_string_value(json_object_get(root, "tokenSettings")), 0, NULL);
      assert_int_equal(json_object_size(settings), 9); /* all eight and the class */
      json_decref(settings);
      settings = json_loads(json_string_value(json_object_get(root, "clientSettings")), 0, NULL);
      assert_true(json_is_true(json_object_get(settings, "settings.client.require-proof-key")));
      json_decref(settings);
    }
    json_decref(root);
  }
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(token_answers),
      cmocka_unit_test(looks),
      cmocka_unit_test(users),
      cmocka_unit_test(definitions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
