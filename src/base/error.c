#include "base/error.h"

#include "base/json_out.h"
#include "base/utf8.h"

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
  for (size_t at = 0, from; from = at, at < n;)
    if (utf8_is_control(utf8_next((struct str){text, n}, &at))) memset(text + from, ' ', at - from);
  if (n + 1 < size) return;
  while (n && ((unsigned char)text[n - 1] & 0xC0) == 0x80) n--;
  if (n && ((unsigned char)text[n - 1] & 0x80)) n--;
  text[n] = '\0';
}

/* Signs around what a conversion writes. A value that has them itself is no value that can be told apart. */
enum { BEGINS = 1, ENDS = 2, FORMAT_MAX = 768 };

/* `format` with the signs around each conversion but %%. Returns their number; -1: they do not fit, or it is a lone conversion. */
static int mark(const char *format, char *ret) {
  size_t at = 0;
  int n = 0;
  bool lone = true;
  for (const char *p = format; *p;) {
    bool is_value = *p == '%' && p[1] != '%';
    size_t length = is_value ? 2 + strspn(p + 1, "-+ #0123456789.*hlzjt") : *p == '%' ? 2 : 1;
    if (at + length + 3 > FORMAT_MAX || (is_value && n == ERROR_HOLES_MAX)) return -1;
    if (is_value) ret[at++] = BEGINS;
    memcpy(ret + at, p, length);
    at += length;
    if (is_value) ret[at++] = ENDS, n++;
    lone = lone && is_value;
    p += length;
  }
  ret[at] = '\0';
  return lone && n == 1 ? -1 : n;
}

/* Takes the signs out and notes where they stood. Returns whether all `n` pairs were there, and nothing else. */
static bool take_marks(struct error *error, const char *text, int n) {
  size_t at = 0, begin = 0;
  int found = 0;
  bool open = false;
  for (; *text; text++) {
    if (*text == BEGINS || *text == ENDS) {
      if (open != (*text == ENDS) || found == n) return false;
      if (open) {
        error->holes[found].at = (unsigned short)begin;
        error->holes[found++].n = (unsigned short)(at - begin);
      }
      open = !open;
      begin = at;
    } else if (at + 2 < sizeof error->message)
      error->message[at++] = *text;
    else
      return false;
  }
  error->message[at] = '\0';
  if (found != n) return false;
  error->hole_count = (unsigned char)n;
  return true;
}

/* Fills message and holes alone. */
static void say(struct error *error, const char *format, va_list args) {
  char marked[FORMAT_MAX], text[sizeof error->message + 2 * ERROR_HOLES_MAX];
  va_list again;
  int n = mark(format, marked);
  error->hole_count = error->cut_count = 0;
  va_copy(again, args);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  if (n >= 0) (void)vsnprintf(text, sizeof text, marked, again);
#pragma GCC diagnostic pop
  va_end(again);
  if (n < 0 || !take_marks(error, text, n)) (void)vsnprintf(error->message, sizeof error->message, format, args);
  tidy(error->message, sizeof error->message);
}

int error_vset(struct error *error, enum error_code code, const char *format, va_list args) {
  *error = (struct error){.code = code};
  say(error, format, args);
  return -1;
}

int error_set(struct error *error, enum error_code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int result = error_vset(error, code, format, args);
  va_end(args);
  return result;
}

/* What was said before goes behind, with what is known of it as far as there is room. */
static void append(struct error *error, const struct error *old) {
  size_t n = strlen(error->message), shift = n + 2;
  if (shift >= sizeof error->message) return;
  bool cut = (size_t)snprintf(error->message + n, sizeof error->message - n, ": %s", old->message) >= sizeof error->message - n;
  tidy(error->message, sizeof error->message);
  if (cut || error->hole_count + old->hole_count > ERROR_HOLES_MAX || old->cut_count + 2 > ERROR_PARTS_MAX) {
    error->hole_count = error->cut_count = 0;
    return;
  }
  error->cuts[error->cut_count++] = (unsigned short)shift;
  for (size_t i = 0; i < old->cut_count; i++) error->cuts[error->cut_count++] = (unsigned short)(old->cuts[i] + shift);
  for (size_t i = 0; i < old->hole_count; i++) {
    error->holes[error->hole_count] = old->holes[i];
    error->holes[error->hole_count++].at += (unsigned short)shift;
  }
}

int error_context(struct error *error, const char *format, ...) {
  struct error old = *error;
  va_list args;
  va_start(args, format);
  say(error, format, args);
  va_end(args);
  append(error, &old);
  return -1;
}

/* From `from` on, up to the ": " before the next part. */
static void write_part(const struct error *error, size_t from, size_t to, struct json_out *out) {
  struct buf text = BUF_INIT(2 * sizeof error->message);
  size_t at = from, n = 0;
  json_out_object(out);
  for (size_t i = 0; i < error->hole_count; i++) {
    size_t begin = error->holes[i].at;
    if (begin < from || begin > to) continue;
    (void)buf_add(&text, (struct str){error->message + at, begin - at});
    (void)buf_printf(&text, "{%zu}", ++n);
    at = begin + error->holes[i].n;
  }
  (void)buf_add(&text, (struct str){error->message + at, to - at});
  json_out_member_str(out, "text", buf_str(&text));
  buf_free(&text);
  json_out_member_array(out, "values");
  for (size_t i = 0; i < error->hole_count; i++)
    if (error->holes[i].at >= from && error->holes[i].at <= to)
      json_out_str(out, (struct str){error->message + error->holes[i].at, error->holes[i].n});
  json_out_end(out);
  json_out_end(out);
}

void error_said_write(const struct error *error, struct json_out *out) {
  size_t from = 0;
  if (!error->message[0]) return;
  json_out_member_array(out, "said");
  for (size_t i = 0; i < error->cut_count; i++) {
    write_part(error, from, error->cuts[i] - 2, out);
    from = error->cuts[i];
  }
  write_part(error, from, strlen(error->message), out);
  json_out_end(out);
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

int error_because(struct error *error, const char *reason) {
  (void)snprintf(error->reason, sizeof error->reason, "%s", reason);
  return -1;
}

int error_name_server(struct error *error, struct str id) {
  if (!error->server[0]) (void)snprintf(error->server, sizeof error->server, "%.*s", STR_ARG(id));
  return -1;
}
