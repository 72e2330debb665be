/* Journals and claims in a PostgreSQL that tests/postgres.py has started: what two processes may do to one run, and what one may that stood still. */
#include "../postgres.h"
#include "base/buf.h"
#include "base/mem.h"
#include "store/store.h"
#include "transfer/claim.h"
#include "transfer/hold.h"
#include "transfer/journal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *address;
static struct arena *arena;
static struct error error;
static struct buf seen;

static const char *place_of(const char *id) {
  return arena_cstr(arena, arena_printf(arena, "%s#%s", address, id));
}

static int setup(void **state) {
  arena = arena_new();
  error = (struct error){0};
  seen = BUF_INIT(4096);
  postgres_empty(address);
  struct store *store = store_open(str_of(address), &error);
  if (!store) fail_msg("%s", error.message);
  static const char *const ids[] = {"one", "two"};
  for (size_t i = 0; i < 2; i++) {
    struct store_document run = {.kind = STR("run"), .id = str_of(ids[i]), .owner = STR("me")};
    assert_int_equal(store_document_create(store, &run, &error), 0);
  }
  store_close(store);
  return 0;
}

static int teardown(void **state) {
  buf_free(&seen);
  arena_free(arena);
  return 0;
}

static int note(void *payload, struct str record, struct error *e) {
  (void)payload;
  (void)e;
  (void)buf_printf(&seen, "%.*s;", STR_ARG(record));
  return 0;
}

static struct journal *must_open(const char *id) {
  buf_clear(&seen);
  struct journal *journal = journal_open(place_of(id), note, NULL, &error);
  if (!journal) fail_msg("%s", error.message);
  return journal;
}

static void must_see(const char *want) {
  if (!str_eq(buf_str(&seen), str_of(want))) fail_msg("'%.*s', not '%s'", STR_ARG(buf_str(&seen)), want);
}

static void refused(enum error_code code) {
  if (error.code != code) fail_msg("%s, not %s: %s", error_name(error.code), error_name(code), error.message);
  error = (struct error){0};
}

/* As if its holder had stood still for longer than a lease lasts. */
static void let_lapse(const char *id) {
  postgres_execute(address,
                   arena_cstr(arena, arena_printf(arena, "UPDATE drawbridge.leases SET deadline_ms = 0 WHERE name = 'run:%s'", id)));
}

static void what_was_written_is_read_by_the_next(void **state) {
  struct journal_rows first, second, third, refusals;
  struct str got, large = {mem_alloc((40 << 20) + 7), (40 << 20) + 7};
  union {
    const char *in;
    char *out;
  } room = {large.p};
  memset(room.out, 'x', large.n);
  room.out[20 << 20] = 'y';
  struct journal *journal = must_open("one");
  must_see("");
  assert_int_equal(journal_append(journal, STR("{\"a\":1}"), &error), 0);
  assert_int_equal(journal_put_file(journal, "mapping.json", STR("first"), &error), 0);
  assert_int_equal(journal_put_file(journal, "mapping.json", STR("{}"), &error), 0);
  assert_int_equal(journal_put_rows(journal, 0, STR("one\n"), &first, &error), 0);
  assert_int_equal(journal_put_rows(journal, 4, STR("never named\n"), &third, &error), 0); /* dropped by the next */
  assert_int_equal(journal_put_rows(journal, 4, large, &second, &error), 0);
  assert_int_equal(journal_put_refused(journal, 0, STR("refused\n"), &refusals, &error), 0);
  assert_int_equal(journal_append(journal, STR("{\"b\":2}"), &error), 0);
  journal_close(journal);
  journal = must_open("one");
  must_see("{\"a\":1};{\"b\":2};");
  assert_int_equal(journal_cut_refused(journal, refusals.n, &error), 0);
  assert_int_equal(journal_get_refused(journal, &refusals, arena, &got, &error), 0);
  assert_true(str_eq(got, STR("refused\n")));
  assert_int_equal(journal_get_rows(journal, &first, arena, &got, &error), 0);
  assert_true(str_eq(got, STR("one\n")));
  assert_int_equal(journal_get_rows(journal, &second, arena, &got, &error), 0);
  assert_true(str_eq(got, large));
  assert_int_equal(journal_get_file(journal, "mapping.json", arena, &got, &error), 0);
  assert_true(str_eq(got, STR("{}")));
  assert_int_equal(journal_get_rows(journal, &third, arena, &got, &error), -1);
  refused(ERROR_input);
  assert_int_equal(journal_get_file(journal, "nothing", arena, &got, &error), -1);
  refused(ERROR_input);
  journal_close(journal);
  journal = must_open("two"); /* another run's is its own */
  must_see("");
  journal_close(journal);
  free(room.out);
}

static void one_has_it(void **state) {
  struct journal *journal = must_open("one");
  assert_int_equal(journal_is_free(place_of("one"), &error), -1);
  refused(ERROR_busy);
  assert_null(journal_open(place_of("one"), NULL, NULL, &error));
  refused(ERROR_busy);
  assert_int_equal(journal_append(journal, STR("{}"), &error), 0);
  journal_close(journal);
  assert_int_equal(journal_is_free(place_of("one"), &error), 0);
  journal_close(must_open("one"));
}

