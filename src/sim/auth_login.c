/* auth_login: the ways in with a password, the way out, and what is open to everybody. */
#include "sim/auth_internal.h"

#include "sim/pages.h"

static void ensure_cookie(struct sim_call *call) {
  if (call->sim->release > SIM_2_41 || call->session) return;
  call->session = sim_session_new(call->sim, NULL, false);
  sim_session_cookie(call->sim, call->reply, call->session);
}

/* JSON login. */

static void login_status(struct sim_call *call, const char *status) {
  ensure_cookie(call);
  sim_reply_json(call->reply, 200, json_pack("{s:s}", "loginStatus", status));
}

static void login_success(struct sim_call *call, const json_t *user) {
  struct sim *sim = call->sim;
  struct str saved = sim_session_sign_in(sim, call->request, call->reply, user);
  struct str target = saved.n > 0 ? saved : sim->release <= SIM_2_41 ? STR("/dhis-web-dashboard") : STR("/");
  struct str url = arena_printf(call->request->arena, "%.*s%.*s", STR_ARG(sim->context), STR_ARG(target));
  sim_reply_json(call->reply, 200, json_pack("{s:s, s:s%}", "loginStatus", "SUCCESS", "redirectUrl", url.p, url.n));
}

static void login_failure(struct sim_call *call) {
  if (sim_wants(call->request, "text/html")) {
    sim_anonymous(call);
    return;
  }
  ensure_cookie(call);
  sim_reply_thrown(call->sim, call->reply, 401, NULL, "Bad credentials");
}

/* Without a code each try mails another one. One that cannot be mailed looks like a wrong one. */
static const char *code_status(struct sim *sim, struct sim_account *account, bool sent) {
  if (sim->release <= SIM_2_41) return "INCORRECT_TWO_FACTOR_CODE";
  if (!account->by_mail) return "INCORRECT_TWO_FACTOR_CODE_TOTP";
  return !sent && sim_2fa_send(sim, account) ? "EMAIL_TWO_FACTOR_CODE_SENT" : "INCORRECT_TWO_FACTOR_CODE_EMAIL";
}

static void json_login_with(struct sim_call *call, const json_t *body) {
  json_t *user;
  switch (sim_login_check(call->sim, call->request->arena, sim_text(body, "username"), sim_text(body, "password"),
                          sim_text(body, "twoFactorCode"), &user)) {
  case SIM_LOGIN_OK: login_success(call, user); return;
  case SIM_LOGIN_BAD: login_failure(call); return;
  case SIM_LOGIN_LOCKED: login_status(call, "ACCOUNT_LOCKED"); return;
  case SIM_LOGIN_DISABLED: login_status(call, "ACCOUNT_DISABLED"); return;
  case SIM_LOGIN_EXPIRED: login_status(call, "ACCOUNT_EXPIRED"); return;
  case SIM_LOGIN_PASSWORD_EXPIRED: login_status(call, "PASSWORD_EXPIRED"); return;
  case SIM_LOGIN_ENROL:
    sim_2fa_forget_pending(call->sim, user);
    login_status(call, "REQUIRES_TWO_FACTOR_ENROLMENT");
    return;
  case SIM_LOGIN_CODE:
    login_status(call, code_status(call->sim, sim_account_of(call->sim, user), sim_text(body, "twoFactorCode").n > 0));
    return;
  }
}

