#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oauth/id_token.h"
#include <cjose/cjose.h>
#include <jansson.h>

enum { NOW_S = 1795512600 };

struct keys {
  cjose_jwk_t *server, *other, *small, *curve, *shared;
  char *set; /* what the server publishes: `server` as k1, `curve` as k2, `small` as k3 */
};

static cjose_jwk_t *rsa(size_t bits, const char *kid) {
  cjose_err error;
  cjose_jwk_t *key = cjose_jwk_create_RSA_random(bits, (const uint8_t *)"\x01\x00\x01", 3, &error);
  assert_non_null(key);
  assert_true(cjose_jwk_set_kid(key, kid, strlen(kid), &error));
  return key;
}

static int make_keys(void **state) {
  static struct keys keys;
  cjose_err error;
  keys.server = rsa(2048, "k1");
  keys.other = rsa(2048, "k1");
  keys.small = rsa(1024, "k3");
  keys.curve = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
  assert_true(cjose_jwk_set_kid(keys.curve, "k2", 2, &error));
  char *one = cjose_jwk_to_json(keys.server, false, &error), *two = cjose_jwk_to_json(keys.curve, false, &error),
       *three = cjose_jwk_to_json(keys.small, false, &error);
  size_t size = strlen(one) + strlen(two) + strlen(three) + 64;
  keys.set = malloc(size);
  (void)snprintf(keys.set, size, "{\"keys\":[%s,%s,%s]}", one, two, three);
  keys.shared = cjose_jwk_create_oct_spec((const uint8_t *)one, strlen(one), &error); /* the published key as the secret of HS256 */
  assert_true(cjose_jwk_set_kid(keys.shared, "k1", 2, &error));
  free(one);
  free(two);
  free(three);
  *state = &keys;
  return 0;
}

static int drop_keys(void **state) {
  struct keys *keys = *state;
  cjose_jwk_release(keys->server);
  cjose_jwk_release(keys->other);
  cjose_jwk_release(keys->small);
  cjose_jwk_release(keys->curve);
  cjose_jwk_release(keys->shared);
  free(keys->set);
  return 0;
}

/* Caller frees with free. `header`: JSON of further header fields. */
static char *make(const cjose_jwk_t *key, const char *algorithm, const char *kid, const char *header, const char *claims) {
  cjose_err error;
  json_t *root = json_loads(header, 0, NULL);
  json_object_set_new(root, "alg", json_string(algorithm));
  if (kid) json_object_set_new(root, "kid", json_string(kid));
  cjose_jws_t *jws = cjose_jws_sign(key, (cjose_header_t *)root, (const uint8_t *)claims, strlen(claims), &error);
  assert_non_null(jws);
  const char *text;
  assert_true(cjose_jws_export(jws, &text, &error));
  char *copy = strdup(text);
  cjose_jws_release(jws);
  json_decref(root);
  return copy;
}

#define GOOD_CLAIMS \
  "{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"azp\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}"

#define TEXT(literal) \
  { "" literal, sizeof(literal) - 1 }
static const struct id_token_expected expected = {
    .issuer = TEXT("https://a.example/"), .client_id = TEXT("gw"), .nonce = TEXT("n1"), .now_ms = (int64_t)NOW_S * 1000};

static int check(struct keys *keys, char *token, const char *set, struct error *error) {
  struct arena *arena = arena_new();
  struct oauth_person person = {0};
  (void)keys;
  int result = id_token_check(str_of(token), str_of(set), &expected, arena, &person, error);
  if (result == 0)
    assert_true(str_eq(person.subject, STR("ada")));
  else
    assert_int_equal(person.subject.n, 0);
  if (result < 0 && error->code != ERROR_clock_skew) {
    assert_int_equal(error->code, ERROR_upstream_error);
    assert_string_equal(error->reason, "id_token");
  }
  free(token);
  arena_free(arena);
  return result;
}