static void who_stood_still_is_told_that_another_may_have_had_it(void **state) {
  struct hold *first = hold_take(place_of("one"), &error);
  assert_non_null(first);
  assert_true(hold_is_kept(first, 0));
  hold_rest(first);
  assert_true(hold_is_kept(first, 0));
  let_lapse("one");
  assert_true(hold_is_kept(first, 0)); /* nobody was there to take it */
  let_lapse("one");
  struct hold *second = hold_take(place_of("one"), &error);
  assert_non_null(second);
  assert_false(hold_is_kept(first, 0));
  hold_release(second);
  assert_false(hold_is_kept(first, 0)); /* it has it again, and not still */
  hold_release(first);
}

/* [R-D3] */
static void who_stood_still_writes_nothing_more(void **state) {
  struct journal *first = must_open("one");
  assert_int_equal(journal_append(first, STR("{\"by\":1}"), &error), 0);
  let_lapse("one");
  struct journal *second = must_open("one");
  must_see("{\"by\":1};");
  assert_int_equal(journal_append(first, STR("{\"late\":1}"), &error), -1);
  refused(ERROR_cancelled);
  assert_int_equal(journal_append(second, STR("{\"by\":2}"), &error), 0);
  journal_close(second);
  assert_int_equal(journal_append(first, STR("{\"late\":2}"), &error), -1);
  refused(ERROR_cancelled);
  journal_close(first);
  journal_close(must_open("one"));
  must_see("{\"by\":1};{\"by\":2};");
}

static struct claim *take(const char *place, const char *period) {
  const struct str sets[] = {STR("DsOne000001")}, periods[] = {str_of(period)};
  struct claim_wish wish = {.to_url = STR("https://target.example"),
                            .data_sets = sets,
                            .periods = periods,
                            .data_set_count = 1,
                            .period_count = 1,
                            .by = STR("mary"),
                            .run = STR("run one")};
  return claim_take(place, &wish, &(struct claim_wait){0}, &error);
}

static void no_two_claims_share_cells(void **state) {
  struct claim *claim = take(place_of("one"), "202401"), *other = take(place_of("two"), "202402");
  assert_non_null(claim);
  assert_non_null(other);
  claim_release(other);
  assert_null(take(place_of("two"), "202401"));
  assert_non_null(strstr(error.message, "mary"));
  refused(ERROR_conflict);
  assert_null(take(address, "202401")); /* of the command line: a run that is not in the store */
  refused(ERROR_conflict);
  claim_release(claim);
  other = take(address, "202401");
  assert_non_null(other);
  claim_release(other);
}

/* Its run may stand still, and wake up: by then the cells are another's. */
static void a_claim_that_lapsed_is_taken_with_its_run(void **state) {
  const char *place = arena_cstr(arena, arena_printf(arena, "%s#one/me", address)); /* claim and journal are one holder's */
  struct claim *claim = take(place, "202401");
  assert_non_null(claim);
  struct journal *journal = journal_open(place, NULL, NULL, &error);
  assert_non_null(journal);
  assert_int_equal(journal_append(journal, STR("{}"), &error), 0);
  let_lapse("one");
  struct claim *other = take(place_of("two"), "202401");
  assert_non_null(other);
  assert_int_equal(journal_append(journal, STR("{\"late\":1}"), &error), -1);
  refused(ERROR_cancelled);
  journal_close(journal);
  claim_release(claim);
  assert_null(take(place, "202401"));
  refused(ERROR_conflict);
  claim_release(other);
}

#define ON_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void a_claim_that_lapsed_is_not_the_first_ones_to_give_back(void **state) {
  struct claim *claim = take(arena_cstr(arena, arena_printf(arena, "%s#one/me", address)), "202401");
  assert_non_null(claim);
  let_lapse("one");
  struct claim *again = take(arena_cstr(arena, arena_printf(arena, "%s#one/another", address)), "202401"); /* the same run, gone on with */
  assert_non_null(again);
  claim_release(claim);
  assert_null(take(place_of("two"), "202401"));
  assert_int_equal(error.code, ERROR_conflict);
  claim_release(again);
  struct claim *other = take(place_of("two"), "202401");
  assert_non_null(other);
  claim_release(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_STORE(what_was_written_is_read_by_the_next),
      ON_STORE(one_has_it),
      ON_STORE(who_stood_still_is_told_that_another_may_have_had_it),
      ON_STORE(who_stood_still_writes_nothing_more),
      ON_STORE(no_two_claims_share_cells),
      ON_STORE(a_claim_that_lapsed_is_taken_with_its_run),
      ON_STORE(a_claim_that_lapsed_is_not_the_first_ones_to_give_back),
  };
  address = getenv("DRAWBRIDGE_TEST_POSTGRES");
  return address ? cmocka_run_group_tests_name("hold", tests, NULL, NULL) : 77;
}
