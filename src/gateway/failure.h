/* failure: errors with what belongs to them beside the message: the server concerned, and when to try again. Each fills *error and returns -1. */
#ifndef DRAWBRIDGE_GATEWAY_FAILURE_H
#define DRAWBRIDGE_GATEWAY_FAILURE_H

#include "base/error.h"

int failure_at(struct error *error, enum error_code code, struct str server, const char *format, ...) __attribute__((format(printf, 4, 5)));
int failure_later(struct error *error, enum error_code code, int retry_after_s, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int failure_busy(struct error *error);                          /* ERROR_busy: a queue inside is full */
int failure_unknown_server(struct error *error, struct str id); /* ERROR_unknown_server: the configuration has none of this id */

#endif
