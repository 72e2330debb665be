/* The key file: made once, refused where others can read it, whole or old after a crash, safe against two at once. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypt/keyring.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[96];

static int setup(void **state) {
  (void)snprintf(folder, sizeof folder, "/tmp/store-keyring-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  (void)snprintf(path, sizeof path, "%s/keys", folder);
  return 0;
}

static int teardown(void **state) {
  DIR *dir = opendir(folder);
  for (struct dirent *e; dir && (e = readdir(dir));) {
    char name[400];
    (void)snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
    (void)unlink(name);
  }
  if (dir) (void)closedir(dir);
  return rmdir(folder);
}

static size_t files_in_folder(void) {
  size_t n = 0;
  DIR *dir = opendir(folder);
  for (struct dirent *e; (e = readdir(dir));) n += e->d_name[0] != '.';
  (void)closedir(dir);
  return n;
}

static struct keyring *must_open(void) {
  struct error error = {0};
  struct keyring *ring = keyring_open(path, &error);
  if (!ring) fail_msg("%s", error.message);
  assert_int_equal(error.code, ERROR_NONE);
  return ring;
}

static void must_refuse(const char *word) {
  struct error error = {0};
  assert_null(keyring_open(path, &error));
  assert_int_equal(error.code, ERROR_configuration);
  if (!strstr(error.message, word)) fail_msg("'%s' does not say '%s'", error.message, word);
}

static void write_text(const char *text) {
  struct error error = {0};
  assert_int_equal(file_write_private(path, str_of(text), FILE_REPLACES, &error), 0);
}

static void made_at_first_and_kept(void **state) {
  struct stat info;
  unsigned char a[KEYRING_KEY_SIZE], b[KEYRING_KEY_SIZE];
  struct keyring *ring = must_open();
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0600);
  assert_int_equal(files_in_folder(), 1);
  struct keyring *again = must_open();
  assert_int_equal(keyring_newest(ring), keyring_newest(again));
  assert_true(keyring_derive(ring, keyring_newest(ring), STR("p"), STR("h"), a));
  assert_true(keyring_derive(again, keyring_newest(again), STR("p"), STR("h"), b));
  assert_memory_equal(a, b, sizeof a);
  keyring_free(ring);
  keyring_free(again);
  keyring_free(NULL);
}

static void derived_keys_differ(void **state) {
  static const char *const pairs[][2] = {{"p", "h"}, {"p", ""}, {"", "ph"}, {"ph", ""}, {"p", "i"}, {"q", "h"}, {"", ""}};
  enum { N = sizeof pairs / sizeof *pairs };
  unsigned char keys[N][KEYRING_KEY_SIZE];
  struct keyring *ring = must_open();
  for (size_t i = 0; i < N; i++) {
    assert_true(keyring_derive(ring, keyring_newest(ring), str_of(pairs[i][0]), str_of(pairs[i][1]), keys[i]));
    for (size_t j = 0; j < i; j++) assert_memory_not_equal(keys[i], keys[j], sizeof keys[i]);
  }
  assert_false(keyring_derive(ring, keyring_newest(ring) + 1, STR("p"), STR("h"), keys[0]));
  assert_false(keyring_has(ring, keyring_newest(ring) + 1));
  keyring_free(ring);
}

/* [R-H2] what an older key sealed stays open over KEYRING_MAX - 1 rotations. */
static void rotation_keeps_older_keys(void **state) {
  struct error error = {0};
  struct keyring *ring = must_open();
  uint32_t first = keyring_newest(ring), last = first;
  keyring_free(ring);
  for (int i = 1; i <= KEYRING_MAX; i++) {
    assert_int_equal(keyring_rotate(path, 0, &error), 0);
    ring = must_open();
    assert_int_not_equal(keyring_newest(ring), last);
    assert_true(keyring_has(ring, last));
    last = keyring_newest(ring);
    assert_int_equal(keyring_has(ring, first), i < KEYRING_MAX);
    keyring_free(ring);
  }
  struct stat info;
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0600);
  assert_int_equal(files_in_folder(), 1);
}

