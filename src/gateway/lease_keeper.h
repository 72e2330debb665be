/* lease_keeper: holds a lease of the store while something slow is done under it: moves its end on again and again, so that the lease may be short. Whoever waits for it goes on soon after its holder's process has died, and not before
 * a slow one has ended (R-D3).
 *
 * Life cycle: lease_keeper_start once the lease is taken, lease_keeper_stop before it is given back. On worker threads; has a thread of its own meanwhile. */
#ifndef DRAWBRIDGE_GATEWAY_LEASE_KEEPER_H
#define DRAWBRIDGE_GATEWAY_LEASE_KEEPER_H

#include "gateway/sessions.h"

enum { LEASE_KEEPER_LEASE_MS = 20000 /* what a lease is taken for */ };

struct lease_keeper;

/* Texts are borrowed until lease_keeper_stop. NULL: there is no thread to be had: the lease ends by itself. */
struct lease_keeper *lease_keeper_start(struct sessions *sessions, struct str name, struct str owner);
void lease_keeper_stop(struct lease_keeper *keeper); /* NULL is fine */

#endif
