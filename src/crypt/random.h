/* random: bytes, ids and hashes that are not secrets by type. (A random secret is secret_random.)
 *
 * What holds always: the generator is the kernel's; the calls never fail and never block once the system is up. */
#ifndef DRAWBRIDGE_CRYPT_RANDOM_H
#define DRAWBRIDGE_CRYPT_RANDOM_H

#include "base/arena.h"

void random_bytes(void *p, size_t n);

/* `letters` letters of [A-Za-z0-9], each chosen evenly: 5.95 bits per letter; 22 letters are 130 bits. */
struct str random_id(struct arena *arena, size_t letters);
void random_letters(char *p, size_t n); /* the same without NUL, for what must not lie in an arena */

/* One of 2^64 numbers that seem to come at random, each once in a round: for ids that are to be unlike each other, and no secret. A state that was begun at random meets another's numbers only by chance. */
uint64_t random_next(uint64_t *state);

enum { HASH_SIZE = 32 };

/* SHA-256. Session ids, states and hand-off codes are stored as this, never as themselves: a stolen table opens nothing (R-E1). */
void hash_sha256(struct str bytes, unsigned char ret[HASH_SIZE]);

/* The first bytes of a hash in small hexadecimal letters, with a NUL behind: 2 * n + 1 bytes. Returns `ret`. */
const char *hash_hex(const unsigned char *hash, size_t n, char *ret);

/* Constant time: neither value tells by timing how much of it was right. */
bool hash_eq(struct str a, struct str b);

#endif
