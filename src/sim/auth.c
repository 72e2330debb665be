#include "sim/auth.h"

#include "base/mem.h"
#include "sim/auth_internal.h"
#include "sim/control.h"
#include "sim/pages.h"
#include <openssl/evp.h>

struct sim_auth *sim_auth_new(struct sim *sim) {
  struct sim_auth *auth = mem_alloc(sizeof *auth);
  sim->auth = auth;
  auth->settings = json_object();
  auth->cors = json_array();
  auth->user_store = json_object();
  auth->routes = json_array();
  auth->legacy = sim_legacy_new();
  auth->oauth = sim_oauth_new();
  sim_accounts_seed(sim);
  return auth;
}

void sim_auth_free(struct sim_auth *auth) {
  if (!auth) return;
  sim_sessions_drop_all(auth);
  sim_pats_free(auth);
  sim_accounts_free(auth);
  sim_legacy_free(auth->legacy);
  sim_oauth_free(auth->oauth);
  json_decref(auth->settings);
  json_decref(auth->cors);
  json_decref(auth->user_store);
  json_decref(auth->routes);
  free(auth);
}

void sim_auth_expire_all(struct sim *sim) {
  sim_sessions_drop_all(sim->auth);
  sim_legacy_drop_all(sim);
  sim_oauth_drop_all(sim);
  sim_oauth_new_key(sim);
}

void sim_auth_restart(struct sim *sim) {
  sim_sessions_drop_all(sim->auth);
  sim_oauth_new_key(sim);
}

/* Paths that never come to a filter chain. */

static bool refused_path(struct sim_call *call) {
  const struct sim_request *request = call->request;
  struct str path = request->path, lower = arena_lower(request->arena, path);
  bool is_new = call->sim->release >= SIM_2_42;
  if (sim_is(request, "TRACE")) {
    sim_reply_tomcat(call->reply, 405, NULL);
    sim_reply_header(call->reply, "Allow", STR("HEAD, DELETE, POST, GET, OPTIONS, PUT"));
  } else if (str_has(lower, STR("%2f")))
    sim_reply_tomcat(call->reply, 400, "Invalid URI: [The encoded slash character is not allowed]");
  else if (str_has(path, STR(";")) || str_has(path, STR("//")))
    sim_reply_tomcat(call->reply, is_new ? 400 : 500, "The request was rejected because the URL contained a potentially malicious String");
  else if (str_has(path, STR("/../")) || str_ends(path, STR("/..")) || str_has(path, STR("/./")))
    sim_reply_tomcat(call->reply, is_new ? 400 : 500, "The request was rejected because the URL was not normalized.");
  else
    return false;
  sim_reply_header(call->reply, "Connection", STR("close"));
  return true;
}

/* "/api/41/me" to "/api/me". */
static void read_path(struct sim_call *call) {
  struct str path = sim_url_decode(call->request->arena, call->request->path, false);
  call->path = path;
  call->is_api = str_eq(path, STR("/api")) || str_starts(path, STR("/api/"));
  if (!str_starts(path, STR("/api/"))) return;
  struct str rest = str_from(path, strlen("/api/")), first = str_take(&rest, '/');
  uint64_t number;
  if (!str_to_u64(first, &number)) return;
  uint64_t most = call->sim->release <= SIM_2_37 ? 38 : call->sim->release == SIM_2_40 ? 41 : call->sim->release == SIM_2_43 ? 43 : 42;
  struct str second = rest, again = str_take(&second, '/');
  uint64_t ignored;
  call->bad_prefix = number < 28 || number > most || str_to_u64(again, &ignored);
  if (!call->bad_prefix) call->path = arena_printf(call->request->arena, "/api/%.*s", STR_ARG(rest));
}

