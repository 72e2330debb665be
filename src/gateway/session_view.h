/* session_view: what the browser is told of its session. No secret is in reach of these calls. */
#ifndef DRAWBRIDGE_GATEWAY_SESSION_VIEW_H
#define DRAWBRIDGE_GATEWAY_SESSION_VIEW_H

#include "base/json_out.h"
#include "gateway/session.h"

/* {mode, expires_at, idle_expires_at, home?, connections: […]}; without session the mode and an empty list. `home`: the home server by which the person is known, so that sign-ins can be remembered. */
struct str session_view(const struct config *config, struct gateway_session *session, enum config_mode mode, struct arena *arena);

/* Where drawbridge was not tried with this release: the member untried, {release: "older" or "newer", oldest, newest}. */
void session_view_untried(struct json_out *out, struct str version_text);

/* {server, kind, state, user: {id, username, name}, version, untried?, since, expires_at?, remembered_until?, not_remembered?}; the last: why what was asked for could not be done; NULL: it was, or was not asked for. */
struct str session_view_connection(struct connection *connection, const char *not_remembered, struct arena *arena);

#endif
