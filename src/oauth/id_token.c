#include "oauth/id_token.h"

#include "http/base64.h"
#include <cjose/cjose.h>
#include <jansson.h>

enum { TOKEN_MAX = 16384, KEYS_BYTES_MAX = 65536, KEYS_MAX = 32, SUBJECT_MAX = 255, RSA_BITS_MIN = 2048, OLDEST_S = 24 * 3600 };

static int refuse(struct error *error, const char *what) {
  (void)error_set(error, ERROR_upstream_error, "the server's ID token was refused: %s", what);
  (void)snprintf(error->reason, sizeof error->reason, "id_token");
  return -1;
}

/* --- the three parts --- */

static json_t *part_of(struct str text) {
  struct arena *arena = arena_new();
  struct str bytes;
  json_t *root = base64url_decode(arena, text, &bytes) ? json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
  arena_free(arena);
  if (json_is_object(root)) return root;
  json_decref(root);
  return NULL;
}

struct parts {
  struct str header, claims, signature;
};

static bool split(struct str token, struct parts *ret) {
  struct str rest = token;
  if (token.n == 0 || token.n > TOKEN_MAX) return false;
  ret->header = str_take(&rest, '.');
  ret->claims = str_take(&rest, '.');
  ret->signature = rest;
  return ret->header.n && ret->claims.n && ret->signature.n && str_find_char(ret->signature, '.') == SIZE_MAX;
}

static const char *text(const json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(object, name));
  return value ? value : "";
}

/* --- the key --- */

/* A key that may check signatures of `algorithm` (all that is not said does not speak against it). */
static bool key_fits(const json_t *key, const char *algorithm) {
  bool rsa = strcmp(algorithm, "RS256") == 0;
  if (strcmp(text(key, "kty"), rsa ? "RSA" : "EC") != 0 || (!rsa && strcmp(text(key, "crv"), "P-256") != 0)) return false;
  if (*text(key, "use") && strcmp(text(key, "use"), "sig") != 0) return false;
  return !*text(key, "alg") || strcmp(text(key, "alg"), algorithm) == 0;
}

/* The key of that id, or the only one that fits where the token names none. NULL: there is none. Borrowed. */
static const json_t *find_key(const json_t *keys, const char *kid, const char *algorithm) {
  const json_t *found = NULL;
  for (size_t i = 0; i < json_array_size(keys); i++) {
    const json_t *key = json_array_get(keys, i);
    if (!key_fits(key, algorithm)) continue;
    if (*kid && strcmp(text(key, "kid"), kid) != 0) continue;
    if (found) return NULL; /* two of one id, or none named and several to choose from */
    found = key;
  }
  return found;
}

static bool signed_by(struct str token, const json_t *key) {
  cjose_err unused;
  char *dump = json_dumps(key, JSON_COMPACT);
  cjose_jwk_t *jwk = dump ? cjose_jwk_import(dump, strlen(dump), &unused) : NULL;
  cjose_jws_t *jws = cjose_jws_import(token.p, token.n, &unused);
  bool good = jwk && jws && (cjose_jwk_get_kty(jwk, &unused) != CJOSE_JWK_KTY_RSA || cjose_jwk_get_keysize(jwk, &unused) >= RSA_BITS_MIN) &&
              cjose_jws_verify(jws, jwk, &unused);
  cjose_jws_release(jws);
  if (jwk) (void)cjose_jwk_release(jwk);
  free(dump);
  return good;
}

/* 0 signed by a key of the set; 1 no such key; -1. */
static int check_signature(struct str token, const json_t *header, struct str jwks, struct error *error) {
  const char *algorithm = text(header, "alg");
  if (strcmp(algorithm, "RS256") != 0 && strcmp(algorithm, "ES256") != 0) return refuse(error, "its algorithm is not RS256 or ES256");
  if (json_object_get(header, "crit") || json_object_get(header, "jku") || json_object_get(header, "x5u") ||
      json_object_get(header, "jwk") || json_object_get(header, "x5c"))
    return refuse(error, "its header brings a key or a rule of its own");
  json_t *set = jwks.n <= KEYS_BYTES_MAX ? json_loadb(jwks.p, jwks.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
  const json_t *keys = json_object_get(set, "keys");
  int result;
  if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX) {
    result = refuse(error, "the server's set of keys cannot be read");
  } else {
    const json_t *key = find_key(keys, text(header, "kid"), algorithm);
    result = !key ? 1 : signed_by(token, key) ? 0 : refuse(error, "its signature is not the server's");
  }
  json_decref(set);
  return result;
}

