#include "base/buf.h"
#include "base/utf8.h"
#include "cmd/commands.h"
#include "cmd/line.h"
#include "cmd/side.h"
#include "gateway/configured.h"

enum { SERVER_EXIT = 3, DIFFERS_EXIT = 1, NAME_WIDTH = 22, OUTCOME_WIDTH = 8, TEXT_MAX = 64 << 10 };

static const char usage[] =
    "usage: drawbridge doctor URL|server-id [--config FILE] [--format text|json]\n"
    "  Tells what is right and wrong about the way to a server, and what to do. Nobody is signed in, nothing is changed.\n"
    "  A personal access token in DRAWBRIDGE_<ID>_TOKEN (DRAWBRIDGE_URL_TOKEN for an address) is tried, too.\n"
    "  Exit: 0 nothing failed, 1 something did, 2 that is no address of a server, 3 no server could be reached there.\n";

struct options {
  const char *config, *target;
  bool json;
};

static int read_options(int argc, char **argv, struct options *options) {
  static const char *const formats[] = {"text", "json", NULL};
  const char *format = "text";
  const struct line_option known[] = {{"config", .text = &options->config}, {"format", .text = &format, .choices = formats}, {0}};
  struct line line = {.command = "doctor", .usage = usage, .options = known, .words_max = 1};
  char **words;
  int count, code = line_read(&line, argc, argv, &words, &count);
  if (code != LINE_READ) return code;
  if (!count) return line_refuse(&line, "the address of a server, or the id of a configured one, is wanted", NULL);
  options->json = strcmp(format, "json") == 0;
  options->target = words[0];
  return LINE_READ;
}

/* --- what is asked --- */

struct asked {
  struct source_place place;
  struct dhis2_question question;
};

static void ask_url(struct asked *asked, struct str url) {
  while (str_ends(url, STR("/"))) url.n--;
  asked->place = (struct source_place){.id = STR("url"), .base_url = url};
  asked->question = (struct dhis2_question){.place = &asked->place, .look_inside = true};
}

static const struct config_server *server_at(const struct config *config, struct str url) {
  while (str_ends(url, STR("/"))) url.n--;
  for (size_t i = 0; i < config->server_count; i++)
    if (str_eq(config->servers[i].url, url)) return &config->servers[i];
  return NULL;
}

static int prepare(const struct options *options, struct arena *arena, struct config **config, struct asked *asked, struct error *error) {
  struct str target = str_of(options->target);
  bool is_url = str_has(target, STR("://"));
  struct config_problems problems = {.arena = arena};
  if (!is_url && strpbrk(options->target, ".:/"))
    return error_set(error, ERROR_usage, "'%.*s' is neither a server's id nor an address: write https://%.*s", STR_ARG(target),
                     STR_ARG(target));
  if (!is_url || options->config) {
    if (config_load(options->config ? options->config : COMMAND_CONFIG_DEFAULT, config, &problems, error) < 0) return -1;
    const struct config_server *server = is_url ? server_at(*config, target) : config_server(*config, target);
    if (server) {
      asked->place = configured_place(server, arena);
      asked->question = configured_question(*config, server, &asked->place, arena);
      return 0;
    }
    if (!is_url)
      return error_set(error, ERROR_usage, "there is no server '%.*s' in the configuration, and it is no address with https:// either",
                       STR_ARG(target));
  }
  ask_url(asked, target);
  return 0;
}

/* --- what is told --- */

static void print_text(struct str text) {
  struct buf plain = BUF_INIT(TEXT_MAX);
  utf8_add_plain(&plain, text);
  (void)fwrite(plain.p, 1, plain.n, stdout);
  buf_free(&plain);
}

static void print_more(const char *mark, struct str text) {
  if (!text.n) return;
  (void)printf("%*s%s", OUTCOME_WIDTH + 1, "", mark);
  print_text(text);
  (void)putchar('\n');
}

static void print_check(const struct dhis2_check *check) {
  (void)printf("%-*s %-*.*s ", OUTCOME_WIDTH, dhis2_outcome_name(check->outcome), NAME_WIDTH, STR_ARG(check->check));
  print_text(check->found);
  (void)putchar('\n');
  if (check->outcome != DHIS2_CHECK_OK) print_more("", check->meaning);
  print_more("-> ", check->remedy);
}

static int tell(const struct options *options, const struct dhis2_diagnosis *diagnosis, struct arena *arena) {
  if (options->json) (void)printf("%.*s\n", STR_ARG(dhis2_diagnosis_json(arena, diagnosis)));
  for (size_t i = 0; !options->json && i < diagnosis->n; i++) print_check(&diagnosis->p[i]);
  if (fflush(stdout) != 0) return error_exit_code(ERROR_inside);
  if (!dhis2_diagnosis_reached(diagnosis)) return SERVER_EXIT;
  return dhis2_diagnosis_worst(diagnosis) == DHIS2_CHECK_FAILED ? DIFFERS_EXIT : 0;
}

/* Nobody was asked: that is about the words, or the configuration, and not about a server. */
static int refuse_address(const struct dhis2_diagnosis *diagnosis, struct error *error) {
  const struct dhis2_check *wrong = dhis2_diagnosis_refused(diagnosis);
  return wrong ? error_set(error, ERROR_usage, "%.*s: %.*s", STR_ARG(wrong->meaning), STR_ARG(wrong->remedy)) : 0;
}

int command_doctor(int argc, char **argv) {
  struct options options = {0};
  int status = read_options(argc, argv, &options);
  if (status != LINE_READ) return status;
  struct arena *arena = arena_new();
  struct config *config = NULL;
  struct asked asked = {0};
  struct dhis2_diagnosis diagnosis;
  struct error error = {0};
  if (prepare(&options, arena, &config, &asked, &error) < 0) {
    status = command_fail("doctor", &error);
  } else {
    struct secret *token = side_token(arena, asked.place.id);
    asked.question.token = token;
    dhis2_doctor(&asked.question, arena, &diagnosis);
    secret_free(token);
    status = refuse_address(&diagnosis, &error) < 0 ? command_fail("doctor", &error) : tell(&options, &diagnosis, arena);
  }
  config_unref(config);
  arena_free(arena);
  return status;
}
