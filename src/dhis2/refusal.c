#include "dhis2/refusal.h"

#include "base/clock.h"
#include "dhis2/judge.h"
#include <jansson.h>

enum { AGAIN_S = 30 };

static int fail(struct error *error, enum error_code code, const char *reason, const struct http_answer *answer, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static int fail(struct error *error, enum error_code code, const char *reason, const struct http_answer *answer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)error_vset(error, code, format, args);
  va_end(args);
  error->upstream_status = answer->status;
  return error_because(error, reason);
}

/* --- what is common to all --- */

static struct str location_of(const struct http_answer *answer) {
  struct str location;
  return http_headers_get(&answer->headers, STR("Location"), &location) ? str_slice(location, 0, 200) : STR_NONE;
}

int dhis2_front_verdict(struct arena *arena, const struct http_answer *answer, bool wants_json, struct error *error) {
  int status = answer->status;
  if (status == 429 || (status >= 502 && status <= 504)) {
    int wait = http_retry_after(&answer->headers, AGAIN_S, clock_now_ms());
    if (status == 429)
      (void)fail(error, ERROR_too_many, "", answer, "the server asks to wait %d seconds before the next call", wait);
    else
      (void)fail(error, ERROR_server_unreachable, "", answer,
                 "what stands before the server answers %d: DHIS2 behind it is down or starting", status);
    error->retry_after = wait;
    return -1;
  }
  if (status >= 500) {
    struct str message = dhis2_is_html(&answer->headers) ? STR_NONE : dhis2_message(arena, answer->body);
    return message.n ? fail(error, ERROR_upstream_error, "", answer, "the server failed: %.*s", STR_ARG(message))
                     : fail(error, ERROR_upstream_error, "", answer, "the server failed (status %d): its log says why", status);
  }
  if (status >= 300 && status < 400 && !dhis2_login_redirect(status, &answer->headers)) {
    struct str location = location_of(answer);
    return location.n
               ? fail(error, ERROR_not_dhis2, "redirect", answer,
                      "the server sends elsewhere, to %.*s: configure the address that it stands for", STR_ARG(location))
               : fail(error, ERROR_not_dhis2, "redirect", answer, "the server sends elsewhere (status %d) and does not say where", status);
  }
  if (status < 200 || status >= 300 || !wants_json) return 0;
  if (dhis2_is_html(&answer->headers))
    return fail(error, ERROR_not_dhis2, "page", answer,
                "the server answered with a web page where data belong: check the address, and what stands before the server");
  if (answer->body.n == 0)
    return fail(error, ERROR_empty_answer, "", answer,
                "the server answered with nothing: something before it adds an Origin header, or answers in its place");
  return 0;
}

/* --- JSON login --- */

static const struct {
  const char *status;
  enum error_code code; /* with a code sent, where the two differ: otherwise the second */
  enum error_code without_code;
  const char *reason, *message;
} statuses[] = {
    {"INCORRECT_TWO_FACTOR_CODE", ERROR_second_factor_wrong, ERROR_second_factor_required, "totp", "the code of the authenticator app"},
    {"INCORRECT_TWO_FACTOR_CODE_TOTP", ERROR_second_factor_wrong, ERROR_second_factor_required, "totp",
     "the code of the authenticator app"},
    {"INCORRECT_TWO_FACTOR_CODE_EMAIL", ERROR_second_factor_wrong, ERROR_upstream_error, "email", "the code that was sent by e-mail"},
    {"EMAIL_TWO_FACTOR_CODE_SENT", ERROR_second_factor_required, ERROR_second_factor_required, "email",
     "the code that was sent by e-mail just now"},
    {"REQUIRES_TWO_FACTOR_ENROLMENT", ERROR_enrolment_required, ERROR_enrolment_required, "",
     "the server demands a second factor of this user: set it up there, in the user profile, then sign in here"},
    {"PASSWORD_EXPIRED", ERROR_password_expired, ERROR_password_expired, "", "the password has expired: change it at the server"},
    {"ACCOUNT_EXPIRED", ERROR_account_expired, ERROR_account_expired, "", "the account has expired: ask the server's administrator"},
    {"ACCOUNT_DISABLED", ERROR_account_disabled, ERROR_account_disabled, "", "the account is disabled: ask the server's administrator"},
    {"ACCOUNT_LOCKED", ERROR_account_locked, ERROR_account_locked, "",
     "the account is locked after too many wrong passwords: wait 15 minutes without trying"},
};

