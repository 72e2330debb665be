#include "dhis2/sign_in.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "dhis2/judge.h"
#include "dhis2/refusal.h"
#include "dhis2/who.h"
#include "http/base64.h"
#include "http/cookie.h"
#include "http/form.h"
#include <jansson.h>

enum { USERNAME_MAX = 255, PASSWORD_MAX = 1024, CODE_MAX = 32, TOKEN_MAX = 512, BODY_MAX = 16384 };

static struct str known_version(const struct dhis2_probe *probe) {
  return probe ? probe->source.version_text : STR_NONE;
}

/* --- tokens and Basic: one header, sent once --- */

static int by_header(const struct source_place *place, const struct dhis2_probe *probe, struct source_credential credential,
                     dhis2_verdict *verdict, struct arena *arena, struct signed_in *ret, struct error *error) {
  struct dhis2_server *server = dhis2_who_server(place, credential);
  int result = dhis2_who(server, verdict, known_version(probe), arena, ret, error);
  dhis2_server_free(server);
  if (result == 0) {
    ret->credential = (struct source_credential){.kind = credential.kind, .value = secret_ref(credential.value)};
    return 0;
  }
  signed_in_clear(ret);
  return error_name_server(error, place->id);
}

/* RFC 6750 section 2.1, which DHIS2 holds its tokens to; before it came to look at them, a wrong letter was an error of the server's (to 2.40). */
static bool token_letters(struct str token) {
  size_t end = token.n;
  while (end && token.p[end - 1] == '=') end--;
  for (size_t i = 0; i < end; i++) {
    char c = token.p[i];
    bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~+/", c));
    if (!good) return false;
  }
  return end > 0 && token.n <= TOKEN_MAX;
}

int dhis2_sign_in_pat(const struct source_place *place, const struct dhis2_probe *probe, const struct secret *token, struct arena *arena,
                      struct signed_in *ret, struct error *error) {
  *ret = (struct signed_in){.kind = SIGN_IN_PAT};
  if (!token_letters(secret_reveal(token))) {
    (void)error_set(
        error, ERROR_token_refused,
        "this is no personal access token: it has letters that none has, or is empty or too long; copy it again, without blanks");
    (void)error_because(error, "malformed");
    return error_name_server(error, place->id);
  }
  struct secret *own = secret_new(secret_reveal(token));
  int result = by_header(place, probe, (struct source_credential){CREDENTIAL_PAT, own}, dhis2_token_verdict, arena, ret, error);
  secret_free(own);
  ret->kind = SIGN_IN_PAT;
  return result;
}

static int check_words(const struct source_place *place, struct str username, const struct secret *password, const struct secret *code,
                       struct error *error) {
  struct str word = secret_reveal(password), digits = secret_reveal(code);
  if (username.n == 0 || word.n == 0 || username.n > USERNAME_MAX || word.n > PASSWORD_MAX || digits.n > CODE_MAX)
    (void)error_set(error, ERROR_wrong_credentials, "user name or password is missing or too long");
  else if (str_find_char(username, 0) != SIZE_MAX || str_find_char(word, 0) != SIZE_MAX || str_find_char(digits, 0) != SIZE_MAX)
    (void)error_set(error, ERROR_wrong_credentials, "user name, password and code have no control characters");
  else
    return 0;
  return error_name_server(error, place->id);
}

int dhis2_sign_in_basic(const struct source_place *place, const struct dhis2_probe *probe, struct str username,
                        const struct secret *password, struct arena *arena, struct signed_in *ret, struct error *error) {
  *ret = (struct signed_in){.kind = SIGN_IN_BASIC};
  if (check_words(place, username, password, NULL, error) < 0) return -1;
  if (str_find_char(username, ':') != SIZE_MAX) {
    (void)error_set(error, ERROR_wrong_credentials, "a user name with a colon cannot be sent this way");
    return error_name_server(error, place->id);
  }
  struct secret *both = base64_basic(username, password);
  int result = by_header(place, probe, (struct source_credential){CREDENTIAL_BASIC, both}, dhis2_basic_verdict, arena, ret, error);
  secret_free(both);
  ret->kind = SIGN_IN_BASIC;
  return result;
}

