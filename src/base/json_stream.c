#include "base/json_stream.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <endian.h>
#include <limits.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { DEFAULT_DEPTH = 64, DEFAULT_TEXT = 1 << 20 };

enum state {
  WANT_VALUE,        /* any value */
  WANT_VALUE_OR_END, /* after '[' */
  WANT_KEY,          /* after ',' in an object */
  WANT_KEY_OR_END,   /* after '{' */
  WANT_COLON,
  WANT_COMMA_OR_END, /* after a value inside something */
  IN_STRING,
  IN_ESCAPE,          /* after '\' */
  IN_HEX,             /* the digits of \uXXXX */
  WANT_LOW_BACKSLASH, /* after a high surrogate */
  WANT_LOW_U,
  IN_NUMBER,
  IN_WORD, /* true, false, null */
  DONE,
  FAILED,
};

/* Where a number stands in its grammar: -? (0|[1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
enum number { N_SIGN, N_ZERO, N_DIGITS, N_POINT, N_FRACTION, N_E, N_E_SIGN, N_EXPONENT };

/* Lists are of objects with the same members in the same order: the name that stood here in the last one most likely stands here again, and is known by one look at its bytes. */
enum { NAME_WORDS = 4 };
struct known_name {
  uint64_t bytes[NAME_WORDS], mask[NAME_WORDS]; /* of `"name":`; mask: of as many bytes */
  size_t n;                                     /* 0: none */
  uint64_t number;
};

struct json_stream {
  struct json_limits limits;
  json_handler *handler;
  void *payload;
  json_object_handler *on_object; /* may be NULL */
  struct known_name names[JSON_MEMBERS];
  uint64_t last_number;
  enum state state;
  enum number number;
  bool is_key;
  struct buf text; /* the string, number or word so far, where it is not all in one chunk */
  unsigned hex_digits;
  int32_t unit, high; /* the \uXXXX being read; a high surrogate waiting for its other half */
  uint64_t line, line_start, offset;
  size_t depth;
  bool in_object[]; /* per level, 1-based */
};

struct json_stream *json_stream_new(struct json_limits limits, json_handler *handler, void *payload) {
  if (!limits.depth) limits.depth = DEFAULT_DEPTH;
  if (!limits.text) limits.text = DEFAULT_TEXT;
  struct json_stream *s = mem_alloc(sizeof *s + limits.depth + 1);
  s->limits = limits;
  s->handler = handler;
  s->payload = payload;
  s->text = BUF_INIT(limits.text);
  if (limits.secrets) (void)buf_reserve(&s->text, limits.text); /* a buffer that grows leaves copies behind */
  s->line = 1;
  return s;
}

void json_stream_objects(struct json_stream *s, json_object_handler *handler) {
  if (!s->limits.secrets) s->on_object = handler;
}

void json_stream_free(struct json_stream *s) {
  if (!s) return;
  if (s->text.p) explicit_bzero(s->text.p, s->text.capacity);
  buf_free(&s->text);
  free(s);
}

static int refuse(struct json_stream *s, struct error *error, const char *what) {
  s->state = FAILED;
  return error_set(error, ERROR_input, "line %llu, byte %llu: %s", (unsigned long long)s->line,
                   (unsigned long long)(s->offset - s->line_start + 1), what);
}

static int emit(struct json_stream *s, enum json_event event, struct str text, struct error *error) {
  if (s->handler(s->payload, event, text, error) == 0) return 0;
  s->state = FAILED;
  return -1;
}

static int value_done(struct json_stream *s) {
  s->state = s->depth ? WANT_COMMA_OR_END : DONE;
  return 0;
}

static int open_level(struct json_stream *s, bool object, struct error *error) {
  if (s->depth == s->limits.depth) return refuse(s, error, "nested too deeply");
  s->in_object[++s->depth] = object;
  s->state = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
  return emit(s, object ? JSON_EVENT_OBJECT : JSON_EVENT_ARRAY, STR_NONE, error);
}

static int close_level(struct json_stream *s, struct error *error) {
  bool object = s->in_object[s->depth--];
  (void)value_done(s);
  return emit(s, object ? JSON_EVENT_OBJECT_END : JSON_EVENT_ARRAY_END, STR_NONE, error);
}

static void begin_string(struct json_stream *s, bool is_key) {
  buf_clear(&s->text);
  s->is_key = is_key;
  s->state = IN_STRING;
}

