/* Asks a running drawbridge whether it is ready: for what watches a container, where there is no other program that could ask. It reads no configuration, so one that is being changed makes nobody unwell. */
#include "cmd/commands.h"
#include "cmd/line.h"
#include "http/client.h"
#include "http/url.h"

#define ADMIN_DEFAULT "127.0.0.1:9090"

enum { READY_TIMEOUT_MS = 10000, READY_ANSWER_MAX = 4096 };

static const char usage[] = "usage: drawbridge ready [ADDRESS:PORT]\n"
                            "  asks /readyz at the configuration's admin_listen (default " ADMIN_DEFAULT ")\n"
                            "  Exit: 0 ready, 1 not, and why, 3 nobody answers there\n";

static int ask(const char *address) {
  static const struct str anywhere[] = {{"0.0.0.0/0", 9}, {"::/0", 4}}; /* it is named on this very command line */
  struct arena *arena = arena_new();
  struct http_client *client = http_client_new((struct http_client_options){
      .addresses = anywhere, .address_count = 2, .timeout_ms = READY_TIMEOUT_MS, .body_limit = READY_ANSWER_MAX});
  struct http_call call = {.method = STR("GET"), .url = arena_printf(arena, "http://%s/readyz", address)};
  struct http_answer answer;
  struct error error = {0};
  int failed = http_client_call(client, &call, arena, &answer, &error);
  int result = failed ? command_fail("ready", &error) : answer.status != 200;
  if (!failed) (void)printf("%.*s\n", STR_ARG(str_trim(answer.body)));
  http_client_free(client);
  arena_free(arena);
  return result;
}

/* Without a port, or with a path behind it, something else would be asked. */
static bool is_address(const char *text) {
  const char *colon = strrchr(text, ':');
  uint64_t port;
  struct url url;
  struct error ignored = {0};
  if (!colon || !str_to_u64(str_of(colon + 1), &port)) return false;
  struct arena *arena = arena_new();
  bool good = url_parse(arena, arena_printf(arena, "http://%s", text), &url, &ignored) == 0;
  arena_free(arena);
  return good;
}

int command_ready(int argc, char **argv) {
  static const struct line_option options[] = {{0}};
  char **words;
  struct line line = {.command = "ready", .usage = usage, .options = options, .words_max = 1};
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (count && !is_address(words[0])) return line_refuse(&line, "ADDRESS:PORT is wanted, like " ADMIN_DEFAULT ", not", words[0]);
  return ask(count ? words[0] : ADMIN_DEFAULT);
}
