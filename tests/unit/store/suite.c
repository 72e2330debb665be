#include "suite_internal.h"

static struct suite_place place;
const char *address;
struct store *store;
struct arena *arena;
struct error error;

struct store *must_open(const char *where) {
  struct error e = {0};
  struct store *s = store_open(str_of(where), &e);
  if (!s) fail_msg("%s", e.message);
  return s;
}

void must_refuse(const char *where, enum error_code code, const char *word) {
  struct error e = {0};
  assert_null(store_open(str_of(where), &e));
  assert_int_equal(e.code, code);
  if (!strstr(e.message, word)) fail_msg("'%s' does not say '%s'", e.message, word);
  assert_null(strstr(e.message, "hunter2"));
}

int put_one(struct store *s, int n, struct error *e) {
  struct store_session session = {.id = {(unsigned char)n}, .created_ms = 1, .seen_ms = 1, .mode = STR("same-origin")};
  return store_session_put(s, &session, e);
}

int get_one(struct store *s, int n, struct error *e) {
  struct arena *of_it = arena_new();
  struct store_session session;
  unsigned char id[STORE_HASH_SIZE] = {(unsigned char)n};
  int found = store_session_get(s, id, of_it, &session, e);
  arena_free(of_it);
  return found;
}

int suite_setup(void **state) {
  address = place.make();
  store = must_open(address);
  arena = arena_new();
  error = (struct error){0};
  return 0;
}

int suite_teardown(void **state) {
  store_close(store);
  arena_free(arena);
  place.drop();
  return 0;
}

void assert_good(int result, const char *call, int line) {
  if (result < 0) fail_msg("line %d: %s: %s", line, call, error.message);
}

static void refused(int result, enum error_code code) {
  assert_int_equal(result, -1);
  if (error.code != code) fail_msg("%s, not %s: %s", error_name(error.code), error_name(code), error.message);
  assert_true(error.message[0] != '\0');
  error = (struct error){0};
}

void assert_text(struct str got, const char *want) {
  if (!str_eq(got, str_of(want))) fail_msg("'%.*s', not '%s'", STR_ARG(got), want);
}

/* Ids that differ in their last bytes alone. */
unsigned char *id_of(int n) {
  unsigned char *id = arena_alloc(arena, STORE_HASH_SIZE);
  memset(id, 7, STORE_HASH_SIZE);
  id[30] = (unsigned char)(n >> 8);
  id[31] = (unsigned char)n;
  return id;
}

struct store_session session_of(int n) {
  struct store_session s = {.created_ms = NOW,
                            .seen_ms = NOW,
                            .idle_ms = 100,
                            .expires_ms = NOW + 1000,
                            .app = STR("https://a.example"),
                            .mode = STR("same-origin"),
                            .data = STR("{}")};
  memcpy(s.id, id_of(n), STORE_HASH_SIZE);
  return s;
}

void put_session(int n) {
  struct store_session s = session_of(n);
  good(store_session_put(store, &s, &error));
}

static struct store_connection connection_of(int session, const char *server) {
  struct store_connection c = {.server = str_of(server),
                               .kind = STR("pat"),
                               .state = STR("ok"),
                               .user = STR("{\"id\":\"u\"}"),
                               .sealed = {"\0\1\377x", 4},
                               .data = STR_NONE,
                               .since_ms = NOW,
                               .expires_ms = NOW + 5};
  memcpy(c.session, id_of(session), STORE_HASH_SIZE);
  return c;
}

void put_connection(int session, const char *server) {
  struct store_connection c = connection_of(session, server);
  good(store_connection_put(store, &c, 32, &error));
}

struct store_connection get_connection(int session, const char *server) {
  struct store_connection c = {0};
  assert_int_equal(store_connection_get(store, id_of(session), str_of(server), arena, &c, &error), 1);
  return c;
}

bool has_connection(int session, const char *server) {
  struct store_connection c;
  int found = store_connection_get(store, id_of(session), str_of(server), arena, &c, &error);
  good(found);
  return found;
}

bool has_session(int n) {
  struct store_session s;
  int found = store_session_get(store, id_of(n), arena, &s, &error);
  good(found);
  return found;
}

/* --- sessions --- */

static void sessions_are_kept_whole(void **state) {
  struct store_session s = session_of(1), got = {0};
  good(store_session_put(store, &s, &error));
  assert_int_equal(store_session_get(store, id_of(1), arena, &got, &error), 1);
  assert_memory_equal(got.id, s.id, STORE_HASH_SIZE);
  assert_int_equal(got.created_ms, NOW);
  assert_int_equal(got.seen_ms, NOW);
  assert_int_equal(got.idle_ms, 100);
  assert_int_equal(got.expires_ms, NOW + 1000);
  assert_text(got.app, "https://a.example");
  assert_text(got.mode, "same-origin");
  assert_text(got.data, "{}");
  assert_false(has_session(2));
  s.data = STR("{\"x\":\"ü\"}");
  s.app = STR_NONE;
  s.expires_ms = INT64_MAX;
  good(store_session_put(store, &s, &error));
  assert_int_equal(store_session_get(store, id_of(1), arena, &got, &error), 1);
  assert_text(got.data, "{\"x\":\"ü\"}");
  assert_int_equal(got.app.n, 0);
  assert_true(got.expires_ms == INT64_MAX);
}

