#include "oauth/jws.h"

#include "http/base64.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum { COORDINATE = 32, RSA_BITS_MIN = 2048, DER_MAX = 1024 };

static EVP_PKEY *read_key(const struct secret *pem) {
  struct str text = secret_reveal(pem);
  BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
  EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "") : NULL; /* never asks for a password */
  BIO_free(bio);
  return key;
}

static bool on_p256(const EVP_PKEY *key) {
  char group[32] = "";
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
         strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* NULL: nothing can be signed with it. */
static const char *algorithm_of(const EVP_PKEY *key) {
  if (!key) return NULL;
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN ? "RS256" : NULL;
  return on_p256(key) ? "ES256" : NULL;
}

struct secret *jws_new_key(void) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  BIO *bio = BIO_new(BIO_s_secmem());
  if (!key || !bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) abort();
  char *text;
  long n = BIO_get_mem_data(bio, &text);
  struct secret *pem = secret_new((struct str){text, (size_t)n});
  secret_wipe(text, (size_t)n);
  BIO_free(bio);
  EVP_PKEY_free(key);
  return pem;
}

static bool coordinate(const EVP_PKEY *key, const char *name, struct arena *arena, struct str *ret) {
  BIGNUM *number = NULL;
  unsigned char bytes[COORDINATE];
  bool good = EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_bn2binpad(number, bytes, COORDINATE) == COORDINATE;
  BN_free(number);
  if (good) *ret = base64url_encode(arena, (struct str){(const char *)bytes, COORDINATE});
  return good;
}

bool jws_public_jwk(const struct secret *pem, struct arena *arena, struct str *ret) {
  EVP_PKEY *key = read_key(pem);
  struct str x, y;
  bool good =
      key && on_p256(key) && coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, arena, &x) && coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, arena, &y);
  EVP_PKEY_free(key);
  if (good) *ret = arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\"}", STR_ARG(x), STR_ARG(y));
  return good;
}

/* RFC 7518 section 3.4: r and s side by side, not DER. */
static bool raw_signature(const unsigned char *der, size_t n, unsigned char ret[2 * COORDINATE]) {
  ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)n);
  bool good = both && BN_bn2binpad(ECDSA_SIG_get0_r(both), ret, COORDINATE) == COORDINATE &&
              BN_bn2binpad(ECDSA_SIG_get0_s(both), ret + COORDINATE, COORDINATE) == COORDINATE;
  ECDSA_SIG_free(both);
  return good;
}

static bool sign(EVP_PKEY *key, struct str text, struct arena *arena, struct str *ret) {
  unsigned char bytes[DER_MAX], raw[2 * COORDINATE];
  size_t n = sizeof bytes;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool good = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(context, bytes, &n, (const unsigned char *)text.p, text.n) == 1;
  EVP_MD_CTX_free(context);
  if (!good) return false;
  bool curve = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
  if (curve && !raw_signature(bytes, n, raw)) return false;
  *ret = base64url_encode(arena, curve ? (struct str){(const char *)raw, sizeof raw} : (struct str){(const char *)bytes, n});
  return true;
}

bool jws_sign(const struct secret *pem, struct str header, struct str claims, struct arena *arena, struct str *ret) {
  EVP_PKEY *key = read_key(pem);
  const char *algorithm = algorithm_of(key);
  struct str signature;
  bool good = false;
  if (algorithm) {
    struct str whole = arena_printf(arena, "{\"alg\":\"%s\",%.*s}", algorithm, STR_ARG(header));
    struct str text = arena_printf(arena, "%.*s.%.*s", STR_ARG(base64url_encode(arena, whole)), STR_ARG(base64url_encode(arena, claims)));
    good = sign(key, text, arena, &signature);
    if (good) *ret = arena_printf(arena, "%.*s.%.*s", STR_ARG(text), STR_ARG(signature));
  }
  EVP_PKEY_free(key);
  return good;
}
