#include "dhis2/probe.h"

#include "base/clock.h"
#include "dhis2/judge.h"
#include "dhis2/oauth.h"
#include "dhis2/refusal.h"
#include "dhis2/token_look.h"
#include "dhis2/who.h"
#include "http/url.h"
#include <jansson.h>

struct asking {
  const struct source_place *place;
  struct dhis2_server *anonymous;
  struct arena *arena;
  struct dhis2_probe *probe;
  bool is_dhis2; /* some answer was one that only DHIS2 gives */
};

static struct sign_in_offer *offer(struct asking *asking, enum sign_in_kind kind) {
  return &asking->probe->source.kinds[kind];
}

static void set_on(struct asking *asking, enum sign_in_kind kind) {
  *offer(asking, kind) = (struct sign_in_offer){.state = SIGN_IN_ON};
}

static void set(struct asking *asking, enum sign_in_kind kind, int state, const char *why, const char *remedy) {
  *offer(asking, kind) = (struct sign_in_offer){.state = state, .why = str_of(why), .remedy = str_of(remedy)};
}

/* By the first answer that tells. */
static void look_at_clock(struct asking *asking, const struct http_answer *answer, int64_t asked_ms) {
  struct str date;
  int64_t theirs;
  if (asking->probe->source.clock_ahead_s || !http_headers_get(&answer->headers, STR("Date"), &date) || !clock_parse_http(date, &theirs))
    return;
  asking->probe->source.clock_ahead_s = (theirs - (asked_ms + clock_now_ms()) / 2) / 1000;
}

static int ask(struct asking *asking, const char *method, struct str path, struct http_answer *ret, struct error *error) {
  struct str type = str_eq(str_of(method), STR("POST")) ? STR("application/x-www-form-urlencoded") : STR_NONE;
  int64_t asked_ms = clock_now_ms();
  if (dhis2_call(asking->anonymous, method, path, type, type.n ? STR("") : STR_NONE, asking->arena, ret, error) < 0) return -1;
  look_at_clock(asking, ret, asked_ms);
  return 0;
}

/* {"httpStatus": …, "httpStatusCode": …, "status": …}: DHIS2's own way to refuse. */
static bool web_message(const struct http_answer *answer) {
  json_t *root = http_headers_are_json(&answer->headers) ? json_loadb(answer->body.p, answer->body.n, 0, NULL) : NULL;
  bool is = json_is_integer(json_object_get(root, "httpStatusCode")) && json_is_string(json_object_get(root, "httpStatus"));
  json_decref(root);
  return is;
}

static bool has_challenge(const struct http_answer *answer, struct str text) {
  for (size_t i = 0; i < answer->headers.n; i++)
    if (str_eq_nocase(answer->headers.p[i].name, STR("WWW-Authenticate")) && str_has(answer->headers.p[i].value, text)) return true;
  return false;
}

/* The login pages of DHIS2: …/dhis-web-commons/security/login.action to 2.40, …/dhis-web-login 2.41 and 2.42, …/login/ later (which others have too). */
static bool own_login_page(const struct http_answer *answer) {
  struct str location;
  return dhis2_login_redirect(answer->status, &answer->headers) && http_headers_get(&answer->headers, STR("Location"), &location) &&
         (str_has(location, STR("/dhis-web-commons/security/")) || str_has(location, STR("/dhis-web-login")));
}

/* --- what it is --- */

static bool read_login_config(struct asking *asking, const struct http_answer *answer) {
  json_t *root = json_loadb(answer->body.p, answer->body.n, 0, NULL);
  struct dhis2_probe *probe = asking->probe;
  struct str version = str_of(json_string_value(json_object_get(root, "apiVersion")));
  bool known = version.n <= 40 && dhis2_version_parse(version, &probe->version);
  if (known) {
    probe->source.version_text = arena_str(asking->arena, version);
    probe->title = arena_str(asking->arena, str_slice(str_of(json_string_value(json_object_get(root, "applicationTitle"))), 0, 200));
  }
  json_decref(root);
  return known;
}

