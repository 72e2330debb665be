/* auth_oauth_authorize: the browser's step: the request, the consent page, and back to the client with a code. */
#include "sim/auth_oauth.h"

#include "base/mem.h"
#include "sim/pages.h"

static const char rfc6749[] = "https%3A%2F%2Fdatatracker.ietf.org%2Fdoc%2Fhtml%2Frfc6749%23section-4.1.2.1",
                  rfc7636[] = "https%3A%2F%2Fdatatracker.ietf.org%2Fdoc%2Fhtml%2Frfc7636%23section-4.4.1";

/* One request, as it was sent. */
struct asking {
  struct sim_call *call;
  struct arena *arena;
  struct sim_client client;
  struct str client_id, redirect, target, state; /* target: where the answer goes */
  json_t *scopes;                                /* owned */
};

static struct str parameter(const struct sim_request *request, const char *name, size_t nth) {
  return sim_is(request, "POST") ? sim_form(request, name, nth) : sim_param(request, name, nth);
}

static void go_back(const struct asking *asking, struct str answer) {
  struct str state =
      asking->state.n > 0 ? arena_printf(asking->arena, "&state=%.*s", STR_ARG(sim_url_encode(asking->arena, asking->state))) : STR("");
  const char *joint = str_find_char(asking->target, '?') == SIZE_MAX ? "?" : "&";
  sim_reply_redirect(asking->call->reply, 302,
                     arena_printf(asking->arena, "%.*s%s%.*s%.*s", STR_ARG(asking->target), joint, STR_ARG(answer), STR_ARG(state)));
}

static void go_back_with_error(const struct asking *asking, const char *error, const char *about, const char *rfc) {
  go_back(asking,
          arena_printf(asking->arena, "error=%s&error_description=OAuth%%202.0%%20Parameter%%3A%%20%s&error_uri=%s", error, about, rfc));
}

/* RFC 8252 section 7.3: on a loopback address any port will do. */
static bool same_but_port(struct str registered, struct str redirect) {
  static const struct str loopback[] = {{"http://127.0.0.1", 16}, {"http://[::1]", 12}};
  for (size_t i = 0; i < 2; i++) {
    if (!str_starts(registered, loopback[i]) || !str_starts(redirect, loopback[i])) continue;
    struct str a = str_from(registered, loopback[i].n), b = str_from(redirect, loopback[i].n);
    if ((a.n > 0 && a.p[0] != ':' && a.p[0] != '/') || (b.n > 0 && b.p[0] != ':' && b.p[0] != '/')) return false;
    size_t from_a = str_find_char(a, '/'), from_b = str_find_char(b, '/');
    return str_eq(str_from(a, from_a == SIZE_MAX ? a.n : from_a), str_from(b, from_b == SIZE_MAX ? b.n : from_b));
  }
  return false;
}

static bool redirect_allowed(const struct sim_client *client, struct str redirect) {
  struct str rest = sim_text(client->row, "redirectUris");
  while (rest.p) {
    struct str one = str_trim(str_take(&rest, ','));
    if (one.n > 0 && (str_eq(one, redirect) || same_but_port(one, redirect))) return true;
  }
  return false;
}

/* What cannot be told to the client is told to the person: a page with 400. NULL: the request may go on. */
static const char *refused_before_client(const struct sim_request *request, const char **ret_error) {
  static const char *const once[] = {"client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"};
  struct str type = parameter(request, "response_type", 0);
  *ret_error = "invalid_request";
  if (parameter(request, "request_uri", 0).p) return "request_uri";
  if (type.n == 0 || parameter(request, "response_type", 1).p) return "response_type";
  if (!str_eq(type, STR("code"))) return *ret_error = "unsupported_response_type", "response_type";
  for (size_t i = 0; i < sizeof once / sizeof *once; i++)
    if (parameter(request, once[i], 1).p) return once[i];
  return parameter(request, "client_id", 0).n == 0 ? "client_id" : NULL;
}

/* Without redirect_uri the only registered one counts, but not for OpenID Connect. */
static bool find_target(struct asking *asking) {
  struct str list = sim_text(asking->client.row, "redirectUris");
  bool only_one = list.n > 0 && str_find_char(list, ',') == SIZE_MAX;
  if (asking->redirect.n > 0) {
    asking->target = asking->redirect;
    return redirect_allowed(&asking->client, asking->redirect);
  }
  asking->target = list;
  return only_one && !sim_scopes_hold(asking->scopes, STR("openid"));
}

static bool scopes_allowed(const struct asking *asking) {
  size_t i;
  json_t *scope;
  json_array_foreach(asking->scopes, i,
                     scope) if (!sim_client_lists(&asking->client, "scopes", str_of(json_string_value(scope)))) return false;
  return true;
}

/* False: answered. */
static bool proof_key_right(const struct asking *asking) {
  const struct sim_request *request = asking->call->request;
  bool has_challenge = parameter(request, "code_challenge", 0).n > 0;
  if (has_challenge && !str_eq(parameter(request, "code_challenge_method", 0), STR("S256"))) {
    go_back_with_error(asking, "invalid_request", "code_challenge_method", rfc7636);
    return false;
  }
  if (!has_challenge && asking->client.needs_proof_key) {
    go_back_with_error(asking, "invalid_request", "code_challenge", rfc7636);
    return false;
  }
  return true;
}

