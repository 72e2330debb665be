/* GET /v1/servers/{id}/authorize and GET /v1/callback/{id}: signing in at the server's own page. */
#include "base/clock.h"
#include "base/mem.h"
#include "gateway/failure.h"
#include "gateway/oauth_sign_in.h"
#include "gateway/reply.h"
#include "gateway/routes.h"
#include "gateway/site.h"
#include "gateway/transaction.h"
#include "gateway/visit.h"
#include "http/form.h"
#include "http/url.h"

enum { CHALLENGE_LETTERS = 43 };

static bool find_server(struct visit *visit, struct str id, struct error *error) {
  const struct config_server *server = config_server(visit->config, id);
  if (server)
    visit->server = server->id;
  else
    (void)failure_unknown_server(error, id);
  return server;
}

/* --- leaving --- */

struct leaving {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct directory_server *server;
  struct arena *arena; /* of the exchange; the worker's alone while it works */
  struct transaction transaction;
  struct secret *cookie, *session; /* of this sign-in; of the session there is, NULL: none */
  struct oauth_start start;
  struct browser_sign_in *others;
  size_t other_count;
  struct error error;
};

static bool is_challenge(struct str text) {
  bool good = text.n == CHALLENGE_LETTERS;
  for (size_t i = 0; i < text.n && good; i++)
    good = (text.p[i] >= 'a' && text.p[i] <= 'z') || (text.p[i] >= 'A' && text.p[i] <= 'Z') || (text.p[i] >= '0' && text.p[i] <= '9') ||
           text.p[i] == '-' || text.p[i] == '_';
  return good;
}

static int read_query(struct leaving *leaving, const struct visit *visit, struct str query, struct error *error) {
  struct form form;
  struct str return_to = STR_NONE, challenge = STR_NONE, remember = STR_NONE;
  struct transaction *t = &leaving->transaction;
  const struct config_app *app;
  if (form_parse(leaving->arena, query, &form, error)) return -1;
  if (form_count(&form, STR("return_to")) > 1 || form_count(&form, STR("challenge")) > 1 || form_count(&form, STR("remember")) > 1)
    return error_set(error, ERROR_bad_request, "a parameter is there twice");
  if (!form_get(&form, STR("return_to"), &return_to))
    return error_set(error, ERROR_return_to_refused, "return_to is missing: it says where to go after the sign-in");
  if (config_return_to(visit->config, leaving->arena, return_to, &t->return_to, &app, error)) return -1;
  struct url url;
  if (url_parse(leaving->arena, t->return_to, &url, error)) return -1;
  struct str origin = url_origin(leaving->arena, &url);
  t->mode = site_mode(visit->config, leaving->arena, app, origin);
  (void)form_get(&form, STR("challenge"), &challenge);
  (void)form_get(&form, STR("remember"), &remember);
  t->remember = str_eq(remember, STR("true"));
  if (challenge.n && t->mode == CONFIG_MODE_SAME_SITE && app->mode == CONFIG_MODE_AUTO)
    t->mode = CONFIG_MODE_HANDLE; /* its browser keeps no cookie */
  if (!site_is_apart(t->mode)) return 0;
  t->app = origin;
  if (!challenge.n)
    return error_set(error, ERROR_challenge_required, "an app on another site is to send challenge=BASE64URL(SHA-256(verifier))");
  if (!is_challenge(challenge)) return error_set(error, ERROR_bad_request, "the challenge is to be 43 letters of base64url");
  t->challenge = challenge;
  return 0;
}

/* Which of the two authorization servers does it have? */
static const struct oauth_provider *choose(struct directory_server *server, const struct directory_answer *answer, struct error *error) {
  struct error ignored = {0};
  if (answer->error.code) {
    *error = answer->error;
    return NULL;
  }
  if (directory_offers(server, SIGN_IN_OAUTH, answer, &ignored) == 0 && answer->source->oauth.authorization_endpoint.n)
    return &answer->source->oauth;
  if (directory_offers(server, SIGN_IN_LEGACY_OAUTH, answer, error) == 0 && answer->source->legacy_oauth.authorization_endpoint.n)
    return &answer->source->legacy_oauth;
  if (!error->code || error->code == ERROR_kind_not_offered) *error = ignored;
  if (!error->code) (void)error_set(error, ERROR_kind_not_offered, "the server does not offer sign-in by OAuth: choose another kind");
  return NULL;
}

