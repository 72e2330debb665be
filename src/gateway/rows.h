/* rows: sessions and connections as rows of the store, and back: what is sealed, with what, for which place.
 *
 * What holds always: the store sees SHA-256 of the id, times, the server's id, kind, state and the user's name; everything else is sealed with the cookie's secret and the key ring. What the session is (owner, app, mode, ends) is sealed
 * too, and proves the secret: an id with another secret is no session. Each blob is bound to its session and server, so that none can be moved to another place (R-D10).
 *
 * Calls block; one store handle belongs to one thread at a time. Errors: those of store/store.h. */
#ifndef DRAWBRIDGE_GATEWAY_ROWS_H
#define DRAWBRIDGE_GATEWAY_ROWS_H

#include "crypt/seal.h"
#include "gateway/session.h"
#include "store/store.h"

struct rows {
  struct store *store;
  const struct keyring *ring;
};

/* 1: *ret is it, also one that has ended by time (session_life); takes over what is in `cookie`. 0: no such id, or another secret. A connection that cannot be opened is there as lost. One whose row ends before its terms do
 * was replaced by another process or before a restart: it is frozen. */
int rows_load(const struct rows *rows, struct browser_cookie *cookie, struct gateway_session **ret, struct error *error);

int rows_create(const struct rows *rows, struct gateway_session *session, struct error *error); /* with all its connections */
int rows_rotate(const struct rows *rows, struct gateway_session *old, int64_t old_until_ms, struct gateway_session *fresh,
                struct error *error); /* 0: the old one's rows go at once */
int rows_touch(const struct rows *rows, const struct gateway_session *session, struct error *error);
int rows_reseal(const struct rows *rows, struct gateway_session *session,
                struct error *error); /* what an older key sealed, with the newest; without effect on what others changed meanwhile */
int rows_delete(const struct rows *rows, const struct gateway_session *session, struct error *error);

int rows_put_connection(const struct rows *rows, struct gateway_session *session, struct connection *connection, struct error *error);
int rows_delete_connection(const struct rows *rows, const struct gateway_session *session, struct str server, struct error *error);
int rows_end_person(
    const struct rows *rows, struct str server, struct str subject, struct str sid, size_t *ret_count,
    struct error
        *error); /* of all sessions: the connections of that user, or of that session at the authorization server; empty: not told */
int rows_set_state(const struct rows *rows, const struct gateway_session *session, const struct connection *connection,
                   struct error *error);

/* Saves what it holds now in place of its own generation. ERROR_changed_meanwhile: another process was first, or it is gone: rows_read_connection tells. */
int rows_renew_connection(const struct rows *rows, const struct gateway_session *session, struct connection *connection,
                          struct error *error);
int rows_read_connection(const struct rows *rows, const struct gateway_session *session, struct str server, struct connection **ret,
                         struct error *error); /* 1, 0, -1 */

#endif
