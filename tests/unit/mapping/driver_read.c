/* For tests/blackbox/test_mapping_schema.py: reads one mapping from each line of standard input, writes it as `drawbridge mapping convert` does, and says "ok" or why not, a line each. */
#include "base/buf.h"
#include "mapping/formats.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

int main(void) {
  const struct format *json = format_named(STR("json"));
  char *line = NULL;
  size_t room = 0;
  for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
    struct error error = {0};
    struct format_job job = {.arena = arena_new()};
    struct buf written = BUF_INIT(FORMAT_WRITTEN_MAX);
    const struct mapping *mapping = format_read(json, &job, (struct str){line, (size_t)n}, &error);
    bool good = mapping && format_write(json, &job, mapping, &written, &error) == 0;
    (void)puts(good ? "ok" : error.message);
    buf_free(&written);
    arena_free(job.arena);
  }
  free(line);
  return 0;
}