static int string_done(struct json_stream *s, struct str text, struct error *error) {
  if (!utf8_valid(text)) return refuse(s, error, "bytes that are not UTF-8");
  if (text.n > s->limits.text) return refuse(s, error, "a text that is too long");
  if (!s->is_key) {
    (void)value_done(s);
    return emit(s, JSON_EVENT_STRING, text, error);
  }
  s->state = WANT_COLON;
  return emit(s, JSON_EVENT_KEY, text, error);
}

/* Takes c into the number, or returns false and leaves everything as it is: c does not belong to it. */
static bool number_step(struct json_stream *s, char c) {
  bool digit = c >= '0' && c <= '9', exponent = c == 'e' || c == 'E';
  enum number next = s->number;
  switch (s->number) {
  case N_SIGN: next = c == '0' ? N_ZERO : N_DIGITS; break;
  case N_ZERO:
  case N_DIGITS:
    if (c == '.')
      next = N_POINT;
    else if (exponent)
      next = N_E;
    else if (s->number == N_ZERO)
      return false;
    break;
  case N_POINT:
  case N_FRACTION: next = exponent && s->number == N_FRACTION ? N_E : N_FRACTION; break;
  case N_E: next = c == '+' || c == '-' ? N_E_SIGN : N_EXPONENT; break;
  case N_E_SIGN:
  case N_EXPONENT: next = N_EXPONENT; break;
  }
  if (!digit && next != N_POINT && next != N_E && next != N_E_SIGN) return false;
  s->number = next;
  return true;
}

static bool number_whole(const struct json_stream *s) {
  return s->number == N_ZERO || s->number == N_DIGITS || s->number == N_FRACTION || s->number == N_EXPONENT;
}

static int number_done(struct json_stream *s, struct error *error) {
  if (!number_whole(s)) return refuse(s, error, "a number that is not one");
  (void)value_done(s);
  return emit(s, JSON_EVENT_NUMBER, buf_str(&s->text), error);
}

static int begin_value(struct json_stream *s, char c, struct error *error) {
  buf_clear(&s->text);
  if (c == '{' || c == '[') return open_level(s, c == '{', error);
  if (c == '"') {
    begin_string(s, false);
    return 0;
  }
  if (c == '-' || (c >= '0' && c <= '9')) {
    s->number = c == '-' ? N_SIGN : c == '0' ? N_ZERO : N_DIGITS;
    s->state = IN_NUMBER;
  } else if (c == 't' || c == 'f' || c == 'n') {
    s->state = IN_WORD;
  } else {
    return refuse(s, error, "a value is expected here");
  }
  return buf_add_char(&s->text, c) ? 0 : refuse(s, error, "a text that is too long");
}

static int word_step(struct json_stream *s, char c, struct error *error) {
  static const struct {
    struct str word;
    enum json_event event;
  } words[] = {{{"true", 4}, JSON_EVENT_TRUE}, {{"false", 5}, JSON_EVENT_FALSE}, {{"null", 4}, JSON_EVENT_NULL}};
  if (!buf_add_char(&s->text, c)) return refuse(s, error, "a text that is too long");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!str_starts(words[i].word, buf_str(&s->text))) continue;
    if (words[i].word.n != s->text.n) return 0;
    (void)value_done(s);
    return emit(s, words[i].event, STR_NONE, error);
  }
  return refuse(s, error, "a value is expected here");
}

static int unit_done(struct json_stream *s, struct error *error) {
  char bytes[4];
  int32_t unit = s->unit;
  if (s->high) {
    if (unit < 0xDC00 || unit > 0xDFFF) return refuse(s, error, "half of a surrogate pair");
    unit = 0x10000 + ((s->high - 0xD800) << 10) + (unit - 0xDC00);
    s->high = 0;
  } else if (unit >= 0xD800 && unit <= 0xDBFF) {
    s->high = unit;
    s->state = WANT_LOW_BACKSLASH;
    return 0;
  } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
    return refuse(s, error, "half of a surrogate pair");
  }
  s->state = IN_STRING;
  return buf_add(&s->text, (struct str){bytes, utf8_encode(unit, bytes)}) ? 0 : refuse(s, error, "a text that is too long");
}

