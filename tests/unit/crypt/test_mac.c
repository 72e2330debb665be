/* HMAC-SHA256 by the test cases of RFC 4231. */
#include "crypt/mac.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(struct str key, struct str message, const char *want) {
  char text[MAC_TEXT_SIZE];
  struct secret *secret = secret_new(key);
  assert_string_equal(mac_sha256(secret, message, text), want);
  secret_free(secret);
}

static void of_the_rfc(void **state) {
  char key[131];
  memset(key, 0x0b, 20);
  check((struct str){key, 20}, STR("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  check(STR("Jefe"), STR("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  memset(key, 0xaa, sizeof key);
  check((struct str){key, sizeof key}, STR("Test Using Larger Than Block-Size Key - Hash Key First"),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(of_the_rfc)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
