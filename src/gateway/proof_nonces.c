#include "gateway/proof_nonces.h"

#include "base/map.h"
#include "base/mem.h"
#include <uv.h>

enum { NONCE_LETTERS = 22 };

struct generation {
  char nonce[NONCE_LETTERS];
  struct arena *arena; /* of the keys; NULL: there is no such generation */
  struct map seen;
};

struct proof_nonces {
  uv_mutex_t lock; /* of what follows */
  struct generation now, before;
  int64_t made_ms;
};

static void begin(struct generation *generation) {
  *generation = (struct generation){.arena = arena_new()};
  random_letters(generation->nonce, sizeof generation->nonce);
}

static void end(struct generation *generation) {
  map_free(&generation->seen);
  arena_free(generation->arena);
  *generation = (struct generation){0};
}

static void turn(struct proof_nonces *nonces, int64_t now_ms) {
  end(&nonces->before);
  nonces->before = nonces->now;
  begin(&nonces->now);
  nonces->made_ms = now_ms;
}

static void turn_if_due(struct proof_nonces *nonces, int64_t now_ms) {
  int64_t age = now_ms - nonces->made_ms;
  if (age >= PROOF_TURN_MS || nonces->now.seen.count >= PROOF_SEEN_MAX) turn(nonces, now_ms);
  if (age >= 2 * PROOF_TURN_MS) end(&nonces->before); /* nobody asked meanwhile: it is older than it may be */
}

struct proof_nonces *proof_nonces_new(int64_t now_ms) {
  struct proof_nonces *nonces = mem_alloc(sizeof *nonces);
  if (uv_mutex_init(&nonces->lock)) abort();
  begin(&nonces->now);
  nonces->made_ms = now_ms;
  return nonces;
}

void proof_nonces_free(struct proof_nonces *nonces) {
  if (!nonces) return;
  end(&nonces->now);
  end(&nonces->before);
  uv_mutex_destroy(&nonces->lock);
  free(nonces);
}

static struct str nonce_of(const struct generation *generation) {
  return (struct str){generation->nonce, sizeof generation->nonce};
}

struct str proof_nonces_current(struct proof_nonces *nonces, int64_t now_ms, struct arena *arena) {
  uv_mutex_lock(&nonces->lock);
  turn_if_due(nonces, now_ms);
  struct str current = arena_str(arena, nonce_of(&nonces->now));
  uv_mutex_unlock(&nonces->lock);
  return current;
}

static int use(struct proof_nonces *nonces, int64_t now_ms, const struct proof *proof, struct error *error) {
  turn_if_due(nonces, now_ms);
  struct generation *generation = hash_eq(proof->nonce, nonce_of(&nonces->now)) ? &nonces->now : &nonces->before;
  if (!generation->arena || !hash_eq(proof->nonce, nonce_of(generation))) return proof_refuse_nonce(error);
  unsigned char bytes[HASH_SIZE];
  struct str mark = {(const char *)bytes, sizeof bytes};
  proof_mark(proof, bytes);
  if (map_get(&generation->seen, mark)) return proof_refuse_replayed(error);
  (void)map_put(&generation->seen, arena_str(generation->arena, mark), generation);
  return 0;
}

int proof_nonces_use(struct proof_nonces *nonces, int64_t now_ms, const struct proof *proof, struct error *error) {
  uv_mutex_lock(&nonces->lock);
  int failed = use(nonces, now_ms, proof, error);
  uv_mutex_unlock(&nonces->lock);
  return failed;
}
