/* line: what a subcommand is told on its command line, read by one table.
 *
 * What holds always: getopt_long reads it, so "--name=value" is fine, words may stand between options, and "--" ends these. --help is every command's. Whatever is refused is told on stderr in one line, with the way to the usage.
 * Texts borrow from argv. */
#ifndef DRAWBRIDGE_CMD_LINE_H
#define DRAWBRIDGE_CMD_LINE_H

#include <stdbool.h>

/* One of `text`, `flag`, `take`. */
struct line_option {
  const char *name;                                      /* without its dashes; NULL ends the table */
  const char **text;                                     /* gets the value; of several the last one */
  const char *const *choices;                            /* of `text`: what it may be, as "text or json"; NULL: anything. NULL ends them */
  bool *flag;                                            /* has no value */
  const char *(*take)(void *payload, const char *value); /* NULL, or what is wrong with the value, which is said behind that */
  void *payload;                                         /* of `take` */
};

struct line {
  const char *command; /* "mapping drift" */
  const char *usage;
  const struct line_option *options;
  int words_max; /* beside the options */
};

enum { LINE_READ = -1 };

/* LINE_READ: go on, with *ret_count words in *ret_words (a part of argv). Else the exit code: --help was told, or something was refused. */
int line_read(const struct line *line, int argc, char **argv, char ***ret_words, int *ret_count);

/* Tells what is wrong (`which` NULL: nothing behind it). Returns the exit code. */
int line_refuse(const struct line *line, const char *what, const char *which);

#endif
