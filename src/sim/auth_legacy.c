/* auth_legacy: the OAuth server of 2.37 to 2.41 (Spring Security OAuth 2.5): /uaa/oauth/token and /uaa/oauth/authorize, tokens at /api. Its clients: auth_legacy_clients.c. */
#include "sim/auth_internal.h"

#include "base/mem.h"
#include "sim/pages.h"
#include <openssl/evp.h>

enum { TOKENS_MAX = 20000, CODES_MAX = 20000, ACCESS_S = 43200, REFRESH_S = 2592000 };
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct token {
  char access[28], refresh[28]; /* refresh empty: none */
  char uid[12];                 /* empty: the client itself */
  char *cid;
  int64_t access_until_ms, refresh_until_ms;
};

struct code {
  char code[7];
  char uid[12];
  char *cid, *redirect; /* redirect NULL: none was sent to authorize */
};

struct sim_legacy {
  VEC(struct token) tokens;
  VEC(struct code) codes;
};

struct sim_legacy *sim_legacy_new(void) {
  return mem_alloc(sizeof(struct sim_legacy));
}

static void drop_tokens(struct sim_legacy *legacy) {
  for (size_t i = 0; i < legacy->tokens.n; i++) free(legacy->tokens.p[i].cid);
  VEC_FREE(&legacy->tokens);
}

static void drop_code(struct sim_legacy *legacy, size_t i) {
  free(legacy->codes.p[i].cid);
  free(legacy->codes.p[i].redirect);
  legacy->codes.p[i] = legacy->codes.p[--legacy->codes.n];
}

void sim_legacy_drop_all(struct sim *sim) {
  drop_tokens(sim->auth->legacy);
}

void sim_legacy_free(struct sim_legacy *legacy) {
  drop_tokens(legacy);
  while (legacy->codes.n > 0) drop_code(legacy, 0);
  VEC_FREE(&legacy->codes);
  free(legacy);
}

void sim_legacy_tokens(const struct sim *sim, json_t *list) {
  const struct sim_legacy *legacy = sim->auth->legacy;
  for (size_t i = 0; i < legacy->tokens.n; i++) {
    json_array_append_new(list, json_string(legacy->tokens.p[i].access));
    if (legacy->tokens.p[i].refresh[0]) json_array_append_new(list, json_string(legacy->tokens.p[i].refresh));
  }
}

static json_t *client_with(const struct sim *sim, struct arena *arena, struct str cid) {
  return cid.n > 0 ? sim_objects_find(sim->objects, "oAuth2Clients", "cid", arena_cstr(arena, cid)) : NULL;
}

static bool client_has(const json_t *client, const char *list, struct str word) {
  size_t i;
  json_t *entry;
  json_array_foreach(json_object_get(client, list), i, entry) if (str_eq(str_of(json_string_value(entry)), word)) return true;
  return false;
}

/* Answers in the library's shape. */

static void oauth_error(struct sim_reply *reply, int status, const char *error, const char *description) {
  if (status == 401)
    sim_reply_header(reply, "WWW-Authenticate",
                     arena_printf(reply->arena, "Bearer error=\"%s\", error_description=\"%s\"", error, description));
  sim_reply_json(reply, status, json_pack("{s:s, s:s}", "error", error, "error_description", description));
}

/* At /api the library writes XML unless JSON is asked for by name, and cannot write HTML at all. */
static void api_error(const struct sim_request *request, struct sim_reply *reply, int status, const char *class_name, const char *error,
                      const char *description) {
  struct str challenge =
      status == 401 ? arena_printf(reply->arena, "Bearer realm=\"oauth\", error=\"%s\", error_description=\"%s\"", error, description)
                    : STR("Bearer realm=\"oauth\"");
  if (sim_wants(request, "text/html")) {
    sim_reply_tomcat(reply, 406, NULL);
    return;
  }
  sim_reply_header(reply, "WWW-Authenticate", challenge);
  if (sim_wants(request, "application/json")) {
    sim_reply_json(reply, status, json_pack("{s:s, s:s}", "error", error, "error_description", description));
  } else {
    struct str xml = arena_printf(reply->arena, "<%s><error>%s</error><error_description>%s</error_description></%s>", class_name, error,
                                  description, class_name);
    sim_reply_text(reply, status, "application/xml;charset=UTF-8", xml);
  }
}

/* Tokens. */

