/* auth_oauth_bearer: signed tokens at the API. What the server does not look at: whether the account is disabled, whether the token was revoked, and whether it is an access token at all. */
#include "sim/auth_oauth.h"

#include "base/clock.h"

enum { SKEW_S = 60 };

void sim_bearer_refuse(const struct sim_request *request, struct sim_reply *reply, const char *why, bool with_body) {
  struct str challenge = arena_printf(
      reply->arena,
      "Bearer error=\"invalid_token\", error_description=\"%s\", error_uri=\"https://tools.ietf.org/html/rfc6750#section-3.1\"", why);
  sim_reply_header(reply, "WWW-Authenticate", challenge);
  if (!with_body || sim_wants(request, "text/html") || sim_wants(request, "application/xml")) {
    sim_reply_empty(reply, 401);
    return;
  }
  sim_reply_json(reply, 401,
                 json_pack("{s:s, s:i, s:s, s:s, s:s}", "httpStatus", "Unauthorized", "httpStatusCode", 401, "status", "ERROR", "message",
                           "invalid_token", "devMessage", why));
}

static bool issued_here(const struct sim *sim, struct arena *arena, struct str issuer) {
  struct str own = sim_issuer(sim, arena);
  return str_eq(issuer, own) || str_eq(issuer, str_slice(own, 0, own.n - 1));
}

static const char *expired(const struct sim *sim, struct arena *arena, const json_t *claims) {
  int64_t until = json_integer_value(json_object_get(claims, "exp"));
  char text[CLOCK_TEXT_SIZE];
  if ((until + SKEW_S) * 1000 > sim_now_ms(sim)) return NULL;
  (void)clock_format(until * 1000, text);
  return arena_printf(arena, "An error occurred while attempting to decode the Jwt: Jwt expired at %.19sZ", text).p;
}

static const char *signature_wrong(struct sim *sim, struct arena *arena, struct str token) {
  switch (sim_jwt_verify(sim, arena, token)) {
  case SIM_JWT_GOOD: return NULL;
  case SIM_JWT_BAD_SIGNATURE: return "An error occurred while attempting to decode the Jwt: Signed JWT rejected: Invalid signature";
  case SIM_JWT_UNKNOWN_KEY:
    return "An error occurred while attempting to decode the Jwt: Signed JWT rejected: Another algorithm expected, or no matching key(s) "
           "found";
  case SIM_JWT_MALFORMED: break;
  }
  return "An error occurred while attempting to decode the Jwt: Malformed token";
}

/* In the server's order. NULL: nothing is wrong, and *ret_user is whose token it is. */
static const char *wrong_with(struct sim *sim, struct arena *arena, struct str token, json_t *header, json_t *claims, json_t **ret_user) {
  struct sim_client client;
  const char *broken, *why;
  if (!header) return "Invalid unsecured/JWS/JWE header: Invalid JSON object";
  if (!claims) return "Payload of JWS object is not a valid JSON object";
  if (!issued_here(sim, arena, sim_text(claims, "iss"))) return "Invalid issuer";
  if (str_eq(sim_text(header, "alg"), STR("none"))) return "Unsupported algorithm of none";
  if ((why = signature_wrong(sim, arena, token)) || (why = expired(sim, arena, claims))) return why;
  if (!sim_client_read(sim, arena, sim_text(claims, "aud"), &client, &broken)) return "Invalid audience";
  struct str name = sim_text(claims, "username");
  *ret_user = sim_user_named(sim, arena, name);
  if (*ret_user) return NULL;
  return arena_printf(arena, "Found no matching DHIS2 user for the mapping claim: 'username' with the value: '%.*s'",
                      name.p ? (int)name.n : 4, name.p ? name.p : "null")
      .p;
}

json_t *sim_oauth_bearer(struct sim *sim, const struct sim_request *request, struct str token, struct sim_reply *reply) {
  json_t *user = NULL;
  const char *why;
  if (!sim_is_token(token))
    why = "Bearer token is malformed";
  else if (str_find_char(token, '.') == SIZE_MAX)
    why = "Invalid JWT serialization: Missing dot delimiter(s)";
  else {
    json_t *header = sim_jwt_part(request->arena, token, 0), *claims = sim_jwt_part(request->arena, token, 1);
    why = wrong_with(sim, request->arena, token, header, claims, &user);
    json_decref(header);
    json_decref(claims);
  }
  if (why) sim_bearer_refuse(request, reply, why, true);
  return why ? NULL : user;
}