/* /api/ping stands outside of security; its own controller answers any origin. */
static bool ping(struct sim_call *call) {
  if (!str_eq(call->path, STR("/api/ping")) || call->sim->release == SIM_2_37_9) return false;
  const struct sim_request *request = call->request;
  bool has_origin = sim_header(request, "Origin").p != NULL;
  if (call->sim->release <= SIM_2_41 && !call->session) sim_session_cookie(call->sim, call->reply, sim_session_new(call->sim, NULL, false));
  sim_reply_empty(call->reply, 200);
  if (sim_is(request, "OPTIONS") && has_origin) {
    call->reply->status = 403;
    call->reply->body = STR("Invalid CORS request");
  } else if (has_origin) {
    sim_reply_header(call->reply, "Access-Control-Allow-Origin", STR("*"));
  }
  return true;
}

/* Who asks. */

static bool by_basic(struct sim_call *call, struct str encoded) {
  struct sim *sim = call->sim;
  unsigned char *clear = arena_alloc(call->request->arena, encoded.n + 4);
  int n = encoded.n % 4 == 0 ? EVP_DecodeBlock(clear, (const unsigned char *)encoded.p, (int)encoded.n) : -1;
  struct str password = {(char *)clear, n < 0 ? 0 : strlen((char *)clear)};
  struct str username = str_take(&password, ':');
  json_t *user = NULL;
  enum sim_login outcome =
      n < 0 || !password.p ? SIM_LOGIN_BAD : sim_login_check(sim, call->request->arena, username, password, STR_NONE, &user);
  const struct sim_account *account = user ? sim_account_of(sim, user) : NULL;
  /* A user with a second factor has no Basic, also where the server does not ask for codes any more. */
  if (outcome == SIM_LOGIN_OK && account->totp == SIM_TOTP_ENABLED) outcome = SIM_LOGIN_CODE;
  if (outcome != SIM_LOGIN_OK) {
    if (sim->release == SIM_2_37_9 && call->session) call->session->uid[0] = 0; /* the failure empties the session that came with it */
    bool tells_why = sim->release >= SIM_2_40;
    sim_refuse(call, true,
               tells_why && outcome == SIM_LOGIN_LOCKED     ? "Account locked"
               : tells_why && outcome == SIM_LOGIN_DISABLED ? "Account disabled"
                                                            : "Unauthorized");
    return false;
  }
  if (call->session) { /* whoever's session it was: now it is this user's */
    (void)snprintf(call->session->uid, sizeof call->session->uid, "%s", account->uid);
  } else {
    call->session = sim_session_new(sim, user, false);
    sim_session_cookie(sim, call->reply, call->session);
  }
  call->user = user;
  return true;
}

static bool by_token(struct sim_call *call, json_t *user, bool is_login, bool counted) {
  if (!user) return false;
  if (!is_login && call->sim->conf.csrf && sim_cookie(call->request, "XSRF-TOKEN").p) sim_csrf_clear(call->sim, call->reply);
  if (!call->session) {
    call->session = sim_session_new(call->sim, is_login ? user : NULL, counted);
    sim_session_cookie(call->sim, call->reply, call->session);
  } else if (call->sim->release == SIM_2_37_9 && is_login) { /* whoever's session it was */
    (void)snprintf(call->session->uid, sizeof call->session->uid, "%s", sim_text(user, "id").p);
  }
  call->user = user;
  return true;
}

/* The word that begins an Authorization header, and what follows it behind one blank. The real filters look for the word alone: "ApiToken" without anything is malformed, not absent. */
static bool has_scheme(struct str authorization, struct str scheme, struct str *ret_rest) {
  if (!str_starts_nocase(authorization, scheme)) return false;
  *ret_rest = str_from(authorization, scheme.n);
  if (str_starts(*ret_rest, STR(" "))) *ret_rest = str_from(*ret_rest, 1);
  return true;
}

/* Up to 2.41 an access token may also stand in the query or a form. */
static struct str legacy_token(const struct sim_call *call) {
  struct str rest, query = sim_param(call->request, "access_token", 0);
  if (has_scheme(sim_header(call->request, "Authorization"), STR("Bearer"), &rest)) return rest;
  if (query.p || !str_has(sim_header(call->request, "Content-Type"), STR("application/x-www-form-urlencoded"))) return query;
  return sim_form_value(call->request->arena, call->request->body, "access_token", 0);
}

