#include "base/file.h"

#include "base/buf.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

static bool is_dash(const char *path) {
  return str_eq(str_of(path), STR("-"));
}

int file_read_pieces(const char *path, int (*sink)(void *, struct str, struct error *), void *payload, struct error *error) {
  int fd = is_dash(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error_set(error, ERROR_input, "%s: %s", path, strerror(errno));
  _cleanup_free_
  char *piece = mem_alloc(PIECE);
  int result = 0;
  for (;;) {
    ssize_t n = read(fd, piece, PIECE);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) result = error_set(error, ERROR_input, "%s: %s", path, strerror(errno));
    if (n <= 0) break;
    result = sink(payload, (struct str){piece, (size_t)n}, error) ? -1 : 0;
    if (result) break;
  }
  if (fd != STDIN_FILENO) (void)close(fd);
  return result;
}

struct whole {
  struct buf buf;
  const char *path;
};

static int add_piece(void *payload, struct str piece, struct error *error) {
  struct whole *whole = payload;
  if (buf_add(&whole->buf, piece)) return 0;
  return error_set(error, ERROR_input, "%s: larger than %zu bytes", whole->path, whole->buf.max);
}

int file_read(struct arena *arena, const char *path, size_t limit, struct str *ret, struct error *error) {
  struct whole whole = {.buf = BUF_INIT(limit), .path = path};
  int result = file_read_pieces(path, add_piece, &whole, error);
  if (result == 0) *ret = arena_str(arena, buf_str(&whole.buf));
  buf_free(&whole.buf);
  return result;
}

int file_write_fd(int fd, struct str bytes, const char *name, struct error *error) {
  while (bytes.n) {
    ssize_t n = write(fd, bytes.p, bytes.n);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_set(error, ERROR_inside, "%s cannot be written: %s", name, strerror(errno));
    bytes = str_from(bytes, (size_t)n);
  }
  return 0;
}

static char *folder_of(const char *path) {
  size_t slash = str_find_last_char(str_of(path), '/');
  return slash == SIZE_MAX ? mem_printf(".") : mem_printf("%.*s", (int)(slash ? slash : 1), path);
}

/* The new name must be on the disk too, or a power cut brings the old file back. */
static void sync_folder(const char *path) {
  _cleanup_free_
  char *folder = folder_of(path);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  (void)close(fd);
}

/* A device or a pipe is written to; renaming over it would take it away. */
static int write_through(const char *path, struct str bytes, struct error *error) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return error_set(error, ERROR_inside, "%s cannot be written: %s", path, strerror(errno));
  int result = file_write_fd(fd, bytes, path, error);
  (void)close(fd);
  return result;
}

/* To whoever owns what is at `path`, where root does it. */
static int give_as(int fd, const char *path) {
  struct stat theirs;
  return geteuid() != 0 || stat(path, &theirs) < 0 ? 0 : fchown(fd, theirs.st_uid, theirs.st_gid);
}

int file_leave_to_folder(int fd, const char *path) {
  _cleanup_free_
  char *folder = folder_of(path);
  return give_as(fd, folder);
}

int file_make_folder(const char *path) {
  enum { OWN = 0700 };
  if (mkdir(path, OWN) < 0) return errno == EEXIST ? 0 : -1;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) (void)file_leave_to_folder(fd, path);
  if (fd >= 0) (void)close(fd);
  return 0;
}

static int give_to_owner(int fd, const char *path, enum file_private how, struct error *error) {
  int given = how == FILE_REPLACES ? give_as(fd, path) : how == FILE_NEW_IN_PLACE ? file_leave_to_folder(fd, path) : 0;
  return given == 0 ? 0 : error_set(error, ERROR_inside, "%s cannot be given to its owner: %s", path, strerror(errno));
}

/* Beside, synced, then moved to its name in one step: by rename, or by link where what is there has to stay. A private one has a name that nobody can have taken before. */
static int write_beside(const char *path, struct str bytes, bool private, enum file_private how, struct error *error) {
  bool replace = how == FILE_REPLACES;
  _cleanup_free_
  char *beside = private ? mem_printf("%s.XXXXXX", path) : mem_printf("%s.%ld.new", path, (long)getpid());
  int fd = private ? mkostemp(beside, O_CLOEXEC) : open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return error_set(error, ERROR_inside, "%s cannot be written: %s", path, strerror(errno));
  int result = private ? give_to_owner(fd, path, how, error) : 0;
  if (result == 0) result = file_write_fd(fd, bytes, path, error);
  if (result == 0 && fsync(fd) < 0) result = error_set(error, ERROR_inside, "%s cannot be written: %s", path, strerror(errno));
  if (close(fd) < 0 && result == 0) result = error_set(error, ERROR_inside, "%s cannot be written: %s", path, strerror(errno));
  if (result == 0 && (replace ? rename(beside, path) : link(beside, path)) < 0)
    result = error_set(error, errno == EEXIST ? ERROR_conflict : ERROR_inside, "%s cannot be written: %s", path, strerror(errno));
  if (result < 0 || !replace) (void)unlink(beside);
  if (result == 0) sync_folder(path);
  return result;
}

int file_write(const char *path, struct str bytes, struct error *error) {
  if (is_dash(path)) return file_write_fd(STDOUT_FILENO, bytes, "standard output", error);
  struct stat status;
  if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) return write_through(path, bytes, error);
  return write_beside(path, bytes, false, FILE_REPLACES, error);
}

int file_write_check(const char *path, struct error *error) {
  _cleanup_free_
  char *folder = folder_of(path);
  struct stat status;
  bool exists = stat(path, &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return error_set(error, ERROR_inside, "%s cannot be written: it is a folder", path);
  const char *asked = exists && !S_ISREG(status.st_mode) ? path : folder;
  if (is_dash(path) || access(asked, W_OK) == 0) return 0;
  return error_set(error, ERROR_inside, "%s cannot be written: %s", path, strerror(errno));
}

int file_write_private(const char *path, struct str bytes, enum file_private how, struct error *error) {
  return write_beside(path, bytes, true, how, error);
}
