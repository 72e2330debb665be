/* From a sign-in to a session: new ids, late calls, parallel sign-ins, another person; on a real store. */
#include "base/clock.h"
#include "base/mem.h"
#include "gateway/admission.h"
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/drawbridge-admission-XXXXXX";
static struct keyring *ring;
static struct session_board *board;
static struct sessions *sessions;
static uv_loop_t loop;

static int set_up(void **state) {
  struct error error = {0};
  (void)state;
  if (!mkdtemp(directory) || uv_loop_init(&loop)) return -1;
  _cleanup_free_
  char *keys = mem_printf("%s/keys", directory), *store = mem_printf("sqlite:%s/s.db", directory);
  ring = keyring_open(keys, &error);
  board = session_board_new();
  sessions = ring ? sessions_new(&loop, str_of(store), ring, board, &error) : NULL;
  if (!sessions) print_error("%s\n", error.message);
  return sessions ? 0 : -1;
}

static int tear_down(void **state) {
  char command[64];
  (void)state;
  sessions_free(sessions);
  session_board_free(board);
  (void)uv_run(&loop, UV_RUN_DEFAULT);
  (void)snprintf(command, sizeof command, "rm -r %s", directory);
  return uv_loop_close(&loop) || system(command) ? -1 : 0;
}

static struct connection *signed_in(const char *server, const char *user) {
  struct signed_in in = {.kind = SIGN_IN_PAT,
                         .credential = {CREDENTIAL_PAT, secret_new(STR("d2p_secret"))},
                         .user = {str_of(user), str_of(user), str_of(user)},
                         .version_text = STR("2.43.1")};
  struct connection *connection = connection_of_sign_in(str_of(server), STR("https://a.example"), &in, clock_now_ms());
  secret_free(in.credential.value);
  return connection;
}

static enum error_code admit(struct gateway_session *base, const char *server, const char *user, size_t most,
                             struct gateway_session **ret) {
  int64_t now = clock_now_ms();
  struct admission admission = {
      .base = base,
      .terms = {.app = STR(""), .mode = CONFIG_MODE_SAME_ORIGIN, .created_ms = now, .expires_ms = now + 3600000, .idle_ms = 600000},
      .connection = signed_in(server, user),
      .most = most};
  struct admitted admitted;
  struct error error = {0};
  *ret = admission_run(sessions, &admission, &admitted, &error) ? NULL : admitted.session;
  connection_unref(admission.connection);
  connection_unref(admitted.replaced);
  return error.code;
}

static bool has(struct gateway_session *session, const char *server) {
  struct connection *connection = session_connection(session, str_of(server));
  connection_unref(connection);
  return connection;
}

/* What is in the store for a session's cookie: -1 nothing, else how many connections. */
static int stored(struct gateway_session *session) {
  struct browser_cookie cookie;
  struct gateway_session *read = NULL;
  struct error error = {0};
  assert_true(browser_cookie_read(secret_reveal(session_cookie(session)), &cookie));
  struct rows rows = sessions_rows(sessions);
  int found = rows_load(&rows, &cookie, &read, &error);
  sessions_rows_done(sessions);
  browser_cookie_clear(&cookie);
  int count = found == 1 ? (int)session_connection_count(read) : -1;
  gateway_session_unref(read);
  return count;
}

static void a_new_id_each_time(void **state) {
  struct gateway_session *first, *second;
  (void)state;
  assert_int_equal(admit(NULL, "one", "ada", 32, &first), ERROR_NONE);
  assert_int_equal(admit(first, "two", "ada", 32, &second), ERROR_NONE);
  assert_memory_not_equal(session_id(first), session_id(second), HASH_SIZE);
  assert_true(str_eq(gateway_session_owner(first), gateway_session_owner(second)));
  assert_true(has(second, "one") && has(second, "two"));
  assert_int_equal(stored(second), 2);
  /* Late calls with the old id have what was there before; what began with it goes on with what there is now. */
  struct gateway_session *late = session_freeze(first, session_late_until(first));
  assert_true(session_frozen(late) && has(late, "one") && !has(late, "two"));
  assert_int_equal(session_life(late, session_late_until(first) - 1), SESSION_ALIVE);
  assert_int_equal(session_life(late, session_late_until(first)), SESSION_DEAD);
  struct gateway_session *usable = session_usable(first);
  assert_ptr_equal(usable, second);
  gateway_session_unref(usable);
  usable = session_usable(late);
  assert_ptr_equal(usable, late);
  gateway_session_unref(usable);
  struct gateway_session *none;
  assert_int_equal(admit(late, "three", "ada", 32, &none), ERROR_conflict);
  gateway_session_unref(late);
  gateway_session_unref(first);
  gateway_session_unref(second);
}

