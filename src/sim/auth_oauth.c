/* auth_oauth: the authorization server's own filter chain: what is at which address, and what it keeps. */
#include "sim/auth_oauth.h"

#include "base/mem.h"

enum { GRANTS_MAX = 20000 };

struct sim_oauth *sim_oauth_new(void) {
  struct sim_oauth *oauth = mem_alloc(sizeof *oauth);
  oauth->consents = json_array();
  oauth->enrolments = json_object();
  return oauth;
}

static void grant_free(struct sim_grant *grant) {
  free(grant->client_id);
  free(grant->redirect);
  free(grant->state);
  free(grant->nonce);
  free(grant->challenge);
  free(grant->access);
  json_decref(grant->asked);
  json_decref(grant->scopes);
  free(grant);
}

static void drop_grants(struct sim_oauth *oauth) {
  for (size_t i = 0; i < oauth->grants.n; i++) grant_free(oauth->grants.p[i]);
  VEC_FREE(&oauth->grants);
}

void sim_oauth_tokens(const struct sim *sim, json_t *list) {
  const struct sim_oauth *oauth = sim->auth->oauth;
  for (size_t i = 0; i < oauth->grants.n; i++) {
    const struct sim_grant *grant = oauth->grants.p[i];
    if (grant->access && !grant->access_dead) json_array_append_new(list, json_string(grant->access));
    if (grant->refresh[0] && !grant->refresh_dead) json_array_append_new(list, json_string(grant->refresh));
  }
}

void sim_oauth_drop_all(struct sim *sim) {
  drop_grants(sim->auth->oauth);
}

void sim_oauth_free(struct sim_oauth *oauth) {
  drop_grants(oauth);
  sim_oauth_forget_key(oauth);
  json_decref(oauth->consents);
  json_decref(oauth->enrolments);
  free(oauth);
}

/* Grants. */

void sim_grant_drop(struct sim *sim, struct sim_grant *grant) {
  struct sim_oauth *oauth = sim->auth->oauth;
  for (size_t i = 0; i < oauth->grants.n; i++) {
    if (oauth->grants.p[i] != grant) continue;
    grant_free(grant);
    memmove(oauth->grants.p + i, oauth->grants.p + i + 1, (oauth->grants.n - i - 1) * sizeof *oauth->grants.p);
    oauth->grants.n--;
    return;
  }
}

struct sim_grant *sim_grant_new(struct sim *sim) {
  struct sim_oauth *oauth = sim->auth->oauth;
  if (oauth->grants.n == GRANTS_MAX) sim_grant_drop(sim, oauth->grants.p[0]);
  struct sim_grant *grant = mem_alloc(sizeof *grant);
  sim_uid(grant->id);
  VEC_PUSH(&oauth->grants, grant);
  return grant;
}

void sim_grant_give_code(struct sim *sim, struct sim_grant *grant, int64_t life_ms) {
  grant->consent_state[0] = 0;
  sim_url_random(grant->code, SIM_CODE_LENGTH);
  grant->code_until_ms = sim_now_ms(sim) + life_ms;
}

/* Scopes. */

bool sim_scopes_hold(const json_t *scopes, struct str scope) {
  size_t i;
  json_t *entry;
  json_array_foreach(scopes, i, entry) if (str_eq(str_of(json_string_value(entry)), scope)) return true;
  return false;
}

json_t *sim_scopes_of(struct arena *arena, struct str text, char separator) {
  json_t *list = json_array();
  struct str rest = text;
  while (rest.p) {
    struct str word = str_trim(str_take(&rest, separator));
    if (word.n > 0 && !sim_scopes_hold(list, word)) json_array_append_new(list, json_stringn(word.p, word.n));
  }
  return list;
}

/* The bucket of a java.util.HashSet of 16: the server hands scopes out in this order. */
static unsigned bucket(const char *word) {
  uint32_t hash = 0;
  for (; *word; word++) hash = hash * 31 + (unsigned char)*word;
  return (hash ^ hash >> 16) & 15;
}

struct str sim_scopes_text(struct arena *arena, const json_t *scopes) {
  struct str text = STR("");
  for (unsigned b = 0; b < 16; b++) {
    size_t i;
    json_t *entry;
    json_array_foreach(scopes, i, entry) {
      const char *word = json_string_value(entry);
      if (bucket(word) == b) text = arena_printf(arena, "%.*s%s%s", STR_ARG(text), text.n > 0 ? " " : "", word);
    }
  }
  return text;
}

/* Answers. */

void sim_oauth_error(struct sim_reply *reply, int status, const char *error) {
  sim_reply_json(reply, status, json_pack("{s:s}", "error", error));
}

void sim_oauth_error_on(struct sim_reply *reply, const char *error, const char *parameter) {
  struct str description = arena_printf(reply->arena, "OAuth 2.0 Parameter: %s", parameter);
  sim_reply_json(reply, 400,
                 json_pack("{s:s, s:s, s:s}", "error_description", description.p, "error", error, "error_uri",
                           "https://datatracker.ietf.org/doc/html/rfc6749#section-5.2"));
}

void sim_oauth_page_error(struct sim_reply *reply, const char *error, const char *parameter) {
  sim_reply_tomcat(reply, 400, arena_printf(reply->arena, "[%s] OAuth 2.0 Parameter: %s", error, parameter).p);
}

void sim_oauth_nobody(struct sim_call *call, bool challenge) {
  if (!sim_wants(call->request, "application/json")) {
    sim_reply_redirect(call->reply, 302, sim_login_link(call));
    return;
  }
  sim_reply_empty(call->reply, 401);
  if (challenge) sim_reply_header(call->reply, "WWW-Authenticate", STR("Bearer"));
}

