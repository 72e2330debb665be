#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "transfer/gather.h"

enum { MANY = 20000, TEXT = 16 };

/* The same numbers each time. */
static uint32_t chance(uint32_t *seed, uint32_t below) {
  *seed = *seed * 1664525 + 1013904223;
  return below ? (*seed >> 8) % below : 0;
}

struct seen {
  struct contribution last;
  uint32_t last_number;
  size_t count;
  bool numbers[MANY];
};

/* In order, of equals what came first first, and each once, with its own text. */
static int note(void *payload, const struct contribution *contribution, struct str value, struct error *error) {
  struct seen *seen = payload;
  uint32_t number = 0;
  (void)error;
  for (size_t i = 0; i < value.n; i++) number = number * 10 + (uint32_t)(value.p[i] - '0');
  assert_in_range(number, 0, MANY - 1);
  assert_false(seen->numbers[number]);
  seen->numbers[number] = true;
  int order = seen->count ? contribution_cmp(&seen->last, contribution) : -1;
  assert_true(order < 0 || (order == 0 && seen->last_number < number));
  seen->last = *contribution;
  seen->last_number = number;
  seen->count++;
  return 0;
}

static void check(uint32_t units, uint32_t operands, uint32_t terms, uint32_t spread, size_t memory) {
  static struct seen seen;
  struct error error = {0};
  uint32_t seed = units + memory % 1000;
  seen = (struct seen){0};
  struct gather *gather = gather_new(memory);
  for (uint32_t i = 0; i < MANY; i++) {
    char text[TEXT];
    struct contribution c = {.period = chance(&seed, 3) * spread,
                             .org_unit = chance(&seed, units) * spread,
                             .operand = chance(&seed, operands) * spread,
                             .attribute = chance(&seed, 2) * spread,
                             .term = chance(&seed, terms),
                             .source_unit = chance(&seed, 2),
                             .source_attribute = chance(&seed, 2),
                             .source_period = chance(&seed, 2)};
    int n = snprintf(text, sizeof text, "%u", i);
    assert_int_equal(gather_add(gather, &c, (struct str){text, (size_t)n}, &error), 0);
  }
  assert_int_equal(gather_sorted(gather, note, &seen, &error), 0);
  assert_int_equal(seen.count, MANY);
  gather_free(gather);
}

/* All in memory, and with so little of it that much is put aside; cells with one source and with thousands; small numbers and such as use all their bytes. */
static void any_order_comes_out_sorted(void **state) {
  (void)state;
  for (unsigned little = 0; little < 2; little++) {
    size_t memory = little ? 1 : 0;
    check(400, 300, 6, 1, memory);
    check(2, 1, 6, 1, memory);
    check(200, 200, 3, 0x010305, memory);
    check(1, 1, 1, 0, memory);
  }
}

static void nothing_comes_out_of_nothing(void **state) {
  struct error error = {0};
  struct seen seen = {0};
  (void)state;
  struct gather *gather = gather_new(0);
  assert_int_equal(gather_sorted(gather, note, &seen, &error), 0);
  assert_int_equal(seen.count, 0);
  gather_free(gather);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(any_order_comes_out_sorted), cmocka_unit_test(nothing_comes_out_of_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
