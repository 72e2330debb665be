/* session_view: what the browser is told of its session. No secret is in reach of these calls. */
#ifndef DRAWBRIDGE_GATEWAY_SESSION_VIEW_H
#define DRAWBRIDGE_GATEWAY_SESSION_VIEW_H

#include "base/json_out.h"
#include "gateway/session.h"

/* {mode, expires_at, idle_expires_at, connections: […]}; without session the mode and an empty list. */
struct str session_view(struct gateway_session *session, enum config_mode mode, struct arena *arena);

/* {server, kind, state, user: {id, username, name}, version, since, expires_at?} */
struct str session_view_connection(struct connection *connection, struct arena *arena);

#endif
