/* The sandbox: what a process that entered it can still do, and what it cannot. Each look is a child's, since nobody comes out again. */
#include "base/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/drawbridge-sandbox-XXXXXX";
static char own[128], readable[128], outside[128];

static void put(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT, 0600);
  assert_true(fd >= 0);
  (void)close(fd);
}

/* folder/own may be written, folder/readable read, folder/outside is not named. */
static int make_folders(void **state) {
  (void)state;
  char path[160];
  char *const all[] = {own, readable, outside};
  static const char *const names[] = {"own", "readable", "outside"};
  if (!mkdtemp(folder)) return -1;
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(all[i], sizeof own, "%s/%s", folder, names[i]);
    if (mkdir(all[i], 0700)) return -1;
    (void)snprintf(path, sizeof path, "%s/file", all[i]);
    put(path);
  }
  return 0;
}

static int remove_folders(void **state) {
  (void)state;
  char command[160];
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* The status of a child that enters and then does this; its exit code is errno, 0: it could. */
static int in_sandbox(int (*act)(void)) {
  const struct sandbox_path paths[] = {{own, SANDBOX_WRITE}, {readable, SANDBOX_READ}, {"/there/is/no/such", SANDBOX_READ}};
  struct sandbox_wish wish = {paths, 3, false};
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct sandbox_report report;
    struct error error = {0};
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    if (sandbox_enter(&wish, &report, &error) || !report.landlock || !report.seccomp) _exit(255);
    _exit(act() ? errno : 0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static int could(int (*act)(void)) {
  int status = in_sandbox(act);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static bool killed(int (*act)(void)) {
  int status = in_sandbox(act);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static int try_open(const char *in, const char *name, int flags) {
  char path[200];
  (void)snprintf(path, sizeof path, "%s/%s", in, name);
  return open(path, flags, 0600) < 0 ? -1 : 0;
}

static int read_own(void) {
  return try_open(own, "file", O_RDWR | O_TRUNC);
}
static int make_own(void) {
  return try_open(own, "new", O_RDWR | O_CREAT | O_EXCL);
}
static int list_own(void) {
  return open(own, O_RDONLY | O_DIRECTORY) < 0 ? -1 : 0;
}
static int read_readable(void) {
  return try_open(readable, "file", O_RDONLY);
}
static int write_readable(void) {
  return try_open(readable, "file", O_WRONLY);
}
static int make_readable(void) {
  return try_open(readable, "new", O_WRONLY | O_CREAT);
}
static int read_outside(void) {
  return try_open(outside, "file", O_RDONLY);
}
static int read_memory(void) {
  return open("/proc/self/mem", O_RDONLY) < 0 ? -1 : 0;
}
static int read_machine(void) {
  return open("/etc/hostname", O_RDONLY) < 0 && errno != ENOENT ? -1 : 0;
}
static int write_machine(void) {
  return open("/etc/passwd", O_WRONLY) < 0 ? -1 : 0;
}
static int link_away(void) {
  char from[200], to[200];
  (void)snprintf(from, sizeof from, "%s/file", own);
  (void)snprintf(to, sizeof to, "%s/file2", outside);
  return rename(from, to);
}

/* [R-H3] what the configuration names can be used, and nothing else */
static void files_that_are_named(void **state) {
  (void)state;
  assert_int_equal(could(read_own), 0);
  assert_int_equal(could(make_own), 0);
  assert_int_equal(could(list_own), 0);
  assert_int_equal(could(read_readable), 0);
  assert_int_equal(could(read_machine), 0);
  assert_int_equal(could(write_readable), EACCES);
  assert_int_equal(could(make_readable), EACCES);
  assert_int_equal(could(read_outside), EACCES);
  assert_int_equal(could(read_memory), EACCES);
  assert_int_equal(could(write_machine), EACCES);
  assert_int_not_equal(could(link_away), 0);
}

static int run_program(void) {
  char *const words[] = {(char *)(uintptr_t) "true", NULL};
  return execve("/bin/true", words, NULL);
}
static int trace(void) {
  return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -1 : 0;
}
static int change_root(void) {
  return chroot("/");
}
static int use_io_uring(void) {
  return syscall(SYS_io_uring_setup, 1, NULL) < 0 ? -1 : 0;
}
static int make_process(void) {
  return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0 ? -1 : 0;
}
static int make_packet_socket(void) {
  return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? -1 : 0;
}
static int make_socket(void) {
  return socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno != EAFNOSUPPORT ? -1 : 0;
}
static int signal_parent(void) {
  return kill(getppid(), 0);
}

static void system_calls(void **state) {
  (void)state;
  assert_true(killed(run_program));
  assert_true(killed(trace));
  assert_true(killed(change_root));
  assert_int_equal(could(use_io_uring), ENOSYS);
  assert_int_equal(could(make_process), ENOSYS);
  assert_int_equal(could(make_packet_socket), ENOSYS);
  assert_int_equal(could(signal_parent), ENOSYS);
  assert_int_equal(could(make_socket), 0);
}

int main(void) {
  struct sandbox_report report;
  struct error error = {0};
  pid_t child = fork(); /* is there a landlock and a seccomp here at all? */
  if (child == 0) _exit(sandbox_enter(&(struct sandbox_wish){0}, &report, &error) || !report.landlock || !report.seccomp);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status) return 77;
  const struct CMUnitTest tests[] = {cmocka_unit_test(files_that_are_named), cmocka_unit_test(system_calls)};
  return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
