/* auth_oauth_key: the signing key, and what is signed with it. */
#include "sim/auth_oauth.h"

#include "base/mem.h"
#include "http/base64.h"
#include <cjose/cjose.h>
#include <openssl/rand.h>

enum { KEY_BITS = 2048 };

void sim_url_random(char *out, size_t n) {
  sim_random_text(out, n, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

void sim_oauth_forget_key(struct sim_oauth *oauth) {
  cjose_jwk_release(oauth->key);
  oauth->key = NULL;
}

void sim_oauth_new_key(struct sim *sim) {
  sim_oauth_forget_key(sim->auth->oauth);
}

static cjose_jwk_t *key_of(struct sim *sim) {
  static const unsigned char exponent[] = {1, 0, 1};
  struct sim_oauth *oauth = sim->auth->oauth;
  cjose_err error;
  if (!oauth->key) {
    sim_uuid(oauth->key_id);
    cjose_jwk_t *key = cjose_jwk_create_RSA_random(KEY_BITS, exponent, sizeof exponent, &error);
    if (!key || !cjose_jwk_set_kid(key, oauth->key_id, SIM_UUID_LENGTH, &error)) mem_exhausted(0);
    oauth->key = key;
  }
  return oauth->key;
}

json_t *sim_jwt_key_set(struct sim *sim) {
  cjose_err error;
  char *text = cjose_jwk_to_json(key_of(sim), false, &error);
  json_t *key = text ? json_loads(text, 0, NULL) : NULL;
  cjose_get_dealloc()(text);
  if (!key) mem_exhausted(0);
  return json_pack("{s:[o]}", "keys", key);
}

struct str sim_jwt_sign(struct sim *sim, struct arena *arena, json_t *claims) {
  cjose_err error;
  cjose_jwk_t *key = key_of(sim);
  cjose_header_t *header = cjose_header_new(&error);
  char *plain = json_dumps(claims, JSON_COMPACT);
  const char *text = NULL;
  cjose_jws_t *jws = NULL;
  struct str token = STR_NONE;
  if (header && plain && cjose_header_set(header, CJOSE_HDR_KID, sim->auth->oauth->key_id, &error) &&
      cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_RS256, &error))
    jws = cjose_jws_sign(key, header, (const uint8_t *)plain, strlen(plain), &error);
  if (!jws || !cjose_jws_export(jws, &text, &error)) mem_exhausted(0);
  token = arena_str(arena, str_of(text));
  cjose_jws_release(jws);
  cjose_header_release(header);
  free(plain);
  json_decref(claims);
  return token;
}

json_t *sim_jwt_part(struct arena *arena, struct str token, size_t part) {
  struct str rest = token, text = str_take(&rest, '.'), clear;
  for (; part > 0; part--) text = str_take(&rest, '.');
  return text.n > 0 && base64url_decode(arena, text, &clear) ? json_loadb(clear.p, clear.n, 0, NULL) : NULL;
}

static bool verify(struct arena *arena, struct str token, const cjose_jwk_t *key) {
  cjose_err error;
  cjose_jws_t *jws = cjose_jws_import(arena_cstr(arena, token), token.n, &error);
  bool good = jws && cjose_jws_verify(jws, key, &error);
  cjose_jws_release(jws);
  return good;
}

enum sim_jwt sim_jwt_verify(struct sim *sim, struct arena *arena, struct str token) {
  json_t *header = sim_jwt_part(arena, token, 0);
  cjose_jwk_t *key = key_of(sim);
  enum sim_jwt outcome = SIM_JWT_GOOD;
  if (!header)
    outcome = SIM_JWT_MALFORMED;
  else if (!str_eq(sim_text(header, "alg"), STR("RS256")) || !str_eq(sim_text(header, "kid"), str_of(sim->auth->oauth->key_id)))
    outcome = SIM_JWT_UNKNOWN_KEY;
  else if (!verify(arena, token, key))
    outcome = SIM_JWT_BAD_SIGNATURE;
  json_decref(header);
  return outcome;
}

bool sim_jwt_verify_with(struct arena *arena, struct str token, struct str key_set) {
  json_t *set = json_loadb(key_set.p, key_set.n, 0, NULL), *header = sim_jwt_part(arena, token, 0), *entry;
  bool good = false;
  size_t i;
  if (str_eq(sim_text(header, "alg"), STR("RS256"))) {
    json_array_foreach(json_object_get(set, "keys"), i, entry) {
      cjose_err error;
      char *text = json_dumps(entry, JSON_COMPACT);
      cjose_jwk_t *key = text ? cjose_jwk_import(text, strlen(text), &error) : NULL;
      good = good || (key && cjose_jwk_get_kty(key, &error) == CJOSE_JWK_KTY_RSA && verify(arena, token, key));
      cjose_jwk_release(key);
      free(text);
    }
  }
  json_decref(header);
  json_decref(set);
  return good;
}
