/* What a running drawbridge tells its operator, and what it ends, by its UNIX socket (api/console.h). */
#include "base/buf.h"
#include "base/json_doc.h"
#include "base/utf8.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "gateway/config.h"
#include "http/client.h"
#include "http/url.h"
#include "net/local.h"
#include <stdio.h>

enum { COLUMNS_MAX = 8, ANSWER_MAX = 64 << 20, TIMEOUT_MS = 120000, ID_MAX = 100, QUERY_MAX = 1000 };

static const char usage[] =
    "usage: drawbridge admin [--config FILE | --socket PATH] [--json] WHAT [list [--user NAME] [--server ID] | explain ID | end ID]\n"
    "  WHAT: sessions     browsers that are signed in\n"
    "        connections  their sign-ins at servers: ID is SESSION/SERVER\n"
    "        runs         transfers\n"
    "        mandates     what goes on without its people: runs, schedules\n"
    "  --user and --server narrow the lists of sessions and connections.\n"
    "  explain says why it is as it is, and what a person must do. end ends it at once; what drawbridge made at the servers is\n"
    "  ended there, too. The socket is the configuration's 'admin_socket'; root and the user that drawbridge runs as may use it.\n";

static const struct noun {
  const char *name;
  bool narrows;                     /* by --user and --server */
  const char *columns[COLUMNS_MAX]; /* of a list */
} nouns[] = {
    {"sessions", true, {"session", "used", "since", "connections", "app"}},
    {"connections", true, {"id", "kind", "state", "user", "since"}},
    {"runs", false, {"id", "state", "by", "from", "to", "periods", "updated"}},
    {"mandates", false, {"id", "for", "owner", "until"}},
};
enum { NOUNS = sizeof nouns / sizeof *nouns };

struct asked {
  const char *config, *socket;
  bool json;
  const struct noun *noun;
  const char *verb, *id, *user, *server;
};

/* --- what is shown --- */

static void add_value(struct buf *to, const json_t *value);

/* A connection in a session's row: server user (state, where it is not good). */
static void add_connection(struct buf *to, const json_t *value) {
  utf8_add_plain(to, json_text(value, "server"));
  (void)buf_add(to, STR(":"));
  utf8_add_plain(to, json_text(value, "user"));
  if (!str_eq(json_text(value, "state"), STR("ok"))) {
    (void)buf_add(to, STR("("));
    utf8_add_plain(to, json_text(value, "state"));
    (void)buf_add(to, STR(")"));
  }
}

static void add_list(struct buf *to, const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *value = json_array_get(list, i);
    if (i) (void)buf_add(to, STR(" "));
    if (json_is_object(value))
      add_connection(to, value);
    else
      add_value(to, value);
  }
}

static void add_value(struct buf *to, const json_t *value) {
  if (json_is_array(value))
    add_list(to, value);
  else if (json_is_string(value))
    utf8_add_plain(to, (struct str){json_string_value(value), json_string_length(value)});
  else if (json_is_integer(value))
    (void)buf_printf(to, "%lld", (long long)json_integer_value(value));
  else if (json_is_boolean(value))
    (void)buf_add(to, json_is_true(value) ? STR("yes") : STR("no"));
}

static struct str cell(struct arena *arena, const json_t *row, const char *column) {
  struct buf text = BUF_INIT(ANSWER_MAX);
  add_value(&text, json_object_get(row, column));
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

/* Letters, near enough: bytes of UTF-8 that do not go on a letter. */
static size_t width(struct str text) {
  size_t n = 0;
  for (size_t i = 0; i < text.n; i++) n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
  return n;
}

static void print_list(struct arena *arena, const struct noun *noun, const json_t *list) {
  size_t rows = json_array_size(list) + 1, columns = 0, widths[COLUMNS_MAX] = {0};
  struct str *cells = ARENA_ARRAY(arena, rows * COLUMNS_MAX, struct str);
  for (; columns < COLUMNS_MAX && noun->columns[columns]; columns++) {
    const char *name = noun->columns[columns];
    for (size_t r = 0; r < rows; r++) {
      struct str *text = &cells[r * COLUMNS_MAX + columns];
      *text = r ? cell(arena, json_array_get(list, r - 1), name) : str_of(name);
      if (width(*text) > widths[columns]) widths[columns] = width(*text);
    }
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) {
      struct str text = cells[r * COLUMNS_MAX + c];
      (void)printf("%.*s%*s", STR_ARG(text), c + 1 == columns ? 0 : (int)(widths[c] - width(text) + 2), "");
    }
    (void)printf("\n");
  }
}

static void print_object(struct arena *arena, const json_t *object, const char *before) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    if (json_is_object(value)) {
      print_object(arena, value, arena_printf(arena, "%s%s.", before, key).p);
    } else {
      struct str text = cell(arena, object, key);
      if (text.n) (void)printf("%s%s: %.*s\n", before, key, STR_ARG(text));
    }
  }
}

static void print(const struct asked *asked, struct arena *arena, const json_t *answer) {
  if (json_is_array(answer))
    print_list(arena, asked->noun, answer);
  else
    print_object(arena, answer, "");
}

/* --- what is asked --- */

static int find_socket(const struct asked *asked, struct arena *arena, const char **ret, struct error *error) {
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  if (asked->socket) {
    *ret = asked->socket;
    return 0;
  }
  if (config_load(asked->config, &config, &problems, error)) return -1;
  *ret = arena_cstr(arena, config->admin_socket);
  bool there = config->admin_socket.n > 0;
  config_unref(config);
  return there ? 0
               : error_set(error, ERROR_configuration,
                           "%s has no 'admin_socket': write admin_socket: /run/drawbridge/admin.sock into it, and start drawbridge anew",
                           asked->config);
}