static void replacing_a_session_keeps_its_connections(void **state) {
  put_session(1);
  put_connection(1, "central");
  put_session(1);
  assert_true(has_connection(1, "central"));
}

static void touch_never_goes_back(void **state) {
  struct store_session got;
  put_session(1);
  good(store_session_touch(store, id_of(1), NOW + 50, &error));
  good(store_session_touch(store, id_of(1), NOW + 20, &error));
  good(store_session_touch(store, id_of(9), NOW + 50, &error)); /* not there */
  assert_int_equal(store_session_get(store, id_of(1), arena, &got, &error), 1);
  assert_int_equal(got.seen_ms, NOW + 50);
}

static void data_of_a_session_is_replaced_alone(void **state) {
  struct store_session got;
  put_session(1);
  good(store_session_touch(store, id_of(1), NOW + 50, &error));
  good(store_session_data(store, id_of(1), STR("{\"sealed\":\"again\"}"), &error));
  good(store_session_data(store, id_of(9), STR("{}"), &error)); /* not there */
  assert_int_equal(store_session_get(store, id_of(1), arena, &got, &error), 1);
  assert_text(got.data, "{\"sealed\":\"again\"}");
  assert_int_equal(got.seen_ms, NOW + 50);
  assert_false(has_session(9));
}

static void deleting_a_session_takes_its_connections(void **state) {
  put_session(1);
  put_session(2);
  put_connection(1, "central");
  put_connection(2, "central");
  good(store_session_delete(store, id_of(1), &error));
  good(store_session_delete(store, id_of(1), &error));
  assert_false(has_session(1));
  assert_false(has_connection(1, "central"));
  assert_true(has_connection(2, "central"));
  put_session(1);
  assert_false(has_connection(1, "central"));
}

/* --- connections --- */

static void connections_are_kept_whole(void **state) {
  put_session(1);
  put_connection(1, "central");
  struct store_connection c = get_connection(1, "central");
  assert_memory_equal(c.session, id_of(1), STORE_HASH_SIZE);
  assert_text(c.server, "central");
  assert_text(c.kind, "pat");
  assert_text(c.state, "ok");
  assert_text(c.user, "{\"id\":\"u\"}");
  assert_true(str_eq(c.sealed, (struct str){"\0\1\377x", 4}));
  assert_int_equal(c.data.n, 0);
  assert_int_equal(c.generation, 1);
  assert_int_equal(c.since_ms, NOW);
  assert_int_equal(c.expires_ms, NOW + 5);
  assert_false(has_connection(1, "district"));
  assert_false(has_connection(2, "central"));
}

static void a_replaced_connection_counts_on(void **state) {
  put_session(1);
  for (int i = 1; i <= 3; i++) {
    put_connection(1, "central");
    assert_int_equal(get_connection(1, "central").generation, i);
  }
}

static void a_connection_needs_its_session(void **state) {
  struct store_connection c = connection_of(1, "central");
  refused(store_connection_put(store, &c, 32, &error), ERROR_no_session);
  put_session(1);
  good(store_connection_put(store, &c, 32, &error));
}

static void no_more_connections_than_allowed(void **state) {
  put_session(1);
  put_session(2);
  struct store_connection a = connection_of(1, "a"), b = connection_of(1, "b"), c = connection_of(1, "c"), other = connection_of(2, "c");
  good(store_connection_put(store, &a, 2, &error));
  good(store_connection_put(store, &b, 2, &error));
  refused(store_connection_put(store, &c, 2, &error), ERROR_too_many);
  good(store_connection_put(store, &b, 2, &error)); /* replaced */
  good(store_connection_put(store, &other, 2, &error));
  assert_false(has_connection(1, "c"));
}

/* [R-E12] those that live, the last used first, and no more than asked for */
static void sessions_are_listed(void **state) {
  (void)state;
  struct store_session *list, s;
  size_t n;
  for (int i = 1; i <= 3; i++) {
    s = session_of(i);
    s.seen_ms = NOW + i;
    good(store_session_put(store, &s, &error));
  }
  s = session_of(4);
  s.expires_ms = NOW;
  good(store_session_put(store, &s, &error));
  s = session_of(5);
  s.seen_ms = NOW - s.idle_ms;
  good(store_session_put(store, &s, &error));
  good(store_session_list(store, NOW, 10, arena, &list, &n, &error));
  assert_int_equal(n, 3);
  for (int i = 0; i < 3; i++) assert_memory_equal(list[i].id, id_of(3 - i), STORE_HASH_SIZE);
  assert_text(list[0].app, "https://a.example");
  good(store_session_list(store, NOW, 2, arena, &list, &n, &error));
  assert_int_equal(n, 2);
}

