#include "http/upstream_internal.h"

enum { INTERIM_MAX = 16 };

static const struct guard_limits limits = {.head_bytes = (size_t)64 * 1024, .head_fields = 256, .target_bytes = 0};

static int64_t now_of(const struct upstream_call *call) {
  return (int64_t)uv_now(call->pool->loop);
}

/* Ends. */

static void wipe(struct buf *bytes) {
  if (bytes->p) secret_wipe(bytes->p, bytes->capacity);
  buf_free(bytes);
}

static void drop_head(struct upstream_call *call) {
  struct upstream_pool *pool = call->pool;
  struct buf *head = &call->head;
  if (!head->p || head->capacity > UPSTREAM_HEAD_KEPT_MAX || pool->head_count == UPSTREAM_HEADS_KEPT) {
    wipe(head);
    return;
  }
  secret_wipe(head->p, head->capacity);
  buf_clear(head);
  pool->heads[pool->head_count++] = *head;
  *head = BUF_INIT(UPSTREAM_HEAD_MAX);
}

void call_free(struct upstream_call *call) {
  struct upstream_pool *pool = call->pool;
  if (call->previous)
    call->previous->next = call->next;
  else
    pool->calls = call->next;
  if (call->next) call->next->previous = call->previous;
  queue_remove(call);
  turn_remove(pool->room->turn, &call->turn);
  drop_head(call);
  wipe(&call->early);
  arena_free(call->arena);
}

/* Takes it off its connection and out of the queue. It is freed at the turn's end, since callers may still look at it. */
static void die(struct upstream_call *call, bool keep_link) {
  struct link *link = call->link;
  queue_remove(call);
  call->state = CALL_DEAD;
  call->link = NULL;
  if (link && keep_link)
    link_keep(link);
  else if (link)
    link_close(link);
  turn_add(call->pool->room->turn, &call->turn);
  upstream_serve_queue(call->pool);
}

static void finish(struct upstream_call *call, bool keep_link, const struct error *error) {
  if (call->state == CALL_DEAD) return;
  if (!error) {
    die(call, keep_link);
    call->callbacks.end(call->payload, NULL);
    return;
  }
  struct error copy = *error; /* it may be the call's own */
  die(call, keep_link);
  call->callbacks.end(call->payload, &copy);
}

void call_end(struct upstream_call *call, const struct error *error) {
  finish(call, false, error);
}

void upstream_cancel(struct upstream_call *call) {
  if (call && call->state != CALL_DEAD) die(call, false);
}

/* Records; told at the turn's end. */
static void fail(struct upstream_call *call, const char *what) {
  if (call->failure.code != ERROR_NONE || call->state == CALL_DEAD) return;
  (void)error_set(&call->failure, ERROR_upstream_broken, "%s", what);
  turn_add(call->pool->room->turn, &call->turn);
}

/* The request. */

static const bool is_hop_by_hop[FIELD_COUNT] = {
    [FIELD_TE] = true,         [FIELD_TRAILER] = true,          [FIELD_UPGRADE] = true,           [FIELD_CONNECTION] = true,
    [FIELD_KEEP_ALIVE] = true, [FIELD_PROXY_CONNECTION] = true, [FIELD_TRANSFER_ENCODING] = true,
};

static bool is_pools(enum http_field field) {
  return is_hop_by_hop[field] || field == FIELD_HOST || field == FIELD_CONTENT_LENGTH || field == FIELD_EXPECT;
}

static bool is_empty_told(struct str method) {
  return str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) || str_eq(method, STR("PATCH"));
}

/* All room is taken at once: a buffer that grows would leave copies of the secrets behind. */
static void reserve(struct buf *to, const struct upstream_head *head, struct str host) {
  size_t n = head->method.n + head->target.n + host.n + 256;
  for (size_t i = 0; head->headers && i < head->headers->n; i++) n += head->headers->p[i].name.n + head->headers->p[i].value.n + 4;
  for (size_t i = 0; i < head->secret_count; i++)
    n += head->secrets[i].name.n + head->secrets[i].prefix.n + secret_reveal(head->secrets[i].value).n + 4;
  (void)buf_reserve(to, n);
}

