#include "crypt/guarded.h"
#include "crypt/random.h"
#include "crypt/secret.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void keeps_and_shares(void **state) {
  char text[] = "d2p_token";
  struct secret *secret = secret_new(STR("d2p_token"));
  secret_wipe(text, sizeof text);
  assert_true(str_eq(secret_reveal(secret), STR("d2p_token")));
  assert_int_equal(text[0], 0);
  struct secret *other = secret_ref(secret);
  secret_free(secret);
  assert_true(str_eq(secret_reveal(other), STR("d2p_token")));
  secret_free(other);
  secret_free(NULL);
  assert_null(secret_ref(NULL));
  assert_int_equal(secret_reveal(NULL).n, 0);
}

static void compares(void **state) {
  struct secret *secret = secret_new(STR("abc")), *empty = secret_new(STR(""));
  assert_true(secret_eq(secret, STR("abc")));
  assert_false(secret_eq(secret, STR("abd")));
  assert_false(secret_eq(secret, STR("ab")));
  assert_true(secret_eq(empty, STR("")));
  assert_false(secret_eq(NULL, STR("")));
  secret_free(secret);
  secret_free(empty);
}

static void random_differs(void **state) {
  struct secret *a = secret_random(32), *b = secret_random(32);
  assert_int_equal(secret_reveal(a).n, 32);
  assert_false(secret_eq(a, secret_reveal(b)));
  secret_free(a);
  secret_free(b);
  struct arena *arena = arena_new();
  struct str x = random_id(arena, 22), y = random_id(arena, 22);
  assert_int_equal(x.n, 22);
  assert_false(str_eq(x, y));
  for (size_t i = 0; i < x.n; i++)
    assert_true((x.p[i] >= '0' && x.p[i] <= '9') || (x.p[i] >= 'A' && x.p[i] <= 'Z') || (x.p[i] >= 'a' && x.p[i] <= 'z'));
  arena_free(arena);
}

/* [R-D12] Every size, many at once: no two share a byte, what was there is gone, and a piece comes back for the next. */
static void pieces_are_apart_and_wiped(void **state) {
  enum { COUNT = 3000 };
  struct secret *held[COUNT];
  (void)state;
  for (size_t round = 0; round < 2; round++) {
    for (size_t i = 0; i < COUNT; i++) {
      char text[5000];
      size_t n = (i * 37) % sizeof text;
      memset(text, (int)(i % 251) + 1, n);
      held[i] = secret_new((struct str){text, n});
    }
    for (size_t i = 0; i < COUNT; i++) {
      struct str bytes = secret_reveal(held[i]);
      assert_int_equal(bytes.n, (i * 37) % 5000);
      for (size_t k = 0; k < bytes.n; k++)
        if ((unsigned char)bytes.p[k] != i % 251 + 1) fail_msg("secret %zu, byte %zu", i, k);
      secret_free(held[i]);
    }
  }
  char *piece = guarded_alloc(100);
  for (size_t i = 0; i < 100; i++) assert_int_equal(piece[i], 0); /* sizes come from one list: it held something before */
  guarded_free(piece, 100);
}

__attribute__((no_sanitize("address"))) static void write_past_the_end(char *piece, size_t n) {
  piece[n] ^= 1;
}

/* [R-D12] Ends the process: so in a child. */
static void writing_past_the_end_is_fatal(void **state) {
  (void)state;
  pid_t child = fork();
  if (child == 0) {
    char *piece = guarded_alloc(40);
    write_past_the_end(piece, 40);
    guarded_free(piece, 40);
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void hashes(void **state) {
  static const unsigned char abc[4] = {0xba, 0x78, 0x16, 0xbf}, nothing[4] = {0xe3, 0xb0, 0xc4, 0x42}; /* FIPS 180-2, appendix B.1 */
  unsigned char hash[HASH_SIZE];
  hash_sha256(STR("abc"), hash);
  assert_memory_equal(hash, abc, 4);
  hash_sha256(STR_NONE, hash);
  assert_memory_equal(hash, nothing, 4);
  assert_true(hash_eq(STR("a"), STR("a")));
  assert_false(hash_eq(STR("a"), STR("b")));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_and_shares),
                                     cmocka_unit_test(compares),
                                     cmocka_unit_test(random_differs),
                                     cmocka_unit_test(hashes),
                                     cmocka_unit_test(pieces_are_apart_and_wiped),
                                     cmocka_unit_test(writing_past_the_end_is_fatal)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
