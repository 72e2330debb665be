/* drawbridge transfer: values from one side to the other, by a mapping. */
#include "transfer/run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/vec.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "cmd/shown.h"
#include "cmd/side.h"
#include "cmd/transfer_claim.h"
#include "drift/drift.h"
#include "transfer/refused.h"
#include "transfer/report_form.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const char usage[] =
    "usage: drawbridge transfer --mapping FILE --from SIDE --to SIDE --periods P[,P...] --org-units UID[,UID...][/descendants] [options]\n"
    "       drawbridge transfer --mapping FILE --values-in FILE --values-out FILE [--from FILE] [--to FILE] [options]\n"
    "       drawbridge transfer --journal DIR --resume | --undo [options]\n\n"
    "  SIDE                server:ID of the configuration (personal access token in DRAWBRIDGE_<ID>_TOKEN, or asked for), or a metadata "
    "file\n"
    "  --config FILE       the configuration (default " COMMAND_CONFIG_DEFAULT ")\n"
    "  --accept LIST       which decisions of the mapping count: accepted,auto,proposed (default accepted,auto)\n"
    "  --changed-since DAY only cells that something was written or deleted for at the source since then (2024-01-31)\n"
    "  --deletions WHAT    ignore (default): what was deleted at the source stays at the target; delete: it is deleted there too\n"
    "  --read WHAT         values (default); analytics: what the source's server added up, where it gives no values themselves\n"
    "  --comments WHAT     none (default): comments and follow-up marks stay at the source; carry: they go along with the values\n"
    "  --unknown-units WHAT of org units that the target does not have: refuse (default): each of their values is refused; skip: they are "
    "left out, and told with their sums\n"
    "  --dry-run           reads, translates, asks the target to judge, and writes nothing; with --undo: what that would do\n"
    "  --values-in FILE    data values (dataValueSets JSON, CSV, or ADX); - is standard input\n"
    "  --values-out FILE   where translated values go: CSV where the name ends in .csv, ADX where in .xml or .adx, else JSON; - is "
    "standard output\n"
    "  --journal DIR       what is done is written there first (default: a new folder here)\n"
    "  --resume            goes on with the run in the journal\n"
    "  --wait              where another run writes to the same cells, waits for its end instead of giving up\n"
    "  --undo              puts back what the run in the journal overwrote\n"
    "  --report FILE       the report, as the ending says: .json, .csv (spreadsheets) or .html (to read, print and file); may be given "
    "several times\n"
    "  --refused FILE      the list of all values that were refused or differ, as CSV; what a run sends keeps it in its journal, too\n"
    "  --language LANGUAGE of its CSV and HTML and of the names in it: en, fr, pt, es, ar (default: that of the session, by LC_ALL, "
    "LC_MESSAGES or LANG)\n"
    "  --check-min-max     holds back what lies outside of the target's min and max values\n"
    "  --require-approval  passes over what a second person has not approved, whatever the mapping asks for\n"
    "  --sum-anyway        also adds up what the target averages, or takes the last, least or largest of\n";

enum { REPORTS_MAX = 8, REPORT_BYTES_MAX = 1 << 30 };

struct asked {
  const char *config, *mapping, *from, *to, *periods, *units, *accept, *values_in, *values_out, *journal, *changed_since, *deletions,
      *comments, *read, *language, *refused, *unknown_units;
  const char *reports[REPORTS_MAX];
  size_t report_count;
  bool dry_run, wait, resume, undo, sum_anyway, check_min_max, require_approval;
};

struct work {
  const struct asked *asked;
  enum language language;
  struct arena *arena;
  struct run_order order;
  struct str mapping_text;
  const char *journal;
  struct run_watch watch;
  struct report *report;
  int refused; /* the file for the list, once it is open; -1 */
};

/* A second signal ends the program at once; what was done is in the journal. */
static atomic_bool stop_asked;

static void on_signal(int number) {
  atomic_store(&stop_asked, true);
  (void)signal(number, SIG_DFL);
}

static void watch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
}