/* [R-H2] Other machines have it before it seals anything, and it opens from then on. */
static void a_key_waits_for_its_time(void **state) {
  struct error error = {0};
  struct keyring *ring = must_open();
  uint32_t first = keyring_newest(ring);
  keyring_free(ring);
  int64_t at = clock_now_ms() + 3000;
  assert_int_equal(keyring_rotate(path, at, &error), 0);
  ring = must_open();
  uint32_t seals = keyring_newest(ring);
  assert_true(seals == first || clock_now_ms() >= at / 1000 * 1000);
  while (clock_now_ms() < at) (void)usleep(20000);
  assert_int_not_equal(keyring_newest(ring), first);
  assert_true(keyring_has(ring, first));
  keyring_free(ring);
}

/* [R-H1] */
static void a_file_open_to_others_is_refused(void **state) {
  static const mode_t modes[] = {0640, 0604, 0620, 0602, 0666, 0601};
  keyring_free(must_open());
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    assert_int_equal(chmod(path, modes[i]), 0);
    must_refuse("chmod 600");
    struct error error = {0};
    assert_int_equal(keyring_rotate(path, 0, &error), -1);
  }
  assert_int_equal(chmod(path, 0400), 0);
  keyring_free(must_open());
}

/* systemd's credentials show the mask of their access list as the group's rights; what lies elsewhere does not get that pass. */
static void a_systemd_credential_may_show_a_mask(void **state) {
  keyring_free(must_open());
  assert_int_equal(chmod(path, 0440), 0);
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
  keyring_free(must_open());
  assert_int_equal(chmod(path, 0444), 0);
  must_refuse("chmod 600");
  char prefix[sizeof folder];
  (void)snprintf(prefix, sizeof prefix, "%.*s", (int)strlen(folder) - 1, folder);
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", prefix, 1), 0); /* of the path, and not its folder */
  assert_int_equal(chmod(path, 0440), 0);
  must_refuse("chmod 600");
  assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

/* The operator is root, the ring is the service's: rotated, it must stay readable for the service; but root does not serve with a file that somebody else can read. */
static void root_rotates_the_ring_of_another(void **state) {
  struct error error = {0};
  struct stat info;
  if (geteuid() != 0) skip();
  struct keyring *ring = must_open();
  uint32_t first = keyring_newest(ring);
  keyring_free(ring);
  assert_int_equal(chown(path, 4711, 4712), 0);
  must_refuse("another user");
  if (keyring_rotate(path, 0, &error) < 0) fail_msg("%s", error.message);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_uid, 4711);
  assert_int_equal(info.st_gid, 4712);
  assert_int_equal(info.st_mode & 07777, 0600);
  assert_int_equal(chown(path, 0, 0), 0);
  ring = must_open();
  assert_true(keyring_has(ring, first));
  assert_int_not_equal(keyring_newest(ring), first);
  keyring_free(ring);
}

/* Before the service has started once: a ring that belongs to root would keep it from starting. */
static void root_makes_a_ring_for_the_owner_of_the_folder(void **state) {
  struct error error = {0};
  struct stat info;
  if (geteuid() != 0) skip();
  assert_int_equal(chown(folder, 4711, 4712), 0);
  if (keyring_rotate(path, 0, &error) < 0) fail_msg("%s", error.message);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_uid, 4711);
  assert_int_equal(info.st_gid, 4712);
  assert_int_equal(info.st_mode & 07777, 0600);
  assert_int_equal(unlink(path), 0);
  keyring_free(must_open()); /* who serves makes it for himself, also root */
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_uid, 0);
  assert_int_equal(chown(folder, 0, 0), 0);
}

static void malformed_files_are_refused(void **state) {
  static const char good[] = "key 7 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
  static const char *const bad[] = {
      "",
      "# nothing\n",
      "key\n",
      "key 7\n",
      "key 0 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "key 4294967296 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "key 7 yesterday AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "key 7 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "key 7 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= x\n",
      "key 7 2026-11-24T09:30:00Z \n",
      "lock 7 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "key 7 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nkey 7 2026-11-24T09:30:00Z "
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "key 7 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nkey 8 2026-11-24T09",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    write_text(bad[i]);
    must_refuse("put the file back");
  }
  write_text(good);
  struct keyring *ring = must_open();
  assert_int_equal(keyring_newest(ring), 7);
  keyring_free(ring);
  struct buf nine = {.max = 8192};
  for (int i = 1; i <= KEYRING_MAX + 1; i++)
    (void)buf_printf(&nine, "key %d 2026-11-24T09:30:00Z AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", i);
  write_text(nine.p);
  buf_free(&nine);
  must_refuse("one too many");
  _cleanup_free_
  char *large = mem_alloc(9001);
  memset(large, '#', 9000);
  write_text(large);
  must_refuse("larger");
}