struct str sim_form(const struct sim_request *request, const char *name, size_t nth) {
  if (!str_has(sim_header(request, "Content-Type"), STR("application/x-www-form-urlencoded"))) return STR_NONE;
  return sim_form_value(request->arena, request->body, name, nth);
}

/* Discovery. */

struct str sim_issuer(const struct sim *sim, struct arena *arena) {
  return arena_printf(arena, "%.*s/", STR_ARG(sim->base_url));
}

static json_t *client_methods(void) {
  return json_pack("[s, s, s, s, s, s]", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt",
                   "tls_client_auth", "self_signed_tls_client_auth");
}

static void discovery(struct sim_call *call, bool oidc) {
  struct arena *arena = call->request->arena;
  static const struct {
    const char *name, *path;
    bool oidc_only;
  } addresses[] = {{"authorization_endpoint", "oauth2/authorize", false},
                   {"pushed_authorization_request_endpoint", "oauth2/par", false},
                   {"device_authorization_endpoint", "oauth2/device_authorization", false},
                   {"token_endpoint", "oauth2/token", false},
                   {"jwks_uri", "oauth2/jwks", false},
                   {"userinfo_endpoint", "userinfo", true},
                   {"end_session_endpoint", "connect/logout", true},
                   {"registration_endpoint", "connect/register", true},
                   {"revocation_endpoint", "oauth2/revoke", false},
                   {"introspection_endpoint", "oauth2/introspect", false}};
  struct str issuer = sim_issuer(call->sim, arena);
  json_t *body =
      json_pack("{s:s, s:o, s:[s], s:[s, s, s, s, s], s:o, s:o, s:[s], s:b, s:[s, s, s, s, s, s, s, s, s]}", "issuer", issuer.p,
                "token_endpoint_auth_methods_supported", client_methods(), "response_types_supported", "code", "grant_types_supported",
                "authorization_code", "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
                "urn:ietf:params:oauth:grant-type:token-exchange", "revocation_endpoint_auth_methods_supported", client_methods(),
                "introspection_endpoint_auth_methods_supported", client_methods(), "code_challenge_methods_supported", "S256",
                "tls_client_certificate_bound_access_tokens", 1, "dpop_signing_alg_values_supported", "RS256", "RS384", "RS512", "PS256",
                "PS384", "PS512", "ES256", "ES384", "ES512");
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    bool pushed = str_eq(str_of(addresses[i].path), STR("oauth2/par")); /* known from 2.43 on */
    if ((addresses[i].oidc_only && !oidc) || (pushed && call->sim->release < SIM_2_43)) continue;
    json_object_set_new(body, addresses[i].name, json_string(arena_printf(arena, "%s%s", issuer.p, addresses[i].path).p));
  }
  if (oidc)
    json_object_update_new(body, json_pack("{s:[s], s:[s], s:[s]}", "subject_types_supported", "public",
                                           "id_token_signing_alg_values_supported", "RS256", "scopes_supported", "openid"));
  sim_reply_json(call->reply, 200, body);
}

/* In the discovery document, but of no use: the first leads nowhere, the second no client may have, the third finds no client. */

static void pushed_request(struct sim_call *call) {
  struct sim_client client;
  if (!sim_client_authenticate(call, &client)) return;
  if (!call->session) sim_session_cookie(call->sim, call->reply, sim_session_new(call->sim, NULL, false));
  sim_reply_redirect(call->reply, 301, arena_printf(call->request->arena, "%.*s/oauth2/par/", STR_ARG(call->sim->context)));
}

static void device(struct sim_call *call) {
  struct sim_client client;
  if (sim_client_authenticate(call, &client)) sim_oauth_error_on(call->reply, "unauthorized_client", "client_id");
}

static void logout(struct sim_call *call) {
  sim_reply_tomcat(call->reply, 400,
                   "[invalid_request] OpenID Connect 1.0 RP-Initiated Logout Error: Cannot invoke "
                   "\"org.springframework.security.oauth2.server.authorization.client.RegisteredClient.getClientId()\" because "
                   "\"registeredClient\" is null");
}

bool sim_oauth_chain(struct sim_call *call) {
  struct str path = call->path;
  if (call->sim->release <= SIM_2_41 || !call->sim->conf.oauth_server) return false;
  bool get = sim_is(call->request, "GET"), post = sim_is(call->request, "POST");
  if (get && str_eq(path, STR("/.well-known/openid-configuration")))
    discovery(call, true);
  else if (get && str_eq(path, STR("/.well-known/oauth-authorization-server")))
    discovery(call, false);
  else if (get && str_eq(path, STR("/oauth2/jwks")))
    sim_reply_json(call->reply, 200, sim_jwt_key_set(call->sim));
  else if ((get || post) && str_eq(path, STR("/oauth2/authorize")))
    sim_oauth_authorize(call);
  else if (post && str_eq(path, STR("/oauth2/token")))
    sim_oauth_token(call);
  else if (post && str_eq(path, STR("/oauth2/revoke")))
    sim_oauth_revoke(call);
  else if (post && str_eq(path, STR("/oauth2/introspect")))
    sim_oauth_introspect(call);
  else if (post && str_eq(path, STR("/oauth2/par")))
    pushed_request(call);
  else if (post && str_eq(path, STR("/oauth2/device_authorization")))
    device(call);
  else if ((get || post) && str_eq(path, STR("/userinfo")))
    sim_oauth_userinfo(call);
  else if ((get || post) && str_eq(path, STR("/connect/logout")))
    logout(call);
  else if (post && str_eq(path, STR("/connect/register")))
    sim_oauth_register(call);
  else
    return false;
  return true;
}
