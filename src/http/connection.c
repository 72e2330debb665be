#include "http/server_internal.h"

#include "base/log.h"
#include "base/mem.h"
#include "crypt/secret.h"

static const struct stream_events events;

static int64_t now_of(const struct connection *connection) {
  return (int64_t)uv_now(connection->server->loop);
}

static void act(void *payload);

void connection_new(struct http_server *server, uv_stream_t *listener, int fd, struct tls_context *tls) {
  struct connection *connection = mem_alloc(sizeof *connection);
  connection->server = server;
  connection->turn = (struct turn_item){.act = act, .payload = connection};
  connection->in = BUF_INIT(server->limits.head_bytes + (size_t)2 * STREAM_READ);
  connection->stream =
      listener ? stream_accept(server->room, listener, tls, &events, connection) : stream_adopt(server->room, fd, tls, &events, connection);
  if (!connection->stream) {
    free(connection);
    server_connection_gone(server);
    return;
  }
  connection->next = server->connections;
  if (connection->next) connection->next->previous = connection;
  server->connections = connection;
  connection->moved_ms = now_of(connection);
  stream_resume(connection->stream);
}

void connection_wake(struct connection *connection) {
  turn_add(connection->server->room->turn, &connection->turn);
}

void connection_cut(struct connection *connection) {
  struct http_server *server = connection->server;
  struct http_exchange *exchange = connection->exchange;
  connection->exchange = NULL;
  h2_free(connection->h2);
  if (connection->previous)
    connection->previous->next = connection->next;
  else
    server->connections = connection->next;
  if (connection->next) connection->next->previous = connection->previous;
  bool half = exchange && (exchange->answering == BEGUN || exchange->aborted);
  /* Where the end of the connection is the end of the body, only a reset tells that it was cut. */
  if (half && !exchange->chunked && exchange->left < 0)
    stream_reset(connection->stream);
  else
    stream_close(connection->stream);
  turn_remove(server->room->turn, &connection->turn);
  secret_wipe(connection->in.p, connection->in.capacity);
  buf_free(&connection->in);
  free(connection);
  if (exchange) exchange_leave(exchange);
  server_connection_gone(server);
}

static bool is_idle(const struct connection *connection) {
  return connection->served && !connection->exchange && connection->in.n == 0 && !connection->lingering &&
         stream_waiting(connection->stream) == 0;
}

void connection_drain(struct connection *connection) {
  if (connection->h2)
    h2_drain(connection->h2);
  else if (is_idle(connection))
    connection_cut(connection);
}

/* The last answer is written: tells the other end, and goes on reading for a while, since closing with unread bytes would reset the connection and could take the answer away from its reader. */
static void linger(struct connection *connection) {
  if (connection->lingering) return;
  connection->lingering = true;
  connection->moved_ms = now_of(connection);
  secret_wipe(connection->in.p, connection->in.capacity);
  buf_free(&connection->in);
  stream_finish(connection->stream);
  stream_resume(connection->stream);
}

/* Answers what cannot be a request, and ends the connection. */
static void refuse(struct connection *connection, struct http_exchange *exchange, const struct error *error) {
  log_event(LOG_DEBUG, "request_refused", LOG_STR("peer", stream_peer(connection->stream)), LOG_STR("request_id", str_of(exchange->id)),
            LOG_FAILURE(error));
  connection->last = true;
  exchange->body_done = true;
  exchange_refuse(exchange, error);
}

/* Requests. */

static int start_body(struct http_exchange *exchange, struct str head, struct error *error) {
  if (h1_start(&exchange->h1, H1_REQUEST, head, &exchange->framing, error) < 0) return -1;
  exchange->body_done = !exchange->request.has_body;
  return 0;
}

static void start_exchange(struct connection *connection, struct str received) {
  struct http_server *server = connection->server;
  struct error error;
  error_clear(&error);
  struct http_exchange *exchange = exchange_new(connection, NULL, NULL);
  struct str head = arena_str(exchange->arena, received);
  connection->head_begun = false;
  connection->served = true;
  connection->moved_ms = now_of(connection);
  if (guard_request(exchange->arena, head, &server->guard, &exchange->request, &exchange->framing, &error) < 0 ||
      start_body(exchange, head, &error) < 0) {
    refuse(connection, exchange, &error);
    return;
  }
  connection->last = !exchange->framing.keep_alive || server->draining;
  server->handler(server->payload, exchange);
}

