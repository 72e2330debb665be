/* Any bytes as a request: what the guard lets pass, llhttp alone, given the bytes as they came and nothing else, reads as the same method, target, fields, body and end. It may refuse more, never read another thing. */
#include "base/buf.h"
#include "http/h1.h"

static const struct guard_limits limits = {.head_bytes = 65536, .head_fields = 128, .target_bytes = 8192};

struct alone { /* what llhttp says, a line per field; body behind it */
  struct buf method, target, name, value, fields, body;
  bool ended;
};

static int on_method(llhttp_t *parser, const char *at, size_t n) {
  (void)buf_add(&((struct alone *)parser->data)->method, (struct str){at, n});
  return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t n) {
  (void)buf_add(&((struct alone *)parser->data)->target, (struct str){at, n});
  return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t n) {
  (void)buf_add(&((struct alone *)parser->data)->name, (struct str){at, n});
  return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t n) {
  (void)buf_add(&((struct alone *)parser->data)->value, (struct str){at, n});
  return 0;
}

static void add_field(struct buf *fields, struct str name, struct str value) {
  if (str_find_char(name, '_') != SIZE_MAX) return; /* the guard drops these */
  (void)buf_printf(fields, "%.*s:%.*s\n", STR_ARG(name), STR_ARG(str_trim(value)));
}

static int on_value_complete(llhttp_t *parser) {
  struct alone *alone = parser->data;
  add_field(&alone->fields, buf_str(&alone->name), buf_str(&alone->value));
  buf_clear(&alone->name);
  buf_clear(&alone->value);
  return 0;
}

static int on_headers_complete(llhttp_t *parser) {
  parser->upgrade = 0;
  return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n) {
  (void)buf_add(&((struct alone *)parser->data)->body, (struct str){at, n});
  return 0;
}

static int on_end(llhttp_t *parser) {
  ((struct alone *)parser->data)->ended = true;
  return HPE_PAUSED;
}

static const llhttp_settings_t settings = {.on_method = on_method,
                                           .on_url = on_url,
                                           .on_header_field = on_name,
                                           .on_header_value = on_value,
                                           .on_header_value_complete = on_value_complete,
                                           .on_headers_complete = on_headers_complete,
                                           .on_body = on_body,
                                           .on_message_complete = on_end};

/* How drawbridge reads it. *ret_rest: what lies behind. */
static enum h1_found read_body(struct str head, const struct guard_framing *framing, struct str bytes, struct buf *body, size_t *ret_rest) {
  struct h1 h1;
  struct error error = {0};
  struct str piece;
  enum h1_found found = H1_BROKEN;
  if (h1_start(&h1, H1_REQUEST, head, framing, &error) < 0) return H1_BROKEN;
  do {
    found = h1_next(&h1, &bytes, &piece, &error);
    (void)buf_add(body, piece);
  } while (found == H1_DATA);
  *ret_rest = bytes.n;
  return found;
}

/* An absolute one is behind its authority, and without a path it has '/' put before it here. */
static bool same_target(struct str whole, struct str target) {
  if (str_starts(whole, STR("/"))) return str_eq(whole, target);
  return str_ends(whole, target) || str_ends(whole, str_from(target, 1));
}

static void compare(struct str bytes, struct str head, const struct http_request *request, const struct guard_framing *framing) {
  struct buf empty = BUF_INIT(1 << 20), body = empty, fields = empty;
  struct alone alone = {.method = empty, .target = empty, .name = empty, .value = empty, .fields = empty, .body = empty};
  size_t rest = 0;
  enum h1_found found = read_body(head, framing, str_from(bytes, head.n), &body, &rest);
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &alone;
  llhttp_errno_t why = llhttp_execute(&parser, bytes.p, bytes.n);
  bool read = why == HPE_OK || why == HPE_PAUSED;
  if (found != H1_BROKEN && read) {
    if (alone.ended != (found == H1_END) || !str_eq(buf_str(&alone.method), request->method) ||
        !str_eq(buf_str(&alone.body), buf_str(&body)))
      abort();
    if (alone.ended && (size_t)(bytes.p + bytes.n - llhttp_get_error_pos(&parser)) != rest) abort();
    if (!same_target(buf_str(&alone.target), request->target)) abort();
    for (size_t i = 0; i < request->headers.n; i++) add_field(&fields, request->headers.p[i].name, request->headers.p[i].value);
    if (!str_starts(buf_str(&alone.fields), buf_str(&fields))) abort(); /* trailers may follow there */
  }
  struct buf *all[] = {&body, &fields, &alone.method, &alone.target, &alone.name, &alone.value, &alone.fields, &alone.body};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) buf_free(all[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str bytes = {(const char *)data, size};
  size_t scanned = 0, n = 0;
  struct error error = {0};
  struct guard_framing framing;
  struct http_request request;
  if (guard_head_end(bytes, &limits, &scanned, &n, &error) != 1) return 0;
  struct arena *arena = arena_new();
  struct str head = str_slice(bytes, 0, n);
  if (guard_request(arena, head, &limits, &request, &framing, &error) == 0) compare(bytes, head, &request, &framing);
  arena_free(arena);
  return 0;
}