static void json_login(struct sim_call *call) {
  const struct sim_request *request = call->request;
  struct sim_reply *reply = call->reply;
  bool is_new = call->sim->release >= SIM_2_42;
  struct str type = sim_header(request, "Content-Type");
  json_t *body = sim_body_json(request);
  if (!sim_is(request, "POST")) {
    ensure_cookie(call);
    sim_reply_thrown(
        call->sim, reply, 405, NULL,
        arena_printf(reply->arena, "Request method '%.*s' %s", STR_ARG(request->method), is_new ? "is not supported" : "not supported").p);
  } else if (!str_has(type, STR("json"))) {
    ensure_cookie(call);
    const char *charset = str_has(type, STR("form-urlencoded")) && !str_has(type, STR("charset")) ? ";charset=UTF-8" : "";
    const char *format = is_new ? "Content-Type '%.*s%s' is not supported" : "Content type '%.*s%s' not supported";
    struct str message = is_new ? arena_printf(reply->arena, "Content-Type '%.*s%s' is not supported", STR_ARG(type), charset)
                                : arena_printf(reply->arena, "Content type '%.*s%s' not supported", STR_ARG(type), charset);
    (void)format;
    sim_reply_thrown(call->sim, reply, 415, NULL, message.p);
  } else if (!json_is_object(body)) {
    ensure_cookie(call);
    sim_reply_thrown(call->sim, reply, 400, NULL,
                     request->body.n > 0 ? "JSON parse error: Unrecognized token" : "Required request body is missing");
  } else {
    json_login_with(call, body);
  }
  json_decref(body);
}

/* Form login, up to 2.41. */

static struct str form_field(const struct sim_request *request, const char *name) {
  struct str value = str_has(sim_header(request, "Content-Type"), STR("form-urlencoded"))
                         ? sim_form_value(request->arena, request->body, name, 0)
                         : STR_NONE;
  return value.p ? value : sim_param(request, name, 0);
}

static void form_login(struct sim_call *call) {
  static const char failed[] = "/dhis-web-commons/security/login.action?failed=true";
  const struct sim_request *request = call->request;
  json_t *user;
  enum sim_login outcome = sim_login_check(call->sim, request->arena, form_field(request, "j_username"), form_field(request, "j_password"),
                                           form_field(request, "2fa_code"), &user);
  bool told = call->sim->release >= SIM_2_40; /* before, the code stands in the same form, and every refusal looks like a wrong password */
  const char *target = outcome == SIM_LOGIN_OK                         ? "/"
                       : told && outcome == SIM_LOGIN_CODE             ? "/dhis-web-commons/security/login.action?twoFactor=true"
                       : told && outcome == SIM_LOGIN_ENROL            ? "/dhis-web-commons/security/enrolTwoFa.action"
                       : told && outcome == SIM_LOGIN_PASSWORD_EXPIRED ? "/dhis-web-commons/security/expired.action"
                                                                       : failed;
  struct str location = arena_printf(request->arena, "%.*s%s", STR_ARG(call->sim->context), target);
  if (outcome == SIM_LOGIN_OK) {
    struct str saved = sim_session_sign_in(call->sim, request, call->reply, user);
    if (saved.n > 0) location = sim_link(call->sim, request, saved);
  } else {
    ensure_cookie(call);
  }
  sim_reply_redirect(call->reply, 302, location);
}

/* The sim's own login page posts a form to the address of the page itself; it works without JavaScript. What a real server's page does by JSON, it does on the same accounts. */

static const char *page_problem(enum sim_login outcome, bool had_code) {
  switch (outcome) {
  case SIM_LOGIN_CODE: return had_code ? "The code is wrong" : "Please enter the code of your second factor";
  case SIM_LOGIN_LOCKED: return "The account is locked";
  case SIM_LOGIN_DISABLED: return "The account is disabled";
  case SIM_LOGIN_EXPIRED: return "The account has expired";
  case SIM_LOGIN_PASSWORD_EXPIRED: return "The password has expired";
  case SIM_LOGIN_ENROL: return "A second factor must be set up first";
  default: return "User name or password is wrong";
  }
}

