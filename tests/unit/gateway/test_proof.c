/* A proof that another implementation signed, and which proofs are young and unused. What is malformed or forged: tests/blackbox/test_gateway_handle.py. */
#include "gateway/proof_nonces.h"
#include "gateway/proof_shared.h"
#include "http/base64.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct proof_call token_call = {STR("POST"), STR("https://server.example.com/token"), STR("")};

/* Signed by the WebCrypto of node; its thumbprint by RFC 7638 from there, too. */
#define EXAMPLE \
  "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoiTG5CWTUwVFFNR0UzcnZBY0EzZFQ2QWxuQm9kTjlwbE" \
  "5sLU1jRHl1XzN3RSIsInkiOiJ6amZPZlZneVh1djA5b01vdVVQaEZocldjY2tYaWRqSTZpcnN6M08yS0NvIn19" \
  ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ" \
  ".t8KO0bj4oKOP_4Pbp1CIrCL1UpR_qYprg6srWTVSU-dfwVQkZsBoZHy8C2J_1FcFyiHQHEk0Wk32QmS1FE-UMg"

/* [R-E4] */
static void signed_elsewhere(void **state) {
  struct arena *arena = arena_new();
  struct proof proof;
  struct error error = {0};
  (void)state;
  assert_int_equal(proof_check(STR(EXAMPLE), &token_call, arena, &proof, &error), 0);
  struct str thumbprint = base64url_encode(arena, (struct str){(const char *)proof.key, sizeof proof.key});
  assert_true(str_eq(thumbprint, STR("H3P74JPJ84B_TG_-V4ScsgsIcl1KR40yY95fl0IUvLo")));
  assert_true(str_eq(proof.id, STR("-BwC3ESc6acc2lTc")));
  assert_int_equal(proof.nonce.n, 0);
  struct proof_call other = token_call;
  other.method = STR("GET");
  assert_int_equal(proof_check(STR(EXAMPLE), &other, arena, &proof, &error), -1);
  assert_string_equal(error.reason, "other_call");
  arena_free(arena);
}

/* [R-E4] Every letter of it changed: no longer signed, or no longer readable. */
static void any_change_is_seen(void **state) {
  struct arena *arena = arena_new();
  char text[] = EXAMPLE;
  (void)state;
  for (size_t i = 0; i < sizeof text - 1; i++) {
    struct proof proof;
    struct error error = {0};
    char before = text[i];
    text[i] = before == 'A' ? 'B' : 'A';
    if (proof_check((struct str){text, sizeof text - 1}, &token_call, arena, &proof, &error) != -1 || error.code != ERROR_proof_refused)
      fail_msg("letter %zu", i);
    text[i] = before;
  }
  arena_free(arena);
}

static const char *use(struct proof_nonces *nonces, int64_t now_ms, struct str nonce, const char *id, unsigned char key) {
  static struct error error;
  struct proof proof = {.nonce = nonce, .id = str_of(id)};
  memset(proof.key, key, sizeof proof.key);
  error = (struct error){0};
  return proof_nonces_use(nonces, now_ms, &proof, &error) ? error.reason : "good";
}

/* [A18] Signatures of every length and of odd letters. */
static void odd_signatures(void **state) {
  struct arena *arena = arena_new();
  struct str whole = STR(EXAMPLE);
  size_t dot = str_find_last_char(whole, '.');
  (void)state;
  for (size_t n = 0; n < 200; n++)
    for (const char *letter = "A=.+ "; *letter; letter++) {
      struct proof proof;
      struct error error = {0};
      char text[sizeof EXAMPLE + 200];
      memcpy(text, whole.p, dot + 1);
      memset(text + dot + 1, *letter, n);
      if (proof_check((struct str){text, dot + 1 + n}, &token_call, arena, &proof, &error) != -1) fail_msg("%zu of %c", n, *letter);
    }
  arena_free(arena);
}