static int store_transaction(struct leaving *leaving, struct error *error) {
  int64_t now = clock_now_ms();
  struct rows rows = sessions_rows(leaving->gateway->sessions);
  int failed = transaction_put(&rows, leaving->start.state, leaving->cookie, &leaving->transaction, now, error);
  if (!failed && leaving->session) failed = transaction_carry(&rows, leaving->cookie, leaving->session, now, error);
  sessions_rows_done(leaving->gateway->sessions);
  return failed;
}

static void leave_run(void *payload) {
  struct leaving *leaving = payload;
  struct visit *visit = visit_of(leaving->exchange);
  const struct directory_answer *answer = directory_probe(leaving->server);
  const struct oauth_provider *oauth = choose(leaving->server, answer, &leaving->error);
  struct oauth_party party = directory_party(visit->directory, leaving->server, oauth, leaving->arena);
  if (oauth && oauth_start(&party, leaving->arena, &leaving->start, &leaving->error) == 0) {
    struct transaction *t = &leaving->transaction;
    t->server = directory_about(leaving->server)->id;
    t->nonce = leaving->start.nonce;
    t->issuer = arena_str(leaving->arena, oauth->issuer);
    t->token_endpoint = arena_str(leaving->arena, oauth->token_endpoint);
    t->legacy = oauth == &answer->source->legacy_oauth;
    t->verifier = leaving->start.verifier;
    leaving->start.verifier = NULL;
    (void)store_transaction(leaving, &leaving->error);
  }
  directory_answer_unref(answer);
}

static void free_leaving(struct leaving *leaving) {
  transaction_clear(&leaving->transaction);
  for (size_t i = 0; i < leaving->other_count; i++) secret_free(leaving->others[i].secret);
  secret_free(leaving->cookie);
  secret_free(leaving->session);
  http_exchange_release(leaving->exchange);
  free(leaving);
}

/* One more may begin; the oldest of too many make room (R-E5). */
static void drop_oldest(const struct leaving *leaving, const struct visit *visit, struct http_headers *headers) {
  size_t most = (size_t)visit->config->limit_sign_ins;
  for (size_t i = 0; i + most <= leaving->other_count; i++)
    browser_sign_in_delete(visit->config, leaving->others[i].name, leaving->arena, headers);
}

static void leave_done(void *payload) {
  struct leaving *leaving = payload;
  struct visit *visit = visit_of(leaving->exchange);
  struct http_headers headers = {0};
  if (leaving->error.code) {
    (void)error_name_server(&leaving->error, visit->server);
    gateway_reply_error(leaving->gateway, leaving->exchange, &leaving->error);
  } else {
    drop_oldest(leaving, visit, &headers);
    browser_sign_in_set(visit->config, leaving->start.state, clock_now_ms() / 1000, leaving->cookie, leaving->arena, &headers);
    http_headers_add(&headers, leaving->arena, STR("Location"), leaving->start.url);
    gateway_reply(leaving->gateway, leaving->exchange, 303, &headers, STR_NONE, STR(""));
  }
  free_leaving(leaving);
}

static int prepare_leaving(struct leaving *leaving, struct visit *visit, struct str id, struct error *error) {
  const struct http_request *request = http_exchange_request(leaving->exchange);
  struct str session;
  struct error oauth = {0}, legacy = {0};
  if (!find_server(visit, id, error)) return -1;
  leaving->server = directory_find(visit->directory, visit->server);
  if (read_query(leaving, visit, request->query, error)) return -1;
  if (directory_offers(leaving->server, SIGN_IN_OAUTH, NULL, &oauth) &&
      directory_offers(leaving->server, SIGN_IN_LEGACY_OAUTH, NULL, &legacy)) {
    *error = oauth;
    return -1;
  }
  if (browser_sign_ins(visit->config, &request->headers, leaving->arena, &leaving->others, &leaving->other_count, error)) return -1;
  if (browser_cookie_find(visit->config, &request->headers, leaving->arena, &session, error)) return -1;
  leaving->session = session.n && !site_is_apart(leaving->transaction.mode) ? secret_new(session) : NULL;
  if (!site_is_apart(leaving->transaction.mode) &&
      browser_vault_find(visit->config, &request->headers, leaving->arena, &leaving->transaction.vault, error))
    return -1;
  leaving->cookie = secret_random(32);
  return 0;
}

void authorize(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  struct leaving *leaving = mem_alloc(sizeof *leaving);
  *leaving = (struct leaving){.gateway = gateway, .exchange = exchange, .arena = http_exchange_arena(exchange)};
  http_exchange_hold(exchange);
  if (prepare_leaving(leaving, visit_of(exchange), id, &leaving->error)) {
    leave_done(leaving);
    return;
  }
  if (work_submit(gateway->calls, leave_run, leave_done, leaving)) return;
  (void)failure_busy(&leaving->error);
  leave_done(leaving);
}

