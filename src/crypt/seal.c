#include "crypt/seal.h"

#include "base/mem.h"
#include "crypt/random.h"
#include <sodium.h>

enum {
  VERSION = 1,
  NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
  HEAD_SIZE = 1 + 4,
  OVERHEAD = HEAD_SIZE + NONCE_SIZE + TAG_SIZE,
};

static const struct str purpose = {"drawbridge seal 1", 17};

static void put_u32(unsigned char *p, uint32_t n) {
  for (int i = 0; i < 4; i++) p[i] = (unsigned char)(n >> (24 - 8 * i));
}

static uint32_t get_u32(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* What is authenticated beside the text: version and key id, then how many fields, and each field behind its length. Free it. */
static unsigned char *authenticated(const unsigned char head[HEAD_SIZE], struct seal_place place, size_t *ret_n) {
  size_t n = HEAD_SIZE + 4;
  for (size_t i = 0; i < place.count; i++) n += 4 + place.fields[i].n;
  unsigned char *p = mem_alloc(n), *at = p + HEAD_SIZE + 4;
  memcpy(p, head, HEAD_SIZE);
  put_u32(p + HEAD_SIZE, (uint32_t)place.count);
  for (size_t i = 0; i < place.count; i++) {
    put_u32(at, (uint32_t)place.fields[i].n);
    if (place.fields[i].n) memcpy(at + 4, place.fields[i].p, place.fields[i].n);
    at += 4 + place.fields[i].n;
  }
  *ret_n = n;
  return p;
}

struct str seal_close(struct arena *arena, struct seal_place place, struct str plain) {
  unsigned char *envelope = arena_alloc(arena, OVERHEAD + plain.n), *nonce = envelope + HEAD_SIZE, key[KEYRING_KEY_SIZE];
  size_t beside_n;
  envelope[0] = VERSION;
  put_u32(envelope + 1, keyring_newest(place.ring));
  random_bytes(nonce, NONCE_SIZE);
  unsigned char *beside = authenticated(envelope, place, &beside_n);
  (void)keyring_derive(place.ring, keyring_newest(place.ring), purpose, secret_reveal(place.holder), key);
  (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_SIZE, NULL, (const unsigned char *)(plain.n ? plain.p : ""), plain.n,
                                                   beside, beside_n, NULL, nonce, key);
  secret_wipe(key, sizeof key);
  free(beside);
  return (struct str){(const char *)envelope, OVERHEAD + plain.n};
}

static struct secret *refuse(struct error *error) {
  (void)error_set(error, ERROR_reauth_required, "the stored sign-in cannot be opened any more: sign in again");
  return NULL;
}

struct secret *seal_open(struct seal_place place, struct str sealed, struct error *error) {
  const unsigned char *envelope = (const unsigned char *)sealed.p;
  unsigned char key[KEYRING_KEY_SIZE];
  if (sealed.n < OVERHEAD || envelope[0] != VERSION) return refuse(error);
  if (!keyring_derive(place.ring, get_u32(envelope + 1), purpose, secret_reveal(place.holder), key)) return refuse(error);
  size_t beside_n, n = sealed.n - OVERHEAD;
  unsigned char *beside = authenticated(envelope, place, &beside_n), *plain = mem_alloc(n + 1);
  const unsigned char *nonce = envelope + HEAD_SIZE;
  int result =
      crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, nonce + NONCE_SIZE, n + TAG_SIZE, beside, beside_n, nonce, key);
  struct secret *secret = result == 0 ? secret_new((struct str){(const char *)plain, n}) : NULL;
  secret_wipe(key, sizeof key);
  secret_wipe(plain, n + 1);
  free(plain);
  free(beside);
  return secret ? secret : refuse(error);
}

bool seal_is_newest(const struct keyring *ring, struct str sealed) {
  const unsigned char *envelope = (const unsigned char *)sealed.p;
  return sealed.n >= OVERHEAD && envelope[0] == VERSION && get_u32(envelope + 1) == keyring_newest(ring);
}
