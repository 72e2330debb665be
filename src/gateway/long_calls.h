/* long_calls: the calls that last, watched: none outlives its sign-in (R-G16). A stream of events, a long download or an upload is looked after like the many short calls that it stands in for.
 *
 * What holds always: at a sign-out its calls are cut at once; a call whose session has come to an end by time, or was given up for another person's, within LONG_CALLS_TICK_MS. The session of a call that lasts is looked up anew every ten seconds,
 * as for a call that comes then: another process on the same store may have ended it. Being watched is no use of a session: it does not move the idle end.
 *
 * Life cycle: long_calls_add when it has begun, long_calls_remove when it is done, inside `stop` at the soonest; the struct is the caller's, in the arena of the exchange. Thread of the gateway's loop. */
#ifndef DRAWBRIDGE_GATEWAY_LONG_CALLS_H
#define DRAWBRIDGE_GATEWAY_LONG_CALLS_H

#include "gateway/gateway.h"

enum { LONG_CALLS_TICK_MS = 2000, LONG_CALLS_ANEW_MS = 10000 };

struct connection;

struct long_call { /* all borrowed, good until it is removed */
  struct gateway *gateway;
  struct http_exchange *exchange;
  struct gateway_session *session;
  struct connection *connection; /* NULL: it is the session's */
  void (*stop)(void *payload, const struct error *error);
  void *payload;
  /* its own */
  struct long_call *next, **at;
  int64_t looked_ms; /* monotonic */
};

void long_calls_add(struct long_call *call);
void long_calls_remove(struct long_call *call); /* one that was not added is fine */
void long_calls_check(struct gateway *gateway); /* after a sign-out */

#endif
