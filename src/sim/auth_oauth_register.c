/* auth_oauth_register: clients that register themselves: a signed-in person's device fetches an initial access token (/api/auth/enrollDevice) and registers with it, once. */
#include "sim/auth_oauth.h"

#include "sim/faults.h"

enum { ENROLMENTS_MAX = 1000, CLIENT_ID_LENGTH = 43 };

/* What the registrar writes: a key of its own, no consent asked, the refresh token kept. */
static json_t *settings_text(const json_t *body) {
  char *keys = json_dumps(json_object_get(body, "jwks"), JSON_COMPACT | JSON_PRESERVE_ORDER);
  json_t *about =
      json_pack("{s:s, s:O, s:s, s:b, s:[s, s], s:b}", "@class", "java.util.Collections$UnmodifiableMap", "settings.client.jwk-set-url",
                json_object_get(body, "jwks_uri"), "client.inline.jwks", keys ? keys : "", "settings.client.require-authorization-consent",
                0, "settings.client.token-endpoint-authentication-signing-algorithm",
                "org.springframework.security.oauth2.jose.jws.SignatureAlgorithm", "RS256", "settings.client.require-proof-key", 1);
  char *text = json_dumps(about, JSON_COMPACT | JSON_PRESERVE_ORDER);
  json_t *result = json_string(text ? text : "");
  free(text);
  free(keys);
  json_decref(about);
  return result;
}

static struct str joined(struct arena *arena, const json_t *list) {
  struct str text = STR("");
  size_t i;
  json_t *entry;
  json_array_foreach(list, i, entry) text =
      arena_printf(arena, "%.*s%s%s", STR_ARG(text), i > 0 ? "," : "", json_string_value(entry) ? json_string_value(entry) : "");
  return text;
}

static struct str with_commas(struct arena *arena, struct str words) {
  struct str rest = words, text = STR("");
  while (rest.p) {
    struct str word = str_take(&rest, ' ');
    text = arena_printf(arena, "%.*s%s%.*s", STR_ARG(text), text.n > 0 ? "," : "", STR_ARG(word));
  }
  return text;
}

static void keep(struct sim *sim, const json_t *user, const json_t *body, const char *client_id, const struct sim_request *request) {
  struct arena *arena = request->arena;
  char uid[12], now[32];
  sim_uid(uid);
  sim_now_text(sim, now);
  struct str scopes = with_commas(arena, sim_text(body, "scope")),
             grants = with_commas(arena, sim_scopes_text(arena, json_object_get(body, "grant_types"))),
             redirects = joined(arena, json_object_get(body, "redirect_uris"));
  json_t *asked =
      json_pack("{s:s, s:O?, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "clientId", client_id, "name", json_object_get(body, "client_name"),
                "clientIdIssuedAt", now, "clientAuthenticationMethods", "private_key_jwt", "authorizationGrantTypes", grants.p,
                "redirectUris", redirects.p, "postLogoutRedirectUris", "", "scopes", scopes.p, "clientSettings", settings_text(body));
  sim_objects_put(sim->objects, "oAuth2Clients", sim_client_row(sim, user, asked, uid, request));
  json_decref(asked);
}

static json_t *registration_token(struct sim *sim, const char *client_id, struct arena *arena) {
  char id[SIM_UUID_LENGTH + 1];
  json_int_t now = sim_now_ms(sim) / 1000;
  sim_uuid(id);
  json_t *claims = json_pack("{s:s, s:s, s:I, s:[s], s:s, s:I, s:I, s:s}", "sub", client_id, "aud", client_id, "nbf", now, "scope",
                             "client.read", "iss", sim_issuer(sim, arena).p, "exp", now + 300, "iat", now, "jti", id);
  return json_string(sim_jwt_sign(sim, arena, claims).p);
}

static void refuse_metadata(struct sim_reply *reply, const char *about) {
  struct str description = arena_printf(reply->arena, "Invalid Client Registration: %s", about);
  sim_reply_json(reply, 400,
                 json_pack("{s:s, s:s, s:s}", "error_description", description.p, "error", "invalid_client_metadata", "error_uri",
                           "https://openid.net/specs/openid-connect-registration-1_0.html#RegistrationError"));
}

