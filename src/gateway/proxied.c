/* ANY /s/{id}/…: the session, the connection, a credential that is good, and then the proxy. */
#include "base/clock.h"
#include "base/mem.h"
#include "dhis2/judge.h"
#include "dhis2/sign_in.h"
#include "gateway/failure.h"
#include "gateway/jar_saver.h"
#include "gateway/long_calls.h"
#include "gateway/renewal.h"
#include "gateway/routes.h"
#include "gateway/sign_in_compat.h"
#include "gateway/vault.h"
#include "gateway/visit.h"

struct passing {
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct visit *visit;
  const struct config_server *server;
  struct str rest;
  struct gateway_session *session; /* own reference */
  struct connection *connection;   /* own reference */
  struct proxy_pass *pass;
  struct long_call watched;
  uint64_t turn; /* of the credential that was sent */
  bool renewable, begun;
  bool forbidden; /* the server takes the credential for nothing from here */
  bool by_token;  /* a personal access token was sent: pasted, or minted for a password */
  bool by_page;   /* the server refused by its login page */
  bool alive;     /* the server was asked, and takes the token elsewhere */
};

static void free_passing(struct passing *passing) {
  long_calls_remove(&passing->watched);
  gateway_session_unref(passing->session);
  connection_unref(passing->connection);
  http_exchange_release(passing->exchange);
}

static void fail(struct passing *passing, const struct error *error) {
  gateway_reply_error(passing->gateway, passing->exchange, error);
  free_passing(passing);
}

/* What is written back. */

struct state_job {
  struct gateway_session *session;
  struct connection *connection;
};

static void state_run(void *payload, const struct rows *rows) {
  struct state_job *job = payload;
  struct error error = {0};
  if (rows_set_state(rows, job->session, job->connection, &error) || vault_forget(rows, job->connection, &error))
    log_event(LOG_WARNING, "state_not_saved", LOG_FAILURE(&error));
}

static void state_done(void *payload) {
  struct state_job *job = payload;
  gateway_session_unref(job->session);
  connection_unref(job->connection);
  free(job);
}

static void audit(struct passing *passing, enum audit_action action, enum error_code code) {
  const struct connection_about *about = connection_about(passing->connection);
  audit_exchange(action, passing->exchange, passing->server->id, config_kind_name(about->kind), about->username,
                 &(struct error){.code = code});
}

static void note(struct passing *passing, enum error_code code, const char *what) {
  struct error error = {0};
  (void)error_set(&error, code, "%s", what);
  connection_note_failure(passing->connection, &error);
}

static void mark_refused(struct passing *passing) {
  if (!connection_set_state(passing->connection, CONNECTION_REAUTH_REQUIRED)) return;
  note(passing, ERROR_reauth_required, "the server does not take the credential any more");
  audit(passing, AUDIT_credential_refused, ERROR_reauth_required);
  struct gateway_session *newest = session_newest(passing->session);
  if (!newest) return;
  struct state_job *job = mem_alloc(sizeof *job);
  *job = (struct state_job){newest, connection_ref(passing->connection)};
  if (!sessions_submit(passing->gateway->sessions, state_run, state_done, job)) state_done(job);
}

/* Only in memory: the next call may meet it up again. */
static void mark_reached(struct passing *passing, const struct proxy_result *result) {
  bool away = result->code == ERROR_server_unreachable || result->code == ERROR_upstream_timeout ||
              result->code == ERROR_certificate_refused || result->code == ERROR_address_refused;
  struct str path = passing->rest;
  bool by_server =
      result->outcome == PROXY_ANSWERED || result->code == ERROR_upstream_error; /* a page of somebody else's is such an error */
  bool shut = passing->forbidden || (by_server && result->status == 403 && dhis2_is_me(str_take(&path, '?')));
  if (away) {
    if (connection_set_state(passing->connection, CONNECTION_UNREACHABLE)) note(passing, result->code, error_title(result->code));
  } else if (shut) {
    (void)connection_set_state(passing->connection, CONNECTION_FORBIDDEN);
  } else if (result->outcome == PROXY_ANSWERED && result->status != 403) {
    (void)connection_set_state(passing->connection, CONNECTION_OK);
  }
}

/* Events of the proxy. */

