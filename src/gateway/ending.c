#include "gateway/ending.h"

#include "gateway/vault.h"

int ending_session(struct gateway *gateway, struct gateway_session *session, struct gateway_session **ret_newest, struct error *error) {
  session_begin_rotation(session);
  struct gateway_session *newest = *ret_newest = session_newest(session);
  struct rows rows = sessions_rows(gateway->sessions);
  int failed = rows_delete(&rows, session, error);
  if (!failed && newest) failed = rows_delete(&rows, newest, error);
  sessions_rows_done(gateway->sessions);
  if (!failed) session_end(session);
  session_end_rotation(session);
  return failed;
}

int ending_connection(struct gateway *gateway, struct gateway_session *session, struct str server, struct connection **ret,
                      struct error *error) {
  int failed = 0;
  *ret = NULL;
  session_begin_rotation(session);
  struct gateway_session *newest = session_newest(session);
  if (newest) {
    struct rows rows = sessions_rows(gateway->sessions);
    struct connection *connection = session_connection(newest, server);
    if (connection) failed = vault_forget(&rows, connection, error);
    if (!failed && newest != session) failed = rows_delete_connection(&rows, session, server, error);
    if (!failed) failed = rows_delete_connection(&rows, newest, server, error);
    sessions_rows_done(gateway->sessions);
    if (!failed) session_drop_connection(newest, server);
    if (!failed) session_drop_connection(session, server);
    if (!failed)
      *ret = connection;
    else
      connection_unref(connection);
  }
  session_end_rotation(session);
  gateway_session_unref(newest);
  return failed;
}
