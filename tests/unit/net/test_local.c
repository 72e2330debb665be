/* The administrators' socket: what lies at its path, or beside it, is replaced where nobody listens at it, and in no other case. */
#include "net/local.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_local_XXXXXX";
static char at[sizeof folder + 16], beside[sizeof folder + 16];

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  (void)snprintf(at, sizeof at, "%s/admin", folder);
  (void)snprintf(beside, sizeof beside, "%s/admin.new", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  return rmdir(folder);
}

static int bound(const char *path, int type) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, type, 0);
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

static ino_t number_of(const char *path) {
  struct stat info;
  return lstat(path, &info) ? 0 : info.st_ino;
}

static void refused(const char *because) {
  struct local_file file;
  struct error error = {0};
  assert_int_equal(local_listen(str_of(at), &file, &error), -1);
  assert_non_null(strstr(error.message, because));
  local_remove(&file);
}

static void what_was_left_is_replaced(void **state) {
  (void)state;
  struct local_file file;
  struct error error = {0};
  struct stat info;
  (void)close(bound(at, SOCK_STREAM));
  (void)close(bound(beside, SOCK_STREAM));
  int fd = local_listen(str_of(at), &file, &error);
  assert_true(fd >= 0);
  assert_int_equal(lstat(at, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0600);
  assert_int_equal(number_of(beside), 0);
  refused("another process listens");
  local_remove(&file);
  assert_int_equal(number_of(at), 0);
  (void)close(fd);
}

/* A stream cannot be connected to it, but it is somebody's. */
static void what_answers_otherwise_stays(void **state) {
  (void)state;
  int fd = bound(at, SOCK_DGRAM);
  ino_t number = number_of(at);
  refused("another process listens");
  assert_int_equal(number_of(at), number);
  (void)close(fd);
  (void)unlink(at);
}

static void who_is_too_busy_stays(void **state) {
  (void)state;
  int fd = bound(at, SOCK_STREAM), waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at);
  assert_int_equal(listen(fd, 0), 0);
  assert_int_equal(connect(waiting, (const struct sockaddr *)&address, sizeof address), 0);
  refused("another process listens");
  (void)close(waiting);
  (void)close(fd);
  (void)unlink(at);
}

static void a_file_beside_it_stays(void **state) {
  (void)state;
  int fd = open(beside, O_CREAT | O_WRONLY, 0600);
  refused("is no socket");
  assert_int_not_equal(number_of(beside), 0);
  assert_int_equal(number_of(at), 0);
  (void)close(fd);
  (void)unlink(beside);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_left_is_replaced),
      cmocka_unit_test(what_answers_otherwise_stays),
      cmocka_unit_test(who_is_too_busy_stays),
      cmocka_unit_test(a_file_beside_it_stays),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
