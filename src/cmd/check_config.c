#include "cmd/commands.h"
#include "gateway/config.h"
#include <getopt.h>

static void print_line(void *payload, struct str text) {
  (void)payload;
  (void)printf("%.*s\n", STR_ARG(text));
}

int command_check_config(int argc, char **argv) {
  static const struct option options[] = {
      {"config", required_argument, NULL, 'c'}, {"keys", no_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'}, {0}};
  const char *path = COMMAND_CONFIG_DEFAULT;
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'c')
      path = optarg;
    else if (option == 'k')
      return config_describe(print_line, NULL), 0;
    else {
      (void)fputs("usage: drawbridge check-config [--config FILE] [--keys]\n  --keys   lists every key that there is\n",
                  option == 'h' ? stdout : stderr);
      return option == 'h' ? 0 : COMMAND_USAGE;
    }
  }
  if (optind < argc) {
    (void)fprintf(stderr, "drawbridge check-config: what is '%s'? A file is named with --config\n", argv[optind]);
    return COMMAND_USAGE;
  }
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