/* --- coming back --- */

struct returning {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct directory_server *server;
  struct oauth_callback callback;
  struct secret *cookie;  /* of this sign-in; NULL: the browser has none */
  struct secret *session; /* text of the session's cookie that was carried; NULL: none */
  struct transaction transaction;
  bool known; /* the transaction was found: return_to may be believed */
  struct str hand_off_code;
  struct oauth_sign_in sign_in;
  struct error error;
};

static void free_returning(struct returning *returning) {
  transaction_clear(&returning->transaction);
  secret_free(returning->callback.code);
  secret_free(returning->cookie);
  secret_free(returning->session);
  oauth_sign_in_clear(&returning->sign_in);
  http_exchange_release(returning->exchange);
  free(returning);
}

/* The words of the page for what is no error of drawbridge or the server. */
static const char *problem_of(const struct error *error) {
  if (error->code == ERROR_cancelled) return "access_denied";
  return error->code == ERROR_bad_request ? "transaction_lost" : error_name(error->code);
}

/* Back to the page, which says what went wrong and offers to try again. */
static void reply_problem(struct returning *returning) {
  struct visit *visit = visit_of(returning->exchange);
  struct arena *arena = http_exchange_arena(returning->exchange);
  struct http_headers headers = {0};
  struct error *error = &returning->error;
  struct str address =
      arena_printf(arena, "%.*s?problem=%s", STR_ARG(reply_login_url(visit->config->public_url, visit->server, arena)), problem_of(error));
  if (error->reason[0])
    address = arena_printf(arena, "%.*s&reason=%.*s", STR_ARG(address), STR_ARG(url_encode(arena, str_of(error->reason))));
  if (returning->known) {
    struct str back = returning->transaction.return_to, own = visit->config->public_origin;
    if (str_starts(back, own) && back.n > own.n && back.p[own.n] == '/') back = str_from(back, own.n);
    address = arena_printf(arena, "%.*s&return_to=%.*s", STR_ARG(address), STR_ARG(url_encode(arena, back)));
  }
  if (returning->cookie)
    browser_sign_in_delete(visit->config, browser_sign_in_name(visit->config, returning->callback.state, arena), arena, &headers);
  http_headers_add(&headers, arena, STR("Location"), address);
  visit->code = error->code;
  gateway_tell_operator(returning->gateway, returning->exchange, error);
  audit_exchange(AUDIT_sign_in_failed, returning->exchange, visit->server, returning->transaction.legacy ? "legacy-oauth" : "oauth",
                 STR_NONE, error);
  metrics_count_at(&returning->gateway->metrics, visit->server, METRIC_SIGN_INS_FAILED);
  gateway_reply(returning->gateway, returning->exchange, 303, &headers, STR_NONE, STR(""));
}

static struct str with_code(struct str address, struct str code, struct arena *arena) {
  bool has_fragment = str_find_char(address, '#') != SIZE_MAX;
  return arena_printf(arena, "%.*s%cdrawbridge_code=%.*s", STR_ARG(address), has_fragment ? '&' : '#', STR_ARG(code));
}

static void return_done(void *payload) {
  struct returning *returning = payload;
  struct visit *visit = visit_of(returning->exchange);
  struct arena *arena = http_exchange_arena(returning->exchange);
  struct http_headers headers = {0};
  if (returning->error.code) {
    reply_problem(returning);
    free_returning(returning);
    return;
  }
  struct str address = returning->transaction.return_to;
  browser_sign_in_delete(visit->config, browser_sign_in_name(visit->config, returning->callback.state, arena), arena, &headers);
  if (returning->hand_off_code.n)
    address = with_code(address, returning->hand_off_code, arena);
  else
    arrival_settle(&returning->sign_in.arrival, returning->exchange, &headers);
  http_headers_add(&headers, arena, STR("Location"), address);
  gateway_reply(returning->gateway, returning->exchange, 303, &headers, STR_NONE, STR(""));
  free_returning(returning);
}

