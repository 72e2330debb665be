#include "http/h2.h"

#include "base/log.h"
#include "base/mem.h"
#include "crypt/secret.h"
#include "http/h2_internal.h"

/* What work costs and earns; a browser comes nowhere near the end of it. */
enum { CREDIT_START = 1000, CREDIT_MAX = 2000, CREDIT_PER_S = 200, REQUEST_EARNS = 8, RESET_COSTS = 10 };
enum { PIECE = 16 * 1024, NOTICE_MS = 1000 };

int64_t h2_now(const struct h2 *h2) {
  return (int64_t)uv_now(h2->connection->server->loop);
}

void h2_earn(struct h2 *h2, int64_t credit) {
  h2->credit = h2->credit + credit < CREDIT_MAX ? h2->credit + credit : CREDIT_MAX;
}

void h2_doom(struct h2 *h2, uint32_t failure) {
  if (h2->doomed) return;
  h2->doomed = true;
  h2->failure = failure;
  connection_wake(h2->connection);
}

/* False: there is none left. */
static bool spend(struct h2 *h2, int64_t cost) {
  int64_t now_ms = h2_now(h2), passed_ms = now_ms - h2->credit_ms;
  h2_earn(h2, passed_ms * CREDIT_PER_S / 1000);
  h2->credit_ms += passed_ms * CREDIT_PER_S / 1000 * 1000 / CREDIT_PER_S; /* what has not made a whole one counts on */
  h2->credit -= cost;
  if (h2->credit < 0) h2_doom(h2, NGHTTP2_ENHANCE_YOUR_CALM);
  return h2->credit >= 0;
}

void h2_wake(struct h2_stream *stream) {
  connection_wake(stream->h2->connection);
}

/* Streams. */

static struct h2_stream *stream_new(struct h2 *h2, int32_t id) {
  struct http_server *server = h2->connection->server;
  struct h2_stream *stream = mem_alloc(sizeof *stream);
  stream->h2 = h2;
  stream->id = id;
  stream->moved_ms = h2_now(h2);
  stream->head.arena = arena_new_of(server->arenas);
  stream->in = BUF_INIT(2 * H2_WINDOW);
  stream->out = BUF_INIT(H2_OUT_MAX);
  stream->next = h2->streams;
  if (stream->next) stream->next->previous = stream;
  h2->streams = stream;
  h2->unanswered++;
  return stream;
}

/* Gives the window back: of the stream, and of the connection. */
static void take(struct h2_stream *stream, size_t n) {
  stream->taken += n;
  if (!stream->closed)
    (void)nghttp2_session_consume(stream->h2->session, stream->id, n);
  else
    (void)nghttp2_session_consume_connection(stream->h2->session, n);
}

/* Only of one that nghttp2 knows no more: its frames refer to it until then. */
static void stream_free(struct h2_stream *stream) {
  struct h2 *h2 = stream->h2;
  take(stream, stream->in.n - stream->taken);
  h2->unanswered -= !stream->out_ended;
  if (stream->previous)
    stream->previous->next = stream->next;
  else
    h2->streams = stream->next;
  if (stream->next) stream->next->previous = stream->previous;
  if (!h2->streams) h2->connection->moved_ms = h2_now(h2);
  h2_head_free(&stream->head);
  arena_free(stream->head.arena);
  secret_wipe(stream->in.p, stream->in.capacity); /* perhaps a password was in it */
  buf_free(&stream->in);
  buf_free(&stream->out);
  free(stream);
}

static void reset(struct h2_stream *stream, uint32_t code) {
  stream->reset = true;
  if (!stream->closed) (void)nghttp2_submit_rst_stream(stream->h2->session, NGHTTP2_FLAG_NONE, stream->id, code);
}

static void leave(struct h2_stream *stream) {
  struct http_exchange *exchange = stream->exchange;
  stream->exchange = NULL;
  if (exchange) exchange_leave(exchange);
}

void h2_stop_reading(struct h2_stream *stream) {
  stream->stopped = true;
  h2_wake(stream);
}

void h2_break(struct h2_stream *stream) {
  stream->broken = true;
  h2_wake(stream);
}

bool h2_body_begun(const struct h2_stream *stream) {
  return stream->received > 0;
}

/* What nghttp2 tells: recorded. */

