/* proof: what a browser signs with its own key for each call of an app in mode `handle`: a DPoP proof (RFC 9449 section 4.2). Pure.
 *
 * What holds always: `typ` is dpop+jwt, `alg` ES256 and `jwk` a public P-256 key, or nothing is taken; nothing is believed before the signature holds. Up to PROOF_MAX bytes. The browser's clock does not matter: how old a proof is, its
 * nonce tells (proof_nonces.h). A refusal is ERROR_proof_refused with a reason: "malformed", "signature", "other_call". */
#ifndef DRAWBRIDGE_GATEWAY_PROOF_H
#define DRAWBRIDGE_GATEWAY_PROOF_H

#include "base/arena.h"
#include "base/error.h"
#include "crypt/random.h"

enum { PROOF_MAX = 2048, PROOF_ID_MAX = 128 };

struct proof_call {
  struct str method, address; /* `htm`; `htu`: without query, byte for byte */
  struct str handle; /* `ath` is to be BASE64URL(SHA-256(handle)); empty: no handle is sent beside it, and `ath` is not looked at */
};

struct proof {
  unsigned char key[HASH_SIZE]; /* RFC 7638 thumbprint, SHA-256 */
  struct str nonce, id;         /* in the arena; nonce may be empty */
};

int proof_check(struct str text, const struct proof_call *call, struct arena *arena, struct proof *ret, struct error *error);

/* Of fixed length, whatever a browser calls its proofs: the same for two with one key, nonce and `jti`. */
void proof_mark(const struct proof *proof, unsigned char ret[HASH_SIZE]);

int proof_refuse(struct error *error, const char *reason, const char *what); /* -1 */
int proof_refuse_nonce(struct error *error);
int proof_refuse_replayed(struct error *error);

#endif