static void show_progress(void *payload, const struct run_progress *p) {
  char of[64] = "";
  (void)payload;
  if (p->of) (void)snprintf(of, sizeof of, " %llu of %llu", (unsigned long long)p->done, (unsigned long long)p->of);
  shown("%s%s: %llu values read, %llu cells sent, %llu verified", run_phase_name(p->phase), of, (unsigned long long)p->counts->read,
        (unsigned long long)p->counts->sent, (unsigned long long)p->counts->verified);
}

/* --- the list of what was refused --- */

/* What sends between servers keeps it in its journal. */
static bool keeps_none(const struct asked *a) {
  return a->dry_run || a->undo || a->values_in || a->values_out;
}

static int on_refused(void *payload, struct str rows, struct error *error) {
  struct work *w = payload;
  const char *path = w->asked->refused;
  struct buf header = BUF_INIT(4096);
  int result = 0;
  if (w->refused < 0) {
    refused_header(&header);
    w->refused = str_eq(str_of(path), STR("-")) ? STDOUT_FILENO : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    result = w->refused < 0 ? error_set(error, ERROR_inside, "%s cannot be written: %s", path, strerror(errno))
                            : file_write_fd(w->refused, buf_str(&header), path, error);
    buf_free(&header);
  }
  return result == 0 ? file_write_fd(w->refused, rows, path, error) : -1;
}

/* Of a run that was refused itself nothing is in the journal yet. */
static int write_refused(const struct work *w, struct error *error) {
  struct buf list = BUF_INIT(REPORT_BYTES_MAX);
  if (!w->asked->refused || keeps_none(w->asked) || !w->journal) return 0;
  int result = run_refused(w->journal, &list, error);
  if (result == 0) result = file_write(w->asked->refused, buf_str(&list), error);
  buf_free(&list);
  return result < 0 && error->code != ERROR_not_found ? -1 : 0;
}

/* --- what was asked --- */

static int bad_usage(struct error *error, const char *what) {
  return error_set(error, ERROR_usage, "%s; drawbridge transfer --help tells the options", what);
}

static const char *take_report(void *payload, const char *path) {
  struct asked *a = payload;
  if (a->report_count == REPORTS_MAX) return "there are more reports than can be asked for: no room for";
  a->reports[a->report_count++] = path;
  return NULL;
}

static int read_options(int argc, char **argv, struct asked *a) {
  static const char *const deletions[] = {"ignore", "delete", NULL}, *const comments[] = {"none", "carry", NULL},
                           *const unknown[] = {"refuse", "skip", NULL}, *const what[] = {"values", "analytics", NULL},
                           *const languages[] = {"en", "fr", "pt", "es", "ar", NULL};
  const struct line_option options[] = {{"config", .text = &a->config},
                                        {"mapping", .text = &a->mapping},
                                        {"from", .text = &a->from},
                                        {"to", .text = &a->to},
                                        {"periods", .text = &a->periods},
                                        {"org-units", .text = &a->units},
                                        {"accept", .text = &a->accept},
                                        {"changed-since", .text = &a->changed_since},
                                        {"deletions", .text = &a->deletions, .choices = deletions},
                                        {"comments", .text = &a->comments, .choices = comments},
                                        {"unknown-units", .text = &a->unknown_units, .choices = unknown},
                                        {"read", .text = &a->read, .choices = what},
                                        {"dry-run", .flag = &a->dry_run},
                                        {"values-in", .text = &a->values_in},
                                        {"values-out", .text = &a->values_out},
                                        {"journal", .text = &a->journal},
                                        {"resume", .flag = &a->resume},
                                        {"wait", .flag = &a->wait},
                                        {"undo", .flag = &a->undo},
                                        {"report", .take = take_report, .payload = a},
                                        {"refused", .text = &a->refused},
                                        {"language", .text = &a->language, .choices = languages},
                                        {"sum-anyway", .flag = &a->sum_anyway},
                                        {"check-min-max", .flag = &a->check_min_max},
                                        {"require-approval", .flag = &a->require_approval},
                                        {0}};
  struct line line = {.command = "transfer", .usage = usage, .options = options};
  char **words;
  int count;
  return line_read(&line, argc, argv, &words, &count);
}

