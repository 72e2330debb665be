#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "transfer/claim.h"
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/drawbridge-claim-test-XXXXXX";
static char claims[64];

static const struct str sets[] = {{"DsOne000001", 11}, {"DsTwo000001", 11}}, periods[] = {{"202401", 6}, {"202402", 6}, {"202403", 6}};

static struct claim_wish wish(const char *url, size_t set, size_t first, size_t count) {
  return (struct claim_wish){.to_url = str_of(url),
                             .data_sets = &sets[set],
                             .data_set_count = 1,
                             .periods = &periods[first],
                             .period_count = count,
                             .by = STR("mary"),
                             .run = STR("journal january")};
}

static struct claim *take(struct claim_wish w, struct error *error) {
  return claim_take(claims, &w, &(struct claim_wait){0}, error);
}

static size_t files(void) {
  size_t n = 0;
  DIR *open_folder = opendir(claims);
  for (struct dirent *entry; open_folder && (entry = readdir(open_folder));) n += str_ends(str_of(entry->d_name), STR(".claim"));
  if (open_folder) (void)closedir(open_folder);
  return n;
}

static void test_only_what_is_shared_is_refused(void **state) {
  (void)state;
  struct error error = {0};
  struct claim *first = take(wish("http://a", 0, 0, 2), &error);
  assert_non_null(first);
  assert_null(take(wish("http://a", 0, 1, 2), &error)); /* 202402 */
  assert_int_equal(error.code, ERROR_conflict);
  const char *const said[] = {"DsOne000001", "202402", "mary", "journal january", "begun at 20"};
  for (size_t i = 0; i < sizeof said / sizeof *said; i++) assert_non_null(strstr(error.message, said[i]));
  struct claim *others[] = {take(wish("http://a", 0, 2, 1), &error), take(wish("http://a", 1, 0, 3), &error),
                            take(wish("http://b", 0, 0, 3), &error)};
  for (size_t i = 0; i < 3; i++) assert_non_null(others[i]);
  assert_int_equal(files(), 4);
  claim_release(first);
  first = take(wish("http://a", 0, 0, 2), &error);
  assert_non_null(first);
  claim_release(first);
  for (size_t i = 0; i < 3; i++) claim_release(others[i]);
  assert_int_equal(files(), 0);
}

static void nothing_is_in_the_way_of(struct claim_wish wanted) {
  struct error error = {0};
  struct claim *claim = take(wanted, &error);
  assert_non_null(claim);
  claim_release(claim);
}

/* A cell is the same by whatever data set it is written. */
static void test_an_element_of_two_data_sets(void **state) {
  (void)state;
  static const struct str both[] = {{"DeBoth00001", 11}, {"DeOne000001", 11}}, second[] = {{"DeBoth00001", 11}, {"DeTwo000001", 11}},
                          alone[] = {{"DeTwo000001", 11}};
  struct error error = {0};
  struct claim_wish one = wish("http://a", 0, 0, 1), other = wish("http://a", 1, 0, 1);
  one.data_elements = both;
  one.data_element_count = 2;
  struct claim *first = take(one, &error);
  assert_non_null(first);
  other.data_elements = second;
  other.data_element_count = 2;
  assert_null(take(other, &error));
  assert_int_equal(error.code, ERROR_conflict);
  assert_non_null(strstr(error.message, "data element DeBoth00001 by another data set that has it too, period 202401"));
  other.periods = &periods[1];
  nothing_is_in_the_way_of(other);
  other.periods = &periods[0];
  other.data_elements = alone;
  other.data_element_count = 1;
  nothing_is_in_the_way_of(other);
  claim_release(first);
  first = take(wish("http://a", 0, 0, 1), &error); /* of an earlier release: it names none */
  assert_non_null(first);
  other.data_elements = second;
  other.data_element_count = 2;
  nothing_is_in_the_way_of(other);
  claim_release(first);
}

/* Who is killed leaves a file, and it is nobody's. */
static void test_a_killed_process_holds_nothing(void **state) {
  (void)state;
  struct error error = {0};
  int ready[2];
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    struct error inner = {0};
    char yes = take(wish("http://a", 0, 0, 1), &inner) ? 'y' : 'n';
    (void)!write(ready[1], &yes, 1);
    for (;;) (void)pause();
  }
  char got = 0;
  assert_int_equal(read(ready[0], &got, 1), 1);
  assert_int_equal(got, 'y');
  assert_null(take(wish("http://a", 0, 0, 1), &error));
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  assert_int_equal(files(), 1);
  struct claim *mine = take(wish("http://a", 0, 0, 1), &error);
  assert_non_null(mine);
  assert_int_equal(files(), 1);
  claim_release(mine);
  (void)close(ready[0]);
  (void)close(ready[1]);
}

struct waiting {
  struct claim *held;
  unsigned told;
};

static void release_when_told(void *payload, const char *who) {
  struct waiting *w = payload;
  assert_non_null(strstr(who, "mary"));
  w->told++;
  claim_release(w->held);
}

static void test_waits_for_the_end_of_another(void **state) {
  (void)state;
  struct error error = {0};
  struct claim_wish w = wish("http://a", 0, 0, 1);
  struct waiting waiting = {take(w, &error), 0};
  struct claim *mine = claim_take(claims, &w, &(struct claim_wait){.wait = true, .tell = release_when_told, .payload = &waiting}, &error);
  assert_non_null(mine);
  assert_int_equal(waiting.told, 1);
  atomic_bool cancel = true;
  assert_null(claim_take(claims, &w, &(struct claim_wait){.wait = true, .cancel = &cancel}, &error));
  assert_int_equal(error.code, ERROR_cancelled);
  claim_release(mine);
}

static void test_a_folder_that_cannot_be(void **state) {
  (void)state;
  struct error error = {0};
  struct claim_wish w = wish("http://a", 0, 0, 1);
  assert_null(claim_take("/proc/nothing/claims", &w, &(struct claim_wait){0}, &error));
  assert_int_equal(error.code, ERROR_inside);
}

static int set_up(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  (void)snprintf(claims, sizeof claims, "%s/claims", folder);
  return 0;
}

static int tear_down(void **state) {
  char command[sizeof folder + 8];
  (void)state;
  (void)snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_only_what_is_shared_is_refused),
                                     cmocka_unit_test(test_an_element_of_two_data_sets),
                                     cmocka_unit_test(test_a_killed_process_holds_nothing),
                                     cmocka_unit_test(test_waits_for_the_end_of_another), cmocka_unit_test(test_a_folder_that_cannot_be)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
