#include "gateway/oversight.h"

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/ending.h"
#include "gateway/renewal.h"
#include "gateway/reply.h"
#include "gateway/revoke.h"
#include "gateway/vault.h"

/* --- what is told --- */

static struct gateway_session *in_memory(struct gateway *gateway, const struct roster_row *row) {
  return session_board_find(gateway->loops->board, row->session->id);
}

void oversight_tell(struct json_out *out, struct oversight_told told) {
  json_out_member_str(out, "meaning", str_of(told.meaning));
  json_out_member_str(out, "remedy", str_of(told.remedy));
}

static void tell(struct json_out *out, const char *meaning, const char *remedy) {
  oversight_tell(out, (struct oversight_told){meaning, remedy});
}

static int64_t ends_ms(const struct roster_row *row, int64_t seen_ms) {
  int64_t idle = seen_ms + row->session->idle_ms;
  return idle < row->session->expires_ms ? idle : row->session->expires_ms;
}

void oversight_session(struct gateway *gateway, const struct roster_row *row, struct arena *arena, struct json_out *out) {
  roster_session_members(out, row, arena);
  struct gateway_session *session = in_memory(gateway, row);
  int64_t seen = session ? session_seen(session) : row->session->seen_ms;
  json_out_member_time(out, "ends_at", ends_ms(row, seen));
  json_out_member_bool(out, "in_memory", session != NULL);
  size_t again = 0;
  for (size_t i = 0; i < row->count; i++) again += str_eq(row->connections[i].state, STR("reauth_required"));
  if (session && session_frozen(session))
    tell(out, "the browser has a newer session id by now: this one is good for calls that were under way", "nothing is to be done");
  else if (!row->count)
    tell(out, "signed in nowhere: every connection has ended, or was signed out of", "nothing is to be done: it ends by itself at ends_at");
  else if (again)
    tell(out, "in use; at a server its credential has died", "the person signs in there again: see its connections");
  else
    tell(out, "in use; it ends at ends_at where it is not used before", "nothing is to be done");
  gateway_session_unref(session);
}

static struct oversight_told what_ended(enum config_kind kind) {
  switch (kind) {
  case CONFIG_OAUTH:
  case CONFIG_LEGACY_OAUTH:
    return (struct oversight_told){"the server renews its tokens no more: they were revoked, or their time is over",
                                   "the person signs in there again (login_url)"};
  case CONFIG_PAT:
    return (struct oversight_told){
        "the server does not take the personal access token any more: it has expired, was revoked, or is not good from here",
        "the person makes a new one at the server and signs in with it (login_url); `drawbridge doctor` with the token says why"};
  default:
    return (struct oversight_told){"the server does not take the credential any more: its session has ended, or the account was changed",
                                   "the person signs in there again (login_url)"};
  }
}

static struct oversight_told what_it_means(enum connection_state state, enum config_kind kind, bool renewed) {
  switch (state) {
  case CONNECTION_REAUTH_REQUIRED: return what_ended(kind);
  case CONNECTION_UNREACHABLE:
    return (struct oversight_told){"the server could not be reached with the last call; the sign-in itself is kept",
                                   "nobody has to sign in again: `drawbridge doctor` says what is wrong with the way there"};
  case CONNECTION_FORBIDDEN:
    return (struct oversight_told){"the server knows the person and does not let them in",
                                   "an administrator of that server looks at the account's rights"};
  case CONNECTION_CLOCK_SKEW:
    return (struct oversight_told){"the clocks of the server and of this machine are apart: what one signs, the other takes for expired",
                                   "set both by NTP; then the next call renews the sign-in"};
  default:
    if (renewed)
      return (struct oversight_told){"good; its access token is renewed by the first call after renewal_due_at", "nothing is to be done"};
    return (struct oversight_told){"good when it was used last", "nothing is to be done"};
  }
}

static void add_time(struct json_out *out, const char *name, int64_t ms) {
  if (ms) json_out_member_time(out, name, ms);
}

static void add_history(struct json_out *out, struct connection *connection) {
  struct connection_history history = connection_history(connection);
  add_time(out, "renewed_at", history.renewed_ms);
  if (!history.failed_ms) return;
  json_out_member_object(out, "last_error");
  json_out_member_time(out, "at", history.failed_ms);
  json_out_member_str(out, "code", str_of(error_name(history.failure.code)));
  json_out_member_str(out, "detail", str_of(history.failure.message));
  json_out_end(out);
}

static void add_lease(struct json_out *out, struct store *store, struct gateway_session *session, struct connection *connection,
                      struct arena *arena) {
  struct error error = {0};
  int held = store_lease_look(store, renewal_lease(session, connection, arena), clock_now_ms(), &error);
  if (held >= 0) json_out_member_bool(out, "renewing", held == 1);
}

/* *ret_renewed: it is renewed by itself, at a time that is told. */
static bool add_memory(struct gateway *gateway, struct store *store, struct gateway_session *session, struct connection *connection,
                       struct arena *arena, struct json_out *out, bool *ret_renewed) {
  struct connection_credential now = connection_credential(connection);
  secret_free(now.credential.value);
  json_out_member_str(out, "version", connection_about(connection)->version);
  json_out_member_bool(out, "renewable", now.renewable);
  add_time(out, "credential_ends_at", now.expires_ms);
  *ret_renewed = now.renewable && now.expires_ms;
  if (*ret_renewed) add_time(out, "renewal_due_at", now.expires_ms - RENEWAL_EARLY_MS);
  add_time(out, "sign_in_ends_at", now.refresh_ends_ms);
  add_time(out, "remembered_until", vault_until(connection));
  add_history(out, connection);
  if (now.renewable) add_lease(out, store, session, connection, arena);
  struct directory *directory = gateway_directory(gateway);
  struct directory_server *server = directory_find(directory, connection_about(connection)->server);
  bool elsewhere = server && connection_about(connection)->url.n && !connection_is_at(connection, directory_place(server)->base_url);
  directory_unref(directory);
  if (elsewhere)
    tell(out, "it was given by a server at another address than this id has now: it is sent nowhere",
         "the person signs in again (login_url)");
  return elsewhere;
}

