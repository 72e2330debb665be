#include "cmd/line.h"

#include "base/buf.h"
#include "cmd/commands.h"
#include <getopt.h>

enum { OPTIONS_MAX = 40, HELP = 256, FIRST, MESSAGE_MAX = 1024 };
#define WANTS_VALUE "a value is wanted behind"

int line_refuse(const struct line *line, const char *what, const char *which) {
  (void)fprintf(stderr, "drawbridge %s: %s%s%s; drawbridge %s --help tells the options\n", line->command, what, which ? " " : "",
                which ? which : "", line->command);
  return COMMAND_USAGE;
}

static bool is_choice(const struct line_option *option, const char *value) {
  const char *const *choice = option->choices;
  while (*choice && strcmp(*choice, value) != 0) choice++;
  return *choice != NULL;
}

static int refuse_choice(const struct line *line, const struct line_option *option, const char *value) {
  struct buf what = BUF_INIT(MESSAGE_MAX);
  (void)buf_printf(&what, "--%s takes ", option->name);
  for (size_t i = 0; option->choices[i]; i++)
    (void)buf_printf(&what, "%s%s", i == 0 ? "" : option->choices[i + 1] ? ", " : " or ", option->choices[i]);
  (void)buf_add(&what, STR(", not"));
  (void)buf_add_char(&what, '\0');
  int code = line_refuse(line, what.p, value);
  buf_free(&what);
  return code;
}

/* Mostly a variable of a script that nobody has set. */
static int refuse_empty(const struct line *line, const struct line_option *option) {
  char name[MESSAGE_MAX];
  (void)snprintf(name, sizeof name, "--%s", option->name);
  return line_refuse(line, WANTS_VALUE, name);
}

static int take(const struct line *line, const struct line_option *option, const char *value) {
  if (option->flag) {
    *option->flag = true;
  } else if (option->take && *value) {
    const char *wrong = option->take(option->payload, value);
    if (wrong) return line_refuse(line, wrong, value);
  } else if (option->choices && !is_choice(option, value)) {
    return refuse_choice(line, option, value);
  } else if (!*value) {
    return refuse_empty(line, option);
  } else {
    *option->text = value;
  }
  return LINE_READ;
}

/* What getopt did not take: a letter has its own name (of several in a word it is one), a long option stands in the word before. */
static int refuse_option(const struct line *line, bool wants_value, char **argv) {
  const char letter[] = {'-', (char)optopt, '\0'};
  bool is_letter = optopt > 0 && optopt < HELP;
  return line_refuse(line,
                     wants_value ? WANTS_VALUE : "there is no such option, or it takes no value:", is_letter ? letter : argv[optind - 1]);
}

int line_read(const struct line *line, int argc, char **argv, char ***ret_words, int *ret_count) {
  struct option words[OPTIONS_MAX + 2] = {{"help", no_argument, NULL, HELP}};
  for (int i = 0; i < OPTIONS_MAX && line->options[i].name; i++)
    words[i + 1] = (struct option){line->options[i].name, line->options[i].flag ? no_argument : required_argument, NULL, FIRST + i};
  for (int option; (option = getopt_long(argc, argv, ":", words, NULL)) != -1;) {
    if (option == HELP) return fputs(line->usage, stdout) < 0 ? error_exit_code(ERROR_inside) : 0;
    int code = option < FIRST ? refuse_option(line, option == ':', argv) : take(line, &line->options[option - FIRST], optarg);
    if (code != LINE_READ) return code;
  }
  if (argc - optind > line->words_max) return line_refuse(line, "this word is not understood:", argv[optind + line->words_max]);
  *ret_words = argv + optind;
  *ret_count = argc - optind;
  return LINE_READ;
}
