#include "gateway/arrival.h"

#include "base/clock.h"
#include "gateway/proof.h"
#include "gateway/revoke.h"
#include "gateway/site.h"
#include "gateway/transaction.h"
#include "gateway/visit.h"

/* The secret that the session uses already, or else that of the browser's cookie. */
static int find_vault(struct arrival *arrival, struct http_exchange *exchange, struct error *error) {
  const struct config *config = visit_of(exchange)->config;
  struct arena *arena = http_exchange_arena(exchange);
  if (site_is_apart(arrival->mode)) return 0;
  if (browser_vault_find(config, &http_exchange_request(exchange)->headers, arena, &arrival->vault, error)) return -1;
  struct secret *known = arrival->base ? vault_secret_of(arrival->base) : NULL;
  if (known) {
    secret_free(arrival->vault);
    arrival->vault = known;
  }
  if (arrival->base) arrival->person = vault_person_of(config, arrival->base, arena);
  return 0;
}

const char *arrival_remember(struct arrival *arrival, struct str server) {
  const struct config *config = directory_config(arrival->directory);
  const struct config_server *about = config_server(config, server);
  if (site_is_apart(arrival->mode)) return "an app on another site cannot have sign-ins remembered";
  if (about->home) return "people are known by this server: signing in here brings back what is remembered";
  if (!arrival->person.home.p) return "sign in to the home server first: what is remembered belongs to the person there";
  if (!arrival->vault) arrival->vault = browser_vault_new();
  arrival->remember_until_ms = clock_now_ms() + config->session_remember_ms;
  return NULL;
}

int arrival_begin(struct arrival *arrival, struct gateway *gateway, struct http_exchange *exchange, struct str app, enum config_mode mode,
                  struct gateway_session *base, struct error *error) {
  const struct visit *visit = visit_of(exchange);
  *arrival = (struct arrival){.gateway = gateway,
                              .directory = directory_ref(visit->directory),
                              .app = app,
                              .mode = mode,
                              .key = mode == CONFIG_MODE_HANDLE ? visit->key : STR_NONE,
                              .base = base ? gateway_session_ref(base) : NULL,
                              .idle_ms = visit->config->session_idle_ms,
                              .absolute_ms = visit->config->session_absolute_ms,
                              .most = (size_t)visit->config->limit_connections};
  if (mode == CONFIG_MODE_HANDLE && !visit->key.n) return proof_refuse(error, "missing", "sign the call: X-Drawbridge-Proof is missing");
  if (find_vault(arrival, exchange, error)) return -1;
  return browser_sign_ins(visit->config, &http_exchange_request(exchange)->headers, http_exchange_arena(exchange), &arrival->others,
                          &arrival->other_count, error);
}

/* Best effort: without it that sign-in ends in a session of its own. */
static void tell_others(struct arrival *arrival, int64_t now_ms) {
  struct error error = {0};
  for (size_t i = 0; i < arrival->other_count; i++) {
    struct rows rows = sessions_rows(arrival->gateway->sessions);
    int failed = transaction_carry(&rows, arrival->others[i].secret, session_cookie(arrival->admitted.session), now_ms, &error);
    sessions_rows_done(arrival->gateway->sessions);
    if (failed) log_event(LOG_WARNING, "sign_in_not_joined", LOG_FAILURE(&error));
  }
}

static int remember(struct arrival *arrival, int64_t now_ms, struct error *error) {
  if (!arrival->remember_until_ms) return 0;
  struct rows rows = sessions_rows(arrival->gateway->sessions);
  int failed = vault_remember(&rows, arrival->vault, &arrival->person, arrival->connection, now_ms, arrival->remember_until_ms, error);
  sessions_rows_done(arrival->gateway->sessions);
  arrival->vault_used = !failed;
  return failed;
}

/* Of a sign-in that another one has taken the place of, or that came to nothing. */
static void forget(struct arrival *arrival, struct connection *connection) {
  struct error error = {0};
  struct rows rows = sessions_rows(arrival->gateway->sessions);
  if (vault_forget(&rows, connection, &error)) log_event(LOG_WARNING, "vault_not_saved", LOG_FAILURE(&error));
  sessions_rows_done(arrival->gateway->sessions);
}