/* No secret is in a message. */
static void messages_hold_no_key(void **state) {
  struct error error = {0};
  write_text("key 7 2026-11-24T09:30:00Z c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U= junk\n");
  assert_null(keyring_open(path, &error));
  assert_null(strstr(error.message, "c2Vj"));
}

static void what_is_no_file_is_refused(void **state) {
  assert_int_equal(mkdir(path, 0700), 0);
  must_refuse("no file");
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
  must_refuse("no file");
  assert_int_equal(unlink(path), 0);
  (void)snprintf(path, sizeof path, "%s/no/keys", folder);
  must_refuse("cannot be written");
  (void)snprintf(path, sizeof path, "%s/keys", folder);
}

/* A crash in the middle leaves the old ring or the new one: what is written beside is not looked at, and a rotation that cannot write leaves the old one. */
static void a_crash_leaves_the_old_ring(void **state) {
  struct error error = {0};
  keyring_free(must_open());
  for (int i = 0; i < 40; i++) { /* killed at some moment, also in the middle of a rotation */
    pid_t child = fork();
    if (child == 0) {
      for (int k = 0; k < 3; k++) (void)keyring_rotate(path, 0, &error);
      _exit(0);
    }
    (void)usleep((useconds_t)(i * 50));
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    keyring_free(must_open());
  }
}

enum { PROCESSES = 4 };

static void run_at_once(int (*act)(void)) {
  int gate[2];
  pid_t children[PROCESSES];
  assert_int_equal(pipe(gate), 0);
  for (int i = 0; i < PROCESSES; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      char byte;
      (void)close(gate[1]);
      (void)!read(gate[0], &byte, 1);
      _exit(act());
    }
  }
  (void)close(gate[0]);
  (void)close(gate[1]);
  for (int i = 0; i < PROCESSES; i++) {
    int status;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
}

static int open_once(void) {
  struct error error = {0};
  struct keyring *ring = keyring_open(path, &error);
  uint32_t id = ring ? keyring_newest(ring) : 0;
  keyring_free(ring);
  ring = keyring_open(path, &error);
  bool same = ring && keyring_newest(ring) == id;
  keyring_free(ring);
  return !same;
}

static int rotate_once(void) {
  struct error error = {0};
  return keyring_rotate(path, 0, &error) ? 1 : 0;
}

static void processes_at_once_agree(void **state) {
  for (int round = 0; round < 10; round++) {
    run_at_once(open_once);
    assert_int_equal(unlink(path), 0);
  }
  struct keyring *ring = must_open();
  uint32_t first = keyring_newest(ring);
  keyring_free(ring);
  run_at_once(rotate_once); /* 4 rotations: no key lost */
  struct arena *arena = arena_new();
  struct error error = {0};
  struct str text;
  assert_int_equal(file_read(arena, path, 8192, &text, &error), 0);
  size_t keys = 0;
  while (text.p) keys += str_starts(str_take(&text, '\n'), STR("key "));
  assert_int_equal(keys, 1 + PROCESSES);
  ring = must_open();
  assert_true(keyring_has(ring, first));
  keyring_free(ring);
  arena_free(arena);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(made_at_first_and_kept),
      IN_FOLDER(derived_keys_differ),
      IN_FOLDER(rotation_keeps_older_keys),
      IN_FOLDER(a_key_waits_for_its_time),
      IN_FOLDER(a_file_open_to_others_is_refused),
      IN_FOLDER(a_systemd_credential_may_show_a_mask),
      IN_FOLDER(malformed_files_are_refused),
      IN_FOLDER(messages_hold_no_key),
      IN_FOLDER(what_is_no_file_is_refused),
      IN_FOLDER(a_crash_leaves_the_old_ring),
      IN_FOLDER(processes_at_once_agree),
      IN_FOLDER(root_rotates_the_ring_of_another),
      IN_FOLDER(root_makes_a_ring_for_the_owner_of_the_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