static void accept(struct sim_call *call, const json_t *user, const json_t *body) {
  struct sim *sim = call->sim;
  struct arena *arena = call->request->arena;
  char client_id[CLIENT_ID_LENGTH + 1];
  sim_url_random(client_id, CLIENT_ID_LENGTH);
  keep(sim, user, body, client_id, call->request);
  struct str address = arena_printf(arena, "%.*sconnect/register?client_id=%s", STR_ARG(sim_issuer(sim, arena)), client_id);
  json_t *grants = sim_scopes_of(arena, sim_scopes_text(arena, json_object_get(body, "grant_types")), ' ');
  sim_reply_json(call->reply, 201,
                 json_pack("{s:s, s:o, s:O, s:s%, s:O, s:s, s:s, s:O?, s:O, s:I, s:O?, s:[s], s:s, s:o}", "token_endpoint_auth_signing_alg",
                           "RS256", "grant_types", grants, "jwks", json_object_get(body, "jwks"), "registration_client_uri", address.p,
                           address.n, "redirect_uris", json_object_get(body, "redirect_uris"), "client_id", client_id,
                           "token_endpoint_auth_method", "private_key_jwt", "scope", json_object_get(body, "scope"), "jwks_uri",
                           json_object_get(body, "jwks_uri"), "client_id_issued_at", (json_int_t)(sim_now_ms(sim) / 1000), "client_name",
                           json_object_get(body, "client_name"), "response_types", "code", "id_token_signed_response_alg", "RS256",
                           "registration_access_token", registration_token(sim, client_id, arena)));
}

void sim_oauth_register(struct sim_call *call) {
  struct sim *sim = call->sim;
  struct arena *arena = call->request->arena;
  struct str authorization = sim_header(call->request, "Authorization"), token = str_from(authorization, 7);
  if (!str_starts_nocase(authorization, STR("Bearer "))) {
    sim_oauth_nobody(call, true);
    return;
  }
  json_t *claims = sim_jwt_verify(sim, arena, token) == SIM_JWT_GOOD ? sim_jwt_part(arena, token, 1) : NULL,
         *body = sim_body_json(call->request);
  struct str id = sim_text(claims, "jti");
  const json_t *user =
      id.n > 0 ? sim_user_with(sim, arena_cstr(arena, str_of(json_string_value(json_object_get(sim->auth->oauth->enrolments, id.p)))))
               : NULL;
  bool fresh = json_integer_value(json_object_get(claims, "exp")) * 1000 > sim_now_ms(sim);
  if (!user || !fresh) {
    sim_oauth_error(call->reply, 401, "invalid_token");
  } else if (!json_is_object(body) || json_array_size(json_object_get(body, "redirect_uris")) == 0) {
    refuse_metadata(call->reply, "redirect_uris");
  } else if (!str_eq(sim_text(body, "token_endpoint_auth_method"), STR("private_key_jwt")) || sim_text(body, "jwks_uri").n == 0 ||
             !json_is_object(json_object_get(body, "jwks"))) {
    refuse_metadata(call->reply, "token_endpoint_auth_method"); /* the token is not spent */
  } else {
    accept(call, user, body);
    json_object_del(sim->auth->oauth->enrolments, id.p);
  }
  json_decref(claims);
  json_decref(body);
}

/* /api/auth/enrollDevice */

static bool address_allowed(const struct sim *sim, struct str address) {
  struct str list = sim_text(sim->auth->settings, "deviceEnrollmentRedirectAllowlist"),
             rest = list.n > 0 ? list : STR("dhis2oauth://oauth");
  while (rest.p)
    if (sim_glob(str_trim(str_take(&rest, ',')), address)) return true;
  return false;
}

static struct str initial_token(struct sim *sim, const json_t *user, struct str address, struct arena *arena) {
  char id[SIM_UUID_LENGTH + 1];
  json_int_t now = sim_now_ms(sim) / 1000, life = sim_setting_int(sim, "deviceEnrollmentIATTtlSeconds");
  sim_uuid(id);
  if (json_object_size(sim->auth->oauth->enrolments) == ENROLMENTS_MAX) json_object_clear(sim->auth->oauth->enrolments);
  json_object_set(sim->auth->oauth->enrolments, id, json_object_get(user, "id"));
  struct str issuer = sim_issuer(sim, arena);
  return sim_jwt_sign(sim, arena,
                      json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s%}", "sub", sim_user_name(user), "aud", issuer.p, "scope",
                                "client.create", "iss", issuer.p, "exp", now + (life > 0 ? life : 60), "iat", now, "jti", id,
                                "redirect_url", address.p, address.n));
}

bool sim_oauth_enrol(struct sim_call *call) {
  if (call->sim->release <= SIM_2_41 || !str_eq(call->path, STR("/api/auth/enrollDevice")) || !sim_is(call->request, "GET")) return false;
  struct arena *arena = call->request->arena;
  struct str address = sim_param(call->request, "redirectUri", 0), state = sim_param(call->request, "state", 0);
  if (address.n == 0 || !address_allowed(call->sim, address)) {
    sim_reply_tomcat(call->reply, 400, "invalid_redirect_uri");
    return true;
  }
  struct str token = initial_token(call->sim, call->user, address, arena);
  sim_reply_redirect(
      call->reply, 302,
      arena_printf(arena, "%.*s?iat=%.*s&state=%.*s", STR_ARG(address), STR_ARG(token), STR_ARG(sim_url_encode(arena, state))));
  return true;
}