static void write_head(struct upstream_call *call, const struct upstream_head *head) {
  struct buf *to = &call->head;
  struct str host = call->pool->host_field;
  reserve(to, head, host);
  (void)buf_add(to, head->method);
  (void)buf_add_char(to, ' ');
  (void)buf_add(to, head->target);
  (void)buf_add(to, STR(" HTTP/1.1\r\n"));
  http_line_add(to, http_field_name(FIELD_HOST), STR_NONE, host);
  for (size_t i = 0; head->headers && i < head->headers->n; i++) {
    const struct http_header *h = &head->headers->p[i];
    if (!is_pools(h->field)) http_line_add(to, h->name, STR_NONE, h->value);
  }
  if (call->chunked)
    http_line_add(to, http_field_name(FIELD_TRANSFER_ENCODING), STR_NONE, STR("chunked"));
  else if (call->left > 0 || is_empty_told(head->method))
    (void)buf_printf(to, "Content-Length: %lld\r\n", (long long)call->left);
  for (size_t i = 0; i < head->secret_count; i++)
    http_line_add(to, head->secrets[i].name, head->secrets[i].prefix, secret_reveal(head->secrets[i].value));
  (void)buf_add(to, STR("\r\n"));
}

static bool is_idempotent(struct str method) {
  static const struct str methods[] = {{"GET", 3}, {"HEAD", 4}, {"OPTIONS", 7}, {"PUT", 3}, {"DELETE", 6}};
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
    if (str_eq(method, methods[i])) return true;
  return false;
}

static void on_turn(void *payload);

struct upstream_call *upstream_request(struct upstream_pool *pool, const struct upstream_head *head, struct upstream_callbacks callbacks,
                                       void *payload) {
  struct arena *arena = arena_new_of(pool->arenas);
  struct upstream_call *call = ARENA_NEW(arena, struct upstream_call);
  call->pool = pool;
  call->who = head->who;
  call->callbacks = callbacks;
  call->payload = payload;
  call->arena = arena;
  call->turn = (struct turn_item){.act = on_turn, .payload = call};
  call->head = pool->head_count ? pool->heads[--pool->head_count] : BUF_INIT(UPSTREAM_HEAD_MAX);
  call->early = BUF_INIT(UPSTREAM_EARLY_MAX);
  call->next = pool->calls;
  if (call->next) call->next->previous = call;
  pool->calls = call;
  call->chunked = head->body_length == UPSTREAM_CHUNKED;
  call->left = call->chunked ? 0 : head->body_length;
  call->finished = head->body_length == 0;
  call->idempotent = call->finished && is_idempotent(head->method);
  call->to_head = str_eq(head->method, STR("HEAD"));
  write_head(call, head);
  if (!http_one_line(head->target) || call->head.full)
    fail(call, "the request head cannot be sent: it is too large or malformed");
  else
    upstream_assign(call, false);
  return call;
}

/* On an open connection. */
void call_send(struct upstream_call *call) {
  struct str pieces[] = {buf_str(&call->head), buf_str(&call->early)};
  call->state = CALL_SENT;
  call->moved_ms = now_of(call);
  bool stopped = call->blocked;
  call->blocked = !stream_write_secret(call->link->stream, pieces, pieces[1].n ? 2 : 1);
  if (!call->idempotent) drop_head(call); /* else it may have to be sent again */
  wipe(&call->early);
  call->early_stopped = stopped && !call->blocked;
  if (call->early_stopped) turn_add(call->pool->room->turn, &call->turn);
}

static void put(struct upstream_call *call, const struct str *pieces, size_t count) {
  call->moved_ms = now_of(call);
  if (call->state == CALL_SENT || call->state == CALL_ANSWERING) {
    call->blocked = !stream_write(call->link->stream, pieces, count);
    return;
  }
  for (size_t i = 0; i < count; i++)
    if (!buf_add(&call->early, pieces[i])) fail(call, "too much was written before there was a connection");
  call->blocked = call->early.n > STREAM_HIGH;
}

bool upstream_write(struct upstream_call *call, struct str piece) {
  if (call->state == CALL_DEAD || call->finished || piece.n == 0) return true;
  if (!call->chunked && piece.n > (uint64_t)call->left) {
    fail(call, "the request body is longer than was said");
    return true;
  }
  if (call->chunked) {
    char size[24];
    int n = snprintf(size, sizeof size, "%zx\r\n", piece.n);
    struct str pieces[] = {{size, (size_t)n}, piece, STR("\r\n")};
    put(call, pieces, 3);
  } else {
    call->left -= (int64_t)piece.n;
    put(call, &piece, 1);
  }
  return !call->blocked;
}

void upstream_finish(struct upstream_call *call) {
  if (call->state == CALL_DEAD || call->finished) return;
  if (call->left > 0) {
    fail(call, "the request body is shorter than was said");
    return;
  }
  if (call->chunked) put(call, &STR("0\r\n\r\n"), 1);
  call->finished = true;
}

/* The answer. */

/* What Connection names is for this hop alone. */
static void drop_listed(struct http_headers *headers, struct str listed) {
  while (listed.p) {
    struct str name = str_trim(str_take(&listed, ','));
    enum http_field field = http_field_of(name);
    if (name.n && field != FIELD_CONTENT_LENGTH && field != FIELD_CONNECTION) http_headers_remove(headers, name);
  }
}

