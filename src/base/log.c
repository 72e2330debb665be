#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { AUDIT_MODE = 0640, LONGEST_TEXT = 512, LONGEST_LINE = 16384, GATHERED_MAX = 64 * 1024 };

struct writer {
  struct writer *next;   /* of those that gather; under `lock` */
  pthread_mutex_t guard; /* of what follows; taken after `lock` where both are */
  struct buf line;       /* the one being made */
  struct buf gathered;   /* whole ones that are not out yet */
  int64_t second;        /* of `now` */
  char now[CLOCK_TEXT_SIZE];
};

#define WRITER_INIT \
  { .guard = PTHREAD_MUTEX_INITIALIZER, .line = {.max = LONGEST_LINE}, .gathered = {.max = GATHERED_MAX}, .second = INT64_MIN }

static _Atomic int most = LOG_INFO;
static atomic_bool as_json = true;
static _Thread_local struct writer *own;                 /* of a thread that gathers; NULL: it does not */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows, and of what is written */
static struct writer common = WRITER_INIT;               /* of all others */
static struct writer *gathering;                         /* all that do */
static int audit = -1;                                   /* its file; -1: with the other lines */
static bool audit_torn, audit_ill;                       /* it ends in half a line; it did not take the last one */
static _Atomic uint64_t audit_lost;
static const char *const level_names[] = {"error", "warning", "info", "debug", "audit"};

void log_setup(enum log_level level, bool json) {
  most = (int)level;
  as_json = json;
}

static struct str cut(struct str text) {
  return text.n <= LONGEST_TEXT ? text : str_slice(text, 0, utf8_boundary(text, LONGEST_TEXT));
}

