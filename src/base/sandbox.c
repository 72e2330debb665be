#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12. */
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)

static const uint64_t file_read = LANDLOCK_ACCESS_FS_READ_FILE;
static const uint64_t file_write = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE;
static const uint64_t folder_read = LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t folder_write = LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR;

/* What the machine itself is. */
static const char *const machine[] = {"/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"};

/* All that a landlock of this version knows: what is not handled stays allowed. */
static uint64_t handled_by(int version) {
  uint64_t handled = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= 2) handled |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) handled |= FS_TRUNCATE;
  if (version >= 5) handled |= FS_IOCTL_DEV;
  return handled;
}

static int allow(int rules, uint64_t handled, const char *path, enum sandbox_right right, struct error *error) {
  struct stat info;
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return 0;
  if (fd < 0 || fstat(fd, &info)) {
    (void)error_set(error, ERROR_inside, "the sandbox cannot look at %s: %s", path, strerror(errno));
    if (fd >= 0) (void)close(fd);
    return -1;
  }
  uint64_t rights = right == SANDBOX_WRITE ? file_write : file_read;
  if (S_ISDIR(info.st_mode)) rights |= right == SANDBOX_WRITE ? folder_write : folder_read;
  if (right == SANDBOX_REMOVE) rights = LANDLOCK_ACCESS_FS_REMOVE_FILE;
  struct landlock_path_beneath_attr rule = {.allowed_access = rights & handled, .parent_fd = fd};
  long failed = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  int cause = errno;
  (void)close(fd);
  return failed ? error_set(error, ERROR_inside, "the sandbox does not take %s: %s", path, strerror(cause)) : 0;
}

static int allow_all(int rules, uint64_t handled, const struct sandbox_wish *wish, struct error *error) {
  for (size_t i = 0; i < sizeof machine / sizeof *machine; i++)
    if (allow(rules, handled, machine[i], SANDBOX_READ, error)) return -1;
  for (size_t i = 0; i < wish->count; i++)
    if (allow(rules, handled, wish->paths[i].path, wish->paths[i].right, error)) return -1;
  return wish->traced ? allow(rules, handled, "/proc", SANDBOX_READ, error) : 0;
}

static int enter_files(const struct sandbox_wish *wish, struct sandbox_report *ret, struct error *error) {
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) {
    ret->landlock_lacks =
        errno == EOPNOTSUPP ? "landlock is switched off at this kernel's start (lsm=)" : "this kernel has no landlock (Linux 5.13 has)";
    return 0;
  }
  struct landlock_ruleset_attr attributes = {.handled_access_fs = handled_by((int)version)};
  int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (rules < 0) return error_set(error, ERROR_inside, "the sandbox cannot be made: %s", strerror(errno));
  int result = allow_all(rules, attributes.handled_access_fs, wish, error);
  if (result == 0 && syscall(SYS_landlock_restrict_self, rules, 0))
    result = error_set(error, ERROR_inside, "the sandbox cannot be entered: %s", strerror(errno));
  (void)close(rules);
  ret->landlock = result == 0 ? (int)version : 0;
  return result;
}

int sandbox_enter(const struct sandbox_wish *wish, struct sandbox_report *ret, struct error *error) {
  *ret = (struct sandbox_report){0};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return error_set(error, ERROR_inside, "no_new_privs cannot be set: %s", strerror(errno));
  if (enter_files(wish, ret, error)) return -1;
  sandbox_enter_calls(wish->traced, ret);
  return 0;
}