static void login_page(struct sim_call *call) {
  const struct sim_request *request = call->request;
  if (!sim_is(request, "POST")) {
    ensure_cookie(call);
    sim_page_login(call->sim, call->reply, STR(""), NULL);
    return;
  }
  json_t *user;
  struct str code = form_field(request, "code"), name = form_field(request, "username");
  enum sim_login outcome =
      sim_login_check(call->sim, request->arena, name, form_field(request, "password"), code.n > 0 ? code : STR_NONE, &user);
  if (outcome != SIM_LOGIN_OK) {
    ensure_cookie(call);
    if (outcome == SIM_LOGIN_CODE && sim_account_of(call->sim, user)->by_mail && code.n == 0)
      (void)sim_2fa_send(call->sim, sim_account_of(call->sim, user));
    sim_page_login(call->sim, call->reply, name, page_problem(outcome, code.n > 0));
    return;
  }
  struct str saved = sim_session_sign_in(call->sim, request, call->reply, user);
  struct str target = arena_printf(request->arena, "%.*s%.*s", STR_ARG(call->sim->context), STR_ARG(saved.n > 0 ? saved : STR("/")));
  sim_reply_redirect(call->reply, 303, target);
}

static void logout(struct sim_call *call) {
  if ((call->sim->release == SIM_2_40 || call->sim->release == SIM_2_41) && !call->session)
    sim_session_cookie(call->sim, call->reply, sim_session_new(call->sim, NULL, false));
  if (call->session) sim_session_end(call->sim, call->session);
  call->session = NULL;
  sim_session_clear_cookies(call->sim, call->reply);
  sim_reply_redirect(call->reply, 302, arena_printf(call->request->arena, "%.*s/", STR_ARG(call->sim->context)));
}

/* Open to everybody. */

static void login_config(struct sim_call *call) {
  bool is_new = call->sim->release >= SIM_2_42;
  ensure_cookie(call);
  json_t *body =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:[]}", "apiVersion", sim_version(call->sim),
                "applicationTitle", is_new ? "" : "DHIS 2", "countryFlag", "dhis2", "uiLocale", "en", "loginPopup", "", "loginPageLayout",
                "DEFAULT", "recaptchaSite", "6LcVwT0UAAAAAAkO_EGPiYOiymIszZUeHfqWIYX5", "emailConfigured", 0, "selfRegistrationEnabled", 0,
                "selfRegistrationNoRecaptcha", 0, "allowAccountRecovery", 0, "useCustomLogoFront", 0, "oidcProviders");
  static const char *const texts[] = {"applicationDescription", "applicationNotification", "applicationLeftSideFooter",
                                      "applicationRightSideFooter", "loginPageTemplate"};
  for (size_t i = 0; is_new && i < sizeof texts / sizeof *texts; i++) json_object_set_new(body, texts[i], json_string(""));
  if (is_new) json_object_set_new(body, "minPasswordLength", json_string("8"));
  if (is_new) json_object_set_new(body, "maxPasswordLength", json_string("72"));
  sim_reply_json(call->reply, 200, body);
}

static bool is_login_page(const struct sim_call *call) {
  const struct sim *sim = call->sim;
  struct str path = call->path;
  if (sim->release >= SIM_2_43) return str_eq(path, STR("/login.html")) || (sim->conf.login_app && str_eq(path, STR("/login/")));
  if (str_eq(path, STR("/dhis-web-commons/security/login.action"))) return true; /* there up to 2.42, where it leads nowhere any more */
  return sim->release >= SIM_2_41 && sim->conf.login_app && (str_eq(path, STR("/dhis-web-login")) || str_eq(path, STR("/dhis-web-login/")));
}

