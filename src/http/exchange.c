#include "http/server_internal.h"

#include "base/json_out.h"
#include "crypt/secret.h"

enum { RESERVE_MAX = 64 * 1024 };

/* Life: under way on a connection; then detached (its answer is out) or left (the browser went); freed when it is answered and nobody holds it. */

static void on_turn(void *payload);

struct http_exchange *exchange_new(struct connection *connection, struct h2_stream *stream, struct arena *arena) {
  struct http_server *server = connection->server;
  if (!arena) arena = arena_new_of(server->arenas);
  struct http_exchange *exchange = ARENA_NEW(arena, struct http_exchange);
  exchange->server = server;
  exchange->stream = stream;
  if (!stream) exchange->connection = connection;
  exchange->arena = arena;
  exchange->turn = (struct turn_item){.act = on_turn, .payload = exchange};
  server_next_id(server, exchange->id);
  struct str peer = stream_peer(connection->stream);
  if (peer.n < sizeof exchange->peer) memcpy(exchange->peer, peer.p, peer.n);
  if (!stream) connection->exchange = exchange;
  server->exchange_count++;
  return exchange;
}

/* Is there a browser that can be answered? */
static bool is_on_wire(const struct http_exchange *exchange) {
  return exchange->connection || exchange->stream;
}

static bool is_over(const struct http_exchange *exchange) {
  return !is_on_wire(exchange) && exchange->holds == 0 && exchange->answering == ENDED;
}

static void free_if_over(struct http_exchange *exchange) {
  struct http_server *server = exchange->server;
  if (!is_over(exchange)) return;
  if (server->room) turn_remove(server->room->turn, &exchange->turn);
  buf_free(&exchange->whole);
  arena_free(exchange->arena);
  server_exchange_gone(server);
}

/* The caller may go on with it until the turn ends. (A server that was freed has no turns any more.) */
static void look_later(struct http_exchange *exchange) {
  if (exchange->server->room)
    turn_add(exchange->server->room->turn, &exchange->turn);
  else
    on_turn(exchange);
}

void exchange_detach(struct http_exchange *exchange) {
  exchange->connection = NULL;
  exchange->stream = NULL;
  free_if_over(exchange); /* at the turn's end already */
}

static void tell_gone(struct http_exchange *exchange) {
  if (exchange->reading == READ_STREAM && !exchange->end_told) {
    exchange->end_told = true;
    exchange->reader.end(exchange->reader.payload, false);
  }
  void (*on_gone)(void *) = exchange->on_gone;
  exchange->on_gone = NULL;
  if (on_gone && exchange->answering != ENDED) on_gone(exchange->gone_payload);
}

void exchange_leave(struct http_exchange *exchange) {
  exchange->connection = NULL;
  exchange->stream = NULL;
  exchange->gone = exchange->answering != ENDED || exchange->aborted;
  exchange->holds++; /* what is called here may release it */
  tell_gone(exchange);
  if (exchange->reading == READ_WHOLE && !exchange->end_told)
    exchange->answering = ENDED; /* nobody will answer: `done` does not run any more */
  exchange->holds--;
  if (is_over(exchange)) look_later(exchange);
}

/* Also what was asked for only after the browser had gone. */
static void on_turn(void *payload) {
  struct http_exchange *exchange = payload;
  exchange->holds++;
  if (exchange->gone) tell_gone(exchange);
  exchange->holds--;
  free_if_over(exchange);
}

void http_exchange_hold(struct http_exchange *exchange) {
  exchange->holds++;
}

void http_exchange_release(struct http_exchange *exchange) {
  exchange->holds--;
  if (is_over(exchange)) look_later(exchange);
}

/* What it is. */

const struct http_request *http_exchange_request(const struct http_exchange *exchange) {
  return &exchange->request;
}

struct arena *http_exchange_arena(struct http_exchange *exchange) {
  return exchange->arena;
}

struct str http_exchange_peer(const struct http_exchange *exchange) {
  return str_of(exchange->peer);
}

struct str http_exchange_id(const struct http_exchange *exchange) {
  return (struct str){exchange->id, sizeof exchange->id - 1};
}

bool http_exchange_gone(const struct http_exchange *exchange) {
  return exchange->gone;
}

void http_exchange_set_context(struct http_exchange *exchange, void *context) {
  exchange->context = context;
}

void *http_exchange_context(const struct http_exchange *exchange) {
  return exchange->context;
}

int http_exchange_status(const struct http_exchange *exchange) {
  return exchange->status;
}

int64_t http_exchange_sent(const struct http_exchange *exchange) {
  return exchange->sent;
}

