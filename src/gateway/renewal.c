#include "gateway/renewal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/lease_keeper.h"
#include "gateway/vault.h"

enum { LEASE_PATIENCE_MS = 60000, LEASE_LOOK_MS = 100, CALL_TIMEOUT_MS = 20000, RETRY_S = 5, TRIES = 5 };

bool renewal_is_due(const struct connection_credential *credential, int64_t now_ms) {
  return credential->renewable && credential->expires_ms && credential->expires_ms - now_ms < RENEWAL_EARLY_MS;
}

struct str renewal_lease(const struct gateway_session *session, struct connection *connection, struct arena *arena) {
  struct str lease = vault_lease(connection, arena);
  return lease.p ? lease
                 : arena_printf(arena, "renew:%.*s:%.*s", STR_ARG(gateway_session_owner(session)),
                                STR_ARG(connection_about(connection)->server));
}

/* One renewal, all that it needs. */
struct flight {
  struct gateway *gateway;
  struct directory *directory;
  struct directory_server *server;
  struct gateway_session *session; /* whose rows are current */
  struct connection *connection;
  int64_t vault_version; /* of its entry in the vault; 0: it is not remembered */
  struct str lease, owner;
  struct arena *arena;
};

static int for_now(struct error *error, const char *what) {
  if (error->message[0])
    (void)error_context(error, "%s", what);
  else
    (void)error_set(error, ERROR_refresh_failed, "%s", what);
  error->code = ERROR_refresh_failed;
  if (!error->retry_after) error->retry_after = RETRY_S;
  return -1;
}

static bool same_credential(struct connection *a, struct connection *b) {
  struct connection_credential x = connection_credential(a), y = connection_credential(b);
  bool same = secret_eq(x.credential.value, secret_reveal(y.credential.value));
  secret_free(x.credential.value);
  secret_free(y.credential.value);
  return same;
}

/* 1: another process has renewed it, and we have that now. 0: it is as we know it. */
static int look_at_row(struct flight *flight, struct error *error) {
  struct connection *row = NULL;
  struct rows rows = sessions_rows(flight->gateway->sessions);
  int found = rows_read_connection(&rows, flight->session, connection_about(flight->connection)->server, &row, error);
  sessions_rows_done(flight->gateway->sessions);
  if (found < 0) return -1;
  if (!found) return error_set(error, ERROR_not_connected, "this sign-in has ended");
  int result = 0;
  if (!same_credential(row, flight->connection)) {
    connection_adopt(flight->connection, row);
    result = 1;
  }
  connection_set_generation(flight->connection, connection_generation(row));
  if (connection_state(row) == CONNECTION_REAUTH_REQUIRED) result = error_set(error, ERROR_reauth_required, "sign in to the server again");
  connection_unref(row);
  return result;
}

static int try_lease(struct flight *flight, struct error *error) {
  struct store_lease lease;
  int64_t now = clock_now_ms();
  struct rows rows = sessions_rows(flight->gateway->sessions);
  int held = store_lease_take(rows.store, flight->lease, flight->owner, now, now + LEASE_KEEPER_LEASE_MS, &lease, error);
  sessions_rows_done(flight->gateway->sessions);
  return held;
}

/* Another process may be at it: its result shows in the row. No other process can wake us, so the row is looked at again and again. */
static int take_lease(struct flight *flight, struct error *error) {
  int64_t until = clock_monotonic_ms() + LEASE_PATIENCE_MS;
  int result = 0;
  uv_mutex_t lock;
  uv_cond_t never;
  if (uv_mutex_init(&lock) || uv_cond_init(&never)) abort();
  uv_mutex_lock(&lock);
  for (;;) {
    int held = try_lease(flight, error);
    result = held < 0 ? -1 : look_at_row(flight, error);
    if (result || held) break;
    if (clock_monotonic_ms() > until) {
      result = for_now(error, "another process renews this sign-in and does not end");
      break;
    }
    (void)uv_cond_timedwait(&never, &lock, (uint64_t)LEASE_LOOK_MS * 1000000);
  }
  uv_mutex_unlock(&lock);
  uv_cond_destroy(&never);
  uv_mutex_destroy(&lock);
  return result;
}

static void give_lease_back(struct flight *flight) {
  struct error ignored = {0};
  struct rows rows = sessions_rows(flight->gateway->sessions);
  (void)store_lease_release(rows.store, flight->lease, flight->owner, &ignored);
  sessions_rows_done(flight->gateway->sessions);
}