static void on_renewed(void *payload, const struct error *error) {
  struct passing *passing = payload;
  if (error) {
    proxy_fail(passing->pass, error);
    return;
  }
  struct connection_credential now = connection_credential(passing->connection);
  passing->turn = now.turn;
  passing->renewable = false; /* once is enough */
  proxy_repeat(passing->pass, now.credential);
  secret_free(now.credential.value);
}

/* A token may be limited to methods, addresses or pages: then it refuses this call and is good for others. The server is asked whether it is before the connection is given up; a login page means to the browser what it means always. (Not so with Basic: a refused password is
 * never sent again.) */

struct asking_server {
  struct passing *passing;
  struct source_credential credential; /* own reference */
  struct secret *cookies;
  struct error error;
};

static void ask_run(void *payload) {
  struct asking_server *asking = payload;
  const struct passing *passing = asking->passing;
  const struct source_place *place = directory_place(directory_find(passing->visit->directory, passing->server->id));
  (void)dhis2_token_alive(place, asking->credential, asking->cookies, &asking->error);
}

static void ask_done(void *payload) {
  struct asking_server *asking = payload;
  struct passing *passing = asking->passing;
  struct str name = passing->server->name;
  struct error error = {0};
  passing->alive = !asking->error.code;
  if (passing->alive && passing->by_page)
    (void)failure_at(&error, ERROR_reauth_required, passing->server->id, "the server does not accept the sign-in any more");
  else if (passing->alive)
    (void)failure_at(&error, ERROR_forbidden, passing->server->id,
                     "%.*s takes the token, but not for this call: it is limited to other methods, addresses or pages", STR_ARG(name));
  else
    error = asking->error; /* it is dead, or not taken from here; or it could not be asked: nothing is given up */
  passing->forbidden = asking->error.code == ERROR_forbidden;
  struct proxy_pass *pass = passing->pass;
  secret_free(asking->credential.value);
  secret_free(asking->cookies);
  free(asking);
  proxy_fail(pass, &error);
}

static bool ask_server(struct passing *passing) {
  struct asking_server *asking = mem_alloc(sizeof *asking);
  *asking = (struct asking_server){.passing = passing,
                                   .credential = connection_credential(passing->connection).credential,
                                   .cookies = connection_cookies(passing->connection)};
  if (work_submit(passing->gateway->calls, ask_run, ask_done, asking)) return true;
  secret_free(asking->credential.value);
  secret_free(asking->cookies);
  free(asking);
  return false;
}

/* A server ends the oldest session of a person who has too many, also one that came with a token, and says so once, to the call that meets it (live: a redirect to its logout page); the token is as good as before. */
static bool repeat_by_token(struct passing *passing) {
  if (!proxy_sent_cookie(passing->pass)) return false;
  struct connection_credential now = connection_credential(passing->connection);
  proxy_repeat(passing->pass, now.credential);
  secret_free(now.credential.value);
  return true;
}

/* A call that cannot be repeated is worth the renewal too: the proxy tells that browser to send it again, and the connection goes on. */
static bool on_refused(void *payload, struct proxy_pass *pass, bool repeatable) {
  struct passing *passing = payload;
  passing->pass = pass;
  passing->by_page = proxy_refused_status(pass) != 401;
  if (passing->by_token) return (repeatable && repeat_by_token(passing)) || ask_server(passing);
  if (!passing->renewable) return false;
  renewal_start(passing->gateway, passing->visit->directory, passing->session, passing->connection, passing->turn, on_renewed, passing);
  return true;
}

static void on_cookies(void *payload) {
  struct passing *passing = payload;
  jar_saver_note(passing->gateway, passing->session, passing->connection);
}

static void on_done(void *payload, const struct proxy_result *result) {
  static const enum metrics_server_counter counters[] = {[PROXY_ANSWERED] = METRIC_PROXIED_ANSWERED,
                                                         [PROXY_FAILED] = METRIC_PROXIED_FAILED,
                                                         [PROXY_REFUSED] = METRIC_PROXIED_REFUSED,
                                                         [PROXY_GONE] = METRIC_PROXIED_GONE};
  struct passing *passing = payload;
  passing->visit->upstream_ms = result->upstream_ms;
  passing->visit->code = result->code;
  metrics_count_at(&passing->gateway->metrics, passing->server->id, counters[result->outcome]);
  metrics_time_at(&passing->gateway->metrics, passing->server->id, result->upstream_ms);
  if (result->outcome == PROXY_REFUSED && !passing->alive)
    mark_refused(passing);
  else if (result->outcome != PROXY_REFUSED)
    mark_reached(passing, result);
  if (result->code == ERROR_policy) audit(passing, AUDIT_call_denied, result->code);
  if (result->code == ERROR_address_refused) audit(passing, AUDIT_address_refused, result->code);
  free_passing(passing);
}