static int escape_step(struct json_stream *s, char c, struct error *error) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  if (c == 'u') {
    s->state = IN_HEX;
    s->hex_digits = 0;
    s->unit = 0;
    return 0;
  }
  const char *at = c ? strchr(from, c) : NULL;
  if (!at) return refuse(s, error, "an escape that is none");
  s->state = IN_STRING;
  return buf_add_char(&s->text, to[at - from]) ? 0 : refuse(s, error, "a text that is too long");
}

static int hex_step(struct json_stream *s, char c, struct error *error) {
  int digit = str_hex_digit(c);
  if (digit < 0) return refuse(s, error, "an escape that is none");
  s->unit = s->unit * 16 + digit;
  return ++s->hex_digits == 4 ? unit_done(s, error) : 0;
}

#ifdef __SSE2__
/* As plain_run, sixteen bytes at a time, so far as there are so many. True: *n is where the text ends. */
static bool plain_sixteens(struct str rest, size_t *n, uint64_t *high) {
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  for (; rest.n - *n >= sizeof quote; *n += sizeof quote) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(rest.p + *n)),
            odd = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes);
    odd = _mm_or_si128(odd, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    unsigned ends = (unsigned)_mm_movemask_epi8(odd), not_ascii = (unsigned)_mm_movemask_epi8(bytes);
    *high |= not_ascii & (ends ? (ends & -ends) - 1 : UINT_MAX);
    if (!ends) continue;
    *n += (unsigned)__builtin_ctz(ends);
    return true;
  }
  return false;
}
#endif

/* How many bytes are text without a quote, a backslash or a control character; *high: bits that tell whether any of them is not ASCII. */
static size_t plain_run(struct str rest, uint64_t *high) {
  const uint64_t each = 0x0101010101010101u, top = each << 7;
  size_t n = 0;
#ifdef __SSE2__
  if (plain_sixteens(rest, &n, high)) return n;
#endif
  for (uint64_t word; n + sizeof word <= rest.n; n += sizeof word) { /* eight at a time */
    memcpy(&word, rest.p + n, sizeof word);
    word = le64toh(word);
    uint64_t quote = word ^ each * '"', backslash = word ^ each * '\\';
    uint64_t ends = (((quote - each) & ~quote) | ((backslash - each) & ~backslash) | ((word - each * 0x20) & ~word)) & top;
    if (ends) { /* the lowest bit is exact, those above it may be borrowed */
      unsigned bits = (unsigned)__builtin_ctzll(ends) & ~7u;
      *high |= word & top & (((uint64_t)1 << bits) - 1);
      return n + bits / 8;
    }
    *high |= word & top;
  }
  for (; n < rest.n && rest.p[n] != '"' && rest.p[n] != '\\' && (unsigned char)rest.p[n] >= 0x20; n++) *high |= (uint64_t)rest.p[n] & 0x80;
  return n;
}

static int string_step(struct json_stream *s, struct str rest, size_t *used, struct error *error) {
  uint64_t high = 0;
  size_t n = plain_run(rest, &high);
  *used = n;
  s->offset += n;
  if (n < rest.n && rest.p[n] == '"' && s->text.n == 0) { /* all of it in this chunk: no copy */
    *used = n + 1;
    s->offset++;
    return string_done(s, str_slice(rest, 0, n), error);
  }
  if (!buf_add(&s->text, str_slice(rest, 0, n))) return refuse(s, error, "a text that is too long");
  if (n == rest.n) return 0;
  if ((unsigned char)rest.p[n] < 0x20) return refuse(s, error, "a control character in a text");
  *used = n + 1;
  s->offset++;
  if (rest.p[n] == '"') return string_done(s, buf_str(&s->text), error);
  s->state = IN_ESCAPE;
  return 0;
}

/* Between the tokens. */
static int punctuation_step(struct json_stream *s, char c, struct error *error) {
  switch (s->state) {
  case WANT_VALUE_OR_END:
    if (c == ']') return close_level(s, error);
    __attribute__((fallthrough));
  case WANT_VALUE: return begin_value(s, c, error);
  case WANT_KEY_OR_END:
    if (c == '}') return close_level(s, error);
    __attribute__((fallthrough));
  case WANT_KEY:
    if (c != '"') return refuse(s, error, "the name of a member is expected here");
    begin_string(s, true);
    return 0;
  case WANT_COLON:
    if (c != ':') return refuse(s, error, "':' is expected here");
    s->state = WANT_VALUE;
    return 0;
  case WANT_COMMA_OR_END:
    if (c == (s->in_object[s->depth] ? '}' : ']')) return close_level(s, error);
    if (c != ',') return refuse(s, error, "',' or the end is expected here");
    s->state = s->in_object[s->depth] ? WANT_KEY : WANT_VALUE;
    return 0;
  default: return refuse(s, error, "something follows the end of the value");
  }
}