/* As it was asked for; else as the session has it, where the first of these that is set counts (POSIX). */
static enum language language_wanted(const struct asked *a) {
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  enum language language = LANGUAGE_ENGLISH;
  const char *said = a->language;
  for (size_t i = 0; (!said || !*said) && i < sizeof names / sizeof *names; i++) said = getenv(names[i]);
  (void)language_of(str_of(said), &language);
  return language;
}

static const struct str *split(struct arena *arena, struct str text, size_t *ret_count) {
  struct str *list = ARENA_ARRAY(arena, text.n / 2 + 2, struct str);
  size_t n = 0;
  for (struct str rest = text; rest.p;) {
    struct str word = str_trim(str_take(&rest, ','));
    if (word.n) list[n++] = word;
  }
  *ret_count = n;
  return list;
}

#define ACCEPT_TAKES "--accept takes accepted, auto and proposed, with commas between"

static int read_accept(struct work *w, struct error *error) {
  size_t n;
  const struct str *list = split(w->arena, str_of(w->asked->accept ? w->asked->accept : "accepted,auto"), &n);
  if (!n) return bad_usage(error, ACCEPT_TAKES);
  for (size_t i = 0; i < n; i++) {
    enum mapping_decision decision;
    if (!mapping_decision_of(list[i], &decision) || decision > MAPPING_PROPOSED) return bad_usage(error, ACCEPT_TAKES);
    w->order.accept[decision] = true;
  }
  return 0;
}

static int read_order(struct work *w, struct error *error) {
  struct str units = str_of(w->asked->units);
  w->order = (struct run_order){.from = str_of(w->asked->from),
                                .to = str_of(w->asked->to),
                                .changed_since = str_of(w->asked->changed_since),
                                .deletions = str_eq(str_of(w->asked->deletions), STR("delete")),
                                .comments = str_eq(str_of(w->asked->comments), STR("carry")),
                                .skip_units = str_eq(str_of(w->asked->unknown_units), STR("skip")),
                                .analytics = str_eq(str_of(w->asked->read), STR("analytics")),
                                .dry_run = w->asked->dry_run,
                                .sum_anyway = w->asked->sum_anyway,
                                .check_min_max = w->asked->check_min_max};
  w->order.descendants = str_ends(units, STR("/descendants"));
  if (w->order.descendants) units.n -= strlen("/descendants");
  if (str_find_char(units, '/') != SIZE_MAX)
    return bad_usage(error, "--org-units takes ids with commas between, and /descendants once, behind the last: it is of all of them");
  w->order.periods = split(w->arena, str_of(w->asked->periods), &w->order.period_count);
  w->order.org_units = split(w->arena, units, &w->order.org_unit_count);
  return read_accept(w, error);
}

/* The mapping as if it asked for it itself: so the journal tells it, too. */
static int require_approval(struct work *w, struct error *error) {
  const struct mapping *read = mapping_read(w->arena, w->mapping_text, error);
  struct buf text = BUF_INIT(MAPPING_BYTES_MAX);
  if (!read) return -1;
  if (read->approval) return 0;
  struct mapping mapping = *read;
  mapping.approval = true;
  int result = mapping_write(&mapping, &text) ? 0 : error_set(error, ERROR_input, "a mapping has at most %d bytes", MAPPING_BYTES_MAX);
  w->mapping_text = arena_str(w->arena, buf_str(&text));
  buf_free(&text);
  return result;
}

static int read_mapping(struct work *w, struct error *error) {
  if (!w->asked->mapping) return bad_usage(error, "--mapping is needed");
  if (file_read(w->arena, w->asked->mapping, MAPPING_BYTES_MAX, &w->mapping_text, error) < 0) return -1;
  return w->asked->require_approval ? require_approval(w, error) : 0;
}

/* --- the kinds of runs --- */

