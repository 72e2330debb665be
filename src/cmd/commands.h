/* commands: the subcommands of drawbridge, one per file (serve.c, align.c, …); drawbridge.c has the table.
 *
 * Each gets its own words (argv[0] is its name), prints what it has to say (results on stdout; errors in one line on stderr, see command_fail) and returns the exit code:
 * 0 done; 1 done but something was refused or differs; 2 bad usage or configuration; 3 a server could not be reached or refused; 4 inside failure. */
#ifndef DRAWBRIDGE_CMD_COMMANDS_H
#define DRAWBRIDGE_CMD_COMMANDS_H

#include "base/error.h"

int command_admin(int argc, char **argv);
int command_align(int argc, char **argv);
int command_check_config(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_mapping(int argc, char **argv);
int command_mapping_drift(int argc, char **argv); /* of command_mapping: argv[0] is "drift" */
int command_serve(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_ready(int argc, char **argv);
int command_sessions(int argc, char **argv);
int command_store(int argc, char **argv);
int command_transfer(int argc, char **argv);

/* Prints "drawbridge <command>: <message>" and returns the exit code of the error. */
int command_fail(const char *command, const struct error *error);

enum { COMMAND_USAGE = 2 };
#define COMMAND_CONFIG_DEFAULT "/etc/drawbridge/drawbridge.yaml"

#endif