static const struct oauth_provider *oauth_of(const struct flight *flight, const struct directory_answer *answer) {
  bool legacy = connection_about(flight->connection)->kind == CONFIG_LEGACY_OAUTH;
  return legacy ? &answer->source->legacy_oauth : &answer->source->oauth;
}

/* An assertion is signed for a minute: a server whose clock is elsewhere refuses it. */
static void blame_clock(struct flight *flight, const struct directory_answer *answer, struct error *error) {
  if (!answer->error.code && source_blame_clock(answer->source, error))
    (void)connection_set_state(flight->connection, CONNECTION_CLOCK_SKEW);
}

/* Told beforehand: nobody needs to be asked (R-D8). */
static bool has_ended(struct connection *connection) {
  struct connection_credential now = connection_credential(connection);
  secret_free(now.credential.value);
  return now.refresh_ends_ms && now.refresh_ends_ms <= clock_now_ms();
}

static int ask_server(struct flight *flight, struct oauth_tokens *ret, struct error *error) {
  const struct directory_answer *answer = directory_probe(flight->server);
  struct secret *refresh_token = connection_refresh_token(flight->connection);
  int failed;
  if (answer->error.code) {
    *error = answer->error;
    failed = for_now(error, "the sign-in could not be renewed");
  } else if (!oauth_of(flight, answer)->token_endpoint.n &&
             !answer->dhis2) { /* its authorization server is another one than it, and away */
    failed = for_now(error, "the authorization server does not describe itself at the moment");
  } else if (!oauth_of(flight, answer)->token_endpoint.n) {
    failed = error_set(
        error, ERROR_reauth_required,
        "the server does not offer this kind of sign-in any more (it was upgraded, or it is switched off): sign in in another way");
  } else {
    struct oauth_party party = directory_party(flight->directory, flight->server, oauth_of(flight, answer), flight->arena);
    party.options.timeout_ms = CALL_TIMEOUT_MS;
    party.proof_key = connection_proof_key(flight->connection);
    failed = oauth_refresh(&party, refresh_token, connection_about(flight->connection)->subject, flight->arena, ret, error);
  }
  if (failed && error->code != ERROR_reauth_required)
    failed = error->code == ERROR_refresh_failed ? -1 : for_now(error, "the sign-in could not be renewed");
  if (failed && error->code == ERROR_refresh_failed && !error->retry_after) error->retry_after = RETRY_S;
  if (failed && error->code == ERROR_refresh_failed) blame_clock(flight, answer, error);
  if (failed) directory_doubt(flight->server); /* it may be another release by now */
  secret_free(refresh_token);
  directory_answer_unref(answer);
  return failed;
}

/* What this sign-in would be with these tokens. NULL: too large. */
static struct connection *copy_with(struct flight *flight, const struct oauth_tokens *tokens, struct error *error) {
  struct secret *packed = connection_pack(flight->connection);
  struct connection *renewed = packed ? connection_unpack(secret_reveal(packed)) : NULL;
  secret_free(packed);
  if (renewed)
    connection_renewed(renewed, tokens);
  else
    (void)error_set(error, ERROR_inside, "the sign-in could not be copied");
  return renewed;
}

static int save_once(struct flight *flight, struct connection *renewed, struct error *error) {
  struct rows rows = sessions_rows(flight->gateway->sessions);
  int failed = rows_renew_connection(&rows, flight->session, renewed, error);
  sessions_rows_done(flight->gateway->sessions);
  return failed;
}

/* The row may have been saved meanwhile for its cookies: that raises its generation, and the tokens go there all the same. */
static int save_in_row(struct flight *flight, const struct oauth_tokens *tokens, struct error *error) {
  int failed = -1;
  for (int i = 0; i < TRIES && failed; i++) {
    *error = (struct error){0};
    struct connection *renewed = copy_with(flight, tokens, error);
    if (!renewed) return -1;
    connection_set_generation(renewed, connection_generation(flight->connection));
    failed = save_once(flight, renewed, error);
    if (!failed) connection_adopt(flight->connection, renewed);
    connection_unref(renewed);
    if (!failed) return 0;
    if (error->code != ERROR_changed_meanwhile) break;
    *error = (struct error){0};
    int seen = look_at_row(flight, error);
    if (seen) return seen < 0 ? -1 : 0;
  }
  return failed;
}