static int transfer_files(struct work *w, struct error *error) {
  struct str id;
  const struct asked *a = w->asked;
  if (!a->values_in || !a->values_out) return bad_usage(error, "--values-in and --values-out come together");
  if (a->check_min_max) return bad_usage(error, "--check-min-max asks a server: between files there is none");
  if (a->journal || a->resume || a->undo)
    return bad_usage(error, "between files there is no journal: nothing is overwritten before all of it is right");
  if (a->read) return bad_usage(error, "--read is between servers");
  if (a->unknown_units) return bad_usage(error, "--unknown-units is between servers: a file of values takes any org unit");
  if (a->wait) return bad_usage(error, "--wait is between servers: between files nobody is in the way");
  if (a->changed_since || a->deletions)
    return bad_usage(error, "--changed-since and --deletions are between servers: a file does not tell when a value was written");
  if (read_order(w, error) || run_order_settle_files(&w->order, w->arena, error) || read_mapping(w, error)) return -1;
  w->order.from = str_of(a->values_in);
  w->order.to = str_of(a->values_out);
  const struct mapping *mapping = mapping_read(w->arena, w->mapping_text, error);
  if (!mapping) return error_context(error, "%s", a->mapping);
  const struct dhis2_metadata *source = NULL, *target = NULL;
  if (a->from && side_is_server(a->from, &id)) return bad_usage(error, "between files --from names a metadata file, for the codes of ADX");
  if (a->from && !(source = dhis2_metadata_of_file(w->arena, a->from, error))) return -1;
  if (a->to && side_is_server(a->to, &id))
    return bad_usage(error, "between files --to names a metadata file, for value types and data sets");
  if (a->to && !(target = dhis2_metadata_of_file(w->arena, a->to, error))) return -1;
  return run_files(&w->order, mapping, source, target, a->values_in, a->values_out, &w->watch, w->report, error);
}

/* What it writes to, before it opens its journal. */
static struct claim *claim_cells(struct work *w, struct dhis2_server *to, struct error *error) {
  struct transfer_claim_wish wish = {.config = w->asked->config,
                                     .order = &w->order,
                                     .mapping_text = w->mapping_text,
                                     .to_url = dhis2_server_url(to),
                                     .journal = w->journal,
                                     .wait = w->asked->wait,
                                     .cancel = w->watch.cancel};
  return transfer_claim(w->arena, &wish, error);
}

static int two_servers(struct work *w, struct str from_id, struct str to_id, struct error *error) {
  const char *config = w->asked->config;
  struct dhis2_server *from = side_server(w->arena, config, from_id, error),
                      *to = from ? side_server(w->arena, config, to_id, error) : NULL;
  struct claim *claim = NULL;
  int result = to && (w->order.dry_run || (claim = claim_cells(w, to, error)))
                   ? run_servers(&w->order, w->mapping_text, from, to, w->journal, w->asked->resume, &w->watch, w->report, error)
                   : -1;
  claim_release(claim);
  dhis2_server_free(from);
  dhis2_server_free(to);
  return result;
}

/* A folder of its own for each run, where none was named. */
static const char *new_journal(struct arena *arena) {
  char time[CLOCK_TEXT_SIZE];
  struct str text = arena_str(arena, str_of(clock_format(clock_now_ms() / 1000 * 1000, time)));
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] == ':') ((char *)(uintptr_t)text.p)[i] = '-';
  return arena_cstr(arena, arena_printf(arena, "drawbridge-journal-%.*s", STR_ARG(text)));
}

/* The run in the journal. A slip in the folder's name would else be a new run, or an undo of nothing. */
static int find_begun(struct work *w, struct run_begun *ret, struct error *error) {
  const struct asked *a = w->asked;
  if (transfer_journal_wait(a->journal, a->wait, w->watch.cancel, error)) return -1;
  if (run_begun(a->journal, w->arena, ret, error) == 0) return 0;
  if (error->code != ERROR_not_found) return -1;
  return error_set(error, ERROR_not_found,
                   a->undo ? "%s holds no run: there is nothing to undo. Name the folder of the run with --journal"
                           : "%s holds no run: there is nothing to go on with. Name the folder of the run with --journal, or begin one "
                             "without --resume",
                   a->journal);
}

