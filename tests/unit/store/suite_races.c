/* Several handles, threads and processes at one store; and a process that is killed. */
#include "suite_internal.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void two_handles_see_each_other(void **state) {
  struct store *other = must_open(address);
  struct store_session s;
  put_session(1);
  assert_int_equal(store_session_get(other, id_of(1), arena, &s, &error), 1);
  good(store_session_delete(other, id_of(1), &error));
  assert_false(has_session(1));
  store_close(other);
  put_session(2); /* closing one handle takes nothing from the other */
  assert_true(has_session(2));
}

static void it_is_still_there_when_opened_again(void **state) {
  put_session(1);
  put_connection(1, "central");
  create("one", "k");
  store_close(store);
  store = must_open(address);
  assert_true(has_connection(1, "central"));
  assert_text(get_document("one").key, "k");
}

enum { RACERS = 4, TICKETS = 150 };

struct racer {
  pthread_t thread;
  int taken[TICKETS];
  int64_t fences[TICKETS];
  int renewed;
  bool failed;
};

static pthread_barrier_t start_line;

static void set_id(unsigned char id[STORE_HASH_SIZE], int n) {
  memset(id, 7, STORE_HASH_SIZE);
  id[30] = (unsigned char)(n >> 8);
  id[31] = (unsigned char)n;
}

static void *race(void *payload) {
  struct racer *r = payload;
  struct error e = {0};
  struct arena *own = arena_new();
  struct store *handle = store_open(str_of(address), &e);
  unsigned char id[STORE_HASH_SIZE];
  (void)pthread_barrier_wait(&start_line);
  for (int i = 0; handle && i < TICKETS && !r->failed; i++) {
    struct store_ticket ticket;
    set_id(id, i);
    int found = store_ticket_take(handle, STR("sign-in"), id, 0, own, &ticket, &e);
    r->taken[i] = found == 1;
    r->failed = found < 0;
  }
  store_close(handle);
  arena_free(own);
  if (!handle) r->failed = true;
  if (r->failed) (void)fprintf(stderr, "%s\n", e.message);
  return NULL;
}

static void run_racers(struct racer *racers, void *(*act)(void *)) {
  assert_int_equal(pthread_barrier_init(&start_line, NULL, RACERS), 0);
  for (int i = 0; i < RACERS; i++) assert_int_equal(pthread_create(&racers[i].thread, NULL, act, &racers[i]), 0);
  for (int i = 0; i < RACERS; i++) assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
  for (int i = 0; i < RACERS; i++) assert_false(racers[i].failed);
  (void)pthread_barrier_destroy(&start_line);
}

/* [A13] */
static void of_many_threads_one_gets_each_ticket(void **state) {
  static struct racer racers[RACERS];
  memset(racers, 0, sizeof racers);
  for (int i = 0; i < TICKETS; i++) put_ticket(i, "sign-in", NOW);
  run_racers(racers, race);
  for (int i = 0; i < TICKETS; i++) {
    int takers = 0;
    for (int k = 0; k < RACERS; k++) takers += racers[k].taken[i];
    assert_int_equal(takers, 1);
  }
}

/* Each renews what it read, again and again: every success is one generation. */
static void *renew(void *payload) {
  struct racer *r = payload;
  struct error e = {0};
  struct store *handle = store_open(str_of(address), &e);
  unsigned char id[STORE_HASH_SIZE];
  set_id(id, 1);
  r->failed = !handle;
  (void)pthread_barrier_wait(&start_line);
  for (int i = 0; handle && i < 60 && !r->failed; i++) {
    struct arena *own = arena_new();
    struct store_connection c;
    r->failed = store_connection_get(handle, id, STR("central"), own, &c, &e) != 1;
    if (!r->failed && store_connection_renew(handle, &c, &e) == 0)
      r->renewed++;
    else
      r->failed = r->failed || e.code != ERROR_changed_meanwhile;
    arena_free(own);
  }
  store_close(handle);
  return NULL;
}

