/* auth_oauth_token: the client's steps: tokens for a code or a refresh token; revocation, introspection, userinfo. */
#include "sim/auth_oauth.h"

#include "base/mem.h"
#include "crypt/random.h"
#include "http/base64.h"

enum { ID_TOKEN_S = 1800 };

/* Looking up. */

static struct sim_grant *with_code(struct sim *sim, struct str code) {
  struct sim_oauth *oauth = sim->auth->oauth;
  for (size_t i = 0; code.n > 0 && i < oauth->grants.n; i++)
    if (str_eq(str_of(oauth->grants.p[i]->code), code)) return oauth->grants.p[i];
  return NULL;
}

static struct sim_grant *with_refresh(struct sim *sim, struct str token) {
  struct sim_oauth *oauth = sim->auth->oauth;
  for (size_t i = 0; token.n > 0 && i < oauth->grants.n; i++)
    if (str_eq(str_of(oauth->grants.p[i]->refresh), token)) return oauth->grants.p[i];
  return NULL;
}

static struct sim_grant *with_access(struct sim *sim, struct str token) {
  struct sim_oauth *oauth = sim->auth->oauth;
  for (size_t i = 0; token.n > 0 && i < oauth->grants.n; i++)
    if (oauth->grants.p[i]->access && str_eq(str_of(oauth->grants.p[i]->access), token)) return oauth->grants.p[i];
  return NULL;
}

static bool access_lives(const struct sim *sim, const struct sim_grant *grant) {
  return !grant->access_dead && grant->access_until_ms > sim_now_ms(sim);
}

static bool refresh_lives(const struct sim *sim, const struct sim_grant *grant) {
  return !grant->refresh_dead && grant->refresh_until_ms > sim_now_ms(sim);
}

/* Making tokens. */

static json_t *claims_of(struct sim *sim, const struct sim_grant *grant, const json_t *user, const json_t *scopes, int64_t life_s) {
  struct arena *arena = arena_new();
  char id[SIM_UUID_LENGTH + 1];
  sim_uuid(id);
  int64_t now = sim_now_ms(sim) / 1000;
  json_t *claims = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "sub", sim_user_name(user), "aud", grant->client_id, "iss",
                             sim_issuer(sim, arena).p, "exp", (json_int_t)(now + life_s), "iat", (json_int_t)now, "jti", id);
  if (sim_scopes_hold(scopes, STR("username"))) json_object_set_new(claims, "username", json_string(sim_user_name(user)));
  if (sim_scopes_hold(scopes, STR("email"))) json_object_set(claims, "email", json_object_get(user, "email"));
  arena_free(arena);
  return claims;
}

static struct str new_access(struct sim *sim, struct arena *arena, struct sim_grant *grant, const json_t *user, const json_t *scopes,
                             const struct sim_client *client) {
  json_t *claims = claims_of(sim, grant, user, scopes, client->access_ms / 1000),
         *list = sim_scopes_of(arena, sim_scopes_text(arena, scopes), ' ');
  json_object_set(claims, "nbf", json_object_get(claims, "iat"));
  json_object_set_new(claims, "scope", list);
  struct str token = sim_jwt_sign(sim, arena, claims);
  free(grant->access);
  grant->access = mem_printf("%.*s", STR_ARG(token));
  grant->access_until_ms = sim_now_ms(sim) + client->access_ms;
  grant->access_dead = false;
  return token;
}

static struct str new_id_token(struct sim *sim, struct arena *arena, const struct sim_grant *grant, const json_t *user,
                               const json_t *scopes, bool first) {
  json_t *claims = claims_of(sim, grant, user, scopes, ID_TOKEN_S);
  json_object_set_new(claims, "azp", json_string(grant->client_id));
  if (first && grant->nonce) json_object_set_new(claims, "nonce", json_string(grant->nonce));
  return sim_jwt_sign(sim, arena, claims);
}

static void new_refresh(struct sim *sim, struct sim_grant *grant, const struct sim_client *client) {
  sim_url_random(grant->refresh, SIM_CODE_LENGTH);
  grant->refresh_until_ms = sim_now_ms(sim) + client->refresh_ms;
  grant->refresh_dead = false;
}

