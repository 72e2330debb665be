/* proof_nonces: which proofs (proof.h) are young, and which were used already.
 *
 * What holds always: a proof names a nonce that this process gave out; the two newest are taken, and a new one is made every PROOF_TURN_MS: a proof is good for a minute at the most, also one that was signed in advance. Each nonce
 * remembers the proofs used with it: of two with one key and `jti` the second is refused. When one has PROOF_SEEN_MAX of them, the next one begins early: then somebody signs again, and nobody comes in twice. Nonces are the process's own,
 * so that a proof cannot be shown to another process on the same machine. Where processes share a store, proof_shared.h.
 *
 * Any thread. Times are clock_monotonic_ms(). */
#ifndef DRAWBRIDGE_GATEWAY_PROOF_NONCES_H
#define DRAWBRIDGE_GATEWAY_PROOF_NONCES_H

#include "gateway/proof.h"

enum { PROOF_TURN_MS = 30000, PROOF_SEEN_MAX = 100000 };

struct proof_nonces;

struct proof_nonces *proof_nonces_new(int64_t now_ms);
void proof_nonces_free(struct proof_nonces *nonces); /* NULL is fine */

struct str proof_nonces_current(struct proof_nonces *nonces, int64_t now_ms, struct arena *arena);

/* -1: ERROR_proof_refused, reason "nonce" (sign again with the current one) or "replayed". */
int proof_nonces_use(struct proof_nonces *nonces, int64_t now_ms, const struct proof *proof, struct error *error);

#endif
