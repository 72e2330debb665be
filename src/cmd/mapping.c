#include "base/file.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "cmd/side.h"
#include "mapping/formats.h"

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
  struct arena *arena;
  const struct format *from, *to;
  const char *source, *target, *config;
  struct side_data_sets source_sets, target_sets;
};

static int load_sides(struct format_job *job, const struct options *o, struct error *error) {
  if (o->source && !(job->source = side_metadata(job->arena, o->source, &o->source_sets, o->config, NULL, error)))
    return error_context(error, "source");
  if (o->target && !(job->target = side_metadata(job->arena, o->target, &o->target_sets, o->config, NULL, error)))
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

static const char *take_format(struct arena *arena, const char *name, const struct format **ret) {
  *ret = format_named(str_of(name));
  return *ret ? NULL : arena_cstr(arena, arena_printf(arena, "a format is %.*s, not", STR_ARG(format_names(arena))));
}

static const char *take_from(void *payload, const char *name) {
  struct options *o = payload;
  return take_format(o->arena, name, &o->from);
}

static const char *take_to(void *payload, const char *name) {
  struct options *o = payload;
  return take_format(o->arena, name, &o->to);
}

static int carry_out(struct arena *arena, int argc, char **argv) {
  struct options o = {.arena = arena};
  const struct line_option options[] = {{"from", .take = take_from, .payload = &o},
                                        {"to", .take = take_to, .payload = &o},
                                        {"source", .text = &o.source},
                                        {"target", .text = &o.target},
                                        {"source-data-set", .take = side_take_data_set, .payload = &o.source_sets},
                                        {"target-data-set", .take = side_take_data_set, .payload = &o.target_sets},
                                        {"config", .text = &o.config},
                                        {0}};
  struct line line = {.command = "mapping", .usage = usage, .options = options, .words_max = 3};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (count == 1 && strcmp(words[0], "formats") == 0) return list_formats(arena);
  if (count != 3 || strcmp(words[0], "convert") != 0)
    return line_refuse(&line, "convert, a file to read and a file to write are wanted", NULL);
  if ((o.source_sets.n && !o.source) || (o.target_sets.n && !o.target))
    return line_refuse(&line, "--source-data-set and --target-data-set go with --source and --target", NULL);
  char **paths = words + 1;
  if (!o.from && !(o.from = format_of_file(str_of(paths[0]))))
    return line_refuse(&line, "--from is needed: the ending does not tell the format of", paths[0]);
  if (!o.to && !(o.to = format_of_file(str_of(paths[1]))))
    return line_refuse(&line, "--to is needed: the ending does not tell the format of", paths[1]);
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
