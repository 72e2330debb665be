#include "http/base64.h"

#include "base/mem.h"
#include <sodium.h>

static struct str encode(struct arena *arena, struct str bytes, int variant) {
  size_t size = sodium_base64_encoded_len(bytes.n, variant);
  char *text = arena_alloc(arena, size);
  sodium_bin2base64(text, size, (const unsigned char *)(bytes.n ? bytes.p : ""), bytes.n, variant);
  return (struct str){text, strlen(text)};
}

/* libsodium 1.0.18 takes 0xff for a letter of the alphabet where char is signed. */
static bool is_ascii(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] > 0x7e) return false;
  return true;
}

static bool decode(struct arena *arena, struct str text, int variant, struct str *ret) {
  if (!is_ascii(text)) return false;
  unsigned char *bytes = arena_alloc(arena, text.n / 4 * 3 + 4);
  size_t n = 0;
  const char *end = NULL;
  if (text.n && (sodium_base642bin(bytes, text.n / 4 * 3 + 3, text.p, text.n, NULL, &n, &end, variant) != 0 || end != text.p + text.n))
    return false;
  *ret = (struct str){(const char *)bytes, n};
  return true;
}

struct str base64_encode(struct arena *arena, struct str bytes) {
  return encode(arena, bytes, sodium_base64_VARIANT_ORIGINAL);
}

bool base64_decode(struct arena *arena, struct str text, struct str *ret) {
  return decode(arena, text, sodium_base64_VARIANT_ORIGINAL, ret);
}

struct str base64url_encode(struct arena *arena, struct str bytes) {
  return encode(arena, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool base64url_decode(struct arena *arena, struct str text, struct str *ret) {
  return decode(arena, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, ret);
}

struct secret *base64_basic(struct str user, const struct secret *password) {
  struct str word = secret_reveal(password);
  size_t n = user.n + 1 + word.n, size = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
  char *plain = mem_alloc(n), *text = mem_alloc(size);
  if (user.n) memcpy(plain, user.p, user.n);
  plain[user.n] = ':';
  if (word.n) memcpy(plain + user.n + 1, word.p, word.n);
  sodium_bin2base64(text, size, (unsigned char *)plain, n, sodium_base64_VARIANT_ORIGINAL);
  struct secret *secret = secret_new(str_of(text));
  secret_wipe(plain, n);
  secret_wipe(text, size);
  free(plain);
  free(text);
  return secret;
}
