#include "crypt/secret.h"

#include "base/mem.h"
#include "crypt/guarded.h"
#include <openssl/crypto.h>
#include <sodium.h>
#include <stdatomic.h>

struct secret {
  atomic_size_t references;
  size_t n;
  char *bytes;
};

static struct secret *secret_alloc(size_t n) {
  struct secret *secret = mem_alloc(sizeof *secret);
  atomic_init(&secret->references, 1);
  secret->n = n;
  secret->bytes = guarded_alloc(n);
  return secret;
}

struct secret *secret_new(struct str bytes) {
  struct secret *secret = secret_alloc(bytes.n);
  if (bytes.n) memcpy(secret->bytes, bytes.p, bytes.n);
  return secret;
}

struct secret *secret_random(size_t n) {
  struct secret *secret = secret_alloc(n);
  randombytes_buf(secret->bytes, n);
  return secret;
}

struct secret *secret_ref(struct secret *secret) {
  if (secret) atomic_fetch_add_explicit(&secret->references, 1, memory_order_relaxed);
  return secret;
}

void secret_free(struct secret *secret) {
  if (!secret || atomic_fetch_sub_explicit(&secret->references, 1, memory_order_acq_rel) > 1) return;
  guarded_free(secret->bytes, secret->n); /* wipes; ends the process if something wrote past the end */
  free(secret);
}

struct str secret_reveal(const struct secret *secret) {
  return secret ? (struct str){secret->bytes, secret->n} : STR_NONE;
}

bool secret_eq(const struct secret *secret, struct str bytes) {
  struct str own = secret_reveal(secret);
  return secret && own.n == bytes.n && (own.n == 0 || CRYPTO_memcmp(own.p, bytes.p, own.n) == 0);
}

void secret_wipe(void *p, size_t n) {
  if (p && n) sodium_memzero(p, n);
}
