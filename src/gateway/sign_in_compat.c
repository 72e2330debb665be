#include "gateway/sign_in_compat.h"

#include "base/json_out.h"
#include "base/mem.h"
#include "gateway/password_sign_in.h"
#include "gateway/secret_body.h"
#include "gateway/visit.h"

enum { ANSWER_MAX = 8192 };

const char *sign_in_compat_status(const struct error *error) {
  bool email = strcmp(error->reason, "email") == 0;
  switch (error->code) {
  case ERROR_second_factor_required: return email ? "EMAIL_TWO_FACTOR_CODE_SENT" : "INCORRECT_TWO_FACTOR_CODE_TOTP";
  case ERROR_second_factor_wrong: return email ? "INCORRECT_TWO_FACTOR_CODE_EMAIL" : "INCORRECT_TWO_FACTOR_CODE_TOTP";
  case ERROR_enrolment_required: return "REQUIRES_TWO_FACTOR_ENROLMENT";
  case ERROR_account_locked: return "ACCOUNT_LOCKED";
  case ERROR_account_disabled: return "ACCOUNT_DISABLED";
  case ERROR_account_expired: return "ACCOUNT_EXPIRED";
  case ERROR_password_expired: return "PASSWORD_EXPIRED";
  default: return NULL;
  }
}

/* --- loginConfig --- */

struct login_config {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct directory_server *server;
  const struct directory_answer *answer;
  struct error error;
};

static void reply_login_config(struct login_config *asked) {
  const struct directory_answer *answer = asked->answer;
  if (!asked->error.code && answer->error.code) asked->error = answer->error;
  if (asked->error.code) {
    gateway_reply_error(asked->gateway, asked->exchange, &asked->error);
    return;
  }
  struct buf buf = BUF_INIT(ANSWER_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  struct str name = directory_about(asked->server)->name;
  json_out_object(&out);
  json_out_member_str(&out, "apiVersion", answer->source->version_text.p ? answer->source->version_text : STR(""));
  json_out_member_str(&out, "applicationTitle", answer->dhis2->title.n ? answer->dhis2->title : name);
  json_out_member_str(&out, "uiLocale", STR("en"));
  json_out_member_bool(&out, "emailConfigured", false);
  json_out_member_bool(&out, "selfRegistrationEnabled", false);
  json_out_member_array(&out, "oidcProviders");
  json_out_end(&out);
  json_out_end(&out);
  gateway_reply_json(asked->gateway, asked->exchange, 200, buf_str(&buf));
  buf_free(&buf);
}

static void login_config_run(void *payload) {
  struct login_config *asked = payload;
  asked->answer = directory_probe(asked->server);
}

static void login_config_done(void *payload) {
  struct login_config *asked = payload;
  reply_login_config(asked);
  directory_answer_unref(asked->answer);
  http_exchange_release(asked->exchange);
  free(asked);
}

static void login_config(struct gateway *gateway, struct http_exchange *exchange, struct directory_server *server) {
  struct login_config *asked = mem_alloc(sizeof *asked);
  bool fresh;
  *asked = (struct login_config){gateway, exchange, server, directory_last(server, &fresh), {0}};
  http_exchange_hold(exchange);
  if (fresh) {
    login_config_done(asked);
    return;
  }
  directory_answer_unref(asked->answer);
  asked->answer = NULL;
  if (work_submit(gateway->calls, login_config_run, login_config_done, asked)) return;
  (void)failure_busy(&asked->error);
  login_config_done(asked);
}

/* --- auth/login --- */

static void reply_login(struct password_sign_in *sign_in, struct http_exchange *exchange, const struct error *error) {
  const char *status = error ? sign_in_compat_status(error) : "SUCCESS";
  struct http_headers headers = {0};
  if (!status) {
    gateway_reply_error(sign_in->gateway, exchange, error);
    return;
  }
  if (!error) arrival_settle(&sign_in->arrival, exchange, &headers);
  struct str json = arena_printf(http_exchange_arena(exchange),
                                 error ? "{\"loginStatus\":\"%s\"}" : "{\"loginStatus\":\"%s\",\"redirectUrl\":\"/\"}", status);
  gateway_reply(sign_in->gateway, exchange, 200, &headers, STR("application/json"), json);
}

enum { FIELD_USERNAME, FIELD_PASSWORD, FIELD_CODE, FIELDS };

static int start(struct password_sign_in *sign_in, struct http_exchange *exchange, struct str body, struct gateway_session *session,
                 struct error *error) {
  struct secret_field fields[FIELDS] = {{.name = STR("username")}, {.name = STR("password")}, {.name = STR("twoFactorCode")}};
  int failed = secret_body_read(body, fields, FIELDS, error);
  if (!failed && (!secret_reveal(fields[FIELD_USERNAME].value).n || !secret_reveal(fields[FIELD_PASSWORD].value).n))
    failed = error_set(error, ERROR_bad_request, "'username' or 'password' is missing");
  if (!failed) {
    struct secret *code = fields[FIELD_CODE].value;
    sign_in->kind = SIGN_IN_PASSWORD;
    sign_in->secret = secret_ref(fields[FIELD_PASSWORD].value);
    sign_in->username = arena_str(http_exchange_arena(exchange), secret_reveal(fields[FIELD_USERNAME].value));
    sign_in->code = secret_reveal(code).n ? secret_ref(code) : NULL;
    failed = password_sign_in_start(sign_in, exchange, session, error);
  }
  secret_body_clear(fields, FIELDS);
  return failed;
}

static void on_body(struct gateway *gateway, struct http_exchange *exchange, struct gateway_session *session, struct str body) {
  password_sign_in_of_body(gateway, exchange, session, body, start, reply_login);
}

/* "/api/41/auth/login" is "/api/auth/login". */
static struct str without_version(struct str path, struct str *ret_rest) {
  if (!str_starts(path, STR("/api/"))) return STR_NONE;
  struct str rest = str_from(path, 5), after = rest, first = str_take(&after, '/');
  uint64_t number;
  *ret_rest = first.n <= 3 && str_to_u64(first, &number) && after.p ? after : rest;
  return *ret_rest;
}

bool sign_in_compat(struct gateway *gateway, struct http_exchange *exchange, struct str rest) {
  const struct http_request *request = http_exchange_request(exchange);
  struct visit *visit = visit_of(exchange);
  struct str path = str_take(&rest, '?'), word;
  if (!without_version(path, &word).p) return false;
  if (str_eq(word, STR("loginConfig")) && (str_eq(request->method, STR("GET")) || str_eq(request->method, STR("HEAD")))) {
    visit->route = "/s/{}/api/loginConfig";
    login_config(gateway, exchange, directory_find(visit->directory, visit->server));
    return true;
  }
  if (!str_eq(word, STR("auth/login")) || !str_eq(request->method, STR("POST"))) return false;
  visit->route = "/s/{}/api/auth/login";
  gateway_read_secret_body(gateway, exchange, on_body);
  return true;
}
