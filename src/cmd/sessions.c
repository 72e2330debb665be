#include "api/mandates.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "gateway/audit.h"
#include "gateway/config.h"
#include "gateway/roster.h"

enum { JSON_MAX = 64 << 20 };

static const char usage[] =
    "usage: drawbridge sessions [--config FILE] [--format text|json] [--session MARK] [--user NAME] [--server ID]\n"
    "                           [--end [--all] [--keep-mandates]]\n"
    "  Lists the sessions that have not ended, the last used first. --session names one by its mark in the log; --user and --server\n"
    "  those with such a connection. --end ends what is so named, and every session with --all, together with what its people let go\n"
    "  on without them (runs, schedules), unless --keep-mandates. A running drawbridge knows within ten seconds. Where it has an\n"
    "  'admin_socket', `drawbridge admin` is better: it knows at once, and revokes at the servers what can be revoked.\n";

struct asked {
  const char *config;
  struct roster_asked who;
  bool json, end, all, keep;
};

struct going {
  const struct asked *asked;
  struct store *store;
  struct arena *arena;
  struct json_out *out;
  struct mandates_view *views; /* of all that goes on without its people */
  size_t view_count;
  bool audited;
  size_t matched, mandates;
};

static void print_text(const struct roster_row *row, struct arena *arena) {
  char created[CLOCK_TEXT_SIZE], seen[CLOCK_TEXT_SIZE];
  (void)printf("%s  since %s  used %s %.*s\n", row->mark, clock_format(row->session->created_ms, created),
               clock_format(row->session->seen_ms, seen), STR_ARG(row->session->app));
  for (size_t i = 0; i < row->count; i++) {
    struct buf line = BUF_INIT(4096), plain = BUF_INIT(4096); /* a name may hold anything: as JSON writes it, it ends no line */
    struct json_out out = JSON_OUT_INIT(&line);
    json_out_str(&out, roster_user(arena, &row->connections[i], "username"));
    utf8_add_plain(&plain, buf_str(&line));
    (void)printf("    %-32.*s %-12.*s %-16.*s %.*s\n", STR_ARG(row->connections[i].server), STR_ARG(row->connections[i].kind),
                 STR_ARG(row->connections[i].state), STR_ARG(buf_str(&plain)));
    buf_free(&line);
    buf_free(&plain);
  }
}

static int end(struct going *g, const struct roster_row *row, struct error *error) {
  size_t count = 0;
  if (mandates_withdraw(g->store, g->views, g->view_count, row, g->arena, &count, error)) return -1;
  g->mandates += count;
  if (store_session_delete(g->store, row->session->id, error)) return -1;
  if (g->audited) roster_audit_end(row, g->arena);
  return 0;
}

static int one(void *payload, const struct roster_row *row, struct error *error) {
  struct going *g = payload;
  g->matched++;
  if (g->asked->end) return end(g, row, error);
  if (!g->asked->json) {
    print_text(row, g->arena);
    return 0;
  }
  json_out_object(g->out);
  roster_session_members(g->out, row, g->arena);
  json_out_end(g->out);
  return 0;
}

static int go_through(const struct asked *asked, struct store *store, bool audited, struct arena *arena, struct error *error) {
  struct buf buf = BUF_INIT(JSON_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  struct going g = {.asked = asked, .store = store, .arena = arena, .out = &out, .audited = audited};
  json_out_array(&out);
  int failed = asked->end && !asked->keep ? mandates_look(store, arena, &g.views, &g.view_count, error) : 0;
  if (!failed) failed = roster_each(store, &asked->who, arena, one, &g, error);
  json_out_end(&out);
  if (!failed && asked->end)
    (void)printf("%zu ended, and %zu runs and schedules that would have gone on without their people\n", g.matched, g.mandates);
  else if (!failed && asked->json)
    (void)printf("%.*s\n", STR_ARG(buf_str(&buf)));
  buf_free(&buf);
  return failed;
}

static int run(const struct asked *asked, struct error *error) {
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct store *store = NULL;
  int failed = config_load(asked->config, &config, &problems, error);
  if (!failed && asked->end && config->log_audit.n) failed = log_audit_open(config->log_audit, error);
  if (!failed) store = store_open_existing(config->store, error);
  failed = store ? go_through(asked, store, asked->end && config->log_audit.n, arena, error) : -1;
  if (store) store_close(store);
  config_unref(config);
  arena_free(arena);
  return failed;
}

int command_sessions(int argc, char **argv) {
  static const char *const formats[] = {"text", "json", NULL};
  const char *format = "text", *user = NULL, *server = NULL, *mark = NULL;
  struct asked asked = {.config = COMMAND_CONFIG_DEFAULT};
  struct error error = {0};
  const struct line_option options[] = {{"config", .text = &asked.config},
                                        {"format", .text = &format, .choices = formats},
                                        {"user", .text = &user},
                                        {"server", .text = &server},
                                        {"session", .text = &mark},
                                        {"end", .flag = &asked.end},
                                        {"all", .flag = &asked.all},
                                        {"keep-mandates", .flag = &asked.keep},
                                        {0}};
  struct line line = {.command = "sessions", .usage = usage, .options = options};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  asked.json = strcmp(format, "json") == 0;
  asked.who = (struct roster_asked){.mark = str_of(mark), .user = str_of(user), .server = str_of(server)};
  bool named = asked.who.user.n || asked.who.server.n || asked.who.mark.n;
  if (asked.who.mark.n && asked.who.mark.n != ROSTER_MARK_LETTERS) return line_refuse(&line, "this is no mark as the list has it:", mark);
  if ((asked.all || asked.keep) && !asked.end) return line_refuse(&line, "--all and --keep-mandates go with --end", NULL);
  if (asked.end && named == asked.all) return line_refuse(&line, "--end wants either --session, --user or --server, or --all", NULL);
  return run(&asked, &error) ? command_fail("sessions", &error) : 0;
}
