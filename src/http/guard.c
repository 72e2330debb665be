#include "http/guard.h"

enum { EXTENSION_MAX = 1024, TRAILERS_MAX = 8192, DIGITS_MAX = 18, CHUNK_DIGITS_MAX = 16 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

enum { TOKEN = 1, VALUE = 2, NAME = 4 };

/* By byte. TOKEN: RFC 9110 section 5.6.2. VALUE: what may stand in a field's value: no control but the tab. NAME: a token but for '_'. */
#define T (TOKEN | VALUE | NAME)
#define V VALUE
static const unsigned char classes[256] = {
    ['\t'] = V,
    [' '] = V,
    ['!'] = T,
    ['"'] = V,
    ['#'] = T,
    ['$'] = T,
    ['%'] = T,
    ['&'] = T,
    ['\''] = T,
    ['('] = V,
    [')'] = V,
    ['*'] = T,
    ['+'] = T,
    [','] = V,
    ['-'] = T,
    ['.'] = T,
    ['/'] = V,
    ['0' ... '9'] = T,
    [':'] = V,
    [';'] = V,
    ['<'] = V,
    ['='] = V,
    ['>'] = V,
    ['?'] = V,
    ['@'] = V,
    ['A' ... 'Z'] = T,
    ['['] = V,
    ['\\'] = V,
    [']'] = V,
    ['^'] = T,
    ['_'] = TOKEN | VALUE,
    ['`'] = T,
    ['a' ... 'z'] = T,
    ['{'] = V,
    ['|'] = T,
    ['}'] = V,
    ['~'] = T,
    [0x80 ... 0xff] = V,
};
#undef T
#undef V

static bool is_token(char c) {
  return classes[(unsigned char)c] & TOKEN;
}

static bool is_value(char c) {
  return classes[(unsigned char)c] & VALUE;
}

static int refuse(struct error *error, const char *what) {
  return error_set(error, ERROR_bad_request, "%s", what);
}

/* Where the head ends. */

static int too_long(struct str bytes, const struct guard_limits *limits, struct error *error) {
  struct str start = str_slice(bytes, 0, limits->head_bytes);
  if (str_find_char(start, '\n') == SIZE_MAX)
    return error_set(error, ERROR_target_too_long, "the first line has more than %zu bytes", limits->head_bytes);
  return error_set(error, ERROR_head_too_large, "the head has more than %zu bytes", limits->head_bytes);
}

int guard_head_end(struct str bytes, const struct guard_limits *limits, size_t *scanned, size_t *ret_length, struct error *error) {
  for (;;) {
    const char *feed = *scanned < bytes.n ? memchr(bytes.p + *scanned, '\n', bytes.n - *scanned) : NULL;
    if (!feed) {
      *scanned = bytes.n;
      return bytes.n > limits->head_bytes ? too_long(bytes, limits, error) : 0;
    }
    size_t at = (size_t)(feed - bytes.p);
    if (at == 0 || bytes.p[at - 1] != '\r') return refuse(error, "a line of the head does not end with CR LF");
    *scanned = at + 1;
    if (*scanned > limits->head_bytes) return too_long(bytes, limits, error);
    if (at < 3 || bytes.p[at - 2] != '\n') continue;
    *ret_length = at + 1;
    return 1;
  }
}

/* Its lines. */

/* Takes the next line off *rest, without its CR LF. -1: there is none. */
static int take_line(struct str *rest, struct str *ret, struct error *error) {
  size_t at = str_find_char(*rest, '\n');
  if (at == SIZE_MAX || at == 0 || rest->p[at - 1] != '\r') return refuse(error, "a line of the head does not end with CR LF");
  *ret = str_slice(*rest, 0, at - 1);
  *rest = str_from(*rest, at + 1);
  return 0;
}

struct fields {
  struct http_headers *headers;
  size_t seen, hosts, lengths, encodings;
  struct str host, length, encoding;
  bool close, keep_alive, expects_continue;
};

static bool lists(struct str value, struct str token) {
  while (value.p)
    if (str_eq_nocase(str_trim(str_take(&value, ',')), token)) return true;
  return false;
}

static void note(struct fields *fields, enum http_field field, struct str value) {
  switch (field) {
  case FIELD_HOST:
    fields->hosts++;
    fields->host = value;
    break;
  case FIELD_CONTENT_LENGTH:
    fields->lengths++;
    fields->length = value;
    break;
  case FIELD_TRANSFER_ENCODING:
    fields->encodings++;
    fields->encoding = value;
    break;
  case FIELD_CONNECTION:
    fields->close |= lists(value, STR("close"));
    fields->keep_alive |= lists(value, STR("keep-alive"));
    break;
  case FIELD_EXPECT: fields->expects_continue |= str_eq_nocase(value, STR("100-continue")); break;
  default: break;
  }
}

static int take_name(struct str rest, size_t *ret_length, bool *ret_underscore, struct error *error) {
  if (is_blank(rest.p[0])) return refuse(error, "a header is folded over two lines");
  size_t n = 0;
  while (n < rest.n && classes[(unsigned char)rest.p[n]] & NAME) n++;
  *ret_underscore = n < rest.n && rest.p[n] == '_';
  while (n < rest.n && is_token(rest.p[n])) n++;
  if (n == rest.n || rest.p[n] == '\r' || rest.p[n] == '\n') return refuse(error, "a header line has no colon");
  if (is_blank(rest.p[n])) return refuse(error, "a blank stands before the colon of a header");
  if (rest.p[n] != ':') return refuse(error, "a header name has a character that may not stand there");
  if (n == 0) return refuse(error, "a header has an empty name");
  *ret_length = n;
  return 0;
}

/* Takes the rest of a line off *rest, blanks around it aside. */
static int take_value(struct str *rest, size_t from, struct str *ret, struct error *error) {
  while (from < rest->n && is_blank(rest->p[from])) from++;
  size_t end = str_find_control(*rest, from);
  while (end < rest->n && rest->p[end] == '\t') end = str_find_control(*rest, end + 1);
  if (end >= rest->n || rest->p[end] == '\n') return refuse(error, "a line of the head does not end with CR LF");
  if (rest->p[end] != '\r' || end + 1 == rest->n || rest->p[end + 1] != '\n')
    return refuse(error, "a header value has a control character");
  size_t next = end + 2;
  while (end > from && is_blank(rest->p[end - 1])) end--;
  *ret = str_slice(*rest, from, end);
  *rest = str_from(*rest, next);
  return 0;
}

static int take_field(struct arena *arena, struct str *rest, struct fields *fields, struct error *error) {
  const char *start = rest->p;
  size_t n = 0;
  bool underscore = false;
  struct str value;
  if (take_name(*rest, &n, &underscore, error) < 0 || take_value(rest, n + 1, &value, error) < 0) return -1;
  if (underscore) return 0;
  http_headers_add(fields->headers, arena, (struct str){start, n}, value);
  note(fields, fields->headers->p[fields->headers->n - 1].field, value);
  return 0;
}

static int take_fields(struct arena *arena, struct str rest, const struct guard_limits *limits, struct fields *fields,
                       struct error *error) {
  while (rest.n && rest.p[0] != '\r' && rest.p[0] != '\n') {
    if (++fields->seen > limits->head_fields)
      return error_set(error, ERROR_head_too_large, "the head has more than %zu fields", limits->head_fields);
    if (take_field(arena, &rest, fields, error) < 0) return -1;
  }
  if (!str_starts(rest, STR("\r\n"))) return refuse(error, "a line of the head does not end with CR LF");
  return rest.n == 2 ? 0 : refuse(error, "bytes follow the head");
}

/* Framing: what both sides share. */

static int length_of(const struct fields *fields, int64_t *ret, struct error *error) {
  *ret = -1;
  if (fields->lengths == 0) return 0;
  if (fields->lengths > 1) return refuse(error, "Content-Length is there more than once");
  struct str text = fields->length;
  bool plain = text.n > 0 && text.n <= DIGITS_MAX && (text.n == 1 || text.p[0] != '0');
  uint64_t length = 0;
  if (!plain || !str_to_u64(text, &length)) return refuse(error, "Content-Length is not a plain number");
  *ret = (int64_t)length;
  return 0;
}

static int frame(const struct fields *fields, bool http_1_0, struct guard_framing *ret, struct error *error) {
  *ret = (struct guard_framing){.http_1_0 = http_1_0, .expects_continue = fields->expects_continue && !http_1_0};
  ret->keep_alive = !fields->close && (!http_1_0 || fields->keep_alive);
  if (length_of(fields, &ret->told_length, error) < 0) return -1;
  if (fields->encodings > 1) return refuse(error, "Transfer-Encoding is there more than once");
  if (fields->encodings && fields->lengths) return refuse(error, "Content-Length and Transfer-Encoding are both there");
  if (fields->encodings && http_1_0) return refuse(error, "HTTP/1.0 has no Transfer-Encoding");
  if (fields->encodings && !str_eq_nocase(fields->encoding, STR("chunked")))
    return refuse(error, "Transfer-Encoding is not exactly chunked");
  if (fields->encodings)
    ret->body = GUARD_CHUNKED;
  else if (ret->told_length > 0)
    ret->body = GUARD_LENGTH;
  if (ret->body == GUARD_LENGTH) ret->length = ret->told_length;
  return 0;
}

static int version_of(struct str text, bool *ret_http_1_0, struct error *error) {
  if (!str_eq(text, STR("HTTP/1.1")) && !str_eq(text, STR("HTTP/1.0")))
    return refuse(error, "the first line does not name HTTP/1.1 or HTTP/1.0");
  *ret_http_1_0 = text.p[7] == '0';
  return 0;
}

/* Requests. */

static int method_of(struct str method, struct error *error) {
  static const struct str known[] = {{"GET", 3}, {"HEAD", 4}, {"POST", 4}, {"PUT", 3}, {"PATCH", 5}, {"DELETE", 6}, {"OPTIONS", 7}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (str_eq(method, known[i])) return 0;
  if (method.n == 0) return refuse(error, "the first line has no method");
  for (size_t i = 0; i < method.n; i++)
    if (!is_token(method.p[i])) return refuse(error, "the method has a character that may not stand there");
  return error_set(error, ERROR_method_refused, "only GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are served");
}

static bool is_authority(struct str text) {
  size_t i = 0;
  if (text.n && text.p[0] == '[') {
    for (i = 1; i < text.n && (is_digit(text.p[i]) || is_letter(text.p[i]) || text.p[i] == ':' || text.p[i] == '.'); i++) {
    }
    if (i < 3 || i == text.n || text.p[i] != ']') return false;
    i++;
  } else {
    for (; i < text.n && (is_digit(text.p[i]) || is_letter(text.p[i]) || text.p[i] == '-' || text.p[i] == '.' || text.p[i] == '_'); i++) {
    }
    if (i == 0) return false;
  }
  if (i == text.n) return true;
  uint64_t port;
  struct str digits = str_from(text, i + 1);
  return text.p[i] == ':' && digits.n <= 5 && str_to_u64(digits, &port) && port <= 65535;
}

static int bad_target(struct error *error, const char *what) {
  return error_set(error, ERROR_bad_target, "%s", what);
}

static int target_of(struct arena *arena, struct str text, struct http_request *ret, struct error *error) {
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\') return bad_target(error, "the address has a character that must be encoded");
  }
  ret->target = text;
  ret->host = STR_NONE;
  if (text.n == 0 || text.p[0] != '/') {
    bool plain = str_starts_nocase(text, STR("http://"));
    if (!plain && !str_starts_nocase(text, STR("https://"))) return bad_target(error, "the address is neither a path nor an http address");
    struct str rest = str_from(text, plain ? 7 : 8);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?') n++;
    ret->host = str_slice(rest, 0, n);
    ret->target = str_from(rest, n);
    if (!is_authority(ret->host)) return bad_target(error, "the address has no plain host");
    if (ret->target.n == 0) ret->target = STR("/");
    if (ret->target.p[0] == '?') ret->target = arena_printf(arena, "/%.*s", STR_ARG(ret->target));
  }
  struct str rest = ret->target;
  ret->path = str_take(&rest, '?');
  ret->query = rest;
  return 0;
}

static int host_of(const struct fields *fields, bool http_1_0, struct http_request *ret, struct error *error) {
  if (fields->hosts > 1) return refuse(error, "Host is there more than once");
  if (fields->hosts == 0 && !http_1_0) return refuse(error, "Host is missing");
  if (fields->hosts && !is_authority(fields->host)) return refuse(error, "Host is not a name with or without a port");
  if (!ret->host.p) ret->host = fields->host;
  return 0;
}

int guard_request(struct arena *arena, struct str head, const struct guard_limits *limits, struct http_request *ret,
                  struct guard_framing *ret_framing, struct error *error) {
  struct str line;
  bool http_1_0;
  *ret = (struct http_request){0};
  if (take_line(&head, &line, error) < 0) return -1;
  size_t first = str_find_char(line, ' '), last = str_find_last_char(line, ' ');
  if (first == SIZE_MAX || first == last) return refuse(error, "the first line is not method, address and version");
  ret->method = str_slice(line, 0, first);
  if (version_of(str_from(line, last + 1), &http_1_0, error) < 0 || method_of(ret->method, error) < 0) return -1;
  struct str target = str_slice(line, first + 1, last);
  if (target.n > limits->target_bytes)
    return error_set(error, ERROR_target_too_long, "the address has more than %zu bytes", limits->target_bytes);
  struct fields fields = {.headers = &ret->headers};
  if (target_of(arena, target, ret, error) < 0 || take_fields(arena, head, limits, &fields, error) < 0) return -1;
  if (host_of(&fields, http_1_0, ret, error) < 0 || frame(&fields, http_1_0, ret_framing, error) < 0) return -1;
  ret->has_body = ret_framing->body != GUARD_NO_BODY;
  ret->body_length = ret_framing->body == GUARD_CHUNKED ? -1 : ret_framing->length;
  return 0;
}

/* Answers. */

static int status_of(struct str line, int *ret, bool *ret_http_1_0, struct error *error) {
  struct str version = str_slice(line, 0, 8), rest = str_from(line, 8);
  if (version_of(version, ret_http_1_0, error) < 0) return -1;
  bool digits = rest.n >= 4 && rest.p[0] == ' ' && is_digit(rest.p[1]) && is_digit(rest.p[2]) && is_digit(rest.p[3]);
  if (!digits || (rest.n > 4 && rest.p[4] != ' ')) return refuse(error, "the first line has no status of three digits");
  *ret = (rest.p[1] - '0') * 100 + (rest.p[2] - '0') * 10 + (rest.p[3] - '0');
  if (*ret < 100 || *ret > 599) return refuse(error, "the status is not between 100 and 599");
  for (size_t i = 4; i < rest.n; i++)
    if (!is_value(rest.p[i])) return refuse(error, "the first line has a control character");
  return 0;
}

static int read_answer(struct arena *arena, struct str head, const struct guard_limits *limits, bool to_head, struct guard_answer *ret,
                       struct guard_framing *framing, struct error *error) {
  struct str line;
  bool http_1_0;
  *ret = (struct guard_answer){0};
  if (take_line(&head, &line, error) < 0 || status_of(line, &ret->status, &http_1_0, error) < 0) return -1;
  struct fields fields = {.headers = &ret->headers};
  if (take_fields(arena, head, limits, &fields, error) < 0 || frame(&fields, http_1_0, framing, error) < 0) return -1;
  bool never = ret->status < 200 || ret->status == 204; /* RFC 9110 section 8.6: these may not even tell a length; 0 does no harm */
  if (never && (framing->body != GUARD_NO_BODY)) return refuse(error, "an answer that has no body says that it has one");
  if (never || to_head || ret->status == 304) {
    framing->body = GUARD_NO_BODY;
    framing->length = 0;
  } else if (framing->body == GUARD_NO_BODY && framing->told_length < 0) {
    framing->body = GUARD_UNTIL_CLOSE;
    framing->keep_alive = false;
  }
  return 0;
}

int guard_answer(struct arena *arena, struct str head, const struct guard_limits *limits, bool to_head, struct guard_answer *ret,
                 struct guard_framing *ret_framing, struct error *error) {
  struct error why;
  error_clear(&why);
  if (read_answer(arena, head, limits, to_head, ret, ret_framing, &why) == 0) return 0;
  return error_set(error, ERROR_upstream_broken, "the server's answer is malformed: %s", why.message);
}

/* Chunks. */

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER_START, TRAILER, TRAILER_LF, LAST_LF, END };