/* False: refused. True with call->user NULL: nobody is signed in. */
static bool authenticate(struct sim_call *call) {
  struct sim *sim = call->sim;
  const struct sim_request *request = call->request;
  struct str authorization = sim_header(request, "Authorization"), rest;
  bool old = sim->release <= SIM_2_41, here = call->is_api || !old;
  call->tokened = true;
  if (here && has_scheme(authorization, STR("Basic"), &rest)) return by_basic(call, str_trim(rest));
  if (here && sim->conf.pat && has_scheme(authorization, STR("ApiToken"), &rest))
    return by_token(call, sim_pat_authenticate(sim, request, rest, call->reply), true, !old);
  if (here && old && sim->conf.legacy_oauth && (rest = legacy_token(call)).p)
    return by_token(call, sim_legacy_bearer(sim, request, rest, call->reply), true, false);
  if (here && (sim->conf.jwt || (!old && sim->conf.oauth_server)) && has_scheme(authorization, STR("Bearer"), &rest))
    return by_token(call, sim_oauth_bearer(sim, request, rest, call->reply), false, false);
  call->tokened = false;
  call->user = call->session ? sim_user_with(sim, call->session->uid) : NULL;
  return true;
}

/* A session that one sign-in too many pushed out. Up to 2.41 only pages look at the mark. */
static bool evicted(struct sim_call *call) {
  struct sim *sim = call->sim;
  const json_t *user = call->session ? sim_user_with(sim, call->session->uid) : NULL;
  bool old = sim->release <= SIM_2_41;
  bool disabled = !old && json_is_true(json_object_get(user, "disabled"));
  if (!user || !(disabled || call->session->evicted) || (old && call->is_api)) return false;
  if (sim_header(call->request, "Authorization").p && disabled) return false;
  sim_session_end(sim, call->session);
  call->session = NULL;
  sim_session_clear_cookies(sim, call->reply);
  sim_reply_redirect(call->reply, 302,
                     arena_printf(call->request->arena, "%.*s/dhis-web-commons-security/logout.action", STR_ARG(sim->context)));
  return true;
}

/* 2.43 tells a page's script when the session will end. */
static void add_session_expire(struct sim_call *call) {
  struct sim *sim = call->sim;
  if (sim->release < SIM_2_43 || !call->session) return;
  long long now = sim_now_ms(sim) / 1000, life = sim->conf.session_timeout_s;
  struct str cookie = arena_printf(
      call->request->arena,
      "SESSION_EXPIRE=server_time=%lld&expiry_time=%lld; Path=/; Max-Age=%lld; Expires=Thu, 01 Jan 2037 00:00:00 GMT; SameSite=Lax", now,
      now + life, life);
  sim_reply_header(call->reply, "Set-Cookie", cookie);
}

static bool needs_no_user(const struct sim_call *call) {
  static const struct {
    const char *path;
    enum sim_release since;
  } open[] = {{"/api/auth/login", SIM_2_41},
              {"/api/loginConfig", SIM_2_41},
              {"/api/locales/ui", SIM_2_41},
              {"/api/files/style/external", SIM_2_37_9},
              {"/api/authentication/login", SIM_2_41},
              {"/favicon.ico", SIM_2_37_9},
              {"/login", SIM_2_41},
              {"/login/", SIM_2_41},
              {"/login.html", SIM_2_41},
              {"/dhis-web-login", SIM_2_41},
              {"/dhis-web-login/", SIM_2_41},
              {"/dhis-web-commons/security/login.action", SIM_2_37_9},
              {"/dhis-web-commons-security/login.action", SIM_2_37_9},
              {"/dhis-web-commons-security/logout.action", SIM_2_37_9}};
  for (size_t i = 0; i < sizeof open / sizeof *open; i++)
    if (str_eq(call->path, str_of(open[i].path))) return call->sim->release >= open[i].since;
  return str_starts(call->path, STR("/api/publicKeys/")) || str_starts(call->path, STR("/api/staticContent/")) ||
         str_starts(call->path, STR("/oauth2/"));
}

