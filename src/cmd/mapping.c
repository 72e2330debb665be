#include "base/file.h"
#include "cmd/commands.h"
#include "mapping/formats.h"
#include <getopt.h>

enum { WRITTEN_MAX = 256 << 20 };

static const char usage[] = "usage: drawbridge mapping convert [--from FORMAT] [--to FORMAT] IN OUT\n"
                            "       drawbridge mapping drift --help\n"
                            "  IN, OUT         files; - is standard input and output\n"
                            "  --from, --to    json (docs/mapping.md) or csv (docs/formats.md); left out: by the file's ending\n";

static int bad_usage(const char *what, const char *which) {
  (void)fprintf(stderr, "drawbridge mapping: %s%s%s\n", what, *which ? " " : "", which);
  return COMMAND_USAGE;
}

static void tell(const struct format_warnings *warnings) {
  for (size_t i = 0; i < warnings->n; i++) (void)fprintf(stderr, "drawbridge mapping: %.*s\n", STR_ARG(warnings->lines[i]));
}

static int convert(struct arena *arena, const struct format *from, const struct format *to, char **paths, struct error *error) {
  struct str bytes;
  struct format_warnings warnings = {0};
  if (file_read(arena, paths[0], MAPPING_BYTES_MAX, &bytes, error) < 0) return -1;
  const struct mapping *mapping = from->read(arena, bytes, &warnings, error);
  if (!mapping) return error_context(error, "%s", paths[0]);
  struct buf out = BUF_INIT(WRITTEN_MAX);
  int result = to->write(arena, mapping, &out, &warnings, error);
  if (result == 0) result = file_write(paths[1], buf_str(&out), error);
  buf_free(&out);
  if (result == 0) tell(&warnings);
  return result;
}

int command_mapping(int argc, char **argv) {
  static const struct option options[] = {
      {"from", required_argument, NULL, 'f'}, {"to", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {0}};
  const struct format *from = NULL, *to = NULL;
  if (argc > 1 && strcmp(argv[1], "drift") == 0) return command_mapping_drift(argc - 1, argv + 1);
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'h') return fputs(usage, stdout) < 0 ? error_exit_code(ERROR_inside) : 0;
    if (option == '?') return bad_usage("see drawbridge mapping --help", "");
    const struct format *named = format_named(str_of(optarg));
    if (!named) return bad_usage("a format is json or csv, not", optarg);
    *(option == 'f' ? &from : &to) = named;
  }
  if (argc - optind != 3 || strcmp(argv[optind], "convert") != 0)
    return bad_usage("convert, a file to read and a file to write are wanted; see drawbridge mapping --help", "");
  char **paths = argv + optind + 1;
  if (!from && !(from = format_of_file(str_of(paths[0]))))
    return bad_usage("--from is needed: the ending does not tell the format of", paths[0]);
  if (!to && !(to = format_of_file(str_of(paths[1])))) return bad_usage("--to is needed: the ending does not tell the format of", paths[1]);
  struct arena *arena = arena_new();
  struct error error = {0};
  int result = convert(arena, from, to, paths, &error);
  arena_free(arena);
  return result < 0 ? command_fail("mapping", &error) : 0;
}