/* 2.41+ tells its version to everybody; an answer that is neither that nor a refusal of DHIS2's ends the probe, so that a wrong address is named at once. */
static int ask_version(struct asking *asking, struct error *error) {
  struct http_answer answer;
  if (ask(asking, "GET", STR("/api/loginConfig"), &answer, error) < 0) return -1;
  if (answer.status == 401 && has_challenge(&answer, STR("Basic")))
    return error_set(error, ERROR_not_dhis2,
                     "something before the server asks for a user name and password of its own: let drawbridge's calls pass without");
  if (dhis2_front_verdict(asking->arena, &answer, true, error) < 0) return -1;
  if (answer.status == 200 && read_login_config(asking, &answer))
    asking->is_dhis2 = true;
  else if (answer.status == 200)
    return error_set(error, ERROR_not_dhis2, "the server answers with data, but not with DHIS2's: check the address");
  else if (web_message(&answer) || own_login_page(&answer))
    asking->is_dhis2 = true;
  return 0;
}

/* --- which kinds --- */

/* 1: the call could not be made for a reason that holds for all (unreachable); 0: done. */
static int ask_token(struct asking *asking, struct error *error) {
  struct str token = dhis2_token_of_nobody(asking->arena);
  struct source_credential credential = {CREDENTIAL_PAT, secret_new(token)};
  struct dhis2_server *server = dhis2_who_server(asking->place, credential);
  struct http_answer answer;
  int result = dhis2_call(server, "GET", STR("/api/me?fields=id"), STR_NONE, STR_NONE, asking->arena, &answer, error);
  dhis2_server_free(server);
  secret_free(credential.value);
  if (result < 0) return -1;
  if (answer.status == 401 && has_challenge(&answer, STR("ApiToken"))) {
    asking->is_dhis2 = true;
    set_on(asking, SIGN_IN_PAT);
  } else if (answer.status == 401 || dhis2_login_redirect(answer.status, &answer.headers)) {
    asking->is_dhis2 = asking->is_dhis2 || web_message(&answer) || own_login_page(&answer);
    set(asking, SIGN_IN_PAT, SIGN_IN_OFF,
        "the server does not look at personal access tokens: they are switched off there (in 2.37 by default), or something before it "
        "takes the Authorization header away",
        "set enable.api_token.authentication = on in dhis.conf and restart DHIS2; check that the reverse proxy passes Authorization on");
  } else
    set(asking, SIGN_IN_PAT, SIGN_IN_UNSURE, "the server's answer to a token does not show whether it takes any", "");
  return 0;
}

static int ask_legacy(struct asking *asking, struct error *error) {
  struct http_answer answer;
  struct str base = asking->probe->base_url;
  if (asking->probe->version.minor && !dhis2_can(asking->probe->version, DHIS2_LEGACY_OAUTH)) {
    set(asking, SIGN_IN_LEGACY_OAUTH, SIGN_IN_OFF, "releases from 2.42 on have another authorization server", "");
    return 0;
  }
  if (ask(asking, "POST", STR("/uaa/oauth/token"), &answer, error) < 0) return -1;
  if (answer.status != 401 || !has_challenge(&answer, STR("oauth2/client"))) {
    set(asking, SIGN_IN_LEGACY_OAUTH, SIGN_IN_OFF, "the old authorization server does not answer at /uaa/oauth/token",
        "set oauth2.authorization.server.enabled = on in dhis.conf, or let the reverse proxy pass /uaa on");
    return 0;
  }
  asking->is_dhis2 = true;
  set_on(asking, SIGN_IN_LEGACY_OAUTH);
  asking->probe->source.legacy_oauth =
      (struct oauth_provider){.manners = &dhis2_legacy_manners,
                              .authorization_endpoint = arena_printf(asking->arena, "%.*s/uaa/oauth/authorize", STR_ARG(base)),
                              .token_endpoint = arena_printf(asking->arena, "%.*s/uaa/oauth/token", STR_ARG(base))};
  return 0;
}

static int elsewhere(struct error *error) {
  return error_set(error, ERROR_not_dhis2,
                   "nothing at this address answers as DHIS2 does: check the address, its context path included (…/dhis)");
}

