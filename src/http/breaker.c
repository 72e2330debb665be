#include "http/breaker.h"

static bool is_open(const struct breaker *breaker) {
  return breaker->failures >= BREAKER_FAILURES;
}

int64_t breaker_lets(struct breaker *breaker, int64_t now_ms) {
  if (!is_open(breaker)) return 0;
  if (now_ms < breaker->until_ms) return breaker->until_ms - now_ms;
  if (breaker->trying) return BREAKER_FIRST_MS;
  breaker->trying = true;
  return 0;
}

void breaker_worked(struct breaker *breaker) {
  *breaker = (struct breaker){0};
}

void breaker_failed(struct breaker *breaker, int64_t now_ms) {
  breaker->trying = false;
  if (is_open(breaker) && now_ms < breaker->until_ms) return; /* one of several that were begun before it opened */
  if (!is_open(breaker)) breaker->failures++;
  if (!is_open(breaker)) return;
  breaker->pause_ms = breaker->pause_ms ? breaker->pause_ms * 2 : BREAKER_FIRST_MS;
  if (breaker->pause_ms > BREAKER_LONGEST_MS) breaker->pause_ms = BREAKER_LONGEST_MS;
  breaker->until_ms = now_ms + breaker->pause_ms;
}

void breaker_gave_up(struct breaker *breaker) {
  breaker->trying = false;
}
