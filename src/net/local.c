#include "net/local.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  return address;
}

/* Only a refusal says that nobody listens: one who may not be asked, or is too busy to answer, is there all the same. */
static bool nobody_listens(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool nobody = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) && (errno == ECONNREFUSED || errno == ENOENT);
  if (fd >= 0) (void)close(fd);
  return nobody;
}

/* What may be put away: nothing, or a socket that nobody listens at. */
static int check_free(const char *path, struct error *error) {
  struct stat info;
  if (lstat(path, &info)) return errno == ENOENT ? 0 : error_set(error, ERROR_inside, "%s cannot be looked at: %s", path, strerror(errno));
  if (!S_ISSOCK(info.st_mode)) return error_set(error, ERROR_inside, "%s is there, and is no socket: it is not replaced", path);
  return nobody_listens(path) ? 0 : error_set(error, ERROR_inside, "another process listens at %s", path);
}

static int bind_at(int fd, const char *path) {
  struct sockaddr_un address = address_of(path);
  (void)unlink(path);
  mode_t before = umask(0177);
  int failed = bind(fd, (const struct sockaddr *)&address, sizeof address);
  (void)umask(before);
  return failed;
}

static int move(int fd, const char *beside, const char *path, struct stat *info) {
  if (listen(fd, BACKLOG) == 0 && lstat(beside, info) == 0 && rename(beside, path) == 0) return 0;
  int cause = errno;
  (void)unlink(beside);
  errno = cause;
  return -1;
}

/* Made beside its place and then moved there: who looks meanwhile finds the one or the other, whole. */
static int make(const char *path, int fd, struct local_file *ret, struct error *error) {
  char beside[LOCAL_PATH_MAX + 5];
  struct stat info;
  (void)snprintf(beside, sizeof beside, "%s.new", path);
  if (check_free(path, error) || check_free(beside, error)) return -1;
  if (bind_at(fd, beside) || move(fd, beside, path, &info))
    return error_set(error, ERROR_inside, "cannot listen at %s: %s", path, strerror(errno));
  ret->device = info.st_dev;
  ret->number = info.st_ino;
  (void)snprintf(ret->path, sizeof ret->path, "%s", path);
  return 0;
}

int local_listen(struct str path, struct local_file *ret, struct error *error) {
  *ret = (struct local_file){0};
  if (path.n > LOCAL_PATH_MAX || !path.n || path.p[0] != '/')
    return error_set(error, ERROR_configuration, "the path of a socket begins with '/' and has %d letters at most", LOCAL_PATH_MAX);
  char name[LOCAL_PATH_MAX + 1];
  (void)snprintf(name, sizeof name, "%.*s", STR_ARG(path));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return error_set(error, ERROR_inside, "cannot listen at %s: %s", name, strerror(errno));
  if (make(name, fd, ret, error) == 0) return fd;
  (void)close(fd);
  return -1;
}

void local_remove(const struct local_file *file) {
  struct stat info;
  if (file->path[0] && lstat(file->path, &info) == 0 && info.st_dev == file->device && info.st_ino == file->number)
    (void)unlink(file->path);
}