static void what_began_before_joins(void **state) {
  struct gateway_session *base, *second, *third;
  (void)state;
  assert_int_equal(admit(NULL, "one", "ada", 32, &base), ERROR_NONE);
  assert_int_equal(admit(base, "two", "ada", 32, &second), ERROR_NONE);
  assert_int_equal(admit(base, "three", "ada", 32, &third), ERROR_NONE); /* began with the same cookie, ended later */
  assert_ptr_equal(second, third);
  assert_true(has(second, "one") && has(second, "two") && has(second, "three"));
  assert_int_equal(stored(second), 3);
  gateway_session_unref(base);
  gateway_session_unref(second);
  gateway_session_unref(third);
}

static void another_person(void **state) {
  struct gateway_session *ada, *bob, *late;
  (void)state;
  assert_int_equal(admit(NULL, "one", "ada", 32, &ada), ERROR_NONE);
  assert_int_equal(admit(ada, "one", "bob", 32, &bob), ERROR_NONE);
  assert_int_equal(session_late_until(ada), 0);
  assert_int_equal(stored(ada), -1);
  assert_int_equal(admit(ada, "two", "ada", 32, &late), ERROR_NONE); /* hers, begun before: not into his session */
  assert_ptr_not_equal(late, bob);
  assert_true(!has(bob, "two") && !has(late, "one"));
  gateway_session_unref(ada);
  gateway_session_unref(bob);
  gateway_session_unref(late);
}

static void after_the_end(void **state) {
  struct gateway_session *base, *fresh;
  (void)state;
  assert_int_equal(admit(NULL, "one", "ada", 32, &base), ERROR_NONE);
  session_end(base);
  assert_int_equal(admit(base, "two", "ada", 32, &fresh), ERROR_NONE);
  assert_false(has(fresh, "one"));
  assert_false(str_eq(gateway_session_owner(base), gateway_session_owner(fresh)));
  gateway_session_unref(base);
  gateway_session_unref(fresh);
}

static void no_more_than_allowed(void **state) {
  struct gateway_session *base, *again, *none;
  (void)state;
  assert_int_equal(admit(NULL, "one", "ada", 1, &base), ERROR_NONE);
  assert_int_equal(admit(base, "two", "ada", 1, &none), ERROR_too_many);
  assert_int_equal(stored(base), 1);
  assert_int_equal(admit(base, "one", "ada", 1, &again), ERROR_NONE); /* in place of what was there */
  gateway_session_unref(base);
  gateway_session_unref(again);
}

struct busy {
  struct gateway_session *session;
  _Atomic int renewing, rotating, worst;
};

static void renew(void *payload) {
  struct busy *busy = payload;
  for (int i = 0; i < 2000; i++) {
    session_begin_renewal(busy->session);
    busy->renewing++;
    if (busy->rotating) busy->worst = 1;
    busy->renewing--;
    session_end_renewal(busy->session);
  }
}

static void rotate(void *payload) {
  struct busy *busy = payload;
  for (int i = 0; i < 2000; i++) {
    session_begin_rotation(busy->session);
    if (++busy->rotating > 1 || busy->renewing) busy->worst = 1;
    busy->rotating--;
    session_end_rotation(busy->session);
  }
}

static void renewals_and_new_ids_exclude_each_other(void **state) {
  struct browser_cookie cookie = browser_cookie_new();
  struct session_terms terms = {.mode = CONFIG_MODE_SAME_ORIGIN};
  struct busy busy = {.session = session_new(&cookie, &terms, NULL)};
  uv_thread_t threads[4];
  (void)state;
  for (int i = 0; i < 4; i++) assert_int_equal(uv_thread_create(&threads[i], i % 2 ? rotate : renew, &busy), 0);
  for (int i = 0; i < 4; i++) assert_int_equal(uv_thread_join(&threads[i]), 0);
  assert_int_equal(busy.worst, 0);
  gateway_session_unref(busy.session);
}

static void renew_once(void *payload) {
  struct connection *connection = payload;
  struct error error = {0};
  if (!connection_begin_renewal(connection, 0, &error)) return;
  struct oauth_tokens tokens = {.access_token = secret_new(STR("fresh"))};
  connection_renewed(connection, &tokens);
  secret_free(tokens.access_token);
  connection_end_renewal(connection, NULL);
}

static void many_who_saw_the_same_renew_once(void **state) {
  struct connection *connection = signed_in("one", "ada");
  uv_thread_t threads[8];
  (void)state;
  for (int i = 0; i < 8; i++) assert_int_equal(uv_thread_create(&threads[i], renew_once, connection), 0);
  for (int i = 0; i < 8; i++) assert_int_equal(uv_thread_join(&threads[i]), 0);
  struct connection_credential now = connection_credential(connection);
  assert_int_equal(now.turn, 1);
  secret_free(now.credential.value);
  connection_unref(connection);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_id_each_time),
      cmocka_unit_test(what_began_before_joins),
      cmocka_unit_test(another_person),
      cmocka_unit_test(after_the_end),
      cmocka_unit_test(no_more_than_allowed),
      cmocka_unit_test(renewals_and_new_ids_exclude_each_other),
      cmocka_unit_test(many_who_saw_the_same_renew_once),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
