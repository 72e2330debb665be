#include "crypt/mac.h"

#include <sodium.h>

const char *mac_sha256(const struct secret *key, struct str message, char ret[MAC_TEXT_SIZE]) {
  crypto_auth_hmacsha256_state state;
  unsigned char mac[crypto_auth_hmacsha256_BYTES];
  struct str bytes = secret_reveal(key);
  crypto_auth_hmacsha256_init(&state, (const unsigned char *)bytes.p, bytes.n);
  crypto_auth_hmacsha256_update(&state, (const unsigned char *)(message.n ? message.p : ""), message.n);
  crypto_auth_hmacsha256_final(&state, mac);
  sodium_memzero(&state, sizeof state);
  return sodium_bin2hex(ret, MAC_TEXT_SIZE, mac, sizeof mac);
}
