#include "cmd/commands.h"

#include <signal.h>

#define VERSION "0.1.0"

static int command_version(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[0], "version") == 0 && strcmp(argv[1], "--help") != 0) {
    (void)fprintf(stderr, "drawbridge version: this word is not understood: %s\n", argv[1]);
    return COMMAND_USAGE;
  }
  return puts("drawbridge " VERSION) < 0 ? 4 : 0;
}

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {
    {"serve", command_serve, "runs the gateway"},
    {"align", command_align, "proposes which elements and cells of two data sets correspond"},
    {"check-config", command_check_config, "tells whether a configuration file is good, or lists what is wrong"},
    {"keys", command_keys, "adds a key to the key file"},
    {"mapping", command_mapping, "turns a mapping from one form into another; tells what changed since it was made (drift)"},
    {"doctor", command_doctor, "tells what is right and wrong about the way to a server"},
    {"ready", command_ready, "asks a running drawbridge whether it is ready"},
    {"admin", command_admin, "shows what a running drawbridge has under way, says why it is so, and ends it"},
    {"sessions", command_sessions, "lists who is signed in, and ends sessions"},
    {"store", command_store, "copies all that a store holds into another one: a backup, or a move to PostgreSQL and back"},
    {"transfer", command_transfer, "sends data values from one side to the other, by a mapping, and proves that the totals agree"},
    {"version", command_version, "prints the version"},
};

static void usage(void) {
  (void)fputs("usage: drawbridge COMMAND [OPTIONS]\n\n", stdout);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) (void)printf("  %-14s %s\n", commands[i].name, commands[i].help);
  (void)fputs("\ndrawbridge COMMAND --help tells its options.\n", stdout);
}

int command_fail(const char *command, const struct error *error) {
  bool named = !error->server[0] || strstr(error->message, error->server); /* of two servers one must know which */
  (void)fprintf(stderr, "drawbridge %s: %s%s%s%s\n", command, named ? "" : "server '", named ? "" : error->server,
                named ? "" : "': ", error->message);
  return error_exit_code(error->code);
}

int main(int argc, char **argv) {
  (void)signal(SIGPIPE, SIG_IGN); /* who is gone is an error of the write, with words; not the end of the program without one */
  if (argc < 2) {
    (void)fputs("drawbridge: a command is wanted; drawbridge --help lists them\n", stderr);
    return COMMAND_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    usage();
    return 0;
  }
  if (strcmp(argv[1], "--version") == 0) return command_version(argc, argv);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
  (void)fprintf(stderr, "drawbridge: there is no command '%s'; drawbridge --help lists them\n", argv[1]);
  return COMMAND_USAGE;
}
