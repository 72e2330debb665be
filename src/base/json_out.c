#include "base/json_out.h"

#include "base/clock.h"
#include "base/utf8.h"
#include <math.h>

enum { DEEPEST = 63, SHORT = 64 };

static void before_value(struct json_out *out) {
  uint64_t level = UINT64_C(1) << out->depth;
  if (out->after_key) {
    out->after_key = false;
    return;
  }
  if (out->depth && (out->filled & level)) (void)buf_add_char(out->buf, ',');
  out->filled |= level;
}

static void open_level(struct json_out *out, char bracket, bool array) {
  before_value(out);
  if (out->depth == DEEPEST) {
    out->buf->full = true;
    return;
  }
  (void)buf_add_char(out->buf, bracket);
  uint64_t level = UINT64_C(1) << ++out->depth;
  out->filled &= ~level;
  out->is_array = array ? out->is_array | level : out->is_array & ~level;
}

void json_out_object(struct json_out *out) {
  open_level(out, '{', false);
}

void json_out_array(struct json_out *out) {
  open_level(out, '[', true);
}

void json_out_end(struct json_out *out) {
  if (!out->depth) abort(); /* a bug of the caller */
  (void)buf_add_char(out->buf, out->is_array & UINT64_C(1) << out->depth ? ']' : '}');
  out->depth--;
}

/* Bytes that stand for themselves whatever is around them ('/' does, but behind '<'). */
static const bool as_is[256] = {[' ' ... '!'] = true, ['#' ... ';'] = true, ['=' ... '['] = true, [']' ... '~'] = true};

/* As most texts are. False: one byte is not, nothing was added. */
static bool quoted_as_is(struct buf *buf, struct str s) {
  bool plain = true;
  for (size_t i = 0; i < s.n; i++) plain &= as_is[(unsigned char)s.p[i]];
  if (!plain || s.n + 2 >= buf->capacity - buf->n || buf->full) return false;
  char *p = buf->p + buf->n;
  p[0] = '"';
  memcpy(p + 1, s.p, s.n);
  p[s.n + 1] = '"';
  p[s.n + 2] = '\0';
  buf->n += s.n + 2;
  return true;
}

/* Controls beyond ASCII: line ends that some readers of a log know, and what turns the order of letters around. */
static bool is_control(int32_t character) {
  return (character >= 0x80 && character <= 0x9f) || (character >= 0x2028 && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

static void quoted(struct buf *buf, struct str s) {
  if (s.n <= SHORT && s.n && quoted_as_is(buf, s)) return;
  (void)buf_add_char(buf, '"');
  size_t plain = 0; /* start of the run that needs no escape */
  for (size_t i = 0; i < s.n;) {
    while (i < s.n && as_is[(unsigned char)s.p[i]]) i++;
    if (i == s.n) break;
    unsigned char c = (unsigned char)s.p[i];
    if (c == '<') {
      bool closes = ++i < s.n && s.p[i] == '/';
      if (!closes) continue;
      (void)buf_add(buf, str_slice(s, plain, i));
      (void)buf_add(buf, STR("\\/"));
      plain = ++i;
      continue;
    }
    size_t next = i;
    int32_t character = utf8_next(s, &next);
    char bytes[4];
    if (c >= 0x80 && (character != 0xFFFD || next - i == 3) && !is_control(character)) { /* well formed: as it is */
      i = next;
      continue;
    }
    (void)buf_add(buf, str_slice(s, plain, i));
    if (is_control(character))
      (void)buf_printf(buf, "\\u%04x", (unsigned)character);
    else if (c >= 0x80)
      (void)buf_add(buf, (struct str){bytes, utf8_encode(0xFFFD, bytes)});
    else if (c == '"' || c == '\\')
      (void)buf_printf(buf, "\\%c", c);
    else if (c == '\n')
      (void)buf_add(buf, STR("\\n"));
    else if (c == '\t')
      (void)buf_add(buf, STR("\\t"));
    else if (c == '\r')
      (void)buf_add(buf, STR("\\r"));
    else
      (void)buf_printf(buf, "\\u%04x", c);
    plain = i = next;
  }
  (void)buf_add(buf, str_from(s, plain));
  (void)buf_add_char(buf, '"');
}

void json_out_key(struct json_out *out, struct str key) {
  before_value(out);
  quoted(out->buf, key);
  (void)buf_add_char(out->buf, ':');
  out->after_key = true;
}

void json_out_str(struct json_out *out, struct str value) {
  if (!value.p && !value.n) {
    json_out_null(out);
    return;
  }
  before_value(out);
  quoted(out->buf, value);
}

void json_out_int(struct json_out *out, int64_t value) {
  before_value(out);
  (void)buf_add_int(out->buf, value);
}

void json_out_number(struct json_out *out, double value) {
  char text[40];
  if (!isfinite(value)) {
    json_out_null(out);
    return;
  }
  for (int precision = 1; precision <= 17; precision++) {
    (void)snprintf(text, sizeof text, "%.*g", precision, value);
    if (strtod(text, NULL) == value) break;
  }
  json_out_raw(out, str_of(text));
}

void json_out_bool(struct json_out *out, bool value) {
  json_out_raw(out, value ? STR("true") : STR("false"));
}

void json_out_null(struct json_out *out) {
  json_out_raw(out, STR("null"));
}

void json_out_raw(struct json_out *out, struct str json) {
  before_value(out);
  (void)buf_add(out->buf, json);
}

void json_out_member_strs(struct json_out *out, const char *key, const struct str *list, size_t count) {
  json_out_member_array(out, key);
  for (size_t i = 0; i < count; i++) json_out_str(out, list[i]);
  json_out_end(out);
}

void json_out_member_str(struct json_out *out, const char *key, struct str value) {
  json_out_key(out, str_of(key));
  json_out_str(out, value);
}

void json_out_member_int(struct json_out *out, const char *key, int64_t value) {
  json_out_key(out, str_of(key));
  json_out_int(out, value);
}

void json_out_member_number(struct json_out *out, const char *key, double value) {
  json_out_key(out, str_of(key));
  json_out_number(out, value);
}

void json_out_member_bool(struct json_out *out, const char *key, bool value) {
  json_out_key(out, str_of(key));
  json_out_bool(out, value);
}

void json_out_member_time(struct json_out *out, const char *key, int64_t ms) {
  char text[CLOCK_TEXT_SIZE];
  json_out_member_str(out, key, str_of(clock_format(ms, text)));
}

void json_out_member_object(struct json_out *out, const char *key) {
  json_out_key(out, str_of(key));
  json_out_object(out);
}

void json_out_member_array(struct json_out *out, const char *key) {
  json_out_key(out, str_of(key));
  json_out_array(out);
}

void json_out_member_raw(struct json_out *out, const char *key, struct str json) {
  json_out_key(out, str_of(key));
  json_out_raw(out, json);
}
