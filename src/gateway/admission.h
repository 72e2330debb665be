/* admission: a sign-in that has succeeded becomes a connection of a session: the one the browser had, under a new id, or a new one.
 *
 * What holds always: at each sign-in the id changes (R-E2). Whoever knew the old one finds what was there before, for 10 s; nothing at all where another person signed in to a server that the session was signed in to already. A sign-in
 * that began before the id changed under it is added to the session as it is now, and its answer carries that cookie again, so that parallel sign-ins of one browser lose nothing, whichever answer comes last (R-E13).
 * What is told as done is in the store.
 *
 * Blocks: on a worker thread. */
#ifndef DRAWBRIDGE_GATEWAY_ADMISSION_H
#define DRAWBRIDGE_GATEWAY_ADMISSION_H

#include "gateway/sessions.h"

struct admission {
  struct gateway_session *base;  /* the one the sign-in began with; NULL: none */
  struct session_terms terms;    /* of a new one; created_ms is the time */
  struct connection *connection; /* new */
  size_t most;                   /* connections per session */
};

struct admitted {
  struct gateway_session *session; /* own reference; not yet in the cache: sessions_add */
  struct connection *replaced;     /* own reference; the earlier sign-in at the same server: to be revoked. NULL: none */
};

/* -1: ERROR_too_many (connections), ERROR_store_unavailable, ERROR_conflict (it came with an id that is replaced already: again with the new one). */
int admission_run(struct sessions *sessions, const struct admission *admission, struct admitted *ret, struct error *error);

#endif