/* --- the claims --- */

static bool is(const json_t *claims, const char *name, struct str expected) {
  return json_is_string(json_object_get(claims, name)) && str_eq(str_of(text(claims, name)), expected);
}

/* aud is a text or a list; with more than one, azp must say that it was made for us. */
static bool audience_fits(const json_t *claims, struct str client_id) {
  const json_t *audience = json_object_get(claims, "aud");
  bool named = is(claims, "aud", client_id);
  for (size_t i = 0; i < json_array_size(audience); i++) {
    const json_t *one = json_array_get(audience, i);
    named = named || (json_is_string(one) && str_eq(str_of(json_string_value(one)), client_id));
  }
  bool has_azp = json_object_get(claims, "azp") != NULL;
  return named && (has_azp ? is(claims, "azp", client_id) : json_array_size(audience) <= 1);
}

static const char *check_identity(const json_t *claims, const struct id_token_expected *expected) {
  if (!is(claims, "iss", expected->issuer)) return "it names another issuer";
  if (!audience_fits(claims, expected->client_id)) return "it was made for another client";
  size_t subject = strlen(text(claims, "sub"));
  return subject == 0 || subject > SUBJECT_MAX ? "it names no user" : NULL;
}

static const char *check_times(const json_t *claims, int64_t now_s) {
  const json_t *expires = json_object_get(claims, "exp"), *made = json_object_get(claims, "iat"),
               *not_before = json_object_get(claims, "nbf");
  if (!json_is_number(expires) || !json_is_number(made) || (not_before && !json_is_number(not_before)))
    return "it does not say when it was made and when it ends";
  double now = (double)now_s;
  if (json_number_value(expires) <= now - ID_TOKEN_SKEW_S) return "it has expired, or the server's clock is behind";
  if (json_number_value(made) > now + ID_TOKEN_SKEW_S || (not_before && json_number_value(not_before) > now + ID_TOKEN_SKEW_S))
    return "it is not valid yet: the server's clock is ahead, or ours behind";
  return json_number_value(made) < now - OLDEST_S ? "it was made long ago" : NULL;
}

int id_token_check(struct str token, struct str jwks, const struct id_token_expected *expected, struct arena *arena,
                   struct str *ret_subject, struct error *error) {
  struct parts parts;
  if (!split(token, &parts)) return refuse(error, "it is missing or no token at all");
  json_t *header = part_of(parts.header), *claims = part_of(parts.claims);
  int result = header && claims ? check_signature(token, header, jwks, error) : refuse(error, "it cannot be read");
  if (result == 0) {
    const char *wrong = check_identity(claims, expected);
    if (!wrong) wrong = check_times(claims, expected->now_ms / 1000);
    if (!wrong && (expected->nonce.n == 0 || !is(claims, "nonce", expected->nonce))) wrong = "it belongs to another sign-in";
    if (wrong)
      result = refuse(error, wrong);
    else
      *ret_subject = arena_str(arena, str_of(text(claims, "sub")));
  }
  json_decref(header);
  json_decref(claims);
  return result;
}

int id_token_same_person(struct str token, const struct id_token_expected *expected, struct error *error) {
  struct parts parts;
  if (!split(token, &parts)) return refuse(error, "it is no token at all");
  json_t *claims = part_of(parts.claims);
  const char *wrong = !claims ? "it cannot be read" : check_identity(claims, expected);
  if (!wrong && !is(claims, "sub", expected->subject)) wrong = "it names another user than before";
  json_decref(claims);
  return wrong ? refuse(error, wrong) : 0;
}
