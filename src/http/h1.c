#include "http/h1.h"

static int on_headers_complete(llhttp_t *parser) {
  struct h1 *h1 = parser->data;
  const struct guard_framing *framing = &h1->framing;
  bool chunked = parser->flags & F_CHUNKED;
  uint64_t told = framing->told_length > 0 ? (uint64_t)framing->told_length : 0;
  if (chunked != (framing->body == GUARD_CHUNKED) && framing->body != GUARD_NO_BODY) return -1;
  if (parser->content_length != told) return -1;
  parser->upgrade = 0; /* no other protocol is spoken here */
  h1->head_seen = true;
  return framing->body == GUARD_NO_BODY; /* 1: no body, whatever the head says (HEAD, 304) */
}

static int on_body(llhttp_t *parser, const char *at, size_t length) {
  struct h1 *h1 = parser->data;
  h1->piece = (struct str){at, length};
  return 0;
}

static int on_message_complete(llhttp_t *parser) {
  struct h1 *h1 = parser->data;
  h1->complete = true;
  return 0;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

static int broken(const struct h1 *h1, struct error *error, const char *what) {
  if (h1->kind == H1_REQUEST) return error_set(error, ERROR_bad_request, "%s", what);
  return error_set(error, ERROR_upstream_broken, "the server's answer is malformed: %s", what);
}

static enum h1_found break_off(const struct h1 *h1, struct error *error, const char *what) {
  (void)broken(h1, error, what);
  return H1_BROKEN;
}

static bool is_counted(const struct h1 *h1) {
  return h1->kind == H1_ANSWER && (h1->framing.body == GUARD_LENGTH || h1->framing.body == GUARD_NO_BODY);
}

int h1_start(struct h1 *h1, enum h1_kind kind, struct str head, const struct guard_framing *framing, struct error *error) {
  h1->kind = kind;
  h1->framing = *framing;
  h1->chunks = (struct guard_chunks){0};
  h1->left = framing->length;
  h1->piece = STR_NONE;
  h1->head_seen = h1->complete = false;
  if (is_counted(h1)) {
    h1->complete = framing->body == GUARD_NO_BODY;
    return 0;
  }
  llhttp_init(&h1->parser, kind == H1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
  h1->parser.data = h1;
  bool agreed = llhttp_execute(&h1->parser, head.p, head.n) == HPE_OK && h1->head_seen && h1->complete == (framing->body == GUARD_NO_BODY);
  return agreed ? 0 : broken(h1, error, "its head can be read in two ways");
}

/* Gives llhttp the bytes that the guard has judged, which hold `data` bytes of data at their end. */
static bool agrees(struct h1 *h1, struct str judged, size_t data, bool complete) {
  h1->piece = STR_NONE;
  if (judged.n && llhttp_execute(&h1->parser, judged.p, judged.n) != HPE_OK) return false;
  bool same_data = h1->piece.n == data && (data == 0 || h1->piece.p == judged.p + judged.n - data);
  return same_data && h1->complete == complete;
}

static enum h1_found next_of_chunks(struct h1 *h1, struct str *bytes, struct str *ret_piece, struct error *error) {
  size_t used = 0, data = 0;
  struct error why = {0};
  enum guard_chunks_found found = guard_chunks_next(&h1->chunks, *bytes, &used, &data, &why);
  if (found == GUARD_CHUNKS_BROKEN) return break_off(h1, error, why.message);
  struct str judged = str_slice(*bytes, 0, used);
  if (!agrees(h1, judged, data, found == GUARD_CHUNKS_END)) return break_off(h1, error, "its chunks can be read in two ways");
  *bytes = str_from(*bytes, used);
  *ret_piece = h1->piece;
  if (found == GUARD_CHUNKS_DATA) return H1_DATA;
  return found == GUARD_CHUNKS_END ? H1_END : H1_MORE;
}

static enum h1_found next_of_length(struct h1 *h1, struct str *bytes, struct str *ret_piece, struct error *error) {
  if (bytes->n == 0) return H1_MORE;
  size_t n = bytes->n < (uint64_t)h1->left ? bytes->n : (size_t)h1->left;
  struct str data = str_slice(*bytes, 0, n);
  h1->left -= (int64_t)n;
  if (is_counted(h1))
    h1->complete = h1->left == 0;
  else if (!agrees(h1, data, n, h1->left == 0))
    return break_off(h1, error, "its length can be read in two ways");
  *bytes = str_from(*bytes, n);
  *ret_piece = data; /* which is what llhttp called data, too */
  return H1_DATA;
}

enum h1_found h1_next(struct h1 *h1, struct str *bytes, struct str *ret_piece, struct error *error) {
  *ret_piece = STR_NONE;
  if (h1->complete) return H1_END;
  switch (h1->framing.body) {
  case GUARD_CHUNKED: return next_of_chunks(h1, bytes, ret_piece, error);
  case GUARD_LENGTH: return next_of_length(h1, bytes, ret_piece, error);
  default: break;
  }
  if (bytes->n == 0) return H1_MORE;
  if (!agrees(h1, *bytes, bytes->n, false)) return break_off(h1, error, "its end can be read in two ways");
  *bytes = STR_NONE;
  *ret_piece = h1->piece;
  return H1_DATA;
}

enum h1_found h1_eof(struct h1 *h1, struct error *error) {
  if (h1->complete) return H1_END;
  if (h1->framing.body == GUARD_UNTIL_CLOSE && llhttp_finish(&h1->parser) == HPE_OK && h1->complete) return H1_END;
  return break_off(h1, error, "the connection ended before the body did");
}
