#include "oauth/logout_token.h"

#include "oauth/jwt.h"
#include "oauth/token_endpoint.h"

enum { TEXT_MAX = 255 };

static bool is_logout(const json_t *claims) {
  const json_t *events = json_object_get(claims, "events");
  return json_is_object(json_object_get(events, "http://schemas.openid.net/event/backchannel-logout"));
}

/* A text, or not there. */
static bool readable(const json_t *claims, const char *name) {
  const json_t *value = json_object_get(claims, name);
  size_t length = json_string_length(value);
  return !value || (json_is_string(value) && length > 0 && length <= TEXT_MAX);
}

static const char *check(const struct jwt *jwt, struct str issuer, struct str client_id, int64_t now_ms) {
  const json_t *claims = jwt->claims, *typ = json_object_get(jwt->header, "typ");
  if (typ && !str_eq_nocase(str_of(jwt_text(jwt->header, "typ")), STR("logout+jwt")) &&
      !str_eq_nocase(str_of(jwt_text(jwt->header, "typ")), STR("JWT")))
    return "it is of another type";
  if (!jwt_is(claims, "iss", issuer)) return "it names another issuer";
  if (!jwt_audience_fits(claims, client_id)) return "it was made for another client";
  if (!is_logout(claims)) return "it tells of no sign-out";
  if (json_object_get(claims, "nonce")) return "it is an ID token";
  if (!readable(claims, "sub") || !readable(claims, "sid") || !readable(claims, "jti")) return "a member of it cannot be read";
  if (!*jwt_text(claims, "jti")) return "it has no number";
  if (!*jwt_text(claims, "sub") && !*jwt_text(claims, "sid")) return "it names neither a user nor a session";
  const char *wrong = jwt_times_wrong(claims, now_ms);
  if (wrong) return wrong;
  double life = json_number_value(json_object_get(claims, "exp")) - json_number_value(json_object_get(claims, "iat"));
  return life > LOGOUT_TOKEN_LIFE_S ? "it lives too long" : NULL;
}

int logout_token_check(struct str token, struct str jwks, struct str issuer, struct str client_id, int64_t now_ms, struct arena *arena,
                       struct logout_token *ret, struct error *error) {
  struct jwt jwt;
  const char *wrong;
  int result = jwt_open(token, jwks, &jwt, &wrong);
  if (result == 1) return 1;
  if (result == 0) wrong = check(&jwt, issuer, client_id, now_ms);
  if (!wrong)
    *ret = (struct logout_token){.jti = arena_str(arena, str_of(jwt_text(jwt.claims, "jti"))),
                                 .subject = arena_str(arena, str_of(jwt_text(jwt.claims, "sub"))),
                                 .sid = arena_str(arena, str_of(jwt_text(jwt.claims, "sid"))),
                                 .expires_ms = (int64_t)json_number_value(json_object_get(jwt.claims, "exp")) * 1000};
  jwt_clear(&jwt);
  return wrong ? error_set(error, ERROR_bad_request, "the logout token was refused: %s", wrong) : 0;
}

int logout_token_verify(const struct oauth_party *party, struct str token, int64_t now_ms, struct arena *arena, struct logout_token *ret,
                        struct error *error) {
  struct http_client *http = token_http_new(party);
  uint64_t seen = 0;
  int result = 1, got = 0;
  while (result == 1 && got == 0) {
    struct str set;
    got = oauth_keys_get(party->keys, http, party->provider->jwks_uri, seen, arena, &set, &seen, error);
    if (got == 0) result = logout_token_check(token, set, party->provider->issuer, party->client->client_id, now_ms, arena, ret, error);
  }
  http_client_free(http);
  if (got == 1)
    return error_set(error, ERROR_bad_request, "the logout token was refused: it is signed by a key that the server does not publish");
  return got < 0 ? -1 : result;
}