/* Prior knowledge (RFC 9113 section 3.3): 1: this is HTTP/2, in clear; 0: not, or no longer to be told; -1: more must come. */
static int has_preface(const struct connection *connection, struct str bytes) {
  struct str preface = H2_PREFACE;
  if (connection->served || connection->in_tls || bytes.n == 0 || bytes.p[0] != preface.p[0]) return 0;
  if (!str_eq(str_slice(bytes, 0, preface.n), str_slice(preface, 0, bytes.n))) return 0;
  return bytes.n >= preface.n ? 1 : -1;
}

/* Takes one head off *bytes. False: there is none yet, or nothing more is to be taken. */
static bool take_head(struct connection *connection, struct str *bytes) {
  if (connection->last || connection->blocked) return false;
  if (!connection->head_begun && connection->served && str_starts(*bytes, STR("\r\n")))
    *bytes = str_from(*bytes, 2); /* RFC 9112 section 2.2: one is forgiven */
  if (bytes->n == 0) return false;
  if (!connection->head_begun) connection->moved_ms = now_of(connection);
  connection->head_begun = true;
  int preface = has_preface(connection, *bytes);
  if (preface < 0) return false;
  if (preface > 0) {
    connection->h2 = h2_new(connection);
    h2_data(connection->h2, *bytes);
    *bytes = STR_NONE;
    return false;
  }
  struct error error;
  error_clear(&error);
  size_t n = 0;
  int found = guard_head_end(*bytes, &connection->server->guard, &connection->scanned, &n, &error);
  if (found == 0) return false;
  connection->scanned = 0;
  if (found < 0) {
    refuse(connection, exchange_new(connection, NULL, NULL), &error);
    *bytes = STR_NONE;
    return false;
  }
  struct str head = str_slice(*bytes, 0, n);
  *bytes = str_from(*bytes, n);
  start_exchange(connection, head);
  return true;
}

/* Takes one run of the body off *bytes. False: no more for now. */
static bool take_body(struct connection *connection, struct str *bytes) {
  struct http_exchange *exchange = connection->exchange;
  struct error error;
  error_clear(&error);
  struct str piece;
  switch (h1_next(&exchange->h1, bytes, &piece, &error)) {
  case H1_MORE: return false;
  case H1_DATA: exchange_body(exchange, piece); return true;
  case H1_END: exchange_body_end(exchange); return false;
  default: break;
  }
  connection->last = true;
  *bytes = STR_NONE;
  exchange_body_broken(exchange, &error);
  return false;
}

static void take(struct connection *connection, struct str *bytes) {
  for (;;) {
    struct http_exchange *exchange = connection->exchange;
    bool more = false;
    if (!exchange)
      more = take_head(connection, bytes);
    else if (!exchange->body_done && exchange_wants_body(exchange))
      more = take_body(connection, bytes);
    if (!more) return;
  }
}

/* Reads on unless enough lies here unused. */
static void regulate(struct connection *connection) {
  const struct http_exchange *exchange = connection->exchange;
  bool waits = exchange || connection->blocked; /* else it is a head that comes, which the guard ends where it is too long */
  bool enough = waits && connection->in.n >= connection->server->limits.head_bytes;
  bool paused = exchange && !exchange->body_done && exchange->paused;
  if (!connection->lingering && (enough || paused))
    stream_pause(connection->stream);
  else
    stream_resume(connection->stream);
}

static void on_opened(void *payload) {
  struct connection *connection = payload;
  connection->in_tls = true;
  if (str_eq(stream_protocol(connection->stream), STR("h2"))) connection->h2 = h2_new(connection);
}

static void on_data(void *payload, struct str piece) {
  struct connection *connection = payload;
  if (connection->lingering) {
    connection->lingered += piece.n;
    if (connection->lingered > LINGER_MAX) connection_cut(connection);
    return;
  }
  if (connection->h2) { /* where not every byte is a reason to wait longer */
    h2_data(connection->h2, piece);
    return;
  }
  bool awaiting_head = !connection->exchange && connection->head_begun;
  if (!awaiting_head) connection->moved_ms = now_of(connection); /* a head's time runs from its first byte */
  if (connection->in.n == 0) {
    take(connection, &piece);
    (void)buf_add(&connection->in, piece);
  } else {
    (void)buf_add(&connection->in, piece);
    struct str bytes = buf_str(&connection->in);
    take(connection, &bytes);
    size_t taken = connection->in.n - bytes.n;
    buf_drop(&connection->in, taken);
    secret_wipe(connection->in.p + connection->in.n, taken);
  }
  regulate(connection);
}

static void on_drained(void *payload) {
  struct connection *connection = payload;
  struct http_exchange *exchange = connection->exchange;
  connection->blocked = false;
  connection->moved_ms = now_of(connection);
  connection_wake(connection);
  if (exchange && exchange->answering == BEGUN && exchange->on_drained) exchange->on_drained(exchange->drained_payload);
}