static struct token *token_for(struct sim *sim, const char *uid, struct str cid) {
  struct sim_legacy *legacy = sim->auth->legacy;
  for (size_t i = 0; i < legacy->tokens.n; i++)
    if (str_eq(str_of(legacy->tokens.p[i].uid), str_of(uid)) && str_eq(str_of(legacy->tokens.p[i].cid), cid)) return &legacy->tokens.p[i];
  return NULL;
}

static void renew_access(struct sim *sim, struct token *token) {
  sim_random_text(token->access, 27, url_safe);
  token->access_until_ms = sim_now_ms(sim) + ACCESS_S * 1000LL;
}

/* An access token that still lives is given out again: all sessions of one user and client share it. */
static struct token *grant(struct sim *sim, const char *uid, const json_t *client) {
  struct sim_legacy *legacy = sim->auth->legacy;
  struct str cid = sim_text(client, "cid");
  struct token *token = token_for(sim, uid, cid);
  if (!token) {
    if (legacy->tokens.n == TOKENS_MAX) drop_tokens(legacy);
    VEC_PUSH(&legacy->tokens, (struct token){.cid = mem_printf("%.*s", STR_ARG(cid))});
    token = &legacy->tokens.p[legacy->tokens.n - 1];
    (void)snprintf(token->uid, sizeof token->uid, "%s", uid);
  }
  if (token->access_until_ms <= sim_now_ms(sim)) renew_access(sim, token);
  bool wants_refresh = uid[0] && client_has(client, "grantTypes", STR("refresh_token"));
  if (wants_refresh && (!token->refresh[0] || token->refresh_until_ms <= sim_now_ms(sim))) {
    sim_random_text(token->refresh, 27, url_safe);
    token->refresh_until_ms = sim_now_ms(sim) + REFRESH_S * 1000LL;
  }
  return token;
}

static void reply_token(struct sim *sim, struct sim_reply *reply, const struct token *token) {
  json_t *body = json_pack("{s:s, s:s}", "access_token", token->access, "token_type", "bearer");
  if (token->refresh[0]) json_object_set_new(body, "refresh_token", json_string(token->refresh));
  json_object_set_new(body, "expires_in", json_integer((token->access_until_ms - sim_now_ms(sim) - 1) / 1000));
  json_object_set_new(body, "scope", json_string("ALL"));
  sim_reply_header(reply, "Cache-Control", STR("no-store"));
  sim_reply_json(reply, 200, body);
}

json_t *sim_legacy_bearer(struct sim *sim, const struct sim_request *request, struct str token, struct sim_reply *reply) {
  const struct sim_legacy *legacy = sim->auth->legacy;
  for (size_t i = 0; i < legacy->tokens.n; i++) {
    const struct token *found = &legacy->tokens.p[i];
    if (!str_eq(str_of(found->access), token) || found->access_until_ms <= sim_now_ms(sim)) continue;
    if (!client_with(sim, request->arena, str_of(found->cid))) {
      api_error(request, reply, 403, "OAuth2AccessDeniedException", "access_denied", "Invalid token contains invalid client id");
      return NULL;
    }
    json_t *user = sim_user_with(sim, found->uid);
    if (user) return user; /* the account's state is not looked at */
    sim_session_cookie(sim, reply, sim_session_new(sim, NULL, false));
    sim_reply_message(reply, 500, "ERROR", NULL,
                      arena_printf(reply->arena, "Authentication principal is not supported; principal:%s", found->cid).p);
    return NULL;
  }
  api_error(request, reply, 401, "InvalidTokenException", "invalid_token", "Invalid access token");
  return NULL;
}

/* The token endpoint. */

static struct str multipart_value(const struct sim_request *request, const char *name) {
  struct str marker = arena_printf(request->arena, "name=\"%s\"", name);
  size_t at = str_find(request->body, marker);
  if (at == SIZE_MAX) return STR_NONE;
  struct str rest = str_from(request->body, at + marker.n);
  size_t head = str_find(rest, STR("\r\n\r\n"));
  if (head == SIZE_MAX) return STR_NONE;
  rest = str_from(rest, head + 4);
  size_t end = str_find(rest, STR("\r\n--"));
  return end == SIZE_MAX ? STR_NONE : str_slice(rest, 0, end);
}

/* As the servlet sees parameters: of the query and of a form body. */
static struct str parameter(const struct sim_request *request, const char *name) {
  struct str value = sim_param(request, name, 0), type = sim_header(request, "Content-Type");
  if (!value.p && str_has(type, STR("form-urlencoded"))) value = sim_form_value(request->arena, request->body, name, 0);
  if (!value.p && str_has(type, STR("multipart/form-data"))) value = multipart_value(request, name);
  return value;
}