static void connections_are_listed_by_server(void **state) {
  struct store_connection *list;
  size_t n = 9;
  char server[8];
  put_session(1);
  put_session(2);
  good(store_connection_list(store, id_of(1), arena, &list, &n, &error));
  assert_int_equal(n, 0);
  for (int i = 19; i >= 0; i--) {
    (void)snprintf(server, sizeof server, "s%02d", i);
    put_connection(1, server);
  }
  put_connection(2, "x");
  good(store_connection_list(store, id_of(1), arena, &list, &n, &error));
  assert_int_equal(n, 20);
  for (size_t i = 0; i < n; i++) {
    (void)snprintf(server, sizeof server, "s%02zu", i);
    assert_text(list[i].server, server);
  }
}

/* [R-D3, R-E13] of two that renew one generation one wins and the other learns it. */
static void renewing_checks_the_generation(void **state) {
  put_session(1);
  put_connection(1, "central");
  struct store_connection mine = get_connection(1, "central"), theirs = mine;
  mine.sealed = STR("mine");
  mine.data = STR("d");
  mine.expires_ms = 77;
  good(store_connection_renew(store, &mine, &error));
  theirs.sealed = STR("theirs");
  refused(store_connection_renew(store, &theirs, &error), ERROR_changed_meanwhile);
  struct store_connection now = get_connection(1, "central");
  assert_text(now.sealed, "mine");
  assert_text(now.data, "d");
  assert_int_equal(now.expires_ms, 77);
  assert_int_equal(now.generation, 2);
  assert_int_equal(now.since_ms, NOW);
  good(store_connection_delete(store, id_of(1), STR("central"), &error));
  good(store_connection_delete(store, id_of(1), STR("central"), &error));
  refused(store_connection_renew(store, &now, &error), ERROR_changed_meanwhile);
  assert_false(has_connection(1, "central"));
}

/* [R-E11] */
static void everywhere_of_one_user(void **state) {
  size_t count = 7;
  for (int i = 1; i <= 3; i++) {
    put_session(i);
    put_connection(i, "central");
    put_connection(i, "district");
  }
  struct store_connection other = get_connection(3, "central");
  other.user = STR("{\"id\":\"another\"}");
  other.data = STR("mark");
  good(store_connection_put(store, &other, 9, &error));
  struct str user = get_connection(1, "central").user;
  const char *id = strstr(user.p, "\"id\":\"");
  assert_non_null(id);
  struct str user_id = str_from(user, (size_t)(id - user.p) + 6);
  user_id = str_slice(user_id, 0, str_find_char(user_id, '"'));
  good(store_connection_end(store, STR("central"), STR(""), STR(""), &count, &error)); /* nobody */
  assert_int_equal(count, 0);
  good(store_connection_end(store, STR("central"), user_id, STR("nothing"), &count, &error));
  assert_int_equal(count, 2);
  assert_false(has_connection(1, "central") || has_connection(2, "central"));
  assert_true(has_connection(3, "central") && has_connection(1, "district"));
  good(store_connection_end(store, STR("central"), STR(""), STR("mark"), &count, &error));
  assert_int_equal(count, 1);
  assert_false(has_connection(3, "central"));
}

static void state_is_for_one_generation(void **state) {
  put_session(1);
  put_connection(1, "central");
  put_connection(1, "central");
  good(store_connection_state(store, id_of(1), STR("central"), 1, STR("reauth_required"), &error)); /* what failed was the old credential */
  assert_text(get_connection(1, "central").state, "ok");
  good(store_connection_state(store, id_of(1), STR("central"), 2, STR("reauth_required"), &error));
  assert_text(get_connection(1, "central").state, "reauth_required");
  assert_int_equal(get_connection(1, "central").generation, 2);
}

/* --- a new id --- */

static void rotation_moves_all_at_once(void **state) {
  put_session(1);
  put_connection(1, "central");
  put_connection(1, "central");
  put_connection(1, "district");
  struct store_connection moved[] = {get_connection(1, "central"), get_connection(1, "district")};
  moved[0].sealed = STR("sealed anew");
  struct store_session next = session_of(2), old;
  good(store_session_rotate(store, id_of(1), NOW + 10, &next, moved, 2, &error));
  assert_text(get_connection(2, "central").sealed, "sealed anew");
  assert_int_equal(get_connection(2, "central").generation, 2);
  assert_true(has_connection(2, "district"));
  assert_true(has_connection(1, "central")); /* until then */
  assert_int_equal(store_session_get(store, id_of(1), arena, &old, &error), 1);
  assert_int_equal(old.expires_ms, NOW + 10);
  struct store_session third = session_of(3);
  good(store_session_rotate(store, id_of(2), 0, &third, moved, 2, &error));
  assert_false(has_session(2));
  assert_false(has_connection(2, "central"));
  assert_true(has_connection(3, "central"));
}

