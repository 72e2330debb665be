/* POST /v1/backchannel-logout/{id}: an authorization server says that somebody has signed out there (R-E11). Everything of that person, or of that one session there, ends here: rows at once, and what this process holds in memory with
 * the next use, since the store is looked at before it; other processes follow as sessions.h says. */
#include "base/clock.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "gateway/audit.h"
#include "gateway/failure.h"
#include "gateway/routes.h"
#include "gateway/visit.h"
#include "http/form.h"
#include "oauth/logout_token.h"

enum { AT_ONCE_MAX = 4 };

struct ending {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct directory_server *server;
  struct secret *token;
  struct error error;
};

static const struct str replay_kind = {"logout", 6};

/* Each number once, for as long as its token could be used. */
static int take_number(const struct rows *rows, const struct logout_token *token, struct str server, struct arena *arena,
                       struct error *error) {
  struct store_ticket ticket = {.kind = replay_kind, .server = server, .sealed = STR(""), .expires_ms = token->expires_ms + 60000};
  hash_sha256(arena_printf(arena, "%.*s %.*s", STR_ARG(server), STR_ARG(token->jti)), ticket.id);
  if (store_ticket_put(rows->store, &ticket, error) == 0) return 0;
  return error->code == ERROR_conflict ? error_set(error, ERROR_bad_request, "this logout token came before") : -1;
}

static void run(void *payload) {
  struct ending *ending = payload;
  struct error *error = &ending->error;
  struct arena *arena = arena_new();
  struct str server = directory_about(ending->server)->id;
  const struct directory_answer *answer = directory_probe(ending->server);
  struct oauth_party party = directory_party(visit_of(ending->exchange)->directory, ending->server, &answer->source->oauth, arena);
  struct logout_token token;
  if (answer->error.code)
    *error = answer->error;
  else if (!answer->source->oauth.jwks_uri.n)
    (void)error_set(error, ERROR_bad_request, "this server has no authorization server that could say so");
  else if (logout_token_verify(&party, secret_reveal(ending->token), clock_now_ms(), arena, &token, error) == 0) {
    size_t count = 0;
    struct rows rows = sessions_rows(ending->gateway->sessions);
    if (take_number(&rows, &token, server, arena, error) == 0)
      (void)rows_end_person(&rows, server, token.subject, token.sid, &count, error);
    sessions_rows_done(ending->gateway->sessions);
    if (!error->code) log_event(LOG_INFO, "ended_by_provider", LOG_STR("server", server), LOG_INT("connections", (int64_t)count));
  }
  directory_answer_unref(answer);
  arena_free(arena);
}

static void finish(void *payload) {
  struct ending *ending = payload;
  struct str server = directory_about(ending->server)->id;
  ending->gateway->loops->logouts--;
  audit_exchange(AUDIT_ended_elsewhere, ending->exchange, server, "oauth", STR_NONE, ending->error.code ? &ending->error : NULL);
  if (ending->error.code) {
    gateway_reply_error(ending->gateway, ending->exchange, &ending->error);
  } else {
    sessions_look_again(ending->gateway->sessions);
    gateway_reply(ending->gateway, ending->exchange, 200, NULL, STR_NONE, STR(""));
  }
  secret_free(ending->token);
  http_exchange_release(ending->exchange);
  free(ending);
}

static struct secret *read_token(struct http_exchange *exchange, struct str body, struct error *error) {
  struct form form;
  struct str token = STR_NONE;
  if (form_parse(http_exchange_arena(exchange), body, &form, error) < 0) return NULL;
  if (form_count(&form, STR("logout_token")) == 1 && form_get(&form, STR("logout_token"), &token) && token.n) return secret_new(token);
  (void)error_set(error, ERROR_bad_request, "the body is to be a form with one logout_token");
  return NULL;
}

static void on_body(struct gateway *gateway, struct http_exchange *exchange, struct gateway_session *session, struct str body) {
  const struct visit *visit = visit_of(exchange);
  struct error error = {0};
  (void)session;
  struct secret *token = read_token(exchange, body, &error);
  if (token && gateway->loops->logouts >= AT_ONCE_MAX)
    (void)failure_later(&error, ERROR_too_many, 5, "too many tell of a sign-out at once");
  if (error.code) {
    secret_free(token);
    gateway_reply_error(gateway, exchange, &error);
    return;
  }
  struct ending *ending = mem_alloc(sizeof *ending);
  *ending =
      (struct ending){.gateway = gateway, .exchange = exchange, .server = directory_find(visit->directory, visit->server), .token = token};
  gateway->loops->logouts++;
  http_exchange_hold(exchange);
  if (work_submit(gateway->background, run, finish, ending)) return;
  (void)failure_busy(&ending->error);
  finish(ending);
}

void backchannel_logout(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  struct visit *visit = visit_of(exchange);
  const struct config_server *server = config_server(visit->config, id);
  struct error error = {0};
  if (server && server->type == CONFIG_HTTP && server->oauth.client_id.n) {
    visit->server = server->id;
    gateway_read_secret_body(gateway, exchange, on_body);
    return;
  }
  (void)failure_unknown_server(&error, id);
  gateway_reply_error(gateway, exchange, &error);
}