/* Of a remembered one first: what the vault holds is never older than a session's row. One that was forgotten meanwhile goes on by itself. */
static int save_in_vault(struct flight *flight, const struct oauth_tokens *tokens, struct error *error) {
  struct connection *renewed = flight->vault_version ? copy_with(flight, tokens, error) : NULL;
  if (!renewed) return flight->vault_version ? -1 : 0;
  struct rows rows = sessions_rows(flight->gateway->sessions);
  int failed = vault_save(&rows, renewed, flight->vault_version, error);
  sessions_rows_done(flight->gateway->sessions);
  connection_unref(renewed);
  if (failed && error->code != ERROR_not_found && error->code != ERROR_changed_meanwhile) return -1;
  *error = (struct error){0};
  return 0;
}

static int save(struct flight *flight, const struct oauth_tokens *tokens, struct error *error) {
  if (save_in_vault(flight, tokens, error) == 0 && save_in_row(flight, tokens, error) == 0) return 0;
  if (error->code != ERROR_store_unavailable) return -1;
  connection_keep_unsaved(flight->connection, tokens);
  error->retry_after = RETRY_S;
  return -1;
}

/* 1: another session that remembers the same sign-in has renewed it, and we have that now. 0: it is to be renewed. */
static int follow_vault(struct flight *flight, struct error *error) {
  struct connection *kept = NULL;
  struct rows rows = sessions_rows(flight->gateway->sessions);
  int found = vault_read(&rows, flight->connection, &kept, &flight->vault_version, error), result = found < 0 ? -1 : 0;
  sessions_rows_done(flight->gateway->sessions);
  if (found == 1 && !same_credential(kept, flight->connection)) {
    struct connection_credential now = connection_credential(kept);
    struct oauth_tokens tokens = connection_tokens(kept);
    result = save_in_row(flight, &tokens, error);
    if (!result && !renewal_is_due(&now, clock_now_ms())) result = 1;
    secret_free(now.credential.value);
    secret_free(tokens.access_token);
    secret_free(tokens.refresh_token);
  }
  connection_unref(kept);
  return result;
}

static int renew_under_lease(struct flight *flight, struct error *error) {
  struct oauth_tokens tokens = {0};
  int failed = connection_take_unsaved(flight->connection, &tokens) ? 0
               : has_ended(flight->connection)
                   ? error_set(error, ERROR_reauth_required, "the sign-in at the server has ended: sign in again")
                   : ask_server(flight, &tokens, error);
  if (!failed) failed = save(flight, &tokens, error);
  secret_free(tokens.access_token);
  secret_free(tokens.refresh_token);
  return failed;
}

static void mark_dead(struct flight *flight) {
  struct error error = {0};
  if (!connection_set_state(flight->connection, CONNECTION_REAUTH_REQUIRED)) return;
  struct rows rows = sessions_rows(flight->gateway->sessions);
  if (rows_set_state(&rows, flight->session, flight->connection, &error) || vault_forget(&rows, flight->connection, &error))
    log_event(LOG_WARNING, "state_not_saved", LOG_FAILURE(&error));
  sessions_rows_done(flight->gateway->sessions);
}

static void log_renewal(struct flight *flight, const struct error *error) {
  metrics_count_at(&flight->gateway->metrics, connection_about(flight->connection)->server,
                   error ? METRIC_RENEWALS_FAILED : METRIC_RENEWALS);
  if (error)
    audit_connection(AUDIT_renewal_failed, flight->session, connection_about(flight->connection), error);
  else
    log_event(LOG_INFO, "renewed", LOG_STR("server", connection_about(flight->connection)->server));
}

/* A refusal that is heard late, by a process that stood still, says nothing of what another has renewed meanwhile. While we have the lease nobody does. 0: another has, and we have that now. */
static int doubt_refusal(struct flight *flight, struct error *error) {
  struct error refusal = *error;
  error_clear(error);
  int held = try_lease(flight, error);
  if (held == 0) return for_now(error, "another process renews this sign-in");
  int newer = held < 0 ? -1 : look_at_row(flight, error);
  if (newer == 0) newer = follow_vault(flight, error);
  if (newer == 0) *error = refusal;
  return newer == 1 ? 0 : -1;
}

static int fly(struct flight *flight, struct error *error) {
  int taken = take_lease(flight, error);
  if (!taken) taken = follow_vault(flight, error);
  int failed = taken < 0 ? -1 : 0;
  if (!taken) {
    struct lease_keeper *keeper = lease_keeper_start(flight->gateway->sessions, flight->lease, flight->owner);
    failed = renew_under_lease(flight, error);
    lease_keeper_stop(keeper);
    if (failed && error->code == ERROR_reauth_required) {
      failed = doubt_refusal(flight, error);
      taken = failed ? taken : 1; /* by another process */
    }
  }
  give_lease_back(flight);
  if (failed && error->code == ERROR_reauth_required) mark_dead(flight);
  if (taken != 1) log_renewal(flight, failed ? error : NULL); /* that was another process's */
  return failed;
}