static void give_tokens(struct sim_call *call, struct sim_grant *grant, const struct sim_client *client, const json_t *scopes, bool first) {
  struct sim *sim = call->sim;
  struct arena *arena = call->request->arena;
  const json_t *user = sim_user_with(sim, grant->user);
  if (!user) {
    sim_oauth_error(call->reply, 400, "invalid_grant");
    return;
  }
  if (sim_scopes_hold(scopes, STR("email")) && sim_text(user, "email").n == 0) {
    sim_reply_tomcat(call->reply, 500, "User has no email address, cannot include 'email' claim");
    return;
  }
  if (first) grant->code_used = true;
  struct str access = new_access(sim, arena, grant, user, scopes, client);
  json_t *body = json_pack("{s:s%, s:s, s:s, s:I}", "access_token", access.p, access.n, "scope", sim_scopes_text(arena, scopes).p,
                           "token_type", "Bearer", "expires_in", (json_int_t)(client->access_ms / 1000 - 1));
  bool refreshes = sim_client_lists(client, "authorizationGrantTypes", STR("refresh_token")) &&
                   !sim_client_lists(client, "clientAuthenticationMethods", STR("none"));
  if (refreshes && (first || !client->reuses_refresh || sim->conf.rotate)) new_refresh(sim, grant, client);
  if (refreshes) json_object_set_new(body, "refresh_token", json_string(grant->refresh));
  if (sim_scopes_hold(scopes, STR("openid"))) {
    struct str id_token = new_id_token(sim, arena, grant, user, scopes, first);
    json_object_set_new(body, "id_token", json_stringn(id_token.p, id_token.n));
  }
  sim_reply_json(call->reply, 200, body);
}

/* Code and refresh token. */

/* RFC 7636. The real server looks at it while it authenticates the client: before anything else of the code. */
static bool verifier_holds(struct sim_call *call, const struct sim_client *client) {
  const struct sim_request *request = call->request;
  if (!str_eq(sim_form(request, "grant_type", 0), STR("authorization_code"))) return true;
  struct str verifier = sim_form(request, "code_verifier", 0);
  const struct sim_grant *grant = with_code(call->sim, sim_form(request, "code", 0));
  bool good = grant != NULL;
  if (good && !grant->challenge) {
    good = !client->needs_proof_key && verifier.n == 0;
  } else if (good) {
    unsigned char hash[HASH_SIZE];
    hash_sha256(verifier, hash);
    good =
        verifier.n > 0 && str_eq(base64url_encode(request->arena, (struct str){(const char *)hash, sizeof hash}), str_of(grant->challenge));
  }
  if (!good) sim_oauth_error(call->reply, 400, "invalid_grant");
  return good;
}

static void by_code(struct sim_call *call, const struct sim_client *client) {
  struct str code = sim_form(call->request, "code", 0), redirect = sim_form(call->request, "redirect_uri", 0);
  if (code.n == 0) {
    sim_oauth_error_on(call->reply, "invalid_request", "code");
    return;
  }
  struct sim_grant *grant = with_code(call->sim, code);
  bool mine = grant && str_eq(str_of(grant->client_id), sim_text(client->row, "clientId"));
  bool same_redirect = mine && (grant->redirect_told ? str_eq(str_of(grant->redirect), redirect) : redirect.n == 0);
  if (grant && !mine) grant->code_used = true; /* a code in the wrong hands is dead; one sent with a wrong address or verifier is not */
  if (mine && same_redirect && grant->code_used) grant->access_dead = grant->refresh_dead = true;
  if (!mine || !same_redirect || grant->code_used || grant->code_until_ms <= sim_now_ms(call->sim))
    sim_oauth_error(call->reply, 400, "invalid_grant");
  else
    give_tokens(call, grant, client, grant->scopes, true);
}

static void by_refresh(struct sim_call *call, const struct sim_client *client) {
  struct arena *arena = call->request->arena;
  struct str token = sim_form(call->request, "refresh_token", 0), wanted = sim_form(call->request, "scope", 0);
  if (token.n == 0) {
    sim_oauth_error_on(call->reply, "invalid_request", "refresh_token");
    return;
  }
  struct sim_grant *grant = with_refresh(call->sim, token);
  if (!grant || !str_eq(str_of(grant->client_id), sim_text(client->row, "clientId")) || !refresh_lives(call->sim, grant)) {
    sim_oauth_error(call->reply, 400, "invalid_grant");
    return;
  }
  json_t *scopes = wanted.n > 0 ? sim_scopes_of(arena, wanted, ' ') : json_incref(grant->scopes), *scope;
  bool within = true;
  size_t i;
  json_array_foreach(scopes, i, scope) within = within && sim_scopes_hold(grant->scopes, str_of(json_string_value(scope)));
  if (within)
    give_tokens(call, grant, client, scopes, false);
  else
    sim_oauth_error(call->reply, 400, "invalid_scope");
  json_decref(scopes);
}