static int size_byte(struct guard_chunks *chunks, char c, struct error *error) {
  int digit = str_hex_digit(c);
  if (digit >= 0) {
    if (++chunks->digits > CHUNK_DIGITS_MAX || chunks->left >> 59) return refuse(error, "a chunk's size is too large");
    chunks->left = chunks->left << 4 | (unsigned)digit;
    return 0;
  }
  if (chunks->digits == 0 || (c != '\r' && c != ';')) return refuse(error, "a chunk's size is not hexadecimal digits");
  chunks->state = c == ';' ? EXTENSION : SIZE_LF;
  chunks->line = 0;
  return 0;
}

/* Extensions mean nothing here and are dropped; kept short, since they cost work and carry nothing. */
static int extension_byte(struct guard_chunks *chunks, char c, struct error *error) {
  if (c == '\r')
    chunks->state = SIZE_LF;
  else if (!is_value(c))
    return refuse(error, "a chunk extension has a control character");
  else if (++chunks->line > EXTENSION_MAX)
    return refuse(error, "a chunk extension is too long");
  return 0;
}

static int trailer_byte(struct guard_chunks *chunks, char c, struct error *error) {
  if (++chunks->line > TRAILERS_MAX) return refuse(error, "the trailers are too long");
  bool start = chunks->state == TRAILER_START;
  if (c == '\r') {
    if (!start && !chunks->has_name) return refuse(error, "a trailer line has no colon");
    chunks->state = start ? LAST_LF : TRAILER_LF;
    return 0;
  }
  if (start) chunks->has_name = false;
  if (start && !is_token(c)) return refuse(error, "a trailer line does not start with a name");
  if (!chunks->has_name && c != ':' && !is_token(c)) return refuse(error, "a trailer name has a character that may not stand there");
  if (!is_value(c)) return refuse(error, "a trailer has a control character");
  chunks->has_name |= c == ':';
  chunks->state = TRAILER;
  return 0;
}

