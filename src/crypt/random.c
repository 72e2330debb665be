#include "crypt/random.h"

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

void hash_sha256(struct str bytes, unsigned char ret[HASH_SIZE]) {
  (void)crypto_hash_sha256(ret, (const unsigned char *)(bytes.n ? bytes.p : ""), bytes.n);
}

const char *hash_hex(const unsigned char *hash, size_t n, char *ret) {
  return sodium_bin2hex(ret, 2 * n + 1, hash, n);
}

bool hash_eq(struct str a, struct str b) {
  return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}