static void rotation_never_makes_the_old_one_live_longer(void **state) {
  put_session(1);
  struct store_session next = session_of(2), old;
  good(store_session_rotate(store, id_of(1), NOW + 5000, &next, NULL, 0, &error));
  assert_int_equal(store_session_get(store, id_of(1), arena, &old, &error), 1);
  assert_int_equal(old.expires_ms, NOW + 1000);
}

static void rotation_of_a_session_that_went_is_refused(void **state) {
  struct store_session next = session_of(2), same = session_of(1);
  struct store_connection c = connection_of(1, "central");
  refused(store_session_rotate(store, id_of(1), NOW, &next, &c, 1, &error), ERROR_no_session);
  assert_false(has_session(2));
  put_session(1);
  refused(store_session_rotate(store, id_of(1), NOW, &same, NULL, 0, &error), ERROR_inside);
}

/* The second of the connections is not storable: nothing of it happened. */
static void rotation_is_all_or_nothing(void **state) {
  put_session(1);
  put_connection(1, "central");
  struct store_session next = session_of(2);
  struct store_connection moved[] = {connection_of(1, "central"), connection_of(1, "district")};
  moved[1].server = STR("\xff");
  refused(store_session_rotate(store, id_of(1), 0, &next, moved, 2, &error), ERROR_bad_request);
  assert_true(has_session(1));
  assert_true(has_connection(1, "central"));
  assert_false(has_session(2));
}

/* --- tickets --- */

void put_ticket(int n, const char *kind, int64_t expires_ms) {
  struct store_ticket t = {.kind = str_of(kind), .server = STR("central"), .sealed = STR("secret"), .expires_ms = expires_ms};
  memcpy(t.id, id_of(n), STORE_HASH_SIZE);
  good(store_ticket_put(store, &t, &error));
}

static int take_ticket(int n, const char *kind, int64_t now_ms) {
  struct store_ticket t = {0};
  int found = store_ticket_take(store, str_of(kind), id_of(n), now_ms, arena, &t, &error);
  good(found);
  if (found) {
    assert_text(t.sealed, "secret");
    assert_text(t.server, "central");
    assert_text(t.kind, kind);
    assert_memory_equal(t.id, id_of(n), STORE_HASH_SIZE);
  }
  return found;
}

/* [R-A6] */
static void a_ticket_is_taken_once(void **state) {
  put_ticket(1, "sign-in", NOW);
  assert_int_equal(take_ticket(2, "sign-in", 0), 0);
  assert_int_equal(take_ticket(1, "hand-off", 0), 0); /* only by its kind; it stays */
  assert_int_equal(take_ticket(1, "sign-in", NOW - 1), 1);
  assert_int_equal(take_ticket(1, "sign-in", NOW - 1), 0);
}

static void a_ticket_that_ended_is_nothing(void **state) {
  put_ticket(1, "sign-in", NOW);
  assert_int_equal(take_ticket(1, "sign-in", NOW), 0);
  assert_int_equal(take_ticket(1, "sign-in", 0), 0); /* and it is gone */
}

static void a_ticket_has_its_id_alone(void **state) {
  put_ticket(1, "sign-in", NOW);
  struct store_ticket t = {.kind = STR("hand-off"), .sealed = STR("other"), .expires_ms = NOW};
  memcpy(t.id, id_of(1), STORE_HASH_SIZE);
  refused(store_ticket_put(store, &t, &error), ERROR_conflict);
  assert_int_equal(take_ticket(1, "sign-in", 0), 1);
}

/* --- leases --- */

static int take_lease(const char *name, const char *owner, int64_t now_ms, int64_t deadline_ms, struct store_lease *ret) {
  int held = store_lease_take(store, str_of(name), str_of(owner), now_ms, deadline_ms, ret, &error);
  good(held);
  return held;
}

static void a_lease_has_one_holder(void **state) {
  struct store_lease a = {0}, b = {0};
  assert_int_equal(take_lease("r", "a", 100, 200, &a), 1);
  assert_int_equal(a.deadline_ms, 200);
  assert_int_equal(take_lease("r", "b", 150, 250, &b), 0);
  assert_int_equal(take_lease("other", "b", 150, 250, &b), 1);
  int64_t fence = a.fence;
  assert_int_equal(take_lease("r", "a", 150, 300, &a), 1); /* longer, the same holder */
  assert_int_equal(a.fence, fence);
  assert_int_equal(a.deadline_ms, 300);
  assert_int_equal(take_lease("r", "b", 299, 400, &b), 0);
  assert_int_equal(take_lease("r", "b", 300, 400, &b), 1);
  assert_true(b.fence > fence);
  assert_int_equal(take_lease("r", "a", 301, 500, &a), 0);
  assert_int_equal(store_lease_look(store, STR("r"), 399, &error), 1);
  assert_int_equal(store_lease_look(store, STR("r"), 400, &error), 0);
  assert_int_equal(store_lease_look(store, STR("nothing"), 0, &error), 0);
}