/* [R-B4, A14] */
static void signatures(void **state) {
  struct keys *keys = *state;
  struct error error = {0};
  assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{}", GOOD_CLAIMS), keys->set, &error), 0);
  assert_int_equal(check(keys, make(keys->curve, "ES256", "k2", "{}", GOOD_CLAIMS), keys->set, &error), 0);
  assert_int_equal(check(keys, make(keys->other, "RS256", "k1", "{}", GOOD_CLAIMS), keys->set, &error), -1);
  assert_non_null(strstr(error.message, "signature"));
  assert_int_equal(check(keys, make(keys->server, "RS256", "gone", "{}", GOOD_CLAIMS), keys->set, &error), 1);
  assert_int_equal(check(keys, make(keys->server, "RS256", "k2", "{}", GOOD_CLAIMS), keys->set, &error),
                   1); /* the key of that id is of another kind */
  assert_int_equal(check(keys, make(keys->server, "RS256", NULL, "{}", GOOD_CLAIMS), keys->set, &error), 1); /* which of two */
  assert_int_equal(check(keys, make(keys->curve, "ES256", NULL, "{}", GOOD_CLAIMS), keys->set, &error), 0);  /* there is only one */
  assert_int_equal(check(keys, make(keys->small, "RS256", "k3", "{}", GOOD_CLAIMS), keys->set, &error), -1); /* 1024 bits */
  assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{}", GOOD_CLAIMS), "{\"keys\":[]}", &error), 1);
  assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{}", GOOD_CLAIMS), "<html>", &error), -1);
  assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{}", GOOD_CLAIMS), "", &error), -1);
}

/* [R-B3, A14] */
static void algorithms(void **state) {
  struct keys *keys = *state;
  struct error error = {0};
  assert_int_equal(check(keys, make(keys->shared, "HS256", "k1", "{}", GOOD_CLAIMS), keys->set, &error), -1);
  assert_int_equal(check(keys, make(keys->server, "PS256", "k1", "{}", GOOD_CLAIMS), keys->set, &error), 0);
  assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{\"jku\":\"https://b.example/keys\"}", GOOD_CLAIMS), keys->set, &error),
                   -1);
  assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{\"jwk\":{}}", GOOD_CLAIMS), keys->set, &error), -1);
  assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{\"crit\":[\"exp\"]}", GOOD_CLAIMS), keys->set, &error), -1);
  /* {"alg":"none"}.{"iss":"https://a.example/"}. */
  assert_int_equal(check(keys, strdup("eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZS8ifQ."), keys->set, &error), -1);
  assert_int_equal(check(keys, strdup("eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZS8ifQ.AAAA"), keys->set, &error), -1);
  static const char *const rubbish[] = {"", ".", "..", "a.b", "a.b.c", "a.b.c.d", "....", "e30.e30.e30"};
  for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) assert_int_equal(check(keys, strdup(rubbish[i]), keys->set, &error), -1);
  char *long_one = make(keys->server, "RS256", "k1", "{}", GOOD_CLAIMS), *longer = malloc(20000);
  memset(longer, 'A', 19999);
  longer[19999] = 0;
  memcpy(longer, long_one, strlen(long_one));
  free(long_one);
  assert_int_equal(check(keys, longer, keys->set, &error), -1);
}