void oversight_connection(struct gateway *gateway, struct store *store, const struct roster_row *row, size_t which, struct arena *arena,
                          struct json_out *out) {
  const struct store_connection *stored = &row->connections[which];
  struct gateway_session *session = in_memory(gateway, row);
  struct connection *connection = session ? session_connection(session, stored->server) : NULL;
  struct config *config = gateway_config_now(gateway);
  enum config_kind kind = CONFIG_PASSWORD;
  enum connection_state state = connection ? connection_state(connection) : connection_state_of(stored->state);
  (void)config_kind_of(stored->kind, &kind);
  roster_connection_members(out, stored, str_of(connection_state_name(state)), arena);
  json_out_member_str(out, "name", roster_user(arena, stored, "name"));
  json_out_member_int(out, "generation", stored->generation);
  json_out_member_bool(out, "in_memory", connection != NULL);
  json_out_member_str(out, "login_url", reply_login_url(config->public_url, stored->server, arena));
  bool renewed = false, told = connection && add_memory(gateway, store, session, connection, arena, out, &renewed);
  if (!connection) add_time(out, "credential_ends_at", stored->expires_ms);
  if (!config_server(config, stored->server)) {
    tell(out, "no server of this id is configured any more: it is sent nowhere", "put the server back into the configuration, or end it");
  } else if (!told) {
    oversight_tell(out, what_it_means(state, kind, renewed));
  }
  connection_unref(connection);
  gateway_session_unref(session);
  config_unref(config);
}

/* --- the end --- */

struct oversight_end {
  struct connection *at[SESSION_CONNECTIONS_MAX]; /* own references */
  size_t count;
  bool whole; /* the session */
  void (*done)(void *payload);
  void *payload;
};

static void forget_remembered(struct gateway *gateway, const struct oversight_end *end) {
  struct error error = {0};
  struct rows rows = sessions_rows(gateway->sessions);
  for (size_t i = 0; i < end->count; i++)
    if (vault_forget(&rows, end->at[i], &error)) log_event(LOG_WARNING, "not_forgotten", LOG_FAILURE(&error));
  sessions_rows_done(gateway->sessions);
}

static int end_in_memory(struct gateway *gateway, struct gateway_session *session, struct oversight_end *end, struct error *error) {
  struct gateway_session *newest;
  int failed = ending_session(gateway, session, &newest, error);
  if (!failed) end->count = session_connections(newest ? newest : session, end->at, SESSION_CONNECTIONS_MAX);
  if (!failed) forget_remembered(gateway, end);
  gateway_session_unref(newest);
  return failed;
}

int oversight_end_session(struct gateway *gateway, struct store *store, const struct roster_row *row, struct arena *arena,
                          struct oversight_end **ret, struct error *error) {
  struct gateway_session *session = in_memory(gateway, row);
  struct oversight_end *end = mem_alloc(sizeof *end);
  end->whole = true;
  int failed = session ? end_in_memory(gateway, session, end, error) : store_session_delete(store, row->session->id, error);
  gateway_session_unref(session);
  if (failed) {
    free(end);
    return -1;
  }
  roster_audit_end(row, arena);
  *ret = end;
  return 0;
}

int oversight_end_connection(struct gateway *gateway, struct store *store, const struct roster_row *row, size_t which, struct arena *arena,
                             struct oversight_end **ret, struct error *error) {
  const struct store_connection *stored = &row->connections[which];
  struct gateway_session *session = in_memory(gateway, row);
  struct connection *connection = NULL;
  int failed = session ? ending_connection(gateway, session, stored->server, &connection, error) : 0;
  if (!failed && !connection)
    failed = store_connection_delete(store, row->session->id, stored->server, error); /* else it is deleted already */
  gateway_session_unref(session);
  if (failed) return -1;
  audit_ended(AUDIT_signed_out, row->mark, stored->server, roster_user(arena, stored, "username"));
  struct oversight_end *end = mem_alloc(sizeof *end);
  if (connection) end->at[end->count++] = connection;
  *ret = end;
  return 0;
}

static void on_revoked(void *payload) {
  struct oversight_end *end = payload;
  end->done(end->payload);
  free(end);
}

void oversight_revoke(struct gateway *gateway, struct oversight_end *end, void (*done)(void *payload), void *payload) {
  end->done = done;
  end->payload = payload;
  for (size_t i = 0; i < end->count; i++) metrics_count_at(&gateway->metrics, connection_about(end->at[i])->server, METRIC_SIGN_OUTS);
  if (end->whole) metrics_count(&gateway->metrics, METRIC_SESSIONS_ENDED);
  sessions_look_again(gateway->sessions);
  if (!end->count) revoke_from_loops(gateway);
  revoke_start(gateway, gateway->directory, end->at, end->count, on_revoked, end);
}