static void fences_rise_over_release_and_purge(void **state) {
  struct store_lease lease = {0};
  int64_t last = 0;
  for (int i = 0; i < 4; i++) {
    assert_int_equal(take_lease("r", i % 2 ? "a" : "b", 100, 200, &lease), 1);
    assert_true(lease.fence > last);
    last = lease.fence;
    good(store_lease_release(store, STR("r"), STR("somebody"), &error)); /* no effect */
    struct store_lease none;
    assert_int_equal(take_lease("r", "c", 150, 250, &none), 0);
    if (i < 2)
      good(store_lease_release(store, STR("r"), i % 2 ? STR("a") : STR("b"), &error));
    else
      good(store_purge(store, 200, &error));
  }
  good(store_lease_release(store, STR("nothing"), STR("a"), &error));
}

/* --- documents --- */

static struct store_document document_of(const char *id, const char *key) {
  return (struct store_document){.kind = STR("run"),
                                 .id = str_of(id),
                                 .owner = STR("me"),
                                 .key = str_of(key),
                                 .about = STR("{\"n\":1}"),
                                 .body = {"{\"a\":\"\0\"}", 8},
                                 .sealed = {"\0s", 2},
                                 .created_ms = 10,
                                 .updated_ms = 10};
}

void create(const char *id, const char *key) {
  struct store_document d = document_of(id, key);
  good(store_document_create(store, &d, &error));
}

struct store_document get_document(const char *id) {
  struct store_document d = {0};
  assert_int_equal(store_document_get(store, STR("run"), str_of(id), arena, &d, &error), 1);
  return d;
}

static void documents_are_kept_whole(void **state) {
  create("one", "k");
  struct store_document d = get_document("one"), by_key = {0};
  assert_text(d.kind, "run");
  assert_text(d.id, "one");
  assert_text(d.owner, "me");
  assert_text(d.key, "k");
  assert_text(d.about, "{\"n\":1}");
  assert_true(str_eq(d.body, (struct str){"{\"a\":\"\0\"}", 8}));
  assert_true(str_eq(d.sealed, (struct str){"\0s", 2}));
  assert_int_equal(d.version, 1);
  assert_int_equal(d.created_ms, 10);
  assert_int_equal(d.updated_ms, 10);
  assert_int_equal(d.expires_ms, 0);
  assert_int_equal(store_document_by_key(store, STR("run"), STR("me"), STR("k"), arena, &by_key, &error), 1);
  assert_text(by_key.id, "one");
  assert_true(str_eq(by_key.body, d.body));
  assert_int_equal(store_document_by_key(store, STR("run"), STR("you"), STR("k"), arena, &by_key, &error), 0);
  assert_int_equal(store_document_by_key(store, STR("run"), STR("me"), STR_NONE, arena, &by_key, &error), 0);
  assert_int_equal(store_document_get(store, STR("alignment"), STR("one"), arena, &d, &error), 0);
  assert_int_equal(store_document_get(store, STR("run"), STR(""), arena, &d, &error), 0);
  assert_int_equal(store_document_get(store, STR("run"), STR("\xff"), arena, &d, &error), 0);
}

static void ids_and_keys_are_taken_once(void **state) {
  create("one", "k");
  create("two", "");
  create("three", ""); /* no key is no conflict */
  struct store_document same_id = document_of("one", "l"), same_key = document_of("four", "k"), other_owner = document_of("five", "k"),
                        other_kind = document_of("one", "k");
  refused(store_document_create(store, &same_id, &error), ERROR_conflict);
  refused(store_document_create(store, &same_key, &error), ERROR_conflict);
  other_owner.owner = STR("you");
  good(store_document_create(store, &other_owner, &error));
  other_kind.kind = STR("alignment");
  good(store_document_create(store, &other_kind, &error));
}