void http_exchange_on_gone(struct http_exchange *exchange, void (*gone)(void *payload), void *payload) {
  exchange->on_gone = gone;
  exchange->gone_payload = payload;
  if (exchange->gone) look_later(exchange);
}

/* The body of the request. */

bool exchange_wants_body(const struct http_exchange *exchange) {
  return exchange->reading != UNCLAIMED && !(exchange->paused && exchange->reading == READ_STREAM);
}

static void wake(struct http_exchange *exchange) {
  if (exchange->connection)
    connection_wake(exchange->connection);
  else if (exchange->stream)
    h2_wake(exchange->stream);
}

static void answer_ended(struct http_exchange *exchange) {
  exchange->answering = ENDED;
  exchange->reading = DRAINED;
  exchange->paused = false;
  if (is_on_wire(exchange))
    wake(exchange);
  else
    look_later(exchange);
}

static void claim(struct http_exchange *exchange, enum reading reading) {
  exchange->reading = reading;
  if (!is_on_wire(exchange)) {
    look_later(exchange);
    return;
  }
  bool asked = exchange->framing.expects_continue && !exchange->body_done && exchange->answering == NOT_BEGUN;
  if (asked && exchange->stream) {
    if (!h2_body_begun(exchange->stream)) h2_continue(exchange->stream);
  } else if (asked && exchange->connection->in.n == 0) {
    exchange->continue_sent = true;
    (void)stream_write(exchange->connection->stream, &STR("HTTP/1.1 100 Continue\r\n\r\n"), 1);
  }
  wake(exchange);
}

static void refuse_size(struct http_exchange *exchange) {
  struct error error = {0};
  (void)error_set(&error, ERROR_too_large, "the request body has more than %zu bytes", exchange->whole.max);
  exchange->end_told = true;
  exchange_refuse(exchange, &error);
}

void exchange_body(struct http_exchange *exchange, struct str piece) {
  switch (exchange->reading) {
  case READ_WHOLE:
    if (!buf_add(&exchange->whole, piece)) refuse_size(exchange);
    break;
  case READ_STREAM: exchange->reader.data(exchange->reader.payload, piece); break;
  default:
    exchange->drained_bytes += piece.n;
    if (exchange->drained_bytes <= DRAIN_MAX || !is_on_wire(exchange)) break;
    if (exchange->stream)
      h2_stop_reading(exchange->stream);
    else
      exchange->connection->last = true;
    wake(exchange);
  }
}

void exchange_body_end(struct http_exchange *exchange) {
  exchange->body_done = true;
  if (exchange->reading == READ_WHOLE && !exchange->end_told) {
    exchange->end_told = true;
    exchange->done(exchange->done_payload, exchange, buf_str(&exchange->whole));
  } else if (exchange->reading == READ_STREAM && !exchange->end_told) {
    exchange->end_told = true;
    exchange->reader.end(exchange->reader.payload, true);
  }
  wake(exchange);
}

/* A streamed one: its reader is told and may answer on the spot; if it does not, the browser is cut off. */
void exchange_body_broken(struct http_exchange *exchange, const struct error *error) {
  exchange->body_done = true;
  if (exchange->reading == READ_WHOLE && !exchange->end_told) {
    exchange->end_told = true;
    exchange_refuse(exchange, error);
  } else if (exchange->reading == READ_STREAM && !exchange->end_told) {
    exchange->end_told = true;
    exchange->reader.end(exchange->reader.payload, false);
    if (exchange->answering != ENDED && exchange->connection)
      exchange->connection->broken = true;
    else if (exchange->answering != ENDED && exchange->stream)
      h2_break(exchange->stream);
  }
  wake(exchange);
}

void http_exchange_read(struct http_exchange *exchange, size_t limit,
                        void (*done)(void *payload, struct http_exchange *exchange, struct str body), void *payload) {
  exchange->whole = BUF_INIT(limit);
  exchange->done = done;
  exchange->done_payload = payload;
  if (exchange->gone) {
    answer_ended(exchange);
    return;
  }
  int64_t told = exchange->request.body_length;
  bool too_large = told > 0 && (uint64_t)told > limit;
  if (too_large) {
    refuse_size(exchange);
    return;
  }
  if (told > 0 && told <= RESERVE_MAX)
    (void)buf_reserve(&exchange->whole, (size_t)told); /* so that it does not leave copies behind as it grows */
  claim(exchange, READ_WHOLE);
  if (exchange->body_done) exchange_body_end(exchange);
}

void http_exchange_forget_body(struct http_exchange *exchange) {
  secret_wipe(exchange->whole.p, exchange->whole.capacity);
}

