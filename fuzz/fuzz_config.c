/* Any bytes as a configuration: refused with a problem that has a place and words, or a configuration that holds what its header says. */
#include "gateway/config.h"
#include "http/url.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* libfyaml keeps 4 KiB for ever of some files that it refuses: a file is read at the start and at a reload, so that is nothing. */
const char *__lsan_default_suppressions(void) {
  return "leak:libfyaml";
}

static void check(struct arena *arena, const struct config *config) {
  struct url url;
  struct error error = {0};
  if (!config->public_origin.n) abort();
  for (size_t i = 0; i < config->server_count; i++) {
    const struct config_server *server = &config->servers[i];
    if (!server->id.n || server->id.n > 32 || url_parse(arena, server->url, &url, &error) < 0) abort();
    if (server->limits.concurrency < 1 || server->limits.body < 1) abort();
    for (size_t k = 0; k < i; k++)
      if (str_eq(server->id, config->servers[k].id)) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int file = -1;
  static char path[64];
  if (file < 0) {
    file = memfd_create("config", 0);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  }
  if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size) return 0;
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct error error = {0};
  bool good = config_load(path, &config, &problems, &error) == 0;
  if (good && memchr(data, 0, size)) abort(); /* what stands behind a NUL must not be left out */
  if (good)
    check(arena, config);
  else if (error.code == ERROR_NONE || !*error.message)
    abort();
  config_unref(config);
  arena_free(arena);
  return 0;
}