static void updates_check_the_version(void **state) {
  create("one", "k");
  struct store_document d = get_document("one"), stale = d;
  int64_t version = 0;
  d.body = STR("new");
  d.about = STR("{}");
  d.sealed = STR_NONE;
  d.updated_ms = 20;
  d.expires_ms = 99;
  d.owner = STR("thief"); /* not an update's to change */
  good(store_document_update(store, &d, &version, &error));
  assert_int_equal(version, 2);
  stale.body = STR("lost");
  refused(store_document_update(store, &stale, &version, &error), ERROR_changed_meanwhile);
  assert_int_equal(version, 2);
  struct store_document now = get_document("one");
  assert_text(now.body, "new");
  assert_text(now.about, "{}");
  assert_text(now.owner, "me");
  assert_int_equal(now.sealed.n, 0);
  assert_int_equal(now.updated_ms, 20);
  assert_int_equal(now.expires_ms, 99);
  assert_int_equal(now.created_ms, 10);
  good(store_document_delete(store, STR("run"), STR("one"), &error));
  good(store_document_delete(store, STR("run"), STR("one"), &error));
  refused(store_document_update(store, &now, &version, &error), ERROR_not_found);
}

static void lists_are_light_and_in_order(void **state) {
  struct store_document *list;
  size_t n;
  char id[8];
  for (int i = 0; i < 20; i++) {
    (void)snprintf(id, sizeof id, "d%02d", i);
    struct store_document d = document_of(id, "");
    d.updated_ms = 100 + i % 5;
    if (i == 7) d.owner = STR("you");
    if (i == 8) d.kind = STR("alignment");
    good(store_document_create(store, &d, &error));
  }
  good(store_document_list(store, STR("run"), STR("me"), 100, arena, &list, &n, &error));
  assert_int_equal(n, 18);
  for (size_t i = 0; i < n; i++) {
    assert_text(list[i].owner, "me");
    assert_text(list[i].about, "{\"n\":1}");
    assert_int_equal(list[i].body.n + list[i].sealed.n, 0);
    if (i)
      assert_true(list[i - 1].updated_ms > list[i].updated_ms ||
                  (list[i - 1].updated_ms == list[i].updated_ms && str_cmp(list[i - 1].id, list[i].id) < 0));
  }
  good(store_document_list(store, STR("run"), STR("me"), 3, arena, &list, &n, &error));
  assert_int_equal(n, 3);
  good(store_document_list(store, STR("run"), STR("nobody"), 3, arena, &list, &n, &error));
  assert_int_equal(n, 0);
  good(store_document_list(store, STR("run"), STR_NONE, 3, arena, &list, &n, &error)); /* no owner is nobody */
  assert_int_equal(n, 0);
  good(store_document_list_all(store, STR("run"), 100, arena, &list, &n, &error));
  assert_int_equal(n, 19);
  good(store_document_list_all(store, STR("alignment"), 100, arena, &list, &n, &error));
  assert_int_equal(n, 1);
}

static void history_rises_and_goes_with_its_document(void **state) {
  struct store_event *list;
  size_t n;
  create("one", "");
  create("two", "");
  for (int i = 0; i < 20; i++) good(store_history_add(store, STR("run"), STR("one"), 100 + i, STR("anna"), STR("{\"x\":1}"), &error));
  good(store_history_add(store, STR("run"), STR("two"), 1, STR("ben"), STR_NONE, &error));
  good(store_history_list(store, STR("run"), STR("one"), 0, 100, arena, &list, &n, &error));
  assert_int_equal(n, 20);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(list[i].at_ms, 100 + (int)i);
    if (i) assert_true(list[i].number > list[i - 1].number);
  }
  assert_text(list[0].who, "anna");
  assert_text(list[0].what, "{\"x\":1}");
  int64_t after = list[9].number, last = list[19].number;
  good(store_history_list(store, STR("run"), STR("one"), after, 4, arena, &list, &n, &error));
  assert_int_equal(n, 4);
  assert_int_equal(list[0].at_ms, 110);
  good(store_document_delete(store, STR("run"), STR("one"), &error));
  refused(store_history_add(store, STR("run"), STR("one"), 1, STR("anna"), STR("{}"), &error), ERROR_not_found);
  create("one", "");
  good(store_history_list(store, STR("run"), STR("one"), 0, 100, arena, &list, &n, &error));
  assert_int_equal(n, 0);
  good(store_history_add(store, STR("run"), STR("one"), 1, STR("anna"), STR("{}"), &error));
  good(store_history_list(store, STR("run"), STR("one"), 0, 100, arena, &list, &n, &error));
  assert_true(list[0].number > last); /* a number is never given twice */
}

static int add_record(int64_t fence, const char *name, const char *bytes) {
  struct store_fence held = {STR("run:one"), fence};
  return store_journal_add(store, STR("run"), STR("one"), &held, str_of(name), str_of(bytes), &error);
}

