#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct sockaddr_storage at(const char *text) {
  struct sockaddr_storage address;
  if (!address_parse(str_of(text), &address)) fail_msg("not an address: %s", text);
  return address;
}

static bool is_public(const char *text) {
  struct sockaddr_storage address = at(text);
  return address_public((struct sockaddr *)&address);
}

static void reads_only_plain_literals(void **state) {
  struct sockaddr_storage address;
  static const char *const refused[] = {"127.1",     "0x7f.0.0.1", "2130706433", "010.0.0.1", "1.2.3",        "1.2.3.4.5",
                                        "256.1.1.1", "",           "[1.2.3.4]",  "::g",       "fe80::1%eth0", "1.2.3.4 "};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (address_parse(str_of(refused[i]), &address)) fail_msg("taken: %s", refused[i]);
  assert_true(address_parse(STR("[::1]"), &address));
  assert_int_equal(address.ss_family, AF_INET6);
  assert_true(address_parse(STR("8.8.8.8"), &address));
}

static void knows_what_is_public(void **state) {
  static const char *const open[] = {"8.8.8.8",          "172.32.0.1",     "100.128.0.1", "2606:4700::1",
                                     "64:ff9b::808:808", "::ffff:8.8.8.8", "192.0.1.1",   "223.255.255.255"};
  static const char *const kept[] = {"127.0.0.1",
                                     "10.1.2.3",
                                     "172.16.0.1",
                                     "172.31.255.255",
                                     "192.168.1.1",
                                     "169.254.169.254",
                                     "100.64.0.1",
                                     "0.0.0.0",
                                     "224.0.0.1",
                                     "255.255.255.255",
                                     "198.18.0.1",
                                     "::1",
                                     "::",
                                     "fe80::1",
                                     "fd00::1",
                                     "ff02::1",
                                     "2001:db8::1",
                                     "::ffff:127.0.0.1",
                                     "::ffff:10.0.0.1",
                                     "64:ff9b::7f00:1",
                                     "2002:7f00:1::",
                                     "2001::1",
                                     "::127.0.0.1"};
  for (size_t i = 0; i < sizeof open / sizeof *open; i++)
    if (!is_public(open[i])) fail_msg("not public: %s", open[i]);
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (is_public(kept[i])) fail_msg("public: %s", kept[i]);
}

static void matches_ranges(void **state) {
  struct cidr range;
  assert_false(cidr_parse(STR("10.0.0.0/33"), &range));
  assert_false(cidr_parse(STR("10.0.0.1/8"), &range));
  assert_false(cidr_parse(STR("10.0.0.0/"), &range));
  assert_false(cidr_parse(STR("ten/8"), &range));
  assert_true(cidr_parse(STR("172.16.0.0/12"), &range));
  struct sockaddr_storage in = at("172.31.1.1"), out = at("172.32.1.1"), mapped = at("::ffff:172.16.0.9");
  assert_true(cidr_has(&range, (struct sockaddr *)&in));
  assert_false(cidr_has(&range, (struct sockaddr *)&out));
  assert_true(cidr_has(&range, (struct sockaddr *)&mapped));
  assert_true(cidr_parse(STR("127.0.0.1"), &range));
  struct sockaddr_storage one = at("127.0.0.1"), two = at("127.0.0.2");
  assert_true(cidr_has(&range, (struct sockaddr *)&one));
  assert_false(cidr_has(&range, (struct sockaddr *)&two));
  struct str ranges[] = {STR("nonsense"), STR("fd00::/8")};
  struct sockaddr_storage local = at("fd12::1");
  assert_true(address_allowed((struct sockaddr *)&local, ranges, 2));
  assert_false(address_allowed((struct sockaddr *)&local, ranges, 1));
  assert_false(address_allowed((struct sockaddr *)&one, ranges, 2));
  assert_true(address_loopback((struct sockaddr *)&two));
  assert_false(address_loopback((struct sockaddr *)&local));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_only_plain_literals), cmocka_unit_test(knows_what_is_public),
                                     cmocka_unit_test(matches_ranges)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