static int status_verdict(const struct http_answer *answer, struct str status, bool code_sent, struct error *error) {
  if (str_eq(status, STR("SUCCESS"))) return 0;
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    if (!str_eq(status, str_of(statuses[i].status))) continue;
    enum error_code code = code_sent ? statuses[i].code : statuses[i].without_code;
    const char *message = statuses[i].message;
    if (code == ERROR_second_factor_required) return fail(error, code, statuses[i].reason, answer, "the server wants %s as well", message);
    if (code == ERROR_second_factor_wrong) return fail(error, code, statuses[i].reason, answer, "%s is wrong or too old", message);
    if (code == ERROR_upstream_error)
      return fail(error, code, "", answer, "the server wants a code sent by e-mail, but could not send it: ask its administrator");
    return fail(error, code, statuses[i].reason, answer, "%s", message);
  }
  return fail(error, ERROR_upstream_error, "", answer, "the server answered the sign-in with '%.*s', which is not known here",
              STR_ARG(str_slice(status, 0, 60)));
}

int dhis2_json_login_verdict(struct arena *arena, const struct http_answer *answer, bool code_sent, struct error *error) {
  if (dhis2_front_verdict(arena, answer, true, error) < 0) return -1;
  if (answer->status == 200) {
    json_t *root = json_loadb(answer->body.p, answer->body.n, 0, NULL);
    struct str status = arena_str(arena, str_of(json_string_value(json_object_get(root, "loginStatus"))));
    json_decref(root);
    if (status.n == 0) return fail(error, ERROR_not_dhis2, "", answer, "the answer to the sign-in is not one of DHIS2's");
    return status_verdict(answer, status, code_sent, error);
  }
  struct str message = dhis2_message(arena, answer->body);
  if (answer->status == 401 && str_eq(message, STR("Bad credentials")))
    return fail(error, ERROR_wrong_credentials, "", answer,
                "user name or password is wrong, or this account signs in through another provider");
  if (answer->status == 403)
    return fail(error, ERROR_forbidden, "", answer,
                "the sign-in was refused before the password was looked at (403): something before the server, or its protection against "
                "forged requests");
  if (answer->status == 401 && message.n && !str_eq(message, STR("Unauthorized")))
    return fail(error, ERROR_wrong_credentials, "not_told", answer, "the server refused: %.*s", STR_ARG(message));
  if (answer->status == 401 || answer->status == 404 || answer->status == 405 || dhis2_login_redirect(answer->status, &answer->headers))
    return fail(error, ERROR_kind_not_offered, "", answer, "the server has no sign-in with a password at /api/auth/login");
  return fail(error, ERROR_upstream_error, "", answer, "the server could not read the sign-in (status %d)%s%.*s", answer->status,
              message.n ? ": " : "", STR_ARG(message));
}

/* --- form login --- */

