/* A disk for tests, put before libc's by LD_PRELOAD: what is to be on it takes a tenth of a second, and is told in $SLOW_DISK then, the file's name a line. The n-th time of a file it fails, where $SLOW_DISK_FAILS says so: "undo.csv 2". */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_uint times; /* of the file that is to fail */

static int fails(const char *name) {
  const char *which = getenv("SLOW_DISK_FAILS"), *space = which ? strchr(which, ' ') : NULL;
  if (!space || strlen(name) != (size_t)(space - which) || memcmp(name, which, strlen(name)) != 0) return 0;
  return ++times == strtoul(space + 1, NULL, 10);
}

static void tell(const char *path, const char *name) {
  char line[300];
  int n = snprintf(line, sizeof line, "%s\n", name), to = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (to < 0 || write(to, line, (size_t)n) != n) abort();
  (void)close(to);
}

int fsync(int fd) {
  const char *path = getenv("SLOW_DISK");
  char link[40], file[4097];
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = path ? readlink(link, file, sizeof file - 1) : -1;
  if (n < 0) return (int)syscall(SYS_fsync, fd);
  file[n] = '\0';
  const char *name = strrchr(file, '/') + 1;
  if (fails(name)) return errno = EIO, -1;
  (void)nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
  int result = (int)syscall(SYS_fsync, fd);
  tell(path, name);
  return result;
}
