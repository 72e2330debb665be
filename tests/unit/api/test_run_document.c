/* Where the journals of runs are: told without a trace, and made when a run wants its own. */
#include "api/run_document.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void journals_beside_a_file(void **state) {
  char folder[] = "/tmp/drawbridge-runs-XXXXXX";
  struct arena *arena = arena_new();
  struct error error = {0};
  struct stat info;
  const char *own;
  (void)state;
  assert_non_null(mkdtemp(folder));
  struct str store = arena_printf(arena, "sqlite:%s/state.db", folder);
  const char *journals = run_journals(arena, store);
  assert_string_equal(journals, arena_cstr(arena, arena_printf(arena, "%s/state.db.runs", folder)));
  assert_int_equal(stat(journals, &info), -1); /* who only looks makes nothing */
  assert_int_equal(run_folder(arena, store, STR("one"), &own, &error), 0);
  assert_string_equal(own, arena_cstr(arena, arena_printf(arena, "%s/one", journals)));
  assert_int_equal(stat(journals, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0700);
  assert_int_equal(rmdir(journals), 0);
  assert_int_equal(rmdir(folder), 0);
  arena_free(arena);
}

static void journals_in_a_database(void **state) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct str store = STR("postgresql://drawbridge@db/drawbridge");
  const char *own;
  (void)state;
  assert_null(run_journals(arena, store));
  assert_int_equal(run_folder(arena, store, STR("one"), &own, &error), 0);
  assert_string_equal(own, "postgresql://drawbridge@db/drawbridge#one");
  assert_string_equal(run_claims_folder(arena, store, STR("one")), own);
  assert_string_equal(run_claims_folder(arena, STR("sqlite:/x/state.db"), STR("one")), "/x/state.db.claims");
  arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(journals_beside_a_file), cmocka_unit_test(journals_in_a_database)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