/* 2.37 looks at the second factor before the password. */
static bool refused_by_2_37(struct sim *sim, const json_t *user, struct sim_reply *reply) {
  const struct sim_account *account = sim_account_of(sim, user);
  if (sim->release > SIM_2_37 || (account && account->totp != SIM_TOTP_ENABLED)) return false;
  oauth_error(reply, 400, "invalid_grant",
              account ? "Can't authenticate non form based login with 2FA enabled" : "Invalid username or password");
  return true;
}

static void by_password(struct sim *sim, const struct sim_request *request, const json_t *client, struct sim_reply *reply) {
  json_t *user;
  if (refused_by_2_37(sim, sim_user_named(sim, request->arena, parameter(request, "username")), reply)) return;
  enum sim_login outcome =
      sim_login_check(sim, request->arena, parameter(request, "username"), parameter(request, "password"), STR_NONE, &user);
  switch (outcome) {
  case SIM_LOGIN_OK: reply_token(sim, reply, grant(sim, json_string_value(json_object_get(user, "id")), client)); return;
  case SIM_LOGIN_DISABLED: oauth_error(reply, 400, "invalid_grant", "User is disabled"); return;
  case SIM_LOGIN_EXPIRED: oauth_error(reply, 400, "invalid_grant", "User account has expired"); return;
  case SIM_LOGIN_LOCKED: oauth_error(reply, 400, "invalid_grant", "User account is locked"); return;
  case SIM_LOGIN_PASSWORD_EXPIRED: oauth_error(reply, 400, "invalid_grant", "User credentials have expired"); return;
  case SIM_LOGIN_ENROL: oauth_error(reply, 400, "invalid_grant", "User must setup two factor authentication"); return;
  case SIM_LOGIN_CODE:
    oauth_error(reply, 401, "unauthorized",
                arena_printf(reply->arena, "User has 2FA enabled, but attempted to authenticate with a non-form based login method: %s",
                             sim_user_name(user))
                    .p);
    return;
  case SIM_LOGIN_BAD: oauth_error(reply, 400, "invalid_grant", "Bad credentials"); return;
  }
}

static void by_refresh(struct sim *sim, const struct sim_request *request, const json_t *client, struct sim_reply *reply) {
  struct sim_legacy *legacy = sim->auth->legacy;
  struct str given = parameter(request, "refresh_token");
  for (size_t i = 0; i < legacy->tokens.n; i++) {
    struct token *token = &legacy->tokens.p[i];
    if (given.n == 0 || !str_eq(str_of(token->refresh), given)) continue;
    if (!str_eq(str_of(token->cid), sim_text(client, "cid")))
      oauth_error(reply, 400, "invalid_grant", "Wrong client for this refresh token");
    else if (token->refresh_until_ms <= sim_now_ms(sim))
      oauth_error(reply, 401, "invalid_token", "Invalid refresh token (expired)");
    else {
      renew_access(sim, token); /* the access token from before dies; the refresh token stays as it is */
      reply_token(sim, reply, token);
    }
    return;
  }
  oauth_error(reply, 400, "invalid_grant", "Invalid refresh token");
}

static void by_code(struct sim *sim, const struct sim_request *request, const json_t *client, struct sim_reply *reply) {
  struct sim_legacy *legacy = sim->auth->legacy;
  struct str given = parameter(request, "code"), redirect = parameter(request, "redirect_uri");
  for (size_t i = 0; i < legacy->codes.n; i++) {
    struct code *code = &legacy->codes.p[i];
    if (!str_eq(str_of(code->code), given)) continue;
    bool same_redirect = !code->redirect || (redirect.p && str_eq(str_of(code->redirect), redirect)),
         same_client = str_eq(str_of(code->cid), sim_text(client, "cid"));
    char uid[12];
    (void)snprintf(uid, sizeof uid, "%s", code->uid);
    drop_code(legacy, i); /* used up, whatever comes of it */
    if (!same_redirect)
      oauth_error(reply, 400, "invalid_grant", "Redirect URI mismatch.");
    else if (!same_client)
      oauth_error(reply, 401, "invalid_client", "Client ID mismatch");
    else
      reply_token(sim, reply, grant(sim, uid, client));
    return;
  }
  oauth_error(reply, 400, "invalid_grant", "Invalid authorization code");
}