static void journals_are_read_in_order_and_go_with_their_document(void **state) {
  struct store_record *list;
  struct store_lease lease = {0};
  size_t n;
  create("one", "");
  assert_int_equal(take_lease("run:one", "a", 100, 200, &lease), 1);
  for (int i = 0; i < 5; i++) {
    char text[8];
    (void)snprintf(text, sizeof text, "r%d", i);
    good(add_record(lease.fence, "journal", text));
    good(add_record(lease.fence, "rows", "x"));
  }
  good(store_journal_list(store, STR("run"), STR("one"), STR("journal"), 0, 3, arena, &list, &n, &error));
  assert_int_equal(n, 3);
  assert_text(list[2].bytes, "r2");
  good(store_journal_list(store, STR("run"), STR("one"), STR("journal"), list[2].number, 100, arena, &list, &n, &error));
  assert_int_equal(n, 2);
  assert_text(list[0].bytes, "r3");
  assert_true(list[1].number > list[0].number);
  good(store_document_delete(store, STR("run"), STR("one"), &error));
  refused(add_record(lease.fence, "journal", "late"), ERROR_not_found);
  good(store_journal_list(store, STR("run"), STR("one"), STR("journal"), 0, 100, arena, &list, &n, &error));
  assert_int_equal(n, 0);
}

/* Who slept over its lease writes nothing any more, be the lease another's, given back by another, or gone. */
static void a_journal_takes_nothing_late(void **state) {
  struct store_record *list;
  struct store_lease first = {0}, second = {0};
  size_t n;
  create("one", "");
  assert_int_equal(take_lease("run:one", "a", 100, 200, &first), 1);
  good(add_record(first.fence, "journal", "a"));
  assert_int_equal(take_lease("run:one", "b", 200, 300, &second), 1);
  refused(add_record(first.fence, "journal", "late"), ERROR_changed_meanwhile);
  good(add_record(second.fence, "journal", "b"));
  good(store_lease_release(store, STR("run:one"), STR("b"), &error));
  refused(add_record(first.fence, "journal", "late"), ERROR_changed_meanwhile);
  refused(add_record(second.fence, "journal", "late"), ERROR_changed_meanwhile);
  assert_int_equal(take_lease("run:one", "a", 400, 500, &second), 1); /* its own again, and yet a new one */
  refused(add_record(first.fence, "journal", "late"), ERROR_changed_meanwhile);
  good(store_journal_list(store, STR("run"), STR("one"), STR("journal"), 0, 100, arena, &list, &n, &error));
  assert_int_equal(n, 2);
  assert_text(list[0].bytes, "a");
  assert_text(list[1].bytes, "b");
}

static void large_bodies(void **state) {
  struct store_document d = document_of("large", "");
  char *p = arena_alloc(arena, (size_t)STORE_BODY_MAX + 1);
  memset(p, 'x', (size_t)STORE_BODY_MAX + 1);
  d.body = (struct str){p, (size_t)STORE_BODY_MAX + 1};
  refused(store_document_create(store, &d, &error), ERROR_too_large);
  d.body.n = (size_t)20 << 20;
  p[d.body.n - 1] = 'y';
  good(store_document_create(store, &d, &error));
  assert_true(str_eq(get_document("large").body, d.body));
}

/* --- what is not taken --- */

static void what_is_no_text_is_refused(void **state) {
  put_session(1);
  struct store_connection c = connection_of(1, "central");
  c.user = STR("\xc3(");
  refused(store_connection_put(store, &c, 32, &error), ERROR_bad_request);
  c = connection_of(1, "");
  refused(store_connection_put(store, &c, 32, &error), ERROR_bad_request);
  c = connection_of(1, "central");
  c.data = (struct str){"a\0b", 3};
  refused(store_connection_put(store, &c, 32, &error), ERROR_bad_request);
  char *p = arena_alloc(arena, 1 << 20);
  memset(p, 'x', 1 << 20);
  c = connection_of(1, "central");
  c.server = (struct str){p, 129};
  refused(store_connection_put(store, &c, 32, &error), ERROR_too_large);
  c = connection_of(1, "central");
  c.user = (struct str){p, 1 << 20};
  refused(store_connection_put(store, &c, 32, &error), ERROR_too_large);
  struct store_document d = document_of("one", "");
  d.id = (struct str){p, 65};
  refused(store_document_create(store, &d, &error), ERROR_too_large);
  d.id = (struct str){p, 64};
  good(store_document_create(store, &d, &error));
  d.id = STR_NONE;
  refused(store_document_create(store, &d, &error), ERROR_bad_request);
}

/* [A18] Texts are data, whatever they look like. */
static void quotes_and_signs_are_data(void **state) {
  static const char *const texts[] = {"'; DROP TABLE sessions; --", "%n%s", "\"", "\\", "a\nb", "ü☃𝄞", "?1", "$1"};
  put_session(1);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    put_connection(1, texts[i]);
    assert_text(get_connection(1, texts[i]).server, texts[i]);
    create(texts[i], texts[i]);
    assert_text(get_document(texts[i]).key, texts[i]);
  }
  assert_true(has_session(1));
}

/* --- purge --- */