static void on_ended(void *payload, const struct error *error) {
  struct connection *connection = payload;
  const struct http_exchange *exchange = connection->exchange;
  if (connection->h2) {
    connection_cut(connection);
    return;
  }
  bool answered = !exchange || exchange->answering == ENDED;
  bool nothing_to_send = !exchange && stream_waiting(connection->stream) == 0;
  if (error || !answered || nothing_to_send) {
    connection_cut(connection);
    return;
  }
  connection->input_ended = true; /* what came before it is still answered */
  connection_wake(connection);
}

static const struct stream_events events = {.opened = on_opened, .data = on_data, .drained = on_drained, .ended = on_ended};

/* What was recorded is done here, at the turn's end. */

static void finish_exchange(struct connection *connection) {
  struct http_exchange *exchange = connection->exchange;
  connection->exchange = NULL;
  connection->moved_ms = now_of(connection);
  if (connection->server->draining && connection->in.n == 0) connection->last = true; /* its head may have gone out before that was known */
  exchange_detach(exchange);
}

static bool is_finished(const struct connection *connection) {
  const struct http_exchange *exchange = connection->exchange;
  return exchange && exchange->answering == ENDED && (exchange->body_done || connection->last);
}

/* All that came before the end of the input was taken, and the body is not whole. */
static bool lacks_body_for_ever(const struct connection *connection) {
  const struct http_exchange *exchange = connection->exchange;
  return exchange && connection->input_ended && !exchange->body_done && exchange_wants_body(exchange);
}

/* HTTP/2: what cannot go out now is a reason to read no further. */
static void act_h2(struct connection *connection) {
  if (connection->lingering) return;
  h2_act(connection->h2);
  if (h2_over(connection->h2))
    linger(connection);
  else if (connection->blocked)
    stream_pause(connection->stream);
  else
    stream_resume(connection->stream);
}

static void act(void *payload) {
  struct connection *connection = payload;
  struct http_exchange *exchange = connection->exchange;
  if (connection->h2) {
    act_h2(connection);
    return;
  }
  if (connection->broken || (exchange && exchange->aborted)) {
    stream_flush(connection->stream);
    connection_cut(connection);
    return;
  }
  if (connection->lingering) return;
  if (exchange && exchange->body_done && exchange->reading == READ_STREAM && !exchange->end_told) exchange_body_end(exchange);
  if (is_finished(connection)) finish_exchange(connection);
  struct str bytes = buf_str(&connection->in);
  take(connection, &bytes);
  buf_drop(&connection->in, connection->in.n - bytes.n);
  if (lacks_body_for_ever(connection)) {
    if (connection->exchange->answering != ENDED) {
      connection_cut(connection);
      return;
    }
    connection->last = true;
  }
  if (is_finished(connection))
    connection_wake(connection);
  else if (!connection->exchange && (connection->last || connection->input_ended))
    linger(connection);
  regulate(connection);
}

/* Time. */

static void check_waiting_head(struct connection *connection, int64_t waited_ms) {
  const struct http_server_limits *limits = &connection->server->limits;
  if (!connection->head_begun) {
    int patience_ms = connection->served ? limits->keep_alive_ms : connection->server->draining ? DRAIN_FIRST_MS : limits->head_timeout_ms;
    if (waited_ms >= patience_ms) connection_cut(connection);
    return;
  }
  if (waited_ms < limits->head_timeout_ms) return;
  struct error error = {0};
  (void)error_set(&error, ERROR_request_timeout, "the request head did not come within %d ms", limits->head_timeout_ms);
  refuse(connection, exchange_new(connection, NULL, NULL), &error);
}

void connection_check_time(struct connection *connection, int64_t now_ms) {
  struct http_exchange *exchange = connection->exchange;
  size_t waiting = stream_waiting(connection->stream);
  if (waiting != connection->last_waiting) connection->moved_ms = now_ms;
  connection->last_waiting = waiting;
  int64_t waited_ms = now_ms - connection->moved_ms;
  if (waiting > 0) {
    if (waited_ms >= connection->server->limits.idle_timeout_ms) connection_cut(connection);
  } else if (connection->lingering) {
    if (connection->input_ended || waited_ms >= LINGER_MS) connection_cut(connection);
  } else if (connection->h2) {
    h2_check_time(connection->h2, now_ms);
  } else if (exchange) {
    bool awaits_body = !exchange->body_done && exchange_wants_body(exchange);
    if (awaits_body && waited_ms >= connection->server->limits.idle_timeout_ms)
      connection_cut(connection);
    else if (!awaits_body)
      connection->moved_ms = now_ms; /* it is not the browser that is waited for */
  } else {
    check_waiting_head(connection, waited_ms);
  }
}