/* [A13] */
static void every_renewal_is_one_generation(void **state) {
  static struct racer racers[RACERS];
  memset(racers, 0, sizeof racers);
  put_session(1);
  put_connection(1, "central");
  run_racers(racers, renew);
  int renewed = 0;
  for (int k = 0; k < RACERS; k++) renewed += racers[k].renewed;
  assert_true(renewed > 0);
  assert_int_equal(get_connection(1, "central").generation, 1 + renewed);
}

static int in_processes(int (*act)(int number, int out), int (*read_all)(int in)) {
  int ends[2], result;
  pid_t children[RACERS];
  assert_int_equal(pipe(ends), 0);
  for (int i = 0; i < RACERS; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      (void)close(ends[0]);
      _exit(act(i, ends[1]));
    }
  }
  (void)close(ends[1]);
  result = read_all(ends[0]);
  (void)close(ends[0]);
  for (int i = 0; i < RACERS; i++) {
    int status;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
  return result;
}

static int take_all(int number, int out) {
  struct error e = {0};
  struct store *handle = store_open(str_of(address), &e);
  if (!handle) return 1;
  for (int i = 0; i < TICKETS; i++) {
    struct store_ticket ticket;
    int found = store_ticket_take(handle, STR("sign-in"), id_of(i), 0, arena, &ticket, &e);
    if (found < 0) return 2;
    if (found == 1 && write(out, "x", 1) != 1) return 3;
  }
  store_close(handle);
  return 0;
}

static int count_bytes(int in) {
  char bytes[256];
  int n = 0;
  for (ssize_t got; (got = read(in, bytes, sizeof bytes)) > 0;) n += (int)got;
  return n;
}

/* [A13] */
static void of_many_processes_one_gets_each_ticket(void **state) {
  for (int i = 0; i < TICKETS; i++) put_ticket(i, "sign-in", NOW);
  store_close(store); /* a handle must not go through fork */
  store = NULL;
  assert_int_equal(in_processes(take_all, count_bytes), TICKETS);
  store = must_open(address);
}

/* Puts and says so, until it is killed. */
static int put_and_say(int number, int out) {
  struct error e = {0};
  struct store *handle = store_open(str_of(address), &e);
  for (int i = 0; handle && i < 5000; i++) {
    struct store_session s = session_of(i);
    s.id[0] = (unsigned char)number;
    if (store_session_put(handle, &s, &e) < 0) return 2;
    if (write(out, s.id, sizeof s.id) != sizeof s.id) return 3;
  }
  return handle ? 0 : 1;
}

static void what_was_acknowledged_survives_a_kill(void **state) {
  int ends[2];
  unsigned char ids[120][STORE_HASH_SIZE];
  store_close(store);
  store = NULL;
  for (int round = 0; round < 3; round++) {
    size_t n = 0, most = (size_t)(20 + 40 * round) * STORE_HASH_SIZE;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) _exit(put_and_say(round, ends[1]));
    (void)close(ends[1]);
    for (ssize_t got; n < most && (got = read(ends[0], (char *)ids + n, most - n)) > 0;) n += (size_t)got;
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    (void)close(ends[0]);
    assert_int_equal(n, most);
    store = must_open(address);
    struct store_session s;
    for (size_t i = 0; i < n / STORE_HASH_SIZE; i++) assert_int_equal(store_session_get(store, ids[i], arena, &s, &error), 1);
    store_close(store);
    store = NULL;
  }
  store = must_open(address);
}

int suite_run_races(const char *name) {
  const struct CMUnitTest tests[] = {
      ON_STORE(two_handles_see_each_other),
      ON_STORE(it_is_still_there_when_opened_again),
      ON_STORE(of_many_threads_one_gets_each_ticket),
      ON_STORE(every_renewal_is_one_generation),
      ON_STORE(of_many_processes_one_gets_each_ticket),
      ON_STORE(what_was_acknowledged_survives_a_kill),
  };
  return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
