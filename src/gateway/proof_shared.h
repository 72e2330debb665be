/* proof_shared: what proof_nonces.h does, where several processes share a store: any of them takes a proof, and only one of them, once.
 *
 * What holds always: a nonce names a key of the ring and is made from it and from the half minute of the clock, so every process with that ring knows it without having been asked for it; the half minute that is, the one before and, since
 * clocks differ by seconds, the next are taken. A proof that was used is a ticket of the store until no process takes its nonce any more, and for half a minute longer at the most; one process
 * makes PROOF_SEEN_MAX of them in half a minute, then calls wait. */
#ifndef DRAWBRIDGE_GATEWAY_PROOF_SHARED_H
#define DRAWBRIDGE_GATEWAY_PROOF_SHARED_H

#include "gateway/proof.h"
#include "gateway/rows.h"

struct str proof_shared_nonce(const struct keyring *ring, int64_t now_ms, struct arena *arena);

/* -1: ERROR_proof_refused, reason "nonce" (sign again with the current one). Pure. */
int proof_shared_check(const struct keyring *ring, int64_t now_ms, const struct proof *proof, struct error *error);

/* Of a proof that was checked; blocks. -1: ERROR_proof_refused, reason "replayed"; ERROR_store_unavailable. */
int proof_shared_use(const struct rows *rows, int64_t now_ms, const struct proof *proof, struct error *error);

#endif
