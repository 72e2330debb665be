#include "base/clock.h"
#include "base/json_out.h"
#include "cmd/commands.h"
#include "gateway/audit.h"
#include "gateway/config.h"
#include "store/store.h"
#include <getopt.h>
#include <jansson.h>

enum { LISTED_MAX = 100000, JSON_MAX = 64 << 20, MARK_LETTERS = SESSION_MARK_SIZE - 1 };

static const char usage[] =
    "usage: drawbridge sessions [--config FILE] [--format text|json] [--session MARK] [--user NAME] [--server ID] [--end [--all]]\n"
    "  Lists the sessions that have not ended, the last used first. --session names one by its mark in the log; --user and --server\n"
    "  those with such a connection. --end ends what is so named; every session with --all. A running drawbridge knows within ten\n"
    "  seconds. Nothing is revoked at the servers: only the browser's cookie opens a credential.\n";

struct asked {
  const char *config;
  struct str user, server, mark; /* empty: any */
  bool json, end, all;
};

/* One session with what it is asked for by. */
struct row {
  const struct store_session *session;
  struct store_connection *connections;
  size_t count;
  char mark[SESSION_MARK_SIZE];
};

static struct str username_of(struct arena *arena, const struct store_connection *connection) {
  json_t *user = json_loadb(connection->user.p ? connection->user.p : "", connection->user.n, 0, NULL);
  struct str name = arena_str(arena, str_of(json_string_value(json_object_get(user, "username"))));
  json_decref(user);
  return name;
}

static bool is_asked_for(const struct asked *asked, const struct row *row, struct arena *arena) {
  if (asked->mark.n && !str_eq(asked->mark, str_of(row->mark))) return false;
  if (!asked->user.n && !asked->server.n) return true;
  for (size_t i = 0; i < row->count; i++) {
    bool here = !asked->server.n || str_eq(row->connections[i].server, asked->server);
    if (here && (!asked->user.n || str_eq(username_of(arena, &row->connections[i]), asked->user))) return true;
  }
  return false;
}

/* --- what is told --- */

static void print_text(const struct row *row, struct arena *arena) {
  char created[CLOCK_TEXT_SIZE], seen[CLOCK_TEXT_SIZE];
  (void)printf("%s  since %s  used %s %.*s\n", row->mark, clock_format(row->session->created_ms, created),
               clock_format(row->session->seen_ms, seen), STR_ARG(row->session->app));
  for (size_t i = 0; i < row->count; i++) {
    struct buf line = BUF_INIT(4096); /* a name may hold anything: as JSON writes it, it moves no cursor */
    struct json_out out = JSON_OUT_INIT(&line);
    json_out_str(&out, username_of(arena, &row->connections[i]));
    (void)printf("    %-32.*s %-12.*s %-16.*s %.*s\n", STR_ARG(row->connections[i].server), STR_ARG(row->connections[i].kind),
                 STR_ARG(row->connections[i].state), STR_ARG(buf_str(&line)));
    buf_free(&line);
  }
}

static void add_json(struct json_out *out, const struct row *row, struct arena *arena) {
  json_out_object(out);
  json_out_member_str(out, "session", str_of(row->mark));
  json_out_member_time(out, "since", row->session->created_ms);
  json_out_member_time(out, "used", row->session->seen_ms);
  json_out_member_time(out, "expires_at", row->session->expires_ms);
  json_out_member_str(out, "app", row->session->app);
  json_out_member_str(out, "mode", row->session->mode);
  json_out_member_array(out, "connections");
  for (size_t i = 0; i < row->count; i++) {
    json_out_object(out);
    json_out_member_str(out, "server", row->connections[i].server);
    json_out_member_str(out, "kind", row->connections[i].kind);
    json_out_member_str(out, "state", row->connections[i].state);
    json_out_member_str(out, "user", username_of(arena, &row->connections[i]));
    json_out_end(out);
  }
  json_out_end(out);
  json_out_end(out);
}

/* --- what is done --- */

