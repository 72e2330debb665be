/* Stores of every earlier version, as they were released: opened, moved forward, and nothing in them lost. */
#include "suite.h"

#include "base/file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { SQL_MAX = 1 << 20 };

/* p == NULL: there is none. */
static struct str released_sql(struct arena *arena, const char *engine, int version) {
  char path[1024];
  struct error error = {0};
  struct str text;
  (void)snprintf(path, sizeof path, RELEASED "/%s-%d.sql", engine, version);
  if (access(path, R_OK)) return STR_NONE;
  assert_int_equal(file_read(arena, path, SQL_MAX, &text, &error), 0);
  return text;
}

static void hash(unsigned char id[STORE_HASH_SIZE]) {
  for (unsigned i = 0; i < STORE_HASH_SIZE; i++) id[i] = (unsigned char)(7 * i + 1);
}

static void holds(struct store *store, int version, struct arena *arena) {
  struct error error = {0};
  unsigned char id[STORE_HASH_SIZE];
  struct store_session session;
  struct store_connection connection;
  struct store_document document;
  struct store_event *events;
  struct store_record *records;
  struct store_lease lease;
  size_t count;
  hash(id);
  assert_int_equal(store_session_get(store, id, arena, &session, &error), 1);
  assert_true(str_eq(session.app, STR("https://app.example.org")) && str_eq(session.mode, STR("cross-site")) && session.seen_ms == 2000);
  assert_int_equal(store_connection_get(store, id, STR("central"), arena, &connection, &error), 1);
  assert_true(connection.generation == 7 && connection.sealed.n == 3 && str_has(connection.user, STR("ada")));
  assert_int_equal(store_document_get(store, STR("alignment"), STR("a1"), arena, &document, &error), 1);
  assert_true(document.version == 3 && str_eq(document.body, STR("{}")) && str_eq(document.key, STR("k1")) && document.sealed.n == 2);
  assert_int_equal(store_history_list(store, STR("alignment"), STR("a1"), 0, 10, arena, &events, &count, &error), 0);
  assert_true(count == 1 && str_eq(events[0].who, STR("ada")) && events[0].at_ms == 2500);
  assert_int_equal(store_lease_look(store, STR("renew:a"), 5000, &error), 1);
  assert_int_equal(store_lease_take(store, STR("new"), STR("me"), 5000, 6000, &lease, &error), 1);
  assert_true(lease.fence > 41); /* an old holder is refused for ever */
  struct store_fence fence = {STR("new"), lease.fence};
  assert_int_equal(store_journal_add(store, STR("alignment"), STR("a1"), &fence, STR("journal"), STR("more"), &error), 0);
  assert_int_equal(store_journal_list(store, STR("alignment"), STR("a1"), STR("journal"), 0, 10, arena, &records, &count, &error), 0);
  assert_int_equal(count, version > 1 ? 2 : 1);
  assert_true(str_eq(records[count - 1].bytes, STR("more")));
}

static void released_holds(const char *address, int version) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct store_ticket ticket;
  unsigned char id[STORE_HASH_SIZE];
  struct store *store = must_open(address);
  holds(store, version, arena);
  hash(id);
  assert_int_equal(store_ticket_take(store, STR("sign-in"), id, 5000, arena, &ticket, &error), 1);
  assert_int_equal(ticket.sealed.n, 2);
  store_close(store);
  arena_free(arena);
}

int suite_released(struct suite_place place, const char *engine, void (*execute)(const char *sql),
                   struct str (*tables)(struct arena *arena)) {
  struct arena *arena = arena_new();
  place.drop(); /* the one that was made for the test */
  store_close(must_open(place.make()));
  struct str fresh = tables(arena);
  int version = 1;
  for (struct str sql; (sql = released_sql(arena, engine, version)).p; version++) {
    place.drop();
    const char *address = place.make();
    execute(arena_cstr(arena, sql));
    released_holds(address, version);
    assert_true(str_eq(tables(arena), fresh));
  }
  arena_free(arena);
  return version - 1;
}
