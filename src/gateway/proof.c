#include "gateway/proof.h"

#include "base/json_doc.h"
#include "http/base64.h"
#include <cjose/cjose.h>

enum { COORDINATE = 32 };

int proof_refuse(struct error *error, const char *reason, const char *what) {
  (void)error_set(error, ERROR_proof_refused, "%s", what);
  return error_because(error, reason);
}

int proof_refuse_nonce(struct error *error) {
  return proof_refuse(error, "nonce", "the proof's nonce is missing or too old: sign again with the one in X-Drawbridge-Nonce");
}

int proof_refuse_replayed(struct error *error) {
  return proof_refuse(error, "replayed", "this proof was used already: sign each call anew");
}

void proof_mark(const struct proof *proof, unsigned char ret[HASH_SIZE]) {
  unsigned char nonce[HASH_SIZE];
  char room[2 * HASH_SIZE + PROOF_ID_MAX];
  struct str id = str_slice(proof->id, 0, PROOF_ID_MAX);
  hash_sha256(proof->nonce, nonce);
  memcpy(room, proof->key, HASH_SIZE);
  memcpy(room + HASH_SIZE, nonce, HASH_SIZE);
  memcpy(room + 2 * HASH_SIZE, id.p, id.n);
  hash_sha256((struct str){room, 2 * HASH_SIZE + id.n}, ret);
}

static int refuse(struct error *error, const char *what) {
  return proof_refuse(error, "malformed", what);
}

static bool is(const json_t *object, const char *name, struct str wanted) {
  struct str text = json_text(object, name);
  return text.p && str_eq(text, wanted);
}

static json_t *part_of(struct str text, struct arena *arena) {
  struct str bytes;
  json_t *root = base64url_decode(arena, text, &bytes) ? json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
  if (json_is_object(root)) return root;
  json_decref(root);
  return NULL;
}

static bool is_coordinate(struct str text, struct arena *arena) {
  struct str bytes;
  return text.n && base64url_decode(arena, text, &bytes) && bytes.n == COORDINATE;
}

/* The key in its one spelling (RFC 7638 section 3.3): what is hashed is what the signature is checked with. Empty: no public P-256 key. */
static struct str key_of(const json_t *header, struct arena *arena) {
  const json_t *jwk = json_object_get(header, "jwk");
  struct str x = json_text(jwk, "x"), y = json_text(jwk, "y");
  if (!is(jwk, "kty", STR("EC")) || !is(jwk, "crv", STR("P-256")) || json_object_get(jwk, "d")) return STR_NONE;
  if (!is_coordinate(x, arena) || !is_coordinate(y, arena)) return STR_NONE;
  return arena_concat(arena, STR("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""), x, STR("\",\"y\":\""), y, STR("\"}"));
}

static bool signed_by(struct str token, struct str key) {
  cjose_err unused;
  cjose_jwk_t *jwk = cjose_jwk_import(key.p, key.n, &unused);
  cjose_jws_t *jws = cjose_jws_import(token.p, token.n, &unused);
  bool good = jwk && jws && cjose_jws_verify(jws, jwk, &unused);
  cjose_jws_release(jws);
  if (jwk) (void)cjose_jwk_release(jwk);
  return good;
}

/* Looked at here first: cjose ends the process at letters that are no base64url. */
static bool is_signature(struct str text, struct arena *arena) {
  struct str bytes;
  return base64url_decode(arena, text, &bytes) && bytes.n == 2 * COORDINATE;
}

static int check_header(const json_t *header, struct arena *arena, struct str *ret_key, struct error *error) {
  if (!is(header, "typ", STR("dpop+jwt")) || !is(header, "alg", STR("ES256")) || json_object_get(header, "crit"))
    return refuse(error, "the proof is to be a dpop+jwt, signed with ES256");
  *ret_key = key_of(header, arena);
  return ret_key->n ? 0 : refuse(error, "the proof's jwk is to be a public key of the curve P-256");
}

static bool has_hash(const json_t *claims, struct str handle, struct arena *arena) {
  unsigned char hash[HASH_SIZE];
  hash_sha256(handle, hash);
  return hash_eq(json_text(claims, "ath"), base64url_encode(arena, (struct str){(const char *)hash, sizeof hash}));
}

static int check_claims(const json_t *claims, const struct proof_call *call, struct arena *arena, struct proof *ret, struct error *error) {
  struct str id = json_text(claims, "jti"), nonce = json_text(claims, "nonce");
  if (!id.n || id.n > PROOF_ID_MAX || !json_is_integer(json_object_get(claims, "iat")))
    return refuse(error, "the proof has no jti or no iat");
  if (!is(claims, "htm", call->method) || !is(claims, "htu", call->address))
    return proof_refuse(error, "other_call", "the proof was signed for another method or address");
  if (call->handle.n && !has_hash(claims, call->handle, arena))
    return proof_refuse(error, "other_call", "the proof was signed for another session");
  ret->id = arena_str(arena, id);
  ret->nonce = arena_str(arena, nonce);
  return 0;
}

static int check_parts(struct str text, const json_t *header, const json_t *claims, const struct proof_call *call, struct arena *arena,
                       struct proof *ret, struct error *error) {
  struct str key = STR_NONE;
  if (!header || !claims) return refuse(error, "the proof cannot be read");
  if (check_header(header, arena, &key, error) || check_claims(claims, call, arena, ret, error)) return -1;
  if (!signed_by(text, key)) return proof_refuse(error, "signature", "the proof's signature is not that of its key");
  hash_sha256(key, ret->key);
  return 0;
}

int proof_check(struct str text, const struct proof_call *call, struct arena *arena, struct proof *ret, struct error *error) {
  struct str rest = text, first = str_take(&rest, '.'), second = str_take(&rest, '.');
  *ret = (struct proof){0};
  if (!text.n || text.n > PROOF_MAX || !is_signature(rest, arena))
    return refuse(error, "the proof is to be three parts of base64url, below 2 KiB");
  json_t *header = part_of(first, arena), *claims = part_of(second, arena);
  int failed = check_parts(text, header, claims, call, arena, ret, error);
  json_decref(header);
  json_decref(claims);
  return failed;
}
