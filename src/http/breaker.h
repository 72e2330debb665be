/* breaker: whether a server that could not be connected to is tried again, or is spared the call for a while.
 *
 * What holds always: closed as long as connecting works; after BREAKER_FAILURES in a row that did not it is open for a second, and twice as long each time the one try that then
 * is let through fails too, up to half a minute. Only connecting counts: what a server answers, be it a 5xx, says that it is there, and one slow or broken resource shuts nobody out.
 *
 * Life cycle: all zero is closed. Ask breaker_lets before each attempt; tell how it ended by one of the other three. No clock of its own: milliseconds of any clock that never goes back. */
#ifndef DRAWBRIDGE_HTTP_BREAKER_H
#define DRAWBRIDGE_HTTP_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_FAILURES = 3, BREAKER_FIRST_MS = 1000, BREAKER_LONGEST_MS = 30000 };

struct breaker {
  unsigned failures; /* in a row */
  bool trying;       /* the one try is under way */
  int64_t pause_ms, until_ms;
};

/* 0: try. Else it is not to be tried for so many milliseconds, or until the try that is under way has ended. */
int64_t breaker_lets(struct breaker *breaker, int64_t now_ms);

void breaker_worked(struct breaker *breaker);
void breaker_failed(struct breaker *breaker, int64_t now_ms);
void breaker_gave_up(struct breaker *breaker); /* who tried went away: the next may try */

#endif
