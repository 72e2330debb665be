#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "base/utf8.h"
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum { LONGEST_TEXT = 512, LONGEST_LINE = 16384, GATHERED_MAX = 64 * 1024 };

static enum log_level most = LOG_INFO;
static bool as_json = true;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  /* of what follows */
static struct buf line = {.max = LONGEST_LINE};           /* the one being made */
static struct buf gathered = {.max = GATHERED_MAX};       /* whole ones that are not out yet */
static bool gathering;
static pthread_t gatherer;
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

static void add_json(enum log_level level, const char *event, const struct log_field *fields) {
  char now[CLOCK_TEXT_SIZE];
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
}

static void add_text(enum log_level level, const char *event, const struct log_field *fields) {
  (void)buf_printf(&line, "%s %s", level_names[level], event);
  for (; fields->name; fields++) {
    (void)buf_printf(&line, " %s=", fields->name);
    struct json_out out = JSON_OUT_INIT(&line);
    if (fields->kind == LOG_FIELD_INT) json_out_int(&out, fields->number);
    else json_out_str(&out, cut(fields->text));
  }
}

/* What stderr does not take is lost: there is no other place to say so. */
static void write_out(struct str bytes) {
  while (bytes.n) {
    ssize_t n = write(STDERR_FILENO, bytes.p, bytes.n);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    bytes = str_from(bytes, (size_t)n);
  }
}

static void flush(void) {
  write_out(buf_str(&gathered));
  buf_clear(&gathered);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields) {
  if (level > most) return;
  (void)pthread_mutex_lock(&lock);
  buf_clear(&line);
  if (as_json) add_json(level, event, fields);
  else add_text(level, event, fields);
  bool whole = !line.full && buf_add_char(&line, '\n');
  bool waits = gathering && level >= LOG_INFO && pthread_equal(gatherer, pthread_self());
  if (whole && !buf_add(&gathered, buf_str(&line))) { /* it is full */
    flush();
    (void)buf_add(&gathered, buf_str(&line));
  }
  if (!waits) flush();
  (void)pthread_mutex_unlock(&lock);
}

void log_gather(bool on) {
  (void)pthread_mutex_lock(&lock);
  gathering = on;
  gatherer = pthread_self();
  flush();
  (void)pthread_mutex_unlock(&lock);
}

void log_flush(void) {
  (void)pthread_mutex_lock(&lock);
  flush();
  (void)pthread_mutex_unlock(&lock);
}