int dhis2_token_alive(const struct source_place *place, struct source_credential token, const struct secret *cookies, struct error *error) {
  static const char *const elsewhere[] = {"address", "method", "referer"};
  struct arena *arena = arena_new();
  struct http_answer answer;
  struct dhis2_server *server = dhis2_who_server(place, token);
  if (cookies) dhis2_server_load_cookies(server, cookies);
  int result = dhis2_call(server, "GET", STR("/api/me?fields=id"), STR_NONE, STR_NONE, arena, &answer, error);
  if (result == 0) result = dhis2_token_verdict(arena, &answer, error);
  dhis2_server_free(server);
  arena_free(arena);
  if (result == 0) return 0;
  if (error->code == ERROR_kind_not_offered) error->code = ERROR_reauth_required;
  if (error->code == ERROR_token_refused) {
    error->code = ERROR_reauth_required;
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
      if (strcmp(error->reason, elsewhere[i]) == 0) error->code = ERROR_forbidden;
  }
  return error_name_server(error, place->id);
}

/* --- passwords: a session of the server's --- */

/* A body with secrets in it: room for all at once, since a buffer that grows leaves copies behind; wiped. */
static struct buf body_new(void) {
  struct buf body = BUF_INIT(BODY_MAX);
  (void)buf_reserve(&body, BODY_MAX);
  return body;
}

static void body_free(struct buf *body) {
  secret_wipe(body->p, body->capacity);
  buf_free(body);
}

static int json_login(struct dhis2_server *server, struct str username, const struct secret *password, const struct secret *code,
                      struct arena *arena, struct error *error) {
  struct buf body = body_new();
  struct json_out out = JSON_OUT_INIT(&body);
  struct http_answer answer;
  json_out_object(&out);
  json_out_member_str(&out, "username", username);
  json_out_member_str(&out, "password", secret_reveal(password));
  if (code) json_out_member_str(&out, "twoFactorCode", secret_reveal(code));
  json_out_end(&out);
  int result = dhis2_call(server, "POST", STR("/api/auth/login"), STR("application/json"), buf_str(&body), arena, &answer, error);
  body_free(&body);
  return result < 0 ? -1 : dhis2_json_login_verdict(arena, &answer, code != NULL, error);
}

static int form_login(struct dhis2_server *server, struct str username, const struct secret *password, const struct secret *code,
                      struct arena *arena, struct error *error) {
  struct buf body = body_new();
  struct http_answer answer;
  (void)form_add(&body, STR("j_username"), username);
  (void)form_add(&body, STR("j_password"), secret_reveal(password));
  if (code) (void)form_add(&body, STR("2fa_code"), secret_reveal(code));
  int result = dhis2_call(server, "POST", STR("/dhis-web-commons-security/login.action"), STR("application/x-www-form-urlencoded"),
                          buf_str(&body), arena, &answer, error);
  body_free(&body);
  struct str page = arena_printf(arena, "%.*s/dhis-web-commons/security/login.action", STR_ARG(dhis2_server_url(server)));
  return result < 0 ? -1 : dhis2_form_login_verdict(arena, &answer, code != NULL, page, error);
}

/* After a "yes": the session must be worth something. */
static int session_verdict(struct arena *arena, const struct http_answer *answer, struct error *error) {
  if (answer->status == 401 || dhis2_login_redirect(answer->status, &answer->headers)) {
    (void)error_set(error, ERROR_upstream_error,
                    "the server took the password but does not know its own session afterwards: something before it takes its cookies "
                    "away, or sends calls to servers that do not share sessions");
    error->upstream_status = answer->status;
    return error_because(error, "cookie");
  }
  if (dhis2_front_verdict(arena, answer, true, error) < 0) return -1;
  return dhis2_judge(arena, answer->status, &answer->headers, answer->body, true, error);
}

