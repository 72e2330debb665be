/* revoke: ends at the servers what drawbridge made there: OAuth tokens, tokens made in exchange for a password, sessions; never a token that a person pasted (contracts: "Signing out").
 *
 * What holds always: connections are marked as ended at once; the calls to the servers run beside each other on the pool of calls, a failed one is only logged. `done` runs when all have ended, or after REVOKE_PATIENCE_MS: what then
 * is still under way goes on without anybody waiting. Loop thread. */
#ifndef DRAWBRIDGE_GATEWAY_REVOKE_H
#define DRAWBRIDGE_GATEWAY_REVOKE_H

#include "gateway/gateway_internal.h"

enum { REVOKE_PATIENCE_MS = 5000 };

/* Has every loop let go of what is over (connection_end, session_end): calls under way are cut, cookies are not saved any more, dead sessions leave the memory. For whoever ends something without revoke_start, which does so too. */
void revoke_from_loops(struct gateway *gateway);

/* Takes over the references of the connections. `done` may be NULL. */
void revoke_start(struct gateway *gateway, struct directory *directory, struct connection **connections, size_t count,
                  void (*done)(void *payload), void *payload);

#endif