static int transfer_servers(struct work *w, struct error *error) {
  const struct asked *a = w->asked;
  struct str from_id, to_id;
  struct run_begun begun;
  if (!a->from || !a->to) return bad_usage(error, "--from and --to are needed");
  if (!side_is_server(a->from, &from_id) || !side_is_server(a->to, &to_id))
    return bad_usage(error, "without --values-in and --values-out both sides are server:ID");
  if (read_order(w, error) || run_order_settle(&w->order, w->arena, error) || read_mapping(w, error)) return -1;
  w->order.from = from_id;
  w->order.to = to_id;
  if (a->resume && find_begun(w, &begun, error)) return -1;
  w->journal = a->journal ? a->journal : a->dry_run ? NULL : new_journal(w->arena);
  return two_servers(w, from_id, to_id, error);
}

/* --journal alone tells all that a resumed run needs. */
static int resume_as_begun(struct work *w, struct error *error) {
  const struct asked *a = w->asked;
  struct run_begun begun;
  if (a->periods || a->units || a->accept || a->changed_since || a->deletions || a->comments || a->read || a->unknown_units ||
      a->sum_anyway || a->check_min_max || a->require_approval)
    return bad_usage(error, "--resume goes on with the run as it was begun: give --journal alone, or all words that it was begun with");
  if (find_begun(w, &begun, error)) return -1;
  w->order = begun.order;
  w->mapping_text = begun.mapping_text;
  w->journal = w->asked->journal;
  return two_servers(w, w->order.from, w->order.to, error);
}

/* An undo is of the whole run: who names a part of it, or another one, is told so. */
static int check_undone(struct work *w, const struct run_order *begun, struct error *error) {
  const struct asked *a = w->asked;
  struct str id;
  if (read_order(w, error) || run_order_settle_files(&w->order, w->arena, error)) return -1;
  const struct run_order *order = &w->order;
  bool other = (a->periods && !str_lists_eq(order->periods, order->period_count, begun->periods, begun->period_count)) ||
               (a->units && (order->descendants != begun->descendants ||
                             !str_lists_eq(order->org_units, order->org_unit_count, begun->org_units, begun->org_unit_count))) ||
               (a->from && !(side_is_server(a->from, &id) && str_eq(id, begun->from))) ||
               (a->to && !(side_is_server(a->to, &id) && str_eq(id, begun->to)));
  return other ? bad_usage(error, "--undo takes back the whole run in the journal, and that had other servers, periods or org units: give "
                                  "--journal alone")
               : 0;
}

static int undo(struct work *w, struct error *error) {
  struct run_begun begun;
  if (!w->asked->journal) return bad_usage(error, "--undo needs the --journal of the run");
  if (w->asked->resume || w->asked->values_in || w->asked->values_out)
    return bad_usage(error, "--undo is of a run between servers, and goes neither with --resume nor with --values-in and --values-out");
  if (find_begun(w, &begun, error) || check_undone(w, &begun.order, error)) return -1;
  w->order = begun.order;
  w->order.dry_run = w->asked->dry_run;
  w->mapping_text = begun.mapping_text;
  w->journal = w->asked->journal;
  struct dhis2_server *to = side_server(w->arena, w->asked->config, begun.order.to, error);
  struct claim *claim = NULL;
  int result = to && (w->order.dry_run || (claim = claim_cells(w, to, error)))
                   ? run_undo(to, w->journal, w->order.dry_run, &w->watch, w->report, error)
                   : -1;
  claim_release(claim);
  dhis2_server_free(to);
  return result;
}

static int transfer(struct work *w, struct error *error) {
  const struct asked *a = w->asked;
  for (size_t i = 0; i < a->report_count; i++)
    if (file_write_check(a->reports[i], error)) return -1;
  if (a->refused && file_write_check(a->refused, error)) return -1;
  if (a->refused && keeps_none(a)) w->watch.refused = on_refused;
  if (a->undo) return undo(w, error);
  if (a->values_in || a->values_out) return transfer_files(w, error);
  if (a->resume && !a->journal) return bad_usage(error, "--resume needs the --journal of the run");
  if (a->dry_run && a->resume) return bad_usage(error, "a dry run leaves nothing to resume");
  return a->resume && !a->mapping && !a->from && !a->to ? resume_as_begun(w, error) : transfer_servers(w, error);
}