static int step(struct json_stream *s, struct str rest, size_t *used, struct error *error) {
  char c = rest.p[0];
  *used = 1;
  switch (s->state) {
  case IN_STRING: return string_step(s, rest, used, error);
  case IN_ESCAPE: s->offset++; return escape_step(s, c, error);
  case IN_HEX: s->offset++; return hex_step(s, c, error);
  case WANT_LOW_BACKSLASH:
  case WANT_LOW_U:
    if (c != (s->state == WANT_LOW_U ? 'u' : '\\')) return refuse(s, error, "half of a surrogate pair");
    s->offset++;
    s->state = s->state == WANT_LOW_U ? IN_HEX : WANT_LOW_U;
    s->hex_digits = 0;
    s->unit = 0;
    return 0;
  case IN_NUMBER:
    if (number_step(s, c)) {
      s->offset++;
      return buf_add_char(&s->text, c) ? 0 : refuse(s, error, "a number that is too long");
    }
    if (!number_whole(s)) return refuse(s, error, "a number that is not one");
    *used = 0; /* the byte belongs to what follows */
    return number_done(s, error);
  case IN_WORD: s->offset++; return word_step(s, c, error);
  case FAILED: return error_set(error, ERROR_input, "reading had ended with a failure before");
  default:
    if (c == '\n') {
      s->line++;
      s->line_start = s->offset + 1;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      s->offset++;
      return 0;
    }
    if (punctuation_step(s, c, error)) return -1;
    s->offset++;
    return 0;
  }
}

/* A text with its quotes at the start of `rest`, without an escape, good in every way and whole. How many bytes it takes, or 0. */
static size_t plain_text(const struct json_stream *s, struct str rest, struct str *ret) {
  uint64_t high = 0;
  if (!rest.n || rest.p[0] != '"') return 0;
  size_t n = plain_run((struct str){rest.p + 1, rest.n - 1}, &high);
  if (n + 2 > rest.n || rest.p[n + 1] != '"' || n > s->limits.text) return 0;
  *ret = (struct str){rest.p + 1, n};
  return high && !utf8_valid(*ret) ? 0 : n + 2;
}

/* null, true, false where all of the word is in the chunk. 0: none of them, or not all of it. */
static size_t whole_word(struct str rest, enum json_event *ret) {
  char c = rest.p[0];
  if (c == 'n' && str_starts(rest, STR("null"))) return *ret = JSON_EVENT_NULL, 4;
  if (c == 't' && str_starts(rest, STR("true"))) return *ret = JSON_EVENT_TRUE, 4;
  if (c == 'f' && str_starts(rest, STR("false"))) return *ret = JSON_EVENT_FALSE, 5;
  return 0;
}

/* What nearly all of a large text is: commas, colons, names and short texts that lie in the chunk whole. Takes these, and leaves the first thing that is anything else to step(). A shorter way to the same events, never to others. */
static int take_plain(struct json_stream *s, struct str *chunk, struct error *error) {
  struct str rest = *chunk;
  int result = 0;
  while (rest.n && s->depth && result == 0) {
    enum state state = s->state;
    bool value = state == WANT_VALUE || state == WANT_VALUE_OR_END, name = state == WANT_KEY || state == WANT_KEY_OR_END;
    char c = rest.p[0];
    size_t used = 1;
    if (c == '"' && (value || name)) {
      struct str text;
      if (!(used = plain_text(s, rest, &text))) break;
      s->state = name ? WANT_COLON : WANT_COMMA_OR_END;
      result = emit(s, name ? JSON_EVENT_KEY : JSON_EVENT_STRING, text, error);
    } else if (c == ':' && state == WANT_COLON) {
      s->state = WANT_VALUE;
    } else if (c == ',' && state == WANT_COMMA_OR_END) {
      s->state = s->in_object[s->depth] ? WANT_KEY : WANT_VALUE;
    } else {
      enum json_event event;
      if (!value || !(used = whole_word(rest, &event))) break;
      s->state = WANT_COMMA_OR_END;
      result = emit(s, event, STR_NONE, error);
    }
    s->offset += used;
    rest = (struct str){rest.p + used, rest.n - used};
  }
  *chunk = rest;
  return result;
}