/* Best effort: the sign-in at home stands. While no other sign-in of this browser gives the session another id. */
static void restore(struct arrival *arrival, struct str server, int64_t now_ms) {
  const struct config *config = directory_config(arrival->directory);
  const struct connection_about *about = connection_about(arrival->connection);
  if (!arrival->vault || !config_server(config, server)->home) return;
  struct vault_person person = {about->server, about->url, about->user_id};
  struct error error = {0};
  size_t count = 0;
  session_begin_rotation(arrival->admitted.session);
  struct gateway_session *newest = session_newest(arrival->admitted.session);
  if (newest) {
    struct rows rows = sessions_rows(arrival->gateway->sessions);
    if (vault_restore(&rows, arrival->vault, &person, config, newest, arrival->most, now_ms, &count, &error))
      log_event(LOG_WARNING, "vault_not_read", LOG_FAILURE(&error));
    sessions_rows_done(arrival->gateway->sessions);
  }
  session_end_rotation(arrival->admitted.session);
  gateway_session_unref(newest);
  arrival->vault_used = arrival->vault_used || count;
}

int arrival_run(struct arrival *arrival, struct str server, const struct signed_in *signed_in, struct error *error) {
  int64_t now = clock_now_ms();
  struct str url = directory_place(directory_find(arrival->directory, server))->base_url;
  arrival->connection = connection_of_sign_in(server, url, signed_in, now);
  struct admission admission = {
      .base = arrival->base,
      .terms = {.app = arrival->app,
                .mode = arrival->mode,
                .key = arrival->key,
                .created_ms = now,
                .expires_ms = now + arrival->absolute_ms,
                .idle_ms = arrival->idle_ms},
      .connection = arrival->connection,
      .most = arrival->most,
  };
  if (remember(arrival, now, error)) return -1;
  if (admission_run(arrival->gateway->sessions, &admission, &arrival->admitted, error)) {
    forget(arrival, arrival->connection);
    return -1;
  }
  if (arrival->admitted.replaced) forget(arrival, arrival->admitted.replaced);
  restore(arrival, server, now);
  tell_others(arrival, now);
  return 0;
}

/* What the browser is to send from now on. */
static void hand_over(const struct arrival *arrival, struct http_exchange *exchange, struct http_headers *headers) {
  const struct secret *text = session_cookie(arrival->admitted.session);
  struct arena *arena = http_exchange_arena(exchange);
  if (arrival->key.n)
    http_headers_set(headers, arena, STR("X-Drawbridge-Session"), secret_reveal(text));
  else
    browser_cookie_set(visit_of(exchange)->config, arrival->mode, text, arena, headers);
}

void arrival_settle(struct arrival *arrival, struct http_exchange *exchange, struct http_headers *headers) {
  struct visit *visit = visit_of(exchange);
  const struct connection_about *about = connection_about(arrival->connection);
  sessions_add(arrival->gateway->sessions, arrival->admitted.session);
  visit_session(visit, arrival->admitted.session);
  hand_over(arrival, exchange, headers);
  if (arrival->vault_used) browser_vault_set(visit->config, arrival->vault, http_exchange_arena(exchange), headers);
  audit_exchange(AUDIT_signed_in, exchange, about->server, config_kind_name(about->kind), about->username, NULL);
  metrics_count_at(&arrival->gateway->metrics, about->server, METRIC_SIGN_INS);
  if (!arrival->admitted.replaced) return;
  revoke_start(arrival->gateway, arrival->directory, &arrival->admitted.replaced, 1, NULL, NULL);
  arrival->admitted.replaced = NULL;
}

void arrival_clear(struct arrival *arrival) {
  if (!arrival->gateway) return;
  for (size_t i = 0; i < arrival->other_count; i++) secret_free(arrival->others[i].secret);
  secret_free(arrival->vault);
  gateway_session_unref(arrival->base);
  connection_unref(arrival->admitted.replaced);
  if (arrival->connection && !arrival->admitted.session)
    revoke_start(arrival->gateway, arrival->directory, &arrival->connection, 1, NULL, NULL);
  else
    connection_unref(arrival->connection);
  gateway_session_unref(arrival->admitted.session);
  directory_unref(arrival->directory);
  *arrival = (struct arrival){0};
}
