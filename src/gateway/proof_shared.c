#include "gateway/proof_shared.h"

#include "gateway/proof_nonces.h"
#include <sodium.h>

enum { ID_LETTERS = 8, NONCE_LETTERS = ID_LETTERS + 2 * 16 };

/* Of what is derived its hash is told, never the key itself. */
static bool make_nonce(const struct keyring *ring, uint32_t key, int64_t turn, char ret[NONCE_LETTERS + 1]) {
  unsigned char derived[KEYRING_KEY_SIZE], hash[HASH_SIZE];
  char when[24];
  (void)snprintf(when, sizeof when, "%lld", (long long)turn);
  if (!keyring_derive(ring, key, STR("nonces of proofs"), str_of(when), derived)) return false;
  hash_sha256((struct str){(const char *)derived, sizeof derived}, hash);
  sodium_memzero(derived, sizeof derived);
  (void)snprintf(ret, ID_LETTERS + 1, "%08x", key);
  (void)hash_hex(hash, (NONCE_LETTERS - ID_LETTERS) / 2, ret + ID_LETTERS);
  return true;
}

struct str proof_shared_nonce(const struct keyring *ring, int64_t now_ms, struct arena *arena) {
  char nonce[NONCE_LETTERS + 1] = "";
  (void)make_nonce(ring, keyring_newest(ring), now_ms / PROOF_TURN_MS, nonce); /* the newest is always there */
  return arena_str(arena, str_of(nonce));
}

static bool key_of(struct str nonce, uint32_t *ret) {
  char text[ID_LETTERS + 1] = "", *end;
  if (nonce.n != NONCE_LETTERS) return false;
  memcpy(text, nonce.p, ID_LETTERS);
  *ret = (uint32_t)strtoul(text, &end, 16);
  return !*end;
}

int proof_shared_check(const struct keyring *ring, int64_t now_ms, const struct proof *proof, struct error *error) {
  uint32_t key;
  char nonce[NONCE_LETTERS + 1];
  int64_t turn = now_ms / PROOF_TURN_MS;
  if (key_of(proof->nonce, &key))
    for (int64_t i = turn - 1; i <= turn + 1; i++)
      if (make_nonce(ring, key, i, nonce) && hash_eq(proof->nonce, str_of(nonce))) return 0;
  return proof_refuse_nonce(error);
}

int proof_shared_use(const struct rows *rows, int64_t now_ms, const struct proof *proof, struct error *error) {
  struct store_ticket ticket = {.kind = STR("proof"), .expires_ms = now_ms + 3 * PROOF_TURN_MS};
  proof_mark(proof, ticket.id);
  if (store_ticket_put(rows->store, &ticket, error) == 0) return 0;
  return error->code == ERROR_conflict ? proof_refuse_replayed(error) : -1;
}