/* Consents. */

static json_t *consent_of(const struct sim *sim, struct str client, struct str user) {
  size_t i;
  json_t *entry;
  json_array_foreach(sim->auth->oauth->consents, i,
                     entry) if (str_eq(sim_text(entry, "client"), client) && str_eq(sim_text(entry, "user"), user)) return entry;
  return NULL;
}

static bool wants_consent(const struct asking *asking, const json_t *granted) {
  size_t i;
  json_t *scope;
  if (!asking->client.needs_consent) return false;
  if (json_array_size(asking->scopes) == 1 && sim_scopes_hold(asking->scopes, STR("openid"))) return false;
  if (!granted) return true;
  json_array_foreach(asking->scopes, i, scope) if (!sim_scopes_hold(granted, str_of(json_string_value(scope)))) return true;
  return false;
}

static char *kept(struct str text) {
  return text.p ? mem_printf("%.*s", STR_ARG(text)) : NULL;
}

static struct sim_grant *new_grant(const struct asking *asking, const json_t *user) {
  struct sim_grant *grant = sim_grant_new(asking->call->sim);
  const struct sim_request *request = asking->call->request;
  (void)snprintf(grant->user, sizeof grant->user, "%s", sim_text(user, "id").p);
  (void)snprintf(grant->client, sizeof grant->client, "%s", sim_text(asking->client.row, "id").p);
  grant->client_id = kept(asking->client_id);
  grant->redirect = kept(asking->target);
  grant->redirect_told = asking->redirect.n > 0;
  grant->state = kept(asking->state);
  grant->nonce = kept(parameter(request, "nonce", 0));
  grant->challenge = kept(parameter(request, "code_challenge", 0));
  grant->asked = json_incref(asking->scopes);
  return grant;
}

static void show_consent(const struct asking *asking, const json_t *user, const json_t *granted) {
  struct sim_grant *grant = new_grant(asking, user);
  sim_url_random(grant->consent_state, SIM_CONSENT_STATE_LENGTH - 1);
  grant->consent_state[SIM_CONSENT_STATE_LENGTH - 1] = '=';
  json_t *open = json_array(), *before = json_array(), *scope;
  size_t i;
  json_array_foreach(asking->scopes, i, scope) {
    struct str name = str_of(json_string_value(scope));
    if (sim_scopes_hold(granted, name))
      json_array_append(before, scope);
    else if (!str_eq(name, STR("openid")))
      json_array_append(open, scope);
  }
  struct str name = sim_text(asking->client.row, "name");
  sim_page_consent(asking->call->sim, asking->call->reply, user, asking->client_id, name.n > 0 ? name : asking->client_id,
                   str_of(grant->consent_state), open, before);
  json_decref(open);
  json_decref(before);
}

static bool asks_for_none(const struct sim_request *request) {
  return str_eq(parameter(request, "prompt", 0), STR("none"));
}

/* Nobody is signed in: to the login page, and back here afterwards. */
static void sign_in_first(struct asking *asking) {
  struct sim_call *call = asking->call;
  const struct sim_request *request = call->request;
  if (asks_for_none(request)) {
    go_back_with_error(asking, "login_required", "prompt", rfc6749);
    return;
  }
  if (call->sim->conf.saved_requests) {
    if (!call->session) {
      call->session = sim_session_new(call->sim, NULL, false);
      sim_session_cookie(call->sim, call->reply, call->session);
    }
    sim_session_save(call->session, arena_printf(asking->arena, "%.*s?%.*s", STR_ARG(request->path), STR_ARG(request->query)));
  }
  sim_oauth_nobody(call, true);
}

static void decide(struct asking *asking) {
  struct sim_call *call = asking->call;
  struct sim *sim = call->sim;
  const json_t *user = call->session ? sim_user_with(sim, call->session->uid) : NULL;
  if (!user) {
    sign_in_first(asking);
    return;
  }
  const json_t *consent = consent_of(sim, sim_text(asking->client.row, "id"), sim_text(user, "id")),
               *granted = json_object_get(consent, "scopes");
  if (!wants_consent(asking, granted)) {
    struct sim_grant *grant = new_grant(asking, user);
    grant->scopes = json_deep_copy(asking->scopes);
    sim_grant_give_code(sim, grant, asking->client.code_ms);
    go_back(asking, arena_printf(asking->arena, "code=%s", grant->code));
  } else if (asks_for_none(call->request)) {
    go_back_with_error(asking, "consent_required", "prompt", rfc6749);
  } else {
    show_consent(asking, user, granted);
  }
}