void http_exchange_stream(struct http_exchange *exchange, struct http_body_reader reader) {
  exchange->reader = reader;
  claim(exchange, READ_STREAM);
}

void http_exchange_pause(struct http_exchange *exchange) {
  exchange->paused = true;
  wake(exchange);
}

void http_exchange_resume(struct http_exchange *exchange) {
  exchange->paused = false;
  wake(exchange);
}

/* The answer: its head. */

static const bool is_servers[FIELD_COUNT] = {
    [FIELD_DATE] = true,       [FIELD_TRAILER] = true,        [FIELD_CONNECTION] = true,
    [FIELD_KEEP_ALIVE] = true, [FIELD_CONTENT_LENGTH] = true, [FIELD_TRANSFER_ENCODING] = true,
};

static void add_line(struct buf *head, enum http_field field, struct str value) {
  http_line_add(head, http_field_name(field), STR_NONE, value);
}

static void add_length(struct buf *head, int64_t length) {
  (void)buf_add(head, STR("Content-Length: "));
  (void)buf_add_int(head, length);
  (void)buf_add(head, STR("\r\n"));
}

/* May the connection be kept? Not if more of the body is to come than is read for nobody. */
static bool leaves_too_much(const struct http_exchange *exchange) {
  if (exchange->body_done || exchange->reading == READ_STREAM) return false;
  if (exchange->framing.expects_continue && !exchange->continue_sent) return true;
  return exchange->framing.body == GUARD_LENGTH && exchange->h1.left > DRAIN_MAX;
}

bool exchange_status_is_empty(int status) {
  return status < 200 || status == 204 || status == 304;
}

static void note_head(struct http_exchange *exchange, int status, int64_t length) {
  exchange->bodiless = exchange_status_is_empty(status) || str_eq(exchange->request.method, STR("HEAD"));
  exchange->left = length;
  exchange->status = status;
}

static void add_framing(struct http_exchange *exchange, struct buf *head, int status, int64_t length) {
  struct connection *connection = exchange->connection;
  bool empty_status = exchange_status_is_empty(status);
  exchange->chunked = length < 0 && !empty_status && !exchange->framing.http_1_0;
  if (length < 0 && !exchange->bodiless && !exchange->chunked)
    connection->last = true; /* HTTP/1.0: the end of the connection is the end of the body */
  if (leaves_too_much(exchange) || exchange->server->draining) connection->last = true;
  if (exchange->chunked)
    add_line(head, FIELD_TRANSFER_ENCODING, STR("chunked"));
  else if (length >= 0 && !empty_status)
    add_length(head, length);
  if (connection->last)
    add_line(head, FIELD_CONNECTION, STR("close"));
  else if (exchange->framing.http_1_0)
    add_line(head, FIELD_CONNECTION, STR("keep-alive"));
}

static struct str head_of(struct http_exchange *exchange, int status, const struct http_headers *headers, int64_t length) {
  struct buf *head = &exchange->server->head;
  buf_clear(head);
  (void)buf_add(head, STR("HTTP/1.1 "));
  (void)buf_add_int(head, status);
  (void)buf_add_char(head, ' ');
  (void)buf_add(head, str_of(http_reason(status)));
  (void)buf_add(head, STR("\r\n"));
  for (size_t i = 0; headers && i < headers->n; i++) {
    const struct http_header *h = &headers->p[i];
    if (!is_servers[h->field]) http_line_add(head, h->name, STR_NONE, h->value);
  }
  add_line(head, FIELD_DATE, server_date(exchange->server));
  add_framing(exchange, head, status, length);
  (void)buf_add(head, STR("\r\n"));
  return buf_str(head);
}

/* The answer. */

bool http_exchange_begun(const struct http_exchange *exchange) {
  return exchange->answering != NOT_BEGUN;
}

bool http_exchange_waits(const struct http_exchange *exchange) {
  if (exchange->stream) return h2_waits(exchange->stream);
  return exchange->connection && stream_waiting(exchange->connection->stream) > 0;
}

static bool put(struct http_exchange *exchange, const struct str *pieces, size_t count) {
  struct connection *connection = exchange->connection;
  connection->blocked = !stream_write(connection->stream, pieces, count);
  return !connection->blocked;
}

/* An answer with a cookie leaves no copy of it behind. */
static void put_whole(struct http_exchange *exchange, const struct http_headers *headers, struct str head, struct str body) {
  struct connection *connection = exchange->connection;
  struct buf *room = &exchange->server->head;
  struct str pieces[] = {head, body};
  size_t count = exchange->bodiless ? 1 : 2;
  bool has_cookie = headers && http_field_count(headers, FIELD_SET_COOKIE) > 0;
  if (!has_cookie) {
    (void)put(exchange, pieces, count);
    return;
  }
  connection->blocked = !stream_write_secret(connection->stream, pieces, count);
  secret_wipe(room->p, room->capacity);
  buf_clear(room);
}

