#include "oauth/jwt.h"

#include "http/base64.h"
#include <cjose/cjose.h>

enum { TOKEN_MAX = 16384, KEYS_BYTES_MAX = 65536, KEYS_MAX = 32, RSA_BITS_MIN = 2048, SKEW_S = 60, OLDEST_S = 24 * 3600 };
#define YEAR_9999_S 253370764800.0

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

const char *jwt_text(const json_t *object, const char *name) {
  const char *value = json_string_value(json_object_get(object, name));
  return value ? value : "";
}

/* --- the key --- */

/* A key that may check signatures of `algorithm` (all that is not said does not speak against it). */
static bool key_fits(const json_t *key, const char *algorithm) {
  bool rsa = strcmp(algorithm, "ES256") != 0;
  if (strcmp(jwt_text(key, "kty"), rsa ? "RSA" : "EC") != 0 || (!rsa && strcmp(jwt_text(key, "crv"), "P-256") != 0)) return false;
  if (*jwt_text(key, "use") && strcmp(jwt_text(key, "use"), "sig") != 0) return false;
  return !*jwt_text(key, "alg") || strcmp(jwt_text(key, "alg"), algorithm) == 0;
}

/* The key of that id, or the only one that fits where the token names none. NULL: there is none. Borrowed. */
static const json_t *find_key(const json_t *keys, const char *kid, const char *algorithm) {
  const json_t *found = NULL;
  for (size_t i = 0; i < json_array_size(keys); i++) {
    const json_t *key = json_array_get(keys, i);
    if (!key_fits(key, algorithm)) continue;
    if (*kid && strcmp(jwt_text(key, "kid"), kid) != 0) continue;
    if (found) return NULL; /* two of one id, or none named and several to choose from */
    found = key;
  }
  return found;
}

static bool is_base64url(struct str text) {
  struct arena *arena = arena_new();
  struct str bytes;
  bool good = base64url_decode(arena, text, &bytes);
  arena_free(arena);
  return good;
}

/* Looked at before cjose does: it ends the process at letters that are no base64url. */
static bool can_be_read(struct str token, const json_t *key) {
  static const char *const members[] = {"n", "e", "x", "y"};
  bool good = is_base64url(str_from(token, str_find_last_char(token, '.') + 1));
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (json_object_get(key, members[i])) good = good && is_base64url(str_of(jwt_text(key, members[i])));
  return good;
}

static bool signed_by(struct str token, const json_t *key) {
  if (!can_be_read(token, key)) return false;
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
static int check_signature(struct str token, const json_t *header, struct str jwks, const char **ret_wrong) {
  json_t *set = jwks.n <= KEYS_BYTES_MAX ? json_loadb(jwks.p, jwks.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
  const json_t *keys = json_object_get(set, "keys");
  int result = -1;
  if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX) {
    *ret_wrong = "the server's set of keys cannot be read";
  } else {
    const json_t *key = find_key(keys, jwt_text(header, "kid"), jwt_text(header, "alg"));
    result = !key ? 1 : signed_by(token, key) ? 0 : -1;
    if (result < 0) *ret_wrong = "its signature is not the server's";
  }
  json_decref(set);
  return result;
}

static const char *check_header(const json_t *header) {
  static const char *const own[] = {"crit", "jku", "x5u", "jwk", "x5c"};
  const char *algorithm = jwt_text(header, "alg");
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (json_object_get(header, own[i])) return "its header brings a key or a rule of its own";
  return strcmp(algorithm, "RS256") == 0 || strcmp(algorithm, "PS256") == 0 || strcmp(algorithm, "ES256") == 0
             ? NULL
             : "its algorithm is none of RS256, PS256 and ES256";
}

void jwt_clear(struct jwt *jwt) {
  json_decref(jwt->header);
  json_decref(jwt->claims);
  *jwt = (struct jwt){0};
}

int jwt_open(struct str token, struct str jwks, struct jwt *ret, const char **ret_wrong) {
  struct parts parts;
  *ret = (struct jwt){0};
  *ret_wrong = split(token, &parts) ? NULL : "it is missing or no token at all";
  if (*ret_wrong) return -1;
  *ret = (struct jwt){part_of(parts.header), part_of(parts.claims)};
  *ret_wrong = ret->header && ret->claims ? check_header(ret->header) : "it cannot be read";
  int result = *ret_wrong ? -1 : !jwks.p ? 0 : check_signature(token, ret->header, jwks, ret_wrong);
  if (result) jwt_clear(ret);
  return result;
}

/* --- the claims --- */

bool jwt_is(const json_t *claims, const char *name, struct str expected) {
  return json_is_string(json_object_get(claims, name)) && str_eq(str_of(jwt_text(claims, name)), expected);
}

bool jwt_audience_fits(const json_t *claims, struct str client_id) {
  const json_t *audience = json_object_get(claims, "aud");
  bool named = jwt_is(claims, "aud", client_id);
  for (size_t i = 0; i < json_array_size(audience); i++) {
    const json_t *one = json_array_get(audience, i);
    named = named || (json_is_string(one) && str_eq(str_of(json_string_value(one)), client_id));
  }
  bool has_azp = json_object_get(claims, "azp") != NULL;
  return named && (has_azp ? jwt_is(claims, "azp", client_id) : json_array_size(audience) <= 1);
}

/* A number that is a moment some person could mean; not 1e300. */
static bool moment(const json_t *claims, const char *name, double *ret) {
  const json_t *value = json_object_get(claims, name);
  *ret = json_number_value(value);
  return json_is_number(value) && *ret >= 0 && *ret < YEAR_9999_S;
}

const char *jwt_times_wrong(const json_t *claims, int64_t now_ms) {
  double now = (double)(now_ms / 1000), expires, made, not_before = 0;
  if (!moment(claims, "exp", &expires) || !moment(claims, "iat", &made) ||
      (json_object_get(claims, "nbf") && !moment(claims, "nbf", &not_before)))
    return "it does not say when it was made and when it ends";
  if (expires <= now - SKEW_S) return "it has expired, or the server's clock is behind";
  if (made > now + SKEW_S || not_before > now + SKEW_S) return "it is not valid yet: the server's clock is ahead, or ours behind";
  return made < now - OLDEST_S ? "it was made long ago" : NULL;
}

int64_t jwt_clock_ahead_s(const json_t *claims, int64_t now_ms) {
  enum { DAY_S = 86400 };
  double now = (double)(now_ms / 1000), expires, made, not_before = 0;
  if (!moment(claims, "exp", &expires) || !moment(claims, "iat", &made)) return 0;
  (void)moment(claims, "nbf", &not_before);
  double begins = made > not_before ? made : not_before;
  double ahead = expires <= now - SKEW_S ? expires - now : begins > now + SKEW_S ? begins - now : 0;
  return ahead > DAY_S ? DAY_S : ahead < -DAY_S ? -DAY_S : (int64_t)ahead; /* compared as numbers: 1e300 is no integer */
}
