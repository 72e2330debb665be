#include "http/h2_internal.h"

enum { LARGE_FRAME = 1024, FRAME_EARNS = 3, HEAD_EXTRA = 3 }; /* extra: status, date, length */

/* What goes onto the connection: gathered, so that small frames share a write and a TLS record. */

static void flush(struct h2 *h2) {
  struct connection *connection = h2->connection;
  struct buf *frames = &connection->server->frames;
  struct str bytes = buf_str(frames);
  if (bytes.n == 0) return;
  if (!stream_write(connection->stream, &bytes, 1)) connection->blocked = true;
  buf_clear(frames);
}

static void put(struct h2 *h2, struct str bytes) {
  struct buf *frames = &h2->connection->server->frames;
  if (frames->n + bytes.n > H2_FRAME) flush(h2);
  (void)buf_add(frames, bytes);
}

void h2_send(struct h2 *h2) {
  while (h2->doomed || !h2->connection->blocked) {
    const uint8_t *p;
    ssize_t n = nghttp2_session_mem_send(h2->session, &p);
    if (n < 0) h2_doom(h2, NGHTTP2_INTERNAL_ERROR);
    if (n <= 0) break;
    put(h2, (struct str){(const char *)p, (size_t)n});
  }
  flush(h2);
}

/* A frame is as large as a TLS record with it, and not cut over two. */
static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *unused, size_t most, uint32_t *flags, nghttp2_data_source *source,
                       void *payload) {
  struct h2_stream *stream = source->ptr;
  size_t n = h2_out_waiting(stream), frame = H2_FRAME - 9;
  if (n == 0 && !stream->out_ended) {
    stream->deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (most > frame) most = frame;
  if (n > most) n = most;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (stream->out_ended && n == h2_out_waiting(stream)) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t)n;
}

int h2_on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t length, nghttp2_data_source *source,
                    void *payload) {
  struct h2_stream *stream = source->ptr;
  struct h2 *h2 = payload;
  if (h2->connection->blocked || h2->doomed) return NGHTTP2_ERR_WOULDBLOCK;
  put(h2, (struct str){(const char *)head, 9});
  put(h2, str_slice(buf_str(&stream->out), stream->sent, stream->sent + length));
  stream->sent += length;
  stream->moved_ms = h2_now(h2);
  if (stream->sent == stream->out.n) {
    buf_clear(&stream->out);
    stream->sent = 0;
  } else if (stream->sent > H2_HIGH && stream->sent > stream->out.n / 2) {
    buf_drop(&stream->out, stream->sent);
    stream->sent = 0;
  }
  stream->answered = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
  if (length >= LARGE_FRAME || stream->answered) h2_earn(h2, FRAME_EARNS);
  return 0;
}

int h2_on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *payload) {
  struct h2_stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  if (stream && frame->hd.type == NGHTTP2_HEADERS && frame->hd.flags & NGHTTP2_FLAG_END_STREAM) stream->answered = true;
  return 0;
}

/* The answer of an exchange. */

/* Date and length are told by the server. */
static bool goes_along(struct http_header h) {
  bool told_here = h.field == FIELD_DATE || h.field == FIELD_CONTENT_LENGTH;
  if (told_here || h.field == FIELD_TRAILER || h2_field_of_connection(h.field)) return false;
  return (h.field || http_one_line(h.name)) && http_one_line(h.value);
}

/* A cookie is a secret, which is not to be guessed by how well it compresses; an id never comes again, and kept in the table would only push out what does, and be compared with each one after it. */
static bool stays_out_of_table(enum http_field field) {
  return field == FIELD_SET_COOKIE || field == FIELD_X_REQUEST_ID;
}

static nghttp2_nv pair(struct str name, struct str value) {
  return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name.p, .namelen = name.n, .value = (uint8_t *)(uintptr_t)value.p, .valuelen = value.n};
}

static struct str number(struct arena *arena, int64_t n) {
  char digits[STR_INT_MAX];
  return arena_str(arena, str_int(n, digits));
}

void h2_begin(struct h2_stream *stream, int status, const struct http_headers *headers, int64_t length, bool bodiless) {
  struct http_exchange *exchange = stream->exchange;
  struct arena *arena = exchange->arena;
  nghttp2_nv *fields = ARENA_ARRAY(arena, (headers ? headers->n : 0) + HEAD_EXTRA, nghttp2_nv);
  size_t n = 0;
  fields[n++] = pair(STR(":status"), number(arena, status));
  for (size_t i = 0; headers && i < headers->n; i++) {
    if (!goes_along(headers->p[i])) continue;
    fields[n] = pair(headers->p[i].name, headers->p[i].value);
    if (stays_out_of_table(headers->p[i].field)) fields[n].flags = NGHTTP2_NV_FLAG_NO_INDEX;
    n++;
  }
  fields[n++] = pair(STR("date"), server_date(exchange->server));
  if (length >= 0 && !exchange_status_is_empty(status)) fields[n++] = pair(STR("content-length"), number(arena, length));
  nghttp2_data_provider body = {.source.ptr = stream, .read_callback = on_read};
  if (!stream->closed && nghttp2_submit_response(stream->h2->session, stream->id, fields, n, bodiless ? NULL : &body) != 0)
    h2_break(stream);
  stream->moved_ms = h2_now(stream->h2);
  h2_wake(stream);
}

void h2_continue(struct h2_stream *stream) {
  nghttp2_nv status = pair(STR(":status"), STR("100"));
  if (!stream->closed) (void)nghttp2_submit_headers(stream->h2->session, NGHTTP2_FLAG_NONE, stream->id, NULL, &status, 1, NULL);
  h2_wake(stream);
}

static void go_on(struct h2_stream *stream) {
  if (stream->deferred && !stream->closed) (void)nghttp2_session_resume_data(stream->h2->session, stream->id);
  stream->deferred = false;
  h2_wake(stream);
}

bool h2_write(struct h2_stream *stream, struct str piece) {
  if (h2_out_waiting(stream) == 0) stream->moved_ms = h2_now(stream->h2);
  if (!buf_add(&stream->out, piece)) h2_break(stream);
  go_on(stream);
  if (h2_out_waiting(stream) > H2_HIGH) stream->above_high = true;
  return !stream->above_high;
}

bool h2_waits(const struct h2_stream *stream) {
  return h2_out_waiting(stream) > 0;
}

/* Where no other answer is to be waited for, nothing would share the write at the turn's end: it goes out now, and the browser is not kept waiting. */
void h2_end(struct h2_stream *stream) {
  struct h2 *h2 = stream->h2;
  h2->unanswered -= !stream->out_ended;
  stream->out_ended = true;
  go_on(stream);
  if (h2->unanswered || h2->doomed || h2->over) return;
  h2_send(h2);
  stream_flush(h2->connection->stream);
}
