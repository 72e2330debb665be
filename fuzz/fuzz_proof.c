/* Any text as a proof (mode `handle`): nothing but a proof that its own key signed for this very call is taken, and it has one thumbprint. */
#include "gateway/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct proof_call call = {{"POST", 4}, {"https://server.example.com/token", 32}, {NULL, 0}};
  struct arena *arena = arena_new();
  struct str text = {(const char *)data, size};
  struct proof proof, again;
  struct error error = {0};
  if (proof_check(text, &call, arena, &proof, &error)) {
    if (error.code != ERROR_proof_refused || !error.reason[0]) abort();
  } else if (!proof.id.n || proof_check(text, &call, arena, &again, &error) || memcmp(proof.key, again.key, HASH_SIZE) != 0) {
    abort();
  }
  arena_free(arena);
  return 0;
}
