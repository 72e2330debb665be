#include "base/error.h"

#include <stdarg.h>

static const struct {
  const char *name, *title;
  int http_status, exit_code;
} table[] = {{"none", "", 200, 0},
#define X(name, status, exit_code, title) {#name, title, status, exit_code},
             ERROR_TABLE(X)
#undef X
};

/* Makes one line of it (servers' own words come with breaks), and cuts a text that filled its buffer at the last whole UTF-8 character. */
static void tidy(char *text, size_t size) {
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) text[i] = ' ';
  if (n + 1 < size) return;
  while (n && ((unsigned char)text[n - 1] & 0xC0) == 0x80) n--;
  if (n && ((unsigned char)text[n - 1] & 0x80)) n--;
  text[n] = '\0';
}

int error_set(struct error *error, enum error_code code, const char *format, ...) {
  va_list args;
  *error = (struct error){.code = code};
  va_start(args, format);
  (void)vsnprintf(error->message, sizeof error->message, format, args);
  va_end(args);
  tidy(error->message, sizeof error->message);
  return -1;
}

int error_context(struct error *error, const char *format, ...) {
  char old[sizeof error->message];
  va_list args;
  memcpy(old, error->message, sizeof old);
  va_start(args, format);
  int n = vsnprintf(error->message, sizeof error->message, format, args);
  va_end(args);
  if (n >= 0 && (size_t)n < sizeof error->message) (void)snprintf(error->message + n, sizeof error->message - (size_t)n, ": %s", old);
  tidy(error->message, sizeof error->message);
  return -1;
}

const char *error_name(enum error_code code) {
  return table[code].name;
}

const char *error_title(enum error_code code) {
  return table[code].title;
}

int error_http_status(enum error_code code) {
  return table[code].http_status;
}

int error_exit_code(enum error_code code) {
  return table[code].exit_code;
}

int error_name_server(struct error *error, struct str id) {
  (void)snprintf(error->server, sizeof error->server, "%.*s", STR_ARG(id));
  return -1;
}
