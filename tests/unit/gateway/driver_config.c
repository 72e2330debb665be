/* For tests/blackbox/test_config.py: loads the configuration files that standard input names, one a line, and says of each what `drawbridge check-config` says, then "= " and its exit code. */
#include "gateway/config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char path[4096];
  while (fgets(path, sizeof path, stdin)) {
    path[strcspn(path, "\n")] = '\0';
    struct arena *arena = arena_new();
    struct config_problems problems = {.arena = arena};
    struct config *config = NULL;
    struct error error = {0};
    int result = config_load(path, &config, &problems, &error);
    for (size_t i = 0; i < problems.n; i++) (void)printf("%.*s\n", STR_ARG(problems.lines[i]));
    (void)printf("= %d\n", result ? error_exit_code(error.code) : 0);
    config_unref(config);
    arena_free(arena);
  }
  return 0;
}