static struct h2_stream *stream_of(nghttp2_session *session, int32_t id) {
  return nghttp2_session_get_stream_user_data(session, id);
}

/* RFC 9113 section 5.1.1: a stream id that was passed over is not to be used. (nghttp2 lets it be, since it could be one that was reset.) */
static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *payload) {
  struct h2 *h2 = payload;
  if (head->type == NGHTTP2_HEADERS && head->stream_id >= h2->skipped_from && head->stream_id <= h2->skipped_to)
    h2_doom(h2, NGHTTP2_PROTOCOL_ERROR);
  return spend(h2, 1) && !h2->doomed ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *payload) {
  struct h2 *h2 = payload;
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  if (frame->hd.stream_id > h2->last_id + 2) {
    h2->skipped_from = h2->last_id + 2;
    h2->skipped_to = frame->hd.stream_id - 2;
  }
  h2->last_id = frame->hd.stream_id;
  return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream_new(payload, frame->hd.stream_id));
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n, const uint8_t *value,
                     size_t value_n, uint8_t flags, void *payload) {
  struct h2 *h2 = payload;
  struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
  if (!stream) return 0;
  if (stream->head_done) return spend(h2, 1) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE; /* a trailer */
  struct str key = {(const char *)name, name_n}, text = {(const char *)value, value_n};
  if (h2_head_add(&stream->head, &h2->connection->server->guard, key, text) == 0) return 0;
  h2_doom(h2, NGHTTP2_ENHANCE_YOUR_CALM);
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* nghttp2 would go on without the field; the request is answered as the guard answers one in HTTP/1.1. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_n, const uint8_t *value,
                             size_t value_n, uint8_t flags, void *payload) {
  struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
  if (stream && !stream->head_done) h2_head_refuse(&stream->head, "a header has a character that may not stand there");
  return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *payload) {
  struct h2 *h2 = payload;
  struct h2_stream *stream = stream_of(session, frame->hd.stream_id);
  bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (frame->hd.type == NGHTTP2_PING && frame->hd.flags & NGHTTP2_FLAG_ACK && h2->drain == H2_NOTICED) h2->drain_ms = 0;
  if (!stream || !carries) return 0;
  if (!stream->head_done) h2_earn(h2, REQUEST_EARNS);
  stream->head_done = true;
  stream->input_ended |= frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
  stream->moved_ms = h2_now(h2);
  return 0;
}

