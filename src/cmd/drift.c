/* drawbridge mapping drift: what changed at both sides since a mapping was made, and the mapping carried forward. */
#include "base/file.h"
#include "base/json_out.h"
#include "base/utf8.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "cmd/side.h"
#include "drift/carry.h"

enum { LIST_MAX = 256 << 20, RULES_SHOWN = 8 };

static const char usage[] =
    "usage: drawbridge mapping drift --mapping FILE --source SIDE --target SIDE [OPTIONS]\n"
    "  SIDE                as of drawbridge align: a metadata export, a list, or server:ID (with the data sets that the mapping names)\n"
    "  --format text|json  how the changes are told (default text)\n"
    "  --output FILE       the mapping carried forward: decisions kept, what is blocked marked, proposals for what is new\n"
    "  --follow            with --output: where a thing was replaced by one of the same code, name or options, the rules name that one\n"
    "  --config FILE       where server:ID is configured (default " COMMAND_CONFIG_DEFAULT ")\n"
    "exit code: 0 nothing changed; 1 something did\n";

struct asked {
  const char *mapping, *source, *target, *output, *config;
  bool json, follow;
};

static int read_options(int argc, char **argv, struct asked *a) {
  static const char *const formats[] = {"text", "json", NULL};
  const char *format = "text";
  const struct line_option options[] = {{"mapping", .text = &a->mapping}, {"source", .text = &a->source},
                                        {"target", .text = &a->target},   {"output", .text = &a->output},
                                        {"config", .text = &a->config},   {"format", .text = &format, .choices = formats},
                                        {"follow", .flag = &a->follow},   {0}};
  struct line line = {.command = "mapping drift", .usage = usage, .options = options};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  a->json = strcmp(format, "json") == 0;
  if (!a->mapping || !a->source || !a->target) return line_refuse(&line, "--mapping, --source and --target are needed", NULL);
  return a->follow && !a->output ? line_refuse(&line, "--follow needs --output", NULL) : LINE_READ;
}

static const struct dhis2_metadata *read_side(struct arena *arena, const char *side, const struct mapping_side *made, const char *config,
                                              const char *name, struct error *error) {
  struct side_data_sets sets = {0};
  struct str id;
  bool server = side_is_server(side, &id);
  if (server && (!made->data_set_count || made->data_set_count > SIDE_DATA_SETS_MAX))
    return error_set(error, ERROR_input, "%s: of a server 1 to %d data sets are read, and the mapping names %zu", name, SIDE_DATA_SETS_MAX,
                     made->data_set_count),
           NULL;
  for (size_t i = 0; server && i < made->data_set_count; i++) sets.ids[sets.n++] = made->data_sets[i];
  const struct dhis2_metadata *metadata = side_shown(arena, side, &sets, config, error);
  if (!metadata) (void)error_context(error, "%s", name);
  return metadata;
}

/* --- telling --- */

static void tell_rules(struct buf *out, const struct drift_change *change) {
  for (size_t i = 0; i < change->rule_count && i < RULES_SHOWN; i++)
    (void)buf_printf(out, "%s%zu", i ? ", " : change->rule_count > 1 ? " [rules " : " [rule ", change->rules[i] + 1);
  if (change->rule_count > RULES_SHOWN) (void)buf_printf(out, " and %zu more", change->rule_count - RULES_SHOWN);
  if (change->rule_count) (void)buf_add_char(out, ']');
}

static void tell_text(struct buf *out, const struct drift *drift) {
  for (size_t i = 0; i < drift->warning_count; i++) (void)buf_printf(out, "note         %.*s\n", STR_ARG(drift->warnings[i]));
  for (size_t i = 0; i < drift->count; i++) {
    (void)buf_printf(out, "%-12s ", drift_effect_name(drift->changes[i].effect));
    utf8_add_plain(out, drift->changes[i].sentence);
    tell_rules(out, &drift->changes[i]);
    (void)buf_add_char(out, '\n');
  }
  if (!drift->count)
    (void)buf_add(out, STR("nothing changed\n"));
  else
    (void)buf_printf(out, "%zu change%s: %zu block, %zu to check, %zu for information\n", drift->count, drift->count == 1 ? "" : "s",
                     drift_effect_count(drift, DRIFT_BLOCKS), drift_effect_count(drift, DRIFT_CHECK),
                     drift_effect_count(drift, DRIFT_INFORMATION));
}

static void tell_json(struct buf *buf, const struct drift *drift) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  drift_write(drift, NULL, NULL, &out);
  json_out_end(&out);
  (void)buf_add_char(buf, '\n');
}

static int tell(const struct asked *a, const struct drift *drift, struct error *error) {
  struct buf out = BUF_INIT(LIST_MAX);
  if (a->json)
    tell_json(&out, drift);
  else
    tell_text(&out, drift);
  int result = out.full ? error_set(error, ERROR_too_large, "the list is too large to be written") : 0;
  if (result == 0) {
    bool taken = a->output && strcmp(a->output, "-") == 0; /* the mapping goes to standard output */
    if (fwrite(out.p, 1, out.n, taken ? stderr : stdout) != out.n || fflush(taken ? stderr : stdout) != 0)
      result = error_set(error, ERROR_inside, "the list cannot be written");
  }
  buf_free(&out);
  return result;
}

static int write_carried(struct arena *arena, const struct asked *a, const struct mapping *mapping, struct drift_sides now,
                         struct error *error) {
  struct carried carried;
  struct align_options align = {0};
  struct carry_options options = {.follow = a->follow, .align = &align};
  if (drift_carry(arena, mapping, now, options, &carried, error) < 0) return -1;
  struct buf out = BUF_INIT(MAPPING_BYTES_MAX);
  int result = mapping_write(carried.mapping, &out)
                   ? file_write(a->output, buf_str(&out), error)
                   : error_set(error, ERROR_too_large, "the mapping is larger than %d bytes", MAPPING_BYTES_MAX);
  buf_free(&out);
  if (result == 0)
    (void)fprintf(stderr,
                  "drawbridge mapping drift: %zu rules follow, %zu kept, %zu blocked, %zu proposed, %zu without counterpart; %zu org units "
                  "and attribute option combos paired\n",
                  carried.followed, carried.kept, carried.blocked, carried.proposed, carried.none, carried.paired);
  return result;
}

/* The number of changes, or -1. */
static int run(struct arena *arena, const struct asked *a, size_t *ret_changes, struct error *error) {
  struct drift_sides now = {0};
  const struct mapping *mapping = mapping_of_file(arena, a->mapping, error);
  if (!mapping) return -1;
  if (!(now.source = read_side(arena, a->source, &mapping->source, a->config, "source", error))) return -1;
  if (!(now.target = read_side(arena, a->target, &mapping->target, a->config, "target", error))) return -1;
  const struct drift *drift = drift_find(arena, mapping, now);
  *ret_changes = drift->count;
  if (tell(a, drift, error) < 0) return -1;
  return a->output ? write_carried(arena, a, mapping, now, error) : 0;
}

int command_mapping_drift(int argc, char **argv) {
  struct asked asked = {0};
  int status = read_options(argc, argv, &asked);
  if (status != LINE_READ) return status;
  struct arena *arena = arena_new();
  struct error error = {0};
  size_t changes = 0;
  int result = run(arena, &asked, &changes, &error);
  arena_free(arena);
  if (result < 0) return command_fail("mapping drift", &error);
  return changes ? error_exit_code(ERROR_differs) : 0;
}