static void token_grant(struct sim *sim, const struct sim_request *request, const json_t *client, struct sim_reply *reply) {
  struct str kind = parameter(request, "grant_type"), scope = parameter(request, "scope"), cid = parameter(request, "client_id");
  static const char *const known[] = {"password", "refresh_token", "authorization_code", "client_credentials"};
  bool is_known = false;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) is_known = is_known || str_eq(kind, str_of(known[i]));
  if (cid.n > 0 && !str_eq(cid, sim_text(client, "cid")))
    oauth_error(reply, 401, "invalid_client", "Given client ID does not match authenticated client");
  else if (scope.n > 0 && !str_eq(scope, STR("ALL")))
    sim_reply_json(reply, 400,
                   json_pack("{s:s, s:s, s:s}", "error", "invalid_scope", "error_description", "Invalid scope", "scope", "ALL"));
  else if (kind.n == 0)
    oauth_error(reply, 400, "invalid_request", "Missing grant type");
  else if (str_eq(kind, STR("implicit")))
    oauth_error(reply, 400, "invalid_grant", "Implicit grant type not supported from token endpoint");
  else if (!is_known)
    oauth_error(reply, 400, "unsupported_grant_type", "Unsupported grant type");
  else if (!client_has(client, "grantTypes", kind))
    oauth_error(reply, 401, "invalid_client", "Unauthorized grant type");
  else if (str_eq(kind, STR("password")))
    by_password(sim, request, client, reply);
  else if (str_eq(kind, STR("refresh_token")))
    by_refresh(sim, request, client, reply);
  else if (str_eq(kind, STR("authorization_code")))
    by_code(sim, request, client, reply);
  else
    reply_token(sim, reply, grant(sim, "", client));
}

static void anonymous_cookie(struct sim_call *call) {
  if (!call->session) sim_session_cookie(call->sim, call->reply, sim_session_new(call->sim, NULL, false));
}

static void challenge(struct sim_call *call) {
  sim_reply_header(call->reply, "WWW-Authenticate", STR("Basic realm=\"oauth2/client\""));
  sim_reply_tomcat(call->reply, 401, NULL);
}

bool sim_legacy_token_endpoint(struct sim_call *call) {
  struct sim *sim = call->sim;
  const struct sim_request *request = call->request;
  if (sim->release > SIM_2_41 || !sim->conf.legacy_oauth || !str_eq(call->path, STR("/uaa/oauth/token"))) return false;
  struct str authorization = sim_header(request, "Authorization");
  if (!str_starts_nocase(authorization, STR("Basic "))) {
    if (sim->release == SIM_2_41) anonymous_cookie(call);
    challenge(call);
    return true;
  }
  struct str encoded = str_from(authorization, 6);
  unsigned char *clear = arena_alloc(request->arena, encoded.n + 4);
  int n = EVP_DecodeBlock(clear, (const unsigned char *)encoded.p, (int)encoded.n);
  struct str secret = {(char *)clear, n < 0 ? 0 : strlen((char *)clear)};
  struct str cid = str_take(&secret, ':');
  const json_t *client = client_with(sim, request->arena, cid);
  if (!client) {
    sim_reply_tomcat(call->reply, 500, "Invalid client_id");
    return true;
  }
  if (!secret.p || !str_eq(sim_text(client, "secret"), secret)) {
    challenge(call);
    return true;
  }
  anonymous_cookie(call);
  if (sim_is(request, "POST"))
    token_grant(sim, request, client, call->reply);
  else if (sim_is(request, "GET"))
    oauth_error(call->reply, 405, "method_not_allowed", "Request method 'GET' not supported");
  else
    sim_reply_message(call->reply, 405, "ERROR", NULL,
                      arena_printf(request->arena, "Request method '%.*s' not supported", STR_ARG(request->method)).p);
  return true;
}

/* The browser's step. */

static void error_page(struct sim_reply *reply, int status) {
  sim_reply_tomcat(reply, status, NULL);
  http_headers_set(&reply->headers, reply->arena, STR("Content-Type"), STR("text/html;charset=UTF-8"));
}

/* A registered address, or one with more in the query. */
static bool redirect_allowed(const json_t *client, struct str redirect) {
  size_t question = str_find_char(redirect, '?');
  return client_has(client, "redirectUris", redirect) || client_has(client, "redirectUris", str_slice(redirect, 0, question));
}

