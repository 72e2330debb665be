#include "crypt/random.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>

void random_bytes(void *p, size_t n) {
  if (sodium_init() < 0) abort();
  randombytes_buf(p, n);
}

void random_letters(char *p, size_t n) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (sodium_init() < 0) abort();
  for (size_t i = 0; i < n; i++) p[i] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
}

struct str random_id(struct arena *arena, size_t letters) {
  char *p = arena_alloc(arena, letters + 1);
  random_letters(p, letters);
  return (struct str){p, letters};
}

/* splitmix64, whose map is one to one. */
uint64_t random_next(uint64_t *state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15U;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
  x = (x ^ x >> 27) * 0x94d049bb133111ebU;
  return x ^ x >> 31;
}

/* OpenSSL's, for it knows the processor's own instructions: five times as fast as libsodium's. To find it each time would take longer than a short hash. */
static EVP_MD *sha256;

static void find_sha256(void) {
  if (!(sha256 = EVP_MD_fetch(NULL, "SHA256", NULL))) abort();
}

void hash_sha256(struct str bytes, unsigned char ret[HASH_SIZE]) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, find_sha256);
  if (!EVP_Digest(bytes.n ? bytes.p : "", bytes.n, ret, NULL, sha256, NULL)) abort();
}

const char *hash_hex(const unsigned char *hash, size_t n, char *ret) {
  return sodium_bin2hex(ret, 2 * n + 1, hash, n);
}

bool hash_eq(struct str a, struct str b) {
  return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}