/* What a signed-in user finds outside of /api. */
static void page(struct sim_call *call) {
  struct sim *sim = call->sim;
  struct str path = call->path, query = call->request->query;
  bool is_new = sim->release >= SIM_2_42;
  if (str_eq(path, STR("/")))
    sim_reply_redirect(call->reply, 302,
                       is_new ? sim_link(sim, call->request, STR("/apps/")) : STR("dhis-web-commons-about/redirect.action"));
  else if (!is_new && str_eq(path, STR("/dhis-web-commons-about/redirect.action")))
    sim_reply_redirect(call->reply, 302,
                       arena_printf(call->request->arena, "%.*s/dhis-web-commons-about/../dhis-web-dashboard/", STR_ARG(sim->context)));
  else if (sim->conf.login_app &&
           (str_eq(path, STR("/apps/")) || str_starts(path, STR("/apps/dashboard")) || str_starts(path, STR("/dhis-web-dashboard"))))
    sim_page_home(sim, call->reply, call->user);
  else if (is_new && str_starts(path, STR("/dhis-web-dashboard")))
    sim_reply_redirect(call->reply, 302, sim_link(sim, call->request, STR("/apps/dashboard")));
  else if (!is_new && str_starts(path, STR("/dhis-web-")))
    sim_reply_tomcat(call->reply, 403, NULL);
  else if (is_new && !str_ends(path, STR("/")) && str_find_char(path, '.') == SIZE_MAX)
    sim_reply_redirect(
        call->reply, 301,
        arena_printf(call->request->arena, "%.*s%.*s/%s%.*s", STR_ARG(sim->context), STR_ARG(path), query.p ? "?" : "", STR_ARG(query)));
  else
    sim_reply_tomcat(call->reply, 404, NULL);
}

/* The parts of /api that are this side's. */
static bool own_api(struct sim_call *call) {
  struct sim *sim = call->sim;
  struct str path = call->path;
  if (call->bad_prefix)
    sim_reply_tomcat(call->reply, 404, NULL);
  else if (str_eq(path, STR("/api")) || str_eq(path, STR("/api/")))
    sim_reply_redirect(call->reply, 302, sim_link(sim, call->request, STR("/api/resources")));
  else if (str_eq(path, STR("/api/apiToken")) || str_starts(path, STR("/api/apiToken/")) ||
           (sim->release >= SIM_2_41 && str_starts(path, STR("/api/apiTokens"))))
    sim_pat_handle(sim, call->user, path, call->request, call->reply);
  else if (str_starts(path, STR("/api/2fa/")))
    sim_2fa_handle(sim, call->user, path, call->request, call->reply);
  else if (str_eq(path, STR("/api/userDataStore")) || str_starts(path, STR("/api/userDataStore/")))
    sim_store_handle(sim, call->user, path, call->request, call->reply);
  else if (str_eq(path, STR("/api/systemSettings")) || str_starts(path, STR("/api/systemSettings/")))
    sim_settings_handle(sim, call->user, path, call->request, call->reply);
  else if (str_eq(path, STR("/api/routes")) || str_starts(path, STR("/api/routes/")))
    sim_route_handle(sim, call->user, path, call->request, call->reply);
  else if (str_eq(path, STR("/api/configuration/corsWhitelist")) || str_eq(path, STR("/api/configuration/corsAllowlist")))
    sim_cors_config(sim, call->user, call->request, call->reply);
  else if (str_starts(path, STR("/api/oAuth2"))) {
    if (sim->release <= SIM_2_41)
      sim_legacy_clients(sim, call->user, path, call->request, call->reply);
    else
      sim_oauth_clients(sim, call->user, path, call->request, call->reply);
  } else
    return sim_oauth_enrol(call) || sim_user_act(call) || sim_me_handle(call);
  return true;
}

