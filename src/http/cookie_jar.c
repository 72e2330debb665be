#include "http/cookie.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include <pthread.h>

enum {
  NAME_MAX_BYTES = 256,
  PATH_MAX_BYTES = 1024,
  SAVED_MAX = COOKIE_JAR_MAX * (NAME_MAX_BYTES + PATH_MAX_BYTES + COOKIE_JAR_VALUE_MAX + 32)
};

struct entry {
  char *name, *value, *path; /* owned, with NUL */
  int64_t expires_ms;        /* 0: until the connection ends */
};

struct cookie_jar {
  pthread_mutex_t lock;
  struct entry p[COOKIE_JAR_MAX];
  size_t n;
  struct secret *header; /* made last, of the entries below; NULL: none, or they have changed */
  uint32_t header_of;    /* a bit per entry */
};

static char *copy(struct str s) {
  char *p = mem_alloc(s.n + 1);
  if (s.n) memcpy(p, s.p, s.n);
  return p;
}

static void entry_free(struct entry *entry) {
  secret_wipe(entry->value, strlen(entry->value));
  free(entry->value);
  free(entry->name);
  free(entry->path);
}

struct cookie_jar *cookie_jar_new(void) {
  struct cookie_jar *jar = mem_alloc(sizeof *jar);
  if (pthread_mutex_init(&jar->lock, NULL)) abort();
  return jar;
}

static void forget_header(struct cookie_jar *jar) {
  secret_free(jar->header);
  jar->header = NULL;
}

void cookie_jar_free(struct cookie_jar *jar) {
  if (!jar) return;
  forget_header(jar);
  for (size_t i = 0; i < jar->n; i++) entry_free(&jar->p[i]);
  (void)pthread_mutex_destroy(&jar->lock);
  free(jar);
}

void cookie_jar_lock(struct cookie_jar *jar) {
  (void)pthread_mutex_lock(&jar->lock);
}

void cookie_jar_unlock(struct cookie_jar *jar) {
  (void)pthread_mutex_unlock(&jar->lock);
}

/* cookie-octet of RFC 6265 section 4.1.1, a little wider (what browsers take): no controls, blanks only inside, no ';'. */
static bool text_ok(struct str s, size_t most) {
  if (s.n > most) return false;
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f || s.p[i] == ';') return false;
  return true;
}

/* RFC 6265 section 5.1.4: up to, not including, the last slash. */
static struct str default_path(struct str path) {
  size_t slash = str_find_last_char(path, '/');
  return slash == SIZE_MAX || slash == 0 ? STR("/") : str_slice(path, 0, slash);
}

static bool path_matches(struct str cookie_path, struct str path) {
  if (!str_starts(path, cookie_path)) return false;
  return path.n == cookie_path.n || cookie_path.p[cookie_path.n - 1] == '/' || path.p[cookie_path.n] == '/';
}

static void forget(struct cookie_jar *jar, size_t i) {
  forget_header(jar);
  entry_free(&jar->p[i]);
  memmove(&jar->p[i], &jar->p[i + 1], (jar->n - i - 1) * sizeof *jar->p);
  jar->n--;
}

static bool put(struct cookie_jar *jar, struct str name, struct str value, struct str path, int64_t expires_ms) {
  for (size_t i = 0; i < jar->n; i++)
    if (str_eq(str_of(jar->p[i].name), name) && str_eq(str_of(jar->p[i].path), path)) {
      forget(jar, i);
      break;
    }
  if (jar->n == COOKIE_JAR_MAX) return false;
  forget_header(jar);
  jar->p[jar->n++] = (struct entry){copy(name), copy(value), copy(path), expires_ms};
  return true;
}

static void drop(struct cookie_jar *jar, struct str name, struct str path) {
  for (size_t i = jar->n; i-- > 0;)
    if (str_eq(str_of(jar->p[i].name), name) && str_eq(str_of(jar->p[i].path), path)) forget(jar, i);
}

struct lifetime {
  struct str path;
  bool has_max_age;
  int64_t expires_ms;
};

static void read_attribute(struct str attribute, int64_t now_ms, struct lifetime *life) {
  struct str value = attribute, name = str_trim(str_take(&value, '='));
  value = str_trim(value);
  if (str_eq_nocase(name, STR("path")) && value.n && value.p[0] == '/' && text_ok(value, PATH_MAX_BYTES)) life->path = value;
  if (str_eq_nocase(name, STR("max-age"))) {
    int64_t seconds;
    if (!str_to_i64(value, &seconds)) return;
    life->has_max_age = true;
    life->expires_ms = seconds <= 0 ? 1 : now_ms + (seconds > INT32_MAX ? INT32_MAX : seconds) * 1000;
  }
  int64_t date;
  if (str_eq_nocase(name, STR("expires")) && !life->has_max_age && clock_parse_http(value, &date)) life->expires_ms = date < 1 ? 1 : date;
}