static int end(struct store *store, const struct row *row, bool audited, struct arena *arena, struct error *error) {
  if (store_session_delete(store, row->session->id, error)) return -1;
  for (size_t i = 0; audited && i < row->count; i++)
    audit_ended(row->mark, row->connections[i].server, username_of(arena, &row->connections[i]));
  if (audited && !row->count) audit_ended(row->mark, STR_NONE, STR_NONE);
  return 0;
}

static int go_through(const struct asked *asked, struct store *store, bool audited, struct arena *arena, struct error *error) {
  struct store_session *list = NULL;
  size_t count = 0, matched = 0;
  struct buf buf = BUF_INIT(JSON_MAX);
  struct json_out out = JSON_OUT_INIT(&buf);
  int failed = store_session_list(store, clock_now_ms(), LISTED_MAX, arena, &list, &count, error);
  json_out_array(&out);
  for (size_t i = 0; i < count && !failed; i++) {
    struct row row = {.session = &list[i]};
    (void)hash_hex(list[i].id, MARK_LETTERS / 2, row.mark);
    failed = store_connection_list(store, list[i].id, arena, &row.connections, &row.count, error);
    if (failed || !is_asked_for(asked, &row, arena)) continue;
    matched++;
    if (asked->end)
      failed = end(store, &row, audited, arena, error);
    else if (asked->json)
      add_json(&out, &row, arena);
    else
      print_text(&row, arena);
  }
  json_out_end(&out);
  if (!failed && asked->end)
    (void)printf("%zu ended\n", matched);
  else if (!failed && asked->json)
    (void)printf("%.*s\n", STR_ARG(buf_str(&buf)));
  buf_free(&buf);
  return failed ? -1 : 0;
}

static int run(const struct asked *asked, struct error *error) {
  struct arena *arena = arena_new();
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  struct store *store = NULL;
  int failed = config_load(asked->config, &config, &problems, error);
  if (!failed && asked->end && config->log_audit.n) failed = log_audit_open(config->log_audit, error);
  if (!failed) store = store_open(config->store, error);
  failed = store ? go_through(asked, store, asked->end && config->log_audit.n, arena, error) : -1;
  if (store) store_close(store);
  config_unref(config);
  arena_free(arena);
  return failed;
}

static int refuse_words(bool help) {
  (void)fputs(usage, help ? stdout : stderr);
  return help ? 0 : COMMAND_USAGE;
}

int command_sessions(int argc, char **argv) {
  static const struct option words[] = {
      {"config", required_argument, NULL, 'c'}, {"format", required_argument, NULL, 'f'},  {"user", required_argument, NULL, 'u'},
      {"server", required_argument, NULL, 's'}, {"session", required_argument, NULL, 'm'}, {"end", no_argument, NULL, 'e'},
      {"all", no_argument, NULL, 'a'},          {"help", no_argument, NULL, 'h'},          {0}};
  struct asked asked = {.config = COMMAND_CONFIG_DEFAULT};
  struct error error = {0};
  for (int option; (option = getopt_long(argc, argv, "", words, NULL)) != -1;) {
    switch (option) {
    case 'c': asked.config = optarg; break;
    case 'u': asked.user = str_of(optarg); break;
    case 's': asked.server = str_of(optarg); break;
    case 'e': asked.end = true; break;
    case 'm': asked.mark = str_of(optarg); break;
    case 'a': asked.all = true; break;
    case 'f':
      asked.json = strcmp(optarg, "json") == 0;
      if (asked.json || strcmp(optarg, "text") == 0) break;
      return refuse_words(false);
    default: return refuse_words(option == 'h');
    }
  }
  bool named = asked.user.n || asked.server.n || asked.mark.n;
  if (optind < argc || (asked.mark.n && asked.mark.n != MARK_LETTERS) || (asked.all && !asked.end) || (asked.end && named == asked.all))
    return refuse_words(false);
  return run(&asked, &error) ? command_fail("sessions", &error) : 0;
}