/* POST /api/users/<uid>/(disabled|enabled|twoFA/disabled) */
bool sim_user_act(struct sim_call *call) {
  struct str rest = call->path;
  if (!str_starts(rest, STR("/api/users/")) || !sim_is(call->request, "POST")) return false;
  rest = str_from(rest, strlen("/api/users/"));
  const char *uid = arena_cstr(call->request->arena, str_take(&rest, '/'));
  json_t *user = sim_user_with(call->sim, uid);
  bool off = str_eq(rest, STR("disabled")), on = str_eq(rest, STR("enabled")), reset = str_eq(rest, STR("twoFA/disabled"));
  if (!off && !on && !reset) return false;
  if (!sim_user_is_super(call->sim, call->user))
    sim_reply_thrown(call->sim, call->reply, 403, "E1006", "You don't have the proper permissions to update this object.");
  else if (!user)
    sim_reply_thrown(call->sim, call->reply, 404, "E1005",
                     arena_printf(call->request->arena, "User with id %s could not be found.", uid).p);
  else if (reset) {
    sim_2fa_reset(call->sim, user);
    sim_reply_message(call->reply, 200, "OK", NULL, NULL);
  } else {
    json_object_set_new(user, "disabled", json_boolean(off));
    sim_reply_empty(call->reply, 204);
  }
  return true;
}

/* With CSRF on, a write needs cookie and header alike; a pair that the client made up will do. */
static bool forged(struct sim_call *call) {
  const struct sim_request *request = call->request;
  if (!call->sim->conf.csrf) return false;
  struct str cookie = sim_cookie(request, "XSRF-TOKEN"), header = sim_header(request, "X-XSRF-TOKEN");
  if (!cookie.p) {
    char token[37];
    sim_random_text(token, 36, "0123456789abcdef-");
    sim_reply_header(call->reply, "Set-Cookie", arena_printf(request->arena, "XSRF-TOKEN=%s; Path=/", token));
  }
  if (sim_is(request, "GET") || sim_is(request, "HEAD") || sim_is(request, "OPTIONS") || (cookie.p && str_eq(cookie, header))) return false;
  sim_reply_tomcat(call->reply, 403, NULL);
  return true;
}

bool sim_auth_handle(struct sim *sim, const struct sim_request *request, struct sim_reply *reply, json_t **ret_user) {
  struct sim_call call = {.sim = sim, .request = request, .reply = reply};
  *ret_user = NULL;
  if (sim->conf.control && sim_control_is(request)) {
    sim_control_handle(sim, request, reply);
    return true;
  }
  if (refused_path(&call)) return true;
  read_path(&call);
  call.session = sim_session_find(sim, request);
  if (sim->release == SIM_2_37 && call.is_api && !call.session) { /* 2.37.10 gives everybody a session, whatever becomes of the call */
    call.session = sim_session_new(sim, NULL, false);
    sim_session_cookie(sim, reply, call.session);
  }
  if (ping(&call) || sim_legacy_token_endpoint(&call) || sim_oauth_chain(&call) || sim_cors_handle(&call) || forged(&call) ||
      evicted(&call))
    return true;
  if (!authenticate(&call)) return true;
  if (call.user) add_session_expire(&call);
  if (needs_no_user(&call) && sim_login_handle(&call)) return true;
  if (!call.user) {
    sim_anonymous(&call);
    return true;
  }
  if (str_starts(call.path, STR("/uaa/oauth/")) && sim->release <= SIM_2_41 && sim->conf.legacy_oauth) {
    sim_legacy_authorize(&call);
    return true;
  }
  if (!call.is_api)
    page(&call);
  else if (!own_api(&call))
    *ret_user = call.user;
  return *ret_user == NULL;
}

json_t *sim_auth_tokens(const struct sim *sim) {
  json_t *list = json_array();
  sim_legacy_tokens(sim, list);
  sim_oauth_tokens(sim, list);
  return list;
}

void sim_auth_absorb(struct sim *sim) {
  sim_accounts_absorb(sim);
}

void sim_auth_done(struct sim *sim, const struct sim_request *request, struct sim_reply *reply) {
  if (!sim_is(request, "GET") && !sim_is(request, "HEAD") && reply->status < 300) sim_accounts_absorb(sim);
}