int dhis2_form_login_verdict(struct arena *arena, const struct http_answer *answer, bool code_sent, struct str login_page,
                             struct error *error) {
  struct str location = location_of(answer), path = location;
  if (answer->status < 300 || answer->status > 399) {
    if (dhis2_front_verdict(arena, answer, true, error) < 0) return -1;
    if (answer->status == 403) return fail(error, ERROR_forbidden, "", answer, "something before the server refused the sign-in (403)");
    return fail(error, ERROR_kind_not_offered, "", answer, "the server has no sign-in form (status %d)", answer->status);
  }
  struct str query = location;
  path = str_take(&query, '?');
  if (str_ends(path, STR("enrolTwoFa.action")))
    return fail(error, ERROR_enrolment_required, "", answer,
                "the server demands a second factor of this user: set it up there, in the user profile, then sign in here");
  if (str_ends(path, STR("expired.action")))
    return fail(error, ERROR_password_expired, "", answer, "the password has expired: change it at the server");
  if (str_has(query, STR("twoFactor=true"))) {
    if (code_sent) return fail(error, ERROR_second_factor_wrong, "totp", answer, "the code of the authenticator app is wrong or too old");
    return fail(error, ERROR_second_factor_required, "totp", answer, "the server wants the code of the authenticator app as well");
  }
  if (str_has(query, STR("failed=true")))
    return fail(error, ERROR_wrong_credentials, "not_told", answer,
                "the server refused and does not say why: user name or password may be wrong, the account disabled, locked or expired, or "
                "the code of a second factor %s; signing in at %.*s in a browser may show more",
                code_sent ? "wrong" : "missing", STR_ARG(str_slice(login_page, 0, 150)));
  if (dhis2_login_redirect(answer->status, &answer->headers))
    return fail(error, ERROR_kind_not_offered, "", answer, "the server has no sign-in form any more: it sends to its login page");
  return 0; /* "/", or a page that was asked for before: who it is shows whether it is true */
}

/* --- tokens, Basic --- */

static const struct {
  const char *part, *reason, *message;
} token_reasons[] = {
    {"expired", "expired", "the token has expired: make a new one at the server"},
    {"ip address", "address",
     "the token may not be used from drawbridge's network address: add that address to the token's list, or make one without a list"},
    {"http method", "method", "the token's list of methods does not allow this: make one that allows what you need, GET at least"},
    {"referrer", "referer", "the token is tied to the address of a web page, which cannot work here: make one without that list"},
    {"disabled, locked", "disabled", "the token's owner is disabled, locked, or uses a second factor (tokens do not work with one)"},
    {"malformed", "malformed", "the server finds the token malformed: copy it again, whole"},
    {"Checksum", "malformed",
     "the token is mistyped or cut, or was made by 2.40 or before and does not work since the upgrade: copy it again, or make a new one"},
    {"not exist", "unknown", "the server does not know the token: it was revoked, or belongs to another server"},
    {"does not exists", "unknown", "the server does not know the token: it was revoked, or belongs to another server"},
};

static bool challenged(const struct http_answer *answer, struct str scheme) {
  for (size_t i = 0; i < answer->headers.n; i++)
    if (str_eq_nocase(answer->headers.p[i].name, STR("WWW-Authenticate")) && str_starts_nocase(answer->headers.p[i].value, scheme))
      return true;
  return false;
}

static int token_refused(const struct http_answer *answer, struct str message, struct error *error) {
  for (size_t i = 0; i < sizeof token_reasons / sizeof *token_reasons; i++)
    if (str_has(message, str_of(token_reasons[i].part)))
      return fail(error, ERROR_token_refused, token_reasons[i].reason, answer, "%s", token_reasons[i].message);
  if (message.n) return fail(error, ERROR_token_refused, "not_told", answer, "the server refused the token: %.*s", STR_ARG(message));
  return fail(error, ERROR_token_refused, "not_told", answer,
              "the server refused the token and does not say why: it may be unknown, revoked or expired, not allowed from this address or "
              "for this method, or its owner disabled or with a second factor; the "
              "token's page in the user profile at the server, and the server's log, tell");
}

