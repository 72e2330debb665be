#include "cmd/confine.h"

#include "base/sandbox.h"
#include "crypt/keyring.h"
#include "http/form.h"
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

enum { PATHS_MAX = 4096 };

#if defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_CHECKER true
#else
#define HAS_LEAK_CHECKER false
#endif

struct plan {
  struct arena *arena;
  struct sandbox_path *paths;
  size_t count;
};

static void add(struct plan *plan, const char *path, enum sandbox_right right) {
  if (plan->count < PATHS_MAX) plan->paths[plan->count++] = (struct sandbox_path){path, right};
}

/* All of the disk is no folder of ours: what lies there is named itself. So is what is no file, a pipe for one. */
static void add_folder(struct plan *plan, const char *path, enum sandbox_right right) {
  struct stat info;
  struct str text = str_of(path);
  size_t slash = str_find_last_char(text, '/');
  bool other = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
  if (other || slash == 0)
    add(plan, path, right);
  else
    add(plan, slash == SIZE_MAX ? "." : arena_cstr(plan->arena, str_slice(text, 0, slash)), right);
}

/* Where it is said to be, and where it is. */
static void add_file(struct plan *plan, struct str path, enum sandbox_right right) {
  char real[PATH_MAX];
  const char *said = arena_cstr(plan->arena, path);
  add_folder(plan, said, right);
  if (realpath(said, real)) add_folder(plan, arena_cstr(plan->arena, str_of(real)), right);
}

/* Files that libpq reads again with each new connection: who it is, and whom it believes. */
static void add_files_of_postgresql(struct plan *plan, struct str address) {
  static const char *const named[] = {"passfile", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir"};
  size_t query = str_find_char(address, '?');
  struct form form;
  struct str path;
  struct error ignored = {0};
  if (getenv("PGPASSFILE")) add_file(plan, str_of(getenv("PGPASSFILE")), SANDBOX_READ);
  if (query == SIZE_MAX || form_parse(plan->arena, str_from(address, query + 1), &form, &ignored)) return;
  for (size_t i = 0; i < sizeof named / sizeof *named; i++)
    if (form_get(&form, str_of(named[i]), &path) && path.n && path.p[0] == '/') add_file(plan, path, SANDBOX_READ);
}

static void make_plan(struct plan *plan, const char *config_path, const struct config *config) {
  static const char *const named[] = {"CREDENTIALS_DIRECTORY", "SSL_CERT_DIR", "SSL_CERT_FILE"};
  plan->paths = ARENA_ARRAY(plan->arena, PATHS_MAX, struct sandbox_path);
  add_file(plan, str_of(config_path), SANDBOX_READ);
  add_file(plan, config->keys, SANDBOX_READ);
  for (size_t i = 0; i < config->files.n; i++) add_file(plan, config->files.p[i], SANDBOX_READ);
  for (size_t i = 0; i < sizeof named / sizeof *named; i++)
    if (getenv(named[i])) add(plan, getenv(named[i]), SANDBOX_READ);
  if (str_starts(config->store, STR("sqlite:"))) add_file(plan, str_from(config->store, 7), SANDBOX_WRITE);
  if (str_starts(config->store, STR("postgresql:"))) add_files_of_postgresql(plan, config->store);
  if (config->runs_reports.n) add(plan, arena_cstr(plan->arena, config->runs_reports), SANDBOX_WRITE);
  if (config->log_audit.n) add_file(plan, config->log_audit, SANDBOX_WRITE);
  if (config->admin_socket.n) /* it is there already: all that is left is to put it away */
    add(plan, arena_cstr(plan->arena, str_slice(config->admin_socket, 0, str_find_last_char(config->admin_socket, '/') + 1)),
        SANDBOX_REMOVE);
}

static int make_keys(struct arena *arena, const struct config *config, struct error *error) {
  struct keyring *ring = keyring_open(arena_cstr(arena, config->keys), error);
  keyring_free(ring);
  return ring ? 0 : -1;
}

static int make_reports(struct arena *arena, const struct config *config, struct error *error) {
  const char *folder = arena_cstr(arena, config->runs_reports);
  if (!config->runs_reports.n || mkdir(folder, 0750) == 0 || errno == EEXIST) return 0;
  return error_set(error, ERROR_configuration, "the folder of reports %s cannot be made: %s", folder, strerror(errno));
}

static int judge(const struct config *config, const struct sandbox_report *report, struct error *error) {
  const char *lacks = report->landlock_lacks ? report->landlock_lacks : report->seccomp_lacks;
  if (config->sandbox == CONFIG_SANDBOX_REQUIRED && lacks)
    return error_set(error, ERROR_configuration, "'sandbox' is required, but %s", lacks);
  log_event(lacks ? LOG_WARNING : LOG_INFO, "sandbox", LOG_INT("landlock", report->landlock), LOG_INT("seccomp", report->seccomp),
            LOG_TEXT("message", lacks ? lacks : ""));
  return 0;
}

int confine(const char *config_path, const struct config *config, struct error *error) {
  struct plan plan = {.arena = arena_new()};
  struct sandbox_report report = {0};
  int result = make_keys(plan.arena, config, error) || make_reports(plan.arena, config, error) ? -1 : 0;
  if (result == 0 && config->sandbox != CONFIG_SANDBOX_OFF) {
    make_plan(&plan, config_path, config);
    struct sandbox_wish wish = {plan.paths, plan.count, HAS_LEAK_CHECKER};
    result = sandbox_enter(&wish, &report, error);
    if (result == 0) result = judge(config, &report, error);
  }
  arena_free(plan.arena);
  return result;
}