/* The time up to the second is written anew when that has changed. */
static struct str now_text(struct writer *writer) {
  enum { TO_SECOND = 19 }; /* "2024-02-03T10:00:00" */
  int64_t ms = clock_now_ms(), part = ms % 1000;
  if (ms / 1000 != writer->second) (void)clock_format(ms - part, writer->now);
  writer->second = ms / 1000;
  const char tail[] = {'.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10), 'Z'};
  memcpy(writer->now + TO_SECOND, tail, sizeof tail);
  return (struct str){writer->now, TO_SECOND + sizeof tail};
}

static void add_json(struct writer *writer, enum log_level level, const char *event, const struct log_field *fields) {
  struct buf *line = &writer->line;
  struct json_out out = JSON_OUT_INIT(line);
  (void)buf_add(line, STR("{\"time\":\""));
  (void)buf_add(line, now_text(writer));
  (void)buf_add(line, STR("\",\"level\":\""));
  (void)buf_add(line, str_of(level_names[level]));
  (void)buf_add(line, STR("\",\"event\":"));
  out.after_key = true; /* as behind every key that is written here */
  json_out_str(&out, str_of(event));
  for (; fields->key.p; fields++) {
    (void)buf_add(line, fields->key);
    out.after_key = true;
    if (fields->kind == LOG_FIELD_INT)
      json_out_int(&out, fields->number);
    else
      json_out_str(&out, cut(fields->text));
  }
  (void)buf_add_char(line, '}');
}

static void add_text(struct writer *writer, enum log_level level, const char *event, const struct log_field *fields) {
  struct buf *line = &writer->line;
  (void)buf_printf(line, "%s %s", level_names[level], event);
  for (; fields->key.p; fields++) {
    struct str name = str_slice(fields->key, 2, fields->key.n - 2);
    struct json_out out = JSON_OUT_INIT(line);
    (void)buf_printf(line, " %.*s=", STR_ARG(name));
    if (fields->kind == LOG_FIELD_INT)
      json_out_int(&out, fields->number);
    else
      json_out_str(&out, cut(fields->text));
  }
}

/* What was not taken. */
static struct str write_out(int fd, struct str bytes) {
  while (bytes.n) {
    ssize_t n = write(fd, bytes.p, bytes.n);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    bytes = str_from(bytes, (size_t)n);
  }
  return bytes;
}

/* What stderr does not take is lost: there is no other place to say so. */
static void flush(struct writer *writer) {
  (void)pthread_mutex_lock(&writer->guard);
  (void)write_out(STDERR_FILENO, buf_str(&writer->gathered));
  buf_clear(&writer->gathered);
  (void)pthread_mutex_unlock(&writer->guard);
}

static void flush_all(void) {
  for (struct writer *writer = gathering; writer; writer = writer->next) flush(writer);
}

/* False: the file did not take the line, or not all of it. */
static bool write_audit(struct str whole) {
  if (audit_torn && write_out(audit, STR("\n")).n) return false;
  struct str rest = write_out(audit, whole);
  audit_torn = rest.n && rest.n < whole.n;
  return !rest.n;
}

/* False: it does not fit into any line. */
static bool make_line(struct writer *writer, bool json, enum log_level level, const char *event, const struct log_field *fields) {
  buf_clear(&writer->line);
  if (json)
    add_json(writer, level, event, fields);
  else
    add_text(writer, level, event, fields);
  return !writer->line.full && buf_add_char(&writer->line, '\n');
}

static bool add_gathered(struct writer *writer) {
  (void)pthread_mutex_lock(&writer->guard);
  bool added = buf_add(&writer->gathered, buf_str(&writer->line));
  (void)pthread_mutex_unlock(&writer->guard);
  return added;
}

/* Makes one line of this thread's own, which waits: threads that gather do not wait for each other. */
static void gather(struct writer *writer, enum log_level level, const char *event, const struct log_field *fields) {
  if (!make_line(writer, as_json, level, event, fields) || add_gathered(writer)) return;
  log_flush(); /* it is full */
  (void)add_gathered(writer);
}

/* Makes one line and puts it where it belongs. Only under the lock. */
static bool add_event(enum log_level level, const char *event, const struct log_field *fields) {
  bool own_file = level == LOG_AUDIT && audit >= 0;
  if (!make_line(&common, as_json || own_file, level, event, fields)) return true;
  if (own_file && write_audit(buf_str(&common.line))) return true;
  (void)write_out(STDERR_FILENO, buf_str(&common.line));
  return !own_file;
}

/* Tells the change alone: a full disk must not fill stderr too. */
static void tell_audit(bool taken, int cause) {
  if (!taken) audit_lost++;
  if (taken != audit_ill) return;
  audit_ill = !taken;
  const struct log_field trouble[] = {LOG_TEXT("message", strerror(cause)), {.key = STR_NONE}};
  const struct log_field over[] = {LOG_INT("lost", audit_lost), {.key = STR_NONE}};
  if (taken)
    (void)add_event(LOG_WARNING, "audit_written_again", over);
  else
    (void)add_event(LOG_ERROR, "audit_not_written", trouble);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields) {
  if ((int)level > most && level != LOG_AUDIT) return;
  if (own && (level == LOG_INFO || level == LOG_DEBUG)) {
    gather(own, level, event, fields);
    return;
  }
  (void)pthread_mutex_lock(&lock);
  flush_all();
  errno = 0;
  bool taken = add_event(level, event, fields);
  if (level == LOG_AUDIT) tell_audit(taken, errno);
  (void)pthread_mutex_unlock(&lock);
}

static int open_audit(const char *name) {
  static const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  int fd = open(name, flags | O_EXCL, AUDIT_MODE);
  if (fd >= 0) (void)file_leave_to_folder(fd, name);
  return fd < 0 && errno == EEXIST ? open(name, flags, AUDIT_MODE) : fd;
}

int log_audit_open(struct str path, struct error *error) {
  char name[PATH_MAX];
  if (path.n >= sizeof name) return error_set(error, ERROR_configuration, "the name of the audit log is too long");
  (void)snprintf(name, sizeof name, "%.*s", STR_ARG(path));
  int fd = path.n ? open_audit(name) : -1;
  if (path.n && fd < 0) return error_set(error, ERROR_configuration, "the audit log %s cannot be written: %s", name, strerror(errno));
  (void)pthread_mutex_lock(&lock);
  if (audit >= 0) (void)close(audit);
  audit = fd;
  audit_torn = audit_ill = false;
  (void)pthread_mutex_unlock(&lock);
  return 0;
}

uint64_t log_audit_lost(void) {
  return audit_lost;
}

void log_gather(bool on) {
  log_flush();
  if (on == (own != NULL)) return;
  if (on) {
    own = mem_alloc(sizeof *own);
    *own = (struct writer)WRITER_INIT;
  }
  (void)pthread_mutex_lock(&lock);
  struct writer **at = &gathering;
  while (!on && *at != own) at = &(*at)->next;
  if (on) own->next = gathering;
  *at = on ? own : own->next;
  (void)pthread_mutex_unlock(&lock);
  if (on) return;
  buf_free(&own->line);
  buf_free(&own->gathered);
  free(own);
  own = NULL;
}

void log_flush(void) {
  if (!own) return;
  (void)pthread_mutex_lock(&lock);
  flush(own);
  (void)pthread_mutex_unlock(&lock);
}
