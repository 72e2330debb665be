/* What an authorization server says of itself and its keys, and the nonce it hands out: no endpoint is believed that is not on the issuer's own origin, whatever the document looks like. The first byte chooses; for a nonce the rest is the
 * header's value. */
#include "http/url.h"
#include "oauth/discovery.h"
#include "oauth/dpop.h"
#include "oauth/jws.h"
#include "oauth/jwt.h"
#include "oauth/logout_token.h"

static const struct str issuer = {"https://a.example/op", 20};

static void expect_there(struct arena *arena, struct str text) {
  struct url url, home;
  struct error error = {0};
  if (!text.n) return;
  if (url_parse(arena, text, &url, &error) < 0 || url_parse(arena, issuer, &home, &error) < 0) abort();
  if (!url_same_origin(&url, &home) || url.fragment.p) abort();
}

/* A FHIR server's own: it may name an issuer, as near as its other addresses. */
static void smart_document(struct arena *arena, struct str text) {
  struct oauth_discovery about = {.issuer = issuer, .slash_is_the_same = true};
  struct oauth_provider got;
  struct error error = {0};
  if (oauth_discovery_read(&about, OAUTH_DOCUMENT_SMART, text, arena, &got, &error) < 0) return;
  if (!got.authorization_endpoint.n || !got.token_endpoint.n || !got.pkce || !str_eq(got.audience, issuer) ||
      (got.scope.n && !got.issuer.n))
    abort();
  expect_there(arena, got.issuer);
  expect_there(arena, got.authorization_endpoint);
  expect_there(arena, got.token_endpoint);
  expect_there(arena, got.jwks_uri);
}

/* `slash`: the issuer may end in one that was not asked for. */
static void document(struct arena *arena, struct str text, bool slash) {
  struct oauth_discovery about = {.issuer = issuer, .slash_is_the_same = slash};
  struct oauth_provider got;
  struct error error = {0};
  if (oauth_discovery_read(&about, OAUTH_DOCUMENT, text, arena, &got, &error) < 0) {
    if (!error.code || !*error.message || strchr(error.message, '\n') || got.token_endpoint.n) abort();
    return;
  }
  if (!got.authorization_endpoint.n || !got.token_endpoint.n || !got.pkce || !str_starts(got.issuer, issuer) ||
      got.issuer.n > issuer.n + slash)
    abort();
  expect_there(arena, got.authorization_endpoint);
  expect_there(arena, got.token_endpoint);
  expect_there(arena, got.jwks_uri);
  expect_there(arena, got.revocation_endpoint);
  expect_there(arena, got.par_endpoint);
  expect_there(arena, got.userinfo_endpoint);
}

static void keys(struct str text) {
  struct jwt jwt;
  const char *wrong = NULL;
  /* {"alg":"ES256","kid":"k1"} . {} : signed by nobody */
  int result = jwt_open(STR("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA"), text.p ? text : STR(""), &jwt, &wrong);
  if (result == 0 || (result < 0 && !wrong)) abort();
}

/* Nobody has a key of this set. */
static void logout(struct arena *arena, struct str text) {
  static const char set[] =
      "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k1\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
      "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";
  struct logout_token token;
  struct error error = {0};
  int result = logout_token_check(text, str_of(set), issuer, STR("dr"), 1795512600000, arena, &token, &error);
  if (result == 0 || (result < 0 && (error.code != ERROR_bad_request || !*error.message))) abort();
}

static void nonce(struct arena *arena, struct str text) {
  static struct secret *key;
  if (!key) key = jws_new_key();
  struct dpop_nonces *nonces = dpop_nonces_new();
  struct http_headers headers = {0};
  http_headers_add(&headers, arena, STR("DPoP-Nonce"), text);
  dpop_nonces_keep(nonces, STR("https://a.example/token"), &headers);
  struct str proof = dpop_proof(nonces, key, STR("POST"), STR("https://a.example/token?x"), NULL, arena);
  for (size_t i = 0; i < proof.n; i++)
    if (proof.p[i] <= ' ' || proof.p[i] >= 127) abort(); /* it is a header */
  if (!proof.n) abort();
  dpop_nonces_free(nonces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  struct arena *arena = arena_new();
  struct str text = {(const char *)data + 1, size - 1};
  switch (data[0] % 4) {
  case 0:
    document(arena, text, true);
    document(arena, text, false);
    smart_document(arena, text);
    break;
  case 1: keys(text); break;
  case 2: logout(arena, text); break;
  default: nonce(arena, text); break;
  }
  arena_free(arena);
  return 0;
}
