/* ending: takes a session, or one of its connections, out of the store and out of memory, while no sign-in of that browser can give it another id. What drawbridge made at the servers is ended afterwards, by revoke.h.
 *
 * Blocks, on a worker. -1: those of store/store.h; then whoever is signed in still is, and the same can be asked for again: the row that the browser's id stands for is deleted last. */
#ifndef DRAWBRIDGE_GATEWAY_ENDING_H
#define DRAWBRIDGE_GATEWAY_ENDING_H

#include "gateway/gateway_internal.h"
#include "gateway/session.h"

/* *ret_newest: own reference of the one whose connections are to be revoked; NULL: `session` itself. */
int ending_session(struct gateway *gateway, struct gateway_session *session, struct gateway_session **ret_newest, struct error *error);

/* What is remembered of it is forgotten first: one that has ended is not to come back. *ret: own reference; NULL: it was not there. */
int ending_connection(struct gateway *gateway, struct gateway_session *session, struct str server, struct connection **ret,
                      struct error *error);

#endif