void sim_oauth_token(struct sim_call *call) {
  struct sim_client client;
  if (!sim_client_authenticate(call, &client) || !verifier_holds(call, &client)) return;
  const struct sim_request *request = call->request;
  struct str kind = sim_form(request, "grant_type", 0);
  if (!kind.p)
    sim_oauth_error_on(call->reply, sim_param(request, "grant_type", 0).p ? "unsupported_grant_type" : "invalid_request", "grant_type");
  else if (str_eq(kind, STR("authorization_code")))
    by_code(call, &client);
  else if (str_eq(kind, STR("refresh_token")))
    by_refresh(call, &client);
  else if (str_eq(kind, STR("client_credentials")))
    sim_oauth_error(call->reply, 400, "unauthorized_client");
  else if (str_eq(kind, STR("urn:ietf:params:oauth:grant-type:device_code")))
    sim_oauth_error_on(call->reply, "invalid_request", "device_code");
  else if (str_eq(kind, STR("urn:ietf:params:oauth:grant-type:token-exchange")))
    sim_oauth_error_on(call->reply, "invalid_request", "subject_token");
  else
    sim_oauth_error_on(call->reply, "unsupported_grant_type", "grant_type");
}

/* Revocation and introspection. */

static bool read_token(struct sim_call *call, struct sim_client *client, struct sim_grant **ret_access, struct sim_grant **ret_refresh) {
  struct str token = sim_form(call->request, "token", 0);
  if (!sim_client_authenticate(call, client)) return false;
  if (token.n == 0) {
    sim_oauth_error_on(call->reply, "invalid_request", "token");
    return false;
  }
  *ret_access = with_access(call->sim, token);
  *ret_refresh = with_refresh(call->sim, token);
  return true;
}

void sim_oauth_revoke(struct sim_call *call) {
  struct sim_client client;
  struct sim_grant *access, *refresh;
  if (!read_token(call, &client, &access, &refresh)) return;
  struct sim_grant *grant = access ? access : refresh;
  if (grant && !str_eq(str_of(grant->client_id), sim_text(client.row, "clientId"))) {
    sim_oauth_error(call->reply, 400, "invalid_client");
    return;
  }
  if (grant) grant->access_dead = true;
  if (refresh) refresh->refresh_dead = true;
  sim_reply_empty(call->reply, 200);
}

/* The client of a token that lives is looked up by the wrong id, and is not found. */
void sim_oauth_introspect(struct sim_call *call) {
  struct sim_client client;
  struct sim_grant *access, *refresh;
  if (!read_token(call, &client, &access, &refresh)) return;
  bool lives = (access && access_lives(call->sim, access)) || (refresh && refresh_lives(call->sim, refresh));
  if (!lives)
    sim_reply_json(call->reply, 200, json_pack("{s:b}", "active", 0));
  else
    sim_reply_tomcat(call->reply, 500,
                     "Cannot invoke \"org.springframework.security.oauth2.server.authorization.client.RegisteredClient.getClientId()\" "
                     "because \"authorizedClient\" is null");
}

void sim_oauth_userinfo(struct sim_call *call) {
  const struct sim_request *request = call->request;
  struct str authorization = sim_header(request, "Authorization");
  bool signed_in = call->session && call->session->uid[0];
  if (!str_starts_nocase(authorization, STR("Bearer "))) {
    if (signed_in)
      sim_oauth_error(call->reply, 401, "invalid_token");
    else
      sim_oauth_nobody(call, true);
    return;
  }
  struct str token = str_trim(str_from(authorization, 7));
  enum sim_jwt outcome = sim_jwt_verify(call->sim, request->arena, token);
  const struct sim_grant *grant = with_access(call->sim, token);
  if (outcome == SIM_JWT_MALFORMED)
    sim_bearer_refuse(request, call->reply, "An error occurred while attempting to decode the Jwt: Malformed token", false);
  else if (outcome != SIM_JWT_GOOD)
    sim_bearer_refuse(request, call->reply, "An error occurred while attempting to decode the Jwt: Signed JWT rejected: Invalid signature",
                      false);
  else if (!grant || !access_lives(call->sim, grant))
    sim_oauth_error(call->reply, 401, "invalid_token");
  else if (!sim_scopes_hold(grant->scopes, STR("openid")))
    sim_oauth_error(call->reply, 403, "insufficient_scope");
  else
    sim_reply_json(call->reply, 200, json_pack("{s:s}", "sub", sim_user_name(sim_user_with(call->sim, grant->user))));
}
