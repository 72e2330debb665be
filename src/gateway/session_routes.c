/* GET and DELETE /v1/session, POST /v1/probe. */
#include "base/mem.h"
#include "gateway/ending.h"
#include "gateway/revoke.h"
#include "gateway/routes.h"
#include "gateway/session_view.h"
#include "gateway/vault.h"
#include "gateway/visit.h"

struct asked {
  struct gateway *gateway;
  struct http_exchange *exchange;
};

static struct asked *ask(struct gateway *gateway, struct http_exchange *exchange) {
  struct asked *asked = ARENA_NEW(http_exchange_arena(exchange), struct asked);
  *asked = (struct asked){gateway, exchange};
  return asked;
}

static void show(void *payload, struct gateway_session *session, const struct error *error) {
  struct asked *asked = payload;
  if (!session && !gateway_is_no_session(error))
    gateway_reply_error(asked->gateway, asked->exchange, error);
  else
    gateway_reply_json(asked->gateway, asked->exchange, 200,
                       session_view(visit_of(asked->exchange)->config, session, visit_of(asked->exchange)->asking.mode,
                                    http_exchange_arena(asked->exchange)));
}

void session_get(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  (void)id;
  gateway_find_session(gateway, exchange, show, ask(gateway, exchange));
}

/* POST /v1/probe: a cookie as the session's would be, and whether it came back. The app that asks twice and gets no cookie holds its session by a key (mode `handle`), where its configuration lets it. */
void session_probe(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  (void)id;
  const struct visit *visit = visit_of(exchange);
  const struct config_app *app = visit->asking.app;
  struct arena *arena = http_exchange_arena(exchange);
  struct http_headers headers = {0};
  bool came = browser_probe_came(visit->config, &http_exchange_request(exchange)->headers, arena);
  bool handle = app && (app->mode == CONFIG_MODE_AUTO || app->mode == CONFIG_MODE_HANDLE);
  browser_probe_set(visit->config, visit->asking.mode, arena, &headers);
  gateway_reply(gateway, exchange, 200, &headers, STR("application/json"),
                arena_printf(arena, "{\"cookies\":%s,\"handle\":%s}", came ? "true" : "false", handle ? "true" : "false"));
}

/* Signing out of everything: the rows first, so that nobody comes in any more, then the servers. */

struct leaving {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct gateway_session *session, *newest;
  struct error error;
};

static void reply_left(struct gateway *gateway, struct http_exchange *exchange) {
  struct http_headers headers = {0};
  struct visit *visit = visit_of(exchange);
  if (visit->asking.mode != CONFIG_MODE_HANDLE)
    browser_cookie_delete(visit->config, visit->asking.mode, http_exchange_arena(exchange), &headers);
  gateway_reply(gateway, exchange, 204, &headers, STR_NONE, STR(""));
}

static void free_leaving(struct leaving *leaving) {
  gateway_session_unref(leaving->session);
  gateway_session_unref(leaving->newest);
  http_exchange_release(leaving->exchange);
  free(leaving);
}

static void delete_rows(void *payload) {
  struct leaving *leaving = payload;
  (void)ending_session(leaving->gateway, leaving->session, &leaving->newest, &leaving->error);
}

static void on_revoked(void *payload) {
  struct leaving *leaving = payload;
  reply_left(leaving->gateway, leaving->exchange);
  free_leaving(leaving);
}

/* What is remembered ends here, and stays as it is at its server. Returns how many are left to be revoked. */
static size_t keep_remembered(struct gateway *gateway, struct connection **list, size_t n) {
  size_t left = 0;
  for (size_t i = 0; i < n; i++) {
    if (!vault_until(list[i])) {
      list[left++] = list[i];
      continue;
    }
    connection_end(list[i]);
    connection_unref(list[i]);
  }
  revoke_from_loops(gateway);
  return left;
}

static void on_deleted(void *payload) {
  struct leaving *leaving = payload;
  if (leaving->error.code) {
    gateway_reply_error(leaving->gateway, leaving->exchange, &leaving->error);
    free_leaving(leaving);
    return;
  }
  struct connection **list = mem_alloc_array(SESSION_CONNECTIONS_MAX, sizeof *list);
  size_t n = session_connections(leaving->newest ? leaving->newest : leaving->session, list, SESSION_CONNECTIONS_MAX);
  sessions_forget(leaving->gateway->sessions, leaving->session);
  if (leaving->newest) sessions_forget(leaving->gateway->sessions, leaving->newest);
  for (size_t i = 0; i < n; i++) {
    const struct connection_about *about = connection_about(list[i]);
    audit_exchange(AUDIT_signed_out, leaving->exchange, about->server, config_kind_name(about->kind), about->username, NULL);
    metrics_count_at(&leaving->gateway->metrics, about->server, METRIC_SIGN_OUTS);
  }
  n = keep_remembered(leaving->gateway, list, n);
  audit_exchange(AUDIT_session_ended, leaving->exchange, STR_NONE, NULL, STR_NONE, NULL);
  metrics_count(&leaving->gateway->metrics, METRIC_SESSIONS_ENDED);
  revoke_start(leaving->gateway, visit_of(leaving->exchange)->directory, list, n, on_revoked, leaving);
  free(list);
}

static void leave(void *payload, struct gateway_session *session, const struct error *error) {
  struct asked *asked = payload;
  if (!session) {
    if (gateway_is_no_session(error))
      reply_left(asked->gateway, asked->exchange);
    else
      gateway_reply_error(asked->gateway, asked->exchange, error);
    return;
  }
  struct leaving *leaving = mem_alloc(sizeof *leaving);
  *leaving = (struct leaving){.gateway = asked->gateway, .exchange = asked->exchange, .session = gateway_session_ref(session)};
  http_exchange_hold(asked->exchange);
  if (work_submit(asked->gateway->calls, delete_rows, on_deleted, leaving)) return;
  (void)failure_busy(&leaving->error);
  on_deleted(leaving);
}

void session_delete(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  (void)id;
  gateway_find_session(gateway, exchange, leave, ask(gateway, exchange));
}