static void purge_takes_what_ended(void **state) {
  enum { DAY = 24 * 3600 * 1000 };
  struct store_session ended = session_of(1), idle = session_of(2), alive = session_of(3), endless = session_of(4);
  ended.expires_ms = NOW + 10;
  ended.idle_ms = 0;
  idle.idle_ms = 10;
  idle.expires_ms = 0;
  alive.expires_ms = NOW + 3 * (int64_t)DAY;
  alive.idle_ms = 3 * (int64_t)DAY;
  endless.expires_ms = endless.idle_ms = 0;
  const struct store_session *all[] = {&ended, &idle, &alive, &endless};
  for (int i = 0; i < 4; i++) {
    good(store_session_put(store, all[i], &error));
    put_connection(i + 1, "central");
  }
  put_ticket(1, "sign-in", NOW + 10);
  put_ticket(2, "sign-in", NOW + 11);
  struct store_document d = document_of("old", ""), later = document_of("later", ""), forever = document_of("forever", "");
  d.expires_ms = NOW + 10;
  later.expires_ms = NOW + 11;
  good(store_document_create(store, &d, &error));
  good(store_document_create(store, &later, &error));
  good(store_document_create(store, &forever, &error));
  good(store_history_add(store, STR("run"), STR("old"), 1, STR("anna"), STR("{}"), &error));

  put_ticket(3, "proof", NOW + 5);
  good(store_purge_tickets(store, NOW + 4, &error));
  assert_int_equal(take_ticket(3, "proof", 0), 1);
  put_ticket(3, "proof", NOW + 5);
  good(store_purge_tickets(store, NOW + 5, &error));
  assert_int_equal(take_ticket(3, "proof", 0), 0);

  good(store_purge(store, NOW + 9, &error));
  assert_true(has_connection(1, "central") && has_connection(2, "central"));
  good(store_purge(store, NOW + 10, &error));
  assert_true(has_session(1) && has_session(2)); /* still to be told apart from one that never was */
  assert_false(has_connection(1, "central"));
  assert_false(has_connection(2, "central"));
  assert_int_equal(take_ticket(1, "sign-in", 0), 0);
  assert_int_equal(take_ticket(2, "sign-in", 0), 1);
  assert_int_equal(store_document_get(store, STR("run"), STR("old"), arena, &d, &error), 0);
  (void)get_document("later");
  good(store_purge(store, NOW + DAY + 9, &error));
  assert_true(has_session(1) && has_session(2));
  good(store_purge(store, NOW + DAY + 10, &error));
  assert_false(has_session(1));
  assert_false(has_session(2));
  assert_true(has_connection(3, "central") && has_connection(4, "central"));
  (void)get_document("forever");
}

int suite_run(struct suite_place at, const char *name) {
  place = at;
  const struct CMUnitTest tests[] = {
      ON_STORE(sessions_are_kept_whole),
      ON_STORE(replacing_a_session_keeps_its_connections),
      ON_STORE(touch_never_goes_back),
      ON_STORE(data_of_a_session_is_replaced_alone),
      ON_STORE(deleting_a_session_takes_its_connections),
      ON_STORE(connections_are_kept_whole),
      ON_STORE(a_replaced_connection_counts_on),
      ON_STORE(a_connection_needs_its_session),
      ON_STORE(no_more_connections_than_allowed),
      ON_STORE(sessions_are_listed),
      ON_STORE(connections_are_listed_by_server),
      ON_STORE(renewing_checks_the_generation),
      ON_STORE(everywhere_of_one_user),
      ON_STORE(state_is_for_one_generation),
      ON_STORE(rotation_moves_all_at_once),
      ON_STORE(rotation_never_makes_the_old_one_live_longer),
      ON_STORE(rotation_of_a_session_that_went_is_refused),
      ON_STORE(rotation_is_all_or_nothing),
      ON_STORE(a_ticket_is_taken_once),
      ON_STORE(a_ticket_that_ended_is_nothing),
      ON_STORE(a_ticket_has_its_id_alone),
      ON_STORE(a_lease_has_one_holder),
      ON_STORE(fences_rise_over_release_and_purge),
      ON_STORE(documents_are_kept_whole),
      ON_STORE(ids_and_keys_are_taken_once),
      ON_STORE(updates_check_the_version),
      ON_STORE(lists_are_light_and_in_order),
      ON_STORE(history_rises_and_goes_with_its_document),
      ON_STORE(journals_are_read_in_order_and_go_with_their_document),
      ON_STORE(a_journal_takes_nothing_late),
      ON_STORE(large_bodies),
      ON_STORE(what_is_no_text_is_refused),
      ON_STORE(quotes_and_signs_are_data),
      ON_STORE(purge_takes_what_ended),
  };
  return cmocka_run_group_tests_name(name, tests, NULL, NULL) + suite_run_races(name);
}
