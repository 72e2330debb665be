/* arrival: the last steps of every sign-in, whatever its kind: from what the server said to the browser's cookie.
 *
 *   loop     arrival_begin    who asks, with which session, which other sign-ins of this browser are under way
 *   worker   arrival_run      the connection is stored, the session gets its id, the other sign-ins learn of it; the vault
 *   loop     arrival_settle   the session is in the cache, what was replaced is revoked, Set-Cookie is in the headers
 *   loop     arrival_clear    where the server signed in, but nothing came of it, that is revoked
 *
 * Life cycle: all-zero, begin, run, settle, clear (also after any failure). */
#ifndef DRAWBRIDGE_GATEWAY_ARRIVAL_H
#define DRAWBRIDGE_GATEWAY_ARRIVAL_H

#include "gateway/admission.h"
#include "gateway/gateway_internal.h"
#include "gateway/vault.h"

struct arrival {
  struct gateway *gateway;
  struct directory *directory; /* own reference */
  struct str app;              /* origin that the session will belong to alone; empty: drawbridge's own */
  enum config_mode mode;
  struct str key;               /* that the session will be bound to; empty: a cookie holds it */
  struct gateway_session *base; /* own reference; NULL: none */
  int64_t idle_ms, absolute_ms;
  size_t most;
  struct secret *vault;           /* owned; of the browser's vault; NULL: it has none, or may have none */
  struct vault_person person;     /* known at home before this sign-in */
  int64_t remember_until_ms;      /* this sign-in is to be remembered; 0: not */
  bool vault_used;                /* something was remembered, or came back */
  struct browser_sign_in *others; /* of the same browser, under way; their secrets are owned */
  size_t other_count;
  struct connection *connection; /* own reference */
  struct admitted admitted;
};

/* `mode` and `app`: of whom the session is for (the one who asks, or the one a navigation began for). Texts are borrowed: they live as long as the exchange. -1: too many cookies; a call in mode
 * `handle` that no key signed (ERROR_proof_refused). */
int arrival_begin(struct arrival *arrival, struct gateway *gateway, struct http_exchange *exchange, struct str app, enum config_mode mode,
                  struct gateway_session *base, struct error *error);

/* The person asks that this browser remembers the sign-in; behind arrival_begin, loop thread. NULL: it will be. Else why it cannot, for the person; the sign-in itself goes on. */
const char *arrival_remember(struct arrival *arrival, struct str server);

/* Signing in at a home server brings back what is remembered. Errors: those of admission_run. */
int arrival_run(struct arrival *arrival, struct str server, const struct signed_in *signed_in, struct error *error);

void arrival_settle(struct arrival *arrival, struct http_exchange *exchange, struct http_headers *headers);
void arrival_clear(struct arrival *arrival);

#endif