bool cookie_jar_keep(struct cookie_jar *jar, struct str set_cookie, struct str path, int64_t now_ms) {
  struct str rest = set_cookie, value = str_trim(str_take(&rest, ';'));
  if (str_find_char(value, '=') == SIZE_MAX) return false;
  struct str name = str_trim(str_take(&value, '='));
  value = str_trim(value);
  if (name.n == 0 || !text_ok(name, NAME_MAX_BYTES) || !text_ok(value, COOKIE_JAR_VALUE_MAX) || path.n > PATH_MAX_BYTES) return false;
  struct lifetime life = {.path = default_path(path)};
  while (rest.p) read_attribute(str_trim(str_take(&rest, ';')), now_ms, &life);
  if (life.expires_ms && life.expires_ms <= now_ms) {
    drop(jar, name, life.path);
    return true;
  }
  return put(jar, name, value, life.path, life.expires_ms);
}

void cookie_jar_keep_all(struct cookie_jar *jar, const struct http_headers *headers, struct str path, int64_t now_ms) {
  for (size_t i = 0; i < headers->n; i++)
    if (headers->p[i].field == FIELD_SET_COOKIE) (void)cookie_jar_keep(jar, headers->p[i].value, path, now_ms);
}

bool cookie_jar_get(const struct cookie_jar *jar, struct str name, struct str *ret) {
  for (size_t i = 0; i < jar->n; i++)
    if (str_eq(str_of(jar->p[i].name), name)) {
      *ret = str_of(jar->p[i].value);
      return true;
    }
  return false;
}

/* A buffer that need not grow (growing leaves a copy of the values behind). */
static struct buf room_for(const struct entry *const *entries, size_t n) {
  size_t size = 64;
  for (size_t i = 0; i < n; i++) size += strlen(entries[i]->name) + strlen(entries[i]->value) + strlen(entries[i]->path) + 32;
  struct buf buf = BUF_INIT(SAVED_MAX);
  (void)buf_reserve(&buf, size);
  return buf;
}

/* Takes the buffer's text as a secret and leaves no copy behind. */
static struct secret *to_secret(struct buf *buf) {
  struct secret *secret = secret_new(buf_str(buf));
  secret_wipe(buf->p, buf->capacity);
  buf_free(buf);
  return secret;
}

static bool fits(const struct entry *entry, struct str path, int64_t now_ms) {
  return (entry->expires_ms == 0 || entry->expires_ms > now_ms) && path_matches(str_of(entry->path), path);
}

static struct secret *make_header(const struct cookie_jar *jar, uint32_t fitting) {
  const struct entry *order[COOKIE_JAR_MAX] = {0};
  size_t n = 0;
  for (size_t i = 0; i < jar->n; i++) {
    if (!(fitting >> i & 1)) continue;
    size_t at = n++;
    for (; at > 0 && strlen(order[at - 1]->path) < strlen(jar->p[i].path); at--) order[at] = order[at - 1];
    order[at] = &jar->p[i];
  }
  struct buf buf = room_for(order, n);
  for (size_t i = 0; i < n; i++) {
    if (i) (void)buf_add(&buf, STR("; "));
    (void)buf_add(&buf, str_of(order[i]->name));
    (void)buf_add_char(&buf, '=');
    (void)buf_add(&buf, str_of(order[i]->value));
  }
  return to_secret(&buf);
}

struct secret *cookie_jar_header(struct cookie_jar *jar, struct str path, int64_t now_ms) {
  uint32_t fitting = 0;
  for (size_t i = 0; i < jar->n; i++)
    if (fits(&jar->p[i], path, now_ms)) fitting |= UINT32_C(1) << i;
  if (!fitting) return NULL;
  if (!jar->header || jar->header_of != fitting) {
    forget_header(jar);
    jar->header = make_header(jar, fitting);
    jar->header_of = fitting;
  }
  return secret_ref(jar->header);
}

struct secret *cookie_jar_save(const struct cookie_jar *jar) {
  const struct entry *order[COOKIE_JAR_MAX];
  for (size_t i = 0; i < jar->n; i++) order[i] = &jar->p[i];
  struct buf buf = room_for(order, jar->n);
  for (size_t i = 0; i < jar->n; i++) {
    const struct entry *e = &jar->p[i];
    (void)buf_printf(&buf, "%s\n%s\n%s\n%lld\n", e->name, e->value, e->path, (long long)e->expires_ms);
  }
  return to_secret(&buf);
}

bool cookie_jar_load(struct str saved, struct cookie_jar **ret) {
  struct cookie_jar *jar = cookie_jar_new();
  while (saved.n) {
    struct str name = str_take(&saved, '\n'), value = str_take(&saved, '\n'), path = str_take(&saved, '\n'),
               expires = str_take(&saved, '\n');
    int64_t expires_ms;
    bool ok = saved.p && name.n && text_ok(name, NAME_MAX_BYTES) && text_ok(value, COOKIE_JAR_VALUE_MAX) && path.n &&
              text_ok(path, PATH_MAX_BYTES) && str_to_i64(expires, &expires_ms) && put(jar, name, value, path, expires_ms);
    if (!ok) {
      cookie_jar_free(jar);
      return false;
    }
  }
  *ret = jar;
  return true;
}