/* Once: of two callbacks with one state one gets it. */
static int take_transaction(struct returning *returning, struct error *error) {
  struct visit *visit = visit_of(returning->exchange);
  struct transaction *t = &returning->transaction;
  int64_t now = clock_now_ms();
  if (!returning->cookie) return error_set(error, ERROR_bad_request, "this browser did not begin the sign-in, or too long ago");
  struct rows rows = sessions_rows(returning->gateway->sessions);
  int found =
      transaction_take(&rows, returning->callback.state, returning->cookie, now, http_exchange_arena(returning->exchange), t, error);
  if (found == 1 && transaction_take_carried(&rows, returning->cookie, now, &returning->session, error) < 0) found = -1;
  sessions_rows_done(returning->gateway->sessions);
  if (found < 0) return -1;
  if (!found || !str_eq(t->server, visit->server))
    return error_set(error, ERROR_bad_request, "this sign-in is not known, used already, or of another server");
  returning->known = true;
  return 0;
}

static void take_run(void *payload) {
  struct returning *returning = payload;
  struct arena *arena = http_exchange_arena(returning->exchange);
  struct error *error = &returning->error;
  if (take_transaction(returning, error)) return;
  const struct directory_answer *answer = directory_probe(returning->server);
  const struct oauth_provider *oauth = oauth_of_transaction(answer, &returning->transaction, error);
  if (oauth && oauth_callback_check(&returning->callback, oauth, error) == 0 && site_is_apart(returning->transaction.mode)) {
    struct transaction *t = &returning->transaction;
    t->code = secret_ref(returning->callback.code);
    struct rows rows = sessions_rows(returning->gateway->sessions);
    (void)transaction_hand_off(&rows, t, clock_now_ms(), arena, &returning->hand_off_code, error);
    sessions_rows_done(returning->gateway->sessions);
  }
  directory_answer_unref(answer);
}

static void redeem_run(void *payload) {
  struct returning *returning = payload;
  oauth_sign_in_run(&returning->sign_in, returning->server, &returning->transaction, returning->callback.code, &returning->error);
}

static void begin_sign_in(struct returning *returning, struct gateway_session *session) {
  struct arrival *arrival = &returning->sign_in.arrival;
  const struct transaction *t = &returning->transaction;
  if (oauth_sign_in_begin(&returning->sign_in, returning->gateway, returning->exchange, STR(""), t->mode, session, &returning->error))
    return;
  if (!arrival->vault) arrival->vault = secret_ref(t->vault);
  if (t->remember) (void)arrival_remember(arrival, t->server);
}

/* The session that the browser had when it left, or that another sign-in has made of it since. */
static void on_session(void *payload, struct gateway_session *session, const struct error *error) {
  struct returning *returning = payload;
  if (!session && !gateway_is_no_session(error))
    returning->error = *error;
  else
    begin_sign_in(returning, session && session_frozen(session) ? NULL : session);
  if (!returning->error.code && work_submit(returning->gateway->calls, redeem_run, return_done, returning)) return;
  if (!returning->error.code) (void)failure_busy(&returning->error);
  return_done(returning);
}

static void take_done(void *payload) {
  struct returning *returning = payload;
  struct error none = {0};
  (void)error_set(&none, ERROR_no_session, "there was none");
  if (returning->error.code || returning->hand_off_code.n)
    return_done(returning);
  else if (returning->session)
    sessions_find(returning->gateway->sessions, secret_reveal(returning->session), on_session, returning);
  else
    on_session(returning, NULL, &none);
}

static int read_callback(struct returning *returning, struct visit *visit, struct str id, struct error *error) {
  const struct http_request *request = http_exchange_request(returning->exchange);
  struct arena *arena = http_exchange_arena(returning->exchange);
  struct browser_sign_in *list;
  size_t count;
  if (!find_server(visit, id, error)) return -1;
  returning->server = directory_find(visit->directory, visit->server);
  if (oauth_callback_read(arena, request->query, &returning->callback, error)) return -1;
  if (browser_sign_ins(visit->config, &request->headers, arena, &list, &count, error)) return -1;
  struct str name = browser_sign_in_name(visit->config, returning->callback.state, arena);
  for (size_t i = 0; i < count; i++) {
    if (!returning->cookie && str_eq(list[i].name, name)) returning->cookie = secret_ref(list[i].secret);
    secret_free(list[i].secret);
  }
  return 0;
}

void callback(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  struct returning *returning = mem_alloc(sizeof *returning);
  *returning = (struct returning){.gateway = gateway, .exchange = exchange};
  http_exchange_hold(exchange);
  if (read_callback(returning, visit_of(exchange), id, &returning->error)) {
    gateway_reply_error(gateway, exchange, &returning->error);
    free_returning(returning);
    return;
  }
  if (work_submit(gateway->calls, take_run, take_done, returning)) return;
  (void)failure_busy(&returning->error);
  return_done(returning);
}
