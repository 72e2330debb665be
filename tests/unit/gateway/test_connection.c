/* What renews a sign-in: the same after it was sealed and opened, and after another reading of it was taken over. */
#include "gateway/connection.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct connection *signed_in(const char *access_token, const char *refresh_token, int64_t expires_ms, int64_t refresh_ends_ms) {
  struct signed_in in = {.kind = SIGN_IN_OAUTH,
                         .credential = {CREDENTIAL_BEARER, secret_new(str_of(access_token))},
                         .refresh_token = secret_new(str_of(refresh_token)),
                         .expires_ms = expires_ms,
                         .refresh_ends_ms = refresh_ends_ms};
  struct connection *connection = connection_of_sign_in(STR("one"), STR("https://one.example.org"), &in, 1);
  signed_in_clear(&in);
  return connection;
}

static void assert_tokens(struct connection *connection, const char *access_token, const char *refresh_token, int64_t expires_ms,
                          int64_t refresh_ends_ms) {
  struct oauth_tokens tokens = connection_tokens(connection);
  assert_true(str_eq(secret_reveal(tokens.access_token), str_of(access_token)));
  assert_true(str_eq(secret_reveal(tokens.refresh_token), str_of(refresh_token)));
  assert_int_equal(tokens.expires_ms, expires_ms);
  assert_int_equal(tokens.refresh_ends_ms, refresh_ends_ms);
  secret_free(tokens.access_token);
  secret_free(tokens.refresh_token);
}

/* [R-D8] the end of the refresh token goes wherever the tokens go */
static void tokens_with_their_ends(void **state) {
  (void)state;
  struct connection *first = signed_in("access", "refresh", 100, 200), *second = signed_in("later", "other", 300, 400);
  assert_tokens(first, "access", "refresh", 100, 200);
  struct secret *packed = connection_pack(first);
  struct connection *opened = connection_unpack(secret_reveal(packed));
  assert_non_null(opened);
  assert_tokens(opened, "access", "refresh", 100, 200);
  connection_adopt(opened, second);
  assert_tokens(opened, "later", "other", 300, 400);
  secret_free(packed);
  connection_unref(first);
  connection_unref(second);
  connection_unref(opened);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tokens_with_their_ends)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
