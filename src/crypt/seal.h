/* seal: encrypts what is stored, so that neither the store nor the key file alone gives it away, and nothing can be moved to another place.
 *
 * Envelope: version (1 byte, 1), key id (4, big endian), nonce (24, random), XChaCha20-Poly1305 ciphertext and tag. The key is derived from the ring's key and the
 * holder's secret (the session cookie's; empty for what must outlive every browser: sign-in transactions, runs). Authenticated beside the text: version, key id and the
 * `place`: fields that say where this belongs (session, server, what), each with its length before it, so that no two lists of fields read the same (R-D10).
 *
 * Life cycle: values only; results are the caller's. Safe from any thread. */
#ifndef DRAWBRIDGE_CRYPT_SEAL_H
#define DRAWBRIDGE_CRYPT_SEAL_H

#include "base/arena.h"
#include "crypt/keyring.h"
#include "crypt/secret.h"

struct seal_place {
  const struct keyring *ring;
  const struct secret *holder; /* NULL: none */
  const struct str *fields;
  size_t count;
};

/* Sealed with the newest key; in the arena (it is no secret any more). */
struct str seal_close(struct arena *arena, struct seal_place place, struct str plain);

/* NULL with ERROR_reauth_required: cut, changed, sealed for another place or holder, or by a key that is gone. Which of these is not told. */
struct secret *seal_open(struct seal_place place, struct str sealed, struct error *error);

/* False: an older key sealed it: seal it again when it is open anyway. */
bool seal_is_newest(const struct keyring *ring, struct str sealed);

#endif