static int expect(struct guard_chunks *chunks, char c, char wanted, int next, struct error *error) {
  if (c != wanted) return refuse(error, "a line of the chunked body does not end with CR LF");
  chunks->state = next;
  return 0;
}

static int framing_byte(struct guard_chunks *chunks, char c, struct error *error) {
  switch (chunks->state) {
  case SIZE: return size_byte(chunks, c, error);
  case EXTENSION: return extension_byte(chunks, c, error);
  case SIZE_LF: chunks->line = 0; return expect(chunks, c, '\n', chunks->left ? DATA : TRAILER_START, error);
  case DATA_CR: return expect(chunks, c, '\r', DATA_LF, error);
  case DATA_LF: chunks->digits = 0; return expect(chunks, c, '\n', SIZE, error);
  case TRAILER_LF: return expect(chunks, c, '\n', TRAILER_START, error);
  case LAST_LF: return expect(chunks, c, '\n', END, error);
  default: return trailer_byte(chunks, c, error);
  }
}

enum guard_chunks_found guard_chunks_next(struct guard_chunks *chunks, struct str bytes, size_t *ret_used, size_t *ret_data,
                                          struct error *error) {
  size_t i = 0;
  *ret_data = 0;
  while (i < bytes.n && chunks->state != END) {
    if (chunks->state == DATA) {
      size_t run = bytes.n - i < chunks->left ? bytes.n - i : (size_t)chunks->left;
      chunks->left -= run;
      if (chunks->left == 0) chunks->state = DATA_CR;
      *ret_used = i + run;
      *ret_data = run;
      return GUARD_CHUNKS_DATA;
    }
    if (framing_byte(chunks, bytes.p[i], error) < 0) return GUARD_CHUNKS_BROKEN;
    i++;
  }
  *ret_used = i;
  return chunks->state == END ? GUARD_CHUNKS_END : GUARD_CHUNKS_MORE;
}