/* A DHIS2 server asks for a sign-in at every path that it does not know. */
static bool wants_sign_in(const struct http_answer *answer) {
  return (answer->status == 401 && web_message(answer)) || own_login_page(answer);
}

/* The form to 2.40, JSON from 2.41 on; with the version unknown, whichever shows itself. Each release has one of them open to everybody: a server that wants a sign-in before both is asked at another path than its own. */
static int ask_password(struct asking *asking, struct error *error) {
  struct http_answer answer;
  struct dhis2_probe *probe = asking->probe;
  if (dhis2_can(probe->version, DHIS2_JSON_LOGIN)) {
    probe->password_way = DHIS2_PASSWORD_JSON;
  } else {
    struct str unused;
    if (ask(asking, "GET", STR("/dhis-web-commons/security/login.action"), &answer, error) < 0) return -1;
    if (answer.status == 200 && http_headers_get(&answer.headers, STR("Login-Page"), &unused)) {
      probe->password_way = DHIS2_PASSWORD_FORM;
    } else {
      bool shut = !probe->version.minor && wants_sign_in(&answer);
      if (ask(asking, "GET", STR("/api/auth/login"), &answer, error) < 0) return -1;
      if (answer.status == 405 && web_message(&answer)) probe->password_way = DHIS2_PASSWORD_JSON;
      if (shut && wants_sign_in(&answer)) return elsewhere(error);
    }
  }
  if (probe->password_way == DHIS2_PASSWORD_NONE) {
    set(asking, SIGN_IN_PASSWORD, SIGN_IN_OFF, "neither the sign-in form nor the sign-in of the API shows itself",
        "let the reverse proxy pass /dhis-web-commons and /dhis-web-commons-security on");
    return 0;
  }
  asking->is_dhis2 = true;
  set_on(asking, SIGN_IN_PASSWORD);
  return 0;
}

/* --- the new authorization server --- */

static struct str text_of(struct asking *asking, const json_t *root, const char *name) {
  struct str text = str_of(json_string_value(json_object_get(root, name)));
  return text.n && text.n <= 2000 ? arena_str(asking->arena, text) : STR_NONE;
}

static bool lists(const json_t *array, const char *word) {
  size_t i;
  json_t *item;
  if (!json_is_array(array)) return true; /* not told: not against it */
  json_array_foreach(array, i, item) if (json_is_string(item) && strcmp(json_string_value(item), word) == 0) return true;
  return false;
}

static bool same_origin(struct asking *asking, struct str text) {
  struct error unused = {0};
  struct url base, url;
  return url_parse(asking->arena, asking->probe->base_url, &base, &unused) == 0 && url_parse(asking->arena, text, &url, &unused) == 0 &&
         url_same_origin(&base, &url) && !url.fragment.p;
}