static struct str url_of(const struct asked *asked, struct arena *arena) {
  struct str url = arena_printf(arena, "http://localhost/%s", asked->noun->name);
  if (asked->id) return arena_printf(arena, "%.*s/%s", STR_ARG(url), asked->id);
  return arena_printf(arena, "%.*s?user=%.*s&server=%.*s", STR_ARG(url), STR_ARG(url_encode(arena, str_of(asked->user))),
                      STR_ARG(url_encode(arena, str_of(asked->server))));
}

static int tell_refusal(const struct http_answer *answer, const json_t *said, struct error *error) {
  struct str detail = json_text(said, "detail");
  enum error_code code = answer->status == 404   ? ERROR_not_found
                         : answer->status == 403 ? ERROR_forbidden
                         : answer->status < 500  ? ERROR_bad_request
                                                 : ERROR_inside;
  return error_set(error, code, "%.*s", STR_ARG(detail.n ? detail : STR("it does not answer as drawbridge does")));
}

/* Beside the list, so that what reads it reads a list. */
static void tell_cut(const struct http_answer *answer) {
  struct str most;
  if (!http_headers_get(&answer->headers, STR("Drawbridge-Cut-After"), &most)) return;
  (void)fprintf(stderr, "drawbridge admin: there are more: these are the %.*s that changed last\n", STR_ARG(most));
}

static int ask(const struct asked *asked, struct arena *arena, struct error *error) {
  const char *path;
  struct http_answer answer;
  if (find_socket(asked, arena, &path, error)) return -1;
  struct http_client *client =
      http_client_new((struct http_client_options){.unix_socket = path, .timeout_ms = TIMEOUT_MS, .body_limit = ANSWER_MAX});
  bool ends = strcmp(asked->verb, "end") == 0;
  struct http_call call = {.method = ends ? STR("DELETE") : STR("GET"), .url = url_of(asked, arena)};
  int failed = http_client_call(client, &call, arena, &answer, error);
  http_client_free(client);
  if (failed && error->code == ERROR_server_unreachable)
    return error_set(error, ERROR_server_unreachable, "nobody answers at %s: is drawbridge running, and are you root or its user?", path);
  if (failed) return -1;
  json_t *said = json_doc_read(answer.body);
  if (answer.status != 200 || !said)
    failed = tell_refusal(&answer, said, error);
  else if (asked->json)
    (void)printf("%.*s\n", STR_ARG(answer.body));
  else
    print(asked, arena, said);
  json_decref(said);
  if (!failed) tell_cut(&answer);
  return failed;
}

/* Letters and digits, and one '/' where a connection is named: what stands in an address as it is. */
static bool is_id(const char *id) {
  size_t n = strlen(id);
  return n && n <= ID_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/") == n;
}

/* NULL, or what is wrong; behind it *ret_which, where that is not NULL. */
static const char *read_words(struct asked *asked, int count, char **words, const char **ret_which) {
  for (size_t i = 0; i < NOUNS && count; i++)
    if (strcmp(words[0], nouns[i].name) == 0) asked->noun = &nouns[i];
  asked->verb = count > 1 ? words[1] : "list";
  asked->id = count > 2 ? words[2] : NULL;
  bool lists = strcmp(asked->verb, "list") == 0, narrowed = str_of(asked->user).n || str_of(asked->server).n;
  bool names = strcmp(asked->verb, "end") == 0 || strcmp(asked->verb, "explain") == 0;
  *ret_which = count ? words[0] : NULL;
  if (!asked->noun) return count ? "WHAT is sessions, connections, runs or mandates, not" : "WHAT is missing";
  if (narrowed && (names || !asked->noun->narrows)) return "--user and --server narrow a list of sessions or connections, not";
  *ret_which = asked->verb;
  if (!lists && !names) return "behind WHAT comes list, explain or end, not";
  if (names && !asked->id) return "an ID as the list names it is missing behind";
  *ret_which = asked->id;
  if (lists && asked->id) return "a list has no ID:";
  if (names && !is_id(asked->id)) return "this is no ID as the list names it:";
  *ret_which = NULL;
  return str_of(asked->user).n > QUERY_MAX || str_of(asked->server).n > QUERY_MAX ? "--user and --server have 1000 bytes at most" : NULL;
}

int command_admin(int argc, char **argv) {
  struct asked asked = {.config = COMMAND_CONFIG_DEFAULT};
  struct error error = {0};
  const struct line_option options[] = {{"config", .text = &asked.config}, {"socket", .text = &asked.socket}, {"json", .flag = &asked.json},
                                        {"user", .text = &asked.user},     {"server", .text = &asked.server}, {0}};
  struct line line = {.command = "admin", .usage = usage, .options = options, .words_max = 3};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (asked.socket && strlen(asked.socket) > LOCAL_PATH_MAX) return line_refuse(&line, "no socket has so long a path:", asked.socket);
  const char *which, *wrong = read_words(&asked, count, words, &which);
  if (wrong) return line_refuse(&line, wrong, which);
  struct arena *arena = arena_new();
  int failed = ask(&asked, arena, &error);
  arena_free(arena);
  return failed ? command_fail("admin", &error) : 0;
}