void http_exchange_reply(struct http_exchange *exchange, int status, const struct http_headers *headers, struct str body) {
  if (exchange->answering != NOT_BEGUN) return;
  if (is_on_wire(exchange)) {
    note_head(exchange, status, (int64_t)body.n);
    exchange->sent = exchange->bodiless ? 0 : (int64_t)body.n;
  }
  if (exchange->stream) {
    bool no_body = exchange->bodiless || body.n == 0;
    h2_begin(exchange->stream, status, headers, (int64_t)body.n, no_body);
    if (!no_body) (void)h2_write(exchange->stream, body);
    h2_end(exchange->stream);
  } else if (exchange->connection) {
    put_whole(exchange, headers, head_of(exchange, status, headers, (int64_t)body.n), body);
  }
  answer_ended(exchange);
}

void http_exchange_begin(struct http_exchange *exchange, int status, const struct http_headers *headers, int64_t length) {
  if (exchange->answering != NOT_BEGUN) return;
  exchange->answering = BEGUN;
  if (!is_on_wire(exchange)) return;
  note_head(exchange, status, length);
  if (exchange->stream) {
    h2_begin(exchange->stream, status, headers, length, exchange->bodiless);
    return;
  }
  struct str head = head_of(exchange, status, headers, length);
  (void)put(exchange, &head, 1);
}

bool http_exchange_write(struct http_exchange *exchange, struct str piece) {
  if (exchange->answering != BEGUN || !is_on_wire(exchange) || exchange->bodiless || piece.n == 0) return true;
  if (exchange->left >= 0) {
    if (piece.n > (uint64_t)exchange->left) { /* what was told does not hold: nobody may take it for whole */
      http_exchange_abort(exchange);
      return true;
    }
    exchange->left -= (int64_t)piece.n;
  }
  exchange->sent += (int64_t)piece.n;
  if (exchange->stream) return h2_write(exchange->stream, piece);
  if (!exchange->chunked) return put(exchange, &piece, 1);
  char size[24];
  int n = snprintf(size, sizeof size, "%zx\r\n", piece.n);
  struct str pieces[] = {{size, (size_t)n}, piece, STR("\r\n")};
  return put(exchange, pieces, 3);
}

void http_exchange_on_drained(struct http_exchange *exchange, void (*drained)(void *payload), void *payload) {
  exchange->on_drained = drained;
  exchange->drained_payload = payload;
}

void http_exchange_end(struct http_exchange *exchange) {
  if (exchange->answering != BEGUN) return;
  if (is_on_wire(exchange) && !exchange->bodiless) {
    if (exchange->left > 0) {
      http_exchange_abort(exchange);
      return;
    }
    if (exchange->stream)
      h2_end(exchange->stream);
    else if (exchange->chunked)
      (void)put(exchange, &STR("0\r\n\r\n"), 1);
  }
  answer_ended(exchange);
}

void http_exchange_abort(struct http_exchange *exchange) {
  if (exchange->answering == ENDED) return;
  exchange->aborted = true;
  exchange->end_told = true;
  answer_ended(exchange);
}

/* {type, title, status, code, detail, origin, request_id}: contracts, section 4; RFC 9457. */
void exchange_refuse(struct http_exchange *exchange, const struct error *error) {
  struct buf body = BUF_INIT(8192);
  struct json_out out = JSON_OUT_INIT(&body);
  int status = error_http_status(error->code);
  struct str code = str_of(error_name(error->code));
  json_out_object(&out);
  json_out_member_str(&out, "type", STR("about:blank"));
  json_out_member_str(&out, "title", str_of(error_title(error->code)));
  json_out_member_int(&out, "status", status);
  json_out_member_str(&out, "code", code);
  json_out_member_str(&out, "detail", str_of(error->message));
  json_out_member_str(&out, "origin", STR("gateway"));
  json_out_member_str(&out, "request_id", str_of(exchange->id));
  json_out_end(&out);
  struct http_headers headers = {0};
  http_headers_add(&headers, exchange->arena, STR("Content-Type"), STR("application/problem+json"));
  http_headers_add(&headers, exchange->arena, STR("Cache-Control"), STR("no-store"));
  http_headers_add(&headers, exchange->arena, STR("X-Drawbridge-Error"), code);
  if (status == 405) http_headers_add(&headers, exchange->arena, STR("Allow"), STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
  http_exchange_reply(exchange, status, &headers, buf_str(&body));
  buf_free(&body);
}
