#include "base/file.h"
#include "cmd/commands.h"
#include "cmd/side.h"
#include "mapping/formats.h"
#include <getopt.h>

static const char usage[] =
    "usage: drawbridge mapping convert [OPTIONS] IN OUT\n"
    "       drawbridge mapping formats\n"
    "       drawbridge mapping drift --help\n"
    "  IN, OUT          files; - is standard input and output\n"
    "  --from, --to     a format of `drawbridge mapping formats` (docs/formats.md); left out: by the file's ending\n"
    "  --source SIDE    what IN was made from, for names and codes: as in drawbridge align\n"
    "  --target SIDE    likewise, what it leads to\n"
    "  --source-data-set UID, --target-data-set UID    only these data sets of it (repeatable; needed with server:ID)\n"
    "  --config FILE    where server:ID is configured (default " COMMAND_CONFIG_DEFAULT ")\n";

struct options {
  const struct format *from, *to;
  const char *source, *target, *config;
  struct side_data_sets source_sets, target_sets;
};

static int bad_usage(const char *what, const char *which) {
  (void)fprintf(stderr, "drawbridge mapping: %s%s%s\n", what, *which ? " " : "", which);
  return COMMAND_USAGE;
}

static int load_sides(struct format_job *job, const struct options *o, struct error *error) {
  if (o->source && !(job->source = side_metadata(job->arena, o->source, &o->source_sets, o->config, error)))
    return error_context(error, "source");
  if (o->target && !(job->target = side_metadata(job->arena, o->target, &o->target_sets, o->config, error)))
    return error_context(error, "target");
  return 0;
}

static int convert(struct arena *arena, const struct options *o, char **paths, struct error *error) {
  struct format_job job = {.arena = arena};
  struct str bytes;
  if (load_sides(&job, o, error) < 0 || file_read(arena, paths[0], MAPPING_BYTES_MAX, &bytes, error) < 0) return -1;
  const struct mapping *mapping = format_read(o->from, &job, bytes, error);
  if (!mapping) return error_context(error, "%s", paths[0]);
  struct buf out = BUF_INIT(FORMAT_WRITTEN_MAX);
  int result = format_write(o->to, &job, mapping, &out, error);
  if (result == 0) result = file_write(paths[1], buf_str(&out), error);
  buf_free(&out);
  for (size_t i = 0; result == 0 && i < job.warnings.n; i++)
    (void)fprintf(stderr, "drawbridge mapping: %s\n", job.warnings.lines[i].message);
  return result;
}

static int list_formats(struct arena *arena) {
  size_t count;
  const struct format *all = formats_all(&count);
  for (size_t i = 0; i < count; i++) {
    struct str lacks = format_cannot_hold(arena, &all[i]);
    if (printf("%-20s %-28s %s%s\n%s%.*s%s", all[i].name, all[i].ending, all[i].title, all[i].read ? "" : " (written only)",
               lacks.n ? "  cannot hold: " : "", STR_ARG(lacks), lacks.n ? "\n" : "") < 0)
      return error_exit_code(ERROR_inside);
  }
  return 0;
}

static int take_format(struct arena *arena, const char *name, const struct format **ret) {
  *ret = format_named(str_of(name));
  return *ret ? 0 : bad_usage(arena_cstr(arena, arena_printf(arena, "a format is %.*s, not", STR_ARG(format_names(arena)))), name);
}

static int add_data_set(struct side_data_sets *sets, const char *id) {
  if (sets->n == SIDE_DATA_SETS_MAX) return bad_usage("too many data sets are named", "");
  sets->ids[sets->n++] = str_of(id);
  return 0;
}

static int take_options(struct arena *arena, int argc, char **argv, struct options *o) {
  static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                          {"to", required_argument, NULL, 't'},
                                          {"source", required_argument, NULL, 'S'},
                                          {"target", required_argument, NULL, 'T'},
                                          {"source-data-set", required_argument, NULL, 's'},
                                          {"target-data-set", required_argument, NULL, 'd'},
                                          {"config", required_argument, NULL, 'c'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  int status = 0;
  for (int option; status == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (option) {
    case 'f': status = take_format(arena, optarg, &o->from); break;
    case 't': status = take_format(arena, optarg, &o->to); break;
    case 'S': o->source = optarg; break;
    case 'T': o->target = optarg; break;
    case 's': status = add_data_set(&o->source_sets, optarg); break;
    case 'd': status = add_data_set(&o->target_sets, optarg); break;
    case 'c': o->config = optarg; break;
    case 'h': return -1;
    default: status = bad_usage("see drawbridge mapping --help", "");
    }
  }
  return status;
}

static int carry_out(struct arena *arena, int argc, char **argv) {
  struct options o = {0};
  int status = take_options(arena, argc, argv, &o);
  if (status < 0) return fputs(usage, stdout) < 0 ? error_exit_code(ERROR_inside) : 0;
  if (status) return status;
  if (argc - optind == 1 && strcmp(argv[optind], "formats") == 0) return list_formats(arena);
  if (argc - optind != 3 || strcmp(argv[optind], "convert") != 0)
    return bad_usage("convert, a file to read and a file to write are wanted; see drawbridge mapping --help", "");
  char **paths = argv + optind + 1;
  if (!o.from && !(o.from = format_of_file(str_of(paths[0]))))
    return bad_usage("--from is needed: the ending does not tell the format of", paths[0]);
  if (!o.to && !(o.to = format_of_file(str_of(paths[1]))))
    return bad_usage("--to is needed: the ending does not tell the format of", paths[1]);
  struct error error = {0};
  return convert(arena, &o, paths, &error) < 0 ? command_fail("mapping", &error) : 0;
}

int command_mapping(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "drift") == 0) return command_mapping_drift(argc - 1, argv + 1);
  struct arena *arena = arena_new();
  int status = carry_out(arena, argc, argv);
  arena_free(arena);
  return status;
}
