/* Any bytes as a configuration file's tree: refused with a place in the file, or read. */
#include "gateway/config_yaml.h"

/* libfyaml keeps 4 KiB for ever of some files that it refuses: a file is read at the start and at a reload, so that is nothing. */
const char *__lsan_default_suppressions(void) {
  return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena *arena = arena_new();
  struct error error = {0};
  unsigned line = 0, column = 0;
  if (!yaml_read(arena, (struct str){(const char *)data, size}, &line, &column, &error) && (error.code == ERROR_NONE || !error.message[0]))
    abort();
  arena_free(arena);
  return 0;
}
