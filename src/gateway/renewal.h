/* renewal: a fresh access token where the old one has ended or is refused: one at a time per credential, in this process and in all that share the store (R-D3 to R-D7).
 *
 * What holds always:
 * - The new tokens are in the store before anybody uses them. If the store does not take them they are kept in memory, and the next try saves those instead of asking the server again.
 * - One that is remembered (vault.h) is renewed once for all sessions that have it: the others take what the vault holds.
 * - Who comes while a renewal runs gets its result. Who finds the row renewed by another process takes what is there.
 * - Only a dead refresh token (ERROR_reauth_required) ends the connection; everything else is ERROR_refresh_failed for now, with retry_after. */
#ifndef DRAWBRIDGE_GATEWAY_RENEWAL_H
#define DRAWBRIDGE_GATEWAY_RENEWAL_H

#include "gateway/gateway_internal.h"

enum { RENEWAL_EARLY_MS = 30000 };

/* Does it end within RENEWAL_EARLY_MS, and can it be renewed? */
bool renewal_is_due(const struct connection_credential *credential, int64_t now_ms);

/* The lease that is held in the store while it is renewed. */
struct str renewal_lease(const struct gateway_session *session, struct connection *connection, struct arena *arena);

/* Blocks, on a worker. 0: the connection holds another credential than that of `seen_turn`. -1: ERROR_reauth_required, refresh_failed, not_connected, store_unavailable. */
int renewal_run(struct gateway *gateway, struct directory *directory, struct gateway_session *session, struct connection *connection,
                uint64_t seen_turn, struct error *error);

/* The same from the loop: `done` gets NULL or the error, later. One thread at most is taken per connection, however many wait. */
void renewal_start(struct gateway *gateway, struct directory *directory, struct gateway_session *session, struct connection *connection,
                   uint64_t seen_turn, void (*done)(void *payload, const struct error *error), void *payload);

#endif
