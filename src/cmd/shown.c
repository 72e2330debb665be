#include "cmd/shown.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static bool is_shown;

void shown(const char *format, ...) {
  va_list args;
  if (!isatty(STDERR_FILENO)) return;
  is_shown = true;
  (void)fputs("\r\033[K", stderr);
  va_start(args, format);
  (void)vfprintf(stderr, format, args);
  va_end(args);
  (void)fflush(stderr);
}

void shown_no_more(void) {
  if (is_shown) (void)fputs("\r\033[K", stderr);
  is_shown = false;
}