static void ask(struct sim_call *call) {
  const struct sim_request *request = call->request;
  struct arena *arena = request->arena;
  const char *error, *broken, *wrong = refused_before_client(request, &error);
  struct asking asking = {.call = call,
                          .arena = arena,
                          .client_id = parameter(request, "client_id", 0),
                          .redirect = parameter(request, "redirect_uri", 0),
                          .state = parameter(request, "state", 0)};
  if (wrong) {
    sim_oauth_page_error(call->reply, error, wrong);
    return;
  }
  if (!sim_client_read(call->sim, arena, asking.client_id, &asking.client, &broken)) {
    sim_oauth_page_error(call->reply, "invalid_request", "client_id");
    return;
  }
  if (broken) {
    sim_reply_tomcat(call->reply, 500, broken);
    return;
  }
  asking.scopes = sim_scopes_of(arena, parameter(request, "scope", 0), ' ');
  if (!find_target(&asking))
    sim_oauth_page_error(call->reply, "invalid_request", "redirect_uri");
  else if (!sim_client_lists(&asking.client, "authorizationGrantTypes", STR("authorization_code")))
    go_back_with_error(&asking, "unauthorized_client", "client_id", rfc6749);
  else if (!scopes_allowed(&asking))
    go_back_with_error(&asking, "invalid_scope", "scope", rfc6749);
  else if (proof_key_right(&asking))
    decide(&asking);
  json_decref(asking.scopes);
}

/* The form of the consent page. */

static struct sim_grant *waiting(const struct sim_call *call) {
  struct str state = sim_form(call->request, "state", 0);
  struct sim_oauth *oauth = call->sim->auth->oauth;
  for (size_t i = 0; state.n > 0 && call->session && i < oauth->grants.n; i++) {
    struct sim_grant *grant = oauth->grants.p[i];
    if (str_eq(str_of(grant->consent_state), state)) return str_eq(str_of(grant->user), str_of(call->session->uid)) ? grant : NULL;
  }
  return NULL;
}

/* What is ticked, and of what is asked for, all that was granted before. NULL: something is ticked that was not asked for. */
static json_t *ticked(const struct sim_call *call, const struct sim_grant *grant, const json_t *consent) {
  json_t *list = json_array(), *scope;
  struct str one;
  for (size_t n = 0; (one = sim_form(call->request, "scope", n)).p; n++) {
    if (!sim_scopes_hold(grant->asked, one)) {
      json_decref(list);
      return NULL;
    }
    json_array_append_new(list, json_stringn(one.p, one.n));
  }
  size_t i;
  json_array_foreach(json_object_get(consent, "scopes"), i, scope) {
    struct str name = str_of(json_string_value(scope));
    if (sim_scopes_hold(grant->asked, name) && !sim_scopes_hold(list, name)) json_array_append(list, scope);
  }
  if (json_array_size(list) > 0 && sim_scopes_hold(grant->asked, STR("openid")) && !sim_scopes_hold(list, STR("openid")))
    json_array_append_new(list, json_string("openid"));
  return list;
}

static void keep_consent(struct sim *sim, const struct sim_grant *grant, json_t *consent) {
  json_t *scope;
  size_t i;
  if (!consent) {
    char id[12];
    sim_uid(id);
    consent = json_pack("{s:s, s:s, s:s, s:[]}", "id", id, "client", grant->client, "user", grant->user, "scopes");
    json_array_append_new(sim->auth->oauth->consents, consent);
  }
  json_t *held = json_object_get(consent, "scopes");
  json_array_foreach(grant->scopes, i, scope) if (!sim_scopes_hold(held, str_of(json_string_value(scope)))) json_array_append(held, scope);
}

static void answer_consent(struct sim_call *call) {
  struct sim *sim = call->sim;
  struct sim_grant *grant = waiting(call);
  if (!grant) {
    sim_oauth_page_error(call->reply, "invalid_request", "state");
    return;
  }
  struct asking asking = {.call = call,
                          .arena = call->request->arena,
                          .target = arena_str(call->request->arena, str_of(grant->redirect)),
                          .state = arena_str(call->request->arena, str_of(grant->state))};
  const char *broken;
  if (!str_eq(sim_form(call->request, "client_id", 0), str_of(grant->client_id)) ||
      !sim_client_read(sim, asking.arena, str_of(grant->client_id), &asking.client, &broken) || broken) {
    sim_oauth_page_error(call->reply, "invalid_request", "client_id");
    return;
  }
  json_t *consent = consent_of(sim, str_of(grant->client), str_of(grant->user)), *scopes = ticked(call, grant, consent);
  if (!scopes) {
    go_back_with_error(&asking, "invalid_scope", "scope", rfc6749);
  } else if (json_array_size(scopes) == 0) {
    json_decref(scopes);
    sim_grant_drop(sim, grant);
    go_back_with_error(&asking, "access_denied", "client_id", rfc6749);
  } else {
    grant->scopes = scopes;
    keep_consent(sim, grant, consent);
    sim_grant_give_code(sim, grant, asking.client.code_ms);
    go_back(&asking, arena_printf(asking.arena, "code=%s", grant->code));
  }
}

void sim_oauth_authorize(struct sim_call *call) {
  bool is_form =
      sim_is(call->request, "POST") && !sim_form(call->request, "response_type", 0).p && !sim_form(call->request, "request_uri", 0).p;
  if (is_form)
    answer_consent(call);
  else
    ask(call);
}
