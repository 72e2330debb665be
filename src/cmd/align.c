#include "align/to_mapping.h"
#include "base/csv.h"
#include "base/file.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "cmd/shown.h"
#include "cmd/side.h"
#include "mapping/format_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

enum { GLOSSARY_BYTES_MAX = 16 << 20, PIECE = 1 << 20 };

static const char usage[] = "usage: drawbridge align --source SIDE --target SIDE [OPTIONS]\n"
                            "  SIDE                      a metadata export (.json), a list (.csv), or server:ID of the configuration\n"
                            "  --data-set UID            only this data set (repeatable; of each side that holds it)\n"
                            "  --source-data-set UID     the same for the source alone\n"
                            "  --target-data-set UID     the same for the target alone\n"
                            "  --candidates N            how many targets are listed for each item (default 5, at most 50)\n"
                            "  --format FORMAT           csv: a list of proposals (default); json: a mapping for drawbridge transfer;\n"
                            "                            or another form of it: see drawbridge mapping formats\n"
                            "  --output FILE             instead of standard output\n"
                            "  --fix DECISIONS.csv       what a person has decided\n"
                            "  --glossary FILE.csv       what words mean: columns term, means, facet\n"
                            "  --explain                 further columns: names, why, features\n"
                            "  --with LIST               further rows of the list: org-units, attributes, periods (with commas between; a "
                            "mapping has them always)\n"
                            "  --config FILE             where server:ID is configured (default " COMMAND_CONFIG_DEFAULT ")\n";

enum with { WITH_UNITS, WITH_ATTRIBUTES, WITH_PERIODS, WITH_KINDS };

struct options {
  const char *source, *target, *output, *fix, *glossary, *config;
  struct side_data_sets source_sets, target_sets, sets; /* `sets`: of each side that holds them */
  unsigned candidates;
  const struct format *format; /* NULL: the list of proposals */
  bool explain;
  bool with[WITH_KINDS];
};

static const char *take_with(void *payload, const char *list) {
  static const struct str names[WITH_KINDS] = {{"org-units", 9}, {"attributes", 10}, {"periods", 7}};
  struct options *o = payload;
  for (struct str rest = str_of(list); rest.p;) {
    struct str word = str_trim(str_take(&rest, ','));
    int kind = 0;
    while (kind < WITH_KINDS && !str_eq(word, names[kind])) kind++;
    if (kind == WITH_KINDS) return "--with takes org-units, attributes and periods, with commas between, not";
    o->with[kind] = true;
  }
  return NULL;
}

static const char *take_candidates(void *payload, const char *value) {
  struct options *o = payload;
  uint64_t number;
  if (!str_to_u64(str_of(value), &number) || number < 1 || number > 50) return "--candidates wants a number from 1 to 50, not";
  o->candidates = (unsigned)number;
  return NULL;
}

static const char *take_format(void *payload, const char *value) {
  struct options *o = payload;
  bool list = strcmp(value, "csv") == 0;
  o->format = list ? NULL : format_named(str_of(value));
  return o->format || list ? NULL : "--format is csv or json, or another that `drawbridge mapping formats` lists, not";
}

static int read_options(int argc, char **argv, struct options *o) {
  const struct line_option options[] = {{"source", .text = &o->source},
                                        {"target", .text = &o->target},
                                        {"candidates", .take = take_candidates, .payload = o},
                                        {"format", .take = take_format, .payload = o},
                                        {"output", .text = &o->output},
                                        {"fix", .text = &o->fix},
                                        {"glossary", .text = &o->glossary},
                                        {"explain", .flag = &o->explain},
                                        {"with", .take = take_with, .payload = o},
                                        {"data-set", .take = side_take_data_set, .payload = &o->sets},
                                        {"source-data-set", .take = side_take_data_set, .payload = &o->source_sets},
                                        {"target-data-set", .take = side_take_data_set, .payload = &o->target_sets},
                                        {"config", .text = &o->config},
                                        {0}};
  o->source_sets.shared = o->target_sets.shared = &o->sets;
  struct line line = {.command = "align", .usage = usage, .options = options};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (!o->source || !o->target) return line_refuse(&line, "--source and --target are needed", NULL);
  if (strcmp(o->source, "-") == 0 && strcmp(o->target, "-") == 0)
    return line_refuse(&line, "only one side can come from standard input", NULL);
  return LINE_READ;
}

/* Output in pieces to a file beside the wanted one, which takes its place at the end; or to standard output. */
struct output {
  int fd;
  const char *path, *beside; /* NULL: standard output */
  struct buf buf;
};