/* --- objects in one piece --- */

/* `text` stands in the input as it is, without an escape. Longer ones are not known again. */
static void learn_name(struct json_stream *s, struct known_name *name, struct str text) {
  char bytes[sizeof name->bytes] = {'"'}, mask[sizeof name->mask] = {0};
  *name = (struct known_name){.number = ++s->last_number};
  if (text.n + 3 > sizeof bytes) return;
  name->n = text.n + 3;
  memcpy(bytes + 1, text.p, text.n);
  memcpy(bytes + 1 + text.n, "\":", 2);
  memset(mask, 0xff, name->n);
  memcpy(name->bytes, bytes, sizeof bytes);
  memcpy(name->mask, mask, sizeof mask);
}

static bool is_known_name(const struct known_name *name, struct str rest) {
  uint64_t bytes[NAME_WORDS], differing = 0;
  if (!name->n || rest.n < sizeof bytes) return false;
  memcpy(bytes, rest.p, sizeof bytes);
  for (unsigned i = 0; i < NAME_WORDS; i++) differing |= (bytes[i] ^ name->bytes[i]) & name->mask[i];
  return !differing;
}

static size_t plain_name(struct json_stream *s, struct known_name *known, struct str rest, struct str *ret) {
  if (is_known_name(known, rest)) {
    *ret = (struct str){rest.p + 1, known->n - 3};
    return known->n;
  }
  size_t used = plain_text(s, rest, ret);
  if (!used || used == rest.n || rest.p[used] != ':') return 0;
  learn_name(s, known, *ret);
  return used + 1;
}

static size_t plain_member(struct json_stream *s, size_t place, struct str rest, struct json_member *ret) {
  size_t name = plain_name(s, &s->names[place], rest, &ret->name), value;
  if (!name || name == rest.n) return 0;
  rest = (struct str){rest.p + name, rest.n - name};
  ret->name_number = s->names[place].number;
  ret->event = JSON_EVENT_STRING;
  ret->text = STR_NONE;
  value = rest.p[0] == '"' ? plain_text(s, rest, &ret->text) : whole_word(rest, &ret->event);
  return value && value < rest.n ? name + value : 0;
}

/* The object at the start of the chunk, if it is one of the kind: 1, and the chunk begins behind it; 0, nothing happened; -1. */
static int take_object(struct json_stream *s, struct str *chunk, struct error *error) {
  struct json_member members[JSON_MEMBERS];
  size_t used = 1;
  if (s->depth == s->limits.depth) return 0;
  for (size_t n = 0; n < JSON_MEMBERS;) {
    size_t member = plain_member(s, n, (struct str){chunk->p + used, chunk->n - used}, &members[n]);
    if (!member) return 0;
    used += member;
    n++;
    char c = chunk->p[used++];
    if (c == ',') continue;
    int result = c == '}' ? s->on_object(s->payload, members, n, error) : 0;
    if (result < 0) s->state = FAILED;
    if (result <= 0) return result;
    s->state = WANT_COMMA_OR_END;
    s->offset += used;
    *chunk = (struct str){chunk->p + used, chunk->n - used};
    return 1;
  }
  return 0;
}

static bool may_be_object(const struct json_stream *s, struct str chunk) {
  return s->on_object && chunk.p[0] == '{' && s->depth && (s->state == WANT_VALUE || s->state == WANT_VALUE_OR_END);
}

int json_stream_feed(struct json_stream *s, struct str chunk, struct error *error) {
  while (chunk.n) {
    size_t used;
    if (take_plain(s, &chunk, error)) return -1;
    if (!chunk.n) break;
    int taken = may_be_object(s, chunk) ? take_object(s, &chunk, error) : 0;
    if (taken < 0) return -1;
    if (taken) continue;
    if (step(s, chunk, &used, error)) return -1;
    chunk = str_from(chunk, used);
  }
  return 0;
}

int json_stream_finish(struct json_stream *s, struct error *error) {
  if (s->state == IN_NUMBER && !s->depth) return number_done(s, error);
  if (s->state == FAILED) return error_set(error, ERROR_input, "reading had ended with a failure before");
  if (s->state != DONE) return refuse(s, error, "it ends in the middle");
  return 0;
}