static int prepare(struct flight *flight, struct gateway_session *session, struct error *error) {
  struct str server = connection_about(flight->connection)->server;
  flight->server = directory_find(flight->directory, server);
  flight->session = session_newest(session);
  if (!flight->session) return error_set(error, ERROR_not_connected, "this sign-in has ended");
  if (!flight->server) return error_set(error, ERROR_unknown_server, "the server %.*s is not configured any more", STR_ARG(server));
  if (session_frozen(flight->session))
    return for_now(error, "another sign-in of this browser has just ended"); /* another process holds the current one */
  flight->lease = renewal_lease(session, flight->connection, flight->arena);
  flight->owner = random_id(flight->arena, 22);
  return 0;
}

int renewal_run(struct gateway *gateway, struct directory *directory, struct gateway_session *session, struct connection *connection,
                uint64_t seen_turn, struct error *error) {
  int failed;
  if (!connection_begin_renewal(connection, seen_turn, error)) {
    failed = error->code ? -1 : 0;
  } else {
    struct flight flight = {.gateway = gateway, .directory = directory, .connection = connection, .arena = arena_new()};
    session_begin_renewal(session);
    failed = prepare(&flight, session, error) || fly(&flight, error) ? -1 : 0;
    session_end_renewal(session);
    connection_end_renewal(connection, failed ? error : NULL);
    gateway_session_unref(flight.session);
    arena_free(flight.arena);
  }
  if (failed) (void)error_name_server(error, connection_about(connection)->server);
  return failed;
}

/* From the loop. */

struct waiter {
  struct waiter *next;
  void (*done)(void *payload, const struct error *error);
  void *payload;
};

struct gateway_renewal {
  struct gateway_renewal *next;
  struct gateway *gateway;
  struct directory *directory;
  struct gateway_session *session;
  struct connection *connection;
  uint64_t seen_turn;
  struct waiter *waiters;
  struct error error;
};

static void run(void *payload) {
  struct gateway_renewal *renewal = payload;
  (void)renewal_run(renewal->gateway, renewal->directory, renewal->session, renewal->connection, renewal->seen_turn, &renewal->error);
}

static void end(void *payload) {
  struct gateway_renewal *renewal = payload, **at = &renewal->gateway->renewing;
  while (*at != renewal) at = &(*at)->next;
  *at = renewal->next;
  while (renewal->waiters) {
    struct waiter *waiter = renewal->waiters;
    renewal->waiters = waiter->next;
    waiter->done(waiter->payload, renewal->error.code ? &renewal->error : NULL);
    free(waiter);
  }
  directory_unref(renewal->directory);
  gateway_session_unref(renewal->session);
  connection_unref(renewal->connection);
  free(renewal);
}

static void wait_for(struct gateway_renewal *renewal, void (*done)(void *payload, const struct error *error), void *payload) {
  struct waiter *waiter = mem_alloc(sizeof *waiter);
  *waiter = (struct waiter){renewal->waiters, done, payload};
  renewal->waiters = waiter;
}

void renewal_start(struct gateway *gateway, struct directory *directory, struct gateway_session *session, struct connection *connection,
                   uint64_t seen_turn, void (*done)(void *payload, const struct error *error), void *payload) {
  struct gateway_renewal *renewal = gateway->renewing;
  while (renewal && (renewal->connection != connection || renewal->seen_turn != seen_turn)) renewal = renewal->next;
  if (renewal) {
    wait_for(renewal, done, payload);
    return;
  }
  renewal = mem_alloc(sizeof *renewal);
  *renewal = (struct gateway_renewal){.next = gateway->renewing,
                                      .gateway = gateway,
                                      .directory = directory_ref(directory),
                                      .session = gateway_session_ref(session),
                                      .connection = connection_ref(connection),
                                      .seen_turn = seen_turn};
  gateway->renewing = renewal;
  wait_for(renewal, done, payload);
  if (work_submit(gateway->renewals, run, end, renewal)) return;
  renewal->error.retry_after = RETRY_S;
  (void)failure_later(&renewal->error, ERROR_refresh_failed, RETRY_S, "too much is under way: try again soon");
  end(renewal);
}