/* --- what is said --- */

/* As JSON where the ending says nothing else, so that any name may be given. */
static int write_as(const char *path, enum language language, struct str json, struct error *error) {
  enum report_form form = REPORT_JSON;
  (void)report_form_of_file(str_of(path), &form);
  struct buf text = BUF_INIT(REPORT_BYTES_MAX);
  int result = report_form_write(form, language, json, &text, error);
  if (result == 0) result = file_write(path, buf_str(&text), error);
  buf_free(&text);
  return result;
}

static int write_reports(const struct work *w, const struct run_told *told, struct error *error) {
  if (write_refused(w, error)) return -1;
  if (!w->asked->report_count) return 0;
  struct buf json = BUF_INIT(REPORT_BYTES_MAX);
  int result = run_report_write(told, w->report, &json) ? 0 : error_set(error, ERROR_inside, "the report is too large");
  for (size_t i = 0; result == 0 && i < w->asked->report_count; i++)
    result = write_as(w->asked->reports[i], w->language, buf_str(&json), error);
  buf_free(&json);
  return result;
}

static void say(FILE *to, const struct work *w, const char *outcome) {
  const struct report_counts *c = report_counts(w->report);
  const struct {
    const char *name;
    uint64_t count;
  } told[] = {{"values read", c->read},
              {"mapped", c->mapped},
              {"unmapped", c->unmapped},
              {"cells", c->cells},
              {"summed", c->summed},
              {"partial", c->partial},
              {w->order.dry_run ? "would be sent" : "sent", c->sent},
              {"created", c->created},
              {"updated", c->updated},
              {"removed", c->removed},
              {"with a comment or mark", c->carried},
              {"unchanged", c->unchanged},
              {"left alone", c->left_alone},
              {"org units of which the source gave nothing", c->silent},
              {"org units skipped that the target does not have", c->skipped_units},
              {"ignored", c->ignored},
              {"refused", c->refused},
              {"skipped", c->skipped},
              {"verified", c->verified},
              {"differing", c->differing}};
  (void)fprintf(to, "%s%s:", w->order.dry_run ? "dry run, " : "", outcome);
  for (size_t i = 0; i < sizeof told / sizeof *told; i++)
    (void)fprintf(to, "%s %llu %s", i ? "," : "", (unsigned long long)told[i].count, told[i].name);
  (void)fputc('\n', to);
}

/* Bytes in words, as "1.2 MB". */
static const char *size_text(uint64_t bytes, char ret[32]) {
  if (bytes < 1000000)
    (void)snprintf(ret, 32, "%llu kB", (unsigned long long)(bytes + 999) / 1000);
  else
    (void)snprintf(ret, 32, "%.1f MB", (double)bytes / 1e6);
  return ret;
}

static void say_estimate(FILE *to, const struct work *w) {
  const struct report_estimate *e = report_estimate_of(w->report);
  char size[32];
  if (!e || !report_counts(w->report)->sent) return;
  (void)fprintf(to, "sending it: about %llu requests (%llu to the source, %llu to the target), %s",
                (unsigned long long)(e->source_requests + e->target_requests), (unsigned long long)e->source_requests,
                (unsigned long long)e->target_requests, size_text(e->bytes, size));
  if (e->least_ms >= REPORT_ESTIMATE_LEAST_MS) (void)fprintf(to, "; at least %lld s", (long long)e->least_ms / 1000);
  (void)fputc('\n', to);
}

/* Of a run that found nothing nothing is proved, and "done" would say so. */
static void say_nothing(FILE *to, const struct work *w, const char *outcome) {
  bool nothing = !w->asked->undo && !report_counts(w->report)->read && str_eq(str_of(outcome), STR("done"));
  if (nothing) (void)fprintf(to, "the source gave no values for what was asked: there was nothing to send\n");
}

