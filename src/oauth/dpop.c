#include "oauth/dpop.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "http/base64.h"
#include "http/url.h"
#include "oauth/jws.h"
#include <uv.h>

enum { CLAIMS_MAX = 16384, JTI_LETTERS = 22 };

struct dpop_nonces {
  uv_mutex_t lock;
  struct {
    char *origin, *nonce;
  } p[DPOP_ORIGINS_MAX];
  size_t n, next; /* next: the one that makes room */
};

struct dpop_nonces *dpop_nonces_new(void) {
  struct dpop_nonces *nonces = mem_alloc(sizeof *nonces);
  if (uv_mutex_init(&nonces->lock)) abort();
  return nonces;
}

void dpop_nonces_free(struct dpop_nonces *nonces) {
  if (!nonces) return;
  for (size_t i = 0; i < nonces->n; i++) {
    free(nonces->p[i].origin);
    free(nonces->p[i].nonce);
  }
  uv_mutex_destroy(&nonces->lock);
  free(nonces);
}

static struct str origin_of(struct str url, struct arena *arena) {
  struct url parsed;
  struct error unused = {0};
  return url_parse(arena, url, &parsed, &unused) == 0 ? url_origin(arena, &parsed) : STR_NONE;
}

static bool is_nonce(struct str text) {
  bool good = text.n > 0 && text.n <= DPOP_NONCE_MAX;
  for (size_t i = 0; i < text.n && good; i++) good = text.p[i] > ' ' && text.p[i] < 127 && text.p[i] != '"' && text.p[i] != '\\';
  return good;
}

static size_t find(const struct dpop_nonces *nonces, struct str origin) {
  size_t i = 0;
  while (i < nonces->n && !str_eq(str_of(nonces->p[i].origin), origin)) i++;
  return i;
}

void dpop_nonces_keep(struct dpop_nonces *nonces, struct str url, const struct http_headers *answer) {
  struct str nonce = http_headers_value(answer, STR("DPoP-Nonce"));
  if (!nonces || !is_nonce(nonce) || http_headers_count(answer, STR("DPoP-Nonce")) > 1) return;
  struct arena *arena = arena_new();
  struct str origin = origin_of(url, arena);
  uv_mutex_lock(&nonces->lock);
  size_t at = find(nonces, origin);
  if (at == nonces->n && nonces->n < DPOP_ORIGINS_MAX) {
    nonces->n++;
  } else if (at == nonces->n) {
    at = nonces->next;
    nonces->next = (nonces->next + 1) % DPOP_ORIGINS_MAX;
  }
  free(nonces->p[at].origin);
  free(nonces->p[at].nonce);
  nonces->p[at].origin = mem_printf("%.*s", STR_ARG(origin));
  nonces->p[at].nonce = mem_printf("%.*s", STR_ARG(nonce));
  uv_mutex_unlock(&nonces->lock);
  arena_free(arena);
}

static struct str nonce_for(struct dpop_nonces *nonces, struct str url, struct arena *arena) {
  if (!nonces) return STR_NONE;
  struct str origin = origin_of(url, arena);
  uv_mutex_lock(&nonces->lock);
  size_t at = find(nonces, origin);
  struct str nonce = at < nonces->n ? arena_str(arena, str_of(nonces->p[at].nonce)) : STR_NONE;
  uv_mutex_unlock(&nonces->lock);
  return nonce;
}

bool dpop_wants_nonce(int status, const struct http_headers *answer) {
  if (status != 401 || !is_nonce(http_headers_value(answer, STR("DPoP-Nonce")))) return false;
  for (size_t i = 0; i < answer->n; i++)
    if (str_eq_nocase(answer->p[i].name, STR("WWW-Authenticate")) && str_has(answer->p[i].value, STR("use_dpop_nonce"))) return true;
  return false;
}

struct str dpop_proof(struct dpop_nonces *nonces, const struct secret *key, struct str method, struct str url,
                      const struct secret *access_token, struct arena *arena) {
  struct str jwk, proof = STR_NONE, nonce = nonce_for(nonces, url, arena);
  struct buf claims = BUF_INIT(CLAIMS_MAX);
  struct json_out out = JSON_OUT_INIT(&claims);
  json_out_object(&out);
  json_out_member_str(&out, "jti", random_id(arena, JTI_LETTERS));
  json_out_member_str(&out, "htm", method);
  json_out_member_str(&out, "htu", str_slice(url, 0, str_find_char(url, '?')));
  json_out_member_int(&out, "iat", clock_now_ms() / 1000);
  if (nonce.n) json_out_member_str(&out, "nonce", nonce);
  if (access_token) {
    unsigned char hash[HASH_SIZE];
    hash_sha256(secret_reveal(access_token), hash);
    json_out_member_str(&out, "ath", base64url_encode(arena, (struct str){(const char *)hash, sizeof hash}));
  }
  json_out_end(&out);
  if (jws_public_jwk(key, arena, &jwk))
    (void)jws_sign(key, arena_printf(arena, "\"typ\":\"dpop+jwt\",\"jwk\":%.*s", STR_ARG(jwk)), buf_str(&claims), arena, &proof);
  buf_free(&claims);
  return proof;
}