static int output_open(struct output *out, struct arena *arena, const char *path, struct error *error) {
  *out = (struct output){.fd = STDOUT_FILENO, .buf = BUF_INIT(PIECE * 4)};
  if (!path || strcmp(path, "-") == 0) return 0;
  out->path = path;
  out->beside = arena_cstr(arena, arena_printf(arena, "%s.%ld.part", path, (long)getpid()));
  out->fd = open(out->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return out->fd >= 0 ? 0 : error_set(error, ERROR_inside, "%s cannot be written: %s", path, strerror(errno));
}

static int output_flush(struct output *out, struct error *error) {
  if (out->buf.full) return error_set(error, ERROR_inside, "a row is too long to be written");
  int result = out->buf.n ? file_write_fd(out->fd, buf_str(&out->buf), out->path ? out->path : "standard output", error) : 0;
  buf_clear(&out->buf);
  return result;
}

static int output_close(struct output *out, int result, struct error *error) {
  if (result == 0) result = output_flush(out, error);
  if (out->beside && out->fd >= 0) {
    if (result == 0 && (fsync(out->fd) < 0 || rename(out->beside, out->path) < 0))
      result = error_set(error, ERROR_inside, "%s cannot be written: %s", out->path, strerror(errno));
    (void)close(out->fd);
    if (result != 0) (void)unlink(out->beside);
  }
  buf_free(&out->buf);
  return result;
}

struct input {
  const struct dhis2_metadata *source, *target;
  const struct decision *decisions;
  size_t decision_count;
  struct glossary glossary;
  const struct align_places *places; /* NULL: not asked for */
};

enum { COLUMNS = 9, EXPLAINED = 6 };

static struct str name_of(const struct dhis2_object *o) {
  return o ? o->name : STR("");
}

static struct str features_of(struct arena *arena, const struct align_row *row) {
  struct buf text = BUF_INIT(4096);
  for (uint32_t i = 0; i < row->feature_count; i++)
    (void)buf_printf(&text, "%s%s %.3f (%+.2f)", i ? "; " : "", row->features[i].name, (double)row->features[i].value,
                     (double)row->features[i].contribution);
  struct str copy = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return copy;
}

/* Texts for people stand behind COLUMNS: no spreadsheet takes one of them for a formula. */
static void add_row(struct output *out, struct arena *arena, struct str *fields, size_t n) {
  for (size_t i = COLUMNS; i < n; i++) fields[i] = cell_guard(arena, fields[i]);
  csv_add_row(&out->buf, fields, n);
}

static void write_row(struct output *out, struct arena *arena, const struct align_row *row, bool explain) {
  char rank[16], confidence[16];
  (void)snprintf(rank, sizeof rank, "%u", row->rank);
  (void)snprintf(confidence, sizeof confidence, "%.4f", (double)row->confidence);
  bool operand = row->kind == ALIGN_OPERAND;
  struct str fields[COLUMNS + EXPLAINED] = {operand ? STR("operand") : STR("data_element"),
                                            row->source->o.id,
                                            operand ? row->source_coc->o.id : STR(""),
                                            row->target ? row->target->o.id : STR(""),
                                            operand && row->target ? row->target_coc->o.id : STR(""),
                                            row->sign == '-' ? STR("-") : STR("+"),
                                            str_of(rank),
                                            str_of(confidence),
                                            str_of(align_answer_name(row->answer))};
  size_t n = COLUMNS;
  if (explain) {
    fields[n++] = name_of(&row->source->o);
    fields[n++] = operand ? name_of(&row->source_coc->o) : STR("");
    fields[n++] = row->target ? name_of(&row->target->o) : STR("");
    fields[n++] = operand && row->target ? name_of(&row->target_coc->o) : STR("");
    fields[n++] = row->why;
    fields[n++] = features_of(arena, row);
  }
  add_row(out, arena, fields, n);
}

/* One row of the further kinds: ids, or period types, in the columns of data elements. */
struct further {
  struct str kind, source, target, source_name, target_name, why;
  uint32_t rank;
  float confidence;
  enum align_answer answer;
  struct str features;
};

static void write_further(struct output *out, struct arena *arena, const struct further *row, bool explain) {
  char rank[16], confidence[16];
  (void)snprintf(rank, sizeof rank, "%u", row->rank);
  (void)snprintf(confidence, sizeof confidence, "%.4f", (double)row->confidence);
  struct str fields[COLUMNS + EXPLAINED] = {row->kind,
                                            row->source,
                                            STR(""),
                                            row->target,
                                            STR(""),
                                            STR("+"),
                                            str_of(rank),
                                            str_of(confidence),
                                            str_of(align_answer_name(row->answer)),
                                            row->source_name,
                                            STR(""),
                                            row->target_name,
                                            STR(""),
                                            row->why,
                                            row->features};
  add_row(out, arena, fields, explain ? COLUMNS + EXPLAINED : COLUMNS);
}

static struct str reasons_of(struct arena *arena, const struct align_pair *pair) {
  struct buf text = BUF_INIT(4096);
  for (size_t i = 0; i < pair->reason_count; i++) {
    const struct align_reason *reason = &pair->reasons[i];
    (void)buf_printf(&text, "%s%s", i ? "; " : "", reason->code);
    if (reason->value.n) (void)buf_printf(&text, " %.*s", STR_ARG(reason->value));
    if (reason->contribution != 0) (void)buf_printf(&text, " (%+.2f)", (double)reason->contribution);
  }
  struct str copy = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return copy;
}

/* Names of org units are paths: one name alone stands for many. */
static struct str name_in(struct arena *arena, const struct dhis2_metadata *side, const struct dhis2_object *object, bool of_units) {
  const struct dhis2_org_unit *unit = object && of_units ? dhis2_metadata_org_unit(side, object->id) : NULL;
  return unit ? align_unit_path(arena, unit, STR_NONE) : name_of(object);
}

static int write_pairs(struct output *out, struct arena *arena, const struct input *in, const struct align_pairs *pairs, bool of_units,
                       bool explain, struct error *error) {
  int written = 0;
  for (size_t i = 0; i < pairs->count && written == 0; i++) {
    const struct align_pair *pair = &pairs->rows[i];
    struct further row = {of_units ? STR("org_unit") : STR("attribute_option_combo"),
                          pair->source->id,
                          pair->target ? pair->target->id : STR(""),
                          STR(""),
                          STR(""),
                          pair->why,
                          pair->rank,
                          pair->confidence,
                          pair->answer};
    if (explain)
      row.source_name = name_in(arena, in->source, pair->source, of_units),
      row.target_name = name_in(arena, in->target, pair->target, of_units), row.features = reasons_of(arena, pair);
    write_further(out, arena, &row, explain);
    if (out->buf.n >= PIECE || out->buf.full) written = output_flush(out, error);
  }
  return written;
}

static void write_period(struct output *out, struct arena *arena, const struct input *in, bool explain) {
  const struct align_period_rule *period = &in->places->period;
  write_further(out, arena,
                &(struct further){STR("period"), period->periods.source, period->answer == ALIGN_NONE ? STR("") : period->periods.target,
                                  str_of(mapping_conversion_name(period->periods.conversion)), period->periods.target, period->periods.note,
                                  1, period->confidence, period->answer},
                explain);
}

static int write_csv(struct output *out, const struct options *o, const struct input *in, const struct align_result *result,
                     struct error *error) {
  static const struct str header[COLUMNS + EXPLAINED] = {{"kind", 4},
                                                         {"source_data_element", 19},
                                                         {"source_category_option_combo", 28},
                                                         {"target_data_element", 19},
                                                         {"target_category_option_combo", 28},
                                                         {"sign", 4},
                                                         {"rank", 4},
                                                         {"confidence", 10},
                                                         {"decision", 8},
                                                         {"source_name", 11},
                                                         {"source_option_combo_name", 24},
                                                         {"target_name", 11},
                                                         {"target_option_combo_name", 24},
                                                         {"why", 3},
                                                         {"features", 8}};
  csv_add_row(&out->buf, header, o->explain ? COLUMNS + EXPLAINED : COLUMNS);
  struct arena *arena = arena_new();
  int written = o->with[WITH_ATTRIBUTES] ? write_pairs(out, arena, in, &in->places->attributes, false, o->explain, error) : 0;
  for (size_t i = 0; i < result->count && written == 0; i++) {
    write_row(out, arena, &result->rows[i], o->explain);
    if (out->buf.n >= PIECE || out->buf.full) written = output_flush(out, error);
  }
  if (o->with[WITH_UNITS] && written == 0) written = write_pairs(out, arena, in, &in->places->org_units, true, o->explain, error);
  if (o->with[WITH_PERIODS]) write_period(out, arena, in, o->explain);
  arena_free(arena);
  return written;
}

static struct str server_of(const char *side) {
  struct str id;
  return side_is_server(side, &id) ? id : STR("");
}

static void print_warnings(const char *side, const struct str *warnings, size_t count) {
  for (size_t i = 0; i < count && i < 20; i++)
    (void)fprintf(stderr, "drawbridge align: %s%s%.*s\n", side, *side ? ": " : "", STR_ARG(warnings[i]));
  if (count > 20) (void)fprintf(stderr, "drawbridge align: and %zu more of that kind\n", count - 20);
}

static int write_mapping(struct output *out, struct arena *arena, const struct options *o, const struct input *in,
                         const struct align_result *result, struct error *error) {
  const struct mapping *mapping = align_to_mapping(
      arena, in->source, in->target, result, (struct align_mapping_options){server_of(o->source), server_of(o->target), true, in->places});
  struct format_job job = {.arena = arena, .source = in->source, .target = in->target};
  out->buf.max = FORMAT_WRITTEN_MAX;
  if (format_write(o->format, &job, mapping, &out->buf, error) < 0) return -1;
  for (size_t i = 0; i < job.warnings.n; i++) (void)fprintf(stderr, "drawbridge align: %s\n", job.warnings.lines[i].message);
  return 0;
}

static int read_input(struct arena *arena, const struct options *o, struct input *input, struct error *error) {
  struct str text;
  if (!(input->source = side_metadata(arena, o->source, &o->source_sets, o->config, NULL, error)))
    return error_context(error, "source"), -1;
  if (!(input->target = side_metadata(arena, o->target, &o->target_sets, o->config, input->source, error)))
    return error_context(error, "target"), -1;
  if (side_shared_found(&o->sets, input->source, input->target, error) < 0) return -1;
  if (o->fix && decisions_of_file(arena, o->fix, &input->decisions, &input->decision_count, error) < 0) return -1;
  if (!o->glossary) return 0;
  if (file_read(arena, o->glossary, GLOSSARY_BYTES_MAX, &text, error) < 0) return -1;
  if (glossary_read(arena, text, &input->glossary, error) < 0) return error_context(error, "%s", o->glossary);
  return 0;
}

static int find_places(struct arena *arena, const struct options *o, const struct align_options *options, struct input *in,
                       struct error *error) {
  bool list = o->with[WITH_UNITS] || o->with[WITH_ATTRIBUTES] || o->with[WITH_PERIODS];
  if (!o->format && !list) return 0;
  if (align_places(in->source, in->target, options, in->decisions, in->decision_count, arena, &in->places, error) < 0) return -1;
  print_warnings("", in->places->warnings, in->places->warning_count);
  if (o->with[WITH_UNITS] && !in->places->org_units.told)
    (void)fputs("drawbridge align: a side does not tell its org units: the same ids on both sides are taken for the same units\n", stderr);
  if (o->with[WITH_ATTRIBUTES] && !in->places->attributes.told)
    (void)fputs(
        "drawbridge align: a side does not tell its attribute option combos: default is taken for default, and the same ids for the same\n",
        stderr);
  return 0;
}

static int run(struct arena *arena, const struct options *o, struct error *error) {
  struct input in = {0};
  const struct align_result *result;
  if (read_input(arena, o, &in, error) < 0) return -1;
  print_warnings("source", in.source->warnings, in.source->warning_count);
  print_warnings("target", in.target->warnings, in.target->warning_count);
  struct align_options options = {.candidates = o->candidates, .glossary = &in.glossary};
  shown("comparing %zu data elements with %zu", in.source->element_count, in.target->element_count);
  int compared = align_run(in.source, in.target, &options, in.decisions, in.decision_count, arena, &result, error);
  shown_no_more();
  if (compared < 0) return -1;
  print_warnings("", result->warnings, result->warning_count);
  if (find_places(arena, o, &options, &in, error) < 0) return -1;
  struct output out;
  if (output_open(&out, arena, o->output, error) < 0) return -1;
  int written = o->format ? write_mapping(&out, arena, o, &in, result, error) : write_csv(&out, o, &in, result, error);
  return output_close(&out, written, error);
}

int command_align(int argc, char **argv) {
  struct options options = {0};
  int status = read_options(argc, argv, &options);
  if (status != LINE_READ) return status;
  struct arena *arena = arena_new();
  struct error error = {0};
  int result = run(arena, &options, &error);
  arena_free(arena);
  return result < 0 ? command_fail("align", &error) : 0;
}