static void go_back(struct sim_reply *reply, struct str redirect, struct str answer, struct str state, const char *more) {
  const char *joint = str_find_char(redirect, '?') == SIZE_MAX ? "?" : "&";
  struct str tail = state.n > 0 ? arena_printf(reply->arena, "&state=%.*s", STR_ARG(sim_url_encode(reply->arena, state))) : STR("");
  sim_reply_redirect(reply, 303,
                     arena_printf(reply->arena, "%.*s%s%.*s%.*s%s", STR_ARG(redirect), joint, STR_ARG(answer), STR_ARG(tail), more));
}

static void ask(struct sim_call *call) {
  const struct sim_request *request = call->request;
  struct str cid = sim_param(request, "client_id", 0), redirect = sim_param(request, "redirect_uri", 0),
             type = sim_param(request, "response_type", 0), state = sim_param(request, "state", 0), scope = sim_param(request, "scope", 0);
  const json_t *client = client_with(call->sim, request->arena, cid);
  struct str only = str_of(json_string_value(json_array_get(json_object_get(client, "redirectUris"), 0)));
  struct str target = redirect.n > 0 ? redirect : only;
  if (!client)
    error_page(call->reply, 401);
  else if (target.n == 0 || (redirect.n > 0 && !redirect_allowed(client, redirect)))
    error_page(call->reply, 400);
  else if (!str_eq(type, STR("code")) && !str_eq(type, STR("token")))
    go_back(call->reply, target, STR("error=unsupported_response_type&error_description=Unsupported%20response%20types"), state, "");
  else if (scope.n > 0 && !str_eq(scope, STR("ALL")))
    go_back(call->reply, target, STR("error=invalid_scope&error_description=Invalid%20scope"), state, "&scope=ALL");
  else {
    json_decref(call->session->oauth);
    call->session->oauth = json_pack("{s:s%, s:s%, s:b, s:s%, s:b}", "client", cid.p, cid.n, "redirect", target.p, target.n, "told",
                                     redirect.n > 0, "state", state.n > 0 ? state.p : "", state.n, "implicit", str_eq(type, STR("token")));
    sim_page_approval(call->sim, call->reply, cid);
  }
}

static struct str new_code(struct sim *sim, const json_t *user, const json_t *asked, struct arena *arena) {
  struct sim_legacy *legacy = sim->auth->legacy;
  struct code code = {.cid = mem_printf("%s", json_string_value(json_object_get(asked, "client")))};
  if (json_is_true(json_object_get(asked, "told"))) code.redirect = mem_printf("%s", json_string_value(json_object_get(asked, "redirect")));
  sim_random_text(code.code, 6, url_safe);
  (void)snprintf(code.uid, sizeof code.uid, "%s", json_string_value(json_object_get(user, "id")));
  if (legacy->codes.n == CODES_MAX) drop_code(legacy, 0);
  VEC_PUSH(&legacy->codes, code);
  return arena_printf(arena, "code=%s", code.code);
}

static void decide(struct sim_call *call) {
  struct arena *arena = call->request->arena;
  json_t *asked = call->session->oauth;
  if (!asked) {
    sim_reply_header(call->reply, "Allow", STR("GET"));
    error_page(call->reply, 405);
    return;
  }
  call->session->oauth = NULL;
  struct str redirect = arena_str(arena, sim_text(asked, "redirect")), state = arena_str(arena, sim_text(asked, "state"));
  const json_t *client = client_with(call->sim, arena, sim_text(asked, "client"));
  if (!str_eq(parameter(call->request, "user_oauth_approval"), STR("true")) || !client) {
    go_back(call->reply, redirect, STR("error=access_denied&error_description=User%20denied%20access"), state, "");
  } else if (json_is_true(json_object_get(asked, "implicit"))) {
    const struct token *token = grant(call->sim, json_string_value(json_object_get(call->user, "id")), client);
    sim_reply_redirect(call->reply, 303,
                       arena_printf(arena, "%.*s#access_token=%s&token_type=bearer&state=%.*s&expires_in=%lld", STR_ARG(redirect),
                                    token->access, STR_ARG(sim_url_encode(arena, state)),
                                    (long long)((token->access_until_ms - sim_now_ms(call->sim)) / 1000)));
  } else {
    go_back(call->reply, redirect, new_code(call->sim, call->user, asked, arena), state, "");
  }
  json_decref(asked);
}

void sim_legacy_authorize(struct sim_call *call) {
  if (!str_eq(call->path, STR("/uaa/oauth/authorize")))
    sim_reply_tomcat(call->reply, 404, NULL);
  else if (sim_is(call->request, "POST"))
    decide(call);
  else
    ask(call);
}
