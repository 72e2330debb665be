/* DELETE /v1/vault and /v1/vault/{server}: what this browser remembers for the person is forgotten. Connections stay as they are until the session ends. */
#include "base/mem.h"
#include "gateway/audit.h"
#include "gateway/failure.h"
#include "gateway/routes.h"
#include "gateway/vault.h"
#include "gateway/visit.h"

struct forgetting {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct gateway_session *session; /* own reference */
  struct str server;               /* p == NULL: all */
  struct secret *secret;           /* owned; of the browser's vault; NULL: none */
  struct vault_person person;
  struct error error;
};

static int forget_one(const struct rows *rows, struct gateway_session *session, struct connection *connection, struct error *error) {
  if (!vault_until(connection)) return 0;
  if (vault_forget(rows, connection, error)) return -1;
  connection_set_vault(connection, NULL);
  if (rows_renew_connection(rows, session, connection, error) == 0 || error->code == ERROR_changed_meanwhile) return 0;
  return -1;
}

/* While nothing gives the session another id. */
static void run(void *payload) {
  struct forgetting *forgetting = payload;
  session_begin_rotation(forgetting->session);
  struct gateway_session *newest = session_newest(forgetting->session);
  struct connection **list = mem_alloc_array(SESSION_CONNECTIONS_MAX, sizeof *list);
  size_t n = newest ? session_connections(newest, list, SESSION_CONNECTIONS_MAX) : 0;
  struct rows rows = sessions_rows(forgetting->gateway->sessions);
  int failed = 0;
  for (size_t i = 0; i < n; i++) {
    bool meant = !forgetting->server.p || str_eq(connection_about(list[i])->server, forgetting->server);
    if (meant && !failed) failed = forget_one(&rows, newest, list[i], &forgetting->error);
    connection_unref(list[i]);
  }
  bool rest = !forgetting->server.p && forgetting->secret && forgetting->person.home.p;
  if (!failed && rest) (void)vault_forget_all(&rows, forgetting->secret, &forgetting->person, &forgetting->error);
  sessions_rows_done(forgetting->gateway->sessions);
  free(list);
  session_end_rotation(forgetting->session);
  gateway_session_unref(newest);
}

static void done(void *payload) {
  struct forgetting *forgetting = payload;
  struct http_headers headers = {0};
  struct http_exchange *exchange = forgetting->exchange;
  struct visit *visit = visit_of(exchange);
  if (forgetting->error.code && forgetting->error.code != ERROR_changed_meanwhile) {
    gateway_reply_error(forgetting->gateway, exchange, &forgetting->error);
  } else {
    if (!forgetting->server.p) browser_vault_delete(visit->config, http_exchange_arena(exchange), &headers);
    audit_exchange(AUDIT_forgotten, exchange, forgetting->server, NULL, STR_NONE, NULL);
    gateway_reply(forgetting->gateway, exchange, 204, &headers, STR_NONE, STR(""));
  }
  gateway_session_unref(forgetting->session);
  secret_free(forgetting->secret);
  http_exchange_release(exchange);
  free(forgetting);
}

static void on_session(void *payload, struct http_exchange *exchange, struct gateway_session *session) {
  struct visit *visit = visit_of(exchange);
  struct arena *arena = http_exchange_arena(exchange);
  struct forgetting *forgetting = mem_alloc(sizeof *forgetting);
  *forgetting =
      (struct forgetting){.gateway = payload, .exchange = exchange, .session = gateway_session_ref(session), .server = visit->server};
  forgetting->person = vault_person_of(visit->config, session, arena);
  http_exchange_hold(exchange);
  if (browser_vault_find(visit->config, &http_exchange_request(exchange)->headers, arena, &forgetting->secret, &forgetting->error)) {
    done(forgetting);
    return;
  }
  if (work_submit(forgetting->gateway->calls, run, done, forgetting)) return;
  (void)failure_busy(&forgetting->error);
  done(forgetting);
}

void vault_delete(struct gateway *gateway, struct http_exchange *exchange, struct str id) {
  struct visit *visit = visit_of(exchange);
  const struct config_server *server = id.p ? config_server(visit->config, id) : NULL;
  if (id.p && !server) {
    struct error error = {0};
    (void)failure_unknown_server(&error, id);
    gateway_reply_error(gateway, exchange, &error);
    return;
  }
  if (server) visit->server = server->id;
  gateway_with_session(gateway, exchange, on_session, gateway);
}