/* [A10] */
static void once_and_while_young(void **state) {
  struct arena *arena = arena_new();
  struct proof_nonces *nonces = proof_nonces_new(0);
  (void)state;
  struct str first = proof_nonces_current(nonces, 0, arena);
  assert_string_equal(use(nonces, 1, first, "a", 1), "good");
  assert_string_equal(use(nonces, 1, first, "a", 1), "replayed");
  assert_string_equal(use(nonces, 1, first, "a", 2), "good"); /* another browser may call its proof the same */
  assert_string_equal(use(nonces, 1, first, "b", 1), "good");
  assert_string_equal(use(nonces, 1, STR(""), "c", 1), "nonce");
  struct str second = proof_nonces_current(nonces, PROOF_TURN_MS, arena);
  assert_false(str_eq(first, second));
  assert_string_equal(use(nonces, PROOF_TURN_MS, first, "a", 1), "replayed"); /* still remembered */
  assert_string_equal(use(nonces, PROOF_TURN_MS, first, "d", 1), "good");
  assert_string_equal(use(nonces, PROOF_TURN_MS, second, "a", 1), "good");
  assert_string_equal(use(nonces, 2 * PROOF_TURN_MS, first, "e", 1), "nonce");
  assert_string_equal(use(nonces, 2 * PROOF_TURN_MS, second, "a", 1), "replayed");
  struct str third = proof_nonces_current(nonces, 2 * PROOF_TURN_MS, arena);
  assert_string_equal(use(nonces, 5 * PROOF_TURN_MS, third, "f", 1), "nonce"); /* nobody asked meanwhile */
  proof_nonces_free(nonces);
  arena_free(arena);
}

/* [A17] Full: the next nonce begins early, and nothing that was used is forgotten while it would be taken. */
static void many(void **state) {
  struct arena *arena = arena_new();
  struct proof_nonces *nonces = proof_nonces_new(0);
  char id[16];
  (void)state;
  struct str first = proof_nonces_current(nonces, 0, arena);
  for (int i = 0; i < PROOF_SEEN_MAX; i++) {
    (void)snprintf(id, sizeof id, "%d", i);
    assert_string_equal(use(nonces, 1, first, id, 1), "good");
  }
  assert_false(str_eq(first, proof_nonces_current(nonces, 1, arena)));
  assert_string_equal(use(nonces, 1, first, "0", 1), "replayed");
  assert_string_equal(use(nonces, 1, first, "new", 1), "good");
  proof_nonces_free(nonces);
  arena_free(arena);
}

static const char *check(const struct keyring *ring, int64_t now_ms, struct str nonce) {
  static struct error error;
  struct proof proof = {.nonce = nonce};
  error = (struct error){0};
  return proof_shared_check(ring, now_ms, &proof, &error) ? error.reason : "good";
}

/* [A10] Processes with one ring take each other's nonces, while these are young, whichever key seals by now; others do not. */
static void nonces_of_several_processes(void **state) {
  struct arena *arena = arena_new();
  struct error error = {0};
  char folder[] = "/tmp/drawbridge-proof-XXXXXX";
  (void)state;
  assert_non_null(mkdtemp(folder));
  const char *file = arena_cstr(arena, arena_printf(arena, "%s/keys", folder));
  const char *other_file = arena_cstr(arena, arena_printf(arena, "%s/others", folder));
  struct keyring *ring = keyring_open(file, &error), *others = keyring_open(other_file, &error);
  int64_t now = 1000 * (int64_t)PROOF_TURN_MS;
  struct str nonce = proof_shared_nonce(ring, now, arena);
  assert_int_equal(keyring_rotate(file, 0, &error), 0);
  struct keyring *newer = keyring_open(file, &error);
  assert_string_equal(check(ring, now, nonce), "good");
  assert_string_equal(check(newer, now, nonce), "good");
  assert_string_equal(check(ring, now, proof_shared_nonce(newer, now, arena)), "nonce"); /* its process has not read the new key yet */
  assert_string_equal(check(others, now, nonce), "nonce");
  assert_string_equal(check(ring, now - 1, nonce), "good"); /* a clock that is behind */
  assert_string_equal(check(ring, now - PROOF_TURN_MS - 1, nonce), "nonce");
  assert_string_equal(check(ring, now + 2 * PROOF_TURN_MS - 1, nonce), "good");
  assert_string_equal(check(ring, now + 2 * PROOF_TURN_MS, nonce), "nonce");
  assert_true(str_eq(nonce, proof_shared_nonce(ring, now + PROOF_TURN_MS - 1, arena)));
  assert_false(str_eq(nonce, proof_shared_nonce(ring, now + PROOF_TURN_MS, arena)));
  assert_string_equal(check(ring, now, STR("")), "nonce");
  char changed[64];
  for (size_t i = 0; i < nonce.n; i++) {
    memcpy(changed, nonce.p, nonce.n);
    changed[i] = changed[i] == '0' ? '1' : '0';
    assert_string_equal(check(ring, now, (struct str){changed, nonce.n}), "nonce");
  }
  keyring_free(ring);
  keyring_free(newer);
  keyring_free(others);
  assert_int_equal(unlink(file) | unlink(other_file) | rmdir(folder), 0);
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signed_elsewhere),
      cmocka_unit_test(any_change_is_seen),
      cmocka_unit_test(odd_signatures),
      cmocka_unit_test(once_and_while_young),
      cmocka_unit_test(many),
      cmocka_unit_test(nonces_of_several_processes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