static void say_refused(FILE *to, const struct work *w) {
  const struct report_counts *counts = report_counts(w->report);
  uint64_t rows = report_refused_rows(w->report), unlisted = counts->refused + counts->ignored + counts->differing;
  if (rows && w->asked->refused)
    (void)fprintf(to, "all that was refused or differs, %llu rows: %s\n", (unsigned long long)rows, w->asked->refused);
  else if (rows)
    (void)fprintf(to, "all that was refused or differs, %llu rows: %s/refused.csv\n", (unsigned long long)rows, w->journal);
  else if (unlisted && keeps_none(w->asked))
    (void)fprintf(to, "--refused FILE lists all that was refused or differs, %llu rows\n", (unsigned long long)unlisted);
}

/* Is there a run to go on with, and can it end otherwise then: after a sign-in, when the server or the disk is there again, behind Ctrl-C? What was asked for stays what it is. */
static bool can_resume(const struct work *w, const struct error *failure) {
  enum { OF_SERVER = 3 };
  bool passes = failure->code == ERROR_cancelled || (error_exit_code(failure->code) >= OF_SERVER && failure->code != ERROR_busy);
  struct run_begun begun;
  struct error unused = {0};
  return w->journal && !w->asked->undo && passes && run_begun(w->journal, w->arena, &begun, &unused) == 0;
}

/* The run is not undone by a report that has no place. */
static int fail_report(const struct work *w, int result, const struct error *failure, const struct error *no_report) {
  struct error error = {0};
  if (result < 0)
    (void)error_set(&error, failure->code, "%s; and the report: %s", failure->message, no_report->message);
  else if (can_resume(w, no_report))
    (void)error_set(&error, no_report->code,
                    "%s. What was sent stays; its report can be had again with: drawbridge transfer --journal %s --resume --report FILE",
                    no_report->message, w->journal);
  else
    error = *no_report;
  return command_fail("transfer", &error);
}

static int finish(struct work *w, int64_t began, int result, struct error *failure) {
  struct run_told told = {.order = &w->order,
                          .mapping_text = w->mapping_text,
                          .mapping_name = str_of(w->asked->mapping),
                          .began_ms = began,
                          .ended_ms = clock_now_ms(),
                          .failure = failure,
                          .undo = w->asked->undo};
  struct error error = {0};
  shown_no_more();
  bool worked = result == 0 || report_counts(w->report)->read || w->journal;
  if (worked && write_reports(w, &told, &error)) return fail_report(w, result, failure, &error);
  if (result == 0) {
    const char *outcome = run_outcome(&told, w->report);
    bool values_on_stdout = w->asked->values_out && str_eq(str_of(w->asked->values_out), STR("-"));
    say(values_on_stdout ? stderr : stdout, w, outcome);
    say_nothing(values_on_stdout ? stderr : stdout, w, outcome);
    say_estimate(stdout, w);
    say_refused(stdout, w);
    return str_eq(str_of(outcome), STR("done")) ? 0 : error_exit_code(ERROR_differs);
  }
  if (can_resume(w, failure))
    (void)error_set(&error, failure->code, "%s. Go on with: drawbridge transfer --journal %s --resume", failure->message, w->journal);
  else
    error = *failure;
  (void)error_name_server(&error, str_of(failure->server));
  return command_fail("transfer", &error);
}

int command_transfer(int argc, char **argv) {
  struct asked asked = {0};
  struct error error = {0};
  int code = read_options(argc, argv, &asked);
  if (code != LINE_READ) return code;
  watch_signals();
  struct work w = {
      .asked = &asked, .arena = arena_new(), .report = report_new(), .refused = -1, .watch = {.cancel = &stop_asked, .judge = drift_judge}};
  w.language = language_wanted(&asked);
  w.watch.locale = str_of(language_tag(w.language));
  w.watch.progress = show_progress;
  w.watch.payload = &w;
  int64_t began = clock_now_ms();
  int result = transfer(&w, &error);
  code = finish(&w, began, result, &error);
  if (w.refused > STDOUT_FILENO) (void)close(w.refused);
  report_free(w.report);
  arena_free(w.arena);
  return code;
}