static struct secret *session_cookie(struct dhis2_server *server) {
  struct arena *arena = arena_new();
  struct str unused;
  struct str path = str_from(dhis2_server_url(server), str_find(dhis2_server_url(server), STR("://")) + 3);
  size_t slash = str_find_char(path, '/');
  path = arena_printf(arena, "%.*s/api/me", STR_ARG(slash == SIZE_MAX ? STR_NONE : str_from(path, slash)));
  struct secret *cookie = dhis2_cookie_header(dhis2_server_cookies(server), STR("GET"), path, clock_now_ms(), arena, &unused);
  arena_free(arena);
  return cookie ? cookie : secret_new(STR_NONE);
}

int dhis2_sign_in_password(const struct source_place *place, const struct dhis2_probe *probe, struct str username,
                           const struct secret *password, const struct secret *code, struct arena *arena, struct signed_in *ret,
                           struct error *error) {
  struct dhis2_probe asked;
  *ret = (struct signed_in){.kind = SIGN_IN_PASSWORD};
  if (code && secret_reveal(code).n == 0) code = NULL;
  if (check_words(place, username, password, code, error) < 0) return -1;
  if (!probe) {
    if (dhis2_probe(place, arena, &asked, error) < 0) return -1;
    probe = &asked;
  }
  if (probe->password_way == DHIS2_PASSWORD_NONE) {
    (void)error_set(error, ERROR_kind_not_offered, "%.*s", STR_ARG(probe->source.kinds[SIGN_IN_PASSWORD].why));
    return error_name_server(error, place->id);
  }
  struct dhis2_server *server = dhis2_who_server(place, (struct source_credential){0});
  int result = probe->password_way == DHIS2_PASSWORD_JSON ? json_login(server, username, password, code, arena, error)
                                                          : form_login(server, username, password, code, arena, error);
  if (result == 0) result = dhis2_who(server, session_verdict, probe->source.version_text, arena, ret, error);
  if (result == 0) ret->credential = (struct source_credential){CREDENTIAL_COOKIE, session_cookie(server)};
  dhis2_server_free(server);
  if (result == 0) return 0;
  signed_in_clear(ret);
  return error_name_server(error, place->id);
}

/* --- and out --- */

/* Whether those cookies are still somebody. */
static int still_alive(const struct source_place *place, const struct secret *cookies, bool *ret, struct error *error) {
  struct arena *arena = arena_new();
  struct dhis2_server *server = dhis2_who_server(place, (struct source_credential){0});
  dhis2_server_load_cookies(server, cookies);
  struct http_answer answer;
  struct signed_in_user user;
  int result =
      dhis2_call(server, "GET", STR("/api/me?fields=id,username,userCredentials%5Busername%5D"), STR_NONE, STR_NONE, arena, &answer, error);
  if (result == 0) *ret = answer.status == 200 && dhis2_user_read(arena, answer.body, &user);
  dhis2_server_free(server);
  arena_free(arena);
  return result;
}

int dhis2_sign_out(const struct source_place *place, const struct secret *cookies, struct error *error) {
  if (!cookies) return 0;
  struct arena *arena = arena_new();
  struct dhis2_server *server = dhis2_who_server(place, (struct source_credential){0});
  struct http_answer answer;
  bool alive = false;
  dhis2_server_load_cookies(server, cookies);
  /* POST: with the protection against forged requests on, GET ends nothing (2.42+); without it, every release takes either. */
  int result = dhis2_call(server, "POST", STR("/dhis-web-commons-security/logout.action"), STR("application/x-www-form-urlencoded"),
                          STR(""), arena, &answer, error);
  dhis2_server_free(server);
  arena_free(arena);
  if (result == 0) result = still_alive(place, cookies, &alive, error);
  if (result == 0 && alive)
    result =
        error_set(error, ERROR_upstream_error, "the server did not end its session: it ends by itself when it was not used for an hour");
  return result == 0 ? 0 : error_name_server(error, place->id);
}
