#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "base/utf8.h"
#include <unistd.h>

enum { LONGEST_TEXT = 512, LONGEST_LINE = 16384 };

static enum log_level most = LOG_INFO;
static bool as_json = true;
static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_setup(enum log_level level, bool json) {
  most = level;
  as_json = json;
}

bool log_level_of(struct str name, enum log_level *ret) {
  for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++)
    if (str_eq(name, str_of(level_names[i]))) {
      *ret = (enum log_level)i;
      return true;
    }
  return false;
}

static struct str cut(struct str text) {
  return text.n <= LONGEST_TEXT ? text : str_slice(text, 0, utf8_boundary(text, LONGEST_TEXT));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields) {
  char now[CLOCK_TEXT_SIZE];
  if (level > most) return;
  struct buf line = BUF_INIT(LONGEST_LINE);
  if (as_json) {
    struct json_out out = JSON_OUT_INIT(&line);
    json_out_object(&out);
    json_out_member_str(&out, "time", str_of(clock_format(clock_now_ms(), now)));
    json_out_member_str(&out, "level", str_of(level_names[level]));
    json_out_member_str(&out, "event", str_of(event));
    for (; fields->name; fields++) {
      if (fields->kind == LOG_FIELD_INT) json_out_member_int(&out, fields->name, fields->number);
      else json_out_member_str(&out, fields->name, cut(fields->text));
    }
    json_out_end(&out);
  } else {
    (void)buf_printf(&line, "%s %s", level_names[level], event);
    for (; fields->name; fields++) {
      (void)buf_printf(&line, " %s=", fields->name);
      if (fields->kind == LOG_FIELD_INT) (void)buf_printf(&line, "%lld", (long long)fields->number);
      else {
        struct json_out out = JSON_OUT_INIT(&line);
        json_out_str(&out, cut(fields->text));
      }
    }
  }
  if (!line.full && buf_add_char(&line, '\n')) (void)!write(STDERR_FILENO, line.p, line.n);
  buf_free(&line);
}
