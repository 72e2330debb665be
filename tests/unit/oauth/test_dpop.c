#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/base64.h"
#include "oauth/dpop.h"
#include "oauth/jws.h"
#include <cjose/cjose.h>
#include <jansson.h>

/* The claims of a proof that another library has verified by the key in its own header; the caller decrefs. */
static json_t *verified(struct arena *arena, struct str proof) {
  cjose_err unused;
  struct str rest = proof, header;
  assert_true(base64url_decode(arena, str_take(&rest, '.'), &header));
  json_t *root = json_loadb(header.p, header.n, 0, NULL);
  assert_string_equal(json_string_value(json_object_get(root, "typ")), "dpop+jwt");
  assert_string_equal(json_string_value(json_object_get(root, "alg")), "ES256");
  assert_null(json_object_get(json_object_get(root, "jwk"), "d"));
  char *text = json_dumps(json_object_get(root, "jwk"), 0);
  cjose_jwk_t *key = cjose_jwk_import(text, strlen(text), &unused);
  cjose_jws_t *jws = cjose_jws_import(proof.p, proof.n, &unused);
  assert_true(key && jws && cjose_jws_verify(jws, key, &unused));
  uint8_t *claims;
  size_t n;
  assert_true(cjose_jws_get_plaintext(jws, &claims, &n, &unused));
  json_t *result = json_loadb((const char *)claims, n, 0, NULL);
  cjose_jws_release(jws);
  cjose_jwk_release(key);
  free(text);
  json_decref(root);
  return result;
}

static const char *claim(const json_t *claims, const char *name) {
  const char *text = json_string_value(json_object_get(claims, name));
  return text ? text : "";
}

/* [R-D13] */
static void proofs(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct secret *key = jws_new_key(), *token = secret_new(STR("token"));
  json_t *one = verified(arena, dpop_proof(NULL, key, STR("GET"), STR("https://a.example/x?y=1"), token, arena));
  json_t *two = verified(arena, dpop_proof(NULL, key, STR("POST"), STR("https://a.example/t"), NULL, arena));
  assert_string_equal(claim(one, "htu"), "https://a.example/x");
  assert_string_equal(claim(one, "htm"), "GET");
  assert_string_equal(claim(one, "ath"), "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A"); /* SHA-256 of "token" */
  assert_true(json_is_integer(json_object_get(one, "iat")));
  assert_null(json_object_get(two, "ath"));
  assert_null(json_object_get(two, "nonce"));
  assert_string_not_equal(claim(one, "jti"), claim(two, "jti"));
  json_decref(one);
  json_decref(two);
  secret_free(key);
  secret_free(token);
  arena_free(arena);
}

/* [R-D13] */
static void nonces(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct dpop_nonces *nonces = dpop_nonces_new();
  struct secret *key = jws_new_key();
  static const struct {
    const char *url, *nonce, *kept; /* kept: what a proof for the origin of `url` holds afterwards */
  } rows[] = {
      {"https://a.example/token", "n1", "n1"}, {"https://b.example/x", "n2", "n2"},      {"https://a.example/other", "n3", "n3"},
      {"https://a.example/token", "", "n3"},   {"https://a.example/token", "a b", "n3"}, {"https://a.example/token", "a\"b", "n3"},
      {"https://b.example:444/x", "n4", "n4"}, {"https://b.example/x", "n2", "n2"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct http_headers headers = {0};
    http_headers_add(&headers, arena, STR("dpop-nonce"), str_of(rows[i].nonce));
    dpop_nonces_keep(nonces, str_of(rows[i].url), &headers);
    json_t *claims = verified(arena, dpop_proof(nonces, key, STR("POST"), str_of(rows[i].url), NULL, arena));
    assert_string_equal(claim(claims, "nonce"), rows[i].kept);
    json_decref(claims);
  }
  for (int i = 0; i < 100; i++) { /* many origins: memory stays what it is */
    struct http_headers headers = {0};
    http_headers_add(&headers, arena, STR("DPoP-Nonce"), STR("x"));
    dpop_nonces_keep(nonces, arena_printf(arena, "https://h%d.example/", i), &headers);
  }
  struct http_headers asks = {0}, other = {0};
  http_headers_add(&asks, arena, STR("WWW-Authenticate"), STR("DPoP error=\"use_dpop_nonce\""));
  assert_false(dpop_wants_nonce(401, &asks)); /* without one */
  http_headers_add(&asks, arena, STR("DPoP-Nonce"), STR("n5"));
  assert_true(dpop_wants_nonce(401, &asks));
  assert_false(dpop_wants_nonce(400, &asks));
  http_headers_add(&other, arena, STR("DPoP-Nonce"), STR("n5"));
  assert_false(dpop_wants_nonce(401, &other));
  dpop_nonces_free(nonces);
  secret_free(key);
  arena_free(arena);
}

static void keys(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct secret *none = secret_new(STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  struct str text;
  assert_false(jws_sign(none, STR("\"typ\":\"JWT\""), STR("{}"), arena, &text));
  assert_false(jws_public_jwk(none, arena, &text));
  secret_free(none);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(proofs), cmocka_unit_test(nonces), cmocka_unit_test(keys)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