int dhis2_token_verdict(struct arena *arena, const struct http_answer *answer, struct error *error) {
  int status = answer->status;
  struct str message = dhis2_is_html(&answer->headers) ? STR_NONE : dhis2_message(arena, answer->body);
  if (status == 401 && challenged(answer, STR("ApiToken"))) return token_refused(answer, message, error);
  if (status == 400 && (str_has(message, STR("malformed")) || str_has(message, STR("Checksum"))))
    return token_refused(answer, message, error);
  if (status == 401 || dhis2_login_redirect(status, &answer->headers))
    return fail(error, ERROR_kind_not_offered, "", answer,
                "the server did not look at the token: tokens are switched off there (enable.api_token.authentication in dhis.conf), or "
                "something before it takes the Authorization header away");
  if (dhis2_front_verdict(arena, answer, true, error) < 0) return -1;
  if (status == 403)
    return fail(error, ERROR_forbidden, "", answer,
                "the server, or something before it, does not let the token ask who it belongs to (403)");
  if (status < 200 || status >= 300)
    return fail(error, ERROR_upstream_error, "", answer, "the server could not answer (status %d)%s%.*s", status, message.n ? ": " : "",
                STR_ARG(message));
  return 0;
}

int dhis2_basic_verdict(struct arena *arena, const struct http_answer *answer, struct error *error) {
  int status = answer->status;
  struct str message = dhis2_is_html(&answer->headers) ? STR_NONE : dhis2_message(arena, answer->body);
  if (status == 401 && str_eq(message, STR("Account locked")))
    return fail(error, ERROR_account_locked, "", answer,
                "the account is locked after too many wrong passwords: wait 15 minutes without trying");
  if (status == 401 && str_eq(message, STR("Account disabled")))
    return fail(error, ERROR_account_disabled, "", answer, "the account is disabled: ask the server's administrator");
  if (status == 401 || dhis2_login_redirect(status, &answer->headers))
    return fail(error, ERROR_wrong_credentials, "not_told", answer,
                "the server refused and does not say why: user name or password may be wrong, the account expired, tied to another "
                "provider, or with a second factor (with which this kind of sign-in never works); or something "
                "before the server takes the Authorization header away");
  if (dhis2_front_verdict(arena, answer, true, error) < 0) return -1;
  if (status == 403) return fail(error, ERROR_forbidden, "", answer, "the server, or something before it, refused the call (403)");
  if (status < 200 || status >= 300)
    return fail(error, ERROR_upstream_error, "", answer, "the server could not answer (status %d)%s%.*s", status, message.n ? ": " : "",
                STR_ARG(message));
  return 0;
}

static struct str bearer_detail(struct arena *arena, const struct http_answer *answer) {
  json_t *root = answer->body.n ? json_loadb(answer->body.p, answer->body.n, 0, NULL) : NULL;
  struct str detail = arena_str(arena, str_slice(str_of(json_string_value(json_object_get(root, "devMessage"))), 0, 200));
  json_decref(root);
  return detail.n ? detail : dhis2_is_html(&answer->headers) ? STR_NONE : dhis2_message(arena, answer->body);
}

int dhis2_bearer_verdict(struct arena *arena, const struct http_answer *answer, struct error *error) {
  int status = answer->status;
  struct str detail = bearer_detail(arena, answer);
  if ((status == 401 || status == 403) && challenged(answer, STR("Bearer")) && str_has(detail, STR("no matching DHIS2 user")))
    return fail(error, ERROR_token_refused, "unknown", answer,
                "the server finds no user for its own token: 'username' must be among the client's scopes, and ticked on the consent page");
  if (status == 401 && challenged(answer, STR("Bearer")))
    return fail(error, ERROR_token_refused, "not_told", answer, "the server's API does not take the server's own token%s%.*s",
                detail.n ? ": " : "", STR_ARG(detail));
  if (status == 401 || dhis2_login_redirect(status, &answer->headers))
    return fail(error, ERROR_kind_not_offered, "", answer,
                "the server's API did not look at the token: bearer tokens are switched off there, or something before it takes the "
                "Authorization header away");
  if (dhis2_front_verdict(arena, answer, true, error) < 0) return -1;
  if (status < 200 || status >= 300)
    return fail(error, ERROR_upstream_error, "", answer, "the server could not answer (status %d)%s%.*s", status, detail.n ? ": " : "",
                STR_ARG(detail));
  return 0;
}
