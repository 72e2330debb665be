/* All that a store holds, from a file to PostgreSQL (which tests/postgres.py has started) and back, also while it is used. */
#include "../postgres.h"
#include "store/copy.h"
#include "suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1000000, SESSIONS = 520, DOCUMENTS = 30 };

static const char *postgres;
static char folder[64], files[2][96];
static struct arena *arena;
static struct error error;

static int setup(void **state) {
  postgres_empty(postgres);
  (void)snprintf(folder, sizeof folder, "/tmp/store-copy-XXXXXX");
  assert_non_null(mkdtemp(folder));
  for (int i = 0; i < 2; i++) (void)snprintf(files[i], sizeof files[i], "sqlite:%s/%d.db", folder, i);
  arena = arena_new();
  error = (struct error){0};
  return 0;
}

static int teardown(void **state) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  for (int i = 0; i < 2; i++)
    for (size_t k = 0; k < 3; k++) {
      char name[128];
      (void)snprintf(name, sizeof name, "%s%s", strchr(files[i], ':') + 1, ends[k]);
      (void)unlink(name);
    }
  assert_int_equal(rmdir(folder), 0);
  arena_free(arena);
  return 0;
}

#define good(call) \
  do { \
    if ((call) < 0) fail_msg("%s: %s", #call, error.message); \
  } while (0)

static void put_session(struct store *store, int n) {
  struct store_session s = {.created_ms = NOW,
                            .seen_ms = NOW + n,
                            .idle_ms = 7,
                            .expires_ms = n % 2 ? INT64_MAX : 0,
                            .app = STR("ü\\\"'"),
                            .mode = STR("m"),
                            .data = STR("{}")};
  memcpy(s.id, &n, sizeof n);
  good(store_session_put(store, &s, &error));
  struct store_connection c = {.server = STR("central"),
                               .kind = STR("pat"),
                               .state = STR("ok"),
                               .user = STR("{\"id\":\"u\"}"),
                               .sealed = {"\0\1\377x", 4},
                               .since_ms = n};
  memcpy(c.session, s.id, sizeof s.id);
  for (int i = 0; i < 1 + n % 3; i++) good(store_connection_put(store, &c, 32, &error)); /* generations 1 to 3 */
}

static void fill(struct store *store) {
  struct store_lease lease;
  for (int i = 0; i < SESSIONS; i++) put_session(store, i);
  struct store_ticket t = {.id = {9}, .kind = STR("sign-in"), .server = STR("central"), .sealed = {"\0", 1}, .expires_ms = NOW};
  good(store_ticket_put(store, &t, &error));
  for (int i = 0; i < DOCUMENTS; i++) {
    int64_t version;
    struct store_document d = {.kind = i % 2 ? STR("run") : STR("alignment"),
                               .id = arena_printf(arena, "d%d", i),
                               .owner = STR("me"),
                               .key = i % 3 ? STR_NONE : arena_printf(arena, "k%d", i),
                               .about = STR("{}"),
                               .body = {"\0b", 2},
                               .sealed = {"\377", 1},
                               .created_ms = 1,
                               .updated_ms = 2,
                               .version = 1};
    good(store_document_create(store, &d, &error));
    good(store_document_update(store, &d, &version, &error));
    good(store_history_add(store, d.kind, d.id, i, STR("anna"), STR("{}"), &error));
    assert_int_equal(store_lease_take(store, STR("l"), d.id, i * 10, i * 10 + 5, &lease, &error), 1);
    struct store_fence fence = {STR("l"), lease.fence};
    good(store_journal_add(store, d.kind, d.id, &fence, STR("journal"), (struct str){"\0r", 2}, &error));
  }
  good(store_document_delete(store, STR("run"), STR("d29"), &error)); /* the newest numbers are not there to be seen */
}

static void check_session(struct store *a, struct store *b, int n) {
  unsigned char id[STORE_HASH_SIZE] = {0};
  struct store_session s, t;
  struct store_connection c, d;
  memcpy(id, &n, sizeof n);
  assert_int_equal(store_session_get(a, id, arena, &s, &error), 1);
  assert_int_equal(store_session_get(b, id, arena, &t, &error), 1);
  assert_true(s.seen_ms == t.seen_ms && s.idle_ms == t.idle_ms && s.expires_ms == t.expires_ms && str_eq(s.app, t.app) &&
              str_eq(s.data, t.data));
  assert_int_equal(store_connection_get(a, id, STR("central"), arena, &c, &error), 1);
  assert_int_equal(store_connection_get(b, id, STR("central"), arena, &d, &error), 1);
  assert_true(c.generation == d.generation && c.generation == 1 + n % 3 && str_eq(c.sealed, d.sealed) && str_eq(c.user, d.user) &&
              c.since_ms == d.since_ms);
}

static void check_document(struct store *a, struct store *b, int n) {
  struct str kind = n % 2 ? STR("run") : STR("alignment"), id = arena_printf(arena, "d%d", n);
  struct store_document d, e;
  struct store_event *events[2];
  struct store_record *records[2];
  size_t counts[4];
  assert_int_equal(store_document_get(a, kind, id, arena, &d, &error), 1);
  assert_int_equal(store_document_get(b, kind, id, arena, &e, &error), 1);
  assert_true(d.version == 2 && e.version == 2 && str_eq(d.body, e.body) && str_eq(d.sealed, e.sealed) && str_eq(d.key, e.key) &&
              d.updated_ms == e.updated_ms);
  struct store *stores[] = {a, b};
  for (int i = 0; i < 2; i++) {
    good(store_history_list(stores[i], kind, id, 0, 9, arena, &events[i], &counts[i], &error));
    good(store_journal_list(stores[i], kind, id, STR("journal"), 0, 9, arena, &records[i], &counts[2 + i], &error));
    assert_true(counts[i] == 1 && counts[2 + i] == 1);
  }
  assert_true(events[0]->number == events[1]->number && records[0]->number == records[1]->number &&
              str_eq(records[0]->bytes, records[1]->bytes));
}

static int64_t next_number(struct store *store) {
  struct store_event *events;
  size_t count;
  good(store_history_add(store, STR("run"), STR("d1"), 1, STR("a"), STR("{}"), &error));
  good(store_history_list(store, STR("run"), STR("d1"), 0, 9, arena, &events, &count, &error));
  return events[count - 1].number;
}

static void there_and_back(void **state) {
  struct store *a = must_open(files[0]), *b = must_open(postgres), *c = must_open(files[1]);
  struct store_copied copied;
  fill(a);
  struct store *pairs[][2] = {{a, b}, {b, c}};
  for (int i = 0; i < 2; i++) {
    good(store_copy(pairs[i][0], pairs[i][1], arena, &copied, &error));
    assert_true(copied.sessions == SESSIONS && copied.connections == SESSIONS && copied.tickets == 1 && copied.documents == DOCUMENTS - 1 &&
                copied.events == DOCUMENTS - 1 && copied.records == DOCUMENTS - 1);
    assert_int_equal(copied.run_count, DOCUMENTS / 2 - 1);
    for (int n = 0; n < SESSIONS; n += 7) check_session(pairs[i][0], pairs[i][1], n);
    for (int n = 0; n < DOCUMENTS - 1; n++) check_document(pairs[i][0], pairs[i][1], n);
  }
  /* What was given is never given again, also where what had it is gone. */
  struct store_lease lease;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(store_lease_take(pairs[i][1], STR("new"), STR("x"), 0, 1, &lease, &error), 1);
    assert_true(lease.fence > DOCUMENTS);
    assert_true(next_number(pairs[i][1]) > DOCUMENTS);
  }
  assert_int_equal(store_copy(a, b, arena, &copied, &error), -1); /* it is not empty */
  assert_int_equal(error.code, ERROR_conflict);
  error = (struct error){0};
  put_session(b, SESSIONS + 1); /* and as good as before */
  put_session(a, SESSIONS + 1);
  check_session(a, b, SESSIONS + 1);
  store_close(a);
  store_close(b);
  store_close(c);
}

static void an_empty_one(void **state) {
  struct store *a = must_open(files[0]), *b = must_open(postgres), *c = must_open(files[1]);
  struct store_copied copied;
  struct store_lease lease;
  good(store_copy(a, b, arena, &copied, &error));
  good(store_copy(b, c, arena, &copied, &error));
  assert_int_equal(copied.sessions + copied.documents, 0);
  assert_int_equal(store_lease_take(c, STR("new"), STR("x"), 0, 1, &lease, &error), 1);
  assert_int_equal(lease.fence, 1);
  store_close(a);
  store_close(b);
  store_close(c);
}

#define ON_STORES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {ON_STORES(there_and_back), ON_STORES(an_empty_one)};
  postgres = getenv("DRAWBRIDGE_TEST_POSTGRES");
  return postgres ? cmocka_run_group_tests_name("copy", tests, NULL, NULL) : 77;
}