static void drop_hop_by_hop(struct http_headers *headers) {
  for (size_t i = 0; i < headers->n; i++) {
    size_t before = headers->n;
    if (headers->p[i].field == FIELD_CONNECTION) drop_listed(headers, headers->p[i].value);
    if (headers->n != before) i = (size_t)-1; /* what stood before it may be gone: from the start */
  }
  size_t kept = 0;
  for (size_t i = 0; i < headers->n; i++) {
    if (is_hop_by_hop[headers->p[i].field]) continue;
    if (kept != i) headers->p[kept] = headers->p[i];
    kept++;
  }
  headers->n = kept;
}

/* 1: the head of the answer is here; 2: an interim one was; 0: not yet; -1: broken. */
static int take_head(struct upstream_call *call, struct str *bytes, struct error *error) {
  size_t n = 0;
  struct error why;
  error_clear(&why);
  int found = guard_head_end(*bytes, &limits, &call->link->scanned, &n, &why);
  if (found < 0) return error_set(error, ERROR_upstream_broken, "the server's answer is malformed: %s", why.message);
  if (found == 0) return 0;
  call->link->scanned = 0;
  struct str head = arena_str(call->arena, str_slice(*bytes, 0, n));
  struct guard_answer answer;
  *bytes = str_from(*bytes, n);
  if (guard_answer(call->arena, head, &limits, call->to_head, &answer, &call->framing, error) < 0) return -1;
  if (answer.status == 101) return error_set(error, ERROR_upstream_broken, "the server changed to another protocol unasked");
  if (answer.status < 200)
    return ++call->interim > INTERIM_MAX ? error_set(error, ERROR_upstream_broken, "the server sent too many interim answers") : 2;
  if (h1_start(&call->h1, H1_ANSWER, head, &call->framing, error) < 0) return -1;
  drop_hop_by_hop(&answer.headers);
  int64_t length = call->framing.body == GUARD_LENGTH ? call->framing.length : -1;
  call->answer = (struct upstream_answer){
      .status = answer.status, .headers = answer.headers, .body_length = call->framing.body == GUARD_NO_BODY ? 0 : length};
  call->state = CALL_ANSWERING;
  return 1;
}

/* The whole answer is here. The connection is good for another only if the request went out whole and nothing lies behind the answer. */
static void complete(struct upstream_call *call, struct str rest) {
  bool sent = call->finished || (!call->chunked && call->left == 0);
  bool keep = sent && call->framing.keep_alive && rest.n == 0 && stream_waiting(call->link->stream) == 0;
  finish(call, keep, NULL);
}

/* False: no more for now, or the call is dead. */
static bool take_one(struct upstream_call *call, struct str *bytes) {
  struct error error;
  error_clear(&error);
  struct str piece;
  if (call->state == CALL_SENT) {
    int found = take_head(call, bytes, &error);
    if (found < 0) call_end(call, &error);
    if (found == 1) call->callbacks.head(call->payload, &call->answer);
    return found > 0 && call->state != CALL_DEAD;
  }
  if (call->state != CALL_ANSWERING || call->paused) return false;
  switch (h1_next(&call->h1, bytes, &piece, &error)) {
  case H1_DATA: call->callbacks.data(call->payload, piece); return call->state != CALL_DEAD;
  case H1_END: complete(call, *bytes); return false;
  case H1_BROKEN: call_end(call, &error); return false;
  default: return false;
  }
}

static void take(struct upstream_call *call, struct str *bytes) {
  while (take_one(call, bytes)) {
  }
}

static void take_kept(struct link *link) {
  struct str bytes = buf_str(&link->in);
  take(link->call, &bytes);
  if (!link->closed) buf_drop(&link->in, link->in.n - bytes.n);
}

static void regulate(struct link *link) {
  if (link->closed || !link->call) return;
  if (link->call->paused)
    stream_pause(link->stream);
  else
    stream_resume(link->stream);
}

static void on_data(void *payload, struct str piece) {
  struct link *link = payload;
  struct upstream_call *call = link->call;
  if (!call || call->state < CALL_SENT) { /* nothing was asked: nothing may come */
    link_close(link);
    return;
  }
  call->got_byte = true;
  call->moved_ms = now_of(call);
  if (link->in.n == 0) {
    take(call, &piece);
    if (!link->closed) (void)buf_add(&link->in, piece);
  } else {
    (void)buf_add(&link->in, piece);
    take_kept(link);
  }
  regulate(link);
}