/* Without a head it gets the error; else it is cut. */
static void on_sign_in_over(void *payload, const struct error *error) {
  struct passing *passing = payload;
  proxy_stop(passing->pass, error);
}

static void pass_on(struct passing *passing, struct connection_credential now) { /* takes over the reference */
  passing->turn = now.turn;
  passing->renewable = now.renewable && !passing->begun;
  passing->by_token = now.credential.kind == CREDENTIAL_PAT;
  const struct secret *proof_key = connection_proof_key(passing->connection);
  struct proxy_call call = {.config = passing->visit->config,
                            .trace = &passing->visit->trace,
                            .server = passing->server,
                            .target = passing->rest,
                            .credential = now.credential,
                            .jar = connection_jar(passing->connection),
                            .who = passing->session,
                            .nonces = proof_key ? directory_nonces(directory_find(passing->visit->directory, passing->server->id)) : NULL,
                            .proof_key = proof_key,
                            .renewable = passing->renewable || passing->by_token,
                            .events = {on_refused, on_cookies, on_done},
                            .payload = passing};
  passing->pass = proxy_pass(passing->gateway->proxy, passing->exchange, &call);
  passing->watched = (struct long_call){.gateway = passing->gateway,
                                        .exchange = passing->exchange,
                                        .session = passing->session,
                                        .connection = passing->connection,
                                        .stop = on_sign_in_over,
                                        .payload = passing};
  long_calls_add(&passing->watched);
  secret_free(now.credential.value);
}

/* Before it. */

static void on_renewed_first(void *payload, const struct error *error) {
  struct passing *passing = payload;
  passing->begun = true;
  if (error)
    fail(passing, error);
  else
    pass_on(passing, connection_credential(passing->connection));
}

static int check_connection(const struct passing *passing, struct error *error) {
  struct str id = passing->server->id, name = passing->server->name;
  if (!passing->connection) return failure_at(error, ERROR_not_connected, id, "not signed in to %.*s: sign in there first", STR_ARG(name));
  if (connection_state(passing->connection) != CONNECTION_REAUTH_REQUIRED && connection_is_at(passing->connection, passing->server->url))
    return 0;
  return failure_at(error, ERROR_reauth_required, id, "the sign-in at %.*s has ended: sign in there again", STR_ARG(name));
}

static void on_session(void *payload, struct gateway_session *session, const struct error *error) {
  struct passing *passing = payload;
  struct error refusal;
  error_clear(&refusal);
  if (!session) {
    refusal = *error;
    (void)error_name_server(&refusal, passing->server->id);
    fail(passing, &refusal);
    return;
  }
  sessions_use(passing->gateway->sessions, session);
  passing->session = gateway_session_ref(session);
  passing->connection = session_connection(session, passing->server->id);
  if (check_connection(passing, &refusal)) {
    fail(passing, &refusal);
    return;
  }
  struct connection_credential now = connection_credential(passing->connection);
  if (!renewal_is_due(&now, clock_now_ms())) {
    pass_on(passing, now);
    return;
  }
  secret_free(now.credential.value);
  renewal_start(passing->gateway, passing->visit->directory, session, passing->connection, now.turn, on_renewed_first, passing);
}

void proxied(struct gateway *gateway, struct http_exchange *exchange, struct str id, struct str rest) {
  struct visit *visit = visit_of(exchange);
  const struct config_server *server = config_server(visit->config, id);
  if (!server) {
    struct error error = {0};
    (void)failure_unknown_server(&error, id);
    gateway_reply_error(gateway, exchange, &error);
    return;
  }
  visit->server = server->id;
  if (server->type == CONFIG_DHIS2 && sign_in_compat(gateway, exchange, rest)) return;
  struct passing *passing = ARENA_NEW(http_exchange_arena(exchange), struct passing);
  *passing = (struct passing){.gateway = gateway, .exchange = exchange, .visit = visit, .server = server, .rest = rest};
  http_exchange_hold(exchange);
  gateway_find_session(gateway, exchange, on_session, passing);
}