static void judge_discovery(struct asking *asking, const json_t *root) {
  struct oauth_provider *oauth = &asking->probe->source.oauth;
  struct str base = asking->probe->base_url;
  *oauth = (struct oauth_provider){.manners = &dhis2_manners,
                                   .pkce = true,
                                   .scope = STR("openid username"),
                                   .issuer = text_of(asking, root, "issuer"),
                                   .authorization_endpoint = text_of(asking, root, "authorization_endpoint"),
                                   .token_endpoint = text_of(asking, root, "token_endpoint"),
                                   .jwks_uri = text_of(asking, root, "jwks_uri"),
                                   .revocation_endpoint = text_of(asking, root, "revocation_endpoint"),
                                   .iss_parameter = json_is_true(json_object_get(root, "authorization_response_iss_parameter_supported"))};
  struct str issuer = str_ends(oauth->issuer, STR("/")) ? str_slice(oauth->issuer, 0, oauth->issuer.n - 1) : oauth->issuer;
  if (!oauth->issuer.n || !oauth->authorization_endpoint.n || !oauth->token_endpoint.n || !oauth->jwks_uri.n)
    set(asking, SIGN_IN_OAUTH, SIGN_IN_OFF, "the authorization server's description lacks an address", "");
  else if (!str_eq(issuer, base))
    *offer(asking, SIGN_IN_OAUTH) = (struct sign_in_offer){
        .state = SIGN_IN_OFF,
        .why = arena_printf(
            asking->arena,
            "the server calls itself %.*s, but drawbridge is to reach it at %.*s: tokens for the one are not good at the other",
            STR_ARG(oauth->issuer), STR_ARG(base)),
        .remedy = arena_printf(asking->arena,
                               "set server.base.url = %.*s in dhis.conf and restart DHIS2, or configure %.*s as the server's url here",
                               STR_ARG(base), STR_ARG(issuer))};
  else if (!same_origin(asking, oauth->authorization_endpoint) || !same_origin(asking, oauth->token_endpoint) ||
           !same_origin(asking, oauth->jwks_uri) || (oauth->revocation_endpoint.n && !same_origin(asking, oauth->revocation_endpoint)))
    set(asking, SIGN_IN_OAUTH, SIGN_IN_OFF, "the authorization server names addresses on another host",
        "set server.base.url in dhis.conf to the address that people use");
  else if (!lists(json_object_get(root, "code_challenge_methods_supported"), "S256") ||
           !lists(json_object_get(root, "response_types_supported"), "code"))
    set(asking, SIGN_IN_OAUTH, SIGN_IN_OFF, "the authorization server does not offer codes with PKCE (S256)", "");
  else if (asking->probe->version.minor && !dhis2_can(asking->probe->version, DHIS2_OAUTH_AT_API))
    set(asking, SIGN_IN_OAUTH, SIGN_IN_UNSURE,
        "before 2.42.5 the server's API takes its own tokens only where an administrator has set that up by hand",
        "upgrade to 2.42.5 or later");
  else
    set_on(asking, SIGN_IN_OAUTH);
  if (offer(asking, SIGN_IN_OAUTH)->state == SIGN_IN_OFF) *oauth = (struct oauth_provider){.issuer = oauth->issuer}; /* for the doctor */
}

static int ask_oauth(struct asking *asking, struct error *error) {
  struct http_answer answer;
  if (asking->probe->version.minor && !dhis2_can(asking->probe->version, DHIS2_OAUTH)) {
    set(asking, SIGN_IN_OAUTH, SIGN_IN_OFF, "releases before 2.42 have no authorization server with PKCE", "");
    return 0;
  }
  if (ask(asking, "GET", STR("/.well-known/openid-configuration"), &answer, error) < 0) return -1;
  json_t *root = answer.status == 200 && http_headers_are_json(&answer.headers)
                     ? json_loadb(answer.body.p, answer.body.n, JSON_REJECT_DUPLICATES, NULL)
                     : NULL;
  if (root)
    judge_discovery(asking, root);
  else if (!asking->probe->version.minor)
    set(asking, SIGN_IN_OAUTH, SIGN_IN_OFF, "the server describes no authorization server (releases before 2.42 have none of this kind)",
        "");
  else
    set(asking, SIGN_IN_OAUTH, SIGN_IN_OFF,
        "the authorization server is switched off, or the way to /.well-known/openid-configuration is closed",
        "set oauth2.server.enabled = on and server.base.url in dhis.conf and restart DHIS2; let the reverse proxy pass /.well-known and "
        "/oauth2 on");
  json_decref(root);
  return 0;
}

/* --- all of it --- */

static int ask_all(struct asking *asking, struct error *error) {
  if (ask_version(asking, error) < 0 || ask_token(asking, error) < 0 || ask_password(asking, error) < 0 || ask_legacy(asking, error) < 0 ||
      ask_oauth(asking, error) < 0)
    return -1;
  if (!asking->is_dhis2) return elsewhere(error);
  set_on(asking, SIGN_IN_BASIC);
  return 0;
}

int dhis2_probe(const struct source_place *place, struct arena *arena, struct dhis2_probe *ret, struct error *error) {
  *ret = (struct dhis2_probe){.base_url = arena_str(arena, place->base_url)};
  struct asking asking = {
      .place = place, .anonymous = dhis2_who_server(place, (struct source_credential){0}), .arena = arena, .probe = ret};
  int result = ask_all(&asking, error);
  dhis2_server_free(asking.anonymous);
  if (result < 0) (void)error_name_server(error, place->id);
  return result;
}
