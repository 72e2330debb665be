#include "cmd/commands.h"
#include "cmd/line.h"
#include "gateway/config.h"

static const char usage[] = "usage: drawbridge check-config [--config FILE] [--keys]\n  --keys   lists every key that there is\n";

static void print_line(void *payload, struct str text) {
  (void)payload;
  (void)printf("%.*s\n", STR_ARG(text));
}

int command_check_config(int argc, char **argv) {
  const char *path = COMMAND_CONFIG_DEFAULT;
  bool keys = false;
  const struct line_option options[] = {{"config", .text = &path}, {"keys", .flag = &keys}, {0}};
  char **words;
  int count, code = line_read(&(struct line){.command = "check-config", .usage = usage, .options = options}, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (keys) return config_describe(print_line, NULL), 0;
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct error error = {0};
  int result = config_load(path, &config, &problems, &error);
  for (size_t i = 0; i < problems.n; i++) (void)fprintf(stderr, "%.*s\n", STR_ARG(problems.lines[i]));
  for (size_t i = 0; i < problems.warnings.n; i++) (void)fprintf(stderr, "%.*s (a warning)\n", STR_ARG(problems.warnings.p[i]));
  config_unref(config);
  arena_free(arena);
  return result ? error_exit_code(error.code) : 0;
}