/* [R-B4, R-B5, R-E14, A14] */
static void claims(void **state) {
  struct keys *keys = *state;
  static const struct {
    const char *claims;
    int result;
    const char *part;
  } rows[] = {
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":[\"gw\"],\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", 0, ""},
      {"{\"iss\":\"https://a.example/"
       "\",\"sub\":\"ada\",\"aud\":[\"x\",\"gw\"],\"azp\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}",
       0, ""},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":[\"x\",\"gw\"],\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1,
       "another client"},
      {"{\"iss\":\"https://a.example/"
       "\",\"sub\":\"ada\",\"aud\":[\"x\",\"gw\"],\"azp\":\"x\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}",
       -1, "another client"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"x\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1,
       "another client"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1, "another client"},
      {"{\"iss\":\"https://a.example\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1,
       "issuer"},
      {"{\"iss\":\"https://b.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1,
       "issuer"},
      {"{\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1, "issuer"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1,
       "no user"},
      {"{\"iss\":\"https://a.example/\",\"sub\":7,\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}", -1, "no user"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n2\",\"iat\":1795512590,\"exp\":1795514390}", -1,
       "another sign-in"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"iat\":1795512590,\"exp\":1795514390}", -1, "another sign-in"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512000,\"exp\":1795512541}", 0,
       ""}, /* within the minute of grace */
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512000,\"exp\":1795512540}", -1,
       "60 seconds or more behind"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512660,\"exp\":1795514390}", 0, ""},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512661,\"exp\":1795514390}", -1,
       "61 seconds or more ahead"},
      {"{\"iss\":\"https://a.example/"
       "\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"nbf\":1795512700,\"exp\":1795514390}",
       -1, "100 seconds or more ahead"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795400000,\"exp\":1795514390}", -1,
       "long ago"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"exp\":1795514390}", -1, "when"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":\"1795514390\"}", -1,
       "when"},
      {"{\"iss\":\"https://b.example/\",\"iss\":\"https://a.example/"
       "\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1795514390}",
       -1, "cannot be read"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1e300}", -1, "when"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":-1,\"exp\":1795514390}", -1, "when"},
      {"{\"iss\":\"https://a.example/\",\"sub\":\"ada\",\"aud\":\"gw\",\"nonce\":\"n1\",\"iat\":1795512590,\"exp\":1.795514390e9}", 0, ""},
      {"[]", -1, "cannot be read"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct error error = {0};
    assert_int_equal(check(keys, make(keys->server, "RS256", "k1", "{}", rows[i].claims), keys->set, &error), rows[i].result);
    if (rows[i].result) assert_non_null(strstr(error.message, rows[i].part));
    bool by_clock = strcmp(rows[i].part, "60 seconds or more behind") == 0 || strstr(rows[i].part, "ahead");
    assert_int_equal(error.code == ERROR_clock_skew, by_clock);
  }
}

/* [R-B4, R-B5, A14] */
static void refreshed(void **state) {
  struct keys *keys = *state;
  struct arena *arena = arena_new();
  struct oauth_person person;
  struct error error = {0};
  struct id_token_expected before = expected;
  char *good = make(keys->server, "RS256", "k1", "{}", GOOD_CLAIMS), *forged = make(keys->other, "RS256", "k1", "{}", GOOD_CLAIMS);
  before.nonce = STR_NONE;
  assert_int_equal(id_token_check(str_of(good), str_of(keys->set), &before, arena, &person, &error), -1); /* bound to nothing */
  before.subject = STR("ada");
  assert_int_equal(id_token_check(str_of(good), str_of(keys->set), &before, arena, &person, &error), 0);
  assert_int_equal(id_token_check(str_of(forged), str_of(keys->set), &before, arena, &person, &error), -1);
  assert_int_equal(id_token_check(str_of(forged), STR_NONE, &before, arena, &person, &error), 0); /* the keys cannot be had */
  before.subject = STR("bob");
  assert_int_equal(id_token_check(str_of(good), str_of(keys->set), &before, arena, &person, &error), -1);
  assert_int_equal(id_token_check(str_of(good), STR_NONE, &before, arena, &person, &error), -1);
  before.subject = STR("ada");
  before.issuer = STR("https://b.example/");
  assert_int_equal(id_token_check(str_of(good), str_of(keys->set), &before, arena, &person, &error), -1);
  assert_int_equal(id_token_check(STR("x"), STR_NONE, &before, arena, &person, &error), -1);
  assert_int_equal(id_token_check(STR("eyJhbGciOiJub25lIn0.e30.AAAA"), STR_NONE, &before, arena, &person, &error), -1); /* alg none */
  free(good);
  free(forged);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(signatures), cmocka_unit_test(algorithms), cmocka_unit_test(claims),
                                     cmocka_unit_test(refreshed)};
  return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
