/* Any bytes as a request and as an answer: whatever the guard lets pass, llhttp reads the same way, and the body does not depend on where the network cut it. */
#include "http/h1.h"

static const struct guard_limits limits = {.head_bytes = 65536, .head_fields = 128, .target_bytes = 8192};

struct body {
  enum h1_found end;
  size_t size;
  uint64_t hash, left; /* left: bytes behind the end */
};

static void add(struct body *body, struct str piece) {
  for (size_t i = 0; i < piece.n; i++) body->hash = (body->hash ^ (unsigned char)piece.p[i]) * 0x100000001b3u;
  body->size += piece.n;
}

/* The guard and llhttp differ: only where the guard was the stricter of the two may a message end broken, which is what BROKEN says. */
static struct body read_body(enum h1_kind kind, struct str head, const struct guard_framing *framing, struct str rest, size_t step) {
  struct h1 h1;
  struct error error = {0};
  struct body body = {.end = H1_BROKEN};
  if (h1_start(&h1, kind, head, framing, &error) < 0) return body;
  body.end = H1_MORE;
  while (body.end == H1_MORE && rest.n) {
    struct str bytes = str_slice(rest, 0, step);
    size_t given = bytes.n;
    do {
      struct str piece;
      body.end = h1_next(&h1, &bytes, &piece, &error);
      if (body.end == H1_DATA) add(&body, piece);
    } while (body.end == H1_DATA);
    rest = str_from(rest, given - bytes.n);
    if (body.end == H1_MORE && bytes.n) abort(); /* it would spin */
  }
  if (body.end == H1_MORE) body.end = h1_eof(&h1, &error);
  body.left = rest.n;
  return body;
}

static int count(llhttp_t *parser, const char *at, size_t length) {
  *(size_t *)parser->data += length;
  return 0;
}

static int pause_there(llhttp_t *parser) {
  return HPE_PAUSED;
}

/* Of an answer that h1 counts by itself llhttp finds as much body, unless it refuses it. */
static void hold_against_llhttp(struct str head, const struct guard_framing *framing, struct str rest) {
  static const llhttp_settings_t settings = {.on_body = count, .on_message_complete = pause_there};
  if (framing->body != GUARD_LENGTH || rest.n < (uint64_t)framing->length) return;
  llhttp_t parser;
  size_t found = 0;
  llhttp_init(&parser, HTTP_RESPONSE, &settings);
  parser.data = &found;
  if (llhttp_execute(&parser, head.p, head.n + rest.n) == HPE_PAUSED && found != (uint64_t)framing->length) abort();
}

static void both_ways(enum h1_kind kind, struct str head, const struct guard_framing *framing, struct str rest, size_t step) {
  struct body whole = read_body(kind, head, framing, rest, rest.n + 1), cut = read_body(kind, head, framing, rest, step);
  if (whole.end != cut.end) abort();
  if (whole.end == H1_END && (whole.size != cut.size || whole.hash != cut.hash || whole.left != cut.left)) abort();
  if (whole.end == H1_END && framing->body == GUARD_LENGTH && whole.size != (uint64_t)framing->length) abort();
}

/* What a header says of itself holds for every value that passed. */
static void check_headers(const struct http_headers *headers) {
  for (size_t i = 0; i < headers->n; i++) {
    struct http_header h = headers->p[i];
    if (!h.name.n || str_find_char(h.name, '_') != SIZE_MAX || str_find_char(h.name, ' ') != SIZE_MAX) abort();
    for (size_t k = 0; k < h.value.n; k++)
      if (h.value.p[k] == '\r' || h.value.p[k] == '\n' || h.value.p[k] == '\0') abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  bool answer = data[0] & 1, to_head = data[0] & 2;
  struct str bytes = {(const char *)data + 2, size - 2};
  size_t step = (size_t)data[1] + 1, scanned = 0, n = 0;
  struct error error = {0};
  if (guard_head_end(bytes, &limits, &scanned, &n, &error) != 1) return 0;
  struct arena *arena = arena_new();
  struct str head = str_slice(bytes, 0, n), rest = str_from(bytes, n);
  struct guard_framing framing;
  struct http_request request;
  struct guard_answer given;
  if (answer) {
    if (guard_answer(arena, head, &limits, to_head, &given, &framing, &error) == 0) {
      if (given.status < 100 || given.status > 599) abort();
      check_headers(&given.headers);
      both_ways(H1_ANSWER, head, &framing, rest, step);
      hold_against_llhttp(head, &framing, rest);
    }
  } else if (guard_request(arena, head, &limits, &request, &framing, &error) == 0) {
    if (request.target.n == 0 || request.target.p[0] != '/') abort();
    check_headers(&request.headers);
    both_ways(H1_REQUEST, head, &framing, rest, step);
  }
  arena_free(arena);
  return 0;
}