static void on_opened(void *payload) {
  struct link *link = payload;
  link->opened = true;
  upstream_dial_ended(link->pool, ERROR_NONE);
  if (link->call) call_send(link->call);
}

static void on_drained(void *payload) {
  struct link *link = payload;
  struct upstream_call *call = link->call;
  if (!call) return;
  call->blocked = false;
  call->moved_ms = now_of(call);
  if (call->callbacks.drained) call->callbacks.drained(call->payload);
}

/* R-G12 */
static bool may_repeat(const struct link *link, const struct upstream_call *call) {
  return link->used && !call->got_byte && call->idempotent && !call->retried;
}

static void on_ended(void *payload, const struct error *error) {
  struct link *link = payload;
  struct upstream_call *call = link->call;
  struct error why = {0};
  if (!call) {
    link_close(link);
    upstream_serve_queue(link->pool);
    return;
  }
  if (!link->opened) {
    upstream_dial_ended(link->pool, error->code);
    call_end(call, error);
    return;
  }
  if (may_repeat(link, call)) {
    call->retried = true;
    call->link = NULL;
    link_close(link);
    upstream_assign(call, true);
    return;
  }
  if (call->state == CALL_ANSWERING && !error && h1_eof(&call->h1, &why) == H1_END) {
    finish(call, false, NULL);
    return;
  }
  if (error)
    why = *error;
  else if (call->state == CALL_SENT)
    (void)error_set(&why, ERROR_upstream_broken,
                    call->got_byte ? "the server's answer was cut in its head" : "the server closed the connection without an answer");
  call_end(call, &why);
}

const struct stream_events link_events = {.opened = on_opened, .data = on_data, .drained = on_drained, .ended = on_ended};

void upstream_pause(struct upstream_call *call) {
  call->paused = true;
  if (call->link && call->state >= CALL_SENT) stream_pause(call->link->stream);
}

void upstream_resume(struct upstream_call *call) {
  if (!call->paused) return;
  call->paused = false;
  call->moved_ms = now_of(call);
  turn_add(call->pool->room->turn, &call->turn);
}

/* What was recorded. */
static void on_turn(void *payload) {
  struct upstream_call *call = payload;
  if (call->state == CALL_DEAD) {
    call_free(call);
    return;
  }
  if (call->failure.code != ERROR_NONE) {
    call_end(call, &call->failure);
    return;
  }
  if (call->early_stopped) {
    call->early_stopped = false;
    if (call->callbacks.drained) call->callbacks.drained(call->payload);
  }
  struct link *link = call->link;
  if (!link || call->state < CALL_SENT || call->paused) return;
  if (call->state == CALL_ANSWERING) take_kept(link);
  regulate(link);
}

/* Time. */

static void time_out(struct upstream_call *call, enum error_code code, const char *what, int limit_ms) {
  (void)error_set(&call->failure, code, "%s %d ms", what, limit_ms);
  turn_add(call->pool->room->turn, &call->turn);
}

void call_check_time(struct upstream_call *call, int64_t now_ms) {
  const struct upstream_options *o = &call->pool->options;
  if (call->state == CALL_DEAD) return;
  size_t waiting = call->link && call->state >= CALL_SENT ? stream_waiting(call->link->stream) : 0;
  if (waiting != call->last_waiting) call->moved_ms = now_ms;
  call->last_waiting = waiting;
  int64_t waited_ms = now_ms - call->moved_ms;
  switch (call->state) {
  case CALL_QUEUED:
    if (waited_ms >= o->wait_timeout_ms) time_out(call, ERROR_busy, "no connection to this server became free within", o->wait_timeout_ms);
    return;
  case CALL_CONNECTING:
    if (waited_ms < o->connect_timeout_ms) return;
    upstream_dial_ended(call->pool, ERROR_server_unreachable);
    time_out(call, ERROR_server_unreachable, "the server took no connection within", o->connect_timeout_ms);
    return;
  default: break;
  }
  if (waiting > 0) {
    if (waited_ms >= o->idle_timeout_ms) time_out(call, ERROR_upstream_timeout, "the server read nothing for", o->idle_timeout_ms);
  } else if (call->state == CALL_SENT) {
    bool sent = call->finished || (!call->chunked && call->left == 0);
    if (!sent)
      call->moved_ms = now_ms; /* it is not the server that is waited for */
    else if (waited_ms >= o->answer_timeout_ms)
      time_out(call, ERROR_upstream_timeout, "the server did not answer within", o->answer_timeout_ms);
  } else if (call->paused) {
    call->moved_ms = now_ms;
  } else if (waited_ms >= o->idle_timeout_ms) {
    time_out(call, ERROR_upstream_timeout, "the server sent nothing for", o->idle_timeout_ms);
  }
}
