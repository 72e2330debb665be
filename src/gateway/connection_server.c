/* A server as a session's user sees it, for blocking code (gateway.h). */
#include "base/clock.h"
#include "base/mem.h"
#include "dhis2/sign_in.h"
#include "gateway/failure.h"
#include "gateway/gateway_internal.h"
#include "gateway/renewal.h"
#include "gateway/vault.h"

struct holder {
  struct gateway *gateway;
  struct directory *directory;
  struct gateway_session *session;
  struct connection *connection;
  uint64_t turn;
  bool not_renewed; /* for now: that says nothing of the sign-in */
};

static bool renew(void *payload, struct source_credential *ret) {
  struct holder *holder = payload;
  struct error error = {0};
  struct connection_credential now = connection_credential(holder->connection);
  bool renewable = now.renewable;
  secret_free(now.credential.value);
  if (!renewable) return false;
  int failed = renewal_run(holder->gateway, holder->directory, holder->session, holder->connection, holder->turn, &error);
  holder->not_renewed = failed && error.code != ERROR_reauth_required;
  if (failed) return false;
  now = connection_credential(holder->connection);
  holder->turn = now.turn;
  *ret = now.credential;
  return true;
}

/* Is what the server refused dead? Of a token it is asked, as by proxied.c: it may be limited to methods, addresses or pages, and good for other calls. Without cookies: a session of the server's that has ended would be refused in its place. */
static enum connection_state ask(struct holder *holder, struct error *error) {
  struct connection_credential now = connection_credential(holder->connection);
  const struct source_place *place = directory_place(directory_find(holder->directory, connection_about(holder->connection)->server));
  if (now.credential.kind != CREDENTIAL_PAT)
    (void)error_set(error, ERROR_reauth_required, "the server does not accept the sign-in any more");
  else
    (void)dhis2_token_alive(place, now.credential, NULL, error);
  secret_free(now.credential.value);
  return error->code == ERROR_reauth_required ? CONNECTION_REAUTH_REQUIRED
         : error->code == ERROR_forbidden     ? CONNECTION_FORBIDDEN
                                              : CONNECTION_OK;
}

/* What a proxied call that is refused does: the person sees it in the session, and signs in again; it need not be found out by one more call. */
static void over(void *payload) {
  struct holder *holder = payload;
  struct error why = {0}, error = {0};
  if (holder->not_renewed || connection_state(holder->connection) == CONNECTION_REAUTH_REQUIRED) return;
  enum connection_state state = ask(holder, &why);
  if (state == CONNECTION_OK || !connection_set_state(holder->connection, state)) return;
  connection_note_failure(holder->connection, &why);
  if (state != CONNECTION_REAUTH_REQUIRED) return; /* as others, only in memory: the next call may be taken */
  audit_connection(AUDIT_credential_refused, holder->session, connection_about(holder->connection), &why);
  struct gateway_session *newest = session_newest(holder->session);
  if (!newest) return;
  struct rows rows = sessions_rows(holder->gateway->sessions);
  if (rows_set_state(&rows, newest, holder->connection, &error) || vault_forget(&rows, holder->connection, &error))
    log_event(LOG_WARNING, "state_not_saved", LOG_FAILURE(&error));
  sessions_rows_done(holder->gateway->sessions);
  gateway_session_unref(newest);
}

static void release(void *payload) {
  struct holder *holder = payload;
  directory_unref(holder->directory);
  gateway_session_unref(holder->session);
  connection_unref(holder->connection);
  free(holder);
}

static int check(struct connection *connection, struct str id, struct str url, struct error *error) {
  if (!connection) return failure_at(error, ERROR_not_connected, id, "not signed in to the server %.*s: sign in there first", STR_ARG(id));
  if (connection_state(connection) != CONNECTION_REAUTH_REQUIRED && connection_is_at(connection, url)) return 0;
  return failure_at(error, ERROR_reauth_required, id, "the sign-in at the server %.*s has ended: sign in there again", STR_ARG(id));
}

static struct dhis2_server *make(struct holder *holder, struct directory_server *server, struct error *error) {
  const struct source_place *place = directory_place(server);
  struct connection_credential now = connection_credential(holder->connection);
  if (renewal_is_due(&now, clock_now_ms())) {
    int failed = renewal_run(holder->gateway, holder->directory, holder->session, holder->connection, now.turn, error);
    secret_free(now.credential.value);
    if (failed) return NULL;
    now = connection_credential(holder->connection);
  }
  holder->turn = now.turn;
  struct dhis2_server *made = dhis2_server_new(place->id, place->base_url, place->options, now.credential);
  secret_free(now.credential.value);
  struct secret *cookies = connection_cookies(holder->connection);
  if (cookies) dhis2_server_load_cookies(made, cookies);
  secret_free(cookies);
  dhis2_server_on_refused(made, (struct dhis2_renewal){renew, over, release, holder});
  return made;
}

struct dhis2_server *gateway_connection_server(struct gateway *gateway, struct gateway_session *session, struct str server_id,
                                               struct error *error) {
  struct directory *directory = gateway_directory(gateway);
  struct directory_server *server = directory_find(directory, server_id);
  struct gateway_session *usable = session_usable(session);
  struct connection *connection = usable ? session_connection(usable, server_id) : NULL;
  struct dhis2_server *made = NULL;
  int failed = -1;
  if (!server)
    (void)failure_unknown_server(error, server_id);
  else if (directory_about(server)->type != CONFIG_DHIS2)
    (void)failure_at(error, ERROR_not_dhis2, server_id, "the server %.*s is no DHIS2 server", STR_ARG(server_id));
  else
    failed = check(connection, server_id, directory_place(server)->base_url, error);
  if (!failed) {
    struct holder *holder = mem_alloc(sizeof *holder);
    *holder = (struct holder){gateway, directory_ref(directory), gateway_session_ref(usable), connection_ref(connection), 0};
    made = make(holder, server, error);
    if (!made) release(holder);
  }
  connection_unref(connection);
  gateway_session_unref(usable);
  directory_unref(directory);
  return made;
}
