#include "base/clock.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "crypt/keyring.h"
#include "gateway/audit.h"
#include "gateway/config.h"

static const char usage[] =
    "usage: drawbridge keys rotate [--config FILE | --file KEYS] [--in MINUTES]\n"
    "  adds a key to the key file, and makes that where there is none; with SIGHUP a running drawbridge seals with it from then on\n"
    "  --file: that key file, whatever a configuration names: where systemd's LoadCredential= takes it from\n"
    "  --in: only after so many minutes (1 to 10080): time to hand the file to other machines, so that each can open what another seals\n";

enum { MINUTE_MS = 60 * 1000, MINUTES_MAX = 7 * 24 * 60 };

static int rotate_file(const char *file, uint64_t minutes, struct error *error) {
  int failed = keyring_rotate(file, minutes ? clock_now_ms() + (int64_t)minutes * MINUTE_MS : 0, error);
  if (!failed) (void)printf("%s has a new key. Send SIGHUP to every drawbridge that uses it.\n", file);
  return failed;
}

static int rotate_configured(const char *path, uint64_t minutes, struct error *error) {
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  int failed = config_load(path, &config, &problems, error);
  if (!failed && config->log_audit.n) failed = log_audit_open(config->log_audit, error);
  if (!failed) failed = rotate_file(arena_cstr(arena, config->keys), minutes, error);
  if (!failed && config->log_audit.n) audit_process(AUDIT_keys_rotated, config->keys, NULL);
  config_unref(config);
  arena_free(arena);
  return failed;
}

static const char *take_minutes(void *payload, const char *value) {
  uint64_t *minutes = payload;
  return str_to_u64(str_of(value), minutes) && *minutes >= 1 && *minutes <= MINUTES_MAX ? NULL : "--in wants minutes, 1 to 10080, not";
}

int command_keys(int argc, char **argv) {
  const char *path = NULL, *file = NULL;
  uint64_t minutes = 0;
  struct error error = {0};
  const struct line_option options[] = {
      {"config", .text = &path}, {"file", .text = &file}, {"in", .take = take_minutes, .payload = &minutes}, {0}};
  struct line line = {.command = "keys", .usage = usage, .options = options, .words_max = 1};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (!count) return line_refuse(&line, "rotate is wanted", NULL);
  if (strcmp(words[0], "rotate") != 0) return line_refuse(&line, "keys are rotated; there is no", words[0]);
  if (path && file) return line_refuse(&line, "--file and --config name two key files", NULL);
  int failed = file ? rotate_file(file, minutes, &error) : rotate_configured(path ? path : COMMAND_CONFIG_DEFAULT, minutes, &error);
  return failed ? command_fail("keys", &error) : 0;
}
