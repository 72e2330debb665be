/* log: one event a line, as JSON on stderr (or a readable line on a terminal).
 *
 * What holds always: an event has a fixed name and typed fields; there is no format string, so nothing from outside is
 * ever one. Texts are escaped, cut at 512 bytes, and bytes that are not UTF-8 are replaced. A `struct secret` has no
 * field kind: it cannot get here. Safe from any thread once log_setup has run.
 *
 * Each line is one write and out when the call returns, unless the thread has asked for log_gather: then its LOG_INFO and LOG_DEBUG lines wait for its
 * log_flush, for 64 KiB of them, or for any other line of whichever thread, whichever is first (so the order is kept, but between the lines of
 * two threads that gather). A loop that does so flushes before it waits for anything.
 *
 * LOG_AUDIT lines are never left out. They have a file of their own where one is opened: always JSON, one write each, nothing gathered. What that file does not take (a full disk) is counted and goes to stderr with the
 * other lines, and the trouble is told there once; no caller waits or fails for it.
 *
 *   log_event(LOG_INFO, "signed_in", LOG_STR("server", id), LOG_INT("ms", took)); */
#ifndef DRAWBRIDGE_BASE_LOG_H
#define DRAWBRIDGE_BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_AUDIT };

struct log_field {
  struct str key; /* `,"name":`, as it stands in the line; p == NULL ends the list */
  enum { LOG_FIELD_STR, LOG_FIELD_INT } kind;
  struct str text;
  int64_t number;
};

/* `field` is a literal: plain letters, digits and '_'. */
#define LOG_KEY(field) STR(",\"" field "\":")
#define LOG_STR(field, value) \
  { .key = LOG_KEY(field), .kind = LOG_FIELD_STR, .text = (value), .number = 0 }
#define LOG_TEXT(field, cstring) \
  { .key = LOG_KEY(field), .kind = LOG_FIELD_STR, .text = str_of(cstring), .number = 0 }
#define LOG_INT(field, value) \
  { .key = LOG_KEY(field), .kind = LOG_FIELD_INT, .text = STR_NONE, .number = (int64_t)(value) }
#define LOG_FAILURE(error) LOG_TEXT("code", error_name((error)->code)), LOG_TEXT("message", (error)->message)

#define log_event(level, event, ...) log_write((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = STR_NONE}})

void log_setup(enum log_level most, bool json); /* before: LOG_INFO, JSON */
/* Appends LOG_AUDIT lines to this file from now on (made with mode 0640); empty: to stderr like the others. Also to be called when the file was renamed, to begin a new one. -1: ERROR_configuration, all stays as it was. */
int log_audit_open(struct str path, struct error *error);
uint64_t log_audit_lost(void); /* lines that the file did not take */

void log_gather(bool on); /* for the calling thread, before it ends also false, which flushes */
void log_flush(void);     /* of the calling thread; without effect where it does not gather */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#endif