static int on_piece(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *payload) {
  struct h2 *h2 = payload;
  struct h2_stream *stream = stream_of(session, id);
  h2_earn(h2, 1);
  if (!stream || stream->stopped) return nghttp2_session_consume(session, id, n);
  if (!buf_add(&stream->in, (struct str){(const char *)p, n})) {
    h2_doom(h2, NGHTTP2_FLOW_CONTROL_ERROR);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  stream->received += (int64_t)n;
  stream->moved_ms = h2_now(h2);
  return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *payload) {
  struct h2_stream *stream = stream_of(session, id);
  if (!stream) return 0;
  stream->closed = true;
  if (!stream->answered && !stream->reset) (void)spend(payload, RESET_COSTS);
  return 0;
}

/* Requests. */

static void refuse(struct h2_stream *stream, const struct error *error) {
  struct http_exchange *exchange = stream->exchange;
  log_event(LOG_DEBUG, "request_refused", LOG_STR("peer", stream_peer(stream->h2->connection->stream)),
            LOG_STR("request_id", http_exchange_id(exchange)), LOG_FAILURE(error));
  exchange->body_done = stream->stopped = true;
  exchange_refuse(exchange, error);
}

static void start(struct h2_stream *stream) {
  struct connection *connection = stream->h2->connection;
  struct http_server *server = connection->server;
  struct error error;
  error_clear(&error);
  struct arena *arena = stream->head.arena;
  struct http_exchange *exchange = stream->exchange = exchange_new(connection, stream, arena);
  bool ended = stream->input_ended && stream->received == 0;
  int failed = h2_head_request(&stream->head, &server->guard, ended, &exchange->request, &exchange->framing, &error);
  stream->head.arena = NULL; /* the exchange's from here on */
  h2_head_free(&stream->head);
  connection->served = true;
  if (failed) {
    refuse(stream, &error);
    return;
  }
  exchange->body_done = !exchange->request.has_body;
  server->handler(server->payload, exchange);
}

/* RFC 9113 section 8.1.1: the length that was told is the length of what came. (nghttp2 sees to it too.) */
static void end_body(struct h2_stream *stream) {
  struct http_exchange *exchange = stream->exchange;
  struct error error;
  error_clear(&error);
  if (exchange->framing.body != GUARD_LENGTH || stream->received == exchange->framing.length) {
    exchange_body_end(exchange);
    return;
  }
  (void)error_set(&error, ERROR_bad_request, "the body is not as long as Content-Length says");
  exchange_body_broken(exchange, &error);
}

static bool wants_body(const struct h2_stream *stream) {
  const struct http_exchange *exchange = stream->exchange;
  return exchange && !exchange->body_done && !stream->stopped && exchange_wants_body(exchange);
}

static void take_body(struct h2_stream *stream) {
  while (stream->taken < stream->in.n && wants_body(stream)) {
    struct str piece = str_slice(buf_str(&stream->in), stream->taken, stream->taken + PIECE);
    exchange_body(stream->exchange, piece);
    take(stream, piece.n);
  }
  if (stream->stopped || !stream->exchange) take(stream, stream->in.n - stream->taken);
  if (stream->taken == stream->in.n) {
    buf_clear(&stream->in);
    stream->taken = 0;
    if (stream->input_ended && wants_body(stream)) end_body(stream);
  } else if (stream->taken > stream->in.n / 2) { /* so that taken and untaken bytes together are two windows at most */
    buf_drop(&stream->in, stream->taken);
    stream->taken = 0;
  }
}

static bool is_finished(const struct h2_stream *stream) {
  const struct http_exchange *exchange = stream->exchange;
  return exchange && exchange->answering == ENDED && !exchange->aborted && (exchange->body_done || stream->stopped);
}

/* Requests begin, and bodies move. */
static void advance(struct h2 *h2) {
  for (struct h2_stream *stream = h2->streams; stream && !h2->doomed; stream = stream->next) {
    if (stream->head_done && !stream->exchange && stream->head.arena && !stream->closed && !stream->reset) start(stream);
    take_body(stream);
  }
}

/* Exchanges end; at the turn's end alone, since nothing goes before it. */
static void settle(struct h2_stream *stream) {
  struct http_exchange *exchange = stream->exchange;
  if (exchange && exchange->body_done && exchange->reading == READ_STREAM && !exchange->end_told) exchange_body_end(exchange);
  if ((exchange && exchange->aborted) || stream->broken) {
    stream->broken = false;
    h2_send(stream->h2); /* what was written of it before */
    reset(stream, NGHTTP2_INTERNAL_ERROR);
    leave(stream);
  } else if (is_finished(stream)) {
    stream->exchange = NULL;
    exchange_detach(exchange);
  }
  if (!stream->closed) return;
  leave(stream);
  stream_free(stream);
}

static void settle_all(struct h2 *h2) {
  for (struct h2_stream *stream = h2->streams, *next; stream; stream = next) {
    next = stream->next;
    settle(stream);
  }
}

static void leave_all(struct h2 *h2) {
  for (struct h2_stream *stream = h2->streams; stream; stream = stream->next) leave(stream);
}

/* Behind what was sent: who waits for room, and who need not send the rest. */
static void after_sending(struct h2 *h2) {
  for (struct h2_stream *stream = h2->streams; stream; stream = stream->next) {
    struct http_exchange *exchange = stream->exchange;
    if (stream->answered && !exchange && !stream->input_ended) {
      reset(stream, NGHTTP2_NO_ERROR);
      stream->input_ended = true;
      h2_wake(stream);
    }
    if (!stream->above_high || h2_out_waiting(stream) > H2_LOW) continue;
    stream->above_high = false;
    if (exchange && exchange->answering == BEGUN && exchange->on_drained) exchange->on_drained(exchange->drained_payload);
  }
}

/* The connection's side. */

void h2_data(struct h2 *h2, struct str piece) {
  if (h2->doomed || h2->over) return;
  ssize_t n = nghttp2_session_mem_recv(h2->session, (const uint8_t *)piece.p, piece.n);
  if (n < 0) h2_doom(h2, n == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
  advance(h2);
  connection_wake(h2->connection);
}

static void end_session(struct h2 *h2) {
  log_event(LOG_DEBUG, "h2_ended", LOG_STR("peer", stream_peer(h2->connection->stream)),
            LOG_TEXT("code", nghttp2_http2_strerror(h2->failure)));
  leave_all(h2);
  (void)nghttp2_session_terminate_session(h2->session, h2->failure);
  h2_send(h2);
  h2->over = true;
}

static void drain_on(struct h2 *h2) {
  if (h2->drain != H2_NOTICED || h2_now(h2) - h2->drain_ms < NOTICE_MS) return;
  h2->drain = H2_LAST;
  (void)nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h2->session), NGHTTP2_NO_ERROR, NULL,
                              0);
}