/* Answers where there is nothing, on paths that need no sign-in. */
static bool nothing_there(struct sim_call *call) {
  struct str path = call->path;
  bool is_new = call->sim->release >= SIM_2_42;
  if (str_starts(path, STR("/api/publicKeys/")) || str_eq(path, STR("/api/authentication/login"))) {
    ensure_cookie(call);
    sim_reply_tomcat(call->reply, 404, NULL);
  } else if (str_starts(path, STR("/api/staticContent/"))) {
    ensure_cookie(call);
    sim_reply_thrown(call->sim, call->reply, 404, NULL, "No custom file found.");
  } else if (str_eq(path, STR("/api/files/style/external"))) {
    ensure_cookie(call);
    sim_reply_text(call->reply, 200, "text/css;charset=UTF-8", STR(""));
  } else if (str_eq(path, STR("/favicon.ico"))) {
    ensure_cookie(call);
    sim_page_icon(call->reply);
  } else if (is_new && str_eq(path, STR("/login/"))) {
    sim_reply_thrown(call->sim, call->reply, 404, NULL, "App 'login' not found.");
  } else if (call->sim->release == SIM_2_42 && str_starts(path, STR("/dhis-web-login"))) {
    sim_reply_tomcat(call->reply, 404, NULL);
  } else if (is_new && (str_eq(path, STR("/login")) || str_eq(path, STR("/dhis-web-login")) || str_eq(path, STR("/dhis-web-login/")))) {
    sim_reply_redirect(call->reply, 301, arena_printf(call->request->arena, "%.*s/login/", STR_ARG(call->sim->context)));
  } else if (is_new && str_starts(path, STR("/dhis-web-commons-security/")) && call->user) {
    sim_reply_thrown(call->sim, call->reply, 404, NULL, "App 'commons-security' not found.");
  } else if (is_new && str_starts(path, STR("/dhis-web-commons/"))) {
    if (call->user)
      sim_reply_thrown(call->sim, call->reply, 404, NULL, "App 'commons' not found.");
    else
      sim_reply_tomcat(call->reply, 404, NULL);
  } else if (!is_new && (str_eq(path, STR("/dhis-web-login/")) || str_eq(path, STR("/dhis-web-login")))) {
    ensure_cookie(call);
    sim_reply_tomcat(call->reply, 404, NULL);
  } else if (str_starts(path, STR("/oauth2/"))) {
    ensure_cookie(call);
    if (is_new) {
      struct str query = call->request->query;
      sim_reply_redirect(call->reply, 301,
                         arena_printf(call->request->arena, "%.*s%.*s/%s%.*s", STR_ARG(call->sim->context), STR_ARG(path),
                                      query.p ? "?" : "", STR_ARG(query)));
    } else if (sim_is(call->request, "OPTIONS")) {
      sim_reply_empty(call->reply, 200);
      sim_reply_header(call->reply, "Allow", STR("OPTIONS, GET, HEAD, POST"));
    } else
      sim_reply_tomcat(call->reply, 404, NULL);
  } else {
    return false;
  }
  return true;
}

/* A preflight of an origin that is not listed comes to 2.41's open controllers, which refuse it themselves. */
static bool refused_preflight(struct sim_call *call) {
  const struct sim_request *request = call->request;
  if (!sim_is(request, "OPTIONS") || !sim_header(request, "Access-Control-Request-Method").p || !sim_header(request, "Origin").p)
    return false;
  if (!str_eq(call->path, STR("/api/auth/login")) && !str_eq(call->path, STR("/api/loginConfig"))) return false;
  ensure_cookie(call);
  sim_reply_empty(call->reply, 403);
  call->reply->body = STR("Invalid CORS request");
  return true;
}

bool sim_login_handle(struct sim_call *call) {
  struct sim *sim = call->sim;
  struct str path = call->path;
  if (refused_preflight(call)) return true;
  if (str_eq(path, STR("/api/auth/login")))
    json_login(call);
  else if (str_eq(path, STR("/api/loginConfig")))
    login_config(call);
  else if (str_eq(path, STR("/api/locales/ui"))) {
    ensure_cookie(call);
    sim_page_locales(sim, call->reply);
  } else if (str_eq(path, STR("/dhis-web-commons-security/logout.action")) && (!sim->conf.csrf || !sim_is(call->request, "GET")))
    logout(call);
  else if (sim->release <= SIM_2_41 && str_eq(path, STR("/dhis-web-commons-security/login.action")) && sim_is(call->request, "POST"))
    form_login(call);
  else if (sim->release <= SIM_2_41 && str_eq(path, STR("/dhis-web-commons-security/login.action")) && sim_is(call->request, "OPTIONS")) {
    ensure_cookie(call);
    sim_reply_tomcat(call->reply, 404, NULL);
  } else if (is_login_page(call))
    login_page(call);
  else
    return nothing_there(call);
  return true;
}