void h2_act(struct h2 *h2) {
  struct connection *connection = h2->connection;
  if (h2->over) return;
  advance(h2);
  settle_all(h2);
  drain_on(h2);
  if (!h2->doomed) {
    h2_send(h2);
    after_sending(h2);
  }
  if (h2->doomed)
    end_session(h2);
  else if (!connection->blocked && !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session))
    h2->over = true; /* an error that nghttp2 saw, and told */
  else if (h2->drain == H2_LAST && !h2->streams && !nghttp2_session_want_write(h2->session))
    h2->over = true;
  if (h2->over) leave_all(h2);
}

bool h2_over(const struct h2 *h2) {
  return h2->over;
}

void h2_drain(struct h2 *h2) {
  if (h2->drain != H2_SERVES) return;
  h2->drain = H2_NOTICED;
  h2->drain_ms = h2_now(h2);
  (void)nghttp2_submit_shutdown_notice(h2->session);
  (void)nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL); /* its echo comes behind what the browser sent before it knew */
  connection_wake(h2->connection);
}

/* Time. */

static bool stream_is_late(struct h2_stream *stream, int64_t now_ms) {
  const struct http_server_limits *limits = &stream->h2->connection->server->limits;
  int64_t waited_ms = now_ms - stream->moved_ms;
  if (!stream->head_done) {
    if (waited_ms >= limits->head_timeout_ms) h2_doom(stream->h2, NGHTTP2_ENHANCE_YOUR_CALM);
    return false;
  }
  bool sends = h2_out_waiting(stream) > 0, awaits_body = wants_body(stream) && !stream->input_ended;
  if (!sends && !awaits_body) stream->moved_ms = now_ms; /* it is not the browser that is waited for */
  return (sends || awaits_body) && waited_ms >= limits->idle_timeout_ms;
}

void h2_check_time(struct h2 *h2, int64_t now_ms) {
  struct connection *connection = h2->connection;
  const struct http_server_limits *limits = &connection->server->limits;
  if (h2->drain == H2_NOTICED) connection_wake(connection);
  if (!h2->streams && now_ms - connection->moved_ms >= (connection->served ? limits->keep_alive_ms : limits->head_timeout_ms))
    h2_doom(h2, NGHTTP2_NO_ERROR);
  for (struct h2_stream *stream = h2->streams; stream; stream = stream->next)
    if (stream_is_late(stream, now_ms)) h2_break(stream);
}

/* Life. */

static void submit_settings(struct h2 *h2) {
  nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_WINDOW},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)h2->connection->server->guard.head_bytes},
  };
  (void)nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings);
  (void)nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, H2_CONNECTION_WINDOW);
}

struct h2 *h2_new(struct connection *connection) {
  struct h2 *h2 = mem_alloc(sizeof *h2);
  nghttp2_session_callbacks *callbacks;
  nghttp2_option *option;
  h2->connection = connection;
  h2->credit = CREDIT_START;
  h2->credit_ms = h2_now(h2);
  h2->last_id = -1;
  if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0) mem_exhausted(0);
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_piece);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, h2_on_frame_send);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, h2_on_send_data);
  nghttp2_option_set_no_auto_window_update(option, 1);
  if (nghttp2_session_server_new2(&h2->session, callbacks, h2, option) != 0) mem_exhausted(0);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);
  submit_settings(h2);
  if (connection->server->draining) h2_drain(h2);
  connection_wake(connection);
  return h2;
}

/* nghttp2 tells nothing of the streams that go with the session. */
void h2_free(struct h2 *h2) {
  if (!h2) return;
  leave_all(h2);
  while (h2->streams) stream_free(h2->streams);
  nghttp2_session_del(h2->session);
  free(h2);
}
